//! What part of the catalogue is published and what part is online, and the sheets that wait for somebody.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Fact, Facts, Measure};
use kernel::{Result, Tx};

use crate::model::{AutomationLevel, ReviewState, Sheet};
use crate::{rules, service};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "tramites.published_share",
        unit: "%",
        explanation: "De los trámites, otros procedimientos y consultas que aplican en el municipio, cuántos tienen su ficha pública y \
                      confirmada. Una ficha del catálogo nacional cuenta cuando se vio en una fuente publicada o cuando la alcaldía la confirmó; \
                      las que dicen «por confirmar» no cuentan. La calidad se mide hoy solo así: que alguien responda por la ficha.",
        compute: |tx, _| share(tx, false, published).boxed(),
    },
    Measure {
        name: "tramites.automated_share",
        unit: "%",
        explanation: "De los trámites, otros procedimientos y consultas que aplican en el municipio, cuántos se pueden por lo menos iniciar en línea.",
        compute: |tx, _| share(tx, false, automated).boxed(),
    },
    Measure {
        name: "services.published_share",
        unit: "%",
        explanation: "De los servicios que presta el municipio, cuántos tienen su ficha pública y confirmada. Una ficha del catálogo nacional \
                      cuenta cuando se vio en una fuente publicada o cuando la alcaldía la confirmó; las que dicen «por confirmar» no cuentan. \
                      La calidad se mide hoy solo así: que alguien responda por la ficha.",
        compute: |tx, _| share(tx, true, published).boxed(),
    },
    Measure {
        name: "services.automated_share",
        unit: "%",
        explanation: "De los servicios que presta el municipio, cuántos se pueden por lo menos pedir en línea.",
        compute: |tx, _| share(tx, true, automated).boxed(),
    },
    Measure {
        name: "tramites.sheets.*",
        unit: "%",
        explanation: "De los trámites, otros procedimientos y consultas que aplican en el municipio, cuántos tienen ficha pública y confirmada que lo dice.",
        compute: |tx, asked| sheets_that(tx, asked).boxed(),
    },
    Measure {
        name: "tramites.level.*",
        unit: "trámite(s)",
        explanation: "Trámites públicos que llegan por lo menos a ese nivel en línea, según su ficha.",
        compute: |tx, asked| at_level(tx, asked, |_| true).boxed(),
    },
    Measure {
        name: "tramites.certificates.*",
        unit: "certificado(s)",
        explanation: "Certificados y constancias públicos que llegan por lo menos a ese nivel en línea, según su ficha.",
        compute: |tx, asked| at_level(tx, asked, certifies).boxed(),
    },
];

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "tramites.published_share", list: |tx, _| sheets(tx, false, published).boxed() },
    Facts { measure: "tramites.automated_share", list: |tx, _| sheets(tx, false, automated).boxed() },
    Facts { measure: "services.published_share", list: |tx, _| sheets(tx, true, published).boxed() },
    Facts { measure: "services.automated_share", list: |tx, _| sheets(tx, true, automated).boxed() },
];

/// Every sheet of the whole that a share is of, those that it lacks first: they are the work to do.
async fn sheets(tx: &mut Tx, services: bool, holds: fn(&Sheet) -> bool) -> Result<Vec<Fact>> {
    let sheets = service::catalogue(tx).await?;
    let mut all: Vec<_> = rules::whole(&sheets, services).collect();
    all.sort_by_key(|sheet| holds(sheet));
    Ok(all
        .into_iter()
        .map(|sheet| Fact {
            counts: holds(sheet),
            at: sheet.entry.confirmed_at,
            path: sheet.public().then(|| sheet.path()),
            title: sheet.name().to_owned(),
        })
        .collect())
}

