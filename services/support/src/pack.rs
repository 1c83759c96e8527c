//! Support's part of a tenant pack: `support.yaml`, tickets with their conversations; and the demonstration's tickets.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Result, Tx, ids, text};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clocks;
use crate::clocks::model::{EventRow, TicketImpact, TicketUrgency};
use crate::mailing;
use crate::mailing::model::{BounceRow, TicketMailRow};
use crate::model::{MergeRow, MessageAuthor, MessageRow, SatisfactionRow, TicketCategory, TicketPriority, TicketRow, TicketStatus};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    impact: Option<TicketImpact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    urgency: Option<TicketUrgency>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    reopened_at: Option<OffsetDateTime>,
    messages: Vec<MessageFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merged: Option<MergeRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    satisfaction: Option<SatisfactionRow>,
    /// Which of its words came by mail, and the mails that went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mails: Vec<TicketMailRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bounce: Option<BounceRow>,
    /// What its clocks are worked out from; read off the conversation where a pack has none.
    #[serde(default)]
    events: Vec<EventRow>,
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

/// Makes a stored ticket findable by what stands in it.
async fn find_by(tx: &mut Tx, ticket: &TicketRow, messages: &[MessageRow]) -> Result<()> {
    let said = messages.iter().filter(|message| !message.internal).map(|message| message.text.as_str());
    let text: Vec<&str> = [ticket.subject.as_str(), ticket.body.as_str()].into_iter().chain(said).collect();
    store::add_words(tx, ticket.id, &text.join("\n")).await
}

impl From<MessageFile> for MessageRow {
    fn from(MessageFile { id, at, author, author_name, text, internal }: MessageFile) -> Self {
        Self { id, at, author, author_name, text, internal }
    }
}

#[async_trait]
impl PackPart for SupportPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<SupportFile>(FILE)? else { return Ok(()) };
        let tenant_id = tx.tenant()?;
        let mut merges = Vec::new();
        for ticket in file.tickets {
            let mut row = TicketRow {
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
                impact: ticket.impact,
                urgency: ticket.urgency,
                reopened_at: ticket.reopened_at,
                due_at: None,
                due_clock: None,
                warns_at: None,
                breached_at: None,
            };
            store::insert_ticket(tx, &row).await?;
            row.number = store::renumber(tx, row.id, row.number).await?;
            let messages: Vec<MessageRow> = ticket.messages.into_iter().map(MessageRow::from).collect();
            for message in &messages {
                store::insert_message(tx, row.id, message).await?;
            }
            let events = if ticket.events.is_empty() { clocks::service::derived(&row, &messages) } else { ticket.events };
            clocks::service::import(tx, &mut row, events).await?;
            find_by(tx, &row, &messages).await?;
            for mail in &ticket.mails {
                mailing::store::keep(tx, row.id, mail).await?;
            }
            if let Some(bounce) = &ticket.bounce {
                mailing::store::bounced(tx, row.id, bounce).await?;
            }
            if let Some(said) = ticket.satisfaction {
                store::keep_satisfaction(tx, row.id, &said).await?;
            }
            merges.extend(ticket.merged.map(|merge| (row.id, merge)));
        }
        // The ticket in which one went on may come later in the file.
        for (id, merge) in merges {
            store::insert_merge(tx, id, &merge).await?;
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
                impact: row.impact,
                urgency: row.urgency,
                reopened_at: row.reopened_at,
                messages: messages.collect(),
                mails: mailing::store::mails(tx, (row.tenant_id, row.id)).await?,
                bounce: mailing::store::bounce(tx, (row.tenant_id, row.id)).await?,
                merged: store::merge(tx, row.tenant_id, row.id).await?,
                satisfaction: store::satisfaction(tx, row.tenant_id, row.id).await?,
                events: clocks::store::events(tx, (row.tenant_id, row.id)).await?,
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
    /// It came by mail, from the municipality's own address.
    #[serde(default)]
    by_mail: bool,
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
            let mut row = TicketRow {
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
                impact: None,
                urgency: None,
                reopened_at: None,
                due_at: None,
                due_clock: None,
                warns_at: None,
                breached_at: None,
            };
            if let Some(stored) = store::insert_ticket(tx, &row).await? {
                row.number = stored.number;
                for message in &messages {
                    store::insert_message(tx, row.id, message).await?;
                }
                if let Some(address) = row.contact_email.clone().filter(|_| ticket.by_mail) {
                    let id = ids::named(row.id, "mail", "demo");
                    let reference = format!("{id}@{}.example", entry.slug);
                    let left_out = vec!["circular-escaneada.pdf (812 KB)".to_owned()];
                    let mail = TicketMailRow {
                        id,
                        message_id: None,
                        at: opened_at,
                        ours: false,
                        reference,
                        address,
                        stranger: false,
                        whole: None,
                        left_out,
                    };
                    mailing::store::keep(tx, row.id, &mail).await?;
                }
                let events = clocks::service::derived(&row, &messages);
                clocks::service::import(tx, &mut row, events).await?;
                find_by(tx, &row, &messages).await?;
            }
        }
        Ok(())
    }
    .boxed()
}
