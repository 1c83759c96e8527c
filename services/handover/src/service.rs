//! One function a use case.

use std::collections::BTreeSet;

use kernel::capability::{Event, HOLDINGS_PASSED, Member, Registry};
use kernel::directory::{Audience, Directory};
use kernel::error::Faults;
use kernel::file::{self, Public};
use kernel::search::Entry;
use kernel::viewer::SignedIn;
use kernel::{Error, Permission, Result, Role, Tx, clock};
use serde_json::json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::document::{self, subject};
use crate::model::{
    AdministrationRow, DepartureRow, HandoverCause, HandoverEvent, HandoverItemState, HandoverRow, HandoverSide, HandoverState,
    IncomingRow, ItemRow, LogRow, SignatureRow,
};
use crate::rules::{self, CHECKLIST, Kept, Opening};
use crate::store;

/// The handover that is under way, kept from changing until commit. Only a town has any: elsewhere the tables cannot even be locked.
async fn running(tx: &mut Tx) -> Result<HandoverRow> {
    let here = tx.entry()?.kind.audience() == Audience::Municipality;
    let running = if here { store::lock_running(tx).await? } else { None };
    running.ok_or_else(|| Error::whole("NONE", "No hay un empalme abierto."))
}

async fn open_to_change(tx: &mut Tx) -> Result<HandoverRow> {
    let handover = running(tx).await?;
    let frozen = "El documento ya se firmó y quedó congelado. Para cambiarlo, reabra el empalme con un motivo; las firmas se pierden.";
    rules::require_state(&handover, &[HandoverState::Open], frozen)?;
    Ok(handover)
}

async fn log(tx: &mut Tx, handover: &HandoverRow, kind: HandoverEvent, text: &str, on: Option<Date>, by: Option<&SignedIn>) -> Result<()> {
    let row = LogRow {
        id: tx.id(),
        at: tx.now(),
        kind,
        text: text.to_owned(),
        happened_on: on,
        actor_id: by.map(|by| by.id).or(tx.actor()),
        actor_name: by.map(|by| by.name.clone()),
    };
    store::insert_log(tx, handover.id, &row).await
}

async fn audit(tx: &mut Tx, action: &str, handover: &HandoverRow, detail: serde_json::Value) -> Result<()> {
    tx.audit(action, "handover", &handover.id.to_string(), detail).await
}

/// What was typed in a reason, checked.
fn reason(typed: &str) -> Result<&str> {
    let typed = typed.trim();
    let fits = (1..=2000).contains(&typed.chars().count());
    if fits { Ok(typed) } else { Err(Error::field("reason", "REQUIRED", "Escriba el motivo, hasta 2.000 letras")) }
}

fn coordinates(member: &Member) -> bool {
    member.roles.contains(&Role::Coordinator)
}

