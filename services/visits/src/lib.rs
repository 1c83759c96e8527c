//! Visits counted on the server, without cookies or JavaScript and with robots and repeats left out; the month that is
//! closed, signed and never changed; the ranking made of it. It must not know pages or plans: the door hands it page views,
//! and what a close has to tell leaves as an event.

mod graphql;
mod measures;
mod model;
mod pack;
mod recorder;
mod rules;
mod service;
mod store;

pub use graphql::{VisitsMutation, VisitsQuery};
pub use recorder::{Counter, PageView, Recorder, Robots, recorder};
pub use service::{ClosedMonth, close, close_demo, verify};

use kernel::capability::Capability;
use kernel::directory::Audience;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    duties_of: Audience::Agency,
    pack: Some(&pack::VisitsPart),
    demo: Some(pack::demo),
    ..Capability::named("visits")
};
