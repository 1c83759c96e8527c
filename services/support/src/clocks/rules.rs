//! Which events a change of a ticket makes, and the clocks that come of a ticket's events.

use calendar::sla::{Clock, ClockKind, Clocks, End, Priority, Waits, What};
use time::OffsetDateTime;

use super::model::{ClockRow, EventKind, EventRow, Pressing, TicketClockKind};
use super::policy::{self, ServicePolicy};
use crate::model::{MessageAuthor, MessageRow, TicketPriority, TicketRow, TicketStatus};

impl From<TicketPriority> for Priority {
    fn from(priority: TicketPriority) -> Self {
        match priority {
            TicketPriority::Low => Self::Low,
            TicketPriority::Normal => Self::Normal,
            TicketPriority::High => Self::High,
            TicketPriority::Urgent => Self::Urgent,
        }
    }
}

impl From<ClockKind> for TicketClockKind {
    fn from(kind: ClockKind) -> Self {
        match kind {
            ClockKind::FirstAnswer => Self::FirstAnswer,
            ClockKind::Update => Self::Update,
            ClockKind::Solution => Self::Solution,
        }
    }
}

/// What opens a ticket.
pub(crate) fn opening(policy: &ServicePolicy, at: OffsetDateTime, priority: TicketPriority, actor: Option<&str>) -> EventRow {
    let calendar = Some(policy.calendar.clone());
    EventRow { priority: Some(priority), calendar, ..EventRow::plain(at, EventKind::Opened, actor) }
}

/// The state in which a ticket waits for somebody, as an event.
fn wait(status: TicketStatus) -> Option<EventKind> {
    match status {
        TicketStatus::WaitingMunicipality => Some(EventKind::WaitsForAsker),
        TicketStatus::WaitingThirdParty => Some(EventKind::WaitsForThirdParty),
        _ => None,
    }
}

/// The events that lead from one state of a ticket to the next, in the order in which its clocks take them. `answered`: the help centre
/// has said a word to whoever asked.
pub(crate) fn between(before: &TicketRow, after: &TicketRow, answered: bool, at: OffsetDateTime, actor: Option<&str>) -> Vec<EventRow> {
    let plain = |kind| EventRow::plain(at, kind, actor);
    let mut events = Vec::new();
    if before.priority != after.priority {
        events.push(EventRow { priority: Some(after.priority), ..plain(EventKind::PriorityChanged) });
    }
    let (was_settled, settled) = (before.status.settled(), after.status.settled());
    if was_settled && !settled {
        events.push(plain(EventKind::Reopened));
    }
    if answered && !settled {
        events.push(plain(EventKind::Answered));
    }
    match (wait(before.status), wait(after.status)) {
        (was, Some(now)) if was != Some(now) => events.push(plain(now)),
        (Some(_), None) if !settled => events.push(plain(EventKind::Resumed)),
        _ => {}
    }
    if settled && !was_settled {
        // What the municipality closes unsolved, nobody solved or failed to.
        events.push(plain(if after.status == TicketStatus::Closed { EventKind::Dropped } else { EventKind::Resolved }));
    }
    events
}

/// The events of a ticket whose log was not kept: read off its conversation and where it stands. When it changed state is known no
/// better than by its last change.
pub(crate) fn derived(policy: &ServicePolicy, ticket: &TicketRow, messages: &[MessageRow]) -> Vec<EventRow> {
    let mut events = vec![opening(policy, ticket.opened_at, ticket.priority, ticket.opened_by_name.as_deref())];
    let answers = messages.iter().filter(|message| message.author == MessageAuthor::Agent && !message.internal);
    events.extend(answers.map(|message| EventRow::plain(message.at, EventKind::Answered, message.author_name.as_deref())));
    let last = match ticket.status {
        TicketStatus::Resolved | TicketStatus::Closed => Some(EventKind::Resolved),
        status => wait(status),
    };
    events.extend(last.map(|kind| EventRow::plain(ticket.updated_at, kind, None)));
    events.sort_by_key(|event| event.at);
    events
}

