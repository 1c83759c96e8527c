//! What is due on criteria: those that nobody has answered, and states whose proof is gone.

use std::collections::HashSet;

use kernel::capability::Duty;
use kernel::{Result, Tx};

use super::model::{Framework, FrameworkPhase, Stated};
use super::rules::{self, screen};
use super::store;

/// What the committee owes the criteria. In the plan's framework each phase is one duty, in every other the whole is.
pub(crate) async fn due(tx: &mut Tx) -> Result<Vec<Duty>> {
    let (mut due, plan) = (Vec::new(), store::plan_framework(tx).await?);
    for framework in rules::frameworks() {
        let mine = plan.as_deref() == Some(framework.key.as_str());
        if !mine && framework.replaced_by.is_some() {
            continue;
        }
        let stated = store::stated(tx, &framework.key, framework.version).await?;
        due.extend(stated.iter().filter(|stated| !stated.supported).filter_map(|lost| support(framework, lost)));
        let answered: HashSet<&str> = stated.iter().map(|stated| stated.row.code.as_str()).collect();
        let open: Vec<_> =
            framework.phases.iter().map(|phase| (phase, unanswered(phase, &answered))).filter(|(_, open)| *open > 0).collect();
        if mine {
            due.extend(open.iter().map(|(phase, open)| assess(framework, phase, *open, &phase.name)));
        } else if let Some((first, _)) = open.first() {
            due.push(assess(framework, first, open.iter().map(|(_, open)| open).sum(), &framework.name));
        }
    }
    Ok(due)
}

/// How many criteria of a phase wait for a person's word.
fn unanswered(phase: &FrameworkPhase, answered: &HashSet<&str>) -> usize {
    phase.asked().filter(|criterion| criterion.measure.is_none() && !answered.contains(criterion.code.as_str())).count()
}

fn assess(framework: &Framework, phase: &FrameworkPhase, open: usize, of: &str) -> Duty {
    Duty {
        kind: "plan.criteria",
        title: format!("Evaluar {open} {}: {of}", if open == 1 { "criterio" } else { "criterios" }),
        reason: "Sin evaluar cuentan como no cumplidos.".to_owned(),
        due_on: None,
        path: format!("/admin/plan/criterios?marco={}&fase={}&ver=UNMET", framework.key, phase.key),
        account: None,
    }
}

fn support(framework: &Framework, lost: &Stated) -> Option<Duty> {
    let (phase, criterion) =
        framework.find(&lost.row.code).filter(|(_, criterion)| criterion.retired.is_none() && criterion.measure.is_none())?;
    Some(Duty {
        kind: "plan.support",
        title: format!("Reponer la evidencia: {}", criterion.title),
        reason: "Lo que probaba este criterio ya no está en el sitio; mientras tanto cuenta como no cumplido.".to_owned(),
        due_on: None,
        path: screen(&framework.key, &phase.key, criterion, false),
        account: lost.row.by_id,
    })
}
