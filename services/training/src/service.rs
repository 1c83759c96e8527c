//! One function a use case. Whatever changes a course or what is in it locks the course first.

use kernel::file::{self, Public};
use kernel::search::Entry;
use kernel::{Error, Result, Tx, clock, ids};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{
    AttendanceRow, Book, CertificateRow, CourseRow, EnrolListInput, EnrolPersonInput, EnrolmentRow, KeepCourseInput, KeepSessionInput,
    SessionRow,
};
use crate::{code, people, rules, store};

/// Where the material of a session hangs.
pub(crate) fn subject(session: Uuid) -> String {
    format!("training-session/{session}")
}

/// Registers a course, or changes the one named.
pub(crate) async fn keep_course(tx: &mut Tx, input: &KeepCourseInput) -> Result<CourseRow> {
    let typed = rules::course(input, tx.now())?;
    let Some(slug) = input.slug.as_deref().map(str::trim).filter(|slug| !slug.is_empty()) else {
        store::insert_course(tx, &typed).await?;
        index(tx, &typed).await?;
        tx.publish();
        tx.audit("training.course.registered", "course", &typed.slug, json!({ "title": typed.title })).await?;
        return Ok(typed);
    };
    let mut book = standing(tx, slug).await?;
    let before = book.course;
    book.course = CourseRow { slug: before.slug.clone(), recorded_at: before.recorded_at, ..typed };
    rules::certificates_hold(&book)?;
    store::update_course(tx, &book.course).await?;
    index(tx, &book.course).await?;
    done(tx, book.course, "training.course.changed", json!({ "was": before })).await
}

/// Annuls a course that was recorded by mistake: it stays in the register with the reason, and counts nowhere.
pub(crate) async fn annul_course(tx: &mut Tx, slug: &str, reason: &str) -> Result<CourseRow> {
    let reason = rules::reason(reason)?;
    let book = standing(tx, slug).await?;
    if book.certificates.iter().any(|certificate| certificate.revoked_at.is_none()) {
        return Err(Error::whole("CERTIFIED", "Este curso tiene certificados vigentes. Revóquelos primero, con el motivo."));
    }
    let now = tx.now();
    let course = CourseRow { annulled_at: Some(now), annul_reason: Some(reason.clone()), updated_at: now, ..book.course };
    store::update_course(tx, &course).await?;
    tx.unindex("course", slug).await?;
    done(tx, course, "training.course.annulled", json!({ "reason": reason })).await
}

/// Adds a session to a course, or changes one. The same new session again is the same session.
pub(crate) async fn keep_session(tx: &mut Tx, input: &KeepSessionInput, id: Option<Uuid>) -> Result<CourseRow> {
    let mut book = standing(tx, &input.slug).await?;
    let made = ids::named(tx.tenant()?, "training-session", &format!("{}/{}", input.slug, input.idempotency_key));
    let mut session = rules::session(input, id.unwrap_or(made))?;
    let place = book.sessions.iter().position(|known| known.id == session.id);
    match (id, place.map(|place| &book.sessions[place])) {
        (Some(_), None) => return Err(Error::NotFound),
        (_, Some(known)) => {
            session = SessionRow {
                attendance_at: known.attendance_at,
                has_material: known.has_material,
                cancelled_at: known.cancelled_at,
                cancel_reason: known.cancel_reason.clone(),
                ..session
            };
            if session == *known {
                return Ok(book.course);
            }
            if id.is_none() {
                let message = "Este formulario ya se envió con otros datos. Ábralo de nuevo para agregar otra sesión.";
                return Err(Error::field("idempotencyKey", "REUSED", message));
            }
            if session.cancelled_at.is_some() {
                return Err(Error::whole("CANCELLED", "Esta sesión se canceló; agregue otra."));
            }
            if session.attendance_at.is_some() && session.begins_at > tx.now() {
                return Err(Error::field("day", "FUTURE", "Esta sesión ya tiene asistencia: no puede pasar a una fecha futura"));
            }
        }
        (None, None) => {}
    }
    store::upsert_session(tx, &session).await?;
    let (action, detail) =
        (if place.is_some() { "changed" } else { "added" }, json!({ "session": session.id, "beginsAt": session.begins_at.to_string() }));
    match place {
        Some(place) => book.sessions[place] = session,
        None => book.sessions.push(session),
    }
    rules::certificates_hold(&book)?;
    done(tx, book.course, &format!("training.session.{action}"), detail).await
}

/// Cancels a session that was not held.
pub(crate) async fn cancel_session(tx: &mut Tx, id: Uuid, reason: &str) -> Result<CourseRow> {
    let reason = rules::reason(reason)?;
    let mut book = standing_of(tx, id).await?;
    let now = tx.now();
    let session = book.sessions.iter_mut().find(|session| session.id == id).ok_or(Error::NotFound)?;
    if session.cancelled_at.is_some() {
        return Err(Error::whole("CANCELLED", "Esta sesión ya se canceló."));
    }
    if session.attendance_at.is_some() {
        return Err(Error::whole("HELD", "Esta sesión tiene asistencia registrada: se dictó, y no se puede cancelar."));
    }
    session.cancelled_at = Some(now);
    session.cancel_reason = Some(reason.clone());
    store::upsert_session(tx, session).await?;
    done(tx, book.course, "training.session.cancelled", json!({ "session": id, "reason": reason })).await
}

