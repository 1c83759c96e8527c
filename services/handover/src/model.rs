//! Handovers, their lists, their people and their document.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// Why whoever led the municipality leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandoverCause {
    /// The term is over.
    TermEnds,
    /// They resigned.
    Resignation,
    /// They are absent, for a while or for good.
    Absence,
    /// They died.
    Death,
    /// Another cause, told in the note.
    Other,
}

impl HandoverCause {
    /// The cause in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::TermEnds => "Fin del periodo",
            Self::Resignation => "Renuncia",
            Self::Absence => "Falta temporal o absoluta",
            Self::Death => "Muerte",
            Self::Other => "Otra causa",
        }
    }
}

/// How far a handover has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandoverState {
    /// Its list is being filled.
    Open,
    /// One side has signed: its document is frozen.
    Signing,
    /// Both sides have signed.
    Signed,
    /// The public reads its document.
    Published,
    /// The act has passed everything on.
    Closed,
    /// It was called off.
    Cancelled,
}

impl HandoverState {
    /// Whether something is still to be done about it.
    pub(crate) fn running(self) -> bool {
        !matches!(self, Self::Closed | Self::Cancelled)
    }
}

/// How far an item of the list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandoverItemState {
    /// It is still to be filled.
    Pending,
    /// It is ready to be handed over.
    Ready,
    /// There is nothing of the kind, for a reason that is given.
    NotApplicable,
}

/// For which side somebody signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandoverSide {
    /// Who hands over.
    Outgoing,
    /// Who receives.
    Incoming,
}

/// What happened to a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandoverEvent {
    /// It began.
    Opened,
    /// A side signed.
    Signed,
    /// It was taken up again after a signature, and both signatures fell.
    Reopened,
    /// Its document was published.
    Published,
    /// It was told to the community.
    Socialised,
    /// Who received verified it on the spot.
    Verified,
    /// The act passed everything on.
    Closed,
    /// It was called off.
    Cancelled,
}

/// A handover (glossary: empalme).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoverRow {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) term: String,
    pub(crate) cause: HandoverCause,
    pub(crate) note: Option<String>,
    #[serde(with = "iso_date")]
    pub(crate) leaves_on: Date,
    pub(crate) state: HandoverState,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) opened_at: OffsetDateTime,
    pub(crate) opened_by: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) touched_at: OffsetDateTime,
    pub(crate) outgoing_id: Option<Uuid>,
    pub(crate) incoming_id: Option<Uuid>,
    pub(crate) frozen: Option<String>,
    pub(crate) frozen_hash: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) frozen_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) published_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) closed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) cancelled_at: Option<OffsetDateTime>,
}

impl HandoverRow {
    /// Whether it opened by itself, for the term ends.
    pub(crate) fn by_itself(&self) -> bool {
        self.cause == HandoverCause::TermEnds && self.opened_by.is_none()
    }
}

/// An item of a handover's list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemRow {
    pub(crate) key: String,
    pub(crate) place: i32,
    pub(crate) heading: Option<i32>,
    pub(crate) title: String,
    pub(crate) ask: String,
    pub(crate) shows: Vec<String>,
    pub(crate) owner_id: Option<Uuid>,
    pub(crate) state: HandoverItemState,
    pub(crate) reason: Option<String>,
    pub(crate) note: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) updated_by: Option<Uuid>,
}

/// Somebody who comes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncomingRow {
    pub(crate) account_id: Uuid,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) post: Option<String>,
    pub(crate) role: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) enrolled_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) signed_in_at: Option<OffsetDateTime>,
}

/// Somebody of today's team, and whether they leave.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DepartureRow {
    pub(crate) account_id: Uuid,
    pub(crate) leaves: Option<bool>,
    pub(crate) successor_id: Option<Uuid>,
}

/// A signature under the frozen document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureRow {
    pub(crate) side: HandoverSide,
    pub(crate) account_id: Uuid,
    pub(crate) name: String,
    pub(crate) post: String,
    pub(crate) document_number: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) signed_at: OffsetDateTime,
    pub(crate) hash: String,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogRow {
    pub(crate) id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) kind: HandoverEvent,
    pub(crate) text: String,
    #[serde(with = "iso_date::option")]
    pub(crate) happened_on: Option<Date>,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) actor_name: Option<String>,
}

/// An administration of the municipality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdministrationRow {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) started_at: OffsetDateTime,
    pub(crate) label: String,
}

/// A handover with everything that belongs to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whole {
    pub(crate) handover: HandoverRow,
    pub(crate) items: Vec<ItemRow>,
    pub(crate) incoming: Vec<IncomingRow>,
    pub(crate) departures: Vec<DepartureRow>,
    pub(crate) signatures: Vec<SignatureRow>,
    pub(crate) log: Vec<LogRow>,
}

/// What the two sides sign: the acta under its legal headings, and the annex. Frozen, it is exactly this and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct HandoverDocument {
    /// Under each heading, in the order of the law; the annex last.
    pub sections: Vec<HandoverSection>,
}

/// A heading of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct HandoverSection {
    /// Its number in the acta; null for the annex.
    pub number: Option<i32>,
    /// Its title.
    pub title: String,
    /// How sure we are of number and title: `seen` or `memory`; null for the annex, which is ours.
    pub confidence: Option<String>,
    /// What is handed over under it.
    pub entries: Vec<HandoverEntry>,
}

/// What is handed over: words, figures, lists and evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct HandoverEntry {
    /// The item's key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// How far it has come.
    pub state: HandoverItemState,
    /// Why it does not apply.
    pub reason: Option<String>,
    /// What was written about it.
    pub note: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Figures that the platform measured.
    pub figures: Vec<HandoverFigure>,
    /// Lists that the platform keeps.
    pub lists: Vec<HandoverList>,
    /// Attached files, by name and hash.
    pub evidence: Vec<HandoverEvidence>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct HandoverFigure {
    /// What it says.
    pub label: String,
    /// Its value with its unit, in words.
    pub value: String,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct HandoverList {
    /// Its title.
    pub title: String,
    /// Its lines.
    pub lines: Vec<HandoverLine>,
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct HandoverLine {
    /// What it is.
    pub title: String,
    /// How it stands.
    pub detail: String,
    /// Until when it is due, ISO 8601; null where it has no date.
    pub due_on: Option<String>,
}

/// An attached file, as the document proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct HandoverEvidence {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its content.
    pub sha256: String,
}
