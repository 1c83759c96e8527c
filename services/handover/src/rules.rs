//! When a handover opens by itself, what its list holds, when it may be signed, published and closed, and its legal dates.

use std::sync::{Arc, LazyLock};

use calendar::{CalendarSettings, Deadline, Holidays, WorkCalendar};
use kernel::directory::TenantEntry;
use kernel::error::Faults;
use kernel::{Error, Result};
use serde::Deserialize;
use time::{Date, Duration, Month};
use uuid::Uuid;

use crate::model::{DepartureRow, HandoverCause, HandoverItemState, HandoverRow, HandoverState, IncomingRow, ItemRow};

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

const TERMS_YAML: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/terms.yaml"));
const CHECKLIST_YAML: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/handover-checklist.yaml"));
const HOLIDAYS_CSV: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/holidays.csv"));

/// A term of the mayors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Term {
    pub(crate) label: String,
    #[serde(with = "iso_date")]
    pub(crate) from: Date,
    #[serde(with = "iso_date")]
    pub(crate) to: Date,
    #[serde(with = "iso_date")]
    pub(crate) election: Date,
    pub(crate) legal_basis: String,
    pub(crate) confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    #[expect(dead_code, reason = "tells the reader of the file whose terms they are")]
    office: String,
    terms: Vec<Term>,
}

/// What must be handed over, as the law and the plan ask it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checklist {
    pub(crate) version: String,
    pub(crate) norms: Vec<Norm>,
    pub(crate) headings: Vec<Heading>,
    pub(crate) annex: String,
    pub(crate) items: Vec<Asked>,
}

/// A legal date of the handover.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Norm {
    pub(crate) key: String,
    pub(crate) title: String,
    /// Working days.
    pub(crate) days: u32,
    pub(crate) legal_basis: String,
    pub(crate) confidence: String,
    pub(crate) text: String,
}

/// A heading of the acta (CGR, Res. Orgánica 5674/2005).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heading {
    pub(crate) number: i32,
    pub(crate) title: String,
    pub(crate) confidence: String,
}

/// An item as the national list asks it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) key: String,
    pub(crate) heading: Option<i32>,
    pub(crate) title: String,
    pub(crate) ask: String,
    #[serde(default)]
    pub(crate) shows: Vec<String>,
}

/// National data. A file that does not parse is a broken build: a test reads each.
pub(crate) static TERMS: LazyLock<Vec<Term>> =
    LazyLock::new(|| kernel::pack::parse_yaml::<Terms>("terms.yaml", TERMS_YAML).map(|file| file.terms).unwrap_or_default());
pub(crate) static CHECKLIST: LazyLock<Checklist> =
    LazyLock::new(|| kernel::pack::parse_yaml("handover-checklist.yaml", CHECKLIST_YAML).unwrap_or_default());
static HOLIDAYS: LazyLock<Arc<Holidays>> = LazyLock::new(|| Arc::new(Holidays::parse(HOLIDAYS_CSV).unwrap_or_default()));

/// The term in which a day falls.
pub(crate) fn term_of(day: Date) -> Option<&'static Term> {
    TERMS.iter().find(|term| (term.from..=term.to).contains(&day))
}

/// The term whose handover is open by itself on that day: from 1 October of its last year to its end.
pub(crate) fn ending(day: Date) -> Option<&'static Term> {
    term_of(day).filter(|term| day >= opens_on(term))
}

/// When a term's handover opens by itself: three months before its end.
pub(crate) fn opens_on(term: &Term) -> Date {
    Date::from_calendar_date(term.to.year(), Month::October, 1).unwrap_or(term.to)
}

/// The calendar by which a town's terms run.
pub(crate) fn calendar(entry: &TenantEntry) -> Result<WorkCalendar> {
    let settings: Option<CalendarSettings> = entry.calendar.clone().map(serde_json::from_value).transpose()?;
    Ok(settings.unwrap_or_default().with_holidays(HOLIDAYS.clone()))
}

/// A legal date, counted on the town's calendar from the day of leaving (the acta) or of the signature (the verification).
pub(crate) fn deadline(key: &str, from: Date, calendar: &WorkCalendar) -> Option<(&'static Norm, Deadline)> {
    let norm = CHECKLIST.norms.iter().find(|norm| norm.key == key)?;
    Some((norm, Deadline::business_days(from, norm.days, calendar)))
}

