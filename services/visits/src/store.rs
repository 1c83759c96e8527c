//! SQL of visits. Closed months are public and are read whole; hours are read of the transaction's tenant alone.

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{CloseRow, HourRow, Month, RankingRow, Tally};
use crate::rankings::category::MunicipalCategory;

/// Adds what was counted, in one statement; rows come in the order of their key, so that two replicas never wait for each other
/// in a circle. A tenant that is gone takes nothing.
pub(crate) async fn add(tx: &mut Tx, rows: &[HourRow]) -> Result<()> {
    let tenants: Vec<Uuid> = rows.iter().map(|row| row.tenant_id).collect();
    let hours: Vec<OffsetDateTime> = rows.iter().map(|row| row.hour).collect();
    let column = |of: fn(&Tally) -> i64| rows.iter().map(|row| of(&row.tally)).collect::<Vec<_>>();
    sqlx::query!(
        "insert into visits.hour_count (tenant_id, hour, visits, views, robots, set_aside)
         select n.tenant_id, n.hour, n.visits, n.views, n.robots, n.set_aside
         from unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
              as n (tenant_id, hour, visits, views, robots, set_aside)
         join tenancy.tenant t on t.id = n.tenant_id
         order by n.tenant_id, n.hour
         on conflict on constraint hour_count_pkey do update set
             visits = hour_count.visits + excluded.visits, views = hour_count.views + excluded.views,
             robots = hour_count.robots + excluded.robots, set_aside = hour_count.set_aside + excluded.set_aside",
        &tenants,
        &hours,
        &column(|tally| tally.visits),
        &column(|tally| tally.views),
        &column(|tally| tally.robots),
        &column(|tally| tally.set_aside),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The visits of every town in a month, as they stand; a town without any is not in it.
pub(crate) async fn month_visits(tx: &mut Tx, month: Month) -> Result<Vec<(Uuid, i64)>> {
    let rows = sqlx::query!(r#"select tenant_id as "tenant_id!", visits as "visits!" from visits.month_visits($1)"#, month.to_string())
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.visits)).collect())
}

/// The tenant's visits between two moments.
pub(crate) async fn visits_between(tx: &mut Tx, since: OffsetDateTime, until: OffsetDateTime) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(visits), 0)::bigint as "visits!" from visits.hour_count where tenant_id = $1 and hour >= $2 and hour < $3"#,
        tenant,
        since,
        until
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// On how many days the tenant had visits between two moments.
pub(crate) async fn days_counted(tx: &mut Tx, since: OffsetDateTime, until: OffsetDateTime) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select count(distinct (hour at time zone 'America/Bogota')::date) as "days!"
           from visits.hour_count where tenant_id = $1 and hour >= $2 and hour < $3 and visits > 0"#,
        tenant,
        since,
        until
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The tenant's days since one, those without a count left out.
pub(crate) async fn days(tx: &mut Tx, since: OffsetDateTime) -> Result<Vec<(Date, Tally)>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select (hour at time zone 'America/Bogota')::date as "day!", sum(visits)::bigint as "visits!", sum(views)::bigint as "views!",
                  sum(robots)::bigint as "robots!", sum(set_aside)::bigint as "set_aside!"
           from visits.hour_count where tenant_id = $1 and hour >= $2 group by 1 order by 1"#,
        tenant,
        since
    )
    .fetch_all(&mut **tx)
    .await?;
    let tally = |visits, views, robots, set_aside| Tally { visits, views, robots, set_aside };
    Ok(rows.into_iter().map(|row| (row.day, tally(row.visits, row.views, row.robots, row.set_aside))).collect())
}

/// The tenant's months since a moment, those without a count left out.
pub(crate) async fn months(tx: &mut Tx, since: OffsetDateTime) -> Result<Vec<(String, i64, i64)>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select to_char(hour at time zone 'America/Bogota', 'YYYY-MM') as "month!", sum(visits)::bigint as "visits!", sum(views)::bigint as "views!"
           from visits.hour_count where tenant_id = $1 and hour >= $2 group by 1 order by 1"#,
        tenant,
        since
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.month, row.visits, row.views)).collect())
}

/// Every hour of the tenant.
pub(crate) async fn hours(tx: &mut Tx) -> Result<Vec<HourRow>> {
    let tenant = tx.tenant()?;
    let rows =
        sqlx::query!("select hour, visits, views, robots, set_aside from visits.hour_count where tenant_id = $1 order by hour", tenant)
            .fetch_all(&mut **tx)
            .await?;
    let tally = |visits, views, robots, set_aside| Tally { visits, views, robots, set_aside };
    Ok(rows
        .into_iter()
        .map(|row| HourRow { tenant_id: tenant, hour: row.hour, tally: tally(row.visits, row.views, row.robots, row.set_aside) })
        .collect())
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from visits.hour_count where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}

/// When anything was first counted, on any town; for the platform's own work.
pub(crate) async fn first_hour(tx: &mut Tx) -> Result<Option<OffsetDateTime>> {
    Ok(sqlx::query_scalar!("select min(hour) from visits.hour_count").fetch_one(&mut **tx).await?)
}

/// Every closed month, newest first.
pub(crate) async fn closes(tx: &mut Tx) -> Result<Vec<CloseRow>> {
    Ok(sqlx::query_as!(CloseRow, "select month, previous, closed_at, signature, statement from visits.month_close order by month desc")
        .fetch_all(&mut **tx)
        .await?)
}

pub(crate) async fn close_of(tx: &mut Tx, month: Month) -> Result<Option<CloseRow>> {
    Ok(sqlx::query_as!(
        CloseRow,
        "select month, previous, closed_at, signature, statement from visits.month_close where month = $1",
        month.to_string()
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The last closed month before this one.
pub(crate) async fn closed_before(tx: &mut Tx, month: Month) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select max(month) from visits.month_close where month < $1", month.to_string()).fetch_one(&mut **tx).await?)
}

/// The rows of a closed month, by tenant.
pub(crate) async fn ranking_rows(tx: &mut Tx, month: &str) -> Result<Vec<RankingRow>> {
    Ok(sqlx::query_as!(
        RankingRow,
        r#"select tenant_id, month, position, visits, visits_per_thousand, previous_position, name, department_code, department, population,
                department_position, band_position, category as "category: MunicipalCategory"
         from visits.ranking_row where month = $1 order by tenant_id"#,
        month
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The closed months of a town, newest first.
pub(crate) async fn history(tx: &mut Tx, town: Uuid) -> Result<Vec<RankingRow>> {
    Ok(sqlx::query_as!(
        RankingRow,
        r#"select tenant_id, month, position, visits, visits_per_thousand, previous_position, name, department_code, department, population,
                department_position, band_position, category as "category: MunicipalCategory"
         from visits.ranking_row where tenant_id = $1 order by month desc"#,
        town
    )
    .fetch_all(&mut **tx)
    .await?)
}
