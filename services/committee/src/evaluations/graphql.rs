//! Queries and mutations of evaluations.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::{Permission, Result, Tx, file};

use super::model::{ClosingPurpose, EvaluationKind, EvaluationRow};
use super::service::{self, Typed};
use super::store;
use crate::graphql::inside;
use crate::rules;
use crate::tasks::graphql::uploads;

/// An evaluation, a survey or a campaign, as a person recorded it.
pub struct Evaluation(EvaluationRow);

/// An evaluation, a survey or a campaign, as a person recorded it.
#[Object]
impl Evaluation {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What was done.
    async fn kind(&self) -> EvaluationKind {
        self.0.kind
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Which of the two activities that close the plan it answers.
    async fn closing(&self) -> Option<ClosingPurpose> {
        self.0.closing
    }

    /// Its first day.
    async fn held_from(&self) -> LocalDate {
        LocalDate(self.0.held_from)
    }

    /// Its last day.
    async fn held_until(&self) -> LocalDate {
        LocalDate(self.0.held_until)
    }

    /// How it was done.
    async fn method(&self) -> &str {
        &self.0.method
    }

    /// How many people were reached; null where nobody counted.
    async fn people(&self) -> Option<i32> {
        self.0.people
    }

    /// What came of it, in words.
    async fn result(&self) -> &str {
        &self.0.result
    }

    /// Its figures, as typed: one a line, `Encuestas respondidas: 84`.
    async fn figures_text(&self) -> Option<&str> {
        self.0.figures.as_deref()
    }

    /// Its figures, one by one.
    async fn figures(&self) -> Vec<EvaluationFigure> {
        let lines = self.0.figures.as_deref().unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let (label, value) = line.rsplit_once(':').map_or((line, None), |(label, value)| (label.trim(), Some(value.trim())));
                EvaluationFigure { label: label.to_owned(), value: value.map(str::to_owned) }
            })
            .collect()
    }

    /// Whether everybody may read it.
    async fn public(&self) -> bool {
        self.0.public
    }

    /// When it was recorded.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last corrected.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// What shows it.
    #[graphql(complexity = "3 + child_complexity")]
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let files = file::of(&mut *Cx::of(ctx)?.read().await?, &service::subject(self.0.id)).await?;
        Ok(files.into_iter().map(File::from).collect())
    }
}

/// A figure of a record.
#[derive(SimpleObject)]
pub struct EvaluationFigure {
    /// What was counted.
    label: String,
    /// How many, as typed; null where the line has no colon.
    value: Option<String>,
}

kernel::connection!(EvaluationConnection, Evaluation);

/// Queries of evaluations.
#[derive(Default)]
pub struct EvaluationsQuery;

/// Queries of evaluations.
#[Object]
impl EvaluationsQuery {
    /// Evaluations, surveys and campaigns, the latest first; the public ones alone outside the administration, or when `published`.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn evaluations(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        kind: Option<EvaluationKind>,
        search: Option<String>,
        published: Option<bool>,
    ) -> GqlResult<EvaluationConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let (public, words) = (published == Some(true) || !inside(ctx), rules::line(&search.unwrap_or_default()));
        let (rows, total) = store::evaluations(&mut *Cx::of(ctx)?.read().await?, public, kind, &words, paging.limit, paging.offset).await?;
        Ok(EvaluationConnection::new(paging, rows.into_iter().map(Evaluation).collect(), total))
    }

    /// One record; a public one alone outside the administration.
    async fn evaluation(&self, ctx: &Context<'_>, id: ID) -> GqlResult<Option<Evaluation>> {
        let Ok(id) = rules::id(&id) else { return Ok(None) };
        let known = store::evaluation(&mut *Cx::of(ctx)?.read().await?, id).await?;
        Ok(known.filter(|row| row.public || inside(ctx)).map(Evaluation))
    }
}

/// What is to be recorded.
#[derive(InputObject)]
pub struct RecordEvaluationInput {
    /// What was done.
    kind: EvaluationKind,
    /// Its title, at most 200 letters.
    title: String,
    /// Which of the two activities that close the plan it answers.
    closing: Option<ClosingPurpose>,
    /// Its first day; needed, today or earlier.
    held_from: Option<LocalDate>,
    /// Its last day; the first when left out.
    held_until: Option<LocalDate>,
    /// How it was done.
    method: String,
    /// How many people were reached.
    people: Option<i32>,
    /// What came of it, in words.
    result: String,
    /// Its figures, one a line: `Encuestas respondidas: 84`.
    figures: Option<String>,
    /// Whether everybody may read it.
    public: bool,
    /// Files that show it.
    files: Option<Vec<ID>>,
    /// The same key is the same record, however often it is sent.
    idempotency_key: String,
}

/// A record as it should be.
#[derive(InputObject)]
pub struct ReviseEvaluationInput {
    /// The record.
    id: ID,
    /// What was done.
    kind: EvaluationKind,
    /// Its title, at most 200 letters.
    title: String,
    /// Which of the two activities that close the plan it answers.
    closing: Option<ClosingPurpose>,
    /// Its first day; needed, today or earlier.
    held_from: Option<LocalDate>,
    /// Its last day; the first when left out.
    held_until: Option<LocalDate>,
    /// How it was done.
    method: String,
    /// How many people were reached.
    people: Option<i32>,
    /// What came of it, in words.
    result: String,
    /// Its figures, one a line: `Encuestas respondidas: 84`.
    figures: Option<String>,
    /// Whether everybody may read it.
    public: bool,
    /// More files that show it.
    files: Option<Vec<ID>>,
}

kernel::payload!(RecordEvaluationPayload { evaluation: Evaluation });
kernel::payload!(ReviseEvaluationPayload { evaluation: Evaluation });

async fn record(tx: &mut Tx, input: RecordEvaluationInput) -> Result<EvaluationRow> {
    let typed = Typed {
        kind: input.kind,
        title: input.title,
        closing: input.closing,
        held_from: input.held_from.map(|day| day.0),
        held_until: input.held_until.map(|day| day.0),
        method: input.method,
        people: input.people,
        result: input.result,
        figures: input.figures,
        public: input.public,
    };
    service::record(tx, typed, &uploads(input.files)?, &input.idempotency_key).await
}

async fn revise(tx: &mut Tx, input: ReviseEvaluationInput) -> Result<EvaluationRow> {
    let typed = Typed {
        kind: input.kind,
        title: input.title,
        closing: input.closing,
        held_from: input.held_from.map(|day| day.0),
        held_until: input.held_until.map(|day| day.0),
        method: input.method,
        people: input.people,
        result: input.result,
        figures: input.figures,
        public: input.public,
    };
    service::revise(tx, rules::id(&input.id)?, typed, &uploads(input.files)?).await
}

/// Mutations of evaluations.
#[derive(Default)]
pub struct EvaluationsMutation;

/// Mutations of evaluations.
#[Object]
impl EvaluationsMutation {
    /// Records an evaluation, a survey or a campaign that was held.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn record_evaluation(&self, ctx: &Context<'_>, input: RecordEvaluationInput) -> GqlResult<RecordEvaluationPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = record(&mut tx, input).await;
        RecordEvaluationPayload::of(tx.settle(done).await.map(Evaluation))
    }

    /// Corrects a record, and adds files to it.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn revise_evaluation(&self, ctx: &Context<'_>, input: ReviseEvaluationInput) -> GqlResult<ReviseEvaluationPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = revise(&mut tx, input).await;
        ReviseEvaluationPayload::of(tx.settle(done).await.map(Evaluation))
    }
}
