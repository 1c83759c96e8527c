//! A circular from its sending to its last answer: who receives it, who has read, what is late, what a withdrawal undoes, what travels.

use axum::body::Bytes;
use futures::stream::{self, StreamExt};
use http::StatusCode;
use kernel::pack::Pack;
use kernel::{Role, file};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World, email};
use time::Duration;

async fn put(actor: &Actor<'_>, mutation: &str, selection: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document =
        format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ field code message }} }} }}");
    actor.run(&document, json!({ "input": input })).await[mutation].clone()
}

async fn done(actor: &Actor<'_>, mutation: &str, selection: &str, input: Value) -> Value {
    let payload = put(actor, mutation, selection, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{mutation}");
    payload
}

fn codes(payload: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    payload["userErrors"].as_array().unwrap().iter().map(|fault| (text(&fault["field"][0]), text(&fault["code"]))).collect()
}

fn circular(audience: &Value, key: &str) -> Value {
    let mut all = json!({ "title": "Menú de transparencia", "body": "Revise **su** menú.", "ask": "Diga qué falta", "dueOn": "2026-11-30",
                          "public": true, "idempotencyKey": key });
    all.as_object_mut().unwrap().extend(audience.as_object().unwrap().clone());
    all
}

const TALLY: &str = "{ circularRegister { nodes { slug audienceText tally { recipients delivered read answered late } } } }";

async fn tally(actor: &Actor<'_>) -> Value {
    actor.run(TALLY, json!({})).await["circularRegister"]["nodes"][0]["tally"].clone()
}

async fn duties(actor: &Actor<'_>) -> Vec<String> {
    let all = actor.run("{ duties { kind title dueOn } }", json!({})).await["duties"].clone();
    let mine = all.as_array().unwrap().iter().filter(|duty| duty["kind"].as_str().unwrap().starts_with("circulars."));
    mine.map(|duty| format!("{} {}", duty["kind"].as_str().unwrap(), duty["dueOn"].as_str().unwrap_or("-"))).collect()
}

#[tokio::test]
async fn a_circular_reaches_each_town_once_and_comes_back_answered() {
    let world = World::new().await;
    let (analyst, coordinator) = (world.actor("agencia", Role::Analyst).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let sent = done(&analyst, "sendCircular", "circular { slug audienceText }", circular(&json!({ "audience": "ALL" }), "k1")).await;
    assert_eq!(sent["circular"], json!({ "slug": "2026-1", "audienceText": "Todos los municipios" }));
    let again = done(&analyst, "sendCircular", "circular { slug }", circular(&json!({ "audience": "ALL" }), "k1")).await;
    assert_eq!(again["circular"]["slug"], "2026-1", "the same submission is the same circular");
    assert_eq!(tally(&analyst).await, json!({ "recipients": 3, "delivered": 0, "read": 0, "answered": 0, "late": 0 }));
    world.settle().await;
    assert_eq!(tally(&analyst).await["delivered"], 3, "one job a town");
    let mails = world.mailbox.list(100).await.unwrap().into_iter().filter(|mail| mail.kind == "circular").count();
    assert_eq!(mails, 2, "who coordinates hears of it; Zapatoca has nobody");
    assert_eq!(duties(&coordinator).await, ["circulars.answer 2026-11-30"]);

    done(&coordinator, "acknowledgeCircular", "delivery { state readerName }", json!({ "slug": "2026-1" })).await;
    assert_eq!(duties(&coordinator).await, ["circulars.answer 2026-11-30"], "read is not answered");
    let content = stream::iter([Ok(Bytes::from_static(b"%PDF-1.7"))]).boxed();
    let upload = file::receive(&coordinator.context(), "menu.pdf", content, file::MAX_BYTES).await.unwrap();
    let answer = json!({ "slug": "2026-1", "text": "Falta el plan", "files": [upload.id], "idempotencyKey": "a1" });
    let answered = done(&coordinator, "answerCircular", "delivery { state daysLate messages { text } }", answer.clone()).await;
    assert_eq!(answered["delivery"], json!({ "state": "ANSWERED", "daysLate": 0, "messages": [{ "text": "Falta el plan" }] }));
    done(&coordinator, "answerCircular", "delivery { slug }", answer).await;
    assert_eq!(duties(&coordinator).await, Vec::<String>::new());
    assert_eq!(tally(&analyst).await, json!({ "recipients": 3, "delivered": 3, "read": 1, "answered": 1, "late": 0 }));

    let thread =
        "query($m: String!) { circularDelivery(slug: \"2026-1\", municipality: $m) { messages { author text files { url name } } } }";
    let seen = analyst.run(thread, json!({ "m": CHIPAQUE })).await["circularDelivery"]["messages"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 1, "sent twice, it is one message");
    // The file is for the town's administration and for the agency; to nobody else does it exist.
    let (front, url) = (world.front(), seen[0]["files"][0]["url"].as_str().unwrap().to_owned());
    for (slug, role, status) in [
        ("agencia", Some(Role::Analyst), StatusCode::OK),
        (CHIPAQUE, Some(Role::Observer), StatusCode::OK),
        ("agencia", None, StatusCode::NOT_FOUND),
        (CHIPAQUE, None, StatusCode::NOT_FOUND),
        (FILANDIA, Some(Role::Coordinator), StatusCode::NOT_FOUND),
        ("soporte", Some(Role::Supervisor), StatusCode::NOT_FOUND),
    ] {
        let browser = front.browser(slug);
        let browser = match role {
            Some(role) => browser.signed_in(&email(role, slug)).await,
            None => browser,
        };
        assert_eq!(browser.get(&url).await.status, status, "{slug} {role:?}");
    }
    let reply = json!({ "slug": "2026-1", "municipality": CHIPAQUE, "text": "Gracias", "idempotencyKey": "r1" });
    done(&analyst, "replyToCircular", "delivery { slug }", reply).await;
    let own = coordinator.run("{ receivedCircular(slug: \"2026-1\") { messages { author text } } }", json!({})).await;
    let thread = own["receivedCircular"]["messages"].clone();
    assert_eq!(thread, json!([{ "author": "MUNICIPALITY", "text": "Falta el plan" }, { "author": "AGENCY", "text": "Gracias" }]));
    let other =
        world.actor(FILANDIA, Role::Coordinator).await.run("{ receivedCircular(slug: \"2026-1\") { messages { text } } }", json!({})).await;
    assert_eq!(other["receivedCircular"]["messages"], json!([]), "each town has its own thread");
}

#[tokio::test]
async fn what_comes_late_is_taken_and_said_to_be_late() {
    let world = World::new().await;
    let (analyst, coordinator) = (world.actor("agencia", Role::Analyst).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    done(&analyst, "sendCircular", "circular { slug }", circular(&json!({ "audience": "DEPARTMENTS", "departments": ["25", "63"] }), "k1"))
        .await;
    world.settle().await;
    world.clock.advance(Duration::days(9));
    assert_eq!(tally(&analyst).await, json!({ "recipients": 2, "delivered": 2, "read": 0, "answered": 0, "late": 2 }));
    let late =
        analyst.run("{ circularDeliveries(slug: \"2026-1\", filter: LATE) { nodes { municipality { slug } state } } }", json!({})).await;
    assert_eq!(late["circularDeliveries"]["nodes"][1], json!({ "municipality": { "slug": FILANDIA }, "state": "LATE" }));
    let answer = json!({ "slug": "2026-1", "text": "Aquí está", "idempotencyKey": "a1" });
    let answered = done(&coordinator, "answerCircular", "delivery { state daysLate readAt }", answer).await;
    assert_eq!(answered["delivery"]["daysLate"], 2);
    assert!(answered["delivery"]["readAt"].is_string(), "an answer says that it was read");
    assert_eq!(tally(&analyst).await["late"], 1);
    let share =
        "{ measure(name: \"circulars.answered_in_time_share\") { value } pending: measure(name: \"circulars.pending_count\") { value } }";
    assert_eq!(coordinator.run(share, json!({})).await, json!({ "measure": { "value": 0.0 }, "pending": { "value": 0.0 } }));
}

#[tokio::test]
async fn recipients_are_added_and_a_withdrawn_circular_asks_nothing() {
    let world = World::new().await;
    let (analyst, coordinator) = (world.actor("agencia", Role::Analyst).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    done(&analyst, "sendCircular", "circular { slug }", circular(&json!({ "audience": "CHOSEN", "municipalities": ["25178"] }), "k1"))
        .await;
    world.settle().await;
    let further = json!({ "slug": "2026-1", "municipalities": ["chipaque-cundinamarca\nfilandia-quindio"] });
    done(&analyst, "addCircularRecipients", "circular { slug }", further.clone()).await;
    let none = put(&analyst, "addCircularRecipients", "circular { slug }", further).await;
    assert_eq!(codes(&none), [("municipalities".to_owned(), "EMPTY".to_owned())]);
    world.settle().await;
    assert_eq!(tally(&analyst).await["delivered"], 2);
    done(&analyst, "withdrawCircular", "circular { slug }", json!({ "slug": "2026-1", "reason": "Cambió la norma" })).await;
    world.settle().await;
    assert_eq!(duties(&coordinator).await, Vec::<String>::new());
    let refused =
        put(&coordinator, "answerCircular", "delivery { slug }", json!({ "slug": "2026-1", "text": "Tarde", "idempotencyKey": "a" })).await;
    assert_eq!(codes(&refused)[0].1, "WITHDRAWN");
    let told = coordinator.run("{ receivedCircular(slug: \"2026-1\") { state withdrawReason } }", json!({})).await;
    assert_eq!(told["receivedCircular"], json!({ "state": "WITHDRAWN", "withdrawReason": "Cambió la norma" }));
    let after = put(&analyst, "addCircularRecipients", "circular { slug }", json!({ "slug": "2026-1", "municipalities": ["68895"] })).await;
    assert_eq!(codes(&after)[0].1, "WITHDRAWN", "what no longer holds goes to nobody");
    // The public list says so too, and what is not public is not in it.
    let mut quiet = circular(&json!({ "audience": "ALL", "public": false }), "k2");
    quiet["title"] = json!("Reservado");
    done(&analyst, "sendCircular", "circular { slug }", quiet).await;
    let public =
        world.visitor("agencia").run("{ circulars { nodes { slug withdrawnAt } } circular(slug: \"2026-2\") { slug } }", json!({})).await;
    assert_eq!(public["circulars"]["nodes"].as_array().unwrap().len(), 1);
    assert!(public["circulars"]["nodes"][0]["withdrawnAt"].is_string() && public["circular"].is_null());
}

#[tokio::test]
async fn a_wrong_circular_says_everything_that_is_wrong() {
    let world = World::new().await;
    let analyst = world.actor("agencia", Role::Analyst).await;
    let wrong =
        json!({ "title": "", "body": "", "dueOn": "2026-11-01", "audience": "CHOSEN", "municipalities": ["nadie"], "idempotencyKey": "k" });
    let refused = put(&analyst, "sendCircular", "circular { slug }", wrong).await;
    let fields: Vec<String> = codes(&refused).into_iter().map(|(field, code)| format!("{field} {code}")).collect();
    assert_eq!(
        fields,
        ["title REQUIRED", "body REQUIRED", "ask REQUIRED", "dueOn PAST", "municipalities NOT_FOUND", "municipalities EMPTY"]
    );
    let town = world.actor(CHIPAQUE, Role::Coordinator).await;
    let document = "mutation($input: SendCircularInput!) { sendCircular(input: $input) { circular { slug } } }";
    assert_eq!(town.refused(document, json!({ "input": circular(&json!({ "audience": "ALL" }), "k") })).await, "FORBIDDEN");
}

#[tokio::test]
async fn what_a_town_received_travels_with_it() {
    let (first, second) = (World::new().await, World::new().await);
    let (analyst, coordinator) = (first.actor("agencia", Role::Analyst).await, first.actor(CHIPAQUE, Role::Coordinator).await);
    done(&analyst, "sendCircular", "circular { slug }", circular(&json!({ "audience": "ALL" }), "k1")).await;
    first.settle().await;
    let content = stream::iter([Ok(Bytes::from_static(b"%PDF-1.7"))]).boxed();
    let upload = file::receive(&coordinator.context(), "menu.pdf", content, file::MAX_BYTES).await.unwrap();
    let answer = json!({ "slug": "2026-1", "text": "Falta: «el plan»\n# y más", "files": [upload.id], "idempotencyKey": "a1" });
    done(&coordinator, "answerCircular", "delivery { slug }", answer).await;
    let pack = tenancy::export(&first.platform, CHIPAQUE).await.unwrap();
    assert!(pack.text("circulars.yaml").unwrap().unwrap().contains("Falta"));
    assert!(pack.text("files.yaml").unwrap().unwrap().contains("shared: true"), "the agency still reads the file after the journey");
    tenancy::import(&second.platform, &pack, true).await.unwrap();
    let again: Pack = tenancy::export(&second.platform, CHIPAQUE).await.unwrap();
    for path in ["circulars.yaml", "files.yaml"] {
        assert_eq!(pack.text(path).unwrap(), again.text(path).unwrap(), "{path}");
    }
}
