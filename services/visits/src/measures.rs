//! Facts of the visits, and what the agency has to close.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Measure};
use kernel::{Result, Tx};

use crate::figures::{self, told::Kind};
use crate::model::Month;
use crate::{closes, store};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "visits.month_count",
        unit: "visitas",
        explanation: "Visitas al sitio desde el primer día del mes, sin robots ni repeticiones de la misma persona en menos de 30 minutos.",
        compute: |tx, asked| month_count(tx, asked).boxed(),
    },
    Measure {
        name: "visits.days_counted",
        unit: "día(s)",
        explanation: "Días de los últimos 30 en los que se contaron visitas al sitio.",
        compute: |tx, asked| days_counted(tx, asked).boxed(),
    },
    Measure {
        name: "visits.unmet_searches",
        unit: "búsquedas",
        explanation: "Búsquedas de los últimos 30 días en el sitio que no encontraron nada.",
        compute: |tx, asked| unmet(tx, asked).boxed(),
    },
    Measure {
        name: "visits.searches_met_share",
        unit: "%",
        explanation: "Búsquedas de los últimos 30 días en el sitio que encontraron algo, de todas las que se hicieron.",
        compute: |tx, asked| met_share(tx, asked).boxed(),
    },
    Measure {
        name: "visits.downloads",
        unit: "archivos",
        explanation: "Archivos del sitio que se descargaron en los últimos 30 días, sin robots ni repeticiones.",
        compute: |tx, asked| downloads(tx, asked).boxed(),
    },
];

/// The hits of a kind in the last thirty days.
async fn last_days(tx: &mut Tx, kind: Kind, asked: &Asked) -> Result<i64> {
    let until = kernel::clock::local(asked.at).date();
    figures::store::sum(tx, kind, None, until - time::Duration::days(29), until).await
}

async fn unmet(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(last_days(tx, Kind::Unmet, asked).await? as f64))
}

async fn met_share(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let (met, unmet) = (last_days(tx, Kind::Search, asked).await?, last_days(tx, Kind::Unmet, asked).await?);
    Ok((met + unmet > 0).then(|| 100.0 * met as f64 / (met + unmet) as f64))
}

async fn downloads(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(last_days(tx, Kind::Download, asked).await? as f64))
}

async fn days_counted(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::days_counted(tx, asked.at - time::Duration::days(30), asked.at).await? as f64))
}

async fn month_count(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::visits_between(tx, Month::of(asked.at).begins(), asked.at).await? as f64))
}

/// The agency is due to answer what is objected to, and to close every month of the last year that has ended, where anything was counted
/// in it.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let mut due = Vec::new();
        let last_day = |at: time::OffsetDateTime| Some(kernel::clock::local(at).date());
        for (name, open) in closes::store::unanswered(tx).await? {
            let Some(month) = Month::parse(&name) else { continue };
            let objections = if open == 1 { "la objeción".to_owned() } else { format!("{open} objeciones") };
            due.push(Duty {
                kind: "visits.objections",
                title: format!("Contestar {objections} a {}", month.text()),
                reason: "Sin respuesta a cada objeción el mes no se puede cerrar.".to_owned(),
                due_on: last_day(month.ends() + time::Duration::days(closes::rules::DAYS_TO_CLOSE - 1)),
                path: format!("/admin/cierres/{name}"),
                account: None,
            });
        }
        for back in (1..=12).rev() {
            let month = Month::of(tx.now()).plus(-back);
            if store::close_of(tx, month).await?.is_some() || store::month_visits(tx, month).await?.is_empty() {
                continue;
            }
            due.push(Duty {
                kind: "visits.month_close",
                title: format!("Cerrar el mes de {}", month.text()),
                reason: "El mes terminó y su ranking todavía no está publicado.".to_owned(),
                due_on: last_day(month.ends() + time::Duration::days(closes::rules::DAYS_TO_CLOSE - 1)),
                path: "/admin".to_owned(),
                account: None,
            });
        }
        Ok(due)
    }
    .boxed()
}
