//! The world of a test: a database of its own, cloned from one migrated and filled template, with a clock that stands still.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

pub mod browser;
pub mod pdf;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use api::{Answer, Door};
use async_graphql::{Request, Variables};
use kernel::capability::Registry;
use kernel::clock::FixedClock;
use kernel::db::Shared;
use kernel::directory::{Audience, Directory, TenantEntry};
use kernel::files::Store;
use kernel::ids::RandomIds;
use kernel::live::InProcess;
use kernel::mail::Maildir;
use kernel::pack::Pack;
use kernel::platform::Links;
use kernel::secret::{Secret, Signer};
use kernel::viewer::SignedIn;
use kernel::{Cx, Database, Platform, Role, Scope, Viewer};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use time::macros::datetime;

/// Chipaque.
pub const CHIPAQUE: &str = "chipaque-cundinamarca";
/// Another tenant.
pub const FILANDIA: &str = "filandia-quindio";
/// The password of every seeded account.
pub const PASSWORD: &str = "una clave larga de prueba";

const TEMPLATE: &str = "cabildo_template";
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A world of its own.
pub struct World {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The door to its schema.
    pub door: Door,
    /// Its clock: Monday 23 November 2026, 10:42 in Bogotá, until advanced.
    pub clock: Arc<FixedClock>,
    /// Its mail.
    pub mailbox: Arc<Maildir>,
    database: String,
    _folder: tempfile::TempDir,
}

fn socket() -> String {
    std::env::var("TEST_POSTGRES_SOCKET")
        .expect("TEST_POSTGRES_SOCKET names the socket folder of a scratch PostgreSQL: infra/pg-scratch start DIR")
}

fn options(user: &str, database: &str) -> PgConnectOptions {
    PgConnectOptions::from_str(&format!("postgres:///{database}?host={}&user={user}", socket())).unwrap()
}

async fn superuser(database: &str) -> PgConnection {
    options("postgres", database).connect().await.expect("the scratch PostgreSQL answers")
}

/// A connection of the schema's owner to a world's database, for tests about the schema itself.
pub async fn owner(world: &World) -> PgConnection {
    options("cabildo_owner", &world.database).connect().await.unwrap()
}

/// A connection as the runtime logs in: it may do nothing until it becomes a working role.
pub async fn runtime(world: &World) -> PgConnection {
    options("cabildo_app", &world.database).connect().await.unwrap()
}

/// A superuser's connection to a world's database, to look at what no role may see and to tamper with it.
pub async fn postgres(world: &World) -> PgConnection {
    superuser(&world.database).await
}

impl World {
    /// Chipaque, Filandia and Zapatoca as their packs are, an account of each role, nothing else.
    pub async fn new() -> Self {
        let mut admin = superuser("postgres").await;
        // One process makes the template, the others wait for it.
        sqlx::query("select pg_advisory_lock(4152)").execute(&mut admin).await.unwrap();
        let known: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1 and datistemplate)")
            .bind(TEMPLATE)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        if !known {
            make_template(&mut admin).await;
        }
        let database = format!("world_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        sqlx::query(AssertSqlSafe(format!("create database {database} template {TEMPLATE} owner cabildo_owner")))
            .execute(&mut admin)
            .await
            .unwrap();
        sqlx::query("select pg_advisory_unlock(4152)").execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        Self::on(&database, 4).await
    }

    /// The same with a pool of `connections`.
    pub async fn with_connections(connections: u32) -> Self {
        let mut world = Self::new().await;
        world.platform.db().close().await;
        let again = Self::on(&world.database, connections).await;
        world.database.clear();
        again
    }

    async fn on(database: &str, connections: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at(datetime!(2026-11-23 10:42 -5)));
        let capabilities = Registry::new(api::CAPABILITIES.to_vec());
        let shared = Shared {
            clock: clock.clone(),
            ids: Arc::new(RandomIds),
            directory: Arc::new(Directory::new("localhost")),
            live: Arc::new(InProcess::default()),
            constraints: capabilities.constraints(),
        };
        let mailbox = Arc::new(Maildir::new(folder.path().join("mail"), "Cabildo <no-responder@cabildo.example>").await.unwrap());
        let platform = Arc::new(Platform {
            database: Database::connect(options("cabildo_app", database), connections, shared),
            files: Arc::new(Store::folder(&folder.path().join("files")).unwrap()),
            mail: mailbox.clone(),
            capabilities,
            secret: Secret::new("0123456789abcdef0123456789abcdef"),
            signer: Signer::from_seed(&"07".repeat(32)),
            links: Links { scheme: "http".to_owned(), port: Some(8080) },
            up_mode: false,
        });
        tenancy::refresh(&platform).await.unwrap();
        let (recorder, _) = visits::recorder(&platform, visits::Robots::new(vec!["Googlebot".to_owned()]).unwrap());
        let door = Door::new(platform.clone(), recorder);
        Self { platform, door, clock, mailbox, database: database.to_owned(), _folder: folder }
    }

    /// The address of its database for a login role.
    pub fn url(&self, user: &str) -> String {
        format!("postgres:///{}?host={}&user={user}", self.database, socket())
    }

    /// The tenant of that slug.
    pub fn tenant(&self, slug: &str) -> Arc<TenantEntry> {
        self.platform.directory().by_slug(slug).expect("the tenant exists")
    }

    /// Whoever looks at a tenant's host without signing in.
    pub fn visitor(&self, slug: &str) -> Actor<'_> {
        Actor { world: self, tenant: self.tenant(slug), viewer: Viewer::default() }
    }

    /// The seeded account of a role on a tenant's host.
    pub async fn actor(&self, slug: &str, role: Role) -> Actor<'_> {
        let tenant = self.tenant(slug);
        let email = email(role, slug);
        let mut connection = superuser(&self.database).await;
        let id: uuid::Uuid = sqlx::query_scalar("select id from identity.account where email = $1")
            .bind(&email)
            .fetch_one(&mut connection)
            .await
            .expect("the account is seeded");
        connection.close().await.unwrap();
        let account = SignedIn { id, session: Vec::new(), name: format!("{role:?}"), email, roles: vec![role] };
        Actor { world: self, tenant, viewer: Viewer { account: Some(account) } }
    }

    /// Has the committee of Chipaque record an indicator by hand, and gives it: of those of its own plan the platform computes every one.
    pub async fn recorded_by_hand(&self) -> uuid::Uuid {
        let mut connection = superuser(&self.database).await;
        let id = sqlx::query_scalar(
            "update plan.indicator set kind = 'RECORDED', measure = null where tenant_id = $1 and key = 'entidades-locales' returning id",
        )
        .bind(self.tenant(CHIPAQUE).id)
        .fetch_one(&mut connection)
        .await
        .expect("Chipaque counts local entities");
        connection.close().await.unwrap();
        id
    }

    /// Runs every job that is due, until none is.
    pub async fn settle(&self) {
        while kernel::jobs::run_due(&self.platform).await.unwrap() > 0 {}
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.database.is_empty() {
            return;
        }
        // The pool closes on its own time: the database is dropped by force, from a runtime of its own.
        let database = self.database.clone();
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut admin = superuser("postgres").await;
                let _ = sqlx::query(AssertSqlSafe(format!("drop database {database} with (force)"))).execute(&mut admin).await;
            });
        })
        .join();
    }
}

