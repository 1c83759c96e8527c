//! Facts of the plan, and what is due on it.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Duty, Measure};
use kernel::{Result, Tx, clock};
use time::Duration;

use crate::model::IndicatorKind;
use crate::{rules, store};

/// The measure of a phase, before the phase's key.
pub(crate) const PHASE_SHARE: &str = "plan.phase_share.";

/// What a computed measurement names as its source.
pub(crate) fn source(measure: &str) -> String {
    format!("measure:{measure}")
}

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "plan.phase_share.*",
        unit: "%",
        explanation: "Criterios cumplidos de la fase, entre los que le aplican al municipio; un criterio parcial cuenta la mitad.",
        compute: |tx, asked| store::phase_share(tx, &asked.parameter).boxed(),
    },
    Measure {
        name: "plan.published",
        unit: "sí o no",
        explanation: "El sitio publica un plan de acción con acciones, indicadores, metas, responsables, recursos y tiempos.",
        compute: |tx, _| async { Ok(Some(if store::plan_key(tx).await?.is_some() { 1.0 } else { 0.0 })) }.boxed(),
    },
];

/// A recorded figure is renewed at least each quarter.
const FRESH: Duration = Duration::days(90);

/// What the committee owes its plan: figures that only a person can record, and criteria that nobody has answered.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let Some(book) = store::book(tx).await? else { return Ok(Vec::new()) };
        let (now, latest) = (tx.now(), store::latest_measurements(tx).await?);
        let mut due = Vec::new();
        for indicator in book.indicators.iter().filter(|indicator| indicator.kind == IndicatorKind::Recorded) {
            let last = latest.get(&indicator.id).map(|row| row.at);
            if last.is_some_and(|last| now - last < FRESH) {
                continue;
            }
            due.push(Duty {
                kind: "plan.measurement",
                title: format!("Registrar: {}", indicator.name.trim_end_matches('.')),
                reason: match last {
                    Some(last) => format!("La última medición fue hace {} días; se renueva cada 90.", (now - last).whole_days()),
                    None => "Este indicador del plan no tiene ninguna medición.".to_owned(),
                },
                due_on: last.map(|last| clock::local(last + FRESH).date()),
                path: format!("/admin/plan#indicador-{}", indicator.id),
                account: None,
            });
        }
        let assessed = store::criterion_states(tx).await?;
        for phase in &book.phases {
            let criteria = rules::framework(&book.plan.framework)?.phase(&phase.key).map_or(&[][..], |phase| &phase.criteria);
            let open = criteria
                .iter()
                .filter(|criterion| criterion.measure.is_none() && !assessed.iter().any(|row| row.code == criterion.code))
                .count();
            if open > 0 {
                due.push(Duty {
                    kind: "plan.criteria",
                    title: format!(
                        "Evaluar {open} {} de la {}",
                        if open == 1 { "criterio" } else { "criterios" },
                        phase.name.to_lowercase()
                    ),
                    reason: "Sin evaluar cuentan como no cumplidos.".to_owned(),
                    due_on: None,
                    path: format!("/admin/plan?fase={}#criterios", phase.key),
                    account: None,
                });
            }
        }
        Ok(due)
    }
    .boxed()
}
