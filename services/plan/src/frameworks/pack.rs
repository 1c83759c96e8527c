//! The frameworks' part of a pack: the phases of `plan.yaml`, and in `plan/criteria.yaml` how criteria stand, what was said of them and
//! how far the phases had come. What measures say is not in it: it is read anew. An older pack has its criteria in `plan-state.yaml`.

use kernel::pack::Pack;
use kernel::{Error, Result, Tx, text};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::{CriterionRow, CriterionState, EventRow, PhaseRow, ScoreRow};
use super::{rules, service, store};
use crate::text::model::Book;

const CRITERIA: &str = "plan/criteria.yaml";

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// A phase as `plan.yaml` and the stored versions of a plan write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhaseFile {
    pub(crate) key: String,
    pub(crate) name: String,
    #[serde(with = "day")]
    pub(crate) national_deadline: Date,
    #[serde(with = "day")]
    pub(crate) deadline: Date,
    pub(crate) target: Option<f64>,
}

impl PhaseFile {
    /// The row of a phase.
    pub(crate) fn row(self, place: i32) -> PhaseRow {
        PhaseRow {
            key: self.key,
            place,
            name: self.name,
            national_deadline: self.national_deadline,
            deadline: self.deadline,
            target: self.target,
        }
    }
}

impl From<PhaseRow> for PhaseFile {
    fn from(row: PhaseRow) -> Self {
        Self { key: row.key, name: row.name, national_deadline: row.national_deadline, deadline: row.deadline, target: row.target }
    }
}

