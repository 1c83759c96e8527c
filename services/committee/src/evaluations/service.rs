//! Use cases of evaluations.

use kernel::error::Faults;
use kernel::file::{self, Public};
use kernel::search::Entry;
use kernel::{Error, Result, Tx, text};
use serde_json::json;
use time::Date;
use uuid::Uuid;

use super::model::{ClosingPurpose, EvaluationKind, EvaluationRow};
use super::store;
use crate::rules::{body, fits, line, months_after, not_over, some_body};

/// The word of evaluations in the search index.
const EVALUATION: &str = "evaluation";

/// What was typed.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) kind: EvaluationKind,
    pub(crate) title: String,
    pub(crate) closing: Option<ClosingPurpose>,
    pub(crate) held_from: Option<Date>,
    pub(crate) held_until: Option<Date>,
    pub(crate) method: String,
    pub(crate) people: Option<i32>,
    pub(crate) result: String,
    pub(crate) figures: Option<String>,
    pub(crate) public: bool,
}

/// Checks what was typed: it is recorded once it has begun.
fn checked(mut kept: Typed, today: Date) -> Result<Typed> {
    kept.title = line(&kept.title);
    kept.method = body(&kept.method);
    kept.result = body(&kept.result);
    kept.figures = some_body(kept.figures.as_deref());
    let mut faults = Faults::default();
    fits(&mut faults, &kept.title, "title", "el título", 200);
    let from = kept.held_from.unwrap_or(today);
    faults.require(kept.held_from.is_some(), "heldFrom", "REQUIRED", "Escriba cuándo empezó");
    faults.require(from <= today, "heldFrom", "FUTURE", "Se registra lo que ya empezó; lo que falta póngalo como tarea");
    faults.require(months_after(today, -120).is_some_and(|first| from >= first), "heldFrom", "RANGE", "Esa fecha queda a más de diez años");
    faults.require(kept.held_until.is_none_or(|until| until >= from), "heldUntil", "ORDER", "No puede terminar antes de empezar");
    let year_later = months_after(from, 12);
    let short = kept.held_until.is_none_or(|until| year_later.is_some_and(|last| until <= last));
    faults.require(short, "heldUntil", "RANGE", "Dura más de un año: registre cada vez por aparte");
    fits(&mut faults, &kept.method, "method", "el método", 2000);
    fits(&mut faults, &kept.result, "result", "el resultado", 8000);
    not_over(&mut faults, kept.figures.as_deref(), "figures", "la lista de cifras", 2000);
    faults.require(
        kept.people.is_none_or(|people| (0..=100_000_000).contains(&people)),
        "people",
        "RANGE",
        "Escriba cuántas personas fueron",
    );
    faults.into_result().map(|()| kept)
}

/// Records an evaluation, a survey or a campaign. The same submission again is the same record.
pub(crate) async fn record(tx: &mut Tx, typed: Typed, files: &[Uuid], key: &str) -> Result<EvaluationRow> {
    let mut faults = Faults::default();
    let idempotency_key = crate::rules::key(&mut faults, key);
    faults.into_result()?;
    if let Some(known) = store::evaluation_of_key(tx, &idempotency_key).await? {
        return Ok(known);
    }
    let (id, now) = (tx.id(), tx.now());
    keep(tx, typed, files, "committee.evaluation.recorded", (id, idempotency_key, now)).await
}

/// Corrects a record.
pub(crate) async fn revise(tx: &mut Tx, id: Uuid, typed: Typed, files: &[Uuid]) -> Result<EvaluationRow> {
    let known = store::evaluation(tx, id).await?.ok_or(Error::NotFound)?;
    if known.public {
        // Where it is made internal, the public has to see that too.
        tx.unindex(EVALUATION, &id.to_string()).await?;
        tx.publish();
    }
    keep(tx, typed, files, "committee.evaluation.revised", (id, known.idempotency_key, known.created_at)).await
}

async fn keep(
    tx: &mut Tx,
    typed: Typed,
    files: &[Uuid],
    action: &str,
    (id, idempotency_key, created_at): (Uuid, String, time::OffsetDateTime),
) -> Result<EvaluationRow> {
    let typed = checked(typed, tx.today())?;
    let held_from = typed.held_from.unwrap_or_else(|| tx.today());
    let row = EvaluationRow {
        id,
        kind: typed.kind,
        title: typed.title,
        closing: typed.closing,
        held_from,
        held_until: typed.held_until.unwrap_or(held_from),
        method: typed.method,
        people: typed.people,
        result: typed.result,
        figures: typed.figures,
        public: typed.public,
        idempotency_key,
        created_at,
        updated_at: tx.now(),
    };
    store::put_evaluation(tx, &row).await?;
    let public = if row.public { Public::Yes } else { Public::No };
    file::attach(tx, files, &subject(id), public).await?;
    file::set_public(tx, &subject(id), public).await?;
    tx.audit(action, "evaluation", &id.to_string(), json!({ "kind": row.kind, "title": row.title, "public": row.public })).await?;
    index(tx, &row).await?;
    Ok(row)
}

/// Makes a public record findable.
pub(crate) async fn index(tx: &mut Tx, row: &EvaluationRow) -> Result<()> {
    if !row.public {
        return Ok(());
    }
    tx.publish();
    tx.index(Entry {
        kind: EVALUATION,
        key: row.id.to_string(),
        title: row.title.clone(),
        summary: text::summary(&row.result, 180),
        text: format!("{}\n{}", row.method, row.result),
        path: format!("/comite/evaluaciones#e-{}", row.id),
    })
    .await
}

/// What the files of a record hang on.
pub(crate) fn subject(id: Uuid) -> String {
    format!("evaluation/{id}")
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::{Typed, checked};
    use crate::evaluations::model::EvaluationKind;

    #[test]
    fn what_cannot_be_is_told_at_once() {
        let today = date!(2026 - 11 - 23);
        let fine = Typed {
            kind: EvaluationKind::Survey,
            title: "Encuesta".to_owned(),
            closing: None,
            held_from: Some(today),
            held_until: None,
            method: "Tres preguntas".to_owned(),
            people: Some(84),
            result: "Dos de cada tres encontraron lo que buscaban".to_owned(),
            figures: None,
            public: true,
        };
        assert!(checked(fine.clone(), today).is_ok());
        let wrong = Typed {
            title: "x".repeat(10_000),
            held_from: today.next_day(),
            held_until: today.previous_day(),
            method: "\0".to_owned(),
            people: Some(-1),
            ..fine
        };
        let Err(kernel::Error::Rejected(faults)) = checked(wrong, today) else { panic!("must be rejected") };
        let codes: Vec<_> = faults.iter().map(|fault| fault.code.as_str()).collect();
        assert_eq!(codes, ["LENGTH", "FUTURE", "ORDER", "REQUIRED", "RANGE"]);
    }
}
