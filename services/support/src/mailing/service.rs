//! Takes in a mail, and what agents decide of those that nobody could place. The help centre writes, in the ticket's own tenant.

use kernel::directory::{Audience, TenantKind};
use kernel::viewer::SignedIn;
use kernel::{Error, Platform, Result, Scope, Tx};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::address::{self, Leads};
use super::model::{BounceRow, Envelope, IncomingMailReason, IncomingMailState, IncomingRow, Received, TicketMailRow};
use super::parse::{self, Mail};
use super::rules::{self, Facts, Thread, Way};
use super::{fold, store};
use crate::clocks;
use crate::model::{MessageAuthor, MessageRow, TicketCategory, TicketRow, TicketStatus};
use crate::service::{self, Word};

/// Takes in a mail. Once this returns, it is kept; an error means that it is not, and that it may be sent again.
pub async fn receive(platform: &Platform, raw: &[u8], envelope: &Envelope) -> Result<Received> {
    let domain = platform.mail.domain();
    let Some(mail) = parse::read(raw, envelope, domain) else { return Ok(Received::Unreadable) };
    let desk = platform.directory().platform(TenantKind::Support).ok_or_else(|| Error::fault("there is no help centre"))?.id;
    if let Some(bounce) = &mail.bounce {
        let mut tx = Scope::Support(desk).read(platform.db()).await?;
        let found = match store::ticket_of(&mut tx, &bounce.of, true).await? {
            Some(number) => crate::store::ticket(&mut tx, number).await?,
            None => None,
        };
        tx.rollback().await?;
        return match found {
            Some(ticket) => bounced(platform, &mail, &ticket).await,
            None => put_aside(platform, desk, &mail, IncomingMailReason::LostBounce, Vec::new(), IncomingMailState::Automatic).await,
        };
    }
    match rules::way(&facts(platform, desk, &mail).await?) {
        Way::Automatic(reason) => put_aside(platform, desk, &mail, reason, Vec::new(), IncomingMailState::Automatic).await,
        Way::Wait(reason, candidates) => put_aside(platform, desk, &mail, reason, candidates, IncomingMailState::Waiting).await,
        Way::Thread { tenant, number, stranger } => {
            let mut tx = Scope::Support(tenant).write(platform.db()).await?;
            let done = say(&mut tx, &mail, number, stranger).await;
            tx.settle(done).await
        }
        Way::Open { tenant, account, after } => {
            let mut tx = Scope::Support(tenant).write(platform.db()).await?;
            let done = open(&mut tx, &mail, account, after).await;
            tx.settle(done).await
        }
    }
}

/// What is known of a mail: its conversation, its sender's municipalities, and how many came before.
async fn facts(platform: &Platform, desk: Uuid, mail: &Mail) -> Result<Facts> {
    let (secret, domain, directory) = (&platform.secret, platform.mail.domain(), platform.directory());
    let since = platform.clock().now() - Duration::hours(1);
    let mut tx = Scope::Support(desk).read(platform.db()).await?;
    let leads: Vec<Leads> = mail.recipients.iter().filter_map(|to| address::leads(secret, domain, to)).collect();
    let addressed = leads.iter().find_map(|leads| if let Leads::Ticket(number) = leads { Some(*number) } else { None });
    let number = match addressed {
        Some(number) => Some(number),
        None => store::ticket_of(&mut tx, &mail.follows, false).await?,
    };
    let mut ticket = match number {
        Some(number) => crate::store::ticket(&mut tx, number).await?,
        None => None,
    };
    // What was joined to another ticket goes on there.
    if let Some(closed) = ticket.as_ref().filter(|ticket| ticket.status == TicketStatus::Closed)
        && let (Some(into), _) = crate::store::merged(&mut tx, closed.tenant_id, closed.id).await?
    {
        ticket = crate::store::ticket(&mut tx, into).await?;
    }
    let thread = match ticket {
        Some(ticket) => Some(Thread {
            tenant: ticket.tenant_id,
            number: ticket.number,
            closed: ticket.status == TicketStatus::Closed,
            by_address: addressed.is_some(),
            by_contact: ticket.contact_email.as_deref().is_some_and(|contact| contact.eq_ignore_ascii_case(&mail.sender)),
            recent: store::of_thread(&mut tx, (ticket.tenant_id, ticket.id), since).await?,
        }),
        None => None,
    };
    let recent = store::of_sender(&mut tx, &mail.sender, since).await?;
    tx.rollback().await?;
    let mut homes = Vec::new();
    if !mail.sender.is_empty() {
        let mut tx = Scope::Worker(None).read(platform.db()).await?;
        homes = platform.registry().homes(&mut tx, &mail.sender).await?;
        tx.rollback().await?;
    }
    homes.retain(|(tenant, _)| {
        directory.get(*tenant).is_some_and(|entry| !entry.suspended && entry.kind.audience() == Audience::Municipality)
    });
    let town = leads.iter().find_map(|leads| if let Leads::Town(slug) = leads { directory.by_slug(slug) } else { None });
    let town = town.filter(|entry| entry.kind.audience() == Audience::Municipality).map(|entry| entry.id);
    Ok(Facts { automatic: mail.automatic, thread, homes, town, recent })
}

