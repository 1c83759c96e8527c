//! What travels on the stream: numbered views without an address, packed.

use kernel::{Error, Result};
use uuid::Uuid;

use super::judge::{Hit, Reason};
use crate::figures::told::{Device, Referrer};

/// The form of the packing; another one is not read.
const FORM: u8 = 1;

/// What one process hands over at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The process.
    pub(crate) producer: Uuid,
    /// The number of its first view.
    pub(crate) first: u64,
    /// How many views found no room at its door so far.
    pub(crate) dropped: u64,
    /// The most views that it handed over in one second.
    pub(crate) peak: u64,
    /// When it was sent by the clock of the process, in milliseconds since 1970.
    pub(crate) sent_at: i64,
    /// Whether the process says good-bye.
    pub(crate) ended: bool,
    pub(crate) entries: Vec<Entry>,
}

/// A hit of a town, and what it tells for the figures of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) tenant: Uuid,
    pub(crate) hit: Hit,
    pub(crate) told: Told,
}

/// What a view tells for the figures; nothing of it is a visitor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) path: String,
    pub(crate) referrer: Referrer,
    pub(crate) device: Device,
    /// The words of a search, and whether anything was found.
    pub(crate) search: Option<(String, bool)>,
}

impl Batch {
    /// How many views it holds.
    pub(crate) fn views(&self) -> u64 {
        self.entries.iter().map(|entry| u64::from(entry.hit.times)).sum()
    }

    /// Packs it.
    pub(crate) fn packed(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.entries.len() * 90);
        out.push(FORM);
        out.extend_from_slice(self.producer.as_bytes());
        for number in [self.first, self.dropped, self.peak, self.sent_at as u64] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.push(u8::from(self.ended));
        out.extend_from_slice(&(self.entries.len() as u32).to_le_bytes());
        for Entry { tenant, hit, told } in &self.entries {
            out.extend_from_slice(tenant.as_bytes());
            pack_hit(&mut out, hit);
            out.push(told.referrer.number());
            out.push(told.device.number());
            pack_text(&mut out, &told.path);
            match &told.search {
                Some((words, found)) => {
                    out.push(1 + u8::from(*found));
                    pack_text(&mut out, words);
                }
                None => out.push(0),
            }
        }
        out
    }

    /// Unpacks what [`Batch::packed`] made.
    pub(crate) fn unpack(bytes: &[u8]) -> Result<Self> {
        let mut from = Unpack(bytes);
        if from.byte()? != FORM {
            return Err(Error::fault("a batch of views of another form"));
        }
        let producer = from.uuid()?;
        let [first, dropped, peak, sent_at] = [from.number()?, from.number()?, from.number()?, from.number()?];
        let ended = from.byte()? == 1;
        let count = u32::from_le_bytes(from.array()?);
        let mut entries = Vec::with_capacity(count.min(8192) as usize);
        for _ in 0..count {
            let (tenant, hit) = (from.uuid()?, from.hit()?);
            let (referrer, device) = (Referrer::from_number(from.byte()?), Device::from_number(from.byte()?));
            let path = from.text()?;
            let search = match from.byte()? {
                0 => None,
                told => Some((from.text()?, told == 2)),
            };
            entries.push(Entry { tenant, hit, told: Told { path, referrer, device, search } });
        }
        Ok(Self { producer, first, dropped, peak, sent_at: sent_at as i64, ended, entries })
    }
}

/// How many bytes a packed hit has.
pub(crate) const HIT_BYTES: usize = 38;

/// Packs a hit: moment, visitor, network, page, how many, whether it is a file, why the door left it out.
pub(crate) fn pack_hit(out: &mut Vec<u8>, hit: &Hit) {
    for number in [hit.at as u64, hit.visitor, hit.network, hit.page] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&hit.times.to_le_bytes());
    out.push(u8::from(hit.download));
    out.push(hit.mark.map_or(u8::MAX, Reason::number));
}

fn pack_text(out: &mut Vec<u8>, text: &str) {
    let length = text.len().min(usize::from(u16::MAX)) as u16;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
}

/// Takes packed things one by one.
pub(crate) struct Unpack<'a>(pub(crate) &'a [u8]);

impl Unpack<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(|| Error::fault("packed views end too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn number(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn uuid(&mut self) -> Result<Uuid> {
        Ok(Uuid::from_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| Error::fault("packed views end too early"))?;
        self.0 = rest;
        Ok(String::from_utf8_lossy(taken).into_owned())
    }

    pub(crate) fn hit(&mut self) -> Result<Hit> {
        let [at, visitor, network, page] = [self.number()?, self.number()?, self.number()?, self.number()?];
        let times = u32::from_le_bytes(self.array()?);
        Ok(Hit { at: at as i64, visitor, network, page, times, download: self.byte()? == 1, mark: Reason::from_number(self.byte()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let hit = |mark| Hit { at: 1_790_000_000_123, visitor: 7, network: u64::MAX, page: 3, times: 9, download: true, mark };
        let entry = |mark, search| Entry {
            tenant: Uuid::from_u128(5),
            hit: hit(mark),
            told: Told { path: "/trámites".to_owned(), referrer: Referrer::Government, device: Device::Tablet, search },
        };
        let entries = vec![entry(None, None), entry(Some(Reason::Late), Some(("agua".to_owned(), false)))];
        Batch { producer: Uuid::from_u128(9), first: 4, dropped: 1, peak: 77, sent_at: 1_790_000_000_500, ended: true, entries }
    }

    #[test]
    fn a_batch_comes_back_as_it_was_packed() {
        assert_eq!(Batch::unpack(&batch().packed()).expect("is whole"), batch());
        let mut packed = Vec::new();
        pack_hit(&mut packed, &batch().entries[0].hit);
        assert_eq!((packed.len(), batch().views()), (HIT_BYTES, 18));
    }

    #[test]
    fn what_is_cut_or_of_another_form_is_refused() {
        let whole = batch().packed();
        for length in 0..whole.len() {
            assert!(Batch::unpack(&whole[..length]).is_err(), "{length} bytes");
        }
        assert!(Batch::unpack(b"\x02something else entirely").is_err());
    }
}
