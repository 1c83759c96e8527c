//! How a month is ordered: pure, dated, and told to the public at `/metodologia`, which a test holds to these figures.

use std::cmp::Ordering;
use std::collections::HashMap;

use kernel::graphql::PopulationBand;
use kernel::search::plain;
use time::Date;
use time::macros::date;

use super::category::MunicipalCategory;
use crate::model::{Certainty, RankingOrder, Score, Standing};

/// A version of the rules.
pub(crate) struct Rules {
    pub(crate) version: u32,
    /// From when on months were closed by it.
    pub(crate) since: Date,
    /// What it changed, in Spanish.
    pub(crate) text: &'static str,
}

/// Every version of the rules, newest first; a month is closed by the first, and its statement names it.
pub(crate) const VERSIONS: [Rules; 2] = [
    Rules {
        version: 2,
        since: date!(2026 - 11 - 29),
        text: "Días para objetar antes del cierre; firma Ed25519 que cualquiera puede comprobar; datos por hora publicados; volumen mínimo en \
               las listas por mil habitantes y de los que más subieron; qué tan segura es la diferencia con el siguiente.",
    },
    Rules {
        version: 1,
        since: date!(2026 - 11 - 22),
        text: "Orden por visitas, por mil habitantes y por puestos ganados; empates con el mismo puesto; cierre con la clave de la plataforma.",
    },
];

/// With fewer visits in a month a town is not compared by inhabitants or by improvement: chance would decide.
pub(crate) const MIN_VISITS: i64 = 100;
/// The places that win something; whoever shares the last of them wins too.
pub(crate) const PRIZES: i32 = 3;

/// Visits for each thousand inhabitants; nothing where nobody knows how many they are.
pub(crate) fn per_thousand(visits: i64, population: Option<i32>) -> Option<f64> {
    population.filter(|people| *people > 0).map(|people| (visits * 1000) as f64 / f64::from(people))
}

/// The place of each: the greatest is first, equals share a place and leave the next ones empty (1, 2, 2, 4), nothing comes last.
pub(crate) fn places(keys: &[Option<f64>]) -> Vec<i32> {
    let mut sorted = keys.to_vec();
    sorted.sort_by(|a, b| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    let ahead = |key: &Option<f64>| sorted.partition_point(|other| other > key);
    keys.iter().map(|key| i32::try_from(ahead(key)).unwrap_or(i32::MAX - 1) + 1).collect()
}

/// Whether the difference of two counts is more than chance. Under the hypothesis that both towns are visited equally (for each
/// inhabitant, where `of` gives them), one's share of the sum of two Poisson counts is binomial: Przyborowski and Wilenski,
/// "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940), 313–323. Its normal approximation is
/// reckoned in whole numbers, against the quantiles for 99 and 95 %: 2.5758² = 6.6349 and 1.9600² = 3.8415.
pub(crate) fn certainty(ahead: (i64, i64), behind: (i64, i64)) -> Certainty {
    let ((a, m), (b, n)) = ((i128::from(ahead.0), i128::from(ahead.1)), (i128::from(behind.0), i128::from(behind.1)));
    let square = (a * n - b * m).pow(2) * 10_000;
    let spread = (a + b) * m * n;
    if square >= 66_349 * spread && spread > 0 {
        Certainty::Clear
    } else if square >= 38_415 * spread && spread > 0 {
        Certainty::Likely
    } else {
        Certainty::Undecided
    }
}

/// Towns in an order, and how many were left out of it because they have too few visits or unknown inhabitants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ordered {
    pub(crate) rows: Vec<Standing>,
    pub(crate) left_out: usize,
}

