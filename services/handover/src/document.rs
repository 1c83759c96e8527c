//! The document made from live data: what was written by hand, what the platform measures and what every capability holds.

use std::collections::HashMap;

use kernel::capability::{Card, Duty, Holding, Member, Registry};
use kernel::directory::Directory;
use kernel::secret::sha256_hex;
use kernel::{Error, Result, Tx, file};
use uuid::Uuid;

use crate::model::{
    HandoverDocument, HandoverEntry, HandoverEvidence, HandoverFigure, HandoverLine, HandoverList, HandoverRow, HandoverSection,
    IncomingRow, ItemRow,
};
use crate::rules::{self, CHECKLIST};
use crate::store;

/// What a role is called on paper.
pub(crate) fn role_words(role: &str) -> &'static str {
    match role {
        "coordinator" => "Coordinación",
        "editor" => "Edición del sitio",
        "official" => "Trámites y solicitudes",
        _ => "Solo consulta",
    }
}

/// What hangs on an item.
pub(crate) fn subject(handover: Uuid, key: &str) -> String {
    format!("handover/{handover}/{key}")
}

/// Everything that the platform knows of the town, gathered once.
struct Known<'a> {
    directory: &'a Directory,
    handover: &'a HandoverRow,
    members: Vec<Member>,
    incoming: Vec<IncomingRow>,
    holdings: Vec<Holding>,
    duties: Vec<Duty>,
    cards: Vec<Card>,
}

impl Known<'_> {
    fn name(&self, account: Uuid) -> Option<String> {
        let incoming = || self.incoming.iter().find(|row| row.account_id == account).map(|row| row.name.clone());
        self.members.iter().find(|member| member.account == account).map(|member| member.name.clone()).or_else(incoming)
    }
}

/// The document as it stands now.
pub(crate) async fn compose(tx: &mut Tx, registry: &Registry, directory: &Directory, handover: &HandoverRow) -> Result<HandoverDocument> {
    let items = store::items(tx, handover.id).await?;
    let known = Known {
        directory,
        handover,
        members: registry.members(tx).await?,
        incoming: store::incoming(tx, handover.id).await?,
        holdings: registry.holdings(tx).await?,
        duties: registry.duties(tx).await?,
        cards: registry.cards(tx).await?,
    };
    let mut entries: HashMap<Option<i32>, Vec<HandoverEntry>> = HashMap::new();
    for item in items {
        entries.entry(item.heading).or_default().push(entry(tx, registry, &known, item).await?);
    }
    let mut sections = Vec::new();
    for heading in &CHECKLIST.headings {
        if let Some(entries) = entries.remove(&Some(heading.number)) {
            let (title, confidence) = (heading.title.clone(), Some(heading.confidence.clone()));
            sections.push(HandoverSection { number: Some(heading.number), title, confidence, entries });
        }
    }
    if let Some(entries) = entries.remove(&None) {
        sections.push(HandoverSection { number: None, title: CHECKLIST.annex.clone(), confidence: None, entries });
    }
    Ok(HandoverDocument { sections })
}

/// The bytes that are signed, and their hash.
pub(crate) fn freeze(document: &HandoverDocument) -> Result<(String, String)> {
    let text = serde_json::to_string(document)?;
    let hash = sha256_hex(text.as_bytes());
    Ok((text, hash))
}

/// The frozen document; an error where its hash no longer is that of its bytes.
pub(crate) fn thaw(handover: &HandoverRow) -> Result<Option<HandoverDocument>> {
    let Some(text) = handover.frozen.as_deref() else { return Ok(None) };
    if handover.frozen_hash.as_deref() != Some(sha256_hex(text.as_bytes()).as_str()) {
        return Err(Error::fault(format!("the document of handover {} is not the one that was signed", handover.id)));
    }
    Ok(Some(serde_json::from_str(text)?))
}

async fn entry(tx: &mut Tx, registry: &Registry, known: &Known<'_>, item: ItemRow) -> Result<HandoverEntry> {
    let (mut figures, mut lists) = (Vec::new(), Vec::new());
    for show in &item.shows {
        if let Some(name) = show.strip_prefix("measure:") {
            figures.extend(figure(tx, registry, name).await?);
        } else if let Some(kind) = show.strip_prefix("card:") {
            lists.extend(known.cards.iter().filter(|card| card.kind == kind).map(listed));
        } else if show == "general" {
            figures.extend(general(tx, known)?);
        } else {
            lists.extend(list(tx, known, show)?);
        }
    }
    let files = file::of(tx, &subject(known.handover.id, &item.key)).await?;
    Ok(HandoverEntry {
        owner: item.owner_id.and_then(|owner| known.name(owner)),
        key: item.key,
        title: item.title,
        state: item.state,
        reason: item.reason,
        note: item.note,
        figures,
        lists,
        evidence: files.into_iter().map(|file| HandoverEvidence { name: file.name, sha256: file.sha256 }).collect(),
    })
}

