//! `serve` and `work`: stateless, any number of each.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt;
use kernel::Platform;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::assemble::{Assembled, assemble};
use crate::config::Config;

/// Where to listen.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Listen {
    /// Port of pages and API; metrics are 1,000 above it.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) listen: IpAddr,
}

/// `cabildo serve`.
pub(crate) async fn serve(config: Config, listen: Listen) -> anyhow::Result<()> {
    let assembled = assemble(&config).await?;
    let stop = stop_on_signal();
    let tracker = TaskTracker::new();
    run_server(&config, &assembled, &listen, &tracker, &stop).await?;
    tracker.close();
    tracker.wait().await;
    assembled.platform.db().close().await;
    Ok(())
}

/// `cabildo work`.
pub(crate) async fn work(config: Config) -> anyhow::Result<()> {
    let assembled = assemble(&config).await?;
    let stop = stop_on_signal();
    let tracker = TaskTracker::new();
    keep_fresh(&assembled.platform, &tracker, &stop);
    kernel::jobs::work(&assembled.platform, stop).await;
    tracker.close();
    tracker.wait().await;
    assembled.platform.db().close().await;
    Ok(())
}

/// A token that is cancelled by Ctrl-C or SIGTERM.
pub(crate) fn stop_on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
        let terminate = async {
            match terminated.as_mut() {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminate => {} }
        stopping.cancel();
    });
    stop
}

/// Keeps the directory, the content versions and the clock fresh until stopped.
pub(crate) fn keep_fresh(platform: &Arc<Platform>, tracker: &TaskTracker, stop: &CancellationToken) {
    let (platform, stop) = (platform.clone(), stop.clone());
    tracker.spawn(async move { tenancy::keep_fresh(&platform, stop).await });
}

/// Binds, then serves in tasks of `tracker` until stopped: what is being answered is answered.
pub(crate) async fn run_server(
    config: &Config,
    assembled: &Assembled,
    listen: &Listen,
    tracker: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let platform = assembled.platform.clone();
    keep_fresh(&platform, tracker, stop);
    let (mut recorder, counter) = visits::recorder(&platform, config.left_out()?);
    if !config.count_visits {
        recorder = visits::Recorder::off();
    }
    // The counter ends after the door, so that the last views are written.
    let door_closed = CancellationToken::new();
    tracker.spawn(counter.run(door_closed.clone()));
    let door = api::Door::new(platform, recorder);
    let pdf = config.pdf();
    let cache = config.page_cache_mb * 1024 * 1024;
    let pages = web::Web::new(door, assembled.mailbox.clone(), pdf.clone(), config.trusted_proxies()?, config.rate_per_minute, cache)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    tracker.spawn(async move {
        if let Err(why) = pdf.version().await {
            tracing::warn!("pages will not come as PDF: {why}");
        }
    });
    let app = web::router(Arc::new(pages));
    let address = SocketAddr::new(listen.listen, listen.port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("port {} is not free", listen.port))?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let stopping = stop.clone();
    tracker.spawn(async move {
        let serving = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
        if let Err(error) = serving.with_graceful_shutdown(stopping.cancelled_owned()).await {
            tracing::error!(%error, "the server ended");
        }
        door_closed.cancel();
    });
    take_in_mail(config, assembled, listen, tracker, stop).await?;
    serve_metrics(listen, tracker, stop).await
}

/// Listens for the help centre's mail where that is set. `up` listens on this machine, 2,000 above its port, unless something else does.
async fn take_in_mail(
    config: &Config,
    assembled: &Assembled,
    listen: &Listen,
    tracker: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let usual = listen.port.checked_add(2000).filter(|_| config.up_mode).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let Some(address) = config.support_lmtp.or(usual) else { return Ok(()) };
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) if config.support_lmtp.is_none() => {
            tracing::warn!(%error, "no mail is taken in: {address} is not free");
            return Ok(());
        }
        Err(error) => return Err(error).with_context(|| format!("support_lmtp: {address} is not free")),
    };
    tracker.spawn(support::lmtp::serve(assembled.platform.clone(), listener, stop.clone()));
    Ok(())
}

async fn serve_metrics(listen: &Listen, tracker: &TaskTracker, stop: &CancellationToken) -> anyhow::Result<()> {
    let handle = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().context("metrics could not be set up")?;
    let port = listen.port.checked_add(1000).context("the metrics port, 1,000 above the port, does not exist")?;
    let listener =
        TcpListener::bind(SocketAddr::new(listen.listen, port)).await.with_context(|| format!("metrics port {port} is not free"))?;
    let app = Router::new().route("/metrics", get(move || std::future::ready(handle.render())));
    let stopping = stop.clone();
    tracker.spawn(async move {
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopping.cancelled_owned()).await {
            tracing::error!(%error, "the metrics server ended");
        }
    });
    Ok(())
}
