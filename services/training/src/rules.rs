//! Who has earned a certificate, what holds one up, and what may be typed.

use kernel::error::Faults;
use kernel::graphql::LocalDate;
use kernel::search::plain;
use kernel::{Error, Result, clock, text};
use time::{Duration, OffsetDateTime, Time};
use uuid::Uuid;

use crate::model::{Audience, Book, CourseRow, EnrolPersonInput, EnrolmentRow, KeepCourseInput, KeepSessionInput, SessionRow};
use crate::people::same_name;

/// What earns a certificate where the course says nothing else.
const ATTENDANCE_PERCENT: i32 = 80;

/// When a session ends.
pub(crate) fn ends_at(session: &SessionRow) -> OffsetDateTime {
    session.begins_at + Duration::minutes(session.minutes.into())
}

/// The sessions of a course that were not cancelled.
pub(crate) fn given(book: &Book) -> impl Iterator<Item = &SessionRow> {
    book.sessions.iter().filter(|session| session.cancelled_at.is_none())
}

/// The session of that id.
pub(crate) fn session_of(book: &Book, id: Uuid) -> Result<&SessionRow> {
    book.sessions.iter().find(|session| session.id == id).ok_or(Error::NotFound)
}

/// To how many of the sessions that were not cancelled a person came.
pub(crate) fn attended(book: &Book, enrolment: Uuid) -> usize {
    given(book).filter(|session| came(book, session.id, enrolment)).count()
}

/// Whether a person came to a session.
pub(crate) fn came(book: &Book, session: Uuid, enrolment: Uuid) -> bool {
    book.attendance.iter().any(|row| row.session == session && row.enrolment == enrolment)
}

/// Whether so many sessions of so many are the part that earns a certificate.
pub(crate) fn earns(attended: usize, sessions: usize, percent: i32) -> bool {
    sessions > 0 && attended * 100 >= sessions * usize::try_from(percent).unwrap_or(100)
}

/// Whether a person has earned the certificate of the course.
pub(crate) fn has_earned(book: &Book, enrolment: Uuid) -> bool {
    earns(attended(book, enrolment), given(book).count(), book.course.attendance_percent)
}

/// What still stands between a course and its certificates; none when they may be issued.
pub(crate) fn not_finished(book: &Book, now: OffsetDateTime) -> Option<&'static str> {
    if given(book).next().is_none() {
        Some("El curso no tiene sesiones.")
    } else if given(book).any(|session| ends_at(session) > now) {
        Some("El curso no ha terminado: falta al menos una sesión.")
    } else if given(book).any(|session| session.attendance_at.is_none()) {
        Some("Falta registrar la asistencia de al menos una sesión.")
    } else {
        None
    }
}

/// Refuses what would leave somebody with a certificate that they have not earned.
pub(crate) fn certificates_hold(book: &Book) -> Result<()> {
    let standing = book.certificates.iter().filter(|certificate| certificate.revoked_at.is_none());
    let fallen: Vec<&str> =
        standing.filter(|certificate| !has_earned(book, certificate.enrolment)).map(|certificate| certificate.name.as_str()).collect();
    if fallen.is_empty() {
        return Ok(());
    }
    let message =
        format!("Con este cambio el certificado de {} dejaría de ser cierto. Revóquelo primero, con el motivo.", fallen.join(", "));
    Err(Error::whole("CERTIFIED", message))
}

/// Whether every word is in the course; accents and case do not matter.
pub(crate) fn matches(course: &CourseRow, words: &[String]) -> bool {
    let all = plain(&format!("{} {} {}", course.title, course.provider, course.topics.join(" ")));
    words.iter().all(|word| all.contains(word.as_str()))
}

/// The words of a search, as they are compared.
pub(crate) fn words(typed: &str) -> Result<Vec<String>> {
    if typed.chars().count() > 200 {
        return Err(Error::BadRequest("La búsqueda tiene más de 200 letras.".into()));
    }
    Ok(plain(typed).split_whitespace().map(str::to_owned).collect())
}

/// Collects faults of texts beside their fields.
#[derive(Default)]
struct Form(Faults);

impl Form {
    /// A text without blanks around it; none when nothing is left.
    fn text(&mut self, field: &str, typed: &str, limit: usize) -> Option<String> {
        let typed = typed.trim();
        self.0.require(typed.chars().count() <= limit, field, "LENGTH", format!("Tiene más de {limit} letras; acórtelo"));
        self.0.require(!typed.contains('\0'), field, "FORM", "Trae un carácter que no se puede guardar");
        (!typed.is_empty()).then(|| typed.to_owned())
    }

    fn optional(&mut self, field: &str, typed: Option<&str>, limit: usize) -> Option<String> {
        self.text(field, typed.unwrap_or_default(), limit)
    }

