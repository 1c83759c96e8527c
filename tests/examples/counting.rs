//! How many views a second are taken in and judged, and what memory a day of a million visitors takes. `tests/load/counting` runs it
//! in release against a scratch PostgreSQL (`TEST_POSTGRES_SOCKET`) and a Redis (`REDIS_URL`).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on has failed")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::clock::FixedClock;
use kernel::db::Shared;
use kernel::ids::RandomIds;
use kernel::live::{InProcess, Live, Redis};
use kernel::{Database, Platform};
use suite::{CHIPAQUE, FILANDIA, World, postgres};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio_util::sync::CancellationToken;
use visits::{PageView, Robots};

/// Views a second that are offered.
const OFFERED: u32 = 60_000;
const SECONDS: u32 = 10;
const MILLION: u32 = 1_000_000;
const PATHS: [&str; 5] = ["/", "/tramites", "/noticias", "/plan", "/pqrsd"];

fn platform(world: &World, at: OffsetDateTime) -> Platform {
    let live: Arc<dyn Live> = match std::env::var("REDIS_URL") {
        Ok(url) => Arc::new(Redis::new(&url.as_str().into()).unwrap()),
        Err(_) => Arc::new(InProcess::default()),
    };
    let shared = Shared {
        clock: Arc::new(FixedClock::at(at)),
        ids: Arc::new(RandomIds),
        directory: world.platform.directory().clone(),
        live,
        constraints: Vec::new(),
    };
    let database = Database::connect(world.url("cabildo_app").parse().unwrap(), 4, shared);
    Platform { database, ..(*world.platform).clone() }
}

/// Megabytes of this process.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

async fn number(world: &World, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut postgres(world).await).await.unwrap()
}

/// The views of many visitors: three pages each, in two towns.
struct Visitors<'a> {
    world: &'a World,
    agents: Vec<String>,
}

impl Visitors<'_> {
    fn view(&self, number: u32, page: usize, address: u32, at: OffsetDateTime) -> PageView {
        let town = self.world.tenant(if number.is_multiple_of(2) { CHIPAQUE } else { FILANDIA }).id;
        PageView::new(town, at, IpAddr::V4(Ipv4Addr::from(address)), &self.agents[(number % 40) as usize], PATHS[page])
    }
}

/// As many views a second as are offered, for some seconds; every one of them is counted or declared.
async fn as_fast_as_offered(world: &World, visitors: &Visitors<'_>) {
    let at = datetime!(2026-11-23 06:00 -5);
    let (recorder, counter) = visits::recorder(&platform(world, at), Robots::new(web::assets::robots()).unwrap());
    let stop = CancellationToken::new();
    let running = tokio::spawn(counter.run(stop.clone()));
    let (began, mut sent) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(SECONDS.into()) {
        let due = (began.elapsed().as_secs_f64() * f64::from(OFFERED)) as u32;
        while sent < due {
            let moment = at + Duration::from_millis(u64::from(sent) / 60);
            recorder.record(visitors.view(sent / 3, (sent % 3) as usize, 0x5000_0000 + sent / 3, moment));
            sent += 1;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let offered = began.elapsed().as_secs_f64();
    stop.cancel();
    running.await.unwrap();
    let all = began.elapsed().as_secs_f64();
    let dropped = number(world, "select coalesce(sum(views), 0)::bigint from visits.loss").await;
    let taken = number(world, "select coalesce(sum(hits), 0)::bigint from visits.ledger").await;
    assert_eq!(i64::from(sent), taken + dropped, "every view is counted or declared");
    println!(
        "taken in    {:>9.0} views a second of {OFFERED} offered, {dropped} dropped and declared (aim: > 50,000)",
        taken as f64 / offered
    );
    println!("judged      {:>9.0} views a second, from the first to the last in its hour", taken as f64 / all);
}

/// A million visitors over a day, two pages each, as fast as they are counted.
async fn a_day(world: &World, visitors: &Visitors<'_>) {
    let day = datetime!(2026-11-24 00:00 -5);
    let (recorder, counter) =
        visits::recorder(&platform(world, day + Duration::from_hours(24)), Robots::new(web::assets::robots()).unwrap());
    let stop = CancellationToken::new();
    let running = tokio::spawn(counter.run(stop.clone()));
    let (began, mut shown) = (Instant::now(), Vec::new());
    for number in 0..MILLION {
        let moment = day + Duration::from_micros(u64::from(number) * 86_400);
        let address = 0x5000_0000 + number.wrapping_mul(2_654_435_761) % 0x2000_0000;
        for page in 0..2 {
            recorder.record(visitors.view(number, page, address, moment + Duration::from_millis(page as u64)));
        }
        if number % 5_000 == 4_999 {
            tokio::time::sleep(Duration::from_millis(210)).await;
        }
        if number % (MILLION / 8) == 0 {
            shown.push(memory());
        }
    }
    stop.cancel();
    running.await.unwrap();
    shown.push(memory());
    let visits = number(world, "select sum(visits)::bigint from visits.hour_count where hour >= '2026-11-24T05:00Z'").await;
    println!("a day       {MILLION} visitors, {visits} visits count, in {:.0} s", began.elapsed().as_secs_f64());
    println!("memory      {shown:?} MB at each eighth of the day, the database's apart (aim: flat)");
}

#[tokio::main]
async fn main() {
    let world = World::new().await;
    let agent = |number| format!("Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0");
    let visitors = Visitors { world: &world, agents: (100..140).map(agent).collect() };
    as_fast_as_offered(&world, &visitors).await;
    a_day(&world, &visitors).await;
}
