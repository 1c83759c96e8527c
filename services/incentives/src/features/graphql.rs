//! Queries and mutations of featured sites and of the figures of the country.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use kernel::graphql::{Can, Cx, DateTime, GqlResult, Municipality, Paging};
use kernel::search::plain;
use kernel::{Error, Permission};

use super::model::{EvidenceLine, FeatureRow};
use super::service::{self, Candidate};
use super::store;
use crate::jobs;

/// A site that the agency featured.
pub struct Feature(pub(crate) FeatureRow);

/// A site that the agency featured.
#[Object]
impl Feature {
    /// Its name in addresses: year, month and municipality.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Whose site it is.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.municipality_id))
    }

    /// Why it was chosen.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Its points on that day, out of 100.
    async fn points(&self) -> i32 {
        self.0.points
    }

    /// What they were made of.
    async fn evidence(&self) -> &[EvidenceLine] {
        &self.0.evidence
    }

    /// When it was featured.
    async fn featured_at(&self) -> DateTime {
        DateTime(self.0.featured_at)
    }

    /// When it was taken back; null where it stands.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.0.withdrawn_at.map(DateTime)
    }

    /// Why it was taken back.
    async fn withdraw_reason(&self) -> Option<&str> {
        self.0.withdraw_reason.as_deref()
    }

    /// The address of its proof, on the agency's portal.
    async fn url(&self, ctx: &Context<'_>) -> GqlResult<String> {
        let platform = &Cx::of(ctx)?.platform;
        Ok(platform.links.to(platform.directory().domain(), &format!("/destacados/{}", self.0.slug)))
    }
}

kernel::connection!(FeatureConnection, Feature);

/// A municipality that could be featured, with its evidence.
pub struct FeatureCandidate(Candidate);

/// A municipality that could be featured, with its evidence.
#[Object]
impl FeatureCandidate {
    /// The municipality.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.town))
    }

    /// Its points, out of 100.
    async fn points(&self) -> i32 {
        self.0.points
    }

    /// What they are made of.
    async fn evidence(&self) -> &[EvidenceLine] {
        &self.0.lines
    }

    /// When it was last measured.
    async fn measured_at(&self) -> DateTime {
        DateTime(self.0.measured_at)
    }

    /// When it was last featured; null where it never was.
    async fn featured_at(&self) -> Option<DateTime> {
        self.0.featured_at.map(DateTime)
    }
}

kernel::connection!(FeatureCandidateConnection, FeatureCandidate);

/// The municipalities of the country in a few figures, as they were last added up.
#[derive(SimpleObject)]
pub struct NationalFigures {
    /// How many were measured.
    towns: i32,
    /// How many of them published something in the last seven days.
    updated_this_week: i32,
    /// How many news they published in a year.
    news_this_year: i32,
    /// The average share of trámites with a confirmed sheet, in percent; null while nobody knows any.
    tramites_share: Option<f64>,
    /// When they were added up.
    counted_at: DateTime,
}

/// Queries of featured sites.
#[derive(Default)]
pub struct FeaturesQuery;

