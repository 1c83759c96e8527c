//! The action plan: what it says, its versions, what is measured of it, and the frameworks that it answers to.

use axum::body::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use kernel::{Role, Scope, file};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Town, Visitor};
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room { plant, trials: TRIALS, lists: &["plan", "planVersions", "planDraft", "plans"] };

const KEEPER: super::Owner = Town(Role::Coordinator);

/// The framework of the plan's own phases, and one that every town answers.
const PHASES: &str = "gel-2008";
const PUBLICITY: &str = "res-1519";

const TRIALS: &[Trial] = &[
    trial("actionLine", Visitor, TheirOwn, true, |_| json!({ "number": 1 })),
    trial("phase", Visitor, TheirOwn, false, |_| json!({ "key": "informacion" })),
    trial("plan", Visitor, Nothing, true, |_| json!({ "version": 2 })),
    trial("plan", Visitor, Nothing, true, |it| json!({ "key": it.of("plan") })),
    trial("planVersion", Visitor, Nothing, true, |_| json!({ "number": 2 })),
    trial("planVersion", Visitor, Nothing, true, |it| json!({ "number": 1, "plan": it.of("plan") })),
    trial("planVersions", Visitor, Nothing, true, |it| json!({ "plan": it.of("plan") })),
    trial("indicator", Visitor, Nothing, true, |it| json!({ "action": 1, "key": it.of("indicator key") })),
    trial("measurements", Town(Role::Observer), Nothing, true, |it| json!({ "action": 1, "key": it.of("indicator key") })),
    trial("framework", Visitor, TheirOwn, false, |_| json!({ "key": PHASES })),
    trial("criteria", Visitor, TheirOwn, false, |_| json!({ "framework": PUBLICITY, "first": 20 })),
    trial("criterion", Visitor, TheirOwn, true, |it| json!({ "framework": PUBLICITY, "code": it.of("criterion") })),
    // What is measured.
    trial(
        "recordMeasurement",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "indicatorId": it.of("indicator"), "value": 40.0, "evidence": "Acta 4", "files": [it.of("measured upload")] }),
    ),
    trial(
        "recordMeasurement",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "indicatorId": it.of("indicator"), "value": 41.0, "evidence": "Acta 5", "idempotencyKey": it.of("measurement key") }),
    ),
    trial(
        "removeMeasurementFile",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "measurementId": it.of("measurement"), "fileId": it.of("measured file"), "reason": "Llevaba datos personales" }),
    ),
    trial(
        "withdrawMeasurement",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "measurementId": it.of("measurement"), "reason": "Se contó dos veces la consulta" }),
    ),
    trial(
        "correctPeriod",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "indicatorId": it.of("indicator"), "startsOn": "2025-01-01", "value": 6, "reason": "Se contó mal ese año" }),
    ),
    trial("setActivityDone", KEEPER, TheirOwn, false, |_| json!({ "actionLine": 1, "activity": 1, "done": false })),
    trial(
        "removeCriterionFile",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "framework": PUBLICITY, "code": it.of("criterion"), "file": it.of("criterion file") }),
    ),
    trial(
        "setCriterionState",
        KEEPER,
        Nothing,
        false,
        |it| json!({ "framework": PUBLICITY, "code": it.of("criterion"), "state": "PARTIAL", "evidence": "Acta 9", "files": [it.of("criterion upload")] }),
    ),
    trial(
        "setCriterionState",
        KEEPER,
        TheirOwn,
        false,
        |it| json!({ "framework": PUBLICITY, "code": it.of("criterion"), "state": "YES", "evidence": "https://example.org" }),
    ),
    // The draft: every town has one.
    trial("keepPlanText", KEEPER, TheirOwn, false, |_| texts("La visión de otra persona")),
    trial("keepPlanAnnexes", KEEPER, TheirOwn, false, |_| annexes("Una mesa")),
    trial("addPlanLine", KEEPER, TheirOwn, false, |_| json!({ "title": "Datos abiertos" })),
    trial("keepPlanLine", KEEPER, TheirOwn, false, |_| line(8, "Datos abiertos")),
    trial("keepPlanIndicator", KEEPER, TheirOwn, false, |_| indicator(8, "Conjuntos abiertos")),
    trial("removePlanIndicator", KEEPER, Nothing, true, |it| json!({ "number": 7, "key": it.of("draft's indicator") })),
    trial("removePlanLine", KEEPER, TheirOwn, false, |_| json!({ "number": 8 })),
    trial("keepPlanPhase", KEEPER, TheirOwn, false, |_| json!({ "key": "interaccion", "deadline": "2012-12-01", "noTarget": true })),
    trial("dropPlanNote", KEEPER, TheirOwn, false, |_| json!({ "place": 1 })),
    trial(
        "signPlanDraft",
        KEEPER,
        TheirOwn,
        false,
        |_| json!({ "name": "Rosa Prieto", "post": "Personera", "organ": "Personería", "signedOn": "2026-11-20" }),
    ),
    trial("unsignPlanDraft", KEEPER, TheirOwn, false, |_| json!({ "name": "Rosa Prieto" })),
    trial("signPlanDraft", KEEPER, TheirOwn, false, |_| json!({ "post": "Coordinadora", "organ": "Alcaldía" })),
    trial("adoptPlan", KEEPER, Nothing, false, |it| adoption("Se ajusta la visión por otra razón", &[it.of("act upload")])),
    trial("revisePlan", KEEPER, Nothing, true, |it| json!({ "key": it.of("plan") })),
    trial("discardPlanDraft", KEEPER, TheirOwn, false, |_| json!({ "confirm": true })),
    trial("startPlan", KEEPER, TheirOwn, false, |_| json!({ "key": "plan-nuevo", "fromYear": 2032, "toYear": 2035 })),
];

