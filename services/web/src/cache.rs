//! The page cache of anonymous pages: bounded in bytes, keyed by all that a page depends on, never told to forget:
//! a published change raises the content version, and with it every key of the tenant.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::secret::sha256_hex;
use moka::sync::Cache;

use crate::views::Seen;

/// A finished page.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) media: &'static str,
    pub(crate) body: Bytes,
    pub(crate) packed: bool,
    /// The name of the file, where it is kept as one.
    pub(crate) name: Option<String>,
    pub(crate) etag: String,
    /// What was found out while it was made.
    pub(crate) seen: Seen,
}

impl Finished {
    pub(crate) fn new(media: &'static str, body: impl Into<Bytes>, pack: bool) -> Self {
        let body = body.into();
        let body = if pack { gzip(&body) } else { body };
        let etag = format!("\"{}\"", &sha256_hex(&body)[..20]);
        Self { media, body, packed: pack, name: None, etag, seen: Seen::default() }
    }

    /// The same with what was found out while it was made.
    pub(crate) fn telling(self, seen: Seen) -> Self {
        Self { seen, ..self }
    }

    /// The same as a file of that name.
    pub(crate) fn named(self, name: String) -> Self {
        Self { name: Some(name), ..self }
    }
}

/// Finished pages by key.
pub(crate) struct PageCache(Cache<String, Finished>);

impl PageCache {
    /// Holds at most this many bytes.
    pub(crate) fn holding(bytes: u64) -> Self {
        let weigh = |key: &String, page: &Finished| u32::try_from(key.len() + page.body.len() + 128).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(bytes).weigher(weigh).build())
    }

    pub(crate) fn get(&self, key: &str) -> Option<Finished> {
        self.0.get(key)
    }

    pub(crate) fn put(&self, key: String, page: Finished) {
        self.0.insert(key, page);
    }
}

/// Gzip at the level where a page of ours costs well under a millisecond.
pub(crate) fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(5));
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map(Bytes::from).unwrap_or_default()
}
