//! Pure decisions on indicators: periods, the figure of a period, the target in force, how far it is reached, where it leads, its light.

use async_graphql::Enum;
use calendar::spanish::long_date;
use kernel::clock::{BOGOTA, local};
use kernel::error::Faults;
use kernel::{Error, Result};
use time::{Date, Duration, Month, OffsetDateTime};

use super::model::{Accumulation, Cadence, Gathered, IndicatorRow, IndicatorSort, MeasurementRow, YearTarget};
use crate::rules::tidy;

/// A stretch of days, both ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) starts_on: Date,
    pub(crate) ends_on: Date,
}

impl Span {
    /// The period of a cadence in which a day lies. What has to be met once, by the end of the plan, is closed year by year on its way.
    pub(crate) fn of(cadence: Option<Cadence>, day: Date) -> Self {
        match cadence {
            Some(Cadence::PerWeek) => {
                let starts_on = day - Duration::days(i64::from(day.weekday().number_days_from_monday()));
                Self { starts_on, ends_on: starts_on + Duration::days(6) }
            }
            Some(Cadence::PerSemester) if day.month() as u8 <= 6 => Self::months(day.year(), Month::January, Month::June, 30),
            Some(Cadence::PerSemester) => Self::months(day.year(), Month::July, Month::December, 31),
            Some(Cadence::PerYear | Cadence::WholePeriod) | None => Self::years(day.year(), day.year()),
        }
    }

    /// From the first day of a year to the last of another.
    pub(crate) fn years(from: i32, to: i32) -> Self {
        Self {
            starts_on: Self::months(from, Month::January, Month::December, 31).starts_on,
            ..Self::months(to, Month::January, Month::December, 31)
        }
    }

    fn months(year: i32, from: Month, to: Month, last: u8) -> Self {
        let day = |month, day| Date::from_calendar_date(year, month, day).unwrap_or(Date::MIN);
        Self { starts_on: day(from, 1), ends_on: day(to, last) }
    }

    /// The first moment in it.
    pub(crate) fn begins(self) -> OffsetDateTime {
        self.starts_on.midnight().assume_offset(BOGOTA)
    }

    /// The first moment after it.
    pub(crate) fn ends(self) -> OffsetDateTime {
        (self.ends_on + Duration::DAY).midnight().assume_offset(BOGOTA)
    }

    /// How much of it has passed on a day, percent from 0 to 100.
    pub(crate) fn elapsed(self, today: Date) -> f64 {
        let days = |span: Duration| span.whole_days() as f64;
        (100.0 * days(today - self.starts_on) / days(self.ends_on - self.starts_on + Duration::DAY)).clamp(0.0, 100.0)
    }

    /// As people say it: `semana del 16 al 22 de noviembre de 2026`, `primer semestre de 2026`, `2026`.
    pub(crate) fn spoken(self) -> String {
        let (from, to) = (self.starts_on, self.ends_on);
        match (to - from).whole_days() {
            ..=7 if from.month() == to.month() => format!("semana del {} al {}", from.day(), long_date(to)),
            ..=7 => format!("semana del {} al {}", calendar::spanish::day_and_month(from), long_date(to)),
            8..=185 if from.month() == Month::January => format!("primer semestre de {}", from.year()),
            8..=185 => format!("segundo semestre de {}", from.year()),
            _ if from.year() == to.year() => from.year().to_string(),
            _ => format!("{} a {}", from.year(), to.year()),
        }
    }
}

/// The periods of a cadence from the one in which `first` lies to the last that has ended before `today`.
pub(crate) fn ended(cadence: Option<Cadence>, first: Date, today: Date) -> impl Iterator<Item = Span> {
    let next = move |span: &Span| Some(Span::of(cadence, span.ends_on + Duration::DAY));
    std::iter::successors(Some(Span::of(cadence, first)), next).take_while(move |span| span.ends_on < today)
}

/// What a unit tells of the sort of figure, where a plan does not say it.
pub(crate) fn sort_of(unit: Option<&str>, cadence: Option<Cadence>) -> IndicatorSort {
    match (unit, cadence) {
        (Some("%"), _) => IndicatorSort::Share,
        (Some("sí o no"), _) => IndicatorSort::YesNo,
        (Some("días"), _) => IndicatorSort::Frequency,
        (_, Some(Cadence::PerYear | Cadence::PerSemester)) => IndicatorSort::Count,
        _ => IndicatorSort::Number,
    }
}

/// How a figure of that unit is made, where a plan does not say it: days are not to be exceeded, of all else the last counts.
pub(crate) fn accumulation_of(unit: Option<&str>) -> Accumulation {
    if unit == Some("días") { Accumulation::Reduce } else { Accumulation::Latest }
}

