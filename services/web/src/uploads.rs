//! Files: the file parts of forms on their way to the object store, `/archivos` for programs, and downloads.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use kernel::file::{self, FileRow, MAX_FILES, MAX_FORM_BYTES};
use kernel::{Cx, Error, Permission, files};
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::{Engine, Visit};
use crate::forms::{MANY_FILES, MAX_FORM, ONE_FILE, Typed};
use crate::respond::{protect, to_sign_in};

/// What is read of a form at most. Files over the limits are read to their end, so that the browser hears what was wrong with them.
const MAX_BODY: u64 = 4 * MAX_FORM_BYTES;

impl Engine {
    /// Reads a form. Where the page's forms have a field for files, those of whoever may see the page are stored as they come.
    pub(crate) async fn read(&self, visit: &Visit<'_>, request: Request<Body>) -> Result<Typed, Response<Bytes>> {
        let failed = |status| self.error(status, Some(&visit.tenant), "");
        let found = self.find(visit.tenant.kind.audience(), visit.path).filter(|(target, _)| target.also.is_none());
        if let Some(boundary) = boundary(request.headers())
            && let Some((target, given)) = found
            && let Some(page) = self.page(target)
        {
            let fields: Vec<String> = page.mutations.iter().flat_map(|mutation| self.types.file_fields(&mutation.variables)).collect();
            if !fields.is_empty() {
                let cx = self.context(visit).await.map_err(|trouble| failed(trouble.status))?;
                return match self.query(&cx, target, page, &given).await {
                    Ok(_) => take(&cx, &fields, boundary, request).await.map_err(failed),
                    Err(trouble) if trouble.status == StatusCode::UNAUTHORIZED => Err(to_sign_in(visit.path)),
                    Err(trouble) => Err(failed(trouble.status)),
                };
            }
        }
        Typed::read(request).await.map_err(failed)
    }

    /// What arrived with a form that comes back to its author: its files need not be chosen again.
    pub(crate) async fn uploads(&self, cx: &Cx, fields: &[String], typed: &Typed) -> Value {
        let mut shown = Vec::new();
        for field in fields {
            let ids: Vec<Uuid> = typed.all(field).iter().filter_map(|id| id.parse().ok()).collect();
            match file::waiting(cx, &ids).await {
                Ok(waiting) => {
                    shown.extend(
                        waiting.into_iter().map(|file| json!({ "field": field, "id": file.id, "name": file.name, "bytes": file.bytes })),
                    );
                }
                Err(error) => tracing::error!(%error, request_id = cx.request_id, "uploads could not be looked up"),
            }
        }
        Value::Array(shown)
    }

