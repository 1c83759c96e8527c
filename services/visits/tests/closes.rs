//! The month as a mayor can check it and an outsider recount it: objections and their answers, the close that is signed and published,
//! what comes late, what is corrected, and the recount by a program that shares no code with ours.

use std::process::Command;

use kernel::Role;
use kernel::secret::sha256_hex;
use serde_json::{Value, json};
use suite::browser::Front;
use suite::{Actor, CHIPAQUE, FILANDIA, World, postgres, root};
use time::Duration;
use time::macros::datetime;

use crate::visits_slice::{close, counted, october};

const OBJECT: &str =
    "mutation($input: ObjectToMonthInput!) { objectToMonth(input: $input) { objection { id } userErrors { field code } } }";
const ANSWER: &str = "mutation($input: AnswerObjectionInput!) { answerObjection(input: $input) { objection { outcome adjustment } userErrors { field code } } }";
const CORRECT: &str =
    "mutation($input: CorrectMonthInput!) { correctMonth(input: $input) { monthClose { month } userErrors { field code } } }";
const REASON: &str = "El martes 10 el sitio no se contó entre las ocho y las diez.";
const CLOSED: &str = "query($month: String!) { monthClose(month: $month) { closedAt statement mayObject closable
    files { name bytes sha256 } objections { reason outcome answer adjustment municipality { slug } }
    corrections { closedVisits correctedVisits reason statement municipality { slug } } } }";
const ORDER: &str = "query($month: String!) { ranking(month: $month) { openlySigned genuine
    nodes { position visits nameThen correctedVisits certainty municipality { slug name } } } }";

async fn object(actor: &Actor<'_>, month: &str, reason: &str, key: &str) -> Value {
    let input = json!({ "month": month, "reason": reason, "idempotencyKey": key });
    actor.run(OBJECT, json!({ "input": input })).await["objectToMonth"].clone()
}

async fn answer(actor: &Actor<'_>, input: Value) -> Value {
    actor.run(ANSWER, json!({ "input": input })).await["answerObjection"].clone()
}

fn codes(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect()
}

async fn file(world: &World, month: &str, name: &str) -> String {
    let query = "query($month: String!, $name: String!) { monthFile(month: $month, name: $name) { body sha256 } }";
    let told = world.visitor("agencia").run(query, json!({ "month": month, "name": name })).await["monthFile"].clone();
    let body = told["body"].as_str().unwrap_or_else(|| panic!("{month} has no {name}")).to_owned();
    assert_eq!(told["sha256"], sha256_hex(body.as_bytes()), "{name}");
    body
}

/// October over and closed; November over, and objections open.
async fn december() -> World {
    let world = october().await;
    let administrator = world.actor("agencia", Role::Administrator).await;
    assert_eq!(close(&administrator, "2026-10").await["userErrors"], json!([]));
    counted(&world, CHIPAQUE, datetime!(2026-11-20 12:00 -5), 70).await;
    counted(&world, FILANDIA, datetime!(2026-11-30 23:00 -5), 1100).await;
    world.clock.advance(datetime!(2026-12-02 09:00 -5) - world.platform.clock().now());
    world
}

