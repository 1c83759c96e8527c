//! Facts of the cases, and which of them are due.

use calendar::Deadline;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Card, CardLine, Duty, Fact, Facts, Holding, Measure};
use kernel::{Result, Tx};
use time::Date;

use crate::{rules, store};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "cases.answered_in_time_share",
        unit: "%",
        explanation: "De las solicitudes de los últimos 365 días que ya se respondieron o ya vencieron, la parte que se respondió a tiempo.",
        compute: |tx, asked| answered_in_time_share(tx, asked).boxed(),
    },
    Measure {
        name: "cases.petition_form_available",
        unit: "sí o no",
        explanation: "El sitio recibe peticiones, quejas, reclamos, sugerencias y denuncias en línea y da radicado al instante.",
        compute: |_, _| async { Ok(Some(1.0)) }.boxed(),
    },
    Measure {
        name: "cases.form.*",
        unit: "de lo que se pide",
        explanation: "Lo que tiene el formulario de PQRSD de este sitio, y la atención que sigue, de lo que el criterio nombra.",
        compute: |_, asked| futures::future::ready(Ok(form(&asked.parameter))).boxed(),
    },
    Measure {
        name: "cases.open_count",
        unit: "solicitudes",
        explanation: "Solicitudes recibidas que esperan respuesta.",
        compute: |tx, asked| open_count(tx, asked).boxed(),
    },
];

/// What the form and the answer to it have, and what they lack of what the law names; the tests of the pages look for what they have.
const FORM: [(&str, bool); 21] = [
    ("anonymous", true),
    ("content", true),
    ("data-notice", true),
    ("email", true),
    ("email-reply", true),
    ("failure-notice", true),
    ("follow-up", true),
    ("mobile", true),
    ("name", true),
    ("receipt", true),
    ("terms", true),
    ("throttle", true),
    ("validation", true),
    ("address", false),
    ("attachments", false),
    ("document", false),
    ("person-type", false),
    ("phone", false),
    ("place", false),
    ("reply-medium", false),
    ("reserved-identity", false),
];

/// How many of the named things there are, as `name+email`; unknown where one of them is not known.
fn form(named: &str) -> Option<f64> {
    let had: Option<Vec<bool>> = named.split('+').map(|name| FORM.iter().find(|(known, _)| *known == name).map(|(_, had)| *had)).collect();
    had.map(|had| had.into_iter().filter(|had| *had).count() as f64)
}

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "cases.answered_in_time_share", list: |tx, asked| judged(tx, asked).boxed() },
    Facts { measure: "cases.open_count", list: |tx, asked| waiting(tx, asked).boxed() },
];

/// The cases that the share judges, the late ones first. Their sort and dates are told, never what they say or who filed them.
async fn judged(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let today = kernel::clock::local(asked.at).date();
    let cases = store::judged(tx, asked.at - time::Duration::days(365), asked.at, today).await?;
    let mut facts: Vec<_> = cases
        .into_iter()
        .map(|case| {
            let outcome = match (case.in_time, case.answered) {
                (true, _) => "respondida a tiempo",
                (false, true) => "respondida después de la fecha",
                (false, false) => "vencida sin respuesta",
            };
            fact(&case.kind, &case.radicado, case.opened_at, outcome, case.in_time)
        })
        .collect();
    facts.sort_by_key(|fact| fact.counts);
    Ok(facts)
}

async fn waiting(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let cases = store::waiting(tx, asked.at).await?.into_iter();
    Ok(cases.map(|case| fact(&case.kind, &case.radicado, case.opened_at, "sin responder", true)).collect())
}

fn fact(kind: &str, radicado: &str, at: time::OffsetDateTime, outcome: &str, counts: bool) -> Fact {
    let title = format!("{}, {outcome}", rules::kind_name(kind));
    Fact { title, at: Some(at), path: Some(format!("/admin/casos/{radicado}")), counts }
}

async fn answered_in_time_share(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let today = kernel::clock::local(asked.at).date();
    let (in_time, all) = store::answered_in_time(tx, asked.at - time::Duration::days(365), asked.at, today).await?;
    Ok((all > 0).then(|| 100.0 * in_time as f64 / all as f64))
}

async fn open_count(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::open_count(tx, asked.at).await? as f64))
}

/// So many working days before its date a case is due on the desk.
const NOTICE: u32 = 5;

/// Every open case that is late, falls due within five working days, or has no date of its own.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let (today, calendar) = (tx.today(), rules::calendar(tx.entry()?.as_ref())?);
        let horizon = Deadline::business_days(today, NOTICE, &calendar).due_on;
        let due = store::open_until(tx, horizon).await?.into_iter().map(|case| Duty {
            kind: "cases.answer",
            title: format!("Responder {}: {}", case.radicado, case.subject),
            reason: match case.due_on {
                Some(due_on) => {
                    format!("{}. {}", rules::kind_name(&case.kind), rules::days_left_text(rules::days_left(today, due_on, &calendar)))
                }
                None => format!("{}. El oficio fija la fecha de respuesta.", rules::kind_name(&case.kind)),
            },
            due_on: case.due_on,
            path: format!("/admin/casos/{}", case.radicado),
            account: None,
        });
        Ok(due.collect())
    }
    .boxed()
}

/// The open cases that an official has in hand.
pub(crate) fn holdings(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Holding>>> {
    async move {
        let held = store::taken(tx).await?.into_iter().filter_map(|case| {
            Some(Holding {
                kind: "case",
                title: format!("Solicitud {}", case.radicado),
                account: case.taken_by?,
                path: format!("/admin/casos/{}", case.radicado),
            })
        });
        Ok(held.collect())
    }
    .boxed()
}

/// Every open case with its date, and no word of whoever filed it.
pub(crate) fn cards(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Card>>> {
    async move {
        let (today, calendar) = (tx.today(), rules::calendar(tx.entry()?.as_ref())?);
        let line = |case: crate::model::CaseRow| {
            let left = case.due_on.map(|due_on| rules::days_left_text(rules::days_left(today, due_on, &calendar)));
            let detail = format!("{}. {}", rules::kind_name(&case.kind), left.unwrap_or_default());
            CardLine { title: case.radicado, detail: detail.trim().to_owned(), due_on: case.due_on }
        };
        let lines = store::open_until(tx, Date::MAX).await?.into_iter().map(line).collect();
        Ok(vec![Card { kind: "cases.open", title: "Solicitudes sin responder", lines }])
    }
    .boxed()
}
