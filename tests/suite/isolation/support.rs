//! Tickets with the help centre, and access that somebody lost.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::{Role, Scope};
use serde_json::json;
use suite::{CHIPAQUE, PASSWORD, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Desk, Town, Visitor};
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room {
    plant,
    trials: &[
        trial("ticket", Town(Role::Coordinator), Nothing, true, |it| json!({ "number": it.of("ticket") })),
        trial("resets", Desk(Role::Agent), Nothing, true, |it| json!({ "ticketNumber": it.of("ticket") })),
        trial("signIn", Visitor, Nothing, true, |it| json!({ "email": it.of("account"), "password": PASSWORD })),
        trial("assignTicket", Desk(Role::Agent), Nothing, true, |it| json!({ "number": it.of("ticket") })),
        trial(
            "changeTicketCalendar",
            Desk(Role::Supervisor),
            Nothing,
            true,
            |it| json!({ "number": it.of("ticket"), "calendar": "extended" }),
        ),
        trial("replyToTicket", Town(Role::Coordinator), Nothing, true, |it| json!({ "number": it.of("ticket"), "text": "Sigue igual" })),
        trial(
            "startReset",
            Desk(Role::Agent),
            Nothing,
            true,
            |it| json!({ "ticketNumber": it.of("ticket"), "accountEmail": it.of("account") }),
        ),
        trial("sendProofCode", Desk(Role::Agent), Nothing, true, |it| json!({ "resetId": it.of("reset"), "kind": "MAILBOX_CODE" })),
        trial(
            "recordProof",
            Desk(Role::Agent),
            Nothing,
            true,
            |it| json!({ "resetId": it.of("reset"), "kind": "ACT", "evidence": "Acta 7" }),
        ),
        trial("confirmReset", Town(Role::Coordinator), Nothing, true, |it| json!({ "resetId": it.of("reset") })),
        trial("approveReset", Desk(Role::Supervisor), Nothing, false, |it| json!({ "resetId": it.of("coordinator's reset") })),
        trial(
            "resetPassword",
            Visitor,
            Nothing,
            false,
            |it| json!({ "token": it.of("token"), "password": "tres ovejas azules", "passwordAgain": "tres ovejas azules" }),
        ),
        trial("resolveTicket", Town(Role::Coordinator), Nothing, true, |it| json!({ "number": it.of("ticket") })),
        trial("rateTicket", Town(Role::Coordinator), Nothing, true, |it| json!({ "number": it.of("ticket"), "score": 4, "text": MARKER })),
        trial(
            "mergeTicket",
            Desk(Role::Agent),
            Nothing,
            true,
            |it| json!({ "number": it.of("second ticket"), "into": it.of("third ticket") }),
        ),
        // The key of a ticket that Chipaque has.
        trial(
            "openTicket",
            Town(Role::Coordinator),
            TheirOwn,
            true,
            |it| json!({ "category": "OTHER", "subject": "Otra cosa", "body": "Otra cosa", "idempotencyKey": it.of("ticket key") }),
        ),
        trial("requestAccess", Visitor, TheirOwn, false, |it| json!({ "email": it.of("account"), "idempotencyKey": it.of("ticket key") })),
    ],
    lists: &["tickets", "team", "resetsToConfirm", "duties"],
};

const ACCOUNT: &str = "zarzamora@chipaque-cundinamarca.example";

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(world.platform.db()).await.unwrap();
        identity::seed_account(&mut tx, ACCOUNT, MARKER, Role::Editor, PASSWORD).await.unwrap();
        tx.commit().await.unwrap();
        let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
        let ticket = json!({ "category": "PUBLISHING", "subject": MARKER, "body": MARKER, "idempotencyKey": "k2" });
        let ticket = text(&done(sdl, &coordinator, "openTicket", ticket).await, "/ticket/number");
        for (word, key, never) in [("second ticket", "k3", "999997"), ("third ticket", "k4", "999998")] {
            let other = json!({ "category": "OTHER", "subject": MARKER, "body": MARKER, "idempotencyKey": key });
            planted.put(word, text(&done(sdl, &coordinator, "openTicket", other).await, "/ticket/number"), never);
        }
        let gone = json!({ "category": "OTHER", "subject": MARKER, "body": MARKER, "idempotencyKey": "k5" });
        let gone = text(&done(sdl, &coordinator, "openTicket", gone).await, "/ticket/number");
        done(sdl, &agent, "mergeTicket", json!({ "number": gone, "into": ticket })).await;
        done(sdl, &coordinator, "rateTicket", json!({ "number": gone, "score": 4, "text": MARKER })).await;
        for internal in [true, false] {
            done(sdl, &agent, "replyToTicket", json!({ "number": ticket, "text": MARKER, "internal": internal })).await;
        }
        let start = async |email: &str| {
            let started = done(sdl, &agent, "startReset", json!({ "ticketNumber": ticket, "accountEmail": email })).await;
            text(&started, "/reset/id")
        };
        planted.put("reset", start(ACCOUNT).await, NO_ID);
        planted.put("coordinator's reset", start(&suite::email(Role::Coordinator, CHIPAQUE)).await, NO_ID);
        let ready = start(&suite::email(Role::Official, CHIPAQUE)).await;
        done(sdl, &agent, "recordProof", json!({ "resetId": ready, "kind": "ACT", "evidence": MARKER })).await;
        done(sdl, &coordinator, "confirmReset", json!({ "resetId": ready })).await;
        world.settle().await;
        let mails = world.mailbox.list(100).await.unwrap();
        let link = mails.iter().find(|mail| mail.kind == "credential-reset").expect("a link was mailed");
        let token = link.text.split_once("/restablecer/").unwrap().1.lines().next().unwrap().to_owned();
        planted.put("token", token, &"0".repeat(64));
        planted.put("ticket", ticket, "999999");
        planted.put("ticket key", "k2", NO_WORD);
        planted.put("account", ACCOUNT, "nadie@chipaque-cundinamarca.example");
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_tickets_and_resets() {
    super::tried(&ROOM).await;
}
