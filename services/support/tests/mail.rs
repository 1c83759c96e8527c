//! Mail to the help centre, as mail servers hand it over: a real LMTP conversation over a socket.

use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{CHIPAQUE, FILANDIA, PASSWORD, World, email};
use support::{Envelope, Received};
use time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

const DESK: &str = "soporte@cabildo.example";
const ONE: &str = "query($n: String!) { ticket(number: $n) { number status category subject body openedBy contactEmail municipality { slug }
    mail { address stranger whole leftOut } bounce { address detail } messages { author authorName text internal mail { address stranger whole } } } }";
const REPLY: &str =
    "mutation($input: ReplyToTicketInput!) { replyToTicket(input: $input) { ticket { status } userErrors { field code } } }";
const RESOLVE: &str =
    "mutation($input: ResolveTicketInput!) { resolveTicket(input: $input) { ticket { status } userErrors { field code } } }";
const LIST: &str = "query($view: IncomingMailView) { incomingMail(first: 100, view: $view) { totalCount nodes { id sender subject body reason leftOut candidates { slug } } } }";
const ASSIGN: &str = "mutation($input: AssignMailInput!) { assignMail(input: $input) { ticket { number municipality { slug } } userErrors { field code } } }";
const DISCARD: &str = "mutation($input: DiscardMailInput!) { discardMail(input: $input) { discarded userErrors { field code } } }";

/// A mail server that has a line to the platform.
struct Server {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// Ends the platform's end of it with this one.
    hold: DropGuard,
}

impl Server {
    async fn dial(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(support::lmtp::serve(world.platform.clone(), listener, stop.clone()));
        let (reader, writer) = TcpStream::connect(address).await.unwrap().into_split();
        let mut server = Self { reader: BufReader::new(reader), writer, hold: stop.drop_guard() };
        assert!(server.answer().await.starts_with("220 "));
        let greeting = server.ask("LHLO mx.example").await;
        for extension in ["SIZE 41943040", "8BITMIME", "PIPELINING"] {
            assert!(greeting.contains(extension), "{greeting}");
        }
        server
    }

    /// The next answer, with all its lines.
    async fn answer(&mut self) -> String {
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            assert!(self.reader.read_line(&mut line).await.unwrap() > 0, "the line was cut after {answer:?}");
            answer.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return answer;
            }
        }
    }

    async fn ask(&mut self, command: &str) -> String {
        self.writer.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
        self.answer().await
    }

    /// Hands a mail over to one recipient; what came of it.
    async fn hand(&mut self, from: &str, to: &str, mail: &str) -> String {
        let accepted = self.ask(&format!("MAIL FROM:<{from}> BODY=8BITMIME")).await;
        assert!(accepted.starts_with("250 "), "{accepted}");
        let accepted = self.ask(&format!("RCPT TO:<{to}>")).await;
        assert!(accepted.starts_with("250 "), "{accepted}");
        assert!(self.ask("DATA").await.starts_with("354 "));
        self.writer.write_all(wire(mail).as_bytes()).await.unwrap();
        self.answer().await
    }

    /// Hands a mail over that is to be kept.
    async fn sends(&mut self, from: &str, to: &str, mail: &str) {
        let answer = self.hand(from, to, mail).await;
        assert!(answer.starts_with("250 "), "{answer}");
    }
}

/// A mail on the line: dots doubled, and one at the end.
fn wire(mail: &str) -> String {
    let lines = mail.lines().map(|line| if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") });
    lines.collect::<String>() + ".\r\n"
}

fn mail(from: &str, id: &str, subject: &str, more: &str, text: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!("{more}\n") };
    format!(
        "From: <{from}>\nTo: <{DESK}>\nSubject: {subject}\nMessage-ID: <{id}>\nContent-Type: text/plain; charset=utf-8\n{more}\n{text}\n"
    )
}

async fn list(world: &World, view: &str) -> Value {
    world.actor("soporte", Role::Agent).await.run(LIST, json!({ "view": view })).await["incomingMail"].clone()
}

