//! What live state promises, asked of both twins; and what only the one in Redis must stand.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers may fail the test")]

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use kernel::live::{InProcess, Live, LiveKey, Messages, Redis};
use secrecy::SecretString;
use time::{OffsetDateTime, macros::datetime};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
const MINUTE: Duration = Duration::from_mins(1);

macro_rules! both_twins {
    ($($name:ident)*) => {
        mod in_process {
            $(#[tokio::test] async fn $name() { super::$name(&super::InProcess::default()).await })*
        }
        mod redis {
            $(#[tokio::test] async fn $name() { super::$name(&super::Server::start().await.live()).await })*
        }
    };
}

both_twins! {
    a_rate_lets_its_limit_pass_and_then_tells_when_to_come_back
    a_rate_starts_anew_when_its_window_has_ended
    a_limit_of_zero_lets_nobody_pass
    those_who_ask_at_once_never_get_more_than_the_limit
    a_repeat_is_known_only_within_its_time
    a_member_is_counted_once_until_its_time_is_over
    tenants_and_the_platform_never_share_a_key
    a_message_reaches_all_who_listen_to_its_channel_and_nobody_else
}

fn key(name: &str) -> LiveKey {
    LiveKey::of(Uuid::from_u128(1), name)
}

async fn a_rate_lets_its_limit_pass_and_then_tells_when_to_come_back(live: &dyn Live) {
    for remaining in [1, 0] {
        let rate = live.allow(&key("rate"), 2, MINUTE, NOW).await.unwrap();
        assert_eq!((rate.allowed, rate.remaining, rate.retry_after), (true, remaining, Duration::ZERO));
    }
    let rate = live.allow(&key("rate"), 2, MINUTE, NOW + MINUTE / 4).await.unwrap();
    assert_eq!((rate.allowed, rate.remaining, rate.retry_after), (false, 0, MINUTE / 4 * 3));
}

async fn a_rate_starts_anew_when_its_window_has_ended(live: &dyn Live) {
    assert!(live.allow(&key("rate"), 1, MINUTE, NOW).await.unwrap().allowed);
    assert!(!live.allow(&key("rate"), 1, MINUTE, NOW + MINUTE - Duration::from_millis(1)).await.unwrap().allowed);
    assert!(live.allow(&key("rate"), 1, MINUTE, NOW + MINUTE).await.unwrap().allowed);
    assert!(!live.allow(&key("rate"), 1, MINUTE, NOW + MINUTE).await.unwrap().allowed);
}

async fn a_limit_of_zero_lets_nobody_pass(live: &dyn Live) {
    assert!(!live.allow(&key("rate"), 0, MINUTE, NOW).await.unwrap().allowed);
}

async fn those_who_ask_at_once_never_get_more_than_the_limit(live: &dyn Live) {
    let key = key("rate");
    let asked = (0..50).map(|_| live.allow(&key, 7, MINUTE, NOW));
    let passed = futures::future::join_all(asked).await.into_iter().filter(|rate| rate.as_ref().unwrap().allowed).count();
    assert_eq!(passed, 7);
}

async fn a_repeat_is_known_only_within_its_time(live: &dyn Live) {
    assert!(live.first_seen(&key("seen"), MINUTE, NOW).await.unwrap());
    assert!(!live.first_seen(&key("seen"), MINUTE, NOW + MINUTE / 2).await.unwrap());
    assert!(live.first_seen(&key("seen"), MINUTE, NOW + MINUTE).await.unwrap());
}

async fn a_member_is_counted_once_until_its_time_is_over(live: &dyn Live) {
    let key = key("visitors");
    assert_eq!(live.count(&key, NOW).await.unwrap(), 0);
    for (member, new) in [("ana", true), ("beto", true), ("ana", false), ("", true), ("", false)] {
        assert_eq!(live.add_distinct(&key, member, MINUTE, NOW).await.unwrap(), new, "{member:?}");
    }
    assert_eq!(live.count(&key, NOW).await.unwrap(), 3);
    let later = NOW + MINUTE;
    assert_eq!(live.count(&key, later).await.unwrap(), 0);
    assert!(live.add_distinct(&key, "ana", MINUTE, later).await.unwrap());
    assert_eq!(live.count(&key, later).await.unwrap(), 1);
}

async fn tenants_and_the_platform_never_share_a_key(live: &dyn Live) {
    for key in [LiveKey::of(Uuid::from_u128(1), "seen"), LiveKey::of(Uuid::from_u128(2), "seen"), LiveKey::platform("seen")] {
        assert!(live.first_seen(&key, MINUTE, NOW).await.unwrap());
    }
}

async fn a_message_reaches_all_who_listen_to_its_channel_and_nobody_else(live: &dyn Live) {
    let mut listeners = [live.subscribe("versions").await.unwrap(), live.subscribe("versions").await.unwrap()];
    let mut stranger = live.subscribe("other").await.unwrap();
    live.publish("versions", b"first").await.unwrap();
    live.publish("versions", b"\0\xff").await.unwrap();
    for listener in &mut listeners {
        assert_eq!(next(listener).await.as_deref(), Some(&b"first"[..]));
        assert_eq!(next(listener).await.as_deref(), Some(&b"\0\xff"[..]));
    }
    assert!(timeout(Duration::from_millis(50), stranger.next()).await.is_err());
}

#[tokio::test]
async fn the_process_keeps_a_bounded_memory_and_forgets_the_longest_unused_first() {
    let live = InProcess::holding(100_000);
    assert!(live.first_seen(&key("old"), MINUTE, NOW).await.unwrap());
    assert!(live.first_seen(&key("used"), MINUTE, NOW).await.unwrap());
    for other in 0..5_000 {
        assert!(live.first_seen(&key(&format!("flood/{other}")), MINUTE, NOW).await.unwrap());
        assert!(!live.first_seen(&key("used"), MINUTE, NOW).await.unwrap());
    }
    assert!(live.first_seen(&key("old"), MINUTE, NOW).await.unwrap());
}

#[tokio::test]
async fn redis_forgets_a_window_by_itself() {
    let server = Server::start().await;
    let live = server.live();
    assert!(live.first_seen(&key("seen"), Duration::from_millis(50), NOW).await.unwrap());
    sleep(Duration::from_millis(150)).await;
    assert!(live.first_seen(&key("seen"), Duration::from_millis(50), NOW).await.unwrap());
}

#[tokio::test]
async fn replicas_on_one_redis_share_their_state() {
    let server = Server::start().await;
    assert!(server.live().first_seen(&key("seen"), MINUTE, NOW).await.unwrap());
    assert!(!server.live().first_seen(&key("seen"), MINUTE, NOW).await.unwrap());
}

#[tokio::test]
async fn redis_lost_is_an_error_at_once_and_mends_when_it_is_back() {
    let mut server = Server::start().await;
    let live: Arc<dyn Live> = Arc::new(server.live());
    let mut listener = live.subscribe("versions").await.unwrap();
    live.publish("versions", b"before").await.unwrap();
    assert_eq!(next(&mut listener).await.as_deref(), Some(&b"before"[..]));

    server.stop();
    for _ in 0..3 {
        let asked = timeout(Duration::from_secs(1), live.allow(&key("rate"), 1, MINUTE, NOW)).await;
        assert!(asked.expect("must not hang").is_err());
        assert!(live.subscribe("versions").await.is_err());
    }

    server.run().await;
    let heard = tokio::spawn(async move { next(&mut listener).await });
    let mut tries = 0;
    while !heard.is_finished() && tries < 100 {
        let _ = live.publish("versions", b"after").await;
        sleep(Duration::from_millis(50)).await;
        tries += 1;
    }
    assert_eq!(heard.await.unwrap().as_deref(), Some(&b"after"[..]));
    assert!(live.allow(&key("rate"), 1, MINUTE, NOW).await.unwrap().allowed);
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_given_up_soon() {
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let live = Redis::new(&SecretString::from(format!("redis://{}", mute.local_addr().unwrap()))).unwrap();
    let asked = async {
        assert!(live.first_seen(&key("seen"), MINUTE, NOW).await.is_err());
        assert!(live.count(&key("seen"), NOW).await.is_err());
        assert!(live.publish("versions", b"").await.is_err());
        assert!(live.subscribe("versions").await.is_err());
    };
    timeout(Duration::from_secs(4), asked).await.expect("must not hang");
}

async fn next(messages: &mut Messages) -> Option<bytes::Bytes> {
    timeout(Duration::from_secs(10), messages.next()).await.expect("a message must come")
}

/// A Redis of the test's own, on a socket in a folder of its own.
struct Server {
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl Server {
    async fn start() -> Self {
        let mut server = Self { folder: tempfile::tempdir().unwrap(), process: None };
        server.run().await;
        server
    }

    async fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--unixsocket", "socket", "--save", "", "--appendonly", "no"]);
        command.current_dir(&self.folder).stdout(Stdio::null());
        self.process = Some(command.spawn().expect("these tests need redis-server on the PATH"));
        for _ in 0..200 {
            if self.live().count(&key("any"), NOW).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(25)).await;
        }
        panic!("redis-server does not answer");
    }

    fn live(&self) -> Redis {
        Redis::new(&SecretString::from(format!("unix:{}", self.folder.path().join("socket").display()))).unwrap()
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
