//! A course from its first session to a certificate that verifies, and everything that would make one false.

use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};
use time::Duration;
use time::macros::datetime;

const COURSE: &str = "course { slug unfinished sessions { id day hour attendanceRecorded cancelReason }
    people { id name audience documentNumber email attended earned annulReason certificate { code revokedAt } } }";
const CERTIFICATE: &str =
    "query($code: String!) { certificate(code: $code) { code name title hours attended sessions finishedOn revokedAt revokeReason } }";

/// The payload of a mutation.
async fn put(actor: &Actor<'_>, mutation: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {COURSE} userErrors {{ field code message }} }} }}");
    actor.run(&document, json!({ "input": input })).await[mutation].clone()
}

async fn done(actor: &Actor<'_>, mutation: &str, input: Value) -> Value {
    let payload = put(actor, mutation, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{mutation}");
    payload["course"].clone()
}

async fn refused(actor: &Actor<'_>, mutation: &str, input: Value) -> String {
    put(actor, mutation, input).await["userErrors"][0]["code"].as_str().unwrap_or("nothing").to_owned()
}

fn course(title: &str) -> Value {
    json!({ "title": title, "audiences": ["ALCALDIA", "CONCEJO"], "topics": ["Redacción\nFichas"], "provider": "SENA", "hours": 12 })
}

fn session(day: &str, key: &str) -> Value {
    json!({ "slug": "lenguaje-claro", "day": day, "hour": "08:00", "minutes": 120, "place": "Biblioteca", "idempotencyKey": key })
}

/// A course with five sessions that are over, Ana who came to four, Luis to three and Rosa of the Concejo to all.
async fn five_sessions(coordinator: &Actor<'_>) -> Value {
    done(coordinator, "keepCourse", course("Lenguaje claro")).await;
    for day in ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"] {
        done(coordinator, "keepSession", session(day, day)).await;
    }
    let list = json!({ "slug": "lenguaje-claro", "audience": "ALCALDIA", "names": "1. Ana Ríos\n2. Luis Mora\n\n" });
    done(coordinator, "enrolList", list).await;
    let rosa = json!({ "slug": "lenguaje-claro", "audience": "CONCEJO", "name": "Rosa Peña", "documentKind": "CC", "documentNumber": "1.070.123",
                       "email": "rosa@example.org" });
    let known = done(coordinator, "enrolPerson", rosa).await;
    let [ana, luis, rosa] = ["Ana Ríos", "Luis Mora", "Rosa Peña"].map(|name| person(&known, name)["id"].clone());
    for (at, session) in known["sessions"].as_array().unwrap().iter().enumerate() {
        let mut came = vec![&rosa];
        came.extend((at < 4).then_some(&ana));
        came.extend((at < 3).then_some(&luis));
        done(coordinator, "recordAttendance", json!({ "sessionId": session["id"], "attended": came })).await;
    }
    known
}

fn person<'a>(course: &'a Value, name: &str) -> &'a Value {
    course["people"].as_array().unwrap().iter().find(|person| person["name"] == name).unwrap()
}

async fn figures(world: &World, at: time::OffsetDateTime) -> [Option<f64>; 4] {
    let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).read(world.platform.db()).await.unwrap();
    let mut all = [None; 4];
    for (place, name) in ["sessions_year", "people_trained_year", "officials_trained_year", "community_trained_year"].iter().enumerate() {
        let (measure, parameter) = world.platform.registry().measure(&format!("training.{name}")).unwrap();
        all[place] = (measure.compute)(&mut tx, &kernel::capability::Asked { parameter, at }).await.unwrap();
    }
    all
}

