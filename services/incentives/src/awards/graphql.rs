//! Queries and mutations of award calls.

use async_graphql::{Context, ID, InputObject, Object};
use kernel::graphql::{Can, Cx, DateTime, File, GqlResult, LocalDate, Municipality, Paging};
use kernel::{Error, Permission, file, text};
use uuid::Uuid;

use super::model::{AwardCriterion, CallRow, CallStage, KeepAwardCallInput, NominationRow, Place, ScoreRow};
use super::{rules, service, store};

/// A call for awards.
pub struct AwardCall(pub(crate) CallRow);

/// A call for awards.
#[Object]
impl AwardCall {
    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its terms, in Markdown.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Its terms as HTML without script.
    async fn body_html(&self) -> String {
        text::markdown(&self.0.body)
    }

    /// The beginning of its terms in plain text.
    async fn summary(&self) -> String {
        service::summary(&self.0)
    }

    /// What is judged, with its weight.
    async fn criteria(&self) -> &[AwardCriterion] {
        &self.0.criteria
    }

    /// What each place wins, the first first.
    async fn prizes(&self) -> &[String] {
        &self.0.prizes
    }

    /// The first day for nominations.
    async fn opens_on(&self) -> LocalDate {
        LocalDate(self.0.opens_on)
    }

    /// The last day for nominations.
    async fn closes_on(&self) -> LocalDate {
        LocalDate(self.0.closes_on)
    }

    /// How it stands today.
    async fn stage(&self, ctx: &Context<'_>) -> GqlResult<CallStage> {
        Ok(rules::stage(&self.0, Cx::of(ctx)?.platform.clock().today()))
    }

    /// Its places, once they are decided; empty until then.
    async fn results(&self) -> Vec<AwardPlace> {
        self.0.results.iter().flat_map(|places| places.0.clone()).map(AwardPlace).collect()
    }

    /// What the jury says of its decision.
    async fn results_note(&self) -> Option<&str> {
        self.0.results_note.as_deref()
    }

    /// When the results were published.
    async fn results_at(&self) -> Option<DateTime> {
        self.0.results_at.map(DateTime)
    }

    /// This host's municipality's own nomination; null where there is none, and for whoever does not see the administration.
    async fn own_nomination(&self, ctx: &Context<'_>) -> GqlResult<Option<Nomination>> {
        let cx = Cx::of(ctx)?;
        if !cx.viewer.can(Permission::SeeAdministration) {
            return Ok(None);
        }
        Ok(service::own(&mut *cx.read().await?, &self.0.slug).await?.map(Nomination))
    }
}

kernel::connection!(AwardCallConnection, AwardCall);

/// A place of the results.
pub struct AwardPlace(pub(crate) Place);

/// A place of the results.
#[Object]
impl AwardPlace {
    /// The place; equals share it.
    async fn place(&self) -> i32 {
        self.0.position
    }

    /// The municipality.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.municipality))
    }

    /// What its experience is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its points, out of 100.
    async fn total(&self) -> f64 {
        self.0.total
    }

    /// What it wins; null where its place wins nothing.
    async fn prize(&self) -> Option<&str> {
        self.0.prize.as_deref()
    }
}

/// What a municipality sends to a call.
pub struct Nomination(pub(crate) NominationRow);

/// What a municipality sends to a call.
#[Object]
impl Nomination {
    /// The call, by its name in addresses.
    async fn call(&self) -> &str {
        &self.0.call
    }

