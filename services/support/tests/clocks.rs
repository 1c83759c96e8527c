//! Service clocks: what breaches first is seen first, and every figure comes of the ticket's events.

use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};
use time::Duration;

const OPEN: &str =
    "mutation($input: OpenTicketInput!) { openTicket(input: $input) { ticket { number dueAt dueClock } userErrors { code } } }";
const REPLY: &str = "mutation($input: ReplyToTicketInput!) { replyToTicket(input: $input) { ticket { dueAt overdue reopenedAt } userErrors { field code } } }";
const ASSIGN: &str = "mutation($input: AssignTicketInput!) { assignTicket(input: $input) { ticket { priority dueAt impact urgency } userErrors { field code } } }";
const RESOLVE: &str =
    "mutation($input: ResolveTicketInput!) { resolveTicket(input: $input) { ticket { status dueAt } userErrors { code } } }";
const HOURS: &str = "mutation($input: ChangeTicketCalendarInput!) { changeTicketCalendar(input: $input) { ticket { calendar dueAt } userErrors { field code } } }";
const CLOCKS: &str = "query($n: String!) { ticket(number: $n) { dueAt overdue calendar clocks { kind standing dueAt elapsedMinutes lines { kind seconds total text } } } }";
const QUEUE: &str = "query($v: TicketView) { tickets(view: $v) { totalCount nodes { number dueSoon overdue } } }";

async fn open(actor: &Actor<'_>, key: &str) -> String {
    let input = json!({ "category": "PUBLISHING", "subject": key, "body": "No carga", "idempotencyKey": key });
    actor.run(OPEN, json!({ "input": input })).await["openTicket"]["ticket"]["number"].as_str().unwrap().to_owned()
}

async fn ticket(actor: &Actor<'_>, number: &str) -> Value {
    actor.run(CLOCKS, json!({ "n": number })).await["ticket"].clone()
}

/// `FIRST_ANSWER LATE, …` of a ticket's clocks.
fn standings(ticket: &Value) -> String {
    let told = |clock: &Value| format!("{} {}", clock["kind"].as_str().unwrap(), clock["standing"].as_str().unwrap());
    ticket["clocks"].as_array().unwrap().iter().map(told).collect::<Vec<_>>().join(", ")
}

/// What the queue keeps of a ticket is what its events give.
fn keeps_what_its_events_give(ticket: &Value) {
    let nearest = ticket["clocks"].as_array().unwrap().iter().filter_map(|clock| clock["dueAt"].as_str()).min();
    assert_eq!(ticket["dueAt"].as_str(), nearest, "{ticket}");
    for clock in ticket["clocks"].as_array().unwrap() {
        let ran =
            clock["lines"].as_array().unwrap().iter().filter(|line| line["kind"] == "RAN").map(|line| line["seconds"].as_i64().unwrap());
        assert_eq!(ran.sum::<i64>() / 60, clock["elapsedMinutes"].as_i64().unwrap(), "{clock}");
    }
}

