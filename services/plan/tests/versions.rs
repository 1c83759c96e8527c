//! Versions of the plan through their documents: a draft, what it may not say, its adoption, and what stays of the version before.

use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

/// Runs a mutation of the draft; gives its payload.
async fn run(actor: &Actor<'_>, name: &str, input: Value, asked: &str) -> Value {
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let document = format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ {asked} userErrors {{ field code }} }} }}");
    actor.run(&document, json!({ "input": input })).await[name].clone()
}

async fn done(actor: &Actor<'_>, name: &str, input: Value) {
    let payload = run(actor, name, input, "").await;
    assert_eq!(payload["userErrors"], json!([]), "{name}");
}

/// The fields and codes that a mutation is refused with.
async fn refused(actor: &Actor<'_>, name: &str, input: Value) -> Value {
    run(actor, name, input, "").await["userErrors"].clone()
}

fn fault(field: &str, code: &str) -> Value {
    json!([{ "field": [field], "code": code }])
}

async fn ask(actor: &Actor<'_>, asked: &str) -> Value {
    actor.run(asked, json!({})).await
}

/// The texts of the draft as the form has them, for one of them to be changed.
async fn texts(actor: &Actor<'_>) -> Value {
    let asked = "{ planDraft { plan { title period { fromYear toYear text } legalFrame vision generalObjective specificObjectives frameworkLines } } }";
    let plan = ask(actor, asked).await["planDraft"]["plan"].clone();
    let lines = |list: &Value| list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join("\n");
    json!({ "title": plan["title"], "fromYear": plan["period"]["fromYear"], "toYear": plan["period"]["toYear"], "periodText": plan["period"]["text"],
            "legalFrame": plan["legalFrame"], "vision": plan["vision"], "generalObjective": plan["generalObjective"],
            "specificObjectives": lines(&plan["specificObjectives"]), "frameworkLines": lines(&plan["frameworkLines"]) })
}

async fn keep_vision(actor: &Actor<'_>, vision: &str) {
    let mut input = texts(actor).await;
    input["vision"] = json!(vision);
    done(actor, "keepPlanText", input).await;
}

fn adoption() -> Value {
    json!({ "reason": "El Comité ajusta la visión después de la revisión del semestre.", "actKind": "DECREE", "actNumber": "054",
            "actDate": "2026-11-20", "actAuthority": "Alcaldía Municipal" })
}

async fn adopt(actor: &Actor<'_>) -> Value {
    done(actor, "signPlanDraft", json!({ "post": "Coordinadora", "organ": "Alcaldía" })).await;
    let payload = run(
        actor,
        "adoptPlan",
        adoption(),
        "version { planKey number state reason act { kind number date authority } signatures { name here } }",
    )
    .await;
    assert_eq!(payload["userErrors"], json!([]));
    payload["version"].clone()
}

