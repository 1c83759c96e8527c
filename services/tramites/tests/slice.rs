//! The catalogue through its documents: what a sheet may tell before the town answers for it, and after.

use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

const CONFIRM: &str = "mutation($input: ConfirmEntryInput!) { confirmEntry(input: $input) { entry { slug confirmed confirmedAt } userErrors { field code } } }";
const KEEP: &str = "mutation($input: KeepEntryInput!) { keepEntry(input: $input) { entry { state } userErrors { field code } } }";
/// The national base remembers it, and is not sure.
const DOUBTFUL: &str = "certificado-de-paz-y-salvo";

async fn sheet(actor: &Actor<'_>, slug: &str) -> Value {
    let asked = "query($slug: String!) { tramite(slug: $slug) { name confirmed costKind termBusinessDays termText whoMayAsk requirements result legalBasis } }";
    actor.run(asked, json!({ "slug": slug })).await["tramite"].clone()
}

async fn measure(actor: &Actor<'_>, name: &str) -> f64 {
    let answer = actor.run("query($name: String!) { measure(name: $name) { value } }", json!({ "name": name })).await;
    answer["measure"]["value"].as_f64().unwrap()
}

fn confirmation(slug: &str) -> Value {
    json!({ "input": { "slug": slug, "whoMayAsk": "Contribuyentes", "requirements": ["Recibo de la quijotada\nCédula", " "], "costKind": "MUNICIPAL_RATE",
                       "costNote": "$ 12.500", "termBusinessDays": 0, "result": "Certificado", "legalBasis": "Acuerdo 4 de 2020", "suitNumber": "T2621" } })
}

async fn found(actor: &Actor<'_>, words: &str) -> usize {
    let answer = actor
        .run("query($q: String!) { tramites(search: $q) { totalCount } search(query: $q) { totalCount } }", json!({ "q": words }))
        .await;
    assert_eq!(answer["tramites"]["totalCount"], answer["search"]["totalCount"], "the list and the site's search agree on «{words}»");
    answer["tramites"]["totalCount"].as_u64().unwrap() as usize
}

#[tokio::test]
async fn what_is_doubtful_is_not_told_until_the_town_confirms_it() {
    let world = World::new().await;
    let (official, visitor) = (world.actor(CHIPAQUE, Role::Official).await, world.visitor(CHIPAQUE));
    let doubtful = sheet(&visitor, DOUBTFUL).await;
    let silent = json!({ "name": doubtful["name"], "confirmed": false, "costKind": null, "termBusinessDays": null, "termText": null, "whoMayAsk": null,
                         "requirements": null, "result": null, "legalBasis": null });
    assert_eq!(doubtful, silent, "its name alone is public");
    let draft = official
        .run(
            "query($slug: String!) { catalogueSheet(slug: $slug) { draft { termBusinessDays legalBasis } baseNote } }",
            json!({ "slug": DOUBTFUL }),
        )
        .await;
    assert_eq!(draft["catalogueSheet"]["draft"]["termBusinessDays"], 0, "the committee sees what it would confirm");
    assert_eq!(found(&visitor, "quijotada").await, 0);
    let share = measure(&visitor, "tramites.published_share").await;

    let done = official.run(CONFIRM, confirmation(DOUBTFUL)).await;
    assert_eq!(
        done["confirmEntry"],
        json!({ "entry": { "slug": DOUBTFUL, "confirmed": true, "confirmedAt": "2026-11-23T15:42:00.000Z" }, "userErrors": [] })
    );
    let told = json!({ "name": doubtful["name"], "confirmed": true, "costKind": "MUNICIPAL_RATE", "termBusinessDays": 0, "termText": "Inmediato",
                       "whoMayAsk": "Contribuyentes", "requirements": ["Recibo de la quijotada", "Cédula"], "result": "Certificado",
                       "legalBasis": "Acuerdo 4 de 2020" });
    assert_eq!(sheet(&visitor, DOUBTFUL).await, told);
    assert_eq!(found(&visitor, "quijotada").await, 1);
    assert!(measure(&visitor, "tramites.published_share").await > share);
    assert_eq!(sheet(&world.visitor(FILANDIA), DOUBTFUL).await, silent, "a town answers for itself alone");
}

#[tokio::test]
async fn what_was_seen_in_a_published_source_is_told_at_once() {
    let world = World::new().await;
    let seen = sheet(&world.visitor(CHIPAQUE), "certificado-de-residencia").await;
    assert_eq!((&seen["confirmed"], &seen["termBusinessDays"], &seen["costKind"]), (&json!(true), &json!(15), &json!("FREE")));
    assert!(seen["requirements"].as_array().is_some_and(|list| !list.is_empty()) && seen["legalBasis"].is_string());
}

