//! Facts of the plan, and what is due on it.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Duty, Measure};
use kernel::{Result, Tx, clock};
use time::Duration;

use crate::frameworks::duties as criteria;
use crate::frameworks::store::share_on;
use crate::indicators::model::{IndicatorKind, Support};
use crate::indicators::rules::contradiction;
use crate::indicators::store::latest_measurements;
use crate::text::store;

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
        compute: |tx, asked| share_on(tx, &asked.parameter, clock::local(asked.at).date()).boxed(),
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
        let Some(book) = store::book(tx).await? else { return criteria::due(tx).await };
        let now = tx.now();
        let latest = latest_measurements(tx, now).await?;
        let mut due = Vec::new();
        for indicator in &book.indicators {
            let (name, path) =
                (indicator.name.trim_end_matches('.'), format!("/admin/plan/indicadores/{}/{}", indicator.action_line, indicator.key));
            if let Some(wrong) = contradiction(indicator) {
                let title = format!("Revisar la meta: {name}");
                due.push(Duty { kind: "plan.target", title, reason: wrong, due_on: None, path: path.clone(), account: None });
            }
            if indicator.kind == IndicatorKind::Computed {
                continue;
            }
            let last = latest.get(&indicator.id);
            if last.is_some_and(|row| row.support() == Support::Removed) {
                due.push(Duty {
                    kind: "plan.evidence",
                    title: format!("Reponer el soporte: {name}"),
                    reason: "El soporte de la última medición se retiró; en el sitio aparece sin soporte.".to_owned(),
                    due_on: None,
                    path: path.clone(),
                    account: None,
                });
            }
            let last = last.map(|row| row.at);
            if last.is_some_and(|last| now - last < FRESH) {
                continue;
            }
            due.push(Duty {
                kind: "plan.measurement",
                title: format!("Registrar: {name}"),
                reason: match last {
                    Some(last) => format!("La última medición fue hace {} días; se renueva cada 90.", (now - last).whole_days()),
                    None => "Este indicador del plan no tiene ninguna medición.".to_owned(),
                },
                due_on: last.map(|last| clock::local(last + FRESH).date()),
                path,
                account: None,
            });
        }
        due.extend(criteria::due(tx).await?);
        Ok(due)
    }
    .boxed()
}
