//! SQL of support. A number is unique on the platform, so a ticket is found by it alone: row-level security leaves a municipality its
//! own and the help centre everybody's.

use kernel::{Result, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clocks::model::{TicketClockKind, TicketImpact, TicketUrgency};
use crate::model::{
    Due, Filter, MergeRow, MessageAuthor, MessageRow, SatisfactionRow, TicketCategory, TicketPriority, TicketRow, TicketStatus,
};

/// Stores a ticket under a new number; `None` when this key was already sent.
pub(crate) async fn insert_ticket(tx: &mut Tx, ticket: &TicketRow) -> Result<Option<TicketRow>> {
    Ok(sqlx::query_as!(
        TicketRow,
        r#"insert into support.ticket (tenant_id, id, category, subject, body, status, priority, opened_at, opened_by, opened_by_name,
                                       contact_email, contact_phone, assigned_to, assigned_name, waiting_since, updated_at, idempotency_key)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
           on conflict on constraint ticket_once do nothing
           returning tenant_id, id, number, category as "category: _", subject, body, status as "status: _", priority as "priority: _", opened_at,
                     opened_by, opened_by_name, contact_email, contact_phone, assigned_to, assigned_name, waiting_since, updated_at,
                     idempotency_key, impact as "impact: _", urgency as "urgency: _", reopened_at, due_at, due_clock as "due_clock: _",
                     warns_at, breached_at"#,
        ticket.tenant_id,
        ticket.id,
        ticket.category as TicketCategory,
        ticket.subject,
        ticket.body,
        ticket.status as TicketStatus,
        ticket.priority as TicketPriority,
        ticket.opened_at,
        ticket.opened_by,
        ticket.opened_by_name,
        ticket.contact_email,
        ticket.contact_phone,
        ticket.assigned_to,
        ticket.assigned_name,
        ticket.waiting_since,
        ticket.updated_at,
        ticket.idempotency_key
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Gives an imported ticket its number back, unless another bears it here, and tells the one that it has; the sequence goes on behind it.
pub(crate) async fn renumber(tx: &mut Tx, id: Uuid, number: i64) -> Result<i64> {
    let tenant = tx.tenant()?;
    // Another tenant's row is not visible: the number is tried in a savepoint, and kept if the unique index lets it.
    sqlx::query!("savepoint renumber").execute(&mut **tx).await?;
    let tried =
        sqlx::query!("update support.ticket set number = $3 where tenant_id = $1 and id = $2", tenant, id, number).execute(&mut **tx).await;
    match tried {
        Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
            sqlx::query!("rollback to savepoint renumber").execute(&mut **tx).await?;
        }
        tried => {
            tried?;
        }
    }
    sqlx::query!("select setval('support.ticket_number_seq', greatest($1, (select last_value from support.ticket_number_seq)))", number)
        .fetch_one(&mut **tx)
        .await?;
    Ok(sqlx::query_scalar!("select number from support.ticket where tenant_id = $1 and id = $2", tenant, id).fetch_one(&mut **tx).await?)
}

pub(crate) async fn by_key(tx: &mut Tx, idempotency_key: &str) -> Result<TicketRow> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        TicketRow,
        r#"select tenant_id, id, number, category as "category: _", subject, body, status as "status: _", priority as "priority: _", opened_at,
                  opened_by, opened_by_name, contact_email, contact_phone, assigned_to, assigned_name, waiting_since, updated_at, idempotency_key,
                  impact as "impact: _", urgency as "urgency: _", reopened_at,
                  due_at, due_clock as "due_clock: _", warns_at, breached_at
           from support.ticket where tenant_id = $1 and idempotency_key = $2"#,
        tenant,
        idempotency_key
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn ticket(tx: &mut Tx, number: i64) -> Result<Option<TicketRow>> {
    Ok(sqlx::query_as!(
        TicketRow,
        r#"select tenant_id, id, number, category as "category: _", subject, body, status as "status: _", priority as "priority: _", opened_at,
                  opened_by, opened_by_name, contact_email, contact_phone, assigned_to, assigned_name, waiting_since, updated_at, idempotency_key,
                  impact as "impact: _", urgency as "urgency: _", reopened_at,
                  due_at, due_clock as "due_clock: _", warns_at, breached_at
           from support.ticket where number = $1"#,
        number
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// A ticket of this tenant, locked until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, number: i64) -> Result<TicketRow> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        TicketRow,
        r#"select tenant_id, id, number, category as "category: _", subject, body, status as "status: _", priority as "priority: _", opened_at,
                  opened_by, opened_by_name, contact_email, contact_phone, assigned_to, assigned_name, waiting_since, updated_at, idempotency_key,
                  impact as "impact: _", urgency as "urgency: _", reopened_at,
                  due_at, due_clock as "due_clock: _", warns_at, breached_at
           from support.ticket where tenant_id = $1 and number = $2 for update"#,
        tenant,
        number
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Gives another account what one has asked and is not settled; the numbers.
pub(crate) async fn pass(tx: &mut Tx, from: Uuid, to: Uuid, name: Option<&str>, email: Option<&str>) -> Result<Vec<i64>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    Ok(sqlx::query_scalar!(
        "update support.ticket
         set opened_by = $3, opened_by_name = coalesce($4, opened_by_name), contact_email = coalesce($5, contact_email), updated_at = $6
         where tenant_id = $1 and opened_by = $2 and status not in ('RESOLVED', 'CLOSED')
         returning number",
        tenant,
        from,
        to,
        name,
        email,
        now
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Stores where a ticket stands and whose it is.
pub(crate) async fn update(tx: &mut Tx, ticket: &TicketRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update support.ticket set status = $3, priority = $4, assigned_to = $5, assigned_name = $6, waiting_since = $7, updated_at = $8,
             impact = $9, urgency = $10, reopened_at = $11, due_at = $12, due_clock = $13, warns_at = $14, breached_at = $15
         where tenant_id = $1 and id = $2",
        tenant,
        ticket.id,
        ticket.status as TicketStatus,
        ticket.priority as TicketPriority,
        ticket.assigned_to,
        ticket.assigned_name,
        ticket.waiting_since,
        ticket.updated_at,
        ticket.impact as Option<TicketImpact>,
        ticket.urgency as Option<TicketUrgency>,
        ticket.reopened_at,
        ticket.due_at,
        ticket.due_clock as Option<TicketClockKind>,
        ticket.warns_at,
        ticket.breached_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Tickets of this tenant, or of every one where `tenant` is none (the help centre): first what breaches first; then what waits for the
/// help centre, by priority and by how long; then what is paused; then what is settled, newest first.
pub(crate) async fn tickets(
    tx: &mut Tx,
    tenant: Option<Uuid>,
    filter: Filter<'_>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<TicketRow>, i64)> {
    let by = |wanted| filter.due.filter(|(due, _)| *due == wanted).map(|(_, now)| now);
    let (overdue, soon) = (by(Due::Overdue), by(Due::Soon));
    let rows = sqlx::query_as!(
        TicketRow,
        r#"select tenant_id, id, number, category as "category: _", subject, body, status as "status: _", priority as "priority: _", opened_at,
                  opened_by, opened_by_name, contact_email, contact_phone, assigned_to, assigned_name, waiting_since, updated_at, idempotency_key,
                  impact as "impact: _", urgency as "urgency: _", reopened_at,
                  due_at, due_clock as "due_clock: _", warns_at, breached_at
           from support.ticket
           where ($1::uuid is null or tenant_id = $1) and ($2::text is null or status = $2) and ($3::text is null or category = $3)
             and ($4::boolean is null or (status not in ('RESOLVED', 'CLOSED')) = $4)
             and ($5::uuid is null or assigned_to = $5) and ($6::boolean is null or (assigned_to is not null) = $6)
             and ($7::timestamptz is null or breached_at is not null or due_at < $7)
             and ($8::timestamptz is null or breached_at is null and due_at >= $8 and warns_at <= $8)
             and ($9::text is null or number::text = $9 or words @@ websearch_to_tsquery('spanish', $9))
           order by status in ('RESOLVED', 'CLOSED'), due_at nulls last, waiting_since is null,
                    case when status in ('RESOLVED', 'CLOSED') then -extract(epoch from opened_at)
                         else array_position(array['URGENT', 'HIGH', 'NORMAL', 'LOW'], priority) end,
                    coalesce(waiting_since, opened_at), number
           limit $10 offset $11"#,
        tenant,
        filter.status as Option<TicketStatus>,
        filter.category as Option<TicketCategory>,
        filter.open,
        filter.assigned_to,
        filter.assigned,
        overdue,
        soon,
        filter.search,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from support.ticket
           where ($1::uuid is null or tenant_id = $1) and ($2::text is null or status = $2) and ($3::text is null or category = $3)
             and ($4::boolean is null or (status not in ('RESOLVED', 'CLOSED')) = $4)
             and ($5::uuid is null or assigned_to = $5) and ($6::boolean is null or (assigned_to is not null) = $6)
             and ($7::timestamptz is null or breached_at is not null or due_at < $7)
             and ($8::timestamptz is null or breached_at is null and due_at >= $8 and warns_at <= $8)
             and ($9::text is null or number::text = $9 or words @@ websearch_to_tsquery('spanish', $9))"#,
        tenant,
        filter.status as Option<TicketStatus>,
        filter.category as Option<TicketCategory>,
        filter.open,
        filter.assigned_to,
        filter.assigned,
        overdue,
        soon,
        filter.search
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

pub(crate) async fn open_count(tx: &mut Tx, at: OffsetDateTime) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from support.ticket where tenant_id = $1 and opened_at <= $2 and status not in ('RESOLVED', 'CLOSED')"#,
        tenant,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Every ticket of this tenant with its thread left to [`messages`], in the order of their numbers.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<TicketRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        TicketRow,
        r#"select tenant_id, id, number, category as "category: _", subject, body, status as "status: _", priority as "priority: _", opened_at,
                  opened_by, opened_by_name, contact_email, contact_phone, assigned_to, assigned_name, waiting_since, updated_at, idempotency_key,
                  impact as "impact: _", urgency as "urgency: _", reopened_at,
                  due_at, due_clock as "due_clock: _", warns_at, breached_at
           from support.ticket where tenant_id = $1 order by number"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn insert_message(tx: &mut Tx, ticket: Uuid, message: &MessageRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into support.message (tenant_id, id, ticket_id, at, author, author_name, text, internal) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        message.id,
        ticket,
        message.at,
        message.author as MessageAuthor,
        message.author_name,
        message.text,
        message.internal
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds to the words by which a ticket of this tenant is found. Notes of the help centre are left out, for municipalities search too.
pub(crate) async fn add_words(tx: &mut Tx, ticket: Uuid, text: &str) -> Result<()> {
    let tenant = tx.tenant()?;
    let plain = kernel::search::plain(text);
    sqlx::query!(
        "update support.ticket set words = coalesce(words, '') || to_tsvector('spanish', $3) where tenant_id = $1 and id = $2",
        tenant,
        ticket,
        plain
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The conversation of a ticket, oldest first; notes of the help centre are hidden from others by row-level security.
pub(crate) async fn messages(tx: &mut Tx, tenant: Uuid, ticket: Uuid) -> Result<Vec<MessageRow>> {
    Ok(sqlx::query_as!(
        MessageRow,
        r#"select id, at, author as "author: _", author_name, text, internal
           from support.message where tenant_id = $1 and ticket_id = $2 order by at, id"#,
        tenant,
        ticket
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Notes that a ticket of this tenant went on in another.
pub(crate) async fn insert_merge(tx: &mut Tx, ticket: Uuid, merge: &MergeRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into support.ticket_merge (tenant_id, ticket_id, into_id, at, actor_name) values ($1, $2, $3, $4, $5)",
        tenant,
        ticket,
        merge.into_id,
        merge.at,
        merge.actor_name
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Where a ticket went on, if it did.
pub(crate) async fn merge(tx: &mut Tx, tenant: Uuid, ticket: Uuid) -> Result<Option<MergeRow>> {
    Ok(sqlx::query_as!(
        MergeRow,
        "select into_id, at, actor_name from support.ticket_merge where tenant_id = $1 and ticket_id = $2",
        tenant,
        ticket
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The number of the ticket in which one went on, and those of the tickets that went on in it.
pub(crate) async fn merged(tx: &mut Tx, tenant: Uuid, ticket: Uuid) -> Result<(Option<i64>, Vec<i64>)> {
    let rows = sqlx::query!(
        r#"select other.number, merge.ticket_id = $2 as "into!"
           from support.ticket_merge merge
           join support.ticket other on other.tenant_id = merge.tenant_id
                and other.id = case when merge.ticket_id = $2 then merge.into_id else merge.ticket_id end
           where merge.tenant_id = $1 and $2 in (merge.ticket_id, merge.into_id) order by other.number"#,
        tenant,
        ticket
    )
    .fetch_all(&mut **tx)
    .await?;
    let into = rows.iter().find(|row| row.into).map(|row| row.number);
    Ok((into, rows.into_iter().filter(|row| !row.into).map(|row| row.number).collect()))
}

/// Keeps what whoever asked thought of the help.
pub(crate) async fn keep_satisfaction(tx: &mut Tx, ticket: Uuid, said: &SatisfactionRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into support.satisfaction (tenant_id, ticket_id, at, score, text) values ($1, $2, $3, $4, $5)
         on conflict on constraint satisfaction_pkey do update set at = excluded.at, score = excluded.score, text = excluded.text",
        tenant,
        ticket,
        said.at,
        said.score,
        said.text
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn satisfaction(tx: &mut Tx, tenant: Uuid, ticket: Uuid) -> Result<Option<SatisfactionRow>> {
    Ok(sqlx::query_as!(
        SatisfactionRow,
        "select at, score, text from support.satisfaction where tenant_id = $1 and ticket_id = $2",
        tenant,
        ticket
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The mean of what this tenant said between two moments; none where it said nothing.
pub(crate) async fn mean_satisfaction(tx: &mut Tx, from: OffsetDateTime, to: OffsetDateTime) -> Result<Option<f64>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        "select avg(score)::float8 from support.satisfaction where tenant_id = $1 and at > $2 and at <= $3",
        tenant,
        from,
        to
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Leaves the answer to `identity.ticket_asked` in the transaction: the tenant of an open ticket of that number.
pub(crate) async fn answer_tenant(tx: &mut Tx, number: i64) -> Result<()> {
    sqlx::query!(
        "select set_config('app.ticket_tenant', tenant_id::text, true) from support.ticket
         where number = $1 and status not in ('RESOLVED', 'CLOSED')",
        number
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from support.ticket where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
