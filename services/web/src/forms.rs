//! Forms: what was typed becomes the mutation's variables by the types that the schema declares.

use std::collections::{BTreeMap, HashMap};

use async_graphql_parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};
use axum::body::Body;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use kernel::UserError;
use serde_json::{Value, json};
use time::macros::format_description;

/// What was typed, field by field; a field may come several times. Files are there by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typed {
    fields: BTreeMap<String, Vec<String>>,
    /// What could not be taken: files that are too large or of the wrong kind.
    refused: Vec<UserError>,
}

/// At most this many bytes of a form, its files apart.
pub(crate) const MAX_FORM: usize = 1024 * 1024;

/// The name of a field that takes several files.
pub(crate) const MANY_FILES: &str = "files";
/// The name of a field that takes one file.
pub(crate) const ONE_FILE: &str = "file";

impl Typed {
    /// Reads a form, url-encoded or multipart; the status says what is wrong with one that cannot be read.
    pub(crate) async fn read(request: Request<Body>) -> Result<Self, StatusCode> {
        let content = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let bytes = axum::body::to_bytes(request.into_body(), MAX_FORM).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        if content.starts_with("multipart/form-data") {
            return Self::read_multipart(&content, bytes).await.ok_or(StatusCode::BAD_REQUEST);
        }
        std::str::from_utf8(&bytes).map_err(|_| StatusCode::BAD_REQUEST)?;
        Ok(Self::from_pairs(form_urlencoded::parse(&bytes).into_owned()))
    }

    async fn read_multipart(content: &str, bytes: Bytes) -> Option<Self> {
        let boundary = multer::parse_boundary(content).ok()?;
        let stream = futures::stream::once(async move { Ok::<Bytes, std::convert::Infallible>(bytes) });
        let mut multipart = multer::Multipart::new(stream, boundary);
        let mut typed = Self::default();
        while let Some(field) = multipart.next_field().await.ok()? {
            let Some(name) = field.name().map(str::to_owned) else { continue };
            if field.file_name().is_none() {
                typed.push(name, &field.text().await.ok()?);
            }
        }
        Some(typed)
    }

    /// From decoded pairs.
    pub(crate) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in pairs {
            typed.push(name, &value);
        }
        typed
    }

    pub(crate) fn push(&mut self, name: String, value: &str) {
        // Browsers send line ends as CR LF; what people typed has one.
        self.fields.entry(name).or_default().push(value.replace("\r\n", "\n"));
    }

    /// The same, with what the address gives where nothing was typed.
    pub(crate) fn or(mut self, given: &HashMap<String, String>) -> Self {
        for (name, value) in given {
            self.fields.entry(name.clone()).or_insert_with(|| vec![value.clone()]);
        }
        self
    }

    /// Takes a value in the place of what the field held.
    pub(crate) fn replace(&mut self, name: String, value: String) {
        self.fields.insert(name, vec![value]);
    }

    /// Notes why something of this field could not be taken; the form is then not sent.
    pub(crate) fn refuse(&mut self, field: &str, code: &str, message: &str) {
        self.refused.push(UserError::at(field, code, message));
    }

    /// What could not be taken.
    pub(crate) fn refused(&self) -> &[UserError] {
        &self.refused
    }

    /// Every value of a field.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// What the template shows again: a text, or a list where a field came several times.
    pub(crate) fn values(&self) -> Value {
        let shown = self.fields.iter().filter(|(name, _)| !name.starts_with('_')).map(|(name, values)| {
            let value = if values.len() == 1 { json!(values[0]) } else { json!(values) };
            (name.clone(), value)
        });
        Value::Object(shown.collect())
    }
}

/// The input types of the schema.
pub(crate) struct Types(HashMap<String, Kind>);

enum Kind {
    Scalar,
    Enum(Vec<String>),
    Input(Vec<(String, Type)>),
}

