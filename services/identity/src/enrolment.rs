//! Who is of the team: enrolled, given another role, ended; and what the handover's closing act does to all of them at once.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Event, HOLDINGS_PASSED, Member, Registry};
use kernel::{Error, Result, Role, Tx};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::model::{AccountRow, Enrolment};
use crate::{rules, store};

/// Takes somebody into the team and mails them how to get in. Of the incoming team they only look on, until the handover is closed.
pub(crate) async fn enrol(tx: &mut Tx, registry: &Registry, draft: Enrolment) -> Result<Enrolment> {
    let draft = rules::enrolment(draft, tx.entry()?.kind.audience())?;
    let account = AccountRow { id: rules::account_id(&draft.email), email: draft.email.clone(), name: draft.name.clone() };
    if let Some(invited) = store::invited(tx, &draft.idempotency_key).await? {
        let again = Error::field("idempotencyKey", "REUSED", "Este formulario ya se envió con otra persona; ábralo de nuevo");
        return if invited == account.id { Ok(draft) } else { Err(again) };
    }
    let held = member(tx, account.id).await?;
    let role = if draft.incoming { Role::Observer } else { draft.role };
    match &held {
        Some(member) if !draft.incoming && member.roles != [role] => {
            return Err(Error::field("email", "MEMBER", "Esa persona ya tiene un rol aquí; cámbielo en la lista del equipo"));
        }
        // Whoever works here already keeps what they may do until the handover is closed.
        Some(_) => {}
        None => {
            store::ensure_account(tx, &account).await?;
            store::give_role(tx, account.id, role, Some(&draft.name)).await?;
        }
    }
    tx.audit("identity.member.enrolled", "account", &account.id.to_string(), json!({ "role": role.word(), "incoming": draft.incoming }))
        .await?;
    let payload = json!({
        "account": account.id, "name": draft.name, "email": draft.email, "post": draft.post, "role": draft.role, "incoming": draft.incoming,
        "firstSeen": held.and_then(|member| member.first_seen).is_some(),
    });
    registry.tell(tx, &Event { name: "identity.member_enrolled", payload }).await?;
    invite(tx, account.id, &draft.idempotency_key).await?;
    Ok(draft)
}

async fn invite(tx: &mut Tx, account: Uuid, key: &str) -> Result<()> {
    let (id, expires_at) = (tx.id(), tx.now() + rules::INVITATION);
    store::insert_invitation(tx, id, account, expires_at, key).await?;
    tx.enqueue("identity.mail_invitation", json!({ "invitation": id })).await
}

async fn member(tx: &mut Tx, account: Uuid) -> Result<Option<Member>> {
    Ok(store::members(tx).await?.into_iter().find(|member| member.account == account))
}

async fn known_member(tx: &mut Tx, account: Uuid) -> Result<Member> {
    store::lock_coordinators(tx).await?;
    let gone = || Error::field("accountId", "NOT_FOUND", "Esa persona no hace parte del equipo");
    member(tx, account).await?.ok_or_else(gone)
}

/// A town keeps somebody who coordinates it.
async fn keeps_a_coordinator(tx: &mut Tx) -> Result<()> {
    if store::coordinators(tx).await?.is_empty() {
        return Err(Error::field("accountId", "LAST", "Es la única persona que coordina; designe antes a otra"));
    }
    Ok(())
}

/// Gives a member another role, in the place of those that they have.
pub(crate) async fn change_role(tx: &mut Tx, account: Uuid, role: Role) -> Result<()> {
    let held = known_member(tx, account).await?;
    if !rules::fits(role, tx.entry()?.kind.audience()) {
        return Err(Error::field("role", "ROLE", "Ese rol no existe en este sitio"));
    }
    store::give_role(tx, account, role, None).await?;
    store::end_roles(tx, account, Some(role)).await?;
    keeps_a_coordinator(tx).await?;
    let before: Vec<_> = held.roles.iter().map(|role| role.word()).collect();
    tx.audit("identity.member.role_changed", "account", &account.to_string(), json!({ "from": before, "to": role.word() })).await
}

