//! SQL of agreements.

use std::collections::HashMap;

use kernel::{Error, Result, Tx};
use uuid::Uuid;

use crate::model::{AgreementRow, EntityKind, EntityLevel, EntityRow, Kept, ResultRow};

/// Every entity by its name, or the one named.
pub(crate) async fn entities(tx: &mut Tx, slug: Option<&str>) -> Result<Vec<EntityRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        EntityRow,
        r#"select slug, name, level as "level: EntityLevel", kind as "kind: EntityKind", priority, web, contact_name, contact_phone,
                  contact_email, recorded_at, updated_at
           from agreements.entity where tenant_id = $1 and ($2::text is null or slug = $2) order by name, slug"#,
        tenant,
        slug
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Every agreement with its entity and its results, or the one named; what was signed last comes first.
/// A town signs a dozen a year: they are read whole, and the rules choose among them.
pub(crate) async fn book(tx: &mut Tx, slug: Option<&str>) -> Result<Vec<Kept>> {
    let tenant = tx.tenant()?;
    let agreements = sqlx::query_as!(
        AgreementRow,
        "select slug, entity, number, title, topics, object, signed_on, begins_on, ends_on, ended_on, end_reason, published_at,
                annulled_at, annul_reason, recorded_at, updated_at
         from agreements.agreement where tenant_id = $1 and ($2::text is null or slug = $2) order by signed_on desc, slug",
        tenant,
        slug
    )
    .fetch_all(&mut **tx)
    .await?;
    let results = sqlx::query_as!(
        ResultRow,
        "select id, agreement, happened_on, text, evidence, recorded_at, annulled_at, annul_reason
         from agreements.result where tenant_id = $1 and ($2::text is null or agreement = $2) order by happened_on, recorded_at, id",
        tenant,
        slug
    )
    .fetch_all(&mut **tx)
    .await?;
    let only = agreements.first().filter(|_| slug.is_some()).map(|agreement| agreement.entity.as_str());
    let entities: HashMap<String, EntityRow> = entities(tx, only).await?.into_iter().map(|entity| (entity.slug.clone(), entity)).collect();
    let mut brought: HashMap<String, Vec<ResultRow>> = HashMap::new();
    for result in results {
        brought.entry(result.agreement.clone()).or_default().push(result);
    }
    agreements
        .into_iter()
        .map(|agreement| {
            let entity = entities.get(&agreement.entity).cloned().ok_or_else(|| Error::fault("an agreement has an entity"))?;
            let results = brought.remove(&agreement.slug).unwrap_or_default();
            Ok(Kept { agreement, entity, results })
        })
        .collect()
}

/// Keeps an agreement from changing until commit; it must exist.
pub(crate) async fn lock(tx: &mut Tx, slug: &str) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("select slug from agreements.agreement where tenant_id = $1 and slug = $2 for update", tenant, slug)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn insert_entity(tx: &mut Tx, entity: &EntityRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into agreements.entity (tenant_id, slug, name, level, kind, priority, web, contact_name, contact_phone, contact_email,
                                        recorded_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        entity.slug,
        entity.name,
        entity.level as EntityLevel,
        entity.kind as EntityKind,
        entity.priority,
        entity.web,
        entity.contact_name,
        entity.contact_phone,
        entity.contact_email,
        entity.recorded_at,
        entity.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_entity(tx: &mut Tx, entity: &EntityRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update agreements.entity set name = $3, level = $4, kind = $5, priority = $6, web = $7, contact_name = $8, contact_phone = $9,
                contact_email = $10, updated_at = $11
         where tenant_id = $1 and slug = $2",
        tenant,
        entity.slug,
        entity.name,
        entity.level as EntityLevel,
        entity.kind as EntityKind,
        entity.priority,
        entity.web,
        entity.contact_name,
        entity.contact_phone,
        entity.contact_email,
        entity.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_agreement(tx: &mut Tx, agreement: &AgreementRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into agreements.agreement (tenant_id, slug, entity, number, title, topics, object, signed_on, begins_on, ends_on, ended_on,
                                           end_reason, published_at, annulled_at, annul_reason, recorded_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tenant,
        agreement.slug,
        agreement.entity,
        agreement.number,
        agreement.title,
        &agreement.topics,
        agreement.object,
        agreement.signed_on,
        agreement.begins_on,
        agreement.ends_on,
        agreement.ended_on,
        agreement.end_reason,
        agreement.published_at,
        agreement.annulled_at,
        agreement.annul_reason,
        agreement.recorded_at,
        agreement.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_agreement(tx: &mut Tx, agreement: &AgreementRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update agreements.agreement set entity = $3, number = $4, title = $5, topics = $6, object = $7, signed_on = $8, begins_on = $9,
                ends_on = $10, ended_on = $11, end_reason = $12, published_at = $13, annulled_at = $14, annul_reason = $15, updated_at = $16
         where tenant_id = $1 and slug = $2",
        tenant,
        agreement.slug,
        agreement.entity,
        agreement.number,
        agreement.title,
        &agreement.topics,
        agreement.object,
        agreement.signed_on,
        agreement.begins_on,
        agreement.ends_on,
        agreement.ended_on,
        agreement.end_reason,
        agreement.published_at,
        agreement.annulled_at,
        agreement.annul_reason,
        agreement.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds a result, unless one of that id is there already.
pub(crate) async fn insert_result(tx: &mut Tx, result: &ResultRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into agreements.result (tenant_id, id, agreement, happened_on, text, evidence, recorded_at, annulled_at, annul_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint result_pkey do nothing",
        tenant,
        result.id,
        result.agreement,
        result.happened_on,
        result.text,
        result.evidence,
        result.recorded_at,
        result.annulled_at,
        result.annul_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn result(tx: &mut Tx, id: Uuid) -> Result<ResultRow> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ResultRow,
        "select id, agreement, happened_on, text, evidence, recorded_at, annulled_at, annul_reason
         from agreements.result where tenant_id = $1 and id = $2",
        tenant,
        id
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn annul_result(tx: &mut Tx, result: &ResultRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update agreements.result set annulled_at = $3, annul_reason = $4 where tenant_id = $1 and id = $2",
        tenant,
        result.id,
        result.annulled_at,
        result.annul_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removes the whole register.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from agreements.result where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from agreements.agreement where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from agreements.entity where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
