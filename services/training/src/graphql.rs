//! Queries and mutations of training.

use std::collections::HashMap;
use std::time::Duration;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::directory::Audience as Host;
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Paging};
use kernel::{Error, Permission, Result, clock, file};
use uuid::Uuid;

use crate::model::{
    Audience, CertificateRow, CourseRow, DocumentKind, EnrolListInput, EnrolPersonInput, KeepCourseInput, KeepSessionInput, SessionRow,
    SessionTime,
};
use crate::store::Tally;
use crate::{code, rules, service, store};

/// A course for Alcaldía, Concejo or community.
pub struct Course(CourseRow, Option<Tally>);

/// A course for Alcaldía, Concejo or community.
#[Object]
impl Course {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Whom it is for.
    async fn audiences(&self) -> &[Audience] {
        &self.0.audiences
    }

    /// What it is about.
    async fn topics(&self) -> &[String] {
        &self.0.topics
    }

    /// Who gives it.
    async fn provider(&self) -> &str {
        &self.0.provider
    }

    /// How many hours it takes.
    async fn hours(&self) -> i32 {
        self.0.hours
    }

    /// The agreement that it comes from, by its name in addresses; null where there is none.
    async fn agreement(&self) -> Option<&str> {
        self.0.agreement.as_deref()
    }

    /// The part of the sessions that earns a certificate, in percent.
    async fn attendance_percent(&self) -> i32 {
        self.0.attendance_percent
    }

    /// Why it was annulled; null where it was not.
    async fn annul_reason(&self) -> Option<&str> {
        self.0.annul_reason.as_deref()
    }

    /// Its sessions in their order, the cancelled ones too.
    async fn sessions(&self, ctx: &Context<'_>) -> GqlResult<Vec<TrainingSession>> {
        let sessions = store::sessions(&mut *Cx::of(ctx)?.read().await?, Some(&self.0.slug)).await?;
        Ok(sessions.into_iter().map(|session| TrainingSession(session, self.0.clone())).collect())
    }

    /// How many sessions, people and certificates it has; null for whoever does not see the administration.
    async fn tally(&self, ctx: &Context<'_>) -> GqlResult<Option<CourseTally>> {
        let cx = Cx::of(ctx)?;
        if !cx.viewer.can(Permission::SeeAdministration) {
            return Ok(None);
        }
        let tally = match self.1 {
            Some(tally) => tally,
            None => store::tallies(&mut *cx.read().await?).await?.remove(&self.0.slug).unwrap_or_default(),
        };
        let Tally { sessions, people, certificates } = tally;
        Ok(Some(CourseTally { sessions: sessions as i32, people: people as i32, certificates: certificates as i32 }))
    }

    /// What still stands between the course and its certificates, in Spanish; null when they may be issued, and for whoever does not
    /// see the administration.
    async fn unfinished(&self, ctx: &Context<'_>) -> GqlResult<Option<&'static str>> {
        let cx = Cx::of(ctx)?;
        if !cx.viewer.can(Permission::SeeAdministration) {
            return Ok(None);
        }
        let book = store::book(&mut *cx.read().await?, &self.0.slug).await?;
        Ok(book.and_then(|book| rules::not_finished(&book, cx.platform.clock().now())))
    }

    /// The people in it, by name; null for whoever does not keep the plan, for these are personal data.
    async fn people(&self, ctx: &Context<'_>) -> GqlResult<Option<Vec<Participant>>> {
        let cx = Cx::of(ctx)?;
        if !cx.viewer.can(Permission::KeepPlan) {
            return Ok(None);
        }
        let Some(book) = store::book(&mut *cx.read().await?, &self.0.slug).await? else { return Ok(None) };
        let people = book.people.iter().map(|person| {
            let here = |session: &&SessionRow| rules::came(&book, session.id, person.id);
            let mut certificates = book.certificates.iter().filter(|certificate| certificate.enrolment == person.id);
            let standing = certificates.clone().find(|certificate| certificate.revoked_at.is_none());
            Participant {
                id: person.id.into(),
                name: person.name.clone(),
                audience: person.audience,
                belongs_to: person.belongs_to.clone(),
                document_kind: person.document_kind,
                document_number: person.document_number.clone(),
                email: person.email.clone(),
                annul_reason: person.annul_reason.clone(),
                attended: rules::given(&book).filter(here).map(|session| session.id.into()).collect(),
                earned: rules::has_earned(&book, person.id),
                certificate: standing.or_else(|| certificates.next_back()).cloned().map(Certificate),
            }
        });
        Ok(Some(people.collect()))
    }
}

kernel::connection!(CourseConnection, Course);

/// How much there is in a course.
#[derive(SimpleObject)]
pub struct CourseTally {
    /// Sessions that were not cancelled.
    sessions: i32,
    /// People enrolled.
    people: i32,
    /// Certificates that stand.
    certificates: i32,
}

/// A session of a course.
pub struct TrainingSession(SessionRow, CourseRow);

/// A session of a course.
#[Object]
impl TrainingSession {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The course.
    async fn course(&self) -> Course {
        Course(self.1.clone(), None)
    }

