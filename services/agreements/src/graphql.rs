//! Queries and mutations of agreements.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::{Error, Permission, Result, file};
use uuid::Uuid;

use crate::model::{
    AddAgreementResultInput, AgreementState, EntityKind, EntityLevel, EntityRow, KeepAgreementInput, KeepEntityInput, Kept, ResultRow,
};
use crate::{rules, service, store};

/// With whom the municipality makes agreements.
pub struct Entity(EntityRow);

/// With whom the municipality makes agreements.
#[Object]
impl Entity {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How far it reaches.
    async fn level(&self) -> EntityLevel {
        self.0.level
    }

    /// What it is.
    async fn kind(&self) -> EntityKind {
        self.0.kind
    }

    /// Whether the committee chose it as one of interest.
    async fn priority(&self) -> bool {
        self.0.priority
    }

    /// The address of its site.
    async fn web(&self) -> Option<&str> {
        self.0.web.as_deref()
    }

    /// Who speaks for it; null for whoever does not keep the plan.
    async fn contact(&self, ctx: &Context<'_>) -> GqlResult<Option<EntityContact>> {
        let EntityRow { contact_name: name, contact_phone: phone, contact_email: email, .. } = self.0.clone();
        Ok(Cx::of(ctx)?.viewer.can(Permission::KeepPlan).then_some(EntityContact { name, phone, email }))
    }
}

/// Who speaks for an entity; for the committee alone.
#[derive(SimpleObject)]
pub struct EntityContact {
    /// The person's name.
    name: Option<String>,
    /// Telephone.
    phone: Option<String>,
    /// E-mail.
    email: Option<String>,
}

/// An agreement of the municipality with an entity.
pub struct Agreement(Kept);

/// An agreement of the municipality with an entity.
#[Object]
impl Agreement {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.agreement.slug
    }

    /// Its number, as the municipality numbers it.
    async fn number(&self) -> Option<&str> {
        self.0.agreement.number.as_deref()
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.agreement.title
    }

    /// With whom it was made.
    async fn entity(&self) -> Entity {
        Entity(self.0.entity.clone())
    }

    /// What it is about.
    async fn topics(&self) -> &[String] {
        &self.0.agreement.topics
    }

    /// What was agreed.
    async fn object(&self) -> &str {
        &self.0.agreement.object
    }

    /// When it was signed.
    async fn signed_on(&self) -> LocalDate {
        LocalDate(self.0.agreement.signed_on)
    }

    /// When it begins.
    async fn begins_on(&self) -> LocalDate {
        LocalDate(self.0.agreement.begins_on)
    }

    /// Its last day; null where it has no end.
    async fn ends_on(&self) -> Option<LocalDate> {
        self.0.agreement.ends_on.map(LocalDate)
    }

    /// How it stands today.
    async fn state(&self, ctx: &Context<'_>) -> GqlResult<AgreementState> {
        Ok(rules::state(&self.0.agreement, Cx::of(ctx)?.platform.clock().now()))
    }

    /// The day on which it was ended before its time; null where it was not.
    async fn ended_on(&self) -> Option<LocalDate> {
        self.0.agreement.ended_on.map(LocalDate)
    }

    /// Why it was ended before its time.
    async fn end_reason(&self) -> Option<&str> {
        self.0.agreement.end_reason.as_deref()
    }

    /// Why it was annulled; null where it was not.
    async fn annul_reason(&self) -> Option<&str> {
        self.0.agreement.annul_reason.as_deref()
    }

    /// Since when it is on the site; null while it is not.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.agreement.published_at.map(DateTime)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.agreement.updated_at)
    }

    /// What it brought, oldest first; the administration also sees what was annulled.
    async fn results(&self, ctx: &Context<'_>) -> GqlResult<Vec<AgreementResult>> {
        let inside = sees_all(Cx::of(ctx)?);
        let shown = self.0.results.iter().filter(|result| inside || result.annulled_at.is_none());
        Ok(shown.cloned().map(AgreementResult).collect())
    }

    /// How many results it has brought.
    async fn result_count(&self) -> i32 {
        self.0.results.iter().filter(|result| result.annulled_at.is_none()).count() as i32
    }

    /// Documents that everybody may fetch.
    async fn documents(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        files(ctx, &self.0.agreement.slug, true).await
    }

    /// Documents for the administration alone; empty for everybody else.
    async fn internal_documents(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        if sees_all(Cx::of(ctx)?) { files(ctx, &self.0.agreement.slug, false).await } else { Ok(Vec::new()) }
    }
}

async fn files(ctx: &Context<'_>, slug: &str, public: bool) -> GqlResult<Vec<File>> {
    let all = file::of(&mut *Cx::of(ctx)?.read().await?, &service::subject(slug)).await?;
    Ok(all.into_iter().filter(|file| file.public == public).map(File::from).collect())
}

