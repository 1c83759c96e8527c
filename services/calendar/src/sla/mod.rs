//! Service clocks: how long whoever asked for help waits for a first word, for the next one and for the solution, counted in
//! the open hours of whoever answers, with the arithmetic of each told line by line.
//!
//! | clock | begins | ends | stands still while |
//! |---|---|---|---|
//! | first answer | opened | first answer | never |
//! | update | each answer, and each reopening | the next answer | whoever asked is waited for |
//! | solution | opened; goes on when reopened | resolved | whoever asked or a third party is waited for |
//!
//! A clock that has breached stays breached, whatever happens to priority or calendar afterwards.

mod agenda;
mod clock;
mod explain;

pub use agenda::Agenda;
pub use clock::{Clock, Clocks, End, Waits, What};
pub use explain::{Line, LineKind};

use serde::Deserialize;
use std::collections::BTreeMap;

/// What a clock measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClockKind {
    /// From the question to the first word of whoever answers.
    FirstAnswer,
    /// From one word of whoever answers to the next.
    Update,
    /// From the question to its solution.
    Solution,
}

impl ClockKind {
    /// Whether it stands still while that is waited for.
    pub fn stands_still(self, waits: Waits) -> bool {
        match self {
            Self::FirstAnswer => false,
            Self::Update => waits == Waits::Asker,
            Self::Solution => true,
        }
    }

    /// For people: `primera respuesta`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstAnswer => "primera respuesta",
            Self::Update => "siguiente respuesta",
            Self::Solution => "solución",
        }
    }
}

/// How much something presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Priority {
    /// It can wait.
    Low,
    /// As most.
    Normal,
    /// Before the others.
    High,
    /// At once.
    Urgent,
}

impl Priority {
    /// For people: `normal`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "baja",
            Self::Normal => "normal",
            Self::High => "alta",
            Self::Urgent => "urgente",
        }
    }
}

/// How long each clock may run, in open minutes; a clock without an amount never breaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Targets {
    /// To the first answer.
    pub first_answer: Option<u32>,
    /// From one answer to the next.
    pub update: Option<u32>,
    /// To the solution.
    pub solution: Option<u32>,
}

/// What is promised: the targets of each priority, and when to warn.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The targets of each priority; one that is absent has none.
    pub targets: BTreeMap<Priority, Targets>,
    /// The share of a target, in percent, after which the clock warns.
    pub warning_percent: u8,
}

impl Policy {
    /// The target of a clock in seconds; none where nothing is promised.
    pub fn target(&self, kind: ClockKind, priority: Priority) -> Option<i64> {
        let targets = self.targets.get(&priority)?;
        let minutes = match kind {
            ClockKind::FirstAnswer => targets.first_answer,
            ClockKind::Update => targets.update,
            ClockKind::Solution => targets.solution,
        };
        minutes.map(|minutes| i64::from(minutes) * 60)
    }

    /// The seconds of a target after which its clock warns, rounded up.
    pub(crate) fn warns_after(&self, target: i64) -> i64 {
        (target * i64::from(self.warning_percent.min(100)) + 99) / 100
    }
}
