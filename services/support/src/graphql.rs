//! Support's queries and mutations. On the help centre's host they reach every municipality; on a municipality's, its own tickets.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, Municipality, Paging};
use kernel::viewer::SignedIn;
use kernel::{Error, Permission, Result, Scope, Tx};
use uuid::Uuid;

use crate::clocks;
use crate::clocks::graphql::{ChangeTicketCalendarInput, ServiceLevel, ServicePolicy, TicketClock};
use crate::clocks::model::{TicketClockKind, TicketImpact, TicketUrgency};
use crate::mailing;
use crate::mailing::graphql::{TicketBounce, TicketMail};
use crate::model::{Due, Filter, MessageAuthor, MessageRow, TicketCategory, TicketPriority, TicketRow, TicketStatus, TicketView};
use crate::replies::{self, ReadyReply};
use crate::service::{self, Draft, Triage, Word};
use crate::store;

/// What a municipality asks the Centro de Interacción Multimedia.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Ticket {
    #[graphql(skip)]
    tenant: Uuid,
    #[graphql(skip)]
    assigned_id: Option<Uuid>,
    #[graphql(skip)]
    row: TicketRow,
    /// Its id.
    id: ID,
    /// The number that people say; one sequence for the whole platform.
    number: String,
    /// What it is about.
    category: TicketCategory,
    /// In one line.
    subject: String,
    /// In the words of whoever asked.
    body: String,
    /// Where it stands.
    status: TicketStatus,
    /// How much it presses.
    priority: TicketPriority,
    /// Whom it touches; null until the help centre has said so.
    impact: Option<TicketImpact>,
    /// What it stops; null until the help centre has said so.
    urgency: Option<TicketUrgency>,
    /// When it was opened.
    opened_at: DateTime,
    /// When it was last opened again after it had been solved; null if it never was.
    reopened_at: Option<DateTime>,
    /// When the nearest of its clocks breaches, or since when it has; null while none runs.
    due_at: Option<DateTime>,
    /// Which clock that is.
    due_clock: Option<TicketClockKind>,
    /// Whether that clock is about to breach.
    due_soon: bool,
    /// Whether one of its living clocks has breached.
    overdue: bool,
    /// Who opened it; null when somebody asked without signing in.
    opened_by: Option<String>,
    /// The e-mail of whoever asked, as they gave it: no proof of who they are.
    contact_email: Option<String>,
    /// The telephone of whoever asked, as they gave it: no proof of who they are.
    contact_phone: Option<String>,
    /// The agent who has taken it.
    assigned_to: Option<String>,
    /// When it last changed.
    updated_at: DateTime,
    /// Minutes that the municipality has waited for a word of the help centre; null while it does not.
    waiting_minutes: Option<i32>,
}

