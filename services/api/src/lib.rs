//! The one GraphQL schema and its door. Whoever asks, a page or a program, comes through here: limits, time, errors
//! with stable codes, one request context. The API knows the capabilities; it must not know pages.
// The merged roots are one chain of types, a level a capability.
#![recursion_limit = "256"]

mod door;
pub mod http;
mod limits;
mod schema;

pub use door::{Answer, Asker, Door};
pub use identity::COOKIE;
pub use schema::{CAPABILITIES, Schema, sdl};
pub use visits::{PageView, Search};
