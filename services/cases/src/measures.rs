//! Facts of the cases, and which of them are due.

use calendar::Deadline;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Measure};
use kernel::{Result, Tx};

use crate::{rules, store};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "cases.answered_in_time_share",
        unit: "%",
        explanation: "De las solicitudes de los últimos 365 días que ya se respondieron o ya vencieron, la parte que se respondió a tiempo.",
        compute: |tx, asked| answered_in_time_share(tx, asked).boxed(),
    },
    Measure {
        name: "cases.petition_form_available",
        unit: "sí o no",
        explanation: "El sitio recibe peticiones, quejas, reclamos, sugerencias y denuncias en línea y da radicado al instante.",
        compute: |_, _| async { Ok(Some(1.0)) }.boxed(),
    },
    Measure {
        name: "cases.open_count",
        unit: "solicitudes",
        explanation: "Solicitudes recibidas que esperan respuesta.",
        compute: |tx, asked| open_count(tx, asked).boxed(),
    },
];

async fn answered_in_time_share(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let today = kernel::clock::local(asked.at).date();
    let (in_time, all) = store::answered_in_time(tx, asked.at - time::Duration::days(365), asked.at, today).await?;
    Ok((all > 0).then(|| 100.0 * in_time as f64 / all as f64))
}

async fn open_count(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::open_count(tx, asked.at).await? as f64))
}

/// So many working days before its date a case is due on the desk.
const NOTICE: u32 = 5;

/// Every open case that is late, falls due within five working days, or has no date of its own.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let (today, calendar) = (tx.today(), rules::calendar(tx.entry()?.as_ref())?);
        let horizon = Deadline::business_days(today, NOTICE, &calendar).due_on;
        let due = store::open_until(tx, horizon).await?.into_iter().map(|case| Duty {
            kind: "cases.answer",
            title: format!("Responder {}: {}", case.radicado, case.subject),
            reason: match case.due_on {
                Some(due_on) => {
                    format!("{}. {}", rules::kind_name(&case.kind), rules::days_left_text(rules::days_left(today, due_on, &calendar)))
                }
                None => format!("{}. El oficio fija la fecha de respuesta.", rules::kind_name(&case.kind)),
            },
            due_on: case.due_on,
            path: format!("/admin/casos/{}", case.radicado),
            account: None,
        });
        Ok(due.collect())
    }
    .boxed()
}
