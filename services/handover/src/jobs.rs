//! A handover opens by itself: each day of a term's last three months every municipality is looked at, one job each.

use futures::FutureExt;
use kernel::directory::TenantKind;
use kernel::jobs::{Cron, Job, JobKind};
use kernel::{Error, Platform, Result, Scope};
use serde_json::json;
use time::Duration;

use crate::{rules, service};

const LOOK: &str = "handover.look";
const OPEN: &str = "handover.open";

pub(crate) const CRONS: &[Cron] = &[Cron { kind: LOOK, every: Duration::days(1) }];

pub(crate) const JOBS: &[JobKind] = &[
    JobKind { kind: LOOK, run: |platform, _| look(platform).boxed() },
    JobKind { kind: OPEN, run: |platform, job| open(platform, job).boxed() },
];

async fn look(platform: &Platform) -> Result<()> {
    if rules::ending(platform.clock().today()).is_none() {
        return Ok(());
    }
    for town in platform.directory().all().into_iter().filter(|entry| entry.kind == TenantKind::Municipality) {
        let mut tx = Scope::Worker(Some(town.id)).write(platform.db()).await?;
        let now = tx.now();
        tx.enqueue_at(OPEN, json!({}), now, Some(&format!("{OPEN}/{}", town.id))).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn open(platform: &Platform, job: Job) -> Result<()> {
    let tenant = job.tenant.ok_or_else(|| Error::fault("a handover opens in a town"))?;
    let mut tx = Scope::Worker(Some(tenant)).write(platform.db()).await?;
    let done = service::open_by_itself(&mut tx, platform.registry()).await;
    tx.settle(done).await
}
