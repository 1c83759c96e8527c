//! Indicators through their documents: proof and its loss, withdrawal, closed periods and their corrections, a measure that fails, the facts
//! behind a number, and the agency's comparison.

use kernel::file::{self, Pending};
use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World, postgres};
use time::Duration;
use uuid::Uuid;

const RECORD: &str =
    "mutation($input: RecordMeasurementInput!) { recordMeasurement(input: $input) { indicator { id } userErrors { field code } } }";
const WITHDRAW: &str = "mutation($input: WithdrawMeasurementInput!) { withdrawMeasurement(input: $input) { indicator { latest { value } } userErrors { field code } } }";
const REMOVE: &str =
    "mutation($input: RemoveMeasurementFileInput!) { removeMeasurementFile(input: $input) { indicator { id } userErrors { field code } } }";
const CORRECT: &str =
    "mutation($input: CorrectPeriodInput!) { correctPeriod(input: $input) { indicator { id } userErrors { field code } } }";
const REASON: &str = "Se contó dos veces la misma consulta";

/// The one indicator that Filandia records by hand: open consultations, four a year.
const OPEN: (i32, &str) = (5, "consultas-abiertas");
const WEEKLY: (i32, &str) = (1, "frecuencia-de-actualizacion");

async fn indicator(actor: &Actor<'_>, of: (i32, &str)) -> Value {
    let asked = "query($action: Int!, $key: String!) { indicator(action: $action, key: $key) {
        id sort accumulation kind targetNow contradiction latest { value support } current { name value target } light { state text } forecast { value text }
        months { month value }
        periods { totalCount nodes { startsOn name value lockedValue target reached corrections { value reason source } } }
        facts(first: 100) { totalCount nodes { title path counts } }
        history { totalCount nodes { id value support withdrawnAt withdrawnReason files { id name } } } } }";
    actor.run(asked, json!({ "action": of.0, "key": of.1 })).await["indicator"].clone()
}

async fn record(actor: &Actor<'_>, id: &Value, more: Value) -> Value {
    let mut input = json!({ "indicatorId": id, "value": 1.0 });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    actor.run(RECORD, json!({ "input": input })).await["recordMeasurement"].clone()
}

/// An upload of that person that waits.
async fn upload(actor: &Actor<'_>) -> Uuid {
    let scope = Scope::Tenant(actor.tenant.id);
    let mut tx = scope.write(actor.world.platform.db()).await.unwrap().acting_as(actor.viewer.id());
    let file = Pending { id: tx.id(), name: "acta.pdf".to_owned(), media_type: "application/pdf".to_owned(), bytes: 9 };
    file::pending(&mut tx, &file, &"0".repeat(64)).await.unwrap();
    tx.commit().await.unwrap();
    file.id
}

/// The daily round over every municipality, and whatever it asks for.
async fn round(world: &World) {
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("plan.lock_all", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_measurement() {
    let world = World::new().await;
    let coordinator = world.actor(FILANDIA, Role::Coordinator).await;
    let id = indicator(&coordinator, OPEN).await["id"].clone();
    for _ in 0..2 {
        assert_eq!(record(&coordinator, &id, json!({ "idempotencyKey": "k-1" })).await["userErrors"], json!([]));
    }
    assert_eq!(indicator(&coordinator, OPEN).await["history"]["totalCount"], 1);
}

#[tokio::test]
async fn a_measurement_whose_proof_is_removed_says_so_and_is_due() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(FILANDIA, Role::Coordinator).await, world.visitor(FILANDIA));
    let id = indicator(&coordinator, OPEN).await["id"].clone();
    let file = upload(&coordinator).await;
    assert_eq!(record(&coordinator, &id, json!({ "files": [file] })).await["userErrors"], json!([]));
    let seen = indicator(&coordinator, OPEN).await["history"]["nodes"][0].clone();
    assert_eq!((&seen["support"], &seen["files"][0]["name"]), (&json!("PROVEN"), &json!("acta.pdf")));
    assert_eq!(indicator(&visitor, OPEN).await["history"]["nodes"][0]["files"], json!([]), "the file is the administration's");
    let due = async || {
        let duties = coordinator.run("{ duties { kind path } }", json!({})).await["duties"].as_array().unwrap().clone();
        duties.into_iter().find(|duty| duty["kind"] == "plan.evidence")
    };
    assert_eq!(due().await, None);
    let input = |reason: &str| json!({ "input": { "measurementId": seen["id"], "fileId": file, "reason": reason } });
    let short = coordinator.run(REMOVE, input("no")).await;
    assert_eq!(short["removeMeasurementFile"]["userErrors"], json!([{ "field": ["reason"], "code": "LENGTH" }]));
    coordinator.run(REMOVE, input("Llevaba datos personales de los asistentes")).await;
    assert_eq!(indicator(&visitor, OPEN).await["history"]["nodes"][0]["support"], "REMOVED");
    assert_eq!(due().await.unwrap()["path"], "/admin/plan/indicadores/5/consultas-abiertas");
    assert_eq!(coordinator.refused(REMOVE, input("Otra vez el mismo archivo")).await, "NOT_FOUND");
}