    fn needed(&mut self, field: &str, typed: &str, limit: usize, missing: &str) -> String {
        let text = self.text(field, typed, limit);
        self.0.require(text.is_some(), field, "REQUIRED", missing);
        text.unwrap_or_default()
    }
}

/// The course as it will be kept, under the name that its title makes.
pub(crate) fn course(typed: &KeepCourseInput, now: OffsetDateTime) -> Result<CourseRow> {
    let mut form = Form::default();
    let title = form.needed("title", &typed.title, 200, "Escriba cómo se llama el curso");
    let slug = text::slug(&title);
    form.0.require(title.is_empty() || !slug.is_empty(), "title", "FORM", "Necesita al menos una letra o un número");
    // `nueva` is an address of the administration.
    form.0.require(slug != "nueva", "title", "FORM", "Escriba un título que diga más");
    let mut audiences: Vec<Audience> = Vec::new();
    for audience in &typed.audiences {
        if !audiences.contains(audience) {
            audiences.push(*audience);
        }
    }
    form.0.require(!audiences.is_empty(), "audiences", "REQUIRED", "Elija a quién se dirige");
    let lines: Vec<&str> = typed.topics.iter().flat_map(|topic| topic.lines()).collect();
    let topics: Vec<String> = lines.into_iter().filter_map(|line| form.text("topics", line, 120)).collect();
    form.0.require(!topics.is_empty(), "topics", "REQUIRED", "Escriba al menos un tema");
    form.0.require(topics.len() <= 20, "topics", "LENGTH", "Son más de 20 temas; una varios en uno");
    let provider = form.needed("provider", &typed.provider, 160, "Escriba quién lo dicta, por ejemplo el SENA");
    form.0.require((1..=2000).contains(&typed.hours), "hours", "RANGE", "Las horas van de 1 a 2.000");
    let agreement = form.optional("agreement", typed.agreement.as_deref(), 80);
    let known = agreement.as_deref().is_none_or(|slug| slug == text::slug(slug));
    form.0.require(known, "agreement", "FORM", "Elija un convenio de la lista");
    let attendance_percent = typed.attendance_percent.unwrap_or(ATTENDANCE_PERCENT);
    form.0.require((1..=100).contains(&attendance_percent), "attendancePercent", "RANGE", "El porcentaje va de 1 a 100");
    form.0.into_result()?;
    Ok(CourseRow {
        slug,
        title,
        audiences,
        topics,
        provider,
        hours: typed.hours,
        agreement,
        attendance_percent,
        annulled_at: None,
        annul_reason: None,
        recorded_at: now,
        updated_at: now,
    })
}

/// The session as it will be kept, under that id.
pub(crate) fn session(typed: &KeepSessionInput, id: Uuid) -> Result<SessionRow> {
    let mut form = Form::default();
    let clock_time = typed.hour.split_once(':').and_then(|(hour, minute)| {
        let minute = minute.get(..2).filter(|rest| rest.len() == minute.len() || minute[2..].starts_with(':'))?;
        Time::from_hms(hour.trim().parse().ok()?, minute.parse().ok()?, 0).ok()
    });
    form.0.require(clock_time.is_some(), "hour", "FORM", "Escriba la hora como 14:30");
    form.0.require((15..=720).contains(&typed.minutes), "minutes", "RANGE", "La duración va de 15 a 720 minutos");
    let place = form.optional("place", typed.place.as_deref(), 200);
    let link = form.optional("link", typed.link.as_deref(), 300);
    form.0.require(place.is_some() || link.is_some(), "place", "REQUIRED", "Escriba el lugar, o el enlace si es en línea");
    let address = |link: &String| {
        let host = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://")).unwrap_or_default();
        host.contains('.') && !link.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'<>\\".contains(c))
    };
    form.0.require(link.as_ref().is_none_or(address), "link", "FORM", "Escriba un enlace completo, que comience por https://");
    form.0.into_result()?;
    let LocalDate(day) = typed.day;
    Ok(SessionRow {
        id,
        course: typed.slug.clone(),
        begins_at: day.with_time(clock_time.unwrap_or(Time::MIDNIGHT)).assume_offset(clock::BOGOTA).to_offset(time::UtcOffset::UTC),
        minutes: typed.minutes,
        place,
        link,
        attendance_at: None,
        has_material: false,
        cancelled_at: None,
        cancel_reason: None,
    })
}

