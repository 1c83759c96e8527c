//! Indicators: their figures, periods, light, forecast and facts, and what people record of them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MergedObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::{Error, Permission, Result, file};
use uuid::Uuid;

use super::model::{Accumulation, Cadence, IndicatorKind, IndicatorRow, IndicatorSort, MeasurementRow, PeriodRow, Support, YearTarget};
use super::progress::ProgressQuery;
use super::rules::{self, LightState, Span};
use super::service::{self, Stand};
use super::store;
use crate::graphql::{Reading, reread};
use crate::measures;

/// What is counted for an action line.
pub struct Indicator {
    pub(crate) reading: Arc<Reading>,
    pub(crate) row: IndicatorRow,
}

impl Indicator {
    fn measurement(&self, row: MeasurementRow) -> Measurement {
        Measurement { reached: self.reached(row.value), row: Some(row.clone()), value: row.value, at: DateTime(row.at), source: row.source }
    }

    fn reached(&self, value: Option<f64>) -> Option<f64> {
        Some(rules::reached(value?, self.row.target_value?, self.row.accumulation, self.row.baseline))
    }

    async fn stand(&self, cx: &Cx) -> Result<&Stand> {
        self.reading.standing(cx).await?.get(&self.row.id).ok_or(Error::NotFound)
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

    /// The number of its action line.
    async fn action_line(&self) -> i32 {
        self.row.action_line
    }

    /// The title of its action line, as signed.
    async fn action_title(&self) -> Option<&str> {
        let lines = &self.reading.book.action_lines;
        lines.iter().find(|line| line.number == self.row.action_line).map(|line| line.title.as_str())
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

    /// The targets of single years, where the plan sets them.
    async fn targets(&self) -> &[YearTarget] {
        &self.row.targets
    }

    /// The target in force this year; null where none is set.
    async fn target_now(&self, ctx: &Context<'_>) -> GqlResult<Option<f64>> {
        Ok(rules::target_in(&self.row, Cx::of(ctx)?.platform.clock().today().year()))
    }

    /// What is wrong with its targets, in words; null where they agree.
    async fn contradiction(&self) -> Option<String> {
        rules::contradiction(&self.row)
    }

    /// The unit of value and target, in Spanish.
    async fn unit(&self) -> Option<&str> {
        self.row.unit.as_deref()
    }

    /// How often the target has to be met; null where the plan does not say.
    async fn cadence(&self) -> Option<Cadence> {
        self.row.cadence
    }

    /// What sort of figure it is.
    async fn sort(&self) -> IndicatorSort {
        self.row.sort
    }

    /// How the figure of a period is made of what was measured in it.
    async fn accumulation(&self) -> Accumulation {
        self.row.accumulation
    }

    /// Where it stood before the plan; null where nobody knows.
    async fn baseline(&self) -> Option<Baseline> {
        self.row.baseline.map(|value| Baseline { value, on: self.row.baseline_on.map(LocalDate) })
    }

    /// Who answers for it, where it is not who answers for the action line.
    async fn responsible(&self) -> Option<&str> {
        self.row.responsible.as_deref()
    }

    /// What proves a figure of it, where the plan says so.
    async fn evidence_asked(&self) -> Option<&str> {
        self.row.evidence.as_deref()
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
        let Some(measure) = self.row.measure.as_ref().filter(|_| self.reading.measured) else {
            return Ok(self.reading.recorded.get(&self.row.id).map(|row| self.measurement(row.clone())));
        };
        let cx = Cx::of(ctx)?;
        let value = self.stand(cx).await?.latest;
        let (at, source, reached) = (DateTime(cx.platform.clock().now()), measures::source(measure), self.reached(value));
        Ok(Some(Measurement { value, at, source, reached, row: None }))
    }

    /// The period that runs, with its figure so far and the target in force.
    async fn current(&self, ctx: &Context<'_>) -> GqlResult<CurrentPeriod> {
        let stand = self.stand(Cx::of(ctx)?).await?;
        Ok(CurrentPeriod {
            starts_on: LocalDate(stand.period.starts_on),
            ends_on: LocalDate(stand.period.ends_on),
            name: stand.period.spoken(),
            value: stand.value,
            target: stand.target,
            until: stand.term.map(|term| LocalDate(term.ends_on)),
        })
    }

    /// Its traffic light, with the reason in words.
    async fn light(&self, ctx: &Context<'_>) -> GqlResult<Light> {
        let light = self.stand(Cx::of(ctx)?).await?.light.clone();
        Ok(Light { state: light.state, text: light.text })
    }

    /// Where it leads by its deadline, at the pace of what was measured last.
    async fn forecast(&self, ctx: &Context<'_>) -> GqlResult<Forecast> {
        let cx = Cx::of(ctx)?;
        let stand = self.stand(cx).await?;
        let forecast = service::forecast(&mut *cx.read().await?, &self.row, stand).await?;
        Ok(Forecast { value: forecast.value, at: forecast.on.map(LocalDate), text: forecast.text })
    }

    /// The figure of each of the last twelve months, made as that of a period is; the latest last.
    #[graphql(complexity = "6 * child_complexity + 1")]
    async fn months(&self, ctx: &Context<'_>) -> GqlResult<Vec<IndicatorMonth>> {
        let months = service::months(&mut *Cx::of(ctx)?.read().await?, &self.row).await?;
        Ok(months.into_iter().map(|(month, value)| IndicatorMonth { month_text: rules::spoken_month(&month), month, value }).collect())
    }

    /// What was recorded, or computed day by day; newest first. What was withdrawn stays to be seen.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn history(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<MeasurementConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let (rows, total) = store::history(&mut *Cx::of(ctx)?.read().await?, self.row.id, paging.limit, paging.offset).await?;
        Ok(MeasurementConnection::new(paging, rows.into_iter().map(|row| self.measurement(row)).collect(), total))
    }

    /// The periods that have ended and are closed, the latest first.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn periods(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<ClosedPeriodConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let (rows, total) = store::periods(&mut *Cx::of(ctx)?.read().await?, self.row.id, paging.limit, paging.offset).await?;
        let entries = rows.chunk_by(|one, next| one.starts_on == next.starts_on);
        let nodes = entries.filter_map(|entries| ClosedPeriod::of(&self.row, entries)).collect();
        Ok(ClosedPeriodConnection::new(paging, nodes, total))
    }

