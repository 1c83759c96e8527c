//! Frameworks through their documents and pages: what measures answer, what people say with proof, what is kept of it, what helps most next.

use http::StatusCode;
use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::browser::Browser;
use suite::{Actor, CHIPAQUE, FILANDIA, World, email, postgres};
use time::Duration;

const SET: &str = "mutation($input: SetCriterionStateInput!) { setCriterionState(input: $input) {
    criterion { code state reason evidence supported answered computed by saidInVersion files { id name } } userErrors { field code } } }";
const CRITERION: &str = "query($framework: String!, $code: String!) { criterion(framework: $framework, code: $code) {
    state reason evidence supported answered computed failed by since measure { name value } files { id } saidInVersion retired
    history { state reason computed by } } }";

async fn criterion(actor: &Actor<'_>, framework: &str, code: &str) -> Value {
    actor.run(CRITERION, json!({ "framework": framework, "code": code })).await["criterion"].clone()
}

async fn set(actor: &Actor<'_>, input: Value) -> Value {
    actor.run(SET, json!({ "input": input })).await["setCriterionState"].clone()
}

fn faults(payload: &Value) -> String {
    let faults = payload["userErrors"].as_array().unwrap().iter();
    faults
        .map(|fault| format!("{} {}", fault["field"][0].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect::<Vec<_>>()
        .join(", ")
}

async fn part(actor: &Actor<'_>, framework: &str, phase: &str) -> Value {
    let asked = "query($framework: String!, $phase: String) { framework(key: $framework) { phase(key: $phase) {
        target goal fulfilled criteriaCount fulfilledCount essentialMissing unansweredCount readAt
        scores { day version percent fulfilledCount criteriaCount } } } }";
    actor.run(asked, json!({ "framework": framework, "phase": phase })).await["framework"]["phase"].clone()
}

