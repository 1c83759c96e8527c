//! SQL of the plan's text.

use kernel::{Result, Tx};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{ActionLineRow, ActivityRow, Book, ClosingActivity, HelpRow, Letterhead, Period, PlanIncentive, PlanNote, PlanRow};
use crate::frameworks::model::PhaseRow;
use crate::indicators::store::indicators;

/// The tenant's plan, whole; `None` where there is none.
pub(crate) async fn book(tx: &mut Tx) -> Result<Option<Book>> {
    let tenant = tx.tenant()?;
    let plan = sqlx::query_as!(
        PlanRow,
        r#"select key, title, framework, period as "period: Json<Period>", legal_frame, vision, general_objective, specific_objectives,
                  framework_lines, closing_activities as "closing_activities: Json<Vec<ClosingActivity>>",
                  help_table as "help_table: Json<Vec<HelpRow>>", incentives as "incentives: Json<Vec<PlanIncentive>>", signed_by,
                  letterhead as "letterhead: Json<Letterhead>", notes as "notes: Json<Vec<PlanNote>>"
           from plan.plan where tenant_id = $1"#,
        tenant
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(plan) = plan else { return Ok(None) };
    let action_lines = sqlx::query_as!(
        ActionLineRow,
        "select number, title, benefits, responsibles, resources, duration_text from plan.action_line where tenant_id = $1 order by number",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    let activities = sqlx::query_as!(
        ActivityRow,
        "select action_line, number, text, responsibles, done_at, evidence from plan.activity where tenant_id = $1 order by action_line, number",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    let phases = sqlx::query_as!(
        PhaseRow,
        "select key, place, name, national_deadline, deadline, target from plan.phase where tenant_id = $1 order by place, key",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(Some(Book { plan, action_lines, indicators: indicators(tx).await?, activities, phases }))
}

/// Takes what the plan in force no longer has out of the measured tables: indicators keep their rows and their past.
pub(crate) async fn vacate(tx: &mut Tx, indicators: &[Uuid], phases: &[String]) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    sqlx::query!("delete from plan.activity where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.action_line where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!(
        "update plan.indicator set retired_at = $3 where tenant_id = $1 and not id = any ($2) and retired_at is null",
        tenant,
        indicators,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("delete from plan.phase where tenant_id = $1 and not key = any ($2)", tenant, phases).execute(&mut **tx).await?;
    Ok(())
}

/// The key of the tenant's plan.
pub(crate) async fn plan_key(tx: &mut Tx) -> Result<Option<String>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!("select key from plan.plan where tenant_id = $1", tenant).fetch_optional(&mut **tx).await?)
}

/// Every tenant that has a plan; for the platform's own transaction.
pub(crate) async fn tenants(tx: &mut Tx) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!("select tenant_id from plan.plan order by tenant_id").fetch_all(&mut **tx).await?)
}

/// Puts a plan in the tenant's place for it.
pub(crate) async fn upsert_plan(tx: &mut Tx, plan: &PlanRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.plan (tenant_id, key, title, framework, period, legal_frame, vision, general_objective, specific_objectives,
                                framework_lines, closing_activities, help_table, incentives, signed_by, letterhead, notes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict on constraint plan_pkey
         do update set key = excluded.key, title = excluded.title, framework = excluded.framework, period = excluded.period,
                       legal_frame = excluded.legal_frame, vision = excluded.vision, general_objective = excluded.general_objective,
                       specific_objectives = excluded.specific_objectives, framework_lines = excluded.framework_lines,
                       closing_activities = excluded.closing_activities, help_table = excluded.help_table, incentives = excluded.incentives,
                       signed_by = excluded.signed_by, letterhead = excluded.letterhead, notes = excluded.notes",
        tenant,
        plan.key,
        plan.title,
        plan.framework,
        plan.period.as_ref() as _,
        plan.legal_frame,
        plan.vision,
        plan.general_objective,
        &plan.specific_objectives,
        &plan.framework_lines,
        &plan.closing_activities as _,
        &plan.help_table as _,
        &plan.incentives as _,
        plan.signed_by,
        &plan.letterhead as _,
        &plan.notes as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_action_line(tx: &mut Tx, line: &ActionLineRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.action_line (tenant_id, number, title, benefits, responsibles, resources, duration_text)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        line.number,
        line.title,
        &line.benefits,
        &line.responsibles,
        &line.resources,
        line.duration_text
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_activity(tx: &mut Tx, activity: &ActivityRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.activity (tenant_id, action_line, number, text, responsibles, done_at, evidence) values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        activity.action_line,
        activity.number,
        activity.text,
        activity.responsibles.as_deref(),
        activity.done_at,
        activity.evidence
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Marks an activity as done at a moment, or as not done; an activity that does not exist is `NotFound`.
pub(crate) async fn set_activity(
    tx: &mut Tx,
    action_line: i32,
    number: i32,
    done_at: Option<OffsetDateTime>,
    evidence: Option<&str>,
) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query_scalar!(
        "update plan.activity set done_at = $4, evidence = $5 where tenant_id = $1 and action_line = $2 and number = $3 returning number",
        tenant,
        action_line,
        number,
        done_at,
        evidence
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from plan.measurement where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.criterion_state where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.phase where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.activity where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.indicator where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.action_line where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.plan where tenant_id = $1", tenant).execute(&mut **tx).await?;
    unindex(tx).await
}

/// Makes the plan unfindable.
pub(crate) async fn unindex(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from kernel.search_entry where tenant_id = $1 and kind = 'plan'", tenant).execute(&mut **tx).await?;
    Ok(())
}
