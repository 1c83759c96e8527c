//! Another town's data does not exist. Every operation of the schema that names something succeeds as its owner and, with the same
//! variables, shows a stranger nothing and changes nothing; every list, and every table as the database's roles see it, is looked
//! through for a marker that stands in the owner's data alone. Each room's file says what it has of Chipaque's and how it is named.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod agreements;
mod cases;
mod circulars;
mod committee;
mod handover;
mod incentives;
mod plan;
mod site;
mod support;
mod team;
mod training;
mod tramites;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use api::Answer;
use futures::future::BoxFuture;
use kernel::Role;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use suite::{Actor, CHIPAQUE, FILANDIA, World};

use crate::access::{Sdl, required};

/// Every room that has something of a town's.
const ROOMS: [Room; 12] = [
    site::ROOM,
    cases::ROOM,
    tramites::ROOM,
    support::ROOM,
    plan::ROOM,
    committee::ROOM,
    agreements::ROOM,
    training::ROOM,
    team::ROOM,
    handover::ROOM,
    circulars::ROOM,
    incentives::ROOM,
];

/// A word that stands in Chipaque's data and nowhere else.
const MARKER: &str = "zarzamora";
/// A count that stands in Chipaque's visits and nowhere else.
const MARKED_VISITS: i64 = 987_654;
/// What the agency reads of every municipality: the progress of plans, month by month; the hours that it freezes when it closes a month,
/// and what is objected to it; what did not count, and what was unusual; what was measured, and what was sent to it.
const COMPARED: [&str; 11] = [
    "circulars.delivery",
    "circulars.message",
    "incentives.evidence",
    "incentives.experience",
    "incentives.nomination",
    "kernel.file",
    "plan.progress",
    "visits.hour_count",
    "visits.note",
    "visits.objection",
    "visits.reject_count",
];
/// Lists in which the agency reads what the municipalities sent to it.
const SENT: [&str; 1] = ["experiences"];
/// What the agency addresses to every municipality.
const ADDRESSED: [&str; 1] = ["incentives.award_call"];
/// A name of nothing, where things are named by words.
const NO_WORD: &str = "nada-de-nada";
/// A name of nothing, where things are named by ids.
const NO_ID: &str = "018f0000-0000-7000-8000-000000000000";

/// Root fields with arguments that name nothing of a tenant, each with its reason. The list may only shrink.
const NO_TENANT_ARGUMENT: [(&str, &str); 25] = [
    ("answerObjection", "the agency answers the objections of every municipality"),
    ("comparison", "the agency compares what is measured of every municipality"),
    ("closeMonth", "a month is closed for the whole country"),
    ("correctMonth", "the agency corrects a closed month, which is public"),
    ("counting", "what did not count in each municipality is what the agency's analysts look at"),
    ("incomingMail", "a page of the help centre's list; lists are looked through below"),
    ("legalMenu", "a code of the national legal menu"),
    ("legalMenuItem", "a code of the national legal menu"),
    ("measure", "the platform's own name of a fact, measured of the host's tenant"),
    ("monthClose", "a month's close is public"),
    ("monthFile", "what a closed month publishes is public"),
    ("municipalities", "which municipalities there are is public"),
    ("municipalityBySlug", "which municipalities there are is public"),
    ("nextBestActions", "how many; what they are is asked of the host's tenant"),
    ("planProgress", "which progress each municipality makes is what the agency compares"),
    ("planProgressOf", "which progress each municipality makes is what the agency compares"),
    ("objectToMonth", "a month, which is the country's; whose objection it is the host says"),
    ("news", "a page of a list; lists are looked through below"),
    ("ranking", "the ranking is public"),
    ("rankingHistory", "the ranking is public"),
    ("recordCategory", "a year, whose category it is the host says"),
    ("townCategories", "the act that says a category is public"),
    ("siteFigures", "a number of days; lists are looked through below"),
    ("tickets", "a page of a list; lists are looked through below"),
    ("visits", "a number of days; lists are looked through below"),
];

/// What is known of Chipaque's data, so that it can be named: under each word the name of what is there and, in the same shape, the
/// name of what never was.
#[derive(Clone, Default)]
pub(crate) struct Planted {
    names: BTreeMap<&'static str, (String, String)>,
    /// Names that no stranger's answer may tell.
    secrets: Vec<String>,
}

impl Planted {
    fn put(&mut self, word: &'static str, name: impl Into<String>, never: &str) {
        let before = self.names.insert(word, (name.into(), never.to_owned()));
        assert!(before.is_none(), "two rooms plant {word}");
    }

    fn keep_secret(&mut self, name: &str) {
        self.secrets.push(name.to_owned());
    }

    fn of(&self, word: &str) -> &str {
        &self.names.get(word).unwrap_or_else(|| panic!("nothing is planted as {word}")).0
    }

    /// The same shapes, naming nothing at all.
    fn nowhere(&self) -> Self {
        let names = self.names.iter().map(|(word, (_, never))| (*word, (never.clone(), never.clone()))).collect();
        Self { names, secrets: self.secrets.clone() }
    }
}

