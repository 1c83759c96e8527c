//! Tickets and their messages.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clocks::model::{TicketClockKind, TicketImpact, TicketUrgency};

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
    /// What is not settled and is about to breach.
    DueSoon,
    /// What is not settled and has breached.
    Overdue,
    /// What is resolved or closed.
    Settled,
}

/// How near a ticket is to its nearest breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Soon,
    Overdue,
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
    pub(crate) impact: Option<TicketImpact>,
    pub(crate) urgency: Option<TicketUrgency>,
    pub(crate) reopened_at: Option<OffsetDateTime>,
    pub(crate) due_at: Option<OffsetDateTime>,
    pub(crate) due_clock: Option<TicketClockKind>,
    pub(crate) warns_at: Option<OffsetDateTime>,
    pub(crate) breached_at: Option<OffsetDateTime>,
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

/// Where a ticket went on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeRow {
    pub(crate) into_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) actor_name: String,
}

/// What whoever asked thought of the help.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SatisfactionRow {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    /// From 1, not at all, to 5, entirely.
    pub(crate) score: i16,
    pub(crate) text: Option<String>,
}

/// Which tickets a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) status: Option<TicketStatus>,
    pub(crate) category: Option<TicketCategory>,
    /// Only what is not settled, or only what is.
    pub(crate) open: Option<bool>,
    /// Only what this agent has taken.
    pub(crate) assigned_to: Option<Uuid>,
    /// Only what somebody has taken, or only what nobody has.
    pub(crate) assigned: Option<bool>,
    /// Only what is about to breach or has breached at a moment.
    pub(crate) due: Option<(Due, OffsetDateTime)>,
    /// Only those with these words, in lower case and without accents, or of this number.
    pub(crate) search: Option<&'a str>,
}
