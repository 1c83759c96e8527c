//! Docs that name a path are true, the committed schema is the code's, and every capability stands in the glossary and the map.

use std::path::{Path, PathBuf};

use suite::root;

fn markdown(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            markdown(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            out.push(path);
        }
    }
}

#[test]
fn every_path_that_docs_name_exists() {
    let mut files = vec![root().join("README.md"), root().join("migrations/README.md")];
    markdown(&root().join("docs"), &mut files);
    let tops = ["services/", "tenants/", "infra/", "migrations/", "docs/", "tests/"];
    let (mut named, mut missing) = (0, Vec::new());
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for span in text.split('`').skip(1).step_by(2) {
            let path = span.split_whitespace().next().unwrap_or_default().trim_end_matches([',', '.', ':']);
            let concrete = tops.iter().any(|top| path.starts_with(top)) && !path.contains(['<', '*', '{', '…']);
            if concrete {
                named += 1;
                if !root().join(path).exists() {
                    missing.push(format!("{} names {path}", file.strip_prefix(root()).unwrap().display()));
                }
            }
        }
    }
    assert!(named > 20, "only {named} paths were found: the check has lost its grip");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_committed_schema_is_the_codes() {
    let committed = std::fs::read_to_string(root().join("services/api/schema.graphql")).unwrap_or_default();
    assert!(committed == api::sdl(), "services/api/schema.graphql is stale: cargo run -p cabildo -- schema > services/api/schema.graphql");
}

#[test]
fn every_room_is_in_the_map() {
    let map = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    for entry in std::fs::read_dir(root().join("services")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(map.contains(&format!("{name}/")), "docs/architecture.md does not show {name}/");
    }
}

#[test]
fn every_type_and_field_is_described() {
    use async_graphql_parser::types::{TypeKind, TypeSystemDefinition};
    let document = async_graphql_parser::parse_schema(api::sdl()).unwrap();
    let mut bare = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = definition.node;
        let name = definition.name.node.to_string();
        let mut need = |described: bool, what: String| {
            if !described {
                bare.push(what);
            }
        };
        let builtin = ["Boolean", "Float", "ID", "Int", "String"].contains(&name.as_str());
        need(definition.description.is_some() || builtin, name.clone());
        match definition.kind {
            TypeKind::Object(object) => {
                for field in object.fields {
                    need(field.node.description.is_some(), format!("{name}.{}", field.node.name.node));
                }
            }
            TypeKind::InputObject(input) => {
                for field in input.fields {
                    need(field.node.description.is_some(), format!("{name}.{}", field.node.name.node));
                }
            }
            TypeKind::Enum(values) => {
                for value in values.values {
                    need(value.node.description.is_some(), format!("{name}.{}", value.node.value.node));
                }
            }
            _ => {}
        }
    }
    assert!(bare.is_empty(), "without description: {}", bare.join(", "));
}
