//! What the agency grants: featured sites with their evidence, award calls, the television programme, the news of a closed month; and
//! what a municipality sends for it. It must not know how anything is measured: figures come as measures, a closed month as an event.

mod awards;
mod features;
mod graphql;
mod jobs;
mod measures;
mod news;
mod pack;
mod television;

pub use graphql::{IncentivesMutation, IncentivesQuery};

use kernel::capability::{Capability, EventHandler};
use kernel::db::Constraint;
use kernel::directory::{Audience, TenantKind};
use kernel::{Error, Result, Scope, Tx};

/// The descriptor: what the agency is due, and everything else.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    crons: jobs::CRONS,
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::agency_duties),
    duties_of: Audience::Agency,
    pack: Some(&pack::IncentivesPart),
    demo: Some(pack::demo),
    events: &[EventHandler { event: "visits.month_closed", handle: news::service::draft }],
    constraints: &[
        Constraint { name: "feature_pkey", field: "municipality", code: "TAKEN", message: "Ese municipio ya se destacó este mes." },
        Constraint { name: "award_call_pkey", field: "title", code: "TAKEN", message: "Ya hay una convocatoria con ese título." },
        Constraint { name: "broadcast_experience_once", field: "", code: "DECIDED", message: "Sobre esta experiencia ya se decidió." },
        Constraint {
            name: "broadcast_pkey",
            field: "",
            code: "DECIDED",
            message: "Sobre esta experiencia, o una del mismo título, ya se decidió.",
        },
    ],
    ..Capability::named("incentives")
};

/// What a municipality is due of the incentives: a nomination that it began and did not send.
pub const TOWNS: Capability = Capability { duties: Some(measures::town_duties), ..Capability::named("incentives-towns") };

/// Incentives are the agency's to grant: on any other host there is nothing to grant, whatever roles somebody holds there.
pub(crate) fn at_the_agency(tx: &Tx) -> Result<()> {
    let here = matches!(tx.scope(), Scope::Agency(_)) && tx.entry()?.kind == TenantKind::Agency;
    if here { Ok(()) } else { Err(Error::NotFound) }
}

/// Only a municipality sends a nomination or an experience.
pub(crate) fn in_a_town(tx: &Tx) -> Result<()> {
    if tx.entry()?.kind.audience() == Audience::Municipality { Ok(()) } else { Err(Error::NotFound) }
}
