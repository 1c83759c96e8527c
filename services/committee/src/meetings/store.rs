//! SQL of meetings.

use kernel::{Result, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{AttendanceRow, AttendanceState, DecisionRow, MeetingKind, MeetingRow, MeetingState, NoteRow};

/// Selects whole meetings; every query of them has the same columns.
macro_rules! meetings {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            MeetingRow,
            r#"select id, year, number, kind as "kind: MeetingKind", at, place, agenda, public, state as "state: MeetingState", minutes, guests,
                      cancelled_for, minutes_at, approved_at, approved_by, idempotency_key, created_at
               from committee.meeting where tenant_id = $1 "# + $rest,
            $($argument),+
        )
    };
}

/// The next consecutive of a year. Two at once take the same, and the constraint refuses one of them.
pub(crate) async fn next_number(tx: &mut Tx, year: i32) -> Result<i32> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select coalesce(max(number), 0) + 1 as "next!" from committee.meeting where tenant_id = $1 and year = $2"#,
        tenant,
        year
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn insert_meeting(tx: &mut Tx, meeting: &MeetingRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.meeting (tenant_id, id, year, number, kind, at, place, agenda, public, state, minutes, guests, cancelled_for,
                                        minutes_at, approved_at, approved_by, idempotency_key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        tenant,
        meeting.id,
        meeting.year,
        meeting.number,
        meeting.kind as MeetingKind,
        meeting.at,
        meeting.place,
        meeting.agenda,
        meeting.public,
        meeting.state as MeetingState,
        meeting.minutes,
        meeting.guests,
        meeting.cancelled_for,
        meeting.minutes_at,
        meeting.approved_at,
        meeting.approved_by,
        meeting.idempotency_key,
        meeting.created_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_meeting(tx: &mut Tx, meeting: &MeetingRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update committee.meeting
         set kind = $3, at = $4, place = $5, agenda = $6, public = $7, state = $8, minutes = $9, guests = $10, cancelled_for = $11,
             minutes_at = $12, approved_at = $13, approved_by = $14
         where tenant_id = $1 and id = $2",
        tenant,
        meeting.id,
        meeting.kind as MeetingKind,
        meeting.at,
        meeting.place,
        meeting.agenda,
        meeting.public,
        meeting.state as MeetingState,
        meeting.minutes,
        meeting.guests,
        meeting.cancelled_for,
        meeting.minutes_at,
        meeting.approved_at,
        meeting.approved_by
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn meeting(tx: &mut Tx, year: i32, number: i32) -> Result<Option<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("and year = $2 and number = $3", tenant, year, number).fetch_optional(&mut **tx).await?)
}

/// A meeting that no other transaction changes until this one ends.
pub(crate) async fn locked_meeting(tx: &mut Tx, year: i32, number: i32) -> Result<Option<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("and year = $2 and number = $3 for update", tenant, year, number).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn meeting_of_id(tx: &mut Tx, id: Uuid) -> Result<Option<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("and id = $2", tenant, id).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn meeting_of_key(tx: &mut Tx, key: &str) -> Result<Option<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("and idempotency_key = $2", tenant, key).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn all_meetings(tx: &mut Tx) -> Result<Vec<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("order by year, number", tenant).fetch_all(&mut **tx).await?)
}

/// Meetings between two moments, the earliest first.
pub(crate) async fn meetings_between(tx: &mut Tx, from: OffsetDateTime, until: OffsetDateTime) -> Result<Vec<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("and at >= $2 and at < $3 order by at, id", tenant, from, until).fetch_all(&mut **tx).await?)
}

/// Meetings whose agenda, place or minutes holds the words, the latest first; of all, or of the public ones alone.
pub(crate) async fn meetings(tx: &mut Tx, public: bool, words: &str, limit: i64, offset: i64) -> Result<(Vec<MeetingRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = meetings!(
        "and (public or not $2)
         and strpos(lower(concat_ws(' ', agenda, place, case when state = 'APPROVED' or not $2 then minutes end)), lower($3)) > 0
         order by at desc, id limit $4 offset $5",
        tenant,
        public,
        words,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from committee.meeting
           where tenant_id = $1 and (public or not $2)
                 and strpos(lower(concat_ws(' ', agenda, place, case when state = 'APPROVED' or not $2 then minutes end)), lower($3)) > 0"#,
        tenant,
        public,
        words
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

/// Meetings that were held between two moments and whose minutes were there at the second, the latest first.
pub(crate) async fn held(tx: &mut Tx, from: OffsetDateTime, at: OffsetDateTime) -> Result<Vec<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("and at >= $2 and at <= $3 and minutes_at <= $3 order by at desc, id", tenant, from, at).fetch_all(&mut **tx).await?)
}

