//! The door's end: what a request tells of itself, and why some of them are left out whatever they read.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::networks::Networks;
use kernel::{Error, Result};
use regex::bytes::{Regex, RegexBuilder};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::judge::Reason;

/// A page or a file that was asked for. Nothing of it is stored as it is.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what a request tells, fact by fact")]
pub struct PageView {
    /// Whose page.
    pub tenant: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// Where the request comes from, as far as proxies may be trusted.
    pub client: IpAddr,
    /// What the browser says that it is.
    pub user_agent: String,
    /// The path of the page.
    pub path: String,
    /// Whether it is a file to keep and not a page.
    pub download: bool,
    /// Whether the answer was an error.
    pub error: bool,
    /// Whether somebody is signed in on this host.
    pub staff: bool,
    /// Whether only the head was asked for, as programs do that watch whether a site answers.
    pub head: bool,
    /// Whether the browser fetched it in advance, before anybody asked to see it.
    pub prefetch: bool,
    /// Whether it was asked for as a part of another page: a frame, a picture, a script's request.
    pub embedded: bool,
    /// The page that led here, as the browser tells it.
    pub referrer: Option<String>,
    /// What was searched for on this page.
    pub search: Option<Search>,
}

/// A search on a site.
#[derive(Debug, Clone)]
pub struct Search {
    /// The words as typed.
    pub words: String,
    /// Whether anything was found.
    pub found: bool,
}

impl PageView {
    /// A page that somebody read.
    pub fn new(tenant: Uuid, at: OffsetDateTime, client: IpAddr, user_agent: &str, path: &str) -> Self {
        Self {
            tenant,
            at,
            client,
            user_agent: user_agent.to_owned(),
            path: path.to_owned(),
            download: false,
            error: false,
            staff: false,
            head: false,
            prefetch: false,
            embedded: false,
            referrer: None,
            search: None,
        }
    }
}

/// Programs that say what they are.
pub struct Robots(Regex);

impl Robots {
    /// Takes the patterns of the list of crawlers (`dist/robots.json`). They become one expression: as a set they take two seconds to
    /// build instead of ten milliseconds, and which of them it was does not matter.
    pub fn new(patterns: Vec<String>) -> Result<Self> {
        let any: Vec<String> = patterns.into_iter().map(|pattern| format!("(?:{pattern})")).collect();
        // Without patterns nothing matches: an empty expression would match everything.
        let any = if any.is_empty() { r"[^\x00-\xff]".to_owned() } else { any.join("|") };
        let built = RegexBuilder::new(&any).case_insensitive(true).unicode(false).size_limit(64 << 20).build();
        built.map(Self).map_err(Error::broken)
    }

    /// Whether this is a robot; whoever does not say what it is counts as one.
    pub fn knows(&self, user_agent: &str) -> bool {
        user_agent.trim().is_empty() || self.0.is_match(user_agent.as_bytes())
    }
}

/// Programs that watch whether a site answers, by a word of their name in lower case.
const MONITORS: [&str; 14] = [
    "uptimerobot",
    "pingdom",
    "statuscake",
    "site24x7",
    "check_http",
    "kube-probe",
    "zabbix",
    "nagios",
    "blackbox",
    "uptime-kuma",
    "hetrixtools",
    "betteruptime",
    "newrelicpinger",
    "datadogsynthetics",
];

/// Whether this is a program that watches whether a site answers.
pub(super) fn is_monitor(user_agent: &str) -> bool {
    let name = user_agent.to_ascii_lowercase();
    MONITORS.iter().any(|monitor| name.contains(monitor))
}

/// Who is left out whatever they read.
pub struct LeftOut {
    /// Programs that say what they are.
    pub robots: Robots,
    /// Networks where machines live and no people.
    pub data_centres: Networks,
    /// Networks of those who run the platform: the agency.
    pub own: Networks,
}

impl From<Robots> for LeftOut {
    fn from(robots: Robots) -> Self {
        Self { robots, data_centres: Networks::default(), own: Networks::default() }
    }
}

/// What a name of a browser tells, looked up once for each name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) monitor: bool,
    pub(super) robot: bool,
}

impl LeftOut {
    /// What the name of a browser tells.
    pub(super) fn named(&self, user_agent: &str) -> Named {
        Named { monitor: is_monitor(user_agent), robot: self.robots.knows(user_agent) }
    }

