//! How the count stands: for the agency's analysts whole, for everybody what it takes to cheat it.

use async_graphql::{Context, Object, SimpleObject};
use kernel::Permission;
use kernel::graphql::{Can, Cx, DateTime, GqlResult, Municipality};

use super::notes::{self, Cost};
use super::store;
use crate::figures::graphql::{CountNote, RejectedHits};
use crate::graphql::count;
use crate::model::{Month, RankingOrder};
use crate::rankings::rules::standings;
use crate::{rules, service};

/// Views that were lost, or may have been.
#[derive(SimpleObject)]
pub struct CountLoss {
    /// When it was noticed; of a process that is gone, when it was last heard of.
    at: DateTime,
    /// `DOOR`, `STREAM`, `PROCESS` or `SALT`.
    kind: String,
    /// What happened, in Spanish.
    text: String,
    /// How many views.
    views: i32,
    /// Whether it is that many; else at most.
    exact: bool,
}

impl From<store::LossRow> for CountLoss {
    fn from(row: store::LossRow) -> Self {
        let text = match row.kind.as_str() {
            "DOOR" => "Llegaron más páginas de las que cabían en la fila de un servidor",
            "STREAM" => "Se perdieron entre un servidor y el conteo",
            "PROCESS" => "Un servidor se apagó de golpe; se pudo perder lo de su último segundo",
            _ => "Se perdió la sal del día: quien ya había entrado cuenta de nuevo",
        };
        Self { at: DateTime(row.at), text: text.to_owned(), kind: row.kind, views: count(row.views), exact: row.exact }
    }
}

/// A note with its town.
#[derive(SimpleObject)]
pub struct TownNote {
    /// The town.
    municipality: Municipality,
    /// The note.
    note: CountNote,
}

/// How the count of a month stands.
pub struct Counting {
    month: Month,
}

/// How the count of a month stands.
#[Object]
impl Counting {
    /// The month, `YYYY-MM`.
    async fn month(&self) -> String {
        self.month.to_string()
    }

    /// The month as people say it.
    async fn month_text(&self) -> String {
        self.month.text()
    }

    /// What was lost in it, the newest first.
    async fn losses(&self, ctx: &Context<'_>) -> GqlResult<Vec<CountLoss>> {
        let rows = store::losses(&mut *Cx::of(ctx)?.read().await?, self.month.begins(), self.month.ends()).await?;
        Ok(rows.into_iter().map(CountLoss::from).collect())
    }

    /// Hits of all towns that did not count, by reason.
    async fn rejects(&self, ctx: &Context<'_>) -> GqlResult<Vec<RejectedHits>> {
        Ok(RejectedHits::all(store::rejects_between(&mut *Cx::of(ctx)?.read().await?, self.month.begins(), self.month.ends()).await?))
    }

    /// What was unusual in a town, the newest first; at most 500.
    async fn notes(&self, ctx: &Context<'_>) -> GqlResult<Vec<TownNote>> {
        let cx = Cx::of(ctx)?;
        let day = |at| kernel::clock::local(at).date();
        let until = day(self.month.ends()) - time::Duration::DAY;
        let rows = store::notes(&mut *cx.read().await?, None, day(self.month.begins()), until).await?;
        let town = |row: &store::NoteRow| Some(TownNote { municipality: Municipality::of(cx, row.tenant_id)?, note: CountNote::of(row)? });
        Ok(rows.iter().filter_map(town).collect())
    }
}

/// What it takes to climb one place with visits that nobody makes.
#[derive(SimpleObject)]
pub struct RankingCost {
    /// The month, `YYYY-MM`.
    month: String,
    /// The month as people say it.
    month_text: String,
    /// How many towns have another above them.
    places: i32,
    /// The visits that half of them lack at most.
    visits: i32,
    /// The networks that it takes to bring so many in a month, each at its limit every day.
    networks: i32,
    /// The same for the town that needs fewest.
    fewest_networks: i32,
}

impl RankingCost {
    fn of(month: Month, cost: Cost) -> Self {
        Self {
            month: month.to_string(),
            month_text: month.text(),
            places: cost.places,
            visits: count(cost.visits),
            networks: count(cost.networks),
            fewest_networks: count(cost.fewest),
        }
    }
}

/// Queries of how the count stands.
#[derive(Default)]
pub struct CountingQuery;

/// Queries of how the count stands.
#[Object]
impl CountingQuery {
    /// How the count of a month stands: what was lost, what did not count, what is unusual.
    #[graphql(guard = "Can(Permission::CompareMunicipalities)")]
    async fn counting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`YYYY-MM`; the current month when left out.")] month: Option<String>,
    ) -> GqlResult<Counting> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let month = match month.filter(|month| !month.is_empty()) {
            Some(month) => service::month_named(&mut tx, &month).await?,
            None => Month::of(tx.now()),
        };
        Ok(Counting { month })
    }

    /// What it takes to climb one place in the last closed month, or in the current one while none is closed; null without visits.
    async fn ranking_cost(&self, ctx: &Context<'_>) -> GqlResult<Option<RankingCost>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let month = service::month_named(&mut tx, "last").await?;
        let board = service::board(&mut tx, &cx.platform, month).await?;
        let days = (board.month.ends() - board.month.begins()).whole_days();
        let standings = standings(board.scores, &board.before, RankingOrder::Visits);
        let rows: Vec<(i64, u32)> = standings.iter().map(|row| (row.score.visits, rules::network_limit(row.score.population))).collect();
        Ok(notes::cost(&rows, days).map(|cost| RankingCost::of(month, cost)))
    }
}
