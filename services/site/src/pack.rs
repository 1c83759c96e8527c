//! The site's part of a tenant pack: `site/directory.yaml`, `site/pages/*.md`, `site/news/*.md`.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::directory::Phone;
use kernel::graphql::Official;
use kernel::pack::{Pack, PackPart};
use kernel::{Error, Result, Tx, ids, text};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{DependencyRow, NewsRow, OrganRow, PageRow};
use crate::{service, store};

pub(crate) struct SitePart;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryFile {
    #[serde(default)]
    organs: Vec<OrganFile>,
    #[serde(default)]
    dependencies: Vec<DependencyFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganFile {
    key: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DependencyFile {
    key: String,
    organ: String,
    name: String,
    functions: Option<String>,
    address: Option<String>,
    phones: Vec<Phone>,
    email: Option<String>,
    hours: Option<String>,
    officials: Vec<Official>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageFile {
    slug: String,
    title: String,
    #[serde(default)]
    section: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    updated_at: Option<OffsetDateTime>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewsFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    slug: String,
    title: String,
    organ: String,
    #[serde(default)]
    demonstration: bool,
    /// A time, or the word `import`: the moment of the import.
    published_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<String>,
}

fn moment(path: &str, word: &str, import: OffsetDateTime) -> Result<OffsetDateTime> {
    if word == "import" {
        return Ok(import);
    }
    OffsetDateTime::parse(word, &time::format_description::well_known::Rfc3339)
        .map_err(|_| Error::whole("PACK", format!("{path}: la fecha «{word}» no es ISO 8601")))
}

fn written(at: OffsetDateTime) -> Result<String> {
    at.to_offset(time::UtcOffset::UTC).format(&time::format_description::well_known::Rfc3339).map_err(Error::broken)
}

/// The pages that every town starts from, with its name put in.
const BASE_PAGES: [&str; 4] = [
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/site/pages/terminos.md")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/site/pages/privacidad.md")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/site/pages/derechos-de-autor.md")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/site/pages/accesibilidad.md")),
];

async fn import_pages(tx: &mut Tx, pack: &Pack) -> Result<()> {
    let now = tx.now();
    for (_, front, body) in pack.markdown::<PageFile>("site/pages/")? {
        let page =
            PageRow { slug: front.slug, title: front.title, section: front.section, body, updated_at: front.updated_at.unwrap_or(now) };
        service::place_page(tx, &page).await?;
    }
    Ok(())
}

