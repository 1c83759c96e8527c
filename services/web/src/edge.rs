//! What is not GraphQL: the front of the house. Hosts, cookies, assets, `/graphql`, `/archivos`, health, preferences, the mailbox of `up` mode.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use api::{Asker, COOKIE, Door};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use kernel::Permission;
use kernel::directory::{Audience, Resolved, TenantEntry};
use kernel::mail::Maildir;
use kernel::networks::Networks;
use minijinja::context;
use minijinja::value::{Serde, Value};

use crate::assets;
use crate::engine::{Engine, Visit, cookie, reads};
use crate::forms::Typed;
use crate::pdf::Pdf;
use crate::respond::{is_local, protect, redirect};

/// The front of the house, as configured.
pub struct Web {
    engine: Engine,
    mailbox: Option<Arc<Maildir>>,
    /// The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    proxies: Networks,
}

impl Web {
    /// Loads every page; an error names the file and the place.
    pub fn new(
        door: Door,
        mailbox: Option<Arc<Maildir>>,
        pdf: Pdf,
        proxies: Networks,
        rate: u32,
        cache_bytes: u64,
    ) -> Result<Self, String> {
        Ok(Self { engine: Engine::new(door, pdf, cache_bytes, rate)?, mailbox, proxies })
    }
}

/// The router: one fallback, for what a path means depends on the host.
pub fn router(web: Arc<Web>) -> Router {
    Router::new().fallback(front).with_state(web)
}

async fn front(State(web): State<Arc<Web>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request<Body>) -> Response<Body> {
    web.answer(peer.ip(), request).await
}