    /// The municipality.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.tenant_id))
    }

    /// What its experience is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it is about.
    async fn summary(&self) -> &str {
        &self.0.summary
    }

    /// What it answers to each criterion, in the order of the call.
    async fn answers(&self, ctx: &Context<'_>) -> GqlResult<Vec<NominationAnswer>> {
        let call = store::call(&mut *Cx::of(ctx)?.read().await?, &self.0.call).await?;
        let criteria = call.map(|call| call.criteria.0).unwrap_or_default();
        let answer = |criterion: AwardCriterion| {
            let text = self.0.answers.get(&criterion.key).cloned();
            NominationAnswer { criterion, text }
        };
        Ok(criteria.into_iter().map(answer).collect())
    }

    /// Its files; the municipality's administration and the agency may download them.
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let files = file::of_tenant(&mut *Cx::of(ctx)?.read().await?, self.0.tenant_id, &service::subject(&self.0.call)).await?;
        Ok(files.into_iter().map(File::from).collect())
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When it was sent; null while it is a draft.
    async fn submitted_at(&self) -> Option<DateTime> {
        self.0.submitted_at.map(DateTime)
    }

    /// What the jury gave it; null for whoever does not work for the agency.
    async fn scores(&self, ctx: &Context<'_>) -> GqlResult<Option<Vec<JuryScore>>> {
        let cx = Cx::of(ctx)?;
        if !cx.viewer.can(Permission::GuideMunicipalities) || crate::at_the_agency(&*cx.read().await?).is_err() {
            return Ok(None);
        }
        let rows = store::scores(&mut *cx.read().await?, &self.0.call).await?;
        Ok(Some(rows.into_iter().filter(|row| row.municipality_id == self.0.tenant_id).map(JuryScore).collect()))
    }

    /// Its points as the scores give them now; null while nobody has scored it, and for whoever does not work for the agency.
    async fn total(&self, ctx: &Context<'_>) -> GqlResult<Option<f64>> {
        let cx = Cx::of(ctx)?;
        if !cx.viewer.can(Permission::GuideMunicipalities) || crate::at_the_agency(&*cx.read().await?).is_err() {
            return Ok(None);
        }
        let mut tx = cx.read().await?;
        let Some(call) = store::call(&mut tx, &self.0.call).await? else { return Ok(None) };
        let scores = store::scores(&mut tx, &self.0.call).await?;
        let mine: Vec<&ScoreRow> = scores.iter().filter(|row| row.municipality_id == self.0.tenant_id).collect();
        Ok(rules::total(&call, &mine))
    }
}

kernel::connection!(NominationConnection, Nomination);

/// An answer to a criterion.
#[derive(async_graphql::SimpleObject)]
pub struct NominationAnswer {
    /// The criterion.
    criterion: AwardCriterion,
    /// The answer; null while it is missing.
    text: Option<String>,
}

/// What one juror gave.
pub struct JuryScore(ScoreRow);

/// What one juror gave.
#[Object]
impl JuryScore {
    /// The juror's name.
    async fn juror_name(&self) -> &str {
        &self.0.juror_name
    }

    /// Whether it is the viewer's own.
    async fn own(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(Cx::of(ctx)?.viewer.id() == Some(self.0.juror_id))
    }

    /// From 0 to 100, one a criterion.
    async fn points(&self) -> &[i32] {
        &self.0.points
    }

    /// What the juror noted.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When.
    async fn scored_at(&self) -> DateTime {
        DateTime(self.0.scored_at)
    }
}

/// Queries of award calls.
#[derive(Default)]
pub struct AwardsQuery;

/// Queries of award calls.
#[Object]
impl AwardsQuery {
    /// The agency's calls for awards, what closes last first.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn award_calls(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<AwardCallConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let rows = store::calls(&mut *Cx::of(ctx)?.read().await?).await?;
        let total = rows.len() as i64;
        let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(AwardCallConnection::new(paging, page.map(AwardCall).collect(), total))
    }

    /// A call for awards.
    async fn award_call(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<AwardCall>> {
        Ok(store::call(&mut *Cx::of(ctx)?.read().await?, &slug).await?.map(AwardCall))
    }

    /// What the municipalities sent to a call, in the order in which it came.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn nominations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The call, by its name in addresses.")] slug: String,
        first: Option<i32>,
        after: Option<String>,
    ) -> GqlResult<NominationConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let rows = store::submitted(&mut *Cx::of(ctx)?.read().await?, &slug).await?;
        let total = rows.len() as i64;
        let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(NominationConnection::new(paging, page.map(Nomination).collect(), total))
    }

    /// What a municipality sent to a call, for the jury.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn nomination(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The call, by its name in addresses.")] slug: String,
        #[graphql(desc = "The municipality, by its name in hosts.")] municipality: String,
    ) -> GqlResult<Option<Nomination>> {
        let cx = Cx::of(ctx)?;
        let Some(town) = cx.platform.directory().by_slug(&municipality) else { return Ok(None) };
        let rows = store::submitted(&mut *cx.read().await?, &slug).await?;
        Ok(rows.into_iter().find(|row| row.tenant_id == town.id).map(Nomination))
    }
}

/// A nomination's title and summary.
#[derive(InputObject)]
pub struct KeepNominationInput {
    /// The call, by its name in addresses.
    slug: String,
    /// What the experience is called.
    title: String,
    /// What it is about.
    summary: String,
    /// Uploads to add, for the jury and the municipality's administration.
    files: Option<Vec<ID>>,
}

/// An answer to a criterion.
#[derive(InputObject)]
pub struct AnswerNominationInput {
    /// The call, by its name in addresses.
    slug: String,
    /// The criterion, by its key.
    criterion: String,
    /// The answer.
    text: String,
}

/// A nomination to send.
#[derive(InputObject)]
pub struct SubmitNominationInput {
    /// The call, by its name in addresses.
    slug: String,
}

