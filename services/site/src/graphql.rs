//! The site's queries and mutations.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, Dependency, GqlResult, Paging};
use kernel::{Error, Permission, text};

use crate::model::{DependencyRow, NewsRow, PageRow};
use crate::rules::{self, LEGAL_MENU, MenuRow};
use crate::{service, store};

/// News of a tenant.
pub struct NewsItem(NewsRow);

/// News of a tenant.
#[Object]
impl NewsItem {
    /// Its address below `/noticias/`.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The text, as Markdown.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// The text as safe HTML, headings from level two.
    async fn body_html(&self) -> String {
        text::markdown(&self.0.body)
    }

    /// The first sentences, without markup.
    async fn summary(&self) -> String {
        text::summary(&self.0.body, 180)
    }

    /// The organ that publishes it.
    async fn organ(&self) -> &str {
        &self.0.organ
    }

    /// Since when it is public.
    async fn published_at(&self) -> Option<DateTime> {
        Some(DateTime(self.0.published_at))
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Whether it is demonstration content.
    async fn demonstration(&self) -> bool {
        self.0.demonstration
    }
}

kernel::connection!(NewsConnection, NewsItem);

/// A page that changes seldom.
pub struct Page(PageRow);

/// A page that changes seldom.
#[Object]
impl Page {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The code of the legal menu that it answers.
    async fn section(&self) -> Option<&str> {
        self.0.section.as_deref()
    }

    /// The text as safe HTML.
    async fn body_html(&self) -> String {
        text::markdown(&self.0.body)
    }

    /// Its address.
    async fn path(&self) -> String {
        service::page_path(&self.0.slug)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// A body of the municipality that publishes in its own name.
#[derive(SimpleObject)]
pub struct Organ {
    /// Its name in addresses.
    slug: String,
    /// Its name.
    name: String,
    /// Its offices.
    dependencies: Vec<Dependency>,
}

fn shown(row: DependencyRow) -> Dependency {
    Dependency {
        slug: Some(row.slug),
        name: row.name,
        functions: row.functions,
        address: row.address,
        phones: row.phones.0,
        email: row.email,
        hours: row.hours,
        officials: row.officials.0,
    }
}

/// How far an item of the legal menu is published; each is an honest state.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum MenuState {
    /// There is something to read.
    Published,
    /// The municipality has not published it yet.
    Pending,
}

/// An item of the legal menu (Res. MinTIC 1519/2020, Anexo 2).
#[derive(SimpleObject, Clone)]
pub struct LegalMenuItem {
    /// Its code in our data.
    code: String,
    /// Its title, as the law words it.
    title: String,
    /// The code above it; null at the top.
    parent: Option<String>,
    /// The law it rests on.
    legal_basis: Option<String>,
    /// What it should hold.
    note: Option<String>,
    /// How sure we are of title and place: `seen`, `memory-high`, `memory-medium`.
    confidence: String,
    /// Whether it is published.
    state: MenuState,
    /// Where it is read, when published.
    path: Option<String>,
}

fn menu_item(row: &MenuRow, pages: &[PageRow]) -> LegalMenuItem {
    let own = pages.iter().find(|page| page.section.as_deref() == Some(row.code.as_str())).map(|page| service::page_path(&page.slug));
    let built = BUILT_IN.iter().find(|(code, _)| *code == row.code).map(|(_, path)| (*path).to_owned());
    let path = own.or(built);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    LegalMenuItem {
        code: row.code.clone(),
        title: row.title.clone(),
        parent: some(&row.parent),
        legal_basis: some(&row.legal_basis),
        note: some(&row.content_note),
        confidence: row.confidence.clone(),
        state: if path.is_some() { MenuState::Published } else { MenuState::Pending },
        path,
    }
}

/// Items of the legal menu that the platform itself answers.
const BUILT_IN: [(&str, &str); 13] = [
    ("T", "/transparencia"),
    ("A", "/atencion"),
    ("P", "/participa"),
    ("N", "/noticias"),
    ("1.4", "/directorio"),
    ("1.10", "/pqrsd"),
    ("4.3", "/plan"),
    ("5", "/tramites"),
    ("6", "/participa"),
    ("A.1", "/tramites"),
    ("A.2", "/atencion"),
    ("A.3.1", "/pqrsd"),
    ("A.3.2", "/solicitudes"),
];

/// What a search result is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum SearchKind {
    /// A news item.
    News,
    /// A page.
    Page,
    /// An office of the directory.
    Dependency,
    /// A trámite, another procedure or a consultation.
    Tramite,
    /// A service.
    Service,
    /// Something else.
    Other,
}

/// Something found.
#[derive(SimpleObject)]
pub struct SearchResult {
    /// What it is.
    kind: SearchKind,
    /// Title.
    title: String,
    /// One or two sentences.
    summary: String,
    /// Its address on this site.
    path: String,
}

kernel::connection!(SearchConnection, SearchResult);

/// Queries of the site.
#[derive(Default)]
pub struct SiteQuery;

/// Queries of the site.
#[Object]
impl SiteQuery {
    /// Published news, newest first.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn news(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<NewsConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let (rows, total) = store::news(&mut *Cx::of(ctx)?.read().await?, paging.limit, paging.offset).await?;
        Ok(NewsConnection::new(paging, rows.into_iter().map(NewsItem).collect(), total))
    }

