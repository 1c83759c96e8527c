//! The plan as signed.

use async_graphql::SimpleObject;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;

use crate::frameworks::model::PhaseRow;
use crate::indicators::model::IndicatorRow;

/// The years that a plan covers.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosingActivity {
    /// Title.
    pub(crate) title: String,
    /// The text as signed.
    pub(crate) text: String,
}

/// A row of the plan's table of technical support.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpChannel {
    /// `phone` or `email`.
    pub(crate) kind: String,
    /// The number or address, as signed.
    pub(crate) value: String,
}

/// What the national agency offers to those who advance.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanIncentive {
    /// Title.
    pub(crate) title: String,
    /// The text as signed.
    pub(crate) text: String,
}

/// The letterhead of the signed plan.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
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

/// A whole plan, read at once: it is small, and every page of it needs most of it.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    pub(crate) plan: PlanRow,
    pub(crate) action_lines: Vec<ActionLineRow>,
    pub(crate) indicators: Vec<IndicatorRow>,
    pub(crate) activities: Vec<ActivityRow>,
    pub(crate) phases: Vec<PhaseRow>,
}
