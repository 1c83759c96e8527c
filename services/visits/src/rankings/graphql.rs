//! The queries of rankings.

use std::collections::HashMap;

use async_graphql::{Context, Object, SimpleObject};
use kernel::graphql::{Cx, DateTime, Department, GqlResult, LocalDate, Municipality, PageInfo, Paging, PopulationBand};
use uuid::Uuid;

use super::category::MunicipalCategory;
use super::rules::{self, Group, VERSIONS};
use crate::closes::store::Correction;
use crate::closes::{self, verify};
use crate::graphql::count;
use crate::model::{Board, Certainty, Month, RankingOrder, RankingRow as Row, Standing};
use crate::{service, store};

/// The towns of a month in their order.
pub struct Ranking {
    board: Board,
    rows: Vec<Standing>,
    total: i64,
    left_out: usize,
    paging: Paging,
    corrected: HashMap<Uuid, i64>,
}

impl Ranking {
    fn new(board: Board, by: RankingOrder, group: Group<'_>, paging: Paging, corrections: &[Correction]) -> Self {
        let all = rules::ordered(group.of(&board.scores), &group.of(&board.before), by);
        let total = i64::try_from(all.rows.len()).unwrap_or(i64::MAX);
        let place = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let rows = all.rows.into_iter().skip(place(paging.offset)).take(place(paging.limit)).collect();
        let corrected = corrections.iter().map(|correction| (correction.tenant_id, correction.corrected)).collect();
        Self { board, rows, total, left_out: all.left_out, paging, corrected }
    }

    /// A month as it is shown first: by visits, over the country.
    pub(crate) fn first_page(board: Board) -> kernel::Result<Self> {
        Ok(Self::new(board, RankingOrder::Visits, Group::default(), Paging::new(None, None)?, &[]))
    }
}

/// The towns of a month in their order.
#[Object]
impl Ranking {
    /// The month, `YYYY-MM`.
    async fn month(&self) -> String {
        self.board.month.to_string()
    }

    /// The month as people say it.
    async fn month_text(&self) -> String {
        self.board.month.text()
    }

    /// When the month was closed; null while its counts are preliminary.
    async fn closed_at(&self) -> Option<DateTime> {
        self.board.close.as_ref().map(|close| DateTime(close.closed_at))
    }

    /// The signature of a closed month in hexadecimal: Ed25519 where `openlySigned`, else a keyed hash that the platform alone can check.
    async fn signature(&self) -> Option<String> {
        self.board.close.as_ref().map(|close| hex::encode(&close.signature))
    }

    /// Whether a closed month still bears its signature, recomputed now; null while it is open.
    async fn genuine(&self, ctx: &Context<'_>) -> GqlResult<Option<bool>> {
        let cx = Cx::of(ctx)?;
        match &self.board.close {
            Some(close) => Ok(Some(verify::is_genuine(&mut *cx.read().await?, &cx.platform, close).await?)),
            None => Ok(None),
        }
    }

    /// Whether anybody can check the signature; null while the month is open.
    async fn openly_signed(&self) -> Option<bool> {
        self.board.close.as_ref().map(|close| close.statement.is_some())
    }

    /// The last day on which municipalities may object to the month.
    async fn last_day_to_object(&self) -> LocalDate {
        LocalDate(closes::rules::last_day_to_object(self.board.month))
    }

    /// Whether the month has ended.
    async fn finished(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(Cx::of(ctx)?.platform.clock().now() >= self.board.month.ends())
    }

    /// How many towns of the group are not compared in this order: few visits, or unknown inhabitants.
    async fn left_out(&self) -> i32 {
        i32::try_from(self.left_out).unwrap_or(i32::MAX)
    }

    /// The closed month with which places are compared; null when there is none before.
    async fn compared_with(&self) -> Option<&str> {
        self.board.previous.as_deref()
    }