#[tokio::test]
async fn a_month_is_objected_to_answered_and_closed_as_reckoned_by_hand() {
    let world = december().await;
    let (coordinator, analyst) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("agencia", Role::Analyst).await);
    let administrator = world.actor("agencia", Role::Administrator).await;

    // What cannot be objected to.
    assert_eq!(codes(&object(&coordinator, "2026-10", REASON, "a").await), ["CLOSED"]);
    assert_eq!(codes(&object(&coordinator, "2026-12", REASON, "a").await), ["UNFINISHED"]);
    assert_eq!(codes(&object(&coordinator, "2026-09", REASON, "a").await), ["LATE"]);
    assert_eq!(codes(&object(&coordinator, "2026-11", "No.", "a").await), ["SHORT"]);
    let outsider = world
        .actor(CHIPAQUE, Role::Observer)
        .await
        .refused(OBJECT, json!({ "input": { "month": "2026-11", "reason": REASON, "idempotencyKey": "x" } }))
        .await;
    assert_eq!(outsider, "FORBIDDEN");

    // Sent twice it is one, and only the town and the agency see it before it is answered.
    let filed = object(&coordinator, "2026-11", REASON, "a").await;
    assert_eq!(object(&coordinator, "2026-11", REASON, "a").await, filed);
    let second = object(&world.actor(FILANDIA, Role::Coordinator).await, "2026-11", "Nos sobran visitas de una prueba propia.", "a").await;
    let seen = async |actor: &Actor<'_>| {
        let month = actor.run(CLOSED, json!({ "month": "2026-11" })).await["monthClose"].clone();
        month["objections"].as_array().unwrap().len()
    };
    assert_eq!((seen(&coordinator).await, seen(&analyst).await, seen(&world.visitor("agencia")).await), (1, 2, 0));
    assert_eq!(coordinator.run("{ ownObjections { reason } }", json!({})).await["ownObjections"], json!([{ "reason": REASON }]));
    let duties = analyst.run("{ duties { kind path } }", json!({})).await["duties"].clone();
    assert!(duties.to_string().contains("/admin/cierres/2026-11"), "{duties}");

    // While anything is open the month stays open.
    assert_eq!(codes(&close(&administrator, "2026-11").await), ["OBJECTIONS_OPEN"]);
    world.clock.advance(Duration::days(4));
    assert_eq!(codes(&object(&coordinator, "2026-11", REASON, "late").await), ["LATE"]);
    assert_eq!(codes(&close(&administrator, "2026-11").await), ["UNANSWERED"]);

    // The answers.
    let (first, second) = (filed["objection"]["id"].clone(), second["objection"]["id"].clone());
    let because = "El registro de ese día muestra 41 visitas que se perdieron.";
    let mut input = json!({ "id": first, "outcome": "ACCEPTED", "adjustment": -1100, "answer": because });
    assert_eq!(codes(&answer(&analyst, input.clone()).await), ["RANGE"]);
    input["adjustment"] = json!(30);
    input["outcome"] = json!("DISMISSED");
    assert_eq!(codes(&answer(&analyst, input.clone()).await), ["DISMISSED"]);
    input["outcome"] = json!("ACCEPTED");
    assert_eq!(coordinator.refused(ANSWER, json!({ "input": input })).await, "FORBIDDEN");
    assert_eq!(codes(&answer(&analyst, input.clone()).await), Vec::<&str>::new());
    assert_eq!(codes(&answer(&analyst, input.clone()).await), ["ANSWERED"]);
    input["id"] = json!("018f0000-0000-7000-8000-000000000000");
    assert_eq!(analyst.refused(ANSWER, json!({ "input": input })).await, "NOT_FOUND");
    assert_eq!(seen(&world.visitor("agencia")).await, 1, "what is answered is public");
    let no = json!({ "id": second, "outcome": "DISMISSED", "answer": "Las visitas de esa prueba ya estaban apartadas." });
    assert_eq!(answer(&analyst, no).await["objection"], json!({ "outcome": "DISMISSED", "adjustment": 0 }));

    // Chipaque: 1.000 in the first hour of November, 70 on the twentieth, 30 by objection. Filandia: 1.100. A tie at the first place.
    assert_eq!(close(&administrator, "2026-11").await["userErrors"], json!([]));
    let ranking = world.visitor("agencia").run(ORDER, json!({ "month": "2026-11" })).await["ranking"].clone();
    assert_eq!((&ranking["openlySigned"], &ranking["genuine"]), (&json!(true), &json!(true)));
    let row = |row: &Value| (row["position"].as_i64(), row["visits"].as_i64(), row["municipality"]["slug"].as_str().unwrap().to_owned());
    let rows: Vec<_> = ranking["nodes"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(rows, [(Some(1), Some(1100), CHIPAQUE.to_owned()), (Some(1), Some(1100), FILANDIA.to_owned())]);
    assert_eq!(ranking["nodes"][0]["certainty"], "UNDECIDED");
    let (chipaque, filandia) = (world.tenant(CHIPAQUE), world.tenant(FILANDIA));
    let each = |population: Option<i32>| {
        let people = i64::from(population.unwrap());
        let thousandths = (1100 * 1_000_000 + people / 2) / people;
        format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
    };
    let line = |town: &kernel::directory::TenantEntry, before: i32| {
        let people = town.population.unwrap();
        format!(
            "1,{},{},{},{},{people},1100,{},{before},{}\n",
            town.code,
            town.name,
            town.department_code,
            town.department,
            each(town.population),
            before - 1
        )
    };
    let header = "puesto,codigo,municipio,codigo_departamento,departamento,habitantes,visitas,por_mil_habitantes,puesto_anterior,cambio\n";
    assert_eq!(file(&world, "2026-11", "orden.csv").await, format!("{header}{}{}", line(&chipaque, 2), line(&filandia, 1)));
    assert_eq!(
        file(&world, "2026-11", "ajustes.csv").await,
        format!("codigo,objecion,visitas,motivo\n25178,{},30,{because}\n", first.as_str().unwrap())
    );
    assert_eq!(visits::verify(&world.platform, "2026-11").await.unwrap().visits, 2200);
    assert_eq!(codes(&object(&coordinator, "2026-11", REASON, "after").await), ["CLOSED"]);
    let actions: Vec<String> = sqlx::query_scalar("select action from kernel.audit_entry where action like 'visits.%' order by action")
        .fetch_all(&mut postgres(&world).await)
        .await
        .unwrap();
    let wanted = [
        "visits.month.closed",
        "visits.month.closed",
        "visits.objection.answered",
        "visits.objection.answered",
        "visits.objection.filed",
        "visits.objection.filed",
    ];
    assert_eq!(actions, wanted);
}

