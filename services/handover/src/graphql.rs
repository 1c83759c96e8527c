//! The handover as it is read: its types and queries.

mod mutation;

pub use mutation::HandoverMutation;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use calendar::WorkCalendar;
use kernel::capability::Member;
use kernel::file;
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate};
use kernel::{Permission, Result, Role, Tx, clock};
use uuid::Uuid;

use crate::document;
use crate::model::{
    AdministrationRow, DepartureRow, HandoverCause, HandoverDocument, HandoverEntry, HandoverEvent, HandoverItemState, HandoverRow,
    HandoverSide, HandoverState, IncomingRow, ItemRow, LogRow, SignatureRow,
};
use crate::rules::{self, CHECKLIST};
use crate::service::{self, Orphan};
use crate::store;

/// A handover as the administration sees it, read whole.
pub struct Handover {
    row: HandoverRow,
    items: Vec<ItemRow>,
    incoming: Vec<IncomingRow>,
    departures: Vec<DepartureRow>,
    signatures: Vec<SignatureRow>,
    log: Vec<LogRow>,
    members: Vec<Member>,
    calendar: WorkCalendar,
    now: time::OffsetDateTime,
}

impl Handover {
    async fn read(cx: &Cx, tx: &mut Tx, row: HandoverRow) -> Result<Self> {
        let members = cx.platform.registry().members(tx).await?;
        let incoming = store::incoming(tx, row.id).await?;
        let departures = match row.state {
            HandoverState::Closed | HandoverState::Cancelled => store::departures(tx, row.id).await?,
            _ => service::still_here(tx, &row, &members, &incoming).await?,
        };
        Ok(Self {
            items: store::items(tx, row.id).await?,
            signatures: store::signatures(tx, row.id).await?,
            log: store::log(tx, row.id).await?,
            calendar: rules::calendar(&cx.tenant)?,
            now: tx.now(),
            row,
            incoming,
            departures,
            members,
        })
    }

    fn name(&self, account: Uuid) -> Option<String> {
        let incoming = || self.incoming.iter().find(|row| row.account_id == account).map(|row| row.name.clone());
        self.members.iter().find(|member| member.account == account).map(|member| member.name.clone()).or_else(incoming)
    }

    fn person(&self, account: Option<Uuid>) -> Option<HandoverPerson> {
        account
            .map(|id| HandoverPerson { name: self.name(id).unwrap_or_else(|| "Persona que ya no está".to_owned()), account_id: id.into() })
    }

    fn item(&self, row: &ItemRow) -> HandoverItem {
        let heading = CHECKLIST.headings.iter().find(|heading| Some(heading.number) == row.heading);
        HandoverItem {
            handover: self.row.id,
            key: row.key.clone(),
            heading: row.heading,
            heading_title: heading.map_or_else(|| CHECKLIST.annex.clone(), |heading| heading.title.clone()),
            heading_confidence: heading.map(|heading| heading.confidence.clone()),
            title: row.title.clone(),
            ask: row.ask.clone(),
            computed: !row.shows.is_empty(),
            state: row.state,
            reason: row.reason.clone(),
            note: row.note.clone(),
            owner: self.person(row.owner_id),
            updated_at: DateTime(row.updated_at),
        }
    }

    fn signed_on(&self) -> Option<time::Date> {
        let last = self.signatures.iter().map(|signature| signature.signed_at).max().filter(|_| self.signatures.len() == 2);
        last.map(|at| clock::local(at).date())
    }
}

