//! Tenant packs in and out, one transaction each; the country provisioned from DIVIPOLA; the demonstration overlay.

use std::path::Path;

use kernel::directory::{TenantEntry, TenantKind};
use kernel::pack::{FORMAT, Pack, PackPart, parse_yaml};
use kernel::{Error, Platform, Result, Scope, Tx};
use uuid::Uuid;

use crate::divipola::{Place, place};
use crate::model::{ACCENTS, Identity};
use crate::{registry, store};

/// The namespace of tenant ids: the same municipality has the same id on every installation.
const TENANTS: Uuid = Uuid::from_u128(0x6d0c_3a52_7a0e_5b1b_9d0f_25d1_c2ab_1d00);

/// The audit entry by which an overlay is known to be there.
const OVERLAY_LOADED: &str = "tenancy.overlay.loaded";

/// The tenant id of a DIVIPOLA code or of a platform tenant's slug.
fn tenant_id(key: &str) -> Uuid {
    Uuid::new_v5(&TENANTS, key.as_bytes())
}

fn parts(platform: &Platform) -> Vec<&'static dyn PackPart> {
    platform.registry().iter().filter_map(|capability| capability.pack).collect()
}

/// Imports a pack: all of it or nothing. An existing tenant is refused unless `replace` is given. Returns the tenant's slug.
pub async fn import(platform: &Platform, pack: &Pack, replace: bool) -> Result<String> {
    let parts = parts(platform);
    let mut claims: Vec<&str> = parts.iter().flat_map(|part| part.claims()).copied().collect();
    claims.extend(["tenant.yaml", "README.md", "source/"]);
    pack.refuse_unclaimed(&claims)?;
    let identity: Identity = pack.required_yaml("tenant.yaml")?;
    let entry = entry_of(identity)?;
    let existed = platform.directory().get(entry.id).is_some();
    if existed && !replace {
        return Err(Error::whole("EXISTS", format!("{} ya existe; use --replace para reemplazarlo", entry.slug)));
    }
    let mut tx = Scope::Worker(Some(entry.id)).write(platform.db()).await?;
    let mut done = fill(&mut tx, &entry, &parts, pack).await;
    if done.is_ok() {
        done = kernel::file::unpack(&mut tx, platform.files.as_ref(), pack).await;
    }
    tx.settle(done).await?;
    registry::refresh(platform).await?;
    Ok(entry.slug)
}

async fn fill(tx: &mut Tx, entry: &TenantEntry, parts: &[&'static dyn PackPart], pack: &Pack) -> Result<()> {
    store::upsert(tx, entry).await?;
    for part in parts.iter().rev() {
        part.clear(tx).await?;
    }
    for part in parts {
        part.import(tx, pack).await?;
    }
    tx.audit("tenancy.pack.imported", "tenant", &entry.slug, serde_json::json!({ "code": entry.code })).await?;
    tx.publish();
    Ok(())
}

/// Exports a tenant as a pack; the same state gives the same bytes.
pub async fn export(platform: &Platform, slug: &str) -> Result<Pack> {
    let entry = platform.directory().by_slug(slug).ok_or(Error::NotFound)?;
    let mut tx = Scope::Worker(Some(entry.id)).read(platform.db()).await?;
    let mut pack = Pack::default();
    pack.put_yaml("tenant.yaml", &identity_of(&entry))?;
    for part in parts(platform) {
        part.export(&mut tx, &mut pack).await?;
    }
    tx.rollback().await?;
    kernel::file::pack(platform.files.as_ref(), entry.id, &mut pack).await?;
    Ok(pack)
}

fn entry_of(identity: Identity) -> Result<TenantEntry> {
    let refused = |why: String| Error::whole("PACK", format!("tenant.yaml: {why}"));
    if identity.format != FORMAT {
        return Err(refused(format!("formato {} desconocido; este programa lee el formato {FORMAT}", identity.format)));
    }
    if !ACCENTS.contains(&identity.accent.as_str()) {
        return Err(refused(format!("el acento «{}» no es de la paleta ({})", identity.accent, ACCENTS.join(", "))));
    }
    let place = place(&identity.code).ok_or_else(|| refused(format!("el código {} no está en DIVIPOLA", identity.code)))?;
    let mut entry = entry_of_place(place);
    entry.name = identity.name;
    entry.official_name = identity.official_name;
    entry.nit = identity.nit;
    entry.dispatch = identity.dispatch;
    entry.address = identity.address;
    entry.postal_code = identity.postal_code;
    entry.phones = identity.phones;
    entry.email = identity.email;
    entry.motto = identity.motto;
    entry.accent = identity.accent;
    entry.demonstration = identity.demonstration;
    entry.calendar = identity.calendar;
    Ok(entry)
}

fn identity_of(entry: &TenantEntry) -> Identity {
    Identity {
        format: FORMAT,
        code: entry.code.clone(),
        name: entry.name.clone(),
        official_name: entry.official_name.clone(),
        nit: entry.nit.clone(),
        address: entry.address.clone(),
        postal_code: entry.postal_code.clone(),
        phones: entry.phones.clone(),
        email: entry.email.clone(),
        motto: entry.motto.clone(),
        dispatch: entry.dispatch.clone(),
        accent: entry.accent.clone(),
        domains: Vec::new(),
        demonstration: entry.demonstration,
        calendar: entry.calendar.clone(),
    }
}

fn entry_of_place(place: &Place) -> TenantEntry {
    TenantEntry {
        id: tenant_id(&place.municipality_code),
        kind: if place.is_area() { TenantKind::Area } else { TenantKind::Municipality },
        code: place.municipality_code.clone(),
        slug: place.slug.clone(),
        short_slug: place.short_slug(),
        name: place.municipality.clone(),
        official_name: format!("Alcaldía Municipal de {}", place.municipality),
        department_code: place.department_code.clone(),
        department: place.department.clone(),
        nit: None,
        dispatch: None,
        address: None,
        postal_code: None,
        phones: Vec::new(),
        email: None,
        motto: None,
        accent: accent_for(&place.municipality_code).to_owned(),
        population: place.population_2024,
        ranked: place.ranked,
        demonstration: false,
        suspended: false,
        calendar: None,
        hours_text: None,
    }
}

/// A town that has not chosen yet gets an accent of the palette by its code, so that neighbours differ.
fn accent_for(code: &str) -> &'static str {
    let sum: usize = code.bytes().map(usize::from).sum();
    ACCENTS[1 + sum % (ACCENTS.len() - 1)]
}

