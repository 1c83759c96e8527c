//! The mails of a reset and of an enrolment. Codes and links are made here, in the moment of sending: no payload ever holds one, and a retry makes a new one.

use futures::FutureExt;
use kernel::jobs::{Job, JobKind};
use kernel::mail::Message;
use kernel::secret::sha256;
use kernel::{Error, Platform, Result, Scope, Tx};
use serde::Deserialize;
use uuid::Uuid;

use crate::model::ResetState;
use crate::{rules, service, store};

pub(crate) const JOBS: &[JobKind] = &[
    JobKind { kind: "identity.mail_code", run: |platform, job| mail_code(platform, job).boxed() },
    JobKind { kind: "identity.mail_link", run: |platform, job| mail_link(platform, job).boxed() },
    JobKind { kind: "identity.mail_invitation", run: |platform, job| mail_invitation(platform, job).boxed() },
    JobKind { kind: "identity.mail_appointed", run: |platform, job| mail_appointed(platform, job).boxed() },
    JobKind { kind: "identity.mail_coordinator", run: |platform, job| mail_coordinator(platform, job).boxed() },
];

#[derive(Deserialize)]
struct About {
    reset: Uuid,
    /// The coordinator who is told.
    to: Option<Uuid>,
}

async fn open(platform: &Platform, job: Job) -> Result<(Tx, About)> {
    Ok((Scope::Worker(job.tenant).write(platform.db()).await?, serde_json::from_value(job.payload)?))
}

async fn send(platform: &Platform, mail: Message) -> Result<()> {
    platform.mail.send(&mail).await.map_err(Error::broken)
}

fn mail(tx: &Tx, kind: &str, to: &str, subject: &str, text: String) -> Message {
    Message {
        id: tx.id(),
        date: tx.now(),
        to: to.to_owned(),
        subject: subject.to_owned(),
        text,
        html: None,
        kind: kind.to_owned(),
        thread: None,
    }
}

async fn mail_code(platform: &Platform, job: Job) -> Result<()> {
    let (mut tx, about) = open(platform, job).await?;
    let entry = tx.entry()?;
    let Some(mailbox) = entry.email.as_deref() else { return Ok(()) };
    let code = platform.secret.spoken_code("identity.code", &[about.reset.as_bytes(), &tx.secret()]);
    let (hash, expires_at) = (service::code_hash(&platform.secret, about.reset, &code), tx.now() + rules::CODE);
    if !store::put_code(&mut tx, about.reset, &hash, expires_at).await? {
        return Ok(());
    }
    let reset = store::reset(&mut tx, about.reset).await?;
    let text = format!(
        "Alguien de {} pidió a la mesa de ayuda volver a entrar con la cuenta de {}.\n\nCódigo: {code}\n\nLéalo al agente solo si usted hizo esa \
         solicitud (número {}). Vence en 15 minutos. Si no la hizo, no lo lea y responda a la mesa de ayuda.",
        entry.official_name, reset.account_name, reset.ticket_number
    );
    let message = mail(&tx, "credential-code", mailbox, "Código para la mesa de ayuda", text);
    tx.commit().await?;
    send(platform, message).await
}

async fn mail_link(platform: &Platform, job: Job) -> Result<()> {
    let (mut tx, about) = open(platform, job).await?;
    let token = hex::encode(tx.secret());
    let expires_at = tx.now() + rules::LINK;
    if !store::put_link(&mut tx, about.reset, &sha256(token.as_bytes()), expires_at).await? {
        return Ok(());
    }
    let (entry, reset) = (tx.entry()?, store::reset(&mut tx, about.reset).await?);
    let link = platform.links.to(&platform.directory().host_of(&entry), &format!("/restablecer/{token}"));
    let text = format!(
        "{}:\n\nYa puede escribir una clave nueva para entrar a {}:\n\n{link}\n\nEl enlace sirve una sola vez y vence en 30 minutos. Nadie de la mesa \
         de ayuda lo conoce ni le pedirá su clave.",
        reset.account_name, entry.official_name
    );
    let message = mail(&tx, "credential-reset", &reset.account_email, "Enlace para su clave nueva", text);
    tx.commit().await?;
    send(platform, message).await
}

