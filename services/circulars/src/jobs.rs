//! A circular on its way: one job opens one job a town, and each brings it there, or says there that it was withdrawn.

use futures::FutureExt;
use kernel::directory::TenantKind;
use kernel::jobs::{Job, JobKind};
use kernel::mail::Message;
use kernel::{Error, Permission, Platform, Result, Scope, Tx, file, ids};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{Attachment, CircularRow};
use crate::{rules, service, store};

const SPREAD: &str = "circulars.spread";
const DELIVER: &str = "circulars.deliver";
const MAIL: &str = "circulars.mail";
const DEMONSTRATE: &str = "circulars.demonstrate";

pub(crate) const JOBS: &[JobKind] = &[
    JobKind { kind: SPREAD, run: |platform, job| spread_out(platform, job).boxed() },
    JobKind { kind: DELIVER, run: |platform, job| deliver(platform, job).boxed() },
    JobKind { kind: MAIL, run: |platform, job| mail(platform, job).boxed() },
    JobKind { kind: DEMONSTRATE, run: |platform, job| demonstration(platform, job).boxed() },
];

#[derive(Serialize, Deserialize)]
struct Sent {
    circular: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Told {
    circular: Uuid,
    to: String,
    title: String,
    slug: String,
}

/// Asks for a circular to be brought to its towns, as it stands when each job runs.
pub(crate) async fn spread(tx: &mut Tx, circular: Uuid) -> Result<()> {
    tx.enqueue(SPREAD, Sent { circular }).await
}

/// Asks for a circular of the overlay to be brought to every town: the overlay knows none of them.
pub(crate) async fn demonstrate(tx: &mut Tx, circular: Uuid) -> Result<()> {
    tx.enqueue(DEMONSTRATE, Sent { circular }).await
}

async fn demonstration(platform: &Platform, job: Job) -> Result<()> {
    let Sent { circular: id } = serde_json::from_value(job.payload)?;
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let done = async {
        let mut row = store::circular(&mut tx, id).await?.ok_or(Error::NotFound)?;
        row.recipients = rules::reachable(platform.directory().all()).into_iter().map(|town| town.id).collect();
        store::update_circular(&mut tx, &row).await?;
        spread(&mut tx, id).await
    }
    .await;
    tx.settle(done).await
}

/// The circular and its attachments, under addresses that hold on every host.
async fn read(platform: &Platform, id: Uuid) -> Result<(CircularRow, Vec<Attachment>)> {
    let agency = platform.directory().platform(TenantKind::Agency).ok_or_else(|| Error::fault("the agency's tenant is missing"))?;
    let host = platform.directory().host_of(&agency);
    let mut tx = Scope::Worker(Some(agency.id)).read(platform.db()).await?;
    let circular = store::circular(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let files = file::of(&mut tx, &service::subject(id)).await?;
    tx.rollback().await?;
    let files = files.into_iter().map(|file| {
        let url = platform.links.to(&host, &file.url());
        Attachment::of(file, url)
    });
    Ok((circular, files.collect()))
}

async fn spread_out(platform: &Platform, job: Job) -> Result<()> {
    let Sent { circular: id } = serde_json::from_value(job.payload)?;
    let (circular, _) = read(platform, id).await?;
    for town in circular.recipients {
        if platform.directory().get(town).is_none() {
            continue;
        }
        let mut tx = Scope::Worker(Some(town)).write(platform.db()).await?;
        let now = tx.now();
        let done = tx.enqueue_at(DELIVER, Sent { circular: id }, now, Some(&format!("{DELIVER}/{town}/{id}"))).await;
        tx.settle(done).await?;
    }
    Ok(())
}

async fn deliver(platform: &Platform, job: Job) -> Result<()> {
    let Sent { circular: id } = serde_json::from_value(job.payload)?;
    let (circular, files) = read(platform, id).await?;
    let mut tx = Scope::Worker(job.tenant).write(platform.db()).await?;
    let done = async {
        if service::deliver(&mut tx, &circular, files).await? {
            // Whoever speaks for the municipality hears of it by mail too.
            for member in platform.registry().members(&mut tx).await? {
                if member.roles.iter().any(|role| role.permits(Permission::KeepPlan)) {
                    let (title, slug) = (circular.title.clone(), rules::slug(circular.year, circular.number));
                    tx.enqueue(MAIL, Told { circular: id, to: member.email, title, slug }).await?;
                }
            }
        }
        Ok(())
    }
    .await;
    tx.settle(done).await
}

async fn mail(platform: &Platform, job: Job) -> Result<()> {
    let Told { circular, to, title, slug } = serde_json::from_value(job.payload)?;
    let tenant = job.tenant.ok_or_else(|| Error::fault("a delivery belongs to a town"))?;
    let entry = platform.directory().get(tenant).ok_or(Error::NotFound)?;
    let mut tx = Scope::Worker(Some(tenant)).read(platform.db()).await?;
    let received = service::received(&mut tx, &slug).await?;
    tx.rollback().await?;
    let link = platform.links.to(&platform.directory().host_of(&entry), &format!("/admin/lineamientos/{slug}"));
    let asked = match (&received.ask, received.due_on) {
        (Some(ask), Some(due)) => format!("\nSe pide, hasta el {}:\n{ask}\n", calendar::spanish::long_date(due)),
        (Some(ask), None) => format!("\nSe pide:\n{ask}\n"),
        (None, _) => String::new(),
    };
    let text =
        format!("La agencia envió a {} el lineamiento {slug}, «{title}».\n{asked}\nLéalo y respóndalo en:\n{link}\n", entry.official_name);
    let message = Message {
        id: ids::named(tenant, "circular-mail", &format!("{circular}/{to}")),
        date: received.sent_at,
        to,
        subject: format!("Lineamiento {slug}: {title}"),
        text,
        html: None,
        kind: "circular".to_owned(),
        thread: None,
    };
    platform.mail.send(&message).await.map_err(Error::broken)
}
