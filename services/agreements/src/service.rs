//! One function a use case.

use kernel::file::{self, Public};
use kernel::search::Entry;
use kernel::{Error, Result, Tx, ids, text};
use serde::Serialize;
use serde_json::{Map, Value, json};
use time::Date;
use uuid::Uuid;

use crate::model::{AddAgreementResultInput, AgreementRow, EntityRow, KeepAgreementInput, KeepEntityInput, Kept, ResultRow};
use crate::{rules, store};

/// Where the documents of an agreement hang.
pub(crate) fn subject(slug: &str) -> String {
    format!("agreement/{slug}")
}

/// Registers an entity, or changes the one named.
pub(crate) async fn keep_entity(tx: &mut Tx, input: &KeepEntityInput) -> Result<EntityRow> {
    let mut entity = rules::entity(input, tx.now())?;
    match named(input.slug.as_ref()) {
        None => {
            store::insert_entity(tx, &entity).await?;
            tx.audit("agreements.entity.registered", "entity", &entity.slug, json!({ "name": entity.name, "level": entity.level })).await?;
        }
        Some(slug) => {
            let before = store::entities(tx, Some(slug)).await?.pop().ok_or(Error::NotFound)?;
            entity = EntityRow { slug: before.slug.clone(), recorded_at: before.recorded_at, ..entity };
            store::update_entity(tx, &entity).await?;
            // Which fields, and not what stood in them: a contact is somebody's personal data.
            let fields: Vec<String> = changes(&before, &entity)?.into_iter().map(|(field, _)| field).collect();
            tx.audit("agreements.entity.changed", "entity", slug, json!({ "fields": fields })).await?;
            for kept in store::book(tx, None).await?.iter().filter(|kept| kept.entity.slug == slug) {
                index(tx, kept).await?;
            }
        }
    }
    tx.publish();
    Ok(entity)
}

/// Registers an agreement, or changes what the one named says.
pub(crate) async fn keep_agreement(tx: &mut Tx, input: &KeepAgreementInput) -> Result<Kept> {
    let typed = rules::agreement(input, tx.now())?;
    let Some(slug) = named(input.slug.as_ref()) else {
        store::insert_agreement(tx, &typed).await?;
        tx.audit("agreements.agreement.registered", "agreement", &typed.slug, json!({ "title": typed.title, "entity": typed.entity }))
            .await?;
        tx.publish();
        return one(tx, &typed.slug).await;
    };
    let Kept { agreement: before, results, .. } = standing(tx, slug).await?;
    if results.iter().any(|result| result.annulled_at.is_none() && result.happened_on < typed.signed_on) {
        return Err(Error::field("signedOn", "ORDER", "Trajo un resultado antes de esa fecha; revise cuál de las dos está mal"));
    }
    let after = AgreementRow {
        slug: before.slug.clone(),
        ended_on: before.ended_on,
        end_reason: before.end_reason.clone(),
        published_at: before.published_at,
        recorded_at: before.recorded_at,
        ..typed
    };
    if let (Some(ended_on), Some(reason)) = (after.ended_on, &after.end_reason) {
        rules::early_end(&after, ended_on, reason, tx.today())?;
    }
    let was = changes(&before, &after)?;
    store::update_agreement(tx, &after).await?;
    place(tx, "agreements.agreement.changed", slug, json!({ "was": was })).await
}

/// Ends an agreement before its time.
pub(crate) async fn end(tx: &mut Tx, slug: &str, ended_on: Date, reason: &str) -> Result<Kept> {
    let mut agreement = standing(tx, slug).await?.agreement;
    let reason = rules::early_end(&agreement, ended_on, reason, tx.today())?;
    agreement.ended_on = Some(ended_on);
    agreement.end_reason = Some(reason.clone());
    agreement.updated_at = tx.now();
    store::update_agreement(tx, &agreement).await?;
    place(tx, "agreements.agreement.ended", slug, json!({ "endedOn": ended_on.to_string(), "reason": reason })).await
}

/// Annuls an agreement that was recorded by mistake: it stays in the register with the reason, and counts nowhere.
pub(crate) async fn annul(tx: &mut Tx, slug: &str, reason: &str) -> Result<Kept> {
    let reason = rules::reason(reason)?;
    let mut agreement = standing(tx, slug).await?.agreement;
    let now = tx.now();
    agreement.annulled_at = Some(now);
    agreement.annul_reason = Some(reason.clone());
    agreement.updated_at = now;
    store::update_agreement(tx, &agreement).await?;
    place(tx, "agreements.agreement.annulled", slug, json!({ "reason": reason })).await
}

/// Puts an agreement on the site, or takes it off.
pub(crate) async fn set_published(tx: &mut Tx, slug: &str, published: bool) -> Result<Kept> {
    let kept = standing(tx, slug).await?;
    if kept.agreement.published_at.is_some() == published {
        return Ok(kept);
    }
    let (mut agreement, now) = (kept.agreement, tx.now());
    agreement.published_at = published.then_some(now);
    agreement.updated_at = now;
    store::update_agreement(tx, &agreement).await?;
    let action = if published { "agreements.agreement.published" } else { "agreements.agreement.withdrawn" };
    place(tx, action, slug, json!({})).await
}

