//! One function a use case.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::Event;
use kernel::search::Entry;
use kernel::{Result, Tx, text};
use serde_json::json;

use crate::model::{DependencyRow, NewsRow, PageRow};
use crate::{rules, store};

/// Publishes a news item at once: public page, feed and search carry it with this commit.
pub(crate) async fn publish_news(tx: &mut Tx, title: &str, body: &str, slug: Option<&str>) -> Result<NewsRow> {
    let draft = rules::draft(title, body, slug)?;
    let now = tx.now();
    let news = NewsRow {
        id: tx.id(),
        slug: draft.slug,
        title: draft.title,
        body: draft.body,
        organ: "Alcaldía".to_owned(),
        demonstration: false,
        published_at: now,
        updated_at: now,
        withdrawn_at: None,
    };
    place_news(tx, &news).await?;
    tx.audit("site.news.published", "news", &news.id.to_string(), json!({ "title": news.title, "slug": news.slug })).await?;
    tx.publish();
    Ok(news)
}

#[derive(serde::Deserialize)]
struct Announcement {
    title: String,
    body: String,
    slug: String,
}

/// The agency's editor published the news of a month: it goes up on the portal in the same transaction.
pub(crate) fn announce<'a>(tx: &'a mut Tx, event: &'a Event) -> BoxFuture<'a, Result<()>> {
    async move {
        let news: Announcement = serde_json::from_value(event.payload.clone())?;
        let now = tx.now();
        let id = tx.id();
        let row = NewsRow {
            id,
            slug: news.slug,
            title: news.title,
            body: news.body,
            organ: "Agencia nacional".to_owned(),
            demonstration: false,
            published_at: now,
            updated_at: now,
            withdrawn_at: None,
        };
        place_news(tx, &row).await?;
        tx.audit("site.news.published", "news", &id.to_string(), json!({ "title": row.title, "slug": row.slug })).await?;
        tx.publish();
        Ok(())
    }
    .boxed()
}

/// Stores a news item and makes it findable.
pub(crate) async fn place_news(tx: &mut Tx, news: &NewsRow) -> Result<()> {
    store::insert_news(tx, news).await?;
    if news.withdrawn_at.is_some() {
        return Ok(());
    }
    tx.index(Entry {
        kind: "news",
        key: news.slug.clone(),
        title: news.title.clone(),
        summary: text::summary(&news.body, 180),
        text: news.body.clone(),
        path: format!("/noticias/{}", news.slug),
    })
    .await
}

/// Takes a news item off the site; its address answers "no existe" from then on.
pub(crate) async fn withdraw_news(tx: &mut Tx, slug: &str) -> Result<NewsRow> {
    let now = tx.now();
    let news = store::withdraw_news(tx, slug, now).await?;
    tx.unindex("news", slug).await?;
    tx.audit("site.news.withdrawn", "news", &news.id.to_string(), json!({ "slug": slug })).await?;
    tx.publish();
    Ok(news)
}

/// Stores a page and makes it findable.
pub(crate) async fn place_page(tx: &mut Tx, page: &PageRow) -> Result<()> {
    store::upsert_page(tx, page).await?;
    tx.index(Entry {
        kind: "page",
        key: page.slug.clone(),
        title: page.title.clone(),
        summary: text::summary(&page.body, 180),
        text: page.body.clone(),
        path: page_path(&page.slug),
    })
    .await
}

/// Stores a dependency and makes it findable.
pub(crate) async fn place_dependency(tx: &mut Tx, dependency: &DependencyRow) -> Result<()> {
    store::insert_dependency(tx, dependency).await?;
    tx.index(Entry {
        kind: "dependency",
        key: dependency.slug.clone(),
        title: dependency.name.clone(),
        summary: dependency.functions.clone().unwrap_or_default(),
        text: searchable(dependency),
        path: format!("/directorio#{}", dependency.slug),
    })
    .await
}

fn searchable(dependency: &DependencyRow) -> String {
    let people = dependency.officials.0.iter().flat_map(|official| [Some(&official.name), official.post.as_ref()]);
    [dependency.email.as_ref(), dependency.address.as_ref()].into_iter().chain(people).flatten().cloned().collect::<Vec<_>>().join(" ")
}

/// The address of a page: the four legal pages stand at the root (contract, section Routes).
pub(crate) fn page_path(slug: &str) -> String {
    if LEGAL_PAGES.contains(&slug) { format!("/{slug}") } else { format!("/alcaldia/{slug}") }
}

/// Slugs of the pages that every public site must have.
pub(crate) const LEGAL_PAGES: [&str; 4] = ["terminos", "privacidad", "derechos-de-autor", "accesibilidad"];