#[tokio::test]
async fn a_draft_becomes_the_plan_and_the_version_before_stays_readable() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let signed = ask(&visitor, "{ plan { vision version { number state act { number } } } }").await["plan"].clone();
    assert_eq!(signed["version"], json!({ "number": 1, "state": "IN_FORCE", "act": null }));
    done(&coordinator, "revisePlan", json!({})).await;
    assert_eq!(refused(&coordinator, "revisePlan", json!({})).await, json!([{ "field": null, "code": "TAKEN" }]), "one draft at a time");
    keep_vision(&coordinator, "Una visión nueva.").await;
    let draft = ask(&coordinator, "{ planDraft { number changes { kind place after } problems { message } } }").await;
    assert_eq!(
        draft["planDraft"],
        json!({ "number": 2, "changes": [{ "kind": "CHANGED", "place": "Visión", "after": "Una visión nueva." }], "problems": [] })
    );
    assert_eq!(ask(&visitor, "{ plan { vision } }").await["plan"]["vision"], signed["vision"], "nothing changes before the adoption");
    let version = adopt(&coordinator).await;
    assert_eq!(
        (&version["number"], &version["state"], &version["act"]["number"], &version["signatures"][0]["here"]),
        (&json!(2), &json!("IN_FORCE"), &json!("054"), &json!(true))
    );
    let asked = "{ plan { vision current } planVersions { totalCount nodes { number state } }
        one: plan(version: 1) { vision current } planVersion(number: 1) { state changes { place } } two: planVersion(number: 2) { reason changes { place before } } }";
    let seen = ask(&visitor, asked).await;
    assert_eq!(seen["plan"], json!({ "vision": "Una visión nueva.", "current": true }));
    assert_eq!(
        seen["planVersions"],
        json!({ "totalCount": 2, "nodes": [{ "number": 2, "state": "IN_FORCE" }, { "number": 1, "state": "SUPERSEDED" }] })
    );
    assert_eq!(seen["planVersion"], json!({ "state": "SUPERSEDED", "changes": [] }));
    assert_eq!(seen["one"], json!({ "vision": signed["vision"], "current": false }));
    assert_eq!(seen["two"]["changes"], json!([{ "place": "Visión", "before": signed["vision"] }]));
    let found = ask(&visitor, "{ search(query: \"plan de acción\") { nodes { path } } }").await;
    assert!(found["search"]["nodes"].as_array().unwrap().iter().any(|node| node["path"] == "/plan"), "{found}");
}

#[tokio::test]
async fn an_adoption_needs_a_reason_an_act_signatures_and_something_to_adopt() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "revisePlan", json!({})).await;
    assert_eq!(refused(&coordinator, "adoptPlan", adoption()).await, json!([{ "field": null, "code": "UNCHANGED" }]));
    keep_vision(&coordinator, "Otra.").await;
    assert_eq!(refused(&coordinator, "adoptPlan", adoption()).await, json!([{ "field": null, "code": "UNSIGNED" }]));
    done(
        &coordinator,
        "signPlanDraft",
        json!({ "name": "Rosa Prieto", "post": "Personera", "organ": "Personería", "signedOn": "2026-11-20" }),
    )
    .await;
    let mut wrong = adoption();
    (wrong["reason"], wrong["actNumber"], wrong["actDate"]) = (json!("Porque"), json!(" "), json!("2027-01-01"));
    assert_eq!(
        refused(&coordinator, "adoptPlan", wrong).await,
        json!([{ "field": ["reason"], "code": "LENGTH" }, { "field": ["actNumber"], "code": "REQUIRED" }, { "field": ["actDate"], "code": "RANGE" }])
    );
    keep_vision(&coordinator, "Otra más.").await;
    let draft = ask(&coordinator, "{ planDraft { signatures { name } } }").await;
    assert_eq!(draft["planDraft"]["signatures"], json!([]), "what was signed was another text");
    let mut ghost = adoption();
    ghost["files"] = json!(["019abf00-0000-7000-8000-000000000001"]);
    done(&coordinator, "signPlanDraft", json!({ "post": "Coordinadora", "organ": "Alcaldía" })).await;
    assert_eq!(refused(&coordinator, "adoptPlan", ghost).await, fault("files", "NOT_FOUND"));
    assert_eq!(refused(&coordinator, "discardPlanDraft", json!({ "confirm": false })).await, fault("confirm", "REQUIRED"));
    done(&coordinator, "discardPlanDraft", json!({ "confirm": true })).await;
    assert_eq!(ask(&coordinator, "{ planDraft { number } }").await["planDraft"], Value::Null);
}

