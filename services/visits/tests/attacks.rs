//! Attacks on the count of a town, run against the counter itself beside a month of honest visits. Each prints what it sent, what it
//! gained and how many places that is among the municipalities of the country; what stays open is said, not hidden.
#![expect(clippy::print_stdout, reason = "the table is the point")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration as Pause;

use axum::body::Body;
use http::{Method, header};
use kernel::networks::Networks;
use kernel::{Role, Scope};
use serde_json::json;
use suite::browser::Front;
use suite::{CHIPAQUE, World, postgres};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use visits::{LeftOut, PageView, Robots};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
const HEADLESS: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0 Safari/537.36";
/// Honest visits of a day, each of two pages.
const HONEST: u32 = 104;

fn left_out() -> LeftOut {
    let data_centres = Networks::parse("198.51.100.0/24").unwrap();
    LeftOut { robots: Robots::new(web::assets::robots()).unwrap(), data_centres, own: Networks::default() }
}

/// The town that is attacked.
struct Town {
    world: World,
}

impl Town {
    /// The morning of today.
    fn morning(&self) -> OffsetDateTime {
        kernel::clock::local(self.world.platform.clock().now()).replace_time(time::macros::time!(6:00))
    }

    fn view(&self, at: OffsetDateTime, client: impl Into<IpAddr>, agent: &str, path: &str) -> PageView {
        PageView::new(self.world.tenant(CHIPAQUE).id, at, client.into(), agent, path)
    }

    /// The people of a day: each from a network of its own, two pages, over fourteen hours.
    fn people(&self) -> Vec<PageView> {
        let person = |number: u32| {
            let at = self.morning() + Duration::seconds(i64::from(number) * 480);
            let client = Ipv4Addr::from(0x5000_0001 + (number << 8));
            [self.view(at, client, FIREFOX, "/"), self.view(at + Duration::seconds(50), client, FIREFOX, "/tramites")]
        };
        (0..HONEST).flat_map(person).collect()
    }

    async fn visits(&self) -> i64 {
        sqlx::query_scalar("select coalesce(sum(visits), 0)::bigint from visits.hour_count")
            .fetch_one(&mut postgres(&self.world).await)
            .await
            .unwrap()
    }

    /// Has views counted, and tells how many visits they made.
    async fn count(&self, views: Vec<PageView>) -> i64 {
        let before = self.visits().await;
        let (recorder, counter) = visits::recorder(&self.world.platform, left_out());
        let stop = CancellationToken::new();
        let feeding = async {
            for part in views.chunks(4000) {
                part.iter().cloned().for_each(|view| recorder.record(view));
                // The counter packs four times as much between two looks.
                tokio::time::sleep(Pause::from_millis(230)).await;
            }
            stop.cancel();
        };
        tokio::join!(counter.run(stop.clone()), feeding);
        self.visits().await - before
    }

    /// A day passes; the rules for the analyst look at it.
    async fn night(&self) -> Vec<String> {
        let day = kernel::clock::local(self.world.platform.clock().now()).date().to_string();
        self.world.clock.advance(Duration::DAY);
        let mut tx = Scope::Worker(None).write(self.world.platform.db()).await.unwrap();
        tx.enqueue("visits.note_days", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        self.world.settle().await;
        let analyst = self.world.actor("agencia", Role::Analyst).await;
        let told =
            analyst.run("query($m: String) { counting(month: $m) { notes { note { date rule } } } }", json!({ "m": &day[..7] })).await;
        let notes = told["counting"]["notes"].as_array().unwrap();
        let of_the_day = notes.iter().filter(|note| note["note"]["date"] == day.as_str());
        of_the_day.map(|note| note["note"]["rule"].as_str().unwrap().to_owned()).collect()
    }
}

/// The visits of a month of the other municipalities: a few large, many small.
fn country() -> Vec<i64> {
    (1..=1102).map(|place| (90_000.0 / f64::from(place).powf(0.62)) as i64).collect()
}

fn place(visits: i64) -> usize {
    1 + country().into_iter().filter(|other| *other > visits).count()
}

struct Row {
    name: &'static str,
    sent: i64,
    gained: i64,
    honest: i64,
    notes: Vec<String>,
}

impl Row {
    /// The percentage of what was sent that counts.
    fn of_sent(&self) -> f64 {
        100.0 * self.gained as f64 / self.sent as f64
    }

    /// The percentage by which the month of the town grows.
    fn inflation(&self) -> f64 {
        100.0 * self.gained as f64 / self.honest as f64
    }

    fn places(&self) -> usize {
        place(self.honest) - place(self.honest + self.gained)
    }

