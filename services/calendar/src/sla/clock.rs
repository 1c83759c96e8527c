//! The clocks of one ticket, moved on from event to event.

use super::{Agenda, ClockKind, Policy, Priority};
use crate::deadline::local;
use time::OffsetDateTime;

/// Who is waited for while a ticket stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waits {
    /// Whoever asked.
    Asker,
    /// Somebody else.
    ThirdParty,
}

/// What happens to an open ticket.
#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    /// Whoever answers said a word to whoever asked.
    Answered,
    /// It waits.
    Paused(Waits),
    /// It goes on.
    Resumed,
    /// It is solved. Who had no answer yet has one by this.
    Resolved,
    /// It was not solved after all.
    Reopened,
    /// It is no longer this desk's to solve: handed on, or merged into another.
    Dropped,
    /// It presses more, or less.
    PriorityChanged(Priority),
    /// Other hours are counted from now on.
    CalendarChanged(&'a Agenda),
}

/// How a clock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// What it measured was done.
    Done,
    /// Its ticket was dropped: neither met nor failed.
    Dropped,
}

/// Why time passed on a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    Ran,
    Waited(Waits),
    /// Between solution and reopening.
    Settled,
}

/// Something worth a line in the arithmetic of a clock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark<'a> {
    Began { priority: Priority, agenda: &'a Agenda, again: bool },
    Priority(Priority),
    Calendar(&'a Agenda),
    Reopened,
}

/// What a clock remembers, so that it can explain itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'a> {
    Mark { at: OffsetDateTime, mark: Mark<'a>, target: Option<i64> },
    Stretch { from: OffsetDateTime, to: OffsetDateTime, passing: Passing, agenda: &'a Agenda, seconds: i64 },
}

/// One clock of a ticket.
#[derive(Debug, Clone)]
pub struct Clock<'a> {
    /// What it measures.
    pub kind: ClockKind,
    /// When it began.
    pub began_at: OffsetDateTime,
    /// How many open seconds it may run; none where nothing is promised.
    pub target: Option<i64>,
    /// The open seconds that it has run.
    pub elapsed: i64,
    /// Since when its target has been passed; stays, once it has.
    pub breached_at: Option<OffsetDateTime>,
    /// When and how it ended; none while it lives.
    pub ended: Option<(OffsetDateTime, End)>,
    pub(crate) entries: Vec<Entry<'a>>,
}

impl Clock<'_> {
    /// Seconds left of the target, less than nothing once it is passed; none where nothing is promised.
    pub fn left(&self) -> Option<i64> {
        self.target.map(|target| target - self.elapsed)
    }

    /// Whether it ended in time. None while it lives, where nothing was promised, and for what was dropped before it was late.
    pub fn met(&self) -> Option<bool> {
        let late = self.breached_at.is_some();
        match self.ended {
            Some((_, End::Done)) if self.target.is_some() || late => Some(!late),
            Some((_, End::Dropped)) if late => Some(false),
            _ => None,
        }
    }
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Running,
    Waiting(Waits),
    Settled,
    Dropped,
}

/// All clocks of a ticket, as far as they have been moved on. Built by [`Clocks::open`], then one [`Clocks::apply`] an event, in
/// their order; what asks between two events ([`Clocks::advance`]) changes nothing of what comes out.
#[derive(Debug, Clone)]
pub struct Clocks<'a> {
    policy: &'a Policy,
    agenda: &'a Agenda,
    priority: Priority,
    mode: Mode,
    as_of: OffsetDateTime,
    all: Vec<Clock<'a>>,
}

impl<'a> Clocks<'a> {
    /// The clocks of a ticket that opens.
    pub fn open(policy: &'a Policy, agenda: &'a Agenda, priority: Priority, at: OffsetDateTime) -> Self {
        let at = whole(at);
        let mut clocks = Self { policy, agenda, priority, mode: Mode::Running, as_of: at, all: Vec::new() };
        clocks.begin(ClockKind::FirstAnswer, false);
        clocks.begin(ClockKind::Solution, false);
        clocks
    }

    /// Every clock, those that ended inside, in the order in which they began.
    pub fn all(&self) -> &[Clock<'a>] {
        &self.all
    }

    /// The moment up to which the clocks have been moved on.
    pub fn as_of(&self) -> OffsetDateTime {
        self.as_of
    }

