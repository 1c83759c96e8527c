//! One function a use case.

use std::collections::HashMap;

use kernel::capability::Registry;
use kernel::search::Entry;
use kernel::{Error, Result, Tx, clock, ids, text};
use serde_json::json;
use uuid::Uuid;

use crate::model::{Book, CriterionRow, CriterionState, Finding, IndicatorKind, MeasurementRow};
use crate::rules::{self, Tally};
use crate::{measures, store};

/// How every criterion stands, by code. What is in no entry, nobody has answered.
pub(crate) type Findings = HashMap<String, Finding>;

/// Whom a recorded measurement names as its source; the account stands beside it and in the audit log.
const COMMITTEE: &str = "Comité GEL-T";

/// How the criteria of the plan's framework stand now: by a measure where somebody offers it, else as a person found them.
pub(crate) async fn assess(registry: &Registry, tx: &mut Tx, framework: &str) -> Result<Findings> {
    let assessed = store::criterion_states(tx).await?.into_iter();
    let mut findings: Findings = assessed
        .map(|row| (row.code, Finding { state: Some(row.state), evidence: row.evidence, at: Some(row.at), computed: false }))
        .collect();
    let now = tx.now();
    for criterion in rules::framework(framework)?.criteria() {
        let (Some(name), Some(met)) = (&criterion.measure, criterion.met_when) else { continue };
        let Some((measure, _)) = registry.measure(name) else { continue };
        let value = registry.compute(tx, name).await?;
        let evidence = match value {
            Some(value) => format!("Calculado por la plataforma: {}. {}", rules::spoken(value, measure.unit), measure.explanation),
            None => format!("La plataforma aún no tiene qué medir. {}", measure.explanation),
        };
        let finding = Finding { state: rules::answer(value, met), evidence: Some(evidence), at: Some(now), computed: true };
        findings.insert(criterion.code.clone(), finding);
    }
    Ok(findings)
}

/// The count of a phase's criteria; empty for a phase that the framework does not know.
pub(crate) fn tally(framework: &str, phase: &str, findings: &Findings) -> Result<Tally> {
    let criteria = rules::framework(framework)?.phase(phase).map_or(&[][..], |phase| &phase.criteria);
    Ok(Tally::of(criteria.iter().map(|criterion| findings.get(&criterion.code).and_then(|finding| finding.state))))
}

/// The value of a measure now; the plan's own shares come from the findings at hand.
pub(crate) async fn value(registry: &Registry, tx: &mut Tx, framework: &str, measure: &str, findings: &Findings) -> Result<Option<f64>> {
    match measure.strip_prefix(measures::PHASE_SHARE) {
        Some(phase) => Ok(tally(framework, phase, findings)?.share()),
        None => registry.compute(tx, measure).await,
    }
}

/// Records what a person found of an indicator; a computed one takes no word for it.
pub(crate) async fn record_measurement(tx: &mut Tx, indicator: Uuid, value: f64, evidence: Option<&str>) -> Result<()> {
    let indicator = store::indicators(tx).await?.into_iter().find(|row| row.id == indicator).ok_or(Error::NotFound)?;
    if indicator.kind == IndicatorKind::Computed {
        return Err(Error::field(
            "indicatorId",
            "COMPUTED",
            "Este indicador lo calcula la plataforma a partir de lo publicado; no se registra a mano",
        ));
    }
    let evidence = rules::measurement(value, indicator.unit.as_deref(), evidence)?;
    let row = MeasurementRow {
        id: tx.id(),
        indicator_id: indicator.id,
        value,
        at: tx.now(),
        source: COMMITTEE.to_owned(),
        evidence,
        recorded_by: tx.actor(),
    };
    store::insert_measurement(tx, &row).await?;
    tx.audit("plan.measurement.recorded", "indicator", &indicator.id.to_string(), json!({ "key": indicator.key, "value": value })).await?;
    tx.publish();
    Ok(())
}

/// Says how a criterion stands; one that a measure answers takes no word for it.
pub(crate) async fn set_criterion_state(
    tx: &mut Tx,
    registry: &Registry,
    code: &str,
    state: CriterionState,
    evidence: Option<&str>,
) -> Result<()> {
    let book = store::book(tx).await?.ok_or(Error::NotFound)?;
    let Some(criterion) = rules::framework(&book.plan.framework)?.criteria().find(|criterion| criterion.code == code) else {
        return Err(Error::field("code", "NOT_FOUND", "Ese criterio no está en el marco del plan"));
    };
    if criterion.measure.as_deref().is_some_and(|measure| registry.measure(measure).is_some()) {
        return Err(Error::field(
            "code",
            "COMPUTED",
            "Este criterio lo responde la plataforma a partir de lo publicado; no se evalúa a mano",
        ));
    }
    let evidence = rules::assessment(state, evidence)?;
    let row = CriterionRow { code: code.to_owned(), state, evidence, by_id: tx.actor(), at: tx.now() };
    store::upsert_criterion_state(tx, &row).await?;
    read_shares(tx, registry, &book).await?;
    tx.audit("plan.criterion.assessed", "criterion", code, json!({ "state": state, "evidence": row.evidence })).await?;
    tx.publish();
    Ok(())
}

