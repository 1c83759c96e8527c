//! The template engine: every template loaded at start, strict about what is undefined, with the filters of Colombian Spanish.

use std::collections::BTreeMap;

use http::HeaderMap;
use kernel::clock::local;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::engine::cookie;
use crate::{assets, pages};

/// The reader's display preference, from a cookie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Prefs {
    pub(crate) contrast: &'static str,
    pub(crate) text: &'static str,
}

impl Prefs {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let word = cookie(headers, "cabildo_prefs").unwrap_or_default();
        Self { contrast: if word.contains("alto") { "high" } else { "" }, text: if word.contains("mayor") { "large" } else { "" } }
    }
}

/// Loads every template; an error names the file and the place.
pub(crate) fn environment() -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|name: &str| {
        if [".csv", ".ics", ".json", ".txt"].iter().any(|ending| name.ends_with(ending)) { AutoEscape::None } else { AutoEscape::Html }
    });
    env.set_formatter(format);
    env.add_function("asset", |name: &str| assets::path(name));
    env.add_filter("date", |value: Value| day(&value).map(calendar::spanish::long_date));
    env.add_filter("date_short", |value: Value| day(&value).map(calendar::spanish::day_and_month));
    env.add_filter("weekday_date", |value: Value| day(&value).map(calendar::spanish::weekday_long_date));
    env.add_filter("datetime", |value: Value| {
        let at = instant(&value)?;
        Ok::<_, Error>(format!("{}, {}", calendar::spanish::long_date(at.date()), calendar::spanish::clock_time(at.time())))
    });
    env.add_filter("clock", |value: Value| instant(&value).map(|at| calendar::spanish::clock_time(at.time())));
    env.add_filter("iso", |value: Value| value.to_string());
    env.add_filter("number", |value: Value| float(&value).map(|number| grouped(number, 2)));
    env.add_filter("money", |value: Value| float(&value).map(|number| format!("$\u{a0}{}", grouped(number.round(), 0))));
    env.add_filter("percent", |value: Value| float(&value).map(|number| format!("{}\u{a0}%", grouped(number.round(), 0))));
    env.add_filter("csv", |value: Value| csv_cell(&value));
    env.add_filter("ics", |text: String| ics_text(&text));
    env.add_filter("ics_time", |value: Value| ics_time(&value));
    env.add_filter("paragraphs", |text: String| Value::from_safe_string(paragraphs(&text)));
    env.add_filter("urlize_lines", |text: String| Value::from_safe_string(linked(&paragraphs(&text))));
    for (path, text) in pages::files() {
        let known = [".html", ".csv", ".atom", ".xml", ".ics", ".pdf", ".json", ".txt", ".svg"].iter().any(|ending| path.ends_with(ending));
        if known {
            env.add_template_owned(name_of(&path), text)?;
        }
    }
    Ok(env)
}

/// Templates of web itself are named without their crate: layouts and macros are everybody's.
pub(crate) fn name_of(path: &str) -> String {
    path.strip_prefix("web/").unwrap_or(path).to_owned()
}

/// HTML escape that leaves `/` alone: it is harmless, and addresses stay readable.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "a value that is not there was printed"));
    }
    if value.is_none()
        || value.is_safe()
        || *state.auto_escape() == AutoEscape::None
        || matches!(value.kind(), ValueKind::Number | ValueKind::Bool)
    {
        return if value.is_none() { Ok(()) } else { write!(out, "{value}").map_err(Error::from) };
    }
    let text = value.to_string();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, special) = rest.split_at(at);
        let escaped = match special.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        };
        write!(out, "{plain}{escaped}").map_err(Error::from)?;
        rest = &special[1..];
    }
    write!(out, "{rest}").map_err(Error::from)
}

/// An instant as the API tells it.
pub(crate) fn iso(at: time::OffsetDateTime) -> String {
    use async_graphql::ScalarType;
    match kernel::graphql::DateTime(at).to_value() {
        async_graphql::Value::String(text) => text,
        _ => String::new(),
    }
}

fn invalid(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.into())
}

fn instant(value: &Value) -> Result<OffsetDateTime, Error> {
    let text = value.to_string();
    OffsetDateTime::parse(&text, &Rfc3339).map(local).map_err(|_| invalid(format!("«{text}» is not an instant")))
}

fn day(value: &Value) -> Result<Date, Error> {
    let text = value.to_string();
    if text.len() > 10 {
        return instant(value).map(OffsetDateTime::date);
    }
    Date::parse(&text, format_description!("[year]-[month]-[day]")).map_err(|_| invalid(format!("«{text}» is not a day")))
}

