//! `cabildo up`: a whole platform on one machine, everything embedded, with demonstration data.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, anyhow};
use kernel::ids::{Ids, RandomIds};
use kernel::pack::Pack;
use kernel::{Error, Platform};
use rustix::fs::FlockOperation;
use secrecy::SecretString;
use tokio_util::task::TaskTracker;

use crate::assemble::assemble;
use crate::cluster::Cluster;
use crate::config::{Config, RUN_FILE};
use crate::{commands, seed, serve};

/// What `up` takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) listen: serve::Listen,
    /// `demo`: Chipaque and two demonstration municipalities; `all`: every row of DIVIPOLA.
    #[arg(long, default_value = "demo", value_parser = ["demo", "all"])]
    pub(crate) tenants: String,
    /// The folder of tenant packs.
    #[arg(long, default_value = "tenants", value_name = "DIR")]
    pub(crate) packs: PathBuf,
}

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(mut config: Config, data: &Path, options: Options) -> anyhow::Result<()> {
    fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    let lock = fs::File::create(data.join("lock"))?;
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| anyhow!("another `cabildo up` is running on {}", data.display()))?;
    let stop = serve::stop_on_signal();
    let mut steps = Steps::default();

    steps.begin("Base de datos");
    let cluster = Cluster::start(data).await?;
    config.up_mode = true;
    config.public_port = Some(options.listen.port);
    config.database_url = Some(SecretString::from(cluster.url("cabildo_app")));
    config.owner_database_url = Some(SecretString::from(cluster.url("cabildo_owner")));
    config.files_dir.get_or_insert(data.join("files"));
    config.maildir.get_or_insert(data.join("mail"));
    config.secret_key = Some(key_file(data, "secret.key")?);
    config.signing_key = Some(key_file(data, "signing.key")?);
    write_run_file(data, &config, &cluster)?;
    let outcome = async {
        commands::migrate(&config).await?;
        let assembled = assemble(&config).await?;
        fill(&assembled.platform, data, &options, &mut steps).await?;

        steps.begin("Servidor");
        let tracker = TaskTracker::new();
        serve::run_server(&config, &assembled, &options.listen, &tracker, &stop).await?;
        {
            let (platform, stop) = (assembled.platform.clone(), stop.clone());
            tracker.spawn(async move { kernel::jobs::work(&platform, stop).await });
        }
        steps.end();
        announce(&assembled.platform, data, &options);
        stop.cancelled().await;
        println!("Deteniendo…");
        tracker.close();
        tracker.wait().await;
        assembled.platform.db().close().await;
        anyhow::Ok(())
    }
    .await;
    let stopped = cluster.stop().await;
    let _ = fs::remove_file(data.join(RUN_FILE));
    outcome.and(stopped)
}

/// Brings in packs, overlay and accounts, each only where it is missing.
async fn fill(platform: &Platform, data: &Path, options: &Options, steps: &mut Steps) -> anyhow::Result<()> {
    let told = |error: Error| anyhow!("{}", spoken(&error));
    steps.begin("Municipios de demostración");
    tenancy::provision_platform(platform).await.map_err(told)?;
    for folder in pack_folders(&options.packs)? {
        let pack = Pack::read(&folder).map_err(told)?;
        match tenancy::import(platform, &pack, false).await {
            Ok(_) => {}
            Err(Error::Rejected(faults)) if faults.iter().any(|fault| fault.code == "EXISTS") => {}
            Err(error) => return Err(told(error).context(format!("{} could not be imported", folder.display()))),
        }
    }
    // Each overlay knows whether it is there: a start that was interrupted between pack and overlay is made up for.
    let overlays = options.packs.join("demo/overlay");
    for entry in platform.directory().all() {
        let overlay = overlays.join(format!("{}.yaml", entry.slug));
        if overlay.exists() {
            tenancy::load_overlay(platform, &entry.slug, &overlay).await.map_err(told)?;
        }
    }
    visits::close_demo(platform).await.map_err(told)?;
    if options.tenants == "all" {
        steps.begin("Todos los municipios del país");
        let places = tenancy::places();
        let mut made = 0;
        for (done, place) in places.iter().enumerate() {
            made += usize::from(tenancy::provision(platform, place).await.map_err(told)?);
            Steps::progress(done + 1, places.len());
        }
        if made > 0 {
            tenancy::refresh(platform).await.map_err(told)?;
        }
    }
    steps.begin("Cuentas de prueba");
    seed::accounts(platform, data, options.listen.port).await
}

