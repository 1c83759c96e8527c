//! One function a use case of the television programme.

use kernel::directory::TenantEntry;
use kernel::{Error, Result, Tx, ids, text};
use serde_json::json;
use time::Date;
use uuid::Uuid;

use super::model::{BroadcastRow, BroadcastState, ExperienceRow};
use super::{rules, store};
use crate::{at_the_agency, in_a_town, jobs};

/// Proposes an experience. The same submission again is the same experience.
pub(crate) async fn propose(tx: &mut Tx, title: &str, story: &str, key: &str) -> Result<ExperienceRow> {
    in_a_town(tx)?;
    let (title, story) = rules::experience(title, story)?;
    let id = ids::named(tx.tenant()?, "experience", key);
    let row = ExperienceRow { tenant_id: tx.tenant()?, id, title, story, proposed_at: tx.now(), withdrawn_at: None };
    if !store::insert_experience(tx, &row).await? {
        return own(tx, id).await;
    }
    tx.audit("incentives.experience.proposed", "experience", &id.to_string(), json!({ "title": row.title })).await?;
    Ok(row)
}

async fn own(tx: &mut Tx, id: Uuid) -> Result<ExperienceRow> {
    store::own_experiences(tx).await?.into_iter().find(|row| row.id == id).ok_or(Error::NotFound)
}

/// Takes a proposal back, as long as the agency has not decided.
pub(crate) async fn withdraw(tx: &mut Tx, id: Uuid) -> Result<ExperienceRow> {
    let mut row = own(tx, id).await?;
    let town = tx.tenant()?;
    if store::granted(tx, town).await?.iter().any(|broadcast| broadcast.experience_id == id) {
        return Err(Error::whole("DECIDED", "La agencia ya decidió sobre esta experiencia. Escríbale si algo cambió."));
    }
    if row.withdrawn_at.is_none() {
        row.withdrawn_at = Some(tx.now());
        store::withdraw_experience(tx, &row).await?;
        tx.audit("incentives.experience.withdrawn", "experience", &id.to_string(), json!({})).await?;
    }
    Ok(row)
}

/// Decides about an experience, once.
pub(crate) async fn decide(tx: &mut Tx, town: &TenantEntry, id: Uuid, accepted: bool, reason: &str) -> Result<BroadcastRow> {
    at_the_agency(tx)?;
    let known = store::experiences(tx).await?.into_iter().find(|row| row.id == id && row.tenant_id == town.id);
    let experience = known.ok_or(Error::NotFound)?;
    let row = BroadcastRow {
        slug: format!("{}-{}", text::slug(&experience.title), town.slug),
        municipality_id: town.id,
        experience_id: id,
        title: experience.title,
        accepted,
        reason: rules::reason(reason)?,
        decided_at: tx.now(),
        airs_on: None,
        summary: None,
        video_url: None,
        transcript: None,
        published_at: None,
    };
    store::insert_broadcast(tx, &row).await?;
    let detail = json!({ "municipality": town.slug, "accepted": accepted, "reason": row.reason });
    tx.audit("incentives.experience.decided", "broadcast", &row.slug, detail).await?;
    Ok(row)
}

/// A broadcast that is being made.
async fn accepted(tx: &mut Tx, slug: &str) -> Result<BroadcastRow> {
    at_the_agency(tx)?;
    let row = store::broadcasts(tx).await?.into_iter().find(|row| row.slug == slug).ok_or(Error::NotFound)?;
    match row.state() {
        BroadcastState::Accepted | BroadcastState::Scheduled => Ok(row),
        BroadcastState::Declined => Err(Error::whole("DECLINED", "Esta experiencia no se tomó para el programa.")),
        BroadcastState::Published => Err(Error::whole("PUBLISHED", "El programa ya está publicado.")),
    }
}

/// Gives a broadcast its date.
pub(crate) async fn schedule(tx: &mut Tx, slug: &str, airs_on: Date) -> Result<BroadcastRow> {
    let mut row = accepted(tx, slug).await?;
    if airs_on < tx.today() {
        return Err(Error::field("airsOn", "PAST", "Esa fecha ya pasó"));
    }
    row.airs_on = Some(airs_on);
    store::update_broadcast(tx, &row).await?;
    tx.audit("incentives.broadcast.scheduled", "broadcast", slug, json!({ "airsOn": airs_on.to_string() })).await?;
    tx.publish();
    Ok(row)
}

/// Publishes a broadcast with its video and its transcript.
pub(crate) async fn publish(tx: &mut Tx, slug: &str, summary: &str, video_url: &str, transcript: &str) -> Result<BroadcastRow> {
    let mut row = accepted(tx, slug).await?;
    let said = rules::published(summary, video_url, transcript)?;
    row.airs_on = Some(row.airs_on.unwrap_or_else(|| tx.today()));
    row.summary = Some(said.summary);
    row.video_url = Some(said.video_url);
    row.transcript = Some(said.transcript);
    row.published_at = Some(tx.now());
    store::update_broadcast(tx, &row).await?;
    tx.audit("incentives.broadcast.published", "broadcast", slug, json!({ "videoUrl": row.video_url })).await?;
    jobs::tell(tx, row.municipality_id).await?;
    tx.publish();
    Ok(row)
}
