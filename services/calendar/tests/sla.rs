//! Service clocks: a table worked out by hand, what must hold of any history, and how a clock explains itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a table that cannot be read has failed")]

mod common;

use calendar::sla::{Agenda, Clock, ClockKind, Clocks, End, LineKind, Policy, Priority, Targets, Waits, What};
use calendar::{Week, WorkCalendar, bogota};
use common::{closure, day, moment, national, office_hours, slot};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime};

const TABLE: &str = include_str!("sla/clocks.txt");
const NAMES: [&str; 5] = ["oficina", "corrida", "cierre", "habiles", "nunca"];

/// The hours of the table; none: no open hour.
fn hours(name: &str) -> Option<WorkCalendar> {
    let mut calendar = national();
    match name {
        "nunca" => return None,
        "habiles" => {}
        "corrida" => {
            let all_day = || Some(vec![slot("07:00-18:00")]);
            let saturday = Some(vec![slot("08:00-12:00")]);
            calendar.week = Week::new([all_day(), all_day(), all_day(), all_day(), all_day(), saturday, Some(Vec::new())]).unwrap();
        }
        _ => calendar.week = office_hours(0, 5),
    }
    if name == "cierre" {
        calendar.closures.insert(day("2026-12-07"), closure());
    }
    Some(calendar)
}

static AGENDAS: LazyLock<BTreeMap<&str, Agenda>> = LazyLock::new(|| {
    let agenda = |name| hours(name).map_or_else(|| Agenda::never(name), |hours| Agenda::new(name, hours, day("2026-01-01")));
    NAMES.into_iter().map(|name| (name, agenda(name))).collect()
});

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let targets = |first, update, solution| Targets { first_answer: Some(first), update, solution: Some(solution) };
    let targets = [
        (Priority::Urgent, targets(30, Some(60), 240)),
        (Priority::High, targets(60, Some(240), 480)),
        (Priority::Normal, targets(240, Some(960), 1440)),
        (Priority::Low, targets(480, None, 2400)),
    ];
    Policy { targets: targets.into(), warning_percent: 75 }
});

fn priority(word: &str) -> Priority {
    match word {
        "URGENT" => Priority::Urgent,
        "HIGH" => Priority::High,
        "NORMAL" => Priority::Normal,
        _ => Priority::Low,
    }
}

/// `11-23 09:00` of 2026, or with its year.
fn at(text: &str) -> OffsetDateTime {
    let text = text.trim();
    if text.len() == 11 { moment(&format!("2026-{text}")) } else { moment(text) }
}

fn event(text: &str) -> (OffsetDateTime, What<'static>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let when = at(&words[words.len() - 2..].join(" "));
    let what = match words[0] {
        "answered" => What::Answered,
        "paused" => What::Paused(if words[1] == "asker" { Waits::Asker } else { Waits::ThirdParty }),
        "resumed" => What::Resumed,
        "resolved" => What::Resolved,
        "reopened" => What::Reopened,
        "dropped" => What::Dropped,
        "priority" => What::PriorityChanged(priority(words[1])),
        "calendar" => What::CalendarChanged(&AGENDAS[words[1]]),
        other => panic!("{other}"),
    };
    (when, what)
}

/// How a clock stands, as the table writes it.
fn stands(clocks: &Clocks<'_>, clock: &Clock<'_>) -> String {
    let year = |at: OffsetDateTime| if at.year() == 2026 { String::new() } else { format!("{}-", at.year()) };
    let told = |at: OffsetDateTime| {
        let at = at.to_offset(bogota());
        format!("{}{:02}-{:02} {:02}:{:02}", year(at), u8::from(at.month()), at.day(), at.hour(), at.minute())
    };
    match (clock.ended, clock.met(), clock.breached_at, clocks.due_at(clock)) {
        (Some((_, End::Dropped)), ..) => "dropped".to_owned(),
        (Some(_), Some(true), ..) => "met".to_owned(),
        (Some(_), _, Some(since), _) => format!("late {}", told(since)),
        (None, _, Some(since), _) => format!("over {}", told(since)),
        (None, _, None, Some(due)) => format!("due {}", told(due)),
        (None, ..) if clock.target.is_none() => "none".to_owned(),
        (None, ..) if !clocks.runs(clock) => format!("waits {}", clock.left().unwrap() / 60),
        (None, ..) => "never".to_owned(),
        other => panic!("{other:?}"),
    }
}

