//! What is measured of every town each day, one job a town, and the sums of the country; a town hears that it was granted something.

use futures::FutureExt;
use kernel::directory::{Audience, TenantEntry, TenantKind};
use kernel::jobs::{Cron, Job, JobKind};
use kernel::{Error, Platform, Result, Scope, Tx};
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use crate::features::model::FeatureRow;
use crate::features::{self, rules, service};
use crate::pack::{DemoGrant, demo_experience};
use crate::television;
use crate::television::model::BroadcastRow;

const GATHER_ALL: &str = "incentives.gather_all";
const GATHER: &str = "incentives.gather";
const SUM: &str = "incentives.sum";
const TELL: &str = "incentives.tell";
const DEMONSTRATE: &str = "incentives.demonstrate";

/// How long the towns have before they are added up; who is late is in the sums of the next day.
const UNTIL_SUMMED: Duration = Duration::minutes(2);

pub(crate) const JOBS: &[JobKind] = &[
    JobKind { kind: GATHER_ALL, run: |platform, _| gather_all(platform).boxed() },
    JobKind { kind: GATHER, run: |platform, job| gather(platform, job).boxed() },
    JobKind { kind: SUM, run: |platform, job| sum(platform, job).boxed() },
    JobKind { kind: TELL, run: |platform, job| show(platform, job).boxed() },
    JobKind { kind: DEMONSTRATE, run: |platform, job| demonstration(platform, job).boxed() },
];

pub(crate) const CRONS: &[Cron] = &[Cron { kind: GATHER_ALL, every: Duration::DAY }];

/// Whether a town competes: demonstration towns do in `up` mode only, as in the ranking.
pub(crate) fn competes(platform: &Platform, town: &TenantEntry) -> bool {
    town.kind.audience() == Audience::Municipality && !town.suspended && (platform.up_mode || !town.demonstration)
}

/// The same of a tenant by its id.
pub(crate) fn counts(platform: &Platform) -> impl Fn(Uuid) -> bool + '_ {
    |id| platform.directory().get(id).is_some_and(|town| competes(platform, &town))
}

async fn gather_all(platform: &Platform) -> Result<()> {
    for town in platform.directory().all().into_iter().filter(|town| competes(platform, town)) {
        let mut tx = Scope::Worker(Some(town.id)).write(platform.db()).await?;
        let now = tx.now();
        let done = tx.enqueue_at(GATHER, serde_json::json!({}), now, Some(&format!("{GATHER}/{}", town.id))).await;
        tx.settle(done).await?;
    }
    let agency = platform.directory().platform(TenantKind::Agency).ok_or_else(|| Error::fault("the agency's tenant is missing"))?;
    let mut tx = Scope::Worker(Some(agency.id)).write(platform.db()).await?;
    let at = tx.now() + UNTIL_SUMMED;
    let done = tx.enqueue_at(SUM, serde_json::json!({}), at, Some(SUM)).await;
    tx.settle(done).await
}

async fn gather(platform: &Platform, job: Job) -> Result<()> {
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let done = service::gather(&mut tx, platform.registry()).await;
    tx.settle(done).await
}

async fn sum(platform: &Platform, job: Job) -> Result<()> {
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let done = service::sum_up(&mut tx, counts(platform)).await;
    tx.settle(done).await
}

#[derive(Serialize, Deserialize)]
struct Granted {
    town: Uuid,
}

/// Says that a town's own pages show something new that the agency granted.
pub(crate) async fn tell(tx: &mut Tx, town: Uuid) -> Result<()> {
    tx.enqueue(TELL, Granted { town }).await
}

async fn show(platform: &Platform, job: Job) -> Result<()> {
    let Granted { town } = serde_json::from_value(job.payload)?;
    let mut tx = Scope::Worker(Some(town)).write(platform.db()).await?;
    tx.publish();
    tx.commit().await
}

/// Asks for what the overlay says that the agency granted.
pub(crate) async fn demonstrate(tx: &mut Tx, grant: DemoGrant) -> Result<()> {
    tx.enqueue(DEMONSTRATE, grant).await
}

/// Grants it, with the town's evidence as it is measured now. Done twice, it is there once.
async fn demonstration(platform: &Platform, job: Job) -> Result<()> {
    let grant: DemoGrant = serde_json::from_value(job.payload)?;
    let Some(town) = platform.directory().by_slug(&grant.municipality) else { return Ok(()) };
    let mut tx = Scope::Worker(Some(town.id)).read(platform.db()).await?;
    let evidence = service::measured(&mut tx, platform.registry()).await?;
    tx.rollback().await?;
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let at = kernel::text::days_ago(tx.now(), grant.days_ago, Some("09:15"));
    let day = kernel::clock::local(at).date();
    let done = async {
        if let Some(reason) = grant.feature {
            let slug = format!("{:04}-{:02}-{}", day.year(), u8::from(day.month()), town.slug);
            let row = FeatureRow {
                municipality_id: town.id,
                reason,
                points: rules::points(&evidence),
                evidence: sqlx::types::Json(evidence),
                featured_at: at,
                withdrawn_at: None,
                withdraw_reason: None,
                slug,
            };
            if features::store::features(&mut tx).await?.iter().all(|known| known.slug != row.slug) {
                features::store::insert_feature(&mut tx, &row).await?;
            }
        }
        if let Some(made) = grant.broadcast {
            let row = BroadcastRow {
                slug: format!("{}-{}", kernel::text::slug(&made.title), town.slug),
                municipality_id: town.id,
                experience_id: demo_experience(town.id, &made.title),
                title: made.title,
                accepted: true,
                reason: "Muestra algo que otros municipios pueden hacer.".to_owned(),
                decided_at: at,
                airs_on: Some(day),
                summary: Some(made.summary),
                video_url: Some(made.video_url),
                transcript: Some(made.transcript),
                published_at: Some(at),
            };
            if television::store::broadcasts(&mut tx).await?.iter().all(|known| known.slug != row.slug) {
                television::store::insert_broadcast(&mut tx, &row).await?;
            }
        }
        tx.publish();
        tell(&mut tx, town.id).await
    }
    .await;
    tx.settle(done).await
}