/// Marks an activity of the plan as done, or takes the mark back.
pub(crate) async fn set_activity_done(tx: &mut Tx, action_line: i32, number: i32, done: bool, evidence: Option<&str>) -> Result<()> {
    let evidence = rules::activity(evidence)?.filter(|_| done);
    let done_at = done.then(|| tx.now());
    store::set_activity(tx, action_line, number, done_at, evidence.as_deref()).await?;
    let subject = format!("{action_line}.{number}");
    tx.audit("plan.activity.marked", "activity", &subject, json!({ "done": done, "evidence": evidence })).await?;
    tx.publish();
    Ok(())
}

/// Locks today's computed values into the history, once a day, and renews the shares of the phases.
pub(crate) async fn lock(tx: &mut Tx, registry: &Registry) -> Result<()> {
    let Some(book) = store::book(tx).await? else { return Ok(()) };
    let findings = read_shares(tx, registry, &book).await?;
    let (tenant, now, day) = (tx.tenant()?, tx.now(), clock::local(tx.now()).date());
    let mut locked = 0;
    for indicator in &book.indicators {
        let Some(measure) = &indicator.measure else { continue };
        let Some(value) = value(registry, tx, &book.plan.framework, measure, &findings).await? else { continue };
        let row = MeasurementRow {
            id: ids::named(tenant, "measurement", &format!("{}/{day}", indicator.id)),
            indicator_id: indicator.id,
            value,
            at: now,
            source: measures::source(measure),
            evidence: None,
            recorded_by: None,
        };
        locked += u32::from(store::insert_measurement(tx, &row).await?);
    }
    if locked > 0 {
        tx.audit("plan.measurements.locked", "plan", &book.plan.key, json!({ "day": day.to_string(), "locked": locked })).await?;
        tx.publish();
    }
    Ok(())
}

async fn read_shares(tx: &mut Tx, registry: &Registry, book: &Book) -> Result<Findings> {
    let findings = assess(registry, tx, &book.plan.framework).await?;
    for phase in &book.phases {
        let share = tally(&book.plan.framework, &phase.key, &findings)?.share();
        store::set_phase_share(tx, &phase.key, share).await?;
    }
    Ok(findings)
}

/// Stores a plan as signed and makes its action lines findable.
pub(crate) async fn place(tx: &mut Tx, book: &Book) -> Result<()> {
    let framework = rules::framework(&book.plan.framework)?;
    if let Some(phase) = book.phases.iter().find(|phase| framework.phase(&phase.key).is_none()) {
        return Err(Error::whole("PACK", format!("plan.yaml: el marco {} no tiene la fase «{}»", framework.key, phase.key)));
    }
    store::insert_plan(tx, &book.plan).await?;
    for line in &book.action_lines {
        store::insert_action_line(tx, line).await?;
    }
    for indicator in &book.indicators {
        store::insert_indicator(tx, indicator).await?;
    }
    for activity in &book.activities {
        store::insert_activity(tx, activity).await?;
    }
    for phase in &book.phases {
        store::insert_phase(tx, phase).await?;
    }
    for entry in entries(book) {
        tx.index(entry).await?;
    }
    Ok(())
}

fn entries(book: &Book) -> Vec<Entry> {
    let plan = &book.plan;
    let whole = Entry {
        kind: "plan",
        key: "plan".to_owned(),
        title: "Plan de acción".to_owned(),
        summary: text::summary(&plan.general_objective, 180),
        text: [&plan.title, &plan.vision, &plan.legal_frame].map(String::as_str).join(" "),
        path: "/plan".to_owned(),
    };
    let lines = book.action_lines.iter().map(|line| {
        let indicators = book.indicators.iter().filter(|row| row.action_line == line.number).map(|row| row.name.as_str());
        let activities = book.activities.iter().filter(|row| row.action_line == line.number).map(|row| row.text.as_str());
        Entry {
            kind: "plan",
            key: format!("accion-{}", line.number),
            title: format!("Acción {} del plan: {}", line.number, line.title),
            summary: text::summary(&line.benefits.join(" "), 180),
            text: indicators.chain(activities).collect::<Vec<_>>().join(" "),
            path: format!("/plan/acciones/{}", line.number),
        }
    });
    std::iter::once(whole).chain(lines).collect()
}
