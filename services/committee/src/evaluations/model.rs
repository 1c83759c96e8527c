//! Evaluations, surveys and campaigns.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::rules::iso_date;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EvaluationKind {
    /// A look at real data of what was reached.
    Evaluation,
    /// Citizens were asked.
    Survey,
    /// The site was made known.
    Campaign,
}

/// The two activities with which the plan closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClosingPurpose {
    /// To evaluate how citizens use the site.
    UseEvaluation,
    /// To make the site known to citizens.
    Socialisation,
}

/// An evaluation, a survey or a campaign, as the database and the pack keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluationRow {
    pub(crate) id: Uuid,
    pub(crate) kind: EvaluationKind,
    pub(crate) title: String,
    pub(crate) closing: Option<ClosingPurpose>,
    #[serde(with = "iso_date")]
    pub(crate) held_from: Date,
    #[serde(with = "iso_date")]
    pub(crate) held_until: Date,
    pub(crate) method: String,
    pub(crate) people: Option<i32>,
    pub(crate) result: String,
    pub(crate) figures: Option<String>,
    pub(crate) public: bool,
    pub(crate) idempotency_key: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}
