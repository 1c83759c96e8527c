//! A petition from the form to its answer: one radicado however often it is pressed, the law's date, and a code that opens it.

use futures::future::join_all;
use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};
use time::macros::datetime;

const FILE: &str = "mutation($input: FilePetitionInput!) { filePetition(input: $input) {
    case { radicado openedAt dueOn subject name email anonymous deadline { receivedOn dueOn days explanation } } code userErrors { field code } } }";
const CASE: &str =
    "query($radicado: String!, $code: String) { case(radicado: $radicado, code: $code) { radicado state answer events { text public } } }";
const TAKE: &str = "mutation($input: TakeCaseInput!) { takeCase(input: $input) { case { state dependency } userErrors { field code } } }";
const ANSWER: &str =
    "mutation($input: AnswerCaseInput!) { answerCase(input: $input) { case { state answeredAt } userErrors { field code } } }";
const OPEN: &str = "mutation($input: OpenCaseInput!) { openCase(input: $input) { case { radicado } userErrors { field code } } }";

fn petition(kind: &str, key: &str) -> Value {
    json!({ "input": { "kind": kind, "subject": "Lámpara apagada", "body": "Hace un mes", "name": "Rosa Ejemplo", "email": "rosa@example.com",
                       "anonymous": false, "idempotencyKey": key } })
}

async fn filed(actor: &Actor<'_>, kind: &str, key: &str) -> Value {
    let done = actor.run(FILE, petition(kind, key)).await["filePetition"].clone();
    assert_eq!(done["userErrors"], json!([]));
    done
}

async fn seen(actor: &Actor<'_>, radicado: &Value, code: Option<&str>) -> Value {
    actor.run(CASE, json!({ "radicado": radicado, "code": code })).await["case"].clone()
}

#[tokio::test]
async fn pressed_five_times_at_once_it_is_one_case() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let all = join_all((0..5).map(|_| filed(&visitor, "RECLAMO", "una"))).await;
    assert_eq!(all[0]["case"]["radicado"], "2026-000001-1");
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
    assert_eq!(filed(&visitor, "RECLAMO", "una").await, all[0], "and pressed later it is still the same");
    let next = filed(&visitor, "RECLAMO", "otra").await;
    assert_eq!(next["case"]["radicado"], "2026-000002-9", "no radicado was spent");
    assert_ne!(next["code"], all[0]["code"]);
    let other = visitor.run(FILE, petition("QUEJA", "una")).await;
    assert_eq!(
        other["filePetition"],
        json!({ "case": null, "code": null, "userErrors": [{ "field": ["idempotencyKey"], "code": "REUSED" }] })
    );
    let official = world.actor(CHIPAQUE, Role::Official).await;
    assert_eq!(official.run("{ cases { totalCount } }", json!({})).await["cases"]["totalCount"], 2);
    world.settle().await;
    assert_eq!(world.mailbox.list(10).await.unwrap().len(), 2, "one receipt each");
    assert_eq!(filed(&world.visitor(FILANDIA), "RECLAMO", "una").await["case"]["radicado"], "2026-000001-1", "each town counts its own");
}

#[tokio::test]
async fn different_people_at_once_get_different_radicados() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let keys: Vec<String> = (0..12).map(|number| format!("clave-{number}")).collect();
    let mut radicados: Vec<String> = join_all(keys.iter().map(|key| filed(&visitor, "QUEJA", key)))
        .await
        .iter()
        .map(|done| done["case"]["radicado"].as_str().unwrap()[..11].to_owned())
        .collect();
    radicados.sort();
    assert_eq!(radicados, (1..=12).map(|number| format!("2026-{number:06}")).collect::<Vec<_>>(), "no gap and no double");
}