/// Opens a handover with the list of today, owned by a coordinator, and everybody of the team still to be decided about. Opened again
/// in the same words, it is the same.
pub(crate) async fn open(tx: &mut Tx, members: &[Member], opening: Opening, by: Option<&SignedIn>) -> Result<HandoverRow> {
    let (opening, term) = rules::opening(opening, tx.today())?;
    if let Some(open) = store::lock_running(tx).await? {
        let same = by.is_some_and(|by| open.opened_by == Some(by.id)) && open.cause == opening.cause && open.leaves_on == opening.leaves_on;
        return if same { Ok(open) } else { Err(Error::whole("ONE", "Ya hay un empalme abierto. Continúelo o cancélelo.")) };
    }
    let taken: Vec<String> = store::all(tx).await?.into_iter().map(|row| row.slug).collect();
    let now = tx.now();
    let handover = HandoverRow {
        id: tx.id(),
        slug: rules::slug(term, opening.cause, opening.leaves_on, &taken),
        term: term.label.clone(),
        cause: opening.cause,
        note: opening.note,
        leaves_on: opening.leaves_on,
        state: HandoverState::Open,
        opened_at: now,
        opened_by: by.map(|by| by.id),
        touched_at: now,
        outgoing_id: None,
        incoming_id: None,
        frozen: None,
        frozen_hash: None,
        frozen_at: None,
        published_at: None,
        closed_at: None,
        cancelled_at: None,
    };
    store::insert(tx, &handover).await?;
    let coordinator = members.iter().filter(|member| coordinates(member)).map(|member| member.account);
    let owner = by.map(|by| by.id).filter(|id| members.iter().any(|member| member.account == *id)).or_else(|| coordinator.clone().next());
    for (asked, place) in CHECKLIST.items.iter().zip(1..) {
        let item = ItemRow {
            key: asked.key.clone(),
            place,
            heading: asked.heading,
            title: asked.title.clone(),
            ask: asked.ask.clone(),
            shows: asked.shows.clone(),
            owner_id: owner,
            // What the platform fills needs nobody's word.
            state: if asked.shows.is_empty() { HandoverItemState::Pending } else { HandoverItemState::Ready },
            reason: None,
            note: None,
            updated_at: now,
            updated_by: None,
        };
        store::put_item(tx, handover.id, &item).await?;
    }
    for member in members {
        store::put_departure(tx, handover.id, &DepartureRow { account_id: member.account, leaves: None, successor_id: None }).await?;
    }
    let told = if handover.by_itself() {
        format!("El empalme del periodo {} se abrió solo.", handover.term)
    } else {
        format!("Se abrió el empalme del periodo {}: {}.", handover.term, handover.cause.words().to_lowercase())
    };
    log(tx, &handover, HandoverEvent::Opened, &told, None, by).await?;
    audit(tx, "handover.opened", &handover, json!({ "cause": handover.cause, "list": CHECKLIST.version })).await?;
    Ok(handover)
}

/// Opens the handover of a term that is ending, once: one that was called off does not come back by itself.
pub(crate) async fn open_by_itself(tx: &mut Tx, registry: &Registry) -> Result<()> {
    let Some(term) = rules::ending(tx.today()) else { return Ok(()) };
    if store::running(tx).await?.is_some() || store::had_its_own(tx, &term.label).await? {
        return Ok(());
    }
    let members = registry.members(tx).await?;
    open(tx, &members, Opening { cause: HandoverCause::TermEnds, leaves_on: term.to, note: None }, None).await.map(drop)
}

/// Calls a handover off; nothing of it is lost, and another may be opened.
pub(crate) async fn cancel(tx: &mut Tx, why: &str, by: &SignedIn) -> Result<HandoverRow> {
    let why = reason(why)?;
    let mut handover = running(tx).await?;
    let published = "El documento ya está publicado. Reábralo antes si hay que retirarlo.";
    rules::require_state(&handover, &[HandoverState::Open, HandoverState::Signing, HandoverState::Signed], published)?;
    (handover.state, handover.cancelled_at) = (HandoverState::Cancelled, Some(tx.now()));
    store::update(tx, &handover).await?;
    log(tx, &handover, HandoverEvent::Cancelled, why, None, Some(by)).await?;
    audit(tx, "handover.cancelled", &handover, json!({ "reason": why })).await?;
    Ok(handover)
}

/// What somebody says of an item, and whose it is.
#[derive(Debug)]
pub(crate) struct Keeping<'a> {
    pub(crate) key: &'a str,
    pub(crate) kept: Kept,
    pub(crate) owner: Option<Uuid>,
    pub(crate) files: &'a [Uuid],
}

/// Keeps an item: its owner says how it stands, a coordinator also whose it is.
pub(crate) async fn keep_item(tx: &mut Tx, members: &[Member], keeping: Keeping<'_>, by: &SignedIn) -> Result<ItemRow> {
    let mut handover = open_to_change(tx).await?;
    let items = store::items(tx, handover.id).await?;
    let unknown = || Error::field("key", "NOT_FOUND", "Ese punto no está en la lista");
    let mut item = items.into_iter().find(|item| item.key == keeping.key).ok_or_else(unknown)?;
    let leads = by.roles.iter().any(|role| role.permits(Permission::KeepTeam));
    if !leads && item.owner_id != Some(by.id) {
        return Err(Error::whole("NOT_YOURS", "Este punto lo completa su responsable o quien coordina."));
    }
    if let Some(owner) = keeping.owner.filter(|owner| leads && item.owner_id != Some(*owner)) {
        if !members.iter().any(|member| member.account == owner) {
            return Err(Error::field("ownerId", "NOT_FOUND", "Elija a una persona del equipo"));
        }
        item.owner_id = Some(owner);
    }
    let on = subject(handover.id, &item.key);
    file::attach(tx, keeping.files, &on, Public::No).await?;
    let has_files = !file::of(tx, &on).await?.is_empty();
    let Kept { state, reason, note } = rules::kept(keeping.kept, &item, has_files)?;
    (item.state, item.reason, item.note, item.updated_at, item.updated_by) = (state, reason, note, tx.now(), Some(by.id));
    store::update_item(tx, handover.id, &item).await?;
    handover.touched_at = tx.now();
    store::update(tx, &handover).await?;
    audit(tx, "handover.item.kept", &handover, json!({ "key": item.key, "state": item.state, "owner": item.owner_id })).await?;
    Ok(item)
}