/// The clocks of a ticket's events at a moment; none of a log that does not begin with an opening.
pub(crate) fn clocks(events: &[EventRow], now: OffsetDateTime) -> Option<Clocks<'static>> {
    let (opened, rest) = events.split_first().filter(|(first, _)| first.kind == EventKind::Opened)?;
    let policy = policy::at(opened.at)?;
    let agenda = policy.agenda(opened.calendar.as_deref().unwrap_or(&policy.calendar));
    let mut clocks = Clocks::open(&policy.promise, agenda, opened.priority.unwrap_or_default().into(), opened.at);
    for event in rest.iter().filter(|event| event.at <= now) {
        if let Some(what) = what(policy, event) {
            clocks.apply(event.at, what);
        }
    }
    clocks.advance(now);
    Some(clocks)
}

fn what(policy: &'static ServicePolicy, event: &EventRow) -> Option<What<'static>> {
    Some(match event.kind {
        EventKind::Opened => return None,
        EventKind::Answered => What::Answered,
        EventKind::WaitsForAsker => What::Paused(Waits::Asker),
        EventKind::WaitsForThirdParty => What::Paused(Waits::ThirdParty),
        EventKind::Resumed => What::Resumed,
        EventKind::Resolved => What::Resolved,
        EventKind::Reopened => What::Reopened,
        EventKind::Dropped => What::Dropped,
        EventKind::PriorityChanged => What::PriorityChanged(event.priority?.into()),
        EventKind::CalendarChanged => What::CalendarChanged(policy.agenda(event.calendar.as_deref()?)),
    })
}

/// The key of the hours that a ticket is counted in.
pub(crate) fn calendar_of(events: &[EventRow]) -> Option<&str> {
    events.iter().rev().find_map(|event| event.calendar.as_deref())
}

/// What is kept of a clock.
pub(crate) fn row(clock: &Clock<'_>) -> ClockRow {
    ClockRow {
        kind: clock.kind.into(),
        began_at: clock.began_at,
        target_seconds: clock.target,
        elapsed_seconds: clock.elapsed,
        breached_at: clock.breached_at,
        ended_at: clock.ended.map(|(at, _)| at),
        met: clock.met(),
    }
}

/// What the queue needs: the nearest moment at which something breaches or breached.
pub(crate) fn pressing(clocks: &Clocks<'_>) -> Pressing {
    let living = || clocks.all().iter().filter(|clock| clock.ended.is_none());
    let nearest = living().filter_map(|clock| clocks.due_at(clock).map(|due_at| (due_at, clock.kind))).min();
    Pressing {
        due_at: nearest.map(|(due_at, _)| due_at),
        due_clock: nearest.map(|(_, kind)| kind.into()),
        warns_at: living().filter_map(|clock| clocks.warns_at(clock)).min(),
        breached_at: living().filter_map(|clock| clock.breached_at).min(),
    }
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum ClockStanding {
    /// It runs, or will when the doors open.
    Running,
    /// It runs and is about to breach.
    Warning,
    /// It stands still while somebody is waited for.
    Paused,
    /// It has passed its target and is not over.
    Breached,
    /// It ended in time.
    Met,
    /// It ended too late.
    Late,
    /// It ended with nothing to hold it against.
    Ended,
    /// It stopped counting without an outcome.
    Dropped,
    /// It never breaches: nothing is promised, or there is no open hour.
    Never,
}

/// How a clock stands at the moment up to which the clocks were moved on.
pub(crate) fn standing(clocks: &Clocks<'_>, clock: &Clock<'_>) -> ClockStanding {
    match (clock.ended, clock.met()) {
        (_, Some(true)) => ClockStanding::Met,
        (_, Some(false)) => ClockStanding::Late,
        (Some((_, End::Dropped)), None) => ClockStanding::Dropped,
        (Some((_, End::Done)), None) => ClockStanding::Ended,
        (None, None) if clock.breached_at.is_some() => ClockStanding::Breached,
        (None, None) if clock.target.is_none() => ClockStanding::Never,
        (None, None) if !clocks.runs(clock) => ClockStanding::Paused,
        (None, None) => match (clocks.due_at(clock), clocks.warns_at(clock)) {
            (None, _) => ClockStanding::Never,
            (Some(_), Some(warns_at)) if warns_at <= clocks.as_of() => ClockStanding::Warning,
            (Some(_), _) => ClockStanding::Running,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{EventKind, between, clocks, derived, policy};
    use crate::clocks::model::EventRow;
    use crate::model::{MessageAuthor, MessageRow, TicketCategory, TicketPriority, TicketRow, TicketStatus};
    use time::macros::datetime;
    use time::{Duration, OffsetDateTime};
    use uuid::Uuid;

    const OPENED: OffsetDateTime = datetime!(2026-11-23 09:00 -5);

    fn ticket(status: TicketStatus) -> TicketRow {
        TicketRow {
            tenant_id: Uuid::nil(),
            id: Uuid::nil(),
            number: 1,
            category: TicketCategory::Other,
            subject: String::new(),
            body: String::new(),
            status,
            priority: TicketPriority::Normal,
            opened_at: OPENED,
            opened_by: None,
            opened_by_name: None,
            contact_email: None,
            contact_phone: None,
            assigned_to: None,
            assigned_name: None,
            waiting_since: None,
            updated_at: OPENED + Duration::hours(3),
            idempotency_key: String::new(),
            impact: None,
            urgency: None,
            reopened_at: None,
            due_at: None,
            due_clock: None,
            warns_at: None,
            breached_at: None,
        }
    }

    fn led(before: TicketStatus, after: TicketStatus, answered: bool) -> Vec<EventKind> {
        let events = between(&ticket(before), &ticket(after), answered, OPENED, None);
        events.into_iter().map(|event| event.kind).collect()
    }

    #[test]
    fn every_change_of_state_is_told_in_the_order_in_which_clocks_take_it() {
        use EventKind::{Answered, Dropped, Reopened, Resolved, Resumed, WaitsForAsker, WaitsForThirdParty};
        use TicketStatus::{Closed, New, Open, Resolved as Solved, WaitingMunicipality, WaitingThirdParty};
        for (before, after, answered, expected) in [
            (New, New, false, vec![]),
            (New, Open, true, vec![Answered]),
            (Open, WaitingMunicipality, true, vec![Answered, WaitsForAsker]),
            (WaitingMunicipality, WaitingThirdParty, false, vec![WaitsForThirdParty]),
            (WaitingMunicipality, WaitingMunicipality, true, vec![Answered]),
            (WaitingThirdParty, Open, false, vec![Resumed]),
            (WaitingMunicipality, Solved, false, vec![Resolved]),
            (Open, Closed, false, vec![Dropped]),
            (Solved, Closed, false, vec![]),
            (Solved, Open, false, vec![Reopened]),
            (Solved, WaitingMunicipality, true, vec![Reopened, Answered, WaitsForAsker]),
        ] {
            assert_eq!(led(before, after, answered), expected, "{before:?} {after:?}");
        }
        let urgent = TicketRow { priority: TicketPriority::Urgent, ..ticket(Open) };
        assert_eq!(between(&ticket(Open), &urgent, false, OPENED, None)[0].priority, Some(TicketPriority::Urgent));
    }

    #[test]
    fn a_log_that_was_not_kept_is_read_off_the_conversation() {
        let message = |author, hours, internal| MessageRow {
            id: Uuid::nil(),
            at: OPENED + Duration::hours(hours),
            author,
            author_name: None,
            text: String::new(),
            internal,
        };
        let messages = [
            message(MessageAuthor::Agent, 1, true),
            message(MessageAuthor::Agent, 2, false),
            message(MessageAuthor::Municipality, 3, false),
        ];
        let policy = policy::at(OPENED).unwrap();
        let events = derived(policy, &ticket(TicketStatus::Resolved), &messages);
        let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Opened, EventKind::Answered, EventKind::Resolved]);
        let worked_out = clocks(&events, OPENED + Duration::hours(9)).unwrap();
        // 9 to 11 for the first answer; to noon for the solution.
        let ran: Vec<_> = worked_out.all().iter().map(|clock| (clock.elapsed / 3600, clock.met())).collect();
        assert_eq!(ran, [(2, Some(true)), (3, Some(true)), (1, Some(true))]);
        let headless: Vec<EventRow> = events.into_iter().skip(1).collect();
        assert!(clocks(&headless, OPENED).is_none());
    }
}
