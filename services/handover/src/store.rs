//! SQL of the handover.

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::model::{
    AdministrationRow, DepartureRow, HandoverCause, HandoverEvent, HandoverItemState, HandoverRow, HandoverSide, HandoverState,
    IncomingRow, ItemRow, LogRow, SignatureRow,
};

/// Selects whole handovers; every query of them has the same columns.
macro_rules! handovers {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            HandoverRow,
            r#"select id, slug, term, cause as "cause: HandoverCause", note, leaves_on, state as "state: HandoverState", opened_at, opened_by,
                      touched_at, outgoing_id, incoming_id, frozen, frozen_hash, frozen_at, published_at, closed_at, cancelled_at
               from handover.handover where tenant_id = $1 "# + $rest,
            $($argument),+
        )
    };
}

pub(crate) async fn insert(tx: &mut Tx, row: &HandoverRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into handover.handover (tenant_id, id, slug, term, cause, note, leaves_on, state, opened_at, opened_by, touched_at, outgoing_id,
                                        incoming_id, frozen, frozen_hash, frozen_at, published_at, closed_at, cancelled_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        tenant,
        row.id,
        row.slug,
        row.term,
        row.cause as HandoverCause,
        row.note,
        row.leaves_on,
        row.state as HandoverState,
        row.opened_at,
        row.opened_by,
        row.touched_at,
        row.outgoing_id,
        row.incoming_id,
        row.frozen,
        row.frozen_hash,
        row.frozen_at,
        row.published_at,
        row.closed_at,
        row.cancelled_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes how far it has come, who signs, and its frozen document.
pub(crate) async fn update(tx: &mut Tx, row: &HandoverRow) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    sqlx::query!(
        "update handover.handover
         set state = $3, touched_at = $4, outgoing_id = $5, incoming_id = $6, frozen = $7, frozen_hash = $8, frozen_at = $9,
             published_at = $10, closed_at = $11, cancelled_at = $12
         where tenant_id = $1 and id = $2",
        tenant,
        row.id,
        row.state as HandoverState,
        now,
        row.outgoing_id,
        row.incoming_id,
        row.frozen,
        row.frozen_hash,
        row.frozen_at,
        row.published_at,
        row.closed_at,
        row.cancelled_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The handover that is under way; without one, the last that was closed.
pub(crate) async fn current(tx: &mut Tx) -> Result<Option<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("and state <> 'CANCELLED' order by state = 'CLOSED', opened_at desc limit 1", tenant).fetch_optional(&mut **tx).await?)
}

/// The handover that is under way, kept from changing until commit.
pub(crate) async fn lock_running(tx: &mut Tx) -> Result<Option<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("and state not in ('CLOSED', 'CANCELLED') for update", tenant).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn running(tx: &mut Tx) -> Result<Option<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("and state not in ('CLOSED', 'CANCELLED')", tenant).fetch_optional(&mut **tx).await?)
}

/// The last one that was closed, kept from changing until commit.
pub(crate) async fn lock_closed(tx: &mut Tx) -> Result<Option<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("and state = 'CLOSED' order by closed_at desc limit 1 for update", tenant).fetch_optional(&mut **tx).await?)
}

/// What the public may read, newest first.
pub(crate) async fn published(tx: &mut Tx) -> Result<Vec<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("and published_at is not null and state in ('PUBLISHED', 'CLOSED') order by published_at desc limit 50", tenant)
        .fetch_all(&mut **tx)
        .await?)
}

pub(crate) async fn published_of(tx: &mut Tx, slug: &str) -> Result<Option<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("and slug = $2 and published_at is not null and state in ('PUBLISHED', 'CLOSED')", tenant, slug)
        .fetch_optional(&mut **tx)
        .await?)
}

pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("order by opened_at, id", tenant).fetch_all(&mut **tx).await?)
}

/// Whether that term's end had its handover already, called off or not.
pub(crate) async fn had_its_own(tx: &mut Tx, term: &str) -> Result<bool> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from handover.handover where tenant_id = $1 and term = $2 and cause = 'TERM_ENDS') as "had!""#,
        tenant,
        term
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The handover that was under way, or the last, at that moment.
pub(crate) async fn at(tx: &mut Tx, at: OffsetDateTime) -> Result<Option<HandoverRow>> {
    let tenant = tx.tenant()?;
    Ok(handovers!("and opened_at <= $2 and (cancelled_at is null or cancelled_at > $2) order by opened_at desc limit 1", tenant, at)
        .fetch_optional(&mut **tx)
        .await?)
}