/// Whether the worst of a period counts: what is to be done every so often was not, if it ever took longer.
pub(crate) fn worst(indicator: &IndicatorRow) -> bool {
    indicator.sort == IndicatorSort::Frequency && !matches!(indicator.cadence, Some(Cadence::WholePeriod) | None)
}

/// The figure of a period; none where nothing was measured in it.
pub(crate) fn figure(indicator: &IndicatorRow, found: Gathered) -> Option<f64> {
    if found.count == 0 {
        return None;
    }
    Some(match indicator.accumulation {
        Accumulation::Sum => found.sum,
        Accumulation::Hold => found.lowest,
        Accumulation::Reduce if worst(indicator) => found.highest,
        Accumulation::Latest | Accumulation::Reduce => found.last,
    })
}

/// What was gathered, and one figure more, found last.
pub(crate) fn with(found: Gathered, value: f64, at: OffsetDateTime) -> Gathered {
    if found.count == 0 {
        return Gathered { count: 1, sum: value, lowest: value, highest: value, last: value, last_at: Some(at) };
    }
    Gathered {
        count: found.count + 1,
        sum: found.sum + value,
        lowest: found.lowest.min(value),
        highest: found.highest.max(value),
        last: value,
        last_at: Some(at),
    }
}

/// The target in force in a year: that of the year, else that of the whole plan.
pub(crate) fn target_in(indicator: &IndicatorRow, year: i32) -> Option<f64> {
    let named = indicator.targets.iter().find(|target| target.year == year).map(|target| target.value);
    named.or(indicator.target_value)
}

/// What is wrong with the targets of an indicator, in words; none where they agree.
pub(crate) fn contradiction(indicator: &IndicatorRow) -> Option<String> {
    let falls = indicator.accumulation == Accumulation::Reduce;
    let all = || indicator.targets.iter().map(|target| target.value).chain(indicator.target_value);
    let mut targets: Vec<YearTarget> = indicator.targets.0.clone();
    targets.sort_by_key(|target| target.year);
    if let Some(pair) = targets.windows(2).find(|pair| pair[0].year == pair[1].year) {
        return Some(format!("El año {} tiene dos metas.", pair[0].year));
    }
    if indicator.sort == IndicatorSort::Share && all().any(|value| value > 100.0) {
        return Some("La meta es un porcentaje y pasa de 100.".to_owned());
    }
    if all().any(|value| value < 0.0 || !value.is_finite()) {
        return Some("Una meta no puede ser menor que cero.".to_owned());
    }
    if let (Some(baseline), true) = (indicator.baseline, falls)
        && all().any(|value| value > baseline)
    {
        return Some("El indicador debe bajar y su meta está por encima de la línea de base.".to_owned());
    }
    let turns = |pair: &[YearTarget]| if falls { pair[0].value < pair[1].value } else { pair[0].value > pair[1].value };
    let grows = matches!(indicator.sort, IndicatorSort::Share | IndicatorSort::YesNo) || falls;
    if let Some(pair) = targets.windows(2).find(|pair| grows && turns(pair)) {
        return Some(format!("La meta de {} es menos exigente que la de {}.", pair[1].year, pair[0].year));
    }
    None
}

/// How much of a target a value reaches, percent from 0 to 100. What is to go down counts from its baseline, where there is one.
pub(crate) fn reached(value: f64, target: f64, accumulation: Accumulation, baseline: Option<f64>) -> f64 {
    if accumulation != Accumulation::Reduce {
        return if value >= target { 100.0 } else { (100.0 * value / target).clamp(0.0, 100.0) };
    }
    match baseline.filter(|baseline| *baseline > target) {
        _ if value <= target => 100.0,
        Some(baseline) => (100.0 * (baseline - value) / (baseline - target)).clamp(0.0, 100.0),
        None => (100.0 * target / value).clamp(0.0, 100.0),
    }
}

/// A value as people read it: `7 días`, `1 día`, `92,5 %`, `sí`.
pub(crate) fn spoken(value: f64, unit: &str) -> String {
    if unit == "sí o no" {
        return if value > 0.0 { "sí" } else { "no" }.to_owned();
    }
    let number = format!("{value:.1}").replace('.', ",");
    let number = number.strip_suffix(",0").unwrap_or(&number);
    // Spanish takes its plural off in two ways: día-s, entidad-es.
    let single = unit.strip_suffix("es").filter(|word| word.ends_with('d')).or_else(|| unit.strip_suffix('s')).filter(|_| number == "1");
    format!("{number} {}", single.unwrap_or(unit)).trim_end().to_owned()
}