    /// The facts behind its figure now: what counts, and what is missing of a whole. Empty where nobody lists them.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn facts(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<FactConnection> {
        let (cx, paging) = (Cx::of(ctx)?, Paging::new(first, after.as_deref())?);
        let findings = self.reading.findings(cx).await?;
        let mut tx = cx.read().await?;
        let facts = service::facts(cx.platform.registry(), &mut tx, &self.reading.book, &self.row, findings).await?;
        let inside = cx.viewer.can(Permission::SeeAdministration);
        let at = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let total = i64::try_from(facts.len()).unwrap_or(i64::MAX);
        let page = facts.into_iter().skip(at(paging.offset)).take(at(paging.limit));
        let nodes = page.map(|fact| Fact {
            title: fact.title,
            at: fact.at.map(DateTime),
            path: fact.path.filter(|path| inside || !path.starts_with("/admin")),
            counts: fact.counts,
        });
        Ok(FactConnection::new(paging, nodes.collect(), total))
    }
}

/// Where an indicator stood before the plan.
#[derive(SimpleObject)]
pub struct Baseline {
    /// The figure.
    value: f64,
    /// When it was found; null where nobody knows.
    on: Option<LocalDate>,
}

/// The period of an indicator that runs.
#[derive(SimpleObject)]
pub struct CurrentPeriod {
    /// Its first day.
    starts_on: LocalDate,
    /// Its last day.
    ends_on: LocalDate,
    /// As people say it: a week, a half year, a year.
    name: String,
    /// Its figure so far; null where nothing is known.
    value: Option<f64>,
    /// The target in force; null where none is set.
    target: Option<f64>,
    /// The last day to reach the target; null where the plan does not say.
    until: Option<LocalDate>,
}

/// The figure of a month.
#[derive(SimpleObject)]
pub struct IndicatorMonth {
    /// The month, `YYYY-MM`.
    month: String,
    /// The month as people say it.
    month_text: String,
    /// The figure; null where nothing was known.
    value: Option<f64>,
}

/// A traffic light: never its colour alone.
#[derive(SimpleObject)]
pub struct Light {
    /// The colour.
    state: LightState,
    /// Why, in words.
    text: String,
}

