//! Use cases of the plan's text.

use std::collections::BTreeSet;

use kernel::search::Entry;
use kernel::{Error, Result, Tx, text};
use serde_json::json;

use super::model::Book;
use super::{rules, store};
use crate::frameworks::rules::framework;
use crate::{frameworks, indicators};

/// Marks an activity of the plan as done, or takes the mark back.
pub(crate) async fn set_activity_done(tx: &mut Tx, action_line: i32, number: i32, done: bool, evidence: Option<&str>) -> Result<()> {
    let evidence = rules::activity(evidence)?.filter(|_| done);
    let done_at = done.then(|| tx.now());
    store::set_activity(tx, action_line, number, done_at, evidence.as_deref()).await?;
    let subject = format!("{action_line}.{number}");
    tx.audit("plan.activity.marked", "activity", &subject, json!({ "done": done, "evidence": evidence })).await?;
    tx.publish();
    Ok(())
}

/// Puts a plan in the place of what is measured and makes its action lines findable. An indicator that was there keeps its past.
pub(crate) async fn place(tx: &mut Tx, book: &Book) -> Result<()> {
    let framework = framework(&book.plan.framework)?;
    if let Some(phase) = book.phases.iter().find(|phase| framework.phase(&phase.key).is_none()) {
        return Err(Error::whole("PACK", format!("plan.yaml: el marco {} no tiene la fase «{}»", framework.key, phase.key)));
    }
    let (indicators, phases): (Vec<_>, Vec<_>) =
        (book.indicators.iter().map(|row| row.id).collect(), book.phases.iter().map(|row| row.key.clone()).collect());
    distinct(&indicators, "Dos indicadores de una acción llevan la misma clave.")?;
    distinct(&phases, "Dos fases del plan llevan la misma clave.")?;
    store::upsert_plan(tx, &book.plan).await?;
    store::vacate(tx, &indicators, &phases).await?;
    for line in &book.action_lines {
        store::insert_action_line(tx, line).await?;
    }
    for indicator in &book.indicators {
        indicators::store::insert_indicator(tx, indicator).await?;
    }
    for activity in &book.activities {
        store::insert_activity(tx, activity).await?;
    }
    for phase in &book.phases {
        frameworks::store::insert_phase(tx, phase).await?;
    }
    store::unindex(tx).await?;
    for entry in entries(book) {
        tx.index(entry).await?;
    }
    Ok(())
}

/// Refuses what comes twice: the later one would take the place of the earlier in silence.
fn distinct<T: Ord>(keys: &[T], message: &str) -> Result<()> {
    let once = keys.iter().collect::<BTreeSet<_>>().len() == keys.len();
    if once { Ok(()) } else { Err(Error::whole("TAKEN", message)) }
}

fn entries(book: &Book) -> Vec<Entry> {
    let plan = &book.plan;
    let whole = Entry {
        kind: "plan",
        key: "plan".to_owned(),
        title: "Plan de acción".to_owned(),
        summary: text::summary(&plan.general_objective, 180),
        text: [&plan.title, &plan.vision, &plan.legal_frame].map(String::as_str).join(" "),
        path: "/plan".to_owned(),
    };
    let lines = book.action_lines.iter().map(|line| {
        let indicators = book.indicators.iter().filter(|row| row.action_line == line.number).map(|row| row.name.as_str());
        let activities = book.activities.iter().filter(|row| row.action_line == line.number).map(|row| row.text.as_str());
        Entry {
            kind: "plan",
            key: format!("accion-{}", line.number),
            title: format!("Acción {} del plan: {}", line.number, line.title),
            summary: text::summary(&line.benefits.join(" "), 180),
            text: indicators.chain(activities).collect::<Vec<_>>().join(" "),
            path: format!("/plan/acciones/{}", line.number),
        }
    });
    std::iter::once(whole).chain(lines).collect()
}
