//! What is counted for the plan: by a measure, or by a person with evidence.

pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod pack;
pub(crate) mod progress;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
