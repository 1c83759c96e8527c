//! National frameworks of phases and criteria, and how they stand in a municipality.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

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

/// Which criteria are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CriterionFilter {
    /// Those that concern the municipality and are not wholly met.
    Unmet,
    /// Those without which the phase cannot be read as fulfilled.
    Essential,
    /// Those that the platform answers by a measure.
    Computed,
    /// Those whose state the viewer set.
    Mine,
}

/// How a phase stands against the municipality's own target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PhaseGoal {
    /// The municipality set no target for it: neither reached nor missed.
    NoTarget,
    /// Nobody has answered any of its criteria.
    Unknown,
    /// The percentage is there, and essential criteria are missing: it is not fulfilled.
    EssentialMissing,
    /// Reached.
    Reached,
    /// Not reached, and the deadline is still to come.
    UnderWay,
    /// Not reached, and the deadline has passed.
    Late,
}

/// How much work it is to meet a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Enum, Deserialize)]
#[serde(try_from = "u8")]
pub enum Effort {
    /// An hour or two of one person.
    Low,
    /// A few days, or two offices.
    Medium,
    /// Weeks, or somebody outside the town hall.
    High,
}

impl TryFrom<u8> for Effort {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        [Self::Low, Self::Medium, Self::High].get(usize::from(number).wrapping_sub(1)).copied().ok_or_else(|| format!("esfuerzo {number}"))
    }
}

impl Effort {
    /// By how much it divides what is gained.
    pub(crate) fn weight(self) -> f64 {
        match self {
            Self::Low => 1.0,
            Self::Medium => 2.0,
            Self::High => 3.0,
        }
    }
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
    pub(crate) framework: String,
    pub(crate) version: i32,
    pub(crate) code: String,
    pub(crate) state: CriterionState,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<String>,
    /// The address of this site that proved it when it was said.
    pub(crate) evidence_path: Option<String>,
    /// How many files proved it when it was said.
    pub(crate) files: i32,
    pub(crate) by_id: Option<Uuid>,
    pub(crate) by_name: Option<String>,
    pub(crate) at: OffsetDateTime,
}

/// What a person found, and whether its proof is still there.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    pub(crate) row: CriterionRow,
    pub(crate) supported: bool,
}

/// What the measure of a criterion said at the last reading.
#[derive(Debug, Clone)]
pub(crate) struct FindingRow {
    pub(crate) code: String,
    pub(crate) state: Option<CriterionState>,
    pub(crate) value: Option<f64>,
    pub(crate) failed: bool,
    pub(crate) at: OffsetDateTime,
    pub(crate) since: OffsetDateTime,
}

/// Something that was said of a criterion.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) id: Uuid,
    pub(crate) framework: String,
    pub(crate) version: i32,
    pub(crate) code: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) state: Option<CriterionState>,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<String>,
    pub(crate) computed: bool,
    pub(crate) by_id: Option<Uuid>,
    pub(crate) by_name: Option<String>,
}

/// How far a phase had come on a day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScoreRow {
    pub(crate) framework: String,
    pub(crate) version: i32,
    pub(crate) phase: String,
    pub(crate) day: Date,
    pub(crate) percent: Option<f64>,
    pub(crate) applicable: i32,
    pub(crate) met: i32,
    pub(crate) partial: i32,
    pub(crate) unanswered: i32,
    pub(crate) essential_missing: i32,
    pub(crate) counted_at: OffsetDateTime,
}

/// A national framework of phases and criteria, in one of its versions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Framework {
    pub(crate) key: String,
    pub(crate) version: i32,
    /// What it is called for short.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) legal_basis: String,
    pub(crate) replaced_by: Option<String>,
    /// How sure we are of it, in Spanish.
    pub(crate) note: String,
    pub(crate) phases: Vec<FrameworkPhase>,
}

/// A phase of a framework and what it asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrameworkPhase {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) meaning: String,
    #[serde(default, with = "day::option")]
    pub(crate) national_deadline: Option<Date>,
    #[serde(default, with = "day::option")]
    pub(crate) deadline: Option<Date>,
    pub(crate) criteria: Vec<FrameworkCriterion>,
}

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// One thing that a phase asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrameworkCriterion {
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) group: String,
    pub(crate) kind: Kind,
    pub(crate) confidence: String,
    pub(crate) legal_basis: Option<String>,
    pub(crate) weight: f64,
    #[serde(default)]
    pub(crate) essential: bool,
    pub(crate) effort: Effort,
    /// Whether a platform can know it, both yes and no.
    pub(crate) knowable: bool,
    /// Why it can, or cannot.
    pub(crate) why: String,
    pub(crate) measure: Option<String>,
    pub(crate) met_when: Option<MetWhen>,
    /// Why it is no longer asked, since this version.
    pub(crate) retired: Option<String>,
}

/// What sort of thing a criterion asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Contenido,
    Documento,
    Estandar,
    Funcion,
    Proceso,
}

/// Which value of a measure answers a criterion with yes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetWhen {
    AtLeast(f64),
    AtMost(f64),
}

/// How a criterion was found to stand; without a state nobody knows yet.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) state: Option<CriterionState>,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<String>,
    pub(crate) at: Option<OffsetDateTime>,
    /// Since when it stands so, as far as is known.
    pub(crate) since: Option<OffsetDateTime>,
    /// Whether the platform itself answers, by a measure.
    pub(crate) computed: bool,
    /// What the measure said.
    pub(crate) value: Option<f64>,
    /// Whether the measure could not be computed.
    pub(crate) failed: bool,
    /// Whether what proved it is still there.
    pub(crate) supported: bool,
    /// The version of the framework in which a person said it.
    pub(crate) version: Option<i32>,
    pub(crate) by_id: Option<Uuid>,
    pub(crate) by_name: Option<String>,
}

impl Finding {
    /// What counts: a state whose proof is gone is as good as none.
    pub(crate) fn counts_as(&self) -> Option<CriterionState> {
        match self.state {
            Some(CriterionState::Yes | CriterionState::Partial) if !self.supported => Some(CriterionState::No),
            state => state,
        }
    }
}