#[derive(Deserialize)]
struct Invited {
    invitation: Uuid,
}

/// Tells somebody that they were enrolled. Who has no password yet gets a link to set one; who has one elsewhere signs in with it.
async fn mail_invitation(platform: &Platform, job: Job) -> Result<()> {
    let invited: Invited = serde_json::from_value(job.payload)?;
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let Some(invitation) = store::invitation(&mut tx, invited.invitation).await? else { return Ok(()) };
    let entry = tx.entry()?;
    let host = platform.directory().host_of(&entry);
    let how = if invitation.has_password {
        format!("Entre con el correo y la clave que ya usa:\n\n{}", platform.links.to(&host, "/entrar"))
    } else {
        let token = hex::encode(tx.secret());
        let expires_at = tx.now() + rules::INVITATION;
        store::put_invitation_link(&mut tx, invited.invitation, &sha256(token.as_bytes()), expires_at).await?;
        let link = platform.links.to(&host, &format!("/restablecer/{token}"));
        format!("Escriba su clave para entrar:\n\n{link}\n\nEl enlace sirve una sola vez y vence en 72 horas. Nadie más lo conoce.")
    };
    let text = format!("{}:\n\nUsted hace parte del equipo que trabaja en el sitio de {}.\n\n{how}", invitation.name, entry.official_name);
    let message = mail(&tx, "enrolment", &invitation.email, "Su cuenta en el sitio del municipio", text);
    tx.commit().await?;
    send(platform, message).await
}

#[derive(Deserialize)]
struct Appointed {
    name: String,
    act: String,
}

/// Tells the town's institutional mailbox whom the help centre made its coordinator.
async fn mail_appointed(platform: &Platform, job: Job) -> Result<()> {
    let appointed: Appointed = serde_json::from_value(job.payload)?;
    let tx = Scope::Worker(job.tenant).read(platform.db()).await?;
    let entry = tx.entry()?;
    let Some(mailbox) = entry.email.as_deref() else { return Ok(()) };
    let text = format!(
        "La mesa de ayuda designó a {} para coordinar el sitio de {}, con este acto: {}.\n\nSi le parece extraño, escriba hoy mismo a la mesa de \
         ayuda.",
        appointed.name, entry.official_name, appointed.act
    );
    let message = mail(&tx, "credential-notice", mailbox, "Hay una nueva coordinación del sitio", text);
    tx.rollback().await?;
    send(platform, message).await
}

async fn mail_coordinator(platform: &Platform, job: Job) -> Result<()> {
    let (mut tx, about) = open(platform, job).await?;
    let (entry, reset) = (tx.entry()?, store::reset(&mut tx, about.reset).await?);
    let Some(to) = about.to else { return Ok(()) };
    let coordinator = store::account(&mut tx, to).await?;
    let team = platform.links.to(&platform.directory().host_of(&entry), "/admin/equipo");
    let (subject, what) = match reset.state {
        ResetState::Ready | ResetState::Used => {
            ("Se envió un enlace para cambiar una clave", "Ya se comprobó quién la pide y se le envió un enlace a su correo.")
        }
        _ => ("Piden cambiar la clave de una cuenta", "Si sabe que es cierto, confírmelo; así la mesa de ayuda puede enviar el enlace."),
    };
    let text = format!(
        "La cuenta de {} ({}) va a recibir una clave nueva, por la solicitud {} a la mesa de ayuda.\n\n{what}\n\n{team}\n\nSi le parece extraño, \
         escriba a la mesa de ayuda.",
        reset.account_name, reset.account_email, reset.ticket_number
    );
    let message = mail(&tx, "credential-notice", &coordinator.email, subject, text);
    tx.rollback().await?;
    send(platform, message).await
}
