//! SQL of identity.

use kernel::capability::Member;
use kernel::{Result, Role, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{
    AccountRow, InvitationRow, Known, MembershipRow, ProofKind, ProofRow, ProofState, ResetRow, ResetState, SessionRow, TeamRow,
};

/// The account of that e-mail with a role in this tenant, and what its password is compared with.
pub(crate) async fn known(tx: &mut Tx, email: &str) -> Result<Option<Known>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let row = sqlx::query!(
        r#"select a.id, a.email, a.name, c.password_hash as "password_hash?",
                  array(select m.role from identity.membership m
                        where m.tenant_id = $1 and m.account_id = a.id and m.since <= $3 and (m.until is null or m.until > $3)
                        order by m.role) as "roles!"
           from identity.account a left join identity.credential c on c.account_id = a.id
           where a.email = $2"#,
        tenant,
        email,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.filter(|row| !row.roles.is_empty()).map(|row| Known {
        account: AccountRow { id: row.id, email: row.email, name: row.name },
        roles: row.roles,
        password_hash: row.password_hash,
    }))
}

/// The account of that e-mail with a role in this tenant, for a role of the database that may not see credentials.
pub(crate) async fn member(tx: &mut Tx, email: &str) -> Result<Option<(AccountRow, Vec<String>)>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let row = sqlx::query!(
        r#"select a.id, a.email, a.name, array_agg(m.role order by m.role) as "roles!"
           from identity.account a join identity.membership m on m.account_id = a.id
           where m.tenant_id = $1 and a.email = $2 and m.since <= $3 and (m.until is null or m.until > $3)
           group by a.id, a.email, a.name"#,
        tenant,
        email,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (AccountRow { id: row.id, email: row.email, name: row.name }, row.roles)))
}

/// Who coordinates this tenant.
pub(crate) async fn coordinators(tx: &mut Tx) -> Result<Vec<AccountRow>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    Ok(sqlx::query_as!(
        AccountRow,
        "select a.id, a.email, a.name from identity.account a join identity.membership m on m.account_id = a.id
         where m.tenant_id = $1 and m.role = 'coordinator' and m.since <= $2 and (m.until is null or m.until > $2) order by a.email",
        tenant,
        now
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn account(tx: &mut Tx, id: Uuid) -> Result<AccountRow> {
    Ok(sqlx::query_as!(AccountRow, "select id, email, name from identity.account where id = $1", id).fetch_one(&mut **tx).await?)
}

/// The living session of that token on that host; a password changed since ends it.
pub(crate) async fn session(tx: &mut Tx, host: &str, token_hash: &[u8]) -> Result<Option<SessionRow>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let row = sqlx::query!(
        r#"select a.id, a.email, a.name, s.last_seen, array_agg(m.role order by m.role) as "roles!"
           from identity.session s
           join identity.account a on a.id = s.account_id
           join identity.credential c on c.account_id = a.id
           join identity.membership m on m.tenant_id = s.tenant_id and m.account_id = a.id
           where s.tenant_id = $1 and s.token_hash = $2 and s.host = $3 and s.expires_at > $4 and s.created_at >= c.changed_at
             and m.since <= $4 and (m.until is null or m.until > $4)
           group by a.id, a.email, a.name, s.last_seen"#,
        tenant,
        token_hash,
        host,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| SessionRow {
        account: AccountRow { id: row.id, email: row.email, name: row.name },
        roles: row.roles,
        last_seen: row.last_seen,
    }))
}

/// Opens a session and sweeps the account's old ones.
pub(crate) async fn open_session(tx: &mut Tx, token_hash: &[u8], account: Uuid, host: &str, expires_at: OffsetDateTime) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    sqlx::query!("delete from identity.session where tenant_id = $1 and account_id = $2 and expires_at <= $3", tenant, account, now)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "insert into identity.session (tenant_id, token_hash, account_id, host, created_at, last_seen, expires_at)
         values ($1, $2, $3, $4, $5, $5, $6)",
        tenant,
        token_hash,
        account,
        host,
        now,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn extend_session(tx: &mut Tx, token_hash: &[u8], expires_at: OffsetDateTime) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    sqlx::query!(
        "update identity.session set last_seen = $3, expires_at = $4 where tenant_id = $1 and token_hash = $2",
        tenant,
        token_hash,
        now,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn close_session(tx: &mut Tx, token_hash: &[u8]) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from identity.session where tenant_id = $1 and token_hash = $2", tenant, token_hash).execute(&mut **tx).await?;
    Ok(())
}

