//! Decompressors as readers. One driver feeds them all; each [`Codec`] takes what it is given and says how far it came,
//! so that what was decoded before damage is never lost.

use super::caps::MAX_WINDOW_BYTES;
use super::error::{DecodeError, Faults};
use super::sniff::{self, Packing};
use super::tap::{Meter, Stream, read_once};
use super::xz::Xz;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::io::{self, Read};
use std::sync::Arc;
use zstd::stream::raw::{DParameter, InBuffer, Operation, OutBuffer};

/// Bytes of compressed input held at a time.
const INPUT_BYTES: usize = 64 * 1024;

/// What all layers of one feed share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) meter: Arc<Meter>,
    pub(super) faults: Faults,
}

/// Unpacks `stream`: all gzip members, zstd frames, bzip2 or xz streams one after the other.
pub(super) fn unpack(packing: Packing, stream: Stream, shared: &Shared) -> io::Result<Stream> {
    Ok(match packing {
        Packing::Gzip => Box::new(Decoder::new(Gzip::new(), stream, shared)),
        Packing::Zstd => Box::new(Decoder::new(Zstd::new()?, stream, shared)),
        Packing::Bzip2 => Box::new(Decoder::new(Bzip2::new(), stream, shared)),
        Packing::Xz => Box::new(Xz::new(stream, shared)),
    })
}

/// Unpacks a bare deflate stream, as zip members are.
pub(super) fn inflate(stream: Stream, shared: &Shared) -> Stream {
    Box::new(Decoder::new(Deflate::new(), stream, shared))
}

/// One step of a decompressor.
struct Step {
    taken: usize,
    made: usize,
    event: Event,
}

enum Event {
    /// More input or more room, please.
    More,
    /// A member, frame or stream is complete.
    End {
        checksum_fits: bool,
    },
    Damaged(String),
    /// The data asks for more memory than the cap.
    TooLarge,
}

trait Codec: Send {
    const NAME: &'static str;

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step;

    /// Gets ready for another member that starts with `head` (at most 4 bytes); false if none does.
    fn again(&mut self, head: &[u8]) -> bool;

    /// Whether anything but more members may be missed after the end.
    const CHECKS_REST: bool = true;
}

struct Decoder<C> {
    codec: C,
    stream: Stream,
    shared: Shared,
    input: Box<[u8]>,
    at: usize,
    len: usize,
    /// The stored bytes ended, by an error or without one.
    end: Option<Option<DecodeError>>,
    state: State,
}

enum State {
    Inside,
    Between,
    /// To be told at the next read: the bytes decoded before it went out first.
    Failed(DecodeError),
    Done,
}

impl<C: Codec> Decoder<C> {
    fn new(codec: C, stream: Stream, shared: &Shared) -> Self {
        let input = vec![0; INPUT_BYTES].into();
        Self { codec, stream, shared: shared.clone(), input, at: 0, len: 0, end: None, state: State::Inside }
    }

    /// Makes at least `want` bytes of input available, unless the stream ends before.
    fn refill(&mut self, want: usize) {
        if self.len - self.at >= want || self.end.is_some() {
            return;
        }
        self.input.copy_within(self.at..self.len, 0);
        self.len -= self.at;
        self.at = 0;
        while self.len < want && self.end.is_none() {
            match read_once(&mut self.stream, &mut self.input[self.len..]) {
                Ok(0) => self.end = Some(None),
                Ok(n) => self.len += n,
                Err(e) => self.end = Some(Some(DecodeError::from_io(e))),
            }
        }
    }

    /// Between members: zero padding is passed over; then another member, or the end.
    fn between(&mut self) {
        if !C::CHECKS_REST {
            self.state = State::Done;
            return;
        }
        loop {
            self.refill(4);
            let zeros = self.input[self.at..self.len].iter().take_while(|b| **b == 0).count();
            self.at += zeros;
            if zeros == 0 || self.at < self.len && self.len - self.at >= 4 {
                break;
            }
        }
        let rest = &self.input[self.at..self.len];
        self.state = if self.codec.again(&rest[..rest.len().min(4)]) {
            State::Inside
        } else {
            if !rest.is_empty() {
                self.shared.faults.add(DecodeError::Trailing { format: C::NAME });
            }
            match self.end.take().flatten() {
                Some(error) => State::Failed(error),
                None => State::Done,
            }
        };
    }

