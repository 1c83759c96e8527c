//! What the door tells of a request for a page of a municipality, so that it may be counted: facts, and no judgement.

use std::collections::BTreeMap;

use api::{PageView, Search};
use http::{HeaderMap, header};
use kernel::directory::Audience;

use crate::engine::{Engine, Target, Visit};

/// Forms of a page that people keep; the others are read by programs.
const KEPT: [&str; 4] = ["csv", "pdf", "ics", "json"];

/// What was found out while a page was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Whether somebody is signed in on this host.
    pub(crate) staff: bool,
    /// Whether the search on it found anything; none on a page without a search.
    pub(crate) found: Option<bool>,
}

impl Engine {
    /// Tells of a page, or of a form of it that is kept as a file.
    pub(crate) fn count(&self, visit: &Visit<'_>, target: Target, asked: &BTreeMap<String, String>, seen: Seen) {
        let kept = target.also.map(|also| also.ending);
        if !target.route.page.contains("/public/") || kept.is_some_and(|ending| !KEPT.contains(&ending)) {
            return;
        }
        self.tell(visit, |view| {
            view.staff = seen.staff;
            view.download = kept.is_some();
            view.search = seen.found.zip(asked.get("q")).map(|(found, words)| Search { words: words.clone(), found });
        });
    }

    /// Tells of a request that ended in an error, unless it was for the administration.
    pub(crate) fn count_error(&self, visit: &Visit<'_>, target: Option<Target>) {
        if target.is_none_or(|target| target.also.is_none() && target.route.page.contains("/public/")) {
            self.tell(visit, |view| view.error = true);
        }
    }

    /// Tells of a file that was taken.
    pub(crate) fn count_file(&self, visit: &Visit<'_>, staff: bool) {
        self.tell(visit, |view| (view.download, view.staff) = (true, staff));
    }

    fn tell(&self, visit: &Visit<'_>, more: impl FnOnce(&mut PageView)) {
        if visit.tenant.kind.audience() != Audience::Municipality {
            return;
        }
        let headers = visit.headers;
        let agent = text(headers, header::USER_AGENT.as_str()).unwrap_or_default();
        let mut view = PageView::new(visit.tenant.id, self.door.platform().clock().now(), visit.client, agent, visit.path);
        view.head = visit.head;
        view.prefetch = is_prefetch(headers);
        view.embedded = text(headers, "sec-fetch-dest").is_some_and(|what| what != "document");
        view.referrer = text(headers, header::REFERER.as_str()).filter(|from| !is_of(from, visit.host)).map(str::to_owned);
        more(&mut view);
        self.door.record_view(view);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether the browser fetches in advance what nobody asked to see yet.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .any(|name| text(headers, name).is_some_and(|why| ["prefetch", "prerender", "preview"].iter().any(|word| why.contains(word))))
}

/// Whether an address is one of this host.
fn is_of(address: &str, host: &str) -> bool {
    let of = address.split_once("://").map(|(_, rest)| rest.split(['/', '?', ':']).next().unwrap_or_default());
    of.is_some_and(|of| of.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_fetch_in_advance_says_so_in_many_ways() {
        for (name, value) in
            [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch"), ("x-purpose", "preview")]
        {
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_static(value))]);
            assert!(is_prefetch(&headers), "{name}");
        }
        assert!(!is_prefetch(&HeaderMap::new()));
    }

    #[test]
    fn a_link_on_the_site_is_no_place_of_origin() {
        assert!(is_of("http://Chipaque.localhost:8080/plan", "chipaque.localhost"));
        assert!(!is_of("http://chipaque.localhost.example.com/", "chipaque.localhost"));
        assert!(!is_of("chipaque.localhost", "chipaque.localhost"));
    }
}
