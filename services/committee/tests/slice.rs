//! The committee at work: tasks that nobody forgets, minutes that do not change, a semester that is reviewed once.

use futures::future::join_all;
use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World, email};
use time::Duration;

/// Runs a mutation that takes one input; returns its payload.
async fn put(actor: &Actor<'_>, name: &str, selection: &str, input: Value) -> Value {
    let capital = name[..1].to_uppercase() + &name[1..];
    let document = format!("mutation($input: {capital}Input!) {{ {name}(input: $input) {{ {selection} userErrors {{ field code }} }} }}");
    actor.run(&document, json!({ "input": input })).await[name].clone()
}

/// The same, which must go well.
async fn done(actor: &Actor<'_>, name: &str, selection: &str, input: Value) -> Value {
    let payload = put(actor, name, selection, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{name}");
    payload
}

/// What was wrong with it: `field/CODE`.
async fn faults(actor: &Actor<'_>, name: &str, input: Value) -> Vec<String> {
    let payload = put(actor, name, "", input).await;
    let word = |fault: &Value| {
        let field = fault["field"].as_array().map_or_else(String::new, |path| path[0].as_str().unwrap().to_owned());
        format!("{field}/{}", fault["code"].as_str().unwrap())
    };
    payload["userErrors"].as_array().unwrap().iter().map(word).collect()
}

/// The code of the refusal of a mutation.
async fn refused(actor: &Actor<'_>, name: &str, input: Value) -> String {
    let capital = name[..1].to_uppercase() + &name[1..];
    let document = format!("mutation($input: {capital}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}");
    actor.refused(&document, json!({ "input": input })).await
}

/// A seat for somebody without an account; its id.
async fn seat(coordinator: &Actor<'_>, name: &str, role: &str, mail: Option<&str>) -> String {
    let input = json!({ "name": name, "post": "Secretaria", "organ": "ALCALDIA", "role": role, "since": "2026-01-01", "email": mail });
    let payload = done(coordinator, "addCommitteeMember", "committeeMember { id }", input).await;
    payload["committeeMember"]["id"].as_str().unwrap().to_owned()
}

/// The id by which an account of the team is chosen.
async fn account(coordinator: &Actor<'_>, role: Role) -> Value {
    let people = coordinator.run("{ taskResponsibles { id name seated } }", json!({})).await;
    let wanted = format!("{role:?} de prueba");
    let person = people["taskResponsibles"].as_array().unwrap().iter().find(|person| person["name"] == wanted.as_str()).cloned();
    person.expect("is in the team")["id"].clone()
}

fn task(title: &str, responsible: &Value, due_on: &str) -> Value {
    json!({ "title": title, "responsible": responsible, "dueOn": due_on, "actionLine": 4, "activity": 4, "idempotencyKey": title })
}

async fn added(coordinator: &Actor<'_>, input: Value) -> Value {
    done(coordinator, "addTask", "task { id dueOn responsible state daysLeft }", input).await["task"].clone()
}

async fn history(actor: &Actor<'_>, id: &Value) -> Vec<String> {
    let task = actor.run("query($id: ID!) { task(id: $id) { history { text } } }", json!({ "id": id })).await;
    let events = task["task"]["history"].as_array().unwrap().iter();
    events.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

/// As the clock of periodic jobs would: once a day.
async fn remind(world: &World) {
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("committee.remind_all", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
}

async fn reminders(world: &World) -> Vec<(String, String)> {
    let mails = world.mailbox.list(50).await.unwrap();
    let mut sent: Vec<_> =
        mails.into_iter().filter(|mail| mail.kind == "task-reminder").map(|mail| (mail.date.unwrap().to_string(), mail.subject)).collect();
    sent.sort();
    sent
}

#[tokio::test]
async fn what_cannot_be_a_task_is_told_at_once() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let nobody = faults(&coordinator, "addTask", task("Sin nadie", &Value::Null, "2026-12-01")).await;
    assert_eq!(nobody, ["responsible/REQUIRED"], "a task given to nobody");
    let stranger = account(&world.actor(FILANDIA, Role::Coordinator).await, Role::Official).await;
    let seat = seat(&world.actor(FILANDIA, Role::Coordinator).await, "Ana Ejemplo", "MEMBER", None).await;
    for id in [stranger, json!(seat), json!("x")] {
        assert_eq!(faults(&coordinator, "addTask", task("De otro", &id, "2026-12-01")).await, ["responsible/NOT_FOUND"]);
    }
    let mine = account(&coordinator, Role::Coordinator).await;
    let mut wrong = task(&"x".repeat(10_000), &mine, "2026-11-22");
    wrong["recurrence"] = json!("WEEKLY");
    wrong["actionLine"] = Value::Null;
    wrong["idempotencyKey"] = json!("k");
    let told = faults(&coordinator, "addTask", wrong).await;
    assert_eq!(told, ["title/LENGTH", "dueOn/PAST", "actionLine/REQUIRED", "recursUntil/REQUIRED"]);
    let mut unseen = task("Con\0 nulos\u{7}", &mine, "2026-11-23");
    unseen["idempotencyKey"] = json!("u");
    let clean = added(&coordinator, unseen).await;
    let title = coordinator.run("query($id: ID!) { task(id: $id) { title } }", json!({ "id": clean["id"] })).await;
    assert_eq!(title["task"]["title"], "Con nulos");
}

#[tokio::test]
async fn a_task_is_pressed_twice_given_on_and_closed_by_whoever_answers() {
    let world = World::new().await;
    let (coordinator, official) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(CHIPAQUE, Role::Official).await);
    let (mine, theirs) = (account(&coordinator, Role::Coordinator).await, account(&coordinator, Role::Official).await);
    let one = added(&coordinator, task("Revisar fichas", &mine, "2026-12-01")).await;
    assert_eq!(added(&coordinator, task("Revisar fichas", &mine, "2026-12-01")).await, one, "pressed twice it is one");
    assert_eq!((&one["responsible"], &one["daysLeft"]), (&json!("Coordinator de prueba"), &json!(8)));
    let id = &one["id"];
    assert_eq!(refused(&official, "finishTask", json!({ "id": id, "evidence": "Hecho" })).await, "FORBIDDEN", "it is not theirs");
    let given = done(&coordinator, "assignTask", "task { responsible }", json!({ "id": id, "responsible": theirs })).await;
    assert_eq!(given["task"]["responsible"], "Official de prueba");
    assert_eq!(official.run("{ tasks(view: MINE) { totalCount } }", json!({})).await["tasks"]["totalCount"], 1);
    let moved = json!({ "id": id, "title": "Revisar las fichas", "dueOn": "2026-12-04" });
    done(&coordinator, "changeTask", "task { dueOn }", moved).await;
    assert_eq!(faults(&official, "finishTask", json!({ "id": id, "evidence": " " })).await, ["evidence/REQUIRED"]);
    let closed = done(&official, "finishTask", "task { state evidence daysLeft }", json!({ "id": id, "evidence": "Acta 4" })).await;
    assert_eq!(closed["task"], json!({ "state": "DONE", "evidence": "Acta 4", "daysLeft": null }));
    for (name, input) in [
        ("finishTask", json!({ "id": id, "evidence": "Otra vez" })),
        ("dropTask", json!({ "id": id, "reason": "Ya no" })),
        ("assignTask", json!({ "id": id, "responsible": mine })),
    ] {
        assert_eq!(faults(&coordinator, name, input).await, ["/CLOSED"], "{name}");
    }
    done(&coordinator, "reopenTask", "", json!({ "id": id })).await;
    done(&coordinator, "dropTask", "task { reason }", json!({ "id": id, "reason": "Lo hizo Planeación" })).await;
    let told = history(&coordinator, id).await;
    assert_eq!(told.len(), 6, "{told:#?}");
    assert!(told[0].contains("Lo hizo Planeación") && told[5].starts_with("La creó, a cargo de Coordinator"), "{told:#?}");
    for actor in [world.actor(FILANDIA, Role::Coordinator).await, world.actor(FILANDIA, Role::Official).await] {
        assert_eq!(actor.run("query($id: ID!) { task(id: $id) { title } }", json!({ "id": id })).await["task"], Value::Null);
        assert_eq!(refused(&actor, "finishTask", json!({ "id": id, "evidence": "Mío" })).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_task_that_comes_again_makes_one_next_and_ends() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let mut input = task("Publicar el orden del día", &account(&coordinator, Role::Coordinator).await, "2026-11-30");
    input["recurrence"] = json!("MONTHLY");
    input["recursUntil"] = json!("2027-01-31");
    let first = added(&coordinator, input).await;
    let open = async || {
        let tasks = coordinator.run("{ tasks(view: OPEN) { nodes { id dueOn responsible } } }", json!({})).await;
        tasks["tasks"]["nodes"].as_array().unwrap().clone()
    };
    let finish = async |id: &Value| done(&coordinator, "finishTask", "", json!({ "id": id, "evidence": "Listo" })).await;
    finish(&first["id"]).await;
    let second = open().await;
    assert_eq!((second.len(), &second[0]["dueOn"]), (1, &json!("2026-12-30")));
    done(&coordinator, "reopenTask", "", json!({ "id": first["id"] })).await;
    finish(&first["id"]).await;
    assert_eq!(open().await, second, "done twice it makes one next");
    let late = async || {
        coordinator.run("{ measure(name: \"committee.tasks_late_count\") { value } }", json!({})).await["measure"]["value"].clone()
    };
    assert_eq!(late().await, 0.0);
    // Two weeks late: what was missed meanwhile is not made up for.
    world.clock.advance(Duration::days(50));
    assert_eq!(late().await, 1.0);
    finish(&second[0]["id"]).await;
    let third = open().await;
    assert_eq!((third.len(), &third[0]["dueOn"]), (1, &json!("2027-01-30")));
    finish(&third[0]["id"]).await;
    assert!(open().await.is_empty(), "the series is over");
}

#[tokio::test]
async fn each_reminder_goes_out_once_and_to_nobody_who_has_left() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let member = seat(&coordinator, "Ana Ejemplo", "SECRETARY", Some("Ana@Example.org")).await;
    let one = added(&coordinator, task("Del comité", &json!(member), "2026-12-10")).await;
    let official = account(&coordinator, Role::Official).await;
    added(&coordinator, task("De la cuenta", &official, "2026-12-10")).await;
    // Each day for a month, twice a day.
    for _ in 0..31 {
        remind(&world).await;
        remind(&world).await;
        world.clock.advance(Duration::days(1));
    }
    let sent = reminders(&world).await;
    let subjects: Vec<&str> = sent.iter().map(|(_, subject)| subject.as_str()).filter(|subject| subject.contains("Del comité")).collect();
    assert_eq!(
        subjects,
        [
            "Tarea del comité que vence en 7 días: Del comité",
            "Tarea del comité que vence hoy: Del comité",
            "Tarea del comité que venció hace 7 días: Del comité"
        ]
    );
    assert_eq!(sent.len(), 6);
    let mails = world.mailbox.list(50).await.unwrap();
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert!(to.contains(&"ana@example.org") && to.contains(&email(Role::Official, CHIPAQUE).as_str()), "{to:?}");
    done(&coordinator, "finishTask", "", json!({ "id": one["id"], "evidence": "Hecho" })).await;
    // The official vanishes, and nobody was told who takes over.
    let mut connection = suite::postgres(&world).await;
    sqlx::query("delete from identity.membership where role = 'official' and tenant_id = $1")
        .bind(world.tenant(CHIPAQUE).id)
        .execute(&mut connection)
        .await
        .unwrap();
    world.clock.advance(Duration::days(14));
    remind(&world).await;
    assert_eq!(reminders(&world).await.len(), 6, "what is done and who has left are not reminded");
    let waiting = coordinator.run("{ tasks(view: UNASSIGNED) { nodes { title needsResponsible } } }", json!({})).await;
    assert_eq!(waiting["tasks"]["nodes"], json!([{ "title": "De la cuenta", "needsResponsible": true }]), "but the task is not lost");
}

#[tokio::test]
async fn who_leaves_the_team_passes_their_tasks_on() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let (official, mine) = (account(&coordinator, Role::Official).await, account(&coordinator, Role::Coordinator).await);
    let one = added(&coordinator, task("Encargo", &official, "2026-12-10")).await;
    let team = coordinator.run("{ team { accountId holdings } }", json!({})).await;
    let held = team["team"].as_array().unwrap().iter().find(|person| person["accountId"] == official).unwrap()["holdings"].clone();
    assert_eq!(held, 1);
    let ends = json!({ "accountId": official, "reason": "Terminó su contrato", "successorId": mine });
    done(&coordinator, "endMembership", "", ends).await;
    let now = coordinator.run("query($id: ID!) { task(id: $id) { responsible mine needsResponsible } }", json!({ "id": one["id"] })).await;
    assert_eq!(now["task"], json!({ "responsible": "Coordinator de prueba", "mine": true, "needsResponsible": false }));
    assert_eq!(history(&coordinator, &one["id"]).await[0], "Pasó de Official de prueba a Coordinator de prueba.");
}

#[tokio::test]
async fn a_seat_takes_an_account_of_the_team_alone() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let (official, mine) = (account(&coordinator, Role::Official).await, account(&coordinator, Role::Coordinator).await);
    let stranger = account(&world.actor(FILANDIA, Role::Coordinator).await, Role::Official).await;
    let seat = |account: &Value| json!({ "name": "Ana Ejemplo", "organ": "ALCALDIA", "role": "MEMBER", "since": "2026-01-01", "accountId": account });
    assert_eq!(faults(&coordinator, "addCommitteeMember", seat(&stranger)).await, ["accountId/NOT_FOUND"]);
    let given = done(&coordinator, "addCommitteeMember", "committeeMember { id }", seat(&official)).await;
    let corrected = |account: &Value| {
        let mut input = seat(account);
        input["id"] = given["committeeMember"]["id"].clone();
        input
    };
    assert_eq!(faults(&coordinator, "changeCommitteeMember", corrected(&stranger)).await, ["accountId/NOT_FOUND"]);
    let ends = json!({ "accountId": official, "reason": "Terminó su contrato", "successorId": mine });
    done(&coordinator, "endMembership", "", ends).await;
    done(&coordinator, "changeCommitteeMember", "", corrected(&official)).await;
    assert_eq!(faults(&coordinator, "addCommitteeMember", seat(&official)).await, ["accountId/NOT_FOUND"], "who has left takes no seat");
}

