//! Counts page views off the path of the request: the door hands them over and goes on; five times a second they are told apart,
//! tallied by the hour and written together. Who visits is known only as a hash that changes every day and is forgotten within it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use kernel::clock::local;
use kernel::live::{Live, LiveKey};
use kernel::secret::Secret;
use kernel::{Database, Error, Platform, Result, Scope};
use moka::future::Cache;
use regex::bytes::{Regex, RegexBuilder};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::model::{HourRow, Tally};
use crate::{rules, store};

/// Page views that may wait; more are dropped and show in `cabildo_views_dropped_total`.
const WAITING: usize = 8192;
/// How often what was counted is written.
const FLUSH: Duration = Duration::from_millis(200);
/// Visitors whose last view this process remembers.
const REMEMBERED: u64 = 100_000;

/// A page that was read. Nothing of it is stored.
#[derive(Debug, Clone)]
pub struct PageView {
    /// Whose page.
    pub tenant: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// Where the request comes from, as far as proxies may be trusted.
    pub client: IpAddr,
    /// What the browser says that it is.
    pub user_agent: String,
    /// The path of the page.
    pub path: String,
}

/// Programs that say what they are.
pub struct Robots(Regex);

impl Robots {
    /// Takes the patterns of the list of crawlers (`dist/robots.json`). They become one expression: as a set they take two seconds to
    /// build instead of ten milliseconds, and which of them it was does not matter.
    pub fn new(patterns: Vec<String>) -> Result<Self> {
        let any: Vec<String> = patterns.into_iter().map(|pattern| format!("(?:{pattern})")).collect();
        // Without patterns nothing matches: an empty expression would match everything.
        let any = if any.is_empty() { r"[^\x00-\xff]".to_owned() } else { any.join("|") };
        let built = RegexBuilder::new(&any).case_insensitive(true).unicode(false).size_limit(64 << 20).build();
        built.map(Self).map_err(Error::broken)
    }

    /// Whether this is a robot; whoever does not say what it is counts as one.
    pub fn knows(&self, user_agent: &str) -> bool {
        user_agent.trim().is_empty() || self.0.is_match(user_agent.as_bytes())
    }
}

/// The door's end: takes page views and never waits.
#[derive(Debug, Clone)]
pub struct Recorder(mpsc::Sender<PageView>);

impl Recorder {
    /// Hands over a page view; one too many is dropped and counted as dropped.
    pub fn record(&self, view: PageView) {
        if self.0.try_send(view).is_err() {
            metrics::counter!("cabildo_views_dropped_total").increment(1);
        }
    }
}

/// The other end: tells page views apart and writes the tallies.
pub struct Counter {
    views: mpsc::Receiver<PageView>,
    robots: Robots,
    database: Database,
    secret: Secret,
    /// When each visitor was last seen here. It lets the half hour slide: live state knows only when a window opened.
    seen: Cache<String, OffsetDateTime>,
    tallies: BTreeMap<(Uuid, OffsetDateTime), Tally>,
}

/// A recorder for the door and the counter that has to be run beside it.
pub fn recorder(platform: &Platform, robots: Robots) -> (Recorder, Counter) {
    let (sender, views) = mpsc::channel(WAITING);
    (Recorder(sender), Counter::new(views, robots, platform.database.clone(), platform.secret.clone()))
}

impl Counter {
    fn new(views: mpsc::Receiver<PageView>, robots: Robots, database: Database, secret: Secret) -> Self {
        let seen = Cache::builder().max_capacity(REMEMBERED).time_to_live(rules::VISIT_GAP).build();
        Self { views, robots, database, secret, seen, tallies: BTreeMap::new() }
    }

    fn live(&self) -> &dyn Live {
        self.database.shared().live.as_ref()
    }

