//! Frameworks, their phases and criteria, and what helps most next.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, MergedObject, Object, SimpleObject};
use kernel::file::FileRow;
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::{Error, Permission, Result};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::model::{
    CriterionFilter, CriterionState, Effort, EventRow, Finding, Framework as Known, FrameworkCriterion, FrameworkPhase as KnownPhase,
    PhaseGoal, PhaseRow, ScoreRow,
};
use super::rules::{self, Tally};
use super::service::{self, Findings, Saying};
use super::store;
use crate::graphql::Reading;

/// A framework in one request: assessed once if anything asks how its criteria stand.
pub(crate) struct Sheet {
    framework: &'static Known,
    findings: OnceCell<Findings>,
    files: OnceCell<HashMap<String, Vec<FileRow>>>,
}

impl Sheet {
    fn new(framework: &'static Known) -> Arc<Self> {
        Arc::new(Self { framework, findings: OnceCell::new(), files: OnceCell::new() })
    }

    /// The sheet of the framework that a plan names. Of a plan that is not measured nothing is found.
    pub(crate) fn of(framework: &str, measured: bool) -> Result<Arc<Self>> {
        let findings = OnceCell::new_with((!measured).then(Findings::default));
        Ok(Arc::new(Self { framework: rules::framework(framework)?, findings, files: OnceCell::new() }))
    }

    pub(crate) async fn findings(&self, cx: &Cx) -> Result<&Findings> {
        let assess = || async { service::assess(cx.platform.registry(), &mut *cx.read().await?, &self.framework.key).await };
        self.findings.get_or_try_init(assess).await
    }

    pub(crate) async fn tally(&self, cx: &Cx, phase: &str) -> Result<Tally> {
        service::tally(&self.framework.key, phase, self.findings(cx).await?)
    }

    async fn files(&self, cx: &Cx) -> Result<&HashMap<String, Vec<FileRow>>> {
        self.files.get_or_try_init(|| async { store::files(&mut *cx.read().await?, &self.framework.key).await }).await
    }

    /// The criteria of a phase, or of all, that pass the filter.
    async fn select(self: &Arc<Self>, cx: &Cx, phase: Option<&KnownPhase>, filter: Option<CriterionFilter>) -> Result<Vec<Criterion>> {
        let findings = self.findings(cx).await?;
        let phases = self.framework.phases.iter().filter(|known| phase.is_none_or(|phase| phase.key == known.key));
        let all = phases.flat_map(|phase| phase.criteria.iter().map(move |criterion| (phase, criterion)));
        let wanted = all.filter(|(_, criterion)| {
            let finding = findings.get(&criterion.code);
            let asked = criterion.retired.is_none();
            match filter {
                None => true,
                Some(CriterionFilter::Unmet) => {
                    let counts = finding.and_then(Finding::counts_as);
                    asked && !matches!(counts, Some(CriterionState::Yes | CriterionState::NotApplicable))
                }
                Some(CriterionFilter::Essential) => asked && criterion.essential,
                Some(CriterionFilter::Computed) => finding.is_some_and(|finding| finding.computed),
                Some(CriterionFilter::Mine) => cx.viewer.id().is_some() && finding.and_then(|finding| finding.by_id) == cx.viewer.id(),
            }
        });
        Ok(wanted.map(|(phase, criterion)| Criterion::new(cx, self, phase, criterion, findings.get(&criterion.code))).collect())
    }

    async fn page(
        self: &Arc<Self>,
        cx: &Cx,
        phase: Option<&KnownPhase>,
        filter: Option<CriterionFilter>,
        paging: Paging,
    ) -> Result<CriterionConnection> {
        let all = self.select(cx, phase, filter).await?;
        let at = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        Ok(CriterionConnection::new(paging, all.into_iter().skip(at(paging.offset)).take(at(paging.limit)).collect(), total))
    }

