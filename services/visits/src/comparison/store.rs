//! SQL of readings.

use std::collections::HashMap;

use kernel::{Result, Tx};
use time::Date;
use uuid::Uuid;

/// Keeps what was read of the tenant on a day; read twice, the later figure stays.
pub(super) async fn keep(tx: &mut Tx, day: Date, figures: &[(&str, f64)]) -> Result<()> {
    let tenant = tx.tenant()?;
    let names: Vec<String> = figures.iter().map(|(name, _)| (*name).to_owned()).collect();
    let values: Vec<f64> = figures.iter().map(|(_, value)| *value).collect();
    sqlx::query!(
        "insert into visits.reading (tenant_id, measure, day, value)
         select $1, n.measure, $2, n.value from unnest($3::text[], $4::double precision[]) as n (measure, value)
         on conflict on constraint reading_pkey do update set value = excluded.value",
        tenant,
        day,
        &names,
        &values
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets what the tenant's readings said before a day.
pub(super) async fn forget(tx: &mut Tx, before: Date) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from visits.reading where tenant_id = $1 and day < $2", tenant, before).execute(&mut **tx).await?;
    Ok(())
}

/// The last figure of each town on a day or in the week before it.
pub(super) async fn figures(tx: &mut Tx, measure: &str, on: Date) -> Result<HashMap<Uuid, f64>> {
    let rows = sqlx::query!(
        r#"select distinct on (tenant_id) tenant_id, value from visits.reading
           where measure = $1 and day <= $2 and day > $2 - 7 order by tenant_id, day desc"#,
        measure,
        on
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.value)).collect())
}

/// The figures of a town from a day on.
pub(super) async fn series(tx: &mut Tx, town: Uuid, measure: &str, since: Date) -> Result<Vec<(Date, f64)>> {
    let rows = sqlx::query!(
        "select day, value from visits.reading where tenant_id = $1 and measure = $2 and day >= $3 order by day",
        town,
        measure,
        since
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.value)).collect())
}
