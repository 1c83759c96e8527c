//! Courses, their sessions and material, who came to them, and the certificates.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Town, Visitor};
use super::agreements::uploaded;
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room { plant, trials: &TRIALS, lists: &["courses"] };

const KEEPER: super::Owner = Town(Role::Coordinator);

const TRIALS: [Trial; 31] = [
    trial("course", Visitor, Nothing, true, |it| json!({ "slug": it.of("course") })),
    trial("course", KEEPER, Nothing, true, |it| json!({ "slug": it.of("finished course") })),
    trial("course", KEEPER, TheirOwn, true, |_| json!({ "slug": SHARED })),
    trial("courses", Town(Role::Observer), Nothing, true, |it| json!({ "search": it.of("course words") })),
    trial("trainingSessions", Visitor, Nothing, true, |it| json!({ "when": "COMING", "search": it.of("course words") })),
    trial("trainingSessions", Visitor, Nothing, true, |it| json!({ "when": "PAST", "course": it.of("course") })),
    trial("trainingSessions", Visitor, TheirOwn, true, |_| json!({ "when": "PAST", "course": SHARED })),
    trial("certificate", Visitor, Nothing, true, |it| json!({ "code": it.of("certificate") })),
    trial("keepCourse", KEEPER, Nothing, true, |it| course(Some(it.of("course")), "Ortografía", "SENA")),
    trial("keepSession", KEEPER, Nothing, true, |it| session(None, it.of("course"), "2026-11-18", "k8", "Aula 1")),
    trial("keepSession", KEEPER, Nothing, true, |it| {
        session(Some(it.of("training session")), it.of("course"), "2026-11-19", "k9", "Aula 2")
    }),
    trial("enrolPerson", KEEPER, Nothing, true, |it| person(it.of("course"), "Rosa Peña", "1.070.124")),
    trial("enrolList", KEEPER, Nothing, true, |it| list(it.of("course"), it.of("training session"))),
    trial("recordAttendance", KEEPER, Nothing, true, |it| came(it.of("training session"), it.of("enrolled person"))),
    trial("attachTrainingMaterial", KEEPER, Nothing, true, |it| material(it.of("training session"), it.of("file of a session"))),
    trial("detachTrainingMaterial", KEEPER, Nothing, true, |it| taken(it.of("training session"), it.of("training material"))),
    trial("issueCertificates", KEEPER, Nothing, true, |it| json!({ "slug": it.of("finished course") })),
    trial("revokeCertificate", KEEPER, Nothing, true, |it| json!({ "code": it.of("certificate"), "reason": "La lista estaba mal" })),
    trial("certificate", Visitor, Nothing, true, |it| json!({ "code": it.of("certificate") })),
    trial("annulEnrolment", KEEPER, Nothing, true, |it| json!({ "id": it.of("enrolled person"), "reason": "Repetido" })),
    trial("cancelSession", KEEPER, Nothing, true, |it| json!({ "sessionId": it.of("coming session"), "reason": "Llovió" })),
    trial("annulCourse", KEEPER, Nothing, true, |it| json!({ "slug": it.of("course"), "reason": "Repetido" })),
    // Sessions, a person and a file of Chipaque's, in a course and a session of the sender's.
    trial("keepSession", KEEPER, Nothing, true, |it| {
        session(Some(it.of("session of the shared course")), SHARED, "2026-11-17", "k9", "Aula 2")
    }),
    trial("enrolList", KEEPER, Nothing, true, |it| list(SHARED, it.of("session of the shared course"))),
    trial("recordAttendance", KEEPER, Nothing, true, |it| came(it.of("shared session"), it.of("person of the shared course"))),
    trial("attachTrainingMaterial", KEEPER, Nothing, true, |it| material(it.of("shared session"), it.of("file of the shared session"))),
    trial("detachTrainingMaterial", KEEPER, Nothing, true, |it| taken(it.of("shared session"), it.of("file of the shared session"))),
    // The key of a session that Chipaque has.
    trial("keepSession", KEEPER, TheirOwn, true, |it| session(None, SHARED, "2026-11-16", it.of("session key"), "Aula 3")),
    // A document and a name that the sender's town and Chipaque take one after the other.
    trial("enrolPerson", KEEPER, TheirOwn, true, |_| person(SHARED, "Rosa Peña", "1.070.125")),
    trial("keepCourse", KEEPER, TheirOwn, false, |_| course(None, "Archivo", "SENA")),
    trial("annulCourse", KEEPER, TheirOwn, true, |_| json!({ "slug": SHARED, "reason": "Repetido" })),
];

/// How a course is named in Chipaque and in Filandia, a session of which has one id in both; only Chipaque's bears the marker.
const SHARED: &str = "telares";

fn course(slug: Option<&str>, title: &str, words: &str) -> Value {
    json!({ "slug": slug, "title": title, "audiences": ["ALCALDIA"], "topics": [words], "provider": words, "hours": 2 })
}

fn session(id: Option<&str>, slug: &str, day: &str, key: &str, place: &str) -> Value {
    json!({ "id": id, "slug": slug, "day": day, "hour": "08:00", "minutes": 60, "place": place, "idempotencyKey": key })
}

fn person(slug: &str, name: &str, document: &str) -> Value {
    json!({ "slug": slug, "audience": "ALCALDIA", "name": name, "belongsTo": name, "documentKind": "CC", "documentNumber": document })
}

