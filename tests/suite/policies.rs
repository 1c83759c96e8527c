//! Each policy of row security is there for something: dropped, the day's work of the platform fails or shows something else.
//! And the tests of isolation are not blind: with row security off on a table they find the leak.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Duration;

use kernel::{Role, Scope};
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
            format!("{data} {:?}", answer.errors.iter().map(|error| &error.message).collect::<Vec<_>>()),
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
    let parts: [Part; 7] = [
        |world, day| Box::pin(site(world, day)),
        |world, day| Box::pin(plan(world, day)),
        |world, day| Box::pin(cases(world, day)),
        |world, day| Box::pin(desk(world, day)),
        |world, day| Box::pin(rankings(world, day)),
        |world, day| Box::pin(by_itself(world, day)),
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
    day.ask(&coordinator, "query($n: String!) { ticket(number: $n) { status messages { text } } }", json!({ "n": ticket })).await;

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

async fn rankings(world: &World, day: &mut Day<'_>) {
    let (recorder, counter) = visits::recorder(&world.platform, visits::Robots::new(Vec::new()).unwrap());
    let (at, client) = (world.platform.clock().now(), IpAddr::V4(Ipv4Addr::new(190, 0, 2, 7)));
    let view = |tenant| visits::PageView { tenant, at, client, user_agent: "Firefox".to_owned(), path: "/tramites".to_owned() };
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
    day.put(&administrator, "closeMonth", "ranking { month nodes { position } }", json!({ "month": "2026-10" })).await;
    for actor in [&visitor, &world.visitor(CHIPAQUE)] {
        day.ask(actor, "{ ranking(month: \"2026-10\") { closedAt genuine nodes { position } } rankingMonths }", json!({})).await;
    }
    day.ask(&world.visitor(CHIPAQUE), "{ rankingHistory { month position } }", json!({})).await;
}

/// The worker: what is periodic, what waits, the seal of the audit log.
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
    day.note("jobs", format!("{:?}", kernel::jobs::counts(&world.platform).await.unwrap()));
    let mut mails: Vec<_> = world.mailbox.list(100).await.unwrap().into_iter().map(|mail| format!("{} {}", mail.kind, mail.to)).collect();
    mails.sort();
    day.note("mails", mails.join(", "));
    let history = "{ plan { actionLines { indicators { history { totalCount } } } } }";
    day.ask(&world.visitor(CHIPAQUE), history, json!({})).await;
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
                let _ = write!(whole, "{path} {}", pack.text(path).ok().flatten().unwrap_or_default().len());
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
    assert_eq!(expected, run(untouched()), "two untouched worlds see the same day");
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
