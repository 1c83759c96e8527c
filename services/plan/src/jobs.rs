//! The daily reading: what the platform computes is locked into the plan's history, one job a tenant.

use futures::FutureExt;
use kernel::jobs::{Cron, JobKind};
use kernel::{Error, Platform, Result, Scope, Tx};
use time::Duration;
use uuid::Uuid;

use crate::{service, store};

const LOCK: &str = "plan.lock";
const LOCK_ALL: &str = "plan.lock_all";

pub(crate) const JOBS: &[JobKind] = &[
    JobKind { kind: LOCK, run: |platform, job| async move { lock(platform, job.tenant).await }.boxed() },
    JobKind { kind: LOCK_ALL, run: |platform, _| lock_all(platform).boxed() },
];

pub(crate) const CRONS: &[Cron] = &[Cron { kind: LOCK_ALL, every: Duration::DAY }];

/// Asks for a reading of the transaction's tenant as soon as it has committed.
pub(crate) async fn read_soon(tx: &mut Tx) -> Result<()> {
    let (now, key) = (tx.now(), format!("{LOCK}/{}", tx.tenant()?));
    tx.enqueue_at(LOCK, serde_json::json!({}), now, Some(&key)).await
}

async fn lock(platform: &Platform, tenant: Option<Uuid>) -> Result<()> {
    let tenant = tenant.ok_or_else(|| Error::fault("a reading needs a tenant"))?;
    let mut tx = Scope::Worker(Some(tenant)).write(platform.db()).await?;
    let done = service::lock(&mut tx, platform.registry()).await;
    tx.settle(done).await
}

async fn lock_all(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    let tenants = store::tenants(&mut tx).await?;
    tx.rollback().await?;
    for tenant in tenants {
        let mut tx = Scope::Worker(Some(tenant)).write(platform.db()).await?;
        let done = read_soon(&mut tx).await;
        tx.settle(done).await?;
    }
    Ok(())
}