/// What was typed to open one.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) cause: HandoverCause,
    pub(crate) leaves_on: Date,
    pub(crate) note: Option<String>,
}

/// Checks an opening: the day of leaving lies in a known term, a year back or ahead at most unless the term ends, and another cause is told.
pub(crate) fn opening(opening: Opening, today: Date) -> Result<(Opening, &'static Term)> {
    let note = opening.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    let opening = Opening { note, ..opening };
    let far = (opening.leaves_on - today).whole_days().abs() > 366;
    let term = term_of(opening.leaves_on);
    let ends = term.is_some_and(|term| term.to == opening.leaves_on);
    let mut faults = Faults::default();
    faults.require(term.is_some(), "leavesOn", "TERM", "Esa fecha no cae en ningún periodo de alcaldes");
    faults.require(!far || opening.cause == HandoverCause::TermEnds, "leavesOn", "FAR", "La fecha de salida está a más de un año");
    faults.require(
        opening.cause != HandoverCause::TermEnds || ends || term.is_none(),
        "leavesOn",
        "TERM_END",
        term.map_or_else(String::new, |term| format!("El periodo {} termina el {}", term.label, calendar::spanish::long_date(term.to))),
    );
    faults.require(opening.cause != HandoverCause::Other || opening.note.is_some(), "note", "REQUIRED", "Diga cuál es la causa");
    faults.require(
        opening.note.as_ref().is_none_or(|note| note.chars().count() <= 2000),
        "note",
        "LENGTH",
        "La nota tiene más de 2.000 letras",
    );
    faults.into_result()?;
    let term = term.ok_or_else(|| Error::fault("a checked opening has a term"))?;
    Ok((opening, term))
}

/// The name in addresses: of the term when it ends, else with the day of leaving; counted on when it is taken.
pub(crate) fn slug(term: &Term, cause: HandoverCause, leaves_on: Date, taken: &[String]) -> String {
    let years = kernel::text::slug(&term.label.replace('–', "-"));
    let base = if cause == HandoverCause::TermEnds { years } else { format!("{years}-{leaves_on}") };
    let again = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone()).chain(again).find(|slug| !taken.contains(slug)).unwrap_or(base)
}

/// What somebody says of an item.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) state: HandoverItemState,
    pub(crate) reason: Option<String>,
    pub(crate) note: Option<String>,
}

/// Checks what is said of an item: what is written by hand is ready only with words or a file, and what does not apply has a reason.
pub(crate) fn kept(kept: Kept, item: &ItemRow, has_files: bool) -> Result<Kept> {
    let some = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let kept = Kept { reason: some(kept.reason), note: some(kept.note), ..kept };
    let mut faults = Faults::default();
    let bare = item.shows.is_empty() && kept.note.is_none() && !has_files;
    faults.require(kept.state != HandoverItemState::Ready || !bare, "note", "REQUIRED", "Escriba qué se entrega o adjunte el soporte");
    faults.require(kept.state != HandoverItemState::NotApplicable || kept.reason.is_some(), "reason", "REQUIRED", "Diga por qué no aplica");
    faults.require(
        kept.reason.as_ref().is_none_or(|reason| reason.chars().count() <= 500),
        "reason",
        "LENGTH",
        "El motivo tiene más de 500 letras",
    );
    faults.require(
        kept.note.as_ref().is_none_or(|note| note.chars().count() <= 20_000),
        "note",
        "LENGTH",
        "El texto tiene más de 20.000 letras; adjunte un archivo",
    );
    faults.into_result()?;
    let reason = kept.reason.filter(|_| kept.state == HandoverItemState::NotApplicable);
    Ok(Kept { reason, ..kept })
}

/// Refuses a signature while something is missing, and says what.
pub(crate) fn ready_to_sign(handover: &HandoverRow, items: &[ItemRow]) -> Result<()> {
    let pending = items.iter().filter(|item| item.state == HandoverItemState::Pending).count();
    if pending > 0 {
        let points = if pending == 1 { "Falta 1 punto".to_owned() } else { format!("Faltan {pending} puntos") };
        return Err(Error::whole("PENDING", format!("{points} de la lista: complételos o diga por qué no aplican.")));
    }
    if handover.outgoing_id.is_none() || handover.incoming_id.is_none() {
        return Err(Error::whole("SIDES", "Diga antes quién firma por quien sale y quién por quien llega."));
    }
    Ok(())
}

