//! The plan's queries and mutations.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate, Paging};
use kernel::{Error, Permission, Result};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::model::{
    ActionLineRow, ActivityRow, Book, Cadence, ClosingActivity, CriterionState, Finding, FrameworkCriterion, HelpRow, IndicatorKind,
    IndicatorRow, Letterhead, MeasurementRow, Period, PhaseRow, PlanIncentive, PlanNote,
};
use crate::rules::{self, Tally};
use crate::service::{self, Findings};
use crate::{measures, store};

/// The plan of one request: read once, and assessed once if anything asks how its criteria stand.
struct Reading {
    book: Book,
    recorded: HashMap<Uuid, MeasurementRow>,
    findings: OnceCell<Findings>,
}

impl Reading {
    async fn open(cx: &Cx) -> Result<Option<Arc<Self>>> {
        let mut tx = cx.read().await?;
        let Some(book) = store::book(&mut tx).await? else { return Ok(None) };
        let recorded = store::latest_measurements(&mut tx).await?;
        Ok(Some(Arc::new(Self { book, recorded, findings: OnceCell::new() })))
    }

    async fn findings(&self, cx: &Cx) -> Result<&Findings> {
        let assess = || async { service::assess(cx.platform.registry(), &mut *cx.read().await?, &self.book.plan.framework).await };
        self.findings.get_or_try_init(assess).await
    }

    async fn tally(&self, cx: &Cx, phase: &str) -> Result<Tally> {
        service::tally(&self.book.plan.framework, phase, self.findings(cx).await?)
    }

    fn line(self: &Arc<Self>, row: &ActionLineRow) -> ActionLine {
        ActionLine { reading: self.clone(), row: row.clone() }
    }

    fn phase(self: &Arc<Self>, row: &PhaseRow) -> Phase {
        Phase { reading: self.clone(), row: row.clone() }
    }

    fn indicator(self: &Arc<Self>, row: &IndicatorRow) -> Indicator {
        Indicator { reading: self.clone(), row: row.clone() }
    }
}

/// The e-government plan of a municipality for a period, as signed, with what has been measured of it.
pub struct Plan(Arc<Reading>);

/// The e-government plan of a municipality for a period, as signed, with what has been measured of it.
#[Object]
impl Plan {
    /// Its key among the plans of the municipality.
    async fn key(&self) -> &str {
        &self.0.book.plan.key
    }

    /// Title, as signed.
    async fn title(&self) -> &str {
        &self.0.book.plan.title
    }

    /// The years that it covers; null when the plan does not state them and we could not derive them.
    async fn period(&self) -> Option<&Period> {
        self.0.book.plan.period.as_deref()
    }

    /// The national framework that its phases answer to, by name.
    async fn framework(&self) -> GqlResult<&str> {
        Ok(&rules::framework(&self.0.book.plan.framework)?.title)
    }

    /// The decree that the framework rests on.
    async fn legal_basis(&self) -> GqlResult<&str> {
        Ok(&rules::framework(&self.0.book.plan.framework)?.legal_basis)
    }

    /// The legal frame, as signed.
    async fn legal_frame(&self) -> &str {
        &self.0.book.plan.legal_frame
    }

    /// The vision, as signed.
    async fn vision(&self) -> &str {
        &self.0.book.plan.vision
    }

    /// The general objective, as signed.
    async fn general_objective(&self) -> &str {
        &self.0.book.plan.general_objective
    }

    /// The specific objectives, as signed.
    async fn specific_objectives(&self) -> &[String] {
        &self.0.book.plan.specific_objectives
    }

    /// The lines of the frame of action, as signed.
    async fn framework_lines(&self) -> &[String] {
        &self.0.book.plan.framework_lines
    }

    /// The rows of the matrix.
    async fn action_lines(&self) -> Vec<ActionLine> {
        self.0.book.action_lines.iter().map(|row| self.0.line(row)).collect()
    }

