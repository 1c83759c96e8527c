//! Training (capacitación): courses and sessions, who attended, and certificates that can be verified.
//! It must not know the plan: the plan reads its figures as measures. An agreement is a name in addresses to it.

mod code;
mod graphql;
mod measures;
mod model;
mod pack;
mod people;
mod rules;
mod service;
mod store;

pub use graphql::{TrainingMutation, TrainingQuery};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::duties),
    pack: Some(&pack::TrainingPart),
    demo: Some(pack::demo),
    constraints: &[
        Constraint {
            name: "course_pkey",
            field: "title",
            code: "TAKEN",
            message: "Ya hay un curso con ese título. Si es otro, agréguele el año o la cohorte.",
        },
        Constraint {
            name: "enrolment_document_unique",
            field: "documentNumber",
            code: "TAKEN",
            message: "Ya hay una persona inscrita en este curso con ese documento.",
        },
    ],
    ..Capability::named("training")
};