#[tokio::test]
async fn what_comes_late_or_is_renamed_changes_nothing_and_a_correction_stands_beside() {
    let world = december().await;
    let administrator = world.actor("agencia", Role::Administrator).await;
    world.clock.advance(Duration::days(5));
    // Renamed in mid-month: the close has the name of its day.
    let mut connection = postgres(&world).await;
    sqlx::query("update tenancy.tenant set name = 'Filandia, la Colina' where slug = $1")
        .bind(FILANDIA)
        .execute(&mut connection)
        .await
        .unwrap();
    tenancy::refresh(&world.platform).await.unwrap();
    close(&administrator, "2026-11").await;
    let before = file(&world, "2026-11", "orden.csv").await;
    assert!(before.contains("\"Filandia, la Colina\""), "{before}");
    sqlx::query("update tenancy.tenant set name = 'Filandia' where slug = $1").bind(FILANDIA).execute(&mut connection).await.unwrap();
    tenancy::refresh(&world.platform).await.unwrap();
    counted(&world, FILANDIA, datetime!(2026-11-29 12:00 -5), 25).await;
    let ranking = world.visitor("agencia").run(ORDER, json!({ "month": "2026-11" })).await["ranking"].clone();
    assert_eq!((&ranking["genuine"], &ranking["nodes"][0]["visits"]), (&json!(true), &json!(1100)));
    assert_eq!(
        (&ranking["nodes"][0]["nameThen"], &ranking["nodes"][0]["municipality"]["name"]),
        (&json!("Filandia, la Colina"), &json!("Filandia"))
    );
    let late = administrator.run("{ monthClose(month: \"2026-11\") { lateVisits } }", json!({})).await;
    assert_eq!(late["monthClose"]["lateVisits"], 25);
    let told = world.visitor("agencia").refused("{ monthClose(month: \"2026-11\") { lateVisits } }", json!({})).await;
    assert_eq!(told, "UNAUTHENTICATED");

    let mut input =
        json!({ "month": "2026-11", "slug": FILANDIA, "visits": 1125, "reason": "Un lote de visitas llegó después del cierre." });
    assert_eq!(administrator.run(CORRECT, json!({ "input": input })).await["correctMonth"]["userErrors"], json!([]));
    input["month"] = json!("2026-12");
    assert_eq!(codes(&administrator.run(CORRECT, json!({ "input": input })).await["correctMonth"]), ["OPEN", "NOT_RANKED"]);
    assert_eq!(world.actor("agencia", Role::Analyst).await.refused(CORRECT, json!({ "input": input })).await, "FORBIDDEN");
    let ranking = world.visitor("agencia").run(ORDER, json!({ "month": "2026-11" })).await["ranking"].clone();
    assert_eq!((&ranking["nodes"][0]["visits"], &ranking["nodes"][0]["correctedVisits"]), (&json!(1100), &json!(1125)));
    assert_eq!(file(&world, "2026-11", "orden.csv").await, before);
    let chain = world.visitor(CHIPAQUE).run("{ statements { number kind month body digest } }", json!({})).await["statements"].clone();
    let kinds: Vec<_> =
        chain.as_array().unwrap().iter().map(|one| (one["number"].as_i64().unwrap(), one["kind"].as_str().unwrap())).collect();
    assert_eq!(kinds, [(1, "CLOSE"), (2, "CLOSE"), (3, "CORRECTION")]);
    for pair in chain.as_array().unwrap().windows(2) {
        let named = format!("anterior: sha256 {}\n", pair[0]["digest"].as_str().unwrap());
        assert!(pair[1]["body"].as_str().unwrap().contains(&named));
    }
    visits::verify(&world.platform, "2026-11").await.unwrap();
}

