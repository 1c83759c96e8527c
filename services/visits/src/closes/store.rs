//! SQL of closes: objections, the chain of statements, frozen files, corrections.

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{CloseRow, Month, RankingRow};
use crate::rankings::category::MunicipalCategory;

/// What the agency makes of an objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "ObjectionOutcome")]
pub enum Outcome {
    /// The municipality is right.
    Accepted,
    /// The count stands.
    Dismissed,
}

/// What a municipality objects to in a month, and what it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Objection {
    pub(crate) tenant_id: Uuid,
    pub(crate) id: Uuid,
    pub(crate) month: String,
    pub(crate) reason: String,
    pub(crate) filed_at: OffsetDateTime,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) answer: Option<String>,
    pub(crate) adjustment: i64,
    pub(crate) answered_at: Option<OffsetDateTime>,
}

impl Default for Objection {
    fn default() -> Self {
        Self {
            tenant_id: Uuid::nil(),
            id: Uuid::nil(),
            month: String::new(),
            reason: String::new(),
            filed_at: OffsetDateTime::UNIX_EPOCH,
            outcome: None,
            answer: None,
            adjustment: 0,
            answered_at: None,
        }
    }
}

/// A signed statement of the chain.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) number: i64,
    pub(crate) kind: String,
    pub(crate) month: String,
    pub(crate) stated_at: OffsetDateTime,
    pub(crate) body: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// A figure of a closed month that was found wrong later.
#[derive(Debug, Clone)]
pub(crate) struct Correction {
    pub(crate) tenant_id: Uuid,
    pub(crate) statement: i64,
    pub(crate) month: String,
    pub(crate) closed: i64,
    pub(crate) corrected: i64,
    pub(crate) reason: String,
}

/// Waits for whoever closes, corrects or objects to be done: what is decided next rests on what they did.
pub(crate) async fn lock_chain(tx: &mut Tx) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(4153)").execute(&mut **tx).await?;
    Ok(())
}

/// Waits for whoever closes, and for nobody else.
pub(crate) async fn lock_chain_shared(tx: &mut Tx) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared(4153)").execute(&mut **tx).await?;
    Ok(())
}

/// The hours of every town in a month with visits, a row a town and day of Bogotá; for the agency.
pub(crate) async fn days(tx: &mut Tx, month: Month) -> Result<Vec<(Uuid, Date, [i64; 24])>> {
    let rows = sqlx::query!(
        r#"select tenant_id, (hour at time zone 'America/Bogota')::date as "day!",
                  array_agg(extract(hour from hour at time zone 'America/Bogota')::integer) as "hours!",
                  array_agg(visits) as "visits!"
           from visits.hour_count where hour >= $1 and hour < $2 and visits > 0 group by 1, 2 order by 1, 2"#,
        month.begins(),
        month.ends()
    )
    .fetch_all(&mut **tx)
    .await?;
    let day = |hours: &[i32], visits: &[i64]| {
        let mut day = [0; 24];
        for (hour, visits) in hours.iter().zip(visits) {
            if let Some(place) = usize::try_from(*hour).ok().and_then(|hour| day.get_mut(hour)) {
                *place += visits;
            }
        }
        day
    };
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.day, day(&row.hours, &row.visits))).collect())
}

/// What accepted objections change in a month, by town, as far as the transaction sees them.
pub(crate) async fn adjustments(tx: &mut Tx, month: Month) -> Result<Vec<(Uuid, i64)>> {
    let rows = sqlx::query!(
        r#"select tenant_id, sum(adjustment)::bigint as "visits!" from visits.objection
           where month = $1 and adjustment <> 0 group by tenant_id"#,
        month.to_string()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.visits)).collect())
}

