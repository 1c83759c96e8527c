//! When a month may be objected to and closed, and what an objection and its answer must say.

use kernel::error::Faults;
use kernel::{Error, Result};
use time::{Date, Duration, OffsetDateTime};

use super::store::Objection;
use crate::model::Month;

/// Days after the end of a month in which municipalities may object.
pub(crate) const DAYS_TO_OBJECT: i64 = 5;
/// Days after the end of a month within which the agency closes it.
pub(crate) const DAYS_TO_CLOSE: i64 = 10;

/// The month of `YYYY-MM`, as it was typed.
pub(crate) fn named(month: &str) -> Result<Month> {
    Month::parse(month.trim()).ok_or_else(|| Error::field("month", "FORM", "Escriba el mes como año y mes: 2026-10"))
}

/// The month of `YYYY-MM` that may be closed now.
pub(crate) fn finished(month: &str, now: OffsetDateTime) -> Result<Month> {
    let month = named(month)?;
    if now < month.ends() {
        let why = format!("El mes de {} no ha terminado. Se puede cerrar cuando pasen los días para objetar.", month.text());
        return Err(Error::field("month", "UNFINISHED", why));
    }
    Ok(month)
}

/// The first moment at which nobody may object any more.
pub(crate) fn objections_until(month: Month) -> OffsetDateTime {
    month.ends() + Duration::days(DAYS_TO_OBJECT)
}

/// The last day on which municipalities may object.
pub(crate) fn last_day_to_object(month: Month) -> Date {
    kernel::clock::local(objections_until(month) - Duration::SECOND).date()
}

/// Whether municipalities may object to the month now.
pub(crate) fn may_object(month: Month, now: OffsetDateTime) -> Result<()> {
    if now < month.ends() {
        let why = format!("El mes de {} no ha terminado: todavía no hay conteo que objetar.", month.text());
        return Err(Error::field("month", "UNFINISHED", why));
    }
    if now >= objections_until(month) {
        let why = format!("El plazo para objetar {} terminó. Escriba a la mesa de ayuda si encuentra un error.", month.text());
        return Err(Error::field("month", "LATE", why));
    }
    Ok(())
}

/// Whether the month may be closed: the days to object are over and every objection has its answer.
pub(crate) fn may_close(month: Month, now: OffsetDateTime, objections: &[Objection]) -> Result<()> {
    if now < objections_until(month) {
        let day = calendar::spanish::long_date(kernel::clock::local(objections_until(month)).date());
        return Err(Error::field(
            "month",
            "OBJECTIONS_OPEN",
            format!("Los municipios pueden objetar {} todavía. Se puede cerrar desde el {day}.", month.text()),
        ));
    }
    match objections.iter().filter(|objection| objection.outcome.is_none()).count() {
        0 => Ok(()),
        1 => Err(Error::field("month", "UNANSWERED", format!("Queda una objeción a {} sin contestar.", month.text()))),
        open => Err(Error::field("month", "UNANSWERED", format!("Quedan {open} objeciones a {} sin contestar.", month.text()))),
    }
}

/// A text that will be published, trimmed.
pub(crate) fn stated(faults: &mut Faults, field: &str, text: &str) -> String {
    let text = text.trim().replace("\r\n", "\n");
    let length = text.chars().count();
    faults.require(length >= 20, field, "SHORT", "Explíquelo en una frase o más: se publica junto al mes");
    faults.require(length <= 2000, field, "LONG", "Escriba a lo sumo 2.000 caracteres");
    text
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn code(outcome: Result<()>) -> String {
        match outcome {
            Ok(()) => "OK".to_owned(),
            Err(Error::Rejected(faults)) => faults[0].code.clone(),
            Err(other) => other.to_string(),
        }
    }

    #[test]
    fn only_a_month_that_has_ended_is_closed() {
        let code = |month: &str, now| code(finished(month, now).map(|_| ()));
        assert_eq!(code("2026-10", datetime!(2026-11-01 04:59:59 UTC)), "UNFINISHED");
        assert_eq!(code("2026-10", datetime!(2026-11-01 05:00 UTC)), "OK");
        for wrong in ["", "2026", "2026-13", "2026-00", "26-10", "2026-1", "+026-10", "2026-10-01", "octubre"] {
            assert_eq!(code(wrong, datetime!(2030-01-01 0:00 UTC)), "FORM", "{wrong}");
        }
    }

    #[test]
    fn a_month_is_objected_to_for_five_days_and_closed_when_all_is_answered() {
        let month = Month::parse("2026-10").expect("is a month");
        assert_eq!(code(may_object(month, datetime!(2026-10-31 23:59:59 -5))), "UNFINISHED");
        assert_eq!(code(may_object(month, datetime!(2026-11-01 0:00 -5))), "OK");
        assert_eq!(last_day_to_object(month), time::macros::date!(2026 - 11 - 05));
        assert_eq!(code(may_object(month, datetime!(2026-11-05 23:59:59 -5))), "OK");
        assert_eq!(code(may_object(month, datetime!(2026-11-06 0:00 -5))), "LATE");
        assert_eq!(code(may_close(month, datetime!(2026-11-05 23:59:59 -5), &[])), "OBJECTIONS_OPEN");
        assert_eq!(code(may_close(month, datetime!(2026-11-06 0:00 -5), &[])), "OK");
        let open = Objection { month: "2026-10".to_owned(), ..Objection::default() };
        assert_eq!(code(may_close(month, datetime!(2026-11-06 0:00 -5), std::slice::from_ref(&open))), "UNANSWERED");
        let answered = Objection { outcome: Some(super::super::store::Outcome::Dismissed), ..open };
        assert_eq!(code(may_close(month, datetime!(2026-11-06 0:00 -5), &[answered])), "OK");
    }

    #[test]
    fn the_public_reads_the_days_that_count() {
        let page = include_str!("../../pages/agency/methodology.html");
        let told = [format!("durante los {DAYS_TO_OBJECT} días que siguen"), format!("a más tardar el día {DAYS_TO_CLOSE}")];
        assert!(told.iter().all(|words| page.contains(words)), "{told:?}");
    }
}
