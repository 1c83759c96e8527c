//! Entries of the catalogue: what the national base says, what the town says, and the sheet that both make.

use async_graphql::{Enum, InputObject};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What sort of thing an entry is, as SUIT tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CatalogueKind {
    /// Steps that the law regulates, to gain a right or meet an obligation.
    #[serde(alias = "Trámite")]
    Tramite,
    /// Another administrative procedure: voluntary, and normally free.
    #[serde(alias = "OPA")]
    Opa,
    /// Public information that is looked up at once and free.
    #[serde(alias = "Consulta")]
    Consulta,
    /// A service of the town.
    #[default]
    Service,
}

/// How far it can be done without coming to the town hall; each level holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AutomationLevel {
    /// The sheet tells how it is done.
    #[default]
    Informed,
    /// Its form can be downloaded.
    FormToDownload,
    /// It is asked for online.
    StartedOnline,
    /// Its state is followed online.
    FollowedOnline,
    /// What it costs is paid online.
    PaidOnline,
    /// Its result arrives online.
    ResolvedOnline,
}

/// What sort of cost it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CostKind {
    /// Free of charge.
    #[serde(alias = "gratuito")]
    Free,
    /// The tax itself, as it is assessed.
    #[serde(alias = "tributo_liquidado")]
    Tax,
    /// A rate that the municipal council sets.
    #[serde(alias = "tarifa_acuerdo_municipal")]
    MunicipalRate,
    /// Expensas: what studying an urban licence costs.
    #[serde(alias = "expensas")]
    Expensas,
    /// A rate that a regulator sets.
    #[serde(alias = "tarifa_regulada")]
    RegulatedRate,
    /// It depends on the affiliation to health insurance.
    #[serde(alias = "segun_afiliacion")]
    ByAffiliation,
    /// What the copies cost.
    #[serde(alias = "costo_reproduccion")]
    CopyCost,
}

/// Whether a base entry exists in a municipality of the sixth category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Applies {
    #[default]
    Si,
    Condicional,
    No,
}

/// How sure the national base is of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Confidence {
    Seen,
    MemoryHigh,
    MemoryMedium,
}

/// A row of the national base, `tramites.csv` or `services.csv`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Base {
    pub(crate) slug: String,
    pub(crate) name: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: CatalogueKind,
    pub(crate) dependency: String,
    #[serde(alias = "who_may_use")]
    pub(crate) who_may_ask: String,
    /// Parted by semicolons.
    pub(crate) requirements: String,
    pub(crate) cost_kind: CostKind,
    #[serde(default)]
    pub(crate) legal_term_business_days: Option<i32>,
    #[serde(default)]
    pub(crate) result: Option<String>,
    pub(crate) legal_basis: String,
    #[serde(default)]
    pub(crate) applies_to_category_6: Applies,
    /// Where the row comes from and what is doubtful in it: for the committee, not for citizens.
    #[serde(default)]
    pub(crate) note: Option<String>,
    pub(crate) confidence: Confidence,
}

/// What the town says of an entry; what is `None` is as the national base says. Also an entry of `tramites.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryRow {
    pub(crate) slug: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<CatalogueKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) applies: Option<bool>,
    #[serde(default = "yes")]
    pub(crate) published: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) automation: Option<AutomationLevel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suit_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dependency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dependency_slug: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who_may_ask: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requirements: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cost_kind: Option<CostKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cost_note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) term_business_days: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) legal_basis: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed_by: Option<String>,
    /// Left out only by a pack that was written by hand: then it is the moment of the import.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<OffsetDateTime>,
}

fn yes() -> bool {
    true
}

impl EntryRow {
    /// An entry that says nothing yet.
    pub(crate) fn silent(slug: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            name: None,
            kind: None,
            applies: None,
            published: true,
            automation: None,
            suit_number: None,
            dependency: None,
            dependency_slug: None,
            who_may_ask: None,
            requirements: None,
            cost_kind: None,
            cost_note: None,
            term_business_days: None,
            result: None,
            legal_basis: None,
            note: None,
            confirmed_at: None,
            confirmed_by: None,
            updated_at: None,
        }
    }
}

/// An entry of a town's catalogue: the town's words over those of the national base; at least one of both is there.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) base: Option<&'static Base>,
    pub(crate) entry: EntryRow,
}

/// Whether citizens see an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum EntryState {
    /// Its sheet is public.
    Published,
    /// It exists, and its sheet is kept off the site.
    Withdrawn,
    /// It does not exist in this town.
    NotApplicable,
}

/// What the committee has to do about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ReviewState {
    /// Nobody answers for what it says: cost, term and requirements read «por confirmar».
    ToConfirm,
    /// Nobody of the town has reviewed it in the last 180 days.
    ToReview,
    /// Confirmed and reviewed.
    UpToDate,
    /// It is not public.
    Hidden,
}

/// A sheet as the committee confirms it, whole.
#[derive(Debug, Clone, InputObject)]
pub struct ConfirmEntryInput {
    /// The entry.
    pub(crate) slug: String,
    /// The dependency that attends to it; the national base's when left out.
    pub(crate) dependency: Option<String>,
    /// The dependency's name in the directory's addresses.
    pub(crate) dependency_slug: Option<String>,
    /// Who may ask for it; cannot be missing.
    pub(crate) who_may_ask: Option<String>,
    /// What must be brought; each line is one requirement. None means that nothing is asked for.
    pub(crate) requirements: Option<Vec<String>>,
    /// What sort of cost it has; cannot be missing.
    pub(crate) cost_kind: Option<CostKind>,
    /// The amount, or how it is worked out.
    pub(crate) cost_note: Option<String>,
    /// Working days until the answer; 0 is at once. Only a service may do without.
    pub(crate) term_business_days: Option<i32>,
    /// What one gets. Only a service may do without.
    pub(crate) result: Option<String>,
    /// The law it rests on; cannot be missing.
    pub(crate) legal_basis: Option<String>,
    /// The municipality's own number in SUIT, with or without its T.
    pub(crate) suit_number: Option<String>,
    /// How far it can be done online; as it was when left out.
    pub(crate) automation: Option<AutomationLevel>,
    /// What citizens should know besides.
    pub(crate) note: Option<String>,
}
