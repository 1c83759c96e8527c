//! What citizens file: a PQRSD on a phone, without an account, with its radicado and its legal clock, and the answer to it.
//! It must not know trámites, the plan or identity: a dependency is a slug here, an official an id.

mod graphql;
mod jobs;
mod measures;
mod model;
mod pack;
mod rules;
mod service;
mod store;

pub use graphql::{CasesMutation, CasesQuery};

use kernel::capability::{Capability, EventHandler, HOLDINGS_PASSED};
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::duties),
    duties_need: kernel::Permission::AnswerCases,
    holdings: Some(measures::holdings),
    cards: Some(measures::cards),
    events: &[EventHandler { event: HOLDINGS_PASSED, handle: service::pass }],
    pack: Some(&pack::CasesPart),
    demo: Some(pack::demo),
    constraints: &[
        Constraint { name: "case_file_subject_length", field: "subject", code: "LENGTH", message: "El asunto tiene de 1 a 120 letras." },
        Constraint { name: "case_file_body_length", field: "body", code: "LENGTH", message: "El texto tiene de 1 a 20.000 letras." },
    ],
    ..Capability::named("cases")
};
