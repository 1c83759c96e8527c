//! The indicators' part of a pack: the cells of `plan.yaml`, and what was found of them in `plan-state.yaml`.
//! Called by `crate::pack` with the plan at hand; what has a file of its own lies in the pack's folder `plan/`.

use kernel::pack::Pack;
use kernel::{Error, Result, Tx, ids, text};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::{Accumulation, Cadence, IndicatorKind, IndicatorRow, IndicatorSort, MeasurementRow, PeriodRow, ProgressRow, YearTarget};
use super::{rules, service, store};
use crate::measures;
use crate::text::model::Book;

/// An indicator as `plan.yaml` and the stored versions of a plan write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndicatorFile {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) target: Option<String>,
    pub(crate) target_value: Option<f64>,
    pub(crate) unit: Option<String>,
    pub(crate) cadence: Option<Cadence>,
    pub(crate) kind: IndicatorKind,
    pub(crate) measure: Option<String>,
    pub(crate) note: Option<String>,
    /// What the unit tells, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sort: Option<IndicatorSort>,
    /// What the unit tells, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) accumulation: Option<Accumulation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) baseline: Option<BaselineFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) targets: Vec<YearTarget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) responsible: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<String>,
}

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// Where an indicator stood before the plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaselineFile {
    pub(crate) value: f64,
    #[serde(default, with = "day::option", skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<Date>,
}

impl IndicatorFile {
    /// The row of an indicator: its id is made of plan, action and key, so that its past follows it from version to version.
    pub(crate) fn row(self, tenant: Uuid, plan: &str, action_line: i32, place: i32) -> IndicatorRow {
        IndicatorRow {
            id: ids::named(tenant, "indicator", &format!("{plan}/{action_line}/{}", self.key)),
            action_line,
            place,
            key: self.key,
            name: self.name,
            target: self.target,
            target_value: self.target_value,
            sort: self.sort.unwrap_or_else(|| rules::sort_of(self.unit.as_deref(), self.cadence)),
            accumulation: self.accumulation.unwrap_or_else(|| rules::accumulation_of(self.unit.as_deref())),
            unit: self.unit,
            cadence: self.cadence,
            kind: self.kind,
            measure: self.measure,
            note: self.note,
            baseline: self.baseline.map(|baseline| baseline.value),
            baseline_on: self.baseline.and_then(|baseline| baseline.on),
            targets: Json(self.targets),
            responsible: self.responsible,
            evidence: self.evidence,
        }
    }
}

impl From<IndicatorRow> for IndicatorFile {
    fn from(row: IndicatorRow) -> Self {
        Self {
            sort: Some(row.sort).filter(|sort| *sort != rules::sort_of(row.unit.as_deref(), row.cadence)),
            accumulation: Some(row.accumulation).filter(|accumulation| *accumulation != rules::accumulation_of(row.unit.as_deref())),
            baseline: row.baseline.map(|value| BaselineFile { value, on: row.baseline_on }),
            targets: row.targets.0,
            responsible: row.responsible,
            evidence: row.evidence,
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
}

/// A figure in `plan-state.yaml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasurementFile {
    id: Uuid,
    action: i32,
    indicator: String,
    /// None where the measure failed.
    value: Option<f64>,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    source: String,
    evidence: Option<String>,
    recorded_by: Option<Uuid>,
    #[serde(default, skip_serializing_if = "is_zero")]
    files: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawn: Option<WithdrawnFile>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(files: &i32) -> bool {
    *files == 0
}

/// Why a figure no longer stands.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawnFile {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    by: Option<Uuid>,
    reason: String,
}

/// The indicator of that key in that action, or the word that there is none.
fn indicator<'a>(book: &'a Book, path: &str, action: i32, key: &str) -> Result<&'a IndicatorRow> {
    let found = book.indicators.iter().find(|row| row.action_line == action && row.key == key);
    found.ok_or_else(|| Error::whole("PACK", format!("{path}: la acción {action} no tiene el indicador «{key}»")))
}

