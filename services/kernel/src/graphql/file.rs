//! The attached file as every capability shows it.

use async_graphql::{ID, SimpleObject};

use crate::file::FileRow;
use crate::graphql::DateTime;

/// A file that somebody attached.
#[derive(Debug, Clone, SimpleObject)]
pub struct File {
    /// Its id.
    pub id: ID,
    /// Its name, with its ending.
    pub name: String,
    /// Its media type, as `application/pdf`.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: i32,
    /// Where it is downloaded, on the tenant's host. A file that is not public is given to the administration alone.
    pub url: String,
    /// When it was attached.
    pub attached_at: DateTime,
}

impl From<FileRow> for File {
    fn from(row: FileRow) -> Self {
        Self {
            id: row.id.into(),
            url: row.url(),
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            attached_at: DateTime(row.attached_at),
        }
    }
}
