//! SQL of reviews.

use kernel::{Result, Tx};
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{ReviewDecision, ReviewFigure, ReviewRow, ReviewTopic, StepRow};
use crate::rules::Semester;

pub(crate) async fn insert_review(tx: &mut Tx, review: &ReviewRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.review (tenant_id, id, year, semester, opened_at, closed_at, closed_by, summary, figures)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        review.id,
        review.year,
        review.semester,
        review.opened_at,
        review.closed_at,
        review.closed_by,
        review.summary,
        Json(&review.figures.0) as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The review of a semester, kept from changing until commit.
pub(crate) async fn locked_review(tx: &mut Tx, period: Semester) -> Result<Option<ReviewRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ReviewRow,
        r#"select id, year, semester, opened_at, closed_at, closed_by, summary, figures as "figures: Json<Vec<ReviewFigure>>"
           from committee.review where tenant_id = $1 and year = $2 and semester = $3 for update"#,
        tenant,
        period.year,
        period.half
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Every review, the latest semester first.
pub(crate) async fn reviews(tx: &mut Tx) -> Result<Vec<ReviewRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ReviewRow,
        r#"select id, year, semester, opened_at, closed_at, closed_by, summary, figures as "figures: Json<Vec<ReviewFigure>>"
           from committee.review where tenant_id = $1 order by year desc, semester desc"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn close(tx: &mut Tx, review: &ReviewRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update committee.review set closed_at = $3, closed_by = $4, summary = $5, figures = $6 where tenant_id = $1 and id = $2",
        tenant,
        review.id,
        review.closed_at,
        review.closed_by,
        review.summary,
        Json(&review.figures.0) as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn put_step(tx: &mut Tx, step: &StepRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.review_step (tenant_id, review_id, step, decision, note, task_id, at, actor_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint review_step_pkey
         do update set decision = excluded.decision, note = excluded.note, task_id = excluded.task_id, at = excluded.at, actor_name = excluded.actor_name",
        tenant,
        step.review_id,
        step.step as ReviewTopic,
        step.decision as ReviewDecision,
        step.note,
        step.task_id,
        step.at,
        step.actor_name
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What was made of the steps of a review, or of every review.
pub(crate) async fn steps(tx: &mut Tx, review: Option<Uuid>) -> Result<Vec<StepRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        StepRow,
        r#"select review_id, step as "step: ReviewTopic", decision as "decision: ReviewDecision", note, task_id, at, actor_name
           from committee.review_step where tenant_id = $1 and ($2::uuid is null or review_id = $2) order by review_id, step"#,
        tenant,
        review
    )
    .fetch_all(&mut **tx)
    .await?)
}