#[async_trait]
impl PackPart for SitePart {
    fn claims(&self) -> &'static [&'static str] {
        &["site/"]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let mut base = Pack::default();
        let identity: serde_json::Value = pack.required_yaml("tenant.yaml")?;
        for (slug, page) in service::LEGAL_PAGES.iter().zip(BASE_PAGES) {
            let path = format!("site/pages/{slug}.md");
            if pack.bytes(&path).is_none() {
                base.put(&path, addressed(page, &identity));
            }
        }
        import_pages(tx, &base).await?;
        import_pages(tx, pack).await?;
        if let Some(file) = pack.yaml::<DirectoryFile>("site/directory.yaml")? {
            place_directory(tx, file).await?;
        }
        let (now, tenant) = (tx.now(), tx.tenant()?);
        for (path, front, body) in pack.markdown::<NewsFile>("site/news/")? {
            let published_at = moment(&path, &front.published_at, now)?;
            let news = NewsRow {
                id: front.id.unwrap_or_else(|| ids::named(tenant, "news", &front.slug)),
                slug: front.slug,
                title: front.title,
                body,
                organ: front.organ,
                demonstration: front.demonstration,
                published_at,
                updated_at: front.updated_at.as_deref().map_or(Ok(published_at), |word| moment(&path, word, now))?,
                withdrawn_at: front.withdrawn_at.as_deref().map(|word| moment(&path, word, now)).transpose()?,
            };
            service::place_news(tx, &news).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let organs = store::organs(tx).await?.into_iter().map(|organ| OrganFile { key: organ.slug, name: organ.name }).collect();
        let dependencies = store::dependencies(tx).await?.into_iter().map(|row| DependencyFile {
            key: row.slug,
            organ: row.organ,
            name: row.name,
            functions: row.functions,
            address: row.address,
            phones: row.phones.0,
            email: row.email,
            hours: row.hours,
            officials: row.officials.0,
        });
        pack.put_yaml("site/directory.yaml", &DirectoryFile { organs, dependencies: dependencies.collect() })?;
        for page in store::pages(tx).await? {
            let front = PageFile { slug: page.slug.clone(), title: page.title, section: page.section, updated_at: Some(page.updated_at) };
            pack.put_markdown(&format!("site/pages/{}.md", page.slug), &front, &page.body)?;
        }
        for news in store::all_news(tx).await? {
            let front = NewsFile {
                id: Some(news.id),
                slug: news.slug.clone(),
                title: news.title,
                organ: news.organ,
                demonstration: news.demonstration,
                published_at: written(news.published_at)?,
                updated_at: Some(written(news.updated_at)?),
                withdrawn_at: news.withdrawn_at.map(written).transpose()?,
            };
            pack.put_markdown(&format!("site/news/{}.md", news.slug), &front, &news.body)?;
        }
        Ok(())
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

/// A base page with the municipality's own names in it; what is unknown reads so.
fn addressed(page: &str, identity: &serde_json::Value) -> String {
    let mut text = page.to_owned();
    for (mark, key) in [("municipality", "name"), ("official_name", "official_name"), ("address", "address"), ("email", "email")] {
        let value = identity.get(key).and_then(|value| value.as_str()).unwrap_or("por confirmar");
        text = text.replace(&format!("{{{{{mark}}}}}"), value);
    }
    text
}

async fn place_directory(tx: &mut Tx, file: DirectoryFile) -> Result<()> {
    for (organ, place) in file.organs.into_iter().zip(0..) {
        store::insert_organ(tx, &OrganRow { slug: organ.key, name: organ.name, place }).await?;
    }
    for (dependency, place) in file.dependencies.into_iter().zip(0..) {
        let row = DependencyRow {
            slug: dependency.key,
            organ: dependency.organ,
            name: dependency.name,
            functions: dependency.functions,
            address: dependency.address,
            phones: Json(dependency.phones),
            email: dependency.email,
            hours: dependency.hours,
            officials: Json(dependency.officials),
            place,
        };
        service::place_dependency(tx, &row).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoSection {
    #[serde(default)]
    news: Vec<DemoNews>,
    #[serde(default)]
    directory: Option<DirectoryFile>,
    #[serde(default)]
    pages: Vec<DemoPage>,
}

/// A page that shows where something would be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoPage {
    slug: String,
    title: String,
    section: Option<String>,
    days_ago: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoNews {
    title: String,
    #[serde(default)]
    slug: Option<String>,
    #[serde(default)]
    organ: Option<String>,
    body: String,
    /// So many days before the overlay is loaded; or the day after the month so many months ago was closed.
    #[serde(default)]
    days_ago: Option<i64>,
    #[serde(default)]
    after_close_of: Option<u8>,
    #[serde(default)]
    at: Option<String>,
}

/// Days since the second of the month that follows the month `months_ago`.
fn days_since_close(today: time::Date, months_ago: u8) -> i64 {
    let mut first = today.replace_day(1).unwrap_or(today);
    for _ in 1..months_ago {
        first = first.previous_day().and_then(|last| last.replace_day(1).ok()).unwrap_or(first);
    }
    (today - first).whole_days() - 1
}

/// Loads the overlay's `site` section, marked as demonstration.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let section: DemoSection = serde_json::from_value(section.clone())?;
        let (now, tenant) = (tx.now(), tx.tenant()?);
        if let Some(directory) = section.directory {
            place_directory(tx, directory).await?;
        }
        for DemoPage { slug, title, section, days_ago } in section.pages {
            let body = format!(
                "Ejemplo de la página «{title}». En un sitio real aquí se lee lo que la alcaldía publica de este tema.\n\n*Contenido de demostración.*"
            );
            service::place_page(tx, &PageRow { slug, title, section, body, updated_at: text::days_ago(now, days_ago, None) }).await?;
        }
        for item in section.news {
            let slug = item.slug.unwrap_or_else(|| text::slug(&item.title));
            let days_ago = item.days_ago.unwrap_or_else(|| days_since_close(tx.today(), item.after_close_of.unwrap_or(1)));
            let published_at = text::days_ago(now, days_ago, item.at.as_deref());
            let news = NewsRow {
                id: ids::named(tenant, "news", &slug),
                slug,
                title: item.title,
                body: item.body,
                organ: item.organ.unwrap_or_else(|| "Alcaldía".to_owned()),
                demonstration: true,
                published_at,
                updated_at: published_at,
                withdrawn_at: None,
            };
            service::place_news(tx, &news).await?;
        }
        tx.publish();
        Ok(())
    }
    .boxed()
}