/// Refuses what a handover's state does not allow.
pub(crate) fn require_state(handover: &HandoverRow, allowed: &[HandoverState], message: &str) -> Result<()> {
    if allowed.contains(&handover.state) { Ok(()) } else { Err(Error::whole("STATE", message)) }
}

/// Whom everything without a successor of its own falls to: the first of the incoming who coordinates, else a coordinator who stays.
pub(crate) fn heir(incoming: &[IncomingRow], staying_coordinators: &[Uuid]) -> Option<Uuid> {
    let coordinates = |row: &&IncomingRow| row.role == kernel::Role::Coordinator.word();
    incoming.iter().find(coordinates).map(|row| row.account_id).or_else(|| staying_coordinators.first().copied())
}

/// Refuses the closing act before its day, or while somebody's lot is undecided.
pub(crate) fn ready_to_close(handover: &HandoverRow, departures: &[DepartureRow], today: Date) -> Result<()> {
    require_state(
        handover,
        &[HandoverState::Published],
        "El acta se cierra cuando el documento está firmado por ambas partes y publicado.",
    )?;
    if today < handover.leaves_on {
        let day = calendar::spanish::long_date(handover.leaves_on);
        return Err(Error::whole("EARLY", format!("El acta se cierra desde el {day}, el último día de quien sale.")));
    }
    let undecided = departures.iter().filter(|row| row.leaves.is_none()).count();
    if undecided > 0 {
        return Err(Error::whole("UNDECIDED", format!("Falta decir si {undecided} personas del equipo actual salen o se quedan.")));
    }
    Ok(())
}

/// A handover that nobody touched for this long rests.
const RESTS_AFTER: Duration = Duration::days(14);

/// Since when a handover rests, if it does: it was left half-way and can be taken up again as it is.
pub(crate) fn resting(handover: &HandoverRow, now: time::OffsetDateTime) -> Option<time::OffsetDateTime> {
    (handover.state.running() && now - handover.touched_at >= RESTS_AFTER).then_some(handover.touched_at)
}