/// Makes a tenant of a row of DIVIPOLA with what every town starts from; one that exists is left as it is.
/// Returns whether it was made. The directory is not refreshed: the caller does it once, after the last.
pub async fn provision(platform: &Platform, place: &Place) -> Result<bool> {
    let entry = entry_of_place(place);
    if platform.directory().get(entry.id).is_some() {
        return Ok(false);
    }
    let mut pack = Pack::default();
    pack.put_yaml("tenant.yaml", &identity_of(&entry))?;
    let mut tx = Scope::Worker(Some(entry.id)).write(platform.db()).await?;
    let done = fill(&mut tx, &entry, &parts(platform), &pack).await;
    tx.settle(done).await?;
    Ok(true)
}

/// Makes the two reserved platform tenants, where they are missing.
pub async fn provision_platform(platform: &Platform) -> Result<()> {
    for (kind, slug, name) in
        [(TenantKind::Agency, "agencia", "Agencia nacional"), (TenantKind::Support, "soporte", "Centro de Interacción Multimedia")]
    {
        let id = tenant_id(slug);
        if platform.directory().get(id).is_some() {
            continue;
        }
        let entry = TenantEntry {
            id,
            kind,
            code: String::new(),
            slug: slug.to_owned(),
            short_slug: slug.to_owned(),
            name: name.to_owned(),
            official_name: name.to_owned(),
            department_code: String::new(),
            department: String::new(),
            nit: None,
            dispatch: None,
            address: None,
            postal_code: None,
            phones: Vec::new(),
            email: None,
            motto: None,
            accent: if kind == TenantKind::Agency { "govco" } else { "paramo" }.to_owned(),
            population: None,
            ranked: false,
            demonstration: false,
            suspended: false,
            calendar: None,
            hours_text: None,
        };
        let mut tx = Scope::Worker(Some(id)).write(platform.db()).await?;
        let done = store::upsert(&mut tx, &entry).await;
        tx.publish();
        tx.settle(done).await?;
    }
    registry::refresh(platform).await
}

/// Loads the demonstration overlay of one tenant, once: each capability takes its section, in one transaction.
pub async fn load_overlay(platform: &Platform, slug: &str, file: &Path) -> Result<()> {
    let entry = platform.directory().by_slug(slug).ok_or(Error::NotFound)?;
    let name = file.display().to_string();
    let source = std::fs::read_to_string(file).map_err(|error| Error::whole("PACK", format!("{name}: {error}")))?;
    let overlay: serde_json::Map<String, serde_json::Value> = parse_yaml(&name, &source)?;
    for key in overlay.keys().filter(|key| !["demonstration", "tenant"].contains(&key.as_str())) {
        let known = platform.registry().iter().any(|capability| capability.name == key && capability.demo.is_some());
        if !known {
            return Err(Error::whole("PACK", format!("{name}: ningún módulo conoce la sección «{key}»")));
        }
    }
    let mut tx = Scope::Worker(Some(entry.id)).write(platform.db()).await?;
    if store::was_done(&mut tx, OVERLAY_LOADED).await? {
        return tx.rollback().await;
    }
    let done = async {
        for capability in platform.registry().iter() {
            if let (Some(demo), Some(section)) = (capability.demo, overlay.get(capability.name)) {
                demo(&mut tx, section).await?;
            }
        }
        tx.audit(OVERLAY_LOADED, "tenant", slug, serde_json::json!({})).await
    }
    .await;
    tx.publish();
    tx.settle(done).await
}
