//! Reminders: each morning, one job a town looks for what is due, and one mail goes out for each reminder.

use futures::FutureExt;
use kernel::directory::Audience;
use kernel::jobs::{Cron, Job, JobKind};
use kernel::mail::Message;
use kernel::{Error, Platform, Result, Scope, Tx, clock, ids};
use time::macros::time;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::tasks::model::{ReminderRow, TaskRow};
use crate::tasks::{rules, service, store};

const ALL: &str = "committee.remind_all";
const TOWN: &str = "committee.remind";
const MAIL: &str = "committee.mail_reminder";

pub(crate) const JOBS: &[JobKind] = &[
    JobKind { kind: ALL, run: |platform, _| remind_all(platform).boxed() },
    JobKind { kind: TOWN, run: |platform, job| remind(platform, job).boxed() },
    JobKind { kind: MAIL, run: |platform, job| send(platform, job).boxed() },
];

pub(crate) const CRONS: &[Cron] = &[Cron { kind: ALL, every: Duration::DAY }];

/// Nobody is reminded before seven in the morning. The day of periodic jobs begins at midnight UTC.
fn morning(now: OffsetDateTime) -> OffsetDateTime {
    now.to_offset(UtcOffset::UTC).replace_time(time!(12:00))
}

async fn remind_all(platform: &Platform) -> Result<()> {
    let at = morning(platform.clock().now());
    for town in platform.directory().all().into_iter().filter(|entry| entry.kind.audience() == Audience::Municipality) {
        let mut tx = Scope::Worker(Some(town.id)).write(platform.db()).await?;
        let done = tx.enqueue_at(TOWN, serde_json::json!({}), at, Some(&format!("{TOWN}/{}", town.id))).await;
        tx.settle(done).await?;
    }
    Ok(())
}

async fn remind(platform: &Platform, job: Job) -> Result<()> {
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let done = service::remind(&mut tx).await;
    tx.settle(done).await
}

/// Asks for the mail of a reminder.
pub(crate) async fn mail(tx: &mut Tx, reminder: &ReminderRow) -> Result<()> {
    tx.enqueue(MAIL, reminder).await
}

async fn send(platform: &Platform, job: Job) -> Result<()> {
    let reminder: ReminderRow = serde_json::from_value(job.payload)?;
    let mut tx = Scope::Worker(job.tenant).read(platform.db()).await?;
    let (known, entry) = (store::task(&mut tx, reminder.task_id).await?, tx.entry()?);
    // What was done meanwhile, or has another date, needs no reminder.
    let Some(task) = known.filter(|task| task.is_open() && task.due_on == reminder.due_on) else { return Ok(()) };
    let to = match task.account_id {
        // Who has no role here any more is not written to.
        Some(account) => {
            platform.registry().members(&mut tx).await?.into_iter().find(|person| person.account == account).map(|person| person.email)
        }
        None => task.email.clone(),
    };
    tx.rollback().await?;
    let Some(to) = to else { return Ok(()) };
    let link = platform.links.to(&platform.directory().host_of(&entry), &service::path(task.id));
    platform.mail.send(&compose(&task, &reminder, to, &entry.official_name, &link)).await.map_err(Error::broken)
}

/// The mail. Sent twice, it is the same mail.
fn compose(task: &TaskRow, reminder: &ReminderRow, to: String, office: &str, link: &str) -> Message {
    let today = clock::local(reminder.at).date();
    let distance = rules::distance(task.due_on, today);
    let detail = task.detail.as_deref().map_or_else(String::new, |detail| format!("\n{detail}\n"));
    let read = if task.account_id.is_some() {
        format!("Véala y ciérrela en:\n{link}")
    } else {
        "Cuando esté hecha, cuéntele a quien coordina el comité.".to_owned()
    };
    let text = format!(
        "{}:\n\nLa tarea «{}» del Comité GEL-T está a su cargo y {distance}: {}.\n{detail}\n{read}\n\n{office}\nComité GEL-T\n",
        task.responsible.as_deref().unwrap_or_default(),
        task.title,
        calendar::spanish::weekday_long_date(task.due_on),
    );
    Message {
        id: ids::named(task.id, "reminder", &reminder.slot.to_string()),
        date: reminder.at,
        to,
        subject: format!("Tarea del comité que {distance}: {}", task.title),
        text,
        html: None,
        kind: "task-reminder".to_owned(),
        thread: None,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::morning;

    #[test]
    fn the_morning_is_bogotas() {
        assert_eq!(morning(datetime!(2026-11-24 00:00 UTC)), datetime!(2026-11-24 7:00 -5));
        assert_eq!(morning(datetime!(2026-11-24 18:30 UTC)), datetime!(2026-11-24 12:00 UTC));
    }
}