#[tokio::test]
async fn what_breaches_first_is_seen_first() {
    // Monday 23 November, 10:42; the help centre is open from 7 to 12:30 and from 13:30 to 18.
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let calm = open(&coordinator, "c1").await;
    world.clock.advance(Duration::minutes(10));
    let pressing = open(&coordinator, "c2").await;
    // 240 minutes from 10:52: 98 to 12:30, 142 from 13:30.
    assert_eq!(ticket(&agent, &pressing).await["dueAt"], "2026-11-23T20:52:00.000Z");
    let judged = agent.run(ASSIGN, json!({ "input": { "number": pressing, "impact": "TOWN", "urgency": "STOPS" } })).await;
    assert_eq!(
        judged["assignTicket"]["ticket"],
        json!({ "priority": "URGENT", "dueAt": "2026-11-23T16:22:00.000Z", "impact": "TOWN", "urgency": "STOPS" })
    );
    let queue = async |view: &str| agent.run(QUEUE, json!({ "v": view })).await["tickets"].clone();
    let numbers =
        |queue: &Value| queue["nodes"].as_array().unwrap().iter().map(|it| it["number"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(numbers(&queue("OPEN").await), [pressing.clone(), calm.clone()], "what breaches first");
    assert_eq!(queue("DUE_SOON").await["totalCount"], 0);

    // 25 of 30 minutes are more than three quarters.
    world.clock.advance(Duration::minutes(25));
    assert_eq!(numbers(&queue("DUE_SOON").await), vec![pressing.clone()]);
    let duties = agent.run("{ duties { title path } }", json!({})).await;
    assert_eq!(
        duties["duties"],
        json!([{ "title": format!("Por vencer: solicitud {pressing}, c2"), "path": format!("/mesa/{pressing}") }])
    );

    world.clock.advance(Duration::minutes(10));
    assert_eq!((numbers(&queue("OVERDUE").await), &queue("DUE_SOON").await["totalCount"]), (vec![pressing.clone()], &json!(0)));
    world.settle().await;
    let late = ticket(&agent, &pressing).await;
    assert_eq!((standings(&late).as_str(), &late["overdue"]), ("FIRST_ANSWER BREACHED, SOLUTION RUNNING", &json!(true)));
    keeps_what_its_events_give(&late);
    assert_eq!(numbers(&queue("OPEN").await), [pressing.clone(), calm.clone()]);

    // Answered and waiting: the first answer came late, and nothing else runs.
    let asked = json!({ "input": { "number": pressing, "text": "¿Puede enviarlo?", "status": "WAITING_MUNICIPALITY" } });
    let asked = agent.run(REPLY, asked).await;
    assert_eq!(asked["replyToTicket"]["ticket"], json!({ "dueAt": null, "overdue": false, "reopenedAt": null }));
    let seen = ticket(&coordinator, &pressing).await;
    assert_eq!(standings(&seen), "FIRST_ANSWER LATE, UPDATE PAUSED, SOLUTION PAUSED");
    let told = seen["clocks"][0]["lines"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap();
    assert!(told.ends_with("de 30\u{a0}min: fuera de plazo."), "{told}");
    keeps_what_its_events_give(&seen);
    assert_eq!(numbers(&queue("OPEN").await), [calm.clone(), pressing.clone()], "what stands still comes after");

    agent.run(REPLY, json!({ "input": { "number": calm, "text": "Ya lo miro" } })).await;
    let share = coordinator.run("{ measure(name: \"support.first_answer_met_share\") { value } }", json!({})).await;
    assert_eq!(share["measure"]["value"], 50.0);
    let levels = agent.run("{ serviceLevels { kind total met share } }", json!({})).await;
    assert_eq!(levels["serviceLevels"], json!([{ "kind": "FIRST_ANSWER", "total": 2, "met": 1, "share": 50.0 }]));
}

#[tokio::test]
async fn a_ticket_reopens_where_it_was_and_a_withdrawn_one_does_not_count() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let number = open(&coordinator, "c3").await;
    world.clock.advance(Duration::minutes(30));
    let solved = agent.run(RESOLVE, json!({ "input": { "number": number, "text": "Quedó" } })).await;
    assert_eq!(solved["resolveTicket"]["ticket"], json!({ "status": "RESOLVED", "dueAt": null }));
    assert_eq!(standings(&ticket(&agent, &number).await), "FIRST_ANSWER MET, SOLUTION MET");
    world.clock.advance(Duration::days(1));
    let again = coordinator.run(REPLY, json!({ "input": { "number": number, "text": "Volvió a pasar" } })).await;
    assert_eq!(again["replyToTicket"]["ticket"]["reopenedAt"], "2026-11-24T16:12:00.000Z");
    world.clock.advance(Duration::minutes(20));
    let open_again = ticket(&agent, &number).await;
    assert_eq!(standings(&open_again), "FIRST_ANSWER MET, UPDATE RUNNING, SOLUTION RUNNING");
    assert_eq!(open_again["clocks"][2]["elapsedMinutes"], 50, "the day in between was not the help centre's");
    assert!(open_again["clocks"][2]["lines"].to_string().contains("Se reabre el martes 24 de noviembre de 2026"));
    keeps_what_its_events_give(&open_again);

    let withdrawn = open(&coordinator, "c4").await;
    coordinator.run(RESOLVE, json!({ "input": { "number": withdrawn } })).await;
    assert_eq!(standings(&ticket(&coordinator, &withdrawn).await), "FIRST_ANSWER DROPPED, SOLUTION DROPPED");
}

#[tokio::test]
async fn a_supervisor_counts_a_ticket_in_other_hours() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let (agent, supervisor) = (world.actor("soporte", Role::Agent).await, world.actor("soporte", Role::Supervisor).await);
    let number = open(&coordinator, "c5").await;
    let to = |calendar: &str| json!({ "input": { "number": number, "calendar": calendar } });
    assert_eq!(agent.refused(HOURS, to("extended")).await, "FORBIDDEN");
    assert_eq!(coordinator.refused(HOURS, to("extended")).await, "FORBIDDEN");
    let unknown = supervisor.run(HOURS, to("de noche")).await;
    assert_eq!(unknown["changeTicketCalendar"]["userErrors"], json!([{ "field": ["calendar"], "code": "UNKNOWN" }]));
    // 240 minutes from 10:42 with no lunch between.
    let changed = supervisor.run(HOURS, to("extended")).await;
    assert_eq!(changed["changeTicketCalendar"]["ticket"], json!({ "calendar": "extended", "dueAt": "2026-11-23T19:42:00.000Z" }));
    keeps_what_its_events_give(&ticket(&agent, &number).await);
    agent.run(RESOLVE, json!({ "input": { "number": number } })).await;
    let settled = supervisor.run(HOURS, to("help_centre")).await;
    assert_eq!(settled["changeTicketCalendar"]["userErrors"][0]["code"], "SETTLED");
}

const MERGE: &str =
    "mutation($input: MergeTicketInput!) { mergeTicket(input: $input) { ticket { status mergedInto } userErrors { field code } } }";
const RATE: &str =
    "mutation($input: RateTicketInput!) { rateTicket(input: $input) { ticket { satisfaction { score text } } userErrors { field code } } }";

#[tokio::test]
async fn two_tickets_of_one_matter_become_one() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let filandia = world.actor(FILANDIA, Role::Coordinator).await;
    let (one, two, theirs) = (open(&coordinator, "m1").await, open(&coordinator, "m2").await, open(&filandia, "m3").await);
    let merge = async |number: &str, into: &str| {
        agent.run(MERGE, json!({ "input": { "number": number, "into": into } })).await["mergeTicket"].clone()
    };
    assert_eq!(merge(&two, &two).await["userErrors"], json!([{ "field": ["into"], "code": "SELF" }]));
    for unknown in [theirs.as_str(), "999999", "la otra"] {
        assert_eq!(merge(&two, unknown).await["userErrors"], json!([{ "field": ["into"], "code": "UNKNOWN" }]), "{unknown}");
    }
    assert_eq!(merge(&two, &one).await["ticket"], json!({ "status": "CLOSED", "mergedInto": one }));
    assert_eq!(merge(&two, &one).await["userErrors"], json!([{ "field": ["number"], "code": "CLOSED" }]));
    assert_eq!(merge(&one, &two).await["userErrors"], json!([{ "field": ["into"], "code": "CLOSED" }]));
    let both = "query($n: String!) { ticket(number: $n) { status merged mergedInto messages { author text } } }";
    let target = coordinator.run(both, json!({ "n": one })).await["ticket"].clone();
    assert_eq!(
        (&target["merged"], &target["messages"][0]["text"]),
        (&json!([two]), &json!(format!("Se unió aquí la solicitud {two}: m2")))
    );
    assert_eq!(standings(&ticket(&agent, &two).await), "FIRST_ANSWER DROPPED, SOLUTION DROPPED");
}

