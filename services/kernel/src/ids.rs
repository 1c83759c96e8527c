//! Ids, passed in and never ambient: UUIDv7 in operation, counted in tests.

use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// Makes ids and unguessable bytes.
pub trait Ids: Send + Sync {
    /// A new id; ids made later sort later.
    fn uuid(&self) -> Uuid;

    /// 32 bytes that nobody can guess, for one-time tokens and session keys.
    fn secret(&self) -> [u8; 32];
}

/// UUIDv7 and the operating system's randomness.
#[derive(Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where ids are made")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place where randomness is drawn")]
    fn secret(&self) -> [u8; 32] {
        let (mut bytes, [one, two]) = ([0; 32], [Uuid::new_v4(), Uuid::new_v4()]);
        bytes[..16].copy_from_slice(one.as_bytes());
        bytes[16..].copy_from_slice(two.as_bytes());
        bytes
    }
}

/// 1, 2, 3 …: ids that make snapshots stable.
#[derive(Debug, Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst)) | (7 << 76) | (2 << 62))
    }

    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.uuid().as_bytes());
        bytes
    }
}

/// The id of something that a pack names by words: the same pack gives the same id wherever it is imported.
pub fn named(tenant: Uuid, kind: &str, key: &str) -> Uuid {
    Uuid::new_v5(&tenant, format!("{kind}/{key}").as_bytes())
}
