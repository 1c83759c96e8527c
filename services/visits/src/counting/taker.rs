//! The one who counts: takes batches off the stream in order, judges their hits, and writes the counts, the ledger and how far each
//! process came in one transaction. Whatever is told twice is counted once; what is missing between two numbers is declared.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use kernel::clock::{BOGOTA, local};
use kernel::live::Live;
use kernel::{Database, Error, Platform, Result, Scope, Tx};
use time::OffsetDateTime;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::batch::{Batch, Entry};
use super::judge::{Judge, Reason};
use super::ledger::{self, Sums};
use super::store::Turn;
use super::{STREAM, store};
use crate::figures::{self, Figures};
use crate::model::{HourRow, Month};
use crate::rules;

const BEAT: Duration = Duration::from_millis(200);
/// How many batches one transaction takes.
const MOST: usize = 32;
/// How long somebody else is left to count before it is tried again.
const WAIT: Duration = Duration::from_secs(2);
/// How often is looked for processes that are gone.
const LOOK: Duration = Duration::from_secs(10);
/// A process that has been silent for this long is gone.
const SILENT: time::Duration = time::Duration::seconds(30);
/// A clock that is further ahead than this, in milliseconds, is set right.
const AHEAD: i64 = 5000;
/// How often what is on the stream is tried when the process ends.
const LAST_TRIES: u32 = 30;

/// What was on the stream.
enum Took {
    /// Nothing is left.
    All,
    /// There may be more.
    Some,
    /// Another process counts.
    Held,
}

pub(super) struct Taker {
    database: Database,
    live: Arc<dyn Live>,
    id: Uuid,
    judge: Judge,
    figures: Figures,
    /// The number of the transaction after which memory stands; none where it must be made again.
    position: Option<i64>,
    looked: Option<Instant>,
}

/// One row of the ledger in the making.
pub(super) struct LedgerRow {
    pub(super) limit: u32,
    pub(super) last_at: i64,
    pub(super) hits: i64,
    pub(super) entries: Vec<u8>,
}

impl Taker {
    pub(super) fn new(platform: &Platform) -> Self {
        Self {
            database: platform.database.clone(),
            live: platform.live().clone(),
            id: platform.ids().uuid(),
            judge: Judge::default(),
            figures: Figures::default(),
            position: None,
            looked: None,
        }
    }