#[tokio::test]
async fn what_contradicts_itself_is_refused_at_its_field() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "revisePlan", json!({})).await;
    let indicator = |change: &[(&str, Value)]| {
        let mut input = json!({ "number": 4, "key": "servicios-publicados", "name": "Servicios publicados", "target": "100 %", "targetValue": 100.0,
                                "unit": "%", "kind": "COMPUTED", "measure": "services.published_share" });
        for (field, value) in change {
            input[*field] = value.clone();
        }
        input
    };
    for (change, field, code) in [
        (vec![("targetValue", json!(50.0))], "targetValue", "CONTRADICTION"),
        (vec![("target", json!("120 %")), ("targetValue", json!(120.0))], "targetValue", "RANGE"),
        (vec![("target", Value::Null)], "target", "REQUIRED"),
        (vec![("unit", json!("servicios"))], "unit", "CONTRADICTION"),
        (vec![("measure", Value::Null)], "measure", "REQUIRED"),
        (vec![("measure", json!("nadie.sabe"))], "measure", "NOT_FOUND"),
        (vec![("kind", json!("RECORDED"))], "measure", "CONTRADICTION"),
        (vec![("targets", json!("pronto"))], "targets", "FORM"),
    ] {
        assert_eq!(refused(&coordinator, "keepPlanIndicator", indicator(&change)).await, fault(field, code), "{change:?}");
    }
    let phase = |deadline: &str, target: Value, none: bool| json!({ "key": "democracia", "deadline": deadline, "target": target, "noTarget": none });
    assert_eq!(refused(&coordinator, "keepPlanPhase", phase("2007-12-31", json!(50.0), false)).await, fault("deadline", "CONTRADICTION"));
    assert_eq!(refused(&coordinator, "keepPlanPhase", phase("2012-12-01", json!(50.0), true)).await, fault("target", "CONTRADICTION"));
    assert_eq!(refused(&coordinator, "keepPlanPhase", phase("2012-12-01", Value::Null, false)).await, fault("target", "REQUIRED"));
    assert_eq!(refused(&coordinator, "keepPlanPhase", phase("2012-12-01", json!(101.0), false)).await, fault("target", "RANGE"));
    let mut turned = texts(&coordinator).await;
    (turned["fromYear"], turned["toYear"]) = (json!(2012), json!(2008));
    assert_eq!(refused(&coordinator, "keepPlanText", turned).await, fault("toYear", "CONTRADICTION"));
    let mut later = texts(&coordinator).await;
    (later["fromYear"], later["toYear"]) = (json!(2011), json!(2014));
    done(&coordinator, "keepPlanText", later).await;
    done(&coordinator, "signPlanDraft", json!({ "post": "Coordinadora", "organ": "Alcaldía" })).await;
    assert_eq!(
        refused(&coordinator, "adoptPlan", adoption()).await,
        json!([{ "field": null, "code": "CONTRADICTION" }]),
        "phases end before the plan begins"
    );
}

