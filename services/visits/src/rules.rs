//! What counts as a visit, how a month is ordered and told, and the figures on which both rest.
//! The public reads them at `/metodologia`, and a test holds that page to them.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use kernel::search::plain;
use kernel::{Error, Result};
use time::OffsetDateTime;

use crate::model::{Month, RankingOrder, Score, Standing};

/// A visitor who comes back within this time goes on with the same visit.
pub(crate) const VISIT_GAP: Duration = Duration::from_mins(30);
/// A client that reads more pages a minute is a robot, whatever it says that it is.
pub(crate) const VIEWS_PER_MINUTE: u32 = 60;
/// So many visits a day count for a town from one network, and one more for each thousand inhabitants; the rest are set aside.
const NETWORK_VISITS: u32 = 12;
/// Days after the end of a month within which the agency closes it.
pub(crate) const DAYS_TO_CLOSE: i64 = 3;

/// What is not read as a page of the public site: the administration and the doors to it.
const NOT_PUBLIC: [&str; 7] = ["/admin", "/mesa", "/entrar", "/salir", "/restablecer", "/correo", "/graphql"];

/// Whether the address is a page for people: not the administration, not a file, not a feed.
pub(crate) fn is_page(path: &str) -> bool {
    let private = NOT_PUBLIC.iter().any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    !private && !path.rsplit('/').next().unwrap_or(path).contains('.')
}

/// How many visits a day one network may bring to a town.
pub(crate) fn network_limit(population: Option<i32>) -> u32 {
    NETWORK_VISITS + u32::try_from(population.unwrap_or(0) / 1000).unwrap_or(0)
}

/// The address by which visitors are told apart: whole, or its first 64 bits in version 6, where a household has that many.
pub(crate) fn household(client: IpAddr) -> IpAddr {
    masked(client, 32, 64)
}

/// The network to which an address belongs: its first 24 bits, or 48 in version 6.
pub(crate) fn network(client: IpAddr) -> IpAddr {
    masked(client, 24, 48)
}

fn masked(client: IpAddr, bits_v4: u32, bits_v6: u32) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - bits_v4))).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - bits_v6))).into(),
    }
}

/// The month of `YYYY-MM` that may be closed now.
pub(crate) fn finished(month: &str, now: OffsetDateTime) -> Result<Month> {
    let month = Month::parse(month.trim()).ok_or_else(|| Error::field("month", "FORM", "Escriba el mes como año y mes: 2026-10"))?;
    if now < month.ends() {
        let why = format!("El mes de {} no ha terminado. Se puede cerrar desde el primer día del mes siguiente.", month.text());
        return Err(Error::field("month", "UNFINISHED", why));
    }
    Ok(month)
}

/// Visits for each thousand inhabitants; nothing where nobody knows how many they are.
pub(crate) fn per_thousand(visits: i64, population: Option<i32>) -> Option<f64> {
    population.filter(|people| *people > 0).map(|people| (visits * 1000) as f64 / f64::from(people))
}

/// The place of each: the greatest is first, equals share a place and leave the next ones empty (1, 2, 2, 4), nothing comes last.
fn places(keys: &[Option<f64>]) -> Vec<i32> {
    let mut sorted = keys.to_vec();
    sorted.sort_by(|a, b| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    let ahead = |key: &Option<f64>| sorted.partition_point(|other| other > key);
    keys.iter().map(|key| i32::try_from(ahead(key)).unwrap_or(i32::MAX - 1) + 1).collect()
}

/// The towns in their places, beside the places that they had `before`; by improvement the places are those by visits, and the
/// greatest climb stands first. Who shares a place stands by name.
pub(crate) fn standings(scores: Vec<Score>, before: &[Score], by: RankingOrder) -> Vec<Standing> {
    let key = |score: &Score| if by == RankingOrder::PerThousand { score.per_thousand } else { Some(score.visits as f64) };
    let keys = |scores: &[Score]| scores.iter().map(key).collect::<Vec<_>>();
    let earlier: std::collections::HashMap<_, _> = before.iter().map(|score| score.tenant).zip(places(&keys(before))).collect();
    let now = places(&keys(&scores));
    let rows: Vec<Standing> = scores
        .into_iter()
        .zip(now)
        .map(|(score, position)| Standing { previous: earlier.get(&score.tenant).copied(), position, score })
        .collect();
    let order = match by {
        RankingOrder::Improved => places(&rows.iter().map(|row| row.change().map(f64::from)).collect::<Vec<_>>()),
        RankingOrder::Visits | RankingOrder::PerThousand => rows.iter().map(|row| row.position).collect(),
    };
    let mut ordered: Vec<_> = order.into_iter().zip(rows).collect();
    ordered.sort_by_cached_key(|(place, row)| (*place, plain(&row.score.name), row.score.code.clone()));
    ordered.into_iter().map(|(_, row)| row).collect()
}

/// A department as the sum of its towns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DepartmentSum {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) towns: i32,
    pub(crate) visits: i64,
    pub(crate) per_thousand: Option<f64>,
    /// The fifth of the departments in which it falls, 5 the most visited; 0 without visits.
    pub(crate) level: i32,
}