impl Types {
    /// Reads them from the definition language.
    pub(crate) fn read(sdl: &str) -> Result<Self, String> {
        let document = async_graphql_parser::parse_schema(sdl).map_err(|error| error.to_string())?;
        let mut types = HashMap::new();
        for definition in document.definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                let kind = match definition.node.kind {
                    TypeKind::Enum(values) => {
                        Kind::Enum(values.values.into_iter().map(|value| value.node.value.node.to_string()).collect())
                    }
                    TypeKind::InputObject(input) => {
                        Kind::Input(input.fields.into_iter().map(|field| (field.node.name.node.to_string(), field.node.ty.node)).collect())
                    }
                    _ => Kind::Scalar,
                };
                types.insert(definition.node.name.node.to_string(), kind);
            }
        }
        Ok(Self(types))
    }

    /// The variables of a mutation from what was typed, or what is wrong with it, field by field.
    pub(crate) fn variables(&self, declared: &[(String, Type)], typed: &Typed) -> Result<Value, Vec<UserError>> {
        let mut faults = typed.refused.clone();
        let mut variables = serde_json::Map::new();
        for (name, ty) in declared {
            let value = match self.fields(ty) {
                Some(fields) => {
                    let mut input = serde_json::Map::new();
                    for (field, ty) in fields {
                        if let Some(value) = self.coerce(field, ty, typed.all(field), &mut faults) {
                            input.insert(field.clone(), value);
                        }
                    }
                    Some(Value::Object(input))
                }
                None => self.coerce(name, ty, typed.all(name), &mut faults),
            };
            if let Some(value) = value {
                variables.insert(name.clone(), value);
            }
        }
        if faults.is_empty() { Ok(Value::Object(variables)) } else { Err(faults) }
    }

    /// The fields of a mutation's input that take files: `files`, a list of ids, and `file`, one.
    pub(crate) fn file_fields(&self, declared: &[(String, Type)]) -> Vec<String> {
        let fields = declared.iter().filter_map(|(_, ty)| self.fields(ty)).flatten();
        let takes_files = |field: &str, ty: &Type| match &ty.base {
            BaseType::List(_) => field == MANY_FILES && base_name(ty) == "ID",
            BaseType::Named(name) => field == ONE_FILE && name == "ID",
        };
        fields.filter(|(field, ty)| takes_files(field, ty)).map(|(field, _)| field.clone()).collect()
    }

    fn fields(&self, ty: &Type) -> Option<&[(String, Type)]> {
        match (&ty.base, self.0.get(base_name(ty))) {
            (BaseType::Named(_), Some(Kind::Input(fields))) => Some(fields),
            _ => None,
        }
    }

    fn coerce(&self, field: &str, ty: &Type, values: &[String], faults: &mut Vec<UserError>) -> Option<Value> {
        if let BaseType::List(item) = &ty.base {
            let values = values.iter().filter(|value| !value.is_empty());
            return Some(Value::Array(values.filter_map(|value| self.one(field, item, value, faults)).collect()));
        }
        let typed = values.first().map(String::as_str).unwrap_or_default();
        if base_name(ty) == "Boolean" {
            return Some(Value::Bool(matches!(typed, "true" | "on" | "1")));
        }
        if typed.is_empty() && ty.nullable {
            return None;
        }
        self.one(field, ty, typed, faults)
    }

    fn one(&self, field: &str, ty: &Type, typed: &str, faults: &mut Vec<UserError>) -> Option<Value> {
        let mut fault = |code: &str, message: &str| {
            faults.push(UserError::at(field, code, message));
            None
        };
        match base_name(ty) {
            "Int" => match typed.trim().replace('.', "").parse::<i32>() {
                Ok(number) => Some(json!(number)),
                Err(_) => fault("FORM", "Escriba un número entero"),
            },
            "Float" => match typed.trim().replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite()) {
                Some(number) => Some(json!(number)),
                None => fault("FORM", "Escriba un número, por ejemplo 12,5"),
            },
            "Date" if time::Date::parse(typed, format_description!("[year]-[month]-[day]")).is_err() => {
                fault(if typed.is_empty() { "REQUIRED" } else { "FORM" }, "Escriba la fecha: año, mes y día, por ejemplo 2026-11-23")
            }
            name => match self.0.get(name) {
                Some(Kind::Enum(known)) if !known.iter().any(|value| value == typed) => fault("REQUIRED", "Elija una opción"),
                _ => Some(json!(typed)),
            },
        }
    }

    /// The variables of a page's query from the address: its own parts first, then the query string.
    /// `None` when a variable that must be there is not.
    pub(crate) fn address_variables(&self, declared: &[(String, Type)], given: &HashMap<String, String>) -> Option<Value> {
        let mut variables = serde_json::Map::new();
        for (name, ty) in declared {
            let mut faults = Vec::new();
            let value = given.get(name).filter(|value| !value.is_empty()).and_then(|value| self.one(name, ty, value, &mut faults));
            match value {
                Some(value) => {
                    variables.insert(name.clone(), value);
                }
                None if ty.nullable => {}
                // A text that was not given is an empty text: `/buscar` without `q` is the empty search page.
                None if base_name(ty) == "String" => {
                    variables.insert(name.clone(), json!(""));
                }
                None => return None,
            }
        }
        Some(Value::Object(variables))
    }
}

fn base_name(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => base_name(item),
    }
}