/// Meetings of the past whose minutes are not approved yet, the earliest first.
pub(crate) async fn unwritten(tx: &mut Tx, until: OffsetDateTime) -> Result<Vec<MeetingRow>> {
    let tenant = tx.tenant()?;
    Ok(meetings!("and state in ('CONVENED', 'DRAFT') and at < $2 order by at, id", tenant, until).fetch_all(&mut **tx).await?)
}

/// Writes who came to a meeting in the place of what was written.
pub(crate) async fn replace_attendance(tx: &mut Tx, meeting: Uuid, rows: &[AttendanceRow]) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from committee.attendance where tenant_id = $1 and meeting_id = $2", tenant, meeting).execute(&mut **tx).await?;
    for row in rows {
        insert_attendance(tx, row).await?;
    }
    Ok(())
}

pub(crate) async fn insert_attendance(tx: &mut Tx, row: &AttendanceRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.attendance (tenant_id, meeting_id, member_id, name, post, state) values ($1, $2, $3, $4, $5, $6)",
        tenant,
        row.meeting_id,
        row.member_id,
        row.name,
        row.post,
        row.state as AttendanceState
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Who came to a meeting, or to every meeting.
pub(crate) async fn attendance(tx: &mut Tx, meeting: Option<Uuid>) -> Result<Vec<AttendanceRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        AttendanceRow,
        r#"select meeting_id, member_id, name, post, state as "state: AttendanceState" from committee.attendance
           where tenant_id = $1 and ($2::uuid is null or meeting_id = $2) order by meeting_id, name, member_id"#,
        tenant,
        meeting
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn insert_decision(tx: &mut Tx, row: &DecisionRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.decision (tenant_id, id, meeting_id, place, text, task_id) values ($1, $2, $3, $4, $5, $6)",
        tenant,
        row.id,
        row.meeting_id,
        row.place,
        row.text,
        row.task_id
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a meeting decided, or every meeting, in order.
pub(crate) async fn decisions(tx: &mut Tx, meeting: Option<Uuid>) -> Result<Vec<DecisionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        DecisionRow,
        "select id, meeting_id, place, text, task_id from committee.decision
         where tenant_id = $1 and ($2::uuid is null or meeting_id = $2) order by meeting_id, place, id",
        tenant,
        meeting
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A decision that no other transaction changes until this one ends.
pub(crate) async fn locked_decision(tx: &mut Tx, id: Uuid) -> Result<Option<DecisionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        DecisionRow,
        "select id, meeting_id, place, text, task_id from committee.decision where tenant_id = $1 and id = $2 for update",
        tenant,
        id
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub(crate) async fn set_task(tx: &mut Tx, decision: Uuid, task: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("update committee.decision set task_id = $3 where tenant_id = $1 and id = $2", tenant, decision, task)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn delete_decision(tx: &mut Tx, id: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from committee.decision where tenant_id = $1 and id = $2", tenant, id).execute(&mut **tx).await?;
    Ok(())
}

pub(crate) async fn insert_note(tx: &mut Tx, row: &NoteRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.minutes_note (tenant_id, id, meeting_id, at, actor_name, text) values ($1, $2, $3, $4, $5, $6)",
        tenant,
        row.id,
        row.meeting_id,
        row.at,
        row.actor_name,
        row.text
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What was noted beside the minutes of a meeting, or of every meeting, oldest first.
pub(crate) async fn notes(tx: &mut Tx, meeting: Option<Uuid>) -> Result<Vec<NoteRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        NoteRow,
        "select id, meeting_id, at, actor_name, text from committee.minutes_note
         where tenant_id = $1 and ($2::uuid is null or meeting_id = $2) order by at, id",
        tenant,
        meeting
    )
    .fetch_all(&mut **tx)
    .await?)
}
