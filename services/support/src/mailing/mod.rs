//! Mail to the help centre: a door for mail servers (LMTP) and one for pipes, what a mail is and what it is not, and which conversation
//! it belongs to. A mail proves nothing of who wrote it: the worst that one can do is open a ticket.

pub(crate) mod address;
pub(crate) mod fold;
pub(crate) mod graphql;
pub mod lmtp;
pub(crate) mod model;
pub(crate) mod parse;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod store;