pub(crate) async fn close_sessions(tx: &mut Tx, account: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from identity.session where tenant_id = $1 and account_id = $2", tenant, account).execute(&mut **tx).await?;
    Ok(())
}

/// Everybody who holds a role now.
pub(crate) async fn team(tx: &mut Tx) -> Result<Vec<TeamRow>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    Ok(sqlx::query_as!(
        TeamRow,
        r#"select a.id as account, a.email, coalesce(max(m.enrolled_as), a.name) as "name!", array_agg(m.role order by m.role) as "roles!",
                  min(m.since) as "since!",
                  -- Of somebody enrolled here who has not come yet, nothing is told of another tenant's password.
                  bool_or(c.password_hash is not null and (m.enrolled_as is null or m.first_seen is not null)) as "has_password!",
                  (select max(s.last_seen) from identity.session s where s.tenant_id = $1 and s.account_id = a.id) as "last_seen"
           from identity.account a
           join identity.membership m on m.account_id = a.id
           left join identity.credential c on c.account_id = a.id
           where m.tenant_id = $1 and m.since <= $2 and (m.until is null or m.until > $2)
           group by a.id, a.email, a.name order by 3, a.email"#,
        tenant,
        now
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Who has a role in force, with when they first signed in here, by name.
pub(crate) async fn members(tx: &mut Tx) -> Result<Vec<Member>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let rows = sqlx::query!(
        r#"select a.id, a.email, coalesce(max(m.enrolled_as), a.name) as "name!", array_agg(m.role order by m.role) as "roles!",
                  min(m.first_seen) as first_seen
           from identity.account a join identity.membership m on m.account_id = a.id
           where m.tenant_id = $1 and m.since <= $2 and (m.until is null or m.until > $2)
           group by a.id, a.email, a.name order by 3, a.email"#,
        tenant,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    let member = |account, name, email, roles: Vec<String>, first_seen| Member {
        account,
        name,
        email,
        roles: roles.iter().filter_map(|word| Role::from_word(word)).collect(),
        first_seen,
    };
    Ok(rows.into_iter().map(|row| member(row.id, row.name, row.email, row.roles, row.first_seen)).collect())
}

/// Of every tenant: where the account of an e-mail has a role in force. Only the worker sees beyond its tenant.
pub(crate) async fn homes(tx: &mut Tx, email: &str) -> Result<Vec<(Uuid, Uuid)>> {
    let (email, now) = (email.to_lowercase(), tx.now());
    let rows = sqlx::query!(
        "select distinct m.tenant_id, m.account_id
         from identity.account a join identity.membership m on m.account_id = a.id
         where a.email = $1 and m.since <= $2 and (m.until is null or m.until > $2)
         order by m.tenant_id",
        email,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.account_id)).collect())
}

