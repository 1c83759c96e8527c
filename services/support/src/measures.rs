//! Facts of support, and what is due.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Measure};
use kernel::{Result, Tx};

use crate::model::{Filter, TicketStatus};
use crate::store;

pub(crate) const MEASURES: &[Measure] = &[Measure {
    name: "support.open_tickets",
    unit: "solicitudes",
    explanation: "Solicitudes a la mesa de ayuda que aún no se han resuelto.",
    compute: |tx, asked| open_tickets(tx, asked).boxed(),
}];

async fn open_tickets(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::open_count(tx, asked.at).await? as f64))
}

/// A ticket that waits for a word of the municipality.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let filter = Filter { status: Some(TicketStatus::WaitingMunicipality), ..Filter::default() };
        let tenant = tx.tenant()?;
        let (waiting, _) = store::tickets(tx, Some(tenant), filter, 20, 0).await?;
        Ok(waiting
            .into_iter()
            .map(|ticket| Duty {
                kind: "support.answer",
                title: format!("Responder a la mesa de ayuda: {}", ticket.subject),
                reason: format!("La solicitud {} está en pausa hasta que usted responda.", ticket.number),
                due_on: None,
                path: format!("/admin/soporte/{}", ticket.number),
                account: ticket.opened_by,
            })
            .collect())
    }
    .boxed()
}