/// The departments by visits for each thousand inhabitants, the most first.
pub(crate) fn departments(scores: &[Score]) -> Vec<DepartmentSum> {
    let mut sums = std::collections::BTreeMap::<&str, (&str, i32, i64, i32)>::new();
    for score in scores {
        let (_, towns, visits, people) = sums.entry(&score.department.code).or_insert((&score.department.name, 0, 0, 0));
        *towns += 1;
        *visits += score.visits;
        *people += score.population.unwrap_or(0);
    }
    let mut rows: Vec<DepartmentSum> = sums
        .into_iter()
        .map(|(code, (name, towns, visits, people))| DepartmentSum {
            code: code.to_owned(),
            name: name.to_owned(),
            towns,
            visits,
            per_thousand: per_thousand(visits, Some(people)),
            level: 0,
        })
        .collect();
    let visited = rows.iter().fold(0, |visited, row| visited + i32::from(row.visits > 0));
    let keys: Vec<_> = rows.iter().map(|row| row.per_thousand).collect();
    for (row, place) in rows.iter_mut().zip(places(&keys)).filter(|(row, _)| row.visits > 0) {
        row.level = 5 - (place - 1).min(visited - 1) * 5 / visited;
    }
    rows.sort_by_cached_key(|row| (-row.level, plain(&row.name)));
    rows
}

/// The news of a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) slug: String,
    pub(crate) title: String,
    /// Markdown.
    pub(crate) body: String,
}

/// What the agency's portal tells of a closed month; `rows` are the standings by visits.
pub(crate) fn news(month: Month, previous: Option<Month>, rows: &[Standing]) -> News {
    let visited: Vec<&Standing> = rows.iter().filter(|row| row.score.visits > 0).collect();
    let first: Vec<&str> = visited.iter().filter(|row| row.position == 1).map(|row| row.score.name.as_str()).collect();
    let title = match first.as_slice() {
        [_] => format!("{} tuvo el sitio más visitado de {}", place(visited[0]), month.text()),
        [others @ .., last] if (1..3).contains(&others.len()) => {
            format!("{} y {last} comparten el primer lugar de {}", others.join(", "), month.text())
        }
        _ => format!("Se cerró el conteo de visitas de {}", month.text()),
    };
    let mut body = format!("Así quedaron los sitios más visitados de {}.\n", month.text());
    if visited.is_empty() {
        body = format!("En {} no se contaron visitas.\n", month.text());
    } else {
        body += "\n| Puesto | Municipio | Visitas | Por mil habitantes |\n|---|---|---:|---:|\n";
    }
    for row in visited.iter().take(10) {
        let each = row.score.per_thousand.map_or_else(|| "Sin dato".to_owned(), |each| grouped(each.round() as i64));
        let _ = writeln!(body, "| {} | {} | {} | {each} |", row.position, place(row), grouped(row.score.visits));
    }
    let climbed = visited.iter().filter_map(|row| row.change().filter(|change| *change > 0).map(|change| (change, *row)));
    if let (Some(previous), Some((change, row))) = (previous, climbed.max_by_key(|(change, row)| (*change, -row.position))) {
        let places = if change == 1 { "un puesto".to_owned() } else { format!("{change} puestos") };
        let _ = writeln!(body, "\n{} fue el que más subió frente a {}: ganó {places}.", place(row), previous.text());
    }
    let _ = write!(
        body,
        "\nLas cuentas están cerradas y firmadas: ya no cambian. Vea el [ranking completo](/ranking/{month}) y [cómo se cuenta](/metodologia)."
    );
    News { slug: format!("ranking-{month}"), title, body }
}

fn place(row: &Standing) -> String {
    format!("{} ({})", row.score.name, row.score.department.name)
}

