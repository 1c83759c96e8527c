//! SQL of the catalogue.

use kernel::search::{Entry, plain};
use kernel::{Result, Tx};

use crate::model::EntryRow;

/// What the town says, all of it: the catalogue is merged in memory.
pub(crate) async fn entries(tx: &mut Tx) -> Result<Vec<EntryRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        EntryRow,
        r#"select slug, name, kind as "kind: _", applies, published, automation as "automation: _", suit_number, dependency, dependency_slug,
                  who_may_ask, requirements, cost_kind as "cost_kind: _", cost_note, term_business_days, result, legal_basis, note,
                  confirmed_at, confirmed_by, updated_at as "updated_at?"
           from tramites.entry where tenant_id = $1 order by slug"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn upsert(tx: &mut Tx, entry: &EntryRow) -> Result<()> {
    let (tenant, updated_at) = (tx.tenant()?, entry.updated_at.unwrap_or(tx.now()));
    sqlx::query!(
        "insert into tramites.entry (tenant_id, slug, name, kind, applies, published, automation, suit_number, dependency, dependency_slug,
                                     who_may_ask, requirements, cost_kind, cost_note, term_business_days, result, legal_basis, note,
                                     confirmed_at, confirmed_by, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         on conflict on constraint entry_pkey
         do update set name = excluded.name, kind = excluded.kind, applies = excluded.applies, published = excluded.published,
                       automation = excluded.automation, suit_number = excluded.suit_number, dependency = excluded.dependency,
                       dependency_slug = excluded.dependency_slug, who_may_ask = excluded.who_may_ask, requirements = excluded.requirements,
                       cost_kind = excluded.cost_kind, cost_note = excluded.cost_note, term_business_days = excluded.term_business_days,
                       result = excluded.result, legal_basis = excluded.legal_basis, note = excluded.note,
                       confirmed_at = excluded.confirmed_at, confirmed_by = excluded.confirmed_by, updated_at = excluded.updated_at",
        tenant,
        entry.slug,
        entry.name,
        entry.kind as _,
        entry.applies,
        entry.published,
        entry.automation as _,
        entry.suit_number,
        entry.dependency,
        entry.dependency_slug,
        entry.who_may_ask,
        entry.requirements.as_deref(),
        entry.cost_kind as _,
        entry.cost_note,
        entry.term_business_days,
        entry.result,
        entry.legal_basis,
        entry.note,
        entry.confirmed_at,
        entry.confirmed_by,
        updated_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Makes the whole catalogue findable in one statement: a country of towns is provisioned this way.
pub(crate) async fn index_all(tx: &mut Tx, entries: &[Entry]) -> Result<()> {
    let tenant = tx.tenant()?;
    let column = |of: fn(&Entry) -> String| entries.iter().map(of).collect::<Vec<_>>();
    sqlx::query!("delete from kernel.search_entry where tenant_id = $1 and kind in ('tramite', 'service')", tenant)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "insert into kernel.search_entry (tenant_id, kind, key, title, summary, path, words)
         select $1, kind, key, title, summary, path,
                setweight(to_tsvector('spanish', a), 'A') || setweight(to_tsvector('spanish', b), 'B') || setweight(to_tsvector('spanish', c), 'C')
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
              as entry (kind, key, title, summary, path, a, b, c)",
        tenant,
        &column(|entry| entry.kind.to_owned()),
        &column(|entry| entry.key.clone()),
        &column(|entry| entry.title.clone()),
        &column(|entry| entry.summary.clone()),
        &column(|entry| entry.path.clone()),
        &column(|entry| plain(&entry.title)),
        &column(|entry| plain(&entry.summary)),
        &column(|entry| plain(&entry.text)),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from tramites.entry where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from kernel.search_entry where tenant_id = $1 and kind in ('tramite', 'service')", tenant)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
