//! Evaluations, surveys and campaigns, recorded by a person with what shows them.

pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod service;
pub(crate) mod store;