    /// Takes until the process's own producer is done, then what is left.
    pub(super) async fn run(mut self, done: CancellationToken) {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !done.is_cancelled() {
            tokio::select! { _ = beat.tick() => {}, () = done.cancelled() => {} }
            loop {
                match self.take().await {
                    Ok(Took::Some) => {}
                    Ok(Took::All) => break,
                    Ok(Took::Held) => {
                        tokio::select! { () = tokio::time::sleep(WAIT) => {}, () = done.cancelled() => {} }
                        break;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "views could not be counted; trying again");
                        break;
                    }
                }
            }
        }
        let mut tries = 0;
        while tries < LAST_TRIES {
            match self.take().await {
                Ok(Took::Some) => continue,
                Ok(Took::All) => break,
                // Whoever counts now may be about to end as well.
                Ok(Took::Held) => tries += 1,
                Err(error) => {
                    tracing::warn!(%error, "views could not be counted; trying again");
                    tries += LAST_TRIES / 5;
                }
            }
            tokio::time::sleep(BEAT).await;
        }
        if let Err(error) = self.leave().await {
            tracing::warn!(%error, "the turn to count could not be given up; it ends by itself");
        }
    }

    /// Leaves the turn to others.
    async fn leave(&self) -> Result<()> {
        if self.position.is_none() {
            return Ok(());
        }
        let mut tx = Scope::Worker(None).write(&self.database).await?;
        store::leave(&mut tx, self.id).await?;
        tx.commit().await
    }

    async fn take(&mut self) -> Result<Took> {
        let waiting = self.live.entries(STREAM, MOST).await.map_err(Error::broken)?;
        if waiting.is_empty() {
            self.look().await?;
            return Ok(Took::All);
        }
        let names: Vec<String> = waiting.iter().map(|(name, _)| name.clone()).collect();
        let batches = waiting.iter().filter_map(|(name, packed)| match Batch::unpack(packed) {
            Ok(batch) => Some(batch),
            Err(error) => {
                tracing::error!(%error, name, "what is on the stream of views is not ours");
                None
            }
        });
        let batches: Vec<Batch> = batches.collect();
        match self.apply(&batches).await {
            Ok(true) => {}
            Ok(false) => return Ok(Took::Held),
            Err(error) => {
                // Memory is ahead of what was written: it is made again from the ledger.
                self.position = None;
                return Err(error);
            }
        }
        // What cannot be taken off comes again, and its number tells that it was counted.
        self.live.take_off(STREAM, &names).await.map_err(Error::broken)?;
        self.look().await?;
        Ok(if names.len() < MOST { Took::All } else { Took::Some })
    }

    /// Now and then looks for processes that are gone, also where nothing is on the stream and this one has never counted: a process may
    /// have counted all that it handed over before it died.
    async fn look(&mut self) -> Result<()> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        let mut tx = Scope::Worker(None).write(&self.database).await?;
        let turn = store::turn(&mut tx).await?;
        // Whoever counts looks too.
        if !self.held_by_another(&turn) {
            let since = tx.now() - SILENT;
            store::give_up(&mut tx, since).await?;
        }
        tx.commit().await?;
        self.looked = Some(Instant::now());
        Ok(())
    }

    fn held_by_another(&self, turn: &Turn) -> bool {
        self.live.shared() && turn.held && turn.process != Some(self.id)
    }

    /// Counts batches in one transaction; false where another process counts.
    async fn apply(&mut self, batches: &[Batch]) -> Result<bool> {
        let mut tx = Scope::Worker(None).write(&self.database).await?;
        let turn = store::turn(&mut tx).await?;
        if self.held_by_another(&turn) {
            tx.rollback().await?;
            return Ok(false);
        }
        if self.position != Some(turn.position) {
            self.remember(&mut tx).await?;
        }
        // Until it is committed, memory is not what was written.
        self.position = None;
        let now = tx.now();
        let ids: Vec<Uuid> = batches.iter().map(|batch| batch.producer).collect();
        let mut producers = store::producers(&mut tx, &ids).await?;
        let new: Vec<&Batch> = {
            let mut new = Vec::new();
            for batch in batches {
                if follow(&mut tx, &mut producers, batch, now).await? {
                    new.push(batch);
                }
            }
            new
        };
        self.count(&mut tx, &new, turn.position + 1, now).await?;
        store::keep_producers(&mut tx, &producers, now).await?;
        store::advance(&mut tx, self.id).await?;
        tx.commit().await?;
        self.position = Some(turn.position + 1);
        self.figures.added();
        Ok(true)
    }

    async fn count(&mut self, tx: &mut Tx, batches: &[&Batch], position: i64, now: OffsetDateTime) -> Result<()> {
        let months: BTreeSet<String> =
            batches.iter().flat_map(|batch| &batch.entries).map(|entry| Month::of(ledger::hour(entry.hit.at)).to_string()).collect();
        let closed = store::closed_of(tx, &months.into_iter().collect::<Vec<_>>()).await?;
        let (mut sums, mut rows) = (Sums::default(), BTreeMap::<(Uuid, String), LedgerRow>::new());
        let now = (now.unix_timestamp_nanos() / 1_000_000) as i64;
        let mut limits = HashMap::<Uuid, u32>::new();
        for batch in batches {
            let ahead = if batch.sent_at - now > AHEAD { batch.sent_at - now } else { 0 };
            for Entry { tenant, hit, told } in &batch.entries {
                let mut hit = *hit;
                hit.at -= ahead;
                let hour = ledger::hour(hit.at);
                let month = Month::of(hour).to_string();
                if closed.contains(&month) {
                    hit.mark = Some(Reason::Late);
                }
                let directory = &self.database.shared().directory;
                let limit =
                    *limits.entry(*tenant).or_insert_with(|| rules::network_limit(directory.get(*tenant).and_then(|town| town.population)));
                let verdict = self.judge.judge(&hit, limit);
                sums.add(*tenant, &hit, verdict);
                self.figures.add(*tenant, local(hour).date(), told, verdict);
                let row =
                    rows.entry((*tenant, month)).or_insert_with(|| LedgerRow { limit, last_at: hit.at, hits: 0, entries: Vec::new() });
                row.last_at = row.last_at.max(hit.at);
                row.hits += i64::from(hit.times);
                ledger::pack(&mut row.entries, &hit, verdict);
            }
        }
        let hours: Vec<HourRow> =
            sums.hours.iter().map(|((tenant_id, hour), tally)| HourRow { tenant_id: *tenant_id, hour: *hour, tally: *tally }).collect();
        if !hours.is_empty() {
            crate::store::add(tx, &hours).await?;
            store::add_rejects(tx, &sums.rejects).await?;
            store::add_ledger(tx, position, &rows).await?;
        }
        figures::store::add(tx, &self.figures.to_add()).await
    }

    /// Makes memory again from what was written: the hits of today and of the last hour before it.
    async fn remember(&mut self, tx: &mut Tx) -> Result<()> {
        (self.judge, self.figures) = (Judge::default(), Figures::default());
        let since = local(tx.now() - time::Duration::HOUR).date();
        for (limit, packed) in store::ledger_since(tx, since.midnight().assume_offset(BOGOTA)).await? {
            for (hit, _) in ledger::unpack(&packed)? {
                self.judge.judge(&hit, limit);
            }
        }
        for (tenant, day, kind, name) in figures::store::names_since(tx, since).await? {
            self.figures.know(tenant, day, kind, name);
        }
        Ok(())
    }
}

/// Whether a batch is new. What lies between the number that was expected and the one that came is lost, and declared.
async fn follow(tx: &mut Tx, producers: &mut HashMap<Uuid, store::ProducerRow>, batch: &Batch, now: OffsetDateTime) -> Result<bool> {
    let fresh = store::ProducerRow { next: 0, dropped: 0, peak: 0, ended: false, gone: false };
    let known = producers.entry(batch.producer).or_insert(fresh);
    let (first, views, dropped) = (batch.first as i64, batch.views() as i64, batch.dropped as i64);
    if first < known.next {
        return Ok(false);
    }
    if known.gone {
        // It was only silent: nothing of its is lost.
        store::take_back(tx, batch.producer).await?;
        known.gone = false;
    }
    if first > known.next {
        store::declare(tx, now, "STREAM", first - known.next, true, Some(batch.producer)).await?;
    }
    if dropped > known.dropped {
        store::declare(tx, now, "DOOR", dropped - known.dropped, true, Some(batch.producer)).await?;
    }
    known.next = first + views;
    known.dropped = known.dropped.max(dropped);
    known.peak = known.peak.max(batch.peak as i64);
    known.ended = batch.ended;
    Ok(true)
}