/// What a room has of a town's, and how strangers try it.
struct Room {
    /// Fills Chipaque with data that bears the marker.
    plant: for<'a> fn(&'a World, &'a Sdl, &'a mut Planted) -> BoxFuture<'a, ()>,
    /// Every operation that names something, in an order in which each finds what it needs: what reads, works on, ends, makes.
    trials: &'static [Trial],
    /// The lists without arguments that show their owner the marker.
    lists: &'static [&'static str],
}

/// Who an operation's owner is.
#[derive(Clone, Copy)]
enum Owner {
    Visitor,
    Town(Role),
    Desk(Role),
    Agency(Role),
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

/// A document of the field with everything that can be selected down to `depth`, and its variables: those of an input go into `input`.
fn written(sdl: &Sdl, name: &str, variables: Value, depth: usize) -> (String, Value) {
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
    (format!("{operation}{declared} {{ {name}{passed}{} }}", sdl.selection_to(&field.ty.node, depth)), variables)
}

/// How deep each field can be asked for before its document is too complex to be run.
static DEPTHS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

async fn ask(sdl: &Sdl, actor: &Actor<'_>, field: &str, variables: Value) -> Answer {
    let mut depth = DEPTHS.lock().unwrap().get(field).copied().unwrap_or(15);
    loop {
        let (document, variables) = written(sdl, field, variables.clone(), depth);
        let answer = actor.answer(&document, variables).await;
        if answer.nothing_ran() && answer.code() == Some("TOO_COMPLEX") && depth > 2 {
            depth -= 1;
            DEPTHS.lock().unwrap().insert(field.to_owned(), depth);
            continue;
        }
        assert!(!answer.nothing_ran(), "{document} is not valid: {:?}", answer.errors);
        return answer;
    }
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

/// Fills Chipaque with data that bears the marker, in every room.
pub(crate) async fn plant(world: &World) -> Planted {
    let (sdl, mut planted) = (Sdl::read(), Planted::default());
    for room in ROOMS {
        (room.plant)(world, &sdl, &mut planted).await;
    }
    planted
}

async fn owner(world: &World, owner: Owner) -> Actor<'_> {
    match owner {
        Owner::Visitor => world.visitor(CHIPAQUE),
        Owner::Town(role) => world.actor(CHIPAQUE, role).await,
        Owner::Desk(role) => world.actor("soporte", role).await,
        Owner::Agency(role) => world.actor("agencia", role).await,
    }
}

/// An account of Filandia that holds every role there is: no guard stops it, so that only tenancy does.
async fn everyone(world: &World) -> Actor<'_> {
    let mut actor = world.actor(FILANDIA, Role::Coordinator).await;
    actor.viewer.account.as_mut().unwrap().roles = Role::ALL.to_vec();
    actor
}

/// Whom a municipality answers and sends things to.
const AGENCY: &str = "the agency's administrator";

