//! Who sits in the committee.

pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod service;
pub(crate) mod store;
