//! One function a use case.

use std::sync::Arc;

use kernel::directory::{TenantEntry, TenantKind};
use kernel::error::Faults;
use kernel::file::{self, Public};
use kernel::{Error, Result, Scope, Tx, clock, ids};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{Attachment, CircularAuthor, CircularRow, DeliveryRow, MessageRow, SendCircularInput};
use crate::{jobs, rules, store};

/// Where the attachments of a circular hang, in the agency's tenant.
pub(crate) fn subject(id: Uuid) -> String {
    format!("circular/{id}")
}

/// Where the files of a message hang, in the town's tenant.
pub(crate) fn message_subject(id: Uuid) -> String {
    format!("circular-message/{id}")
}

/// Circulars are the agency's: on any other host there is nothing to send, whatever roles somebody holds there.
fn at_the_agency(tx: &Tx) -> Result<()> {
    let here = matches!(tx.scope(), Scope::Agency(_)) && tx.entry()?.kind == TenantKind::Agency;
    if here { Ok(()) } else { Err(Error::NotFound) }
}

/// Sends a circular: it has its number with this commit, and reaches each town by a job of its own.
pub(crate) async fn send(
    tx: &mut Tx,
    input: &SendCircularInput,
    files: &[Uuid],
    towns: &[Arc<TenantEntry>],
    sender: &str,
) -> Result<CircularRow> {
    at_the_agency(tx)?;
    let id = ids::named(tx.tenant()?, "circular", &input.idempotency_key);
    if let Some(known) = store::circular(tx, id).await? {
        return Ok(known);
    }
    let written = rules::written(input, towns, tx.today())?;
    let year = clock::local(tx.now()).year();
    let row = CircularRow {
        id,
        year,
        number: store::next_number(tx, year).await?,
        title: written.title,
        body: written.body,
        ask: written.ask,
        due_on: written.due_on,
        audience_text: written.audience_text,
        recipients: written.recipients,
        public: input.public,
        sent_at: tx.now(),
        sender_name: sender.to_owned(),
        withdrawn_at: None,
        withdraw_reason: None,
    };
    store::insert_circular(tx, &row).await?;
    file::attach(tx, files, &subject(id), Public::Yes).await?;
    let detail = json!({ "slug": rules::slug(row.year, row.number), "recipients": row.recipients.len(), "files": files });
    tx.audit("circulars.circular.sent", "circular", &id.to_string(), detail).await?;
    tx.publish();
    jobs::spread(tx, id).await?;
    Ok(row)
}

/// A circular of the agency, by its name in addresses.
pub(crate) async fn one(tx: &mut Tx, slug: &str) -> Result<CircularRow> {
    let (year, number) = rules::parts(slug)?;
    store::circulars(tx).await?.into_iter().find(|row| row.year == year && row.number == number).ok_or(Error::NotFound)
}

/// Sends a circular to further towns. Whoever has it keeps it: a circular is never taken back from one town alone.
pub(crate) async fn add_recipients(tx: &mut Tx, slug: &str, named: &[String], towns: &[Arc<TenantEntry>]) -> Result<CircularRow> {
    at_the_agency(tx)?;
    let mut row = one(tx, slug).await?;
    if row.withdrawn_at.is_some() {
        return Err(Error::whole("WITHDRAWN", "Este lineamiento se retiró; ya no se envía a nadie."));
    }
    let mut faults = Faults::default();
    let further = rules::chosen(named, towns, "municipalities", &mut faults);
    let further: Vec<Uuid> = further.into_iter().map(|town| town.id).filter(|id| !row.recipients.contains(id)).collect();
    faults.require(!further.is_empty(), "municipalities", "EMPTY", "Escriba al menos un municipio que no lo haya recibido");
    faults.into_result()?;
    row.recipients.extend(&further);
    store::update_circular(tx, &row).await?;
    tx.audit("circulars.circular.extended", "circular", &row.id.to_string(), json!({ "towns": further })).await?;
    jobs::spread(tx, row.id).await?;
    Ok(row)
}

/// Withdraws a circular: nothing is asked any more, and whoever received it reads why.
pub(crate) async fn withdraw(tx: &mut Tx, slug: &str, reason: &str) -> Result<CircularRow> {
    at_the_agency(tx)?;
    let reason = rules::reason(reason)?;
    let mut row = one(tx, slug).await?;
    if row.withdrawn_at.is_some() {
        return Err(Error::whole("WITHDRAWN", "Este lineamiento ya se retiró."));
    }
    row.withdrawn_at = Some(tx.now());
    row.withdraw_reason = Some(reason.clone());
    store::update_circular(tx, &row).await?;
    tx.audit("circulars.circular.withdrawn", "circular", &row.id.to_string(), json!({ "reason": reason })).await?;
    tx.publish();
    jobs::spread(tx, row.id).await?;
    Ok(row)
}

