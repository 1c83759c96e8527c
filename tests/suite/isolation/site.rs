//! News, pages, what is found by searching, and the visits of a site.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::{Role, Scope};
use serde_json::json;
use suite::{CHIPAQUE, World};

use super::Gets::{Nothing, TheirOwn};
use super::Owner::{Town, Visitor};
use super::{MARKED_VISITS, MARKER, NO_WORD, Planted, Room, done, trial};
use crate::access::Sdl;

pub(super) const ROOM: Room = Room {
    plant,
    trials: &[
        trial("newsItem", Visitor, Nothing, true, |it| json!({ "slug": it.of("news") })),
        trial("page", Visitor, Nothing, true, |it| json!({ "slug": it.of("page") })),
        trial("search", Visitor, Nothing, true, |it| json!({ "query": it.of("site words") })),
        trial("withdrawNews", Town(Role::Editor), Nothing, true, |it| json!({ "slug": it.of("news") })),
        trial(
            "publishNews",
            Town(Role::Editor),
            TheirOwn,
            false,
            |_| json!({ "title": "Jornada de aseo", "body": "El sábado.", "slug": "jornada-de-aseo" }),
        ),
    ],
    lists: &["news", "pages", "siteFigures"],
};

fn plant<'a>(world: &'a World, sdl: &'a Sdl, planted: &'a mut Planted) -> BoxFuture<'a, ()> {
    async move {
        let mut tx = Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(world.platform.db()).await.unwrap();
        let now = tx.now();
        sqlx::query("insert into site.page (tenant_id, slug, title, body, updated_at) values (kernel.current_tenant(), $1, $1, $1, $2)")
            .bind(MARKER)
            .bind(now)
            .execute(&mut *tx)
            .await
            .unwrap();
        sqlx::query("insert into visits.hour_count (tenant_id, hour, visits) values (kernel.current_tenant(), date_trunc('hour', $1), $2)")
            .bind(now)
            .bind(MARKED_VISITS)
            .execute(&mut *tx)
            .await
            .unwrap();
        for more in [
            "insert into visits.figure_count (tenant_id, day, kind, name, hits) values (kernel.current_tenant(), $1::date, 'PAGE', $2, 3)",
            "insert into visits.reject_count (tenant_id, hour, reason, hits) select kernel.current_tenant(), date_trunc('hour', $1), 'ROBOT', length($2)",
            "insert into visits.note (tenant_id, day, rule, detail) select kernel.current_tenant(), $1::date, 'JUMP', length($2)::text",
            "insert into visits.ledger (tenant_id, month, position, last_at, network_limit, hits, entries)
             values (kernel.current_tenant(), '2026-11', 0, $1, 12, 1, convert_to($2, 'UTF8'))",
        ] {
            sqlx::query(more).bind(now).bind(MARKER).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        // While it has no answer it is the town's own; its text is not the marker, for the agency reads it.
        let objected = "insert into visits.objection (tenant_id, id, month, reason, idempotency_key, filed_at)
             values ($1, '018f0000-0000-7000-8000-00000000000a', '2026-10', 'Falta el martes entero', 'o', $2)";
        sqlx::query(objected).bind(world.tenant(CHIPAQUE).id).bind(now).execute(&mut suite::postgres(world).await).await.unwrap();
        let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
        let news = json!({ "title": format!("Cosecha de {MARKER}"), "body": format!("Hay {MARKER}."), "slug": "cosecha-de-mora" });
        done(sdl, &coordinator, "publishNews", news).await;
        planted.put("news", "cosecha-de-mora", NO_WORD);
        planted.put("page", MARKER, NO_WORD);
        planted.put("site words", MARKER, "inexistente");
    }
    .boxed()
}

#[tokio::test]
async fn strangers_get_nothing_of_the_site() {
    super::tried(&ROOM).await;
}
