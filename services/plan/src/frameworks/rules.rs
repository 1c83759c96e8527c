//! Pure decisions on frameworks: which criteria there are, what a measure answers, how far a phase is fulfilled, what helps most.

use std::sync::LazyLock;

use kernel::error::Faults;
use kernel::{Error, Result};
use time::Date;

use super::model::{CriterionState, Effort, Framework, FrameworkCriterion, FrameworkPhase, Kind, MetWhen, PhaseGoal};
use crate::rules::tidy;

/// Every version of every framework; a later version stands after the earlier one.
const FILES: [(&str, &str); 2] = [
    ("framework-gel-2008-1.yaml", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/framework-gel-2008-1.yaml"))),
    ("framework-res-1519-1.yaml", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/framework-res-1519-1.yaml"))),
];

/// A file that does not parse is a broken build: a test reads them all.
static FRAMEWORKS: LazyLock<Vec<Framework>> =
    LazyLock::new(|| FILES.iter().filter_map(|(name, text)| kernel::pack::parse_yaml(name, text).ok()).collect());

/// Every framework in the version of today.
pub(crate) fn frameworks() -> Vec<&'static Framework> {
    newest(&FRAMEWORKS)
}

fn newest(all: &[Framework]) -> Vec<&Framework> {
    let newer = |framework: &&Framework| !all.iter().any(|other| other.key == framework.key && other.version > framework.version);
    all.iter().filter(newer).collect()
}

/// The framework of that key, in the version of today; `None` where there is none.
pub(crate) fn known(key: &str) -> Option<&'static Framework> {
    frameworks().into_iter().find(|framework| framework.key == key)
}

/// The framework that a plan names.
pub(crate) fn framework(key: &str) -> Result<&'static Framework> {
    known(key).ok_or_else(|| Error::whole("PACK", format!("plan.yaml: el marco «{key}» no se conoce")))
}

/// Whether a criterion of that code was asked in some version.
pub(crate) fn ever_asked(framework: &str, code: &str) -> bool {
    FRAMEWORKS.iter().any(|known| known.key == framework && known.find(code).is_some())
}

impl Framework {
    /// The phase of that key.
    pub(crate) fn phase(&self, key: &str) -> Option<&FrameworkPhase> {
        self.phases.iter().find(|phase| phase.key == key)
    }

    /// Every criterion of every phase, retired ones too.
    pub(crate) fn criteria(&self) -> impl Iterator<Item = &FrameworkCriterion> {
        self.phases.iter().flat_map(|phase| &phase.criteria)
    }

    /// The criterion of that code, with its phase.
    pub(crate) fn find(&self, code: &str) -> Option<(&FrameworkPhase, &FrameworkCriterion)> {
        self.phases.iter().find_map(|phase| Some((phase, phase.criteria.iter().find(|criterion| criterion.code == code)?)))
    }

    /// The criterion of that code, if a person may say that it stands so. Of one that a measure answers only that it does not apply, or
    /// that it does after all (`aside`): no measure knows that.
    pub(crate) fn settable(
        &self,
        code: &str,
        state: CriterionState,
        computed: impl Fn(&FrameworkCriterion) -> bool,
        aside: bool,
    ) -> Result<&FrameworkCriterion> {
        let Some((_, criterion)) = self.find(code) else {
            return Err(Error::field("code", "NOT_FOUND", "Ese criterio no está en el marco"));
        };
        if criterion.retired.is_some() {
            return Err(Error::field(
                "code",
                "RETIRED",
                "Este criterio se retiró del marco: conserva lo que se dijo de él y ya no se evalúa",
            ));
        }
        if criterion.essential && state == CriterionState::NotApplicable {
            return Err(Error::field("state", "ESSENTIAL", "Este criterio es esencial: aplica a todos los municipios"));
        }
        if computed(criterion) && state != CriterionState::NotApplicable && !(aside && state == CriterionState::No) {
            let why = "Este criterio lo responde la plataforma a partir de lo publicado; a mano solo se dice si no aplica, con el motivo";
            return Err(Error::field("code", "COMPUTED", why));
        }
        Ok(criterion)
    }
}

impl FrameworkPhase {
    /// What counts today.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &FrameworkCriterion> {
        self.criteria.iter().filter(|criterion| criterion.retired.is_none())
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

/// A criterion as it is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) weight: f64,
    pub(crate) essential: bool,
    pub(crate) state: Option<CriterionState>,
    /// Its measure failed today: it is left out, for unknown is not «no».
    pub(crate) failed: bool,
}

