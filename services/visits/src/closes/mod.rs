//! The close of a month: what municipalities object before it, what it freezes and signs, and what was corrected afterwards.

pub(crate) mod canonical;
pub(crate) mod graphql;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
pub(crate) mod verify;

pub use graphql::{ClosesMutation, ClosesQuery};
pub use service::{close, close_demo};
pub use verify::{ClosedMonth, verify};
