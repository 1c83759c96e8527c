//! The municipality's action plan: its text and versions, what has been measured of it, and the phases with their criteria.
//! It must not know what it measures: site, trámites and cases reach it as measures, by name.
// The layout of its resolvers' futures is that deep in a release build.
#![recursion_limit = "256"]

mod frameworks;
mod graphql;
mod indicators;
mod jobs;
mod measures;
mod pack;
mod rules;
mod text;
mod versions;

pub use graphql::{PlanMutation, PlanQuery};

use kernel::capability::Capability;
use kernel::db::Constraint;

/// The descriptor.
pub const CAPABILITY: Capability = Capability {
    jobs: jobs::JOBS,
    crons: jobs::CRONS,
    measures: measures::MEASURES,
    duties: Some(measures::duties),
    pack: Some(&pack::PlanPart),
    demo: Some(pack::demo),
    constraints: &[
        Constraint {
            name: "indicator_key_form",
            field: "",
            code: "FORM",
            message: "La clave de un indicador lleva letras sin tilde, números y guiones.",
        },
        Constraint {
            name: "indicator_key_unique",
            field: "",
            code: "TAKEN",
            message: "Dos indicadores de una acción llevan la misma clave.",
        },
        Constraint {
            name: "indicator_computed_has_measure",
            field: "",
            code: "FORM",
            message: "Un indicador calculado (COMPUTED) nombra su hecho medible; uno registrado (RECORDED) no lleva ninguno.",
        },
        Constraint { name: "action_line_pkey", field: "", code: "TAKEN", message: "Dos acciones del plan llevan el mismo número." },
        Constraint { name: "action_line_number_positive", field: "", code: "FORM", message: "El número de una acción comienza en 1." },
        Constraint { name: "phase_pkey", field: "", code: "TAKEN", message: "Dos fases del plan llevan la misma clave." },
        Constraint {
            name: "version_one_draft",
            field: "",
            code: "TAKEN",
            message: "Ya hay un borrador del plan: ábralo, adóptelo o descártelo.",
        },
        Constraint {
            name: "version_one_in_force", field: "", code: "TAKEN", message: "Dos versiones de un plan están vigentes a la vez."
        },
        Constraint { name: "version_pkey", field: "", code: "TAKEN", message: "Dos versiones de un plan llevan el mismo número." },
        Constraint {
            name: "version_key_form",
            field: "key",
            code: "FORM",
            message: "La clave de un plan lleva letras sin tilde, números y guiones.",
        },
        Constraint { name: "version_number_positive", field: "", code: "FORM", message: "La primera versión de un plan es la 1." },
        Constraint { name: "phase_target_percent", field: "", code: "RANGE", message: "La meta de una fase va de 0 a 100." },
        Constraint { name: "indicator_baseline_dated", field: "", code: "FORM", message: "La fecha de la línea de base va con su valor." },
        Constraint {
            name: "criterion_state_proven",
            field: "evidence",
            code: "REQUIRED",
            message: "Escriba la evidencia: una dirección o un texto.",
        },
    ],
    ..Capability::named("plan")
};
