//! The queries and mutations of closes.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate, Municipality};
use kernel::secret::sha256_hex;
use kernel::{Error, Permission, Result};
use uuid::Uuid;

use super::service::{self, Answer};
use super::store::{self, Correction, Objection as ObjectionRow, Outcome};
use super::{canonical, rules};
use crate::graphql::count;
use crate::model::{CloseRow, Month};
use crate::rankings::graphql::Ranking;
use crate::service::{board, months};

/// A month of the ranking and its close.
pub struct MonthClose {
    month: Month,
    close: Option<CloseRow>,
}

/// A month of the ranking and its close.
#[Object]
impl MonthClose {
    /// The month, `YYYY-MM`.
    async fn month(&self) -> String {
        self.month.to_string()
    }

    /// The month as people say it.
    async fn month_text(&self) -> String {
        self.month.text()
    }

    /// Whether it has ended.
    async fn finished(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(Cx::of(ctx)?.platform.clock().now() >= self.month.ends())
    }

    /// The last day on which municipalities may object to it.
    async fn last_day_to_object(&self) -> LocalDate {
        LocalDate(rules::last_day_to_object(self.month))
    }

    /// The first day on which it may be closed.
    async fn closable_from(&self) -> LocalDate {
        LocalDate(kernel::clock::local(rules::objections_until(self.month)).date())
    }

    /// Whether municipalities may object to it now.
    async fn may_object(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(self.close.is_none() && rules::may_object(self.month, Cx::of(ctx)?.platform.clock().now()).is_ok())
    }

    /// Whether the days to object are over, so that it may be closed once every objection is answered.
    async fn closable(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(self.close.is_none() && Cx::of(ctx)?.platform.clock().now() >= rules::objections_until(self.month))
    }

    /// When it was closed; null while it is open.
    async fn closed_at(&self) -> Option<DateTime> {
        self.close.as_ref().map(|close| DateTime(close.closed_at))
    }

    /// The signature in hexadecimal: Ed25519 where there is a statement, else a keyed hash that the platform alone can check.
    async fn signature(&self) -> Option<String> {
        self.close.as_ref().map(|close| hex::encode(&close.signature))
    }

    /// The number of its statement in the chain; null while it is open, and where it was closed with the platform's keyed hash.
    async fn statement(&self) -> Option<i32> {
        self.close.as_ref().and_then(|close| close.statement).map(count)
    }

    /// Visits that were written after it was frozen; they do not count, and may call for a correction.
    #[graphql(guard = "Can(Permission::CompareMunicipalities)")]
    async fn late_visits(&self, ctx: &Context<'_>) -> GqlResult<i32> {
        let cx = Cx::of(ctx)?;
        if self.close.is_none() {
            return Ok(0);
        }
        Ok(count(service::late_visits(&mut *cx.read().await?, &cx.platform, self.month).await?))
    }

    /// What it published, with digests as its statement names them; empty while it is open.
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<MonthFile>> {
        let Some(number) = self.close.as_ref().and_then(|close| close.statement) else { return Ok(Vec::new()) };
        let statement = store::statement(&mut *Cx::of(ctx)?.read().await?, number).await?.ok_or(Error::NotFound)?;
        let files = statement.body.lines().filter_map(|line| line.strip_prefix("archivo: ")).filter_map(|line| {
            let mut words = line.split(' ');
            let (name, bytes, sha256) = (words.next()?, words.next()?.parse().ok()?, words.nth(1)?);
            Some(MonthFile { name: name.to_owned(), bytes, sha256: sha256.to_owned() })
        });
        Ok(files.collect())
    }

    /// What was objected to: answered ones for everybody, the others for the agency and for the town itself; oldest first.
    async fn objections(&self, ctx: &Context<'_>) -> GqlResult<Vec<Objection>> {
        let found = store::objections(&mut *Cx::of(ctx)?.read().await?, Some(&self.month.to_string()), false).await?;
        Ok(found.into_iter().map(Objection).collect())
    }

    /// What was corrected after the close, oldest first.
    async fn corrections(&self, ctx: &Context<'_>) -> GqlResult<Vec<MonthCorrection>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let mut found = Vec::new();
        for correction in store::corrections(&mut tx, &self.month.to_string()).await? {
            let statement = store::statement(&mut tx, correction.statement).await?.ok_or(Error::NotFound)?;
            found.extend(MonthCorrection::of(cx, correction, &statement));
        }
        Ok(found)
    }
}

/// A published file of a closed month.
#[derive(SimpleObject)]
pub struct MonthFile {
    /// Its name, below the month's address.
    name: String,
    /// How long it is.
    bytes: i32,
    /// Its SHA-256 in hexadecimal.
    sha256: String,
}

/// A published file of a closed month with its text.
#[derive(SimpleObject)]
pub struct MonthText {
    /// Its very text.
    body: String,
    /// Its SHA-256 in hexadecimal.
    sha256: String,
}

/// What a municipality objects to in a month, and what it was answered.
pub struct Objection(ObjectionRow);

