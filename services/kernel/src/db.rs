//! The only way to the database: a transaction that carries its role and its tenant from BEGIN on.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Serialize;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clock::Clock;
use crate::directory::Directory;
use crate::error::{Error, Result, UserError};
use crate::ids::Ids;
use crate::live::Live;

/// Who a transaction is for. Each scope is a database role; what a role sees across tenants is granted by name in the migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One tenant: its citizens and its committee.
    Tenant(Uuid),
    /// The agency's analysts, in the agency's own tenant.
    Agency(Uuid),
    /// The help centre's staff, in the help centre's own tenant.
    Support(Uuid),
    /// The agency's public portal, for whoever looks.
    Public(Uuid),
    /// The platform's own work over all tenants, or over one.
    Worker(Option<Uuid>),
}

impl Scope {
    fn role(self) -> &'static str {
        match self {
            Self::Tenant(_) => "cabildo_tenant",
            Self::Agency(_) => "cabildo_agency",
            Self::Support(_) => "cabildo_support",
            Self::Public(_) => "cabildo_public",
            Self::Worker(_) => "cabildo_worker",
        }
    }

    /// The tenant, if there is one.
    pub fn tenant(self) -> Option<Uuid> {
        match self {
            Self::Tenant(id) | Self::Agency(id) | Self::Support(id) | Self::Public(id) => Some(id),
            Self::Worker(id) => id,
        }
    }

    /// Opens a transaction for reading.
    pub async fn read(self, db: &Database) -> Result<Tx> {
        Tx::begin(db, self, "READ ONLY", READ_TIMEOUT).await
    }

    /// Opens a transaction for writing; it must be settled or committed, else nothing happened.
    pub async fn write(self, db: &Database) -> Result<Tx> {
        Tx::begin(db, self, "READ WRITE", WRITE_TIMEOUT).await
    }
}

const READ_TIMEOUT: Duration = Duration::from_secs(5);
const WRITE_TIMEOUT: Duration = Duration::from_secs(15);

/// The database and what every transaction needs beside it.
#[derive(Clone)]
pub struct Database {
    pool: PgPool,
    shared: Arc<Shared>,
}

/// What a transaction needs beside its connection.
pub struct Shared {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// Tenants and their content versions.
    pub directory: Arc<Directory>,
    /// Tells other replicas of a raised content version.
    pub live: Arc<dyn Live>,
    /// Which field a database constraint belongs to.
    pub constraints: Vec<Constraint>,
}

/// A named constraint of the schema and the field that it rejects.
#[derive(Debug, Clone, Copy)]
pub struct Constraint {
    /// Its name in the database.
    pub name: &'static str,
    /// The input field; empty when the whole input is meant.
    pub field: &'static str,
    /// The stable code.
    pub code: &'static str,
    /// What to tell the user.
    pub message: &'static str,
}

/// The channel on which replicas tell each other of raised content versions.
pub const VERSION_CHANNEL: &str = "content-version";

