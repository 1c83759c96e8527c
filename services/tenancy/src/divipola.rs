//! DIVIPOLA: every municipality of the country, with the slug under which it is hosted.

use std::sync::LazyLock;

use kernel::text;

const CSV: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/divipola.csv"));

/// A row of DIVIPOLA (DANE), with our slug.
#[derive(Debug, Clone, serde::Deserialize)]
#[expect(missing_docs, reason = "the columns of tenants/national/divipola.csv")]
pub struct Place {
    pub department_code: String,
    pub department: String,
    pub municipality_code: String,
    pub municipality: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub population_2024: Option<i32>,
    pub centroid_lat: Option<f64>,
    pub centroid_lon: Option<f64>,
    pub slug: String,
    pub ranked: bool,
}

impl Place {
    /// Whether it is one of the 18 áreas no municipalizadas.
    pub fn is_area(&self) -> bool {
        self.kind.starts_with("area")
    }

    /// Its name alone as an address.
    pub fn short_slug(&self) -> String {
        text::slug(&self.municipality)
    }
}

static PLACES: LazyLock<Vec<Place>> =
    LazyLock::new(|| csv::Reader::from_reader(CSV.as_bytes()).deserialize().filter_map(std::result::Result::ok).collect());

/// Every place, in the order of its code.
pub fn places() -> &'static [Place] {
    &PLACES
}

/// The place of that code.
pub(crate) fn place(code: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.municipality_code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CSV, places};

    #[test]
    fn every_row_is_read_and_every_slug_is_its_own() {
        assert_eq!(places().len(), CSV.lines().count() - 1);
        let slugs: HashSet<_> = places().iter().map(|place| &place.slug).collect();
        assert_eq!(slugs.len(), places().len());
        assert!(places().iter().all(|place| place.slug.len() <= 63 && place.slug == kernel::text::slug(&place.slug)));
    }

    #[test]
    fn the_areas_and_bogota_are_not_ranked() {
        assert_eq!(places().iter().filter(|place| !place.ranked).count(), 19);
        assert_eq!(places().iter().filter(|place| place.is_area()).count(), 18);
    }
}
