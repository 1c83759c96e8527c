//! Queries and mutations of the month's news.

use async_graphql::{Context, InputObject, Object};
use kernel::Permission;
use kernel::graphql::{Can, Cx, DateTime, GqlResult};

use super::service;
use super::store::{self, MonthlyNewsRow};

/// The news of a closed month.
pub struct MonthlyNews(MonthlyNewsRow);

/// The news of a closed month.
#[Object]
impl MonthlyNews {
    /// The month, `YYYY-MM`.
    async fn month(&self) -> &str {
        &self.0.month
    }

    /// Its name in addresses, among the agency's news.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its text, in Markdown.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Its text as HTML without script.
    async fn body_html(&self) -> String {
        kernel::text::markdown(&self.0.body)
    }

    /// When the closed ranking wrote it.
    async fn drafted_at(&self) -> DateTime {
        DateTime(self.0.drafted_at)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When it was published; null while it is a draft.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.published_at.map(DateTime)
    }
}

/// Queries of the month's news.
#[derive(Default)]
pub struct NewsQuery;

/// Queries of the month's news.
#[Object]
impl NewsQuery {
    /// The news of every closed month, drafts too, newest first.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn all_monthly_news(&self, ctx: &Context<'_>) -> GqlResult<Vec<MonthlyNews>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        if crate::at_the_agency(&tx).is_err() {
            return Ok(Vec::new());
        }
        Ok(store::all(&mut tx).await?.into_iter().map(MonthlyNews).collect())
    }

    /// The news of a closed month.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn monthly_news(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The month, `YYYY-MM`.")] month: String,
    ) -> GqlResult<Option<MonthlyNews>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        if crate::at_the_agency(&tx).is_err() {
            return Ok(None);
        }
        Ok(store::all(&mut tx).await?.into_iter().find(|row| row.month == month).map(MonthlyNews))
    }
}

/// The draft of a month's news, as the editor leaves it.
#[derive(InputObject)]
pub struct KeepMonthlyNewsInput {
    /// The month, `YYYY-MM`.
    month: String,
    /// Its title.
    title: String,
    /// Its text, in Markdown.
    body: String,
}

/// The news of a month, as it is published.
#[derive(InputObject)]
pub struct PublishMonthlyNewsInput {
    /// The month, `YYYY-MM`.
    month: String,
    /// Its title.
    title: String,
    /// Its text, in Markdown.
    body: String,
}

kernel::payload!(KeepMonthlyNewsPayload { monthly_news: MonthlyNews });
kernel::payload!(PublishMonthlyNewsPayload { monthly_news: MonthlyNews });

/// Mutations of the month's news.
#[derive(Default)]
pub struct NewsMutation;

/// Mutations of the month's news.
#[Object]
impl NewsMutation {
    /// Keeps the draft of a month's news.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn keep_monthly_news(&self, ctx: &Context<'_>, input: KeepMonthlyNewsInput) -> GqlResult<KeepMonthlyNewsPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep(&mut tx, &input.month, &input.title, &input.body).await;
        KeepMonthlyNewsPayload::of(tx.settle(done).await.map(MonthlyNews))
    }

    /// Publishes the news of a month in the agency's news and feed.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn publish_monthly_news(&self, ctx: &Context<'_>, input: PublishMonthlyNewsInput) -> GqlResult<PublishMonthlyNewsPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::publish(&mut tx, cx.platform.registry(), &input.month, &input.title, &input.body).await;
        PublishMonthlyNewsPayload::of(tx.settle(done).await.map(MonthlyNews))
    }
}