impl Database {
    /// Opens a pool of at most `connections`, logging in as the runtime's login role.
    pub fn connect(options: PgConnectOptions, connections: u32, shared: Shared) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self { pool, shared: Arc::new(shared) }
    }

    /// The clock, ids, directory and live state that transactions share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// An open transaction of one scope. Dropped without `commit` or `settle`, it never happened.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    scope: Scope,
    shared: Arc<Shared>,
    actor: Option<Uuid>,
    raises_version: bool,
    /// What was read whole, while measures are computed together.
    read_whole: Option<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Tx {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where transactions are opened")]
    async fn begin(db: &Database, scope: Scope, access: &str, timeout: Duration) -> Result<Self> {
        // Only a parsed uuid and words of ours enter this string; it travels as one round trip.
        let tenant = scope.tenant().map(|id| id.to_string()).unwrap_or_default();
        let begin = format!(
            "BEGIN {access}; SET LOCAL ROLE {role}; SET LOCAL app.tenant = '{tenant}'; SET LOCAL statement_timeout = {timeout}; \
             SET LOCAL idle_in_transaction_session_timeout = {idle}",
            role = scope.role(),
            timeout = timeout.as_millis(),
            idle = 2 * timeout.as_millis(),
        );
        let inner = db.pool.begin_with(AssertSqlSafe(begin)).await?;
        Ok(Self { inner, scope, shared: db.shared.clone(), actor: None, raises_version: false, read_whole: None })
    }

    /// Reads something whole, once for all measures that are computed together, which write nothing; anew at any other time.
    /// Its type tells it from everything else that is kept so.
    pub async fn once<T, F>(&mut self, read: F) -> Result<Arc<T>>
    where
        T: Send + Sync + 'static,
        F: for<'a> FnOnce(&'a mut Self) -> BoxFuture<'a, Result<T>>,
    {
        let kept = self.read_whole.as_ref().and_then(|kept| kept.get(&TypeId::of::<T>()).cloned());
        if let Some(kept) = kept.and_then(|kept| kept.downcast().ok()) {
            return Ok(kept);
        }
        let fresh = Arc::new(read(self).await?);
        if let Some(kept) = &mut self.read_whole {
            kept.insert(TypeId::of::<T>(), fresh.clone());
        }
        Ok(fresh)
    }

    /// Keeps what [`Self::once`] reads from now on, or forgets it.
    pub(crate) fn keep_what_is_read(&mut self, keep: bool) {
        self.read_whole = keep.then(HashMap::new);
    }

    /// The transaction's tenant.
    pub fn tenant(&self) -> Result<Uuid> {
        self.scope.tenant().ok_or_else(|| Error::fault("this transaction has no tenant"))
    }

    /// The transaction's scope.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The tenant's entry in the directory.
    pub fn entry(&self) -> Result<Arc<crate::directory::TenantEntry>> {
        self.shared.directory.get(self.tenant()?).ok_or(Error::NotFound)
    }

    /// Every host under which the tenant is reached.
    pub fn hosts(&self) -> Result<Vec<String>> {
        Ok(self.shared.directory.hosts_of(self.entry()?.as_ref()))
    }

    /// Now, by the platform's clock.
    pub fn now(&self) -> OffsetDateTime {
        self.shared.clock.now()
    }

    /// Today in Bogotá.
    pub fn today(&self) -> time::Date {
        self.shared.clock.today()
    }

    /// A new id.
    pub fn id(&self) -> Uuid {
        self.shared.ids.uuid()
    }

    /// 32 unguessable bytes.
    pub fn secret(&self) -> [u8; 32] {
        self.shared.ids.secret()
    }

    /// Names the account on whose behalf this is done, for the audit log.
    #[must_use]
    pub fn acting_as(mut self, actor: Option<Uuid>) -> Self {
        self.actor = actor;
        self
    }

    /// The account on whose behalf this is done.
    pub fn actor(&self) -> Option<Uuid> {
        self.actor
    }

    /// Writes an audit entry in this transaction; it is sealed into the tenant's chain within seconds.
    pub async fn audit(&mut self, action: &str, subject_kind: &str, subject_id: &str, detail: impl Serialize) -> Result<()> {
        let (tenant, id, at, actor) = (self.tenant()?, self.id(), self.now(), self.actor);
        sqlx::query!(
            "insert into kernel.audit_entry (tenant_id, id, at, actor_id, action, subject_kind, subject_id, detail)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            tenant,
            id,
            at,
            actor,
            action,
            subject_kind,
            subject_id,
            serde_json::to_value(detail)?,
        )
        .execute(&mut **self)
        .await?;
        Ok(())
    }

    /// Enqueues work that is done once this transaction has committed, and not at all if it does not.
    pub async fn enqueue(&mut self, kind: &str, payload: impl Serialize) -> Result<()> {
        let now = self.now();
        self.enqueue_at(kind, payload, now, None).await
    }

    /// Enqueues work for later; while a job of the same `key` waits, a second is not made.
    pub async fn enqueue_at(&mut self, kind: &str, payload: impl Serialize, run_at: OffsetDateTime, key: Option<&str>) -> Result<()> {
        sqlx::query!("select kernel.enqueue($1, $2, $3, $4)", kind, serde_json::to_value(payload)?, run_at, key)
            .execute(&mut **self)
            .await?;
        Ok(())
    }

    /// Says that what this transaction changed is public: every cached page of the tenant is stale once it commits.
    pub fn publish(&mut self) {
        self.raises_version = true;
    }

    /// Commits. The content version is raised last, so that writers of one tenant wait as briefly as can be.
    pub async fn commit(mut self) -> Result<()> {
        let raised = if self.raises_version { Some(self.raise_version().await?) } else { None };
        self.inner.commit().await?;
        if let Some((tenant, version)) = raised {
            self.shared.directory.raise_version(tenant, version);
            let told = self.shared.live.publish(VERSION_CHANNEL, format!("{tenant} {version}").as_bytes()).await;
            if let Err(error) = told {
                tracing::warn!(%error, "other replicas learn of the change by their next poll");
            }
        }
        Ok(())
    }

    async fn raise_version(&mut self) -> Result<(Uuid, i64)> {
        let tenant = self.tenant()?;
        let version = sqlx::query_scalar!(
            "insert into kernel.content_version (tenant_id) values ($1)
             on conflict on constraint content_version_pkey do update set version = content_version.version + 1
             returning version",
            tenant,
        )
        .fetch_one(&mut **self)
        .await?;
        Ok((tenant, version))
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    /// Commits what went well, undoes what did not, and turns a refused constraint into its field's rejection.
    pub async fn settle<T>(self, outcome: Result<T>) -> Result<T> {
        let shared = self.shared.clone();
        let settled = match outcome {
            Ok(value) => self.commit().await.map(|()| value),
            Err(error) => {
                self.rollback().await?;
                Err(error)
            }
        };
        settled.map_err(|error| match error {
            Error::Constraint(name) => match shared.constraints.iter().find(|constraint| constraint.name == name) {
                Some(c) if c.field.is_empty() => Error::Rejected(vec![UserError::whole(c.code, c.message)]),
                Some(c) => Error::field(c.field, c.code, c.message),
                None => Error::fault(format!("constraint {name} refused the row and no field is named for it")),
            },
            other => other,
        })
    }
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
