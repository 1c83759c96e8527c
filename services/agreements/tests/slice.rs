//! An agreement from its signature to its end: who may touch it, what the year counts, what the public reads, and what is due.

use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};
use time::Duration;
use time::macros::datetime;

const MEASURES: &str =
    "{ local: measure(name: \"agreements.local_year\") { value } departmental: measure(name: \"agreements.departmental_year\") { value }
    national: measure(name: \"agreements.national_year\") { value } running: measure(name: \"agreements.in_force_count\") { value }
    fruitful: measure(name: \"agreements.with_results_share\") { value } }";
const LIST: &str = "query($level: EntityLevel, $state: AgreementState, $search: String) {
    agreements(level: $level, state: $state, search: $search) { nodes { slug } totalCount } }";

/// The payload of a mutation.
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

fn entity(name: &str, level: &str) -> Value {
    json!({ "name": name, "level": level, "kind": "PUBLIC_ENTITY", "web": "www.ejemplo.gov.co", "contactName": "Rosa Contacto",
            "contactPhone": "000", "contactEmail": "rosa@example.org" })
}

fn agreement(entity: &str, title: &str, signed_on: &str) -> Value {
    json!({ "entity": entity, "title": title, "topics": ["Lenguaje claro\nAccesibilidad"], "object": "Formar a los funcionarios en telemetría",
            "signedOn": signed_on })
}

async fn slugs(actor: &Actor<'_>, asked: Value) -> Vec<String> {
    let found = actor.run(LIST, asked).await["agreements"]["nodes"].clone();
    found.as_array().unwrap().iter().map(|node| node["slug"].as_str().unwrap().to_owned()).collect()
}

async fn figures(actor: &Actor<'_>) -> [Value; 5] {
    let all = actor.run(MEASURES, json!({})).await;
    ["local", "departmental", "national", "running", "fruitful"].map(|name| all[name]["value"].clone())
}

#[tokio::test]
async fn a_year_is_counted_by_level_and_is_unknown_before_the_register_is_used() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    assert_eq!(
        figures(&visitor).await,
        [Value::Null, Value::Null, Value::Null, Value::Null, Value::Null],
        "nothing is known, which is not zero"
    );
    for (name, level) in [("Biblioteca", "LOCAL"), ("Gobernación", "DEPARTMENTAL"), ("SENA", "NATIONAL"), ("Lima", "INTERNATIONAL")] {
        done(&coordinator, "keepEntity", "entity { slug }", entity(name, level)).await;
    }
    assert_eq!(figures(&visitor).await, [json!(0.0), json!(0.0), json!(0.0), json!(0.0), Value::Null], "a true zero from now on");
    for (entity, title, day) in [
        ("biblioteca", "Uno", "2026-01-01"),
        ("biblioteca", "Dos", "2026-11-23"),
        ("biblioteca", "De antes", "2025-12-31"),
        ("gobernacion", "Tres", "2026-03-01"),
        ("sena", "Cuatro", "2026-05-05"),
        ("lima", "Cinco", "2026-05-05"),
    ] {
        done(&coordinator, "keepAgreement", "agreement { slug }", agreement(entity, title, day)).await;
    }
    assert_eq!(figures(&visitor).await, [json!(2.0), json!(1.0), json!(1.0), json!(6.0), json!(0.0)]);
    // As of other moments: history and simulation ask for them.
    let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).read(world.platform.db()).await.unwrap();
    for (at, local) in [(datetime!(2026-11-22 12:00 -5), 1.0), (datetime!(2025-12-31 23:59 -5), 1.0), (datetime!(2026-01-01 00:00 -5), 1.0)]
    {
        let (measure, parameter) = world.platform.registry().measure("agreements.local_year").unwrap();
        let asked = kernel::capability::Asked { parameter, at };
        assert_eq!((measure.compute)(&mut tx, &asked).await.unwrap(), Some(local), "{at}");
    }
    let facts = world.platform.registry().facts(&mut tx, "agreements.local_year", datetime!(2026-11-23 12:00 -5)).await.unwrap().unwrap();
    assert_eq!(facts.iter().filter(|fact| fact.counts).count(), 2, "as many facts as the figure says");
    assert!(facts.iter().all(|fact| !fact.title.contains("Uno")), "of what is not published no word is told: {facts:?}");
    tx.rollback().await.unwrap();
    let annulled = done(
        &coordinator,
        "annulAgreement",
        "agreement { state annulReason }",
        json!({ "slug": "dos", "reason": "Se registró dos veces" }),
    )
    .await;
    assert_eq!(annulled["agreement"], json!({ "state": "ANNULLED", "annulReason": "Se registró dos veces" }));
    assert_eq!(figures(&visitor).await[0], 1.0);
    let again = put(&coordinator, "annulAgreement", "agreement { state }", json!({ "slug": "dos", "reason": "Otra vez" })).await;
    assert_eq!(again["userErrors"][0]["code"], "ANNULLED");
    world.clock.advance(Duration::days(60));
    assert_eq!(figures(&visitor).await[0], 0.0, "a new year begins at zero");
}