#[tokio::test]
async fn whoever_came_to_four_of_five_gets_a_certificate_that_verifies() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let unfinished = {
        done(&coordinator, "keepCourse", course("Vacío")).await;
        refused(&coordinator, "issueCertificates", json!({ "slug": "vacio" })).await
    };
    assert_eq!(unfinished, "NOT_FINISHED");
    five_sessions(&coordinator).await;
    let issued = done(&coordinator, "issueCertificates", json!({ "slug": "lenguaje-claro" })).await;
    let code = |name: &str| person(&issued, name)["certificate"]["code"].clone();
    assert_eq!(code("Luis Mora"), Value::Null, "three of five are not 80 %");
    assert_ne!(code("Ana Ríos"), code("Rosa Peña"));
    assert_eq!(refused(&coordinator, "issueCertificates", json!({ "slug": "lenguaje-claro" })).await, "NOBODY", "nobody gets a second one");
    let ana = code("Ana Ríos");
    let told = json!({ "code": ana, "name": "Ana Ríos", "title": "Lenguaje claro", "hours": 12, "attended": 4, "sessions": 5,
                       "finishedOn": "2026-11-06", "revokedAt": null, "revokeReason": null });
    let typed = ana.as_str().unwrap();
    assert_eq!(typed.len(), 16, "{typed}");
    for typed in [typed.to_owned(), typed.to_lowercase(), typed.replace('-', " ")] {
        assert_eq!(visitor.run(CERTIFICATE, json!({ "code": typed })).await["certificate"], told, "{typed}");
    }
    assert_eq!(
        world.visitor(FILANDIA).run(CERTIFICATE, json!({ "code": ana })).await["certificate"],
        Value::Null,
        "another town issued none"
    );
    let front = world.front();
    let page = front.browser(CHIPAQUE).get(&format!("/certificados/{typed}")).await;
    assert!(page.body.contains("Este certificado es auténtico") && page.body.contains("noindex"), "{}", page.body);
    assert!(!page.body.contains("1070123"), "no document on it");
    let lookup = front.browser(CHIPAQUE);
    assert!(lookup.get(&format!("/certificados?code={}", typed.to_lowercase())).await.body.contains("Ana Ríos"));
    assert!(lookup.get("/certificados?code=C-AAAA-AAAA-AAAB").await.body.contains("Ningún certificado tiene ese código"));
    assert_eq!(lookup.get("/certificados/C-AAAA-AAAA-AAAB").await.status, 404);
    let revoked = json!({ "code": ana, "reason": "La lista estaba equivocada" });
    assert_eq!(refused(&world.actor(FILANDIA, Role::Coordinator).await, "revokeCertificate", revoked.clone()).await, "NOT_FOUND");
    done(&coordinator, "revokeCertificate", revoked.clone()).await;
    let seen = visitor.run(CERTIFICATE, json!({ "code": ana })).await["certificate"].clone();
    assert_eq!((&seen["revokeReason"], seen["revokedAt"].is_null()), (&json!("La lista estaba equivocada"), false));
    assert_eq!(refused(&coordinator, "revokeCertificate", revoked).await, "REVOKED");
    let page = lookup.get(&format!("/certificados/{typed}")).await;
    assert!(page.body.contains("ya no vale") && page.body.contains("La lista estaba equivocada"));
    let anew = done(&coordinator, "issueCertificates", json!({ "slug": "lenguaje-claro" })).await;
    assert_ne!(person(&anew, "Ana Ríos")["certificate"]["code"], ana, "a new one has a new code");
}

#[tokio::test]
async fn guessing_codes_is_soon_over() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    // What fails its own check never reaches the counter; what passes it does.
    let mut guesses = 0;
    while visitor.answer(CERTIFICATE, json!({ "code": "C-AAAA-AAAA-AAAA" })).await.code().is_none() {
        guesses += 1;
        assert!(guesses < 100, "nobody stops the guessing");
    }
    assert_eq!(visitor.refused(CERTIFICATE, json!({ "code": "C-AAAA-AAAA-AAAA" })).await, "THROTTLED");
}

