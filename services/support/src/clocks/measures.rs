//! The share of clocks that ended in time, and what the help centre's desk has due.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Measure};
use kernel::{Result, Tx};
use time::Duration;

use super::model::TicketClockKind;
use super::store;
use crate::model::{Due, Filter, TicketRow};

/// How far back the share looks.
pub(crate) const WINDOW: Duration = Duration::days(90);

/// The share of first answers in time.
pub(crate) const FIRST_ANSWER: Measure = Measure {
    name: "support.first_answer_met_share",
    unit: "%",
    explanation: "De las solicitudes a la mesa de ayuda cuya primera respuesta se dio o venció en los últimos 90 días, la parte que se respondió a tiempo, en horas de atención de la mesa.",
    compute: |tx, asked| met_share(tx, asked, TicketClockKind::FirstAnswer).boxed(),
};

/// The share of solutions in time.
pub(crate) const SOLUTION: Measure = Measure {
    name: "support.solution_met_share",
    unit: "%",
    explanation: "De las solicitudes a la mesa de ayuda que se resolvieron o vencieron en los últimos 90 días, la parte que se resolvió a tiempo, en horas de atención de la mesa. No cuenta lo que estuvo en pausa.",
    compute: |tx, asked| met_share(tx, asked, TicketClockKind::Solution).boxed(),
};

async fn met_share(tx: &mut Tx, asked: &Asked, kind: TicketClockKind) -> Result<Option<f64>> {
    let tenant = tx.tenant()?;
    let levels = store::levels(tx, Some(tenant), asked.at - WINDOW, asked.at).await?;
    let level = levels.into_iter().find(|level| level.kind == kind && level.total > 0);
    Ok(level.map(|level| 100.0 * level.met as f64 / level.total as f64))
}

/// What has breached or is about to, of every municipality: what the desk sees first.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let now = tx.now();
        let mut duties = Vec::new();
        for (due, title) in [(Due::Overdue, "Vencida"), (Due::Soon, "Por vencer")] {
            let filter = Filter { open: Some(true), due: Some((due, now)), ..Filter::default() };
            let (tickets, _) = crate::store::tickets(tx, None, filter, 20, 0).await?;
            duties.extend(tickets.iter().map(|ticket| duty(title, ticket)));
        }
        Ok(duties)
    }
    .boxed()
}

fn duty(title: &str, ticket: &TicketRow) -> Duty {
    let clock = match ticket.due_clock {
        Some(TicketClockKind::FirstAnswer) => "la primera respuesta",
        Some(TicketClockKind::Update) => "la siguiente respuesta",
        Some(TicketClockKind::Solution) | None => "la solución",
    };
    Duty {
        kind: "support.clock",
        title: format!("{title}: solicitud {}, {}", ticket.number, ticket.subject),
        reason: format!("El reloj de {clock} es el que vence primero."),
        due_on: ticket.due_at.or(ticket.breached_at).map(|at| kernel::clock::local(at).date()),
        path: format!("/mesa/{}", ticket.number),
        account: ticket.assigned_to,
    }
}