/// Takes a file off an item.
pub(crate) async fn remove_file(tx: &mut Tx, id: Uuid) -> Result<()> {
    let handover = open_to_change(tx).await?;
    let unknown =
        |error| if matches!(error, Error::NotFound) { Error::field("fileId", "NOT_FOUND", "Ese archivo ya no está") } else { error };
    let on = file::detach(tx, id).await.map_err(unknown)?;
    if !on.starts_with(&format!("handover/{}/", handover.id)) {
        return Err(Error::field("fileId", "NOT_FOUND", "Ese archivo ya no está"));
    }
    Ok(())
}

/// Somebody of the incoming team was enrolled by identity: they stand on the handover's list with the role that they will take.
pub(crate) async fn name_incoming(tx: &mut Tx, row: &IncomingRow) -> Result<()> {
    let handover = open_to_change(tx).await?;
    store::put_incoming(tx, handover.id, row).await?;
    // Who comes does not leave: should they work here already, that is decided.
    if store::departures(tx, handover.id).await?.iter().any(|departure| departure.account_id == row.account_id) {
        store::put_departure(tx, handover.id, &DepartureRow { account_id: row.account_id, leaves: Some(false), successor_id: None })
            .await?;
    }
    store::update(tx, &handover).await?;
    audit(tx, "handover.incoming.named", &handover, json!({ "account": row.account_id, "role": row.role })).await
}

/// Takes somebody off the incoming team. What they may do here stays as it is until a coordinator ends it.
pub(crate) async fn remove_incoming(tx: &mut Tx, account: Uuid) -> Result<HandoverRow> {
    let mut handover = open_to_change(tx).await?;
    if !store::remove_incoming(tx, handover.id, account).await? {
        return Err(Error::field("accountId", "NOT_FOUND", "Esa persona no está en el equipo entrante"));
    }
    handover.incoming_id = handover.incoming_id.filter(|id| *id != account);
    store::update(tx, &handover).await?;
    audit(tx, "handover.incoming.removed", &handover, json!({ "account": account })).await?;
    Ok(handover)
}

/// Says who signs for either side.
pub(crate) async fn designate(tx: &mut Tx, members: &[Member], outgoing: Uuid, incoming: Uuid) -> Result<HandoverRow> {
    let mut handover = open_to_change(tx).await?;
    let comes = store::incoming(tx, handover.id).await?.iter().any(|row| row.account_id == incoming);
    let mut faults = Faults::default();
    faults.require(members.iter().any(|member| member.account == outgoing), "outgoingId", "NOT_FOUND", "Elija a una persona del equipo");
    faults.require(comes, "incomingId", "NOT_FOUND", "Elija a una persona del equipo entrante");
    faults.require(outgoing != incoming, "incomingId", "SAME", "Firman dos personas distintas");
    faults.into_result()?;
    (handover.outgoing_id, handover.incoming_id) = (Some(outgoing), Some(incoming));
    store::update(tx, &handover).await?;
    audit(tx, "handover.sides_named", &handover, json!({ "outgoing": outgoing, "incoming": incoming })).await?;
    Ok(handover)
}