const MEETING: &str = "query($number: String!) { meeting(number: $number) { number state minutesHtml guests approvedBy
    attendance { name state } decisions { text task { title } } notes { text } } }";

fn summons(key: &str, day: &str, public: bool) -> Value {
    json!({ "kind": "ORDINARY", "heldOn": day, "time": "08:30", "place": "Despacho", "agenda": "1. Varios", "public": public,
            "idempotencyKey": key })
}

async fn convened(coordinator: &Actor<'_>, key: &str, day: &str, public: bool) -> String {
    let payload = done(coordinator, "conveneMeeting", "meeting { number }", summons(key, day, public)).await;
    payload["meeting"]["number"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn meetings_are_numbered_by_the_year() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    assert_eq!(convened(&coordinator, "a", "2026-11-20", true).await, "2026-1");
    assert_eq!(convened(&coordinator, "a", "2026-11-20", true).await, "2026-1", "pressed twice it is one");
    assert_eq!(convened(&coordinator, "b", "2026-12-15", true).await, "2026-2");
    assert_eq!(convened(&coordinator, "c", "2027-01-15", true).await, "2027-1");
    assert_eq!(
        convened(&world.actor(FILANDIA, Role::Coordinator).await, "a", "2026-12-01", true).await,
        "2026-1",
        "each town counts its own"
    );
    let at_once =
        join_all(["d", "e", "f"].map(|key| put(&coordinator, "conveneMeeting", "meeting { number }", summons(key, "2026-12-20", true))))
            .await;
    let mut numbers: Vec<&str> = at_once.iter().filter_map(|payload| payload["meeting"]["number"].as_str()).collect();
    numbers.sort_unstable();
    let told = numbers.clone();
    numbers.dedup();
    assert!(!numbers.is_empty() && told == numbers, "no number is given twice: {at_once:?}");
    let mut wrong = summons("g", "2030-01-01", true);
    wrong["time"] = json!("25:00");
    wrong["agenda"] = json!("\0");
    assert_eq!(faults(&coordinator, "conveneMeeting", wrong).await, ["heldOn/RANGE", "time/FORM", "agenda/REQUIRED"]);
    let mut moved = summons("x", "2027-02-01", true);
    moved.as_object_mut().unwrap().remove("idempotencyKey");
    moved["number"] = json!("2026-2");
    assert_eq!(faults(&coordinator, "changeMeeting", moved).await, ["heldOn/YEAR"]);
    done(&coordinator, "cancelMeeting", "", json!({ "number": "2026-2", "reason": "Sin quórum" })).await;
    let late = json!({ "number": "2026-2", "minutes": "Texto", "present": [], "excused": [] });
    assert_eq!(faults(&coordinator, "writeMinutes", late).await, ["/CANCELLED"]);
}

#[tokio::test]
async fn approved_minutes_do_not_change_and_are_read_by_everybody() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let (ana, luis) = (seat(&coordinator, "Ana Ejemplo", "PRESIDES", None).await, seat(&coordinator, "Luis Ejemplo", "MEMBER", None).await);
    let coming = convened(&coordinator, "futura", "2026-12-15", true).await;
    let number = convened(&coordinator, "pasada", "2026-11-20", true).await;
    let minutes = |number: &str, present: &[&str], excused: &[&str]| json!({ "number": number, "minutes": "## Uno\n\n<script>alert(1)</script>Dos", "present": present, "excused": excused, "guests": "SENA" });
    assert_eq!(faults(&coordinator, "writeMinutes", minutes(&coming, &[], &[])).await, ["minutes/EARLY"]);
    assert_eq!(faults(&coordinator, "approveMinutes", json!({ "number": number })).await, ["/EMPTY"]);
    assert_eq!(faults(&coordinator, "writeMinutes", minutes(&number, &[&ana], &[&ana])).await, ["excused/BOTH"]);
    done(&coordinator, "writeMinutes", "", minutes(&number, &[], &[])).await;
    assert_eq!(faults(&coordinator, "approveMinutes", json!({ "number": number })).await, ["/NOBODY"]);
    done(&coordinator, "writeMinutes", "", minutes(&number, &[&ana], &[&luis])).await;
    let decision = json!({ "number": number, "text": "Corregir los horarios" });
    let one = done(&coordinator, "addDecision", "decision { id }", decision.clone()).await["decision"]["id"].clone();
    assert_eq!(
        done(&coordinator, "addDecision", "decision { id }", decision).await["decision"]["id"],
        one,
        "the same words are one decision"
    );
    let two =
        done(&coordinator, "addDecision", "decision { id }", json!({ "number": number, "text": "Otra" })).await["decision"]["id"].clone();
    done(&coordinator, "removeDecision", "", json!({ "id": two })).await;
    let draft = visitor.run(MEETING, json!({ "number": number })).await["meeting"].clone();
    assert_eq!(
        (&draft["minutesHtml"], &draft["attendance"], &draft["decisions"]),
        (&Value::Null, &json!([]), &json!([])),
        "a draft is nobody's"
    );
    done(&coordinator, "approveMinutes", "meeting { state }", json!({ "number": number })).await;
    let read = visitor.run(MEETING, json!({ "number": number })).await["meeting"].clone();
    assert!(!read["minutesHtml"].as_str().unwrap().contains("script"), "{read}");
    let came = json!([{ "name": "Ana Ejemplo", "state": "PRESENT" }, { "name": "Luis Ejemplo", "state": "EXCUSED" }]);
    assert_eq!((&read["attendance"], &read["guests"]), (&came, &json!("SENA")));
    assert_eq!(read["decisions"], json!([{ "text": "Corregir los horarios", "task": null }]));
    let found = visitor.run("{ search(query: \"acta comite\") { nodes { path } } }", json!({})).await;
    assert!(found.to_string().contains(&format!("/comite/actas/{number}")), "{found}");
    for (name, input) in [
        ("writeMinutes", minutes(&number, &[&luis], &[])),
        ("addDecision", json!({ "number": number, "text": "Tarde" })),
        ("removeDecision", json!({ "id": one })),
        ("approveMinutes", json!({ "number": number })),
        ("cancelMeeting", json!({ "number": number, "reason": "No" })),
    ] {
        assert_eq!(faults(&coordinator, name, input).await, ["/APPROVED"], "{name}");
    }
    // A name that is corrected later does not rewrite the minutes.
    let renamed = json!({ "id": ana, "name": "Ana María Ejemplo", "organ": "ALCALDIA", "role": "PRESIDES", "since": "2026-01-01", "until": "2026-11-22" });
    done(&coordinator, "changeCommitteeMember", "", renamed).await;
    done(&coordinator, "addMinutesNote", "", json!({ "number": number, "text": "Donde dice dos, léase tres." })).await;
    let read = visitor.run(MEETING, json!({ "number": number })).await["meeting"].clone();
    assert_eq!((&read["attendance"], &read["notes"]), (&came, &json!([{ "text": "Donde dice dos, léase tres." }])));
    // The decision becomes a task in one action, and one alone.
    let task = json!({ "title": "Corregir los horarios", "dueOn": "2026-12-10", "decision": one, "idempotencyKey": "t" });
    let made = done(&coordinator, "addTask", "task { id responsible }", task.clone()).await["task"].clone();
    assert_eq!(made["responsible"], Value::Null, "what was decided may wait for somebody");
    assert_eq!(done(&coordinator, "addTask", "task { id responsible }", task.clone()).await["task"], made);
    let mut again = task;
    again["idempotencyKey"] = json!("u");
    assert_eq!(faults(&coordinator, "addTask", again).await, ["/TASK"]);
    let duties = coordinator.run("{ duties { kind title } }", json!({})).await;
    assert!(duties.to_string().contains("committee.task_unassigned"), "{duties}");
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    assert_eq!(stranger.run(MEETING, json!({ "number": number })).await["meeting"], Value::Null);
    assert_eq!(refused(&stranger, "approveMinutes", json!({ "number": number })).await, "NOT_FOUND");
    assert_eq!(refused(&stranger, "removeDecision", json!({ "id": one })).await, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_internal_stays_inside() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let observer = world.actor(CHIPAQUE, Role::Observer).await;
    let hidden = convened(&coordinator, "interna", "2026-12-01", false).await;
    let shown = convened(&coordinator, "abierta", "2026-12-02", true).await;
    added(&coordinator, task("Tarea reservada", &account(&coordinator, Role::Coordinator).await, "2026-12-03")).await;
    assert_eq!(visitor.run(MEETING, json!({ "number": hidden })).await["meeting"], Value::Null);
    let asked = "query($number: String!) { meeting(number: $number, published: true) { number } }";
    assert_eq!(coordinator.run(asked, json!({ "number": hidden })).await["meeting"], Value::Null, "nor on the public page");
    let listed = visitor.run("{ meetings { nodes { number } } committeeMembers { email accountId } }", json!({})).await;
    assert_eq!(listed["meetings"]["nodes"], json!([{ "number": shown }]));
    let file = async |actor: &Actor<'_>, internal: bool| {
        let document = "query($internal: Boolean) { agendaFile(internal: $internal) }";
        actor.run(document, json!({ "internal": internal })).await["agendaFile"].as_str().unwrap().to_owned()
    };
    let public = file(&visitor, false).await;
    assert!(public.contains("Reunión 2 de 2026") && !public.contains("Reunión 1 de 2026") && !public.contains("reservada"), "{public}");
    assert_eq!(file(&coordinator, false).await, public, "whoever is signed in downloads the same public file");
    let whole = file(&observer, true).await;
    assert!(whole.contains("Reunión 1 de 2026") && whole.contains("SUMMARY:Tarea: Tarea reservada\r\n"), "{whole}");
    assert_eq!(visitor.refused("{ agendaFile(internal: true) }", json!({})).await, "UNAUTHENTICATED");
    for query in ["{ tasks { totalCount } }", "{ semesterReview { period } }", "{ agenda { month } }", "{ taskResponsibles { id } }"] {
        assert_eq!(visitor.refused(query, json!({})).await, "UNAUTHENTICATED", "{query}");
    }
    assert_eq!(refused(&observer, "conveneMeeting", summons("x", "2026-12-01", true)).await, "FORBIDDEN");
    let month = coordinator.run("{ agenda(month: \"2026-12\") { next days { date items { kind title } } } }", json!({})).await;
    let days: Vec<&str> = month["agenda"]["days"].as_array().unwrap().iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!((days, &month["agenda"]["next"]), (vec!["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-31"], &json!("2027-01")));
}