/// The towns in their places, beside the places that they had `before`; by improvement the places are those by visits, and the
/// greatest climb stands first. Who shares a place stands by name.
pub(crate) fn ordered(scores: Vec<Score>, before: &[Score], by: RankingOrder) -> Ordered {
    let all = scores.len();
    let earlier_visits: HashMap<_, _> = before.iter().map(|score| (score.tenant, score.visits)).collect();
    let compared = |score: &Score| match by {
        RankingOrder::Visits => true,
        RankingOrder::PerThousand => score.visits >= MIN_VISITS && score.per_thousand.is_some(),
        RankingOrder::Improved => {
            score.visits >= MIN_VISITS && earlier_visits.get(&score.tenant).is_some_and(|visits| *visits >= MIN_VISITS)
        }
    };
    let key = |score: &Score| if by == RankingOrder::PerThousand { score.per_thousand } else { Some(score.visits as f64) };
    let keys = |scores: &[Score]| scores.iter().map(key).collect::<Vec<_>>();
    // By improvement places are those among all, so that a town of few visits still takes its place by visits.
    let (in_place, then): (Vec<Score>, Vec<Score>) = if by == RankingOrder::PerThousand {
        (scores.into_iter().filter(compared).collect(), before.iter().filter(|score| compared(score)).cloned().collect())
    } else {
        (scores, before.to_vec())
    };
    let earlier: HashMap<_, _> = then.iter().map(|score| score.tenant).zip(places(&keys(&then))).collect();
    let now = places(&keys(&in_place));
    let rows: Vec<Standing> = in_place
        .into_iter()
        .zip(now)
        .filter(|(score, _)| compared(score))
        .map(|(score, position)| Standing { previous: earlier.get(&score.tenant).copied(), position, score, certainty: None })
        .collect();
    let order = match by {
        RankingOrder::Improved => places(&rows.iter().map(|row| row.change().map(f64::from)).collect::<Vec<_>>()),
        RankingOrder::Visits | RankingOrder::PerThousand => rows.iter().map(|row| row.position).collect(),
    };
    let mut rows: Vec<_> = order.into_iter().zip(rows).collect();
    rows.sort_by_cached_key(|(place, row)| (*place, plain(&row.score.name), row.score.code.clone()));
    let mut rows: Vec<Standing> = rows.into_iter().map(|(_, row)| row).collect();
    if by != RankingOrder::Improved {
        let of = |row: &Standing| {
            let people = if by == RankingOrder::PerThousand { row.score.population.unwrap_or(1) } else { 1 };
            (row.score.visits, i64::from(people))
        };
        let sure: Vec<Certainty> = rows.windows(2).map(|pair| certainty(of(&pair[0]), of(&pair[1]))).collect();
        for (row, sure) in rows.iter_mut().zip(sure) {
            row.certainty = Some(sure);
        }
    }
    Ordered { left_out: all - rows.len(), rows }
}

/// The towns by visits, or by one of the other orders, without what was left out.
pub(crate) fn standings(scores: Vec<Score>, before: &[Score], by: RankingOrder) -> Vec<Standing> {
    ordered(scores, before, by).rows
}

/// Which towns of a month are compared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Group<'a> {
    pub(crate) department: Option<&'a str>,
    pub(crate) band: Option<PopulationBand>,
    pub(crate) category: Option<MunicipalCategory>,
}

impl Group<'_> {
    /// Those of these towns that belong to it.
    pub(crate) fn of(&self, scores: &[Score]) -> Vec<Score> {
        let within = |score: &&Score| {
            self.department.is_none_or(|code| score.department.code == code)
                && self.band.is_none_or(|band| score.band() == Some(band))
                && self.category.is_none_or(|category| score.category == Some(category))
        };
        scores.iter().filter(within).cloned().collect()
    }
}

/// Who wins something: the towns with visits in the first places, everybody who shares the last of them included.
pub(crate) fn winners(rows: &[Standing]) -> impl Iterator<Item = &Standing> {
    rows.iter().filter(|row| row.position <= PRIZES && row.score.visits > 0)
}

