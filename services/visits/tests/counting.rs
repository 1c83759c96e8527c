//! Counting from the door to the ledger: each reason, the figures of a site, and what happens when things break on the way.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use http::{Method, StatusCode, header};
use kernel::live::{InProcess, Live, LiveKey, Messages, Result as LiveResult, Taken};
use kernel::networks::Networks;
use kernel::{Platform, Role, Scope};
use serde_json::{Value, json};
use suite::browser::{Browser, Front};
use suite::{CHIPAQUE, FILANDIA, World, email, postgres};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use visits::{Counter, PageView, Recorder, Robots};

use crate::visits_month::replica;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
const PHONE: &str = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36";

fn counting(platform: &Platform) -> (Recorder, Counter) {
    visits::recorder(platform, Robots::new(web::assets::robots()).unwrap())
}

/// Hands over and counts what was recorded so far, and ends.
async fn end(counter: Counter) {
    let stop = CancellationToken::new();
    stop.cancel();
    counter.run(stop).await;
}

async fn read(browser: &Browser, method: Method, path: &str, agent: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = browser.request(method, path).header(header::USER_AGENT, agent);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request.body(Body::empty()).unwrap()).await.status
}

async fn number(world: &World, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut postgres(world).await).await.unwrap()
}

async fn figures(world: &World) -> Value {
    let asked = "{ siteFigures(days: 30) { rejects { reason hits } pages { name hits } entries { name hits } searches { name hits }
        unmetSearches { text hits } referrers { name hits } devices { name hits } downloads { text hits } secondPageShare } }";
    world.actor(CHIPAQUE, Role::Observer).await.run(asked, json!({})).await["siteFigures"].clone()
}

#[tokio::test]
async fn each_reject_is_kept_with_its_reason_until_the_month_is_closed() {
    let world = World::new().await;
    let (recorder, counter) = counting(&world.platform);
    let front = Front::of(api::Door::new(world.platform.clone(), recorder), None);
    let town = front.browser(CHIPAQUE);
    let inside = front.browser(CHIPAQUE).signed_in(&email(Role::Editor, CHIPAQUE)).await;
    let ok = StatusCode::OK;
    assert_eq!(read(&town, Method::GET, "/", FIREFOX, &[]).await, ok);
    assert_eq!(read(&town, Method::GET, "/", FIREFOX, &[]).await, ok, "from the cache");
    assert_eq!(read(&inside, Method::GET, "/", FIREFOX, &[]).await, ok);
    assert_eq!(read(&town, Method::GET, "/nada", FIREFOX, &[]).await, StatusCode::NOT_FOUND);
    assert_eq!(read(&town, Method::GET, "/noticias/ninguna", FIREFOX, &[]).await, StatusCode::NOT_FOUND);
    assert_eq!(read(&town, Method::GET, "/plan", FIREFOX, &[("sec-purpose", "prefetch;prerender")]).await, ok);
    assert_eq!(read(&town, Method::GET, "/plan", FIREFOX, &[("sec-fetch-dest", "iframe")]).await, ok);
    assert_eq!(read(&town, Method::GET, "/plan", FIREFOX, &[("sec-fetch-dest", "document")]).await, ok);
    assert_eq!(read(&town, Method::HEAD, "/plan", FIREFOX, &[]).await, ok);
    assert_eq!(read(&town, Method::GET, "/plan", "Mozilla/5.0+(compatible; UptimeRobot/2.0)", &[]).await, ok);
    assert_eq!(read(&town, Method::GET, "/plan", "curl/8.5.0", &[]).await, ok);
    // A cookie that is nobody's makes nobody one of the town's own people.
    let forged = [("cookie", "cabildo_session=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")];
    assert_eq!(read(&town, Method::GET, "/tramites", FIREFOX, &forged).await, ok);
    end(counter).await;
    let told = figures(&world).await;
    let rejects: Vec<(&str, i64)> =
        told["rejects"].as_array().unwrap().iter().map(|row| (row["reason"].as_str().unwrap(), row["hits"].as_i64().unwrap())).collect();
    assert_eq!(rejects, [("ERROR", 2), ("MONITOR", 2), ("EMBEDDED", 1), ("PREFETCH", 1), ("REPEAT", 1), ("ROBOT", 1), ("STAFF", 1)]);
    assert_eq!(told["pages"], json!([{ "name": "/", "hits": 1 }, { "name": "/plan", "hits": 1 }, { "name": "/tramites", "hits": 1 }]));
    let run = visits::rerun(&world.platform, "2026-11").await.unwrap();
    assert_eq!((run.towns, run.hits, run.visits, run.differences), (1, 12, 1, Vec::new()));

    // What was changed behind the ledger's back is found.
    let more = "update visits.hour_count set visits = visits + 1";
    sqlx::raw_sql(more).execute(&mut postgres(&world).await).await.unwrap();
    assert_eq!(visits::rerun(&world.platform, "2026-11").await.unwrap().differences.len(), 1);

    // The ledger goes with the close of its month; the sums stay.
    // Towns may object until 6 December.
    world.clock.advance(Duration::days(14));
    sweep(&world, "visits.sweep_ledger").await;
    assert_eq!(number(&world, "select count(*) from visits.ledger").await, 1);
    visits::close(&world.platform, "2026-11").await.unwrap();
    sweep(&world, "visits.sweep_ledger").await;
    assert_eq!(number(&world, "select count(*) from visits.ledger").await, 0);
    assert_eq!(number(&world, "select sum(hits)::bigint from visits.reject_count").await, 9);

    // What arrives now does not change it.
    let (recorder, counter) = counting(&world.platform);
    let late = world.platform.clock().now() - Duration::days(12);
    recorder.record(PageView::new(world.tenant(CHIPAQUE).id, late, IpAddr::V4(Ipv4Addr::new(190, 0, 2, 7)), FIREFOX, "/"));
    end(counter).await;
    assert_eq!(number(&world, "select hits from visits.reject_count where reason = 'LATE'").await, 1);
    assert_eq!(number(&world, "select sum(visits)::bigint from visits.hour_count").await, 2);
}

