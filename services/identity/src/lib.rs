//! Accounts, memberships, sign-in with a password, sessions, and the verified reset of a lost password.
//! Also who is of a municipality's team, which the municipality keeps itself.
//! It must not know support: a ticket is a number to it, and whose ticket it is, is asked by an event.

mod enrolment;
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

use kernel::capability::{Capability, EventHandler};
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    duties_need: kernel::Permission::ConfirmReset,
    members: Some(service::members),
    homes: Some(service::homes),
    pack: Some(&pack::IdentityPart),
    demo: Some(pack::demo),
    events: &[EventHandler { event: "handover.roles_passed", handle: enrolment::roles_passed }],
    constraints: &[
        Constraint {
            name: "reset_proof_evidence_length",
            field: "evidence",
            code: "LENGTH",
            message: "La constancia tiene más de 2.000 letras; resúmala.",
        },
        Constraint {
            name: "invitation_once",
            field: "idempotencyKey",
            code: "REUSED",
            message: "Este formulario ya se envió. Ábralo de nuevo para inscribir a otra persona.",
        },
    ],
    ..Capability::named("identity")
};
