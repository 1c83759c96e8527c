//! One function a use case. The help centre works on a ticket in the ticket's own tenant, so that its audit log tells the whole story.

use kernel::viewer::SignedIn;
use kernel::{Error, Result, Tx};
use serde_json::json;

use crate::model::{MessageAuthor, MessageRow, TicketCategory, TicketPriority, TicketRow, TicketStatus};
use crate::{rules, store};

/// A ticket to open.
pub(crate) struct Draft<'a> {
    pub(crate) category: TicketCategory,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
    pub(crate) idempotency_key: &'a str,
}

/// A new ticket of the transaction's tenant, not yet stored.
pub(crate) fn fresh(tx: &Tx, category: TicketCategory, subject: String, body: String, idempotency_key: String) -> Result<TicketRow> {
    let now = tx.now();
    Ok(TicketRow {
        tenant_id: tx.tenant()?,
        id: tx.id(),
        number: 0,
        category,
        subject,
        body,
        status: TicketStatus::New,
        priority: TicketPriority::Normal,
        opened_at: now,
        opened_by: None,
        opened_by_name: None,
        contact_email: None,
        contact_phone: None,
        assigned_to: None,
        assigned_name: None,
        waiting_since: Some(now),
        updated_at: now,
        idempotency_key,
    })
}

/// Opens a ticket; the same key is the same ticket.
pub(crate) async fn open(tx: &mut Tx, draft: Draft<'_>, by: &SignedIn) -> Result<TicketRow> {
    let (subject, body) = rules::draft(draft.subject, draft.body, draft.idempotency_key)?;
    let ticket = TicketRow {
        opened_by: Some(by.id),
        opened_by_name: Some(by.name.clone()),
        contact_email: Some(by.email.clone()),
        ..fresh(tx, draft.category, subject, body, draft.idempotency_key.to_owned())?
    };
    match store::insert_ticket(tx, &ticket).await? {
        None => store::by_key(tx, &ticket.idempotency_key).await,
        Some(ticket) => {
            audit(tx, "support.ticket.opened", &ticket).await?;
            Ok(ticket)
        }
    }
}

/// A word in the conversation, or a note that only the help centre sees.
pub(crate) async fn reply(
    tx: &mut Tx,
    number: i64,
    (author, by): (MessageAuthor, &SignedIn),
    text: &str,
    internal: bool,
    wish: Option<TicketStatus>,
) -> Result<TicketRow> {
    let text = rules::text(text)?;
    let mut ticket = store::lock(tx, number).await?;
    if internal && author != MessageAuthor::Agent {
        return Err(Error::field("internal", "NOT_YOURS", "Las notas internas son de la mesa de ayuda"));
    }
    if !internal || wish.is_some() {
        ticket.status = rules::after_word(ticket.status, author, wish)?;
    }
    let message = word(tx, (author, by), text, internal);
    store::insert_message(tx, ticket.id, &message).await?;
    if !internal {
        ticket.waiting_since = (author == MessageAuthor::Municipality && ticket.status != TicketStatus::WaitingThirdParty)
            .then(|| ticket.waiting_since.unwrap_or(message.at));
    }
    ticket.updated_at = message.at;
    store::update(tx, &ticket).await?;
    audit(tx, if internal { "support.ticket.noted" } else { "support.ticket.replied" }, &ticket).await?;
    if author == MessageAuthor::Agent && !internal {
        tell(tx, &ticket, &message).await?;
    }
    Ok(ticket)
}

/// An agent takes a ticket, and may say how much it presses.
pub(crate) async fn assign(tx: &mut Tx, number: i64, agent: &SignedIn, priority: Option<TicketPriority>) -> Result<TicketRow> {
    let mut ticket = store::lock(tx, number).await?;
    if ticket.status.settled() {
        return Err(Error::field("number", "SETTLED", "La solicitud ya está resuelta"));
    }
    if ticket.status == TicketStatus::New {
        ticket.status = TicketStatus::Open;
    }
    ticket.priority = priority.unwrap_or(ticket.priority);
    (ticket.assigned_to, ticket.assigned_name, ticket.updated_at) = (Some(agent.id), Some(agent.name.clone()), tx.now());
    store::update(tx, &ticket).await?;
    audit(tx, "support.ticket.assigned", &ticket).await?;
    Ok(ticket)
}

/// Ends a ticket: the help centre holds it for solved, the municipality closes what it asked. Done twice, it is done once.
pub(crate) async fn resolve(tx: &mut Tx, number: i64, (author, by): (MessageAuthor, &SignedIn), text: Option<&str>) -> Result<TicketRow> {
    let mut ticket = store::lock(tx, number).await?;
    let end = if author == MessageAuthor::Agent { TicketStatus::Resolved } else { TicketStatus::Closed };
    if ticket.status == TicketStatus::Closed || ticket.status == end {
        return Ok(ticket);
    }
    let message = match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Some(word(tx, (author, by), rules::text(text)?, false)),
        None => None,
    };
    (ticket.status, ticket.waiting_since, ticket.updated_at) = (end, None, tx.now());
    store::update(tx, &ticket).await?;
    audit(tx, "support.ticket.resolved", &ticket).await?;
    if let Some(message) = message {
        store::insert_message(tx, ticket.id, &message).await?;
        if author == MessageAuthor::Agent {
            tell(tx, &ticket, &message).await?;
        }
    }
    Ok(ticket)
}

fn word(tx: &Tx, (author, by): (MessageAuthor, &SignedIn), text: &str, internal: bool) -> MessageRow {
    MessageRow { id: tx.id(), at: tx.now(), author, author_name: Some(by.name.clone()), text: text.to_owned(), internal }
}

/// Mails an agent's word to whoever asked, if they have an account here: an address that a stranger typed gets no mail.
async fn tell(tx: &mut Tx, ticket: &TicketRow, message: &MessageRow) -> Result<()> {
    if ticket.opened_by.is_some() && ticket.contact_email.is_some() {
        tx.enqueue("support.mail_reply", json!({ "number": ticket.number, "message": message.id })).await?;
    }
    Ok(())
}

pub(crate) async fn audit(tx: &mut Tx, action: &str, ticket: &TicketRow) -> Result<()> {
    tx.audit(action, "ticket", &ticket.number.to_string(), json!({ "status": ticket.status, "category": ticket.category })).await
}
