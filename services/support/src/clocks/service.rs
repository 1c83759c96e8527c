//! Writes what happens to a ticket, and works its clocks out anew from all that did.

use kernel::{Error, Result, Tx};
use serde_json::json;

use super::model::{EventKind, EventRow, Pressing};
use super::{jobs, policy, rules, store};
use crate::model::{MessageRow, TicketRow};

/// The clocks of a ticket that has just been opened and stored.
pub(crate) async fn begin(tx: &mut Tx, ticket: &mut TicketRow) -> Result<()> {
    let Some(policy) = policy::at(ticket.opened_at) else { return Ok(()) };
    let opening = rules::opening(policy, ticket.opened_at, ticket.priority, ticket.opened_by_name.as_deref());
    import(tx, ticket, vec![opening]).await
}

/// Stores a ticket's whole log, which it did not have, and what its clocks say of it.
pub(crate) async fn import(tx: &mut Tx, ticket: &mut TicketRow, events: Vec<EventRow>) -> Result<()> {
    for (place, event) in events.iter().enumerate() {
        store::append(tx, ticket.id, place, event).await?;
    }
    work_out(tx, ticket, &events).await?;
    crate::store::update(tx, ticket).await
}

/// The log of a ticket that travels without one, or whose log was never kept.
pub(crate) fn derived(ticket: &TicketRow, messages: &[MessageRow]) -> Vec<EventRow> {
    policy::at(ticket.opened_at).map(|policy| rules::derived(policy, ticket, messages)).unwrap_or_default()
}

/// The log of a locked ticket of this tenant; one that was opened before logs were kept gets it here.
async fn log(tx: &mut Tx, ticket: &TicketRow) -> Result<Vec<EventRow>> {
    let events = store::events(tx, (ticket.tenant_id, ticket.id)).await?;
    if !events.is_empty() {
        return Ok(events);
    }
    let messages = crate::store::messages(tx, ticket.tenant_id, ticket.id).await?;
    let events = derived(ticket, &messages);
    for (place, event) in events.iter().enumerate() {
        store::append(tx, ticket.id, place, event).await?;
    }
    Ok(events)
}

/// What led a locked ticket from `before` to what it is now goes into its log, and its clocks follow. The ticket itself is stored by
/// whoever asks.
pub(crate) async fn follow(tx: &mut Tx, before: &TicketRow, ticket: &mut TicketRow, answered: bool, actor: Option<&str>) -> Result<()> {
    let now = tx.now();
    let mut events = log(tx, before).await?;
    for event in rules::between(before, ticket, answered, now, actor) {
        if event.kind == EventKind::Reopened {
            ticket.reopened_at = Some(now);
        }
        store::append(tx, ticket.id, events.len(), &event).await?;
        events.push(event);
    }
    work_out(tx, ticket, &events).await
}

/// Counts a ticket in other opening hours from now on.
pub(crate) async fn change_calendar(tx: &mut Tx, number: i64, calendar: &str, actor: &str) -> Result<TicketRow> {
    let mut ticket = crate::store::lock(tx, number).await?;
    let policy = policy::at(ticket.opened_at).ok_or(Error::NotFound)?;
    if !policy.agendas.contains_key(calendar) {
        return Err(Error::field("calendar", "UNKNOWN", "Elija uno de los horarios de la lista"));
    }
    if ticket.status.settled() {
        return Err(Error::field("calendar", "SETTLED", "La solicitud ya está resuelta"));
    }
    let mut events = log(tx, &ticket).await?;
    if rules::calendar_of(&events) != Some(calendar) {
        let event = EventRow::plain(tx.now(), EventKind::CalendarChanged, Some(actor));
        let event = EventRow { calendar: Some(calendar.to_owned()), ..event };
        store::append(tx, ticket.id, events.len(), &event).await?;
        events.push(event);
        work_out(tx, &mut ticket, &events).await?;
        ticket.updated_at = tx.now();
        crate::store::update(tx, &ticket).await?;
        tx.audit("support.ticket.calendar", "ticket", &ticket.number.to_string(), json!({ "calendar": calendar })).await?;
    }
    Ok(ticket)
}

/// Marks what has breached by now; `false` when there was nothing to mark. The moment was foreseen when the clocks were last worked out.
pub(crate) async fn mark_breach(tx: &mut Tx, number: i64) -> Result<bool> {
    let mut ticket = crate::store::lock(tx, number).await?;
    let (before, events) = (ticket.breached_at, log(tx, &ticket).await?);
    work_out(tx, &mut ticket, &events).await?;
    crate::store::update(tx, &ticket).await?;
    let newly = before.is_none() && ticket.breached_at.is_some();
    if newly {
        tx.audit("support.ticket.breached", "ticket", &ticket.number.to_string(), json!({ "priority": ticket.priority })).await?;
    }
    Ok(newly)
}

/// Works the clocks out from the whole log, keeps them, and has a job come by when the next of them breaches.
async fn work_out(tx: &mut Tx, ticket: &mut TicketRow, events: &[EventRow]) -> Result<()> {
    let now = tx.now();
    let Some(clocks) = rules::clocks(events, now) else { return Ok(()) };
    for (place, clock) in clocks.all().iter().enumerate() {
        store::keep(tx, ticket.id, place, &rules::row(clock)).await?;
    }
    let Pressing { due_at, due_clock, warns_at, breached_at } = rules::pressing(&clocks);
    (ticket.due_at, ticket.due_clock, ticket.warns_at, ticket.breached_at) = (due_at, due_clock, warns_at, breached_at);
    // What is breached already is marked here; the next clock of the ticket has its own moment.
    let next = clocks.all().iter().filter(|clock| clock.breached_at.is_none()).filter_map(|clock| clocks.due_at(clock)).min();
    match next.filter(|next| *next >= now) {
        Some(next) => jobs::come_by(tx, ticket.number, next).await,
        None => Ok(()),
    }
}
