//! The further forms of a page: csv, atom, xml, ics and svg are templates of their ending, pdf is a template set by the renderer,
//! json is the document's own data; an address that is a file has a template whatever its ending.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use kernel::Cx;

use crate::cache::Finished;
use crate::engine::{Engine, Target, Trouble, Visit, blank_form};
use crate::pages::Page;
use crate::pdf::NoPdf;
use crate::respond::{HTML, Headers};
use crate::views::Seen;

/// The media type of a PDF.
pub(crate) const PDF: &str = "application/pdf";

/// The media type of an ending.
fn media(ending: &str) -> &'static str {
    match ending {
        "csv" => "text/csv; charset=utf-8",
        "atom" => "application/atom+xml; charset=utf-8",
        "xml" => "application/xml; charset=utf-8",
        "ics" => "text/calendar; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml; charset=utf-8",
        "pdf" => PDF,
        _ => "text/plain; charset=utf-8",
    }
}

impl Engine {
    /// Makes the page, or the further form of it that the address names.
    pub(crate) async fn make(
        &self,
        visit: &Visit<'_>,
        (target, page): (Target, &Page),
        given: &HashMap<String, String>,
        asked: &BTreeMap<String, String>,
        key: Option<&str>,
        pack: bool,
    ) -> Result<(Finished, Headers), Trouble> {
        let Some(also) = target.also else {
            let cx = self.context(visit).await?;
            let (data, headers) = self.query(&cx, target, page, given).await?;
            let html = self.render(visit, &cx, target, &data, &blank_form(), None, asked)?;
            let found = data.pointer("/search/totalCount").and_then(serde_json::Value::as_i64).map(|found| found > 0);
            let seen = Seen { staff: cx.viewer.account.is_some(), found };
            return Ok((Finished::new(HTML, html, pack).telling(seen), headers));
        };
        let turn = if also.ending == "pdf" { Some(self.pdf.turn().await?) } else { None };
        // Whoever was before us in line may have asked for the same.
        if let Some(finished) = key.filter(|_| turn.is_some()).and_then(|key| self.cached(key)) {
            return Ok((finished, Vec::new()));
        }
        let cx = self.context(visit).await?;
        let mut given = given.clone();
        if also.walk.is_some() {
            given.insert("first".to_owned(), "100".to_owned());
            given.remove("after");
        }
        let (mut data, headers) = self.query(&cx, target, page, &given).await?;
        if let Some(walk) = also.walk {
            self.walk(&cx, target, page, &mut given, walk, &mut data).await?;
        }
        let text = || self.render(visit, &cx, target, &data, &blank_form(), None, asked);
        let body = match (also.ending, turn) {
            ("json", _) if target.route.only.is_none() => Bytes::from(own(&page.query.roots, &data)),
            ("ics", _) => Bytes::from(folded(&text()?)),
            (_, Some(turn)) => turn.print(text()?).await?,
            _ => Bytes::from(text()?),
        };
        let seen = Seen { staff: cx.viewer.account.is_some(), found: None };
        let finished = Finished::new(media(also.ending), body, pack).telling(seen);
        Ok((if also.path.is_none() { finished.named(file_name(visit.path, &visit.tenant.slug)) } else { finished }, headers))
    }

    /// Follows a connection to its end, so that a file holds every row and not one page.
    async fn walk(
        &self,
        cx: &Arc<Cx>,
        target: Target,
        page: &Page,
        given: &mut HashMap<String, String>,
        walk: &str,
        data: &mut serde_json::Value,
    ) -> Result<(), Trouble> {
        for _ in 0..200 {
            let info = &data[walk]["pageInfo"];
            let Some(cursor) = info["endCursor"].as_str().filter(|_| info["hasNextPage"] == true).map(str::to_owned) else { return Ok(()) };
            given.insert("after".to_owned(), cursor);
            let (mut next, _) = self.query(cx, target, page, given).await?;
            data[walk]["pageInfo"] = next[walk]["pageInfo"].take();
            if let (Some(all), Some(more)) = (data[walk]["nodes"].as_array_mut(), next[walk]["nodes"].as_array_mut()) {
                all.append(more);
            }
        }
        Ok(())
    }
}

impl From<NoPdf> for Trouble {
    fn from(why: NoPdf) -> Self {
        let word = match &why {
            NoPdf::Missing(_) => "pdf-missing",
            NoPdf::Busy => "pdf-busy",
            NoPdf::Broken(_) => "pdf-broken",
        };
        tracing::warn!(%why, "a page did not come as PDF");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, request_id: String::new(), why: word }
    }
}

/// What the document itself asks for, without what its layout adds.
fn own(roots: &[String], data: &serde_json::Value) -> String {
    let own: BTreeMap<_, _> = roots.iter().map(|root| (root, &data[root.as_str()])).collect();
    let mut text = serde_json::to_string_pretty(&own).unwrap_or_default();
    text.push('\n');
    text
}

/// `/plan/acciones/2.pdf` of a tenant as `plan-acciones-2-chipaque-cundinamarca.pdf`.
fn file_name(path: &str, tenant: &str) -> String {
    let (path, ending) = path.rsplit_once('.').unwrap_or((path, ""));
    let words = kernel::text::percent_decode(path);
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.chain([tenant]).collect::<Vec<_>>().join("-") + "." + ending
}

/// Lines of a calendar as RFC 5545 has them: ended by CR LF, at most 75 octets, continued by a space; empty ones are dropped.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let mut width = 0;
        for c in line.chars() {
            if width + c.len_utf8() > 75 {
                out.push_str("\r\n ");
                width = 1;
            }
            out.push(c);
            width += c.len_utf8();
        }
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{file_name, folded, own};

    #[test]
    fn a_calendar_is_folded_between_letters() {
        let long = format!("SUMMARY:{}", "ñ".repeat(80));
        let text = folded(&format!("BEGIN:VCALENDAR\n\n{long}\r\nEND:VCALENDAR\n"));
        assert!(text.split("\r\n").all(|line| line.len() <= 75) && text.ends_with("END:VCALENDAR\r\n"));
        assert_eq!(text.replace("\r\n ", ""), format!("BEGIN:VCALENDAR\r\n{long}\r\nEND:VCALENDAR\r\n"));
    }

    #[test]
    fn a_file_is_named_after_page_and_place() {
        assert_eq!(file_name("/plan.pdf", "chipaque-cundinamarca"), "plan-chipaque-cundinamarca.pdf");
        assert_eq!(file_name("/a/%22b%0d.c.csv", "x"), "a-b-c-x.csv");
    }

    #[test]
    fn data_are_the_documents_own() {
        let data = json!({ "viewer": null, "plan": { "title": "P" } });
        assert_eq!(own(&["plan".to_owned()], &data), "{\n  \"plan\": {\n    \"title\": \"P\"\n  }\n}\n");
    }
}
