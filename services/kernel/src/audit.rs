//! The audit log's hash chain: entries are sealed a tenant at a time, each hash over the one before it.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Database, Error, Result, Scope};

struct Entry {
    id: Uuid,
    text: String,
}

fn link(previous: &[u8], seq: i64, entry: &Entry) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(seq.to_be_bytes());
    hash.update(entry.id.as_bytes());
    hash.update(entry.text.as_bytes());
    hash.finalize().to_vec()
}

/// Seals what is unsealed; at most 1,000 entries a tenant in one go. Returns how many were sealed.
pub async fn seal(db: &Database) -> Result<usize> {
    let mut tx = Scope::Worker(None).write(db).await?;
    // One sealer at a time: two would give one place in the chain to two entries.
    let mine = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(4151) as "mine!""#).fetch_one(&mut *tx).await?;
    if !mine {
        return Ok(0);
    }
    let tenants = sqlx::query_scalar!("select distinct tenant_id from kernel.audit_entry where seq is null").fetch_all(&mut *tx).await?;
    let mut sealed = 0;
    for tenant in tenants {
        let last = sqlx::query!(
            r#"select seq as "seq!", hash as "hash!" from kernel.audit_entry
               where tenant_id = $1 and seq is not null order by seq desc limit 1"#,
            tenant
        )
        .fetch_optional(&mut *tx)
        .await?;
        let (mut seq, mut hash) = last.map_or((0, Vec::new()), |last| (last.seq, last.hash));
        let open = sqlx::query_as!(
            Entry,
            r#"select id, jsonb_build_array(extract(epoch from at), actor_id, action, subject_kind, subject_id, detail)::text as "text!"
               from kernel.audit_entry where tenant_id = $1 and seq is null order by at, id limit 1000"#,
            tenant
        )
        .fetch_all(&mut *tx)
        .await?;
        for entry in open {
            seq += 1;
            hash = link(&hash, seq, &entry);
            sqlx::query!("update kernel.audit_entry set seq = $3, hash = $4 where tenant_id = $1 and id = $2", tenant, entry.id, seq, hash)
                .execute(&mut *tx)
                .await?;
            sealed += 1;
        }
    }
    tx.commit().await?;
    Ok(sealed)
}

/// Recomputes every tenant's sealed chain. Returns how many entries hold, or the first that does not.
pub async fn verify(db: &Database) -> Result<u64> {
    let mut tx = Scope::Worker(None).read(db).await?;
    let tenants =
        sqlx::query_scalar!("select distinct tenant_id from kernel.audit_entry where seq is not null").fetch_all(&mut *tx).await?;
    let mut verified = 0;
    for tenant in tenants {
        let mut hash = Vec::new();
        let mut expected = 0;
        loop {
            let page = sqlx::query!(
                r#"select id, seq as "seq!", hash as "hash!",
                          jsonb_build_array(extract(epoch from at), actor_id, action, subject_kind, subject_id, detail)::text as "text!"
                   from kernel.audit_entry where tenant_id = $1 and seq > $2 order by seq limit 1000"#,
                tenant,
                expected
            )
            .fetch_all(&mut *tx)
            .await?;
            if page.is_empty() {
                break;
            }
            for row in page {
                expected += 1;
                hash = link(&hash, row.seq, &Entry { id: row.id, text: row.text });
                if row.seq != expected || row.hash != hash {
                    return Err(Error::fault(format!("the audit chain of tenant {tenant} breaks at entry {expected} ({})", row.id)));
                }
                verified += 1;
            }
        }
    }
    Ok(verified)
}