fn percent(value: f64) -> String {
    format!("{} %", value.floor())
}

/// The colour of a traffic light; its words stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum LightState {
    /// The target is reached, or within reach at this pace.
    Green,
    /// It lags behind the time that has passed.
    Amber,
    /// It is far behind, or its deadline has passed.
    Red,
    /// No target is set.
    Grey,
    /// Nobody knows: nothing was measured, or the measure failed.
    Unknown,
}

/// A traffic light and its reason.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Light {
    pub(crate) state: LightState,
    pub(crate) text: String,
}

/// What a light is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// The figure of the period.
    pub(crate) value: Option<f64>,
    /// The target in force.
    pub(crate) target: Option<f64>,
    /// Whether the last measurement failed.
    pub(crate) failed: bool,
    /// From when to when the target is to be reached; none where the plan does not say.
    pub(crate) term: Option<Span>,
    pub(crate) today: Date,
}

/// Points that an indicator may lag behind the time that has passed and still be green, and amber.
const LAG: (f64, f64) = (10.0, 35.0);
/// What a target that is held at all times may fall short and still be amber.
const NEAR: f64 = 80.0;

/// The light of an indicator.
pub(crate) fn light(indicator: &IndicatorRow, seen: Seen) -> Light {
    let told = |state, text: String| Light { state, text };
    let unit = indicator.unit.as_deref().unwrap_or_default();
    let Some(value) = seen.value else {
        let why = if seen.failed {
            "La última medición falló: la cifra es desconocida, no cero. Mañana se mide otra vez."
        } else {
            "Sin medición en este período."
        };
        return told(LightState::Unknown, why.to_owned());
    };
    let Some(target) = seen.target else { return told(LightState::Grey, "El plan no fija meta.".to_owned()) };
    let reached = reached(value, target, indicator.accumulation, indicator.baseline);
    let (is, goal) = (spoken(value, unit), spoken(target, unit));
    let limit = if indicator.accumulation == Accumulation::Reduce { "a lo sumo " } else { "" };
    if reached >= 100.0 {
        return told(LightState::Green, format!("Cumple: {is}, y la meta es {limit}{goal}."));
    }
    if indicator.accumulation == Accumulation::Hold || indicator.sort == IndicatorSort::Frequency {
        let state = if reached >= NEAR { LightState::Amber } else { LightState::Red };
        return told(state, format!("Está en {is}, y la meta es {limit}{goal}."));
    }
    match seen.term {
        Some(term) if term.ends_on < seen.today => {
            told(LightState::Red, format!("Va a {} de la meta y el plazo venció el {}.", percent(reached), long_date(term.ends_on)))
        }
        Some(term) => {
            let elapsed = term.elapsed(seen.today);
            let state = match elapsed - reached {
                lag if lag <= LAG.0 => LightState::Green,
                lag if lag <= LAG.1 => LightState::Amber,
                _ => LightState::Red,
            };
            told(state, format!("Va a {} de la meta con {} del tiempo corrido.", percent(reached), percent(elapsed)))
        }
        None => told(LightState::Amber, format!("Va a {} de la meta; el plan no dice hasta cuándo.", percent(reached))),
    }
}

/// Fewer points, or points closer together, tell nothing of where an indicator leads.
const POINTS: usize = 3;
const STRETCH: Duration = Duration::days(28);

/// Where an indicator leads by a day, at the pace of what was measured last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Forecast {
    pub(crate) value: Option<f64>,
    pub(crate) on: Option<Date>,
    pub(crate) text: String,
}

