//! Mails of tickets, and the mails that nobody could place.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use kernel::directory::{Audience, Directory, Resolved, TenantEntry};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, Municipality, Paging};
use kernel::{Error, Permission, Result, Scope};
use uuid::Uuid;

use super::model::{BounceRow, IncomingMailReason, IncomingMailState, IncomingRow, TicketMailRow};
use super::{service, store};
use crate::graphql::{Ticket, at_desk, by};
use crate::model::TicketCategory;

/// How a word of a ticket came by mail. It proves nothing of who wrote it.
#[derive(SimpleObject)]
pub struct TicketMail {
    /// The address that it says it is from.
    address: String,
    /// Whether that address is neither that of whoever asked nor of an account of the municipality.
    stranger: bool,
    /// The whole text with what it quotes and how it is signed; null where that is all of it.
    whole: Option<String>,
    /// What hung on it and is not kept here, by name and size.
    left_out: Vec<String>,
}

impl From<TicketMailRow> for TicketMail {
    fn from(row: TicketMailRow) -> Self {
        Self { address: row.address, stranger: row.stranger, whole: row.whole, left_out: row.left_out }
    }
}

/// A mail to whoever asked that came back.
#[derive(SimpleObject)]
pub struct TicketBounce {
    /// When it came back.
    at: DateTime,
    /// The address that it did not reach; empty where the server did not say.
    address: String,
    /// What the server said.
    detail: String,
}

impl From<BounceRow> for TicketBounce {
    fn from(row: BounceRow) -> Self {
        Self { at: DateTime(row.at), address: row.address, detail: row.detail }
    }
}

/// A mail that came to the help centre.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct IncomingMail {
    #[graphql(skip)]
    towns: Vec<Uuid>,
    /// Its id.
    id: ID,
    /// When it came.
    received_at: DateTime,
    /// The address that it says it is from; empty where it says none. It proves nothing.
    sender: String,
    /// Its subject.
    subject: String,
    /// What is new in it; null once somebody has decided.
    body: Option<String>,
    /// The whole text, where more stands in it than what is new.
    whole: Option<String>,
    /// What hung on it and is not kept here, by name and size.
    left_out: Vec<String>,
    /// What has become of it.
    state: IncomingMailState,
    /// Why it is in nobody's ticket; null where it went there by itself.
    reason: Option<IncomingMailReason>,
    /// The number of the ticket that it belongs to.
    ticket_number: Option<String>,
    /// Who decided.
    decided_by: Option<String>,
}

#[ComplexObject]
impl IncomingMail {
    /// The municipalities that it may be of.
    async fn candidates(&self, ctx: &Context<'_>) -> GqlResult<Vec<Municipality>> {
        let cx = Cx::of(ctx)?;
        Ok(self.towns.iter().filter_map(|town| Municipality::of(cx, *town)).collect())
    }
}

impl From<IncomingRow> for IncomingMail {
    fn from(row: IncomingRow) -> Self {
        Self {
            towns: row.candidates,
            id: row.id.into(),
            received_at: DateTime(row.received_at),
            sender: row.sender,
            subject: row.subject,
            body: row.body,
            whole: row.whole,
            left_out: row.left_out,
            state: row.state,
            reason: row.reason,
            ticket_number: row.ticket_number.map(|number| number.to_string()),
            decided_by: row.decided_by_name,
        }
    }
}

kernel::connection!(IncomingMailConnection, IncomingMail);

/// Which mails a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum IncomingMailView {
    /// Those that wait for somebody to say which municipality they are of.
    #[default]
    Waiting,
    /// Those that no person wrote, or that came too often.
    Automatic,
}

/// Queries of mail.
#[derive(Default)]
pub struct MailQuery;

