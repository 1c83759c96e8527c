//! The plan's part of a tenant pack: `plan.yaml` as signed, `plan-state.yaml` what was found since.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Error, Result, Tx, ids, text};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{
    ActionLineRow, ActivityRow, Book, Cadence, ClosingActivity, CriterionRow, CriterionState, HelpRow, IndicatorKind, IndicatorRow,
    Letterhead, MeasurementRow, Period, PhaseRow, PlanIncentive, PlanNote, PlanRow,
};
use crate::{jobs, measures, rules, service, store};

pub(crate) struct PlanPart;

const PLAN: &str = "plan.yaml";
const STATE: &str = "plan-state.yaml";

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    key: String,
    title: String,
    framework: String,
    period: Option<Period>,
    legal_frame: String,
    vision: String,
    general_objective: String,
    specific_objectives: Vec<String>,
    framework_lines: Vec<String>,
    action_lines: Vec<ActionLineFile>,
    phases: Vec<PhaseFile>,
    closing_activities: Vec<ClosingActivity>,
    help_table: Vec<HelpRow>,
    incentives: Vec<PlanIncentive>,
    signed_by: String,
    letterhead: Letterhead,
    #[serde(default)]
    notes: Vec<PlanNote>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionLineFile {
    number: i32,
    title: String,
    benefits: Vec<String>,
    indicators: Vec<IndicatorFile>,
    activities: Vec<ActivityFile>,
    responsibles: Vec<String>,
    resources: Vec<String>,
    duration_text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndicatorFile {
    key: String,
    name: String,
    target: Option<String>,
    target_value: Option<f64>,
    unit: Option<String>,
    cadence: Option<Cadence>,
    kind: IndicatorKind,
    measure: Option<String>,
    note: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivityFile {
    text: String,
    responsibles: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseFile {
    key: String,
    name: String,
    #[serde(with = "day")]
    national_deadline: Date,
    #[serde(with = "day")]
    deadline: Date,
    target: Option<f64>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    measurements: Vec<MeasurementFile>,
    criteria: Vec<CriterionFile>,
    activities: Vec<DoneFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasurementFile {
    id: Uuid,
    action: i32,
    indicator: String,
    value: f64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    source: String,
    evidence: Option<String>,
    recorded_by: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CriterionFile {
    code: String,
    state: CriterionState,
    evidence: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    by: Option<Uuid>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DoneFile {
    action: i32,
    activity: i32,
    #[serde(with = "time::serde::rfc3339")]
    done_at: OffsetDateTime,
    evidence: Option<String>,
}

/// The place of something in its list, from one.
fn place(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

fn book_of(file: PlanFile, tenant: Uuid) -> Book {
    let mut book = Book {
        plan: PlanRow {
            key: file.key,
            title: file.title,
            framework: file.framework,
            period: file.period.map(Json),
            legal_frame: file.legal_frame,
            vision: file.vision,
            general_objective: file.general_objective,
            specific_objectives: file.specific_objectives,
            framework_lines: file.framework_lines,
            closing_activities: Json(file.closing_activities),
            help_table: Json(file.help_table),
            incentives: Json(file.incentives),
            signed_by: file.signed_by,
            letterhead: Json(file.letterhead),
            notes: Json(file.notes),
        },
        action_lines: Vec::new(),
        indicators: Vec::new(),
        activities: Vec::new(),
        phases: Vec::new(),
    };
    for line in file.action_lines {
        let action_line = line.number;
        book.indicators.extend(line.indicators.into_iter().enumerate().map(|(index, indicator)| IndicatorRow {
            id: ids::named(tenant, "indicator", &format!("{action_line}/{}", indicator.key)),
            action_line,
            place: place(index),
            key: indicator.key,
            name: indicator.name,
            target: indicator.target,
            target_value: indicator.target_value,
            unit: indicator.unit,
            cadence: indicator.cadence,
            kind: indicator.kind,
            measure: indicator.measure,
            note: indicator.note,
        }));
        book.activities.extend(line.activities.into_iter().enumerate().map(|(index, activity)| ActivityRow {
            action_line,
            number: place(index),
            text: activity.text,
            responsibles: activity.responsibles,
            done_at: None,
            evidence: None,
        }));
        book.action_lines.push(ActionLineRow {
            number: line.number,
            title: line.title,
            benefits: line.benefits,
            responsibles: line.responsibles,
            resources: line.resources,
            duration_text: line.duration_text,
        });
    }
    book.phases.extend(file.phases.into_iter().enumerate().map(|(index, phase)| PhaseRow {
        key: phase.key,
        place: place(index),
        name: phase.name,
        national_deadline: phase.national_deadline,
        deadline: phase.deadline,
        target: phase.target,
    }));
    book
}

fn file_of(book: Book) -> PlanFile {
    let (plan, indicators, activities) = (book.plan, &book.indicators, &book.activities);
    PlanFile {
        key: plan.key,
        title: plan.title,
        framework: plan.framework,
        period: plan.period.map(|period| period.0),
        legal_frame: plan.legal_frame,
        vision: plan.vision,
        general_objective: plan.general_objective,
        specific_objectives: plan.specific_objectives,
        framework_lines: plan.framework_lines,
        action_lines: book
            .action_lines
            .into_iter()
            .map(|line| ActionLineFile {
                indicators: indicators.iter().filter(|row| row.action_line == line.number).cloned().map(indicator_file).collect(),
                activities: activities
                    .iter()
                    .filter(|row| row.action_line == line.number)
                    .map(|row| ActivityFile { text: row.text.clone(), responsibles: row.responsibles.clone() })
                    .collect(),
                number: line.number,
                title: line.title,
                benefits: line.benefits,
                responsibles: line.responsibles,
                resources: line.resources,
                duration_text: line.duration_text,
            })
            .collect(),
        phases: book
            .phases
            .into_iter()
            .map(|row| PhaseFile {
                key: row.key,
                name: row.name,
                national_deadline: row.national_deadline,
                deadline: row.deadline,
                target: row.target,
            })
            .collect(),
        closing_activities: plan.closing_activities.0,
        help_table: plan.help_table.0,
        incentives: plan.incentives.0,
        signed_by: plan.signed_by,
        letterhead: plan.letterhead.0,
        notes: plan.notes.0,
    }
}

fn indicator_file(row: IndicatorRow) -> IndicatorFile {
    IndicatorFile {
        key: row.key,
        name: row.name,
        target: row.target,
        target_value: row.target_value,
        unit: row.unit,
        cadence: row.cadence,
        kind: row.kind,
        measure: row.measure,
        note: row.note,
    }
}

/// The indicator of that key in that action, or the word that there is none.
fn indicator<'a>(indicators: &'a [IndicatorRow], path: &str, action: i32, key: &str) -> Result<&'a IndicatorRow> {
    let found = indicators.iter().find(|row| row.action_line == action && row.key == key);
    found.ok_or_else(|| Error::whole("PACK", format!("{path}: la acción {action} no tiene el indicador «{key}»")))
}

/// Refuses a criterion that the framework does not have: its state would be lost in silence.
fn known_criterion(path: &str, framework: &str, code: &str) -> Result<()> {
    let known = rules::framework(framework)?.criteria().any(|criterion| criterion.code == code);
    if known { Ok(()) } else { Err(Error::whole("PACK", format!("{path}: el marco {framework} no tiene el criterio «{code}»"))) }
}

async fn set_done(tx: &mut Tx, path: &str, action: i32, activity: i32, done_at: OffsetDateTime, evidence: Option<&str>) -> Result<()> {
    store::set_activity(tx, action, activity, Some(done_at), evidence).await.map_err(|error| match error {
        Error::NotFound => Error::whole("PACK", format!("{path}: la acción {action} no tiene la actividad {activity}")),
        other => other,
    })
}

async fn import_state(tx: &mut Tx, book: &Book, state: StateFile) -> Result<()> {
    for file in state.measurements {
        let row = MeasurementRow {
            id: file.id,
            indicator_id: indicator(&book.indicators, STATE, file.action, &file.indicator)?.id,
            value: file.value,
            at: file.at,
            source: file.source,
            evidence: file.evidence,
            recorded_by: file.recorded_by,
        };
        store::insert_measurement(tx, &row).await?;
    }
    for file in state.criteria {
        known_criterion(STATE, &book.plan.framework, &file.code)?;
        let row = CriterionRow { code: file.code, state: file.state, evidence: file.evidence, by_id: file.by, at: file.at };
        store::upsert_criterion_state(tx, &row).await?;
    }
    for file in state.activities {
        set_done(tx, STATE, file.action, file.activity, file.done_at, file.evidence.as_deref()).await?;
    }
    Ok(())
}

async fn state_of(tx: &mut Tx, book: &Book) -> Result<StateFile> {
    let measurements = store::all_measurements(tx).await?.into_iter().filter_map(|row| {
        let indicator = book.indicators.iter().find(|indicator| indicator.id == row.indicator_id)?;
        Some(MeasurementFile {
            id: row.id,
            action: indicator.action_line,
            indicator: indicator.key.clone(),
            value: row.value,
            at: row.at,
            source: row.source,
            evidence: row.evidence,
            recorded_by: row.recorded_by,
        })
    });
    let activities = book.activities.iter().filter_map(|row| {
        let evidence = row.evidence.clone();
        row.done_at.map(|done_at| DoneFile { action: row.action_line, activity: row.number, done_at, evidence })
    });
    Ok(StateFile {
        measurements: measurements.collect(),
        criteria: store::criterion_states(tx)
            .await?
            .into_iter()
            .map(|row| CriterionFile { code: row.code, state: row.state, evidence: row.evidence, at: row.at, by: row.by_id })
            .collect(),
        activities: activities.collect(),
    })
}

#[async_trait]
impl PackPart for PlanPart {
    fn claims(&self) -> &'static [&'static str] {
        &[PLAN, STATE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let state: Option<StateFile> = pack.yaml(STATE)?;
        let Some(file) = pack.yaml::<PlanFile>(PLAN)? else {
            return if state.is_none() { Ok(()) } else { Err(Error::whole("PACK", format!("{STATE}: falta {PLAN}"))) };
        };
        let book = book_of(file, tx.tenant()?);
        service::place(tx, &book).await?;
        import_state(tx, &book, state.unwrap_or_default()).await?;
        jobs::read_soon(tx).await
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let Some(book) = store::book(tx).await? else { return Ok(()) };
        let state = state_of(tx, &book).await?;
        pack.put_yaml(PLAN, &file_of(book))?;
        if state.measurements.is_empty() && state.criteria.is_empty() && state.activities.is_empty() {
            return Ok(());
        }
        pack.put_yaml(STATE, &state)
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoSection {
    #[serde(default)]
    measurements: Vec<DemoMeasurement>,
    #[serde(default)]
    criteria: Vec<DemoCriterion>,
    #[serde(default)]
    activities_done: Vec<DemoDone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoMeasurement {
    action: i32,
    indicator: String,
    value: f64,
    days_ago: i64,
    source: String,
    evidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCriterion {
    code: String,
    state: CriterionState,
    evidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoDone {
    action: i32,
    activity: i32,
    days_ago: i64,
    evidence: Option<String>,
}

/// Loads the overlay's `plan` section over the plan that the pack brought.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let section: DemoSection = serde_json::from_value(section.clone())?;
        let Some(book) = store::book(tx).await? else { return Err(Error::whole("PACK", "plan: el municipio no tiene plan")) };
        let (now, tenant) = (tx.now(), tx.tenant()?);
        for demo in section.measurements {
            let indicator = indicator(&book.indicators, "plan", demo.action, &demo.indicator)?;
            let at = text::days_ago(now, demo.days_ago, None);
            let row = MeasurementRow {
                id: ids::named(tenant, "measurement", &format!("{}/{}", indicator.id, at.date())),
                indicator_id: indicator.id,
                value: demo.value,
                at,
                source: indicator.measure.as_deref().map_or(demo.source, measures::source),
                evidence: demo.evidence,
                recorded_by: None,
            };
            store::insert_measurement(tx, &row).await?;
        }
        for demo in section.criteria {
            known_criterion("plan", &book.plan.framework, &demo.code)?;
            let row = CriterionRow { code: demo.code, state: demo.state, evidence: demo.evidence, by_id: None, at: now };
            store::upsert_criterion_state(tx, &row).await?;
        }
        for demo in section.activities_done {
            let done_at = text::days_ago(now, demo.days_ago, None);
            set_done(tx, "plan", demo.action, demo.activity, done_at, demo.evidence.as_deref()).await?;
        }
        tx.publish();
        jobs::read_soon(tx).await
    }
    .boxed()
}
