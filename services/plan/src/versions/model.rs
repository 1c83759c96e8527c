//! Versions of a plan, what differs between two of them, and the act that puts one in force.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::text::document::Document;

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// How a version of a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VersionState {
    /// The committee is writing it.
    Draft,
    /// It is the plan's present text.
    InForce,
    /// A later version has taken its place.
    Superseded,
}

/// What sort of act adopts a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActKind {
    /// Decreto municipal.
    Decree,
    /// Resolución.
    Resolution,
    /// Acuerdo of the council.
    CouncilAgreement,
    /// Acta of the committee.
    Minutes,
    /// Another.
    Other,
}

/// The act that adopts a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Act {
    pub(crate) kind: ActKind,
    pub(crate) number: String,
    #[serde(with = "day")]
    pub(crate) date: Date,
    pub(crate) authority: String,
}

/// Who signed a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) post: String,
    pub(crate) organ: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) signed_at: OffsetDateTime,
    /// The account that signed here; null for one who signed the act on paper.
    pub(crate) account: Option<Uuid>,
}

/// An activity that was done when its version was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    pub(crate) action: i32,
    pub(crate) text: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) evidence: Option<String>,
}

/// A version but for its text.
#[derive(Debug, Clone)]
pub(crate) struct VersionRow {
    pub(crate) plan_key: String,
    pub(crate) number: i32,
    pub(crate) state: VersionState,
    pub(crate) reason: Option<String>,
    pub(crate) act: Option<Json<Act>>,
    pub(crate) signatures: Json<Vec<Signature>>,
    pub(crate) changed_at: OffsetDateTime,
    pub(crate) adopted_at: Option<OffsetDateTime>,
    pub(crate) adopted_by: Option<Uuid>,
}

/// The text of a version, and what was done of it.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) document: Json<Document>,
    pub(crate) done: Json<Vec<Done>>,
}

/// A plan in force among those of the municipality.
#[derive(Debug, Clone)]
pub(crate) struct PlanOfPeriod {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) number: i32,
    pub(crate) from_year: Option<i32>,
    pub(crate) to_year: Option<i32>,
    /// Whether it is the one in the tables, which is measured.
    pub(crate) measured: bool,
}

/// What became of a part of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is there no more.
    Removed,
    /// It says something else.
    Changed,
}

/// One difference between two texts of a plan.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct PlanChange {
    /// What became of it.
    pub(crate) kind: ChangeKind,
    /// Which part of the plan, in Spanish.
    pub(crate) place: String,
    /// What it said; null where it was not there.
    pub(crate) before: Option<String>,
    /// What it says; null where it is no more.
    pub(crate) after: Option<String>,
}

/// A contradiction in a draft.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct PlanProblem {
    /// Which part of the plan, in Spanish.
    pub(crate) place: String,
    /// What is wrong and how to mend it, in Spanish.
    pub(crate) message: String,
    /// The screen where it is mended.
    pub(crate) path: String,
}
