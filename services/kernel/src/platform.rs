//! Everything that a request or a job may reach, made once at start.

use std::sync::Arc;

use crate::capability::Registry;
use crate::clock::Clock;
use crate::db::Database;
use crate::directory::Directory;
use crate::files::Files;
use crate::ids::Ids;
use crate::live::Live;
use crate::mail::Mail;
use crate::secret::{Secret, Signer};

/// The platform's parts.
#[derive(Clone)]
pub struct Platform {
    /// Database, clock, ids, directory, live.
    pub database: Database,
    /// The object store.
    pub files: Arc<dyn Files>,
    /// The way out for mail.
    pub mail: Arc<dyn Mail>,
    /// The capabilities.
    pub capabilities: Registry,
    /// The platform's secret key.
    pub secret: Secret,
    /// The platform's signature; without it nothing can be signed, and everything else works.
    pub signer: Option<Signer>,
    /// How links in mail begin: scheme and port of the public address.
    pub links: Links,
    /// `up` mode: demonstration data, the mailbox page, the style guide and the movable clock exist.
    pub up_mode: bool,
}

/// How the platform is reached from outside.
#[derive(Debug, Clone)]
pub struct Links {
    /// `http` or `https`.
    pub scheme: String,
    /// The port to print, if it is not the scheme's own.
    pub port: Option<u16>,
}

impl Links {
    /// The address of `path` on `host`.
    pub fn to(&self, host: &str, path: &str) -> String {
        match self.port {
            Some(port) => format!("{}://{host}:{port}{path}", self.scheme),
            None => format!("{}://{host}{path}", self.scheme),
        }
    }
}

impl Platform {
    /// The database.
    pub fn db(&self) -> &Database {
        &self.database
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.database.shared().clock
    }

    /// The ids.
    pub fn ids(&self) -> &Arc<dyn Ids> {
        &self.database.shared().ids
    }

    /// The registry of tenants.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.database.shared().directory
    }

    /// Rates, seen-within and publish/subscribe.
    pub fn live(&self) -> &Arc<dyn Live> {
        &self.database.shared().live
    }

    /// The capabilities.
    pub fn registry(&self) -> &Registry {
        &self.capabilities
    }
}