/// The number of the newest ticket, and how many there are.
async fn newest(world: &World) -> (String, i64) {
    let mut connection = suite::postgres(world).await;
    let (number, count): (Option<i64>, i64) =
        sqlx::query_as("select max(number), count(*) from support.ticket").fetch_one(&mut connection).await.unwrap();
    (number.unwrap_or_default().to_string(), count)
}

#[tokio::test]
async fn a_question_by_mail_is_answered_by_mail_and_goes_on_in_one_thread() {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let asker = email(Role::Coordinator, CHIPAQUE);
    let mut server = Server::dial(&world).await;
    server.sends(&asker, DESK, &mail(&asker, "q1@chipaque.example", "No puedo publicar el acta", "", "Pesa 14 MB.\n..\n-- \nRosa")).await;
    let (number, count) = newest(&world).await;
    assert_eq!(count, 1);
    let seen = coordinator.run(ONE, json!({ "n": number })).await["ticket"].clone();
    assert_eq!(
        (&seen["category"], &seen["municipality"]["slug"], &seen["openedBy"]),
        (&json!("PUBLISHING"), &json!(CHIPAQUE), &Value::Null)
    );
    assert_eq!((&seen["subject"], &seen["body"]), (&json!("No puedo publicar el acta"), &json!("Pesa 14 MB.\n..")));
    assert_eq!(seen["mail"], json!({ "address": asker, "stranger": false, "whole": "Pesa 14 MB.\n..\n-- \nRosa", "leftOut": [] }));
    world.settle().await;
    let told = world.mailbox.list(5).await.unwrap().remove(0);
    assert_eq!(
        (told.to.as_str(), told.kind.as_str(), &told.references),
        (asker.as_str(), "ticket-received", &vec!["q1@chipaque.example".to_owned()])
    );
    assert!(told.text.contains(&number) && !told.text.contains("/restablecer/"), "{}", told.text);

    world.clock.advance(Duration::minutes(5));
    agent.run(REPLY, json!({ "input": { "number": number, "text": "¿Puede reducirlo?", "status": "WAITING_MUNICIPALITY" } })).await;
    world.settle().await;
    let answer = world.mailbox.list(5).await.unwrap().remove(0);
    assert_eq!((answer.to.as_str(), answer.kind.as_str()), (asker.as_str(), "ticket-reply"));
    assert_eq!(answer.references, ["q1@chipaque.example".to_owned(), told.message_id.clone()]);
    assert!(
        answer.reply_to.starts_with(&format!("soporte+{number}.")) && answer.reply_to.ends_with("@cabildo.example"),
        "{}",
        answer.reply_to
    );

    // By the address alone, then by the mail that it answers alone.
    world.clock.advance(Duration::minutes(5));
    let quoting = "Ya lo reduje.\n\nEl lun, 23 nov 2026, Mesa de ayuda escribió:\n> ¿Puede reducirlo?";
    server.sends(&asker, &answer.reply_to, &mail(&asker, "q2@chipaque.example", "Re: otra cosa", "", quoting)).await;
    world.clock.advance(Duration::minutes(5));
    let follows = format!("In-Reply-To: <{}>", answer.message_id);
    server.sends(&asker, DESK, &mail(&asker, "q3@chipaque.example", "Listo", &follows, "Y ya carga.")).await;
    assert_eq!(newest(&world).await, (number.clone(), 1), "no other ticket");
    let seen = agent.run(ONE, json!({ "n": number })).await["ticket"].clone();
    assert_eq!(seen["status"], "OPEN");
    let texts: Vec<&str> = seen["messages"].as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["¿Puede reducirlo?", "Ya lo reduje.", "Y ya carga."]);
    assert_eq!(seen["messages"][1]["mail"], json!({ "address": asker, "stranger": false, "whole": quoting }));
    assert_eq!((&seen["messages"][0]["mail"], &seen["messages"][1]["authorName"]), (&Value::Null, &json!(asker)));

    let front = world.front();
    let page = front.browser("soporte").signed_in(&email(Role::Agent, "soporte")).await.get(&format!("/mesa/{number}")).await;
    assert!(page.body.contains("Por correo") && page.body.contains("El correo completo"), "{}", page.body);

    // Closed by the help centre and then by the municipality, what comes after is another ticket that says so.
    agent.run(RESOLVE, json!({ "input": { "number": number, "text": "Quedó" } })).await;
    coordinator.run(RESOLVE, json!({ "input": { "number": number } })).await;
    server.sends(&asker, &answer.reply_to, &mail(&asker, "q4@chipaque.example", "Re: otra vez", "", "Volvió a pasar.")).await;
    let (next, count) = newest(&world).await;
    assert_eq!(count, 2);
    let seen = agent.run(ONE, json!({ "n": next })).await["ticket"].clone();
    assert_eq!((&seen["messages"][0]["author"], &seen["municipality"]["slug"]), (&json!("SYSTEM"), &json!(CHIPAQUE)));
    assert!(seen["messages"][0]["text"].as_str().unwrap().contains(&number));
}

