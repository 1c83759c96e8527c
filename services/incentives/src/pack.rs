//! What a town sent for incentives, in its pack: `incentives.yaml`. What the agency granted is the agency's and does not travel, and what
//! was measured is measured again.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Result, Tx, ids, text};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::Duration;
use uuid::Uuid;

use crate::awards::model::{KeepAwardCallInput, NominationRow};
use crate::television::model::ExperienceRow;
use crate::{awards, jobs, television};

pub(crate) struct IncentivesPart;

const FILE: &str = "incentives.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IncentivesFile {
    nominations: Vec<NominationRow>,
    experiences: Vec<ExperienceRow>,
}

#[async_trait]
impl PackPart for IncentivesPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<IncentivesFile>(FILE)? else { return Ok(()) };
        for row in &file.nominations {
            awards::store::keep_nomination(tx, row).await?;
        }
        for row in &file.experiences {
            television::store::insert_experience(tx, row).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let nominations = awards::store::own_nominations(tx).await?;
        let experiences = television::store::own_experiences(tx).await?;
        // A town that never sent anything has no file.
        let nothing = nominations.is_empty() && experiences.is_empty();
        if nothing { Ok(()) } else { pack.put_yaml(FILE, &IncentivesFile { nominations, experiences }) }
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        let tenant = tx.tenant()?;
        sqlx::query!("delete from incentives.evidence where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from incentives.nomination where tenant_id = $1", tenant).execute(&mut **tx).await?;
        sqlx::query!("delete from incentives.experience where tenant_id = $1", tenant).execute(&mut **tx).await?;
        Ok(())
    }
}

/// The overlay's section: the agency's calls, a town's nominations and experiences.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    #[serde(default)]
    calls: Vec<DemoCall>,
    #[serde(default)]
    nominations: Vec<DemoNomination>,
    #[serde(default)]
    experiences: Vec<DemoExperience>,
    #[serde(default)]
    granted: Vec<DemoGrant>,
}

/// What the agency granted in the demonstration; towns are named by their hosts, so it is done once they are all there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoGrant {
    pub(crate) municipality: String,
    pub(crate) days_ago: i64,
    /// Why its site was featured.
    pub(crate) feature: Option<String>,
    /// A programme made of the town's experience of that title.
    pub(crate) broadcast: Option<DemoBroadcast>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoBroadcast {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) video_url: String,
    pub(crate) transcript: String,
}

/// The id of an experience of the overlay, by which the agency's overlay finds it.
pub(crate) fn demo_experience(town: Uuid, title: &str) -> Uuid {
    ids::named(town, "demo-experience", title)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCall {
    title: String,
    body: String,
    criteria: String,
    prizes: String,
    opened_days_ago: i64,
    closes_in_days: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoNomination {
    call: String,
    title: String,
    summary: String,
    answers: BTreeMap<String, String>,
    days_ago: i64,
    #[serde(default)]
    draft: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoExperience {
    title: String,
    story: String,
    days_ago: i64,
}

/// Loads the overlay's `incentives` section.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let Demo { calls, nominations, experiences, granted } = serde_json::from_value(section.clone())?;
        let (tenant_id, now, today) = (tx.tenant()?, tx.now(), tx.today());
        for call in calls {
            let input = KeepAwardCallInput {
                slug: None,
                title: call.title,
                body: call.body,
                criteria: call.criteria,
                prizes: call.prizes,
                opens_on: kernel::graphql::LocalDate(today - Duration::days(call.opened_days_ago)),
                closes_on: kernel::graphql::LocalDate(today + Duration::days(call.closes_in_days)),
            };
            let row = awards::rules::call(&input, now)?;
            awards::store::insert_call(tx, &row).await?;
        }
        for demo in nominations {
            let at = text::days_ago(now, demo.days_ago, Some("11:40"));
            let row = NominationRow {
                tenant_id,
                call: demo.call,
                title: demo.title,
                summary: demo.summary,
                answers: Json(demo.answers),
                updated_at: at,
                submitted_at: (!demo.draft).then_some(at),
            };
            awards::store::keep_nomination(tx, &row).await?;
        }
        for demo in experiences {
            let proposed_at = text::days_ago(now, demo.days_ago, Some("15:05"));
            let id = demo_experience(tenant_id, &demo.title);
            let row = ExperienceRow { tenant_id, id, title: demo.title, story: demo.story, proposed_at, withdrawn_at: None };
            television::store::insert_experience(tx, &row).await?;
        }
        for grant in granted {
            jobs::demonstrate(tx, grant).await?;
        }
        Ok(())
    }
    .boxed()
}