#[tokio::test]
async fn the_public_reads_what_is_published_and_nobody_elses_contact() {
    let world = World::new().await;
    let (coordinator, editor, visitor) =
        (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(CHIPAQUE, Role::Editor).await, world.visitor(CHIPAQUE));
    done(&coordinator, "keepEntity", "entity { slug }", entity("SENA", "NATIONAL")).await;
    let made = done(
        &coordinator,
        "keepAgreement",
        "agreement { slug topics beginsOn state publishedAt }",
        agreement("sena", "Formación 2026", "2026-11-20"),
    )
    .await;
    assert_eq!(
        made["agreement"],
        json!({ "slug": "formacion-2026", "topics": ["Lenguaje claro", "Accesibilidad"], "beginsOn": "2026-11-20", "state": "IN_FORCE", "publishedAt": null })
    );
    let one = "query($slug: String!) { agreement(slug: $slug) { title entity { name web contact { name email } } results { text } } search(query: \"telemetria\") { nodes { path } } }";
    let slug = json!({ "slug": "formacion-2026" });
    assert_eq!(visitor.run(one, slug.clone()).await, json!({ "agreement": null, "search": { "nodes": [] } }));
    assert_eq!(slugs(&visitor, json!({})).await, Vec::<String>::new());
    let seen = editor.run(one, slug.clone()).await;
    assert_eq!(seen["agreement"]["entity"]["contact"], Value::Null, "an editor sees the register without the contact");
    done(&coordinator, "setAgreementPublished", "agreement { slug }", json!({ "slug": "formacion-2026", "published": true })).await;
    let seen = visitor.run(one, slug.clone()).await;
    assert_eq!(seen["agreement"]["entity"], json!({ "name": "SENA", "web": "https://www.ejemplo.gov.co", "contact": null }));
    assert_eq!(seen["search"]["nodes"], json!([{ "path": "/convenios/formacion-2026" }]));
    let contact = coordinator.run(one, slug.clone()).await["agreement"]["entity"]["contact"].clone();
    assert_eq!(contact, json!({ "name": "Rosa Contacto", "email": "rosa@example.org" }));
    for (asked, found) in [
        (json!({}), true),
        (json!({ "level": "NATIONAL", "state": "IN_FORCE", "search": "LENGUAJE claró" }), true),
        (json!({ "level": "LOCAL" }), false),
        (json!({ "state": "ENDED" }), false),
        (json!({ "search": "pesca" }), false),
    ] {
        assert_eq!(!slugs(&visitor, asked.clone()).await.is_empty(), found, "{asked}");
    }
    for role in [Role::Editor, Role::Official, Role::Observer] {
        let actor = world.actor(CHIPAQUE, role).await;
        let input = json!({ "input": { "slug": "formacion-2026", "published": false } });
        let document = "mutation($input: SetAgreementPublishedInput!) { setAgreementPublished(input: $input) { userErrors { code } } }";
        assert_eq!(actor.refused(document, input).await, "FORBIDDEN", "{role:?}");
    }
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    assert_eq!(stranger.run(one, slug.clone()).await["agreement"], Value::Null);
    let document = "mutation($input: EndAgreementInput!) { endAgreement(input: $input) { userErrors { code } } }";
    let input = json!({ "input": { "slug": "formacion-2026", "endedOn": "2026-11-23", "reason": "No es mío" } });
    assert_eq!(stranger.refused(document, input).await, "NOT_FOUND", "another town has no such agreement");
    let theirs = put(&stranger, "keepAgreement", "agreement { slug }", agreement("sena", "Otro", "2026-11-20")).await;
    assert_eq!(theirs["userErrors"][0]["field"], json!(["entity"]), "nor such an entity: {theirs}");
    done(&coordinator, "annulAgreement", "agreement { slug }", json!({ "slug": "formacion-2026", "reason": "Por error" })).await;
    assert_eq!(visitor.run(one, slug).await, json!({ "agreement": null, "search": { "nodes": [] } }));
}