/// A mail as it is written down, with nothing decided.
fn row(tx: &Tx, mail: &Mail) -> IncomingRow {
    IncomingRow {
        id: tx.id(),
        reference: mail.reference.clone(),
        received_at: tx.now(),
        sender: mail.sender.clone(),
        subject: mail.subject.clone(),
        body: None,
        whole: None,
        left_out: mail.left_out.clone(),
        state: IncomingMailState::Waiting,
        reason: None,
        ticket_number: None,
        candidates: Vec::new(),
        decided_by_name: None,
    }
}

/// The new part of a mail, and the whole where it is more.
fn said(mail: &Mail) -> (String, Option<String>) {
    let folded = fold::fold(&mail.text);
    (if folded.new.is_empty() { "(El correo no trae texto.)".to_owned() } else { folded.new }, folded.whole)
}

/// Keeps a mail that goes into no ticket by itself. Nobody is answered.
async fn put_aside(
    platform: &Platform,
    desk: Uuid,
    mail: &Mail,
    reason: IncomingMailReason,
    candidates: Vec<Uuid>,
    state: IncomingMailState,
) -> Result<Received> {
    let mut tx = Scope::Support(desk).write(platform.db()).await?;
    let (body, whole) = said(mail);
    let row = IncomingRow { body: Some(body), whole, state, reason: Some(reason), candidates, ..row(&tx, mail) };
    let done = store::register(&mut tx, &row).await;
    Ok(match (tx.settle(done).await?, state) {
        (false, _) => Received::Duplicate,
        (true, IncomingMailState::Automatic) => Received::Automatic,
        (true, _) => Received::Waiting,
    })
}

/// Marks that a mail about a ticket did not arrive.
async fn bounced(platform: &Platform, mail: &Mail, ticket: &TicketRow) -> Result<Received> {
    let Some(bounce) = &mail.bounce else { return Ok(Received::Automatic) };
    let mut tx = Scope::Support(ticket.tenant_id).write(platform.db()).await?;
    let row = IncomingRow { state: IncomingMailState::Bounce, ticket_number: Some(ticket.number), ..row(&tx, mail) };
    let done = async {
        if !store::register(&mut tx, &row).await? {
            return Ok(Received::Duplicate);
        }
        let back = BounceRow { at: tx.now(), address: bounce.address.clone(), detail: bounce.detail.clone() };
        store::bounced(&mut tx, ticket.id, &back).await?;
        tx.audit("support.ticket.bounced", "ticket", &ticket.number.to_string(), json!({ "detail": bounce.detail })).await?;
        Ok(Received::Bounce(ticket.number))
    }
    .await;
    tx.settle(done).await
}

/// A mail is the municipality's word in a conversation.
async fn say(tx: &mut Tx, mail: &Mail, number: i64, stranger: bool) -> Result<Received> {
    let incoming = IncomingRow { state: IncomingMailState::Ticket, ticket_number: Some(number), ..row(tx, mail) };
    if !store::register(tx, &incoming).await? {
        return Ok(Received::Duplicate);
    }
    let (text, whole) = said(mail);
    let word = Word { text: &text, internal: false, wish: None, seen: None };
    let (ticket, message) = service::say(tx, number, (MessageAuthor::Municipality, &mail.sender), word).await?;
    let kept = TicketMailRow { message_id: Some(message.id), stranger, whole, ..kept(&incoming) };
    store::keep(tx, ticket.id, &kept).await?;
    Ok(Received::Ticket(number))
}

