//! Facts of the site, and what is due on it.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Fact, Facts, Measure};
use kernel::{Result, Tx};

use crate::model::DependencyRow;
use crate::{rules, service, store};

const YEAR: time::Duration = time::Duration::days(365);

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "site.days_since_update",
        unit: "días",
        explanation: "Días completos desde la última noticia o página publicada en el sitio.",
        compute: |tx, asked| days_since_update(tx, asked).boxed(),
    },
    Measure {
        name: "site.news_published",
        unit: "noticias",
        explanation: "Noticias publicadas en los últimos 365 días que siguen en el sitio.",
        compute: |tx, asked| news_published(tx, asked).boxed(),
    },
    Measure {
        name: "site.search_available",
        unit: "sí o no",
        explanation: "El sitio tiene búsqueda y encuentra lo que publica.",
        compute: |_, _| async { Ok(Some(1.0)) }.boxed(),
    },
    Measure {
        name: "site.page.*",
        unit: "página(s) con contenido",
        explanation: "Páginas del sitio con ese tema del menú legal o con esa dirección que tienen algo que leer. La que dice «por confirmar» no cuenta.",
        compute: |tx, asked| pages_with_content(tx, asked).boxed(),
    },
    Measure {
        name: "site.offices.*",
        unit: "%",
        explanation: "De las dependencias del directorio, cuántas publican ese dato.",
        compute: |tx, asked| offices(tx, asked).boxed(),
    },
    Measure {
        name: "site.feature.*",
        unit: "sí o no",
        explanation: "La plataforma lo trae en todas las páginas de este sitio, y lo revisa con cada versión.",
        compute: |_, asked| futures::future::ready(Ok(FEATURES.contains(&asked.parameter.as_str()).then_some(1.0))).boxed(),
    },
    Measure {
        name: "site.directory_published",
        unit: "sí o no",
        explanation: "El directorio publica al menos una dependencia con teléfono o correo.",
        compute: |tx, _| directory_published(tx).boxed(),
    },
];

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "site.days_since_update", list: |tx, asked| publications(tx, asked, true).boxed() },
    Facts { measure: "site.news_published", list: |tx, asked| publications(tx, asked, false).boxed() },
    Facts { measure: "site.directory_published", list: |tx, _| reachable(tx).boxed() },
];

/// What was published in the year before, newest first: the news, and the pages as they were last changed.
async fn publications(tx: &mut Tx, asked: &Asked, pages: bool) -> Result<Vec<Fact>> {
    let since = asked.at - YEAR;
    let news = store::news_between(tx, since, asked.at).await?.into_iter();
    let mut facts: Vec<_> = news
        .map(|news| Fact {
            title: news.title,
            at: Some(news.published_at),
            path: news.withdrawn_at.is_none().then(|| format!("/noticias/{}", news.slug)),
            counts: true,
        })
        .collect();
    if pages {
        let changed = store::pages(tx).await?.into_iter().filter(|page| (since..=asked.at).contains(&page.updated_at));
        facts.extend(changed.map(|page| Fact {
            path: Some(service::page_path(&page.slug)),
            title: format!("Página «{}»", page.title),
            at: Some(page.updated_at),
            counts: true,
        }));
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.at));
    }
    Ok(facts)
}

async fn reachable(tx: &mut Tx) -> Result<Vec<Fact>> {
    let rows = store::dependencies(tx).await?.into_iter();
    Ok(rows
        .map(|row| Fact {
            counts: row.email.is_some() || !row.phones.0.is_empty(),
            title: row.name,
            at: None,
            path: Some("/directorio".to_owned()),
        })
        .collect())
}

/// What every page of every town has by construction; the tests of the pages look for each.
const FEATURES: [&str; 19] = [
    "accessibility",
    "breadcrumbs",
    "dates",
    "feed",
    "file-labels",
    "focus",
    "forms",
    "gov-co",
    "home-link",
    "newest-first",
    "no-frames",
    "no-motion",
    "open-formats",
    "participate-menu",
    "semantic",
    "site-map",
    "text-alternatives",
    "text-zoom",
    "xml-site-map",
];

async fn pages_with_content(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let pages = tx.once(|tx| store::readable_pages(tx).boxed()).await?;
    Ok(rules::with_content(&pages, &asked.parameter, asked.at).map(|there| there as f64))
}

/// The directory, read once for all measures of it.
async fn directory(tx: &mut Tx) -> Result<Arc<Vec<DependencyRow>>> {
    tx.once(|tx| store::dependencies(tx).boxed()).await
}

async fn offices(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let holds: fn(&DependencyRow) -> bool = match asked.parameter.as_str() {
        "functions" => |row| row.functions.is_some(),
        "hours" => |row| row.hours.is_some(),
        "email" => |row| row.email.is_some(),
        "contact" => |row| row.address.is_some() && row.hours.is_some() && (row.email.is_some() || !row.phones.0.is_empty()),
        "officials" => {
            |row| row.officials.0.iter().any(|person| person.post.is_some() && (person.email.is_some() || person.phone.is_some()))
        }
        _ => return Ok(None),
    };
    let rows = directory(tx).await?;
    let held = rows.iter().filter(|row| holds(row)).count();
    // Without any dependency nothing of it is published.
    Ok(Some(if rows.is_empty() { 0.0 } else { 100.0 * held as f64 / rows.len() as f64 }))
}

async fn days_since_update(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(store::last_update(tx, asked.at).await?.map(|last| (asked.at - last).whole_days().max(0) as f64))
}

async fn news_published(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::news_count_between(tx, asked.at - YEAR, asked.at).await? as f64))
}

async fn directory_published(tx: &mut Tx) -> Result<Option<f64>> {
    let reachable = directory(tx).await?.iter().any(|row| row.email.is_some() || !row.phones.0.is_empty());
    Ok(Some(if reachable { 1.0 } else { 0.0 }))
}

/// The site is due a publication when a week has passed (the plan's first action: at least once a week).
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let now = tx.now();
        let last = store::last_update(tx, now).await?;
        let due_on = last.map_or(tx.today(), |last| kernel::clock::local(last + time::Duration::days(7)).date());
        let days = last.map(|last| (now - last).whole_days());
        if days.is_some_and(|days| days < 5) {
            return Ok(Vec::new());
        }
        let reason = match days {
            None => "El sitio aún no tiene publicaciones.".to_owned(),
            Some(1) => "La última publicación fue ayer.".to_owned(),
            Some(days) => format!("La última publicación fue hace {days} días; la meta es una por semana."),
        };
        Ok(vec![Duty {
            kind: "site.update",
            title: "Publicar una novedad en el sitio".to_owned(),
            reason,
            due_on: Some(due_on),
            path: "/admin/sitio/nueva".to_owned(),
            account: None,
        }])
    }
    .boxed()
}
