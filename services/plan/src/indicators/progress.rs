//! The progress of every municipality side by side, for the agency, and a town's own, for everybody.
//! Only what has the same framework in the same version is compared.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use kernel::directory::{Audience, TenantEntry};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, Municipality, PageInfo, Paging, PopulationBand};
use kernel::search::plain;
use kernel::{Permission, Result, Tx};
use uuid::Uuid;

use super::model::ProgressRow;
use super::{rules, store};

/// The order of municipalities in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ProgressOrder {
    /// Who has come furthest first; of whom nothing is known, last.
    Percent,
    /// Who has come least far first; of whom nothing is known, last.
    PercentAscending,
    /// By name.
    Name,
}

/// How far something has come in a month.
#[derive(SimpleObject)]
pub struct ProgressEntry {
    /// `plan`, `line:<number>` or `phase:<key>`.
    scope: String,
    /// The title of the plan, of the action line or of the phase.
    title: String,
    /// Percent from 0 to 100; null where nothing is known.
    percent: Option<f64>,
    /// What the phase is to reach, percent; null where the plan sets none, and for whatever is no phase.
    target: Option<f64>,
    /// Of how many indicators the percentage is made; for a phase, how many criteria are met.
    known: i32,
    /// How many indicators have a target; for a phase, how many criteria concern the municipality.
    total: i32,
}

impl From<&ProgressRow> for ProgressEntry {
    fn from(row: &ProgressRow) -> Self {
        let (scope, title) = (row.scope.clone(), row.title.clone());
        Self { scope, title, percent: row.percent, target: row.target, known: row.known, total: row.total }
    }
}

/// A municipality in the comparison.
#[derive(SimpleObject)]
pub struct MunicipalityProgress {
    /// The municipality.
    municipality: Municipality,
    /// Its peers by inhabitants; null where their number is not known.
    band: Option<PopulationBand>,
    /// How far it has come in what is compared, percent from 0 to 100; null where nothing is known.
    percent: Option<f64>,
    /// The points since the month before; null where either is unknown.
    change: Option<f64>,
    /// The whole plan, its action lines and its phases, in this month.
    entries: Vec<ProgressEntry>,
}

/// Municipalities side by side in a month.
pub struct PlanProgress {
    month: String,
    framework: Option<String>,
    frameworks: Vec<(String, i64)>,
    average: Option<f64>,
    known: i32,
    nodes: Vec<MunicipalityProgress>,
    total: i64,
    paging: Paging,
}

/// Municipalities side by side in a month.
#[Object]
impl PlanProgress {
    /// The month, `YYYY-MM`.
    async fn month(&self) -> &str {
        &self.month
    }

    /// The month as people say it.
    async fn month_text(&self) -> String {
        rules::spoken_month(&self.month)
    }

    /// The framework, with its version, that all of them answer to; null while nothing was counted in the month.
    async fn framework(&self) -> Option<&str> {
        self.framework.as_deref()
    }

    /// The frameworks of the month with how many municipalities have each: those of different ones are never compared.
    async fn frameworks(&self) -> Vec<FrameworkCount> {
        let of = |(framework, towns): &(String, i64)| FrameworkCount {
            framework: framework.clone(),
            towns: i32::try_from(*towns).unwrap_or(i32::MAX),
        };
        self.frameworks.iter().map(of).collect()
    }

    /// The mean of the municipalities that were asked for, of those of whom it is known.
    async fn average(&self) -> Option<f64> {
        self.average
    }

    /// Of how many of them it is known.
    async fn known(&self) -> i32 {
        self.known
    }

    /// The municipalities of this page.
    async fn nodes(&self) -> &[MunicipalityProgress] {
        &self.nodes
    }

    /// How many municipalities there are in all.
    async fn total_count(&self) -> i32 {
        i32::try_from(self.total).unwrap_or(i32::MAX)
    }

    /// Where this page ends.
    async fn page_info(&self) -> PageInfo {
        self.paging.info(self.nodes.len(), self.total)
    }
}

/// A framework and how many municipalities have it.
#[derive(SimpleObject)]
pub struct FrameworkCount {
    /// The framework with its version.
    framework: String,
    /// How many municipalities have it.
    towns: i32,
}

/// The progress of one thing, month by month.
#[derive(SimpleObject)]
pub struct ProgressSeries {
    /// `plan`, `line:<number>` or `phase:<key>`.
    scope: String,
    /// The title of the plan, of the action line or of the phase, as it is in the last month.
    title: String,
    /// What the phase is to reach, percent; null where there is no target.
    target: Option<f64>,
    /// The months, the latest last; one that was not counted is missing.
    months: Vec<ProgressMonth>,
}

