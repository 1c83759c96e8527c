//! Facts of support, and what is due.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Card, CardLine, Duty, Holding, Measure};
use kernel::{Result, Tx};

use crate::clocks::measures as clocks;
use crate::mailing;
use crate::mailing::model::IncomingMailState;
use crate::model::{Filter, TicketCategory, TicketRow, TicketStatus};
use crate::store;

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "support.open_tickets",
        unit: "solicitudes",
        explanation: "Solicitudes a la mesa de ayuda que aún no se han resuelto.",
        compute: |tx, asked| open_tickets(tx, asked).boxed(),
    },
    clocks::FIRST_ANSWER,
    clocks::SOLUTION,
    Measure {
        name: "support.satisfaction",
        unit: "de 5",
        explanation: "Promedio de lo que el municipio dijo de la ayuda recibida en los últimos 90 días, de 1 (nada satisfecho) a 5 (muy satisfecho).",
        compute: |tx, asked| satisfaction(tx, asked).boxed(),
    },
];

async fn satisfaction(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    store::mean_satisfaction(tx, asked.at - clocks::WINDOW, asked.at).await
}

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

/// What the help centre has before it: clocks, then mails that nobody has placed.
pub(crate) fn desk_duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let mut duties = clocks::duties(tx).await?;
        let (_, waiting) = mailing::store::incoming(tx, IncomingMailState::Waiting, 1, 0).await?;
        if waiting > 0 {
            duties.push(Duty {
                kind: "support.mail",
                title: format!("Correos por asignar: {waiting}"),
                reason: "No se sabe de qué municipio son; nadie los ha leído.".to_owned(),
                due_on: None,
                path: "/mesa/correo".to_owned(),
                account: None,
            });
        }
        Ok(duties)
    }
    .boxed()
}

/// This tenant's tickets that are not settled.
async fn open(tx: &mut Tx) -> Result<Vec<TicketRow>> {
    let (tenant, filter) = (tx.tenant()?, Filter { open: Some(true), ..Filter::default() });
    Ok(store::tickets(tx, Some(tenant), filter, 500, 0).await?.0)
}

/// What somebody of the municipality asked and waits for.
pub(crate) fn holdings(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Holding>>> {
    async move {
        let held = open(tx).await?.into_iter().filter_map(|ticket| {
            Some(Holding {
                kind: "ticket",
                title: format!("Solicitud {} a la mesa de ayuda", ticket.number),
                account: ticket.opened_by?,
                path: format!("/admin/soporte/{}", ticket.number),
            })
        });
        Ok(held.collect())
    }
    .boxed()
}

/// Every open ticket; its subject stays inside, for people write what they like into it.
pub(crate) fn cards(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Card>>> {
    async move {
        let line = |ticket: TicketRow| {
            let about = match ticket.category {
                TicketCategory::Credentials => "Acceso a la administración",
                TicketCategory::Publishing => "Publicación",
                TicketCategory::EmailAccess => "Correo institucional",
                TicketCategory::Other => "Otro asunto",
            };
            let opened = calendar_day(ticket.opened_at);
            CardLine { title: ticket.number.to_string(), detail: format!("{about}. Abierta el {opened}."), due_on: None }
        };
        let lines = open(tx).await?.into_iter().map(line).collect();
        Ok(vec![Card { kind: "support.open", title: "Solicitudes abiertas en la mesa de ayuda", lines }])
    }
    .boxed()
}

fn calendar_day(at: time::OffsetDateTime) -> String {
    let day = kernel::clock::local(at).date();
    format!("{:02}/{:02}/{}", day.day(), u8::from(day.month()), day.year())
}