#[ComplexObject]
impl Ticket {
    /// The municipality that asks; null for a ticket of the platform's own hosts.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.tenant))
    }

    /// Whether the viewer has taken it.
    async fn mine(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(self.assigned_id.is_some() && self.assigned_id == Cx::of(ctx)?.viewer.id())
    }

    /// The conversation, oldest first; the help centre's own notes only on its host.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn messages(&self, ctx: &Context<'_>) -> GqlResult<Vec<TicketMessage>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let messages = store::messages(&mut tx, self.tenant, self.row.id).await?;
        let mut mails = mailing::store::mails(&mut tx, (self.tenant, self.row.id)).await?;
        mails.retain(|mail| !mail.ours);
        let by_mail = |id: Uuid| mails.iter().find(|mail| mail.message_id == Some(id)).cloned().map(TicketMail::from);
        Ok(messages.into_iter().map(|row| TicketMessage { mail: by_mail(row.id), ..row.into() }).collect())
    }

    /// How it came by mail; null where it was asked on a site.
    async fn mail(&self, ctx: &Context<'_>) -> GqlResult<Option<TicketMail>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let mails = mailing::store::mails(&mut tx, (self.tenant, self.row.id)).await?;
        Ok(mails.into_iter().find(|mail| !mail.ours && mail.message_id.is_none()).map(TicketMail::from))
    }

    /// The last mail to whoever asked that came back; null where none did.
    async fn bounce(&self, ctx: &Context<'_>) -> GqlResult<Option<TicketBounce>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        Ok(mailing::store::bounce(&mut tx, (self.tenant, self.row.id)).await?.map(TicketBounce::from))
    }

    /// Its clocks as they stand now, each with its arithmetic: of each sort the last.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn clocks(&self, ctx: &Context<'_>) -> GqlResult<Vec<TicketClock>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let mut events = clocks::store::events(&mut tx, (self.tenant, self.row.id)).await?;
        if events.is_empty() {
            // Opened before logs were kept, and not touched since.
            let messages = store::messages(&mut tx, self.tenant, self.row.id).await?;
            events = clocks::service::derived(&self.row, &messages);
        }
        Ok(clocks::rules::clocks(&events, cx.platform.clock().now()).map(|clocks| TicketClock::all(&clocks)).unwrap_or_default())
    }

    /// Ready answers that fit it, filled in; only for the help centre.
    async fn ready_replies(&self, ctx: &Context<'_>) -> GqlResult<Vec<ReadyReply>> {
        let cx = Cx::of(ctx)?;
        let Some(by) = cx.viewer.account.as_ref().filter(|_| at_desk(cx)) else { return Ok(Vec::new()) };
        let municipality = cx.platform.directory().get(self.tenant).map(|entry| entry.name.clone());
        Ok(replies::ready(&self.row, municipality.as_deref(), &by.name))
    }

    /// The number of the ticket in which it went on; null if it did not.
    async fn merged_into(&self, ctx: &Context<'_>) -> GqlResult<Option<String>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        Ok(store::merged(&mut tx, self.tenant, self.row.id).await?.0.map(|number| number.to_string()))
    }

    /// The numbers of the tickets that went on in it.
    async fn merged(&self, ctx: &Context<'_>) -> GqlResult<Vec<String>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        Ok(store::merged(&mut tx, self.tenant, self.row.id).await?.1.iter().map(ToString::to_string).collect())
    }

    /// What whoever asked thought of the help; null until they have said it.
    async fn satisfaction(&self, ctx: &Context<'_>) -> GqlResult<Option<TicketSatisfaction>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let said = store::satisfaction(&mut tx, self.tenant, self.row.id).await?;
        Ok(said.map(|said| TicketSatisfaction { at: DateTime(said.at), score: said.score.into(), text: said.text }))
    }

    /// The key of the opening hours that it is counted in; null before its first event is in its log.
    async fn calendar(&self, ctx: &Context<'_>) -> GqlResult<Option<String>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let events = clocks::store::events(&mut tx, (self.tenant, self.row.id)).await?;
        Ok(clocks::rules::calendar_of(&events).map(str::to_owned))
    }
}

impl Ticket {
    pub(crate) fn of(cx: &Cx, row: TicketRow) -> Self {
        let now = cx.platform.clock().now();
        let overdue = row.breached_at.is_some() || row.due_at.is_some_and(|at| at < now);
        Self {
            tenant: row.tenant_id,
            assigned_id: row.assigned_to,
            id: row.id.into(),
            number: row.number.to_string(),
            category: row.category,
            subject: row.subject.clone(),
            body: row.body.clone(),
            status: row.status,
            priority: row.priority,
            impact: row.impact,
            urgency: row.urgency,
            opened_at: DateTime(row.opened_at),
            reopened_at: row.reopened_at.map(DateTime),
            due_at: row.due_at.map(DateTime),
            due_clock: row.due_clock,
            due_soon: !overdue && row.warns_at.is_some_and(|at| at <= now),
            overdue,
            opened_by: row.opened_by_name.clone(),
            contact_email: row.contact_email.clone(),
            contact_phone: row.contact_phone.clone(),
            assigned_to: row.assigned_name.clone(),
            updated_at: DateTime(row.updated_at),
            waiting_minutes: row.waiting_since.map(|since| (now - since).whole_minutes().max(0) as i32),
            row,
        }
    }
}

