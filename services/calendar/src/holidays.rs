//! The holidays of Colombia, worked out from a table of rules instead of a list of dates.

use crate::table::{self, ParseError, Row};
use std::collections::BTreeMap;
use std::sync::Arc;
use time::{Date, Duration, Month};

/// The first year in which holidays were moved to Monday (Ley 51 de 1983).
const FIRST_MOVED_YEAR: i32 = 1984;

const COLUMNS: &[&str] = &[
    "code",
    "name_es",
    "rule",
    "month",
    "day",
    "easter_offset",
    "moves_to_monday",
    "valid_from_year",
    "valid_to_year",
    "legal_basis",
    "note",
];

/// The day of the year that a holiday commemorates, before it is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolidayDay {
    /// The same day each year.
    Fixed {
        /// The month.
        month: Month,
        /// The day of the month.
        day: u8,
    },
    /// So many days after Easter Sunday (before it, when negative).
    Easter {
        /// Days from Easter Sunday.
        offset: i16,
    },
}

/// One holiday and the law behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayRule {
    /// The holiday's stable name for programs, such as `inmaculada`.
    pub code: String,
    /// The holiday's name in Spanish, such as `Inmaculada Concepción`.
    pub name_es: String,
    /// The day it commemorates.
    pub day: HolidayDay,
    /// Whether it is kept on the next Monday, from 1984 on, unless it is a Monday already (Ley 51 de 1983).
    pub moves_to_monday: bool,
    /// The first year in which it is kept.
    pub valid_from: i32,
    /// The last year in which it is kept; none if it still is.
    pub valid_to: Option<i32>,
    /// The law that makes it a holiday.
    pub legal_basis: String,
    /// What whoever keeps the table should know.
    pub note: Option<String>,
}

impl HolidayRule {
    fn parse(row: &Row) -> Result<Self, ParseError> {
        let rule = row.text("rule");
        let day = match rule {
            "fixed" | "fixed_to_monday" => {
                let month: u8 = row.value("month", "a month from 1 to 12")?;
                let month = Month::try_from(month).map_err(|_| row.bad("month", "a month from 1 to 12"))?;
                let day: u8 = row.value("day", "a day of that month")?;
                // A leap year: 29 February is a day, though not of every year.
                Date::from_calendar_date(2024, month, day).map_err(|_| row.bad("day", "a day of that month"))?;
                if !row.text("easter_offset").is_empty() {
                    return Err(row.bad("easter_offset", "empty, as a fixed rule asks"));
                }
                HolidayDay::Fixed { month, day }
            }
            "easter" | "easter_to_monday" => {
                for column in ["month", "day"] {
                    if !row.text(column).is_empty() {
                        return Err(row.bad(column, "empty, as an Easter rule asks"));
                    }
                }
                HolidayDay::Easter { offset: row.value("easter_offset", "a whole number of days from Easter Sunday")? }
            }
            _ => return Err(row.bad("rule", "fixed, fixed_to_monday, easter or easter_to_monday")),
        };
        let moves_to_monday = row.value("moves_to_monday", "true or false")?;
        if moves_to_monday != rule.ends_with("_to_monday") {
            return Err(row.bad("moves_to_monday", "what the rule says"));
        }
        let valid_from = row.value("valid_from_year", "a year")?;
        let valid_to = row.optional_value("valid_to_year", "a year, or empty")?;
        if valid_to.is_some_and(|to| to < valid_from) {
            return Err(row.bad("valid_to_year", "a year from valid_from_year on"));
        }
        Ok(Self {
            code: row.required("code")?,
            name_es: row.required("name_es")?,
            day,
            moves_to_monday,
            valid_from,
            valid_to,
            legal_basis: row.required("legal_basis")?,
            note: row.optional("note"),
        })
    }

    /// The date on which this holiday of the given year is kept; none in a year in which it is not.
    pub fn observed_in(&self, year: i32) -> Option<Date> {
        if year < self.valid_from || self.valid_to.is_some_and(|to| year > to) {
            return None;
        }
        let date = match self.day {
            HolidayDay::Fixed { month, day } => Date::from_calendar_date(year, month, day).ok()?,
            HolidayDay::Easter { offset } => easter(year)?.checked_add(Duration::days(offset.into()))?,
        };
        if self.moves_to_monday && year >= FIRST_MOVED_YEAR {
            let since_monday = i64::from(date.weekday().number_days_from_monday());
            date.checked_add(Duration::days((7 - since_monday) % 7))
        } else {
            Some(date)
        }
    }

    /// Whether the holiday is kept on this date. One that is moved over New Year belongs to the year before.
    fn is_kept_on(&self, date: Date) -> bool {
        [date.year() - 1, date.year()].into_iter().any(|year| self.observed_in(year) == Some(date))
    }
}

/// The country's table of holidays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays {
    rules: Vec<Arc<HolidayRule>>,
}

impl Holidays {
    /// Reads the rule table (`tenants/national/holidays.csv`).
    ///
    /// # Errors
    /// An unknown, repeated or missing column, a cell that cannot be read or contradicts another, a code that stands
    /// twice: each told with its line.
    pub fn parse(csv: &str) -> Result<Self, ParseError> {
        let rules = table::read(csv, COLUMNS)?;
        Ok(Self { rules: rules.iter().map(|row| HolidayRule::parse(row).map(Arc::new)).collect::<Result<_, _>>()? })
    }

    /// The rules, in the order of the table.
    pub fn rules(&self) -> impl Iterator<Item = &HolidayRule> {
        self.rules.iter().map(AsRef::as_ref)
    }

    /// The holidays kept in a year, by date. Two may fall on one date (4 July 2011): it is one day off with two names.
    pub fn holidays_in(&self, year: i32) -> BTreeMap<Date, Vec<&HolidayRule>> {
        let mut dates: BTreeMap<Date, Vec<&HolidayRule>> = BTreeMap::new();
        for rule in self.rules() {
            let observed = [year.saturating_sub(1), year].into_iter().filter_map(|year| rule.observed_in(year));
            for date in observed.filter(|date| date.year() == year) {
                dates.entry(date).or_default().push(rule);
            }
        }
        dates
    }

    /// The holidays kept on a date, in the order of the table; mostly none.
    pub fn on(&self, date: Date) -> Vec<Arc<HolidayRule>> {
        self.rules.iter().filter(|rule| rule.is_kept_on(date)).cloned().collect()
    }
}

/// Easter Sunday of a year, by the algorithm of Meeus, Jones and Butcher. None before 1583, when the Gregorian calendar
/// begins, and after 9999.
pub fn easter(year: i32) -> Option<Date> {
    if !(1583..=9999).contains(&year) {
        return None;
    }
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let shift = (golden + 11 * epact + 22 * to_sunday) / 451;
    let sum = epact + to_sunday - 7 * shift + 114;
    let month = Month::try_from(u8::try_from(sum / 31).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(sum % 31 + 1).ok()?).ok()
}
