//! The agreements' part of a tenant pack, `agreements.yaml`: entities, and agreements with what they brought.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::{Error, Result, Tx, text};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use crate::model::{AgreementRow, EntityKind, EntityLevel, EntityRow, Kept, ResultRow};
use crate::{service, store};

pub(crate) struct AgreementsPart;

const FILE: &str = "agreements.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementsFile {
    entities: Vec<EntityRow>,
    agreements: Vec<AgreementFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementFile {
    agreement: AgreementRow,
    results: Vec<ResultRow>,
}

#[async_trait]
impl PackPart for AgreementsPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<AgreementsFile>(FILE)? else { return Ok(()) };
        for entity in &file.entities {
            store::insert_entity(tx, entity).await?;
        }
        for AgreementFile { agreement, results } in file.agreements {
            let entity = file.entities.iter().find(|entity| entity.slug == agreement.entity).cloned();
            let entity = entity.ok_or_else(|| Error::whole("PACK", format!("{FILE}: no hay una entidad «{}»", agreement.entity)))?;
            place(tx, Kept { agreement, entity, results }).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let entities = store::entities(tx, None).await?;
        let agreements = store::book(tx, None).await?.into_iter();
        let agreements = agreements.map(|Kept { agreement, results, .. }| AgreementFile { agreement, results }).collect();
        // A town that never used the register has no file.
        if entities.is_empty() { Ok(()) } else { pack.put_yaml(FILE, &AgreementsFile { entities, agreements }) }
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

/// Stores an agreement with its results, and makes it findable.
async fn place(tx: &mut Tx, mut kept: Kept) -> Result<()> {
    store::insert_agreement(tx, &kept.agreement).await?;
    for result in &mut kept.results {
        result.agreement.clone_from(&kept.agreement.slug);
        store::insert_result(tx, result).await?;
    }
    service::index(tx, &kept).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demo {
    entities: Vec<DemoEntity>,
    agreements: Vec<DemoAgreement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoEntity {
    name: String,
    level: EntityLevel,
    kind: EntityKind,
    #[serde(default)]
    priority: bool,
    web: Option<String>,
    contact: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoAgreement {
    entity: String,
    number: String,
    title: String,
    topics: Vec<String>,
    object: String,
    /// How long ago it was signed, never before the year began.
    days_ago: Option<i64>,
    /// Or its day in the year before, as `05-14`.
    last_year: Option<String>,
    lasts_days: Option<i64>,
    ended_early: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    results: Vec<DemoResult>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoResult {
    /// So many days after the signature, never later than today.
    after_days: i64,
    text: String,
    evidence: Option<String>,
}

/// Loads the overlay's `agreements` section.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let Demo { entities, agreements } = serde_json::from_value(section.clone())?;
        let (now, today) = (tx.now(), tx.today());
        let new_year = Date::from_ordinal_date(today.year(), 1).map_err(Error::broken)?;
        let mut known = Vec::new();
        for demo in entities {
            let entity = EntityRow {
                slug: text::slug(&demo.name),
                level: demo.level,
                kind: demo.kind,
                priority: demo.priority,
                web: demo.web,
                contact_phone: demo.contact.as_ref().map(|_| "(601) 000 00 00".to_owned()),
                contact_email: demo.contact.as_ref().map(|_| format!("{}@example.org", text::slug(&demo.name))),
                contact_name: demo.contact,
                recorded_at: now - Duration::days(700),
                updated_at: now - Duration::days(700),
                name: demo.name,
            };
            store::insert_entity(tx, &entity).await?;
            known.push(entity);
        }
        for demo in agreements {
            let entity = known.iter().find(|entity| entity.name == demo.entity).cloned().ok_or(Error::NotFound)?;
            let ago = demo.days_ago.unwrap_or_default();
            let signed_on = match demo.last_year.as_deref().and_then(|day| day.split_once('-')) {
                Some((month, day)) => {
                    let (month, day): (u8, u8) = (month.parse().map_err(Error::broken)?, day.parse().map_err(Error::broken)?);
                    let month = time::Month::try_from(month).map_err(Error::broken)?;
                    Date::from_calendar_date(today.year() - 1, month, day).map_err(Error::broken)?
                }
                None => (today - Duration::days(ago)).max(new_year),
            };
            let recorded_at = text::days_ago(now, (today - signed_on).whole_days(), Some("15:20"));
            let agreement = AgreementRow {
                slug: text::slug(&demo.title),
                entity: entity.slug.clone(),
                number: Some(format!("{} de {}", demo.number, signed_on.year())),
                title: demo.title,
                topics: demo.topics,
                object: demo.object,
                signed_on,
                begins_on: signed_on,
                ends_on: demo.lasts_days.map(|days| signed_on + Duration::days(days)),
                ended_on: demo.ended_early.as_ref().map(|_| (signed_on + Duration::days(120)).min(today)),
                end_reason: demo.ended_early,
                published_at: (!demo.draft).then_some(recorded_at),
                annulled_at: None,
                annul_reason: None,
                recorded_at,
                updated_at: recorded_at,
            };
            let mut results = Vec::new();
            for result in demo.results {
                let happened_on = (signed_on + Duration::days(result.after_days)).min(today);
                results.push(ResultRow {
                    id: tx.id(),
                    agreement: agreement.slug.clone(),
                    happened_on,
                    text: result.text,
                    evidence: result.evidence,
                    recorded_at: text::days_ago(now, (today - happened_on).whole_days(), Some("16:05")),
                    annulled_at: None,
                    annul_reason: None,
                });
            }
            place(tx, Kept { agreement, entity, results }).await?;
        }
        Ok(())
    }
    .boxed()
}
