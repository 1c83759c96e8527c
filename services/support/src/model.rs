//! Tickets and their messages.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a ticket is about: the problems that the plan's help table names, and the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketCategory {
    /// Lost or blocked access to the site's administration.
    Credentials,
    /// Trouble with publishing.
    Publishing,
    /// Access to institutional e-mail.
    EmailAccess,
    /// Anything else.
    Other,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketStatus {
    /// Nobody has taken it yet.
    New,
    /// The help centre works on it.
    Open,
    /// It waits for a word of the municipality.
    WaitingMunicipality,
    /// It waits for somebody else: a provider, the agency.
    WaitingThirdParty,
    /// The help centre holds it for solved; a reply opens it again.
    Resolved,
    /// Over.
    Closed,
}

impl TicketStatus {
    /// Whether nothing more is expected of anybody.
    pub(crate) fn settled(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed)
    }
}

/// How much it presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, async_graphql::Enum, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketPriority {
    /// It can wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Before the others.
    High,
    /// At once.
    Urgent,
}

/// Whose word a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageAuthor {
    /// The help centre.
    Agent,
    /// The municipality.
    Municipality,
    /// The platform itself.
    System,
}

/// Which part of the queue a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum TicketView {
    /// What is not settled.
    Open,
    /// What is not settled and the viewer has taken.
    Mine,
    /// What is not settled and nobody has taken.
    Unassigned,
    /// What is resolved or closed.
    Settled,
}

/// A ticket (glossary: solicitud de soporte).
#[derive(Debug, Clone)]
pub(crate) struct TicketRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) category: TicketCategory,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) status: TicketStatus,
    pub(crate) priority: TicketPriority,
    pub(crate) opened_at: OffsetDateTime,
    pub(crate) opened_by: Option<Uuid>,
    pub(crate) opened_by_name: Option<String>,
    pub(crate) contact_email: Option<String>,
    pub(crate) contact_phone: Option<String>,
    pub(crate) assigned_to: Option<Uuid>,
    pub(crate) assigned_name: Option<String>,
    pub(crate) waiting_since: Option<OffsetDateTime>,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) idempotency_key: String,
}

/// A word in a ticket's conversation.
#[derive(Debug, Clone)]
pub(crate) struct MessageRow {
    pub(crate) id: Uuid,
    pub(crate) at: OffsetDateTime,
    pub(crate) author: MessageAuthor,
    pub(crate) author_name: Option<String>,
    pub(crate) text: String,
    pub(crate) internal: bool,
}

/// Which tickets a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<TicketStatus>,
    pub(crate) category: Option<TicketCategory>,
    /// Only what is not settled, or only what is.
    pub(crate) open: Option<bool>,
    /// Only what this agent has taken.
    pub(crate) assigned_to: Option<Uuid>,
    /// Only what somebody has taken, or only what nobody has.
    pub(crate) assigned: Option<bool>,
}
