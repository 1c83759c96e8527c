//! What crosses capabilities, in one binary: it links once.

mod access;
mod arrows;
mod docs;
mod isolation;
mod packs;
mod pages;
mod schema;
mod site;
mod transactions;