/// A handover (glossary: empalme).
#[Object]
impl Handover {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.row.slug
    }

    /// The term that it closes, as `2024–2027`.
    async fn term(&self) -> &str {
        &self.row.term
    }

    /// Why whoever led the municipality leaves.
    async fn cause(&self) -> HandoverCause {
        self.row.cause
    }

    /// The cause in words.
    async fn cause_text(&self) -> &'static str {
        self.row.cause.words()
    }

    /// What was noted at its opening.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// The last day in office of whoever leaves.
    async fn leaves_on(&self) -> LocalDate {
        LocalDate(self.row.leaves_on)
    }

    /// How far it has come.
    async fn state(&self) -> HandoverState {
        self.row.state
    }

    /// When it began.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.row.opened_at)
    }

    /// Whether it opened by itself, three months before the term's end.
    async fn by_itself(&self) -> bool {
        self.row.by_itself()
    }

    /// Since when nobody has touched it, when that is two weeks or more: it was left half-way, and nothing of it is lost.
    async fn resting_since(&self) -> Option<DateTime> {
        rules::resting(&self.row, self.now).map(DateTime)
    }

    /// When its document was frozen, by the first signature.
    async fn frozen_at(&self) -> Option<DateTime> {
        self.row.frozen_at.map(DateTime)
    }

    /// The SHA-256 of the frozen document.
    async fn hash(&self) -> Option<&str> {
        self.row.frozen_hash.as_deref()
    }

    /// When its document was published.
    async fn published_at(&self) -> Option<DateTime> {
        self.row.published_at.map(DateTime)
    }

    /// When the act closed it.
    async fn closed_at(&self) -> Option<DateTime> {
        self.row.closed_at.map(DateTime)
    }

    /// Who signs for whoever leaves.
    async fn outgoing(&self) -> Option<HandoverPerson> {
        self.person(self.row.outgoing_id)
    }

    /// Who signs for whoever comes.
    async fn incoming(&self) -> Option<HandoverPerson> {
        self.person(self.row.incoming_id)
    }

    /// For which side the viewer is to sign, as long as they have not.
    async fn my_side(&self, ctx: &Context<'_>) -> GqlResult<Option<HandoverSide>> {
        let me = Cx::of(ctx)?.viewer.id();
        let side = match me {
            Some(id) if Some(id) == self.row.outgoing_id => HandoverSide::Outgoing,
            Some(id) if Some(id) == self.row.incoming_id => HandoverSide::Incoming,
            _ => return Ok(None),
        };
        Ok(Some(side).filter(|side| self.row.state.running() && !self.signatures.iter().any(|signature| signature.side == *side)))
    }

    /// Its list, in the order of the document.
    async fn items(&self) -> Vec<HandoverItem> {
        self.items.iter().map(|row| self.item(row)).collect()
    }

    /// How many items are still to be filled.
    async fn pending_count(&self) -> i32 {
        let pending = self.items.iter().filter(|item| item.state == HandoverItemState::Pending).count();
        i32::try_from(pending).unwrap_or(i32::MAX)
    }

    /// Who comes.
    async fn team(&self) -> Vec<IncomingOfficial> {
        self.incoming.iter().cloned().map(IncomingOfficial::from).collect()
    }

    /// Everybody of today's team, and whether they leave with the closing act.
    async fn departures(&self) -> Vec<HandoverDeparture> {
        let shown = |row: &DepartureRow| {
            let member = self.members.iter().find(|member| member.account == row.account_id);
            HandoverDeparture {
                person: self.person(Some(row.account_id)),
                roles: member.map(|member| member.roles.clone()).unwrap_or_default(),
                leaves: row.leaves,
                successor: self.person(row.successor_id),
            }
        };
        self.departures.iter().map(shown).collect()
    }

    /// The signatures under the frozen document, the first first.
    async fn signatures(&self) -> Vec<HandoverSignature> {
        self.signatures.iter().cloned().map(HandoverSignature::from).collect()
    }

    /// What happened, newest first.
    async fn log(&self) -> Vec<HandoverLogEntry> {
        self.log.iter().cloned().map(HandoverLogEntry::from).collect()
    }

    /// Its legal dates, each with how it was worked out.
    async fn deadlines(&self) -> Vec<HandoverDeadline> {
        let verified = self.log.iter().any(|row| row.kind == HandoverEvent::Verified);
        let starts = [("acta", Some(self.row.leaves_on), self.signed_on().is_some()), ("verification", self.signed_on(), verified)];
        let today = clock::local(self.now).date();
        let told = starts.into_iter().filter_map(|(key, from, done)| {
            let (norm, deadline) = rules::deadline(key, from?, &self.calendar)?;
            // The calendar speaks of a receipt; here it is a day of leaving or of signing.
            let explanation = deadline.explanation().replace("al recibo", if key == "acta" { "a la salida" } else { "a la firma" });
            Some(HandoverDeadline {
                title: norm.title.clone(),
                days: i32::try_from(norm.days).unwrap_or(i32::MAX),
                from: LocalDate(deadline.received_on),
                due_on: LocalDate(deadline.due_on),
                done,
                late: !done && deadline.due_on < today,
                text: norm.text.clone(),
                legal_basis: norm.legal_basis.clone(),
                confidence: norm.confidence.clone(),
                explanation,
            })
        });
        told.collect()
    }

    /// The document: frozen since the first signature, until then as it stands now.
    #[graphql(complexity = "100 + child_complexity")]
    async fn document(&self, ctx: &Context<'_>) -> GqlResult<HandoverDocument> {
        let cx = Cx::of(ctx)?;
        if let Some(frozen) = document::thaw(&self.row)? {
            return Ok(frozen);
        }
        let mut tx = cx.read().await?;
        Ok(document::compose(&mut tx, cx.platform.registry(), cx.platform.directory(), &self.row).await?)
    }

    /// What proves that it was told to the community.
    async fn socialisation_files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        files(ctx, self.row.id, "socializacion").await
    }

    /// What proves the verification on the spot.
    async fn verification_files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        files(ctx, self.row.id, "verificacion").await
    }
}

