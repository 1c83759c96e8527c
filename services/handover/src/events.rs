//! What the handover does about what happens elsewhere.

use futures::FutureExt;
use kernel::capability::{Event, EventHandler, HOLDINGS_PASSED};
use kernel::{Result, Role, Tx};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::model::{HandoverCause, IncomingRow};
use crate::rules::Opening;
use crate::{service, store};

pub(crate) const EVENTS: &[EventHandler] = &[
    EventHandler { event: "identity.member_enrolled", handle: |tx, event| member_enrolled(tx, event).boxed() },
    EventHandler { event: "identity.first_sign_in", handle: |tx, event| first_sign_in(tx, event).boxed() },
    EventHandler { event: "identity.coordinator_appointed", handle: |tx, event| coordinator_appointed(tx, event).boxed() },
    EventHandler { event: HOLDINGS_PASSED, handle: |tx, event| holdings_passed(tx, event).boxed() },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Enrolled {
    account: Uuid,
    name: String,
    email: String,
    post: Option<String>,
    role: Role,
    incoming: bool,
    first_seen: bool,
}

async fn member_enrolled(tx: &mut Tx, event: &Event) -> Result<()> {
    let enrolled: Enrolled = serde_json::from_value(event.payload.clone())?;
    if !enrolled.incoming {
        return Ok(());
    }
    let now = tx.now();
    let row = IncomingRow {
        account_id: enrolled.account,
        name: enrolled.name,
        email: enrolled.email,
        post: enrolled.post,
        role: enrolled.role.word().to_owned(),
        enrolled_at: now,
        signed_in_at: enrolled.first_seen.then_some(now),
    };
    service::name_incoming(tx, &row).await
}

#[derive(Deserialize)]
struct SeenFirst {
    account: Uuid,
}

async fn first_sign_in(tx: &mut Tx, event: &Event) -> Result<()> {
    let SeenFirst { account } = serde_json::from_value(event.payload.clone())?;
    store::note_signed_in(tx, account).await
}

#[derive(Deserialize)]
struct Appointed {
    act: String,
}

/// The help centre gave a town a new coordinator, for its own vanished: a handover for absence begins, unless one is under way.
async fn coordinator_appointed(tx: &mut Tx, event: &Event) -> Result<()> {
    let Appointed { act } = serde_json::from_value(event.payload.clone())?;
    if store::running(tx).await?.is_some() {
        return Ok(());
    }
    let note = Some(format!("La mesa de ayuda designó a quien coordina, con este acto: {act}"));
    let opening = Opening { cause: HandoverCause::Absence, leaves_on: tx.today(), note };
    let handover = service::open(tx, &[], opening, None).await?;
    tx.audit("handover.opened_for_absence", "handover", &handover.id.to_string(), json!({ "act": act })).await
}

#[derive(Deserialize)]
struct Passed {
    from: Uuid,
    to: Uuid,
}

async fn holdings_passed(tx: &mut Tx, event: &Event) -> Result<()> {
    let Passed { from, to } = serde_json::from_value(event.payload.clone())?;
    service::pass(tx, from, to).await
}
