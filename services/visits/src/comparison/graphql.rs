//! The query of the comparison.

use async_graphql::{Context, Object, SimpleObject};
use kernel::capability::{Measure, Registry};
use kernel::directory::Audience;
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate, Municipality, PageInfo, Paging, PopulationBand};
use kernel::search::plain;
use kernel::{Error, Permission};
use time::Duration;
use uuid::Uuid;

use super::store;
use crate::closes::store::{corrections, objections, statement};
use crate::model::Month;

/// Municipalities whose figures are drawn day by day, at most.
const DRAWN: usize = 5;

/// The measures that can be compared: those that take no parameter, by name.
pub(super) fn measures(registry: &Registry) -> impl Iterator<Item = &'static Measure> {
    let mut all: Vec<_> =
        registry.iter().flat_map(|capability| capability.measures).filter(|measure| !measure.name.ends_with('*')).collect();
    all.sort_by_key(|measure| measure.name);
    all.into_iter()
}

/// A measure that a capability publishes.
#[derive(SimpleObject)]
pub struct ComparedMeasure {
    /// Its name: capability, then fact.
    name: &'static str,
    /// The unit, in Spanish.
    unit: &'static str,
    /// What it says and how it is counted, in Spanish.
    explanation: &'static str,
}

/// A measure of many municipalities side by side.
#[derive(SimpleObject)]
pub struct Comparison {
    /// The measure.
    measure: ComparedMeasure,
    /// The day of the figures; one that was not read on it shows its last one of the week before.
    day: LocalDate,
    /// The mean of all municipalities of the group whose figure is known.
    average: Option<f64>,
    /// Of how many of the group the figure is known.
    known: i32,
    /// The rows of this page, the greatest figure first, unknown ones last.
    nodes: Vec<ComparedTown>,
    /// How many municipalities there are in the group.
    total_count: i32,
    /// Where this page ends.
    page_info: PageInfo,
    /// The figures of the municipalities that were named, day by day.
    series: Vec<ComparedSeries>,
}

/// A municipality in a comparison.
#[derive(SimpleObject)]
pub struct ComparedTown {
    /// The municipality.
    municipality: Municipality,
    /// Its figure; null where it is unknown.
    value: Option<f64>,
    /// The difference from thirty days before; null where one of the two is unknown.
    change: Option<f64>,
}

/// The figures of a municipality day by day, and what happened meanwhile.
#[derive(SimpleObject)]
pub struct ComparedSeries {
    /// The municipality.
    municipality: Municipality,
    /// Its figures, the oldest first; days without one are left out.
    points: Vec<ComparedPoint>,
    /// What may say why it moved: closes, objections and corrections, the oldest first.
    events: Vec<ComparedEvent>,
}

/// A figure of a day.
#[derive(SimpleObject)]
pub struct ComparedPoint {
    /// The day.
    date: LocalDate,
    /// The figure.
    value: f64,
}

/// Something that happened beside a curve.
#[derive(SimpleObject)]
pub struct ComparedEvent {
    /// When.
    at: DateTime,
    /// What, in Spanish.
    text: String,
}

/// Queries of the comparison.
#[derive(Default)]
pub struct ComparisonQuery;

/// Queries of the comparison.
#[Object]
impl ComparisonQuery {
    /// The measures that can be compared, by name.
    #[graphql(guard = "Can(Permission::CompareMunicipalities)")]
    async fn compared_measures(&self, ctx: &Context<'_>) -> GqlResult<Vec<ComparedMeasure>> {
        Ok(measures(Cx::of(ctx)?.platform.registry()).map(told).collect())
    }

