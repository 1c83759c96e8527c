//! What a town received, in its pack: `circulars.yaml`. Circulars themselves are the agency's and do not travel.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Result, Tx, clock, ids, text};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::Duration;
use uuid::Uuid;

use crate::model::{CircularAuthor, CircularRow, DeliveryRow, MessageRow};
use crate::{jobs, store};

pub(crate) struct CircularsPart;

const FILE: &str = "circulars.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CircularsFile {
    received: Vec<DeliveryRow>,
    messages: Vec<MessageRow>,
}

#[async_trait]
impl PackPart for CircularsPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<CircularsFile>(FILE)? else { return Ok(()) };
        for row in &file.received {
            store::insert_delivery(tx, row).await?;
        }
        for message in &file.messages {
            store::insert_message(tx, message).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let received = store::received(tx).await?;
        let town = tx.tenant()?;
        let messages = store::messages(tx, town, None).await?;
        // A town that never received anything has no file.
        if received.is_empty() { Ok(()) } else { pack.put_yaml(FILE, &CircularsFile { received, messages }) }
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

/// The overlay's section: the agency's lists what it sent, a town's what became of it there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    #[serde(default)]
    sent: Vec<DemoCircular>,
    #[serde(default)]
    received: Vec<DemoReceived>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCircular {
    number: i32,
    days_ago: i64,
    title: String,
    body: String,
    ask: Option<String>,
    /// So many days after today, before it where negative.
    due_in_days: Option<i64>,
    #[serde(default)]
    public: bool,
}

/// A circular as it stands in a town: read and answered so many days ago.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoReceived {
    circular: DemoCircular,
    read_days_ago: i64,
    by: String,
    answer: Option<String>,
    reply: Option<String>,
}

impl DemoCircular {
    fn row(self, tx: &Tx) -> CircularRow {
        let sent_at = text::days_ago(tx.now(), self.days_ago, Some("09:30"));
        CircularRow {
            // The same in the agency's overlay and in a town's.
            id: ids::named(Uuid::nil(), "demo-circular", &self.number.to_string()),
            year: clock::local(sent_at).year(),
            number: self.number,
            title: self.title,
            body: self.body,
            ask: self.ask,
            due_on: self.due_in_days.map(|days| tx.today() + Duration::days(days)),
            audience_text: "Todos los municipios".to_owned(),
            recipients: Vec::new(),
            public: self.public,
            sent_at,
            sender_name: "Análisis de la agencia".to_owned(),
            withdrawn_at: None,
            withdraw_reason: None,
        }
    }
}

/// Loads the overlay's `circulars` section.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let Demo { sent, received } = serde_json::from_value(section.clone())?;
        for circular in sent {
            let row = circular.row(tx);
            store::insert_circular(tx, &row).await?;
            jobs::demonstrate(tx, row.id).await?;
        }
        for DemoReceived { circular, read_days_ago, by, answer, reply } in received {
            let circular = circular.row(tx);
            let read_at = text::days_ago(tx.now(), read_days_ago, Some("10:12"));
            let row = DeliveryRow {
                tenant_id: tx.tenant()?,
                circular_id: circular.id,
                year: circular.year,
                number: circular.number,
                title: circular.title,
                body: circular.body,
                ask: circular.ask,
                due_on: circular.due_on,
                files: Json(Vec::new()),
                sent_at: circular.sent_at,
                read_at: Some(read_at),
                reader_name: Some(by.clone()),
                answered_at: answer.as_ref().map(|_| read_at),
                withdrawn_at: None,
                withdraw_reason: None,
            };
            store::insert_delivery(tx, &row).await?;
            let said = [(answer, CircularAuthor::Municipality, by.as_str()), (reply, CircularAuthor::Agency, "Análisis de la agencia")];
            for (text, author, author_name) in said {
                let Some(text) = text else { continue };
                let at = if author == CircularAuthor::Agency { (read_at + Duration::hours(5)).min(tx.now()) } else { read_at };
                let message =
                    MessageRow { id: tx.id(), circular_id: row.circular_id, at, author, author_name: author_name.to_owned(), text };
                store::insert_message(tx, &message).await?;
            }
        }
        Ok(())
    }
    .boxed()
}
