//! When a town's hall works: its week, the country's holidays and the days that an act closes.

use crate::holidays::{HolidayRule, Holidays};
use crate::spanish::weekday_name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use time::{Date, OffsetDateTime, Time, Weekday};

/// The days of the week in the order of [`Week`].
const WEEKDAYS: [Weekday; 7] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday, Weekday::Saturday, Weekday::Sunday];

pub(crate) const SECONDS_A_DAY: i64 = 24 * 3600;

/// The opening hours of a weekday. None: it is a working day, but nobody has told its hours. No slots: closed.
pub type Hours = Option<Vec<Slot>>;

/// Why a week was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeekError {
    /// A slot that is not of the form `08:00-12:00`.
    #[error("`{0}` is not a slot of opening hours such as 08:00-12:00")]
    Unreadable(String),
    /// A slot that does not close after it opens.
    #[error("the slot {0}-{1} does not close after it opens")]
    Backwards(Time, Time),
    /// The slots of a day are out of order or overlap.
    #[error("the slots of {0} are out of order or overlap")]
    Overlap(Weekday),
    /// No day of the week is a working day, so no deadline could be counted.
    #[error("the week has no working day")]
    NeverOpen,
}

/// A stretch of opening hours within one day, local time: open from `opens` and no longer at `closes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slot {
    opens: Time,
    closes: Time,
}

impl Slot {
    /// A slot.
    ///
    /// # Errors
    /// [`WeekError::Backwards`] if it does not close after it opens.
    pub fn new(opens: Time, closes: Time) -> Result<Self, WeekError> {
        if opens < closes { Ok(Self { opens, closes }) } else { Err(WeekError::Backwards(opens, closes)) }
    }

    /// When it opens.
    pub fn opens(self) -> Time {
        self.opens
    }

    /// When it closes.
    pub fn closes(self) -> Time {
        self.closes
    }
}

impl FromStr for Slot {
    type Err = WeekError;

    /// Reads `08:00-12:00`, on the clock of 24 hours.
    fn from_str(text: &str) -> Result<Self, WeekError> {
        let time = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()
        };
        let times = text.split_once('-').and_then(|(opens, closes)| Some((time(opens)?, time(closes)?)));
        let (opens, closes) = times.ok_or_else(|| WeekError::Unreadable(text.to_owned()))?;
        Self::new(opens, closes)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opens, closes } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", opens.hour(), opens.minute(), closes.hour(), closes.minute())
    }
}

impl TryFrom<String> for Slot {
    type Error = WeekError;

    fn try_from(text: String) -> Result<Self, WeekError> {
        text.parse()
    }
}

impl From<Slot> for String {
    fn from(slot: Slot) -> Self {
        slot.to_string()
    }
}

/// The opening hours of each weekday; at least one is a working day. The default is Monday to Friday, hours unknown.
///
/// In a tenant pack it reads `monday: ["08:00-12:00", "13:00-17:00"]` and so on: a day that is absent or `[]` is closed, a
/// day that is `null` works at hours that nobody has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Days", into = "Days")]
pub struct Week {
    days: [Hours; 7],
}

impl Week {
    /// A week from the hours of each day, Monday first.
    ///
    /// # Errors
    /// [`WeekError::Overlap`] if the slots of a day are not one after the other, [`WeekError::NeverOpen`] if no day works.
    pub fn new(days: [Hours; 7]) -> Result<Self, WeekError> {
        for (weekday, hours) in WEEKDAYS.into_iter().zip(&days) {
            let slots = hours.as_deref().unwrap_or_default();
            if slots.is_sorted_by(|earlier, later| earlier.closes <= later.opens) {
                continue;
            }
            return Err(WeekError::Overlap(weekday));
        }
        if days.iter().all(is_closed) { Err(WeekError::NeverOpen) } else { Ok(Self { days }) }
    }

