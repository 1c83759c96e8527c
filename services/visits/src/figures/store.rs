//! SQL of the figures of a site.

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Figure;
use super::told::Kind;

/// Adds to the sums, in one statement and in the order of the key. A tenant that is gone takes nothing.
pub(crate) async fn add(tx: &mut Tx, rows: &[Figure]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let tenants: Vec<Uuid> = rows.iter().map(|row| row.tenant).collect();
    let days: Vec<Date> = rows.iter().map(|row| row.day).collect();
    let kinds: Vec<String> = rows.iter().map(|row| row.kind.word().to_owned()).collect();
    let names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    let hits: Vec<i64> = rows.iter().map(|row| row.hits).collect();
    sqlx::query!(
        "insert into visits.figure_count (tenant_id, day, kind, name, hits)
         select n.tenant_id, n.day, n.kind, n.name, n.hits
         from unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::bigint[]) as n (tenant_id, day, kind, name, hits)
         join tenancy.tenant t on t.id = n.tenant_id
         order by n.tenant_id, n.day, n.kind, n.name
         on conflict on constraint figure_count_pkey do update set hits = figure_count.hits + excluded.hits",
        &tenants,
        &days,
        &kinds,
        &names,
        &hits
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The names that every town has since a day.
pub(crate) async fn names_since(tx: &mut Tx, since: Date) -> Result<Vec<(Uuid, Date, Kind, String)>> {
    let rows =
        sqlx::query!("select tenant_id, day, kind, name from visits.figure_count where day >= $1", since).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.tenant_id, row.day, Kind::from_word(&row.kind)?, row.name))).collect())
}

/// The tenant's names of one kind between two days, the most first, and how many names there are.
pub(crate) async fn most(tx: &mut Tx, kind: Kind, since: Date, until: Date, most: i64) -> Result<Vec<(String, i64)>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select name, sum(hits)::bigint as "hits!" from visits.figure_count
           where tenant_id = $1 and kind = $2 and day between $3 and $4
           group by name order by name = '', 2 desc, name limit $5"#,
        tenant,
        kind.word(),
        since,
        until,
        most
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.hits)).collect())
}

/// The sum of one kind, or of one name of it, between two days.
pub(crate) async fn sum(tx: &mut Tx, kind: Kind, name: Option<&str>, since: Date, until: Date) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(hits), 0)::bigint as "hits!" from visits.figure_count
           where tenant_id = $1 and kind = $2 and ($3::text is null or name = $3) and day between $4 and $5"#,
        tenant,
        kind.word(),
        name,
        since,
        until
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The tenant's rejects by reason since a moment.
pub(crate) async fn rejects(tx: &mut Tx, since: OffsetDateTime) -> Result<Vec<(String, i64)>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select reason, sum(hits)::bigint as "hits!" from visits.reject_count
           where tenant_id = $1 and hour >= $2 group by reason order by 2 desc, reason"#,
        tenant,
        since
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.hits)).collect())
}

/// A sum of the tenant, as a pack carries it.
pub(crate) struct FigureRow {
    pub(crate) day: Date,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) hits: i64,
}

/// Every sum of the tenant.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<FigureRow>> {
    let tenant = tx.tenant()?;
    let asked = sqlx::query_as!(
        FigureRow,
        "select day, kind, name, hits from visits.figure_count where tenant_id = $1 order by day, kind, name",
        tenant
    );
    Ok(asked.fetch_all(&mut **tx).await?)
}

/// A reject of the tenant, as a pack carries it.
pub(crate) struct RejectRow {
    pub(crate) hour: OffsetDateTime,
    pub(crate) reason: String,
    pub(crate) hits: i64,
}

/// Every reject of the tenant.
pub(crate) async fn all_rejects(tx: &mut Tx) -> Result<Vec<RejectRow>> {
    let tenant = tx.tenant()?;
    let asked =
        sqlx::query_as!(RejectRow, "select hour, reason, hits from visits.reject_count where tenant_id = $1 order by hour, reason", tenant);
    Ok(asked.fetch_all(&mut **tx).await?)
}

/// Brings back a reject that a pack carried.
pub(crate) async fn bring_reject(tx: &mut Tx, row: &RejectRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into visits.reject_count (tenant_id, hour, reason, hits) values ($1, $2, $3, $4)",
        tenant,
        row.hour,
        row.reason,
        row.hits
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets what the tenant has of figures, rejects and the ledger.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from visits.figure_count where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from visits.reject_count where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from visits.ledger where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
