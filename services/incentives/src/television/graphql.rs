//! Queries and mutations of the television programme.

use async_graphql::{Context, ID, InputObject, Object};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate, Municipality, Paging};
use kernel::{Error, Permission, Result};
use uuid::Uuid;

use super::model::{BroadcastRow, BroadcastState, ExperienceRow};
use super::{service, store};

/// An experience that a municipality proposes for the programme.
pub struct Experience(pub(crate) ExperienceRow, pub(crate) Option<BroadcastRow>);

/// An experience that a municipality proposes for the programme.
#[Object]
impl Experience {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The municipality.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.tenant_id))
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What was done, with whom, and what changed.
    async fn story(&self) -> &str {
        &self.0.story
    }

    /// When it was proposed.
    async fn proposed_at(&self) -> DateTime {
        DateTime(self.0.proposed_at)
    }

    /// When the municipality took it back; null where it did not.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.0.withdrawn_at.map(DateTime)
    }

    /// What the agency decided; null until it has.
    async fn broadcast(&self) -> Option<Broadcast> {
        self.1.clone().map(Broadcast)
    }
}

kernel::connection!(ExperienceConnection, Experience);

/// A programme made of an experience, or the word that it will not be.
pub struct Broadcast(pub(crate) BroadcastRow);

/// A programme made of an experience, or the word that it will not be.
#[Object]
impl Broadcast {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The municipality.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.municipality_id))
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// How it stands.
    async fn state(&self) -> BroadcastState {
        self.0.state()
    }

    /// Why the agency took the experience or not; null for whoever does not see the administration.
    async fn reason(&self, ctx: &Context<'_>) -> GqlResult<Option<&str>> {
        Ok(Cx::of(ctx)?.viewer.can(Permission::SeeAdministration).then_some(self.0.reason.as_str()))
    }

    /// When it is on; null until there is a date.
    async fn airs_on(&self) -> Option<LocalDate> {
        self.0.airs_on.map(LocalDate)
    }

    /// What it is about; null until it is published.
    async fn summary(&self) -> Option<&str> {
        self.0.summary.as_deref()
    }

    /// Where it can be seen; null until it is published.
    async fn video_url(&self) -> Option<&str> {
        self.0.video_url.as_deref()
    }

    /// Everything that is said in it; null until it is published.
    async fn transcript(&self) -> Option<&str> {
        self.0.transcript.as_deref()
    }

    /// When it was published.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.published_at.map(DateTime)
    }
}

kernel::connection!(BroadcastConnection, Broadcast);

/// The town's experiences with what became of each.
pub(crate) async fn own(cx: &Cx) -> Result<Vec<Experience>> {
    let mut tx = cx.read().await?;
    let decided = store::granted(&mut tx, cx.tenant.id).await?;
    let rows = store::own_experiences(&mut tx).await?.into_iter();
    Ok(rows.map(|row| with(row, &decided)).collect())
}

fn with(row: ExperienceRow, decided: &[BroadcastRow]) -> Experience {
    let found = decided.iter().find(|broadcast| broadcast.experience_id == row.id && broadcast.municipality_id == row.tenant_id).cloned();
    Experience(row, found)
}

/// What every municipality proposed, with what the agency decided.
async fn proposed(cx: &Cx) -> Result<Vec<Experience>> {
    let mut tx = cx.read().await?;
    if crate::at_the_agency(&tx).is_err() {
        return Ok(Vec::new());
    }
    let decided = store::broadcasts(&mut tx).await?;
    Ok(store::experiences(&mut tx).await?.into_iter().map(|row| with(row, &decided)).collect())
}

/// Queries of the television programme.
#[derive(Default)]
pub struct TelevisionQuery;

/// Queries of the television programme.
#[Object]
impl TelevisionQuery {
    /// The programmes that can be seen, newest first, on the agency's host.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn broadcasts(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<BroadcastConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let mut rows = store::broadcasts(&mut *Cx::of(ctx)?.read().await?).await?;
        rows.retain(|row| row.published_at.is_some());
        let total = rows.len() as i64;
        let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(BroadcastConnection::new(paging, page.map(Broadcast).collect(), total))
    }

    /// The programmes that have a date and are still to come, the next first, on the agency's host.
    async fn upcoming_broadcasts(&self, ctx: &Context<'_>) -> GqlResult<Vec<Broadcast>> {
        let mut rows = store::broadcasts(&mut *Cx::of(ctx)?.read().await?).await?;
        rows.retain(|row| row.state() == BroadcastState::Scheduled);
        rows.sort_by_key(|row| row.airs_on);
        Ok(rows.into_iter().map(Broadcast).collect())
    }

    /// A programme that can be seen; whoever works for the agency also opens one that is still being made.
    async fn broadcast(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<Broadcast>> {
        let cx = Cx::of(ctx)?;
        let rows = store::broadcasts(&mut *cx.read().await?).await?;
        let inside = cx.viewer.can(Permission::GuideMunicipalities);
        Ok(rows.into_iter().find(|row| row.slug == slug && (row.published_at.is_some() || inside)).map(Broadcast))
    }

    /// What the municipalities proposed, newest first, with what the agency decided.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn experiences(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<ExperienceConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let rows = proposed(Cx::of(ctx)?).await?;
        let total = rows.len() as i64;
        let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(ExperienceConnection::new(paging, page.collect(), total))
    }

    /// A proposed experience, for the agency.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn experience(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The municipality, by its name in hosts.")] municipality: String,
        id: ID,
    ) -> GqlResult<Option<Experience>> {
        let cx = Cx::of(ctx)?;
        let (Some(town), Ok(id)) = (cx.platform.directory().by_slug(&municipality), Uuid::try_parse(&id)) else { return Ok(None) };
        Ok(proposed(cx).await?.into_iter().find(|one| one.0.id == id && one.0.tenant_id == town.id))
    }
}

