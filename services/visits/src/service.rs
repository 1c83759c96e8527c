//! One function a use case: the counts of a month, its close, and the proof that a closed month was not touched.

use std::collections::HashMap;
use std::fmt::Write as _;

use kernel::capability::Event;
use kernel::directory::{TenantEntry, TenantKind};
use kernel::graphql::Department;
use kernel::{Error, Platform, Result, Scope, Tx};
use serde_json::json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{Board, CloseRow, Month, RankingOrder, RankingRow, Score, Standing, Tally};
use crate::{counting, rules, store};

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

/// The towns that compete, with what was counted for them; demonstration towns compete in `up` mode only.
async fn counted(tx: &mut Tx, platform: &Platform, month: Month) -> Result<Vec<Score>> {
    let visits: HashMap<Uuid, i64> = store::month_visits(tx, month).await?.into_iter().collect();
    let towns = platform.directory().all().into_iter().filter(|town| town.ranked && (platform.up_mode || !town.demonstration));
    Ok(towns
        .map(|town| {
            let visits = visits.get(&town.id).copied().unwrap_or(0);
            score(&town, visits, rules::per_thousand(visits, town.population))
        })
        .collect())
}

fn frozen(platform: &Platform, rows: &[RankingRow]) -> Vec<Score> {
    rows.iter()
        .filter_map(|row| platform.directory().get(row.tenant_id).map(|town| score(&town, row.visits, row.visits_per_thousand)))
        .collect()
}

fn score(town: &TenantEntry, visits: i64, per_thousand: Option<f64>) -> Score {
    Score {
        tenant: town.id,
        code: town.code.clone(),
        name: town.name.clone(),
        department: Department { code: town.department_code.clone(), name: town.department.clone() },
        population: town.population,
        visits,
        per_thousand,
    }
}

/// Closes a month for good and has its news told; a month that is closed stays as it is, whoever asks again.
pub(crate) async fn close_month(tx: &mut Tx, platform: &Platform, month: &str) -> Result<Month> {
    if !matches!(tx.scope(), Scope::Agency(_)) {
        return Err(Error::Forbidden);
    }
    let now = tx.now();
    let month = rules::finished(month, now)?;
    if let Some((rows, previous)) = freeze(tx, platform, month, now).await? {
        let news = rules::news(month, previous, &rows);
        let payload = json!({ "month": month.to_string(), "slug": news.slug, "title": news.title, "body": news.body });
        platform.registry().tell(tx, &Event { name: "visits.month_closed", payload }).await?;
    }
    Ok(month)
}

/// Freezes the counts of a month and signs them; `None` when that was done before.
async fn freeze(tx: &mut Tx, platform: &Platform, month: Month, at: OffsetDateTime) -> Result<Option<(Vec<Standing>, Option<Month>)>> {
    // What is being counted is counted first, and what comes after the close is late.
    counting::store::pause(tx).await?;
    let board = board(tx, platform, month).await?;
    if board.close.is_some() {
        return Ok(None);
    }
    let standings = rules::standings(board.scores, &board.before, RankingOrder::Visits);
    let mut rows: Vec<RankingRow> = standings.iter().map(|standing| ranking_row(month, standing)).collect();
    rows.sort_by_key(|row| row.tenant_id);
    let mut close = CloseRow { month: month.to_string(), previous: board.previous, closed_at: at, signature: Vec::new() };
    close.signature = signature(platform, &close, &rows);
    if !store::insert_close(tx, &close).await? {
        return Ok(None);
    }
    store::insert_ranking_rows(tx, &close.month, &rows).await?;
    let detail = json!({ "towns": rows.len(), "previous": close.previous, "signature": hex::encode(&close.signature) });
    tx.audit("visits.month.closed", "month", &close.month, detail).await?;
    tx.publish();
    Ok(Some((standings, close.previous.as_deref().and_then(Month::parse))))
}

fn ranking_row(month: Month, standing: &Standing) -> RankingRow {
    RankingRow {
        tenant_id: standing.score.tenant,
        month: month.to_string(),
        position: standing.position,
        visits: standing.score.visits,
        visits_per_thousand: standing.score.per_thousand,
        previous_position: standing.previous,
    }
}

