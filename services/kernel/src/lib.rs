//! What every capability stands on: the tenant transaction, the viewer, the three kinds of error, clock and ids,
//! audit, jobs, files, mail and live state, and the registry that capabilities fill with their descriptors.
//! The kernel must not know any capability: what they share crosses here as an id, a measure, a duty or an event.

pub mod audit;
pub mod capability;
pub mod clock;
pub mod db;
pub mod directory;
pub mod error;
pub mod file;
pub mod files;
pub mod graphql;
pub mod ids;
pub mod jobs;
pub mod live;
pub mod mail;
pub mod media;
pub mod networks;
pub mod pack;
pub mod platform;
pub mod search;
pub mod secret;
pub mod text;
pub mod viewer;

pub use db::{Database, Scope, Tx};
pub use error::{Error, Result, UserError};
pub use graphql::request::Cx;
pub use platform::Platform;
pub use viewer::{Permission, Role, Viewer};
