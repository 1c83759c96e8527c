//! One function a use case: an objection, its answer, the close that freezes and signs a month, a later correction.

use std::collections::HashMap;

use kernel::capability::Event;
use kernel::directory::{TenantEntry, TenantKind};
use kernel::error::Faults;
use kernel::secret::{Signer, sha256, sha256_hex};
use kernel::{Error, Platform, Result, Scope, Tx};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::canonical::{self, Adjustment, CloseStatement, CorrectionStatement, Day, Files, Town};
use super::store::{Correction, Objection, Outcome, Statement};
use super::verify::{ClosedMonth, told};
use super::{rules, store};
use crate::counting;
use crate::model::{CloseRow, Month, RankingOrder, RankingRow, Score, Standing};
use crate::rankings::category;
use crate::rankings::rules::{VERSIONS, per_thousand, places_within, standings, winners};
use crate::service::{competitors, frozen, score};

/// A municipality objects to the count of a month that has ended and is not closed. Sent twice it is one objection.
pub(crate) async fn object(tx: &mut Tx, platform: &Platform, month: &str, reason: &str, key: Option<&str>) -> Result<Objection> {
    let key = key.map_or_else(|| sha256_hex(format!("{} {}", month.trim(), reason.trim()).as_bytes()), str::to_owned);
    let key = key.as_str();
    if let Some(before) = store::objection_of_key(tx, key).await? {
        return Ok(before);
    }
    let mut faults = Faults::default();
    let reason = rules::stated(&mut faults, "reason", reason);
    faults.require((1..=100).contains(&key.len()), "idempotencyKey", "FORM", "Vuelva a abrir el formulario");
    let town = tx.entry()?;
    let competes = competitors(platform).any(|other| other.id == town.id);
    faults.require(competes, "month", "NOT_RANKED", "Este municipio no participa en el ranking");
    faults.into_result()?;
    let month = rules::named(month)?;
    store::lock_chain_shared(tx).await?;
    if crate::store::close_of(tx, month).await?.is_some() {
        let why = format!(
            "El mes de {} ya está cerrado. Si encuentra un error, escriba a la mesa de ayuda: la agencia puede publicar una corrección.",
            month.text()
        );
        return Err(Error::field("month", "CLOSED", why));
    }
    rules::may_object(month, tx.now())?;
    let objection =
        Objection { tenant_id: tx.tenant()?, id: tx.id(), month: month.to_string(), reason, filed_at: tx.now(), ..Objection::default() };
    store::insert_objection(tx, &objection, key).await?;
    tx.audit("visits.objection.filed", "objection", &objection.id.to_string(), json!({ "month": objection.month })).await?;
    Ok(objection)
}

/// The agency's answer to an objection.
pub(crate) struct Answer<'a> {
    pub(crate) outcome: Outcome,
    pub(crate) text: &'a str,
    pub(crate) adjustment: i64,
}

/// The agency answers an objection, once; the answer is published, and what it changes counts in the month.
pub(crate) async fn answer(tx: &mut Tx, id: Uuid, answer: &Answer<'_>) -> Result<Objection> {
    if !matches!(tx.scope(), Scope::Agency(_)) {
        return Err(Error::Forbidden);
    }
    store::lock_chain(tx).await?;
    let objection = store::objection(tx, id).await?.ok_or(Error::NotFound)?;
    let month = rules::named(&objection.month)?;
    let mut faults = Faults::default();
    let text = rules::stated(&mut faults, "answer", answer.text);
    faults.require(objection.outcome.is_none(), "id", "ANSWERED", "Esta objeción ya tiene respuesta, y no se cambia");
    let closed = crate::store::close_of(tx, month).await?.is_some();
    faults.require(!closed, "id", "CLOSED", format!("El mes de {} ya está cerrado", month.text()));
    let dismissed = answer.outcome == Outcome::Dismissed && answer.adjustment != 0;
    faults.require(!dismissed, "adjustment", "DISMISSED", "Solo una objeción aceptada cambia visitas");
    let sum: i64 = {
        let counted = crate::store::month_visits(tx, month).await?;
        let adjusted = store::adjustments(tx, month).await?;
        counted.into_iter().chain(adjusted).filter(|(town, _)| *town == objection.tenant_id).map(|(_, visits)| visits).sum()
    };
    let within = (0..=1_000_000_000).contains(&(sum + answer.adjustment));
    faults.require(within, "adjustment", "RANGE", format!("El municipio tiene {sum} visitas en el mes: no puede quedar con menos de cero"));
    faults.into_result()?;
    let answered = Objection {
        outcome: Some(answer.outcome),
        answer: Some(text),
        adjustment: answer.adjustment,
        answered_at: Some(tx.now()),
        ..objection
    };
    store::answer(tx, &answered).await?;
    let detail = json!({ "month": answered.month, "accepted": answer.outcome == Outcome::Accepted, "adjustment": answer.adjustment });
    tx.audit("visits.objection.answered", "objection", &id.to_string(), detail).await?;
    tx.publish();
    Ok(answered)
}

