//! Tickets of the Centro de Interacción Multimedia: what municipalities ask, and what the help centre answers.
//! It must not know identity: who cannot get in reaches it as an event, and a reset knows a ticket by its number.

mod clocks;
mod events;
mod graphql;
mod jobs;
mod mailing;
mod measures;
mod model;
mod pack;
mod replies;
mod rules;
mod service;
mod store;

pub use graphql::{SupportMutation, SupportQuery};
pub use mailing::graphql::{MailMutation, MailQuery};
pub use mailing::lmtp;
pub use mailing::model::{Envelope, MAX_MAIL_BYTES, Received};
pub use mailing::service::receive;

use kernel::Permission;
use kernel::capability::Capability;
use kernel::db::Constraint;
use kernel::directory::Audience;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    holdings: Some(measures::holdings),
    cards: Some(measures::cards),
    pack: Some(&pack::SupportPart),
    demo: Some(pack::demo),
    events: events::EVENTS,
    constraints: &[
        Constraint { name: "ticket_subject_length", field: "subject", code: "LENGTH", message: "El asunto tiene de 1 a 160 letras." },
        Constraint { name: "ticket_body_length", field: "body", code: "LENGTH", message: "El texto tiene de 1 a 8.000 letras." },
        Constraint { name: "ticket_merge_not_itself", field: "into", code: "SELF", message: "Una solicitud no se une a sí misma" },
        Constraint { name: "message_text_length", field: "text", code: "LENGTH", message: "El mensaje tiene de 1 a 8.000 letras." },
    ],
    ..Capability::named("support")
};

/// The help centre's own desk: which clocks it is about to miss, and which mails nobody has placed.
pub const DESK: Capability = Capability {
    duties: Some(measures::desk_duties),
    duties_of: Audience::Support,
    duties_need: Permission::ResolveTickets,
    ..Capability::named("support")
};