/// The minute's look at what has changed, and whatever it asks for; how many jobs were done.
async fn look(world: &World) -> usize {
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("plan.read_changed", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    let mut done = 0;
    loop {
        match kernel::jobs::run_due(&world.platform).await.unwrap() {
            0 => return done,
            more => done += more,
        }
    }
}

async fn keeper(world: &World) -> Browser {
    world.front().browser(CHIPAQUE).signed_in(&email(Role::Coordinator, CHIPAQUE)).await
}

#[tokio::test]
async fn the_platform_answers_four_fifths_of_what_it_can_know() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let told = visitor.run("{ frameworks { key criteriaCount knowableCount computedCount } }", json!({})).await;
    for framework in told["frameworks"].as_array().unwrap() {
        let count = |name: &str| framework[name].as_u64().unwrap();
        assert!(100 * count("computedCount") >= 80 * count("knowableCount"), "{framework}");
        let asked =
            "query($framework: String!, $after: String) { criteria(framework: $framework, filter: COMPUTED, first: 100, after: $after) {
            nodes { code failed why measure { name value } } pageInfo { endCursor hasNextPage } } }";
        let mut after = Value::Null;
        loop {
            let page = visitor.run(asked, json!({ "framework": framework["key"], "after": after })).await["criteria"].clone();
            for row in page["nodes"].as_array().unwrap() {
                assert_eq!(row["failed"], false, "{row}");
                // A misspelt parameter is nothing to measure; so is a register in which nobody has written yet.
                let name = row["measure"]["name"].as_str().unwrap();
                let empty = ["agreements.", "committee.", "handover.", "training."].iter().any(|capability| name.starts_with(capability));
                assert!(empty || row["measure"]["value"].is_number(), "{row}");
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

#[tokio::test]
async fn what_the_platform_has_by_construction_is_on_its_pages() {
    let world = World::new().await;
    let browser = world.front().browser(CHIPAQUE);
    let home = browser.get("/").await;
    for (feature, mark) in [
        ("search", "action=\"/buscar\""),
        ("site-map", "href=\"/mapa-del-sitio\""),
        ("gov-co", "href=\"https://www.gov.co/\""),
        ("home-link", "<a class=\"brand\" href=\"/\">"),
        ("feed", "type=\"application/atom+xml\""),
        ("text-zoom", "name=\"letra\" value=\"mayor\""),
        ("focus", "class=\"skip\" href=\"#contenido\""),
        ("semantic", "<main id=\"contenido\">"),
    ] {
        assert!(home.body.contains(mark), "{feature}");
    }
    assert!(!home.body.contains("<iframe") && !home.body.contains("target=\"_blank\""), "no-frames");
    let directory = browser.get("/directorio").await;
    assert!(directory.body.contains("class=\"crumbs\""), "breadcrumbs");
    let page = browser.get("/terminos").await;
    assert!(page.body.contains("Actualizada el <time"), "dates");
    for (feature, path) in
        [("xml-site-map", "/sitemap.xml"), ("open-formats", "/tramites.csv"), ("open-formats", "/plan.csv"), ("feed", "/noticias.atom")]
    {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{feature}: {path}");
    }
    let mirror = browser.get("/transparencia").await;
    assert!(mirror.body.contains("href=\"/participa\""), "participate-menu");
    let form = browser.get("/pqrsd").await;
    for (thing, mark) in [
        ("name", "name=\"name\""),
        ("email", "name=\"email\""),
        ("content", "name=\"body\""),
        ("anonymous", "name=\"anonymous\""),
        ("data-notice", "Tratamiento de datos"),
        ("terms", "días hábiles"),
    ] {
        assert!(form.body.contains(mark), "{thing}");
    }
    for header in ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"] {
        assert!(home.headers.contains_key(header), "headers: {header}");
    }
}

#[tokio::test]
async fn what_a_person_says_needs_its_proof_or_its_reason() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let say = |code: &str, state: &str, reason: Option<&str>, evidence: Option<&str>| json!({ "framework": "res-1519", "code": code, "state": state, "reason": reason, "evidence": evidence });
    for (input, fault) in [
        (say("SEG.10", "YES", None, Some(" ")), "evidence REQUIRED"),
        (say("SEG.10", "PARTIAL", Some("Falta probarlas"), None), "evidence REQUIRED"),
        (say("SEG.10", "NOT_APPLICABLE", Some("  "), Some("/x")), "reason REQUIRED"),
        (say("SEG.10", "YES", Some(&"a".repeat(2001)), Some(&"a".repeat(2001))), "evidence LENGTH, reason LENGTH"),
        (say("SEG.02", "YES", None, Some("/x")), "code COMPUTED"),
        (say("1.10", "NOT_APPLICABLE", Some("No"), None), "state ESSENTIAL"),
        (say("NADA", "YES", None, Some("/x")), "code NOT_FOUND"),
        (json!({ "framework": "iso-9001", "code": "A", "state": "NO" }), "framework NOT_FOUND"),
        (json!({ "framework": "res-1519", "code": "SEG.10", "state": "YES", "files": ["no-es-un-id"] }), "files NOT_FOUND"),
    ] {
        let refused = set(&coordinator, input).await;
        assert_eq!((faults(&refused).as_str(), &refused["criterion"]), (fault, &Value::Null));
    }
    let before = part(&visitor, "res-1519", "seguridad").await;
    assert_eq!((&before["goal"], &before["target"]), (&json!("NO_TARGET"), &Value::Null), "no target is a state of its own");
    let done = set(&coordinator, say("SEG.10", "PARTIAL", Some("Falta probarlas"), Some("Contrato 12"))).await;
    assert_eq!(done["userErrors"], json!([]));
    assert_eq!((&done["criterion"]["by"], &done["criterion"]["saidInVersion"]), (&json!("Coordinator"), &Value::Null));
    let seen = criterion(&visitor, "res-1519", "SEG.10").await;
    assert_eq!(
        (&seen["state"], &seen["reason"], &seen["by"]),
        (&json!("PARTIAL"), &json!("Falta probarlas"), &Value::Null),
        "names stay inside"
    );
    let after = part(&visitor, "res-1519", "seguridad").await;
    let gained = after["fulfilled"].as_f64().unwrap() - before["fulfilled"].as_f64().unwrap();
    assert!((gained - 50.0 / 15.0).abs() < 1e-9, "half a criterion of fifteen: {gained}");
    set(&coordinator, say("SEG.10", "NOT_APPLICABLE", Some("Las hace la agencia"), None)).await;
    let aside = part(&visitor, "res-1519", "seguridad").await;
    assert_eq!(aside["criteriaCount"].as_i64(), before["criteriaCount"].as_i64().map(|count| count - 1));
    let history = criterion(&coordinator, "res-1519", "SEG.10").await["history"].clone();
    let states: Vec<_> = history.as_array().unwrap().iter().map(|event| event["state"].as_str().unwrap()).collect();
    assert_eq!(
        (states, &history[0]["by"]),
        (vec!["NOT_APPLICABLE", "PARTIAL"], &json!("Coordinator")),
        "newest first, and nothing is lost"
    );
    let mine = "{ criteria(framework: \"res-1519\", filter: MINE) { nodes { code } } }";
    assert_eq!(coordinator.run(mine, json!({})).await["criteria"]["nodes"], json!([{ "code": "SEG.10" }]));
    assert_eq!(visitor.run(mine, json!({})).await["criteria"]["nodes"], json!([]));
}

