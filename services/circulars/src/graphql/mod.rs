//! Queries and mutations of circulars.

mod types;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use kernel::directory::TenantKind;
use kernel::graphql::{Can, Cx, GqlResult, Paging};
use kernel::search::plain;
use kernel::{Error, Permission, Result, Scope};
use uuid::Uuid;

use crate::graphql::types::{Circular, CircularConnection, CircularDelivery, CircularDeliveryConnection};
use crate::model::{DeliveryRow, DeliveryState, SendCircularInput};
use crate::{rules, service, store};

/// Which deliveries are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum DeliveryFilter {
    /// Nobody has said that it was read.
    Unread,
    /// There is no answer yet.
    Unanswered,
    /// The answer is there.
    Answered,
    /// The date has passed without an answer.
    Late,
}

fn shows(filter: Option<DeliveryFilter>, row: &DeliveryRow, today: time::Date) -> bool {
    match filter {
        None => true,
        Some(DeliveryFilter::Unread) => row.read_at.is_none() && row.withdrawn_at.is_none(),
        Some(DeliveryFilter::Unanswered) => row.ask.is_some() && row.answered_at.is_none() && row.withdrawn_at.is_none(),
        Some(DeliveryFilter::Answered) => row.answered_at.is_some(),
        Some(DeliveryFilter::Late) => rules::state(row, today) == DeliveryState::Late,
    }
}

/// Queries of circulars.
#[derive(Default)]
pub struct CircularsQuery;

/// Queries of circulars.
#[Object]
impl CircularsQuery {
    /// The agency's public circulars, newest first, on its own host; the withdrawn ones say so.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn circulars(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
    ) -> GqlResult<CircularConnection> {
        Ok(list(Cx::of(ctx)?, first, after, search, true).await?)
    }

    /// Everything that the agency sent, newest first, with how the municipalities stand.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn circular_register(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
    ) -> GqlResult<CircularConnection> {
        Ok(list(Cx::of(ctx)?, first, after, search, false).await?)
    }

    /// A circular of the agency; null unless it is public, or the viewer works for the agency.
    async fn circular(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<Circular>> {
        let cx = Cx::of(ctx)?;
        let found = match service::one(&mut *cx.read().await?, &slug).await {
            Err(Error::NotFound) => None,
            found => Some(found?),
        };
        Ok(found.filter(|row| row.public || cx.viewer.can(Permission::GuideMunicipalities)).map(|row| Circular(row, None)))
    }

    /// The municipalities that received a circular and how each stands, by name.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn circular_deliveries(
        &self,
        ctx: &Context<'_>,
        slug: String,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<DeliveryFilter>,
        search: Option<String>,
    ) -> GqlResult<CircularDeliveryConnection> {
        let cx = Cx::of(ctx)?;
        let paging = Paging::new(first, after.as_deref())?;
        let wanted = plain(search.as_deref().unwrap_or_default().trim());
        let mut tx = cx.read().await?;
        let today = tx.today();
        let rows = match service::one(&mut tx, &slug).await {
            Ok(circular) => store::deliveries_of(&mut tx, circular.id).await?,
            Err(Error::NotFound) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let mut named: Vec<(String, DeliveryRow)> = rows
            .into_iter()
            .filter(|row| shows(filter, row, today))
            .filter_map(|row| cx.platform.directory().get(row.tenant_id).map(|town| (plain(&town.name) + " " + &town.slug, row)))
            .filter(|(name, _)| name.contains(&wanted))
            .collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        let total = named.len() as i64;
        let page = named.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(CircularDeliveryConnection::new(paging, page.map(|(_, row)| CircularDelivery(row)).collect(), total))
    }

    /// A circular as one municipality received it, for the agency.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn circular_delivery(
        &self,
        ctx: &Context<'_>,
        slug: String,
        #[graphql(desc = "The municipality, by its name in hosts.")] municipality: String,
    ) -> GqlResult<Option<CircularDelivery>> {
        let cx = Cx::of(ctx)?;
        let Some(town) = cx.platform.directory().by_slug(&municipality) else { return Ok(None) };
        let mut tx = cx.read().await?;
        let circular = match service::one(&mut tx, &slug).await {
            Err(Error::NotFound) => return Ok(None),
            circular => circular?,
        };
        let rows = store::deliveries_of(&mut tx, circular.id).await?;
        Ok(rows.into_iter().find(|row| row.tenant_id == town.id).map(CircularDelivery))
    }

    /// What this municipality received, newest first.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn received_circulars(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<DeliveryFilter>,
        search: Option<String>,
    ) -> GqlResult<CircularDeliveryConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let wanted = plain(search.as_deref().unwrap_or_default().trim());
        let mut tx = Cx::of(ctx)?.read().await?;
        let today = tx.today();
        let mut rows = store::received(&mut tx).await?;
        rows.retain(|row| shows(filter, row, today) && plain(&format!("{} {}", row.title, row.body)).contains(&wanted));
        let total = rows.len() as i64;
        let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(CircularDeliveryConnection::new(paging, page.map(CircularDelivery).collect(), total))
    }

    /// A circular as this municipality received it.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn received_circular(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<CircularDelivery>> {
        match service::received(&mut *Cx::of(ctx)?.read().await?, &slug).await {
            Err(Error::NotFound) => Ok(None),
            found => Ok(Some(CircularDelivery(found?))),
        }
    }
}

