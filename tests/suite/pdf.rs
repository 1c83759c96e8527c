//! Pages as PDF/UA-1: what is checked of each (`suite::pdf`), and what its reader reads.

use http::{StatusCode, header};
use lopdf::{Document, Object};
use serde_json::Value;
use suite::browser::Front;
use suite::pdf::{check, renderer, text};
use suite::{CHIPAQUE, World};
use web::{NoPdf, Pdf};

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}

#[tokio::test]
async fn the_plan_is_read_whole_and_in_its_order() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    let shown = town.get("/plan.pdf").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(
        (shown.header(header::CONTENT_TYPE), shown.header(header::CONTENT_DISPOSITION)),
        ("application/pdf", "inline; filename=\"plan-chipaque-cundinamarca.pdf\"")
    );
    assert_eq!(check(&shown.bytes), Vec::<String>::new());
    let data: Value = serde_json::from_str(&town.get("/plan.json").await.body).unwrap();
    assert!(data.get("viewer").is_none(), "the layout's data are not the document's");
    let plan = &data["plan"];
    let list = |value: &Value, field: &str| {
        value.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let mut texts: Vec<String> = ["vision", "generalObjective"].map(|field| plan[field].as_str().unwrap().to_owned()).into();
    texts.extend(
        ["specificObjectives", "frameworkLines"]
            .iter()
            .flat_map(|field| plan[field].as_array().unwrap())
            .map(|text| text.as_str().unwrap().to_owned()),
    );
    for line in plan["actionLines"].as_array().unwrap() {
        texts.push(line["title"].as_str().unwrap().to_owned());
        texts.extend(line["benefits"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()));
        texts.extend(list(&line["indicators"], "name"));
        texts.extend(list(&line["activities"], "text"));
    }
    texts.extend(list(&plan["helpTable"], "procedure"));
    texts.extend(list(&plan["incentives"], "text"));
    texts.push(plan["signedBy"].as_str().unwrap().to_owned());
    assert!(texts.len() > 60, "{}", texts.len());
    let read = flat(&text(&shown.bytes));
    let mut rest = read.as_str();
    for text in &texts {
        let (_, after) = rest.split_once(&flat(text)).unwrap_or_else(|| panic!("«{text}» is not read, or before its turn"));
        rest = after;
    }
}

#[tokio::test]
async fn the_same_document_is_the_same_bytes() {
    let pdf = renderer();
    let html = "<!doctype html><html lang=\"es-CO\"><title>Prueba</title><meta name=\"dcterms.created\" content=\"2026-11-23T15:42:00Z\">\
                <main><h1>Prueba</h1><p>Ñandú, «vereda» y 1.234.</p></main>";
    let first = pdf.print(html.to_owned()).await.unwrap();
    assert_eq!(check(&first), Vec::<String>::new());
    assert_eq!(pdf.print(html.to_owned()).await.unwrap(), first);
    assert_eq!(renderer().print(html.to_owned()).await.unwrap(), first, "by another child too");
}

