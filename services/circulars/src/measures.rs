//! Facts of what a town received, and what is due on it.

use calendar::spanish::long_date;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Card, CardLine, Duty, Fact, Facts, Measure};
use kernel::{Result, Tx};

use crate::model::{DeliveryRow, DeliveryState};
use crate::{rules, store};

const YEAR: time::Duration = time::Duration::days(365);

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "circulars.answered_in_time_share",
        unit: "%",
        explanation: "De los lineamientos de los últimos 365 días que pedían respuesta hasta una fecha ya cumplida, la parte respondida a tiempo. Los retirados no cuentan.",
        compute: |tx, asked| answered_in_time(tx, asked).boxed(),
    },
    Measure {
        name: "circulars.read_share",
        unit: "%",
        explanation: "De los lineamientos recibidos en los últimos 365 días, la parte con acuse de lectura. Los retirados no cuentan.",
        compute: |tx, asked| read_share(tx, asked).boxed(),
    },
    Measure {
        name: "circulars.pending_count",
        unit: "lineamiento(s)",
        explanation: "Lineamientos que piden una respuesta y aún no la tienen.",
        compute: |tx, asked| pending(tx, asked).boxed(),
    },
];

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "circulars.answered_in_time_share", list: |tx, asked| expected_facts(tx, asked).boxed() },
    Facts { measure: "circulars.read_share", list: |tx, asked| read_facts(tx, asked).boxed() },
];

/// What was received in the year before a moment and stood then.
async fn of_year(tx: &mut Tx, asked: &Asked) -> Result<Vec<DeliveryRow>> {
    let mut rows = store::received(tx).await?;
    rows.retain(|row| row.sent_at <= asked.at && row.sent_at > asked.at - YEAR && row.withdrawn_at.is_none_or(|at| at > asked.at));
    Ok(rows)
}

/// Those of them whose answer was due by that moment.
async fn expected(tx: &mut Tx, asked: &Asked) -> Result<Vec<DeliveryRow>> {
    let day = kernel::clock::local(asked.at).date();
    let mut rows = of_year(tx, asked).await?;
    rows.retain(|row| row.ask.is_some() && row.due_on.is_some_and(|due| due < day));
    Ok(rows)
}

fn in_time(row: &DeliveryRow) -> bool {
    row.answered_at.is_some() && rules::days_late(row) == 0
}

fn share(rows: &[DeliveryRow], counts: impl Fn(&DeliveryRow) -> bool) -> Option<f64> {
    let held = rows.iter().filter(|row| counts(row)).count();
    (!rows.is_empty()).then(|| 100.0 * held as f64 / rows.len() as f64)
}

async fn answered_in_time(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(share(&expected(tx, asked).await?, in_time))
}

async fn read_share(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(share(&of_year(tx, asked).await?, |row| row.read_at.is_some_and(|at| at <= asked.at)))
}

async fn pending(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let rows = of_year(tx, asked).await?;
    Ok(Some(rows.iter().filter(|row| row.ask.is_some() && row.answered_at.is_none_or(|at| at > asked.at)).count() as f64))
}

fn fact(row: &DeliveryRow, counts: bool) -> Fact {
    let slug = rules::slug(row.year, row.number);
    let title = format!("Lineamiento {slug}: {}", row.title);
    Fact { title, at: Some(row.sent_at), path: Some(format!("/admin/lineamientos/{slug}")), counts }
}

async fn expected_facts(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    Ok(expected(tx, asked).await?.iter().map(|row| fact(row, in_time(row))).collect())
}

async fn read_facts(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    Ok(of_year(tx, asked).await?.iter().map(|row| fact(row, row.read_at.is_some_and(|at| at <= asked.at))).collect())
}

/// A circular that asks and has no answer, and one that nobody has read.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let today = tx.today();
        let mut due = Vec::new();
        for row in store::received(tx).await? {
            let (slug, state) = (rules::slug(row.year, row.number), rules::state(&row, today));
            let asks = row.ask.is_some() && !matches!(state, DeliveryState::Answered | DeliveryState::Withdrawn);
            let path = format!("/admin/lineamientos/{slug}");
            if asks {
                let reason = row.due_on.map_or_else(
                    || "La agencia espera la respuesta del municipio.".to_owned(),
                    |due| format!("La agencia espera la respuesta hasta el {}.", long_date(due)),
                );
                let title = format!("Responder el lineamiento {slug}: {}", row.title);
                due.push(Duty { kind: "circulars.answer", title, reason, due_on: row.due_on, path, account: None });
            } else if state == DeliveryState::Unread {
                let title = format!("Leer el lineamiento {slug}: {}", row.title);
                let reason = "La agencia ve quién acusó recibo.".to_owned();
                due.push(Duty { kind: "circulars.read", title, reason, due_on: None, path, account: None });
            }
        }
        Ok(due)
    }
    .boxed()
}

/// What is still to be answered, for whoever takes over.
pub(crate) fn cards(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Card>>> {
    async move {
        let today = tx.today();
        let open = |row: &DeliveryRow| {
            row.ask.is_some() && matches!(rules::state(row, today), DeliveryState::Unread | DeliveryState::Read | DeliveryState::Late)
        };
        let line = |row: DeliveryRow| CardLine {
            detail: format!("Enviado el {}.", long_date(kernel::clock::local(row.sent_at).date())),
            title: format!("Lineamiento {}: {}", rules::slug(row.year, row.number), row.title),
            due_on: row.due_on,
        };
        let lines = store::received(tx).await?.into_iter().filter(open).map(line).collect();
        Ok(vec![Card { kind: "circulars.open", title: "Lineamientos de la agencia por responder", lines }])
    }
    .boxed()
}
