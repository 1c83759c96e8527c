//! The query of a site's visits.

use async_graphql::{Context, Object, SimpleObject};
use kernel::Permission;
use kernel::graphql::{Can, Cx, GqlResult, LocalDate};

use crate::service;

/// A count as the API tells it.
pub(crate) fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
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

/// Queries of visits.
#[derive(Default)]
pub struct VisitsQuery;

/// Queries of visits.
#[Object]
impl VisitsQuery {
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