    /// The phases with their deadlines and how far they are fulfilled.
    async fn phases(&self) -> Vec<Phase> {
        self.0.book.phases.iter().map(|row| self.0.phase(row)).collect()
    }

    /// What is to be done besides the action lines.
    async fn closing_activities(&self) -> &[ClosingActivity] {
        &self.0.book.plan.closing_activities
    }

    /// Where help is found.
    async fn help_table(&self) -> &[HelpRow] {
        &self.0.book.plan.help_table
    }

    /// What the national agency offers to those who advance.
    async fn incentives(&self) -> &[PlanIncentive] {
        &self.0.book.plan.incentives
    }

    /// Who signed the plan.
    async fn signed_by(&self) -> &str {
        &self.0.book.plan.signed_by
    }

    /// The letterhead of the signed plan.
    async fn letterhead(&self) -> &Letterhead {
        &self.0.book.plan.letterhead
    }

    /// Remarks of ours on how the signed plan was read.
    async fn notes(&self) -> &[PlanNote] {
        &self.0.book.plan.notes
    }
}

/// A row of the plan's matrix: benefits, indicators, activities, responsibles, resources and time.
pub struct ActionLine {
    reading: Arc<Reading>,
    row: ActionLineRow,
}

/// A row of the plan's matrix: benefits, indicators, activities, responsibles, resources and time.
#[Object]
impl ActionLine {
    /// Its number in the plan.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// Title, as signed.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// What the citizens gain by it.
    async fn benefits(&self) -> &[String] {
        &self.row.benefits
    }

    /// What is counted, and what is promised.
    async fn indicators(&self) -> Vec<Indicator> {
        let rows = self.reading.book.indicators.iter().filter(|row| row.action_line == self.row.number);
        rows.map(|row| self.reading.indicator(row)).collect()
    }

    /// What is to be done.
    async fn activities(&self) -> Vec<Activity> {
        let rows = self.reading.book.activities.iter().filter(|row| row.action_line == self.row.number);
        rows.cloned().map(Activity::from).collect()
    }

    /// Who answers for it.
    async fn responsibles(&self) -> &[String] {
        &self.row.responsibles
    }

    /// What it is done with.
    async fn resources(&self) -> &[String] {
        &self.row.resources
    }

    /// How long it takes, as signed.
    async fn duration_text(&self) -> &str {
        &self.row.duration_text
    }

    /// Remarks of ours on how this row was read.
    async fn notes(&self) -> Vec<PlanNote> {
        let about = format!("action_lines.{}", self.row.number);
        let mine = |note: &&PlanNote| note.about.strip_prefix(&about).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.reading.book.plan.notes.iter().filter(mine).cloned().collect()
    }
}

/// What is counted for an action line.
pub struct Indicator {
    reading: Arc<Reading>,
    row: IndicatorRow,
}

impl Indicator {
    fn measurement(&self, row: MeasurementRow) -> Measurement {
        Measurement {
            value: Some(row.value),
            at: DateTime(row.at),
            source: row.source,
            evidence: row.evidence,
            reached: self.reached(Some(row.value)),
        }
    }

    fn reached(&self, value: Option<f64>) -> Option<f64> {
        Some(rules::reached(value?, self.row.target_value?, self.row.unit.as_deref()))
    }
}

/// What is counted for an action line.
#[Object]
impl Indicator {
    /// Opaque id.
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Its key within the action line.
    async fn key(&self) -> &str {
        &self.row.key
    }

    /// Name, as signed.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The target as signed; null where none is set.
    async fn target(&self) -> Option<&str> {
        self.row.target.as_deref()
    }

    /// The figure of the target; null where none is set.
    async fn target_value(&self) -> Option<f64> {
        self.row.target_value
    }

    /// The unit of value and target, in Spanish.
    async fn unit(&self) -> Option<&str> {
        self.row.unit.as_deref()
    }

    /// How often the target has to be met; null where the plan does not say.
    async fn cadence(&self) -> Option<Cadence> {
        self.row.cadence
    }

