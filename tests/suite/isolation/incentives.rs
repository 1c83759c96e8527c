//! What a town sends for incentives: nominations, experiences; what was measured of it; and what the agency does with them.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::{Role, Scope};
use serde_json::json;
use suite::{CHIPAQUE, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Agency, Town};
use super::agreements::uploaded;
use super::{MARKER, NO_ID, NO_WORD, Planted, Room, Trial, done, text, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room { plant, trials: &TRIALS, lists: &["ownIncentives"] };

const KEEPER: super::Owner = Town(Role::Coordinator);
const GRANTER: super::Owner = Agency(Role::Administrator);

/// A call that is open, and one that has closed and is to be decided.
const OPEN: &str = "premio-abierto";
const CLOSED: &str = "premio-cerrado";
const SAID: &str = "Buenas tardes. Hoy estamos en la plaza y nos cuentan cómo lo hicieron. Buenas tardes. Hoy estamos en la plaza y nos cuentan cómo lo hicieron. Buenas tardes. Hoy estamos en la plaza y nos cuentan cómo lo hicieron.";

/// In this order: what becomes public at the end shows a town's own words to everybody.
const TRIALS: [Trial; 29] = [
    trial("awardCall", Town(Role::Observer), TheirOwn, true, |_| json!({ "slug": OPEN })),
    trial("awardCalls", Town(Role::Observer), TheirOwn, true, |_| json!({ "first": 5 })),
    trial("keepNomination", KEEPER, TheirOwn, true, |_| json!({ "slug": OPEN, "title": "Huerta", "summary": "Una huerta" })),
    trial(
        "keepNomination",
        KEEPER,
        Nothing,
        true,
        |it| json!({ "slug": OPEN, "title": "Huerta", "summary": "Una huerta", "files": [it.of("file of a nomination")] }),
    ),
    trial("answerNomination", KEEPER, TheirOwn, true, |_| json!({ "slug": OPEN, "criterion": "impacto", "text": "A muchos" })),
    trial("submitNomination", KEEPER, TheirOwn, true, |_| json!({ "slug": OPEN })),
    trial("withdrawNomination", KEEPER, TheirOwn, true, |_| json!({ "slug": OPEN })),
    trial("nominations", GRANTER, Nothing, true, |it| json!({ "slug": it.of("closed call") })),
    trial("nomination", GRANTER, Nothing, true, |it| json!({ "slug": it.of("closed call"), "municipality": CHIPAQUE })),
    trial(
        "scoreNomination",
        GRANTER,
        Nothing,
        false,
        |it| json!({ "slug": it.of("closed call"), "municipality": CHIPAQUE, "points": [80], "note": "Bien" }),
    ),
    trial("keepAwardCall", GRANTER, TheirOwn, false, |_| {
        json!({ "title": "Otro premio", "body": "Bases", "criteria": "100 | Impacto | A quién", "prizes": "Uno", "opensOn": "2026-11-23",
                    "closesOn": "2026-11-30" })
    }),
    trial("featureShortlist", GRANTER, Nothing, false, |it| json!({ "search": it.of("town name") })),
    trial("featureMunicipality", GRANTER, Nothing, false, |it| json!({ "municipality": it.of("town to feature"), "reason": "Al día" })),
    trial("features", GRANTER, TheirOwn, false, |_| json!({ "first": 5 })),
    trial("feature", GRANTER, TheirOwn, false, |_| json!({ "slug": FEATURED })),
    trial("withdrawFeature", GRANTER, Nothing, false, |it| json!({ "slug": it.of("feature"), "reason": "Un error" })),
    trial("proposeExperience", KEEPER, TheirOwn, false, |_| json!({ "title": "Otra", "story": "Otra", "idempotencyKey": "x9" })),
    trial("withdrawExperience", KEEPER, Nothing, true, |it| json!({ "id": it.of("experience to withdraw") })),
    trial("experiences", GRANTER, TheirOwn, true, |_| json!({ "first": 5 })),
    trial("experience", GRANTER, Nothing, true, |it| json!({ "municipality": CHIPAQUE, "id": it.of("experience") })),
    trial(
        "decideExperience",
        GRANTER,
        Nothing,
        true,
        |it| json!({ "municipality": CHIPAQUE, "id": it.of("experience"), "accepted": true, "reason": "Sí" }),
    ),
    trial("scheduleBroadcast", GRANTER, Nothing, true, |it| json!({ "slug": it.of("broadcast"), "airsOn": "2026-12-01" })),
    trial("broadcast", GRANTER, Nothing, true, |it| json!({ "slug": it.of("broadcast") })),
    trial("monthlyNews", GRANTER, Nothing, false, |it| json!({ "month": it.of("month") })),
    trial("keepMonthlyNews", GRANTER, Nothing, false, |it| json!({ "month": it.of("month"), "title": "Uno", "body": "Dos" })),
    trial("publishMonthlyNews", GRANTER, Nothing, false, |it| json!({ "month": it.of("month"), "title": "Uno", "body": "Dos" })),
    trial("broadcasts", GRANTER, TheirOwn, false, |_| json!({ "first": 5 })),
    trial(
        "publishBroadcast",
        GRANTER,
        Nothing,
        true,
        |it| json!({ "slug": it.of("broadcast"), "summary": "Una huerta", "videoUrl": "https://video.example/1", "transcript": SAID }),
    ),
    trial("publishResults", GRANTER, Nothing, true, |it| json!({ "slug": it.of("closed call"), "note": "Por unanimidad" })),
];

const FEATURED: &str = "2026-11-chipaque-cundinamarca";

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let (administrator, coordinator) =
            (world.actor("agencia", Role::Administrator).await, world.actor(CHIPAQUE, Role::Coordinator).await);
        let call = json!({ "title": "Premio abierto", "body": "Bases", "criteria": "100 | Impacto | A quién", "prizes": "Uno",
                           "opensOn": "2026-11-20", "closesOn": "2026-11-30" });
        done(sdl, &administrator, "keepAwardCall", call).await;
        done(sdl, &coordinator, "keepNomination", json!({ "slug": OPEN, "title": MARKER, "summary": MARKER })).await;
        done(sdl, &coordinator, "answerNomination", json!({ "slug": OPEN, "criterion": "impacto", "text": MARKER })).await;
        planted.put("file of a nomination", uploaded(&coordinator).await, NO_ID);
        // A call that closed before today, with what was sent to it in time.
        let mut tx = Scope::Worker(Some(world.tenant("agencia").id)).write(world.platform.db()).await.unwrap();
        let now = tx.now();
        sqlx::query(
            "insert into incentives.award_call (tenant_id, slug, title, body, criteria, prizes, opens_on, closes_on, created_at)
             values (kernel.current_tenant(), $1, 'Premio cerrado', 'Bases', $2, '{Uno}', '2026-11-01', '2026-11-20', $3)",
        )
        .bind(CLOSED)
        .bind(json!([{ "key": "impacto", "title": "Impacto", "ask": "A quién", "weight": 100 }]))
        .bind(now)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query(
            "insert into incentives.monthly_news (tenant_id, month, slug, title, body, drafted_at, updated_at)
             values (kernel.current_tenant(), '2026-09', 'ranking-2026-09', 'Uno', 'Dos', $1, $1)",
        )
        .bind(now)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(world.platform.db()).await.unwrap();
        sqlx::query(
            "insert into incentives.nomination (tenant_id, call, title, summary, answers, updated_at, submitted_at)
             values (kernel.current_tenant(), $1, $2, $2, $3, $4, $4)",
        )
        .bind(CLOSED)
        .bind(MARKER)
        .bind(json!({ "impacto": MARKER }))
        .bind(now)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.enqueue("incentives.gather", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        world.settle().await;
        for (word, key) in [("experience", "x1"), ("experience to withdraw", "x2")] {
            let proposed = json!({ "title": format!("{MARKER} {key}"), "story": MARKER, "idempotencyKey": key });
            let id = text(&done(sdl, &coordinator, "proposeExperience", proposed).await, "/experience/id");
            planted.put(word, id, NO_ID);
        }
        planted.put("closed call", CLOSED, NO_WORD);
        planted.put("town name", "Chipaque", "inexistente");
        planted.put("town to feature", CHIPAQUE, NO_WORD);
        planted.put("feature", FEATURED, NO_WORD);
        planted.put("broadcast", format!("{MARKER}-x1-{CHIPAQUE}"), NO_WORD);
        planted.put("month", "2026-09", "2026-08");
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_what_a_town_sent_to_the_agency() {
    super::tried(&ROOM).await;
}
