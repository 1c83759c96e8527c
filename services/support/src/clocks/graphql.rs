//! The clocks of a ticket, and what the help centre promises.

use async_graphql::{InputObject, Object, SimpleObject};
use calendar::sla::{Clock, Clocks, Line, LineKind, Priority};
use kernel::graphql::{DateTime, LocalDate};

use super::model::{LevelRow, TicketClockKind};
use super::policy::ServicePolicy as Policy;
use super::rules::{self, ClockStanding};
use crate::model::TicketPriority;

/// A clock of a ticket, in the open hours of the help centre.
#[derive(SimpleObject)]
pub struct TicketClock {
    /// What it measures.
    kind: TicketClockKind,
    /// How it stands now.
    standing: ClockStanding,
    /// When it began.
    began_at: DateTime,
    /// How many open minutes it may run; null where nothing is promised.
    target_minutes: Option<i32>,
    /// The open minutes that it has run.
    elapsed_minutes: i32,
    /// When it breaches if nothing else happens, or since when it has; null while it stands still, once it is over, and where it never does.
    due_at: Option<DateTime>,
    /// Since when its target is passed.
    breached_at: Option<DateTime>,
    /// When it ended.
    ended_at: Option<DateTime>,
    /// Its arithmetic, line by line.
    lines: Vec<ClockLine>,
}

/// What a line of a clock's arithmetic tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum ClockLineKind {
    /// The clock begins.
    Begins,
    /// Open time that ran.
    Ran,
    /// Days without open time.
    Closed,
    /// Time in which it stood still.
    StoodStill,
    /// Another priority or other hours, or a reopening.
    Changed,
    /// The target was passed.
    Breached,
    /// Open time that is still to run before the target is reached.
    Ahead,
    /// When it breaches, how it ended, or why it never does.
    Outcome,
}

impl From<LineKind> for ClockLineKind {
    fn from(kind: LineKind) -> Self {
        match kind {
            LineKind::Begins => Self::Begins,
            LineKind::Ran => Self::Ran,
            LineKind::Closed => Self::Closed,
            LineKind::StoodStill => Self::StoodStill,
            LineKind::Changed => Self::Changed,
            LineKind::Breached => Self::Breached,
            LineKind::Ahead => Self::Ahead,
            LineKind::Outcome => Self::Outcome,
        }
    }
}

/// A line of a clock's arithmetic.
#[derive(SimpleObject)]
pub struct ClockLine {
    /// What it tells.
    kind: ClockLineKind,
    /// From when.
    from: DateTime,
    /// Until when.
    to: DateTime,
    /// The open seconds that it adds.
    seconds: i32,
    /// The sum of this line and those before it, in words; null where the line adds nothing.
    total: Option<String>,
    /// In Spanish.
    text: String,
}

impl From<Line> for ClockLine {
    fn from(line: Line) -> Self {
        Self {
            kind: line.kind.into(),
            from: DateTime(line.from),
            to: DateTime(line.to),
            seconds: line.seconds as i32,
            total: (line.seconds > 0).then(|| calendar::spanish::length(line.total)),
            text: line.text,
        }
    }
}

impl TicketClock {
    fn of(clocks: &Clocks<'_>, clock: &Clock<'_>) -> Self {
        Self {
            kind: clock.kind.into(),
            standing: rules::standing(clocks, clock),
            began_at: DateTime(clock.began_at),
            target_minutes: clock.target.map(|target| (target / 60) as i32),
            elapsed_minutes: (clock.elapsed / 60) as i32,
            due_at: clocks.due_at(clock).map(DateTime),
            breached_at: clock.breached_at.map(DateTime),
            ended_at: clock.ended.map(|(at, _)| DateTime(at)),
            lines: clocks.explain(clock).into_iter().map(Into::into).collect(),
        }
    }

    /// The clocks of a ticket as they stand now: of each sort the last, in the order in which they began.
    pub(crate) fn all(clocks: &Clocks<'_>) -> Vec<Self> {
        let mut last: Vec<&Clock<'_>> = Vec::new();
        for clock in clocks.all() {
            last.retain(|earlier| earlier.kind != clock.kind);
            last.push(clock);
        }
        last.sort_by_key(|clock| clock.kind);
        last.into_iter().map(|clock| Self::of(clocks, clock)).collect()
    }
}

/// What the help centre promises whoever asks today.
pub struct ServicePolicy(pub(crate) &'static Policy);

/// What the help centre promises whoever asks today.
#[Object]
impl ServicePolicy {
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The day from which tickets go by it.
    async fn valid_from(&self) -> LocalDate {
        LocalDate(self.0.valid_from)
    }

    /// Whether whoever operates the help centre has confirmed it.
    async fn confirmed(&self) -> bool {
        self.0.confirmed
    }

    /// Where it comes from.
    async fn note(&self) -> &str {
        self.0.note.trim()
    }

    /// The share of a target, in percent, after which a clock warns.
    async fn warning_percent(&self) -> i32 {
        self.0.promise.warning_percent.into()
    }

    /// The opening hours that a ticket may be counted in.
    async fn calendars(&self) -> Vec<ServiceCalendar> {
        let calendar =
            |(key, agenda): (&String, &calendar::sla::Agenda)| ServiceCalendar { key: key.clone(), name: agenda.name().to_owned() };
        self.0.agendas.iter().map(calendar).collect()
    }

    /// The targets of each priority, what presses most first.
    async fn targets(&self) -> Vec<ServiceTarget> {
        let priorities = [TicketPriority::Urgent, TicketPriority::High, TicketPriority::Normal, TicketPriority::Low];
        let target = |priority: TicketPriority| {
            let minutes = |kind| self.0.promise.target(kind, Priority::from(priority)).map(|seconds| (seconds / 60) as i32);
            ServiceTarget {
                priority,
                first_answer_minutes: minutes(calendar::sla::ClockKind::FirstAnswer),
                update_minutes: minutes(calendar::sla::ClockKind::Update),
                solution_minutes: minutes(calendar::sla::ClockKind::Solution),
            }
        };
        priorities.into_iter().map(target).collect()
    }
}

/// Opening hours of the help centre.
#[derive(SimpleObject)]
pub struct ServiceCalendar {
    /// Its key.
    key: String,
    /// Its name.
    name: String,
}

/// What is promised of one priority, in open minutes.
#[derive(SimpleObject)]
pub struct ServiceTarget {
    /// The priority.
    priority: TicketPriority,
    /// To the first answer.
    first_answer_minutes: Option<i32>,
    /// From one answer to the next.
    update_minutes: Option<i32>,
    /// To the solution.
    solution_minutes: Option<i32>,
}

/// How many clocks of a kind ended or breached in the last 90 days, and how many in time.
#[derive(SimpleObject)]
pub struct ServiceLevel {
    /// What they measure.
    kind: TicketClockKind,
    /// How many there are.
    total: i32,
    /// How many ended in time.
    met: i32,
    /// Their share, in percent; null where there are none.
    share: Option<f64>,
}

impl From<LevelRow> for ServiceLevel {
    fn from(level: LevelRow) -> Self {
        let share = (level.total > 0).then(|| 100.0 * level.met as f64 / level.total as f64);
        Self { kind: level.kind, total: level.total as i32, met: level.met as i32, share }
    }
}

/// The opening hours in which a ticket is to be counted from now on.
#[derive(InputObject)]
pub struct ChangeTicketCalendarInput {
    /// The ticket's number.
    pub(crate) number: String,
    /// The key of the hours, as `servicePolicy.calendars` tells them.
    pub(crate) calendar: String,
}
