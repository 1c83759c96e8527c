//! SQL of the television programme.

use kernel::{Result, Tx};
use uuid::Uuid;

use super::model::{BroadcastRow, ExperienceRow};

/// What every town proposed that the role may see, newest first.
pub(crate) async fn experiences(tx: &mut Tx) -> Result<Vec<ExperienceRow>> {
    Ok(sqlx::query_as!(
        ExperienceRow,
        "select tenant_id, id, title, story, proposed_at, withdrawn_at from incentives.experience
         where withdrawn_at is null order by proposed_at desc, id"
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What the transaction's town proposed, the withdrawn ones too, newest first.
pub(crate) async fn own_experiences(tx: &mut Tx) -> Result<Vec<ExperienceRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ExperienceRow,
        "select tenant_id, id, title, story, proposed_at, withdrawn_at from incentives.experience
         where tenant_id = $1 order by proposed_at desc, id",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Adds an experience, unless one of that id is there already.
pub(crate) async fn insert_experience(tx: &mut Tx, row: &ExperienceRow) -> Result<bool> {
    let tenant = tx.tenant()?;
    let added = sqlx::query!(
        "insert into incentives.experience (tenant_id, id, title, story, proposed_at, withdrawn_at) values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint experience_pkey do nothing",
        tenant,
        row.id,
        row.title,
        row.story,
        row.proposed_at,
        row.withdrawn_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

pub(crate) async fn withdraw_experience(tx: &mut Tx, row: &ExperienceRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("update incentives.experience set withdrawn_at = $3 where tenant_id = $1 and id = $2", tenant, row.id, row.withdrawn_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Everything that the agency decided, newest first.
pub(crate) async fn broadcasts(tx: &mut Tx) -> Result<Vec<BroadcastRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        BroadcastRow,
        "select slug, municipality_id, experience_id, title, accepted, reason, decided_at, airs_on, summary, video_url, transcript, published_at
         from incentives.broadcast where tenant_id = $1 order by coalesce(published_at, decided_at) desc, slug",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// What the agency decided about this town's experiences, newest first.
pub(crate) async fn granted(tx: &mut Tx, town: Uuid) -> Result<Vec<BroadcastRow>> {
    Ok(sqlx::query_as!(
        BroadcastRow,
        "select slug, municipality_id, experience_id, title, accepted, reason, decided_at, airs_on, summary, video_url, transcript, published_at
         from incentives.broadcast where municipality_id = $1 order by decided_at desc, slug",
        town
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn insert_broadcast(tx: &mut Tx, row: &BroadcastRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into incentives.broadcast (tenant_id, slug, municipality_id, experience_id, title, accepted, reason, decided_at, airs_on, summary,
                                           video_url, transcript, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant,
        row.slug,
        row.municipality_id,
        row.experience_id,
        row.title,
        row.accepted,
        row.reason,
        row.decided_at,
        row.airs_on,
        row.summary,
        row.video_url,
        row.transcript,
        row.published_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_broadcast(tx: &mut Tx, row: &BroadcastRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update incentives.broadcast set airs_on = $3, summary = $4, video_url = $5, transcript = $6, published_at = $7
         where tenant_id = $1 and slug = $2",
        tenant,
        row.slug,
        row.airs_on,
        row.summary,
        row.video_url,
        row.transcript,
        row.published_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