    /// A measure of all municipalities of a group side by side, as it was last read.
    #[expect(clippy::too_many_arguments, reason = "the filters of one list, each a variable of the address")]
    #[graphql(guard = "Can(Permission::CompareMunicipalities)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn comparison(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The measure's name; visits of the month when left out.")] measure: Option<String>,
        #[graphql(desc = "Municipalities to draw day by day: names in hosts between blanks or commas, at most five.")] towns: Option<
            String,
        >,
        #[graphql(desc = "Only municipalities of this department.")] department: Option<String>,
        #[graphql(desc = "Only municipalities of this size.")] band: Option<PopulationBand>,
        #[graphql(desc = "How many days to draw, at most 366.", default_with = "Some(90)")] days: Option<i32>,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<Comparison> {
        let paging = Paging::new(first, after.as_deref())?;
        let cx = Cx::of(ctx)?;
        let asked = measure.filter(|name| !name.is_empty()).unwrap_or_else(|| "visits.month_count".to_owned());
        let unknown = Error::BadRequest("Esa medida no existe o no se compara.".into());
        let measure = measures(cx.platform.registry()).find(|measure| measure.name == asked).ok_or(unknown)?;
        let days = days.unwrap_or(90).clamp(1, 366);
        let mut tx = cx.read().await?;
        let today = tx.today();
        let (now, before) =
            (store::figures(&mut tx, measure.name, today).await?, store::figures(&mut tx, measure.name, today - Duration::days(30)).await?);
        let department = department.filter(|code| !code.is_empty());
        let mut group: Vec<_> = cx
            .platform
            .directory()
            .all()
            .into_iter()
            .filter(|town| town.kind.audience() == Audience::Municipality)
            .filter(|town| department.as_ref().is_none_or(|code| town.department_code == *code))
            .filter(|town| band.is_none_or(|band| town.population.map(PopulationBand::of) == Some(band)))
            .collect();
        let value = |id: Uuid| now.get(&id).copied();
        group.sort_by_cached_key(|town| plain(&town.name));
        group.sort_by(|a, b| value(b.id).partial_cmp(&value(a.id)).unwrap_or(std::cmp::Ordering::Equal));
        let known: Vec<f64> = group.iter().filter_map(|town| value(town.id)).collect();
        let average = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        let total = group.len() as i64;
        let rows = group.iter().skip(paging.offset as usize).take(paging.limit as usize).filter_map(|town| {
            let value = value(town.id);
            let change = value.zip(before.get(&town.id)).map(|(now, then)| now - then);
            Some(ComparedTown { municipality: Municipality::of_entry(town)?, value, change })
        });
        let nodes: Vec<ComparedTown> = rows.collect();
        let since = today - Duration::days(i64::from(days) - 1);
        let mut series = Vec::new();
        for slug in towns.unwrap_or_default().split([' ', ',']).filter(|slug| !slug.is_empty()).take(DRAWN) {
            let Some(town) = cx.platform.directory().by_slug(slug) else { continue };
            let Some(municipality) = Municipality::of_entry(&town) else { continue };
            let points = store::series(&mut tx, town.id, measure.name, since).await?;
            let points = points.into_iter().map(|(date, value)| ComparedPoint { date: LocalDate(date), value }).collect();
            let mut events = Vec::new();
            for close in crate::store::closes(&mut tx).await? {
                let text = Month::parse(&close.month).map(Month::text).unwrap_or_default();
                events.push(ComparedEvent { at: DateTime(close.closed_at), text: format!("Se cerró el mes de {text}") });
                for correction in corrections(&mut tx, &close.month).await?.into_iter().filter(|correction| correction.tenant_id == town.id)
                {
                    let at = statement(&mut tx, correction.statement).await?.map_or(close.closed_at, |statement| statement.stated_at);
                    let text = format!("Se corrigió {text}: de {} a {} visitas", correction.closed, correction.corrected);
                    events.push(ComparedEvent { at: DateTime(at), text });
                }
            }
            for objection in objections(&mut tx, None, false).await?.into_iter().filter(|objection| objection.tenant_id == town.id) {
                let text = Month::parse(&objection.month).map(Month::text).unwrap_or_default();
                events.push(ComparedEvent { at: DateTime(objection.filed_at), text: format!("Objetó el conteo de {text}") });
            }
            events.retain(|event| event.at.0.date() >= since);
            events.sort_by_key(|event| event.at.0);
            series.push(ComparedSeries { municipality, points, events });
        }
        Ok(Comparison {
            measure: told(measure),
            day: LocalDate(today),
            average,
            known: known.len() as i32,
            page_info: paging.info(nodes.len(), total),
            nodes,
            total_count: total as i32,
            series,
        })
    }
}

fn told(measure: &'static Measure) -> ComparedMeasure {
    ComparedMeasure { name: measure.name, unit: measure.unit, explanation: measure.explanation }
}
