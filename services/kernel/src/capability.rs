//! The descriptor by which a capability registers itself, and the plain registries made of them: jobs, measures,
//! duties, pack parts, demonstration data. Capabilities meet here and nowhere else.

use std::collections::{BTreeSet, HashMap};

use futures::FutureExt;
use futures::future::BoxFuture;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::db::Constraint;
use crate::directory::Audience;
use crate::jobs::{Cron, JobKind};
use crate::pack::PackPart;
use crate::{Permission, Result, Role, Tx, Viewer};

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
    /// What stands behind the numbers of its measures.
    pub facts: &'static [Facts],
    /// What is due in a tenant.
    pub duties: Option<DutiesFn>,
    /// Whose desk its duties belong to.
    pub duties_of: Audience,
    /// What whoever reads its duties must be permitted: a title may tell what a citizen wrote.
    pub duties_need: Permission,
    /// What is in somebody's hands in a tenant.
    pub holdings: Option<HoldingsFn>,
    /// Who may work in a tenant: identity offers it, whoever names accounts asks it.
    pub members: Option<MembersFn>,
    /// Where somebody has an account, by e-mail: identity offers it, whoever takes in mail asks it.
    pub homes: Option<HomesFn>,
    /// What it shows of a tenant beside somebody else's work.
    pub cards: Option<CardsFn>,
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
            facts: &[],
            duties: None,
            duties_of: Audience::Municipality,
            duties_need: Permission::SeeAdministration,
            holdings: None,
            members: None,
            homes: None,
            cards: None,
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

/// What a measure said when it was asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// A figure.
    Known(f64),
    /// There is nothing to measure yet, or nobody offers the measure.
    Nothing,
    /// It could not be computed: unknown, which is not zero. The fault is in the log.
    Failed,
}

impl Found {
    /// The figure, where there is one.
    pub fn value(self) -> Option<f64> {
        if let Self::Known(value) = self { Some(value) } else { None }
    }
}

/// What stands behind the numbers of a measure, so that nobody has to take them on trust.
#[derive(Clone, Copy)]
pub struct Facts {
    /// The measure, as in [`Measure::name`].
    pub measure: &'static str,
    /// Lists them.
    pub list: FactsFn,
}

/// Lists the facts behind a measure at the moment asked, what was last first.
pub type FactsFn = for<'a> fn(&'a mut Tx, &'a Asked) -> BoxFuture<'a, Result<Vec<Fact>>>;

/// One fact behind a number. It may be published: it names no citizen.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What it is, in Spanish.
    pub title: String,
    /// When it happened, if that is known.
    pub at: Option<OffsetDateTime>,
    /// Where it is seen; an address under `/admin` is told to the committee alone.
    pub path: Option<String>,
    /// Whether it raises the number; the others are what is still missing of a whole.
    pub counts: bool,
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

/// What an account has in its hands, so that nothing is orphaned when the person leaves (glossary: encargo).
#[derive(Debug, Clone)]
pub struct Holding {
    /// The capability's word for this sort of holding: `case`, `task`, `ticket`.
    pub kind: &'static str,
    /// What it is, in Spanish.
    pub title: String,
    /// The account that holds it.
    pub account: Uuid,
    /// The screen where it is seen.
    pub path: String,
}

/// Lists what is in somebody's hands in the transaction's tenant.
pub type HoldingsFn = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<Vec<Holding>>>;

/// Told when what one account holds passes to another; the payload names both as `from` and `to`, and
/// the latter's `toName` and `toEmail`. Whoever has holdings handles it.
pub const HOLDINGS_PASSED: &str = "kernel.holdings_passed";

/// Somebody with a role in force in a tenant.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account.
    pub account: Uuid,
    /// The person's name.
    pub name: String,
    /// The e-mail by which they sign in.
    pub email: String,
    /// Their roles.
    pub roles: Vec<Role>,
    /// When they first signed in to this tenant; none until they do.
    pub first_seen: Option<OffsetDateTime>,
}

/// Lists who has a role in force in the transaction's tenant, by name.
pub type MembersFn = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<Vec<Member>>>;

/// Finds the tenants in which the account of an e-mail has a role in force, each with the account. The transaction is the worker's, of no
/// tenant. Whoever writes from an address is not proven to be its owner.
pub type HomesFn = for<'a> fn(&'a mut Tx, &'a str) -> BoxFuture<'a, Result<Vec<(Uuid, Uuid)>>>;

/// What a capability shows of a tenant beside somebody else's work (glossary: ficha). It may be published: it names no citizen.
#[derive(Debug, Clone)]
pub struct Card {
    /// `<capability>.<what>`.
    pub kind: &'static str,
    /// Its title, in Spanish.
    pub title: &'static str,
    /// Its lines, what presses most first.
    pub lines: Vec<CardLine>,
}

/// A line of a card.
#[derive(Debug, Clone)]
pub struct CardLine {
    /// What it is.
    pub title: String,
    /// How it stands, in Spanish.
    pub detail: String,
    /// Until when it is due, if there is a date.
    pub due_on: Option<Date>,
}

/// Makes a capability's cards of the transaction's tenant.
pub type CardsFn = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<Vec<Card>>>;

/// Loads a capability's section of the overlay into the transaction's tenant.
pub type DemoFn = for<'a> fn(&'a mut Tx, &'a serde_json::Value) -> BoxFuture<'a, Result<()>>;

