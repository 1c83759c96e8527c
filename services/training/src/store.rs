//! SQL of training.

use std::collections::HashMap;

use kernel::{Result, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{AttendanceRow, Audience, Book, CertificateRow, CourseRow, DocumentKind, EnrolmentRow, SessionRow};
use crate::people::Attendee;

/// Every course, or the one named; what was recorded last comes first.
pub(crate) async fn courses(tx: &mut Tx, slug: Option<&str>) -> Result<Vec<CourseRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        CourseRow,
        r#"select slug, title, audiences as "audiences: Vec<Audience>", topics, provider, hours, agreement, attendance_percent,
                  annulled_at, annul_reason, recorded_at, updated_at
           from training.course where tenant_id = $1 and ($2::text is null or slug = $2) order by recorded_at desc, slug"#,
        tenant,
        slug
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Every session in the order of its beginning, or those of one course.
pub(crate) async fn sessions(tx: &mut Tx, course: Option<&str>) -> Result<Vec<SessionRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        SessionRow,
        "select id, course, begins_at, minutes, place, link, attendance_at, has_material, cancelled_at, cancel_reason
         from training.session where tenant_id = $1 and ($2::text is null or course = $2) order by begins_at, id",
        tenant,
        course
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// A course with everything in it; none where there is no such course.
pub(crate) async fn book(tx: &mut Tx, slug: &str) -> Result<Option<Book>> {
    let Some(course) = courses(tx, Some(slug)).await?.pop() else { return Ok(None) };
    let (tenant, sessions) = (tx.tenant()?, sessions(tx, Some(slug)).await?);
    let people = sqlx::query_as!(
        EnrolmentRow,
        r#"select id, course, audience as "audience: Audience", name, belongs_to, document_kind as "document_kind: DocumentKind",
                  document_number, email, enrolled_at, annulled_at, annul_reason
           from training.enrolment where tenant_id = $1 and course = $2 order by name, id"#,
        tenant,
        slug
    )
    .fetch_all(&mut **tx)
    .await?;
    let attendance = sqlx::query_as!(
        AttendanceRow,
        "select a.session, a.enrolment from training.attendance a join training.session s on s.tenant_id = a.tenant_id and s.id = a.session
         where a.tenant_id = $1 and s.course = $2 order by s.begins_at, a.session, a.enrolment",
        tenant,
        slug
    )
    .fetch_all(&mut **tx)
    .await?;
    let certificates = sqlx::query_as!(
        CertificateRow,
        "select code, course, enrolment, name, title, provider, hours, attended, sessions, finished_on, issued_at, revoked_at, revoke_reason
         from training.certificate where tenant_id = $1 and course = $2 order by issued_at, name, code",
        tenant,
        slug
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(Some(Book { course, sessions, people, attendance, certificates }))
}

/// How much there is in a course.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) sessions: i64,
    pub(crate) people: i64,
    pub(crate) certificates: i64,
}

/// How much there is in every course, by its name in addresses.
pub(crate) async fn tallies(tx: &mut Tx) -> Result<HashMap<String, Tally>> {
    let tenant = tx.tenant()?;
    let rows = sqlx::query!(
        r#"select c.slug,
                  (select count(*) from training.session s
                   where s.tenant_id = c.tenant_id and s.course = c.slug and s.cancelled_at is null) as "sessions!",
                  (select count(*) from training.enrolment e
                   where e.tenant_id = c.tenant_id and e.course = c.slug and e.annulled_at is null) as "people!",
                  (select count(*) from training.certificate f
                   where f.tenant_id = c.tenant_id and f.course = c.slug and f.revoked_at is null) as "certificates!"
           from training.course c where c.tenant_id = $1"#,
        tenant
    )
    .fetch_all(&mut **tx)
    .await?;
    let tally = |sessions, people, certificates| Tally { sessions, people, certificates };
    Ok(rows.into_iter().map(|row| (row.slug, tally(row.sessions, row.people, row.certificates))).collect())
}

/// The certificate of a code.
pub(crate) async fn certificate(tx: &mut Tx, code: &str) -> Result<Option<CertificateRow>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        CertificateRow,
        "select code, course, enrolment, name, title, provider, hours, attended, sessions, finished_on, issued_at, revoked_at, revoke_reason
         from training.certificate where tenant_id = $1 and code = $2",
        tenant,
        code
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The course of a session, or of a person's enrolment.
pub(crate) async fn course_of(tx: &mut Tx, id: Uuid) -> Result<String> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select course as "course!" from training.session where tenant_id = $1 and id = $2
           union all select course from training.enrolment where tenant_id = $1 and id = $2"#,
        tenant,
        id
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Whether a course was recorded, or a session held, by that moment.
pub(crate) async fn in_use(tx: &mut Tx, at: OffsetDateTime) -> Result<bool> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from training.course where tenant_id = $1 and recorded_at <= $2)
               or exists (select from training.session where tenant_id = $1 and begins_at <= $2) as "used!""#,
        tenant,
        at
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// A session that was held.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) course: String,
    pub(crate) title: String,
    pub(crate) begins_at: OffsetDateTime,
    /// How many people of the audiences asked for came.
    pub(crate) people: i64,
}