/// What a municipality objects to in a month, and what it was answered.
#[Object]
impl Objection {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The month, `YYYY-MM`.
    async fn month(&self) -> &str {
        &self.0.month
    }

    /// The month as people say it.
    async fn month_text(&self) -> String {
        Month::parse(&self.0.month).map(Month::text).unwrap_or_default()
    }

    /// Whose it is.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.tenant_id))
    }

    /// What is objected to, and why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it was filed.
    async fn filed_at(&self) -> DateTime {
        DateTime(self.0.filed_at)
    }

    /// What the agency makes of it; null while it has no answer.
    async fn outcome(&self) -> Option<Outcome> {
        self.0.outcome
    }

    /// The agency's answer.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }

    /// Visits that the answer adds to the month, or takes away.
    async fn adjustment(&self) -> i32 {
        count(self.0.adjustment)
    }

    /// When it was answered.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.answered_at.map(DateTime)
    }
}

/// A figure of a closed month that was found wrong later.
#[derive(SimpleObject)]
pub struct MonthCorrection {
    /// The municipality.
    municipality: Municipality,
    /// When it was published.
    at: DateTime,
    /// The visits with which the month was closed.
    closed_visits: i32,
    /// The visits as they should have been.
    corrected_visits: i32,
    /// Why.
    reason: String,
    /// The number of its statement in the chain.
    statement: i32,
}

impl MonthCorrection {
    fn of(cx: &Cx, correction: Correction, statement: &store::Statement) -> Option<Self> {
        Some(Self {
            municipality: Municipality::of(cx, correction.tenant_id)?,
            at: DateTime(statement.stated_at),
            closed_visits: count(correction.closed),
            corrected_visits: count(correction.corrected),
            reason: correction.reason,
            statement: count(correction.statement),
        })
    }
}

/// A signed statement of the chain.
#[derive(SimpleObject)]
pub struct Statement {
    /// Its number, from 1.
    number: i32,
    /// `CLOSE` or `CORRECTION`.
    kind: String,
    /// The month that it is about.
    month: String,
    /// When it was made.
    stated_at: DateTime,
    /// The very bytes that are signed.
    body: String,
    /// Their SHA-256 in hexadecimal, which the next statement names.
    digest: String,
    /// The Ed25519 public key in hexadecimal.
    public_key: String,
    /// The Ed25519 signature in hexadecimal.
    signature: String,
}

impl From<store::Statement> for Statement {
    fn from(row: store::Statement) -> Self {
        Self {
            number: count(row.number),
            kind: row.kind,
            month: row.month,
            stated_at: DateTime(row.stated_at),
            body: row.body,
            digest: hex::encode(row.digest),
            public_key: hex::encode(row.public_key),
            signature: hex::encode(row.signature),
        }
    }
}

/// Queries of closes.
#[derive(Default)]
pub struct ClosesQuery;

/// Queries of closes.
#[Object]
impl ClosesQuery {
    /// The months that have a ranking, newest first: those since the last close, then the closed ones.
    async fn month_closes(&self, ctx: &Context<'_>) -> GqlResult<Vec<MonthClose>> {
        let months = months(&mut *Cx::of(ctx)?.read().await?).await?;
        Ok(months.into_iter().map(|(month, close)| MonthClose { month, close }).collect())
    }

    /// A month and its close; `last` is the last closed one, and the current one while none is closed.
    async fn month_close(&self, ctx: &Context<'_>, #[graphql(desc = "`YYYY-MM`, or `last`.")] month: String) -> GqlResult<MonthClose> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let month = crate::service::month_named(&mut tx, &month).await?;
        let close = crate::store::close_of(&mut tx, month).await?;
        Ok(MonthClose { month, close })
    }

    /// A published file of a closed month, byte for byte; null where there is none.
    async fn month_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`YYYY-MM`.")] month: String,
        #[graphql(desc = "`horas.csv`, `horas.json`, `municipios.csv`, `ajustes.csv`, `orden.csv`, `acta.txt` or `firma.txt`.")]
        name: String,
    ) -> GqlResult<Option<MonthText>> {
        Ok(text_of(Cx::of(ctx)?, &month, &name).await?.map(|body| MonthText { sha256: sha256_hex(body.as_bytes()), body }))
    }

    /// Everything that the agency signed, from the beginning of the chain.
    async fn statements(&self, ctx: &Context<'_>) -> GqlResult<Vec<Statement>> {
        Ok(store::chain(&mut *Cx::of(ctx)?.read().await?).await?.into_iter().map(Statement::from).collect())
    }

    /// What this municipality objected to, oldest first.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn own_objections(&self, ctx: &Context<'_>) -> GqlResult<Vec<Objection>> {
        Ok(store::objections(&mut *Cx::of(ctx)?.read().await?, None, true).await?.into_iter().map(Objection).collect())
    }

    /// The public half of the key with which the platform signs, in hexadecimal; null where it has none.
    async fn signing_key(&self, ctx: &Context<'_>) -> GqlResult<Option<String>> {
        Ok(Cx::of(ctx)?.platform.signer.as_ref().map(|signer| hex::encode(signer.public_key())))
    }
}

