//! Keeps the directory in memory equal to the database: tenants and hosts on change, content versions each second, the clock's lead.

use std::time::Duration;

use futures::StreamExt;
use kernel::db::VERSION_CHANNEL;
use kernel::{Platform, Result, Scope};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store;

/// Reads everything now.
pub async fn refresh(platform: &Platform) -> Result<()> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    platform.clock().run_ahead(store::clock_ahead(&mut tx).await?);
    let (entries, hosts) = (store::list(&mut tx).await?, store::custom_hosts(&mut tx).await?);
    let versions = store::versions(&mut tx).await?;
    tx.rollback().await?;
    platform.directory().replace(entries, hosts);
    for (tenant, version) in versions {
        platform.directory().raise_version(tenant, version);
    }
    Ok(())
}

/// Hears of raised content versions at once and polls once a second, so that a lost message heals.
pub async fn keep_fresh(platform: &Platform, stop: CancellationToken) {
    let mut heard = platform.live().subscribe(VERSION_CHANNEL).await.ok();
    let mut stamp = String::new();
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            message = async { match heard.as_mut() { Some(stream) => stream.next().await, None => std::future::pending().await } } => {
                match message {
                    Some(message) => hear(platform, &message),
                    None => heard = None,
                }
            }
            _ = beat.tick() => {
                if let Err(error) = poll(platform, &mut stamp).await {
                    tracing::warn!(%error, "the registry of tenants could not be refreshed");
                }
            }
        }
    }
}

fn hear(platform: &Platform, message: &[u8]) {
    let parsed = std::str::from_utf8(message)
        .ok()
        .and_then(|text| text.split_once(' '))
        .and_then(|(tenant, version)| Some((tenant.parse::<Uuid>().ok()?, version.parse::<i64>().ok()?)));
    if let Some((tenant, version)) = parsed {
        platform.directory().raise_version(tenant, version);
    }
}

async fn poll(platform: &Platform, known: &mut String) -> Result<()> {
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    platform.clock().run_ahead(store::clock_ahead(&mut tx).await?);
    for (tenant, version) in store::versions(&mut tx).await? {
        platform.directory().raise_version(tenant, version);
    }
    let stamp = store::stamp(&mut tx).await?;
    if stamp != *known {
        let (entries, hosts) = (store::list(&mut tx).await?, store::custom_hosts(&mut tx).await?);
        platform.directory().replace(entries, hosts);
        *known = stamp;
    }
    tx.rollback().await
}