#[tokio::test]
async fn a_sheet_is_confirmed_whole_or_not_at_all() {
    let world = World::new().await;
    let official = world.actor(CHIPAQUE, Role::Official).await;
    let refused = official.run(CONFIRM, json!({ "input": { "slug": DOUBTFUL, "termBusinessDays": 400, "suitNumber": "T-1" } })).await;
    let fields: Vec<_> =
        refused["confirmEntry"]["userErrors"].as_array().unwrap().iter().map(|fault| fault["field"][0].as_str().unwrap()).collect();
    assert_eq!(fields, ["costKind", "termBusinessDays", "whoMayAsk", "result", "legalBasis", "suitNumber"]);
    assert_eq!(sheet(&official, DOUBTFUL).await["confirmed"], false);
    assert_eq!(official.refused(CONFIRM, confirmation("nada")).await, "NOT_FOUND");
    assert_eq!(world.actor(CHIPAQUE, Role::Editor).await.refused(CONFIRM, confirmation(DOUBTFUL)).await, "FORBIDDEN");
    assert_eq!(world.visitor(CHIPAQUE).refused(CONFIRM, confirmation(DOUBTFUL)).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn what_is_withdrawn_is_kept_and_not_shown() {
    let world = World::new().await;
    let (official, visitor) = (world.actor(CHIPAQUE, Role::Official).await, world.visitor(CHIPAQUE));
    let slug = "certificado-de-residencia";
    for state in ["WITHDRAWN", "NOT_APPLICABLE"] {
        let kept = official.run(KEEP, json!({ "input": { "slug": slug, "state": state } })).await;
        assert_eq!(kept["keepEntry"], json!({ "entry": { "state": state }, "userErrors": [] }));
        assert_eq!(sheet(&visitor, slug).await, Value::Null, "{state}");
        let list = visitor
            .run("{ tramites(first: 100) { nodes { slug } } search(query: \"certificado residencia\") { nodes { path } } }", json!({}))
            .await;
        assert!(!list.to_string().contains(slug), "{state}");
        let held = official.run("query($slug: String!) { catalogueSheet(slug: $slug) { state review } }", json!({ "slug": slug })).await;
        assert_eq!(held["catalogueSheet"], json!({ "state": state, "review": "HIDDEN" }));
    }
    official.run(KEEP, json!({ "input": { "slug": slug, "state": "PUBLISHED" } })).await;
    assert_eq!(sheet(&visitor, slug).await["termBusinessDays"], 15, "nothing of it was lost");
}

#[tokio::test]
async fn a_confirmed_sheet_is_reviewed_each_half_year() {
    let world = World::new().await;
    let official = world.actor(CHIPAQUE, Role::Official).await;
    let review = async || {
        let sheet = official.run("query($slug: String!) { catalogueSheet(slug: $slug) { review } }", json!({ "slug": DOUBTFUL })).await;
        sheet["catalogueSheet"]["review"].as_str().unwrap().to_owned()
    };
    let (mut order, mut after) = (Vec::new(), Value::Null);
    while order.len() < 118 {
        let asked = "query($after: String) { catalogueReview(first: 50, after: $after) { nodes { review } pageInfo { endCursor } } }";
        let queue = official.run(asked, json!({ "after": after })).await["catalogueReview"].clone();
        order.extend(queue["nodes"].as_array().unwrap().iter().map(|row| row["review"].as_str().unwrap().to_owned()));
        after = queue["pageInfo"]["endCursor"].clone();
    }
    let mut states = order.clone();
    states.dedup();
    assert_eq!(states, ["TO_CONFIRM", "TO_REVIEW", "HIDDEN"], "what is to confirm comes first, what is hidden last");
    assert_eq!(review().await, "TO_CONFIRM");
    official.run(CONFIRM, confirmation(DOUBTFUL)).await;
    assert_eq!(review().await, "UP_TO_DATE");
    world.clock.advance(time::Duration::days(180));
    assert_eq!(review().await, "UP_TO_DATE");
    world.clock.advance(time::Duration::SECOND);
    assert_eq!(review().await, "TO_REVIEW");
    official.run(CONFIRM, confirmation(DOUBTFUL)).await;
    assert_eq!(review().await, "UP_TO_DATE", "confirming again is reviewing");
}
