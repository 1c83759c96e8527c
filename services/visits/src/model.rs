//! Months, counts, and the rows of a ranking.

use std::fmt;

use kernel::clock::{BOGOTA, local};
use kernel::graphql::{Department, PopulationBand};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::rankings::category::MunicipalCategory;

const NAMES: [&str; 12] =
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];

/// A month in Bogotá, as the number of months since the year zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(i32);

impl Month {
    /// The month of `YYYY-MM`, from 2000 on.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i32>().ok()).flatten();
        let (year, month) = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
        let (year, month) = (digits(year)?, digits(month)?);
        ((2000..3000).contains(&year) && (1..=12).contains(&month)).then(|| Self(year * 12 + month - 1))
    }

    /// The month in which this moment lies.
    pub(crate) fn of(at: OffsetDateTime) -> Self {
        let day = local(at);
        Self(day.year() * 12 + i32::from(u8::from(day.month())) - 1)
    }

    /// The month after this many.
    pub(crate) fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    /// Its first moment.
    pub(crate) fn begins(self) -> OffsetDateTime {
        let month = u8::try_from(self.0 % 12 + 1).ok().and_then(|month| time::Month::try_from(month).ok()).unwrap_or(time::Month::January);
        Date::from_calendar_date(self.0 / 12, month, 1).unwrap_or(Date::MIN).midnight().assume_offset(BOGOTA)
    }

    /// The first moment after it.
    pub(crate) fn ends(self) -> OffsetDateTime {
        self.plus(1).begins()
    }

    /// Its year.
    pub(crate) fn year(self) -> i32 {
        self.0 / 12
    }

    /// As people say it: `octubre de 2026`.
    pub(crate) fn text(self) -> String {
        let name = usize::try_from(self.0 % 12).ok().and_then(|index| NAMES.get(index)).unwrap_or(&"");
        format!("{name} de {}", self.0 / 12)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

/// What was counted, of an hour or of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) visits: i64,
    pub(crate) views: i64,
    pub(crate) robots: i64,
    pub(crate) set_aside: i64,
}

/// What was counted of a tenant in an hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HourRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) hour: OffsetDateTime,
    pub(crate) tally: Tally,
}

/// A closed month.
#[derive(Debug, Clone)]
pub(crate) struct CloseRow {
    pub(crate) month: String,
    pub(crate) previous: Option<String>,
    pub(crate) closed_at: OffsetDateTime,
    pub(crate) signature: Vec<u8>,
    /// Its statement in the chain; none where the month was closed with the platform's keyed hash.
    pub(crate) statement: Option<i64>,
}

/// What a town had in a closed month.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RankingRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) month: String,
    pub(crate) position: i32,
    pub(crate) visits: i64,
    pub(crate) visits_per_thousand: Option<f64>,
    pub(crate) previous_position: Option<i32>,
    /// As the town was at the close; what follows is unknown of months that were closed before it was kept.
    pub(crate) name: Option<String>,
    pub(crate) department_code: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) population: Option<i32>,
    pub(crate) department_position: Option<i32>,
    pub(crate) band_position: Option<i32>,
    pub(crate) category: Option<MunicipalCategory>,
}

/// A town with what it is compared by.
#[derive(Debug, Clone)]
pub(crate) struct Score {
    pub(crate) tenant: Uuid,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) department: Department,
    pub(crate) population: Option<i32>,
    pub(crate) visits: i64,
    pub(crate) per_thousand: Option<f64>,
    /// The category of the month's year, where the town entered it.
    pub(crate) category: Option<MunicipalCategory>,
}

impl Score {
    /// The group of like population in which it stands.
    pub(crate) fn band(&self) -> Option<PopulationBand> {
        self.population.map(PopulationBand::of)
    }
}

/// How sure it is that a town is ahead of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum Certainty {
    /// Chance alone would make such a difference less than once in a hundred months.
    Clear,
    /// Chance alone would make such a difference less than once in twenty months.
    Likely,
    /// Chance alone explains it: the two cannot be told apart.
    Undecided,
}

/// A town in its place.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) score: Score,
    pub(crate) position: i32,
    pub(crate) previous: Option<i32>,
    /// Against the next one in the order; none for the last, and where places are not ordered by counts.
    pub(crate) certainty: Option<Certainty>,
}

impl Standing {
    /// Places climbed since the month that this one is compared with.
    pub(crate) fn change(&self) -> Option<i32> {
        self.previous.map(|previous| previous - self.position)
    }
}

/// A month's counts, closed or as they stand now, beside those of the closed month before it.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) month: Month,
    pub(crate) close: Option<CloseRow>,
    pub(crate) previous: Option<String>,
    pub(crate) scores: Vec<Score>,
    pub(crate) before: Vec<Score>,
}

/// By what a ranking is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum RankingOrder {
    /// Visits, the most first.
    Visits,
    /// Visits for each thousand inhabitants, the most first; towns of unknown population or of few visits are left out.
    PerThousand,
    /// Places by visits climbed since the closed month before, the most first; towns of few visits in either month are left out.
    Improved,
}
