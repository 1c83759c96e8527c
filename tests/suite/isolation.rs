//! Another town's data does not exist. Every operation of the schema that names something succeeds as its owner and, with the same
//! variables, shows a stranger nothing; every list, and every table as the database's roles see it, is looked through for a marker
//! that stands in the owner's data alone.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use api::Answer;
use kernel::{Role, Scope};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use suite::{Actor, CHIPAQUE, FILANDIA, PASSWORD, World};

use crate::access::{Sdl, required};

/// A word that stands in Chipaque's data and nowhere else.
const MARKER: &str = "zarzamora";
/// A count that stands in Chipaque's visits and nowhere else.
const MARKED_VISITS: i64 = 987_654;
const MARKED_ACCOUNT: &str = "zarzamora@chipaque-cundinamarca.example";

/// Root fields with arguments that name nothing of a tenant, each with its reason. The list may only shrink.
const NO_TENANT_ARGUMENT: [(&str, &str); 11] = [
    ("closeMonth", "a month is closed for the whole country"),
    ("legalMenu", "a code of the national legal menu"),
    ("legalMenuItem", "a code of the national legal menu"),
    ("measure", "the platform's own name of a fact, measured of the host's tenant"),
    ("municipalities", "which municipalities there are is public"),
    ("municipalityBySlug", "which municipalities there are is public"),
    ("news", "a page of a list; lists are looked through below"),
    ("ranking", "the ranking is public"),
    ("rankingHistory", "the ranking is public"),
    ("tickets", "a page of a list; lists are looked through below"),
    ("visits", "a number of days; lists are looked through below"),
];

/// What is known of Chipaque's data, so that it can be named.
#[derive(Clone)]
pub(crate) struct Planted {
    news: String,
    page: String,
    words: String,
    radicado: String,
    code: String,
    /// The code of a petition without the marker, filed under `key`.
    other_code: String,
    key: String,
    ticket: String,
    indicator: String,
    criterion: String,
    account: String,
    reset: String,
    coordinators_reset: String,
    token: String,
}

impl Planted {
    /// The same shapes, naming nothing at all.
    fn nowhere() -> Self {
        let (id, text) = ("018f0000-0000-7000-8000-000000000000".to_owned(), "nada-de-nada".to_owned());
        Self {
            news: text.clone(),
            page: text.clone(),
            words: "inexistente".to_owned(),
            radicado: "2026-000418-7".to_owned(),
            code: "AAA-AAA".to_owned(),
            other_code: "AAA-AAB".to_owned(),
            key: text,
            ticket: "999999".to_owned(),
            indicator: id.clone(),
            criterion: String::new(),
            account: "nadie@chipaque-cundinamarca.example".to_owned(),
            reset: id.clone(),
            coordinators_reset: id,
            token: "0".repeat(64),
        }
    }
}

/// Who an operation's owner is.
#[derive(Clone, Copy)]
enum Owner {
    Visitor,
    Town(Role),
    Desk(Role),
}

/// What a stranger may get of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gets {
    /// Null, an empty list, a rejection or `NOT_FOUND`, and the same for something that never was.
    Nothing,
    /// Their own: the name is one that every town has (a national slug, a key of the sender's).
    TheirOwn,
}

struct Trial {
    field: &'static str,
    owner: Owner,
    gets: Gets,
    /// Whether the owner's answer shows the marker.
    marked: bool,
    variables: fn(&Planted) -> Value,
}

const fn trial(field: &'static str, owner: Owner, gets: Gets, marked: bool, variables: fn(&Planted) -> Value) -> Trial {
    Trial { field, owner, gets, marked, variables }
}

