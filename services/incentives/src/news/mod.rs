//! The month's news: written from the closed ranking as a draft, edited, then published by the agency's editor.

pub(crate) mod graphql;
pub(crate) mod service;
pub(crate) mod store;
