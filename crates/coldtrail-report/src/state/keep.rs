//! How a value is kept and taken back. Fields stand in the order of their declaration, numbers as LEB128, texts behind
//! their length: a file says nothing of its own shape, so that any change of it needs a new [`LAYOUT`].
//!
//! [`LAYOUT`]: super::LAYOUT

use crate::redact::Redactor;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// What can be kept.
pub(super) trait Keep: Sized {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()>;
    /// The value that was put; none if the bytes are not those of one.
    fn take(from: &mut In<'_>) -> Option<Self>;
}

/// Bytes are handed on when there are so many.
const FULL_BYTES: usize = 64 * 1024;

/// Where values go. With a redactor every text and every address passes through it: nothing else of a report can be
/// written.
pub(super) struct Out<'o> {
    bytes: Vec<u8>,
    to: &'o mut dyn Write,
    pub(super) redactor: Option<&'o mut Redactor>,
}

impl<'o> Out<'o> {
    pub(super) fn new(to: &'o mut dyn Write, redactor: Option<&'o mut Redactor>) -> Self {
        Self { bytes: Vec::with_capacity(2 * FULL_BYTES), to, redactor }
    }

    pub(super) fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    /// Bytes as they are.
    pub(super) fn plain(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= FULL_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Text that may name somebody.
    pub(super) fn text(&mut self, text: &[u8]) -> io::Result<()> {
        match self.redactor.as_mut().map(|r| r.text(text)) {
            Some(redacted) => self.plain(&redacted),
            None => self.plain(text),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

/// Where values come from.
pub(super) struct In<'i> {
    bytes: &'i [u8],
    at: usize,
    names: BTreeSet<&'static str>,
}

impl<'i> In<'i> {
    /// Cap on distinct names of numbers and rules, names: all detectors together have some hundred.
    const MAX_NAMES: usize = 4096;
    /// Cap on the length of one, bytes.
    const MAX_NAME_BYTES: usize = 64;

    pub(super) fn new(bytes: &'i [u8], at: usize) -> Self {
        Self { bytes, at, names: BTreeSet::new() }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    pub(super) fn plain(&mut self) -> Option<&'i [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let text = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(text)
    }

    /// A count of things, each of which takes a byte or more.
    pub(super) fn count(&mut self) -> Option<usize> {
        let n = usize::try_from(self.number()?).ok()?;
        (n <= self.bytes.len() - self.at).then_some(n)
    }

    /// A name of ours. There are few, and they live as long as the program, as those of a scan do.
    pub(super) fn name(&mut self) -> Option<&'static str> {
        let text = std::str::from_utf8(self.plain()?).ok()?;
        if let Some(known) = self.names.get(text) {
            return Some(known);
        }
        if text.len() > Self::MAX_NAME_BYTES || self.names.len() >= Self::MAX_NAMES {
            return None;
        }
        let name: &'static str = Box::leak(text.to_owned().into_boxed_str());
        self.names.insert(name);
        Some(name)
    }
}

macro_rules! unsigned {
    ($($t:ty),*) => {$(
        impl Keep for $t {
            fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
                out.number(*self as u64);
                Ok(())
            }
            fn take(from: &mut In<'_>) -> Option<Self> {
                Self::try_from(from.number()?).ok()
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64, usize);

impl Keep for bool {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        u8::from(*self).put(out)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        match from.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Keep for i64 {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.number((self << 1 ^ self >> 63) as u64);
        Ok(())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        let n = from.number()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }
}

impl Keep for f64 {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.number(self.to_bits());
        Ok(())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        from.number().map(Self::from_bits)
    }
}

impl Keep for String {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.text(self.as_bytes())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        std::str::from_utf8(from.plain()?).ok().map(str::to_owned)
    }
}

/// Names of numbers and rules: words of ours.
impl Keep for &'static str {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.plain(self.as_bytes())
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        from.name()
    }
}

impl<T: Keep> Keep for Option<T> {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.is_some().put(out)?;
        self.as_ref().map_or(Ok(()), |value| value.put(out))
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

fn put_all<'a, T: Keep + 'a>(all: impl ExactSizeIterator<Item = &'a T>, out: &mut Out<'_>) -> io::Result<()> {
    out.number(all.len() as u64);
    all.into_iter().try_for_each(|value| value.put(out))
}

impl<T: Keep> Keep for Vec<T> {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        put_all(self.iter(), out)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        (0..from.count()?).map(|_| T::take(from)).collect()
    }
}

impl<T: Keep + Ord> Keep for BTreeSet<T> {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        put_all(self.iter(), out)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        (0..from.count()?).map(|_| T::take(from)).collect()
    }
}

impl<K: Keep + Ord, V: Keep> Keep for BTreeMap<K, V> {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        out.number(self.len() as u64);
        self.iter().try_for_each(|(key, value)| {
            key.put(out)?;
            value.put(out)
        })
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        (0..from.count()?).map(|_| Some((K::take(from)?, V::take(from)?))).collect()
    }
}

impl<A: Keep, B: Keep> Keep for (A, B) {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.0.put(out)?;
        self.1.put(out)
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<T: Keep, const N: usize> Keep for [T; N] {
    fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
        self.iter().try_for_each(|value| value.put(out))
    }
    fn take(from: &mut In<'_>) -> Option<Self> {
        let all: Option<Vec<T>> = (0..N).map(|_| T::take(from)).collect();
        all?.try_into().ok()
    }
}

/// Keeps a struct field by field. All fields have to be named: one that is new cannot be forgotten.
macro_rules! keep_struct {
    ($($t:ident { $($field:ident),* $(,)? })*) => {$(
        impl Keep for $t {
            fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
                let Self { $($field),* } = self;
                $($field.put(out)?;)*
                Ok(())
            }
            fn take(from: &mut In<'_>) -> Option<Self> {
                Some(Self { $($field: Keep::take(from)?),* })
            }
        }
    )*};
}

/// Keeps an enum without data by the place of its variant in the list.
macro_rules! keep_enum {
    ($($t:ident { $($variant:ident),* $(,)? })*) => {$(
        impl Keep for $t {
            fn put(&self, out: &mut Out<'_>) -> io::Result<()> {
                const ALL: &[$t] = &[$($t::$variant),*];
                // The compiler sees to it that none is left out.
                match self { $($t::$variant => {})* }
                out.number(ALL.iter().position(|v| v == self).unwrap_or(ALL.len()) as u64);
                Ok(())
            }
            fn take(from: &mut In<'_>) -> Option<Self> {
                const ALL: &[$t] = &[$($t::$variant),*];
                ALL.get(usize::try_from(from.number()?).ok()?).copied()
            }
        }
    )*};
}

pub(super) use {keep_enum, keep_struct};
