//! Tickets from the municipality to the desk and back.

use kernel::Role;
use serde_json::json;
use suite::{CHIPAQUE, FILANDIA, World};

const OPEN: &str = "mutation($input: OpenTicketInput!) { openTicket(input: $input) { ticket { id number status openedBy municipality { slug } } userErrors { field code } } }";
const REPLY: &str = "mutation($input: ReplyToTicketInput!) { replyToTicket(input: $input) { ticket { status waitingMinutes messages { author text internal } } userErrors { field code } } }";
const ASSIGN: &str = "mutation($input: AssignTicketInput!) { assignTicket(input: $input) { ticket { status mine assignedTo priority } userErrors { field code } } }";
const RESOLVE: &str =
    "mutation($input: ResolveTicketInput!) { resolveTicket(input: $input) { ticket { status } userErrors { field code } } }";
const ONE: &str = "query($n: String!) { ticket(number: $n) { status messages { author text internal } } }";

fn draft(key: &str) -> serde_json::Value {
    json!({ "input": { "category": "PUBLISHING", "subject": "El PDF no carga", "body": "Pesa 14 MB", "idempotencyKey": key } })
}

#[tokio::test]
async fn a_ticket_goes_to_the_desk_and_back() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let opened = coordinator.run(OPEN, draft("t1")).await["openTicket"]["ticket"].clone();
    assert_eq!(coordinator.run(OPEN, draft("t1")).await["openTicket"]["ticket"]["id"], opened["id"], "pressed twice, it is one");
    let number = opened["number"].as_str().unwrap();
    world.clock.advance(time::Duration::minutes(35));
    let taken = agent.run(ASSIGN, json!({ "input": { "number": number, "priority": "HIGH" } })).await;
    assert_eq!(taken["assignTicket"]["ticket"], json!({ "status": "OPEN", "mine": true, "assignedTo": "Agent", "priority": "HIGH" }));
    let waiting = agent.run("{ tickets(view: MINE) { nodes { waitingMinutes } } }", json!({})).await;
    assert_eq!(waiting["tickets"]["nodes"][0]["waitingMinutes"], 35);
    agent.run(REPLY, json!({ "input": { "number": number, "text": "Ojo: ya pasó en Guasca", "internal": true } })).await;
    let asked =
        agent.run(REPLY, json!({ "input": { "number": number, "text": "¿Puede reducirlo?", "status": "WAITING_MUNICIPALITY" } })).await;
    assert_eq!(asked["replyToTicket"]["ticket"]["status"], "WAITING_MUNICIPALITY");
    assert_eq!(asked["replyToTicket"]["ticket"]["messages"].as_array().unwrap().len(), 2);
    world.settle().await;
    assert_eq!(world.mailbox.list(5).await.unwrap()[0].to, "coordinator@chipaque-cundinamarca.example");
    let seen = coordinator.run(ONE, json!({ "n": number })).await;
    assert_eq!(
        seen["ticket"]["messages"],
        json!([{ "author": "AGENT", "text": "¿Puede reducirlo?", "internal": false }]),
        "notes stay inside"
    );
    let answered = coordinator.run(REPLY, json!({ "input": { "number": number, "text": "Listo" } })).await;
    assert_eq!(answered["replyToTicket"]["ticket"]["status"], "OPEN");
    assert_eq!(
        agent.run(RESOLVE, json!({ "input": { "number": number, "text": "Quedó" } })).await["resolveTicket"]["ticket"]["status"],
        "RESOLVED"
    );
    assert_eq!(coordinator.run(RESOLVE, json!({ "input": { "number": number } })).await["resolveTicket"]["ticket"]["status"], "CLOSED");
    let late = coordinator.run(REPLY, json!({ "input": { "number": number, "text": "Otra cosa" } })).await;
    assert_eq!(late["replyToTicket"]["userErrors"][0]["code"], "CLOSED");
}

#[tokio::test]
async fn another_municipalitys_ticket_does_not_exist() {
    let world = World::new().await;
    let (coordinator, stranger) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(FILANDIA, Role::Coordinator).await);
    let opened = coordinator.run(OPEN, draft("t2")).await;
    let number = opened["openTicket"]["ticket"]["number"].as_str().unwrap();
    assert_eq!(stranger.run(ONE, json!({ "n": number })).await["ticket"], json!(null));
    assert_eq!(stranger.run("{ tickets { totalCount } }", json!({})).await["tickets"]["totalCount"], 0);
    assert_eq!(stranger.refused(REPLY, json!({ "input": { "number": number, "text": "Hola" } })).await, "NOT_FOUND");
    assert_eq!(stranger.refused(RESOLVE, json!({ "input": { "number": number } })).await, "NOT_FOUND");
    assert_eq!(world.visitor(CHIPAQUE).refused("{ tickets { totalCount } }", json!({})).await, "UNAUTHENTICATED");
    assert_eq!(coordinator.refused(ASSIGN, json!({ "input": { "number": number } })).await, "FORBIDDEN");
}
