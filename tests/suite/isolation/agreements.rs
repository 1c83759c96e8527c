//! Agreements and with whom they were made: the register, what each brought, its documents.

use axum::body::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use kernel::{Role, file};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Town, Visitor};
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room { plant, trials: &TRIALS, lists: &["agreements", "agreementRegister", "entities"] };

const KEEPER: super::Owner = Town(Role::Coordinator);

const TRIALS: [Trial; 23] = [
    trial("agreement", Visitor, Nothing, true, |it| json!({ "slug": it.of("agreement") })),
    trial("agreement", Town(Role::Observer), Nothing, true, |it| json!({ "slug": it.of("agreement not published") })),
    trial("agreement", Visitor, TheirOwn, true, |_| json!({ "slug": SHARED })),
    trial("agreements", Visitor, Nothing, true, |it| json!({ "search": it.of("agreement words") })),
    trial("agreementRegister", Town(Role::Observer), Nothing, true, |it| json!({ "search": it.of("agreement words") })),
    trial("entities", Town(Role::Observer), Nothing, true, |it| json!({ "slug": it.of("entity") })),
    trial("keepEntity", KEEPER, Nothing, true, |it| entity(Some(it.of("entity")), "Biblioteca", "ayuda")),
    trial("keepAgreement", KEEPER, Nothing, true, |it| agreement(Some(it.of("agreement")), SHARED, "Lectura")),
    trial("setAgreementPublished", KEEPER, Nothing, true, |it| json!({ "slug": it.of("agreement not published"), "published": true })),
    trial("addAgreementResult", KEEPER, Nothing, true, |it| result(it.of("agreement"), "k8", "Un taller")),
    trial("attachAgreementDocuments", KEEPER, Nothing, true, |it| documents(it.of("agreement"), it.of("file of an agreement"))),
    trial("detachAgreementDocument", KEEPER, Nothing, true, |it| taken(it.of("agreement"), it.of("agreement document"))),
    trial("annulAgreementResult", KEEPER, Nothing, true, |it| json!({ "id": it.of("agreement result"), "reason": "Repetido" })),
    trial(
        "endAgreement",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "slug": it.of("agreement"), "endedOn": "2026-11-20", "reason": "De común acuerdo" }),
    ),
    trial("annulAgreement", KEEPER, Nothing, true, |it| json!({ "slug": it.of("agreement not published"), "reason": "Repetido" })),
    // An entity, a file and a document of Chipaque's, in an agreement of the sender's.
    trial("keepAgreement", KEEPER, Nothing, true, |it| agreement(Some(SHARED), it.of("entity"), "Telares")),
    trial("keepAgreement", KEEPER, Nothing, true, |it| agreement(None, it.of("entity"), "Hilados")),
    trial("attachAgreementDocuments", KEEPER, Nothing, true, |it| documents(SHARED, it.of("file of the shared agreement"))),
    trial("detachAgreementDocument", KEEPER, Nothing, true, |it| taken(SHARED, it.of("document of the shared agreement"))),
    // The key of a result that Chipaque has.
    trial("addAgreementResult", KEEPER, TheirOwn, true, |it| result(SHARED, it.of("result key"), "Una feria")),
    // Names that the sender's town and Chipaque take one after the other.
    trial("keepEntity", KEEPER, TheirOwn, false, |_| entity(None, "Casa de la cultura", "ayuda")),
    trial("keepAgreement", KEEPER, TheirOwn, false, |_| agreement(None, "casa-de-la-cultura", "Danzas")),
    trial("annulAgreement", KEEPER, TheirOwn, true, |_| json!({ "slug": SHARED, "reason": "Repetido" })),
];

/// How an entity and an agreement are named in Chipaque and in Filandia; only Chipaque's bear the marker.
const SHARED: &str = "telares";

fn entity(slug: Option<&str>, name: &str, words: &str) -> Value {
    json!({ "slug": slug, "name": name, "level": "LOCAL", "kind": "COMPANY", "priority": true, "web": format!("https://example.org/{words}"),
            "contactName": words, "contactPhone": words, "contactEmail": format!("{words}@example.org") })
}

fn agreement(slug: Option<&str>, entity: &str, words: &str) -> Value {
    json!({ "slug": slug, "entity": entity, "title": words, "number": words, "topics": [words], "object": words, "signedOn": "2026-05-04" })
}

fn result(slug: &str, key: &str, words: &str) -> Value {
    json!({ "slug": slug, "happenedOn": "2026-06-01", "text": words, "evidence": words, "idempotencyKey": key })
}

fn documents(slug: &str, file: &str) -> Value {
    json!({ "slug": slug, "files": [file], "public": true })
}

fn taken(slug: &str, id: &str) -> Value {
    json!({ "slug": slug, "id": id, "reason": "Trae una cédula" })
}

/// A file that this account has uploaded and not attached yet.
pub(super) async fn uploaded(actor: &Actor<'_>) -> String {
    let content = stream::iter([Ok(Bytes::from_static(b"%PDF-1.7"))]).boxed();
    file::receive(&actor.context(), &format!("{MARKER}.pdf"), content, file::MAX_BYTES).await.unwrap().id.to_string()
}

/// An agreement of the same name in either town, published.
async fn shared(sdl: &Sdl, actor: &Actor<'_>, words: &str) {
    done(sdl, actor, "keepEntity", entity(None, "Telares", words)).await;
    let input =
        json!({ "entity": SHARED, "title": "Telares", "number": words, "topics": [words], "object": words, "signedOn": "2026-05-04" });
    done(sdl, actor, "keepAgreement", input).await;
    done(sdl, actor, "setAgreementPublished", json!({ "slug": SHARED, "published": true })).await;
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
        shared(sdl, &world.actor(FILANDIA, Role::Coordinator).await, "ayuda").await;
        shared(sdl, &coordinator, MARKER).await;
        done(sdl, &coordinator, "addAgreementResult", result(SHARED, "k1", "Una feria")).await;
        done(sdl, &coordinator, "addAgreementResult", result(SHARED, "k2", MARKER)).await;

        let with = text(&done(sdl, &coordinator, "keepEntity", entity(None, MARKER, MARKER)).await, "/entity/slug");
        let made = done(sdl, &coordinator, "keepAgreement", agreement(None, &with, MARKER)).await;
        let slug = text(&made, "/agreement/slug");
        done(sdl, &coordinator, "setAgreementPublished", json!({ "slug": slug, "published": true })).await;
        let brought = done(sdl, &coordinator, "addAgreementResult", result(&slug, "k3", MARKER)).await;
        planted.put("agreement result", text(&brought, "/agreement/results/0/id"), NO_ID);
        let made = done(sdl, &coordinator, "keepAgreement", agreement(None, &with, &format!("Otra {MARKER}"))).await;
        planted.put("agreement not published", text(&made, "/agreement/slug"), NO_WORD);

        for (word, slug) in [("agreement document", slug.as_str()), ("document of the shared agreement", SHARED)] {
            let file = uploaded(&coordinator).await;
            done(sdl, &coordinator, "attachAgreementDocuments", documents(slug, &file)).await;
            planted.put(word, file, NO_ID);
        }
        for word in ["file of an agreement", "file of the shared agreement"] {
            planted.put(word, uploaded(&coordinator).await, NO_ID);
        }
        planted.put("entity", with, NO_WORD);
        planted.put("agreement", slug, NO_WORD);
        planted.put("result key", "k1", NO_WORD);
        planted.put("agreement words", MARKER, "inexistente");
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_agreements() {
    super::tried(&ROOM).await;
}
