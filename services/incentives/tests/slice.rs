//! What the agency grants, from the evidence to the badge, from the call to its results, from a proposal to the screen, from a closed
//! month to its news.

use http::{StatusCode, header};
use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World, email};
use time::Duration;

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

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or_default()
}

/// Measures every town, and adds up the country.
async fn measured(world: &World) {
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tx.enqueue("incentives.gather_all", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    world.clock.advance(Duration::minutes(3));
    world.settle().await;
}

const SHORTLIST: &str = "{ featureShortlist { nodes { municipality { slug } points evidence { measure value points most } } } }";

#[tokio::test]
async fn a_site_is_featured_with_its_evidence_and_its_badge_leads_to_the_proof() {
    let world = World::new().await;
    let (analyst, coordinator) = (world.actor("agencia", Role::Analyst).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let unmeasured = put(&analyst, "featureMunicipality", "feature { slug }", json!({ "municipality": CHIPAQUE, "reason": "Sí" })).await;
    assert_eq!(code(&unmeasured), "UNMEASURED", "without evidence nobody is featured");
    done(&coordinator, "publishNews", "newsItem { slug }", json!({ "title": "Jornada", "body": "El sábado." })).await;
    measured(&world).await;
    let list = analyst.run(SHORTLIST, json!({})).await["featureShortlist"]["nodes"].clone();
    // The demonstration towns do not compete outside `up` mode, as in the ranking.
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    let first = &list[0];
    let sum: i64 = first["evidence"].as_array().unwrap().iter().map(|line| line["points"].as_i64().unwrap()).sum();
    assert_eq!((first["municipality"]["slug"].as_str(), first["points"].as_i64()), (Some(CHIPAQUE), Some(sum)));
    let fresh = &first["evidence"][0];
    assert_eq!(*fresh, json!({ "measure": "site.days_since_update", "value": 0.0, "points": 25, "most": 25 }));
    let value = coordinator.run("{ measure(name: \"site.news_published\") { value } }", json!({})).await["measure"]["value"].clone();
    assert_eq!(first["evidence"][1]["value"], value, "the shortlist says what the measure says");

    let front = world.front();
    let (town, portal) = (front.browser(CHIPAQUE), front.browser("agencia"));
    assert!(!town.get("/").await.body.contains("Ver la prueba"));
    let without = put(&analyst, "featureMunicipality", "feature { slug }", json!({ "municipality": CHIPAQUE, "reason": " " })).await;
    assert_eq!(code(&without), "REQUIRED", "the reason is recorded");
    let featured =
        done(&analyst, "featureMunicipality", "feature { slug }", json!({ "municipality": CHIPAQUE, "reason": "El más al día" })).await;
    assert_eq!(featured["feature"]["slug"], "2026-11-chipaque-cundinamarca");
    let twice = put(&analyst, "featureMunicipality", "feature { slug }", json!({ "municipality": CHIPAQUE, "reason": "Otra vez" })).await;
    assert_eq!(code(&twice), "TAKEN");
    world.settle().await;

    let proof = "/destacados/2026-11-chipaque-cundinamarca";
    assert!(town.get("/").await.body.contains(&format!("http://localhost:8080{proof}")), "the town's front page leads to the proof");
    let shown = portal.get(proof).await;
    assert!(shown.body.contains("El más al día") && shown.body.contains("25 de 25"), "reason and evidence");
    let badge = portal.get(&format!("{proof}.svg")).await;
    assert!(badge.header(header::CONTENT_TYPE).starts_with("image/svg+xml") && badge.body.contains("Sitio destacado"));
    for place in ["/", "/destacados"] {
        assert!(portal.get(place).await.body.contains(proof), "{place}");
    }
    // The block can be framed on a newspaper's page, and nothing else can.
    let block = portal.get("/destacados/bloque").await;
    assert_eq!((block.header(header::X_FRAME_OPTIONS), block.header(header::ACCESS_CONTROL_ALLOW_ORIGIN)), ("", "*"));
    assert!(block.header(header::CONTENT_SECURITY_POLICY).contains("frame-ancestors *") && block.header(header::SET_COOKIE).is_empty());
    assert!(block.body.contains("El más al día") && !block.body.contains("<script"));
    let again = portal.get("/destacados/bloque").await;
    assert!(again.header(header::CONTENT_SECURITY_POLICY).contains("frame-ancestors *"), "from the cache too");
    let data: Value = serde_json::from_str(&portal.get("/destacados/bloque.json").await.body).unwrap();
    assert_eq!(data["features"]["nodes"][0]["municipality"]["name"], "Chipaque");
    assert_eq!(portal.get("/destacados").await.header(header::X_FRAME_OPTIONS), "DENY");

    let counted = coordinator.run("{ measure(name: \"incentives.features_year\") { value } }", json!({})).await;
    assert_eq!(counted["measure"]["value"], 1.0);
    done(&analyst, "withdrawFeature", "feature { slug }", json!({ "slug": "2026-11-chipaque-cundinamarca", "reason": "Un error" })).await;
    world.settle().await;
    assert!(!town.get("/").await.body.contains("Ver la prueba") && !portal.get("/destacados").await.body.contains("El más al día"));
    assert!(portal.get(proof).await.body.contains("Un error"), "the address says why");
    let figures = world.visitor("agencia").run("{ nationalFigures { towns updatedThisWeek } }", json!({})).await;
    assert_eq!(figures["nationalFigures"], json!({ "towns": 1, "updatedThisWeek": 1 }));
    assert!(world.visitor(CHIPAQUE).run("{ nationalFigures { towns } }", json!({})).await["nationalFigures"].is_null());
}

fn call() -> Value {
    json!({ "title": "Premio a la cercanía", "body": "Bases", "criteria": "60 | Impacto | A cuántos\n40 | Réplica | Quién lo copia",
            "prizes": "Una cámara\nUn diploma", "opensOn": "2026-11-20", "closesOn": "2026-11-25" })
}

const CALL: &str = "premio-a-la-cercania";

async fn nominated(town: &Actor<'_>, title: &str) {
    done(town, "keepNomination", "nomination { title }", json!({ "slug": CALL, "title": title, "summary": "Una experiencia" })).await;
    for criterion in ["impacto", "replica"] {
        done(town, "answerNomination", "nomination { title }", json!({ "slug": CALL, "criterion": criterion, "text": "Así fue" })).await;
    }
    done(town, "submitNomination", "nomination { submittedAt }", json!({ "slug": CALL })).await;
}

#[tokio::test]
async fn a_call_goes_from_its_criteria_to_its_results() {
    let world = World::new().await;
    let (analyst, administrator) = (world.actor("agencia", Role::Analyst).await, world.actor("agencia", Role::Administrator).await);
    let (chipaque, filandia) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor(FILANDIA, Role::Coordinator).await);
    done(&analyst, "keepAwardCall", "awardCall { slug stage }", call()).await;
    done(&chipaque, "keepNomination", "nomination { title }", json!({ "slug": CALL, "title": "Huerta", "summary": "Una huerta" })).await;
    let early = put(&chipaque, "submitNomination", "nomination { title }", json!({ "slug": CALL })).await;
    assert_eq!(code(&early), "MISSING");
    assert!(early["userErrors"][0]["message"].as_str().unwrap().contains("Impacto, Réplica"));
    let seen = analyst.run("{ nominations(slug: \"premio-a-la-cercania\") { totalCount } }", json!({})).await;
    assert_eq!(seen["nominations"]["totalCount"], 0, "a draft is the town's own");
    let due = chipaque.run("{ duties { kind dueOn } }", json!({})).await["duties"].clone();
    assert!(due.as_array().unwrap().contains(&json!({ "kind": "incentives.nomination", "dueOn": "2026-11-25" })), "{due}");
    nominated(&chipaque, "Huerta").await;
    nominated(&filandia, "Café").await;
    let points = |town: &str, points: [i32; 2]| json!({ "slug": CALL, "municipality": town, "points": points });
    assert_eq!(code(&put(&analyst, "scoreNomination", "awardCall { slug }", points(CHIPAQUE, [80, 40])).await), "OPEN");
    let mut changed = call();
    changed["slug"] = json!(CALL);
    changed["prizes"] = json!("Nada");
    assert_eq!(code(&put(&analyst, "keepAwardCall", "awardCall { slug }", changed).await), "OPEN", "whoever prepared relied on the terms");

    world.clock.advance(Duration::days(3));
    let late = put(&chipaque, "keepNomination", "nomination { title }", json!({ "slug": CALL, "title": "Otra", "summary": "Otra" })).await;
    assert_eq!(code(&late), "CLOSED");
    let due = administrator.run("{ duties { kind } }", json!({})).await["duties"].clone();
    assert!(due.as_array().unwrap().contains(&json!({ "kind": "incentives.results" })), "{due}");
    done(&analyst, "scoreNomination", "awardCall { slug }", points(CHIPAQUE, [80, 40])).await;
    let unscored = put(&administrator, "publishResults", "awardCall { slug }", json!({ "slug": CALL, "note": "Por mayoría" })).await;
    assert!(code(&unscored) == "UNSCORED" && unscored["userErrors"][0]["message"].as_str().unwrap().contains("Filandia"));
    done(&administrator, "scoreNomination", "awardCall { slug }", points(CHIPAQUE, [60, 60])).await;
    done(&analyst, "scoreNomination", "awardCall { slug }", points(FILANDIA, [70, 50])).await;
    let decided = done(
        &administrator,
        "publishResults",
        "awardCall { stage results { place total prize municipality { slug } } }",
        json!({ "slug": CALL, "note": "Por mayoría" }),
    )
    .await;
    let places: Vec<_> = decided["awardCall"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["place"].as_i64().unwrap(), place["total"].as_f64().unwrap(), place["prize"].as_str().unwrap()))
        .collect();
    assert_eq!(places, [(1, 62.0, "Una cámara"), (1, 62.0, "Una cámara")], "a tie at the prize line shares the prize");
    let again = put(&administrator, "publishResults", "awardCall { slug }", json!({ "slug": CALL, "note": "Otra" })).await;
    assert_eq!(code(&again), "DECIDED");
    let own = chipaque
        .run("{ ownIncentives { awards { place { place prize } } } measure(name: \"incentives.awards_year\") { value } }", json!({}))
        .await;
    assert_eq!(
        own,
        json!({ "ownIncentives": { "awards": [{ "place": { "place": 1, "prize": "Una cámara" } }] }, "measure": { "value": 1.0 } })
    );
    let public = world.front().browser("agencia").get(&format!("/premios/{CALL}")).await;
    assert!(public.status == StatusCode::OK && public.body.contains("Una cámara") && public.body.contains("empate"));
}