#[tokio::test]
async fn what_was_found_and_done_survives_a_new_version() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    for activity in [1, 2] {
        done(&coordinator, "setActivityDone", json!({ "actionLine": 1, "activity": activity, "done": true, "evidence": "Acta 2" })).await;
    }
    let ids = |plan: &Value| -> Vec<(String, String)> {
        let lines = plan["plan"]["actionLines"].as_array().unwrap().iter();
        let rows = lines.flat_map(|line| line["indicators"].as_array().unwrap());
        rows.map(|row| (row["key"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned())).collect()
    };
    let asked = "{ plan { actionLines { number indicators { id key name } activities { text done evidence } } retiredIndicators { name figures { value } } } }";
    let before = ask(&visitor, asked).await;
    done(&coordinator, "revisePlan", json!({})).await;
    let line = json!({ "number": 1, "title": "Procedimientos de actualización del sitio Web", "benefits": "Información al día", "responsibles": "Comité GELT",
                       "resources": "Sitio Web", "durationText": "1 año",
                       "activities": "Una actividad nueva | Personería\nRealizar un seguimiento continuo a esta actualización. | Comité GELT" });
    done(&coordinator, "keepPlanLine", line).await;
    done(&coordinator, "removePlanIndicator", json!({ "number": 4, "key": "servicios-automatizados" })).await;
    let added = run(&coordinator, "addPlanLine", json!({ "title": "Datos abiertos" }), "line { number }").await;
    assert_eq!(added["line"]["number"], 7);
    let indicator = json!({ "number": 7, "key": "nuevo", "name": "Conjuntos publicados", "target": "6 al año", "targetValue": 6.0, "unit": "conjuntos",
                            "cadence": "PER_YEAR", "kind": "RECORDED" });
    done(&coordinator, "keepPlanIndicator", indicator).await;
    let line = json!({ "number": 7, "title": "Datos abiertos", "benefits": "Todos usan los datos", "responsibles": "Planeación", "resources": "",
                       "durationText": "1 año", "activities": "Publicar los conjuntos" });
    done(&coordinator, "keepPlanLine", line).await;
    adopt(&coordinator).await;
    let after = ask(&visitor, asked).await;
    let (old, new) = (ids(&before), ids(&after));
    assert!(new.iter().all(|row| old.contains(row) || row.0 == "conjuntos-publicados"), "an indicator keeps its id, and with it its past");
    assert_eq!(new.len(), old.len());
    assert_eq!(after["plan"]["retiredIndicators"][0]["name"], "Porcentaje de servicios automatizados");
    assert_eq!(
        after["plan"]["actionLines"][0]["activities"],
        json!([{ "text": "Una actividad nueva", "done": false, "evidence": null },
               { "text": "Realizar un seguimiento continuo a esta actualización.", "done": true, "evidence": "Acta 2" }])
    );
    let first = ask(&visitor, "{ plan(version: 1) { actionLines { activities { done } } } }").await;
    assert_eq!(first["plan"]["actionLines"][0]["activities"], json!([{ "done": true }, { "done": true }]), "the past is kept as it was");
    done(&coordinator, "revisePlan", json!({})).await;
    done(&coordinator, "removePlanLine", json!({ "number": 7 })).await;
    let again = run(&coordinator, "addPlanLine", json!({ "title": "Otra" }), "line { number }").await;
    assert_eq!(again["line"]["number"], 8, "a number is not given twice");
}

#[tokio::test]
async fn a_new_period_starts_from_the_model_and_takes_its_turn() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    assert_eq!(refused(&coordinator, "startPlan", json!({ "key": "gel-2008-2012" })).await, fault("key", "TAKEN"));
    assert_eq!(refused(&coordinator, "startPlan", json!({ "key": "versiones" })).await, fault("key", "FORM"));
    assert_eq!(refused(&coordinator, "startPlan", json!({ "fromYear": 2028, "toYear": 2024 })).await, fault("toYear", "CONTRADICTION"));
    done(&coordinator, "startPlan", json!({ "fromYear": 2024, "toYear": 2027 })).await;
    let draft = ask(
        &coordinator,
        "{ planDraft { plan { key title } model { added removed changed } problems { place } toConfirm measures { name } } }",
    )
    .await;
    let draft = &draft["planDraft"];
    assert_eq!(draft["plan"], json!({ "key": "plan-2024-2027", "title": "Plan de acción de Gobierno Digital de Chipaque, 2024 a 2027" }));
    assert_eq!(draft["model"], json!({ "added": 0, "removed": 0, "changed": 0 }));
    assert_eq!((&draft["problems"], draft["toConfirm"].as_array().unwrap().len()), (&json!([]), 1));
    assert!(draft["measures"].as_array().unwrap().iter().any(|measure| measure["name"] == "plan.phase_share.democracia"));
    adopt(&coordinator).await;
    let asked = "{ plan { key current } plans { key current } later: plan(key: \"plan-2024-2027\") { key current } none: plan(key: \"x\") { key } }";
    let seen = ask(&visitor, asked).await;
    assert_eq!(
        seen["plan"],
        json!({ "key": "plan-2024-2027", "current": true }),
        "a plan whose years are over gives way to the one of this year"
    );
    assert_eq!((&seen["plans"][1], &seen["none"]), (&json!({ "key": "gel-2008-2012", "current": false }), &Value::Null));
    let old = ask(&visitor, "{ plan(key: \"gel-2008-2012\") { current vision actionLines { indicators { latest { value } } } } }").await;
    assert!(old["plan"]["current"] == false && old["plan"]["vision"].as_str().unwrap().starts_with("Para el año de 2012"));
}

