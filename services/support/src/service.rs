//! One function a use case. The help centre works on a ticket in the ticket's own tenant, so that its audit log tells the whole story.

use kernel::viewer::SignedIn;
use kernel::{Error, Result, Tx};
use serde_json::json;

use crate::clocks;
use crate::clocks::model::{TicketImpact, TicketUrgency};
use crate::mailing;
use crate::model::{MergeRow, MessageAuthor, MessageRow, SatisfactionRow, TicketCategory, TicketPriority, TicketRow, TicketStatus};
use crate::{rules, store};

/// A ticket to open.
pub(crate) struct Draft<'a> {
    pub(crate) category: TicketCategory,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
    pub(crate) idempotency_key: &'a str,
}

/// What the help centre says of how much a ticket presses.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Triage {
    /// Set by hand, whatever impact and urgency give.
    pub(crate) priority: Option<TicketPriority>,
    pub(crate) impact: Option<TicketImpact>,
    pub(crate) urgency: Option<TicketUrgency>,
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
        impact: None,
        urgency: None,
        reopened_at: None,
        due_at: None,
        due_clock: None,
        warns_at: None,
        breached_at: None,
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
        Some(mut ticket) => {
            clocks::service::begin(tx, &mut ticket).await?;
            store::add_words(tx, ticket.id, &format!("{}\n{}", ticket.subject, ticket.body)).await?;
            audit(tx, "support.ticket.opened", &ticket).await?;
            Ok(ticket)
        }
    }
}

/// A word to be said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    /// A note that only the help centre sees.
    pub(crate) internal: bool,
    /// Where an agent wishes to leave the ticket.
    pub(crate) wish: Option<TicketStatus>,
    /// How many messages there were when it was written.
    pub(crate) seen: Option<i32>,
}

/// A word in the conversation, or a note that only the help centre sees.
pub(crate) async fn reply(tx: &mut Tx, number: i64, by: (MessageAuthor, &str), said: Word<'_>) -> Result<TicketRow> {
    Ok(say(tx, number, by, said).await?.0)
}