const REVIEW: &str = "query($period: String) { semesterReview(period: $period) { period open closedAt summary
    steps { topic figures { label value } duties { title } verdict { decision task { title } } } } }";

#[tokio::test]
async fn a_semester_is_reviewed_step_by_step_and_closed_once() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let measured = async || {
        coordinator.run("{ measure(name: \"committee.semester_review_done\") { value } }", json!({})).await["measure"]["value"].clone()
    };
    let review = coordinator.run(REVIEW, json!({})).await["semesterReview"].clone();
    assert_eq!((&review["period"], &review["open"], measured().await), (&json!("2026-2"), &json!(true), json!(0.0)));
    let topics: Vec<String> = review["steps"].as_array().unwrap().iter().map(|step| step["topic"].as_str().unwrap().to_owned()).collect();
    assert!(review.to_string().contains("Trámites con ficha confirmada"), "what the platform sees is there: {review}");
    let step = |topic: &str, decision: &str| json!({ "period": "2026-2", "topic": topic, "decision": decision, "note": "Visto" });
    let other = json!({ "period": "2027-1", "topic": "SITE", "decision": "FINE" });
    assert_eq!(faults(&coordinator, "saveReviewStep", other).await, ["period/PERIOD"], "what has not come is not reviewed");
    assert_eq!(faults(&coordinator, "saveReviewStep", step("SITE", "TASK")).await, ["dueOn/REQUIRED"]);
    for topic in topics.iter().filter(|topic| *topic != "SITE") {
        done(&coordinator, "saveReviewStep", "", step(topic, "FINE")).await;
    }
    let close = json!({ "period": "2026-2", "summary": "Se revisó todo." });
    assert_eq!(faults(&coordinator, "closeReview", close.clone()).await, ["/STEPS"]);
    let mut task = step("SITE", "TASK");
    task["dueOn"] = json!("2026-12-20");
    done(&coordinator, "saveReviewStep", "", task.clone()).await;
    done(&coordinator, "saveReviewStep", "", task).await;
    let open = coordinator.run("{ tasks(view: OPEN) { totalCount } }", json!({})).await;
    assert_eq!(open["tasks"]["totalCount"], 1, "a step makes one task, however often it is kept");
    assert_eq!(faults(&coordinator, "closeReview", json!({ "period": "2026-2", "summary": " " })).await, ["summary/REQUIRED"]);
    done(&coordinator, "closeReview", "", close.clone()).await;
    assert_eq!(measured().await, 1.0);
    let closed = coordinator.run(REVIEW, json!({})).await["semesterReview"].clone();
    let site = |review: &Value| review["steps"].as_array().unwrap().iter().find(|step| step["topic"] == "SITE").unwrap()["figures"].clone();
    assert_eq!((&closed["open"], &closed["summary"]), (&json!(false), &json!("Se revisó todo.")));
    world.clock.advance(Duration::days(10));
    done(&coordinator, "publishNews", "", json!({ "title": "Novedad", "body": "Texto" })).await;
    let later = coordinator.run(REVIEW, json!({})).await["semesterReview"].clone();
    assert_eq!(site(&later), site(&closed), "its figures are those of its day");
    for (name, input) in [("closeReview", close), ("saveReviewStep", step("SITE", "FINE"))] {
        assert_eq!(faults(&coordinator, name, input).await, ["/CLOSED"], "{name}");
    }
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    assert_eq!(stranger.run(REVIEW, json!({})).await["semesterReview"]["closedAt"], Value::Null, "each town reviews its own");
    // The next semester is not reviewed yet, and a month before its end it is due.
    let due = async || coordinator.run("{ duties { kind } }", json!({})).await.to_string().contains("committee.review");
    assert!(!due().await);
    world.clock.advance(Duration::days(170));
    assert_eq!(measured().await, 0.0);
    assert!(!due().await, "35 days before");
    world.clock.advance(Duration::days(10));
    assert!(due().await, "30 days before");
}