#[tokio::test]
async fn a_month_of_the_old_keyed_hash_is_shown_as_what_it_is() {
    let world = october().await;
    let town = world.tenant(CHIPAQUE).id;
    let at = datetime!(2026-11-02 12:00 UTC);
    let signed = format!("2026-09 None {}\n{town} 1 1000 None None\n", at.unix_timestamp_nanos() / 1000);
    let hash = world.platform.secret.keyed("visits.month-close", &[signed.as_bytes()]);
    let mut connection = postgres(&world).await;
    sqlx::query("insert into visits.month_close (month, closed_at, signature) values ('2026-09', $1, $2)")
        .bind(at)
        .bind(&hash[..])
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("insert into visits.ranking_row (tenant_id, month, position, visits) values ($1, '2026-09', 1, 1000)")
        .bind(town)
        .execute(&mut connection)
        .await
        .unwrap();
    let ranking = world.visitor("agencia").run(ORDER, json!({ "month": "2026-09" })).await["ranking"].clone();
    assert_eq!((&ranking["openlySigned"], &ranking["genuine"]), (&json!(false), &json!(true)));
    assert_eq!(visits::verify(&world.platform, "2026-09").await.unwrap().statement, None);
    visits::close(&world.platform, "2026-10").await.unwrap();
    let act = file(&world, "2026-10", "acta.txt").await;
    assert!(
        act.contains(&format!("anterior: hmac-sha256 {} 2026-09\n", hex::encode(hash))) && act.contains("comparado-con: 2026-09\n"),
        "{act}"
    );
    let shown = world.front().browser("agencia").get("/ranking/2026-09").await;
    assert!(shown.body.contains("clave interna de la plataforma"), "{}", shown.body);
    sqlx::query("update visits.ranking_row set visits = 999 where month = '2026-09'").execute(&mut connection).await.unwrap();
    assert!(visits::verify(&world.platform, "2026-09").await.is_err());
}

/// Saves every address that an outsider needs below a folder, as it comes over HTTP.
async fn saved(front: &Front, months: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let browser = front.browser("agencia");
    let mut addresses = vec!["/datos-abiertos.json".to_owned()];
    for month in months {
        for name in ["horas.csv", "municipios.csv", "ajustes.csv", "orden.csv", "acta.txt", "firma.txt"] {
            addresses.push(format!("/ranking/{month}/{name}"));
        }
    }
    for address in addresses {
        let shown = browser.get(&address).await;
        assert_eq!(shown.status, http::StatusCode::OK, "{address}");
        let path = folder.path().join(address.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &shown.bytes).unwrap();
    }
    folder
}

fn recount(folder: &std::path::Path) -> (bool, String) {
    let ran = Command::new("python3").arg(root().join("tests/recount.py")).arg(folder).output().expect("python3 is there");
    (ran.status.success(), format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr)))
}

