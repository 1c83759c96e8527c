//! Notes for the analyst: what is unusual in a town's day, each by a rule that anybody can read. Pure. A note changes no count.

/// What is known of a town's day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DayFacts {
    pub(crate) visits: i64,
    /// Visits with a second page.
    pub(crate) second: i64,
    /// Visits that were set aside because their network brought too many.
    pub(crate) set_aside: i64,
    /// Visits between midnight and five in the morning.
    pub(crate) night: i64,
    /// Hits of programs.
    pub(crate) programs: i64,
    /// Hits as a part of another page.
    pub(crate) embedded: i64,
    /// Visits by the sort of place from which most came, the direct ones left out.
    pub(crate) one_source: i64,
}

/// A rule that found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum NoteRule {
    /// Far more visits than usual.
    Jump,
    /// Hardly anybody reads a second page.
    Bounce,
    /// Networks that bring more than counts.
    Networks,
    /// More programs than people.
    Programs,
    /// Visits while the country sleeps.
    Night,
    /// Shown inside other pages.
    Embedded,
    /// Nearly everybody comes from one sort of place.
    OneSource,
}

impl NoteRule {
    /// Every rule with its word in the database, its name and how it decides, in Spanish.
    pub(crate) const ALL: [(Self, &'static str, &'static str, &'static str); 7] = [
        (Self::Jump, "JUMP", "Salto", "Más del triple de la mediana de los 28 días anteriores, y al menos 50 visitas más."),
        (Self::Bounce, "BOUNCE", "Rebote", "Al menos 50 visitas, y 9 de cada 10 o más leyeron una sola página."),
        (Self::Networks, "NETWORKS", "Redes al tope", "Se apartaron al menos 10 visitas y más de una por cada 10 que contaron."),
        (Self::Programs, "PROGRAMS", "Programas", "Los programas leyeron al menos 500 páginas y más de 10 por cada visita."),
        (Self::Night, "NIGHT", "De noche", "Al menos 50 visitas, y más de la tercera parte entre la medianoche y las 5 de la mañana."),
        (Self::Embedded, "EMBEDDED", "Incrustado", "Al menos 50 páginas se pidieron desde dentro de otra página."),
        (
            Self::OneSource,
            "ONE_SOURCE",
            "Un solo origen",
            "Al menos 50 visitas, y 9 de cada 10 o más llegaron desde un mismo tipo de sitio.",
        ),
    ];

    fn row(self) -> &'static (Self, &'static str, &'static str, &'static str) {
        Self::ALL.iter().find(|(rule, ..)| *rule == self).unwrap_or(&Self::ALL[0])
    }

    pub(crate) fn word(self) -> &'static str {
        self.row().1
    }

    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }

    pub(crate) fn explanation(self) -> &'static str {
        self.row().3
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, ..)| *known == word).map(|(rule, ..)| *rule)
    }
}

/// Fewer visits than these say nothing.
const FEW: i64 = 50;

/// What is unusual in a day; `before` are the visits of the days before it.
pub(crate) fn notes(day: &DayFacts, before: &[i64]) -> Vec<(NoteRule, String)> {
    let mut sorted = before.to_vec();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied();
    let DayFacts { visits, second, set_aside, night, programs, embedded, one_source } = *day;
    let mut found = Vec::new();
    if let Some(median) = median
        && visits > 3 * median
        && visits - median >= FEW
    {
        found.push((NoteRule::Jump, format!("{visits} visitas; lo usual son {median}")));
    }
    let single = visits - second;
    if visits >= FEW && single * 10 >= visits * 9 {
        found.push((NoteRule::Bounce, format!("{single} de {visits} visitas leyeron una sola página")));
    }
    if set_aside >= 10 && set_aside * 10 > visits {
        found.push((NoteRule::Networks, format!("{set_aside} visitas apartadas; contaron {visits}")));
    }
    if programs >= 500 && programs > 10 * visits {
        found.push((NoteRule::Programs, format!("{programs} lecturas de programas; contaron {visits} visitas")));
    }
    if visits >= FEW && night * 3 > visits {
        found.push((NoteRule::Night, format!("{night} de {visits} visitas entre la medianoche y las 5")));
    }
    if embedded >= FEW {
        found.push((NoteRule::Embedded, format!("{embedded} páginas pedidas desde dentro de otra")));
    }
    if visits >= FEW && one_source * 10 >= visits * 9 {
        found.push((NoteRule::OneSource, format!("{one_source} de {visits} visitas llegaron desde un mismo tipo de sitio")));
    }
    found
}

