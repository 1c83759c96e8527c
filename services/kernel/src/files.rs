//! Objects that people upload and the platform makes: an S3 store in production, a folder where there is none.

use std::{fmt, fs, io, ops::Range, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    Attribute, Attributes, ClientConfigKey, ClientOptions, GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, RetryConfig, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

/// Why an object could not be kept or given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such object.
    #[error("no such file")]
    NotFound,
    /// A name is not made of ASCII letters, digits, `.`, `_` and `-` in parts between single slashes.
    #[error("not a file name: {0:?}")]
    Name(String),
    /// A content type is not one line of ASCII.
    #[error("not a content type: {0:?}")]
    ContentType(String),
    /// The content broke off, or was given up, before its end.
    #[error("the content of a file broke off")]
    BrokenOff,
    /// An object of one tenant was about to become another's.
    #[error("a file cannot change its tenant")]
    Tenant,
    /// The folder cannot be used.
    #[error("the files' folder failed")]
    Folder(#[from] io::Error),
    /// The store refused or is out of reach.
    #[error("the file store failed")]
    Store(#[source] object_store::Error),
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// The result of a file operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where an object lies: its tenant, and a name of one or more ASCII parts such as `pending/0190a1` or `media/5f2c.jpg`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey {
    tenant: Uuid,
    name: String,
}

impl FileKey {
    /// The object `name` of `tenant`.
    pub fn new(tenant: Uuid, name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.split('/').all(|part| !part.trim_matches('.').is_empty() && part.bytes().all(plain)) {
            Ok(Self { tenant, name })
        } else {
            Err(Error::Name(name))
        }
    }

    /// Its name within the tenant.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> Path {
        Path::from(self.to_string())
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t/{}/{}", self.tenant, self.name)
    }
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Where it lies.
    pub key: FileKey,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last written, by the store's clock.
    pub modified: OffsetDateTime,
    /// The content type it was put with; a listing does not tell it.
    pub content_type: Option<String>,
}

/// The bytes of an object, as they come.
pub type Content = BoxStream<'static, Result<Bytes>>;

/// Keeps objects, each under its tenant.
#[async_trait]
pub trait Files: Send + Sync {
    /// Keeps `content` under `key`, in the place of what was there.
    async fn put(&self, key: &FileKey, content: Bytes, content_type: &str) -> Result<()>;

    /// Keeps a content as it comes, a part at a time in memory. When it breaks off, nothing of it is left.
    async fn put_stream(&self, key: &FileKey, content: BoxStream<'_, Result<Bytes>>, content_type: &str) -> Result<()>;

    /// Gives the object, streaming.
    async fn get(&self, key: &FileKey) -> Result<(Content, Meta)>;

    /// Gives a part of the object, streaming; the end of the range is not in it.
    async fn get_part(&self, key: &FileKey, part: Range<u64>) -> Result<Content>;

    /// Tells of the object without its content.
    async fn head(&self, key: &FileKey) -> Result<Meta>;

    /// Removes the object; that it is already gone is no fault.
    async fn delete(&self, key: &FileKey) -> Result<()>;

    /// All objects of `tenant` in `folder` and below it, by name; the empty folder holds everything.
    async fn list(&self, tenant: Uuid, folder: &str) -> Result<Vec<Meta>>;

    /// Moves an object, as from pending to its place, over what may be there.
    async fn rename(&self, from: &FileKey, to: &FileKey) -> Result<()>;
}

/// The whole of a streamed content, in memory.
pub async fn collect(content: Content) -> Result<Bytes> {
    Ok(content.try_collect::<Vec<_>>().await?.concat().into())
}

/// The SHA-256 of `content` in hexadecimal, a name that no other content has.
pub fn content_hash(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// Where the S3 store is, and who asks.
#[derive(Debug, Clone, Deserialize)]
pub struct S3Config {
    /// The server's address without the bucket, as `https://s3.example.org`.
    pub endpoint: String,
    /// The bucket, which must exist.
    pub bucket: String,
    /// The region that signatures name.
    pub region: String,
    /// The public half of the credentials.
    pub access_key: String,
    /// The secret half.
    pub secret: SecretString,
    /// Whether a plain `http:` endpoint will do.
    #[serde(default)]
    pub allow_http: bool,
}

/// [`Files`] over any store that `object_store` speaks to.
pub struct Store {
    objects: Box<dyn ObjectStore>,
    /// Content types, under the objects' own keys, where the store itself keeps none.
    types: Option<Box<dyn ObjectStore>>,
    /// The bytes of a part of an object that is put as it comes.
    part: usize,
}

impl Store {
    /// Objects in the folder at `root`, made if need be, written through to the disk.
    pub fn folder(root: &std::path::Path) -> Result<Self> {
        let part = |name| -> Result<Box<dyn ObjectStore>> {
            let folder = root.join(name);
            fs::create_dir_all(&folder)?;
            Ok(Box::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)))
        };
        Ok(Self { objects: part("objects")?, types: Some(part("types")?), part: 256 * 1024 })
    }

    /// Objects in an S3 bucket.
    pub fn s3(config: &S3Config) -> Result<Self> {
        // A slow reader may take as long as it needs; only a silent store is given up.
        let client = ClientOptions::new()
            .with_allow_http(config.allow_http)
            .with_timeout_disabled()
            .with_config(ClientConfigKey::ReadTimeout, "15 seconds");
        let objects = AmazonS3Builder::new()
            .with_endpoint(&config.endpoint)
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_access_key_id(&config.access_key)
            .with_secret_access_key(config.secret.expose_secret())
            .with_client_options(client)
            .with_retry(RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() })
            .build()?;
        // S3 takes no smaller part but the last.
        Ok(Self { objects: Box::new(objects), types: None, part: 5 * 1024 * 1024 })
    }

    /// Notes the content type where the store itself keeps none; else gives it as the attribute that the store keeps.
    async fn note_type(&self, key: &FileKey, content_type: &str) -> Result<Attributes> {
        if content_type.is_empty() || !content_type.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(Error::ContentType(content_type.to_owned()));
        }
        match &self.types {
            Some(types) => types.put(&key.path(), content_type.to_owned().into()).await.map(|_| Attributes::new()).map_err(Error::from),
            None => Ok(Attributes::from_iter([(Attribute::ContentType, content_type.to_owned())])),
        }
    }

    async fn open(&self, key: &FileKey, options: GetOptions) -> Result<(GetResult, Meta)> {
        let found = self.objects.get_opts(&key.path(), options).await?;
        let content_type = match &self.types {
            None => found.attributes.get(&Attribute::ContentType).map(|kept| kept.as_ref().to_owned()),
            Some(types) => match types.get(&key.path()).await {
                Ok(kept) => Some(String::from_utf8_lossy(&kept.bytes().await?).into_owned()),
                Err(object_store::Error::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            },
        };
        let meta = Meta { content_type, ..meta(key.clone(), &found.meta)? };
        Ok((found, meta))
    }
}