    async fn criterion(self: &Arc<Self>, cx: &Cx, code: &str) -> Result<Option<Criterion>> {
        let Some((phase, criterion)) = self.framework.find(code) else { return Ok(None) };
        Ok(Some(Criterion::new(cx, self, phase, criterion, self.findings(cx).await?.get(code))))
    }
}

/// How a phase of a framework stands: its counts, its goal and its criteria.
pub struct Standing {
    sheet: Arc<Sheet>,
    key: String,
    target: Option<f64>,
    deadline: Option<time::Date>,
}

impl Standing {
    async fn tally(&self, ctx: &Context<'_>) -> GqlResult<Tally> {
        Ok(self.sheet.tally(Cx::of(ctx)?, &self.key).await?)
    }

    fn known(&self) -> Option<&'static KnownPhase> {
        self.sheet.framework.phase(&self.key)
    }

    fn count(&self, holds: impl Fn(&FrameworkCriterion) -> bool) -> u32 {
        let asked = self.known().map_or(0, |phase| phase.asked().filter(|criterion| holds(criterion)).count());
        u32::try_from(asked).unwrap_or(u32::MAX)
    }
}

/// How a phase of a framework stands: its counts, its goal and its criteria.
#[Object]
impl Standing {
    /// What it means for the citizen.
    async fn meaning(&self) -> Option<&str> {
        self.known().map(|phase| phase.meaning.as_str())
    }

    /// The target, percent from 0 to 100; null where the municipality set none.
    async fn target(&self) -> Option<f64> {
        self.target
    }

    /// How it stands against the target. Without a target it is neither reached nor missed.
    async fn goal(&self, ctx: &Context<'_>) -> GqlResult<PhaseGoal> {
        let today = Cx::of(ctx)?.platform.clock().today();
        Ok(self.tally(ctx).await?.goal(self.target, self.deadline, today))
    }

    /// Percent fulfilled, a partial criterion counting half; null while nothing is known.
    async fn fulfilled(&self, ctx: &Context<'_>) -> GqlResult<Option<f64>> {
        Ok(self.tally(ctx).await?.share())
    }

    /// How many criteria concern the municipality.
    async fn criteria_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        Ok(self.tally(ctx).await?.applicable)
    }

    /// How many of them are met.
    async fn fulfilled_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        Ok(self.tally(ctx).await?.yes)
    }

    /// How many of them are met in part.
    async fn partial_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        Ok(self.tally(ctx).await?.partial)
    }

    /// How many of them nobody has answered.
    async fn unanswered_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        Ok(self.tally(ctx).await?.unanswered)
    }

    /// How many essential criteria are not wholly met; while there are any, the phase is not fulfilled, whatever its percentage.
    async fn essential_missing(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        Ok(self.tally(ctx).await?.essential_missing)
    }

    /// How many criteria it asks, also of those whom some do not concern.
    async fn asked_count(&self) -> u32 {
        self.count(|_| true)
    }

    /// How many of them a platform can know.
    async fn knowable_count(&self) -> u32 {
        self.count(|criterion| criterion.knowable)
    }

    /// How many of them the platform answers itself.
    async fn computed_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        let registry = Cx::of(ctx)?.platform.registry();
        Ok(self.count(|criterion| service::computed(registry, criterion)))
    }

    /// When the measures were last read; null until they are.
    async fn read_at(&self, ctx: &Context<'_>) -> GqlResult<Option<DateTime>> {
        Ok(store::reading(&mut *Cx::of(ctx)?.read().await?).await?.map(|(at, _)| DateTime(at)))
    }

    /// How it stood in time, newest first; a score stands until the next one, and is never written again once its day is over.
    #[graphql(complexity = "first.unwrap_or(12).max(0) as usize * child_complexity + 1")]
    async fn scores(&self, ctx: &Context<'_>, first: Option<i32>) -> GqlResult<Vec<PhaseScore>> {
        let limit = Paging::new(Some(first.unwrap_or(12)), None)?.limit;
        let rows = store::scores(&mut *Cx::of(ctx)?.read().await?, &self.sheet.framework.key, &self.key, limit).await?;
        Ok(rows.into_iter().map(PhaseScore::from).collect())
    }

    /// What the phase asks, and how each criterion stands.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn criteria(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<CriterionFilter>,
    ) -> GqlResult<CriterionConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        match self.known() {
            Some(phase) => Ok(self.sheet.page(Cx::of(ctx)?, Some(phase), filter, paging).await?),
            None => Ok(CriterionConnection::new(paging, Vec::new(), 0)),
        }
    }
}

