//! Puts the platform together from its configuration.

use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context;
use kernel::capability::Registry;
use kernel::clock::PlatformClock;
use kernel::db::Shared;
use kernel::directory::Directory;
use kernel::files::{Files, Store};
use kernel::ids::RandomIds;
use kernel::live::{InProcess, Live, Redis};
use kernel::mail::{Mail, Maildir, Smtp};
use kernel::platform::Links;
use kernel::secret::{Secret, Signer};
use kernel::{Database, Platform};
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;

use crate::config::Config;

/// The platform, and the maildir where mail stays in the house.
pub(crate) struct Assembled {
    pub(crate) platform: Arc<Platform>,
    pub(crate) mailbox: Option<Arc<Maildir>>,
}

/// Connects to what is configured. Nothing is embedded here: `up` fills the configuration first.
pub(crate) async fn assemble(config: &Config) -> anyhow::Result<Assembled> {
    let url = config.database_url.as_ref().context("database_url is not set; `cabildo up` starts a database of its own")?;
    let options = PgConnectOptions::from_str(url.expose_secret()).context("database_url is not a PostgreSQL address")?;
    let live: Arc<dyn Live> = match &config.redis_url {
        Some(url) => Arc::new(Redis::new(url).context("redis_url is not a Redis address")?),
        None => Arc::new(InProcess::default()),
    };
    let files: Arc<dyn Files> = match (&config.s3, &config.files_dir) {
        (Some(s3), _) => Arc::new(Store::s3(s3)?),
        (None, Some(dir)) => Arc::new(Store::folder(dir)?),
        (None, None) => anyhow::bail!("neither s3 nor files_dir is set"),
    };
    let (mail, mailbox): (Arc<dyn Mail>, _) = match (&config.smtp_url, &config.maildir) {
        (Some(url), _) => (Arc::new(Smtp::new(url, &config.mail_from)?), None),
        (None, Some(dir)) => {
            let mailbox = Arc::new(Maildir::new(dir.clone(), &config.mail_from).await?);
            (mailbox.clone(), Some(mailbox))
        }
        (None, None) => anyhow::bail!("neither smtp_url nor maildir is set"),
    };
    let key = config.secret_key.as_ref().context("secret_key is not set")?.expose_secret();
    anyhow::ensure!(key.len() >= 32, "secret_key has fewer than 32 characters");
    let signer = match &config.signing_key {
        Some(seed) => Some(Signer::from_seed(seed.expose_secret()).context("signing_key is not 64 hexadecimal digits")?),
        None => None,
    };
    let capabilities = Registry::new(api::CAPABILITIES.to_vec());
    let shared = Shared {
        clock: Arc::new(PlatformClock::default()),
        ids: Arc::new(RandomIds),
        directory: Arc::new(Directory::new(&config.domain)),
        live,
        constraints: capabilities.constraints(),
    };
    let platform = Arc::new(Platform {
        database: Database::connect(options, config.connections, shared),
        files,
        mail,
        capabilities,
        secret: Secret::new(key),
        signer,
        links: Links { scheme: config.scheme.clone(), port: config.public_port },
        up_mode: config.up_mode,
    });
    tenancy::refresh(&platform).await.map_err(|error| anyhow::anyhow!("the registry of tenants could not be read: {error}"))?;
    Ok(Assembled { platform, mailbox: mailbox.filter(|_| config.up_mode) })
}
