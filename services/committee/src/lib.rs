//! The Comité GEL-T at work: tasks with responsible and date, meetings with their minutes, semester reviews and evaluations.
//! It must not know the plan: an activity of the plan is a number to it, and what a review looks at reaches it as measures and duties.

mod agenda;
mod evaluations;
mod graphql;
mod jobs;
mod measures;
mod meetings;
mod members;
mod pack;
mod reviews;
mod rules;
mod tasks;

pub use graphql::{CommitteeMutation, CommitteeQuery};

use kernel::capability::{Capability, EventHandler, HOLDINGS_PASSED};
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    crons: jobs::CRONS,
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::duties),
    holdings: Some(tasks::service::holdings),
    pack: Some(&pack::CommitteePart),
    demo: Some(pack::demo),
    events: &[EventHandler { event: HOLDINGS_PASSED, handle: tasks::service::pass }],
    constraints: &[
        Constraint {
            name: "meeting_number_unique",
            field: "",
            code: "TAKEN",
            message: "Otra persona citó una reunión al mismo tiempo. Envíe de nuevo.",
        },
        Constraint {
            name: "review_period_unique",
            field: "",
            code: "TAKEN",
            message: "Otra persona abrió esta revisión al mismo tiempo. Envíe de nuevo.",
        },
        Constraint { name: "task_once", field: "idempotencyKey", code: "TAKEN", message: ONCE },
        Constraint { name: "meeting_once", field: "idempotencyKey", code: "TAKEN", message: ONCE },
        Constraint { name: "evaluation_once", field: "idempotencyKey", code: "TAKEN", message: ONCE },
    ],
    ..Capability::named("committee")
};

/// Told to the second of two equal submissions that arrive together.
const ONCE: &str = "Este formulario se está guardando. Vuelva a enviarlo para ver lo que quedó.";
