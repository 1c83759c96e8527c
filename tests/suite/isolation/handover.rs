//! Handovers: the one that is under way, with its list, its people and its signatures, and those that are published.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Town, Visitor};
use super::agreements::uploaded;
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room =
    Room { plant, trials: &TRIALS, lists: &["handover", "publishedHandovers", "administrations", "currentAdministration"] };

const KEEPER: super::Owner = Town(Role::Coordinator);

/// In this order: what is under way goes from its list to its act, so that another can be opened and called off, and what was done
/// about the last one is recorded. The sender's town has one under way and a closed one too.
const TRIALS: [Trial; 19] = [
    trial("publishedHandover", Visitor, Nothing, true, |it| json!({ "slug": it.of("published handover") })),
    trial("handoverItem", Town(Role::Observer), TheirOwn, true, |_| json!({ "key": ITEM })),
    trial("keepHandoverItem", KEEPER, Nothing, false, |it| with(item("Tres obras"), json!({ "ownerId": it.of("leaving member") }))),
    trial("keepHandoverItem", KEEPER, Nothing, false, |it| with(item("Dos obras"), json!({ "files": [it.of("file of an item")] }))),
    trial("keepHandoverItem", KEEPER, TheirOwn, false, |_| item("Una obra")),
    trial("removeHandoverFile", KEEPER, Nothing, false, |it| json!({ "fileId": it.of("handover file") })),
    trial("designateSigners", KEEPER, Nothing, true, |it| json!({ "outgoingId": it.of("who leaves"), "incomingId": it.of("who comes") })),
    trial(
        "decideDeparture",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "accountId": it.of("leaving member"), "leaves": true, "successorId": it.of("who comes") }),
    ),
    trial("removeIncoming", KEEPER, Nothing, true, |it| json!({ "accountId": it.of("who does not come") })),
    trial("signHandover", KEEPER, TheirOwn, true, |_| pen("Una Persona")),
    trial("reopenHandover", KEEPER, TheirOwn, true, |_| json!({ "reason": "Faltaba un anexo" })),
    trial("signHandover", KEEPER, TheirOwn, true, |_| pen("Una Persona")),
    trial("signHandover", Town(Role::Observer), TheirOwn, true, |_| pen("Otra Persona")),
    trial("publishHandover", KEEPER, TheirOwn, true, |_| json!({})),
    trial("recordHandover", KEEPER, TheirOwn, true, |_| record("SOCIALISED", "Audiencia", &[])),
    trial("closeHandover", KEEPER, TheirOwn, true, |_| json!({})),
    trial("openHandover", KEEPER, TheirOwn, true, |_| json!({ "cause": "DEATH", "leavesOn": "2026-11-23" })),
    trial("cancelHandover", KEEPER, TheirOwn, true, |_| json!({ "reason": "Se hará en papel" })),
    trial("recordHandover", KEEPER, Nothing, true, |it| record("VERIFIED", "Con Control Interno", &[it.of("file of a record")])),
];

/// An item that every handover's list has, written by hand.
const ITEM: &str = "obras";
/// The number of the identity card with which Chipaque's sign; nobody is told.
const CARD: &str = "52.417.903";

/// The one with what the other says.
fn with(mut one: Value, other: Value) -> Value {
    let (Value::Object(fields), Value::Object(more)) = (&mut one, other) else { panic!("both are objects") };
    fields.extend(more);
    one
}

fn item(note: &str) -> Value {
    json!({ "key": ITEM, "state": "READY", "note": note })
}

fn pen(name: &str) -> Value {
    json!({ "name": name, "post": name, "documentNumber": CARD })
}

fn record(kind: &str, words: &str, files: &[&str]) -> Value {
    json!({ "kind": kind, "on": "2026-11-23", "text": words, "files": files })
}

/// Who hands over and who receives in a town; both work there already.
struct Sides<'a> {
    outgoing: Actor<'a>,
    incoming: Actor<'a>,
}

impl<'a> Sides<'a> {
    async fn of(world: &'a World, slug: &str) -> Self {
        Self { outgoing: world.actor(slug, Role::Coordinator).await, incoming: world.actor(slug, Role::Observer).await }
    }

    fn ids(&self) -> [String; 2] {
        [&self.outgoing, &self.incoming].map(|actor| actor.viewer.id().unwrap().to_string())
    }
}

