//! Queries and mutations of cases.

use std::time::Duration;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use calendar::{CellKind, LegalTerm};
use kernel::directory::Audience;
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate, Paging};
use kernel::{Error, Permission, Result, UserError};

use crate::model::{CaseRow, CaseState, Petition};
use crate::rules::{self, Radicado};
use crate::{service, store};

/// What a citizen filed. Whoever gets one may read all of it: it was opened with its code, or by an official who answers.
pub struct Case(CaseRow);

/// What a citizen filed. Whoever gets one may read all of it: it was opened with its code, or by an official who answers.
#[Object]
impl Case {
    /// Its number: year, consecutive, check digit.
    async fn radicado(&self) -> &str {
        &self.0.radicado
    }

    /// What was filed: a code of the legal terms.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The name of its kind.
    async fn kind_name(&self) -> &str {
        rules::kind_name(&self.0.kind)
    }

    /// How far it has come.
    async fn state(&self) -> CaseState {
        self.0.state
    }

    /// What it is about.
    async fn subject(&self) -> &str {
        &self.0.subject
    }

    /// What happened and what is asked for, as typed.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Who filed it; null when they chose to stay unnamed.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Where the answer is sent, if an address was left.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Whether whoever filed it chose to stay unnamed.
    async fn anonymous(&self) -> bool {
        self.0.anonymous
    }

    /// The dependency that answers it, by its name in addresses; null while it is not assigned.
    async fn dependency(&self) -> Option<&str> {
        self.0.dependency.as_deref()
    }

    /// When it was filed.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.opened_at)
    }

    /// The date by which it is answered; null where the request itself sets it.
    async fn due_on(&self) -> Option<LocalDate> {
        self.0.due_on.map(LocalDate)
    }

    /// Working days left: 0 on the last day, negative when late; null when it is answered or has no date.
    async fn days_left(&self, ctx: &Context<'_>) -> GqlResult<Option<i32>> {
        let cx = Cx::of(ctx)?;
        let calendar = rules::calendar(&cx.tenant)?;
        let due = self.0.due_on.filter(|_| self.0.state.is_open());
        Ok(due.map(|due_on| rules::days_left(cx.platform.clock().today(), due_on, &calendar)))
    }

    /// How the due date was worked out; null where there is none, or where the town's calendar has changed since.
    async fn deadline(&self, ctx: &Context<'_>) -> GqlResult<Option<Deadline>> {
        let calendar = rules::calendar(&Cx::of(ctx)?.tenant)?;
        Ok(rules::explained(&self.0, &calendar).map(|(deadline, kind)| Deadline(deadline, kind)))
    }

    /// What happened to it, oldest first; officials also see what is for them alone.
    async fn events(&self, ctx: &Context<'_>) -> GqlResult<Vec<CaseEvent>> {
        let cx = Cx::of(ctx)?;
        let official = cx.viewer.can(Permission::AnswerCases);
        let events = store::events(&mut *cx.read().await?, self.0.id).await?.into_iter().filter(|event| official || event.public);
        Ok(events.map(|event| CaseEvent { at: DateTime(event.at), text: event.text, public: event.public }).collect())
    }

    /// The answer; null until there is one.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }

    /// When it was answered.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.answered_at.map(DateTime)
    }
}

kernel::connection!(CaseConnection, Case);

/// Something that happened to a case.
#[derive(SimpleObject)]
pub struct CaseEvent {
    /// When.
    at: DateTime,
    /// What, in one sentence.
    text: String,
    /// Whether whoever filed the case sees it.
    public: bool,
}

/// What a cell of a deadline's calendar shows.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineCellKind {
    /// No day of the term.
    None,
    /// The day of receipt.
    Start,
    /// A day that counts.
    Counted,
    /// A day that does not count.
    Off,
    /// The due date.
    End,
}

/// A cell of a deadline's calendar.
#[derive(SimpleObject)]
pub struct DeadlineCell {
    /// What it shows.
    kind: DeadlineCellKind,
    /// The day of the month, with the month where one begins; null outside the term.
    day: Option<String>,
    /// A few letters below it: `Llegó`, `día 3`, `Festivo`.
    label: Option<String>,
}

impl From<calendar::Cell> for DeadlineCell {
    fn from(cell: calendar::Cell) -> Self {
        let kind = match cell.kind {
            CellKind::Blank => DeadlineCellKind::None,
            CellKind::Received => DeadlineCellKind::Start,
            CellKind::Counted => DeadlineCellKind::Counted,
            CellKind::Off => DeadlineCellKind::Off,
            CellKind::End => DeadlineCellKind::End,
        };
        Self { kind, day: cell.date.map(|_| cell.day), label: cell.label }
    }
}

