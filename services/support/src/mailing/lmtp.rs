//! The door for mail servers: LMTP (RFC 2033), with SIZE, 8BITMIME and PIPELINING. A mail is acknowledged once it is kept, for each
//! recipient, and not before; what cannot be kept now is refused for now, so that the server sends it again.

use std::sync::Arc;
use std::time::Duration;

use kernel::Platform;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::address;
use super::model::{Envelope, MAX_MAIL_BYTES, Received};
use super::service::receive;

/// Connections at a time; each may hold one mail in memory.
const CONNECTIONS: usize = 8;
/// The longest command, with its arguments.
const LINE: u64 = 2048;
/// Recipients of one mail.
const RECIPIENTS: usize = 100;
/// How long a client may be silent.
const SILENCE: Duration = Duration::from_mins(2);
/// How long a mail may take to come.
const TRANSFER: Duration = Duration::from_mins(10);
/// Commands that nobody knows before we hang up.
const ERRORS: u32 = 20;

/// Takes in mail on a listener until stopped: what is being kept is kept and acknowledged.
pub async fn serve(platform: Arc<Platform>, listener: TcpListener, stop: CancellationToken) {
    let (places, conversations) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    loop {
        let accepted = tokio::select! { () = stop.cancelled() => break, accepted = listener.accept() => accepted };
        let mut stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::error!(%error, "a mail server could not be let in");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            conversations.spawn(async move {
                let _ = stream.write_all(b"421 4.3.2 too many connections, try again\r\n").await;
            });
            continue;
        };
        let (platform, stop) = (platform.clone(), stop.clone());
        conversations.spawn(async move {
            let (reader, writer) = stream.split();
            let mut session = Session { platform: &platform, reader: BufReader::new(reader), writer: BufWriter::new(writer) };
            if let Err(error) = session.run(&stop).await {
                tracing::info!(%error, "a mail server went away");
            }
            drop(place);
        });
    }
    conversations.close();
    conversations.wait().await;
}

/// One conversation with a mail server.
struct Session<'a, R, W> {
    platform: &'a Platform,
    reader: BufReader<R>,
    writer: BufWriter<W>,
}

/// A mail that is being announced.
#[derive(Default)]
struct Announced {
    sender: Option<String>,
    recipients: Vec<String>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<'_, R, W> {
    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.writer.write_all(line.as_bytes()).await?;
        self.writer.write_all(b"\r\n").await
    }

    async fn run(&mut self, stop: &CancellationToken) -> std::io::Result<()> {
        self.say("220 cabildo LMTP").await?;
        let (mut greeted, mut mail, mut errors) = (false, Announced::default(), 0);
        loop {
            // Answers to what came in one go, go in one go.
            if self.reader.buffer().is_empty() {
                self.writer.flush().await?;
            }
            let line = tokio::select! {
                () = stop.cancelled() => None,
                line = timeout(SILENCE, read_command(&mut self.reader)) => line.ok(),
            };
            let Some(line) = line else {
                self.say("421 4.3.2 closing").await?;
                return self.writer.flush().await;
            };
            let line = match line? {
                Command::End => return self.writer.flush().await,
                Command::TooLong => {
                    self.say("500 5.5.2 line too long").await?;
                    errors += 1;
                    if errors > ERRORS {
                        return self.writer.flush().await;
                    }
                    continue;
                }
                Command::Line(line) => line,
            };
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match (word.to_ascii_uppercase().as_str(), greeted) {
                ("LHLO", _) => {
                    (greeted, mail) = (true, Announced::default());
                    self.say("250-cabildo").await?;
                    self.say(&format!("250-SIZE {MAX_MAIL_BYTES}")).await?;
                    self.say("250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING").await?;
                }
                ("NOOP", _) => self.say("250 2.0.0 here").await?,
                ("RSET", _) => {
                    mail = Announced::default();
                    self.say("250 2.0.0 forgotten").await?;
                }
                ("QUIT", _) => {
                    self.say("221 2.0.0 bye").await?;
                    return self.writer.flush().await;
                }
                ("MAIL" | "RCPT" | "DATA", false) => self.say("503 5.5.1 say LHLO first").await?,
                ("MAIL", true) => {
                    let answer = announce(&mut mail, rest);
                    self.say(answer).await?;
                }
                ("RCPT", true) => {
                    let answer = self.recipient(&mut mail, rest);
                    self.say(answer).await?;
                }
                ("DATA", true) => {
                    if mail.recipients.is_empty() {
                        self.say(if mail.sender.is_none() { "503 5.5.1 say MAIL first" } else { "503 5.5.1 no valid recipients" }).await?;
                        continue;
                    }
                    self.say("354 go on").await?;
                    self.writer.flush().await?;
                    let announced = std::mem::take(&mut mail);
                    let came = tokio::select! {
                        () = stop.cancelled() => None,
                        came = timeout(TRANSFER, read_mail(&mut self.reader)) => came.ok(),
                    };
                    let Some(raw) = came else {
                        self.say("421 4.4.2 not whole yet, send it again").await?;
                        return self.writer.flush().await;
                    };
                    let answer = self.keep(raw?, &announced).await;
                    for _ in &announced.recipients {
                        self.say(answer).await?;
                    }
                }
                _ => {
                    self.say("500 5.5.1 not understood").await?;
                    errors += 1;
                    if errors > ERRORS {
                        self.say("421 4.7.0 too many errors").await?;
                        return self.writer.flush().await;
                    }
                }
            }
        }
    }

    fn recipient(&self, mail: &mut Announced, rest: &str) -> &'static str {
        let Some((to, _)) = path(rest, "TO:") else { return "501 5.5.4 RCPT TO:<address>" };
        if mail.sender.is_none() {
            return "503 5.5.1 say MAIL first";
        }
        if mail.recipients.len() >= RECIPIENTS {
            return "452 4.5.3 too many recipients";
        }
        // Ours, or the address that we send from, to which servers return what did not arrive.
        let domain = self.platform.mail.domain();
        if address::leads(&self.platform.secret, domain, &to).is_none() && !address::at(domain, &to) {
            return "550 5.1.1 no such recipient here";
        }
        mail.recipients.push(to);
        "250 2.1.5 yes"
    }

    async fn keep(&self, raw: Option<Vec<u8>>, announced: &Announced) -> &'static str {
        let Some(raw) = raw else { return "552 5.3.4 the mail has more than 40 MB" };
        let envelope = Envelope { sender: announced.sender.clone(), recipients: announced.recipients.clone() };
        match receive(self.platform, &raw, &envelope).await {
            Ok(Received::Unreadable) => "554 5.6.0 not a mail",
            Ok(_) => "250 2.0.0 kept",
            Err(error) => {
                tracing::error!(%error, "a mail could not be kept");
                "451 4.3.0 not now, try again"
            }
        }
    }
}