/// The person as they will be enrolled, if nobody in the course is that person already.
pub(crate) fn person(typed: &EnrolPersonInput, book: &Book, id: Uuid, now: OffsetDateTime) -> Result<EnrolmentRow> {
    let mut form = Form::default();
    let name = form.needed("name", &typed.name, 120, "Escriba nombre y apellidos");
    let belongs_to = form.optional("belongsTo", typed.belongs_to.as_deref(), 120);
    let number = form.optional("documentNumber", typed.document_number.as_deref(), 20);
    let number = number.map(|number| number.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase());
    let digits = number.as_ref().is_none_or(|number| (4..=20).contains(&number.len()));
    form.0.require(digits, "documentNumber", "FORM", "Escriba el número del documento, sin puntos");
    let kind = typed.document_kind.filter(|_| number.is_some());
    form.0.require(number.is_none() || kind.is_some(), "documentKind", "REQUIRED", "Elija la clase de documento");
    let email = form.optional("email", typed.email.as_deref(), 254);
    let address = email.as_deref().is_none_or(text::is_email);
    form.0.require(address, "email", "FORM", "Al correo le falta algo, por ejemplo la arroba o el dominio");
    // Two of one name are told apart by their documents.
    let free = number.is_some() || enrolled(book, &name).is_none();
    form.0.require(free, "name", "TAKEN", "Esa persona ya está inscrita. Si es otra del mismo nombre, escriba su documento");
    form.0.into_result()?;
    Ok(EnrolmentRow {
        id,
        course: typed.slug.clone(),
        audience: typed.audience,
        name,
        belongs_to,
        document_kind: kind,
        document_number: number,
        email,
        enrolled_at: now,
        annulled_at: None,
        annul_reason: None,
    })
}

/// The person of that name in a course.
pub(crate) fn enrolled<'a>(book: &'a Book, name: &str) -> Option<&'a EnrolmentRow> {
    let wanted = same_name(name);
    active(book).find(|person| same_name(&person.name) == wanted)
}

/// The people of a course whose enrolment was not annulled.
pub(crate) fn active(book: &Book) -> impl Iterator<Item = &EnrolmentRow> {
    book.people.iter().filter(|person| person.annulled_at.is_none())
}

/// The names of a pasted list and where its people belong, checked.
pub(crate) fn list(names: &[String], belongs_to: Option<&str>) -> Result<Option<String>> {
    let mut form = Form::default();
    form.0.require(!names.is_empty(), "names", "REQUIRED", "Pegue la lista: un nombre por renglón");
    form.0.require(names.len() <= 500, "names", "LENGTH", "Son más de 500 personas; pegue la lista en varias partes");
    if let Some(long) = names.iter().find(|name| name.chars().count() > 120 || name.contains('\0')) {
        let start: String = long.chars().filter(|c| *c != '\0').take(40).collect();
        form.0.require(false, "names", "FORM", format!("Este renglón no parece un nombre: {start}…"));
    }
    let belongs_to = form.optional("belongsTo", belongs_to, 120);
    form.0.into_result()?;
    Ok(belongs_to)
}