    fn print(&self) {
        let (sent, gained, notes) = (self.sent, self.gained, self.notes.join(" "));
        println!(
            "{:<46} {sent:>7} {gained:>7} {:>8.2} % {:>8.2} % {:>6}  {notes}",
            self.name,
            self.of_sent(),
            self.inflation(),
            self.places()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_gain_what_the_table_says() {
    let town = Town { world: World::new().await };
    let mut honest = 0;
    for _ in 0..30 {
        honest += town.count(town.people()).await;
        town.world.clock.advance(Duration::DAY);
    }
    assert_eq!(honest, 30 * i64::from(HONEST));
    println!("\nHonest visits in a month: {honest}, place {} of the country", place(honest));
    println!("{:<46} {:>7} {:>7} {:>10} {:>10} {:>6}  notes", "attack", "hits", "visits", "of hits", "of month", "places");
    let mut rows = Vec::new();
    let morning = |town: &Town| town.morning() + Duration::hours(5);
    let block = |host: u32| Ipv4Addr::from(0xbe00_0200 + (host % 256));
    let spread = |number: u32| Ipv4Addr::from(0xb400_0001 + (number << 8));
    let agent = |number: u32| format!("Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0", 100 + number);
    let names = [
        "a page that reloads each second for 8 hours",
        "a farm of curl on 200 networks",
        "headless browsers that say so, 200 networks",
        "ordinary browsers in a declared data centre",
        "a network block, 256 hosts x 20 browsers, a day",
        "the same session replayed all day from a house",
        "a frame on a page with 5,000 readers",
        "forged forwarding headers, 400 requests",
        "many blocks at a low rate, 500 networks",
        "bought traffic, 2,000 readers of one page",
        "a network block at it for 30 days",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let at = morning(&town);
        let mut views = Vec::new();
        match number {
            0 => views.extend((0..28_800).map(|second| town.view(at + Duration::seconds(second), block(7), FIREFOX, "/"))),
            1 => views.extend((0..4000).map(|n| town.view(at + Duration::seconds(i64::from(n)), spread(n % 200), "curl/8.5.0", "/"))),
            2 => views.extend((0..4000).map(|n| town.view(at + Duration::seconds(i64::from(n)), spread(n % 200), HEADLESS, "/"))),
            3 => views.extend((0..4000_u32).map(|n| {
                let client = Ipv4Addr::new(198, 51, 100, (n % 256) as u8);
                town.view(at + Duration::seconds(i64::from(n)), client, &agent(n % 40), "/")
            })),
            4 => views.extend((0..10_240).map(|n| {
                let path = ["/", "/tramites"][n as usize / 5120];
                town.view(at + Duration::milliseconds(i64::from(n) * 700), block(n), &agent(n / 256 % 20), path)
            })),
            5 => views.extend((0..23).flat_map(|time| {
                let at = at + Duration::minutes(31 * time) - Duration::hours(5);
                let pages = ["/", "/tramites", "/noticias", "/plan", "/pqrsd"];
                pages.map(|path| town.view(at + Duration::seconds(path.len() as i64 * 5), block(9), FIREFOX, path))
            })),
            6 => views.extend((0..5000).map(|n| {
                let view = town.view(at + Duration::seconds(i64::from(n)), spread(n), &agent(n % 40), "/");
                PageView { embedded: true, referrer: Some("https://popular.example/".to_owned()), ..view }
            })),
            8 => views.extend((0..500).map(|n| town.view(at + Duration::seconds(i64::from(n) * 60), spread(n), FIREFOX, "/"))),
            9 => views.extend((0..2000).map(|n| {
                let view = town.view(at + Duration::seconds(i64::from(n) * 10), spread(n), &agent(n % 40), "/");
                PageView { referrer: Some("https://clicks.example/".to_owned()), ..view }
            })),
            _ => {}
        }
        town.count(town.people()).await;
        let (sent, gained) = match number {
            7 => (400, forged(&town, 400).await),
            10 => {
                let (mut sent, mut gained) = (0, 0);
                for day in 0..30 {
                    let view = |n: u32| town.view(morning(&town) + Duration::seconds(i64::from(n)), block(n), &agent(n / 256), "/");
                    sent += 1024;
                    gained += town.count((0..1024).map(view).collect()).await;
                    if day < 29 {
                        town.world.clock.advance(Duration::DAY);
                        town.count(town.people()).await;
                    }
                }
                (sent, gained)
            }
            _ => (views.len() as i64, town.count(views).await),
        };
        let notes = town.night().await;
        let row = Row { name, sent, gained, honest, notes };
        row.print();
        rows.push(row);
    }
    let gained: Vec<i64> = rows.iter().map(|row| row.gained).collect();
    let limit = 12 + i64::from(town.world.tenant(CHIPAQUE).population.unwrap_or(0) / 1000);
    assert_eq!(gained[..5], [1, 0, 0, 0, limit]);
    assert_eq!((gained[6], gained[7]), (0, 1));
    assert!(gained[5] <= limit && gained[10] == 30 * limit, "{gained:?}");
    // A block that is at it for a day adds less than a hundredth to the town's month, and less than a hundredth of its hits counts.
    for row in rows.iter().take(8) {
        assert!(row.inflation() < 1.0, "{}: {:.2} %", row.name, row.inflation());
    }
    assert!(rows[4].of_sent() < 1.0);
    // What comes from many networks cannot be told from people by the count: the rules show it to the analyst.
    let noted = |row: &Row, rule: &str| row.notes.iter().any(|note| note == rule);
    assert!(noted(&rows[4], "NETWORKS") && noted(&rows[10], "NETWORKS") && noted(&rows[6], "EMBEDDED"));
    assert!(noted(&rows[9], "JUMP") && noted(&rows[9], "BOUNCE") && noted(&rows[9], "ONE_SOURCE") && noted(&rows[8], "JUMP"));
    assert_eq!(visits::rerun(&town.world.platform, "2026-12").await.unwrap().differences, Vec::<String>::new());
}

/// The same request with another address written into it each time, at a door that has declared no proxy.
async fn forged(town: &Town, times: i64) -> i64 {
    let before = town.visits().await;
    let (recorder, counter) = visits::recorder(&town.world.platform, left_out());
    let front = Front::of(api::Door::new(town.world.platform.clone(), recorder), None);
    let browser = front.browser(CHIPAQUE);
    for number in 0..times {
        let from = Ipv4Addr::from(0xb400_0001 + ((number as u32) << 8)).to_string();
        let request = browser.request(Method::GET, "/noticias").header(header::USER_AGENT, FIREFOX).header("x-forwarded-for", from);
        browser.send(request.body(Body::empty()).unwrap()).await;
    }
    let stop = CancellationToken::new();
    stop.cancel();
    counter.run(stop).await;
    town.visits().await - before
}