/// The objections to a month that the transaction sees, oldest first.
pub(crate) async fn objections(tx: &mut Tx, month: Option<&str>, own: bool) -> Result<Vec<Objection>> {
    let town = if own { Some(tx.tenant()?) } else { None };
    Ok(sqlx::query_as!(
        Objection,
        r#"select tenant_id, id, month, reason, filed_at, outcome as "outcome: Outcome", answer, adjustment, answered_at
           from visits.objection where ($1::text is null or month = $1) and ($2::uuid is null or tenant_id = $2)
           order by filed_at, id"#,
        month,
        town
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Of which months unanswered objections are due, and how many.
pub(crate) async fn unanswered(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    let rows =
        sqlx::query!(r#"select month, count(*) as "open!" from visits.objection where outcome is null group by month order by month"#)
            .fetch_all(&mut **tx)
            .await?;
    Ok(rows.into_iter().map(|row| (row.month, row.open)).collect())
}

/// The objection of that id, of whichever town the transaction sees.
pub(crate) async fn objection(tx: &mut Tx, id: Uuid) -> Result<Option<Objection>> {
    Ok(sqlx::query_as!(
        Objection,
        r#"select tenant_id, id, month, reason, filed_at, outcome as "outcome: Outcome", answer, adjustment, answered_at
           from visits.objection where id = $1"#,
        id
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The tenant's objection that was sent under a key.
pub(crate) async fn objection_of_key(tx: &mut Tx, key: &str) -> Result<Option<Objection>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        Objection,
        r#"select tenant_id, id, month, reason, filed_at, outcome as "outcome: Outcome", answer, adjustment, answered_at
           from visits.objection where tenant_id = $1 and idempotency_key = $2"#,
        tenant,
        key
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub(crate) async fn insert_objection(tx: &mut Tx, objection: &Objection, key: &str) -> Result<()> {
    let actor = tx.actor();
    sqlx::query!(
        "insert into visits.objection (tenant_id, id, month, reason, idempotency_key, filed_at, filed_by) values ($1, $2, $3, $4, $5, $6, $7)",
        objection.tenant_id,
        objection.id,
        objection.month,
        objection.reason,
        key,
        objection.filed_at,
        actor
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn answer(tx: &mut Tx, objection: &Objection) -> Result<()> {
    let actor = tx.actor();
    sqlx::query!(
        "update visits.objection set outcome = $3, answer = $4, adjustment = $5, answered_at = $6, answered_by = $7
         where tenant_id = $1 and id = $2 and outcome is null",
        objection.tenant_id,
        objection.id,
        objection.outcome as Option<Outcome>,
        objection.answer,
        objection.adjustment,
        objection.answered_at,
        actor
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The whole chain, from its beginning.
pub(crate) async fn chain(tx: &mut Tx) -> Result<Vec<Statement>> {
    Ok(sqlx::query_as!(
        Statement,
        "select number, kind, month, stated_at, body, digest, public_key, signature from visits.statement order by number"
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The last statement of the chain.
pub(crate) async fn last_statement(tx: &mut Tx) -> Result<Option<Statement>> {
    Ok(sqlx::query_as!(
        Statement,
        "select number, kind, month, stated_at, body, digest, public_key, signature from visits.statement order by number desc limit 1"
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub(crate) async fn statement(tx: &mut Tx, number: i64) -> Result<Option<Statement>> {
    Ok(sqlx::query_as!(
        Statement,
        "select number, kind, month, stated_at, body, digest, public_key, signature from visits.statement where number = $1",
        number
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub(crate) async fn insert_statement(tx: &mut Tx, statement: &Statement) -> Result<()> {
    let actor = tx.actor();
    sqlx::query!(
        "insert into visits.statement (number, kind, month, stated_at, stated_by, body, digest, public_key, signature)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        statement.number,
        statement.kind,
        statement.month,
        statement.stated_at,
        actor,
        statement.body,
        statement.digest,
        statement.public_key,
        statement.signature
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_file(tx: &mut Tx, month: &str, name: &str, body: &str) -> Result<()> {
    sqlx::query!("insert into visits.month_file (month, name, body) values ($1, $2, $3)", month, name, body).execute(&mut **tx).await?;
    Ok(())
}

/// A file of a closed month.
pub(crate) async fn file(tx: &mut Tx, month: &str, name: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select body from visits.month_file where month = $1 and name = $2", month, name)
        .fetch_optional(&mut **tx)
        .await?)
}

/// Notes that a month is closed; false when it already was.
pub(crate) async fn insert_close(tx: &mut Tx, close: &CloseRow) -> Result<bool> {
    let actor = tx.actor();
    let inserted = sqlx::query!(
        "insert into visits.month_close (month, previous, closed_at, closed_by, signature, statement) values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint month_close_pkey do nothing",
        close.month,
        close.previous,
        close.closed_at,
        actor,
        close.signature,
        close.statement
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(crate) async fn insert_ranking_rows(tx: &mut Tx, month: &str, rows: &[RankingRow]) -> Result<()> {
    let column = |of: fn(&RankingRow) -> Option<i32>| rows.iter().map(of).collect::<Vec<_>>();
    let text = |of: fn(&RankingRow) -> Option<String>| rows.iter().map(of).collect::<Vec<_>>();
    let tenants: Vec<Uuid> = rows.iter().map(|row| row.tenant_id).collect();
    let positions: Vec<i32> = rows.iter().map(|row| row.position).collect();
    let visits: Vec<i64> = rows.iter().map(|row| row.visits).collect();
    let each: Vec<Option<f64>> = rows.iter().map(|row| row.visits_per_thousand).collect();
    sqlx::query!(
        "insert into visits.ranking_row (tenant_id, month, position, visits, visits_per_thousand, previous_position, name,
                                         department_code, department, population, department_position, band_position, category)
         select n.tenant_id, $1, n.position, n.visits, n.visits_per_thousand, n.previous_position, n.name,
                n.department_code, n.department, n.population, n.department_position, n.band_position, n.category
         from unnest($2::uuid[], $3::integer[], $4::bigint[], $5::double precision[], $6::integer[], $7::text[], $8::text[], $9::text[],
                     $10::integer[], $11::integer[], $12::integer[], $13::text[])
              as n (tenant_id, position, visits, visits_per_thousand, previous_position, name, department_code, department,
                    population, department_position, band_position, category)",
        month,
        &tenants,
        &positions,
        &visits,
        &each as &[Option<f64>],
        &column(|row| row.previous_position) as &[Option<i32>],
        &text(|row| row.name.clone()) as &[Option<String>],
        &text(|row| row.department_code.clone()) as &[Option<String>],
        &text(|row| row.department.clone()) as &[Option<String>],
        &column(|row| row.population) as &[Option<i32>],
        &column(|row| row.department_position) as &[Option<i32>],
        &column(|row| row.band_position) as &[Option<i32>],
        &rows.iter().map(|row| row.category).collect::<Vec<_>>() as &[Option<MunicipalCategory>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What was corrected of a month, oldest first.
pub(crate) async fn corrections(tx: &mut Tx, month: &str) -> Result<Vec<Correction>> {
    Ok(sqlx::query_as!(
        Correction,
        "select tenant_id, statement, month, closed, corrected, reason from visits.correction where month = $1 order by statement",
        month
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn insert_correction(tx: &mut Tx, correction: &Correction) -> Result<()> {
    sqlx::query!(
        "insert into visits.correction (tenant_id, statement, month, closed, corrected, reason) values ($1, $2, $3, $4, $5, $6)",
        correction.tenant_id,
        correction.statement,
        correction.month,
        correction.closed,
        correction.corrected,
        correction.reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
