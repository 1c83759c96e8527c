//! The committee's part of a tenant pack, `committee.yaml`: everything as it is kept. Its files travel in the kernel's own part.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Error, Result, Tx, clock, ids, text};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::Duration;

use crate::evaluations::model::{ClosingPurpose, EvaluationKind, EvaluationRow};
use crate::meetings::model::{AttendanceRow, AttendanceState, DecisionRow, MeetingKind, MeetingRow, MeetingState, NoteRow};
use crate::members::model::{CommitteeOrgan, CommitteeRole, MemberRow};
use crate::reviews::model::{ReviewDecision, ReviewRow, StepRow};
use crate::reviews::rules::STEPS;
use crate::rules::Semester;
use crate::tasks::model::{Recurrence, ReminderRow, TaskEventRow, TaskRow, TaskState};
use crate::{evaluations, meetings, members, reviews, tasks};

pub(crate) struct CommitteePart;

const FILE: &str = "committee.yaml";

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CommitteeFile {
    members: Vec<MemberRow>,
    tasks: Vec<TaskRow>,
    task_events: Vec<TaskEventRow>,
    reminders: Vec<ReminderRow>,
    meetings: Vec<MeetingRow>,
    attendance: Vec<AttendanceRow>,
    decisions: Vec<DecisionRow>,
    minutes_notes: Vec<NoteRow>,
    reviews: Vec<ReviewRow>,
    review_steps: Vec<StepRow>,
    evaluations: Vec<EvaluationRow>,
}

