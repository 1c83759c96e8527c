//! The files of a closed month, byte for byte: what was counted by the hour, who took part, what objections changed, the order that
//! follows, and the statement that is signed over them. Pure; `docs/ranking.md` tells outsiders the same, and `tests/recount.py` is the
//! same again in another language.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use kernel::secret::sha256_hex;
use kernel::{Error, Result};
use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset};

/// Visits by the hour of Bogotá, a row a town and day.
pub(crate) const HOURS: &str = "horas.csv";
/// Who took part, with what the order needs beside visits.
pub(crate) const TOWNS: &str = "municipios.csv";
/// What accepted objections added or took away.
pub(crate) const ADJUSTMENTS: &str = "ajustes.csv";
/// The order that follows from the three.
pub(crate) const ORDER: &str = "orden.csv";
/// The files that a statement names, in its order.
pub(crate) const FILES: [&str; 4] = [HOURS, TOWNS, ADJUSTMENTS, ORDER];

const TOWN_HEADER: &str = "codigo,municipio,codigo_departamento,departamento,habitantes,puesto_anterior\n";
const ADJUSTMENT_HEADER: &str = "codigo,objecion,visitas,motivo\n";
const ORDER_HEADER: &str =
    "puesto,codigo,municipio,codigo_departamento,departamento,habitantes,visitas,por_mil_habitantes,puesto_anterior,cambio\n";

/// A town that took part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Town {
    #[serde(rename = "codigo")]
    pub(crate) code: String,
    #[serde(rename = "municipio")]
    pub(crate) name: String,
    #[serde(rename = "codigo_departamento")]
    pub(crate) department_code: String,
    #[serde(rename = "departamento")]
    pub(crate) department: String,
    #[serde(rename = "habitantes")]
    pub(crate) population: Option<i32>,
    /// Its place in the closed month with which this one is compared.
    #[serde(rename = "puesto_anterior")]
    pub(crate) previous: Option<i32>,
}

/// A town's visits in the hours of one day of Bogotá.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) code: String,
    pub(crate) date: Date,
    pub(crate) hours: [i64; 24],
}

/// What an accepted objection changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Adjustment {
    #[serde(rename = "codigo")]
    pub(crate) code: String,
    #[serde(rename = "objecion")]
    pub(crate) objection: String,
    #[serde(rename = "visitas")]
    pub(crate) visits: i64,
    #[serde(rename = "motivo")]
    pub(crate) reason: String,
}

/// A line of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) position: i32,
    pub(crate) town: Town,
    pub(crate) visits: i64,
}

/// The four files of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) hours: String,
    pub(crate) towns: String,
    pub(crate) adjustments: String,
    pub(crate) order: String,
}

impl Files {
    /// Writes what was counted, and the order that follows from it.
    pub(crate) fn of(mut days: Vec<Day>, mut towns: Vec<Town>, mut adjustments: Vec<Adjustment>) -> Self {
        days.sort_by(|a, b| (&a.code, a.date).cmp(&(&b.code, b.date)));
        towns.sort_by(|a, b| a.code.cmp(&b.code));
        adjustments.sort_by(|a, b| (&a.code, &a.objection).cmp(&(&b.code, &b.objection)));
        let order = order_csv(&order(&days, &towns, &adjustments));
        Self { hours: hours_csv(&days), towns: towns_csv(&towns), adjustments: adjustments_csv(&adjustments), order }
    }

    /// Their names and contents, in the order of a statement.
    pub(crate) fn each(&self) -> [(&'static str, &str); 4] {
        [(HOURS, &self.hours), (TOWNS, &self.towns), (ADJUSTMENTS, &self.adjustments), (ORDER, &self.order)]
    }
}

/// The order of the towns: by visits, the most first; equals share a place and leave the next ones empty, and stand by code.
pub(crate) fn order(days: &[Day], towns: &[Town], adjustments: &[Adjustment]) -> Vec<Placed> {
    let mut sums: HashMap<&str, i64> = HashMap::new();
    for day in days {
        *sums.entry(&day.code).or_default() += day.hours.iter().sum::<i64>();
    }
    for adjustment in adjustments {
        *sums.entry(&adjustment.code).or_default() += adjustment.visits;
    }
    let visits = |town: &Town| sums.get(town.code.as_str()).copied().unwrap_or(0).max(0);
    let mut sorted: Vec<i64> = towns.iter().map(visits).collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let place = |visits: i64| i32::try_from(sorted.partition_point(|other| *other > visits)).unwrap_or(i32::MAX - 1) + 1;
    let mut rows: Vec<Placed> =
        towns.iter().map(|town| Placed { position: place(visits(town)), visits: visits(town), town: town.clone() }).collect();
    rows.sort_by(|a, b| (a.position, &a.town.code).cmp(&(b.position, &b.town.code)));
    rows
}

/// Counts again from the published files, and gives the order as it would be published.
pub(crate) fn recount(hours: &str, towns: &str, adjustments: &str) -> Result<String> {
    let days = read_hours(hours)?;
    let towns: Vec<Town> = rows(towns)?;
    let adjustments: Vec<Adjustment> = rows(adjustments)?;
    Ok(order_csv(&order(&days, &towns, &adjustments)))
}

fn rows<T: for<'a> Deserialize<'a>>(text: &str) -> Result<Vec<T>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.map_err(Error::broken)).collect()
}

