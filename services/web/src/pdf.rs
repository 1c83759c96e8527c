//! PDFs: HTML becomes PDF/UA-1 in one child process that stays warm (`WeasyPrint`, `pdf.py`). It starts at first use, again where
//! it has died, and ends when this process does. A document waits in line for it; a line that is full says so.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::assets;

const SCRIPT: &str = include_str!("pdf.py");
const SHEET: &str = include_str!("../pages/layout/print.css");
/// Documents in line, the one that is being set included.
const LINE: usize = 16;
/// After this long the child is ended: no document of ours takes a tenth of it.
const LONGEST: Duration = Duration::from_secs(20);
const LARGEST: usize = 64 << 20;
/// After so many documents the child gives way to a fresh one: each leaves some 75 KB behind.
const RENEWED: u32 = 500;

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPdf {
    /// The interpreter or `WeasyPrint` is not installed.
    #[error("WeasyPrint is not there ({0})")]
    Missing(String),
    /// Too many documents are in line.
    #[error("{LINE} documents are in line")]
    Busy,
    /// This document could not be set.
    #[error("{0}")]
    Broken(String),
}

/// The renderer.
#[derive(Debug, Clone)]
pub struct Pdf {
    python: PathBuf,
    printer: Arc<Mutex<Option<Printer>>>,
    line: Arc<Semaphore>,
}

/// The child, with its two pipes.
#[derive(Debug)]
struct Printer {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    done: u32,
}

/// The right to set the next document; who holds it has waited for everybody before.
pub(crate) struct Turn {
    python: PathBuf,
    printer: OwnedMutexGuard<Option<Printer>>,
    _place: OwnedSemaphorePermit,
}

impl Pdf {
    /// A renderer that runs `WeasyPrint` with this interpreter.
    pub fn new(python: PathBuf) -> Self {
        Self { python, printer: Arc::default(), line: Arc::new(Semaphore::new(LINE)) }
    }

    /// What would set the PDFs, or what is missing.
    pub async fn version(&self) -> Result<String, NoPdf> {
        Printer::start(&self.python).await.map(|(_, version)| version)
    }

    /// Sets a document that is no page.
    pub async fn print(&self, html: String) -> Result<Bytes, NoPdf> {
        self.turn().await?.print(html).await
    }

    /// Waits in line.
    pub(crate) async fn turn(&self) -> Result<Turn, NoPdf> {
        let place = self.line.clone().try_acquire_owned().map_err(|_| NoPdf::Busy)?;
        Ok(Turn { python: self.python.clone(), printer: self.printer.clone().lock_owned().await, _place: place })
    }
}

impl Turn {
    /// Sets a document. Who stops waiting for it loses it, and the child goes on.
    pub(crate) async fn print(mut self, html: String) -> Result<Bytes, NoPdf> {
        let work = tokio::spawn(async move { self.set(&html).await });
        work.await.unwrap_or_else(|error| Err(NoPdf::Broken(error.to_string())))
    }

    async fn set(&mut self, html: &str) -> Result<Bytes, NoPdf> {
        let began = Instant::now();
        let alive = self.printer.take().and_then(|mut printer| matches!(printer.child.try_wait(), Ok(None)).then_some(printer));
        let mut printer = match alive {
            Some(printer) => printer,
            None => Printer::ready(&self.python).await?,
        };
        let Ok(answer) = tokio::time::timeout(LONGEST, printer.print(html)).await else {
            let _ = printer.child.kill().await;
            return Err(NoPdf::Broken(format!("a document took more than {} s", LONGEST.as_secs())));
        };
        let answer = answer.map_err(|error| NoPdf::Broken(format!("the child died: {error}")))?;
        if !answer.starts_with(b"%PDF-") {
            // What broke once, of memory perhaps, is not trusted with the next document.
            return Err(NoPdf::Broken(String::from_utf8_lossy(&answer).into_owned()));
        }
        printer.done += 1;
        *self.printer = (printer.done < RENEWED).then_some(printer);
        metrics::histogram!("cabildo_pdf_seconds").record(began.elapsed());
        Ok(answer)
    }
}

impl Printer {
    /// Starts the child; it greets with its version, or says what is missing.
    async fn start(python: &PathBuf) -> Result<(Self, String), NoPdf> {
        let missing = |why: &dyn std::fmt::Display| NoPdf::Missing(format!("{}: {why}", python.display()));
        let mut child = Command::new(python)
            .args(["-I", "-c", SCRIPT])
            // Fonts are given the date of their making; the machine's clock must not show.
            .env_clear()
            .envs([("LC_ALL", "C.UTF-8"), ("SOURCE_DATE_EPOCH", "0")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A group of its own: Ctrl-C in the terminal reaches the platform, and the child ends when its input does.
            .process_group(0)
            .spawn()
            .map_err(|error| missing(&error))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else { return Err(missing(&"no pipes")) };
        let mut printer = Self { child, to, from, done: 0 };
        let greeting = tokio::time::timeout(LONGEST, printer.read()).await.map_err(|error| missing(&error))?;
        let greeting = String::from_utf8_lossy(&greeting.map_err(|_| missing(&"it ended at once"))?).into_owned();
        if greeting.starts_with("WeasyPrint ") { Ok((printer, greeting)) } else { Err(missing(&greeting)) }
    }

    /// Starts the child and gives it sheet and fonts.
    async fn ready(python: &PathBuf) -> Result<Self, NoPdf> {
        let (mut printer, _) = Self::start(python).await?;
        for matter in [SHEET.as_bytes(), assets::contents("work-sans.woff2"), assets::contents("montserrat.woff2")] {
            printer.write(matter).await.map_err(|error| NoPdf::Broken(error.to_string()))?;
        }
        Ok(printer)
    }

    async fn print(&mut self, html: &str) -> std::io::Result<Bytes> {
        self.write(html.as_bytes()).await?;
        self.read().await
    }

    async fn write(&mut self, matter: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(matter.len()).map_err(std::io::Error::other)?;
        self.to.write_all(&length.to_be_bytes()).await?;
        self.to.write_all(matter).await?;
        self.to.flush().await
    }

    async fn read(&mut self) -> std::io::Result<Bytes> {
        let length = self.from.read_u32().await? as usize;
        if length > LARGEST {
            return Err(std::io::Error::other("an answer without measure"));
        }
        let mut matter = vec![0; length];
        self.from.read_exact(&mut matter).await?;
        Ok(Bytes::from(matter))
    }
}
