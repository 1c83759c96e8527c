//! The private PostgreSQL of `up`: made from the installed binaries, reached by a socket alone, stopped with the platform,
//! and taken over or cleared away after a kill -9 of the platform or of everything.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use kernel::secret::sha256_hex;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// The unprivileged account that runs the server when we are root.
#[derive(Debug, Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

/// A running private cluster.
pub(crate) struct Cluster {
    server: Child,
    socket: PathBuf,
}

const SUPERUSER: &str = "postgres";
/// A Unix socket's whole path must stay under 108 bytes.
const LONGEST_SOCKET_FOLDER: usize = 80;

impl Cluster {
    /// Starts the cluster of a data folder, making it at first start.
    pub(crate) async fn start(data: &Path) -> anyhow::Result<Self> {
        let binaries = binaries()?;
        let account = if rustix::process::geteuid().is_root() { Some(unprivileged_account()?) } else { None };
        let home = home(data, account)?;
        let (files, log) = (home.join("data"), home.join("postgres.log"));
        let socket = socket_folder(&home, account)?;
        clear_remains(&files, &socket)?;
        if !files.join("PG_VERSION").exists() {
            let _ = fs::remove_dir_all(&files);
            let made = as_account(Command::new(binaries.join("initdb")), account)
                .args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-D"])
                .arg(&files)
                .current_dir(&home)
                .output()
                .context("initdb could not be started")?;
            if !made.status.success() {
                bail!("initdb failed: {}", String::from_utf8_lossy(&made.stderr).trim());
            }
        }
        let log =
            fs::OpenOptions::new().create(true).append(true).open(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let server = as_account(Command::new(binaries.join("postgres")), account)
            .arg("-D")
            .arg(&files)
            .arg("-k")
            .arg(&socket)
            .args(["-h", "", "-c", "max_connections=120", "-c", "shared_buffers=128MB", "-c", "max_wal_size=512MB"])
            .current_dir(&home)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A group of its own: Ctrl-C in the terminal reaches the platform, which stops the server last.
            .process_group(0)
            .spawn()
            .context("postgres could not be started")?;
        let mut cluster = Self { server, socket };
        cluster.wait_until_ready(&home).await?;
        cluster.prepare().await?;
        Ok(cluster)
    }

    /// The address of the database for an account.
    pub(crate) fn url(&self, user: &str) -> String {
        format!("postgres:///cabildo?host={}&user={user}", self.socket.display())
    }

    async fn wait_until_ready(&mut self, home: &Path) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            match self.superuser("postgres").connect().await {
                Ok(connection) => return Ok(connection.close().await?),
                Err(error) if began.elapsed() > Duration::from_mins(1) => {
                    bail!("PostgreSQL did not come up ({error}); its log is {}", home.join("postgres.log").display())
                }
                Err(_) => {}
            }
            if let Some(status) = self.server.try_wait()? {
                let log = fs::read_to_string(home.join("postgres.log")).unwrap_or_default();
                bail!("PostgreSQL ended at once ({status}): {}", log.lines().last().unwrap_or("no log"));
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    fn superuser(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new().host(&self.socket.display().to_string()).username(SUPERUSER).database(database)
    }

    /// Makes roles and database, where they are missing.
    async fn prepare(&self) -> anyhow::Result<()> {
        let mut connection = self.superuser("postgres").connect().await?;
        sqlx::raw_sql(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/roles.sql"))).execute(&mut connection).await?;
        let known: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = 'cabildo')").fetch_one(&mut connection).await?;
        if !known {
            sqlx::raw_sql("create database cabildo owner cabildo_owner").execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    /// Stops the server, waiting for what it was doing.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        signal(self.server.id(), Signal::INT)?;
        let began = Instant::now();
        while self.server.try_wait()?.is_none() {
            if began.elapsed() > Duration::from_secs(30) {
                bail!("PostgreSQL did not stop in 30 seconds");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

fn signal(process: u32, signal: Signal) -> anyhow::Result<()> {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw).context("no such process")?;
    kill_process(pid, signal).context("the server could not be signalled")
}

/// The folder of PostgreSQL's programs: on the PATH, else the newest that Debian installs beside it.
fn binaries() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists());
    if let Some(folder) = on_path {
        return Ok(folder);
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").exists() && folder.join("postgres").exists())
        .collect();
    versions.sort();
    let newest = versions.pop().context("PostgreSQL 15 or newer is not installed: apt-get install postgresql")?;
    if newest.0 < 15 {
        bail!("PostgreSQL {} is too old, 15 is needed: apt-get install postgresql", newest.0);
    }
    Ok(newest.1)
}

/// PostgreSQL will not run as root, and its account must be in the password file.
fn unprivileged_account() -> anyhow::Result<Account> {
    let accounts = fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
    let named = |wanted: &str| {
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == wanted).then(|| Some(Account { uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? }))?
        })
    };
    named("postgres").or_else(|| named("nobody")).context("neither the account postgres nor nobody exists")
}

fn as_account(mut command: Command, account: Option<Account>) -> Command {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Where the cluster lies: in the data folder, or under /var/lib/cabildo where the server's account cannot reach that.
fn home(data: &Path, account: Option<Account>) -> anyhow::Result<PathBuf> {
    let data = data.canonicalize().with_context(|| format!("{} is not a folder", data.display()))?;
    let reachable = data.ancestors().all(|folder| fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0));
    let home = match account {
        Some(_) if !reachable => Path::new("/var/lib/cabildo").join(&sha256_hex(data.as_os_str().as_encoded_bytes())[..12]),
        _ => data.join("postgres"),
    };
    let parent = home.parent().context("the data folder has no parent")?;
    fs::create_dir_all(parent)?;
    if account.is_some() && !reachable {
        fs::set_permissions(parent, fs::Permissions::from_mode(0o755))?;
    }
    own_folder(&home, account)?;
    Ok(home)
}

fn own_folder(folder: &Path, account: Option<Account>) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    if let Some(account) = account {
        chown(folder, Some(account.uid), Some(account.gid))?;
    }
    Ok(())
}

fn socket_folder(home: &Path, account: Option<Account>) -> anyhow::Result<PathBuf> {
    if home.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
        return Ok(home.to_owned());
    }
    let short = std::env::temp_dir().join(format!("cabildo-{}", &sha256_hex(home.as_os_str().as_encoded_bytes())[..12]));
    own_folder(&short, account)?;
    Ok(short)
}

/// After a kill -9: a server that still lives is stopped (its clients are gone), and what a dead one left is removed.
fn clear_remains(files: &Path, socket: &Path) -> anyhow::Result<()> {
    let pid_file = files.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&pid_file) else { return Ok(()) };
    let pid = text.lines().next().and_then(|line| line.trim().parse::<i32>().ok()).and_then(Pid::from_raw);
    let Some(pid) = pid else {
        return Ok(fs::remove_file(&pid_file)?);
    };
    // The process may be somebody else's by now: only a postgres that works in this very folder is ours.
    let ours = || fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|folder| folder == files);
    if test_kill_process(pid).is_ok() && ours() {
        kill_process(pid, Signal::INT).context("an older server of this data folder could not be stopped")?;
        let began = Instant::now();
        while test_kill_process(pid).is_ok() && ours() {
            if began.elapsed() > Duration::from_secs(30) {
                bail!("an older server of this data folder did not stop in 30 seconds");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    for remains in [pid_file, socket.join(".s.PGSQL.5432"), socket.join(".s.PGSQL.5432.lock")] {
        match fs::remove_file(&remains) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