/// Decides whether somebody of today's team leaves with the closing act, and to whom what they hold then passes.
pub(crate) async fn decide(tx: &mut Tx, members: &[Member], account: Uuid, leaves: bool, successor: Option<Uuid>) -> Result<HandoverRow> {
    let handover = running(tx).await?;
    let incoming = store::incoming(tx, handover.id).await?;
    let comes = |id: Uuid| incoming.iter().any(|row| row.account_id == id);
    let works = |id: Uuid| members.iter().any(|member| member.account == id);
    let mut faults = Faults::default();
    faults.require(works(account), "accountId", "NOT_FOUND", "Esa persona no hace parte del equipo");
    faults.require(!leaves || !comes(account), "leaves", "COMES", "Está en el equipo entrante: no sale");
    faults.require(
        successor.is_none_or(|id| id != account && (comes(id) || works(id))),
        "successorId",
        "NOT_FOUND",
        "Elija a otra persona que siga",
    );
    faults.into_result()?;
    let row = DepartureRow { account_id: account, leaves: Some(leaves), successor_id: successor.filter(|_| leaves) };
    store::put_departure(tx, handover.id, &row).await?;
    store::update(tx, &handover).await?;
    audit(tx, "handover.departure.decided", &handover, json!({ "account": account, "leaves": leaves, "successor": row.successor_id }))
        .await?;
    Ok(handover)
}

/// What somebody signs with.
#[derive(Debug)]
pub(crate) struct Pen {
    pub(crate) name: String,
    pub(crate) post: String,
    pub(crate) document_number: Option<String>,
    /// The hash that the signer saw; none at the first signature, which makes it.
    pub(crate) hash: Option<String>,
}

/// Signs for the side for which one was named. The first signature freezes the document; the second must be under the same.
pub(crate) async fn sign(tx: &mut Tx, registry: &Registry, directory: &Directory, pen: Pen, by: &SignedIn) -> Result<HandoverRow> {
    let mut handover = running(tx).await?;
    let side = match by.id {
        id if Some(id) == handover.outgoing_id => HandoverSide::Outgoing,
        id if Some(id) == handover.incoming_id => HandoverSide::Incoming,
        _ => return Err(Error::whole("NOT_YOURS", "Firman solo las dos personas designadas.")),
    };
    let signed = store::signatures(tx, handover.id).await?;
    if signed.iter().any(|signature| signature.side == side) {
        return Ok(handover);
    }
    rules::require_state(&handover, &[HandoverState::Open, HandoverState::Signing], "El documento ya está firmado por ambas partes.")?;
    let (name, post) = (pen.name.trim().to_owned(), pen.post.trim().to_owned());
    let document_number = pen.document_number.map(|number| number.trim().to_owned()).filter(|number| !number.is_empty());
    let mut faults = Faults::default();
    faults.require((1..=160).contains(&name.chars().count()), "name", "REQUIRED", "Escriba su nombre completo, hasta 160 letras");
    faults.require((1..=160).contains(&post.chars().count()), "post", "REQUIRED", "Escriba su cargo, hasta 160 letras");
    let short = document_number.as_ref().is_none_or(|number| number.chars().count() <= 40);
    faults.require(short, "documentNumber", "LENGTH", "El documento tiene más de 40 letras");
    faults.into_result()?;
    let now = tx.now();
    let hash = if let Some(hash) = handover.frozen_hash.clone() {
        hash
    } else {
        rules::ready_to_sign(&handover, &store::items(tx, handover.id).await?)?;
        let (text, hash) = document::freeze(&document::compose(tx, registry, directory, &handover).await?)?;
        (handover.frozen, handover.frozen_hash, handover.frozen_at) = (Some(text), Some(hash.clone()), Some(now));
        hash
    };
    if pen.hash.is_some_and(|seen| seen != hash) {
        return Err(Error::whole("CHANGED", "El documento cambió desde que usted lo abrió. Léalo de nuevo antes de firmar."));
    }
    let row = SignatureRow { side, account_id: by.id, name, post, document_number, signed_at: now, hash: hash.clone() };
    store::insert_signature(tx, handover.id, &row).await?;
    handover.state = if signed.is_empty() { HandoverState::Signing } else { HandoverState::Signed };
    store::update(tx, &handover).await?;
    let whose = if side == HandoverSide::Outgoing { "quien entrega" } else { "quien recibe" };
    log(tx, &handover, HandoverEvent::Signed, &format!("Firmó {whose}: {}, {}.", row.name, row.post), None, Some(by)).await?;
    audit(tx, "handover.signed", &handover, json!({ "side": side, "hash": hash })).await?;
    Ok(handover)
}

