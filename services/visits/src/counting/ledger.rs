//! The ledger of a month: every hit as it was judged, without an address. Whoever may read it can run the rules again.

use std::collections::BTreeMap;

use kernel::{Platform, Result, Scope};
use time::OffsetDateTime;
use uuid::Uuid;

use super::batch::{HIT_BYTES, Unpack, pack_hit};
use super::judge::{Hit, Judge, Reason, Verdict};
use super::store;
use crate::model::{Month, Tally};

/// Above the numbers of the reasons stand the verdicts that count.
const COUNTED: [Verdict; 5] = [Verdict::Visit, Verdict::Second, Verdict::View, Verdict::SetAside, Verdict::Download];
const FIRST_COUNTED: u8 = 200;

/// Packs a hit with what came of it.
pub(crate) fn pack(out: &mut Vec<u8>, hit: &Hit, verdict: Verdict) {
    pack_hit(out, hit);
    out.push(match verdict {
        Verdict::Rejected(reason) => reason.number(),
        counted => FIRST_COUNTED + COUNTED.iter().position(|known| *known == counted).map_or(0, |at| at as u8),
    });
}

/// The hits of a packed batch, each with what came of it.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<(Hit, Verdict)>> {
    let mut hits = Vec::with_capacity(packed.len() / (HIT_BYTES + 1));
    let mut from = Unpack(packed);
    while !from.0.is_empty() {
        let (hit, number) = (from.hit()?, from.byte()?);
        let counted = number.checked_sub(FIRST_COUNTED).and_then(|at| COUNTED.get(usize::from(at)).copied());
        let verdict = counted.or_else(|| Reason::from_number(number).map(Verdict::Rejected));
        hits.push((hit, verdict.ok_or_else(|| kernel::Error::fault("an unknown verdict in the ledger"))?));
    }
    Ok(hits)
}

/// The hour of a moment in milliseconds.
pub(crate) fn hour(at: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.div_euclid(3_600_000) * 3600).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// What hits add to the counts of a town: the hours, and the rejects of each hour by reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) hours: BTreeMap<(Uuid, OffsetDateTime), Tally>,
    pub(crate) rejects: BTreeMap<(Uuid, OffsetDateTime, &'static str), i64>,
}

impl Sums {
    /// Adds a judged hit.
    pub(crate) fn add(&mut self, tenant: Uuid, hit: &Hit, verdict: Verdict) {
        let hour = hour(hit.at);
        let tally = self.hours.entry((tenant, hour)).or_default();
        let mut reject = |reason: Reason, times: i64| *self.rejects.entry((tenant, hour, reason.word())).or_default() += times;
        match verdict {
            Verdict::Rejected(reason) => {
                reject(reason, i64::from(hit.times));
                tally.robots += if reason.is_program() { i64::from(hit.times) } else { 0 };
                return;
            }
            Verdict::Visit => (tally.visits, tally.views) = (tally.visits + 1, tally.views + 1),
            Verdict::SetAside => {
                (tally.set_aside, tally.views) = (tally.set_aside + 1, tally.views + 1);
                reject(Reason::Network, 1);
            }
            Verdict::Second | Verdict::View => tally.views += 1,
            Verdict::Download => {}
        }
        if hit.times > 1 {
            reject(Reason::Repeat, i64::from(hit.times) - 1);
        }
    }
}

/// What running the rules again over a month's ledger gave.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rerun {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// Towns that have a ledger in it.
    pub towns: usize,
    /// Hits in the ledger.
    pub hits: i64,
    /// Visits that they make.
    pub visits: i64,
    /// What is not as it was written, at most twenty of it.
    pub differences: Vec<String>,
}

/// Runs the rules again over the ledger of a month, and compares with what was counted.
pub async fn rerun(platform: &Platform, month: &str) -> Result<Rerun> {
    let month = Month::parse(month).ok_or(kernel::Error::BadRequest("Escriba el mes como año y mes: 2026-10.".into()))?;
    let mut tx = Scope::Worker(None).read(platform.db()).await?;
    let towns = store::ledger_towns(&mut tx, month).await?;
    let mut run = Rerun { month: month.to_string(), towns: towns.len(), hits: 0, visits: 0, differences: Vec::new() };
    for town in towns {
        let (mut judge, mut sums) = (Judge::default(), Sums::default());
        for (limit, packed) in store::ledger_of(&mut tx, town, month).await? {
            for (hit, written) in unpack(&packed)? {
                let verdict = judge.judge(&hit, limit);
                if verdict != written {
                    run.differences.push(format!("{town} {}: {written:?}, now {verdict:?}", hour(hit.at)));
                }
                run.hits += i64::from(hit.times);
                sums.add(town, &hit, verdict);
            }
        }
        let (hours, rejects) = store::counts_of(&mut tx, town, month).await?;
        for (key, tally) in &sums.hours {
            run.visits += tally.visits;
            if hours.get(&key.1).copied().unwrap_or_default() != *tally {
                run.differences.push(format!("{town} {}: counted {:?}, now {tally:?}", key.1, hours.get(&key.1)));
            }
        }
        for ((_, hour, reason), hits) in &sums.rejects {
            let counted = rejects.get(&(*hour, (*reason).to_owned()));
            if counted != Some(hits) {
                run.differences.push(format!("{town} {hour} {reason}: rejected {counted:?}, now {hits}"));
            }
        }
        run.differences.truncate(20);
    }
    tx.rollback().await?;
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judged_hit_comes_back_as_it_was_packed() {
        let hit = Hit { at: 1_790_000_000_000, visitor: 1, network: 2, page: 3, times: 4, download: false, mark: None };
        let all = COUNTED.into_iter().chain(Reason::ALL.map(|(reason, ..)| Verdict::Rejected(reason)));
        let judged: Vec<(Hit, Verdict)> = all.map(|verdict| (hit, verdict)).collect();
        let mut packed = Vec::new();
        for (hit, verdict) in &judged {
            pack(&mut packed, hit, *verdict);
        }
        assert_eq!(unpack(&packed).expect("is whole"), judged);
        assert!(unpack(&packed[1..]).is_err());
    }

    #[test]
    fn equal_hits_are_one_page_and_its_repeats() {
        let town = Uuid::from_u128(1);
        let hit = Hit { at: 1_790_000_000_000, visitor: 1, network: 2, page: 3, times: 4, download: false, mark: None };
        let mut sums = Sums::default();
        sums.add(town, &hit, Verdict::Visit);
        sums.add(town, &hit, Verdict::SetAside);
        sums.add(town, &hit, Verdict::Rejected(Reason::Robot));
        let tally = Tally { visits: 1, views: 2, robots: 4, set_aside: 1 };
        assert_eq!(sums.hours.into_values().collect::<Vec<_>>(), [tally]);
        let rejects: Vec<_> = sums.rejects.into_iter().map(|((.., reason), hits)| (reason, hits)).collect();
        assert_eq!(rejects, [("NETWORK", 1), ("REPEAT", 6), ("ROBOT", 4)]);
    }
}
