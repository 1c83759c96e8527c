//! SQL of versions, and of putting one in the place of what is measured.

use kernel::{Result, Tx};
use sqlx::types::Json;

use super::model::{Act, Content, Done, PlanOfPeriod, Signature, VersionRow, VersionState};
use crate::text::document::Document;

/// One version, without its text.
pub(crate) async fn version(tx: &mut Tx, key: &str, number: i32) -> Result<Option<VersionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        VersionRow,
        r#"select plan_key, number, state as "state: VersionState", reason, act as "act: Json<Act>", signatures as "signatures: Json<Vec<Signature>>",
                  changed_at, adopted_at, adopted_by
           from plan.version where tenant_id = $1 and plan_key = $2 and number = $3"#,
        tenant,
        key,
        number
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The version of a plan that is in force.
pub(crate) async fn in_force(tx: &mut Tx, key: &str) -> Result<Option<VersionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        VersionRow,
        r#"select plan_key, number, state as "state: VersionState", reason, act as "act: Json<Act>", signatures as "signatures: Json<Vec<Signature>>",
                  changed_at, adopted_at, adopted_by
           from plan.version where tenant_id = $1 and plan_key = $2 and state = 'IN_FORCE'"#,
        tenant,
        key
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The draft, without its text.
pub(crate) async fn draft(tx: &mut Tx) -> Result<Option<VersionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        VersionRow,
        r#"select plan_key, number, state as "state: VersionState", reason, act as "act: Json<Act>", signatures as "signatures: Json<Vec<Signature>>",
                  changed_at, adopted_at, adopted_by
           from plan.version where tenant_id = $1 and state = 'DRAFT'"#,
        tenant
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Takes the draft for oneself until the transaction ends, so that two who write at once do not undo each other.
pub(crate) async fn hold_draft(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("select number from plan.version where tenant_id = $1 and state = 'DRAFT' for update", tenant)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

/// The versions of a plan that were ever in force, newest first, and how many there are.
pub(crate) async fn versions(tx: &mut Tx, key: &str, limit: i64, offset: i64) -> Result<(Vec<VersionRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query_as!(
        VersionRow,
        r#"select plan_key, number, state as "state: VersionState", reason, act as "act: Json<Act>", signatures as "signatures: Json<Vec<Signature>>",
                  changed_at, adopted_at, adopted_by
           from plan.version where tenant_id = $1 and plan_key = $2 and state <> 'DRAFT' order by number desc limit $3 offset $4"#,
        tenant,
        key,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from plan.version where tenant_id = $1 and plan_key = $2 and state <> 'DRAFT'"#,
        tenant,
        key
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

/// Every version of every plan, for the pack.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<VersionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        VersionRow,
        r#"select plan_key, number, state as "state: VersionState", reason, act as "act: Json<Act>", signatures as "signatures: Json<Vec<Signature>>",
                  changed_at, adopted_at, adopted_by
           from plan.version where tenant_id = $1 order by plan_key, number"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The text of a version.
pub(crate) async fn content(tx: &mut Tx, key: &str, number: i32) -> Result<Content> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        Content,
        r#"select content as "document: Json<Document>", done as "done: Json<Vec<Done>>"
           from plan.version where tenant_id = $1 and plan_key = $2 and number = $3"#,
        tenant,
        key,
        number
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The number of the version that came before in force.
pub(crate) async fn before(tx: &mut Tx, key: &str, number: i32) -> Result<Option<i32>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        "select max(number) from plan.version where tenant_id = $1 and plan_key = $2 and number < $3 and state <> 'DRAFT'",
        tenant,
        key,
        number
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The plans of the municipality that are in force, each in its version, the latest period first.
pub(crate) async fn plans(tx: &mut Tx) -> Result<Vec<PlanOfPeriod>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        PlanOfPeriod,
        r#"select plan_key as key, content ->> 'title' as "title!", number, (content -> 'period' ->> 'from_year')::integer as from_year,
                  (content -> 'period' ->> 'to_year')::integer as to_year,
                  exists (select from plan.plan p where p.tenant_id = v.tenant_id and p.key = v.plan_key) as "measured!"
           from plan.version v where tenant_id = $1 and state = 'IN_FORCE'
           order by 4 desc nulls last, plan_key"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The number that the next version of a plan takes.
pub(crate) async fn next_number(tx: &mut Tx, key: &str) -> Result<i32> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(max(number), 0) + 1 as "next!" from plan.version where tenant_id = $1 and plan_key = $2"#,
        tenant,
        key
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The greatest number that an action of a plan ever bore: it is not given again, for what is told of an action follows its number.
pub(crate) async fn greatest_line(tx: &mut Tx, key: &str) -> Result<i32> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(max((line ->> 'number')::integer), 0) as "greatest!"
           from plan.version v, jsonb_array_elements(v.content -> 'action_lines') line where v.tenant_id = $1 and v.plan_key = $2"#,
        tenant,
        key
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn insert(tx: &mut Tx, row: &VersionRow, content: &Content) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into plan.version (tenant_id, plan_key, number, state, content, done, reason, act, signatures, changed_at, adopted_at, adopted_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        row.plan_key,
        row.number,
        row.state as _,
        &content.document as _,
        &content.done as _,
        row.reason,
        row.act.as_ref() as _,
        &row.signatures as _,
        row.changed_at,
        row.adopted_at,
        row.adopted_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Renews what a version says of itself.
pub(crate) async fn update(tx: &mut Tx, row: &VersionRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update plan.version set state = $4, reason = $5, act = $6, signatures = $7, changed_at = $8, adopted_at = $9, adopted_by = $10
         where tenant_id = $1 and plan_key = $2 and number = $3",
        tenant,
        row.plan_key,
        row.number,
        row.state as _,
        row.reason,
        row.act.as_ref() as _,
        &row.signatures as _,
        row.changed_at,
        row.adopted_at,
        row.adopted_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Renews the text of a version.
pub(crate) async fn set_document(tx: &mut Tx, key: &str, number: i32, document: &Document) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update plan.version set content = $4 where tenant_id = $1 and plan_key = $2 and number = $3",
        tenant,
        key,
        number,
        Json(document) as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps what was done of a version, before another takes its place.
pub(crate) async fn keep_done(tx: &mut Tx, key: &str, number: i32, done: &[Done]) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update plan.version set done = $4 where tenant_id = $1 and plan_key = $2 and number = $3",
        tenant,
        key,
        number,
        Json(done) as _
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, key: &str, number: i32) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "delete from plan.version where tenant_id = $1 and plan_key = $2 and number = $3 and state = 'DRAFT'",
        tenant,
        key,
        number
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from plan.version where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
