//! The committee: seats, tasks, meetings and their minutes, the semester's review, evaluations.

use axum::body::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use kernel::{Role, Scope, file};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Town, Visitor};
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room {
    plant,
    trials: &TRIALS,
    lists: &["committeeMembers", "tasks", "meetings", "evaluations", "taskResponsibles", "semesterReviews"],
};

const KEEPER: super::Owner = Town(Role::Coordinator);

/// In this order: the meetings that the strangers convene have the numbers of Chipaque's, and what is named by number after that is their own.
const TRIALS: [Trial; 45] = [
    trial("committeeMember", Visitor, Nothing, true, |it| json!({ "id": it.of("seat") })),
    trial("committeeMembers", Visitor, Nothing, true, |_| json!({ "former": true })),
    trial("task", Town(Role::Observer), Nothing, true, |it| json!({ "id": it.of("task") })),
    trial("tasks", Town(Role::Observer), Nothing, true, |it| json!({ "search": it.of("committee words") })),
    trial("tasks", Town(Role::Observer), Nothing, true, |_| json!({ "view": "OPEN" })),
    trial("meeting", Visitor, Nothing, true, |it| json!({ "number": it.of("published meeting") })),
    trial("meeting", Town(Role::Observer), Nothing, true, |it| json!({ "number": it.of("meeting") })),
    trial("meetings", Visitor, Nothing, true, |it| json!({ "search": it.of("committee words") })),
    trial("semesterReview", Town(Role::Observer), Nothing, true, |it| json!({ "period": it.of("review period") })),
    trial("evaluation", Visitor, Nothing, true, |it| json!({ "id": it.of("evaluation") })),
    trial("evaluation", Town(Role::Observer), Nothing, true, |it| json!({ "id": it.of("internal evaluation") })),
    trial("evaluations", Visitor, Nothing, true, |it| json!({ "search": it.of("committee words") })),
    trial("agenda", Town(Role::Observer), TheirOwn, true, |_| json!({ "month": "2026-12" })),
    trial("agendaFile", Visitor, TheirOwn, true, |_| json!({ "internal": false })),
    trial("agendaFile", Town(Role::Observer), TheirOwn, true, |_| json!({ "internal": true })),
    trial("changeCommitteeMember", KEEPER, Nothing, false, |it| with(seat("Ana Ejemplo"), json!({ "id": it.of("seat") }))),
    trial("changeTask", KEEPER, Nothing, true, |it| json!({ "id": it.of("task"), "title": "Otra cosa", "dueOn": "2026-12-04" })),
    trial("assignTask", KEEPER, Nothing, true, |it| json!({ "id": it.of("task"), "responsible": it.of("second seat") })),
    trial(
        "finishTask",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "id": it.of("task"), "evidence": "Hecho", "files": [it.of("file of a task")] }),
    ),
    trial("reopenTask", KEEPER, Nothing, true, |it| json!({ "id": it.of("task") })),
    trial("changeMeeting", KEEPER, Nothing, true, |it| with(summons("Despacho", "2026-11-20"), json!({ "number": it.of("meeting") }))),
    trial("writeMinutes", KEEPER, Nothing, true, |it| {
        with(minutes(it.of("meeting"), &[it.of("second seat")], "Se habló"), json!({ "files": [it.of("file of minutes")] }))
    }),
    trial("addDecision", KEEPER, Nothing, false, |it| json!({ "number": it.of("meeting"), "text": "Corregir los horarios" })),
    trial("addMinutesNote", KEEPER, Nothing, true, |it| json!({ "number": it.of("published meeting"), "text": "Léase tres." })),
    trial("reviseEvaluation", KEEPER, Nothing, false, |it| {
        with(evaluation("Encuesta"), json!({ "id": it.of("evaluation"), "files": [it.of("file of an evaluation")] }))
    }),
    trial("saveReviewStep", KEEPER, Nothing, true, |it| json!({ "period": it.of("review period"), "topic": "SITE", "decision": "FINE" })),
    trial("dropTask", KEEPER, Nothing, true, |it| json!({ "id": it.of("task"), "reason": "Lo hizo Planeación" })),
    trial("removeDecision", KEEPER, Nothing, true, |it| json!({ "id": it.of("decision to remove") })),
    trial("approveMinutes", KEEPER, Nothing, true, |it| json!({ "number": it.of("meeting to approve") })),
    trial("cancelMeeting", KEEPER, Nothing, true, |it| json!({ "number": it.of("meeting to cancel"), "reason": "No hubo quórum" })),
    trial("closeReview", KEEPER, Nothing, true, |it| json!({ "period": it.of("review period"), "summary": "Se revisó todo." })),
    // An account, a seat, a decision and a file of Chipaque's, in what is made anew.
    trial("addCommitteeMember", KEEPER, Nothing, false, |it| with(seat("Luis Ejemplo"), json!({ "accountId": it.of("account to seat") }))),
    trial("changeCommitteeMember", KEEPER, Nothing, false, |it| {
        with(seat("Luis Ejemplo"), json!({ "id": it.of("third seat"), "accountId": it.of("account to seat") }))
    }),
    trial("addTask", KEEPER, Nothing, true, |it| with(task("k3"), json!({ "responsible": it.of("second seat") }))),
    trial("addTask", KEEPER, Nothing, false, |it| with(task("k4"), json!({ "decision": it.of("decision") }))),
    // The key of a task that Chipaque has.
    trial("addTask", KEEPER, Nothing, true, |it| with(task(it.of("committee key")), json!({ "responsible": it.of("second seat") }))),
    trial(
        "saveReviewStep",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "period": "2026-2", "topic": "SITE", "decision": "TASK", "dueOn": "2026-12-20", "responsible": it.of("second seat") }),
    ),
    trial("saveReviewStep", KEEPER, TheirOwn, false, |_| json!({ "period": "2026-2", "topic": "CRITERIA", "decision": "FINE" })),
    trial("recordEvaluation", KEEPER, Nothing, false, |it| {
        with(evaluation("Encuesta"), json!({ "files": [it.of("file of a new evaluation")], "idempotencyKey": "k5" }))
    }),
    // The keys of an evaluation and of a meeting that Chipaque has.
    trial("recordEvaluation", KEEPER, TheirOwn, true, |it| {
        with(evaluation("Encuesta"), json!({ "idempotencyKey": it.of("committee key") }))
    }),
    trial("conveneMeeting", KEEPER, TheirOwn, true, |it| {
        with(summons("Despacho", "2026-11-20"), json!({ "idempotencyKey": it.of("committee key") }))
    }),
    // From here on the strangers have a meeting of that number themselves.
    trial("meeting", KEEPER, TheirOwn, true, |it| json!({ "number": it.of("meeting") })),
    trial("addDecision", KEEPER, TheirOwn, false, |it| json!({ "number": it.of("meeting"), "text": "Comprar sillas" })),
    trial("writeMinutes", KEEPER, TheirOwn, true, |it| minutes(it.of("meeting"), &[it.of("second seat")], "Se habló otra vez")),
    trial("writeMinutes", KEEPER, TheirOwn, false, |it| {
        with(minutes(it.of("meeting"), &[], "Se habló otra vez"), json!({ "files": [it.of("second file of minutes")] }))
    }),
];