/// What it takes to climb one place by visits that nobody makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Places that have one above them.
    pub(crate) places: i32,
    /// The visits that half of them lack at most.
    pub(crate) visits: i64,
    /// The networks that it takes to bring so many in a month, each at its limit every day.
    pub(crate) networks: i64,
    /// The same where it takes fewest.
    pub(crate) fewest: i64,
}

/// The cost to move one place, of towns in their order: the visits of each and how many one network may bring it a day.
pub(crate) fn cost(rows: &[(i64, u32)], days: i64) -> Option<Cost> {
    let lacking = rows.windows(2).filter_map(|pair| match pair {
        [above, below] if above.0 > 0 => {
            let visits = above.0 - below.0 + 1;
            let each = i64::from(below.1) * days.max(1);
            Some((visits, (visits + each - 1) / each.max(1)))
        }
        _ => None,
    });
    let (mut visits, mut networks): (Vec<i64>, Vec<i64>) = lacking.unzip();
    visits.sort_unstable();
    networks.sort_unstable();
    let at = visits.len() / 2;
    Some(Cost { places: visits.len() as i32, visits: *visits.get(at)?, networks: *networks.get(at)?, fewest: *networks.first()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(day: DayFacts, before: &[i64]) -> Vec<NoteRule> {
        notes(&day, before).into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn a_usual_day_has_no_note() {
        let day = DayFacts { visits: 120, second: 60, set_aside: 4, night: 5, programs: 400, embedded: 3, one_source: 50 };
        assert_eq!(rules(day, &[100; 28]), []);
        assert_eq!(rules(DayFacts { visits: 12, ..DayFacts::default() }, &[]), [], "few visits say nothing");
    }

    #[test]
    fn each_rule_finds_what_it_says() {
        let usual = DayFacts { visits: 120, second: 60, ..DayFacts::default() };
        assert_eq!(rules(DayFacts { visits: 301, second: 150, ..usual }, &[100; 28]), [NoteRule::Jump]);
        assert_eq!(rules(DayFacts { visits: 300, second: 150, ..usual }, &[100; 28]), []);
        assert_eq!(rules(DayFacts { second: 12, ..usual }, &[100; 28]), [NoteRule::Bounce]);
        assert_eq!(rules(DayFacts { set_aside: 13, ..usual }, &[100; 28]), [NoteRule::Networks]);
        assert_eq!(rules(DayFacts { programs: 1201, ..usual }, &[100; 28]), [NoteRule::Programs]);
        assert_eq!(rules(DayFacts { night: 41, ..usual }, &[100; 28]), [NoteRule::Night]);
        assert_eq!(rules(DayFacts { embedded: 50, ..usual }, &[100; 28]), [NoteRule::Embedded]);
        assert_eq!(rules(DayFacts { one_source: 108, ..usual }, &[100; 28]), [NoteRule::OneSource]);
    }

    #[test]
    fn the_analyst_reads_how_each_rule_decides() {
        let page = include_str!("../../pages/agency/counting.html");
        for (_, _, title, explanation) in NoteRule::ALL {
            assert!(page.contains(&format!("<b>{title}.</b> {explanation}")), "{title}");
        }
    }

    #[test]
    fn every_rule_comes_back_from_its_word() {
        for (rule, word, ..) in NoteRule::ALL {
            assert_eq!((NoteRule::from_word(word), rule.word()), (Some(rule), word));
        }
    }

    #[test]
    fn a_place_costs_the_gap_and_one_more() {
        let rows = [(1000, 20), (900, 12), (890, 20), (0, 12), (0, 12)];
        assert_eq!(cost(&rows, 30), Some(Cost { places: 3, visits: 101, networks: 1, fewest: 1 }));
        assert_eq!(cost(&[(5000, 12), (1000, 12)], 30), Some(Cost { places: 1, visits: 4001, networks: 12, fewest: 12 }));
        assert_eq!(cost(&[(0, 12), (0, 12)], 30), None);
    }
}
