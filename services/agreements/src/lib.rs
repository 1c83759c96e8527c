//! Agreements of the municipality with other entities (articulación): the register of entities, what was agreed, and what each brought.
//! It must not know the plan: the plan reads its figures as measures.

mod graphql;
mod measures;
mod model;
mod pack;
mod rules;
mod service;
mod store;

pub use graphql::{AgreementsMutation, AgreementsQuery};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::duties),
    cards: Some(measures::cards),
    pack: Some(&pack::AgreementsPart),
    demo: Some(pack::demo),
    constraints: &[
        Constraint {
            name: "entity_pkey",
            field: "name",
            code: "TAKEN",
            message: "Ya hay una entidad registrada con ese nombre. Búsquela en la lista.",
        },
        Constraint {
            name: "agreement_pkey",
            field: "title",
            code: "TAKEN",
            message: "Ya hay un convenio con ese título. Si es otro, agréguele el número o el año.",
        },
        Constraint {
            name: "agreement_entity_known",
            field: "entity",
            code: "NOT_FOUND",
            message: "Elija una entidad del registro; si no está, regístrela primero.",
        },
    ],
    ..Capability::named("agreements")
};