/// The sessions with known attendance that were held from `since` to `at`, the last one first. What was annulled or cancelled later had
/// been held until then.
pub(crate) async fn held(tx: &mut Tx, since: OffsetDateTime, at: OffsetDateTime, audiences: &[Audience]) -> Result<Vec<Held>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        Held,
        r#"select s.course, c.title, s.begins_at,
                  (select count(*) from training.attendance a join training.enrolment e on e.tenant_id = a.tenant_id and e.id = a.enrolment
                   where a.tenant_id = s.tenant_id and a.session = s.id and e.audience = any ($4)
                     and (e.annulled_at is null or e.annulled_at > $3)) as "people!"
           from training.session s join training.course c on c.tenant_id = s.tenant_id and c.slug = s.course
           where s.tenant_id = $1 and s.begins_at >= $2 and s.begins_at <= $3 and s.attendance_at is not null
             and (s.cancelled_at is null or s.cancelled_at > $3) and (c.annulled_at is null or c.annulled_at > $3)
           order by s.begins_at desc, s.id"#,
        tenant,
        since,
        at,
        audiences as &[Audience]
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Who came to those sessions, of these audiences; a person as often as they were enrolled.
pub(crate) async fn attendees(tx: &mut Tx, since: OffsetDateTime, at: OffsetDateTime, audiences: &[Audience]) -> Result<Vec<Attendee>> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_as!(
        Attendee,
        r#"select distinct e.name, e.document_kind || ' ' || e.document_number as document from training.enrolment e
           join training.attendance a on a.tenant_id = e.tenant_id and a.enrolment = e.id
           join training.session s on s.tenant_id = a.tenant_id and s.id = a.session
           join training.course c on c.tenant_id = s.tenant_id and c.slug = s.course
           where e.tenant_id = $1 and s.begins_at >= $2 and s.begins_at <= $3 and e.audience = any ($4)
             and (s.cancelled_at is null or s.cancelled_at > $3) and (c.annulled_at is null or c.annulled_at > $3)
             and (e.annulled_at is null or e.annulled_at > $3)"#,
        tenant,
        since,
        at,
        audiences as &[Audience]
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Keeps a course and everything in it from changing until commit; it must exist.
pub(crate) async fn lock(tx: &mut Tx, slug: &str) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("select slug from training.course where tenant_id = $1 and slug = $2 for update", tenant, slug)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

pub(crate) async fn insert_course(tx: &mut Tx, course: &CourseRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into training.course (tenant_id, slug, title, audiences, topics, provider, hours, agreement, attendance_percent, annulled_at,
                                      annul_reason, recorded_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant,
        course.slug,
        course.title,
        &course.audiences as &[Audience],
        &course.topics,
        course.provider,
        course.hours,
        course.agreement,
        course.attendance_percent,
        course.annulled_at,
        course.annul_reason,
        course.recorded_at,
        course.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn update_course(tx: &mut Tx, course: &CourseRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update training.course set title = $3, audiences = $4, topics = $5, provider = $6, hours = $7, agreement = $8,
                attendance_percent = $9, annulled_at = $10, annul_reason = $11, updated_at = $12
         where tenant_id = $1 and slug = $2",
        tenant,
        course.slug,
        course.title,
        &course.audiences as &[Audience],
        &course.topics,
        course.provider,
        course.hours,
        course.agreement,
        course.attendance_percent,
        course.annulled_at,
        course.annul_reason,
        course.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores a session, or what has become of the one of that id; a session stays in its course.
pub(crate) async fn upsert_session(tx: &mut Tx, session: &SessionRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into training.session (tenant_id, id, course, begins_at, minutes, place, link, attendance_at, has_material, cancelled_at,
                                       cancel_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict on constraint session_pkey
         do update set begins_at = excluded.begins_at, minutes = excluded.minutes, place = excluded.place, link = excluded.link,
                       attendance_at = excluded.attendance_at, has_material = excluded.has_material,
                       cancelled_at = excluded.cancelled_at, cancel_reason = excluded.cancel_reason",
        tenant,
        session.id,
        session.course,
        session.begins_at,
        session.minutes,
        session.place,
        session.link,
        session.attendance_at,
        session.has_material,
        session.cancelled_at,
        session.cancel_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn insert_person(tx: &mut Tx, person: &EnrolmentRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into training.enrolment (tenant_id, id, course, audience, name, belongs_to, document_kind, document_number, email,
                                         enrolled_at, annulled_at, annul_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        person.id,
        person.course,
        person.audience as Audience,
        person.name,
        person.belongs_to,
        person.document_kind as Option<DocumentKind>,
        person.document_number,
        person.email,
        person.enrolled_at,
        person.annulled_at,
        person.annul_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn annul_person(tx: &mut Tx, id: Uuid, at: OffsetDateTime, reason: &str) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update training.enrolment set annulled_at = $3, annul_reason = $4 where tenant_id = $1 and id = $2",
        tenant,
        id,
        at,
        reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that these people came to a session; whoever is noted already stays so.
pub(crate) async fn note_attendance(tx: &mut Tx, session: Uuid, people: &[Uuid]) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into training.attendance (tenant_id, session, enrolment) select $1, $2, unnest($3::uuid[])
         on conflict on constraint attendance_pkey do nothing",
        tenant,
        session,
        people
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes back who came to a session, before it is told again.
pub(crate) async fn clear_attendance(tx: &mut Tx, session: Uuid) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from training.attendance where tenant_id = $1 and session = $2", tenant, session).execute(&mut **tx).await?;
    Ok(())
}

pub(crate) async fn insert_certificate(tx: &mut Tx, certificate: &CertificateRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into training.certificate (tenant_id, code, course, enrolment, name, title, provider, hours, attended, sessions, finished_on,
                                           issued_at, revoked_at, revoke_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant,
        certificate.code,
        certificate.course,
        certificate.enrolment,
        certificate.name,
        certificate.title,
        certificate.provider,
        certificate.hours,
        certificate.attended,
        certificate.sessions,
        certificate.finished_on,
        certificate.issued_at,
        certificate.revoked_at,
        certificate.revoke_reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn revoke_certificate(tx: &mut Tx, code: &str, at: OffsetDateTime, reason: &str) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "update training.certificate set revoked_at = $3, revoke_reason = $4 where tenant_id = $1 and code = $2",
        tenant,
        code,
        at,
        reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Every course by its name in addresses, for what needs it beside its sessions.
pub(crate) async fn courses_by_slug(tx: &mut Tx) -> Result<HashMap<String, CourseRow>> {
    Ok(courses(tx, None).await?.into_iter().map(|course| (course.slug.clone(), course)).collect())
}

/// Removes everything of training.
pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from training.certificate where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from training.attendance where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from training.enrolment where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from training.session where tenant_id = $1", tenant).execute(&mut **tx).await?;
    sqlx::query!("delete from training.course where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}
