//! Responses: pages kept or not, redirects, and the headers that every page carries.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use kernel::directory::Audience;

use crate::cache::Finished;
use crate::formats::PDF;
use crate::forms::Typed;

/// The media type of a page.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// Headers that resolvers asked for.
pub(crate) type Headers = Vec<(http::HeaderName, HeaderValue)>;

/// Whether it is a path of this host, and not another host in disguise.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r'])
}

/// `{a.b}` in a pattern, taken from the payload and made safe for an address.
pub(crate) fn fill(pattern: &str, payload: &serde_json::Value) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        let value = payload.pointer(&format!("/{}", name.replace('.', "/")));
        let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default();
        out.push_str(&kernel::text::percent_encode(&text));
        rest = tail;
    }
    out + rest
}

/// Where a person came from, when it is an address of this very host; else the audience's own start.
pub(crate) fn back(typed: &Typed, audience: Audience) -> String {
    let start = match audience {
        Audience::Support => "/mesa",
        Audience::Municipality | Audience::Agency => "/admin",
    };
    typed.get("volver").filter(|path| is_local(path)).unwrap_or(start).to_owned()
}

/// To the sign-in page, and back to `path` from there.
pub(crate) fn to_sign_in(path: &str) -> Response<Bytes> {
    let back = kernel::text::percent_encode(path).replace("%2F", "/");
    redirect(&format!("/entrar?volver={back}"), Vec::new())
}

/// A redirect after a form, or to another page.
pub(crate) fn redirect(to: &str, headers: Headers) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(value) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in headers {
        response.headers_mut().append(name, value);
    }
    response
}

/// The response of a finished page; `shared` pages may be kept by the browser and asked again with their tag.
pub(crate) fn respond(page: &Finished, asked: &HeaderMap, secure: bool, shared: bool) -> Response<Bytes> {
    let known = shared && asked.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == page.etag.as_bytes());
    let mut response = Response::new(if known { Bytes::new() } else { page.body.clone() });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media));
    if page.packed && !known {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(if shared { "no-cache" } else { "no-store" }));
    if shared && let Ok(tag) = HeaderValue::from_str(&page.etag) {
        out.insert(header::ETAG, tag);
    }
    protect(out, secure);
    if page.media == PDF {
        // The browser's own viewer is an object with inline style.
        let policy = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    if let Some(name) = &page.name
        && let Ok(value) = HeaderValue::from_str(&format!("inline; filename=\"{name}\""))
    {
        out.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The headers that every page carries (Res. MinTIC 1519/2020, Anexo 3).
pub(crate) fn protect(out: &mut HeaderMap, secure: bool) {
    out.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ),
    );
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    out.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    out.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if secure {
        out.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
}

/// Lets other people's pages frame this one and their programs read it. It may run nothing, and no cookie is asked for it.
pub(crate) fn let_frame(out: &mut HeaderMap) {
    let policy = "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    out.remove(header::X_FRAME_OPTIONS);
    out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

/// Whether the browser takes gzip.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("gzip"))
}
