//! The rules of tenancy that every table keeps, read from the catalogue of a migrated database.

use sqlx::Row;
use suite::{World, owner};

/// Tables without `tenant_id`, each with its reason.
const PLATFORM_TABLES: [(&str, &str); 13] = [
    ("tenancy.tenant", "is the tenant"),
    ("kernel.cron_run", "periodic jobs belong to the platform"),
    ("kernel.clock", "one clock for all"),
    ("identity.account", "a person may serve two towns; seen only through a membership"),
    ("identity.credential", "belongs to the account"),
    ("support.incoming_mail", "a mail is of no municipality until somebody says which; the help centre alone reads it"),
    ("visits.month_close", "a month is closed for the whole country"),
    ("visits.statement", "what the agency signs of a month, for the whole country"),
    ("visits.month_file", "what a closed month publishes, for the whole country"),
    ("visits.counter", "one process counts for all towns"),
    ("visits.producer", "a process hands over the views of all towns"),
    ("visits.loss", "what is lost on the way is lost of all towns"),
    ("visits.salt", "a day has one salt; the hash takes the town besides"),
];
/// Tables that no working role is granted, reached by security definer functions alone.
const DEFINER_TABLES: [&str; 1] = ["kernel.job"];
/// Unique across the platform on purpose.
const PLATFORM_UNIQUE: [&str; 5] =
    ["tenant_slug_unique", "tenant_code_unique", "domain_host_unique", "ticket_number_unique", "account_email_unique"];

async fn rows(world: &World, sql: &'static str) -> Vec<Vec<String>> {
    let mut connection = owner(world).await;
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| (0..row.len()).map(|column| row.get::<String, _>(column)).collect()).collect()
}

const TABLES: &str = "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'public')";

#[tokio::test]
async fn every_table_has_forced_row_security_and_a_policy() {
    let world = World::new().await;
    let wrong = rows(
        &world,
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'public')
           and not (c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))",
    )
    .await;
    let wrong: Vec<_> = wrong.into_iter().flatten().filter(|table| !DEFINER_TABLES.contains(&table.as_str())).collect();
    assert!(wrong.is_empty(), "without forced row security and a policy: {wrong:?}");
    assert!(rows(&world, TABLES).await.len() > 10);
}

#[tokio::test]
async fn tables_without_a_tenant_stand_on_the_list() {
    let world = World::new().await;
    let bare: Vec<String> = rows(
        &world,
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'public')
           and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)",
    )
    .await
    .into_iter()
    .flatten()
    .collect();
    for table in &bare {
        assert!(PLATFORM_TABLES.iter().any(|(known, _)| known == table), "{table} has no tenant_id and no reason");
    }
    for (table, _) in PLATFORM_TABLES {
        assert!(bare.iter().any(|known| known == table), "{table} is on the list and need not be");
    }
}

#[tokio::test]
async fn keys_lead_with_the_tenant() {
    let world = World::new().await;
    let wrong: Vec<String> = rows(
        &world,
        "select con.conname || ' of ' || con.conrelid::regclass
         from pg_constraint con
         join pg_class c on c.oid = con.conrelid
         join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
         join pg_attribute first on first.attrelid = c.oid and first.attnum = con.conkey[1]
         left join pg_attribute reached on reached.attrelid = con.confrelid and reached.attname = 'tenant_id'
         where n.nspname not in ('pg_catalog', 'information_schema', 'public')
           and con.contype in ('p', 'u', 'f')
           and first.attname <> 'tenant_id'
           -- A key to a table of the platform has no tenant to lead with.
           and not (con.contype = 'f' and reached.attnum is null)",
    )
    .await
    .into_iter()
    .flatten()
    .filter(|constraint| !PLATFORM_UNIQUE.iter().any(|known| constraint.starts_with(known)))
    .filter(|constraint| !DEFINER_TABLES.iter().any(|table| constraint.ends_with(table)))
    .collect();
    assert!(wrong.is_empty(), "these keys do not lead with tenant_id: {wrong:?}");
}

#[tokio::test]
async fn working_roles_own_nothing_and_bypass_nothing() {
    let world = World::new().await;
    let roles = rows(
        &world,
        "select rolname::text from pg_roles where rolname like 'cabildo\\_%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)",
    )
    .await;
    assert!(roles.is_empty(), "{roles:?}");
    let owned = rows(
        &world,
        "select c.oid::regclass::text from pg_class c join pg_roles r on r.oid = c.relowner join pg_namespace n on n.oid = c.relnamespace
         where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and r.rolname <> 'cabildo_owner'",
    )
    .await;
    assert!(owned.is_empty(), "{owned:?}");
    let views = rows(
        &world,
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema')
           and not coalesce('security_invoker=true' = any (c.reloptions), false)",
    )
    .await;
    assert!(views.is_empty(), "views that would run as their owner: {views:?}");
}

#[tokio::test]
async fn every_constraint_is_named_by_hand() {
    let world = World::new().await;
    // What PostgreSQL names itself ends in _fkey, _check or _key; ours say what they mean.
    let unnamed = rows(
        &world,
        "select con.conname || ' of ' || con.conrelid::regclass from pg_constraint con
         join pg_class c on c.oid = con.conrelid join pg_namespace n on n.oid = c.relnamespace
         where n.nspname not in ('pg_catalog', 'information_schema', 'public') and con.contype in ('c', 'u')
           and con.conname ~ '(_check[0-9]*|_key[0-9]*)$'",
    )
    .await;
    assert!(unnamed.is_empty(), "{unnamed:?}");
}

#[tokio::test]
async fn without_a_tenant_there_are_no_rows() {
    let world = World::new().await;
    let tables: Vec<String> = rows(
        &world,
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'public')
           and has_table_privilege('cabildo_tenant', c.oid, 'select')",
    )
    .await
    .into_iter()
    .flatten()
    .collect();
    assert!(tables.len() > 10);
    // Closed rankings, calls for awards and the hosts of towns are public by law and by purpose.
    let public = [
        "tenancy.domain",
        "visits.ranking_row",
        "visits.hour_count",
        "visits.correction",
        "visits.objection",
        "visits.category",
        "incentives.award_call",
    ];
    for table in tables.iter().filter(|table| !public.contains(&table.as_str())) {
        let mut connection = suite::runtime(&world).await;
        sqlx::raw_sql("begin; set local role cabildo_tenant; set local app.tenant = ''").execute(&mut connection).await.unwrap();
        let count: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(&mut connection).await.unwrap();
        assert_eq!(count, 0, "{table}");
    }
}
