//! The rule table gives the country's holidays, and a bad table is refused with its reason.

mod common;

use calendar::{Holidays, ParseError, easter};
use common::{HOLIDAYS, day, holidays};
use std::collections::BTreeMap;

#[test]
fn every_date_from_2008_to_2035() {
    let holidays = holidays();
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for line in include_str!("holidays_dates.csv").lines().skip(1) {
        let (date, codes) = line.split_once(',').unwrap();
        expected.insert(date.to_owned(), codes.to_owned());
    }
    assert_eq!(expected.len(), 509);
    let mut found = BTreeMap::new();
    for year in 2008..=2035 {
        for (date, rules) in holidays.holidays_in(year) {
            let codes: Vec<&str> = rules.iter().map(|rule| rule.code.as_str()).collect();
            found.insert(date.to_string(), codes.join("+"));
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn a_date_and_its_year_agree() {
    let holidays = holidays();
    for year in [1983, 1984, 2011, 2026] {
        let of_year = holidays.holidays_in(year);
        let mut date = day(&format!("{year}-01-01"));
        while date.year() == year {
            let on: Vec<String> = holidays.on(date).iter().map(|rule| rule.code.clone()).collect();
            let listed: Vec<String> = of_year.get(&date).into_iter().flatten().map(|rule| rule.code.clone()).collect();
            assert_eq!(on, listed, "{date}");
            date = date.next_day().unwrap();
        }
    }
}

#[test]
fn known_easters() {
    for date in ["1583-04-10", "1818-03-22", "1943-04-25", "2000-04-23", "2008-03-23", "2011-04-24", "2026-04-05", "2038-04-25"] {
        assert_eq!(easter(day(date).year()), Some(day(date)));
    }
    assert_eq!(easter(1582), None);
}

#[test]
fn moved_since_1984_only() {
    let holidays = holidays();
    // 6 January fell on a Thursday in 1983 and on a Friday in 1984.
    assert!(holidays.holidays_in(1983).contains_key(&day("1983-01-06")));
    assert!(holidays.holidays_in(1984).contains_key(&day("1984-01-09")));
}

#[test]
fn two_names_on_one_day() {
    let holidays = holidays();
    let year = holidays.holidays_in(2011);
    let names: Vec<&str> = year[&day("2011-07-04")].iter().map(|rule| rule.name_es.as_str()).collect();
    assert_eq!(names, ["Sagrado Corazón de Jesús", "San Pedro y San Pablo"]);
}

#[test]
fn the_new_holiday_begins_in_2026_with_its_law() {
    let holidays = holidays();
    assert!(holidays.on(day("2025-07-14")).is_empty());
    let new = holidays.on(day("2026-07-13"));
    assert_eq!(new.len(), 1);
    assert!(new[0].legal_basis.contains("Ley 2578 de 2026"));
}

#[test]
fn a_holiday_moved_over_new_year_is_found_in_the_next() {
    let table = "code,name_es,rule,month,day,easter_offset,moves_to_monday,valid_from_year,valid_to_year,legal_basis,note\n\
                 inocentes,Inocentes,fixed_to_monday,12,28,,true,2021,2022,Ley de prueba,\n";
    let holidays = Holidays::parse(table).unwrap();
    // 28 December: a Tuesday in 2021, a Wednesday in 2022.
    assert_eq!(holidays.holidays_in(2021).len(), 0);
    assert_eq!(holidays.holidays_in(2022).into_keys().collect::<Vec<_>>(), [day("2022-01-03")]);
    assert_eq!(holidays.holidays_in(2023).into_keys().collect::<Vec<_>>(), [day("2023-01-02")]);
    assert_eq!(holidays.on(day("2023-01-02")).len(), 1);
    assert_eq!(holidays.holidays_in(2024).len(), 0);
}

/// The national table with one text put in the place of another.
fn edited(from: &str, to: &str) -> String {
    assert!(HOLIDAYS.contains(from), "{from}");
    Holidays::parse(&HOLIDAYS.replacen(from, to, 1)).map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn a_bad_table_says_where() {
    assert_eq!(
        edited(",note\n", ",nota\n"),
        "unknown column `nota`; the table has code, name_es, rule, month, day, easter_offset, moves_to_monday, \
         valid_from_year, valid_to_year, legal_basis, note"
    );
    assert_eq!(edited("rule,month,", "rule,rule,"), "column `rule` stands twice in the header");
    assert_eq!(Holidays::parse("code,name_es\n").unwrap_err().to_string(), "column `rule` is missing from the header");
    assert_eq!(edited("fixed,1,1,", "fixed,13,1,"), "line 2, column `month`: `13` is not a month from 1 to 12");
    assert_eq!(edited("fixed,1,1,", "fixed,4,31,"), "line 2, column `day`: `31` is not a day of that month");
    assert_eq!(
        edited("fixed,1,1,", "fijo,1,1,"),
        "line 2, column `rule`: `fijo` is not fixed, fixed_to_monday, easter or easter_to_monday"
    );
    assert_eq!(edited("fixed,1,1,,", "fixed,1,1,3,"), "line 2, column `easter_offset`: `3` is not empty, as a fixed rule asks");
    assert_eq!(edited("easter,,,-3", "easter,4,,-3"), "line 5, column `month`: `4` is not empty, as an Easter rule asks");
    assert_eq!(edited("easter,,,-3", "easter,,,"), "line 5, column `easter_offset`: `` is not a whole number of days from Easter Sunday");
    assert_eq!(edited("false,1900,", "true,1900,"), "line 2, column `moves_to_monday`: `true` is not what the rule says");
    assert_eq!(edited("false,1900,", "false,1900,1800"), "line 2, column `valid_to_year`: `1800` is not a year from valid_from_year on");
    assert_eq!(edited("Año Nuevo", ""), "line 2, column `name_es`: `` is not a text; it must not be empty");
    assert_eq!(edited("reyes_magos,", "ano_nuevo,"), "line 3: the code `ano_nuevo` stands twice in the table");
    assert!(matches!(Holidays::parse(&HOLIDAYS.replacen("fixed,1,1,", "fixed,1,1,,,", 1)), Err(ParseError::Csv(_))));
}

#[test]
fn columns_may_stand_in_any_order() {
    let mut reader = csv::Reader::from_reader(HOLIDAYS.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(reader.headers().unwrap().iter().rev()).unwrap();
    for record in reader.records() {
        writer.write_record(record.unwrap().iter().rev()).unwrap();
    }
    let turned = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    assert_eq!(Holidays::parse(&turned).unwrap(), *holidays());
}
