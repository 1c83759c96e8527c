//! SQL of cases.

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{CaseRow, CaseState, CounterRow, EventRow};

/// Selects whole cases; every query of them has the same columns.
macro_rules! cases {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            CaseRow,
            r#"select id, radicado, kind, subject, body, name, email, anonymous, idempotency_key, code_hash, state as "state: CaseState",
                      dependency, opened_at, received_on, due_on, answered_at, answer, taken_by
               from cases.case_file where tenant_id = $1 "# + $rest,
            $($argument),+
        )
    };
}

/// The next consecutive of a year. Whoever takes it holds the tenant's counter until commit: take it last.
pub(crate) async fn next_number(tx: &mut Tx, year: i32) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        "insert into cases.radicado_counter (tenant_id, year, last) values ($1, $2, 1)
         on conflict on constraint radicado_counter_pkey do update set last = radicado_counter.last + 1
         returning last",
        tenant,
        year
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Never lets a year's next consecutive be `last` or below.
pub(crate) async fn raise_counter(tx: &mut Tx, counter: &CounterRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into cases.radicado_counter (tenant_id, year, last) values ($1, $2, $3)
         on conflict on constraint radicado_counter_pkey do update set last = greatest(radicado_counter.last, excluded.last)",
        tenant,
        counter.year,
        counter.last
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn counters(tx: &mut Tx) -> Result<Vec<CounterRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(CounterRow, "select year, last from cases.radicado_counter where tenant_id = $1 order by year", tenant)
        .fetch_all(&mut **tx)
        .await?)
}

