//! The merged schema: one line a capability.

use async_graphql::{Context, EmptySubscription, MergedObject, Object};
use kernel::capability::Capability;
use kernel::directory::Audience;
use kernel::graphql::{Cx, GqlResult};

use crate::limits::{Limits, MAX_COMPLEXITY, MAX_DEPTH};

/// Every capability of the platform, in the order in which packs are filled.
pub static CAPABILITIES: &[&Capability] = &[
    &tenancy::CAPABILITY,
    &identity::CAPABILITY,
    &site::CAPABILITY,
    &plan::CAPABILITY,
    &agreements::CAPABILITY,
    &training::CAPABILITY,
    &committee::CAPABILITY,
    &tramites::CAPABILITY,
    &tramites::SERVICES,
    &cases::CAPABILITY,
    &support::CAPABILITY,
    &support::DESK,
    &visits::CAPABILITY,
    &circulars::CAPABILITY,
    &incentives::CAPABILITY,
    &incentives::TOWNS,
    &handover::CAPABILITY,
    &kernel::file::CAPABILITY,
];

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    FormQuery,
    tenancy::TenancyQuery,
    identity::IdentityQuery,
    site::SiteQuery,
    plan::PlanQuery,
    agreements::AgreementsQuery,
    training::TrainingQuery,
    tramites::TramitesQuery,
    cases::CasesQuery,
    support::SupportQuery,
    support::MailQuery,
    visits::VisitsQuery,
    visits::RankingsQuery,
    visits::CategoriesQuery,
    visits::ClosesQuery,
    visits::ComparisonQuery,
    visits::CountingQuery,
    visits::FiguresQuery,
    circulars::CircularsQuery,
    incentives::IncentivesQuery,
    handover::HandoverQuery,
    committee::CommitteeQuery,
);

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    identity::IdentityMutation,
    site::SiteMutation,
    plan::PlanMutation,
    agreements::AgreementsMutation,
    training::TrainingMutation,
    tramites::TramitesMutation,
    cases::CasesMutation,
    support::SupportMutation,
    support::MailMutation,
    visits::ClosesMutation,
    visits::CategoriesMutation,
    circulars::CircularsMutation,
    incentives::IncentivesMutation,
    handover::HandoverMutation,
    committee::CommitteeMutation,
);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// What forms and desks need from no capability in particular.
#[derive(Default)]
pub struct FormQuery;

/// What forms and desks need from no capability in particular.
#[Object]
impl FormQuery {
    /// A fresh key for a form: sent twice under the same key, it is one submission. A page that asks for it is never cached.
    async fn idempotency_key(&self, ctx: &Context<'_>) -> GqlResult<String> {
        Ok(Cx::of(ctx)?.platform.ids().uuid().to_string())
    }

    /// What is due in this tenant and the viewer may know of, what has a date first.
    #[graphql(
        guard = "kernel::graphql::Can(kernel::Permission::SeeAdministration).or(kernel::graphql::Can(kernel::Permission::ResolveTickets))"
    )]
    async fn duties(&self, ctx: &Context<'_>) -> GqlResult<Vec<Duty>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let (today, duties) = (tx.today(), cx.platform.registry().duties_for(&mut tx, &cx.viewer).await?);
        Ok(duties.into_iter().map(|duty| Duty { late: duty.due_on.is_some_and(|due| due < today), duty }).collect())
    }

    /// A fact that the platform measures of this tenant now; null when it is unknown.
    async fn measure(&self, ctx: &Context<'_>, name: String) -> GqlResult<Option<Measured>> {
        let cx = Cx::of(ctx)?;
        let Some((measure, _)) = cx.platform.registry().measure(&name) else { return Ok(None) };
        // Measures are of towns: the platform's own hosts have none.
        let town = cx.tenant.kind.audience() == Audience::Municipality;
        let value = if town { cx.platform.registry().compute(&mut *cx.read().await?, &name).await? } else { None };
        Ok(Some(Measured { name, value, unit: measure.unit, explanation: measure.explanation }))
    }
}

/// What is due: what, by when, why, and where it is done.
pub struct Duty {
    duty: kernel::capability::Duty,
    late: bool,
}

/// What is due: what, by when, why, and where it is done.
#[Object]
impl Duty {
    /// The sort of duty.
    async fn kind(&self) -> &str {
        self.duty.kind
    }

    /// What is due.
    async fn title(&self) -> &str {
        &self.duty.title
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.duty.reason
    }

    /// Until when; null when there is no date.
    async fn due_on(&self) -> Option<kernel::graphql::LocalDate> {
        self.duty.due_on.map(kernel::graphql::LocalDate)
    }

    /// Whether the date has passed.
    async fn late(&self) -> bool {
        self.late
    }

    /// The screen where it is done.
    async fn path(&self) -> &str {
        &self.duty.path
    }
}

/// A measured fact.
#[derive(async_graphql::SimpleObject)]
pub struct Measured {
    /// Its name.
    name: String,
    /// Its value; null when unknown.
    value: Option<f64>,
    /// Its unit, in Spanish.
    unit: &'static str,
    /// How it is counted, in Spanish.
    explanation: &'static str,
}

pub(crate) fn build() -> Schema {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .disable_suggestions()
        .extension(Limits)
        .finish()
}

/// The schema in the definition language, as committed in `services/api/schema.graphql`.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    build().sdl_with_options(options).trim().to_owned() + "\n"
}
