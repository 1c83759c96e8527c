//! Versions of the plan, the draft and its forms.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::{Error, Permission, Result, file};

use super::inputs::{
    AddPlanLineInput, AdoptPlanInput, DiscardPlanDraftInput, DropPlanNoteInput, KeepPlanAnnexesInput, KeepPlanIndicatorInput,
    KeepPlanLineInput, KeepPlanPhaseInput, KeepPlanTextInput, RemovePlanIndicatorInput, RemovePlanLineInput, RevisePlanInput,
    SignPlanDraftInput, StartPlanInput, UnsignPlanDraftInput,
};
use super::model::{ActKind, PlanChange, PlanOfPeriod, PlanProblem, Signature, VersionRow, VersionState};
use super::{national, rules, service, store};
use crate::graphql::Reading;
use crate::text::document::Document;
use crate::text::graphql::{ActionLine, Plan};
use crate::text::store::plan_key;

/// A plan in force, among those of the municipality.
#[derive(SimpleObject)]
pub struct PlanSummary {
    /// Its key, by which it is read at `/plan/{key}`.
    key: String,
    /// Its title.
    title: String,
    /// The number of the version that is in force.
    number: i32,
    /// The first year that it covers; null where it states none.
    from_year: Option<i32>,
    /// The last year that it covers.
    to_year: Option<i32>,
    /// Whether it is the current plan, which is measured.
    current: bool,
}

impl From<PlanOfPeriod> for PlanSummary {
    fn from(row: PlanOfPeriod) -> Self {
        Self { key: row.key, title: row.title, number: row.number, from_year: row.from_year, to_year: row.to_year, current: row.measured }
    }
}

/// The act that adopted a version of the plan.
#[derive(SimpleObject)]
pub struct PlanAct {
    /// What sort of act it is.
    kind: ActKind,
    /// Its number.
    number: String,
    /// Its date.
    date: LocalDate,
    /// Who issued it.
    authority: String,
}

/// A signature under a version of the plan.
#[derive(SimpleObject)]
pub struct PlanSignature {
    /// Who signed.
    name: String,
    /// The post.
    post: String,
    /// The body that the member comes from.
    organ: String,
    /// When it was signed.
    signed_at: DateTime,
    /// Whether it was signed here, with an account; else on the act's paper.
    here: bool,
}

impl From<Signature> for PlanSignature {
    fn from(signature: Signature) -> Self {
        Self {
            here: signature.account.is_some(),
            name: signature.name,
            post: signature.post,
            organ: signature.organ,
            signed_at: DateTime(signature.signed_at),
        }
    }
}

/// A plan names what the platform computes by a key; people read what that key says.
fn in_words(cx: &Cx, mut changes: Vec<PlanChange>) -> Vec<PlanChange> {
    let registry = cx.platform.registry();
    for told in changes.iter_mut().flat_map(|change| [&mut change.before, &mut change.after]).flatten() {
        if let Some((measure, _)) = registry.measure(told) {
            measure.explanation.clone_into(told);
        }
    }
    changes
}

/// A version of a plan: its text, why it came to be and what put it in force.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct PlanVersion {
    /// The plan that it is a version of.
    plan_key: String,
    /// Its number, from one.
    number: i32,
    /// How it stands.
    state: VersionState,
    /// Why the plan changed; null for a plan as it came, signed.
    reason: Option<String>,
    /// The act that adopted it; null where none is known.
    act: Option<PlanAct>,
    /// Who signed it here, or is recorded to have signed its act.
    signatures: Vec<PlanSignature>,
    /// When it was last written.
    changed_at: DateTime,
    /// When it was put in force here; null for a plan as it came.
    adopted_at: Option<DateTime>,
}