fn kind(word: &str) -> ClockKind {
    match word {
        "first" => ClockKind::FirstAnswer,
        "update" => ClockKind::Update,
        _ => ClockKind::Solution,
    }
}

#[test]
fn the_table_worked_out_by_hand() {
    let rows: Vec<&str> = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(rows.len() >= 60, "{}", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [calendar, pressing, opened, events, clock, asked, minutes, expected] = cells[..] else { panic!("{row}") };
        let asked = at(asked);
        let mut clocks = Clocks::open(&POLICY, &AGENDAS[calendar], priority(pressing), at(opened));
        let events = events.split(';').filter(|text| !text.trim().is_empty()).map(event);
        for (when, what) in events.filter(|(when, _)| *when <= asked) {
            clocks.apply(when, what);
        }
        clocks.advance(asked);
        let clock = clocks.all().iter().rev().find(|it| it.kind == kind(clock)).unwrap_or_else(|| panic!("no such clock: {row}"));
        assert_eq!((clock.elapsed, stands(&clocks, clock).as_str()), (60 * minutes.parse::<i64>().unwrap(), expected), "{row}");
    }
}

#[test]
fn a_clock_tells_its_arithmetic() {
    let mut clocks = Clocks::open(&POLICY, &AGENDAS["oficina"], Priority::High, at("07-10 15:00"));
    clocks.apply(at("07-10 15:30"), What::Answered);
    clocks.apply(at("07-10 16:00"), What::Paused(Waits::Asker));
    clocks.apply(at("07-10 16:30"), What::Resumed);
    clocks.apply(at("07-14 09:00"), What::PriorityChanged(Priority::Urgent));
    clocks.advance(at("07-14 09:30"));
    let lines = |kind| {
        let clock = clocks.all().iter().rev().find(|clock| clock.kind == kind).unwrap();
        clocks.explain(clock).into_iter().map(|line| format!("{:?} {} {}", line.kind, line.total / 60, line.text)).collect::<Vec<_>>()
    };
    let plain = |lines: Vec<String>| lines.join("\n").replace('\u{a0}', " ");
    assert_eq!(
        plain(lines(ClockKind::Solution)),
        "Begins 0 Empieza el viernes 10 de julio de 2026 a las 3:00 p. m. Prioridad alta: plazo de 8 h, en «oficina».\n\
         Ran 60 Viernes 10 de julio de 2026, de 3:00 p. m. a 4:00 p. m.: 1 h.\n\
         StoodStill 60 Viernes 10 de julio de 2026, de 4:00 p. m. a 4:30 p. m.: en pausa, se espera a quien pidió ayuda. No corre.\n\
         Ran 90 Viernes 10 de julio de 2026, de 4:30 p. m. a 5:00 p. m.: 30 min.\n\
         Closed 90 Del sábado 11 de julio de 2026 al domingo 12 de julio de 2026: cerrado. No corre.\n\
         Closed 90 Lunes 13 de julio de 2026: Día Nacional de Nuestra Señora del Rosario de Chiquinquirá. No corre.\n\
         Ran 150 Martes 14 de julio de 2026, de 8:00 a. m. a 9:00 a. m.: 1 h.\n\
         Changed 150 La prioridad pasa a urgente el martes 14 de julio de 2026 a las 9:00 a. m. Desde ahí, plazo de 4 h.\n\
         Ran 180 Martes 14 de julio de 2026, de 9:00 a. m. a 9:30 a. m.: 30 min.\n\
         Ahead 240 Martes 14 de julio de 2026, de 9:30 a. m. a 10:30 a. m.: 1 h.\n\
         Outcome 240 Lleva 3 h de 4 h y le quedan 1 h: vence el martes 14 de julio de 2026 a las 10:30 a. m."
    );
    // 90 open minutes of an update have run when it becomes 60.
    let update = plain(lines(ClockKind::Update));
    assert!(
        update.ends_with(
            "Breached 150 Venció el martes 14 de julio de 2026 a las 9:00 a. m.\nOutcome 150 Lleva 2 h 30 min de 1 h: está vencido."
        ),
        "{update}"
    );
    assert!(
        plain(lines(ClockKind::FirstAnswer))
            .ends_with("Termina el viernes 10 de julio de 2026 a las 3:30 p. m. Corrió 30 min de 1 h: a tiempo.")
    );
}

