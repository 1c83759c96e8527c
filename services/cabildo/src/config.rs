//! Configuration: `cabildo.toml`, overridden by `CABILDO_*`; what a running `up` left in its data folder comes before both.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use kernel::files::S3Config;
use kernel::networks::Networks;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// What can be set. Every key is `CABILDO_<KEY>` in the environment; `s3.bucket` is `CABILDO_S3__BUCKET`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The platform's domain; municipalities are `<slug>.<domain>`.
    pub(crate) domain: String,
    /// Whether addresses in mail and redirects begin with `http` or `https`.
    pub(crate) scheme: String,
    /// The port that the outside sees, when it is not the scheme's own.
    pub(crate) public_port: Option<u16>,
    /// Where the runtime logs in (`cabildo_app`).
    pub(crate) database_url: Option<SecretString>,
    /// Where migrations log in (`cabildo_owner`).
    pub(crate) owner_database_url: Option<SecretString>,
    /// Connections of one process.
    pub(crate) connections: u32,
    /// Redis; without it live state is kept in process.
    pub(crate) redis_url: Option<SecretString>,
    /// The object store; without it files lie in `files_dir`.
    pub(crate) s3: Option<S3Config>,
    /// The folder of files, where there is no S3.
    pub(crate) files_dir: Option<PathBuf>,
    /// The mail relay; without it mail goes to `maildir`.
    pub(crate) smtp_url: Option<SecretString>,
    /// The folder of mail, where there is no relay.
    pub(crate) maildir: Option<PathBuf>,
    /// The sender of every mail.
    pub(crate) mail_from: String,
    /// Where mail servers hand over the help centre's mail by LMTP, as `127.0.0.1:2424`; without it nobody listens.
    pub(crate) support_lmtp: Option<SocketAddr>,
    /// The platform's secret key: at least 32 characters.
    pub(crate) secret_key: Option<SecretString>,
    /// The seed of the key with which closed months are signed: 64 hexadecimal digits, made once and kept apart.
    pub(crate) signing_key: Option<SecretString>,
    /// The Python interpreter that has `WeasyPrint`; without it the one that `infra/install` made, else the system's.
    pub(crate) pdf_python: Option<PathBuf>,
    /// Whether a proxy of ours on this machine stands before this process.
    pub(crate) behind_proxy: bool,
    /// Networks of proxies of ours on other machines, one a line or parted by commas; nobody else's word is taken for who asks.
    pub(crate) proxies: String,
    /// Whether visits are counted; a copy that people only look at must not count.
    pub(crate) count_visits: bool,
    /// A file of networks where machines live and no people, one a line: their reading does not count as visits.
    pub(crate) data_centres_file: Option<PathBuf>,
    /// A file of the agency's own networks, one a line: their reading does not count as visits either.
    pub(crate) own_networks_file: Option<PathBuf>,
    /// Uncached requests a minute and client; zero means no limit.
    pub(crate) rate_per_minute: u32,
    /// Megabytes of the page cache.
    pub(crate) page_cache_mb: u64,
    /// Demonstration data, the mailbox page, the style guide and the movable clock exist.
    pub(crate) up_mode: bool,
}

#[derive(Serialize)]
struct Defaults {
    domain: &'static str,
    scheme: &'static str,
    connections: u32,
    mail_from: &'static str,
    behind_proxy: bool,
    proxies: &'static str,
    count_visits: bool,
    rate_per_minute: u32,
    page_cache_mb: u64,
    up_mode: bool,
}

/// What a running `up` leaves in its data folder for the other commands.
pub(crate) const RUN_FILE: &str = "run.toml";

impl Config {
    /// Reads everything.
    pub(crate) fn load(data: &Path) -> anyhow::Result<Self> {
        Self::figment(data).extract().context("the configuration does not hold")
    }

    /// The proxies whose word is taken for who asks.
    pub(crate) fn trusted_proxies(&self) -> anyhow::Result<Networks> {
        let own = if self.behind_proxy { "127.0.0.0/8\n::1\n" } else { "" };
        let text = format!("{own}{}", self.proxies.replace(',', "\n"));
        Networks::parse(&text).map_err(|error| anyhow::anyhow!("proxies: {error}"))
    }

    /// Who is left out of the count of visits.
    pub(crate) fn left_out(&self) -> anyhow::Result<visits::LeftOut> {
        let read = |file: &Option<PathBuf>| match file {
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))?;
                Networks::parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))
            }
            None => Ok(Networks::default()),
        };
        let robots = visits::Robots::new(web::assets::robots()).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(visits::LeftOut { robots, data_centres: read(&self.data_centres_file)?, own: read(&self.own_networks_file)? })
    }

    /// What sets the PDFs. `infra/install` keeps `WeasyPrint` in `pdf/`, beside the folder of the binary.
    pub(crate) fn pdf(&self) -> web::Pdf {
        let installed = || {
            let binary = std::env::current_exe().ok()?;
            binary.ancestors().nth(2).map(|folder| folder.join("pdf/bin/python3")).filter(|python| python.exists())
        };
        web::Pdf::new(self.pdf_python.clone().or_else(installed).unwrap_or_else(|| PathBuf::from("python3")))
    }

    /// Where each setting comes from.
    pub(crate) fn figment(data: &Path) -> Figment {
        let defaults = Defaults {
            domain: "localhost",
            scheme: "http",
            connections: 16,
            mail_from: "Cabildo <no-responder@cabildo.example>",
            behind_proxy: false,
            proxies: "",
            count_visits: true,
            rate_per_minute: 1200,
            page_cache_mb: 48,
            up_mode: false,
        };
        Figment::from(Serialized::defaults(defaults))
            .merge(Toml::file(data.join(RUN_FILE)))
            .merge(Toml::file("cabildo.toml"))
            .merge(Env::prefixed("CABILDO_").ignore(&["log"]).split("__"))
    }
}
