//! Award calls: criteria with weights, nominations of municipalities, the jury's scores, results.

pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