fn texts(vision: &str) -> Value {
    json!({
        "title": "Plan", "fromYear": 2008, "toYear": 2012, "periodText": "Cuatro años", "legalFrame": "Decreto 1151 de 2008", "vision": vision,
        "generalObjective": "Servir", "specificObjectives": "Publicar", "frameworkLines": "Formar"
    })
}

fn annexes(help: &str) -> Value {
    json!({
        "closingActivities": "Encuesta\nCampaña", "helpTable": format!("{help}\nLlamar\nLínea gratuita"), "incentives": "Lista\nMensual",
        "signedBy": "Comité", "letterheadName": "Alcaldía", "letterheadMotto": "Servir"
    })
}

fn line(number: i32, title: &str) -> Value {
    json!({
        "number": number, "title": title, "benefits": "Saber", "activities": "Publicar | Mantener", "responsibles": "Planeación",
        "resources": "Propios", "durationText": "Un año"
    })
}

fn indicator(number: i32, name: &str) -> Value {
    json!({
        "number": number, "name": name, "target": "4 al año", "targetValue": 4, "unit": "conjuntos", "kind": "RECORDED", "cadence": "PER_YEAR",
        "note": name, "responsible": "Planeación"
    })
}

fn adoption(reason: &str, files: &[&str]) -> Value {
    json!({
        "reason": reason, "actKind": "DECREE", "actNumber": "054", "actDate": "2026-11-20", "actAuthority": "Alcaldía", "files": files
    })
}

/// An upload that waits.
async fn upload(actor: &Actor<'_>) -> String {
    let content = stream::iter([Ok(Bytes::from_static(b"%PDF-1.7"))]).boxed();
    file::receive(&actor.context(), "zarzamora.pdf", content, file::MAX_BYTES).await.unwrap().id.to_string()
}

