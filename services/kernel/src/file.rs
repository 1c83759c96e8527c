//! Files that people attach to what they write. An upload is pending until a use case attaches it to its subject; what is not
//! attached within a day, and what is detached, is forgotten with its bytes. Rows stand in `kernel.file`, bytes in the object store.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::capability::Capability;
use crate::files::{self, FileKey, Files};
use crate::jobs::{Job, JobKind};
use crate::media::{self, Media};
use crate::pack::{Pack, PackPart};
use crate::secret::sha256_hex;
use crate::{Cx, Error, Platform, Result, Scope, Tx};

/// The most bytes of one file.
pub const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// The most bytes of all files of one form.
pub const MAX_FORM_BYTES: u64 = 40 * 1024 * 1024;
/// The most files of one form.
pub const MAX_FILES: usize = 10;
/// How long an upload waits to be attached.
pub const PENDING_FOR: Duration = Duration::days(1);

/// What the kernel offers as a capability offers its own: the part of a pack that holds files, and the job that forgets them.
pub const CAPABILITY: Capability =
    Capability { jobs: &[JobKind { kind: FORGET, run: forget }], pack: Some(&FilesPart), ..Capability::named("files") };

const FORGET: &str = "files.forget";

/// Who may fetch an attached file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Public {
    /// Everybody.
    Yes,
    /// The tenant's administration alone.
    No,
    /// The tenant's administration and the national agency, on its own host.
    Agency,
}

/// An attached file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The file.
    pub id: Uuid,
    /// Its name, with its ending.
    pub name: String,
    /// Its media type, by its first bytes.
    pub media_type: String,
    /// Its size.
    pub bytes: i32,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Whether everybody may fetch it.
    pub public: bool,
    /// When it was attached.
    pub attached_at: OffsetDateTime,
}

impl FileRow {
    /// Where it is downloaded.
    pub fn url(&self) -> String {
        format!("/archivos/{}/{}", self.id, crate::text::percent_encode(&self.name))
    }
}

/// An upload that waits to be attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// The file.
    pub id: Uuid,
    /// Its name, with its ending.
    pub name: String,
    /// Its media type, by its first bytes.
    pub media_type: String,
    /// Its size.
    pub bytes: i32,
}

/// Where a file's bytes lie.
pub fn key(tenant: Uuid, id: Uuid) -> files::Result<FileKey> {
    FileKey::new(tenant, format!("archivos/{id}"))
}

/// Uploads an hour, of an account and of an address where nobody is signed in.
const SIGNED_IN_RATE: u32 = 300;
const ANONYMOUS_RATE: u32 = 60;

/// Takes an upload as it comes: what it is is told by its first bytes, what passes 10 MB or the form's `room` is given up, and what is kept
/// waits a day to be attached. No transaction is open while the bytes come. A rejection names no field: the caller knows which one it was.
pub async fn receive(cx: &Cx, name: &str, mut content: BoxStream<'_, files::Result<Bytes>>, room: u64) -> Result<Pending> {
    let (who, rate) = cx.viewer.id().map_or((cx.client.to_string(), ANONYMOUS_RATE), |id| (id.to_string(), SIGNED_IN_RATE));
    cx.throttle("upload", &who, rate, std::time::Duration::from_hours(1)).await?;
    let mut head = BytesMut::new();
    while head.len() < media::HEAD
        && let Some(chunk) = content.try_next().await.map_err(broke_off)?
    {
        head.extend_from_slice(&chunk);
    }
    if head.is_empty() {
        return Err(Error::whole("EMPTY", format!("«{name}» está vacío")));
    }
    let media = Media::of(name, &head[..head.len().min(media::HEAD)])
        .ok_or_else(|| Error::whole("FILE_TYPE", format!("No se puede adjuntar «{name}»: se reciben {}", media::ALLOWED)))?;
    let name = media.name(name);
    // First of all it is written down that this object may have to be forgotten: whatever happens from here on, nothing is left behind.
    let mut tx = cx.write().await?;
    let id = tx.id();
    let until = tx.now() + PENDING_FOR;
    tx.enqueue_at(FORGET, Forget { id }, until, None).await?;
    tx.commit().await?;
    let (mut bytes, mut hash) = (0, Sha256::new());
    let counted = stream::once(std::future::ready(Ok(head.freeze()))).chain(content).map(|chunk| {
        let chunk = chunk?;
        bytes += chunk.len() as u64;
        hash.update(&chunk);
        if bytes <= room.min(MAX_BYTES) { Ok(chunk) } else { Err(files::Error::BrokenOff) }
    });
    let key = key(cx.tenant.id, id).map_err(Error::broken)?;
    let kept = cx.platform.files.put_stream(&key, counted.boxed(), media.media_type).await;
    if bytes > MAX_BYTES {
        return Err(Error::whole("FILE_SIZE", format!("«{name}» pasa de 10 MB. Adjunte un archivo más liviano")));
    }
    if bytes > room {
        return Err(Error::whole("FORM_SIZE", format!("Con «{name}» los archivos pasan de 40 MB en total")));
    }
    kept.map_err(broke_off)?;
    let mut tx = cx.write().await?;
    let upload = Pending { id, name, media_type: media.media_type.to_owned(), bytes: bytes as i32 };
    let done = pending(&mut tx, &upload, &hex::encode(hash.finalize())).await;
    tx.settle(done).await?;
    Ok(upload)
}

