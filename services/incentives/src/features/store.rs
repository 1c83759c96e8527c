//! SQL of evidence and featured sites.

use kernel::{Result, Tx};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{EvidenceLine, EvidenceRow, FeatureRow};

/// Keeps what was measured of the transaction's tenant.
pub(crate) async fn keep_evidence(tx: &mut Tx, name: &str, value: Option<f64>, at: OffsetDateTime) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into incentives.evidence (tenant_id, name, value, at) values ($1, $2, $3, $4)
         on conflict on constraint evidence_pkey do update set value = excluded.value, at = excluded.at",
        tenant,
        name,
        value,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What was measured of every town; the agency's role and the worker see more than one tenant's.
pub(crate) async fn evidence(tx: &mut Tx) -> Result<Vec<EvidenceRow>> {
    Ok(sqlx::query_as!(EvidenceRow, "select tenant_id, name, value, at from incentives.evidence order by tenant_id, name")
        .fetch_all(&mut **tx)
        .await?)
}

/// What was measured under the transaction's own tenant.
pub(crate) async fn own_evidence(tx: &mut Tx) -> Result<Vec<EvidenceRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        EvidenceRow,
        "select tenant_id, name, value, at from incentives.evidence where tenant_id = $1 order by name",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Every site that the agency featured, newest first.
pub(crate) async fn features(tx: &mut Tx) -> Result<Vec<FeatureRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        FeatureRow,
        r#"select slug, municipality_id, reason, points, evidence as "evidence: Json<Vec<EvidenceLine>>", featured_at, withdrawn_at,
                  withdraw_reason
           from incentives.feature where tenant_id = $1 order by featured_at desc, slug"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// When the agency featured this town, newest first; what was withdrawn left out.
pub(crate) async fn granted(tx: &mut Tx, town: Uuid) -> Result<Vec<FeatureRow>> {
    Ok(sqlx::query_as!(
        FeatureRow,
        r#"select slug, municipality_id, reason, points, evidence as "evidence: Json<Vec<EvidenceLine>>", featured_at, withdrawn_at,
                  withdraw_reason
           from incentives.feature where municipality_id = $1 and withdrawn_at is null order by featured_at desc, slug"#,
        town
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn insert_feature(tx: &mut Tx, row: &FeatureRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into incentives.feature (tenant_id, slug, municipality_id, reason, points, evidence, featured_at, withdrawn_at, withdraw_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        row.slug,
        row.municipality_id,
        row.reason,
        row.points,
        Json(&row.evidence.0) as _,
        row.featured_at,
        row.withdrawn_at,
        row.withdraw_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn withdraw_feature(tx: &mut Tx, row: &FeatureRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update incentives.feature set withdrawn_at = $3, withdraw_reason = $4 where tenant_id = $1 and slug = $2",
        tenant,
        row.slug,
        row.withdrawn_at,
        row.withdraw_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
