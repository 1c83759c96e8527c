//! The mail of a case: its receipt, and its answer. The code is told on the screen alone and travels in no mail.

use calendar::spanish::weekday_long_date;
use futures::FutureExt;
use kernel::directory::TenantEntry;
use kernel::jobs::{Job, JobKind};
use kernel::mail::Message;
use kernel::{Error, Platform, Result, Scope, ids};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::CaseRow;
use crate::{rules, store};

/// The kind of job that sends a letter.
pub(crate) const MAIL: &str = "cases.mail";

pub(crate) const JOBS: &[JobKind] = &[JobKind { kind: MAIL, run: |platform, job| send(platform, job).boxed() }];

/// What is written to whoever filed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Letter {
    Receipt,
    Answer,
}

#[derive(Deserialize)]
struct Payload {
    case: Uuid,
    letter: Letter,
}

async fn send(platform: &Platform, job: Job) -> Result<()> {
    let Payload { case, letter } = serde_json::from_value(job.payload)?;
    let tenant = job.tenant.ok_or_else(|| Error::fault("a case's mail belongs to a tenant"))?;
    let entry = platform.directory().get(tenant).ok_or(Error::NotFound)?;
    let mut tx = Scope::Worker(Some(tenant)).read(platform.db()).await?;
    let known = store::case_of_id(&mut tx, case).await?;
    tx.rollback().await?;
    // The case may have gone with a replaced tenant; then there is nobody to write to.
    let Some(case) = known else { return Ok(()) };
    let link = platform.links.to(&platform.directory().host_of(&entry), &format!("/solicitudes/{}", case.radicado));
    match compose(&case, letter, &entry, &link) {
        Some(message) => platform.mail.send(&message).await.map_err(Error::broken),
        None => Ok(()),
    }
}

/// The letter; none where there is no address. Sent twice, it is the same mail.
fn compose(case: &CaseRow, letter: Letter, entry: &TenantEntry, link: &str) -> Option<Message> {
    let (name, office) = (case.name.as_deref()?, &entry.official_name);
    let facts = format!("Radicado: {}\nClase: {}\nAsunto: {}", case.radicado, rules::kind_name(&case.kind), case.subject);
    let signature = format!("{office}\n{}, {}", entry.name, entry.department);
    let (kind, date, subject, text) = match letter {
        Letter::Receipt => {
            let due = case.due_on.map_or_else(String::new, |due| format!("\nResponderemos a más tardar: {}", weekday_long_date(due)));
            let subject = format!("Recibimos su solicitud {}", case.radicado);
            let text = format!(
                "{name}:\n\nRecibimos su solicitud.\n\n{facts}{due}\n\nConsulte el estado con su radicado y el código que vio al enviarla:\n{link}\n\n\
                 Por su seguridad, el código no va en este mensaje y la alcaldía no se lo pedirá por correo.\n\n{signature}\n"
            );
            ("case-receipt", case.opened_at, subject, text)
        }
        Letter::Answer => {
            let subject = format!("Respuesta a su solicitud {}", case.radicado);
            let answer = case.answer.as_deref()?;
            let text = format!(
                "{name}:\n\nEsta es la respuesta a su solicitud.\n\n{facts}\n\n{answer}\n\nTambién puede leerla en:\n{link}\n\n{signature}\n"
            );
            ("case-answer", case.answered_at?, subject, text)
        }
    };
    Some(Message {
        id: ids::named(case.id, "mail", kind),
        date,
        to: case.email.clone()?,
        subject,
        text,
        html: None,
        kind: kind.to_owned(),
        thread: None,
    })
}