/// A criterion in the `plan-state.yaml` of an older pack: of the plan's framework, with the reason where the evidence stands.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CriterionFile {
    code: String,
    state: CriterionState,
    evidence: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    by: Option<Uuid>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CriteriaFile {
    states: Vec<StateFile>,
    history: Vec<EventFile>,
    scores: Vec<ScoreFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    framework: String,
    version: i32,
    code: String,
    state: CriterionState,
    reason: Option<String>,
    evidence: Option<String>,
    evidence_path: Option<String>,
    #[serde(default)]
    files: i32,
    by: Option<Uuid>,
    by_name: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventFile {
    id: Uuid,
    framework: String,
    version: i32,
    code: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    state: Option<CriterionState>,
    reason: Option<String>,
    evidence: Option<String>,
    computed: bool,
    by: Option<Uuid>,
    by_name: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoreFile {
    framework: String,
    version: i32,
    phase: String,
    #[serde(with = "day")]
    day: Date,
    percent: Option<f64>,
    applicable: i32,
    met: i32,
    partial: i32,
    unanswered: i32,
    essential_missing: i32,
    #[serde(with = "time::serde::rfc3339")]
    counted_at: OffsetDateTime,
}

/// Refuses a criterion that no version of the framework asks: its state would be lost in silence.
fn known_criterion(path: &str, framework: &str, code: &str) -> Result<i32> {
    match rules::known(framework) {
        None => Err(Error::whole("PACK", format!("{path}: el marco «{framework}» no se conoce"))),
        Some(known) if rules::ever_asked(framework, code) => Ok(known.version),
        Some(_) => Err(Error::whole("PACK", format!("{path}: el marco {framework} no tiene el criterio «{code}»"))),
    }
}

/// Until there were reasons, they stood where the evidence stands.
fn parted(state: CriterionState, reason: Option<String>, evidence: Option<String>) -> (Option<String>, Option<String>) {
    match (state, reason) {
        (CriterionState::NotApplicable, None) => (evidence.or(Some("Sin motivo escrito.".to_owned())), None),
        (_, reason) => (reason, evidence),
    }
}

/// Takes the criteria of an older pack's `plan-state.yaml`.
pub(crate) async fn import_state(tx: &mut Tx, path: &str, book: &Book, criteria: Vec<CriterionFile>) -> Result<()> {
    for file in criteria {
        let framework = book.plan.framework.clone();
        let version = known_criterion(path, &framework, &file.code)?;
        let (reason, evidence) = parted(file.state, None, file.evidence);
        let row = CriterionRow {
            framework,
            version,
            code: file.code,
            state: file.state,
            reason,
            evidence,
            evidence_path: None,
            files: 0,
            by_id: file.by,
            by_name: None,
            at: file.at,
        };
        store::upsert_criterion_state(tx, &row).await?;
    }
    Ok(())
}

/// Takes `plan/criteria.yaml`, which a municipality has with a plan or without.
pub(crate) async fn import(tx: &mut Tx, pack: &Pack) -> Result<()> {
    let file: CriteriaFile = pack.yaml(CRITERIA)?.unwrap_or_default();
    for state in file.states {
        known_criterion(CRITERIA, &state.framework, &state.code)?;
        store::upsert_criterion_state(tx, &state.into()).await?;
    }
    let events: Vec<_> = file.history.into_iter().map(EventRow::from).collect();
    store::insert_events(tx, &events).await?;
    for score in file.scores {
        store::set_score(tx, &score.into()).await?;
    }
    Ok(())
}

/// Writes `plan/criteria.yaml`, if there is anything to write.
pub(crate) async fn export(tx: &mut Tx, pack: &mut Pack) -> Result<()> {
    let file = CriteriaFile {
        states: store::all_states(tx).await?.into_iter().map(StateFile::from).collect(),
        history: store::events(tx, None, i64::MAX).await?.into_iter().map(EventFile::from).collect(),
        scores: store::all_scores(tx).await?.into_iter().map(ScoreFile::from).collect(),
    };
    if file.states.is_empty() && file.history.is_empty() && file.scores.is_empty() { Ok(()) } else { pack.put_yaml(CRITERIA, &file) }
}

/// Removes everything of the frameworks.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    store::clear(tx).await
}

impl From<StateFile> for CriterionRow {
    fn from(file: StateFile) -> Self {
        let StateFile { framework, version, code, state, reason, evidence, evidence_path, files, by: by_id, by_name, at } = file;
        Self { framework, version, code, state, reason, evidence, evidence_path, files, by_id, by_name, at }
    }
}

impl From<CriterionRow> for StateFile {
    fn from(row: CriterionRow) -> Self {
        let CriterionRow { framework, version, code, state, reason, evidence, evidence_path, files, by_id: by, by_name, at } = row;
        Self { framework, version, code, state, reason, evidence, evidence_path, files, by, by_name, at }
    }
}

impl From<EventFile> for EventRow {
    fn from(file: EventFile) -> Self {
        let EventFile { id, framework, version, code, at, state, reason, evidence, computed, by: by_id, by_name } = file;
        Self { id, framework, version, code, at, state, reason, evidence, computed, by_id, by_name }
    }
}

impl From<EventRow> for EventFile {
    fn from(row: EventRow) -> Self {
        let EventRow { id, framework, version, code, at, state, reason, evidence, computed, by_id: by, by_name } = row;
        Self { id, framework, version, code, at, state, reason, evidence, computed, by, by_name }
    }
}

impl From<ScoreFile> for ScoreRow {
    fn from(file: ScoreFile) -> Self {
        let ScoreFile { framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at } =
            file;
        Self { framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at }
    }
}

impl From<ScoreRow> for ScoreFile {
    fn from(row: ScoreRow) -> Self {
        let ScoreRow { framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at } = row;
        Self { framework, version, phase, day, percent, applicable, met, partial, unanswered, essential_missing, counted_at }
    }
}

/// A criterion of the demonstration overlay; of the plan's framework when it names none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoCriterion {
    #[serde(default)]
    framework: Option<String>,
    code: String,
    state: CriterionState,
    #[serde(default)]
    reason: Option<String>,
    evidence: Option<String>,
    #[serde(default)]
    days_ago: i64,
}

/// Loads the overlay's criteria, each with its entry in the history.
pub(crate) async fn demo(tx: &mut Tx, book: &Book, criteria: Vec<DemoCriterion>) -> Result<()> {
    let now = tx.now();
    for demo in criteria {
        let framework = demo.framework.unwrap_or_else(|| book.plan.framework.clone());
        let version = known_criterion("plan", &framework, &demo.code)?;
        let (reason, evidence) = parted(demo.state, demo.reason, demo.evidence);
        let row = CriterionRow {
            framework,
            version,
            code: demo.code,
            state: demo.state,
            reason,
            evidence,
            evidence_path: None,
            files: 0,
            by_id: None,
            by_name: Some("Comité GEL-T (demostración)".to_owned()),
            at: text::days_ago(now, demo.days_ago, None),
        };
        store::upsert_criterion_state(tx, &row).await?;
        let id = tx.id();
        store::insert_events(tx, &[service::event(id, row)]).await?;
    }
    Ok(())
}
