//! The handover (empalme) to the incoming administration: its checklist, its document, and the act that passes everything on.
//! It must not know what is handed over: members, holdings, duties, cards and measures reach it through the registry.

mod document;
mod events;
mod graphql;
mod jobs;
mod measures;
mod model;
mod pack;
mod rules;
mod service;
mod store;

pub use graphql::{HandoverMutation, HandoverQuery};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    crons: jobs::CRONS,
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    holdings: Some(measures::holdings),
    pack: Some(&pack::HandoverPart),
    demo: Some(pack::demo),
    events: events::EVENTS,
    constraints: &[
        Constraint { name: "handover_one_open", field: "", code: "ONE", message: "Ya hay un empalme abierto. Continúelo o cancélelo." },
        Constraint {
            name: "handover_slug_unique",
            field: "",
            code: "ONE",
            message: "Ya hay un empalme con ese nombre. Vuelva a intentarlo.",
        },
        Constraint {
            name: "administration_pkey",
            field: "",
            code: "ONE",
            message: "Otra administración empezó en ese mismo momento: cierre el empalme con otra fecha de entrega.",
        },
        Constraint { name: "handover_sides_differ", field: "incomingId", code: "SAME", message: "Firman dos personas distintas." },
    ],
    ..Capability::named("handover")
};
