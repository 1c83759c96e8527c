//! Pure decisions on versions: what differs, what contradicts itself, which plan is the current one, and how text areas are read.

use std::collections::BTreeSet;

use kernel::search::plain;
use serde::Serialize;
use serde_json::Value;
use time::{Date, Month};
use uuid::Uuid;

use super::model::{ChangeKind, PlanChange, PlanOfPeriod, PlanProblem};
use crate::frameworks::pack::PhaseFile;
use crate::indicators::model::{Accumulation, YearTarget};
use crate::indicators::pack::IndicatorFile;
use crate::indicators::rules::contradiction;
use crate::text::document::{ActivityFile, Document, LineFile};
use crate::text::model::{ClosingActivity, HelpChannel, HelpRow, Period};

/// The plan that is measured: of those whose period holds this year, and else of those begun, the one begun last; else the next to come.
pub(crate) fn current(plans: &[PlanOfPeriod], year: i32) -> Option<&PlanOfPeriod> {
    let from = |plan: &&PlanOfPeriod| plan.from_year.unwrap_or(i32::MIN);
    let begun = |plan: &&PlanOfPeriod| from(plan) <= year;
    let running = plans.iter().filter(|plan| begun(plan) && plan.to_year.unwrap_or(i32::MAX) >= year && plan.from_year.is_some());
    running.max_by_key(from).or_else(|| plans.iter().filter(begun).max_by_key(from)).or_else(|| plans.iter().min_by_key(from))
}

/// The lines of a text area, without bullets and blank ones.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let trimmed = text.lines().map(|line| line.trim().trim_start_matches(['-', '•', '*']).trim());
    trimmed.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The blocks of a text area, told apart by a blank line, each with its lines.
fn blocks(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let blocks: Vec<Vec<&str>> = lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()).map(<[&str]>::to_vec).collect();
    blocks.into_iter()
}

/// Titles with their text: the first line of a block and the others; `None` where a block has no text.
pub(crate) fn titled(text: &str) -> Option<Vec<(String, String)>> {
    let read = |block: Vec<&str>| {
        let (title, rest) = block.split_first()?;
        (!rest.is_empty()).then(|| ((*title).to_owned(), rest.join("\n")))
    };
    blocks(text).map(read).collect()
}

/// Rows of the table of help: problem, procedure and where help is found, a line each. What stays as it was keeps its channels.
pub(crate) fn help(text: &str, before: &[HelpRow]) -> Option<Vec<HelpRow>> {
    let read = |block: Vec<&str>| {
        let [problem, procedure, assistance] = block.try_into().ok()?;
        let known = before.iter().find(|row| row.problem == problem && row.assistance == assistance);
        Some(HelpRow {
            problem: problem.to_owned(),
            procedure: procedure.to_owned(),
            assistance: assistance.to_owned(),
            channels: known.map_or_else(|| channels(assistance), |row| row.channels.clone()),
            category: before.iter().find(|row| row.problem == problem).and_then(|row| row.category.clone()),
            note: known.and_then(|row| row.note.clone()),
        })
    };
    blocks(text).map(read).collect()
}

/// The addresses and numbers in a text.
fn channels(text: &str) -> Vec<HelpChannel> {
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let channel = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let kind = if word.contains('@') {
            "email"
        } else if digits >= 7 {
            "phone"
        } else {
            return None;
        };
        Some(HelpChannel { kind: kind.to_owned(), value: word.to_owned() })
    };
    words.filter_map(channel).collect()
}

/// Activities, one a line; what stands after a bar is who does it: `Publicar el documento | Comité GEL-T; Personería`.
pub(crate) fn activities(text: &str) -> Vec<ActivityFile> {
    let read = |line: String| match line.split_once('|') {
        None => ActivityFile { text: line, responsibles: None },
        Some((text, who)) => {
            let who: Vec<String> = who.split(';').map(str::trim).filter(|who| !who.is_empty()).map(str::to_owned).collect();
            ActivityFile { text: text.trim().to_owned(), responsibles: (!who.is_empty()).then_some(who) }
        }
    };
    lines(text).into_iter().map(read).collect()
}