#[tokio::test]
async fn what_it_brought_is_recorded_once_and_annulled_with_a_reason() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "keepEntity", "entity { slug }", entity("SENA", "NATIONAL")).await;
    done(&coordinator, "keepAgreement", "agreement { slug }", agreement("sena", "Formación", "2026-06-01")).await;
    let result = |key: &str, day: &str| json!({ "slug": "formacion", "happenedOn": day, "text": "18 funcionarios formados", "evidence": "Acta 4", "idempotencyKey": key });
    let selection = "agreement { resultCount results { id happenedOn text evidence annulReason } }";
    for _ in 0..2 {
        let added = done(&coordinator, "addAgreementResult", selection, result("k", "2026-07-01")).await;
        assert_eq!(added["agreement"]["resultCount"], 1, "pressed twice it is one result");
    }
    let other = put(&coordinator, "addAgreementResult", selection, result("k", "2026-08-01")).await;
    assert_eq!(other["userErrors"][0]["code"], "REUSED");
    for (day, code) in [("2026-05-31", "ORDER"), ("2026-11-24", "FUTURE")] {
        let refused = put(&coordinator, "addAgreementResult", selection, result("otra", day)).await;
        assert_eq!(refused["userErrors"][0]["code"], code, "{day}");
    }
    let two = done(&coordinator, "addAgreementResult", selection, result("otra", "2026-07-01")).await;
    let id = two["agreement"]["results"][0]["id"].clone();
    let mut late = agreement("sena", "Formación", "2026-07-02");
    late["slug"] = json!("formacion");
    let refused = put(&coordinator, "keepAgreement", "agreement { slug }", late).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["signedOn"]), "it brought something before it was signed");
    assert_eq!(figures(&coordinator).await[4], 100.0);
    let annulled = done(&coordinator, "annulAgreementResult", selection, json!({ "id": id, "reason": "Repetido" })).await;
    assert_eq!(annulled["agreement"]["resultCount"], 1);
    assert_eq!(annulled["agreement"]["results"].as_array().unwrap().len(), 2, "nothing is deleted");
    let again = put(&coordinator, "annulAgreementResult", selection, json!({ "id": id, "reason": "Repetido" })).await;
    assert_eq!(again["userErrors"][0]["code"], "ANNULLED");
    let mut connection = suite::postgres(&world).await;
    let traces: i64 = sqlx::query_scalar(
        "select count(*) from kernel.audit_entry a where action like 'agreements.%' and to_jsonb(a)::text ilike '%rosa%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(traces, 0, "a contact is in no audit entry");
}

