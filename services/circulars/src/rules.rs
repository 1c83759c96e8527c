//! Who receives a circular, how it stands with a town, and what may be typed.

use std::sync::Arc;

use kernel::directory::{Audience, TenantEntry};
use kernel::error::Faults;
use kernel::graphql::LocalDate;
use kernel::search::plain;
use kernel::{Error, Result};
use time::Date;
use uuid::Uuid;

use crate::model::{CircularAudience, CircularBand, DeliveryRow, DeliveryState, SendCircularInput};

/// How a circular is named in addresses: `2026-3`.
pub(crate) fn slug(year: i32, number: i32) -> String {
    format!("{year}-{number}")
}

/// Year and number of a name in addresses.
pub(crate) fn parts(slug: &str) -> Result<(i32, i32)> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    slug.split_once('-').and_then(|(year, number)| Some((digits(year)?, digits(number)?))).ok_or(Error::NotFound)
}

/// How a circular stands with a town on a day.
pub(crate) fn state(delivery: &DeliveryRow, today: Date) -> DeliveryState {
    if delivery.withdrawn_at.is_some() {
        DeliveryState::Withdrawn
    } else if delivery.answered_at.is_some() {
        DeliveryState::Answered
    } else if delivery.ask.is_some() && delivery.due_on.is_some_and(|due| due < today) {
        DeliveryState::Late
    } else if delivery.read_at.is_some() {
        DeliveryState::Read
    } else {
        DeliveryState::Unread
    }
}

/// By how many days the answer came after its date; zero where it came in time, or there was none.
pub(crate) fn days_late(delivery: &DeliveryRow) -> i64 {
    match (delivery.due_on, delivery.answered_at) {
        (Some(due), Some(at)) => (kernel::clock::local(at).date() - due).whole_days().max(0),
        _ => 0,
    }
}

/// The band of a population.
pub(crate) fn band(population: i32) -> CircularBand {
    match population {
        ..=10_000 => CircularBand::UpTo10000,
        10_001..=20_000 => CircularBand::UpTo20000,
        20_001..=30_000 => CircularBand::UpTo30000,
        30_001..=50_000 => CircularBand::UpTo50000,
        50_001..=100_000 => CircularBand::UpTo100000,
        _ => CircularBand::Over100000,
    }
}

fn band_text(band: CircularBand) -> &'static str {
    match band {
        CircularBand::UpTo10000 => "hasta 10.000",
        CircularBand::UpTo20000 => "de 10.001 a 20.000",
        CircularBand::UpTo30000 => "de 20.001 a 30.000",
        CircularBand::UpTo50000 => "de 30.001 a 50.000",
        CircularBand::UpTo100000 => "de 50.001 a 100.000",
        CircularBand::Over100000 => "de más de 100.000",
    }
}

/// A circular as it will be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) ask: Option<String>,
    pub(crate) due_on: Option<Date>,
    pub(crate) recipients: Vec<Uuid>,
    pub(crate) audience_text: String,
}

/// Checks what was typed; the recipients are those who are in the group at this moment.
pub(crate) fn written(typed: &SendCircularInput, towns: &[Arc<TenantEntry>], today: Date) -> Result<Written> {
    let mut faults = Faults::default();
    let title = faults.needed("title", &typed.title, 200, "Escriba de qué trata, en una línea");
    let body = faults.needed("body", &typed.body, 20_000, "Escriba el lineamiento");
    let ask = faults.text("ask", typed.ask.as_deref().unwrap_or_default(), 2000);
    let due_on = typed.due_on.map(|LocalDate(day)| day);
    faults.require(due_on.is_none() || ask.is_some(), "ask", "REQUIRED", "Hay una fecha: escriba qué deben responder");
    faults.require(due_on.is_none_or(|due| due >= today), "dueOn", "PAST", "La fecha ya pasó");
    let (recipients, audience_text) = audience(typed, towns, &mut faults);
    faults.into_result()?;
    Ok(Written { title, body, ask, due_on, recipients, audience_text })
}

/// Those who may receive a circular: towns whose site is open.
pub(crate) fn reachable(towns: Vec<Arc<TenantEntry>>) -> Vec<Arc<TenantEntry>> {
    towns.into_iter().filter(|town| town.kind.audience() == Audience::Municipality && !town.suspended).collect()
}

