//! A whole handover: from its opening to the act, and everything that must not be possible on the way.

use kernel::viewer::SignedIn;
use kernel::{Role, Scope, Viewer};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

pub(crate) const MAYOR: &str = "alcaldesa.entrante@example.org";
const PRESS: &str = "prensa.entrante@example.org";

/// A mutation with an input; what it gave, its errors beside it.
pub(crate) async fn put(actor: &Actor<'_>, mutation: &str, selection: &str, input: Value) -> Value {
    let capital = mutation[..1].to_uppercase() + &mutation[1..];
    let document =
        format!("mutation($input: {capital}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ field code message }} }} }}");
    actor.run(&document, json!({ "input": input })).await[mutation].clone()
}

/// The same, which must go well.
pub(crate) async fn done(actor: &Actor<'_>, mutation: &str, input: Value) -> Value {
    let selection = match mutation {
        "enrolMember" | "appointCoordinator" => "member { name email role incoming }",
        "changeRole" | "endMembership" | "keepHandoverItem" => "done",
        "takeCase" => "case { radicado }",
        "openTicket" => "ticket { number }",
        _ => "handover { slug state pendingCount hash }",
    };
    let answer = put(actor, mutation, selection, input).await;
    assert_eq!(answer["userErrors"], json!([]), "{mutation}");
    answer
}

/// The code of the first thing that the user has to mend.
async fn refused(actor: &Actor<'_>, mutation: &str, input: Value) -> String {
    let answer = put(actor, mutation, "__typename", input).await;
    answer["userErrors"][0]["code"].as_str().unwrap_or_else(|| panic!("{mutation} was done: {answer}")).to_owned()
}

async fn state(actor: &Actor<'_>) -> String {
    actor.run("{ handover { state } }", json!({})).await["handover"]["state"].as_str().unwrap().to_owned()
}

pub(crate) fn id_of(email: &str) -> uuid::Uuid {
    kernel::ids::named(uuid::Uuid::nil(), "account", email)
}

/// Somebody on Chipaque's host with the roles that the database gives them now.
pub(crate) async fn person<'a>(world: &'a World, email: &str) -> Actor<'a> {
    let tenant = world.tenant(CHIPAQUE);
    let mut tx = Scope::Tenant(tenant.id).read(world.platform.db()).await.unwrap();
    let member = world.platform.registry().members(&mut tx).await.unwrap().into_iter().find(|member| member.email == email);
    let account = member.map(|member| SignedIn {
        id: member.account,
        session: Vec::new(),
        name: member.name,
        email: member.email,
        roles: member.roles,
    });
    Actor { world, tenant, viewer: Viewer { account } }
}

async fn link(world: &World, to: &str) -> Option<String> {
    world.settle().await;
    let mails = world.mailbox.list(100).await.unwrap();
    let mail = mails.into_iter().find(|mail| mail.kind == "enrolment" && mail.to.contains(to)).expect("a mail came");
    Some(mail.text.split_once("/restablecer/")?.1.lines().next()?.to_owned())
}

const PASSWORDS: &str = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { done userErrors { field code } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { viewer { memberships { role } } userErrors { code } } }";

/// Sets a first password by the mailed link and signs in with it.
pub(crate) async fn come_in(world: &World, email: &str) {
    let token = link(world, email).await.expect("the mail holds a link");
    let visitor = world.visitor(CHIPAQUE);
    let choose = json!({ "input": { "token": token, "password": "cinco gallinas rojas", "passwordAgain": "cinco gallinas rojas" } });
    assert_eq!(visitor.run(PASSWORDS, choose.clone()).await["resetPassword"]["done"], true);
    assert_eq!(visitor.run(PASSWORDS, choose).await["resetPassword"]["userErrors"][0]["code"], "LINK", "used once");
    let signed = visitor.run(SIGN_IN, json!({ "input": { "email": email, "password": "cinco gallinas rojas" } })).await;
    assert_eq!(signed["signIn"]["userErrors"], json!([]));
}

pub(crate) fn opening() -> Value {
    json!({ "cause": "RESIGNATION", "leavesOn": "2026-11-23", "note": "Decreto 7" })
}

pub(crate) fn incoming(email: &str, name: &str, role: &str) -> Value {
    json!({ "email": email, "name": name, "role": role, "incoming": true, "post": "Cargo", "idempotencyKey": format!("k/{email}") })
}

