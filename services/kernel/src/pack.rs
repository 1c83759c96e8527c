//! A tenant as files: what each capability reads from a pack and writes to one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::secret::sha256_hex;
use crate::{Error, Result, Tx};

/// The version of the pack format that this code reads and writes.
pub const FORMAT: u32 = 1;
/// The name of the manifest.
pub const MANIFEST: &str = "MANIFEST.json";

/// A capability's part of a tenant pack.
#[async_trait]
pub trait PackPart: Send + Sync {
    /// Files and folders (ending in `/`) of the pack that belong to this part.
    fn claims(&self) -> &'static [&'static str];

    /// Takes its part of the pack into the transaction's tenant, which holds nothing of this capability yet.
    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()>;

    /// Writes the transaction's tenant as files; the same state gives the same bytes.
    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()>;

    /// Removes everything of this capability from the transaction's tenant, for `--replace`.
    async fn clear(&self, tx: &mut Tx) -> Result<()>;
}

/// A pack in memory: paths relative to its folder, with `/`, and their bytes.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    counts: BTreeMap<String, usize>,
    files: BTreeMap<String, String>,
}

fn refused(path: &str, why: impl std::fmt::Display) -> Error {
    Error::whole("PACK", format!("{path}: {why}"))
}

impl Pack {
    /// Reads a folder. Where it has a manifest, every file must be in it with its hash, and none may be missing.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut pack = Self::default();
        read_folder(folder, &PathBuf::new(), &mut pack.files)?;
        if let Some(manifest) = pack.files.remove(MANIFEST) {
            let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|error| refused(MANIFEST, error))?;
            if manifest.format != FORMAT {
                return Err(refused(MANIFEST, format!("formato {} desconocido; este programa lee el formato {FORMAT}", manifest.format)));
            }
            for (path, hash) in &manifest.files {
                match pack.files.get(path) {
                    None => return Err(refused(path, "falta en la carpeta y está en MANIFEST.json")),
                    Some(bytes) if sha256_hex(bytes) != *hash => {
                        return Err(refused(path, "su contenido no corresponde al de MANIFEST.json"));
                    }
                    Some(_) => {}
                }
            }
            if let Some(path) = pack.files.keys().find(|path| !manifest.files.contains_key(*path)) {
                return Err(refused(path, "está en la carpeta y falta en MANIFEST.json"));
            }
        }
        Ok(pack)
    }

    /// Writes the folder, manifest last.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let mut counts = BTreeMap::new();
        let mut hashes = BTreeMap::new();
        for (path, bytes) in &self.files {
            *counts.entry(path.split('/').next().unwrap_or(path).to_owned()).or_insert(0) += 1;
            hashes.insert(path.clone(), sha256_hex(bytes));
            let target = folder.join(path);
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent).map_err(Error::broken)?;
            }
            std::fs::write(target, bytes).map_err(Error::broken)?;
        }
        let manifest = serde_json::to_string_pretty(&Manifest { format: FORMAT, counts, files: hashes })?;
        std::fs::write(folder.join(MANIFEST), manifest + "\n").map_err(Error::broken)
    }

    /// Refuses files that no part claims: a misspelt name must not be lost in silence.
    pub fn refuse_unclaimed(&self, claims: &[&str]) -> Result<()> {
        let claimed = |path: &str| claims.iter().any(|claim| path == *claim || (claim.ends_with('/') && path.starts_with(claim)));
        match self.files.keys().find(|path| !claimed(path)) {
            Some(path) => Err(refused(path, "ningún módulo conoce este archivo")),
            None => Ok(()),
        }
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Result<Option<&str>> {
        self.bytes(path).map(|bytes| std::str::from_utf8(bytes).map_err(|_| refused(path, "no es texto UTF-8"))).transpose()
    }

    /// A YAML file, every key known; `None` when there is no such file.
    pub fn yaml<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        self.text(path)?.map(|text| parse_yaml(path, text)).transpose()
    }

    /// A YAML file that a pack cannot be without.
    pub fn required_yaml<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.yaml(path)?.ok_or_else(|| refused(path, "falta este archivo"))
    }

    /// The Markdown files of a folder: path, front matter, body.
    pub fn markdown<T: DeserializeOwned>(&self, folder: &str) -> Result<Vec<(String, T, String)>> {
        let mut found = Vec::new();
        for path in self.files.keys().filter(|path| path.starts_with(folder) && path.ends_with(".md")) {
            let text = self.text(path)?.unwrap_or_default();
            let (front, body) = text
                .strip_prefix("---\n")
                .and_then(|rest| rest.split_once("\n---\n"))
                .ok_or_else(|| refused(path, "faltan los datos de cabecera entre dos líneas ---"))?;
            found.push((path.clone(), parse_yaml(path, front)?, body.trim().to_owned()));
        }
        Ok(found)
    }

    /// Every path of a folder.
    pub fn paths<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.files.keys().map(String::as_str).filter(move |path| path.starts_with(folder))
    }

    /// Adds a file.
    pub fn put(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), bytes.into());
    }

    /// Adds a YAML file.
    pub fn put_yaml(&mut self, path: &str, value: &impl Serialize) -> Result<()> {
        let text = serde_saphyr::to_string(value).map_err(|error| Error::fault(format!("{path}: {error}")))?;
        self.put(path, text);
        Ok(())
    }

    /// Adds a Markdown file with front matter.
    pub fn put_markdown(&mut self, path: &str, front: &impl Serialize, body: &str) -> Result<()> {
        let front = serde_saphyr::to_string(front).map_err(|error| Error::fault(format!("{path}: {error}")))?;
        self.put(path, format!("---\n{}\n---\n{}\n", front.trim_end(), body.trim()));
        Ok(())
    }
}

/// Parses YAML of ours; the error names the file, the place and the key.
pub fn parse_yaml<T: DeserializeOwned>(path: &str, text: &str) -> Result<T> {
    serde_saphyr::from_str(text).map_err(|error| refused(path, error))
}

fn read_folder(root: &Path, below: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let folder = root.join(below);
    let entries = std::fs::read_dir(&folder).map_err(|error| refused(&folder.display().to_string(), error))?;
    for entry in entries {
        let entry = entry.map_err(Error::broken)?;
        let path = below.join(entry.file_name());
        // A link could lead out of the pack: only plain files and folders are read.
        let kind = entry.file_type().map_err(Error::broken)?;
        if kind.is_dir() {
            read_folder(root, &path, files)?;
        } else if kind.is_file() {
            let name = path.to_str().ok_or_else(|| refused(&path.display().to_string(), "el nombre no es UTF-8"))?;
            files.insert(name.replace('\\', "/"), std::fs::read(root.join(&path)).map_err(Error::broken)?);
        }
    }
    Ok(())
}