impl MeasurementFile {
    fn row(self, indicator_id: Uuid) -> MeasurementRow {
        let (withdrawn_at, withdrawn_by, withdrawn_reason) =
            self.withdrawn.map_or((None, None, None), |withdrawn| (Some(withdrawn.at), withdrawn.by, Some(withdrawn.reason)));
        MeasurementRow {
            id: self.id,
            indicator_id,
            value: self.value,
            at: self.at,
            source: self.source,
            evidence: self.evidence,
            recorded_by: self.recorded_by,
            files: self.files,
            withdrawn_at,
            withdrawn_by,
            withdrawn_reason,
            proven: true,
        }
    }

    fn of(row: MeasurementRow, indicator: &IndicatorRow) -> Self {
        let reason = row.withdrawn_reason.unwrap_or_default();
        Self {
            id: row.id,
            action: indicator.action_line,
            indicator: indicator.key.clone(),
            value: row.value,
            at: row.at,
            source: row.source,
            evidence: row.evidence,
            recorded_by: row.recorded_by,
            files: row.files,
            withdrawn: row.withdrawn_at.map(|at| WithdrawnFile { at, by: row.withdrawn_by, reason }),
        }
    }
}

/// Takes the figures of `plan-state.yaml`.
pub(crate) async fn import_state(tx: &mut Tx, path: &str, book: &Book, measurements: Vec<MeasurementFile>) -> Result<()> {
    for file in measurements {
        let indicator = indicator(book, path, file.action, &file.indicator)?.id;
        store::insert_measurement(tx, &file.row(indicator)).await?;
    }
    Ok(())
}

/// The figures for `plan-state.yaml`.
pub(crate) async fn export_state(tx: &mut Tx, book: &Book) -> Result<Vec<MeasurementFile>> {
    let measurements = store::all_measurements(tx).await?.into_iter().filter_map(|row| {
        let indicator = book.indicators.iter().find(|indicator| indicator.id == row.indicator_id)?;
        Some(MeasurementFile::of(row, indicator))
    });
    Ok(measurements.collect())
}

/// A figure of the demonstration overlay.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoMeasurement {
    action: i32,
    indicator: String,
    /// Left out where the measure failed on that day.
    value: Option<f64>,
    days_ago: i64,
    source: String,
    evidence: Option<String>,
}

/// Figures of the demonstration overlay that follow each other at the same distance, the latest last.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoSeries {
    action: i32,
    indicator: String,
    every_days: i64,
    /// None where the measure failed on that day.
    values: Vec<Option<f64>>,
    #[serde(default)]
    evidence: Option<String>,
}

impl DemoSeries {
    /// The single figures; the last was found yesterday.
    fn figures(self) -> impl Iterator<Item = DemoMeasurement> {
        let Self { action, indicator, every_days, values, evidence } = self;
        values.into_iter().rev().zip(0..).map(move |(value, back)| DemoMeasurement {
            action,
            indicator: indicator.clone(),
            value,
            days_ago: 1 + back * every_days,
            source: "Comité GEL-T".to_owned(),
            evidence: evidence.clone(),
        })
    }
}

/// Loads the overlay's figures, and what they made of the months before this one.
pub(crate) async fn demo(tx: &mut Tx, book: &Book, measurements: Vec<DemoMeasurement>, series: Vec<DemoSeries>) -> Result<()> {
    let (now, tenant) = (tx.now(), tx.tenant()?);
    for demo in measurements.into_iter().chain(series.into_iter().flat_map(DemoSeries::figures)) {
        let indicator = indicator(book, "plan", demo.action, &demo.indicator)?;
        let at = text::days_ago(now, demo.days_ago, None);
        let row = MeasurementRow {
            id: ids::named(tenant, "measurement", &format!("{}/{}", indicator.id, rules::day(at))),
            indicator_id: indicator.id,
            value: demo.value,
            at,
            source: indicator.measure.as_deref().map_or(demo.source, measures::source),
            evidence: demo.evidence,
            recorded_by: None,
            files: 0,
            withdrawn_at: None,
            withdrawn_by: None,
            withdrawn_reason: None,
            proven: true,
        };
        store::insert_measurement(tx, &row).await?;
    }
    service::past_months(tx, book).await
}

/// The file of closed periods and of the progress by month.
const HISTORY: &str = "plan/history.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryFile {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retired: Vec<RetiredFile>,
    periods: Vec<PeriodFile>,
    progress: Vec<ProgressFile>,
}