/// The one with what the other says.
fn with(mut one: Value, other: Value) -> Value {
    let (Value::Object(fields), Value::Object(more)) = (&mut one, other) else { panic!("both are objects") };
    fields.extend(more);
    one
}

fn seat(name: &str) -> Value {
    json!({ "name": name, "post": name, "organ": "ALCALDIA", "role": "MEMBER", "act": name, "since": "2026-01-01" })
}

fn task(key: &str) -> Value {
    json!({ "title": "Revisar fichas", "dueOn": "2026-12-10", "idempotencyKey": key })
}

fn summons(words: &str, day: &str) -> Value {
    json!({ "kind": "ORDINARY", "heldOn": day, "time": "08:30", "place": words, "agenda": words, "public": true })
}

fn minutes(number: &str, present: &[&str], words: &str) -> Value {
    json!({ "number": number, "minutes": words, "guests": words, "present": present, "excused": [] })
}

fn evaluation(words: &str) -> Value {
    json!({ "kind": "SURVEY", "title": words, "heldFrom": "2026-11-01", "method": words, "result": words, "figures": words, "public": true })
}

/// A file that the coordinator has uploaded and not attached yet.
async fn uploaded(coordinator: &Actor<'_>) -> String {
    let content = stream::iter([Ok(Bytes::from_static(b"%PDF-1.7"))]).boxed();
    file::receive(&coordinator.context(), &format!("{MARKER}.pdf"), content, file::MAX_BYTES).await.unwrap().id.to_string()
}

/// A meeting that is convened; its number.
async fn convened(sdl: &Sdl, coordinator: &Actor<'_>, key: &str, day: &str) -> String {
    let input = with(summons(MARKER, day), json!({ "idempotencyKey": key }));
    text(&done(sdl, coordinator, "conveneMeeting", input).await, "/meeting/number")
}

