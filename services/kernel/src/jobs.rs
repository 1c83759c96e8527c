//! Work done later: enqueued in the transaction that causes it, run at least once, retried with growing pauses, kept when dead.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Platform, Result, Scope, audit};

/// A kind of job and what it does.
#[derive(Clone, Copy)]
pub struct JobKind {
    /// `<capability>.<what>`.
    pub kind: &'static str,
    /// Does it; must hold when run twice.
    pub run: for<'a> fn(&'a Platform, Job) -> BoxFuture<'a, Result<()>>,
}

/// A job as it was enqueued.
#[derive(Debug, Clone)]
pub struct Job {
    /// The job.
    pub id: Uuid,
    /// The tenant of the transaction that enqueued it.
    pub tenant: Option<Uuid>,
    /// Its kind.
    pub kind: String,
    /// What it is about.
    pub payload: serde_json::Value,
}

/// A periodic job: once a slot, whatever the number of workers.
#[derive(Clone, Copy)]
pub struct Cron {
    /// The kind that is enqueued, without tenant.
    pub kind: &'static str,
    /// The length of a slot; slots begin at midnight UTC.
    pub every: time::Duration,
}

const BATCH: i32 = 16;
const IDLE_PAUSE: Duration = Duration::from_millis(250);

/// Works until cancelled: seals the audit log, starts what is periodic, runs what is due.
pub async fn work(platform: &Platform, stop: CancellationToken) {
    let mut last_beat = None;
    while !stop.is_cancelled() {
        let beat = platform.clock().now().unix_timestamp();
        if last_beat != Some(beat) {
            last_beat = Some(beat);
            report(audit::seal(platform.db()).await.map(drop), "sealing the audit log");
            report(start_crons(platform).await, "starting periodic jobs");
        }
        match run_due(platform).await {
            Ok(0) => {
                tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(IDLE_PAUSE) => {} }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "the job queue could not be read");
                tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(4 * IDLE_PAUSE) => {} }
            }
        }
    }
}

fn report(outcome: Result<()>, doing: &str) {
    if let Err(error) = outcome {
        tracing::error!(%error, "{doing} failed");
    }
}

/// Claims what is due and runs it; returns how many jobs were taken. Tests call it until it returns zero.
pub async fn run_due(platform: &Platform) -> Result<usize> {
    let mut tx = Scope::Worker(None).write(platform.db()).await?;
    let claimed = sqlx::query!(
        r#"select id as "id!", tenant_id, kind as "kind!", payload as "payload!", attempts as "attempts!" from kernel.claim_jobs($1, $2)"#,
        tx.now(),
        BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let taken = claimed.len();
    let mut running: FuturesUnordered<_> = claimed
        .into_iter()
        .map(|row| run_one(platform, Job { id: row.id, tenant: row.tenant_id, kind: row.kind, payload: row.payload }))
        .collect();
    while let Some(outcome) = running.next().await {
        outcome?;
    }
    Ok(taken)
}

async fn run_one(platform: &Platform, job: Job) -> Result<()> {
    let (id, kind) = (job.id, job.kind.clone());
    let outcome = match platform.registry().job(&kind) {
        Some(known) => (known.run)(platform, job).await,
        None => Err(crate::Error::fault(format!("no capability runs jobs of kind {kind}"))),
    };
    let mut tx = Scope::Worker(None).write(platform.db()).await?;
    match outcome {
        Ok(()) => {
            sqlx::query!("select kernel.finish_job($1)", id).execute(&mut *tx).await?;
        }
        Err(error) => {
            tracing::warn!(job = %id, kind, %error, "job failed");
            metrics::counter!("cabildo_jobs_failed_total").increment(1);
            sqlx::query!("select kernel.fail_job($1, $2, $3)", id, error.to_string(), tx.now()).execute(&mut *tx).await?;
        }
    }
    tx.commit().await
}

async fn start_crons(platform: &Platform) -> Result<()> {
    let now = platform.clock().now();
    for cron in platform.registry().crons() {
        let period = cron.every.whole_seconds().max(1);
        let slot = OffsetDateTime::from_unix_timestamp(now.unix_timestamp() / period * period).unwrap_or(now);
        let mut tx = Scope::Worker(None).write(platform.db()).await?;
        let first = sqlx::query!(
            "insert into kernel.cron_run (kind, slot) values ($1, $2)
             on conflict on constraint cron_run_pkey do update set slot = excluded.slot where cron_run.slot < excluded.slot",
            cron.kind,
            slot
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if first == 1 {
            tx.enqueue_at(cron.kind, serde_json::json!({}), now, Some(&format!("cron/{}", cron.kind))).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Jobs that wait and jobs that are dead.
pub async fn counts(platform: &Platform) -> Result<(i64, i64)> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    let row = sqlx::query!(r#"select waiting as "waiting!", dead as "dead!" from kernel.job_counts()"#).fetch_one(&mut *tx).await?;
    Ok((row.waiting, row.dead))
}
