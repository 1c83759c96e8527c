//! What counting does periodically: destroys the salts of days that are over, forgets the ledger of closed months, and notes what was
//! unusual.

use futures::FutureExt;
use kernel::clock::local;
use kernel::jobs::{Cron, JobKind};
use kernel::{Platform, Result, Scope};
use time::Duration;

use super::{notes, store};

const DESTROY_SALTS: &str = "visits.destroy_salts";
const SWEEP_LEDGER: &str = "visits.sweep_ledger";
const NOTE_DAYS: &str = "visits.note_days";
/// After midnight the views of the day before may still be on their way for this long.
const STRAGGLERS: Duration = Duration::minutes(10);
/// How long it is remembered how far a process came that has ended.
const ENDED: Duration = Duration::days(40);

/// With how many days a day is compared.
const BEFORE: i32 = 28;

pub(crate) const SALTS: JobKind = JobKind { kind: DESTROY_SALTS, run: |platform, _| salts(platform).boxed() };
pub(crate) const LEDGER: JobKind = JobKind { kind: SWEEP_LEDGER, run: |platform, _| sweep(platform).boxed() };
pub(crate) const NOTES: JobKind = JobKind { kind: NOTE_DAYS, run: |platform, _| note(platform).boxed() };

pub(crate) const SALTS_CRON: Cron = Cron { kind: DESTROY_SALTS, every: Duration::minutes(10) };
pub(crate) const LEDGER_CRON: Cron = Cron { kind: SWEEP_LEDGER, every: Duration::hours(1) };
pub(crate) const NOTES_CRON: Cron = Cron { kind: NOTE_DAYS, every: Duration::hours(1) };

async fn salts(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).write(platform.db()).await?;
    let open = local(tx.now() - STRAGGLERS).date();
    store::destroy_salts(&mut tx, open).await?;
    tx.commit().await
}

async fn sweep(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).write(platform.db()).await?;
    let before = tx.now() - ENDED;
    store::sweep(&mut tx, before).await?;
    tx.commit().await
}

/// Notes what was unusual yesterday, anew each time: what arrives late may make it usual.
async fn note(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).write(platform.db()).await?;
    let day = tx.today() - Duration::DAY;
    let mut found = Vec::new();
    for (town, facts, before) in store::facts_of_day(&mut tx, day, BEFORE).await? {
        found.extend(notes::notes(&facts, &before).into_iter().map(|(rule, detail)| (town, rule, detail)));
    }
    store::keep_notes(&mut tx, day, &found).await?;
    tx.commit().await
}
