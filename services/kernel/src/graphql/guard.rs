//! The gate before a field: what the viewer's roles permit.

use async_graphql::{Context, Guard};

use crate::graphql::Cx;
use crate::viewer::Permission;

/// Lets pass whoever holds the permission; else `UNAUTHENTICATED` or `FORBIDDEN`.
pub struct Can(pub Permission);

#[async_trait::async_trait]
impl Guard for Can {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Cx::of(ctx)?.viewer.require(self.0)?;
        Ok(())
    }
}
