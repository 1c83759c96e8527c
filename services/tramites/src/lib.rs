//! The catalogue of a town: trámites, other procedures, consultations and services, each with the sheet that a citizen reads
//! before leaving home. It is the national base merged with what the town says otherwise.
//! It must not know cases: who files a request names an entry by its slug.

mod graphql;
mod measures;
mod model;
mod pack;
mod rules;
mod service;
mod store;

pub use graphql::{TramitesMutation, TramitesQuery};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::duties),
    pack: Some(&pack::TramitesPart),
    demo: Some(pack::demo),
    constraints: &[
        Constraint {
            name: "entry_suit_number_unique",
            field: "suitNumber",
            code: "TAKEN",
            message: "Otra ficha ya tiene ese número SUIT.",
        },
        Constraint { name: "entry_suit_number_form", field: "suitNumber", code: "FORM", message: "El número SUIT lleva de 1 a 7 cifras." },
        Constraint {
            name: "entry_term_range", field: "termBusinessDays", code: "RANGE", message: "El plazo va de 0 a 365 días hábiles."
        },
        Constraint {
            name: "entry_slug_form",
            field: "slug",
            code: "FORM",
            message: "La dirección lleva letras sin tilde, números y guiones.",
        },
    ],
    ..Capability::named("tramites")
};

/// The overlay keeps services in a section of their own; they are entries of the same catalogue.
pub const SERVICES: Capability = Capability { demo: Some(pack::demo), ..Capability::named("services") };
