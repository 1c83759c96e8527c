//! Open time as a function of the moment, and its inverse: how much has run between two moments, and when so much will have.

use crate::deadline::local;
use crate::week::{ClosedBecause, SECONDS_A_DAY, WorkCalendar};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::{Date, Duration, OffsetDateTime};

/// Days that are worked out at once.
const CHUNK: u16 = 64;
/// How far ahead a search for open time goes before it holds that there is none: ten years.
const FURTHEST: Duration = Duration::days(3660);

/// A stretch of open time within one day, in seconds of Unix time, and the open seconds before it.
#[derive(Debug, Clone, Copy)]
struct Open {
    from: i64,
    to: i64,
    before: i64,
}

/// What has been worked out so far, from the first day up to a day.
#[derive(Debug)]
struct Known {
    /// Every open stretch.
    open: Vec<Open>,
    /// Every day off, with what is kept or ordered on it, if that has a name.
    closed: BTreeMap<Date, Option<String>>,
    /// The first day that has not been worked out.
    next: Date,
}

impl Known {
    fn from(first: Date) -> Self {
        Self { open: Vec::new(), closed: BTreeMap::new(), next: first }
    }
}

/// A day of a span of time.
pub(crate) enum AgendaDay {
    /// With its open stretches.
    Open(Date, Vec<(OffsetDateTime, OffsetDateTime)>),
    /// Off, and what is kept or ordered on it, if that has a name.
    Closed(Date, Option<String>),
}

/// The hours of whoever answers, under a name. Days are worked out as they are asked for and kept, so that one agenda
/// serves every clock of a process. What lies before its first day counts as closed.
#[derive(Debug)]
pub struct Agenda {
    name: String,
    calendar: Option<WorkCalendar>,
    known: Mutex<Known>,
}

impl Agenda {
    /// The hours of a calendar, from a day on.
    pub fn new(name: impl Into<String>, calendar: WorkCalendar, first: Date) -> Self {
        Self { name: name.into(), calendar: Some(calendar), known: Mutex::new(Known::from(first)) }
    }

    /// A calendar without an open hour: nobody answers, and no clock runs.
    pub fn never(name: impl Into<String>) -> Self {
        Self { name: name.into(), calendar: None, known: Mutex::new(Known::from(Date::MAX)) }
    }

    /// Its name, for people: `Horario de la mesa de ayuda`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The days that touch a span of time, each with its open stretches cut to the span, or with why it has none. Days that
    /// have open hours outside the span only, and those of which nothing is known, are left out.
    pub(crate) fn days(&self, from: OffsetDateTime, to: OffsetDateTime) -> Vec<AgendaDay> {
        let mut days = Vec::new();
        let known = self.known_to(to);
        let mut midnight = midnight(local(from).date());
        while midnight < to.unix_timestamp() {
            let first = known.open.partition_point(|open| open.to <= midnight);
            let of_day = known.open.iter().skip(first).take_while(|open| open.from < midnight + SECONDS_A_DAY);
            let cut = |open: &Open| {
                let (opens, closes) = (moment(open.from)?.max(from), moment(open.to)?.min(to));
                (opens < closes).then_some((opens, closes))
            };
            let open: Vec<_> = of_day.filter_map(cut).collect();
            let Some(date) = moment(midnight).map(OffsetDateTime::date) else { break };
            if !open.is_empty() {
                days.push(AgendaDay::Open(date, open));
            } else if let Some(occasion) = known.closed.get(&date) {
                days.push(AgendaDay::Closed(date, occasion.clone()));
            }
            midnight += SECONDS_A_DAY;
        }
        days
    }

    /// Open seconds between two moments; none if the second does not come after the first.
    pub fn between(&self, from: OffsetDateTime, to: OffsetDateTime) -> i64 {
        if to <= from {
            return 0;
        }
        let known = self.known_to(to);
        run_by(&known, to.unix_timestamp()) - run_by(&known, from.unix_timestamp())
    }

    /// The first moment by which so many open seconds have run. With none it is the moment itself. None where there is no open
    /// time in the ten years that follow.
    pub fn after(&self, from: OffsetDateTime, seconds: i64) -> Option<OffsetDateTime> {
        if seconds <= 0 {
            return Some(from);
        }
        let mut to = from;
        let furthest = from.checked_add(FURTHEST)?;
        // The year 9999 and the horizon are both an end: then it never comes.
        while to < furthest {
            to = to.checked_add(Duration::days(CHUNK.into()))?;
            let known = self.known_to(to);
            let wanted = run_by(&known, from.unix_timestamp()) + seconds;
            let at = known.open.partition_point(|open| open.before + (open.to - open.from) < wanted);
            if let Some(open) = known.open.get(at) {
                return moment(open.from + wanted - open.before);
            }
        }
        None
    }

    /// Everything that is known, after working it out to the end of a moment's day.
    fn known_to(&self, at: OffsetDateTime) -> MutexGuard<'_, Known> {
        // Only pushes happen under the lock, so what a panic left behind is still true.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(calendar) = &self.calendar else { return known };
        let until = local(at).date();
        while known.next <= until {
            for _ in 0..CHUNK {
                let date = known.next;
                let Some(next) = date.next_day() else { return known };
                if let Some(why) = calendar.why_closed(date) {
                    known.closed.insert(date, ClosedBecause::occasion(&why));
                    known.next = next;
                    continue;
                }
                for (opens, closes) in calendar.hours_of(date) {
                    let before = known.open.last().map_or(0, |open| open.before + (open.to - open.from));
                    let midnight = midnight(date);
                    known.open.push(Open { from: midnight + opens, to: midnight + closes, before });
                }
                known.next = next;
            }
        }
        known
    }
}

/// Open seconds from the beginning to a moment.
fn run_by(known: &Known, at: i64) -> i64 {
    let after = known.open.partition_point(|open| open.from < at);
    let last = after.checked_sub(1).and_then(|place| known.open.get(place));
    last.map_or(0, |open| open.before + at.min(open.to) - open.from)
}

/// The beginning of a day in Bogotá, in Unix time.
fn midnight(date: Date) -> i64 {
    date.midnight().assume_offset(crate::bogota()).unix_timestamp()
}

/// A moment of Unix time on Bogotá's clock.
fn moment(seconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).ok().map(local)
}