/// Where an indicator leads.
#[derive(SimpleObject)]
pub struct Forecast {
    /// The figure that it would reach; null where nothing can be said honestly.
    value: Option<f64>,
    /// By when; null where there is no date.
    at: Option<LocalDate>,
    /// The same in words, or why nothing can be said.
    text: String,
}

/// A fact behind a number.
#[derive(SimpleObject)]
pub struct Fact {
    /// What it is.
    title: String,
    /// When it happened; null where nobody knows.
    at: Option<DateTime>,
    /// Where it is seen; null where there is no such place, or it is not for whoever looks.
    path: Option<String>,
    /// Whether it raises the number; the others are what is still missing of a whole.
    counts: bool,
}

kernel::connection!(FactConnection, Fact);

/// What was found of an indicator, and when.
pub struct Measurement {
    value: Option<f64>,
    at: DateTime,
    source: String,
    reached: Option<f64>,
    /// None for what is computed in this moment.
    row: Option<MeasurementRow>,
}

/// What was found of an indicator, and when.
#[Object]
impl Measurement {
    /// Its id; null for what is computed in this moment.
    async fn id(&self) -> Option<ID> {
        self.row.as_ref().map(|row| row.id.into())
    }

    /// The figure; null while there is nothing to measure, and where the measure failed, which is not zero.
    async fn value(&self) -> Option<f64> {
        self.value
    }

    /// When it was found.
    async fn at(&self) -> DateTime {
        self.at
    }

    /// Where it comes from: `measure:<name>` when computed, else who recorded it.
    async fn source(&self) -> &str {
        &self.source
    }

    /// What proves it.
    async fn evidence(&self) -> Option<&str> {
        self.row.as_ref().and_then(|row| row.evidence.as_deref())
    }

    /// How much of the target it reaches, percent from 0 to 100; null without a figure or a target.
    async fn reached(&self) -> Option<f64> {
        self.reached
    }

    /// Whether something proves it.
    async fn support(&self) -> Support {
        self.row.as_ref().map_or(Support::Computed, MeasurementRow::support)
    }

    /// The files that prove it: those for everybody, and inside the administration all of them.
    #[graphql(complexity = "child_complexity")]
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let Some(row) = self.row.as_ref().filter(|row| row.files > 0) else { return Ok(Vec::new()) };
        let cx = Cx::of(ctx)?;
        let files = file::of(&mut *cx.read().await?, &service::subject(row.id)).await?;
        let inside = cx.viewer.can(Permission::SeeAdministration);
        Ok(files.into_iter().filter(|file| inside || file.public).map(File::from).collect())
    }

    /// When it was withdrawn; null while it stands.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.row.as_ref().and_then(|row| row.withdrawn_at).map(DateTime)
    }

    /// Why it was withdrawn.
    async fn withdrawn_reason(&self) -> Option<&str> {
        self.row.as_ref().and_then(|row| row.withdrawn_reason.as_deref())
    }
}

kernel::connection!(MeasurementConnection, Measurement);

/// A period that has ended and is closed: its figure stays, and a correction stands beside it.
#[derive(SimpleObject)]
pub struct ClosedPeriod {
    /// Its first day.
    starts_on: LocalDate,
    /// Its last day.
    ends_on: LocalDate,
    /// As people say it: a week, a half year, a year.
    name: String,
    /// The figure that counts: as locked, or as corrected last; null where nothing was known.
    value: Option<f64>,
    /// The figure as it was locked.
    locked_value: Option<f64>,
    /// When it was locked.
    locked_at: DateTime,
    /// The target that was in force; null where none was set.
    target: Option<f64>,
    /// How much of the target was reached, percent from 0 to 100; null without a figure or a target.
    reached: Option<f64>,
    /// When the last measurement that it is made of was found.
    measured_at: Option<DateTime>,
    /// Where it comes from: `measure:<name>` when computed, else who recorded it.
    source: String,
    /// What was corrected since, in the order of time.
    corrections: Vec<PeriodCorrection>,
}