/// Fills every item that waits.
pub(crate) async fn fill(coordinator: &Actor<'_>) {
    let list = coordinator.run("{ handover { items { key state } } }", json!({})).await;
    for item in list["handover"]["items"].as_array().unwrap().iter().filter(|item| item["state"] == "PENDING") {
        done(coordinator, "keepHandoverItem", json!({ "key": item["key"], "state": "READY", "note": "Se entrega completo." })).await;
    }
}

#[tokio::test]
async fn a_whole_handover_leaves_nothing_orphaned() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let (official, observer) = (world.actor(CHIPAQUE, Role::Official).await, world.actor(CHIPAQUE, Role::Observer).await);
    let me = |actor: &Actor<'_>| actor.viewer.id().unwrap().to_string();
    assert_eq!(
        coordinator.run("{ handover { state } currentAdministration { label } }", json!({})).await,
        json!({ "currentAdministration": null, "handover": null })
    );

    // What people hold: a case taken, a ticket asked.
    let petition = json!({ "input": { "kind": "RECLAMO", "subject": "Una farola", "body": "No alumbra.", "anonymous": true, "idempotencyKey": "p1" } });
    let filed = world
        .visitor(CHIPAQUE)
        .run("mutation($input: FilePetitionInput!) { filePetition(input: $input) { case { radicado } } }", petition)
        .await;
    let radicado = filed["filePetition"]["case"]["radicado"].as_str().unwrap().to_owned();
    done(&official, "takeCase", json!({ "radicado": radicado })).await;
    let ticket = json!({ "category": "OTHER", "subject": "Ayuda", "body": "Con el sitio", "idempotencyKey": "t1" });
    done(&coordinator, "openTicket", ticket).await;

    // Open.
    assert_eq!(refused(&coordinator, "openHandover", json!({ "cause": "OTHER", "leavesOn": "2026-11-23" })).await, "REQUIRED");
    let opened = done(&coordinator, "openHandover", opening()).await;
    assert_eq!(opened["handover"]["state"], "OPEN");
    assert_eq!(
        done(&coordinator, "openHandover", opening()).await["handover"]["slug"],
        opened["handover"]["slug"],
        "said again, it is the same"
    );
    assert_eq!(refused(&coordinator, "openHandover", json!({ "cause": "DEATH", "leavesOn": "2026-11-23" })).await, "ONE");

    // The list.
    assert_eq!(refused(&coordinator, "keepHandoverItem", json!({ "key": "obras", "state": "READY" })).await, "REQUIRED");
    assert_eq!(refused(&official, "keepHandoverItem", json!({ "key": "obras", "state": "READY", "note": "Una" })).await, "NOT_YOURS");
    done(&coordinator, "keepHandoverItem", json!({ "key": "obras", "state": "PENDING", "ownerId": me(&official) })).await;
    done(&official, "keepHandoverItem", json!({ "key": "obras", "state": "NOT_APPLICABLE", "reason": "No hay obras en curso" })).await;
    fill(&coordinator).await;

    // Who comes.
    done(&coordinator, "enrolMember", incoming(MAYOR, "Alcaldesa Entrante", "COORDINATOR")).await;
    done(&coordinator, "enrolMember", incoming(PRESS, "Prensa Entrante", "EDITOR")).await;
    come_in(&world, MAYOR).await;
    let share = coordinator.run("{ measure(name: \"handover.officials_enrolled_share\") { value } }", json!({})).await;
    assert_eq!(share["measure"]["value"], 50.0);
    let mayor = person(&world, MAYOR).await;
    assert_eq!(mayor.run("{ handover { state } }", json!({})).await["handover"]["state"], "OPEN", "who comes looks on");
    assert_eq!(
        mayor.refused("mutation { publishNews(input: {title: \"a\", body: \"b\"}) { userErrors { code } } }", json!({})).await,
        "FORBIDDEN"
    );

    // The signatures.
    let pen = |hash: Option<&Value>| json!({ "name": "Una Persona", "post": "Alcaldesa", "documentNumber": "123", "hash": hash });
    assert_eq!(refused(&coordinator, "signHandover", pen(None)).await, "NOT_YOURS");
    done(&coordinator, "designateSigners", json!({ "outgoingId": me(&coordinator), "incomingId": id_of(MAYOR).to_string() })).await;
    let first = done(&coordinator, "signHandover", pen(None)).await;
    assert_eq!(first["handover"]["state"], "SIGNING");
    assert_eq!(refused(&coordinator, "keepHandoverItem", json!({ "key": "obras", "state": "READY", "note": "Tarde" })).await, "STATE");
    let early = coordinator.run("mutation { publishHandover { userErrors { code } } }", json!({})).await;
    assert_eq!(early["publishHandover"]["userErrors"][0]["code"], "STATE");
    assert_eq!(refused(&mayor, "signHandover", pen(Some(&json!("otra")))).await, "CHANGED");

    // Taken up again, both signatures fall.
    assert_eq!(done(&coordinator, "reopenHandover", json!({ "reason": "Faltaba un anexo" })).await["handover"]["hash"], Value::Null);
    let first = done(&coordinator, "signHandover", pen(None)).await;
    let second = done(&mayor, "signHandover", pen(Some(&first["handover"]["hash"]))).await;
    assert_eq!(second["handover"]["state"], "SIGNED");
    let slug = second["handover"]["slug"].as_str().unwrap().to_owned();

    // Published: everybody reads it, and its hash is that of its bytes.
    let document = "query($slug: String!) { publishedHandover(slug: $slug) { hash frozen signatures { side name } document { sections { number title } } } }";
    let visitor = world.visitor(CHIPAQUE);
    assert_eq!(visitor.run(document, json!({ "slug": slug })).await["publishedHandover"], Value::Null);
    coordinator.run("mutation { publishHandover { handover { state } userErrors { code } } }", json!({})).await;
    let read = visitor.run(document, json!({ "slug": slug })).await["publishedHandover"].clone();
    assert_eq!(read["hash"], json!(kernel::secret::sha256_hex(read["frozen"].as_str().unwrap().as_bytes())));
    assert!(!read["frozen"].as_str().unwrap().contains("farola"), "the public document tells no citizen's words");
    let numbers: Vec<_> = read["document"]["sections"].as_array().unwrap().iter().map(|section| section["number"].clone()).collect();
    assert_eq!(numbers, (1..=10).map(|number| json!(number)).chain([Value::Null]).collect::<Vec<_>>());
    let found = visitor.run("{ search(query: \"informe de empalme\") { nodes { path } } }", json!({})).await;
    assert!(found["search"]["nodes"].as_array().unwrap().contains(&json!({ "path": format!("/empalme/{slug}") })), "{found}");
    assert_eq!(world.visitor(FILANDIA).run(document, json!({ "slug": slug })).await["publishedHandover"], Value::Null);
    done(&coordinator, "recordHandover", json!({ "kind": "SOCIALISED", "on": "2026-11-23", "text": "Audiencia en el parque" })).await;

    // The act, once everybody's lot is decided.
    assert_eq!(refused(&coordinator, "closeHandover", json!({})).await, "UNDECIDED");
    let decide = |who: String, leaves: bool, to: Option<String>| json!({ "accountId": who, "leaves": leaves, "successorId": to });
    let editor = world.actor(CHIPAQUE, Role::Editor).await;
    done(&coordinator, "decideDeparture", decide(me(&coordinator), true, None)).await;
    done(&coordinator, "decideDeparture", decide(me(&official), true, Some(id_of(PRESS).to_string()))).await;
    done(&coordinator, "decideDeparture", decide(me(&editor), true, None)).await;
    done(&coordinator, "decideDeparture", decide(me(&observer), false, None)).await;
    assert_eq!(refused(&coordinator, "decideDeparture", decide(id_of(MAYOR).to_string(), true, None)).await, "COMES");
    world.clock.advance(time::Duration::minutes(1));
    assert_eq!(done(&coordinator, "closeHandover", json!({ "label": "2026–2027" })).await["handover"]["state"], "CLOSED");

    let now = person(&world, MAYOR).await;
    assert_eq!(now.viewer.account.as_ref().unwrap().roles, [Role::Coordinator]);
    assert_eq!(person(&world, PRESS).await.viewer.account.unwrap().roles, [Role::Editor]);
    for gone in [Role::Coordinator, Role::Editor, Role::Official] {
        assert!(person(&world, &suite::email(gone, CHIPAQUE)).await.viewer.account.is_none(), "{gone:?}");
    }
    assert_eq!(now.run("{ handoverOrphans { title } }", json!({})).await["handoverOrphans"], json!([]));
    let team = now.run("{ team { email holdings } }", json!({})).await;
    let held = |email: &str| team["team"].as_array().unwrap().iter().find(|row| row["email"] == email).unwrap()["holdings"].clone();
    assert_eq!((held(PRESS), held(MAYOR)), (json!(1), json!(1)), "the case went to its successor, the ticket to the new coordinator");
    let history = visitor.run("{ currentAdministration { label startedOn } administrations { label } }", json!({})).await;
    assert_eq!(history["currentAdministration"], json!({ "label": "2026–2027", "startedOn": "2026-11-23" }));
    assert_eq!(history["administrations"][1]["label"], "2024–2027");
    let due = now.run("{ duties { kind dueOn } }", json!({})).await;
    let verify = due["duties"].as_array().unwrap().iter().find(|duty| duty["kind"] == "handover.verify").expect("the verification is due");
    assert_eq!(verify["dueOn"], "2027-01-07", "30 working days from the signature");
    done(&now, "recordHandover", json!({ "kind": "VERIFIED", "on": "2026-11-23", "text": "Con Control Interno" })).await;
}

