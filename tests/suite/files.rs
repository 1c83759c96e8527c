//! Files that people attach: what is taken and what is not, who may fetch it, what is forgotten, and how it travels in a pack.

use axum::body::Body;
use http::{Method, StatusCode, header};
use kernel::file::{self, FileRow, Public};
use kernel::files::collect;
use kernel::pack::Pack;
use kernel::{Error, Result, Role, Scope, Tx};
use serde_json::{Value, json};
use suite::browser::{Browser, Shown};
use suite::{Actor, CHIPAQUE, FILANDIA, World, email, postgres};
use uuid::Uuid;

const ACT: &[u8] = b"%PDF-1.7\nEl acta, firmada.\n%%EOF\n";
const SUBJECT: &str = "prueba/acta-12";

async fn send(browser: &Browser, name: &str, content: &[u8]) -> Shown {
    browser.post_files("/archivos", &[], &[("file", name, content)]).await
}

/// An upload that is taken; its id.
async fn taken(browser: &Browser, name: &str, content: &[u8]) -> Uuid {
    let shown = send(browser, name, content).await;
    assert_eq!(shown.status, StatusCode::CREATED, "{}", shown.body);
    let told: Value = serde_json::from_str(&shown.body).unwrap();
    told["id"].as_str().unwrap().parse().unwrap()
}

/// A transaction of somebody's request, as a use case gets it.
async fn write(actor: &Actor<'_>) -> Tx {
    Scope::Tenant(actor.tenant.id).write(actor.world.platform.db()).await.unwrap().acting_as(actor.viewer.id())
}

async fn attach(actor: &Actor<'_>, ids: &[Uuid], subject: &str, public: Public) -> Result<()> {
    let mut tx = write(actor).await;
    let done = file::attach(&mut tx, ids, subject, public).await;
    tx.settle(done).await
}

async fn hanging(actor: &Actor<'_>) -> Vec<FileRow> {
    file::of(&mut write(actor).await, SUBJECT).await.unwrap()
}

/// How many files a tenant has: rows and objects.
async fn left(world: &World, slug: &str) -> (i64, usize) {
    let tenant = world.tenant(slug).id;
    let rows = sqlx::query_scalar("select count(*) from kernel.file where tenant_id = $1").bind(tenant);
    let rows = rows.fetch_one(&mut postgres(world).await).await.unwrap();
    (rows, world.platform.files.list(tenant, "archivos").await.unwrap().len())
}