async fn files(ctx: &Context<'_>, handover: Uuid, key: &str) -> GqlResult<Vec<File>> {
    let rows = file::of(&mut *Cx::of(ctx)?.read().await?, &document::subject(handover, key)).await?;
    Ok(rows.into_iter().map(File::from).collect())
}

/// Somebody whom a handover names.
#[derive(SimpleObject)]
pub struct HandoverPerson {
    /// Their account.
    account_id: ID,
    /// Their name.
    name: String,
}

/// An item of a handover's list.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct HandoverItem {
    #[graphql(skip)]
    handover: Uuid,
    /// Its name in addresses.
    key: String,
    /// The number of the heading of the acta that it stands under; null in the annex.
    heading: Option<i32>,
    /// The heading's title.
    heading_title: String,
    /// How sure we are of the heading: `seen` or `memory`; null in the annex, which is ours.
    heading_confidence: Option<String>,
    /// Its title.
    title: String,
    /// What is asked.
    ask: String,
    /// Whether the platform fills it.
    computed: bool,
    /// How far it has come.
    state: HandoverItemState,
    /// Why it does not apply.
    reason: Option<String>,
    /// What was written.
    note: Option<String>,
    /// Who answers for it.
    owner: Option<HandoverPerson>,
    /// When somebody last said something about it.
    updated_at: DateTime,
}

#[ComplexObject]
impl HandoverItem {
    /// What is attached.
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        files(ctx, self.handover, &self.key).await
    }

    /// What the document says of it now: figures and lists that the platform keeps.
    #[graphql(complexity = "200 + child_complexity")]
    async fn entry(&self, ctx: &Context<'_>) -> GqlResult<Option<HandoverEntry>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let Some(row) = store::current(&mut tx).await?.filter(|row| row.id == self.handover) else { return Ok(None) };
        let document = match document::thaw(&row)? {
            Some(frozen) => frozen,
            None => document::compose(&mut tx, cx.platform.registry(), cx.platform.directory(), &row).await?,
        };
        Ok(document.sections.into_iter().flat_map(|section| section.entries).find(|entry| entry.key == self.key))
    }
}

/// Somebody of the incoming team.
#[derive(SimpleObject)]
pub struct IncomingOfficial {
    /// Their account.
    account_id: ID,
    /// Their name.
    name: String,
    /// Their e-mail.
    email: String,
    /// Their post.
    post: Option<String>,
    /// The role that they take with the closing act.
    role: Option<Role>,
    /// Since when they are enrolled.
    enrolled_at: DateTime,
    /// When they first signed in; null until they do.
    signed_in_at: Option<DateTime>,
}

impl From<IncomingRow> for IncomingOfficial {
    fn from(row: IncomingRow) -> Self {
        Self {
            account_id: row.account_id.into(),
            name: row.name,
            email: row.email,
            post: row.post,
            role: Role::from_word(&row.role),
            enrolled_at: DateTime(row.enrolled_at),
            signed_in_at: row.signed_in_at.map(DateTime),
        }
    }
}

/// Somebody of today's team, and whether they leave.
#[derive(SimpleObject)]
pub struct HandoverDeparture {
    /// Who.
    person: Option<HandoverPerson>,
    /// The roles that they have.
    roles: Vec<Role>,
    /// Whether they leave with the closing act; null until somebody decides.
    leaves: Option<bool>,
    /// Who receives what they have in their hands; null for whoever coordinates next.
    successor: Option<HandoverPerson>,
}