/// A phase as the plan names and dates it.
pub struct PhaseDates(PhaseRow);

/// A phase as the plan names and dates it.
#[Object]
impl PhaseDates {
    /// Its key in addresses.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Name, as signed.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The municipality's deadline.
    async fn deadline(&self) -> LocalDate {
        LocalDate(self.0.deadline)
    }

    /// The deadline of the national entities.
    async fn national_deadline(&self) -> LocalDate {
        LocalDate(self.0.national_deadline)
    }
}

/// One of the phases of e-government, with the dates of this plan.
#[derive(MergedObject)]
pub struct Phase(PhaseDates, Standing);

impl Phase {
    pub(crate) fn of(sheet: &Arc<Sheet>, row: &PhaseRow) -> Self {
        let standing = Standing { sheet: sheet.clone(), key: row.key.clone(), target: row.target, deadline: Some(row.deadline) };
        Self(PhaseDates(row.clone()), standing)
    }
}

/// A phase as its framework names and dates it.
pub struct FrameworkPhaseDates(&'static KnownPhase);

/// A phase as its framework names and dates it.
#[Object]
impl FrameworkPhaseDates {
    /// Its key in addresses.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The deadline of municipalities; null where the framework sets none that we could confirm.
    async fn deadline(&self) -> Option<LocalDate> {
        self.0.deadline.map(LocalDate)
    }

    /// The deadline of the national entities; null as above.
    async fn national_deadline(&self) -> Option<LocalDate> {
        self.0.national_deadline.map(LocalDate)
    }
}

/// A phase, or part, of a national framework, and how this municipality stands in it.
#[derive(MergedObject)]
pub struct FrameworkPhase(FrameworkPhaseDates, Standing);

/// A national framework: what it asks, in phases, and how this municipality stands.
pub struct Framework(Arc<Sheet>);

impl Framework {
    async fn standing(&self, ctx: &Context<'_>) -> GqlResult<Vec<FrameworkPhase>> {
        let planned = store::phases_of(&mut *Cx::of(ctx)?.read().await?, &self.0.framework.key).await?;
        let phase = |known: &'static KnownPhase| {
            let mine = planned.iter().find(|row| row.key == known.key);
            let deadline = mine.map(|row| row.deadline).or(known.deadline);
            let target = mine.and_then(|row| row.target);
            FrameworkPhase(FrameworkPhaseDates(known), Standing { sheet: self.0.clone(), key: known.key.clone(), target, deadline })
        };
        Ok(self.0.framework.phases.iter().map(phase).collect())
    }

    fn count(&self, holds: impl Fn(&FrameworkCriterion) -> bool) -> u32 {
        let asked = self.0.framework.phases.iter().flat_map(KnownPhase::asked).filter(|criterion| holds(criterion)).count();
        u32::try_from(asked).unwrap_or(u32::MAX)
    }
}

/// A national framework: what it asks, in phases, and how this municipality stands.
#[Object]
impl Framework {
    /// Its key in addresses.
    async fn key(&self) -> &str {
        &self.0.framework.key
    }

    /// The version that counts today; scores of earlier ones stay as they were.
    async fn version(&self) -> i32 {
        self.0.framework.version
    }

    /// What it is called for short.
    async fn name(&self) -> &str {
        &self.0.framework.name
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.framework.title
    }