#[tokio::test]
async fn nothing_makes_a_certificate_false_behind_its_back() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let known = five_sessions(&coordinator).await;
    done(&coordinator, "issueCertificates", json!({ "slug": "lenguaje-claro" })).await;
    let (first, ana, luis) =
        (known["sessions"][0]["id"].clone(), person(&known, "Ana Ríos")["id"].clone(), person(&known, "Luis Mora")["id"].clone());
    let mut stricter = course("Lenguaje claro");
    stricter["slug"] = json!("lenguaje-claro");
    stricter["attendancePercent"] = json!(100);
    for (mutation, input) in [
        ("recordAttendance", json!({ "sessionId": first, "attended": [luis] })),
        ("keepSession", session("2026-11-09", "sexta")),
        ("keepCourse", stricter),
        ("annulCourse", json!({ "slug": "lenguaje-claro", "reason": "Por error" })),
        ("annulEnrolment", json!({ "id": ana, "reason": "Por error" })),
    ] {
        assert_eq!(refused(&coordinator, mutation, input).await, "CERTIFIED", "{mutation}");
    }
    let asked = "{ course(slug: \"lenguaje-claro\") { sessions { id } people { name earned } } }";
    let after = coordinator.run(asked, json!({})).await["course"].clone();
    assert_eq!(after["sessions"].as_array().unwrap().len(), 5, "what was refused was undone");
    assert_eq!(refused(&coordinator, "cancelSession", json!({ "sessionId": first, "reason": "Lluvia" })).await, "HELD");
}

#[tokio::test]
async fn the_year_counts_people_once_and_is_unknown_before_the_first_course() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let now = datetime!(2026-11-23 10:42 -5);
    assert_eq!(figures(&world, now).await, [None; 4]);
    done(&coordinator, "keepCourse", course("Vacío")).await;
    assert_eq!(figures(&world, now).await, [Some(0.0); 4], "a true zero from now on");
    five_sessions(&coordinator).await;
    done(
        &coordinator,
        "keepCourse",
        json!({ "title": "Otro", "audiences": ["COMUNIDAD"], "topics": ["Trámites"], "provider": "Biblioteca", "hours": 2 }),
    )
    .await;
    let other = json!({ "slug": "otro", "day": "2026-11-20", "hour": "15:00", "minutes": 60, "link": "https://aula.example.org", "idempotencyKey": "k" });
    let session_id = done(&coordinator, "keepSession", other).await["sessions"][0]["id"].clone();
    let list = json!({ "slug": "otro", "audience": "COMUNIDAD", "names": "Ciro Luna\nDora Gil\nANA RIOS", "sessionId": session_id });
    let listed = done(&coordinator, "enrolList", list.clone()).await;
    assert!(
        listed["sessions"][0]["attendanceRecorded"] == true
            && listed["people"].as_array().unwrap().iter().all(|one| one["attended"][0] == session_id)
    );
    assert_eq!(done(&coordinator, "enrolList", list).await["people"].as_array().unwrap().len(), 3, "the same list again changes nothing");
    assert_eq!(figures(&world, now).await, [Some(6.0), Some(5.0), Some(3.0), Some(3.0)], "Ana is one person in both");
    assert_eq!(figures(&world, datetime!(2026-11-03 12:00 -5)).await, [Some(2.0), Some(3.0), Some(3.0), Some(0.0)], "as of an earlier day");
    assert_eq!(figures(&world, datetime!(2027-01-05 12:00 -5)).await, [Some(0.0); 4], "a new year begins at zero");
    let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).read(world.platform.db()).await.unwrap();
    let facts = world.platform.registry().facts(&mut tx, "training.people_trained_year", now).await.unwrap().unwrap();
    assert_eq!(facts.len(), 6);
    assert!(facts.iter().all(|fact| !fact.title.contains("Ana")), "facts name no person: {facts:?}");
}