    /// `POST /archivos`: a program of somebody signed in sends one file and gets its id, for a mutation's `files` within a day.
    pub(crate) async fn upload(&self, visit: &Visit<'_>, request: Request<Body>) -> Response<Bytes> {
        let refuse = |status, message: &str, code| {
            let mut response = api::http::refuse(visit.headers, status, message, code);
            protect(response.headers_mut(), visit.secure);
            response
        };
        let Ok(cx) = self.context(visit).await else {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "No se pudo responder; intente de nuevo.", "INTERNAL");
        };
        if cx.viewer.account.is_none() {
            return refuse(StatusCode::UNAUTHORIZED, "Inicie sesión para continuar.", "UNAUTHENTICATED");
        }
        let Some(boundary) = boundary(visit.headers) else {
            return refuse(StatusCode::BAD_REQUEST, "Envíe el archivo como multipart/form-data, en el campo file.", "BAD_REQUEST");
        };
        let typed = match take(&cx, &[ONE_FILE.to_owned()], boundary, request).await {
            Ok(typed) => typed,
            Err(status) => return refuse(status, "El archivo no llegó completo o pasa de 10 MB.", "BAD_REQUEST"),
        };
        if let Some(fault) = typed.refused().first() {
            let status = if fault.code == THROTTLED { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY };
            return refuse(status, &fault.message, if fault.code == THROTTLED { THROTTLED } else { "BAD_REQUEST" });
        }
        let ids: Vec<Uuid> = typed.all(ONE_FILE).iter().filter_map(|id| id.parse().ok()).collect();
        let kept = file::waiting(&cx, &ids).await;
        let _ = cx.close_reads().await;
        let Some(upload) = kept.ok().and_then(|mut kept| kept.pop()) else {
            return refuse(StatusCode::BAD_REQUEST, "Falta el archivo, en el campo file.", "BAD_REQUEST");
        };
        let mut response = Response::new(Bytes::from(json!(upload).to_string()));
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        protect(response.headers_mut(), visit.secure);
        response
    }

    /// `GET /archivos/{id}/{name}`: what is public for everybody, the rest for the tenant's administration.
    pub(crate) async fn download(&self, visit: &Visit<'_>, method: &Method, rest: &str) -> Response<Body> {
        let failed = |status| self.error(status, Some(&visit.tenant), "").map(Body::from);
        let named = rest.split_once('/').and_then(|(id, name)| Some((id.parse::<Uuid>().ok()?, kernel::text::percent_decode(name))));
        let Some((id, name)) = named else { return failed(StatusCode::NOT_FOUND) };
        let Ok(cx) = self.context(visit).await else { return failed(StatusCode::SERVICE_UNAVAILABLE) };
        let found = async {
            let mut tx = cx.read().await?;
            match file::find(&mut tx, id).await {
                // What a municipality shared with the agency is read on the agency's host.
                Err(Error::NotFound) => file::find_shared(&mut tx, id).await,
                found => found.map(|file| (cx.tenant.id, file)),
            }
        }
        .await;
        let _ = cx.close_reads().await;
        let (owner, file) = match found {
            Ok((owner, file)) if file.name == name && (file.public || cx.viewer.can(Permission::SeeAdministration)) => (owner, file),
            Ok(_) | Err(Error::NotFound) => return failed(StatusCode::NOT_FOUND),
            Err(error) => {
                tracing::error!(%error, request_id = cx.request_id, "a file could not be looked up");
                return failed(StatusCode::INTERNAL_SERVER_ERROR);
            }
        };
        match content(&cx, owner, &file, method, visit.headers).await {
            Ok(mut response) => {
                if file.public && response.status() == StatusCode::OK {
                    self.count_file(visit, cx.viewer.account.is_some());
                }
                describe(response.headers_mut(), &file, visit.secure);
                response
            }
            Err(error) => {
                tracing::error!(%error, file = %file.id, request_id = cx.request_id, "a file's bytes could not be given");
                failed(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

const THROTTLED: &str = "THROTTLED";

fn boundary(headers: &HeaderMap) -> Option<String> {
    multer::parse_boundary(headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// Reads a multipart form, and puts its files of these fields into the store, where they wait to be attached.
/// A file that is refused is noted at its field and the rest of the form is read nonetheless.
async fn take(cx: &Arc<Cx>, fields: &[String], boundary: String, request: Request<Body>) -> Result<Typed, StatusCode> {
    let unreadable = |error: multer::Error| match error {
        multer::Error::StreamSizeExceeded { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    let limit = Constraints::new().size_limit(SizeLimit::new().whole_stream(MAX_BODY));
    let mut form = Multipart::with_constraints(paced(request.into_body()), boundary, limit);
    let mut typed = Typed::default();
    let (mut text, mut room) = (0, MAX_FORM_BYTES);
    while let Some(mut part) = form.next_field().await.map_err(unreadable)? {
        let Some(field) = part.name().map(str::to_owned) else { continue };
        match part.file_name().map(str::to_owned) {
            None => {
                let mut value = Vec::new();
                while let Some(chunk) = part.chunk().await.map_err(unreadable)? {
                    text += chunk.len();
                    if text > MAX_FORM {
                        return Err(StatusCode::PAYLOAD_TOO_LARGE);
                    }
                    value.extend_from_slice(&chunk);
                }
                typed.push(field, std::str::from_utf8(&value).map_err(|_| StatusCode::BAD_REQUEST)?);
            }
            // Browsers send a nameless part where nobody chose a file.
            Some(name) if !name.is_empty() && fields.contains(&field) => {
                let content = part.by_ref().map_err(|_| files::Error::BrokenOff).boxed();
                if typed.all(&field).len() >= MAX_FILES {
                    typed.refuse(&field, "TOO_MANY", &format!("Adjunte como máximo {MAX_FILES} archivos; «{name}» no se recibió"));
                } else {
                    match file::receive(cx, &name, content, room).await {
                        Ok(upload) => {
                            room -= u64::from(upload.bytes.unsigned_abs());
                            let id = upload.id.to_string();
                            if field == MANY_FILES { typed.push(field, &id) } else { typed.replace(field, id) }
                        }
                        Err(Error::Rejected(faults)) => {
                            for fault in faults {
                                typed.refuse(&field, &fault.code, &fault.message);
                            }
                        }
                        Err(Error::Throttled(seconds)) => {
                            let minutes = seconds.div_ceil(60);
                            typed.refuse(&field, THROTTLED, &format!("Demasiados archivos en poco tiempo. Espere {minutes} minutos"));
                        }
                        Err(Error::BadRequest(_)) => return Err(StatusCode::BAD_REQUEST),
                        Err(error) => {
                            tracing::error!(%error, request_id = cx.request_id, "a file could not be stored");
                            return Err(StatusCode::INTERNAL_SERVER_ERROR);
                        }
                    }
                }
            }
            Some(_) => {}
        }
        // What is left of a part that was refused.
        while part.chunk().await.map_err(unreadable)?.is_some() {}
    }
    Ok(typed)
}

/// The body a chunk at a time: the parser reads all that has arrived, and would hold a fast sender's whole form in memory.
fn paced(body: Body) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let (mut chunks, mut given) = (body.into_data_stream(), false);
    stream::poll_fn(move |poll| {
        if std::mem::take(&mut given) {
            poll.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        let next = chunks.poll_next_unpin(poll);
        given = next.is_ready();
        next
    })
}

/// The bytes of a file: all, the part that was asked for, or none where the browser has them.
async fn content(cx: &Cx, owner: Uuid, file: &FileRow, method: &Method, asked: &HeaderMap) -> files::Result<Response<Body>> {
    let tag = etag(file);
    let told = |name| asked.get(name).and_then(|value| value.to_str().ok());
    let mut response = Response::new(Body::empty());
    if told(header::IF_NONE_MATCH).is_some_and(|known| known.contains(&tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let size = u64::from(file.bytes.unsigned_abs());
    // A part of what has changed since is no part of this.
    let part = told(header::RANGE).filter(|_| told(header::IF_RANGE).is_none_or(|known| known == tag)).and_then(|range| part(range, size));
    let (from, to) = part.unwrap_or((0, size - 1));
    let out = response.headers_mut();
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from + 1));
    if part.is_some() {
        out.insert(
            header::CONTENT_RANGE,
            HeaderValue::from_str(&format!("bytes {from}-{to}/{size}")).unwrap_or(HeaderValue::from_static("")),
        );
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    if *method != Method::HEAD {
        let key = file::key(owner, file.id)?;
        *response.body_mut() = Body::from_stream(cx.platform.files.get_part(&key, from..to + 1).await?);
    }
    Ok(response)
}

fn etag(file: &FileRow) -> String {
    format!("\"{}\"", file.sha256)
}

/// One part of `size` bytes, both ends included; whoever asks for several, or for none that there is, gets the whole.
fn part(range: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from, to) {
        ("", last) => (size.saturating_sub(last.parse().ok().filter(|last| *last > 0)?), size - 1),
        (from, "") => (from.parse().ok()?, size - 1),
        (from, to) => (from.parse().ok()?, to.parse::<u64>().ok()?.min(size - 1)),
    };
    (from <= to).then_some((from, to))
}

/// What goes with a file: nothing in it can run, and a public one never changes under its address.
fn describe(out: &mut HeaderMap, file: &FileRow, secure: bool) {
    protect(out, secure);
    let shown = file.media_type == "application/pdf" || file.media_type.starts_with("image/");
    let kind = if file.media_type.starts_with("text/") { format!("{}; charset=utf-8", file.media_type) } else { file.media_type.clone() };
    let name = kernel::text::percent_encode(&file.name);
    let text = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    out.insert(header::CONTENT_TYPE, text(&kind));
    out.insert(header::CONTENT_DISPOSITION, text(&format!("{}; filename*=UTF-8''{name}", if shown { "inline" } else { "attachment" })));
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"));
    out.insert(header::ETAG, text(&etag(file)));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let keep = if file.public { "public, max-age=31536000, immutable" } else { "private, no-store" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn one_part_of_a_file_is_given_and_anything_else_is_the_whole() {
        assert_eq!(part("bytes=0-99", 1000), Some((0, 99)));
        assert_eq!(part("bytes=900-", 1000), Some((900, 999)));
        assert_eq!(part("bytes=-100", 1000), Some((900, 999)));
        assert_eq!(part("bytes=-5000", 1000), Some((0, 999)));
        assert_eq!(part("bytes=990-5000", 1000), Some((990, 999)));
        for odd in ["bytes=1000-", "bytes=5-4", "bytes=0-1,5-6", "bytes=-0", "bytes=-", "lines=0-1", "bytes=a-b"] {
            assert_eq!(part(odd, 1000), None, "{odd}");
        }
    }
}
