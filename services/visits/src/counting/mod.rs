//! From the page that was read to the visit that counts. The door hands a view over and goes on; its process hashes away who it was,
//! packs five times a second what came, and puts it on a stream; one process at a time takes the stream, judges, and writes the
//! counts together with how far it came. The rules are in [`judge`], which knows neither clock nor database.

pub(crate) mod batch;
mod door;
pub(crate) mod graphql;
pub(crate) mod jobs;
pub(crate) mod judge;
pub(crate) mod ledger;
pub(crate) mod notes;
mod producer;
mod salt;
pub(crate) mod store;
mod taker;

pub use door::{LeftOut, PageView, Recorder, Robots, Search};
pub use judge::Reason;
pub use ledger::{Rerun, rerun};
pub use notes::NoteRule;

use kernel::Platform;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Page views that may wait; more are dropped, and declared.
const WAITING: usize = 16_384;
/// The stream on which batches go from every replica to the one that counts.
pub(crate) const STREAM: &str = "visits";

/// What has to be run beside the door.
pub struct Counter {
    producer: producer::Producer,
    taker: taker::Taker,
}

/// A recorder for the door and the counter that has to be run beside it.
pub fn recorder(platform: &Platform, left_out: impl Into<LeftOut>) -> (Recorder, Counter) {
    let (sender, views) = mpsc::channel(WAITING);
    let recorder = Recorder::new(sender);
    let producer = producer::Producer::new(platform, views, recorder.dropped(), left_out.into());
    (recorder, Counter { producer, taker: taker::Taker::new(platform) })
}

impl Counter {
    /// Counts until stopped, then hands over and writes what has arrived. Stop it after the door.
    pub async fn run(self, stop: CancellationToken) {
        let done = CancellationToken::new();
        let produce = async {
            self.producer.run(stop).await;
            done.cancel();
        };
        tokio::join!(produce, self.taker.run(done.clone()));
    }
}