/// The text of a published file: frozen ones as they are, the others made of the statement.
async fn text_of(cx: &Cx, month: &str, name: &str) -> Result<Option<String>> {
    let mut tx = cx.read().await?;
    if canonical::FILES.contains(&name) {
        return store::file(&mut tx, month, name).await;
    }
    let close = match Month::parse(month) {
        Some(month) => crate::store::close_of(&mut tx, month).await?,
        None => None,
    };
    let Some(number) = close.and_then(|close| close.statement) else { return Ok(None) };
    Ok(match name {
        "acta.txt" => store::statement(&mut tx, number).await?.map(|statement| statement.body),
        "firma.txt" => store::statement(&mut tx, number).await?.map(|statement| format!("{}\n", hex::encode(statement.signature))),
        "horas.json" => match store::file(&mut tx, month, canonical::HOURS).await? {
            Some(hours) => Some(canonical::hours_json(month, &hours)?),
            None => None,
        },
        _ => None,
    })
}

/// A month to close.
#[derive(InputObject)]
pub struct CloseMonthInput {
    /// The month, `YYYY-MM`; the days to object must be over.
    month: String,
}

/// What a municipality objects to.
#[derive(InputObject)]
pub struct ObjectToMonthInput {
    /// The month, `YYYY-MM`; it must have ended, and the days to object must not be over.
    month: String,
    /// What is wrong with the count, and how one can tell; it is published with the answer.
    reason: String,
    /// Sent twice under the same key, it is one objection; without a key, the same text for the same month is one.
    idempotency_key: Option<String>,
}

/// An answer to an objection.
#[derive(InputObject)]
pub struct AnswerObjectionInput {
    /// The objection.
    id: ID,
    /// What comes of it.
    outcome: Outcome,
    /// Why; it is published.
    answer: String,
    /// Visits to add to the month, or to take away; only where it is accepted.
    adjustment: Option<i32>,
}

/// A correction of a closed month.
#[derive(InputObject)]
pub struct CorrectMonthInput {
    /// The month, `YYYY-MM`.
    month: String,
    /// The municipality, by its name in hosts.
    slug: String,
    /// Its visits as they should have been.
    visits: i32,
    /// What was wrong; it is published and signed.
    reason: String,
}

kernel::payload!(CloseMonthPayload { ranking: Ranking });
kernel::payload!(ObjectToMonthPayload { objection: Objection });
kernel::payload!(AnswerObjectionPayload { objection: Objection });
kernel::payload!(CorrectMonthPayload { month_close: MonthClose });

/// Mutations of closes.
#[derive(Default)]
pub struct ClosesMutation;

/// Mutations of closes.
#[Object]
impl ClosesMutation {
    /// Closes a month for good: its counts are frozen, signed and published, and its news waits as a draft for the editor.
    /// Closing it again changes nothing.
    #[graphql(guard = "Can(Permission::CloseMonth)")]
    async fn close_month(&self, ctx: &Context<'_>, input: CloseMonthInput) -> GqlResult<CloseMonthPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::close_month(&mut tx, &cx.platform, &input.month).await;
        CloseMonthPayload::of(match tx.settle(done).await {
            Ok(month) => Ok(Ranking::first_page(board(&mut *cx.read().await?, &cx.platform, month).await?)?),
            Err(error) => Err(error),
        })
    }

    /// Objects to the count of a month that has ended and is not closed.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn object_to_month(&self, ctx: &Context<'_>, input: ObjectToMonthInput) -> GqlResult<ObjectToMonthPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::object(&mut tx, &cx.platform, &input.month, &input.reason, input.idempotency_key.as_deref()).await;
        ObjectToMonthPayload::of(tx.settle(done).await.map(Objection))
    }

    /// Answers an objection, once.
    #[graphql(guard = "Can(Permission::CompareMunicipalities)")]
    async fn answer_objection(&self, ctx: &Context<'_>, input: AnswerObjectionInput) -> GqlResult<AnswerObjectionPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let answer = Answer { outcome: input.outcome, text: &input.answer, adjustment: input.adjustment.unwrap_or(0).into() };
        let done = match Uuid::try_parse(&input.id) {
            Ok(id) => service::answer(&mut tx, id, &answer).await,
            Err(_) => Err(Error::NotFound),
        };
        AnswerObjectionPayload::of(tx.settle(done).await.map(Objection))
    }

    /// Publishes that a figure of a closed month was wrong. What was closed stays as it was signed.
    #[graphql(guard = "Can(Permission::CloseMonth)")]
    async fn correct_month(&self, ctx: &Context<'_>, input: CorrectMonthInput) -> GqlResult<CorrectMonthPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::correct(&mut tx, &cx.platform, &input.month, &input.slug, input.visits.into(), &input.reason).await;
        CorrectMonthPayload::of(match tx.settle(done).await {
            Ok(month) => {
                let close = crate::store::close_of(&mut *cx.read().await?, month).await?;
                Ok(MonthClose { month, close })
            }
            Err(error) => Err(error),
        })
    }
}