async fn list(cx: &Cx, first: Option<i32>, after: Option<String>, search: Option<String>, public: bool) -> Result<CircularConnection> {
    let paging = Paging::new(first, after.as_deref())?;
    let wanted = plain(search.as_deref().unwrap_or_default().trim());
    let mut tx = cx.read().await?;
    let today = tx.today();
    let mut rows = store::circulars(&mut tx).await?;
    rows.retain(|row| (row.public || !public) && plain(&format!("{} {}", row.title, row.body)).contains(&wanted));
    let mut tallies = if public { std::collections::HashMap::new() } else { store::tallies(&mut tx, today).await? };
    let total = rows.len() as i64;
    let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
    let nodes = page.map(|row| {
        let tally = (!public).then(|| tallies.remove(&row.id).unwrap_or_default());
        Circular(row, tally)
    });
    Ok(CircularConnection::new(paging, nodes.collect(), total))
}

/// Further municipalities for a circular.
#[derive(InputObject)]
pub struct AddCircularRecipientsInput {
    /// The circular, by its name in addresses.
    slug: String,
    /// The municipalities: DIVIPOLA code or name in hosts; a text of several lines is as many.
    municipalities: Vec<String>,
}

/// A circular that no longer holds.
#[derive(InputObject)]
pub struct WithdrawCircularInput {
    /// The circular, by its name in addresses.
    slug: String,
    /// Why; the municipalities read it.
    reason: String,
}

/// A receipt.
#[derive(InputObject)]
pub struct AcknowledgeCircularInput {
    /// The circular, by its name in addresses.
    slug: String,
}

/// What a municipality answers.
#[derive(InputObject)]
pub struct AnswerCircularInput {
    /// The circular, by its name in addresses.
    slug: String,
    /// The answer.
    text: String,
    /// Uploads that go with it, for the agency and the municipality's administration.
    files: Option<Vec<ID>>,
    /// Names this submission: sent again, it is the same message.
    idempotency_key: String,
}

/// What the agency writes to one municipality.
#[derive(InputObject)]
pub struct ReplyToCircularInput {
    /// The circular, by its name in addresses.
    slug: String,
    /// The municipality, by its name in hosts.
    municipality: String,
    /// The message.
    text: String,
    /// Names this submission: sent again, it is the same message.
    idempotency_key: String,
}

kernel::payload!(SendCircularPayload { circular: Circular });
kernel::payload!(AddCircularRecipientsPayload { circular: Circular });
kernel::payload!(WithdrawCircularPayload { circular: Circular });
kernel::payload!(AcknowledgeCircularPayload { delivery: CircularDelivery });
kernel::payload!(AnswerCircularPayload { delivery: CircularDelivery });
kernel::payload!(ReplyToCircularPayload { delivery: CircularDelivery });

