//! Reading the measures of the criteria: every day, and within a minute of whatever changed what a municipality publishes.

use futures::FutureExt;
use kernel::directory::Audience;
use kernel::jobs::{Cron, JobKind};
use kernel::{Error, Platform, Result, Scope, clock};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::{service, store};

const READ: &str = "plan.read";
const READ_CHANGED: &str = "plan.read_changed";

pub(crate) const READ_JOB: JobKind = JobKind { kind: READ, run: |platform, job| read(platform, job.tenant).boxed() };
pub(crate) const CHANGED_JOB: JobKind = JobKind { kind: READ_CHANGED, run: |platform, _| read_changed(platform).boxed() };
pub(crate) const CHANGED_CRON: Cron = Cron { kind: READ_CHANGED, every: Duration::MINUTE };

async fn read(platform: &Platform, tenant: Option<Uuid>) -> Result<()> {
    let tenant = tenant.ok_or_else(|| Error::fault("a reading needs a tenant"))?;
    let mut tx = Scope::Worker(Some(tenant)).write(platform.db()).await?;
    let done = service::read(&mut tx, platform.registry()).await;
    tx.settle(done).await
}

/// Has those municipalities read that were not read today, or that publish something else since.
async fn read_changed(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    let (readings, today) = (store::readings(&mut tx).await?, tx.today());
    tx.rollback().await?;
    for town in platform.directory().all() {
        let fresh = |(at, content): &(time::OffsetDateTime, i64)| {
            clock::local(*at).date() == today && *content == platform.directory().version(town.id)
        };
        if town.suspended || town.kind.audience() != Audience::Municipality || readings.get(&town.id).is_some_and(fresh) {
            continue;
        }
        let mut tx = Scope::Worker(Some(town.id)).write(platform.db()).await?;
        let now = tx.now();
        let done = tx.enqueue_at(READ, json!({}), now, Some(&format!("{READ}/{}", town.id))).await;
        tx.settle(done).await?;
    }
    Ok(())
}