fn audience(typed: &SendCircularInput, towns: &[Arc<TenantEntry>], faults: &mut Faults) -> (Vec<Uuid>, String) {
    let ids = |wanted: &dyn Fn(&TenantEntry) -> bool| towns.iter().filter(|town| wanted(town)).map(|town| town.id).collect::<Vec<_>>();
    let (field, recipients, text) = match typed.audience {
        CircularAudience::All => ("audience", ids(&|_| true), "Todos los municipios".to_owned()),
        CircularAudience::Departments => {
            let chosen = ids(&|town| typed.departments.contains(&town.department_code));
            let mut names: Vec<&str> = towns.iter().filter(|town| chosen.contains(&town.id)).map(|town| town.department.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            ("departments", chosen, format!("Municipios de {}", names.join(", ")))
        }
        CircularAudience::Bands => {
            let chosen = ids(&|town| town.population.is_some_and(|people| typed.bands.contains(&band(people))));
            let mut bands = typed.bands.clone();
            bands.sort_unstable();
            let names: Vec<_> = bands.into_iter().map(band_text).collect();
            ("bands", chosen, format!("Municipios {} habitantes", names.join(", ")))
        }
        CircularAudience::Chosen => {
            let found = chosen(&typed.municipalities, towns, "municipalities", faults);
            let names: Vec<_> = found.iter().take(6).map(|town| town.name.as_str()).collect();
            let more = found.len().saturating_sub(names.len());
            let more = if more > 0 { format!(" y {more} más") } else { String::new() };
            ("municipalities", found.iter().map(|town| town.id).collect(), names.join(", ") + &more)
        }
    };
    faults.require(!recipients.is_empty(), field, "EMPTY", "Nadie recibiría este lineamiento: elija al menos un municipio");
    (recipients, text)
}

/// The towns that somebody named, one a line: by DIVIPOLA code or name in hosts. What is nobody's is told by its name.
pub(crate) fn chosen(typed: &[String], towns: &[Arc<TenantEntry>], field: &str, faults: &mut Faults) -> Vec<Arc<TenantEntry>> {
    let mut found: Vec<Arc<TenantEntry>> = Vec::new();
    let mut unknown = Vec::new();
    for line in typed.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty()) {
        match towns.iter().find(|town| town.code == line || town.slug == plain(line)) {
            Some(town) if found.iter().any(|known| known.id == town.id) => {}
            Some(town) => found.push(town.clone()),
            None => unknown.push(line.chars().take(60).collect::<String>()),
        }
    }
    let message = format!("No hay un municipio con ese código o dirección: {}", unknown.join(", "));
    faults.require(unknown.is_empty(), field, "NOT_FOUND", message);
    found
}

/// A message of the thread.
pub(crate) fn message(typed: &str) -> Result<String> {
    let mut faults = Faults::default();
    let text = faults.needed("text", typed, 8000, "Escriba el mensaje");
    faults.into_result()?;
    Ok(text)
}