#[tokio::test]
async fn a_program_that_shares_no_code_counts_the_same_bytes() {
    let world = december().await;
    let administrator = world.actor("agencia", Role::Administrator).await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let filed = object(&coordinator, "2026-11", REASON, "a").await["objection"]["id"].clone();
    let because = "Se cuentan, con \"comillas\", coma\ny otra línea.";
    answer(&administrator, json!({ "id": filed, "outcome": "ACCEPTED", "adjustment": 7, "answer": because })).await;
    world.clock.advance(Duration::days(5));
    close(&administrator, "2026-11").await;
    let input = json!({ "month": "2026-11", "slug": CHIPAQUE, "visits": 1, "reason": "Se contó dos veces\nun mismo lote." });
    assert_eq!(administrator.run(CORRECT, json!({ "input": input })).await["correctMonth"]["userErrors"], json!([]));

    let front = world.front();
    let folder = saved(&front, &["2026-10", "2026-11"]).await;
    let told = "2026-10: 2 municipios, 141 visitas: mismos bytes, firma y cadena bien\n2026-11: 2 municipios, 2177 visitas: mismos bytes, firma y cadena bien\n";
    assert_eq!(recount(folder.path()), (true, told.to_owned()));

    // And it finds what was touched.
    for (name, from, to) in [
        ("horas.csv", "2026-11-20,0,0,0,0,0,0,0,0,0,0,0,0,70", "2026-11-20,0,0,0,0,0,0,0,0,0,0,0,0,71"),
        ("orden.csv", ",1077,", ",1078,"),
        ("acta.txt", "mes: 2026-11", "mes: 2026-12"),
        ("ajustes.csv", ",7,", ",8,"),
    ] {
        let path = folder.path().join("ranking/2026-11").join(name);
        let real = std::fs::read_to_string(&path).unwrap();
        assert!(real.contains(from), "{name}: {real}");
        std::fs::write(&path, real.replacen(from, to, 1)).unwrap();
        let (holds, why) = recount(folder.path());
        assert!(!holds && why.contains("2026-11: ") && !why.contains("Traceback"), "{name}: {why}");
        std::fs::write(&path, real).unwrap();
    }
    let path = folder.path().join("datos-abiertos.json");
    let real = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, real.replacen("visitas-corregidas: 1", "visitas-corregidas: 2", 1)).unwrap();
    assert!(recount(folder.path()).1.starts_with("acta 3: "), "a correction is signed too");

    // What is not there is not made up.
    let browser = front.browser("agencia");
    for address in ["/ranking/2026-12/horas.csv", "/ranking/2026-11/nada.csv", "/ranking/x/acta.txt"] {
        assert_eq!(browser.get(address).await.status, http::StatusCode::NOT_FOUND, "{address}");
    }
    let hours = browser.get("/ranking/2026-11/horas.json").await;
    assert_eq!(
        (hours.header(http::header::CONTENT_TYPE), hours.header(http::header::X_CONTENT_TYPE_OPTIONS)),
        ("application/json", "nosniff")
    );
    assert_eq!(serde_json::from_str::<Value>(&hours.body).unwrap()["days"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_whole_month_by_forms_without_a_script() {
    let world = december().await;
    let front = world.front();
    let town = front.browser(CHIPAQUE).signed_in(&suite::email(Role::Coordinator, CHIPAQUE)).await;
    let agency = front.browser("agencia").signed_in(&suite::email(Role::Administrator, "agencia")).await;
    let page = town.get("/admin/visitas/objeciones").await;
    assert!(page.body.contains("Objetar un mes") && page.body.contains("noviembre de 2026"), "{}", page.body);
    let refused = town.post("/admin/visitas/objeciones", &[("month", "2026-11"), ("reason", "Poco.")]).await;
    assert_eq!(refused.status, http::StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Explíquelo en una frase") && refused.body.contains("Poco."), "what was typed is kept");
    for twice in ["sent", "and sent again"] {
        let sent = town.post("/admin/visitas/objeciones", &[("month", "2026-11"), ("reason", REASON)]).await;
        assert_eq!(sent.location(), "/admin/visitas/objeciones?hecho=enviada", "{twice}");
    }
    assert_eq!(town.get("/admin/visitas/objeciones").await.body.matches(REASON).count(), 1);

    let desk = agency.get("/admin/cierres/2026-11").await;
    assert!(desk.body.contains(REASON) && desk.body.contains("Conteo preliminar"), "{}", desk.body);
    let id = desk.body.split_once("name=\"id\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let mut typed = vec![
        ("_op", "AnswerObjection"),
        ("id", id.as_str()),
        ("outcome", "ACCEPTED"),
        ("answer", "Tienen razón: se perdieron."),
        ("adjustment", "30"),
    ];
    let answered = agency.post("/admin/cierres/2026-11", &typed).await;
    assert_eq!(answered.location(), "/admin/cierres/2026-11?hecho=contestada", "{}", answered.body);
    typed[4].1 = "-40";
    let again = agency.post("/admin/cierres/2026-11", &typed).await;
    assert!(again.body.contains("ya tiene respuesta"), "{}", again.body);
    assert!(front.browser("agencia").get("/ranking/2026-11").await.body.contains("Tienen razón"), "the answer is public");
    let early = agency.post("/admin/cierres/2026-11", &[("_op", "CloseMonth"), ("month", "2026-11")]).await;
    assert!(early.body.contains("Se puede cerrar desde el 6 de diciembre de 2026"), "{}", early.body);

    world.clock.advance(Duration::days(5));
    let agency = front.browser("agencia").signed_in(&suite::email(Role::Administrator, "agencia")).await;
    let closed = agency.post("/admin/cierres/2026-11", &[("_op", "CloseMonth"), ("month", "2026-11")]).await;
    assert_eq!(closed.location(), "/admin/cierres/2026-11?hecho=cerrado", "{}", closed.body);
    let desk = agency.get(closed.location()).await;
    assert!(desk.body.contains("quedó cerrado y firmado") && desk.body.contains("Publicar una corrección"), "{}", desk.body);
    let visitor = front.browser("agencia");
    let month = visitor.get("/ranking/2026-11").await;
    for wanted in ["Mes cerrado", "/ranking/2026-11/horas.csv", "/ranking/2026-11/acta.txt", "Comprobada"] {
        assert!(month.body.contains(wanted), "{wanted}: {}", month.body);
    }
    let open = visitor.get("/datos-abiertos").await;
    assert!(open.body.contains("/ranking/2026-10/orden.csv") && open.body.contains("Cierre de 2026-11"), "{}", open.body);
    let town = front.browser(CHIPAQUE).signed_in(&suite::email(Role::Coordinator, CHIPAQUE)).await;
    let page = town.get("/admin/visitas/objeciones").await;
    assert!(page.body.contains("Aceptada") && page.body.contains("+30 visitas"), "{}", page.body);
}

#[tokio::test]
async fn a_category_groups_only_whoever_entered_it_and_a_closed_month_keeps_it() {
    let world = december().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let record =
        "mutation($input: RecordCategoryInput!) { recordCategory(input: $input) { category { year category } userErrors { field code } } }";
    let mut input = json!({ "year": 2028, "category": "SIXTH", "act": "D", "adoptedOn": "2027-10-01" });
    assert_eq!(codes(&coordinator.run(record, json!({ "input": input })).await["recordCategory"]), ["RANGE", "FORM", "RANGE"]);
    assert_eq!(world.actor(CHIPAQUE, Role::Editor).await.refused(record, json!({ "input": input })).await, "FORBIDDEN");
    let sixth = "query($month: String!) { ranking(month: $month, category: SIXTH) { nodes { position category municipality { slug } } } }";
    let asked = async |month: &str| world.visitor("agencia").run(sixth, json!({ "month": month })).await["ranking"]["nodes"].clone();
    assert_eq!(asked("2026-11").await, json!([]));
    input = json!({ "year": 2026, "category": "SIXTH", "act": "Decreto 45 de 2025", "adoptedOn": "2025-10-01" });
    assert_eq!(codes(&coordinator.run(record, json!({ "input": input })).await["recordCategory"]), Vec::<&str>::new());
    let own = json!([{ "position": 1, "category": "SIXTH", "municipality": { "slug": CHIPAQUE } }]);
    assert_eq!(asked("2026-11").await, own);
    assert_eq!(asked("2026-10").await, json!([]), "a month that was closed before stays as it was");
    world.clock.advance(Duration::days(5));
    close(&world.actor("agencia", Role::Administrator).await, "2026-11").await;
    input["category"] = json!("FIFTH");
    coordinator.run(record, json!({ "input": input })).await;
    assert_eq!(asked("2026-11").await, own);
    let told = world
        .visitor("agencia")
        .run("query($slug: String) { townCategories(slug: $slug) { category act } }", json!({ "slug": CHIPAQUE }))
        .await;
    assert_eq!(told["townCategories"], json!([{ "category": "FIFTH", "act": "Decreto 45 de 2025" }]));
}

#[tokio::test]
async fn the_agency_compares_what_every_capability_measures() {
    let world = december().await;
    let analyst = world.actor("agencia", Role::Analyst).await;
    let compare = "query($measure: String, $towns: String, $department: String) { comparison(measure: $measure, towns: $towns, department: $department) {
        measure { name unit } known average totalCount nodes { value change municipality { slug } }
        series { points { date value } events { text } municipality { slug } } } }";
    let empty = analyst.run(compare, json!({ "department": "25" })).await["comparison"].clone();
    assert_eq!((&empty["known"], &empty["average"], &empty["totalCount"]), (&json!(0), &Value::Null, &json!(1)));
    let read = async || {
        let mut tx = kernel::Scope::Worker(None).write(world.platform.db()).await.unwrap();
        tx.enqueue("visits.read_all", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        world.settle().await;
    };
    counted(&world, CHIPAQUE, datetime!(2026-12-01 12:00 -5), 4).await;
    read().await;
    read().await;
    world.clock.advance(Duration::days(30));
    read().await;
    let told = analyst.run(compare, json!({ "measure": "visits.days_counted", "towns": CHIPAQUE, "department": "25" })).await["comparison"]
        .clone();
    // On 2 December: 20 November and 1 December of the last 30 days, and the month's first hour lies before them; on 1 January: none.
    assert_eq!(
        told["series"][0]["points"],
        json!([{ "date": "2026-12-02", "value": 2.0 }, { "date": "2027-01-01", "value": 0.0 }]),
        "{told}"
    );
    assert_eq!((&told["nodes"][0]["value"], &told["nodes"][0]["change"], &told["known"]), (&json!(0.0), &json!(-2.0), &json!(1)));
    assert!(told["series"][0]["events"].to_string().contains("Se cerró el mes de octubre de 2026"), "{told}");
    let names = analyst.run("{ comparedMeasures { name } }", json!({})).await["comparedMeasures"].to_string();
    for measure in ["site.days_since_update", "tramites.published_share", "support.open_tickets", "cases.open_count"] {
        assert!(names.contains(measure), "{names}");
    }
    assert_eq!(analyst.refused(compare, json!({ "measure": "nada.de_nada" })).await, "BAD_REQUEST");
    assert_eq!(world.actor(CHIPAQUE, Role::Coordinator).await.refused(compare, json!({})).await, "FORBIDDEN");
    let desk = world.front().browser("agencia").signed_in(&suite::email(Role::Analyst, "agencia")).await;
    let shown = desk.get(&format!("/admin/comparar?medida=visits.days_counted&municipios={CHIPAQUE}")).await;
    assert!(shown.body.contains("Día por día") && shown.body.contains("Se cerró el mes de octubre"), "{}", shown.body);
    let csv = desk.get("/admin/comparar.csv?medida=visits.days_counted").await;
    assert!(csv.body.contains("\"día(s)\",\"25178\",\"Chipaque\",\"Cundinamarca\",\"0.0\",\"-2.0\""), "{}", csv.body);
}