async fn decided(sdl: &Sdl, coordinator: &Actor<'_>, number: &str, words: &str) -> String {
    let input = json!({ "number": number, "text": format!("{words} {MARKER}") });
    text(&done(sdl, coordinator, "addDecision", input).await, "/decision/id")
}

/// Meetings at every stage, all of it with the marker.
async fn meetings(sdl: &Sdl, coordinator: &Actor<'_>, seat: &str, planted: &mut Planted) {
    let meeting = convened(sdl, coordinator, "k1", "2026-11-20").await;
    let published = convened(sdl, coordinator, "k2", "2026-11-19").await;
    let approved = convened(sdl, coordinator, "k3", "2026-11-18").await;
    let cancelled = convened(sdl, coordinator, "k4", "2026-12-15").await;
    for number in [&meeting, &published, &approved] {
        done(sdl, coordinator, "writeMinutes", minutes(number, &[seat], MARKER)).await;
    }
    planted.put("decision", decided(sdl, coordinator, &meeting, "Primero").await, NO_ID);
    planted.put("decision to remove", decided(sdl, coordinator, &meeting, "Segundo").await, NO_ID);
    decided(sdl, coordinator, &published, "Tercero").await;
    done(sdl, coordinator, "approveMinutes", json!({ "number": published })).await;
    done(sdl, coordinator, "addMinutesNote", json!({ "number": published, "text": MARKER })).await;
    planted.put("meeting", meeting, "2026-999");
    planted.put("published meeting", published, "2026-999");
    planted.put("meeting to approve", approved, "2026-999");
    planted.put("meeting to cancel", cancelled, "2026-999");
}

/// What nobody types today: the review of a semester that is over, all of it answered and left open, and a reminder of each task.
async fn left_open(world: &World, planted: &mut Planted) {
    let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(world.platform.db()).await.unwrap();
    let (id, now) = (tx.id(), tx.now());
    sqlx::query(
        "insert into committee.review (tenant_id, id, year, semester, opened_at) values (kernel.current_tenant(), $1, 2026, 1, $2)",
    )
    .bind(id)
    .bind(now)
    .execute(&mut *tx)
    .await
    .unwrap();
    sqlx::query(
        "insert into committee.review_step (tenant_id, review_id, step, decision, note, at, actor_name)
         select kernel.current_tenant(), $1, step, 'FINE', $3, $2, $3
         from unnest(array['AGREEMENTS', 'CRITERIA', 'EVALUATION', 'INDICATORS', 'PENDING', 'SERVICES', 'SITE', 'TRAMITES']) step",
    )
    .bind(id)
    .bind(now)
    .bind(MARKER)
    .execute(&mut *tx)
    .await
    .unwrap();
    let reminded = "insert into committee.reminder (tenant_id, task_id, due_on, slot, at)
                    select tenant_id, id, due_on, due_on, $1 from committee.task where tenant_id = kernel.current_tenant()";
    sqlx::query(reminded).bind(now).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    planted.put("review period", "2026-1", "2025-1");
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
        let mut seats = Vec::new();
        for word in ["seat", "second seat", "third seat"] {
            let given = done(sdl, &coordinator, "addCommitteeMember", seat(&format!("{MARKER}, {word}"))).await;
            seats.push(text(&given, "/committeeMember/id"));
            planted.put(word, &seats[seats.len() - 1], NO_ID);
        }
        let given = json!({ "title": MARKER, "detail": MARKER, "responsible": seats[0], "idempotencyKey": "k1" });
        let given = done(sdl, &coordinator, "addTask", with(task("k1"), given)).await;
        planted.put("task", text(&given, "/task/id"), NO_ID);
        meetings(sdl, &coordinator, &seats[0], planted).await;
        left_open(world, planted).await;
        for (word, key, public) in [("evaluation", "k1", true), ("internal evaluation", "k2", false)] {
            let input = with(evaluation(MARKER), json!({ "public": public, "idempotencyKey": key }));
            planted.put(word, text(&done(sdl, &coordinator, "recordEvaluation", input).await, "/evaluation/id"), NO_ID);
        }
        for word in ["file of a task", "file of minutes", "second file of minutes", "file of an evaluation", "file of a new evaluation"] {
            planted.put(word, uploaded(&coordinator).await, NO_ID);
        }
        planted.put("account to seat", coordinator.viewer.id().unwrap().to_string(), NO_ID);
        planted.put("committee key", "k1", NO_WORD);
        planted.put("committee words", MARKER, "inexistente");
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_committee() {
    super::tried(&ROOM).await;
}