#[tokio::test]
async fn the_law_sets_the_date() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let mut number = 0;
    let mut due = async |kind: &str| {
        number += 1;
        let case = filed(&visitor, kind, &format!("k{number}")).await["case"].clone();
        let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
        (text(&case["deadline"]["receivedOn"]), text(&case["dueOn"]))
    };
    // Filed on Monday 23 November 2026; 8 and 25 December and 1 January are holidays, Epiphany is kept on Monday the 11th.
    for (kind, day) in [
        ("PET_INFORMACION", "2026-12-07"),
        ("RECLAMO", "2026-12-15"),
        ("CONSULTA", "2027-01-07"),
        ("CONGRESO", "2026-11-30"),
        ("PRIORITARIA", "2026-11-23"),
    ] {
        assert_eq!(due(kind).await, ("2026-11-23".to_owned(), day.to_owned()), "{kind}");
    }
    // A Saturday: it arrives on Monday, and Tuesday is the first day.
    world.clock.advance(datetime!(2026-11-28 09:00 -5) - datetime!(2026-11-23 10:42 -5));
    assert_eq!(due("RECLAMO").await, ("2026-11-30".to_owned(), "2026-12-22".to_owned()));
    // The eve of a holiday, one minute before midnight in Bogotá, which is the next day in UTC: the town has told no hours, so it is still today.
    world.clock.advance(datetime!(2026-12-07 23:59 -5) - datetime!(2026-11-28 09:00 -5));
    assert_eq!(due("PET_INFORMACION").await, ("2026-12-07".to_owned(), "2026-12-22".to_owned()));
    let case = filed(&visitor, "RECLAMO", "explicada").await["case"].clone();
    assert_eq!(case["deadline"]["days"], 15);
    assert!(case["deadline"]["explanation"].as_str().unwrap().contains("8 de diciembre: Inmaculada Concepción"), "{case}");
    // The next year has radicados of its own.
    world.clock.advance(time::Duration::days(30));
    assert_eq!(filed(&visitor, "QUEJA", "enero").await["case"]["radicado"].as_str().unwrap()[..11], *"2027-000001");
}

#[tokio::test]
async fn the_code_opens_the_case_and_nothing_else_does() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let (one, two) = (filed(&visitor, "QUEJA", "a").await, filed(&visitor, "QUEJA", "b").await);
    let (radicado, code) = (&one["case"]["radicado"], one["code"].as_str().unwrap());
    assert_eq!(code.len(), 7, "three, a hyphen, three: {code}");
    for typed in [code.to_owned(), code.to_lowercase().replace('-', ""), code.replace('-', " ")] {
        assert_eq!(seen(&visitor, radicado, Some(&typed)).await["radicado"], *radicado, "{typed}");
    }
    assert!(seen(&visitor, &json!(radicado.as_str().unwrap().replace('-', "")), Some(code)).await.is_object());
    for typed in [None, Some(""), Some("AAA-AAA"), two["code"].as_str()] {
        assert_eq!(seen(&visitor, radicado, typed).await, Value::Null, "{typed:?}");
    }
    assert_eq!(seen(&visitor, &json!("2026-000099-9"), Some(code)).await, Value::Null);
    assert_eq!(seen(&world.visitor(FILANDIA), radicado, Some(code)).await, Value::Null, "another town has no such case");
    assert_eq!(seen(&world.actor(FILANDIA, Role::Official).await, radicado, Some(code)).await, Value::Null);
    assert_eq!(seen(&world.actor(CHIPAQUE, Role::Editor).await, radicado, None).await, Value::Null, "an editor does not answer cases");
    assert!(seen(&world.actor(CHIPAQUE, Role::Official).await, radicado, None).await.is_object());
    let opened = visitor.run(OPEN, json!({ "input": { "radicado": radicado, "code": code } })).await;
    assert_eq!(opened["openCase"], json!({ "case": { "radicado": radicado }, "userErrors": [] }));
    let wrong = visitor.run(OPEN, json!({ "input": { "radicado": radicado, "code": "AAA-AAA" } })).await;
    assert_eq!(wrong["openCase"]["userErrors"][0]["code"], "NOT_FOUND");
    let empty = visitor.run(OPEN, json!({ "input": { "radicado": "2026-1", "code": " " } })).await;
    assert_eq!(
        empty["openCase"]["userErrors"],
        json!([{ "field": ["radicado"], "code": "FORM" }, { "field": ["code"], "code": "REQUIRED" }])
    );
}

#[tokio::test]
async fn guessing_a_code_is_soon_over() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let done = filed(&visitor, "QUEJA", "a").await;
    let mut guesses = 0;
    while visitor.answer(CASE, json!({ "radicado": done["case"]["radicado"], "code": "AAA-AAA" })).await.code().is_none() {
        guesses += 1;
        assert!(guesses < 50, "nobody stops the guessing");
    }
    let input = json!({ "radicado": done["case"]["radicado"], "code": done["code"] });
    assert_eq!(visitor.refused(CASE, input.clone()).await, "THROTTLED");
    world.clock.advance(time::Duration::hours(1) + time::Duration::SECOND);
    assert!(visitor.run(CASE, input).await["case"].is_object(), "whoever has the code gets in again");
}