/// Every operation that names something, in an order in which each finds what it needs: what reads, what works on, what ends, what makes.
const TRIALS: &[Trial] = {
    use Gets::{Nothing, TheirOwn};
    use Owner::{Desk, Town, Visitor};
    &[
        trial("newsItem", Visitor, Nothing, true, |it| json!({ "slug": it.news })),
        trial("page", Visitor, Nothing, true, |it| json!({ "slug": it.page })),
        trial("search", Visitor, Nothing, true, |it| json!({ "query": it.words })),
        trial("actionLine", Visitor, TheirOwn, true, |_| json!({ "number": 1 })),
        trial("phase", Visitor, TheirOwn, true, |_| json!({ "key": "informacion" })),
        trial("case", Visitor, Nothing, true, |it| json!({ "radicado": it.radicado, "code": it.code })),
        trial("case", Town(Role::Official), Nothing, true, |it| json!({ "radicado": it.radicado })),
        trial("cases", Town(Role::Official), Nothing, true, |it| json!({ "search": it.words })),
        trial("tramites", Town(Role::Official), Nothing, true, |it| json!({ "search": it.words })),
        trial("tramite", Town(Role::Official), TheirOwn, true, |_| json!({ "slug": ENTRY })),
        trial("catalogueReview", Town(Role::Official), Nothing, true, |it| json!({ "search": it.words })),
        trial("catalogueSheet", Town(Role::Official), TheirOwn, true, |_| json!({ "slug": ENTRY })),
        trial("ticket", Town(Role::Coordinator), Nothing, true, |it| json!({ "number": it.ticket })),
        trial("resets", Desk(Role::Agent), Nothing, true, |it| json!({ "ticketNumber": it.ticket })),
        trial("signIn", Visitor, Nothing, true, |it| json!({ "email": it.account, "password": PASSWORD })),
        trial("openCase", Visitor, Nothing, true, |it| json!({ "radicado": it.radicado, "code": it.code })),
        trial("takeCase", Town(Role::Official), Nothing, true, |it| json!({ "radicado": it.radicado })),
        trial("answerCase", Town(Role::Official), Nothing, true, |it| json!({ "radicado": it.radicado, "answer": "Ya se arregló." })),
        trial("assignTicket", Desk(Role::Agent), Nothing, true, |it| json!({ "number": it.ticket })),
        trial("replyToTicket", Town(Role::Coordinator), Nothing, true, |it| json!({ "number": it.ticket, "text": "Sigue igual" })),
        trial("startReset", Desk(Role::Agent), Nothing, true, |it| json!({ "ticketNumber": it.ticket, "accountEmail": it.account })),
        trial("sendProofCode", Desk(Role::Agent), Nothing, true, |it| json!({ "resetId": it.reset, "kind": "MAILBOX_CODE" })),
        trial("recordProof", Desk(Role::Agent), Nothing, true, |it| json!({ "resetId": it.reset, "kind": "ACT", "evidence": "Acta 7" })),
        trial("confirmReset", Town(Role::Coordinator), Nothing, true, |it| json!({ "resetId": it.reset })),
        trial("approveReset", Desk(Role::Supervisor), Nothing, false, |it| json!({ "resetId": it.coordinators_reset })),
        trial(
            "resetPassword",
            Visitor,
            Nothing,
            false,
            |it| json!({ "token": it.token, "password": "tres ovejas azules", "passwordAgain": "tres ovejas azules" }),
        ),
        trial("recordMeasurement", Town(Role::Coordinator), Nothing, true, |it| json!({ "indicatorId": it.indicator, "value": 40.0 })),
        trial(
            "setCriterionState",
            Town(Role::Coordinator),
            TheirOwn,
            false,
            |it| json!({ "code": it.criterion, "state": "PARTIAL", "evidence": "Acta 9" }),
        ),
        trial("setActivityDone", Town(Role::Coordinator), TheirOwn, false, |_| json!({ "actionLine": 1, "activity": 1, "done": false })),
        trial("keepEntry", Town(Role::Official), TheirOwn, true, |_| json!({ "slug": ENTRY, "state": "PUBLISHED" })),
        trial("confirmEntry", Town(Role::Official), TheirOwn, false, |_| entry("Un recibo")),
        trial("withdrawNews", Town(Role::Editor), Nothing, true, |it| json!({ "slug": it.news })),
        trial("resolveTicket", Town(Role::Coordinator), Nothing, true, |it| json!({ "number": it.ticket })),
        trial(
            "publishNews",
            Town(Role::Editor),
            TheirOwn,
            false,
            |_| json!({ "title": "Jornada de aseo", "body": "El sábado.", "slug": "jornada-de-aseo" }),
        ),
        trial("filePetition", Visitor, TheirOwn, false, |it| petition(&it.key, "Una farola apagada", "RECLAMO")),
        trial(
            "openTicket",
            Town(Role::Coordinator),
            TheirOwn,
            true,
            |it| json!({ "category": "OTHER", "subject": "Otra cosa", "body": "Otra cosa", "idempotencyKey": it.key }),
        ),
        trial("requestAccess", Visitor, TheirOwn, false, |it| json!({ "email": it.account, "idempotencyKey": it.key })),
    ]
};