impl Web {
    async fn answer(&self, peer: IpAddr, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        match path.as_str() {
            "/healthz" => return text(StatusCode::OK, "ok").map(Body::from),
            "/readyz" => return self.ready().await.map(Body::from),
            _ => {}
        }
        let headers = request.headers().clone();
        if let Some((edition, name)) = path.strip_prefix("/assets/").and_then(|rest| rest.split_once('/')) {
            return assets::serve(edition, name, &headers).map(Body::from);
        }
        let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| request.uri().host()).unwrap_or_default();
        let directory = self.engine.door.platform().directory().clone();
        let tenant = match directory.resolve(named) {
            Resolved::Tenant(tenant) => tenant,
            Resolved::Redirect(host) => {
                let rest = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
                return redirect(&self.engine.door.platform().links.to(&host, rest), Vec::new()).map(Body::from);
            }
            Resolved::Unknown => return self.engine.error(StatusCode::NOT_FOUND, None, "").map(Body::from),
        };
        if tenant.suspended {
            return self.engine.error(StatusCode::SERVICE_UNAVAILABLE, Some(&tenant), "").map(Body::from);
        }
        let host = named.rsplit_once(':').map_or(named, |(host, _)| host).to_ascii_lowercase();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (client, secure) = self.origin(peer, &headers);
        let token = cookie(&headers, COOKIE).filter(|token| token.len() == 64).map(str::to_owned);
        let visit = Visit {
            tenant: tenant.clone(),
            host: &host,
            path: &path,
            query: &query,
            headers: &headers,
            token: token.as_deref(),
            client,
            secure,
            head: request.method() == Method::HEAD,
        };
        let method = request.method().clone();
        if !reads(&method) && !same_origin(&headers, named) {
            return self.engine.error(StatusCode::FORBIDDEN, Some(&tenant), "").map(Body::from);
        }
        if (!reads(&method) || path == "/graphql" || path.starts_with("/archivos/") || token.is_some())
            && !self.engine.within_rate(client).await
        {
            return match path.as_str() {
                "/graphql" => refuse(&visit, StatusCode::TOO_MANY_REQUESTS, "Demasiadas solicitudes; espere un minuto.", "THROTTLED"),
                _ => self.engine.error(StatusCode::TOO_MANY_REQUESTS, Some(&tenant), ""),
            }
            .map(Body::from);
        }
        if let Some(file) = path.strip_prefix("/archivos/").filter(|_| reads(&method)) {
            return self.engine.download(&visit, &method, file).await;
        }
        let answer = match path.as_str() {
            "/graphql" => self.graphql(&visit, &method, request).await,
            "/preferencias" if method == Method::POST => preferences(request, &headers).await,
            "/archivos" if method == Method::POST => self.engine.upload(&visit, request).await,
            "/robots.txt" => self.robots(&visit),
            "/correo" if self.mailbox.is_some() && tenant.kind.audience() == Audience::Support => self.mailbox(&visit).await,
            _ if reads(&method) => self.engine.get(&visit).await,
            _ if method == Method::POST => match self.engine.read(&visit, request).await {
                Ok(typed) => self.engine.post(&visit, typed).await,
                Err(refusal) => refusal,
            },
            _ => self.engine.error(StatusCode::METHOD_NOT_ALLOWED, Some(&tenant), ""),
        };
        answer.map(Body::from)
    }

    /// Where a request comes from. Only proxies of ours are believed: the nearest address that is none of theirs is the client's,
    /// whatever was written before it.
    fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, bool) {
        if !self.proxies.contains(peer) {
            return (peer, false);
        }
        let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
        let written: Vec<_> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
        let mut client = peer;
        for word in written.iter().rev().flat_map(|value| value.rsplit(',')) {
            let Ok(address) = word.trim().parse() else { break };
            client = address;
            if !self.proxies.contains(address) {
                break;
            }
        }
        (client, secure)
    }

    async fn ready(&self) -> Response<Bytes> {
        let reachable = kernel::Scope::Worker(None).read(self.engine.door.platform().db()).await.is_ok();
        if reachable { text(StatusCode::OK, "ready") } else { text(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer") }
    }

    async fn graphql(&self, visit: &Visit<'_>, method: &Method, request: Request<Body>) -> Response<Bytes> {
        let browser =
            visit.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
        if *method == Method::GET && browser && !visit.query.contains("query=") {
            return self.graphiql();
        }
        let Ok(body) = axum::body::to_bytes(request.into_body(), api::http::MAX_BODY).await else {
            return refuse(visit, StatusCode::PAYLOAD_TOO_LARGE, "La solicitud pasa de 1 MB.", "BAD_REQUEST");
        };
        match self.engine.door.context(asker(visit)).await {
            Ok(cx) => {
                let mut response = api::http::answer(&self.engine.door, &cx, method, visit.headers, visit.query, body).await;
                protect(response.headers_mut(), visit.secure);
                response
            }
            Err(error) => {
                tracing::error!(%error, "the viewer could not be looked up");
                refuse(visit, StatusCode::SERVICE_UNAVAILABLE, "No se pudo responder; intente de nuevo.", "INTERNAL")
            }
        }
    }

    /// The editor needs inline styles and a worker; nothing comes from elsewhere.
    fn graphiql(&self) -> Response<Bytes> {
        let mut response = self.engine.plain("graphiql.html", context! {});
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; \
                 base-uri 'none'; frame-ancestors 'none'",
            ),
        );
        response
    }

    fn robots(&self, visit: &Visit<'_>) -> Response<Bytes> {
        let map = self.engine.door.platform().links.to(visit.host, "/sitemap.xml");
        text(StatusCode::OK, &format!("User-agent: *\nDisallow: /admin\nDisallow: /entrar\nDisallow: /buscar\nSitemap: {map}\n"))
    }

    /// The mail that `up` mode sent, for a signed-in support account.
    async fn mailbox(&self, visit: &Visit<'_>) -> Response<Bytes> {
        let Some(mailbox) = &self.mailbox else {
            return self.engine.error(StatusCode::NOT_FOUND, Some(&visit.tenant), "");
        };
        let viewer = match self.engine.door.context(asker(visit)).await {
            Ok(cx) => cx.viewer.clone(),
            Err(_) => return self.engine.error(StatusCode::SERVICE_UNAVAILABLE, Some(&visit.tenant), ""),
        };
        if viewer.account.is_none() {
            return redirect("/entrar?volver=/correo", Vec::new());
        }
        if !viewer.can(Permission::ResolveTickets) {
            return self.engine.error(StatusCode::FORBIDDEN, Some(&visit.tenant), "");
        }
        let wanted =
            form_urlencoded::parse(visit.query.as_bytes()).find(|(name, _)| name == "mensaje").map(|(_, value)| value.into_owned());
        let opened = match &wanted {
            Some(name) => match mailbox.read(name).await {
                Ok(message) => Some(message),
                Err(_) => return self.engine.error(StatusCode::NOT_FOUND, Some(&visit.tenant), ""),
            },
            None => None,
        };
        let Ok(messages) = mailbox.list(200).await else {
            return self.engine.error(StatusCode::INTERNAL_SERVER_ERROR, Some(&visit.tenant), "");
        };
        let name = viewer.account.map(|account| account.name).unwrap_or_default();
        let context = context! {
            messages => messages.iter().map(shown).collect::<Vec<_>>(),
            opened => opened.as_ref().map(shown),
            viewer_name => name,
        };
        self.engine.plain("support/mailbox.html", context)
    }
}

