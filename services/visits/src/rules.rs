//! What counts as a visit, how a closed month is told, and the figures on which both rest.
//! The public reads them at `/metodologia`, and a test holds that page to them.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::model::{Month, Standing};

/// A visitor who comes back within this time goes on with the same visit.
pub(crate) const VISIT_GAP: Duration = Duration::from_mins(30);
/// A client that reads more pages a minute is a robot, whatever it says that it is.
pub(crate) const VIEWS_PER_MINUTE: u32 = 60;
/// So many visits a day count for a town from one network, and one more for each thousand inhabitants; the rest are set aside.
const NETWORK_VISITS: u32 = 12;

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
    use proptest::prelude::{prop_assert_eq, proptest};
    use time::macros::datetime;

    use super::*;
    use crate::model::RankingOrder;
    use crate::rankings::rules::sample::scores;
    use crate::rankings::rules::standings;

    #[test]
    fn a_month_ends_at_midnight_in_bogota() {
        let month = Month::parse("2026-12").expect("is a month");
        assert_eq!((month.begins(), month.ends()), (datetime!(2026-12-01 05:00 UTC), datetime!(2027-01-01 05:00 UTC)));
        assert_eq!((month.plus(1).to_string(), month.text().as_str()), ("2027-01".to_owned(), "diciembre de 2026"));
        assert_eq!(Month::of(datetime!(2026-11-01 04:59 UTC)).to_string(), "2026-10");
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
    fn the_public_reads_the_figures_that_count() {
        let page = include_str!("../pages/agency/methodology.html");
        let limit = format!("hasta {NETWORK_VISITS} visitas a un municipio, y una más por cada mil habitantes");
        let told = [
            format!("sin pausas de {} minutos", VISIT_GAP.as_secs() / 60),
            format!("Desde {VIEWS_PER_MINUTE} páginas en un minuto"),
            limit,
        ];
        assert!(told.iter().all(|words| page.contains(words)), "{told:?}");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1.000", "1.234.567"]);
    }

    proptest! {
        #[test]
        fn a_month_reads_as_it_is_written(months in 24_000i32..35_999) {
            let month = Month::parse("2000-01").expect("is a month").plus(months - 24_000);
            prop_assert_eq!(Month::parse(&month.to_string()), Some(month));
            prop_assert_eq!(Month::of(month.begins()), month);
            prop_assert_eq!(Month::of(month.ends()), month.plus(1));
        }
    }
}
