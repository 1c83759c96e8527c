//! SQL of circulars.

use std::collections::HashMap;

use kernel::{Result, Tx};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{Attachment, CircularAuthor, CircularRow, DeliveryRow, MessageRow, Tally};

/// Every circular of the agency, newest first; it writes a few dozen a year.
pub(crate) async fn circulars(tx: &mut Tx) -> Result<Vec<CircularRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        CircularRow,
        "select id, year, number, title, body, ask, due_on, audience_text, recipients, public, sent_at, sender_name, withdrawn_at, withdraw_reason
         from circulars.circular where tenant_id = $1 order by year desc, number desc",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn circular(tx: &mut Tx, id: Uuid) -> Result<Option<CircularRow>> {
    Ok(circulars(tx).await?.into_iter().find(|row| row.id == id))
}

/// The number of the next circular of a year; whoever numbers at the same time waits.
pub(crate) async fn next_number(tx: &mut Tx, year: i32) -> Result<i32> {
    let tenant = tx.tenant()?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('circulars.number', 0))").execute(&mut **tx).await?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(max(number), 0) + 1 as "next!" from circulars.circular where tenant_id = $1 and year = $2"#,
        tenant,
        year
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn insert_circular(tx: &mut Tx, row: &CircularRow) -> Result<()> {
    let (tenant, by) = (tx.tenant()?, tx.actor());
    sqlx::query!(
        "insert into circulars.circular (tenant_id, id, year, number, title, body, ask, due_on, audience_text, recipients, public, sent_at,
                                         sent_by, sender_name, withdrawn_at, withdraw_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        tenant,
        row.id,
        row.year,
        row.number,
        row.title,
        row.body,
        row.ask,
        row.due_on,
        row.audience_text,
        &row.recipients,
        row.public,
        row.sent_at,
        by,
        row.sender_name,
        row.withdrawn_at,
        row.withdraw_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps who else receives it, and whether it was withdrawn.
pub(crate) async fn update_circular(tx: &mut Tx, row: &CircularRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update circulars.circular set recipients = $3, withdrawn_at = $4, withdraw_reason = $5 where tenant_id = $1 and id = $2",
        tenant,
        row.id,
        &row.recipients,
        row.withdrawn_at,
        row.withdraw_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many towns stand where with each circular.
pub(crate) async fn tallies(tx: &mut Tx, today: Date) -> Result<HashMap<Uuid, Tally>> {
    let rows = sqlx::query!(
        r#"select circular_id, count(*) as "delivered!", count(read_at) as "read!", count(answered_at) as "answered!",
                  count(*) filter (where ask is not null and answered_at is null and due_on < $1 and withdrawn_at is null) as "late!"
           from circulars.delivery group by circular_id"#,
        today
    )
    .fetch_all(&mut **tx)
    .await?;
    let tally = |delivered, read, answered, late| Tally { delivered, read, answered, late };
    Ok(rows.into_iter().map(|row| (row.circular_id, tally(row.delivered, row.read, row.answered, row.late))).collect())
}

/// What every town received of a circular; the agency's role alone sees more than one's own.
pub(crate) async fn deliveries_of(tx: &mut Tx, circular: Uuid) -> Result<Vec<DeliveryRow>> {
    Ok(sqlx::query_as!(
        DeliveryRow,
        r#"select tenant_id, circular_id, year, number, title, body, ask, due_on, files as "files: Json<Vec<Attachment>>", sent_at, read_at,
                  reader_name, answered_at, withdrawn_at, withdraw_reason
           from circulars.delivery where circular_id = $1"#,
        circular
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Everything that the transaction's town received, newest first.
pub(crate) async fn received(tx: &mut Tx) -> Result<Vec<DeliveryRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        DeliveryRow,
        r#"select tenant_id, circular_id, year, number, title, body, ask, due_on, files as "files: Json<Vec<Attachment>>", sent_at, read_at,
                  reader_name, answered_at, withdrawn_at, withdraw_reason
           from circulars.delivery where tenant_id = $1 order by year desc, number desc"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Adds what a town received, unless it is there already; says whether it was added.
pub(crate) async fn insert_delivery(tx: &mut Tx, row: &DeliveryRow) -> Result<bool> {
    let tenant = tx.tenant()?;
    let added = sqlx::query!(
        "insert into circulars.delivery (tenant_id, circular_id, year, number, title, body, ask, due_on, files, sent_at, read_at, reader_name,
                                         answered_at, withdrawn_at, withdraw_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict on constraint delivery_pkey do nothing",
        tenant,
        row.circular_id,
        row.year,
        row.number,
        row.title,
        row.body,
        row.ask,
        row.due_on,
        Json(&row.files.0) as _,
        row.sent_at,
        row.read_at,
        row.reader_name,
        row.answered_at,
        row.withdrawn_at,
        row.withdraw_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Says in the town's copy that the circular was withdrawn; whether that was news.
pub(crate) async fn withdraw_delivery(tx: &mut Tx, circular: Uuid, at: OffsetDateTime, reason: &str) -> Result<bool> {
    let tenant = tx.tenant()?;
    let changed = sqlx::query!(
        "update circulars.delivery set withdrawn_at = $3, withdraw_reason = $4
         where tenant_id = $1 and circular_id = $2 and withdrawn_at is null",
        tenant,
        circular,
        at,
        reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Keeps the receipt and the first answer of a delivery.
pub(crate) async fn update_delivery(tx: &mut Tx, row: &DeliveryRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update circulars.delivery set read_at = $3, reader_name = $4, answered_at = $5 where tenant_id = $1 and circular_id = $2",
        tenant,
        row.circular_id,
        row.read_at,
        row.reader_name,
        row.answered_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The thread of a town about a circular, or all its threads; oldest first.
pub(crate) async fn messages(tx: &mut Tx, town: Uuid, circular: Option<Uuid>) -> Result<Vec<MessageRow>> {
    Ok(sqlx::query_as!(
        MessageRow,
        r#"select id, circular_id, at, author as "author: CircularAuthor", author_name, text
           from circulars.message where tenant_id = $1 and ($2::uuid is null or circular_id = $2) order by at, id"#,
        town,
        circular
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Adds a message, unless one of that id is there already; says whether it was added.
pub(crate) async fn insert_message(tx: &mut Tx, row: &MessageRow) -> Result<bool> {
    let tenant = tx.tenant()?;
    let added = sqlx::query!(
        "insert into circulars.message (tenant_id, id, circular_id, at, author, author_name, text) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint message_pkey do nothing",
        tenant,
        row.id,
        row.circular_id,
        row.at,
        row.author as CircularAuthor,
        row.author_name,
        row.text
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Removes everything of the tenant.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from circulars.message where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from circulars.delivery where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from circulars.circular where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
