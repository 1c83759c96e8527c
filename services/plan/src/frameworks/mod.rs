//! National frameworks of phases and criteria, and how far the municipality fulfils them.

pub(crate) mod duties;
pub(crate) mod graphql;
pub(crate) mod jobs;
pub(crate) mod model;
pub(crate) mod pack;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
