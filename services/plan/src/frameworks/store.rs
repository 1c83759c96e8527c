//! SQL of phases and criteria.

use std::collections::HashMap;

use kernel::file::FileRow;
use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::{CriterionRow, CriterionState, EventRow, FindingRow, PhaseRow, ScoreRow, Stated};

/// Puts a phase in its place, or renews it.
pub(crate) async fn insert_phase(tx: &mut Tx, phase: &PhaseRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.phase (tenant_id, key, place, name, national_deadline, deadline, target) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint phase_pkey
         do update set place = excluded.place, name = excluded.name, national_deadline = excluded.national_deadline,
                       deadline = excluded.deadline, target = excluded.target",
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

/// The phases of the plan, if it answers to that framework.
pub(crate) async fn phases_of(tx: &mut Tx, framework: &str) -> Result<Vec<PhaseRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        PhaseRow,
        "select f.key, f.place, f.name, f.national_deadline, f.deadline, f.target
         from plan.phase f join plan.plan p on p.tenant_id = f.tenant_id and p.framework = $2
         where f.tenant_id = $1 order by f.place, f.key",
        tenant,
        framework
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The framework that the plan names; `None` where there is no plan.
pub(crate) async fn plan_framework(tx: &mut Tx) -> Result<Option<String>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!("select framework from plan.plan where tenant_id = $1", tenant).fetch_optional(&mut **tx).await?)
}

/// What people said of the criteria of a framework: of each the last word up to that version, and whether its proof is still there.
pub(crate) async fn stated(tx: &mut Tx, framework: &str, version: i32) -> Result<Vec<Stated>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select distinct on (s.code) s.framework, s.version, s.code, s.state as "state: CriterionState", s.reason, s.evidence, s.evidence_path,
                  s.files, s.by_id, s.by_name, s.at,
                  s.state in ('NO', 'NOT_APPLICABLE')
                  or (s.evidence is not null and (s.evidence_path is null or exists (
                      select from kernel.search_entry e where e.tenant_id = s.tenant_id and e.path = s.evidence_path)))
                  or exists (select from kernel.file f
                             where f.tenant_id = s.tenant_id and f.subject = 'criterion/' || s.framework || '/' || s.code) as "supported!"
           from plan.criterion_state s
           where s.tenant_id = $1 and s.framework = $2 and s.version <= $3
           order by s.code, s.version desc"#,
        tenant,
        framework,
        version
    )
    .fetch_all(&mut **tx)
    .await?;
    let stated = rows.into_iter().map(|row| Stated {
        supported: row.supported,
        row: CriterionRow {
            framework: row.framework,
            version: row.version,
            code: row.code,
            state: row.state,
            reason: row.reason,
            evidence: row.evidence,
            evidence_path: row.evidence_path,
            files: row.files,
            by_id: row.by_id,
            by_name: row.by_name,
            at: row.at,
        },
    });
    Ok(stated.collect())
}

/// Everything that people said, of every framework and version.
pub(crate) async fn all_states(tx: &mut Tx) -> Result<Vec<CriterionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        CriterionRow,
        r#"select framework, version, code, state as "state: CriterionState", reason, evidence, evidence_path, files, by_id, by_name, at
           from plan.criterion_state where tenant_id = $1 order by framework, code, version"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn upsert_criterion_state(tx: &mut Tx, row: &CriterionRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.criterion_state (tenant_id, framework, version, code, state, reason, evidence, evidence_path, files, by_id, by_name, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict on constraint criterion_state_pkey
         do update set state = excluded.state, reason = excluded.reason, evidence = excluded.evidence, evidence_path = excluded.evidence_path,
                       files = excluded.files, by_id = excluded.by_id, by_name = excluded.by_name, at = excluded.at",
        tenant,
        row.framework,
        row.version,
        row.code,
        row.state as _,
        row.reason,
        row.evidence,
        row.evidence_path,
        row.files,
        row.by_id,
        row.by_name,
        row.at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether an address of this site is there to be read.