    /// The rule that it rests on.
    async fn legal_basis(&self) -> &str {
        &self.0.framework.legal_basis
    }

    /// The rule that took its place; null while it is in force.
    async fn replaced_by(&self) -> Option<&str> {
        self.0.framework.replaced_by.as_deref()
    }

    /// Where its criteria come from, and how sure we are of them.
    async fn note(&self) -> &str {
        &self.0.framework.note
    }

    /// How many criteria it asks.
    async fn criteria_count(&self) -> u32 {
        self.count(|_| true)
    }

    /// How many of them a platform can know.
    async fn knowable_count(&self) -> u32 {
        self.count(|criterion| criterion.knowable)
    }

    /// How many of them the platform answers itself.
    async fn computed_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        let registry = Cx::of(ctx)?.platform.registry();
        Ok(self.count(|criterion| service::computed(registry, criterion)))
    }

    /// When the measures were last read; null until they are.
    async fn read_at(&self, ctx: &Context<'_>) -> GqlResult<Option<DateTime>> {
        Ok(store::reading(&mut *Cx::of(ctx)?.read().await?).await?.map(|(at, _)| DateTime(at)))
    }

    /// Its phases.
    async fn phases(&self, ctx: &Context<'_>) -> GqlResult<Vec<FrameworkPhase>> {
        self.standing(ctx).await
    }

    /// One of its phases; the first one when the key is empty.
    async fn phase(&self, ctx: &Context<'_>, key: Option<String>) -> GqlResult<Option<FrameworkPhase>> {
        let key = key.filter(|key| !key.is_empty());
        Ok(self.standing(ctx).await?.into_iter().find(|phase| key.as_ref().is_none_or(|key| phase.0.0.key == *key)))
    }
}

/// How far a phase had come on a day.
#[derive(SimpleObject)]
pub struct PhaseScore {
    /// Since this day; it stands until the next one.
    day: LocalDate,
    /// The version of the framework by which it was counted.
    version: i32,
    /// Percent fulfilled; null while nothing was known.
    percent: Option<f64>,
    /// How many criteria concerned the municipality.
    criteria_count: i32,
    /// How many of them were met.
    fulfilled_count: i32,
    /// How many of them were met in part.
    partial_count: i32,
    /// How many essential ones were missing.
    essential_missing: i32,
}

impl From<ScoreRow> for PhaseScore {
    fn from(row: ScoreRow) -> Self {
        Self {
            day: LocalDate(row.day),
            version: row.version,
            percent: row.percent,
            criteria_count: row.applicable,
            fulfilled_count: row.met,
            partial_count: row.partial,
            essential_missing: row.essential_missing,
        }
    }
}

/// One thing that a phase asks.
#[derive(SimpleObject)]
#[graphql(complex)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the API of its own")]
pub struct Criterion {
    #[graphql(skip)]
    sheet: Arc<Sheet>,
    /// The framework's key.
    framework: &'static str,
    /// The phase's key.
    phase: &'static str,
    /// Its code; ours, for the Manual numbers differently.
    code: &'static str,
    /// What is asked, in a few words.
    title: &'static str,
    /// What has to be there.
    description: &'static str,
    /// The part of the site or the administration that it belongs to.
    group: &'static str,
    /// The rule that it rests on, where it has one of its own; what is doubtful says «por confirmar».
    legal_basis: Option<&'static str>,
    /// How sure we are of it: `seen`, `plan`, `memory-high`, `memory-medium`.
    confidence: &'static str,
    /// How much it weighs in its phase.
    weight: f64,
    /// Whether the phase cannot be read as fulfilled without it.
    essential: bool,
    /// Why it is no longer asked; null while it is. What was said of it stays, and does not count.
    retired: Option<&'static str>,
    /// How it stands; `NO` while nobody has answered.
    state: CriterionState,
    /// Why it does not apply, or what is missing.
    reason: Option<String>,
    /// What proves it.
    evidence: Option<String>,
    /// Whether what proves it is still there; without it the state does not count.
    supported: bool,
    /// Whether anybody has answered it, person or platform.
    answered: bool,
    /// Whether its measure could not be computed: unknown, and left out of the count.
    failed: bool,
    /// Whether the platform answers it by a measure; else a person does.
    computed: bool,
    /// Whether a platform can know it, both yes and no.
    knowable: bool,
    /// Why it can, or why a person has to say it.
    why: &'static str,
    /// The measure that answers it; null where a person does.
    measure: Option<CriterionMeasure>,
    /// When it was answered.
    at: Option<DateTime>,
    /// Since when it stands so.
    since: Option<DateTime>,
    /// Who said it; null for who may not see the administration, and where the platform did.
    by: Option<String>,
    /// The version of the framework in which a person said it, where that is not the present one.
    said_in_version: Option<i32>,
    /// How much work it is to meet it.
    effort: Effort,
    /// The screen where it is met or assessed.
    path: String,
}

