//! Municipalities as tenants: the registry, the hosts, DIVIPOLA, and tenant packs in and out.
//! It must not know what the parts of a pack contain: each capability reads and writes its own.

mod divipola;
mod graphql;
mod measures;
mod model;
mod packs;
mod registry;
mod store;

pub use divipola::{Place, places};
pub use graphql::TenancyQuery;
pub use model::Identity;
pub use packs::{export, import, load_overlay, provision, provision_platform};
pub use registry::{keep_fresh, refresh};
pub use store::{advance_clock, list, set_status};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor. The identity in `tenant.yaml` is read by the import itself, which makes the tenant that the parts fill.
pub const CAPABILITY: Capability = Capability {
    measures: measures::MEASURES,
    constraints: &[
        Constraint { name: "tenant_slug_unique", field: "slug", code: "TAKEN", message: "Ya hay un municipio con ese nombre de sitio." },
        Constraint { name: "tenant_code_unique", field: "code", code: "TAKEN", message: "Ya hay un municipio con ese código DIVIPOLA." },
    ],
    ..Capability::named("tenancy")
};