/// Targets of single years, one a line: `2026: 4`; `None` where a line says something else.
pub(crate) fn year_targets(text: &str) -> Option<Vec<YearTarget>> {
    let read = |line: String| {
        let (year, value) = line.split_once(':')?;
        let year = year.trim().parse().ok().filter(|year| (2000..=2100).contains(year))?;
        let value = value.trim().trim_end_matches('%').trim().replace(',', ".").parse().ok().filter(|value: &f64| value.is_finite())?;
        Some(YearTarget { year, value })
    };
    lines(text).into_iter().map(read).collect()
}

/// Something in a form that contradicts itself: field, code and what to tell.
pub(crate) type Contradiction = (&'static str, &'static str, String);

/// What contradicts itself in a period.
pub(crate) fn period(period: &Period) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let (from, to) = (period.from_year, period.to_year);
    for (field, year) in [("fromYear", from), ("toYear", to)] {
        if !(2000..=2100).contains(&year) {
            found.push((field, "RANGE", "Escriba un año de cuatro cifras".to_owned()));
        }
    }
    if to < from {
        found.push(("toYear", "CONTRADICTION", format!("El período termina en {to}, antes de comenzar en {from}")));
    } else if to - from > 15 {
        found.push(("toYear", "RANGE", "Un plan cubre como máximo 16 años".to_owned()));
    }
    found
}

/// What contradicts itself in an indicator.
pub(crate) fn indicator(indicator: &IndicatorFile) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let (unit, text) = (indicator.unit.as_deref().unwrap_or_default(), indicator.target.as_deref().unwrap_or_default());
    if let Some(value) = indicator.target_value {
        if text.is_empty() {
            found.push(("target", "REQUIRED", "Escriba también la meta en palabras, como la leerá la ciudadanía".to_owned()));
        }
        if !(0.0..=1e9).contains(&value) {
            found.push(("targetValue", "RANGE", "La meta es un número desde 0".to_owned()));
        } else if unit == "%" && value > 100.0 {
            found.push(("targetValue", "RANGE", "Un porcentaje no pasa de 100".to_owned()));
        } else if unit == "sí o no" && value != 0.0 && (value - 1.0).abs() > 1e-9 {
            found.push(("targetValue", "RANGE", "En un indicador de sí o no la meta es 1 (sí) o 0 (no)".to_owned()));
        } else if !says(text, value, unit) {
            found.push(("targetValue", "CONTRADICTION", format!("La meta escrita dice «{text}» y el valor dice {}", number(value))));
        }
    }
    if text.contains('%') && unit != "%" {
        found.push(("unit", "CONTRADICTION", format!("La meta dice «{text}»: su unidad es %")));
    }
    // What the figures say among each other; the row needs no plan for that.
    let row = indicator.clone().row(Uuid::nil(), "", 0, 0);
    if let Some(wrong) = contradiction(&row).filter(|_| found.is_empty()) {
        found.push((if row.targets.is_empty() { "targetValue" } else { "targets" }, "CONTRADICTION", wrong));
    }
    let (baseline, grows) = (row.baseline.unwrap_or(f64::MIN), row.accumulation != Accumulation::Reduce);
    if grows && row.target_value.is_some_and(|value| value < baseline) {
        found.push(("targetValue", "CONTRADICTION", format!("La meta está por debajo de donde ya estaba: {}", number(baseline))));
    }
    found
}

/// Whether a target in words may be the value: words without figures say nothing against it.
fn says(text: &str, value: f64, unit: &str) -> bool {
    let figures: Vec<f64> = text
        .split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
        .map(|word| word.trim_matches(['.', ',']))
        .filter(|word| !word.is_empty())
        // A point groups thousands where three digits follow it, as in «1.200»; a comma begins decimals.
        .filter_map(|word| word.replace('.', "").replace(',', ".").parse().ok())
        .collect();
    // A span in days may be told in weeks, months or years.
    let spans: &[f64] = if unit == "días" { &[1.0, 7.0, 30.0, 365.0] } else { &[1.0] };
    figures.is_empty() || figures.iter().any(|figure| spans.iter().any(|span| (figure * span - value).abs() < 1e-9))
}

