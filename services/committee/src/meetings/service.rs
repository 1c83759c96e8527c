//! Use cases of meetings.

use calendar::spanish::long_date;
use kernel::error::Faults;
use kernel::file::{self, Public};
use kernel::search::Entry;
use kernel::viewer::SignedIn;
use kernel::{Error, Result, Tx, clock, text};
use serde_json::json;
use uuid::Uuid;

use super::model::{AttendanceRow, AttendanceState, DecisionRow, MeetingRow, MeetingState, NoteRow};
use super::rules::{self, Summons, writable};
use super::store;
use crate::members::store::members;
use crate::rules::{body, fits, line, not_over, some_line};
use crate::tasks;

/// The word of meetings in the search index.
const MEETING: &str = "meeting";

/// Convenes a meeting and gives it its number. The same submission again is the same meeting.
pub(crate) async fn convene(tx: &mut Tx, typed: Summons, key: &str) -> Result<MeetingRow> {
    let mut faults = Faults::default();
    let idempotency_key = crate::rules::key(&mut faults, key);
    faults.into_result()?;
    if let Some(known) = store::meeting_of_key(tx, &idempotency_key).await? {
        return Ok(known);
    }
    let (summons, at) = rules::summons(typed, tx.today())?;
    let year = clock::local(at).year();
    let meeting = MeetingRow {
        id: tx.id(),
        year,
        number: store::next_number(tx, year).await?,
        kind: summons.kind,
        at,
        place: summons.place,
        agenda: summons.agenda,
        public: summons.public,
        state: MeetingState::Convened,
        minutes: None,
        guests: None,
        cancelled_for: None,
        minutes_at: None,
        approved_at: None,
        approved_by: None,
        idempotency_key,
        created_at: tx.now(),
    };
    store::insert_meeting(tx, &meeting).await?;
    told(tx, "committee.meeting.convened", &meeting).await?;
    Ok(meeting)
}

async fn told(tx: &mut Tx, action: &str, meeting: &MeetingRow) -> Result<()> {
    let detail = json!({ "number": meeting.key(), "at": meeting.at.to_string(), "state": meeting.state });
    tx.audit(action, "meeting", &meeting.id.to_string(), detail).await?;
    if meeting.public {
        tx.publish();
    }
    Ok(())
}

/// The meeting of that number, kept from changing until commit.
async fn locked(tx: &mut Tx, key: &str) -> Result<MeetingRow> {
    let (year, number) = rules::key(key).ok_or(Error::NotFound)?;
    store::locked_meeting(tx, year, number).await?.ok_or(Error::NotFound)
}

async fn keep(tx: &mut Tx, meeting: MeetingRow, action: &str) -> Result<MeetingRow> {
    store::update_meeting(tx, &meeting).await?;
    told(tx, action, &meeting).await?;
    Ok(meeting)
}

/// Moves a meeting or words its summons otherwise. It stays in its year, for its number is of that year.
pub(crate) async fn change(tx: &mut Tx, key: &str, typed: Summons) -> Result<MeetingRow> {
    let meeting = locked(tx, key).await?;
    writable(&meeting)?;
    let (summons, at) = rules::summons(typed, tx.today())?;
    if clock::local(at).year() != meeting.year {
        let message = format!("El acta es de {}; para otro año cancele esta reunión y cite otra", meeting.year);
        return Err(Error::field("heldOn", "YEAR", message));
    }
    if meeting.public {
        // Where it is made internal, the public has to see that too.
        tx.publish();
    }
    let Summons { kind, place, agenda, public, .. } = summons;
    keep(tx, MeetingRow { kind, at, place, agenda, public, ..meeting }, "committee.meeting.changed").await
}

/// Says that a meeting is not held, and why.
pub(crate) async fn cancel(tx: &mut Tx, key: &str, reason: &str) -> Result<MeetingRow> {
    let reason = line(reason);
    let mut faults = Faults::default();
    fits(&mut faults, &reason, "reason", "el motivo", 1000);
    faults.into_result()?;
    let meeting = locked(tx, key).await?;
    writable(&meeting)?;
    if meeting.state == MeetingState::Draft {
        return Err(Error::whole("HELD", "Esta reunión ya tiene acta en borrador, así que sí se hizo."));
    }
    keep(tx, MeetingRow { state: MeetingState::Cancelled, cancelled_for: Some(reason), ..meeting }, "committee.meeting.cancelled").await
}

