//! The door: makes the request's context, executes, and closes what it opened.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, ServerError, Value};
use http::{HeaderName, HeaderValue};
use kernel::directory::TenantEntry;
use kernel::graphql::explain;
use kernel::{Cx, Platform, Result};

use crate::schema::{Schema, build};

/// No request runs longer.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The schema with the platform behind it.
#[derive(Clone)]
pub struct Door {
    platform: Arc<Platform>,
    schema: Schema,
    visits: visits::Recorder,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The data; null where nothing ran.
    pub data: Value,
    /// What went wrong, with stable codes.
    pub errors: Vec<ServerError>,
    /// Headers that resolvers asked for (a session's cookie).
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// Whether nothing was executed: the document did not parse or was not valid.
    pub fn nothing_ran(&self) -> bool {
        self.data == Value::Null && !self.errors.is_empty() && self.errors.iter().all(|error| error.path.is_empty())
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<&str> {
        let code = self.errors.first()?.extensions.as_ref()?.get("code")?;
        if let Value::String(code) = code { Some(code) } else { None }
    }
}

/// Who asks, from where and on which host.
pub struct Asker<'a> {
    /// The host's tenant.
    pub tenant: Arc<TenantEntry>,
    /// The host without port.
    pub host: &'a str,
    /// The session's token, if a cookie carried one.
    pub token: Option<&'a str>,
    /// Where the request comes from.
    pub client: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Door {
    /// Opens the door.
    pub fn new(platform: Arc<Platform>, visits: visits::Recorder) -> Self {
        Self { platform, schema: build(), visits }
    }

    /// The platform behind the door.
    pub fn platform(&self) -> &Arc<Platform> {
        &self.platform
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Counts a page view, off the path of the request.
    pub fn record_view(&self, view: visits::PageView) {
        self.visits.record(view);
    }

    /// The context of a request; the viewer is looked up in a short transaction of its own, and only where there is a token.
    pub async fn context(&self, asker: Asker<'_>) -> Result<Arc<Cx>> {
        let viewer = match asker.token {
            Some(token) => identity::viewer(&self.platform, &asker.tenant, asker.host, Some(token)).await?,
            None => kernel::Viewer::default(),
        };
        let request_id = self.platform.ids().uuid().simple().to_string();
        Ok(Arc::new(Cx::new(self.platform.clone(), asker.tenant, asker.host.to_owned(), viewer, request_id, asker.client, asker.secure)))
    }

    /// Executes a document in the context and ends its read transaction.
    pub async fn execute(&self, cx: &Arc<Cx>, request: Request) -> Answer {
        let running = self.schema.execute(request.data(cx.clone()));
        let mut response = tokio::time::timeout(TIME_LIMIT, running).await.unwrap_or_else(|_| {
            let mut error = ServerError::new("La consulta tardó demasiado.", None);
            error.extensions.get_or_insert_default().set("code", "TOO_COMPLEX");
            async_graphql::Response::from_errors(vec![error])
        });
        if let Err(error) = cx.close_reads().await {
            tracing::warn!(%error, request_id = cx.request_id, "the read transaction did not end well");
        }
        for error in &mut response.errors {
            explain(error, &cx.request_id);
        }
        Answer { data: response.data, errors: response.errors, headers: cx.take_headers() }
    }
}