/// A document around a body.
fn document(body: &str) -> String {
    format!("<!doctype html><html lang=\"es-CO\"><title>Prueba</title><main><h1>Prueba</h1>{body}</main></html>")
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_found() {
    let pdf = renderer();
    let head = "<!doctype html><html lang=\"es-CO\"><title>Prueba</title>";
    for (html, check_name) in [
        ("<!doctype html><html lang=\"en\"><title>Prueba</title><h1>Uno</h1>".to_owned(), "language"),
        ("<!doctype html><html lang=\"es-CO\"><h1>Uno</h1>".to_owned(), "title"),
        (format!("{head}<p>Sin título.</p>"), "headings"),
        (format!("{head}<h2>Dos</h2>"), "headings"),
        (document("<h3>Tres</h3>"), "headings"),
        (document("<h1>Otro</h1>"), "headings"),
        (document("<table><tr><td>Sin encabezado</td></tr></table>"), "tables"),
        (document("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td></tr></table>"), "tables"),
        (document("<svg width=\"9\" height=\"9\"><path d=\"M0 0h9v9z\"/></svg>"), "figures"),
        (document("<ul><p>Sin viñeta</p></ul>"), "lists"),
        (document("<div style=\"position:relative\"><p style=\"position:relative;z-index:2\">Uno</p><p>Dos</p></div>"), "order"),
        (document("<p>\u{e000}</p>"), "fonts"),
    ] {
        let faults = check(&pdf.print(html.clone()).await.unwrap());
        assert!(faults.iter().any(|fault| fault.starts_with(check_name)), "{html}: {faults:?}");
    }
}

/// A document with something of everything.
fn sound() -> String {
    document(
        "<h2>Dos</h2><p><a href=\"http://localhost/plan\">Un enlace</a> y <b>negrilla</b>.</p><ol><li>Uno<ul><li>Dos</li></ul></li></ol>\
         <table><caption>Tabla</caption><thead><tr><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead>\
         <tbody><tr><th scope=\"row\">a</th><td>b</td></tr></tbody></table><dl><dt>T</dt><dd>D</dd></dl>\
         <svg width=\"9\" height=\"9\"><title>Un cuadro</title><path d=\"M0 0h9v9z\"/></svg>",
    )
}

#[tokio::test]
async fn what_is_missing_in_the_file_is_found() {
    let bytes = renderer().print(sound()).await.unwrap();
    assert_eq!(check(&bytes), Vec::<String>::new());
    assert_eq!(text(&bytes).split_whitespace().take(5).collect::<Vec<_>>(), ["Prueba", "Dos", "Un", "enlace", "y"]);
    // Every dictionary where the key has the name loses the other key.
    for (key, name, lost, check_name) in [
        ("Type", "Catalog", "Metadata", "declared"),
        ("Type", "Catalog", "MarkInfo", "marked"),
        ("Type", "Catalog", "ViewerPreferences", "title"),
        ("Type", "Catalog", "Outlines", "outline"),
        ("S", "Span", "K", "content"),
        ("S", "TH", "A", "tables"),
        ("S", "Figure", "Alt", "figures"),
        ("Subtype", "Link", "Contents", "links"),
        ("Type", "Page", "Tabs", "links"),
        ("Subtype", "Type0", "ToUnicode", "fonts"),
    ] {
        let mut file = Document::load_mem(&bytes).unwrap();
        let named = |found: &Object| found.as_name().is_ok_and(|found| found == name.as_bytes());
        for object in file.objects.values_mut() {
            if let Ok(dictionary) = object.as_dict_mut()
                && dictionary.get(key.as_bytes()).is_ok_and(named)
            {
                dictionary.remove(lost.as_bytes());
            }
        }
        let mut without = Vec::new();
        file.save_to(&mut without).unwrap();
        let faults = check(&without);
        assert!(faults.iter().any(|fault| fault.starts_with(check_name)), "without {lost}: {faults:?}");
    }
}

#[tokio::test]
async fn a_document_reaches_no_file_and_no_network() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&secret, "<svg xmlns='http://www.w3.org/2000/svg'><text>secreto</text></svg>").unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (file, port) = (format!("file://{}", secret.path().display()), listener.local_addr().unwrap().port());
    let asked = [file, format!("http://127.0.0.1:{port}/x.svg")].map(|address| {
        format!(
            "<link rel=\"stylesheet\" href=\"{address}\"><link rel=\"attachment\" href=\"{address}\"><style>@import url({address});\
             p{{background:url({address})}}@font-face{{font-family:x;src:url({address})}}</style>\
             <p>Texto<img src=\"{address}\" alt=\"una imagen\"><object data=\"{address}\">nada</object></p>"
        )
    });
    let bytes = renderer().print(document(&asked.concat())).await.unwrap();
    assert!(!text(&bytes).contains("secreto") && !bytes.windows(13).any(|part| part == b"EmbeddedFiles"));
    let knock = tokio::time::timeout(std::time::Duration::from_millis(200), listener.accept()).await;
    assert!(knock.is_err(), "somebody was asked");
}

#[tokio::test]
async fn a_document_beyond_measure_is_refused_and_the_next_one_is_set() {
    let pdf = renderer();
    let huge = document(&format!("<style>.w{{width:1px;height:1px}}</style>{}", "<p>a</p>".repeat(400_000)));
    let refused = pdf.print(huge).await;
    assert!(matches!(refused, Err(NoPdf::Broken(_))), "{refused:?}");
    assert!(pdf.print(document("<p>Otro</p>")).await.is_ok());
}

#[tokio::test]
async fn without_weasyprint_the_page_says_so_and_the_rest_works() {
    let world = World::new().await;
    let bare = Pdf::new("/nowhere/python3".into());
    assert!(matches!(bare.version().await, Err(NoPdf::Missing(why)) if why.contains("/nowhere/python3")));
    let front = Front::printing(world.door.clone(), None, bare);
    let town = front.browser(CHIPAQUE);
    let shown = town.get("/plan.pdf").await;
    assert_eq!((shown.status, shown.header(header::CONTENT_TYPE)), (StatusCode::SERVICE_UNAVAILABLE, "text/html; charset=utf-8"));
    assert!(shown.body.contains("no está disponible en PDF") && shown.body.contains("href=\"/plan\""), "{}", shown.body);
    for path in ["/plan", "/plan.csv", "/plan.json"] {
        assert_eq!(town.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn many_readers_at_once_cost_one_document() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    let shown = futures::future::join_all((0..12).map(|_| town.get("/plan.pdf"))).await;
    assert!(shown.iter().all(|one| one.status == StatusCode::OK && one.header(header::ETAG) == shown[0].header(header::ETAG)));
}

#[tokio::test]
async fn a_line_that_is_full_says_so() {
    let pdf = renderer();
    let slow = document(&"<p>Una línea que se debe componer.</p>".repeat(300));
    let all = futures::future::join_all((0..24).map(|_| pdf.print(slow.clone()))).await;
    let busy = all.iter().filter(|one| **one == Err(NoPdf::Busy)).count();
    assert_eq!((busy, all.iter().filter(|one| one.is_ok()).count()), (8, 16));
}
