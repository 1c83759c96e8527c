//! Use cases of versions: a draft from the national model or beside the plan in force, its adoption, and the turn from one period to the next.

use kernel::directory::Audience;
use kernel::file::{self, Public};
use kernel::{Error, Result, Tx};
use serde_json::json;
use sqlx::types::Json;
use time::Date;
use uuid::Uuid;

use super::inputs::{self, Adoption};
use super::model::{Content, Done, PlanChange, Signature, VersionRow, VersionState};
use super::{national, rules, store};
use crate::text::document::Document;
use crate::text::model::Book;
use crate::{jobs, text};

/// Where the files of a version's act hang.
pub(crate) fn subject(key: &str, number: i32) -> String {
    format!("plan/{key}/v{number}")
}

/// A draft and its text.
async fn drafted(tx: &mut Tx) -> Result<(VersionRow, Document)> {
    let row = store::draft(tx).await?.ok_or(Error::NotFound)?;
    let document = store::content(tx, &row.plan_key, row.number).await?.document.0;
    Ok((row, document))
}

async fn insert_draft(tx: &mut Tx, document: Document, from: &str) -> Result<()> {
    let number = store::next_number(tx, &document.key).await?;
    let row = VersionRow {
        plan_key: document.key.clone(),
        number,
        state: VersionState::Draft,
        reason: None,
        act: None,
        signatures: Json(Vec::new()),
        changed_at: tx.now(),
        adopted_at: None,
        adopted_by: None,
    };
    store::insert(tx, &row, &Content { document: Json(document), done: Json(Vec::new()) }).await?;
    tx.audit("plan.draft.started", "plan", &row.plan_key, json!({ "version": number, "from": from })).await
}

/// The period of the mayors' term that a day lies in.
fn term(today: Date) -> (i32, i32) {
    let from = today.year() - (today.year() - 2024).rem_euclid(4);
    (from, from + 3)
}

/// Starts the plan of a period as a draft, from the national model.
pub(crate) async fn start(tx: &mut Tx, key: Option<&str>, from_year: Option<i32>, to_year: Option<i32>) -> Result<()> {
    let (from, to) = term(tx.today());
    let from = from_year.unwrap_or(from);
    let to = to_year.unwrap_or(if from_year.is_none() { to } else { from + 3 });
    let key = inputs::key(key, from, to)?;
    if store::next_number(tx, &key).await? > 1 {
        return Err(Error::field("key", "TAKEN", "Ya hay un plan con esa clave: revíselo o escriba otra"));
    }
    let plan = national::plan(&*tx.entry()?, &key, from, to);
    insert_draft(tx, plan, national::version()).await
}

/// Opens a draft beside a plan in force, with its text.
pub(crate) async fn revise(tx: &mut Tx, key: Option<&str>) -> Result<()> {
    let key = match key {
        Some(key) => key.to_owned(),
        None => text::store::plan_key(tx).await?.ok_or(Error::NotFound)?,
    };
    let row = store::in_force(tx, &key).await?.ok_or(Error::NotFound)?;
    let content = store::content(tx, &key, row.number).await?;
    insert_draft(tx, content.document.0, &format!("{key}/v{}", row.number)).await
}

/// Writes a part of the draft. What was signed was another text: its signatures fall.
pub(crate) async fn write(tx: &mut Tx, part: &str, lay: impl FnOnce(&mut Document) -> Result<()>) -> Result<()> {
    store::hold_draft(tx).await?;
    let (row, mut document) = drafted(tx).await?;
    let before = document.clone();
    lay(&mut document)?;
    let changes = rules::differences(&before, &document);
    if changes.is_empty() && before == document {
        return Ok(());
    }
    store::set_document(tx, &row.plan_key, row.number, &document).await?;
    let row = VersionRow { signatures: Json(Vec::new()), changed_at: tx.now(), ..row };
    store::update(tx, &row).await?;
    let told: Vec<&str> = changes.iter().map(|change| change.place.as_str()).collect();
    tx.audit("plan.draft.written", "plan", &row.plan_key, json!({ "version": row.number, "part": part, "changes": told })).await
}