/// Queries of mail.
#[Object]
impl MailQuery {
    /// Mails that are in nobody's ticket, the newest first; only on the help centre's host.
    #[graphql(guard = "Can(Permission::ResolveTickets)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn incoming_mail(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        view: Option<IncomingMailView>,
    ) -> GqlResult<IncomingMailConnection> {
        let cx = Cx::of(ctx)?;
        let paging = Paging::new(first, after.as_deref())?;
        if !at_desk(cx) {
            return Ok(IncomingMailConnection::new(paging, Vec::new(), 0));
        }
        let state = match view.unwrap_or_default() {
            IncomingMailView::Waiting => IncomingMailState::Waiting,
            IncomingMailView::Automatic => IncomingMailState::Automatic,
        };
        let (rows, total) = store::incoming(&mut *cx.read().await?, state, paging.limit, paging.offset).await?;
        Ok(IncomingMailConnection::new(paging, rows.into_iter().map(IncomingMail::from).collect(), total))
    }
}

/// Which municipality a mail is of.
#[derive(InputObject)]
pub struct AssignMailInput {
    /// The mail.
    id: ID,
    /// The municipality: the code of DIVIPOLA, the name of its site, or its name where no other has it.
    municipality: String,
    /// What the mail is about.
    category: TicketCategory,
}

/// A mail to be left.
#[derive(InputObject)]
pub struct DiscardMailInput {
    /// The mail.
    id: ID,
}

kernel::payload!(AssignMailPayload { ticket: Ticket });
kernel::payload!(DiscardMailPayload { discarded: bool });

/// Mutations of mail.
#[derive(Default)]
pub struct MailMutation;

/// Mutations of mail.
#[Object]
impl MailMutation {
    /// Says which municipality a mail is of: it opens a ticket there, which its sender is answered in.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn assign_mail(&self, ctx: &Context<'_>, input: AssignMailInput) -> GqlResult<AssignMailPayload> {
        let cx = Cx::of(ctx)?;
        let id = desk_mail(cx, &input.id)?;
        let town = match town(cx.platform.directory(), &input.municipality) {
            Ok(town) => town,
            Err(error) => return AssignMailPayload::of(Err(error)),
        };
        let mut tx = cx.write_as(Scope::Support(town.id)).await?;
        let done = service::assign(&mut tx, id, input.category, by(cx)?).await;
        AssignMailPayload::of(tx.settle(done).await.map(|row| Ticket::of(cx, row)))
    }

    /// Leaves a mail where it is, and takes it off the list.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn discard_mail(&self, ctx: &Context<'_>, input: DiscardMailInput) -> GqlResult<DiscardMailPayload> {
        let cx = Cx::of(ctx)?;
        let id = desk_mail(cx, &input.id)?;
        let mut tx = cx.write().await?;
        let done = service::discard(&mut tx, id, by(cx)?).await;
        DiscardMailPayload::of(tx.settle(done).await.map(|()| true))
    }
}

/// The id of a mail, on the help centre's host; elsewhere there are none.
fn desk_mail(cx: &Cx, id: &ID) -> Result<Uuid> {
    if !at_desk(cx) {
        return Err(Error::NotFound);
    }
    id.parse().map_err(|_| Error::NotFound)
}

/// The municipality that somebody typed.
fn town(directory: &Directory, typed: &str) -> Result<std::sync::Arc<TenantEntry>> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(Error::field("municipality", "REQUIRED", "Diga de qué municipio es"));
    }
    let plain = kernel::search::plain(typed);
    let short = match directory.resolve(&format!("{}.{}", plain, directory.domain())) {
        Resolved::Tenant(entry) => Some(entry.slug.clone()),
        Resolved::Redirect(host) => host.split('.').next().map(str::to_owned),
        Resolved::Unknown => None,
    };
    let towns: Vec<_> = directory.all().into_iter().filter(|entry| entry.kind.audience() == Audience::Municipality).collect();
    let mut named = towns.iter().filter(|entry| entry.code == typed || Some(&entry.slug) == short.as_ref());
    if let Some(entry) = named.next() {
        return Ok(entry.clone());
    }
    let alike: Vec<_> = towns.iter().filter(|entry| kernel::search::plain(&entry.name) == plain).collect();
    match alike[..] {
        [entry] => Ok(entry.clone()),
        [] => Err(Error::field("municipality", "UNKNOWN", "No hay un municipio con ese nombre o código")),
        _ => Err(Error::field("municipality", "SEVERAL", "Varios municipios se llaman así: escriba su código DIVIPOLA")),
    }
}