#[tokio::test]
async fn that_something_does_not_apply_no_measure_knows() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let say = |state: &str| json!({ "code": "INF-19", "state": state, "reason": "No hay gaceta" });
    assert_eq!(faults(&set(&coordinator, say("NO")).await), "code COMPUTED");
    let aside = set(&coordinator, say("NOT_APPLICABLE")).await;
    assert_eq!((&aside["criterion"]["state"], &aside["criterion"]["computed"]), (&json!("NOT_APPLICABLE"), &json!(true)));
    let back = set(&coordinator, say("NO")).await;
    assert_eq!((&back["criterion"]["state"], &back["criterion"]["reason"]), (&json!("NO"), &Value::Null), "the measure has the word again");
}

#[tokio::test]
async fn a_state_whose_proof_is_gone_does_not_count() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let publish = "mutation { publishNews(input: { title: \"Copias probadas\", body: \"Se restauró la copia.\", slug: \"copias\" }) { userErrors { code } } }";
    coordinator.run(publish, json!({})).await;
    let input = json!({ "framework": "res-1519", "code": "SEG.10", "state": "YES", "evidence": "/noticias/copias, con el acta" });
    assert_eq!(set(&coordinator, input).await["criterion"]["supported"], true);
    let held = part(&visitor, "res-1519", "seguridad").await;
    coordinator.run("mutation { withdrawNews(input: { slug: \"copias\" }) { userErrors { code } } }", json!({})).await;
    let lost = criterion(&visitor, "res-1519", "SEG.10").await;
    assert_eq!((&lost["state"], &lost["supported"]), (&json!("YES"), &json!(false)), "what was said stays, without support");
    let after = part(&visitor, "res-1519", "seguridad").await;
    assert_eq!(after["fulfilledCount"].as_i64(), held["fulfilledCount"].as_i64().map(|count| count - 1));
    let duties = coordinator.run("{ duties { kind path } }", json!({})).await;
    let due = duties["duties"].as_array().unwrap().iter().find(|duty| duty["kind"] == "plan.support").unwrap();
    assert_eq!(due["path"], "/admin/plan/criterios?marco=res-1519&fase=seguridad&criterio=SEG.10#criterio-SEG.10");
}

#[tokio::test]
async fn a_file_proves_a_criterion_until_it_is_taken_away() {
    let world = World::new().await;
    let (browser, coordinator) = (keeper(&world).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let page = "/admin/plan/criterios?marco=res-1519&fase=seguridad&criterio=SEG.11";
    let fields = [
        ("_op", "SetCriterionState"),
        ("volver", page),
        ("framework", "res-1519"),
        ("code", "SEG.11"),
        ("state", "YES"),
        ("reason", ""),
        ("evidence", ""),
    ];
    let refused = browser.post(page, &fields).await;
    assert!(refused.body.contains("Hay 1 error") && refused.body.contains("o adjunte un archivo"), "{}", refused.body);
    let sent = browser.post_files(page, &fields, &[("files", "informe.pdf", b"%PDF-1.7\nHallazgos\n%%EOF\n")]).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, page));
    let proven = criterion(&coordinator, "res-1519", "SEG.11").await;
    assert_eq!((&proven["state"], &proven["supported"], &proven["evidence"]), (&json!("YES"), &json!(true), &Value::Null));
    assert!(browser.get("/plan/marcos/res-1519/seguridad").await.body.contains("informe.pdf"), "everybody sees it");
    let remove = "mutation($input: RemoveCriterionFileInput!) { removeCriterionFile(input: $input) { criterion { supported } userErrors { code } } }";
    let input = |code: &str| json!({ "input": { "framework": "res-1519", "code": code, "file": proven["files"][0]["id"] } });
    let stranger = world.actor(FILANDIA, Role::Coordinator).await;
    assert_eq!(stranger.refused(remove, input("SEG.11")).await, "NOT_FOUND");
    assert_eq!(coordinator.refused(remove, input("SEG.10")).await, "NOT_FOUND", "it is another criterion's file");
    let gone = coordinator.run(remove, input("SEG.11")).await;
    assert_eq!(gone["removeCriterionFile"], json!({ "criterion": { "supported": false }, "userErrors": [] }));
}