/// What part of the trámites tells something in a sheet that somebody answers for.
async fn sheets_that(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let told: fn(&Sheet) -> bool = match asked.parameter.as_str() {
        "legal-basis" => |sheet| sheet.legal_basis().is_some(),
        "requirements" => |sheet| sheet.requirements().is_some(),
        "cost" => |sheet| sheet.cost_kind().is_some(),
        "form" => |sheet| sheet.automation() >= AutomationLevel::FormToDownload,
        "suit" => |sheet| sheet.entry.suit_number.is_some(),
        "reviewed" => return reviewed(tx, asked).await,
        _ => return Ok(None),
    };
    Ok(rules::share(&whole(tx).await?, false, |sheet| published(sheet) && told(sheet)))
}

async fn reviewed(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let fresh = |sheet: &Sheet| {
        let confirmed = sheet.entry.confirmed_at.filter(|at| *at <= asked.at);
        sheet.public() && confirmed.is_some_and(|at| asked.at - at <= rules::REVIEW_EVERY)
    };
    Ok(rules::share(&whole(tx).await?, false, fresh))
}

/// Counts the public trámites of a sort that are done online at least up to a level.
async fn at_level(tx: &mut Tx, asked: &Asked, sort: fn(&Sheet) -> bool) -> Result<Option<f64>> {
    let level = match asked.parameter.as_str() {
        "started-online" => AutomationLevel::StartedOnline,
        "paid-online" => AutomationLevel::PaidOnline,
        "resolved-online" => AutomationLevel::ResolvedOnline,
        _ => return Ok(None),
    };
    let sheets = whole(tx).await?;
    Ok(Some(rules::whole(&sheets, false).filter(|sheet| sheet.public() && sort(sheet) && sheet.automation() >= level).count() as f64))
}

fn certifies(sheet: &Sheet) -> bool {
    ["certifica", "constancia"].iter().any(|word| sheet.entry.slug.contains(word))
}

fn published(sheet: &Sheet) -> bool {
    sheet.public() && sheet.confirmed()
}

fn automated(sheet: &Sheet) -> bool {
    sheet.automation() >= AutomationLevel::StartedOnline
}

/// The catalogue, read once for all measures of it.
async fn whole(tx: &mut Tx) -> Result<Arc<Vec<Sheet>>> {
    tx.once(|tx| service::catalogue(tx).boxed()).await
}

async fn share(tx: &mut Tx, services: bool, holds: fn(&Sheet) -> bool) -> Result<Option<f64>> {
    Ok(rules::share(&whole(tx).await?, services, holds))
}

/// Sheets that nobody answers for, and sheets that nobody has reviewed for half a year: each sort is one duty.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let now = tx.now();
        let sheets = service::catalogue(tx).await?;
        let waiting = |state| sheets.iter().filter(|sheet| sheet.review(now) == state).collect::<Vec<_>>();
        let (to_confirm, to_review) = (waiting(ReviewState::ToConfirm), waiting(ReviewState::ToReview));
        let mut due = Vec::new();
        if !to_confirm.is_empty() {
            due.push(Duty {
                kind: "tramites.confirm",
                title: format!("Confirmar {} del catálogo", counted(to_confirm.len())),
                reason: "El costo, el plazo y los requisitos dicen «por confirmar» hasta que la alcaldía los revise.".to_owned(),
                due_on: None,
                path: "/admin/tramites?ver=TO_CONFIRM".to_owned(),
                account: None,
            });
        }
        if !to_review.is_empty() {
            let oldest = to_review.iter().filter_map(|sheet| sheet.entry.confirmed_at).min();
            due.push(Duty {
                kind: "tramites.review",
                title: format!("Revisar {} del catálogo", counted(to_review.len())),
                reason: match oldest {
                    Some(at) => format!("Las fichas se revisan cada seis meses; la más antigua lleva {} días.", (now - at).whole_days()),
                    None => "Vienen del catálogo nacional y nadie de la alcaldía las ha revisado.".to_owned(),
                },
                due_on: oldest.map(|at| kernel::clock::local(at + rules::REVIEW_EVERY).date()),
                path: "/admin/tramites?ver=TO_REVIEW".to_owned(),
                account: None,
            });
        }
        Ok(due)
    }
    .boxed()
}

fn counted(sheets: usize) -> String {
    if sheets == 1 { "1 ficha".to_owned() } else { format!("{sheets} fichas") }
}