    /// The rows of this page.
    async fn nodes(&self, ctx: &Context<'_>) -> GqlResult<Vec<RankingRow>> {
        let cx = Cx::of(ctx)?;
        Ok(self.rows.iter().filter_map(|row| RankingRow::of(cx, row, self.corrected.get(&row.score.tenant).copied())).collect())
    }

    /// How many towns there are in all.
    async fn total_count(&self) -> i32 {
        i32::try_from(self.total).unwrap_or(i32::MAX)
    }

    /// Where this page ends.
    async fn page_info(&self) -> PageInfo {
        self.paging.info(self.rows.len(), self.total)
    }

    /// The visits of all towns of the country in this month.
    async fn visits(&self) -> i32 {
        count(self.board.scores.iter().map(|score| score.visits).sum())
    }

    /// The departments of the whole country by visits for each thousand inhabitants, the most first.
    async fn departments(&self) -> Vec<DepartmentVisits> {
        rules::departments(&self.board.scores)
            .into_iter()
            .map(|sum| DepartmentVisits {
                department: Department { code: sum.code, name: sum.name },
                towns: sum.towns,
                visits: count(sum.visits),
                visits_per_thousand: sum.per_thousand,
                level: sum.level,
            })
            .collect()
    }
}

/// A town in its place.
#[derive(SimpleObject)]
pub struct RankingRow {
    /// Its place in the order and group that were asked; by improvement, its place by visits. Equals share one.
    position: i32,
    /// The town.
    municipality: Municipality,
    /// Its visits in the month.
    visits: i32,
    /// Its visits for each thousand inhabitants; null where their number is not known.
    visits_per_thousand: Option<f64>,
    /// Places climbed (or lost, below zero) since the month compared with; null for a town that was not in it.
    change: Option<i32>,
    /// Its name when the month was closed; the municipality may bear another today.
    name_then: String,
    /// The inhabitants with which it was compared.
    population_then: Option<i32>,
    /// The category of Ley 617 that the town had entered for the month's year; null where it had entered none.
    category: Option<MunicipalCategory>,
    /// How sure it is that it is ahead of the next one; null for the last, and by improvement.
    certainty: Option<Certainty>,
    /// Its visits as a later correction has them; null where nothing was corrected.
    corrected_visits: Option<i32>,
}

impl RankingRow {
    fn of(cx: &Cx, row: &Standing, corrected: Option<i64>) -> Option<Self> {
        Some(Self {
            position: row.position,
            municipality: Municipality::of(cx, row.score.tenant)?,
            visits: count(row.score.visits),
            visits_per_thousand: row.score.per_thousand,
            change: row.change(),
            name_then: row.score.name.clone(),
            population_then: row.score.population,
            category: row.score.category,
            certainty: row.certainty,
            corrected_visits: corrected.map(count),
        })
    }
}

/// A department as the sum of its towns.
#[derive(SimpleObject)]
pub struct DepartmentVisits {
    /// The department.
    department: Department,
    /// How many of its towns take part.
    towns: i32,
    /// Their visits in the month.
    visits: i32,
    /// Their visits for each thousand inhabitants; null where the number of these is not known.
    visits_per_thousand: Option<f64>,
    /// The fifth of the departments in which it falls, 5 the most visited; 0 without visits.
    level: i32,
}

/// A closed month of one town.
#[derive(SimpleObject)]
pub struct TownMonth {
    /// The month, `YYYY-MM`.
    month: String,
    /// The month as people say it.
    month_text: String,
    /// The town's place by visits, in the whole country.
    position: i32,
    /// Its visits.
    visits: i32,
    /// Its visits for each thousand inhabitants.
    visits_per_thousand: Option<f64>,
    /// Places climbed (or lost, below zero) since the closed month before.
    change: Option<i32>,
    /// Its place by visits among the towns of its department; null in months that were closed before this was kept.
    department_position: Option<i32>,
    /// Its place by visits among the towns of like population; null in months that were closed before this was kept.
    band_position: Option<i32>,
}