#[tokio::test]
async fn the_answer_is_mailed_and_read_with_the_code() {
    let world = World::new().await;
    let (visitor, official) = (world.visitor(CHIPAQUE), world.actor(CHIPAQUE, Role::Official).await);
    let done = filed(&visitor, "RECLAMO", "a").await;
    let (radicado, code) = (&done["case"]["radicado"], done["code"].as_str().unwrap());
    world.settle().await;
    let receipt = world.mailbox.list(1).await.unwrap().remove(0);
    assert_eq!((receipt.kind.as_str(), receipt.to.as_str()), ("case-receipt", "rosa@example.com"));
    assert!(receipt.text.contains(radicado.as_str().unwrap()) && receipt.text.contains("15 de diciembre de 2026"), "{}", receipt.text);
    assert!(!receipt.text.contains(code), "the code travels in no mail");
    let taken = official.run(TAKE, json!({ "input": { "radicado": radicado, "dependency": "planeacion" } })).await;
    assert_eq!(taken["takeCase"], json!({ "case": { "state": "IN_PROGRESS", "dependency": "planeacion" }, "userErrors": [] }));
    let empty = official.run(ANSWER, json!({ "input": { "radicado": radicado, "answer": " \u{0} " } })).await;
    assert_eq!(empty["answerCase"]["userErrors"], json!([{ "field": ["answer"], "code": "REQUIRED" }]));
    world.clock.advance(time::Duration::days(2));
    let answered = official.run(ANSWER, json!({ "input": { "radicado": radicado, "answer": "Se reparó ayer." } })).await;
    assert_eq!(answered["answerCase"]["case"], json!({ "state": "ANSWERED", "answeredAt": "2026-11-25T15:42:00.000Z" }));
    world.settle().await;
    let mails = world.mailbox.list(10).await.unwrap();
    let answer = mails.iter().find(|mail| mail.kind == "case-answer").unwrap();
    assert!(answer.to == "rosa@example.com" && answer.text.contains("Se reparó ayer.") && !answer.text.contains(code));
    let case = seen(&visitor, radicado, Some(code)).await;
    assert_eq!((&case["state"], &case["answer"]), (&json!("ANSWERED"), &json!("Se reparó ayer.")));
    let told = |case: &Value| case["events"].as_array().unwrap().iter().map(|event| event["public"] == true).collect::<Vec<_>>();
    assert_eq!(told(&case), [true; 4], "received, begun, handed on, answered");
    assert_eq!(told(&seen(&official, radicado, None).await), [true, true, true, true, false], "what is for officials alone");
    for (document, input) in [(ANSWER, json!({ "radicado": radicado, "answer": "Otra" })), (TAKE, json!({ "radicado": radicado }))] {
        let late = official.run(document, json!({ "input": input })).await;
        assert!(late.to_string().contains("CLOSED"), "{late}");
    }
    world.settle().await;
    assert_eq!(world.mailbox.list(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn who_stays_unnamed_leaves_no_trace_and_gets_no_mail() {
    let world = World::new().await;
    let (visitor, official) = (world.visitor(CHIPAQUE), world.actor(CHIPAQUE, Role::Official).await);
    let mut input = petition("DENUNCIA", "a");
    input["input"]["anonymous"] = json!(true);
    let done = visitor.run(FILE, input).await["filePetition"].clone();
    assert_eq!((&done["case"]["name"], &done["case"]["email"]), (&Value::Null, &Value::Null));
    official.run(ANSWER, json!({ "input": { "radicado": done["case"]["radicado"], "answer": "Gracias" } })).await;
    world.settle().await;
    assert!(world.mailbox.list(10).await.unwrap().is_empty());
    let mut connection = suite::postgres(&world).await;
    let traces: i64 = sqlx::query_scalar(
        "select (select count(*) from cases.case_file c where to_jsonb(c)::text ilike '%rosa%')
              + (select count(*) from cases.case_event e where to_jsonb(e)::text ilike '%rosa%')
              + (select count(*) from kernel.audit_entry a where to_jsonb(a)::text ilike '%rosa@%')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(traces, 0);
    assert_eq!(seen(&visitor, &done["case"]["radicado"], done["code"].as_str()).await["answer"], "Gracias");
}

#[tokio::test]
async fn what_a_citizen_wrote_is_on_the_desk_of_whoever_answers_and_of_nobody_else() {
    let world = World::new().await;
    filed(&world.visitor(CHIPAQUE), "CONGRESO", "d1").await;
    for (role, knows) in [(Role::Coordinator, true), (Role::Official, true), (Role::Editor, false), (Role::Observer, false)] {
        let duties = world.actor(CHIPAQUE, role).await.run("{ duties { kind title } }", json!({})).await;
        assert_eq!(duties.to_string().contains("cases.answer"), knows, "{role:?}: {duties}");
    }
}
