//! The plan's versions: the draft that the committee writes beside the plan in force, its adoption, and what came before.

pub(crate) mod graphql;
pub(crate) mod inputs;
pub(crate) mod model;
pub(crate) mod national;
pub(crate) mod pack;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
