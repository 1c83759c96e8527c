//! Use cases of frameworks: how each criterion stands, by a measure or by a person, and what is kept of it.

use std::collections::HashMap;

use kernel::capability::{Found, Registry};
use kernel::file::Public;
use kernel::{Error, Result, Tx, clock, file};
use serde_json::json;
use uuid::Uuid;

use super::model::{
    CriterionRow, CriterionState, EventRow, Finding, FindingRow, Framework, FrameworkCriterion, PhaseRow, ScoreRow, Stated,
};
use super::rules::{self, Counted, NextAction, Open, Tally};
use super::store;
use crate::indicators::rules::spoken;
use crate::text::model::Book;

/// How every criterion stands, by code. What is in no entry, nobody has answered.
pub(crate) type Findings = HashMap<String, Finding>;

/// Whether the platform answers a criterion: it names a measure, and a capability offers it.
pub(crate) fn computed(registry: &Registry, criterion: &FrameworkCriterion) -> bool {
    criterion.retired.is_none() && criterion.measure.as_deref().is_some_and(|measure| registry.measure(measure).is_some())
}

/// How the criteria of a framework stand: by a measure as it was last read where somebody offers it, else as a person found them.
pub(crate) async fn assess(registry: &Registry, tx: &mut Tx, framework: &str) -> Result<Findings> {
    let framework = rules::framework(framework)?;
    let mut findings: Findings = store::stated(tx, &framework.key, framework.version)
        .await?
        .into_iter()
        .map(|stated| (stated.row.code.clone(), said(stated)))
        .collect();
    let read = match store::reading(tx).await? {
        Some(_) => store::findings(tx, &framework.key, framework.version).await?,
        // Nobody has read them yet, as in the minute after a municipality was made.
        None => measured(registry, tx, framework, &HashMap::new()).await?.into_iter().map(|row| (row.code.clone(), row)).collect(),
    };
    for criterion in framework.criteria().filter(|criterion| computed(registry, criterion)) {
        // That something does not apply, a person says.
        if findings.get(&criterion.code).is_none_or(|finding| finding.state != Some(CriterionState::NotApplicable)) {
            findings.insert(criterion.code.clone(), found(registry, criterion, read.get(&criterion.code)));
        }
    }
    Ok(findings)
}

fn said(Stated { row, supported }: Stated) -> Finding {
    Finding {
        state: Some(row.state),
        reason: row.reason,
        evidence: row.evidence,
        at: Some(row.at),
        since: Some(row.at),
        computed: false,
        value: None,
        failed: false,
        supported,
        version: Some(row.version),
        by_id: row.by_id,
        by_name: row.by_name,
    }
}

fn found(registry: &Registry, criterion: &FrameworkCriterion, row: Option<&FindingRow>) -> Finding {
    let measure = criterion.measure.as_deref().and_then(|name| registry.measure(name)).map(|(measure, _)| measure);
    let evidence = measure.map(|measure| match row {
        Some(row) if row.failed => format!("La medición falló y se repite: hoy no se sabe. {}", measure.explanation),
        Some(FindingRow { value: Some(value), .. }) => {
            format!("Calculado por la plataforma: {}. {}", spoken(*value, measure.unit), measure.explanation)
        }
        _ => format!("La plataforma aún no tiene qué medir. {}", measure.explanation),
    });
    Finding {
        state: row.and_then(|row| row.state),
        reason: None,
        evidence,
        at: row.map(|row| row.at),
        since: row.map(|row| row.since),
        computed: true,
        value: row.and_then(|row| row.value),
        failed: row.is_some_and(|row| row.failed),
        supported: true,
        version: None,
        by_id: None,
        by_name: None,
    }
}

/// Computes what the measures of a framework say now; what says the same as before has said so since then.
async fn measured(
    registry: &Registry,
    tx: &mut Tx,
    framework: &Framework,
    before: &HashMap<String, FindingRow>,
) -> Result<Vec<FindingRow>> {
    let now = tx.now();
    let asked: Vec<_> = framework.criteria().filter(|criterion| computed(registry, criterion)).collect();
    let found = registry.compute_all(tx, asked.iter().filter_map(|criterion| criterion.measure.as_deref()), now).await?;
    let row = |criterion: &&FrameworkCriterion| {
        let found = *found.get(criterion.measure.as_deref()?)?;
        let state = rules::answer(found.value(), criterion.met_when?);
        let since = before.get(&criterion.code).filter(|row| row.state == state).map_or(now, |row| row.since);
        Some(FindingRow { code: criterion.code.clone(), state, value: found.value(), failed: found == Found::Failed, at: now, since })
    };
    Ok(asked.iter().filter_map(row).collect())
}

