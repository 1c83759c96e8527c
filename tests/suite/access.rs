//! Who may do what: every root field of the schema for every role on its own host, as a snapshot. A new field without a guard
//! shows there as allowed to everybody.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use async_graphql_parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition};
use async_graphql_parser::{Positioned, parse_schema};
use kernel::Role;
use serde_json::json;
use suite::{CHIPAQUE, World, host_of};

/// The schema as its definition language tells it.
pub(crate) struct Sdl(BTreeMap<String, TypeKind>);

impl Sdl {
    pub(crate) fn read() -> Self {
        let definitions = parse_schema(api::sdl()).unwrap().definitions.into_iter();
        let types = definitions.filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some((definition.node.name.node.to_string(), definition.node.kind)),
            _ => None,
        });
        Self(types.collect())
    }

    fn fields(&self, name: &str) -> &[Positioned<FieldDefinition>] {
        match self.0.get(name) {
            Some(TypeKind::Object(object)) => &object.fields,
            _ => &[],
        }
    }

    /// Every root field with the word of its operation, by name.
    pub(crate) fn roots(&self) -> impl Iterator<Item = (&'static str, &FieldDefinition)> {
        let of = |operation, root| self.fields(root).iter().map(move |field| (operation, &field.node));
        of("query", "Query").chain(of("mutation", "Mutation"))
    }

    pub(crate) fn root(&self, name: &str) -> (&'static str, &FieldDefinition) {
        self.roots().find(|(_, field)| field.name.node == name).unwrap_or_else(|| panic!("the schema has no root field {name}"))
    }

    /// The names of everything that a field takes, inside its inputs too.
    pub(crate) fn takes(&self, field: &FieldDefinition) -> Vec<String> {
        let mut names = Vec::new();
        for argument in &field.arguments {
            match self.0.get(&named(&argument.node.ty.node)) {
                Some(TypeKind::InputObject(input)) => names.extend(input.fields.iter().map(|field| field.node.name.node.to_string())),
                _ => names.push(argument.node.name.node.to_string()),
            }
        }
        names
    }

    /// The fewest arguments that make the field valid: `(month: "x")`.
    fn arguments(&self, of: &[Positioned<InputValueDefinition>]) -> String {
        let given: Vec<String> =
            of.iter().filter(|argument| required(&argument.node)).map(|argument| self.argument(&argument.node)).collect();
        given.join(", ")
    }

    fn argument(&self, of: &InputValueDefinition) -> String {
        format!("{}: {}", of.name.node, self.literal(&of.ty.node))
    }

    fn literal(&self, ty: &Type) -> String {
        let BaseType::Named(name) = &ty.base else { return "[]".to_owned() };
        match (name.as_str(), self.0.get(name.as_str())) {
            ("Int", _) => "1".to_owned(),
            ("Float", _) => "1.5".to_owned(),
            ("Boolean", _) => "false".to_owned(),
            ("Date", _) => "\"2026-11-23\"".to_owned(),
            ("DateTime", _) => "\"2026-11-23T15:42:00.000Z\"".to_owned(),
            (_, Some(TypeKind::Enum(values))) => values.values[0].node.value.node.to_string(),
            (_, Some(TypeKind::InputObject(input))) => format!("{{ {} }}", self.arguments(&input.fields)),
            _ => "\"x\"".to_owned(),
        }
    }

    /// Everything that can be selected of a type without arguments, no type inside itself; empty for a scalar.
    pub(crate) fn selection(&self, ty: &Type) -> String {
        self.selection_to(ty, usize::MAX)
    }

    /// The same, no deeper than `depth`.
    pub(crate) fn selection_to(&self, ty: &Type, depth: usize) -> String {
        self.selection_below(&named(ty), &mut Vec::new(), depth)
    }

    fn selection_below(&self, name: &str, above: &mut Vec<String>, depth: usize) -> String {
        if self.fields(name).is_empty() {
            return String::new();
        }
        above.push(name.to_owned());
        let mut chosen = String::from(" {");
        for field in self.fields(name).iter().map(|field| &field.node) {
            let below = named(&field.ty.node);
            let deep = above.len() >= depth && !self.fields(&below).is_empty();
            if deep || above.contains(&below) || field.arguments.iter().any(|argument| required(&argument.node)) {
                continue;
            }
            let _ = write!(chosen, " {}{}", field.name.node, self.selection_below(&below, above, depth));
        }
        above.pop();
        chosen + " }"
    }
}

/// The name of a type, without lists.
pub(crate) fn named(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(of) => named(of),
    }
}

pub(crate) fn required(argument: &InputValueDefinition) -> bool {
    !argument.ty.node.nullable && argument.default_value.is_none()
}

#[tokio::test]
async fn every_root_field_admits_whom_the_matrix_says() {
    let (world, sdl) = (World::new().await, Sdl::read());
    let mut actors = vec![("ANONYMOUS".to_owned(), world.visitor(CHIPAQUE))];
    for role in Role::ALL {
        actors.push((role.word().to_uppercase(), world.actor(host_of(role), role).await));
    }
    let mut lines = BTreeMap::new();
    for (operation, field) in sdl.roots() {
        let arguments = sdl.arguments(&field.arguments);
        let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
        let selection = if sdl.selection(&field.ty.node).is_empty() { "" } else { " { __typename }" };
        let document = format!("{operation} {{ {}{arguments}{selection} }}", field.name.node);
        let mut verdicts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, actor) in &actors {
            let answer = actor.answer(&document, json!({})).await;
            assert!(!answer.nothing_ran(), "{document} is not valid, so nobody was asked: {:?}", answer.errors);
            assert_ne!(answer.code(), Some("INTERNAL"), "{document} breaks for {name}");
            let verdict = match answer.code() {
                Some("UNAUTHENTICATED") => "UNAUTHENTICATED",
                Some("FORBIDDEN") => "FORBIDDEN",
                _ => "ALLOWED",
            };
            verdicts.entry(verdict).or_default().push(name);
        }
        let mut line = String::new();
        for (verdict, who) in verdicts {
            let who = if who.len() == actors.len() { "everybody".to_owned() } else { who.join(" ") };
            let _ = write!(line, "\n    {verdict}: {who}");
        }
        lines.insert(format!("{operation} {}", field.name.node), line);
    }
    let matrix: Vec<String> = lines.into_iter().map(|(field, line)| field + &line).collect();
    insta::assert_snapshot!("access_matrix", matrix.join("\n"));
}
