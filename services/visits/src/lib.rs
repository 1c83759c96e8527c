//! Visits counted on the server, without cookies or JavaScript and with robots and repeats left out; the month that is
//! closed, signed and never changed; the ranking made of it. It must not know pages or plans: the door hands it page views,
//! and what a close has to tell leaves as an event.

mod closes;
mod comparison;
mod counting;
mod figures;
mod graphql;
mod jobs;
mod measures;
mod model;
mod pack;
mod rankings;
mod rules;
mod service;
mod store;

pub use closes::{ClosedMonth, ClosesMutation, ClosesQuery, close, close_demo, verify};
pub use comparison::ComparisonQuery;
pub use counting::graphql::CountingQuery;
pub use counting::{Counter, LeftOut, NoteRule, PageView, Reason, Recorder, Rerun, Robots, Search, recorder, rerun};
pub use figures::graphql::FiguresQuery;
pub use graphql::VisitsQuery;
pub use rankings::{CategoriesMutation, CategoriesQuery, RankingsQuery};

use kernel::capability::Capability;
use kernel::db::Constraint;
use kernel::directory::Audience;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    crons: jobs::CRONS,
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    duties_of: Audience::Agency,
    pack: Some(&pack::VisitsPart),
    demo: Some(pack::demo),
    constraints: &[Constraint {
        name: "objection_sent_once",
        field: "idempotencyKey",
        code: "REUSED",
        message: "Este formulario ya se envió. Ábralo de nuevo.",
    }],
    ..Capability::named("visits")
};
