//! Search over everything of a tenant: capabilities put their entries here in the transaction that publishes them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::{Result, Tx};

/// Something that can be found.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The capability's word for this sort of thing: `news`, `tramite`, `page`.
    pub kind: &'static str,
    /// Its key among its kind.
    pub key: String,
    /// Title, as shown.
    pub title: String,
    /// One or two sentences, as shown.
    pub summary: String,
    /// Everything else that should be found.
    pub text: String,
    /// Its address on the tenant's site.
    pub path: String,
}

/// Text without accents and in lower case, as the index keeps it and as queries are brought to it.
pub fn plain(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

impl Tx {
    /// Makes something findable, or renews it.
    pub async fn index(&mut self, entry: Entry) -> Result<()> {
        let tenant = self.tenant()?;
        sqlx::query!(
            "insert into kernel.search_entry (tenant_id, kind, key, title, summary, path, words)
             values ($1, $2, $3, $4, $5, $6,
                     setweight(to_tsvector('spanish', $7), 'A') || setweight(to_tsvector('spanish', $8), 'B') || setweight(to_tsvector('spanish', $9), 'C'))
             on conflict on constraint search_entry_pkey
             do update set title = excluded.title, summary = excluded.summary, path = excluded.path, words = excluded.words",
            tenant,
            entry.kind,
            entry.key,
            entry.title,
            entry.summary,
            entry.path,
            plain(&entry.title),
            plain(&entry.summary),
            plain(&entry.text),
        )
        .execute(&mut **self)
        .await?;
        Ok(())
    }

    /// Makes something unfindable.
    pub async fn unindex(&mut self, kind: &str, key: &str) -> Result<()> {
        let tenant = self.tenant()?;
        sqlx::query!("delete from kernel.search_entry where tenant_id = $1 and kind = $2 and key = $3", tenant, kind, key)
            .execute(&mut **self)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn accents_and_case_do_not_matter() {
        assert_eq!(plain("TRÁMITES de Ñoño"), "tramites de nono");
    }
}