/// What contradicts itself in a phase of a plan of that period.
pub(crate) fn phase(phase: &PhaseFile, period: Option<&Period>) -> Vec<Contradiction> {
    let mut found = Vec::new();
    if phase.target.is_some_and(|target| !(0.0..=100.0).contains(&target)) {
        found.push(("target", "RANGE", "La meta de una fase va de 0 a 100".to_owned()));
    }
    if let Some(period) = period {
        if phase.deadline.year() < period.from_year {
            found.push(("deadline", "CONTRADICTION", format!("El plazo es anterior al comienzo del plan, en {}", period.from_year)));
        } else if phase.deadline.year() > period.to_year {
            found.push(("deadline", "CONTRADICTION", format!("El plazo es posterior al final del plan, en {}", period.to_year)));
        }
    }
    found
}

/// The last day of a year.
pub(crate) fn year_end(year: i32) -> Date {
    Date::from_calendar_date(year, Month::December, 31).unwrap_or(Date::MAX)
}

/// Where a draft is written.
pub(crate) const DRAFT: &str = "/admin/plan/edicion";

/// Everything that contradicts itself in a plan.
pub(crate) fn problems(plan: &Document) -> Vec<PlanProblem> {
    let mut problems = Vec::new();
    let mut add = |place: String, path: String, found: Vec<Contradiction>| {
        problems.extend(found.into_iter().map(|(_, _, message)| PlanProblem { place: place.clone(), message, path: path.clone() }));
    };
    if let Some(years) = &plan.period {
        add("Período".to_owned(), format!("{DRAFT}/texto"), period(years));
    }
    if plan.action_lines.is_empty() {
        let none = vec![("", "REQUIRED", "El plan no tiene ninguna acción".to_owned())];
        add("Acciones".to_owned(), DRAFT.to_owned(), none);
    }
    for line in &plan.action_lines {
        let (place, path) = (format!("Acción {}", line.number), format!("{DRAFT}/acciones/{}", line.number));
        let keys: BTreeSet<&str> = line.indicators.iter().map(|indicator| indicator.key.as_str()).collect();
        let mut found = Vec::new();
        if line.indicators.is_empty() {
            found.push(("", "REQUIRED", "No tiene ningún indicador".to_owned()));
        }
        if line.activities.is_empty() {
            found.push(("", "REQUIRED", "No tiene ninguna actividad".to_owned()));
        }
        if keys.len() < line.indicators.len() {
            found.push(("", "TAKEN", "Dos indicadores llevan la misma clave".to_owned()));
        }
        add(place.clone(), path.clone(), found);
        for row in &line.indicators {
            add(format!("{place}, {}", row.name), format!("{path}/indicadores/{}", row.key), indicator(row));
        }
    }
    for row in &plan.phases {
        add(row.name.clone(), format!("{DRAFT}/fases"), phase(row, plan.period.as_ref()));
    }
    problems
}