/// The place of each within its own group, by visits; none without a group.
pub(crate) fn places_within<K: PartialEq>(towns: &[(Option<K>, i64)]) -> Vec<Option<i32>> {
    let place = |(group, visits): &(Option<K>, i64)| {
        group.as_ref()?;
        let ahead = towns.iter().filter(|(other, more)| other == group && more > visits).count();
        Some(i32::try_from(ahead).unwrap_or(i32::MAX - 1) + 1)
    };
    towns.iter().map(place).collect()
}

/// A department as the sum of its towns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DepartmentSum {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) towns: i32,
    pub(crate) visits: i64,
    pub(crate) per_thousand: Option<f64>,
    /// The fifth of the departments in which it falls, 5 the most visited; 0 without visits.
    pub(crate) level: i32,
}

/// The departments by visits for each thousand inhabitants, the most first.
pub(crate) fn departments(scores: &[Score]) -> Vec<DepartmentSum> {
    let mut sums = std::collections::BTreeMap::<&str, (&str, i32, i64, i32)>::new();
    for score in scores {
        let (_, towns, visits, people) = sums.entry(&score.department.code).or_insert((&score.department.name, 0, 0, 0));
        *towns += 1;
        *visits += score.visits;
        *people += score.population.unwrap_or(0);
    }
    let mut rows: Vec<DepartmentSum> = sums
        .into_iter()
        .map(|(code, (name, towns, visits, people))| DepartmentSum {
            code: code.to_owned(),
            name: name.to_owned(),
            towns,
            visits,
            per_thousand: per_thousand(visits, Some(people)),
            level: 0,
        })
        .collect();
    let visited = rows.iter().fold(0, |visited, row| visited + i32::from(row.visits > 0));
    let keys: Vec<_> = rows.iter().map(|row| row.per_thousand).collect();
    for (row, place) in rows.iter_mut().zip(places(&keys)).filter(|(row, _)| row.visits > 0) {
        row.level = 5 - (place - 1).min(visited - 1) * 5 / visited;
    }
    rows.sort_by_cached_key(|row| (-row.level, plain(&row.name)));
    rows
}

/// Towns made up for tests.
#[cfg(test)]
pub(crate) mod sample {
    use kernel::graphql::Department;
    use uuid::Uuid;

    use super::{Score, per_thousand};

    pub(crate) fn score(number: u128, visits: i64, population: Option<i32>) -> Score {
        Score {
            tenant: Uuid::from_u128(number),
            code: format!("{number:05}"),
            name: format!("Municipio {number}"),
            department: Department { code: format!("{:02}", number % 3), name: format!("Departamento {}", number % 3) },
            population,
            visits,
            per_thousand: per_thousand(visits, population),
            category: None,
        }
    }