    /// Whether the platform computes it or the committee records it.
    async fn kind(&self) -> IndicatorKind {
        self.row.kind
    }

    /// The measure that it is computed from; null for a recorded one.
    async fn measure(&self) -> Option<&str> {
        self.row.measure.as_deref()
    }

    /// What the measure says and how it is counted; null for a recorded indicator.
    async fn measure_explanation(&self, ctx: &Context<'_>) -> GqlResult<Option<&'static str>> {
        let registry = Cx::of(ctx)?.platform.registry();
        Ok(self.row.measure.as_deref().and_then(|name| registry.measure(name)).map(|(measure, _)| measure.explanation))
    }

    /// A remark of ours on the signed text.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// Computed now, or last recorded; null when nothing was recorded yet.
    async fn latest(&self, ctx: &Context<'_>) -> GqlResult<Option<Measurement>> {
        let Some(measure) = &self.row.measure else {
            return Ok(self.reading.recorded.get(&self.row.id).map(|row| self.measurement(row.clone())));
        };
        let cx = Cx::of(ctx)?;
        let findings = self.reading.findings(cx).await?;
        let mut tx = cx.read().await?;
        let value = service::value(cx.platform.registry(), &mut tx, &self.reading.book.plan.framework, measure, findings).await?;
        let (at, source, reached) = (DateTime(tx.now()), measures::source(measure), self.reached(value));
        Ok(Some(Measurement { value, at, source, evidence: None, reached }))
    }

    /// What was recorded, or computed and locked day by day; newest first.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn history(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<MeasurementConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let (rows, total) = store::history(&mut *Cx::of(ctx)?.read().await?, self.row.id, paging.limit, paging.offset).await?;
        Ok(MeasurementConnection::new(paging, rows.into_iter().map(|row| self.measurement(row)).collect(), total))
    }
}

/// What was found of an indicator, and when.
#[derive(SimpleObject)]
pub struct Measurement {
    /// The figure; null while there is nothing to measure, which is not zero.
    value: Option<f64>,
    /// When it was found.
    at: DateTime,
    /// Where it comes from: `measure:<name>` when computed, else who recorded it.
    source: String,
    /// What proves it.
    evidence: Option<String>,
    /// How much of the target it reaches, percent from 0 to 100; null without a figure or a target.
    reached: Option<f64>,
}

kernel::connection!(MeasurementConnection, Measurement);

/// Something to do for an action line.
#[derive(SimpleObject)]
pub struct Activity {
    /// Its place in the action line, from one.
    number: i32,
    /// The text, as signed.
    text: String,
    /// Who does it, where the plan says so.
    responsibles: Vec<String>,
    /// Whether it is done.
    done: bool,
    /// Since when it is done.
    done_at: Option<DateTime>,
    /// What proves that it is done.
    evidence: Option<String>,
}

impl From<ActivityRow> for Activity {
    fn from(row: ActivityRow) -> Self {
        Self {
            number: row.number,
            text: row.text,
            responsibles: row.responsibles.unwrap_or_default(),
            done: row.done_at.is_some(),
            done_at: row.done_at.map(DateTime),
            evidence: row.evidence,
        }
    }
}

/// One of the phases of e-government, with the dates of this plan.
pub struct Phase {
    reading: Arc<Reading>,
    row: PhaseRow,
}

/// One of the phases of e-government, with the dates of this plan.
#[Object]
impl Phase {
    /// Its key in addresses.
    async fn key(&self) -> &str {
        &self.row.key
    }

    /// Name, as signed.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// What it means for the citizen.
    async fn meaning(&self) -> GqlResult<Option<&str>> {
        let framework = rules::framework(&self.reading.book.plan.framework)?;
        Ok(framework.phase(&self.row.key).map(|phase| phase.meaning.as_str()))
    }

    /// The municipality's deadline.
    async fn deadline(&self) -> LocalDate {
        LocalDate(self.row.deadline)
    }