impl From<VersionRow> for PlanVersion {
    fn from(row: VersionRow) -> Self {
        let act = row.act.map(|act| act.0);
        Self {
            plan_key: row.plan_key,
            number: row.number,
            state: row.state,
            reason: row.reason,
            act: act.map(|act| PlanAct { kind: act.kind, number: act.number, date: LocalDate(act.date), authority: act.authority }),
            signatures: row.signatures.0.into_iter().map(PlanSignature::from).collect(),
            changed_at: DateTime(row.changed_at),
            adopted_at: row.adopted_at.map(DateTime),
        }
    }
}

#[ComplexObject]
impl PlanVersion {
    /// What it changed against the version before it; empty for the first.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn changes(&self, ctx: &Context<'_>) -> GqlResult<Vec<PlanChange>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let Some(before) = store::before(&mut tx, &self.plan_key, self.number).await? else { return Ok(Vec::new()) };
        let before = store::content(&mut tx, &self.plan_key, before).await?;
        let after = store::content(&mut tx, &self.plan_key, self.number).await?;
        Ok(in_words(cx, rules::differences(&before.document, &after.document)))
    }

    /// The act itself and its annexes.
    #[graphql(complexity = "3 + 2 * child_complexity")]
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let rows = file::of(&mut *Cx::of(ctx)?.read().await?, &service::subject(&self.plan_key, self.number)).await?;
        Ok(rows.into_iter().map(File::from).collect())
    }
}

kernel::connection!(PlanVersionConnection, PlanVersion);

/// How a plan differs from the national model.
#[derive(SimpleObject)]
pub struct ModelComparison {
    /// The version of the model.
    version: String,
    /// How many parts the plan has that the model has not.
    added: usize,
    /// How many parts of the model it has not.
    removed: usize,
    /// How many parts say something else.
    changed: usize,
    /// Each of them; before is the model, after the plan.
    changes: Vec<PlanChange>,
}

impl ModelComparison {
    pub(crate) fn of(cx: &Cx, plan: &Document) -> Self {
        use super::model::ChangeKind::{Added, Changed, Removed};
        let changes = in_words(cx, national::compared(&cx.tenant, plan));
        let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
        Self { version: national::version().to_owned(), added: count(Added), removed: count(Removed), changed: count(Changed), changes }
    }
}

/// A fact that an indicator may be computed by.
#[derive(SimpleObject)]
pub struct PlanMeasure {
    /// Its name.
    name: String,
    /// Its unit.
    unit: String,
    /// What it says and how it is counted.
    explanation: String,
}

/// The text that the committee is writing.
pub struct PlanDraft {
    row: VersionRow,
    document: Document,
}

/// The text that the committee is writing.
#[Object]
impl PlanDraft {
    /// The plan that it is a draft of.
    async fn plan_key(&self) -> &str {
        &self.row.plan_key
    }

    /// The number that its version will bear.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// When it was last written.
    async fn changed_at(&self) -> DateTime {
        DateTime(self.row.changed_at)
    }

    /// Who has signed this text.
    async fn signatures(&self) -> Vec<PlanSignature> {
        self.row.signatures.iter().cloned().map(PlanSignature::from).collect()
    }

    /// The plan as drafted.
    async fn plan(&self, ctx: &Context<'_>) -> GqlResult<Plan> {
        let cx = Cx::of(ctx)?;
        Ok(Plan(Reading::of(cx, self.document.clone().book(cx.tenant.id)).await?))
    }

    /// One action line of it.
    async fn line(&self, ctx: &Context<'_>, number: i32) -> GqlResult<Option<ActionLine>> {
        let cx = Cx::of(ctx)?;
        let reading = Reading::of(cx, self.document.clone().book(cx.tenant.id)).await?;
        Ok(reading.book.action_lines.iter().find(|row| row.number == number).map(|row| reading.line(row)))
    }

    /// What it changes against the version in force; everything, where it is the plan's first.
    async fn changes(&self, ctx: &Context<'_>) -> GqlResult<Vec<PlanChange>> {
        let cx = Cx::of(ctx)?;
        let changes = service::changes(&mut *cx.read().await?, &self.row, &self.document).await?;
        Ok(in_words(cx, changes))
    }

