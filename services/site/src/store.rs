//! SQL of the site.

use kernel::directory::Phone;
use kernel::graphql::Official;
use kernel::{Result, Tx};
use sqlx::types::Json;
use time::OffsetDateTime;

use crate::model::{DependencyRow, FoundRow, NewsRow, OrganRow, PageRow, ReadablePage};

pub(crate) async fn insert_news(tx: &mut Tx, news: &NewsRow) -> Result<()> {
    let (tenant, author) = (tx.tenant()?, tx.actor());
    sqlx::query!(
        "insert into site.news (tenant_id, id, slug, title, body, organ, author_id, demonstration, published_at, updated_at, withdrawn_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tenant,
        news.id,
        news.slug,
        news.title,
        news.body,
        news.organ,
        author,
        news.demonstration,
        news.published_at,
        news.updated_at,
        news.withdrawn_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn withdraw_news(tx: &mut Tx, slug: &str, at: OffsetDateTime) -> Result<NewsRow> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        NewsRow,
        "update site.news set withdrawn_at = $3, updated_at = $3 where tenant_id = $1 and slug = $2 and withdrawn_at is null
         returning id, slug, title, body, organ, demonstration, published_at, updated_at, withdrawn_at",
        tenant,
        slug,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn news_item(tx: &mut Tx, slug: &str) -> Result<Option<NewsRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        NewsRow,
        "select id, slug, title, body, organ, demonstration, published_at, updated_at, withdrawn_at
         from site.news where tenant_id = $1 and slug = $2 and withdrawn_at is null",
        tenant,
        slug
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub(crate) async fn news(tx: &mut Tx, limit: i64, offset: i64) -> Result<(Vec<NewsRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query_as!(
        NewsRow,
        "select id, slug, title, body, organ, demonstration, published_at, updated_at, withdrawn_at
         from site.news where tenant_id = $1 and withdrawn_at is null order by published_at desc, id desc limit $2 offset $3",
        tenant,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(r#"select count(*) as "count!" from site.news where tenant_id = $1 and withdrawn_at is null"#, tenant)
        .fetch_one(&mut **tx)
        .await?;
    Ok((rows, total))
}

pub(crate) async fn all_news(tx: &mut Tx) -> Result<Vec<NewsRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        NewsRow,
        "select id, slug, title, body, organ, demonstration, published_at, updated_at, withdrawn_at
         from site.news where tenant_id = $1 order by published_at, id",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// When anything of the site was last changed for the public, as of a moment.
pub(crate) async fn last_update(tx: &mut Tx, at: OffsetDateTime) -> Result<Option<OffsetDateTime>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select greatest((select max(published_at) from site.news
                            where tenant_id = $1 and published_at <= $2 and (withdrawn_at is null or withdrawn_at > $2)),
                           (select max(updated_at) from site.page where tenant_id = $1 and updated_at <= $2)) as "at""#,
        tenant,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The news of a span that were public at its end, newest first.
pub(crate) async fn news_between(tx: &mut Tx, since: OffsetDateTime, at: OffsetDateTime) -> Result<Vec<NewsRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        NewsRow,
        "select id, slug, title, body, organ, demonstration, published_at, updated_at, withdrawn_at from site.news
         where tenant_id = $1 and published_at between $2 and $3 and (withdrawn_at is null or withdrawn_at > $3)
         order by published_at desc, id desc",
        tenant,
        since,
        at
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn news_count_between(tx: &mut Tx, since: OffsetDateTime, at: OffsetDateTime) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from site.news
           where tenant_id = $1 and published_at between $2 and $3 and (withdrawn_at is null or withdrawn_at > $3)"#,
        tenant,
        since,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn upsert_page(tx: &mut Tx, page: &PageRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into site.page (tenant_id, slug, title, section, body, updated_at) values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint page_pkey
         do update set title = excluded.title, section = excluded.section, body = excluded.body, updated_at = excluded.updated_at",
        tenant,
        page.slug,
        page.title,
        page.section,
        page.body,
        page.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn pages(tx: &mut Tx) -> Result<Vec<PageRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(PageRow, "select slug, title, section, body, updated_at from site.page where tenant_id = $1 order by slug", tenant)
        .fetch_all(&mut **tx)
        .await?)
}

/// Every page that has something to read; one that says «por confirmar» has not.
pub(crate) async fn readable_pages(tx: &mut Tx) -> Result<Vec<ReadablePage>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ReadablePage,
        "select slug, section, updated_at from site.page
         where tenant_id = $1 and length(body) >= 40 and strpos(lower(body), 'por confirmar') = 0",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn page(tx: &mut Tx, slug: &str) -> Result<Option<PageRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        PageRow,
        "select slug, title, section, body, updated_at from site.page where tenant_id = $1 and slug = $2",
        tenant,
        slug
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub(crate) async fn insert_organ(tx: &mut Tx, organ: &OrganRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into site.organ (tenant_id, slug, name, place) values ($1, $2, $3, $4) on conflict on constraint organ_pkey do nothing",
        tenant,
        organ.slug,
        organ.name,
        organ.place
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_dependency(tx: &mut Tx, dependency: &DependencyRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into site.dependency (tenant_id, slug, organ, name, functions, address, phones, email, hours, officials, place)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict on constraint dependency_pkey do nothing",
        tenant,
        dependency.slug,
        dependency.organ,
        dependency.name,
        dependency.functions,
        dependency.address,
        Json(&dependency.phones.0) as _,
        dependency.email,
        dependency.hours,
        Json(&dependency.officials.0) as _,
        dependency.place
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn organs(tx: &mut Tx) -> Result<Vec<OrganRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(OrganRow, "select slug, name, place from site.organ where tenant_id = $1 order by place, slug", tenant)
        .fetch_all(&mut **tx)
        .await?)
}

pub(crate) async fn dependencies(tx: &mut Tx) -> Result<Vec<DependencyRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        DependencyRow,
        r#"select slug, organ, name, functions, address, phones as "phones: Json<Vec<Phone>>", email, hours,
                  officials as "officials: Json<Vec<Official>>", place
           from site.dependency where tenant_id = $1 order by place, slug"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Full-text search; the last word also matches as a beginning, for whoever types half a word.
pub(crate) async fn search(tx: &mut Tx, words: &str, limit: i64, offset: i64) -> Result<(Vec<FoundRow>, i64)> {
    let tenant = tx.tenant()?;
    let last = words.rsplit(' ').next().unwrap_or(words);
    let rows = sqlx::query!(
        r#"with q as (select plainto_tsquery('spanish', $2) || to_tsquery('simple', quote_literal($3) || ':*') as query)
           select kind, title, summary, path, count(*) over () as "total!"
           from kernel.search_entry, q
           where tenant_id = $1 and words @@ q.query
           order by (words @@ plainto_tsquery('spanish', $2)) desc, ts_rank(words, q.query) desc, title
           limit $4 offset $5"#,
        tenant,
        words,
        last,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let found = rows.into_iter().map(|row| FoundRow { kind: row.kind, title: row.title, summary: row.summary, path: row.path }).collect();
    Ok((found, total))
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from site.news where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from site.page where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from site.dependency where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from site.organ where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from kernel.search_entry where tenant_id = $1 and kind in ('news', 'page', 'dependency')", tenant)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
