//! What support does about what happens elsewhere.

use futures::FutureExt;
use kernel::capability::{Event, EventHandler, HOLDINGS_PASSED};
use kernel::{Result, Tx};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::model::{MessageAuthor, MessageRow, TicketCategory, TicketRow};
use crate::{clocks, service, store};

pub(crate) const EVENTS: &[EventHandler] = &[
    EventHandler { event: "identity.access_requested", handle: |tx, event| access_requested(tx, event).boxed() },
    EventHandler { event: "identity.ticket_asked", handle: |tx, event| ticket_asked(tx, event).boxed() },
    EventHandler { event: HOLDINGS_PASSED, handle: |tx, event| holdings_passed(tx, event).boxed() },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessRequested {
    email: String,
    phone: Option<String>,
    text: Option<String>,
    idempotency_key: String,
    account_id: Option<Uuid>,
}

/// Somebody cannot get in: a ticket of their municipality, the same whether or not there is such an account.
async fn access_requested(tx: &mut Tx, event: &Event) -> Result<()> {
    let asked: AccessRequested = serde_json::from_value(event.payload.clone())?;
    let body = asked.text.unwrap_or_else(|| "No puedo entrar a la administración del sitio.".to_owned());
    let key = format!("acceso/{}", asked.idempotency_key);
    let ticket = TicketRow {
        opened_by: asked.account_id,
        contact_phone: asked.phone,
        ..service::fresh(tx, TicketCategory::Credentials, format!("No puede entrar: {}", asked.email), body, key)?
    };
    let ticket = TicketRow { contact_email: Some(asked.email), ..ticket };
    let Some(mut ticket) = store::insert_ticket(tx, &ticket).await? else { return Ok(()) };
    clocks::service::begin(tx, &mut ticket).await?;
    store::add_words(tx, ticket.id, &format!("{}\n{}", ticket.subject, ticket.body)).await?;
    let text = match asked.account_id {
        Some(_) => "El correo es el de una cuenta de este municipio.",
        None => "Ninguna cuenta de este municipio tiene este correo.",
    };
    let note =
        MessageRow { id: tx.id(), at: tx.now(), author: MessageAuthor::System, author_name: None, text: text.to_owned(), internal: true };
    store::insert_message(tx, ticket.id, &note).await?;
    service::audit(tx, "support.ticket.opened", &ticket).await
}

#[derive(Deserialize)]
struct TicketAsked {
    number: i64,
}

/// Identity asks whose open ticket this is.
async fn ticket_asked(tx: &mut Tx, event: &Event) -> Result<()> {
    let asked: TicketAsked = serde_json::from_value(event.payload.clone())?;
    store::answer_tenant(tx, asked.number).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Passed {
    from: Uuid,
    to: Uuid,
    to_name: Option<String>,
    to_email: Option<String>,
}

/// What one person had asked is another's to follow: answers go to them from now on.
async fn holdings_passed(tx: &mut Tx, event: &Event) -> Result<()> {
    let Passed { from, to, to_name, to_email } = serde_json::from_value(event.payload.clone())?;
    for number in store::pass(tx, from, to, to_name.as_deref(), to_email.as_deref()).await? {
        tx.audit("support.ticket.passed", "ticket", &number.to_string(), json!({ "from": from, "to": to })).await?;
    }
    Ok(())
}
