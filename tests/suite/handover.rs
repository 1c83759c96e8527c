//! Nothing orphaned: after a whole handover no column that says who holds something names an account whose role has ended. The columns
//! are read from the catalogue of the database, so that a new one cannot be forgotten.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use kernel::Role;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};
use suite::{Actor, CHIPAQUE, World, postgres};

use crate::handover_slice::{MAYOR, come_in, done, fill, id_of, incoming, opening, person};

/// Columns that say who has something in hand, and which of their rows are still open.
const HOLDERS: [(&str, &str, &str); 6] = [
    ("cases.case_file", "taken_by", "answered_at is null and state <> 'CLOSED'"),
    ("support.ticket", "opened_by", "status not in ('RESOLVED', 'CLOSED')"),
    ("committee.task", "account_id", "state = 'OPEN'"),
    ("handover.item", "owner_id", "exists (select from handover.handover h where h.id = handover_id and h.state = 'OPEN')"),
    ("handover.handover", "outgoing_id", "state = 'OPEN'"),
    ("handover.handover", "incoming_id", "state = 'OPEN'"),
];

/// Columns that name an account and hold nothing open, each with its reason.
const NO_HOLDERS: [(&str, &str, &str); 12] = [
    ("identity.membership", "account_id", "is the role itself"),
    ("identity.credential", "account_id", "is the account's own"),
    ("identity.session", "account_id", "ends with the role"),
    ("identity.reset", "account_id", "is about the account; runs out in a day"),
    ("identity.invitation", "account_id", "withdrawn with the role"),
    ("support.ticket", "assigned_to", "somebody of the help centre, whose team is its own"),
    ("committee.member", "account_id", "a seat is given and taken by an act of its own"),
    ("handover.incoming", "account_id", "who comes, as the document names them"),
    ("handover.departure", "account_id", "who leaves, on record"),
    ("handover.departure", "successor_id", "who received, on record"),
    ("handover.signature", "account_id", "who signed, for good"),
    ("committee.attendance", "account_id", "who sat there"),
];

/// The name of a column that says whose something is. What ends in `_by` says who did something once.
fn tells_whose(column: &str) -> bool {
    let words =
        ["owner", "responsible", "holder", "assigned", "assignee", "taken", "keeper", "account", "successor", "outgoing", "incoming"];
    words.iter().any(|word| column.contains(word))
}

async fn columns(world: &World) -> Vec<(String, String)> {
    let sql = "select table_schema || '.' || table_name, column_name::text from information_schema.columns
               where data_type = 'uuid' and table_schema not in ('pg_catalog', 'information_schema', 'public') order by 1, 2";
    let rows = sqlx::query(sql).fetch_all(&mut postgres(world).await).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn orphans(world: &World) -> Vec<String> {
    let mut connection = postgres(world).await;
    let mut found = Vec::new();
    let known = columns(world).await;
    for (table, column, open) in HOLDERS.into_iter().filter(|(table, column, _)| known.iter().any(|(t, c)| t == table && c == column)) {
        let sql = format!(
            "select count(*) from {table} held where {column} is not null and ({open}) and not exists (
                 select from identity.membership m
                 where m.tenant_id = held.tenant_id and m.account_id = held.{column} and m.until is null)"
        );
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        if count > 0 {
            found.push(format!("{table}.{column}: {count}"));
        }
    }
    found
}

#[tokio::test]
async fn every_column_that_tells_whose_something_is_is_known() {
    let world = World::new().await;
    let unknown: Vec<_> = columns(&world)
        .await
        .into_iter()
        .filter(|(_, column)| tells_whose(column))
        .filter(|(table, column)| !HOLDERS.iter().any(|(t, c, _)| t == table && c == column))
        .filter(|(table, column)| !NO_HOLDERS.iter().any(|(t, c, _)| t == table && c == column))
        .collect();
    assert!(unknown.is_empty(), "say in tests/suite/handover.rs whether these hold something open: {unknown:?}");
}

/// Gives everybody of the team something to hold, in every capability that lets people hold something.
async fn burden(world: &World, actors: &[Actor<'_>]) {
    for (number, actor) in actors.iter().enumerate() {
        let ticket = json!({ "category": "OTHER", "subject": "Ayuda", "body": "Con el sitio", "idempotencyKey": format!("t{number}") });
        done(actor, "openTicket", ticket).await;
    }
    let mut connection = postgres(world).await;
    let account = actors[0].viewer.id().unwrap();
    let petition =
        json!({ "input": { "kind": "RECLAMO", "subject": "Una farola", "body": "No alumbra.", "anonymous": true, "idempotencyKey": "p" } });
    let file = "mutation($input: FilePetitionInput!) { filePetition(input: $input) { case { radicado } } }";
    world.visitor(CHIPAQUE).run(file, petition).await;
    sqlx::query("update cases.case_file set taken_by = $1").bind(account).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn after_the_act_no_open_row_belongs_to_an_ended_role() {
    let world = World::new().await;
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    let team = [coordinator, world.actor(CHIPAQUE, Role::Editor).await, world.actor(CHIPAQUE, Role::Official).await];
    burden(&world, &team).await;
    let coordinator = &team[0];
    done(coordinator, "openHandover", opening()).await;
    fill(coordinator).await;
    done(coordinator, "enrolMember", incoming(MAYOR, "Alcaldesa Entrante", "COORDINATOR")).await;
    come_in(&world, MAYOR).await;
    let mayor = person(&world, MAYOR).await;
    let mine = coordinator.viewer.id().unwrap().to_string();
    done(coordinator, "designateSigners", json!({ "outgoingId": mine, "incomingId": id_of(MAYOR).to_string() })).await;
    let pen = json!({ "name": "Una Persona", "post": "Alcaldesa" });
    done(coordinator, "signHandover", pen.clone()).await;
    done(&mayor, "signHandover", pen).await;
    coordinator.run("mutation { publishHandover { userErrors { code } } }", json!({})).await;
    let here = coordinator.run("{ handover { departures { person { accountId } } } }", json!({})).await;
    for row in here["handover"]["departures"].as_array().unwrap() {
        done(coordinator, "decideDeparture", json!({ "accountId": row["person"]["accountId"], "leaves": true })).await;
    }
    world.clock.advance(time::Duration::minutes(1));
    done(coordinator, "closeHandover", json!({})).await;
    assert_eq!(orphans(&world).await, Vec::<String>::new());
    // The check is not blind: a case given back to who left is found.
    sqlx::query("update cases.case_file set taken_by = $1")
        .bind(coordinator.viewer.id().unwrap())
        .execute(&mut postgres(&world).await)
        .await
        .unwrap();
    assert_eq!(orphans(&world).await.len(), 1);
    let told = person(&world, MAYOR).await.run("{ handoverOrphans { title } }", json!({})).await;
    assert_eq!(told["handoverOrphans"].as_array().unwrap().len(), 1);
}

#[test]
fn every_figure_of_the_list_is_measured_by_somebody() {
    let list = std::fs::read_to_string(suite::root().join("tenants/national/handover-checklist.yaml")).unwrap();
    let registry = kernel::capability::Registry::new(api::CAPABILITIES.to_vec());
    let named: Vec<&str> = list.split("\"measure:").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let unknown: Vec<_> = named.iter().filter(|name| registry.measure(name).is_none()).collect();
    assert!(named.len() > 10 && unknown.is_empty(), "{unknown:?}");
}
