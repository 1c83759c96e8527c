//! The catalogue's queries and mutations.

use async_graphql::{Context, InputObject, Object};
use kernel::Permission;
use kernel::graphql::{Can, Cx, DateTime, Dependency, GqlResult, Paging};

use crate::model::{AutomationLevel, Base, CatalogueKind, Confidence, ConfirmEntryInput, CostKind, EntryState, ReviewState, Sheet};
use crate::{rules, service};

/// An entry of the town's catalogue: a trámite, another procedure, a consultation or a service, with its sheet.
pub struct CatalogueEntry(Sheet);

/// An entry of the town's catalogue: a trámite, another procedure, a consultation or a service, with its sheet.
#[Object]
impl CatalogueEntry {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.entry.slug
    }

    /// Its name.
    async fn name(&self) -> &str {
        self.0.name()
    }

    /// What sort of thing it is.
    async fn kind(&self) -> CatalogueKind {
        self.0.kind()
    }

    /// What sort of thing it is, in words.
    async fn kind_text(&self) -> &str {
        self.0.kind().spoken()
    }

    /// The address of its sheet on the town's site.
    async fn path(&self) -> String {
        self.0.path()
    }

    /// The municipality's own number in SUIT, digits only; null while unknown.
    async fn suit_number(&self) -> Option<&str> {
        self.0.entry.suit_number.as_deref()
    }

    /// The dependency that attends to it.
    async fn dependency(&self) -> Option<Dependency> {
        self.0.dependency().map(|name| Dependency { slug: self.0.entry.dependency_slug.clone(), ..Dependency::named(name) })
    }

    /// What sort of cost it has; null while unconfirmed.
    async fn cost_kind(&self) -> Option<CostKind> {
        self.0.cost_kind()
    }

    /// What sort of cost it has, in words.
    async fn cost_text(&self) -> Option<&str> {
        self.0.cost_kind().map(CostKind::spoken)
    }

    /// The amount, or how it is worked out, where the town says so.
    async fn cost_note(&self) -> Option<&str> {
        self.0.entry.cost_note.as_deref()
    }

    /// Working days until the answer, 0 being at once; null while unconfirmed, and for most services.
    async fn term_business_days(&self) -> Option<i32> {
        self.0.term()
    }

    /// The term in words.
    async fn term_text(&self) -> Option<String> {
        self.0.term().map(rules::spoken_term)
    }

    /// How far it can be done online.
    async fn automation(&self) -> AutomationLevel {
        self.0.automation()
    }

    /// Who may ask for it; null while unconfirmed.
    async fn who_may_ask(&self) -> Option<&str> {
        self.0.who_may_ask()
    }

    /// What must be brought; null while unconfirmed, empty where nothing is asked for.
    async fn requirements(&self) -> Option<Vec<String>> {
        self.0.requirements()
    }

    /// What one gets; null while unconfirmed.
    async fn result(&self) -> Option<&str> {
        self.0.result()
    }

    /// The law it rests on; null while unconfirmed.
    async fn legal_basis(&self) -> Option<&str> {
        self.0.legal_basis()
    }

    /// What citizens should know besides.
    async fn note(&self) -> Option<&str> {
        self.0.note()
    }

    /// Whether somebody answers for the sheet: the town's committee, or the published source in which the national base saw it.
    async fn confirmed(&self) -> bool {
        self.0.confirmed()
    }

    /// When the town last reviewed and confirmed the sheet; null where it never did.
    async fn confirmed_at(&self) -> Option<DateTime> {
        self.0.entry.confirmed_at.map(DateTime)
    }

    /// Who confirmed it.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn confirmed_by(&self) -> Option<&str> {
        self.0.entry.confirmed_by.as_deref()
    }

    /// How sure the national base is of it: `seen`, `memory-high`, `memory-medium`; null for an entry of the town's own.
    async fn confidence(&self) -> Option<&'static str> {
        self.0.base.map(confidence)
    }

    /// When the town last changed it; null where it is as in the national base.
    async fn updated_at(&self) -> Option<DateTime> {
        self.0.entry.updated_at.map(DateTime)
    }

    /// Whether its sheet is public.
    async fn published(&self) -> bool {
        self.0.public()
    }

    /// Whether it exists in this town, and whether its sheet is public.
    async fn state(&self) -> EntryState {
        self.0.state()
    }

    /// What the committee has to do about it.
    async fn review(&self, ctx: &Context<'_>) -> GqlResult<ReviewState> {
        Ok(self.0.review(Cx::of(ctx)?.platform.clock().now()))
    }

    /// The sheet as it would read if it were confirmed as it stands, doubtful words of the national base included.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn draft(&self) -> CatalogueEntry {
        Self(self.0.as_if_confirmed())
    }

    /// Where the national base has it from and what is doubtful in it.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn base_note(&self) -> Option<&'static str> {
        self.0.base.and_then(|base| base.note.as_deref())
    }
}

