//! A write is whole or it is nothing, however many come at once and however few connections there are.

use futures::future::join_all;
use kernel::Role;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection};
use suite::{CHIPAQUE, World, postgres, root};

const PUBLISH: &str =
    "mutation($input: PublishNewsInput!) { publishNews(input: $input) { newsItem { slug } userErrors { field code message } } }";
const FILE: &str = "mutation($input: FilePetitionInput!) { filePetition(input: $input) { case { radicado } userErrors { code } } }";

async fn count(world: &World, table: &'static str) -> i64 {
    let mut connection = postgres(world).await;
    let count = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

async fn tables(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["site.news", "kernel.search_entry", "kernel.audit_entry", "kernel.job", "cases.case_file", "cases.case_event"] {
        counts.push(count(world, table).await);
    }
    counts
}

#[tokio::test]
async fn fifty_mutations_at_once_share_two_connections() {
    let world = World::with_connections(2).await;
    let editor = world.actor(CHIPAQUE, Role::Editor).await;
    let (news, audit) = (count(&world, "site.news").await, count(&world, "kernel.audit_entry").await);
    let version = world.platform.directory().version(editor.tenant.id);
    let all = (0..50).map(|number| editor.run(PUBLISH, json!({ "input": { "title": format!("Noticia {number}"), "body": "Texto" } })));
    for (number, done) in join_all(all).await.into_iter().enumerate() {
        assert_eq!(done["publishNews"], json!({ "newsItem": { "slug": format!("noticia-{number}") }, "userErrors": [] }));
    }
    assert_eq!(count(&world, "site.news").await, news + 50);
    assert_eq!(count(&world, "kernel.audit_entry").await, audit + 50);
    assert_eq!(world.platform.directory().version(editor.tenant.id), version + 50, "each publication made cached pages stale");
}

#[tokio::test]
async fn many_mutations_of_one_document_come_one_after_the_other_on_one_connection() {
    let world = World::with_connections(1).await;
    let editor = world.actor(CHIPAQUE, Role::Editor).await;
    let document = "mutation { a: publishNews(input: { title: \"Uno\", body: \"x\" }) { newsItem { slug } }
                               b: publishNews(input: { title: \"Uno\", body: \"x\" }) { newsItem { slug } userErrors { field code } }
                               c: publishNews(input: { title: \"Dos\", body: \"x\" }) { newsItem { slug } } }";
    let done = editor.run(document, json!({})).await;
    assert_eq!((&done["a"]["newsItem"]["slug"], &done["c"]["newsItem"]["slug"]), (&json!("uno"), &json!("dos")));
    assert_eq!(done["b"], json!({ "newsItem": null, "userErrors": [{ "field": ["slug"], "code": "TAKEN" }] }));
}

#[tokio::test]
async fn a_mutation_that_breaks_half_way_leaves_nothing_and_no_job() {
    let world = World::new().await;
    let (editor, visitor) = (world.actor(CHIPAQUE, Role::Editor).await, world.visitor(CHIPAQUE));
    let before = tables(&world).await;
    let version = world.platform.directory().version(editor.tenant.id);
    let mut connection = postgres(&world).await;
    let mut sql = async |text: &'static str| {
        sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
    };

    // The news and its entry in the index are written before its audit entry is.
    sql("revoke insert on kernel.audit_entry from cabildo_tenant").await;
    let news = json!({ "input": { "title": "A medias", "body": "Texto" } });
    assert_eq!(editor.refused(PUBLISH, news.clone()).await, "INTERNAL");
    assert_eq!(tables(&world).await, before);
    assert_eq!(world.platform.directory().version(editor.tenant.id), version);
    sql("grant insert on kernel.audit_entry to cabildo_tenant").await;

    // The receipt is enqueued before the case is written.
    sql("revoke insert on cases.case_file from cabildo_tenant").await;
    let petition = json!({ "input": { "kind": "QUEJA", "subject": "", "body": "Texto", "name": "Rosa", "email": "rosa@example.com",
                                      "anonymous": false, "idempotencyKey": "k" } });
    assert_eq!(visitor.refused(FILE, petition.clone()).await, "INTERNAL");
    assert_eq!(tables(&world).await, before);
    sql("grant insert on cases.case_file to cabildo_tenant").await;

    editor.run(PUBLISH, news).await;
    let filed = visitor.run(FILE, petition).await;
    assert_eq!(filed["filePetition"]["case"]["radicado"], "2026-000001-1", "the radicado that came to nothing is given again");
    let after = tables(&world).await;
    assert!(before.iter().zip(&after).all(|(before, after)| after > before), "{before:?} {after:?}");
}

#[tokio::test]
async fn what_was_acknowledged_is_on_disk() {
    let cluster = std::fs::read_to_string(root().join("services/cabildo/src/cluster.rs")).unwrap();
    assert!(cluster.contains("\"max_connections=120\""), "the server's arguments are no longer here");
    let settings = ["fsync", "synchronous_commit", "full_page_writes"];
    for setting in settings {
        assert!(!cluster.contains(setting), "{setting} is touched");
    }
    assert!(!cluster.contains("--no-sync") && !cluster.contains("postgresql.conf") && !cluster.contains("alter system"));
    let world = World::new().await;
    let mut connection = postgres(&world).await;
    let safe: Vec<String> = sqlx::query_scalar("select name from pg_settings where name = any ($1) and boot_val = 'on' order by name")
        .bind(settings)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(safe, ["fsync", "full_page_writes", "synchronous_commit"], "PostgreSQL's own defaults");
    let migrations = std::fs::read_dir(root().join("migrations")).unwrap().flatten();
    let texts = migrations.map(|entry| std::fs::read_to_string(entry.path()).unwrap()).collect::<String>();
    let roles = std::fs::read_to_string(root().join("infra/roles.sql")).unwrap();
    assert!(settings.iter().all(|setting| !texts.contains(setting) && !roles.contains(setting)), "a role or a database turns one off");
}

#[tokio::test]
async fn a_query_that_asks_for_too_much_is_told_so() {
    let world = World::new().await;
    let asked = "{ planVersions(first: 100) { nodes { changes { place before after kind } signatures { name post organ } files { id name url bytes } } } }";
    let answer = world.visitor(CHIPAQUE).answer(asked, json!({})).await;
    assert!(answer.nothing_ran(), "{:?}", answer.data);
    assert_eq!((answer.code(), answer.errors[0].message.as_str()), (Some("TOO_COMPLEX"), "La consulta pide demasiado de una vez."));
}
