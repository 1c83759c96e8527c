//! The training's part of a tenant pack, `training.yaml`: courses with their sessions, people, attendance and certificates.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Result, Tx, clock, text};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, Time, UtcOffset};

use crate::model::{AttendanceRow, Audience, Book, CertificateRow, CourseRow, EnrolmentRow, SessionRow};
use crate::{rules, service, store};

pub(crate) struct TrainingPart;

const FILE: &str = "training.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseFile {
    course: CourseRow,
    sessions: Vec<SessionRow>,
    people: Vec<EnrolmentRow>,
    attendance: Vec<AttendanceRow>,
    certificates: Vec<CertificateRow>,
}

#[async_trait]
impl PackPart for TrainingPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        for file in pack.yaml::<Vec<CourseFile>>(FILE)?.unwrap_or_default() {
            let CourseFile { course, sessions, people, attendance, certificates } = file;
            place(tx, Book { course, sessions, people, attendance, certificates }).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let mut files = Vec::new();
        for course in store::courses(tx, None).await? {
            if let Some(Book { course, sessions, people, attendance, certificates }) = store::book(tx, &course.slug).await? {
                files.push(CourseFile { course, sessions, people, attendance, certificates });
            }
        }
        // A town that never gave a course has no file.
        if files.is_empty() { Ok(()) } else { pack.put_yaml(FILE, &files) }
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

/// Stores a course with everything in it, and makes it findable.
async fn place(tx: &mut Tx, mut book: Book) -> Result<()> {
    let slug = book.course.slug.clone();
    store::insert_course(tx, &book.course).await?;
    for session in &mut book.sessions {
        session.course.clone_from(&slug);
        store::upsert_session(tx, session).await?;
    }
    for person in &mut book.people {
        person.course.clone_from(&slug);
        store::insert_person(tx, person).await?;
    }
    for session in &book.sessions {
        let came: Vec<_> = book.attendance.iter().filter(|row| row.session == session.id).map(|row| row.enrolment).collect();
        store::note_attendance(tx, session.id, &came).await?;
    }
    for certificate in &mut book.certificates {
        certificate.course.clone_from(&slug);
        store::insert_certificate(tx, certificate).await?;
    }
    if book.course.annulled_at.is_none() { service::index(tx, &book.course).await } else { Ok(()) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCourse {
    title: String,
    audiences: Vec<Audience>,
    topics: Vec<String>,
    provider: String,
    hours: i32,
    agreement: Option<String>,
    sessions: Vec<DemoSession>,
    #[serde(default)]
    people: Vec<DemoPerson>,
    #[serde(default)]
    certificates: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoSession {
    /// Negative for one that is yet to come.
    days_ago: i64,
    at: String,
    minutes: i32,
    place: Option<String>,
    link: Option<String>,
    /// Whether nobody has said yet who came.
    #[serde(default)]
    open: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoPerson {
    name: String,
    audience: Audience,
    belongs_to: Option<String>,
    /// A letter a session: `x` came, anything else did not.
    came: String,
}

/// That hour in Bogotá so many days before now, or after it.
fn moment(now: OffsetDateTime, days_ago: i64, at: &str) -> OffsetDateTime {
    let hour = at.split_once(':').and_then(|(hour, minute)| Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok());
    clock::local(now - Duration::days(days_ago)).replace_time(hour.unwrap_or(Time::MIDNIGHT)).to_offset(UtcOffset::UTC)
}

/// Loads the overlay's `training` section.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let courses: Vec<DemoCourse> = serde_json::from_value(section.clone())?;
        let now = tx.now();
        for demo in courses {
            let slug = text::slug(&demo.title);
            let oldest = demo.sessions.iter().map(|session| session.days_ago).max().unwrap_or_default().max(0);
            let recorded_at = text::days_ago(now, oldest + 20, Some("09:30"));
            let course = CourseRow {
                slug: slug.clone(),
                title: demo.title,
                audiences: demo.audiences,
                topics: demo.topics,
                provider: demo.provider,
                hours: demo.hours,
                agreement: demo.agreement,
                attendance_percent: 80,
                annulled_at: None,
                annul_reason: None,
                recorded_at,
                updated_at: recorded_at,
            };
            let mut sessions = Vec::new();
            for session in demo.sessions {
                let begins_at = moment(now, session.days_ago, &session.at);
                let ended = begins_at + Duration::minutes(session.minutes.into());
                sessions.push(SessionRow {
                    id: tx.id(),
                    course: slug.clone(),
                    begins_at,
                    minutes: session.minutes,
                    place: session.place,
                    link: session.link,
                    attendance_at: (ended <= now && !session.open).then_some(ended),
                    has_material: false,
                    cancelled_at: None,
                    cancel_reason: None,
                });
            }
            let (mut people, mut attendance) = (Vec::new(), Vec::new());
            for person in demo.people {
                let id = tx.id();
                let came =
                    sessions.iter().zip(person.came.chars()).filter(|(session, mark)| *mark == 'x' && session.attendance_at.is_some());
                attendance.extend(came.map(|(session, _)| AttendanceRow { session: session.id, enrolment: id }));
                people.push(EnrolmentRow {
                    id,
                    course: slug.clone(),
                    audience: person.audience,
                    name: person.name,
                    belongs_to: person.belongs_to,
                    document_kind: None,
                    document_number: None,
                    email: None,
                    enrolled_at: recorded_at,
                    annulled_at: None,
                    annul_reason: None,
                });
            }
            let mut book = Book { course, sessions, people, attendance, certificates: Vec::new() };
            if demo.certificates && rules::not_finished(&book, now).is_none() {
                let earned = book.people.iter().filter(|person| rules::has_earned(&book, person.id));
                let last = rules::given(&book).map(rules::ends_at).max().unwrap_or(now);
                book.certificates = earned.map(|person| service::certificate(tx, &book, person, last)).collect();
            }
            place(tx, book).await?;
        }
        Ok(())
    }
    .boxed()
}
