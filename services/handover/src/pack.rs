//! The handover's part of a tenant pack, `handover.yaml`: every handover with its list, people, signatures and frozen document, and the
//! administrations. And the overlay's: a handover half-way.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Result, Tx, ids, text};
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use crate::model::{AdministrationRow, HandoverCause, HandoverItemState, IncomingRow, Whole};
use crate::rules::Opening;
use crate::{service, store};

pub(crate) struct HandoverPart;

const FILE: &str = "handover.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandoverFile {
    administrations: Vec<AdministrationRow>,
    handovers: Vec<Whole>,
}

#[async_trait]
impl PackPart for HandoverPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<HandoverFile>(FILE)? else { return Ok(()) };
        for administration in &file.administrations {
            store::insert_administration(tx, administration).await?;
        }
        for whole in &file.handovers {
            let id = whole.handover.id;
            store::insert(tx, &whole.handover).await?;
            for item in &whole.items {
                store::put_item(tx, id, item).await?;
            }
            for row in &whole.incoming {
                store::put_incoming(tx, id, row).await?;
            }
            for row in &whole.departures {
                store::put_departure(tx, id, row).await?;
            }
            for row in &whole.signatures {
                store::insert_signature(tx, id, row).await?;
            }
            for row in &whole.log {
                store::insert_log(tx, id, row).await?;
            }
            if whole.handover.published_at.is_some() {
                service::make_findable(tx, &whole.handover).await?;
            }
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let mut file = HandoverFile { administrations: store::administrations(tx).await?, handovers: Vec::new() };
        for handover in store::all(tx).await? {
            let id = handover.id;
            file.handovers.push(Whole {
                handover,
                items: store::items(tx, id).await?,
                incoming: store::incoming(tx, id).await?,
                departures: store::departures(tx, id).await?,
                signatures: store::signatures(tx, id).await?,
                log: store::log(tx, id).await?,
            });
        }
        // A town that never had one has no file.
        if file.handovers.is_empty() && file.administrations.is_empty() { Ok(()) } else { pack.put_yaml(FILE, &file) }
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    cause: HandoverCause,
    opened_days_ago: i64,
    /// Days from now to the last day in office; before now when negative.
    leaves_in_days: i64,
    note: Option<String>,
    /// The e-mail of the coordinator who answers for the list.
    owner: String,
    /// What was filled so far.
    ready: Vec<DemoItem>,
    incoming: Vec<DemoIncoming>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoItem {
    key: String,
    note: Option<String>,
    not_applicable: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoIncoming {
    email: String,
    name: String,
    post: String,
    role: kernel::Role,
    signed_in_days_ago: Option<i64>,
}

/// The account of an e-mail: identity names it by that alone.
fn account(email: &str) -> Uuid {
    ids::named(Uuid::nil(), "account", email)
}

/// Loads the overlay's `handover` section: a handover under way, with people of the incoming team who exist on paper alone.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let demo: Demo = serde_json::from_value(section.clone())?;
        let (now, today) = (tx.now(), tx.today());
        let at = text::days_ago(now, demo.opened_days_ago, Some("09:00"));
        let opening = Opening { cause: demo.cause, leaves_on: today + Duration::days(demo.leaves_in_days), note: demo.note };
        let handover = service::open(tx, &[], opening, None).await?;
        for mut item in store::items(tx, handover.id).await? {
            item.owner_id = Some(account(&demo.owner));
            if let Some(said) = demo.ready.iter().find(|said| said.key == item.key) {
                item.state = if said.not_applicable.is_some() { HandoverItemState::NotApplicable } else { HandoverItemState::Ready };
                (item.note, item.reason, item.updated_at) = (said.note.clone(), said.not_applicable.clone(), at);
            }
            store::update_item(tx, handover.id, &item).await?;
        }
        for person in demo.incoming {
            let row = IncomingRow {
                account_id: account(&person.email),
                name: person.name,
                email: person.email,
                post: Some(person.post),
                role: person.role.word().to_owned(),
                enrolled_at: at,
                signed_in_at: person.signed_in_days_ago.map(|days| text::days_ago(now, days, Some("10:30"))),
            };
            store::put_incoming(tx, handover.id, &row).await?;
        }
        Ok(())
    }
    .boxed()
}