/// What the minutes say.
pub(crate) struct Minutes<'a> {
    pub(crate) text: &'a str,
    pub(crate) present: &'a [Uuid],
    pub(crate) excused: &'a [Uuid],
    pub(crate) guests: Option<&'a str>,
    pub(crate) files: &'a [Uuid],
}

/// Writes the minutes of a meeting, as often as it takes until they are approved.
pub(crate) async fn write(tx: &mut Tx, key: &str, typed: Minutes<'_>) -> Result<MeetingRow> {
    let meeting = locked(tx, key).await?;
    writable(&meeting)?;
    let (minutes, guests, now) = (body(typed.text), some_line(typed.guests), tx.now());
    let day = clock::local(meeting.at).date();
    let seats: Vec<_> = members(tx).await?.into_iter().filter(|seat| seat.sits(day)).collect();
    let mut faults = Faults::default();
    faults.require(meeting.at <= now, "minutes", "EARLY", "La reunión todavía no se ha hecho; el acta se escribe después");
    fits(&mut faults, &minutes, "minutes", "el acta", 60_000);
    not_over(&mut faults, guests.as_deref(), "guests", "la lista de invitados", 1000);
    let known = |ids: &[Uuid]| ids.iter().all(|id| seats.iter().any(|seat| seat.id == *id));
    faults.require(known(typed.present), "present", "NOT_FOUND", "Marque solo a quienes eran del comité ese día");
    faults.require(known(typed.excused), "excused", "NOT_FOUND", "Marque solo a quienes eran del comité ese día");
    faults.require(
        !typed.present.iter().any(|id| typed.excused.contains(id)),
        "excused",
        "BOTH",
        "Alguien quedó marcado como presente y como excusado; deje uno solo",
    );
    faults.into_result()?;
    let rows: Vec<AttendanceRow> = seats
        .into_iter()
        .map(|seat| AttendanceRow {
            meeting_id: meeting.id,
            state: match seat.id {
                id if typed.present.contains(&id) => AttendanceState::Present,
                id if typed.excused.contains(&id) => AttendanceState::Excused,
                _ => AttendanceState::Absent,
            },
            member_id: seat.id,
            name: seat.name,
            post: seat.post,
        })
        .collect();
    store::replace_attendance(tx, meeting.id, &rows).await?;
    // What belongs to minutes is shown with them, once they are approved.
    file::attach(tx, typed.files, &subject(meeting.id), Public::No).await?;
    let minutes_at = meeting.minutes_at.or(Some(now));
    let meeting = MeetingRow { state: MeetingState::Draft, minutes: Some(minutes), guests, minutes_at, ..meeting };
    keep(tx, meeting, "committee.minutes.written").await
}

/// What a meeting's files hang on.
pub(crate) fn subject(id: Uuid) -> String {
    format!("meeting/{id}")
}

/// Adds to what a meeting decided. The same words again are the same decision.
pub(crate) async fn decide(tx: &mut Tx, key: &str, typed: &str) -> Result<DecisionRow> {
    let text = line(typed);
    let mut faults = Faults::default();
    fits(&mut faults, &text, "text", "la decisión", 1000);
    faults.into_result()?;
    let meeting = locked(tx, key).await?;
    writable(&meeting)?;
    let known = store::decisions(tx, Some(meeting.id)).await?;
    if let Some(same) = known.iter().find(|decision| decision.text == text) {
        return Ok(same.clone());
    }
    let place = known.last().map_or(1, |last| last.place + 1);
    let decision = DecisionRow { id: tx.id(), meeting_id: meeting.id, place, text, task_id: None };
    store::insert_decision(tx, &decision).await?;
    let detail = json!({ "number": meeting.key(), "text": decision.text });
    tx.audit("committee.decision.added", "decision", &decision.id.to_string(), detail).await?;
    Ok(decision)
}