fn float(value: &Value) -> Result<f64, Error> {
    f64::try_from(value.clone()).map_err(|_| invalid(format!("«{value}» is not a number")))
}

/// `12345.5` as `12.345,5`: a point for thousands, a comma for decimals, no empty decimals.
fn grouped(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    let part = part.trim_end_matches('0');
    let sign = if number < 0.0 { "−" } else { "" };
    if part.is_empty() { format!("{sign}{out}") } else { format!("{sign}{out},{part}") }
}

/// A cell of a CSV: quoted, and never the beginning of a formula.
fn csv_cell(value: &Value) -> String {
    let text = if value.is_none() { String::new() } else { value.to_string() };
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && value.as_str().is_some() { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Text of a calendar: what parts its lines and values is escaped (RFC 5545, section 3.3.11).
fn ics_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A day as `20261123`, an instant as `20261123T154200Z`.
fn ics_time(value: &Value) -> Result<String, Error> {
    let text = value.to_string();
    let shown = if text.len() > 10 {
        let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| invalid(format!("«{text}» is not an instant")))?;
        at.to_offset(time::UtcOffset::UTC).format(format_description!("[year][month][day]T[hour][minute][second]Z"))
    } else {
        day(value)?.format(format_description!("[year][month][day]"))
    };
    shown.map_err(|error| invalid(error.to_string()))
}

fn paragraphs(text: &str) -> String {
    let mut out = String::new();
    for part in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
        let escaped = part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        out.extend(["<p>", &escaped.replace('\n', "<br>"), "</p>"]);
    }
    out
}

/// Addresses in escaped text as links.
fn linked(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find("http://").or_else(|| rest.find("https://")) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(from.len());
        let (url, after) = from.split_at(end);
        out.push_str(before);
        out.extend(["<a href=\"", url, "\">", url, "</a>"]);
        rest = after;
    }
    out + rest
}

/// `url_with(name=value)`: the page's address with a query parameter changed, or dropped when the value is none.
pub(crate) fn url_with(path: String, query: BTreeMap<String, String>) -> Value {
    Value::from_function(move |changes: Kwargs| -> Result<String, Error> {
        let mut query = query.clone();
        for name in changes.args() {
            let value: Value = changes.get(name)?;
            if value.is_none() {
                query.remove(name);
            } else {
                query.insert(name.to_owned(), value.to_string());
            }
        }
        changes.assert_all_used()?;
        let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(&query).finish();
        Ok(if pairs.is_empty() { path.clone() } else { format!("{path}?{pairs}") })
    })
}

/// `csv_url()`: the page's own rows as a file, with its filters and without its paging.
pub(crate) fn csv_url(path: &str, query: &BTreeMap<String, String>) -> Value {
    let filters = query.iter().filter(|(name, _)| !["first", "after"].contains(&name.as_str()));
    let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
    let url = if pairs.is_empty() { format!("{path}.csv") } else { format!("{path}.csv?{pairs}") };
    Value::from_function(move || url.clone())
}

#[cfg(test)]
mod tests {
    use minijinja::context;
    use minijinja::value::Value;

    use super::{csv_cell, environment, grouped, ics_text, ics_time};

    #[test]
    fn numbers_read_as_in_colombia() {
        assert_eq!(grouped(12500.0, 2), "12.500");
        assert_eq!(grouped(1_234_567.5, 2), "1.234.567,5");
        assert_eq!(grouped(-3.0, 0), "−3");
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(csv_cell(&Value::from("=1+1")), "\"'=1+1\"");
        assert_eq!(csv_cell(&Value::from(-4)), "\"-4\"");
    }

    #[test]
    fn a_calendar_has_its_own_letters() {
        assert_eq!(ics_text("a;b, c\\d\r\ne\u{7}"), "a\\;b\\, c\\\\d\\ne");
        assert_eq!(ics_time(&Value::from("2026-11-23")).expect("a day"), "20261123");
        assert_eq!(ics_time(&Value::from("2026-11-23T10:42:00.000-05:00")).expect("an instant"), "20261123T154200Z");
        assert!(ics_time(&Value::from("mañana")).is_err());
    }

    #[test]
    fn every_template_parses_and_escapes() {
        let env = environment().expect("every template parses");
        let shown = env.render_str("{{ text }}", context! { text => "a/b" }).expect("renders");
        assert_eq!(shown, "a/b");
    }
}