pub(crate) async fn address_exists(tx: &mut Tx, path: &str) -> Result<bool> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from kernel.search_entry where tenant_id = $1 and path = $2) as "there!""#,
        tenant,
        path
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The files of every criterion of a framework, by its code.
pub(crate) async fn files(tx: &mut Tx, framework: &str) -> Result<HashMap<String, Vec<FileRow>>> {
    let (tenant, folder) = (tx.tenant()?, format!("criterion/{framework}/"));
    let rows = sqlx::query!(
        r#"select substr(subject, length($2) + 1) as "code!", id, name, media_type, bytes, sha256, public, attached_at as "attached_at!"
           from kernel.file where tenant_id = $1 and starts_with(subject, $2) order by attached_at, id"#,
        tenant,
        folder
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut files: HashMap<String, Vec<FileRow>> = HashMap::new();
    for row in rows {
        files.entry(row.code).or_default().push(FileRow {
            id: row.id,
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            sha256: row.sha256,
            public: row.public,
            attached_at: row.attached_at,
        });
    }
    Ok(files)
}

pub(crate) async fn insert_events(tx: &mut Tx, events: &[EventRow]) -> Result<()> {
    let tenant = tx.tenant()?;
    for event in events {
        sqlx::query!(
            "insert into plan.criterion_event (tenant_id, id, framework, version, code, at, state, reason, evidence, computed, by_id, by_name)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            tenant,
            event.id,
            event.framework,
            event.version,
            event.code,
            event.at,
            event.state as Option<CriterionState>,
            event.reason,
            event.evidence,
            event.computed,
            event.by_id,
            event.by_name
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What was said of one criterion, newest first; of all of them, oldest first, without a code.
pub(crate) async fn events(tx: &mut Tx, of: Option<(&str, &str)>, limit: i64) -> Result<Vec<EventRow>> {
    let tenant = tx.tenant()?;
    let (framework, code) = of.unzip();
    Ok(sqlx::query_as!(
        EventRow,
        r#"select id, framework, version, code, at, state as "state: CriterionState", reason, evidence, computed, by_id, by_name
           from plan.criterion_event
           where tenant_id = $1 and ($2::text is null or (framework = $2 and code = $3))
           order by case when $2 is null then at end, at desc, id desc limit $4"#,
        tenant,
        framework,
        code,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What the measures of a framework said at the last reading.
pub(crate) async fn findings(tx: &mut Tx, framework: &str, version: i32) -> Result<HashMap<String, FindingRow>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query_as!(
        FindingRow,
        r#"select code, state as "state: CriterionState", value, failed, at, since from plan.finding
           where tenant_id = $1 and framework = $2 and version = $3"#,
        tenant,
        framework,
        version
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.code.clone(), row)).collect())
}

/// Keeps what the measures of a framework said, in one statement.
pub(crate) async fn keep_findings(tx: &mut Tx, framework: &str, version: i32, rows: &[FindingRow]) -> Result<()> {
    let tenant = tx.tenant()?;
    let codes: Vec<_> = rows.iter().map(|row| row.code.clone()).collect();
    let states: Vec<_> = rows.iter().map(|row| row.state).collect();
    let values: Vec<_> = rows.iter().map(|row| row.value).collect();
    let failed: Vec<_> = rows.iter().map(|row| row.failed).collect();
    let times: Vec<_> = rows.iter().map(|row| row.at).collect();
    let since: Vec<_> = rows.iter().map(|row| row.since).collect();
    sqlx::query!(
        "insert into plan.finding (tenant_id, framework, version, code, state, value, failed, at, since)
         select $1, $2, $3, n.code, n.state, n.value, n.failed, n.at, n.since
         from unnest($4::text[], $5::text[], $6::float8[], $7::bool[], $8::timestamptz[], $9::timestamptz[])
              as n (code, state, value, failed, at, since)
         on conflict on constraint finding_pkey
         do update set state = excluded.state, value = excluded.value, failed = excluded.failed, at = excluded.at, since = excluded.since",
        tenant,
        framework,
        version,
        &codes,
        &states as &[Option<CriterionState>],
        &values as &[Option<f64>],
        &failed,
        &times,
        &since
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// When the measures were last read, and of which content version.
pub(crate) async fn reading(tx: &mut Tx) -> Result<Option<(OffsetDateTime, i64)>> {
    let tenant = tx.tenant()?;
    let row = sqlx::query!("select at, content from plan.reading where tenant_id = $1", tenant).fetch_optional(&mut **tx).await?;
    Ok(row.map(|row| (row.at, row.content)))
}

/// Every municipality's last reading; for the platform's own transaction.
pub(crate) async fn readings(tx: &mut Tx) -> Result<HashMap<Uuid, (OffsetDateTime, i64)>> {
    let rows = sqlx::query!("select tenant_id, at, content from plan.reading").fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, (row.at, row.content))).collect())
}

pub(crate) async fn set_reading(tx: &mut Tx, at: OffsetDateTime, content: i64) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.reading (tenant_id, at, content) values ($1, $2, $3)
         on conflict on constraint reading_pkey do update set at = excluded.at, content = excluded.content",
        tenant,
        at,
        content
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The tenant's content version.
pub(crate) async fn content_version(tx: &mut Tx) -> Result<i64> {
    let tenant = tx.tenant()?;
    let version = sqlx::query_scalar!("select version from kernel.content_version where tenant_id = $1", tenant);
    Ok(version.fetch_optional(&mut **tx).await?.unwrap_or(0))
}

/// The last score of every phase of a framework's version.
pub(crate) async fn last_scores(tx: &mut Tx, framework: &str, version: i32) -> Result<HashMap<String, ScoreRow>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query_as!(
        ScoreRow,
        "select distinct on (phase) framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at
         from plan.score where tenant_id = $1 and framework = $2 and version = $3 order by phase, day desc",
        tenant,
        framework,
        version
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.phase.clone(), row)).collect())
}

