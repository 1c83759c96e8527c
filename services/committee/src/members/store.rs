//! SQL of the seats.

use kernel::{Result, Tx};

use super::model::{CommitteeOrgan, CommitteeRole, MemberRow};

/// Everybody who sits or sat in the committee: who presides first, then the secretary, then by name.
pub(crate) async fn members(tx: &mut Tx) -> Result<Vec<MemberRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        MemberRow,
        r#"select id, name, post, organ as "organ: CommitteeOrgan", role as "role: CommitteeRole", account_id, email, act, since, until
           from committee.member where tenant_id = $1
           order by array_position(array['PRESIDES', 'SECRETARY', 'MEMBER'], role), name, since, id"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn put_member(tx: &mut Tx, member: &MemberRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.member (tenant_id, id, name, post, organ, role, account_id, email, act, since, until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict on constraint member_pkey
         do update set name = excluded.name, post = excluded.post, organ = excluded.organ, role = excluded.role, account_id = excluded.account_id,
                       email = excluded.email, act = excluded.act, since = excluded.since, until = excluded.until",
        tenant,
        member.id,
        member.name,
        member.post,
        member.organ as CommitteeOrgan,
        member.role as CommitteeRole,
        member.account_id,
        member.email,
        member.act,
        member.since,
        member.until
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