#[async_trait]
impl PackPart for CommitteePart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<CommitteeFile>(FILE)? else { return Ok(()) };
        for member in &file.members {
            members::store::put_member(tx, member).await?;
        }
        for task in &file.tasks {
            tasks::store::insert_task(tx, task).await?;
        }
        for event in &file.task_events {
            tasks::store::insert_event(tx, event).await?;
        }
        for reminder in &file.reminders {
            tasks::store::note_reminder(tx, reminder).await?;
        }
        for meeting in &file.meetings {
            meetings::store::insert_meeting(tx, meeting).await?;
            if meeting.is_published() {
                meetings::service::index(tx, meeting).await?;
            }
        }
        for row in &file.attendance {
            meetings::store::insert_attendance(tx, row).await?;
        }
        for decision in &file.decisions {
            meetings::store::insert_decision(tx, decision).await?;
        }
        for note in &file.minutes_notes {
            meetings::store::insert_note(tx, note).await?;
        }
        for review in &file.reviews {
            reviews::store::insert_review(tx, review).await?;
        }
        for step in &file.review_steps {
            reviews::store::put_step(tx, step).await?;
        }
        for evaluation in &file.evaluations {
            evaluations::store::put_evaluation(tx, evaluation).await?;
            evaluations::service::index(tx, evaluation).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let file = CommitteeFile {
            members: members::store::members(tx).await?,
            tasks: tasks::store::all_tasks(tx).await?,
            task_events: tasks::store::events(tx, None).await?,
            reminders: tasks::store::reminders(tx).await?,
            meetings: meetings::store::all_meetings(tx).await?,
            attendance: meetings::store::attendance(tx, None).await?,
            decisions: meetings::store::decisions(tx, None).await?,
            minutes_notes: meetings::store::notes(tx, None).await?,
            reviews: reviews::store::reviews(tx).await?,
            review_steps: reviews::store::steps(tx, None).await?,
            evaluations: evaluations::store::all_evaluations(tx).await?,
        };
        let empty = file.members.is_empty()
            && file.tasks.is_empty()
            && file.meetings.is_empty()
            && file.reviews.is_empty()
            && file.evaluations.is_empty();
        // A town whose committee has not begun has no file.
        if empty { Ok(()) } else { pack.put_yaml(FILE, &file) }
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        let tenant = tx.tenant()?;
        sqlx::query!("delete from committee.evaluation where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.review_step where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.review where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.minutes_note where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.decision where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.attendance where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.meeting where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.reminder where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.task_event where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.task where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from committee.member where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from kernel.search_entry where tenant_id = $1 and kind in ('meeting', 'evaluation')", tenant)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DemoSection {
    members: Vec<DemoMember>,
    tasks: Vec<DemoTask>,
    meetings: Vec<DemoMeeting>,
    evaluations: Vec<DemoEvaluation>,
    /// The review of the semester before, closed ten days before its end.
    last_review: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoMember {
    key: String,
    name: String,
    post: Option<String>,
    organ: CommitteeOrgan,
    role: CommitteeRole,
    email: Option<String>,
    act: Option<String>,
    since_days_ago: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoTask {
    title: String,
    detail: Option<String>,
    /// The key of a member; nobody when left out.
    responsible: Option<String>,
    /// Negative for a date that has passed.
    due_in_days: i64,
    added_days_ago: i64,
    action_line: Option<i32>,
    activity: Option<i32>,
    recurrence: Option<Recurrence>,
    /// What was done; an open task has none.
    evidence: Option<String>,
    done_days_ago: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoMeeting {
    kind: MeetingKind,
    /// Negative for one that is to come.
    days_ago: i64,
    at: String,
    place: String,
    agenda: String,
    public: bool,
    minutes: Option<String>,
    #[serde(default)]
    approved: bool,
    #[serde(default)]
    excused: Vec<String>,
    #[serde(default)]
    decisions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoEvaluation {
    kind: EvaluationKind,
    title: String,
    closing: Option<ClosingPurpose>,
    days_ago: i64,
    method: String,
    people: Option<i32>,
    result: String,
    figures: Option<String>,
    public: bool,
}

/// Loads the overlay's `committee` section.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let section: DemoSection = serde_json::from_value(section.clone())?;
        let seats = demo_members(tx, section.members).await?;
        for task in section.tasks {
            demo_task(tx, &seats, task).await?;
        }
        demo_meetings(tx, &seats, section.meetings).await?;
        for evaluation in section.evaluations {
            demo_evaluation(tx, evaluation).await?;
        }
        if let Some(summary) = section.last_review {
            demo_review(tx, summary).await?;
        }
        tx.publish();
        Ok(())
    }
    .boxed()
}

async fn demo_members(tx: &mut Tx, members: Vec<DemoMember>) -> Result<Vec<(String, MemberRow)>> {
    let (tenant, today, mut seats) = (tx.tenant()?, tx.today(), Vec::new());
    for member in members {
        let row = MemberRow {
            id: ids::named(tenant, "committee-member", &member.key),
            name: member.name,
            post: member.post,
            organ: member.organ,
            role: member.role,
            account_id: None,
            email: member.email,
            act: member.act,
            since: today - Duration::days(member.since_days_ago),
            until: None,
        };
        crate::members::store::put_member(tx, &row).await?;
        seats.push((member.key, row));
    }
    Ok(seats)
}

fn seat<'a>(seats: &'a [(String, MemberRow)], key: &str) -> Result<&'a MemberRow> {
    let known = seats.iter().find(|(known, _)| known == key).map(|(_, row)| row);
    known.ok_or_else(|| Error::fault(format!("the overlay names a member «{key}» that it does not have")))
}

async fn demo_task(tx: &mut Tx, seats: &[(String, MemberRow)], task: DemoTask) -> Result<()> {
    let (tenant, now, due_on) = (tx.tenant()?, tx.now(), tx.today() + Duration::days(task.due_in_days));
    let who = task.responsible.as_deref().map(|key| seat(seats, key)).transpose()?;
    let closed_at = task.done_days_ago.map(|days| text::days_ago(now, days, Some("15:20")));
    let row = TaskRow {
        id: ids::named(tenant, "committee-task", &task.title),
        idempotency_key: format!("demo/{}", text::slug(&task.title)),
        title: task.title,
        detail: task.detail,
        responsible: who.map(|seat| seat.name.clone()),
        member_id: who.map(|seat| seat.id),
        account_id: None,
        email: who.and_then(|seat| seat.email.clone()),
        due_on,
        action_line: task.action_line,
        activity: task.activity,
        state: if closed_at.is_some() { TaskState::Done } else { TaskState::Open },
        reason: None,
        evidence: task.evidence,
        recurrence: task.recurrence,
        recurs_until: task.recurrence.map(|_| due_on + Duration::days(365)),
        series_from: due_on,
        created_at: text::days_ago(now, task.added_days_ago, Some("09:10")),
        closed_at,
    };
    tasks::store::insert_task(tx, &row).await?;
    let told = [Some((row.created_at, "La creó el comité.")), closed_at.map(|at| (at, "La cumplió."))];
    for (at, text) in told.into_iter().flatten() {
        let event = TaskEventRow { id: tx.id(), task_id: row.id, at, actor_id: None, actor_name: None, text: text.to_owned() };
        tasks::store::insert_event(tx, &event).await?;
    }
    Ok(())
}

async fn demo_meetings(tx: &mut Tx, seats: &[(String, MemberRow)], mut meetings: Vec<DemoMeeting>) -> Result<()> {
    // Oldest first, so that numbers rise with time.
    meetings.sort_by_key(|meeting| -meeting.days_ago);
    let (tenant, now) = (tx.tenant()?, tx.now());
    for meeting in meetings {
        let at = crate::meetings::rules::moment(tx.today() - Duration::days(meeting.days_ago), &meeting.at);
        let at = at.ok_or_else(|| Error::fault(format!("«{}» is no hour", meeting.at)))?;
        let year = clock::local(at).year();
        let number = crate::meetings::store::next_number(tx, year).await?;
        let minutes_at = meeting.minutes.as_ref().map(|_| at + Duration::DAY);
        let approved_at = minutes_at.filter(|_| meeting.approved).map(|at| at + Duration::WEEK);
        let row = MeetingRow {
            id: ids::named(tenant, "committee-meeting", &format!("{year}-{number}")),
            year,
            number,
            kind: meeting.kind,
            at,
            place: meeting.place,
            agenda: meeting.agenda,
            public: meeting.public,
            state: match (&meeting.minutes, approved_at) {
                (None, _) => MeetingState::Convened,
                (Some(_), None) => MeetingState::Draft,
                (Some(_), Some(_)) => MeetingState::Approved,
            },
            minutes: meeting.minutes,
            guests: None,
            cancelled_for: None,
            minutes_at,
            approved_at,
            approved_by: approved_at.map(|_| "Comité GEL-T".to_owned()),
            idempotency_key: format!("demo/{year}-{number}"),
            created_at: (at - Duration::days(10)).min(now),
        };
        crate::meetings::store::insert_meeting(tx, &row).await?;
        if row.minutes.is_none() {
            continue;
        }
        for (key, seat) in seats {
            let state = if meeting.excused.contains(key) { AttendanceState::Excused } else { AttendanceState::Present };
            let attendance =
                AttendanceRow { meeting_id: row.id, member_id: seat.id, name: seat.name.clone(), post: seat.post.clone(), state };
            crate::meetings::store::insert_attendance(tx, &attendance).await?;
        }
        for (text, place) in meeting.decisions.into_iter().zip(1..) {
            let decision = DecisionRow { id: tx.id(), meeting_id: row.id, place, text, task_id: None };
            crate::meetings::store::insert_decision(tx, &decision).await?;
        }
        if row.is_published() {
            crate::meetings::service::index(tx, &row).await?;
        }
    }
    Ok(())
}

async fn demo_evaluation(tx: &mut Tx, evaluation: DemoEvaluation) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let held = tx.today() - Duration::days(evaluation.days_ago);
    let at = text::days_ago(now, (evaluation.days_ago - 5).max(0), Some("10:00"));
    let row = EvaluationRow {
        id: ids::named(tenant, "committee-evaluation", &evaluation.title),
        idempotency_key: format!("demo/{}", text::slug(&evaluation.title)),
        kind: evaluation.kind,
        title: evaluation.title,
        closing: evaluation.closing,
        held_from: held,
        held_until: held,
        method: evaluation.method,
        people: evaluation.people,
        result: evaluation.result,
        figures: evaluation.figures,
        public: evaluation.public,
        created_at: at,
        updated_at: at,
    };
    evaluations::store::put_evaluation(tx, &row).await?;
    evaluations::service::index(tx, &row).await
}

async fn demo_review(tx: &mut Tx, summary: String) -> Result<()> {
    let now = tx.now();
    let current = Semester::of(tx.today());
    let period = if current.half == 2 { Semester { half: 1, ..current } } else { Semester { year: current.year - 1, half: 2 } };
    let days = (tx.today() - period.last_day()).whole_days() + 10;
    let at = text::days_ago(now, days, Some("11:30"));
    let review = ReviewRow {
        id: tx.id(),
        year: period.year,
        semester: period.half,
        opened_at: at - Duration::days(2),
        closed_at: Some(at),
        closed_by: Some("Comité GEL-T".to_owned()),
        summary: Some(summary),
        figures: Json(Vec::new()),
    };
    reviews::store::insert_review(tx, &review).await?;
    for step in &STEPS {
        let row = StepRow {
            review_id: review.id,
            step: step.topic,
            decision: ReviewDecision::Fine,
            note: None,
            task_id: None,
            at,
            actor_name: None,
        };
        reviews::store::put_step(tx, &row).await?;
    }
    Ok(())
}
