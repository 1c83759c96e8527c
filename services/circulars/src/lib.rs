//! Circulars (lineamientos): guidance from the agency to all municipalities or to a group, with receipt, what is asked and by when, and
//! one thread of answers with each town. It must not know what a circular is about.

mod graphql;
mod jobs;
mod measures;
mod model;
mod pack;
mod rules;
mod service;
mod store;

pub use graphql::{CircularsMutation, CircularsQuery};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::duties),
    cards: Some(measures::cards),
    pack: Some(&pack::CircularsPart),
    demo: Some(pack::demo),
    constraints: &[Constraint {
        name: "circular_number_unique",
        field: "",
        code: "TAKEN",
        message: "Otra persona envió un lineamiento al mismo tiempo. Envíe el suyo otra vez.",
    }],
    ..Capability::named("circulars")
};
