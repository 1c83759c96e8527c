//! What happens to a ticket, and what its clocks said last.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::TicketPriority;

/// Whom a ticket touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, async_graphql::Enum, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketImpact {
    /// One person.
    Person,
    /// An office of the municipality.
    Office,
    /// The whole municipality, or its citizens.
    Town,
}

/// What a ticket stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, async_graphql::Enum, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketUrgency {
    /// Nothing: it can wait.
    CanWait,
    /// Work goes on with trouble.
    Hinders,
    /// Work stands still, or a date is about to pass.
    Stops,
}

/// What a clock of a ticket measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketClockKind {
    /// From the question to the help centre's first word.
    FirstAnswer,
    /// From one word of the help centre to its next.
    Update,
    /// From the question to its solution.
    Solution,
}

/// What happened to a ticket, as far as its clocks go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type, Serialize, Deserialize)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EventKind {
    Opened,
    Answered,
    WaitsForAsker,
    WaitsForThirdParty,
    Resumed,
    Resolved,
    Reopened,
    Dropped,
    PriorityChanged,
    CalendarChanged,
}

/// An event of a ticket's log; its place is that in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventRow {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) kind: EventKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<TicketPriority>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calendar: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actor_name: Option<String>,
}

impl EventRow {
    /// An event that says no more than what it is.
    pub(crate) fn plain(at: OffsetDateTime, kind: EventKind, actor: Option<&str>) -> Self {
        Self { at, kind, priority: None, calendar: None, actor_name: actor.map(str::to_owned) }
    }
}

/// What a clock said when it was last worked out.
#[derive(Debug, Clone)]
pub(crate) struct ClockRow {
    pub(crate) kind: TicketClockKind,
    pub(crate) began_at: OffsetDateTime,
    pub(crate) target_seconds: Option<i64>,
    pub(crate) elapsed_seconds: i64,
    pub(crate) breached_at: Option<OffsetDateTime>,
    pub(crate) ended_at: Option<OffsetDateTime>,
    pub(crate) met: Option<bool>,
}

/// What the queue needs of a ticket's clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pressing {
    pub(crate) due_at: Option<OffsetDateTime>,
    pub(crate) due_clock: Option<TicketClockKind>,
    pub(crate) warns_at: Option<OffsetDateTime>,
    pub(crate) breached_at: Option<OffsetDateTime>,
}

/// How many clocks of a kind ended or breached, and how many of them in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelRow {
    pub(crate) kind: TicketClockKind,
    pub(crate) total: i64,
    pub(crate) met: i64,
}

/// A ticket and the municipality that asks.
pub(crate) type TicketKey = (Uuid, Uuid);
