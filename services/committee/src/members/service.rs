//! Use cases of the seats.

use kernel::capability::Registry;
use kernel::error::Faults;
use kernel::{Error, Result, Tx};
use serde_json::json;
use uuid::Uuid;

use super::model::MemberRow;
use super::store;
use crate::rules;

/// Checks a seat as typed and brings it to the form in which it is kept.
fn checked(mut member: MemberRow) -> Result<MemberRow> {
    member.name = rules::line(&member.name);
    member.post = rules::some_line(member.post.as_deref());
    member.email = rules::some_line(member.email.as_deref()).map(|email| email.to_lowercase());
    member.act = rules::some_line(member.act.as_deref());
    let mut faults = Faults::default();
    rules::fits(&mut faults, &member.name, "name", "el nombre", 160);
    rules::not_over(&mut faults, member.post.as_deref(), "post", "el cargo", 160);
    rules::not_over(&mut faults, member.act.as_deref(), "act", "el acto", 400);
    rules::mailable(&mut faults, member.email.as_deref(), "email");
    faults.require(
        member.until.is_none_or(|until| until >= member.since),
        "until",
        "ORDER",
        "La persona no puede salir antes de haber entrado",
    );
    faults.into_result().map(|()| member)
}

/// Whoever is chosen by an account works on this site; another town's account is nobody's here.
async fn of_the_team(tx: &mut Tx, registry: &Registry, chosen: Option<Uuid>) -> Result<()> {
    let Some(account) = chosen else { return Ok(()) };
    let known = registry.members(tx).await?.iter().any(|person| person.account == account);
    if known { Ok(()) } else { Err(Error::field("accountId", "NOT_FOUND", "Esa cuenta no está hoy en el equipo; elija otra")) }
}

/// Gives somebody a seat. The same seat given twice is one.
pub(crate) async fn add(tx: &mut Tx, registry: &Registry, typed: MemberRow) -> Result<MemberRow> {
    let team = of_the_team(tx, registry, typed.account_id).await;
    let (member, ()) = rules::both(checked(typed), team)?;
    let same = store::members(tx).await?.into_iter().find(|known| MemberRow { id: known.id, ..member.clone() } == *known);
    if let Some(known) = same {
        return Ok(known);
    }
    put(tx, member, "committee.member.added").await
}

/// Corrects a seat, or says since when it is empty.
pub(crate) async fn change(tx: &mut Tx, registry: &Registry, typed: MemberRow) -> Result<MemberRow> {
    let known = one(tx, typed.id).await?;
    // Who has left the team keeps the account with the seat.
    let team = of_the_team(tx, registry, typed.account_id.filter(|account| Some(*account) != known.account_id)).await;
    let (member, ()) = rules::both(checked(typed), team)?;
    put(tx, member, "committee.member.changed").await
}

async fn put(tx: &mut Tx, member: MemberRow, action: &str) -> Result<MemberRow> {
    store::put_member(tx, &member).await?;
    tx.audit(
        action,
        "member",
        &member.id.to_string(),
        json!({ "name": member.name, "role": member.role, "until": member.until.map(|day| day.to_string()) }),
    )
    .await?;
    tx.publish();
    Ok(member)
}

/// One seat.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<MemberRow> {
    store::members(tx).await?.into_iter().find(|member| member.id == id).ok_or(Error::NotFound)
}