/// The differences between two texts of a plan, in the plan's own order.
pub(crate) fn differences(before: &Document, after: &Document) -> Vec<PlanChange> {
    let mut changes = Changes::default();
    changes.text("Título", &before.title, &after.title);
    changes.cell("Período", years(before.period.as_ref()), years(after.period.as_ref()));
    changes.text("Marco legal", &before.legal_frame, &after.legal_frame);
    changes.text("Visión", &before.vision, &after.vision);
    changes.text("Objetivo general", &before.general_objective, &after.general_objective);
    changes.list("Objetivo específico", &before.specific_objectives, &after.specific_objectives);
    changes.list("Marco de acción", &before.framework_lines, &after.framework_lines);
    let numbers: BTreeSet<i32> = before.action_lines.iter().chain(&after.action_lines).map(|line| line.number).collect();
    for number in numbers {
        let of = |plan: &Document| plan.action_lines.iter().find(|line| line.number == number).cloned();
        changes.line(&of(before).unwrap_or_else(|| LineFile::blank(number)), &of(after).unwrap_or_else(|| LineFile::blank(number)));
    }
    let name = |phase: &PhaseFile| phase.name.clone();
    changes.keyed("", &before.phases, &after.phases, |phase| phase.key.clone(), name, name);
    let titled = |rows: &[ClosingActivity]| rows.iter().map(|row| format!("{}: {}", row.title, row.text)).collect::<Vec<_>>();
    changes.list("Actividad de cierre", &titled(&before.closing_activities), &titled(&after.closing_activities));
    let help = |rows: &[HelpRow]| rows.iter().map(|row| [&*row.problem, &*row.procedure, &*row.assistance].join(" ")).collect::<Vec<_>>();
    changes.list("Soporte técnico", &help(&before.help_table), &help(&after.help_table));
    let incentives = |plan: &Document| plan.incentives.iter().map(|row| format!("{}: {}", row.title, row.text)).collect::<Vec<_>>();
    changes.list("Incentivo", &incentives(before), &incentives(after));
    changes.text("Firma", &before.signed_by, &after.signed_by);
    changes.fields("Membrete", &before.letterhead, &after.letterhead);
    let notes = |plan: &Document| plan.notes.iter().map(|note| note.note.clone()).collect::<Vec<_>>();
    changes.list("Nota", &notes(before), &notes(after));
    changes.0
}

/// A period in words.
pub(crate) fn years(period: Option<&Period>) -> Option<String> {
    period.map(|period| period.text.clone().unwrap_or_else(|| format!("{} a {}", period.from_year, period.to_year)))
}

#[derive(Default)]
struct Changes(Vec<PlanChange>);

impl Changes {
    fn cell(&mut self, place: &str, before: Option<String>, after: Option<String>) {
        let kind = match (&before, &after) {
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Removed,
            (before, after) if before != after => ChangeKind::Changed,
            _ => return,
        };
        self.0.push(PlanChange { kind, place: place.to_owned(), before, after });
    }

    fn text(&mut self, place: &str, before: &str, after: &str) {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.cell(place, known(before), known(after));
    }

    /// What is in both lists has not changed; of the rest, what resembles each other is the same thing said anew.
    fn list(&mut self, place: &str, before: &[String], after: &[String]) {
        let gone: Vec<&String> = before.iter().filter(|item| !after.contains(item)).collect();
        let mut come: Vec<&String> = after.iter().filter(|item| !before.contains(item)).collect();
        if gone.is_empty() && come.is_empty() && before != after {
            self.cell(&format!("{place}, orden"), Some(before.join("; ")), Some(after.join("; ")));
        }
        for old in gone {
            let likest = come.iter().enumerate().map(|(index, new)| (index, likeness(old, new))).max_by(|one, two| one.1.total_cmp(&two.1));
            let new = likest.filter(|(_, likeness)| *likeness >= 0.4).map(|(index, _)| come.remove(index).clone());
            self.cell(place, Some(old.clone()), new);
        }
        for new in come {
            self.cell(place, None, Some(new.clone()));
        }
    }

    fn line(&mut self, before: &LineFile, after: &LineFile) {
        let place = format!("Acción {}", after.number);
        let at = |part: &str| format!("{place}, {part}");
        self.text(&at("título"), &before.title, &after.title);
        self.list(&at("beneficio"), &before.benefits, &after.benefits);
        let shown = |row: &IndicatorFile| {
            let target = row.target.as_deref().map_or_else(|| "sin meta fijada".to_owned(), |target| format!("meta: {target}"));
            format!("{} ({target})", row.name)
        };
        let named = |row: &IndicatorFile| format!("{place}, indicador «{}»", row.name.trim_end_matches('.'));
        self.keyed(&place, &before.indicators, &after.indicators, |row| row.key.clone(), named, shown);
        let activities = |line: &LineFile| line.activities.iter().map(activity).collect::<Vec<_>>();
        self.list(&at("actividad"), &activities(before), &activities(after));
        self.list(&at("responsable"), &before.responsibles, &after.responsibles);
        self.list(&at("recurso"), &before.resources, &after.resources);
        self.text(&at("tiempo"), &before.duration_text, &after.duration_text);
    }

