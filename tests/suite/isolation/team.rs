//! Who is of a town's team, and what they may do there.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::Role;
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, FILANDIA, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Desk, Town};
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room { plant, trials: &TRIALS, lists: &["team"] };

const KEEPER: super::Owner = Town(Role::Coordinator);

const TRIALS: [Trial; 5] = [
    trial("changeRole", KEEPER, Nothing, false, |it| json!({ "accountId": it.of("teammate"), "role": "OFFICIAL" })),
    trial("endMembership", KEEPER, Nothing, false, |it| ended(it.of("second teammate"), it.of("teammate"))),
    // Somebody who works in the sender's town too, and passes on to somebody who does not.
    trial("endMembership", KEEPER, Nothing, false, |it| ended(it.of("teammate in both towns"), it.of("teammate"))),
    // An account of Chipaque's, under the key of its enrolment there.
    trial("enrolMember", KEEPER, TheirOwn, false, |it| enrolment("rosa", "Rosa Peña", it.of("enrolment key"))),
    trial(
        "appointCoordinator",
        Desk(Role::Supervisor),
        Nothing,
        false,
        |it| json!({ "municipality": it.of("town"), "email": "dora@example.org", "name": "Dora Gil", "act": "Decreto 7", "idempotencyKey": "k1" }),
    ),
];

fn enrolment(who: &str, name: &str, key: &str) -> Value {
    json!({ "email": format!("{who}@example.org"), "name": name, "role": "EDITOR", "idempotencyKey": key })
}

fn ended(account: &str, successor: &str) -> Value {
    json!({ "accountId": account, "reason": "Se retiró", "successorId": successor })
}

/// Takes somebody into the team; their account.
async fn enrolled(sdl: &Sdl, coordinator: &Actor<'_>, who: &str, name: &str) -> String {
    done(sdl, coordinator, "enrolMember", enrolment(who, name, &format!("k/{who}"))).await;
    let team = done(sdl, coordinator, "team", json!({})).await;
    let email = format!("{who}@example.org");
    text(team.as_array().unwrap().iter().find(|row| row["email"] == email).unwrap(), "/accountId")
}

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
        for (who, word) in [("ana", "teammate"), ("luis", "second teammate")] {
            planted.put(word, enrolled(sdl, &coordinator, who, MARKER).await, NO_ID);
        }
        enrolled(sdl, &coordinator, "rosa", MARKER).await;
        // The name of an account is known wherever it works; what a town calls it is that town's.
        enrolled(sdl, &world.actor(FILANDIA, Role::Coordinator).await, "marta", "Marta Ruiz").await;
        let both = enrolled(sdl, &coordinator, "marta", MARKER).await;
        planted.put("teammate in both towns", both.clone(), &both);
        planted.put("enrolment key", "k/rosa", NO_WORD);
        planted.put("town", CHIPAQUE, NO_WORD);
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_team() {
    super::tried(&ROOM).await;
}