impl From<Row> for TownMonth {
    fn from(row: Row) -> Self {
        Self {
            month_text: Month::parse(&row.month).map(Month::text).unwrap_or_default(),
            month: row.month,
            position: row.position,
            visits: count(row.visits),
            visits_per_thousand: row.visits_per_thousand,
            change: row.previous_position.map(|previous| previous - row.position),
            department_position: row.department_position,
            band_position: row.band_position,
        }
    }
}

/// A version of the rules by which months are ordered and closed.
#[derive(SimpleObject)]
pub struct RankingRules {
    /// Its number; the statement of a closed month names it.
    version: i32,
    /// From when on.
    since: LocalDate,
    /// What it changed.
    text: &'static str,
}

/// Queries of rankings.
#[derive(Default)]
pub struct RankingsQuery;

/// Queries of rankings.
#[Object]
impl RankingsQuery {
    /// The ranking of a month: frozen where it is closed, else with the counts of this moment and `closedAt` null.
    #[expect(clippy::too_many_arguments, reason = "they are the filters of a list")]
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn ranking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`YYYY-MM`, or `last`: the last closed month, and the current one while none is closed.")] month: String,
        #[graphql(desc = "The order.", default_with = "Some(RankingOrder::Visits)")] by: Option<RankingOrder>,
        #[graphql(desc = "Only this group, with places of its own: the code of a department.")] group: Option<String>,
        #[graphql(desc = "Only towns of this size, with places of their own.")] band: Option<PopulationBand>,
        #[graphql(desc = "Only towns that entered this category of Ley 617 for the month's year, with places of their own.")]
        category: Option<MunicipalCategory>,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<Ranking> {
        let paging = Paging::new(first, after.as_deref())?;
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let month = service::month_named(&mut tx, &month).await?;
        let board = service::board(&mut tx, &cx.platform, month).await?;
        let corrections = closes::store::corrections(&mut tx, &month.to_string()).await?;
        let group = Group { department: group.as_deref().filter(|code| !code.is_empty()), band, category };
        Ok(Ranking::new(board, by.unwrap_or(RankingOrder::Visits), group, paging, &corrections))
    }

    /// The months that have a ranking, newest first: those since the last close, then the closed ones.
    async fn ranking_months(&self, ctx: &Context<'_>) -> GqlResult<Vec<String>> {
        let months = service::months(&mut *Cx::of(ctx)?.read().await?).await?;
        Ok(months.into_iter().map(|(month, _)| month.to_string()).collect())
    }

    /// The groups by which a ranking can be read: the departments with towns that take part, by name.
    async fn ranking_groups(&self, ctx: &Context<'_>) -> GqlResult<Vec<Department>> {
        let towns = Cx::of(ctx)?.platform.directory().all();
        let found: std::collections::BTreeMap<_, _> = towns
            .iter()
            .filter(|town| town.ranked)
            .map(|town| ((kernel::search::plain(&town.department), &town.department_code), &town.department))
            .collect();
        Ok(found.into_iter().map(|((_, code), name)| Department { code: code.clone(), name: name.clone() }).collect())
    }

    /// The closed months of a town, newest first.
    async fn ranking_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The town's name in hosts; this host's town when left out.")] slug: Option<String>,
    ) -> GqlResult<Vec<TownMonth>> {
        let cx = Cx::of(ctx)?;
        let town = match slug {
            Some(slug) => cx.platform.directory().by_slug(&slug),
            None => Some(cx.tenant.clone()),
        };
        let Some(town) = town else { return Ok(Vec::new()) };
        Ok(store::history(&mut *cx.read().await?, town.id).await?.into_iter().map(TownMonth::from).collect())
    }

    /// Every version of the rules, newest first.
    async fn ranking_rules(&self) -> Vec<RankingRules> {
        let told = |rules: &rules::Rules| RankingRules { version: rules.version as i32, since: LocalDate(rules.since), text: rules.text };
        VERSIONS.iter().map(told).collect()
    }
}
