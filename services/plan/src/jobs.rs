//! The daily reading: what the platform computes is locked into the plan's history, one job a tenant.

use futures::FutureExt;
use kernel::jobs::{Cron, Job, JobKind};
use kernel::{Error, Platform, Result, Scope, Tx};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::frameworks::jobs as readings;
use crate::indicators::service;
use crate::text::store;
use crate::versions::service as versions;

const LOCK: &str = "plan.lock";
const LOCK_ALL: &str = "plan.lock_all";

pub(crate) const JOBS: &[JobKind] = &[
    JobKind { kind: LOCK, run: |platform, job| async move { lock(platform, &job).await }.boxed() },
    JobKind { kind: LOCK_ALL, run: |platform, _| lock_all(platform).boxed() },
    readings::READ_JOB,
    readings::CHANGED_JOB,
];

pub(crate) const CRONS: &[Cron] = &[Cron { kind: LOCK_ALL, every: Duration::DAY }, readings::CHANGED_CRON];

/// What a reading is asked for.
#[derive(Serialize, Deserialize)]
struct Lock {
    /// Whether it is the daily round, which does not read twice what it has read today.
    #[serde(default)]
    round: bool,
}

/// Asks for a reading of the transaction's tenant as soon as it has committed.
pub(crate) async fn read_soon(tx: &mut Tx) -> Result<()> {
    ask(tx, Lock { round: false }).await
}

async fn ask(tx: &mut Tx, lock: Lock) -> Result<()> {
    let (now, key) = (tx.now(), format!("{LOCK}/{}", tx.tenant()?));
    tx.enqueue_at(LOCK, lock, now, Some(&key)).await
}

async fn lock(platform: &Platform, job: &Job) -> Result<()> {
    let tenant = job.tenant.ok_or_else(|| Error::fault("a reading needs a tenant"))?;
    let Lock { round } = Lock::deserialize(&job.payload)?;
    let mut tx = Scope::Worker(Some(tenant)).write(platform.db()).await?;
    let done = async {
        versions::turn(&mut tx, None).await?;
        service::lock(&mut tx, platform.registry(), round).await
    };
    let done = done.await;
    tx.settle(done).await
}

async fn lock_all(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    let tenants = store::tenants(&mut tx).await?;
    tx.rollback().await?;
    for tenant in tenants {
        let mut tx = Scope::Worker(Some(tenant)).write(platform.db()).await?;
        let done = ask(&mut tx, Lock { round: true }).await;
        tx.settle(done).await?;
    }
    Ok(())
}
