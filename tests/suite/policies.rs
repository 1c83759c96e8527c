//! Each policy of row security is there for something: dropped, the day's work of the platform fails or shows something else.
//! And the tests of isolation are not blind: with row security off on a table they find the leak.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;
use futures::stream::{self, StreamExt};
use kernel::{Role, Scope, file};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use suite::{Actor, CHIPAQUE, FILANDIA, PASSWORD, World, email, owner};
use tokio_util::sync::CancellationToken;

use crate::isolation::{leaks, plant};

/// Policies whose loss nothing can notice, because no code does what they permit. The list may only shrink: once a policy is used, or
/// gone, this test fails until it is off the list.
const UNUSED: [(&str, &str); 1] = [("domain_worker on tenancy.domain", "no town of the battery has a host of its own yet")];

/// What came of each step of a day, in order; without ids, which differ from world to world.
struct Day<'a> {
    expected: Option<&'a [String]>,
    got: Vec<String>,
}

impl Day<'_> {
    fn note(&mut self, step: &str, came: impl std::fmt::Display) {
        self.got.push(format!("{step}: {}", without_ids(&came.to_string())));
    }

    /// The rest need not be done once it differs.
    fn differs(&self) -> bool {
        self.expected.is_some_and(|expected| self.got.iter().zip(expected).any(|(got, expected)| got != expected))
    }

    async fn ask(&mut self, actor: &Actor<'_>, document: &str, variables: Value) -> Value {
        let answer = actor.answer(document, variables).await;
        let data = serde_json::to_value(&answer.data).unwrap();
        let step = document.split_once(") { ").map_or(document, |(_, field)| field);
        self.note(
            &step[..step.len().min(40)],
            format!("{} {:?}", unordered(data.clone()), answer.errors.iter().map(|error| &error.message).collect::<Vec<_>>()),
        );
        data
    }

    async fn put(&mut self, actor: &Actor<'_>, mutation: &str, selection: &str, input: Value) -> Value {
        let capital = mutation[..1].to_uppercase() + &mutation[1..];
        let document =
            format!("mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ field code }} }} }}");
        self.ask(actor, &document, json!({ "input": input })).await[mutation].clone()
    }
}

/// The same with every list in one order: what happened in one instant comes in the order of random ids.
fn unordered(data: Value) -> Value {
    match data {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(unordered).collect();
            items.sort_by_key(|item| without_ids(&item.to_string()));
            items.into()
        }
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, unordered(value))).collect(),
        other => other,
    }
}