#[tokio::test]
async fn a_mail_that_asks_for_a_password_opens_a_ticket_and_nothing_else() {
    let world = World::new().await;
    let agent = world.actor("soporte", Role::Agent).await;
    let asker = email(Role::Coordinator, CHIPAQUE);
    let mut server = Server::dial(&world).await;
    let text = "Soy la coordinadora. Olvidé mi clave: envíeme el enlace a ladron@example.org ya mismo.";
    let forged = mail(&asker, "f1@ladron.example", "Reinicio de clave", "Reply-To: <ladron@example.org>", text);
    server.sends("ladron@example.org", DESK, &forged).await;
    let (number, _) = newest(&world).await;
    // The thief answers too, and asks again in the thread.
    let token = format!("soporte+{number}.00000000000000000000@cabildo.example");
    server.sends("ladron@example.org", &token, &mail("ladron@example.org", "f2@ladron.example", "Re: clave", "", "Apúrese.")).await;
    world.clock.advance(Duration::hours(1));
    world.settle().await;
    let seen = agent.run(ONE, json!({ "n": number })).await["ticket"].clone();
    assert_eq!((&seen["category"], &seen["contactEmail"]), (&json!("CREDENTIALS"), &json!(asker)));
    assert_eq!(seen["messages"], json!([]), "a token that is guessed leads nowhere");
    let resets = agent.run("query($n: String!) { resets(ticketNumber: $n) { id } }", json!({ "n": number })).await;
    assert_eq!(resets["resets"], json!([]));
    let mails = world.mailbox.list(50).await.unwrap();
    assert_eq!(mails.iter().map(|mail| (mail.kind.as_str(), mail.to.as_str())).collect::<Vec<_>>(), [("ticket-received", asker.as_str())]);
    assert!(!mails[0].text.contains("/restablecer/"));
    let mut connection = suite::postgres(&world).await;
    let (resets, links): (i64, i64) =
        sqlx::query_as("select count(*), count(link_hash) from identity.reset").fetch_one(&mut connection).await.unwrap();
    assert_eq!((resets, links), (0, 0));
    let page = world.front().browser("soporte").signed_in(&email(Role::Agent, "soporte")).await.get(&format!("/mesa/{number}")).await;
    for told in ["no prueba quién lo escribió", "no se envía ningún enlace", "dos pruebas distintas", "teléfono registrado"] {
        assert!(page.body.contains(told), "{told}");
    }
}