/// What a name asks of one that may end in `*`: the parameter, empty where it takes none.
fn parameter(offered: &str, name: &str) -> Option<String> {
    match offered.strip_suffix('*') {
        Some(prefix) => name.strip_prefix(prefix).map(str::to_owned),
        None => (offered == name).then(String::new),
    }
}

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
        let mut measures = self.iter().flat_map(|capability| capability.measures);
        measures.find_map(|measure| parameter(measure.name, name).map(|parameter| (measure, parameter)))
    }

    /// The facts behind a measure at a moment; `None` when nobody lists them, or when the list could not be made, which spoils nothing else.
    pub async fn facts(&self, tx: &mut Tx, name: &str, at: OffsetDateTime) -> Result<Option<Vec<Fact>>> {
        let mut lists = self.iter().flat_map(|capability| capability.facts);
        let Some((facts, parameter)) = lists.find_map(|facts| parameter(facts.measure, name).map(|parameter| (facts, parameter))) else {
            return Ok(None);
        };
        sqlx::query!("savepoint facts").execute(&mut **tx).await?;
        let listed = (facts.list)(tx, &Asked { parameter, at }).await;
        if let Err(error) = &listed {
            tracing::error!(measure = name, %error, "the facts behind a measure could not be listed");
            sqlx::query!("rollback to savepoint facts").execute(&mut **tx).await?;
        }
        Ok(listed.ok())
    }

    /// Computes many measures as of a moment, each name once. One that fails spoils neither the transaction nor the others.
    pub fn compute_all<'a, 'n: 'a>(
        &'a self,
        tx: &'a mut Tx,
        names: impl IntoIterator<Item = &'n str>,
        at: OffsetDateTime,
    ) -> BoxFuture<'a, Result<HashMap<&'n str, Found>>> {
        // The future holds the names and not the caller's iterator, whose closures it could not carry over an await.
        let names: BTreeSet<&'n str> = names.into_iter().collect();
        async move {
            let mut found = HashMap::new();
            sqlx::query!("savepoint measures").execute(&mut **tx).await?;
            tx.keep_what_is_read(true);
            for name in names {
                let outcome = match self.measure(name) {
                    Some((measure, parameter)) => (measure.compute)(tx, &Asked { parameter, at }).await,
                    None => Ok(None),
                };
                if let Err(error) = &outcome {
                    tracing::error!(measure = name, %error, "a measure could not be computed");
                    metrics::counter!("cabildo_measures_failed_total").increment(1);
                    sqlx::query!("rollback to savepoint measures").execute(&mut **tx).await?;
                }
                found.insert(name, outcome.map_or(Found::Failed, |value| value.map_or(Found::Nothing, Found::Known)));
            }
            tx.keep_what_is_read(false);
            sqlx::query!("release savepoint measures").execute(&mut **tx).await?;
            Ok(found)
        }
        .boxed()
    }

    /// Computes a measure now; `None` when nobody offers it or there is nothing to measure.
    pub async fn compute(&self, tx: &mut Tx, name: &str) -> Result<Option<f64>> {
        let Some((measure, parameter)) = self.measure(name) else { return Ok(None) };
        let asked = Asked { parameter, at: tx.now() };
        (measure.compute)(tx, &asked).await
    }

    /// Everything that is due in the transaction's tenant, what has a date first.
    pub async fn duties(&self, tx: &mut Tx) -> Result<Vec<Duty>> {
        self.duties_where(tx, |_| true).await
    }

    /// What of it somebody may know.
    pub async fn duties_for(&self, tx: &mut Tx, viewer: &Viewer) -> Result<Vec<Duty>> {
        self.duties_where(tx, |capability| viewer.can(capability.duties_need)).await
    }

    async fn duties_where(&self, tx: &mut Tx, wanted: impl Fn(&Capability) -> bool + Send) -> Result<Vec<Duty>> {
        let mut all = Vec::new();
        let audience = tx.entry()?.kind.audience();
        for capability in self.iter().filter(|capability| capability.duties_of == audience && wanted(capability)) {
            if let Some(duties) = capability.duties {
                all.extend(duties(tx).await?);
            }
        }
        all.sort_by_key(|duty| (duty.due_on.is_none(), duty.due_on));
        Ok(all)
    }

    /// Everything that is in somebody's hands in the transaction's tenant.
    pub async fn holdings(&self, tx: &mut Tx) -> Result<Vec<Holding>> {
        let mut all = Vec::new();
        for holdings in self.iter().filter_map(|capability| capability.holdings) {
            all.extend(holdings(tx).await?);
        }
        Ok(all)
    }

    /// Who has a role in force in the transaction's tenant, by name.
    pub async fn members(&self, tx: &mut Tx) -> Result<Vec<Member>> {
        let mut all = Vec::new();
        for members in self.iter().filter_map(|capability| capability.members) {
            all.extend(members(tx).await?);
        }
        Ok(all)
    }

    /// The tenants in which the account of an e-mail has a role in force, each with the account.
    pub async fn homes(&self, tx: &mut Tx, email: &str) -> Result<Vec<(Uuid, Uuid)>> {
        let mut all = Vec::new();
        for homes in self.iter().filter_map(|capability| capability.homes) {
            all.extend(homes(tx, email).await?);
        }
        Ok(all)
    }

    /// What the capabilities show of the transaction's tenant.
    pub async fn cards(&self, tx: &mut Tx) -> Result<Vec<Card>> {
        let mut all = Vec::new();
        for cards in self.iter().filter_map(|capability| capability.cards) {
            all.extend(cards(tx).await?);
        }
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
