//! The catalogue of trámites and services, as a town has confirmed it.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::Role;
use serde_json::{Value, json};
use suite::{CHIPAQUE, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::Town;
use super::{MARKER, Planted, Room, done, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room {
    plant,
    trials: &[
        trial("tramites", Town(Role::Official), Nothing, true, |it| json!({ "search": it.of("catalogue words") })),
        trial("tramite", Town(Role::Official), TheirOwn, true, |_| json!({ "slug": ENTRY })),
        trial("catalogueReview", Town(Role::Official), Nothing, true, |it| json!({ "search": it.of("catalogue words") })),
        trial("catalogueSheet", Town(Role::Official), TheirOwn, true, |_| json!({ "slug": ENTRY })),
        trial("keepEntry", Town(Role::Official), TheirOwn, true, |_| json!({ "slug": ENTRY, "state": "PUBLISHED" })),
        trial("confirmEntry", Town(Role::Official), TheirOwn, false, |_| entry("Un recibo")),
    ],
    lists: &[],
};

/// An entry of the national base.
const ENTRY: &str = "impuesto-predial-unificado";

fn entry(result: &str) -> Value {
    json!({
        "slug": ENTRY, "whoMayAsk": "Propietarios", "requirements": [], "costKind": "FREE", "termBusinessDays": 3,
        "result": result, "legalBasis": "Ley 44 de 1990"
    })
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        done(sdl, &world.actor(CHIPAQUE, Role::Official).await, "confirmEntry", entry(MARKER)).await;
        planted.put("catalogue words", MARKER, "inexistente");
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_catalogue() {
    super::tried(&ROOM).await;
}