/// A straight line through the points (the least squares), read at the last day of the term. Points come in the order of time.
pub(crate) fn forecast(
    indicator: &IndicatorRow,
    points: &[(OffsetDateTime, f64)],
    target: Option<f64>,
    term: Option<Span>,
    today: Date,
) -> Forecast {
    let silent = |text: &str| Forecast { value: None, on: term.map(|term| term.ends_on), text: text.to_owned() };
    if indicator.sort == IndicatorSort::Frequency || indicator.cadence == Some(Cadence::PerWeek) {
        return silent("Lo que se cumple semana a semana no se proyecta.");
    }
    let Some(term) = term else { return silent("El plan no dice hasta cuándo: no hay fecha para proyectar.") };
    if term.ends_on < today {
        return silent("El plazo ya pasó: no queda nada que proyectar.");
    }
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return silent(TOO_FEW) };
    if points.len() < POINTS || last.0 - first.0 < STRETCH {
        return silent(TOO_FEW);
    }
    let mut total = 0.0;
    let line: Vec<(f64, f64)> = points
        .iter()
        .map(|(at, value)| {
            total += value;
            let x = (*at - first.0).as_seconds_f64() / 86_400.0;
            (x, if indicator.accumulation == Accumulation::Sum { total } else { *value })
        })
        .collect();
    let n = line.len() as f64;
    let (sx, sy) = line.iter().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (mx, my) = (sx / n, sy / n);
    let (sxy, sxx) = line.iter().fold((0.0, 0.0), |(sxy, sxx), (x, y)| (sxy + (x - mx) * (y - my), sxx + (x - mx) * (x - mx)));
    let slope = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    let x = (term.ends() - first.0).as_seconds_f64() / 86_400.0;
    let most = if matches!(indicator.sort, IndicatorSort::Share) {
        100.0
    } else if indicator.sort == IndicatorSort::YesNo {
        1.0
    } else {
        f64::MAX
    };
    let value = (my + slope * (x - mx)).clamp(0.0, most);
    let unit = indicator.unit.as_deref().unwrap_or_default();
    let goal = target.map_or_else(String::new, |target| format!("; la meta es {}", spoken(target, unit)));
    let text = format!(
        "Al ritmo de las últimas {} mediciones, el {} estaría en {}{goal}. Es una línea recta, no una promesa.",
        points.len(),
        long_date(term.ends_on),
        spoken(value, unit)
    );
    Forecast { value: Some(value), on: Some(term.ends_on), text }
}

const TOO_FEW: &str = "Aún no hay datos para proyectar: se necesitan al menos tres mediciones en cuatro semanas.";

/// How far many figures have come together: the mean of what is known, how many are known, and how many there are.
pub(crate) fn together(reached: impl IntoIterator<Item = Option<f64>>) -> (Option<f64>, i32, i32) {
    let (mut sum, mut known, mut total) = (0.0, 0, 0);
    for one in reached {
        total += 1;
        if let Some(one) = one {
            sum += one;
            known += 1;
        }
    }
    ((known > 0).then(|| sum / f64::from(known)), known, total)
}

/// The month of a day, `2026-11`.
pub(crate) fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), u8::from(day.month()))
}

/// The months up to one, the latest last.
pub(crate) fn months_to(month: &str, many: usize) -> Result<Vec<String>> {
    let bad = || Error::BadRequest("Escriba el mes como año y mes: 2026-10.".into());
    let (year, number) = month.split_once('-').filter(|(year, number)| year.len() == 4 && number.len() == 2).ok_or_else(bad)?;
    let (year, number): (i32, i32) = (year.parse().map_err(|_| bad())?, number.parse().map_err(|_| bad())?);
    if !(1..=12).contains(&number) || year < 1 {
        return Err(bad());
    }
    let last = year * 12 + number - 1;
    let first = last - i32::try_from(many).unwrap_or(0) + 1;
    Ok((first..=last).map(|at| format!("{:04}-{:02}", at.div_euclid(12), at.rem_euclid(12) + 1)).collect())
}

/// The first moment of a month, `2026-11`.
pub(crate) fn month_begins(month: &str) -> Option<OffsetDateTime> {
    let (year, number) = month.split_once('-')?;
    let month = Month::try_from(number.parse::<u8>().ok()?).ok()?;
    Some(Date::from_calendar_date(year.parse().ok()?, month, 1).ok()?.midnight().assume_offset(BOGOTA))
}

/// A month as people say it, `noviembre de 2026`; as it is where it is none.
pub(crate) fn spoken_month(month: &str) -> String {
    let parsed = month.split_once('-').and_then(|(year, number)| Some((year, Month::try_from(number.parse::<u8>().ok()?).ok()?)));
    parsed.map_or_else(|| month.to_owned(), |(year, month)| format!("{} de {year}", calendar::spanish::month_name(month)))
}

/// Checks a figure that a person records; gives its evidence.
pub(crate) fn measurement(indicator: &IndicatorRow, value: f64, evidence: Option<&str>) -> Result<Option<String>> {
    let mut faults = Faults::default();
    let share = indicator.sort == IndicatorSort::Share || indicator.unit.as_deref() == Some("%");
    faults.require(value.is_finite() && (0.0..=1e9).contains(&value), "value", "RANGE", "Escriba un número desde 0");
    faults.require(!share || value <= 100.0, "value", "RANGE", "Un porcentaje va de 0 a 100");
    let yes_no = indicator.sort != IndicatorSort::YesNo || value == 0.0 || (value - 1.0).abs() < f64::EPSILON;
    faults.require(yes_no, "value", "RANGE", "Escriba 1 si se cumple o 0 si no");
    let evidence = tidy(evidence, &mut faults);
    faults.into_result()?;
    Ok(evidence)
}

