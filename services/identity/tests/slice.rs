//! Who cannot get in, gets in again: from the form at the door to a new password, and every short cut that must not exist.

use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, PASSWORD, World, email};

const REQUEST: &str = "mutation($input: RequestAccessInput!) { requestAccess(input: $input) { received userErrors { field code } } }";
const TICKETS: &str =
    "{ tickets(first: 50, category: CREDENTIALS) { totalCount nodes { number status subject waitingMinutes municipality { slug }
    messages { author internal text } } } }";
const START: &str = "mutation($input: StartResetInput!) { startReset(input: $input) { reset { id state needsApproval proofs { kind state } } userErrors { field code } } }";
const CODE: &str = "mutation($input: SendProofCodeInput!) { sendProofCode(input: $input) { reset { state } userErrors { field code } } }";
const PROOF: &str = "mutation($input: RecordProofInput!) { recordProof(input: $input) { reset { state proofs { kind state } } userErrors { field code message } } }";
const CONFIRM: &str = "mutation($input: ConfirmResetInput!) { confirmReset(input: $input) { reset { state } userErrors { field code } } }";
const APPROVE: &str = "mutation($input: ApproveResetInput!) { approveReset(input: $input) { reset { state } userErrors { field code } } }";
const PASSWORDS: &str = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { done userErrors { field code } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { viewer { name email memberships { role municipality { slug } } can } userErrors { field code message } } }";

async fn ask(world: &World, slug: &str, who: &str, key: &str) {
    let asked = world.visitor(slug).run(REQUEST, json!({ "input": { "email": who, "idempotencyKey": key } })).await;
    assert_eq!(asked["requestAccess"], json!({ "received": true, "userErrors": [] }));
}

async fn newest_ticket(agent: &Actor<'_>) -> String {
    let tickets = agent.run(TICKETS, json!({})).await;
    let nodes = tickets["tickets"]["nodes"].as_array().unwrap();
    nodes.iter().filter_map(|ticket| ticket["number"].as_str()).max().unwrap().to_owned()
}

async fn start(agent: &Actor<'_>, ticket: &str, account: &str) -> Value {
    agent.run(START, json!({ "input": { "ticketNumber": ticket, "accountEmail": account } })).await["startReset"].clone()
}

async fn mail(world: &World, kind: &str) -> String {
    world.settle().await;
    let mails = world.mailbox.list(50).await.unwrap();
    mails.into_iter().find(|mail| mail.kind == kind).unwrap_or_else(|| panic!("no mail of kind {kind}")).text
}

async fn code(world: &World, agent: &Actor<'_>, reset: &str) -> String {
    let sent = agent.run(CODE, json!({ "input": { "resetId": reset, "kind": "MAILBOX_CODE" } })).await;
    assert_eq!(sent["sendProofCode"]["userErrors"], json!([]));
    let text = mail(world, "credential-code").await;
    text.split_once("Código: ").unwrap().1.lines().next().unwrap().to_owned()
}

async fn token(world: &World) -> String {
    mail(world, "credential-reset").await.split_once("/restablecer/").unwrap().1.lines().next().unwrap().to_owned()
}

async fn sign_in(actor: &Actor<'_>, email: &str, password: &str) -> Value {
    actor.run(SIGN_IN, json!({ "input": { "email": email, "password": password } })).await["signIn"].clone()
}

