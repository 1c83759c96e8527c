//! One function a use case of the month's news.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Event, Registry};
use kernel::error::Faults;
use kernel::{Error, Result, Tx};
use serde_json::json;

use super::store::{self, MonthlyNewsRow};
use crate::at_the_agency;

/// Told when the editor publishes; the payload has `slug`, `title` and `body`.
const PUBLISHED: &str = "incentives.news_published";

#[derive(serde::Deserialize)]
struct ClosedMonth {
    month: String,
    slug: String,
    title: String,
    body: String,
}

/// A month was closed: what the ranking says of it waits for the editor.
pub(crate) fn draft<'a>(tx: &'a mut Tx, event: &'a Event) -> BoxFuture<'a, Result<()>> {
    async move {
        let ClosedMonth { month, slug, title, body } = serde_json::from_value(event.payload.clone())?;
        let now = tx.now();
        let row = MonthlyNewsRow { month, slug, title, body, drafted_at: now, updated_at: now, published_at: None };
        store::insert(tx, &row).await?;
        tx.audit("incentives.news.drafted", "monthly_news", &row.month, json!({ "title": row.title })).await
    }
    .boxed()
}

/// The news of a month, written as somebody typed it and not yet published.
async fn typed(tx: &mut Tx, month: &str, title: &str, body: &str) -> Result<MonthlyNewsRow> {
    at_the_agency(tx)?;
    let mut row = store::all(tx).await?.into_iter().find(|row| row.month == month).ok_or(Error::NotFound)?;
    if row.published_at.is_some() {
        return Err(Error::whole("PUBLISHED", "La noticia de este mes ya se publicó."));
    }
    let mut faults = Faults::default();
    row.title = faults.needed("title", title, 160, "Escriba el título");
    row.body = faults.needed("body", body, 60_000, "Escriba el texto de la noticia");
    faults.into_result()?;
    row.updated_at = tx.now();
    Ok(row)
}

/// Keeps the draft as the editor left it.
pub(crate) async fn keep(tx: &mut Tx, month: &str, title: &str, body: &str) -> Result<MonthlyNewsRow> {
    let row = typed(tx, month, title, body).await?;
    store::update(tx, &row).await?;
    tx.audit("incentives.news.edited", "monthly_news", month, json!({ "title": row.title })).await?;
    Ok(row)
}

/// Publishes the news of a month: the agency's news and its feed carry it with this commit.
pub(crate) async fn publish(tx: &mut Tx, registry: &Registry, month: &str, title: &str, body: &str) -> Result<MonthlyNewsRow> {
    let mut row = typed(tx, month, title, body).await?;
    row.published_at = Some(row.updated_at);
    store::update(tx, &row).await?;
    let payload = json!({ "slug": row.slug, "title": row.title, "body": row.body });
    registry.tell(tx, &Event { name: PUBLISHED, payload }).await?;
    tx.audit("incentives.news.published", "monthly_news", month, json!({ "slug": row.slug })).await?;
    Ok(row)
}