    /// The deadline of the national entities.
    async fn national_deadline(&self) -> LocalDate {
        LocalDate(self.row.national_deadline)
    }

    /// The target, percent from 0 to 100; null where the plan sets none.
    async fn target(&self) -> Option<f64> {
        self.row.target
    }

    /// Percent fulfilled, a partial criterion counting half; null while nothing is known.
    async fn fulfilled(&self, ctx: &Context<'_>) -> GqlResult<Option<f64>> {
        Ok(self.reading.tally(Cx::of(ctx)?, &self.row.key).await?.share())
    }

    /// How many criteria concern the municipality.
    async fn criteria_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        Ok(self.reading.tally(Cx::of(ctx)?, &self.row.key).await?.applicable)
    }

    /// How many of them are met.
    async fn fulfilled_count(&self, ctx: &Context<'_>) -> GqlResult<u32> {
        Ok(self.reading.tally(Cx::of(ctx)?, &self.row.key).await?.yes)
    }

    /// What the phase asks, and how each criterion stands.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn criteria(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<CriterionConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let findings = self.reading.findings(Cx::of(ctx)?).await?;
        let framework = rules::framework(&self.reading.book.plan.framework)?;
        let all = framework.phase(&self.row.key).map_or(&[][..], |phase| &phase.criteria);
        let at = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let page = all.iter().skip(at(paging.offset)).take(at(paging.limit));
        let nodes = page.map(|criterion| Criterion::new(criterion, findings.get(&criterion.code))).collect();
        Ok(CriterionConnection::new(paging, nodes, i64::try_from(all.len()).unwrap_or(i64::MAX)))
    }
}

/// One thing that a phase asks.
#[derive(SimpleObject)]
pub struct Criterion {
    /// Its code; ours, for the Manual numbers differently.
    code: String,
    /// What is asked, in a few words.
    title: String,
    /// What has to be there.
    description: String,
    /// The part of the site or the administration that it belongs to.
    group: String,
    /// How it stands; `NO` while nobody has answered.
    state: CriterionState,
    /// What proves it.
    evidence: Option<String>,
    /// Whether anybody has answered it, person or platform.
    answered: bool,
    /// Whether the platform answers it by a measure; else a person does.
    computed: bool,
    /// When it was answered.
    at: Option<DateTime>,
}

impl Criterion {
    fn new(criterion: &FrameworkCriterion, finding: Option<&Finding>) -> Self {
        let state = finding.and_then(|finding| finding.state);
        Self {
            code: criterion.code.clone(),
            title: criterion.title.clone(),
            description: criterion.description.clone(),
            group: criterion.group.clone(),
            state: state.unwrap_or(CriterionState::No),
            evidence: finding.and_then(|finding| finding.evidence.clone()),
            answered: state.is_some(),
            computed: finding.is_some_and(|finding| finding.computed),
            at: finding.and_then(|finding| finding.at).map(DateTime),
        }
    }
}

kernel::connection!(CriterionConnection, Criterion);

/// Queries of the plan.
#[derive(Default)]
pub struct PlanQuery;

/// Queries of the plan.
#[Object]
impl PlanQuery {
    /// The action plan of the host's municipality; null where there is none.
    async fn plan(&self, ctx: &Context<'_>) -> GqlResult<Option<Plan>> {
        Ok(Reading::open(Cx::of(ctx)?).await?.map(Plan))
    }

    /// One row of the plan's matrix.
    async fn action_line(&self, ctx: &Context<'_>, number: i32) -> GqlResult<Option<ActionLine>> {
        let reading = Reading::open(Cx::of(ctx)?).await?;
        Ok(reading.and_then(|reading| Some(reading.line(reading.book.action_lines.iter().find(|row| row.number == number)?))))
    }

    /// One phase of the plan.
    async fn phase(&self, ctx: &Context<'_>, key: String) -> GqlResult<Option<Phase>> {
        let reading = Reading::open(Cx::of(ctx)?).await?;
        Ok(reading.and_then(|reading| Some(reading.phase(reading.book.phases.iter().find(|row| row.key == key)?))))
    }
}

