//! Facts of what a town won, and what is due.

use calendar::spanish::long_date;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Fact, Facts, Measure};
use kernel::{Result, Tx};
use time::{Duration, OffsetDateTime};

use crate::awards::model::CallStage;
use crate::{awards, features, news, television};

const YEAR: Duration = Duration::days(365);

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "incentives.features_year",
        unit: "vez(veces)",
        explanation: "Veces que la agencia destacó el sitio en los últimos 365 días, según su fecha. Lo que se retiró no cuenta.",
        compute: |tx, asked| async { Ok(Some(featured(tx, asked).await?.len() as f64)) }.boxed(),
    },
    Measure {
        name: "incentives.nominations_year",
        unit: "postulaciones",
        explanation: "Postulaciones a premios enviadas por el municipio en los últimos 365 días.",
        compute: |tx, asked| async { Ok(Some(nominated(tx, asked).await?.len() as f64)) }.boxed(),
    },
    Measure {
        name: "incentives.awards_year",
        unit: "premio(s)",
        explanation: "Premios que ganó el municipio en convocatorias decididas en los últimos 365 días.",
        compute: |tx, asked| async { Ok(Some(awarded(tx, asked).await?.len() as f64)) }.boxed(),
    },
    Measure {
        name: "incentives.broadcasts_year",
        unit: "programa(s)",
        explanation: "Programas de televisión publicados en los últimos 365 días con experiencias del municipio.",
        compute: |tx, asked| async { Ok(Some(broadcast(tx, asked).await?.len() as f64)) }.boxed(),
    },
];

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "incentives.features_year", list: |tx, asked| featured(tx, asked).boxed() },
    Facts { measure: "incentives.nominations_year", list: |tx, asked| nominated(tx, asked).boxed() },
    Facts { measure: "incentives.awards_year", list: |tx, asked| awarded(tx, asked).boxed() },
    Facts { measure: "incentives.broadcasts_year", list: |tx, asked| broadcast(tx, asked).boxed() },
];

fn within(at: OffsetDateTime, asked: &Asked) -> bool {
    at <= asked.at && at > asked.at - YEAR
}

fn fact(title: String, at: OffsetDateTime) -> Fact {
    Fact { title, at: Some(at), path: Some("/admin/incentivos".to_owned()), counts: true }
}

async fn featured(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let town = tx.tenant()?;
    let rows = features::store::granted(tx, town).await?;
    Ok(features::service::in_year(&rows, asked.at)
        .map(|row| fact(format!("Sitio destacado, {} puntos", row.points), row.featured_at))
        .collect())
}

async fn nominated(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let rows = awards::store::own_nominations(tx).await?.into_iter();
    let sent = rows.filter_map(|row| row.submitted_at.filter(|at| within(*at, asked)).map(|at| fact(row.title, at)));
    Ok(sent.collect())
}

async fn awarded(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let town = tx.tenant()?;
    let mut won = Vec::new();
    for call in awards::store::calls(tx).await? {
        let Some(at) = call.results_at.filter(|at| within(*at, asked)) else { continue };
        let places = call.results.map(|places| places.0).unwrap_or_default();
        won.extend(
            places
                .into_iter()
                .filter(|place| place.municipality == town)
                .filter_map(|place| place.prize.map(|prize| fact(format!("{}: {prize}", call.title), at))),
        );
    }
    Ok(won)
}

async fn broadcast(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let town = tx.tenant()?;
    let rows = television::store::granted(tx, town).await?.into_iter();
    Ok(rows.filter_map(|row| row.published_at.filter(|at| within(*at, asked)).map(|at| fact(row.title, at))).collect())
}

/// The agency is due the news of a closed month, the results of a call that closed, and a word about each experience.
pub(crate) fn agency_duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let mut due = Vec::new();
        let mut duty = |kind, title: String, reason: String, due_on, path: String| {
            due.push(Duty { kind, title, reason, due_on, path, account: None });
        };
        for row in news::store::all(tx).await?.into_iter().filter(|row| row.published_at.is_none()) {
            let reason = "Está escrita con el ranking cerrado; falta que la revise y la publique.".to_owned();
            let day = kernel::clock::local(row.drafted_at).date() + Duration::days(1);
            duty(
                "incentives.news",
                format!("Publicar la noticia del mes: {}", row.title),
                reason,
                Some(day),
                format!("/admin/noticia-del-mes/{}", row.month),
            );
        }
        let today = tx.today();
        for call in awards::store::calls(tx).await? {
            if awards::rules::stage(&call, today) == CallStage::Judging {
                let reason = format!("Cerró el {}; los municipios esperan los resultados.", long_date(call.closes_on));
                let day = call.closes_on + Duration::days(30);
                duty(
                    "incentives.results",
                    format!("Decidir la convocatoria: {}", call.title),
                    reason,
                    Some(day),
                    format!("/admin/premios/{}", call.slug),
                );
            }
        }
        let decided: Vec<_> = television::store::broadcasts(tx).await?.into_iter().map(|row| row.experience_id).collect();
        let waiting = television::store::experiences(tx).await?.into_iter().filter(|row| !decided.contains(&row.id)).count();
        if waiting > 0 {
            let title = if waiting == 1 {
                "Decidir sobre una experiencia propuesta".to_owned()
            } else {
                format!("Decidir sobre {waiting} experiencias propuestas")
            };
            duty(
                "incentives.experience",
                title,
                "Un municipio espera saber si sale en el programa.".to_owned(),
                None,
                "/admin/television".to_owned(),
            );
        }
        Ok(due)
    }
    .boxed()
}

/// A town is due to send the nomination that it began, before the call closes.
pub(crate) fn town_duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let (today, calls) = (tx.today(), awards::store::calls(tx).await?);
        let mut due = Vec::new();
        for row in awards::store::own_nominations(tx).await?.into_iter().filter(|row| row.submitted_at.is_none()) {
            let Some(call) = calls.iter().find(|call| call.slug == row.call && awards::rules::stage(call, today) == CallStage::Open) else {
                continue;
            };
            due.push(Duty {
                kind: "incentives.nomination",
                title: format!("Enviar la postulación: {}", row.title),
                reason: format!("Está empezada para «{}» y aún no se envía.", call.title),
                due_on: Some(call.closes_on),
                path: format!("/admin/incentivos/premios/{}", call.slug),
                account: None,
            });
        }
        Ok(due)
    }
    .boxed()
}