#[tokio::test]
async fn an_editor_gets_a_new_password_by_two_proofs() {
    let world = World::new().await;
    let (agent, editor) = (world.actor("soporte", Role::Agent).await, email(Role::Editor, CHIPAQUE));
    ask(&world, CHIPAQUE, &editor, "k1").await;
    ask(&world, CHIPAQUE, &editor, "k1").await;
    let tickets = agent.run(TICKETS, json!({})).await;
    assert_eq!(tickets["tickets"]["totalCount"], 1, "the same key is the same request");
    assert_eq!(tickets["tickets"]["nodes"][0]["municipality"]["slug"], CHIPAQUE);
    assert_eq!(tickets["tickets"]["nodes"][0]["messages"][0]["internal"], true);
    let ticket = newest_ticket(&agent).await;

    let started = start(&agent, &ticket, &editor).await;
    let reset = started["reset"]["id"].as_str().unwrap().to_owned();
    assert_eq!(start(&agent, &ticket, &editor).await["reset"]["id"], json!(reset), "started twice, it is one");
    assert_eq!(started["reset"]["state"], "GATHERING");

    let code = code(&world, &agent, &reset).await;
    let record = |kind: &str, code: Option<&str>, evidence: Option<&str>| json!({ "input": { "resetId": reset, "kind": kind, "code": code, "evidence": evidence } });
    let wrong = agent.run(PROOF, record("MAILBOX_CODE", Some("AAA-AAA"), None)).await;
    assert_eq!(wrong["recordProof"]["userErrors"][0]["code"], "WRONG");
    let right = agent.run(PROOF, record("MAILBOX_CODE", Some(&code.to_lowercase().replace('-', " ")), None)).await;
    assert_eq!(right["recordProof"]["reset"]["state"], "GATHERING", "{right}");
    let act = agent.run(PROOF, record("ACT", None, Some("Acta 7 de 2026"))).await;
    assert_eq!(act["recordProof"]["reset"]["state"], "READY", "{act}");

    let visitor = world.visitor(CHIPAQUE);
    let signed = world.door.context(api_asker(&world, &session(&visitor, &editor, PASSWORD).await)).await.unwrap();
    assert!(signed.viewer.account.is_some());
    let token_before = session(&visitor, &editor, PASSWORD).await;
    let token = token(&world).await;
    let choose = |password: &str| json!({ "input": { "token": token, "password": password, "passwordAgain": password } });
    let weak = visitor.run(PASSWORDS, choose("corta")).await;
    assert_eq!(weak["resetPassword"]["userErrors"][0]["field"], json!(["password"]), "a weak password does not use the link up");
    world.clock.advance(time::Duration::minutes(1));
    let done = visitor.run(PASSWORDS, choose("tres ovejas azules")).await;
    assert_eq!(done["resetPassword"]["done"], true, "{done}");
    let again = visitor.run(PASSWORDS, choose("cuatro ovejas azules")).await;
    assert_eq!(again["resetPassword"]["userErrors"][0]["code"], "LINK", "a link is used once");
    let over = world.door.context(api_asker(&world, &token_before)).await.unwrap();
    assert!(over.viewer.account.is_none(), "every session from before is over");
    assert_eq!(sign_in(&visitor, &editor, PASSWORD).await["viewer"], Value::Null);
    assert_eq!(sign_in(&visitor, &editor, "tres ovejas azules").await["viewer"]["memberships"][0]["role"], "EDITOR");
}

async fn session(actor: &Actor<'_>, email: &str, password: &str) -> String {
    let answer = actor.answer(SIGN_IN, json!({ "input": { "email": email, "password": password } })).await;
    let cookie = answer.headers.first().expect("a cookie is set").1.to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split_once('=').unwrap().1.split(';').next().unwrap().to_owned()
}

fn api_asker<'a>(world: &World, token: &'a str) -> api::Asker<'a> {
    api::Asker {
        tenant: world.tenant(CHIPAQUE),
        host: "chipaque-cundinamarca.localhost",
        token: Some(token),
        client: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        secure: false,
    }
}