#[tokio::test]
async fn readings_are_kept_and_made_anew_only_where_something_changed() {
    let world = World::new().await;
    world.settle().await;
    assert!(look(&world).await > 0, "a first look reads what nobody read");
    assert_eq!(look(&world).await, 1, "the next one finds nothing to read");
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let before = criterion(&visitor, "gel-2008", "INF-49").await;
    assert_eq!((&before["state"], &before["computed"]), (&json!("YES"), &json!(true)), "{before}");
    world.clock.advance(Duration::days(10));
    assert_eq!(criterion(&visitor, "gel-2008", "INF-49").await["state"], "YES", "pages read what was found last");
    look(&world).await;
    let late = criterion(&visitor, "gel-2008", "INF-49").await;
    assert_eq!((&late["state"], &late["since"]), (&json!("NO"), &json!("2026-12-03T15:42:00.000Z")));
    assert_eq!(late["history"], json!([{ "state": "NO", "reason": null, "computed": true, "by": null }]));
    let publish = "mutation { publishNews(input: { title: \"Al día\", body: \"Otra vez.\" }) { userErrors { code } } }";
    coordinator.run(publish, json!({})).await;
    assert_eq!(look(&world).await, 2, "one town published, and one is read");
    assert_eq!(criterion(&visitor, "gel-2008", "INF-49").await["state"], "YES");
}

#[tokio::test]
async fn a_past_score_is_never_rewritten() {
    let world = World::new().await;
    world.settle().await;
    look(&world).await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let first = part(&visitor, "gel-2008", "transformacion").await["scores"].clone();
    assert_eq!((first.as_array().unwrap().len(), &first[0]["day"]), (1, &json!("2026-11-23")));
    // What an earlier version of the framework left: a score, and a word that still counts.
    let tenant = world.tenant(CHIPAQUE).id;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into plan.score (tenant_id, framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at)
         values ('{tenant}', 'gel-2008', 0, 'transformacion', '2026-01-15', 75, 8, 6, 0, 0, 0, '2026-01-15');
         insert into plan.criterion_state (tenant_id, framework, version, code, state, evidence, at)
         values ('{tenant}', 'gel-2008', 0, 'TRF-12', 'YES', 'Acta 1', '2026-01-15')"
    )))
    .execute(&mut postgres(&world).await)
    .await
    .unwrap();
    let carried = criterion(&visitor, "gel-2008", "TRF-12").await;
    assert_eq!((&carried["state"], &carried["saidInVersion"]), (&json!("YES"), &json!(0)));
    world.clock.advance(Duration::DAY);
    set(&coordinator, json!({ "code": "TRF-01", "state": "YES", "evidence": "Convenio 3" })).await;
    look(&world).await;
    let scores = part(&visitor, "gel-2008", "transformacion").await["scores"].clone();
    let told: Vec<_> =
        scores.as_array().unwrap().iter().map(|row| (row["day"].as_str().unwrap(), row["version"].as_i64().unwrap())).collect();
    assert_eq!(told, [("2026-11-24", 1), ("2026-11-23", 1), ("2026-01-15", 0)]);
    assert_eq!((&scores[1], &scores[2]["percent"]), (&first[0], &json!(75.0)), "the past stands");
    assert_eq!(scores[0]["fulfilledCount"].as_i64(), first[0]["fulfilledCount"].as_i64().map(|count| count + 2));
    let share = |at: &str| {
        format!(
            "select s.percent from plan.score s where tenant_id = '{tenant}' and phase = 'transformacion' and day <= '{at}' order by day desc limit 1"
        )
    };
    let percent: Option<f64> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(share("2026-06-01"))).fetch_one(&mut postgres(&world).await).await.unwrap();
    assert_eq!(percent, Some(75.0));
    let measured = visitor.run("{ measure(name: \"plan.phase_share.transformacion\") { value } }", json!({})).await;
    assert_eq!(measured["measure"]["value"], scores[0]["percent"]);
}

