//! Queries and mutations of tasks.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::directory::Audience;
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::viewer::SignedIn;
use kernel::{Error, Permission, Result, Tx, file};
use uuid::Uuid;

use super::model::{Recurrence, Responsible, TaskEventRow, TaskRow, TaskState, TaskView};
use super::rules::Matter;
use super::service::{self, Draft};
use super::store;
use crate::{meetings, members, rules};

/// What somebody has to do by a date.
pub struct Task(pub(crate) TaskRow);

/// What somebody has to do by a date.
#[Object]
impl Task {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What is to be done, in one line.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What else is to be known.
    async fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Who answers for it, as written when it was given; null while nobody does.
    async fn responsible(&self) -> Option<&str> {
        self.0.responsible.as_deref()
    }

    /// The seat or the account that answers for it, as `taskResponsibles` lists it.
    async fn responsible_id(&self) -> Option<ID> {
        self.0.member_id.or(self.0.account_id).map(ID::from)
    }

    /// Whether it needs somebody to answer for it: nobody does, or whoever did has left the committee or the team.
    #[graphql(complexity = 5)]
    async fn needs_responsible(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let (today, row) = (tx.today(), &self.0);
        if !row.is_open() || row.responsible.is_none() {
            return Ok(row.is_open());
        }
        if let Some(account) = row.account_id {
            return Ok(!cx.platform.registry().members(&mut tx).await?.iter().any(|person| person.account == account));
        }
        Ok(members::store::members(&mut tx).await?.iter().any(|seat| Some(seat.id) == row.member_id && seat.has_left(today)))
    }

    /// Whether the viewer answers for it.
    async fn mine(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(self.0.account_id.is_some() && self.0.account_id == Cx::of(ctx)?.viewer.id())
    }

    /// Until when.
    async fn due_on(&self) -> LocalDate {
        LocalDate(self.0.due_on)
    }

    /// Days left: 0 on the day, negative when late; null when it is closed.
    async fn days_left(&self, ctx: &Context<'_>) -> GqlResult<Option<i32>> {
        let today = Cx::of(ctx)?.platform.clock().today();
        Ok(self.0.is_open().then(|| (self.0.due_on - today).whole_days() as i32))
    }

    /// The plan's action line that it serves.
    async fn action_line(&self) -> Option<i32> {
        self.0.action_line
    }

    /// The activity of that line that it serves.
    async fn activity(&self) -> Option<i32> {
        self.0.activity
    }

    /// How it stands.
    async fn state(&self) -> TaskState {
        self.0.state
    }

    /// Why it will not be done.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// What was done.
    async fn evidence(&self) -> Option<&str> {
        self.0.evidence.as_deref()
    }

    /// How often it comes again; null where it does not.
    async fn recurrence(&self) -> Option<Recurrence> {
        self.0.recurrence
    }

    /// Until when it comes again.
    async fn recurs_until(&self) -> Option<LocalDate> {
        self.0.recurs_until.map(LocalDate)
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was closed.
    async fn closed_at(&self) -> Option<DateTime> {
        self.0.closed_at.map(DateTime)
    }

    /// What happened to it, newest first.
    #[graphql(complexity = "3 + 2 * child_complexity")]
    async fn history(&self, ctx: &Context<'_>) -> GqlResult<Vec<TaskEvent>> {
        let events = store::events(&mut *Cx::of(ctx)?.read().await?, Some(self.0.id)).await?;
        Ok(events.into_iter().rev().map(TaskEvent::from).collect())
    }

    /// The files that show what was done.
    #[graphql(complexity = "3 + child_complexity")]
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let files = file::of(&mut *Cx::of(ctx)?.read().await?, &subject(self.0.id)).await?;
        Ok(files.into_iter().map(File::from).collect())
    }
}

/// What a task's files hang on.
fn subject(id: Uuid) -> String {
    format!("task/{id}")
}

kernel::connection!(TaskConnection, Task);

/// Something that happened to a task.
#[derive(SimpleObject)]
pub struct TaskEvent {
    /// When.
    at: DateTime,
    /// Who did it; null for the platform itself.
    by: Option<String>,
    /// What, in one sentence.
    text: String,
}

impl From<TaskEventRow> for TaskEvent {
    fn from(row: TaskEventRow) -> Self {
        Self { at: DateTime(row.at), by: row.actor_name, text: row.text }
    }
}

/// Somebody who may answer for a task.
#[derive(SimpleObject)]
pub struct TaskResponsible {
    /// The seat in the committee, or the account of who has none.
    id: ID,
    /// The person's name.
    name: String,
    /// Whether the person sits in the committee.
    seated: bool,
    /// Whether reminders reach the person.
    reachable: bool,
}

impl TaskResponsible {
    fn of(person: Responsible) -> Option<Self> {
        let id = person.id()?.into();
        let reachable = person.account_id.is_some() || person.email.is_some();
        Some(Self { id, seated: person.member_id.is_some(), reachable, name: person.name? })
    }
}

/// Queries of tasks.
#[derive(Default)]
pub struct TasksQuery;

