//! Courses, their sessions, the people in them, and certificates.

use async_graphql::{Enum, ID, InputObject};
use kernel::graphql::LocalDate;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// Whom a course is for, and where a person comes from: the three actors of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Audience {
    /// Officials of the Alcaldía.
    Alcaldia,
    /// Members and officials of the Concejo.
    Concejo,
    /// The community.
    Comunidad,
}

/// What an identity document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, sqlx::Type, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentKind {
    /// Cédula de ciudadanía.
    Cc,
    /// Tarjeta de identidad.
    Ti,
    /// Cédula de extranjería.
    Ce,
    /// Permiso por protección temporal.
    Ppt,
    /// Passport.
    Pa,
}

/// Which sessions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SessionTime {
    /// Those that have not ended, the next one first.
    Coming,
    /// Those that have ended, the latest first.
    Past,
}

/// A course, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CourseRow {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) audiences: Vec<Audience>,
    pub(crate) topics: Vec<String>,
    pub(crate) provider: String,
    pub(crate) hours: i32,
    pub(crate) agreement: Option<String>,
    pub(crate) attendance_percent: i32,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) annulled_at: Option<OffsetDateTime>,
    pub(crate) annul_reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) recorded_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}

/// A session, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRow {
    pub(crate) id: Uuid,
    /// The course; in a pack it stands below it.
    #[serde(skip)]
    pub(crate) course: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) begins_at: OffsetDateTime,
    pub(crate) minutes: i32,
    pub(crate) place: Option<String>,
    pub(crate) link: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) attendance_at: Option<OffsetDateTime>,
    pub(crate) has_material: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) cancelled_at: Option<OffsetDateTime>,
    pub(crate) cancel_reason: Option<String>,
}

/// A person in a course, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentRow {
    pub(crate) id: Uuid,
    /// The course; in a pack it stands below it.
    #[serde(skip)]
    pub(crate) course: String,
    pub(crate) audience: Audience,
    pub(crate) name: String,
    pub(crate) belongs_to: Option<String>,
    pub(crate) document_kind: Option<DocumentKind>,
    pub(crate) document_number: Option<String>,
    pub(crate) email: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) enrolled_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) annulled_at: Option<OffsetDateTime>,
    pub(crate) annul_reason: Option<String>,
}

/// A certificate, as the database and the pack keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateRow {
    pub(crate) code: String,
    /// The course; in a pack it stands below it.
    #[serde(skip)]
    pub(crate) course: String,
    pub(crate) enrolment: Uuid,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) provider: String,
    pub(crate) hours: i32,
    pub(crate) attended: i32,
    pub(crate) sessions: i32,
    #[serde(with = "iso_date")]
    pub(crate) finished_on: Date,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) issued_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) revoked_at: Option<OffsetDateTime>,
    pub(crate) revoke_reason: Option<String>,
}

/// Somebody who came to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttendanceRow {
    pub(crate) session: Uuid,
    pub(crate) enrolment: Uuid,
}

/// A course with everything in it: sessions in their order, people by name, who came, certificates.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    pub(crate) course: CourseRow,
    pub(crate) sessions: Vec<SessionRow>,
    pub(crate) people: Vec<EnrolmentRow>,
    pub(crate) attendance: Vec<AttendanceRow>,
    pub(crate) certificates: Vec<CertificateRow>,
}

/// A course, new or changed.
#[derive(Debug, Clone, InputObject)]
pub struct KeepCourseInput {
    /// The course to change, by its name in addresses; a new one when empty.
    pub(crate) slug: Option<String>,
    /// What it is called.
    pub(crate) title: String,
    /// Whom it is for; at least one.
    pub(crate) audiences: Vec<Audience>,
    /// What it is about; a text of several lines is as many topics.
    pub(crate) topics: Vec<String>,
    /// Who gives it, for instance the SENA.
    pub(crate) provider: String,
    /// How many hours it takes.
    pub(crate) hours: i32,
    /// The agreement that it comes from, by its name in addresses.
    pub(crate) agreement: Option<String>,
    /// The part of the sessions that earns a certificate, in percent; 80 when empty.
    pub(crate) attendance_percent: Option<i32>,
}

/// A session of a course, new or changed.
#[derive(Debug, Clone, InputObject)]
pub struct KeepSessionInput {
    /// The course, by its name in addresses.
    pub(crate) slug: String,
    /// The session to change; a new one when empty.
    pub(crate) id: Option<ID>,
    /// Its day.
    pub(crate) day: LocalDate,
    /// When it begins, in Bogotá, as `14:30`.
    pub(crate) hour: String,
    /// How long it takes, in minutes.
    pub(crate) minutes: i32,
    /// Where it is; place or link is needed.
    pub(crate) place: Option<String>,
    /// Where it is joined on line; place or link is needed.
    pub(crate) link: Option<String>,
    /// Names this submission: a new session sent again is the same session.
    pub(crate) idempotency_key: String,
}

/// A person to enrol.
#[derive(Debug, Clone, InputObject)]
pub struct EnrolPersonInput {
    /// The course, by its name in addresses.
    pub(crate) slug: String,
    /// The person's name.
    pub(crate) name: String,
    /// Where the person comes from.
    pub(crate) audience: Audience,
    /// The office, organ or community.
    pub(crate) belongs_to: Option<String>,
    /// What the document is; never public.
    pub(crate) document_kind: Option<DocumentKind>,
    /// The document's number; never public.
    pub(crate) document_number: Option<String>,
    /// E-mail; never public.
    pub(crate) email: Option<String>,
}

/// A pasted list of people.
#[derive(Debug, Clone, InputObject)]
pub struct EnrolListInput {
    /// The course, by its name in addresses.
    pub(crate) slug: String,
    /// One name a line; who is already in the course is left as they are.
    pub(crate) names: String,
    /// Where they come from.
    pub(crate) audience: Audience,
    /// The office, organ or community.
    pub(crate) belongs_to: Option<String>,
    /// The session to which all of them came, if the list is its attendance.
    pub(crate) session_id: Option<ID>,
}
