//! The proof that a closed month was not touched: its chain and signature, its order counted again, and the rows that the pages show.

use std::collections::HashMap;
use std::fmt::Write as _;

use kernel::secret::{sha256, sha256_hex, signed_by};
use kernel::{Error, Platform, Result, Tx};
use time::OffsetDateTime;

use super::store::{self, Statement};
use super::{canonical, rules, service};
use crate::model::{CloseRow, Month, RankingOrder, RankingRow};
use crate::rankings::rules::{per_thousand, standings};
use crate::service::board;

/// Whether a statement is what the platform signed.
fn is_signed(platform: &Platform, statement: &Statement) -> bool {
    platform.signer.as_ref().is_none_or(|signer| signer.public_key() == statement.public_key)
        && sha256(statement.body.as_bytes())[..] == statement.digest
        && signed_by(&statement.public_key, statement.body.as_bytes(), &statement.signature)
}

/// Whether a closed month still bears its signature, and the rows that are shown are those that were signed.
pub(crate) async fn is_genuine(tx: &mut Tx, platform: &Platform, close: &CloseRow) -> Result<bool> {
    let Some(number) = close.statement else { return keyed(tx, platform, close).await };
    let Some(statement) = store::statement(tx, number).await? else { return Ok(false) };
    let order = store::file(tx, &close.month, canonical::ORDER).await?.unwrap_or_default();
    let body = &statement.body;
    let says = |name: &str, value: &str| canonical::field(body, name) == Some(value);
    if !is_signed(platform, &statement)
        || statement.signature != close.signature
        || !says("mes", &close.month)
        || !says("cerrado", &canonical::instant(close.closed_at))
        || !says("comparado-con", close.previous.as_deref().unwrap_or("ninguno"))
        || canonical::digests(body).get(canonical::ORDER) != Some(&sha256_hex(order.as_bytes()).as_str())
    {
        return Ok(false);
    }
    let rows = crate::store::ranking_rows(tx, &close.month).await?;
    let signed = canonical::read_order(&order)?;
    let shown: HashMap<String, &RankingRow> =
        rows.iter().filter_map(|row| Some((platform.directory().get(row.tenant_id)?.code.clone(), row))).collect();
    let as_signed = |placed: &canonical::Placed| {
        let town = &placed.town;
        shown.get(&town.code).is_some_and(|row| {
            (row.position, row.visits, row.previous_position, row.population)
                == (placed.position, placed.visits, town.previous, town.population)
                && (row.name.as_ref(), row.department_code.as_ref(), row.department.as_ref())
                    == (Some(&town.name), Some(&town.department_code), Some(&town.department))
                && row.visits_per_thousand == per_thousand(row.visits, row.population)
        })
    };
    Ok(signed.len() == rows.len() && signed.iter().all(as_signed))
}

/// The same of a month that was closed with the platform's keyed hash: the platform alone can tell.
async fn keyed(tx: &mut Tx, platform: &Platform, close: &CloseRow) -> Result<bool> {
    let rows = crate::store::ranking_rows(tx, &close.month).await?;
    let Some(month) = Month::parse(&close.month) else { return Ok(false) };
    let board = board(tx, platform, month).await?;
    let again = standings(board.scores, &board.before, RankingOrder::Visits);
    let follows = again.iter().all(|standing| {
        rows.iter().any(|row| {
            (row.tenant_id, row.position, row.visits, row.previous_position)
                == (standing.score.tenant, standing.position, standing.score.visits, standing.previous)
        })
    });
    let mut signed = format!("{} {:?} {}\n", close.month, close.previous, close.closed_at.unix_timestamp_nanos() / 1000);
    for row in &rows {
        let each = row.visits_per_thousand.map(f64::to_bits);
        let _ = writeln!(signed, "{} {} {} {each:?} {:?}", row.tenant_id, row.position, row.visits, row.previous_position);
    }
    let hash = platform.secret.keyed("visits.month-close", &[signed.as_bytes()]);
    Ok(follows && again.len() == rows.len() && close.signature == hash)
}

/// What is wrong with the chain of statements, or with what a month published; nothing when all of it holds.
async fn wrong(tx: &mut Tx, platform: &Platform, close: &CloseRow) -> Result<Option<String>> {
    let mut before: Option<String> = None;
    for (index, statement) in (1i64..).zip(store::chain(tx).await?) {
        let said = canonical::field(&statement.body, "anterior").unwrap_or_default();
        let follows = before.as_ref().map_or(!said.starts_with("sha256"), |digest| said == format!("sha256 {digest}"));
        if statement.number != index || !follows || !is_signed(platform, &statement) {
            return Ok(Some(format!("la cadena de actas se rompe en la número {index}")));
        }
        before = Some(hex::encode(&statement.digest));
    }
    let Some(statement) = (match close.statement {
        Some(number) => store::statement(tx, number).await?,
        None => return Ok(None),
    }) else {
        return Ok(Some("falta el acta del cierre".to_owned()));
    };
    let digests = canonical::digests(&statement.body);
    let mut files = HashMap::new();
    for name in canonical::FILES {
        let body = store::file(tx, &close.month, name).await?.unwrap_or_default();
        if digests.get(name) != Some(&sha256_hex(body.as_bytes()).as_str()) {
            return Ok(Some(format!("{name} no es el archivo que se firmó")));
        }
        files.insert(name, body);
    }
    let of = |name| files.get(name).map(String::as_str).unwrap_or_default();
    let again = canonical::recount(of(canonical::HOURS), of(canonical::TOWNS), of(canonical::ADJUSTMENTS))?;
    Ok((again != of(canonical::ORDER)).then(|| "el orden publicado no se sigue de las visitas por hora".to_owned()))
}

/// A closed month, as the command line tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ClosedMonth {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339")]
    pub closed_at: OffsetDateTime,
    /// Its signature in hexadecimal: Ed25519, or the keyed hash of months that were closed before there was one.
    pub signature: String,
    /// The number of its statement in the chain; none under the keyed hash.
    pub statement: Option<i64>,
    /// How many towns are in it.
    pub towns: usize,
    /// Their visits.
    pub visits: i64,
}

/// Recounts a closed month from what it published, and checks chain and signature; a rejection says what does not hold.
pub async fn verify(platform: &Platform, month: &str) -> Result<ClosedMonth> {
    let mut tx = service::agency(platform)?.read(platform.db()).await?;
    let done = told(&mut tx, platform, month).await;
    tx.settle(done).await
}

pub(super) async fn told(tx: &mut Tx, platform: &Platform, month: &str) -> Result<ClosedMonth> {
    let parsed = rules::finished(month, tx.now())?;
    let not_closed = || Error::field("month", "OPEN", format!("El mes de {} no está cerrado", parsed.text()));
    let close = crate::store::close_of(tx, parsed).await?.ok_or_else(not_closed)?;
    if let Some(why) = wrong(tx, platform, &close).await? {
        return Err(Error::field("month", "ALTERED", format!("El cierre de {} no se sostiene: {why}", parsed.text())));
    }
    if !is_genuine(tx, platform, &close).await? {
        return Err(Error::field("month", "ALTERED", format!("Los datos de {} no corresponden a la firma de su cierre", parsed.text())));
    }
    let rows = crate::store::ranking_rows(tx, &close.month).await?;
    Ok(ClosedMonth {
        closed_at: close.closed_at,
        signature: hex::encode(&close.signature),
        statement: close.statement,
        towns: rows.len(),
        visits: rows.iter().map(|row| row.visits).sum(),
        month: close.month,
    })
}