fn list(slug: &str, session: &str) -> Value {
    json!({ "slug": slug, "audience": "ALCALDIA", "names": "Luis Mora\nDora Gil", "sessionId": session })
}

fn came(session: &str, person: &str) -> Value {
    json!({ "sessionId": session, "attended": [person] })
}

fn material(session: &str, file: &str) -> Value {
    json!({ "sessionId": session, "files": [file], "public": true })
}

fn taken(session: &str, file: &str) -> Value {
    json!({ "sessionId": session, "id": file, "reason": "Trae una lista" })
}

/// Adds a session to a course that has `before` earlier ones; its id.
async fn added(sdl: &Sdl, actor: &Actor<'_>, input: Value, before: usize) -> String {
    text(&done(sdl, actor, "keepSession", input).await, &format!("/course/sessions/{before}/id"))
}

/// Enrols somebody of that name; the enrolment.
async fn enrolled(sdl: &Sdl, actor: &Actor<'_>, slug: &str, name: &str, document: &str) -> String {
    let known = done(sdl, actor, "enrolPerson", person(slug, name, document)).await;
    let people = known["course"]["people"].as_array().unwrap();
    text(people.iter().find(|person| person["name"] == name).unwrap(), "/id")
}

/// A course with a session that was held and one that comes.
async fn running(sdl: &Sdl, coordinator: &Actor<'_>, planted: &mut Planted) {
    let made = done(sdl, coordinator, "keepCourse", course(None, MARKER, MARKER)).await;
    let slug = text(&made, "/course/slug");
    let held = added(sdl, coordinator, session(None, &slug, "2026-11-20", "k1", MARKER), 0).await;
    planted.put("coming session", added(sdl, coordinator, session(None, &slug, "2026-12-01", "k2", MARKER), 1).await, NO_ID);
    planted.put("enrolled person", enrolled(sdl, coordinator, &slug, &format!("Ana {MARKER}"), "1.070.123").await, NO_ID);
    let file = uploaded(coordinator).await;
    done(sdl, coordinator, "attachTrainingMaterial", material(&held, &file)).await;
    planted.put("training material", file, NO_ID);
    planted.put("training session", held, NO_ID);
    planted.put("course", slug, NO_WORD);
}

/// A course that is over, with a certificate, and somebody who has earned one besides.
async fn finished(sdl: &Sdl, coordinator: &Actor<'_>, planted: &mut Planted) {
    let made = done(sdl, coordinator, "keepCourse", course(None, &format!("Otra {MARKER}"), MARKER)).await;
    let slug = text(&made, "/course/slug");
    let held = added(sdl, coordinator, session(None, &slug, "2026-11-20", "k1", MARKER), 0).await;
    let first = enrolled(sdl, coordinator, &slug, &format!("Ana {MARKER}"), "1.070.123").await;
    done(sdl, coordinator, "recordAttendance", came(&held, &first)).await;
    let issued = done(sdl, coordinator, "issueCertificates", json!({ "slug": slug })).await;
    let code = text(&issued, "/course/people/0/certificate/code");
    let second = enrolled(sdl, coordinator, &slug, &format!("Luis {MARKER}"), "1.070.126").await;
    done(sdl, coordinator, "recordAttendance", json!({ "sessionId": held, "attended": [first, second] })).await;
    planted.keep_secret(&code);
    planted.put("certificate", code, "C-AAAA-AAAA-AAAA");
    planted.put("finished course", slug, NO_WORD);
}

/// A course of the same name in either town, and in it a session of the same id.
async fn shared(world: &World, sdl: &Sdl, coordinator: &Actor<'_>, planted: &mut Planted) {
    let filandia = world.actor(FILANDIA, Role::Coordinator).await;
    done(sdl, &filandia, "keepCourse", course(None, "Telares", "SENA")).await;
    done(sdl, coordinator, "keepCourse", course(None, "Telares", MARKER)).await;
    let held = added(sdl, coordinator, session(None, SHARED, "2026-11-16", "k1", "Aula 3"), 0).await;
    let sql = "insert into training.session (tenant_id, id, course, begins_at, minutes, place, has_material)
               select $1, id, course, begins_at, minutes, place, has_material from training.session where tenant_id = $2 and id = $3::uuid";
    let mut connection = suite::postgres(world).await;
    let copied = sqlx::query(sql).bind(world.tenant(FILANDIA).id).bind(world.tenant(CHIPAQUE).id).bind(&held);
    assert_eq!(copied.execute(&mut connection).await.unwrap().rows_affected(), 1);
    planted.put("session of the shared course", added(sdl, coordinator, session(None, SHARED, "2026-11-17", "k2", MARKER), 1).await, NO_ID);
    let name = format!("Ana {MARKER}");
    planted.put("person of the shared course", enrolled(sdl, coordinator, SHARED, &name, "1.070.123").await, NO_ID);
    planted.put("shared session", held.clone(), &held);
    planted.put("session key", "k1", NO_WORD);
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
        running(sdl, &coordinator, planted).await;
        finished(sdl, &coordinator, planted).await;
        shared(world, sdl, &coordinator, planted).await;
        for word in ["file of a session", "file of the shared session"] {
            planted.put(word, uploaded(&coordinator).await, NO_ID);
        }
        planted.put("course words", MARKER, "inexistente");
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_training() {
    super::tried(&ROOM).await;
}
