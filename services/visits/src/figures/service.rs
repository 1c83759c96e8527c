//! One function a use case of the figures of a site.

use kernel::clock::BOGOTA;
use kernel::{Error, Result, Tx};
use time::{Date, Duration};

use super::store;
use super::told::{Device, Kind, Referrer};

/// How many names of a kind are told at most.
const MOST: i64 = 50;

/// A figure under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) hits: i64,
}

/// The first and the last of the last days, today included.
pub(crate) fn span(tx: &Tx, days: i32) -> Result<(Date, Date)> {
    if !(1..=366).contains(&days) {
        return Err(Error::BadRequest("Pida entre 1 y 366 días.".into()));
    }
    Ok((tx.today() - Duration::days(i64::from(days) - 1), tx.today()))
}

/// The names of a kind, the most first.
pub(crate) async fn named(tx: &mut Tx, kind: Kind, (since, until): (Date, Date)) -> Result<Vec<Named>> {
    let rows = store::most(tx, kind, since, until, MOST).await?;
    Ok(rows.into_iter().map(|(name, hits)| Named { text: text(kind, &name), name, hits }).collect())
}

fn text(kind: Kind, name: &str) -> String {
    let known = match kind {
        Kind::Referrer => Referrer::text(name),
        Kind::Device => Device::text(name),
        _ => None,
    };
    match (known, name) {
        (Some(text), _) => text.to_owned(),
        (None, "") => "Los demás".to_owned(),
        (None, "/") => "Inicio".to_owned(),
        (None, name) if kind == Kind::Download => kernel::text::percent_decode(name.rsplit('/').next().unwrap_or(name)),
        (None, name) => kernel::text::percent_decode(name),
    }
}

/// The percentage of visits with a second page; none without visits.
pub(crate) async fn second_share(tx: &mut Tx, (since, until): (Date, Date)) -> Result<Option<f64>> {
    let visits = store::sum(tx, Kind::Entry, None, since, until).await?;
    let second = store::sum(tx, Kind::Shape, Some("SECOND"), since, until).await?;
    Ok((visits > 0).then(|| 100.0 * second.min(visits) as f64 / visits as f64))
}

/// The rejects of the last days by reason.
pub(crate) async fn rejects(tx: &mut Tx, (since, _): (Date, Date)) -> Result<Vec<(String, i64)>> {
    store::rejects(tx, since.midnight().assume_offset(BOGOTA)).await
}