    /// When it begins.
    async fn begins_at(&self) -> DateTime {
        DateTime(self.0.begins_at)
    }

    /// Its day in Bogotá.
    async fn day(&self) -> LocalDate {
        LocalDate(clock::local(self.0.begins_at).date())
    }

    /// When it begins in Bogotá, as `14:30`.
    async fn hour(&self) -> String {
        let local = clock::local(self.0.begins_at);
        format!("{:02}:{:02}", local.hour(), local.minute())
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime {
        DateTime(rules::ends_at(&self.0))
    }

    /// How long it takes, in minutes.
    async fn minutes(&self) -> i32 {
        self.0.minutes
    }

    /// Where it is.
    async fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// Where it is joined on line.
    async fn link(&self) -> Option<&str> {
        self.0.link.as_deref()
    }

    /// Whether it is known who came.
    async fn attendance_recorded(&self) -> bool {
        self.0.attendance_at.is_some()
    }

    /// Why it was cancelled; null where it was not.
    async fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }

    /// Material that everybody may fetch.
    async fn material(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        files(ctx, &self.0, true).await
    }

    /// Material for the administration alone; empty for everybody else.
    async fn internal_material(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let inside = Cx::of(ctx)?.viewer.can(Permission::SeeAdministration);
        if inside { files(ctx, &self.0, false).await } else { Ok(Vec::new()) }
    }
}

async fn files(ctx: &Context<'_>, session: &SessionRow, public: bool) -> GqlResult<Vec<File>> {
    if !session.has_material {
        return Ok(Vec::new());
    }
    let all = file::of(&mut *Cx::of(ctx)?.read().await?, &service::subject(session.id)).await?;
    Ok(all.into_iter().filter(|file| file.public == public).map(File::from).collect())
}

kernel::connection!(TrainingSessionConnection, TrainingSession);

/// A person in a course, for whoever keeps the training.
#[derive(SimpleObject)]
pub struct Participant {
    /// The enrolment's id.
    id: ID,
    /// The person's name.
    name: String,
    /// Where the person comes from.
    audience: Audience,
    /// The office, organ or community.
    belongs_to: Option<String>,
    /// What the document is.
    document_kind: Option<DocumentKind>,
    /// The document's number.
    document_number: Option<String>,
    /// E-mail.
    email: Option<String>,
    /// Why the enrolment was annulled; null where it was not.
    annul_reason: Option<String>,
    /// The sessions to which the person came, without the cancelled ones.
    attended: Vec<ID>,
    /// Whether the attendance earns a certificate.
    earned: bool,
    /// The certificate that stands, else the one revoked last; null where there is none.
    certificate: Option<Certificate>,
}

/// A certificate, for whoever has its code.
pub struct Certificate(CertificateRow);

/// A certificate, for whoever has its code.
#[Object]
impl Certificate {
    /// Its code.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// The person's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the course was called when it was issued.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Who gave the course.
    async fn provider(&self) -> &str {
        &self.0.provider
    }

    /// How many hours the course took.
    async fn hours(&self) -> i32 {
        self.0.hours
    }

