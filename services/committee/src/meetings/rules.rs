//! What a meeting and its minutes may be.

use kernel::error::Faults;
use kernel::{Error, Result, clock};
use time::{Date, OffsetDateTime, Time, UtcOffset};

use super::model::{MeetingKind, MeetingRow, MeetingState};
use crate::rules::{body, fits, line, months_after};

/// A meeting as typed: day and hour apart, as forms ask for them.
#[derive(Debug, Clone)]
pub(crate) struct Summons {
    pub(crate) kind: MeetingKind,
    pub(crate) held_on: Option<Date>,
    pub(crate) time: String,
    pub(crate) place: String,
    pub(crate) agenda: String,
    pub(crate) public: bool,
}

/// The moment of a day and an hour in Bogotá, as a form sends it: `08:30`.
pub(crate) fn moment(day: Date, typed: &str) -> Option<OffsetDateTime> {
    let (hour, rest) = typed.trim().split_once(':')?;
    let time = Time::from_hms(hour.parse().ok()?, rest.get(..2)?.parse().ok()?, 0).ok()?;
    Some(day.with_time(time).assume_offset(clock::BOGOTA).to_offset(UtcOffset::UTC))
}

/// Checks what was typed: a meeting lies within a year of today, so that minutes of the past can be written too.
pub(crate) fn summons(typed: Summons, today: Date) -> Result<(Summons, OffsetDateTime)> {
    let kept = Summons { place: line(&typed.place), agenda: body(&typed.agenda), ..typed };
    let day = kept.held_on.unwrap_or(today);
    let at = moment(day, &kept.time);
    let mut faults = Faults::default();
    faults.require(kept.held_on.is_some(), "heldOn", "REQUIRED", "Escriba la fecha de la reunión");
    let within = months_after(today, -12).is_some_and(|first| day >= first) && months_after(today, 12).is_some_and(|last| day <= last);
    faults.require(within, "heldOn", "RANGE", "La reunión queda a más de un año de hoy");
    faults.require(at.is_some(), "time", "FORM", "Escriba la hora, por ejemplo 08:30");
    fits(&mut faults, &kept.place, "place", "el lugar", 200);
    fits(&mut faults, &kept.agenda, "agenda", "el orden del día", 8000);
    faults.into_result()?;
    Ok((kept, at.unwrap_or(OffsetDateTime::UNIX_EPOCH)))
}

/// Reads `2026-3`, the number of a meeting.
pub(crate) fn key(typed: &str) -> Option<(i32, i32)> {
    let (year, number) = typed.trim().split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(year) && digits(number)).then_some(())?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// Whether the meeting may still be written on; what is approved is corrected by a note.
pub(crate) fn writable(meeting: &MeetingRow) -> Result<()> {
    match meeting.state {
        MeetingState::Convened | MeetingState::Draft => Ok(()),
        MeetingState::Approved => {
            Err(Error::whole("APPROVED", "El acta ya está aprobada y no se cambia. Si algo está mal, agregue una nota con la corrección."))
        }
        MeetingState::Cancelled => Err(Error::whole("CANCELLED", "Esta reunión no se hizo, así que no tiene acta.")),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::{Summons, key, summons};
    use crate::meetings::model::MeetingKind;

    fn typed() -> Summons {
        Summons {
            kind: MeetingKind::Ordinary,
            held_on: Some(date!(2026 - 11 - 30)),
            time: "08:30".to_owned(),
            place: "Despacho".to_owned(),
            agenda: "1. Verificación".to_owned(),
            public: true,
        }
    }

    #[test]
    fn the_hour_is_bogotas() {
        let (_, at) = summons(typed(), date!(2026 - 11 - 23)).expect("is complete");
        assert_eq!(at, datetime!(2026-11-30 13:30 UTC));
    }

    #[test]
    fn what_cannot_be_is_told_at_once() {
        let wrong = Summons {
            held_on: Some(date!(2030 - 01 - 01)),
            time: "25:00".to_owned(),
            place: "\0".to_owned(),
            agenda: "x".repeat(9000),
            ..typed()
        };
        let Err(kernel::Error::Rejected(faults)) = summons(wrong, date!(2026 - 11 - 23)) else { panic!("must be rejected") };
        assert_eq!(faults.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), ["RANGE", "FORM", "REQUIRED", "LENGTH"]);
        for time in ["8", "", "aa:bb", "08:", "08:é"] {
            assert!(summons(Summons { time: time.to_owned(), ..typed() }, date!(2026 - 11 - 23)).is_err(), "{time}");
        }
    }

    #[test]
    fn a_number_is_a_year_and_a_consecutive() {
        assert_eq!(key("2026-3"), Some((2026, 3)));
        assert!(["2026", "2026-", "-1-3", "2026-3-1", "2026-x", "2026-99999999999"].iter().all(|typed| key(typed).is_none()));
    }
}
