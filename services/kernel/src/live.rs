//! Live state that replicas share: rates, repeats, distinct counts and messages. Redis holds it in production, an
//! in-process twin where there is none. It may be lost at any time: nothing stands here alone.

use std::collections::{HashMap, VecDeque};
use std::{fmt::Display, io, mem, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use moka::{future::Cache, policy::EvictionPolicy};
use redis::{
    Client, IntoConnectionInfo, RedisError, RedisResult, Script,
    aio::{ConnectionManager, ConnectionManagerConfig, PubSubSink, PubSubStream},
    io::tcp::TcpSettings,
    streams::StreamRangeReply,
};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::{
    sync::{Mutex, broadcast},
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Why live state could not be asked; the caller decides whether to go on without it.
#[derive(Debug, thiserror::Error)]
#[error("live state is out of reach")]
pub struct Error(#[from] RedisError);

/// The result of asking live state.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The messages of a channel from the moment of subscribing; those sent while the line was down are lost.
pub type Messages = BoxStream<'static, Bytes>;

/// The name of one piece of live state. It serves one purpose only, so begin it with that: `sign-in/<address>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LiveKey(String);

impl LiveKey {
    /// State of one tenant, which no other tenant's can meet.
    pub fn of(tenant: Uuid, name: impl Display) -> Self {
        Self(format!("t/{tenant}/{name}"))
    }

    /// State of the platform as a whole, for what comes before the tenant is known.
    pub fn platform(name: impl Display) -> Self {
        Self(format!("p/{name}"))
    }
}

/// What a rate limit answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Whether this one may pass.
    pub allowed: bool,
    /// How many more may pass in this window.
    pub remaining: u32,
    /// When refused, how long until the window ends; else zero.
    pub retry_after: Duration,
}

/// What [`Live::take`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whether this one was counted.
    pub counted: bool,
    /// How many were counted in this window, this one included.
    pub count: u64,
    /// When the window ends, in milliseconds since 1970.
    pub ends: i64,
}

/// State that is shared by all replicas and forgotten by itself.
#[async_trait]
pub trait Live: Send + Sync {
    /// Counts one more, or one `member` that was not yet counted, in the window that the first of them opened; once
    /// `limit` are counted it counts no more until the window has ended. The other questions rest on this one.
    async fn take(&self, key: &LiveKey, member: Option<&str>, limit: u64, window: Duration, now: OffsetDateTime) -> Result<Taken>;

    /// How many are counted in the window that is open.
    async fn count(&self, key: &LiveKey, now: OffsetDateTime) -> Result<u64>;

    /// Tells everyone who listens to `channel`, in every replica.
    async fn publish(&self, channel: &str, message: &[u8]) -> Result<()>;

    /// Listens to `channel`, and again after every loss of the line.
    async fn subscribe(&self, channel: &str) -> Result<Messages>;

    /// Whether other processes see the same state.
    fn shared(&self) -> bool;

    /// Puts an entry at the end of a stream. What nobody takes off is lost once the stream is too long, the oldest first.
    async fn append(&self, stream: &str, entry: &[u8]) -> Result<()>;

    /// The oldest entries of a stream with their names; they stay until they are taken off.
    async fn entries(&self, stream: &str, most: usize) -> Result<Vec<(String, Bytes)>>;

    /// Takes entries off a stream by their names.
    async fn take_off(&self, stream: &str, names: &[String]) -> Result<()>;

    /// Lets `limit` pass in each `window`.
    async fn allow(&self, key: &LiveKey, limit: u32, window: Duration, now: OffsetDateTime) -> Result<Rate> {
        let Taken { counted, count, ends } = self.take(key, None, limit.into(), window, now).await?;
        let left = if counted { 0 } else { ends.saturating_sub(millis(now)) };
        Ok(Rate {
            allowed: counted,
            remaining: limit.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX)),
            retry_after: Duration::from_millis(left.try_into().unwrap_or(0)),
        })
    }

    /// Whether this is the first time in the last `within`.
    async fn first_seen(&self, key: &LiveKey, within: Duration, now: OffsetDateTime) -> Result<bool> {
        Ok(self.take(key, None, 1, within, now).await?.counted)
    }

    /// Whether `member` was not yet among those counted since the first of them came, at most `ttl` ago.
    async fn add_distinct(&self, key: &LiveKey, member: &str, ttl: Duration, now: OffsetDateTime) -> Result<bool> {
        Ok(self.take(key, Some(member), u64::MAX, ttl, now).await?.counted)
    }
}

fn millis(at: OffsetDateTime) -> i64 {
    (at.unix_timestamp_nanos() / 1_000_000) as i64
}

/// The moment and the length of a window that opens now, in milliseconds.
fn span(window: Duration, now: OffsetDateTime) -> (i64, i64) {
    (millis(now), window.as_millis().try_into().unwrap_or(i64::MAX))
}

/// Live state of a single process, in bounded memory: the longest unused is forgotten first.
pub struct InProcess {
    windows: Cache<String, Arc<Mutex<Window>>>,
    messages: broadcast::Sender<(String, Bytes)>,
    streams: Mutex<HashMap<String, Stream>>,
}

