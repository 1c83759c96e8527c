//! Calls, nominations, scores and places.

use std::collections::BTreeMap;

use async_graphql::{Enum, InputObject, SimpleObject};
use kernel::graphql::LocalDate;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// How a call stands, as its dates say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CallStage {
    /// It has not opened.
    Upcoming,
    /// Nominations are received.
    Open,
    /// It has closed; the jury decides.
    Judging,
    /// Its results are published.
    Decided,
}

/// Something that is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[serde(deny_unknown_fields)]
pub struct AwardCriterion {
    /// Its name in addresses and answers.
    pub(crate) key: String,
    /// What it is called.
    pub(crate) title: String,
    /// What a nomination has to tell.
    pub(crate) ask: String,
    /// Its weight, in percent.
    pub(crate) weight: i32,
}

/// A place of the results, as it was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    pub(crate) position: i32,
    pub(crate) municipality: Uuid,
    pub(crate) title: String,
    pub(crate) total: f64,
    pub(crate) prize: Option<String>,
}

/// A call, as the database keeps it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CallRow {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) criteria: Json<Vec<AwardCriterion>>,
    pub(crate) prizes: Vec<String>,
    pub(crate) opens_on: Date,
    pub(crate) closes_on: Date,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) results: Option<Json<Vec<Place>>>,
    pub(crate) results_note: Option<String>,
    pub(crate) results_at: Option<OffsetDateTime>,
}

/// A nomination, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NominationRow {
    /// The town; in a pack it is the pack's own.
    #[serde(skip)]
    pub(crate) tenant_id: Uuid,
    pub(crate) call: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) answers: Json<BTreeMap<String, String>>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) submitted_at: Option<OffsetDateTime>,
}

/// What one juror gave a nomination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScoreRow {
    pub(crate) call: String,
    pub(crate) municipality_id: Uuid,
    pub(crate) juror_id: Uuid,
    pub(crate) juror_name: String,
    pub(crate) points: Vec<i32>,
    pub(crate) note: Option<String>,
    pub(crate) scored_at: OffsetDateTime,
}

/// A call, new or changed.
#[derive(Debug, Clone, InputObject)]
pub struct KeepAwardCallInput {
    /// The call to change, by its name in addresses; a new one when empty.
    pub(crate) slug: Option<String>,
    /// What it is called.
    pub(crate) title: String,
    /// Its terms, in Markdown.
    pub(crate) body: String,
    /// What is judged, one a line: `30 | Impacto | A cuántas personas les cambió algo`. The weights add up to 100.
    pub(crate) criteria: String,
    /// What each place wins, one a line, the first first.
    pub(crate) prizes: String,
    /// The first day for nominations.
    pub(crate) opens_on: LocalDate,
    /// The last day for nominations.
    pub(crate) closes_on: LocalDate,
}