/// A month of a series.
#[derive(SimpleObject)]
pub struct ProgressMonth {
    /// The month, `YYYY-MM`.
    month: String,
    /// The month as people say it.
    month_text: String,
    /// Percent from 0 to 100; null where nothing is known.
    percent: Option<f64>,
    /// Of how many indicators the percentage is made; for a phase, how many criteria are met.
    known: i32,
    /// How many indicators have a target; for a phase, how many criteria concern the municipality.
    total: i32,
    /// When it was counted.
    counted_at: DateTime,
}

/// The months of one municipality.
#[derive(SimpleObject)]
pub struct PlanProgressOf {
    /// The municipality.
    municipality: Municipality,
    /// Its peers by inhabitants; null where their number is not known.
    band: Option<PopulationBand>,
    /// The framework, with its version, of the last month; null while nothing was counted.
    framework: Option<String>,
    /// The mean of its peers for the whole plan in the last month, itself among them.
    peers_average: Option<f64>,
    /// The whole plan, its action lines and its phases.
    series: Vec<ProgressSeries>,
}

/// The rows of a municipality as series, of the framework of its last month alone.
fn series(rows: &[ProgressRow]) -> (Option<String>, Vec<ProgressSeries>) {
    let Some(last) = rows.last() else { return (None, Vec::new()) };
    let mine = || rows.iter().filter(|row| row.framework == last.framework);
    let series = mine().filter(|row| row.month == last.month).map(|now| ProgressSeries {
        scope: now.scope.clone(),
        title: now.title.clone(),
        target: now.target,
        months: mine()
            .filter(|row| row.scope == now.scope)
            .map(|row| ProgressMonth {
                month: row.month.clone(),
                month_text: rules::spoken_month(&row.month),
                percent: row.percent,
                known: row.known,
                total: row.total,
                counted_at: DateTime(row.counted_at),
            })
            .collect(),
    });
    (Some(last.framework.clone()), series.collect())
}

/// The municipalities that are compared; demonstration towns in `up` mode only.
fn towns(cx: &Cx) -> Vec<Arc<TenantEntry>> {
    let mut towns = cx.platform.directory().all();
    towns.retain(|town| town.kind.audience() == Audience::Municipality && (cx.platform.up_mode || !town.demonstration));
    towns
}

fn band(town: &TenantEntry) -> Option<PopulationBand> {
    town.population.map(PopulationBand::of)
}

/// The month that is asked for, else the current one.
fn month_or_now(tx: &Tx, month: Option<&str>) -> Result<String> {
    let month = month.map(str::trim).filter(|month| !month.is_empty()).map_or_else(|| rules::month_of(tx.today()), str::to_owned);
    rules::months_to(&month, 1)?;
    Ok(month)
}

/// Which municipalities are asked for, and how.
struct Asked {
    scope: String,
    department: Option<String>,
    band: Option<PopulationBand>,
    words: String,
    order: ProgressOrder,
}

async fn compare(cx: &Cx, month: String, framework: Option<String>, asked: Asked, paging: Paging) -> Result<PlanProgress> {
    let mut tx = cx.read().await?;
    let frameworks = store::progress_frameworks(&mut tx, &month).await?;
    let framework = framework.filter(|name| !name.is_empty()).or_else(|| frameworks.first().map(|(name, _)| name.clone()));
    let (percents, before): (HashMap<_, _>, HashMap<_, _>) = match &framework {
        Some(framework) => {
            let earlier = rules::months_to(&month, 2)?.swap_remove(0);
            let now = store::progress_by_tenant(&mut tx, &month, framework, &asked.scope).await?;
            (now.into_iter().collect(), store::progress_by_tenant(&mut tx, &earlier, framework, &asked.scope).await?.into_iter().collect())
        }
        None => Default::default(),
    };
    let mut rows: Vec<_> = towns(cx)
        .into_iter()
        .filter(|town| asked.department.as_ref().is_none_or(|code| *code == town.department_code))
        .filter(|town| asked.band.is_none() || band(town) == asked.band)
        .filter(|town| asked.words.is_empty() || plain(&town.name).contains(&asked.words))
        .filter_map(|town| percents.get(&town.id).map(|percent| (*percent, town)))
        .collect();
    let (average, known, _) = rules::together(rows.iter().map(|(percent, _)| *percent));
    rows.sort_by_cached_key(|(percent, town)| {
        // Percent in millionths: floats have no order of their own.
        let place = percent.map(|percent| (percent * 1e6) as i64);
        let key = match asked.order {
            ProgressOrder::Name => (false, 0),
            ProgressOrder::Percent => (place.is_none(), -place.unwrap_or(0)),
            ProgressOrder::PercentAscending => (place.is_none(), place.unwrap_or(0)),
        };
        (key, plain(&town.name), town.code.clone())
    });
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let at = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let page: Vec<_> = rows.into_iter().skip(at(paging.offset)).take(at(paging.limit)).collect();
    let ids: Vec<Uuid> = page.iter().map(|(_, town)| town.id).collect();
    let mut entries: HashMap<Uuid, Vec<ProgressEntry>> = HashMap::new();
    if let Some(framework) = &framework {
        for row in store::progress_rows(&mut tx, &month, framework, &ids).await? {
            entries.entry(row.tenant_id).or_default().push(ProgressEntry::from(&row));
        }
    }
    let nodes = page.into_iter().map(|(percent, town)| MunicipalityProgress {
        municipality: Municipality::from(town.as_ref()),
        band: band(&town),
        percent,
        change: percent.zip(before.get(&town.id).copied().flatten()).map(|(now, before)| now - before),
        entries: entries.remove(&town.id).unwrap_or_default(),
    });
    Ok(PlanProgress { month, framework, frameworks, average, known, nodes: nodes.collect(), total, paging })
}

