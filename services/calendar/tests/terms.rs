//! The legal terms are read whole, and a bad table is refused with its reason.

mod common;

use calendar::{Confidence, Family, LegalTerms, Unit};
use common::{TERMS, terms};

#[test]
fn the_national_table() {
    let terms = terms();
    assert_eq!(terms.iter().count(), 28);
    let general = terms.get("PET_GENERAL").unwrap();
    assert_eq!((general.term, general.unit, general.max_total), (Some(15), Unit::BusinessDays, Some(30)));
    assert_eq!((general.family, general.confidence), (Family::Petition, Confidence::Seen));
    assert_eq!(general.notes, None);
    assert!(general.legal_basis.starts_with("Ley 1437/2011 art. 14"));
    let priority = terms.get("PRIORITARIA").unwrap();
    assert_eq!((priority.term, priority.unit, priority.max_total), (None, Unit::Immediate, None));
    assert_eq!(terms.get("ORGANO_CONTROL").unwrap().unit, Unit::SetByRequest);
    let receipt = terms.get("ACUSE_ELECTRONICO").unwrap();
    assert_eq!((receipt.term, receipt.unit), (Some(24), Unit::BusinessHours));
    assert_eq!(terms.get("INCOMPLETA_COMPLETAR").unwrap().unit, Unit::Months);
    assert!(terms.get("ENTRE_AUTORIDADES").unwrap().extension_rule.is_none());
    assert!(terms.get("pet_general").is_none());
}

#[test]
fn what_is_not_confirmed_is_told_apart() {
    let terms = terms();
    let doubtful: Vec<&str> = terms.iter().filter(|term| !term.confidence.is_confirmed()).map(|term| term.code.as_str()).collect();
    assert_eq!(doubtful, ["SUGERENCIA", "FELICITACION", "DEFENSORIA"]);
    assert!(Confidence::MemoryHigh.is_confirmed());
    assert!(!Confidence::MemoryLow.is_confirmed());
}

#[test]
fn a_bad_table_says_where() {
    let edited = |from: &str, to: &str| {
        assert!(TERMS.contains(from), "{from}");
        LegalTerms::parse(&TERMS.replacen(from, to, 1)).unwrap_err().to_string()
    };
    assert!(edited(",confidence", ",certeza").starts_with("unknown column `certeza`; the table has code, name,"));
    assert_eq!(edited("15,habil", "quince,habil"), "line 2, column `term`: `quince` is not a whole number of units, or empty");
    assert_eq!(
        edited("15,habil", "15,dia"),
        "line 2, column `unit`: `dia` is not habil, calendario, mes, hora_habil, segun_oficio or inmediato"
    );
    for (from, to) in [("15,habil", ",habil"), ("15,habil", "15,inmediato")] {
        assert!(edited(from, to).contains("is not what its unit asks"));
    }
    assert_eq!(edited("(30),30,", "(30),14,"), "line 2, column `max_total`: `14` is not a number that is not below the term");
    assert!(edited(",peticion,", ",otra,").starts_with("line 2, column `family`: `otra` is not peticion, pqrsd,"));
    assert_eq!(edited(",seen", ",sure"), "line 2, column `confidence`: `sure` is not seen, memory-high, memory-medium or memory-low");
    assert_eq!(edited("PET_PARTICULAR,", "PET_GENERAL,"), "line 3: the code `PET_GENERAL` stands twice in the table");
}

#[test]
fn calendar_days_can_be_told() {
    let edited = TERMS.replacen("15,habil", "15,calendario", 1);
    assert_eq!(LegalTerms::parse(&edited).unwrap().get("PET_GENERAL").unwrap().unit, Unit::CalendarDays);
}