    /// To how many sessions the person came.
    async fn attended(&self) -> i32 {
        self.0.attended
    }

    /// How many sessions there were.
    async fn sessions(&self) -> i32 {
        self.0.sessions
    }

    /// The day of the last session.
    async fn finished_on(&self) -> LocalDate {
        LocalDate(self.0.finished_on)
    }

    /// When it was issued.
    async fn issued_at(&self) -> DateTime {
        DateTime(self.0.issued_at)
    }

    /// When it was revoked; null while it stands.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }

    /// Why it was revoked.
    async fn revoke_reason(&self) -> Option<&str> {
        self.0.revoke_reason.as_deref()
    }
}

/// Queries of training.
#[derive(Default)]
pub struct TrainingQuery;

const HOUR: Duration = Duration::from_hours(1);

/// Queries of training.
#[Object]
impl TrainingQuery {
    /// Sessions of courses, coming or past; by words of the course, or of one course by its name in addresses. Those that come include
    /// the cancelled ones, so that nobody goes in vain.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn training_sessions(
        &self,
        ctx: &Context<'_>,
        when: SessionTime,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
        course: Option<String>,
    ) -> GqlResult<TrainingSessionConnection> {
        let cx = Cx::of(ctx)?;
        let paging = Paging::new(first, after.as_deref())?;
        let (now, words) = (cx.platform.clock().now(), rules::words(&search.unwrap_or_default())?);
        let mut tx = cx.read().await?;
        let courses: HashMap<String, CourseRow> = store::courses_by_slug(&mut tx).await?;
        let shown = |session: SessionRow| {
            let of = courses.get(&session.course).filter(|known| known.annulled_at.is_none() && rules::matches(known, &words))?;
            let wanted = course.as_ref().is_none_or(|slug| *slug == of.slug);
            let coming = rules::ends_at(&session) > now;
            let listed = match when {
                SessionTime::Coming => coming,
                SessionTime::Past => !coming && session.cancelled_at.is_none(),
            };
            (wanted && listed).then(|| TrainingSession(session, of.clone()))
        };
        let mut found: Vec<TrainingSession> = store::sessions(&mut tx, course.as_deref()).await?.into_iter().filter_map(shown).collect();
        if when == SessionTime::Past {
            found.reverse();
        }
        let total = found.len() as i64;
        let page = found.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(TrainingSessionConnection::new(paging, page.collect(), total))
    }

    /// Every course by words, the annulled ones too; what was registered last comes first.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn courses(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
    ) -> GqlResult<CourseConnection> {
        let (cx, paging) = (Cx::of(ctx)?, Paging::new(first, after.as_deref())?);
        let words = rules::words(&search.unwrap_or_default())?;
        let mut tx = cx.read().await?;
        let mut found = store::courses(&mut tx, None).await?;
        found.retain(|course| rules::matches(course, &words));
        let total = found.len() as i64;
        // Counting reads who is in the courses: only a municipality's own roles may.
        let tallies = if found.is_empty() { HashMap::new() } else { store::tallies(&mut tx).await? };
        let page = found.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        let page = page.map(|course| {
            let tally = tallies.get(&course.slug).copied();
            Course(course, tally)
        });
        Ok(CourseConnection::new(paging, page.collect(), total))
    }

    /// A course by its name in addresses; null where there is none, or where it was annulled and the viewer does not see the administration.
    async fn course(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<Course>> {
        let cx = Cx::of(ctx)?;
        let inside = cx.viewer.can(Permission::SeeAdministration);
        let known = store::courses(&mut *cx.read().await?, Some(&slug)).await?.pop();
        Ok(known.filter(|course| inside || course.annulled_at.is_none()).map(|course| Course(course, None)))
    }

    /// The certificate of a code, for whoever has it; a revoked one says so. Null where no certificate has that code.
    async fn certificate(&self, ctx: &Context<'_>, code: String) -> GqlResult<Option<Certificate>> {
        let cx = Cx::of(ctx)?;
        let Some(code) = code::parse(&code).filter(|_| cx.tenant.kind.audience() == Host::Municipality) else { return Ok(None) };
        let known = store::certificate(&mut *cx.read().await?, &code).await?;
        if known.is_none() {
            // Whoever tries codes is soon stopped; whoever has one is not counted.
            cx.throttle("certificate", &cx.client.to_string(), 60, HOUR).await?;
        }
        Ok(known.map(Certificate))
    }
}

