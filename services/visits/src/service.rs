//! One function a use case: the counts of a month and of a site's days.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::directory::TenantEntry;
use kernel::graphql::Department;
use kernel::{Error, Platform, Result, Tx};
use time::Date;
use uuid::Uuid;

use crate::model::{Board, CloseRow, Month, RankingRow, Score, Tally};
use crate::rankings::category;
use crate::rankings::rules::per_thousand;
use crate::{closes, store};

/// The counts of a month: frozen where it is closed, else as they stand in this very moment.
pub(crate) async fn board(tx: &mut Tx, platform: &Platform, month: Month) -> Result<Board> {
    let close = store::close_of(tx, month).await?;
    let (scores, previous) = if let Some(close) = &close {
        (frozen(platform, &store::ranking_rows(tx, &close.month).await?), close.previous.clone())
    } else {
        (counted(tx, platform, month).await?, store::closed_before(tx, month).await?)
    };
    let before = match &previous {
        Some(previous) => frozen(platform, &store::ranking_rows(tx, previous).await?),
        None => Vec::new(),
    };
    Ok(Board { month, close, previous, scores, before })
}

/// The month of `YYYY-MM`, or of the word `last`: the last closed one, and the current one while none is closed.
pub(crate) async fn month_named(tx: &mut Tx, name: &str) -> Result<Month> {
    let current = Month::of(tx.now());
    let month = if name == "last" {
        store::closed_before(tx, current).await?.as_deref().and_then(Month::parse).unwrap_or(current)
    } else {
        Month::parse(name).ok_or(Error::BadRequest("Escriba el mes como año y mes: 2026-10.".into()))?
    };
    if month > current { Err(Error::BadRequest("Ese mes no ha comenzado.".into())) } else { Ok(month) }
}

/// The months since the last closed one, then the closed ones; newest first. What is not closed has no close.
pub(crate) async fn months(tx: &mut Tx) -> Result<Vec<(Month, Option<CloseRow>)>> {
    let closed: Vec<_> =
        store::closes(tx).await?.into_iter().filter_map(|close| Month::parse(&close.month).map(|month| (month, Some(close)))).collect();
    let current = Month::of(tx.now());
    let last = closed.first().map_or(current.plus(-2), |(month, _)| *month);
    let open = (0..24).map(|back| current.plus(-back)).take_while(|month| *month > last).map(|month| (month, None));
    Ok(open.chain(closed).collect())
}

/// The towns that compete; demonstration towns in `up` mode only.
pub(crate) fn competitors(platform: &Platform) -> impl Iterator<Item = Arc<TenantEntry>> {
    let up_mode = platform.up_mode;
    platform.directory().all().into_iter().filter(move |town| town.ranked && (up_mode || !town.demonstration))
}

/// The towns that compete, with what was counted for them and what accepted objections change.
async fn counted(tx: &mut Tx, platform: &Platform, month: Month) -> Result<Vec<Score>> {
    let mut visits: HashMap<Uuid, i64> = store::month_visits(tx, month).await?.into_iter().collect();
    for (town, change) in closes::store::adjustments(tx, month).await? {
        *visits.entry(town).or_default() += change;
    }
    let categories = category::of_year(tx, month.year()).await?;
    Ok(competitors(platform)
        .map(|town| {
            let visits = visits.get(&town.id).copied().unwrap_or(0).max(0);
            Score { category: categories.get(&town.id).copied(), ..score(&town, visits) }
        })
        .collect())
}

/// The towns of a closed month as they were then, as far as that was kept.
pub(crate) fn frozen(platform: &Platform, rows: &[RankingRow]) -> Vec<Score> {
    let one = |row: &RankingRow| {
        let mut frozen = score(platform.directory().get(row.tenant_id)?.as_ref(), row.visits);
        if let (Some(name), Some(code), Some(department)) = (&row.name, &row.department_code, &row.department) {
            frozen.name.clone_from(name);
            frozen.department = Department { code: code.clone(), name: department.clone() };
            frozen.population = row.population;
        }
        Some(Score { per_thousand: row.visits_per_thousand, category: row.category, ..frozen })
    };
    rows.iter().filter_map(one).collect()
}

pub(crate) fn score(town: &TenantEntry, visits: i64) -> Score {
    Score {
        tenant: town.id,
        code: town.code.clone(),
        name: town.name.clone(),
        department: Department { code: town.department_code.clone(), name: town.department.clone() },
        population: town.population,
        visits,
        per_thousand: per_thousand(visits, town.population),
        category: None,
    }
}

/// What was counted of the tenant on each of the last days, today included and empty days too.
pub(crate) async fn days(tx: &mut Tx, days: i32) -> Result<Vec<(Date, Tally)>> {
    if !(1..=366).contains(&days) {
        return Err(Error::BadRequest("Pida entre 1 y 366 días.".into()));
    }
    let first = tx.today() - time::Duration::days(i64::from(days) - 1);
    let counted: HashMap<Date, Tally> = store::days(tx, first.midnight().assume_offset(kernel::clock::BOGOTA)).await?.into_iter().collect();
    let all = (0..i64::from(days)).map(|day| first + time::Duration::days(day));
    Ok(all.map(|day| (day, counted.get(&day).copied().unwrap_or_default())).collect())
}