/// Adds an action line to the draft; its number is one that no action of this plan ever bore.
pub(crate) async fn add_line(tx: &mut Tx, title: &str) -> Result<i32> {
    let row = store::draft(tx).await?.ok_or(Error::NotFound)?;
    let number = store::greatest_line(tx, &row.plan_key).await? + 1;
    write(tx, "action_lines", |document| inputs::add_line(document, number, title)).await?;
    Ok(number)
}

/// Throws the draft away.
pub(crate) async fn discard(tx: &mut Tx, confirmed: bool) -> Result<String> {
    if !confirmed {
        return Err(Error::field("confirm", "REQUIRED", "Marque la casilla para descartar el borrador"));
    }
    store::hold_draft(tx).await?;
    let row = store::draft(tx).await?.ok_or(Error::NotFound)?;
    store::delete(tx, &row.plan_key, row.number).await?;
    tx.audit("plan.draft.discarded", "plan", &row.plan_key, json!({ "version": row.number })).await?;
    Ok(row.plan_key)
}

/// Signs the draft: with one's own account, or in the name of a member who signed the act on paper.
pub(crate) async fn sign(tx: &mut Tx, signature: Signature) -> Result<()> {
    // The platform's own hosts have no plan, and no right to look for one.
    if tx.entry()?.kind.audience() != Audience::Municipality {
        return Err(Error::NotFound);
    }
    store::hold_draft(tx).await?;
    let mut row = store::draft(tx).await?.ok_or(Error::NotFound)?;
    let twice = row
        .signatures
        .0
        .iter()
        .any(|known| known.name == signature.name || (known.account.is_some() && known.account == signature.account));
    if twice {
        return Err(Error::field("name", "TAKEN", "Esa persona ya firmó este borrador"));
    }
    let detail = json!({ "version": row.number, "name": signature.name, "post": signature.post, "here": signature.account.is_some() });
    row.signatures.0.push(signature);
    store::update(tx, &row).await?;
    tx.audit("plan.draft.signed", "plan", &row.plan_key, detail).await
}

/// Takes a signature off the draft.
pub(crate) async fn unsign(tx: &mut Tx, name: &str) -> Result<()> {
    store::hold_draft(tx).await?;
    let mut row = store::draft(tx).await?.ok_or(Error::NotFound)?;
    let before = row.signatures.0.len();
    row.signatures.0.retain(|signature| signature.name != name);
    if row.signatures.0.len() == before {
        return Err(Error::NotFound);
    }
    store::update(tx, &row).await?;
    tx.audit("plan.draft.unsigned", "plan", &row.plan_key, json!({ "version": row.number, "name": name })).await
}

/// What a draft changes: against the version in force of its plan, or against nothing where it is the first.
pub(crate) async fn changes(tx: &mut Tx, draft: &VersionRow, document: &Document) -> Result<Vec<PlanChange>> {
    let before = match store::before(tx, &draft.plan_key, draft.number).await? {
        Some(number) => store::content(tx, &draft.plan_key, number).await?.document.0,
        None => document.blank(),
    };
    Ok(rules::differences(&before, document))
}

/// Puts the draft in force: with a reason, an act and signatures, and without a contradiction that was not there before.
pub(crate) async fn adopt(tx: &mut Tx, adoption: Adoption) -> Result<(String, i32)> {
    store::hold_draft(tx).await?;
    let (draft, document) = drafted(tx).await?;
    let (reason, act) = inputs::adoption(&adoption, tx.today())?;
    let (key, number) = (draft.plan_key.clone(), draft.number);
    let before = store::in_force(tx, &key).await?;
    let known = match &before {
        Some(row) => rules::problems(&store::content(tx, &key, row.number).await?.document),
        None => Vec::new(),
    };
    if let Some(problem) = rules::problems(&document).into_iter().find(|problem| !known.contains(problem)) {
        return Err(Error::whole("CONTRADICTION", format!("{}: {}", problem.place, problem.message)));
    }
    if changes(tx, &draft, &document).await?.is_empty() {
        return Err(Error::whole("UNCHANGED", "El borrador dice lo mismo que el plan vigente: no hay nada que adoptar"));
    }
    if draft.signatures.0.is_empty() {
        return Err(Error::whole("UNSIGNED", "Falta la firma de al menos un miembro del Comité"));
    }
    file::attach(tx, &adoption.files, &subject(&key, number), Public::Yes).await?;
    // What is done of the version in force is written down before its state moves.
    keep_done(tx).await?;
    if let Some(before) = before {
        store::update(tx, &VersionRow { state: VersionState::Superseded, ..before }).await?;
    }
    let (now, actor) = (tx.now(), tx.actor());
    let detail = json!({ "version": number, "reason": reason, "act": act, "signatures": draft.signatures.0 });
    let adopted = VersionRow {
        state: VersionState::InForce,
        reason: Some(reason),
        act: Some(Json(act)),
        adopted_at: Some(now),
        adopted_by: actor,
        ..draft
    };
    store::update(tx, &adopted).await?;
    turn(tx, Some(&key)).await?;
    tx.audit("plan.version.adopted", "plan", &key, detail).await?;
    tx.publish();
    jobs::read_soon(tx).await?;
    Ok((key, number))
}