/// The reason for which something is annulled, cancelled, revoked or taken away.
pub(crate) fn reason(typed: &str) -> Result<String> {
    let mut form = Form::default();
    let reason = form.needed("reason", typed, 600, "Escriba el motivo; queda en la historia");
    form.0.into_result()?;
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    use super::*;
    use crate::model::{AttendanceRow, CertificateRow};

    const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 -5);

    fn a_session(number: u128, begins_at: OffsetDateTime) -> SessionRow {
        SessionRow {
            id: Uuid::from_u128(number),
            course: "c".into(),
            begins_at,
            minutes: 60,
            place: Some("Biblioteca".into()),
            link: None,
            attendance_at: Some(begins_at),
            has_material: false,
            cancelled_at: None,
            cancel_reason: None,
        }
    }

    fn a_person(number: u128, name: &str) -> EnrolmentRow {
        EnrolmentRow {
            id: Uuid::from_u128(number),
            course: "c".into(),
            audience: Audience::Alcaldia,
            name: name.into(),
            belongs_to: None,
            document_kind: None,
            document_number: None,
            email: None,
            enrolled_at: NOW,
            annulled_at: None,
            annul_reason: None,
        }
    }

    /// A course of five sessions; Ana came to four, Luis to three.
    fn book() -> Book {
        let sessions: Vec<SessionRow> = (1..=5).map(|number| a_session(number, NOW - Duration::days(30 - number as i64))).collect();
        let (ana, luis) = (a_person(11, "Ana Ríos"), a_person(12, "Luis Mora"));
        let came = |person: &EnrolmentRow, how_many: usize| {
            let id = person.id;
            sessions.iter().take(how_many).map(move |session| AttendanceRow { session: session.id, enrolment: id }).collect::<Vec<_>>()
        };
        let attendance = [came(&ana, 4), came(&luis, 3)].concat();
        let course = CourseRow {
            slug: "c".into(),
            title: "Lenguaje claro".into(),
            audiences: vec![Audience::Alcaldia],
            topics: vec!["Redacción".into()],
            provider: "SENA".into(),
            hours: 10,
            agreement: None,
            attendance_percent: 80,
            annulled_at: None,
            annul_reason: None,
            recorded_at: NOW,
            updated_at: NOW,
        };
        Book { course, sessions, people: vec![ana, luis], attendance, certificates: Vec::new() }
    }

    #[test]
    fn four_of_five_is_enough_and_three_is_not() {
        let mut book = book();
        let (ana, luis) = (book.people[0].id, book.people[1].id);
        assert!(has_earned(&book, ana) && !has_earned(&book, luis));
        book.sessions[4].cancelled_at = Some(NOW);
        assert_eq!((attended(&book, ana), attended(&book, luis)), (4, 3), "of the four that are left");
        assert!(has_earned(&book, ana) && !has_earned(&book, luis), "three of four are 75 %");
        book.course.attendance_percent = 75;
        assert!(has_earned(&book, luis), "the rule is the course's");
    }

    #[test]
    fn certificates_wait_for_the_last_session_and_its_attendance() {
        let mut book = book();
        assert_eq!(not_finished(&book, NOW), None);
        book.sessions[0].attendance_at = None;
        assert!(not_finished(&book, NOW).unwrap().contains("asistencia"));
        book.sessions.push(a_session(6, NOW + Duration::days(1)));
        assert!(not_finished(&book, NOW).unwrap().contains("no ha terminado"));
        book.sessions.clear();
        assert!(not_finished(&book, NOW).unwrap().contains("no tiene sesiones"));
    }

    #[test]
    fn what_makes_a_certificate_false_is_refused() {
        let mut book = book();
        book.certificates.push(CertificateRow {
            code: "C".into(),
            course: "c".into(),
            enrolment: book.people[0].id,
            name: "Ana Ríos".into(),
            title: "Lenguaje claro".into(),
            provider: "SENA".into(),
            hours: 10,
            attended: 4,
            sessions: 5,
            finished_on: date!(2026 - 11 - 01),
            issued_at: NOW,
            revoked_at: None,
            revoke_reason: None,
        });
        assert!(certificates_hold(&book).is_ok());
        book.sessions.push(a_session(6, NOW));
        let refused = certificates_hold(&book);
        assert!(matches!(refused, Err(Error::Rejected(faults)) if faults[0].message.contains("Ana Ríos")), "four of six");
        book.certificates[0].revoked_at = Some(NOW);
        assert!(certificates_hold(&book).is_ok());
    }

    #[test]
    fn an_hour_is_read_as_it_is_typed() {
        let typed = |hour: &str| KeepSessionInput {
            slug: "c".into(),
            id: None,
            day: LocalDate(date!(2026 - 11 - 30)),
            hour: hour.into(),
            minutes: 90,
            place: Some("Biblioteca".into()),
            link: None,
            idempotency_key: "k".into(),
        };
        let begins = |hour| session(&typed(hour), Uuid::nil()).map(|session| session.begins_at);
        assert_eq!(begins("14:30").unwrap(), datetime!(2026-11-30 14:30 -5));
        assert_eq!(begins("8:05:00").unwrap(), datetime!(2026-11-30 08:05 -5));
        for wrong in ["", "14", "24:00", "14:7x", "14:300", "ñ:00", "1:ñ"] {
            assert!(begins(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_same_name_is_the_same_person_until_a_document_says_otherwise() {
        let book = book();
        let typed = |name: &str, number: Option<&str>| EnrolPersonInput {
            slug: "c".into(),
            name: name.into(),
            audience: Audience::Comunidad,
            belongs_to: None,
            document_kind: Some(crate::model::DocumentKind::Cc),
            document_number: number.map(str::to_owned),
            email: None,
        };
        assert!(person(&typed("ANA RIOS", None), &book, Uuid::nil(), NOW).is_err());
        let other = person(&typed("Ana Ríos", Some("1.070.123.456")), &book, Uuid::nil(), NOW).unwrap();
        assert_eq!(other.document_number.as_deref(), Some("1070123456"));
        let unnamed = person(&typed("Rosa Peña", None), &book, Uuid::nil(), NOW).unwrap();
        assert_eq!(unnamed.document_kind, None, "a kind without a number says nothing");
    }

    proptest! {
        /// More attendance never loses a certificate, a stricter rule never earns one.
        #[test]
        fn earning_is_monotonous(attended in 0..40_usize, sessions in 0..40_usize, percent in 1..=100_i32) {
            let attended = attended.min(sessions);
            if earns(attended, sessions, percent) {
                prop_assert!(earns((attended + 1).min(sessions), sessions, percent));
                prop_assert!(percent == 1 || earns(attended, sessions, percent - 1));
                prop_assert!(attended as f64 / sessions as f64 * 100.0 + 1e-9 >= f64::from(percent));
            }
            prop_assert_eq!(earns(sessions, sessions, percent), sessions > 0);
        }
    }
}