/// The count of a phase's criteria; empty for a phase that the framework does not know.
pub(crate) fn tally(framework: &str, phase: &str, findings: &Findings) -> Result<Tally> {
    Ok(rules::framework(framework)?.phase(phase).map_or_else(Tally::default, |phase| {
        Tally::of(phase.asked().map(|criterion| {
            let finding = findings.get(&criterion.code);
            Counted {
                weight: criterion.weight,
                essential: criterion.essential,
                state: finding.and_then(Finding::counts_as),
                failed: finding.is_some_and(|finding| finding.failed),
            }
        }))
    }))
}

/// What a person says of a criterion.
pub(crate) struct Saying<'a> {
    /// The plan's own framework when none is named.
    pub(crate) framework: Option<&'a str>,
    pub(crate) code: &'a str,
    pub(crate) state: CriterionState,
    pub(crate) reason: Option<&'a str>,
    pub(crate) evidence: Option<&'a str>,
    pub(crate) files: &'a [Uuid],
    /// The person's name, as it stands in the history from then on.
    pub(crate) by_name: Option<String>,
}

/// The framework that is named, else the plan's own.
async fn chosen(tx: &mut Tx, framework: Option<&str>) -> Result<&'static Framework> {
    match framework.map(str::trim).filter(|key| !key.is_empty()) {
        Some(key) => rules::known(key).ok_or_else(|| Error::field("framework", "NOT_FOUND", "Ese marco no se conoce")),
        None => rules::framework(&store::plan_framework(tx).await?.ok_or(Error::NotFound)?),
    }
}

/// What the files of a criterion hang on.
fn subject(framework: &str, code: &str) -> String {
    format!("criterion/{framework}/{code}")
}

/// Says how a criterion stands; one that a measure answers takes no word for it. Gives the framework.
pub(crate) async fn set_criterion_state(tx: &mut Tx, registry: &Registry, saying: Saying<'_>) -> Result<&'static Framework> {
    let framework = chosen(tx, saying.framework).await?;
    let stated = store::stated(tx, &framework.key, framework.version).await?;
    let aside = stated.iter().any(|stated| stated.row.code == saying.code && stated.row.state == CriterionState::NotApplicable);
    let code = framework.settable(saying.code, saying.state, |criterion| computed(registry, criterion), aside)?.code.clone();
    let subject = subject(&framework.key, &code);
    file::attach(tx, saying.files, &subject, Public::Yes).await?;
    let files = i32::try_from(file::of(tx, &subject).await?.len()).unwrap_or(i32::MAX);
    let said = rules::assessment(saying.state, saying.reason, saying.evidence, files > 0)?;
    let path = said.evidence.as_deref().and_then(rules::address);
    let evidence_path = match path {
        Some(path) if store::address_exists(tx, path).await? => Some(path.to_owned()),
        _ => None,
    };
    let (at, by_id) = (tx.now(), tx.actor());
    let row = CriterionRow {
        framework: framework.key.clone(),
        version: framework.version,
        code: code.clone(),
        state: saying.state,
        reason: said.reason,
        evidence: said.evidence,
        evidence_path,
        files,
        by_id,
        by_name: saying.by_name,
        at,
    };
    store::upsert_criterion_state(tx, &row).await?;
    let detail =
        json!({ "framework": row.framework, "version": row.version, "state": row.state, "reason": row.reason, "evidence": row.evidence });
    let id = tx.id();
    store::insert_events(tx, &[event(id, row)]).await?;
    tx.audit("plan.criterion.assessed", "criterion", &code, detail).await?;
    tx.publish();
    Ok(framework)
}

/// The entry in the history that a person's word makes.
pub(crate) fn event(id: Uuid, row: CriterionRow) -> EventRow {
    EventRow {
        id,
        framework: row.framework,
        version: row.version,
        code: row.code,
        at: row.at,
        state: Some(row.state),
        reason: row.reason,
        evidence: row.evidence,
        computed: false,
        by_id: row.by_id,
        by_name: row.by_name,
    }
}

/// Takes away a file that proves a criterion. What it alone proved stands without support from then on.
pub(crate) async fn remove_criterion_file(tx: &mut Tx, framework: &str, code: &str, id: Uuid) -> Result<&'static Framework> {
    let framework = rules::known(framework).ok_or(Error::NotFound)?;
    if file::detach(tx, id).await? != subject(&framework.key, code) {
        return Err(Error::NotFound);
    }
    tx.publish();
    Ok(framework)
}

