//! Use cases of indicators: how each stands, recording by hand, and the daily lock of what is computed and of what has ended.

use std::collections::HashMap;

use kernel::capability::{Fact, Found, Registry};
use kernel::file::{self, Public};
use kernel::{Error, Result, Tx, ids};
use serde_json::json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::{Accumulation, Cadence, Gathered, IndicatorKind, IndicatorRow, MeasurementRow, PeriodRow, ProgressRow};
use super::rules::{self, Forecast, Light, Seen, Span};
use super::store;
use crate::frameworks::model::{CriterionState, Finding};
use crate::frameworks::rules::framework;
use crate::frameworks::service::{Findings, read_shares, tally};
use crate::text::model::Book;
use crate::{frameworks, measures, text};

/// Whom a recorded measurement names as its source; the account stands beside it and in the audit log.
const COMMITTEE: &str = "Comité GEL-T";

/// How an indicator stands at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Stand {
    /// The last figure that is known.
    pub(crate) latest: Option<f64>,
    /// Whether its measure failed.
    pub(crate) failed: bool,
    /// The figure of the period.
    pub(crate) value: Option<f64>,
    /// The target in force.
    pub(crate) target: Option<f64>,
    /// The period that runs.
    pub(crate) period: Span,
    /// From when to when the target is to be reached.
    pub(crate) term: Option<Span>,
    pub(crate) light: Light,
}

/// How every indicator stands, by id.
pub(crate) type Standing = HashMap<Uuid, Stand>;

/// From when to when the target of an indicator is to be reached: its period, the phase's deadline, or the years of the plan.
fn term(book: &Book, indicator: &IndicatorRow, period: Span) -> Option<Span> {
    if !matches!(indicator.cadence, Some(Cadence::WholePeriod) | None) {
        return Some(period);
    }
    let years = book.plan.period.as_deref().map(|years| Span::years(years.from_year, years.to_year));
    let phase = indicator.measure.as_deref().and_then(|measure| measure.strip_prefix(measures::PHASE_SHARE));
    match book.phases.iter().find(|row| Some(row.key.as_str()) == phase) {
        Some(phase) => {
            let starts_on = years.map_or(phase.national_deadline, |years| years.starts_on).min(phase.deadline);
            Some(Span { starts_on, ends_on: phase.deadline })
        }
        None => years,
    }
}

/// Whether the figure of a period is made of all that was measured in it, and not of the last alone.
fn gathers(indicator: &IndicatorRow) -> bool {
    match indicator.accumulation {
        Accumulation::Sum | Accumulation::Hold => true,
        Accumulation::Reduce => rules::worst(indicator),
        Accumulation::Latest => false,
    }
}

/// When the measurements begin that make the figure of a period; what is added up over the whole plan begins with the plan.
fn since(book: &Book, indicator: &IndicatorRow, period: Span) -> OffsetDateTime {
    let whole = matches!(indicator.cadence, Some(Cadence::WholePeriod) | None) && indicator.accumulation == Accumulation::Sum;
    let plan = book.plan.period.as_deref().filter(|_| whole).map(|years| Span::years(years.from_year, years.to_year).begins());
    plan.unwrap_or_else(|| period.begins())
}

/// What the measures of the indicators say now; the plan's own shares come from the findings at hand.
async fn found<'b>(registry: &Registry, tx: &mut Tx, book: &'b Book, findings: &Findings) -> Result<HashMap<&'b str, Found>> {
    let names = book.indicators.iter().filter_map(|indicator| indicator.measure.as_deref());
    let (shares, others): (Vec<&str>, Vec<&str>) = names.partition(|name| name.starts_with(measures::PHASE_SHARE));
    let now = tx.now();
    let mut found = registry.compute_all(tx, others, now).await?;
    for name in shares {
        let phase = name.strip_prefix(measures::PHASE_SHARE).unwrap_or_default();
        found.insert(name, tally(&book.plan.framework, phase, findings)?.share().map_or(Found::Nothing, Found::Known));
    }
    Ok(found)
}

