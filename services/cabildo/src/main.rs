//! The one binary. Every command loads only what it needs, fails with one line, and lists as JSON where it lists.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on standard output and standard error")]

mod assemble;
mod cluster;
mod commands;
mod config;
mod doctor;
mod receive;
mod seed;
mod serve;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The platform that Colombian municipalities run their e-government on.
#[derive(Parser)]
#[command(name = "cabildo", version)]
struct Cli {
    /// The data folder of `up`; the other commands find its database here.
    #[arg(long, global = true, default_value = ".cabildo", value_name = "DIR")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything embedded: database, demonstration data, server and worker in one process.
    Up(up::Options),
    /// Serves pages and the API.
    Serve(serve::Listen),
    /// Does what was enqueued.
    Work,
    /// Brings the database to the schema of this binary.
    Migrate,
    /// Municipalities and their packs.
    #[command(subcommand)]
    Tenant(commands::Tenant),
    /// The monthly ranking of visits.
    #[command(subcommand)]
    Ranking(commands::Ranking),
    /// The counting of visits.
    #[command(subcommand)]
    Visits(commands::Visits),
    /// The audit log.
    #[command(subcommand)]
    Audit(commands::Audit),
    /// The platform's clock (`up` mode only).
    #[command(subcommand)]
    Clock(commands::Clock),
    /// Takes in one mail to the help centre from standard input, for a pipe from a mail server. Ends as sysexits(3) says: 65 where it is no
    /// mail or has more than 40 MB, 75 where it is not kept and may be sent again.
    Receive(receive::Options),
    /// Prints the GraphQL schema.
    Schema,
    /// Says what is configured, from where, and what is wrong.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("CABILDO_LOG").unwrap_or_else(|_| "warn,sqlx=error".into()))
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cabildo: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Command::Receive(options) = &cli.command {
        return runtime.block_on(receive::run(&cli.data, options));
    }
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, causes included: what a script logs and a person reads.
            eprintln!("cabildo: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let config = config::Config::load(&cli.data)?;
    match cli.command {
        Command::Up(options) => up::run(config, &cli.data, options).await,
        Command::Serve(listen) => serve::serve(config, listen).await,
        Command::Work => serve::work(config).await,
        Command::Migrate => commands::migrate(&config).await,
        Command::Tenant(command) => commands::tenant(config, command).await,
        Command::Ranking(command) => commands::ranking(config, command).await,
        Command::Visits(command) => commands::visits(config, command).await,
        Command::Audit(command) => commands::audit(config, command).await,
        Command::Clock(command) => commands::clock(config, command).await,
        // Taken before: it has endings of its own.
        Command::Receive(_) => Ok(()),
        Command::Schema => {
            print!("{}", api::sdl());
            Ok(())
        }
        Command::Doctor { json } => doctor::run(&config, json).await,
    }
}
