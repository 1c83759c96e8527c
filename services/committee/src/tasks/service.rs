//! Use cases of tasks.

use calendar::spanish::long_date;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Event, Holding, Registry};
use kernel::error::Faults;
use kernel::viewer::SignedIn;
use kernel::{Error, Permission, Result, Tx, Viewer, clock};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::model::{ReminderRow, Responsible, TaskEventRow, TaskRow, TaskState};
use super::rules::{self, Matter};
use super::store;
use crate::jobs;
use crate::members::store::members;
use crate::rules::{both, fits, line, not_over, some_body};

/// Everybody who may answer for a task: who sits in the committee, then who else works on the site.
pub(crate) async fn candidates(tx: &mut Tx, registry: &Registry) -> Result<Vec<Responsible>> {
    let today = tx.today();
    let mut team = registry.members(tx).await?;
    let mut people = Vec::new();
    for seat in members(tx).await?.into_iter().filter(|seat| seat.sits(today)) {
        team.retain(|person| Some(person.account) != seat.account_id);
        people.push(Responsible { member_id: Some(seat.id), account_id: seat.account_id, name: Some(seat.name), email: seat.email });
    }
    let others = team.into_iter();
    people.extend(others.map(|person| Responsible {
        member_id: None,
        account_id: Some(person.account),
        name: Some(person.name),
        email: None,
    }));
    Ok(people)
}

/// The candidate of that id: a seat's or an account's. A task given to nobody is refused.
async fn candidate(tx: &mut Tx, registry: &Registry, id: Option<Uuid>) -> Result<Responsible> {
    let id = id.ok_or_else(|| Error::field("responsible", "REQUIRED", "Elija quién responde: una tarea de nadie no se hace"))?;
    let mut people = candidates(tx, registry).await?.into_iter();
    people
        .find(|person| person.id() == Some(id) || person.account_id == Some(id))
        .ok_or_else(|| Error::field("responsible", "NOT_FOUND", "Esa persona no está hoy en el comité ni en el equipo; elija otra"))
}

/// A task to add.
pub(crate) struct Draft {
    pub(crate) matter: Matter,
    /// A seat of the committee or an account of the team.
    pub(crate) responsible: Option<Uuid>,
    /// Where it comes from, in words; what the committee decided may wait for somebody to answer for it.
    pub(crate) origin: Option<String>,
    pub(crate) key: String,
}

/// Adds a task. The same submission again is the same task.
pub(crate) async fn add(tx: &mut Tx, registry: &Registry, draft: Draft, me: &SignedIn) -> Result<TaskRow> {
    let mut faults = Faults::default();
    let key = crate::rules::key(&mut faults, &draft.key);
    faults.into_result()?;
    if let Some(known) = store::task_of_key(tx, &key).await? {
        return Ok(known);
    }
    let who = match (draft.responsible, &draft.origin) {
        (None, Some(_)) => Ok(Responsible::default()),
        (id, _) => candidate(tx, registry, id).await,
    };
    let ((matter, due_on), who) = both(rules::matter(draft.matter, tx.today(), None), who)?;
    let task = TaskRow {
        id: tx.id(),
        title: matter.title,
        detail: matter.detail,
        responsible: None,
        member_id: None,
        account_id: None,
        email: None,
        due_on,
        action_line: matter.action_line,
        activity: matter.activity,
        state: TaskState::Open,
        reason: None,
        evidence: None,
        recurrence: matter.recurrence,
        recurs_until: matter.recurs_until,
        series_from: due_on,
        idempotency_key: key,
        created_at: tx.now(),
        closed_at: None,
    }
    .given_to(who);
    let first = format!("La creó{}", draft.origin.map_or_else(String::new, |origin| format!(" de {origin}")));
    put(tx, &task, &format!("{first}, {}", given(&task)), me).await?;
    Ok(task)
}

async fn put(tx: &mut Tx, task: &TaskRow, text: &str, me: &SignedIn) -> Result<()> {
    store::insert_task(tx, task).await?;
    note(tx, task.id, text, Some(me)).await?;
    tx.audit("committee.task.added", "task", &task.id.to_string(), json!({ "title": task.title, "due_on": task.due_on.to_string() })).await
}