    /// Counts until stopped, then writes what has arrived. Stop it after the door.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut beat = tokio::time::interval(FLUSH);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            tokio::select! { _ = beat.tick() => {}, () = stop.cancelled() => {} }
            self.work().await;
        }
        // What arrived while the last tallies were being written.
        self.work().await;
    }

    async fn work(&mut self) {
        for _ in 0..WAITING {
            let Ok(view) = self.views.try_recv() else { break };
            self.count(&view).await;
        }
        if self.tallies.is_empty() {
            return;
        }
        // What could not be written is kept, and goes with the next.
        match write(&self.database, &self.tallies).await {
            Ok(()) => self.tallies.clear(),
            Err(error) => tracing::warn!(%error, "visits could not be written; trying again"),
        }
    }

    async fn count(&mut self, view: &PageView) {
        if !rules::is_page(&view.path) {
            return;
        }
        let counted = self.tell(view).await;
        let hour = view.at.unix_timestamp().div_euclid(3600) * 3600;
        let hour = OffsetDateTime::from_unix_timestamp(hour).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let tally = self.tallies.entry((view.tenant, hour)).or_default();
        match counted {
            Counted::Robot => tally.robots += 1,
            Counted::View => tally.views += 1,
            Counted::Visit => (tally.visits, tally.views) = (tally.visits + 1, tally.views + 1),
            Counted::SetAside => (tally.set_aside, tally.views) = (tally.set_aside + 1, tally.views + 1),
        }
    }

    async fn tell(&self, view: &PageView) -> Counted {
        if self.robots.knows(&view.user_agent) {
            return Counted::Robot;
        }
        let visitor = self.hash(view, &[rules::household(view.client).to_string().as_bytes(), view.user_agent.as_bytes()]);
        if !self.allows(view, format!("views/{visitor}"), rules::VIEWS_PER_MINUTE, Duration::from_mins(1)).await {
            return Counted::Robot;
        }
        if !self.opens_visit(view, &visitor).await {
            return Counted::View;
        }
        let population = self.database.shared().directory.get(view.tenant).and_then(|town| town.population);
        let network = self.hash(view, &[rules::network(view.client).to_string().as_bytes()]);
        let day = Duration::from_hours(24);
        if self.allows(view, format!("visits/{network}"), rules::network_limit(population), day).await {
            Counted::Visit
        } else {
            Counted::SetAside
        }
    }

    /// A visit opens when this process has not seen the visitor for half an hour, and no other replica opened it within the last one.
    async fn opens_visit(&self, view: &PageView, visitor: &str) -> bool {
        let key = LiveKey::of(view.tenant, format_args!("visit/{visitor}"));
        let first = self.live().first_seen(&key, rules::VISIT_GAP, view.at).await.unwrap_or(true);
        let last = self.seen.get(visitor).await;
        self.seen.insert(visitor.to_owned(), view.at).await;
        first && last.is_none_or(|last| view.at - last >= rules::VISIT_GAP)
    }

    /// Without live state everything is allowed: a count that is a little high is better than none.
    async fn allows(&self, view: &PageView, name: String, limit: u32, window: Duration) -> bool {
        let key = LiveKey::of(view.tenant, name);
        self.live().allow(&key, limit, window, view.at).await.map_or(true, |rate| rate.allowed)
    }

    /// A keyed hash of the day and the town: tomorrow, or next door, the same visitor is somebody else.
    fn hash(&self, view: &PageView, parts: &[&[u8]]) -> String {
        let day = local(view.at).date().to_string();
        let parts: Vec<&[u8]> = [day.as_bytes(), view.tenant.as_bytes()].into_iter().chain(parts.iter().copied()).collect();
        hex::encode(&self.secret.keyed("visitor", &parts)[..16])
    }
}

enum Counted {
    Robot,
    View,
    Visit,
    SetAside,
}