fn confidence(base: &Base) -> &'static str {
    match base.confidence {
        Confidence::Seen => "seen",
        Confidence::MemoryHigh => "memory-high",
        Confidence::MemoryMedium => "memory-medium",
    }
}

kernel::connection!(CatalogueConnection, CatalogueEntry);

/// The page of `sheets` that is asked for.
fn page(paging: Paging, sheets: Vec<Sheet>) -> CatalogueConnection {
    let total = i64::try_from(sheets.len()).unwrap_or(i64::MAX);
    let (offset, limit) = (usize::try_from(paging.offset).unwrap_or(usize::MAX), usize::try_from(paging.limit).unwrap_or_default());
    CatalogueConnection::new(paging, sheets.into_iter().skip(offset).take(limit).map(CatalogueEntry).collect(), total)
}

async fn sheets(ctx: &Context<'_>, search: Option<&str>, kind: Option<CatalogueKind>) -> GqlResult<Vec<Sheet>> {
    let words = rules::words(search)?;
    let mut sheets = service::catalogue(&mut *Cx::of(ctx)?.read().await?).await?;
    sheets.retain(|sheet| kind.is_none_or(|kind| sheet.kind() == kind) && sheet.found_by(&words));
    Ok(sheets)
}

/// Queries of the catalogue.
#[derive(Default)]
pub struct TramitesQuery;

/// Queries of the catalogue.
#[Object]
impl TramitesQuery {
    /// The public catalogue by name, services included; `search` looks at name, result and requirements, whatever the accents.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn tramites(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
        kind: Option<CatalogueKind>,
    ) -> GqlResult<CatalogueConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let mut sheets = sheets(ctx, search.as_deref(), kind).await?;
        sheets.retain(Sheet::public);
        Ok(page(paging, sheets))
    }

    /// One entry of the public catalogue, services included.
    async fn tramite(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<CatalogueEntry>> {
        let sheet = service::sheet(&mut *Cx::of(ctx)?.read().await?, &slug).await?;
        Ok(sheet.filter(Sheet::public).map(CatalogueEntry))
    }

    /// The whole catalogue as the committee keeps it: what is to confirm first, then what is to review, then by name.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn catalogue_review(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
        kind: Option<CatalogueKind>,
        state: Option<ReviewState>,
    ) -> GqlResult<CatalogueConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let now = Cx::of(ctx)?.platform.clock().now();
        let mut sheets = sheets(ctx, search.as_deref(), kind).await?;
        sheets.retain(|sheet| state.is_none_or(|state| sheet.review(now) == state));
        sheets.sort_by_cached_key(|sheet| sheet.review(now) as u8);
        Ok(page(paging, sheets))
    }

    /// One entry of the whole catalogue, public or not.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn catalogue_sheet(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<CatalogueEntry>> {
        Ok(service::sheet(&mut *Cx::of(ctx)?.read().await?, &slug).await?.map(CatalogueEntry))
    }
}

/// Whether an entry exists in the town, and whether its sheet is public.
#[derive(InputObject)]
pub struct KeepEntryInput {
    /// The entry.
    slug: String,
    /// What it becomes.
    state: EntryState,
}

kernel::payload!(ConfirmEntryPayload { entry: CatalogueEntry });
kernel::payload!(KeepEntryPayload { entry: CatalogueEntry });

/// Mutations of the catalogue.
#[derive(Default)]
pub struct TramitesMutation;

/// Mutations of the catalogue.
#[Object]
impl TramitesMutation {
    /// Confirms a whole sheet: from the very next request on, citizens read it as the town's own word. Confirming again is reviewing.
    #[graphql(guard = "Can(Permission::KeepCatalogue)")]
    async fn confirm_entry(&self, ctx: &Context<'_>, input: ConfirmEntryInput) -> GqlResult<ConfirmEntryPayload> {
        let cx = Cx::of(ctx)?;
        let by = cx.viewer.require(Permission::KeepCatalogue)?.name.clone();
        let mut tx = cx.write().await?;
        let done = service::confirm(&mut tx, input, &by).await;
        ConfirmEntryPayload::of(tx.settle(done).await.map(CatalogueEntry))
    }

    /// Publishes a sheet, withdraws it, or says that the town does not have it.
    #[graphql(guard = "Can(Permission::KeepCatalogue)")]
    async fn keep_entry(&self, ctx: &Context<'_>, input: KeepEntryInput) -> GqlResult<KeepEntryPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep(&mut tx, &input.slug, input.state).await;
        KeepEntryPayload::of(tx.settle(done).await.map(CatalogueEntry))
    }
}