/// Closes a month for good and tells of it, its leaders and its news; a month that is closed stays as it is, whoever asks again.
pub(crate) async fn close_month(tx: &mut Tx, platform: &Platform, month: &str) -> Result<Month> {
    if !matches!(tx.scope(), Scope::Agency(_)) {
        return Err(Error::Forbidden);
    }
    let now = tx.now();
    let month = rules::finished(month, now)?;
    store::lock_chain(tx).await?;
    if crate::store::close_of(tx, month).await?.is_some() {
        return Ok(month);
    }
    rules::may_close(month, now, &store::objections(tx, Some(&month.to_string()), false).await?)?;
    if let Some((rows, previous)) = freeze(tx, platform, month, now).await? {
        let news = crate::rules::news(month, previous, &rows);
        let leaders: Vec<_> = winners(&rows)
            .map(|row| {
                json!({ "position": row.position, "tenant": row.score.tenant, "code": row.score.code, "name": row.score.name,
                               "department": row.score.department.name, "visits": row.score.visits })
            })
            .collect();
        let payload = json!({ "month": month.to_string(), "slug": news.slug, "title": news.title, "body": news.body, "leaders": leaders });
        platform.registry().tell(tx, &Event { name: "visits.month_closed", payload }).await?;
    }
    Ok(month)
}

fn signer(platform: &Platform) -> Result<&Signer> {
    let why = "La plataforma no tiene clave para firmar (signing_key). Avise a quien la opera.";
    platform.signer.as_ref().ok_or_else(|| Error::whole("NO_KEY", why))
}

/// What the next statement says of the one before it.
async fn before(tx: &mut Tx) -> Result<(i64, String)> {
    if let Some(last) = store::last_statement(tx).await? {
        return Ok((last.number + 1, format!("sha256 {}", hex::encode(last.digest))));
    }
    // The chain begins where the months of the platform's keyed hash end.
    let keyed = crate::store::closes(tx).await?.into_iter().next();
    Ok((1, keyed.map_or_else(|| "ninguno".to_owned(), |close| format!("hmac-sha256 {} {}", hex::encode(close.signature), close.month))))
}

async fn sign(
    tx: &mut Tx,
    signer: &Signer,
    (number, kind, month): (i64, &str, &str),
    at: OffsetDateTime,
    body: String,
) -> Result<Statement> {
    let statement = Statement {
        number,
        kind: kind.to_owned(),
        month: month.to_owned(),
        stated_at: at,
        digest: sha256(body.as_bytes()).to_vec(),
        public_key: signer.public_key().to_vec(),
        signature: signer.sign(body.as_bytes()),
        body,
    };
    store::insert_statement(tx, &statement).await?;
    Ok(statement)
}

