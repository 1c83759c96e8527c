//! The television programme: experiences that municipalities propose, and the broadcasts made of those that are accepted.

pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