/// An entry of the national base.
const ENTRY: &str = "impuesto-predial-unificado";

fn entry(result: &str) -> Value {
    json!({
        "slug": ENTRY, "whoMayAsk": "Propietarios", "requirements": [], "costKind": "FREE", "termBusinessDays": 3,
        "result": result, "legalBasis": "Ley 44 de 1990"
    })
}

fn petition(key: &str, text: &str, kind: &str) -> Value {
    json!({ "kind": kind, "subject": text, "body": text, "anonymous": true, "idempotencyKey": key })
}

/// A document of the field with everything that can be selected, and its variables: those of an input go into `input`.
fn written(sdl: &Sdl, name: &str, variables: Value) -> (String, Value) {
    let (operation, field) = sdl.root(name);
    let wrapped = field.arguments.iter().any(|argument| argument.node.name.node == "input");
    let variables = if wrapped { json!({ "input": variables }) } else { variables };
    let (mut declared, mut passed) = (String::new(), String::new());
    for argument in
        field.arguments.iter().map(|argument| &argument.node).filter(|argument| !variables[argument.name.node.as_str()].is_null())
    {
        let _ = write!(declared, "${}: {} ", argument.name.node, argument.ty.node);
        let _ = write!(passed, "{0}: ${0} ", argument.name.node);
    }
    let (declared, passed) = if passed.is_empty() { (declared, passed) } else { (format!("({declared})"), format!("({passed})")) };
    (format!("{operation}{declared} {{ {name}{passed}{} }}", sdl.selection(&field.ty.node)), variables)
}

async fn ask(sdl: &Sdl, actor: &Actor<'_>, field: &str, variables: Value) -> Answer {
    let (document, variables) = written(sdl, field, variables);
    let answer = actor.answer(&document, variables).await;
    assert!(!answer.nothing_ran(), "{document} is not valid: {:?}", answer.errors);
    answer
}

/// Runs it as its owner: nothing may be wrong with it.
async fn done(sdl: &Sdl, actor: &Actor<'_>, field: &str, variables: Value) -> Value {
    let answer = ask(sdl, actor, field, variables).await;
    let data = serde_json::to_value(&answer.data).unwrap()[field].clone();
    let faults = data["userErrors"].as_array().map_or(0, Vec::len);
    assert!(answer.errors.is_empty() && faults == 0 && !data.is_null(), "{field} fails for its owner: {:?} {data}", answer.errors);
    data
}

fn text(data: &Value, pointer: &str) -> String {
    data.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is not in {data}")).to_owned()
}

fn shows(text: &str) -> bool {
    text.to_lowercase().contains(MARKER)
}

