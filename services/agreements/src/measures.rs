//! Facts of the agreements, and what is due on them.

use calendar::spanish::long_date;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Card, CardLine, Duty, Fact, Facts, Measure};
use kernel::{Result, Tx, clock};
use time::Time;

use crate::model::{AgreementState, EntityLevel, EntityRow, Kept};
use crate::{rules, store};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "agreements.local_year",
        unit: "convenios",
        explanation: "Convenios con entidades locales firmados en el año, según la fecha de firma. Sin medición mientras el registro esté vacío.",
        compute: |tx, asked| year(tx, asked, EntityLevel::Local).boxed(),
    },
    Measure {
        name: "agreements.departmental_year",
        unit: "convenios",
        explanation: "Convenios con entidades departamentales firmados en el año, según la fecha de firma. Sin medición mientras el registro esté vacío.",
        compute: |tx, asked| year(tx, asked, EntityLevel::Departmental).boxed(),
    },
    Measure {
        name: "agreements.national_year",
        unit: "convenios",
        explanation: "Convenios con entidades nacionales firmados en el año, según la fecha de firma. Sin medición mientras el registro esté vacío.",
        compute: |tx, asked| year(tx, asked, EntityLevel::National).boxed(),
    },
    Measure {
        name: "agreements.in_force_count",
        unit: "convenios",
        explanation: "Convenios que ya empezaron y no han terminado, con entidades de cualquier nivel.",
        compute: |tx, asked| of_book(tx, asked, |book, asked| Some(rules::in_force(book, asked.at).count() as f64)).boxed(),
    },
    Measure {
        name: "agreements.with_results_share",
        unit: "%",
        explanation: "De los convenios que ya empezaron, la parte que ha traído al menos un resultado registrado.",
        compute: |tx, asked| of_book(tx, asked, |book, asked| rules::with_results_share(book, asked.at)).boxed(),
    },
];

/// What a rule counts in the register; nothing while it was not in use.
async fn of_book(tx: &mut Tx, asked: &Asked, count: impl Fn(&[Kept], &Asked) -> Option<f64>) -> Result<Option<f64>> {
    let register = tx.once(|tx| register(tx).boxed()).await?;
    let (entities, book) = &*register;
    Ok(if rules::in_use(entities, book, asked.at) { count(book, asked) } else { None })
}

async fn register(tx: &mut Tx) -> Result<(Vec<EntityRow>, Vec<Kept>)> {
    Ok((store::entities(tx, None).await?, store::book(tx, None).await?))
}

async fn year(tx: &mut Tx, asked: &Asked, level: EntityLevel) -> Result<Option<f64>> {
    of_book(tx, asked, |book, asked| Some(rules::signed_in_year(book, level, asked.at).count() as f64)).await
}

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "agreements.local_year", list: |tx, asked| signed(tx, asked, EntityLevel::Local).boxed() },
    Facts { measure: "agreements.departmental_year", list: |tx, asked| signed(tx, asked, EntityLevel::Departmental).boxed() },
    Facts { measure: "agreements.national_year", list: |tx, asked| signed(tx, asked, EntityLevel::National).boxed() },
    Facts { measure: "agreements.in_force_count", list: |tx, asked| running(tx, asked).boxed() },
    Facts { measure: "agreements.with_results_share", list: |tx, asked| fruitful(tx, asked).boxed() },
];

async fn signed(tx: &mut Tx, asked: &Asked, level: EntityLevel) -> Result<Vec<Fact>> {
    let book = store::book(tx, None).await?;
    Ok(rules::signed_in_year(&book, level, asked.at).map(|kept| fact(kept, true)).collect())
}

async fn running(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let book = store::book(tx, None).await?;
    Ok(rules::in_force(&book, asked.at).map(|kept| fact(kept, true)).collect())
}

async fn fruitful(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let book = store::book(tx, None).await?;
    Ok(rules::begun(&book, asked.at).map(|kept| fact(kept, rules::last_result(kept, asked.at).is_some())).collect())
}

/// An agreement as a fact; of one that is not on the site no word is told but its level.
fn fact(kept: &Kept, counts: bool) -> Fact {
    let Kept { agreement, entity, .. } = kept;
    let (title, place) = if rules::is_public(agreement) {
        (format!("{}, con {}", agreement.title, entity.name), "/convenios")
    } else {
        (format!("Convenio sin publicar con una entidad {}", entity.level.spoken()), "/admin/convenios")
    };
    let at = agreement.signed_on.with_time(Time::MIDNIGHT).assume_offset(clock::BOGOTA);
    Fact { title, at: Some(at), path: Some(format!("{place}/{}", agreement.slug)), counts }
}

/// The agreements in force that are on the site, with their last day, for whoever takes over.
pub(crate) fn cards(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Card>>> {
    async move {
        let (now, book) = (tx.now(), store::book(tx, None).await?);
        let line = |Kept { agreement, entity, .. }: &Kept| CardLine {
            title: agreement.title.clone(),
            detail: format!("Con {}, firmado el {}.", entity.name, long_date(agreement.signed_on)),
            due_on: agreement.ends_on,
        };
        let lines = rules::in_force(&book, now).filter(|kept| rules::is_public(&kept.agreement)).map(line).collect();
        Ok(vec![Card { kind: "agreements.in_force", title: "Convenios en ejecución", lines }])
    }
    .boxed()
}

/// An agreement that is about to end, one that runs and brings nothing, and one that nobody can read.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let (now, today) = (tx.now(), tx.today());
        let mut due = Vec::new();
        for kept in store::book(tx, None).await? {
            let (agreement, state) = (&kept.agreement, rules::state(&kept.agreement, now));
            let mut duty = |kind, title: String, reason: String, due_on, place: &str| {
                due.push(Duty { kind, title, reason, due_on, path: format!("/admin/convenios/{}{place}", agreement.slug), account: None });
            };
            let title = &agreement.title;
            if state == AgreementState::InForce {
                if let Some(ends) = agreement.ends_on.filter(|ends| *ends - today <= rules::END_NOTICE) {
                    let reason = match (ends - today).whole_days() {
                        0 => "Termina hoy".to_owned(),
                        1 => "Termina mañana".to_owned(),
                        days => format!("Termina en {days} días"),
                    };
                    let reason = format!("{reason}. Acuerde con {} si se prorroga o se liquida.", kept.entity.name);
                    duty("agreements.ending", format!("Decidir qué sigue: {title}"), reason, Some(ends), "#convenio");
                }
                let owed = rules::result_due(&kept, now);
                if owed <= today {
                    let reason = "Lleva 180 días o más en ejecución sin un resultado nuevo.".to_owned();
                    duty("agreements.result", format!("Registrar qué trajo: {title}"), reason, Some(owed), "#resultados");
                }
            }
            if state != AgreementState::Annulled && agreement.published_at.is_none() {
                let reason = format!("Se firmó el {} y nadie lo puede leer en el sitio.", long_date(agreement.signed_on));
                duty("agreements.publish", format!("Publicar el convenio: {title}"), reason, None, "#publicacion");
            }
        }
        Ok(due)
    }
    .boxed()
}