#[tokio::test]
async fn what_is_typed_wrong_is_told_at_once() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let empty = put(
        &coordinator,
        "keepAgreement",
        "agreement { slug }",
        json!({ "entity": "", "title": " ", "topics": [], "object": "", "signedOn": "2026-11-24", "beginsOn": "2026-11-20", "endsOn": "2026-11-01" }),
    )
    .await;
    let told: Vec<_> = empty["userErrors"].as_array().unwrap().iter().map(|fault| fault["field"][0].as_str().unwrap()).collect();
    assert_eq!(told, ["title", "topics", "object", "signedOn", "beginsOn", "endsOn"]);
    let unknown = put(&coordinator, "keepAgreement", "agreement { slug }", agreement("nadie", "Formación", "2026-11-20")).await;
    assert_eq!(unknown["userErrors"][0]["field"], json!(["entity"]));
    done(&coordinator, "keepEntity", "entity { slug }", entity("SENA", "NATIONAL")).await;
    let twice = put(&coordinator, "keepEntity", "entity { slug }", entity("Sena", "NATIONAL")).await;
    assert_eq!((&twice["userErrors"][0]["field"], &twice["userErrors"][0]["code"]), (&json!(["name"]), &json!("TAKEN")));
    done(&coordinator, "keepAgreement", "agreement { slug }", agreement("sena", "Formación", "2026-11-20")).await;
    let twice = put(&coordinator, "keepAgreement", "agreement { slug }", agreement("sena", "Formación", "2026-11-20")).await;
    assert_eq!(twice["userErrors"][0]["code"], "TAKEN");
    for reserved in ["Nuevo", "Entidades"] {
        let refused = put(&coordinator, "keepAgreement", "agreement { slug }", agreement("sena", reserved, "2026-11-20")).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["title"]), "{reserved} is an address of the administration");
    }
    let mut changed = agreement("sena", "Formación digital", "2026-11-20");
    changed["slug"] = json!("formacion");
    let changed = done(&coordinator, "keepAgreement", "agreement { slug title }", changed).await;
    assert_eq!(changed["agreement"], json!({ "slug": "formacion", "title": "Formación digital" }), "its address stays");
    let ended = done(
        &coordinator,
        "endAgreement",
        "agreement { state endedOn endReason }",
        json!({ "slug": "formacion", "endedOn": "2026-11-23", "reason": "De común acuerdo" }),
    )
    .await;
    assert_eq!(ended["agreement"], json!({ "state": "ENDED_EARLY", "endedOn": "2026-11-23", "endReason": "De común acuerdo" }));
}

#[tokio::test]
async fn what_is_due_is_told_with_its_reason() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "keepEntity", "entity { slug }", entity("SENA", "NATIONAL")).await;
    let mut ending = agreement("sena", "Termina pronto", "2026-10-01");
    ending["endsOn"] = json!("2027-01-22");
    let mut later = agreement("sena", "Termina después", "2026-10-01");
    later["endsOn"] = json!("2027-01-23");
    for input in [ending, later, agreement("sena", "Sin frutos", "2026-05-27"), agreement("sena", "Aún hay tiempo", "2026-05-28")] {
        let made = done(&coordinator, "keepAgreement", "agreement { slug }", input).await;
        done(&coordinator, "setAgreementPublished", "agreement { slug }", json!({ "slug": made["agreement"]["slug"], "published": true }))
            .await;
    }
    done(&coordinator, "keepAgreement", "agreement { slug }", agreement("sena", "Por publicar", "2026-11-20")).await;
    let duties = async || {
        let all = coordinator.run("{ duties { kind title path } }", json!({})).await["duties"].clone();
        let mut mine: Vec<(String, String)> = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|duty| duty["kind"].as_str().unwrap().starts_with("agreements."))
            .map(|duty| (duty["kind"].as_str().unwrap().to_owned(), duty["path"].as_str().unwrap().to_owned()))
            .collect();
        mine.sort();
        mine
    };
    let owed = |kind: &str, path: &str| (kind.to_owned(), format!("/admin/convenios/{path}"));
    assert_eq!(
        duties().await,
        [
            owed("agreements.ending", "termina-pronto#convenio"),
            owed("agreements.publish", "por-publicar#publicacion"),
            owed("agreements.result", "sin-frutos#resultados"),
        ],
        "60 days before the end, 180 days without a result, and what nobody can read"
    );
    let result = json!({ "slug": "sin-frutos", "happenedOn": "2026-11-23", "text": "Un taller", "idempotencyKey": "k" });
    done(&coordinator, "addAgreementResult", "agreement { slug }", result).await;
    done(&coordinator, "setAgreementPublished", "agreement { slug }", json!({ "slug": "por-publicar", "published": true })).await;
    assert_eq!(duties().await, [owed("agreements.ending", "termina-pronto#convenio")]);
    let cards = {
        let mut tx = Scope::Tenant(world.tenant(CHIPAQUE).id).read(world.platform.db()).await.unwrap();
        world.platform.registry().cards(&mut tx).await.unwrap()
    };
    let card = cards.iter().find(|card| card.kind == "agreements.in_force").unwrap();
    assert_eq!(card.lines.len(), 5, "whoever takes over sees what runs");
}

