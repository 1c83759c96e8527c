//! The national model from which a municipality may start its plan, and how a plan differs from it.

use std::sync::LazyLock;

use kernel::directory::TenantEntry;
use serde::Deserialize;
use time::Date;

use super::model::PlanChange;
use super::rules::{differences, year_end};
use crate::frameworks::pack::PhaseFile;
use crate::indicators::pack::IndicatorFile;
use crate::text::document::{ActivityFile, Document, LineFile};
use crate::text::model::{ClosingActivity, HelpRow, Letterhead, Period, PlanIncentive};

const MODEL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/plan-model.yaml"));

/// The model as written. A test reads it whole.
static NATIONAL: LazyLock<Model> = LazyLock::new(|| kernel::pack::parse_yaml("plan-model.yaml", MODEL).unwrap_or_default());

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

/// Where a row of the model comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Confidence {
    Plan,
    Seen,
    #[default]
    MemoryHigh,
    MemoryMedium,
}

/// A row of the model with its confidence.
#[derive(Debug, Clone, Default, Deserialize)]
struct Rated<T> {
    confidence: Confidence,
    #[serde(flatten)]
    row: T,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Words {
    text: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Line {
    number: i32,
    title: String,
    benefits: Vec<String>,
    indicators: Vec<Rated<IndicatorFile>>,
    activities: Vec<Rated<ActivityFile>>,
    responsibles: Vec<String>,
    resources: Vec<String>,
    duration_text: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Phase {
    key: String,
    name: String,
    #[serde(with = "day")]
    national_deadline: Date,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    version: String,
    framework: String,
    title: Rated<Words>,
    legal_frame: Rated<Words>,
    vision: Rated<Words>,
    general_objective: Rated<Words>,
    specific_objectives: Vec<Rated<Words>>,
    framework_lines: Vec<Rated<Words>>,
    action_lines: Vec<Rated<Line>>,
    phases: Vec<Rated<Phase>>,
    closing_activities: Vec<Rated<ClosingActivity>>,
    help_table: Vec<Rated<HelpRow>>,
    incentives: Vec<Rated<PlanIncentive>>,
    signed_by: Rated<Words>,
}

/// The version of the model.
pub(crate) fn version() -> &'static str {
    &NATIONAL.version
}

/// The model as the plan of a municipality for a period.
pub(crate) fn plan(town: &TenantEntry, key: &str, from_year: i32, to_year: i32) -> Document {
    let fill = |words: &Rated<Words>| {
        let years = words.row.text.replace("{{from_year}}", &from_year.to_string()).replace("{{to_year}}", &to_year.to_string());
        years.replace("{{municipality}}", &town.name).replace("{{department}}", &town.department)
    };
    let line = |line: &Rated<Line>| LineFile {
        number: line.row.number,
        title: line.row.title.clone(),
        benefits: line.row.benefits.clone(),
        indicators: line.row.indicators.iter().map(|rated| rated.row.clone()).collect(),
        activities: line.row.activities.iter().map(|rated| rated.row.clone()).collect(),
        responsibles: line.row.responsibles.clone(),
        resources: line.row.resources.clone(),
        duration_text: line.row.duration_text.clone(),
    };
    let phase = |phase: &Rated<Phase>| PhaseFile {
        key: phase.row.key.clone(),
        name: phase.row.name.clone(),
        national_deadline: phase.row.national_deadline,
        deadline: year_end(to_year),
        target: None,
    };
    let model = &*NATIONAL;
    Document {
        key: key.to_owned(),
        title: fill(&model.title),
        framework: model.framework.clone(),
        period: Some(Period { text: None, derived: false, from_year, to_year }),
        legal_frame: fill(&model.legal_frame),
        vision: fill(&model.vision),
        general_objective: fill(&model.general_objective),
        specific_objectives: model.specific_objectives.iter().map(fill).collect(),
        framework_lines: model.framework_lines.iter().map(fill).collect(),
        action_lines: model.action_lines.iter().map(line).collect(),
        phases: model.phases.iter().map(phase).collect(),
        closing_activities: model.closing_activities.iter().map(|rated| rated.row.clone()).collect(),
        help_table: model.help_table.iter().map(|rated| rated.row.clone()).collect(),
        incentives: model.incentives.iter().map(|rated| rated.row.clone()).collect(),
        signed_by: fill(&model.signed_by),
        letterhead: Letterhead {
            name: town.official_name.clone(),
            dispatch: town.dispatch.clone(),
            nit: town.nit.as_ref().map(|nit| format!("NIT {nit}")),
            motto: town.motto.clone(),
            address: town.address.clone(),
            phone: town.phones.first().map(|phone| phone.number.clone()),
            email: town.email.clone(),
        },
        notes: Vec::new(),
    }
}

/// How a plan differs from the model. What is every municipality's own (title, period, deadlines, signature, letterhead, remarks) is no difference.
pub(crate) fn compared(town: &TenantEntry, plan: &Document) -> Vec<PlanChange> {
    let (from, to) = plan.period.as_ref().map_or((0, 0), |period| (period.from_year, period.to_year));
    let mut model = self::plan(town, &plan.key, from, to);
    model.title.clone_from(&plan.title);
    model.period.clone_from(&plan.period);
    model.signed_by.clone_from(&plan.signed_by);
    model.letterhead.clone_from(&plan.letterhead);
    model.notes.clone_from(&plan.notes);
    for phase in &mut model.phases {
        if let Some(own) = plan.phases.iter().find(|own| own.key == phase.key) {
            phase.deadline = own.deadline;
        }
    }
    differences(&model, plan)
}

/// What a draft still says in the model's words although the model itself is not sure of them.
pub(crate) fn to_confirm(draft: &Document) -> Vec<String> {
    let open = |confidence: Confidence| confidence == Confidence::MemoryMedium;
    let lines = NATIONAL.action_lines.iter().flat_map(|line| {
        let own = draft.action_lines.iter().find(|own| own.number == line.row.number);
        let kept = move |activity: &&Rated<ActivityFile>| {
            open(activity.confidence) && own.is_some_and(|own| own.activities.iter().any(|own| own.text == activity.row.text))
        };
        line.row.activities.iter().filter(kept).map(|activity| format!("Acción {}: {}", line.row.number, activity.row.text))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::{Confidence, NATIONAL};

    #[test]
    fn the_whole_model_is_read() {
        let model = &*NATIONAL;
        assert_eq!((model.action_lines.len(), model.phases.len(), model.help_table.len()), (6, 5, 3));
        assert!(model.action_lines.iter().all(|line| !line.row.indicators.is_empty() && !line.row.activities.is_empty()));
        assert_eq!(model.title.confidence, Confidence::Plan);
        assert!(model.framework_lines.len() == 6 && !model.version.is_empty());
    }

    #[test]
    fn the_model_names_no_municipality() {
        assert!(!super::MODEL.lines().filter(|line| !line.starts_with('#')).any(|line| line.contains("Chipaque")));
    }
}
