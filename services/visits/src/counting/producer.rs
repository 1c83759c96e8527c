//! One process's share: takes views from its door, hashes away who read them, and puts them on the stream five times a second.
//! What it has not put there yet is lost with it, and that is at most what came in a second.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::clock::local;
use kernel::secret::Secret;
use kernel::{Database, Platform};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::STREAM;
use super::batch::{Batch, Entry, Told};
use super::door::{LeftOut, Named, PageView};
use super::judge::Hit;
use super::salt::{Salts, short};
use crate::figures::told::{Device, Referrer, shortened};
use crate::rules;

/// How often views are handed over.
const BEAT: Duration = Duration::from_millis(200);
/// How many views a batch holds at most.
const MOST: usize = 4096;
/// Packed batches that may wait for the stream; then views wait at the door, and then they are dropped.
const PACKED: usize = 64;
/// A process that has nothing to hand over says so this often.
const SIGN: Duration = Duration::from_secs(5);
/// How often the salt is compared with the database's.
const COMPARE: Duration = Duration::from_mins(1);
/// Equal views within this many milliseconds are handed over as one with their number.
const AT_ONCE: i64 = 1000;
/// How many names of browsers are remembered.
const NAMES: usize = 10_000;
/// How often a stream that is out of reach is tried before a process ends without it.
const LAST_TRIES: u32 = 25;

pub(super) struct Producer {
    id: Uuid,
    database: Database,
    secret: Secret,
    views: mpsc::Receiver<PageView>,
    dropped: Arc<AtomicU64>,
    left_out: LeftOut,
    salts: Salts,
    compared: Option<Instant>,
    names: HashMap<String, (Named, Device)>,
    /// Views whose salt could not be learnt yet.
    held: Vec<PageView>,
    packed: VecDeque<Vec<u8>>,
    next: u64,
    /// The views of the last beats, as many as make a second.
    second: [u64; 5],
    peak: u64,
    told: Option<Instant>,
    told_dropped: u64,
}

impl Producer {
    pub(super) fn new(platform: &Platform, views: mpsc::Receiver<PageView>, dropped: Arc<AtomicU64>, left_out: LeftOut) -> Self {
        Self {
            id: platform.ids().uuid(),
            database: platform.database.clone(),
            secret: platform.secret.clone(),
            views,
            dropped,
            left_out,
            salts: Salts::default(),
            compared: None,
            names: HashMap::new(),
            held: Vec::new(),
            packed: VecDeque::new(),
            next: 0,
            second: [0; 5],
            peak: 0,
            told: None,
            told_dropped: 0,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            tokio::select! { _ = beat.tick() => {}, () = stop.cancelled() => {} }
            self.gather().await;
            self.hand_over().await;
        }
        self.good_bye().await;
    }

    /// What arrived while the last batches were handed over, and that nothing more will come.
    async fn good_bye(&mut self) {
        for _ in 0..LAST_TRIES {
            self.gather().await;
            self.hand_over().await;
            if self.packed.is_empty() && self.held.is_empty() && self.views.is_empty() {
                break;
            }
            tokio::time::sleep(BEAT).await;
        }
        // A process that handed over nothing needs no farewell.
        if self.told.is_some() {
            let batch = self.batch(Vec::new(), true);
            self.packed.push_back(batch.packed());
            self.hand_over().await;
        }
    }

    /// Packs the views that have come.
    async fn gather(&mut self) {
        let before = self.next;
        let mut batches = Vec::new();
        while self.packed.len() + batches.len() < PACKED {
            let mut views = std::mem::take(&mut self.held);
            while views.len() < MOST
                && let Ok(view) = self.views.try_recv()
            {
                if rules::is_page(&view.path) || view.download {
                    views.push(view);
                }
            }
            if views.is_empty() {
                break;
            }
            if let Err(error) = self.know_salts(&views).await {
                tracing::warn!(%error, "the salt of the day could not be learnt; views wait");
                self.held = views;
                break;
            }
            let entries = self.entries(&views);
            let batch = self.batch(entries, false);
            self.next += batch.views();
            batches.push(batch);
        }
        self.salts.forget_old();
        self.second.rotate_left(1);
        self.second[4] = self.next - before;
        self.peak = self.peak.max(self.second.iter().sum());
        for batch in batches {
            self.packed.push_back(Batch { peak: self.peak, ..batch }.packed());
        }
        let silent = self.told.is_some_and(|told| told.elapsed() >= SIGN);
        if self.packed.is_empty() && (silent || self.dropped.load(Ordering::Relaxed) > self.told_dropped) {
            let sign = self.batch(Vec::new(), false);
            self.packed.push_back(sign.packed());
        }
    }

