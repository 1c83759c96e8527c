//! The radicado and its check digit, what may be filed, and the legal clock on the town's calendar.

use std::fmt;
use std::sync::{Arc, LazyLock};

use calendar::{CalendarSettings, Deadline, Family, Holidays, LegalTerm, LegalTerms, Unit, WorkCalendar};
use kernel::directory::TenantEntry;
use kernel::error::Faults;
use kernel::{Result, text};
use time::Date;

use crate::model::{CaseRow, Petition};

/// A radicado, `2026-000418-7`: year, consecutive padded to six (it may grow), Luhn digit over both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Radicado {
    pub(crate) year: i32,
    pub(crate) number: i64,
}

impl fmt::Display for Radicado {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, number } = self;
        write!(f, "{year:04}-{number:06}-{}", luhn(&format!("{year:04}{number:06}")))
    }
}

impl Radicado {
    /// Reads one as people type it, with hyphens, spaces or nothing between its parts; a mistyped digit makes it none.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let digits: String = typed.chars().filter(|c| c.is_alphanumeric()).collect();
        let (year, rest) = digits.split_at_checked(4)?;
        let (number, _) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
        let radicado = Self { year: year.parse().ok()?, number: number.parse().ok()? };
        (radicado.to_string().replace('-', "") == digits).then_some(radicado)
    }
}

/// The digit that makes a mistyped digit, or two that changed places, be noticed.
fn luhn(digits: &str) -> u32 {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let from_the_right = digits.chars().rev().filter_map(|digit| digit.to_digit(10)).enumerate();
    let sum: u32 = from_the_right.map(|(place, digit)| if place % 2 == 0 { doubled(digit) } else { digit }).sum();
    (10 - sum % 10) % 10
}

const TERMS_CSV: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/pqrsd_terms.csv"));
const HOLIDAYS_CSV: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/holidays.csv"));

/// The legal terms and holidays of the country. A file that does not parse is a broken build: a test reads both.
static TERMS: LazyLock<LegalTerms> = LazyLock::new(|| LegalTerms::parse(TERMS_CSV).unwrap_or_default());
static HOLIDAYS: LazyLock<Arc<Holidays>> = LazyLock::new(|| Arc::new(Holidays::parse(HOLIDAYS_CSV).unwrap_or_default()));

/// What people file most, in the order in which the form offers it.
const COMMON: [&str; 7] = ["PET_GENERAL", "PET_PARTICULAR", "PET_INFORMACION", "QUEJA", "RECLAMO", "SUGERENCIA", "DENUNCIA"];

/// What can be filed: every term that is the town's time to answer, the common ones first.
pub(crate) static KINDS: LazyLock<Vec<&'static LegalTerm>> = LazyLock::new(|| {
    let answered = |term: &&LegalTerm| {
        matches!(term.family, Family::Petition | Family::Pqrsd | Family::Oversight | Family::HabeasData | Family::Utilities)
    };
    let mut kinds: Vec<_> = TERMS.iter().filter(answered).collect();
    kinds.sort_by_key(|term| COMMON.iter().position(|code| *code == term.code).unwrap_or(COMMON.len()));
    kinds
});

/// The kind of that code, if it can be filed.
pub(crate) fn kind(code: &str) -> Option<&'static LegalTerm> {
    KINDS.iter().copied().find(|term| term.code == code)
}

/// The name of a kind, for people; an unknown code stands for itself.
pub(crate) fn kind_name(code: &str) -> &str {
    kind(code).map_or(code, |term| term.name.as_str())
}

/// Whether the form offers the kind first.
pub(crate) fn is_common(term: &LegalTerm) -> bool {
    COMMON.contains(&term.code.as_str())
}

/// What the kind is and how soon it is answered. A term that nobody has confirmed yet is not told as law.
pub(crate) fn hint(term: &LegalTerm) -> String {
    let soon = match (term.unit, term.term) {
        (Unit::Immediate, _) => " Se atiende de inmediato.".to_owned(),
        (Unit::BusinessDays, Some(days)) if term.confidence.is_confirmed() => format!(" Se responde en {days} días hábiles."),
        _ => String::new(),
    };
    format!("{}.{soon}", term.definition)
}

/// The calendar by which a town's terms run.
pub(crate) fn calendar(entry: &TenantEntry) -> Result<WorkCalendar> {
    let settings: Option<CalendarSettings> = entry.calendar.clone().map(serde_json::from_value).transpose()?;
    Ok(settings.unwrap_or_default().with_holidays(HOLIDAYS.clone()))
}

/// When a case of that kind is due; none where the request itself sets the date. What is to be done at once is due on the day.
pub(crate) fn deadline(kind: &LegalTerm, received_on: Date, calendar: &WorkCalendar) -> Option<Deadline> {
    match kind.unit {
        Unit::Immediate => Some(Deadline::business_days(received_on, 0, calendar)),
        _ => kind.deadline(received_on, calendar),
    }
}