/// The text with every uuid replaced.
fn without_ids(text: &str) -> String {
    let shape = |bytes: &[u8]| {
        bytes.iter().enumerate().all(|(at, byte)| if [8, 13, 18, 23].contains(&at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
    };
    let (mut out, mut rest) = (String::new(), text);
    while let Some(letter) = rest.chars().next() {
        if rest.len() >= 36 && shape(&rest.as_bytes()[..36]) {
            out.push_str("(id)");
            rest = &rest[36..];
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    out
}

fn word(data: &Value, pointer: &str) -> String {
    data.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

type Part = for<'a> fn(&'a World, &'a mut Day<'_>) -> futures::future::BoxFuture<'a, ()>;

/// A day of the platform: a town's site, plan, catalogue, cases; its tickets and a reset; visits and rankings; what runs by itself.
async fn day(world: &World, expected: Option<&[String]>) -> Vec<String> {
    let mut day = Day { expected, got: Vec::new() };
    day.note("refresh", format!("{:?}", tenancy::refresh(&world.platform).await.map_err(|error| error.to_string())));
    let parts: [Part; 15] = [
        |world, day| Box::pin(site(world, day)),
        |world, day| Box::pin(plan(world, day)),
        |world, day| Box::pin(learning(world, day)),
        |world, day| Box::pin(following_up(world, day)),
        |world, day| Box::pin(cases(world, day)),
        |world, day| Box::pin(files(world, day)),
        |world, day| Box::pin(desk(world, day)),
        |world, day| Box::pin(handing(world, day)),
        |world, day| Box::pin(rankings(world, day)),
        |world, day| Box::pin(guiding(world, day)),
        |world, day| Box::pin(granting(world, day)),
        |world, day| Box::pin(by_itself(world, day)),
        |world, day| Box::pin(counting(world, day)),
        |world, day| Box::pin(deciding(world, day)),
        |world, day| Box::pin(operator(world, day)),
    ];
    for part in parts {
        part(world, &mut day).await;
        if day.differs() {
            break;
        }
    }
    day.got
}

async fn site(world: &World, day: &mut Day<'_>) {
    let (visitor, editor) = (world.visitor(CHIPAQUE), world.actor(CHIPAQUE, Role::Editor).await);
    let news = json!({ "title": "Jornada de aseo", "body": "El sábado.", "slug": "jornada-de-aseo" });
    day.put(&editor, "publishNews", "newsItem { slug }", news).await;
    let documents = [
        "{ news { totalCount nodes { title } } }",
        "{ search(query: \"aseo\") { totalCount nodes { title } } }",
        "{ pages { slug } directory { slug dependencies { slug } } }",
    ];
    for document in documents {
        day.ask(&visitor, document, json!({})).await;
    }
    for slug in ["agencia", "soporte"] {
        let role = if slug == "agencia" { Role::Administrator } else { Role::Supervisor };
        let actor = world.actor(slug, role).await;
        day.put(&actor, "publishNews", "newsItem { slug }", json!({ "title": "Aviso", "body": "Hoy." })).await;
        day.ask(&actor, "{ news { nodes { title } } }", json!({})).await;
    }
}

async fn plan(world: &World, day: &mut Day<'_>) {
    world.recorded_by_hand().await;
    let (coordinator, official) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(CHIPAQUE, Role::Official).await);
    let document = "{ plan { title actionLines { number indicators { id kind latest { value } } activities { done } }
        phases { key fulfilled criteria(first: 30) { nodes { code computed state } } } } }";
    let plan = day.ask(&coordinator, document, json!({})).await["plan"].clone();
    let lines = plan["actionLines"].as_array().cloned().unwrap_or_default();
    let recorded =
        lines.iter().filter_map(|line| line["indicators"].as_array()).flatten().find(|indicator| indicator["kind"] == "RECORDED");
    let indicator = recorded.map(|indicator| word(indicator, "/id")).unwrap_or_default();
    let criteria = plan.pointer("/phases/0/criteria/nodes").and_then(Value::as_array).cloned().unwrap_or_default();
    let criterion = criteria.iter().find(|criterion| criterion["computed"] == false).map(|found| word(found, "/code")).unwrap_or_default();
    let measured = json!({ "indicatorId": indicator, "value": 50.0 });
    day.put(&coordinator, "recordMeasurement", "indicator { latest { value } history { totalCount } }", measured).await;
    let state = json!({ "code": criterion, "state": "YES", "evidence": "Acta 1" });
    day.put(&coordinator, "setCriterionState", "criterion { code state }", state).await;
    day.put(&coordinator, "setActivityDone", "activity { done }", json!({ "actionLine": 1, "activity": 1, "done": true })).await;
    let sheet = json!({
        "slug": "impuesto-predial-unificado", "whoMayAsk": "Propietarios", "requirements": [], "costKind": "FREE",
        "termBusinessDays": 3, "result": "Un recibo", "legalBasis": "Ley 44 de 1990"
    });
    day.put(&official, "confirmEntry", "entry { slug confirmedBy }", sheet).await;
    day.ask(&official, "{ tramite(slug: \"impuesto-predial-unificado\") { result confirmedBy } duties { title } }", json!({})).await;
}

/// An agreement and what it brought; a course, who came to it, and a certificate.
async fn learning(world: &World, day: &mut Day<'_>) {
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    day.put(&coordinator, "keepEntity", "entity { slug }", json!({ "name": "SENA", "level": "NATIONAL", "kind": "SENA" })).await;
    let agreement =
        json!({ "entity": "sena", "title": "Formación", "topics": ["Lenguaje claro"], "object": "Formar.", "signedOn": "2026-11-02" });
    day.put(&coordinator, "keepAgreement", "agreement { slug }", agreement).await;
    day.put(&coordinator, "setAgreementPublished", "agreement { slug }", json!({ "slug": "formacion", "published": true })).await;
    let result = json!({ "slug": "formacion", "happenedOn": "2026-11-20", "text": "Un curso", "idempotencyKey": "g1" });
    day.put(&coordinator, "addAgreementResult", "agreement { resultCount }", result).await;
    day.ask(&visitor, "{ agreements { nodes { title entity { name } results { text } } } }", json!({})).await;
    let course = json!({ "title": "Lenguaje claro", "audiences": ["ALCALDIA"], "topics": ["Fichas"], "provider": "SENA", "hours": 2 });
    day.put(&coordinator, "keepCourse", "course { slug }", course).await;
    let session = json!({ "slug": "lenguaje-claro", "day": "2026-11-20", "hour": "08:00", "minutes": 60, "place": "Biblioteca", "idempotencyKey": "g2" });
    let session = word(&day.put(&coordinator, "keepSession", "course { sessions { id } }", session).await, "/course/sessions/0/id");
    let person = json!({ "slug": "lenguaje-claro", "name": "Ana Ejemplo", "audience": "ALCALDIA" });
    let person = word(&day.put(&coordinator, "enrolPerson", "course { people { id } }", person).await, "/course/people/0/id");
    let came = json!({ "sessionId": session, "attended": [person] });
    day.put(&coordinator, "recordAttendance", "course { people { attended } }", came).await;
    day.put(&coordinator, "issueCertificates", "course { tally { certificates } }", json!({ "slug": "lenguaje-claro" })).await;
    day.ask(&visitor, "{ trainingSessions(when: PAST) { nodes { course { title } } } }", json!({})).await;
}

/// The committee: who sits in it, a task and its reminder, a meeting with minutes, a review that is closed, an evaluation.
async fn following_up(world: &World, day: &mut Day<'_>) {
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let mine = coordinator.viewer.id().unwrap_or_default().to_string();
    let seat = json!({ "name": "Ana Ejemplo", "organ": "ALCALDIA", "role": "PRESIDES", "since": "2026-01-01", "accountId": mine });
    let seat = word(&day.put(&coordinator, "addCommitteeMember", "committeeMember { id }", seat).await, "/committeeMember/id");
    let task = json!({ "title": "Publicar el acta", "responsible": seat, "dueOn": "2026-11-30", "idempotencyKey": "j1" });
    let task = word(&day.put(&coordinator, "addTask", "task { id }", task).await, "/task/id");
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("committee.remind_all", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    let reminded = world.mailbox.list(100).await.unwrap().iter().filter(|mail| mail.kind == "task-reminder").count();
    day.note("reminded", reminded);
    let meeting = json!({ "kind": "ORDINARY", "heldOn": "2026-11-20", "time": "08:30", "place": "Despacho", "agenda": "El plan", "public": true,
                          "idempotencyKey": "j2" });
    let number = word(&day.put(&coordinator, "conveneMeeting", "meeting { number }", meeting).await, "/meeting/number");
    let minutes = json!({ "number": number, "minutes": "Se leyó el plan.", "present": [seat], "excused": [] });
    day.put(&coordinator, "writeMinutes", "meeting { number }", minutes).await;
    day.put(&coordinator, "addDecision", "decision { text }", json!({ "number": number, "text": "Publicar" })).await;
    day.put(&coordinator, "approveMinutes", "meeting { number }", json!({ "number": number })).await;
    day.put(&coordinator, "addMinutesNote", "meeting { number }", json!({ "number": number, "text": "Falta un anexo" })).await;
    day.ask(&coordinator, "{ meetings { nodes { number decisions { text } attendance { name } notes { text } } } }", json!({})).await;
    let finished = json!({ "id": task, "evidence": "https://example.org/acta" });
    day.put(&coordinator, "finishTask", "task { state history { text } }", finished).await;
    for topic in ["AGREEMENTS", "CRITERIA", "EVALUATION", "INDICATORS", "PENDING", "SERVICES", "SITE", "TRAMITES"] {
        let step = json!({ "period": "2026-2", "topic": topic, "decision": "FINE" });
        day.put(&coordinator, "saveReviewStep", "review { period }", step).await;
    }
    day.put(&coordinator, "closeReview", "review { open }", json!({ "period": "2026-2", "summary": "Visto" })).await;
    day.ask(&coordinator, "{ semesterReviews { period closedAt } }", json!({})).await;
    let survey = json!({ "kind": "SURVEY", "title": "Encuesta", "heldFrom": "2026-11-01", "method": "En la plaza", "result": "Bien", "public": true,
                         "idempotencyKey": "j3" });
    day.put(&coordinator, "recordEvaluation", "evaluation { id }", survey).await;
    day.ask(&visitor, "{ evaluations { nodes { title } } committeeMembers { name } }", json!({})).await;
}

/// A handover after which everybody stays: its list, who comes, the signatures, the public document, the act.
async fn handing(world: &World, day: &mut Day<'_>) {
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let opening = json!({ "cause": "RESIGNATION", "leavesOn": "2026-11-23" });
    day.put(&coordinator, "openHandover", "handover { slug pendingCount log { text } }", opening).await;
    let comes =
        json!({ "email": "llega@example.org", "name": "Quien Llega", "role": "OBSERVER", "incoming": true, "idempotencyKey": "e1" });
    day.put(&coordinator, "enrolMember", "member { email }", comes).await;
    let document = "{ handover { items { key state } team { accountId email } departures { person { accountId } } } }";
    let open = day.ask(&coordinator, document, json!({})).await;
    for item in open.pointer("/handover/items").and_then(Value::as_array).into_iter().flatten().filter(|item| item["state"] == "PENDING") {
        let kept = json!({ "key": item["key"], "state": "NOT_APPLICABLE", "reason": "No hay" });
        day.put(&coordinator, "keepHandoverItem", "done", kept).await;
    }
    let mine = coordinator.viewer.id().unwrap_or_default().to_string();
    let sides = json!({ "outgoingId": mine, "incomingId": word(&open, "/handover/team/0/accountId") });
    day.put(&coordinator, "designateSigners", "handover { incoming { name } }", sides).await;
    let mayor = crate::handover_slice::person(world, "llega@example.org").await;
    for signer in [&coordinator, &mayor] {
        let pen = json!({ "name": "Una Persona", "post": "Alcaldesa" });
        day.put(signer, "signHandover", "handover { state signatures { side } }", pen).await;
    }
    day.ask(&coordinator, "mutation { publishHandover { handover { state } userErrors { code } } }", json!({})).await;
    day.ask(&visitor, "{ publishedHandovers { slug signatures { side } records { text } } }", json!({})).await;
    for row in open.pointer("/handover/departures").and_then(Value::as_array).into_iter().flatten() {
        let stays = json!({ "accountId": row.pointer("/person/accountId"), "leaves": false });
        day.put(&coordinator, "decideDeparture", "handover { departures { leaves } }", stays).await;
    }
    day.put(&coordinator, "closeHandover", "handover { state }", json!({ "label": "La nueva" })).await;
    day.ask(&visitor, "{ administrations { label } }", json!({})).await;
    let supervisor = world.actor("soporte", Role::Supervisor).await;
    let named =
        json!({ "municipality": CHIPAQUE, "email": "otra@example.org", "name": "Otra", "act": "Decreto 1", "idempotencyKey": "e2" });
    day.put(&supervisor, "appointCoordinator", "member { email }", named).await;
}

async fn cases(world: &World, day: &mut Day<'_>) {
    let (visitor, official) = (world.visitor(CHIPAQUE), world.actor(CHIPAQUE, Role::Official).await);
    let petition = json!({
        "kind": "RECLAMO", "subject": "Lámpara", "body": "Lleva un mes apagada.", "name": "Rosa Ejemplo", "email": "rosa@ejemplo.example",
        "anonymous": false, "idempotencyKey": "c1"
    });
    let filed = day.put(&visitor, "filePetition", "case { radicado state } code", petition).await;
    let (radicado, code) = (word(&filed, "/case/radicado"), word(&filed, "/code"));
    day.put(&visitor, "openCase", "case { state events { text } }", json!({ "radicado": radicado, "code": code })).await;
    day.put(&official, "takeCase", "case { state events { text } }", json!({ "radicado": radicado })).await;
    day.put(&official, "answerCase", "case { state events { text } }", json!({ "radicado": radicado, "answer": "Ya está." })).await;
    day.ask(&official, "{ cases { totalCount nodes { radicado } } }", json!({})).await;
}

async fn desk(world: &World, day: &mut Day<'_>) {
    let (visitor, coordinator) = (world.visitor(CHIPAQUE), world.actor(CHIPAQUE, Role::Coordinator).await);
    let agent = world.actor("soporte", Role::Agent).await;
    let signed = "mutation($input: SignInInput!) { signIn(input: $input) { viewer { email memberships { role } } userErrors { code } } }";
    let account = email(Role::Editor, CHIPAQUE);
    let answer = visitor.answer(signed, json!({ "input": { "email": account, "password": PASSWORD } })).await;
    day.note("signIn", serde_json::to_value(&answer.data).unwrap());
    let cookie = answer.headers.first().map(|(_, cookie)| cookie.to_str().unwrap().to_owned()).unwrap_or_default();
    let token = cookie.split(['=', ';']).nth(1).unwrap_or_default();
    let host = format!("{CHIPAQUE}.localhost");
    let asker = api::Asker {
        tenant: world.tenant(CHIPAQUE),
        host: &host,
        token: Some(token),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: false,
    };
    let seen = world.door.context(asker).await;
    day.note("session", seen.map_or_else(|error| error.to_string(), |cx| format!("{:?}", cx.viewer.account.is_some())));
    day.ask(&coordinator, "{ team { email roles hasPassword lastSeenAt } }", json!({})).await;

    let draft = json!({ "category": "PUBLISHING", "subject": "El PDF no carga", "body": "Pesa 14 MB", "idempotencyKey": "t1" });
    let ticket = word(&day.put(&coordinator, "openTicket", "ticket { number }", draft).await, "/ticket/number");
    day.ask(&agent, "{ tickets { totalCount nodes { subject messages { text } } } }", json!({})).await;
    day.put(&agent, "assignTicket", "ticket { status }", json!({ "number": ticket })).await;
    for (text, internal) in [("Ojo", true), ("¿Puede reducirlo?", false)] {
        day.put(&agent, "replyToTicket", "ticket { messages { text } }", json!({ "number": ticket, "text": text, "internal": internal }))
            .await;
    }
    let clocks = "query($n: String!) { ticket(number: $n) { status calendar messages { text } clocks { kind standing } } serviceLevels { kind total } }";
    day.ask(&coordinator, clocks, json!({ "n": ticket })).await;
    day.ask(&agent, clocks, json!({ "n": ticket })).await;

    let second = json!({ "category": "OTHER", "subject": "Otra vez el PDF", "body": "No carga", "idempotencyKey": "t2" });
    let second = word(&day.put(&coordinator, "openTicket", "ticket { number }", second).await, "/ticket/number");
    day.put(&agent, "mergeTicket", "ticket { status mergedInto }", json!({ "number": second, "into": ticket })).await;
    day.put(&coordinator, "rateTicket", "ticket { satisfaction { score } }", json!({ "number": second, "score": 4 })).await;
    let after = "query($n: String!) { ticket(number: $n) { mergedInto satisfaction { score } } }";
    day.ask(&coordinator, after, json!({ "n": second })).await;
    day.ask(&agent, after, json!({ "n": second })).await;

    mailing(world, day, &coordinator, &agent).await;
    day.put(&visitor, "requestAccess", "received", json!({ "email": account, "idempotencyKey": "a1" })).await;
    let started = day.put(&agent, "startReset", "reset { id state }", json!({ "ticketNumber": ticket, "accountEmail": account })).await;
    let reset = word(&started, "/reset/id");
    day.put(&agent, "sendProofCode", "reset { state }", json!({ "resetId": reset, "kind": "MAILBOX_CODE" })).await;
    day.put(&agent, "recordProof", "reset { state }", json!({ "resetId": reset, "kind": "ACT", "evidence": "Acta 7" })).await;
    day.ask(&coordinator, "{ resetsToConfirm { accountEmail proofs { kind state } } }", json!({})).await;
    day.put(&coordinator, "confirmReset", "reset { state }", json!({ "resetId": reset })).await;
    let resets = "query($n: String!) { resets(ticketNumber: $n) { state accountEmail proofs { kind state } } }";
    day.ask(&agent, resets, json!({ "n": ticket })).await;
}

/// A mail of somebody who is known, the answer that it gets, one that comes back; and two that nobody could place.
async fn mailing(world: &World, day: &mut Day<'_>, coordinator: &Actor<'_>, agent: &Actor<'_>) {
    let receive = async |raw: String| {
        let came = support::receive(&world.platform, raw.as_bytes(), &support::Envelope::default()).await;
        came.map_or_else(|error| error.to_string(), |came| format!("{came:?}"))
    };
    let mail = |from: &str, id: &str| format!("From: {from}\nSubject: Ayuda\nMessage-ID: <{id}@b.example>\n\nNo carga\n");
    let came = receive(mail(&email(Role::Coordinator, CHIPAQUE), "1")).await;
    let number = came.trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
    day.note("mail", came);
    day.note("mail of a stranger", format!("{} {}", receive(mail("a@b.example", "2")).await, receive(mail("a@b.example", "3")).await));
    world.settle().await;
    let mails = world.mailbox.list(100).await.unwrap();
    let told = mails.iter().find(|mail| mail.kind == "ticket-received");
    day.note("told by mail", told.is_some());
    let of = told.map(|mail| mail.message_id.clone()).unwrap_or_default();
    let report = format!(
        "From: mailer-daemon@b.example\nMessage-ID: <4@b.example>\nContent-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\
         Final-Recipient: rfc822; c@b.example\nAction: failed\n\n--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{of}>\n\n--x--\n"
    );
    day.note("bounce", receive(report).await);
    let ticket = "query($n: String!) { ticket(number: $n) { body mail { address } bounce { address } } }";
    day.ask(coordinator, ticket, json!({ "n": number })).await;
    day.ask(agent, ticket, json!({ "n": number })).await;
    let list = day.ask(agent, "{ incomingMail { totalCount nodes { id subject reason } } }", json!({})).await;
    let id = |place: &str| word(&list, &format!("/incomingMail/nodes/{place}/id"));
    day.put(agent, "assignMail", "ticket { mail { address } }", json!({ "id": id("0"), "municipality": CHIPAQUE, "category": "OTHER" }))
        .await;
    day.put(agent, "discardMail", "discarded", json!({ "id": id("1") })).await;
}

async fn rankings(world: &World, day: &mut Day<'_>) {
    let (recorder, counter) = visits::recorder(&world.platform, visits::Robots::new(Vec::new()).unwrap());
    let (at, client) = (world.platform.clock().now(), IpAddr::V4(Ipv4Addr::new(190, 0, 2, 7)));
    let view = |tenant| visits::PageView::new(tenant, at, client, "Firefox", "/tramites");
    for slug in [CHIPAQUE, FILANDIA] {
        recorder.record(view(world.tenant(slug).id));
    }
    // The counter writes at its first beat, and ends before its second.
    let stop = CancellationToken::new();
    tokio::join!(counter.run(stop.clone()), async { stop.cancel() });
    let administrator = world.actor("agencia", Role::Administrator).await;
    let (analyst, visitor) = (world.actor("agencia", Role::Analyst).await, world.visitor("agencia"));
    let open = "{ ranking(month: \"2026-11\") { nodes { municipality { slug } position visits } } }";
    for actor in [&analyst, &visitor, &world.visitor(CHIPAQUE)] {
        day.ask(actor, open, json!({})).await;
    }
    day.ask(&world.actor(CHIPAQUE, Role::Observer).await, "{ visits(days: 2) { date visits } }", json!({})).await;
    objections(world, day, &analyst).await;
    day.put(&administrator, "closeMonth", "ranking { month nodes { position } }", json!({ "month": "2026-10" })).await;
    for actor in [&visitor, &world.visitor(CHIPAQUE)] {
        day.ask(actor, "{ ranking(month: \"2026-10\") { closedAt genuine visits nodes { position visits } } rankingMonths }", json!({}))
            .await;
        day.ask(actor, "{ monthFile(month: \"2026-10\", name: \"horas.csv\") { body } statements { number kind } }", json!({})).await;
    }
    let wrong = json!({ "month": "2026-10", "slug": CHIPAQUE, "visits": 8, "reason": "Un lote de visitas llegó después del cierre." });
    day.put(&administrator, "correctMonth", "monthClose { corrections { correctedVisits } }", wrong).await;
    for actor in [&visitor, &world.visitor(CHIPAQUE)] {
        day.ask(actor, "{ monthClose(month: \"2026-10\") { corrections { correctedVisits } objections { outcome } } }", json!({})).await;
    }
    day.ask(&world.visitor(CHIPAQUE), "{ rankingHistory { month position } }", json!({})).await;
    let sixth = json!({ "year": 2026, "category": "SIXTH", "act": "Decreto 1 de 2025", "adoptedOn": "2025-10-01" });
    day.put(&world.actor(CHIPAQUE, Role::Coordinator).await, "recordCategory", "category { year category }", sixth).await;
    day.ask(&visitor, "{ ranking(month: \"2026-11\", category: SIXTH) { totalCount } }", json!({})).await;
}

/// October had visits, and Chipaque objected to it while it could.
async fn objections(world: &World, day: &mut Day<'_>, analyst: &Actor<'_>) {
    let filed =
        "insert into visits.hour_count (tenant_id, hour, visits) select id, '2026-10-05 13:00Z', 5 from tenancy.tenant where slug = $1";
    sqlx::query(filed).bind(CHIPAQUE).execute(&mut suite::postgres(world).await).await.unwrap();
    let objected = "insert into visits.objection (tenant_id, id, month, reason, idempotency_key, filed_at)
         select id, '018f0000-0000-7000-8000-000000000001', '2026-10', 'Faltan visitas del martes', 'o', '2026-11-02 13:00Z'
         from tenancy.tenant where slug = $1";
    sqlx::query(objected).bind(CHIPAQUE).execute(&mut suite::postgres(world).await).await.unwrap();
    let seen = "{ monthClose(month: \"2026-10\") { objections { reason outcome } } }";
    day.ask(&world.actor(CHIPAQUE, Role::Coordinator).await, "{ ownObjections { month outcome } }", json!({})).await;
    day.ask(&world.visitor(FILANDIA), seen, json!({})).await;
    day.ask(analyst, seen, json!({})).await;
    let answer = json!({ "id": "018f0000-0000-7000-8000-000000000001", "outcome": "ACCEPTED", "adjustment": 2,
                         "answer": "El registro muestra dos visitas que se perdieron." });
    day.put(analyst, "answerObjection", "objection { outcome adjustment }", answer).await;
    day.ask(&world.visitor(FILANDIA), seen, json!({})).await;
    day.ask(&world.visitor("agencia"), "{ ranking(month: \"2026-10\") { visits } }", json!({})).await;
}

/// What did not count, what was lost, what is unusual; the rules run again over the ledger; the salts of days that are over.
async fn counting(world: &World, day: &mut Day<'_>) {
    let (recorder, counter) = visits::recorder(&world.platform, visits::Robots::new(Vec::new()).unwrap());
    let at = world.platform.clock().now();
    for host in 0..60 {
        let client = IpAddr::V4(Ipv4Addr::new(190, 0, host, 9));
        let view = visits::PageView::new(world.tenant(CHIPAQUE).id, at, client, "Firefox", "/plan");
        recorder.record(visits::PageView { embedded: host >= 2, ..view });
    }
    let stop = CancellationToken::new();
    stop.cancel();
    counter.run(stop.clone()).await;
    let mut connection = suite::postgres(world).await;
    // The database crashed: the salt of the day is gone, and whoever comes now counts again.
    sqlx::raw_sql("truncate visits.salt").execute(&mut connection).await.unwrap();
    let (recorder, counter) = visits::recorder(&world.platform, visits::Robots::new(Vec::new()).unwrap());
    let again = IpAddr::V4(Ipv4Addr::new(190, 0, 0, 9));
    recorder.record(visits::PageView::new(world.tenant(CHIPAQUE).id, at, again, "Firefox", "/plan"));
    counter.run(stop).await;
    let run = visits::rerun(&world.platform, "2026-12").await.map(|run| (run.towns, run.hits, run.visits, run.differences));
    day.note("rerun", format!("{:?}", run.map_err(|error| error.to_string())));
    world.clock.advance(time::Duration::DAY);
    for job in ["visits.note_days", "visits.destroy_salts", "visits.sweep_ledger"] {
        let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
        tx.enqueue(job, json!({})).await.unwrap();
        tx.commit().await.unwrap();
        while kernel::jobs::run_due(&world.platform).await.unwrap_or_default() > 0 {}
    }
    let salts: i64 = sqlx::query_scalar("select count(*) from visits.salt").fetch_one(&mut connection).await.unwrap();
    day.note("salts", salts);
    let figures = "{ siteFigures(days: 3) { pages { name hits } rejects { reason hits } notes { date rule } } }";
    day.ask(&world.actor(CHIPAQUE, Role::Observer).await, figures, json!({})).await;
    let analyst = world.actor("agencia", Role::Analyst).await;
    let stands =
        "{ counting(month: \"2026-12\") { losses { kind views } rejects { reason hits } notes { municipality { slug } note { rule } } } }";
    day.ask(&analyst, stands, json!({})).await;
    day.ask(&world.visitor("agencia"), "{ rankingCost { visits networks } }", json!({})).await;
}

/// A circular, its receipt, the answer with a file, the agency's word, and that it is withdrawn.
async fn guiding(world: &World, day: &mut Day<'_>) {
    let (administrator, coordinator) = (world.actor("agencia", Role::Administrator).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let circular = json!({ "title": "Menú", "body": "Revíselo.", "ask": "Responda", "audience": "CHOSEN", "municipalities": [CHIPAQUE],
                           "public": true, "idempotencyKey": "l1" });
    day.put(&administrator, "sendCircular", "circular { slug }", circular).await;
    world.settle().await;
    day.ask(&coordinator, "{ receivedCirculars { nodes { title state } } }", json!({})).await;
    day.put(&coordinator, "acknowledgeCircular", "delivery { readerName }", json!({ "slug": "2026-1" })).await;
    let content = stream::iter([Ok(Bytes::from_static(b"%PDF-1.7"))]).boxed();
    let uploaded = file::receive(&coordinator.context(), "respuesta.pdf", content, file::MAX_BYTES).await;
    let uploaded: Vec<String> = uploaded.into_iter().map(|upload| upload.id.to_string()).collect();
    let answer = json!({ "slug": "2026-1", "text": "Listo", "files": uploaded, "idempotencyKey": "l2" });
    day.put(&coordinator, "answerCircular", "delivery { state messages { text files { name } } }", answer).await;
    let thread = "{ circularDeliveries(slug: \"2026-1\") { nodes { state readerName messages { text files { name } } } } }";
    day.ask(&administrator, thread, json!({})).await;
    let reply = json!({ "slug": "2026-1", "municipality": CHIPAQUE, "text": "Gracias", "idempotencyKey": "l3" });
    day.put(&administrator, "replyToCircular", "delivery { messages { text } }", reply).await;
    day.ask(&world.visitor("agencia"), "{ circulars { nodes { title } } }", json!({})).await;
    day.put(&administrator, "withdrawCircular", "circular { slug }", json!({ "slug": "2026-1", "reason": "Ya no aplica" })).await;
    world.settle().await;
    day.ask(&coordinator, "{ receivedCircular(slug: \"2026-1\") { withdrawReason messages { text } } }", json!({})).await;
}

/// What is measured and featured, a call and a nomination, an experience that is broadcast, the news of the month that was closed.
async fn granting(world: &World, day: &mut Day<'_>) {
    let (administrator, coordinator) = (world.actor("agencia", Role::Administrator).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let (visitor, portal) = (world.visitor(CHIPAQUE), world.visitor("agencia"));
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("incentives.gather_all", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    world.clock.advance(time::Duration::minutes(3));
    world.settle().await;
    day.ask(&portal, "{ nationalFigures { towns newsThisYear } }", json!({})).await;
    day.ask(&administrator, "{ featureShortlist { totalCount nodes { points municipality { slug } } } }", json!({})).await;
    let chosen = json!({ "municipality": CHIPAQUE, "reason": "Al día" });
    day.put(&administrator, "featureMunicipality", "feature { slug }", chosen).await;
    day.ask(&portal, "{ features { nodes { slug } } }", json!({})).await;
    day.ask(&visitor, "{ ownFeatures { slug } }", json!({})).await;
    let call = json!({ "title": "Premio", "body": "Bases", "criteria": "100 | Impacto | A quién", "prizes": "Uno", "opensOn": "2026-11-20",
                       "closesOn": "2026-11-23" });
    day.put(&administrator, "keepAwardCall", "awardCall { slug }", call).await;
    day.ask(&visitor, "{ awardCalls { nodes { title } } }", json!({})).await;
    let nomination = json!({ "slug": "premio", "title": "Huerta", "summary": "Una huerta" });
    day.put(&coordinator, "keepNomination", "nomination { title }", nomination).await;
    let answer = json!({ "slug": "premio", "criterion": "impacto", "text": "A muchos" });
    day.put(&coordinator, "answerNomination", "nomination { title }", answer).await;
    day.put(&coordinator, "submitNomination", "nomination { title }", json!({ "slug": "premio" })).await;
    day.ask(&administrator, "{ nominations(slug: \"premio\") { nodes { title } } }", json!({})).await;
    let experience = json!({ "title": "Huerta", "story": "Una huerta", "idempotencyKey": "m1" });
    let experience = word(&day.put(&coordinator, "proposeExperience", "experience { id }", experience).await, "/experience/id");
    day.ask(&administrator, "{ experiences { nodes { title } } }", json!({})).await;
    let decision = json!({ "municipality": CHIPAQUE, "id": experience, "accepted": true, "reason": "Sí" });
    let slug = word(&day.put(&administrator, "decideExperience", "broadcast { slug }", decision).await, "/broadcast/slug");
    let programme =
        json!({ "slug": slug, "summary": "Una huerta", "videoUrl": "https://video.example/1", "transcript": "Buenas tardes. ".repeat(20) });
    day.put(&administrator, "publishBroadcast", "broadcast { state }", programme).await;
    day.ask(&portal, "{ broadcasts { nodes { title } } }", json!({})).await;
    day.ask(&coordinator, "{ ownIncentives { experiences { title broadcast { state } } } }", json!({})).await;
    let news = json!({ "month": "2026-10", "title": "Los líderes", "body": "Estos." });
    day.put(&administrator, "publishMonthlyNews", "monthlyNews { publishedAt }", news).await;
    day.ask(&portal, "{ news { nodes { title } } }", json!({})).await;
}

/// The jury's points and the results of the call, once it has closed.
async fn deciding(world: &World, day: &mut Day<'_>) {
    let (administrator, coordinator) = (world.actor("agencia", Role::Administrator).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let points = json!({ "slug": "premio", "municipality": CHIPAQUE, "points": [80] });
    day.put(&administrator, "scoreNomination", "awardCall { slug }", points).await;
    day.put(
        &administrator,
        "publishResults",
        "awardCall { results { total prize } }",
        json!({ "slug": "premio", "note": "Por unanimidad" }),
    )
    .await;
    day.ask(&coordinator, "{ ownIncentives { awards { place { place prize } } } }", json!({})).await;
}

/// The worker: what is periodic, what waits, the seal of the audit log.
async fn files(world: &World, day: &mut Day<'_>) {
    let cx = world.actor(CHIPAQUE, Role::Editor).await.context();
    let content = stream::iter([Ok(Bytes::from_static(b"%PDF-1.7"))]).boxed();
    let hanging = async {
        let upload = file::receive(&cx, "acta.pdf", content, file::MAX_BYTES).await?;
        let mut tx = cx.write().await?;
        file::attach(&mut tx, &[upload.id], "prueba/acta", file::Public::Yes).await?;
        tx.commit().await?;
        Ok::<_, kernel::Error>(file::of(&mut *cx.read().await?, "prueba/acta").await?.into_iter().map(|file| file.name).collect::<Vec<_>>())
    };
    day.note("files", format!("{:?}", hanging.await.map_err(|error| error.to_string())));
}

async fn by_itself(world: &World, day: &mut Day<'_>) {
    world.settle().await;
    // A new day, whose reading of the plan nobody but the worker asks for.
    world.clock.advance(time::Duration::DAY);
    let stop = CancellationToken::new();
    let started = async {
        // Until the worker has noted its periodic jobs; one that cannot is not waited for long.
        for _ in 0..40 {
            let mut tx = Scope::Worker(None).read(world.platform.db()).await.unwrap();
            let noted: bool = sqlx::query_scalar("select exists (select from kernel.cron_run)").fetch_one(&mut *tx).await.unwrap();
            tx.rollback().await.unwrap();
            if noted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        stop.cancel();
    };
    tokio::join!(kernel::jobs::work(&world.platform, stop.clone()), started);
    world.settle().await;
    // Whoever was read since anything changed is not read again.
    let mut looked = Vec::new();
    for _ in 0..3 {
        let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
        tx.enqueue("plan.read_changed", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        let mut done = 0;
        while let more @ 1.. = kernel::jobs::run_due(&world.platform).await.unwrap() {
            done += more;
        }
        looked.push(done);
    }
    day.note("third look", looked[2]);
    day.note("jobs", format!("{:?}", kernel::jobs::counts(&world.platform).await.unwrap()));
    let mut mails: Vec<_> = world.mailbox.list(100).await.unwrap().into_iter().map(|mail| format!("{} {}", mail.kind, mail.to)).collect();
    mails.sort();
    day.note("mails", mails.join(", "));
    let history = "{ plan { actionLines { indicators { history { totalCount } } } } }";
    day.ask(&world.visitor(CHIPAQUE), history, json!({})).await;
    // A week later the first week of the plan is closed and corrected, and the agency compares the month.
    world.clock.advance(time::Duration::WEEK);
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("plan.lock_all", json!({})).await.unwrap();
    tx.enqueue("visits.read_all", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    let (coordinator, analyst) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("agencia", Role::Analyst).await);
    let weekly =
        "{ indicator(action: 1, key: \"frecuencia-de-actualizacion\") { id periods { nodes { startsOn value } } } progress { scope } }";
    let seen = day.ask(&world.visitor(CHIPAQUE), weekly, json!({})).await;
    let correction =
        json!({ "indicatorId": word(&seen, "/indicator/id"), "startsOn": "2026-11-23", "value": 6, "reason": "Se contó mal la semana" });
    day.put(&coordinator, "correctPeriod", "indicator { periods { nodes { value } } }", correction).await;
    day.ask(&analyst, "{ comparison(measure: \"visits.days_counted\") { known average } }", json!({})).await;
    day.ask(&analyst, "{ planProgress { totalCount nodes { percent entries { scope } } } }", json!({})).await;
    kernel::audit::seal(world.platform.db()).await.unwrap();
    day.note("audit", kernel::audit::verify(world.platform.db()).await.map_or_else(|error| error.to_string(), |held| held.to_string()));
}

/// The command line: accounts, packs, the clock, a tenant that is suspended.
async fn operator(world: &World, day: &mut Day<'_>) {
    let db = world.platform.db();
    let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(db).await.unwrap();
    let seeded = identity::seed_account(&mut tx, "nueva@chipaque.example", "Nueva", Role::Observer, PASSWORD).await;
    day.note("seed", format!("{:?}", tx.settle(seeded).await.map_err(|error| error.to_string())));
    match tenancy::export(&world.platform, CHIPAQUE).await {
        Err(error) => day.note("export", error),
        Ok(pack) => {
            let mut whole = String::new();
            for path in pack.paths("") {
                // How often a criterion was read depends on which of the day's jobs ran beside which.
                let counted = path != "plan/criteria.yaml";
                let length = pack.text(path).ok().flatten().filter(|_| counted).unwrap_or_default().len();
                let _ = write!(whole, "{path} {length} ");
            }
            day.note("export", whole);
            let back = tenancy::import(&world.platform, &pack, true).await;
            day.note("import", format!("{:?}", back.map_err(|error| error.to_string())));
        }
    }
    let mut tx = Scope::Worker(None).write(db).await.unwrap();
    let moved = async {
        tenancy::advance_clock(&mut tx, 60).await?;
        tenancy::set_status(&mut tx, FILANDIA, "suspended").await
    };
    let moved = moved.await;
    day.note("suspend", format!("{:?}", tx.settle(moved).await.map_err(|error| error.to_string())));
    let mut tx = Scope::Worker(None).read(db).await.unwrap();
    let ahead: Option<String> = sqlx::query_scalar("select ahead::text from kernel.clock").fetch_optional(&mut *tx).await.unwrap();
    tx.rollback().await.unwrap();
    day.note("clock", format!("{ahead:?}"));
    let refreshed = tenancy::refresh(&world.platform).await;
    day.note("refreshed", format!("{:?} {}", refreshed.is_ok(), world.tenant(FILANDIA).suspended));
}

async fn without(policy: &(String, String), expected: &[String]) -> bool {
    let world = World::new().await;
    let (table, name) = policy;
    sqlx::query(AssertSqlSafe(format!("drop policy {name} on {table}"))).execute(&mut owner(&world).await).await.unwrap();
    let came = day(&world, Some(expected)).await;
    came != expected
}

/// Runs it on a thread's own runtime: worlds are tried side by side.
fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn all_policies() -> Vec<(String, String)> {
    let world = World::new().await;
    sqlx::query_as(
        "select quote_ident(schemaname) || '.' || quote_ident(tablename), quote_ident(policyname) from pg_policies order by 1, 2",
    )
    .fetch_all(&mut owner(&world).await)
    .await
    .unwrap()
}

async fn untouched() -> Vec<String> {
    day(&World::new().await, None).await
}

#[test]
fn each_policy_matters() {
    let policies = run(all_policies());
    assert!(policies.len() > 40, "only {} policies were found", policies.len());
    let expected = run(untouched());
    for (one, other) in expected.iter().zip(run(untouched())) {
        assert_eq!(*one, other, "two untouched worlds see the same day");
    }
    let failed =
        |step: &&String| step.contains("userErrors\":[{") || step.contains("Err(") || (step.contains("} [") && !step.ends_with("[]"));
    let faults: Vec<_> = expected.iter().filter(failed).collect();
    assert!(faults.is_empty(), "the day goes well while every policy stands: {faults:#?}");

    let waiting = Mutex::new(policies.iter());
    let unnoticed = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                loop {
                    let Some(policy) = waiting.lock().unwrap().next() else { break };
                    // A world that cannot even be entered has noticed.
                    let noticed = std::panic::catch_unwind(|| run(without(policy, &expected))).unwrap_or(true);
                    if !noticed {
                        unnoticed.lock().unwrap().push(format!("{} on {}", policy.1, policy.0));
                    }
                }
            });
        }
    });
    let mut unnoticed = unnoticed.into_inner().unwrap();
    unnoticed.sort();
    let known: Vec<&str> = UNUSED.iter().map(|(policy, _)| *policy).collect();
    assert_eq!(unnoticed, known, "nothing fails without these policies");
}

#[tokio::test]
async fn row_security_switched_off_is_noticed() {
    for table in ["site.news", "cases.case_file", "support.ticket"] {
        let world = World::new().await;
        let planted = plant(&world).await;
        let sql = format!("alter table {table} disable row level security");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut owner(&world).await).await.unwrap();
        let leaks = leaks(&world, &planted).await;
        assert!(leaks.iter().any(|leak| leak == table), "{table} is open to all and nobody noticed: {leaks:?}");
        // A ticket is found by its number alone: there row security is all that stands between two towns.
        assert_eq!(leaks.iter().any(|leak| leak == "ticket"), table == "support.ticket", "{leaks:?}");
    }
}
