//! The identity of a municipality, as `tenant.yaml` carries it.

use kernel::directory::Phone;
use serde::{Deserialize, Serialize};

/// `tenant.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Version of the pack format.
    pub format: u32,
    /// DIVIPOLA code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Name of the mayor's office, as on its letterhead.
    pub official_name: String,
    /// Tax number.
    #[serde(default)]
    pub nit: Option<String>,
    /// Postal address.
    #[serde(default)]
    pub address: Option<String>,
    /// Postal code.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// Telephones.
    #[serde(default)]
    pub phones: Vec<Phone>,
    /// Institutional e-mail.
    #[serde(default)]
    pub email: Option<String>,
    /// Motto, as printed.
    #[serde(default)]
    pub motto: Option<String>,
    /// The office that signs.
    #[serde(default)]
    pub dispatch: Option<String>,
    /// Accent of the closed palette.
    #[serde(default = "default_accent")]
    pub accent: String,
    /// Hosts of its own, verified after import.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Whether everything in the pack is demonstration.
    #[serde(default)]
    pub demonstration: bool,
    /// Working week and closures.
    #[serde(default)]
    pub calendar: Option<serde_json::Value>,
}

fn default_accent() -> String {
    "govco".to_owned()
}

/// The closed palette of accents; each passes AA on white and on linen (design/looks).
pub(crate) const ACCENTS: [&str; 8] = ["govco", "bosque", "terracota", "paramo", "guadua", "orquidea", "cafe", "pizarra"];
