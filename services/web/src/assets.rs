//! Sheets, scripts, fonts and drawings, built by npm, named by their contents so that browsers keep them.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use include_dir::{Dir, include_dir};
use kernel::secret::sha256_hex;

use crate::cache::gzip;
use crate::respond::accepts_gzip;

static DIST: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/dist");

/// One word for the contents of the whole folder: relative names inside sheets stay valid.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let manifest = DIST.get_file("manifest.json").map(include_dir::File::contents).unwrap_or_default();
    sha256_hex(manifest)[..12].to_owned()
});

/// The address of an asset.
pub(crate) fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *EDITION)
}

/// The contents of an asset.
pub(crate) fn contents(name: &str) -> &'static [u8] {
    DIST.get_file(name).map(include_dir::File::contents).unwrap_or_default()
}

/// The patterns of robots' user agents (npm `crawler-user-agents`).
pub fn robots() -> Vec<String> {
    DIST.get_file("robots.json").and_then(|file| serde_json::from_slice(file.contents()).ok()).unwrap_or_default()
}

/// An asset packed, at its first request and never again.
fn packed_once(name: &str, contents: &[u8]) -> Bytes {
    static PACKED: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);
    match PACKED.lock() {
        Ok(mut packed) => packed.entry(name.to_owned()).or_insert_with(|| gzip(contents)).clone(),
        Err(_) => gzip(contents),
    }
}

/// Serves an asset; any edition's address serves the present contents, and only the present one is kept for ever.
pub(crate) fn serve(edition: &str, name: &str, headers: &HeaderMap) -> Response<Bytes> {
    let Some(file) = DIST.get_file(name) else {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let media = match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "json" => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    let packed = accepts_gzip(headers) && !name.ends_with(".woff2");
    let body = if packed { packed_once(name, file.contents()) } else { Bytes::from_static(file.contents()) };
    let mut response = Response::new(body);
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if packed {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let keep = if edition == *EDITION { "public, max-age=31536000, immutable" } else { "public, max-age=60" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