#[tokio::test]
async fn a_session_holds_on_the_host_where_it_began_and_ends_unused() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let token = session(&visitor, &email(Role::Editor, CHIPAQUE), PASSWORD).await;
    let known = async |tenant: &str, host: &str, token: &str| {
        let asker = api::Asker { tenant: world.tenant(tenant), host, ..api_asker(&world, token) };
        world.door.context(asker).await.unwrap().viewer.account.is_some()
    };
    let host = "chipaque-cundinamarca.localhost";
    assert!(known(CHIPAQUE, host, &token).await);
    assert!(!known(CHIPAQUE, "www.chipaque.gov.co", &token).await, "another host of the same town is another door");
    assert!(!known(FILANDIA, host, &token).await && !known(FILANDIA, "filandia-quindio.localhost", &token).await);
    assert!(!known(CHIPAQUE, host, &token.replace(char::is_numeric, "a")).await);
    for _ in 0..3 {
        world.clock.advance(time::Duration::hours(11));
        assert!(known(CHIPAQUE, host, &token).await, "a session in use goes on");
    }
    world.clock.advance(time::Duration::hours(12) + time::Duration::SECOND);
    assert!(!known(CHIPAQUE, host, &token).await, "left alone for half a day, it is over");
    let mut connection = suite::postgres(&world).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from identity.session s where to_jsonb(s)::text like '%' || $1 || '%'")
        .bind(&token)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(kept, 0, "the token itself is kept nowhere");
}