/// Whether the viewer sees the register and not only what is published.
fn sees_all(cx: &Cx) -> bool {
    cx.viewer.can(Permission::SeeAdministration)
}

kernel::connection!(AgreementConnection, Agreement);

/// Something that an agreement brought.
pub struct AgreementResult(ResultRow);

/// Something that an agreement brought.
#[Object]
impl AgreementResult {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// When it came about.
    async fn happened_on(&self) -> LocalDate {
        LocalDate(self.0.happened_on)
    }

    /// What it brought.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Where it is seen: an address, or the act that proves it.
    async fn evidence(&self) -> Option<&str> {
        self.0.evidence.as_deref()
    }

    /// Why it was annulled; null where it was not.
    async fn annul_reason(&self) -> Option<&str> {
        self.0.annul_reason.as_deref()
    }
}

/// Queries of agreements.
#[derive(Default)]
pub struct AgreementsQuery;

/// Queries of agreements.
#[Object]
impl AgreementsQuery {
    /// Published agreements, by level of the entity, state and words; what was signed last comes first.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        level: Option<EntityLevel>,
        state: Option<AgreementState>,
        search: Option<String>,
    ) -> GqlResult<AgreementConnection> {
        Ok(list(Cx::of(ctx)?, first, after, Wanted { level, state, public: true, search }).await?)
    }

    /// The whole register of agreements, by level of the entity, state and words; what was signed last comes first.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn agreement_register(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        level: Option<EntityLevel>,
        state: Option<AgreementState>,
        search: Option<String>,
    ) -> GqlResult<AgreementConnection> {
        Ok(list(Cx::of(ctx)?, first, after, Wanted { level, state, public: false, search }).await?)
    }

    /// An agreement; null unless it is published, or the viewer sees the administration.
    async fn agreement(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<Agreement>> {
        let cx = Cx::of(ctx)?;
        let kept = store::book(&mut *cx.read().await?, Some(&slug)).await?.pop();
        Ok(kept.filter(|kept| sees_all(cx) || rules::is_public(&kept.agreement)).map(Agreement))
    }

    /// The register of entities by name, or the one of that name in addresses.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn entities(&self, ctx: &Context<'_>, slug: Option<String>) -> GqlResult<Vec<Entity>> {
        Ok(store::entities(&mut *Cx::of(ctx)?.read().await?, slug.as_deref()).await?.into_iter().map(Entity).collect())
    }
}

/// What is asked of the list.
struct Wanted {
    level: Option<EntityLevel>,
    state: Option<AgreementState>,
    /// Whether only what everybody sees is listed.
    public: bool,
    search: Option<String>,
}

async fn list(cx: &Cx, first: Option<i32>, after: Option<String>, wanted: Wanted) -> Result<AgreementConnection> {
    let paging = Paging::new(first, after.as_deref())?;
    let (now, words) = (cx.platform.clock().now(), rules::words(&wanted.search.unwrap_or_default())?);
    let mut found = store::book(&mut *cx.read().await?, None).await?;
    found.retain(|kept| {
        wanted.level.is_none_or(|level| kept.entity.level == level)
            && wanted.state.is_none_or(|state| rules::state(&kept.agreement, now) == state)
            && (rules::is_public(&kept.agreement) || !wanted.public)
            && rules::matches(kept, &words)
    });
    let total = found.len() as i64;
    let page = found.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
    Ok(AgreementConnection::new(paging, page.map(Agreement).collect(), total))
}

/// The early end of an agreement.
#[derive(InputObject)]
pub struct EndAgreementInput {
    /// The agreement, by its name in addresses.
    slug: String,
    /// The day on which it ended; not later than today.
    ended_on: LocalDate,
    /// Why.
    reason: String,
}

/// An agreement that was recorded by mistake.
#[derive(InputObject)]
pub struct AnnulAgreementInput {
    /// The agreement, by its name in addresses.
    slug: String,
    /// Why.
    reason: String,
}

/// Whether an agreement is on the site.
#[derive(InputObject)]
pub struct SetAgreementPublishedInput {
    /// The agreement, by its name in addresses.
    slug: String,
    /// Whether everybody sees it.
    published: bool,
}

/// A result that was recorded by mistake.
#[derive(InputObject)]
pub struct AnnulAgreementResultInput {
    /// The result.
    id: ID,
    /// Why.
    reason: String,
}

/// Documents for an agreement.
#[derive(InputObject)]
pub struct AttachAgreementDocumentsInput {
    /// The agreement, by its name in addresses.
    slug: String,
    /// The uploads.
    files: Option<Vec<ID>>,
    /// Whether everybody may fetch them.
    #[graphql(default)]
    public: bool,
}

