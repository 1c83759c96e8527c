//! What the clocks do later.

use futures::FutureExt;
use kernel::jobs::{Job, JobKind};
use kernel::{Platform, Result, Scope, Tx};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::service;

const BREACH: &str = "support.breach";

pub(crate) const JOB: JobKind = JobKind { kind: BREACH, run: |platform, job| breach(platform, job).boxed() };

#[derive(Serialize, Deserialize)]
struct Ticket {
    number: i64,
}

/// Looks at a ticket again once the moment is past at which it breaches unless something happens before.
pub(crate) async fn come_by(tx: &mut Tx, number: i64, due_at: OffsetDateTime) -> Result<()> {
    let key = format!("{BREACH}/{number}/{}", due_at.unix_timestamp());
    tx.enqueue_at(BREACH, Ticket { number }, due_at + Duration::seconds(1), Some(&key)).await
}

async fn breach(platform: &Platform, job: Job) -> Result<()> {
    let Ticket { number } = serde_json::from_value(job.payload)?;
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    // The ticket may have gone with a replaced tenant.
    if crate::store::ticket(&mut tx, number).await?.is_none() {
        return tx.rollback().await;
    }
    let marked = service::mark_breach(&mut tx, number).await;
    tx.settle(marked).await.map(drop)
}
