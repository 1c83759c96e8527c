//! Pages over HTTP: a page is a GraphQL document and a template, and can do nothing that an API client cannot.
//! Web knows the schema only; what is not GraphQL (files, health, preferences, the mailbox of `up` mode) lives in `edge`.

// An optimised build lays out the futures of all resolvers at once, and they lie deeper than the compiler's default.
#![recursion_limit = "256"]

pub mod assets;
mod cache;
mod edge;
mod engine;
mod formats;
mod forms;
mod pages;
mod pdf;
mod respond;
mod routes;
mod templates;
mod uploads;
mod views;

pub use edge::{Web, router};
pub use pages::{Pages, SiteMap};
pub use pdf::{NoPdf, Pdf};
pub use routes::{ROUTES, Route};