/// Strangers to Chipaque by name; the first is held up by no guard.
async fn strangers(world: &World) -> Vec<(&'static str, Actor<'_>)> {
    vec![
        ("Filandia with every role", everyone(world).await),
        ("Filandia's coordinator", world.actor(FILANDIA, Role::Coordinator).await),
        ("Filandia's visitor", world.visitor(FILANDIA)),
        (AGENCY, world.actor("agencia", Role::Administrator).await),
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
    if shows(&told) || planted.secrets.iter().any(|secret| told.contains(secret)) {
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

/// The rows of Chipaque in every table, as one fingerprint each: what a superuser sees, whatever any policy says.
async fn rows(world: &World) -> BTreeMap<String, String> {
    let mut connection = suite::postgres(world).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
         where c.relkind = 'r' and a.attname = 'tenant_id' and n.nspname not in ('pg_catalog', 'information_schema') order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let tenant = world.tenant(CHIPAQUE).id;
    let each = tables.iter().map(|table| {
        format!(
            "select '{table}', md5(coalesce(string_agg(t::text, ' ' order by t::text), '')) from {table} t where tenant_id = '{tenant}'"
        )
    });
    let sql = each.collect::<Vec<_>>().join(" union all ");
    let found: Vec<(String, String)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
    assert!(found.len() > 40, "only {} tables belong to tenants", found.len());
    found.into_iter().collect()
}

/// Tries each operation of a room as strangers, before its owner did it, when it could still succeed, and after.
async fn tried(room: &Room) {
    let (world, sdl, mut planted) = (World::new().await, Sdl::read(), Planted::default());
    (room.plant)(&world, &sdl, &mut planted).await;
    let nowhere = planted.nowhere();
    let strangers = strangers(&world).await;
    let mut wrong = Vec::new();
    let mut before = rows(&world).await;
    for trial in room.trials {
        for round in ["before", "after"] {
            let reads = |who: &str| matches!(trial.owner, Owner::Agency(_)) && who == AGENCY;
            for (index, (who, stranger)) in strangers.iter().enumerate().filter(|(_, (who, _))| !reads(who)) {
                let answer = ask(&sdl, stranger, trial.field, (trial.variables)(&planted)).await;
                for fault in faults(trial, &planted, index == 0, &answer) {
                    wrong.push(format!("{} as {who}, {round} its owner, {fault}", trial.field));
                }
                if trial.gets == Gets::Nothing {
                    let nothing = ask(&sdl, stranger, trial.field, (trial.variables)(&nowhere)).await;
                    let (real, unreal) = (told(&answer), told(&nothing));
                    if real != unreal {
                        wrong.push(format!("{} as {who} tells what is from what never was: {real} / {unreal}", trial.field));
                    }
                }
            }
            let after = rows(&world).await;
            if before != after {
                let changed: Vec<_> =
                    after.iter().filter(|(table, print)| before.get(*table) != Some(print)).map(|(table, _)| table).collect();
                wrong.push(format!("{}: a stranger changed the owner's {changed:?}", trial.field));
            }
            before = after;
            if round == "before" {
                let shown = done(&sdl, &owner(&world, trial.owner).await, trial.field, (trial.variables)(&planted)).await;
                assert!(
                    !trial.marked || shows(&shown.to_string()),
                    "{} shows its owner no marker, so it proves nothing: {shown}",
                    trial.field
                );
                before = rows(&world).await;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_operation_that_names_something_is_tried() {
    let sdl = Sdl::read();
    let tried = |name: &str| ROOMS.iter().flat_map(|room| room.trials).any(|trial| trial.field == name);
    let excused = |name: &str| NO_TENANT_ARGUMENT.iter().any(|(known, _)| *known == name);
    let forgotten = sdl.roots().filter(|(_, field)| !field.arguments.is_empty() && !tried(&field.name.node) && !excused(&field.name.node));
    let forgotten: Vec<_> = forgotten.map(|(_, field)| format!("{} takes {:?}", field.name.node, sdl.takes(field))).collect();
    assert!(forgotten.is_empty(), "add them to their room's trials: {forgotten:#?}");
    for (name, _) in NO_TENANT_ARGUMENT {
        assert!(!sdl.root(name).1.arguments.is_empty() && !tried(name), "{name} is on the list and need not be");
    }
}

#[tokio::test]
async fn no_list_shows_a_stranger_anything_of_another_town() {
    let (world, sdl) = (World::new().await, Sdl::read());
    plant(&world).await;
    let own = lists(&sdl, &world.actor(CHIPAQUE, Role::Coordinator).await).await;
    for name in ROOMS.iter().flat_map(|room| room.lists) {
        assert!(shows(&own[*name]), "{name} shows its owner no marker, so it proves nothing: {}", own[*name]);
    }
    assert!(own["visits"].contains(&MARKED_VISITS.to_string()), "{}", own["visits"]);
    for (who, stranger) in strangers(&world).await {
        for (name, told) in lists(&sdl, &stranger).await {
            if who == AGENCY && SENT.contains(&name.as_str()) {
                continue;
            }
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
        for (number, slug) in [(planted.of("ticket"), CHIPAQUE), (other.as_str(), FILANDIA)] {
            let seen = done(&sdl, &agent, "ticket", json!({ "number": number })).await;
            assert_eq!(seen["municipality"]["slug"], slug);
        }
        let all = done(&sdl, &agent, "tickets", json!({})).await;
        assert_eq!(all["totalCount"], 6, "five of Chipaque, one of Filandia");
        assert!(shows(&all.to_string()));
        let lists = lists(&sdl, &agent).await;
        let beyond: Vec<_> =
            lists.iter().filter(|(name, told)| !["tickets", "incomingMail"].contains(&name.as_str()) && shows(told)).collect();
        assert!(beyond.is_empty(), "the help centre sees more of a town than its tickets and its mail: {beyond:?}");
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
    for trial in ROOMS.iter().flat_map(|room| room.trials).filter(|trial| sdl.root(trial.field).0 == "query") {
        let answer = ask(&sdl, &stranger, trial.field, (trial.variables)(planted)).await;
        if !faults(trial, planted, true, &answer).is_empty() {
            leaks.push(trial.field.to_owned());
        }
    }
    leaks.extend(lists(&sdl, &stranger).await.into_iter().filter(|(_, told)| shows(told)).map(|(name, _)| name));
    for (role, slug) in [("cabildo_tenant", FILANDIA), ("cabildo_agency", "agencia"), ("cabildo_public", "agencia")] {
        let compared =
            |table: &String| ADDRESSED.contains(&table.as_str()) || (role == "cabildo_agency" && COMPARED.contains(&table.as_str()));
        leaks.extend(foreign_tables(world, role, slug).await.into_iter().filter(|table| !compared(table)));
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
    // Each desk of the platform reads what it is there for, and nothing else.
    let tickets = [
        "identity.account",
        "identity.reset",
        "identity.reset_proof",
        "support.incoming_mail",
        "support.mail_bounce",
        "support.message",
        "support.satisfaction",
        "support.ticket",
        "support.ticket_clock",
        "support.ticket_event",
        "support.ticket_mail",
        "support.ticket_merge",
    ];
    for (role, slug, granted) in [("cabildo_support", "soporte", &tickets[..]), ("cabildo_agency", "agencia", &COMPARED[..])] {
        assert_eq!(foreign_tables(&world, role, slug).await, granted, "{role}");
    }
}
