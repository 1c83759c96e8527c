//! The rules by which hits become visits. Pure: the same hits in the same order give the same verdicts, whoever runs them again.
//! The public reads the figures at `/metodologia`, and a test holds that page to them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::rules::{VIEWS_PER_MINUTE, VISIT_GAP};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const GAP: i64 = VISIT_GAP.as_secs() as i64 * SECOND;
/// The same page within this time is read once.
pub(crate) const REPEAT: i64 = 30 * SECOND;
/// Bogotá keeps UTC−5 all year.
const BOGOTA: i64 = -5 * HOUR;

/// Why a hit does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum)]
#[graphql(name = "RejectReason")]
pub enum Reason {
    /// Somebody who is signed in on the site, or the agency.
    Staff,
    /// The page does not exist, or broke.
    Error,
    /// Fetched in advance by the browser.
    Prefetch,
    /// A part of another page: a frame, a picture, a script's request.
    Embedded,
    /// A program that watches whether the site answers.
    Monitor,
    /// A program that says what it is, or that says nothing.
    Robot,
    /// From a network where machines live and no people.
    DataCentre,
    /// Reads faster than people do.
    TooFast,
    /// The same page within 30 seconds.
    Repeat,
    /// A visit over what one network may bring to a town in a day.
    Network,
    /// Arrived when its month was closed.
    Late,
}

impl Reason {
    /// Every reason, in the order of its number in the ledger, with its word in the database and what it is in Spanish.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::Staff, "STAFF", "Personal de la alcaldía o de la agencia"),
        (Self::Error, "ERROR", "Páginas que no existen o fallaron"),
        (Self::Prefetch, "PREFETCH", "Cargadas por adelantado, sin que nadie las viera"),
        (Self::Embedded, "EMBEDDED", "Incrustadas en otra página"),
        (Self::Monitor, "MONITOR", "Programas que vigilan si el sitio responde"),
        (Self::Robot, "ROBOT", "Robots que se identifican o que no dicen qué son"),
        (Self::DataCentre, "DATA_CENTRE", "Centros de datos"),
        (Self::TooFast, "TOO_FAST", "Lecturas más rápidas que una persona"),
        (Self::Repeat, "REPEAT", "La misma página en menos de 30 segundos"),
        (Self::Network, "NETWORK", "Visitas de más desde una sola red"),
        (Self::Late, "LATE", "Llegaron con su mes ya cerrado"),
    ];

    /// Its number in the ledger.
    pub(crate) fn number(self) -> u8 {
        Self::ALL.iter().position(|(reason, ..)| *reason == self).map_or(0, |at| at as u8)
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).map(|(reason, ..)| *reason)
    }

    pub(crate) fn word(self) -> &'static str {
        Self::ALL[usize::from(self.number())].1
    }

    pub(crate) fn text(self) -> &'static str {
        Self::ALL[usize::from(self.number())].2
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map(|(reason, ..)| *reason)
    }

    /// Whether it is the work of a program, and so counts among the robots of an hour.
    pub(crate) fn is_program(self) -> bool {
        matches!(self, Self::Robot | Self::Monitor | Self::DataCentre | Self::TooFast)
    }
}

/// One hit, or as many equal ones as a batch holds: the same visitor, the same page, in one fifth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// Who, as a hash of the day.
    pub(crate) visitor: u64,
    /// From which network, as a hash of the day.
    pub(crate) network: u64,
    /// Which page.
    pub(crate) page: u64,
    /// How many.
    pub(crate) times: u32,
    /// Whether it is a file.
    pub(crate) download: bool,
    /// Why the door left it out already.
    pub(crate) mark: Option<Reason>,
}

/// What came of a hit. Of several equal ones it is that of the first; the others are repeats where the first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A page, and with it a new visit.
    Visit,
    /// The second page of a visit.
    Second,
    /// A further page.
    View,
    /// A page whose visit is one too many of its network.
    SetAside,
    /// A file.
    Download,
    /// It does not count.
    Rejected(Reason),
}

/// Keys are hashes already.
#[derive(Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Hashed>>;

struct Visitor {
    /// Its last hit.
    seen: i64,
    /// When the minute opened in which its hits are counted.
    minute: i64,
    hits: u32,
    fast: bool,
    /// Whether a visit is open, and whether it has a second page.
    open: bool,
    second: bool,
    /// The pages of the last seconds.
    recent: Vec<(u64, i64)>,
}

