//! `cabildo doctor`: what is set, from where, and what is wrong.

use serde::Serialize;

use crate::assemble::assemble;
use crate::config::Config;

#[derive(Serialize)]
struct Finding {
    subject: &'static str,
    state: &'static str,
    detail: String,
}

pub(crate) async fn run(config: &Config, json: bool) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    let mut note =
        |subject, holds: bool, detail: String| findings.push(Finding { subject, state: if holds { "ok" } else { "wrong" }, detail });
    note("domain", true, config.domain.clone());
    note("scheme", config.scheme == "https" || config.up_mode, config.scheme.clone());
    note("live", true, if config.redis_url.is_some() { "Redis" } else { "in process: one replica only" }.to_owned());
    note("files", config.s3.is_some() || config.files_dir.is_some(), if config.s3.is_some() { "S3" } else { "folder" }.to_owned());
    note(
        "mail",
        config.smtp_url.is_some() || config.maildir.is_some(),
        if config.smtp_url.is_some() { "SMTP" } else { "maildir" }.to_owned(),
    );
    let taken = config
        .support_lmtp
        .map_or_else(|| "LMTP is off; `cabildo receive` takes mail from a pipe".to_owned(), |at| format!("LMTP on {at}"));
    note("mail in", true, taken);
    let signs = if config.signing_key.is_some() { "months can be closed" } else { "signing_key is not set: no month can be closed" };
    note("signing", config.signing_key.is_some(), signs.to_owned());
    match config.left_out() {
        Ok(left_out) if left_out.data_centres.is_empty() => {
            note("robots", true, "no data_centres_file: machines are told by their names alone".to_owned());
        }
        Ok(_) => note("robots", true, "list of names, and data centres".to_owned()),
        Err(error) => note("robots", false, format!("{error:#}")),
    }
    let proxies = config.trusted_proxies();
    note(
        "proxies",
        proxies.is_ok(),
        proxies.map_or_else(|error| error.to_string(), |known| if known.is_empty() { "none" } else { "declared" }.to_owned()),
    );
    let pdf = config.pdf().version().await;
    note("pdf", pdf.is_ok(), pdf.unwrap_or_else(|why| why.to_string()));
    match assemble(config).await {
        Ok(assembled) => {
            note("database", true, format!("{} tenants", assembled.platform.directory().all().len()));
            match kernel::jobs::counts(&assembled.platform).await {
                Ok((waiting, dead)) => note("jobs", dead == 0, format!("{waiting} waiting, {dead} dead")),
                Err(error) => note("jobs", false, error.to_string()),
            }
        }
        Err(error) => note("database", false, format!("{error:#}")),
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        for finding in &findings {
            println!("{:<10} {:<6} {}", finding.subject, finding.state, finding.detail);
        }
        println!("Settings come from cabildo.toml, overridden by CABILDO_*; a running `cabildo up` adds {}.", crate::config::RUN_FILE);
    }
    anyhow::ensure!(findings.iter().all(|finding| finding.state == "ok"), "something is wrong");
    Ok(())
}
