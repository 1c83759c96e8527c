//! What mail promises: the same mail through a relay and into a maildir, and no line that nobody wrote.
#![expect(clippy::unwrap_used, reason = "a test's helpers may fail the test")]

use std::os::unix::fs::PermissionsExt;

use kernel::mail::{Error, Mail, Maildir, Message, Smtp};
use tempfile::tempdir;
use time::macros::datetime;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use uuid::Uuid;

const FROM: &str = "Alcaldía de Chipaque <no-responda@chipaque.gov.co>";

fn message() -> Message {
    Message {
        id: Uuid::from_u128(7),
        date: datetime!(2026-11-22 15:04:05 UTC),
        to: "Ana Muñoz <ana@example.org>".to_owned(),
        subject: "Su contraseña: cómo reiniciarla, en un asunto que es más largo que una línea de correo".to_owned(),
        text: "Señora Ana:\n\nhttps://chipaque.example/reiniciar/secreto-de-un-solo-uso\n.\nAdiós".to_owned(),
        html: None,
        kind: "credential-reset".to_owned(),
        thread: None,
    }
}

#[tokio::test]
async fn a_mail_comes_back_from_the_maildir_as_it_was_written() {
    let folder = tempdir().unwrap();
    let maildir = Maildir::new(folder.path(), FROM).await.unwrap();
    maildir.send(&message()).await.unwrap();
    let [received] = &maildir.list(10).await.unwrap()[..] else { panic!("one mail was sent") };
    assert_eq!((&*received.from, &received.to, &received.subject), (FROM, &message().to, &message().subject));
    assert_eq!((&received.kind, received.date), (&message().kind, Some(message().date)));
    assert_eq!((&received.text, &received.html), (&message().text, &None));
    assert_eq!(&maildir.read(&received.name).await.unwrap(), received);
}

#[tokio::test]
async fn a_mail_with_html_carries_both_bodies() {
    let folder = tempdir().unwrap();
    let maildir = Maildir::new(folder.path(), FROM).await.unwrap();
    let html = "<p>Señora <b>Ana</b></p>";
    maildir.send(&Message { html: Some(html.to_owned()), ..message() }).await.unwrap();
    let [received] = &maildir.list(10).await.unwrap()[..] else { panic!("one mail was sent") };
    assert_eq!(received.text, message().text);
    assert_eq!(received.html.as_deref().map(str::trim_end), Some(html));
}

#[tokio::test]
async fn the_newest_mails_come_first_wherever_a_reader_has_put_them() {
    let folder = tempdir().unwrap();
    let maildir = Maildir::new(folder.path(), FROM).await.unwrap();
    for minute in 0..3_u8 {
        let date = message().date + time::Duration::minutes(minute.into());
        maildir.send(&Message { id: Uuid::from_u128(minute.into()), date, subject: minute.to_string(), ..message() }).await.unwrap();
    }
    let newest = maildir.list(1).await.unwrap().remove(0).name;
    std::fs::rename(folder.path().join("new").join(&newest), folder.path().join("cur").join(format!("{newest}:2,S"))).unwrap();
    let subjects = maildir.list(2).await.unwrap().into_iter().map(|mail| mail.subject).collect::<Vec<_>>();
    assert_eq!(subjects, ["2", "1"]);
}

