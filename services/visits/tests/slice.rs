//! Visits from the door to the closed month: who is counted, who is not, and the month that nobody changes any more.

use axum::body::Body;
use http::{Method, StatusCode, header};
use kernel::Role;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use suite::browser::{Browser, Front};
use suite::{Actor, CHIPAQUE, FILANDIA, World, email, postgres};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
const CHROME: &str = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36";
const GOOGLE: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
pub(crate) const CLOSE: &str =
    "mutation($input: CloseMonthInput!) { closeMonth(input: $input) { ranking { month closedAt signature genuine totalCount visits
    nodes { position visits change municipality { slug } } } userErrors { field code } } }";
pub(crate) const RANKING: &str = "query($month: String!) { ranking(month: $month) { closedAt signature genuine visits
    nodes { position visits change municipality { slug } } } }";

async fn read(browser: &Browser, path: &str, agent: &str) -> StatusCode {
    let request = browser.request(Method::GET, path).header(header::USER_AGENT, agent);
    browser.send(request.body(Body::empty()).unwrap()).await.status
}

#[tokio::test]
async fn repeats_within_half_an_hour_are_one_visit_and_robots_none() {
    let world = World::new().await;
    let robots = visits::Robots::new(web::assets::robots()).unwrap();
    let (recorder, counter) = visits::recorder(&world.platform, robots);
    let front = Front::of(api::Door::new(world.platform.clone(), recorder), None);
    let (town, inside) = (front.browser(CHIPAQUE), front.browser(CHIPAQUE).signed_in(&email(Role::Editor, CHIPAQUE)).await);
    assert_eq!(town.get("/").await.status, StatusCode::OK, "who does not say what it is counts as a robot");
    for path in ["/", "/plan", "/plan", "/tramites?q=predial", "/pqrsd"] {
        assert_eq!(read(&town, path, FIREFOX).await, StatusCode::OK);
        world.clock.advance(Duration::minutes(7));
    }
    assert_eq!(read(&town, "/", CHROME).await, StatusCode::OK, "another browser is another visitor");
    for agent in [GOOGLE, "curl/8.5.0", "Mozilla/5.0 (compatible; bingbot/2.0)"] {
        read(&town, "/", agent).await;
    }
    for path in ["/nada", "/noticias.atom", "/sitemap.xml", "/entrar", "/graphql?query=%7Bmunicipality%7Bname%7D%7D"] {
        read(&town, path, FIREFOX).await;
    }
    assert_eq!(read(&inside, "/admin", FIREFOX).await, StatusCode::OK);
    world.clock.advance(Duration::minutes(31));
    read(&town, "/noticias", FIREFOX).await;
    read(&front.browser("agencia"), "/", FIREFOX).await;
    // What has arrived is written when the counter stops.
    let stop = CancellationToken::new();
    stop.cancel();
    counter.run(stop).await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let day = coordinator.run("{ visits(days: 1) { date visits views robots setAside } }", json!({})).await;
    assert_eq!(day["visits"], json!([{ "date": "2026-11-23", "visits": 3, "views": 7, "robots": 4, "setAside": 0 }]));
    let open = world.visitor("agencia").run(RANKING, json!({ "month": "2026-11" })).await["ranking"].clone();
    assert_eq!((&open["closedAt"], &open["visits"]), (&Value::Null, &json!(3)), "{open}");
    assert_eq!((&open["nodes"][0]["municipality"]["slug"], &open["nodes"][0]["position"]), (&json!(CHIPAQUE), &json!(1)));
    let kept: Vec<String> = sqlx::query_scalar(
        "select attname::text from pg_attribute where attrelid = 'visits.hour_count'::regclass and attnum > 0 and not attisdropped order by 1",
    )
    .fetch_all(&mut postgres(&world).await)
    .await
    .unwrap();
    assert_eq!(kept, ["hour", "robots", "set_aside", "tenant_id", "views", "visits"], "nothing of a visitor is stored");
}

pub(crate) async fn counted(world: &World, slug: &str, hour: OffsetDateTime, visits: i64) {
    sqlx::query("insert into visits.hour_count (tenant_id, hour, visits, views, robots, set_aside) values ($1, $2, $3, $3, 0, 0)")
        .bind(world.tenant(slug).id)
        .bind(hour)
        .bind(visits)
        .execute(&mut postgres(world).await)
        .await
        .unwrap();
}

pub(crate) async fn close(actor: &Actor<'_>, month: &str) -> Value {
    actor.run(CLOSE, json!({ "input": { "month": month } })).await["closeMonth"].clone()
}