impl Visitor {
    fn new(at: i64) -> Self {
        Self { seen: at, minute: at, hits: 0, fast: false, open: false, second: false, recent: Vec::new() }
    }
}

/// What has to be remembered of the visitors of the last hour and of the networks of the day, and nothing else.
#[derive(Default)]
pub(crate) struct Judge {
    visitors: ByHash<Visitor>,
    /// The day, and the visits that counted on it.
    networks: ByHash<(i32, u32)>,
    newest: i64,
    swept: i64,
}

/// The day in Bogotá.
fn day(at: i64) -> i32 {
    (at + BOGOTA).div_euclid(24 * HOUR) as i32
}

impl Judge {
    /// Judges the next hit of a town where one network may bring `limit` visits a day.
    pub(crate) fn judge(&mut self, hit: &Hit, limit: u32) -> Verdict {
        if let Some(reason) = hit.mark {
            return Verdict::Rejected(reason);
        }
        self.sweep(hit.at);
        let at = hit.at;
        let visitor = self.visitors.entry(hit.visitor).or_insert_with(|| Visitor::new(at));
        if at - visitor.seen >= GAP {
            *visitor = Visitor::new(at);
        }
        visitor.seen = visitor.seen.max(at);
        if at - visitor.minute >= MINUTE {
            (visitor.minute, visitor.hits) = (at, 0);
        }
        // Who was too fast once is a program until it rests as long as a visit lasts.
        visitor.fast |= visitor.hits >= VIEWS_PER_MINUTE;
        visitor.hits = visitor.hits.saturating_add(hit.times);
        if visitor.fast {
            visitor.recent = Vec::new();
            return Verdict::Rejected(Reason::TooFast);
        }
        visitor.recent.retain(|(_, read)| (at - read).abs() < REPEAT);
        if let Some((_, read)) = visitor.recent.iter_mut().find(|(page, _)| *page == hit.page) {
            *read = at.max(*read);
            return Verdict::Rejected(Reason::Repeat);
        }
        visitor.recent.push((hit.page, at));
        if hit.download {
            return Verdict::Download;
        }
        if visitor.open {
            let first = !visitor.second;
            visitor.second = true;
            return if first { Verdict::Second } else { Verdict::View };
        }
        visitor.open = true;
        let (of, counted) = self.networks.entry(hit.network).or_insert((day(at), 0));
        *of = day(at);
        if *counted < limit {
            *counted += 1;
            return Verdict::Visit;
        }
        // A visit that does not count has no second page that would.
        visitor.second = true;
        Verdict::SetAside
    }

    /// Forgets who has been away for an hour, twice as long as matters, and the networks of days that are over.
    fn sweep(&mut self, at: i64) {
        self.newest = self.newest.max(at);
        if self.newest - self.swept < MINUTE {
            return;
        }
        self.swept = self.newest;
        let (hour_ago, open_day) = (self.newest - HOUR, day(self.newest - HOUR));
        self.visitors.retain(|_, visitor| visitor.seen >= hour_ago);
        self.networks.retain(|_, (day, _)| *day >= open_day);
        if self.visitors.capacity() > 4 * self.visitors.len() + 4096 {
            self.visitors.shrink_to(2 * self.visitors.len());
        }
        if self.networks.capacity() > 4 * self.networks.len() + 4096 {
            self.networks.shrink_to(2 * self.networks.len());
        }
    }