#[tokio::test]
async fn a_mailbox_code_and_the_coordinator_are_enough_and_the_agents_word_is_not() {
    let world = World::new().await;
    let (agent, coordinator) = (world.actor("soporte", Role::Agent).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let account = email(Role::Editor, CHIPAQUE);
    ask(&world, CHIPAQUE, &account, "k8").await;
    let ticket = newest_ticket(&agent).await;
    let reset = start(&agent, &ticket, &account).await["reset"]["id"].as_str().unwrap().to_owned();
    for (kind, evidence) in [("ACT", "Acta 9 de 2026"), ("CALLBACK_CODE", "Llamé y habló ella"), ("ACT", "Otra acta")] {
        let told = json!({ "input": { "resetId": reset, "kind": kind, "evidence": evidence } });
        assert_eq!(agent.run(PROOF, told).await["recordProof"]["reset"]["state"], "GATHERING", "{kind}");
    }
    let mine = agent.run(PROOF, json!({ "input": { "resetId": reset, "kind": "COORDINATOR", "evidence": "Me dijo que sí" } })).await;
    assert_eq!(mine["recordProof"]["userErrors"][0]["code"], "NOT_YOURS");
    assert_eq!(agent.refused(CONFIRM, json!({ "input": { "resetId": reset } })).await, "FORBIDDEN");
    world.settle().await;
    let mails = world.mailbox.list(50).await.unwrap();
    assert!(mails.iter().all(|mail| mail.kind != "credential-reset"), "no link before the proofs");

    let other = start(&agent, &ticket, &email(Role::Official, CHIPAQUE)).await["reset"]["id"].as_str().unwrap().to_owned();
    let read = code(&world, &agent, &other).await;
    let elsewhere = agent.run(PROOF, json!({ "input": { "resetId": reset, "kind": "MAILBOX_CODE", "code": read } })).await;
    assert_eq!(elsewhere["recordProof"]["userErrors"][0]["code"], "NOT_SENT", "a code is of its own reset");
    let proved = agent.run(PROOF, json!({ "input": { "resetId": other, "kind": "MAILBOX_CODE", "code": read } })).await;
    assert_eq!(proved["recordProof"]["reset"]["state"], "GATHERING");
    let confirmed = coordinator.run(CONFIRM, json!({ "input": { "resetId": other } })).await;
    assert_eq!(confirmed["confirmReset"]["reset"]["state"], "READY");
    world.settle().await;
    let link = world.mailbox.list(50).await.unwrap().into_iter().find(|mail| mail.kind == "credential-reset").unwrap();
    assert_eq!(link.to, email(Role::Official, CHIPAQUE), "the link goes to the account's own e-mail and nowhere else");
    let token = token(&world).await;
    world.clock.advance(time::Duration::minutes(29));
    let choose = json!({ "input": { "token": token, "password": "tres ovejas azules", "passwordAgain": "tres ovejas azules" } });
    assert_eq!(
        world.visitor(FILANDIA).run(PASSWORDS, choose.clone()).await["resetPassword"]["userErrors"][0]["code"],
        "LINK",
        "on its own host only"
    );
    assert_eq!(world.visitor(CHIPAQUE).run(PASSWORDS, choose.clone()).await["resetPassword"]["done"], true);
    assert_eq!(world.visitor(CHIPAQUE).run(PASSWORDS, choose).await["resetPassword"]["userErrors"][0]["code"], "LINK");
}

#[tokio::test]
async fn an_unknown_account_cannot_be_told_from_a_known_one() {
    let world = World::new().await;
    // `ask` holds both to the very same answer, and to the sixth and to the thirtieth request alike.
    for key in 0..7 {
        ask(&world, CHIPAQUE, "nadie@chipaque.example", &format!("n{key}")).await;
        ask(&world, CHIPAQUE, &email(Role::Editor, CHIPAQUE), &format!("e{key}")).await;
    }
    world.settle().await;
    assert!(world.mailbox.list(50).await.unwrap().is_empty(), "nobody is written to because a stranger asked");
    let visitor = world.visitor(CHIPAQUE);
    let unknown = sign_in(&visitor, "nadie@chipaque.example", "una clave cualquiera").await;
    let wrong = sign_in(&visitor, &email(Role::Editor, CHIPAQUE), "una clave cualquiera").await;
    assert_eq!(unknown, wrong);
    let elsewhere = sign_in(&world.visitor(FILANDIA), &email(Role::Editor, CHIPAQUE), PASSWORD).await;
    assert_eq!(elsewhere, wrong, "an account of one municipality is unknown in another");
}

#[tokio::test]
async fn ten_wrong_passwords_close_the_door_but_not_the_way_to_help() {
    let world = World::new().await;
    let (visitor, editor) = (world.visitor(CHIPAQUE), email(Role::Editor, CHIPAQUE));
    for _ in 0..10 {
        sign_in(&visitor, &editor, "no es esta clave").await;
    }
    let input = json!({ "input": { "email": editor, "password": PASSWORD } });
    assert_eq!(visitor.refused(SIGN_IN, input).await, "THROTTLED");
    ask(&world, CHIPAQUE, &editor, "k4").await;
    world.clock.advance(time::Duration::minutes(16));
    assert!(sign_in(&visitor, &editor, PASSWORD).await["viewer"].is_object());
}

#[tokio::test]
async fn a_ticket_of_one_municipality_opens_no_account_of_another() {
    let world = World::new().await;
    let agent = world.actor("soporte", Role::Agent).await;
    ask(&world, CHIPAQUE, &email(Role::Editor, CHIPAQUE), "k5").await;
    let ticket = newest_ticket(&agent).await;
    for stranger in [email(Role::Editor, FILANDIA), email(Role::Supervisor, "soporte"), "nadie@chipaque.example".to_owned()] {
        let refused = start(&agent, &ticket, &stranger).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["accountEmail"]), "{stranger}");
    }
    let unknown = start(&agent, "999999", &email(Role::Editor, CHIPAQUE)).await;
    assert_eq!(unknown["userErrors"][0]["field"], json!(["ticketNumber"]));
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let input = json!({ "input": { "ticketNumber": ticket, "accountEmail": email(Role::Editor, CHIPAQUE) } });
    assert_eq!(coordinator.refused(START, input).await, "FORBIDDEN");
}