fn shown(message: &kernel::mail::Received) -> Value {
    let date = message.date.map(|at| kernel::clock::local(at).format(&time::format_description::well_known::Rfc3339).unwrap_or_default());
    let mut shown = serde_json::to_value(message).unwrap_or_default();
    shown["date"] = serde_json::json!(date);
    Value::from(Serde(&shown))
}

/// A refusal of `/graphql`, in the form that its clients read.
fn refuse(visit: &Visit<'_>, status: StatusCode, message: &str, code: &str) -> Response<Bytes> {
    let mut response = api::http::refuse(visit.headers, status, message, code);
    protect(response.headers_mut(), visit.secure);
    response
}

fn asker<'a>(visit: &Visit<'a>) -> Asker<'a> {
    Asker {
        tenant: Arc::<TenantEntry>::clone(&visit.tenant),
        host: visit.host,
        token: visit.token,
        client: visit.client,
        secure: visit.secure,
    }
}

/// A form or a mutation must come from a page of this very host; programs send no `Origin` and no cookie of a browser.
fn same_origin(headers: &HeaderMap, host: &str) -> bool {
    match headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) {
        Some(origin) => origin.split_once("://").is_some_and(|(_, named)| named.eq_ignore_ascii_case(host)),
        None => headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none"),
    }
}

fn text(status: StatusCode, body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Keeps contrast and letter size in a cookie for a year, and goes back to where the reader was.
async fn preferences(request: Request<Body>, headers: &HeaderMap) -> Response<Bytes> {
    let typed = Typed::read(request).await.unwrap_or_default();
    let known = cookie(headers, "cabildo_prefs").unwrap_or_default();
    let mut contrast = known.contains("alto");
    let mut large = known.contains("mayor");
    match typed.get("contraste") {
        // The same button puts the contrast on and takes it off again.
        Some("alto") => contrast = !contrast,
        Some(_) => contrast = false,
        None => {}
    }
    match typed.get("letra") {
        Some("mayor") => large = true,
        Some(_) => large = false,
        None => {}
    }
    let word = format!("{}{}", if contrast { "alto." } else { "" }, if large { "mayor" } else { "" });
    let to = typed.get("back").filter(|path| is_local(path)).unwrap_or("/").to_owned();
    let cookie = format!("cabildo_prefs={word}; Path=/; Max-Age=31536000; SameSite=Lax");
    let headers = HeaderValue::from_str(&cookie).map(|value| vec![(header::SET_COOKIE, value)]).unwrap_or_default();
    redirect(&to, headers)
}
