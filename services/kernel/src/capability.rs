//! The descriptor by which a capability registers itself, and the plain registries made of them: jobs, measures,
//! duties, pack parts, demonstration data. Capabilities meet here and nowhere else.

use futures::future::BoxFuture;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::db::Constraint;
use crate::directory::Audience;
use crate::jobs::{Cron, JobKind};
use crate::pack::PackPart;
use crate::{Result, Tx};

/// What one capability offers to the others, all of it optional but the name.
#[derive(Clone, Copy)]
pub struct Capability {
    /// Its room in `services/`.
    pub name: &'static str,
    /// What it does later.
    pub jobs: &'static [JobKind],
    /// What it does periodically.
    pub crons: &'static [Cron],
    /// The facts that it can measure.
    pub measures: &'static [Measure],
    /// What is due in a tenant.
    pub duties: Option<DutiesFn>,
    /// Whose desk its duties belong to.
    pub duties_of: Audience,
    /// Its part of a tenant pack.
    pub pack: Option<&'static dyn PackPart>,
    /// Loads its section of the demonstration overlay.
    pub demo: Option<DemoFn>,
    /// Its named constraints and the fields that they reject.
    pub constraints: &'static [Constraint],
    /// What it does in the same transaction when something happens elsewhere.
    pub events: &'static [EventHandler],
}

impl Capability {
    /// A descriptor that offers nothing yet: `Capability { jobs: …, ..Capability::named("site") }`.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            jobs: &[],
            crons: &[],
            measures: &[],
            duties: None,
            duties_of: Audience::Municipality,
            pack: None,
            demo: None,
            constraints: &[],
            events: &[],
        }
    }
}

/// Something that happened, told to other capabilities in the same transaction.
#[derive(Debug, Clone)]
pub struct Event {
    /// `<capability>.<what_happened>`.
    pub name: &'static str,
    /// What it concerns.
    pub payload: serde_json::Value,
}

/// What a capability does about an event, at once or not at all.
#[derive(Clone, Copy)]
pub struct EventHandler {
    /// The event's name.
    pub event: &'static str,
    /// Does it.
    pub handle: for<'a> fn(&'a mut Tx, &'a Event) -> BoxFuture<'a, Result<()>>,
}

/// A fact that a capability computes of a tenant (glossary: hecho medible).
#[derive(Clone, Copy)]
pub struct Measure {
    /// `<capability>.<fact>`; a trailing `.*` takes a parameter, as in `plan.phase_share.*`.
    pub name: &'static str,
    /// The unit, in Spanish: `días`, `%`, `noticias`.
    pub unit: &'static str,
    /// What it says and how it is counted, in Spanish, for whoever opens the figure.
    pub explanation: &'static str,
    /// Computes it; `None` when there is nothing to measure yet.
    pub compute: MeasureFn,
}

/// How a measure is computed.
pub type MeasureFn = for<'a> fn(&'a mut Tx, &'a Asked) -> BoxFuture<'a, Result<Option<f64>>>;

/// What is asked of a measure.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The parameter of a `.*` measure, else empty.
    pub parameter: String,
    /// The moment for which it is asked.
    pub at: OffsetDateTime,
}

/// What is due: what, whose, by when, why, and where it is done (glossary: pendiente).
#[derive(Debug, Clone)]
pub struct Duty {
    /// The capability's word for this sort of duty.
    pub kind: &'static str,
    /// What is due, in Spanish.
    pub title: String,
    /// Why, in Spanish.
    pub reason: String,
    /// Until when, if there is a date.
    pub due_on: Option<Date>,
    /// The screen where it is done.
    pub path: String,
    /// The account that it falls to, if one.
    pub account: Option<Uuid>,
}

/// Lists what is due in the transaction's tenant.
pub type DutiesFn = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<Vec<Duty>>>;

/// Loads a capability's section of the overlay into the transaction's tenant.
pub type DemoFn = for<'a> fn(&'a mut Tx, &'a serde_json::Value) -> BoxFuture<'a, Result<()>>;

/// Every capability of this binary.
#[derive(Clone, Default)]
pub struct Registry {
    capabilities: Vec<&'static Capability>,
}

impl Registry {
    /// Registers the capabilities.
    pub fn new(capabilities: Vec<&'static Capability>) -> Self {
        Self { capabilities }
    }

    /// Every capability, in the order of registration.
    pub fn iter(&self) -> impl Iterator<Item = &'static Capability> {
        self.capabilities.iter().copied()
    }

    /// The job of that kind.
    pub fn job(&self, kind: &str) -> Option<&'static JobKind> {
        self.iter().flat_map(|capability| capability.jobs).find(|job| job.kind == kind)
    }

    /// Every periodic job.
    pub fn crons(&self) -> impl Iterator<Item = &'static Cron> {
        self.iter().flat_map(|capability| capability.crons)
    }

    /// Every named constraint.
    pub fn constraints(&self) -> Vec<Constraint> {
        self.iter().flat_map(|capability| capability.constraints).copied().collect()
    }

    /// The measure of that name with its parameter, if a capability offers it.
    pub fn measure(&self, name: &str) -> Option<(&'static Measure, String)> {
        self.iter().flat_map(|capability| capability.measures).find_map(|measure| match measure.name.strip_suffix('*') {
            Some(prefix) => name.strip_prefix(prefix).map(|parameter| (measure, parameter.to_owned())),
            None => (measure.name == name).then(|| (measure, String::new())),
        })
    }

    /// Computes a measure now; `None` when nobody offers it or there is nothing to measure.
    pub async fn compute(&self, tx: &mut Tx, name: &str) -> Result<Option<f64>> {
        let Some((measure, parameter)) = self.measure(name) else { return Ok(None) };
        let asked = Asked { parameter, at: tx.now() };
        (measure.compute)(tx, &asked).await
    }

    /// Everything that is due in the transaction's tenant, what has a date first.
    pub async fn duties(&self, tx: &mut Tx) -> Result<Vec<Duty>> {
        let mut all = Vec::new();
        let audience = tx.entry()?.kind.audience();
        for duties in self.iter().filter(|capability| capability.duties_of == audience).filter_map(|capability| capability.duties) {
            all.extend(duties(tx).await?);
        }
        all.sort_by_key(|duty| (duty.due_on.is_none(), duty.due_on));
        Ok(all)
    }

    /// Tells an event to whoever handles it, in this transaction.
    pub async fn tell(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        for handler in self.iter().flat_map(|capability| capability.events).filter(|handler| handler.event == event.name) {
            (handler.handle)(tx, event).await?;
        }
        Ok(())
    }
}