/// What waits in a stream, with the number of each entry.
#[derive(Default)]
struct Stream {
    waiting: VecDeque<(u64, Bytes)>,
    bytes: usize,
    last: u64,
}

#[derive(Default)]
struct Window {
    ends: i64,
    count: u64,
}

impl InProcess {
    /// Keeps about this many bytes at most.
    pub fn holding(bytes: u64) -> Self {
        Self {
            windows: Cache::builder()
                .max_capacity(bytes)
                .weigher(|key: &String, _| u32::try_from(key.len() + 200).unwrap_or(u32::MAX))
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            messages: broadcast::Sender::new(1024),
            streams: Mutex::default(),
        }
    }

    async fn window(&self, key: String) -> Arc<Mutex<Window>> {
        self.windows.get_with(key, async { Arc::default() }).await
    }

    /// Marks `member` as counted in the window that ends then; false when it was already.
    async fn mark(&self, key: &LiveKey, member: &str, ends: i64) -> bool {
        let mark = self.window(format!("{}\0{member}", key.0)).await;
        let before = mem::replace(&mut mark.lock().await.ends, ends);
        before != ends
    }
}

impl Default for InProcess {
    fn default() -> Self {
        Self::holding(32 << 20)
    }
}

#[async_trait]
impl Live for InProcess {
    async fn take(&self, key: &LiveKey, member: Option<&str>, limit: u64, window: Duration, now: OffsetDateTime) -> Result<Taken> {
        let (now, length) = span(window, now);
        let window = self.window(key.0.clone()).await;
        let mut window = window.lock().await;
        if now >= window.ends {
            *window = Window { ends: now.saturating_add(length), count: 0 };
        }
        let counted = window.count < limit
            && match member {
                Some(member) => self.mark(key, member, window.ends).await,
                None => true,
            };
        window.count += u64::from(counted);
        Ok(Taken { counted, count: window.count, ends: window.ends })
    }

    async fn count(&self, key: &LiveKey, now: OffsetDateTime) -> Result<u64> {
        let Some(window) = self.windows.get(&key.0).await else { return Ok(0) };
        let window = window.lock().await;
        Ok(if millis(now) < window.ends { window.count } else { 0 })
    }

    async fn publish(&self, channel: &str, message: &[u8]) -> Result<()> {
        // An error here only says that nobody listens.
        let _ = self.messages.send((channel.to_owned(), Bytes::copy_from_slice(message)));
        Ok(())
    }