/// How the criteria of a phase stand, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    /// Criteria that concern the municipality.
    pub(crate) applicable: u32,
    /// Those that are met.
    pub(crate) yes: u32,
    /// Those that are met in part.
    pub(crate) partial: u32,
    /// Those that nobody has answered.
    pub(crate) unanswered: u32,
    /// Essential criteria that are not wholly met.
    pub(crate) essential_missing: u32,
    answered: u32,
    whole: f64,
    held: f64,
}

/// What a state adds of its criterion's weight.
fn credit(state: Option<CriterionState>) -> f64 {
    match state {
        Some(CriterionState::Yes) => 1.0,
        Some(CriterionState::Partial) => 0.5,
        Some(CriterionState::No | CriterionState::NotApplicable) | None => 0.0,
    }
}

impl Tally {
    /// Counts criteria; what nobody has answered concerns the municipality and is not met.
    pub(crate) fn of(criteria: impl IntoIterator<Item = Counted>) -> Self {
        let mut tally = Self::default();
        for Counted { weight, essential, state, failed } in criteria {
            if failed {
                continue;
            }
            tally.answered += u32::from(state.is_some());
            tally.unanswered += u32::from(state.is_none());
            if state == Some(CriterionState::NotApplicable) {
                continue;
            }
            tally.applicable += 1;
            tally.yes += u32::from(state == Some(CriterionState::Yes));
            tally.partial += u32::from(state == Some(CriterionState::Partial));
            tally.essential_missing += u32::from(essential && state != Some(CriterionState::Yes));
            tally.whole += weight;
            tally.held += weight * credit(state);
        }
        tally
    }

    /// Percent fulfilled by weight, a partial one counting half; null when nothing applies, and while nobody has answered anything.
    pub(crate) fn share(self) -> Option<f64> {
        (self.whole > 0.0 && self.answered > 0).then(|| (100.0 * self.held / self.whole).clamp(0.0, 100.0))
    }

    /// The percentage if so much more weight were held.
    fn share_with(self, more: f64) -> f64 {
        if self.whole > 0.0 { (100.0 * (self.held + more) / self.whole).clamp(0.0, 100.0) } else { 0.0 }
    }

    /// How that stands against a target: a percentage alone does not fulfil what lacks something essential.
    pub(crate) fn goal(self, target: Option<f64>, deadline: Option<Date>, today: Date) -> PhaseGoal {
        match (target, self.share()) {
            (None, _) => PhaseGoal::NoTarget,
            (Some(_), None) => PhaseGoal::Unknown,
            (Some(target), Some(share)) if share >= target && self.essential_missing == 0 => PhaseGoal::Reached,
            (Some(target), Some(share)) if share >= target => PhaseGoal::EssentialMissing,
            _ if deadline.is_some_and(|deadline| deadline < today) => PhaseGoal::Late,
            _ => PhaseGoal::UnderWay,
        }
    }
}

/// What a person says of a criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<String>,
}

/// Checks what a person says of a criterion: a yes needs proof, even a partial one; what does not apply needs its reason.
pub(crate) fn assessment(state: CriterionState, reason: Option<&str>, evidence: Option<&str>, files: bool) -> Result<Said> {
    let mut faults = Faults::default();
    let evidence = tidy(evidence, &mut faults);
    let reason = reason.map(str::trim).filter(|text| !text.is_empty());
    let fits = reason.is_none_or(|text| text.chars().count() <= 2000 && !text.contains('\0'));
    faults.require(fits, "reason", "LENGTH", "El motivo tiene más de 2.000 letras; resúmalo");
    let proven = files || evidence.is_some() || matches!(state, CriterionState::No | CriterionState::NotApplicable);
    faults.require(
        proven,
        "evidence",
        "REQUIRED",
        "Escriba la evidencia: la dirección donde se ve o un texto que la describa; o adjunte un archivo",
    );
    let reasoned = reason.is_some() || state != CriterionState::NotApplicable;
    faults.require(reasoned, "reason", "REQUIRED", "Diga por qué no aplica: el motivo se publica");
    faults.into_result()?;
    Ok(Said { reason: reason.map(str::to_owned), evidence })
}

