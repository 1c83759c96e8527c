//! What a tenant publishes in its own words: news, pages, the directory, the legal menu, and search over all of it.
//! It must not know plan, trámites or cases: what they publish reaches search through the kernel.

mod graphql;
mod measures;
mod model;
mod pack;
mod rules;
mod service;
mod store;

pub use graphql::{SiteMutation, SiteQuery};

use kernel::capability::{Capability, EventHandler};
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    measures: measures::MEASURES,
    facts: measures::FACTS,
    duties: Some(measures::duties),
    pack: Some(&pack::SitePart),
    demo: Some(pack::demo),
    events: &[EventHandler { event: "incentives.news_published", handle: service::announce }],
    constraints: &[
        Constraint {
            name: "news_slug_unique",
            field: "slug",
            code: "TAKEN",
            message: "Ya hay una noticia con esa dirección. Escriba otra.",
        },
        Constraint { name: "news_title_length", field: "title", code: "LENGTH", message: "El título tiene de 1 a 160 letras." },
        Constraint { name: "news_body_length", field: "body", code: "LENGTH", message: "El texto tiene de 1 a 60.000 letras." },
        Constraint {
            name: "news_slug_form",
            field: "slug",
            code: "FORM",
            message: "La dirección lleva letras sin tilde, números y guiones.",
        },
    ],
    ..Capability::named("site")
};
