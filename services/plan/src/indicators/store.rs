//! SQL of indicators, what was found of them, their closed periods and the progress made of both.

use std::collections::HashMap;

use kernel::{Result, Tx};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::{Gathered, IndicatorRow, MeasurementRow, PeriodRow, ProgressRow, YearTarget};

/// Selects measurements with whether what proves them is still there: every query of them has the same columns. A file is there while it
/// is attached; an address of the site's own news, trámites and services while it can be found.
macro_rules! measurements {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            MeasurementRow,
            r#"select m.id, m.indicator_id, m.value, m.at, m.source, m.evidence, m.recorded_by, m.files, m.withdrawn_at, m.withdrawn_by,
                      m.withdrawn_reason,
                      case when m.files > 0
                           then exists (select from kernel.file f where f.tenant_id = m.tenant_id and f.subject = 'measurement/' || m.id)
                           else m.evidence !~ '^/(noticias|tramites|servicios)/[a-z0-9-]+$'
                                or exists (select from kernel.search_entry s where s.tenant_id = m.tenant_id and s.path = m.evidence)
                      end is true as "proven!"
               "# + $rest,
            $($argument),+
        )
    };
}

pub(crate) async fn indicators(tx: &mut Tx) -> Result<Vec<IndicatorRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        IndicatorRow,
        r#"select id, action_line, place, key, name, target, target_value, unit, cadence as "cadence: _", kind as "kind: _", measure, note,
                  sort as "sort: _", accumulation as "accumulation: _", baseline, baseline_on, targets as "targets: Json<Vec<YearTarget>>",
                  responsible, evidence
           from plan.indicator where tenant_id = $1 and retired_at is null order by action_line, place, key"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The indicators that have left the plan, and when.
pub(crate) async fn retired(tx: &mut Tx) -> Result<Vec<(IndicatorRow, OffsetDateTime)>> {
    let tenant = tx.tenant()?;
    let left = sqlx::query!(
        r#"select id, retired_at as "at!" from plan.indicator where tenant_id = $1 and retired_at is not null order by retired_at, id"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut rows = Vec::new();
    for one in left {
        let row = sqlx::query_as!(
            IndicatorRow,
            r#"select id, action_line, place, key, name, target, target_value, unit, cadence as "cadence: _", kind as "kind: _", measure, note,
                      sort as "sort: _", accumulation as "accumulation: _", baseline, baseline_on, targets as "targets: Json<Vec<YearTarget>>",
                      responsible, evidence
               from plan.indicator where tenant_id = $1 and id = $2"#,
            tenant,
            one.id
        )
        .fetch_one(&mut **tx)
        .await?;
        rows.push((row, one.at));
    }
    Ok(rows)
}

/// An indicator leaves the plan; its past stays.
pub(crate) async fn retire(tx: &mut Tx, id: Uuid, at: OffsetDateTime) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("update plan.indicator set retired_at = $3 where tenant_id = $1 and id = $2", tenant, id, at).execute(&mut **tx).await?;
    Ok(())
}

