//! The queries and mutations of visits and rankings.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use kernel::Permission;
use kernel::graphql::{Can, Cx, DateTime, Department, GqlResult, LocalDate, Municipality, PageInfo, Paging};

use crate::model::{Board, CloseRow, Month, RankingOrder, RankingRow as Row, Score, Standing};
use crate::{rules, service, store};

/// The towns of a month in their order.
pub struct Ranking {
    board: Board,
    rows: Vec<Standing>,
    total: i64,
    paging: Paging,
}

impl Ranking {
    fn new(board: Board, by: RankingOrder, group: Option<&str>, paging: Paging) -> Self {
        let within = |scores: &[Score]| -> Vec<Score> {
            scores.iter().filter(|score| group.is_none_or(|group| score.department.code == group)).cloned().collect()
        };
        let all = rules::standings(within(&board.scores), &within(&board.before), by);
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let place = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let rows = all.into_iter().skip(place(paging.offset)).take(place(paging.limit)).collect();
        Self { board, rows, total, paging }
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

    /// The keyed hash over the rows of a closed month, in hexadecimal.
    async fn signature(&self) -> Option<String> {
        self.board.close.as_ref().map(|close| hex::encode(&close.signature))
    }

    /// Whether a closed month still bears its signature, recomputed now; null while it is open.
    async fn genuine(&self, ctx: &Context<'_>) -> GqlResult<Option<bool>> {
        let cx = Cx::of(ctx)?;
        match &self.board.close {
            Some(close) => Ok(Some(service::is_genuine(&mut *cx.read().await?, &cx.platform, close).await?)),
            None => Ok(None),
        }
    }

    /// The closed month with which places are compared; null when there is none before.
    async fn compared_with(&self) -> Option<&str> {
        self.board.previous.as_deref()
    }

    /// The rows of this page.
    async fn nodes(&self, ctx: &Context<'_>) -> GqlResult<Vec<RankingRow>> {
        let cx = Cx::of(ctx)?;
        Ok(self.rows.iter().filter_map(|row| RankingRow::of(cx, row)).collect())
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

fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
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
}

impl RankingRow {
    fn of(cx: &Cx, row: &Standing) -> Option<Self> {
        Some(Self {
            position: row.position,
            municipality: Municipality::of(cx, row.score.tenant)?,
            visits: count(row.score.visits),
            visits_per_thousand: row.score.per_thousand,
            change: row.change(),
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

/// A month of the ranking and its close.
#[derive(SimpleObject)]
pub struct MonthClose {
    /// The month, `YYYY-MM`.
    month: String,
    /// The month as people say it.
    month_text: String,
    /// Whether it has ended, so that it may be closed.
    finished: bool,
    /// When it was closed; null while it is open.
    closed_at: Option<DateTime>,
    /// The keyed hash over its rows, in hexadecimal; null while it is open.
    signature: Option<String>,
}

impl MonthClose {
    fn of(month: Month, close: Option<&CloseRow>, now: time::OffsetDateTime) -> Self {
        Self {
            month: month.to_string(),
            month_text: month.text(),
            finished: now >= month.ends(),
            closed_at: close.map(|close| DateTime(close.closed_at)),
            signature: close.map(|close| hex::encode(&close.signature)),
        }
    }
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
        }
    }
}

/// What was counted on a day.
#[derive(SimpleObject)]
pub struct DayVisits {
    /// The day, in Bogotá.
    date: LocalDate,
    /// Visits that count.
    visits: i32,
    /// Pages that people read.
    views: i32,
    /// Pages that robots read.
    robots: i32,
    /// Visits over what one network may bring in a day; they do not count.
    set_aside: i32,
}

/// Queries of visits and rankings.
#[derive(Default)]
pub struct VisitsQuery;

/// Queries of visits and rankings.
#[Object]
impl VisitsQuery {
    /// The ranking of a month: frozen where it is closed, else with the counts of this moment and `closedAt` null.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn ranking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`YYYY-MM`, or `last`: the last closed month, and the current one while none is closed.")] month: String,
        #[graphql(desc = "The order.", default_with = "Some(RankingOrder::Visits)")] by: Option<RankingOrder>,
        #[graphql(desc = "Only this group, with places of its own: the code of a department.")] group: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<Ranking> {
        let paging = Paging::new(first, after.as_deref())?;
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let month = service::month_named(&mut tx, &month).await?;
        let board = service::board(&mut tx, &cx.platform, month).await?;
        Ok(Ranking::new(board, by.unwrap_or(RankingOrder::Visits), group.as_deref().filter(|group| !group.is_empty()), paging))
    }

    /// The months that have a ranking, newest first: those since the last close, then the closed ones.
    async fn ranking_months(&self, ctx: &Context<'_>) -> GqlResult<Vec<String>> {
        let months = service::months(&mut *Cx::of(ctx)?.read().await?).await?;
        Ok(months.into_iter().map(|(month, _)| month.to_string()).collect())
    }

    /// The same months with their closes.
    async fn month_closes(&self, ctx: &Context<'_>) -> GqlResult<Vec<MonthClose>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let now = tx.now();
        let months = service::months(&mut tx).await?;
        Ok(months.into_iter().map(|(month, close)| MonthClose::of(month, close.as_ref(), now)).collect())
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

    /// What was counted on this site on each of the last days, today included.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "days.unwrap_or(30).max(0) as usize * child_complexity + 1")]
    async fn visits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many days, at most 366.", default_with = "Some(30)")] days: Option<i32>,
    ) -> GqlResult<Vec<DayVisits>> {
        let counted = service::days(&mut *Cx::of(ctx)?.read().await?, days.unwrap_or(30)).await?;
        Ok(counted
            .into_iter()
            .map(|(date, tally)| DayVisits {
                date: LocalDate(date),
                visits: count(tally.visits),
                views: count(tally.views),
                robots: count(tally.robots),
                set_aside: count(tally.set_aside),
            })
            .collect())
    }
}

/// A month to close.
#[derive(InputObject)]
pub struct CloseMonthInput {
    /// The month, `YYYY-MM`; it must have ended.
    month: String,
}

kernel::payload!(CloseMonthPayload { ranking: Ranking });

/// Mutations of rankings.
#[derive(Default)]
pub struct VisitsMutation;

/// Mutations of rankings.
#[Object]
impl VisitsMutation {
    /// Closes a month for good: its counts are frozen and signed, and its news waits as a draft for the editor. Closing it again changes nothing.
    #[graphql(guard = "Can(Permission::CloseMonth)")]
    async fn close_month(&self, ctx: &Context<'_>, input: CloseMonthInput) -> GqlResult<CloseMonthPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::close_month(&mut tx, &cx.platform, &input.month).await;
        CloseMonthPayload::of(match tx.settle(done).await {
            Ok(month) => {
                let board = service::board(&mut *cx.read().await?, &cx.platform, month).await?;
                Ok(Ranking::new(board, RankingOrder::Visits, None, Paging::new(None, None)?))
            }
            Err(error) => Err(error),
        })
    }
}
