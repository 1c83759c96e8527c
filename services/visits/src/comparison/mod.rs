//! Municipalities side by side for the agency: every measure that a capability publishes, read once a day and kept. It knows measures by
//! name alone; what stands behind one is its capability's.

pub(crate) mod graphql;
pub(crate) mod jobs;
mod store;

pub use graphql::ComparisonQuery;
