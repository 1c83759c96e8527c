//! The plan through its documents: what people record, what the platform computes, and what neither may touch.

use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

const RECORD: &str = "mutation($input: RecordMeasurementInput!) { recordMeasurement(input: $input) {
    indicator { latest { value at source evidence reached } history { totalCount } } userErrors { field code } } }";
const ASSESS: &str = "mutation($input: SetCriterionStateInput!) { setCriterionState(input: $input) {
    criterion { code state evidence answered computed at } userErrors { field code } } }";
const ACTIVITY: &str = "mutation($input: SetActivityDoneInput!) { setActivityDone(input: $input) { activity { done doneAt evidence } userErrors { field code } } }";

/// The indicators of the plan by their key.
async fn indicator(actor: &Actor<'_>, key: &str) -> Value {
    let asked = "{ plan { actionLines { indicators { id key kind measure target latest { value source evidence reached }
                   history { totalCount nodes { value at source } } } } } }";
    let plan = actor.run(asked, json!({})).await;
    let mut all = plan["plan"]["actionLines"].as_array().unwrap().iter().flat_map(|line| line["indicators"].as_array().unwrap());
    all.find(|row| row["key"] == key).unwrap_or_else(|| panic!("no indicator {key}")).clone()
}

async fn phase(actor: &Actor<'_>, key: &str) -> Value {
    let asked = "query($key: String!) { phase(key: $key) { fulfilled fulfilledCount criteriaCount criteria(first: 100) { nodes { code state computed answered } } } }";
    actor.run(asked, json!({ "key": key })).await["phase"].clone()
}

#[tokio::test]
async fn a_recorded_figure_counts_from_the_moment_it_is_recorded() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(FILANDIA, Role::Coordinator).await, world.visitor(FILANDIA));
    let open = indicator(&visitor, "consultas-abiertas").await;
    assert_eq!((&open["kind"], &open["target"], &open["latest"]), (&json!("RECORDED"), &json!("4 al año"), &Value::Null));
    let record = |value: f64, evidence: &str| json!({ "input": { "indicatorId": open["id"], "value": value, "evidence": evidence } });
    let done = coordinator.run(RECORD, record(3.0, " Acta 4 ")).await;
    let latest = json!({ "value": 3.0, "at": "2026-11-23T15:42:00.000Z", "source": "Comité GEL-T", "evidence": "Acta 4", "reached": 75.0 });
    assert_eq!(done["recordMeasurement"], json!({ "indicator": { "latest": latest, "history": { "totalCount": 1 } }, "userErrors": [] }));
    world.clock.advance(time::Duration::days(1));
    coordinator.run(RECORD, record(5.0, "")).await;
    let seen = indicator(&visitor, "consultas-abiertas").await;
    assert_eq!(seen["latest"], json!({ "value": 5.0, "source": "Comité GEL-T", "evidence": null, "reached": 100.0 }));
    let history: Vec<_> = seen["history"]["nodes"].as_array().unwrap().iter().map(|row| row["value"].as_f64().unwrap()).collect();
    assert_eq!(history, [5.0, 3.0], "newest first, and nothing is overwritten");
    let wrong = coordinator.run(RECORD, record(-1.0, &"a".repeat(2001))).await;
    assert_eq!(
        wrong["recordMeasurement"]["userErrors"],
        json!([{ "field": ["value"], "code": "RANGE" }, { "field": ["evidence"], "code": "LENGTH" }])
    );
}

#[tokio::test]
async fn what_is_computed_takes_nobodys_word() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let computed = indicator(&coordinator, "frecuencia-de-actualizacion").await;
    assert_eq!(computed["latest"]["source"], "measure:site.days_since_update");
    let input = json!({ "input": { "indicatorId": computed["id"], "value": 1.0, "evidence": "Créame" } });
    let refused = coordinator.run(RECORD, input).await;
    assert_eq!(
        refused["recordMeasurement"],
        json!({ "indicator": null, "userErrors": [{ "field": ["indicatorId"], "code": "COMPUTED" }] })
    );
    let before = computed["latest"]["value"].as_f64().unwrap();
    world.clock.advance(time::Duration::days(10));
    let later = indicator(&coordinator, "frecuencia-de-actualizacion").await;
    assert!((later["latest"]["value"].as_f64().unwrap() - before - 10.0).abs() < 1e-9, "it is computed when it is asked: {later}");
}

