//! Support's queries and mutations. On the help centre's host they reach every municipality; on a municipality's, its own tickets.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, Municipality, Paging};
use kernel::viewer::SignedIn;
use kernel::{Error, Permission, Result, Scope, Tx};
use uuid::Uuid;

use crate::model::{Filter, MessageAuthor, MessageRow, TicketCategory, TicketPriority, TicketRow, TicketStatus, TicketView};
use crate::service::{self, Draft};
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
    row_id: Uuid,
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
    /// When it was opened.
    opened_at: DateTime,
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
        Ok(store::messages(&mut tx, self.tenant, self.row_id).await?.into_iter().map(TicketMessage::from).collect())
    }
}

impl Ticket {
    fn of(cx: &Cx, row: TicketRow) -> Self {
        let now = cx.platform.clock().now();
        Self {
            tenant: row.tenant_id,
            assigned_id: row.assigned_to,
            row_id: row.id,
            id: row.id.into(),
            number: row.number.to_string(),
            category: row.category,
            subject: row.subject,
            body: row.body,
            status: row.status,
            priority: row.priority,
            opened_at: DateTime(row.opened_at),
            opened_by: row.opened_by_name,
            contact_email: row.contact_email,
            contact_phone: row.contact_phone,
            assigned_to: row.assigned_name,
            updated_at: DateTime(row.updated_at),
            waiting_minutes: row.waiting_since.map(|since| (now - since).whole_minutes().max(0) as i32),
        }
    }
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
}

impl From<MessageRow> for TicketMessage {
    fn from(row: MessageRow) -> Self {
        Self { at: DateTime(row.at), author: row.author, author_name: row.author_name, text: row.text, internal: row.internal }
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
    /// Tickets: what waits for the help centre by priority and by how long, then what is paused, then what is settled, newest first.
    #[graphql(
        guard = "Can(Permission::ResolveTickets).or(Can(Permission::AskForHelp))",
        complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1"
    )]
    async fn tickets(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        status: Option<TicketStatus>,
        category: Option<TicketCategory>,
        view: Option<TicketView>,
    ) -> GqlResult<TicketConnection> {
        let cx = Cx::of(ctx)?;
        let paging = Paging::new(first, after.as_deref())?;
        let filter = Filter {
            status,
            category,
            open: view.map(|view| view != TicketView::Settled),
            assigned_to: cx.viewer.id().filter(|_| view == Some(TicketView::Mine)),
            assigned: (view == Some(TicketView::Unassigned)).then_some(false),
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
}

/// A ticket to take.
#[derive(InputObject)]
pub struct AssignTicketInput {
    /// The ticket's number.
    number: String,
    /// How much it presses, if that is to change.
    priority: Option<TicketPriority>,
}

/// A ticket to end.
#[derive(InputObject)]
pub struct ResolveTicketInput {
    /// The ticket's number.
    number: String,
    /// A last word to the other side.
    text: Option<String>,
}

kernel::payload!(OpenTicketPayload { ticket: Ticket });
kernel::payload!(ReplyToTicketPayload { ticket: Ticket });
kernel::payload!(AssignTicketPayload { ticket: Ticket });
kernel::payload!(ResolveTicketPayload { ticket: Ticket });

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
        let done = service::reply(&mut tx, number, (side(cx), by(cx)?), &input.text, input.internal, input.status).await;
        ReplyToTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// An agent takes a ticket.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn assign_ticket(&self, ctx: &Context<'_>, input: AssignTicketInput) -> GqlResult<AssignTicketPayload> {
        let cx = Cx::of(ctx)?;
        let number = number(&input.number)?;
        let mut tx = at_ticket(cx, number).await?;
        let done = service::assign(&mut tx, number, by(cx)?, input.priority).await;
        AssignTicketPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
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

fn at_desk(cx: &Cx) -> bool {
    matches!(cx.scope(), Scope::Support(_))
}

fn side(cx: &Cx) -> MessageAuthor {
    if at_desk(cx) { MessageAuthor::Agent } else { MessageAuthor::Municipality }
}

fn by(cx: &Cx) -> Result<&SignedIn> {
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