/// Freezes the counts of a month, publishes them and signs; `None` when that was done before. One statement reads every hour, so that
/// a batch that comes late is in all of it or in nothing of it.
async fn freeze(tx: &mut Tx, platform: &Platform, month: Month, at: OffsetDateTime) -> Result<Option<(Vec<Standing>, Option<Month>)>> {
    let (signer, name) = (signer(platform)?, month.to_string());
    // What is being counted is counted first, and what comes after the close is late.
    counting::store::pause(tx).await?;
    let at = at.replace_nanosecond(0).unwrap_or(at);
    let previous = crate::store::closed_before(tx, month).await?;
    let rows_before = match &previous {
        Some(previous) => crate::store::ranking_rows(tx, previous).await?,
        None => Vec::new(),
    };
    let places_before: HashMap<Uuid, i32> = rows_before.iter().map(|row| (row.tenant_id, row.position)).collect();
    let towns: HashMap<Uuid, _> = competitors(platform).map(|town| (town.id, town)).collect();
    let days = store::days(tx, month).await?;
    let accepted = store::objections(tx, Some(&name), false).await?;
    let files = Files::of(
        days.into_iter().filter_map(|(town, date, hours)| Some(Day { code: towns.get(&town)?.code.clone(), date, hours })).collect(),
        towns
            .values()
            .map(|town| Town {
                code: town.code.clone(),
                name: town.name.clone(),
                department_code: town.department_code.clone(),
                department: town.department.clone(),
                population: town.population,
                previous: places_before.get(&town.id).copied(),
            })
            .collect(),
        accepted
            .into_iter()
            .filter(|objection| objection.adjustment != 0)
            .filter_map(|objection| {
                Some(Adjustment {
                    code: towns.get(&objection.tenant_id)?.code.clone(),
                    objection: objection.id.to_string(),
                    visits: objection.adjustment,
                    reason: objection.answer.unwrap_or_default(),
                })
            })
            .collect(),
    );
    let (number, before) = before(tx).await?;
    let body = canonical::close_statement(&CloseStatement {
        month: &name,
        rules: VERSIONS[0].version,
        closed_at: at,
        compared_with: previous.as_deref(),
        before: &before,
        public_key: signer.public_key(),
        files: &files,
    });
    let statement = sign(tx, signer, (number, "CLOSE", &name), at, body).await?;
    let close = CloseRow { month: name.clone(), previous, closed_at: at, signature: statement.signature, statement: Some(number) };
    if !store::insert_close(tx, &close).await? {
        return Ok(None);
    }
    for (file, body) in files.each() {
        store::insert_file(tx, &name, file, body).await?;
    }
    let by_code: HashMap<&str, Uuid> = towns.values().map(|town| (town.code.as_str(), town.id)).collect();
    let visits: HashMap<Uuid, i64> = canonical::read_order(&files.order)?
        .into_iter()
        .filter_map(|placed| Some((*by_code.get(placed.town.code.as_str())?, placed.visits)))
        .collect();
    let categories = category::of_year(tx, month.year()).await?;
    let as_it_is = |town: &TenantEntry| Score {
        category: categories.get(&town.id).copied(),
        ..score(town, visits.get(&town.id).copied().unwrap_or(0))
    };
    let scores: Vec<Score> = towns.values().map(|town| as_it_is(town)).collect();
    let standings = standings(scores, &frozen(platform, &rows_before), RankingOrder::Visits);
    let rows = ranking_rows(&name, &standings, &places_before);
    store::insert_ranking_rows(tx, &name, &rows).await?;
    let detail = json!({ "towns": rows.len(), "previous": close.previous, "statement": number, "digest": hex::encode(&statement.digest),
                         "signature": hex::encode(&close.signature) });
    tx.audit("visits.month.closed", "month", &name, detail).await?;
    tx.publish();
    Ok(Some((standings, close.previous.as_deref().and_then(Month::parse))))
}

fn ranking_rows(month: &str, standings: &[Standing], before: &HashMap<Uuid, i32>) -> Vec<RankingRow> {
    let places_in = |group: fn(&Score) -> Option<String>| {
        places_within(&standings.iter().map(|row| (group(&row.score), row.score.visits)).collect::<Vec<_>>())
    };
    let departments = places_in(|score| Some(score.department.code.clone()));
    let bands = places_in(|score| score.band().map(|band| format!("{band:?}")));
    let row = |((row, department_position), band_position): ((&Standing, Option<i32>), Option<i32>)| RankingRow {
        tenant_id: row.score.tenant,
        month: month.to_owned(),
        position: row.position,
        visits: row.score.visits,
        visits_per_thousand: per_thousand(row.score.visits, row.score.population),
        previous_position: before.get(&row.score.tenant).copied(),
        name: Some(row.score.name.clone()),
        department_code: Some(row.score.department.code.clone()),
        department: Some(row.score.department.name.clone()),
        population: row.score.population,
        department_position,
        band_position,
        category: row.score.category,
    };
    let mut rows: Vec<RankingRow> = standings.iter().zip(departments).zip(bands).map(row).collect();
    rows.sort_by_key(|row| row.tenant_id);
    rows
}

