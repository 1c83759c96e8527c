//! Pure decisions: which criteria a framework has, what a measure answers, how far phase and target are reached.

use std::sync::LazyLock;

use kernel::error::Faults;
use kernel::{Error, Result};

use crate::model::{CriterionState, Framework, FrameworkCriterion, FrameworkPhase, MetWhen};

const GEL_2008: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/framework-gel-2008.yaml"));

/// The five phases of Decreto 1151 de 2008. A test reads it whole.
static FRAMEWORK: LazyLock<Framework> = LazyLock::new(|| kernel::pack::parse_yaml("framework-gel-2008.yaml", GEL_2008).unwrap_or_default());

/// The framework of that key.
pub(crate) fn framework(key: &str) -> Result<&'static Framework> {
    if FRAMEWORK.key == key { Ok(&FRAMEWORK) } else { Err(Error::whole("PACK", format!("plan.yaml: el marco «{key}» no se conoce"))) }
}

impl Framework {
    /// The phase of that key.
    pub(crate) fn phase(&self, key: &str) -> Option<&FrameworkPhase> {
        self.phases.iter().find(|phase| phase.key == key)
    }

    /// Every criterion of every phase.
    pub(crate) fn criteria(&self) -> impl Iterator<Item = &FrameworkCriterion> {
        self.phases.iter().flat_map(|phase| &phase.criteria)
    }
}

/// What the value of a measure says of a criterion: a share or a count that is begun is met in part; unknown stays unknown.
pub(crate) fn answer(value: Option<f64>, met: MetWhen) -> Option<CriterionState> {
    let value = value?;
    Some(match met {
        MetWhen::AtLeast(least) if value >= least => CriterionState::Yes,
        MetWhen::AtLeast(_) if value > 0.0 => CriterionState::Partial,
        MetWhen::AtMost(most) if value <= most => CriterionState::Yes,
        MetWhen::AtLeast(_) | MetWhen::AtMost(_) => CriterionState::No,
    })
}

/// How the criteria of a phase stand, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Criteria that concern the municipality.
    pub(crate) applicable: u32,
    /// Those that are met.
    pub(crate) yes: u32,
    partial: u32,
    answered: u32,
}

impl Tally {
    /// Counts states; what nobody has answered concerns the municipality and is not met.
    pub(crate) fn of(states: impl IntoIterator<Item = Option<CriterionState>>) -> Self {
        let mut tally = Self::default();
        for state in states {
            tally.answered += u32::from(state.is_some());
            tally.applicable += u32::from(state != Some(CriterionState::NotApplicable));
            tally.yes += u32::from(state == Some(CriterionState::Yes));
            tally.partial += u32::from(state == Some(CriterionState::Partial));
        }
        tally
    }

    /// Percent fulfilled, a partial one counting half; null when nothing applies, and while nobody has answered anything.
    pub(crate) fn share(self) -> Option<f64> {
        let known = self.applicable > 0 && self.answered > 0;
        known.then(|| 100.0 * (f64::from(self.yes) + 0.5 * f64::from(self.partial)) / f64::from(self.applicable))
    }
}

/// How much of a target a value reaches, percent from 0 to 100. Days are a span not to be exceeded, all else is to be reached.
pub(crate) fn reached(value: f64, target: f64, unit: Option<&str>) -> f64 {
    let (part, whole) = if unit == Some("días") { (target, value) } else { (value, target) };
    if part >= whole { 100.0 } else { (100.0 * part / whole).clamp(0.0, 100.0) }
}

/// A value as people read it: `7 días`, `92,5 %`, `sí`.
pub(crate) fn spoken(value: f64, unit: &str) -> String {
    if unit == "sí o no" {
        return if value > 0.0 { "sí" } else { "no" }.to_owned();
    }
    let number = format!("{value:.1}").replace('.', ",");
    format!("{} {unit}", number.strip_suffix(",0").unwrap_or(&number))
}

const EVIDENCE_LENGTH: usize = 2000;

fn tidy(evidence: Option<&str>, faults: &mut Faults) -> Option<String> {
    let evidence = evidence.map(str::trim).filter(|text| !text.is_empty());
    let fits = evidence.is_none_or(|text| text.chars().count() <= EVIDENCE_LENGTH && !text.contains('\0'));
    faults.require(fits, "evidence", "LENGTH", "La evidencia tiene más de 2.000 letras; resúmala o escriba su dirección");
    evidence.map(str::to_owned)
}

/// Checks a figure that a person records; gives its evidence.
pub(crate) fn measurement(value: f64, unit: Option<&str>, evidence: Option<&str>) -> Result<Option<String>> {
    let mut faults = Faults::default();
    faults.require(value.is_finite() && (0.0..=1e9).contains(&value), "value", "RANGE", "Escriba un número desde 0");
    faults.require(unit != Some("%") || value <= 100.0, "value", "RANGE", "Un porcentaje va de 0 a 100");
    let evidence = tidy(evidence, &mut faults);
    faults.into_result()?;
    Ok(evidence)
}

