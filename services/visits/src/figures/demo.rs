//! Figures of the demonstration: what a town's visits would have told, the same every time.

use std::collections::BTreeMap;

use kernel::clock::local;
use time::Date;
use uuid::Uuid;

use super::Figure;
use super::told::Kind;
use crate::model::HourRow;

/// Of a hundred visits, how many each name has.
const OF_A_HUNDRED: [(Kind, &str, i64); 27] = [
    (Kind::Page, "/", 82),
    (Kind::Page, "/tramites", 61),
    (Kind::Page, "/noticias", 44),
    (Kind::Page, "/plan", 27),
    (Kind::Page, "/atencion", 25),
    (Kind::Page, "/buscar", 21),
    (Kind::Page, "/directorio", 18),
    (Kind::Page, "/pqrsd", 12),
    (Kind::Page, "/transparencia", 10),
    (Kind::Entry, "/", 58),
    (Kind::Entry, "/tramites", 27),
    (Kind::Entry, "/noticias", 15),
    (Kind::Search, "impuesto predial", 9),
    (Kind::Search, "certificado de residencia", 6),
    (Kind::Search, "sisben", 4),
    (Kind::Unmet, "licencia de conduccion", 2),
    (Kind::Unmet, "subsidio de vivienda", 1),
    (Kind::Referrer, "DIRECT", 38),
    (Kind::Referrer, "SEARCH", 41),
    (Kind::Referrer, "SOCIAL", 14),
    (Kind::Referrer, "GOVERNMENT", 5),
    (Kind::Referrer, "OTHER", 2),
    (Kind::Device, "PHONE", 71),
    (Kind::Device, "COMPUTER", 26),
    (Kind::Device, "TABLET", 3),
    (Kind::Download, "/tramites.csv", 3),
    (Kind::Shape, "SECOND", 54),
];

/// The figures of a town's hours.
pub(crate) fn of(tenant: Uuid, hours: &[HourRow]) -> Vec<Figure> {
    let mut days = BTreeMap::<Date, i64>::new();
    for row in hours {
        *days.entry(local(row.hour).date()).or_default() += row.tally.visits;
    }
    let each = days.into_iter().flat_map(|(day, visits)| {
        let named = OF_A_HUNDRED.iter().map(move |(kind, name, share)| (*kind, (*name).to_owned(), visits * share / 100));
        named.map(move |(kind, name, hits)| Figure { tenant, day, kind, name, hits })
    });
    let mut rows: Vec<Figure> = each.filter(|row| row.hits > 0).collect();
    rows.sort();
    rows
}
