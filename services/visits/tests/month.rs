//! A month of views whose truth was worked out by hand: the counts are exactly that, in one process, over Redis between two, and where
//! one of them is killed in the middle.

use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration as Pause, Instant};

use kernel::clock::FixedClock;
use kernel::db::Shared;
use kernel::ids::RandomIds;
use kernel::live::{InProcess, Live, Redis};
use kernel::{Database, Platform, Scope};
use sqlx::Row;
use suite::{CHIPAQUE, FILANDIA, World, postgres, root};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use visits::{LeftOut, PageView, Robots};

use crate::replicas::{Running, free_port, redis, wait_for};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
const DAYS: i64 = 31;

/// A platform on the world's database with live state of its own, as another process has it.
pub(crate) fn replica(world: &World, live: Arc<dyn Live>, at: OffsetDateTime) -> Platform {
    let shared = Shared {
        clock: Arc::new(FixedClock::at(at)),
        ids: Arc::new(RandomIds),
        directory: world.platform.directory().clone(),
        live,
        constraints: Vec::new(),
    };
    let database = Database::connect(world.url("cabildo_app").parse().unwrap(), 3, shared);
    Platform { database, ..(*world.platform).clone() }
}

fn left_out() -> LeftOut {
    let networks = |text| kernel::networks::Networks::parse(text).unwrap();
    LeftOut {
        robots: Robots::new(vec!["Googlebot".to_owned()]).unwrap(),
        data_centres: networks("198.51.100.0/24"),
        own: networks("192.0.2.0/24"),
    }
}

/// What a day of a town is made of, in the order of its moments. The truth of each line stands beside it.
fn day_of(tenant: Uuid, day: i64) -> Vec<PageView> {
    let morning = datetime!(2026-10-01 08:00 -5) + Duration::days(day);
    let view = |seconds: i64, network: u8, host: u8, path: &str| {
        let client = IpAddr::V4(Ipv4Addr::new(190, 20, network, host));
        PageView::new(tenant, morning + Duration::seconds(seconds), client, FIREFOX, path)
    };
    let mut views = Vec::new();
    // Ten people of ten networks read three pages each: 10 visits, 30 views.
    for person in 0..10 {
        views.extend([0, 300, 600].map(|seconds| view(seconds, person, 1, &format!("/noticias/{seconds}"))));
    }
    // One of them comes back after half an hour, and one a minute too early for a new visit: 1 visit, 2 views.
    views.push(view(600 + 1800, 0, 1, "/plan"));
    views.push(view(600 + 1740, 1, 1, "/plan"));
    // A page that reloads itself every ten seconds, twenty times: 1 visit, 1 view, 19 repeats.
    views.extend((0..20).map(|time| view(3000 + time * 10, 20, 1, "/")));
    // Somebody who reads two pages a second, a hundred in all: 1 visit, 60 views, 40 too fast.
    views.extend((0..100).map(|page| view(4000 + page / 2, 21, 1, &format!("/tramites/{page}"))));
    // Thirty computers of one room: as many visits as the limit, the rest set aside; 30 views.
    views.extend((0..30).map(|host| view(5000 + i64::from(host), 22, 1 + host, "/directorio")));
    // 5 robots, 2 machines of a data centre, 3 fetched in advance, 4 in a frame, 2 of the town's own people, 1 of the agency's, 6 errors, 2 heads.
    views.extend((0..5).map(|host| PageView { user_agent: "Googlebot/2.1".to_owned(), ..view(6000, 23, host, "/") }));
    views.extend((0..2).map(|host| PageView { client: IpAddr::V4(Ipv4Addr::new(198, 51, 100, host)), ..view(6001, 0, 0, "/") }));
    views.extend((0..3).map(|host| PageView { prefetch: true, ..view(6002, 24, host, "/") }));
    views.extend((0..4).map(|host| PageView { embedded: true, ..view(6003, 25, host, "/") }));
    views.extend((0..2).map(|host| PageView { staff: true, ..view(6004, 26, host, "/") }));
    views.push(PageView { client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 3)), ..view(6005, 0, 0, "/") });
    views.extend((0..6).map(|host| PageView { error: true, ..view(6006, 27, host, "/nada") }));
    views.extend((0..2).map(|host| PageView { head: true, ..view(6007, 28, host, "/") }));
    // The last minute of the day and the first of the next: somebody else, 2 visits, 2 views.
    views.push(view(57_590, 29, 1, "/"));
    views.push(view(57_610, 29, 1, "/plan"));
    views.sort_by_key(|view| view.at);
    views
}