/// How every indicator stands now.
pub(crate) async fn standing(
    registry: &Registry,
    tx: &mut Tx,
    book: &Book,
    findings: &Findings,
    recorded: &HashMap<Uuid, MeasurementRow>,
) -> Result<Standing> {
    let (now, today) = (tx.now(), tx.today());
    let found = found(registry, tx, book, findings).await?;
    let period_of = |indicator: &IndicatorRow| Span::of(indicator.cadence, today);
    let many: Vec<_> = book.indicators.iter().filter(|indicator| gathers(indicator)).collect();
    let spans: Vec<_> = many.iter().map(|row| (row.id, since(book, row, period_of(row)), now + time::Duration::SECOND)).collect();
    let sums = if spans.is_empty() { Vec::new() } else { store::gathered(tx, &spans).await? };
    let sums: HashMap<Uuid, Gathered> = many.iter().map(|row| row.id).zip(sums).collect();
    let mut standing = Standing::new();
    for indicator in &book.indicators {
        let period = period_of(indicator);
        let computed = indicator.measure.as_deref().map(|measure| found.get(measure).copied().unwrap_or(Found::Nothing));
        let last = recorded.get(&indicator.id);
        let latest = computed.map_or_else(|| last.and_then(|row| row.value), Found::value);
        let value = match (sums.get(&indicator.id), computed.and_then(Found::value)) {
            (Some(sum), Some(value)) if indicator.accumulation != Accumulation::Sum => {
                rules::figure(indicator, rules::with(*sum, value, now))
            }
            (Some(sum), _) => rules::figure(indicator, *sum),
            (None, _) if computed.is_some() => latest,
            // What must be met period by period is not met by a figure of an earlier one.
            (None, _) => latest.filter(|_| {
                let whole = matches!(indicator.cadence, Some(Cadence::WholePeriod) | None);
                whole || last.is_some_and(|row| row.at >= period.begins())
            }),
        };
        let (failed, target) = (computed == Some(Found::Failed), rules::target_in(indicator, today.year()));
        let term = term(book, indicator, period);
        let light = rules::light(indicator, Seen { value, target, failed, term, today });
        standing.insert(indicator.id, Stand { latest, failed, value, target, period, term, light });
    }
    Ok(standing)
}

/// Where an indicator leads: by a straight line through what was measured of it last, in its term and in the last year.
pub(crate) async fn forecast(tx: &mut Tx, indicator: &IndicatorRow, stand: &Stand) -> Result<Forecast> {
    let (now, today) = (tx.now(), tx.today());
    let begins = stand.term.map_or(now, Span::begins).max(now - time::Duration::days(365));
    let points = if stand.term.is_some() { store::points(tx, indicator.id, begins, 120).await? } else { Vec::new() };
    Ok(rules::forecast(indicator, &points, stand.target, stand.term, today))
}

/// The figure of each of the last twelve months, the current one last.
pub(crate) async fn months(tx: &mut Tx, indicator: &IndicatorRow) -> Result<Vec<(String, Option<f64>)>> {
    let months = rules::months_to(&rules::month_of(tx.today()), 12)?;
    let begins: Vec<_> = months.iter().filter_map(|month| rules::month_begins(month)).collect();
    let ends = begins.iter().skip(1).copied().chain([tx.now() + time::Duration::SECOND]);
    let spans: Vec<_> = begins.iter().zip(ends).map(|(from, to)| (indicator.id, *from, to)).collect();
    let figures = store::gathered(tx, &spans).await?.into_iter().map(|found| rules::figure(indicator, found));
    Ok(months.into_iter().zip(figures).collect())
}

/// The facts behind the figure of an indicator now; none where nobody lists them.
pub(crate) async fn facts(
    registry: &Registry,
    tx: &mut Tx,
    book: &Book,
    indicator: &IndicatorRow,
    findings: &Findings,
) -> Result<Vec<Fact>> {
    let Some(measure) = indicator.measure.as_deref() else { return Ok(Vec::new()) };
    let Some(phase) = measure.strip_prefix(measures::PHASE_SHARE) else {
        let now = tx.now();
        return Ok(registry.facts(tx, measure, now).await?.unwrap_or_default());
    };
    let Some(asked) = framework(&book.plan.framework)?.phase(phase) else { return Ok(Vec::new()) };
    let mut facts: Vec<_> = asked
        .asked()
        .filter_map(|criterion| {
            let finding = findings.get(&criterion.code);
            let state = finding.and_then(Finding::counts_as);
            let partly = if state == Some(CriterionState::Partial) { " (en parte)" } else { "" };
            (state != Some(CriterionState::NotApplicable)).then(|| Fact {
                title: format!("{} {}{partly}", criterion.code, criterion.title),
                at: finding.and_then(|finding| finding.since),
                path: Some(format!("/plan/fases/{phase}#{}", criterion.code)),
                counts: matches!(state, Some(CriterionState::Yes | CriterionState::Partial)),
            })
        })
        .collect();
    facts.sort_by_key(|fact| fact.counts);
    Ok(facts)
}

