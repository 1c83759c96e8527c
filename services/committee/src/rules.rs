//! What every part of the committee shares: text as typed, days, and the semester of a day.

use std::fmt;

use kernel::error::Faults;
use kernel::{Error, Result};
use time::{Date, Month};

time::serde::format_description!(pub(crate) iso_date, Date, "[year]-[month]-[day]");

/// What was typed without characters that nobody sees.
pub(crate) fn body(typed: &str) -> String {
    let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    typed.replace("\r\n", "\n").chars().filter(kept).collect::<String>().trim().to_owned()
}

/// The same on one line.
pub(crate) fn line(typed: &str) -> String {
    body(typed).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line that may be left empty.
pub(crate) fn some_line(typed: Option<&str>) -> Option<String> {
    typed.map(line).filter(|text| !text.is_empty())
}

/// A text that may be left empty.
pub(crate) fn some_body(typed: Option<&str>) -> Option<String> {
    typed.map(body).filter(|text| !text.is_empty())
}

/// Notes a text that is missing or too long; `what` names it: «el título».
pub(crate) fn fits(faults: &mut Faults, text: &str, field: &str, what: &str, most: usize) {
    faults.require(!text.is_empty(), field, "REQUIRED", format!("Escriba {what}"));
    not_over(faults, Some(text), field, what, most);
}

/// Notes a text that is too long.
pub(crate) fn not_over(faults: &mut Faults, text: Option<&str>, field: &str, what: &str, most: usize) {
    let short = text.is_none_or(|text| text.chars().count() <= most);
    let letters = if most < 1000 { most.to_string() } else { format!("{}.{:03}", most / 1000, most % 1000) };
    faults.require(short, field, "LENGTH", format!("Acorte {what}: tiene más de {letters} letras"));
}

/// Both, or everything that is wrong with either.
pub(crate) fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(Error::Rejected(mut faults)), Err(Error::Rejected(more))) => {
            faults.extend(more);
            Err(Error::Rejected(faults))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Notes an e-mail address that is none.
pub(crate) fn mailable(faults: &mut Faults, email: Option<&str>, field: &str) {
    let fine = email.is_none_or(kernel::text::is_email);
    faults.require(fine, field, "FORM", "Escriba el correo completo, como nombre@municipio.gov.co");
}

/// The key of a submission.
pub(crate) fn key(faults: &mut Faults, typed: &str) -> String {
    let key = typed.trim().to_owned();
    let fine = (1..=200).contains(&key.len()) && !key.contains('\0');
    faults.require(fine, "idempotencyKey", "FORM", "Vuelva a abrir el formulario: le falta su clave de envío");
    key
}

/// The id of something, as the API writes it; what is no id names nothing.
pub(crate) fn id(typed: &async_graphql::ID) -> Result<uuid::Uuid> {
    uuid::Uuid::try_parse(typed).map_err(|_| Error::NotFound)
}

/// Half a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Semester {
    pub(crate) year: i32,
    /// 1 or 2.
    pub(crate) half: i32,
}

impl fmt::Display for Semester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.year, self.half)
    }
}

impl Semester {
    /// The semester of a day.
    pub(crate) fn of(day: Date) -> Self {
        Self { year: day.year(), half: if day.month() <= Month::June { 1 } else { 2 } }
    }

    /// Reads `2026-2`.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let (year, half) = typed.trim().split_once('-')?;
        let semester = Self { year: year.parse().ok()?, half: half.parse().ok()? };
        ((2000..=2200).contains(&semester.year) && (1..=2).contains(&semester.half)).then_some(semester)
    }

    /// Its last day.
    pub(crate) fn last_day(self) -> Date {
        let (month, day) = if self.half == 1 { (Month::June, 30) } else { (Month::December, 31) };
        Date::from_calendar_date(self.year, month, day).unwrap_or(Date::MAX)
    }

    /// `Segundo semestre de 2026`.
    pub(crate) fn name(self) -> String {
        format!("{} semestre de {}", if self.half == 1 { "Primer" } else { "Segundo" }, self.year)
    }
}

/// So many months later, on the same day or the last of a shorter month.
pub(crate) fn months_after(day: Date, months: i32) -> Option<Date> {
    let count = day.year() * 12 + i32::from(u8::from(day.month())) - 1 + months;
    let month = Month::try_from(u8::try_from(count.rem_euclid(12) + 1).ok()?).ok()?;
    let year = count.div_euclid(12);
    Date::from_calendar_date(year, month, day.day().min(month.length(year))).ok()
}

/// The first and the last day of the month `2026-11`.
pub(crate) fn month(typed: &str) -> Option<(Date, Date)> {
    let (year, month) = typed.trim().split_once('-')?;
    let (year, month) = (year.parse().ok().filter(|year| (2000..=2200).contains(year))?, Month::try_from(month.parse::<u8>().ok()?).ok()?);
    let first = Date::from_calendar_date(year, month, 1).ok()?;
    Some((first, first.replace_day(month.length(year)).ok()?))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::{Semester, line, month, months_after};

    #[test]
    fn nul_and_other_unseen_characters_are_left_out() {
        assert_eq!(line(" Acta\0 de\r\nreunión\u{7} "), "Acta de reunión");
    }

    #[test]
    fn a_semester_is_known_by_its_day() {
        assert_eq!(Semester::of(date!(2026 - 06 - 30)).to_string(), "2026-1");
        let second = Semester::of(date!(2026 - 07 - 01));
        assert_eq!((second.name().as_str(), second.last_day()), ("Segundo semestre de 2026", date!(2026 - 12 - 31)));
        assert_eq!(Semester::parse("2026-2"), Some(second));
        assert!(["2026-3", "2026", "x-1", "-1-1", "2026-2-1"].iter().all(|typed| Semester::parse(typed).is_none()));
    }

    #[test]
    fn a_shorter_month_ends_earlier() {
        assert_eq!(months_after(date!(2026 - 08 - 31), 6), Some(date!(2027 - 02 - 28)));
        assert_eq!(months_after(date!(2026 - 12 - 15), 1), Some(date!(2027 - 01 - 15)));
        assert_eq!(month("2028-02"), Some((date!(2028 - 02 - 01), date!(2028 - 02 - 29))));
        assert_eq!(month("2028-13"), None);
    }
}