fn given(task: &TaskRow) -> String {
    let to = task.responsible.as_deref().map_or_else(|| "sin responsable".to_owned(), |name| format!("a cargo de {name}"));
    let again = match (task.recurrence, task.recurs_until) {
        (Some(often), Some(until)) => format!(", y vuelve {} hasta el {}", often.words(), long_date(until)),
        _ => String::new(),
    };
    format!("{to}, para el {}{again}.", long_date(task.due_on))
}

/// Adds to what happened to a task.
async fn note(tx: &mut Tx, task: Uuid, text: &str, me: Option<&SignedIn>) -> Result<()> {
    let event = TaskEventRow {
        id: tx.id(),
        task_id: task,
        at: tx.now(),
        actor_id: tx.actor(),
        actor_name: me.map(|me| me.name.clone()),
        text: text.to_owned(),
    };
    store::insert_event(tx, &event).await
}

/// A task that is still to be done, kept from changing until commit.
async fn open(tx: &mut Tx, id: Uuid) -> Result<TaskRow> {
    let task = store::locked_task(tx, id).await?.ok_or(Error::NotFound)?;
    if task.is_open() { Ok(task) } else { Err(Error::whole("CLOSED", "Esta tarea ya se cerró. Si hace falta, ábrala de nuevo.")) }
}

async fn keep(tx: &mut Tx, task: TaskRow, action: &str, text: &str, me: &SignedIn) -> Result<TaskRow> {
    store::update_task(tx, &task).await?;
    note(tx, task.id, text, Some(me)).await?;
    tx.audit(action, "task", &task.id.to_string(), json!({ "title": task.title, "what": text })).await?;
    Ok(task)
}

/// Words a task otherwise, or gives it another date.
pub(crate) async fn change(tx: &mut Tx, id: Uuid, typed: Matter, me: &SignedIn) -> Result<TaskRow> {
    let task = open(tx, id).await?;
    let (matter, due_on) = rules::matter(typed, tx.today(), Some(task.due_on))?;
    let text = if due_on == task.due_on {
        "Cambió lo que dice.".to_owned()
    } else {
        format!("Pasó la fecha del {} al {}.", long_date(task.due_on), long_date(due_on))
    };
    let task = TaskRow {
        title: matter.title,
        detail: matter.detail,
        due_on,
        action_line: matter.action_line,
        activity: matter.activity,
        recurrence: matter.recurrence,
        recurs_until: matter.recurs_until,
        // A date that is moved begins the series anew from there.
        series_from: if due_on == task.due_on { task.series_from } else { due_on },
        ..task
    };
    keep(tx, task, "committee.task.changed", &text, me).await
}

/// Gives a task to somebody.
pub(crate) async fn assign(tx: &mut Tx, registry: &Registry, id: Uuid, responsible: Option<Uuid>, me: &SignedIn) -> Result<TaskRow> {
    let task = open(tx, id).await?;
    let who = candidate(tx, registry, responsible).await?;
    let text = format!("La puso a cargo de {}.", who.name.as_deref().unwrap_or_default());
    keep(tx, task.given_to(who), "committee.task.assigned", &text, me).await
}

/// Says that a task is done, with what shows it. Who keeps the plan may, and whoever answers for it. One that comes again makes the next.
pub(crate) async fn finish(tx: &mut Tx, id: Uuid, evidence: Option<&str>, files: &[Uuid], viewer: &Viewer) -> Result<TaskRow> {
    let me = viewer.account.as_ref().ok_or(Error::Unauthenticated)?;
    let task = open(tx, id).await?;
    if !viewer.can(Permission::KeepPlan) && task.account_id != Some(me.id) {
        return Err(Error::Forbidden);
    }
    let evidence = some_body(evidence);
    let mut faults = Faults::default();
    faults.require(
        evidence.is_some() || !files.is_empty(),
        "evidence",
        "REQUIRED",
        "Cuente qué se hizo o adjunte un archivo que lo muestre",
    );
    not_over(&mut faults, evidence.as_deref(), "evidence", "la evidencia", 4000);
    faults.into_result()?;
    let (now, today) = (tx.now(), tx.today());
    let task = TaskRow { state: TaskState::Done, evidence, closed_at: Some(now), ..task };
    let text = task.evidence.as_deref().map_or_else(|| "La cumplió.".to_owned(), |evidence| format!("La cumplió. {evidence}"));
    let task = keep(tx, task, "committee.task.done", &text, me).await?;
    let next = task.recurrence.zip(task.recurs_until);
    if let Some(due_on) = next.and_then(|(often, until)| rules::next_due(often, task.series_from, task.due_on, today, until)) {
        let key = format!("{}/{due_on}", task.id);
        // Opened again and done again, a task has its next one already.
        if store::task_of_key(tx, &key).await?.is_none() {
            let next = TaskRow {
                id: tx.id(),
                due_on,
                state: TaskState::Open,
                evidence: None,
                idempotency_key: key,
                created_at: now,
                closed_at: None,
                ..task.clone()
            };
            put(tx, &next, &format!("Viene de la anterior, {}", given(&next)), me).await?;
            note(tx, task.id, &format!("Quedó creada la siguiente, para el {}.", long_date(due_on)), None).await?;
        }
    }
    Ok(task)
}