/// What a person records of an indicator.
pub(crate) struct Recording<'a> {
    pub(crate) indicator: Uuid,
    pub(crate) value: f64,
    pub(crate) evidence: Option<&'a str>,
    pub(crate) files: &'a [Uuid],
    pub(crate) public: bool,
    pub(crate) idempotency_key: Option<&'a str>,
}

/// Records what a person found of an indicator; a computed one takes no word for it. Sent twice under one key, it is one measurement.
pub(crate) async fn record_measurement(tx: &mut Tx, input: Recording<'_>) -> Result<()> {
    let indicator = store::indicators(tx).await?.into_iter().find(|row| row.id == input.indicator).ok_or(Error::NotFound)?;
    if indicator.kind == IndicatorKind::Computed {
        return Err(Error::field(
            "indicatorId",
            "COMPUTED",
            "Este indicador lo calcula la plataforma a partir de lo publicado; no se registra a mano",
        ));
    }
    let evidence = rules::measurement(&indicator, input.value, input.evidence)?;
    let key = input.idempotency_key.map(str::trim).filter(|key| !key.is_empty());
    let row = MeasurementRow {
        id: match key {
            Some(key) => ids::named(tx.tenant()?, "measurement", &format!("{}/{key}", indicator.id)),
            None => tx.id(),
        },
        indicator_id: indicator.id,
        value: Some(input.value),
        at: tx.now(),
        source: COMMITTEE.to_owned(),
        evidence,
        recorded_by: tx.actor(),
        files: i32::try_from(input.files.len()).unwrap_or(i32::MAX),
        withdrawn_at: None,
        withdrawn_by: None,
        withdrawn_reason: None,
        proven: true,
    };
    if !store::insert_measurement(tx, &row).await? {
        return Ok(());
    }
    file::attach(tx, input.files, &subject(row.id), if input.public { Public::Yes } else { Public::No }).await?;
    let detail = json!({ "key": indicator.key, "value": input.value, "files": input.files.len() });
    tx.audit("plan.measurement.recorded", "indicator", &indicator.id.to_string(), detail).await?;
    tx.publish();
    Ok(())
}

/// What the files of a measurement hang on.
pub(crate) fn subject(measurement: Uuid) -> String {
    format!("measurement/{measurement}")
}

/// Withdraws what a person recorded: it stays to be seen with the reason, and no longer counts. Returns its indicator.
pub(crate) async fn withdraw_measurement(tx: &mut Tx, id: Uuid, reason: &str) -> Result<Uuid> {
    let row = store::measurement(tx, id).await?.ok_or(Error::NotFound)?;
    rules::withdrawable(&row)?;
    let reason = rules::reason(reason)?;
    store::withdraw(tx, id, &reason).await?;
    tx.audit("plan.measurement.withdrawn", "measurement", &id.to_string(), json!({ "value": row.value, "reason": reason })).await?;
    tx.publish();
    Ok(row.indicator_id)
}

/// Takes a file of a measurement away, for good: without its last one the measurement has no proof, and says so. Returns its indicator.
pub(crate) async fn remove_evidence(tx: &mut Tx, measurement: Uuid, file: Uuid, reason: &str) -> Result<Uuid> {
    let row = store::measurement(tx, measurement).await?.ok_or(Error::NotFound)?;
    let reason = rules::reason(reason)?;
    if file::detach(tx, file).await? != subject(measurement) {
        return Err(Error::NotFound);
    }
    let detail = json!({ "file": file, "reason": reason });
    tx.audit("plan.measurement.evidence_removed", "measurement", &measurement.to_string(), detail).await?;
    tx.publish();
    Ok(row.indicator_id)
}

/// What a person corrects of a closed period.
pub(crate) struct Correction<'a> {
    pub(crate) indicator: Uuid,
    pub(crate) starts_on: Date,
    pub(crate) value: f64,
    pub(crate) reason: &'a str,
    pub(crate) evidence: Option<&'a str>,
}

