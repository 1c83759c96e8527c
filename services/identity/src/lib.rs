//! Accounts, memberships, sign-in with a password, sessions, and the verified reset of a lost password.
//! It must not know support: a ticket is a number to it, and whose ticket it is, is asked by an event.

mod graphql;
mod jobs;
mod measures;
mod model;
mod pack;
mod password;
mod rules;
mod service;
mod store;

pub use graphql::{IdentityMutation, IdentityQuery};
pub use service::{COOKIE, seed_account, viewer};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    pack: Some(&pack::IdentityPart),
    constraints: &[Constraint {
        name: "reset_proof_evidence_length",
        field: "evidence",
        code: "LENGTH",
        message: "La constancia tiene más de 2.000 letras; resúmala.",
    }],
    ..Capability::named("identity")
};
