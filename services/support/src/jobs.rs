//! What support does later.

use futures::FutureExt;
use kernel::jobs::{Job, JobKind};
use kernel::mail::Message;
use kernel::{Error, Platform, Result, Scope};
use serde::Deserialize;
use uuid::Uuid;

use crate::store;

pub(crate) const JOBS: &[JobKind] =
    &[JobKind { kind: "support.mail_reply", run: |platform, job| mail_reply(platform, job).boxed() }, crate::clocks::jobs::JOB];

#[derive(Deserialize)]
struct Reply {
    number: i64,
    message: Uuid,
}

/// Mails an agent's word to whoever opened the ticket.
async fn mail_reply(platform: &Platform, job: Job) -> Result<()> {
    let reply: Reply = serde_json::from_value(job.payload)?;
    let mut tx = Scope::Worker(job.tenant).read(platform.db()).await?;
    let Some(ticket) = store::ticket(&mut tx, reply.number).await? else { return Ok(()) };
    let messages = store::messages(&mut tx, ticket.tenant_id, ticket.id).await?;
    let entry = tx.entry()?;
    tx.rollback().await?;
    let (Some(to), Some(message)) = (ticket.contact_email, messages.into_iter().find(|message| message.id == reply.message)) else {
        return Ok(());
    };
    let thread = platform.links.to(&platform.directory().host_of(&entry), &format!("/admin/soporte/{}", ticket.number));
    let mail = Message {
        id: message.id,
        date: message.at,
        to,
        subject: format!("Respuesta a su solicitud {}", ticket.number),
        text: format!("{}\n\n{}\n\nConteste en {thread}", ticket.subject, message.text),
        html: None,
        kind: "ticket-reply".to_owned(),
    };
    platform.mail.send(&mail).await.map_err(Error::broken)
}