/// Adds what an agreement brought. The same submission again is the same result.
pub(crate) async fn add_result(tx: &mut Tx, input: &AddAgreementResultInput) -> Result<Kept> {
    let kept = standing(tx, &input.slug).await?;
    let (text, evidence) = rules::result(input, &kept.agreement, tx.today())?;
    let result = ResultRow {
        id: ids::named(tx.tenant()?, "agreement-result", &input.idempotency_key),
        agreement: kept.agreement.slug,
        happened_on: input.happened_on.0,
        text,
        evidence,
        recorded_at: tx.now(),
        annulled_at: None,
        annul_reason: None,
    };
    // The agreement is locked: no other transaction adds to it meanwhile, and a key of another agreement's result is found out below.
    let again = kept.results.iter().any(|known| known.id == result.id);
    store::insert_result(tx, &result).await?;
    let known = store::result(tx, result.id).await?;
    let same = |row: &ResultRow| (row.agreement.clone(), row.happened_on, row.text.clone(), row.evidence.clone());
    if same(&known) != same(&result) {
        let message = "Este formulario ya se envió con otro texto. Ábralo de nuevo para registrar otro resultado.";
        return Err(Error::field("idempotencyKey", "REUSED", message));
    }
    if again {
        return one(tx, &input.slug).await;
    }
    place(tx, "agreements.result.added", &input.slug, json!({ "result": result.id, "happenedOn": result.happened_on.to_string() })).await
}

/// Annuls a result that was recorded by mistake.
pub(crate) async fn annul_result(tx: &mut Tx, id: Uuid, reason: &str) -> Result<Kept> {
    let reason = rules::reason(reason)?;
    let slug = store::result(tx, id).await?.agreement;
    standing(tx, &slug).await?;
    let mut result = store::result(tx, id).await?;
    if result.annulled_at.is_some() {
        return Err(Error::whole("ANNULLED", "Este resultado ya se anuló."));
    }
    result.annulled_at = Some(tx.now());
    result.annul_reason = Some(reason.clone());
    store::annul_result(tx, &result).await?;
    place(tx, "agreements.result.annulled", &slug, json!({ "result": id, "reason": reason })).await
}

/// Attaches documents to an agreement.
pub(crate) async fn attach(tx: &mut Tx, slug: &str, files: &[Uuid], public: bool) -> Result<Kept> {
    if files.is_empty() {
        return Err(Error::field("files", "REQUIRED", "Elija al menos un archivo"));
    }
    standing(tx, slug).await?;
    file::attach(tx, files, &subject(slug), if public { Public::Yes } else { Public::No }).await?;
    place(tx, "agreements.documents.attached", slug, json!({ "files": files })).await
}

/// Takes a document off an agreement, with its bytes; who, when and why stay in the audit.
pub(crate) async fn detach(tx: &mut Tx, slug: &str, id: Uuid, reason: &str) -> Result<Kept> {
    let reason = rules::reason(reason)?;
    standing(tx, slug).await?;
    if file::detach(tx, id).await? != subject(slug) {
        return Err(Error::NotFound);
    }
    place(tx, "agreements.document.detached", slug, json!({ "file": id, "reason": reason })).await
}

fn named(slug: Option<&String>) -> Option<&str> {
    slug.map(|slug| slug.trim()).filter(|slug| !slug.is_empty())
}

/// An agreement.
async fn one(tx: &mut Tx, slug: &str) -> Result<Kept> {
    store::book(tx, Some(slug)).await?.pop().ok_or(Error::NotFound)
}

/// An agreement that was not annulled, kept from changing until commit.
async fn standing(tx: &mut Tx, slug: &str) -> Result<Kept> {
    store::lock(tx, slug).await?;
    let kept = one(tx, slug).await?;
    match kept.agreement.annulled_at {
        None => Ok(kept),
        Some(_) => Err(Error::whole("ANNULLED", "Este convenio se anuló; ya no se cambia.")),
    }
}

/// Audits what was done to an agreement, and makes the site and its search say so.
async fn place(tx: &mut Tx, action: &str, slug: &str, detail: Value) -> Result<Kept> {
    tx.audit(action, "agreement", slug, detail).await?;
    tx.publish();
    let kept = one(tx, slug).await?;
    index(tx, &kept).await?;
    Ok(kept)
}

/// Makes an agreement findable while it is public.
pub(crate) async fn index(tx: &mut Tx, kept: &Kept) -> Result<()> {
    let Kept { agreement, entity, results } = kept;
    if !rules::is_public(agreement) {
        return tx.unindex("agreement", &agreement.slug).await;
    }
    let brought = results.iter().filter(|result| result.annulled_at.is_none()).map(|result| result.text.as_str());
    let words = agreement.topics.iter().map(String::as_str).chain(agreement.number.as_deref()).chain(brought);
    tx.index(Entry {
        kind: "agreement",
        key: agreement.slug.clone(),
        title: agreement.title.clone(),
        summary: format!("Convenio con {}. {}", entity.name, text::summary(&agreement.object, 140)),
        text: words.collect::<Vec<_>>().join(" "),
        path: format!("/convenios/{}", agreement.slug),
    })
    .await
}

/// What a change replaced: field and former value.
fn changes<T: Serialize>(before: &T, after: &T) -> Result<Map<String, Value>> {
    let (before, after) = (serde_json::to_value(before)?, serde_json::to_value(after)?);
    let fields = before.as_object().cloned().unwrap_or_default();
    Ok(fields.into_iter().filter(|(field, value)| field != "updated_at" && after[field] != *value).collect())
}
