//! SQL of tasks.

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::{Recurrence, ReminderRow, TaskEventRow, TaskRow, TaskState, TaskView};

/// Selects whole tasks; every query of them has the same columns.
macro_rules! tasks {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            TaskRow,
            r#"select id, title, detail, responsible, member_id, account_id, email, due_on, action_line, activity, state as "state: TaskState",
                      reason, evidence, recurrence as "recurrence: Recurrence", recurs_until, series_from, idempotency_key, created_at, closed_at
               from committee.task where tenant_id = $1 "# + $rest,
            $($argument),+
        )
    };
}

pub(crate) async fn insert_task(tx: &mut Tx, task: &TaskRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.task (tenant_id, id, title, detail, responsible, member_id, account_id, email, due_on, action_line, activity,
                                     state, reason, evidence, recurrence, recurs_until, series_from, idempotency_key, created_at, closed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        tenant,
        task.id,
        task.title,
        task.detail,
        task.responsible,
        task.member_id,
        task.account_id,
        task.email,
        task.due_on,
        task.action_line,
        task.activity,
        task.state as TaskState,
        task.reason,
        task.evidence,
        task.recurrence as Option<Recurrence>,
        task.recurs_until,
        task.series_from,
        task.idempotency_key,
        task.created_at,
        task.closed_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_task(tx: &mut Tx, task: &TaskRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update committee.task
         set title = $3, detail = $4, responsible = $5, member_id = $6, account_id = $7, email = $8, due_on = $9, action_line = $10, activity = $11,
             state = $12, reason = $13, evidence = $14, recurrence = $15, recurs_until = $16, series_from = $17, closed_at = $18
         where tenant_id = $1 and id = $2",
        tenant,
        task.id,
        task.title,
        task.detail,
        task.responsible,
        task.member_id,
        task.account_id,
        task.email,
        task.due_on,
        task.action_line,
        task.activity,
        task.state as TaskState,
        task.reason,
        task.evidence,
        task.recurrence as Option<Recurrence>,
        task.recurs_until,
        task.series_from,
        task.closed_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn task(tx: &mut Tx, id: Uuid) -> Result<Option<TaskRow>> {
    let tenant = tx.tenant()?;
    Ok(tasks!("and id = $2", tenant, id).fetch_optional(&mut **tx).await?)
}

/// A task that no other transaction changes until this one ends.
pub(crate) async fn locked_task(tx: &mut Tx, id: Uuid) -> Result<Option<TaskRow>> {
    let tenant = tx.tenant()?;
    Ok(tasks!("and id = $2 for update", tenant, id).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn task_of_key(tx: &mut Tx, key: &str) -> Result<Option<TaskRow>> {
    let tenant = tx.tenant()?;
    Ok(tasks!("and idempotency_key = $2", tenant, key).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn all_tasks(tx: &mut Tx) -> Result<Vec<TaskRow>> {
    let tenant = tx.tenant()?;
    Ok(tasks!("order by created_at, id", tenant).fetch_all(&mut **tx).await?)
}

/// Open tasks, what is due first on top.
pub(crate) async fn open_tasks(tx: &mut Tx) -> Result<Vec<TaskRow>> {
    let tenant = tx.tenant()?;
    Ok(tasks!("and state = 'OPEN' order by due_on, id", tenant).fetch_all(&mut **tx).await?)
}

/// Tasks that are due in these days and were not dropped.
pub(crate) async fn tasks_between(tx: &mut Tx, from: Date, until: Date) -> Result<Vec<TaskRow>> {
    let tenant = tx.tenant()?;
    Ok(tasks!("and state <> 'DROPPED' and due_on between $2 and $3 order by due_on, id", tenant, from, until).fetch_all(&mut **tx).await?)
}

/// Which tasks a list shows.
pub(crate) struct Filter {
    pub(crate) view: Option<TaskView>,
    /// Whoever looks.
    pub(crate) account: Option<Uuid>,
    /// The accounts with a role in force.
    pub(crate) team: Vec<Uuid>,
    pub(crate) words: String,
}

/// Tasks of a view (all, if none is named) whose title, detail or responsible holds the words; what falls due first comes first.
pub(crate) async fn tasks(tx: &mut Tx, filter: &Filter, limit: i64, offset: i64) -> Result<(Vec<TaskRow>, i64)> {
    let (tenant, today) = (tx.tenant()?, tx.today());
    let rows = tasks!(
        "and case $2::text when 'OPEN' then state = 'OPEN' when 'LATE' then state = 'OPEN' and due_on < $3
                           when 'MINE' then state = 'OPEN' and account_id = $4
                           when 'UNASSIGNED' then state = 'OPEN' and (responsible is null or account_id <> all ($8) or exists (
                                select from committee.member m where m.tenant_id = $1 and m.id = task.member_id and m.until < $3))
                           when 'DONE' then state = 'DONE' when 'DROPPED' then state = 'DROPPED' else true end
         and strpos(lower(concat_ws(' ', title, detail, responsible)), lower($5)) > 0
         order by state <> 'OPEN', case when state = 'OPEN' then due_on end, closed_at desc, id limit $6 offset $7",
        tenant,
        filter.view as Option<TaskView>,
        today,
        filter.account,
        filter.words,
        limit,
        offset,
        &filter.team
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from committee.task
           where tenant_id = $1
                 and case $2::text when 'OPEN' then state = 'OPEN' when 'LATE' then state = 'OPEN' and due_on < $3
                                   when 'MINE' then state = 'OPEN' and account_id = $4
                                   when 'UNASSIGNED' then state = 'OPEN' and (responsible is null or account_id <> all ($6) or exists (
                                        select from committee.member m where m.tenant_id = $1 and m.id = task.member_id and m.until < $3))
                                   when 'DONE' then state = 'DONE' when 'DROPPED' then state = 'DROPPED' else true end
                 and strpos(lower(concat_ws(' ', title, detail, responsible)), lower($5)) > 0"#,
        tenant,
        filter.view as Option<TaskView>,
        today,
        filter.account,
        filter.words,
        &filter.team
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

/// How many tasks had passed their date at that moment; none while there was no task at all.
pub(crate) async fn late_count(tx: &mut Tx, at: OffsetDateTime, day: Date) -> Result<Option<i64>> {
    let tenant = tx.tenant()?;
    let row = sqlx::query!(
        r#"select count(*) filter (where due_on < $3 and (closed_at is null or closed_at > $2)) as "late!", count(*) as "all!"
           from committee.task where tenant_id = $1 and created_at <= $2"#,
        tenant,
        at,
        day
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((row.all > 0).then_some(row.late))
}

pub(crate) async fn insert_event(tx: &mut Tx, event: &TaskEventRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.task_event (tenant_id, id, task_id, at, actor_id, actor_name, text) values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        event.id,
        event.task_id,
        event.at,
        event.actor_id,
        event.actor_name,
        event.text
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What happened to a task, or to every task, oldest first.
pub(crate) async fn events(tx: &mut Tx, task: Option<Uuid>) -> Result<Vec<TaskEventRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        TaskEventRow,
        "select id, task_id, at, actor_id, actor_name, text from committee.task_event
         where tenant_id = $1 and ($2::uuid is null or task_id = $2) order by at, id",
        tenant,
        task
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Notes a reminder; false when it was noted before.
pub(crate) async fn note_reminder(tx: &mut Tx, reminder: &ReminderRow) -> Result<bool> {
    let tenant = tx.tenant()?;
    let noted = sqlx::query!(
        "insert into committee.reminder (tenant_id, task_id, due_on, slot, at) values ($1, $2, $3, $4, $5)
         on conflict on constraint reminder_pkey do nothing",
        tenant,
        reminder.task_id,
        reminder.due_on,
        reminder.slot,
        reminder.at
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    Ok(noted == 1)
}

pub(crate) async fn reminders(tx: &mut Tx) -> Result<Vec<ReminderRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ReminderRow,
        "select task_id, due_on, slot, at from committee.reminder where tenant_id = $1 order by task_id, due_on, slot",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}
