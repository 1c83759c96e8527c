//! One function a use case of award calls.

use kernel::directory::TenantEntry;
use kernel::error::Faults;
use kernel::file::{self, Public};
use kernel::{Error, Result, Tx, text};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{CallRow, CallStage, KeepAwardCallInput, NominationRow, Place, ScoreRow};
use super::{rules, store};
use crate::{at_the_agency, in_a_town, jobs};

/// Where the files of a town's nomination hang.
pub(crate) fn subject(call: &str) -> String {
    format!("nomination/{call}")
}

/// Opens a call, or changes what may still be changed of the one named.
pub(crate) async fn keep_call(tx: &mut Tx, input: &KeepAwardCallInput) -> Result<CallRow> {
    at_the_agency(tx)?;
    let typed = rules::call(input, tx.now())?;
    let row = match input.slug.as_deref().map(str::trim).filter(|slug| !slug.is_empty()) {
        None => {
            store::insert_call(tx, &typed).await?;
            typed
        }
        Some(slug) => {
            let before = existing(tx, slug).await?;
            let after = rules::changed(&before, typed, tx.today())?;
            store::update_call(tx, &after).await?;
            after
        }
    };
    let detail = json!({ "title": row.title, "opensOn": row.opens_on.to_string(), "closesOn": row.closes_on.to_string() });
    tx.audit("incentives.call.kept", "award_call", &row.slug, detail).await?;
    tx.publish();
    Ok(row)
}

async fn existing(tx: &mut Tx, slug: &str) -> Result<CallRow> {
    store::call(tx, slug).await?.ok_or(Error::NotFound)
}

/// The call, while it receives nominations.
async fn open(tx: &mut Tx, slug: &str) -> Result<CallRow> {
    in_a_town(tx)?;
    let call = existing(tx, slug).await?;
    match rules::stage(&call, tx.today()) {
        CallStage::Open => Ok(call),
        CallStage::Upcoming => Err(Error::whole("UPCOMING", "La convocatoria aún no abre.")),
        CallStage::Judging | CallStage::Decided => {
            Err(Error::whole("CLOSED", "La convocatoria ya cerró; la postulación no se puede cambiar."))
        }
    }
}

/// The town's nomination to a call.
pub(crate) async fn own(tx: &mut Tx, call: &str) -> Result<Option<NominationRow>> {
    Ok(store::own_nominations(tx).await?.into_iter().find(|row| row.call == call))
}

async fn begun(tx: &mut Tx, call: &str) -> Result<NominationRow> {
    own(tx, call).await?.ok_or_else(|| Error::whole("NOT_BEGUN", "Escriba primero el título y el resumen de la postulación."))
}

async fn kept(tx: &mut Tx, row: NominationRow, action: &str) -> Result<NominationRow> {
    store::keep_nomination(tx, &row).await?;
    tx.audit(action, "nomination", &row.call, json!({ "title": row.title, "submitted": row.submitted_at.is_some() })).await?;
    Ok(row)
}

/// Begins the town's nomination to a call, or changes what it says and adds files.
pub(crate) async fn keep_nomination(tx: &mut Tx, call: &str, title: &str, summary: &str, files: &[Uuid]) -> Result<NominationRow> {
    open(tx, call).await?;
    let mut faults = Faults::default();
    let title = faults.needed("title", title, 160, "Escriba cómo se llama la experiencia");
    let summary = faults.needed("summary", summary, 2000, "Cuente en pocas líneas de qué se trata");
    faults.into_result()?;
    let (tenant_id, updated_at, before) = (tx.tenant()?, tx.now(), own(tx, call).await?);
    let (answers, submitted_at) = before.map_or_else(|| (Json::default(), None), |row| (row.answers, row.submitted_at));
    file::attach(tx, files, &subject(call), Public::Agency).await?;
    let row = NominationRow { tenant_id, call: call.to_owned(), title, summary, answers, updated_at, submitted_at };
    kept(tx, row, "incentives.nomination.kept").await
}

/// Answers one criterion of a call; each answer is kept by itself, so that none is lost with the others.
pub(crate) async fn answer(tx: &mut Tx, call: &str, criterion: &str, text: &str) -> Result<NominationRow> {
    let known = open(tx, call).await?;
    if !known.criteria.iter().any(|one| one.key == criterion) {
        return Err(Error::field("criterion", "NOT_FOUND", "Ese criterio no es de esta convocatoria."));
    }
    let mut faults = Faults::default();
    let text = faults.needed("text", text, 4000, "Escriba la respuesta a este criterio");
    faults.into_result()?;
    let mut row = begun(tx, call).await?;
    row.answers.insert(criterion.to_owned(), text);
    row.updated_at = tx.now();
    kept(tx, row, "incentives.nomination.answered").await
}