/// How a case's due date was reached; none when the town's calendar has changed since and would give another date.
pub(crate) fn explained(case: &CaseRow, calendar: &WorkCalendar) -> Option<(Deadline, &'static LegalTerm)> {
    let kind = kind(&case.kind)?;
    let deadline = deadline(kind, case.received_on, calendar).filter(|deadline| case.due_on == Some(deadline.due_on))?;
    Some((deadline, kind))
}

/// Working days left: 0 on the last day, negative when late.
pub(crate) fn days_left(today: Date, due_on: Date, calendar: &WorkCalendar) -> i32 {
    let between = |from: Date, to: Date| {
        let days = std::iter::successors(from.next_day(), |day| day.next_day()).take_while(|day| *day <= to);
        i32::try_from(days.filter(|day| calendar.is_working_day(*day)).count()).unwrap_or(i32::MAX)
    };
    if due_on >= today { between(today, due_on) } else { -between(due_on, today).max(1) }
}

/// The days left in words.
pub(crate) fn days_left_text(days: i32) -> String {
    match days {
        0 => "Vence hoy.".to_owned(),
        1 => "Queda 1 día hábil.".to_owned(),
        -1 => "Venció hace 1 día hábil.".to_owned(),
        late if late < 0 => format!("Venció hace {} días hábiles.", -late),
        left => format!("Quedan {left} días hábiles."),
    }
}

/// What was typed without characters that nobody sees.
fn visible(typed: &str) -> String {
    let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    typed.replace("\r\n", "\n").chars().filter(kept).collect::<String>().trim().to_owned()
}

/// The same on one line.
fn line(typed: &str) -> String {
    visible(typed).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn email_fault(email: &str) -> Option<&'static str> {
    if text::is_email(email) {
        return None;
    }
    Some(match email.split_once('@') {
        None => "Al correo le falta la arroba",
        Some((_, place)) if !place.contains('.') => "Al correo le falta la parte después de la arroba",
        Some(_) => "Revise el correo: le falta o le sobra algo",
    })
}

/// Checks what was typed and brings it to the form in which it is kept.
pub(crate) fn petition(typed: Petition) -> Result<Petition> {
    let body = visible(&typed.body);
    let subject = Some(line(&typed.subject)).filter(|subject| !subject.is_empty()).unwrap_or_else(|| text::summary(&body, 80));
    let named = |typed: Option<String>| typed.as_deref().map(line).filter(|text| !text.is_empty());
    let (name, email) = if typed.anonymous { (None, None) } else { (named(typed.name), named(typed.email)) };

    let mut faults = Faults::default();
    faults.require(kind(&typed.kind).is_some(), "kind", "REQUIRED", "Elija qué quiere presentar");
    faults.require(subject.chars().count() <= 120, "subject", "LENGTH", "El asunto tiene más de 120 letras; acórtelo");
    faults.require(!body.is_empty(), "body", "REQUIRED", "Escriba qué pasó y qué pide, con una frase basta");
    faults.require(body.chars().count() <= 20_000, "body", "LENGTH", "El texto tiene más de 20.000 letras; acórtelo");
    faults.require(typed.anonymous || name.is_some(), "name", "REQUIRED", "Escriba su nombre y apellidos, o elija no identificarse");
    faults.require(
        name.as_ref().is_none_or(|name| name.chars().count() <= 120),
        "name",
        "LENGTH",
        "El nombre tiene más de 120 letras; acórtelo",
    );
    if let Some(fault) = email.as_deref().and_then(email_fault) {
        faults.require(false, "email", "FORM", fault);
    }
    let key = typed.idempotency_key.trim();
    faults.require((1..=200).contains(&key.len()), "idempotencyKey", "FORM", "Vuelva a abrir el formulario: le falta su clave de envío");
    faults.into_result()?;
    Ok(Petition { kind: typed.kind, subject, body, name, email, anonymous: typed.anonymous, idempotency_key: key.to_owned() })
}

