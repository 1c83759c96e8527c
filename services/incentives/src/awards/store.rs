//! SQL of award calls. Calls stand in the agency's tenant and are read by everybody; nominations are the towns' own.

use std::collections::BTreeMap;

use kernel::{Result, Tx};
use sqlx::types::Json;

use super::model::{AwardCriterion, CallRow, NominationRow, Place, ScoreRow};

/// Every call, what closes last first; only the agency makes them.
pub(crate) async fn calls(tx: &mut Tx) -> Result<Vec<CallRow>> {
    Ok(sqlx::query_as!(
        CallRow,
        r#"select slug, title, body, criteria as "criteria: Json<Vec<AwardCriterion>>", prizes, opens_on, closes_on, created_at,
                  results as "results: Json<Vec<Place>>", results_note, results_at
           from incentives.award_call order by closes_on desc, slug"#
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn call(tx: &mut Tx, slug: &str) -> Result<Option<CallRow>> {
    Ok(calls(tx).await?.into_iter().find(|call| call.slug == slug))
}

pub(crate) async fn insert_call(tx: &mut Tx, row: &CallRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into incentives.award_call (tenant_id, slug, title, body, criteria, prizes, opens_on, closes_on, created_at, results,
                                            results_note, results_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        row.slug,
        row.title,
        row.body,
        Json(&row.criteria.0) as _,
        &row.prizes,
        row.opens_on,
        row.closes_on,
        row.created_at,
        row.results.as_ref().map(|places| Json(&places.0)) as _,
        row.results_note,
        row.results_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_call(tx: &mut Tx, row: &CallRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update incentives.award_call set title = $3, body = $4, criteria = $5, prizes = $6, opens_on = $7, closes_on = $8, results = $9,
                results_note = $10, results_at = $11
         where tenant_id = $1 and slug = $2",
        tenant,
        row.slug,
        row.title,
        row.body,
        Json(&row.criteria.0) as _,
        &row.prizes,
        row.opens_on,
        row.closes_on,
        row.results.as_ref().map(|places| Json(&places.0)) as _,
        row.results_note,
        row.results_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The transaction's town's own nominations, drafts too.
pub(crate) async fn own_nominations(tx: &mut Tx) -> Result<Vec<NominationRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        NominationRow,
        r#"select tenant_id, call, title, summary, answers as "answers: Json<BTreeMap<String, String>>", updated_at, submitted_at
           from incentives.nomination where tenant_id = $1 order by call"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What was sent to a call, by every town that the role may see.
pub(crate) async fn submitted(tx: &mut Tx, call: &str) -> Result<Vec<NominationRow>> {
    Ok(sqlx::query_as!(
        NominationRow,
        r#"select tenant_id, call, title, summary, answers as "answers: Json<BTreeMap<String, String>>", updated_at, submitted_at
           from incentives.nomination where call = $1 and submitted_at is not null order by submitted_at, tenant_id"#,
        call
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn keep_nomination(tx: &mut Tx, row: &NominationRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into incentives.nomination (tenant_id, call, title, summary, answers, updated_at, submitted_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint nomination_pkey do update set title = excluded.title, summary = excluded.summary,
             answers = excluded.answers, updated_at = excluded.updated_at, submitted_at = excluded.submitted_at",
        tenant,
        row.call,
        row.title,
        row.summary,
        Json(&row.answers.0) as _,
        row.updated_at,
        row.submitted_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The jury's scores of a call.
pub(crate) async fn scores(tx: &mut Tx, call: &str) -> Result<Vec<ScoreRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ScoreRow,
        "select call, municipality_id, juror_id, juror_name, points, note, scored_at
         from incentives.score where tenant_id = $1 and call = $2 order by juror_name, juror_id",
        tenant,
        call
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn keep_score(tx: &mut Tx, row: &ScoreRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into incentives.score (tenant_id, call, municipality_id, juror_id, juror_name, points, note, scored_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint score_pkey do update set juror_name = excluded.juror_name, points = excluded.points,
             note = excluded.note, scored_at = excluded.scored_at",
        tenant,
        row.call,
        row.municipality_id,
        row.juror_id,
        row.juror_name,
        &row.points,
        row.note,
        row.scored_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