#[tokio::test]
async fn a_survey_counts_in_its_year() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let value = async |name: &str| {
        coordinator.run("query($name: String!) { measure(name: $name) { value } }", json!({ "name": name })).await["measure"]["value"]
            .clone()
    };
    assert_eq!(value("committee.surveys_year").await, Value::Null, "nothing is known while nothing is recorded");
    let survey = |key: &str, day: &str, public: bool| {
        json!({ "kind": "SURVEY", "title": format!("Encuesta {key}"), "closing": "USE_EVALUATION", "heldFrom": day, "method": "En la ventanilla",
                "people": 84, "result": "Dos de cada tres", "figures": "Respondidas: 84\nSin dos puntos", "public": public, "idempotencyKey": key })
    };
    let one = done(&coordinator, "recordEvaluation", "evaluation { id figures { label value } }", survey("a", "2026-11-01", true)).await;
    assert_eq!(
        one["evaluation"]["figures"],
        json!([{ "label": "Respondidas", "value": "84" }, { "label": "Sin dos puntos", "value": null }])
    );
    done(&coordinator, "recordEvaluation", "", survey("a", "2026-11-01", true)).await;
    done(&coordinator, "recordEvaluation", "", survey("b", "2025-12-31", true)).await;
    done(&coordinator, "recordEvaluation", "", survey("c", "2026-02-01", false)).await;
    assert_eq!((value("committee.surveys_year").await, value("committee.campaigns_year").await), (json!(2.0), json!(0.0)));
    let listed = visitor.run("{ evaluations { totalCount nodes { title } } }", json!({})).await;
    assert_eq!(listed["evaluations"]["totalCount"], 2, "what is internal is not listed: {listed}");
    let mut future = survey("d", "2026-11-24", true);
    future["title"] = json!("x".repeat(10_000));
    assert_eq!(faults(&coordinator, "recordEvaluation", future).await, ["title/LENGTH", "heldFrom/FUTURE"]);
    let mut inward = survey("a", "2026-11-01", false);
    inward.as_object_mut().unwrap().remove("idempotencyKey");
    inward["id"] = one["evaluation"]["id"].clone();
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    assert_eq!(refused(&stranger, "reviseEvaluation", inward.clone()).await, "NOT_FOUND");
    done(&coordinator, "reviseEvaluation", "", inward).await;
    assert_eq!(visitor.run("{ evaluations { totalCount } }", json!({})).await["evaluations"]["totalCount"], 1);
    let found = visitor.run("{ search(query: \"encuesta\") { nodes { title } } }", json!({})).await;
    assert!(!found.to_string().contains("Encuesta a"), "{found}");
    world.clock.advance(Duration::days(60));
    assert_eq!(value("committee.surveys_year").await, 0.0, "a new year begins with none");
}