    /// The opening hours of a weekday: none if they are unknown, no slots if it is closed.
    pub fn hours(&self, weekday: Weekday) -> Option<&[Slot]> {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = &self.days;
        let hours = match weekday {
            Weekday::Monday => monday,
            Weekday::Tuesday => tuesday,
            Weekday::Wednesday => wednesday,
            Weekday::Thursday => thursday,
            Weekday::Friday => friday,
            Weekday::Saturday => saturday,
            Weekday::Sunday => sunday,
        };
        hours.as_deref()
    }

    /// Whether a weekday is a working day.
    pub fn works(&self, weekday: Weekday) -> bool {
        self.hours(weekday).is_none_or(|slots| !slots.is_empty())
    }

    /// Whether the opening hours of any weekday are known.
    pub(crate) fn has_known_hours(&self) -> bool {
        self.days.iter().flatten().any(|slots| !slots.is_empty())
    }

    /// The weekdays that are not working days, Monday first.
    pub fn closed_weekdays(&self) -> impl Iterator<Item = Weekday> {
        WEEKDAYS.into_iter().filter(|weekday| !self.works(*weekday))
    }
}

impl Default for Week {
    fn default() -> Self {
        let closed = || Some(Vec::new());
        Self { days: [None, None, None, None, None, closed(), closed()] }
    }
}

/// Whether a day with these hours is closed. A day whose hours are unknown is not.
fn is_closed(hours: &Hours) -> bool {
    hours.as_ref().is_some_and(Vec::is_empty)
}

/// A week as a tenant pack writes it.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Days {
    #[serde(skip_serializing_if = "is_closed")]
    monday: Hours,
    #[serde(skip_serializing_if = "is_closed")]
    tuesday: Hours,
    #[serde(skip_serializing_if = "is_closed")]
    wednesday: Hours,
    #[serde(skip_serializing_if = "is_closed")]
    thursday: Hours,
    #[serde(skip_serializing_if = "is_closed")]
    friday: Hours,
    #[serde(skip_serializing_if = "is_closed")]
    saturday: Hours,
    #[serde(skip_serializing_if = "is_closed")]
    sunday: Hours,
}

impl Default for Days {
    /// All closed: what a pack does not name is not a working day.
    fn default() -> Self {
        let closed = || Some(Vec::new());
        Self {
            monday: closed(),
            tuesday: closed(),
            wednesday: closed(),
            thursday: closed(),
            friday: closed(),
            saturday: closed(),
            sunday: closed(),
        }
    }
}

impl TryFrom<Days> for Week {
    type Error = WeekError;

    fn try_from(days: Days) -> Result<Self, WeekError> {
        let Days { monday, tuesday, wednesday, thursday, friday, saturday, sunday } = days;
        Self::new([monday, tuesday, wednesday, thursday, friday, saturday, sunday])
    }
}

impl From<Week> for Days {
    fn from(week: Week) -> Self {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = week.days;
        Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    }
}

/// Why a town closes on a working day: a día cívico, a move, mourning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Why, for people: `Día cívico por las fiestas patronales`.
    pub reason: String,
    /// The act that orders it: `Decreto 045 de 2026`.
    pub act: String,
}

impl fmt::Display for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.act)
    }
}

/// All the reasons why a date is not a working day; at least one holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedBecause {
    /// The weekday, if the town does not work on it.
    pub weekday: Option<Weekday>,
    /// The holidays kept on the date.
    pub holidays: Vec<Arc<HolidayRule>>,
    /// The town's own closure.
    pub closure: Option<Closure>,
}

impl ClosedBecause {
    /// A word for the cell of a calendar: `Festivo`, `Cierre` (by an act), `Cerrado` (a weekday off that is not of the
    /// weekend). None for Saturday and Sunday, which explain themselves.
    pub fn short_label(&self) -> Option<&'static str> {
        if !self.holidays.is_empty() {
            Some("Festivo")
        } else if self.closure.is_some() {
            Some("Cierre")
        } else if matches!(self.weekday, Some(Weekday::Saturday | Weekday::Sunday)) {
            None
        } else {
            Some("Cerrado")
        }
    }

    /// What is special about the date, for people: holidays by name, then the closure with its act, separated by `; `.
    /// None if it is only a weekday off.
    pub fn occasion(&self) -> Option<String> {
        let holidays = self.holidays.iter().map(|holiday| holiday.name_es.clone());
        let occasions: Vec<String> = holidays.chain(self.closure.iter().map(Closure::to_string)).collect();
        Some(occasions.join("; ")).filter(|text| !text.is_empty())
    }
}

