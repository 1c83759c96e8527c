//! The daily reading: one job a municipality asks every measure, whoever offers it.

use futures::FutureExt;
use kernel::directory::Audience;
use kernel::jobs::{Cron, Job, JobKind};
use kernel::{Platform, Result, Scope};
use serde_json::json;
use time::Duration;

use super::store;

const ALL: &str = "visits.read_all";
const TOWN: &str = "visits.read";
/// Days that a reading is kept.
const KEPT: i64 = 400;

pub(crate) const READ_ALL: JobKind = JobKind { kind: ALL, run: |platform, _| read_all(platform).boxed() };
pub(crate) const READ_TOWN: JobKind = JobKind { kind: TOWN, run: |platform, job| read(platform, job).boxed() };
pub(crate) const READ_ALL_CRON: Cron = Cron { kind: ALL, every: Duration::DAY };

async fn read_all(platform: &Platform) -> Result<()> {
    for town in platform.directory().all().into_iter().filter(|entry| entry.kind.audience() == Audience::Municipality) {
        let mut tx = Scope::Worker(Some(town.id)).write(platform.db()).await?;
        let now = tx.now();
        let done = tx.enqueue_at(TOWN, json!({}), now, Some(&format!("{TOWN}/{}", town.id))).await;
        tx.settle(done).await?;
    }
    Ok(())
}

async fn read(platform: &Platform, job: Job) -> Result<()> {
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let done = async {
        let (today, now) = (tx.today(), tx.now());
        let measures = super::graphql::measures(platform.registry()).map(|measure| measure.name);
        let found = platform.registry().compute_all(&mut tx, measures, now).await?;
        let mut figures: Vec<(&str, f64)> = found.into_iter().filter_map(|(name, figure)| Some((name, figure.value()?))).collect();
        figures.sort_unstable_by_key(|(name, _)| *name);
        store::keep(&mut tx, today, &figures).await?;
        store::forget(&mut tx, today - Duration::days(KEPT)).await
    }
    .await;
    tx.settle(done).await
}