/// What whoever asked thought of the help.
#[derive(SimpleObject)]
pub struct TicketSatisfaction {
    /// When they said it.
    at: DateTime,
    /// From 1, not at all, to 5, entirely.
    score: i32,
    /// Why, in their words.
    text: Option<String>,
}

/// A word in a ticket's conversation.
#[derive(SimpleObject)]
pub struct TicketMessage {
    /// When it was written.
    at: DateTime,
    /// Whose side wrote it.
    author: MessageAuthor,
    /// Who wrote it; null for the platform itself.
    author_name: Option<String>,
    /// What it says.
    text: String,
    /// Whether it is a note that only the help centre sees.
    internal: bool,
    /// How it came by mail; null where it was written on a site.
    mail: Option<TicketMail>,
}

impl From<MessageRow> for TicketMessage {
    fn from(row: MessageRow) -> Self {
        Self { at: DateTime(row.at), author: row.author, author_name: row.author_name, text: row.text, internal: row.internal, mail: None }
    }
}

kernel::connection!(TicketConnection, Ticket);

fn number(typed: &str) -> Result<i64> {
    typed.trim().parse().map_err(|_| Error::NotFound)
}

/// Queries of support.
#[derive(Default)]
pub struct SupportQuery;

/// Queries of support.
#[Object]
impl SupportQuery {
    /// Tickets: what breaches first, then what waits for the help centre by priority and by how long, then what is paused, then what is
    /// settled, newest first.
    #[graphql(
        guard = "Can(Permission::ResolveTickets).or(Can(Permission::AskForHelp))",
        complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the filters of a list")]
    async fn tickets(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        status: Option<TicketStatus>,
        category: Option<TicketCategory>,
        view: Option<TicketView>,
        search: Option<String>,
    ) -> GqlResult<TicketConnection> {
        let cx = Cx::of(ctx)?;
        let paging = Paging::new(first, after.as_deref())?;
        let search = search.as_deref().map(|typed| kernel::search::plain(typed.trim())).filter(|words| !words.is_empty());
        let filter = Filter {
            search: search.as_deref(),
            status,
            category,
            open: view.map(|view| view != TicketView::Settled),
            assigned_to: cx.viewer.id().filter(|_| view == Some(TicketView::Mine)),
            assigned: (view == Some(TicketView::Unassigned)).then_some(false),
            due: match view {
                Some(TicketView::DueSoon) => Some((Due::Soon, cx.platform.clock().now())),
                Some(TicketView::Overdue) => Some((Due::Overdue, cx.platform.clock().now())),
                _ => None,
            },
        };
        let tenant = if at_desk(cx) { None } else { Some(cx.tenant.id) };
        let (rows, total) = store::tickets(&mut *cx.read().await?, tenant, filter, paging.limit, paging.offset).await?;
        Ok(TicketConnection::new(paging, rows.into_iter().map(|row| Ticket::of(cx, row)).collect(), total))
    }

    /// One ticket by its number.
    #[graphql(guard = "Can(Permission::ResolveTickets).or(Can(Permission::AskForHelp))")]
    async fn ticket(&self, ctx: &Context<'_>, number: String) -> GqlResult<Option<Ticket>> {
        let cx = Cx::of(ctx)?;
        let Ok(number) = self::number(&number) else { return Ok(None) };
        Ok(store::ticket(&mut *cx.read().await?, number).await?.map(|row| Ticket::of(cx, row)))
    }

    /// What the help centre promises whoever asks today.
    #[graphql(guard = "Can(Permission::ResolveTickets).or(Can(Permission::AskForHelp))")]
    async fn service_policy(&self, ctx: &Context<'_>) -> GqlResult<Option<ServicePolicy>> {
        Ok(clocks::policy::at(Cx::of(ctx)?.platform.clock().now()).map(ServicePolicy))
    }

