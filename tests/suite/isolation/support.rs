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
        trial(
            "assignMail",
            Desk(Role::Agent),
            Nothing,
            true,
            |it| json!({ "id": it.of("mail"), "municipality": CHIPAQUE, "category": "OTHER" }),
        ),
        trial("discardMail", Desk(Role::Agent), Nothing, false, |it| json!({ "id": it.of("second mail") })),
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

/// A ticket that came by mail, with a mail of ours that came back; and two mails that nobody could place.
async fn plant_mail(world: &World, planted: &mut Planted) {
    let mail =
        |from: &str, id: &str, more: &str| format!("From: {from}\nSubject: {MARKER}\nMessage-ID: <{id}@b.example>\n{more}\n\n{MARKER}\n");
    let asker = suite::email(Role::Coordinator, CHIPAQUE);
    for (from, id) in [(asker.as_str(), "1"), ("nadie@b.example", "2"), ("nadie@b.example", "3")] {
        support::receive(&world.platform, mail(from, id, "X: x").as_bytes(), &support::Envelope::default()).await.unwrap();
    }
    world.settle().await;
    let mails = world.mailbox.list(100).await.unwrap();
    let told = mails.iter().find(|mail| mail.kind == "ticket-received").expect("the number was mailed");
    let report = format!(
        "From: mailer-daemon@b.example\nMessage-ID: <4@b.example>\nContent-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\
         Final-Recipient: rfc822; {MARKER}@b.example\nAction: failed\n\n--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{}>\n\n--x--\n",
        told.message_id
    );
    let came = support::receive(&world.platform, report.as_bytes(), &support::Envelope::default()).await.unwrap();
    assert!(matches!(came, support::Received::Bounce(_)), "{came:?}");
    let mut connection = suite::postgres(world).await;
    let waiting: Vec<uuid::Uuid> = sqlx::query_scalar("select id from support.incoming_mail where state = 'WAITING' order by reference")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    planted.put("mail", waiting[0].to_string(), NO_ID);
    planted.put("second mail", waiting[1].to_string(), NO_ID);
}

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
        plant_mail(world, planted).await;
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