/// Writes down what is done of the plan that is measured, with its version.
async fn keep_done(tx: &mut Tx) -> Result<()> {
    let Some(book) = text::store::book(tx).await? else { return Ok(()) };
    let Some(row) = store::in_force(tx, &book.plan.key).await? else { return Ok(()) };
    let done = book.activities.into_iter().filter_map(|activity| {
        let at = activity.done_at?;
        Some(Done { action: activity.action_line, text: activity.text, at, evidence: activity.evidence })
    });
    store::keep_done(tx, &row.plan_key, row.number, &done.collect::<Vec<_>>()).await
}

/// Puts the plan of this year in the place of what is measured, where it is not there yet or its version is new.
pub(crate) async fn turn(tx: &mut Tx, adopted: Option<&str>) -> Result<()> {
    let plans = store::plans(tx).await?;
    let Some(current) = rules::current(&plans, tx.today().year()) else { return Ok(()) };
    let measured = text::store::plan_key(tx).await?;
    if measured.as_deref() == Some(current.key.as_str()) && adopted != Some(current.key.as_str()) {
        return Ok(());
    }
    keep_done_of_other(tx, measured.as_deref(), &current.key).await?;
    let (document, done) = with_done(tx, &current.key, current.number).await?;
    let book = book_with(document, &done, tx.tenant()?);
    text::service::place(tx, &book).await?;
    if measured.is_some_and(|measured| measured != current.key) {
        tx.audit("plan.turned", "plan", &current.key, json!({ "version": current.number })).await?;
    }
    tx.publish();
    Ok(())
}

/// A plan that gives way to another plan keeps what was done of it; one that gives way to its own next version has done so already.
async fn keep_done_of_other(tx: &mut Tx, measured: Option<&str>, current: &str) -> Result<()> {
    if measured.is_some_and(|measured| measured != current) { keep_done(tx).await } else { Ok(()) }
}

/// A version's text and what was done of it, in it or in the version before.
async fn with_done(tx: &mut Tx, key: &str, number: i32) -> Result<(Document, Vec<Done>)> {
    let content = store::content(tx, key, number).await?;
    let mut done = content.done.0;
    if let Some(before) = store::before(tx, key, number).await? {
        let earlier = store::content(tx, key, before).await?.done.0;
        done.extend(
            earlier
                .into_iter()
                .filter(|row| !done.iter().any(|known| known.action == row.action && known.text == row.text))
                .collect::<Vec<_>>(),
        );
    }
    Ok((content.document.0, done))
}

/// The rows of a text, with what was done of it: an activity is the same while its action and its words are.
pub(crate) fn book_with(document: Document, done: &[Done], tenant: Uuid) -> Book {
    let mut book = document.book(tenant);
    for activity in &mut book.activities {
        if let Some(done) = done.iter().find(|done| done.action == activity.action_line && done.text == activity.text) {
            activity.done_at = Some(done.at);
            activity.evidence.clone_from(&done.evidence);
        }
    }
    book
}

/// A plan as one of its versions has it.
pub(crate) async fn book(tx: &mut Tx, key: &str, number: i32) -> Result<Book> {
    let content = store::content(tx, key, number).await?;
    Ok(book_with(content.document.0, &content.done, tx.tenant()?))
}