    /// Decodes into `out`; 0 with the state changed, or without output yet.
    fn inside(&mut self, out: &mut [u8]) -> usize {
        self.refill(1);
        let input = &self.input[self.at..self.len];
        let step = self.codec.step(input, out);
        let stuck = step.taken == 0 && step.made == 0;
        self.at += step.taken;
        match step.event {
            Event::More if stuck && input.is_empty() => {
                let error = self.end.take().flatten();
                self.state = State::Failed(error.unwrap_or(DecodeError::Truncated { format: C::NAME }));
            }
            Event::More if stuck => self.damaged("it makes no progress".into()),
            Event::More => {}
            Event::Damaged(why) => self.damaged(why),
            Event::TooLarge => {
                let what = format!("{} data with a window of more than {MAX_WINDOW_BYTES} bytes", C::NAME);
                self.state = State::Failed(DecodeError::Unsupported { what });
            }
            Event::End { checksum_fits } => {
                if !checksum_fits {
                    self.shared.faults.add(DecodeError::Checksum { format: C::NAME });
                }
                self.state = State::Between;
            }
        }
        if let Err(error) = self.shared.meter.decoded(step.made) {
            self.state = State::Failed(error);
        }
        step.made
    }

    fn damaged(&mut self, why: String) {
        self.state = State::Failed(DecodeError::Damaged { format: C::NAME, why });
    }
}

impl<C: Codec> Read for Decoder<C> {
    /// Tells an error once, after all bytes before it; from then on the stream has ended.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Failed(error) => return Err(error.into()),
                State::Between => {
                    self.state = State::Between;
                    self.between();
                }
                State::Inside => {
                    self.state = State::Inside;
                    let n = self.inside(out);
                    if n > 0 {
                        return Ok(n);
                    }
                }
            }
        }
    }
}

/// A bare deflate stream.
struct Deflate(Decompress);

impl Deflate {
    fn new() -> Self {
        Self(Decompress::new(false))
    }
}

impl Codec for Deflate {
    const NAME: &'static str = "deflate";
    const CHECKS_REST: bool = false;

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let (before_in, before_out) = (self.0.total_in(), self.0.total_out());
        let result = self.0.decompress(input, output, FlushDecompress::None);
        let event = match result {
            Ok(Status::StreamEnd) => Event::End { checksum_fits: true },
            Ok(_) => Event::More,
            Err(e) => Event::Damaged(e.message().unwrap_or("impossible code").into()),
        };
        let since = |now: u64, before| (now - before) as usize;
        Step {
            taken: since(self.0.total_in(), before_in),
            made: since(self.0.total_out(), before_out),
            event,
        }
    }

    fn again(&mut self, _: &[u8]) -> bool {
        false
    }
}

/// Gzip (RFC 1952), with its header read here: flate2's own readers drop what they decoded just before an error.
struct Gzip {
    deflate: Deflate,
    crc: Crc,
    part: Part,
    flags: u8,
    /// Bytes of the part in hand.
    held: Vec<u8>,
}

/// Parts of a gzip member, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Fixed,
    ExtraLen,
    Extra(usize),
    Name,
    Comment,
    HeaderCrc,
    Body,
    Trailer,
}

impl Gzip {
    fn new() -> Self {
        Self { deflate: Deflate::new(), crc: Crc::new(), part: Part::Fixed, flags: 0, held: Vec::new() }
    }

    /// Reads header or trailer bytes up to the end of the part in hand; returns how many it took, and an event
    /// unless it only moved on.
    fn framing(&mut self, input: &[u8]) -> (usize, Option<Event>) {
        let want = match self.part {
            Part::Fixed => 10,
            Part::Trailer => 8,
            Part::ExtraLen | Part::HeaderCrc => 2,
            Part::Extra(left) => {
                let n = left.min(input.len());
                self.part = if n == left { self.after(2) } else { Part::Extra(left - n) };
                return (n, None);
            }
            Part::Name | Part::Comment => {
                let Some(end) = memchr::memchr(0, input) else { return (input.len(), None) };
                self.part = self.after(if self.part == Part::Name { 3 } else { 4 });
                return (end + 1, None);
            }
            Part::Body => return (0, None),
        };
        let n = (want - self.held.len()).min(input.len());
        self.held.extend_from_slice(&input[..n]);
        if self.held.len() < want {
            return (n, None);
        }
        let held = std::mem::take(&mut self.held);
        match self.part {
            Part::Fixed if !sniff::is_gzip(&held) => {
                return (n, Some(Event::Damaged("no gzip header".into())));
            }
            Part::Fixed => {
                self.flags = held[3];
                self.part = self.after(1);
            }
            Part::ExtraLen => self.part = Part::Extra(usize::from(held[0]) | usize::from(held[1]) << 8),
            Part::Trailer => {
                let word = |i| u32::from_le_bytes([held[i], held[i + 1], held[i + 2], held[i + 3]]);
                let checksum_fits = word(0) == self.crc.sum() && word(4) == self.crc.amount();
                return (n, Some(Event::End { checksum_fits }));
            }
            _ => self.part = Part::Body,
        }
        (n, None)
    }

