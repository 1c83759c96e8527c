//! What citizens ask of the town, and its answers.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::Role;
use serde_json::{Value, json};
use suite::{CHIPAQUE, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Town, Visitor};
use super::{MARKER, NO_WORD, Planted, Room, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room {
    plant,
    trials: &[
        trial("case", Visitor, Nothing, true, |it| json!({ "radicado": it.of("radicado"), "code": it.of("code") })),
        trial("case", Town(Role::Official), Nothing, true, |it| json!({ "radicado": it.of("radicado") })),
        trial("cases", Town(Role::Official), Nothing, true, |it| json!({ "search": it.of("case words") })),
        trial("openCase", Visitor, Nothing, true, |it| json!({ "radicado": it.of("radicado"), "code": it.of("code") })),
        trial("takeCase", Town(Role::Official), Nothing, true, |it| json!({ "radicado": it.of("radicado") })),
        trial("answerCase", Town(Role::Official), Nothing, true, |it| json!({ "radicado": it.of("radicado"), "answer": "Ya se arregló." })),
        // The key of a petition that Chipaque has.
        trial("filePetition", Visitor, TheirOwn, false, |it| petition(it.of("petition key"), "Una farola apagada", "RECLAMO")),
    ],
    lists: &["cases"],
};

fn petition(key: &str, text: &str, kind: &str) -> Value {
    json!({ "kind": kind, "subject": text, "body": text, "anonymous": true, "idempotencyKey": key })
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let visitor = world.visitor(CHIPAQUE);
        let filed = done(sdl, &visitor, "filePetition", petition("k1", &format!("La {MARKER}"), "CONGRESO")).await;
        let other = done(sdl, &visitor, "filePetition", petition("k2", "Una farola apagada", "RECLAMO")).await;
        planted.put("radicado", text(&filed, "/case/radicado"), "2026-000418-7");
        planted.put("code", text(&filed, "/code"), "AAA-AAA");
        planted.put("petition key", "k2", NO_WORD);
        planted.put("case words", MARKER, "inexistente");
        for answer in [filed, other] {
            planted.keep_secret(&text(&answer, "/code"));
        }
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_cases() {
    super::tried(&ROOM).await;
}