fn announce(mail: &mut Announced, rest: &str) -> &'static str {
    let Some((from, parameters)) = path(rest, "FROM:") else { return "501 5.5.4 MAIL FROM:<address>" };
    if mail.sender.is_some() {
        return "503 5.5.1 one mail at a time";
    }
    for parameter in parameters.split_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_uppercase().as_str() {
            "SIZE" if value.parse::<usize>().is_ok_and(|size| size > MAX_MAIL_BYTES) => return "552 5.3.4 the mail has more than 40 MB",
            "SIZE" | "BODY" => {}
            _ => return "555 5.5.4 unknown parameter",
        }
    }
    mail.sender = Some(from);
    "250 2.1.0 yes"
}

/// `FROM:<address> parameters`; the address may be empty.
fn path<'a>(rest: &'a str, word: &str) -> Option<(String, &'a str)> {
    let start = rest.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
    let (address, parameters) = rest[start.len()..].trim_start().strip_prefix('<')?.split_once('>')?;
    Some((address.to_owned(), parameters))
}

enum Command {
    Line(String),
    TooLong,
    End,
}

async fn read_command(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Command> {
    let mut line = Vec::new();
    let mut long = false;
    loop {
        line.clear();
        (&mut *reader).take(LINE).read_until(b'\n', &mut line).await?;
        let whole = line.ends_with(b"\n");
        if line.is_empty() || (!whole && (line.len() as u64) < LINE) {
            return Ok(Command::End);
        }
        if whole {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            return Ok(if long { Command::TooLong } else { Command::Line(text) });
        }
        long = true;
    }
}

/// Reads a mail to its end, without the dots that were put before lines that begin with one. One that is too long is read to its end
/// too, and is none.
async fn read_mail(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<Vec<u8>>> {
    let mut mail = Vec::new();
    let (mut too_long, mut at_start) = (false, true);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A line may be as long as it likes: it comes in pieces.
        (&mut *reader).take(64 * 1024).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if at_start && matches!(&line[..], b".\r\n" | b".\n") {
            return Ok((!too_long).then_some(mail));
        }
        let piece = if at_start { line.strip_prefix(b".").unwrap_or(&line) } else { &line };
        too_long = too_long || mail.len() + piece.len() > MAX_MAIL_BYTES;
        if too_long {
            mail = Vec::new();
        } else {
            mail.extend_from_slice(piece);
        }
        at_start = line.ends_with(b"\n");
    }
}

#[cfg(test)]
mod tests {
    use super::{Announced, announce, path};

    #[test]
    fn addresses_and_parameters_are_parted() {
        assert_eq!(path("FROM:<rosa@b.co> SIZE=10", "FROM:"), Some(("rosa@b.co".to_owned(), " SIZE=10")));
        assert_eq!(path("from: <>", "FROM:"), Some((String::new(), "")));
        for wrong in ["FROM:rosa@b.co", "TO:<a@b.co>", "", "FROM:<a"] {
            assert_eq!(path(wrong, "FROM:"), None, "{wrong}");
        }
        let mut mail = Announced::default();
        assert!(announce(&mut mail, "FROM:<a@b.co> SIZE=41943041").starts_with("552"));
        assert!(announce(&mut mail, "FROM:<a@b.co> HOLDFOR=1").starts_with("555"));
        assert!(announce(&mut mail, "FROM:<a@b.co> SIZE=41943040 BODY=8BITMIME").starts_with("250"));
        assert!(announce(&mut mail, "FROM:<a@b.co>").starts_with("503"));
    }
}
