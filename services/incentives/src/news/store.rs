//! SQL of the month's news.

use kernel::{Result, Tx};
use time::OffsetDateTime;

/// The news of a closed month, as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MonthlyNewsRow {
    pub(crate) month: String,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) drafted_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) published_at: Option<OffsetDateTime>,
}

/// The news of every closed month, newest first.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<MonthlyNewsRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        MonthlyNewsRow,
        "select month, slug, title, body, drafted_at, updated_at, published_at
         from incentives.monthly_news where tenant_id = $1 order by month desc",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Keeps the draft of a month, unless there is one already: what somebody edited is not written over.
pub(crate) async fn insert(tx: &mut Tx, row: &MonthlyNewsRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into incentives.monthly_news (tenant_id, month, slug, title, body, drafted_at, updated_at, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict on constraint monthly_news_pkey do nothing",
        tenant,
        row.month,
        row.slug,
        row.title,
        row.body,
        row.drafted_at,
        row.updated_at,
        row.published_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update(tx: &mut Tx, row: &MonthlyNewsRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update incentives.monthly_news set title = $3, body = $4, updated_at = $5, published_at = $6 where tenant_id = $1 and month = $2",
        tenant,
        row.month,
        row.title,
        row.body,
        row.updated_at,
        row.published_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