#[tokio::test]
async fn it_opens_by_itself_three_months_before_the_end_and_not_twice() {
    let world = World::new().await;
    let mayor = world.actor(CHIPAQUE, Role::Coordinator).await;
    let look = async || {
        let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
        tx.enqueue("handover.look", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        world.settle().await;
    };
    look().await;
    assert_eq!(mayor.run("{ handover { state } }", json!({})).await["handover"], Value::Null);
    world.clock.advance(time::macros::datetime!(2027-10-01 09:00 -5) - world.platform.clock().now());
    look().await;
    look().await;
    let open = mayor
        .run("{ handover { slug state byItself leavesOn deadlines { dueOn explanation legalBasis } items { owner { name } } } }", json!({}))
        .await;
    assert_eq!(open["handover"]["slug"], "2024-2027");
    assert_eq!(open["handover"]["byItself"], true);
    assert_eq!(open["handover"]["deadlines"][0]["dueOn"], "2028-01-24", "15 working days after 31 December 2027");
    assert!(open["handover"]["deadlines"][0]["explanation"].as_str().unwrap().contains("No cuentan"));
    assert_ne!(open["handover"]["items"][0]["owner"], Value::Null, "whoever coordinates answers for the list");
    // Left half-way, it says so and can be taken up again.
    world.clock.advance(time::Duration::days(20));
    assert_ne!(mayor.run("{ handover { restingSince } }", json!({})).await["handover"]["restingSince"], Value::Null);
    done(&mayor, "keepHandoverItem", json!({ "key": "obras", "state": "READY", "note": "Tres obras" })).await;
    assert_eq!(mayor.run("{ handover { restingSince } }", json!({})).await["handover"]["restingSince"], Value::Null);
    // Called off, it does not come back by itself.
    done(&mayor, "cancelHandover", json!({ "reason": "Se hará en papel" })).await;
    look().await;
    assert_eq!(mayor.run("{ handover { state } }", json!({})).await["handover"], Value::Null);
}

#[tokio::test]
async fn a_town_without_coordinator_gets_one_from_the_help_centre() {
    let world = World::new().await;
    let supervisor = world.actor("soporte", Role::Supervisor).await;
    let input = json!({ "municipality": CHIPAQUE, "email": MAYOR, "name": "Nueva Coordinación", "act": "Decreto 12 de 2026", "idempotencyKey": "a1" });
    let agent = world.actor("soporte", Role::Agent).await;
    let document = "mutation($input: AppointCoordinatorInput!) { appointCoordinator(input: $input) { userErrors { code } } }";
    assert_eq!(agent.refused(document, json!({ "input": input })).await, "FORBIDDEN");
    done(&supervisor, "appointCoordinator", input.clone()).await;
    done(&supervisor, "appointCoordinator", input).await;
    come_in(&world, MAYOR).await;
    let new = person(&world, MAYOR).await;
    assert_eq!(new.run("{ handover { cause state note } }", json!({})).await["handover"]["cause"], "ABSENCE");
    let notices = world.mailbox.list(50).await.unwrap().into_iter().filter(|mail| mail.kind == "credential-notice").count();
    assert_eq!(notices, 1, "the town's mailbox is told");
    assert_eq!(state(&new).await, "OPEN");
}

#[tokio::test]
async fn a_town_keeps_its_own_team() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let enrol = |email: &str, role: &str, key: &str| json!({ "email": email, "name": "Rosa Elvira", "role": role, "idempotencyKey": key });
    // Somebody of another town, and somebody of nowhere: the answers are the same.
    let elsewhere = suite::email(Role::Editor, FILANDIA);
    let known = done(&coordinator, "enrolMember", enrol(&elsewhere, "OFFICIAL", "k1")).await;
    let unknown = done(&coordinator, "enrolMember", enrol("rosa@example.org", "OFFICIAL", "k2")).await;
    let same = |answer: &Value| json!([answer["member"]["name"], answer["member"]["role"], answer["member"]["incoming"]]);
    assert_eq!(same(&known), same(&unknown));
    done(&coordinator, "enrolMember", enrol("rosa@example.org", "OFFICIAL", "k2")).await;
    let team = coordinator.run("{ team { accountId email name hasPassword lastSeenAt } }", json!({})).await;
    let row = |email: &str| team["team"].as_array().unwrap().iter().find(|row| row["email"] == email).unwrap().clone();
    let told = |row: Value| json!([row["name"], row["hasPassword"], row["lastSeenAt"]]);
    assert_eq!(told(row(&elsewhere)), told(row("rosa@example.org")), "nothing is told of another town's account");
    assert!(link(&world, &elsewhere).await.is_none(), "who has a password gets no link to set one");
    come_in(&world, "rosa@example.org").await;
    assert_eq!(refused(&coordinator, "enrolMember", enrol("rosa@example.org", "EDITOR", "k3")).await, "MEMBER");
    assert_eq!(refused(&coordinator, "enrolMember", enrol("rosa", "AGENT", "k4")).await, "FORM");
    assert_eq!(refused(&coordinator, "enrolMember", incoming(PRESS, "Prensa", "EDITOR")).await, "NONE", "nobody comes without a handover");

    // Roles change; a town keeps somebody who coordinates it.
    let rosa = row("rosa@example.org")["accountId"].clone();
    let mine = coordinator.viewer.id().unwrap().to_string();
    assert_eq!(refused(&coordinator, "changeRole", json!({ "accountId": mine, "role": "EDITOR" })).await, "LAST");
    assert_eq!(refused(&coordinator, "changeRole", json!({ "accountId": rosa, "role": "AGENT" })).await, "ROLE");
    done(&coordinator, "changeRole", json!({ "accountId": rosa, "role": "COORDINATOR" })).await;
    let rosa_now = person(&world, "rosa@example.org").await;
    assert_eq!(rosa_now.viewer.account.as_ref().unwrap().roles, [Role::Coordinator]);

    // Who ends holds nothing after, and stays elsewhere.
    let ticket = json!({ "category": "OTHER", "subject": "Ayuda", "body": "Con el sitio", "idempotencyKey": "t1" });
    done(&coordinator, "openTicket", ticket).await;
    assert_eq!(refused(&rosa_now, "endMembership", json!({ "accountId": mine, "reason": "Se retiró" })).await, "HOLDINGS");
    assert_eq!(refused(&rosa_now, "endMembership", json!({ "accountId": mine, "reason": " ", "successorId": rosa })).await, "REQUIRED");
    done(&rosa_now, "endMembership", json!({ "accountId": mine, "reason": "Se retiró", "successorId": rosa })).await;
    assert_eq!(refused(&rosa_now, "endMembership", json!({ "accountId": rosa, "reason": "Me voy" })).await, "HOLDINGS");
    done(&rosa_now, "endMembership", json!({ "accountId": id_of(&elsewhere).to_string(), "reason": "Fue un error" })).await;
    let there = world.visitor(FILANDIA).run(SIGN_IN, json!({ "input": { "email": elsewhere, "password": suite::PASSWORD } })).await;
    assert_eq!(there["signIn"]["viewer"]["memberships"], json!([{ "role": "EDITOR" }]));
    let here = world.visitor(CHIPAQUE).run(SIGN_IN, json!({ "input": { "email": elsewhere, "password": suite::PASSWORD } })).await;
    assert_eq!(here["signIn"]["viewer"], Value::Null);
}