/// Takes a decision out of minutes that are not approved; one that is a task already stays.
pub(crate) async fn retract(tx: &mut Tx, id: Uuid) -> Result<MeetingRow> {
    let decision = store::locked_decision(tx, id).await?.ok_or(Error::NotFound)?;
    let meeting = store::meeting_of_id(tx, decision.meeting_id).await?.ok_or(Error::NotFound)?;
    writable(&meeting)?;
    if decision.task_id.is_some() {
        return Err(Error::whole("TASK", "Esta decisión ya es una tarea. Deje de hacer la tarea primero, con su motivo."));
    }
    store::delete_decision(tx, id).await?;
    tx.audit("committee.decision.removed", "decision", &id.to_string(), json!({ "number": meeting.key(), "text": decision.text })).await?;
    Ok(meeting)
}

/// A decision that is to become a task, and the meeting that took it: `3 de 2026`. It becomes one task, however often it is sent.
pub(crate) async fn undone_decision(tx: &mut Tx, id: Uuid, key: &str) -> Result<(Uuid, String)> {
    let decision = store::locked_decision(tx, id).await?.ok_or(Error::NotFound)?;
    let meeting = store::meeting_of_id(tx, decision.meeting_id).await?.ok_or(Error::NotFound)?;
    if let Some(task) = decision.task_id {
        let same = tasks::store::task(tx, task).await?.is_some_and(|task| task.idempotency_key == key.trim());
        if !same {
            return Err(Error::whole("TASK", "Esta decisión ya es una tarea."));
        }
    }
    Ok((id, format!("{} de {}", meeting.number, meeting.year)))
}

/// Notes which task a decision became.
pub(crate) async fn becomes(tx: &mut Tx, decision: Uuid, task: Uuid) -> Result<()> {
    store::set_task(tx, decision, task).await?;
    tx.audit("committee.decision.made_task", "decision", &decision.to_string(), json!({ "task": task })).await
}

/// Approves the minutes: from then on they do not change, and where the meeting is public everybody reads them.
pub(crate) async fn approve(tx: &mut Tx, key: &str, me: &SignedIn) -> Result<MeetingRow> {
    let meeting = locked(tx, key).await?;
    writable(&meeting)?;
    if meeting.minutes.is_none() {
        return Err(Error::whole("EMPTY", "Todavía no hay acta que aprobar; escríbala primero."));
    }
    let came = store::attendance(tx, Some(meeting.id)).await?.iter().any(|row| row.state == AttendanceState::Present);
    if !came {
        return Err(Error::whole("NOBODY", "El acta no dice quién asistió; márquelo antes de aprobarla."));
    }
    let (approved_at, approved_by) = (Some(tx.now()), Some(me.name.clone()));
    let meeting = MeetingRow { state: MeetingState::Approved, approved_at, approved_by, ..meeting };
    let meeting = keep(tx, meeting, "committee.minutes.approved").await?;
    if meeting.is_published() {
        file::set_public(tx, &subject(meeting.id), Public::Yes).await?;
        index(tx, &meeting).await?;
    }
    Ok(meeting)
}

/// Makes published minutes findable.
pub(crate) async fn index(tx: &mut Tx, meeting: &MeetingRow) -> Result<()> {
    let minutes = meeting.minutes.as_deref().unwrap_or_default();
    tx.index(Entry {
        kind: MEETING,
        key: meeting.key(),
        title: format!("{} del Comité GEL-T", meeting.title()),
        summary: format!("Reunión del {}. {}", long_date(clock::local(meeting.at).date()), text::summary(minutes, 120)),
        text: format!("{}\n{minutes}", meeting.agenda),
        path: format!("/comite/actas/{}", meeting.key()),
    })
    .await
}

/// Corrects approved minutes by a note beside them. The same words again are the same note.
pub(crate) async fn note(tx: &mut Tx, key: &str, typed: &str, me: &SignedIn) -> Result<MeetingRow> {
    let text = body(typed);
    let mut faults = Faults::default();
    fits(&mut faults, &text, "text", "la nota", 2000);
    faults.into_result()?;
    let meeting = locked(tx, key).await?;
    if meeting.state != MeetingState::Approved {
        return Err(Error::whole("DRAFT", "El acta no está aprobada todavía: corríjala directamente."));
    }
    if store::notes(tx, Some(meeting.id)).await?.last().is_some_and(|last| last.text == text) {
        return Ok(meeting);
    }
    let note = NoteRow { id: tx.id(), meeting_id: meeting.id, at: tx.now(), actor_name: Some(me.name.clone()), text };
    store::insert_note(tx, &note).await?;
    told(tx, "committee.minutes.noted", &meeting).await?;
    Ok(meeting)
}