    /// What contradicts itself in it.
    async fn problems(&self) -> Vec<PlanProblem> {
        rules::problems(&self.document)
    }

    /// How it differs from the national model.
    async fn model(&self, ctx: &Context<'_>) -> GqlResult<ModelComparison> {
        Ok(ModelComparison::of(Cx::of(ctx)?, &self.document))
    }

    /// What still stands there as the model has it although the model is not sure of it: to be confirmed before the adoption.
    async fn to_confirm(&self) -> Vec<String> {
        national::to_confirm(&self.document)
    }

    /// The facts that the platform computes, for an indicator to be bound to.
    async fn measures(&self, ctx: &Context<'_>) -> GqlResult<Vec<PlanMeasure>> {
        let registry = Cx::of(ctx)?.platform.registry();
        let bound = self.document.action_lines.iter().flat_map(|line| &line.indicators).filter_map(|row| row.measure.clone());
        let phases = self.document.phases.iter().map(|phase| format!("{}{}", crate::measures::PHASE_SHARE, phase.key));
        let plain = registry.iter().flat_map(|capability| capability.measures).map(|measure| measure.name.to_owned());
        // A measure with a parameter is offered for the phases of the plan, and as it is bound already.
        let mut names: Vec<String> = plain.filter(|name| !name.ends_with('*')).chain(phases).chain(bound).collect();
        names.sort();
        names.dedup();
        let told = names.into_iter().filter_map(|name| {
            let (measure, _) = registry.measure(&name)?;
            Some(PlanMeasure { unit: measure.unit.to_owned(), explanation: measure.explanation.to_owned(), name })
        });
        Ok(told.collect())
    }
}

/// The draft as it stands now.
async fn drafted(cx: &Cx) -> Result<Option<PlanDraft>> {
    let mut tx = cx.read().await?;
    let Some(row) = store::draft(&mut tx).await? else { return Ok(None) };
    let document = store::content(&mut tx, &row.plan_key, row.number).await?.document.0;
    Ok(Some(PlanDraft { row, document }))
}

async fn redrafted(cx: &Cx, done: Result<()>) -> Result<PlanDraft> {
    done?;
    drafted(cx).await?.ok_or(Error::NotFound)
}

/// Queries of the plan's versions.
#[derive(Default)]
pub struct VersionsQuery;

/// Queries of the plan's versions.
#[Object]
impl VersionsQuery {
    /// The municipality's plans in force, one a period, the latest first.
    async fn plans(&self, ctx: &Context<'_>) -> GqlResult<Vec<PlanSummary>> {
        Ok(store::plans(&mut *Cx::of(ctx)?.read().await?).await?.into_iter().map(PlanSummary::from).collect())
    }

    /// The versions of a plan that were ever in force, newest first; of the current plan where no key is given.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn plan_versions(
        &self,
        ctx: &Context<'_>,
        plan: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<PlanVersionConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let mut tx = Cx::of(ctx)?.read().await?;
        let key = match plan {
            Some(key) => Some(key),
            None => plan_key(&mut tx).await?,
        };
        let (rows, total) = match key {
            Some(key) => store::versions(&mut tx, &key, paging.limit, paging.offset).await?,
            None => (Vec::new(), 0),
        };
        Ok(PlanVersionConnection::new(paging, rows.into_iter().map(PlanVersion::from).collect(), total))
    }

    /// One version of a plan that is or was in force; of the current plan where no key is given.
    async fn plan_version(&self, ctx: &Context<'_>, number: i32, plan: Option<String>) -> GqlResult<Option<PlanVersion>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let key = match plan {
            Some(key) => Some(key),
            None => plan_key(&mut tx).await?,
        };
        let Some(key) = key else { return Ok(None) };
        let row = store::version(&mut tx, &key, number).await?;
        Ok(row.filter(|row| row.state != VersionState::Draft).map(PlanVersion::from))
    }

    /// The draft beside the plan in force; null while nobody writes one.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn plan_draft(&self, ctx: &Context<'_>) -> GqlResult<Option<PlanDraft>> {
        Ok(drafted(Cx::of(ctx)?).await?)
    }
}