/// Corrects a closed period: what was locked stays as it was, and a dated entry with its reason stands beside it.
pub(crate) async fn correct_period(tx: &mut Tx, input: Correction<'_>) -> Result<()> {
    let indicator = store::indicators(tx).await?.into_iter().find(|row| row.id == input.indicator).ok_or(Error::NotFound)?;
    let evidence = rules::measurement(&indicator, input.value, input.evidence)?;
    let reason = rules::reason(input.reason)?;
    let entries = store::period(tx, indicator.id, input.starts_on).await?;
    let Some(last) = entries.last().cloned() else {
        return Err(Error::field("startsOn", "NOT_CLOSED", "Ese período no está cerrado: registre una medición, o espere a que termine"));
    };
    if last.value.is_some_and(|value| (value - input.value).abs() < f64::EPSILON) {
        return Err(Error::field("value", "SAME", "Ese período ya tiene ese valor"));
    }
    let row = PeriodRow {
        entry: last.entry + 1,
        value: Some(input.value),
        locked_at: tx.now(),
        source: COMMITTEE.to_owned(),
        reason: Some(reason.clone()),
        evidence,
        by_id: tx.actor(),
        ..last.clone()
    };
    if !store::insert_period(tx, &row).await? {
        return Err(Error::field("startsOn", "CHANGED", "Otra persona acaba de corregir este período; vuelva a mirarlo"));
    }
    let detail = json!({ "starts_on": input.starts_on.to_string(), "from": last.value, "to": input.value, "reason": reason });
    tx.audit("plan.period.corrected", "indicator", &indicator.id.to_string(), detail).await?;
    tx.publish();
    Ok(())
}

/// The reading of a day: closes what has ended, adds today's computed values to the history, renews the shares of the phases and the
/// progress of the month. The daily round passes over a plan that was read today and of which nothing failed.
pub(crate) async fn lock(tx: &mut Tx, registry: &Registry, round: bool) -> Result<()> {
    let Some(book) = text::store::book(tx).await? else { return Ok(()) };
    let (tenant, now, today) = (tx.tenant()?, tx.now(), tx.today());
    let closed = close_periods(tx, &book).await?;
    let daily = |indicator: &IndicatorRow| ids::named(tenant, "measurement", &format!("{}/{today}", indicator.id));
    let computed: Vec<_> = book.indicators.iter().filter(|indicator| indicator.measure.is_some()).collect();
    let counted = store::progress_counted(tx, &rules::month_of(today)).await?;
    if round && closed == 0 && counted.is_some_and(|at| rules::day(at) == today) {
        let ids: Vec<_> = computed.iter().map(|row| daily(row)).collect();
        if !store::any_failed(tx, &ids).await? {
            return Ok(());
        }
    }
    let findings = read_shares(tx, registry, &book).await?;
    let recorded = store::latest_measurements(tx, now).await?;
    let standing = standing(registry, tx, &book, &findings, &recorded).await?;
    let mut locked = 0;
    for indicator in computed {
        let (Some(measure), Some(stand)) = (&indicator.measure, standing.get(&indicator.id)) else { continue };
        if stand.latest.is_none() && !stand.failed {
            continue;
        }
        let row = MeasurementRow {
            id: daily(indicator),
            indicator_id: indicator.id,
            value: stand.latest,
            at: now,
            source: measures::source(measure),
            evidence: None,
            recorded_by: None,
            files: 0,
            withdrawn_at: None,
            withdrawn_by: None,
            withdrawn_reason: None,
            proven: true,
        };
        let added = store::insert_measurement(tx, &row).await?;
        let healed = match stand.latest {
            Some(value) if !added => store::heal_measurement(tx, row.id, value, now).await?,
            _ => false,
        };
        locked += u32::from(added || healed);
    }
    store::put_progress(tx, &progress(&book, &standing, &findings, tenant, now)?).await?;
    if locked > 0 || closed > 0 {
        let detail = json!({ "day": today.to_string(), "locked": locked, "closed": closed });
        tx.audit("plan.measurements.locked", "plan", &book.plan.key, detail).await?;
        // The version that this raises is no reason to read the criteria again.
        let content = frameworks::store::content_version(tx).await?;
        frameworks::store::set_reading(tx, now, content + 1).await?;
        tx.publish();
    }
    Ok(())
}

/// Closes every period that has ended since the last one that was closed; returns how many.
async fn close_periods(tx: &mut Tx, book: &Book) -> Result<u32> {
    let (now, today) = (tx.now(), tx.today());
    let frontier = store::frontier(tx).await?;
    let mut ended = Vec::new();
    for indicator in &book.indicators {
        let first = match frontier.get(&indicator.id) {
            Some((_, Some(closed))) => *closed + time::Duration::DAY,
            Some((Some(first), None)) => rules::day(*first),
            _ => continue,
        };
        ended.extend(rules::ended(indicator.cadence, first, today).map(|span| (indicator, span)));
    }
    if ended.is_empty() {
        return Ok(0);
    }
    let spans: Vec<_> = ended.iter().map(|(indicator, span)| (indicator.id, since(book, indicator, *span), span.ends())).collect();
    let mut closed = 0;
    for ((indicator, span), gathered) in ended.into_iter().zip(store::gathered(tx, &spans).await?) {
        let row = PeriodRow {
            indicator_id: indicator.id,
            starts_on: span.starts_on,
            entry: 0,
            ends_on: span.ends_on,
            value: rules::figure(indicator, gathered),
            target: rules::target_in(indicator, span.ends_on.year()),
            measured_at: gathered.last_at,
            locked_at: now,
            source: indicator.measure.as_deref().map_or_else(|| COMMITTEE.to_owned(), measures::source),
            reason: None,
            evidence: None,
            by_id: None,
        };
        closed += u32::from(store::insert_period(tx, &row).await?);
    }
    Ok(closed)
}