    /// Rows with a key: added, removed, or changed field by field.
    fn keyed<T: Serialize>(
        &mut self,
        place: &str,
        before: &[T],
        after: &[T],
        key: impl Fn(&T) -> String,
        named: impl Fn(&T) -> String,
        shown: impl Fn(&T) -> String,
    ) {
        for old in before {
            match after.iter().find(|new| key(new) == key(old)) {
                Some(new) => self.fields(&named(old), old, new),
                None => self.cell(&named(old), Some(shown(old)), None),
            }
        }
        for new in after.iter().filter(|new| !before.iter().any(|old| key(old) == key(new))) {
            self.cell(&named(new), None, Some(shown(new)));
        }
        let order = |of: &[T], other: &[T]| -> Vec<String> {
            of.iter().filter(|row| other.iter().any(|other| key(other) == key(row))).map(&key).collect()
        };
        if order(before, after) != order(after, before) {
            let told = |rows: &[T]| Some(rows.iter().map(&shown).collect::<Vec<_>>().join("; "));
            let place = if place.is_empty() { "Fases, orden".to_owned() } else { format!("{place}, orden de los indicadores") };
            self.cell(&place, told(before), told(after));
        }
    }

    /// Two rows, field by field, by their names in the file.
    fn fields(&mut self, place: &str, before: &impl Serialize, after: &impl Serialize) {
        let (Ok(Value::Object(before)), Ok(Value::Object(after))) = (serde_json::to_value(before), serde_json::to_value(after)) else {
            return;
        };
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let told = |row: &serde_json::Map<String, Value>| row.get(name).and_then(spoken);
            self.cell(&format!("{place}, {}", label(name)), told(&before), told(&after));
        }
    }
}

/// How much of the words of two texts is shared, from 0 to 1.
fn likeness(one: &str, two: &str) -> f64 {
    let words = |text: &str| plain(text).split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let (one, two) = (words(one), words(two));
    let (shared, most) = (one.intersection(&two).count(), one.len().max(two.len()).max(1));
    shared as f64 / most as f64
}

/// An activity in one line, as a text area takes it.
pub(crate) fn activity(activity: &ActivityFile) -> String {
    match &activity.responsibles {
        Some(who) => format!("{} | {}", activity.text, who.join("; ")),
        None => activity.text.clone(),
    }
}

fn number(value: f64) -> String {
    value.to_string().replace('.', ",")
}

/// A value of a file as people read it; none where nothing is set.
fn spoken(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(if *yes { "sí" } else { "no" }.to_owned()),
        Value::Number(figure) => figure.as_f64().map(number),
        Value::String(text) => Some(word(text).to_owned()),
        Value::Array(items) => Some(items.iter().filter_map(spoken).collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty()),
        Value::Object(fields) => {
            let told = fields.iter().filter_map(|(name, value)| Some(format!("{} {}", label(name), spoken(value)?)));
            Some(told.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
        }
    }
}

fn word(text: &str) -> &str {
    match text {
        "COMPUTED" => "calculado por la plataforma",
        "RECORDED" => "registrado por el Comité",
        "per_week" => "cada semana",
        "per_year" => "cada año",
        "whole_period" => "en todo el período",
        "per_semester" => "cada semestre",
        "count" => "cantidad",
        "share" => "porcentaje",
        "frequency" => "frecuencia",
        "yes_no" => "sí o no",
        "number" => "número",
        "sum" => "se suma",
        "latest" => "cuenta la última",
        "hold" => "se mantiene",
        "reduce" => "debe bajar",
        other => other,
    }
}

