//! The municipality as every capability shows it, answered from the directory in memory.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, SimpleObject};
use uuid::Uuid;

use crate::directory::{Phone, TenantEntry};
use crate::graphql::{Cx, GqlResult};

/// A department of the country (DIVIPOLA).
#[derive(Debug, Clone, SimpleObject)]
pub struct Department {
    /// Two digits.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// Municipalities of like size, by the bounds of Ley 617 de 2000 for inhabitants. The category itself also rests on income, which nobody
/// has entered here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, async_graphql::Enum)]
pub enum PopulationBand {
    /// Up to 10.000 inhabitants.
    #[graphql(name = "UP_TO_10000")]
    UpTo10000,
    /// From 10.001 to 20.000 inhabitants.
    #[graphql(name = "UP_TO_20000")]
    UpTo20000,
    /// From 20.001 to 30.000 inhabitants.
    #[graphql(name = "UP_TO_30000")]
    UpTo30000,
    /// From 30.001 to 50.000 inhabitants.
    #[graphql(name = "UP_TO_50000")]
    UpTo50000,
    /// From 50.001 to 100.000 inhabitants.
    #[graphql(name = "UP_TO_100000")]
    UpTo100000,
    /// From 100.001 to 500.000 inhabitants.
    #[graphql(name = "UP_TO_500000")]
    UpTo500000,
    /// More than 500.000 inhabitants.
    #[graphql(name = "OVER_500000")]
    Over500000,
}

impl PopulationBand {
    /// The band of a number of inhabitants.
    pub fn of(population: i32) -> Self {
        match population {
            ..=10_000 => Self::UpTo10000,
            10_001..=20_000 => Self::UpTo20000,
            20_001..=30_000 => Self::UpTo30000,
            30_001..=50_000 => Self::UpTo50000,
            50_001..=100_000 => Self::UpTo100000,
            100_001..=500_000 => Self::UpTo500000,
            _ => Self::Over500000,
        }
    }
}

/// A municipality of Colombia, a tenant of the platform.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct Municipality {
    #[graphql(skip)]
    id: Uuid,
    /// DIVIPOLA code, five digits.
    code: String,
    /// Its name.
    name: String,
    /// Its name in hosts.
    slug: String,
    /// The name of its mayor's office, as on its letterhead.
    official_name: String,
    /// Its department.
    department: Department,
    /// Tax number of the mayor's office.
    nit: Option<String>,
    /// The office that signs, as on the letterhead.
    dispatch: Option<String>,
    /// Postal address of the main seat.
    address: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// Telephones.
    phones: Vec<Phone>,
    /// Institutional e-mail.
    email: Option<String>,
    /// Motto of the administration, as printed.
    motto: Option<String>,
    /// Inhabitants (DANE projection).
    population: Option<i32>,
    /// Whether it takes part in the ranking.
    ranked: bool,
    /// Whether its content is demonstration.
    demonstration: bool,
    /// The accent colour of its site, of the closed palette.
    accent: String,
    /// Opening hours in words; null while nobody has confirmed them.
    hours_text: Option<String>,
}

impl From<&TenantEntry> for Municipality {
    fn from(entry: &TenantEntry) -> Self {
        Self {
            id: entry.id,
            code: entry.code.clone(),
            name: entry.name.clone(),
            slug: entry.slug.clone(),
            official_name: entry.official_name.clone(),
            department: Department { code: entry.department_code.clone(), name: entry.department.clone() },
            nit: entry.nit.clone(),
            dispatch: entry.dispatch.clone(),
            address: entry.address.clone(),
            postal_code: entry.postal_code.clone(),
            phones: entry.phones.clone(),
            email: entry.email.clone(),
            motto: entry.motto.clone(),
            population: entry.population,
            ranked: entry.ranked,
            demonstration: entry.demonstration,
            accent: entry.accent.clone(),
            hours_text: entry.hours_text.clone(),
        }
    }
}

impl Municipality {
    /// The municipality of that tenant; `None` for the two platform tenants.
    pub fn of(cx: &Cx, tenant: Uuid) -> Option<Self> {
        cx.platform.directory().get(tenant).and_then(|entry| Self::of_entry(&entry))
    }

    /// The municipality of that entry; `None` for the two platform tenants.
    pub fn of_entry(entry: &Arc<TenantEntry>) -> Option<Self> {
        (entry.kind.audience() == crate::directory::Audience::Municipality).then(|| Self::from(entry.as_ref()))
    }

    /// The tenant.
    pub fn tenant(&self) -> Uuid {
        self.id
    }
}

#[ComplexObject]
impl Municipality {
    /// The address of its site.
    async fn url(&self, ctx: &Context<'_>) -> GqlResult<String> {
        let cx = Cx::of(ctx)?;
        let host = format!("{}.{}", self.slug, cx.platform.directory().domain());
        Ok(cx.platform.links.to(&host, "/"))
    }
}
