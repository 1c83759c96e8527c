//! The counts' part of a tenant pack: `visits.csv`, a row an hour, and `categories.csv`, a row a year. Closed months and what was objected
//! to them are the agency's and do not travel.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::clock::local;
use kernel::pack::{Pack, PackPart};
use kernel::{Error, Result, Tx};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, UtcOffset};

use crate::model::{HourRow, Month, Tally};
use crate::rankings::category::{self, CategoryRow, MunicipalCategory};
use crate::store;

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

pub(crate) struct VisitsPart;

const FILE: &str = "visits.csv";
const CATEGORIES: &str = "categories.csv";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    year: i32,
    category: MunicipalCategory,
    act: String,
    #[serde(with = "day")]
    adopted_on: Date,
    #[serde(with = "time::serde::rfc3339")]
    recorded_at: OffsetDateTime,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HourFile {
    #[serde(with = "time::serde::rfc3339")]
    hour: OffsetDateTime,
    visits: i64,
    views: i64,
    robots: i64,
    set_aside: i64,
}

#[async_trait]
impl PackPart for VisitsPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE, CATEGORIES]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let tenant_id = tx.tenant()?;
        let rows: Vec<HourRow> = csv::Reader::from_reader(pack.bytes(FILE).unwrap_or_default())
            .deserialize::<HourFile>()
            .map(|row| {
                let HourFile { hour, visits, views, robots, set_aside } =
                    row.map_err(|error| Error::whole("PACK", format!("{FILE}: {error}")))?;
                Ok(HourRow { tenant_id, hour, tally: Tally { visits, views, robots, set_aside } })
            })
            .collect::<Result<_>>()?;
        store::add(tx, &rows).await?;
        for row in csv::Reader::from_reader(pack.bytes(CATEGORIES).unwrap_or_default()).deserialize::<CategoryFile>() {
            let CategoryFile { year, category, act, adopted_on, recorded_at } =
                row.map_err(|error| Error::whole("PACK", format!("{CATEGORIES}: {error}")))?;
            category::put(tx, &CategoryRow { year, category, act, adopted_on, recorded_at }).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let town = tx.tenant()?;
        let categories = category::of_town(tx, town).await?;
        if !categories.is_empty() {
            let mut file = csv::Writer::from_writer(Vec::new());
            for CategoryRow { year, category, act, adopted_on, recorded_at } in categories {
                let recorded_at = recorded_at.to_offset(UtcOffset::UTC);
                file.serialize(CategoryFile { year, category, act, adopted_on, recorded_at }).map_err(Error::broken)?;
            }
            pack.put(CATEGORIES, file.into_inner().map_err(|error| Error::fault(error.error()))?);
        }
        let rows = store::hours(tx).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut file = csv::Writer::from_writer(Vec::new());
        for HourRow { hour, tally: Tally { visits, views, robots, set_aside }, .. } in rows {
            let hour = hour.to_offset(UtcOffset::UTC);
            file.serialize(HourFile { hour, visits, views, robots, set_aside }).map_err(Error::broken)?;
        }
        pack.put(FILE, file.into_inner().map_err(|error| Error::fault(error.error()))?);
        Ok(())
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        category::clear(tx).await?;
        store::clear(tx).await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoSection {
    months: Vec<DemoMonth>,
    #[serde(default)]
    categories: Vec<DemoCategory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCategory {
    years_ago: i32,
    category: MunicipalCategory,
    act: String,
    #[serde(with = "day")]
    adopted_on: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoMonth {
    months_ago: i32,
    visits: i64,
}

/// Loads the overlay's `visits` section: each month's visits over its hours, the current month's over those that have passed; and the
/// categories that the town is made to have entered.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let section: DemoSection = serde_json::from_value(section.clone())?;
        let (tenant_id, now) = (tx.tenant()?, tx.now());
        for DemoMonth { months_ago, visits } in section.months {
            let month = Month::of(now).plus(-months_ago);
            let rows: Vec<HourRow> =
                spread(visits, month, now).into_iter().map(|(hour, tally)| HourRow { tenant_id, hour, tally }).collect();
            store::add(tx, &rows).await?;
        }
        for DemoCategory { years_ago, category, act, adopted_on } in section.categories {
            let year = Month::of(now).year() - years_ago;
            category::put(tx, &CategoryRow { year, category, act, adopted_on, recorded_at: now }).await?;
        }
        Ok(())
    }
    .boxed()
}

/// How much of a day's visits falls into each hour of Bogotá's day.
const DAY: [i64; 24] = [2, 1, 1, 1, 1, 3, 8, 14, 22, 26, 28, 27, 20, 18, 24, 26, 25, 22, 20, 22, 24, 20, 12, 6];

/// A month's visits over its hours, fewer at night and on weekends; the same every time, and not one lost.
fn spread(visits: i64, month: Month, now: OffsetDateTime) -> Vec<(OffsetDateTime, Tally)> {
    let hours: Vec<(OffsetDateTime, i64)> = (0..31 * 24)
        .map(|hour| month.begins() + time::Duration::hours(hour))
        .take_while(|hour| *hour < month.ends() && *hour <= now)
        .map(|hour| {
            let there = local(hour);
            let weekend = there.weekday().number_from_monday() > 5;
            (hour.to_offset(UtcOffset::UTC), DAY[usize::from(there.hour())] * if weekend { 2 } else { 3 })
        })
        .collect();
    let whole: i64 = hours.iter().map(|(_, weight)| weight).sum::<i64>().max(1);
    let (mut weight_so_far, mut visits_so_far) = (0, 0);
    hours
        .into_iter()
        .map(|(hour, weight)| {
            weight_so_far += weight;
            let due = visits * weight_so_far / whole - visits_so_far;
            visits_so_far += due;
            (hour, Tally { visits: due, views: due * 3, robots: due / 2 + 1, set_aside: 0 })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{Month, spread};

    #[test]
    fn a_spread_month_adds_up_and_ends_now() {
        let month = Month::parse("2026-10").expect("is a month");
        let total = |now| spread(3871, month, now).iter().map(|(_, tally)| tally.visits).sum::<i64>();
        assert_eq!(total(datetime!(2026-11-22 0:00 UTC)), 3871);
        assert_eq!(total(datetime!(2026-10-02 12:30 UTC)), 3871);
        let hours = spread(3871, month, datetime!(2026-11-22 0:00 UTC));
        assert_eq!((hours.len(), hours[0].0), (31 * 24, datetime!(2026-10-01 05:00 UTC)));
        assert!(hours.iter().all(|(_, tally)| (0..40).contains(&tally.visits)));
    }
}