    async fn know_salts(&mut self, views: &[PageView]) -> kernel::Result<()> {
        let stale = self.compared.is_none_or(|compared| compared.elapsed() >= COMPARE);
        let mut days: Vec<_> = views.iter().map(|view| local(view.at).date()).collect();
        days.sort_unstable();
        days.dedup();
        for day in days {
            if stale || self.salts.known(day).is_none() {
                let learnt = self.salts.learn(&self.database, &self.secret, day).await;
                // A salt that is known holds while the database is away.
                if self.salts.known(day).is_none() {
                    learnt?;
                }
                self.compared = Some(Instant::now());
            }
        }
        Ok(())
    }

    /// The views without who read them; equal ones are one.
    fn entries(&mut self, views: &[PageView]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(views.len());
        let mut places = HashMap::new();
        for view in views {
            // Every day of these views was learnt before.
            let Some(hasher) = self.salts.known(local(view.at).date()) else { continue };
            let (named, device) = self.named(&view.user_agent);
            let visitor = hasher.visitor(view.tenant, view.client, &view.user_agent);
            let page = match &view.search {
                Some(search) => short(format!("{}?{}", view.path, search.words).as_bytes()),
                None => short(view.path.as_bytes()),
            };
            let mark = self.left_out.why(view, named);
            let at = (view.at.unix_timestamp_nanos() / 1_000_000) as i64;
            let place = places.entry((visitor, page, mark)).or_insert(usize::MAX);
            if let Some(equal) = entries.get_mut(*place).filter(|equal| (at - equal.hit.at).abs() < AT_ONCE) {
                equal.hit.times = equal.hit.times.saturating_add(1);
                continue;
            }
            *place = entries.len();
            let network = hasher.network(view.tenant, view.client);
            let told = Told {
                path: shortened(&view.path).to_owned(),
                referrer: Referrer::of(view.referrer.as_deref()),
                device,
                search: view.search.as_ref().map(|search| (shortened(&search.words).to_owned(), search.found)),
            };
            let hit = Hit { at, visitor, network, page, times: 1, download: view.download, mark };
            entries.push(Entry { tenant: view.tenant, hit, told });
        }
        entries
    }

    fn named(&mut self, user_agent: &str) -> (Named, Device) {
        if let Some(known) = self.names.get(user_agent) {
            return *known;
        }
        if self.names.len() >= NAMES {
            self.names.clear();
        }
        let named = (self.left_out.named(user_agent), Device::of(user_agent));
        self.names.insert(user_agent.to_owned(), named);
        named
    }

    fn batch(&mut self, entries: Vec<Entry>, ended: bool) -> Batch {
        self.told_dropped = self.dropped.load(Ordering::Relaxed);
        let sent_at = (self.database.shared().clock.now().unix_timestamp_nanos() / 1_000_000) as i64;
        Batch { producer: self.id, first: self.next, dropped: self.told_dropped, peak: self.peak, sent_at, ended, entries }
    }

    /// Puts what is packed on the stream, in order. What may have arrived is sent again: its number tells.
    async fn hand_over(&mut self) {
        while let Some(batch) = self.packed.front() {
            if let Err(error) = self.database.shared().live.append(STREAM, batch).await {
                tracing::warn!(%error, "views wait for the stream");
                return;
            }
            self.packed.pop_front();
            self.told = Some(Instant::now());
        }
    }
}