#[tokio::test]
async fn an_experience_is_on_the_screen_with_its_transcript_or_not_at_all() {
    let world = World::new().await;
    let (analyst, coordinator) = (world.actor("agencia", Role::Analyst).await, world.actor(CHIPAQUE, Role::Coordinator).await);
    let propose = async |title: &str, key: &str| {
        let made = done(
            &coordinator,
            "proposeExperience",
            "experience { id }",
            json!({ "title": title, "story": "Así fue", "idempotencyKey": key }),
        )
        .await;
        made["experience"]["id"].as_str().unwrap().to_owned()
    };
    let (one, two, three) = (propose("Radio escolar", "a").await, propose("Huerta", "b").await, propose("Museo", "c").await);
    assert_eq!(propose("Radio escolar", "a").await, one, "sent twice, it is one");
    done(&coordinator, "withdrawExperience", "experience { id }", json!({ "id": three })).await;
    let seen = analyst.run("{ experiences { totalCount } }", json!({})).await;
    assert_eq!(seen["experiences"]["totalCount"], 2, "what was taken back is not there");
    let decide = |id: &str, accepted: bool| json!({ "municipality": CHIPAQUE, "id": id, "accepted": accepted, "reason": "Ya hubo una" });
    done(&analyst, "decideExperience", "broadcast { slug }", decide(&two, false)).await;
    let slug = done(&analyst, "decideExperience", "broadcast { slug }", decide(&one, true)).await["broadcast"]["slug"].clone();
    assert_eq!(code(&put(&analyst, "decideExperience", "broadcast { slug }", decide(&one, false)).await), "DECIDED");
    assert_eq!(code(&put(&coordinator, "withdrawExperience", "experience { id }", json!({ "id": one })).await), "DECIDED");
    done(&analyst, "scheduleBroadcast", "broadcast { state }", json!({ "slug": slug, "airsOn": "2026-12-01" })).await;
    let portal = world.front().browser("agencia");
    let page = portal.get("/television").await;
    assert!(page.body.contains("Radio escolar") && page.body.contains("1 de diciembre de 2026"), "what is to come");
    let address = format!("/television/{}", slug.as_str().unwrap());
    assert_eq!(portal.get(&address).await.status, StatusCode::NOT_FOUND);
    let programme = |said: &str| json!({ "slug": slug, "summary": "La radio", "videoUrl": "https://video.example/1", "transcript": said });
    let mute = put(&analyst, "publishBroadcast", "broadcast { slug }", programme("")).await;
    assert_eq!((code(&mute), &mute["userErrors"][0]["field"]), ("REQUIRED", &json!(["transcript"])));
    done(&analyst, "publishBroadcast", "broadcast { slug }", programme(&"Buenas tardes, aquí la radio. ".repeat(10))).await;
    let shown = portal.get(&address).await;
    assert!(shown.body.contains("Buenas tardes, aquí la radio.") && shown.body.contains("https://video.example/1"));
    let own = coordinator.run("{ ownIncentives { experiences { title broadcast { state reason } } } }", json!({})).await;
    let states: Vec<_> = own["ownIncentives"]["experiences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["title"].as_str().unwrap(), one["broadcast"]["state"].as_str().unwrap_or("-")))
        .collect();
    for expected in [("Radio escolar", "PUBLISHED"), ("Huerta", "DECLINED"), ("Museo", "-")] {
        assert!(states.contains(&expected), "{states:?}");
    }
}

#[tokio::test]
async fn a_closed_month_waits_for_its_editor() {
    let world = World::new().await;
    let (administrator, analyst) = (world.actor("agencia", Role::Administrator).await, world.actor("agencia", Role::Analyst).await);
    done(&administrator, "closeMonth", "ranking { month }", json!({ "month": "2026-10" })).await;
    let news = "{ news { totalCount } allMonthlyNews { month title publishedAt } }";
    let before = analyst.run(news, json!({})).await;
    assert_eq!(
        (&before["news"]["totalCount"], &before["allMonthlyNews"][0]["publishedAt"]),
        (&json!(0), &Value::Null),
        "nothing is told yet"
    );
    let due = analyst.run("{ duties { kind path } }", json!({})).await["duties"].clone();
    assert!(due.as_array().unwrap().contains(&json!({ "kind": "incentives.news", "path": "/admin/noticia-del-mes/2026-10" })), "{due}");
    done(&analyst, "keepMonthlyNews", "monthlyNews { title }", json!({ "month": "2026-10", "title": "A medias", "body": "Falta" })).await;
    done(&administrator, "closeMonth", "ranking { month }", json!({ "month": "2026-10" })).await;
    let kept = analyst.run(news, json!({})).await;
    assert_eq!(kept["allMonthlyNews"][0]["title"], "A medias", "closing again does not write over the editor");
    done(
        &analyst,
        "publishMonthlyNews",
        "monthlyNews { publishedAt }",
        json!({ "month": "2026-10", "title": "Los líderes", "body": "**Estos**" }),
    )
    .await;
    let portal = world.front().browser("agencia");
    let shown = portal.get("/noticias/ranking-2026-10").await;
    assert!(shown.status == StatusCode::OK && shown.body.contains("Los líderes") && shown.body.contains("<strong>Estos</strong>"));
    assert!(portal.get("/").await.body.contains("/noticias/ranking-2026-10"));
    let again =
        put(&analyst, "publishMonthlyNews", "monthlyNews { month }", json!({ "month": "2026-10", "title": "Otra", "body": "Otra" })).await;
    assert_eq!(code(&again), "PUBLISHED");
}

#[tokio::test]
async fn what_a_town_sent_travels_with_it() {
    let (first, second) = (World::new().await, World::new().await);
    let (analyst, coordinator) = (first.actor("agencia", Role::Analyst).await, first.actor(CHIPAQUE, Role::Coordinator).await);
    done(&analyst, "keepAwardCall", "awardCall { slug }", call()).await;
    nominated(&coordinator, "Huerta: «la de todos»").await;
    done(
        &coordinator,
        "proposeExperience",
        "experience { id }",
        json!({ "title": "Radio", "story": "- uno\n# dos", "idempotencyKey": "a" }),
    )
    .await;
    let pack = tenancy::export(&first.platform, CHIPAQUE).await.unwrap();
    tenancy::import(&second.platform, &pack, true).await.unwrap();
    let again = tenancy::export(&second.platform, CHIPAQUE).await.unwrap();
    let (one, two) = (pack.text("incentives.yaml").unwrap().unwrap(), again.text("incentives.yaml").unwrap().unwrap());
    assert!(one == two && one.contains("Huerta"), "{one}\n---\n{two}");
}

#[tokio::test]
async fn one_page_says_what_was_won_and_what_is_missing() {
    let world = World::new().await;
    let observer = world.front().browser(CHIPAQUE).signed_in(&email(Role::Observer, CHIPAQUE)).await;
    let page = observer.get("/admin/incentivos").await;
    assert_eq!(page.status, StatusCode::OK);
    for told in ["Puntos de hoy", "Días desde la última actualización", "Lo que más suma ahora", "Todavía nada"] {
        assert!(page.body.contains(told), "{told}");
    }
}