/// Queries of featured sites.
#[Object]
impl FeaturesQuery {
    /// The sites that the agency featured, newest first, on its own host.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn features(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> GqlResult<FeatureConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let mut rows = store::features(&mut *Cx::of(ctx)?.read().await?).await?;
        rows.retain(|row| row.withdrawn_at.is_none());
        let total = rows.len() as i64;
        let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(FeatureConnection::new(paging, page.map(Feature).collect(), total))
    }

    /// A featured site with its proof; one that was taken back says why.
    async fn feature(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<Feature>> {
        let rows = store::features(&mut *Cx::of(ctx)?.read().await?).await?;
        Ok(rows.into_iter().find(|row| row.slug == slug).map(Feature))
    }

    /// When the agency featured this host's municipality, newest first.
    async fn own_features(&self, ctx: &Context<'_>) -> GqlResult<Vec<Feature>> {
        let cx = Cx::of(ctx)?;
        let rows = store::granted(&mut *cx.read().await?, cx.tenant.id).await?;
        Ok(rows.into_iter().map(Feature).collect())
    }

    /// Every municipality by its points for freshness and relevance, for whoever chooses.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)", complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn feature_shortlist(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
        department: Option<String>,
    ) -> GqlResult<FeatureCandidateConnection> {
        let cx = Cx::of(ctx)?;
        let paging = Paging::new(first, after.as_deref())?;
        let wanted = plain(search.as_deref().unwrap_or_default().trim());
        let department = department.filter(|code| !code.is_empty());
        let directory = cx.platform.directory();
        let counts = jobs::counts(&cx.platform);
        let wanted_town = |id| {
            counts(id)
                && directory.get(id).is_some_and(|town| {
                    plain(&town.name).contains(&wanted) && department.as_ref().is_none_or(|code| town.department_code == *code)
                })
        };
        let found = service::shortlist(&mut *cx.read().await?, wanted_town).await;
        let rows = match found {
            Err(Error::NotFound) => Vec::new(),
            rows => rows?,
        };
        let total = rows.len() as i64;
        let page = rows.into_iter().skip(paging.offset as usize).take(paging.limit as usize);
        Ok(FeatureCandidateConnection::new(paging, page.map(FeatureCandidate).collect(), total))
    }

    /// The municipalities of the country in a few figures; null until they were first added up, and on every host but the agency's.
    async fn national_figures(&self, ctx: &Context<'_>) -> GqlResult<Option<NationalFigures>> {
        let rows = store::own_evidence(&mut *Cx::of(ctx)?.read().await?).await?;
        let of = |name: &str| rows.iter().find(|row| row.name == name);
        let whole = |name: &str| of(name).and_then(|row| row.value).unwrap_or_default() as i32;
        Ok(of(service::TOWNS).map(|towns| NationalFigures {
            towns: whole(service::TOWNS),
            updated_this_week: whole(service::UPDATED),
            news_this_year: whole(service::NEWS),
            tramites_share: of(service::SHEETS).and_then(|row| row.value),
            counted_at: DateTime(towns.at),
        }))
    }
}

/// A site to feature.
#[derive(InputObject)]
pub struct FeatureMunicipalityInput {
    /// The municipality, by its name in hosts.
    municipality: String,
    /// Why; it is published beside the evidence.
    reason: String,
}

/// A feature to take back.
#[derive(InputObject)]
pub struct WithdrawFeatureInput {
    /// The feature, by its name in addresses.
    slug: String,
    /// Why.
    reason: String,
}

kernel::payload!(FeatureMunicipalityPayload { feature: Feature });
kernel::payload!(WithdrawFeaturePayload { feature: Feature });

/// Mutations of featured sites.
#[derive(Default)]
pub struct FeaturesMutation;

/// Mutations of featured sites.
#[Object]
impl FeaturesMutation {
    /// Features a municipality, with its evidence as it was last measured.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn feature_municipality(&self, ctx: &Context<'_>, input: FeatureMunicipalityInput) -> GqlResult<FeatureMunicipalityPayload> {
        let cx = Cx::of(ctx)?;
        let town = cx.platform.directory().by_slug(&input.municipality).filter(|town| jobs::competes(&cx.platform, town));
        let town = town.ok_or(Error::NotFound)?;
        let mut tx = cx.write().await?;
        let done = async {
            let row = service::feature(&mut tx, &town, &input.reason).await?;
            jobs::tell(&mut tx, town.id).await?;
            Ok(row)
        }
        .await;
        FeatureMunicipalityPayload::of(tx.settle(done).await.map(Feature))
    }

    /// Takes a feature back: it leaves every list, and its address says why.
    #[graphql(guard = "Can(Permission::GuideMunicipalities)")]
    async fn withdraw_feature(&self, ctx: &Context<'_>, input: WithdrawFeatureInput) -> GqlResult<WithdrawFeaturePayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = async {
            let row = service::withdraw(&mut tx, &input.slug, &input.reason).await?;
            jobs::tell(&mut tx, row.municipality_id).await?;
            Ok(row)
        }
        .await;
        WithdrawFeaturePayload::of(tx.settle(done).await.map(Feature))
    }
}
