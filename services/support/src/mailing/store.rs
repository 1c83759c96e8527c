//! SQL of mail.

use kernel::{Result, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{BounceRow, IncomingMailReason, IncomingMailState, IncomingRow, TicketMailRow};

/// Writes down that a mail came; `false` when it had come already. A second delivery under way waits here for the first.
pub(crate) async fn register(tx: &mut Tx, mail: &IncomingRow) -> Result<bool> {
    let new = sqlx::query!(
        "insert into support.incoming_mail (id, reference, received_at, sender, subject, body, whole, left_out, state, reason, ticket_number, candidates)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict on constraint incoming_mail_once do nothing",
        mail.id,
        mail.reference,
        mail.received_at,
        mail.sender,
        mail.subject,
        mail.body,
        mail.whole,
        &mail.left_out,
        mail.state as IncomingMailState,
        mail.reason as Option<IncomingMailReason>,
        mail.ticket_number,
        &mail.candidates
    )
    .execute(&mut **tx)
    .await?;
    Ok(new.rows_affected() == 1)
}

/// Says which ticket a mail opened that was written down in this transaction.
pub(crate) async fn opened(tx: &mut Tx, id: Uuid, number: i64) -> Result<()> {
    sqlx::query!("update support.incoming_mail set state = 'TICKET', ticket_number = $2 where id = $1", id, number)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Mails of an address since a moment that people may have written.
pub(crate) async fn of_sender(tx: &mut Tx, sender: &str, since: OffsetDateTime) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from support.incoming_mail where sender = $1 and received_at > $2"#,
        sender,
        since
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Mails to a ticket since a moment.
pub(crate) async fn of_thread(tx: &mut Tx, (tenant, ticket): (Uuid, Uuid), since: OffsetDateTime) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from support.ticket_mail where tenant_id = $1 and ticket_id = $2 and at > $3 and not ours"#,
        tenant,
        ticket,
        since
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The number of the ticket that has one of these mails, the first of them first; `ours` where only ours count.
pub(crate) async fn ticket_of(tx: &mut Tx, references: &[String], ours: bool) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "select ticket.number
         from support.ticket_mail mail
         join support.ticket ticket on ticket.tenant_id = mail.tenant_id and ticket.id = mail.ticket_id
         where mail.reference = any ($1) and (mail.ours or not $2)
         order by array_position($1, mail.reference), ticket.number limit 1",
        references,
        ours
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Keeps that a word of a ticket of this tenant came by mail, or that one of ours goes; kept twice, it is kept once.
pub(crate) async fn keep(tx: &mut Tx, ticket: Uuid, mail: &TicketMailRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into support.ticket_mail (tenant_id, id, ticket_id, message_id, at, ours, reference, address, stranger, whole, left_out)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict on constraint ticket_mail_pkey do nothing",
        tenant,
        mail.id,
        ticket,
        mail.message_id,
        mail.at,
        mail.ours,
        mail.reference,
        mail.address,
        mail.stranger,
        mail.whole,
        &mail.left_out
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The mails of a ticket, the oldest first.
pub(crate) async fn mails(tx: &mut Tx, (tenant, ticket): (Uuid, Uuid)) -> Result<Vec<TicketMailRow>> {
    Ok(sqlx::query_as!(
        TicketMailRow,
        "select id, message_id, at, ours, reference, address, stranger, whole, left_out
         from support.ticket_mail where tenant_id = $1 and ticket_id = $2 order by at, id",
        tenant,
        ticket
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Notes that a mail of ours about a ticket of this tenant came back.
pub(crate) async fn bounced(tx: &mut Tx, ticket: Uuid, bounce: &BounceRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into support.mail_bounce (tenant_id, ticket_id, at, address, detail) values ($1, $2, $3, $4, $5)
         on conflict on constraint mail_bounce_pkey do update set at = excluded.at, address = excluded.address, detail = excluded.detail",
        tenant,
        ticket,
        bounce.at,
        bounce.address,
        bounce.detail
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether a mail of ours about a ticket came back.
pub(crate) async fn bounce(tx: &mut Tx, (tenant, ticket): (Uuid, Uuid)) -> Result<Option<BounceRow>> {
    Ok(sqlx::query_as!(
        BounceRow,
        "select at, address, detail from support.mail_bounce where tenant_id = $1 and ticket_id = $2",
        tenant,
        ticket
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The mails of a state, the newest first, and how many there are.
pub(crate) async fn incoming(tx: &mut Tx, state: IncomingMailState, limit: i64, offset: i64) -> Result<(Vec<IncomingRow>, i64)> {
    let rows = sqlx::query_as!(
        IncomingRow,
        r#"select id, reference, received_at, sender, subject, body, whole, left_out, state as "state: _", reason as "reason: _", ticket_number,
                  candidates, decided_by_name
           from support.incoming_mail where state = $1 order by received_at desc, id desc limit $2 offset $3"#,
        state as IncomingMailState,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total =
        sqlx::query_scalar!(r#"select count(*) as "count!" from support.incoming_mail where state = $1"#, state as IncomingMailState)
            .fetch_one(&mut **tx)
            .await?;
    Ok((rows, total))
}

/// A mail, locked until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: Uuid) -> Result<IncomingRow> {
    Ok(sqlx::query_as!(
        IncomingRow,
        r#"select id, reference, received_at, sender, subject, body, whole, left_out, state as "state: _", reason as "reason: _", ticket_number,
                  candidates, decided_by_name
           from support.incoming_mail where id = $1 for update"#,
        id
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// What somebody decided of a mail. Its text goes with the decision: the ticket has it, or nobody wants it.
pub(crate) async fn decide(tx: &mut Tx, id: Uuid, number: Option<i64>, by: Uuid, name: &str) -> Result<()> {
    let now = tx.now();
    let state = if number.is_some() { IncomingMailState::Ticket } else { IncomingMailState::Discarded };
    sqlx::query!(
        "update support.incoming_mail
         set state = $2, ticket_number = $3, decided_at = $4, decided_by = $5, decided_by_name = $6, body = null, whole = null
         where id = $1",
        id,
        state as IncomingMailState,
        number,
        now,
        by,
        name
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