/// A document to take off an agreement.
#[derive(InputObject)]
pub struct DetachAgreementDocumentInput {
    /// The agreement, by its name in addresses.
    slug: String,
    /// The document.
    id: ID,
    /// Why.
    reason: String,
}

kernel::payload!(KeepEntityPayload { entity: Entity });
kernel::payload!(KeepAgreementPayload { agreement: Agreement });
kernel::payload!(EndAgreementPayload { agreement: Agreement });
kernel::payload!(AnnulAgreementPayload { agreement: Agreement });
kernel::payload!(SetAgreementPublishedPayload { agreement: Agreement });
kernel::payload!(AddAgreementResultPayload { agreement: Agreement });
kernel::payload!(AnnulAgreementResultPayload { agreement: Agreement });
kernel::payload!(AttachAgreementDocumentsPayload { agreement: Agreement });
kernel::payload!(DetachAgreementDocumentPayload { agreement: Agreement });

/// An id as it was sent; what is no id names nothing.
fn id(sent: &ID) -> Result<Uuid> {
    Uuid::try_parse(sent).map_err(|_| Error::NotFound)
}

/// Uploads as they were sent; what is no id was never uploaded.
fn uploads(sent: Option<Vec<ID>>) -> Vec<Uuid> {
    sent.unwrap_or_default().iter().map(|id| Uuid::try_parse(id).unwrap_or_default()).collect()
}

/// Mutations of agreements.
#[derive(Default)]
pub struct AgreementsMutation;

/// Mutations of agreements.
#[Object]
impl AgreementsMutation {
    /// Registers an entity, or changes the one named.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_entity(&self, ctx: &Context<'_>, input: KeepEntityInput) -> GqlResult<KeepEntityPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep_entity(&mut tx, &input).await;
        KeepEntityPayload::of(tx.settle(done).await.map(Entity))
    }

    /// Registers an agreement that was signed, or changes what the one named says.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_agreement(&self, ctx: &Context<'_>, input: KeepAgreementInput) -> GqlResult<KeepAgreementPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep_agreement(&mut tx, &input).await;
        KeepAgreementPayload::of(tx.settle(done).await.map(Agreement))
    }

    /// Ends an agreement before its time.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn end_agreement(&self, ctx: &Context<'_>, input: EndAgreementInput) -> GqlResult<EndAgreementPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::end(&mut tx, &input.slug, input.ended_on.0, &input.reason).await;
        EndAgreementPayload::of(tx.settle(done).await.map(Agreement))
    }

    /// Annuls an agreement that was recorded by mistake; it stays in the register with the reason, and counts nowhere.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn annul_agreement(&self, ctx: &Context<'_>, input: AnnulAgreementInput) -> GqlResult<AnnulAgreementPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::annul(&mut tx, &input.slug, &input.reason).await;
        AnnulAgreementPayload::of(tx.settle(done).await.map(Agreement))
    }

    /// Puts an agreement on the site, or takes it off.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn set_agreement_published(
        &self,
        ctx: &Context<'_>,
        input: SetAgreementPublishedInput,
    ) -> GqlResult<SetAgreementPublishedPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::set_published(&mut tx, &input.slug, input.published).await;
        SetAgreementPublishedPayload::of(tx.settle(done).await.map(Agreement))
    }

    /// Adds what an agreement brought.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn add_agreement_result(&self, ctx: &Context<'_>, input: AddAgreementResultInput) -> GqlResult<AddAgreementResultPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::add_result(&mut tx, &input).await;
        AddAgreementResultPayload::of(tx.settle(done).await.map(Agreement))
    }

    /// Annuls a result that was recorded by mistake.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn annul_agreement_result(&self, ctx: &Context<'_>, input: AnnulAgreementResultInput) -> GqlResult<AnnulAgreementResultPayload> {
        let id = id(&input.id)?;
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::annul_result(&mut tx, id, &input.reason).await;
        AnnulAgreementResultPayload::of(tx.settle(done).await.map(Agreement))
    }

    /// Attaches documents to an agreement.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn attach_agreement_documents(
        &self,
        ctx: &Context<'_>,
        input: AttachAgreementDocumentsInput,
    ) -> GqlResult<AttachAgreementDocumentsPayload> {
        let files = uploads(input.files);
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::attach(&mut tx, &input.slug, &files, input.public).await;
        AttachAgreementDocumentsPayload::of(tx.settle(done).await.map(Agreement))
    }

    /// Takes a document off an agreement, with its bytes; who, when and why stay in the audit.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn detach_agreement_document(
        &self,
        ctx: &Context<'_>,
        input: DetachAgreementDocumentInput,
    ) -> GqlResult<DetachAgreementDocumentPayload> {
        let id = id(&input.id)?;
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::detach(&mut tx, &input.slug, id, &input.reason).await;
        DetachAgreementDocumentPayload::of(tx.settle(done).await.map(Agreement))
    }
}