/// What answers a criterion without anybody's word.
#[derive(SimpleObject)]
pub struct CriterionMeasure {
    /// The measure's name.
    name: &'static str,
    /// What it said at the last reading; null while there is nothing to measure.
    value: Option<f64>,
    /// The unit, in Spanish.
    unit: &'static str,
    /// What it says and how it is counted.
    explanation: &'static str,
}

impl Criterion {
    fn new(
        cx: &Cx,
        sheet: &Arc<Sheet>,
        phase: &'static KnownPhase,
        criterion: &'static FrameworkCriterion,
        finding: Option<&Finding>,
    ) -> Self {
        let registry = cx.platform.registry();
        let (state, computed) = (finding.and_then(|finding| finding.state), service::computed(registry, criterion));
        let name = criterion.measure.as_deref().filter(|_| computed);
        let measure = name.and_then(|name| Some((name, registry.measure(name)?.0))).map(|(name, measure)| CriterionMeasure {
            name,
            value: finding.and_then(|finding| finding.value),
            unit: measure.unit,
            explanation: measure.explanation,
        });
        let by = finding.and_then(|finding| finding.by_name.clone()).filter(|_| cx.viewer.can(Permission::SeeAdministration));
        Self {
            sheet: sheet.clone(),
            framework: &sheet.framework.key,
            phase: &phase.key,
            code: &criterion.code,
            title: &criterion.title,
            description: &criterion.description,
            group: &criterion.group,
            legal_basis: criterion.legal_basis.as_deref(),
            confidence: &criterion.confidence,
            weight: criterion.weight,
            essential: criterion.essential,
            retired: criterion.retired.as_deref(),
            state: state.unwrap_or(CriterionState::No),
            reason: finding.and_then(|finding| finding.reason.clone()),
            evidence: finding.and_then(|finding| finding.evidence.clone()),
            supported: finding.is_none_or(|finding| finding.supported),
            answered: state.is_some(),
            failed: finding.is_some_and(|finding| finding.failed),
            computed,
            knowable: criterion.knowable,
            why: &criterion.why,
            measure,
            at: finding.and_then(|finding| finding.at).map(DateTime),
            since: finding.and_then(|finding| finding.since).map(DateTime),
            by,
            said_in_version: finding.and_then(|finding| finding.version).filter(|version| *version != sheet.framework.version),
            effort: criterion.effort,
            path: rules::screen(&sheet.framework.key, &phase.key, criterion, computed),
        }
    }
}

/// What asks the database again.
#[ComplexObject]
impl Criterion {
    /// The files that prove it.
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let rows = self.sheet.files(Cx::of(ctx)?).await?.get(self.code).cloned().unwrap_or_default();
        Ok(rows.into_iter().map(File::from).collect())
    }

    /// What was said of it, newest first; who said it is told to who may see the administration.
    #[graphql(complexity = "first.unwrap_or(5).max(0) as usize * child_complexity + 1")]
    async fn history(&self, ctx: &Context<'_>, first: Option<i32>) -> GqlResult<Vec<CriterionEvent>> {
        let cx = Cx::of(ctx)?;
        let limit = Paging::new(Some(first.unwrap_or(5)), None)?.limit;
        let rows = store::events(&mut *cx.read().await?, Some((self.framework, self.code)), limit).await?;
        let named = cx.viewer.can(Permission::SeeAdministration);
        Ok(rows.into_iter().map(|row| CriterionEvent::new(row, named)).collect())
    }
}

