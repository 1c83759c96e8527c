//! The page engine: address → document → template → bytes. One function for every page of every audience.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use api::{Answer, Asker, Door};
use async_graphql::{Request, Variables};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use kernel::Cx;
use kernel::directory::{Audience, TenantEntry};
use kernel::live::LiveKey;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde_json::json;

use crate::cache::{Finished, PageCache};
use crate::forms::{Typed, Types};
use crate::pages::{Operation, Page, Pages};
use crate::pdf::Pdf;
use crate::respond::{HTML, Headers, accepts_gzip, back, fill, let_frame, redirect, respond, to_sign_in};
use crate::routes::{Also, ROUTES, Route, Then};
use crate::templates::{self, Prefs};

/// Everything that pages need, made once at start.
pub(crate) struct Engine {
    pub(crate) door: Door,
    pages: Pages,
    pub(crate) types: Types,
    templates: Environment<'static>,
    cache: PageCache,
    pub(crate) pdf: Pdf,
    tables: HashMap<Audience, matchit::Router<Target>>,
    /// Requests a minute and client that are answered without the page cache; zero means no limit.
    rate: u32,
}

/// What an address leads to.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) route: &'static Route,
    pub(crate) also: Option<&'static Also>,
}

/// A request for a page, taken apart.
pub(crate) struct Visit<'a> {
    pub(crate) tenant: Arc<TenantEntry>,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) token: Option<&'a str>,
    pub(crate) client: std::net::IpAddr,
    pub(crate) secure: bool,
    /// Whether only the head is asked for.
    pub(crate) head: bool,
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

impl Engine {
    pub(crate) fn new(door: Door, pdf: Pdf, cache_bytes: u64, rate: u32) -> Result<Self, String> {
        let pages = Pages::load()?;
        let templates = templates::environment().map_err(|error| format!("{error:#}"))?;
        let mut tables: HashMap<Audience, matchit::Router<Target>> = HashMap::new();
        for route in ROUTES {
            check(route, &pages, &templates)?;
            if route.up_only && !door.platform().up_mode {
                continue;
            }
            for audience in route.audiences {
                let table = tables.entry(*audience).or_default();
                let mut insert = |path: String, target| table.insert(path.clone(), target).map_err(|error| format!("{path}: {error}"));
                insert(route.path.to_owned(), Target { route, also: route.only })?;
                for also in route.also {
                    let path = also.path.map_or_else(|| format!("{}.{}", route.path.trim_end_matches('/'), also.ending), str::to_owned);
                    // A parameter takes a whole segment: `/ranking/{month}.csv` is told apart when it is asked for.
                    if !path.contains("}.") {
                        insert(path, Target { route, also: Some(also) })?;
                    }
                }
            }
        }
        Ok(Self { door, pages, types: Types::read(&api::sdl())?, templates, cache: PageCache::holding(cache_bytes), pdf, tables, rate })
    }

