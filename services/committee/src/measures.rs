//! Facts of the committee's work, what stands behind them, and what is due.

use calendar::spanish::long_date;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Asked, Duty, Fact, Facts, Measure};
use kernel::{Result, Tx, clock};
use time::{Date, Duration, Month};

use crate::evaluations::model::{EvaluationKind, EvaluationRow};
use crate::meetings::model::{MeetingRow, MeetingState};
use crate::rules::Semester;
use crate::tasks::rules::distance;
use crate::{evaluations, meetings, members, reviews, tasks};

pub(crate) const MEASURES: &[Measure] = &[
    Measure {
        name: "committee.surveys_year",
        unit: "encuestas",
        explanation: "Encuestas a la ciudadanía que empezaron en el año y que el comité registró. Sin medición mientras el registro esté vacío.",
        compute: |tx, asked| of_kind(tx, asked, EvaluationKind::Survey).boxed(),
    },
    Measure {
        name: "committee.campaigns_year",
        unit: "campañas",
        explanation: "Campañas de socialización que empezaron en el año y que el comité registró. Sin medición mientras el registro esté vacío.",
        compute: |tx, asked| of_kind(tx, asked, EvaluationKind::Campaign).boxed(),
    },
    Measure {
        name: "committee.evaluations_year",
        unit: "evaluaciones",
        explanation: "Evaluaciones de los avances que empezaron en el año y que el comité registró. Sin medición mientras el registro esté vacío.",
        compute: |tx, asked| of_kind(tx, asked, EvaluationKind::Evaluation).boxed(),
    },
    Measure {
        name: "committee.meetings_year",
        unit: "reuniones",
        explanation: "Reuniones del comité en el año que ya tienen acta escrita. Sin medición mientras no se haya citado ninguna.",
        compute: |tx, asked| meetings_year(tx, asked).boxed(),
    },
    Measure {
        name: "committee.tasks_late_count",
        unit: "tareas",
        explanation: "Tareas abiertas del comité cuya fecha ya pasó. Sin medición mientras no haya tareas.",
        compute: |tx, asked| tasks_late(tx, asked).boxed(),
    },
    Measure {
        name: "committee.semester_review_done",
        unit: "sí o no",
        explanation: "El comité cerró la revisión del semestre en curso.",
        compute: |tx, asked| review_done(tx, asked).boxed(),
    },
];

pub(crate) const FACTS: &[Facts] = &[
    Facts { measure: "committee.surveys_year", list: |tx, asked| facts_of_kind(tx, asked, EvaluationKind::Survey).boxed() },
    Facts { measure: "committee.campaigns_year", list: |tx, asked| facts_of_kind(tx, asked, EvaluationKind::Campaign).boxed() },
    Facts { measure: "committee.evaluations_year", list: |tx, asked| facts_of_kind(tx, asked, EvaluationKind::Evaluation).boxed() },
    Facts { measure: "committee.meetings_year", list: |tx, asked| facts_of_meetings(tx, asked).boxed() },
];

/// The first day of the year of the moment, and the moment's day.
fn year(asked: &Asked) -> (Date, Date) {
    let day = clock::local(asked.at).date();
    (Date::from_calendar_date(day.year(), Month::January, 1).unwrap_or(day), day)
}

async fn recorded(tx: &mut Tx, asked: &Asked, kind: EvaluationKind) -> Result<Vec<EvaluationRow>> {
    let (first, day) = year(asked);
    evaluations::store::recorded(tx, kind, first, day, asked.at).await
}

async fn of_kind(tx: &mut Tx, asked: &Asked, kind: EvaluationKind) -> Result<Option<f64>> {
    let in_use = evaluations::store::all_evaluations(tx).await?.iter().any(|row| row.created_at <= asked.at);
    if !in_use {
        return Ok(None);
    }
    Ok(Some(recorded(tx, asked, kind).await?.len() as f64))
}

async fn facts_of_kind(tx: &mut Tx, asked: &Asked, kind: EvaluationKind) -> Result<Vec<Fact>> {
    let fact = |row: EvaluationRow| Fact {
        title: if row.public { row.title } else { "Registro interno del comité".to_owned() },
        at: Some(row.held_from.midnight().assume_offset(clock::BOGOTA)),
        path: Some(if row.public { format!("/comite/evaluaciones#e-{}", row.id) } else { "/admin/comite/evaluaciones".to_owned() }),
        counts: true,
    };
    Ok(recorded(tx, asked, kind).await?.into_iter().map(fact).collect())
}

