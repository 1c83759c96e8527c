//! News, pages, organs and dependencies.

use kernel::directory::Phone;
use kernel::graphql::Official;
use time::OffsetDateTime;
use uuid::Uuid;

/// A news item.
#[derive(Debug, Clone)]
pub(crate) struct NewsRow {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) organ: String,
    pub(crate) demonstration: bool,
    pub(crate) published_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) withdrawn_at: Option<OffsetDateTime>,
}

/// A page that changes seldom.
#[derive(Debug, Clone)]
pub(crate) struct PageRow {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) section: Option<String>,
    pub(crate) body: String,
    pub(crate) updated_at: OffsetDateTime,
}

/// A page that has something to read.
#[derive(Debug, Clone)]
pub(crate) struct ReadablePage {
    pub(crate) slug: String,
    pub(crate) section: Option<String>,
    pub(crate) updated_at: OffsetDateTime,
}

/// A body of the municipality that publishes in its own name.
#[derive(Debug, Clone)]
pub(crate) struct OrganRow {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) place: i32,
}

/// An office inside an organ.
#[derive(Debug, Clone)]
pub(crate) struct DependencyRow {
    pub(crate) slug: String,
    pub(crate) organ: String,
    pub(crate) name: String,
    pub(crate) functions: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) phones: sqlx::types::Json<Vec<Phone>>,
    pub(crate) email: Option<String>,
    pub(crate) hours: Option<String>,
    pub(crate) officials: sqlx::types::Json<Vec<Official>>,
    pub(crate) place: i32,
}

/// Something found.
#[derive(Debug, Clone)]
pub(crate) struct FoundRow {
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) path: String,
}
