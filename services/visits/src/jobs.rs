//! What visits do later: counting keeps its house, and the comparison reads every measure once a day.

use kernel::jobs::{Cron, JobKind};

use crate::comparison::jobs as comparison;
use crate::counting::jobs as counting;

pub(crate) const JOBS: &[JobKind] = &[comparison::READ_ALL, comparison::READ_TOWN, counting::SALTS, counting::LEDGER, counting::NOTES];

pub(crate) const CRONS: &[Cron] = &[comparison::READ_ALL_CRON, counting::SALTS_CRON, counting::LEDGER_CRON, counting::NOTES_CRON];
