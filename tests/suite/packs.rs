//! A tenant as files: what goes out comes in again to the byte, and what is wrong goes in not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kernel::pack::{Pack, parse_yaml};
use kernel::{Error, Role};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};
use suite::{CHIPAQUE, FILANDIA, World, postgres, root};

/// A folder's files with their bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, out);
            } else {
                out.insert(path.strip_prefix(root).unwrap().display().to_string(), std::fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(folder, folder, &mut out);
    out
}

/// How many rows every table holds; periodic work and the clock are nobody's data.
async fn rows(world: &World) -> BTreeMap<String, i64> {
    let mut connection = postgres(world).await;
    let tables = sqlx::query(
        "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'public')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut counts = BTreeMap::new();
    for table in tables {
        let name: String = table.get("name");
        let count = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {name}"))).fetch_one(&mut connection).await.unwrap();
        counts.insert(name, count);
    }
    counts
}

/// Something of every capability, so that a pack has something to carry.
async fn live_in(world: &World) {
    let (coordinator, official) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(CHIPAQUE, Role::Official).await);
    let done = async |actor: &suite::Actor<'_>, name: &str, input: Value| {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let document = format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ field code }} }} }}");
        let payload = actor.run(&document, json!({ "input": input })).await;
        assert_eq!(payload[name]["userErrors"], json!([]), "{name}");
    };
    done(&coordinator, "publishNews", json!({ "title": "Se queda", "body": "Línea uno\n\n---\n\n- punto: «dos»" })).await;
    done(&coordinator, "publishNews", json!({ "title": "Se va", "body": "Texto" })).await;
    done(&coordinator, "withdrawNews", json!({ "slug": "se-va" })).await;
    world.clock.advance(time::Duration::milliseconds(1_234_567));
    done(&coordinator, "setActivityDone", json!({ "actionLine": 1, "activity": 1, "done": true, "evidence": "/noticias" })).await;
    let recorded = world.recorded_by_hand().await;
    done(&coordinator, "recordMeasurement", json!({ "indicatorId": recorded, "value": 2.5, "evidence": "Acta: 3 # no es comentario" }))
        .await;
    done(&official, "keepEntry", json!({ "slug": "impuesto-predial-unificado", "state": "WITHDRAWN" })).await;
    let petition = json!({ "kind": "RECLAMO", "subject": "", "body": "Uno\nDos: «tres»\n# cuatro", "name": "yes", "email": null,
                           "anonymous": false, "idempotencyKey": "null" });
    done(&world.visitor(CHIPAQUE), "filePetition", petition).await;
    done(&coordinator, "openTicket", json!({ "category": "OTHER", "subject": "1e3", "body": "~", "idempotencyKey": "0x1F" })).await;
    let second = json!({ "category": "PUBLISHING", "subject": "Sí: no", "body": "- uno", "idempotencyKey": "k2" });
    done(&coordinator, "openTicket", second).await;
    let agent = world.actor("soporte", Role::Agent).await;
    let tickets = agent.run("{ tickets { nodes { number subject } } }", json!({})).await;
    let number = |subject: &str| {
        let found = tickets["tickets"]["nodes"].as_array().unwrap().iter().find(|ticket| ticket["subject"] == subject);
        found.unwrap()["number"].as_str().unwrap().to_owned()
    };
    let (first, second) = (number("1e3"), number("Sí: no"));
    done(&agent, "assignTicket", json!({ "number": first, "impact": "OFFICE", "urgency": "STOPS" })).await;
    done(&agent, "replyToTicket", json!({ "number": first, "text": "¿Sigue?", "status": "WAITING_MUNICIPALITY" })).await;
    done(&agent, "mergeTicket", json!({ "number": second, "into": first })).await;
    done(&coordinator, "rateTicket", json!({ "number": second, "score": 5, "text": "4" })).await;
    let at = kernel::clock::local(kernel::Platform::clock(&world.platform).now()).replace_time(time::macros::time!(8:00));
    let sixth = json!({ "year": 2026, "category": "SIXTH", "act": "Decreto 45, «por el cual»", "adoptedOn": "2025-10-01" });
    done(&coordinator, "recordCategory", sixth).await;
    let mut connection = postgres(world).await;
    sqlx::query("insert into visits.hour_count (tenant_id, hour, visits, views, robots, set_aside) values ($1, $2, 3, 9, 2, 1)")
        .bind(world.tenant(CHIPAQUE).id)
        .bind(at)
        .execute(&mut connection)
        .await
        .unwrap();
    for more in [
        "insert into visits.reject_count (tenant_id, hour, reason, hits) values ($1, $2, 'REPEAT', 7)",
        "insert into visits.figure_count (tenant_id, day, kind, name, hits) values ($1, $2::date, 'SEARCH', 'predial, \"2026\"', 4)",
    ] {
        sqlx::query(more).bind(world.tenant(CHIPAQUE).id).bind(at).execute(&mut connection).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_exported_is_imported_to_the_byte() {
    let (first, second) = (World::new().await, World::new().await);
    live_in(&first).await;
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tenancy::export(&first.platform, CHIPAQUE).await.unwrap().write(one.path()).unwrap();
    second.clock.advance(time::Duration::days(40));
    let slug = tenancy::import(&second.platform, &Pack::read(one.path()).unwrap(), true).await.unwrap();
    tenancy::export(&second.platform, &slug).await.unwrap().write(two.path()).unwrap();
    let (one, two) = (tree(one.path()), tree(two.path()));
    for part in [
        "tenant.yaml",
        "identity.yaml",
        "plan.yaml",
        "plan-state.yaml",
        "tramites.yaml",
        "cases.yaml",
        "visits.csv",
        "visits-rejects.csv",
        "visits-figures.csv",
        "categories.csv",
    ] {
        assert!(one.contains_key(part), "{part} is not in {:?}", one.keys());
    }
    assert!(one.keys().any(|path| path.starts_with("support")), "tickets travel");
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (path, bytes) in &one {
        assert!(*bytes == two[path], "{path}:\n{}\n---\n{}", String::from_utf8_lossy(bytes), String::from_utf8_lossy(&two[path]));
    }
    let manifest: Value = serde_json::from_slice(&one["MANIFEST.json"]).unwrap();
    assert_eq!(manifest["files"].as_object().unwrap().len(), one.len() - 1);
}

#[tokio::test]
async fn an_imported_town_is_as_it_was() {
    let world = World::new().await;
    live_in(&world).await;
    let visitor = world.visitor(CHIPAQUE);
    let asked = "{ news { nodes { slug title body publishedAt } } search(query: \"queda\") { nodes { path } }
                   plan { actionLines { activities { done } indicators { latest { value evidence } } } } tramite(slug: \"impuesto-predial-unificado\") { slug } }";
    let before = visitor.run(asked, json!({})).await;
    let version = world.platform.directory().version(world.tenant(CHIPAQUE).id);
    let pack = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    tenancy::import(&world.platform, &pack, true).await.unwrap();
    assert_eq!(visitor.run(asked, json!({})).await, before);
    assert!(world.platform.directory().version(world.tenant(CHIPAQUE).id) > version, "cached pages are stale");
    let next = json!({ "input": { "kind": "QUEJA", "subject": "", "body": "Otra", "anonymous": true, "idempotencyKey": "k" } });
    let filed = visitor.run("mutation($input: FilePetitionInput!) { filePetition(input: $input) { case { radicado } } }", next).await;
    assert_eq!(filed["filePetition"]["case"]["radicado"], "2026-000002-9", "no radicado is given twice");
}

/// A pack of a town that is not there yet, with one thing changed.
fn newcomer(change: impl Fn(&mut Pack)) -> Pack {
    let mut pack = Pack::read(&root().join("tenants/demo/zapatoca-santander")).unwrap();
    let identity = pack.text("tenant.yaml").unwrap().unwrap().replace("\"68895\"", "\"25181\"");
    assert!(identity.contains("25181"), "the code of Zapatoca has moved");
    pack.put("tenant.yaml", identity);
    change(&mut pack);
    pack
}

fn edited(pack: &mut Pack, path: &str, edit: impl Fn(&str) -> String) {
    let text = edit(pack.text(path).unwrap().unwrap_or_default());
    pack.put(path, text);
}

#[tokio::test]
async fn a_wrong_pack_is_refused_whole_and_says_where() {
    let world = World::new().await;
    let before = rows(&world).await;
    let first = "site/pages/municipio.md";
    let wrong: [(&str, &[&str], Pack); 12] = [
        (
            "unknown key in the identity",
            &["tenant.yaml", "alcalde"],
            newcomer(|pack| edited(pack, "tenant.yaml", |text| format!("{text}\nalcalde: Rosa\n"))),
        ),
        (
            "unknown key in the plan",
            &["plan.yaml", "sorpresa"],
            newcomer(|pack| edited(pack, "plan.yaml", |text| format!("{text}\nsorpresa: 1\n"))),
        ),
        (
            "unknown phase",
            &["plan.yaml", "magia"],
            newcomer(|pack| edited(pack, "plan.yaml", |text| text.replacen("- key: informacion", "- key: magia", 1))),
        ),
        ("a page without its head", &[first], newcomer(|pack| edited(pack, first, |_| "Solo texto".to_owned()))),
        (
            "an entry without a name",
            &["tramites.yaml", "inventado"],
            newcomer(|pack| pack.put("tramites.yaml", "entries: [{slug: inventado}]\n")),
        ),
        ("a radicado that is none", &["cases.yaml", "2026-000001-0"], newcomer(|pack| pack.put("cases.yaml", BAD_CASE))),
        (
            "counts that are not numbers",
            &["visits.csv"],
            newcomer(|pack| pack.put("visits.csv", "hour,visits,views,robots,set_aside\nayer,1,1,1,1\n")),
        ),
        (
            "a figure of a kind that there is not",
            &["visits-figures.csv", "MAGIA"],
            newcomer(|pack| pack.put("visits-figures.csv", "day,kind,name,hits\n2026-10-05,MAGIA,x,1\n")),
        ),
        ("a role of another house", &["identity.yaml", "agent"], newcomer(|pack| pack.put("identity.yaml", BAD_ROLE))),
        ("a file that nobody claims", &["notas.txt"], newcomer(|pack| pack.put("notas.txt", "hola"))),
        (
            "a code that DIVIPOLA does not have",
            &["tenant.yaml", "99999"],
            newcomer(|pack| edited(pack, "tenant.yaml", |text| text.replace("25181", "99999"))),
        ),
        ("no identity", &["tenant.yaml"], Pack::default()),
    ];
    for (what, told, pack) in wrong {
        match tenancy::import(&world.platform, &pack, true).await {
            Err(Error::Rejected(faults)) => {
                let message = &faults[0].message;
                assert!(told.iter().all(|word| message.contains(word)), "{what}: {message}");
            }
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(rows(&world).await, before, "{what}: something stayed");
    }
    let sound = tenancy::import(&world.platform, &newcomer(|_| ()), false).await.unwrap();
    assert!(world.platform.directory().by_slug(&sound).is_some(), "the pack without its fault goes in");
}

const BAD_CASE: &str = "counters: []\ncases:\n- case: {id: 019abf00-0000-7000-8000-000000000001, radicado: 2026-000001-0, kind: QUEJA, subject: a, \
    body: b, name: null, email: null, anonymous: true, idempotency_key: k, code_hash: h, state: RECEIVED, dependency: null, \
    opened_at: '2026-11-23T10:00:00Z', received_on: '2026-11-23', due_on: null, answered_at: null, answer: null}\n  events: []\n";
const BAD_ROLE: &str = "accounts: [{email: a@b.example, name: A, roles: [{role: agent}]}]\n";

#[tokio::test]
async fn an_existing_town_is_only_replaced_when_asked() {
    let world = World::new().await;
    let before = rows(&world).await;
    let pack = Pack::read(&root().join("tenants").join(CHIPAQUE)).unwrap();
    let refused = tenancy::import(&world.platform, &pack, false).await;
    assert!(
        matches!(&refused, Err(Error::Rejected(faults)) if faults[0].code == "EXISTS" && faults[0].message.contains(CHIPAQUE)),
        "{refused:?}"
    );
    assert_eq!(rows(&world).await, before);
    let others = tenancy::export(&world.platform, FILANDIA).await.unwrap();
    tenancy::import(&world.platform, &pack, true).await.unwrap();
    let after = tenancy::export(&world.platform, FILANDIA).await.unwrap();
    assert!(after.paths("").eq(others.paths("")) && after.paths("").all(|path| after.bytes(path) == others.bytes(path)), "neighbours stay");
}

#[test]
fn a_folder_must_be_what_its_manifest_says() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = || match Pack::read(folder.path()) {
        Err(Error::Rejected(faults)) => faults[0].message.clone(),
        other => panic!("was read: {other:?}"),
    };
    let (file, manifest) = (folder.path().join("a.txt"), folder.path().join("MANIFEST.json"));
    let mut pack = Pack::default();
    pack.put("a.txt", "uno");
    pack.write(folder.path()).unwrap();
    assert!(Pack::read(folder.path()).is_ok());
    let sound = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&file, "dos").unwrap();
    assert!(refusal().starts_with("a.txt: su contenido no corresponde"), "{}", refusal());
    std::fs::remove_file(&file).unwrap();
    assert!(refusal().starts_with("a.txt: falta en la carpeta"), "{}", refusal());
    std::fs::write(&file, "uno").unwrap();
    std::fs::write(folder.path().join("b.txt"), "más").unwrap();
    assert!(refusal().starts_with("b.txt: está en la carpeta y falta"), "{}", refusal());
    std::fs::write(&manifest, sound.replace("\"format\": 1", "\"format\": 2")).unwrap();
    assert!(refusal().contains("formato 2 desconocido"), "{}", refusal());
    std::fs::write(&manifest, "{}").unwrap();
    assert!(refusal().starts_with("MANIFEST.json"), "{}", refusal());
}

fn texts(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(out.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, out)),
        _ => {}
    }
}