fn broke_off(error: files::Error) -> Error {
    match error {
        files::Error::BrokenOff => Error::BadRequest("El archivo no llegó completo.".into()),
        other => Error::broken(other),
    }
}

/// Registers an upload whose bytes are kept: it waits to be attached.
pub async fn pending(tx: &mut Tx, upload: &Pending, sha256: &str) -> Result<()> {
    let (tenant, by, now) = (tx.tenant()?, tx.actor(), tx.now());
    sqlx::query!(
        "insert into kernel.file (tenant_id, id, name, media_type, bytes, sha256, uploaded_by, uploaded_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant,
        upload.id,
        upload.name,
        upload.media_type,
        upload.bytes,
        sha256,
        by,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those of the named uploads that still wait and that the viewer, or nobody signed in, sent; in the order of their upload.
pub async fn waiting(cx: &Cx, ids: &[Uuid]) -> Result<Vec<Pending>> {
    Ok(sqlx::query_as!(
        Pending,
        "select id, name, media_type, bytes from kernel.file
         where tenant_id = $1 and id = any ($2) and subject is null and (uploaded_by is null or uploaded_by = $3)
         order by uploaded_at, id",
        cx.tenant.id,
        ids,
        cx.viewer.id(),
    )
    .fetch_all(&mut **cx.read().await?)
    .await?)
}

/// Attaches uploads to `subject` (`<word of the capability>/<key>`). What already hangs there stays, so that a retry is harmless;
/// an unknown id, another tenant's and another person's upload are rejected at the field `files`.
pub async fn attach(tx: &mut Tx, ids: &[Uuid], subject: &str, public: Public) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let wanted: std::collections::BTreeSet<Uuid> = ids.iter().copied().collect();
    if wanted.len() > MAX_FILES {
        return Err(Error::field("files", "TOO_MANY", format!("Adjunte como máximo {MAX_FILES} archivos a la vez")));
    }
    let (tenant, by, now, shared, public) = (tx.tenant()?, tx.actor(), tx.now(), public == Public::Agency, public == Public::Yes);
    let wanted: Vec<Uuid> = wanted.into_iter().collect();
    let there = sqlx::query_scalar!(
        r#"select count(*) as "there!" from kernel.file where tenant_id = $1 and id = any ($2) and subject = $3"#,
        tenant,
        &wanted,
        subject,
    )
    .fetch_one(&mut **tx)
    .await?;
    let attached = sqlx::query!(
        "update kernel.file set subject = $3, public = $4, attached_at = $5, shared = $7
         where tenant_id = $1 and id = any ($2) and subject is null and (uploaded_by is null or uploaded_by = $6)
         returning id, name, sha256",
        tenant,
        &wanted,
        subject,
        public,
        now,
        by,
        shared,
    )
    .fetch_all(&mut **tx)
    .await?;
    if attached.len() + there as usize != wanted.len() {
        return Err(Error::field("files", "NOT_FOUND", "Uno de los archivos ya no está. Elíjalo otra vez"));
    }
    for file in attached {
        let detail = serde_json::json!({ "subject": subject, "name": file.name, "sha256": file.sha256, "public": public });
        tx.audit("files.attached", "file", &file.id.to_string(), detail).await?;
    }
    Ok(())
}

/// What hangs on a subject, the oldest first.
pub async fn of(tx: &mut Tx, subject: &str) -> Result<Vec<FileRow>> {
    let tenant = tx.tenant()?;
    of_tenant(tx, tenant, subject).await
}

/// What hangs on a subject of a tenant: its own see all of it, the agency what was shared with it.
pub async fn of_tenant(tx: &mut Tx, tenant: Uuid, subject: &str) -> Result<Vec<FileRow>> {
    Ok(sqlx::query_as!(
        FileRow,
        r#"select id, name, media_type, bytes, sha256, public, attached_at as "attached_at!" from kernel.file
           where tenant_id = $1 and subject = $2 order by attached_at, id"#,
        tenant,
        subject,
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// An attached file of this tenant.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<FileRow> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        FileRow,
        r#"select id, name, media_type, bytes, sha256, public, attached_at as "attached_at!" from kernel.file
           where tenant_id = $1 and id = $2 and subject is not null"#,
        tenant,
        id,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// A file that some municipality shared with the agency, and the tenant that it belongs to; the agency's role alone sees any.
pub async fn find_shared(tx: &mut Tx, id: Uuid) -> Result<(Uuid, FileRow)> {
    let row = sqlx::query!(
        r#"select tenant_id, name, media_type, bytes, sha256, public, attached_at as "attached_at!" from kernel.file where id = $1 and shared"#,
        id,
    )
    .fetch_one(&mut **tx)
    .await?;
    let (name, media_type, bytes) = (row.name, row.media_type, row.bytes);
    let file = FileRow { id, name, media_type, bytes, sha256: row.sha256, public: row.public, attached_at: row.attached_at };
    Ok((row.tenant_id, file))
}

/// Says who may fetch what hangs on a subject from now on: what was internal may be published, and the other way round.
pub async fn set_public(tx: &mut Tx, subject: &str, public: Public) -> Result<()> {
    let (tenant, public) = (tx.tenant()?, public == Public::Yes);
    let changed = sqlx::query_scalar!(
        "update kernel.file set public = $3 where tenant_id = $1 and subject = $2 and public <> $3 returning id",
        tenant,
        subject,
        public,
    )
    .fetch_all(&mut **tx)
    .await?;
    for id in changed {
        tx.audit("files.shown", "file", &id.to_string(), serde_json::json!({ "subject": subject, "public": public })).await?;
    }
    Ok(())
}

/// Takes an attached file away, with its bytes. Returns the subject that it hung on: whoever detaches by an id that a person sent
/// looks whether it was their own.
pub async fn detach(tx: &mut Tx, id: Uuid) -> Result<String> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let gone = sqlx::query!(
        r#"delete from kernel.file where tenant_id = $1 and id = $2 and subject is not null returning subject as "subject!", name, sha256"#,
        tenant,
        id,
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.enqueue_at(FORGET, Forget { id }, now, None).await?;
    let detail = serde_json::json!({ "subject": gone.subject, "name": gone.name, "sha256": gone.sha256 });
    tx.audit("files.detached", "file", &id.to_string(), detail).await?;
    Ok(gone.subject)
}

#[derive(Serialize, Deserialize)]
struct Forget {
    id: Uuid,
}

/// Forgets an upload that nobody attached in time, and the bytes of whatever file is no more.
fn forget(platform: &Platform, job: Job) -> BoxFuture<'_, Result<()>> {
    async move {
        let tenant = job.tenant.ok_or_else(|| Error::fault("a file belongs to a tenant"))?;
        let Forget { id } = serde_json::from_value(job.payload)?;
        let mut tx = Scope::Worker(Some(tenant)).write(platform.db()).await?;
        sqlx::query!("delete from kernel.file where tenant_id = $1 and id = $2 and subject is null", tenant, id).execute(&mut *tx).await?;
        let attached =
            sqlx::query_scalar!(r#"select exists (select from kernel.file where tenant_id = $1 and id = $2) as "attached!""#, tenant, id)
                .fetch_one(&mut *tx)
                .await?;
        tx.commit().await?;
        if !attached {
            let key = key(tenant, id).map_err(Error::broken)?;
            platform.files.delete(&key).await.map_err(Error::broken)?;
        }
        Ok(())
    }
    .boxed()
}

/// The attached files of a tenant in its pack: their rows in `files.yaml`, their bytes in `files/<sha256>`.
struct FilesPart;

const FILE: &str = "files.yaml";
const FOLDER: &str = "files/";

/// A row of `files.yaml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackedFile {
    id: Uuid,
    name: String,
    media_type: String,
    bytes: i32,
    sha256: String,
    subject: String,
    public: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
    uploaded_by: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    uploaded_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    attached_at: OffsetDateTime,
}

impl PackedFile {
    fn path(&self) -> String {
        format!("{FOLDER}{}", self.sha256)
    }
}

fn packed(pack: &Pack) -> Result<Vec<PackedFile>> {
    Ok(pack.yaml(FILE)?.unwrap_or_default())
}

#[async_trait]
impl PackPart for FilesPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE, FOLDER]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let tenant = tx.tenant()?;
        for file in packed(pack)? {
            let whole =
                pack.bytes(&file.path()).is_some_and(|bytes| bytes.len() == file.bytes as usize && sha256_hex(bytes) == file.sha256);
            if !whole {
                return Err(Error::whole("PACK", format!("{FILE}: falta «{}» ({}) o su contenido es otro", file.name, file.path())));
            }
            sqlx::query!(
                "insert into kernel.file (tenant_id, id, name, media_type, bytes, sha256, subject, public, uploaded_by, uploaded_at, attached_at, shared)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                tenant,
                file.id,
                file.name,
                file.media_type,
                file.bytes,
                file.sha256,
                file.subject,
                file.public,
                file.uploaded_by,
                file.uploaded_at,
                file.attached_at,
                file.shared,
            )
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let tenant = tx.tenant()?;
        let files = sqlx::query_as!(
            PackedFile,
            r#"select id, name, media_type, bytes, sha256, subject as "subject!", public, shared, uploaded_by, uploaded_at, attached_at as "attached_at!"
               from kernel.file where tenant_id = $1 and subject is not null order by id"#,
            tenant,
        )
        .fetch_all(&mut **tx)
        .await?;
        // A town where nobody attached anything has no file.
        if files.is_empty() { Ok(()) } else { pack.put_yaml(FILE, &files) }
    }

    /// The bytes go once this is committed, and only those of files that did not come back with the pack.
    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        let (tenant, now) = (tx.tenant()?, tx.now());
        let gone = sqlx::query_scalar!("delete from kernel.file where tenant_id = $1 returning id", tenant).fetch_all(&mut **tx).await?;
        for id in gone {
            tx.enqueue_at(FORGET, Forget { id }, now, None).await?;
        }
        Ok(())
    }
}