/// Takes a handover up again after a signature: both signatures fall, and what was published is withdrawn.
pub(crate) async fn reopen(tx: &mut Tx, why: &str, by: &SignedIn) -> Result<HandoverRow> {
    let why = reason(why)?;
    let mut handover = running(tx).await?;
    let open = "El empalme ya está abierto a cambios.";
    rules::require_state(&handover, &[HandoverState::Signing, HandoverState::Signed, HandoverState::Published], open)?;
    if handover.published_at.take().is_some() {
        tx.unindex("handover", &handover.slug).await?;
        tx.publish();
    }
    store::clear_signatures(tx, handover.id).await?;
    let voided = handover.frozen_hash.take();
    (handover.state, handover.frozen, handover.frozen_at) = (HandoverState::Open, None, None);
    store::update(tx, &handover).await?;
    log(tx, &handover, HandoverEvent::Reopened, why, None, Some(by)).await?;
    audit(tx, "handover.reopened", &handover, json!({ "reason": why, "voided": voided })).await?;
    Ok(handover)
}

/// Publishes the signed document: the public reads it and search finds it.
pub(crate) async fn publish(tx: &mut Tx, by: &SignedIn) -> Result<HandoverRow> {
    let mut handover = running(tx).await?;
    if handover.state == HandoverState::Published {
        return Ok(handover);
    }
    rules::require_state(&handover, &[HandoverState::Signed], "Se publica cuando ambas partes han firmado.")?;
    (handover.state, handover.published_at) = (HandoverState::Published, Some(tx.now()));
    store::update(tx, &handover).await?;
    make_findable(tx, &handover).await?;
    log(tx, &handover, HandoverEvent::Published, "Se publicó el informe de empalme.", None, Some(by)).await?;
    audit(tx, "handover.published", &handover, json!({ "hash": handover.frozen_hash })).await?;
    tx.publish();
    Ok(handover)
}

/// Makes a published document findable.
pub(crate) async fn make_findable(tx: &mut Tx, handover: &HandoverRow) -> Result<()> {
    let Some(document) = document::thaw(handover)? else { return Ok(()) };
    let entries = document.sections.iter().flat_map(|section| &section.entries);
    let words = entries.flat_map(|entry| [Some(entry.title.clone()), entry.note.clone()]).flatten().collect::<Vec<_>>().join("\n");
    tx.index(Entry {
        kind: "handover",
        key: handover.slug.clone(),
        title: format!("Informe de empalme {}", handover.term),
        summary: "Lo que entrega una administración y recibe la siguiente, firmado por ambas.".to_owned(),
        text: words,
        path: format!("/empalme/{}", handover.slug),
    })
    .await
}

/// Writes down that the document was told to the community, or that who received verified it on the spot; also after the act.
pub(crate) async fn record(tx: &mut Tx, kind: HandoverEvent, on: Date, text: &str, files: &[Uuid], by: &SignedIn) -> Result<HandoverRow> {
    use HandoverState::{Closed, Published, Signed};
    let handover = match store::lock_running(tx).await? {
        Some(running) => running,
        None => store::lock_closed(tx).await?.ok_or_else(|| Error::whole("NONE", "No hay un empalme abierto."))?,
    };
    match kind {
        HandoverEvent::Socialised => rules::require_state(&handover, &[Published, Closed], "Se socializa lo que ya está publicado.")?,
        HandoverEvent::Verified => rules::require_state(&handover, &[Signed, Published, Closed], "Se verifica lo que ya está firmado.")?,
        _ => return Err(Error::field("kind", "FORM", "Elija socialización o verificación")),
    }
    let text = text.trim();
    let (today, opened) = (tx.today(), clock::local(handover.opened_at).date());
    let mut faults = Faults::default();
    faults.require((1..=4000).contains(&text.chars().count()), "text", "REQUIRED", "Escriba cómo se hizo, hasta 4.000 letras");
    faults.require(on <= today, "on", "FUTURE", "Esa fecha aún no llega");
    faults.require(on >= opened || on > today, "on", "EARLY", "Esa fecha es anterior al empalme");
    faults.into_result()?;
    file::attach(
        tx,
        files,
        &subject(handover.id, if kind == HandoverEvent::Verified { "verificacion" } else { "socializacion" }),
        Public::Yes,
    )
    .await?;
    log(tx, &handover, kind, text, Some(on), Some(by)).await?;
    if handover.state.running() {
        store::update(tx, &handover).await?;
    }
    audit(tx, "handover.recorded", &handover, json!({ "kind": kind, "on": on.to_string() })).await?;
    tx.publish();
    Ok(handover)
}

