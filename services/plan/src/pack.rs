//! The plan's part of a tenant pack: `plan.yaml` the plan in force, `plan-state.yaml` what was found since, `plan/` everything else.
//! Each topic writes and reads its own: `indicators::pack` and `frameworks::pack` are called here, in one order.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Error, Result, Tx, text};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::frameworks::pack::{CriterionFile, DemoCriterion};
use crate::indicators::pack::{DemoMeasurement, DemoSeries, MeasurementFile};
use crate::text::document::Document;
use crate::text::model::Book;
use crate::text::{service, store};
use crate::{frameworks, indicators, jobs, versions};

pub(crate) struct PlanPart;

const PLAN: &str = "plan.yaml";
const STATE: &str = "plan-state.yaml";
/// The folder of what has a file of its own.
const FOLDER: &str = "plan/";

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    measurements: Vec<MeasurementFile>,
    /// As older packs write them; today they stand in `plan/criteria.yaml`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    criteria: Vec<CriterionFile>,
    activities: Vec<DoneFile>,
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

async fn set_done(tx: &mut Tx, path: &str, action: i32, activity: i32, done_at: OffsetDateTime, evidence: Option<&str>) -> Result<()> {
    store::set_activity(tx, action, activity, Some(done_at), evidence).await.map_err(|error| match error {
        Error::NotFound => Error::whole("PACK", format!("{path}: la acción {action} no tiene la actividad {activity}")),
        other => other,
    })
}

fn done(book: &Book) -> Vec<DoneFile> {
    let done = book.activities.iter().filter_map(|row| {
        let evidence = row.evidence.clone();
        row.done_at.map(|done_at| DoneFile { action: row.action_line, activity: row.number, done_at, evidence })
    });
    done.collect()
}

#[async_trait]
impl PackPart for PlanPart {
    fn claims(&self) -> &'static [&'static str] {
        &[PLAN, STATE, FOLDER]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        frameworks::pack::import(tx, pack).await?;
        let state: Option<StateFile> = pack.yaml(STATE)?;
        let plan = pack.yaml::<Document>(PLAN)?;
        versions::pack::import(tx, pack, plan.as_ref()).await?;
        let Some(file) = plan else {
            return if state.is_none() { Ok(()) } else { Err(Error::whole("PACK", format!("{STATE}: falta {PLAN}"))) };
        };
        let (book, state) = (file.book(tx.tenant()?), state.unwrap_or_default());
        service::place(tx, &book).await?;
        indicators::pack::import(tx, pack).await?;
        indicators::pack::import_state(tx, STATE, &book, state.measurements).await?;
        frameworks::pack::import_state(tx, STATE, &book, state.criteria).await?;
        for file in state.activities {
            set_done(tx, STATE, file.action, file.activity, file.done_at, file.evidence.as_deref()).await?;
        }
        jobs::read_soon(tx).await
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        frameworks::pack::export(tx, pack).await?;
        let book = store::book(tx).await?;
        versions::pack::export(tx, pack, book.as_ref().map(|book| book.plan.key.as_str())).await?;
        let Some(book) = book else { return Ok(()) };
        let state =
            StateFile { measurements: indicators::pack::export_state(tx, &book).await?, criteria: Vec::new(), activities: done(&book) };
        indicators::pack::export(tx, pack).await?;
        pack.put_yaml(PLAN, &Document::from(book))?;
        if state.measurements.is_empty() && state.activities.is_empty() {
            return Ok(());
        }
        pack.put_yaml(STATE, &state)
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        frameworks::pack::clear(tx).await?;
        versions::store::clear(tx).await?;
        indicators::pack::clear(tx).await?;
        store::clear(tx).await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoSection {
    #[serde(default)]
    measurements: Vec<DemoMeasurement>,
    #[serde(default)]
    series: Vec<DemoSeries>,
    #[serde(default)]
    criteria: Vec<DemoCriterion>,
    #[serde(default)]
    activities_done: Vec<DemoDone>,
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
        indicators::pack::demo(tx, &book, section.measurements, section.series).await?;
        frameworks::pack::demo(tx, &book, section.criteria).await?;
        let now = tx.now();
        for demo in section.activities_done {
            let done_at = text::days_ago(now, demo.days_ago, None);
            set_done(tx, "plan", demo.action, demo.activity, done_at, demo.evidence.as_deref()).await?;
        }
        tx.publish();
        jobs::read_soon(tx).await
    }
    .boxed()
}