/// A nomination to take back.
#[derive(InputObject)]
pub struct WithdrawNominationInput {
    /// The call, by its name in addresses.
    slug: String,
}

/// A juror's points.
#[derive(InputObject)]
pub struct ScoreNominationInput {
    /// The call, by its name in addresses.
    slug: String,
    /// The municipality, by its name in hosts.
    municipality: String,
    /// From 0 to 100, one a criterion, in the order of the call.
    points: Vec<i32>,
    /// What the juror notes, for the jury.
    note: Option<String>,
}

/// The results of a call.
#[derive(InputObject)]
pub struct PublishResultsInput {
    /// The call, by its name in addresses.
    slug: String,
    /// What the jury says of its decision; it is published.
    note: String,
}

kernel::payload!(KeepAwardCallPayload { award_call: AwardCall });
kernel::payload!(KeepNominationPayload { nomination: Nomination });
kernel::payload!(AnswerNominationPayload { nomination: Nomination });
kernel::payload!(SubmitNominationPayload { nomination: Nomination });
kernel::payload!(WithdrawNominationPayload { nomination: Nomination });
kernel::payload!(ScoreNominationPayload { award_call: AwardCall });
kernel::payload!(PublishResultsPayload { award_call: AwardCall });

/// Uploads as they were sent; what is no id was never uploaded.
fn uploads(sent: Option<&Vec<ID>>) -> Vec<Uuid> {
    sent.into_iter().flatten().map(|id| Uuid::try_parse(id).unwrap_or_default()).collect()
}

/// Mutations of award calls.
#[derive(Default)]
pub struct AwardsMutation;

/// Mutations of award calls.
#[Object]
impl AwardsMutation {
    /// Opens a call, or changes it. Once it has opened only its last day may change, to a later one.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn keep_award_call(&self, ctx: &Context<'_>, input: KeepAwardCallInput) -> GqlResult<KeepAwardCallPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep_call(&mut tx, &input).await;
        KeepAwardCallPayload::of(tx.settle(done).await.map(AwardCall))
    }

    /// Begins this municipality's nomination to a call, or changes it.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn keep_nomination(&self, ctx: &Context<'_>, input: KeepNominationInput) -> GqlResult<KeepNominationPayload> {
        let files = uploads(input.files.as_ref());
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::keep_nomination(&mut tx, &input.slug, &input.title, &input.summary, &files).await;
        KeepNominationPayload::of(tx.settle(done).await.map(Nomination))
    }

    /// Answers one criterion of the call.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn answer_nomination(&self, ctx: &Context<'_>, input: AnswerNominationInput) -> GqlResult<AnswerNominationPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::answer(&mut tx, &input.slug, &input.criterion, &input.text).await;
        AnswerNominationPayload::of(tx.settle(done).await.map(Nomination))
    }

    /// Sends the nomination to the agency.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn submit_nomination(&self, ctx: &Context<'_>, input: SubmitNominationInput) -> GqlResult<SubmitNominationPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::submit(&mut tx, &input.slug).await;
        SubmitNominationPayload::of(tx.settle(done).await.map(Nomination))
    }

    /// Takes the nomination back while the call is open; it stays as a draft.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn withdraw_nomination(&self, ctx: &Context<'_>, input: WithdrawNominationInput) -> GqlResult<WithdrawNominationPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = service::withdraw(&mut tx, &input.slug).await;
        WithdrawNominationPayload::of(tx.settle(done).await.map(Nomination))
    }

    /// Gives a nomination the viewer's points, once its call has closed.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn score_nomination(&self, ctx: &Context<'_>, input: ScoreNominationInput) -> GqlResult<ScoreNominationPayload> {
        let cx = Cx::of(ctx)?;
        let juror = cx.viewer.require(Permission::GuideMunicipalities)?;
        let town = cx.platform.directory().by_slug(&input.municipality).ok_or(Error::NotFound)?;
        let mut tx = cx.write().await?;
        let who = (juror.id, juror.name.as_str());
        let done = service::score(&mut tx, &input.slug, &town, &input.points, input.note.as_deref(), who).await;
        ScoreNominationPayload::of(tx.settle(done).await.map(AwardCall))
    }

    /// Publishes the results of a call for good: the places follow from the scores.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn publish_results(&self, ctx: &Context<'_>, input: PublishResultsInput) -> GqlResult<PublishResultsPayload> {
        let cx = Cx::of(ctx)?;
        let directory = cx.platform.directory();
        let mut tx = cx.write().await?;
        let name_of = |id| directory.get(id).map(|town| town.name.clone()).unwrap_or_default();
        let done = service::publish_results(&mut tx, &input.slug, &input.note, name_of).await;
        PublishResultsPayload::of(tx.settle(done).await.map(AwardCall))
    }
}