/// Something that belongs to nobody, or to somebody who is gone.
#[derive(Debug, Clone)]
pub(crate) struct Orphan {
    pub(crate) title: String,
    pub(crate) reason: String,
    pub(crate) path: String,
}

/// Everything in this tenant that belongs to nobody with a role in force.
pub(crate) async fn orphans(tx: &mut Tx, registry: &Registry) -> Result<Vec<Orphan>> {
    let members = registry.members(tx).await?;
    let works = |account: Uuid| members.iter().any(|member| member.account == account);
    let mut found = Vec::new();
    if !members.iter().any(coordinates) {
        let reason = "Nadie puede llevar el sitio; la mesa de ayuda designa a alguien con el acto que lo nombra.".to_owned();
        found.push(Orphan { title: "El municipio no tiene quien lo coordine".to_owned(), reason, path: "/admin/equipo".to_owned() });
    }
    for holding in registry.holdings(tx).await?.into_iter().filter(|holding| !works(holding.account)) {
        let reason = "Está a cargo de alguien que ya no hace parte del equipo.".to_owned();
        found.push(Orphan { title: holding.title, reason, path: holding.path });
    }
    if let Some(handover) = store::running(tx).await? {
        for item in store::items(tx, handover.id).await?.into_iter().filter(|item| item.owner_id.is_none()) {
            let path = format!("/admin/empalme/lista/{}", item.key);
            found.push(Orphan { title: item.title, reason: "Este punto del empalme no tiene responsable.".to_owned(), path });
        }
    }
    Ok(found)
}

/// The act that closes a handover, at once or not at all: what everybody who leaves holds passes on, who comes takes their role, who
/// leaves loses theirs, and a new administration begins. It refuses to leave anything orphaned.
pub(crate) async fn close(tx: &mut Tx, registry: &Registry, label: Option<&str>, by: &SignedIn) -> Result<HandoverRow> {
    let mut handover = running(tx).await?;
    let members = registry.members(tx).await?;
    let incoming = store::incoming(tx, handover.id).await?;
    let departures = still_here(tx, &handover, &members, &incoming).await?;
    rules::ready_to_close(&handover, &departures, tx.today())?;
    let leaving: BTreeSet<Uuid> = departures.iter().filter(|row| row.leaves == Some(true)).map(|row| row.account_id).collect();
    let staying: Vec<Uuid> =
        members.iter().filter(|member| coordinates(member) && !leaving.contains(&member.account)).map(|member| member.account).collect();
    let alone = || Error::whole("COORDINATOR", "Nadie quedaría a cargo: dé el rol de coordinación a alguien del equipo entrante.");
    let heir = rules::heir(&incoming, &staying).ok_or_else(alone)?;
    (handover.state, handover.closed_at) = (HandoverState::Closed, Some(tx.now()));
    store::update(tx, &handover).await?;
    // Whoever holds something and will not be of the team passes it on, also those who left long ago.
    let remains = |account: Uuid| {
        !leaving.contains(&account)
            && (members.iter().any(|member| member.account == account) || incoming.iter().any(|row| row.account_id == account))
    };
    let mut holders: BTreeSet<Uuid> = registry.holdings(tx).await?.into_iter().map(|holding| holding.account).collect();
    holders.extend(&leaving);
    for from in holders.into_iter().filter(|account| !remains(*account)) {
        let named = departures.iter().find(|row| row.account_id == from).and_then(|row| row.successor_id);
        let to = named.filter(|to| remains(*to)).unwrap_or(heir);
        let (name, email) = person(&members, &incoming, to);
        let payload = json!({ "from": from, "to": to, "toName": name, "toEmail": email });
        registry.tell(tx, &Event { name: HOLDINGS_PASSED, payload }).await?;
    }
    let gives: Vec<_> = incoming.iter().map(|row| json!({ "account": row.account_id, "role": row.role })).collect();
    registry.tell(tx, &Event { name: "handover.roles_passed", payload: json!({ "ends": leaving, "gives": gives }) }).await?;
    begin_administration(tx, &handover, label).await?;
    if let Some(orphan) = orphans(tx, registry).await?.first() {
        return Err(Error::whole("ORPHAN", format!("Quedaría sin dueño: {}. {}", orphan.title, orphan.reason)));
    }
    log(tx, &handover, HandoverEvent::Closed, "Se cerró el acta: los roles y los encargos pasaron al equipo entrante.", None, Some(by))
        .await?;
    audit(tx, "handover.closed", &handover, json!({ "ends": leaving, "gives": gives, "heir": heir })).await?;
    tx.publish();
    Ok(handover)
}

