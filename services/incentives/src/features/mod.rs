//! Featured sites: a shortlist by freshness and relevance, the choice with its evidence and its reason.

pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