/// Something that was said of a criterion.
#[derive(SimpleObject)]
pub struct CriterionEvent {
    /// When.
    at: DateTime,
    /// How it stood from then on; null where the measure no longer knew.
    state: Option<CriterionState>,
    /// Why it does not apply, or what is missing.
    reason: Option<String>,
    /// What proved it.
    evidence: Option<String>,
    /// Whether the platform said it, by a measure.
    computed: bool,
    /// Who said it.
    by: Option<String>,
    /// The version of the framework.
    version: i32,
}

impl CriterionEvent {
    fn new(row: EventRow, named: bool) -> Self {
        Self {
            at: DateTime(row.at),
            state: row.state,
            reason: row.reason,
            evidence: row.evidence,
            computed: row.computed,
            by: row.by_name.filter(|_| named),
            version: row.version,
        }
    }
}

kernel::connection!(CriterionConnection, Criterion);

/// Something that raises the municipality's scores.
#[derive(SimpleObject)]
pub struct NextAction {
    /// What to do.
    title: String,
    /// Which phases it raises, and from what to what.
    why: String,
    /// How much work it is.
    effort: Effort,
    /// Whether a phase cannot be fulfilled without it.
    essential: bool,
    /// The screen where it is done.
    path: String,
    /// How many criteria it meets.
    criteria_count: u32,
}

impl From<rules::NextAction> for NextAction {
    fn from(action: rules::NextAction) -> Self {
        Self {
            why: action.why(),
            criteria_count: u32::try_from(action.meets.len()).unwrap_or(u32::MAX),
            title: action.title,
            effort: action.effort,
            essential: action.essential,
            path: action.path,
        }
    }
}

/// Queries of frameworks.
#[derive(Default)]
pub struct FrameworksQuery;

/// Queries of frameworks.
#[Object]
impl FrameworksQuery {
    /// One phase of the plan.
    async fn phase(&self, ctx: &Context<'_>, key: String) -> GqlResult<Option<Phase>> {
        let reading = Reading::open(Cx::of(ctx)?).await?;
        Ok(reading.and_then(|reading| Some(reading.phase(reading.book.phases.iter().find(|row| row.key == key)?))))
    }

    /// Every national framework, with or without a plan.
    async fn frameworks(&self) -> Vec<Framework> {
        rules::frameworks().into_iter().map(|known| Framework(Sheet::new(known))).collect()
    }

    /// One national framework: `gel-2008`, `res-1519`.
    async fn framework(&self, key: String) -> Option<Framework> {
        rules::known(&key).map(|known| Framework(Sheet::new(known)))
    }

    /// The criteria of a framework; of one phase and of one sort only, when given.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn criteria(
        &self,
        ctx: &Context<'_>,
        framework: String,
        phase: Option<String>,
        filter: Option<CriterionFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<CriterionConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let known = rules::known(&framework).ok_or(Error::NotFound)?;
        let phase = phase.filter(|key| !key.is_empty()).map(|key| known.phase(&key).ok_or(Error::NotFound)).transpose()?;
        Ok(Sheet::new(known).page(Cx::of(ctx)?, phase, filter, paging).await?)
    }

    /// One criterion; retired ones are still here.
    async fn criterion(&self, ctx: &Context<'_>, framework: String, code: String) -> GqlResult<Option<Criterion>> {
        let Some(known) = rules::known(&framework) else { return Ok(None) };
        Ok(Sheet::new(known).criterion(Cx::of(ctx)?, &code).await?)
    }

    /// The few things that raise the municipality's scores most for the least work, what is essential first.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "first.unwrap_or(5).max(0) as usize * child_complexity + 1")]
    async fn next_best_actions(&self, ctx: &Context<'_>, #[graphql(default = 5)] first: Option<i32>) -> GqlResult<Vec<NextAction>> {
        let cx = Cx::of(ctx)?;
        let first = usize::try_from(Paging::new(Some(first.unwrap_or(5)), None)?.limit).unwrap_or(5);
        let actions = service::next_best_actions(&mut *cx.read().await?, cx.platform.registry(), first).await?;
        Ok(actions.into_iter().map(NextAction::from).collect())
    }
}