/// A course that was recorded by mistake.
#[derive(InputObject)]
pub struct AnnulCourseInput {
    /// The course, by its name in addresses.
    slug: String,
    /// Why.
    reason: String,
}

/// A session that is not held.
#[derive(InputObject)]
pub struct CancelSessionInput {
    /// The session.
    session_id: ID,
    /// Why.
    reason: String,
}

/// An enrolment that was made by mistake.
#[derive(InputObject)]
pub struct AnnulEnrolmentInput {
    /// The enrolment.
    id: ID,
    /// Why.
    reason: String,
}

/// Who came to a session.
#[derive(InputObject)]
pub struct RecordAttendanceInput {
    /// The session.
    session_id: ID,
    /// The enrolments of those who came; whoever is not named did not come.
    attended: Option<Vec<ID>>,
}

/// A course whose certificates are issued.
#[derive(InputObject)]
pub struct IssueCertificatesInput {
    /// The course, by its name in addresses.
    slug: String,
}

/// A certificate that no longer holds.
#[derive(InputObject)]
pub struct RevokeCertificateInput {
    /// Its code.
    code: String,
    /// Why; whoever opens the certificate reads it.
    reason: String,
}

/// Material for a session.
#[derive(InputObject)]
pub struct AttachTrainingMaterialInput {
    /// The session.
    session_id: ID,
    /// The uploads.
    files: Option<Vec<ID>>,
    /// Whether everybody may fetch them.
    #[graphql(default)]
    public: bool,
}

/// Material to take off a session.
#[derive(InputObject)]
pub struct DetachTrainingMaterialInput {
    /// The session.
    session_id: ID,
    /// The file.
    id: ID,
    /// Why.
    reason: String,
}

kernel::payload!(KeepCoursePayload { course: Course });
kernel::payload!(AnnulCoursePayload { course: Course });
kernel::payload!(KeepSessionPayload { course: Course });
kernel::payload!(CancelSessionPayload { course: Course });
kernel::payload!(EnrolPersonPayload { course: Course });
kernel::payload!(EnrolListPayload { course: Course });
kernel::payload!(AnnulEnrolmentPayload { course: Course });
kernel::payload!(RecordAttendancePayload { course: Course });
kernel::payload!(IssueCertificatesPayload { course: Course });
kernel::payload!(RevokeCertificatePayload { course: Course });
kernel::payload!(AttachTrainingMaterialPayload { course: Course });
kernel::payload!(DetachTrainingMaterialPayload { course: Course });

/// An id as it was sent; what is no id names nothing.
fn id(sent: &ID) -> Result<Uuid> {
    Uuid::try_parse(sent).map_err(|_| Error::NotFound)
}

/// Ids as they were sent; what is no id is the id of nothing.
fn ids(sent: Option<Vec<ID>>) -> Vec<Uuid> {
    sent.unwrap_or_default().iter().map(|id| Uuid::try_parse(id).unwrap_or_default()).collect()
}

fn shown(course: CourseRow) -> Course {
    Course(course, None)
}

/// Mutations of training.
#[derive(Default)]
pub struct TrainingMutation;