/// Visits, views, robots, set aside; and the rejects by reason.
type Truth = ([i64; 4], Vec<(&'static str, i64)>);

/// The truth of the month for a town where one network may bring so many visits a day.
fn truth(limit: i64) -> Truth {
    let visits = 10 + 1 + 1 + 1 + limit + 2;
    let views = 30 + 2 + 1 + 60 + 30 + 2;
    let robots = 5 + 2 + 2 + 40;
    let rejects = [
        ("DATA_CENTRE", 2),
        ("EMBEDDED", 4),
        ("ERROR", 6),
        ("MONITOR", 2),
        ("NETWORK", 30 - limit),
        ("PREFETCH", 3),
        ("REPEAT", 19),
        ("ROBOT", 5),
        ("STAFF", 3),
        ("TOO_FAST", 40),
    ];
    ([visits, views, robots, 30 - limit].map(|count| count * DAYS), rejects.map(|(reason, hits)| (reason, hits * DAYS)).to_vec())
}

fn limit(world: &World, slug: &str) -> i64 {
    let limit = 12 + i64::from(world.tenant(slug).population.unwrap_or(0) / 1000);
    assert!(limit < 30, "the room of {slug} has more computers than count");
    limit
}

async fn counted(world: &World, slug: &str) -> ([i64; 4], Vec<(String, i64)>) {
    let mut connection = postgres(world).await;
    let id = world.tenant(slug).id;
    let row = sqlx::query(
        "select coalesce(sum(visits), 0)::bigint, coalesce(sum(views), 0)::bigint, coalesce(sum(robots), 0)::bigint,
                coalesce(sum(set_aside), 0)::bigint from visits.hour_count where tenant_id = $1",
    )
    .bind(id)
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let rejects = sqlx::query_as("select reason, sum(hits)::bigint from visits.reject_count where tenant_id = $1 group by 1 order by 1")
        .bind(id)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    ([0, 1, 2, 3].map(|column| row.get(column)), rejects)
}

async fn is_true(world: &World, slugs: &[&str]) {
    for slug in slugs {
        let (sums, rejects) = truth(limit(world, slug));
        let (counted, rejected) = counted(world, slug).await;
        assert_eq!(counted, sums, "{slug}");
        assert_eq!(rejected.iter().map(|(reason, hits)| (reason.as_str(), *hits)).collect::<Vec<_>>(), rejects, "{slug}");
    }
    // The last minutes of October's last day but one: the rest of it is November's first. Both ledgers make their counts again.
    for month in ["2026-10", "2026-11"] {
        let run = visits::rerun(&world.platform, month).await.unwrap();
        assert_eq!(run.differences, Vec::<String>::new(), "{month}");
    }
}

/// Hands a day's views over without filling the door.
async fn feed(recorder: &visits::Recorder, views: Vec<PageView>) {
    for view in views {
        recorder.record(view);
    }
    tokio::time::sleep(Pause::from_millis(15)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_month_is_counted_to_the_view_in_one_process() {
    let world = World::new().await;
    let platform = replica(&world, Arc::new(InProcess::default()), datetime!(2026-11-02 12:00 -5));
    let (recorder, counter) = visits::recorder(&platform, left_out());
    let stop = CancellationToken::new();
    let town = world.tenant(CHIPAQUE).id;
    let feeding = async {
        for day in 0..DAYS {
            feed(&recorder, day_of(town, day)).await;
        }
        stop.cancel();
    };
    tokio::join!(counter.run(stop.clone()), feeding);
    is_true(&world, &[CHIPAQUE]).await;
    let lost: i64 = sqlx::query_scalar("select count(*) from visits.loss").fetch_one(&mut postgres(&world).await).await.unwrap();
    assert_eq!(lost, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_month_is_counted_to_the_view_by_two_over_redis() {
    let world = World::new().await;
    let (_redis, url) = redis();
    let replica = || {
        let live = Arc::new(Redis::new(&url.as_str().into()).unwrap());
        let platform = replica(&world, live, datetime!(2026-11-02 12:00 -5));
        visits::recorder(&platform, left_out())
    };
    let ((one, first), (two, second)) = (replica(), replica());
    let stop = CancellationToken::new();
    let (chipaque, filandia) = (world.tenant(CHIPAQUE).id, world.tenant(FILANDIA).id);
    let feeding = async {
        for day in 0..DAYS {
            feed(&one, day_of(chipaque, day)).await;
            feed(&two, day_of(filandia, day)).await;
        }
        stop.cancel();
    };
    tokio::join!(first.run(stop.clone()), second.run(stop.clone()), feeding);
    is_true(&world, &[CHIPAQUE, FILANDIA]).await;
}

fn read(port: u16, number: u32) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return false };
    let [_, high, low, last] = number.to_be_bytes();
    let client = format!("10.{}.{low}.{last}", high + 1);
    let sent = write!(
        stream,
        "GET /noticias HTTP/1.1\r\nHost: {CHIPAQUE}.localhost\r\nConnection: close\r\nUser-Agent: {FIREFOX}\r\nX-Forwarded-For: {client}\r\n\r\n"
    );
    let mut answer = Vec::new();
    sent.is_ok() && stream.read_to_end(&mut answer).is_ok() && answer.starts_with(b"HTTP/1.1 200")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_killed_loses_what_it_declares_and_no_more() {
    let world = World::new().await;
    // The world was filled on 23 November 2026: whoever joins it must not live before that.
    let ahead = async |seconds: i64| {
        let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
        tenancy::advance_clock(&mut tx, seconds).await.unwrap();
        tx.commit().await.unwrap();
    };
    ahead(10 * 24 * 3600).await;
    let folder = tempfile::tempdir().unwrap();
    let (_redis, redis_url) = redis();
    let cabildo = root().join("target/debug/cabildo");
    let serve = |port: u16| {
        let mut command = Command::new(&cabildo);
        command
            .args(["--data", folder.path().to_str().unwrap(), "serve", "--port", &port.to_string()])
            .env("CABILDO_DATABASE_URL", world.url("cabildo_app"))
            .env("CABILDO_REDIS_URL", &redis_url)
            .env("CABILDO_FILES_DIR", folder.path().join("files"))
            .env("CABILDO_MAILDIR", folder.path().join("mail"))
            .env("CABILDO_BEHIND_PROXY", "true")
            .env("CABILDO_RATE_PER_MINUTE", "0")
            .env("CABILDO_SECRET_KEY", "0123456789abcdef0123456789abcdef")
            .stdout(Stdio::null());
        Running(command.spawn().unwrap())
    };
    let (one, two) = (free_port(), free_port());
    let (mut first, _second) = (serve(one), serve(two));
    wait_for(one);
    wait_for(two);
    // Each request is a visitor in a network of its own; the replica dies while it answers.
    let reading = std::thread::spawn(move || {
        let began = Instant::now();
        let mut answered = 0;
        for number in 0..20_000 {
            if !read(one, number << 8) {
                break;
            }
            answered += 1;
            assert!(began.elapsed() < Pause::from_secs(30), "it was not killed");
        }
        answered
    });
    tokio::time::sleep(Pause::from_millis(3250)).await;
    first.0.kill().unwrap();
    let answered: i64 = reading.join().unwrap();
    assert!(answered > 20, "only {answered} requests were answered");
    let mut connection = postgres(&world).await;
    let began = Instant::now();
    let mut told = false;
    let (handed_over, declared) = loop {
        assert!(began.elapsed() < Pause::from_mins(1), "the loss was not declared");
        tokio::time::sleep(Pause::from_millis(250)).await;
        // The other replica has taken what is on the stream; then half a minute of silence passes.
        if !told && began.elapsed() > Pause::from_secs(8) {
            ahead(60).await;
            told = true;
        }
        let lost: Option<(i64, i64)> = sqlx::query_as(
            "select p.next, l.views from visits.loss l join visits.producer p on p.id = l.producer where l.kind = 'PROCESS' and p.next > 20",
        )
        .fetch_optional(&mut connection)
        .await
        .unwrap();
        if let Some(lost) = lost {
            break lost;
        }
    };
    let ([visits, views, ..], _) = counted(&world, CHIPAQUE).await;
    assert_eq!((visits, views), (handed_over, handed_over), "what reached the stream is counted to the view");
    let missing = answered - handed_over;
    assert!((0..=declared).contains(&missing), "{missing} of {answered} views are missing, and {declared} were declared");
}