    /// The hours that are counted now.
    pub fn agenda(&self) -> &'a Agenda {
        self.agenda
    }

    /// Whether a clock runs now, whenever the doors are open.
    pub fn runs(&self, clock: &Clock<'_>) -> bool {
        clock.ended.is_none() && self.passing(clock.kind) == Passing::Ran
    }

    /// When a clock breaches if nothing else happens. None while it stands still, once it has ended, where nothing is promised, and
    /// where there is no open hour.
    pub fn due_at(&self, clock: &Clock<'_>) -> Option<OffsetDateTime> {
        if !self.runs(clock) {
            return None;
        }
        clock.breached_at.or_else(|| self.agenda.after(self.as_of, clock.left()?))
    }

    /// From when a clock warns that it is about to breach; none where [`Clocks::due_at`] is none.
    pub fn warns_at(&self, clock: &Clock<'_>) -> Option<OffsetDateTime> {
        let due_at = self.due_at(clock)?;
        let left = self.policy.warns_after(clock.target?) - clock.elapsed;
        // What has been passed already warned in the past; when exactly is of no use to anybody.
        self.agenda.after(self.as_of, left).map(|at| at.min(due_at))
    }

    /// Moves every clock on to a moment; one that lies behind changes nothing.
    pub fn advance(&mut self, to: OffsetDateTime) {
        let (from, to) = (self.as_of, whole(to));
        if to <= from {
            return;
        }
        let ran = self.agenda.between(from, to);
        for place in 0..self.all.len() {
            let passing = self.all.get(place).filter(|clock| clock.ended.is_none()).map(|clock| self.passing(clock.kind));
            let (Some(passing), Some(clock)) = (passing, self.all.get_mut(place)) else { continue };
            let seconds = if passing == Passing::Ran { ran } else { 0 };
            if passing == Passing::Ran && clock.breached_at.is_none() {
                let due = clock.left().and_then(|left| self.agenda.after(from, left));
                clock.breached_at = due.filter(|due| to > *due);
            }
            clock.elapsed += seconds;
            match clock.entries.last_mut() {
                Some(Entry::Stretch { to: last, passing: same, agenda, seconds: sum, .. })
                    if *same == passing && std::ptr::eq(*agenda, self.agenda) =>
                {
                    *last = to;
                    *sum += seconds;
                }
                _ => clock.entries.push(Entry::Stretch { from, to, passing, agenda: self.agenda, seconds }),
            }
        }
        self.as_of = to;
    }

    /// What an event does. One that says nothing new (an answer to what is solved, a pause within a pause for the same reason) does
    /// nothing; one that claims to lie before the last happens with it.
    pub fn apply(&mut self, at: OffsetDateTime, what: What<'a>) {
        self.advance(at);
        match (self.mode, what) {
            (Mode::Dropped, _)
            | (Mode::Settled, What::Answered | What::Paused(_) | What::Resumed | What::Resolved)
            | (Mode::Running | Mode::Waiting(_), What::Reopened)
            | (Mode::Running, What::Resumed) => {}
            (_, What::Answered) => {
                self.end(&[ClockKind::FirstAnswer, ClockKind::Update], End::Done);
                self.begin(ClockKind::Update, true);
            }
            (_, What::Paused(waits)) => self.mode = Mode::Waiting(waits),
            (_, What::Resumed) => self.mode = Mode::Running,
            (_, What::Resolved) => {
                self.end(&[ClockKind::FirstAnswer, ClockKind::Update, ClockKind::Solution], End::Done);
                self.mode = Mode::Settled;
            }
            (_, What::Reopened) => self.reopen(),
            (_, What::Dropped) => {
                self.end(&[ClockKind::FirstAnswer, ClockKind::Update, ClockKind::Solution], End::Dropped);
                self.mode = Mode::Dropped;
            }
            (_, What::PriorityChanged(priority)) => self.press(priority),
            (_, What::CalendarChanged(agenda)) => {
                if !std::ptr::eq(self.agenda, agenda) {
                    self.agenda = agenda;
                    self.mark(Mark::Calendar(agenda));
                }
            }
        }
    }

    fn passing(&self, kind: ClockKind) -> Passing {
        match self.mode {
            Mode::Waiting(waits) if kind.stands_still(waits) => Passing::Waited(waits),
            Mode::Running | Mode::Waiting(_) => Passing::Ran,
            Mode::Settled | Mode::Dropped => Passing::Settled,
        }
    }

    fn begin(&mut self, kind: ClockKind, again: bool) {
        let (at, target) = (self.as_of, self.policy.target(kind, self.priority));
        let began = Entry::Mark { at, mark: Mark::Began { priority: self.priority, agenda: self.agenda, again }, target };
        let clock = Clock { kind, began_at: at, target, elapsed: 0, breached_at: None, ended: None, entries: vec![began] };
        self.all.push(clock);
    }

    fn end(&mut self, kinds: &[ClockKind], end: End) {
        let at = self.as_of;
        for clock in self.all.iter_mut().filter(|clock| clock.ended.is_none() && kinds.contains(&clock.kind)) {
            clock.ended = Some((at, end));
        }
    }

    /// The solution's clock goes on where it stood, and a word is awaited again.
    fn reopen(&mut self) {
        self.mode = Mode::Running;
        let (at, agenda) = (self.as_of, self.agenda);
        let target = self.policy.target(ClockKind::Solution, self.priority);
        for clock in self.all.iter_mut().filter(|clock| clock.kind == ClockKind::Solution) {
            clock.target = target;
            if let Some((ended_at, _)) = clock.ended.take().filter(|(ended_at, _)| *ended_at < at) {
                clock.entries.push(Entry::Stretch { from: ended_at, to: at, passing: Passing::Settled, agenda, seconds: 0 });
            }
        }
        self.mark(Mark::Reopened);
        self.begin(ClockKind::Update, true);
    }

    /// Another priority, other targets. What has already run more than the new one allows is breached by the change.
    fn press(&mut self, priority: Priority) {
        if self.priority == priority {
            return;
        }
        self.priority = priority;
        for clock in self.all.iter_mut().filter(|clock| clock.ended.is_none()) {
            clock.target = self.policy.target(clock.kind, priority);
        }
        self.mark(Mark::Priority(priority));
    }

    /// Notes something on the clocks that live, and whether the target in force is already behind.
    fn mark(&mut self, mark: Mark<'a>) {
        let at = self.as_of;
        for clock in self.all.iter_mut().filter(|clock| clock.ended.is_none()) {
            clock.entries.push(Entry::Mark { at, mark, target: clock.target });
            if clock.left().is_some_and(|left| left < 0) {
                clock.breached_at = clock.breached_at.or(Some(at));
            }
        }
    }
}

/// Clocks count whole seconds.
fn whole(at: OffsetDateTime) -> OffsetDateTime {
    local(at).replace_nanosecond(0).unwrap_or(at)
}
