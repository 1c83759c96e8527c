//! Meetings, who came, what was decided, and what was noted after the minutes were approved.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// What sort of meeting it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MeetingKind {
    /// One that comes regularly.
    Ordinary,
    /// One that was convened for a reason of its own.
    Extraordinary,
}

/// How far a meeting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MeetingState {
    /// It was convened.
    Convened,
    /// Its minutes are being written.
    Draft,
    /// Its minutes are approved, and do not change any more.
    Approved,
    /// It was not held.
    Cancelled,
}

/// Whether a member came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttendanceState {
    /// The member came.
    Present,
    /// The member told beforehand why not.
    Excused,
    /// The member did not come.
    Absent,
}

/// A meeting, as the database and the pack keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeetingRow {
    pub(crate) id: Uuid,
    pub(crate) year: i32,
    pub(crate) number: i32,
    pub(crate) kind: MeetingKind,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) place: String,
    pub(crate) agenda: String,
    pub(crate) public: bool,
    pub(crate) state: MeetingState,
    pub(crate) minutes: Option<String>,
    pub(crate) guests: Option<String>,
    pub(crate) cancelled_for: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) minutes_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) approved_at: Option<OffsetDateTime>,
    pub(crate) approved_by: Option<String>,
    pub(crate) idempotency_key: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
}

impl MeetingRow {
    /// Its number in addresses: `2026-3`.
    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.year, self.number)
    }

    /// `Acta 3 de 2026`.
    pub(crate) fn title(&self) -> String {
        format!("Acta {} de {}", self.number, self.year)
    }

    /// Whether everybody may read its minutes.
    pub(crate) fn is_published(&self) -> bool {
        self.public && self.state == MeetingState::Approved
    }
}

/// A member at a meeting, as the minutes name the person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttendanceRow {
    pub(crate) meeting_id: Uuid,
    pub(crate) member_id: Uuid,
    pub(crate) name: String,
    pub(crate) post: Option<String>,
    pub(crate) state: AttendanceState,
}

/// Something that was decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionRow {
    pub(crate) id: Uuid,
    pub(crate) meeting_id: Uuid,
    pub(crate) place: i32,
    pub(crate) text: String,
    pub(crate) task_id: Option<Uuid>,
}

/// What was noted beside approved minutes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteRow {
    pub(crate) id: Uuid,
    pub(crate) meeting_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) actor_name: Option<String>,
    pub(crate) text: String,
}
