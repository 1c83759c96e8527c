//! Facts of the handover, what is due for it, and who has its items in hand.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Holding, Measure};
use kernel::{Result, Tx};
use uuid::Uuid;

use crate::model::{HandoverItemState, HandoverState};
use crate::{rules, store};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "handover.officials_enrolled_share",
        unit: "%",
        explanation: "Del equipo entrante del último empalme, la parte que tiene cuenta propia y ya entró al menos una vez.",
        compute: |tx, asked| officials_enrolled_share(tx, asked).boxed(),
    },
    Measure {
        name: "handover.open",
        unit: "sí o no",
        explanation: "Hay un empalme en curso.",
        compute: |tx, asked| open(tx, asked).boxed(),
    },
    Measure {
        name: "handover.published",
        unit: "sí o no",
        explanation: "El documento del último empalme está firmado por ambas partes y publicado.",
        compute: |tx, asked| published(tx, asked).boxed(),
    },
];

async fn officials_enrolled_share(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let Some(handover) = store::at(tx, asked.at).await? else { return Ok(None) };
    let incoming: Vec<_> = store::incoming(tx, handover.id).await?.into_iter().filter(|row| row.enrolled_at <= asked.at).collect();
    let seen = incoming.iter().filter(|row| row.signed_in_at.is_some_and(|seen| seen <= asked.at)).count();
    Ok((!incoming.is_empty()).then(|| 100.0 * seen as f64 / incoming.len() as f64))
}

async fn open(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    Ok(Some(store::open_count(tx, asked.at).await? as f64))
}

async fn published(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let handover = store::at(tx, asked.at).await?;
    Ok(handover.map(|row| if row.published_at.is_some_and(|at| at <= asked.at) { 1.0 } else { 0.0 }))
}

/// The items that wait, once a person; the next step; the verification after the signature.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let mut due = Vec::new();
        let calendar = rules::calendar(tx.entry()?.as_ref())?;
        if let Some(handover) = store::running(tx).await? {
            let acta = rules::deadline("acta", handover.leaves_on, &calendar).map(|(_, deadline)| deadline.due_on);
            let mut waiting: BTreeMap<Option<Uuid>, usize> = BTreeMap::new();
            for item in store::items(tx, handover.id).await?.iter().filter(|item| item.state == HandoverItemState::Pending) {
                *waiting.entry(item.owner_id).or_default() += 1;
            }
            let next = match handover.state {
                HandoverState::Open if waiting.is_empty() => Some(("Firmar el documento de empalme", "/admin/empalme/documento")),
                HandoverState::Signing => Some(("Falta una firma en el documento de empalme", "/admin/empalme/documento")),
                HandoverState::Signed => Some(("Publicar el documento de empalme", "/admin/empalme/documento")),
                HandoverState::Published => Some(("Cerrar el acta de empalme", "/admin/empalme/acta")),
                _ => None,
            };
            let reason = format!("Empalme del periodo {}. El acta se entrega en los 15 días hábiles después de la salida.", handover.term);
            let duty = |title: String, path: &str, account| Duty {
                kind: "handover.continue",
                title,
                reason: reason.clone(),
                due_on: acta,
                path: path.to_owned(),
                account,
            };
            due.extend(next.map(|(title, path)| duty(title.to_owned(), path, None)));
            due.extend(waiting.into_iter().map(|(owner, count)| {
                let points = if count == 1 { "1 punto".to_owned() } else { format!("{count} puntos") };
                duty(format!("Completar {points} del empalme"), "/admin/empalme", owner)
            }));
        }
        for (term, signed_on) in store::unverified(tx).await? {
            if let Some((norm, deadline)) = rules::deadline("verification", signed_on, &calendar) {
                due.push(Duty {
                    kind: "handover.verify",
                    title: format!("{} en el empalme {term}", norm.title),
                    reason: norm.text.clone(),
                    due_on: Some(deadline.due_on),
                    path: "/admin/empalme/acta".to_owned(),
                    account: None,
                });
            }
        }
        Ok(due)
    }
    .boxed()
}

/// The items of a handover whose list is open.
pub(crate) fn holdings(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Holding>>> {
    async move {
        let Some(handover) = store::running(tx).await?.filter(|handover| handover.state == HandoverState::Open) else {
            return Ok(Vec::new());
        };
        let held = store::items(tx, handover.id).await?.into_iter().filter_map(|item| {
            Some(Holding {
                kind: "handover_item",
                title: format!("Empalme: {}", item.title),
                account: item.owner_id?,
                path: format!("/admin/empalme/lista/{}", item.key),
            })
        });
        Ok(held.collect())
    }
    .boxed()
}
