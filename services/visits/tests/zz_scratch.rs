#![allow(warnings, clippy::all)]
#[path = "../../web/src/templates.rs"]
mod templates;
mod assets { pub fn path(n: &str) -> String { format!("/assets/x/{n}") } }
mod pages {
    pub fn files() -> Vec<(String, &'static str)> {
        let mut out = vec![];
        for (name, dir) in [("web", "../web/pages"), ("site", "../site/pages"), ("plan", "../plan/pages"), ("tramites", "../tramites/pages"), ("cases", "../cases/pages"), ("visits", "pages")] {
            walk(name, std::path::Path::new(dir), &mut out);
        }
        out
    }
    fn walk(prefix: &str, dir: &std::path::Path, out: &mut Vec<(String, &'static str)>) {
        for e in std::fs::read_dir(dir).unwrap() { let e = e.unwrap(); let p = e.path(); let n = format!("{prefix}/{}", e.file_name().to_str().unwrap());
            if p.is_dir() { walk(&n, &p, out) } else { out.push((n, Box::leak(std::fs::read_to_string(&p).unwrap().into_boxed_str()))) } }
    }
}
use std::sync::Arc;
use std::collections::BTreeMap;
use kernel::{Platform, Viewer, Role, Scope, Cx, clock::*, db::*, directory::*, ids::*, live::InProcess, capability::*};
use time::macros::datetime;
use minijinja::{context, value::{Serde, Value}};

struct NoMail;
#[async_trait::async_trait]
impl kernel::mail::Mail for NoMail { async fn send(&self, _: &kernel::mail::Message) -> kernel::mail::Result<()> { Ok(()) } }

#[tokio::test]
async fn pages_render() {
    let clock = Arc::new(FixedClock::at(datetime!(2026-11-22 15:00 UTC)));
    let directory = Arc::new(Directory::new("localhost"));
    let shared = Shared { clock: clock.clone(), ids: Arc::new(RandomIds), directory: directory.clone(), live: Arc::new(InProcess::default()), constraints: vec![] };
    let options: sqlx::postgres::PgConnectOptions = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    let database = Database::connect(options.username("cabildo_app"), 4, shared);
    let platform = Arc::new(Platform { database, files: Arc::new(kernel::files::Store::folder(std::path::Path::new("/tmp/vfiles")).unwrap()), mail: Arc::new(NoMail),
        capabilities: Registry::new(api::CAPABILITIES.to_vec()), secret: kernel::secret::Secret::new("k"), links: kernel::platform::Links { scheme: "http".into(), port: Some(8080) }, up_mode: true });
    tenancy::refresh(&platform).await.unwrap();
    tenancy::provision_platform(&platform).await.unwrap();
    for place in tenancy::places().iter().filter(|p| ["25178", "63272", "68895", "11001", "05001", "91263", "27493"].contains(&p.municipality_code.as_str())) {
        if let Err(e) = tenancy::provision(&platform, place).await { eprintln!("provision {}: {e}", place.slug); }
    }
    tenancy::refresh(&platform).await.unwrap();
    for slug in ["chipaque-cundinamarca", "filandia-quindio", "zapatoca-santander"] {
        let overlay: serde_json::Map<String, serde_json::Value> = kernel::pack::parse_yaml("x", &std::fs::read_to_string(format!("../../tenants/demo/overlay/{slug}.yaml")).unwrap()).unwrap();
        let town = directory.by_slug(slug).unwrap();
        let mut tx = Scope::Worker(Some(town.id)).write(platform.db()).await.unwrap();
        (visits::CAPABILITY.demo.unwrap())(&mut tx, &overlay["visits"]).await.unwrap();
        tx.commit().await.unwrap();
    }
    if std::env::var("OPEN").is_err() { visits::close_demo(&platform).await.unwrap(); 
    println!("{:?}", visits::verify(&platform, "2026-10").await.unwrap()); }
    let (recorder, _c) = visits::recorder(&platform, visits::Robots::new(vec![]).unwrap());
    let door = api::Door::new(platform.clone(), recorder);
    let pages = web::Pages::load().unwrap();
    let env = templates::environment().unwrap();
    let signed = |role| Viewer { account: Some(kernel::viewer::SignedIn { id: uuid::Uuid::from_u128(5), session: vec![], name: "Ana Ruiz".into(), email: "x".into(), roles: vec![role] }) };
    let agency = directory.platform(TenantKind::Agency).unwrap();
    let town = directory.by_slug("chipaque-cundinamarca").unwrap();
    let cases: Vec<(&str, &str, &str, Vec<(&str, &str)>, Viewer, &str)> = vec![
        ("visits/agency/home", "html", "/", vec![], Viewer::default(), "agency"),
        ("visits/agency/ranking", "html", "/ranking", vec![("month", "last")], Viewer::default(), "agency"),
        ("visits/agency/ranking", "html", "/ranking/2026-11", vec![("month", "2026-11"), ("orden", "IMPROVED"), ("departamento", "25")], Viewer::default(), "agency"),
        ("visits/agency/ranking", "html", "/ranking/2026-10", vec![("month", "2026-10"), ("orden", "PER_THOUSAND")], Viewer::default(), "agency"),
        ("visits/agency/ranking", "html", "/ranking/2026-10", vec![("month", "2026-10"), ("departamento", "11")], Viewer::default(), "agency"),
        ("visits/agency/ranking", "csv", "/ranking/2026-10.csv", vec![("month", "2026-10")], Viewer::default(), "agency"),
        ("visits/agency/municipalities", "html", "/municipios", vec![], Viewer::default(), "agency"),
        ("visits/agency/municipalities", "html", "/municipios", vec![("q", "zzz")], Viewer::default(), "agency"),
        ("visits/agency/municipalities", "csv", "/municipios.csv", vec![], Viewer::default(), "agency"),
        ("visits/agency/municipality", "html", "/municipios/chipaque-cundinamarca", vec![("slug", "chipaque-cundinamarca")], Viewer::default(), "agency"),
        ("visits/agency/municipality", "html", "/municipios/bogota", vec![("slug", "bogota")], Viewer::default(), "agency"),
        ("visits/agency/methodology", "html", "/metodologia", vec![], Viewer::default(), "agency"),
        ("visits/agency/admin", "html", "/admin", vec![], signed(Role::Administrator), "agency"),
        ("visits/agency/admin", "html", "/admin", vec![], signed(Role::Analyst), "agency"),
        ("visits/admin/visits", "html", "/admin/visitas", vec![], signed(Role::Coordinator), "town"),
        ("visits/admin/visits", "html", "/admin/visitas", vec![("dias", "90")], signed(Role::Coordinator), "town"),
        ("visits/admin/visits", "csv", "/admin/visitas.csv", vec![("dias", "7")], signed(Role::Coordinator), "town"),
    ];
    for (n, (page, ending, path, vars, viewer, host)) in cases.into_iter().enumerate() {
        let entry = if host == "agency" { agency.clone() } else { town.clone() };
        let cx = Arc::new(Cx::new(platform.clone(), entry.clone(), "localhost".into(), viewer, "r".into(), "127.0.0.1".parse().unwrap(), false));
        let query: BTreeMap<String, String> = vars.iter().filter(|(k, _)| !["month", "slug"].contains(k)).map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let mut variables = serde_json::Map::new();
        for (k, v) in &vars { variables.insert(k.to_string(), if *k == "dias" { serde_json::json!(v.parse::<i32>().unwrap()) } else { serde_json::json!(v) }); }
        let doc = &pages.get(page).unwrap().document;
        let name = doc.split("query ").nth(1).unwrap().split(|c: char| !c.is_alphanumeric()).next().unwrap().to_string();
        let t = std::time::Instant::now();
        let answer = door.execute(&cx, async_graphql::Request::new(doc.as_str()).operation_name(name).variables(async_graphql::Variables::from_json(serde_json::Value::Object(variables)))).await;
        assert!(answer.errors.is_empty(), "{page}: {:?}", answer.errors);
        let data = serde_json::to_value(&answer.data).unwrap();
        let t1 = t.elapsed();
        let context = context! { data => Value::from(Serde(&data)), form => Value::from(Serde(&serde_json::json!({"op": "", "values": {}, "errors": []}))), result => (), prefs => context! { contrast => "", text => "" },
          page => context! { path, query => Value::from(Serde(&query)), host_kind => host, now => "2026-11-22T15:00:00.000Z", today => "2026-11-22", demo => true, key => page, base => "http://localhost:8080" },
          url_with => templates::url_with(path.to_owned(), query.clone()), csv_url => templates::csv_url(path, &query) };
        let html = env.get_template(&format!("{page}.{ending}")).unwrap().render(context).unwrap_or_else(|e| panic!("{page}: {e:#}"));
        println!("{n} {page} {path} {} bytes, query {t1:?}", html.len());
        std::fs::create_dir_all("/tmp/vout").unwrap();
        std::fs::write(format!("/tmp/vout/{n:02}-{}.{ending}", page.rsplit('/').next().unwrap()), html.replace("/assets/x/", "/work/main/services/web/assets/dist/")).unwrap();
    }
    platform.db().close().await;
}
