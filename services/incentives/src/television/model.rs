//! Experiences and broadcasts.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// How an experience stands with the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum BroadcastState {
    /// The agency did not take it, and said why.
    Declined,
    /// It will be made; the date is still to come.
    Accepted,
    /// It has a date.
    Scheduled,
    /// It can be seen, with its transcript.
    Published,
}

/// An experience, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExperienceRow {
    /// The town; in a pack it is the pack's own.
    #[serde(skip)]
    pub(crate) tenant_id: Uuid,
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) story: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) proposed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) withdrawn_at: Option<OffsetDateTime>,
}

/// What the agency decided about an experience, and the programme made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BroadcastRow {
    pub(crate) slug: String,
    pub(crate) municipality_id: Uuid,
    pub(crate) experience_id: Uuid,
    pub(crate) title: String,
    pub(crate) accepted: bool,
    pub(crate) reason: String,
    pub(crate) decided_at: OffsetDateTime,
    pub(crate) airs_on: Option<Date>,
    pub(crate) summary: Option<String>,
    pub(crate) video_url: Option<String>,
    pub(crate) transcript: Option<String>,
    pub(crate) published_at: Option<OffsetDateTime>,
}

impl BroadcastRow {
    /// How it stands.
    pub(crate) fn state(&self) -> BroadcastState {
        match (self.accepted, self.published_at, self.airs_on) {
            (false, ..) => BroadcastState::Declined,
            (true, Some(_), _) => BroadcastState::Published,
            (true, None, Some(_)) => BroadcastState::Scheduled,
            (true, None, None) => BroadcastState::Accepted,
        }
    }
}