/// Mutations of training.
#[Object]
impl TrainingMutation {
    /// Registers a course, or changes the one named.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_course(&self, ctx: &Context<'_>, input: KeepCourseInput) -> GqlResult<KeepCoursePayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep_course(&mut tx, &input).await;
        KeepCoursePayload::of(tx.settle(done).await.map(shown))
    }

    /// Annuls a course that was recorded by mistake; it stays in the register with the reason, and counts nowhere.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn annul_course(&self, ctx: &Context<'_>, input: AnnulCourseInput) -> GqlResult<AnnulCoursePayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::annul_course(&mut tx, &input.slug, &input.reason).await;
        AnnulCoursePayload::of(tx.settle(done).await.map(shown))
    }

    /// Adds a session to a course, or changes one.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_session(&self, ctx: &Context<'_>, input: KeepSessionInput) -> GqlResult<KeepSessionPayload> {
        let known = input.id.as_ref().filter(|id| !id.is_empty()).map(id).transpose()?;
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep_session(&mut tx, &input, known).await;
        KeepSessionPayload::of(tx.settle(done).await.map(shown))
    }

    /// Cancels a session that is not held.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn cancel_session(&self, ctx: &Context<'_>, input: CancelSessionInput) -> GqlResult<CancelSessionPayload> {
        let session = id(&input.session_id)?;
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::cancel_session(&mut tx, session, &input.reason).await;
        CancelSessionPayload::of(tx.settle(done).await.map(shown))
    }

    /// Enrols a person in a course.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn enrol_person(&self, ctx: &Context<'_>, input: EnrolPersonInput) -> GqlResult<EnrolPersonPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::enrol_person(&mut tx, &input).await;
        EnrolPersonPayload::of(tx.settle(done).await.map(shown))
    }

    /// Enrols the people of a pasted list, and notes that they came where it is the attendance of a session. Sent again, it changes nothing.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn enrol_list(&self, ctx: &Context<'_>, input: EnrolListInput) -> GqlResult<EnrolListPayload> {
        let session = input.session_id.as_ref().filter(|id| !id.is_empty()).map(id).transpose()?;
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::enrol_list(&mut tx, &input, session).await;
        EnrolListPayload::of(tx.settle(done).await.map(shown))
    }

    /// Annuls an enrolment that was made by mistake.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn annul_enrolment(&self, ctx: &Context<'_>, input: AnnulEnrolmentInput) -> GqlResult<AnnulEnrolmentPayload> {
        let enrolment = id(&input.id)?;
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::annul_enrolment(&mut tx, enrolment, &input.reason).await;
        AnnulEnrolmentPayload::of(tx.settle(done).await.map(shown))
    }

    /// Says who came to a session; told again, it is corrected.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn record_attendance(&self, ctx: &Context<'_>, input: RecordAttendanceInput) -> GqlResult<RecordAttendancePayload> {
        let (session, came) = (id(&input.session_id)?, ids(input.attended));
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::record_attendance(&mut tx, session, &came).await;
        RecordAttendancePayload::of(tx.settle(done).await.map(shown))
    }

    /// Issues a certificate to everybody who has earned one and holds none.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn issue_certificates(&self, ctx: &Context<'_>, input: IssueCertificatesInput) -> GqlResult<IssueCertificatesPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::issue(&mut tx, &input.slug).await;
        IssueCertificatesPayload::of(tx.settle(done).await.map(shown))
    }

    /// Revokes a certificate; its address says so from then on, and why.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn revoke_certificate(&self, ctx: &Context<'_>, input: RevokeCertificateInput) -> GqlResult<RevokeCertificatePayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::revoke(&mut tx, &input.code, &input.reason).await;
        RevokeCertificatePayload::of(tx.settle(done).await.map(shown))
    }

    /// Attaches material to a session.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn attach_training_material(
        &self,
        ctx: &Context<'_>,
        input: AttachTrainingMaterialInput,
    ) -> GqlResult<AttachTrainingMaterialPayload> {
        let (session, files) = (id(&input.session_id)?, ids(input.files));
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::attach(&mut tx, session, &files, input.public).await;
        AttachTrainingMaterialPayload::of(tx.settle(done).await.map(shown))
    }

    /// Takes material off a session, with its bytes; who, when and why stay in the audit.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn detach_training_material(
        &self,
        ctx: &Context<'_>,
        input: DetachTrainingMaterialInput,
    ) -> GqlResult<DetachTrainingMaterialPayload> {
        let (session, file) = (id(&input.session_id)?, id(&input.id)?);
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::detach(&mut tx, session, file, &input.reason).await;
        DetachTrainingMaterialPayload::of(tx.settle(done).await.map(shown))
    }
}
