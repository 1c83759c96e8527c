//! `cabildo receive`: one mail from a pipe.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use support::{Envelope, MAX_MAIL_BYTES, Received};

use crate::assemble::assemble;
use crate::config::Config;

/// Endings of sysexits(3).
const EX_DATAERR: u8 = 65;
const EX_TEMPFAIL: u8 = 75;

/// What the mail server knows beside the mail.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The return path, as Postfix puts it for `${sender}`; empty where the mail wants no answer.
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
    /// A recipient, as Postfix puts it for `${recipient}`.
    #[arg(long = "recipient", value_name = "ADDRESS")]
    recipients: Vec<String>,
}

/// Takes it in. Whatever is wrong with the platform and not with the mail, is wrong for now.
pub(crate) async fn run(data: &Path, options: &Options) -> ExitCode {
    match take_in(data, options).await {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(why)) => {
            eprintln!("cabildo: {why}");
            ExitCode::from(EX_DATAERR)
        }
        Err(error) => {
            eprintln!("cabildo: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::from(EX_TEMPFAIL)
        }
    }
}

async fn take_in(data: &Path, options: &Options) -> anyhow::Result<Option<&'static str>> {
    let mut raw = Vec::new();
    // Nothing else is under way that the reading could hold up.
    std::io::stdin().lock().take(MAX_MAIL_BYTES as u64 + 1).read_to_end(&mut raw).context("the mail could not be read")?;
    if raw.len() > MAX_MAIL_BYTES {
        return Ok(Some("the mail has more than 40 MB"));
    }
    let platform = assemble(&Config::load(data)?).await?.platform;
    let envelope = Envelope { sender: options.sender.clone(), recipients: options.recipients.clone() };
    let received = support::receive(&platform, &raw, &envelope).await;
    platform.db().close().await;
    let received = received.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok((received == Received::Unreadable).then_some("this is not a mail"))
}
