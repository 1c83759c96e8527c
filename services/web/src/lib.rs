//! Pages over HTTP: a page is a GraphQL document and a template, and can do nothing that an API client cannot.
//! Web knows the schema only; what is not GraphQL (files, health, preferences, the mailbox of `up` mode) lives in `edge`.

pub mod assets;
mod cache;
mod edge;
mod engine;
mod forms;
mod pages;
mod respond;
mod routes;
mod templates;

pub use edge::{Web, router};
pub use pages::{Pages, SiteMap};
pub use routes::{ROUTES, Route};