/// A number as Colombians write it, with at most one decimal.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    if part == "0" { format!("{sign}{grouped}") } else { format!("{sign}{grouped},{part}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;
    use time::{Date, OffsetDateTime};
    use uuid::Uuid;

    use super::{CHECKLIST, CHECKLIST_YAML, Checklist, Kept, Opening, TERMS, ending, heir, kept, number, opening, opens_on, slug, term_of};
    use crate::model::{HandoverCause, HandoverItemState, IncomingRow, ItemRow};

    #[test]
    fn the_national_files_are_read_whole() {
        assert_eq!(TERMS.len(), 6);
        kernel::pack::parse_yaml::<Checklist>("handover-checklist.yaml", CHECKLIST_YAML).expect("parses");
        assert!(CHECKLIST.items.len() > 20 && CHECKLIST.headings.len() == 11);
        let mut keys: Vec<_> = CHECKLIST.items.iter().map(|item| &item.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), CHECKLIST.items.len(), "each key once");
        // Every heading but the signatures is asked for.
        for heading in CHECKLIST.headings.iter().filter(|heading| heading.number != 11) {
            assert!(CHECKLIST.items.iter().any(|item| item.heading == Some(heading.number)), "{}", heading.title);
        }
    }

    #[test]
    fn terms_follow_each_other_and_the_vote_comes_before() {
        for pair in TERMS.windows(2) {
            assert_eq!(pair[0].to.next_day(), Some(pair[1].from));
        }
        for term in TERMS.iter() {
            assert!(
                term.election < term.from && term.election.weekday() == time::Weekday::Sunday && term.election.day() > 24,
                "{}",
                term.label
            );
        }
    }

    #[test]
    fn it_opens_three_months_before_the_end() {
        assert!(ending(date!(2027 - 09 - 30)).is_none());
        assert_eq!(ending(date!(2027 - 10 - 01)).map(|term| term.label.as_str()), Some("2024–2027"));
        assert!(ending(date!(2028 - 01 - 01)).is_none() && ending(date!(2026 - 11 - 23)).is_none());
    }

    proptest! {
        #[test]
        fn a_day_is_in_one_term_and_its_window_inside_it(days in 0i64..8_766) {
            let day = date!(2008 - 01 - 01) + time::Duration::days(days);
            prop_assert_eq!(TERMS.iter().filter(|term| (term.from..=term.to).contains(&day)).count(), 1);
            if let Some(term) = ending(day) {
                prop_assert!(opens_on(term) <= day && day <= term.to);
            }
        }

        #[test]
        fn a_slug_is_never_one_that_is_taken(count in 0usize..6) {
            let term = term_of(date!(2026 - 11 - 23)).expect("in a term");
            let mut taken = Vec::new();
            for _ in 0..count {
                let next = slug(term, HandoverCause::TermEnds, term.to, &taken);
                prop_assert!(!taken.contains(&next));
                taken.push(next);
            }
        }
    }

    #[test]
    fn an_opening_tells_everything_that_is_wrong() {
        let open = |cause, leaves_on: Date, note: Option<&str>| {
            opening(Opening { cause, leaves_on, note: note.map(str::to_owned) }, date!(2026 - 11 - 23))
        };
        assert!(open(HandoverCause::TermEnds, date!(2027 - 12 - 31), None).is_ok());
        assert!(open(HandoverCause::Resignation, date!(2026 - 11 - 23), None).is_ok());
        for (cause, day, note) in [
            (HandoverCause::TermEnds, date!(2027 - 12 - 30), None),
            (HandoverCause::Other, date!(2026 - 11 - 23), Some("  ")),
            (HandoverCause::Death, date!(2024 - 11 - 23), None),
            (HandoverCause::Death, date!(1999 - 11 - 23), None),
        ] {
            assert!(open(cause, day, note).is_err(), "{cause:?} {day}");
        }
    }

    fn item(shows: &[&str]) -> ItemRow {
        ItemRow {
            key: "obras".to_owned(),
            place: 1,
            heading: Some(6),
            title: String::new(),
            ask: String::new(),
            shows: shows.iter().map(|show| (*show).to_owned()).collect(),
            owner_id: None,
            state: HandoverItemState::Pending,
            reason: None,
            note: None,
            updated_at: OffsetDateTime::UNIX_EPOCH,
            updated_by: None,
        }
    }

    #[test]
    fn an_item_by_hand_is_ready_only_with_words_or_a_file() {
        use HandoverItemState::{NotApplicable, Ready};
        let say = |state, reason: Option<&str>, note: Option<&str>, shows: &[&str], files| {
            kept(Kept { state, reason: reason.map(str::to_owned), note: note.map(str::to_owned) }, &item(shows), files)
        };
        assert!(say(Ready, None, Some(" "), &[], false).is_err());
        assert!(say(Ready, None, None, &[], true).is_ok() && say(Ready, None, None, &["hosts"], false).is_ok());
        assert!(say(NotApplicable, None, None, &[], true).is_err());
        let kept = say(Ready, Some("ya no"), Some("Hay tres"), &[], false).expect("is complete");
        assert_eq!(kept.reason, None, "a reason belongs to what does not apply");
    }

    #[test]
    fn what_has_no_successor_falls_to_the_new_coordinator() {
        let row = |id: u128, role: &str| IncomingRow {
            account_id: Uuid::from_u128(id),
            name: String::new(),
            email: String::new(),
            post: None,
            role: role.to_owned(),
            enrolled_at: OffsetDateTime::UNIX_EPOCH,
            signed_in_at: None,
        };
        let staying = [Uuid::from_u128(9)];
        assert_eq!(heir(&[row(1, "editor"), row(2, "coordinator")], &staying), Some(Uuid::from_u128(2)));
        assert_eq!(heir(&[row(1, "editor")], &staying), Some(Uuid::from_u128(9)));
        assert_eq!(heir(&[], &[]), None);
    }

    #[test]
    fn numbers_are_written_as_here() {
        assert_eq!([number(12.5), number(1234.0), number(0.0), number(-1234.5)], ["12,5", "1.234", "0", "-1.234,5"].map(str::to_owned));
    }
}