impl ClosedPeriod {
    fn of(indicator: &IndicatorRow, entries: &[PeriodRow]) -> Option<Self> {
        let (lock, last) = (entries.first()?, entries.last()?);
        let span = Span { starts_on: lock.starts_on, ends_on: lock.ends_on };
        let reached = |value, target| rules::reached(value, target, indicator.accumulation, indicator.baseline);
        Some(Self {
            starts_on: LocalDate(lock.starts_on),
            ends_on: LocalDate(lock.ends_on),
            name: span.spoken(),
            value: last.value,
            locked_value: lock.value,
            locked_at: DateTime(lock.locked_at),
            target: lock.target,
            reached: last.value.zip(lock.target).map(|(value, target)| reached(value, target)),
            measured_at: lock.measured_at.map(DateTime),
            source: lock.source.clone(),
            corrections: entries.iter().skip(1).map(PeriodCorrection::from).collect(),
        })
    }
}

kernel::connection!(ClosedPeriodConnection, ClosedPeriod);

/// A correction of a closed period.
#[derive(SimpleObject)]
pub struct PeriodCorrection {
    /// The figure that counts from then on.
    value: Option<f64>,
    /// When it was written.
    at: DateTime,
    /// Why.
    reason: Option<String>,
    /// What proves it.
    evidence: Option<String>,
    /// In whose name.
    source: String,
}

impl From<&PeriodRow> for PeriodCorrection {
    fn from(row: &PeriodRow) -> Self {
        Self {
            value: row.value,
            at: DateTime(row.locked_at),
            reason: row.reason.clone(),
            evidence: row.evidence.clone(),
            source: row.source.clone(),
        }
    }
}

/// Queries of one indicator.
#[derive(Default)]
pub struct IndicatorQuery;

/// Queries of one indicator.
#[Object]
impl IndicatorQuery {
    /// One indicator of the plan.
    async fn indicator(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of its action line.")] action: i32,
        #[graphql(desc = "Its key within the action line.")] key: String,
    ) -> GqlResult<Option<Indicator>> {
        Ok(indicator_of(Cx::of(ctx)?, action, &key).await?)
    }

    /// What was found of one indicator, newest first, as a list of its own; empty for one that there is not.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn measurements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of its action line.")] action: i32,
        #[graphql(desc = "Its key within the action line.")] key: String,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<MeasurementConnection> {
        let (cx, paging) = (Cx::of(ctx)?, Paging::new(first, after.as_deref())?);
        let Some(indicator) = indicator_of(cx, action, &key).await? else { return Ok(MeasurementConnection::new(paging, Vec::new(), 0)) };
        let (rows, total) = store::history(&mut *cx.read().await?, indicator.row.id, paging.limit, paging.offset).await?;
        Ok(MeasurementConnection::new(paging, rows.into_iter().map(|row| indicator.measurement(row)).collect(), total))
    }
}

/// The indicator of that action and key.
async fn indicator_of(cx: &Cx, action: i32, key: &str) -> Result<Option<Indicator>> {
    let reading = Reading::open(cx).await?;
    let found = |row: &&IndicatorRow| row.action_line == action && row.key == key;
    Ok(reading.and_then(|reading| Some(reading.indicator(reading.book.indicators.iter().find(found)?))))
}

/// Queries of indicators and of the progress made of them.
#[derive(MergedObject, Default)]
pub struct IndicatorsQuery(IndicatorQuery, ProgressQuery);

/// A figure that the committee found.
#[derive(InputObject)]
pub struct RecordMeasurementInput {
    /// The indicator; a recorded one.
    indicator_id: ID,
    /// The figure, in the indicator's unit.
    value: f64,
    /// What proves it: an address or a text.
    evidence: Option<String>,
    /// Uploaded files that prove it.
    files: Option<Vec<ID>>,
    /// Whether everybody may read the files; else the administration alone.
    files_public: Option<bool>,
    /// Sent twice under the same key, it is one measurement.
    idempotency_key: Option<String>,
}

kernel::payload!(RecordMeasurementPayload { indicator: Indicator });

/// A measurement that no longer stands.
#[derive(InputObject)]
pub struct WithdrawMeasurementInput {
    /// The measurement; one that a person recorded.
    measurement_id: ID,
    /// Why, in a sentence or two.
    reason: String,
}

kernel::payload!(WithdrawMeasurementPayload { indicator: Indicator });

/// A file that no longer proves a measurement.
#[derive(InputObject)]
pub struct RemoveMeasurementFileInput {
    /// The measurement.
    measurement_id: ID,
    /// Its file.
    file_id: ID,
    /// Why, in a sentence or two.
    reason: String,
}