/// Makes an account unless there is one of that e-mail; which of the two is not told.
pub(crate) async fn ensure_account(tx: &mut Tx, account: &AccountRow) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into identity.account (id, email, name, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        account.id,
        account.email,
        account.name,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives a role from now on; one that is held already stays as it is.
pub(crate) async fn give_role(tx: &mut Tx, account: Uuid, role: Role, enrolled_as: Option<&str>) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    sqlx::query!(
        "insert into identity.membership (tenant_id, account_id, role, since, enrolled_as) values ($1, $2, $3, $4, $5)
         on conflict on constraint membership_pkey do update
         set since = excluded.since, until = null, enrolled_as = coalesce(excluded.enrolled_as, membership.enrolled_as)
         where membership.until <= excluded.since",
        tenant,
        account,
        role.word(),
        now,
        enrolled_as
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends every role in force of an account, but one if it is named.
pub(crate) async fn end_roles(tx: &mut Tx, account: Uuid, but: Option<Role>) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    sqlx::query!(
        "update identity.membership set until = $3
         where tenant_id = $1 and account_id = $2 and role is distinct from $4 and since <= $3 and (until is null or until > $3)",
        tenant,
        account,
        now,
        but.map(Role::word)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps every other transaction from changing who coordinates, until this one ends.
pub(crate) async fn lock_coordinators(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "select account_id from identity.membership where tenant_id = $1 and role = 'coordinator' order by account_id for update",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that an account signed in here; `true` the first time under a role.
pub(crate) async fn note_seen(tx: &mut Tx, account: Uuid) -> Result<bool> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let noted = sqlx::query!(
        "update identity.membership set first_seen = $3
         where tenant_id = $1 and account_id = $2 and first_seen is null and (until is null or until > $3)",
        tenant,
        account,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(noted.rows_affected() > 0)
}

pub(crate) async fn insert_invitation(tx: &mut Tx, id: Uuid, account: Uuid, expires_at: OffsetDateTime, key: &str) -> Result<()> {
    let (tenant, now, by) = (tx.tenant()?, tx.now(), tx.actor());
    sqlx::query!(
        "insert into identity.invitation (tenant_id, id, account_id, invited_by, created_at, expires_at, idempotency_key)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        id,
        account,
        by,
        now,
        expires_at,
        key
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whom an invitation of that key is for.
pub(crate) async fn invited(tx: &mut Tx, key: &str) -> Result<Option<Uuid>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!("select account_id from identity.invitation where tenant_id = $1 and idempotency_key = $2", tenant, key)
        .fetch_optional(&mut **tx)
        .await?)
}

/// An invitation that waits, of somebody who still has a role here.
pub(crate) async fn invitation(tx: &mut Tx, id: Uuid) -> Result<Option<InvitationRow>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    Ok(sqlx::query_as!(
        InvitationRow,
        r#"select a.email, coalesce(max(m.enrolled_as), a.name) as "name!",
                  coalesce(bool_or(c.password_hash is not null), false) as "has_password!"
           from identity.invitation i
           join identity.account a on a.id = i.account_id
           join identity.membership m on m.tenant_id = i.tenant_id and m.account_id = a.id and (m.until is null or m.until > $3)
           left join identity.credential c on c.account_id = a.id
           where i.tenant_id = $1 and i.id = $2 and i.used_at is null
           group by a.email, a.name"#,
        tenant,
        id,
        now
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Keeps the hash of the link that is about to be mailed.
pub(crate) async fn put_invitation_link(tx: &mut Tx, id: Uuid, hash: &[u8], expires_at: OffsetDateTime) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update identity.invitation set link_hash = $3, expires_at = $4 where tenant_id = $1 and id = $2 and used_at is null",
        tenant,
        id,
        hash,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets the invitations that an account has not used.
pub(crate) async fn withdraw_invitations(tx: &mut Tx, account: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from identity.invitation where tenant_id = $1 and account_id = $2 and used_at is null", tenant, account)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn enrolled(tx: &mut Tx, at: OffsetDateTime) -> Result<i64> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select count(distinct account_id) as "count!" from identity.membership
           where tenant_id = $1 and since <= $2 and (until is null or until > $2)"#,
        tenant,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The account of that e-mail, made with this id and name if there is none.
pub(crate) async fn upsert_account(tx: &mut Tx, account: &AccountRow) -> Result<Uuid> {
    let now = tx.now();
    Ok(sqlx::query_scalar!(
        "insert into identity.account (id, email, name, created_at) values ($1, $2, $3, $4)
         on conflict on constraint account_email_unique do update set name = account.name returning id",
        account.id,
        account.email,
        account.name,
        now
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn upsert_membership(tx: &mut Tx, row: &MembershipRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into identity.membership (tenant_id, account_id, role, since, until, first_seen, enrolled_as)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint membership_pkey do nothing",
        tenant,
        row.account_id,
        row.role,
        row.since,
        row.until,
        row.first_seen,
        row.enrolled_as
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn memberships(tx: &mut Tx) -> Result<Vec<MembershipRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        MembershipRow,
        "select m.account_id, a.email, a.name, m.role, m.since, m.until, m.first_seen, m.enrolled_as
         from identity.membership m join identity.account a on a.id = m.account_id
         where m.tenant_id = $1 order by a.email, m.role",
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Sets the password; sessions from before it are over on every host.
pub(crate) async fn set_password(tx: &mut Tx, account: Uuid, hash: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into identity.credential (account_id, password_hash, changed_at) values ($1, $2, $3)
         on conflict on constraint credential_pkey do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at",
        account,
        hash,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets an earlier answer to `identity.ticket_asked`.
pub(crate) async fn forget_asked_tenant(tx: &mut Tx) -> Result<()> {
    sqlx::query_scalar!("select set_config('app.ticket_tenant', '', true)").fetch_one(&mut **tx).await?;
    Ok(())
}

/// The answer to `identity.ticket_asked`, left in the transaction by whoever keeps tickets.
pub(crate) async fn asked_tenant(tx: &mut Tx) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!("select nullif(current_setting('app.ticket_tenant', true), '')::uuid").fetch_one(&mut **tx).await?)
}

pub(crate) async fn insert_reset(tx: &mut Tx, reset: &ResetRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into identity.reset (tenant_id, id, ticket_number, account_id, state, needs_approval, started_by, started_by_name,
                                     created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant,
        reset.id,
        reset.ticket_number,
        reset.account_id,
        reset.state as ResetState,
        reset.needs_approval,
        reset.started_by,
        reset.started_by_name,
        reset.created_at,
        reset.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The tenant of a reset that the help centre works on.
pub(crate) async fn tenant_of_reset(tx: &mut Tx, id: Uuid) -> Result<Uuid> {
    Ok(sqlx::query_scalar!("select tenant_id from identity.reset where id = $1", id).fetch_one(&mut **tx).await?)
}

/// A reset of this tenant, locked until the transaction ends.
pub(crate) async fn lock_reset(tx: &mut Tx, id: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query_scalar!("select id from identity.reset where tenant_id = $1 and id = $2 for update", tenant, id)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn reset(tx: &mut Tx, id: Uuid) -> Result<ResetRow> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        ResetRow,
        r#"select r.id, r.ticket_number, r.account_id, a.name as account_name, a.email as account_email, r.state as "state: _",
                  r.needs_approval, r.approved_by, r.started_by, r.started_by_name, r.created_at, r.expires_at
           from identity.reset r join identity.account a on a.id = r.account_id where r.tenant_id = $1 and r.id = $2"#,
        tenant,
        id
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The resets of a ticket, newest first; row-level security lets the help centre see those of every municipality.
pub(crate) async fn resets_of_ticket(tx: &mut Tx, number: i64) -> Result<Vec<ResetRow>> {
    Ok(sqlx::query_as!(
        ResetRow,
        r#"select r.id, r.ticket_number, r.account_id, a.name as account_name, a.email as account_email, r.state as "state: _",
                  r.needs_approval, r.approved_by, r.started_by, r.started_by_name, r.created_at, r.expires_at
           from identity.reset r join identity.account a on a.id = r.account_id where r.ticket_number = $1 order by r.created_at desc, r.id desc"#,
        number
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// The living resets of this tenant that no coordinator has confirmed yet.
pub(crate) async fn unconfirmed(tx: &mut Tx) -> Result<Vec<ResetRow>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    Ok(sqlx::query_as!(
        ResetRow,
        r#"select r.id, r.ticket_number, r.account_id, a.name as account_name, a.email as account_email, r.state as "state: _",
                  r.needs_approval, r.approved_by, r.started_by, r.started_by_name, r.created_at, r.expires_at
           from identity.reset r join identity.account a on a.id = r.account_id
           where r.tenant_id = $1 and r.state = 'GATHERING' and r.expires_at > $2
             and not exists (select 1 from identity.reset_proof p where p.tenant_id = $1 and p.reset_id = r.id and p.kind = 'COORDINATOR')
           order by r.created_at"#,
        tenant,
        now
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn open_reset(tx: &mut Tx, number: i64, account: Uuid) -> Result<Option<Uuid>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    Ok(sqlx::query_scalar!(
        "select id from identity.reset where tenant_id = $1 and ticket_number = $2 and account_id = $3 and state <> 'USED' and expires_at > $4",
        tenant,
        number,
        account,
        now
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub(crate) async fn advance_reset(tx: &mut Tx, id: Uuid, state: ResetState) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("update identity.reset set state = $3 where tenant_id = $1 and id = $2", tenant, id, state as ResetState)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn approve_reset(tx: &mut Tx, id: Uuid, by: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("update identity.reset set approved_by = $3 where tenant_id = $1 and id = $2", tenant, id, by).execute(&mut **tx).await?;
    Ok(())
}

/// The proofs of a reset; by its id alone, since the help centre reads over municipalities.
pub(crate) async fn proofs(tx: &mut Tx, reset: Uuid) -> Result<Vec<ProofRow>> {
    Ok(sqlx::query_as!(
        ProofRow,
        r#"select p.kind as "kind: _", p.state as "state: _", p.recorded_by, p.recorded_by_name, p.evidence, p.at, p.code_hash,
                  p.code_expires_at, p.tries
           from identity.reset r join identity.reset_proof p on p.tenant_id = r.tenant_id and p.reset_id = r.id
           where r.id = $1 order by p.at, p.kind"#,
        reset
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn put_proof(tx: &mut Tx, reset: Uuid, proof: &ProofRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into identity.reset_proof (tenant_id, reset_id, kind, state, recorded_by, recorded_by_name, evidence, at, code_hash,
                                           code_expires_at, tries)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict on constraint reset_proof_pkey
         do update set state = excluded.state, recorded_by = excluded.recorded_by, recorded_by_name = excluded.recorded_by_name,
                       evidence = excluded.evidence, at = excluded.at, code_hash = excluded.code_hash,
                       code_expires_at = excluded.code_expires_at, tries = excluded.tries",
        tenant,
        reset,
        proof.kind as ProofKind,
        proof.state as ProofState,
        proof.recorded_by,
        proof.recorded_by_name,
        proof.evidence,
        proof.at,
        proof.code_hash,
        proof.code_expires_at,
        proof.tries
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps the hash of the code that is about to be mailed; `false` when the proof no longer waits for one.
pub(crate) async fn put_code(tx: &mut Tx, reset: Uuid, hash: &[u8], expires_at: OffsetDateTime) -> Result<bool> {
    let tenant = tx.tenant()?;
    let done = sqlx::query!(
        "update identity.reset_proof set code_hash = $3, code_expires_at = $4
         where tenant_id = $1 and reset_id = $2 and kind = 'MAILBOX_CODE' and state = 'SENT'",
        tenant,
        reset,
        hash,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the hash of the link that is about to be mailed; `false` when the reset is no longer ready for one.
pub(crate) async fn put_link(tx: &mut Tx, reset: Uuid, hash: &[u8], expires_at: OffsetDateTime) -> Result<bool> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let done = sqlx::query!(
        "update identity.reset set link_hash = $3, expires_at = $4 where tenant_id = $1 and id = $2 and state = 'READY' and expires_at > $5",
        tenant,
        reset,
        hash,
        expires_at,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whose password a living link may set; it is not used up.
pub(crate) async fn account_of_link(tx: &mut Tx, link_hash: &[u8]) -> Result<Option<AccountRow>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    Ok(sqlx::query_as!(
        AccountRow,
        r#"select a.id as "id!", a.email as "email!", a.name as "name!"
           from identity.reset r join identity.account a on a.id = r.account_id
           where r.tenant_id = $1 and r.link_hash = $2 and r.state = 'READY' and r.expires_at > $3
           union all
           select a.id, a.email, a.name
           from identity.invitation i join identity.account a on a.id = i.account_id
           where i.tenant_id = $1 and i.link_hash = $2 and i.used_at is null and i.expires_at > $3
             and not exists (select from identity.credential c where c.account_id = a.id and c.password_hash is not null)"#,
        tenant,
        link_hash,
        now
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Uses the link of an invitation up: it sets a first password, and never another.
pub(crate) async fn use_invitation(tx: &mut Tx, link_hash: &[u8]) -> Result<Option<(Uuid, Uuid)>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let used = sqlx::query!(
        "update identity.invitation i set used_at = $3
         where tenant_id = $1 and link_hash = $2 and used_at is null and expires_at > $3
           and not exists (select from identity.credential c where c.account_id = i.account_id and c.password_hash is not null)
         returning id, account_id",
        tenant,
        link_hash,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(used.map(|row| (row.id, row.account_id)))
}

/// Uses a living link up: two at once, and only one gets it.
pub(crate) async fn use_link(tx: &mut Tx, link_hash: &[u8]) -> Result<Option<(Uuid, Uuid)>> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let used = sqlx::query!(
        "update identity.reset set state = 'USED', used_at = $3
         where tenant_id = $1 and link_hash = $2 and state = 'READY' and expires_at > $3 returning id, account_id",
        tenant,
        link_hash,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(used.map(|row| (row.id, row.account_id)))
}

/// Memberships, invitations, sessions and resets; an account is not the tenant's to remove, and its password stays.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from identity.reset where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from identity.invitation where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from identity.session where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from identity.membership where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