/// A world where two towns compete and October is over.
pub(crate) async fn october() -> World {
    let world = World::new().await;
    let mut connection = postgres(&world).await;
    let real = "update tenancy.tenant set demonstration = false where slug = 'filandia-quindio'";
    sqlx::raw_sql(real).execute(&mut connection).await.unwrap();
    tenancy::refresh(&world.platform).await.unwrap();
    // The first and the last hour of October in Bogotá, and the hours beside them, which are of other months.
    counted(&world, CHIPAQUE, datetime!(2026-10-01 00:00 -5), 40).await;
    counted(&world, CHIPAQUE, datetime!(2026-10-31 23:00 -5), 2).await;
    counted(&world, CHIPAQUE, datetime!(2026-09-30 23:00 -5), 1000).await;
    counted(&world, CHIPAQUE, datetime!(2026-11-01 00:00 -5), 1000).await;
    counted(&world, FILANDIA, datetime!(2026-10-15 12:00 -5), 99).await;
    world
}

#[tokio::test]
async fn a_closed_month_is_frozen_and_signed() {
    let world = october().await;
    let (administrator, visitor) = (world.actor("agencia", Role::Administrator).await, world.visitor("agencia"));
    let before = visitor.run(RANKING, json!({ "month": "2026-10" })).await["ranking"].clone();
    assert_eq!((&before["closedAt"], &before["genuine"]), (&Value::Null, &Value::Null));
    let done = close(&administrator, "2026-10").await;
    assert_eq!(done["userErrors"], json!([]));
    let rows = json!([{ "position": 1, "visits": 99, "change": null, "municipality": { "slug": FILANDIA } },
                      { "position": 2, "visits": 42, "change": null, "municipality": { "slug": CHIPAQUE } }]);
    assert_eq!((&done["ranking"]["nodes"], &done["ranking"]["genuine"]), (&rows, &json!(true)));
    assert_eq!(done["ranking"]["closedAt"], "2026-11-23T15:42:00.000Z");

    counted(&world, CHIPAQUE, datetime!(2026-10-20 12:00 -5), 500).await;
    world.clock.advance(Duration::days(1));
    assert_eq!(close(&administrator, "2026-10").await, done, "closing twice changes nothing");
    let drafts = administrator.run("{ allMonthlyNews { slug publishedAt } }", json!({})).await;
    assert_eq!(drafts["allMonthlyNews"], json!([{ "slug": "ranking-2026-10", "publishedAt": null }]), "and it is told once");
    assert_eq!(visitor.run(RANKING, json!({ "month": "2026-10" })).await["ranking"]["nodes"], rows);
    let history = world.visitor(CHIPAQUE).run("{ rankingHistory { month position visits } }", json!({})).await;
    assert_eq!(history["rankingHistory"], json!([{ "month": "2026-10", "position": 2, "visits": 42 }]));

    counted(&world, CHIPAQUE, datetime!(2026-11-20 12:00 -5), 3).await;
    world.clock.advance(Duration::days(13));
    let november = close(&administrator, "2026-11").await;
    let first = json!({ "position": 1, "visits": 1003, "change": 1, "municipality": { "slug": CHIPAQUE } });
    assert_eq!(november["ranking"]["nodes"][0], first);
    assert_eq!(november["ranking"]["nodes"][1]["change"], -1);
    assert_ne!(november["ranking"]["signature"], done["ranking"]["signature"]);
}

#[tokio::test]
async fn an_unfinished_month_is_not_closed() {
    let world = october().await;
    let administrator = world.actor("agencia", Role::Administrator).await;
    for (month, code) in [("2026-11", "UNFINISHED"), ("2027-01", "UNFINISHED"), ("2026-13", "FORM"), ("octubre", "FORM"), ("", "FORM")] {
        let refused = close(&administrator, month).await;
        assert_eq!(refused, json!({ "ranking": null, "userErrors": [{ "field": ["month"], "code": code }] }), "{month}");
    }
    world.clock.advance(datetime!(2026-11-30 23:59:59 -5) - world.platform.clock().now());
    assert_eq!(close(&administrator, "2026-11").await["userErrors"][0]["code"], "UNFINISHED", "the month ends in Bogotá");
    world.clock.advance(Duration::SECOND);
    assert_eq!(
        close(&administrator, "2026-11").await["userErrors"][0]["code"],
        "OBJECTIONS_OPEN",
        "municipalities may object for five days"
    );
    world.clock.advance(Duration::days(5));
    assert_eq!(close(&administrator, "2026-11").await["userErrors"], json!([]));
    for (slug, role) in [("agencia", Role::Analyst), (CHIPAQUE, Role::Coordinator), ("soporte", Role::Supervisor)] {
        let refused = world.actor(slug, role).await.refused(CLOSE, json!({ "input": { "month": "2026-10" } })).await;
        assert_eq!(refused, "FORBIDDEN", "{role:?}");
    }
}

