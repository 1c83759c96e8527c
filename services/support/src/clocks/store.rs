//! SQL of the clocks.

use kernel::{Result, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{ClockRow, EventKind, EventRow, LevelRow, TicketClockKind, TicketKey};
use crate::model::TicketPriority;

/// The log of a ticket, in order.
pub(crate) async fn events(tx: &mut Tx, (tenant, ticket): TicketKey) -> Result<Vec<EventRow>> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"select at, kind as "kind: _", priority as "priority: _", calendar, actor_name
           from support.ticket_event where tenant_id = $1 and ticket_id = $2 order by place"#,
        tenant,
        ticket
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Adds to the log of a ticket of this tenant, behind the events that it has.
pub(crate) async fn append(tx: &mut Tx, ticket: Uuid, place: usize, event: &EventRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into support.ticket_event (tenant_id, ticket_id, place, at, kind, priority, calendar, actor_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        ticket,
        place as i32,
        event.at,
        event.kind as EventKind,
        event.priority as Option<TicketPriority>,
        event.calendar,
        event.actor_name
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps what a clock of a ticket of this tenant says.
pub(crate) async fn keep(tx: &mut Tx, ticket: Uuid, place: usize, clock: &ClockRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into support.ticket_clock (tenant_id, ticket_id, place, kind, began_at, target_seconds, elapsed_seconds, breached_at, ended_at, met)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict on constraint ticket_clock_pkey do update
         set kind = excluded.kind, began_at = excluded.began_at, target_seconds = excluded.target_seconds,
             elapsed_seconds = excluded.elapsed_seconds, breached_at = excluded.breached_at, ended_at = excluded.ended_at, met = excluded.met",
        tenant,
        ticket,
        place as i32,
        clock.kind as TicketClockKind,
        clock.began_at,
        clock.target_seconds,
        clock.elapsed_seconds,
        clock.breached_at,
        clock.ended_at,
        clock.met
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Of the clocks that ended between two moments, or breached in them and still live, how many there are of each kind and how many were
/// in time; of this tenant, or of every one where `tenant` is none (the help centre).
pub(crate) async fn levels(tx: &mut Tx, tenant: Option<Uuid>, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<LevelRow>> {
    Ok(sqlx::query_as!(
        LevelRow,
        r#"select kind as "kind: _", count(*) as "total!", count(*) filter (where met) as "met!"
           from support.ticket_clock
           where ($1::uuid is null or tenant_id = $1)
             and (met is not null and ended_at > $2 and ended_at <= $3 or ended_at is null and breached_at > $2 and breached_at <= $3)
           group by kind order by kind"#,
        tenant,
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?)
}
