//! Facts of identity, and what is due.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Measure};
use kernel::{Result, Tx, clock};

use crate::store;

pub(crate) const MEASURES: &[Measure] = &[Measure {
    name: "identity.officials_enrolled_count",
    unit: "personas",
    explanation: "Personas del municipio con una cuenta y un rol vigente en la administración.",
    compute: |tx, asked| officials_enrolled(tx, asked).boxed(),
}];

async fn officials_enrolled(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::enrolled(tx, asked.at).await? as f64))
}

/// A colleague who cannot get in waits for a coordinator's word.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let waiting = store::unconfirmed(tx).await?;
        Ok(waiting
            .into_iter()
            .map(|reset| Duty {
                kind: "identity.confirm_reset",
                title: format!("Confirmar que {} pidió cambiar su clave", reset.account_name),
                reason: format!("La mesa de ayuda lo necesita para la solicitud {}.", reset.ticket_number),
                due_on: Some(clock::local(reset.expires_at).date()),
                path: "/admin/equipo".to_owned(),
                account: None,
            })
            .collect())
    }
    .boxed()
}