kernel::payload!(RemoveMeasurementFilePayload { indicator: Indicator });

/// What a closed period turned out to be.
#[derive(InputObject)]
pub struct CorrectPeriodInput {
    /// The indicator.
    indicator_id: ID,
    /// The first day of the period.
    starts_on: LocalDate,
    /// The figure, in the indicator's unit.
    value: f64,
    /// Why, in a sentence or two.
    reason: String,
    /// What proves it: an address or a text.
    evidence: Option<String>,
}

kernel::payload!(CorrectPeriodPayload { indicator: Indicator });

/// The id that was sent; one that is none is nobody's.
fn parsed(id: &ID) -> Result<Uuid> {
    Uuid::parse_str(id).map_err(|_| Error::NotFound)
}

/// The indicator after a commit.
async fn indicator_after(cx: &Cx, done: Result<Uuid>) -> Result<Indicator> {
    let id = done?;
    let reading = reread(cx, Ok(())).await?;
    let row = reading.book.indicators.iter().find(|row| row.id == id).ok_or(Error::NotFound)?;
    Ok(reading.indicator(row))
}

/// Mutations of indicators.
#[derive(Default)]
pub struct IndicatorsMutation;

/// Mutations of indicators.
#[Object]
impl IndicatorsMutation {
    /// Records what was found of an indicator that no measure computes.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn record_measurement(&self, ctx: &Context<'_>, input: RecordMeasurementInput) -> GqlResult<RecordMeasurementPayload> {
        let cx = Cx::of(ctx)?;
        let indicator = parsed(&input.indicator_id)?;
        let files: Vec<Uuid> = input.files.unwrap_or_default().iter().map(parsed).collect::<Result<_>>()?;
        let mut tx = cx.write().await?;
        let recording = service::Recording {
            indicator,
            value: input.value,
            evidence: input.evidence.as_deref(),
            files: &files,
            public: input.files_public.unwrap_or(false),
            idempotency_key: input.idempotency_key.as_deref(),
        };
        let done = service::record_measurement(&mut tx, recording).await;
        let done = tx.settle(done).await.map(|()| indicator);
        RecordMeasurementPayload::of(indicator_after(cx, done).await)
    }

    /// Withdraws a measurement that a person recorded, with its reason; it stays to be seen and no longer counts.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn withdraw_measurement(&self, ctx: &Context<'_>, input: WithdrawMeasurementInput) -> GqlResult<WithdrawMeasurementPayload> {
        let cx = Cx::of(ctx)?;
        let id = parsed(&input.measurement_id)?;
        let mut tx = cx.write().await?;
        let done = service::withdraw_measurement(&mut tx, id, &input.reason).await;
        WithdrawMeasurementPayload::of(indicator_after(cx, tx.settle(done).await).await)
    }

    /// Takes a file of a measurement away, for good; without its last one the measurement says that its proof was removed.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn remove_measurement_file(
        &self,
        ctx: &Context<'_>,
        input: RemoveMeasurementFileInput,
    ) -> GqlResult<RemoveMeasurementFilePayload> {
        let cx = Cx::of(ctx)?;
        let (measurement, file) = (parsed(&input.measurement_id)?, parsed(&input.file_id)?);
        let mut tx = cx.write().await?;
        let done = service::remove_evidence(&mut tx, measurement, file, &input.reason).await;
        RemoveMeasurementFilePayload::of(indicator_after(cx, tx.settle(done).await).await)
    }

    /// Corrects a closed period: what was locked stays as it was, with a dated entry and its reason beside it.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn correct_period(&self, ctx: &Context<'_>, input: CorrectPeriodInput) -> GqlResult<CorrectPeriodPayload> {
        let cx = Cx::of(ctx)?;
        let indicator = parsed(&input.indicator_id)?;
        let mut tx = cx.write().await?;
        let correction = service::Correction {
            indicator,
            starts_on: input.starts_on.0,
            value: input.value,
            reason: &input.reason,
            evidence: input.evidence.as_deref(),
        };
        let done = service::correct_period(&mut tx, correction).await;
        let done = tx.settle(done).await.map(|()| indicator);
        CorrectPeriodPayload::of(indicator_after(cx, done).await)
    }
}
