//! The rankings of a month: by visits over the country, and beside it by group, by inhabitants and by improvement.

pub(crate) mod category;
pub(crate) mod graphql;
pub(crate) mod rules;

pub use category::{CategoriesMutation, CategoriesQuery};
pub use graphql::RankingsQuery;
