//! The other commands: migrate, tenant, ranking, audit, clock.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, anyhow};
use kernel::directory::TenantKind;
use kernel::pack::Pack;
use kernel::{Error, Scope};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::assemble::assemble;
use crate::config::Config;
use crate::up::spoken;

#[expect(clippy::needless_pass_by_value, reason = "taken by `map_err`")]
fn told(error: Error) -> anyhow::Error {
    anyhow!("{}", spoken(&error))
}

/// `cabildo migrate`: as the schema's owner, never as the runtime.
pub(crate) async fn migrate(config: &Config) -> anyhow::Result<()> {
    let url = config.owner_database_url.as_ref().context("owner_database_url is not set")?;
    let options = PgConnectOptions::from_str(url.expose_secret()).context("owner_database_url is not a PostgreSQL address")?;
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.context("the database does not answer")?;
    sqlx::migrate!("../../migrations").run(&pool).await.context("a migration failed")?;
    pool.close().await;
    Ok(())
}

/// `cabildo tenant …`
#[derive(clap::Subcommand)]
pub(crate) enum Tenant {
    /// Lists the tenants.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes a tenant of a DIVIPOLA code, with what every town starts from.
    Create {
        /// Five digits.
        code: String,
    },
    /// Imports a pack: all of it or nothing.
    Import {
        /// The pack's folder.
        folder: PathBuf,
        /// Replaces what the tenant holds.
        #[arg(long)]
        replace: bool,
    },
    /// Exports a tenant as a pack.
    Export {
        /// The tenant's slug.
        slug: String,
        /// The folder to write; it must not exist.
        folder: PathBuf,
    },
    /// Closes a tenant's site; its hosts answer 503.
    Suspend {
        /// The tenant's slug.
        slug: String,
    },
    /// Opens it again.
    Resume {
        /// The tenant's slug.
        slug: String,
    },
}

pub(crate) async fn tenant(config: Config, command: Tenant) -> anyhow::Result<()> {
    let platform = assemble(&config).await?.platform;
    match command {
        Tenant::List { json } => {
            let all = platform.directory().all();
            if json {
                let rows: Vec<_> = all
                    .iter()
                    .map(|entry| serde_json::json!({ "slug": entry.slug, "code": entry.code, "name": entry.name, "department": entry.department, "suspended": entry.suspended }))
                    .collect();
                println!("{}", serde_json::to_string_pretty(&rows)?);
            } else {
                for entry in all.iter().filter(|entry| !matches!(entry.kind, TenantKind::Agency | TenantKind::Support)) {
                    println!("{}\t{}\t{}, {}", entry.code, entry.slug, entry.name, entry.department);
                }
            }
        }
        Tenant::Create { code } => {
            let place = tenancy::places()
                .iter()
                .find(|place| place.municipality_code == code)
                .with_context(|| format!("{code} is not in DIVIPOLA"))?;
            anyhow::ensure!(tenancy::provision(&platform, place).await.map_err(told)?, "{} already exists", place.slug);
            println!("{}", place.slug);
        }
        Tenant::Import { folder, replace } => {
            let pack = Pack::read(&folder).map_err(told)?;
            println!("{}", tenancy::import(&platform, &pack, replace).await.map_err(told)?);
        }
        Tenant::Export { slug, folder } => {
            anyhow::ensure!(!folder.exists(), "{} already exists", folder.display());
            let pack = tenancy::export(&platform, &slug).await.map_err(|error| match error {
                Error::NotFound => anyhow!("there is no tenant {slug}"),
                other => told(other),
            })?;
            std::fs::create_dir_all(&folder)?;
            pack.write(&folder).map_err(told)?;
        }
        Tenant::Suspend { slug } => set_status(&platform, &slug, "suspended").await?,
        Tenant::Resume { slug } => set_status(&platform, &slug, "active").await?,
    }
    Ok(())
}

async fn set_status(platform: &kernel::Platform, slug: &str, status: &str) -> anyhow::Result<()> {
    let mut tx = Scope::Worker(None).write(platform.db()).await.map_err(told)?;
    let done = tenancy::set_status(&mut tx, slug, status).await;
    tx.settle(done).await.map_err(|error| match error {
        Error::NotFound => anyhow!("there is no tenant {slug}"),
        other => told(other),
    })
}