#[tokio::test]
async fn proof_that_was_an_address_of_the_site_is_gone_with_it() {
    let world = World::new().await;
    let coordinator = world.actor(FILANDIA, Role::Coordinator).await;
    let id = indicator(&coordinator, OPEN).await["id"].clone();
    let publish = "mutation($input: PublishNewsInput!) { publishNews(input: $input) { newsItem { slug } } }";
    coordinator
        .run(publish, json!({ "input": { "title": "Consulta del parque", "body": "Abierta.", "slug": "consulta-del-parque" } }))
        .await;
    record(&coordinator, &id, json!({ "evidence": "/noticias/consulta-del-parque" })).await;
    let support = async || indicator(&coordinator, OPEN).await["latest"]["support"].clone();
    assert_eq!(support().await, "PROVEN");
    let withdraw = "mutation($input: WithdrawNewsInput!) { withdrawNews(input: $input) { newsItem { slug } } }";
    coordinator.run(withdraw, json!({ "input": { "slug": "consulta-del-parque" } })).await;
    assert_eq!(support().await, "REMOVED");
    record(&coordinator, &id, json!({ "evidence": "Acta 4 del Comité" })).await;
    assert_eq!(support().await, "PROVEN", "what is not an address is taken as it is");
}

#[tokio::test]
async fn what_is_withdrawn_stays_to_be_seen_and_counts_no_more() {
    let world = World::new().await;
    let coordinator = world.actor(FILANDIA, Role::Coordinator).await;
    let id = indicator(&coordinator, OPEN).await["id"].clone();
    record(&coordinator, &id, json!({ "value": 2.0 })).await;
    world.clock.advance(Duration::HOUR);
    record(&coordinator, &id, json!({ "value": 9.0 })).await;
    let last = indicator(&coordinator, OPEN).await["history"]["nodes"][0]["id"].clone();
    let input = json!({ "input": { "measurementId": last, "reason": REASON } });
    let done = coordinator.run(WITHDRAW, input.clone()).await;
    assert_eq!(done["withdrawMeasurement"], json!({ "indicator": { "latest": { "value": 2.0 } }, "userErrors": [] }));
    let seen = indicator(&coordinator, OPEN).await["history"].clone();
    assert_eq!(
        (&seen["totalCount"], &seen["nodes"][0]["value"], &seen["nodes"][0]["withdrawnReason"]),
        (&json!(2), &json!(9.0), &json!(REASON))
    );
    let again = coordinator.run(WITHDRAW, input.clone()).await;
    assert_eq!(again["withdrawMeasurement"]["userErrors"], json!([{ "field": ["measurementId"], "code": "WITHDRAWN" }]));
    assert_eq!(world.actor(CHIPAQUE, Role::Coordinator).await.refused(WITHDRAW, input).await, "NOT_FOUND");
    round(&world).await;
    let computed = indicator(&coordinator, WEEKLY).await["history"]["nodes"][0]["id"].clone();
    let refused = coordinator.run(WITHDRAW, json!({ "input": { "measurementId": computed, "reason": REASON } })).await;
    assert_eq!(refused["withdrawMeasurement"]["userErrors"], json!([{ "field": ["measurementId"], "code": "COMPUTED" }]));
}