/// What is decided of everybody who works here today; somebody who joined since the opening is still to be decided about.
pub(crate) async fn still_here(
    tx: &mut Tx,
    handover: &HandoverRow,
    members: &[Member],
    incoming: &[IncomingRow],
) -> Result<Vec<DepartureRow>> {
    let decided = store::departures(tx, handover.id).await?;
    let today = members.iter().filter(|member| !incoming.iter().any(|row| row.account_id == member.account));
    let row = |member: &Member| {
        let known = decided.iter().find(|row| row.account_id == member.account).cloned();
        known.unwrap_or(DepartureRow { account_id: member.account, leaves: None, successor_id: None })
    };
    Ok(today.map(row).collect())
}

fn person(members: &[Member], incoming: &[IncomingRow], account: Uuid) -> (Option<String>, Option<String>) {
    let member = members.iter().find(|member| member.account == account).map(|member| (member.name.clone(), member.email.clone()));
    let comes = || incoming.iter().find(|row| row.account_id == account).map(|row| (row.name.clone(), row.email.clone()));
    member.or_else(comes).unzip()
}

/// A new administration begins with the act, or with the day after the last one's end if that is past; the first act also names the
/// one before it.
async fn begin_administration(tx: &mut Tx, handover: &HandoverRow, label: Option<&str>) -> Result<()> {
    let now = tx.now();
    let next_day = handover.leaves_on.next_day().unwrap_or(handover.leaves_on);
    let began = next_day.midnight().assume_offset(clock::BOGOTA).to_offset(time::UtcOffset::UTC).min(now);
    let default = match rules::term_of(next_day) {
        Some(next) if handover.cause == HandoverCause::TermEnds => next.label.clone(),
        _ => format!("{}, desde {}", handover.term, calendar::spanish::long_date(clock::local(began).date())),
    };
    let label = label.map(str::trim).filter(|label| !label.is_empty()).map_or(default, str::to_owned);
    if label.chars().count() > 80 {
        return Err(Error::field("label", "LENGTH", "El nombre de la administración tiene más de 80 letras"));
    }
    if store::administrations(tx).await?.is_empty() {
        let since = rules::term_of(handover.leaves_on).map(|term| term.from.midnight().assume_offset(clock::BOGOTA));
        let before = AdministrationRow { started_at: since.unwrap_or(OffsetDateTime::UNIX_EPOCH), label: handover.term.clone() };
        store::insert_administration(tx, &before).await?;
    }
    store::insert_administration(tx, &AdministrationRow { started_at: began, label }).await
}

/// Somebody's items, and their place as a signer, are another's now.
pub(crate) async fn pass(tx: &mut Tx, from: Uuid, to: Uuid) -> Result<()> {
    let Some(mut handover) = store::lock_running(tx).await? else { return Ok(()) };
    let now = tx.now();
    for mut item in store::items(tx, handover.id).await?.into_iter().filter(|item| item.owner_id == Some(from)) {
        (item.owner_id, item.updated_at) = (Some(to), now);
        store::update_item(tx, handover.id, &item).await?;
    }
    if handover.outgoing_id == Some(from) && handover.incoming_id != Some(to) && handover.state == HandoverState::Open {
        handover.outgoing_id = Some(to);
        store::update(tx, &handover).await?;
    }
    audit(tx, "handover.items.passed", &handover, json!({ "from": from, "to": to })).await
}
