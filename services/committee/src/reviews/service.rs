//! Use cases of the semester review.

use kernel::capability::{Duty, Registry};
use kernel::error::Faults;
use kernel::viewer::SignedIn;
use kernel::{Error, Result, Tx};
use serde_json::json;
use sqlx::types::Json;
use time::Date;
use uuid::Uuid;

use super::model::{ReviewDecision, ReviewFigure, ReviewRow, ReviewTopic, StepRow};
use super::rules::{STEPS, Step, topic_of};
use super::store;
use crate::rules::{Semester, body, fits, not_over, some_body};
use crate::tasks;
use crate::tasks::rules::Matter;

/// The kind of the duty to review a semester.
pub(crate) const DUTY: &str = "committee.review";

/// What the platform measures now, step by step. A measure that fails or that nothing is known of is shown as unknown.
pub(crate) async fn figures(tx: &mut Tx, registry: &Registry) -> Result<Vec<ReviewFigure>> {
    let asked = || STEPS.iter().flat_map(|step| step.figures.iter().map(move |(name, label)| (step.topic, *name, *label)));
    let at = tx.now();
    let found = registry.compute_all(tx, asked().map(|(_, name, _)| name), at).await?;
    let offered = asked().filter_map(|(topic, name, label)| {
        let (measure, _) = registry.measure(name)?;
        let value = found.get(name).and_then(|found| found.value());
        Some(ReviewFigure { topic, label: label.to_owned(), value, unit: measure.unit.to_owned() })
    });
    Ok(offered.collect())
}

/// What is due now, each with the step that shows it.
pub(crate) async fn duties(tx: &mut Tx, registry: &Registry) -> Result<Vec<(ReviewTopic, Duty)>> {
    let due = registry.duties(tx).await?.into_iter();
    Ok(due.filter_map(|duty| topic_of(duty.kind).map(|topic| (topic, duty))).collect())
}

/// The review that may be worked on: the one of this semester, or an earlier one that was left open.
async fn open(tx: &mut Tx, period: Semester) -> Result<Option<ReviewRow>> {
    let known = store::locked_review(tx, period).await?;
    if let Some(closed_at) = known.as_ref().and_then(|review| review.closed_at) {
        let on = calendar::spanish::long_date(kernel::clock::local(closed_at).date());
        let message = format!("La revisión de este semestre se cerró el {on} y ya no cambia.");
        return Err(Error::whole("CLOSED", message));
    }
    if known.is_none() && period != Semester::of(tx.today()) {
        return Err(Error::field("period", "PERIOD", "Solo se revisa el semestre en curso, o uno anterior que quedó abierto"));
    }
    Ok(known)
}

/// What the committee makes of a step.
pub(crate) struct Verdict {
    pub(crate) topic: ReviewTopic,
    pub(crate) decision: ReviewDecision,
    pub(crate) note: Option<String>,
    /// The task's words, where they differ from the step's own.
    pub(crate) task: Option<String>,
    pub(crate) responsible: Option<Uuid>,
    pub(crate) due_on: Option<Date>,
}

/// Keeps a step of a review, so that it can be left and taken up again. The first one opens the review; a task is made once.
pub(crate) async fn save(tx: &mut Tx, registry: &Registry, period: Semester, verdict: Verdict, me: &SignedIn) -> Result<ReviewRow> {
    let note = some_body(verdict.note.as_deref());
    let mut faults = Faults::default();
    not_over(&mut faults, note.as_deref(), "note", "la nota", 2000);
    faults.into_result()?;
    let now = tx.now();
    let review = match open(tx, period).await? {
        Some(review) => review,
        None => begin(tx, period).await?,
    };
    let before = store::steps(tx, Some(review.id)).await?.into_iter().find(|step| step.step == verdict.topic);
    let mut task_id = before.and_then(|step| step.task_id);
    if verdict.decision == ReviewDecision::Task && task_id.is_none() {
        let step = step(verdict.topic)?;
        let matter = Matter {
            title: verdict.task.filter(|words| !words.trim().is_empty()).unwrap_or_else(|| step.task.to_owned()),
            detail: note.clone(),
            due_on: verdict.due_on,
            action_line: None,
            activity: None,
            recurrence: None,
            recurs_until: None,
        };
        let draft = tasks::service::Draft {
            matter,
            responsible: verdict.responsible,
            origin: Some(format!("la revisión del {}", period.name().to_lowercase())),
            key: format!("{}/{}", review.id, step.title),
        };
        task_id = Some(tasks::service::add(tx, registry, draft, me).await?.id);
    }
    let actor_name = Some(me.name.clone());
    let row = StepRow { review_id: review.id, step: verdict.topic, decision: verdict.decision, note, task_id, at: now, actor_name };
    store::put_step(tx, &row).await?;
    let detail = json!({ "period": period.to_string(), "step": row.step, "decision": row.decision });
    tx.audit("committee.review.step", "review", &review.id.to_string(), detail).await?;
    Ok(review)
}

async fn begin(tx: &mut Tx, period: Semester) -> Result<ReviewRow> {
    let review = ReviewRow {
        id: tx.id(),
        year: period.year,
        semester: period.half,
        opened_at: tx.now(),
        closed_at: None,
        closed_by: None,
        summary: None,
        figures: Json(Vec::new()),
    };
    store::insert_review(tx, &review).await?;
    tx.audit("committee.review.opened", "review", &review.id.to_string(), json!({ "period": period.to_string() })).await?;
    Ok(review)
}

fn step(topic: ReviewTopic) -> Result<&'static Step> {
    STEPS.iter().find(|step| step.topic == topic).ok_or_else(|| Error::fault("every topic has its step"))
}

/// Closes a review with its summary, and freezes what the platform measures at that moment.
pub(crate) async fn close(tx: &mut Tx, registry: &Registry, period: Semester, summary: &str, me: &SignedIn) -> Result<ReviewRow> {
    let summary = body(summary);
    let mut faults = Faults::default();
    fits(&mut faults, &summary, "summary", "el resumen", 8000);
    faults.into_result()?;
    let review = open(tx, period).await?;
    let done = match &review {
        Some(review) => store::steps(tx, Some(review.id)).await?,
        None => Vec::new(),
    };
    let missing: Vec<_> = STEPS.iter().filter(|step| !done.iter().any(|row| row.step == step.topic)).map(|step| step.title).collect();
    let Some(review) = review.filter(|_| missing.is_empty()) else {
        return Err(Error::whole("STEPS", format!("Falta decidir en: {}.", missing.join(", "))));
    };
    let mut frozen = figures(tx, registry).await?;
    let due = duties(tx, registry).await?;
    frozen.extend(STEPS.iter().filter_map(|step| {
        let count = due.iter().filter(|(topic, _)| *topic == step.topic).count();
        let label = "Pendientes al cerrar".to_owned();
        (count > 0).then(|| ReviewFigure { topic: step.topic, label, value: Some(count as f64), unit: String::new() })
    }));
    let review =
        ReviewRow { closed_at: Some(tx.now()), closed_by: Some(me.name.clone()), summary: Some(summary), figures: Json(frozen), ..review };
    store::close(tx, &review).await?;
    tx.audit("committee.review.closed", "review", &review.id.to_string(), json!({ "period": period.to_string() })).await?;
    Ok(review)
}
