//! Entities, agreements and what they brought.

use async_graphql::{Enum, InputObject};
use kernel::graphql::LocalDate;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// How far an entity reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntityLevel {
    /// Of the municipality or its neighbours.
    Local,
    /// Of the department.
    Departmental,
    /// Of the nation.
    National,
    /// Of another country, or of several.
    International,
}

impl EntityLevel {
    /// The level as an adjective of an entity, in Spanish.
    pub(crate) fn spoken(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Departmental => "departamental",
            Self::National => "nacional",
            Self::International => "internacional",
        }
    }
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntityKind {
    /// A body of the State.
    PublicEntity,
    /// A university or another place of higher education.
    University,
    /// The Servicio Nacional de Aprendizaje.
    Sena,
    /// A company.
    Company,
    /// An organisation of the community: a board of neighbours, an association, a community radio.
    CommunityOrganisation,
}

/// How an agreement stands, as its dates say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AgreementState {
    /// Signed; it has not begun.
    Upcoming,
    /// It runs.
    InForce,
    /// It ran to its end.
    Ended,
    /// It was ended before its time, with a reason.
    EndedEarly,
    /// It was recorded by mistake, and counts nowhere.
    Annulled,
}

/// An entity, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntityRow {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) level: EntityLevel,
    pub(crate) kind: EntityKind,
    pub(crate) priority: bool,
    pub(crate) web: Option<String>,
    pub(crate) contact_name: Option<String>,
    pub(crate) contact_phone: Option<String>,
    pub(crate) contact_email: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) recorded_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}

/// An agreement, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreementRow {
    pub(crate) slug: String,
    pub(crate) entity: String,
    pub(crate) number: Option<String>,
    pub(crate) title: String,
    pub(crate) topics: Vec<String>,
    pub(crate) object: String,
    #[serde(with = "iso_date")]
    pub(crate) signed_on: Date,
    #[serde(with = "iso_date")]
    pub(crate) begins_on: Date,
    #[serde(with = "iso_date::option")]
    pub(crate) ends_on: Option<Date>,
    #[serde(with = "iso_date::option")]
    pub(crate) ended_on: Option<Date>,
    pub(crate) end_reason: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) published_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) annulled_at: Option<OffsetDateTime>,
    pub(crate) annul_reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) recorded_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}

/// Something that an agreement brought, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultRow {
    pub(crate) id: Uuid,
    /// The agreement; in a pack it stands below it.
    #[serde(skip)]
    pub(crate) agreement: String,
    #[serde(with = "iso_date")]
    pub(crate) happened_on: Date,
    pub(crate) text: String,
    pub(crate) evidence: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) recorded_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) annulled_at: Option<OffsetDateTime>,
    pub(crate) annul_reason: Option<String>,
}

/// An agreement with its entity and everything that it brought, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) agreement: AgreementRow,
    pub(crate) entity: EntityRow,
    pub(crate) results: Vec<ResultRow>,
}

/// An entity of the register, new or changed.
#[derive(Debug, Clone, InputObject)]
pub struct KeepEntityInput {
    /// The entity to change, by its name in addresses; a new one when empty.
    pub(crate) slug: Option<String>,
    /// Its name.
    pub(crate) name: String,
    /// How far it reaches.
    pub(crate) level: EntityLevel,
    /// What it is.
    pub(crate) kind: EntityKind,
    /// Whether the committee chose it as one of interest.
    #[graphql(default)]
    pub(crate) priority: bool,
    /// The address of its site.
    pub(crate) web: Option<String>,
    /// Who speaks for it; never public.
    pub(crate) contact_name: Option<String>,
    /// That person's telephone; never public.
    pub(crate) contact_phone: Option<String>,
    /// That person's e-mail; never public.
    pub(crate) contact_email: Option<String>,
}

/// An agreement, new or changed.
#[derive(Debug, Clone, InputObject)]
pub struct KeepAgreementInput {
    /// The agreement to change, by its name in addresses; a new one when empty.
    pub(crate) slug: Option<String>,
    /// The entity, by its name in addresses.
    pub(crate) entity: String,
    /// What it is called.
    pub(crate) title: String,
    /// Its number, as the municipality numbers it.
    pub(crate) number: Option<String>,
    /// What it is about; a text of several lines is as many topics.
    pub(crate) topics: Vec<String>,
    /// What was agreed.
    pub(crate) object: String,
    /// When it was signed; not later than today.
    pub(crate) signed_on: LocalDate,
    /// When it begins; on the day of its signature when empty.
    pub(crate) begins_on: Option<LocalDate>,
    /// Its last day; empty where it has no end.
    pub(crate) ends_on: Option<LocalDate>,
}

/// Something that an agreement brought.
#[derive(Debug, Clone, InputObject)]
pub struct AddAgreementResultInput {
    /// The agreement, by its name in addresses.
    pub(crate) slug: String,
    /// When it came about; not later than today.
    pub(crate) happened_on: LocalDate,
    /// What it brought.
    pub(crate) text: String,
    /// Where it is seen: an address, or the act that proves it.
    pub(crate) evidence: Option<String>,
    /// Names this submission: sent again, it is the same result.
    pub(crate) idempotency_key: String,
}
