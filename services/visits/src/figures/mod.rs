//! The figures of a site for its committee: what is read, what is searched for and not found, from where and with what. They are sums by
//! day and name; nothing of a visitor is in them, and a stranger who invents names cannot make them grow.

pub(crate) mod demo;
pub(crate) mod graphql;
pub(crate) mod service;
pub(crate) mod store;
pub(crate) mod told;

use std::collections::{HashMap, HashSet};

use time::{Date, Duration};
use uuid::Uuid;

use crate::counting::batch::Told;
use crate::counting::judge::Verdict;
use told::{Kind, search_words};

/// How many names of a kind a town may have in a day; the hits of further ones stand under the empty name.
pub(crate) const NAMES: usize = 100;

/// A town's day, by kind.
type Key = (Uuid, Date, Kind);

/// What waits to be added, and which names each town has today.
#[derive(Default)]
pub(crate) struct Figures {
    known: HashMap<Key, HashSet<String>>,
    waiting: HashMap<Key, HashMap<String, i64>>,
    newest: Option<Date>,
}

/// A sum to add.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Figure {
    pub(crate) tenant: Uuid,
    pub(crate) day: Date,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) hits: i64,
}

impl Figures {
    /// Learns a name that the database has.
    pub(crate) fn know(&mut self, tenant: Uuid, day: Date, kind: Kind, name: String) {
        if !name.is_empty() {
            self.known.entry((tenant, day, kind)).or_default().insert(name);
        }
    }

    fn count(&mut self, key: Key, name: &str) {
        let known = self.known.entry(key).or_default();
        let mut name = name;
        if !known.contains(name) {
            if known.len() < NAMES {
                known.insert(name.to_owned());
            } else {
                name = "";
            }
        }
        let waiting = self.waiting.entry(key).or_default();
        match waiting.get_mut(name) {
            Some(hits) => *hits += 1,
            None => {
                waiting.insert(name.to_owned(), 1);
            }
        }
    }

    /// Adds what a judged hit tells.
    pub(crate) fn add(&mut self, tenant: Uuid, day: Date, told: &Told, verdict: Verdict) {
        let mut count = |kind: Kind, name: &str| self.count((tenant, day, kind), name);
        match verdict {
            Verdict::Rejected(_) => return,
            Verdict::Download => return count(Kind::Download, &told.path),
            Verdict::Visit => {
                count(Kind::Entry, &told.path);
                count(Kind::Referrer, told.referrer.word());
                count(Kind::Device, told.device.word());
            }
            Verdict::Second => count(Kind::Shape, "SECOND"),
            Verdict::View | Verdict::SetAside => {}
        }
        count(Kind::Page, &told.path);
        if let Some((words, found)) = &told.search
            && let Some(words) = search_words(words)
        {
            count(if *found { Kind::Search } else { Kind::Unmet }, &words);
        }
    }

    /// What is to be added, in the order of its key.
    pub(crate) fn to_add(&self) -> Vec<Figure> {
        let each = self.waiting.iter().flat_map(|((tenant, day, kind), names)| {
            names.iter().map(|(name, hits)| Figure { tenant: *tenant, day: *day, kind: *kind, name: name.clone(), hits: *hits })
        });
        let mut rows: Vec<Figure> = each.collect();
        rows.sort();
        rows
    }

    /// It was added; on a new day the names of those that are over are forgotten.
    pub(crate) fn added(&mut self) {
        let newest = self.waiting.drain().map(|((_, day, _), _)| day).max();
        if newest > self.newest {
            self.newest = newest;
            self.known.retain(|(_, day, _), _| newest.is_none_or(|newest| *day + Duration::DAY >= newest));
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::told::{Device, Referrer};
    use super::*;

    fn told(path: &str, search: Option<(&str, bool)>) -> Told {
        let search = search.map(|(words, found)| (words.to_owned(), found));
        Told { path: path.to_owned(), referrer: Referrer::Search, device: Device::Phone, search }
    }

    fn shown(figures: &Figures) -> Vec<(Kind, String, i64)> {
        figures.to_add().into_iter().map(|row| (row.kind, row.name, row.hits)).collect()
    }

    #[test]
    fn a_visit_tells_where_it_came_from_and_its_pages_only_themselves() {
        let (town, day, mut figures) = (Uuid::from_u128(1), date!(2026 - 10 - 5), Figures::default());
        figures.add(town, day, &told("/", None), Verdict::Visit);
        figures.add(town, day, &told("/buscar", Some(("Predial", true))), Verdict::Second);
        figures.add(town, day, &told("/buscar", Some(("ovnis", false))), Verdict::View);
        figures.add(town, day, &told("/archivos/acta.pdf", None), Verdict::Download);
        figures.add(town, day, &told("/tramites", None), Verdict::Rejected(crate::counting::judge::Reason::Robot));
        let row = |kind, name: &str, hits| (kind, name.to_owned(), hits);
        let rows = [
            row(Kind::Page, "/", 1),
            row(Kind::Page, "/buscar", 2),
            row(Kind::Entry, "/", 1),
            row(Kind::Search, "predial", 1),
            row(Kind::Unmet, "ovnis", 1),
            row(Kind::Referrer, "SEARCH", 1),
            row(Kind::Device, "PHONE", 1),
            row(Kind::Download, "/archivos/acta.pdf", 1),
            row(Kind::Shape, "SECOND", 1),
        ];
        assert_eq!(shown(&figures), rows);
        figures.added();
        assert!(shown(&figures).is_empty());
    }

    #[test]
    fn a_million_names_take_the_room_of_a_hundred() {
        let (town, day, mut figures) = (Uuid::from_u128(1), date!(2026 - 10 - 5), Figures::default());
        figures.know(town, day, Kind::Page, "/noticias".to_owned());
        for number in 0..1_000_000 {
            figures.add(town, day, &told(&format!("/inventada/{number}"), None), Verdict::View);
        }
        figures.add(town, day, &told("/noticias", None), Verdict::View);
        let rows = shown(&figures);
        assert_eq!(rows.len(), NAMES + 1);
        assert_eq!(rows[0], (Kind::Page, String::new(), 1_000_000 - NAMES as i64 + 1));
        assert_eq!(rows.iter().map(|row| row.2).sum::<i64>(), 1_000_001);
        figures.added();
        figures.add(town, day + Duration::days(2), &told("/", None), Verdict::View);
        figures.added();
        assert_eq!(figures.known.len(), 1, "the names of days that are over are forgotten");
    }
}