/// Carries the bytes of a pack's files into the object store; last before the commit, so that a pack that is refused leaves nothing.
pub async fn unpack(tx: &mut Tx, store: &dyn Files, pack: &Pack) -> Result<()> {
    let tenant = tx.tenant()?;
    for file in packed(pack)? {
        // Asked for each, the database does not take the transaction for an idle one.
        find(tx, file.id).await?;
        let bytes = Bytes::copy_from_slice(pack.bytes(&file.path()).unwrap_or_default());
        let kept = async { store.put(&key(tenant, file.id)?, bytes, &file.media_type).await }.await;
        kept.map_err(Error::broken)?;
    }
    Ok(())
}

/// Carries the bytes of a pack's files out of the object store. All of them are in memory until the pack is written.
pub async fn pack(store: &dyn Files, tenant: Uuid, pack: &mut Pack) -> Result<()> {
    for file in packed(pack)? {
        let read = async { files::collect(store.get(&key(tenant, file.id)?).await?.0).await }.await;
        let bytes = read.map_err(Error::broken)?;
        if sha256_hex(&bytes) != file.sha256 {
            return Err(Error::fault(format!("the bytes of file {} are not those that were attached", file.id)));
        }
        pack.put(&file.path(), bytes);
    }
    Ok(())
}
