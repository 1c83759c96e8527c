//! The incentives' queries and mutations together, and what a municipality sees of all of them on one page.

use async_graphql::{Context, MergedObject, Object};
use kernel::Permission;
use kernel::directory::Audience;
use kernel::graphql::{Can, Cx, GqlResult};

use crate::awards::graphql::{AwardCall, AwardsMutation, AwardsQuery};
use crate::awards::model::CallStage;
use crate::features::graphql::{Feature, FeaturesMutation, FeaturesQuery};
use crate::features::model::EvidenceLine;
use crate::news::graphql::{NewsMutation, NewsQuery};
use crate::television::graphql::{Experience, TelevisionMutation, TelevisionQuery};
use crate::{awards, features, television};

/// What a municipality won, what is open to it, and what it needs for the next.
pub struct OwnIncentives;

/// What a municipality won, what is open to it, and what it needs for the next.
#[Object]
impl OwnIncentives {
    /// When its site was featured, newest first.
    async fn features(&self, ctx: &Context<'_>) -> GqlResult<Vec<Feature>> {
        let cx = Cx::of(ctx)?;
        let rows = features::store::granted(&mut *cx.read().await?, cx.tenant.id).await?;
        Ok(rows.into_iter().map(Feature).collect())
    }

    /// The points that its site would have now, line by line: what is missing is what it needs for the next.
    async fn evidence(&self, ctx: &Context<'_>) -> GqlResult<Vec<EvidenceLine>> {
        let cx = Cx::of(ctx)?;
        Ok(features::service::measured(&mut *cx.read().await?, cx.platform.registry()).await?)
    }

    /// The calls that are open or will open, and those in which it took part.
    async fn calls(&self, ctx: &Context<'_>) -> GqlResult<Vec<AwardCall>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let today = tx.today();
        let own = awards::store::own_nominations(&mut tx).await?;
        let mut calls = awards::store::calls(&mut tx).await?;
        calls.retain(|call| {
            matches!(awards::rules::stage(call, today), CallStage::Open | CallStage::Upcoming)
                || own.iter().any(|row| row.call == call.slug)
        });
        Ok(calls.into_iter().map(AwardCall).collect())
    }

    /// The decided calls in which it has a place, newest first.
    async fn awards(&self, ctx: &Context<'_>) -> GqlResult<Vec<OwnAward>> {
        let cx = Cx::of(ctx)?;
        let calls = awards::store::calls(&mut *cx.read().await?).await?;
        let mut won = Vec::new();
        for call in calls {
            let mine = call.results.iter().flat_map(|places| places.0.iter()).find(|place| place.municipality == cx.tenant.id).cloned();
            won.extend(mine.map(|place| OwnAward { call: AwardCall(call), place: awards::graphql::AwardPlace(place) }));
        }
        Ok(won)
    }

    /// The experiences that it proposed for the programme, with what became of each.
    async fn experiences(&self, ctx: &Context<'_>) -> GqlResult<Vec<Experience>> {
        Ok(television::graphql::own(Cx::of(ctx)?).await?)
    }
}

/// The place of a municipality in a decided call.
#[derive(async_graphql::SimpleObject)]
pub struct OwnAward {
    /// The call.
    call: AwardCall,
    /// Its place.
    place: awards::graphql::AwardPlace,
}

/// What belongs to all incentives together.
#[derive(Default)]
pub struct OverviewQuery;

/// What belongs to all incentives together.
#[Object]
impl OverviewQuery {
    /// What this host's municipality won and what it needs for the next; null on the platform's own hosts.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn own_incentives(&self, ctx: &Context<'_>) -> GqlResult<Option<OwnIncentives>> {
        Ok((Cx::of(ctx)?.tenant.kind.audience() == Audience::Municipality).then_some(OwnIncentives))
    }
}

/// Queries of incentives.
#[derive(MergedObject, Default)]
pub struct IncentivesQuery(OverviewQuery, FeaturesQuery, AwardsQuery, TelevisionQuery, NewsQuery);

/// Mutations of incentives.
#[derive(MergedObject, Default)]
pub struct IncentivesMutation(FeaturesMutation, AwardsMutation, TelevisionMutation, NewsMutation);