/// Reads every measure of every framework and keeps what they say, and how far each phase has come today.
pub(crate) async fn read(tx: &mut Tx, registry: &Registry) -> Result<()> {
    let (now, content) = (tx.now(), store::content_version(tx).await?);
    let first = store::reading(tx).await?.is_none();
    let mut changed = false;
    for framework in rules::frameworks() {
        let before = store::findings(tx, &framework.key, framework.version).await?;
        let rows = measured(registry, tx, framework, &before).await?;
        let moved: Vec<_> =
            rows.iter().filter(|row| before.get(&row.code).is_none_or(|old| (old.state, old.failed) != (row.state, row.failed))).collect();
        changed |= !moved.is_empty();
        if !first {
            let turns = moved.iter().filter(|row| !row.failed && before.get(&row.code).is_some_and(|old| !old.failed));
            let events: Vec<_> = turns.map(|row| turn(tx.id(), framework, row)).collect();
            store::insert_events(tx, &events).await?;
        }
        store::keep_findings(tx, &framework.key, framework.version, &rows).await?;
    }
    store::set_reading(tx, now, content).await?;
    for framework in rules::frameworks() {
        changed |= keep_scores(tx, registry, framework).await?;
    }
    if changed {
        // The pages show it; the version that this raises is no reason to read again.
        store::set_reading(tx, now, content + 1).await?;
        tx.publish();
    }
    Ok(())
}

/// The entry in the history of a measure that came to say something else.
fn turn(id: Uuid, framework: &Framework, row: &FindingRow) -> EventRow {
    EventRow {
        id,
        framework: framework.key.clone(),
        version: framework.version,
        code: row.code.clone(),
        at: row.at,
        state: row.state,
        reason: None,
        evidence: None,
        computed: true,
        by_id: None,
        by_name: None,
    }
}

/// Writes today's scores of a framework where they differ from the last ones; gives whether any did.
async fn keep_scores(tx: &mut Tx, registry: &Registry, framework: &Framework) -> Result<bool> {
    let findings = assess(registry, tx, &framework.key).await?;
    let last = store::last_scores(tx, &framework.key, framework.version).await?;
    let (now, mut changed) = (tx.now(), false);
    for phase in &framework.phases {
        let tally = tally(&framework.key, &phase.key, &findings)?;
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let score = ScoreRow {
            framework: framework.key.clone(),
            version: framework.version,
            phase: phase.key.clone(),
            day: clock::local(now).date(),
            percent: tally.share(),
            applicable: count(tally.applicable),
            met: count(tally.yes),
            partial: count(tally.partial),
            unanswered: count(tally.unanswered),
            essential_missing: count(tally.essential_missing),
            counted_at: now,
        };
        let same = |old: &ScoreRow| ScoreRow { day: score.day, counted_at: now, ..old.clone() } == score;
        if !last.get(&phase.key).is_some_and(same) {
            store::set_score(tx, &score).await?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Reads the measures, and gives how the criteria of the plan's framework stand from then on.
pub(crate) async fn read_shares(tx: &mut Tx, registry: &Registry, book: &Book) -> Result<Findings> {
    read(tx, registry).await?;
    assess(registry, tx, &book.plan.framework).await
}

/// What raises the municipality's scores most for the least work: in the phases of its plan that are under their target, and in every
/// other framework, where the law asks for all of it.
pub(crate) async fn next_best_actions(tx: &mut Tx, registry: &Registry, first: usize) -> Result<Vec<NextAction>> {
    let mut open = Vec::new();
    let plan = store::plan_framework(tx).await?;
    for framework in rules::frameworks() {
        let mine = plan.as_deref() == Some(framework.key.as_str());
        // A framework that was replaced binds only whom its plan binds to it.
        if !mine && framework.replaced_by.is_some() {
            continue;
        }
        let phases = store::phases_of(tx, &framework.key).await?;
        let findings = assess(registry, tx, &framework.key).await?;
        for phase in &framework.phases {
            let tally = tally(&framework.key, &phase.key, &findings)?;
            let target = if mine { target(&phases, &phase.key) } else { Some(100.0) };
            let under = |target: f64| tally.share().is_none_or(|share| share < target) || tally.essential_missing > 0;
            if !target.is_some_and(under) {
                continue;
            }
            for criterion in phase.asked() {
                let finding = findings.get(&criterion.code);
                let state = finding.and_then(Finding::counts_as);
                let done = matches!(state, Some(CriterionState::Yes | CriterionState::NotApplicable));
                if !done && !finding.is_some_and(|finding| finding.failed) {
                    let computed = computed(registry, criterion);
                    open.push(Open { framework: &framework.key, phase, criterion, state, computed, tally });
                }
            }
        }
    }
    Ok(rules::next_actions(&open, first))
}

fn target(phases: &[PhaseRow], key: &str) -> Option<f64> {
    phases.iter().find(|phase| phase.key == key).and_then(|phase| phase.target)
}