/// Writes the score of a day; until the day is over it is the day's last.
pub(crate) async fn set_score(tx: &mut Tx, row: &ScoreRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.score (tenant_id, framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict on constraint score_pkey
         do update set percent = excluded.percent, applicable = excluded.applicable, met = excluded.met, partial = excluded.partial,
                       unanswered = excluded.unanswered, essential_missing = excluded.essential_missing, counted_at = excluded.counted_at",
        tenant,
        row.framework,
        row.version,
        row.phase,
        row.day,
        row.percent,
        row.applicable,
        row.met,
        row.partial,
        row.unanswered,
        row.essential_missing,
        row.counted_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How a phase of a framework stood in time, newest first.
pub(crate) async fn scores(tx: &mut Tx, framework: &str, phase: &str, limit: i64) -> Result<Vec<ScoreRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ScoreRow,
        "select framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at
         from plan.score where tenant_id = $1 and framework = $2 and phase = $3 order by day desc, version desc limit $4",
        tenant,
        framework,
        phase,
        limit
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn all_scores(tx: &mut Tx) -> Result<Vec<ScoreRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ScoreRow,
        "select framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at
         from plan.score where tenant_id = $1 order by framework, phase, day, version",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The percentage of a phase of the plan's framework as it stood on a day.
pub(crate) async fn share_on(tx: &mut Tx, phase: &str, day: Date) -> Result<Option<f64>> {
    let tenant = tx.tenant()?;
    let share = sqlx::query_scalar!(
        "select s.percent from plan.score s join plan.plan p on p.tenant_id = s.tenant_id and p.framework = s.framework
         where s.tenant_id = $1 and s.phase = $2 and s.day <= $3 order by s.day desc, s.version desc limit 1",
        tenant,
        phase,
        day
    );
    Ok(share.fetch_optional(&mut **tx).await?.flatten())
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from plan.criterion_state where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.criterion_event where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.finding where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.reading where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from plan.score where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
