//! SQL of the plan.

use std::collections::HashMap;

use kernel::{Result, Tx};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{
    ActionLineRow, ActivityRow, Book, Cadence, ClosingActivity, CriterionRow, CriterionState, HelpRow, IndicatorKind, IndicatorRow,
    Letterhead, MeasurementRow, Period, PhaseRow, PlanIncentive, PlanNote, PlanRow,
};

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

pub(crate) async fn indicators(tx: &mut Tx) -> Result<Vec<IndicatorRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        IndicatorRow,
        r#"select id, action_line, place, key, name, target, target_value, unit, cadence as "cadence: Cadence", kind as "kind: IndicatorKind",
                  measure, note
           from plan.indicator where tenant_id = $1 order by action_line, place, key"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
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

pub(crate) async fn insert_plan(tx: &mut Tx, plan: &PlanRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.plan (tenant_id, key, title, framework, period, legal_frame, vision, general_objective, specific_objectives,
                                framework_lines, closing_activities, help_table, incentives, signed_by, letterhead, notes)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
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

pub(crate) async fn insert_indicator(tx: &mut Tx, indicator: &IndicatorRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.indicator (tenant_id, id, action_line, place, key, name, target, target_value, unit, cadence, kind, measure, note)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant,
        indicator.id,
        indicator.action_line,
        indicator.place,
        indicator.key,
        indicator.name,
        indicator.target,
        indicator.target_value,
        indicator.unit,
        indicator.cadence as _,
        indicator.kind as _,
        indicator.measure,
        indicator.note
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

pub(crate) async fn insert_phase(tx: &mut Tx, phase: &PhaseRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.phase (tenant_id, key, place, name, national_deadline, deadline, target) values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        phase.key,
        phase.place,
        phase.name,
        phase.national_deadline,
        phase.deadline,
        phase.target
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

pub(crate) async fn criterion_states(tx: &mut Tx) -> Result<Vec<CriterionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        CriterionRow,
        r#"select code, state as "state: CriterionState", evidence, by_id, at from plan.criterion_state where tenant_id = $1 order by code"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn upsert_criterion_state(tx: &mut Tx, row: &CriterionRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.criterion_state (tenant_id, code, state, evidence, by_id, at) values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint criterion_state_pkey
         do update set state = excluded.state, evidence = excluded.evidence, by_id = excluded.by_id, at = excluded.at",
        tenant,
        row.code,
        row.state as _,
        row.evidence,
        row.by_id,
        row.at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds a measurement, unless that very one is there; returns whether it was added.
pub(crate) async fn insert_measurement(tx: &mut Tx, row: &MeasurementRow) -> Result<bool> {
    let tenant = tx.tenant()?;
    let added = sqlx::query!(
        "insert into plan.measurement (tenant_id, id, indicator_id, value, at, source, evidence, recorded_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict on constraint measurement_pkey do nothing",
        tenant,
        row.id,
        row.indicator_id,
        row.value,
        row.at,
        row.source,
        row.evidence,
        row.recorded_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The last measurement of each indicator.
pub(crate) async fn latest_measurements(tx: &mut Tx) -> Result<HashMap<Uuid, MeasurementRow>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query_as!(
        MeasurementRow,
        "select distinct on (indicator_id) id, indicator_id, value, at, source, evidence, recorded_by
         from plan.measurement where tenant_id = $1 order by indicator_id, at desc, id desc",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.indicator_id, row)).collect())
}

/// The measurements of one indicator, newest first, and how many there are.
pub(crate) async fn history(tx: &mut Tx, indicator: Uuid, limit: i64, offset: i64) -> Result<(Vec<MeasurementRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query_as!(
        MeasurementRow,
        "select id, indicator_id, value, at, source, evidence, recorded_by
         from plan.measurement where tenant_id = $1 and indicator_id = $2 order by at desc, id desc limit $3 offset $4",
        tenant,
        indicator,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from plan.measurement where tenant_id = $1 and indicator_id = $2"#,
        tenant,
        indicator
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

pub(crate) async fn all_measurements(tx: &mut Tx) -> Result<Vec<MeasurementRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        MeasurementRow,
        "select id, indicator_id, value, at, source, evidence, recorded_by from plan.measurement where tenant_id = $1 order by at, id",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The percentage of a phase at its last reading.
pub(crate) async fn phase_share(tx: &mut Tx, key: &str) -> Result<Option<f64>> {
    let tenant = tx.tenant()?;
    let share = sqlx::query_scalar!("select share from plan.phase where tenant_id = $1 and key = $2", tenant, key)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(share.flatten())
}

pub(crate) async fn set_phase_share(tx: &mut Tx, key: &str, share: Option<f64>) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("update plan.phase set share = $3 where tenant_id = $1 and key = $2", tenant, key, share).execute(&mut **tx).await?;
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
    sqlx::query!("delete from kernel.search_entry where tenant_id = $1 and kind = 'plan'", tenant).execute(&mut **tx).await?;
    Ok(())
}