/// `cabildo ranking …`
#[derive(clap::Subcommand)]
pub(crate) enum Ranking {
    /// Closes a month to which nobody may object any more; closing it again changes nothing.
    Close {
        /// `2026-10`.
        month: String,
    },
    /// Counts the order of a closed month again from what it published, and checks signature and chain.
    Verify {
        /// `2026-10`.
        month: String,
    },
}

pub(crate) async fn ranking(config: Config, command: Ranking) -> anyhow::Result<()> {
    let platform = assemble(&config).await?.platform;
    match command {
        Ranking::Close { month } => print_closed(&visits::close(&platform, &month).await.map_err(told)?),
        Ranking::Verify { month } => print_closed(&visits::verify(&platform, &month).await.map_err(told)?),
    }
    Ok(())
}

/// `cabildo visits …`
#[derive(clap::Subcommand)]
pub(crate) enum Visits {
    /// Runs the rules of counting again over the ledger of a month that is not closed, and says what is not as it was written.
    Rerun {
        /// `2026-10`.
        month: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn visits(config: Config, command: Visits) -> anyhow::Result<()> {
    let Visits::Rerun { month, json } = command;
    let platform = assemble(&config).await?.platform;
    let run = visits::rerun(&platform, &month).await.map_err(told)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&run)?);
    } else {
        println!("{}: {} towns, {} hits, {} visits", run.month, run.towns, run.hits, run.visits);
        for difference in &run.differences {
            println!("  {difference}");
        }
    }
    anyhow::ensure!(run.differences.is_empty(), "the ledger does not make the counts");
    Ok(())
}

/// `cabildo audit …`
#[derive(clap::Subcommand)]
pub(crate) enum Audit {
    /// Recomputes the hash chain of every tenant, as far as it is sealed.
    Verify,
}

pub(crate) async fn audit(config: Config, command: Audit) -> anyhow::Result<()> {
    let platform = assemble(&config).await?.platform;
    match command {
        Audit::Verify => println!("{} entries hold", kernel::audit::verify(platform.db()).await.map_err(told)?),
    }
    Ok(())
}

/// `cabildo clock …`
#[derive(clap::Subcommand)]
pub(crate) enum Clock {
    /// Sets the platform's clock to an instant (`2026-12-01T08:00:00-05:00`).
    Set {
        /// ISO 8601 with offset.
        at: String,
    },
    /// Moves it ahead by days, hours or minutes (`3d`, `12h`, `45m`).
    Advance {
        /// A number and its unit.
        by: String,
    },
}

pub(crate) async fn clock(config: Config, command: Clock) -> anyhow::Result<()> {
    anyhow::ensure!(config.up_mode, "the clock can be moved in `up` mode only");
    let platform = assemble(&config).await?.platform;
    let now = platform.clock().now();
    let by = match command {
        Clock::Set { at } => OffsetDateTime::parse(&at, &Rfc3339).with_context(|| format!("{at} is not an instant"))? - now,
        Clock::Advance { by } => span(&by)?,
    };
    // Sessions, deadlines and closed months would all be in the future of a clock that went back.
    anyhow::ensure!(by >= Duration::ZERO, "the clock only goes forward");
    let mut tx = Scope::Worker(None).write(platform.db()).await.map_err(told)?;
    let moved = tenancy::advance_clock(&mut tx, by.whole_seconds()).await;
    tx.settle(moved).await.map_err(told)?;
    println!("{}", (now + by).format(&Rfc3339)?);
    Ok(())
}

fn span(text: &str) -> anyhow::Result<Duration> {
    let refused = || anyhow!("{text} is not a span: write 3d, 12h or 45m");
    let unit = text.chars().last().ok_or_else(refused)?;
    let amount: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| refused())?;
    match unit {
        'd' => Ok(Duration::days(amount)),
        'h' => Ok(Duration::hours(amount)),
        'm' => Ok(Duration::minutes(amount)),
        's' => Ok(Duration::seconds(amount)),
        _ => Err(refused()),
    }
}

fn print_closed(month: &visits::ClosedMonth) {
    let by = month.statement.map_or_else(|| "by the platform's keyed hash".to_owned(), |number| format!("by statement {number}"));
    println!(
        "{}: {} towns, {} visits, closed {} {by}, signed {}",
        month.month, month.towns, month.visits, month.closed_at, month.signature
    );
}