fn meta(key: FileKey, found: &ObjectMeta) -> Result<Meta> {
    let modified = OffsetDateTime::from_unix_timestamp(found.last_modified.timestamp()).map_err(io::Error::other)?;
    Ok(Meta { key, size: found.size, modified, content_type: None })
}

/// Absence is no fault where the aim was that something be gone or moved away.
fn if_present(result: object_store::Result<()>) -> Result<()> {
    match result {
        Err(object_store::Error::NotFound { .. }) => Ok(()),
        other => Ok(other?),
    }
}

#[async_trait]
impl Files for Store {
    async fn put(&self, key: &FileKey, content: Bytes, content_type: &str) -> Result<()> {
        let attributes = self.note_type(key, content_type).await?;
        let options = PutOptions { attributes, ..PutOptions::default() };
        self.objects.put_opts(&key.path(), content.into(), options).await?;
        Ok(())
    }

    async fn put_stream(&self, key: &FileKey, mut content: BoxStream<'_, Result<Bytes>>, content_type: &str) -> Result<()> {
        let attributes = self.note_type(key, content_type).await?;
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let mut upload = WriteMultipart::new_with_chunk_size(self.objects.put_multipart_opts(&key.path(), options).await?, self.part);
        let came = loop {
            match content.try_next().await {
                Ok(Some(chunk)) => upload.write(&chunk),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            if let Err(error) = upload.wait_for_capacity(1).await {
                break Err(error.into());
            }
        };
        let kept = match came {
            Ok(()) => upload.finish().await.map(drop).map_err(Error::from),
            Err(error) => {
                upload.abort().await?;
                Err(error)
            }
        };
        if kept.is_err() {
            self.delete(key).await?;
        }
        kept
    }

    async fn get(&self, key: &FileKey) -> Result<(Content, Meta)> {
        let (found, meta) = self.open(key, GetOptions::new()).await?;
        Ok((found.into_stream().map_err(Error::from).boxed(), meta))
    }

    async fn get_part(&self, key: &FileKey, part: Range<u64>) -> Result<Content> {
        let found = self.objects.get_opts(&key.path(), GetOptions::new().with_range(Some(part))).await?;
        Ok(found.into_stream().map_err(Error::from).boxed())
    }

    async fn head(&self, key: &FileKey) -> Result<Meta> {
        Ok(self.open(key, GetOptions::new().with_head(true)).await?.1)
    }

    async fn delete(&self, key: &FileKey) -> Result<()> {
        if_present(self.objects.delete(&key.path()).await)?;
        match &self.types {
            Some(types) => if_present(types.delete(&key.path()).await),
            None => Ok(()),
        }
    }

    async fn list(&self, tenant: Uuid, folder: &str) -> Result<Vec<Meta>> {
        let root = format!("t/{tenant}/");
        let folder = match folder {
            "" => Path::from(root.as_str()),
            name => FileKey::new(tenant, name)?.path(),
        };
        let mut found: Vec<Meta> = self
            .objects
            .list(Some(&folder))
            .map_err(Error::from)
            .and_then(|found| {
                let name = found.location.as_ref().strip_prefix(&root).unwrap_or_default();
                std::future::ready(FileKey::new(tenant, name).and_then(|key| meta(key, &found)))
            })
            .try_collect()
            .await?;
        found.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }

    async fn rename(&self, from: &FileKey, to: &FileKey) -> Result<()> {
        if from.tenant != to.tenant {
            return Err(Error::Tenant);
        }
        if let Some(types) = &self.types {
            if_present(types.rename(&from.path(), &to.path()).await)?;
        }
        Ok(self.objects.rename(&from.path(), &to.path()).await?)
    }
}