pub(crate) async fn put_item(tx: &mut Tx, handover: Uuid, item: &ItemRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into handover.item (tenant_id, handover_id, key, place, heading, title, ask, shows, owner_id, state, reason, note, updated_at,
                                    updated_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant,
        handover,
        item.key,
        item.place,
        item.heading,
        item.title,
        item.ask,
        &item.shows,
        item.owner_id,
        item.state as HandoverItemState,
        item.reason,
        item.note,
        item.updated_at,
        item.updated_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_item(tx: &mut Tx, handover: Uuid, item: &ItemRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update handover.item set owner_id = $4, state = $5, reason = $6, note = $7, updated_at = $8, updated_by = $9
         where tenant_id = $1 and handover_id = $2 and key = $3",
        tenant,
        handover,
        item.key,
        item.owner_id,
        item.state as HandoverItemState,
        item.reason,
        item.note,
        item.updated_at,
        item.updated_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn items(tx: &mut Tx, handover: Uuid) -> Result<Vec<ItemRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ItemRow,
        r#"select key, place, heading, title, ask, shows, owner_id, state as "state: HandoverItemState", reason, note, updated_at, updated_by
           from handover.item where tenant_id = $1 and handover_id = $2 order by place"#,
        tenant,
        handover
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Names somebody of the incoming team, or says anew what they will be.
pub(crate) async fn put_incoming(tx: &mut Tx, handover: Uuid, row: &IncomingRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into handover.incoming (tenant_id, handover_id, account_id, name, email, post, role, enrolled_at, signed_in_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint incoming_pkey do update set post = excluded.post, role = excluded.role",
        tenant,
        handover,
        row.account_id,
        row.name,
        row.email,
        row.post,
        row.role,
        row.enrolled_at,
        row.signed_in_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn remove_incoming(tx: &mut Tx, handover: Uuid, account: Uuid) -> Result<bool> {
    let tenant = tx.tenant()?;
    let removed = sqlx::query!(
        "delete from handover.incoming where tenant_id = $1 and handover_id = $2 and account_id = $3",
        tenant,
        handover,
        account
    )
    .execute(&mut **tx)
    .await?;
    Ok(removed.rows_affected() == 1)
}

pub(crate) async fn incoming(tx: &mut Tx, handover: Uuid) -> Result<Vec<IncomingRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        IncomingRow,
        "select account_id, name, email, post, role, enrolled_at, signed_in_at from handover.incoming
         where tenant_id = $1 and handover_id = $2 order by enrolled_at, email",
        tenant,
        handover
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Notes that an incoming person has signed in, in every handover that names them.
pub(crate) async fn note_signed_in(tx: &mut Tx, account: Uuid) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    sqlx::query!(
        "update handover.incoming set signed_in_at = $3 where tenant_id = $1 and account_id = $2 and signed_in_at is null",
        tenant,
        account,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn put_departure(tx: &mut Tx, handover: Uuid, row: &DepartureRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into handover.departure (tenant_id, handover_id, account_id, leaves, successor_id) values ($1, $2, $3, $4, $5)
         on conflict on constraint departure_pkey do update set leaves = excluded.leaves, successor_id = excluded.successor_id",
        tenant,
        handover,
        row.account_id,
        row.leaves,
        row.successor_id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn departures(tx: &mut Tx, handover: Uuid) -> Result<Vec<DepartureRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        DepartureRow,
        "select account_id, leaves, successor_id from handover.departure where tenant_id = $1 and handover_id = $2 order by account_id",
        tenant,
        handover
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn insert_signature(tx: &mut Tx, handover: Uuid, row: &SignatureRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into handover.signature (tenant_id, handover_id, side, account_id, name, post, document_number, signed_at, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        handover,
        row.side as HandoverSide,
        row.account_id,
        row.name,
        row.post,
        row.document_number,
        row.signed_at,
        row.hash
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn clear_signatures(tx: &mut Tx, handover: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from handover.signature where tenant_id = $1 and handover_id = $2", tenant, handover).execute(&mut **tx).await?;
    Ok(())
}

pub(crate) async fn signatures(tx: &mut Tx, handover: Uuid) -> Result<Vec<SignatureRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        SignatureRow,
        r#"select side as "side: HandoverSide", account_id, name, post, document_number, signed_at, hash
           from handover.signature where tenant_id = $1 and handover_id = $2 order by signed_at"#,
        tenant,
        handover
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn insert_log(tx: &mut Tx, handover: Uuid, row: &LogRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into handover.log (tenant_id, handover_id, id, at, kind, text, happened_on, actor_id, actor_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant,
        handover,
        row.id,
        row.at,
        row.kind as HandoverEvent,
        row.text,
        row.happened_on,
        row.actor_id,
        row.actor_name
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What happened, newest first.
pub(crate) async fn log(tx: &mut Tx, handover: Uuid) -> Result<Vec<LogRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        LogRow,
        r#"select id, at, kind as "kind: HandoverEvent", text, happened_on, actor_id, actor_name
           from handover.log where tenant_id = $1 and handover_id = $2 order by at desc, id desc"#,
        tenant,
        handover
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// How many handovers were open at that moment: none or one.
pub(crate) async fn open_count(tx: &mut Tx, at: OffsetDateTime) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from handover.handover
           where tenant_id = $1 and opened_at <= $2 and (closed_at is null or closed_at > $2) and (cancelled_at is null or cancelled_at > $2)"#,
        tenant,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Closed handovers whose physical verification nobody has recorded, with the day of the last signature.
pub(crate) async fn unverified(tx: &mut Tx) -> Result<Vec<(String, Date)>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select h.term, (max(s.signed_at) at time zone 'America/Bogota')::date as "signed_on!"
           from handover.handover h join handover.signature s on s.tenant_id = h.tenant_id and s.handover_id = h.id
           where h.tenant_id = $1 and h.state in ('SIGNED', 'PUBLISHED', 'CLOSED')
             and not exists (select from handover.log l where l.tenant_id = $1 and l.handover_id = h.id and l.kind = 'VERIFIED')
           group by h.id, h.term"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.term, row.signed_on)).collect())
}

pub(crate) async fn insert_administration(tx: &mut Tx, row: &AdministrationRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into handover.administration (tenant_id, started_at, label) values ($1, $2, $3)",
        tenant,
        row.started_at,
        row.label
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The administrations, newest first.
pub(crate) async fn administrations(tx: &mut Tx) -> Result<Vec<AdministrationRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        AdministrationRow,
        "select started_at, label from handover.administration where tenant_id = $1 order by started_at desc",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from handover.handover where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from handover.administration where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
