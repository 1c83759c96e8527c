//! What a town received of the agency's circulars, and what it answered.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::Role;
use serde_json::{Value, json};
use suite::{CHIPAQUE, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Agency, Town};
use super::agreements::uploaded;
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room { plant, trials: &TRIALS, lists: &["receivedCirculars"] };

const KEEPER: super::Owner = Town(Role::Coordinator);
const SENDER: super::Owner = Agency(Role::Administrator);

const TRIALS: [Trial; 14] = [
    trial("receivedCircular", Town(Role::Observer), Nothing, true, |it| json!({ "slug": it.of("circular") })),
    trial("receivedCirculars", Town(Role::Observer), Nothing, true, |it| json!({ "search": it.of("circular words") })),
    trial("circular", SENDER, Nothing, false, |it| json!({ "slug": it.of("circular") })),
    trial("circulars", SENDER, Nothing, false, |it| json!({ "search": it.of("public circular words") })),
    trial("circularRegister", SENDER, Nothing, false, |it| json!({ "search": it.of("circular words") })),
    trial("circularDeliveries", SENDER, Nothing, true, |it| json!({ "slug": it.of("circular") })),
    trial(
        "circularDelivery",
        SENDER,
        Nothing,
        true,
        |it| json!({ "slug": it.of("circular"), "municipality": it.of("town of a circular") }),
    ),
    trial("acknowledgeCircular", KEEPER, Nothing, true, |it| json!({ "slug": it.of("circular") })),
    trial("answerCircular", KEEPER, Nothing, true, |it| answer(it, "k2", None)),
    trial("answerCircular", KEEPER, Nothing, true, |it| answer(it, "k3", Some(it.of("file of an answer")))),
    trial(
        "replyToCircular",
        SENDER,
        Nothing,
        true,
        |it| json!({ "slug": it.of("circular"), "municipality": it.of("town of a circular"), "text": "Gracias", "idempotencyKey": "k4" }),
    ),
    trial("addCircularRecipients", SENDER, Nothing, false, |it| json!({ "slug": it.of("circular"), "municipalities": ["68895"] })),
    trial("withdrawCircular", SENDER, Nothing, false, |it| json!({ "slug": it.of("circular"), "reason": "Ya no aplica" })),
    trial("sendCircular", SENDER, TheirOwn, false, |_| circular("Otro", "c2")),
];

fn circular(title: &str, key: &str) -> Value {
    json!({ "title": title, "body": "Revise su menú.", "ask": "Responda", "audience": "CHOSEN", "municipalities": [CHIPAQUE], "public": false,
            "idempotencyKey": key })
}

fn answer(it: &Planted, key: &str, file: Option<&str>) -> Value {
    json!({ "slug": it.of("circular"), "text": "Listo", "files": file.map(|file| vec![file]), "idempotencyKey": key })
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let (administrator, coordinator) =
            (world.actor("agencia", Role::Administrator).await, world.actor(CHIPAQUE, Role::Coordinator).await);
        let sent = done(sdl, &administrator, "sendCircular", circular("Menú de transparencia", "c1")).await;
        let slug = text(&sent, "/circular/slug");
        world.settle().await;
        let file = uploaded(&coordinator).await;
        let said = json!({ "slug": slug, "text": MARKER, "files": [file], "idempotencyKey": "k1" });
        done(sdl, &coordinator, "answerCircular", said).await;
        planted.put("file of an answer", uploaded(&coordinator).await, NO_ID);
        planted.put("circular", slug, "2026-999");
        planted.put("circular words", "transparencia", "inexistente");
        planted.put("public circular words", "transparencia", "inexistente");
        planted.put("town of a circular", CHIPAQUE, NO_WORD);
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_what_a_town_answered() {
    super::tried(&ROOM).await;
}
