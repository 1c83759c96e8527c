//! Queries and mutations of meetings.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::{Permission, Result, Tx, clock, file, text};

use super::model::{AttendanceState, DecisionRow, MeetingKind, MeetingRow, MeetingState};
use super::rules::{self, Summons};
use super::service::{self, Minutes};
use super::store;
use crate::graphql::inside;
use crate::rules::id;
use crate::tasks::graphql::{Task, me, uploads};
use crate::tasks::store::task;

/// A meeting of the committee. Everybody sees what it is convened for where it is public, and its minutes once they are approved.
pub struct Meeting(pub(crate) MeetingRow);

/// A meeting of the committee. Everybody sees what it is convened for where it is public, and its minutes once they are approved.
#[Object]
impl Meeting {
    /// Its number in addresses: year and consecutive, `2026-3`.
    async fn number(&self) -> String {
        self.0.key()
    }

    /// The name of its minutes: `Acta 3 de 2026`.
    async fn title(&self) -> String {
        self.0.title()
    }

    /// What sort of meeting it is.
    async fn kind(&self) -> MeetingKind {
        self.0.kind
    }

    /// When it is, or was.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Its day in Bogotá.
    async fn held_on(&self) -> LocalDate {
        LocalDate(clock::local(self.0.at).date())
    }

    /// Its hour in Bogotá, as forms write it: `08:30`.
    async fn time(&self) -> String {
        let at = clock::local(self.0.at);
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    /// Whether it has begun.
    async fn begun(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(self.0.at <= Cx::of(ctx)?.platform.clock().now())
    }

    /// Where it is.
    async fn place(&self) -> &str {
        &self.0.place
    }

    /// Its agenda, as Markdown.
    async fn agenda(&self) -> &str {
        &self.0.agenda
    }

    /// Its agenda as safe HTML.
    async fn agenda_html(&self) -> String {
        text::markdown(&self.0.agenda)
    }

    /// Whether everybody may see it.
    async fn public(&self) -> bool {
        self.0.public
    }

    /// How far it has come.
    async fn state(&self) -> MeetingState {
        self.0.state
    }

    /// Why it was not held.
    async fn cancelled_for(&self) -> Option<&str> {
        self.0.cancelled_for.as_deref()
    }

    /// Its minutes, as Markdown; null until they are written, and to the public until they are approved.
    async fn minutes(&self, ctx: &Context<'_>) -> GqlResult<Option<&str>> {
        Ok(self.0.minutes.as_deref().filter(|_| self.open_to(ctx)))
    }

    /// Its minutes as safe HTML, headings from level three.
    async fn minutes_html(&self, ctx: &Context<'_>) -> GqlResult<Option<String>> {
        Ok(self.0.minutes.as_deref().filter(|_| self.open_to(ctx)).map(|minutes| lowered(&text::markdown(minutes))))
    }

    /// Who else came.
    async fn guests(&self, ctx: &Context<'_>) -> GqlResult<Option<&str>> {
        Ok(self.0.guests.as_deref().filter(|_| self.open_to(ctx)))
    }

    /// Who of the committee came, as the minutes name them.
    #[graphql(complexity = "3 + 2 * child_complexity")]
    async fn attendance(&self, ctx: &Context<'_>) -> GqlResult<Vec<MeetingAttendance>> {
        if !self.open_to(ctx) {
            return Ok(Vec::new());
        }
        let rows = store::attendance(&mut *Cx::of(ctx)?.read().await?, Some(self.0.id)).await?.into_iter();
        Ok(rows
            .map(|row| MeetingAttendance { member_id: row.member_id.into(), name: row.name, post: row.post, state: row.state })
            .collect())
    }

    /// What was decided, in order.
    #[graphql(complexity = "3 + 2 * child_complexity")]
    async fn decisions(&self, ctx: &Context<'_>) -> GqlResult<Vec<Decision>> {
        if !self.open_to(ctx) {
            return Ok(Vec::new());
        }
        let rows = store::decisions(&mut *Cx::of(ctx)?.read().await?, Some(self.0.id)).await?;
        Ok(rows.into_iter().map(Decision).collect())
    }

    /// What was noted beside the approved minutes, oldest first.
    #[graphql(complexity = "3 + 2 * child_complexity")]
    async fn notes(&self, ctx: &Context<'_>) -> GqlResult<Vec<MinutesNote>> {
        if !self.open_to(ctx) {
            return Ok(Vec::new());
        }
        let rows = store::notes(&mut *Cx::of(ctx)?.read().await?, Some(self.0.id)).await?.into_iter();
        Ok(rows.map(|row| MinutesNote { at: DateTime(row.at), by: row.actor_name, text: row.text }).collect())
    }

    /// What is attached to the minutes.
    #[graphql(complexity = "3 + child_complexity")]
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        if !self.open_to(ctx) {
            return Ok(Vec::new());
        }
        let files = file::of(&mut *Cx::of(ctx)?.read().await?, &service::subject(self.0.id)).await?;
        Ok(files.into_iter().map(File::from).collect())
    }

