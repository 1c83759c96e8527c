//! A plan as one document: what `plan.yaml` holds, and what each version keeps of itself.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use super::model::{ActionLineRow, ActivityRow, Book, ClosingActivity, HelpRow, Letterhead, Period, PlanIncentive, PlanNote, PlanRow};
use crate::frameworks::pack::PhaseFile;
use crate::indicators::pack::IndicatorFile;

/// A whole plan as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) framework: String,
    pub(crate) period: Option<Period>,
    pub(crate) legal_frame: String,
    pub(crate) vision: String,
    pub(crate) general_objective: String,
    pub(crate) specific_objectives: Vec<String>,
    pub(crate) framework_lines: Vec<String>,
    pub(crate) action_lines: Vec<LineFile>,
    pub(crate) phases: Vec<PhaseFile>,
    pub(crate) closing_activities: Vec<ClosingActivity>,
    pub(crate) help_table: Vec<HelpRow>,
    pub(crate) incentives: Vec<PlanIncentive>,
    pub(crate) signed_by: String,
    pub(crate) letterhead: Letterhead,
    #[serde(default)]
    pub(crate) notes: Vec<PlanNote>,
}

/// A row of the matrix as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineFile {
    pub(crate) number: i32,
    pub(crate) title: String,
    pub(crate) benefits: Vec<String>,
    pub(crate) indicators: Vec<IndicatorFile>,
    pub(crate) activities: Vec<ActivityFile>,
    pub(crate) responsibles: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) duration_text: String,
}

/// An activity as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityFile {
    pub(crate) text: String,
    pub(crate) responsibles: Option<Vec<String>>,
}

/// The place of something in its list, from one.
fn place(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

impl Document {
    /// The same plan without a word in it.
    pub(crate) fn blank(&self) -> Self {
        let letterhead =
            Letterhead { name: String::new(), dispatch: None, nit: None, motto: None, address: None, phone: None, email: None };
        Self {
            key: self.key.clone(),
            title: String::new(),
            framework: self.framework.clone(),
            period: None,
            legal_frame: String::new(),
            vision: String::new(),
            general_objective: String::new(),
            specific_objectives: Vec::new(),
            framework_lines: Vec::new(),
            action_lines: Vec::new(),
            phases: Vec::new(),
            closing_activities: Vec::new(),
            help_table: Vec::new(),
            incentives: Vec::new(),
            signed_by: String::new(),
            letterhead,
            notes: Vec::new(),
        }
    }

    /// The plan's rows, as nothing of it were done yet.
    pub(crate) fn book(self, tenant: Uuid) -> Book {
        let mut book = Book {
            plan: PlanRow {
                key: self.key,
                title: self.title,
                framework: self.framework,
                period: self.period.map(Json),
                legal_frame: self.legal_frame,
                vision: self.vision,
                general_objective: self.general_objective,
                specific_objectives: self.specific_objectives,
                framework_lines: self.framework_lines,
                closing_activities: Json(self.closing_activities),
                help_table: Json(self.help_table),
                incentives: Json(self.incentives),
                signed_by: self.signed_by,
                letterhead: Json(self.letterhead),
                notes: Json(self.notes),
            },
            action_lines: Vec::new(),
            indicators: Vec::new(),
            activities: Vec::new(),
            phases: self.phases.into_iter().enumerate().map(|(index, phase)| phase.row(place(index))).collect(),
        };
        for line in self.action_lines {
            let number = line.number;
            let indicators = line.indicators.into_iter().enumerate();
            book.indicators.extend(indicators.map(|(index, file)| file.row(tenant, &book.plan.key, number, place(index))));
            book.activities.extend(line.activities.into_iter().enumerate().map(|(index, activity)| ActivityRow {
                action_line: number,
                number: place(index),
                text: activity.text,
                responsibles: activity.responsibles,
                done_at: None,
                evidence: None,
            }));
            book.action_lines.push(ActionLineRow {
                number,
                title: line.title,
                benefits: line.benefits,
                responsibles: line.responsibles,
                resources: line.resources,
                duration_text: line.duration_text,
            });
        }
        book
    }
}

impl From<Book> for Document {
    fn from(book: Book) -> Self {
        let (plan, indicators, activities) = (book.plan, &book.indicators, &book.activities);
        Self {
            key: plan.key,
            title: plan.title,
            framework: plan.framework,
            period: plan.period.map(|period| period.0),
            legal_frame: plan.legal_frame,
            vision: plan.vision,
            general_objective: plan.general_objective,
            specific_objectives: plan.specific_objectives,
            framework_lines: plan.framework_lines,
            action_lines: book
                .action_lines
                .into_iter()
                .map(|line| LineFile {
                    indicators: indicators.iter().filter(|row| row.action_line == line.number).cloned().map(Into::into).collect(),
                    activities: activities
                        .iter()
                        .filter(|row| row.action_line == line.number)
                        .map(|row| ActivityFile { text: row.text.clone(), responsibles: row.responsibles.clone() })
                        .collect(),
                    number: line.number,
                    title: line.title,
                    benefits: line.benefits,
                    responsibles: line.responsibles,
                    resources: line.resources,
                    duration_text: line.duration_text,
                })
                .collect(),
            phases: book.phases.into_iter().map(Into::into).collect(),
            closing_activities: plan.closing_activities.0,
            help_table: plan.help_table.0,
            incentives: plan.incentives.0,
            signed_by: plan.signed_by,
            letterhead: plan.letterhead.0,
            notes: plan.notes.0,
        }
    }
}

impl LineFile {
    /// A row without anything in it.
    pub(crate) fn blank(number: i32) -> Self {
        Self {
            number,
            title: String::new(),
            benefits: Vec::new(),
            indicators: Vec::new(),
            activities: Vec::new(),
            responsibles: Vec::new(),
            resources: Vec::new(),
            duration_text: String::new(),
        }
    }
}
