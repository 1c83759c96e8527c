//! Service clocks of a ticket: what was promised, what happened, and how long it took in the open hours of the help centre.

pub(crate) mod graphql;
pub(crate) mod jobs;
pub(crate) mod measures;
pub(crate) mod model;
pub(crate) mod policy;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