/// Fills Chipaque with data that bears the marker.
pub(crate) async fn plant(world: &World) -> Planted {
    let sdl = Sdl::read();
    let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(world.platform.db()).await.unwrap();
    identity::seed_account(&mut tx, MARKED_ACCOUNT, MARKER, Role::Editor, PASSWORD).await.unwrap();
    let now = tx.now();
    sqlx::query("insert into site.page (tenant_id, slug, title, body, updated_at) values (kernel.current_tenant(), $1, $1, $1, $2)")
        .bind(MARKER)
        .bind(now)
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("insert into visits.hour_count (tenant_id, hour, visits) values (kernel.current_tenant(), date_trunc('hour', $1), $2)")
        .bind(now)
        .bind(MARKED_VISITS)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let (visitor, coordinator) = (world.visitor(CHIPAQUE), world.actor(CHIPAQUE, Role::Coordinator).await);
    let (official, agent) = (world.actor(CHIPAQUE, Role::Official).await, world.actor("soporte", Role::Agent).await);
    let news = json!({ "title": format!("Cosecha de {MARKER}"), "body": format!("Hay {MARKER}."), "slug": "cosecha-de-mora" });
    done(&sdl, &coordinator, "publishNews", news).await;
    let filed = done(&sdl, &visitor, "filePetition", petition("k1", &format!("La {MARKER}"), "CONGRESO")).await;
    let other = done(&sdl, &visitor, "filePetition", petition("k2", "Una farola apagada", "RECLAMO")).await;
    let ticket = json!({ "category": "PUBLISHING", "subject": MARKER, "body": MARKER, "idempotencyKey": "k2" });
    let ticket = text(&done(&sdl, &coordinator, "openTicket", ticket).await, "/ticket/number");
    for internal in [true, false] {
        done(&sdl, &agent, "replyToTicket", json!({ "number": ticket, "text": MARKER, "internal": internal })).await;
    }
    done(&sdl, &official, "confirmEntry", entry(MARKER)).await;

    let plan = coordinator
        .run("{ plan { actionLines { indicators { id kind } } phases { criteria(first: 20) { nodes { code computed } } } } }", json!({}))
        .await;
    let all = |list: &str, below: &str| -> Vec<Value> {
        let lists = plan["plan"][list].as_array().unwrap().iter();
        lists.filter_map(|item| item.pointer(below)?.as_array()).flatten().cloned().collect()
    };
    let indicators = all("actionLines", "/indicators");
    let indicator = indicators.iter().find(|indicator| indicator["kind"] == "RECORDED").expect("an indicator is recorded by hand");
    let criteria: Vec<Value> = plan["plan"]["phases"][0]["criteria"]["nodes"].as_array().unwrap().clone();
    let criterion = criteria.iter().find(|criterion| criterion["computed"] == false).expect("a criterion is assessed by hand");
    let (indicator, criterion) = (text(indicator, "/id"), text(criterion, "/code"));
    done(&sdl, &coordinator, "recordMeasurement", json!({ "indicatorId": indicator, "value": 50.0, "evidence": MARKER })).await;
    done(&sdl, &coordinator, "setCriterionState", json!({ "code": criterion, "state": "YES", "evidence": MARKER })).await;
    done(&sdl, &coordinator, "setActivityDone", json!({ "actionLine": 1, "activity": 1, "done": true, "evidence": MARKER })).await;

    let start = async |email: &str| {
        let started = done(&sdl, &agent, "startReset", json!({ "ticketNumber": ticket, "accountEmail": email })).await;
        text(&started, "/reset/id")
    };
    let reset = start(MARKED_ACCOUNT).await;
    let coordinators_reset = start(&suite::email(Role::Coordinator, CHIPAQUE)).await;
    let ready = start(&suite::email(Role::Official, CHIPAQUE)).await;
    done(&sdl, &agent, "recordProof", json!({ "resetId": ready, "kind": "ACT", "evidence": MARKER })).await;
    done(&sdl, &coordinator, "confirmReset", json!({ "resetId": ready })).await;
    world.settle().await;
    let mails = world.mailbox.list(100).await.unwrap();
    let link = mails.iter().find(|mail| mail.kind == "credential-reset").expect("a link was mailed");
    let token = link.text.split_once("/restablecer/").unwrap().1.lines().next().unwrap().to_owned();

    Planted {
        news: "cosecha-de-mora".to_owned(),
        page: MARKER.to_owned(),
        words: MARKER.to_owned(),
        radicado: text(&filed, "/case/radicado"),
        code: text(&filed, "/code"),
        other_code: text(&other, "/code"),
        key: "k2".to_owned(),
        ticket,
        indicator,
        criterion,
        account: MARKED_ACCOUNT.to_owned(),
        reset,
        coordinators_reset,
        token,
    }
}