/// Uploads as they were sent; what is no id was never uploaded.
fn uploads(sent: Option<&Vec<ID>>) -> Vec<Uuid> {
    sent.into_iter().flatten().map(|id| Uuid::try_parse(id).unwrap_or_default()).collect()
}

/// The name of whoever is signed in.
fn name(cx: &Cx) -> String {
    cx.viewer.account.as_ref().map(|account| account.name.clone()).unwrap_or_default()
}

/// Mutations of circulars.
#[derive(Default)]
pub struct CircularsMutation;

/// Mutations of circulars.
#[Object]
impl CircularsMutation {
    /// Sends a circular to all municipalities or to a group.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn send_circular(&self, ctx: &Context<'_>, input: SendCircularInput) -> GqlResult<SendCircularPayload> {
        let cx = Cx::of(ctx)?;
        let (files, towns) = (uploads(input.files.as_ref()), rules::reachable(cx.platform.directory().all()));
        let mut tx = cx.write().await?;
        let done = service::send(&mut tx, &input, &files, &towns, &name(cx)).await;
        SendCircularPayload::of(tx.settle(done).await.map(|row| Circular(row, None)))
    }

    /// Sends a circular to further municipalities.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn add_circular_recipients(
        &self,
        ctx: &Context<'_>,
        input: AddCircularRecipientsInput,
    ) -> GqlResult<AddCircularRecipientsPayload> {
        let cx = Cx::of(ctx)?;
        let towns = rules::reachable(cx.platform.directory().all());
        let mut tx = cx.write().await?;
        let done = service::add_recipients(&mut tx, &input.slug, &input.municipalities, &towns).await;
        AddCircularRecipientsPayload::of(tx.settle(done).await.map(|row| Circular(row, None)))
    }

    /// Withdraws a circular: nothing is asked any more, and whoever received it reads why.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn withdraw_circular(&self, ctx: &Context<'_>, input: WithdrawCircularInput) -> GqlResult<WithdrawCircularPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::withdraw(&mut tx, &input.slug, &input.reason).await;
        WithdrawCircularPayload::of(tx.settle(done).await.map(|row| Circular(row, None)))
    }

    /// Says that this municipality has read a circular.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn acknowledge_circular(&self, ctx: &Context<'_>, input: AcknowledgeCircularInput) -> GqlResult<AcknowledgeCircularPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::acknowledge(&mut tx, &input.slug, &name(cx)).await;
        AcknowledgeCircularPayload::of(tx.settle(done).await.map(CircularDelivery))
    }

    /// Answers a circular, or adds to the thread. What comes after the date is taken, and said to be late.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn answer_circular(&self, ctx: &Context<'_>, input: AnswerCircularInput) -> GqlResult<AnswerCircularPayload> {
        let cx = Cx::of(ctx)?;
        let files = uploads(input.files.as_ref());
        let mut tx = cx.write().await?;
        let done = service::answer(&mut tx, &input.slug, &input.text, &files, &name(cx), &input.idempotency_key).await;
        AnswerCircularPayload::of(tx.settle(done).await.map(CircularDelivery))
    }

    /// Writes to one municipality in the thread of a circular.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn reply_to_circular(&self, ctx: &Context<'_>, input: ReplyToCircularInput) -> GqlResult<ReplyToCircularPayload> {
        let cx = Cx::of(ctx)?;
        let town = cx.platform.directory().by_slug(&input.municipality);
        let (true, Some(town)) = (cx.tenant.kind == TenantKind::Agency, town) else { return Err(Error::NotFound.into()) };
        let mut tx = cx.write_as(Scope::Agency(town.id)).await?;
        let done = service::reply(&mut tx, &input.slug, &input.text, &name(cx), &input.idempotency_key).await;
        ReplyToCircularPayload::of(tx.settle(done).await.map(CircularDelivery))
    }
}
