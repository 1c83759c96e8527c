//! Cases, what happens to them, and the petition that opens one.

use async_graphql::{Enum, InputObject};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// How far a case has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaseState {
    /// It has its radicado; nobody has taken it yet.
    Received,
    /// Somebody is working on it.
    InProgress,
    /// It has its answer.
    Answered,
    /// It was closed without an answer on the merits, as when it is withdrawn.
    Closed,
}

impl CaseState {
    /// Whether it still waits for its answer.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::InProgress)
    }
}

/// What somebody files, as typed.
#[derive(Debug, Clone, PartialEq, Eq, InputObject)]
#[graphql(name = "FilePetitionInput")]
pub struct Petition {
    /// What is filed: a code of `petitionKinds`.
    pub(crate) kind: String,
    /// What it is about, at most 120 letters; taken from the body when empty.
    pub(crate) subject: String,
    /// What happened and what is asked for.
    pub(crate) body: String,
    /// Who files; needed unless anonymous.
    pub(crate) name: Option<String>,
    /// Where the answer is sent, if anywhere.
    pub(crate) email: Option<String>,
    /// Whether the person stays unnamed; name and e-mail are then not kept.
    pub(crate) anonymous: bool,
    /// Names this submission: sent again, it is the same case with the same radicado and code.
    pub(crate) idempotency_key: String,
}

/// A case, as the database and the pack keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseRow {
    pub(crate) id: Uuid,
    pub(crate) radicado: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) anonymous: bool,
    pub(crate) idempotency_key: String,
    pub(crate) code_hash: String,
    pub(crate) state: CaseState,
    pub(crate) dependency: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) opened_at: OffsetDateTime,
    #[serde(with = "iso_date")]
    pub(crate) received_on: Date,
    #[serde(with = "iso_date::option")]
    pub(crate) due_on: Option<Date>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) answered_at: Option<OffsetDateTime>,
    pub(crate) answer: Option<String>,
    /// Who has it in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taken_by: Option<Uuid>,
}

impl CaseRow {
    /// Whether it was filed with exactly this petition.
    pub(crate) fn is_of(&self, petition: &Petition) -> bool {
        self.kind == petition.kind
            && self.subject == petition.subject
            && self.body == petition.body
            && self.name == petition.name
            && self.email == petition.email
            && self.anonymous == petition.anonymous
    }
}

/// Something that happened to a case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventRow {
    pub(crate) id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) text: String,
    pub(crate) public: bool,
    pub(crate) actor_id: Option<Uuid>,
}

/// The last consecutive of a year.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CounterRow {
    pub(crate) year: i32,
    pub(crate) last: i64,
}
