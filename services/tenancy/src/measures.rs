//! Facts of the municipality's own data, and of how its site is kept.

use futures::FutureExt;
use kernel::capability::Measure;
use kernel::directory::TenantEntry;
use kernel::{Result, Tx};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "tenancy.contact.*",
        unit: "dato(s)",
        explanation: "Datos del municipio que están completos y salen al pie de todas las páginas, de los que el criterio nombra.",
        compute: |tx, asked| futures::future::ready(contact(tx, &asked.parameter)).boxed(),
    },
    Measure {
        name: "tenancy.gov_domain",
        unit: "sí o no",
        explanation: "Alguna de las direcciones del sitio termina en .gov.co.",
        compute: |tx, _| futures::future::ready(gov_domain(tx)).boxed(),
    },
    Measure {
        name: "tenancy.protection.*",
        unit: "sí o no",
        explanation: "La plataforma lo hace en el sitio de todos los municipios, y lo prueba con cada versión.",
        compute: |_, asked| futures::future::ready(Ok(PROTECTIONS.contains(&asked.parameter.as_str()).then_some(1.0))).boxed(),
    },
];

/// What the platform does for every tenant by construction; tests of the door, of sessions and of the audit log look for each.
const PROTECTIONS: [&str; 7] = ["audit", "cookies", "errors", "headers", "input", "roles", "throttle"];

/// How many of the named data there are, as `address+email`; unknown where one of them is not known.
fn contact(tx: &Tx, named: &str) -> Result<Option<f64>> {
    let entry = tx.entry()?;
    let there: Option<Vec<bool>> = named.split('+').map(|name| datum(&entry, name)).collect();
    Ok(there.map(|there| there.into_iter().filter(|there| *there).count() as f64))
}

fn datum(entry: &TenantEntry, name: &str) -> Option<bool> {
    let labelled = |word: &str| entry.phones.iter().any(|phone| phone.label.to_lowercase().contains(word));
    Some(match name {
        "official-name" => !entry.official_name.is_empty(),
        "address" => entry.address.is_some() && !entry.department.is_empty(),
        "postal-code" => entry.postal_code.is_some(),
        "email" => entry.email.is_some(),
        "hours" => entry.hours_text.is_some(),
        "phones" => !entry.phones.is_empty(),
        "dialling" => !entry.phones.is_empty() && entry.phones.iter().all(|phone| phone.dial.is_some()),
        // The words by which the foot of the pages tells them apart.
        "switchboard" => labelled("conmutador"),
        "free-line" => labelled("gratuita"),
        "anticorruption-line" => labelled("anticorrup"),
        _ => return None,
    })
}

fn gov_domain(tx: &Tx) -> Result<Option<f64>> {
    Ok(Some(if tx.hosts()?.iter().any(|host| host.ends_with(".gov.co")) { 1.0 } else { 0.0 }))
}