#[tokio::test]
async fn closed_by_three_at_once_it_is_closed_once() {
    let world = october().await;
    let administrator = world.actor("agencia", Role::Administrator).await;
    let (one, two, three) =
        tokio::join!(close(&administrator, "2026-10"), close(&administrator, "2026-10"), close(&administrator, "2026-10"));
    assert_eq!((&one, &two), (&two, &three));
    assert_eq!(one["userErrors"], json!([]));
    let drafts = administrator.run("{ allMonthlyNews { month } }", json!({})).await;
    assert_eq!(drafts["allMonthlyNews"], json!([{ "month": "2026-10" }]));
}

#[tokio::test]
async fn what_was_touched_after_the_close_is_found() {
    let world = october().await;
    let closed = visits::close(&world.platform, "2026-10").await.unwrap();
    assert_eq!((closed.visits, closed.towns), (141, 2));
    assert_eq!(visits::verify(&world.platform, "2026-10").await.unwrap(), closed);
    let code = async |month: &str| match visits::verify(&world.platform, month).await {
        Err(kernel::Error::Rejected(faults)) => faults[0].code.clone(),
        other => panic!("{month}: {other:?}"),
    };
    assert_eq!(code("2026-09").await, "OPEN");
    assert_eq!(code("2026-11").await, "UNFINISHED");
    let town = world.tenant(CHIPAQUE).id;
    for change in [
        format!("update visits.ranking_row set visits = visits + 1 where tenant_id = '{town}'"),
        format!("update visits.ranking_row set position = 1 where tenant_id = '{town}'"),
        format!("update visits.ranking_row set visits_per_thousand = 9 where tenant_id = '{town}'"),
        format!("delete from visits.ranking_row where tenant_id = '{town}'"),
        "update visits.month_close set closed_at = closed_at + interval '1 second'".to_owned(),
        "update visits.month_close set signature = sha256('x')".to_owned(),
        format!("update visits.ranking_row set name = 'Otro' where tenant_id = '{town}'"),
        "update visits.statement set body = replace(body, 'reglas: ', 'reglas: 1')".to_owned(),
        "update visits.statement set signature = sha256('x') || sha256('y')".to_owned(),
        "update visits.month_file set body = body || E'\n' where name = 'orden.csv'".to_owned(),
        "delete from visits.month_file where name = 'orden.csv'".to_owned(),
    ] {
        let mut connection = postgres(&world).await;
        let keep = "create table public.rows as table visits.ranking_row; create table public.closes as table visits.month_close;
                    create table public.statements as table visits.statement; create table public.files as table visits.month_file;
                    set session_replication_role = replica";
        sqlx::raw_sql(keep).execute(&mut connection).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(change.clone())).execute(&mut connection).await.unwrap();
        assert_eq!(code("2026-10").await, "ALTERED", "{change}");
        let seen = world.visitor("agencia").run(RANKING, json!({ "month": "2026-10" })).await;
        assert_eq!(seen["ranking"]["genuine"], false, "{change}");
        let mend =
            "delete from visits.ranking_row; delete from visits.month_close; delete from visits.statement; delete from visits.month_file;
                    insert into visits.statement table public.statements; insert into visits.month_file table public.files;
                    insert into visits.month_close table public.closes; insert into visits.ranking_row table public.rows;
                    drop table public.rows, public.closes, public.statements, public.files";
        sqlx::raw_sql(mend).execute(&mut connection).await.unwrap();
        assert_eq!(visits::verify(&world.platform, "2026-10").await.unwrap(), closed);
    }
    let signer = kernel::secret::Signer::from_seed(&"08".repeat(32));
    let stranger = kernel::Platform { signer, ..(*world.platform).clone() };
    assert!(visits::verify(&stranger, "2026-10").await.is_err(), "it is not what this key signed");
    let mute = kernel::Platform { signer: None, ..(*world.platform).clone() };
    assert_eq!(visits::verify(&mute, "2026-10").await.unwrap(), closed, "whoever has no key can check");
    world.clock.advance(Duration::days(20));
    assert!(visits::close(&mute, "2026-11").await.is_err(), "and cannot sign");
}
