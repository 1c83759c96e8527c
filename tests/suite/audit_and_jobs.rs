//! The audit chain that shows when it was touched, and the work that is done later: once, again, or at last not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use futures::future::join_all;
use kernel::capability::{Capability, Registry};
use kernel::jobs::{Cron, JobKind};
use kernel::{Platform, Role, Scope, audit, jobs};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use suite::{CHIPAQUE, FILANDIA, World, postgres, runtime};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

async fn publish(world: &World, slug: &str, title: &str) {
    let document = "mutation($input: PublishNewsInput!) { publishNews(input: $input) { userErrors { code } } }";
    let done = world.actor(slug, Role::Editor).await.run(document, json!({ "input": { "title": title, "body": "x" } })).await;
    assert_eq!(done["publishNews"]["userErrors"], json!([]));
}

/// The world's audit as seen after an act of a superuser, who can switch triggers off.
async fn tamper(world: &World, sql: &str) {
    let mut connection = postgres(world).await;
    let sql = format!("set session_replication_role = replica; {sql}; set session_replication_role = origin");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn sealed_entries_form_a_chain_that_holds() {
    let world = World::new().await;
    for number in 0..3 {
        publish(&world, CHIPAQUE, &format!("Noticia {number}")).await;
        publish(&world, FILANDIA, &format!("Noticia {number}")).await;
    }
    let unsealed = "select count(*) from kernel.audit_entry where seq is null";
    let mut connection = postgres(&world).await;
    let open: i64 = sqlx::query_scalar(unsealed).fetch_one(&mut connection).await.unwrap();
    assert!(open > 6);
    assert_eq!(audit::seal(world.platform.db()).await.unwrap() as i64, open);
    assert_eq!(audit::verify(world.platform.db()).await.unwrap() as i64, open);
    publish(&world, CHIPAQUE, "Otra").await;
    assert_eq!(audit::verify(world.platform.db()).await.unwrap() as i64, open, "what is not sealed yet is not in the chain");
    assert_eq!(audit::seal(world.platform.db()).await.unwrap(), 1);
    assert_eq!(audit::verify(world.platform.db()).await.unwrap() as i64, open + 1);
    let gaps: i64 = sqlx::query_scalar(
        "select count(*) from (select tenant_id, max(seq) - count(*) as missing from kernel.audit_entry group by 1) t where missing <> 0",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(gaps, 0, "each tenant counts its own entries from one");
}

#[tokio::test]
async fn a_touched_entry_is_found() {
    let world = World::new().await;
    let town = world.tenant(CHIPAQUE).id;
    for number in 0..5 {
        publish(&world, CHIPAQUE, &format!("Noticia {number}")).await;
    }
    audit::seal(world.platform.db()).await.unwrap();
    let whole = audit::verify(world.platform.db()).await.unwrap();
    let one = format!("tenant_id = '{town}' and seq = (select max(seq) - 2 from kernel.audit_entry where tenant_id = '{town}')");
    let backup = format!("create table if not exists public.kept as select * from kernel.audit_entry where {one}");
    tamper(&world, &backup).await;
    for change in [
        "update kernel.audit_entry set detail = '{\"title\": \"Otra\"}'",
        "update kernel.audit_entry set at = at - interval '1 day'",
        "update kernel.audit_entry set actor_id = null",
        "update kernel.audit_entry set hash = sha256('x')",
        "delete from kernel.audit_entry",
    ] {
        tamper(&world, &format!("{change} where {one}")).await;
        let fault = audit::verify(world.platform.db()).await.expect_err(change).to_string();
        assert!(fault.contains("breaks at entry") && fault.contains(&town.to_string()), "{change}: {fault}");
        let mend =
            "delete from kernel.audit_entry a using public.kept k where a.id = k.id; insert into kernel.audit_entry table public.kept";
        tamper(&world, mend).await;
        assert_eq!(audit::verify(world.platform.db()).await.unwrap(), whole);
    }
}

#[tokio::test]
async fn nobody_changes_or_removes_an_entry() {
    let world = World::new().await;
    publish(&world, CHIPAQUE, "Noticia").await;
    audit::seal(world.platform.db()).await.unwrap();
    let acts = [
        "update kernel.audit_entry set action = 'nada'",
        "update kernel.audit_entry set seq = seq + 1000",
        "update kernel.audit_entry set seq = null, hash = null",
        "delete from kernel.audit_entry",
    ];
    let mut superuser = postgres(&world).await;
    for act in acts {
        let error = sqlx::raw_sql(act).execute(&mut superuser).await.expect_err(act).to_string();
        assert!(error.contains("audit entries are"), "{act}: {error}");
    }
    let town = world.tenant(CHIPAQUE).id;
    for role in ["cabildo_tenant", "cabildo_agency", "cabildo_support", "cabildo_public", "cabildo_worker"] {
        for act in acts.into_iter().chain(["truncate kernel.audit_entry", "alter table kernel.audit_entry disable trigger all"]) {
            let mut connection = runtime(&world).await;
            let begin = format!("begin; set local role {role}; set local app.tenant = '{town}'");
            sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut connection).await.unwrap();
            assert!(sqlx::raw_sql(act).execute(&mut connection).await.is_err(), "{role}: {act}");
        }
    }
    audit::verify(world.platform.db()).await.unwrap();
}

/// Waiting and dead jobs.
async fn counts(world: &World) -> (i64, i64) {
    jobs::counts(&world.platform).await.unwrap()
}

#[tokio::test]
async fn what_is_rolled_back_enqueues_nothing() {
    let world = World::new().await;
    let scope = Scope::Tenant(world.tenant(CHIPAQUE).id);
    let before = counts(&world).await;
    for end in ["dropped", "rolled back", "failed"] {
        let mut tx = scope.write(world.platform.db()).await.unwrap();
        tx.enqueue("nobody.knows", json!({})).await.unwrap();
        match end {
            "dropped" => drop(tx),
            "rolled back" => tx.rollback().await.unwrap(),
            _ => drop(tx.settle::<()>(Err(kernel::Error::NotFound)).await.expect_err("is an error")),
        }
        assert_eq!(counts(&world).await, before, "{end}");
    }
    let mut tx = scope.write(world.platform.db()).await.unwrap();
    tx.enqueue("nobody.knows", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counts(&world).await, (before.0 + 1, before.1));
}

async fn due(connection: &mut PgConnection) -> (OffsetDateTime, i32, bool, String) {
    let row = sqlx::query("select run_at, attempts, dead, last_error from kernel.job where kind = 'nobody.knows'");
    let row = row.fetch_one(connection).await.unwrap();
    (row.get(0), row.get(1), row.get(2), row.get(3))
}

#[tokio::test]
async fn a_failing_job_waits_longer_each_time_and_is_dead_at_last() {
    let world = World::new().await;
    world.settle().await;
    let mut tx = Scope::Tenant(world.tenant(CHIPAQUE).id).write(world.platform.db()).await.unwrap();
    tx.enqueue("nobody.knows", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    let mut connection = postgres(&world).await;
    let mut pauses = Vec::new();
    loop {
        assert_eq!(jobs::run_due(&world.platform).await.unwrap(), 1);
        let (run_at, attempts, dead, error) = due(&mut connection).await;
        assert_eq!(attempts as usize, pauses.len() + 1);
        assert!(error.contains("no capability runs jobs of kind nobody.knows"), "{error}");
        if dead {
            break;
        }
        let pause = run_at - world.platform.clock().now();
        pauses.push(pause.whole_seconds());
        world.clock.advance(pause - Duration::SECOND);
        assert_eq!(jobs::run_due(&world.platform).await.unwrap(), 0, "not a second early");
        world.clock.advance(Duration::SECOND);
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]);
    assert_eq!(counts(&world).await, (0, 1), "a dead job stays to be seen");
    world.clock.advance(Duration::days(30));
    assert_eq!(jobs::run_due(&world.platform).await.unwrap(), 0);
}

#[tokio::test]
async fn a_key_that_waits_is_not_enqueued_again() {
    let world = World::new().await;
    world.settle().await;
    let enqueue = async |kind: &str, key: Option<&str>| {
        let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
        let now = tx.now();
        tx.enqueue_at(kind, json!({}), now, key).await.unwrap();
        tx.commit().await.unwrap();
    };
    for _ in 0..3 {
        enqueue("plan.lock_all", Some("uno")).await;
    }
    enqueue("plan.lock_all", Some("otro")).await;
    enqueue("plan.lock_all", None).await;
    enqueue("plan.lock_all", None).await;
    assert_eq!(counts(&world).await.0, 4);
    world.settle().await;
    enqueue("plan.lock_all", Some("uno")).await;
    assert_eq!(counts(&world).await.0, 1, "what is done may be asked again");
}

static TICKS: AtomicUsize = AtomicUsize::new(0);
static HOURLY: Capability = Capability {
    jobs: &[JobKind {
        kind: "test.tick",
        run: |_, _| {
            async {
                TICKS.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
            .boxed()
        },
    }],
    crons: &[Cron { kind: "test.tick", every: Duration::HOUR }],
    ..Capability::named("test")
};

/// Eight workers from their first beat until what they started is done: each has looked at what is periodic before it ends.
async fn eight_workers(platform: &Platform, until: usize) {
    let stop = CancellationToken::new();
    let workers = join_all((0..8).map(|_| jobs::work(platform, stop.clone())));
    let watch = async {
        while TICKS.load(Ordering::SeqCst) < until {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        stop.cancel();
    };
    tokio::join!(workers, watch);
}

#[tokio::test]
async fn what_is_periodic_starts_once_for_any_number_of_workers() {
    let world = World::new().await;
    world.settle().await;
    let platform = Arc::new(Platform { capabilities: Registry::new(vec![&HOURLY]), ..(*world.platform).clone() });
    eight_workers(&platform, 1).await;
    while jobs::run_due(&platform).await.unwrap() > 0 {}
    assert_eq!(TICKS.load(Ordering::SeqCst), 1);
    assert!(audit::verify(platform.db()).await.unwrap() > 0, "workers seal the audit log");
    world.clock.advance(Duration::HOUR);
    eight_workers(&platform, 2).await;
    while jobs::run_due(&platform).await.unwrap() > 0 {}
    assert_eq!(TICKS.load(Ordering::SeqCst), 2, "once a slot");
}