/// Queries of progress.
#[derive(Default)]
pub struct ProgressQuery;

/// Queries of progress.
#[Object]
impl ProgressQuery {
    /// How far the plans of all municipalities have come in a month, those of one framework and version side by side.
    #[graphql(guard = "Can(Permission::CompareMunicipalities)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    #[expect(clippy::too_many_arguments, reason = "they are the filters of a list")]
    async fn plan_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`YYYY-MM`; the current month when left out.")] month: Option<String>,
        #[graphql(desc = "The framework with its version; that of most municipalities when left out.")] framework: Option<String>,
        #[graphql(desc = "What is compared: `plan`, `line:<number>` or `phase:<key>`.")] scope: Option<String>,
        #[graphql(desc = "The code of a department.")] department: Option<String>,
        #[graphql(desc = "Only municipalities of this size.")] band: Option<PopulationBand>,
        #[graphql(desc = "A part of the name; accents and case do not matter.")] search: Option<String>,
        #[graphql(desc = "The order; who has come furthest first when left out.")] order: Option<ProgressOrder>,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<PlanProgress> {
        let (cx, paging) = (Cx::of(ctx)?, Paging::new(first, after.as_deref())?);
        let month = month_or_now(&*cx.read().await?, month.as_deref())?;
        let asked = Asked {
            scope: scope.filter(|scope| !scope.is_empty()).unwrap_or_else(|| "plan".to_owned()),
            department: department.filter(|code| !code.is_empty()),
            band,
            words: search.as_deref().map(plain).unwrap_or_default(),
            order: order.unwrap_or(ProgressOrder::Percent),
        };
        Ok(compare(cx, month, framework, asked, paging).await?)
    }

    /// The months of which the progress was counted, the latest first.
    #[graphql(guard = "Can(Permission::CompareMunicipalities)")]
    async fn plan_progress_months(&self, ctx: &Context<'_>) -> GqlResult<Vec<String>> {
        Ok(store::progress_months(&mut *Cx::of(ctx)?.read().await?, 36).await?)
    }

    /// The progress of one municipality, month by month; null for one that there is not.
    #[graphql(guard = "Can(Permission::CompareMunicipalities)")]
    async fn plan_progress_of(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The municipality's name in hosts.")] slug: String,
        #[graphql(desc = "The last month, `YYYY-MM`; the current one when left out. It and the eleven before it are told.")] month: Option<
            String,
        >,
    ) -> GqlResult<Option<PlanProgressOf>> {
        let cx = Cx::of(ctx)?;
        let Some(town) = towns(cx).into_iter().find(|town| town.slug == slug) else { return Ok(None) };
        let month = month_or_now(&*cx.read().await?, month.as_deref())?;
        let rows = store::progress_of(&mut *cx.read().await?, town.id, &rules::months_to(&month, 12)?).await?;
        let (framework, series) = series(&rows);
        let peers_average = match (&framework, rows.last(), band(&town)) {
            (Some(framework), Some(last), Some(size)) => {
                let percents = store::progress_by_tenant(&mut *cx.read().await?, &last.month, framework, "plan").await?;
                let peers: HashMap<_, _> = towns(cx).into_iter().map(|town| (town.id, band(&town))).collect();
                rules::together(percents.iter().filter(|(id, _)| peers.get(id) == Some(&Some(size))).map(|(_, percent)| *percent)).0
            }
            _ => None,
        };
        let municipality = Municipality::from(town.as_ref());
        Ok(Some(PlanProgressOf { municipality, band: band(&town), framework, peers_average, series }))
    }

    /// How far the plan of the host's municipality has come in the last twelve months.
    async fn progress(&self, ctx: &Context<'_>) -> GqlResult<Vec<ProgressSeries>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let (tenant, months) = (tx.tenant()?, rules::months_to(&rules::month_of(tx.today()), 12)?);
        Ok(series(&store::progress_of(&mut tx, tenant, &months).await?).1)
    }
}
