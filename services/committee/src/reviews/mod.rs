//! The semester review: what the platform sees, step by step, and what the committee makes of it.

pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