/// Queries of tasks.
#[Object]
impl TasksQuery {
    /// Tasks of a view, or all; by words of title, detail or responsible; what falls due first comes first.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        view: Option<TaskView>,
        search: Option<String>,
    ) -> GqlResult<TaskConnection> {
        let cx = Cx::of(ctx)?;
        let paging = Paging::new(first, after.as_deref())?;
        let mut tx = cx.read().await?;
        let team = match view {
            Some(TaskView::Unassigned) => cx.platform.registry().members(&mut tx).await?.into_iter().map(|person| person.account).collect(),
            _ => Vec::new(),
        };
        let words = rules::line(&search.unwrap_or_default());
        let filter = store::Filter { view, account: cx.viewer.id(), team, words };
        let (rows, total) = store::tasks(&mut tx, &filter, paging.limit, paging.offset).await?;
        Ok(TaskConnection::new(paging, rows.into_iter().map(Task).collect(), total))
    }

    /// One task.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn task(&self, ctx: &Context<'_>, id: ID) -> GqlResult<Option<Task>> {
        let Ok(id) = rules::id(&id) else { return Ok(None) };
        Ok(store::task(&mut *Cx::of(ctx)?.read().await?, id).await?.map(Task))
    }

    /// Who may answer for a task: who sits in the committee, then who else works on the site.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn task_responsibles(&self, ctx: &Context<'_>) -> GqlResult<Vec<TaskResponsible>> {
        let cx = Cx::of(ctx)?;
        let people = service::candidates(&mut *cx.read().await?, cx.platform.registry()).await?;
        Ok(people.into_iter().filter_map(TaskResponsible::of).collect())
    }
}

/// A task to add.
#[derive(InputObject)]
pub struct AddTaskInput {
    /// What is to be done, at most 200 letters.
    title: String,
    /// What else is to be known.
    detail: Option<String>,
    /// Who answers for it: an id of `taskResponsibles`. Needed, but for a task that a decision asks for.
    responsible: Option<ID>,
    /// Until when; needed, today or later.
    due_on: Option<LocalDate>,
    /// The plan's action line that it serves.
    action_line: Option<i32>,
    /// The activity of that line that it serves.
    activity: Option<i32>,
    /// How often it comes again.
    recurrence: Option<Recurrence>,
    /// Until when it comes again; needed where it does.
    recurs_until: Option<LocalDate>,
    /// The decision of a meeting that asks for it.
    decision: Option<ID>,
    /// The same key is the same task, however often it is sent.
    idempotency_key: String,
}

/// A task as it should be.
#[derive(InputObject)]
pub struct ChangeTaskInput {
    /// The task.
    id: ID,
    /// What is to be done, at most 200 letters.
    title: String,
    /// What else is to be known.
    detail: Option<String>,
    /// Until when; needed, today or later unless it stays.
    due_on: Option<LocalDate>,
    /// The plan's action line that it serves.
    action_line: Option<i32>,
    /// The activity of that line that it serves.
    activity: Option<i32>,
    /// How often it comes again.
    recurrence: Option<Recurrence>,
    /// Until when it comes again; needed where it does.
    recurs_until: Option<LocalDate>,
}

/// A task to give to somebody.
#[derive(InputObject)]
pub struct AssignTaskInput {
    /// The task.
    id: ID,
    /// Who answers for it: an id of `taskResponsibles`; needed.
    responsible: Option<ID>,
}

/// A task that was done.
#[derive(InputObject)]
pub struct FinishTaskInput {
    /// The task.
    id: ID,
    /// What was done; needed where no file shows it.
    evidence: Option<String>,
    /// Files that show it.
    files: Option<Vec<ID>>,
}

/// A task that will not be done.
#[derive(InputObject)]
pub struct DropTaskInput {
    /// The task.
    id: ID,
    /// Why.
    reason: String,
}

/// A task to take up again.
#[derive(InputObject)]
pub struct ReopenTaskInput {
    /// The task.
    id: ID,
}

kernel::payload!(AddTaskPayload { task: Task });
kernel::payload!(ChangeTaskPayload { task: Task });
kernel::payload!(AssignTaskPayload { task: Task });
kernel::payload!(FinishTaskPayload { task: Task });
kernel::payload!(DropTaskPayload { task: Task });
kernel::payload!(ReopenTaskPayload { task: Task });

/// Whoever is signed in.
pub(crate) fn me(cx: &Cx) -> Result<&SignedIn> {
    cx.viewer.account.as_ref().ok_or(Error::Unauthenticated)
}

/// Who was chosen of `taskResponsibles`; nobody where the choice was left open.
pub(crate) fn chosen(id: Option<&ID>) -> Result<Option<Uuid>> {
    let unknown = || Error::field("responsible", "NOT_FOUND", "Elija a una persona de la lista");
    id.filter(|id| !id.is_empty()).map(|id| Uuid::try_parse(id).map_err(|_| unknown())).transpose()
}

