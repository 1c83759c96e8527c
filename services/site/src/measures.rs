//! Facts of the site, and what is due on it.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Measure};
use kernel::{Result, Tx};

use crate::store;

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
        name: "site.directory_published",
        unit: "sí o no",
        explanation: "El directorio publica al menos una dependencia con teléfono o correo.",
        compute: |tx, _| directory_published(tx).boxed(),
    },
];

async fn days_since_update(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(store::last_update(tx).await?.map(|last| (asked.at - last).whole_days().max(0) as f64))
}

async fn news_published(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::news_count_since(tx, asked.at - time::Duration::days(365)).await? as f64))
}

async fn directory_published(tx: &mut Tx) -> Result<Option<f64>> {
    let reachable = store::dependencies(tx).await?.into_iter().any(|row| row.email.is_some() || !row.phones.0.is_empty());
    Ok(Some(if reachable { 1.0 } else { 0.0 }))
}

/// The site is due a publication when a week has passed (the plan's first action: at least once a week).
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let (now, last) = (tx.now(), store::last_update(tx).await?);
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