    /// How the promise was kept in the last 90 days: of every municipality on the help centre's host, of its own on a municipality's.
    #[graphql(guard = "Can(Permission::ResolveTickets).or(Can(Permission::AskForHelp))")]
    async fn service_levels(&self, ctx: &Context<'_>) -> GqlResult<Vec<ServiceLevel>> {
        let cx = Cx::of(ctx)?;
        let tenant = if at_desk(cx) { None } else { Some(cx.tenant.id) };
        let now = cx.platform.clock().now();
        let levels = clocks::store::levels(&mut *cx.read().await?, tenant, now - clocks::measures::WINDOW, now).await?;
        Ok(levels.into_iter().map(Into::into).collect())
    }
}

/// A ticket to open.
#[derive(InputObject)]
pub struct OpenTicketInput {
    /// What it is about.
    category: TicketCategory,
    /// In one line, at most 160 letters.
    subject: String,
    /// What happens and what was expected.
    body: String,
    /// The same key is the same ticket, however often it is sent.
    idempotency_key: String,
}

/// A word in a ticket's conversation.
#[derive(InputObject)]
pub struct ReplyToTicketInput {
    /// The ticket's number.
    number: String,
    /// What to say.
    text: String,
    /// A note that only the help centre sees.
    #[graphql(default)]
    internal: bool,
    /// Where an agent leaves the ticket: `OPEN`, `WAITING_MUNICIPALITY` or `WAITING_THIRD_PARTY`.
    status: Option<TicketStatus>,
    /// How many messages whoever writes had before them. Where others have come since, nothing is sent, so that two do not answer at once.
    seen: Option<i32>,
}

/// A ticket to take.
#[derive(InputObject)]
pub struct AssignTicketInput {
    /// The ticket's number.
    number: String,
    /// How much it presses, if somebody says otherwise than impact and urgency do.
    priority: Option<TicketPriority>,
    /// Whom it touches, if that is to change.
    impact: Option<TicketImpact>,
    /// What it stops, if that is to change. With the impact it gives the priority.
    urgency: Option<TicketUrgency>,
}

/// A ticket to end.
#[derive(InputObject)]
pub struct ResolveTicketInput {
    /// The ticket's number.
    number: String,
    /// A last word to the other side.
    text: Option<String>,
}

/// Two tickets of one matter.
#[derive(InputObject)]
pub struct MergeTicketInput {
    /// The number of the ticket that is closed.
    number: String,
    /// The number of the ticket in which it goes on; of the same municipality.
    into: String,
}

/// What whoever asked thinks of the help.
#[derive(InputObject)]
pub struct RateTicketInput {
    /// The ticket's number.
    number: String,
    /// From 1, not at all, to 5, entirely.
    score: i32,
    /// Why.
    text: Option<String>,
}

kernel::payload!(OpenTicketPayload { ticket: Ticket });
kernel::payload!(ReplyToTicketPayload { ticket: Ticket });
kernel::payload!(AssignTicketPayload { ticket: Ticket });
kernel::payload!(ResolveTicketPayload { ticket: Ticket });
kernel::payload!(ChangeTicketCalendarPayload { ticket: Ticket });
kernel::payload!(MergeTicketPayload { ticket: Ticket });
kernel::payload!(RateTicketPayload { ticket: Ticket });

/// Mutations of support.
#[derive(Default)]
pub struct SupportMutation;

