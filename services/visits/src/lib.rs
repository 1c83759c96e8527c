//! Visits counted on the server, without cookies or JavaScript and with robots and repeats left out; the month that is
//! closed, signed and never changed; the ranking made of it. It must not know pages or plans: the door hands it page views,
//! and what a close has to tell leaves as an event.

mod counting;
mod figures;
mod graphql;
mod measures;
mod model;
mod pack;
mod rules;
mod service;
mod store;

pub use counting::graphql::CountingQuery;
pub use counting::{Counter, LeftOut, NoteRule, PageView, Reason, Recorder, Rerun, Robots, Search, recorder, rerun};
pub use figures::graphql::FiguresQuery;
pub use graphql::{VisitsMutation, VisitsQuery};
pub use service::{ClosedMonth, close, close_demo, verify};

use kernel::capability::Capability;
use kernel::directory::Audience;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: counting::jobs::JOBS,
    crons: counting::jobs::CRONS,
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    duties_of: Audience::Agency,
    pack: Some(&pack::VisitsPart),
    demo: Some(pack::demo),
    ..Capability::named("visits")
};
