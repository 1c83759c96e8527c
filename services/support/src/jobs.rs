//! What support does later.

use futures::FutureExt;
use kernel::jobs::{Job, JobKind};
use kernel::mail::{self, Message, Thread};
use kernel::{Error, Platform, Result, Scope, ids};
use serde::Deserialize;
use uuid::Uuid;

use crate::mailing::model::TicketMailRow;
use crate::{mailing, store};

pub(crate) const JOBS: &[JobKind] =
    &[JobKind { kind: "support.mail_reply", run: |platform, job| mail_reply(platform, job).boxed() }, crate::clocks::jobs::JOB];

#[derive(Deserialize)]
struct Reply {
    number: i64,
    /// An agent's word; without one, whoever asked by mail is told that it came.
    message: Option<Uuid>,
}

/// Mails an agent's word to whoever opened the ticket, from an address that leads back to it.
async fn mail_reply(platform: &Platform, job: Job) -> Result<()> {
    let reply: Reply = serde_json::from_value(job.payload)?;
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let Some(ticket) = store::ticket(&mut tx, reply.number).await? else { return tx.rollback().await };
    let messages = store::messages(&mut tx, ticket.tenant_id, ticket.id).await?;
    let (entry, domain) = (tx.entry()?, platform.mail.domain());
    let message = messages.into_iter().find(|message| Some(message.id) == reply.message);
    let Some(to) = ticket.contact_email.clone().filter(|_| message.is_some() == reply.message.is_some()) else {
        return tx.rollback().await;
    };
    let (id, date) =
        message.as_ref().map_or((ids::named(ticket.id, "mail", "received"), ticket.opened_at), |message| (message.id, message.at));
    let before = mailing::store::mails(&mut tx, (ticket.tenant_id, ticket.id)).await?;
    let before: Vec<_> = before.into_iter().filter(|mail| mail.at <= date && mail.id != id && mail.reference.contains('@')).collect();
    // Kept before it is sent, so that an answer to it finds the ticket.
    let sent = TicketMailRow {
        id,
        message_id: message.as_ref().map(|message| message.id),
        at: date,
        ours: true,
        reference: mail::message_id(id, domain),
        address: to.clone(),
        stranger: false,
        whole: None,
        left_out: Vec::new(),
    };
    mailing::store::keep(&mut tx, ticket.id, &sent).await?;
    tx.commit().await?;
    let thread = platform.links.to(&platform.directory().host_of(&entry), &format!("/admin/soporte/{}", ticket.number));
    let answer = format!("Conteste este correo, o en {thread}");
    let (subject, text, kind) = match &message {
        Some(message) => (
            format!("Respuesta a su solicitud {}", ticket.number),
            format!("{}\n\n{}\n\n{answer}", ticket.subject, message.text),
            "ticket-reply",
        ),
        None => (
            format!("Recibimos su correo: solicitud {}", ticket.number),
            format!(
                "{}\n\nQuedó como la solicitud {}. {answer}\n\nNo envíe claves por correo. Si usted no escribió, avísenos: no hemos hecho nada más.",
                ticket.subject, ticket.number
            ),
            "ticket-received",
        ),
    };
    let mail = Message {
        id,
        date,
        to,
        subject,
        text,
        html: None,
        kind: kind.to_owned(),
        thread: Some(Thread {
            reply_to: mailing::address::of_ticket(&platform.secret, domain, ticket.number),
            in_reply_to: before.iter().rev().find(|mail| !mail.ours).map(|mail| mail.reference.clone()),
            references: before.iter().skip(before.len().saturating_sub(20)).map(|mail| mail.reference.clone()).collect(),
        }),
    };
    platform.mail.send(&mail).await.map_err(Error::broken)
}