/// How far the plan, each action line and each phase have come this month.
fn progress(book: &Book, standing: &Standing, findings: &Findings, tenant: Uuid, now: OffsetDateTime) -> Result<Vec<ProgressRow>> {
    let mut phases = HashMap::new();
    for phase in &book.phases {
        let tally = tally(&book.plan.framework, &phase.key, findings)?;
        phases.insert(phase.key.as_str(), (tally.share(), tally.yes, tally.applicable));
    }
    let value = |indicator: &IndicatorRow| standing.get(&indicator.id).and_then(|stand| stand.value);
    progress_rows(book, tenant, now, value, &phases)
}

/// The rows of a month: of what has a target, how much of it is reached; of each phase its share, and how many criteria are met of how many.
fn progress_rows(
    book: &Book,
    tenant: Uuid,
    at: OffsetDateTime,
    value: impl Fn(&IndicatorRow) -> Option<f64>,
    phases: &HashMap<&str, (Option<f64>, u32, u32)>,
) -> Result<Vec<ProgressRow>> {
    let (day, version) = (rules::day(at), framework(&book.plan.framework)?.version);
    let row = |scope: String, title: &str, place: usize, (percent, known, total): (Option<f64>, i32, i32), target| ProgressRow {
        tenant_id: tenant,
        month: rules::month_of(day),
        framework: format!("{}-{version}", book.plan.framework),
        scope,
        title: title.to_owned(),
        place: i32::try_from(place).unwrap_or(i32::MAX),
        percent,
        target,
        known,
        total,
        counted_at: at,
    };
    let reached = |indicator: &IndicatorRow| {
        let target = rules::target_in(indicator, day.year())?;
        Some(value(indicator).map(|value| rules::reached(value, target, indicator.accumulation, indicator.baseline)))
    };
    let mut rows = vec![row("plan".to_owned(), &book.plan.title, 0, rules::together(book.indicators.iter().filter_map(reached)), None)];
    for (place, line) in book.action_lines.iter().enumerate() {
        let mine = book.indicators.iter().filter(|indicator| indicator.action_line == line.number).filter_map(reached);
        rows.push(row(format!("line:{}", line.number), &line.title, place + 1, rules::together(mine), None));
    }
    for (place, phase) in book.phases.iter().enumerate() {
        let (share, met, of) = phases.get(phase.key.as_str()).copied().unwrap_or_default();
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        rows.push(row(format!("phase:{}", phase.key), &phase.name, 100 + place, (share, count(met), count(of)), phase.target));
    }
    Ok(rows)
}

/// What the measurements made of the eleven months before this one, for a demonstration that begins with a past.
pub(crate) async fn past_months(tx: &mut Tx, book: &Book) -> Result<()> {
    let (tenant, now) = (tx.tenant()?, tx.now());
    let months = rules::months_to(&rules::month_of(rules::day(now)), 12)?;
    let ends = months.iter().skip(1).filter_map(|month| rules::month_begins(month)).map(|next| next - time::Duration::SECOND);
    for end in ends.collect::<Vec<_>>() {
        let known = store::latest_measurements(tx, end).await?;
        let value = |indicator: &IndicatorRow| known.get(&indicator.id).and_then(|row| row.value);
        if known.is_empty() {
            continue;
        }
        let mut phases = HashMap::new();
        for phase in &book.phases {
            let name = format!("{}{}", measures::PHASE_SHARE, phase.key);
            let share = book.indicators.iter().find(|indicator| indicator.measure.as_deref() == Some(&name)).and_then(value);
            let asked = framework(&book.plan.framework)?.phase(&phase.key).map_or(0, |phase| phase.asked().count());
            let met = share.map_or(0.0, |share| (share * asked as f64 / 100.0).floor());
            phases.insert(phase.key.as_str(), (share, met as u32, u32::try_from(asked).unwrap_or(0)));
        }
        store::put_progress(tx, &progress_rows(book, tenant, end, value, &phases)?).await?;
    }
    Ok(())
}
