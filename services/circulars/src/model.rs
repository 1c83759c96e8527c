//! Circulars, what each town received of them, and the thread.

use async_graphql::{Enum, ID, InputObject};
use kernel::file::FileRow;
use kernel::graphql::LocalDate;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// To whom a circular goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CircularAudience {
    /// Every municipality of the platform.
    All,
    /// Those of some departments.
    Departments,
    /// Those of some population bands.
    Bands,
    /// Those chosen one by one.
    Chosen,
}

/// A band of population, by the limits of Ley 617 of 2000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub enum CircularBand {
    /// Up to 10,000 inhabitants.
    #[graphql(name = "UP_TO_10000")]
    UpTo10000,
    /// From 10,001 to 20,000.
    #[graphql(name = "UP_TO_20000")]
    UpTo20000,
    /// From 20,001 to 30,000.
    #[graphql(name = "UP_TO_30000")]
    UpTo30000,
    /// From 30,001 to 50,000.
    #[graphql(name = "UP_TO_50000")]
    UpTo50000,
    /// From 50,001 to 100,000.
    #[graphql(name = "UP_TO_100000")]
    UpTo100000,
    /// More than 100,000.
    #[graphql(name = "OVER_100000")]
    Over100000,
}

/// How a circular stands with a town.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum DeliveryState {
    /// It arrived, and nobody has said that it was read.
    Unread,
    /// It was read; where something is asked, the answer is still to come.
    Read,
    /// The town has answered.
    Answered,
    /// Something was asked, the date has passed and there is no answer.
    Late,
    /// The agency withdrew it; nothing is asked any more.
    Withdrawn,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CircularAuthor {
    /// The agency.
    Agency,
    /// The municipality.
    Municipality,
}

/// A circular, as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CircularRow {
    pub(crate) id: Uuid,
    pub(crate) year: i32,
    pub(crate) number: i32,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) ask: Option<String>,
    pub(crate) due_on: Option<Date>,
    pub(crate) audience_text: String,
    pub(crate) recipients: Vec<Uuid>,
    pub(crate) public: bool,
    pub(crate) sent_at: OffsetDateTime,
    pub(crate) sender_name: String,
    pub(crate) withdrawn_at: Option<OffsetDateTime>,
    pub(crate) withdraw_reason: Option<String>,
}

/// An attachment as a town downloads it from the agency's host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attachment {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: i32,
    pub(crate) url: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) attached_at: OffsetDateTime,
}

impl Attachment {
    /// The file under its whole address.
    pub(crate) fn of(file: FileRow, url: String) -> Self {
        let FileRow { id, name, media_type, bytes, attached_at, .. } = file;
        Self { id, name, media_type, bytes, url, attached_at }
    }
}

/// What a town received, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryRow {
    /// The town; in a pack it is the pack's own.
    #[serde(skip)]
    pub(crate) tenant_id: Uuid,
    pub(crate) circular_id: Uuid,
    pub(crate) year: i32,
    pub(crate) number: i32,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) ask: Option<String>,
    #[serde(with = "iso_date::option")]
    pub(crate) due_on: Option<Date>,
    pub(crate) files: sqlx::types::Json<Vec<Attachment>>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) sent_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) read_at: Option<OffsetDateTime>,
    pub(crate) reader_name: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) answered_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) withdrawn_at: Option<OffsetDateTime>,
    pub(crate) withdraw_reason: Option<String>,
}

/// A message of the thread, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageRow {
    pub(crate) id: Uuid,
    pub(crate) circular_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) author: CircularAuthor,
    pub(crate) author_name: String,
    pub(crate) text: String,
}

/// How many towns stand where with a circular.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) delivered: i64,
    pub(crate) read: i64,
    pub(crate) answered: i64,
    pub(crate) late: i64,
}

/// A circular to send.
#[derive(Debug, Clone, InputObject)]
pub struct SendCircularInput {
    /// What it is about, in a line.
    pub(crate) title: String,
    /// Its text, in Markdown.
    pub(crate) body: String,
    /// What each municipality has to answer; empty where it is for their information.
    pub(crate) ask: Option<String>,
    /// By when; only where something is asked.
    pub(crate) due_on: Option<LocalDate>,
    /// To whom it goes.
    pub(crate) audience: CircularAudience,
    /// The departments, by code, where it goes to those of departments.
    #[graphql(default)]
    pub(crate) departments: Vec<String>,
    /// The bands, where it goes to those of population bands.
    #[graphql(default)]
    pub(crate) bands: Vec<CircularBand>,
    /// The municipalities where they are chosen one by one: DIVIPOLA code or name in hosts; a text of several lines is as many.
    #[graphql(default)]
    pub(crate) municipalities: Vec<String>,
    /// Whether everybody may read it on the agency's portal.
    #[graphql(default)]
    pub(crate) public: bool,
    /// Uploads that go with it; who has their address may download them.
    pub(crate) files: Option<Vec<ID>>,
    /// Names this submission: sent again, it is the same circular.
    pub(crate) idempotency_key: String,
}