#[tokio::test]
async fn another_towns_indicator_does_not_exist() {
    let world = World::new().await;
    let theirs = indicator(&world.visitor(FILANDIA), "consultas-abiertas").await;
    let stranger = world.actor(CHIPAQUE, Role::Coordinator).await;
    for id in [theirs["id"].clone(), json!("019abf00-0000-7000-8000-000000000001"), json!("x")] {
        assert_eq!(stranger.refused(RECORD, json!({ "input": { "indicatorId": id, "value": 1.0 } })).await, "NOT_FOUND", "{id}");
    }
}

#[tokio::test]
async fn a_criterion_that_is_met_needs_evidence() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let before = phase(&visitor, "informacion").await;
    let nodes = before["criteria"]["nodes"].as_array().unwrap();
    let by_hand = nodes.iter().find(|row| row["computed"] == false).unwrap();
    assert_eq!((&by_hand["state"], &by_hand["answered"]), (&json!("NO"), &json!(false)), "what nobody has answered is not met");
    let assess =
        |code: &Value, state: &str, evidence: Option<&str>| json!({ "input": { "code": code, "state": state, "evidence": evidence } });
    for state in ["YES", "PARTIAL"] {
        let refused = coordinator.run(ASSESS, assess(&by_hand["code"], state, Some("  "))).await;
        assert_eq!(
            refused["setCriterionState"],
            json!({ "criterion": null, "userErrors": [{ "field": ["evidence"], "code": "REQUIRED" }] })
        );
    }
    let done = coordinator.run(ASSESS, assess(&by_hand["code"], "YES", Some("/directorio"))).await;
    assert_eq!(
        done["setCriterionState"]["criterion"],
        json!({ "code": by_hand["code"], "state": "YES", "evidence": "/directorio", "answered": true, "computed": false, "at": "2026-11-23T15:42:00.000Z" })
    );
    let after = phase(&visitor, "informacion").await;
    assert_eq!(after["fulfilledCount"].as_i64(), before["fulfilledCount"].as_i64().map(|count| count + 1));
    assert!(after["fulfilled"].as_f64() > before["fulfilled"].as_f64());
    let none = json!({ "input": { "code": by_hand["code"], "state": "NOT_APPLICABLE", "reason": "No hay" } });
    let none = coordinator.run(ASSESS, none).await;
    assert_eq!(none["setCriterionState"]["userErrors"], json!([]));
    let without = phase(&visitor, "informacion").await;
    assert_eq!(
        without["criteriaCount"].as_i64(),
        before["criteriaCount"].as_i64().map(|count| count - 1),
        "what does not apply is not counted"
    );
    let computed = nodes.iter().find(|row| row["computed"] == true).unwrap();
    for (code, fault) in [(computed["code"].clone(), "COMPUTED"), (json!("NADA-9"), "NOT_FOUND")] {
        let refused = coordinator.run(ASSESS, assess(&code, "YES", Some("/x"))).await;
        assert_eq!(refused["setCriterionState"]["userErrors"], json!([{ "field": ["code"], "code": fault }]), "{code}");
    }
}

#[tokio::test]
async fn an_activity_is_done_and_undone() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let set = |activity: i32, done: bool| json!({ "input": { "actionLine": 1, "activity": activity, "done": done, "evidence": "Acta 2" } });
    let done = coordinator.run(ACTIVITY, set(2, true)).await;
    assert_eq!(done["setActivityDone"]["activity"], json!({ "done": true, "doneAt": "2026-11-23T15:42:00.000Z", "evidence": "Acta 2" }));
    let undone = coordinator.run(ACTIVITY, set(2, false)).await;
    assert_eq!(
        (&undone["setActivityDone"]["activity"]["done"], &undone["setActivityDone"]["activity"]["doneAt"]),
        (&json!(false), &Value::Null)
    );
    let unknown = coordinator.answer(ACTIVITY, set(99, true)).await;
    assert!(unknown.code() == Some("NOT_FOUND") || unknown.data.to_string().contains("NOT_FOUND"), "{unknown:?}");
}

#[tokio::test]
async fn what_is_computed_is_locked_once_a_day() {
    let world = World::new().await;
    let lock = async || {
        let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
        tx.enqueue("plan.lock_all", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        world.settle().await;
        indicator(&world.visitor(CHIPAQUE), "frecuencia-de-actualizacion").await["history"].clone()
    };
    let first = lock().await;
    let count = first["totalCount"].as_i64().unwrap();
    assert!(count >= 1 && first["nodes"][0]["source"] == "measure:site.days_since_update", "{first}");
    assert_eq!(lock().await["totalCount"], count, "a second reading of the day is the first");
    world.clock.advance(time::Duration::DAY);
    assert_eq!(lock().await["totalCount"], count + 1);
}