/// A figure that the committee found.
#[derive(InputObject)]
pub struct RecordMeasurementInput {
    /// The indicator; a recorded one.
    indicator_id: ID,
    /// The figure, in the indicator's unit.
    value: f64,
    /// What proves it: an address or a text.
    evidence: Option<String>,
}

/// How a criterion was found to stand.
#[derive(InputObject)]
pub struct SetCriterionStateInput {
    /// The criterion's code.
    code: String,
    /// How it stands.
    state: CriterionState,
    /// What proves it: an address or a text; needed for `YES` and `PARTIAL`.
    evidence: Option<String>,
}

/// Whether an activity is done.
#[derive(InputObject)]
pub struct SetActivityDoneInput {
    /// The number of the action line.
    action_line: i32,
    /// The activity's place in it, from one.
    activity: i32,
    /// Whether it is done.
    done: bool,
    /// What proves it: an address or a text.
    evidence: Option<String>,
}

kernel::payload!(RecordMeasurementPayload { indicator: Indicator });
kernel::payload!(SetCriterionStatePayload { criterion: Criterion });
kernel::payload!(SetActivityDonePayload { activity: Activity });

/// Reads the plan again after a commit.
async fn reread(cx: &Cx, done: Result<()>) -> Result<Arc<Reading>> {
    done?;
    Reading::open(cx).await?.ok_or(Error::NotFound)
}

/// Mutations of the plan.
#[derive(Default)]
pub struct PlanMutation;

/// Mutations of the plan.
#[Object]
impl PlanMutation {
    /// Records what was found of an indicator that no measure computes.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn record_measurement(&self, ctx: &Context<'_>, input: RecordMeasurementInput) -> GqlResult<RecordMeasurementPayload> {
        let cx = Cx::of(ctx)?;
        let id = Uuid::parse_str(&input.indicator_id).map_err(|_| Error::NotFound)?;
        let mut tx = cx.write().await?;
        let done = service::record_measurement(&mut tx, id, input.value, input.evidence.as_deref()).await;
        let read = reread(cx, tx.settle(done).await).await;
        RecordMeasurementPayload::of(read.and_then(|reading| {
            let row = reading.book.indicators.iter().find(|row| row.id == id).ok_or(Error::NotFound)?;
            Ok(reading.indicator(row))
        }))
    }

    /// Says how a criterion stands that no measure answers.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn set_criterion_state(&self, ctx: &Context<'_>, input: SetCriterionStateInput) -> GqlResult<SetCriterionStatePayload> {
        let cx = Cx::of(ctx)?;
        let code = input.code.trim();
        let mut tx = cx.write().await?;
        let done = service::set_criterion_state(&mut tx, cx.platform.registry(), code, input.state, input.evidence.as_deref()).await;
        let read = async {
            let reading = reread(cx, tx.settle(done).await).await?;
            let mut criteria = rules::framework(&reading.book.plan.framework)?.criteria();
            let criterion = criteria.find(|criterion| criterion.code == code).ok_or(Error::NotFound)?;
            Ok(Criterion::new(criterion, reading.findings(cx).await?.get(code)))
        };
        SetCriterionStatePayload::of(read.await)
    }

    /// Marks an activity as done, or takes the mark back.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn set_activity_done(&self, ctx: &Context<'_>, input: SetActivityDoneInput) -> GqlResult<SetActivityDonePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::set_activity_done(&mut tx, input.action_line, input.activity, input.done, input.evidence.as_deref()).await;
        let read = reread(cx, tx.settle(done).await).await;
        SetActivityDonePayload::of(read.and_then(|reading| {
            let mut rows = reading.book.activities.iter();
            let row = rows.find(|row| (row.action_line, row.number) == (input.action_line, input.activity)).ok_or(Error::NotFound)?;
            Ok(row.clone().into())
        }))
    }
}