fn kept(incoming: &IncomingRow) -> TicketMailRow {
    TicketMailRow {
        id: incoming.id,
        message_id: None,
        at: incoming.received_at,
        ours: false,
        reference: incoming.reference.clone(),
        address: incoming.sender.clone(),
        stranger: false,
        whole: None,
        left_out: incoming.left_out.clone(),
    }
}

/// A mail opens a ticket of the transaction's municipality, and its sender is told the number, at the address that the account has here.
async fn open(tx: &mut Tx, mail: &Mail, account: Option<Uuid>, after: Option<i64>) -> Result<Received> {
    let incoming = row(tx, mail);
    if !store::register(tx, &incoming).await? {
        return Ok(Received::Duplicate);
    }
    let (body, whole) = said(mail);
    let category = rules::category(&mail.subject, &body);
    let ticket = open_ticket(tx, &incoming, body, whole, category, account).await?;
    if let Some(after) = after {
        note(tx, &ticket, format!("Sigue de la solicitud {after}, que está cerrada.")).await?;
    }
    store::opened(tx, incoming.id, ticket.number).await?;
    tx.enqueue("support.mail_reply", json!({ "number": ticket.number })).await?;
    Ok(Received::Ticket(ticket.number))
}

async fn note(tx: &mut Tx, ticket: &TicketRow, text: String) -> Result<()> {
    let note = MessageRow { id: tx.id(), at: tx.now(), author: MessageAuthor::System, author_name: None, text, internal: false };
    crate::store::insert_message(tx, ticket.id, &note).await
}

/// Opens the ticket of a mail. Whoever wrote it did not sign in, so nobody is named as who opened it.
async fn open_ticket(
    tx: &mut Tx,
    incoming: &IncomingRow,
    body: String,
    whole: Option<String>,
    category: TicketCategory,
    account: Option<Uuid>,
) -> Result<TicketRow> {
    let ticket = TicketRow {
        opened_by: account,
        contact_email: Some(incoming.sender.clone()).filter(|sender| !sender.is_empty()),
        ..service::fresh(tx, category, incoming.subject.clone(), body, format!("correo/{}", incoming.id))?
    };
    let mut ticket = crate::store::insert_ticket(tx, &ticket).await?.ok_or_else(|| Error::fault("the mail has a ticket already"))?;
    clocks::service::begin(tx, &mut ticket).await?;
    crate::store::add_words(tx, ticket.id, &format!("{}\n{}", ticket.subject, ticket.body)).await?;
    store::keep(tx, ticket.id, &TicketMailRow { whole, ..kept(incoming) }).await?;
    service::audit(tx, "support.ticket.opened", &ticket).await?;
    Ok(ticket)
}

/// A mail that waits or was put aside, locked.
async fn undecided(tx: &mut Tx, id: Uuid) -> Result<IncomingRow> {
    let mail = store::lock(tx, id).await?;
    if matches!(mail.state, IncomingMailState::Waiting | IncomingMailState::Automatic) {
        return Ok(mail);
    }
    let by = mail.decided_by_name.as_deref().unwrap_or("Otra persona");
    Err(Error::field("id", "DECIDED", format!("{by} ya decidió sobre este correo.")))
}

/// An agent says that a mail is of the transaction's municipality: it opens a ticket there.
pub(crate) async fn assign(tx: &mut Tx, id: Uuid, category: TicketCategory, agent: &SignedIn) -> Result<TicketRow> {
    let mut mail = undecided(tx, id).await?;
    let (body, whole) = (mail.body.take().unwrap_or_default(), mail.whole.take());
    let ticket = open_ticket(tx, &mail, body, whole, category, None).await?;
    store::decide(tx, id, Some(ticket.number), agent.id, &agent.name).await?;
    Ok(ticket)
}

/// An agent leaves a mail where it is.
pub(crate) async fn discard(tx: &mut Tx, id: Uuid, agent: &SignedIn) -> Result<()> {
    undecided(tx, id).await?;
    store::decide(tx, id, None, agent.id, &agent.name).await?;
    tx.audit("support.mail.discarded", "mail", &id.to_string(), json!({})).await
}
