//! One function a use case of evidence and featured sites.

use std::collections::HashMap;

use kernel::capability::{Found, Registry};
use kernel::directory::TenantEntry;
use kernel::{Error, Result, Tx, clock};
use serde_json::json;
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::model::{EvidenceLine, FeatureRow};
use super::{rules, store};
use crate::at_the_agency;

/// Measures the transaction's town now.
pub(crate) async fn measured(tx: &mut Tx, registry: &Registry) -> Result<Vec<EvidenceLine>> {
    let now = tx.now();
    let found = registry.compute_all(tx, rules::measures(), now).await?;
    Ok(rules::lines(|name| found.get(name).copied().and_then(Found::value)))
}

/// Measures the transaction's town and keeps what was found, so that the agency can compare.
pub(crate) async fn gather(tx: &mut Tx, registry: &Registry) -> Result<()> {
    let now = tx.now();
    for line in measured(tx, registry).await? {
        store::keep_evidence(tx, &line.measure, line.value, now).await?;
    }
    Ok(())
}

/// Names under which the sums of the country stand in the agency's tenant.
pub(crate) const TOWNS: &str = "national.towns";
pub(crate) const UPDATED: &str = "national.updated_week";
pub(crate) const NEWS: &str = "national.news_year";
pub(crate) const SHEETS: &str = "national.tramites_share";

/// Adds up what was measured, for the figures of the country; the transaction is the worker's, in the agency's tenant. `counts` says which
/// tenants are counted.
pub(crate) async fn sum_up(tx: &mut Tx, counts: impl Fn(Uuid) -> bool) -> Result<()> {
    let (now, rows) = (tx.now(), store::evidence(tx).await?);
    let of =
        |name: &str| rows.iter().filter(|row| row.name == name && counts(row.tenant_id)).filter_map(|row| row.value).collect::<Vec<_>>();
    let (days, news, sheets) = (of("site.days_since_update"), of("site.news_published"), of("tramites.published_share"));
    let updated = days.iter().filter(|days| **days <= 7.0).count();
    let average = (!sheets.is_empty()).then(|| sheets.iter().sum::<f64>() / sheets.len() as f64);
    let sums = [(TOWNS, Some(news.len() as f64)), (UPDATED, Some(updated as f64)), (NEWS, Some(news.iter().sum())), (SHEETS, average)];
    for (name, value) in sums {
        store::keep_evidence(tx, name, value, now).await?;
    }
    tx.publish();
    Ok(())
}

/// A town on the shortlist.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) town: Uuid,
    pub(crate) lines: Vec<EvidenceLine>,
    pub(crate) points: i32,
    pub(crate) measured_at: OffsetDateTime,
    pub(crate) featured_at: Option<OffsetDateTime>,
}

/// Every town that was measured, the most points first; who shares them stands by when it was last featured, the longest ago first.
pub(crate) async fn shortlist(tx: &mut Tx, counts: impl Fn(Uuid) -> bool) -> Result<Vec<Candidate>> {
    at_the_agency(tx)?;
    let mut last: HashMap<Uuid, OffsetDateTime> = HashMap::new();
    for feature in store::features(tx).await?.into_iter().filter(|feature| feature.withdrawn_at.is_none()) {
        last.entry(feature.municipality_id).or_insert(feature.featured_at);
    }
    let mut measured: HashMap<Uuid, (HashMap<String, Option<f64>>, OffsetDateTime)> = HashMap::new();
    for row in store::evidence(tx).await?.into_iter().filter(|row| counts(row.tenant_id)) {
        measured.entry(row.tenant_id).or_insert_with(|| (HashMap::new(), row.at)).0.insert(row.name, row.value);
    }
    let mut all: Vec<Candidate> = measured
        .into_iter()
        .map(|(town, (values, measured_at))| {
            let lines = rules::lines(|name| values.get(name).copied().flatten());
            let points = rules::points(&lines);
            Candidate { town, lines, points, measured_at, featured_at: last.get(&town).copied() }
        })
        .collect();
    all.sort_by_key(|one| (-one.points, one.featured_at, one.town));
    Ok(all)
}

/// Features a town, with the evidence as it was last measured and the reason of whoever chose.
pub(crate) async fn feature(tx: &mut Tx, town: &TenantEntry, reason: &str) -> Result<FeatureRow> {
    at_the_agency(tx)?;
    let reason = rules::reason(reason, "Escriba por qué se destaca: se publica junto a la evidencia")?;
    let candidate = shortlist(tx, |id| id == town.id).await?.pop();
    let message = "De ese municipio aún no se ha medido nada; espere a la próxima medición.";
    let candidate = candidate.ok_or_else(|| Error::field("municipality", "UNMEASURED", message))?;
    let now = tx.now();
    let today = clock::local(now).date();
    let row = FeatureRow {
        slug: format!("{:04}-{:02}-{}", today.year(), u8::from(today.month()), town.slug),
        municipality_id: town.id,
        reason,
        points: candidate.points,
        evidence: Json(candidate.lines),
        featured_at: now,
        withdrawn_at: None,
        withdraw_reason: None,
    };
    store::insert_feature(tx, &row).await?;
    let detail = json!({ "municipality": town.slug, "points": row.points, "reason": row.reason });
    tx.audit("incentives.feature.granted", "feature", &row.slug, detail).await?;
    tx.publish();
    Ok(row)
}

/// Takes a feature back: it leaves every list, and its address says why.
pub(crate) async fn withdraw(tx: &mut Tx, slug: &str, reason: &str) -> Result<FeatureRow> {
    at_the_agency(tx)?;
    let reason = rules::reason(reason, "Escriba por qué se retira: queda en la historia")?;
    let mut row = store::features(tx).await?.into_iter().find(|row| row.slug == slug).ok_or(Error::NotFound)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::whole("WITHDRAWN", "Este destacado ya se retiró."));
    }
    row.withdrawn_at = Some(tx.now());
    row.withdraw_reason = Some(reason.clone());
    store::withdraw_feature(tx, &row).await?;
    tx.audit("incentives.feature.withdrawn", "feature", slug, json!({ "reason": reason })).await?;
    tx.publish();
    Ok(row)
}

/// The features of a year before a moment.
pub(crate) fn in_year(features: &[FeatureRow], at: OffsetDateTime) -> impl Iterator<Item = &FeatureRow> {
    features.iter().filter(move |row| row.featured_at <= at && row.featured_at > at - Duration::days(365))
}