/// Says that a task will not be done, and why.
pub(crate) async fn drop(tx: &mut Tx, id: Uuid, reason: &str, me: &SignedIn) -> Result<TaskRow> {
    let reason = line(reason);
    let mut faults = Faults::default();
    fits(&mut faults, &reason, "reason", "el motivo", 1000);
    faults.into_result()?;
    let (task, now) = (open(tx, id).await?, tx.now());
    let text = format!("Se dejó de hacer: {reason}");
    let task = TaskRow { state: TaskState::Dropped, reason: Some(reason), closed_at: Some(now), ..task };
    keep(tx, task, "committee.task.dropped", &text, me).await
}

/// Takes up again a task that was closed.
pub(crate) async fn reopen(tx: &mut Tx, id: Uuid, me: &SignedIn) -> Result<TaskRow> {
    let task = store::locked_task(tx, id).await?.ok_or(Error::NotFound)?;
    if task.is_open() {
        return Ok(task);
    }
    let task = TaskRow { state: TaskState::Open, reason: None, evidence: None, closed_at: None, ..task };
    keep(tx, task, "committee.task.reopened", "La abrió de nuevo.", me).await
}

/// Every open task is in the hands of the account that answers for it.
pub(crate) fn holdings(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Holding>>> {
    async move {
        let held = store::open_tasks(tx).await?.into_iter().filter_map(|task| {
            let title = format!("{} (para el {})", task.title, long_date(task.due_on));
            task.account_id.map(|account| Holding { kind: "task", title, account, path: path(task.id) })
        });
        Ok(held.collect())
    }
    .boxed()
}

/// The screen of a task.
pub(crate) fn path(id: Uuid) -> String {
    format!("/admin/comite/tareas/{id}")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Passed {
    from: Uuid,
    to: Uuid,
    to_name: String,
}

/// What one account holds passes to another: its open tasks go with it.
pub(crate) fn pass<'a>(tx: &'a mut Tx, event: &'a Event) -> BoxFuture<'a, Result<()>> {
    async move {
        let Passed { from, to, to_name } = serde_json::from_value(event.payload.clone())?;
        let today = tx.today();
        let seat = members(tx).await?.into_iter().find(|seat| seat.account_id == Some(to) && seat.sits(today));
        let (member_id, email) = seat.map_or((None, None), |seat| (Some(seat.id), seat.email));
        let who = Responsible { name: Some(to_name), member_id, account_id: Some(to), email };
        for task in store::open_tasks(tx).await?.into_iter().filter(|task| task.account_id == Some(from)) {
            let before = task.responsible.as_deref().unwrap_or("nadie");
            let text = format!("Pasó de {before} a {}.", who.name.as_deref().unwrap_or_default());
            let task = task.given_to(who.clone());
            store::update_task(tx, &task).await?;
            note(tx, task.id, &text, None).await?;
            tx.audit("committee.task.passed", "task", &task.id.to_string(), json!({ "from": from, "to": to })).await?;
        }
        Ok(())
    }
    .boxed()
}

/// Sends today's reminders, each once.
pub(crate) async fn remind(tx: &mut Tx) -> Result<()> {
    let (now, today) = (tx.now(), tx.today());
    for task in store::open_tasks(tx).await?.into_iter().filter(|task| task.email.is_some() || task.account_id.is_some()) {
        let Some(slot) = rules::reminder(task.due_on, clock::local(task.created_at).date(), today) else { continue };
        let reminder = ReminderRow { task_id: task.id, due_on: task.due_on, slot, at: now };
        if store::note_reminder(tx, &reminder).await? {
            jobs::mail(tx, &reminder).await?;
        }
    }
    Ok(())
}