#[tokio::test]
async fn help_is_rated_once_it_is_over() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let number = open(&coordinator, "r1").await;
    let rate = async |score: i32| {
        coordinator.run(RATE, json!({ "input": { "number": number, "score": score, "text": "Rápido" } })).await["rateTicket"].clone()
    };
    assert_eq!(rate(5).await["userErrors"], json!([{ "field": ["score"], "code": "NOT_YET" }]));
    agent.run(RESOLVE, json!({ "input": { "number": number } })).await;
    assert_eq!(rate(9).await["userErrors"], json!([{ "field": ["score"], "code": "RANGE" }]));
    rate(5).await;
    assert_eq!(rate(4).await["ticket"]["satisfaction"], json!({ "score": 4, "text": "Rápido" }), "the last counts");
    let mean = coordinator.run("{ measure(name: \"support.satisfaction\") { value } }", json!({})).await;
    assert_eq!(mean["measure"]["value"], 4.0);
    assert_eq!(agent.refused(RATE, json!({ "input": { "number": number, "score": 1 } })).await, "FORBIDDEN");
}

#[tokio::test]
async fn a_ticket_is_found_by_its_words_and_not_by_notes() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let number = open(&coordinator, "Publicación del presupuesto").await;
    open(&coordinator, "Otra cosa").await;
    let say = async |text: &str, internal: bool| {
        agent.run(REPLY, json!({ "input": { "number": number, "text": text, "internal": internal } })).await;
    };
    say("Reduzca el archivo", false).await;
    say("Ojo con Guasca", true).await;
    let found = async |words: &str| {
        let found = coordinator.run("query($q: String) { tickets(search: $q) { nodes { number } } }", json!({ "q": words })).await;
        found["tickets"]["nodes"].as_array().unwrap().iter().map(|it| it["number"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for words in ["presupuestos", "PUBLICACION", "archivo", number.as_str()] {
        assert_eq!(found(words).await, vec![number.clone()], "{words}");
    }
    assert_eq!(found("Guasca").await, Vec::<String>::new());
    assert_eq!(found("  ").await.len(), 2);
}

#[tokio::test]
async fn two_who_answer_at_once_are_told() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let supervisor = world.actor("soporte", Role::Supervisor).await;
    let number = open(&coordinator, "x1").await;
    let say = |seen: i32| json!({ "input": { "number": number, "text": "Ya lo miro", "seen": seen } });
    assert_eq!(supervisor.run(REPLY, say(0)).await["replyToTicket"]["userErrors"], json!([]));
    let refused = json!([{ "field": ["text"], "code": "COLLISION" }]);
    assert_eq!(agent.run(REPLY, say(0)).await["replyToTicket"]["userErrors"], refused);
    assert_eq!(agent.run(REPLY, say(1)).await["replyToTicket"]["userErrors"], json!([]));
    // One's own word is no surprise, and a number that makes no sense hides nothing.
    assert_eq!(agent.run(REPLY, say(1)).await["replyToTicket"]["userErrors"], json!([]));
    assert_eq!(coordinator.run(REPLY, say(-1)).await["replyToTicket"]["userErrors"], refused);
}

#[tokio::test]
async fn ready_answers_are_filled_in_for_the_help_centre_alone() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let number = open(&coordinator, "l1").await;
    let asked = "query($n: String!) { ticket(number: $n) { readyReplies { key status text } } }";
    let ready = agent.run(asked, json!({ "n": number })).await["ticket"]["readyReplies"].clone();
    let keys: Vec<&str> = ready.as_array().unwrap().iter().map(|reply| reply["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["reducir-archivo", "mensaje-exacto", "en-manos-del-proveedor"], "of its category and of every one");
    assert!(ready[2]["text"].as_str().unwrap().contains(&format!("Su solicitud {number} depende")));
    assert_eq!(coordinator.run(asked, json!({ "n": number })).await["ticket"]["readyReplies"], json!([]));
}