#[tokio::test]
async fn every_text_of_chipaques_signed_plan_is_answered() {
    let world = World::new().await;
    let source = std::fs::read_to_string(root().join("tenants").join(CHIPAQUE).join("plan.yaml")).unwrap();
    let signed: Value = parse_yaml("plan.yaml", &source).unwrap();
    let asked =
        "{ plan { key title period { text derived fromYear toYear } legalFrame vision generalObjective specificObjectives frameworkLines
        actionLines { number title benefits responsibles resources durationText notes { note }
                      indicators { key name target targetValue unit cadence kind measure note } activities { text responsibles } }
        phases { key name deadline nationalDeadline target } closingActivities { title text }
        helpTable { problem procedure assistance channels { kind value } category note } incentives { title text } signedBy
        letterhead { name dispatch nit motto address phone email } notes { about note signed } } }";
    let plan = world.visitor(CHIPAQUE).run(asked, json!({})).await;
    let (mut written, mut answered) = (BTreeSet::new(), BTreeSet::new());
    texts(&signed, &mut written);
    texts(&plan, &mut answered);
    // The framework is told by its national title; the cadence is a value of an enum.
    let missing: Vec<_> = written
        .iter()
        .filter(|text| !answered.contains(*text) && !answered.contains(&text.to_uppercase()) && *text != "gel-2008")
        .collect();
    assert!(written.len() > 100, "{}", written.len());
    assert!(missing.is_empty(), "{missing:#?}");
    for (list, key) in [("actionLines", "action_lines"), ("phases", "phases"), ("helpTable", "help_table"), ("incentives", "incentives")] {
        assert_eq!(plan["plan"][list].as_array().unwrap().len(), signed[key].as_array().unwrap().len(), "{list}");
    }
    let targets = |lines: &Value, value: &str| -> Vec<Value> {
        let lines = lines.as_array().unwrap().iter();
        lines.flat_map(|line| line["indicators"].as_array().unwrap().iter().map(|row| json!(row[value].as_f64()))).collect()
    };
    assert_eq!(targets(&plan["plan"]["actionLines"], "targetValue"), targets(&signed["action_lines"], "target_value"));
}
