//! What is counted, what is promised, and what was found.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Where an indicator's figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IndicatorKind {
    /// The platform computes it from a measure.
    Computed,
    /// The committee records it, with evidence.
    Recorded,
}

/// How often an indicator's target has to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Cadence {
    /// Every week, from Monday to Sunday.
    PerWeek,
    /// Every half year.
    PerSemester,
    /// Every year.
    PerYear,
    /// Once, by the end of the plan's period.
    WholePeriod,
}

/// What sort of figure an indicator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum IndicatorSort {
    /// How many there were in a period.
    Count,
    /// What part of a whole, percent from 0 to 100.
    Share,
    /// How often something is done, told by the days since it was done last.
    Frequency,
    /// Whether something is so: 1 or 0.
    YesNo,
    /// Any other figure.
    Number,
}

/// How the figure of a period is made of what was measured in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Accumulation {
    /// What was measured is added up.
    Sum,
    /// The last measurement counts.
    Latest,
    /// It must stay at the target or above: the lowest measurement counts.
    Hold,
    /// It must go down to the target or not exceed it: the last measurement counts, and of a frequency the highest.
    Reduce,
}

/// The target of one year.
#[derive(Debug, Clone, Copy, PartialEq, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearTarget {
    /// The year.
    pub(crate) year: i32,
    /// What is to be reached in it, in the indicator's unit.
    pub(crate) value: f64,
}

/// What is counted, and what is promised.
#[derive(Debug, Clone)]
pub(crate) struct IndicatorRow {
    pub(crate) id: Uuid,
    pub(crate) action_line: i32,
    pub(crate) place: i32,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) target: Option<String>,
    pub(crate) target_value: Option<f64>,
    pub(crate) unit: Option<String>,
    pub(crate) cadence: Option<Cadence>,
    pub(crate) kind: IndicatorKind,
    pub(crate) measure: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) sort: IndicatorSort,
    pub(crate) accumulation: Accumulation,
    pub(crate) baseline: Option<f64>,
    pub(crate) baseline_on: Option<Date>,
    pub(crate) targets: Json<Vec<YearTarget>>,
    pub(crate) responsible: Option<String>,
    pub(crate) evidence: Option<String>,
}

/// A figure that was recorded, or computed day by day.
#[derive(Debug, Clone)]
pub(crate) struct MeasurementRow {
    pub(crate) id: Uuid,
    pub(crate) indicator_id: Uuid,
    /// None where the measure failed: unknown, which is not zero.
    pub(crate) value: Option<f64>,
    pub(crate) at: OffsetDateTime,
    pub(crate) source: String,
    pub(crate) evidence: Option<String>,
    pub(crate) recorded_by: Option<Uuid>,
    /// How many files proved it when it was recorded.
    pub(crate) files: i32,
    pub(crate) withdrawn_at: Option<OffsetDateTime>,
    pub(crate) withdrawn_by: Option<Uuid>,
    pub(crate) withdrawn_reason: Option<String>,
    /// Whether what proved it is still there.
    pub(crate) proven: bool,
}

/// Whether something proves a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Support {
    /// The platform computed it: the facts behind it are its proof.
    Computed,
    /// A text, an address or a file proves it.
    Proven,
    /// It was recorded without evidence.
    None,
    /// What proved it was removed since.
    Removed,
}

impl MeasurementRow {
    /// Whether something proves it.
    pub(crate) fn support(&self) -> Support {
        match (self.source.starts_with("measure:"), self.evidence.is_some() || self.files > 0) {
            (true, _) => Support::Computed,
            (false, false) => Support::None,
            (false, true) if self.proven => Support::Proven,
            (false, true) => Support::Removed,
        }
    }
}

/// The figure of a period that has ended: entry 0 is the lock, the next ones are corrections.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PeriodRow {
    pub(crate) indicator_id: Uuid,
    pub(crate) starts_on: Date,
    pub(crate) entry: i32,
    pub(crate) ends_on: Date,
    pub(crate) value: Option<f64>,
    pub(crate) target: Option<f64>,
    pub(crate) measured_at: Option<OffsetDateTime>,
    pub(crate) locked_at: OffsetDateTime,
    pub(crate) source: String,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<String>,
    pub(crate) by_id: Option<Uuid>,
}

/// What was measured in a span, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Gathered {
    pub(crate) count: i64,
    pub(crate) sum: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
    pub(crate) last: f64,
    pub(crate) last_at: Option<OffsetDateTime>,
}

/// How far a plan, an action line or a phase has come in a month.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProgressRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) month: String,
    pub(crate) framework: String,
    pub(crate) scope: String,
    pub(crate) title: String,
    pub(crate) place: i32,
    pub(crate) percent: Option<f64>,
    pub(crate) target: Option<f64>,
    pub(crate) known: i32,
    pub(crate) total: i32,
    pub(crate) counted_at: OffsetDateTime,
}
