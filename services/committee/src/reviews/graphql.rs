//! Queries and mutations of the semester review.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::directory::Audience;
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate};
use kernel::{Error, Permission, Result, Tx};

use super::model::{ReviewDecision, ReviewFigure, ReviewRow, ReviewTopic, StepRow};
use super::rules::STEPS;
use super::service::{self, Verdict};
use super::store;
use crate::rules::Semester;
use crate::tasks::graphql::{Task, chosen, me};
use crate::tasks::store::task;

/// The review of a semester, begun or not.
pub struct SemesterReview {
    period: Semester,
    row: Option<ReviewRow>,
}

/// The review of a semester, begun or not.
#[Object]
impl SemesterReview {
    /// The semester: `2026-2`.
    async fn period(&self) -> String {
        self.period.to_string()
    }

    /// The semester in words.
    async fn name(&self) -> String {
        self.period.name()
    }

    /// The last day of the semester.
    async fn ends_on(&self) -> LocalDate {
        LocalDate(self.period.last_day())
    }

    /// When its first step was kept; null until it is begun.
    async fn opened_at(&self) -> Option<DateTime> {
        self.row.as_ref().map(|row| DateTime(row.opened_at))
    }

    /// When it was closed; null while it can be worked on.
    async fn closed_at(&self) -> Option<DateTime> {
        self.row.as_ref().and_then(|row| row.closed_at).map(DateTime)
    }

    /// Who closed it.
    async fn closed_by(&self) -> Option<&str> {
        self.row.as_ref().and_then(|row| row.closed_by.as_deref())
    }

    /// What it found, in the words of whoever closed it.
    async fn summary(&self) -> Option<&str> {
        self.row.as_ref().and_then(|row| row.summary.as_deref())
    }

    /// Whether it can be worked on: it is not closed, and is of this semester or was left open.
    async fn open(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        let current = Semester::of(Cx::of(ctx)?.platform.clock().today());
        Ok(self.row.as_ref().map_or(self.period == current, |row| row.closed_at.is_none()))
    }

    /// Its steps in order: what the platform sees now, or saw when it was closed, and what the committee made of it.
    #[graphql(complexity = "8 * child_complexity + 50")]
    async fn steps(&self, ctx: &Context<'_>) -> GqlResult<Vec<ReviewStep>> {
        let cx = Cx::of(ctx)?;
        let (mut tx, registry) = (cx.read().await?, cx.platform.registry());
        let frozen = self.row.as_ref().filter(|row| row.closed_at.is_some());
        let (figures, duties) = match frozen {
            Some(row) => (row.figures.0.clone(), Vec::new()),
            None => (service::figures(&mut tx, registry).await?, service::duties(&mut tx, registry).await?),
        };
        let saved = match &self.row {
            Some(row) => store::steps(&mut tx, Some(row.id)).await?,
            None => Vec::new(),
        };
        let today = tx.today();
        let shown = STEPS.iter().map(|step| ReviewStep {
            topic: step.topic,
            title: step.title,
            question: step.question,
            path: step.path,
            suggestion: step.task,
            figures: figures.iter().filter(|figure| figure.topic == step.topic).cloned().collect(),
            duties: duties
                .iter()
                .filter(|(topic, _)| *topic == step.topic)
                .map(|(_, duty)| ReviewDuty {
                    title: duty.title.clone(),
                    reason: duty.reason.clone(),
                    due_on: duty.due_on.map(LocalDate),
                    late: duty.due_on.is_some_and(|due| due < today),
                    path: duty.path.clone(),
                })
                .collect(),
            verdict: saved.iter().find(|row| row.step == step.topic).cloned().map(ReviewVerdict),
        });
        Ok(shown.collect())
    }
}

/// A step of a review.
#[derive(SimpleObject)]
pub struct ReviewStep {
    /// What it looks at.
    topic: ReviewTopic,
    /// Its title, in Spanish.
    title: &'static str,
    /// What it asks, in Spanish.
    question: &'static str,
    /// The screen where it is mended.
    path: &'static str,
    /// The task that it suggests when something has to be done.
    suggestion: &'static str,
    /// What the platform measures.
    figures: Vec<ReviewFigure>,
    /// What is due; empty once the review is closed.
    duties: Vec<ReviewDuty>,
    /// What the committee made of it; null until the step is kept.
    verdict: Option<ReviewVerdict>,
}

/// What is due, as a step shows it.
#[derive(SimpleObject)]
pub struct ReviewDuty {
    /// What is due.
    title: String,
    /// Why.
    reason: String,
    /// Until when; null when there is no date.
    due_on: Option<LocalDate>,
    /// Whether the date has passed.
    late: bool,
    /// The screen where it is done.
    path: String,
}

/// What the committee made of a step.
pub struct ReviewVerdict(StepRow);