async fn write(db: &Database, tallies: &BTreeMap<(Uuid, OffsetDateTime), Tally>) -> Result<()> {
    let rows: Vec<HourRow> =
        tallies.iter().map(|((tenant_id, hour), tally)| HourRow { tenant_id: *tenant_id, hour: *hour, tally: *tally }).collect();
    let mut tx = Scope::Worker(None).write(db).await?;
    store::add(&mut tx, &rows).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::clock::PlatformClock;
    use kernel::db::Shared;
    use kernel::directory::Directory;
    use kernel::ids::RandomIds;
    use kernel::live::InProcess;
    use sqlx::postgres::PgConnectOptions;
    use time::macros::datetime;

    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";

    /// A counter that never writes.
    fn counter() -> Counter {
        let shared = Shared {
            clock: Arc::new(PlatformClock::default()),
            ids: Arc::new(RandomIds),
            directory: Arc::new(Directory::new("localhost")),
            live: Arc::new(InProcess::default()),
            constraints: Vec::new(),
        };
        let robots = Robots::new(vec!["Googlebot\\/".to_owned(), "[wW]get".to_owned()]).expect("are patterns");
        Counter::new(mpsc::channel(1).1, robots, Database::connect(PgConnectOptions::new(), 1, shared), Secret::new("llave"))
    }

    /// A view so many seconds after eight in the morning.
    fn view(seconds: i64, client: &str, user_agent: &str) -> PageView {
        PageView {
            tenant: Uuid::from_u128(7),
            at: datetime!(2026-10-05 13:00 UTC) + time::Duration::seconds(seconds),
            client: client.parse().expect("is an address"),
            user_agent: user_agent.to_owned(),
            path: "/tramites".to_owned(),
        }
    }

    async fn counted(views: impl IntoIterator<Item = PageView>) -> Tally {
        let mut counter = counter();
        for view in views {
            counter.count(&view).await;
        }
        counter.tallies.into_values().fold(Tally::default(), |sum, hour| Tally {
            visits: sum.visits + hour.visits,
            views: sum.views + hour.views,
            robots: sum.robots + hour.robots,
            set_aside: sum.set_aside + hour.set_aside,
        })
    }

    #[tokio::test]
    async fn a_visit_goes_on_while_gaps_are_under_half_an_hour() {
        let minutes = |minutes: &[i64]| minutes.iter().map(|at| view(at * 60, "190.0.2.7", FIREFOX)).collect::<Vec<_>>();
        assert_eq!(counted(minutes(&[0, 0, 20, 40, 69, 98])).await, Tally { visits: 1, views: 6, ..Tally::default() });
        assert_eq!(counted(minutes(&[0, 29, 59])).await.visits, 2);
        assert_eq!(counted(minutes(&[0, 20, 40, 71])).await.visits, 2);
    }

    #[tokio::test]
    async fn another_browser_or_another_house_is_another_visitor() {
        let views =
            [view(0, "190.0.2.7", FIREFOX), view(1, "190.0.2.7", "Mozilla/5.0 (Android 14; Mobile)"), view(2, "190.0.3.7", FIREFOX)];
        assert_eq!(counted(views).await.visits, 3);
    }

    #[tokio::test]
    async fn robots_are_left_out() {
        let views =
            ["", " ", "Mozilla/5.0 (compatible; Googlebot/2.1)", "GOOGLEBOT/2.1", "Wget/1.21"].map(|name| view(0, "66.249.66.1", name));
        assert_eq!(counted(views).await, Tally { robots: 5, ..Tally::default() });
    }

    #[tokio::test]
    async fn a_client_that_reads_too_fast_is_a_robot() {
        let views = (0..70).map(|_| view(0, "190.0.2.7", FIREFOX));
        assert_eq!(counted(views).await, Tally { visits: 1, views: 60, robots: 10, set_aside: 0 });
    }

    #[tokio::test]
    async fn what_one_network_brings_too_much_is_set_aside() {
        let views = (0..20).map(|host| view(host, &format!("190.0.2.{host}"), FIREFOX)).chain([view(30, "190.0.3.1", FIREFOX)]);
        assert_eq!(counted(views).await, Tally { visits: 13, views: 21, robots: 0, set_aside: 8 });
    }

    #[tokio::test]
    async fn what_cannot_be_written_yet_is_kept() {
        let mut counter = counter();
        counter.count(&view(0, "190.0.2.7", FIREFOX)).await;
        counter.database.close().await;
        counter.work().await;
        assert_eq!(counter.tallies.len(), 1);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_told() {
        assert!(Robots::new(vec!["(".to_owned()]).is_err());
    }
}