/// Puts an indicator in its place, or renews it: its past stays with it.
pub(crate) async fn insert_indicator(tx: &mut Tx, indicator: &IndicatorRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.indicator (tenant_id, id, action_line, place, key, name, target, target_value, unit, cadence, kind, measure, note,
                                     sort, accumulation, baseline, baseline_on, targets, responsible, evidence)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         on conflict on constraint indicator_pkey
         do update set action_line = excluded.action_line, place = excluded.place, key = excluded.key, name = excluded.name,
                       target = excluded.target, target_value = excluded.target_value, unit = excluded.unit, cadence = excluded.cadence,
                       kind = excluded.kind, measure = excluded.measure, note = excluded.note, sort = excluded.sort,
                       accumulation = excluded.accumulation, baseline = excluded.baseline, baseline_on = excluded.baseline_on,
                       targets = excluded.targets, responsible = excluded.responsible, evidence = excluded.evidence, retired_at = null",
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
        indicator.note,
        indicator.sort as _,
        indicator.accumulation as _,
        indicator.baseline,
        indicator.baseline_on,
        &indicator.targets as _,
        indicator.responsible,
        indicator.evidence,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds a measurement, unless that very one is there; one that failed is known once it succeeds. Returns whether anything changed.
pub(crate) async fn insert_measurement(tx: &mut Tx, row: &MeasurementRow) -> Result<bool> {
    let tenant = tx.tenant()?;
    let added = sqlx::query!(
        "insert into plan.measurement (tenant_id, id, indicator_id, value, at, source, evidence, recorded_by, files, withdrawn_at, withdrawn_by,
                                       withdrawn_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict on constraint measurement_pkey do nothing",
        tenant,
        row.id,
        row.indicator_id,
        row.value,
        row.at,
        row.source,
        row.evidence,
        row.recorded_by,
        row.files,
        row.withdrawn_at,
        row.withdrawn_by,
        row.withdrawn_reason,
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Whether any of the measurements of those ids is unknown.
pub(crate) async fn any_failed(tx: &mut Tx, ids: &[Uuid]) -> Result<bool> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from plan.measurement where tenant_id = $1 and id = any ($2) and value is null) as "failed!""#,
        tenant,
        ids
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Says what a measure that failed turned out to be, the same day.
pub(crate) async fn heal_measurement(tx: &mut Tx, id: Uuid, value: f64, at: OffsetDateTime) -> Result<bool> {
    let tenant = tx.tenant()?;
    let healed = sqlx::query!(
        "update plan.measurement set value = $3, at = $4 where tenant_id = $1 and id = $2 and value is null",
        tenant,
        id,
        value,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(healed.rows_affected() == 1)
}

pub(crate) async fn measurement(tx: &mut Tx, id: Uuid) -> Result<Option<MeasurementRow>> {
    let tenant = tx.tenant()?;
    Ok(measurements!("from plan.measurement m where m.tenant_id = $1 and m.id = $2", tenant, id).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn withdraw(tx: &mut Tx, id: Uuid, reason: &str) -> Result<()> {
    let (tenant, at, by) = (tx.tenant()?, tx.now(), tx.actor());
    sqlx::query!(
        "update plan.measurement set withdrawn_at = $3, withdrawn_by = $4, withdrawn_reason = $5
         where tenant_id = $1 and id = $2 and withdrawn_at is null",
        tenant,
        id,
        at,
        by,
        reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The last measurement of each indicator that stands, at a moment.
pub(crate) async fn latest_measurements(tx: &mut Tx, at: OffsetDateTime) -> Result<HashMap<Uuid, MeasurementRow>> {
    let tenant = tx.tenant()?;
    let rows = measurements!(
        "from plan.indicator i cross join lateral
              (select * from plan.measurement l where l.tenant_id = $1 and l.indicator_id = i.id and l.withdrawn_at is null and l.at <= $2
               order by l.at desc, l.id desc limit 1) m
         where i.tenant_id = $1 and i.retired_at is null",
        tenant,
        at
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.indicator_id, row)).collect())
}

/// The measurements of one indicator, withdrawn ones too, newest first, and how many there are.
pub(crate) async fn history(tx: &mut Tx, indicator: Uuid, limit: i64, offset: i64) -> Result<(Vec<MeasurementRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = measurements!(
        "from plan.measurement m where m.tenant_id = $1 and m.indicator_id = $2 order by m.at desc, m.id desc limit $3 offset $4",
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
    Ok(measurements!("from plan.measurement m where m.tenant_id = $1 order by m.at, m.id", tenant).fetch_all(&mut **tx).await?)
}

/// The measurements of spans, summed up by place in the list: one query for many indicators and many periods.
pub(crate) async fn gathered(tx: &mut Tx, spans: &[(Uuid, OffsetDateTime, OffsetDateTime)]) -> Result<Vec<Gathered>> {
    let tenant = tx.tenant()?;
    let ids: Vec<_> = spans.iter().map(|span| span.0).collect();
    let (from, to): (Vec<_>, Vec<_>) = spans.iter().map(|span| (span.1, span.2)).unzip();
    Ok(sqlx::query_as!(
        Gathered,
        r#"select count(m.value) as "count!", coalesce(sum(m.value), 0) as "sum!", coalesce(min(m.value), 0) as "lowest!",
                  coalesce(max(m.value), 0) as "highest!",
                  coalesce((array_agg(m.value order by m.at desc, m.id desc) filter (where m.value is not null))[1], 0) as "last!",
                  max(m.at) filter (where m.value is not null) as last_at
           from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) with ordinality as span (id, starts, ends, place)
           left join plan.measurement m on m.tenant_id = $1 and m.indicator_id = span.id and m.at >= span.starts and m.at < span.ends
                                        and m.withdrawn_at is null
           group by span.place order by span.place"#,
        tenant,
        &ids,
        &from,
        &to
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What was known of an indicator in a span, in the order of time, the last `limit` points.
pub(crate) async fn points(tx: &mut Tx, indicator: Uuid, from: OffsetDateTime, limit: i64) -> Result<Vec<(OffsetDateTime, f64)>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let rows = sqlx::query!(
        r#"select at, value as "value!" from plan.measurement
           where tenant_id = $1 and indicator_id = $2 and at >= $3 and at <= $4 and value is not null and withdrawn_at is null
           order by at desc, id desc limit $5"#,
        tenant,
        indicator,
        from,
        now,
        limit
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().rev().map(|row| (row.at, row.value)).collect())
}

/// When each indicator was measured first, and the last day of its last closed period.
pub(crate) async fn frontier(tx: &mut Tx) -> Result<HashMap<Uuid, (Option<OffsetDateTime>, Option<Date>)>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select i.id,
                  (select m.at from plan.measurement m where m.tenant_id = $1 and m.indicator_id = i.id order by m.at limit 1) as first,
                  (select p.ends_on from plan.period_value p where p.tenant_id = $1 and p.indicator_id = i.id
                   order by p.starts_on desc limit 1) as closed
           from plan.indicator i where i.tenant_id = $1 and i.retired_at is null"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, (row.first, row.closed))).collect())
}

/// Closes a period, or corrects it; what is closed stays as it is. Returns whether it was added.
pub(crate) async fn insert_period(tx: &mut Tx, row: &PeriodRow) -> Result<bool> {
    let tenant = tx.tenant()?;
    let added = sqlx::query!(
        "insert into plan.period_value (tenant_id, indicator_id, starts_on, entry, ends_on, value, target, measured_at, locked_at, source,
                                        reason, evidence, by_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict on constraint period_value_pkey do nothing",
        tenant,
        row.indicator_id,
        row.starts_on,
        row.entry,
        row.ends_on,
        row.value,
        row.target,
        row.measured_at,
        row.locked_at,
        row.source,
        row.reason,
        row.evidence,
        row.by_id,
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Every entry of the last periods of an indicator, the latest period first, and how many periods there are.
pub(crate) async fn periods(tx: &mut Tx, indicator: Uuid, limit: i64, offset: i64) -> Result<(Vec<PeriodRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query_as!(
        PeriodRow,
        "select indicator_id, starts_on, entry, ends_on, value, target, measured_at, locked_at, source, reason, evidence, by_id
         from plan.period_value
         where tenant_id = $1 and indicator_id = $2 and starts_on in
               (select starts_on from plan.period_value where tenant_id = $1 and indicator_id = $2 and entry = 0
                order by starts_on desc limit $3 offset $4)
         order by starts_on desc, entry",
        tenant,
        indicator,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from plan.period_value where tenant_id = $1 and indicator_id = $2 and entry = 0"#,
        tenant,
        indicator
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

/// The entries of one period.
pub(crate) async fn period(tx: &mut Tx, indicator: Uuid, starts_on: Date) -> Result<Vec<PeriodRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        PeriodRow,
        "select indicator_id, starts_on, entry, ends_on, value, target, measured_at, locked_at, source, reason, evidence, by_id
         from plan.period_value where tenant_id = $1 and indicator_id = $2 and starts_on = $3 order by entry",
        tenant,
        indicator,
        starts_on
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn all_periods(tx: &mut Tx) -> Result<Vec<PeriodRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        PeriodRow,
        "select indicator_id, starts_on, entry, ends_on, value, target, measured_at, locked_at, source, reason, evidence, by_id
         from plan.period_value where tenant_id = $1 order by starts_on, indicator_id, entry",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Writes how far the tenant's plan has come in a month, anew.
pub(crate) async fn put_progress(tx: &mut Tx, rows: &[ProgressRow]) -> Result<()> {
    let tenant = tx.tenant()?;
    for row in rows {
        sqlx::query!(
            "insert into plan.progress (tenant_id, month, framework, scope, title, place, percent, target, known, total, counted_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             on conflict on constraint progress_pkey
             do update set title = excluded.title, place = excluded.place, percent = excluded.percent, target = excluded.target,
                           known = excluded.known, total = excluded.total, counted_at = excluded.counted_at",
            tenant,
            row.month,
            row.framework,
            row.scope,
            row.title,
            row.place,
            row.percent,
            row.target,
            row.known,
            row.total,
            row.counted_at
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// When the progress of a month was counted last.
pub(crate) async fn progress_counted(tx: &mut Tx, month: &str) -> Result<Option<OffsetDateTime>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!("select max(counted_at) from plan.progress where tenant_id = $1 and month = $2", tenant, month)
        .fetch_one(&mut **tx)
        .await?)
}

/// The progress of one municipality in some months.
pub(crate) async fn progress_of(tx: &mut Tx, tenant: Uuid, months: &[String]) -> Result<Vec<ProgressRow>> {
    Ok(sqlx::query_as!(
        ProgressRow,
        "select tenant_id, month, framework, scope, title, place, percent, target, known, total, counted_at
         from plan.progress where tenant_id = $1 and month = any ($2) order by month, place, scope",
        tenant,
        months
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The progress of one scope in a month, of every municipality that the scope of the transaction sees.
pub(crate) async fn progress_by_tenant(tx: &mut Tx, month: &str, framework: &str, scope: &str) -> Result<Vec<(Uuid, Option<f64>)>> {
    let rows = sqlx::query!(
        "select tenant_id, percent from plan.progress where month = $1 and framework = $2 and scope = $3",
        month,
        framework,
        scope
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.percent)).collect())
}

/// Everything of a month of some municipalities.
pub(crate) async fn progress_rows(tx: &mut Tx, month: &str, framework: &str, tenants: &[Uuid]) -> Result<Vec<ProgressRow>> {
    Ok(sqlx::query_as!(
        ProgressRow,
        "select tenant_id, month, framework, scope, title, place, percent, target, known, total, counted_at
         from plan.progress where month = $1 and framework = $2 and tenant_id = any ($3) order by tenant_id, place, scope",
        month,
        framework,
        tenants
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The frameworks of a month, the one that most municipalities have first.
pub(crate) async fn progress_frameworks(tx: &mut Tx, month: &str) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select framework, count(*) as "towns!" from plan.progress where month = $1 and scope = 'plan'
           group by framework order by count(*) desc, framework"#,
        month
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.framework, row.towns)).collect())
}

/// The months that were counted, the latest first.
pub(crate) async fn progress_months(tx: &mut Tx, limit: i64) -> Result<Vec<String>> {
    // One step of the index a month, for there may be a million rows.
    Ok(sqlx::query_scalar!(
        r#"with recursive months as (
               (select month from plan.progress order by month desc limit 1)
               union all
               select (select p.month from plan.progress p where p.month < months.month order by p.month desc limit 1)
               from months where months.month is not null
           )
           select month as "month!" from months where month is not null limit $1"#,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The tenant's own progress, for its pack.
pub(crate) async fn all_progress(tx: &mut Tx) -> Result<Vec<ProgressRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ProgressRow,
        "select tenant_id, month, framework, scope, title, place, percent, target, known, total, counted_at
         from plan.progress where tenant_id = $1 order by month, framework, place, scope",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn clear_periods(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from plan.period_value where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.progress where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