/// Checks why something is withdrawn or corrected.
pub(crate) fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    if (10..=600).contains(&text.chars().count()) && !text.contains('\0') {
        return Ok(text.to_owned());
    }
    Err(Error::field("reason", "LENGTH", "Escriba el motivo en una o dos frases, de 10 a 600 letras"))
}

/// A measurement that a person recorded may be withdrawn, once.
pub(crate) fn withdrawable(row: &MeasurementRow) -> Result<()> {
    if row.source.starts_with("measure:") {
        return Err(Error::field("measurementId", "COMPUTED", "Esta medición la hizo la plataforma; no se retira a mano"));
    }
    if row.withdrawn_at.is_some() {
        return Err(Error::field("measurementId", "WITHDRAWN", "Esta medición ya estaba retirada"));
    }
    Ok(())
}

/// The day of a moment in Bogotá.
pub(crate) fn day(at: OffsetDateTime) -> Date {
    local(at).date()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof};
    use proptest::{collection, option, proptest};
    use sqlx::types::Json;
    use time::macros::{date, datetime};
    use time::{Date, Duration, OffsetDateTime};
    use uuid::Uuid;

    use super::super::model::{Accumulation, Cadence, Gathered, IndicatorKind, IndicatorRow, IndicatorSort, YearTarget};
    use super::{
        LightState, Seen, Span, contradiction, ended, figure, forecast, light, measurement, months_to, reached, reason, spoken,
        spoken_month, target_in, together, with,
    };

    fn indicator(sort: IndicatorSort, accumulation: Accumulation, cadence: Cadence, unit: &str) -> IndicatorRow {
        IndicatorRow {
            id: Uuid::nil(),
            action_line: 1,
            place: 1,
            key: "uno".to_owned(),
            name: "Uno".to_owned(),
            target: None,
            target_value: None,
            unit: Some(unit.to_owned()),
            cadence: Some(cadence),
            kind: IndicatorKind::Recorded,
            measure: None,
            note: None,
            sort,
            accumulation,
            baseline: None,
            baseline_on: None,
            targets: Json(Vec::new()),
            responsible: None,
            evidence: None,
        }
    }

    fn count() -> IndicatorRow {
        indicator(IndicatorSort::Count, Accumulation::Latest, Cadence::PerYear, "entidades")
    }

    fn weekly() -> IndicatorRow {
        indicator(IndicatorSort::Frequency, Accumulation::Reduce, Cadence::PerWeek, "días")
    }

    fn seen(value: Option<f64>, target: Option<f64>, term: Option<Span>, today: Date) -> Seen {
        Seen { value, target, failed: false, term, today }
    }

    #[test]
    fn a_day_lies_in_its_week_half_year_and_year() {
        let span = |cadence| {
            let span = Span::of(Some(cadence), date!(2026 - 11 - 22));
            (span.starts_on, span.ends_on, span.spoken())
        };
        let week = (date!(2026 - 11 - 16), date!(2026 - 11 - 22), "semana del 16 al 22 de noviembre de 2026".to_owned());
        assert_eq!(span(Cadence::PerWeek), week);
        assert_eq!(span(Cadence::PerSemester), (date!(2026 - 07 - 01), date!(2026 - 12 - 31), "segundo semestre de 2026".to_owned()));
        assert_eq!(span(Cadence::PerYear), (date!(2026 - 01 - 01), date!(2026 - 12 - 31), "2026".to_owned()));
        assert_eq!(span(Cadence::WholePeriod), span(Cadence::PerYear), "it is closed year by year on its way");
        assert_eq!(Span::of(Some(Cadence::PerWeek), date!(2026 - 12 - 31)).spoken(), "semana del 28 de diciembre al 3 de enero de 2027");
        assert_eq!(Span::years(2024, 2027).spoken(), "2024 a 2027");
        assert_eq!(Span::years(2026, 2026).begins(), datetime!(2026-01-01 05:00 UTC));
        assert_eq!(Span::years(2026, 2026).ends(), datetime!(2027-01-01 05:00 UTC));
    }

    #[test]
    fn only_what_has_ended_is_closed() {
        let weeks = |today| ended(Some(Cadence::PerWeek), date!(2026 - 11 - 04), today).map(|span| span.ends_on).collect::<Vec<_>>();
        assert_eq!(weeks(date!(2026 - 11 - 15)), [date!(2026 - 11 - 08)]);
        assert_eq!(weeks(date!(2026 - 11 - 16)), [date!(2026 - 11 - 08), date!(2026 - 11 - 15)]);
        assert_eq!(ended(Some(Cadence::PerYear), date!(2026 - 11 - 04), date!(2026 - 12 - 31)).count(), 0);
    }

    #[test]
    fn the_figure_of_a_period_is_made_as_the_plan_says() {
        let at = datetime!(2026-11-23 10:00 -5);
        let found = [3.0, 9.0, 5.0].into_iter().fold(Gathered::default(), |found, value| with(found, value, at));
        let of = |sort, accumulation| figure(&indicator(sort, accumulation, Cadence::PerYear, ""), found);
        assert_eq!(of(IndicatorSort::Count, Accumulation::Sum), Some(17.0));
        assert_eq!(of(IndicatorSort::Count, Accumulation::Latest), Some(5.0));
        assert_eq!(of(IndicatorSort::Number, Accumulation::Hold), Some(3.0));
        assert_eq!(of(IndicatorSort::Number, Accumulation::Reduce), Some(5.0));
        assert_eq!(of(IndicatorSort::Frequency, Accumulation::Reduce), Some(9.0));
        assert_eq!(figure(&count(), Gathered::default()), None, "nothing measured is unknown, not zero");
    }

    #[test]
    fn a_year_has_its_own_target_or_that_of_the_plan() {
        let mut row = IndicatorRow { target_value: Some(4.0), ..count() };
        row.targets = Json(vec![YearTarget { year: 2027, value: 6.0 }]);
        assert_eq!((target_in(&row, 2026), target_in(&row, 2027)), (Some(4.0), Some(6.0)));
        assert_eq!(target_in(&count(), 2026), None);
    }

    #[test]
    fn targets_that_contradict_are_told() {
        let targets =
            |values: &[(i32, f64)]| Json(values.iter().map(|(year, value)| YearTarget { year: *year, value: *value }).collect::<Vec<_>>());
        let share = || indicator(IndicatorSort::Share, Accumulation::Latest, Cadence::WholePeriod, "%");
        assert_eq!(contradiction(&IndicatorRow { targets: targets(&[(2026, 50.0), (2027, 100.0)]), ..share() }), None);
        assert!(contradiction(&IndicatorRow { target_value: Some(120.0), ..share() }).is_some());
        assert!(contradiction(&IndicatorRow { targets: targets(&[(2026, 80.0), (2027, 50.0)]), ..share() }).is_some());
        assert!(
            contradiction(&IndicatorRow { targets: targets(&[(2026, 4.0), (2026, 5.0)]), ..count() })
                .is_some_and(|why| why.contains("dos metas"))
        );
        assert_eq!(
            contradiction(&IndicatorRow { targets: targets(&[(2026, 4.0), (2027, 2.0)]), ..count() }),
            None,
            "a count may ask for less"
        );
        let falling = || indicator(IndicatorSort::Number, Accumulation::Reduce, Cadence::PerYear, "quejas");
        assert!(contradiction(&IndicatorRow { baseline: Some(10.0), target_value: Some(12.0), ..falling() }).is_some());
        assert_eq!(contradiction(&IndicatorRow { baseline: Some(10.0), target_value: Some(5.0), ..falling() }), None);
    }

    #[test]
    fn days_are_not_to_be_exceeded_and_shares_are_to_be_reached() {
        assert!((reached(3.0, 4.0, Accumulation::Latest, None) - 75.0).abs() < 1e-9);
        assert!((reached(6.0, 7.0, Accumulation::Reduce, None) - 100.0).abs() < 1e-9);
        assert!((reached(14.0, 7.0, Accumulation::Reduce, None) - 50.0).abs() < 1e-9);
        assert!((reached(15.0, 10.0, Accumulation::Reduce, Some(20.0)) - 50.0).abs() < 1e-9);
        assert!((reached(0.0, 0.0, Accumulation::Latest, None) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_light_says_why() {
        let year = Some(Span::years(2026, 2026));
        let of = |row: &IndicatorRow, value, target, term, today| {
            let light = light(row, seen(value, target, term, today));
            (light.state, light.text)
        };
        let told = |state, text: &str| (state, text.to_owned());
        let october = date!(2026 - 10 - 20);
        assert_eq!(
            of(&count(), Some(5.0), Some(4.0), year, october),
            told(LightState::Green, "Cumple: 5 entidades, y la meta es 4 entidades.")
        );
        assert_eq!(
            of(&count(), Some(2.5), Some(4.0), year, october),
            told(LightState::Amber, "Va a 62 % de la meta con 80 % del tiempo corrido.")
        );
        assert_eq!(of(&count(), Some(1.0), Some(4.0), year, october).0, LightState::Red);
        assert_eq!(of(&count(), Some(0.0), Some(4.0), year, date!(2026 - 01 - 20)).0, LightState::Green, "a year has only begun");
        assert_eq!(of(&count(), Some(5.0), None, year, october), told(LightState::Grey, "El plan no fija meta."));
        assert_eq!(of(&count(), None, Some(4.0), year, october), told(LightState::Unknown, "Sin medición en este período."));
        let failed = light(&count(), Seen { failed: true, ..seen(None, Some(4.0), year, october) });
        assert!(failed.state == LightState::Unknown && failed.text.contains("falló"));
        let late = Some(Span::years(2008, 2010));
        assert_eq!(
            of(&count(), Some(2.0), Some(4.0), late, october),
            told(LightState::Red, "Va a 50 % de la meta y el plazo venció el 31 de diciembre de 2010.")
        );
        assert_eq!(
            of(&weekly(), Some(8.0), Some(7.0), None, october),
            told(LightState::Amber, "Está en 8 días, y la meta es a lo sumo 7 días.")
        );
        assert_eq!(of(&weekly(), Some(20.0), Some(7.0), None, october).0, LightState::Red);
    }

    fn points(values: &[(i64, f64)]) -> Vec<(OffsetDateTime, f64)> {
        values.iter().map(|(day, value)| (datetime!(2026-01-01 00:00 -5) + Duration::days(*day), *value)).collect()
    }

    #[test]
    fn a_forecast_is_a_straight_line_or_nothing() {
        let (year, today) = (Some(Span::years(2026, 2026)), date!(2026 - 03 - 15));
        let of = |row: &IndicatorRow, values: &[(i64, f64)]| forecast(row, &points(values), Some(4.0), year, today);
        let share = indicator(IndicatorSort::Share, Accumulation::Latest, Cadence::PerYear, "%");
        // One point a day: after 365 days it would be 365, and a share ends at 100.
        let line = [(0, 0.0), (20, 20.0), (40, 40.0)];
        assert!(of(&count(), &line).value.is_some_and(|value| (value - 365.0).abs() < 1e-6));
        assert_eq!(of(&share, &line).value, Some(100.0));
        assert_eq!(of(&count(), &line[..2]).value, None, "two points are no trend");
        assert_eq!(of(&count(), &[(0, 0.0), (10, 1.0), (20, 2.0)]).value, None, "twenty days are no trend");
        let summed = indicator(IndicatorSort::Count, Accumulation::Sum, Cadence::PerYear, "talleres");
        // 1, 2 and 3 in all after 0, 30 and 60 days: one each thirty days, so 1 + 365/30 at the year's end.
        let ends = of(&summed, &[(0, 1.0), (30, 1.0), (60, 1.0)]).value;
        assert!(ends.is_some_and(|value| (value - (1.0 + 365.0 / 30.0)).abs() < 1e-6), "{ends:?}");
        assert_eq!(of(&weekly(), &line).value, None);
        assert_eq!(
            forecast(&count(), &points(&line), None, Some(Span::years(2008, 2012)), today).value,
            None,
            "what is over is not foretold"
        );
    }

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(spoken(92.5, "%"), "92,5 %");
        assert_eq!(spoken(7.0, "días"), "7 días");
        assert_eq!(
            (spoken(1.0, "días"), spoken(1.0, "entidades"), spoken(1.0, "convenios")),
            ("1 día".into(), "1 entidad".into(), "1 convenio".into())
        );
        assert_eq!(spoken(1.0, "sí o no"), "sí");
        assert_eq!(spoken_month("2026-11"), "noviembre de 2026");
        assert_eq!(months_to("2026-02", 3).expect("is a month"), ["2025-12", "2026-01", "2026-02"]);
        assert!(months_to("2026-13", 1).is_err() && months_to("ayer", 1).is_err());
    }

    #[test]
    fn a_figure_is_a_number_from_zero() {
        let share = indicator(IndicatorSort::Share, Accumulation::Latest, Cadence::PerYear, "%");
        let yes = indicator(IndicatorSort::YesNo, Accumulation::Latest, Cadence::PerYear, "sí o no");
        assert!(measurement(&count(), -1.0, None).is_err() && measurement(&count(), f64::NAN, None).is_err());
        assert!(measurement(&share, 101.0, None).is_err() && measurement(&count(), 101.0, None).is_ok());
        assert!(measurement(&yes, 0.5, None).is_err() && measurement(&yes, 1.0, None).is_ok());
        assert!(reason("porque").is_err() && reason(" Se contó dos veces ").is_ok());
    }

    fn accumulation() -> impl Strategy<Value = Accumulation> {
        prop_oneof![Just(Accumulation::Sum), Just(Accumulation::Latest), Just(Accumulation::Hold), Just(Accumulation::Reduce)]
    }

    fn cadence() -> impl Strategy<Value = Cadence> {
        prop_oneof![Just(Cadence::PerWeek), Just(Cadence::PerSemester), Just(Cadence::PerYear), Just(Cadence::WholePeriod)]
    }

    proptest! {
        #[test]
        fn a_reached_target_is_a_percentage(
            value in 0.0..1e9f64, target in 0.0..1e9f64, accumulation in accumulation(), baseline in option::of(0.0..1e9f64),
        ) {
            assert!((0.0..=100.0).contains(&reached(value, target, accumulation, baseline)));
        }

        #[test]
        fn more_is_never_worse_but_for_what_must_go_down(
            value in 0.0..1e6f64, more in 0.0..1e6f64, target in 1.0..1e6f64, accumulation in accumulation(),
        ) {
            let (before, after) = (reached(value, target, accumulation, None), reached(value + more, target, accumulation, None));
            assert!(if accumulation == Accumulation::Reduce { after <= before } else { after >= before });
        }

        #[test]
        fn periods_follow_each_other_without_a_gap(days in 0i64..9000, many in 0i64..400, cadence in cadence()) {
            let first = date!(2008 - 01 - 01) + Duration::days(days);
            let spans: Vec<_> = ended(Some(cadence), first, first + Duration::days(many)).collect();
            assert!(spans.windows(2).all(|pair| pair[0].ends_on + Duration::DAY == pair[1].starts_on));
            assert!(spans.iter().all(|span| span.ends_on < first + Duration::days(many) && span.starts_on <= span.ends_on));
            assert!(spans.first().is_none_or(|span| (span.starts_on..=span.ends_on).contains(&first)));
        }

        #[test]
        fn the_figure_of_a_period_lies_among_what_was_measured(values in collection::vec(0.0..1e6f64, 1..40), accumulation in accumulation()) {
            let found = values.iter().fold(Gathered::default(), |found, value| with(found, *value, OffsetDateTime::UNIX_EPOCH));
            let row = indicator(IndicatorSort::Number, accumulation, Cadence::PerYear, "");
            let value = figure(&row, found).expect("something was measured");
            let (lowest, highest) = (values.iter().copied().fold(f64::MAX, f64::min), values.iter().copied().fold(0.0, f64::max));
            if accumulation == Accumulation::Sum {
                assert!((value - values.iter().sum::<f64>()).abs() < 1e-3);
            } else {
                assert!((lowest..=highest).contains(&value));
            }
        }

        #[test]
        fn a_light_never_turns_worse_with_a_better_figure(
            value in 0.0..100f64, more in 0.0..100f64, target in 1.0..100f64, days in 0i64..365, accumulation in accumulation(),
        ) {
            let row = indicator(IndicatorSort::Number, accumulation, Cadence::PerYear, "");
            let today = date!(2026 - 01 - 01) + Duration::days(days);
            let of = |value| match light(&row, seen(Some(value), Some(target), Some(Span::years(2026, 2026)), today)).state {
                LightState::Green => 0,
                LightState::Amber => 1,
                _ => 2,
            };
            let (one, other) = (of(value), of(value + more));
            assert!(if accumulation == Accumulation::Reduce { other >= one } else { other <= one });
        }

        #[test]
        fn a_forecast_is_possible_or_silent(values in collection::vec((0i64..300, 0.0..1e4f64), 0..30), share in any::<bool>()) {
            let mut values = values;
            values.sort_by_key(|point| point.0);
            let sort = if share { IndicatorSort::Share } else { IndicatorSort::Count };
            let row = indicator(sort, Accumulation::Latest, Cadence::PerYear, "");
            let told = forecast(&row, &points(&values), None, Some(Span::years(2026, 2026)), date!(2026 - 10 - 30));
            assert!(told.value.is_none_or(|value| value.is_finite() && value >= 0.0 && (!share || value <= 100.0)), "{told:?}");
        }

        #[test]
        fn unknown_figures_do_not_move_the_mean(known in collection::vec(0.0..100f64, 1..20), unknown in 0usize..20) {
            let all = || known.iter().map(|value| Some(*value));
            let (before, _, _) = together(all());
            let (after, counted, total) = together(all().chain(std::iter::repeat_n(None, unknown)));
            assert_eq!((before, counted, total), (after, i32::try_from(known.len()).expect("are few"), counted + i32::try_from(unknown).expect("are few")));
        }
    }
}
