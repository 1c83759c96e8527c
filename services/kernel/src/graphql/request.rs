//! One request: who asks, on which host, and its transactions. A query reads in one lazily opened transaction;
//! each mutation field is a write transaction of its own, and what it returns is read in a fresh one after the commit.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock};

use async_graphql::Context;
use http::{HeaderName, HeaderValue};
use tokio::sync::{MappedMutexGuard, MutexGuard};

use crate::directory::{Audience, TenantEntry};
use crate::graphql::GqlResult;
use crate::{Error, Permission, Platform, Result, Scope, Tx, Viewer};

/// The request.
pub struct Cx {
    /// The platform's parts.
    pub platform: Arc<Platform>,
    /// The host's tenant.
    pub tenant: Arc<TenantEntry>,
    /// The host as the browser named it, without port: sessions are bound to it.
    pub host: String,
    /// Who is looking.
    pub viewer: Viewer,
    /// Names this request in logs.
    pub request_id: String,
    /// Where the request comes from, as far as proxies may be trusted.
    pub client: IpAddr,
    /// Whether the browser came over TLS, so that cookies are marked secure.
    pub secure: bool,
    reads: tokio::sync::Mutex<Option<Tx>>,
    headers: Mutex<Vec<(HeaderName, HeaderValue)>>,
    fault: OnceLock<()>,
}

impl Cx {
    /// A request of `viewer` on `tenant`'s host.
    pub fn new(
        platform: Arc<Platform>,
        tenant: Arc<TenantEntry>,
        host: String,
        viewer: Viewer,
        request_id: String,
        client: IpAddr,
        secure: bool,
    ) -> Self {
        Self {
            platform,
            tenant,
            host,
            viewer,
            request_id,
            client,
            secure,
            reads: tokio::sync::Mutex::new(None),
            headers: Mutex::default(),
            fault: OnceLock::new(),
        }
    }

    /// The request of a resolver.
    pub fn of<'a>(ctx: &Context<'a>) -> GqlResult<&'a Self> {
        ctx.data::<Arc<Self>>().map(AsRef::as_ref)
    }

    /// The scope that host and roles give.
    pub fn scope(&self) -> Scope {
        let id = self.tenant.id;
        match self.tenant.kind.audience() {
            Audience::Support if self.viewer.can(Permission::ResolveTickets) => Scope::Support(id),
            Audience::Agency if self.viewer.can(Permission::CompareMunicipalities) => Scope::Agency(id),
            // Signing in and out on a platform host is that tenant's own business.
            Audience::Municipality | Audience::Support | Audience::Agency => Scope::Tenant(id),
        }
    }

    /// The request's read transaction, opened at first use; resolvers take turns.
    pub async fn read(&self) -> Result<MappedMutexGuard<'_, Tx>> {
        let mut slot = self.reads.lock().await;
        if slot.is_none() {
            *slot = Some(self.scope().read(self.platform.db()).await?);
        }
        MutexGuard::try_map(slot, Option::as_mut).map_err(|_| Error::fault("the read transaction vanished"))
    }

    /// A write transaction. The read transaction is closed first: a request never holds two connections.
    pub async fn write(&self) -> Result<Tx> {
        self.close_reads().await?;
        Ok(self.scope().write(self.platform.db()).await?.acting_as(self.viewer.id()))
    }

    /// A transaction of another scope than the request's, for what a capability grants by name (a public ranking, a queue).
    pub async fn write_as(&self, scope: Scope) -> Result<Tx> {
        self.close_reads().await?;
        Ok(scope.write(self.platform.db()).await?.acting_as(self.viewer.id()))
    }

    /// Ends the read transaction, before the template runs or a write begins.
    pub async fn close_reads(&self) -> Result<()> {
        match self.reads.lock().await.take() {
            Some(tx) => tx.rollback().await,
            None => Ok(()),
        }
    }

    /// A header for the response: sign-in sets a cookie this way.
    pub fn respond_with(&self, name: HeaderName, value: HeaderValue) {
        if let Ok(mut headers) = self.headers.lock() {
            headers.push((name, value));
        }
    }

    /// The headers that resolvers asked for.
    pub fn take_headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        self.headers.lock().map(|mut headers| std::mem::take(&mut *headers)).unwrap_or_default()
    }

    /// Notes that a resolver broke, so that the door answers 500.
    pub fn note_fault(&self) {
        let _ = self.fault.set(());
    }

    /// Refuses a client that comes too often. The machine itself is not counted: behind it stands whoever runs the platform.
    pub async fn throttle_client(&self, what: &str, limit: u32, window: std::time::Duration) -> Result<()> {
        match self.client {
            client if client.is_loopback() => Ok(()),
            IpAddr::V4(address) => self.throttle(what, &address.to_string(), limit, window).await,
            // One line has all of the second half.
            IpAddr::V6(address) => self.throttle(what, &format!("{:x}", address.to_bits() >> 64), limit, window).await,
        }
    }

    /// Refuses what comes too often: `limit` a `window` for this key, on this tenant.
    pub async fn throttle(&self, what: &str, key: &str, limit: u32, window: std::time::Duration) -> Result<()> {
        let key = crate::live::LiveKey::of(self.tenant.id, format_args!("{what}/{key}"));
        match self.platform.live().allow(&key, limit, window, self.platform.clock().now()).await {
            Ok(rate) if rate.allowed => Ok(()),
            Ok(rate) => Err(Error::Throttled(rate.retry_after.as_secs().max(1))),
            Err(error) => {
                // Without the counter nobody is locked out: the password hash is slow enough for a while.
                tracing::error!(?error, "the rate counter is unreachable");
                Ok(())
            }
        }
    }
}
