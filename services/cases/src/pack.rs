//! The cases' part of a tenant pack, `cases.yaml`: cases with what happened to them, and the counters of their radicados.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::pack::{Pack, PackPart};
use kernel::secret::sha256_hex;
use kernel::{Error, Result, Tx, clock, text};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::model::{CaseRow, CaseState, CounterRow, EventRow};
use crate::rules::{self, Radicado};
use crate::{service, store};

pub(crate) struct CasesPart;

const FILE: &str = "cases.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CasesFile {
    counters: Vec<CounterRow>,
    cases: Vec<CaseFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: CaseRow,
    events: Vec<EventRow>,
}

#[async_trait]
impl PackPart for CasesPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        let Some(file) = pack.yaml::<CasesFile>(FILE)? else { return Ok(()) };
        let mut last: BTreeMap<i32, i64> = file.counters.into_iter().map(|counter| (counter.year, counter.last)).collect();
        for CaseFile { case, events } in file.cases {
            let Radicado { year, number } = Radicado::parse(&case.radicado)
                .filter(|radicado| radicado.to_string() == case.radicado)
                .ok_or_else(|| Error::whole("PACK", format!("{FILE}: «{}» no es un radicado", case.radicado)))?;
            let highest = last.entry(year).or_default();
            *highest = number.max(*highest);
            store::insert_case(tx, &case).await?;
            for event in &events {
                store::insert_event(tx, case.id, event).await?;
            }
        }
        for (year, last) in last {
            store::raise_counter(tx, &CounterRow { year, last }).await?;
        }
        Ok(())
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let mut file = CasesFile { counters: store::counters(tx).await?, cases: Vec::new() };
        for case in store::all_cases(tx).await? {
            let events = store::events(tx, case.id).await?;
            file.cases.push(CaseFile { case, events });
        }
        // A town that never had a case has no file.
        if file.counters.is_empty() { Ok(()) } else { pack.put_yaml(FILE, &file) }
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCase {
    kind: String,
    subject: String,
    body: String,
    name: Option<String>,
    email: Option<String>,
    anonymous: bool,
    days_ago: i64,
    at: String,
    dependency: Option<String>,
    state: CaseState,
    answer: Option<String>,
    answered_days_ago: Option<i64>,
}

/// Loads the overlay's `cases` section: oldest first, so that radicados rise with time. Nobody was told a code of these cases.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move {
        let mut section: Vec<DemoCase> = serde_json::from_value(section.clone())?;
        section.sort_by_key(|case| (-case.days_ago, case.at.clone()));
        let (now, calendar) = (tx.now(), rules::calendar(tx.entry()?.as_ref())?);
        for case in section {
            let opened_at = text::days_ago(now, case.days_ago, Some(&case.at));
            let answered_at = case.answered_days_ago.map(|days| text::days_ago(now, days, Some("16:10")));
            let received_on = calendar::radication_date(opened_at, &calendar);
            let year = clock::local(opened_at).year();
            let number = store::next_number(tx, year).await?;
            let row = CaseRow {
                id: tx.id(),
                radicado: Radicado { year, number }.to_string(),
                due_on: rules::kind(&case.kind)
                    .and_then(|kind| rules::deadline(kind, received_on, &calendar))
                    .map(|deadline| deadline.due_on),
                kind: case.kind,
                subject: case.subject,
                body: case.body,
                name: case.name,
                email: case.email,
                anonymous: case.anonymous,
                idempotency_key: format!("demo-{year}-{number}"),
                code_hash: sha256_hex(&tx.secret()),
                state: case.state,
                dependency: case.dependency,
                opened_at,
                received_on,
                answered_at,
                answer: case.answer,
                taken_by: None,
            };
            service::note(tx, row.id, opened_at, service::RECEIVED, true).await?;
            if row.state != CaseState::Received {
                service::note(tx, row.id, (opened_at + Duration::hours(20)).min(answered_at.unwrap_or(now)), service::IN_PROGRESS, true)
                    .await?;
            }
            if let Some(answered_at) = answered_at {
                service::note(tx, row.id, answered_at, service::ANSWERED, true).await?;
            }
            store::insert_case(tx, &row).await?;
        }
        Ok(())
    }
    .boxed()
}
