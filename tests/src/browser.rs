//! A browser at the front of the house: real requests to the real router, without a network between them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use api::Door;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Method, Request, StatusCode, header, request};
use kernel::directory::Directory;
use kernel::mail::Maildir;
use kernel::networks::Networks;
use tower::ServiceExt;

use crate::{PASSWORD, World};

impl World {
    /// The front of the house over this world, as `cabildo serve` opens it.
    pub fn front(&self) -> Front {
        Front::of(self.door.clone(), Some(self.mailbox.clone()))
    }
}

/// The front of the house.
pub struct Front {
    router: Router,
    directory: Arc<Directory>,
}

impl Front {
    /// The front before a door; no request is one too many.
    pub fn of(door: Door, mailbox: Option<Arc<Maildir>>) -> Self {
        Self::printing(door, mailbox, crate::pdf::renderer())
    }

    /// The same with a renderer of PDFs.
    pub fn printing(door: Door, mailbox: Option<Arc<Maildir>>, pdf: web::Pdf) -> Self {
        Self::made(door, mailbox, pdf, Networks::default())
    }

    /// The same behind proxies.
    pub fn behind(door: Door, proxies: Networks) -> Self {
        Self::made(door, None, crate::pdf::renderer(), proxies)
    }

    fn made(door: Door, mailbox: Option<Arc<Maildir>>, pdf: web::Pdf, proxies: Networks) -> Self {
        let directory = door.platform().directory().clone();
        let web = web::Web::new(door, mailbox, pdf, proxies, 0, 8 << 20).expect("every page is in order");
        Self { router: web::router(Arc::new(web)), directory }
    }

    /// A browser on the host of a tenant.
    pub fn browser(&self, slug: &str) -> Browser {
        let entry = self.directory.by_slug(slug).expect("the tenant exists");
        self.on_host(&format!("{}:8080", self.directory.host_of(&entry)))
    }

    /// A browser on any host.
    pub fn on_host(&self, host: &str) -> Browser {
        Browser { router: self.router.clone(), host: host.to_owned(), cookie: None }
    }
}

/// Somebody's browser, on one host.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    host: String,
    cookie: Option<String>,
}

/// What came back.
pub struct Shown {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text; of a PDF, what can be taken for it.
    pub body: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Shown {
    /// A header's text; empty where there is none.
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        self.header(header::LOCATION)
    }
}

impl Browser {
    /// The host with its port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A request of this browser, to be filled in.
    pub fn request(&self, method: Method, path: &str) -> request::Builder {
        let request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, mut request: Request<Body>) -> Shown {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let pdf = bytes.starts_with(b"%PDF-");
        let body = if pdf { String::from_utf8_lossy(&bytes).into_owned() } else { String::from_utf8(bytes.clone()).unwrap() };
        Shown { status: parts.status, headers: parts.headers, body, bytes }
    }

    /// Opens an address.
    pub async fn get(&self, path: &str) -> Shown {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form, as from a page of this host.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, format!("http://{}", self.host))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends a form with files, as from a page of this host: field, name and content of each.
    pub async fn post_files(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Shown {
        let mut body = Vec::new();
        let mut part = |header: String, content: &[u8]| {
            body.extend_from_slice(format!("--frontera\r\nContent-Disposition: form-data; {header}\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in fields {
            part(format!("name=\"{name}\""), value.as_bytes());
        }
        for (field, name, content) in files {
            part(format!("name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream"), content);
        }
        body.extend_from_slice(b"--frontera--\r\n");
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, format!("http://{}", self.host))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=frontera");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// The same browser, cookie and all, on another host.
    #[must_use]
    pub fn moved_to(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    /// The same browser after its owner has signed in at the door.
    pub async fn signed_in(&self, email: &str) -> Self {
        let shown = self.post("/entrar", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{email} signs in");
        let cookie = shown.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        Self { cookie: Some(cookie), ..self.clone() }
    }
}