/// Checks an answer and brings it to the form in which it is kept.
pub(crate) fn answer(typed: &str) -> Result<String> {
    let answer = visible(typed);
    let mut faults = Faults::default();
    faults.require(!answer.is_empty(), "answer", "REQUIRED", "Escriba la respuesta");
    faults.require(answer.chars().count() <= 20_000, "answer", "LENGTH", "La respuesta tiene más de 20.000 letras; acórtela");
    faults.into_result()?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use calendar::{Holidays, LegalTerms, Unit, WorkCalendar};
    use proptest::prelude::*;
    use time::macros::date;

    use super::{COMMON, HOLIDAYS, HOLIDAYS_CSV, KINDS, Petition, Radicado, TERMS_CSV, days_left, deadline, hint, kind, petition};

    fn typed() -> Petition {
        Petition {
            kind: "RECLAMO".into(),
            subject: "  Lámpara\tapagada ".into(),
            body: "Hace un mes.\r\n\u{0}Gracias. ".into(),
            name: Some("Rosa Ejemplo".into()),
            email: Some(String::new()),
            anonymous: false,
            idempotency_key: "9f3c".into(),
        }
    }

    #[test]
    fn the_nations_tables_are_read() {
        LegalTerms::parse(TERMS_CSV).expect("the terms are well formed");
        Holidays::parse(HOLIDAYS_CSV).expect("the holidays are well formed");
        assert!(COMMON.iter().zip(KINDS.iter()).all(|(code, kind)| kind.code == *code), "the common kinds come first");
        assert!(
            KINDS.iter().all(|kind| matches!(kind.unit, Unit::BusinessDays | Unit::Immediate | Unit::SetByRequest)),
            "what is filed is answered in working days"
        );
    }

    #[test]
    fn the_radicado_of_the_contract() {
        let radicado = Radicado { year: 2026, number: 418 };
        assert_eq!(radicado.to_string(), "2026-000418-7");
        for typed in ["2026-000418-7", " 2026 000418 7", "20260004187", "2026–000418–7"] {
            assert_eq!(Radicado::parse(typed), Some(radicado), "{typed}");
        }
        for typed in ["", "2026", "2026-418-7", "2026-000418-8", "2026-000418-x", "ñ026-000418-7"] {
            assert_eq!(Radicado::parse(typed), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_radicado_reads_back(year in 1991_i32..=9999, number in 1_i64..=99_999_999_999) {
            let radicado = Radicado { year, number };
            prop_assert_eq!(Radicado::parse(&radicado.to_string()), Some(radicado));
        }

        #[test]
        fn a_mistyped_digit_is_noticed(number in 1_i64..=9_999_999, place in 0_usize..10, add in 1_u32..=9) {
            let told = Radicado { year: 2026, number }.to_string().replace('-', "");
            let mistyped: String = told.chars().enumerate().map(|(at, digit)| {
                let digit = digit.to_digit(10).unwrap_or_default();
                char::from_digit(if at == place { (digit + add) % 10 } else { digit }, 10).unwrap_or_default()
            }).collect();
            prop_assert_eq!(Radicado::parse(&mistyped), None);
        }

        #[test]
        fn digits_that_change_places_are_noticed(number in 1_i64..=999_999, place in 4_usize..10) {
            let told = Radicado { year: 2026, number }.to_string().replace('-', "");
            let (one, other) = (&told[place..=place], &told[place + 1..place + 2]);
            // Luhn's digit cannot tell 09 from 90.
            prop_assume!(one != other && !matches!((one, other), ("0", "9") | ("9", "0")));
            let swapped = format!("{}{other}{one}{}", &told[..place], &told[place + 2..]);
            prop_assert_eq!(Radicado::parse(&swapped), None);
        }

        #[test]
        fn parsing_never_breaks(typed in ".*") {
            let _ = Radicado::parse(&typed);
        }
    }

    #[test]
    fn what_was_typed_is_brought_to_form() {
        let kept = petition(typed()).expect("is complete");
        assert_eq!((kept.subject.as_str(), kept.body.as_str(), kept.email), ("Lámpara apagada", "Hace un mes.\nGracias.", None));
        let untitled = petition(Petition { subject: String::new(), ..typed() }).expect("a body is enough");
        assert_eq!(untitled.subject, "Hace un mes. Gracias.");
    }

    #[test]
    fn who_stays_unnamed_leaves_no_name() {
        let kept = petition(Petition { anonymous: true, email: Some("rosa@".into()), ..typed() }).expect("is complete");
        assert_eq!((kept.name, kept.email), (None, None));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = Petition { kind: "TRASLADO".into(), body: " ".into(), name: None, email: Some("rosa@".into()), ..typed() };
        let Err(kernel::Error::Rejected(faults)) = petition(wrong) else { panic!("must be rejected") };
        let fields: Vec<_> = faults.iter().filter_map(|fault| fault.field.as_deref()?.first().cloned()).collect();
        assert_eq!(fields, ["kind", "body", "name", "email"]);
    }

    #[test]
    fn the_clock_of_the_law() {
        let calendar = WorkCalendar::national(HOLIDAYS.clone());
        let claim = kind("RECLAMO").expect("can be filed");
        let due = deadline(claim, date!(2026 - 11 - 23), &calendar).expect("has a term").due_on;
        assert_eq!(due, date!(2026 - 12 - 15));
        assert_eq!(days_left(date!(2026 - 12 - 04), due, &calendar), 6, "the 8th is a holiday");
        assert_eq!(days_left(due, due, &calendar), 0);
        assert_eq!(days_left(date!(2026 - 12 - 12), date!(2026 - 12 - 11), &calendar), -1, "late on the Saturday after");
        let urgent = kind("PRIORITARIA").expect("can be filed");
        assert_eq!(deadline(urgent, due, &calendar).map(|deadline| deadline.due_on), Some(due));
    }

    #[test]
    fn an_unconfirmed_term_is_not_told_as_law() {
        assert!(hint(kind("QUEJA").expect("is filed")).ends_with("Se responde en 15 días hábiles."));
        assert_eq!(hint(kind("SUGERENCIA").expect("is filed")), "Propuesta de mejora.");
    }
}