/// Sends the nomination to the agency; every criterion has its answer.
pub(crate) async fn submit(tx: &mut Tx, call: &str) -> Result<NominationRow> {
    let known = open(tx, call).await?;
    let mut row = begun(tx, call).await?;
    let missing: Vec<&str> = rules::missing(&known, &row).map(|criterion| criterion.title.as_str()).collect();
    if !missing.is_empty() {
        return Err(Error::whole("MISSING", format!("Falta responder: {}.", missing.join(", "))));
    }
    row.submitted_at = Some(tx.now());
    kept(tx, row, "incentives.nomination.submitted").await
}

/// Takes the nomination back while the call is open; it stays as a draft.
pub(crate) async fn withdraw(tx: &mut Tx, call: &str) -> Result<NominationRow> {
    open(tx, call).await?;
    let mut row = begun(tx, call).await?;
    row.submitted_at = None;
    kept(tx, row, "incentives.nomination.withdrawn").await
}

/// A juror's points for a nomination; given again, they replace the juror's own.
pub(crate) async fn score(
    tx: &mut Tx,
    call: &str,
    town: &TenantEntry,
    typed: &[i32],
    note: Option<&str>,
    juror: (Uuid, &str),
) -> Result<CallRow> {
    at_the_agency(tx)?;
    let known = existing(tx, call).await?;
    if store::submitted(tx, call).await?.iter().all(|row| row.tenant_id != town.id) {
        return Err(Error::NotFound);
    }
    match rules::stage(&known, tx.today()) {
        CallStage::Judging => {}
        CallStage::Decided => return Err(Error::whole("DECIDED", "Ya se publicaron los resultados; los puntajes no cambian.")),
        CallStage::Upcoming | CallStage::Open => {
            return Err(Error::whole(
                "OPEN",
                "Se califica cuando cierre la convocatoria: hasta entonces cada municipio puede cambiar su postulación.",
            ));
        }
    }
    let points = rules::points(&known, typed)?;
    let mut faults = Faults::default();
    let note = faults.text("note", note.unwrap_or_default(), 2000);
    faults.into_result()?;
    let (juror_id, juror_name) = (juror.0, juror.1.to_owned());
    let row = ScoreRow { call: call.to_owned(), municipality_id: town.id, juror_id, juror_name, points, note, scored_at: tx.now() };
    store::keep_score(tx, &row).await?;
    tx.audit("incentives.nomination.scored", "award_call", call, json!({ "municipality": town.slug, "points": row.points })).await?;
    Ok(known)
}

/// The places as the scores give them now; who has no score yet, by tenant.
pub(crate) async fn standing(tx: &mut Tx, call: &CallRow) -> Result<Result<Vec<Place>, Vec<Uuid>>> {
    let (nominations, scores) = (store::submitted(tx, &call.slug).await?, store::scores(tx, &call.slug).await?);
    Ok(rules::places(call, &nominations, &scores))
}

/// Publishes the results of a call for good. `name_of` tells a town's name.
pub(crate) async fn publish_results(tx: &mut Tx, call: &str, note: &str, name_of: impl Fn(Uuid) -> String) -> Result<CallRow> {
    at_the_agency(tx)?;
    let mut known = existing(tx, call).await?;
    match rules::stage(&known, tx.today()) {
        CallStage::Judging => {}
        CallStage::Decided => return Err(Error::whole("DECIDED", "Los resultados ya se publicaron.")),
        CallStage::Upcoming | CallStage::Open => return Err(Error::whole("OPEN", "La convocatoria aún no cierra.")),
    }
    let mut faults = Faults::default();
    let note = faults.needed("note", note, 4000, "Escriba la motivación del jurado: se publica con los resultados");
    faults.into_result()?;
    let places = standing(tx, &known).await?.map_err(|unscored| {
        let names: Vec<String> = unscored.into_iter().map(name_of).collect();
        Error::whole("UNSCORED", format!("Falta calificar: {}.", names.join(", ")))
    })?;
    for place in &places {
        jobs::tell(tx, place.municipality).await?;
    }
    let detail = json!({ "places": places });
    known.results = Some(Json(places));
    known.results_note = Some(note);
    known.results_at = Some(tx.now());
    store::update_call(tx, &known).await?;
    tx.audit("incentives.call.decided", "award_call", call, detail).await?;
    tx.publish();
    Ok(known)
}

/// The beginning of a call's terms in plain text.
pub(crate) fn summary(call: &CallRow) -> String {
    text::summary(&call.body, 180)
}
