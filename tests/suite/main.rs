//! What crosses capabilities, and the slice of each, in one binary: it links once.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod access;
mod arrows;
mod audit_and_jobs;
mod docs;
mod files;
mod handover;
mod http;
mod isolation;
mod packs;
mod pages;
mod pdf;
mod policies;
mod replicas;
mod schema;
mod signed_plan;
mod site;
mod transactions;
mod year;

#[path = "../../services/agreements/tests/slice.rs"]
mod agreements_slice;
#[path = "../../services/cases/tests/slice.rs"]
mod cases_slice;
#[path = "../../services/circulars/tests/slice.rs"]
mod circulars_slice;
#[path = "../../services/committee/tests/slice.rs"]
mod committee_slice;
#[path = "../../services/handover/tests/slice.rs"]
mod handover_slice;
#[path = "../../services/identity/tests/slice.rs"]
mod identity_slice;
#[path = "../../services/incentives/tests/slice.rs"]
mod incentives_slice;
#[path = "../../services/plan/tests/slice_frameworks.rs"]
mod plan_frameworks_slice;
#[path = "../../services/plan/tests/slice_indicators.rs"]
mod plan_indicators_slice;
#[path = "../../services/plan/tests/slice.rs"]
mod plan_slice;
#[path = "../../services/plan/tests/versions.rs"]
mod plan_versions;
#[path = "../../services/support/tests/clocks.rs"]
mod support_clocks;
#[path = "../../services/support/tests/mail.rs"]
mod support_mail;
#[path = "../../services/support/tests/slice.rs"]
mod support_slice;
#[path = "../../services/training/tests/slice.rs"]
mod training_slice;
#[path = "../../services/tramites/tests/slice.rs"]
mod tramites_slice;
#[path = "../../services/visits/tests/attacks.rs"]
mod visits_attacks;
#[path = "../../services/visits/tests/closes.rs"]
mod visits_closes;
#[path = "../../services/visits/tests/counting.rs"]
mod visits_counting;
#[path = "../../services/visits/tests/month.rs"]
mod visits_month;
#[path = "../../services/visits/tests/slice.rs"]
mod visits_slice;