#[test]
fn many_days_are_told_as_a_sum() {
    let mut clocks = Clocks::open(&POLICY, &AGENDAS["oficina"], Priority::Low, at("11-23 08:00"));
    clocks.advance(at("12-11 17:00"));
    let lines = clocks.explain(&clocks.all()[1]);
    let sum = lines.iter().find(|line| line.text.contains("días de atención")).unwrap();
    // 25 November to 9 December: eleven weekdays less 8 December.
    assert_eq!(sum.seconds, 10 * 8 * 3600);
    assert_eq!(
        sum.text.replace('\u{a0}', " "),
        "Del miércoles 25 de noviembre de 2026 al miércoles 9 de diciembre de 2026, 10 días de atención: 80 h. No cuenta: martes 8 de diciembre de 2026, Inmaculada Concepción."
    );
}

#[test]
fn a_calendar_without_an_open_hour_says_so_and_never_breaches() {
    let mut clocks = Clocks::open(&POLICY, &AGENDAS["nunca"], Priority::Urgent, at("11-23 09:00"));
    clocks.advance(at("2036-11-23 09:00"));
    for clock in clocks.all() {
        assert_eq!((clock.elapsed, clock.breached_at, clocks.due_at(clock)), (0, None, None));
        let last = clocks.explain(clock).pop().unwrap();
        assert_eq!(last.text, "«nunca» no tiene horas abiertas: este reloj no corre y no vence.");
    }
    // Closed by acts for longer than anybody looks ahead.
    let mut closed = hours("oficina").unwrap();
    closed.closures.extend((0..4000).map(|days| (day("2026-11-23") + Duration::days(days), closure())));
    let agenda = Agenda::new("cierre largo", closed, day("2026-01-01"));
    let clocks = Clocks::open(&POLICY, &agenda, Priority::Urgent, at("11-23 09:00"));
    assert_eq!(clocks.due_at(&clocks.all()[0]), None);
}

#[test]
fn it_warns_before_it_breaches() {
    let mut clocks = Clocks::open(&POLICY, &AGENDAS["oficina"], Priority::Urgent, at("11-23 10:00"));
    // 75 % of 240 are 180: 120 to noon, 60 from 13.
    assert_eq!(clocks.warns_at(&clocks.all()[1]), Some(at("11-23 14:00")));
    clocks.apply(at("11-23 11:00"), What::Paused(Waits::ThirdParty));
    assert_eq!(clocks.warns_at(&clocks.all()[1]), None);
}

// What must hold of any history. -----------------------------------------------------------------------------------------

/// Random histories that each property is tried on.
const HISTORIES: u32 = 100_000;
/// Days that a random history may span: over Christmas, New Year and Reyes.
const DAYS: i64 = 35;

fn start() -> OffsetDateTime {
    moment("2026-12-04 00:00")
}

/// Open minutes of each calendar since the start, counted minute by minute from what the week, the holidays and the closures say:
/// another way than the one that is tested.
static OPEN_MINUTES: LazyLock<Vec<Vec<i64>>> = LazyLock::new(|| {
    let counted = |name: &&str| {
        let (mut sum, mut sums) = (0, vec![0]);
        let calendar = hours(name);
        for date in (0..2 * DAYS).map(|days| start().date() + Duration::days(days)) {
            for minute in 0..24 * 60_u16 {
                let now = time::Time::from_hms((minute / 60) as u8, (minute % 60) as u8, 0).unwrap();
                let open = calendar.as_ref().is_some_and(|calendar| {
                    let slots = calendar.week.hours(date.weekday());
                    calendar.is_working_day(date)
                        && slots.is_none_or(|slots| slots.iter().any(|slot| slot.opens() <= now && now < slot.closes()))
                });
                sum += i64::from(open);
                sums.push(sum);
            }
        }
        sums
    };
    NAMES.iter().map(counted).collect()
});

/// An event of a random history: minutes after the one before, what, and how many minutes later somebody looks.
#[derive(Debug, Clone, Copy)]
struct Step {
    after: i64,
    what: u8,
    looks: i64,
}