/// What the committee made of a step.
#[Object]
impl ReviewVerdict {
    /// Whether it is as it should be, or somebody has to do something.
    async fn decision(&self) -> ReviewDecision {
        self.0.decision
    }

    /// What was noted.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// The task that was made of it.
    async fn task(&self, ctx: &Context<'_>) -> GqlResult<Option<Task>> {
        match self.0.task_id {
            Some(id) => Ok(task(&mut *Cx::of(ctx)?.read().await?, id).await?.map(Task)),
            None => Ok(None),
        }
    }

    /// When it was kept last.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Who kept it.
    async fn by(&self) -> Option<&str> {
        self.0.actor_name.as_deref()
    }
}

/// Queries of the semester review.
#[derive(Default)]
pub struct ReviewsQuery;

/// Queries of the semester review.
#[Object]
impl ReviewsQuery {
    /// The review of a semester, `2026-2`; of this one when none is named. Null for what is no semester, or one that was never reviewed.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn semester_review(&self, ctx: &Context<'_>, period: Option<String>) -> GqlResult<Option<SemesterReview>> {
        let cx = Cx::of(ctx)?;
        if cx.tenant.kind.audience() != Audience::Municipality {
            return Ok(None);
        }
        let mut tx = cx.read().await?;
        let current = Semester::of(tx.today());
        let Some(period) = period.map_or(Some(current), |typed| Semester::parse(&typed)) else { return Ok(None) };
        let row = store::reviews(&mut tx).await?.into_iter().find(|row| row.period() == period);
        Ok((row.is_some() || period == current).then_some(SemesterReview { period, row }))
    }

    /// Every semester that was reviewed or begun, the latest first.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "5 * child_complexity")]
    async fn semester_reviews(&self, ctx: &Context<'_>) -> GqlResult<Vec<SemesterReview>> {
        let rows = store::reviews(&mut *Cx::of(ctx)?.read().await?).await?.into_iter();
        Ok(rows.map(|row| SemesterReview { period: row.period(), row: Some(row) }).collect())
    }
}

/// A step of a review to keep.
#[derive(InputObject)]
pub struct SaveReviewStepInput {
    /// The semester: `2026-2`.
    period: String,
    /// The step.
    topic: ReviewTopic,
    /// What the committee makes of it.
    decision: ReviewDecision,
    /// What is to be noted.
    note: Option<String>,
    /// The task's words, for `TASK`; the step's own suggestion when left out.
    task: Option<String>,
    /// Who answers for the task: an id of `taskResponsibles`; may wait.
    responsible: Option<ID>,
    /// Until when the task is due; needed for `TASK`.
    due_on: Option<LocalDate>,
}

/// A review to close.
#[derive(InputObject)]
pub struct CloseReviewInput {
    /// The semester: `2026-2`.
    period: String,
    /// What it found, at most 8,000 letters.
    summary: String,
}

kernel::payload!(SaveReviewStepPayload { review: SemesterReview });
kernel::payload!(CloseReviewPayload { review: SemesterReview });

impl SemesterReview {
    fn of(row: ReviewRow) -> Self {
        Self { period: row.period(), row: Some(row) }
    }
}

fn period(typed: &str) -> Result<Semester> {
    Semester::parse(typed).ok_or_else(|| Error::field("period", "FORM", "Escriba el semestre como 2026-2"))
}

async fn save(cx: &Cx, tx: &mut Tx, input: SaveReviewStepInput) -> Result<ReviewRow> {
    let verdict = Verdict {
        topic: input.topic,
        decision: input.decision,
        note: input.note,
        task: input.task,
        responsible: chosen(input.responsible.as_ref())?,
        due_on: input.due_on.map(|day| day.0),
    };
    service::save(tx, cx.platform.registry(), period(&input.period)?, verdict, me(cx)?).await
}

async fn close(cx: &Cx, tx: &mut Tx, input: CloseReviewInput) -> Result<ReviewRow> {
    service::close(tx, cx.platform.registry(), period(&input.period)?, &input.summary, me(cx)?).await
}

/// Mutations of the semester review.
#[derive(Default)]
pub struct ReviewsMutation;

/// Mutations of the semester review.
#[Object]
impl ReviewsMutation {
    /// Keeps a step of a review; it can be left and taken up again until it is closed.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn save_review_step(&self, ctx: &Context<'_>, input: SaveReviewStepInput) -> GqlResult<SaveReviewStepPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = save(cx, &mut tx, input).await;
        SaveReviewStepPayload::of(tx.settle(done).await.map(SemesterReview::of))
    }

    /// Closes a review with its summary: its figures stay as they are at that moment, and it is closed once.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn close_review(&self, ctx: &Context<'_>, input: CloseReviewInput) -> GqlResult<CloseReviewPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = close(cx, &mut tx, input).await;
        CloseReviewPayload::of(tx.settle(done).await.map(SemesterReview::of))
    }
}
