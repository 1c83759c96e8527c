//! The steps of a review: what each asks, which measures and duties of the other rooms it shows, and where things are mended.

use super::model::ReviewTopic;

/// A step of every review.
pub(crate) struct Step {
    pub(crate) topic: ReviewTopic,
    pub(crate) title: &'static str,
    pub(crate) question: &'static str,
    /// Measures by name, with what they say in a few words; one that nobody offers is left out.
    pub(crate) figures: &'static [(&'static str, &'static str)],
    /// How the kinds of the duties begin that it shows.
    pub(crate) duties: &'static [&'static str],
    /// Where it is mended.
    pub(crate) path: &'static str,
    /// The task that it asks for when something has to be done.
    pub(crate) task: &'static str,
}

/// The steps in their order; the last shows what no other has shown.
pub(crate) const STEPS: [Step; 8] = [
    Step {
        topic: ReviewTopic::Services,
        title: "Servicios",
        question: "¿La información de los servicios publicados está al día?",
        figures: &[("services.published_share", "Servicios con ficha confirmada"), ("services.automated_share", "Servicios automatizados")],
        duties: &[],
        path: "/admin/tramites",
        task: "Revisar las fichas de los servicios publicados",
    },
    Step {
        topic: ReviewTopic::Tramites,
        title: "Trámites",
        question: "¿La información de los trámites publicados está al día?",
        figures: &[("tramites.published_share", "Trámites con ficha confirmada"), ("tramites.automated_share", "Trámites automatizados")],
        duties: &["tramites.", "services."],
        path: "/admin/tramites",
        task: "Revisar las fichas de los trámites publicados",
    },
    Step {
        topic: ReviewTopic::Indicators,
        title: "Indicadores del plan",
        question: "¿Cada indicador del plan tiene una cifra reciente?",
        figures: &[],
        duties: &["plan.measurement", "plan.indicator"],
        path: "/admin/plan",
        task: "Registrar los indicadores del plan que faltan",
    },
    Step {
        topic: ReviewTopic::Criteria,
        title: "Criterios de las fases",
        question: "¿Están evaluados los criterios de cada fase de Gobierno en Línea?",
        figures: &[
            ("plan.phase_share.informacion", "Fase de información"),
            ("plan.phase_share.interaccion", "Fase de interacción"),
            ("plan.phase_share.transaccion", "Fase de transacción"),
            ("plan.phase_share.transformacion", "Fase de transformación"),
            ("plan.phase_share.democracia", "Fase de democracia"),
        ],
        duties: &["plan.criteria", "plan.criterion", "plan.framework"],
        path: "/admin/plan",
        task: "Evaluar los criterios de las fases que faltan",
    },
    Step {
        topic: ReviewTopic::Agreements,
        title: "Convenios",
        question: "¿Algún convenio termina pronto o no ha traído resultados?",
        figures: &[
            ("agreements.in_force_count", "Convenios en ejecución"),
            ("agreements.local_year", "Con entidades locales este año"),
            ("agreements.departmental_year", "Con entidades departamentales este año"),
            ("agreements.national_year", "Con entidades nacionales este año"),
        ],
        duties: &["agreements."],
        path: "/admin/convenios",
        task: "Decidir qué sigue con los convenios que terminan",
    },
    Step {
        topic: ReviewTopic::Site,
        title: "Sitio web",
        question: "¿El sitio se actualiza al menos una vez por semana?",
        figures: &[
            ("site.days_since_update", "Días desde la última publicación"),
            ("site.news_published", "Noticias en los últimos 365 días"),
        ],
        duties: &["site."],
        path: "/admin/sitio",
        task: "Poner al día las secciones del sitio",
    },
    Step {
        topic: ReviewTopic::Evaluation,
        title: "Encuestas y socialización",
        question: "¿Se evaluó el uso del sitio y se socializó con la ciudadanía?",
        figures: &[
            ("committee.surveys_year", "Encuestas de este año"),
            ("committee.campaigns_year", "Campañas de este año"),
            ("committee.evaluations_year", "Evaluaciones de este año"),
        ],
        duties: &[],
        path: "/admin/comite/evaluaciones",
        task: "Evaluar el uso del sitio web con una encuesta",
    },
    Step {
        topic: ReviewTopic::Pending,
        title: "Otros pendientes",
        question: "¿Qué más está pendiente y quién lo atiende?",
        figures: &[
            ("committee.tasks_late_count", "Tareas del comité con la fecha vencida"),
            ("committee.meetings_year", "Reuniones con acta este año"),
            ("cases.answered_in_time_share", "Solicitudes respondidas a tiempo"),
        ],
        duties: &[],
        path: "/admin",
        task: "Atender los pendientes que encontró la revisión",
    },
];

/// The step that shows a duty of that kind; a review does not show itself.
pub(crate) fn topic_of(kind: &str) -> Option<ReviewTopic> {
    if kind == super::service::DUTY {
        return None;
    }
    let shows = |step: &&Step| step.duties.iter().any(|beginning| kind.starts_with(beginning));
    Some(STEPS.iter().find(shows).map_or(ReviewTopic::Pending, |step| step.topic))
}

#[cfg(test)]
mod tests {
    use super::{STEPS, topic_of};
    use crate::reviews::model::ReviewTopic;

    #[test]
    fn every_duty_is_shown_once() {
        assert_eq!(topic_of("tramites.review"), Some(ReviewTopic::Tramites));
        assert_eq!(topic_of("plan.criteria"), Some(ReviewTopic::Criteria));
        assert_eq!(topic_of("training.session"), Some(ReviewTopic::Pending), "what no step names is not lost");
        assert_eq!(topic_of("committee.review"), None);
        assert_eq!(STEPS.iter().filter(|step| step.topic == ReviewTopic::Pending).count(), 1);
    }
}