/// A version of the plan in force that bears the marker, with an indicator that is recorded by hand; a plan of other years; a draft.
async fn versions(sdl: &Sdl, keeper: &Actor<'_>, planted: &mut Planted) {
    let adopt = async |reason: &str| {
        done(sdl, keeper, "signPlanDraft", json!({ "post": MARKER, "organ": "Alcaldía" })).await;
        done(sdl, keeper, "adoptPlan", adoption(reason, &[])).await;
    };
    done(sdl, keeper, "revisePlan", json!({})).await;
    done(sdl, keeper, "keepPlanText", texts(&format!("Ver la {MARKER}"))).await;
    done(sdl, keeper, "keepPlanIndicator", indicator(1, "Moras de zarzamora")).await;
    adopt("Se mira la zarzamora desde este año").await;
    done(sdl, keeper, "startPlan", json!({ "key": "plan-zarzamora", "fromYear": 2028, "toYear": 2031 })).await;
    done(sdl, keeper, "addPlanLine", json!({ "title": MARKER })).await;
    done(sdl, keeper, "keepPlanLine", line(7, MARKER)).await;
    done(sdl, keeper, "keepPlanIndicator", indicator(7, "Cestas de zarzamora")).await;
    adopt("Se sigue mirando la zarzamora").await;
    planted.put("plan", "plan-zarzamora", NO_WORD);
    planted.put("indicator key", "moras-de-zarzamora", NO_WORD);

    done(sdl, keeper, "revisePlan", json!({})).await;
    done(sdl, keeper, "keepPlanText", texts(&format!("Otra {MARKER}"))).await;
    done(sdl, keeper, "addPlanLine", json!({ "title": MARKER })).await;
    done(sdl, keeper, "keepPlanLine", line(7, MARKER)).await;
    for name in ["Frutos de zarzamora", "Cestas"] {
        done(sdl, keeper, "keepPlanIndicator", indicator(7, name)).await;
    }
    planted.put("draft's indicator", "frutos-de-zarzamora", NO_WORD);
    planted.put("act upload", upload(keeper).await, NO_ID);
}

/// What was measured, with a file that proves it, and a year that is closed.
async fn measured(world: &World, sdl: &Sdl, keeper: &Actor<'_>, planted: &mut Planted) {
    let asked = "query($key: String!) { indicator(action: 1, key: $key) { id history { nodes { id files { id } } } } }";
    let key = json!({ "key": planted.of("indicator key") });
    let id = text(&keeper.run(asked, key.clone()).await, "/indicator/id");
    let file = upload(keeper).await;
    let first = json!({ "indicatorId": id, "value": 3.0, "evidence": MARKER, "files": [file], "idempotencyKey": "m1" });
    done(sdl, keeper, "recordMeasurement", first).await;
    let seen = keeper.run(asked, key).await;
    planted.put("measurement", text(&seen, "/indicator/history/nodes/0/id"), NO_ID);
    planted.put("measured file", text(&seen, "/indicator/history/nodes/0/files/0/id"), NO_ID);
    planted.put("indicator", id.clone(), NO_ID);
    planted.put("measurement key", "m2", NO_WORD);
    planted.put("measured upload", upload(keeper).await, NO_ID);
    // A year that closed before the platform came, so that there is something to correct.
    let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(world.platform.db()).await.unwrap();
    sqlx::query(
        "insert into plan.period_value (tenant_id, indicator_id, starts_on, entry, ends_on, value, target, locked_at, source)
         values (kernel.current_tenant(), $1::uuid, '2025-01-01', 0, '2025-12-31', 5, 4, '2026-01-02', 'Plataforma')",
    )
    .bind(&id)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    done(sdl, keeper, "setActivityDone", json!({ "actionLine": 1, "activity": 1, "done": true, "evidence": MARKER })).await;
}

/// A criterion that people answer, with a file that proves it.
async fn answered(sdl: &Sdl, keeper: &Actor<'_>, planted: &mut Planted) {
    let asked = "{ criteria(framework: \"res-1519\", first: 100) { nodes { code computed } } }";
    let criteria = keeper.run(asked, json!({})).await;
    let mut criteria = criteria["criteria"]["nodes"].as_array().unwrap().iter();
    let code = text(criteria.find(|criterion| criterion["computed"] == false).unwrap(), "/code");
    let file = upload(keeper).await;
    let state = json!({ "framework": PUBLICITY, "code": code, "state": "YES", "evidence": MARKER, "files": [file] });
    done(sdl, keeper, "setCriterionState", state).await;
    planted.put("criterion file", file, NO_ID);
    planted.put("criterion upload", upload(keeper).await, NO_ID);
    planted.put("criterion", code.clone(), &code);
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let (keeper, filandia) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(FILANDIA, Role::Coordinator).await);
        versions(sdl, &keeper, planted).await;
        measured(world, sdl, &keeper, planted).await;
        answered(sdl, &keeper, planted).await;
        // A draft of their own, so that nothing is refused to strangers for want of one.
        done(sdl, &filandia, "revisePlan", json!({})).await;
        done(sdl, &filandia, "addPlanLine", json!({ "title": "Café" })).await;
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_plan() {
    super::tried(&ROOM).await;
}