/// The packs of a folder: each folder with a `tenant.yaml`, and those below `demo/`.
fn pack_folders(packs: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for root in [packs.to_owned(), packs.join("demo")] {
        let entries = fs::read_dir(&root).with_context(|| format!("{} is not a folder of packs", root.display()))?;
        found.extend(entries.flatten().map(|entry| entry.path()).filter(|folder| folder.join("tenant.yaml").exists()));
    }
    found.sort();
    Ok(found)
}

/// An error in one line, as the command line tells it.
pub(crate) fn spoken(error: &Error) -> String {
    match error {
        Error::Rejected(faults) => faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// A key of the platform, drawn at first start and readable by its owner alone.
fn key_file(data: &Path, name: &str) -> anyhow::Result<SecretString> {
    let file = data.join(name);
    if let Ok(key) = fs::read_to_string(&file) {
        return Ok(SecretString::from(key.trim().to_owned()));
    }
    let key = hex::encode(RandomIds.secret());
    write_private(&file, &key)?;
    Ok(SecretString::from(key))
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let draft = file.with_extension("new");
    let mut out = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    out.set_permissions(fs::Permissions::from_mode(0o600))?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&draft, file).with_context(|| format!("{} cannot be written", file.display()))
}

/// What the other commands need to reach this run: `cabildo clock`, `tenant`, `ranking`.
fn write_run_file(data: &Path, config: &Config, cluster: &Cluster) -> anyhow::Result<()> {
    use secrecy::ExposeSecret;
    let told = |key: &Option<SecretString>| key.as_ref().map(|key| key.expose_secret().to_owned()).unwrap_or_default();
    let (key, signing) = (told(&config.secret_key), told(&config.signing_key));
    let absolute = data.canonicalize()?;
    let text = format!(
        "up_mode = true\npublic_port = {}\ndatabase_url = {:?}\nowner_database_url = {:?}\nfiles_dir = {:?}\nmaildir = {:?}\nsecret_key = {key:?}\nsigning_key = {signing:?}\n",
        config.public_port.unwrap_or_default(),
        cluster.url("cabildo_app"),
        cluster.url("cabildo_owner"),
        absolute.join("files").display().to_string(),
        absolute.join("mail").display().to_string(),
    );
    write_private(&data.join(RUN_FILE), &text)
}

fn announce(platform: &Platform, data: &Path, options: &Options) {
    let directory = platform.directory();
    let at = |slug: &str| directory.by_slug(slug).map(|entry| platform.links.to(&directory.host_of(&entry), "/")).unwrap_or_default();
    println!();
    println!("Cabildo está en marcha. {} municipios.", directory.all().len().saturating_sub(2));
    println!("  Chipaque (Cundinamarca)   {}", at("chipaque-cundinamarca"));
    println!("  Administración            {}admin", at("chipaque-cundinamarca"));
    println!("  Agencia nacional          {}", at("agencia"));
    println!("  Mesa de ayuda             {}", at("soporte"));
    println!("  Cuentas                   {}", data.join("accounts.json").display());
    println!("  Métricas                  http://{}:{}/metrics", options.listen.listen, options.listen.port + 1000);
    println!("Ctrl-C lo detiene; la próxima vez encuentra sus datos.");
    let _ = std::io::stdout().flush();
}

/// Says which step is under way and how long it took.
#[derive(Default)]
struct Steps {
    current: Option<(String, Instant)>,
}

impl Steps {
    fn begin(&mut self, name: &str) {
        self.end();
        println!("▸ {name}…");
        let _ = std::io::stdout().flush();
        self.current = Some((name.to_owned(), Instant::now()));
    }

    fn progress(done: usize, all: usize) {
        if done.is_multiple_of(100) || done == all {
            println!("  {done} de {all}");
            let _ = std::io::stdout().flush();
        }
    }

    fn end(&mut self) {
        if let Some((name, began)) = self.current.take() {
            println!("  {name}: {:.1} s", began.elapsed().as_secs_f32());
        }
    }
}