    pub(crate) fn scores(visits: &[i64]) -> Vec<Score> {
        visits.iter().zip(1..).map(|(visits, number)| score(number, *visits, Some(10_000))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::sample::{score, scores};
    use super::*;

    fn positions(rows: &[Standing]) -> Vec<i32> {
        rows.iter().map(|row| row.position).collect()
    }

    #[test]
    fn equals_share_a_place_and_the_next_is_left_empty() {
        assert_eq!(positions(&standings(scores(&[5, 9, 5, 1]), &[], RankingOrder::Visits)), [1, 2, 2, 4]);
    }

    #[test]
    fn who_shares_a_place_stands_by_name_without_regard_to_accents() {
        let mut rows = scores(&[7, 7]);
        "Útica".clone_into(&mut rows[0].name);
        "Ubaté".clone_into(&mut rows[1].name);
        assert_eq!(standings(rows, &[], RankingOrder::Visits)[0].score.name, "Ubaté");
    }

    #[test]
    fn few_visits_and_unknown_inhabitants_are_not_compared_by_thousand() {
        let found = ordered(vec![score(1, 900, None), score(2, 99, Some(5)), score(3, 100, Some(500))], &[], RankingOrder::PerThousand);
        assert_eq!((positions(&found.rows), found.left_out, found.rows[0].score.per_thousand), (vec![1], 2, Some(200.0)));
        assert_eq!(per_thousand(3, Some(0)), None);
    }

    #[test]
    fn the_most_improved_climbed_most_places_by_visits() {
        let found = ordered(scores(&[300, 200, 150, 500, 99]), &scores(&[100, 200, 300, 20, 400]), RankingOrder::Improved);
        let told: Vec<_> = found.rows.iter().map(|row| (row.score.visits, row.position, row.change())).collect();
        // The fourth had too few visits before, the fifth has too few now; both still take their places by visits.
        assert_eq!((told, found.left_out), (vec![(300, 2, Some(2)), (200, 3, Some(0)), (150, 4, Some(-2))], 2));
    }

    #[test]
    fn a_difference_is_sure_or_not_by_tables() {
        // 2.5758 and 1.9600 standard deviations of the difference of two Poisson counts whose sum is 10.000.
        assert_eq!(certainty((5129, 1), (4871, 1)), Certainty::Clear);
        assert_eq!(certainty((5128, 1), (4872, 1)), Certainty::Likely);
        assert_eq!(certainty((5098, 1), (4902, 1)), Certainty::Likely);
        assert_eq!(certainty((5097, 1), (4903, 1)), Certainty::Undecided);
        assert_eq!((certainty((0, 1), (0, 1)), certainty((8, 1), (8, 1))), (Certainty::Undecided, Certainty::Undecided));
        // Twice the visits of twice the inhabitants is no difference.
        assert_eq!(certainty((2000, 20_000), (1000, 10_000)), Certainty::Undecided);
        assert_eq!(certainty((1000, 10_000), (1000, 20_000)), Certainty::Clear);
    }

    #[test]
    fn who_shares_the_last_prize_wins_too() {
        let rows = standings(scores(&[9, 8, 7, 7, 7, 1]), &[], RankingOrder::Visits);
        assert_eq!(winners(&rows).map(|row| row.position).collect::<Vec<_>>(), [1, 2, 3, 3, 3]);
        let empty = standings(scores(&[4, 0, 0]), &[], RankingOrder::Visits);
        assert_eq!(winners(&empty).count(), 1, "who was never visited wins nothing");
    }

    #[test]
    fn groups_have_places_of_their_own() {
        let mut all = vec![score(1, 50, Some(9_000)), score(2, 40, Some(15_000)), score(3, 30, Some(8_000)), score(4, 30, None)];
        let small = Group { band: Some(PopulationBand::UpTo10000), ..Group::default() };
        let rows = standings(small.of(&all), &[], RankingOrder::Visits);
        assert_eq!(rows.iter().map(|row| (row.position, row.score.visits)).collect::<Vec<_>>(), [(1, 50), (2, 30)]);
        let third = Group { department: Some("01"), ..Group::default() };
        assert_eq!(third.of(&all).iter().map(|score| score.code.as_str()).collect::<Vec<_>>(), ["00001", "00004"]);
        all[2].category = Some(MunicipalCategory::Sixth);
        let sixth = Group { category: Some(MunicipalCategory::Sixth), ..Group::default() };
        assert_eq!(sixth.of(&all).len(), 1, "who has entered no category is in no group of one");
        all.truncate(3);
        let bands: Vec<_> = all.iter().map(|score| (score.band(), score.visits)).collect();
        assert_eq!(places_within(&bands), [Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn departments_fall_into_fifths() {
        let rows = departments(&scores(&[900, 0, 300]));
        assert_eq!(rows.iter().map(|row| (row.level, row.visits)).collect::<Vec<_>>(), [(5, 900), (3, 300), (0, 0)]);
    }

    #[test]
    fn the_public_reads_the_figures_that_order() {
        let page = include_str!("../../pages/agency/methodology.html");
        let told = [format!("menos de {MIN_VISITS} visitas"), format!("los {PRIZES} primeros puestos")];
        assert!(told.iter().all(|words| page.contains(words)), "{told:?}");
        assert!(VERSIONS.windows(2).all(|pair| pair[0].version == pair[1].version + 1 && pair[0].since > pair[1].since));
    }

    proptest! {
        #[test]
        fn a_place_is_one_more_than_those_ahead(visits in prop::collection::vec(0i64..20, 1..40)) {
            for row in standings(scores(&visits), &[], RankingOrder::Visits) {
                let ahead = visits.iter().filter(|other| **other > row.score.visits).count();
                prop_assert_eq!(row.position, ahead as i32 + 1);
            }
        }

        #[test]
        fn no_town_is_lost_and_no_order_falls(visits in prop::collection::vec((50i64..200, 50i64..200, any::<bool>()), 1..40)) {
            let now: Vec<_> = visits.iter().zip(1..).map(|((now, _, known), at)| score(at, *now, known.then_some(at as i32))).collect();
            let before: Vec<_> = visits.iter().zip(1..).map(|((_, then, known), at)| score(at, *then, known.then_some(at as i32))).collect();
            for by in [RankingOrder::Visits, RankingOrder::PerThousand, RankingOrder::Improved] {
                let found = ordered(now.clone(), &before, by);
                prop_assert_eq!(found.rows.len() + found.left_out, now.len());
                let keys: Vec<_> = found.rows.iter().map(|row| match by {
                    RankingOrder::Visits => Some(row.score.visits as f64),
                    RankingOrder::PerThousand => row.score.per_thousand,
                    RankingOrder::Improved => row.change().map(f64::from),
                }).collect();
                prop_assert!(keys.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", keys);
                if by != RankingOrder::Visits {
                    prop_assert!(found.rows.iter().all(|row| row.score.visits >= MIN_VISITS));
                }
            }
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(visits in prop::collection::vec(0i64..5, 1..20)) {
            let told = |rows: Vec<Standing>| rows.into_iter().map(|row| (row.score.code, row.position)).collect::<Vec<_>>();
            let mut turned = scores(&visits);
            turned.reverse();
            let straight = standings(scores(&visits), &[], RankingOrder::Visits);
            prop_assert_eq!(told(straight), told(standings(turned, &[], RankingOrder::Visits)));
        }

        #[test]
        fn more_visits_never_cost_a_place(visits in prop::collection::vec(0i64..50, 2..30), at in any::<prop::sample::Index>(), more in 1i64..20) {
            let at = at.index(visits.len());
            let mut grown = visits.clone();
            grown[at] += more;
            let place = |visits: &[i64]| standings(scores(visits), &[], RankingOrder::Visits).into_iter().find(|row| row.score.tenant.as_u128() == at as u128 + 1).map(|row| row.position);
            prop_assert!(place(&grown) <= place(&visits));
        }

        #[test]
        fn certainty_is_the_same_from_both_sides_and_grows_with_the_difference(a in 0i64..5000, b in 0i64..5000, more in 0i64..5000) {
            prop_assert_eq!(certainty((a, 1), (b, 1)), certainty((b, 1), (a, 1)));
            let rank = |found| match found { Certainty::Undecided => 0, Certainty::Likely => 1, Certainty::Clear => 2 };
            let (high, low) = (a.max(b), a.min(b));
            prop_assert!(rank(certainty((high + more, 1), (low, 1))) >= rank(certainty((high, 1), (low, 1))));
        }

        #[test]
        fn whoever_stands_at_the_prize_line_wins_or_loses_together(visits in prop::collection::vec(0i64..6, 1..30)) {
            let rows = standings(scores(&visits), &[], RankingOrder::Visits);
            let won: Vec<_> = winners(&rows).map(|row| row.score.visits).collect();
            for row in &rows {
                prop_assert_eq!(won.contains(&row.score.visits), winners(&rows).any(|winner| winner.score.tenant == row.score.tenant));
            }
        }
    }
}
