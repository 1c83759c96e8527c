//! What part of the catalogue is published and what part is online, and the sheets that wait for somebody.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Duty, Measure};
use kernel::{Result, Tx};

use crate::model::{AutomationLevel, ReviewState, Sheet};
use crate::{rules, service};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "tramites.published_share",
        unit: "%",
        explanation: "De los trámites, otros procedimientos y consultas que aplican en el municipio, cuántos tienen su ficha pública y \
                      confirmada. Una ficha del catálogo nacional cuenta cuando se vio en una fuente publicada o cuando la alcaldía la confirmó; \
                      las que dicen «por confirmar» no cuentan.",
        compute: |tx, _| share(tx, false, published).boxed(),
    },
    Measure {
        name: "tramites.automated_share",
        unit: "%",
        explanation: "De los trámites, otros procedimientos y consultas que aplican en el municipio, cuántos se pueden por lo menos iniciar en línea.",
        compute: |tx, _| share(tx, false, automated).boxed(),
    },
    Measure {
        name: "services.published_share",
        unit: "%",
        explanation: "De los servicios que presta el municipio, cuántos tienen su ficha pública y confirmada. Una ficha del catálogo nacional \
                      cuenta cuando se vio en una fuente publicada o cuando la alcaldía la confirmó; las que dicen «por confirmar» no cuentan.",
        compute: |tx, _| share(tx, true, published).boxed(),
    },
    Measure {
        name: "services.automated_share",
        unit: "%",
        explanation: "De los servicios que presta el municipio, cuántos se pueden por lo menos pedir en línea.",
        compute: |tx, _| share(tx, true, automated).boxed(),
    },
];

fn published(sheet: &Sheet) -> bool {
    sheet.public() && sheet.confirmed()
}

fn automated(sheet: &Sheet) -> bool {
    sheet.automation() >= AutomationLevel::StartedOnline
}

async fn share(tx: &mut Tx, services: bool, holds: fn(&Sheet) -> bool) -> Result<Option<f64>> {
    Ok(rules::share(&service::catalogue(tx).await?, services, holds))
}

/// Sheets that nobody answers for, and sheets that nobody has reviewed for half a year: each sort is one duty.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let now = tx.now();
        let sheets = service::catalogue(tx).await?;
        let waiting = |state| sheets.iter().filter(|sheet| sheet.review(now) == state).collect::<Vec<_>>();
        let (to_confirm, to_review) = (waiting(ReviewState::ToConfirm), waiting(ReviewState::ToReview));
        let mut due = Vec::new();
        if !to_confirm.is_empty() {
            due.push(Duty {
                kind: "tramites.confirm",
                title: format!("Confirmar {} del catálogo", counted(to_confirm.len())),
                reason: "El costo, el plazo y los requisitos dicen «por confirmar» hasta que la alcaldía los revise.".to_owned(),
                due_on: None,
                path: "/admin/tramites?ver=TO_CONFIRM".to_owned(),
                account: None,
            });
        }
        if !to_review.is_empty() {
            let oldest = to_review.iter().filter_map(|sheet| sheet.entry.confirmed_at).min();
            due.push(Duty {
                kind: "tramites.review",
                title: format!("Revisar {} del catálogo", counted(to_review.len())),
                reason: match oldest {
                    Some(at) => format!("Las fichas se revisan cada seis meses; la más antigua lleva {} días.", (now - at).whole_days()),
                    None => "Vienen del catálogo nacional y nadie de la alcaldía las ha revisado.".to_owned(),
                },
                due_on: oldest.map(|at| kernel::clock::local(at + rules::REVIEW_EVERY).date()),
                path: "/admin/tramites?ver=TO_REVIEW".to_owned(),
                account: None,
            });
        }
        Ok(due)
    }
    .boxed()
}

fn counted(sheets: usize) -> String {
    if sheets == 1 { "1 ficha".to_owned() } else { format!("{sheets} fichas") }
}