#[derive(Debug, Clone)]
struct History {
    calendar: usize,
    priority: Priority,
    opened: i64,
    steps: Vec<Step>,
    asked_after: i64,
}

fn any_history() -> impl Strategy<Value = History> {
    // Half of the gaps are short, so that many things fall on one day and at one moment.
    let gap = prop_oneof![0..180_i64, 0..3 * 24 * 60_i64];
    let step = (gap.clone(), 0..15_u8, 0..600_i64).prop_map(|(after, what, looks)| Step { after, what, looks });
    let pressing = prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::High), Just(Priority::Urgent)];
    (0..NAMES.len(), pressing, 0..5 * 24 * 60_i64, prop::collection::vec(step, 0..8), gap)
        .prop_map(|(calendar, priority, opened, steps, asked_after)| History { calendar, priority, opened, steps, asked_after })
}

/// What a number stands for.
fn what(code: u8) -> What<'static> {
    match code {
        0 | 1 => What::Answered,
        2 | 3 => What::Paused(Waits::Asker),
        4 => What::Paused(Waits::ThirdParty),
        5 | 6 => What::Resumed,
        7 => What::Resolved,
        8 => What::Reopened,
        9 => What::PriorityChanged(Priority::Urgent),
        10 => What::PriorityChanged(Priority::Low),
        11 => What::PriorityChanged(Priority::High),
        12..=13 => What::CalendarChanged(&AGENDAS[NAMES[usize::from(code) - 12]]),
        _ => What::Dropped,
    }
}

fn minute(minutes: i64) -> OffsetDateTime {
    start() + Duration::minutes(minutes)
}

/// The clocks of a history at its end, in minutes since the start; who looks at them in between changes nothing.
fn run(history: &History, looks: bool) -> (Clocks<'static>, i64) {
    let mut at = history.opened;
    let mut clocks = Clocks::open(&POLICY, &AGENDAS[NAMES[history.calendar]], history.priority, minute(at));
    for step in &history.steps {
        if looks {
            clocks.advance(minute(at + step.looks.min(step.after)));
        }
        at += step.after;
        clocks.apply(minute(at), what(step.what));
    }
    at += history.asked_after;
    clocks.advance(minute(at));
    (clocks, at)
}

/// Open minutes that the solution's clock must have run, counted from the history alone.
fn expected_solution(history: &History) -> i64 {
    let (mut at, mut calendar, mut sum) = (history.opened, history.calendar, 0);
    let (mut waits, mut settled, mut dropped) = (false, false, false);
    let steps = history.steps.iter().map(|step| (step.after, Some(step.what)));
    for (after, code) in steps.chain([(history.asked_after, None)]) {
        let to = at + after;
        if !waits && !settled && !dropped {
            let open = &OPEN_MINUTES[calendar];
            sum += open[to as usize] - open[at as usize];
        }
        at = to;
        match code.map(what) {
            Some(What::Paused(_)) if !settled => waits = true,
            Some(What::Resumed) if !settled => waits = false,
            Some(What::Resolved) => (settled, waits) = (true, false),
            Some(What::Reopened) if settled => (settled, waits) = (false, false),
            Some(What::Dropped) => dropped = true,
            Some(What::CalendarChanged(_)) if !dropped => calendar = usize::from(code.unwrap_or_default()) - 12,
            _ => {}
        }
    }
    sum
}

/// Runs a property over the random histories, the same in each run.
fn over_histories(property: impl Fn(History) -> Result<(), TestCaseError>) {
    let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[26; 32]));
    runner.run(&any_history(), property).unwrap();
}

