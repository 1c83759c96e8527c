//! One function a use case.

use kernel::directory::Audience;
use kernel::search::Entry;
use kernel::{Error, Result, Tx};
use serde_json::json;

use crate::model::{CatalogueKind, ConfirmEntryInput, EntryRow, EntryState, Sheet};
use crate::{rules, store};

/// The whole catalogue of the transaction's town, by name; the two platform tenants have none.
pub(crate) async fn catalogue(tx: &mut Tx) -> Result<Vec<Sheet>> {
    // A town that is being imported is not in the directory yet.
    if tx.entry().is_ok_and(|tenant| tenant.kind.audience() != Audience::Municipality) {
        return Ok(Vec::new());
    }
    Ok(rules::catalogue(store::entries(tx).await?))
}

/// One entry of it, public or not.
pub(crate) async fn sheet(tx: &mut Tx, slug: &str) -> Result<Option<Sheet>> {
    Ok(catalogue(tx).await?.into_iter().find(|sheet| sheet.entry.slug == slug))
}

/// Confirms a whole sheet in somebody's name: from this commit on the town answers for it.
pub(crate) async fn confirm(tx: &mut Tx, input: ConfirmEntryInput, by: &str) -> Result<Sheet> {
    let sheet = sheet(tx, &input.slug).await?.ok_or(Error::NotFound)?;
    let entry = rules::confirmed(&sheet, input, by, tx.now())?;
    place(tx, "tramites.entry.confirmed", Sheet { entry, ..sheet }).await
}

/// Says whether an entry exists in the town and whether its sheet is public.
pub(crate) async fn keep(tx: &mut Tx, slug: &str, state: EntryState) -> Result<Sheet> {
    let sheet = sheet(tx, slug).await?.ok_or(Error::NotFound)?;
    let entry = EntryRow {
        applies: Some(state != EntryState::NotApplicable),
        published: state != EntryState::Withdrawn,
        updated_at: Some(tx.now()),
        ..sheet.entry
    };
    place(tx, "tramites.entry.kept", Sheet { entry, ..sheet }).await
}

async fn place(tx: &mut Tx, action: &str, sheet: Sheet) -> Result<Sheet> {
    store::upsert(tx, &sheet.entry).await?;
    let found = findable(&sheet);
    if sheet.public() {
        tx.index(found).await?;
    } else {
        tx.unindex(found.kind, &found.key).await?;
    }
    tx.audit(action, "catalogue_entry", &sheet.entry.slug, json!(sheet.entry)).await?;
    tx.publish();
    Ok(sheet)
}

/// Makes every public entry findable, and nothing else of the catalogue.
pub(crate) async fn index(tx: &mut Tx) -> Result<()> {
    let sheets = catalogue(tx).await?;
    let entries: Vec<Entry> = sheets.iter().filter(|sheet| sheet.public()).map(findable).collect();
    store::index_all(tx, &entries).await
}

fn findable(sheet: &Sheet) -> Entry {
    let kind = sheet.kind();
    let told = [sheet.who_may_ask(), sheet.result(), sheet.legal_basis(), sheet.entry.suit_number.as_deref()];
    Entry {
        kind: if kind == CatalogueKind::Service { "service" } else { "tramite" },
        key: sheet.entry.slug.clone(),
        title: sheet.name().to_owned(),
        summary: [Some(kind.spoken()), sheet.dependency()].into_iter().flatten().collect::<Vec<_>>().join(". "),
        text: told.into_iter().flatten().map(str::to_owned).chain(sheet.requirements().unwrap_or_default()).collect::<Vec<_>>().join(" "),
        path: sheet.path(),
    }
}