#[tokio::test]
async fn a_period_that_has_ended_is_closed_once_and_corrected_beside_it() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(FILANDIA, Role::Coordinator).await, world.visitor(FILANDIA));
    let open = indicator(&coordinator, OPEN).await;
    record(&coordinator, &open["id"], json!({ "value": 3.0 })).await;
    let correct = |value: f64| json!({ "input": { "indicatorId": open["id"], "startsOn": "2026-01-01", "value": value, "reason": REASON, "evidence": "Acta 9" } });
    let early = coordinator.run(CORRECT, correct(4.0)).await;
    assert_eq!(early["correctPeriod"]["userErrors"], json!([{ "field": ["startsOn"], "code": "NOT_CLOSED" }]), "it still runs");
    // 39 days later it is the first of January 2027.
    world.clock.advance(Duration::days(39));
    round(&world).await;
    let closed = indicator(&visitor, OPEN).await;
    let year = json!({ "startsOn": "2026-01-01", "name": "2026", "value": 3.0, "lockedValue": 3.0, "target": 4.0, "reached": 75.0, "corrections": [] });
    assert_eq!(closed["periods"], json!({ "totalCount": 1, "nodes": [year] }));
    assert_eq!(
        (&closed["current"]["name"], &closed["current"]["value"]),
        (&json!("2027"), &Value::Null),
        "a new year begins without a figure"
    );
    assert_eq!(closed["light"], json!({ "state": "UNKNOWN", "text": "Sin medición en este período." }));
    // Closed twice, and recorded late: the closed figure stays.
    record(&coordinator, &open["id"], json!({ "value": 7.0 })).await;
    round(&world).await;
    assert_eq!(indicator(&visitor, OPEN).await["periods"], closed["periods"]);
    assert_eq!(
        coordinator.run(CORRECT, correct(3.0)).await["correctPeriod"]["userErrors"],
        json!([{ "field": ["value"], "code": "SAME" }])
    );
    assert_eq!(coordinator.run(CORRECT, correct(4.0)).await["correctPeriod"]["userErrors"], json!([]));
    let corrected = indicator(&visitor, OPEN).await["periods"]["nodes"][0].clone();
    assert_eq!((&corrected["value"], &corrected["lockedValue"], &corrected["reached"]), (&json!(4.0), &json!(3.0), &json!(100.0)));
    assert_eq!(corrected["corrections"], json!([{ "value": 4.0, "reason": REASON, "source": "Comité GEL-T" }]));
    let stranger = world.actor(CHIPAQUE, Role::Coordinator).await;
    assert_eq!(stranger.refused(CORRECT, correct(1.0)).await, "NOT_FOUND");
    // Nobody is granted to change what is closed, not even the platform's own work.
    let mut tx = Scope::Worker(Some(visitor.tenant.id)).write(world.platform.db()).await.unwrap();
    let changed = sqlx::query("update plan.period_value set value = 9").execute(&mut *tx).await;
    assert!(changed.is_err_and(|error| error.to_string().contains("permission denied")));
}

#[tokio::test]
async fn a_measure_that_fails_for_a_day_is_unknown_and_heals_the_next() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let mut superuser = postgres(&world).await;
    sqlx::query("revoke select on site.news from cabildo_tenant, cabildo_worker").execute(&mut superuser).await.unwrap();
    round(&world).await;
    let failed = indicator(&visitor, WEEKLY).await;
    assert_eq!((&failed["history"]["nodes"][0]["value"], &failed["latest"]["value"]), (&Value::Null, &Value::Null), "unknown, not zero");
    assert!(failed["light"]["state"] == "UNKNOWN" && failed["light"]["text"].as_str().unwrap().contains("falló"), "{failed}");
    let others = indicator(&visitor, (5, "tramites-publicados")).await;
    assert!(others["history"]["nodes"][0]["value"].is_f64(), "one that fails spoils no other: {others}");
    sqlx::query("grant select on site.news to cabildo_tenant, cabildo_worker").execute(&mut superuser).await.unwrap();
    world.clock.advance(Duration::DAY);
    round(&world).await;
    let healed = indicator(&visitor, WEEKLY).await;
    let values: Vec<_> = healed["history"]["nodes"].as_array().unwrap().iter().map(|row| row["value"].is_f64()).collect();
    assert_eq!(values, [true, false], "the day that failed stays unknown, the next is known");
    assert!(healed["latest"]["value"].is_f64() && healed["light"]["state"] != "UNKNOWN");
}