#[tokio::test]
async fn the_next_best_action_does_what_it_says() {
    let world = World::new().await;
    let (coordinator, visitor) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.visitor(CHIPAQUE));
    let asked = "{ nextBestActions { title why effort essential path criteriaCount } }";
    assert_eq!(visitor.refused(asked, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(world.actor("soporte", Role::Agent).await.refused(asked, json!({})).await, "FORBIDDEN");
    let actions = coordinator.run(asked, json!({})).await["nextBestActions"].clone();
    let actions = actions.as_array().unwrap();
    assert_eq!(actions.len(), 5);
    let essential: Vec<_> = actions.iter().map(|action| action["essential"].as_bool().unwrap()).collect();
    assert!(essential.is_sorted_by(|a, b| a >= b), "what is essential comes first: {actions:?}");
    let browser = keeper(&world).await;
    for action in actions {
        let path = action["path"].as_str().unwrap();
        assert!(action["why"].as_str().unwrap().starts_with("Sube «"), "{action}");
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
    let more = coordinator.run("{ nextBestActions(first: 100) { title why path } }", json!({})).await["nextBestActions"].clone();
    let wanted = |action: &&Value| action["path"].as_str().unwrap().contains("criterio=SEG.10");
    let action = more.as_array().unwrap().iter().find(wanted).expect("it is there to be done").clone();
    set(&coordinator, json!({ "framework": "res-1519", "code": "SEG.10", "state": "YES", "evidence": "Contrato 12" })).await;
    let percent = part(&visitor, "res-1519", "seguridad").await["fulfilled"].as_f64().unwrap();
    let after = format!("{percent:.1}").replace('.', ",");
    let says = format!("a {} %.", after.trim_end_matches(",0"));
    assert!(action["why"].as_str().unwrap().ends_with(&says), "{action} {says}");
    let left = coordinator.run("{ nextBestActions(first: 100) { path } }", json!({})).await["nextBestActions"].clone();
    assert!(!left.as_array().unwrap().iter().any(|action| wanted(&action)), "what is done is not asked again");
}

#[tokio::test]
async fn the_pages_say_what_the_platform_answers_and_why_not_the_rest() {
    let world = World::new().await;
    let (anybody, browser) = (world.front().browser(CHIPAQUE), keeper(&world).await);
    let phase = anybody.get("/plan/fases/informacion").await.body;
    assert!(phase.contains("La plataforma responde sola") && phase.contains("Por qué lo dice una persona"));
    let framework = anybody.get("/plan/marcos/res-1519").await.body;
    assert!(framework.contains("Sin meta fijada") && framework.contains("/plan/marcos/res-1519/transparencia"));
    assert_eq!(anybody.get("/plan/marcos/iso-9001").await.status, StatusCode::NOT_FOUND);
    assert_eq!(anybody.get("/plan/marcos/res-1519/nada").await.status, StatusCode::NOT_FOUND);
    assert_eq!(anybody.get("/admin/plan/criterios").await.status, StatusCode::SEE_OTHER, "to the door");
    assert_eq!(browser.get("/admin/plan/criterios?marco=nada").await.status, StatusCode::NOT_FOUND);
    let unmet = browser.get("/admin/plan/criterios?marco=res-1519&fase=accesibilidad&ver=UNMET&criterio=ACC.b").await.body;
    assert!(unmet.contains("id=\"criterio-ACC.b\"") && !unmet.contains("criterio=ACC.d"), "met ones are not among the unmet");
    let csv = browser.get("/admin/plan/criterios.csv?marco=res-1519").await;
    assert_eq!((csv.status, csv.body.lines().count()), (StatusCode::OK, 136), "a heading and 135 criteria");
}