    /// How many visitors and networks are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> (usize, usize) {
        (self.visitors.len(), self.networks.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: i64 = 1_790_000_000_000;

    fn hit(seconds: i64, visitor: u64, page: u64) -> Hit {
        Hit { at: TEN + seconds * SECOND, visitor, network: 1, page, times: 1, download: false, mark: None }
    }

    fn verdicts(hits: impl IntoIterator<Item = Hit>) -> Vec<Verdict> {
        let mut judge = Judge::default();
        hits.into_iter().map(|hit| judge.judge(&hit, 12)).collect()
    }

    #[test]
    fn a_visit_goes_on_while_gaps_are_under_half_an_hour() {
        use Verdict::{Second, View, Visit};
        let minutes = |minutes: &[i64]| verdicts(minutes.iter().map(|at| hit(at * 60, 7, *at as u64)));
        assert_eq!(minutes(&[0, 20, 40, 69, 98]), [Visit, Second, View, View, View]);
        assert_eq!(minutes(&[0, 29, 59]), [Visit, Second, Visit]);
        assert_eq!(minutes(&[0, 20, 40, 71]), [Visit, Second, View, Visit]);
    }

    #[test]
    fn the_same_page_within_thirty_seconds_is_a_repeat_and_another_is_not() {
        let again = Verdict::Rejected(Reason::Repeat);
        let seen = verdicts([hit(0, 7, 1), hit(29, 7, 1), hit(58, 7, 1), hit(60, 7, 2), hit(61, 7, 1), hit(91, 7, 1)]);
        assert_eq!(seen, [Verdict::Visit, again, again, Verdict::Second, again, Verdict::View], "a loop that reloads never gets out");
        assert_eq!(verdicts([hit(0, 7, 1), hit(0, 8, 1)]), [Verdict::Visit, Verdict::Visit], "another visitor's page is another's");
    }

    #[test]
    fn who_reads_too_fast_is_a_robot_until_it_rests() {
        let seen = verdicts((0..70).map(|number| hit(0, 7, number)).chain([hit(100, 7, 1), hit(100 + 1800, 7, 1)]));
        let fast = seen.iter().filter(|verdict| **verdict == Verdict::Rejected(Reason::TooFast)).count();
        assert_eq!((seen[59], seen[60], fast), (Verdict::View, Verdict::Rejected(Reason::TooFast), 11));
        assert_eq!(seen[71], Verdict::Visit);
        let run = Hit { times: 500, ..hit(0, 7, 1) };
        assert_eq!(verdicts([run, hit(1, 7, 2)]), [Verdict::Visit, Verdict::Rejected(Reason::TooFast)]);
    }

    #[test]
    fn what_one_network_brings_too_much_is_set_aside_with_all_its_pages() {
        let seen = verdicts((0..20).map(|visitor| hit(0, visitor, 1)).chain([hit(40, 19, 2)]));
        assert_eq!(seen.iter().filter(|verdict| **verdict == Verdict::Visit).count(), 12);
        assert_eq!((seen[12], seen[20]), (Verdict::SetAside, Verdict::View));
        let other = Hit { network: 2, ..hit(0, 77, 1) };
        assert_eq!(verdicts([other]), [Verdict::Visit]);
    }

    #[test]
    fn a_file_opens_no_visit_and_a_mark_is_final() {
        let file = Hit { download: true, ..hit(0, 7, 9) };
        assert_eq!(verdicts([file, file, hit(1, 7, 1)]), [Verdict::Download, Verdict::Rejected(Reason::Repeat), Verdict::Visit]);
        let marked = Hit { mark: Some(Reason::Prefetch), ..hit(0, 7, 1) };
        assert_eq!(verdicts([marked, hit(1, 7, 1)]), [Verdict::Rejected(Reason::Prefetch), Verdict::Visit]);
    }

    #[test]
    fn a_clock_that_lags_opens_no_second_visit() {
        assert_eq!(verdicts([hit(100, 7, 1), hit(0, 7, 2), hit(100 + 1799, 7, 3)]), [Verdict::Visit, Verdict::Second, Verdict::View]);
        assert_eq!(verdicts([hit(20, 7, 1), hit(0, 7, 1)])[1], Verdict::Rejected(Reason::Repeat));
    }

    #[test]
    fn a_million_visitors_of_a_day_are_forgotten_as_they_go() {
        let mut judge = Judge::default();
        let mut most = 0;
        for number in 0..1_000_000_i64 {
            let visitor = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let hit = Hit { network: visitor >> 48, ..hit(number * 86_400 / 1_000_000, visitor, 1) };
            judge.judge(&hit, 12);
            most = most.max(judge.remembered().0);
        }
        assert!(most < 44_000, "an hour of them is {most}");
        judge.judge(&hit(2 * 86_400, 7, 1), 12);
        assert_eq!(judge.remembered(), (1, 1), "a new day begins with nobody");
    }

    #[test]
    fn the_public_reads_the_figures_that_count() {
        let page = include_str!("../../pages/agency/methodology.html");
        let told = [
            format!("La misma página en menos de {} segundos", REPEAT / SECOND),
            format!("Desde {VIEWS_PER_MINUTE} páginas en un minuto"),
            format!("no cuenta hasta que descanse {} minutos", GAP / MINUTE),
        ];
        assert!(told.iter().all(|words| page.contains(words)), "{told:?}");
    }

    #[test]
    fn every_reason_comes_back_from_its_number_and_its_word() {
        for (reason, word, _) in Reason::ALL {
            assert_eq!((Reason::from_number(reason.number()), Reason::from_word(word)), (Some(reason), Some(reason)));
        }
    }
}