#[tokio::test]
async fn a_coordinators_account_needs_a_supervisor_who_did_not_work_on_it() {
    let world = World::new().await;
    let (agent, supervisor) = (world.actor("soporte", Role::Agent).await, world.actor("soporte", Role::Supervisor).await);
    let account = email(Role::Coordinator, CHIPAQUE);
    ask(&world, CHIPAQUE, &account, "k6").await;
    let ticket = newest_ticket(&agent).await;
    let started = start(&agent, &ticket, &account).await;
    assert_eq!(started["reset"]["needsApproval"], true);
    let reset = started["reset"]["id"].as_str().unwrap().to_owned();
    let own = world.actor(CHIPAQUE, Role::Coordinator).await.run(CONFIRM, json!({ "input": { "resetId": reset } })).await;
    assert_eq!(own["confirmReset"]["userErrors"][0]["code"], "OWN");
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    assert_eq!(stranger.refused(CONFIRM, json!({ "input": { "resetId": reset } })).await, "NOT_FOUND");
    let code = code(&world, &agent, &reset).await;
    agent.run(PROOF, json!({ "input": { "resetId": reset, "kind": "MAILBOX_CODE", "code": code } })).await;
    let act = json!({ "input": { "resetId": reset, "kind": "CALLBACK_CODE", "evidence": "Llamé al conmutador y habló ella" } });
    assert_eq!(agent.run(PROOF, act).await["recordProof"]["reset"]["state"], "AWAITING_APPROVAL");
    assert_eq!(agent.refused(APPROVE, json!({ "input": { "resetId": reset } })).await, "FORBIDDEN");
    let approved = supervisor.run(APPROVE, json!({ "input": { "resetId": reset } })).await;
    assert_eq!(approved["approveReset"]["reset"]["state"], "READY", "{approved}");
}

#[tokio::test]
async fn a_coordinator_confirms_a_colleague_and_codes_run_out() {
    let world = World::new().await;
    let (agent, coordinator) = (world.actor("soporte", Role::Agent).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let account = email(Role::Official, CHIPAQUE);
    ask(&world, CHIPAQUE, &account, "k7").await;
    let ticket = newest_ticket(&agent).await;
    let reset = start(&agent, &ticket, &account).await["reset"]["id"].as_str().unwrap().to_owned();
    let sent = code(&world, &agent, &reset).await;
    for _ in 0..5 {
        agent.run(PROOF, json!({ "input": { "resetId": reset, "kind": "MAILBOX_CODE", "code": "AAA-AAA" } })).await;
    }
    let late = agent.run(PROOF, json!({ "input": { "resetId": reset, "kind": "MAILBOX_CODE", "code": sent } })).await;
    assert_eq!(late["recordProof"]["userErrors"][0]["code"], "EXPIRED", "five tries, then another code");
    let waiting = coordinator.run("{ resetsToConfirm { id own accountEmail } team { email roles hasPassword } }", json!({})).await;
    assert_eq!(waiting["resetsToConfirm"], json!([{ "id": reset, "own": false, "accountEmail": account }]));
    assert_eq!(waiting["team"].as_array().unwrap().len(), 4);
    let confirmed = coordinator.run(CONFIRM, json!({ "input": { "resetId": reset } })).await;
    assert_eq!(confirmed["confirmReset"]["reset"]["state"], "GATHERING");
    let told = json!({ "input": { "resetId": reset, "kind": "ACT", "evidence": "Acta 8 de 2026" } });
    assert_eq!(agent.run(PROOF, told).await["recordProof"]["reset"]["state"], "READY");
    let token = token(&world).await;
    world.clock.advance(time::Duration::minutes(31));
    let late = world
        .visitor(CHIPAQUE)
        .run(PASSWORDS, json!({ "input": { "token": token, "password": "tres ovejas azules", "passwordAgain": "tres ovejas azules" } }))
        .await;
    assert_eq!(late["resetPassword"]["userErrors"][0]["code"], "LINK");
    let resets = agent.run("query($n: String!) { resets(ticketNumber: $n) { state accountEmail } }", json!({ "n": ticket })).await;
    assert_eq!(resets["resets"], json!([{ "state": "EXPIRED", "accountEmail": account }]));
}
