//! What comes over HTTP and is not as it should be: each gets a clear answer, and none a 500.

use axum::body::Body;
use http::{Method, StatusCode, header};
use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::browser::{Browser, Shown};
use suite::{CHIPAQUE, FILANDIA, World, email};

async fn graphql(browser: &Browser, body: impl Into<Body>) -> Shown {
    let request = browser
        .request(Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/graphql-response+json");
    browser.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn hosts_and_addresses_that_are_none_are_told_so() {
    let world = World::new().await;
    let front = world.front();
    for host in ["nadie.localhost:8080", "otro.example", "", "chipaque-cundinamarca.localhost.evil.example"] {
        let shown = front.on_host(host).get("/").await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{host}");
        assert!(shown.body.contains("<h1>En esta dirección no hay un sitio</h1>"), "{host}");
    }
    let town = front.browser(CHIPAQUE);
    for path in [
        "/nada",
        "/noticias/nada",
        "/noticias/un-sitio-de-demostracion",
        "/transparencia/99",
        "/plan/acciones/7",
        "/plan/acciones/x",
        "/plan/fases/magia",
        "/tramites/nada",
        "/alcaldia/nada",
        "/mesa",
        "/ranking",
        "/admin/nada",
        "/noticias/%FF",
        "/tramites/%00",
        "/noticias.ics",
        "/correo",
        "/assets/x/nada.css",
        "//evil.example",
        "/..%2f..%2fetc/passwd",
    ] {
        let shown = town.get(path).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(front.browser(FILANDIA).get("/noticias/un-sitio-de-demostracion").await.status, StatusCode::OK, "it is a neighbour's");
    let short = front.on_host("chipaque.localhost:8080").get("/plan?x=1").await;
    assert_eq!((short.status, short.location()), (StatusCode::SEE_OTHER, "http://chipaque-cundinamarca.localhost:8080/plan?x=1"));
    assert_eq!(town.get("/plan/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_suspended_town_says_so() {
    let world = World::new().await;
    let front = world.front();
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tenancy::set_status(&mut tx, FILANDIA, "suspended").await.unwrap();
    tx.commit().await.unwrap();
    tenancy::refresh(&world.platform).await.unwrap();
    for path in ["/", "/graphql?query={municipality{name}}", "/admin"] {
        assert_eq!(front.browser(FILANDIA).get(path).await.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(front.browser(CHIPAQUE).get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    let long = "a".repeat(10 * 1024 * 1024);
    let body = json!({ "query": "query($q: String!) { search(query: $q) { totalCount } }", "variables": { "q": long } });
    assert_eq!(graphql(&town, body.to_string()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let form = town.post("/pqrsd", &[("body", &long)]).await;
    assert_eq!(form.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(form.body.contains("<h1>"));
    let fits = json!({ "query": "{ municipality { name } }", "variables": { "q": "a".repeat(900_000) } });
    assert_eq!(graphql(&town, fits.to_string()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bytes_that_are_no_text_break_nothing() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    let shown = graphql(&town, b"{\"query\":\"{ municipality { name\xff } }\"}".to_vec()).await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST);
    assert_eq!(serde_json::from_str::<Value>(&shown.body).unwrap()["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    for (kind, body) in [
        ("application/x-www-form-urlencoded", b"kind=QUEJA&body=\xff\xfe".to_vec()),
        ("application/x-www-form-urlencoded", b"kind=QUEJA&body=a%00b&name=%FF&subject=%00&idempotencyKey=%00".to_vec()),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\n\xff\xfe\r\n--x--".to_vec()),
        ("multipart/form-data; boundary=x", b"--x\r\nnothing of the kind".to_vec()),
        ("multipart/form-data", b"--x--".to_vec()),
        ("image/png", b"\x89PNG".to_vec()),
    ] {
        let request = town.request(Method::POST, "/pqrsd").header(header::CONTENT_TYPE, kind);
        let shown = town.send(request.body(Body::from(body.clone())).unwrap()).await;
        assert!(
            shown.status.is_client_error() && shown.body.contains("<h1>"),
            "{} {kind} {}",
            shown.status,
            String::from_utf8_lossy(&body)
        );
    }
    for path in [
        "/noticias/%00",
        "/alcaldia/%00",
        "/buscar?q=%FF%FE",
        "/buscar?q=%00",
        "/tramites?q=%00",
        "/noticias?after=%00",
        "/noticias?first=-1",
        "/solicitudes/%00",
        "/?%FF=%00",
    ] {
        let shown = town.get(path).await;
        assert!(shown.status == StatusCode::OK || shown.status.is_client_error(), "{path}: {}", shown.status);
    }
    for query in [
        "newsItem(slug: $text) { slug }",
        "page(slug: $text) { slug }",
        "search(query: $text) { totalCount }",
        "tramite(slug: $text) { slug }",
        "case(radicado: $text, code: $text) { radicado }",
        "phase(key: $text) { key }",
        "municipalityBySlug(slug: $text) { slug }",
    ] {
        let answer = world.visitor(CHIPAQUE).answer(&format!("query($text: String!) {{ {query} }}"), json!({ "text": "a\0b" })).await;
        assert_ne!(answer.code(), Some("INTERNAL"), "{query}");
    }
}

#[tokio::test]
async fn malformed_graphql_is_a_bad_request() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    let ask = |query: &str| json!({ "query": query }).to_string();
    let deep = format!("{{ {} }}", "a { ".repeat(3000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{\"query\": 1}",
        "[{\"query\": \"{ municipality { name } }\"}]",
        &ask("{"),
        &ask("{ nothingLikeIt }"),
        &ask(&deep),
        &ask("{ municipality }"),
        &ask("query A { a: __typename } query B { b: __typename }"),
        &ask("subscription { x }"),
        &ask(""),
    ] {
        let shown = graphql(&town, body.to_owned()).await;
        assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{}", &body[..body.len().min(80)]);
        let answer: Value = serde_json::from_str(&shown.body).unwrap();
        assert!(answer.get("data").is_none() && answer["errors"][0]["message"].is_string(), "{answer}");
        assert_ne!(answer["errors"][0]["extensions"]["code"], "INTERNAL");
    }
    let mutation = town.get("/graphql?query=mutation%7BsignOut%7BuserErrors%7Bcode%7D%7D%7D").await;
    assert_eq!((mutation.status, mutation.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    let query = town.get("/graphql?query=%7Bmunicipality%7Bname%7D%7D").await;
    assert_eq!((query.status, query.body.as_str()), (StatusCode::OK, r#"{"data":{"municipality":{"name":"Chipaque"}}}"#));
}

#[tokio::test]
async fn a_form_of_another_host_does_nothing() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    let form = "kind=QUEJA&body=Texto&anonymous=true&idempotencyKey=k";
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "http://filandia-quindio.localhost:8080"),
        ("origin", "http://chipaque-cundinamarca.localhost:9999"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request =
            town.request(Method::POST, "/pqrsd").header(name, value).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(town.send(request.body(Body::from(form)).unwrap()).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
        let request = town.request(Method::POST, "/graphql").header(name, value).header(header::CONTENT_TYPE, "application/json");
        let body = json!({ "query": "mutation { signOut { userErrors { code } } }" }).to_string();
        assert_eq!(town.send(request.body(Body::from(body)).unwrap()).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let cases = world.actor(CHIPAQUE, Role::Official).await.run("{ cases { totalCount } }", json!({})).await;
    assert_eq!(cases["cases"]["totalCount"], 0);
    assert_eq!(
        town.post("/pqrsd", &[("kind", "QUEJA"), ("body", "Texto"), ("anonymous", "true"), ("idempotencyKey", "k")]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn head_and_tags_spare_the_line() {
    let world = World::new().await;
    let front = world.front();
    let town = front.browser(CHIPAQUE);
    let first = town.get("/noticias").await;
    let tag = first.header(header::ETAG).to_owned();
    assert!(!tag.is_empty() && first.header(header::CACHE_CONTROL) == "no-cache");
    let head = town.send(town.request(Method::HEAD, "/noticias").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.header(header::ETAG), head.body.as_str()), (StatusCode::OK, tag.as_str(), ""));
    let missing = town.send(town.request(Method::HEAD, "/nada").body(Body::empty()).unwrap()).await;
    assert_eq!((missing.status, missing.body.as_str()), (StatusCode::NOT_FOUND, ""));
    let again = async |browser: &Browser| {
        let request = browser.request(Method::GET, "/noticias").header(header::IF_NONE_MATCH, &tag);
        browser.send(request.body(Body::empty()).unwrap()).await
    };
    let known = again(&town).await;
    assert_eq!((known.status, known.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let editor = world.actor(CHIPAQUE, Role::Editor).await;
    editor.run("mutation { publishNews(input: { title: \"Nueva\", body: \"Texto\" }) { newsItem { slug } } }", json!({})).await;
    let changed = again(&town).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert!(changed.body.contains("/noticias/nueva") && changed.header(header::ETAG) != tag);
    let signed = town.signed_in(&email(Role::Editor, CHIPAQUE)).await;
    let own = again(&signed).await;
    assert_eq!(
        (own.status, own.header(header::CACHE_CONTROL), own.header(header::ETAG)),
        (StatusCode::OK, "no-store", ""),
        "signed in, nothing is kept"
    );
    let packed =
        town.send(town.request(Method::GET, "/healthz").header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap()).await;
    assert_eq!((packed.status, packed.body.as_str()), (StatusCode::OK, "ok"));
}

#[tokio::test]
async fn a_session_holds_on_its_own_host_only() {
    let world = World::new().await;
    let front = world.front();
    let signed = front.browser(CHIPAQUE).signed_in(&email(Role::Coordinator, CHIPAQUE)).await;
    assert_eq!(signed.get("/admin").await.status, StatusCode::OK);
    for slug in [FILANDIA, "soporte", "agencia"] {
        let elsewhere = signed.moved_to(front.browser(slug).host());
        let shown = elsewhere.get(if slug == "soporte" { "/mesa" } else { "/admin" }).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{slug}");
    }
    let out = signed.post("/salir", &[]).await;
    assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(signed.get("/admin").await.status, StatusCode::SEE_OTHER, "the session is over, not only its cookie");
}

#[tokio::test]
async fn nobody_is_led_to_another_host() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    for (back, to) in
        [("/admin/plan", "/admin/plan"), ("//evil.example", "/admin"), ("https://evil.example", "/admin"), ("/\\evil.example", "/admin")]
    {
        let fields = [("email", email(Role::Coordinator, CHIPAQUE)), ("password", suite::PASSWORD.to_owned()), ("volver", back.to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let shown = town.post("/entrar", &fields).await;
        assert_eq!((shown.status, shown.location()), (StatusCode::SEE_OTHER, to), "{back}");
    }
    assert_eq!(town.post("/preferencias", &[("contraste", "alto"), ("back", "//evil.example")]).await.location(), "/");
}
