//! What crosses capabilities, in one binary: it links once.

mod access;
mod arrows;
mod docs;
mod isolation;
mod packs;
mod pages;
mod replicas;
mod resets;
mod schema;
mod site;
mod tickets;
mod transactions;
