//! The dependency as every capability shows it.

use async_graphql::SimpleObject;

use crate::directory::Phone;

/// An office inside an organ of the municipality.
#[derive(Debug, Clone, Default, SimpleObject)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Its name in addresses; null where only its name is known.
    pub slug: Option<String>,
    /// What it does.
    pub functions: Option<String>,
    /// Where it is.
    pub address: Option<String>,
    /// Telephones.
    pub phones: Vec<Phone>,
    /// E-mail.
    pub email: Option<String>,
    /// Opening hours in words.
    pub hours: Option<String>,
    /// Who works there.
    pub officials: Vec<Official>,
}

/// A person who works for an organ, as the directory publishes them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, SimpleObject)]
#[serde(deny_unknown_fields)]
pub struct Official {
    /// The person's name.
    pub name: String,
    /// The post.
    pub post: Option<String>,
    /// Institutional e-mail.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
}

impl Dependency {
    /// A dependency of which only the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}