async fn sweep(world: &World, job: &str) {
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue(job, json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
}

#[tokio::test]
async fn the_committee_reads_what_is_read_of_its_site() {
    let world = World::new().await;
    let (recorder, counter) = counting(&world.platform);
    let front = Front::of(api::Door::new(world.platform.clone(), recorder), None);
    let town = front.browser(CHIPAQUE);
    let google = [("referer", "https://www.google.com.co/search?q=chipaque")];
    read(&town, Method::GET, "/tramites", PHONE, &google).await;
    for (path, agent) in [("/buscar?q=Impuesto+PREDIAL", PHONE), ("/buscar?q=ovnis", PHONE), ("/buscar?q=79123456", PHONE), ("/", FIREFOX)]
    {
        assert_eq!(read(&town, Method::GET, path, agent, &[]).await, StatusCode::OK, "{path}");
        world.clock.advance(Duration::minutes(1));
    }
    // The same from the cache: another visitor's search is told as well.
    read(&town, Method::GET, "/buscar?q=ovnis", FIREFOX, &[]).await;
    assert_eq!(read(&town, Method::GET, "/tramites.csv", FIREFOX, &[]).await, StatusCode::OK);
    end(counter).await;
    let told = figures(&world).await;
    assert_eq!(told["searches"], json!([{ "name": "impuesto predial", "hits": 1 }]));
    assert_eq!(told["unmetSearches"], json!([{ "text": "ovnis", "hits": 2 }]), "a number of somebody's is not kept");
    assert_eq!(told["entries"], json!([{ "name": "/", "hits": 1 }, { "name": "/tramites", "hits": 1 }]));
    assert_eq!(told["referrers"], json!([{ "name": "DIRECT", "hits": 1 }, { "name": "SEARCH", "hits": 1 }]));
    assert_eq!(told["devices"], json!([{ "name": "COMPUTER", "hits": 1 }, { "name": "PHONE", "hits": 1 }]));
    assert_eq!(told["downloads"], json!([{ "text": "tramites.csv", "hits": 1 }]));
    assert_eq!(told["secondPageShare"], 100.0);
    let measures = "query($name: String!) { measure(name: $name) { value } }";
    let observer = world.actor(CHIPAQUE, Role::Observer).await;
    for (name, value) in [("visits.unmet_searches", 2.0), ("visits.downloads", 1.0), ("visits.searches_met_share", 100.0 / 3.0)] {
        assert_eq!(observer.run(measures, json!({ "name": name })).await["measure"]["value"], value, "{name}");
    }
    let inside = front.browser(CHIPAQUE).signed_in(&email(Role::Editor, CHIPAQUE)).await;
    let page = inside.get("/admin/visitas").await;
    assert!(
        page.body.contains("ovnis") && page.body.contains("Buscadores") && page.body.contains("/admin/visitas/cifras"),
        "{}",
        page.body
    );
    let file = inside.get("/admin/visitas/cifras.csv?dias=7").await.body;
    assert!(
        file.starts_with("cifra,nombre,veces\n\"pagina\",\"/buscar\",\"4\"\n")
            && file.contains("\n\"busqueda_sin_respuesta\",\"ovnis\",\"2\"\n"),
        "{file}"
    );
    let other = front.browser(FILANDIA).signed_in(&email(Role::Editor, FILANDIA)).await;
    assert!(!other.get("/admin/visitas").await.body.contains("ovnis"));
}

/// Live state that tells everything twice and forgets to forget, or loses what is told.
struct Broken {
    inner: InProcess,
    loses: AtomicBool,
}

#[async_trait]
impl Live for Broken {
    async fn take(
        &self,
        key: &LiveKey,
        member: Option<&str>,
        limit: u64,
        window: std::time::Duration,
        now: OffsetDateTime,
    ) -> LiveResult<Taken> {
        self.inner.take(key, member, limit, window, now).await
    }
    async fn count(&self, key: &LiveKey, now: OffsetDateTime) -> LiveResult<u64> {
        self.inner.count(key, now).await
    }
    async fn publish(&self, channel: &str, message: &[u8]) -> LiveResult<()> {
        self.inner.publish(channel, message).await
    }
    async fn subscribe(&self, channel: &str) -> LiveResult<Messages> {
        self.inner.subscribe(channel).await
    }
    fn shared(&self) -> bool {
        true
    }
    async fn append(&self, stream: &str, entry: &[u8]) -> LiveResult<()> {
        if self.loses.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.inner.append(stream, entry).await?;
        self.inner.append(stream, entry).await
    }
    async fn entries(&self, stream: &str, most: usize) -> LiveResult<Vec<(String, Bytes)>> {
        self.inner.entries(stream, most).await
    }
    async fn take_off(&self, stream: &str, names: &[String]) -> LiveResult<()> {
        // Of what should go, the last stays and comes again.
        self.inner.take_off(stream, names.split_last().map_or(&[], |(_, rest)| rest)).await
    }
}

fn people(world: &World, network: u8, from: u8, to: u8) -> Vec<PageView> {
    let (town, at) = (world.tenant(CHIPAQUE).id, world.platform.clock().now());
    let person = |host| PageView::new(town, at, IpAddr::V4(Ipv4Addr::new(190, network, host, 1)), FIREFOX, "/");
    (from..to).map(person).collect()
}

fn hand(recorder: &Recorder, views: Vec<PageView>) {
    for view in views {
        recorder.record(view);
    }
}

async fn losses(world: &World) -> Vec<(String, i64, bool)> {
    sqlx::query_as("select kind, views, exact from visits.loss order by at, kind").fetch_all(&mut postgres(world).await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_is_counted_once_and_what_is_lost_is_declared() {
    let world = World::new().await;
    let live = Arc::new(Broken { inner: InProcess::default(), loses: AtomicBool::new(false) });
    let platform = replica(&world, live.clone(), world.platform.clock().now());
    let (recorder, counter) = counting(&platform);
    let stop = CancellationToken::new();
    let feeding = async {
        for (from, to, loses) in [(0, 30, false), (30, 47, true), (47, 60, false)] {
            live.loses.store(loses, Ordering::SeqCst);
            hand(&recorder, people(&world, 1, from, to));
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        }
        stop.cancel();
    };
    tokio::join!(counter.run(stop.clone()), feeding);
    assert_eq!(number(&world, "select sum(visits)::bigint from visits.hour_count").await, 43);
    assert_eq!(losses(&world).await, [("STREAM".to_owned(), 17, true)], "Redis was flushed with seventeen views in it");
    assert_eq!(visits::rerun(&world.platform, "2026-11").await.unwrap().differences, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_the_door_can_hold_is_dropped_and_declared() {
    let world = World::new().await;
    let (recorder, counter) = counting(&world.platform);
    let view = people(&world, 1, 0, 1).remove(0);
    for _ in 0..17_000 {
        recorder.record(view.clone());
    }
    end(counter).await;
    assert_eq!(losses(&world).await, [("DOOR".to_owned(), 17_000 - 16_384, true)]);
    let hits = "select ((select sum(views) from visits.hour_count) + (select sum(hits) from visits.reject_count))::bigint";
    assert_eq!(number(&world, hits).await, 16_384);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_salt_of_a_day_is_random_heals_and_is_destroyed() {
    let world = World::new().await;
    let sum = "select sum(visits)::bigint from visits.hour_count";
    let once = async || {
        let (recorder, counter) = counting(&world.platform);
        hand(&recorder, people(&world, 1, 0, 1));
        end(counter).await;
    };
    once().await;
    world.clock.advance(Duration::minutes(1));
    once().await;
    assert_eq!(number(&world, sum).await, 1, "a process that starts again knows the visitors of before");
    let is_unlogged = "select count(*) from pg_class where oid = 'visits.salt'::regclass and relpersistence = 'u'";
    assert_eq!(number(&world, is_unlogged).await, 1);
    let salt = "select salt from visits.salt";
    let first: Vec<u8> = sqlx::query_scalar(salt).fetch_one(&mut postgres(&world).await).await.unwrap();
    assert_eq!(first.len(), 32);

    // A crash of the database empties the table: who was seen counts again, and that is declared.
    sqlx::raw_sql("truncate visits.salt").execute(&mut postgres(&world).await).await.unwrap();
    world.clock.advance(Duration::minutes(1));
    once().await;
    let second: Vec<u8> = sqlx::query_scalar(salt).fetch_one(&mut postgres(&world).await).await.unwrap();
    assert_ne!(first, second);
    assert_eq!((number(&world, sum).await, losses(&world).await), (2, vec![("SALT".to_owned(), 0, false)]));

    // After midnight it is gone, and so is its file.
    world.clock.advance(Duration::DAY);
    once().await;
    assert_eq!(number(&world, "select count(*) from visits.salt").await, 2);
    let file = "select relfilenode::bigint from pg_class where oid = 'visits.salt'::regclass";
    let before = number(&world, file).await;
    sweep(&world, "visits.destroy_salts").await;
    assert_eq!(number(&world, "select count(*) from visits.salt").await, 1);
    assert_ne!(number(&world, file).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_ahead_is_set_right_and_a_visitor_of_two_towns_is_two() {
    let world = World::new().await;
    let live = Arc::new(Broken { inner: InProcess::default(), loses: AtomicBool::new(false) });
    let now = world.platform.clock().now();
    let right = replica(&world, live.clone(), now);
    let ahead = replica(&world, live, now + Duration::hours(2));
    let (one, first) = counting(&right);
    let (two, second) = counting(&ahead);
    hand(&one, people(&world, 1, 0, 3));
    for view in people(&world, 2, 0, 4) {
        two.record(PageView { at: view.at + Duration::hours(2), ..view });
    }
    for town in [CHIPAQUE, FILANDIA] {
        one.record(PageView { tenant: world.tenant(town).id, ..people(&world, 3, 0, 1).remove(0) });
    }
    let stop = CancellationToken::new();
    // The first to count goes on: what the one whose clock is ahead hands over, it takes.
    let later = async {
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        let gone = tokio::spawn(second.run(CancellationToken::new()));
        tokio::time::sleep(std::time::Duration::from_millis(900)).await;
        gone.abort();
        stop.cancel();
    };
    tokio::join!(first.run(stop.clone()), later);
    let hours: Vec<(OffsetDateTime, i64)> = sqlx::query_as("select hour, sum(visits)::bigint from visits.hour_count group by 1")
        .fetch_all(&mut postgres(&world).await)
        .await
        .unwrap();
    assert_eq!(hours.len(), 1, "{hours:?}");
    assert!(hours[0].0 <= now && now < hours[0].0 + Duration::HOUR && hours[0].1 == 9, "{hours:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_gone_is_declared_and_one_that_was_only_silent_is_taken_back() {
    let world = World::new().await;
    let live: Arc<InProcess> = Arc::default();
    let at = world.platform.clock().now();
    let (gone, counter) = counting(&replica(&world, live.clone(), at));
    hand(&gone, people(&world, 1, 0, 25));
    let running = tokio::spawn(counter.run(CancellationToken::new()));
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    running.abort();
    assert_eq!(losses(&world).await, []);
    let (other, counter) = counting(&replica(&world, live, at + Duration::seconds(31)));
    hand(&other, people(&world, 2, 0, 1));
    end(counter).await;
    assert_eq!(losses(&world).await, [("PROCESS".to_owned(), 25, false)]);
    let analyst = world.actor("agencia", Role::Analyst).await;
    let told = analyst.run("{ counting { losses { kind views exact text } } }", json!({})).await;
    assert_eq!(told["counting"]["losses"][0]["views"], 25);
    let page = world.front().browser("agencia").signed_in(&email(Role::Analyst, "agencia")).await.get("/admin/conteo").await;
    assert!(page.body.contains("Un servidor se apagó de golpe") && page.body.contains("A lo sumo 25"), "{}", page.body);
}

#[tokio::test]
async fn only_a_declared_proxy_is_believed() {
    let world = World::new().await;
    let visits = async |proxies: &str, forwarded: [&str; 3]| {
        let (recorder, counter) = counting(&world.platform);
        let front = Front::behind(api::Door::new(world.platform.clone(), recorder), Networks::parse(proxies).unwrap());
        let before = number(&world, "select coalesce(sum(visits), 0)::bigint from visits.hour_count").await;
        for from in forwarded {
            assert_eq!(read(&front.browser(CHIPAQUE), Method::GET, "/", FIREFOX, &[("x-forwarded-for", from)]).await, StatusCode::OK);
        }
        end(counter).await;
        world.clock.advance(Duration::hours(1));
        number(&world, "select sum(visits)::bigint from visits.hour_count").await - before
    };
    let three = ["190.1.0.1", "190.2.0.1", "190.3.0.1"];
    assert_eq!(visits("", three).await, 1, "nobody is believed");
    assert_eq!(visits("127.0.0.0/8", three).await, 3);
    let written_before = ["1.1.1.1, 190.4.0.1", "2.2.2.2, 190.4.0.1", "nobody, 190.4.0.1"];
    assert_eq!(visits("127.0.0.0/8", written_before).await, 1, "what stands before the nearest stranger is anybody's word");
    let two_proxies = ["190.5.0.1, 10.0.0.2", "190.6.0.1, 10.0.0.2", "190.7.0.1,10.0.0.3"];
    assert_eq!(visits("127.0.0.0/8\n10.0.0.0/24", two_proxies).await, 3);
}