    /// The next part that the flags announce: 1 extra, 2 name, 3 comment, 4 header checksum.
    fn after(&self, step: u8) -> Part {
        const BITS: [(u8, Part); 4] =
            [(4, Part::ExtraLen), (8, Part::Name), (16, Part::Comment), (2, Part::HeaderCrc)];
        let rest = BITS.get(usize::from(step) - 1..).unwrap_or_default();
        rest.iter().find(|(bit, _)| self.flags & bit != 0).map_or(Part::Body, |(_, part)| *part)
    }
}

impl Codec for Gzip {
    const NAME: &'static str = "gzip";

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let mut taken = 0;
        while self.part != Part::Body {
            let (n, event) = self.framing(&input[taken..]);
            taken += n;
            if let Some(event) = event {
                return Step { taken, made: 0, event };
            }
            if taken == input.len() && self.part != Part::Body {
                return Step { taken, made: 0, event: Event::More };
            }
        }
        let mut step = self.deflate.step(&input[taken..], output);
        self.crc.update(&output[..step.made]);
        step.taken += taken;
        if matches!(step.event, Event::End { .. }) {
            self.part = Part::Trailer;
            step.event = Event::More;
            // The trailer may already be here, and a step without progress would look stuck.
            if step.taken == 0 && step.made == 0 {
                let (n, event) = self.framing(input);
                return Step { taken: n, made: 0, event: event.unwrap_or(Event::More) };
            }
        }
        step
    }

    fn again(&mut self, head: &[u8]) -> bool {
        if !sniff::is_gzip(head) {
            return false;
        }
        *self = Self::new();
        true
    }
}

struct Zstd(zstd::stream::raw::Decoder<'static>);

impl Zstd {
    fn new() -> io::Result<Self> {
        let mut decoder = zstd::stream::raw::Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(MAX_WINDOW_BYTES.ilog2()))?;
        Ok(Self(decoder))
    }
}

impl Codec for Zstd {
    const NAME: &'static str = "zstd";

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let (mut source, mut sink) = (InBuffer::around(input), OutBuffer::around(output));
        let event = match self.0.run(&mut source, &mut sink) {
            Ok(0) => Event::End { checksum_fits: true },
            Ok(_) => Event::More,
            // The bindings give the library's words only.
            Err(e) if e.to_string().contains("too much memory") => Event::TooLarge,
            Err(e) => Event::Damaged(e.to_string()),
        };
        Step { taken: source.pos(), made: sink.pos(), event }
    }

    fn again(&mut self, head: &[u8]) -> bool {
        sniff::is_zstd(head) && self.0.reinit().is_ok()
    }
}

struct Bzip2(bzip2::Decompress);

impl Bzip2 {
    fn new() -> Self {
        Self(bzip2::Decompress::new(false))
    }
}

impl Codec for Bzip2 {
    const NAME: &'static str = "bzip2";

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let (before_in, before_out) = (self.0.total_in(), self.0.total_out());
        let event = match self.0.decompress(input, output) {
            Ok(bzip2::Status::StreamEnd) => Event::End { checksum_fits: true },
            Ok(_) => Event::More,
            Err(e) => Event::Damaged(e.to_string()),
        };
        let since = |now: u64, before| (now - before) as usize;
        Step {
            taken: since(self.0.total_in(), before_in),
            made: since(self.0.total_out(), before_out),
            event,
        }
    }

    fn again(&mut self, head: &[u8]) -> bool {
        if !sniff::is_bzip2(head) {
            return false;
        }
        *self = Self::new();
        true
    }
}