/// Enrols a person.
pub(crate) async fn enrol_person(tx: &mut Tx, input: &EnrolPersonInput) -> Result<CourseRow> {
    let book = standing(tx, &input.slug).await?;
    let person = rules::person(input, &book, tx.id(), tx.now())?;
    store::insert_person(tx, &person).await?;
    // No name and no document: the audit says that somebody was enrolled, the list says who.
    done(tx, book.course, "training.person.enrolled", json!({ "enrolment": person.id })).await
}

/// Enrols the people of a pasted list; who is in the course already is left as they are. If it is the attendance of a session, all of them came.
pub(crate) async fn enrol_list(tx: &mut Tx, input: &EnrolListInput, session: Option<Uuid>) -> Result<CourseRow> {
    let mut book = standing(tx, &input.slug).await?;
    let names = people::listed(&input.names);
    let belongs_to = rules::list(&names, input.belongs_to.as_deref())?;
    let held = session.map(|id| held(tx, &book, id)).transpose()?;
    let mut came = Vec::new();
    for name in names {
        if let Some(known) = rules::enrolled(&book, &name) {
            came.push(known.id);
            continue;
        }
        let person = EnrolmentRow {
            id: tx.id(),
            course: book.course.slug.clone(),
            audience: input.audience,
            name,
            belongs_to: belongs_to.clone(),
            document_kind: None,
            document_number: None,
            email: None,
            enrolled_at: tx.now(),
            annulled_at: None,
            annul_reason: None,
        };
        store::insert_person(tx, &person).await?;
        came.push(person.id);
        book.people.push(person);
    }
    if let Some(session) = held {
        store::upsert_session(tx, &session).await?;
        store::note_attendance(tx, session.id, &came).await?;
    }
    done(tx, book.course, "training.list.enrolled", json!({ "people": came.len(), "session": session })).await
}

/// Annuls an enrolment that was made by mistake.
pub(crate) async fn annul_enrolment(tx: &mut Tx, id: Uuid, reason: &str) -> Result<CourseRow> {
    let reason = rules::reason(reason)?;
    let book = standing_of(tx, id).await?;
    let person = rules::active(&book).find(|person| person.id == id).ok_or(Error::NotFound)?;
    if book.certificates.iter().any(|certificate| certificate.enrolment == person.id && certificate.revoked_at.is_none()) {
        return Err(Error::whole("CERTIFIED", "Esta persona tiene un certificado vigente. Revóquelo primero, con el motivo."));
    }
    store::annul_person(tx, id, tx.now(), &reason).await?;
    done(tx, book.course, "training.enrolment.annulled", json!({ "enrolment": id, "reason": reason })).await
}

/// Says who came to a session; whoever is not named did not. Told again, it is corrected.
pub(crate) async fn record_attendance(tx: &mut Tx, id: Uuid, came: &[Uuid]) -> Result<CourseRow> {
    let mut book = standing_of(tx, id).await?;
    let session = held(tx, &book, id)?;
    if came.iter().any(|one| !rules::active(&book).any(|person| person.id == *one)) {
        return Err(Error::field("attended", "NOT_FOUND", "Una de las personas ya no está inscrita en el curso. Abra la lista otra vez"));
    }
    store::upsert_session(tx, &session).await?;
    store::clear_attendance(tx, id).await?;
    store::note_attendance(tx, id, came).await?;
    book.attendance.retain(|row| row.session != id);
    book.attendance.extend(came.iter().map(|one| AttendanceRow { session: id, enrolment: *one }));
    rules::certificates_hold(&book)?;
    done(tx, book.course, "training.attendance.recorded", json!({ "session": id, "came": came })).await
}

/// Issues a certificate to everybody who has earned one and holds none.
pub(crate) async fn issue(tx: &mut Tx, slug: &str) -> Result<CourseRow> {
    let book = standing(tx, slug).await?;
    let now = tx.now();
    if let Some(why) = rules::not_finished(&book, now) {
        return Err(Error::whole("NOT_FINISHED", why));
    }
    let mut issued = Vec::new();
    for person in rules::active(&book).filter(|person| rules::has_earned(&book, person.id)) {
        if book.certificates.iter().any(|certificate| certificate.enrolment == person.id && certificate.revoked_at.is_none()) {
            continue;
        }
        let certificate = certificate(tx, &book, person, now);
        store::insert_certificate(tx, &certificate).await?;
        issued.push(person.id);
    }
    if issued.is_empty() {
        return Err(Error::whole("NOBODY", "Nadie más ha reunido la asistencia que pide el curso."));
    }
    // Whoever has the code reads the certificate: it stands in no audit entry.
    done(tx, book.course, "training.certificates.issued", json!({ "enrolments": issued })).await
}

