//! The platform's clock, passed in and never ambient: `up` mode can move it so that a month ends.

use std::sync::atomic::{AtomicI64, Ordering};
use time::{Date, OffsetDateTime, UtcOffset};

/// Bogotá keeps UTC−5 all year.
pub const BOGOTA: UtcOffset = match UtcOffset::from_hms(-5, 0, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC, to the microsecond (what the database keeps).
    fn now(&self) -> OffsetDateTime;

    /// Today in Bogotá.
    fn today(&self) -> Date {
        local(self.now()).date()
    }

    /// Moves the clock ahead of the machine's by this many seconds; a clock that cannot be moved ignores it.
    fn run_ahead(&self, _seconds: i64) {}
}

/// The same instant as people in Colombia read it.
pub fn local(at: OffsetDateTime) -> OffsetDateTime {
    at.to_offset(BOGOTA)
}

/// The machine's clock, plus what `cabildo clock` has moved it by.
#[derive(Debug, Default)]
pub struct PlatformClock {
    ahead_seconds: AtomicI64,
}

impl Clock for PlatformClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the machine's clock is read")]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc() + time::Duration::seconds(self.ahead_seconds.load(Ordering::Relaxed));
        now.replace_nanosecond(now.microsecond() * 1000).unwrap_or(now)
    }

    fn run_ahead(&self, seconds: i64) {
        self.ahead_seconds.store(seconds, Ordering::Relaxed);
    }
}

/// A clock that stands where a test sets it.
#[derive(Debug)]
pub struct FixedClock {
    micros: AtomicI64,
}

impl FixedClock {
    /// Stands at `at`.
    pub fn at(at: OffsetDateTime) -> Self {
        Self { micros: AtomicI64::new((at.unix_timestamp_nanos() / 1000) as i64) }
    }

    /// Moves on.
    pub fn advance(&self, by: time::Duration) {
        self.micros.fetch_add(by.whole_microseconds() as i64, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.micros.load(Ordering::SeqCst)) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}