#[tokio::test]
async fn a_plan_of_years_to_come_waits_for_them() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(FILANDIA, Role::Coordinator).await, world.visitor(FILANDIA));
    let now = ask(&visitor, "{ plan { key } }").await["plan"]["key"].clone();
    done(&coordinator, "startPlan", json!({ "fromYear": 2028, "toYear": 2031 })).await;
    adopt(&coordinator).await;
    assert_eq!(ask(&visitor, "{ plan { key } }").await["plan"]["key"], now);
    world.clock.advance(time::Duration::days(410));
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("plan.lock_all", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    assert_eq!(ask(&visitor, "{ plan { key } }").await["plan"]["key"], "plan-2028-2031");
}

#[tokio::test]
async fn a_draft_is_the_committees_own() {
    let world = World::new().await;
    let (coordinator, official) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(CHIPAQUE, Role::Official).await);
    done(&coordinator, "revisePlan", json!({})).await;
    keep_vision(&coordinator, "Otra.").await;
    let draft = "{ planDraft { number } }";
    assert_eq!(world.visitor(CHIPAQUE).refused(draft, json!({})).await, "UNAUTHENTICATED");
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    assert_eq!(ask(&stranger, draft).await["planDraft"], Value::Null);
    let sign = "mutation($input: SignPlanDraftInput!) { signPlanDraft(input: $input) { userErrors { field code } } }";
    let own = json!({ "input": { "post": "Secretario", "organ": "Alcaldía" } });
    assert_eq!(stranger.refused(sign, own.clone()).await, "NOT_FOUND");
    assert_eq!(official.run(sign, own.clone()).await["signPlanDraft"]["userErrors"], json!([]));
    assert_eq!(official.run(sign, own).await["signPlanDraft"]["userErrors"], fault("name", "TAKEN"), "nobody signs twice");
    let other = json!({ "input": { "name": "Rosa", "post": "Personera", "organ": "Personería" } });
    assert_eq!(official.refused(sign, other).await, "FORBIDDEN", "only who keeps the plan records another's signature");
    assert_eq!(ask(&official, draft).await["planDraft"]["number"], 2);
    let versions =
        ask(&world.visitor(CHIPAQUE), "{ planVersions { totalCount } planVersion(number: 2) { number } plan(version: 2) { key } }").await;
    assert_eq!(versions, json!({ "planVersions": { "totalCount": 1 }, "planVersion": null, "plan": null }), "a draft is no version yet");
}

#[tokio::test]
async fn versions_acts_signatures_and_the_draft_travel() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "setActivityDone", json!({ "actionLine": 1, "activity": 2, "done": true, "evidence": "Acta" })).await;
    done(&coordinator, "revisePlan", json!({})).await;
    keep_vision(&coordinator, "Otra: «con dos puntos»").await;
    done(&coordinator, "removePlanIndicator", json!({ "number": 4, "key": "servicios-automatizados" })).await;
    adopt(&coordinator).await;
    done(&coordinator, "startPlan", json!({ "fromYear": 2024, "toYear": 2027 })).await;
    let first = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    for path in ["plan.yaml", "plan/versions.yaml", "plan/versions/gel-2008-2012/v1.yaml", "plan/versions/plan-2024-2027/v1.yaml"] {
        assert!(first.bytes(path).is_some(), "{path}");
    }
    let asked = "{ plan { vision } planVersions { nodes { number reason act { number } signatures { name } changes { place } } } }";
    let before = ask(&world.visitor(CHIPAQUE), asked).await;
    world.clock.advance(time::Duration::days(3));
    tenancy::import(&world.platform, &first, true).await.unwrap();
    assert_eq!(ask(&world.visitor(CHIPAQUE), asked).await, before);
    let second = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    for path in first.paths("plan") {
        assert_eq!(first.text(path).unwrap(), second.text(path).unwrap(), "{path}");
    }
}