#[tokio::test]
async fn people_are_seen_by_whoever_keeps_the_training_alone() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    five_sessions(&coordinator).await;
    let asked = "{ course(slug: \"lenguaje-claro\") { title people { name } tally { people } } }";
    for role in [Role::Editor, Role::Official, Role::Observer] {
        let seen = world.actor(CHIPAQUE, role).await.run(asked, json!({})).await["course"].clone();
        assert_eq!(seen, json!({ "title": "Lenguaje claro", "people": null, "tally": { "people": 3 } }), "{role:?}");
    }
    let seen = world.visitor(CHIPAQUE).run(asked, json!({})).await["course"].clone();
    assert_eq!(seen, json!({ "title": "Lenguaje claro", "people": null, "tally": null }));
    assert_eq!(world.actor(FILANDIA, Role::Coordinator).await.run(asked, json!({})).await["course"], Value::Null);
    let front = world.front();
    let editor = front.browser(CHIPAQUE).signed_in(&suite::email(Role::Editor, CHIPAQUE)).await;
    for path in
        ["/admin/capacitacion/lenguaje-claro", "/admin/capacitacion/lenguaje-claro.csv", "/admin/capacitacion", "/admin/capacitacion/nueva"]
    {
        let shown = editor.get(path).await;
        assert!(shown.status == 200 && !shown.body.contains("Ana Ríos") && !shown.body.contains("rosa@"), "{path}: {}", shown.body);
    }
    let keeper = front.browser(CHIPAQUE).signed_in(&suite::email(Role::Coordinator, CHIPAQUE)).await;
    let sheet = keeper.get("/admin/capacitacion/lenguaje-claro.csv").await.body;
    assert!(
        sheet.contains(
            "\"Rosa Peña\",\"Concejo\",\"\",\"CC\",\"1070123\",\"rosa@example.org\",\"sí\",\"sí\",\"sí\",\"sí\",\"sí\",\"5\",\"\""
        ),
        "{sheet}"
    );
    assert_eq!(sheet.lines().filter(|line| !line.trim().is_empty()).count(), 4, "a heading and three people");
    let public = front.browser(CHIPAQUE).get("/capacitacion").await.body;
    assert!(public.contains("Lenguaje claro") && !public.contains("Ana Ríos"));
    let mut connection = suite::postgres(&world).await;
    let traces: i64 = sqlx::query_scalar(
        "select count(*) from kernel.audit_entry a where action like 'training.%' and to_jsonb(a)::text ~* 'rosa|1070123|ana r'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(traces, 0, "no person is named in the audit");
}

#[tokio::test]
async fn what_is_typed_wrong_is_told_and_a_session_is_added_once() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let empty = put(
        &coordinator,
        "keepCourse",
        json!({ "title": "", "audiences": [], "topics": [], "provider": "", "hours": 0, "attendancePercent": 101 }),
    )
    .await;
    let told: Vec<_> = empty["userErrors"].as_array().unwrap().iter().map(|fault| fault["field"][0].as_str().unwrap()).collect();
    assert_eq!(told, ["title", "audiences", "topics", "provider", "hours", "attendancePercent"]);
    done(&coordinator, "keepCourse", course("Lenguaje claro")).await;
    assert_eq!(refused(&coordinator, "keepCourse", course("Lenguaje claro")).await, "TAKEN");
    assert_eq!(refused(&coordinator, "keepCourse", course("Nueva")).await, "FORM", "an address of the administration");
    for _ in 0..2 {
        let kept = done(&coordinator, "keepSession", session("2026-11-30", "k")).await;
        assert_eq!(kept["sessions"].as_array().unwrap().len(), 1, "pressed twice it is one session");
    }
    assert_eq!(refused(&coordinator, "keepSession", session("2026-12-01", "k")).await, "REUSED");
    let mut nowhere = session("2026-12-01", "n");
    nowhere["place"] = Value::Null;
    assert_eq!(refused(&coordinator, "keepSession", nowhere).await, "REQUIRED");
    let id =
        coordinator.run("{ course(slug: \"lenguaje-claro\") { sessions { id } } }", json!({})).await["course"]["sessions"][0]["id"].clone();
    let mut moved = session("2026-12-02", "m");
    moved["id"] = id.clone();
    assert_eq!(done(&coordinator, "keepSession", moved).await["sessions"][0]["day"], "2026-12-02");
    assert_eq!(refused(&coordinator, "recordAttendance", json!({ "sessionId": id, "attended": [] })).await, "FUTURE", "it has not begun");
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    let document = "mutation($input: CancelSessionInput!) { cancelSession(input: $input) { userErrors { code } } }";
    assert_eq!(stranger.refused(document, json!({ "input": { "sessionId": id, "reason": "No es mía" } })).await, "NOT_FOUND");
    let cancelled = done(&coordinator, "cancelSession", json!({ "sessionId": id, "reason": "Llovió" })).await;
    assert_eq!(cancelled["sessions"][0]["cancelReason"], "Llovió");
    let public = world.front().browser(CHIPAQUE);
    let calendar = public.get("/capacitacion.ics").await.body;
    assert!(calendar.contains("STATUS:CANCELLED") && calendar.contains("DTSTART:20261202T130000Z"), "{calendar}");
    assert!(public.get("/capacitacion").await.body.contains("Llovió"), "nobody goes in vain");
    let one =
        json!({ "slug": "lenguaje-claro", "audience": "ALCALDIA", "name": "Ana Ríos", "documentKind": "CC", "documentNumber": "1070" });
    done(&coordinator, "enrolPerson", one.clone()).await;
    assert_eq!(refused(&coordinator, "enrolPerson", one).await, "TAKEN", "one document, one person");
    let nameless = json!({ "slug": "lenguaje-claro", "audience": "ALCALDIA", "names": " \n1.\n" });
    assert_eq!(refused(&coordinator, "enrolList", nameless).await, "REQUIRED");
}