impl fmt::Display for ClosedBecause {
    /// The occasion, or else the name of the weekday.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.occasion(), self.weekday) {
            (Some(occasion), _) => f.write_str(&occasion),
            (None, Some(weekday)) => f.write_str(weekday_name(weekday)),
            (None, None) => Ok(()),
        }
    }
}

/// The calendar by which a town's legal terms run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    /// The country's holidays.
    pub holidays: Arc<Holidays>,
    /// The town's week.
    pub week: Week,
    /// The days that the town closes by an act, besides.
    pub closures: BTreeMap<Date, Closure>,
}

impl WorkCalendar {
    /// The calendar of a town that has told nothing of itself: Monday to Friday, hours unknown, no closures.
    pub fn national(holidays: Arc<Holidays>) -> Self {
        Self { holidays, week: Week::default(), closures: BTreeMap::new() }
    }

    /// Why a date is not a working day; none if it is one.
    pub fn why_closed(&self, date: Date) -> Option<ClosedBecause> {
        let because = ClosedBecause {
            weekday: Some(date.weekday()).filter(|weekday| !self.week.works(*weekday)),
            holidays: self.holidays.on(date),
            closure: self.closures.get(&date).cloned(),
        };
        let holds = because.weekday.is_some() || !because.holidays.is_empty() || because.closure.is_some();
        holds.then_some(because)
    }

    /// Whether a date is a working day.
    pub fn is_working_day(&self, date: Date) -> bool {
        self.why_closed(date).is_none()
    }

    /// The date itself if it is a working day, else the next one that is.
    pub fn working_day_from(&self, date: Date) -> Date {
        dates_from(date).find(|date| self.is_working_day(*date)).unwrap_or(Date::MAX)
    }

    /// The stretches of a working day in which hours run, in seconds since midnight: the whole day where nobody has told them.
    pub(crate) fn hours_of(&self, date: Date) -> Vec<(i64, i64)> {
        let span = |slot: &Slot| (seconds(slot.opens), seconds(slot.closes));
        self.week.hours(date.weekday()).map_or(vec![(0, SECONDS_A_DAY)], |slots| slots.iter().map(span).collect())
    }

    /// Whether the doors of a working day are shut for good at this local moment. Never where the hours are unknown.
    pub(crate) fn is_after_hours(&self, local: OffsetDateTime) -> bool {
        let last = self.week.hours(local.weekday()).and_then(<[Slot]>::last);
        last.is_some_and(|slot| local.time() >= slot.closes)
    }
}

/// Seconds since midnight.
pub(crate) fn seconds(time: Time) -> i64 {
    i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

/// A date and all that follow, to the end of year 9999.
pub(crate) fn dates_from(date: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(date), |date| date.next_day())
}

/// A town's calendar as a tenant pack writes it: `{ week: … or null, closures: [{ date: 2026-12-07, reason, act }] }`.
/// Other keys are let be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CalendarSettings {
    /// The town's week; none if it has not told it.
    pub week: Option<Week>,
    /// The days that the town closes by an act.
    pub closures: Vec<ClosureSetting>,
}

/// A closure of a tenant pack, with its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosureSetting {
    /// The day that the town closes, ISO 8601.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// Why, and by which act.
    #[serde(flatten)]
    pub closure: Closure,
}

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

impl CalendarSettings {
    /// The calendar that the town works by.
    pub fn with_holidays(self, holidays: Arc<Holidays>) -> WorkCalendar {
        let closures = self.closures.into_iter().map(|ClosureSetting { date, closure }| (date, closure)).collect();
        WorkCalendar { holidays, week: self.week.unwrap_or_default(), closures }
    }
}