    /// When the minutes were approved.
    async fn approved_at(&self) -> Option<DateTime> {
        self.0.approved_at.map(DateTime)
    }

    /// Who approved them on the platform.
    async fn approved_by(&self) -> Option<&str> {
        self.0.approved_by.as_deref()
    }
}

impl Meeting {
    /// Whether whoever asks may read what was said.
    fn open_to(&self, ctx: &Context<'_>) -> bool {
        self.0.is_published() || inside(ctx)
    }
}

/// Safe HTML with every heading one level lower: minutes stand below a heading of the page.
fn lowered(html: &str) -> String {
    [("h5", "h6"), ("h4", "h5"), ("h3", "h4"), ("h2", "h3")].iter().fold(html.to_owned(), |html, (from, to)| {
        html.replace(&format!("<{from}>"), &format!("<{to}>")).replace(&format!("</{from}>"), &format!("</{to}>"))
    })
}

kernel::connection!(MeetingConnection, Meeting);

/// A member at a meeting.
#[derive(SimpleObject)]
pub struct MeetingAttendance {
    /// The seat.
    member_id: ID,
    /// The person's name at that time.
    name: String,
    /// The person's post at that time.
    post: Option<String>,
    /// Whether the person came.
    state: AttendanceState,
}

/// Something that a meeting decided.
pub struct Decision(DecisionRow);

/// Something that a meeting decided.
#[Object]
impl Decision {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its place among the decisions of its meeting, from 1.
    async fn place(&self) -> i32 {
        self.0.place
    }

    /// What was decided.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// The task that it became; null while it is none, and to the public.
    #[graphql(complexity = "1 + child_complexity")]
    async fn task(&self, ctx: &Context<'_>) -> GqlResult<Option<Task>> {
        match self.0.task_id.filter(|_| inside(ctx)) {
            Some(id) => Ok(task(&mut *Cx::of(ctx)?.read().await?, id).await?.map(Task)),
            None => Ok(None),
        }
    }
}

/// What was noted beside approved minutes.
#[derive(SimpleObject)]
pub struct MinutesNote {
    /// When.
    at: DateTime,
    /// By whom.
    by: Option<String>,
    /// What.
    text: String,
}

/// Queries of meetings.
#[derive(Default)]
pub struct MeetingsQuery;

