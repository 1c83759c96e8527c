//! SQL of counting.

use std::collections::{BTreeMap, HashMap, HashSet};

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::notes::{DayFacts, NoteRule};
use super::taker::LedgerRow;
use crate::model::{Month, Tally};

/// Whose turn it is to count.
pub(super) struct Turn {
    pub(super) position: i64,
    pub(super) process: Option<Uuid>,
    pub(super) held: bool,
}

/// The number of the lock between counting and closing a month.
const CLOSING: i64 = 4_153;

/// Waits for a close that is under way, and for the turn to count.
pub(super) async fn turn(tx: &mut Tx) -> Result<Turn> {
    sqlx::query!("select pg_advisory_xact_lock_shared($1)", CLOSING).execute(&mut **tx).await?;
    Ok(sqlx::query_as!(
        Turn,
        r#"select position, process, coalesce(held_until > clock_timestamp(), false) as "held!" from visits.counter for update"#
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Waits for the batches that are being counted, and lets no other begin until this transaction ends: a month is closed between two batches.
pub(crate) async fn pause(tx: &mut Tx) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock($1)", CLOSING).execute(&mut **tx).await?;
    Ok(())
}

/// One transaction more has counted; its process goes on for five seconds, by the machine's clock.
pub(super) async fn advance(tx: &mut Tx, process: Uuid) -> Result<()> {
    sqlx::query!(
        "update visits.counter set position = position + 1, process = $1, held_until = clock_timestamp() + interval '5 seconds'",
        process
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A process that ends leaves the turn to the others.
pub(super) async fn leave(tx: &mut Tx, process: Uuid) -> Result<()> {
    sqlx::query!("update visits.counter set held_until = null where process = $1", process).execute(&mut **tx).await?;
    Ok(())
}

/// How far a process came.
pub(super) struct ProducerRow {
    pub(super) next: i64,
    pub(super) dropped: i64,
    pub(super) peak: i64,
    pub(super) ended: bool,
    pub(super) gone: bool,
}

pub(super) async fn producers(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, ProducerRow>> {
    let rows =
        sqlx::query!(r#"select id, next, dropped, peak, ended_at is not null as "gone!" from visits.producer where id = any($1)"#, ids)
            .fetch_all(&mut **tx)
            .await?;
    let row = |next, dropped, peak, gone| ProducerRow { next, dropped, peak, ended: false, gone };
    Ok(rows.into_iter().map(|found| (found.id, row(found.next, found.dropped, found.peak, found.gone))).collect())
}

pub(super) async fn keep_producers(tx: &mut Tx, producers: &HashMap<Uuid, ProducerRow>, now: OffsetDateTime) -> Result<()> {
    let column = |of: fn(&ProducerRow) -> i64| producers.values().map(of).collect::<Vec<_>>();
    let ids: Vec<Uuid> = producers.keys().copied().collect();
    let ended: Vec<bool> = producers.values().map(|row| row.ended || row.gone).collect();
    sqlx::query!(
        "insert into visits.producer (id, next, dropped, peak, seen_at, ended_at)
         select n.id, n.next, n.dropped, n.peak, $5::timestamptz, case when n.ended then $5::timestamptz end
         from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $6::boolean[]) as n (id, next, dropped, peak, ended)
         on conflict on constraint producer_pkey do update set
             next = excluded.next, dropped = excluded.dropped, peak = excluded.peak, seen_at = excluded.seen_at, ended_at = excluded.ended_at",
        &ids,
        &column(|row| row.next),
        &column(|row| row.dropped),
        &column(|row| row.peak),
        now,
        &ended
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Processes that have been silent since then are gone: what they may have lost is at most what they handed over in their best second.
pub(super) async fn give_up(tx: &mut Tx, since: OffsetDateTime) -> Result<()> {
    let gone = sqlx::query!(
        "update visits.producer set ended_at = seen_at where ended_at is null and seen_at < $1 returning id, peak, seen_at",
        since
    )
    .fetch_all(&mut **tx)
    .await?;
    for producer in gone {
        tracing::warn!(producer = %producer.id, views = producer.peak.max(1), "a process is gone without farewell; views may be lost");
        declare(tx, producer.seen_at, "PROCESS", producer.peak.max(1), false, Some(producer.id)).await?;
    }
    Ok(())
}

/// A process that was given up is there again.
pub(super) async fn take_back(tx: &mut Tx, producer: Uuid) -> Result<()> {
    sqlx::query!("delete from visits.loss where producer = $1 and kind = 'PROCESS'", producer).execute(&mut **tx).await?;
    Ok(())
}

/// Declares views that were lost.
pub(super) async fn declare(tx: &mut Tx, at: OffsetDateTime, kind: &str, views: i64, exact: bool, producer: Option<Uuid>) -> Result<()> {
    let id = tx.id();
    sqlx::query!(
        "insert into visits.loss (id, at, kind, views, exact, producer) values ($1, $2, $3, $4, $5, $6)",
        id,
        at,
        kind,
        views,
        exact,
        producer
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Which of these months are closed.
pub(super) async fn closed_of(tx: &mut Tx, months: &[String]) -> Result<HashSet<String>> {
    let closed = sqlx::query_scalar!("select month from visits.month_close where month = any($1)", months).fetch_all(&mut **tx).await?;
    Ok(closed.into_iter().collect())
}

pub(super) async fn add_rejects(tx: &mut Tx, rejects: &BTreeMap<(Uuid, OffsetDateTime, &'static str), i64>) -> Result<()> {
    let tenants: Vec<Uuid> = rejects.keys().map(|(tenant, ..)| *tenant).collect();
    let hours: Vec<OffsetDateTime> = rejects.keys().map(|(_, hour, _)| *hour).collect();
    let reasons: Vec<String> = rejects.keys().map(|(.., reason)| (*reason).to_owned()).collect();
    let hits: Vec<i64> = rejects.values().copied().collect();
    sqlx::query!(
        "insert into visits.reject_count (tenant_id, hour, reason, hits)
         select n.tenant_id, n.hour, n.reason, n.hits
         from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[]) as n (tenant_id, hour, reason, hits)
         join tenancy.tenant t on t.id = n.tenant_id
         order by n.tenant_id, n.hour, n.reason
         on conflict on constraint reject_count_pkey do update set hits = reject_count.hits + excluded.hits",
        &tenants,
        &hours,
        &reasons,
        &hits
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn add_ledger(tx: &mut Tx, position: i64, rows: &BTreeMap<(Uuid, String), LedgerRow>) -> Result<()> {
    let tenants: Vec<Uuid> = rows.keys().map(|(tenant, _)| *tenant).collect();
    let months: Vec<String> = rows.keys().map(|(_, month)| month.clone()).collect();
    let lasts: Vec<OffsetDateTime> = rows.values().map(|row| moment(row.last_at)).collect();
    let limits: Vec<i32> = rows.values().map(|row| row.limit as i32).collect();
    let hits: Vec<i64> = rows.values().map(|row| row.hits).collect();
    let entries: Vec<Vec<u8>> = rows.values().map(|row| row.entries.clone()).collect();
    sqlx::query!(
        "insert into visits.ledger (tenant_id, month, position, last_at, network_limit, hits, entries)
         select n.tenant_id, n.month, $1, n.last_at, n.network_limit, n.hits, n.entries
         from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::integer[], $6::bigint[], $7::bytea[])
              as n (tenant_id, month, last_at, network_limit, hits, entries)
         join tenancy.tenant t on t.id = n.tenant_id",
        position,
        &tenants,
        &months,
        &lasts,
        &limits,
        &hits,
        &entries
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn moment(at: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The ledger of every town since a moment, in the order in which it was written.
pub(super) async fn ledger_since(tx: &mut Tx, since: OffsetDateTime) -> Result<Vec<(u32, Vec<u8>)>> {
    let rows = sqlx::query!("select network_limit, entries from visits.ledger where last_at >= $1 order by position", since)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.network_limit as u32, row.entries)).collect())
}

/// Whether any hit of that time was judged.
pub(super) async fn judged_since(tx: &mut Tx, since: OffsetDateTime) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from visits.ledger where last_at >= $1) as "judged!""#, since)
        .fetch_one(&mut **tx)
        .await?)
}

/// The towns that have a ledger of a month.
pub(super) async fn ledger_towns(tx: &mut Tx, month: Month) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!("select distinct tenant_id from visits.ledger where month = $1 order by tenant_id", month.to_string())
        .fetch_all(&mut **tx)
        .await?)
}

/// A town's ledger of a month.
pub(super) async fn ledger_of(tx: &mut Tx, town: Uuid, month: Month) -> Result<Vec<(u32, Vec<u8>)>> {
    let rows = sqlx::query!(
        "select network_limit, entries from visits.ledger where tenant_id = $1 and month = $2 order by position",
        town,
        month.to_string()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.network_limit as u32, row.entries)).collect())
}

/// A town's hours and rejects, as they are counted.
pub(super) type Counts = (HashMap<OffsetDateTime, Tally>, HashMap<(OffsetDateTime, String), i64>);

/// What was counted of a town in a month.
pub(super) async fn counts_of(tx: &mut Tx, town: Uuid, month: Month) -> Result<Counts> {
    let hours = sqlx::query!(
        "select hour, visits, views, robots, set_aside from visits.hour_count where tenant_id = $1 and hour >= $2 and hour < $3",
        town,
        month.begins(),
        month.ends()
    )
    .fetch_all(&mut **tx)
    .await?;
    let rejects = sqlx::query!(
        "select hour, reason, hits from visits.reject_count where tenant_id = $1 and hour >= $2 and hour < $3",
        town,
        month.begins(),
        month.ends()
    )
    .fetch_all(&mut **tx)
    .await?;
    let tally = |visits, views, robots, set_aside| Tally { visits, views, robots, set_aside };
    Ok((
        hours.into_iter().map(|row| (row.hour, tally(row.visits, row.views, row.robots, row.set_aside))).collect(),
        rejects.into_iter().map(|row| ((row.hour, row.reason), row.hits)).collect(),
    ))
}

/// Offers the salt of a day; true where there was none.
pub(super) async fn offer_salt(tx: &mut Tx, day: Date, salt: &[u8]) -> Result<bool> {
    let offered =
        sqlx::query!("insert into visits.salt (day, salt) values ($1, $2) on conflict on constraint salt_pkey do nothing", day, salt)
            .execute(&mut **tx)
            .await?;
    Ok(offered.rows_affected() == 1)
}

pub(super) async fn salt(tx: &mut Tx, day: Date) -> Result<[u8; 32]> {
    let salt = sqlx::query_scalar!("select salt from visits.salt where day = $1", day).fetch_one(&mut **tx).await?;
    salt.try_into().map_err(|_| kernel::Error::fault("a salt of another length"))
}

/// Destroys the salts of days before this one: the whole file of the table goes, with everything that was ever in it.
pub(super) async fn destroy_salts(tx: &mut Tx, before: Date) -> Result<()> {
    let old =
        sqlx::query_scalar!(r#"select exists (select from visits.salt where day < $1) as "old!""#, before).fetch_one(&mut **tx).await?;
    if !old {
        return Ok(());
    }
    sqlx::query!("lock table visits.salt in access exclusive mode").execute(&mut **tx).await?;
    let kept = sqlx::query!("select day, salt from visits.salt where day >= $1", before).fetch_all(&mut **tx).await?;
    sqlx::query!("truncate visits.salt").execute(&mut **tx).await?;
    for row in kept {
        offer_salt(tx, row.day, &row.salt).await?;
    }
    Ok(())
}

/// Forgets the ledger of closed months, and processes that ended long ago.
pub(super) async fn sweep(tx: &mut Tx, before: OffsetDateTime) -> Result<()> {
    sqlx::query!("delete from visits.ledger l using visits.month_close c where c.month = l.month").execute(&mut **tx).await?;
    sqlx::query!("delete from visits.producer where ended_at < $1", before).execute(&mut **tx).await?;
    Ok(())
}

/// What is known of each town's day, and the visits of the days before it on which it had any.
pub(super) async fn facts_of_day(tx: &mut Tx, day: Date, before: i32) -> Result<Vec<(Uuid, DayFacts, Vec<i64>)>> {
    let rows = sqlx::query!(
        r#"with days as (
               select tenant_id, (hour at time zone 'America/Bogota')::date as day, sum(visits)::bigint as visits, sum(robots)::bigint as robots,
                      sum(set_aside)::bigint as set_aside,
                      (sum(visits) filter (where extract(hour from hour at time zone 'America/Bogota') < 5))::bigint as night
               from visits.hour_count
               where hour >= ($1::date - $2::integer)::timestamp at time zone 'America/Bogota'
                 and hour < ($1::date + 1)::timestamp at time zone 'America/Bogota'
               group by 1, 2)
           select d.tenant_id as "tenant_id!", d.visits as "visits!", d.robots as "robots!", d.set_aside as "set_aside!",
                  coalesce(d.night, 0) as "night!",
                  coalesce((select sum(f.hits) from visits.figure_count f where f.tenant_id = d.tenant_id and f.day = $1
                            and f.kind = 'SHAPE' and f.name = 'SECOND'), 0)::bigint as "second!",
                  coalesce((select max(f.hits) from visits.figure_count f where f.tenant_id = d.tenant_id and f.day = $1
                            and f.kind = 'REFERRER' and f.name <> 'DIRECT'), 0)::bigint as "one_source!",
                  coalesce((select sum(r.hits) from visits.reject_count r where r.tenant_id = d.tenant_id and r.reason = 'EMBEDDED'
                            and (r.hour at time zone 'America/Bogota')::date = $1), 0)::bigint as "embedded!",
                  array(select b.visits from days b where b.tenant_id = d.tenant_id and b.day < $1) as "before!"
           from days d where d.day = $1"#,
        day,
        before
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let facts = DayFacts {
                visits: row.visits,
                second: row.second,
                set_aside: row.set_aside,
                night: row.night,
                programs: row.robots,
                embedded: row.embedded,
                one_source: row.one_source,
            };
            (row.tenant_id, facts, row.before)
        })
        .collect())
}

/// Keeps the notes of a day in the place of those that were there.
pub(super) async fn keep_notes(tx: &mut Tx, day: Date, notes: &[(Uuid, NoteRule, String)]) -> Result<()> {
    let towns: Vec<Uuid> = notes.iter().map(|(town, ..)| *town).collect();
    let rules: Vec<String> = notes.iter().map(|(_, rule, _)| rule.word().to_owned()).collect();
    let details: Vec<String> = notes.iter().map(|(.., detail)| detail.clone()).collect();
    sqlx::query!("delete from visits.note where day = $1", day).execute(&mut **tx).await?;
    sqlx::query!(
        "insert into visits.note (tenant_id, day, rule, detail)
         select n.tenant_id, $1, n.rule, n.detail from unnest($2::uuid[], $3::text[], $4::text[]) as n (tenant_id, rule, detail)",
        day,
        &towns,
        &rules,
        &details
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A note of a town's day.
pub(crate) struct NoteRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) day: Date,
    pub(crate) rule: String,
    pub(crate) detail: String,
}

/// The notes that this transaction may see between two days, the newest first: of one town, or of all of them.
pub(crate) async fn notes(tx: &mut Tx, town: Option<Uuid>, since: Date, until: Date) -> Result<Vec<NoteRow>> {
    let asked = sqlx::query_as!(
        NoteRow,
        "select tenant_id, day, rule, detail from visits.note
         where ($1::uuid is null or tenant_id = $1) and day between $2 and $3 order by day desc, tenant_id, rule limit 500",
        town,
        since,
        until
    );
    Ok(asked.fetch_all(&mut **tx).await?)
}

/// Views that were lost, or may have been.
pub(crate) struct LossRow {
    pub(crate) at: OffsetDateTime,
    pub(crate) kind: String,
    pub(crate) views: i64,
    pub(crate) exact: bool,
}

/// The losses between two moments, the newest first.
pub(crate) async fn losses(tx: &mut Tx, since: OffsetDateTime, until: OffsetDateTime) -> Result<Vec<LossRow>> {
    let asked = sqlx::query_as!(
        LossRow,
        "select at, kind, views, exact from visits.loss where at >= $1 and at < $2 order by at desc, id limit 500",
        since,
        until
    );
    Ok(asked.fetch_all(&mut **tx).await?)
}

/// The rejects of every town that this transaction may see between two moments, by reason.
pub(crate) async fn rejects_between(tx: &mut Tx, since: OffsetDateTime, until: OffsetDateTime) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select reason, sum(hits)::bigint as "hits!" from visits.reject_count where hour >= $1 and hour < $2
           group by reason order by 2 desc, reason"#,
        since,
        until
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.hits)).collect())
}