/// A measure now. One that nobody offers is left out; one that is unknown says so.
async fn figure(tx: &mut Tx, registry: &Registry, name: &str) -> Result<Option<HandoverFigure>> {
    let Some((measure, parameter)) = registry.measure(name) else { return Ok(None) };
    let value = registry.compute(tx, name).await?;
    let label = if parameter.is_empty() { measure.explanation.to_owned() } else { format!("{} ({parameter})", measure.explanation) };
    let unit = measure.unit;
    Ok(Some(HandoverFigure {
        label,
        value: value.map_or_else(|| "Sin dato".to_owned(), |value| format!("{} {unit}", rules::number(value))),
    }))
}

fn general(tx: &Tx, known: &Known<'_>) -> Result<Vec<HandoverFigure>> {
    let (entry, handover) = (tx.entry()?, known.handover);
    let figure = |label: &str, value: String| HandoverFigure { label: label.to_owned(), value };
    let unknown = || "Por confirmar".to_owned();
    let began = rules::term_of(handover.leaves_on).map_or_else(unknown, |term| calendar::spanish::long_date(term.from));
    Ok(vec![
        figure("Entidad", entry.official_name.clone()),
        figure("NIT", entry.nit.clone().unwrap_or_else(unknown)),
        figure("Ciudad", format!("{}, {}", entry.name, entry.department)),
        figure("Quien entrega", handover.outgoing_id.and_then(|id| known.name(id)).unwrap_or_else(unknown)),
        figure("Quien recibe", handover.incoming_id.and_then(|id| known.name(id)).unwrap_or_else(unknown)),
        figure("Periodo", handover.term.clone()),
        figure("Inicio del periodo", began),
        figure("Causa de la salida", handover.cause.words().to_owned()),
        figure("Último día en el cargo", calendar::spanish::long_date(handover.leaves_on)),
    ])
}

fn line(title: impl Into<String>, detail: impl Into<String>) -> HandoverLine {
    HandoverLine { title: title.into(), detail: detail.into(), due_on: None }
}

fn listed(card: &Card) -> HandoverList {
    let lines = card.lines.iter().map(|row| HandoverLine {
        title: row.title.clone(),
        detail: row.detail.clone(),
        due_on: row.due_on.map(|due| due.to_string()),
    });
    HandoverList { title: card.title.to_owned(), lines: lines.collect() }
}

fn list(tx: &Tx, known: &Known<'_>, show: &str) -> Result<Option<HandoverList>> {
    let (title, lines): (&str, Vec<HandoverLine>) = match show {
        "members" => {
            let roles = |member: &Member| member.roles.iter().map(|role| role_words(role.word())).collect::<Vec<_>>().join(", ");
            ("Personas con un rol vigente", known.members.iter().map(|member| line(&member.name, roles(member))).collect())
        }
        "incoming" => {
            let told = |row: &IncomingRow| {
                let seen = if row.signed_in_at.is_some() { "ya entró al sitio" } else { "aún no ha entrado" };
                format!("{}; será {}; {seen}", row.post.as_deref().unwrap_or("cargo por confirmar"), role_words(&row.role).to_lowercase())
            };
            ("Equipo entrante", known.incoming.iter().map(|row| line(&row.name, told(row))).collect())
        }
        "holdings" => {
            let held =
                |holding: &Holding| line(&holding.title, known.name(holding.account).unwrap_or_else(|| "Sin dueño vigente".to_owned()));
            ("Encargos y quién los tiene", known.holdings.iter().filter(|holding| holding.kind != "handover_item").map(held).collect())
        }
        "hosts" => {
            ("Direcciones del sitio", known.directory.hosts_of(tx.entry()?.as_ref()).into_iter().map(|host| line(host, "")).collect())
        }
        // What a duty of a case says may name whoever filed it: those stand in their own list, without names.
        "duties" => {
            let own = known
                .duties
                .iter()
                .filter(|duty| !["cases.", "support.", "identity.", "handover."].iter().any(|kind| duty.kind.starts_with(kind)));
            let due = |duty: &Duty| HandoverLine { due_on: duty.due_on.map(|due| due.to_string()), ..line(&duty.title, &duty.reason) };
            ("Pendientes del sitio y del plan", own.map(due).collect())
        }
        _ => return Ok(None),
    };
    Ok(Some(HandoverList { title: title.to_owned(), lines }))
}
