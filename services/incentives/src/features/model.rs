//! Evidence and featured sites.

use async_graphql::SimpleObject;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// What was last measured of a town.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvidenceRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) name: String,
    pub(crate) value: Option<f64>,
    pub(crate) at: OffsetDateTime,
}

/// A line of the evidence: what was measured, and the points that it gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
#[serde(deny_unknown_fields)]
pub struct EvidenceLine {
    /// The platform's name of the measure.
    pub(crate) measure: String,
    /// What is measured, in Spanish.
    pub(crate) title: String,
    /// The value; null where there is nothing to measure yet.
    pub(crate) value: Option<f64>,
    /// Its unit, in Spanish.
    pub(crate) unit: String,
    /// The points that it gives.
    pub(crate) points: i32,
    /// The most that it can give.
    pub(crate) most: i32,
    /// What gives all of them, in Spanish.
    pub(crate) goal: String,
}

/// A site that the agency featured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FeatureRow {
    pub(crate) slug: String,
    pub(crate) municipality_id: Uuid,
    pub(crate) reason: String,
    pub(crate) points: i32,
    pub(crate) evidence: Json<Vec<EvidenceLine>>,
    pub(crate) featured_at: OffsetDateTime,
    pub(crate) withdrawn_at: Option<OffsetDateTime>,
    pub(crate) withdraw_reason: Option<String>,
}
