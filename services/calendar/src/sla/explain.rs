//! The arithmetic of a clock, line by line, in plain Spanish.

use super::agenda::{Agenda, AgendaDay};
use super::clock::{Clock, Clocks, End, Entry, Mark, Passing, Waits};
use crate::deadline::local;
use crate::spanish::{at_clock_time, clock_time, length, weekday_long_date};
use time::{Date, Duration, OffsetDateTime};

/// Open days of one stretch that are told one by one; of more, those in the middle are told as a sum.
const TOLD: usize = 6;

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// The clock begins.
    Begins,
    /// Open time that ran.
    Ran,
    /// Days without open time.
    Closed,
    /// Time in which it stood still.
    StoodStill,
    /// Another priority or calendar, or a reopening.
    Changed,
    /// The target was passed.
    Breached,
    /// Open time that is still to run before the target is reached.
    Ahead,
    /// When it breaches, how it ended, or why it never does.
    Outcome,
}

/// One line of a clock's arithmetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it tells.
    pub kind: LineKind,
    /// From when.
    pub from: OffsetDateTime,
    /// Until when.
    pub to: OffsetDateTime,
    /// The open seconds that it adds; none but for what ran and what is ahead.
    pub seconds: i64,
    /// The sum of this line and those before it.
    pub total: i64,
    /// In Spanish.
    pub text: String,
}

impl Clocks<'_> {
    /// The arithmetic of one of these clocks up to [`Clocks::as_of`], and what is ahead of it.
    pub fn explain(&self, clock: &Clock<'_>) -> Vec<Line> {
        let mut sheet = Sheet { lines: Vec::new(), total: 0 };
        for entry in &clock.entries {
            match *entry {
                Entry::Mark { at, mark, target } => sheet.mark(at, mark, target),
                Entry::Stretch { from, to, passing: Passing::Ran, agenda, .. } => sheet.ran(LineKind::Ran, agenda, from, to),
                Entry::Stretch { from, to, passing, .. } => {
                    let why = match passing {
                        Passing::Waited(Waits::Asker) => "en pausa, se espera a quien pidió ayuda",
                        Passing::Waited(Waits::ThirdParty) => "en pausa, se espera a un tercero",
                        Passing::Ran | Passing::Settled => "estaba resuelta",
                    };
                    sheet.line(LineKind::StoodStill, from, to, 0, format!("{}: {why}. No corre.", capital(&span(from, to))));
                }
            }
        }
        if let Some(at) = clock.breached_at {
            sheet.line(LineKind::Breached, at, at, 0, format!("Venció {}", moment(at)));
        }
        self.outcome(clock, &mut sheet);
        sheet.lines
    }

    fn outcome(&self, clock: &Clock<'_>, sheet: &mut Sheet) {
        let (now, ran) = (self.as_of(), length(clock.elapsed));
        let of = clock.target.map_or(String::new(), |target| format!(" de {}", length(target)));
        let told = |at: OffsetDateTime, text: String| (at, text);
        let (at, text) = match (clock.ended, clock.left()) {
            (Some((at, End::Dropped)), _) => told(at, format!("Deja de contar {} Había corrido {ran}.", moment(at))),
            (Some((at, End::Done)), left) => {
                let how = match left {
                    None => "no había plazo",
                    Some(_) if clock.breached_at.is_none() => "a tiempo",
                    Some(_) => "fuera de plazo",
                };
                told(at, format!("Termina {} Corrió {ran}{of}: {how}.", moment(at)))
            }
            (None, None) => told(now, format!("Lleva {ran}. Con esta prioridad no hay plazo: no vence.")),
            (None, Some(left)) if !self.runs(clock) => {
                let rest = if left >= 0 { format!("quedan {}", length(left)) } else { format!("pasó el plazo en {}", length(-left)) };
                told(now, format!("En pausa con {ran}{of}: {rest}."))
            }
            (None, Some(_)) if clock.breached_at.is_some() => told(now, format!("Lleva {ran}{of}: está vencido.")),
            (None, Some(left)) => match self.due_at(clock) {
                None => told(now, format!("«{}» no tiene horas abiertas: este reloj no corre y no vence.", self.agenda().name())),
                Some(due_at) => {
                    sheet.ran(LineKind::Ahead, self.agenda(), now, due_at);
                    told(due_at, format!("Lleva {ran}{of} y le quedan {}: vence {}", length(left), moment(due_at)))
                }
            },
        };
        sheet.line(LineKind::Outcome, at, at, 0, text);
    }
}

/// Lines as they are written, and their sum.
struct Sheet {
    lines: Vec<Line>,
    total: i64,
}

impl Sheet {
    fn line(&mut self, kind: LineKind, from: OffsetDateTime, to: OffsetDateTime, seconds: i64, text: String) {
        self.total += seconds;
        self.lines.push(Line { kind, from, to, seconds, total: self.total, text });
    }

    fn mark(&mut self, at: OffsetDateTime, mark: Mark<'_>, target: Option<i64>) {
        let plazo = target.map_or("sin plazo".to_owned(), |target| format!("plazo de {}", length(target)));
        let (kind, text) = match mark {
            Mark::Began { priority, agenda, again } => {
                let word = if again { "Empieza de nuevo" } else { "Empieza" };
                let text = format!("{word} {} Prioridad {}: {plazo}, en «{}».", moment(at), priority.name(), agenda.name());
                (LineKind::Begins, text)
            }
            Mark::Priority(priority) => {
                (LineKind::Changed, format!("La prioridad pasa a {} {} Desde ahí, {plazo}.", priority.name(), moment(at)))
            }
            Mark::Calendar(now) => (LineKind::Changed, format!("Se cuenta con «{}» desde {}", now.name(), moment(at))),
            Mark::Reopened => (LineKind::Changed, format!("Se reabre {} Sigue donde iba, con {plazo}.", moment(at))),
        };
        self.line(kind, at, at, 0, text);
    }

