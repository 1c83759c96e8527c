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