/// Mutations of support.
#[Object]
impl SupportMutation {
    /// Asks the help centre.
    #[graphql(guard = "Can(Permission::AskForHelp)")]
    async fn open_ticket(&self, ctx: &Context<'_>, input: OpenTicketInput) -> GqlResult<OpenTicketPayload> {
        let cx = Cx::of(ctx)?;
        let draft = Draft { category: input.category, subject: &input.subject, body: &input.body, idempotency_key: &input.idempotency_key };
        let mut tx = cx.write().await?;
        let done = service::open(&mut tx, draft, by(cx)?).await;
        OpenTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// Says a word in a ticket's conversation; an agent may leave it waiting, or note something for colleagues only.
    #[graphql(guard = "Can(Permission::ResolveTickets).or(Can(Permission::AskForHelp))")]
    async fn reply_to_ticket(&self, ctx: &Context<'_>, input: ReplyToTicketInput) -> GqlResult<ReplyToTicketPayload> {
        let cx = Cx::of(ctx)?;
        let number = number(&input.number)?;
        let mut tx = at_ticket(cx, number).await?;
        let word = Word { text: &input.text, internal: input.internal, wish: input.status, seen: input.seen };
        let done = service::reply(&mut tx, number, (side(cx), &by(cx)?.name), word).await;
        ReplyToTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// An agent takes a ticket.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn assign_ticket(&self, ctx: &Context<'_>, input: AssignTicketInput) -> GqlResult<AssignTicketPayload> {
        let cx = Cx::of(ctx)?;
        let number = number(&input.number)?;
        let mut tx = at_ticket(cx, number).await?;
        let triage = Triage { priority: input.priority, impact: input.impact, urgency: input.urgency };
        let done = service::assign(&mut tx, number, by(cx)?, triage).await;
        AssignTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// Joins a ticket to another of the same matter and municipality.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn merge_ticket(&self, ctx: &Context<'_>, input: MergeTicketInput) -> GqlResult<MergeTicketPayload> {
        let cx = Cx::of(ctx)?;
        let number = number(&input.number)?;
        let mut tx = at_ticket(cx, number).await?;
        // No ticket has the number zero: what is not a number is told as one that nobody knows.
        let into = input.into.trim().parse().unwrap_or_default();
        let done = service::merge(&mut tx, number, into, by(cx)?).await;
        MergeTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// Says what the municipality thinks of the help, once it is over.
    #[graphql(guard = "Can(Permission::AskForHelp)")]
    async fn rate_ticket(&self, ctx: &Context<'_>, input: RateTicketInput) -> GqlResult<RateTicketPayload> {
        let cx = Cx::of(ctx)?;
        let number = number(&input.number)?;
        let mut tx = cx.write().await?;
        let done = service::rate(&mut tx, number, input.score, input.text.as_deref()).await;
        RateTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// Counts a ticket in other opening hours from now on; what has run stays.
    #[graphql(guard = "Can(Permission::SuperviseSupport)")]
    async fn change_ticket_calendar(&self, ctx: &Context<'_>, input: ChangeTicketCalendarInput) -> GqlResult<ChangeTicketCalendarPayload> {
        let cx = Cx::of(ctx)?;
        let number = number(&input.number)?;
        let mut tx = at_ticket(cx, number).await?;
        let done = clocks::service::change_calendar(&mut tx, number, &input.calendar, &by(cx)?.name).await;
        ChangeTicketCalendarPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// Ends a ticket: an agent holds it for solved, the municipality closes what it asked.
    #[graphql(guard = "Can(Permission::ResolveTickets).or(Can(Permission::AskForHelp))")]
    async fn resolve_ticket(&self, ctx: &Context<'_>, input: ResolveTicketInput) -> GqlResult<ResolveTicketPayload> {
        let cx = Cx::of(ctx)?;
        let number = number(&input.number)?;
        let mut tx = at_ticket(cx, number).await?;
        let done = service::resolve(&mut tx, number, (side(cx), by(cx)?), input.text.as_deref()).await;
        ResolveTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }
}

pub(crate) fn at_desk(cx: &Cx) -> bool {
    matches!(cx.scope(), Scope::Support(_))
}

fn side(cx: &Cx) -> MessageAuthor {
    if at_desk(cx) { MessageAuthor::Agent } else { MessageAuthor::Municipality }
}

pub(crate) fn by(cx: &Cx) -> Result<&SignedIn> {
    cx.viewer.account.as_ref().ok_or(Error::Unauthenticated)
}

/// A write transaction in the ticket's own tenant: the help centre comes with its own rights, a municipality stays where it is.
async fn at_ticket(cx: &Cx, number: i64) -> Result<Tx> {
    if !at_desk(cx) {
        return cx.write().await;
    }
    let ticket = store::ticket(&mut *cx.read().await?, number).await?.ok_or(Error::NotFound)?;
    cx.write_as(Scope::Support(ticket.tenant_id)).await
}