/// A signature under the frozen document.
#[derive(SimpleObject)]
pub struct HandoverSignature {
    /// For which side.
    side: HandoverSide,
    /// The name, as typed.
    name: String,
    /// The post, as typed.
    post: String,
    /// When.
    signed_at: DateTime,
    /// The SHA-256 of the document that was signed.
    hash: String,
}

impl From<SignatureRow> for HandoverSignature {
    fn from(row: SignatureRow) -> Self {
        // The number of somebody's identity card stays in the database.
        Self { side: row.side, name: row.name, post: row.post, signed_at: DateTime(row.signed_at), hash: row.hash }
    }
}

/// Something that happened to a handover.
#[derive(SimpleObject)]
pub struct HandoverLogEntry {
    /// When it was written down.
    at: DateTime,
    /// What sort of thing.
    kind: HandoverEvent,
    /// What, in words.
    text: String,
    /// The day on which it was done, where it was written down later.
    happened_on: Option<LocalDate>,
    /// Who did it; null for the platform.
    actor: Option<String>,
}

impl From<LogRow> for HandoverLogEntry {
    fn from(row: LogRow) -> Self {
        Self { at: DateTime(row.at), kind: row.kind, text: row.text, happened_on: row.happened_on.map(LocalDate), actor: row.actor_name }
    }
}

/// A legal date of a handover, and how it was worked out.
#[derive(SimpleObject)]
pub struct HandoverDeadline {
    /// What is due.
    title: String,
    /// How many working days.
    days: i32,
    /// From which day they count.
    from: LocalDate,
    /// Until when.
    due_on: LocalDate,
    /// Whether it was done.
    done: bool,
    /// Whether the date has passed and it was not done.
    late: bool,
    /// What the law says, in plain words.
    text: String,
    /// The law.
    legal_basis: String,
    /// How sure we are of it: `seen` or `memory`.
    confidence: String,
    /// How the date was reached, day by day.
    explanation: String,
}

/// Something that belongs to nobody with a role in force.
#[derive(SimpleObject)]
pub struct HandoverOrphan {
    /// What.
    title: String,
    /// Why.
    reason: String,
    /// The screen where it is mended.
    path: String,
}

impl From<Orphan> for HandoverOrphan {
    fn from(Orphan { title, reason, path }: Orphan) -> Self {
        Self { title, reason, path }
    }
}

/// A signed and published handover, as everybody reads it.
pub struct PublishedHandover(HandoverRow);

/// A signed and published handover, as everybody reads it.
#[Object]
impl PublishedHandover {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The term that it closes.
    async fn term(&self) -> &str {
        &self.0.term
    }

    /// Why whoever led the municipality left, in words.
    async fn cause_text(&self) -> &'static str {
        self.0.cause.words()
    }

    /// The last day in office of whoever left.
    async fn leaves_on(&self) -> LocalDate {
        LocalDate(self.0.leaves_on)
    }

    /// When it was published.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.published_at.map(DateTime)
    }

    /// When the document was frozen, by the first signature.
    async fn frozen_at(&self) -> Option<DateTime> {
        self.0.frozen_at.map(DateTime)
    }

    /// The SHA-256 of the document's bytes.
    async fn hash(&self) -> Option<&str> {
        self.0.frozen_hash.as_deref()
    }

    /// The document's bytes: its hash can be worked out from them by anybody.
    async fn frozen(&self) -> Option<&str> {
        self.0.frozen.as_deref()
    }

    /// The document.
    async fn document(&self) -> GqlResult<Option<HandoverDocument>> {
        Ok(document::thaw(&self.0)?)
    }

    /// The signatures of both sides.
    async fn signatures(&self, ctx: &Context<'_>) -> GqlResult<Vec<HandoverSignature>> {
        let rows = store::signatures(&mut *Cx::of(ctx)?.read().await?, self.0.id).await?;
        Ok(rows.into_iter().map(HandoverSignature::from).collect())
    }

    /// How it was told to the community, and how it was verified, newest first.
    async fn records(&self, ctx: &Context<'_>) -> GqlResult<Vec<HandoverLogEntry>> {
        let rows = store::log(&mut *Cx::of(ctx)?.read().await?, self.0.id).await?;
        let public = rows.into_iter().filter(|row| matches!(row.kind, HandoverEvent::Socialised | HandoverEvent::Verified));
        Ok(public.map(HandoverLogEntry::from).collect())
    }

    /// What proves that it was told to the community.
    async fn socialisation_files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        files(ctx, self.0.id, "socializacion").await
    }
}