async fn owner(world: &World, owner: Owner) -> Actor<'_> {
    match owner {
        Owner::Visitor => world.visitor(CHIPAQUE),
        Owner::Town(role) => world.actor(CHIPAQUE, role).await,
        Owner::Desk(role) => world.actor("soporte", role).await,
    }
}

/// An account of Filandia that holds every role there is: no guard stops it, so that only tenancy does.
async fn everyone(world: &World) -> Actor<'_> {
    let mut actor = world.actor(FILANDIA, Role::Coordinator).await;
    actor.viewer.account.as_mut().unwrap().roles = Role::ALL.to_vec();
    actor
}

/// Strangers to Chipaque by name; the first is held up by no guard.
async fn strangers(world: &World) -> Vec<(&'static str, Actor<'_>)> {
    vec![
        ("Filandia with every role", everyone(world).await),
        ("Filandia's coordinator", world.actor(FILANDIA, Role::Coordinator).await),
        ("Filandia's visitor", world.visitor(FILANDIA)),
        ("the agency's administrator", world.actor("agencia", Role::Administrator).await),
        ("the agency's visitor", world.visitor("agencia")),
        ("the help centre's visitor", world.visitor("soporte")),
    ]
}

fn codes(answer: &Answer) -> Vec<String> {
    let code = |error: &async_graphql::ServerError| error.extensions.as_ref()?.get("code").map(ToString::to_string);
    answer.errors.iter().map(|error| code(error).unwrap_or_default().trim_matches('"').to_owned()).collect()
}

/// The whole answer as text: data, messages and codes, keys sorted.
fn told(answer: &Answer) -> String {
    let messages: Vec<&str> = answer.errors.iter().map(|error| error.message.as_str()).collect();
    format!("{} {messages:?} {:?}", serde_json::to_value(&answer.data).unwrap(), codes(answer))
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) if fields.contains_key("nodes") => empty(&fields["nodes"]) && fields["totalCount"] == 0,
        Value::Object(fields) if fields.contains_key("userErrors") => {
            !empty(&fields["userErrors"]) && fields.iter().all(|(key, value)| key == "userErrors" || empty(value))
        }
        _ => false,
    }
}

/// What is wrong with a stranger's answer.
fn faults(trial: &Trial, planted: &Planted, unguarded: bool, answer: &Answer) -> Vec<String> {
    let (told, codes) = (told(answer), codes(answer));
    let mut faults = Vec::new();
    if shows(&told) || told.contains(&planted.code) || told.contains(&planted.other_code) {
        faults.push("shows the owner's data".to_owned());
    }
    if codes.iter().any(|code| ["INTERNAL", "TOO_COMPLEX", "THROTTLED"].contains(&code.as_str())) {
        faults.push(format!("answers {codes:?}"));
    }
    if unguarded && codes.iter().any(|code| ["FORBIDDEN", "UNAUTHENTICATED"].contains(&code.as_str())) {
        faults.push("is forbidden, so that it is known to exist".to_owned());
    }
    let data = serde_json::to_value(&answer.data).unwrap();
    if trial.gets == Gets::Nothing && !empty(&data[trial.field]) {
        faults.push("is not empty".to_owned());
    }
    faults.into_iter().map(|fault| format!("{fault}: {told}")).collect()
}