/// A row of a deadline's calendar.
#[derive(SimpleObject)]
pub struct DeadlineWeek {
    /// Seven cells, Monday first.
    cells: Vec<DeadlineCell>,
}

/// A due date and how it was worked out on the town's calendar.
pub struct Deadline(calendar::Deadline, &'static LegalTerm);

/// A due date and how it was worked out on the town's calendar.
#[Object]
impl Deadline {
    /// The date of radication, from which it counts.
    async fn received_on(&self) -> LocalDate {
        LocalDate(self.0.received_on)
    }

    /// The date on which it ends.
    async fn due_on(&self) -> LocalDate {
        LocalDate(self.0.due_on)
    }

    /// How many working days the law gives; 0 where it asks for an answer at once.
    async fn days(&self) -> i32 {
        i32::try_from(self.0.amount).unwrap_or(i32::MAX)
    }

    /// How many working days it may become when it is extended, with notice before the date; null if it may not be.
    async fn max_days(&self) -> Option<i32> {
        self.1.max_total.filter(|most| *most > self.0.amount).and_then(|most| i32::try_from(most).ok())
    }

    /// How the date was reached, in plain Spanish.
    async fn explanation(&self) -> String {
        self.0.explanation()
    }

    /// The law that sets the term; null while nobody has confirmed it.
    async fn legal_basis(&self) -> Option<&str> {
        self.1.confidence.is_confirmed().then_some(self.1.legal_basis.as_str())
    }

    /// What its calendar spans: `Del 23 de noviembre al 15 de diciembre de 2026`.
    async fn caption(&self) -> String {
        self.0.caption()
    }

    /// Its calendar, a row a week.
    async fn weeks(&self) -> Vec<DeadlineWeek> {
        self.0.weeks().into_iter().map(|week| DeadlineWeek { cells: week.into_iter().map(DeadlineCell::from).collect() }).collect()
    }
}

/// Something that can be filed.
#[derive(SimpleObject)]
pub struct PetitionKind {
    /// Its code in the legal terms.
    code: String,
    /// Its name.
    name: String,
    /// What it is and how soon it is answered.
    hint: String,
    /// How many working days the law gives; null where it gives no number.
    term: Option<i32>,
    /// Whether the form offers it first.
    common: bool,
}

/// Queries of cases.
#[derive(Default)]
pub struct CasesQuery;

/// Queries of cases.
#[Object]
impl CasesQuery {
    /// What can be filed, what people file most first.
    async fn petition_kinds(&self) -> Vec<PetitionKind> {
        let kinds = rules::KINDS.iter().map(|kind| PetitionKind {
            code: kind.code.clone(),
            name: kind.name.clone(),
            hint: rules::hint(kind),
            term: kind.term.and_then(|days| i32::try_from(days).ok()),
            common: rules::is_common(kind),
        });
        kinds.collect()
    }

    /// One case, for whoever has its code and for officials who answer; null for everyone else.
    async fn case(&self, ctx: &Context<'_>, radicado: String, code: Option<String>) -> GqlResult<Option<Case>> {
        Ok(open(Cx::of(ctx)?, &radicado, code.as_deref()).await?.map(Case))
    }

    /// Cases of a state, or all; by words of radicado, subject or name; what falls due first comes first.
    #[graphql(guard = "Can(Permission::AnswerCases)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn cases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        state: Option<CaseState>,
        search: Option<String>,
    ) -> GqlResult<CaseConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let words = search.unwrap_or_default();
        let (rows, total) = store::cases(&mut *Cx::of(ctx)?.read().await?, state, words.trim(), paging.limit, paging.offset).await?;
        Ok(CaseConnection::new(paging, rows.into_iter().map(Case).collect(), total))
    }
}

const HOUR: Duration = Duration::from_hours(1);

/// The case, if this viewer or this code opens it. Guesses are counted by who guesses and by what is guessed at.
async fn open(cx: &Cx, typed: &str, code: Option<&str>) -> Result<Option<CaseRow>> {
    let official = cx.viewer.can(Permission::AnswerCases);
    let Some(radicado) = Radicado::parse(typed).map(|radicado| radicado.to_string()).filter(|_| official || code.is_some()) else {
        return Ok(None);
    };
    if cx.tenant.kind.audience() != Audience::Municipality {
        return Ok(None);
    }
    if !official {
        cx.throttle_client("case-code/client", 60, HOUR).await?;
        cx.throttle("case-code/radicado", &radicado, 20, HOUR).await?;
    }
    let case = store::case(&mut *cx.read().await?, &radicado).await?;
    Ok(case.filter(|case| official || code.is_some_and(|code| service::opens(&cx.platform.secret, case, code))))
}