kernel::payload!(StartPlanPayload { draft: PlanDraft });
kernel::payload!(RevisePlanPayload { draft: PlanDraft });
kernel::payload!(KeepPlanTextPayload { draft: PlanDraft });
kernel::payload!(KeepPlanAnnexesPayload { draft: PlanDraft });
kernel::payload!(DropPlanNotePayload { draft: PlanDraft });
kernel::payload!(AddPlanLinePayload { line: ActionLine });
kernel::payload!(KeepPlanLinePayload { line: ActionLine });
kernel::payload!(RemovePlanLinePayload { draft: PlanDraft });
kernel::payload!(KeepPlanIndicatorPayload { line: ActionLine });
kernel::payload!(RemovePlanIndicatorPayload { line: ActionLine });
kernel::payload!(KeepPlanPhasePayload { draft: PlanDraft });
kernel::payload!(SignPlanDraftPayload { draft: PlanDraft });
kernel::payload!(UnsignPlanDraftPayload { draft: PlanDraft });
kernel::payload!(DiscardPlanDraftPayload { plan_key: ID });
kernel::payload!(AdoptPlanPayload { version: PlanVersion });

/// A line of the draft after it was written.
async fn reline(cx: &Cx, number: i32, done: Result<()>) -> Result<ActionLine> {
    let draft = redrafted(cx, done).await?;
    let reading = Reading::of(cx, draft.document.book(cx.tenant.id)).await?;
    reading.book.action_lines.iter().find(|row| row.number == number).map(|row| reading.line(row)).ok_or(Error::NotFound)
}

/// Mutations of the plan's draft.
#[derive(Default)]
pub struct VersionsMutation;