fn read_hours(text: &str) -> Result<Vec<Day>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let each = reader.records().map(|record| {
        let record = record.map_err(Error::broken)?;
        let mut hours = [0; 24];
        for (place, hour) in hours.iter_mut().enumerate() {
            *hour = record.get(place + 2).unwrap_or_default().parse().map_err(Error::broken)?;
        }
        let date = Date::parse(record.get(1).unwrap_or_default(), DAY).map_err(Error::broken)?;
        Ok(Day { code: record.get(0).unwrap_or_default().to_owned(), date, hours })
    });
    each.collect()
}

const DAY: &[time::format_description::BorrowedFormatItem<'_>] = time::macros::format_description!("[year]-[month]-[day]");

/// All visits of the published hours.
pub(crate) fn visits_of(hours: &str) -> Result<i64> {
    Ok(read_hours(hours)?.iter().flat_map(|day| day.hours).sum())
}

/// Reads an order as published.
pub(crate) fn read_order(text: &str) -> Result<Vec<Placed>> {
    #[derive(Deserialize)]
    struct Line {
        puesto: i32,
        codigo: String,
        municipio: String,
        codigo_departamento: String,
        departamento: String,
        habitantes: Option<i32>,
        visitas: i64,
        puesto_anterior: Option<i32>,
    }
    let placed = |line: Line| Placed {
        position: line.puesto,
        visits: line.visitas,
        town: Town {
            code: line.codigo,
            name: line.municipio,
            department_code: line.codigo_departamento,
            department: line.departamento,
            population: line.habitantes,
            previous: line.puesto_anterior,
        },
    };
    Ok(rows::<Line>(text)?.into_iter().map(placed).collect())
}

/// A cell of a file: quoted only where it must be (RFC 4180).
fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn known(number: Option<i32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn hours_csv(days: &[Day]) -> String {
    let mut out = String::from("codigo,fecha");
    for hour in 0..24 {
        let _ = write!(out, ",h{hour:02}");
    }
    out.push('\n');
    for day in days {
        let _ = write!(out, "{},{}", cell(&day.code), day.date);
        for visits in day.hours {
            let _ = write!(out, ",{visits}");
        }
        out.push('\n');
    }
    out
}

fn towns_csv(towns: &[Town]) -> String {
    let mut out = String::from(TOWN_HEADER);
    for Town { code, name, department_code, department, population, previous } in towns {
        let (name, department) = (cell(name), cell(department));
        let _ = writeln!(out, "{},{name},{department_code},{department},{},{}", cell(code), known(*population), known(*previous));
    }
    out
}

fn adjustments_csv(adjustments: &[Adjustment]) -> String {
    let mut out = String::from(ADJUSTMENT_HEADER);
    for Adjustment { code, objection, visits, reason } in adjustments {
        let _ = writeln!(out, "{},{objection},{visits},{}", cell(code), cell(reason));
    }
    out
}

/// Visits for each thousand inhabitants with three decimals, by whole numbers only: `42.125`.
pub(crate) fn per_thousand(visits: i64, population: Option<i32>) -> Option<String> {
    let people = i64::from(population.filter(|people| *people > 0)?);
    let thousandths = (visits * 1_000_000 + people / 2) / people;
    Some(format!("{}.{:03}", thousandths / 1000, thousandths % 1000))
}

fn order_csv(rows: &[Placed]) -> String {
    let mut out = String::from(ORDER_HEADER);
    for Placed { position, town, visits } in rows {
        let each = per_thousand(*visits, town.population).unwrap_or_default();
        let change = town.previous.map(|previous| previous - position);
        let _ = writeln!(
            out,
            "{position},{},{},{},{},{},{visits},{each},{},{}",
            cell(&town.code),
            cell(&town.name),
            town.department_code,
            cell(&town.department),
            known(town.population),
            known(town.previous),
            known(change)
        );
    }
    out
}

/// What the statement of a close says.
pub(crate) struct CloseStatement<'a> {
    pub(crate) month: &'a str,
    pub(crate) rules: u32,
    pub(crate) closed_at: OffsetDateTime,
    pub(crate) compared_with: Option<&'a str>,
    pub(crate) before: &'a str,
    pub(crate) public_key: &'a [u8],
    pub(crate) files: &'a Files,
}

/// An instant in UTC, whole seconds.
pub(crate) fn instant(at: OffsetDateTime) -> String {
    let whole = at.to_offset(UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// The bytes that are signed at a close.
pub(crate) fn close_statement(of: &CloseStatement<'_>) -> String {
    let rows = of.files.order.lines().count().saturating_sub(1);
    let mut out = format!(
        "cabildo-ranking 1\ntipo: cierre\nmes: {}\nreglas: {}\ncerrado: {}\ncomparado-con: {}\nanterior: {}\nclave: ed25519 {}\nmunicipios: {rows}\n",
        of.month,
        of.rules,
        instant(of.closed_at),
        of.compared_with.unwrap_or("ninguno"),
        of.before,
        hex::encode(of.public_key),
    );
    for (name, body) in of.files.each() {
        let _ = writeln!(out, "archivo: {name} {} sha256 {}", body.len(), sha256_hex(body.as_bytes()));
    }
    out
}

/// What the statement of a correction says.
pub(crate) struct CorrectionStatement<'a> {
    pub(crate) month: &'a str,
    pub(crate) at: OffsetDateTime,
    pub(crate) before: &'a str,
    pub(crate) public_key: &'a [u8],
    pub(crate) code: &'a str,
    pub(crate) closed: i64,
    pub(crate) corrected: i64,
    pub(crate) reason: &'a str,
}

/// The bytes that are signed with a correction; its reason stands in one line.
pub(crate) fn correction_statement(of: &CorrectionStatement<'_>) -> String {
    let reason = of.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "cabildo-ranking 1\ntipo: correccion\nmes: {}\nfecha: {}\nanterior: {}\nclave: ed25519 {}\nmunicipio: {}\nvisitas-al-cierre: {}\nvisitas-corregidas: {}\nmotivo: {reason}\n",
        of.month,
        instant(of.at),
        of.before,
        hex::encode(of.public_key),
        of.code,
        of.closed,
        of.corrected,
    )
}

/// A line of a statement: `field(body, "mes")`.
pub(crate) fn field<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The digests that a statement names, by file.
pub(crate) fn digests(body: &str) -> BTreeMap<&str, &str> {
    let lines = body.lines().filter_map(|line| line.strip_prefix("archivo: "));
    lines.filter_map(|line| Some((line.split(' ').next()?, line.rsplit(' ').next()?))).collect()
}

/// The hours as JSON: `{"days": [{"code", "date", "hours": [24 numbers]}]}`, a day a line.
pub(crate) fn hours_json(month: &str, hours: &str) -> Result<String> {
    let mut out = format!("{{\"month\": \"{month}\", \"days\": [");
    for (index, day) in read_hours(hours)?.iter().enumerate() {
        let numbers = day.hours.map(|visits| visits.to_string()).join(", ");
        let _ = write!(
            out,
            "{}\n{{\"code\": \"{}\", \"date\": \"{}\", \"hours\": [{numbers}]}}",
            if index > 0 { "," } else { "" },
            day.code,
            day.date
        );
    }
    out.push_str("\n]}\n");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};
    use time::macros::{date, datetime};

    use super::*;

    fn town(code: &str, population: Option<i32>, previous: Option<i32>) -> Town {
        Town {
            code: code.to_owned(),
            name: format!("Villa, \"{code}\""),
            department_code: code[..2].to_owned(),
            department: "Quindío".to_owned(),
            population,
            previous,
        }
    }

    fn day(code: &str, date: Date, at: usize, visits: i64) -> Day {
        let mut hours = [0; 24];
        hours[at] = visits;
        Day { code: code.to_owned(), date, hours }
    }

    fn month() -> Files {
        Files::of(
            vec![
                day("63272", date!(2026 - 10 - 02), 23, 5),
                day("63272", date!(2026 - 10 - 01), 0, 2),
                day("25178", date!(2026 - 10 - 01), 8, 4),
                day("68895", date!(2026 - 10 - 31), 12, 9),
            ],
            vec![
                town("68895", None, Some(3)),
                town("25178", Some(8_400), Some(1)),
                town("63272", Some(13_000), None),
                town("05001", Some(1), None),
            ],
            vec![Adjustment { code: "25178".to_owned(), objection: "a1".to_owned(), visits: 3, reason: "Prueba, \"propia\"".to_owned() }],
        )
    }

    #[test]
    fn the_order_of_a_month_by_hand() {
        let files = month();
        assert_eq!(
            files.order,
            "puesto,codigo,municipio,codigo_departamento,departamento,habitantes,visitas,por_mil_habitantes,puesto_anterior,cambio\n\
             1,68895,\"Villa, \"\"68895\"\"\",68,Quindío,,9,,3,2\n\
             2,25178,\"Villa, \"\"25178\"\"\",25,Quindío,8400,7,0.833,1,-1\n\
             2,63272,\"Villa, \"\"63272\"\"\",63,Quindío,13000,7,0.538,,\n\
             4,05001,\"Villa, \"\"05001\"\"\",05,Quindío,1,0,0.000,,\n"
        );
        assert!(
            files.hours.starts_with("codigo,fecha,h00,h01,h02,")
                && files.hours.lines().nth(1).is_some_and(|line| line.starts_with("25178,2026-10-01,0,0,"))
        );
        assert_eq!(files.adjustments, "codigo,objecion,visitas,motivo\n25178,a1,3,\"Prueba, \"\"propia\"\"\"\n");
        assert_eq!(recount(&files.hours, &files.towns, &files.adjustments).expect("can be read"), files.order);
        let json: serde_json::Value = serde_json::from_str(&hours_json("2026-10", &files.hours).expect("can be read")).expect("is JSON");
        assert_eq!(
            (&json["days"][0]["code"], &json["days"][0]["hours"][8], json["days"].as_array().map(Vec::len)),
            (&"25178".into(), &4.into(), Some(4))
        );
    }

    #[test]
    fn a_statement_names_everything_that_it_rests_on() {
        let files = month();
        let of = CloseStatement {
            month: "2026-10",
            rules: 2,
            closed_at: datetime!(2026-11-06 7:00:00.25 -5),
            compared_with: None,
            before: "ninguno",
            public_key: &[1; 32],
            files: &files,
        };
        let body = close_statement(&of);
        assert_eq!(
            (field(&body, "cerrado"), field(&body, "municipios"), field(&body, "nada")),
            (Some("2026-11-06T12:00:00Z"), Some("4"), None)
        );
        assert_eq!(digests(&body)[ORDER], sha256_hex(files.order.as_bytes()));
        assert_eq!(digests(&body).len(), FILES.len());
    }

    #[test]
    fn visits_per_thousand_are_rounded_by_whole_numbers() {
        assert_eq!(per_thousand(1, Some(3)).as_deref(), Some("333.333"));
        assert_eq!(per_thousand(2, Some(3)).as_deref(), Some("666.667"));
        assert_eq!((per_thousand(5, Some(0)), per_thousand(5, None)), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_published_counts_again_to_the_same_bytes(counted in prop::collection::vec((0i64..50, 0usize..24, 1u8..=31, -20i64..20), 1..40)) {
            let towns: Vec<Town> = (0..counted.len()).map(|at| town(&format!("{:05}", at + 1000), Some(at as i32 * 100), None)).collect();
            let days = counted.iter().zip(&towns).map(|((visits, hour, on, _), town)| {
                day(&town.code, Date::from_calendar_date(2026, time::Month::October, *on).unwrap_or(Date::MIN), *hour, *visits)
            });
            let adjusted = counted.iter().zip(&towns).map(|((.., by), town)| Adjustment { code: town.code.clone(), objection: "x".to_owned(), visits: *by, reason: "por\nqué".to_owned() });
            let files = Files::of(days.collect(), towns.clone(), adjusted.collect());
            prop_assert_eq!(&recount(&files.hours, &files.towns, &files.adjustments).expect("can be read"), &files.order);
            let placed = read_order(&files.order).expect("can be read");
            for ((visits, .., by), town) in counted.iter().zip(&towns) {
                let due = (visits + by).max(0);
                let ahead = counted.iter().filter(|(other, .., by)| (other + by).max(0) > due).count() as i32;
                let wanted = Placed { position: ahead + 1, town: town.clone(), visits: due };
                prop_assert!(placed.contains(&wanted));
            }
        }
    }
}