/// Ends what somebody may do here and passes on what they had in their hands. Their account lives on where else they have a role.
pub(crate) async fn end(tx: &mut Tx, registry: &Registry, account: Uuid, reason: &str, successor: Option<Uuid>) -> Result<Member> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(Error::field("reason", "REQUIRED", "Escriba el motivo, hasta 500 letras"));
    }
    let held = known_member(tx, account).await?;
    let holdings = registry.holdings(tx).await?.into_iter().filter(|holding| holding.account == account).count();
    if let Some(successor) = successor {
        let receiver = member(tx, successor).await?.filter(|receiver| receiver.account != account);
        let receiver = receiver.ok_or_else(|| Error::field("successorId", "NOT_FOUND", "Elija a otra persona del equipo"))?;
        let payload = json!({ "from": account, "to": successor, "toName": receiver.name, "toEmail": receiver.email });
        registry.tell(tx, &Event { name: HOLDINGS_PASSED, payload }).await?;
    } else if holdings > 0 {
        let message = format!("Tiene {holdings} encargos; elija quién los recibe");
        return Err(Error::field("successorId", "HOLDINGS", message));
    }
    retire(tx, account).await?;
    keeps_a_coordinator(tx).await?;
    tx.audit("identity.member.ended", "account", &account.to_string(), json!({ "reason": reason, "successor": successor })).await?;
    Ok(held)
}

async fn retire(tx: &mut Tx, account: Uuid) -> Result<()> {
    store::end_roles(tx, account, None).await?;
    store::close_sessions(tx, account).await?;
    store::withdraw_invitations(tx, account).await
}

#[derive(Deserialize)]
struct Passed {
    ends: Vec<Uuid>,
    gives: Vec<Given>,
}

#[derive(Deserialize)]
struct Given {
    account: Uuid,
    role: Role,
}

/// The closing act of a handover: who comes takes their role, who leaves loses theirs and is signed out.
pub(crate) fn roles_passed<'a>(tx: &'a mut Tx, event: &'a Event) -> BoxFuture<'a, Result<()>> {
    async move {
        let passed: Passed = serde_json::from_value(event.payload.clone())?;
        store::lock_coordinators(tx).await?;
        for Given { account, role } in passed.gives {
            store::give_role(tx, account, role, None).await?;
            store::end_roles(tx, account, Some(role)).await?;
            tx.audit("identity.member.role_changed", "account", &account.to_string(), json!({ "to": role.word(), "by": "handover" }))
                .await?;
        }
        for account in passed.ends {
            retire(tx, account).await?;
            tx.audit("identity.member.ended", "account", &account.to_string(), json!({ "by": "handover" })).await?;
        }
        if store::coordinators(tx).await?.is_empty() {
            let message = "El municipio quedaría sin quien lo coordine: dé ese rol a alguien del equipo entrante.";
            return Err(Error::whole("COORDINATOR", message));
        }
        Ok(())
    }
    .boxed()
}

/// The help centre gives a town whose coordinator vanished a new one, by the act that designates them.
pub(crate) async fn appoint(tx: &mut Tx, registry: &Registry, draft: Enrolment, act: &str) -> Result<Enrolment> {
    let act = act.trim();
    if act.is_empty() || act.chars().count() > 500 {
        return Err(Error::field("act", "REQUIRED", "Escriba el acto que la designa: clase, número y fecha"));
    }
    let draft = rules::enrolment(draft, tx.entry()?.kind.audience())?;
    let id = rules::account_id(&draft.email);
    if store::invited(tx, &draft.idempotency_key).await? == Some(id) {
        return Ok(draft);
    }
    store::ensure_account(tx, &AccountRow { id, email: draft.email.clone(), name: draft.name.clone() }).await?;
    store::give_role(tx, id, Role::Coordinator, Some(&draft.name)).await?;
    store::end_roles(tx, id, Some(Role::Coordinator)).await?;
    invite(tx, id, &draft.idempotency_key).await?;
    tx.enqueue("identity.mail_appointed", json!({ "name": draft.name, "act": act })).await?;
    let payload = json!({ "account": id, "name": draft.name, "act": act });
    registry.tell(tx, &Event { name: "identity.coordinator_appointed", payload }).await?;
    tx.audit("identity.coordinator.appointed", "account", &id.to_string(), json!({ "act": act })).await?;
    Ok(draft)
}