/// The certificate of a person, under a new code.
pub(crate) fn certificate(tx: &Tx, book: &Book, person: &EnrolmentRow, issued_at: OffsetDateTime) -> CertificateRow {
    let last = rules::given(book).map(|session| session.begins_at).max().unwrap_or(issued_at);
    CertificateRow {
        code: code::of(tx.secret()),
        course: book.course.slug.clone(),
        enrolment: person.id,
        name: person.name.clone(),
        title: book.course.title.clone(),
        provider: book.course.provider.clone(),
        hours: book.course.hours,
        attended: rules::attended(book, person.id) as i32,
        sessions: rules::given(book).count() as i32,
        finished_on: clock::local(last).date(),
        issued_at,
        revoked_at: None,
        revoke_reason: None,
    }
}

/// Revokes a certificate: its address says so from then on, and why.
pub(crate) async fn revoke(tx: &mut Tx, typed: &str, reason: &str) -> Result<CourseRow> {
    let reason = rules::reason(reason)?;
    let unknown = || Error::field("code", "NOT_FOUND", "No hay un certificado con ese código");
    let code = code::parse(typed).ok_or_else(unknown)?;
    let slug = store::certificate(tx, &code).await?.ok_or_else(unknown)?.course;
    let book = standing(tx, &slug).await?;
    let certificate = book.certificates.iter().find(|certificate| certificate.code == code).ok_or_else(unknown)?;
    if certificate.revoked_at.is_some() {
        return Err(Error::whole("REVOKED", "Este certificado ya se revocó."));
    }
    store::revoke_certificate(tx, &code, tx.now(), &reason).await?;
    done(tx, book.course, "training.certificate.revoked", json!({ "enrolment": certificate.enrolment, "reason": reason })).await
}

/// Attaches material to a session.
pub(crate) async fn attach(tx: &mut Tx, id: Uuid, files: &[Uuid], public: bool) -> Result<CourseRow> {
    if files.is_empty() {
        return Err(Error::field("files", "REQUIRED", "Elija al menos un archivo"));
    }
    let book = standing_of(tx, id).await?;
    let session = SessionRow { has_material: true, ..rules::session_of(&book, id)?.clone() };
    file::attach(tx, files, &subject(id), if public { Public::Yes } else { Public::No }).await?;
    store::upsert_session(tx, &session).await?;
    done(tx, book.course, "training.material.attached", json!({ "session": id, "files": files })).await
}

/// Takes material off a session, with its bytes; who, when and why stay in the audit.
pub(crate) async fn detach(tx: &mut Tx, id: Uuid, file: Uuid, reason: &str) -> Result<CourseRow> {
    let reason = rules::reason(reason)?;
    let book = standing_of(tx, id).await?;
    if file::detach(tx, file).await? != subject(id) {
        return Err(Error::NotFound);
    }
    let has_material = !file::of(tx, &subject(id)).await?.is_empty();
    store::upsert_session(tx, &SessionRow { has_material, ..rules::session_of(&book, id)?.clone() }).await?;
    done(tx, book.course, "training.material.detached", json!({ "session": id, "file": file, "reason": reason })).await
}

/// A session of which attendance may be told, with the moment from which it is known.
fn held(tx: &Tx, book: &Book, id: Uuid) -> Result<SessionRow> {
    let (session, now) = (rules::session_of(book, id)?, tx.now());
    if session.cancelled_at.is_some() {
        return Err(Error::whole("CANCELLED", "Esta sesión se canceló."));
    }
    if session.begins_at > now {
        return Err(Error::whole("FUTURE", "La asistencia se registra cuando la sesión ha comenzado."));
    }
    Ok(SessionRow { attendance_at: session.attendance_at.or(Some(now)), ..session.clone() })
}

/// A course that was not annulled, with everything in it, kept from changing until commit.
async fn standing(tx: &mut Tx, slug: &str) -> Result<Book> {
    store::lock(tx, slug).await?;
    let book = store::book(tx, slug).await?.ok_or(Error::NotFound)?;
    match book.course.annulled_at {
        None => Ok(book),
        Some(_) => Err(Error::whole("ANNULLED", "Este curso se anuló; ya no se cambia.")),
    }
}

/// The same, of a session or an enrolment in it.
async fn standing_of(tx: &mut Tx, id: Uuid) -> Result<Book> {
    let slug = store::course_of(tx, id).await?;
    standing(tx, &slug).await
}

/// Audits what was done in a course; the site may show it.
async fn done(tx: &mut Tx, course: CourseRow, action: &str, detail: serde_json::Value) -> Result<CourseRow> {
    tx.audit(action, "course", &course.slug, detail).await?;
    tx.publish();
    Ok(course)
}

/// Makes a course findable.
pub(crate) async fn index(tx: &mut Tx, course: &CourseRow) -> Result<()> {
    tx.index(Entry {
        kind: "course",
        key: course.slug.clone(),
        title: course.title.clone(),
        summary: format!("Curso de {}, {} horas.", course.provider, course.hours),
        text: course.topics.join(" "),
        path: format!("/capacitacion?curso={}", course.slug),
    })
    .await
}