fn rejected(outcome: Result<()>) -> String {
    match outcome {
        Err(Error::Rejected(faults)) => format!("{:?} {}", faults[0].field.as_deref().unwrap_or_default(), faults[0].code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_public_file_is_everybodys_and_another_is_the_administrations() {
    let world = World::new().await;
    let (front, coordinator) = (world.front(), world.actor(CHIPAQUE, Role::Coordinator).await);
    let (anybody, signed_in) = (front.browser(CHIPAQUE), front.browser(CHIPAQUE).signed_in(&email(Role::Coordinator, CHIPAQUE)).await);
    let ids = [taken(&signed_in, "C:\\Actas\\Acta n.º 12.PDF", ACT).await, taken(&signed_in, "Presupuesto.csv", b"rubro;valor\n").await];
    for id in ids {
        let path = format!("/archivos/{id}/Acta%20n.%C2%BA%2012.PDF");
        assert_eq!(signed_in.get(&path).await.status, StatusCode::NOT_FOUND, "what is pending is nobody's");
    }
    attach(&coordinator, &ids[..1], SUBJECT, Public::Yes).await.unwrap();
    attach(&coordinator, &ids[1..], SUBJECT, Public::No).await.unwrap();
    let [act, budget] = hanging(&coordinator).await.try_into().unwrap();
    assert_eq!((act.name.as_str(), act.media_type.as_str(), act.bytes), ("Acta n.º 12.PDF", "application/pdf", ACT.len() as i32));

    let shown = anybody.get(&act.url()).await;
    assert_eq!((shown.status, shown.body.as_bytes()), (StatusCode::OK, ACT));
    assert_eq!(shown.header(header::CONTENT_TYPE), "application/pdf");
    assert_eq!(shown.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(shown.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(shown.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
    assert_eq!(shown.header(header::CONTENT_DISPOSITION), "inline; filename*=UTF-8''Acta%20n.%C2%BA%2012.PDF");
    let tag = format!("\"{}\"", act.sha256);
    assert_eq!(shown.header(header::ETAG), tag);
    let asked = async |method, name, value: &str| {
        anybody.send(anybody.request(method, &act.url()).header(name, value).body(Body::empty()).unwrap()).await
    };
    assert_eq!(asked(Method::GET, header::IF_NONE_MATCH, &tag).await.status, StatusCode::NOT_MODIFIED);
    let part = asked(Method::GET, header::RANGE, "bytes=0-7").await;
    assert_eq!((part.status, part.body.as_str()), (StatusCode::PARTIAL_CONTENT, "%PDF-1.7"));
    assert_eq!(part.header(header::CONTENT_RANGE), format!("bytes 0-7/{}", ACT.len()));
    let head = asked(Method::HEAD, header::ACCEPT, "*/*").await;
    assert_eq!((head.body.as_str(), head.header(header::CONTENT_LENGTH)), ("", ACT.len().to_string().as_str()));

    assert_eq!(anybody.get(&budget.url()).await.status, StatusCode::NOT_FOUND);
    let shown = signed_in.get(&budget.url()).await;
    assert_eq!((shown.status, shown.body.as_str()), (StatusCode::OK, "rubro;valor\n"));
    assert_eq!(shown.header(header::CACHE_CONTROL), "private, no-store");
    assert!(shown.header(header::CONTENT_DISPOSITION).starts_with("attachment"));

    let stranger = front.browser(FILANDIA).signed_in(&email(Role::Coordinator, FILANDIA)).await;
    for path in [act.url(), budget.url(), "/archivos/x/y".to_owned(), format!("/archivos/{}", act.id)] {
        assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND, "{path} on another host");
    }
    assert_eq!(anybody.get(&format!("/archivos/{}/premio.pdf", act.id)).await.status, StatusCode::NOT_FOUND, "by another name");
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let world = World::new().await;
    let signed_in = world.front().browser(CHIPAQUE).signed_in(&email(Role::Editor, CHIPAQUE)).await;
    let large = [ACT, &vec![b' '; 10 << 20]].concat();
    let refused: [(&str, &[u8], &str); 6] = [
        ("acta.pdf", b"MZ\x90\0", "se reciben PDF"),
        ("acta.html", b"<!doctype html><script>alert(1)</script>", "se reciben PDF"),
        ("escudo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "se reciben PDF"),
        ("nota.txt", b" <svg onload=alert(1)>", "se reciben PDF"),
        ("acta.pdf", b"", "está vacío"),
        ("acta.pdf", &large, "pasa de 10 MB"),
    ];
    for (name, content, why) in refused {
        let shown = send(&signed_in, name, content).await;
        assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {}", shown.body);
        assert!(shown.body.contains(why), "{name}: {}", shown.body);
    }
    assert_eq!(send(&signed_in, "acta.pdf", &large[..10 << 20]).await.status, StatusCode::CREATED, "10 MB are not too many");
    assert_eq!(left(&world, CHIPAQUE).await, (1, 1));
}

#[tokio::test]
async fn nobody_uploads_without_signing_in_or_from_another_site() {
    let world = World::new().await;
    let anybody = world.front().browser(CHIPAQUE);
    assert_eq!(send(&anybody, "acta.pdf", ACT).await.status, StatusCode::UNAUTHORIZED);
    // A page whose forms take no files reads no files.
    let shown = anybody.post_files("/pqrsd", &[("kind", "QUEJA")], &[("files", "acta.pdf", ACT)]).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let signed_in = anybody.signed_in(&email(Role::Coordinator, CHIPAQUE)).await;
    let elsewhere = signed_in.request(Method::POST, "/archivos").header(header::ORIGIN, "http://otro.example");
    assert_eq!(signed_in.send(elsewhere.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
    let bare = signed_in.request(Method::POST, "/archivos").body(Body::from(ACT)).unwrap();
    assert_eq!(signed_in.send(bare).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(left(&world, CHIPAQUE).await, (0, 0));
}

#[tokio::test]
async fn only_ones_own_pending_upload_is_attached_and_only_once() {
    let world = World::new().await;
    let front = world.front();
    let (coordinator, editor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(CHIPAQUE, Role::Editor).await);
    let foreign = world.actor(FILANDIA, Role::Coordinator).await;
    let id = taken(&front.browser(CHIPAQUE).signed_in(&email(Role::Coordinator, CHIPAQUE)).await, "acta.pdf", ACT).await;
    for (stranger, why) in [(&editor, "another person's"), (&foreign, "another tenant's")] {
        assert_eq!(rejected(attach(stranger, &[id], SUBJECT, Public::Yes).await), "[\"files\"] NOT_FOUND", "{why}");
    }
    let unknown = Uuid::from_u128(7);
    assert_eq!(rejected(attach(&coordinator, &[id, unknown], SUBJECT, Public::Yes).await), "[\"files\"] NOT_FOUND");
    assert!(hanging(&coordinator).await.is_empty(), "all of them or none");
    let many: Vec<Uuid> = (0..11).map(Uuid::from_u128).collect();
    assert_eq!(rejected(attach(&coordinator, &many, SUBJECT, Public::Yes).await), "[\"files\"] TOO_MANY");
    for _ in 0..2 {
        attach(&coordinator, &[id, id], SUBJECT, Public::Yes).await.unwrap();
    }
    assert_eq!(hanging(&coordinator).await.len(), 1);
    assert_eq!(rejected(attach(&coordinator, &[id], "prueba/otra", Public::Yes).await), "[\"files\"] NOT_FOUND");
    let entries: i64 = sqlx::query_scalar("select count(*) from kernel.audit_entry where action = 'files.attached' and subject_id = $1")
        .bind(id.to_string())
        .fetch_one(&mut postgres(&world).await)
        .await
        .unwrap();
    assert_eq!(entries, 1);
    let mut tx = write(&foreign).await;
    assert!(matches!(file::detach(&mut tx, id).await, Err(Error::NotFound)), "another tenant's");
}

#[tokio::test]
async fn what_nobody_attached_in_a_day_is_forgotten_and_so_is_what_was_detached() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let signed_in = world.front().browser(CHIPAQUE).signed_in(&email(Role::Coordinator, CHIPAQUE)).await;
    let (kept, forgotten) = (taken(&signed_in, "acta.pdf", ACT).await, taken(&signed_in, "borrador.txt", b"Borrador").await);
    attach(&coordinator, &[kept], SUBJECT, Public::No).await.unwrap();
    world.clock.advance(time::Duration::hours(23));
    world.settle().await;
    assert_eq!(left(&world, CHIPAQUE).await, (2, 2));
    world.clock.advance(time::Duration::hours(2));
    world.settle().await;
    assert_eq!(left(&world, CHIPAQUE).await, (1, 1));
    assert_eq!(rejected(attach(&coordinator, &[forgotten], SUBJECT, Public::No).await), "[\"files\"] NOT_FOUND");

    let mut tx = write(&coordinator).await;
    assert_eq!(file::detach(&mut tx, kept).await.unwrap(), SUBJECT);
    tx.rollback().await.unwrap();
    world.settle().await;
    assert_eq!(left(&world, CHIPAQUE).await, (1, 1), "what was undone is undone");
    let mut tx = write(&coordinator).await;
    file::detach(&mut tx, kept).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    assert_eq!(left(&world, CHIPAQUE).await, (0, 0));
}

#[tokio::test]
async fn files_travel_in_a_pack_and_come_back_to_the_byte() {
    let (first, second) = (World::new().await, World::new().await);
    let coordinator = first.actor(CHIPAQUE, Role::Coordinator).await;
    let signed_in = first.front().browser(CHIPAQUE).signed_in(&email(Role::Coordinator, CHIPAQUE)).await;
    let ids = [taken(&signed_in, "acta.pdf", ACT).await, taken(&signed_in, "copia.pdf", ACT).await];
    taken(&signed_in, "pendiente.pdf", ACT).await;
    attach(&coordinator, &ids, SUBJECT, Public::Yes).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pack = tenancy::export(&first.platform, CHIPAQUE).await.unwrap();
    assert_eq!(pack.paths("files/").count(), 1, "equal bytes are there once, and what is pending stays");
    pack.write(folder.path()).unwrap();

    for _ in 0..2 {
        tenancy::import(&second.platform, &Pack::read(folder.path()).unwrap(), true).await.unwrap();
        second.settle().await;
        assert_eq!(left(&second, CHIPAQUE).await, (2, 2));
        let again = tenancy::export(&second.platform, CHIPAQUE).await.unwrap();
        assert_eq!(again.text("files.yaml").unwrap(), pack.text("files.yaml").unwrap());
        assert_eq!(again.paths("files/").map(|path| again.bytes(path)).collect::<Vec<_>>(), [Some(ACT)]);
    }
    let [act, _] = hanging(&second.actor(CHIPAQUE, Role::Coordinator).await).await.try_into().unwrap();
    assert_eq!(second.front().browser(CHIPAQUE).get(&act.url()).await.body.as_bytes(), ACT);
    let key = file::key(second.tenant(CHIPAQUE).id, act.id).unwrap();
    assert_eq!(collect(second.platform.files.get(&key).await.unwrap().0).await.unwrap(), ACT);

    let mut wrong = Pack::read(folder.path()).unwrap();
    wrong.put(&format!("files/{}", act.sha256), b"otro".to_vec());
    let refused = tenancy::import(&second.platform, &wrong, true).await;
    assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
    assert_eq!(second.front().browser(CHIPAQUE).get(&act.url()).await.body.as_bytes(), ACT, "what was there is still there");

    let without = tenancy::export(&World::new().await.platform, CHIPAQUE).await.unwrap();
    tenancy::import(&second.platform, &without, true).await.unwrap();
    second.settle().await;
    assert_eq!(left(&second, CHIPAQUE).await, (0, 0));
}

#[tokio::test]
async fn a_form_that_comes_back_brings_its_files() {
    let world = World::new().await;
    let (front, coordinator) = (world.front(), world.actor(CHIPAQUE, Role::Coordinator).await);
    let entity = json!({ "input": { "name": "SENA", "level": "NATIONAL", "kind": "SENA" } });
    let keep = "mutation($input: KeepEntityInput!) { keepEntity(input: $input) { entity { slug } userErrors { field message } } }";
    let entity = coordinator.run(keep, entity).await["keepEntity"]["entity"]["slug"].clone();
    let agreement =
        json!({ "input": { "entity": entity, "title": "Convenio", "topics": ["Cursos"], "object": "Cursos.", "signedOn": "2026-11-02" } });
    let keep = "mutation($input: KeepAgreementInput!) { keepAgreement(input: $input) { agreement { slug } userErrors { field message } } }";
    let agreement = coordinator.run(keep, agreement).await["keepAgreement"]["agreement"]["slug"].as_str().unwrap().to_owned();
    let form = format!("/admin/convenios/{agreement}");
    let signed_in = front.browser(CHIPAQUE).signed_in(&email(Role::Coordinator, CHIPAQUE)).await;
    let sent = [("_op", "AttachAgreementDocuments"), ("public", "true")];

    let chosen: [(&str, &str, &[u8]); 3] = [("files", "acta.pdf", ACT), ("files", "virus.pdf", b"MZ\x90"), ("files", "", b"")];
    let shown = signed_in.post_files(&form, &sent, &chosen).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(shown.body.contains("No se puede adjuntar «virus.pdf»"), "{}", shown.body);
    assert!(shown.body.contains("acta.pdf <span class=\"muted small\">(1&nbsp;KB)</span>"), "{}", shown.body);
    assert!(shown.body.contains("id=\"public\" value=\"true\" checked"), "{}", shown.body);
    assert_eq!(left(&world, CHIPAQUE).await, (1, 1), "what was refused is not there");
    let (_, kept) = shown.body.split_once("name=\"files\" id=\"files-1\" value=\"").expect("what arrived is ticked");
    let kept = &kept[..36];

    let shown = signed_in.post_files(&form, &sent, &[("files", "acta.pdf", ACT); 11]).await;
    assert!(shown.body.contains("Adjunte como máximo 10 archivos"), "{}", shown.body);
    let large = [ACT, &vec![b' '; 9 << 20]].concat();
    let shown = signed_in.post_files(&form, &sent, &[("files", "pesada.pdf", &large[..]); 5]).await;
    assert!(shown.body.contains("pasan de 40 MB en total"), "{}", shown.body);
    let huge = vec![b' '; 161 << 20];
    let shown = signed_in.post_files(&form, &sent, &[("files", "enorme.pdf", &huge[..])]).await;
    assert_eq!(shown.status, StatusCode::PAYLOAD_TOO_LARGE);

    let before = left(&world, CHIPAQUE).await;
    assert_eq!((before.0, before.1), (15, 15), "one, ten and four that arrived");
    let shown = front.browser(CHIPAQUE).post_files(&form, &sent, &[("files", "acta.pdf", ACT)]).await;
    assert_eq!((shown.status, shown.location().starts_with("/entrar?volver=")), (StatusCode::SEE_OTHER, true));
    assert_eq!(left(&world, CHIPAQUE).await, before, "who may not see the page leaves nothing");

    let shown = signed_in.post_files(&form, &[sent[0], sent[1], ("files", kept)], &[]).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.body);
    let shown = signed_in.get(&form).await;
    let (_, url) = shown.body.split_once("<a href=\"/archivos/").expect("the page lists it");
    let url = format!("/archivos/{}", url.split_once('"').unwrap().0);
    assert_eq!(front.browser(CHIPAQUE).get(&url).await.body.as_bytes(), ACT);
}