/// `12500` as `12.500`.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use kernel::graphql::Department;
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    fn score(number: u128, visits: i64, population: Option<i32>) -> Score {
        Score {
            tenant: Uuid::from_u128(number),
            code: format!("{number:05}"),
            name: format!("Municipio {number}"),
            department: Department { code: format!("{:02}", number % 3), name: format!("Departamento {}", number % 3) },
            population,
            visits,
            per_thousand: per_thousand(visits, population),
        }
    }

    fn scores(visits: &[i64]) -> Vec<Score> {
        visits.iter().zip(1..).map(|(visits, number)| score(number, *visits, Some(10_000))).collect()
    }

    fn positions(rows: &[Standing]) -> Vec<i32> {
        rows.iter().map(|row| row.position).collect()
    }

    #[test]
    fn equals_share_a_place_and_the_next_is_left_empty() {
        assert_eq!(positions(&standings(scores(&[5, 9, 5, 1]), &[], RankingOrder::Visits)), [1, 2, 2, 4]);
    }

    #[test]
    fn who_shares_a_place_stands_by_name_without_regard_to_accents() {
        let mut rows = scores(&[7, 7]);
        "Útica".clone_into(&mut rows[0].name);
        "Ubaté".clone_into(&mut rows[1].name);
        assert_eq!(standings(rows, &[], RankingOrder::Visits)[0].score.name, "Ubaté");
    }

    #[test]
    fn a_town_of_unknown_population_comes_last_by_thousand() {
        let rows = standings(vec![score(1, 900, None), score(2, 1, Some(5))], &[], RankingOrder::PerThousand);
        assert_eq!((rows[0].score.per_thousand, rows[1].score.per_thousand), (Some(200.0), None));
        assert_eq!(per_thousand(3, Some(0)), None);
    }

    #[test]
    fn the_most_improved_climbed_most_places_by_visits() {
        let rows = standings(scores(&[30, 20, 10, 5]), &scores(&[10, 20, 30]), RankingOrder::Improved);
        let told: Vec<_> = rows.iter().map(|row| (row.score.visits, row.position, row.change())).collect();
        assert_eq!(told, [(30, 1, Some(2)), (20, 2, Some(0)), (10, 3, Some(-2)), (5, 4, None)]);
    }

    #[test]
    fn a_month_ends_at_midnight_in_bogota() {
        let month = Month::parse("2026-12").expect("is a month");
        assert_eq!((month.begins(), month.ends()), (datetime!(2026-12-01 05:00 UTC), datetime!(2027-01-01 05:00 UTC)));
        assert_eq!((month.plus(1).to_string(), month.text().as_str()), ("2027-01".to_owned(), "diciembre de 2026"));
        assert_eq!(Month::of(datetime!(2026-11-01 04:59 UTC)).to_string(), "2026-10");
    }

    #[test]
    fn only_a_month_that_has_ended_is_closed() {
        let code = |month: &str, now| match finished(month, now) {
            Err(Error::Rejected(faults)) => faults[0].code.clone(),
            Ok(month) => month.to_string(),
            Err(other) => other.to_string(),
        };
        assert_eq!(code("2026-10", datetime!(2026-11-01 04:59:59 UTC)), "UNFINISHED");
        assert_eq!(code("2026-10", datetime!(2026-11-01 05:00 UTC)), "2026-10");
        for wrong in ["", "2026", "2026-13", "2026-00", "26-10", "2026-1", "+026-10", "2026-10-01", "octubre"] {
            assert_eq!(code(wrong, datetime!(2030-01-01 0:00 UTC)), "FORM", "{wrong}");
        }
    }

    #[test]
    fn pages_are_counted_and_neither_files_nor_the_administration() {
        for page in ["/", "/tramites", "/ranking/2026-10", "/administracion"] {
            assert!(is_page(page), "{page}");
        }
        for other in ["/admin", "/admin/sitio", "/entrar", "/noticias.atom", "/ranking/2026-10.csv", "/robots.txt", "/graphql"] {
            assert!(!is_page(other), "{other}");
        }
    }

    #[test]
    fn an_address_is_known_by_its_household_and_its_network() {
        let address = |text: &str| text.parse::<IpAddr>().expect("is an address");
        assert_eq!(household(address("::ffff:190.0.2.7")), address("190.0.2.7"));
        assert_eq!(network(address("190.0.2.7")), address("190.0.2.0"));
        assert_eq!(household(address("2800:e2:1:2:3::4")), address("2800:e2:1:2::"));
        assert_eq!(network(address("2800:e2:1:2:3::4")), address("2800:e2:1::"));
        assert_eq!((network_limit(None), network_limit(Some(8_400))), (12, 20));
    }

    #[test]
    fn the_news_names_who_leads_and_who_climbed() {
        let month = Month::parse("2026-10").expect("is a month");
        let rows = standings(scores(&[1200, 3500, 0]), &scores(&[1300, 1000, 0]), RankingOrder::Visits);
        let told = news(month, Some(month.plus(-1)), &rows);
        assert_eq!(told.title, "Municipio 2 (Departamento 2) tuvo el sitio más visitado de octubre de 2026");
        assert!(told.body.contains("| 1 | Municipio 2 (Departamento 2) | 3.500 | 350 |\n| 2 |"), "{}", told.body);
        assert!(told.body.contains("frente a septiembre de 2026: ganó un puesto."), "{}", told.body);
        assert!(!told.body.contains("Municipio 3"));
        let shared = news(month, None, &standings(scores(&[8, 8, 8]), &[], RankingOrder::Visits));
        assert_eq!(shared.title, "Municipio 1, Municipio 2 y Municipio 3 comparten el primer lugar de octubre de 2026");
        assert!(news(month, None, &standings(scores(&[0]), &[], RankingOrder::Visits)).body.starts_with("En octubre"));
    }

    #[test]
    fn departments_fall_into_fifths() {
        let rows = departments(&scores(&[900, 0, 300]));
        assert_eq!(rows.iter().map(|row| (row.level, row.visits)).collect::<Vec<_>>(), [(5, 900), (3, 300), (0, 0)]);
    }

    #[test]
    fn the_public_reads_the_figures_that_count() {
        let page = include_str!("../pages/agency/methodology.html");
        let limit = format!("hasta {NETWORK_VISITS} visitas a un municipio, y una más por cada mil habitantes");
        let told = [
            format!("sin pausas de {} minutos", VISIT_GAP.as_secs() / 60),
            format!("Desde {VIEWS_PER_MINUTE} páginas en un minuto"),
            limit,
            format!("en los {DAYS_TO_CLOSE} días que siguen"),
        ];
        assert!(told.iter().all(|words| page.contains(words)), "{told:?}");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1.000", "1.234.567"]);
    }

    proptest! {
        #[test]
        fn a_place_is_one_more_than_those_ahead(visits in prop::collection::vec(0i64..20, 1..40)) {
            for row in standings(scores(&visits), &[], RankingOrder::Visits) {
                let ahead = visits.iter().filter(|other| **other > row.score.visits).count();
                prop_assert_eq!(row.position, ahead as i32 + 1);
            }
        }

        #[test]
        fn every_order_keeps_every_town_and_never_falls(visits in prop::collection::vec((0i64..20, 0i64..20, any::<bool>()), 1..40)) {
            let now: Vec<_> = visits.iter().zip(1..).map(|((now, _, known), at)| score(at, *now, known.then_some(at as i32))).collect();
            let before: Vec<_> = visits.iter().zip(1..).map(|((_, then, known), at)| score(at, *then, known.then_some(at as i32))).collect();
            for by in [RankingOrder::Visits, RankingOrder::PerThousand, RankingOrder::Improved] {
                let rows = standings(now.clone(), &before, by);
                prop_assert_eq!(rows.len(), now.len());
                let keys: Vec<_> = rows.iter().map(|row| match by {
                    RankingOrder::Visits => Some(row.score.visits as f64),
                    RankingOrder::PerThousand => row.score.per_thousand,
                    RankingOrder::Improved => row.change().map(f64::from),
                }).collect();
                prop_assert!(keys.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", keys);
            }
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(visits in prop::collection::vec(0i64..5, 1..20)) {
            let told = |rows: Vec<Standing>| rows.into_iter().map(|row| (row.score.code, row.position)).collect::<Vec<_>>();
            let mut turned = scores(&visits);
            turned.reverse();
            let straight = standings(scores(&visits), &[], RankingOrder::Visits);
            prop_assert_eq!(told(straight), told(standings(turned, &[], RankingOrder::Visits)));
        }

        #[test]
        fn a_month_reads_as_it_is_written(months in 24_000i32..35_999) {
            let month = Month::parse("2000-01").expect("is a month").plus(months - 24_000);
            prop_assert_eq!(Month::parse(&month.to_string()), Some(month));
            prop_assert_eq!(Month::of(month.begins()), month);
            prop_assert_eq!(Month::of(month.ends()), month.plus(1));
        }
    }
}