    async fn subscribe(&self, channel: &str) -> Result<Messages> {
        let start = (self.messages.subscribe(), channel.to_owned());
        let messages = stream::unfold(start, |(mut receiver, channel)| async move {
            loop {
                match receiver.recv().await {
                    Ok((of, message)) if of == channel => return Some((message, (receiver, channel))),
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        Ok(messages.boxed())
    }

    fn shared(&self) -> bool {
        false
    }

    async fn append(&self, stream: &str, entry: &[u8]) -> Result<()> {
        let mut streams = self.streams.lock().await;
        let stream = streams.entry(stream.to_owned()).or_default();
        stream.last += 1;
        stream.bytes += entry.len();
        stream.waiting.push_back((stream.last, Bytes::copy_from_slice(entry)));
        while stream.bytes > STREAM_BYTES
            && let Some((_, oldest)) = stream.waiting.pop_front()
        {
            stream.bytes -= oldest.len();
        }
        Ok(())
    }

    async fn entries(&self, stream: &str, most: usize) -> Result<Vec<(String, Bytes)>> {
        let streams = self.streams.lock().await;
        let waiting = streams.get(stream).into_iter().flat_map(|stream| &stream.waiting);
        Ok(waiting.take(most).map(|(number, entry)| (number.to_string(), entry.clone())).collect())
    }

    async fn take_off(&self, stream: &str, names: &[String]) -> Result<()> {
        if let Some(stream) = self.streams.lock().await.get_mut(stream) {
            let names: Vec<u64> = names.iter().filter_map(|name| name.parse().ok()).collect();
            stream.waiting.retain(|(number, _)| !names.contains(number));
            stream.bytes = stream.waiting.iter().map(|(_, entry)| entry.len()).sum();
        }
        Ok(())
    }
}

/// What a stream of this process may hold.
const STREAM_BYTES: usize = 64 << 20;
/// About how many entries a stream in Redis may hold.
const STREAM_ENTRIES: usize = 50_000;
/// How long one question to Redis may take, connecting included.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a subscription may be quiet before its line is probed.
const QUIET: Duration = Duration::from_secs(10);

/// A window is a hash that Redis drops by itself: `ends`, `count`, and a field for each member.
const TAKE: &str = r"
local now, ends, length, limit, member = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local open = redis.call('HGET', KEYS[1], 'ends')
if open and now < tonumber(open) then
  ends = open
else
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'ends', ends, 'count', 0)
  redis.call('PEXPIRE', KEYS[1], length)
end
local count = tonumber(redis.call('HGET', KEYS[1], 'count'))
local counted = count < limit and (member == '' or redis.call('HSETNX', KEYS[1], member, 1) == 1)
if counted then count = redis.call('HINCRBY', KEYS[1], 'count', 1) end
return {counted and 1 or 0, count, tonumber(ends)}
";

/// Live state in Redis 7 or later, reached through one connection that mends itself.
pub struct Redis {
    client: Client,
    connection: ConnectionManager,
    take: Script,
}

impl Redis {
    /// Uses the server at `url` (`redis://…` or `unix:…`), and connects when first asked. Call it in a Tokio runtime.
    pub fn new(url: &SecretString) -> Result<Self> {
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(QUIET);
        let client = Client::open(url.expose_secret().into_connection_info()?.set_tcp_settings(tcp))?;
        // No retries: whoever asks while Redis is away is told at once, and that question starts the next attempt.
        let config = ConnectionManagerConfig::new().set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        Ok(Self { client, connection, take: Script::new(TAKE) })
    }
}

async fn patiently<T>(question: impl Future<Output = RedisResult<T>>) -> Result<T> {
    Ok(timeout(PATIENCE, question).await.map_err(|late| RedisError::from(io::Error::from(late)))??)
}

async fn listen(client: &Client, channel: &str) -> Result<(PubSubSink, PubSubStream)> {
    patiently(async {
        let mut line = client.get_async_pubsub().await?;
        line.subscribe(channel).await?;
        Ok(line.split())
    })
    .await
}

#[async_trait]
impl Live for Redis {
    async fn take(&self, key: &LiveKey, member: Option<&str>, limit: u64, window: Duration, now: OffsetDateTime) -> Result<Taken> {
        let (now, length) = span(window, now);
        let member = member.map(|member| format!("m/{member}")).unwrap_or_default();
        let mut question = self.take.key(&key.0);
        question.arg(now).arg(now.saturating_add(length)).arg(length).arg(limit).arg(member);
        let (counted, count, ends) = patiently(question.invoke_async(&mut self.connection.clone())).await?;
        Ok(Taken { counted, count, ends })
    }

    async fn count(&self, key: &LiveKey, now: OffsetDateTime) -> Result<u64> {
        let mut question = redis::cmd("HMGET");
        question.arg(&key.0).arg("ends").arg("count");
        let (ends, count) = patiently(question.query_async::<(Option<i64>, Option<u64>)>(&mut self.connection.clone())).await?;
        Ok(count.filter(|_| ends > Some(millis(now))).unwrap_or(0))
    }

    async fn publish(&self, channel: &str, message: &[u8]) -> Result<()> {
        patiently(redis::cmd("PUBLISH").arg(channel).arg(message).exec_async(&mut self.connection.clone())).await
    }

    async fn subscribe(&self, channel: &str) -> Result<Messages> {
        let start = (self.client.clone(), channel.to_owned(), listen(&self.client, channel).await?);
        let messages = stream::unfold(start, |(client, channel, (mut sink, mut line))| async move {
            loop {
                match timeout(QUIET, line.next()).await {
                    Ok(Some(message)) => {
                        let message = Bytes::copy_from_slice(message.get_payload_bytes());
                        return Some((message, (client, channel, (sink, line))));
                    }
                    Err(_) if patiently(sink.ping::<redis::Value>()).await.is_ok() => {}
                    Ok(None) | Err(_) => {
                        tracing::warn!(channel, "lost the line to Redis; listening again");
                        (sink, line) = loop {
                            match listen(&client, &channel).await {
                                Ok(line) => break line,
                                Err(_) => sleep(PATIENCE).await,
                            }
                        };
                    }
                }
            }
        });
        Ok(messages.boxed())
    }

    fn shared(&self) -> bool {
        true
    }

    async fn append(&self, stream: &str, entry: &[u8]) -> Result<()> {
        let mut question = redis::cmd("XADD");
        question.arg(stream_key(stream)).arg("MAXLEN").arg("~").arg(STREAM_ENTRIES).arg("*").arg("e").arg(entry);
        patiently(question.exec_async(&mut self.connection.clone())).await
    }

    async fn entries(&self, stream: &str, most: usize) -> Result<Vec<(String, Bytes)>> {
        let mut question = redis::cmd("XRANGE");
        question.arg(stream_key(stream)).arg("-").arg("+").arg("COUNT").arg(most);
        let told = patiently(question.query_async::<StreamRangeReply>(&mut self.connection.clone())).await?;
        // An entry that is not ours has no such field, and is taken off with the others.
        Ok(told
            .ids
            .into_iter()
            .map(|id| (id.get::<Vec<u8>>("e").unwrap_or_default(), id.id))
            .map(|(entry, id)| (id, entry.into()))
            .collect())
    }

    async fn take_off(&self, stream: &str, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let mut question = redis::cmd("XDEL");
        question.arg(stream_key(stream)).arg(names);
        patiently(question.exec_async(&mut self.connection.clone())).await
    }
}

fn stream_key(stream: &str) -> String {
    format!("p/stream/{stream}")
}
