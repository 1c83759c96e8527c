//! Seats of the committee.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use crate::rules::iso_date;

/// On whose behalf somebody sits in the committee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CommitteeOrgan {
    /// The mayor's office.
    Alcaldia,
    /// The council.
    Concejo,
    /// The ombudsman's office.
    Personeria,
    /// The community.
    Community,
}

/// What somebody does in the committee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CommitteeRole {
    /// Presides over it.
    Presides,
    /// Keeps its minutes.
    Secretary,
    /// Belongs to it.
    Member,
}

/// A seat: who, since when, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) post: Option<String>,
    pub(crate) organ: CommitteeOrgan,
    pub(crate) role: CommitteeRole,
    pub(crate) account_id: Option<Uuid>,
    pub(crate) email: Option<String>,
    pub(crate) act: Option<String>,
    #[serde(with = "iso_date")]
    pub(crate) since: Date,
    #[serde(with = "iso_date::option")]
    pub(crate) until: Option<Date>,
}

impl MemberRow {
    /// Whether the person sits in the committee on that day.
    pub(crate) fn sits(&self, day: Date) -> bool {
        self.since <= day && self.until.is_none_or(|until| until >= day)
    }

    /// Whether the seat had ended on that day.
    pub(crate) fn has_left(&self, day: Date) -> bool {
        self.until.is_some_and(|until| until < day)
    }
}