#[tokio::test]
async fn documents_hang_on_their_agreement_and_on_no_other() {
    let world = World::new().await;
    let front = world.front();
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "keepEntity", "entity { slug }", entity("SENA", "NATIONAL")).await;
    for title in ["Uno", "Dos"] {
        done(&coordinator, "keepAgreement", "agreement { slug }", agreement("sena", title, "2026-11-20")).await;
        done(&coordinator, "setAgreementPublished", "agreement { slug }", json!({ "slug": title.to_lowercase(), "published": true })).await;
    }
    let browser = front.browser(CHIPAQUE).signed_in(&suite::email(Role::Coordinator, CHIPAQUE)).await;
    let pdf: &[u8] = b"%PDF-1.7\n%demo\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
    for (name, public) in [("convenio.pdf", "true"), ("interno.pdf", "")] {
        let sent = browser
            .post_files("/admin/convenios/uno", &[("_op", "AttachAgreementDocuments"), ("public", public)], &[("files", name, pdf)])
            .await;
        assert_eq!(sent.location(), "/admin/convenios/uno?hecho=documentos", "{}", sent.body);
    }
    let shown = front.browser(CHIPAQUE).get("/convenios/uno").await.body;
    assert!(shown.contains("convenio.pdf") && !shown.contains("interno.pdf"), "{shown}");
    let asked = "{ agreement(slug: \"uno\") { documents { id } internalDocuments { id } } }";
    let visitor = world.visitor(CHIPAQUE);
    assert_eq!(visitor.run(asked, json!({})).await["agreement"]["internalDocuments"], json!([]));
    let id = coordinator.run(asked, json!({})).await["agreement"]["documents"][0]["id"].clone();
    let document = "mutation($input: DetachAgreementDocumentInput!) { detachAgreementDocument(input: $input) { userErrors { code } } }";
    let wrong = json!({ "input": { "slug": "dos", "id": id, "reason": "No es suyo" } });
    assert_eq!(coordinator.refused(document, wrong).await, "NOT_FOUND", "it hangs on another agreement");
    done(&coordinator, "detachAgreementDocument", "agreement { slug }", json!({ "slug": "uno", "id": id, "reason": "Trae una cédula" }))
        .await;
    assert!(!front.browser(CHIPAQUE).get("/convenios/uno").await.body.contains("convenio.pdf"));
}

#[tokio::test]
async fn a_pack_carries_the_register_to_the_byte() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    done(&coordinator, "keepEntity", "entity { slug }", entity("SENA", "NATIONAL")).await;
    done(&coordinator, "keepAgreement", "agreement { slug }", agreement("sena", "Formación", "2026-06-01")).await;
    let result = json!({ "slug": "formacion", "happenedOn": "2026-07-01", "text": "- punto: «dos»", "idempotencyKey": "k" });
    done(&coordinator, "addAgreementResult", "agreement { slug }", result).await;
    done(&coordinator, "setAgreementPublished", "agreement { slug }", json!({ "slug": "formacion", "published": true })).await;
    let pack = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    let before = pack.text("agreements.yaml").unwrap().unwrap().to_owned();
    tenancy::import(&world.platform, &pack, true).await.unwrap();
    let after = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    assert_eq!(after.text("agreements.yaml").unwrap().unwrap(), before);
    assert_eq!(world.visitor(CHIPAQUE).run("{ search(query: \"telemetria\") { totalCount } }", json!({})).await["search"]["totalCount"], 1);
}