    /// Open time from one moment to another, a line a day, and why the days between had none.
    fn ran(&mut self, kind: LineKind, agenda: &Agenda, from: OffsetDateTime, to: OffsetDateTime) {
        let mut days: Vec<Day> = Vec::new();
        for day in agenda.days(from, to) {
            match (day, days.last_mut()) {
                (AgendaDay::Open(date, open), _) => days.push(Day::Open(date, open)),
                (AgendaDay::Closed(date, None), Some(Day::Closed(_, last, None))) if last.next_day() == Some(date) => *last = date,
                (AgendaDay::Closed(date, occasion), _) => days.push(Day::Closed(date, date, occasion)),
            }
        }
        let open: Vec<usize> = days.iter().enumerate().filter(|(_, day)| matches!(day, Day::Open(..))).map(|(place, _)| place).collect();
        // The first two and the last two are told; the sum stands for those between.
        let middle = match (open.len() > TOLD, open.get(2), open.iter().rev().nth(2)) {
            (true, Some(first), Some(last)) => Some((*first, *last)),
            _ => None,
        };
        let mut place = 0;
        while let Some(day) = days.get(place) {
            if let Some((first, last)) = middle.filter(|(first, _)| *first == place) {
                self.sum(kind, days.get(first..=last).unwrap_or_default());
                place = last + 1;
                continue;
            }
            self.day(kind, day);
            place += 1;
        }
    }

    fn day(&mut self, kind: LineKind, day: &Day) {
        match day {
            Day::Open(date, spans) => {
                let seconds = day.seconds();
                let hours: Vec<String> = spans.iter().map(|(from, to)| hours(*from, *to)).collect();
                let text = format!("{}, {}: {}.", capital(&weekday_long_date(*date)), hours.join(" y "), length(seconds));
                let (from, to) = day.span();
                self.line(kind, from, to, seconds, text);
            }
            Day::Closed(first, last, occasion) => {
                let why = occasion.as_deref().unwrap_or("cerrado");
                let days = if first == last {
                    weekday_long_date(*first)
                } else {
                    format!("del {} al {}", weekday_long_date(*first), weekday_long_date(*last))
                };
                let (from, to) = day.span();
                self.line(LineKind::Closed, from, to, 0, format!("{}: {why}. No corre.", capital(&days)));
            }
        }
    }

    fn sum(&mut self, kind: LineKind, days: &[Day]) {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return };
        let open: Vec<&Day> = days.iter().filter(|day| matches!(day, Day::Open(..))).collect();
        let occasions: Vec<String> = days.iter().filter_map(Day::told).collect();
        let without = if occasions.is_empty() { String::new() } else { format!(" No cuenta: {}.", occasions.join("; ")) };
        let seconds = open.iter().map(|day| day.seconds()).sum();
        let ((from, _), (_, to)) = (first.span(), last.span());
        let span = format!("del {} al {}", weekday_long_date(local(from).date()), weekday_long_date(local(to).date()));
        let text = format!("{}, {} días de atención: {}.{without}", capital(&span), open.len(), length(seconds));
        self.line(kind, from, to, seconds, text);
    }
}

/// A day of a stretch with its open hours, or days in a row without any, and their name if they have one.
enum Day {
    Open(Date, Vec<(OffsetDateTime, OffsetDateTime)>),
    Closed(Date, Date, Option<String>),
}

impl Day {
    fn seconds(&self) -> i64 {
        match self {
            Self::Open(_, spans) => spans.iter().map(|(from, to)| (*to - *from).whole_seconds()).sum(),
            Self::Closed(..) => 0,
        }
    }

    fn span(&self) -> (OffsetDateTime, OffsetDateTime) {
        let midnight = |date: Date| date.midnight().assume_offset(crate::bogota());
        match self {
            Self::Open(date, spans) => (
                spans.first().map_or_else(|| midnight(*date), |(from, _)| *from),
                spans.last().map_or_else(|| midnight(*date), |(_, to)| *to),
            ),
            Self::Closed(first, last, _) => (midnight(*first), midnight(*last) + Duration::days(1)),
        }
    }

    /// `lunes 13 de julio de 2026 (Día Nacional…)`, of a day off with a name.
    fn told(&self) -> Option<String> {
        match self {
            Self::Closed(date, _, Some(occasion)) => Some(format!("{}, {occasion}", weekday_long_date(*date))),
            _ => None,
        }
    }
}

/// `el viernes 10 de julio de 2026 a las 4:30 p. m.`: the abbreviation ends the sentence.
fn moment(at: OffsetDateTime) -> String {
    let at = local(at);
    let text = format!("el {} {}", weekday_long_date(at.date()), at_clock_time(at.time()));
    if text.ends_with('.') { text } else { text + "." }
}

/// `de 8:00 a. m. a 12:00 m.`; a day open to its end closes at midnight.
fn hours(from: OffsetDateTime, to: OffsetDateTime) -> String {
    format!("de {} a {}", clock_time(local(from).time()), clock_time(local(to).time()))
}

/// From one moment to another, saying the day once where it is the same.
fn span(from: OffsetDateTime, to: OffsetDateTime) -> String {
    let (from, to) = (local(from), local(to));
    let (first, last) = (weekday_long_date(from.date()), weekday_long_date(to.date()));
    if from.date() == to.date() {
        format!("{first}, {}", hours(from, to))
    } else {
        format!("del {first} {} al {last} {}", at_clock_time(from.time()), at_clock_time(to.time()))
    }
}

/// With a capital at the front.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