/// The e-mail of the seeded account of a role.
pub fn email(role: Role, slug: &str) -> String {
    format!("{}@{slug}.example", role.word())
}

/// The host where a role signs in.
pub fn host_of(role: Role) -> &'static str {
    match role {
        Role::Coordinator | Role::Editor | Role::Official | Role::Observer => CHIPAQUE,
        Role::Agent | Role::Supervisor | Role::MailAdministrator => "soporte",
        Role::Analyst | Role::Administrator => "agencia",
    }
}

async fn make_template(admin: &mut PgConnection) {
    sqlx::raw_sql(include_str!("../../infra/roles.sql")).execute(&mut *admin).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("drop database if exists {TEMPLATE} with (force)"))).execute(&mut *admin).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("create database {TEMPLATE} owner cabildo_owner"))).execute(&mut *admin).await.unwrap();
    let mut owner = options("cabildo_owner", TEMPLATE).connect().await.unwrap();
    sqlx::migrate!("../migrations").run(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    let mut world = World::on(TEMPLATE, 4).await;
    let platform = &world.platform;
    tenancy::provision_platform(platform).await.unwrap();
    for folder in ["chipaque-cundinamarca", "demo/filandia-quindio", "demo/zapatoca-santander"] {
        let pack = Pack::read(&root().join("tenants").join(folder)).unwrap();
        tenancy::import(platform, &pack, false).await.unwrap();
    }
    for role in Role::ALL {
        let towns: &[&str] = if host_of(role) == CHIPAQUE { &[CHIPAQUE, FILANDIA] } else { &[host_of(role)] };
        for slug in towns {
            let mut tx = Scope::Worker(Some(world.tenant(slug).id)).write(platform.db()).await.unwrap();
            identity::seed_account(&mut tx, &email(role, slug), &format!("{role:?} de prueba"), role, PASSWORD).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    platform.db().close().await;
    world.database.clear();
    sqlx::query(AssertSqlSafe(format!("alter database {TEMPLATE} is_template true"))).execute(&mut *admin).await.unwrap();
}

/// Somebody on a host.
pub struct Actor<'a> {
    /// The world.
    pub world: &'a World,
    /// The host's tenant.
    pub tenant: Arc<TenantEntry>,
    /// Who it is.
    pub viewer: Viewer,
}

impl Actor<'_> {
    /// The context of one request.
    pub fn context(&self) -> Arc<Cx> {
        let directory = self.world.platform.directory();
        let client = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
        Arc::new(Cx::new(
            self.world.platform.clone(),
            self.tenant.clone(),
            directory.host_of(&self.tenant),
            self.viewer.clone(),
            "test".to_owned(),
            client,
            false,
        ))
    }

    /// Executes a document.
    pub async fn answer(&self, document: &str, variables: Value) -> Answer {
        let request = Request::new(document).variables(Variables::from_json(variables));
        self.world.door.execute(&self.context(), request).await
    }

    /// Executes a document that must go well; keys come sorted.
    pub async fn run(&self, document: &str, variables: Value) -> Value {
        let answer = self.answer(document, variables).await;
        assert!(answer.errors.is_empty(), "{document}\n{:#?}", answer.errors);
        serde_json::to_value(&answer.data).unwrap()
    }

    /// Executes a document that must be refused; returns the code.
    pub async fn refused(&self, document: &str, variables: Value) -> String {
        let answer = self.answer(document, variables).await;
        answer.code().unwrap_or_else(|| panic!("{document} was answered: {:?}", answer.data)).to_owned()
    }

    /// The audience of the host.
    pub fn audience(&self) -> Audience {
        self.tenant.kind.audience()
    }
}
