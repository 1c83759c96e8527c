//! Support's part of a tenant pack: `support.yaml`, tickets with their conversations; and the demonstration's tickets.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Result, Tx, ids, text};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{MessageAuthor, MessageRow, TicketCategory, TicketPriority, TicketRow, TicketStatus};
use crate::store;

pub(crate) struct SupportPart;

const FILE: &str = "support.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SupportFile {
    tickets: Vec<TicketFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketFile {
    id: Uuid,
    number: i64,
    category: TicketCategory,
    subject: String,
    body: String,
    status: TicketStatus,
    priority: TicketPriority,
    #[serde(with = "time::serde::rfc3339")]
    opened_at: OffsetDateTime,
    opened_by: Option<Uuid>,
    opened_by_name: Option<String>,
    contact_email: Option<String>,
    contact_phone: Option<String>,
    assigned_to: Option<Uuid>,
    assigned_name: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    waiting_since: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    idempotency_key: String,
    messages: Vec<MessageFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageFile {
    id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    author: MessageAuthor,
    author_name: Option<String>,
    text: String,
    internal: bool,
}

#[async_trait]
impl PackPart for SupportPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<SupportFile>(FILE)? else { return Ok(()) };
        let tenant_id = tx.tenant()?;
        for ticket in file.tickets {
            let row = TicketRow {
                tenant_id,
                id: ticket.id,
                number: ticket.number,
                category: ticket.category,
                subject: ticket.subject,
                body: ticket.body,
                status: ticket.status,
                priority: ticket.priority,
                opened_at: ticket.opened_at,
                opened_by: ticket.opened_by,
                opened_by_name: ticket.opened_by_name,
                contact_email: ticket.contact_email,
                contact_phone: ticket.contact_phone,
                assigned_to: ticket.assigned_to,
                assigned_name: ticket.assigned_name,
                waiting_since: ticket.waiting_since,
                updated_at: ticket.updated_at,
                idempotency_key: ticket.idempotency_key,
            };
            store::insert_ticket(tx, &row).await?;
            store::renumber(tx, row.id, row.number).await?;
            for message in ticket.messages {
                let MessageFile { id, at, author, author_name, text, internal } = message;
                store::insert_message(tx, row.id, &MessageRow { id, at, author, author_name, text, internal }).await?;
            }
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let mut tickets = Vec::new();
        for row in store::all(tx).await? {
            let messages = store::messages(tx, row.tenant_id, row.id).await?;
            let messages = messages.into_iter().map(|row| {
                let MessageRow { id, at, author, author_name, text, internal } = row;
                MessageFile { id, at, author, author_name, text, internal }
            });
            tickets.push(TicketFile {
                id: row.id,
                number: row.number,
                category: row.category,
                subject: row.subject,
                body: row.body,
                status: row.status,
                priority: row.priority,
                opened_at: row.opened_at,
                opened_by: row.opened_by,
                opened_by_name: row.opened_by_name,
                contact_email: row.contact_email,
                contact_phone: row.contact_phone,
                assigned_to: row.assigned_to,
                assigned_name: row.assigned_name,
                waiting_since: row.waiting_since,
                updated_at: row.updated_at,
                idempotency_key: row.idempotency_key,
                messages: messages.collect(),
            });
        }
        pack.put_yaml(FILE, &SupportFile { tickets })
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoSection {
    #[serde(default)]
    tickets: Vec<DemoTicket>,
    /// The help centre's knowledge base, which this capability does not keep.
    #[serde(default, rename = "articles")]
    _articles: serde::de::IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoTicket {
    category: TicketCategory,
    subject: String,
    body: String,
    days_ago: i64,
    #[serde(default)]
    at: Option<String>,
    status: TicketStatus,
    #[serde(default)]
    priority: TicketPriority,
    #[serde(default)]
    replies: Vec<DemoReply>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoReply {
    by: DemoAuthor,
    days_ago: i64,
    #[serde(default)]
    at: Option<String>,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum DemoAuthor {
    Agent,
    Municipality,
}

/// Loads the overlay's `support` section.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let section: DemoSection = serde_json::from_value(section.clone())?;
        let (now, tenant_id, entry) = (tx.now(), tx.tenant()?, tx.entry()?);
        for ticket in section.tickets {
            let opened_at = text::days_ago(now, ticket.days_ago, ticket.at.as_deref());
            let messages: Vec<MessageRow> = ticket
                .replies
                .into_iter()
                .enumerate()
                .map(|(place, reply)| {
                    let (author, name) = match reply.by {
                        DemoAuthor::Agent => (MessageAuthor::Agent, "Mesa de ayuda"),
                        DemoAuthor::Municipality => (MessageAuthor::Municipality, entry.official_name.as_str()),
                    };
                    MessageRow {
                        id: ids::named(tenant_id, "ticket-message", &format!("{}/{place}", ticket.subject)),
                        at: text::days_ago(now, reply.days_ago, reply.at.as_deref()).max(opened_at),
                        author,
                        author_name: Some(name.to_owned()),
                        text: reply.text,
                        internal: false,
                    }
                })
                .collect();
            let ours = matches!(ticket.status, TicketStatus::New | TicketStatus::Open);
            let last = messages.last().map_or((MessageAuthor::Municipality, opened_at), |message| (message.author, message.at));
            let row = TicketRow {
                tenant_id,
                id: ids::named(tenant_id, "ticket", &ticket.subject),
                number: 0,
                category: ticket.category,
                idempotency_key: format!("demo/{}", ticket.subject),
                subject: ticket.subject,
                body: ticket.body,
                status: ticket.status,
                priority: ticket.priority,
                opened_at,
                opened_by: None,
                opened_by_name: Some(entry.official_name.clone()),
                contact_email: entry.email.clone(),
                contact_phone: entry.phones.first().map(|phone| phone.number.clone()),
                assigned_to: None,
                assigned_name: None,
                waiting_since: (ours && last.0 == MessageAuthor::Municipality).then_some(last.1),
                updated_at: last.1,
            };
            if store::insert_ticket(tx, &row).await?.is_some() {
                for message in messages {
                    store::insert_message(tx, row.id, &message).await?;
                }
            }
        }
        Ok(())
    }
    .boxed()
}