/// An experience for the programme.
#[derive(InputObject)]
pub struct ProposeExperienceInput {
    /// What it is called.
    title: String,
    /// What was done, with whom, and what changed.
    story: String,
    /// Names this submission: sent again, it is the same experience.
    idempotency_key: String,
}

/// An experience to take back.
#[derive(InputObject)]
pub struct WithdrawExperienceInput {
    /// The experience.
    id: ID,
}

/// What the agency decides about an experience.
#[derive(InputObject)]
pub struct DecideExperienceInput {
    /// The municipality, by its name in hosts.
    municipality: String,
    /// The experience.
    id: ID,
    /// Whether it will be made.
    #[graphql(default)]
    accepted: bool,
    /// Why; the municipality reads it.
    reason: String,
}

/// A broadcast's date.
#[derive(InputObject)]
pub struct ScheduleBroadcastInput {
    /// The broadcast, by its name in addresses.
    slug: String,
    /// When it is on.
    airs_on: LocalDate,
}

/// A broadcast to publish.
#[derive(InputObject)]
pub struct PublishBroadcastInput {
    /// The broadcast, by its name in addresses.
    slug: String,
    /// What it is about.
    summary: String,
    /// Where it can be seen.
    video_url: String,
    /// Everything that is said in it.
    transcript: String,
}

kernel::payload!(ProposeExperiencePayload { experience: Experience });
kernel::payload!(WithdrawExperiencePayload { experience: Experience });
kernel::payload!(DecideExperiencePayload { broadcast: Broadcast });
kernel::payload!(ScheduleBroadcastPayload { broadcast: Broadcast });
kernel::payload!(PublishBroadcastPayload { broadcast: Broadcast });

/// Mutations of the television programme.
#[derive(Default)]
pub struct TelevisionMutation;

/// Mutations of the television programme.
#[Object]
impl TelevisionMutation {
    /// Proposes an experience of this municipality for the programme.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn propose_experience(&self, ctx: &Context<'_>, input: ProposeExperienceInput) -> GqlResult<ProposeExperiencePayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::propose(&mut tx, &input.title, &input.story, &input.idempotency_key).await;
        ProposeExperiencePayload::of(tx.settle(done).await.map(|row| Experience(row, None)))
    }

    /// Takes a proposal back, as long as the agency has not decided.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn withdraw_experience(&self, ctx: &Context<'_>, input: WithdrawExperienceInput) -> GqlResult<WithdrawExperiencePayload> {
        let id = Uuid::try_parse(&input.id).map_err(|_| Error::NotFound)?;
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::withdraw(&mut tx, id).await;
        WithdrawExperiencePayload::of(tx.settle(done).await.map(|row| Experience(row, None)))
    }

    /// Decides whether an experience becomes a programme.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn decide_experience(&self, ctx: &Context<'_>, input: DecideExperienceInput) -> GqlResult<DecideExperiencePayload> {
        let cx = Cx::of(ctx)?;
        let id = Uuid::try_parse(&input.id).map_err(|_| Error::NotFound)?;
        let town = cx.platform.directory().by_slug(&input.municipality).ok_or(Error::NotFound)?;
        let mut tx = cx.write().await?;
        let done = service::decide(&mut tx, &town, id, input.accepted, &input.reason).await;
        DecideExperiencePayload::of(tx.settle(done).await.map(Broadcast))
    }

    /// Gives a programme its date.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn schedule_broadcast(&self, ctx: &Context<'_>, input: ScheduleBroadcastInput) -> GqlResult<ScheduleBroadcastPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::schedule(&mut tx, &input.slug, input.airs_on.0).await;
        ScheduleBroadcastPayload::of(tx.settle(done).await.map(Broadcast))
    }

    /// Publishes a programme with its video and its transcript; without the transcript it is not published.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn publish_broadcast(&self, ctx: &Context<'_>, input: PublishBroadcastInput) -> GqlResult<PublishBroadcastPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::publish(&mut tx, &input.slug, &input.summary, &input.video_url, &input.transcript).await;
        PublishBroadcastPayload::of(tx.settle(done).await.map(Broadcast))
    }
}