async fn held(tx: &mut Tx, asked: &Asked) -> Result<Vec<MeetingRow>> {
    let first = year(asked).0.midnight().assume_offset(clock::BOGOTA);
    meetings::store::held(tx, first, asked.at).await
}

async fn meetings_year(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let in_use = meetings::store::all_meetings(tx).await?.iter().any(|meeting| meeting.created_at <= asked.at);
    if !in_use {
        return Ok(None);
    }
    Ok(Some(held(tx, asked).await?.len() as f64))
}

async fn facts_of_meetings(tx: &mut Tx, asked: &Asked) -> Result<Vec<Fact>> {
    let fact = |meeting: MeetingRow| {
        let place = if meeting.is_published() { "/comite/actas" } else { "/admin/comite/actas" };
        Fact { title: meeting.title(), at: Some(meeting.at), path: Some(format!("{place}/{}", meeting.key())), counts: true }
    };
    Ok(held(tx, asked).await?.into_iter().map(fact).collect())
}

async fn tasks_late(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let (_, day) = year(asked);
    Ok(tasks::store::late_count(tx, asked.at, day).await?.map(|count| count as f64))
}

async fn review_done(tx: &mut Tx, asked: &Asked) -> Result<Option<f64>> {
    let (_, day) = year(asked);
    let current = Semester::of(day);
    let mut rows = reviews::store::reviews(tx).await?.into_iter();
    let done = rows.any(|row| row.period() == current && row.closed_at.is_some_and(|closed_at| closed_at <= asked.at));
    Ok(Some(if done { 1.0 } else { 0.0 }))
}

/// A task is on the desk a week before its date, and so is the review a month before its semester ends.
const TASK_NOTICE: Duration = Duration::WEEK;
const REVIEW_NOTICE: Duration = Duration::days(30);
/// Minutes are written while everybody remembers.
const MINUTES_WITHIN: Duration = Duration::days(8);

/// Tasks that fall due or that nobody answers for, minutes that are not approved, and the review of a semester that ends.
pub(crate) fn duties(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Duty>>> {
    async move {
        let (now, today) = (tx.now(), tx.today());
        let seats = members::store::members(tx).await?;
        let mut due = Vec::new();
        for task in tasks::store::open_tasks(tx).await? {
            let left = seats.iter().any(|seat| Some(seat.id) == task.member_id && seat.has_left(today));
            let path = tasks::service::path(task.id);
            if task.responsible.is_none() || left {
                due.push(Duty {
                    kind: "committee.task_unassigned",
                    title: format!("Poner a cargo de alguien: {}", task.title),
                    reason: match (left, task.responsible) {
                        (true, Some(name)) => format!("Respondía {name}, que ya no está en el comité."),
                        _ => "Nadie responde por esta tarea.".to_owned(),
                    },
                    due_on: Some(task.due_on),
                    path: format!("{path}#responsable"),
                    account: None,
                });
            } else if task.due_on <= today + TASK_NOTICE {
                let name = task.responsible.unwrap_or_default();
                due.push(Duty {
                    kind: "committee.task",
                    title: task.title,
                    reason: format!("Tarea del comité a cargo de {name}; {}.", distance(task.due_on, today)),
                    due_on: Some(task.due_on),
                    path,
                    account: task.account_id,
                });
            }
        }
        for meeting in meetings::store::unwritten(tx, now).await? {
            let day = clock::local(meeting.at).date();
            let (what, why) = match meeting.state {
                MeetingState::Draft => ("Aprobar", "está en borrador"),
                _ => ("Escribir", "no se ha escrito"),
            };
            due.push(Duty {
                kind: "committee.minutes",
                title: format!("{what} el acta {} de {}", meeting.number, meeting.year),
                reason: format!("La reunión fue el {} y su acta {why}.", long_date(day)),
                due_on: Some(day + MINUTES_WITHIN),
                path: format!("/admin/comite/actas/{}", meeting.key()),
                account: None,
            });
        }
        let period = Semester::of(today);
        let closed = reviews::store::reviews(tx).await?.iter().any(|row| row.period() == period && row.closed_at.is_some());
        if !closed && period.last_day() - today <= REVIEW_NOTICE {
            due.push(Duty {
                kind: reviews::service::DUTY,
                title: format!("Hacer la revisión del {}", period.name().to_lowercase()),
                reason: "El plan se revisa cada semestre; el comité decide paso a paso con lo que la plataforma ve.".to_owned(),
                due_on: Some(period.last_day()),
                path: "/admin/comite/revision".to_owned(),
                account: None,
            });
        }
        Ok(due)
    }
    .boxed()
}
