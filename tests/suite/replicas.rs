//! Two servers and a worker as processes of their own, with a real Redis and an S3 server that checks signatures:
//! what is published on one is on the other within a second.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use kernel::{Role, Scope};
use s3s::HttpError;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use suite::{CHIPAQUE, PASSWORD, World, email, root};

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago, with the one 1,000 above it.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port < 64_000 && TcpListener::bind(("127.0.0.1", port + 1000)).is_ok() {
            return port;
        }
    }
}

fn request(port: u16, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = body.len();
    write!(stream, "{head}Host: {CHIPAQUE}.localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) fn wait_for(port: u16) {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_mins(1), "port {port} did not open");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(crate) fn redis() -> (Running, String) {
    let port = free_port();
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed: tests/run does it");
    wait_for(port);
    (Running(child), format!("redis://127.0.0.1:{port}"))
}

/// An S3 server in this process, with one bucket.
async fn s3(folder: &std::path::Path) -> String {
    std::fs::create_dir_all(folder.join("cabildo")).unwrap();
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
    service.set_auth(SimpleAuth::from_single("acceso", "secreto"));
    let service = HandleError::new(service.build(), |_: HttpError| async { StatusCode::INTERNAL_SERVER_ERROR });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback_service(service)).await });
    endpoint
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_publishes_the_other_shows_within_a_second() {
    let world = World::new().await;
    // The world was filled on 23 November 2026: whoever joins it must not live before that.
    let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
    tenancy::advance_clock(&mut tx, 10 * 24 * 3600).await.unwrap();
    tx.commit().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_redis, redis_url) = redis();
    let endpoint = s3(folder.path()).await;
    let cabildo = root().join("target/debug/cabildo");
    assert!(cabildo.exists(), "cargo build -p cabildo comes first: tests/run does it");
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&cabildo);
        command
            .args(["--data", folder.path().to_str().unwrap()])
            .args(arguments)
            .env("CABILDO_DATABASE_URL", world.url("cabildo_app"))
            .env("CABILDO_REDIS_URL", &redis_url)
            .env("CABILDO_S3__ENDPOINT", &endpoint)
            .env("CABILDO_S3__BUCKET", "cabildo")
            .env("CABILDO_S3__REGION", "local")
            .env("CABILDO_S3__ACCESS_KEY", "acceso")
            .env("CABILDO_S3__SECRET", "secreto")
            .env("CABILDO_S3__ALLOW_HTTP", "true")
            .env("CABILDO_MAILDIR", folder.path().join("mail"))
            .env("CABILDO_SECRET_KEY", "0123456789abcdef0123456789abcdef");
        Running(command.spawn().unwrap())
    };
    let (one, two) = (free_port(), free_port());
    let _servers = [one, two].map(|port| command(&["serve", "--port", &port.to_string()]));
    let _worker = command(&["work"]);
    wait_for(one);
    wait_for(two);

    // The other replica has the page in its cache before anything is published.
    let before = request(two, "GET /noticias HTTP/1.1\r\n", "");
    assert!(before.starts_with("HTTP/1.1 200"), "{before}");
    assert!(!before.contains("Vista en las dos"));

    let form = format!("email={}&password={}", email(Role::Editor, CHIPAQUE), PASSWORD.replace(' ', "+"));
    let signed_in = request(one, "POST /entrar HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n", &form);
    assert!(signed_in.starts_with("HTTP/1.1 303"), "{signed_in}");
    let cookie = signed_in
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("set-cookie:").then(|| line[11..].trim().to_owned()))
        .unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let body = serde_json::json!({ "query": "mutation { publishNews(input: {title: \"Vista en las dos\", body: \"Sí\"}) { newsItem { slug } userErrors { message } } }" });
    let head = format!("POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\nCookie: {cookie}\r\n");
    let published = request(one, &head, &body.to_string());
    assert!(published.contains("vista-en-las-dos"), "{published}");

    let own = request(one, "GET /noticias HTTP/1.1\r\n", "");
    assert!(own.contains("Vista en las dos"), "the very next request on the replica that took it");
    let began = Instant::now();
    while !request(two, "GET /noticias HTTP/1.1\r\n", "").contains("Vista en las dos") {
        assert!(began.elapsed() < Duration::from_secs(2), "the other replica did not hear of it");
        std::thread::sleep(Duration::from_millis(50));
    }
    // A session taken on one replica holds on the other.
    let desk = request(two, &format!("GET /admin HTTP/1.1\r\nCookie: {cookie}\r\n"), "");
    assert!(desk.starts_with("HTTP/1.1 200"), "{}", &desk[..200.min(desk.len())]);
}