/// An indicator that has left the plan, with what was found of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetiredFile {
    id: Uuid,
    action: i32,
    place: i32,
    #[serde(with = "time::serde::rfc3339")]
    retired_at: OffsetDateTime,
    indicator: IndicatorFile,
    measurements: Vec<MeasurementFile>,
}

/// The figure of a closed period, or a correction of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodFile {
    indicator: Uuid,
    #[serde(with = "day")]
    starts_on: Date,
    #[serde(with = "day")]
    ends_on: Date,
    entry: i32,
    value: Option<f64>,
    target: Option<f64>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    measured_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    locked_at: OffsetDateTime,
    source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Uuid>,
}

/// How far something had come in a month.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgressFile {
    month: String,
    framework: String,
    scope: String,
    title: String,
    place: i32,
    percent: Option<f64>,
    target: Option<f64>,
    known: i32,
    total: i32,
    #[serde(with = "time::serde::rfc3339")]
    counted_at: OffsetDateTime,
}

/// Takes the closed periods, the progress by month and what has left the plan.
pub(crate) async fn import(tx: &mut Tx, pack: &Pack) -> Result<()> {
    let Some(file) = pack.yaml::<HistoryFile>(HISTORY)? else { return Ok(()) };
    let tenant_id = tx.tenant()?;
    for file in file.retired {
        let row = IndicatorRow { id: file.id, ..file.indicator.row(tenant_id, "", file.action, file.place) };
        store::insert_indicator(tx, &row).await?;
        store::retire(tx, row.id, file.retired_at).await?;
        for figure in file.measurements {
            store::insert_measurement(tx, &figure.row(row.id)).await?;
        }
    }
    for file in file.periods {
        let row = PeriodRow {
            indicator_id: file.indicator,
            starts_on: file.starts_on,
            entry: file.entry,
            ends_on: file.ends_on,
            value: file.value,
            target: file.target,
            measured_at: file.measured_at,
            locked_at: file.locked_at,
            source: file.source,
            reason: file.reason,
            evidence: file.evidence,
            by_id: file.by,
        };
        store::insert_period(tx, &row).await?;
    }
    let rows: Vec<_> = file
        .progress
        .into_iter()
        .map(|file| ProgressRow {
            tenant_id,
            month: file.month,
            framework: file.framework,
            scope: file.scope,
            title: file.title,
            place: file.place,
            percent: file.percent,
            target: file.target,
            known: file.known,
            total: file.total,
            counted_at: file.counted_at,
        })
        .collect();
    store::put_progress(tx, &rows).await
}

/// Writes the closed periods, the progress by month and what has left the plan; a plan that has no past writes nothing.
pub(crate) async fn export(tx: &mut Tx, pack: &mut Pack) -> Result<()> {
    let (all, mut retired) = (store::all_measurements(tx).await?, Vec::new());
    for (row, retired_at) in store::retired(tx).await? {
        let mine = all.iter().filter(|figure| figure.indicator_id == row.id).cloned();
        retired.push(RetiredFile {
            id: row.id,
            action: row.action_line,
            place: row.place,
            retired_at,
            measurements: mine.map(|figure| MeasurementFile::of(figure, &row)).collect(),
            indicator: row.into(),
        });
    }
    let periods = store::all_periods(tx).await?.into_iter().map(|row| PeriodFile {
        indicator: row.indicator_id,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        entry: row.entry,
        value: row.value,
        target: row.target,
        measured_at: row.measured_at,
        locked_at: row.locked_at,
        source: row.source,
        reason: row.reason,
        evidence: row.evidence,
        by: row.by_id,
    });
    let periods: Vec<_> = periods.collect();
    let progress = store::all_progress(tx).await?.into_iter().map(|row| ProgressFile {
        month: row.month,
        framework: row.framework,
        scope: row.scope,
        title: row.title,
        place: row.place,
        percent: row.percent,
        target: row.target,
        known: row.known,
        total: row.total,
        counted_at: row.counted_at,
    });
    let file = HistoryFile { retired, periods, progress: progress.collect() };
    if file.retired.is_empty() && file.periods.is_empty() && file.progress.is_empty() { Ok(()) } else { pack.put_yaml(HISTORY, &file) }
}

/// Forgets the closed periods and the progress by month, before the indicators that they belong to.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    store::clear_periods(tx).await
}
