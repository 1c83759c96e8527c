//! How many points a town has for freshness and relevance. The figures stand here once; pages print them from the lines.

use kernel::Result;
use kernel::error::Faults;

use super::model::EvidenceLine;

/// What one measure is worth.
struct Worth {
    measure: &'static str,
    title: &'static str,
    unit: &'static str,
    most: i32,
    goal: &'static str,
    /// The part of the points that a value gives, from 0 to 1.
    part: fn(f64) -> f64,
}

/// Half for freshness, half for relevance; 100 in all.
const WORTH: [Worth; 6] = [
    Worth {
        measure: "site.days_since_update",
        title: "Días desde la última actualización",
        unit: "días",
        most: 25,
        goal: "7 días o menos; desde 37 no suma",
        part: |days| (37.0 - days) / 30.0,
    },
    Worth {
        measure: "site.news_published",
        title: "Noticias en los últimos 365 días",
        unit: "noticias",
        most: 25,
        goal: "52: una por semana",
        part: |news| news / 52.0,
    },
    Worth {
        measure: "tramites.published_share",
        title: "Trámites con ficha confirmada",
        unit: "%",
        most: 20,
        goal: "el 100 %",
        part: |share| share / 100.0,
    },
    Worth {
        measure: "cases.answered_in_time_share",
        title: "Solicitudes respondidas a tiempo",
        unit: "%",
        most: 15,
        goal: "el 100 %",
        part: |share| share / 100.0,
    },
    Worth {
        measure: "services.published_share",
        title: "Servicios con ficha confirmada",
        unit: "%",
        most: 10,
        goal: "el 100 %",
        part: |share| share / 100.0,
    },
    Worth {
        measure: "site.directory_published",
        title: "Directorio con teléfonos o correos",
        unit: "sí o no",
        most: 5,
        goal: "que lo publique",
        part: |there| there,
    },
];

/// The measures that are asked of every town.
pub(crate) fn measures() -> impl Iterator<Item = &'static str> {
    WORTH.iter().map(|worth| worth.measure)
}

/// The lines of a town's evidence, in order. What is unknown gives no points, and says so.
pub(crate) fn lines(value_of: impl Fn(&str) -> Option<f64>) -> Vec<EvidenceLine> {
    let line = |worth: &Worth| {
        let value = value_of(worth.measure);
        let part = value.map_or(0.0, |value| (worth.part)(value).clamp(0.0, 1.0));
        EvidenceLine {
            measure: worth.measure.to_owned(),
            title: worth.title.to_owned(),
            value,
            unit: worth.unit.to_owned(),
            points: (part * f64::from(worth.most)).round() as i32,
            most: worth.most,
            goal: worth.goal.to_owned(),
        }
    };
    WORTH.iter().map(line).collect()
}

/// The sum of the points.
pub(crate) fn points(lines: &[EvidenceLine]) -> i32 {
    lines.iter().map(|line| line.points).sum()
}

/// Why a site is featured, or no longer is.
pub(crate) fn reason(typed: &str, missing: &str) -> Result<String> {
    let mut faults = Faults::default();
    let reason = faults.needed("reason", typed, 2000, missing);
    faults.into_result()?;
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_add_up_to_a_hundred() {
        assert_eq!(WORTH.iter().map(|worth| worth.most).sum::<i32>(), 100);
        let best = lines(|name| Some(if name == "site.days_since_update" { 0.0 } else { 1000.0 }));
        assert_eq!(points(&best), 100, "more than the goal gives no more");
        assert_eq!(points(&lines(|_| None)), 0, "what is unknown gives nothing");
    }

    #[test]
    fn freshness_fades_over_a_month() {
        let fresh = |days: f64| lines(|name| (name == "site.days_since_update").then_some(days))[0].points;
        assert_eq!([fresh(7.0), fresh(22.0), fresh(37.0), fresh(400.0)], [25, 13, 0, 0]);
    }
}