/// The same, with what was said.
pub(crate) async fn say(tx: &mut Tx, number: i64, (author, by): (MessageAuthor, &str), said: Word<'_>) -> Result<(TicketRow, MessageRow)> {
    let Word { internal, wish, seen, .. } = said;
    let text = rules::text(said.text)?;
    let mut ticket = store::lock(tx, number).await?;
    let before = ticket.clone();
    if internal && author != MessageAuthor::Agent {
        return Err(Error::field("internal", "NOT_YOURS", "Las notas internas son de la mesa de ayuda"));
    }
    if let Some(seen) = seen {
        let messages = store::messages(tx, ticket.tenant_id, ticket.id).await?;
        rules::nobody_else_wrote(&messages, seen, by)?;
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
    let answered = author == MessageAuthor::Agent && !internal;
    clocks::service::follow(tx, &before, &mut ticket, answered, Some(by)).await?;
    store::update(tx, &ticket).await?;
    audit(tx, if internal { "support.ticket.noted" } else { "support.ticket.replied" }, &ticket).await?;
    if !internal {
        store::add_words(tx, ticket.id, text).await?;
    }
    if answered {
        tell(tx, &ticket, &message).await?;
    }
    Ok((ticket, message))
}

/// An agent takes a ticket, and may say how much it presses: of impact and urgency comes the priority, unless it is set by hand.
pub(crate) async fn assign(tx: &mut Tx, number: i64, agent: &SignedIn, triage: Triage) -> Result<TicketRow> {
    let mut ticket = store::lock(tx, number).await?;
    let before = ticket.clone();
    if ticket.status.settled() {
        return Err(Error::field("number", "SETTLED", "La solicitud ya está resuelta"));
    }
    if ticket.status == TicketStatus::New {
        ticket.status = TicketStatus::Open;
    }
    (ticket.impact, ticket.urgency) = (triage.impact.or(ticket.impact), triage.urgency.or(ticket.urgency));
    let judged = (ticket.impact, ticket.urgency) != (before.impact, before.urgency);
    let given = ticket.impact.zip(ticket.urgency).filter(|_| judged);
    let given = given.and_then(|(impact, urgency)| clocks::policy::at(ticket.opened_at)?.priority(impact, urgency));
    ticket.priority = triage.priority.or(given).unwrap_or(ticket.priority);
    (ticket.assigned_to, ticket.assigned_name, ticket.updated_at) = (Some(agent.id), Some(agent.name.clone()), tx.now());
    clocks::service::follow(tx, &before, &mut ticket, false, Some(&agent.name)).await?;
    store::update(tx, &ticket).await?;
    audit(tx, "support.ticket.assigned", &ticket).await?;
    Ok(ticket)
}

/// Ends a ticket: the help centre holds it for solved, the municipality closes what it asked. Done twice, it is done once.
pub(crate) async fn resolve(tx: &mut Tx, number: i64, (author, by): (MessageAuthor, &SignedIn), text: Option<&str>) -> Result<TicketRow> {
    let mut ticket = store::lock(tx, number).await?;
    let before = ticket.clone();
    let end = if author == MessageAuthor::Agent { TicketStatus::Resolved } else { TicketStatus::Closed };
    if ticket.status == TicketStatus::Closed || ticket.status == end {
        return Ok(ticket);
    }
    let message = match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Some(word(tx, (author, &by.name), rules::text(text)?, false)),
        None => None,
    };
    (ticket.status, ticket.waiting_since, ticket.updated_at) = (end, None, tx.now());
    clocks::service::follow(tx, &before, &mut ticket, false, Some(&by.name)).await?;
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

/// One matter in two tickets of a municipality: the first is closed and goes on in the second. Each tells of the other.
pub(crate) async fn merge(tx: &mut Tx, number: i64, into: i64, agent: &SignedIn) -> Result<TicketRow> {
    if number == into {
        return Err(Error::field("into", "SELF", "Una solicitud no se une a sí misma"));
    }
    // Locked in the order of their numbers, so that two agents who join the same two do not wait for each other.
    let earlier = if number < into { Some(store::lock(tx, number).await?) } else { None };
    let target = match store::lock(tx, into).await {
        Err(Error::NotFound) => return Err(Error::field("into", "UNKNOWN", "Ese número no es de una solicitud del mismo municipio")),
        found => found?,
    };
    let mut ticket = match earlier {
        Some(ticket) => ticket,
        None => store::lock(tx, number).await?,
    };
    if ticket.status == TicketStatus::Closed {
        return Err(Error::field("number", "CLOSED", "La solicitud ya está cerrada"));
    }
    if target.status == TicketStatus::Closed {
        return Err(Error::field("into", "CLOSED", "Esa solicitud está cerrada: elija una abierta"));
    }
    let (before, now) = (ticket.clone(), tx.now());
    (ticket.status, ticket.waiting_since, ticket.updated_at) = (TicketStatus::Closed, None, now);
    clocks::service::follow(tx, &before, &mut ticket, false, Some(&agent.name)).await?;
    store::update(tx, &ticket).await?;
    store::insert_merge(tx, ticket.id, &MergeRow { into_id: target.id, at: now, actor_name: agent.name.clone() }).await?;
    for (of, text) in [
        (ticket.id, format!("Esta solicitud se unió a la {into}: la respuesta sigue allá.")),
        (target.id, format!("Se unió aquí la solicitud {number}: {}", ticket.subject)),
    ] {
        let note = MessageRow { id: tx.id(), at: now, author: MessageAuthor::System, author_name: None, text, internal: false };
        store::insert_message(tx, of, &note).await?;
    }
    tx.audit("support.ticket.merged", "ticket", &number.to_string(), json!({ "into": into })).await?;
    Ok(ticket)
}

/// What whoever asked thought of the help, once it is over; said again, the last counts.
pub(crate) async fn rate(tx: &mut Tx, number: i64, score: i32, text: Option<&str>) -> Result<TicketRow> {
    let (score, text) = rules::rating(score, text)?;
    let ticket = store::lock(tx, number).await?;
    if !ticket.status.settled() {
        return Err(Error::field("score", "NOT_YET", "Se califica cuando la solicitud está resuelta"));
    }
    store::keep_satisfaction(tx, ticket.id, &SatisfactionRow { at: tx.now(), score, text }).await?;
    tx.audit("support.ticket.rated", "ticket", &number.to_string(), json!({ "score": score })).await?;
    Ok(ticket)
}

fn word(tx: &Tx, (author, by): (MessageAuthor, &str), text: &str, internal: bool) -> MessageRow {
    MessageRow { id: tx.id(), at: tx.now(), author, author_name: Some(by.to_owned()), text: text.to_owned(), internal }
}

/// Mails an agent's word to whoever asked, if they have an account here or asked by mail: an address that a stranger typed gets no mail.
async fn tell(tx: &mut Tx, ticket: &TicketRow, message: &MessageRow) -> Result<()> {
    if ticket.contact_email.is_none() {
        return Ok(());
    }
    let came = mailing::store::mails(tx, (ticket.tenant_id, ticket.id)).await?;
    if ticket.opened_by.is_some() || came.iter().any(|mail| !mail.ours) {
        tx.enqueue("support.mail_reply", json!({ "number": ticket.number, "message": message.id })).await?;
    }
    Ok(())
}

pub(crate) async fn audit(tx: &mut Tx, action: &str, ticket: &TicketRow) -> Result<()> {
    tx.audit(action, "ticket", &ticket.number.to_string(), json!({ "status": ticket.status, "category": ticket.category })).await
}