/// Why a circular is withdrawn.
pub(crate) fn reason(typed: &str) -> Result<String> {
    let mut faults = Faults::default();
    let text = faults.needed("reason", typed, 600, "Escriba el motivo: lo leen los municipios que lo recibieron");
    faults.into_result()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use kernel::directory::TenantKind;
    use time::macros::{date, datetime};

    use super::*;

    fn town(number: u128, code: &str, slug: &str, department: &str, population: Option<i32>) -> Arc<TenantEntry> {
        Arc::new(TenantEntry {
            id: Uuid::from_u128(number),
            kind: TenantKind::Municipality,
            code: code.into(),
            slug: slug.into(),
            short_slug: slug.into(),
            name: slug.into(),
            official_name: String::new(),
            department_code: department.into(),
            department: format!("Departamento {department}"),
            nit: None,
            dispatch: None,
            address: None,
            postal_code: None,
            phones: Vec::new(),
            email: None,
            motto: None,
            accent: "govco".into(),
            population,
            ranked: true,
            demonstration: false,
            suspended: false,
            calendar: None,
            hours_text: None,
        })
    }

    fn towns() -> Vec<Arc<TenantEntry>> {
        vec![
            town(1, "25178", "chipaque-cundinamarca", "25", Some(8400)),
            town(2, "63272", "filandia-quindio", "63", Some(13_500)),
            town(3, "68895", "zapatoca-santander", "68", None),
        ]
    }

    fn typed(audience: CircularAudience) -> SendCircularInput {
        SendCircularInput {
            title: "Menú de transparencia".into(),
            body: "Revise el menú.".into(),
            ask: None,
            due_on: None,
            audience,
            departments: Vec::new(),
            bands: Vec::new(),
            municipalities: Vec::new(),
            public: true,
            files: None,
            idempotency_key: "k".into(),
        }
    }

    fn delivery() -> DeliveryRow {
        DeliveryRow {
            tenant_id: Uuid::nil(),
            circular_id: Uuid::nil(),
            year: 2026,
            number: 1,
            title: "T".into(),
            body: "B".into(),
            ask: Some("Responda".into()),
            due_on: Some(date!(2026 - 11 - 30)),
            files: sqlx::types::Json(Vec::new()),
            sent_at: datetime!(2026-11-20 12:00 UTC),
            read_at: None,
            reader_name: None,
            answered_at: None,
            withdrawn_at: None,
            withdraw_reason: None,
        }
    }

    #[test]
    fn a_group_is_who_is_in_it_now() {
        let go = |typed: SendCircularInput| written(&typed, &towns(), date!(2026 - 11 - 23)).map(|done| done.recipients.len());
        assert_eq!(go(typed(CircularAudience::All)).unwrap(), 3);
        assert_eq!(
            go(SendCircularInput { departments: vec!["25".into(), "63".into()], ..typed(CircularAudience::Departments) }).unwrap(),
            2
        );
        let bands = SendCircularInput { bands: vec![CircularBand::UpTo10000], ..typed(CircularAudience::Bands) };
        assert_eq!(go(bands).unwrap(), 1, "who has no known population is in no band");
        let chosen =
            SendCircularInput { municipalities: vec!["25178\n Filandia-Quindio \n25178".into()], ..typed(CircularAudience::Chosen) };
        assert_eq!(go(chosen).unwrap(), 2, "named twice is once");
        let Err(Error::Rejected(faults)) =
            go(SendCircularInput { municipalities: vec!["nadie".into()], ..typed(CircularAudience::Chosen) })
        else {
            panic!("must be rejected")
        };
        assert_eq!(faults.len(), 2, "who is unknown, and that nobody is left: {faults:?}");
    }

    #[test]
    fn a_date_needs_something_to_answer_and_lies_ahead() {
        let due = |day, ask: Option<&str>| {
            let typed = SendCircularInput { due_on: Some(LocalDate(day)), ask: ask.map(str::to_owned), ..typed(CircularAudience::All) };
            written(&typed, &towns(), date!(2026 - 11 - 23))
        };
        assert!(due(date!(2026 - 11 - 23), Some("Responda")).is_ok());
        assert!(due(date!(2026 - 11 - 22), Some("Responda")).is_err());
        assert!(due(date!(2026 - 11 - 30), None).is_err());
    }

    #[test]
    fn a_delivery_stands_as_its_dates_say() {
        let (day, mut one) = (date!(2026 - 11 - 30), delivery());
        assert_eq!(state(&one, day), DeliveryState::Unread);
        one.read_at = Some(datetime!(2026-11-21 12:00 UTC));
        assert_eq!(state(&one, day), DeliveryState::Read);
        assert_eq!(state(&one, date!(2026 - 12 - 01)), DeliveryState::Late);
        one.answered_at = Some(datetime!(2026-12-02 03:00 UTC));
        assert_eq!(
            (state(&one, date!(2026 - 12 - 05)), days_late(&one)),
            (DeliveryState::Answered, 1),
            "in Bogotá it was the first of December"
        );
        one.withdrawn_at = Some(datetime!(2026-12-03 12:00 UTC));
        assert_eq!(state(&one, day), DeliveryState::Withdrawn);
    }

    #[test]
    fn a_name_in_addresses_is_year_and_number() {
        assert_eq!(parts(&slug(2026, 3)).unwrap(), (2026, 3));
        for wrong in ["2026", "2026-", "a-1", "2026-3-1", "+1-2"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }
}
