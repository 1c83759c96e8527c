//! Tasks, what happens to them, and the reminders that went out.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::rules::iso_date;

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// It is to be done.
    Open,
    /// It was done.
    Done,
    /// It will not be done.
    Dropped,
}

/// How often a task comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Recurrence {
    /// Every seven days.
    Weekly,
    /// Every month, on the same day or the last of a shorter month.
    Monthly,
    /// Every six months.
    Semester,
}

impl Recurrence {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Weekly => "cada semana",
            Self::Monthly => "cada mes",
            Self::Semester => "cada semestre",
        }
    }
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskView {
    /// Those that are to be done.
    Open,
    /// Those whose date has passed.
    Late,
    /// Those of whoever looks that are to be done.
    Mine,
    /// Those that nobody answers for.
    Unassigned,
    /// Those that were done.
    Done,
    /// Those that will not be done.
    Dropped,
}

/// A task, as the database and the pack keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskRow {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) detail: Option<String>,
    pub(crate) responsible: Option<String>,
    pub(crate) member_id: Option<Uuid>,
    pub(crate) account_id: Option<Uuid>,
    pub(crate) email: Option<String>,
    #[serde(with = "iso_date")]
    pub(crate) due_on: Date,
    pub(crate) action_line: Option<i32>,
    pub(crate) activity: Option<i32>,
    pub(crate) state: TaskState,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<String>,
    pub(crate) recurrence: Option<Recurrence>,
    #[serde(with = "iso_date::option")]
    pub(crate) recurs_until: Option<Date>,
    #[serde(with = "iso_date")]
    pub(crate) series_from: Date,
    pub(crate) idempotency_key: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) closed_at: Option<OffsetDateTime>,
}

/// Who answers for a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Responsible {
    pub(crate) name: Option<String>,
    pub(crate) member_id: Option<Uuid>,
    pub(crate) account_id: Option<Uuid>,
    pub(crate) email: Option<String>,
}

impl Responsible {
    /// The id by which the person is chosen: the seat's, else the account's.
    pub(crate) fn id(&self) -> Option<Uuid> {
        self.member_id.or(self.account_id)
    }
}

impl TaskRow {
    /// Whether it is to be done.
    pub(crate) fn is_open(&self) -> bool {
        self.state == TaskState::Open
    }

    /// The same with somebody else to answer for it.
    pub(crate) fn given_to(self, who: Responsible) -> Self {
        Self { responsible: who.name, member_id: who.member_id, account_id: who.account_id, email: who.email, ..self }
    }
}

/// Something that happened to a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskEventRow {
    pub(crate) id: Uuid,
    pub(crate) task_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) actor_name: Option<String>,
    pub(crate) text: String,
}

/// A reminder that went out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReminderRow {
    pub(crate) task_id: Uuid,
    #[serde(with = "iso_date")]
    pub(crate) due_on: Date,
    #[serde(with = "iso_date")]
    pub(crate) slot: Date,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
}