    /// One published news item.
    async fn news_item(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<NewsItem>> {
        Ok(store::news_item(&mut *Cx::of(ctx)?.read().await?, &slug).await?.map(NewsItem))
    }

    /// One page.
    async fn page(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<Page>> {
        Ok(store::page(&mut *Cx::of(ctx)?.read().await?, &slug).await?.map(Page))
    }

    /// Every page.
    async fn pages(&self, ctx: &Context<'_>) -> GqlResult<Vec<Page>> {
        Ok(store::pages(&mut *Cx::of(ctx)?.read().await?).await?.into_iter().map(Page).collect())
    }

    /// The legal menu with the state of each item; below `parent` only, when given.
    async fn legal_menu(&self, ctx: &Context<'_>, parent: Option<String>) -> GqlResult<Vec<LegalMenuItem>> {
        let pages = store::pages(&mut *Cx::of(ctx)?.read().await?).await?;
        let wanted = LEGAL_MENU.iter().filter(|row| parent.as_ref().is_none_or(|parent| row.parent == *parent));
        Ok(wanted.map(|row| menu_item(row, &pages)).collect())
    }

    /// One item of the legal menu.
    async fn legal_menu_item(&self, ctx: &Context<'_>, code: String) -> GqlResult<Option<LegalMenuItem>> {
        let pages = store::pages(&mut *Cx::of(ctx)?.read().await?).await?;
        Ok(LEGAL_MENU.iter().find(|row| row.code == code).map(|row| menu_item(row, &pages)))
    }

    /// Organs with their dependencies.
    async fn directory(&self, ctx: &Context<'_>) -> GqlResult<Vec<Organ>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let organs = store::organs(&mut tx).await?;
        let dependencies = store::dependencies(&mut tx).await?;
        Ok(organs
            .into_iter()
            .map(|organ| Organ {
                dependencies: dependencies.iter().filter(|row| row.organ == organ.slug).cloned().map(shown).collect(),
                slug: organ.slug,
                name: organ.name,
            })
            .collect())
    }

    /// Everything that the tenant has published, by words; accents do not matter.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn search(&self, ctx: &Context<'_>, query: String, first: Option<i32>, after: Option<String>) -> GqlResult<SearchConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let Some(words) = rules::query(&query)? else {
            return Ok(SearchConnection::new(paging, Vec::new(), 0));
        };
        let (rows, total) = store::search(&mut *Cx::of(ctx)?.read().await?, &words, paging.limit, paging.offset).await?;
        let found = rows
            .into_iter()
            .map(|row| SearchResult {
                kind: match row.kind.as_str() {
                    "news" => SearchKind::News,
                    "page" => SearchKind::Page,
                    "dependency" => SearchKind::Dependency,
                    "tramite" => SearchKind::Tramite,
                    "service" => SearchKind::Service,
                    _ => SearchKind::Other,
                },
                title: row.title,
                summary: row.summary,
                path: row.path,
            })
            .collect();
        Ok(SearchConnection::new(paging, found, total))
    }
}

/// A news item to publish.
#[derive(InputObject)]
pub struct PublishNewsInput {
    /// Title, at most 160 letters.
    title: String,
    /// The text, as Markdown.
    body: String,
    /// Its address; made from the title when left out.
    slug: Option<String>,
}

/// A news item to take off the site.
#[derive(InputObject)]
pub struct WithdrawNewsInput {
    /// Its address below `/noticias/`.
    slug: String,
}

kernel::payload!(PublishNewsPayload { news_item: NewsItem });
kernel::payload!(WithdrawNewsPayload { news_item: NewsItem });

/// Mutations of the site.
#[derive(Default)]
pub struct SiteMutation;

/// Mutations of the site.
#[Object]
impl SiteMutation {
    /// Publishes a news item: it is on the public site in the very next request.
    #[graphql(guard = "Can(Permission::PublishNews)")]
    async fn publish_news(&self, ctx: &Context<'_>, input: PublishNewsInput) -> GqlResult<PublishNewsPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::publish_news(&mut tx, &input.title, &input.body, input.slug.as_deref()).await;
        PublishNewsPayload::of(tx.settle(done).await.map(NewsItem))
    }

    /// Takes a news item off the site.
    #[graphql(guard = "Can(Permission::PublishNews)")]
    async fn withdraw_news(&self, ctx: &Context<'_>, input: WithdrawNewsInput) -> GqlResult<WithdrawNewsPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::withdraw_news(&mut tx, &input.slug).await.map_err(|error| match error {
            Error::NotFound => Error::field("slug", "NOT_FOUND", "Esa noticia no está publicada"),
            other => other,
        });
        WithdrawNewsPayload::of(tx.settle(done).await.map(NewsItem))
    }
}