    /// Why a view is left out before anything is known of its visitor. The first reason that holds is the one that is told.
    pub(super) fn why(&self, view: &PageView, named: Named) -> Option<Reason> {
        let reasons = [
            (view.staff || self.own.contains(view.client), Reason::Staff),
            (view.error, Reason::Error),
            (view.prefetch, Reason::Prefetch),
            (view.embedded, Reason::Embedded),
            (view.head || named.monitor, Reason::Monitor),
            (named.robot, Reason::Robot),
            (!self.data_centres.is_empty() && self.data_centres.contains(view.client), Reason::DataCentre),
        ];
        reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
    }
}

/// Takes page views and never waits.
#[derive(Debug, Clone)]
pub struct Recorder {
    views: Option<mpsc::Sender<PageView>>,
    dropped: Arc<AtomicU64>,
}

impl Recorder {
    pub(super) fn new(views: mpsc::Sender<PageView>) -> Self {
        Self { views: Some(views), dropped: Arc::default() }
    }

    /// One that takes nothing, for a platform that does not count.
    pub fn off() -> Self {
        Self { views: None, dropped: Arc::default() }
    }

    /// How many were dropped; whoever counts declares them.
    pub(super) fn dropped(&self) -> Arc<AtomicU64> {
        self.dropped.clone()
    }

    /// Hands over a page view; one too many is dropped, and counted as dropped.
    pub fn record(&self, view: PageView) {
        if self.views.as_ref().is_some_and(|views| views.try_send(view).is_err()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("cabildo_views_dropped_total").increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";

    fn left_out() -> LeftOut {
        let robots = Robots::new(vec!["Googlebot\\/".to_owned(), "[wW]get".to_owned(), "^curl".to_owned()]).expect("are patterns");
        let networks = |text| Networks::parse(text).expect("are networks");
        LeftOut { robots, data_centres: networks("198.51.100.0/24"), own: networks("192.0.2.0/28") }
    }

    fn why(user_agent: &str, change: fn(&mut PageView)) -> Option<Reason> {
        let client = "190.0.2.7".parse().expect("is an address");
        let mut view = PageView::new(Uuid::from_u128(7), datetime!(2026-10-05 13:00 UTC), client, user_agent, "/tramites");
        change(&mut view);
        let lists = left_out();
        lists.why(&view, lists.named(user_agent))
    }

    #[test]
    fn each_reason_leaves_out_what_it_names() {
        assert_eq!(why(FIREFOX, |_| {}), None);
        for robot in ["", " ", "Mozilla/5.0 (compatible; Googlebot/2.1)", "GOOGLEBOT/2.1", "Wget/1.21", "curl/8.5.0"] {
            assert_eq!(why(robot, |_| {}), Some(Reason::Robot), "{robot}");
        }
        assert_eq!(why("Mozilla/5.0+(compatible; UptimeRobot/2.0)", |_| {}), Some(Reason::Monitor));
        assert_eq!(why(FIREFOX, |view| view.head = true), Some(Reason::Monitor));
        assert_eq!(why(FIREFOX, |view| view.prefetch = true), Some(Reason::Prefetch));
        assert_eq!(why(FIREFOX, |view| view.embedded = true), Some(Reason::Embedded));
        assert_eq!(why(FIREFOX, |view| view.error = true), Some(Reason::Error));
        assert_eq!(why(FIREFOX, |view| view.staff = true), Some(Reason::Staff));
        assert_eq!(why(FIREFOX, |view| view.client = "198.51.100.77".parse().expect("is one")), Some(Reason::DataCentre));
        assert_eq!(why(FIREFOX, |view| view.client = "192.0.2.3".parse().expect("is one")), Some(Reason::Staff));
        assert_eq!(why("curl/8.5.0", |view| (view.staff, view.error) = (true, true)), Some(Reason::Staff), "the first that holds");
    }

    #[test]
    fn without_patterns_nobody_is_a_robot_who_says_a_name() {
        assert!(!Robots::new(Vec::new()).expect("is empty").knows("curl/8.5.0"));
        assert!(Robots::new(vec!["(".to_owned()]).is_err());
    }
}
