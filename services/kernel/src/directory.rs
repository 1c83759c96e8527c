//! The registry of tenants in memory: host → tenant without a query, and each tenant's content version.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use uuid::Uuid;

/// What a tenant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum TenantKind {
    /// A municipality.
    Municipality,
    /// One of the 18 áreas no municipalizadas: hosted, not ranked.
    Area,
    /// The national agency (`agencia`).
    Agency,
    /// The Centro de Interacción Multimedia (`soporte`).
    Support,
}

impl TenantKind {
    /// The kind of that word in the database.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "municipality" => Self::Municipality,
            "area" => Self::Area,
            "agency" => Self::Agency,
            "support" => Self::Support,
            _ => return None,
        })
    }

    /// The audience that its host serves.
    pub fn audience(self) -> Audience {
        match self {
            Self::Municipality | Self::Area => Audience::Municipality,
            Self::Agency => Audience::Agency,
            Self::Support => Audience::Support,
        }
    }
}

/// Whom a host serves (contract, section Hosts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Citizens and the committee of one municipality.
    Municipality,
    /// The help centre.
    Support,
    /// The agency's portal.
    Agency,
}

impl Audience {
    /// The word that templates compare with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Municipality => "municipality",
            Self::Support => "support",
            Self::Agency => "agency",
        }
    }
}

/// A telephone as printed and as dialled.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, async_graphql::SimpleObject)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// What it is for.
    pub label: String,
    /// As the municipality prints it.
    pub number: String,
    /// As a telephone dials it today (E.164), where known.
    pub dial: Option<String>,
}

/// A tenant, as every page needs it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns of tenancy.tenant, explained there")]
pub struct TenantEntry {
    pub id: Uuid,
    pub kind: TenantKind,
    pub code: String,
    pub slug: String,
    pub short_slug: String,
    pub name: String,
    pub official_name: String,
    pub department_code: String,
    pub department: String,
    pub nit: Option<String>,
    pub dispatch: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    pub phones: Vec<Phone>,
    pub email: Option<String>,
    pub motto: Option<String>,
    pub accent: String,
    pub population: Option<i32>,
    pub ranked: bool,
    pub demonstration: bool,
    pub suspended: bool,
    pub calendar: Option<serde_json::Value>,
    /// Opening hours in words, made of the calendar; none while nobody has confirmed them.
    pub hours_text: Option<String>,
}

/// What a host leads to.
#[derive(Debug, Clone)]
pub enum Resolved {
    /// A tenant.
    Tenant(Arc<TenantEntry>),
    /// The host of the same tenant under its full name.
    Redirect(String),
    /// Nobody.
    Unknown,
}

#[derive(Debug, Default)]
struct Snapshot {
    ids: HashMap<Uuid, Arc<TenantEntry>>,
    slugs: HashMap<String, Arc<TenantEntry>>,
    short_slugs: HashMap<String, Option<Arc<TenantEntry>>>,
    custom_hosts: HashMap<String, Uuid>,
}

/// All tenants, replaced whole on change and read without waiting.
#[derive(Debug)]
pub struct Directory {
    domain: String,
    snapshot: RwLock<Arc<Snapshot>>,
    versions: RwLock<HashMap<Uuid, i64>>,
}

impl Directory {
    /// An empty directory under `domain` (`localhost`, `cabildo.gov.co`).
    pub fn new(domain: &str) -> Self {
        Self { domain: domain.to_ascii_lowercase(), snapshot: RwLock::default(), versions: RwLock::default() }
    }

    /// The platform's domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Replaces all entries; `custom_hosts` are the verified hosts of tenants.
    pub fn replace(&self, entries: Vec<TenantEntry>, custom_hosts: Vec<(String, Uuid)>) {
        let mut next = Snapshot::default();
        for entry in entries.into_iter().map(Arc::new) {
            next.ids.insert(entry.id, entry.clone());
            next.slugs.insert(entry.slug.clone(), entry.clone());
            if entry.short_slug != entry.slug {
                // A short name that two municipalities bear leads to neither.
                next.short_slugs.entry(entry.short_slug.clone()).and_modify(|owner| *owner = None).or_insert(Some(entry));
            }
        }
        next.custom_hosts.extend(custom_hosts);
        if let Ok(mut current) = self.snapshot.write() {
            *current = Arc::new(next);
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().map(|snapshot| snapshot.clone()).unwrap_or_default()
    }

    /// The tenant of that id.
    pub fn get(&self, id: Uuid) -> Option<Arc<TenantEntry>> {
        self.snapshot().ids.get(&id).cloned()
    }

    /// The tenant of that slug.
    pub fn by_slug(&self, slug: &str) -> Option<Arc<TenantEntry>> {
        self.snapshot().slugs.get(slug).cloned()
    }

    /// The reserved platform tenant of that kind.
    pub fn platform(&self, kind: TenantKind) -> Option<Arc<TenantEntry>> {
        let slug = if kind == TenantKind::Agency { "agencia" } else { "soporte" };
        self.by_slug(slug)
    }

    /// Every tenant, by slug.
    pub fn all(&self) -> Vec<Arc<TenantEntry>> {
        let mut all: Vec<_> = self.snapshot().ids.values().cloned().collect();
        all.sort_by(|a, b| a.slug.cmp(&b.slug));
        all
    }

    /// Host without port, lower case: what a `Host` header names.
    pub fn resolve(&self, host: &str) -> Resolved {
        let host = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_end_matches('.').to_ascii_lowercase();
        let snapshot = self.snapshot();
        let found = |slug: &str| snapshot.slugs.get(slug).cloned();
        if host == self.domain {
            return found("agencia").map_or(Resolved::Unknown, Resolved::Tenant);
        }
        if let Some(slug) = host.strip_suffix(&self.domain).and_then(|rest| rest.strip_suffix('.')) {
            if slug == "agencia" {
                return Resolved::Redirect(self.domain.clone());
            }
            if let Some(entry) = found(slug) {
                return Resolved::Tenant(entry);
            }
            if let Some(Some(entry)) = snapshot.short_slugs.get(slug) {
                return Resolved::Redirect(format!("{}.{}", entry.slug, self.domain));
            }
            return Resolved::Unknown;
        }
        let custom = snapshot.custom_hosts.get(&host).and_then(|id| snapshot.ids.get(id));
        custom.map_or(Resolved::Unknown, |entry| Resolved::Tenant(entry.clone()))
    }

    /// The host under which a tenant is reached.
    pub fn host_of(&self, entry: &TenantEntry) -> String {
        if entry.kind == TenantKind::Agency { self.domain.clone() } else { format!("{}.{}", entry.slug, self.domain) }
    }

    /// Every host of a tenant: the platform's, then its own.
    pub fn hosts_of(&self, entry: &TenantEntry) -> Vec<String> {
        let snapshot = self.snapshot();
        let mut own: Vec<_> = snapshot.custom_hosts.iter().filter(|(_, id)| **id == entry.id).map(|(host, _)| host.clone()).collect();
        own.sort();
        std::iter::once(self.host_of(entry)).chain(own).collect()
    }

    /// The tenant's content version: part of every page-cache key.
    pub fn version(&self, tenant: Uuid) -> i64 {
        self.versions.read().ok().and_then(|versions| versions.get(&tenant).copied()).unwrap_or(0)
    }

    /// Notes a version that was seen; versions only rise.
    pub fn raise_version(&self, tenant: Uuid, version: i64) {
        if let Ok(mut versions) = self.versions.write() {
            let known = versions.entry(tenant).or_insert(0);
            *known = (*known).max(version);
        }
    }
}