/// The uploads that were named.
pub(crate) fn uploads(ids: Option<Vec<ID>>) -> Result<Vec<Uuid>> {
    let unknown = |_| Error::field("files", "NOT_FOUND", "Uno de los archivos ya no está. Elíjalo otra vez");
    ids.unwrap_or_default().iter().map(|id| Uuid::try_parse(id).map_err(unknown)).collect()
}

async fn add(cx: &Cx, tx: &mut Tx, input: AddTaskInput) -> Result<TaskRow> {
    let decision = match input.decision.as_ref().filter(|id| !id.is_empty()) {
        Some(id) => Some(meetings::service::undone_decision(tx, rules::id(id)?, &input.idempotency_key).await?),
        None => None,
    };
    let draft = Draft {
        matter: Matter {
            title: input.title,
            detail: input.detail,
            due_on: input.due_on.map(|day| day.0),
            action_line: input.action_line,
            activity: input.activity,
            recurrence: input.recurrence,
            recurs_until: input.recurs_until.map(|day| day.0),
        },
        responsible: chosen(input.responsible.as_ref())?,
        origin: decision.as_ref().map(|(_, meeting)| format!("la decisión del acta {meeting}")),
        key: input.idempotency_key,
    };
    let task = service::add(tx, cx.platform.registry(), draft, me(cx)?).await?;
    if let Some((decision, _)) = decision {
        meetings::service::becomes(tx, decision, task.id).await?;
    }
    Ok(task)
}

async fn finish(cx: &Cx, tx: &mut Tx, input: FinishTaskInput) -> Result<TaskRow> {
    if cx.tenant.kind.audience() != Audience::Municipality {
        // The help centre and the agency have no committee, and no task in it.
        return Err(Error::NotFound);
    }
    let (id, files) = (rules::id(&input.id)?, uploads(input.files)?);
    let task = service::finish(tx, id, input.evidence.as_deref(), &files, &cx.viewer).await?;
    file::attach(tx, &files, &subject(id), file::Public::No).await?;
    Ok(task)
}

async fn change(cx: &Cx, tx: &mut Tx, input: ChangeTaskInput) -> Result<TaskRow> {
    let matter = Matter {
        title: input.title,
        detail: input.detail,
        due_on: input.due_on.map(|day| day.0),
        action_line: input.action_line,
        activity: input.activity,
        recurrence: input.recurrence,
        recurs_until: input.recurs_until.map(|day| day.0),
    };
    service::change(tx, rules::id(&input.id)?, matter, me(cx)?).await
}

async fn assign(cx: &Cx, tx: &mut Tx, input: AssignTaskInput) -> Result<TaskRow> {
    service::assign(tx, cx.platform.registry(), rules::id(&input.id)?, chosen(input.responsible.as_ref())?, me(cx)?).await
}

async fn drop_task(cx: &Cx, tx: &mut Tx, input: DropTaskInput) -> Result<TaskRow> {
    service::drop(tx, rules::id(&input.id)?, &input.reason, me(cx)?).await
}

async fn reopen(cx: &Cx, tx: &mut Tx, input: ReopenTaskInput) -> Result<TaskRow> {
    service::reopen(tx, rules::id(&input.id)?, me(cx)?).await
}

/// Mutations of tasks.
#[derive(Default)]
pub struct TasksMutation;

/// Mutations of tasks.
#[Object]
impl TasksMutation {
    /// Adds a task, on its own or for a decision of a meeting.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn add_task(&self, ctx: &Context<'_>, input: AddTaskInput) -> GqlResult<AddTaskPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = add(cx, &mut tx, input).await;
        AddTaskPayload::of(tx.settle(done).await.map(Task))
    }

    /// Words a task otherwise, or gives it another date.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn change_task(&self, ctx: &Context<'_>, input: ChangeTaskInput) -> GqlResult<ChangeTaskPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = change(cx, &mut tx, input).await;
        ChangeTaskPayload::of(tx.settle(done).await.map(Task))
    }

    /// Gives a task to somebody.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn assign_task(&self, ctx: &Context<'_>, input: AssignTaskInput) -> GqlResult<AssignTaskPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = assign(cx, &mut tx, input).await;
        AssignTaskPayload::of(tx.settle(done).await.map(Task))
    }

    /// Says that a task is done, with what shows it; who keeps the plan may, and whoever answers for it. One that comes again makes the next.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn finish_task(&self, ctx: &Context<'_>, input: FinishTaskInput) -> GqlResult<FinishTaskPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = finish(cx, &mut tx, input).await;
        FinishTaskPayload::of(tx.settle(done).await.map(Task))
    }

    /// Says that a task will not be done, and why.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn drop_task(&self, ctx: &Context<'_>, input: DropTaskInput) -> GqlResult<DropTaskPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = drop_task(cx, &mut tx, input).await;
        DropTaskPayload::of(tx.settle(done).await.map(Task))
    }

    /// Takes up again a task that was closed.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn reopen_task(&self, ctx: &Context<'_>, input: ReopenTaskInput) -> GqlResult<ReopenTaskPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = reopen(cx, &mut tx, input).await;
        ReopenTaskPayload::of(tx.settle(done).await.map(Task))
    }
}
