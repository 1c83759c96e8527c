//! What crosses capabilities, and the slice of each, in one binary: it links once.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod access;
mod arrows;
mod audit_and_jobs;
mod docs;
mod http;
mod isolation;
mod packs;
mod pages;
mod policies;
mod replicas;
mod schema;
mod site;
mod transactions;

#[path = "../../services/cases/tests/slice.rs"]
mod cases_slice;
#[path = "../../services/identity/tests/slice.rs"]
mod identity_slice;
#[path = "../../services/plan/tests/slice.rs"]
mod plan_slice;
#[path = "../../services/support/tests/slice.rs"]
mod support_slice;
#[path = "../../services/tramites/tests/slice.rs"]
mod tramites_slice;
#[path = "../../services/visits/tests/slice.rs"]
mod visits_slice;