pub(crate) async fn insert_case(tx: &mut Tx, case: &CaseRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into cases.case_file (tenant_id, id, radicado, kind, subject, body, name, email, anonymous, idempotency_key, code_hash,
                                      state, dependency, opened_at, received_on, due_on, answered_at, answer, taken_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        tenant,
        case.id,
        case.radicado,
        case.kind,
        case.subject,
        case.body,
        case.name,
        case.email,
        case.anonymous,
        case.idempotency_key,
        case.code_hash,
        case.state as CaseState,
        case.dependency,
        case.opened_at,
        case.received_on,
        case.due_on,
        case.answered_at,
        case.answer,
        case.taken_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes what an official changed: state, dependency, answer and who has it in hand.
pub(crate) async fn update_case(tx: &mut Tx, case: &CaseRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update cases.case_file set state = $3, dependency = $4, answered_at = $5, answer = $6, taken_by = $7
         where tenant_id = $1 and id = $2",
        tenant,
        case.id,
        case.state as CaseState,
        case.dependency,
        case.answered_at,
        case.answer,
        case.taken_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn case(tx: &mut Tx, radicado: &str) -> Result<Option<CaseRow>> {
    let tenant = tx.tenant()?;
    Ok(cases!("and radicado = $2", tenant, radicado).fetch_optional(&mut **tx).await?)
}

/// A case that no other transaction changes until this one ends.
pub(crate) async fn locked_case(tx: &mut Tx, radicado: &str) -> Result<Option<CaseRow>> {
    let tenant = tx.tenant()?;
    Ok(cases!("and radicado = $2 for update", tenant, radicado).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn case_of_id(tx: &mut Tx, id: Uuid) -> Result<Option<CaseRow>> {
    let tenant = tx.tenant()?;
    Ok(cases!("and id = $2", tenant, id).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn case_of_key(tx: &mut Tx, key: &str) -> Result<Option<CaseRow>> {
    let tenant = tx.tenant()?;
    Ok(cases!("and idempotency_key = $2", tenant, key).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn all_cases(tx: &mut Tx) -> Result<Vec<CaseRow>> {
    let tenant = tx.tenant()?;
    Ok(cases!("order by opened_at, radicado", tenant).fetch_all(&mut **tx).await?)
}

/// Open cases that are due on that day at the latest, and those without a date.
pub(crate) async fn open_until(tx: &mut Tx, day: Date) -> Result<Vec<CaseRow>> {
    let tenant = tx.tenant()?;
    Ok(cases!("and answered_at is null and state <> 'CLOSED' and (due_on is null or due_on <= $2) order by due_on, radicado", tenant, day)
        .fetch_all(&mut **tx)
        .await?)
}

/// Open cases that somebody has in hand.
pub(crate) async fn taken(tx: &mut Tx) -> Result<Vec<CaseRow>> {
    let tenant = tx.tenant()?;
    Ok(cases!("and taken_by is not null and answered_at is null and state <> 'CLOSED' order by due_on, radicado", tenant)
        .fetch_all(&mut **tx)
        .await?)
}

/// Cases of a state (of all, if none is named) whose radicado, subject or name holds the words; what falls due first comes first.
pub(crate) async fn cases(tx: &mut Tx, state: Option<CaseState>, words: &str, limit: i64, offset: i64) -> Result<(Vec<CaseRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = cases!(
        "and ($2::text is null or state = $2) and strpos(lower(concat_ws(' ', radicado, subject, name)), lower($3)) > 0
         order by state in ('ANSWERED', 'CLOSED'), case when state in ('RECEIVED', 'IN_PROGRESS') then due_on end, opened_at desc, radicado desc
         limit $4 offset $5",
        tenant,
        state as Option<CaseState>,
        words,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from cases.case_file
           where tenant_id = $1 and ($2::text is null or state = $2) and strpos(lower(concat_ws(' ', radicado, subject, name)), lower($3)) > 0"#,
        tenant,
        state as Option<CaseState>,
        words
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

pub(crate) async fn insert_event(tx: &mut Tx, case: Uuid, event: &EventRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into cases.case_event (tenant_id, id, case_id, at, text, public, actor_id) values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        event.id,
        case,
        event.at,
        event.text,
        event.public,
        event.actor_id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What happened to a case, oldest first.
pub(crate) async fn events(tx: &mut Tx, case: Uuid) -> Result<Vec<EventRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        EventRow,
        "select id, at, text, public, actor_id from cases.case_event where tenant_id = $1 and case_id = $2 order by at, id",
        tenant,
        case
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Of the cases opened since then that are answered or past their date at `at`: how many were answered in time, and how many they are.
pub(crate) async fn answered_in_time(tx: &mut Tx, since: OffsetDateTime, at: OffsetDateTime, today: Date) -> Result<(i64, i64)> {
    let tenant = tx.tenant()?;
    let row = sqlx::query!(
        r#"select count(*) filter (where answered_at <= $3 and (answered_at at time zone 'America/Bogota')::date <= due_on) as "in_time!",
                  count(*) as "all!"
           from cases.case_file
           where tenant_id = $1 and opened_at >= $2 and opened_at <= $3 and state <> 'CLOSED' and (answered_at <= $3 or due_on < $4)
                 and due_on is not null"#,
        tenant,
        since,
        at,
        today
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((row.in_time, row.all))
}

/// A case as a number counts it, without what it says or who filed it.
pub(crate) struct CountedCase {
    pub(crate) radicado: String,
    pub(crate) kind: String,
    pub(crate) opened_at: OffsetDateTime,
    pub(crate) answered: bool,
    pub(crate) in_time: bool,
}

/// The cases that [`answered_in_time`] counts, newest first.
pub(crate) async fn judged(tx: &mut Tx, since: OffsetDateTime, at: OffsetDateTime, today: Date) -> Result<Vec<CountedCase>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        CountedCase,
        r#"select radicado, kind, opened_at, answered_at is not null and answered_at <= $3 as "answered!",
                  coalesce(answered_at <= $3 and (answered_at at time zone 'America/Bogota')::date <= due_on, false) as "in_time!"
           from cases.case_file
           where tenant_id = $1 and opened_at >= $2 and opened_at <= $3 and state <> 'CLOSED' and (answered_at <= $3 or due_on < $4)
                 and due_on is not null
           order by opened_at desc, radicado desc"#,
        tenant,
        since,
        at,
        today
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The cases that [`open_count`] counts, newest first.
pub(crate) async fn waiting(tx: &mut Tx, at: OffsetDateTime) -> Result<Vec<CountedCase>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        CountedCase,
        r#"select radicado, kind, opened_at, false as "answered!", false as "in_time!" from cases.case_file
           where tenant_id = $1 and opened_at <= $2 and state <> 'CLOSED' and (answered_at is null or answered_at > $2)
           order by opened_at desc, radicado desc"#,
        tenant,
        at
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// How many cases waited for their answer at that moment.
pub(crate) async fn open_count(tx: &mut Tx, at: OffsetDateTime) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from cases.case_file
           where tenant_id = $1 and opened_at <= $2 and state <> 'CLOSED' and (answered_at is null or answered_at > $2)"#,
        tenant,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Removes cases and what happened to them; the counters stay, for a radicado is never given twice.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from cases.case_event where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from cases.case_file where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