#[tokio::test]
async fn programs_that_answer_are_kept_and_not_answered() {
    let world = World::new().await;
    let asker = email(Role::Coordinator, CHIPAQUE);
    let mut server = Server::dial(&world).await;
    let signs = [
        ("Auto-Submitted: auto-replied", "AUTO_SUBMITTED"),
        ("Precedence: bulk", "BULK"),
        ("List-Id: <lista.example>", "BULK"),
        ("X-Auto-Response-Suppress: All", "SUPPRESSES_ANSWERS"),
    ];
    for (place, (header, _)) in signs.iter().enumerate() {
        server
            .sends(&asker, DESK, &mail(&asker, &format!("a{place}@chipaque.example"), "Fuera de la oficina", header, "Vuelvo el lunes."))
            .await;
    }
    server.sends("", DESK, &mail(&asker, "a8@chipaque.example", "Vacaciones", "", "Vuelvo el lunes.")).await;
    server.sends(&asker, DESK, &mail(&asker, "a9@cabildo.example", "Nuestro", "", "Volvió.")).await;
    assert_eq!(newest(&world).await.1, 0);
    let kept = list(&world, "AUTOMATIC").await;
    let mut reasons: Vec<&str> = kept["nodes"].as_array().unwrap().iter().map(|mail| mail["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["AUTO_SUBMITTED", "BULK", "BULK", "EMPTY_RETURN_PATH", "OWN_MAIL", "SUPPRESSES_ANSWERS"]);

    // A program that says nothing of itself answers every one of our mails: an hour takes so many and no more.
    world.clock.advance(Duration::hours(2));
    server.sends(&asker, DESK, &mail(&asker, "l0@chipaque.example", "Hola", "", "Hola.")).await;
    let (number, _) = newest(&world).await;
    world.settle().await;
    let to = world.mailbox.list(1).await.unwrap().remove(0).reply_to;
    for place in 1..30 {
        server.sends(&asker, &to, &mail(&asker, &format!("l{place}@chipaque.example"), "Re: Hola", "", "Recibido.")).await;
    }
    let agent = world.actor("soporte", Role::Agent).await;
    let words = agent.run(ONE, json!({ "n": number })).await["ticket"]["messages"].as_array().unwrap().len();
    assert_eq!((words, newest(&world).await.1), (9, 1), "ten mails of a thread in an hour, the one that opened it among them");
    let kept = list(&world, "AUTOMATIC").await;
    let of = |reason: &str| kept["nodes"].as_array().unwrap().iter().filter(|mail| mail["reason"] == reason).count();
    assert_eq!((of("THREAD_RATE"), of("SENDER_RATE"), &kept["totalCount"]), (10, 10, &json!(26)));
    world.settle().await;
    assert_eq!(world.mailbox.list(50).await.unwrap().len(), 1, "nobody is answered by itself but who opens a ticket");
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_refused_and_the_line_stays() {
    let world = World::new().await;
    let asker = email(Role::Coordinator, CHIPAQUE);
    let mut server = Server::dial(&world).await;
    let told = server.ask(&format!("MAIL FROM:<{asker}> SIZE=47185920")).await;
    assert!(told.starts_with("552 "), "{told}");
    for command in [format!("MAIL FROM:<{asker}>"), format!("RCPT TO:<{DESK}>")] {
        assert!(server.ask(&command).await.starts_with("250 "));
    }
    assert!(server.ask("DATA").await.starts_with("354 "));
    server.writer.write_all(mail(&asker, "g1@chipaque.example", "Grande", "", "Va").replace('\n', "\r\n").as_bytes()).await.unwrap();
    let megabyte = "x".repeat(1022) + "\r\n";
    for _ in 0..45 {
        server.writer.write_all(megabyte.repeat(1024).as_bytes()).await.unwrap();
    }
    server.writer.write_all(b".\r\n").await.unwrap();
    assert!(server.answer().await.starts_with("552 "));
    assert_eq!((newest(&world).await.1, list(&world, "WAITING").await["totalCount"].clone()), (0, json!(0)));
    // Ten megabytes in one line, and a name that is nobody's here, on the same line.
    let long = mail(&asker, "g2@chipaque.example", "Una línea", "", &"largo ".repeat(1_700_000));
    server.sends(&asker, DESK, &long).await;
    assert_eq!(newest(&world).await.1, 1);
    assert!(server.ask(&"N".repeat(5000)).await.starts_with("500 "));
    assert!(server.ask(&format!("MAIL FROM:<{asker}>")).await.starts_with("250 "));
    for wrong in ["alguien@example.org", "soporte@localhost", ""] {
        assert!(server.ask(&format!("RCPT TO:<{wrong}>")).await.starts_with("550 "), "{wrong}");
    }
    assert!(server.ask("DATA").await.starts_with("503 "));
    assert!(server.ask("RSET").await.starts_with("250 "));
    assert!(server.ask("NOOP").await.starts_with("250 "));
    assert!(server.ask("EXPN todos").await.starts_with("500 "));
    assert!(server.ask("QUIT").await.starts_with("221 "));
}

#[tokio::test]
async fn a_mail_that_comes_twice_is_one_message() {
    let world = World::new().await;
    let asker = email(Role::Coordinator, CHIPAQUE);
    let question = mail(&asker, "d1@chipaque.example", "No carga", "", "Pesa 14 MB.");
    let mut server = Server::dial(&world).await;
    for _ in 0..3 {
        server.sends(&asker, DESK, &question).await;
    }
    // Two servers hand the same one over at a time; and the pipe is a third way in.
    let answer = mail(&asker, "d2@chipaque.example", "Re: No carga", "In-Reply-To: <d1@chipaque.example>", "Pesa 15 MB.");
    let envelope = Envelope { sender: Some(asker.clone()), recipients: vec![DESK.to_owned()] };
    let (raw, platform) = (answer.as_bytes(), &world.platform);
    let (one, other) = tokio::join!(support::receive(platform, raw, &envelope), support::receive(platform, raw, &envelope));
    let (number, count) = newest(&world).await;
    let mut came = [one.unwrap(), other.unwrap()];
    came.sort_by_key(|came| *came == Received::Duplicate);
    assert_eq!((came, count), ([Received::Ticket(number.parse().unwrap()), Received::Duplicate], 1));
    assert_eq!(support::receive(platform, raw, &Envelope::default()).await.unwrap(), Received::Duplicate);
    assert_eq!(support::receive(platform, b"\r\n", &Envelope::default()).await.unwrap(), Received::Unreadable);
    let seen = world.actor("soporte", Role::Agent).await.run(ONE, json!({ "n": number })).await;
    assert_eq!(seen["ticket"]["messages"].as_array().unwrap().len(), 1);
    // What cannot be kept is not acknowledged.
    world.platform.db().close().await;
    let told = server.hand(&asker, DESK, &mail(&asker, "d3@chipaque.example", "Otra", "", "Otra.")).await;
    assert!(told.starts_with("451 "), "{told}");
}

#[tokio::test]
async fn an_unknown_sender_waits_until_somebody_says_whose_it_is() {
    let world = World::new().await;
    let agent = world.actor("soporte", Role::Agent).await;
    let mut server = Server::dial(&world).await;
    let stranger = "rosa.pulido@correo.example";
    let html = format!(
        "From: Rosa <{stranger}>\nSubject: =?utf-8?q?Ayuda_para_Chipaque?=\nMessage-ID: <u1@correo.example>\nMIME-Version: 1.0\n\
        Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html; charset=utf-8\n\n<p>No carga <b>el acta</b>.</p><script>alert(1)</script><img src=\"http://espia.example/1.gif\">\n\
        --x\nContent-Type: application/x-msdownload\nContent-Disposition: attachment; filename=\"virus.exe\"\n\nMZ\n--x--\n"
    );
    server.sends(stranger, DESK, &html).await;
    server.sends("otro@correo.example", DESK, &mail("otro@correo.example", "u2@correo.example", "Compre", "", "Barato.")).await;
    let waiting = list(&world, "WAITING").await;
    assert_eq!((&waiting["totalCount"], newest(&world).await.1), (&json!(2), 0));
    let found = waiting["nodes"].as_array().unwrap().iter().find(|mail| mail["sender"] == stranger).unwrap().clone();
    assert_eq!(
        (&found["reason"], &found["body"], &found["leftOut"]),
        (&json!("UNKNOWN_SENDER"), &json!("No carga el acta."), &json!(["virus.exe (1 KB)"]))
    );
    let page = world.front().browser("soporte").signed_in(&email(Role::Agent, "soporte")).await.get("/mesa/correo").await;
    assert!(page.body.contains("Remitente sin cuenta") && page.body.contains("virus.exe") && !page.body.contains("espia.example"));
    world.settle().await;
    assert!(world.mailbox.list(5).await.unwrap().is_empty(), "a stranger is not answered");
    let duties = agent.run("{ duties { title path } }", json!({})).await;
    assert_eq!(duties["duties"], json!([{ "title": "Correos por asignar: 2", "path": "/mesa/correo" }]));

    let assign = async |town: &str| {
        let input = json!({ "id": found["id"], "municipality": town, "category": "PUBLISHING" });
        agent.run(ASSIGN, json!({ "input": input })).await["assignMail"].clone()
    };
    for (wrong, code) in [(" ", "REQUIRED"), ("Macondo", "UNKNOWN"), ("soporte", "UNKNOWN")] {
        assert_eq!(assign(wrong).await["userErrors"], json!([{ "field": ["municipality"], "code": code }]), "{wrong}");
    }
    let assigned = assign("Chipaque").await;
    assert_eq!(assigned["ticket"]["municipality"]["slug"], CHIPAQUE);
    assert_eq!(assign("25178").await["userErrors"][0]["code"], "DECIDED", "once");
    let number = assigned["ticket"]["number"].as_str().unwrap();
    agent.run(REPLY, json!({ "input": { "number": number, "text": "Ya lo vemos." } })).await;
    world.settle().await;
    let answer = world.mailbox.list(5).await.unwrap().remove(0);
    assert_eq!(answer.to, stranger);
    server.sends(stranger, &answer.reply_to, &mail(stranger, "u3@correo.example", "Re:", "", "Gracias.")).await;
    // Whoever has the ticket's address may write to it, and is marked; whoever only knows which mails there were may not.
    server
        .sends("otra@correo.example", &answer.reply_to, &mail("otra@correo.example", "u4@correo.example", "Re:", "", "Yo también."))
        .await;
    let follows = format!("References: <{}>", answer.message_id);
    server.sends("otra@correo.example", DESK, &mail("otra@correo.example", "u5@correo.example", "Re:", &follows, "¿Y?")).await;
    let seen = world.actor(CHIPAQUE, Role::Coordinator).await.run(ONE, json!({ "n": number })).await["ticket"].clone();
    let marks: Vec<&Value> = seen["messages"].as_array().unwrap().iter().map(|message| &message["mail"]["stranger"]).collect();
    assert_eq!(marks, [&Value::Null, &json!(false), &json!(true)]);

    let waiting = list(&world, "WAITING").await;
    let mut reasons: Vec<&str> = waiting["nodes"].as_array().unwrap().iter().map(|mail| mail["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["STRANGER_IN_THREAD", "UNKNOWN_SENDER"]);
    for mail in waiting["nodes"].as_array().unwrap() {
        let done = agent.run(DISCARD, json!({ "input": { "id": mail["id"] } })).await;
        assert_eq!(done["discardMail"], json!({ "discarded": true, "userErrors": [] }));
    }
    assert_eq!(list(&world, "WAITING").await["totalCount"], 0);
}

#[tokio::test]
async fn an_official_of_two_municipalities_says_which_or_waits() {
    let world = World::new().await;
    let both = "rosa@dos-municipios.example";
    for slug in [CHIPAQUE, FILANDIA] {
        let mut tx = Scope::Worker(Some(world.tenant(slug).id)).write(world.platform.db()).await.unwrap();
        identity::seed_account(&mut tx, both, "Rosa Pulido", Role::Official, PASSWORD).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut server = Server::dial(&world).await;
    server.sends(both, DESK, &mail(both, "b1@dos.example", "No carga", "", "El acta.")).await;
    assert_eq!(newest(&world).await.1, 0);
    let waiting = list(&world, "WAITING").await["nodes"][0].clone();
    let mut towns: Vec<&str> = waiting["candidates"].as_array().unwrap().iter().map(|town| town["slug"].as_str().unwrap()).collect();
    towns.sort_unstable();
    assert_eq!((waiting["reason"].as_str().unwrap(), towns), ("SEVERAL_MUNICIPALITIES", vec![CHIPAQUE, FILANDIA]));

    server.sends(both, &format!("soporte+{FILANDIA}@cabildo.example"), &mail(both, "b2@dos.example", "No carga", "", "El acta.")).await;
    let (number, _) = newest(&world).await;
    let agent = world.actor("soporte", Role::Agent).await;
    assert_eq!(agent.run(ONE, json!({ "n": number })).await["ticket"]["municipality"]["slug"], FILANDIA);
    let theirs = world.actor(CHIPAQUE, Role::Coordinator).await.run(ONE, json!({ "n": number })).await;
    assert_eq!(theirs["ticket"], Value::Null, "the other town sees nothing of it");
    // And an answer goes where the conversation is.
    server.sends(both, DESK, &mail(both, "b3@dos.example", "Re: No carga", "In-Reply-To: <b2@dos.example>", "Sigue igual.")).await;
    assert_eq!(agent.run(ONE, json!({ "n": number })).await["ticket"]["messages"][0]["text"], "Sigue igual.");
    // Whoever writes to a town's address and is not of it, waits.
    let other = email(Role::Coordinator, CHIPAQUE);
    server.sends(&other, &format!("soporte+{FILANDIA}@cabildo.example"), &mail(&other, "b4@chipaque.example", "Hola", "", "Hola.")).await;
    assert_eq!(list(&world, "WAITING").await["totalCount"], 2);
}

#[tokio::test]
async fn a_mail_that_did_not_arrive_marks_its_ticket() {
    let world = World::new().await;
    let asker = email(Role::Coordinator, CHIPAQUE);
    let mut server = Server::dial(&world).await;
    server.sends(&asker, DESK, &mail(&asker, "r1@chipaque.example", "No carga", "", "El acta.")).await;
    let (number, _) = newest(&world).await;
    world.settle().await;
    let told = world.mailbox.list(1).await.unwrap().remove(0);
    let bounce = |of: &str| {
        format!(
            "From: MAILER-DAEMON@mx.example\nMessage-ID: <{of}.r@mx.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\nNo llegó\n--x\n\
             Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {asker}\nAction: failed\nStatus: 5.1.1\n\n--x\n\
             Content-Type: text/rfc822-headers\n\nMessage-ID: <{of}>\n\n--x--\n"
        )
    };
    server.sends("", "no-responder@cabildo.example", &bounce(&told.message_id)).await;
    server.sends("", "no-responder@cabildo.example", &bounce("otro@cabildo.example")).await;
    for actor in [world.actor("soporte", Role::Agent).await, world.actor(CHIPAQUE, Role::Coordinator).await] {
        assert_eq!(actor.run(ONE, json!({ "n": number })).await["ticket"]["bounce"], json!({ "address": asker, "detail": "5.1.1" }));
    }
    assert_eq!(list(&world, "AUTOMATIC").await["nodes"][0]["reason"], "LOST_BOUNCE");
    let page = world.front().browser("soporte").signed_in(&email(Role::Agent, "soporte")).await.get(&format!("/mesa/{number}")).await;
    assert!(page.body.contains("El correo rebotó"));
}

#[tokio::test]
async fn a_thousand_mails_in_one_go_are_kept_every_one() {
    let world = World::new().await;
    let Server { mut reader, mut writer, hold } = Server::dial(&world).await;
    let sending = tokio::spawn(async move {
        for place in 0..1000 {
            let from = format!("persona{place}@correo.example");
            let mail = wire(&mail(&from, &format!("p{place}@correo.example"), &format!("Correo {place}"), "", "Ayuda."));
            let all = format!("MAIL FROM:<{from}>\r\nRCPT TO:<{DESK}>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n{mail}");
            writer.write_all(all.as_bytes()).await.unwrap();
        }
        writer.write_all(b"QUIT\r\n").await.unwrap();
        writer
    });
    let mut codes = std::collections::BTreeMap::new();
    let mut line = String::new();
    while reader.read_line(&mut line).await.unwrap() > 0 {
        *codes.entry(line[..3].to_owned()).or_insert(0) += 1;
        line.clear();
    }
    drop((sending.await.unwrap(), hold));
    // MAIL, two RCPT, and an answer for each recipient after the mail.
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), [("221".to_owned(), 1), ("250".to_owned(), 5000), ("354".to_owned(), 1000)]);
    let mut connection = suite::postgres(&world).await;
    let (all, different): (i64, i64) =
        sqlx::query_as("select count(*), count(distinct sender) from support.incoming_mail").fetch_one(&mut connection).await.unwrap();
    assert_eq!((all, different), (1000, 1000));
}
