//! The plan, its action lines and activities.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, GqlResult};
use kernel::{Error, Permission};
use time::OffsetDateTime;

use super::model::{ActionLineRow, ActivityRow, ClosingActivity, HelpRow, Letterhead, Period, PlanIncentive, PlanNote};
use super::service;
use super::store::plan_key;
use crate::frameworks::graphql::Phase;
use crate::frameworks::rules;
use crate::graphql::{Reading, reread};
use crate::indicators::graphql::Indicator;
use crate::indicators::model::IndicatorRow;
use crate::indicators::pack::IndicatorFile;
use crate::indicators::store::{history, retired};
use crate::versions::graphql::{ModelComparison, PlanVersion};
use crate::versions::model::VersionState;
use crate::versions::service::book;
use crate::versions::store::{in_force, version};

/// The e-government plan of a municipality for a period, as signed, with what has been measured of it.
pub struct Plan(pub(crate) Arc<Reading>);

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

    /// The key of that framework, by which its criteria are asked for.
    async fn framework_key(&self) -> &str {
        &self.0.book.plan.framework
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

    /// Whether it is the current plan: the one that is measured.
    async fn current(&self) -> bool {
        self.0.measured
    }

    /// The version that is in force; null for the first draft of a plan.
    async fn version(&self, ctx: &Context<'_>) -> GqlResult<Option<PlanVersion>> {
        let row = in_force(&mut *Cx::of(ctx)?.read().await?, &self.0.book.plan.key).await?;
        Ok(row.map(PlanVersion::from))
    }

    /// The indicators that left the plan; what was found of them stays.
    async fn retired_indicators(&self, ctx: &Context<'_>) -> GqlResult<Vec<RetiredIndicator>> {
        if !self.0.measured {
            return Ok(Vec::new());
        }
        let (cx, plan) = (Cx::of(ctx)?, &self.0.book.plan.key);
        let rows = retired(&mut *cx.read().await?).await?;
        // What belongs to the plan of another period has not been retired from this one.
        let own = |row: &IndicatorRow| IndicatorFile::from(row.clone()).row(cx.tenant.id, plan, row.action_line, row.place).id == row.id;
        Ok(rows.into_iter().filter(|(row, _)| own(row)).map(|(row, at)| RetiredIndicator { row, at }).collect())
    }

    /// How it differs from the national model.
    async fn model(&self, ctx: &Context<'_>) -> GqlResult<ModelComparison> {
        Ok(ModelComparison::of(Cx::of(ctx)?, &self.0.book.clone().into()))
    }
}

/// An indicator that left the plan.
pub struct RetiredIndicator {
    row: IndicatorRow,
    at: OffsetDateTime,
}

/// An indicator that left the plan.
#[Object]
impl RetiredIndicator {
    /// The number of the action line that it belonged to.
    async fn action_line(&self) -> i32 {
        self.row.action_line
    }

    /// Name, as it was signed.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The target as it was signed; null where none was set.
    async fn target(&self) -> Option<&str> {
        self.row.target.as_deref()
    }

    /// The unit of its figures, in Spanish.
    async fn unit(&self) -> Option<&str> {
        self.row.unit.as_deref()
    }

    /// When it left the plan.
    async fn retired_at(&self) -> DateTime {
        DateTime(self.at)
    }

    /// What was found of it, newest first, at most 100.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn figures(&self, ctx: &Context<'_>) -> GqlResult<Vec<RetiredFigure>> {
        let (rows, _) = history(&mut *Cx::of(ctx)?.read().await?, self.row.id, 100, 0).await?;
        Ok(rows
            .into_iter()
            .map(|row| RetiredFigure { value: row.value, at: DateTime(row.at), source: row.source, evidence: row.evidence })
            .collect())
    }
}

/// What was found of an indicator while it was in the plan.
#[derive(SimpleObject)]
pub struct RetiredFigure {
    /// The figure; null where the measure failed.
    value: Option<f64>,
    /// When it was found.
    at: DateTime,
    /// Where it comes from.
    source: String,
    /// What proves it.
    evidence: Option<String>,
}

/// A row of the plan's matrix: benefits, indicators, activities, responsibles, resources and time.
pub struct ActionLine {
    pub(crate) reading: Arc<Reading>,
    pub(crate) row: ActionLineRow,
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

/// Queries of the plan's text.
#[derive(Default)]
pub struct TextQuery;

/// Queries of the plan's text.
#[Object]
impl TextQuery {
    /// The action plan of the host's municipality: the current one, or the one of that key that is in force for its own period; with a version,
    /// as that version had it. Null where there is none.
    async fn plan(&self, ctx: &Context<'_>, key: Option<String>, version: Option<i32>) -> GqlResult<Option<Plan>> {
        let cx = Cx::of(ctx)?;
        if key.is_none() && version.is_none() {
            return Ok(Reading::open(cx).await?.map(Plan));
        }
        let mut tx = cx.read().await?;
        let current = plan_key(&mut tx).await?;
        let Some(key) = key.or_else(|| current.clone()) else { return Ok(None) };
        if version.is_none() && current.as_ref() == Some(&key) {
            drop(tx);
            return Ok(Reading::open(cx).await?.map(Plan));
        }
        let row = match version {
            Some(number) => self::version(&mut tx, &key, number).await?.filter(|row| row.state != VersionState::Draft),
            None => in_force(&mut tx, &key).await?,
        };
        let Some(row) = row else { return Ok(None) };
        let book = book(&mut tx, &key, row.number).await?;
        drop(tx);
        Ok(Some(Plan(Reading::of(cx, book).await?)))
    }

    /// One row of the plan's matrix.
    async fn action_line(&self, ctx: &Context<'_>, number: i32) -> GqlResult<Option<ActionLine>> {
        let reading = Reading::open(Cx::of(ctx)?).await?;
        Ok(reading.and_then(|reading| Some(reading.line(reading.book.action_lines.iter().find(|row| row.number == number)?))))
    }
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

kernel::payload!(SetActivityDonePayload { activity: Activity });

/// Mutations of the plan's text.
#[derive(Default)]
pub struct TextMutation;

/// Mutations of the plan's text.
#[Object]
impl TextMutation {
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