/// Brings a circular, as it stands now, to the transaction's town; done twice, it is there once. Says whether it is new there.
pub(crate) async fn deliver(tx: &mut Tx, circular: &CircularRow, files: Vec<Attachment>) -> Result<bool> {
    if let (Some(at), Some(reason)) = (circular.withdrawn_at, &circular.withdraw_reason) {
        if store::withdraw_delivery(tx, circular.id, at, reason).await? {
            tx.audit("circulars.delivery.withdrawn", "circular", &circular.id.to_string(), json!({ "reason": reason })).await?;
        }
        return Ok(false);
    }
    let row = DeliveryRow {
        tenant_id: tx.tenant()?,
        circular_id: circular.id,
        year: circular.year,
        number: circular.number,
        title: circular.title.clone(),
        body: circular.body.clone(),
        ask: circular.ask.clone(),
        due_on: circular.due_on,
        files: Json(files),
        sent_at: circular.sent_at,
        read_at: None,
        reader_name: None,
        answered_at: None,
        withdrawn_at: None,
        withdraw_reason: None,
    };
    let added = store::insert_delivery(tx, &row).await?;
    if added {
        let detail = json!({ "slug": rules::slug(row.year, row.number) });
        tx.audit("circulars.delivery.received", "circular", &circular.id.to_string(), detail).await?;
    }
    Ok(added)
}

/// What the transaction's town received under that name in addresses.
pub(crate) async fn received(tx: &mut Tx, slug: &str) -> Result<DeliveryRow> {
    let (year, number) = rules::parts(slug)?;
    store::received(tx).await?.into_iter().find(|row| row.year == year && row.number == number).ok_or(Error::NotFound)
}

/// Says that the town has read a circular; the first receipt stays.
pub(crate) async fn acknowledge(tx: &mut Tx, slug: &str, reader: &str) -> Result<DeliveryRow> {
    let mut row = received(tx, slug).await?;
    if row.read_at.is_none() {
        mark_read(tx, &mut row, reader);
        store::update_delivery(tx, &row).await?;
        tx.audit("circulars.delivery.read", "circular", &row.circular_id.to_string(), json!({})).await?;
    }
    Ok(row)
}

fn mark_read(tx: &Tx, row: &mut DeliveryRow, reader: &str) {
    row.read_at = Some(tx.now());
    row.reader_name = Some(reader.to_owned());
}

/// The town's word in the thread. The first one is its answer, also when it comes after the date.
pub(crate) async fn answer(tx: &mut Tx, slug: &str, text: &str, files: &[Uuid], writer: &str, key: &str) -> Result<DeliveryRow> {
    let mut row = received(tx, slug).await?;
    let message = written(tx, &row, text, CircularAuthor::Municipality, writer, key)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::whole("WITHDRAWN", "La agencia retiró este lineamiento: ya no hay que responderlo."));
    }
    if !store::insert_message(tx, &message).await? {
        return Ok(row);
    }
    file::attach(tx, files, &message_subject(message.id), Public::Agency).await?;
    if row.read_at.is_none() {
        mark_read(tx, &mut row, writer);
    }
    row.answered_at.get_or_insert(message.at);
    store::update_delivery(tx, &row).await?;
    let detail = json!({ "message": message.id, "files": files, "daysLate": rules::days_late(&row) });
    tx.audit("circulars.delivery.answered", "circular", &row.circular_id.to_string(), detail).await?;
    Ok(row)
}

/// The agency's word in the thread of one town; the transaction is the agency's, in that town.
pub(crate) async fn reply(tx: &mut Tx, slug: &str, text: &str, writer: &str, key: &str) -> Result<DeliveryRow> {
    let row = received(tx, slug).await?;
    let message = written(tx, &row, text, CircularAuthor::Agency, writer, key)?;
    if store::insert_message(tx, &message).await? {
        let detail = json!({ "message": message.id });
        tx.audit("circulars.delivery.replied", "circular", &row.circular_id.to_string(), detail).await?;
    }
    Ok(row)
}

fn written(tx: &Tx, row: &DeliveryRow, text: &str, author: CircularAuthor, author_name: &str, key: &str) -> Result<MessageRow> {
    Ok(MessageRow {
        id: ids::named(tx.tenant()?, "circular-message", &format!("{author:?}/{key}")),
        circular_id: row.circular_id,
        at: tx.now(),
        author,
        author_name: author_name.to_owned(),
        text: rules::message(text)?,
    })
}