#[tokio::test]
async fn what_is_due_is_told_until_it_is_done() {
    let world = World::new().await;
    let front = world.front();
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "keepCourse", course("Lenguaje claro")).await;
    let kept = done(&coordinator, "keepSession", session("2026-11-20", "k")).await;
    done(&coordinator, "keepSession", session("2026-11-30", "otra")).await;
    let id = kept["sessions"][0]["id"].as_str().unwrap().to_owned();
    let duties = async || {
        let all = coordinator.run("{ duties { kind path } }", json!({})).await["duties"].clone();
        let mine = all.as_array().unwrap().iter().filter(|duty| duty["kind"].as_str().unwrap().starts_with("training."));
        mine.map(|duty| format!("{} {}", duty["kind"].as_str().unwrap(), duty["path"].as_str().unwrap())).collect::<Vec<_>>()
    };
    let place = "/admin/capacitacion/lenguaje-claro";
    assert_eq!(duties().await, [format!("training.material {place}#sesiones"), format!("training.attendance {place}#sesion-{id}")]);
    done(&coordinator, "recordAttendance", json!({ "sessionId": id, "attended": [] })).await;
    let browser = front.browser(CHIPAQUE).signed_in(&suite::email(Role::Coordinator, CHIPAQUE)).await;
    let sent = browser
        .post_files(
            place,
            &[("_op", "AttachTrainingMaterial"), ("sessionId", &id), ("public", "true")],
            &[("files", "guia.txt", b"Escriba corto.\n")],
        )
        .await;
    assert_eq!(sent.location(), format!("{place}?hecho=material"), "{}", sent.body);
    assert_eq!(duties().await, Vec::<String>::new());
    assert!(front.browser(CHIPAQUE).get("/capacitacion").await.body.contains("guia.txt"));
    let file =
        coordinator.run("{ course(slug: \"lenguaje-claro\") { sessions { material { id } } } }", json!({})).await["course"]["sessions"][0]
            ["material"][0]["id"]
            .clone();
    done(&coordinator, "detachTrainingMaterial", json!({ "sessionId": id, "id": file, "reason": "Trae una lista" })).await;
    assert_eq!(duties().await, [format!("training.material {place}#sesiones")], "taken away it is due again");
    world.clock.advance(Duration::days(8));
    assert_eq!(duties().await.len(), 2, "the second session has passed");
    done(&coordinator, "annulCourse", json!({ "slug": "lenguaje-claro", "reason": "Por error" })).await;
    assert_eq!(duties().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_pack_carries_courses_and_certificates_to_the_byte() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    five_sessions(&coordinator).await;
    let issued = done(&coordinator, "issueCertificates", json!({ "slug": "lenguaje-claro" })).await;
    let pack = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    let before = pack.text("training.yaml").unwrap().unwrap().to_owned();
    tenancy::import(&world.platform, &pack, true).await.unwrap();
    let after = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    assert_eq!(after.text("training.yaml").unwrap().unwrap(), before);
    let code = person(&issued, "Ana Ríos")["certificate"]["code"].clone();
    assert_eq!(
        world.visitor(CHIPAQUE).run(CERTIFICATE, json!({ "code": code })).await["certificate"]["name"],
        "Ana Ríos",
        "it still verifies"
    );
}