/// How a criterion was found to stand.
#[derive(InputObject)]
pub struct SetCriterionStateInput {
    /// The framework; the plan's own when left out.
    framework: Option<String>,
    /// The criterion's code.
    code: String,
    /// How it stands.
    state: CriterionState,
    /// Why it does not apply (needed for `NOT_APPLICABLE`), or what is missing.
    reason: Option<String>,
    /// What proves it: an address or a text; needed for `YES` and `PARTIAL` where no file does.
    evidence: Option<String>,
    /// Uploads that prove it; everybody may fetch them.
    files: Option<Vec<ID>>,
}

kernel::payload!(SetCriterionStatePayload { criterion: Criterion });

/// A file that is no longer to prove a criterion.
#[derive(InputObject)]
pub struct RemoveCriterionFileInput {
    /// The framework.
    framework: String,
    /// The criterion's code.
    code: String,
    /// The file.
    file: ID,
}

kernel::payload!(RemoveCriterionFilePayload { criterion: Criterion });

/// Reads a criterion again after a commit.
async fn reread(cx: &Cx, done: Result<&'static Known>, code: &str) -> Result<Criterion> {
    Sheet::new(done?).criterion(cx, code).await?.ok_or(Error::NotFound)
}

/// Mutations of frameworks.
#[derive(Default)]
pub struct FrameworksMutation;

/// Mutations of frameworks.
#[Object]
impl FrameworksMutation {
    /// Says how a criterion stands that no measure answers.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn set_criterion_state(&self, ctx: &Context<'_>, input: SetCriterionStateInput) -> GqlResult<SetCriterionStatePayload> {
        let cx = Cx::of(ctx)?;
        let code = input.code.trim();
        let ids: Option<Vec<Uuid>> = input.files.unwrap_or_default().iter().map(|id| Uuid::parse_str(id).ok()).collect();
        let Some(files) = ids else {
            let gone = Error::field("files", "NOT_FOUND", "Uno de los archivos ya no está. Elíjalo otra vez");
            return SetCriterionStatePayload::of(Err(gone));
        };
        let saying = Saying {
            framework: input.framework.as_deref(),
            code,
            state: input.state,
            reason: input.reason.as_deref(),
            evidence: input.evidence.as_deref(),
            files: &files,
            by_name: cx.viewer.account.as_ref().map(|account| account.name.clone()),
        };
        let mut tx = cx.write().await?;
        let done = service::set_criterion_state(&mut tx, cx.platform.registry(), saying).await;
        SetCriterionStatePayload::of(reread(cx, tx.settle(done).await, code).await)
    }

    /// Takes away a file that proves a criterion. What it alone proved does not count from then on.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn remove_criterion_file(&self, ctx: &Context<'_>, input: RemoveCriterionFileInput) -> GqlResult<RemoveCriterionFilePayload> {
        let cx = Cx::of(ctx)?;
        let (code, id) = (input.code.trim(), Uuid::parse_str(&input.file).map_err(|_| Error::NotFound)?);
        let mut tx = cx.write().await?;
        let done = service::remove_criterion_file(&mut tx, &input.framework, code, id).await;
        RemoveCriterionFilePayload::of(reread(cx, tx.settle(done).await, code).await)
    }
}