/// The address of this site with which a piece of evidence begins: `/directorio, con el Concejo` → `/directorio`.
pub(crate) fn address(evidence: &str) -> Option<&str> {
    let word = evidence.split_whitespace().next()?.trim_end_matches(['.', ',', ';', ':', ')']);
    (word.len() > 1 && word.starts_with('/') && !word.starts_with("//")).then_some(word)
}

/// Where each sort of measure is raised: the screen of the capability that offers it.
const SCREENS: [(&str, &str); 13] = [
    ("site.", "/admin/sitio"),
    ("tramites.", "/admin/tramites"),
    ("services.", "/admin/tramites"),
    ("cases.", "/admin/casos"),
    ("visits.", "/admin/visitas"),
    ("identity.", "/admin/equipo"),
    ("plan.", "/admin/plan"),
    ("agreements.", "/admin/convenios"),
    ("training.", "/admin/capacitacion"),
    ("committee.", "/admin/comite"),
    ("handover.", "/admin/empalme"),
    // The town's own data stand in the registry, which the help centre keeps.
    ("tenancy.", "/admin/soporte?desde=/admin/plan/criterios"),
    ("support.", "/admin/soporte"),
];

/// The screen where a criterion is met: that of its measure, or the one where a person says how it stands.
pub(crate) fn screen(framework: &str, phase: &str, criterion: &FrameworkCriterion, computed: bool) -> String {
    let measure = criterion.measure.as_deref().filter(|_| computed).unwrap_or_default();
    match SCREENS.iter().find(|(prefix, _)| measure.starts_with(prefix)) {
        Some((_, path)) => (*path).to_owned(),
        None => format!("/admin/plan/criterios?marco={framework}&fase={phase}&criterio={0}#criterio-{0}", criterion.code),
    }
}

/// A criterion that is not met, in a phase that is still under its target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open<'a> {
    pub(crate) framework: &'a str,
    pub(crate) phase: &'a FrameworkPhase,
    pub(crate) criterion: &'a FrameworkCriterion,
    pub(crate) state: Option<CriterionState>,
    pub(crate) computed: bool,
    pub(crate) tally: Tally,
}

impl Open<'_> {
    /// Whether one measure answers both in the same way, so that one piece of work meets both.
    fn same_work(&self, other: &Open<'_>) -> bool {
        let asked = (&other.criterion.measure, other.criterion.met_when);
        self.computed && other.computed && (&self.criterion.measure, self.criterion.met_when) == asked
    }
}

/// Something to do that raises the score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NextAction {
    pub(crate) title: String,
    /// The phases that it raises, each with its percentage before and after.
    pub(crate) raises: Vec<(String, Option<f64>, f64)>,
    pub(crate) effort: Effort,
    pub(crate) essential: bool,
    pub(crate) path: String,
    /// The criteria that it meets: framework and code.
    pub(crate) meets: Vec<(String, String)>,
}

impl NextAction {
    /// Percentage points over all phases.
    fn gain(&self) -> f64 {
        self.raises.iter().map(|(_, before, after)| after - before.unwrap_or(0.0)).sum()
    }

    /// In words: «Sube «Información en línea» de 71 % a 73 %».
    pub(crate) fn why(&self) -> String {
        let percent = |value: f64| format!("{value:.1}").replace('.', ",").trim_end_matches(",0").to_owned();
        let rises = self.raises.iter().map(|(phase, before, after)| match before {
            Some(before) => format!("«{phase}» de {} % a {} %", percent(*before), percent(*after)),
            None => format!("«{phase}» hasta {} %", percent(*after)),
        });
        format!("Sube {}.", rises.collect::<Vec<_>>().join(" y "))
    }
}

/// What it is called to meet a criterion.
fn todo(open: &Open<'_>) -> String {
    let verb = match (open.computed, open.state, open.criterion.kind) {
        (false, None, _) => "Evaluar, con su evidencia",
        (true, Some(CriterionState::Partial), _) | (_, _, Kind::Estandar) => "Completar",
        (_, _, Kind::Contenido | Kind::Documento) => "Publicar",
        (_, _, Kind::Funcion) => "Poner en marcha",
        (_, _, Kind::Proceso) => "Poner al día",
    };
    format!("{verb}: {}", open.criterion.title)
}

