//! Reviews, their steps, and the figures that stay with them.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::rules::Semester;

/// What a step of a review looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewTopic {
    /// The sheets of the services.
    Services,
    /// The sheets of the trámites.
    Tramites,
    /// The plan's indicators.
    Indicators,
    /// The criteria of the phases.
    Criteria,
    /// The agreements with other entities.
    Agreements,
    /// How fresh the site is.
    Site,
    /// Surveys, campaigns and evaluations.
    Evaluation,
    /// Everything else that is due.
    Pending,
}

/// What the committee makes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewDecision {
    /// It is as it should be.
    Fine,
    /// Somebody has to do something about it.
    Task,
}

/// A figure of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
#[serde(deny_unknown_fields)]
pub struct ReviewFigure {
    /// The step that it belongs to.
    pub(crate) topic: ReviewTopic,
    /// What it says, in Spanish.
    pub(crate) label: String,
    /// Its value; null when it is unknown.
    pub(crate) value: Option<f64>,
    /// Its unit, in Spanish; empty where the label says what is counted.
    pub(crate) unit: String,
}

/// A review of a semester.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewRow {
    pub(crate) id: Uuid,
    pub(crate) year: i32,
    pub(crate) semester: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) opened_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) closed_at: Option<OffsetDateTime>,
    pub(crate) closed_by: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) figures: Json<Vec<ReviewFigure>>,
}

impl ReviewRow {
    /// The semester that it looks at.
    pub(crate) fn period(&self) -> Semester {
        Semester { year: self.year, half: self.semester }
    }
}

/// What the committee made of a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepRow {
    pub(crate) review_id: Uuid,
    pub(crate) step: ReviewTopic,
    pub(crate) decision: ReviewDecision,
    pub(crate) note: Option<String>,
    pub(crate) task_id: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) actor_name: Option<String>,
}