/// An administration of the municipality.
#[derive(SimpleObject, Clone)]
pub struct Administration {
    /// What it is called, as `2024–2027`.
    label: String,
    /// The day on which it began.
    started_on: LocalDate,
    /// The moment from which on what is published is its own.
    started_at: DateTime,
}

impl From<AdministrationRow> for Administration {
    fn from(row: AdministrationRow) -> Self {
        Self { label: row.label, started_on: LocalDate(clock::local(row.started_at).date()), started_at: DateTime(row.started_at) }
    }
}

/// A term of the mayors, as the national data tells it.
#[derive(SimpleObject)]
pub struct MayoralTerm {
    /// Its years, as `2024–2027`.
    label: String,
    /// Its first day.
    from: LocalDate,
    /// Its last day.
    to: LocalDate,
    /// The day of the vote.
    election: LocalDate,
    /// When its handover opens by itself.
    opens_on: LocalDate,
    /// The law.
    legal_basis: String,
    /// How sure we are: `seen` or `memory`.
    confidence: String,
}

/// Queries of the handover.
#[derive(Default)]
pub struct HandoverQuery;

/// Queries of the handover.
#[Object]
impl HandoverQuery {
    /// The handover that is under way, else the last that was closed; null where there never was one.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn handover(&self, ctx: &Context<'_>) -> GqlResult<Option<Handover>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        match store::current(&mut tx).await? {
            Some(row) => Ok(Some(Handover::read(cx, &mut tx, row).await?)),
            None => Ok(None),
        }
    }

    /// One item of that handover's list.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn handover_item(&self, ctx: &Context<'_>, key: String) -> GqlResult<Option<HandoverItem>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let Some(row) = store::current(&mut tx).await? else { return Ok(None) };
        let handover = Handover::read(cx, &mut tx, row).await?;
        Ok(handover.items.iter().find(|item| item.key == key).map(|item| handover.item(item)))
    }

    /// Everything that belongs to nobody with a role in force: cases, tickets, tasks, items of the handover.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn handover_orphans(&self, ctx: &Context<'_>) -> GqlResult<Vec<HandoverOrphan>> {
        let cx = Cx::of(ctx)?;
        let found = service::orphans(&mut *cx.read().await?, cx.platform.registry()).await?;
        Ok(found.into_iter().map(HandoverOrphan::from).collect())
    }

    /// The signed and published handovers, newest first.
    async fn published_handovers(&self, ctx: &Context<'_>) -> GqlResult<Vec<PublishedHandover>> {
        Ok(store::published(&mut *Cx::of(ctx)?.read().await?).await?.into_iter().map(PublishedHandover).collect())
    }

    /// One signed and published handover.
    async fn published_handover(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<PublishedHandover>> {
        Ok(store::published_of(&mut *Cx::of(ctx)?.read().await?, &slug).await?.map(PublishedHandover))
    }

    /// The administration of today; null where no handover was ever closed.
    async fn current_administration(&self, ctx: &Context<'_>) -> GqlResult<Option<Administration>> {
        Ok(store::administrations(&mut *Cx::of(ctx)?.read().await?).await?.into_iter().next().map(Administration::from))
    }

    /// The administrations that followed each other, newest first; what was published before one began belongs to the one before.
    async fn administrations(&self, ctx: &Context<'_>) -> GqlResult<Vec<Administration>> {
        Ok(store::administrations(&mut *Cx::of(ctx)?.read().await?).await?.into_iter().map(Administration::from).collect())
    }

    /// The term of the mayors in which today falls.
    async fn mayoral_term(&self, ctx: &Context<'_>) -> GqlResult<Option<MayoralTerm>> {
        let today = Cx::of(ctx)?.platform.clock().today();
        Ok(rules::term_of(today).map(|term| MayoralTerm {
            label: term.label.clone(),
            from: LocalDate(term.from),
            to: LocalDate(term.to),
            election: LocalDate(term.election),
            opens_on: LocalDate(rules::opens_on(term)),
            legal_basis: term.legal_basis.clone(),
            confidence: term.confidence.clone(),
        }))
    }
}
