//! GraphQL over HTTP (GraphQL-over-HTTP draft, 2025): content type by `Accept`, 400 without `data` when nothing ran, no batches.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Value, Variables};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use kernel::Cx;
use serde::Deserialize;

use crate::{Answer, Door};

/// At most this many bytes of JSON.
pub const MAX_BODY: usize = 1024 * 1024;

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Answers a request to `/graphql`; `query` is the URL's query string.
pub async fn answer(door: &Door, cx: &Arc<Cx>, method: &Method, headers: &HeaderMap, query: &str, body: Bytes) -> Response<Bytes> {
    let Some(media) = negotiate(headers) else {
        return plain(StatusCode::NOT_ACCEPTABLE, JSON, "Acepte application/graphql-response+json o application/json.", "BAD_REQUEST");
    };
    let parsed = match *method {
        Method::GET => from_query(query),
        Method::POST => from_body(headers, &body),
        _ => Err((StatusCode::METHOD_NOT_ALLOWED, "Use GET o POST.")),
    };
    let body = match parsed {
        Ok(body) => body,
        Err((status, message)) => {
            let mut response = plain(status, media, message, "BAD_REQUEST");
            if status == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
            }
            return response;
        }
    };
    if *method == Method::GET && !is_query(&body) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, media, "Las mutaciones van por POST.", "BAD_REQUEST");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let variables = Variables::from_json(serde_json::Value::Object(body.variables.unwrap_or_default()));
    let mut request = Request::new(body.query).variables(variables);
    if let Some(name) = body.operation_name.filter(|name| !name.is_empty()) {
        request = request.operation_name(name);
    }
    write(door.execute(cx, request).await, media)
}

/// What `/graphql` answers when nothing was asked of the schema: an error in the form that the client reads.
pub fn refuse(headers: &HeaderMap, status: StatusCode, message: &str, code: &str) -> Response<Bytes> {
    plain(status, negotiate(headers).unwrap_or(JSON), message, code)
}

fn negotiate(headers: &HeaderMap) -> Option<&'static str> {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()) else {
        return Some(JSON);
    };
    let mut types = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    types.find_map(|media| match media.as_str() {
        "application/graphql-response+json" => Some(GRAPHQL_RESPONSE),
        "application/json" | "*/*" | "application/*" | "" => Some(JSON),
        _ => None,
    })
}

fn from_query(query: &str) -> Result<Body, (StatusCode, &'static str)> {
    const BAD: (StatusCode, &str) =
        (StatusCode::BAD_REQUEST, "Los parámetros no se entienden: query, operationName, variables y extensions.");
    let mut body = Body { query: String::new(), operation_name: None, variables: None, extensions: None };
    let object = |text: &str| -> Result<Option<serde_json::Map<_, _>>, _> {
        if text.is_empty() { Ok(None) } else { serde_json::from_str(text).map_err(|_| BAD) }
    };
    for (key, value) in form_pairs(query) {
        match key.as_str() {
            "query" => body.query = value,
            "operationName" => body.operation_name = Some(value),
            "variables" => body.variables = object(&value)?,
            "extensions" => body.extensions = object(&value)?,
            _ => {}
        }
    }
    if body.query.is_empty() { Err((StatusCode::BAD_REQUEST, "Falta el parámetro query.")) } else { Ok(body) }
}

fn form_pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        kernel::text::percent_decode(&text)
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map_or_else(|| (decode(pair), String::new()), |(key, value)| (decode(key), decode(value))))
        .collect()
}

fn from_body(headers: &HeaderMap, body: &[u8]) -> Result<Body, (StatusCode, &'static str)> {
    let content = headers.get(header::CONTENT_TYPE).and_then(|content| content.to_str().ok()).unwrap_or_default();
    let mut parts = content.split(';').map(|part| part.trim().to_ascii_lowercase());
    let json = parts.next().is_some_and(|media| media == "application/json");
    let utf8 =
        parts.filter_map(|part| part.strip_prefix("charset=").map(str::to_owned)).all(|charset| charset.trim_matches('"') == "utf-8");
    if !json || !utf8 {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Envíe application/json en UTF-8."));
    }
    serde_json::from_slice(body)
        .map_err(|_| (StatusCode::BAD_REQUEST, "El cuerpo no es un objeto JSON con query, operationName, variables y extensions."))
}

/// Whether the chosen operation is a query; a document that does not parse is left to the engine, which says why.
fn is_query(body: &Body) -> bool {
    let Ok(document) = async_graphql_parser::parse_query(&body.query) else { return true };
    let named = body.operation_name.as_deref().filter(|name| !name.is_empty());
    document
        .operations
        .iter()
        .filter(|(name, _)| named.is_none_or(|wanted| name.is_some_and(|name| name.as_str() == wanted)))
        .all(|(_, operation)| operation.node.ty == OperationType::Query)
}

fn plain(status: StatusCode, media: &'static str, message: &str, code: &str) -> Response<Bytes> {
    let body = serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    respond(status, media, &body)
}

fn respond(status: StatusCode, media: &'static str, body: &serde_json::Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn write(answer: Answer, media: &'static str) -> Response<Bytes> {
    let nothing_ran = answer.nothing_ran();
    let status = match answer.code() {
        Some("THROTTLED") if answer.data == Value::Null => StatusCode::TOO_MANY_REQUESTS,
        _ if nothing_ran && media == GRAPHQL_RESPONSE => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let mut body = serde_json::Map::new();
    if !nothing_ran {
        body.insert("data".to_owned(), serde_json::to_value(&answer.data).unwrap_or_default());
    }
    if !answer.errors.is_empty() {
        body.insert("errors".to_owned(), serde_json::to_value(&answer.errors).unwrap_or_default());
    }
    let mut response = respond(status, media, &serde_json::Value::Object(body));
    for (name, value) in answer.headers {
        response.headers_mut().append(name, value);
    }
    response
}
