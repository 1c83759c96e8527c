//! The plan as signed, its action lines and activities.

pub(crate) mod document;
pub(crate) mod graphql;
pub(crate) mod model;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