/// Checks what a person says of a criterion; gives its evidence, which a yes needs, even a partial one.
pub(crate) fn assessment(state: CriterionState, evidence: Option<&str>) -> Result<Option<String>> {
    let mut faults = Faults::default();
    let evidence = tidy(evidence, &mut faults);
    let proven = evidence.is_some() || matches!(state, CriterionState::No | CriterionState::NotApplicable);
    faults.require(proven, "evidence", "REQUIRED", "Escriba la evidencia: la dirección donde se ve o un texto que la describa");
    faults.into_result()?;
    Ok(evidence)
}

/// Checks the evidence of an activity.
pub(crate) fn activity(evidence: Option<&str>) -> Result<Option<String>> {
    let mut faults = Faults::default();
    let evidence = tidy(evidence, &mut faults);
    faults.into_result()?;
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof};
    use proptest::{collection, proptest};

    use super::{Tally, answer, assessment, framework, measurement, reached, spoken};
    use crate::model::CriterionState::{self, No, NotApplicable, Partial, Yes};
    use crate::model::MetWhen::{AtLeast, AtMost};

    #[test]
    fn the_whole_framework_is_read() {
        let framework = framework("gel-2008").expect("is ours");
        assert_eq!((framework.phases.len(), framework.criteria().count()), (5, 122));
        assert!(framework.criteria().all(|criterion| criterion.measure.is_some() == criterion.met_when.is_some()));
    }

    #[test]
    fn a_measure_answers_a_criterion() {
        assert_eq!(answer(Some(7.0), AtMost(7.0)), Some(Yes));
        assert_eq!(answer(Some(8.0), AtMost(7.0)), Some(No));
        assert_eq!(answer(Some(100.0), AtLeast(100.0)), Some(Yes));
        assert_eq!(answer(Some(1.0), AtLeast(100.0)), Some(Partial));
        assert_eq!(answer(Some(0.0), AtLeast(1.0)), Some(No));
        assert_eq!(answer(None, AtLeast(1.0)), None);
    }

    #[test]
    fn a_partial_criterion_counts_half_and_what_does_not_apply_not_at_all() {
        let tally = Tally::of([Some(Yes), Some(Partial), None, Some(No), Some(NotApplicable)]);
        assert_eq!((tally.share(), tally.yes, tally.applicable), (Some(37.5), 1, 4));
    }

    #[test]
    fn nothing_known_is_not_zero() {
        assert_eq!(Tally::of([None, None]).share(), None);
        assert_eq!(Tally::of([Some(NotApplicable)]).share(), None);
        assert_eq!(Tally::of([Some(No), None]).share(), Some(0.0));
    }

    #[test]
    fn days_are_not_to_be_exceeded_and_shares_are_to_be_reached() {
        assert!((reached(3.0, 4.0, Some("entidades")) - 75.0).abs() < 1e-9);
        assert!((reached(6.0, 7.0, Some("días")) - 100.0).abs() < 1e-9);
        assert!((reached(14.0, 7.0, Some("días")) - 50.0).abs() < 1e-9);
        assert!((reached(0.0, 0.0, None) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(spoken(92.5, "%"), "92,5 %");
        assert_eq!(spoken(7.0, "días"), "7 días");
        assert_eq!(spoken(1.0, "sí o no"), "sí");
    }

    #[test]
    fn a_yes_needs_evidence_and_a_no_does_not() {
        assert!(assessment(Yes, Some("  ")).is_err() && assessment(Partial, None).is_err());
        assert_eq!(assessment(Yes, Some(" /directorio ")).expect("is proven"), Some("/directorio".to_owned()));
        assert_eq!(assessment(No, None).expect("needs none"), None);
    }

    #[test]
    fn a_figure_is_a_number_from_zero() {
        assert!(measurement(-1.0, None, None).is_err() && measurement(f64::NAN, None, None).is_err());
        assert!(measurement(101.0, Some("%"), None).is_err() && measurement(101.0, Some("entidades"), None).is_ok());
    }

    fn state() -> impl Strategy<Value = Option<CriterionState>> {
        prop_oneof![Just(None), Just(Some(Yes)), Just(Some(Partial)), Just(Some(No)), Just(Some(NotApplicable))]
    }

    proptest! {
        #[test]
        fn a_share_is_a_percentage(states in collection::vec(state(), 0..80)) {
            let tally = Tally::of(states.iter().copied());
            assert!(tally.share().is_none_or(|share| (0.0..=100.0).contains(&share)));
            assert!(tally.yes <= tally.applicable);
        }

        #[test]
        fn what_does_not_apply_changes_nothing(mut states in collection::vec(state(), 1..80), extra in 0usize..9) {
            states.push(Some(No));
            let before = Tally::of(states.iter().copied()).share();
            states.extend(std::iter::repeat_n(Some(NotApplicable), extra));
            assert_eq!(Tally::of(states).share(), before);
        }

        #[test]
        fn one_more_yes_never_lowers_the_share(states in collection::vec(state(), 1..80)) {
            let before = Tally::of(states.iter().copied()).share().unwrap_or(0.0);
            assert!(Tally::of(states.into_iter().chain([Some(Yes)])).share().is_some_and(|after| after >= before));
        }

        #[test]
        fn a_reached_target_is_a_percentage(value in 0.0..1e9f64, target in 0.0..1e9f64, days in any::<bool>()) {
            assert!((0.0..=100.0).contains(&reached(value, target, days.then_some("días"))));
        }
    }
}