#[test]
fn no_clock_runs_in_closed_time_and_its_lines_add_up() {
    over_histories(|history| {
        let (clocks, _) = run(&history, false);
        for clock in clocks.all() {
            let lines = clocks.explain(clock);
            let sum = |kind| lines.iter().filter(|line| line.kind == kind).map(|line| line.seconds).sum::<i64>();
            prop_assert_eq!(sum(LineKind::Ran), clock.elapsed);
            if let Some(due) = clocks.due_at(clock).filter(|due| clock.breached_at.is_none() && *due > clocks.as_of()) {
                prop_assert_eq!(Some(sum(LineKind::Ran) + sum(LineKind::Ahead)), clock.target, "due {}", due);
            }
            let open = |from: OffsetDateTime, to: OffsetDateTime, calendar: usize| {
                let place = |at: OffsetDateTime| (at - start()).whole_minutes() as usize;
                (OPEN_MINUTES[calendar][place(to)] - OPEN_MINUTES[calendar][place(from)]) * 60
            };
            for line in lines.iter().filter(|line| line.kind == LineKind::Ran) {
                // Whichever calendar it ran by, these minutes are open in it, and none besides.
                prop_assert!((0..NAMES.len()).any(|calendar| open(line.from, line.to, calendar) == line.seconds), "{}", line.text);
                prop_assert!(line.seconds > 0);
            }
        }
        let solution = clocks.all().iter().find(|clock| clock.kind == ClockKind::Solution).unwrap();
        prop_assert_eq!(solution.elapsed, 60 * expected_solution(&history));
        Ok(())
    });
}

#[test]
fn looking_in_between_gives_the_same_as_recomputing_from_the_events() {
    over_histories(|history| {
        let ((from_events, _), (step_by_step, _)) = (run(&history, false), run(&history, true));
        prop_assert_eq!(from_events.all().len(), step_by_step.all().len());
        for (one, other) in from_events.all().iter().zip(step_by_step.all()) {
            prop_assert_eq!(
                (one.kind, one.elapsed, one.target, one.breached_at, one.ended),
                (other.kind, other.elapsed, other.target, other.breached_at, other.ended)
            );
            prop_assert_eq!(from_events.due_at(one), step_by_step.due_at(other));
            // Telling is slow, and what is told comes of what has just been compared: one history in eight is told.
            if history.opened % 8 == 0 {
                prop_assert_eq!(from_events.explain(one), step_by_step.explain(other));
            }
        }
        Ok(())
    });
}

#[test]
fn a_pause_takes_exactly_the_open_time_that_it_covers() {
    over_histories(|history| {
        // The same ticket with one pause and with none, asked at one moment after both.
        let lengths: Vec<i64> = history.steps.iter().map(|step| step.after).take(2).collect();
        let [before, pause] = lengths[..] else { return Ok(()) };
        let agenda = &AGENDAS[NAMES[history.calendar]];
        let (from, to) = (minute(history.opened + before), minute(history.opened + before + pause));
        let asked = to + Duration::minutes(history.asked_after);
        for waits in [Waits::Asker, Waits::ThirdParty] {
            let mut plain = Clocks::open(&POLICY, agenda, history.priority, minute(history.opened));
            plain.apply(minute(history.opened), What::Answered);
            let mut paused = plain.clone();
            paused.apply(from, What::Paused(waits));
            let left: Vec<_> = paused.all().iter().map(Clock::left).collect();
            paused.apply(to, What::Resumed);
            for (clock, left) in paused.all().iter().zip(left).filter(|(clock, _)| clock.kind.stands_still(waits)) {
                prop_assert!(clock.ended.is_some() || clock.left() == left);
            }
            plain.advance(asked);
            paused.advance(asked);
            for (without, with) in plain.all().iter().zip(paused.all()).filter(|(clock, _)| clock.ended.is_none()) {
                let covered = if with.kind.stands_still(waits) { agenda.between(from, to) } else { 0 };
                prop_assert_eq!(with.elapsed, without.elapsed - covered);
                // A pause never brings a breach nearer.
                prop_assert!(with.breached_at.is_none() || without.breached_at.is_some());
            }
        }
        Ok(())
    });
}

#[test]
fn due_times_are_the_moments_at_which_clocks_breach() {
    over_histories(|history| {
        let (clocks, _) = run(&history, false);
        for (place, clock) in clocks.all().iter().enumerate() {
            let Some(due) = clocks.due_at(clock).filter(|due| *due > clocks.as_of()) else { continue };
            let warns = clocks.warns_at(clock);
            prop_assert!(warns.is_some_and(|at| at <= due));
            let mut later = clocks.clone();
            later.advance(due);
            prop_assert_eq!(later.all()[place].breached_at, None);
            prop_assert_eq!(Some(later.all()[place].elapsed), clock.target);
            later.advance(due + Duration::seconds(1));
            prop_assert_eq!(later.all()[place].breached_at, Some(due));
        }
        Ok(())
    });
}