/// The few things that raise the score most for the least work, what is essential first. Criteria that one measure answers are one thing
/// to do; what a person answers is a thing of its own.
pub(crate) fn next_actions(open: &[Open<'_>], first: usize) -> Vec<NextAction> {
    let mut things: Vec<Vec<&Open<'_>>> = Vec::new();
    for one in open {
        let same = |thing: &&mut Vec<&Open<'_>>| thing[0].same_work(one);
        match things.iter_mut().find(same) {
            Some(thing) => thing.push(one),
            None => things.push(vec![one]),
        }
    }
    let mut actions: Vec<_> = things.iter().map(|thing| action(thing)).collect();
    let worth = |action: &NextAction| action.gain() / action.effort.weight();
    actions.sort_by(|a, b| b.essential.cmp(&a.essential).then(worth(b).total_cmp(&worth(a))).then_with(|| a.title.cmp(&b.title)));
    actions.truncate(first);
    actions
}

fn action(thing: &[&Open<'_>]) -> NextAction {
    let lead = thing[0];
    let mut phases: Vec<(&Open<'_>, f64)> = Vec::new();
    for one in thing {
        let more = one.criterion.weight * (1.0 - credit(one.state));
        match phases.iter_mut().find(|(other, _)| (other.framework, &other.phase.key) == (one.framework, &one.phase.key)) {
            Some((_, sum)) => *sum += more,
            None => phases.push((one, more)),
        }
    }
    let raise = |(one, more): (&Open<'_>, f64)| (one.phase.name.clone(), one.tally.share(), one.tally.share_with(more));
    NextAction {
        title: todo(lead),
        raises: phases.into_iter().map(raise).collect(),
        effort: thing.iter().map(|one| one.criterion.effort).max().unwrap_or(Effort::High),
        essential: thing.iter().any(|one| one.criterion.essential),
        path: screen(lead.framework, &lead.phase.key, lead.criterion, lead.computed),
        meets: thing.iter().map(|one| (one.framework.to_owned(), one.criterion.code.clone())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof};
    use proptest::{collection, proptest};
    use time::Date;
    use time::macros::date;

    use super::super::model::CriterionState::{self, No, NotApplicable, Partial, Yes};
    use super::super::model::MetWhen::{AtLeast, AtMost};
    use super::super::model::{Effort, Framework, PhaseGoal};
    use super::{Counted, FILES, FRAMEWORKS, Open, Tally, address, answer, assessment, frameworks, known, newest, next_actions};

    fn parsed(text: &str) -> Framework {
        kernel::pack::parse_yaml("marco.yaml", text).expect("is a framework")
    }

    #[test]
    fn every_framework_is_read_whole() {
        for (name, text) in FILES {
            let read: Framework = kernel::pack::parse_yaml(name, text).unwrap_or_else(|fault| panic!("{fault}"));
            assert_eq!(name, format!("framework-{}-{}.yaml", read.key, read.version));
        }
        assert_eq!(FRAMEWORKS.len(), FILES.len());
        let gel = known("gel-2008").expect("is ours");
        assert_eq!((gel.phases.len(), gel.criteria().count()), (5, 122));
        assert!(gel.criteria().all(|criterion| (criterion.weight - 1.0).abs() < f64::EPSILON));
        for framework in frameworks() {
            let mut codes: Vec<_> = framework.criteria().map(|criterion| &criterion.code).collect();
            let count = codes.len();
            codes.sort();
            codes.dedup();
            assert_eq!(codes.len(), count, "{}: a code is there once", framework.key);
            for criterion in framework.criteria() {
                let code = &criterion.code;
                assert_eq!(criterion.measure.is_some(), criterion.met_when.is_some(), "{code}");
                assert!(criterion.measure.is_none() || criterion.knowable, "{code}: what a measure answers can be known");
                assert!(criterion.weight > 0.0 && !criterion.why.is_empty(), "{code}");
                let doubtful = criterion.confidence == "memory-medium" && framework.key == "res-1519";
                let said = criterion.legal_basis.as_deref().is_some_and(|basis| basis.contains("por confirmar"));
                assert!(!doubtful || said, "{code}: a doubtful legal basis says so");
            }
        }
    }

    #[test]
    #[expect(clippy::print_stdout, reason = "whoever runs it wants to read the numbers")]
    fn measures_answer_four_fifths_of_what_a_platform_can_know() {
        for framework in frameworks() {
            let asked: Vec<_> = framework.phases.iter().flat_map(super::FrameworkPhase::asked).collect();
            let knowable = asked.iter().filter(|criterion| criterion.knowable).count();
            let measured = asked.iter().filter(|criterion| criterion.measure.is_some()).count();
            let percent = 100 * measured / knowable;
            println!("{}: {} criteria, {knowable} can be known, {measured} are measured ({percent} %)", framework.key, asked.len());
            assert!(percent >= 80, "{}: {measured} of {knowable}", framework.key);
        }
    }

    const TWO_VERSIONS: [&str; 2] = [
        "{key: m, version: 1, name: n, title: t, legal_basis: l, replaced_by: null, note: n, phases: [{key: f, name: F, meaning: m, criteria: [
          {code: A, title: a, description: d, group: g, kind: contenido, confidence: seen, weight: 1, effort: 1, knowable: false, why: w},
          {code: B, title: b, description: d, group: g, kind: contenido, confidence: seen, weight: 1, effort: 1, knowable: false, why: w}]}]}",
        "{key: m, version: 2, name: n, title: t, legal_basis: l, replaced_by: null, note: n, phases: [{key: f, name: F, meaning: m, criteria: [
          {code: A, title: a, description: d, group: g, kind: contenido, confidence: seen, weight: 1, effort: 1, knowable: false, why: w,
           retired: Ya no se pide.},
          {code: B, title: b, description: d, group: g, kind: contenido, confidence: seen, weight: 2, effort: 1, knowable: false, why: w}]}]}",
    ];

    #[test]
    fn a_new_version_takes_the_place_of_the_old_one_and_what_it_retires_is_not_asked() {
        let all = TWO_VERSIONS.map(parsed);
        let [current] = newest(&all)[..] else { panic!("one framework") };
        assert_eq!(current.version, 2);
        let asked: Vec<_> = current.phases[0].asked().map(|criterion| criterion.code.as_str()).collect();
        assert_eq!(asked, ["B"]);
        assert!(current.find("A").is_some(), "it is still shown");
        assert_eq!(told(current.settable("A", Yes, |_| false, false)), "RETIRED");
        assert_eq!(told(current.settable("X", Yes, |_| false, false)), "NOT_FOUND");
        assert_eq!(told(current.settable("B", Yes, |_| false, false)), "B");
    }

    fn told(outcome: kernel::Result<&super::FrameworkCriterion>) -> String {
        match outcome {
            Err(kernel::Error::Rejected(faults)) => faults[0].code.clone(),
            Err(other) => panic!("{other}"),
            Ok(criterion) => criterion.code.clone(),
        }
    }

    #[test]
    fn of_what_a_measure_answers_a_person_says_only_whether_it_applies() {
        let framework = known("gel-2008").expect("is ours");
        let set = |code: &str, state, aside| told(framework.settable(code, state, |criterion| criterion.measure.is_some(), aside));
        assert_eq!((set("INF-19", Yes, false), set("INF-19", NotApplicable, false)), ("COMPUTED".to_owned(), "INF-19".to_owned()));
        assert_eq!((set("INF-19", No, false), set("INF-19", No, true)), ("COMPUTED".to_owned(), "INF-19".to_owned()));
        assert_eq!(set("INF-04", NotApplicable, false), "ESSENTIAL");
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

    fn plain(state: Option<CriterionState>) -> Counted {
        Counted { weight: 1.0, essential: false, state, failed: false }
    }

    fn tally(states: &[Option<CriterionState>]) -> Tally {
        Tally::of(states.iter().copied().map(plain))
    }

    #[test]
    fn a_partial_criterion_counts_half_and_what_does_not_apply_not_at_all() {
        let tally = tally(&[Some(Yes), Some(Partial), None, Some(No), Some(NotApplicable)]);
        assert_eq!((tally.share(), tally.yes, tally.partial, tally.unanswered, tally.applicable), (Some(37.5), 1, 1, 1, 4));
    }

    #[test]
    fn a_criterion_counts_by_its_weight() {
        let heavy = Counted { weight: 3.0, ..plain(Some(Yes)) };
        assert_eq!(Tally::of([heavy, plain(Some(No))]).share(), Some(75.0));
    }

    #[test]
    fn nothing_known_is_not_zero_and_what_failed_is_left_out() {
        assert_eq!(tally(&[None, None]).share(), None);
        assert_eq!(tally(&[Some(NotApplicable)]).share(), None);
        assert_eq!(tally(&[Some(No), None]).share(), Some(0.0));
        let failed = Counted { failed: true, ..plain(None) };
        assert_eq!(Tally::of([plain(Some(Yes)), failed]).share(), Some(100.0));
    }

    const TODAY: Date = date!(2026 - 11 - 23);

    #[test]
    fn a_percentage_alone_does_not_fulfil_a_phase() {
        let missing = Counted { essential: true, ..plain(Some(Partial)) };
        let held = Tally::of([plain(Some(Yes)), plain(Some(Yes)), missing]);
        assert_eq!(held.essential_missing, 1);
        assert_eq!(held.goal(Some(50.0), None, TODAY), PhaseGoal::EssentialMissing);
        assert_eq!(held.goal(Some(100.0), Some(date!(2010 - 12 - 01)), TODAY), PhaseGoal::Late);
        assert_eq!(held.goal(Some(100.0), Some(date!(2027 - 12 - 01)), TODAY), PhaseGoal::UnderWay);
        assert_eq!(held.goal(None, None, TODAY), PhaseGoal::NoTarget);
        assert_eq!(tally(&[None]).goal(Some(50.0), None, TODAY), PhaseGoal::Unknown);
        assert_eq!(tally(&[Some(Yes)]).goal(Some(100.0), None, TODAY), PhaseGoal::Reached);
    }

    #[test]
    fn a_yes_needs_proof_and_what_does_not_apply_its_reason() {
        assert!(assessment(Yes, None, Some("  "), false).is_err() && assessment(Partial, Some("Falta"), None, false).is_err());
        let said = assessment(Yes, None, Some(" /directorio "), false).expect("is proven");
        assert_eq!(said.evidence.as_deref(), Some("/directorio"));
        assert!(assessment(Yes, None, None, true).is_ok(), "a file proves it");
        assert!(assessment(NotApplicable, Some(" "), None, false).is_err());
        assert!(assessment(NotApplicable, Some("No hay gaceta"), None, false).is_ok() && assessment(No, None, None, false).is_ok());
    }

    #[test]
    fn an_address_stands_at_the_beginning_of_its_evidence() {
        assert_eq!(address("/directorio, con el Concejo"), Some("/directorio"));
        assert_eq!(address("/noticias/el-concejo."), Some("/noticias/el-concejo"));
        assert_eq!((address("Acta 4"), address("//evil.example"), address("https://x.example/")), (None, None, None));
    }

    fn open<'a>(framework: &'a Framework, codes: &[&str], held: Tally) -> Vec<Open<'a>> {
        let of = |code: &&str| {
            let (phase, criterion) = framework.find(code).expect("is ours");
            Open { framework: &framework.key, phase, criterion, state: Some(No), computed: criterion.measure.is_some(), tally: held }
        };
        codes.iter().map(of).collect()
    }

    #[test]
    fn what_is_essential_comes_first_then_what_gains_most_for_its_work() {
        let framework = parsed(
            "{key: m, version: 1, name: n, title: t, legal_basis: l, replaced_by: null, note: n, phases: [{key: f, name: Fase, meaning: m, criteria: [
              {code: light, title: Ligero, description: d, group: g, kind: contenido, confidence: seen, weight: 1, effort: 1, knowable: false, why: w},
              {code: hard, title: Duro, description: d, group: g, kind: funcion, confidence: seen, weight: 2, effort: 3, knowable: false, why: w},
              {code: must, title: Debe, description: d, group: g, kind: documento, confidence: seen, weight: 1, effort: 3, essential: true,
               knowable: false, why: w},
              {code: one, title: Uno, description: d, group: g, kind: contenido, confidence: seen, weight: 1, effort: 1, knowable: true, why: w,
               measure: site.page.1, met_when: {at_least: 1}},
              {code: two, title: Dos, description: d, group: g, kind: contenido, confidence: seen, weight: 1, effort: 1, knowable: true, why: w,
               measure: site.page.1, met_when: {at_least: 1}}]}]}",
        );
        let held = tally(&[Some(Yes), Some(No), Some(No), Some(No), Some(No), Some(No), Some(No), Some(No)]);
        let actions = next_actions(&open(&framework, &["light", "hard", "must", "one", "two"], held), 5);
        let titles: Vec<_> = actions.iter().map(|action| action.title.as_str()).collect();
        assert_eq!(titles, ["Publicar: Debe", "Publicar: Uno", "Publicar: Ligero", "Poner en marcha: Duro"]);
        assert_eq!(actions[1].why(), "Sube «Fase» de 12,5 % a 37,5 %.", "one page meets two criteria");
        assert_eq!((actions[1].path.as_str(), actions[1].effort, actions[1].meets.len()), ("/admin/sitio", Effort::Low, 2));
        assert_eq!(actions[2].path, "/admin/plan/criterios?marco=m&fase=f&criterio=light#criterio-light");
        assert_eq!(next_actions(&open(&framework, &["light", "hard"], held), 1).len(), 1);
    }

    fn state() -> impl Strategy<Value = Option<CriterionState>> {
        prop_oneof![Just(None), Just(Some(Yes)), Just(Some(Partial)), Just(Some(No)), Just(Some(NotApplicable))]
    }

    fn counted() -> impl Strategy<Value = Counted> {
        (0.1..10.0f64, any::<bool>(), state()).prop_map(|(weight, essential, state)| Counted { weight, essential, state, failed: false })
    }

    fn higher(state: Option<CriterionState>) -> CriterionState {
        match state {
            None | Some(No) => Partial,
            Some(Partial | Yes) => Yes,
            Some(NotApplicable) => NotApplicable,
        }
    }

    proptest! {
        #[test]
        fn a_share_is_a_percentage(criteria in collection::vec(counted(), 0..80)) {
            let tally = Tally::of(criteria.iter().copied());
            assert!(tally.share().is_none_or(|share| (0.0..=100.0).contains(&share)));
            assert!(tally.yes + tally.partial <= tally.applicable && tally.essential_missing <= tally.applicable);
        }

        #[test]
        fn what_does_not_apply_changes_nothing(mut criteria in collection::vec(counted(), 1..80), extra in 0usize..9) {
            criteria.push(plain(Some(No)));
            let before = Tally::of(criteria.iter().copied()).share();
            criteria.extend(std::iter::repeat_n(Counted { essential: true, weight: 5.0, ..plain(Some(NotApplicable)) }, extra));
            assert_eq!(Tally::of(criteria).share(), before);
        }

        #[test]
        fn a_state_that_rises_never_lowers_the_share(criteria in collection::vec(counted(), 1..80), at in any::<proptest::sample::Index>()) {
            let before = Tally::of(criteria.iter().copied());
            let mut after = criteria.clone();
            let one = at.get(&criteria);
            let place = criteria.iter().position(|other| std::ptr::eq(other, one)).unwrap_or(0);
            after[place].state = Some(higher(one.state));
            let after = Tally::of(after);
            assert!(after.share().unwrap_or(0.0) + 1e-9 >= before.share().unwrap_or(0.0));
            assert!(after.essential_missing <= before.essential_missing);
        }

        #[test]
        fn weights_are_relative(criteria in collection::vec(counted(), 1..40), times in 0.1..50.0f64) {
            let share = Tally::of(criteria.iter().copied()).share();
            let scaled = Tally::of(criteria.into_iter().map(|one| Counted { weight: one.weight * times, ..one })).share();
            assert!(share.is_some() == scaled.is_some() && (share.unwrap_or(0.0) - scaled.unwrap_or(0.0)).abs() < 1e-6);
        }

        #[test]
        fn while_something_essential_is_missing_no_target_is_reached(criteria in collection::vec(counted(), 0..40), target in 0.0..100.0f64) {
            let tally = Tally::of(criteria.into_iter().chain([Counted { essential: true, ..plain(Some(No)) }]));
            assert_ne!(tally.goal(Some(target), None, TODAY), PhaseGoal::Reached);
        }

        #[test]
        fn no_action_lowers_a_phase(states in collection::vec(state(), 1..60), first in 1usize..9) {
            let framework = known("gel-2008").expect("is ours");
            let phase = &framework.phases[0];
            let held = tally(&states);
            let unmet: Vec<_> = phase.criteria.iter().zip(&states).filter(|(_, state)| !matches!(state, Some(Yes | NotApplicable))).collect();
            let open: Vec<_> = unmet
                .into_iter()
                .map(|(criterion, state)| Open {
                    framework: &framework.key, phase, criterion, state: *state, computed: criterion.measure.is_some(), tally: held,
                })
                .collect();
            let actions = next_actions(&open, first);
            assert!(actions.len() <= first);
            for action in &actions {
                assert!(action.raises.iter().all(|(_, before, after)| *after > before.unwrap_or(0.0)), "{action:?}");
            }
            assert!(actions.windows(2).all(|pair| pair[0].essential >= pair[1].essential));
        }
    }
}