/// Publishes that a figure of a closed month was wrong. What was closed stays as it was signed; the correction is signed beside it.
pub(crate) async fn correct(tx: &mut Tx, platform: &Platform, month: &str, slug: &str, corrected: i64, reason: &str) -> Result<Month> {
    if !matches!(tx.scope(), Scope::Agency(_)) {
        return Err(Error::Forbidden);
    }
    let month = rules::named(month)?;
    store::lock_chain(tx).await?;
    let mut faults = Faults::default();
    let reason = rules::stated(&mut faults, "reason", reason);
    faults.require((0..=1_000_000_000).contains(&corrected), "visits", "RANGE", "Escriba cuántas visitas fueron: cero o más");
    let name = month.to_string();
    let close = crate::store::close_of(tx, month).await?;
    let open = close.as_ref().is_none_or(|close| close.statement.is_none());
    faults.require(!open, "month", "OPEN", "Solo se corrige un mes cerrado con la firma pública");
    let town = platform.directory().by_slug(slug);
    let rows = crate::store::ranking_rows(tx, &name).await?;
    let row = town.as_ref().and_then(|town| rows.iter().find(|row| row.tenant_id == town.id));
    faults.require(row.is_some(), "slug", "NOT_RANKED", "Ese municipio no está en el ranking de ese mes");
    faults.into_result()?;
    let (Some(town), Some(row)) = (&town, row) else { return Err(Error::NotFound) };
    let (signer, at) = (signer(platform)?, tx.now().replace_nanosecond(0).unwrap_or_else(|_| tx.now()));
    let (number, before) = before(tx).await?;
    let body = canonical::correction_statement(&CorrectionStatement {
        month: &name,
        at,
        before: &before,
        public_key: signer.public_key(),
        code: &town.code,
        closed: row.visits,
        corrected,
        reason: &reason,
    });
    sign(tx, signer, (number, "CORRECTION", &name), at, body).await?;
    let correction = Correction { tenant_id: town.id, statement: number, month: name.clone(), closed: row.visits, corrected, reason };
    store::insert_correction(tx, &correction).await?;
    tx.audit("visits.month.corrected", "month", &name, json!({ "town": town.slug, "statement": number, "visits": corrected })).await?;
    tx.publish();
    Ok(month)
}

/// Visits of a closed month that were written after it was frozen; they do not count, and may call for a correction.
pub(crate) async fn late_visits(tx: &mut Tx, platform: &Platform, month: Month) -> Result<i64> {
    let Some(hours) = store::file(tx, &month.to_string(), canonical::HOURS).await? else { return Ok(0) };
    let frozen = canonical::visits_of(&hours)?;
    let competing: std::collections::HashSet<Uuid> = competitors(platform).map(|town| town.id).collect();
    let now: i64 = crate::store::month_visits(tx, month)
        .await?
        .into_iter()
        .filter(|(town, _)| competing.contains(town))
        .map(|(_, visits)| visits)
        .sum();
    Ok((now - frozen).max(0))
}

pub(super) fn agency(platform: &Platform) -> Result<Scope> {
    let agency = platform.directory().platform(TenantKind::Agency).ok_or_else(|| Error::fault("the agency's tenant is missing"))?;
    Ok(Scope::Agency(agency.id))
}

/// Closes a month from the command line, in the agency's name.
pub async fn close(platform: &Platform, month: &str) -> Result<ClosedMonth> {
    let mut tx = agency(platform)?.write(platform.db()).await?;
    let done = async {
        close_month(&mut tx, platform, month).await?;
        told(&mut tx, platform, month).await
    }
    .await;
    tx.settle(done).await
}

/// Closes every month of the demonstration that has ended, each as of the first morning on which it may be. Its news come with the
/// overlay. To be called when the overlays of all towns are loaded; once a month is closed, the agency closes the next ones.
pub async fn close_demo(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    let first = if crate::store::closes(&mut tx).await?.is_empty() { crate::store::first_hour(&mut tx).await? } else { None };
    tx.rollback().await?;
    let Some(mut month) = first.map(Month::of) else { return Ok(()) };
    let mut tx = agency(platform)?.write(platform.db()).await?;
    let done = async {
        store::lock_chain(&mut tx).await?;
        while tx.now() >= month.ends() {
            let morning = (rules::objections_until(month) + time::Duration::hours(7)).min(tx.now());
            freeze(&mut tx, platform, month, morning).await?;
            month = month.plus(1);
        }
        Ok(())
    }
    .await;
    tx.settle(done).await
}