/// Queries of meetings.
#[Object]
impl MeetingsQuery {
    /// Meetings, the latest first, by words of agenda, place or minutes; the public ones alone outside the administration, or when `published`.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn meetings(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
        published: Option<bool>,
    ) -> GqlResult<MeetingConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let (public, words) = (published == Some(true) || !inside(ctx), crate::rules::line(&search.unwrap_or_default()));
        let (rows, total) = store::meetings(&mut *Cx::of(ctx)?.read().await?, public, &words, paging.limit, paging.offset).await?;
        Ok(MeetingConnection::new(paging, rows.into_iter().map(Meeting).collect(), total))
    }

    /// One meeting by its number; a public one alone outside the administration, or when `published`.
    async fn meeting(&self, ctx: &Context<'_>, number: String, published: Option<bool>) -> GqlResult<Option<Meeting>> {
        let Some((year, number)) = rules::key(&number) else { return Ok(None) };
        let public = published == Some(true) || !inside(ctx);
        let known = store::meeting(&mut *Cx::of(ctx)?.read().await?, year, number).await?;
        Ok(known.filter(|meeting| meeting.public || !public).map(Meeting))
    }
}

/// A meeting to convene.
#[derive(InputObject)]
pub struct ConveneMeetingInput {
    /// What sort of meeting it is.
    kind: MeetingKind,
    /// Its day; needed, within a year of today.
    held_on: Option<LocalDate>,
    /// Its hour in Bogotá: `08:30`.
    time: String,
    /// Where it is.
    place: String,
    /// Its agenda, as Markdown.
    agenda: String,
    /// Whether everybody may see it.
    public: bool,
    /// The same key is the same meeting, however often it is sent.
    idempotency_key: String,
}

/// A meeting as it should be.
#[derive(InputObject)]
pub struct ChangeMeetingInput {
    /// Its number: `2026-3`.
    number: String,
    /// What sort of meeting it is.
    kind: MeetingKind,
    /// Its day; needed, in the year of its number.
    held_on: Option<LocalDate>,
    /// Its hour in Bogotá: `08:30`.
    time: String,
    /// Where it is.
    place: String,
    /// Its agenda, as Markdown.
    agenda: String,
    /// Whether everybody may see it.
    public: bool,
}

/// A meeting that is not held.
#[derive(InputObject)]
pub struct CancelMeetingInput {
    /// Its number: `2026-3`.
    number: String,
    /// Why.
    reason: String,
}

/// The minutes of a meeting.
#[derive(InputObject)]
pub struct WriteMinutesInput {
    /// The meeting's number: `2026-3`.
    number: String,
    /// What was said, as Markdown.
    minutes: String,
    /// Who of the committee came; whoever is neither here nor excused was absent.
    present: Vec<ID>,
    /// Who told beforehand why not.
    excused: Vec<ID>,
    /// Who else came.
    guests: Option<String>,
    /// Files that belong to them.
    files: Option<Vec<ID>>,
}

/// Something that a meeting decided.
#[derive(InputObject)]
pub struct AddDecisionInput {
    /// The meeting's number: `2026-3`.
    number: String,
    /// What was decided, at most 1,000 letters.
    text: String,
}

/// A decision to take out of minutes that are not approved.
#[derive(InputObject)]
pub struct RemoveDecisionInput {
    /// The decision.
    id: ID,
}

/// Minutes to approve.
#[derive(InputObject)]
pub struct ApproveMinutesInput {
    /// The meeting's number: `2026-3`.
    number: String,
}

/// A correction of approved minutes.
#[derive(InputObject)]
pub struct AddMinutesNoteInput {
    /// The meeting's number: `2026-3`.
    number: String,
    /// What has to be corrected, at most 2,000 letters.
    text: String,
}

kernel::payload!(ConveneMeetingPayload { meeting: Meeting });
kernel::payload!(ChangeMeetingPayload { meeting: Meeting });
kernel::payload!(CancelMeetingPayload { meeting: Meeting });
kernel::payload!(WriteMinutesPayload { meeting: Meeting });
kernel::payload!(AddDecisionPayload { decision: Decision });
kernel::payload!(RemoveDecisionPayload { meeting: Meeting });
kernel::payload!(ApproveMinutesPayload { meeting: Meeting });
kernel::payload!(AddMinutesNotePayload { meeting: Meeting });