/// Names somebody of the incoming team, in the handover of that day.
fn comes(email: &str, words: &str, day: &str) -> Value {
    json!({ "email": email, "name": words, "post": words, "role": "OBSERVER", "incoming": true, "idempotencyKey": format!("{email} {day}") })
}

/// Opens a handover, fills its list with these words and names who signs.
async fn opened(sdl: &Sdl, sides: &Sides<'_>, day: &str, words: &str) {
    let coordinator = &sides.outgoing;
    let opening = json!({ "cause": "RESIGNATION", "leavesOn": day, "note": words });
    done(sdl, coordinator, "openHandover", opening).await;
    let here = coordinator.run("{ handover { items { key state } } }", json!({})).await;
    for row in here["handover"]["items"].as_array().unwrap().iter().filter(|row| row["state"] == "PENDING") {
        done(sdl, coordinator, "keepHandoverItem", with(item(words), json!({ "key": row["key"] }))).await;
    }
    let receives = &sides.incoming.viewer.account.as_ref().unwrap().email;
    done(sdl, coordinator, "enrolMember", comes(receives, words, day)).await;
    let [outgoing, incoming] = sides.ids();
    done(sdl, coordinator, "designateSigners", json!({ "outgoingId": outgoing, "incomingId": incoming })).await;
}

/// Everybody of the team stays; only of one nothing is said.
async fn decided(sdl: &Sdl, coordinator: &Actor<'_>, but: Option<&str>) {
    let here = coordinator.run("{ handover { departures { person { accountId } } } }", json!({})).await;
    for row in here["handover"]["departures"].as_array().unwrap() {
        let account = text(row, "/person/accountId");
        if but != Some(&account) {
            done(sdl, coordinator, "decideDeparture", json!({ "accountId": account, "leaves": false })).await;
        }
    }
}

/// A handover from its opening to its act; its slug.
async fn closed(sdl: &Sdl, sides: &Sides<'_>, day: &str, words: &str) -> String {
    opened(sdl, sides, day, words).await;
    for signer in [&sides.outgoing, &sides.incoming] {
        done(sdl, signer, "signHandover", pen(words)).await;
    }
    let coordinator = &sides.outgoing;
    done(sdl, coordinator, "publishHandover", json!({})).await;
    done(sdl, coordinator, "recordHandover", record("SOCIALISED", words, &[])).await;
    decided(sdl, coordinator, None).await;
    text(&done(sdl, coordinator, "closeHandover", json!({ "label": words })).await, "/handover/slug")
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let theirs = Sides::of(world, FILANDIA).await;
        closed(sdl, &theirs, "2026-11-17", "ayuda").await;
        opened(sdl, &theirs, "2026-11-23", "ayuda").await;

        let sides = Sides::of(world, CHIPAQUE).await;
        let coordinator = &sides.outgoing;
        planted.put("published handover", closed(sdl, &sides, "2026-11-18", MARKER).await, NO_WORD);
        opened(sdl, &sides, "2026-11-23", MARKER).await;
        let official = world.actor(CHIPAQUE, Role::Official).await.viewer.id().unwrap().to_string();
        let file = uploaded(coordinator).await;
        done(sdl, coordinator, "keepHandoverItem", with(item(MARKER), json!({ "files": [file] }))).await;
        planted.put("handover file", file, NO_ID);
        done(sdl, coordinator, "enrolMember", comes("ines@example.org", MARKER, "2026-11-23")).await;
        let team = coordinator.run("{ handover { team { accountId email } } }", json!({})).await;
        let ines = team["handover"]["team"].as_array().unwrap().iter().find(|row| row["email"] == "ines@example.org").unwrap();
        let ines = text(ines, "/accountId");
        // Should she not come after all, she stays.
        done(sdl, coordinator, "decideDeparture", json!({ "accountId": ines, "leaves": false })).await;
        planted.put("who does not come", ines, NO_ID);
        decided(sdl, coordinator, Some(&official)).await;
        let [outgoing, incoming] = sides.ids();
        planted.put("leaving member", official, NO_ID);
        planted.put("who leaves", outgoing, NO_ID);
        planted.put("who comes", incoming, &NO_ID.replace('8', "9"));
        for word in ["file of an item", "file of a record"] {
            planted.put(word, uploaded(coordinator).await, NO_ID);
        }
        planted.keep_secret(CARD);
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_handovers() {
    super::tried(&ROOM).await;
}
