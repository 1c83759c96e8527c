//! The plan as signed, what was found of it since, and the framework that its phases answer to.

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
    /// Every week.
    PerWeek,
    /// Every year.
    PerYear,
    /// Once, by the end of the plan's period.
    WholePeriod,
}

/// How a criterion stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CriterionState {
    /// It is met.
    Yes,
    /// It is met in part, and counts half.
    Partial,
    /// It is not met, or nobody has shown that it is.
    No,
    /// It does not concern this municipality, and is left out of the count.
    NotApplicable,
}

/// The years that a plan covers.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// In words.
    pub(crate) text: Option<String>,
    /// Whether we derived it, because the plan does not state one.
    pub(crate) derived: bool,
    /// The first year.
    pub(crate) from_year: i32,
    /// The last year.
    pub(crate) to_year: i32,
}

/// What the plan wants done besides its action lines.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosingActivity {
    /// Title.
    pub(crate) title: String,
    /// The text as signed.
    pub(crate) text: String,
}

/// A row of the plan's table of technical support.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpRow {
    /// What goes wrong.
    pub(crate) problem: String,
    /// What to do about it.
    pub(crate) procedure: String,
    /// Where help is found, as signed.
    pub(crate) assistance: String,
    /// The same, channel by channel.
    pub(crate) channels: Vec<HelpChannel>,
    /// The category of the support ticket that it leads to.
    pub(crate) category: Option<String>,
    /// A remark of ours on the signed text.
    pub(crate) note: Option<String>,
}

/// A way to reach help.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpChannel {
    /// `phone` or `email`.
    pub(crate) kind: String,
    /// The number or address, as signed.
    pub(crate) value: String,
}

/// What the national agency offers to those who advance.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanIncentive {
    /// Title.
    pub(crate) title: String,
    /// The text as signed.
    pub(crate) text: String,
}

/// The letterhead of the signed plan.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letterhead {
    /// The entity, as printed.
    pub(crate) name: String,
    /// The office that signs.
    pub(crate) dispatch: Option<String>,
    /// Tax number, as printed.
    pub(crate) nit: Option<String>,
    /// Motto of the administration.
    pub(crate) motto: Option<String>,
    /// Postal address.
    pub(crate) address: Option<String>,
    /// Telephone, as printed.
    pub(crate) phone: Option<String>,
    /// E-mail.
    pub(crate) email: Option<String>,
}

/// A remark of ours on how the signed plan was read.
#[derive(Debug, Clone, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanNote {
    /// What it is about: a key of the plan, or `action_lines.<number>`.
    pub(crate) about: String,
    /// The remark.
    pub(crate) note: String,
    /// The words as signed, where they differ.
    pub(crate) signed: Option<String>,
}

/// The plan but for its action lines and phases.
#[derive(Debug, Clone)]
pub(crate) struct PlanRow {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) framework: String,
    pub(crate) period: Option<Json<Period>>,
    pub(crate) legal_frame: String,
    pub(crate) vision: String,
    pub(crate) general_objective: String,
    pub(crate) specific_objectives: Vec<String>,
    pub(crate) framework_lines: Vec<String>,
    pub(crate) closing_activities: Json<Vec<ClosingActivity>>,
    pub(crate) help_table: Json<Vec<HelpRow>>,
    pub(crate) incentives: Json<Vec<PlanIncentive>>,
    pub(crate) signed_by: String,
    pub(crate) letterhead: Json<Letterhead>,
    pub(crate) notes: Json<Vec<PlanNote>>,
}

/// A row of the plan's matrix.
#[derive(Debug, Clone)]
pub(crate) struct ActionLineRow {
    pub(crate) number: i32,
    pub(crate) title: String,
    pub(crate) benefits: Vec<String>,
    pub(crate) responsibles: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) duration_text: String,
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
}

/// Something to do for an action line.
#[derive(Debug, Clone)]
pub(crate) struct ActivityRow {
    pub(crate) action_line: i32,
    pub(crate) number: i32,
    pub(crate) text: String,
    pub(crate) responsibles: Option<Vec<String>>,
    pub(crate) done_at: Option<OffsetDateTime>,
    pub(crate) evidence: Option<String>,
}

/// A phase as this plan dates it.
#[derive(Debug, Clone)]
pub(crate) struct PhaseRow {
    pub(crate) key: String,
    pub(crate) place: i32,
    pub(crate) name: String,
    pub(crate) national_deadline: Date,
    pub(crate) deadline: Date,
    pub(crate) target: Option<f64>,
}

/// What a person found of a criterion.
#[derive(Debug, Clone)]
pub(crate) struct CriterionRow {
    pub(crate) code: String,
    pub(crate) state: CriterionState,
    pub(crate) evidence: Option<String>,
    pub(crate) by_id: Option<Uuid>,
    pub(crate) at: OffsetDateTime,
}

/// A figure that was recorded, or computed and locked.
#[derive(Debug, Clone)]
pub(crate) struct MeasurementRow {
    pub(crate) id: Uuid,
    pub(crate) indicator_id: Uuid,
    pub(crate) value: f64,
    pub(crate) at: OffsetDateTime,
    pub(crate) source: String,
    pub(crate) evidence: Option<String>,
    pub(crate) recorded_by: Option<Uuid>,
}

/// A whole plan, read at once: it is small, and every page of it needs most of it.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) plan: PlanRow,
    pub(crate) action_lines: Vec<ActionLineRow>,
    pub(crate) indicators: Vec<IndicatorRow>,
    pub(crate) activities: Vec<ActivityRow>,
    pub(crate) phases: Vec<PhaseRow>,
}

/// A national framework of phases and criteria.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Framework {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) legal_basis: String,
    pub(crate) phases: Vec<FrameworkPhase>,
}

/// A phase of a framework and what it asks.
#[derive(Debug, Deserialize)]
pub(crate) struct FrameworkPhase {
    pub(crate) key: String,
    pub(crate) meaning: String,
    pub(crate) criteria: Vec<FrameworkCriterion>,
}

/// One thing that a phase asks.
#[derive(Debug, Deserialize)]
pub(crate) struct FrameworkCriterion {
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) group: String,
    pub(crate) measure: Option<String>,
    pub(crate) met_when: Option<MetWhen>,
}

/// Which value of a measure answers a criterion with yes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetWhen {
    AtLeast(f64),
    AtMost(f64),
}

/// How a criterion was found to stand; without a state nobody knows yet.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) state: Option<CriterionState>,
    pub(crate) evidence: Option<String>,
    pub(crate) at: Option<OffsetDateTime>,
    /// Whether the platform itself answers, by a measure.
    pub(crate) computed: bool,
}