async fn write(tx: &mut Tx, input: WriteMinutesInput) -> Result<MeetingRow> {
    let ids = |ids: &[ID]| ids.iter().map(id).collect::<Result<Vec<_>>>();
    let (present, excused, files) = (ids(&input.present)?, ids(&input.excused)?, uploads(input.files)?);
    let minutes = Minutes { text: &input.minutes, present: &present, excused: &excused, guests: input.guests.as_deref(), files: &files };
    service::write(tx, &input.number, minutes).await
}

async fn retract(tx: &mut Tx, decision: &ID) -> Result<MeetingRow> {
    service::retract(tx, id(decision)?).await
}

/// Mutations of meetings.
#[derive(Default)]
pub struct MeetingsMutation;

/// Mutations of meetings.
#[Object]
impl MeetingsMutation {
    /// Convenes a meeting and gives it its number of the year.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn convene_meeting(&self, ctx: &Context<'_>, input: ConveneMeetingInput) -> GqlResult<ConveneMeetingPayload> {
        let ConveneMeetingInput { kind, held_on, time, place, agenda, public, idempotency_key } = input;
        let summons = Summons { kind, held_on: held_on.map(|day| day.0), time, place, agenda, public };
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::convene(&mut tx, summons, &idempotency_key).await;
        ConveneMeetingPayload::of(tx.settle(done).await.map(Meeting))
    }

    /// Moves a meeting or words its summons otherwise, until its minutes are approved.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn change_meeting(&self, ctx: &Context<'_>, input: ChangeMeetingInput) -> GqlResult<ChangeMeetingPayload> {
        let ChangeMeetingInput { number, kind, held_on, time, place, agenda, public } = input;
        let summons = Summons { kind, held_on: held_on.map(|day| day.0), time, place, agenda, public };
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::change(&mut tx, &number, summons).await;
        ChangeMeetingPayload::of(tx.settle(done).await.map(Meeting))
    }

    /// Says that a meeting is not held, and why; its number is not given again.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn cancel_meeting(&self, ctx: &Context<'_>, input: CancelMeetingInput) -> GqlResult<CancelMeetingPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::cancel(&mut tx, &input.number, &input.reason).await;
        CancelMeetingPayload::of(tx.settle(done).await.map(Meeting))
    }

    /// Writes the minutes of a meeting, as often as it takes until they are approved.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn write_minutes(&self, ctx: &Context<'_>, input: WriteMinutesInput) -> GqlResult<WriteMinutesPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = write(&mut tx, input).await;
        WriteMinutesPayload::of(tx.settle(done).await.map(Meeting))
    }

    /// Adds to what a meeting decided.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn add_decision(&self, ctx: &Context<'_>, input: AddDecisionInput) -> GqlResult<AddDecisionPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::decide(&mut tx, &input.number, &input.text).await;
        AddDecisionPayload::of(tx.settle(done).await.map(Decision))
    }

    /// Takes a decision out of minutes that are not approved.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn remove_decision(&self, ctx: &Context<'_>, input: RemoveDecisionInput) -> GqlResult<RemoveDecisionPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = retract(&mut tx, &input.id).await;
        RemoveDecisionPayload::of(tx.settle(done).await.map(Meeting))
    }

    /// Approves the minutes: from then on they do not change.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn approve_minutes(&self, ctx: &Context<'_>, input: ApproveMinutesInput) -> GqlResult<ApproveMinutesPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::approve(&mut tx, &input.number, me(cx)?).await;
        ApproveMinutesPayload::of(tx.settle(done).await.map(Meeting))
    }

    /// Corrects approved minutes by a dated note beside them.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn add_minutes_note(&self, ctx: &Context<'_>, input: AddMinutesNoteInput) -> GqlResult<AddMinutesNotePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::note(&mut tx, &input.number, &input.text, me(cx)?).await;
        AddMinutesNotePayload::of(tx.settle(done).await.map(Meeting))
    }
}
