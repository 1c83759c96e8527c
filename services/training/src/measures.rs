//! Facts of the training, and what is due on it.

use calendar::spanish::long_date;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Fact, Facts, Measure};
use kernel::{Result, Tx, clock};
use time::{Duration, OffsetDateTime, Time};

use crate::model::Audience;
use crate::{people, rules, store};

const ALL: &[Audience] = &[Audience::Alcaldia, Audience::Concejo, Audience::Comunidad];
const OFFICIALS: &[Audience] = &[Audience::Alcaldia, Audience::Concejo];
const COMMUNITY: &[Audience] = &[Audience::Comunidad];

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "training.sessions_year",
        unit: "sesiones",
        explanation: "Sesiones de capacitación dictadas en el año, con su asistencia registrada. Sin medición mientras no haya cursos.",
        compute: |tx, asked| sessions_year(tx, asked).boxed(),
    },
    Measure {
        name: "training.people_trained_year",
        unit: "personas",
        explanation: "Personas distintas que asistieron al menos a una sesión en el año: se cuentan por su documento o, si no lo dieron, por su nombre.",
        compute: |tx, asked| trained(tx, asked, ALL).boxed(),
    },
    Measure {
        name: "training.officials_trained_year",
        unit: "personas",
        explanation: "Personas distintas de la Alcaldía y del Concejo que asistieron al menos a una sesión en el año.",
        compute: |tx, asked| trained(tx, asked, OFFICIALS).boxed(),
    },
    Measure {
        name: "training.community_trained_year",
        unit: "personas",
        explanation: "Personas distintas de la comunidad que asistieron al menos a una sesión en el año.",
        compute: |tx, asked| trained(tx, asked, COMMUNITY).boxed(),
    },
];

/// Midnight in Bogotá on the first day of that moment's year.
fn new_year(at: OffsetDateTime) -> OffsetDateTime {
    let local = clock::local(at);
    local.replace_ordinal(1).unwrap_or(local).replace_time(Time::MIDNIGHT)
}

async fn sessions_year(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let held = store::held(tx, new_year(asked.at), asked.at, ALL).await?;
    Ok(store::in_use(tx, asked.at).await?.then_some(held.len() as f64))
}

async fn trained(tx: &mut Tx, asked: &Asked, audiences: &[Audience]) -> Result<Option<f64>> {
    let came = store::attendees(tx, new_year(asked.at), asked.at, audiences).await?;
    Ok(store::in_use(tx, asked.at).await?.then(|| people::distinct(&came) as f64))
}

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "training.sessions_year", list: |tx, asked| held(tx, asked, ALL, false).boxed() },
    Facts { measure: "training.people_trained_year", list: |tx, asked| held(tx, asked, ALL, true).boxed() },
    Facts { measure: "training.officials_trained_year", list: |tx, asked| held(tx, asked, OFFICIALS, true).boxed() },
    Facts { measure: "training.community_trained_year", list: |tx, asked| held(tx, asked, COMMUNITY, true).boxed() },
];

/// The sessions behind a number, with how many came to each, or those alone to which somebody came; never who.
async fn held(tx: &mut Tx, asked: &Asked, audiences: &[Audience], attended: bool) -> Result<Vec<Fact>> {
    let sessions = store::held(tx, new_year(asked.at), asked.at, audiences).await?.into_iter();
    let fact = |session: store::Held| Fact {
        title: format!("{}: {} {}", session.title, session.people, if session.people == 1 { "persona" } else { "personas" }),
        at: Some(session.begins_at),
        path: Some(format!("/capacitacion?curso={}", session.course)),
        counts: true,
    };
    Ok(sessions.filter(|session| session.people > 0 || !attended).map(fact).collect())
}

/// Sessions of which nobody has said who came, and courses that are given without material.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let (now, courses) = (tx.now(), store::courses_by_slug(tx).await?);
        let sessions = store::sessions(tx, None).await?;
        let mut due = Vec::new();
        let mut courses: Vec<_> = courses.into_values().filter(|course| course.annulled_at.is_none()).collect();
        courses.sort_by(|one, other| one.slug.cmp(&other.slug));
        for course in courses {
            let given: Vec<_> = sessions.iter().filter(|session| session.course == course.slug && session.cancelled_at.is_none()).collect();
            let path = format!("/admin/capacitacion/{}", course.slug);
            for session in given.iter().filter(|session| session.attendance_at.is_none() && rules::ends_at(session) < now) {
                let day = clock::local(session.begins_at).date();
                due.push(Duty {
                    kind: "training.attendance",
                    title: format!("Registrar la asistencia: {}", course.title),
                    reason: format!("La sesión del {} ya pasó y no cuenta hasta que se diga quién asistió.", long_date(day)),
                    due_on: Some(day + Duration::days(2)),
                    path: format!("{path}#sesion-{}", session.id),
                    account: None,
                });
            }
            if let Some(first) = given.first().filter(|_| given.iter().all(|session| !session.has_material)) {
                due.push(Duty {
                    kind: "training.material",
                    title: format!("Subir el material: {}", course.title),
                    reason: "Ninguna de sus sesiones tiene memorias ni guías.".to_owned(),
                    due_on: Some(clock::local(first.begins_at).date()),
                    path: format!("{path}#sesiones"),
                    account: None,
                });
            }
        }
        Ok(due)
    }
    .boxed()
}
