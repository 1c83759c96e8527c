//! News, pages and search, as the API shows them.

use futures::future::join_all;
use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

const PUBLISH: &str = "mutation($input: PublishNewsInput!) { publishNews(input: $input) { newsItem { slug title body publishedAt } userErrors { field code } } }";
const WITHDRAW: &str =
    "mutation($input: WithdrawNewsInput!) { withdrawNews(input: $input) { newsItem { slug } userErrors { field code } } }";

async fn publish(editor: &Actor<'_>, title: &str, body: &str, slug: Option<&str>) -> Value {
    editor.run(PUBLISH, json!({ "input": { "title": title, "body": body, "slug": slug } })).await["publishNews"].clone()
}

async fn found(actor: &Actor<'_>, query: &str) -> Vec<String> {
    let answer = actor.run("query($q: String!) { search(query: $q, first: 100) { nodes { path } } }", json!({ "q": query })).await;
    answer["search"]["nodes"].as_array().unwrap().iter().map(|node| node["path"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn everything_wrong_with_a_news_item_is_told_at_once() {
    let world = World::new().await;
    let editor = world.actor(CHIPAQUE, Role::Editor).await;
    let errors =
        |fields: &[(&str, &str)]| json!(fields.iter().map(|(field, code)| json!({ "field": [field], "code": code })).collect::<Vec<_>>());
    let long = "a".repeat(161);
    for (title, body, slug, expected) in [
        ("  ", "", Some("No Vale"), errors(&[("title", "REQUIRED"), ("body", "REQUIRED"), ("slug", "FORM")])),
        (&long, "x", None, errors(&[("title", "LENGTH")])),
        ("¿…?", "x", None, errors(&[("title", "FORM")])),
        ("a\0b", "x", None, errors(&[("body", "FORM")])),
    ] {
        let refused = publish(&editor, title, body, slug).await;
        assert_eq!(refused, json!({ "newsItem": null, "userErrors": expected }), "{title:?}");
    }
    let fits = publish(&editor, &"ñ".repeat(160), &"á".repeat(60_000), Some("cabe")).await;
    assert_eq!(fits["userErrors"], json!([]), "letters are counted, not bytes");
}

#[tokio::test]
async fn an_address_is_given_once() {
    let world = World::new().await;
    let editor = world.actor(CHIPAQUE, Role::Editor).await;
    let all = join_all((0..6).map(|_| publish(&editor, "La misma noticia", "Texto", None))).await;
    let taken = json!({ "newsItem": null, "userErrors": [{ "field": ["slug"], "code": "TAKEN" }] });
    assert_eq!(all.iter().filter(|done| **done == taken).count(), 5, "{all:?}");
    let apart = publish(&editor, "La misma noticia", "Texto", Some("la-misma-noticia-2")).await;
    assert_eq!(apart["newsItem"]["slug"], "la-misma-noticia-2");
    let elsewhere = publish(&world.actor(FILANDIA, Role::Editor).await, "La misma noticia", "Texto", None).await;
    assert_eq!(elsewhere["newsItem"]["slug"], "la-misma-noticia", "another municipality has its own addresses");
}

#[tokio::test]
async fn a_withdrawn_news_item_is_gone_everywhere() {
    let world = World::new().await;
    let (editor, visitor) = (world.actor(CHIPAQUE, Role::Editor).await, world.visitor(CHIPAQUE));
    publish(&editor, "Feria del maíz", "En la plaza", None).await;
    assert_eq!(found(&visitor, "maíz").await, ["/noticias/feria-del-maiz"]);
    let done = editor.run(WITHDRAW, json!({ "input": { "slug": "feria-del-maiz" } })).await;
    assert_eq!(done["withdrawNews"], json!({ "newsItem": { "slug": "feria-del-maiz" }, "userErrors": [] }));
    let seen = visitor.run("{ newsItem(slug: \"feria-del-maiz\") { title } news { nodes { slug } } }", json!({})).await;
    assert_eq!(seen["newsItem"], Value::Null);
    assert!(!seen["news"].to_string().contains("feria-del-maiz"));
    assert!(found(&visitor, "maíz").await.is_empty());
    for slug in ["feria-del-maiz", "nunca-fue"] {
        let again = editor.run(WITHDRAW, json!({ "input": { "slug": slug } })).await;
        assert_eq!(again["withdrawNews"]["userErrors"], json!([{ "field": ["slug"], "code": "NOT_FOUND" }]), "{slug}");
    }
    let stranger = world.actor(FILANDIA, Role::Editor).await;
    let theirs = stranger.run(WITHDRAW, json!({ "input": { "slug": "chipaque-publica-su-plan-de-accion-de-gobierno-en-linea" } })).await;
    assert_eq!(theirs["withdrawNews"]["userErrors"][0]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn search_finds_without_accents_in_any_case_and_by_beginnings() {
    let world = World::new().await;
    let (editor, visitor) = (world.actor(CHIPAQUE, Role::Editor).await, world.visitor(CHIPAQUE));
    publish(&editor, "Vacunación de animales", "Jornada en la vereda Quebradahonda, con la Secretaría.", None).await;
    let path = "/noticias/vacunacion-de-animales".to_owned();
    for query in ["vacunacion", "VACUNACIÓN", "animal", "vacun", "animales vacu", "quebradahonda", "quebradah", "secretaria vereda"] {
        assert!(found(&visitor, query).await.contains(&path), "{query}");
    }
    for query in ["", "¿?", "vacunación xilófono", "' or 1=1 --", "a:* | b & !"] {
        assert!(!found(&visitor, query).await.contains(&path), "{query}");
    }
    assert!(!found(&world.visitor(FILANDIA), "vacunacion").await.contains(&path), "another municipality's news");
    let kinds = visitor.run("{ search(query: \"certificado residencia\") { nodes { kind path } } }", json!({})).await;
    assert!(
        kinds["search"]["nodes"].as_array().unwrap().contains(&json!({ "kind": "TRAMITE", "path": "/tramites/certificado-de-residencia" })),
        "{kinds}"
    );
    assert_eq!(
        visitor.refused("query($q: String!) { search(query: $q) { totalCount } }", json!({ "q": "a".repeat(201) })).await,
        "BAD_REQUEST"
    );
}

#[tokio::test]
async fn a_page_of_its_section_answers_an_item_of_the_legal_menu() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let item = async |code: &str| {
        let asked = "query($code: String!) { legalMenuItem(code: $code) { state path } }";
        visitor.run(asked, json!({ "code": code })).await["legalMenuItem"].clone()
    };
    let (open, path) = (json!({ "state": "PENDING", "path": null }), "site/pages/municipio.md");
    assert_eq!(item("1.1").await, open, "what is missing is told");
    assert_eq!(item("1.10").await, json!({ "state": "PUBLISHED", "path": "/pqrsd" }), "the platform itself answers some");
    let mut pack = tenancy::export(&world.platform, CHIPAQUE).await.unwrap();
    let page = pack.text(path).unwrap().unwrap().replace("section: alcaldia", "section: '1.1'");
    pack.put(path, page);
    tenancy::import(&world.platform, &pack, true).await.unwrap();
    assert_eq!(item("1.1").await, json!({ "state": "PUBLISHED", "path": "/alcaldia/municipio" }));
    assert_eq!(item("1.2").await, open);
}