fn label(name: &str) -> &str {
    match name {
        "name" => "nombre",
        "target" => "meta",
        "target_value" => "valor de la meta",
        "unit" => "unidad",
        "cadence" => "periodicidad",
        "kind" => "origen de la cifra",
        "measure" => "hecho medible",
        "note" => "nota",
        "sort" => "tipo de cifra",
        "accumulation" => "cómo se acumula",
        "baseline" => "línea de base",
        "targets" => "metas por año",
        "responsible" => "responsable",
        "evidence" => "soporte",
        "value" => "valor",
        "year" => "año",
        "on" => "del",
        "national_deadline" => "plazo nacional",
        "deadline" => "plazo",
        "dispatch" => "despacho",
        "nit" => "NIT",
        "motto" => "lema",
        "address" => "dirección",
        "phone" => "teléfono",
        "email" => "correo",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use kernel::pack::parse_yaml;
    use proptest::proptest;
    use time::macros::date;

    use super::{activities, activity, current, differences, help, indicator, lines, phase, problems, says, titled, year_targets};
    use crate::text::document::Document;
    use crate::text::model::Period;
    use crate::versions::model::{ChangeKind, PlanOfPeriod};

    fn chipaque() -> Document {
        let source = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/chipaque-cundinamarca/plan.yaml"));
        parse_yaml("plan.yaml", source).expect("is a plan")
    }

    fn of(key: &str, years: Option<(i32, i32)>) -> PlanOfPeriod {
        let (from_year, to_year) = years.unzip();
        PlanOfPeriod { key: key.to_owned(), title: String::new(), number: 1, from_year, to_year, measured: false }
    }

    #[test]
    fn the_current_plan_is_that_of_the_year_else_the_last_begun_else_the_next() {
        let plans = [of("old", Some((2008, 2012))), of("now", Some((2024, 2027))), of("next", Some((2028, 2031)))];
        let key = |plans: &[PlanOfPeriod], year| current(plans, year).map(|plan| plan.key.clone());
        assert_eq!(key(&plans, 2026).as_deref(), Some("now"));
        assert_eq!(key(&plans, 2028).as_deref(), Some("next"));
        assert_eq!(key(&plans, 2015).as_deref(), Some("old"), "a plan whose years are over is kept until another begins");
        assert_eq!(key(&plans[2..], 2026).as_deref(), Some("next"));
        assert_eq!(key(&[of("undated", None)], 2026).as_deref(), Some("undated"));
        assert_eq!(key(&[], 2026), None);
    }

    #[test]
    fn a_text_area_is_read_line_by_line() {
        assert_eq!(lines(" - Uno \n\n• dos\n"), ["Uno", "dos"]);
        let read = activities("Publicar | Comité; Personería\nRevisar");
        assert_eq!(read[0].responsibles.as_deref(), Some(&["Comité".to_owned(), "Personería".to_owned()][..]));
        assert_eq!((read[1].text.as_str(), &read[1].responsibles), ("Revisar", &None));
        assert_eq!(titled("Uno\ntexto\n\nDos\notro\nmás").expect("has texts")[1], ("Dos".to_owned(), "otro\nmás".to_owned()));
        assert_eq!(titled("Solo título"), None);
        assert!(help("a\nb", &[]).is_none());
        let row = help("Claves\nLlamar\nLínea 0180009595, soporte@ejemplo.gov.co", &[]).expect("three lines");
        assert_eq!(row[0].channels.iter().map(|channel| channel.kind.as_str()).collect::<Vec<_>>(), ["phone", "email"]);
        assert_eq!(year_targets("2026: 4\n2027: 5,5 %").expect("two years")[1].value.to_string(), "5.5");
        assert!(year_targets("pronto").is_none());
    }

    #[test]
    fn what_is_told_of_the_signed_plan_comes_back_as_it_was() {
        let plan = chipaque();
        for line in &plan.action_lines {
            let text = line.activities.iter().map(activity).collect::<Vec<_>>().join("\n");
            assert_eq!(activities(&text), line.activities);
        }
        let text =
            plan.help_table.iter().map(|row| [&*row.problem, &row.procedure, &row.assistance].join("\n")).collect::<Vec<_>>().join("\n\n");
        assert_eq!(help(&text, &plan.help_table).expect("three lines each"), plan.help_table);
    }

    #[test]
    fn the_signed_plan_does_not_contradict_itself() {
        assert_eq!(problems(&chipaque()), []);
    }

    #[test]
    fn a_target_in_words_and_its_figure_agree() {
        assert!(says("100 %", 100.0, "%") && says("4 al año", 4.0, "entidades") && says("1.200 visitas", 1200.0, "visitas"));
        assert!(says("Mínimo una vez a la semana", 7.0, "días") && says("cada 2 semanas", 14.0, "días"));
        assert!(!says("100 %", 50.0, "%") && !says("12,5 %", 125.0, "%"));
    }

    #[test]
    fn contradictions_are_told_at_their_field() {
        let mut row = chipaque().action_lines[3].indicators[0].clone();
        let fields = |row: &_| indicator(row).into_iter().map(|(field, _, _)| field).collect::<Vec<_>>();
        row.target_value = Some(50.0);
        assert_eq!(fields(&row), ["targetValue"]);
        row.target_value = Some(120.0);
        assert_eq!(fields(&row), ["targetValue"], "a share above 100");
        (row.target, row.target_value) = (None, Some(100.0));
        assert_eq!(fields(&row), ["target"]);
        let mut row = chipaque().action_lines[3].indicators[0].clone();
        row.unit = Some("servicios".to_owned());
        assert_eq!(fields(&row), ["unit"]);
        let mut row = chipaque().action_lines[1].indicators[0].clone();
        row.baseline = Some(crate::indicators::pack::BaselineFile { value: 6.0, on: None });
        assert_eq!(fields(&row), ["targetValue"], "below where it was");
        let mut row = chipaque().phases[0].clone();
        let years = Period { text: None, derived: false, from_year: 2024, to_year: 2027 };
        assert_eq!(phase(&row, Some(&years)).len(), 1, "before the plan begins");
        row.deadline = date!(2028 - 01 - 01);
        assert_eq!(phase(&row, Some(&years)).len(), 1, "after it ends");
        let turned = Period { from_year: 2027, to_year: 2024, ..years };
        assert_eq!(super::period(&turned)[0].0, "toYear");
    }

    #[test]
    fn differences_are_told_in_plain_words() {
        let (before, mut after) = (chipaque(), chipaque());
        assert_eq!(differences(&before, &after), []);
        after.vision = "Otra".to_owned();
        after.action_lines[0].indicators[0].target_value = Some(5.0);
        after.action_lines[3].indicators[0].measure = None;
        after.action_lines[1].activities.remove(2);
        after.action_lines[2].benefits[0].push_str(" Siempre.");
        after.phases[4].target = Some(30.0);
        after.specific_objectives.push("Uno nuevo".to_owned());
        let told = differences(&before, &after);
        let find = |place: &str| told.iter().find(|change| change.place == place).unwrap_or_else(|| panic!("{place}: {told:#?}")).clone();
        assert_eq!(find("Visión").kind, ChangeKind::Changed);
        assert_eq!(find("Objetivo específico").kind, ChangeKind::Added);
        let value = find("Acción 1, indicador «Frecuencia de actualización de la página», valor de la meta");
        assert_eq!((value.before.as_deref(), value.after.as_deref()), (Some("7"), Some("5")));
        assert_eq!(find("Acción 2, actividad").kind, ChangeKind::Removed);
        assert_eq!(find("Acción 3, beneficio").kind, ChangeKind::Changed, "a text with a word more is the same text");
        assert_eq!(find("Fase de democracia, meta").kind, ChangeKind::Added);
        assert_eq!(told.len(), 7);
    }

    #[test]
    fn a_line_that_goes_takes_everything_with_it() {
        let (before, mut after) = (chipaque(), chipaque());
        after.action_lines.remove(5);
        let told = differences(&before, &after);
        assert!(!told.is_empty() && told.iter().all(|change| change.kind == ChangeKind::Removed && change.place.starts_with("Acción 6")));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a-z0-9|;: \n.,%-]{0,80}", value in 0.0..1e6f64) {
            let _ = (activities(&text), titled(&text), help(&text, &[]), year_targets(&text), says(&text, value, "días"));
        }
    }
}