#[tokio::test]
async fn a_number_can_be_opened_down_to_its_facts() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let publish = "mutation($input: PublishNewsInput!) { publishNews(input: $input) { newsItem { slug } } }";
    coordinator.run(publish, json!({ "input": { "title": "Feria", "body": "Hay feria.", "slug": "feria" } })).await;
    let weekly = indicator(&visitor, WEEKLY).await;
    assert_eq!(weekly["facts"]["nodes"][0], json!({ "title": "Feria", "path": "/noticias/feria", "counts": true }));
    let sheets = indicator(&visitor, (5, "tramites-publicados")).await;
    let nodes = sheets["facts"]["nodes"].as_array().unwrap();
    assert!(nodes[0]["counts"] == false, "what is missing comes first: it is the work to do");
    let asked =
        "query($after: String) { indicator(action: 5, key: \"tramites-publicados\") { latest { value } facts(first: 100, after: $after) {
        totalCount nodes { counts } pageInfo { endCursor hasNextPage } } } }";
    let (mut after, mut counted) = (Value::Null, 0.0);
    let total = loop {
        let page = visitor.run(asked, json!({ "after": after })).await["indicator"].clone();
        counted += page["facts"]["nodes"].as_array().unwrap().iter().filter(|fact| fact["counts"] == true).count() as f64;
        after = page["facts"]["pageInfo"]["endCursor"].clone();
        if page["facts"]["pageInfo"]["hasNextPage"] == false {
            break page;
        }
    };
    let share = 100.0 * counted / total["facts"]["totalCount"].as_f64().unwrap();
    assert!((share - total["latest"]["value"].as_f64().unwrap()).abs() < 1e-9, "the facts make the number");
    let phase = indicator(&visitor, (3, "fase-informacion")).await;
    assert!(phase["facts"]["nodes"][0]["path"].as_str().unwrap().starts_with("/plan/fases/informacion#"), "{}", phase["facts"]["nodes"][0]);
}

#[tokio::test]
async fn the_agency_compares_what_has_the_same_framework() {
    let world = World::new().await;
    round(&world).await;
    let analyst = world.actor("agencia", Role::Analyst).await;
    let asked = "query($month: String, $order: ProgressOrder, $band: PopulationBand, $framework: String) {
        planProgress(month: $month, order: $order, band: $band, framework: $framework) {
        month framework average known totalCount nodes { municipality { slug } band percent change entries { scope percent known total } } } }";
    let seen = analyst.run(asked, json!({})).await["planProgress"].clone();
    assert_eq!((&seen["month"], &seen["totalCount"]), (&json!("2026-11"), &json!(1)), "demonstration towns are not compared: {seen}");
    let row = &seen["nodes"][0];
    assert_eq!((&row["municipality"]["slug"], &row["band"]), (&json!(CHIPAQUE), &json!("UP_TO_20000")));
    let scopes: Vec<_> = row["entries"].as_array().unwrap().iter().map(|entry| entry["scope"].as_str().unwrap()).collect();
    assert_eq!(scopes[..7], ["plan", "line:1", "line:2", "line:3", "line:4", "line:5", "line:6"]);
    assert_eq!(scopes[7..].len(), 5, "and five phases: {scopes:?}");
    assert_eq!(row["percent"], row["entries"][0]["percent"]);
    let other = analyst.run(asked, json!({ "framework": "otro-1" })).await;
    assert_eq!(other["planProgress"]["totalCount"], 0, "another framework is another comparison");
    assert_eq!(analyst.run(asked, json!({ "band": "OVER_500000" })).await["planProgress"]["totalCount"], 0);
    assert_eq!(analyst.refused(asked, json!({ "month": "noviembre" })).await, "BAD_REQUEST");
    world.clock.advance(Duration::days(10));
    round(&world).await;
    let next = analyst.run(asked, json!({})).await["planProgress"].clone();
    assert!(next["month"] == "2026-12" && next["nodes"][0]["change"].is_number(), "{next}");
    let one = "query($slug: String!) { planProgressOf(slug: $slug) { framework peersAverage series { scope months { month percent } } } }";
    let town = analyst.run(one, json!({ "slug": CHIPAQUE })).await["planProgressOf"].clone();
    let months: Vec<_> = town["series"][0]["months"].as_array().unwrap().iter().map(|month| month["month"].as_str().unwrap()).collect();
    assert_eq!(months, ["2026-11", "2026-12"]);
    assert_eq!(analyst.run(one, json!({ "slug": "nada-nada" })).await["planProgressOf"], Value::Null);
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    assert_eq!(coordinator.refused(asked, json!({})).await, "FORBIDDEN");
    let own = world.visitor(CHIPAQUE).run("{ progress { scope months { month } } }", json!({})).await;
    assert_eq!(own["progress"].as_array().unwrap().len(), 12);
    assert_eq!(
        world.visitor(FILANDIA).run("{ progress { months { percent } } }", json!({})).await["progress"].as_array().map(Vec::len),
        Some(11)
    );
}
