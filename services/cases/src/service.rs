//! One function a use case.

use calendar::radication_date;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::Event;
use kernel::secret::{Secret, sha256_hex};
use kernel::{Error, Result, Tx};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::jobs::{Letter, MAIL};
use crate::model::{CaseRow, CaseState, EventRow, Petition};
use crate::rules::{self, Radicado};
use crate::store;

/// What whoever filed reads in the timeline, in the order in which it comes to pass.
pub(crate) const RECEIVED: &str = "Recibimos su solicitud y le dimos radicado.";
pub(crate) const IN_PROGRESS: &str = "Empezó el estudio de su solicitud.";
pub(crate) const ANSWERED: &str = "Respondimos su solicitud.";
const ASSIGNED: &str = "Pasó a la dependencia que la responde.";

/// Files a petition and tells its code. The same submission again is the same case, with the same radicado and code.
pub(crate) async fn file(tx: &mut Tx, secret: &Secret, petition: &Petition) -> Result<(CaseRow, String)> {
    let (tenant, key) = (tx.tenant()?, &petition.idempotency_key);
    let code = secret.spoken_code("case-code", &[tenant.as_bytes(), key.as_bytes()]);
    if let Some(case) = store::case_of_key(tx, key).await? {
        // The code is told again to who sends the same again, not to who guesses a key.
        if case.is_of(petition) {
            return Ok((case, code));
        }
        let message = "Este formulario ya se envió con otro texto. Ábralo de nuevo para presentar otra solicitud.";
        return Err(Error::field("idempotencyKey", "REUSED", message));
    }
    let (id, now, year) = (tx.id(), tx.now(), tx.today().year());
    let calendar = rules::calendar(tx.entry()?.as_ref())?;
    let received_on = radication_date(now, &calendar);
    let due_on = rules::kind(&petition.kind).and_then(|kind| rules::deadline(kind, received_on, &calendar)).map(|deadline| deadline.due_on);
    note(tx, id, now, RECEIVED, true).await?;
    tx.audit("cases.petition.filed", "case", &id.to_string(), json!({ "kind": petition.kind, "anonymous": petition.anonymous })).await?;
    if petition.email.is_some() {
        tx.enqueue(MAIL, json!({ "case": id, "letter": Letter::Receipt })).await?;
    }
    let number = store::next_number(tx, year).await?;
    let case = CaseRow {
        id,
        radicado: Radicado { year, number }.to_string(),
        kind: petition.kind.clone(),
        subject: petition.subject.clone(),
        body: petition.body.clone(),
        name: petition.name.clone(),
        email: petition.email.clone(),
        anonymous: petition.anonymous,
        idempotency_key: key.clone(),
        code_hash: code_hash(secret, id, &code),
        state: CaseState::Received,
        dependency: None,
        opened_at: now,
        received_on,
        due_on,
        answered_at: None,
        answer: None,
        taken_by: None,
    };
    store::insert_case(tx, &case).await?;
    Ok((case, code))
}

/// Whether the same submission was filed by another transaction while this one ran: done again, it finds that case.
pub(crate) fn filed_meanwhile<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Constraint(name)) if name == "case_file_idempotency_key_unique")
}

/// What is kept of a code: hyphens and case do not matter, and without the platform's secret it cannot be guessed.
fn code_hash(secret: &Secret, case: Uuid, code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    sha256_hex(&secret.keyed("case-code-kept", &[case.as_bytes(), plain.as_bytes()]))
}

/// Whether the code opens the case.
pub(crate) fn opens(secret: &Secret, case: &CaseRow, code: &str) -> bool {
    code_hash(secret, case.id, code) == case.code_hash
}

/// Takes a case into work, and hands it to a dependency if one is named.
pub(crate) async fn take(tx: &mut Tx, radicado: &str, dependency: Option<&str>) -> Result<CaseRow> {
    let dependency = dependency.map(str::trim).filter(|slug| !slug.is_empty());
    if dependency.is_some_and(|slug| slug != kernel::text::slug(slug)) {
        return Err(Error::field("dependency", "FORM", "Elija una dependencia del directorio"));
    }
    let mut case = open_case(tx, radicado).await?;
    let now = tx.now();
    if case.state == CaseState::Received {
        case.state = CaseState::InProgress;
        note(tx, case.id, now, IN_PROGRESS, true).await?;
    }
    if dependency.is_some() && dependency != case.dependency.as_deref() {
        case.dependency = dependency.map(str::to_owned);
        note(tx, case.id, now, ASSIGNED, true).await?;
    }
    case.taken_by = tx.actor().or(case.taken_by);
    store::update_case(tx, &case).await?;
    tx.audit("cases.case.taken", "case", &case.id.to_string(), json!({ "radicado": case.radicado, "dependency": case.dependency })).await?;
    Ok(case)
}

#[derive(serde::Deserialize)]
struct Passed {
    from: Uuid,
    to: Uuid,
}

/// What one official had in hand is another's now.
pub(crate) fn pass<'a>(tx: &'a mut Tx, event: &'a Event) -> BoxFuture<'a, Result<()>> {
    async move {
        let Passed { from, to } = serde_json::from_value(event.payload.clone())?;
        let now = tx.now();
        for mut case in store::taken(tx).await?.into_iter().filter(|case| case.taken_by == Some(from)) {
            case.taken_by = Some(to);
            store::update_case(tx, &case).await?;
            note(tx, case.id, now, "Pasó a otra persona de la alcaldía.", false).await?;
            tx.audit("cases.case.passed", "case", &case.id.to_string(), json!({ "radicado": case.radicado, "from": from, "to": to }))
                .await?;
        }
        Ok(())
    }
    .boxed()
}

/// Answers a case; whoever left an address gets the answer by mail.
pub(crate) async fn answer(tx: &mut Tx, radicado: &str, answer: &str) -> Result<CaseRow> {
    let answer = rules::answer(answer)?;
    let mut case = open_case(tx, radicado).await?;
    let now = tx.now();
    case.state = CaseState::Answered;
    case.answered_at = Some(now);
    case.answer = Some(answer);
    store::update_case(tx, &case).await?;
    note(tx, case.id, now, ANSWERED, true).await?;
    let sent = match &case.email {
        Some(email) => format!("La respuesta sale por correo a {email}."),
        None => "No dejó correo: la respuesta se lee con el radicado y el código.".to_owned(),
    };
    note(tx, case.id, now, &sent, false).await?;
    if case.email.is_some() {
        tx.enqueue(MAIL, json!({ "case": case.id, "letter": Letter::Answer })).await?;
    }
    tx.audit("cases.case.answered", "case", &case.id.to_string(), json!({ "radicado": case.radicado })).await?;
    Ok(case)
}

/// A case that still waits for its answer, kept from changing until commit.
async fn open_case(tx: &mut Tx, radicado: &str) -> Result<CaseRow> {
    let known = match Radicado::parse(radicado) {
        Some(radicado) => store::locked_case(tx, &radicado.to_string()).await?,
        None => None,
    };
    let case = known.ok_or_else(|| Error::field("radicado", "NOT_FOUND", "No hay una solicitud con ese radicado"))?;
    if case.state.is_open() { Ok(case) } else { Err(Error::whole("CLOSED", "Esta solicitud ya se respondió o se cerró.")) }
}

/// Adds to what happened to a case.
pub(crate) async fn note(tx: &mut Tx, case: Uuid, at: OffsetDateTime, text: &str, public: bool) -> Result<()> {
    let event = EventRow { id: tx.id(), at, text: text.to_owned(), public, actor_id: tx.actor() };
    store::insert_event(tx, case, &event).await
}
