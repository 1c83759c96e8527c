//! The plan of one request, which every part of it reads, and the merged objects of its parts.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::MergedObject;
use kernel::capability::Registry;
use kernel::graphql::Cx;
use kernel::{Error, Result, Tx};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::frameworks::graphql::{FrameworksMutation, FrameworksQuery, Phase, Sheet};
use crate::frameworks::model::PhaseRow;
use crate::frameworks::service::Findings;
use crate::indicators::graphql::{Indicator, IndicatorsMutation, IndicatorsQuery};
use crate::indicators::model::{IndicatorRow, MeasurementRow};
use crate::indicators::service::{Standing, standing};
use crate::indicators::store::latest_measurements;
use crate::text::graphql::{ActionLine, TextMutation, TextQuery};
use crate::text::model::{ActionLineRow, Book};
use crate::text::store::book;
use crate::versions::graphql::{VersionsMutation, VersionsQuery};

/// The plan of one request: read once, and assessed once if anything asks how its criteria stand.
pub(crate) struct Reading {
    pub(crate) book: Book,
    pub(crate) recorded: HashMap<Uuid, MeasurementRow>,
    /// Whether this is the plan that is measured; any other is read as it was left, and nothing of it is computed.
    pub(crate) measured: bool,
    sheet: Arc<Sheet>,
    standing: OnceCell<Standing>,
}

impl Reading {
    pub(crate) async fn open(cx: &Cx) -> Result<Option<Arc<Self>>> {
        let mut tx = cx.read().await?;
        let Some(book) = book(&mut tx).await? else { return Ok(None) };
        Ok(Some(Self::made(&mut tx, book, true).await?))
    }

    /// A plan that is not measured: a draft, a version of the past, or the plan of another period.
    pub(crate) async fn of(cx: &Cx, book: Book) -> Result<Arc<Self>> {
        Self::made(&mut *cx.read().await?, book, false).await
    }

    async fn made(tx: &mut Tx, book: Book, measured: bool) -> Result<Arc<Self>> {
        let now = tx.now();
        let recorded = latest_measurements(tx, now).await?;
        let sheet = Sheet::of(&book.plan.framework, measured)?;
        Ok(Arc::new(Self { book, recorded, measured, sheet, standing: OnceCell::new() }))
    }

    pub(crate) async fn findings(&self, cx: &Cx) -> Result<&Findings> {
        self.sheet.findings(cx).await
    }

    /// How every indicator stands now.
    pub(crate) async fn standing(&self, cx: &Cx) -> Result<&Standing> {
        let stand = || async {
            let findings = self.findings(cx).await?;
            let nothing = Registry::default();
            let registry = if self.measured { cx.platform.registry() } else { &nothing };
            standing(registry, &mut *cx.read().await?, &self.book, findings, &self.recorded).await
        };
        self.standing.get_or_try_init(stand).await
    }

    pub(crate) fn line(self: &Arc<Self>, row: &ActionLineRow) -> ActionLine {
        ActionLine { reading: self.clone(), row: row.clone() }
    }

    pub(crate) fn phase(self: &Arc<Self>, row: &PhaseRow) -> Phase {
        Phase::of(&self.sheet, row)
    }

    pub(crate) fn indicator(self: &Arc<Self>, row: &IndicatorRow) -> Indicator {
        Indicator { reading: self.clone(), row: row.clone() }
    }
}

/// Reads the plan again after a commit.
pub(crate) async fn reread(cx: &Cx, done: Result<()>) -> Result<Arc<Reading>> {
    done?;
    Reading::open(cx).await?.ok_or(Error::NotFound)
}

/// Queries of the plan.
#[derive(MergedObject, Default)]
pub struct PlanQuery(TextQuery, VersionsQuery, IndicatorsQuery, FrameworksQuery);

/// Mutations of the plan.
#[derive(MergedObject, Default)]
pub struct PlanMutation(TextMutation, VersionsMutation, IndicatorsMutation, FrameworksMutation);