/// Every list that can be asked for without an argument, whole; what differs at every look is left out.
async fn lists(sdl: &Sdl, actor: &Actor<'_>) -> BTreeMap<String, String> {
    let mut lists = BTreeMap::new();
    for (_, field) in sdl.roots().filter(|(operation, _)| *operation == "query") {
        let name = field.name.node.as_str();
        if name == "idempotencyKey" || field.arguments.iter().any(|argument| required(&argument.node)) {
            continue;
        }
        let answer = ask(sdl, actor, name, json!({})).await;
        assert!(!codes(&answer).iter().any(|code| code == "TOO_COMPLEX" || code == "INTERNAL"), "{name}: {:?}", answer.errors);
        lists.insert(name.to_owned(), told(&answer));
    }
    lists
}

#[tokio::test]
async fn every_operation_that_names_something_is_tried_by_strangers() {
    let sdl = Sdl::read();
    let tried = |name: &str| TRIALS.iter().any(|trial| trial.field == name);
    let excused = |name: &str| NO_TENANT_ARGUMENT.iter().any(|(known, _)| *known == name);
    for (_, field) in sdl.roots().filter(|(_, field)| !field.arguments.is_empty()) {
        let name = field.name.node.as_str();
        assert!(tried(name) || excused(name), "{name} takes {:?}: add it to TRIALS", sdl.takes(field));
    }
    for (name, _) in NO_TENANT_ARGUMENT {
        assert!(!sdl.root(name).1.arguments.is_empty() && !tried(name), "{name} is on the list and need not be");
    }

    let world = World::new().await;
    let planted = plant(&world).await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let mut wrong = Vec::new();
    for trial in TRIALS {
        let writes = sdl.root(trial.field).0 == "mutation";
        let view = async || if writes { lists(&sdl, &coordinator).await } else { BTreeMap::new() };
        // Before the owner, when it could still succeed, and after.
        for round in ["before", "after"] {
            let before = view().await;
            for (index, (who, stranger)) in strangers(&world).await.iter().enumerate() {
                let answer = ask(&sdl, stranger, trial.field, (trial.variables)(&planted)).await;
                for fault in faults(trial, &planted, index == 0, &answer) {
                    wrong.push(format!("{} as {who}, {round} its owner, {fault}", trial.field));
                }
                if trial.gets == Gets::Nothing {
                    let nowhere = ask(&sdl, stranger, trial.field, (trial.variables)(&Planted::nowhere())).await;
                    let (real, unreal) = (told(&answer), told(&nowhere));
                    if real != unreal {
                        wrong.push(format!("{} as {who} tells what is from what never was: {real} / {unreal}", trial.field));
                    }
                }
            }
            if before != view().await {
                wrong.push(format!("{}: a stranger changed what its owner sees", trial.field));
            }
            if round == "before" {
                let shown = done(&sdl, &owner(&world, trial.owner).await, trial.field, (trial.variables)(&planted)).await;
                assert!(
                    !trial.marked || shows(&shown.to_string()),
                    "{} shows its owner no marker, so it proves nothing: {shown}",
                    trial.field
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_list_shows_a_stranger_anything_of_another_town() {
    let (world, sdl) = (World::new().await, Sdl::read());
    plant(&world).await;
    let own = lists(&sdl, &world.actor(CHIPAQUE, Role::Coordinator).await).await;
    for name in ["news", "pages", "plan", "cases", "tickets", "team", "resetsToConfirm", "duties"] {
        assert!(shows(&own[name]), "{name} shows its owner no marker, so it proves nothing: {}", own[name]);
    }
    assert!(own["visits"].contains(&MARKED_VISITS.to_string()), "{}", own["visits"]);
    for (who, stranger) in strangers(&world).await {
        for (name, told) in lists(&sdl, &stranger).await {
            // The visits of every town are public as the ranking's sums, and as nothing else.
            assert!(!shows(&told) && !told.contains(&MARKED_VISITS.to_string()), "{name} shows it to {who}: {told}");
        }
    }
}

#[tokio::test]
async fn the_help_centre_sees_the_tickets_of_every_town() {
    let (world, sdl) = (World::new().await, Sdl::read());
    let planted = plant(&world).await;
    let filandia = world.actor(FILANDIA, Role::Coordinator).await;
    let ticket = json!({ "category": "OTHER", "subject": "Ayuda", "body": "Ayuda", "idempotencyKey": "f1" });
    let other = text(&done(&sdl, &filandia, "openTicket", ticket).await, "/ticket/number");
    for role in [Role::Agent, Role::Supervisor, Role::MailAdministrator] {
        let agent = world.actor("soporte", role).await;
        for (number, slug) in [(&planted.ticket, CHIPAQUE), (&other, FILANDIA)] {
            let seen = done(&sdl, &agent, "ticket", json!({ "number": number })).await;
            assert_eq!(seen["municipality"]["slug"], slug);
        }
        let all = done(&sdl, &agent, "tickets", json!({})).await;
        assert_eq!(all["totalCount"], 2);
        assert!(shows(&all.to_string()));
        let lists = lists(&sdl, &agent).await;
        let beyond: Vec<_> = lists.iter().filter(|(name, told)| *name != "tickets" && shows(told)).collect();
        assert!(beyond.is_empty(), "the help centre sees more of a town than its tickets: {beyond:?}");
    }
}

/// The tables in which a role of the database, in a tenant, sees rows of another: by `tenant_id` where there is one, else by the marker.
async fn foreign_tables(world: &World, role: &str, slug: &str) -> Vec<String> {
    let mut connection = suite::runtime(world).await;
    let tenant = world.tenant(slug).id;
    sqlx::raw_sql(AssertSqlSafe(format!("begin; set local role {role}; set local app.tenant = '{tenant}'")))
        .execute(&mut connection)
        .await
        .unwrap();
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select c.oid::regclass::text, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'public')
           and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(!tables.is_empty(), "{role} sees no table at all");
    let mut foreign = Vec::new();
    for (table, owned) in tables {
        let beyond = if owned { "tenant_id is distinct from kernel.current_tenant()" } else { "lower(t::text) like '%zarzamora%'" };
        let sql = format!("select exists (select from {table} t where {beyond})");
        let found: bool = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        if found {
            foreign.push(table);
        }
    }
    foreign
}

/// Where Chipaque's data comes to a stranger's eyes: by an operation, or by a table as the database shows it to a stranger's role.
/// Most statements name their tenant besides, so that without row security it is mostly the tables that tell.
pub(crate) async fn leaks(world: &World, planted: &Planted) -> Vec<String> {
    let sdl = Sdl::read();
    let stranger = everyone(world).await;
    let mut leaks = Vec::new();
    for trial in TRIALS.iter().filter(|trial| sdl.root(trial.field).0 == "query") {
        let answer = ask(&sdl, &stranger, trial.field, (trial.variables)(planted)).await;
        if !faults(trial, planted, true, &answer).is_empty() {
            leaks.push(trial.field.to_owned());
        }
    }
    leaks.extend(lists(&sdl, &stranger).await.into_iter().filter(|(_, told)| shows(told)).map(|(name, _)| name));
    for (role, slug) in [("cabildo_tenant", FILANDIA), ("cabildo_agency", "agencia"), ("cabildo_public", "agencia")] {
        leaks.extend(foreign_tables(world, role, slug).await);
    }
    leaks.sort();
    leaks.dedup();
    leaks
}

#[tokio::test]
async fn no_role_of_the_database_reads_another_towns_rows_but_by_name() {
    let world = World::new().await;
    let planted = plant(&world).await;
    assert_eq!(leaks(&world, &planted).await, Vec::<String>::new());
    let granted = ["identity.account", "identity.reset", "identity.reset_proof", "support.message", "support.ticket"];
    assert_eq!(
        foreign_tables(&world, "cabildo_support", "soporte").await,
        granted,
        "the help centre reads tickets and resets, nothing else"
    );
}