#[tokio::test]
async fn the_committee_travels_whole_in_a_pack() {
    let (first, second) = (World::new().await, World::new().await);
    let coordinator = first.actor(CHIPAQUE, Role::Coordinator).await;
    let ana = seat(&coordinator, "Ana Ejemplo", "PRESIDES", Some("ana@example.org")).await;
    let number = convened(&coordinator, "a", "2026-11-20", true).await;
    let minutes = json!({ "number": number, "minutes": "Texto", "present": [ana], "excused": [] });
    done(&coordinator, "writeMinutes", "", minutes).await;
    let decision =
        done(&coordinator, "addDecision", "decision { id }", json!({ "number": number, "text": "Algo" })).await["decision"]["id"].clone();
    done(&coordinator, "approveMinutes", "", json!({ "number": number })).await;
    done(&coordinator, "addMinutesNote", "", json!({ "number": number, "text": "Nota" })).await;
    let mut input = task("Tarea", &json!(ana), "2026-11-30");
    input["decision"] = decision;
    input["recurrence"] = json!("WEEKLY");
    input["recursUntil"] = json!("2027-01-31");
    added(&coordinator, input).await;
    first.clock.advance(Duration::days(1));
    remind(&first).await;
    done(&coordinator, "saveReviewStep", "", json!({ "period": "2026-2", "topic": "SITE", "decision": "FINE" })).await;
    let campaign = json!({ "kind": "CAMPAIGN", "title": "Jornada", "heldFrom": "2026-11-01", "method": "En el parque", "result": "Bien", "public": true,
                           "idempotencyKey": "c" });
    done(&coordinator, "recordEvaluation", "", campaign).await;
    let pack = tenancy::export(&first.platform, CHIPAQUE).await.unwrap();
    tenancy::import(&second.platform, &pack, true).await.unwrap();
    let again = tenancy::export(&second.platform, CHIPAQUE).await.unwrap();
    assert!(pack.bytes("committee.yaml").is_some_and(|bytes| bytes.len() > 1000));
    assert_eq!(pack.text("committee.yaml").unwrap(), again.text("committee.yaml").unwrap());
    let found = second.visitor(CHIPAQUE).run("{ search(query: \"jornada\") { nodes { path } } }", json!({})).await;
    assert!(found.to_string().contains("/comite/evaluaciones#e-"), "{found}");
}
