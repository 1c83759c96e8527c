//! The catalogue's part of a tenant pack, `tramites.yaml`, and its sections of the demonstration overlay.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::text::days_ago;
use kernel::{Error, Result, Tx};
use serde::{Deserialize, Serialize};

use crate::model::{AutomationLevel, EntryRow};
use crate::{rules, service, store};

pub(crate) struct TramitesPart;

const FILE: &str = "tramites.yaml";

/// What differs from the national base.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    entries: Vec<EntryRow>,
}

async fn place(tx: &mut Tx, entries: impl Iterator<Item = EntryRow>) -> Result<()> {
    for entry in entries {
        if !rules::complete(&entry) {
            return Err(Error::whole(
                "PACK",
                format!("{FILE}: «{}» no está en el catálogo nacional; escriba su nombre y su clase", entry.slug),
            ));
        }
        store::upsert(tx, &entry).await?;
    }
    service::index(tx).await
}

#[async_trait]
impl PackPart for TramitesPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let entries = pack.yaml::<CatalogueFile>(FILE)?.map(|file| file.entries).unwrap_or_default();
        place(tx, entries.into_iter()).await
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        pack.put_yaml(FILE, &CatalogueFile { entries: store::entries(tx).await? })
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoSection {
    /// Sheets that somebody confirmed.
    #[serde(default)]
    published: Vec<String>,
    #[serde(default)]
    online: BTreeMap<String, AutomationLevel>,
    #[serde(default)]
    not_applicable: Vec<String>,
}

/// Loads the overlay's `tramites` or `services` section: what it names is confirmed as the national base has it, as demonstration.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let section: DemoSection = serde_json::from_value(section.clone())?;
        let reviewed = days_ago(tx.now(), 20, Some("16:30"));
        let mut entries: BTreeMap<String, EntryRow> =
            store::entries(tx).await?.into_iter().map(|entry| (entry.slug.clone(), entry)).collect();
        let mut entry = |slug: &str, change: &dyn Fn(&mut EntryRow)| {
            let entry = entries.entry(slug.to_owned()).or_insert_with(|| EntryRow::silent(slug));
            change(entry);
            entry.updated_at = Some(reviewed);
        };
        for slug in &section.published {
            entry(slug, &|entry| (entry.confirmed_at, entry.confirmed_by) = (Some(reviewed), Some("Comité de demostración".to_owned())));
        }
        for (slug, level) in &section.online {
            entry(slug, &|entry| entry.automation = Some(*level));
        }
        for slug in &section.not_applicable {
            entry(slug, &|entry| entry.applies = Some(false));
        }
        place(tx, entries.into_values()).await?;
        tx.publish();
        Ok(())
    }
    .boxed()
}