/// Mutations of the plan's draft.
#[Object]
impl VersionsMutation {
    /// Starts the plan of a period as a draft, from the national model.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn start_plan(&self, ctx: &Context<'_>, input: StartPlanInput) -> GqlResult<StartPlanPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::start(&mut tx, input.key.as_deref(), input.from_year, input.to_year).await;
        StartPlanPayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Opens a draft beside a plan in force, with its text.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn revise_plan(&self, ctx: &Context<'_>, input: RevisePlanInput) -> GqlResult<RevisePlanPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::revise(&mut tx, input.key.as_deref()).await;
        RevisePlanPayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Writes the draft's texts before the matrix.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_plan_text(&self, ctx: &Context<'_>, input: KeepPlanTextInput) -> GqlResult<KeepPlanTextPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "text", |plan| input.lay(plan)).await;
        KeepPlanTextPayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Writes the draft's texts after the matrix.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_plan_annexes(&self, ctx: &Context<'_>, input: KeepPlanAnnexesInput) -> GqlResult<KeepPlanAnnexesPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "annexes", |plan| input.lay(plan)).await;
        KeepPlanAnnexesPayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Takes a remark on how the signed plan was read out of the draft.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn drop_plan_note(&self, ctx: &Context<'_>, input: DropPlanNoteInput) -> GqlResult<DropPlanNotePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "notes", |plan| input.lay(plan)).await;
        DropPlanNotePayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Adds an action line to the draft.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn add_plan_line(&self, ctx: &Context<'_>, input: AddPlanLineInput) -> GqlResult<AddPlanLinePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::add_line(&mut tx, &input.title).await;
        AddPlanLinePayload::of(match tx.settle(done).await {
            Ok(number) => reline(cx, number, Ok(())).await,
            Err(error) => Err(error),
        })
    }

    /// Writes an action line of the draft.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_plan_line(&self, ctx: &Context<'_>, input: KeepPlanLineInput) -> GqlResult<KeepPlanLinePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "action_line", |plan| input.lay(plan)).await;
        KeepPlanLinePayload::of(reline(cx, input.number, tx.settle(done).await).await)
    }

    /// Takes an action line out of the draft.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn remove_plan_line(&self, ctx: &Context<'_>, input: RemovePlanLineInput) -> GqlResult<RemovePlanLinePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "action_lines", |plan| input.lay(plan)).await;
        RemovePlanLinePayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Writes an indicator of the draft, or adds one.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_plan_indicator(&self, ctx: &Context<'_>, input: KeepPlanIndicatorInput) -> GqlResult<KeepPlanIndicatorPayload> {
        let cx = Cx::of(ctx)?;
        let registry = cx.platform.registry();
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "indicator", |plan| input.lay(plan, |name| registry.measure(name).is_some())).await;
        KeepPlanIndicatorPayload::of(reline(cx, input.number, tx.settle(done).await).await)
    }

    /// Takes an indicator out of the draft; what was found of it stays, and is shown as retired.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn remove_plan_indicator(&self, ctx: &Context<'_>, input: RemovePlanIndicatorInput) -> GqlResult<RemovePlanIndicatorPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "indicator", |plan| input.lay(plan)).await;
        RemovePlanIndicatorPayload::of(reline(cx, input.number, tx.settle(done).await).await)
    }

    /// Writes the deadline and the target of a phase of the draft.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_plan_phase(&self, ctx: &Context<'_>, input: KeepPlanPhaseInput) -> GqlResult<KeepPlanPhasePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::write(&mut tx, "phase", |plan| input.lay(plan)).await;
        KeepPlanPhasePayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Signs the draft with one's own account; who keeps the plan may also record who signed the act on paper.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn sign_plan_draft(&self, ctx: &Context<'_>, input: SignPlanDraftInput) -> GqlResult<SignPlanDraftPayload> {
        let cx = Cx::of(ctx)?;
        let permission = if input.name.is_some() { Permission::KeepPlan } else { Permission::SeeAdministration };
        let account = cx.viewer.require(permission)?;
        let mut tx = cx.write().await?;
        let done = match input.signature((&account.name, account.id), tx.now(), tx.today()) {
            Ok(signature) => service::sign(&mut tx, signature).await,
            Err(error) => Err(error),
        };
        SignPlanDraftPayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Takes a signature off the draft.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn unsign_plan_draft(&self, ctx: &Context<'_>, input: UnsignPlanDraftInput) -> GqlResult<UnsignPlanDraftPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::unsign(&mut tx, &input.name).await;
        UnsignPlanDraftPayload::of(redrafted(cx, tx.settle(done).await).await)
    }

    /// Throws the draft away.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn discard_plan_draft(&self, ctx: &Context<'_>, input: DiscardPlanDraftInput) -> GqlResult<DiscardPlanDraftPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::discard(&mut tx, input.confirm).await;
        DiscardPlanDraftPayload::of(tx.settle(done).await.map(ID::from))
    }

    /// Puts the draft in force, with its reason, act and signatures; the version before stays readable.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn adopt_plan(&self, ctx: &Context<'_>, input: AdoptPlanInput) -> GqlResult<AdoptPlanPayload> {
        let cx = Cx::of(ctx)?;
        let adoption = match input.read() {
            Ok(adoption) => adoption,
            Err(error) => return AdoptPlanPayload::of(Err(error)),
        };
        let mut tx = cx.write().await?;
        let done = service::adopt(&mut tx, adoption).await;
        let version = async {
            let (key, number) = tx.settle(done).await?;
            let row = store::version(&mut *cx.read().await?, &key, number).await?;
            row.map(PlanVersion::from).ok_or(Error::NotFound)
        };
        AdoptPlanPayload::of(version.await)
    }
}