/// The keyed hash of a closed month and of its rows, which stand by tenant.
fn signature(platform: &Platform, close: &CloseRow, rows: &[RankingRow]) -> Vec<u8> {
    let mut signed = format!("{} {:?} {}\n", close.month, close.previous, close.closed_at.unix_timestamp_nanos() / 1000);
    for row in rows {
        let each = row.visits_per_thousand.map(f64::to_bits);
        let _ = writeln!(signed, "{} {} {} {each:?} {:?}", row.tenant_id, row.position, row.visits, row.previous_position);
    }
    platform.secret.keyed("visits.month-close", &[signed.as_bytes()]).to_vec()
}

/// Whether a closed month still bears its signature, and its places still follow from its counts.
pub(crate) async fn is_genuine(tx: &mut Tx, platform: &Platform, close: &CloseRow) -> Result<bool> {
    let rows = store::ranking_rows(tx, &close.month).await?;
    let Some(month) = Month::parse(&close.month) else { return Ok(false) };
    let board = board(tx, platform, month).await?;
    let again = rules::standings(board.scores, &board.before, RankingOrder::Visits);
    let follows = again.iter().all(|standing| rows.contains(&ranking_row(month, standing)));
    Ok(follows && again.len() == rows.len() && close.signature == signature(platform, close, &rows))
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

/// A closed month, as the command line tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ClosedMonth {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339")]
    pub closed_at: OffsetDateTime,
    /// The keyed hash over its rows, in hexadecimal.
    pub signature: String,
    /// How many towns are in it.
    pub towns: usize,
    /// Their visits.
    pub visits: i64,
}

fn agency(platform: &Platform) -> Result<Scope> {
    let agency = platform.directory().platform(TenantKind::Agency).ok_or_else(|| Error::fault("the agency's tenant is missing"))?;
    Ok(Scope::Agency(agency.id))
}

/// Closes a month from the command line, in the agency's name.
pub async fn close(platform: &Platform, month: &str) -> Result<ClosedMonth> {
    let mut tx = agency(platform)?.write(platform.db()).await?;
    let done = async {
        close_month(&mut tx, platform, month).await?;
        told(&mut tx, platform, month).await
    }
    .await;
    tx.settle(done).await
}

/// Recomputes a closed month; a rejection says when it is not closed or no longer what was signed.
pub async fn verify(platform: &Platform, month: &str) -> Result<ClosedMonth> {
    let mut tx = agency(platform)?.read(platform.db()).await?;
    let done = told(&mut tx, platform, month).await;
    tx.settle(done).await
}

async fn told(tx: &mut Tx, platform: &Platform, month: &str) -> Result<ClosedMonth> {
    let parsed = rules::finished(month, tx.now())?;
    let not_closed = || Error::field("month", "OPEN", format!("El mes de {} no está cerrado", parsed.text()));
    let close = store::close_of(tx, parsed).await?.ok_or_else(not_closed)?;
    if !is_genuine(tx, platform, &close).await? {
        return Err(Error::field("month", "ALTERED", format!("Los datos de {} no corresponden a la firma de su cierre", parsed.text())));
    }
    let rows = store::ranking_rows(tx, &close.month).await?;
    Ok(ClosedMonth {
        closed_at: close.closed_at,
        signature: hex::encode(&close.signature),
        towns: rows.len(),
        visits: rows.iter().map(|row| row.visits).sum(),
        month: close.month,
    })
}

/// Closes every month of the demonstration that has ended, each as of the first morning after it. Its news come with the overlay.
/// To be called when the overlays of all towns are loaded; once a month is closed, the agency closes the next ones.
pub async fn close_demo(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    let first = if store::closes(&mut tx).await?.is_empty() { store::first_hour(&mut tx).await? } else { None };
    tx.rollback().await?;
    let Some(mut month) = first.map(Month::of) else { return Ok(()) };
    let mut tx = agency(platform)?.write(platform.db()).await?;
    let done = async {
        while tx.now() >= month.ends() {
            let morning = (month.ends() + time::Duration::hours(7)).min(tx.now());
            freeze(&mut tx, platform, month, morning).await?;
            month = month.plus(1);
        }
        Ok(())
    }
    .await;
    tx.settle(done).await
}