    /// Answers a GET, from the cache where it can.
    pub(crate) async fn get(&self, visit: &Visit<'_>) -> Response<Bytes> {
        let audience = visit.tenant.kind.audience();
        let Some((target, mut given)) = self.find(audience, visit.path) else {
            self.count_error(visit, None);
            return self.error(StatusCode::NOT_FOUND, Some(&visit.tenant), "");
        };
        let Some(page) = self.pages.get(target.route.page) else {
            return self.error(StatusCode::NOT_FOUND, Some(&visit.tenant), "");
        };
        let asked = known_query(visit.query, page);
        for (name, value) in &asked {
            given.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let ending = target.also.map(|also| also.ending);
        // A file looks the same to every reader, and a PDF is packed already.
        let prefs = if ending.is_none() { Prefs::of(visit.headers) } else { Prefs::default() };
        let pack = ending != Some("pdf") && accepts_gzip(visit.headers);
        let anonymous = visit.token.is_none();
        let key = (anonymous && !page.personal).then(|| self.key(visit, target.route, &asked, prefs, pack));
        if let Some(finished) = key.as_ref().and_then(|key| self.cache.get(key)) {
            metrics::counter!("cabildo_pages_total", "cache" => "hit").increment(1);
            self.count(visit, target, &asked, finished.seen);
            return shared(target, respond(&finished, visit.headers, visit.secure, true));
        }
        metrics::counter!("cabildo_pages_total", "cache" => "miss").increment(1);
        // Who is signed in was counted at the front.
        if anonymous && !self.within_rate(visit.client).await {
            self.count_error(visit, Some(target));
            return self.error(StatusCode::TOO_MANY_REQUESTS, Some(&visit.tenant), "");
        }
        match self.make(visit, (target, page), &given, &asked, key.as_deref(), pack).await {
            Ok((finished, headers)) => {
                if let Some(key) = key {
                    self.cache.put(key, finished.clone());
                }
                self.count(visit, target, &asked, finished.seen);
                let mut response = respond(&finished, visit.headers, visit.secure, anonymous && !page.personal);
                for (name, value) in headers {
                    response.headers_mut().append(name, value);
                }
                shared(target, response)
            }
            Err(Trouble { status: StatusCode::UNAUTHORIZED, .. }) => to_sign_in(visit.path),
            Err(trouble) => {
                self.count_error(visit, Some(target));
                self.told(&trouble, Some(&visit.tenant), visit.path)
            }
        }
    }

    /// Whether a client may be answered once more without the cache. The machine itself is not counted: who sits there needs no door.
    pub(crate) async fn within_rate(&self, client: std::net::IpAddr) -> bool {
        if self.rate == 0 || client.is_loopback() {
            return true;
        }
        let platform = self.door.platform();
        let key = LiveKey::platform(format_args!("door/{client}"));
        // Without the counter the door stays open: pages matter more than the limit.
        platform.live().allow(&key, self.rate, Duration::from_mins(1), platform.clock().now()).await.map_or(true, |rate| rate.allowed)
    }

    /// Answers a form.
    pub(crate) async fn post(&self, visit: &Visit<'_>, typed: Typed) -> Response<Bytes> {
        let audience = visit.tenant.kind.audience();
        let found = self.find(audience, visit.path).filter(|(target, _)| target.also.is_none());
        let Some((target, given)) = found else {
            return self.error(StatusCode::NOT_FOUND, Some(&visit.tenant), "");
        };
        let Some(page) = self.pages.get(target.route.page) else {
            return self.error(StatusCode::NOT_FOUND, Some(&visit.tenant), "");
        };
        let named = typed.get("_op").map(str::to_owned);
        let mutation = match &named {
            Some(name) => page.mutations.iter().find(|mutation| mutation.name == *name),
            None => page.mutations.first().filter(|_| page.mutations.len() == 1),
        };
        let Some(mutation) = mutation else {
            return self.error(StatusCode::METHOD_NOT_ALLOWED, Some(&visit.tenant), "");
        };
        let cx = match self.context(visit).await {
            Ok(cx) => cx,
            Err(trouble) => return self.error(trouble.status, Some(&visit.tenant), &trouble.request_id),
        };
        let asked = known_query(visit.query, page);
        let submitted = self.submit(&cx, page, mutation, &typed, &given).await;
        let then = target.route.forms.iter().find(|form| form.op == mutation.name).map_or(Then::Show, |form| form.then);
        let (status, form, result, mut headers) = match submitted {
            Submitted::Done { payload, headers } => {
                let to = match then {
                    Then::Go(pattern) => Some(fill(pattern, &payload)),
                    Then::Back => Some(back(&typed, audience)),
                    Then::Show => None,
                };
                if let Some(to) = to {
                    return redirect(&to, headers);
                }
                (StatusCode::OK, blank_form(), Some(payload), headers)
            }
            Submitted::Refused { status, errors, headers } => {
                if status == StatusCode::UNAUTHORIZED {
                    return to_sign_in(visit.path);
                }
                let uploads = self.uploads(&cx, &self.types.file_fields(&mutation.variables), &typed).await;
                (status, json!({ "op": mutation.name, "values": typed.values(), "errors": errors, "uploads": uploads }), None, headers)
            }
        };
        // What a mutation did is seen by a fresh look at who asks: a sign-in has changed the viewer.
        let shown = self.show(visit, &cx, target, page, &given, &asked, form, result).await;
        match shown {
            Ok((html, more)) => {
                headers.extend(more);
                let finished = Finished::new(HTML, html, accepts_gzip(visit.headers));
                let mut response = respond(&finished, &HeaderMap::new(), visit.secure, false);
                *response.status_mut() = status;
                for (name, value) in headers {
                    response.headers_mut().append(name, value);
                }
                response
            }
            Err(Trouble { status: StatusCode::UNAUTHORIZED, .. }) => to_sign_in(visit.path),
            Err(trouble) => self.error(trouble.status, Some(&visit.tenant), &trouble.request_id),
        }
    }

    /// The page of a target.
    pub(crate) fn page(&self, target: Target) -> Option<&Page> {
        self.pages.get(target.route.page)
    }

    /// What an address leads to, and what it says.
    pub(crate) fn find(&self, audience: Audience, path: &str) -> Option<(Target, HashMap<String, String>)> {
        let table = self.tables.get(&audience)?;
        let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        let matched = table.at(trimmed).ok()?;
        let mut target = *matched.value;
        let mut given: HashMap<String, String> =
            matched.params.iter().map(|(name, value)| (name.to_owned(), kernel::text::percent_decode(value))).collect();
        if target.also.is_none() {
            // `/ranking/2026-10.csv`: the ending of the last parameter names the form.
            for also in target.route.also.iter().filter(|also| also.path.is_none()) {
                let ending = format!(".{}", also.ending);
                let last = target.route.path.rsplit_once('{').and_then(|(_, name)| name.strip_suffix('}'));
                if let Some(value) = last.and_then(|name| given.get_mut(name)).filter(|value| value.ends_with(&ending)) {
                    value.truncate(value.len() - ending.len());
                    target.also = Some(also);
                    break;
                }
            }
        }
        given.extend(target.route.fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Some((target, given))
    }

    fn key(&self, visit: &Visit<'_>, route: &Route, asked: &BTreeMap<String, String>, prefs: Prefs, pack: bool) -> String {
        let platform = self.door.platform();
        let version = platform.directory().version(visit.tenant.id);
        let slot = if route.fresh_for > 0 { platform.clock().now().unix_timestamp() / route.fresh_for } else { 0 };
        let mut key = format!(
            "{}|{version}|{}|{slot}|{}{}|{pack}|{}|{}",
            visit.tenant.id,
            platform.clock().today().to_julian_day(),
            prefs.contrast,
            prefs.text,
            visit.host,
            visit.path
        );
        for (name, value) in asked {
            key.push('&');
            key.push_str(name);
            key.push('=');
            key.push_str(value);
        }
        key
    }

    pub(crate) async fn context(&self, visit: &Visit<'_>) -> Result<Arc<Cx>, Trouble> {
        let asker =
            Asker { tenant: visit.tenant.clone(), host: visit.host, token: visit.token, client: visit.client, secure: visit.secure };
        self.door.context(asker).await.map_err(|error| {
            tracing::error!(%error, "the viewer could not be looked up");
            Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "")
        })
    }

    /// A finished page, where it was kept.
    pub(crate) fn cached(&self, key: &str) -> Option<Finished> {
        self.cache.get(key)
    }

    pub(crate) async fn query(
        &self,
        cx: &Arc<Cx>,
        target: Target,
        page: &Page,
        given: &HashMap<String, String>,
    ) -> Result<(serde_json::Value, Headers), Trouble> {
        let trouble = |status| Trouble::new(status, &cx.request_id);
        // Whatever a page asks for: behind the door nothing is shown to whoever did not come in.
        if target.route.behind_the_door() && cx.viewer.account.is_none() {
            return Err(trouble(StatusCode::UNAUTHORIZED));
        }
        let variables = self.types.address_variables(&page.query.variables, given).ok_or_else(|| trouble(StatusCode::NOT_FOUND))?;
        let answer = self.run(cx, page, &page.query, variables).await;
        if let Some(code) = answer.code() {
            return Err(trouble(status_of(code)));
        }
        let data = serde_json::to_value(&answer.data).map_err(|_| trouble(StatusCode::INTERNAL_SERVER_ERROR))?;
        if target.route.must.is_some_and(|field| data[field].is_null()) {
            return Err(trouble(StatusCode::NOT_FOUND));
        }
        Ok((data, answer.headers))
    }

    async fn run(&self, cx: &Arc<Cx>, page: &Page, operation: &Operation, variables: serde_json::Value) -> Answer {
        let request =
            Request::new(page.document.as_str()).operation_name(operation.name.as_str()).variables(Variables::from_json(variables));
        self.door.execute(cx, request).await
    }

    async fn submit(&self, cx: &Arc<Cx>, page: &Page, mutation: &Operation, typed: &Typed, given: &HashMap<String, String>) -> Submitted {
        let refused = |status, errors, headers| Submitted::Refused { status, errors, headers };
        // What the address names (a slug, a radicado) fills the fields that the form leaves out.
        let typed = typed.clone().or(given);
        let variables = match self.types.variables(&mutation.variables, &typed) {
            Ok(variables) => variables,
            Err(faults) => return refused(StatusCode::UNPROCESSABLE_ENTITY, json!(faults), Vec::new()),
        };
        let answer = self.run(cx, page, mutation, variables).await;
        if let Some(code) = answer.code() {
            let message = answer.errors.first().map(|error| error.message.clone()).unwrap_or_default();
            return refused(status_of(code), json!([{ "field": null, "code": code, "message": message }]), answer.headers);
        }
        let mut data = serde_json::to_value(&answer.data).unwrap_or_default();
        let payload = data[mutation.root()].take();
        match payload["userErrors"].as_array() {
            Some(errors) if !errors.is_empty() => refused(StatusCode::UNPROCESSABLE_ENTITY, json!(errors), answer.headers),
            _ => Submitted::Done { payload, headers: answer.headers },
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one page, each already at hand where it is called")]
    pub(crate) async fn show(
        &self,
        visit: &Visit<'_>,
        cx: &Arc<Cx>,
        target: Target,
        page: &Page,
        given: &HashMap<String, String>,
        asked: &BTreeMap<String, String>,
        form: serde_json::Value,
        result: Option<serde_json::Value>,
    ) -> Result<(String, Headers), Trouble> {
        let (data, headers) = self.query(cx, target, page, given).await?;
        let html = self.render(visit, cx, target, &data, &form, result.as_ref(), asked)?;
        Ok((html, headers))
    }

    #[expect(clippy::too_many_arguments, reason = "the template's context, name by name")]
    pub(crate) fn render(
        &self,
        visit: &Visit<'_>,
        cx: &Cx,
        target: Target,
        data: &serde_json::Value,
        form: &serde_json::Value,
        result: Option<&serde_json::Value>,
        asked: &BTreeMap<String, String>,
    ) -> Result<String, Trouble> {
        let platform = self.door.platform();
        let now = platform.clock().now();
        let ending = target.also.map_or("html", |also| also.ending);
        let name = templates::name_of(&format!("{}.{ending}", target.route.page));
        let base = platform.links.to(visit.host, "");
        let context = context! {
            data => Value::from(Serde(data)),
            form => Value::from(Serde(form)),
            result => result.map_or(Value::from(()), |result| Value::from(Serde(result))),
            prefs => Value::from(Serde(&Prefs::of(visit.headers))),
            page => context! {
                path => visit.path,
                query => Value::from(Serde(asked)),
                host_kind => visit.tenant.kind.audience().word(),
                now => templates::iso(now),
                today => kernel::clock::local(now).date().to_string(),
                demo => platform.up_mode,
                key => target.route.page,
                base => base,
            },
            url_with => templates::url_with(visit.path.to_owned(), asked.clone()),
            csv_url => templates::csv_url(visit.path, asked),
        };
        let template = self.templates.get_template(&name).and_then(|template| template.render(context));
        template.map_err(|error| {
            tracing::error!(template = name, error = format!("{error:#}"), request_id = cx.request_id, "a template broke");
            Trouble::new(StatusCode::INTERNAL_SERVER_ERROR, &cx.request_id)
        })
    }

    /// A page that says what is wrong and what to do next.
    pub(crate) fn error(&self, status: StatusCode, tenant: Option<&TenantEntry>, request_id: &str) -> Response<Bytes> {
        self.told(&Trouble::new(status, request_id), tenant, "/")
    }

    /// The same about the address that was asked for.
    fn told(&self, trouble: &Trouble, tenant: Option<&TenantEntry>, path: &str) -> Response<Bytes> {
        let Trouble { status, request_id, why } = trouble;
        let (name, kind) = match (tenant, *status) {
            (None, _) => ("unknown-host.html", ""),
            (Some(tenant), _) if tenant.suspended => ("suspended.html", tenant.kind.audience().word()),
            (Some(tenant), _) => ("error.html", tenant.kind.audience().word()),
        };
        let town = tenant.filter(|tenant| tenant.kind.audience() == Audience::Municipality).map(|tenant| tenant.name.clone());
        let context = context! { status => status.as_u16(), request_id, why => *why, path, host_kind => kind, municipality_name => town };
        let html = self.templates.get_template(name).and_then(|template| template.render(context)).unwrap_or_else(|error| {
            tracing::error!(error = format!("{error:#}"), "the error page broke");
            format!("<!doctype html><title>Error {0}</title><h1>Error {0}</h1>", status.as_u16())
        });
        let mut response = respond(&Finished::new(HTML, html, false), &HeaderMap::new(), false, false);
        *response.status_mut() = *status;
        if *why == "pdf-busy" {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }

    /// Renders a page of the edge, which has no document.
    pub(crate) fn plain(&self, name: &str, context: Value) -> Response<Bytes> {
        match self.templates.get_template(name).and_then(|template| template.render(context)) {
            Ok(html) => respond(&Finished::new(HTML, html, false), &HeaderMap::new(), false, false),
            Err(error) => {
                tracing::error!(template = name, error = format!("{error:#}"), "a template broke");
                self.error(StatusCode::INTERNAL_SERVER_ERROR, None, "")
            }
        }
    }
}

/// The same response, open to other people's pages where its route says so.
fn shared(target: Target, mut response: Response<Bytes>) -> Response<Bytes> {
    if target.route.framed {
        let_frame(response.headers_mut());
    }
    response
}

/// The query as far as the page knows it, in one order: a stranger's parameters reach neither links nor cache.
fn known_query(query: &str, page: &Page) -> BTreeMap<String, String> {
    let known = |name: &str| SHOWN_QUERY.contains(&name) || page.query.variables.iter().any(|(known, _)| known == name);
    form_urlencoded::parse(query.as_bytes()).into_owned().filter(|(name, _)| known(name)).collect()
}

/// Query names that a template reads although no document declares them.
const SHOWN_QUERY: [&str; 8] = ["publicada", "retirada", "volver", "desde", "hecho", "confirmada", "guardada", "guardado"];

/// Why a page cannot be shown.
pub(crate) struct Trouble {
    pub(crate) status: StatusCode,
    pub(crate) request_id: String,
    /// What the error page says further (`error.html`).
    pub(crate) why: &'static str,
}

impl Trouble {
    fn new(status: StatusCode, request_id: &str) -> Self {
        Self { status, request_id: request_id.to_owned(), why: "" }
    }
}

enum Submitted {
    Done { payload: serde_json::Value, headers: Headers },
    Refused { status: StatusCode, errors: serde_json::Value, headers: Headers },
}

pub(crate) fn blank_form() -> serde_json::Value {
    json!({ "op": "", "values": {}, "errors": [], "uploads": [] })
}

/// Error codes to HTTP statuses, in one place.
fn status_of(code: &str) -> StatusCode {
    match code {
        "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
        "FORBIDDEN" => StatusCode::FORBIDDEN,
        "NOT_FOUND" => StatusCode::NOT_FOUND,
        "THROTTLED" => StatusCode::TOO_MANY_REQUESTS,
        "BAD_REQUEST" | "TOO_COMPLEX" => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn check(route: &Route, pages: &Pages, templates: &Environment<'_>) -> Result<(), String> {
    let page = pages.get(route.page).ok_or_else(|| format!("{}: no page {}", route.path, route.page))?;
    let mut endings = vec![route.only.map_or("html", |only| only.ending)];
    endings.extend(route.also.iter().map(|also| also.ending).filter(|ending| *ending != "json"));
    for ending in endings {
        let name = templates::name_of(&format!("{}.{ending}", route.page));
        templates.get_template(&name).map_err(|error| format!("{}: {error}", route.path))?;
    }
    match route.forms.iter().find(|form| !page.mutations.iter().any(|mutation| mutation.name == form.op)) {
        Some(form) => Err(format!("{}: {} has no mutation {}", route.path, route.page, form.op)),
        None => Ok(()),
    }
}

/// Whether this method reads.
pub(crate) fn reads(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}
