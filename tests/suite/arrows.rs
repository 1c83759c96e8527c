//! Who may know whom: kernel, calendar ← capabilities ← api ← web ← cabildo.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

const CAPABILITIES: [&str; 14] = [
    "tenancy",
    "identity",
    "site",
    "plan",
    "agreements",
    "training",
    "committee",
    "tramites",
    "cases",
    "support",
    "visits",
    "circulars",
    "incentives",
    "handover",
];

fn allowed(name: &str) -> Option<BTreeSet<&'static str>> {
    let rooms: Vec<&'static str> = match name {
        "kernel" | "calendar" => vec![],
        "api" => CAPABILITIES.into_iter().chain(["kernel", "calendar"]).collect(),
        "web" => vec!["api", "kernel", "calendar"],
        // The binary puts everything together.
        "cabildo" => CAPABILITIES.into_iter().chain(["kernel", "calendar", "api", "web"]).collect(),
        name if CAPABILITIES.contains(&name) => vec!["kernel", "calendar"],
        _ => return None,
    };
    Some(rooms.into_iter().collect())
}

#[test]
fn no_room_knows_more_than_it_may() {
    let metadata = MetadataCommand::new().manifest_path(suite::root().join("Cargo.toml")).no_deps().exec().unwrap();
    let members: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let mut wrong = BTreeMap::new();
    for package in metadata.packages.iter().filter(|package| package.name.as_str() != "suite") {
        let allowed = allowed(&package.name).unwrap_or_else(|| panic!("{} has no place in the plan of the house", package.name));
        let known = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal && members.contains(&dependency.name));
        let beyond: Vec<_> =
            known.filter(|dependency| !allowed.contains(dependency.name.as_str())).map(|dependency| dependency.name.clone()).collect();
        if !beyond.is_empty() {
            wrong.insert(package.name.to_string(), beyond);
        }
    }
    assert!(wrong.is_empty(), "these rooms know what they must not: {wrong:?}");
}

#[test]
fn every_room_inherits_the_lints_of_the_house() {
    for entry in std::fs::read_dir(suite::root().join("services")).unwrap().flatten() {
        let manifest = std::fs::read_to_string(entry.path().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", entry.path().display());
    }
}