#[tokio::test]
async fn a_mail_that_is_tried_again_is_still_one_mail() {
    let folder = tempdir().unwrap();
    let maildir = Maildir::new(folder.path(), FROM).await.unwrap();
    maildir.send(&message()).await.unwrap();
    maildir.send(&message()).await.unwrap();
    assert_eq!(maildir.list(10).await.unwrap().len(), 1);
    assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn the_maildir_is_its_owners_and_gives_nothing_outside_itself() {
    let folder = tempdir().unwrap();
    let maildir = Maildir::new(folder.path().join("mail"), FROM).await.unwrap();
    std::fs::write(folder.path().join("outside"), "Subject: x\r\n\r\nx").unwrap();
    for name in ["../../outside", "..", "", "absent", "/etc/hostname"] {
        assert!(matches!(maildir.read(name).await, Err(Error::Maildir(_))), "{name:?}");
    }
    let mode = std::fs::metadata(folder.path().join("mail/new")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_header_that_would_open_another_line_is_refused() {
    let folder = tempdir().unwrap();
    let maildir = Maildir::new(folder.path(), FROM).await.unwrap();
    for evil in ["x\r\nBcc: all@example.org", "x\nBcc: all@example.org", "x\rBcc: all@example.org", "x\0", "x\u{85}y"] {
        for message in [
            Message { to: format!("{evil} <ana@example.org>"), ..message() },
            Message { subject: evil.to_owned(), ..message() },
            Message { kind: evil.to_owned(), ..message() },
        ] {
            let refused = maildir.send(&message).await.unwrap_err();
            assert!(matches!(refused, Error::Header(_)) && refused.permanent());
        }
    }
    for nobody in ["", "ana", "ana@example.org, beto@example.org"] {
        assert!(matches!(maildir.send(&Message { to: nobody.to_owned(), ..message() }).await, Err(Error::Address(_))));
    }
    assert!(maildir.list(10).await.unwrap().is_empty());
}

#[test]
fn a_message_never_shows_its_body_in_a_log() {
    let shown = format!("{:?}", Message { html: Some("secreto".to_owned()), ..message() });
    assert!(shown.contains("credential-reset") && !shown.contains("secreto") && !shown.contains("ana@"), "{shown}");
}

#[tokio::test]
async fn a_relay_gets_the_whole_mail_for_the_one_recipient() {
    let (smtp, sink) = relay("250 ok").await;
    smtp.send(&message()).await.unwrap();
    let dialogue = sink.await.unwrap();
    for line in [
        "MAIL FROM:<no-responda@chipaque.gov.co>",
        "RCPT TO:<ana@example.org>",
        "Message-ID: <00000000-0000-0000-0000-000000000007@chipaque.gov.co>",
        "Date: Sun, 22 Nov 2026 15:04:05 +0000",
        "Auto-Submitted: auto-generated",
        "X-Cabildo-Kind: credential-reset",
        "..",
    ] {
        assert!(dialogue.iter().any(|said| said.starts_with(line)), "{line:?} is missing from {dialogue:#?}");
    }
    assert_eq!(dialogue.iter().filter(|said| said.starts_with("RCPT")).count(), 1);
}

#[tokio::test]
async fn a_recipient_that_the_relay_refuses_for_good_is_not_worth_another_try() {
    let (smtp, _sink) = relay("550 no such mailbox").await;
    let refused = smtp.send(&message()).await.unwrap_err();
    assert!(matches!(refused, Error::Smtp(_)) && refused.permanent());
}

#[tokio::test]
async fn a_relay_that_is_busy_or_away_is_worth_another_try() {
    let (smtp, _sink) = relay("450 try later").await;
    assert!(!smtp.send(&message()).await.unwrap_err().permanent());
    let away = Smtp::new(&"smtp://127.0.0.1:9".into(), FROM).unwrap();
    assert!(!away.send(&message()).await.unwrap_err().permanent());
}

/// A relay that answers one mail, its recipient with `verdict`, and gives back what it was told.
async fn relay(verdict: &'static str) -> (Smtp, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smtp = Smtp::new(&format!("smtp://{}", listener.local_addr().unwrap()).into(), FROM).unwrap();
    let sink = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.split();
        let (mut lines, mut dialogue, mut in_data) = (BufReader::new(read).lines(), Vec::new(), false);
        write.write_all(b"220 sink\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match &*line {
                "." if in_data => "250 kept",
                _ if in_data => "",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ if line.starts_with("RCPT") => verdict,
                _ => "250 ok",
            };
            in_data = line == "DATA" || in_data && line != ".";
            dialogue.push(line);
            if !answer.is_empty() {
                write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            }
        }
        dialogue
    });
    (smtp, sink)
}