async fn file(cx: &Cx, typed: Petition) -> Result<(CaseRow, String)> {
    if cx.tenant.kind.audience() != Audience::Municipality {
        return Err(Error::NotFound);
    }
    let petition = rules::petition(typed)?;
    // At the window an official files for whoever comes.
    if !cx.viewer.can(Permission::AnswerCases) {
        cx.throttle_client("petition", 60, HOUR).await?;
    }
    let mut tx = cx.write().await?;
    let mut done = service::file(&mut tx, &cx.platform.secret, &petition).await;
    if service::filed_meanwhile(&done) {
        tx.rollback().await?;
        tx = cx.write().await?;
        done = service::file(&mut tx, &cx.platform.secret, &petition).await;
    }
    tx.settle(done).await
}

/// The radicado and the code that open a case.
#[derive(InputObject)]
pub struct OpenCaseInput {
    /// The radicado; hyphens and spaces do not matter.
    radicado: String,
    /// The code that was told with it.
    code: String,
}

/// A case to take into work.
#[derive(InputObject)]
pub struct TakeCaseInput {
    /// Its radicado.
    radicado: String,
    /// The dependency that answers it, by its name in addresses; left as it is when empty.
    dependency: Option<String>,
}

/// The answer to a case.
#[derive(InputObject)]
pub struct AnswerCaseInput {
    /// Its radicado.
    radicado: String,
    /// The answer, as plain text.
    answer: String,
}

/// The case that was filed and its code, or what the user can mend.
#[derive(SimpleObject)]
pub struct FilePetitionPayload {
    /// The case; null when something has to be mended.
    case: Option<Case>,
    /// The code that opens it; it is told here and nowhere else.
    code: Option<String>,
    /// What the user can mend; empty when it was filed.
    user_errors: Vec<UserError>,
}

impl FilePetitionPayload {
    fn of(outcome: Result<(CaseRow, String)>) -> GqlResult<Self> {
        match outcome {
            Ok((case, code)) => Ok(Self { case: Some(Case(case)), code: Some(code), user_errors: Vec::new() }),
            Err(Error::Rejected(user_errors)) => Ok(Self { case: None, code: None, user_errors }),
            Err(other) => Err(other.into()),
        }
    }
}

kernel::payload!(OpenCasePayload { case: Case });
kernel::payload!(TakeCasePayload { case: Case });
kernel::payload!(AnswerCasePayload { case: Case });

/// Mutations of cases.
#[derive(Default)]
pub struct CasesMutation;

/// Mutations of cases.
#[Object]
impl CasesMutation {
    /// Files a PQRSD, with or without a name; no account is needed.
    async fn file_petition(&self, ctx: &Context<'_>, input: Petition) -> GqlResult<FilePetitionPayload> {
        FilePetitionPayload::of(file(Cx::of(ctx)?, input).await)
    }

    /// Opens a case with its code, which so travels in no address.
    async fn open_case(&self, ctx: &Context<'_>, input: OpenCaseInput) -> GqlResult<OpenCasePayload> {
        let mut faults = kernel::error::Faults::default();
        faults.require(
            Radicado::parse(&input.radicado).is_some(),
            "radicado",
            "FORM",
            "Escriba el radicado completo, por ejemplo 2026-000418-7",
        );
        faults.require(!input.code.trim().is_empty(), "code", "REQUIRED", "Escriba el código que vio al enviar la solicitud");
        let opened = match faults.into_result() {
            Ok(()) => open(Cx::of(ctx)?, &input.radicado, Some(&input.code)).await,
            Err(faults) => Err(faults),
        };
        OpenCasePayload::of(opened.and_then(|case| {
            case.map(Case).ok_or_else(|| Error::whole("NOT_FOUND", "Ninguna solicitud tiene ese radicado con ese código. Revise los dos."))
        }))
    }

    /// Takes a case into work, and hands it to a dependency if one is named.
    #[graphql(guard = "Can(Permission::AnswerCases)")]
    async fn take_case(&self, ctx: &Context<'_>, input: TakeCaseInput) -> GqlResult<TakeCasePayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::take(&mut tx, &input.radicado, input.dependency.as_deref()).await;
        TakeCasePayload::of(tx.settle(done).await.map(Case))
    }

    /// Answers a case; whoever left an address gets the answer by mail.
    #[graphql(guard = "Can(Permission::AnswerCases)")]
    async fn answer_case(&self, ctx: &Context<'_>, input: AnswerCaseInput) -> GqlResult<AnswerCasePayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::answer(&mut tx, &input.radicado, &input.answer).await;
        AnswerCasePayload::of(tx.settle(done).await.map(Case))
    }
}
