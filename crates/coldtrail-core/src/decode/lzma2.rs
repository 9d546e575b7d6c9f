//! LZMA2, the one filter of an `.xz` file that matters for logs.
//!
//! It is written here because of its broken end: in a truncated file the last chunk (up to 2 MiB of text) is there in
//! part, and decoders that want a whole chunk before they begin give nothing of it. This one gives every byte that the
//! stored bytes determine, and not one more.

/// Bits of a probability; each starts at one half.
const HALF: u16 = 1 << 10;
/// Bytes that one chunk can make.
pub(super) const MAX_CHUNK_BYTES: usize = 1 << 21;

/// How a chunk ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChunkEnd {
    Whole,
    /// The stored bytes ended first.
    Short,
    /// A code that no encoder writes.
    Damaged,
}

/// History, probabilities and state between chunks.
pub(super) struct Lzma2 {
    /// Decoded bytes: what matches may reach back to, then what the chunk in hand made.
    history: Vec<u8>,
    /// Where the dictionary starts in `history`.
    start: usize,
    window_bytes: usize,
    /// Bytes since the dictionary was reset.
    position: usize,
    props: Props,
    state: usize,
    reps: [u32; 4],
    probs: Box<Probs>,
}

#[derive(Clone, Copy, Default)]
struct Props {
    lc: u32,
    lp_mask: usize,
    pb_mask: usize,
}

struct Probs {
    is_match: [[u16; 16]; 12],
    is_rep: [u16; 12],
    is_rep0: [u16; 12],
    is_rep1: [u16; 12],
    is_rep2: [u16; 12],
    is_rep0_long: [[u16; 16]; 12],
    slot: [[u16; 64]; 4],
    special: [u16; 115],
    align: [u16; 16],
    match_len: LenProbs,
    rep_len: LenProbs,
    /// 0x300 for each of at most 16 contexts.
    literal: [u16; 0x300 * 16],
}

struct LenProbs {
    choice: [u16; 2],
    low: [[u16; 8]; 16],
    mid: [[u16; 8]; 16],
    high: [u16; 256],
}

impl LenProbs {
    const NEW: Self =
        Self { choice: [HALF; 2], low: [[HALF; 8]; 16], mid: [[HALF; 8]; 16], high: [HALF; 256] };
}

impl Probs {
    const NEW: Self = Self {
        is_match: [[HALF; 16]; 12],
        is_rep: [HALF; 12],
        is_rep0: [HALF; 12],
        is_rep1: [HALF; 12],
        is_rep2: [HALF; 12],
        is_rep0_long: [[HALF; 16]; 12],
        slot: [[HALF; 64]; 4],
        special: [HALF; 115],
        align: [HALF; 16],
        match_len: LenProbs::NEW,
        rep_len: LenProbs::NEW,
        literal: [HALF; 0x300 * 16],
    };
}

impl Lzma2 {
    pub(super) fn new(window_bytes: usize) -> Self {
        Self {
            history: Vec::new(),
            start: 0,
            window_bytes,
            position: 0,
            props: Props::default(),
            state: 0,
            reps: [0; 4],
            probs: Box::new(Probs::NEW),
        }
    }

    pub(super) fn reset_dictionary(&mut self) {
        self.start = self.history.len();
        self.position = 0;
    }

    pub(super) fn reset_state(&mut self) {
        self.state = 0;
        self.reps = [0; 4];
        *self.probs = Probs::NEW;
    }

    /// Sets the properties byte; false if no encoder writes it.
    pub(super) fn set_props(&mut self, byte: u8) -> bool {
        let (pb, lp, lc) = (byte / 45, byte / 9 % 5, byte % 9);
        if byte > 224 || lc + lp > 4 {
            return false;
        }
        self.props = Props { lc: u32::from(lc), lp_mask: (1 << lp) - 1, pb_mask: (1 << pb) - 1 };
        true
    }

    /// The bytes decoded since `mark`, a former [`Lzma2::mark`] of the same chunk.
    pub(super) fn since(&self, mark: usize) -> &[u8] {
        self.history.get(mark..).unwrap_or_default()
    }

    /// Drops history that is out of reach, and says where the next chunk's bytes will start.
    pub(super) fn mark(&mut self) -> usize {
        if self.history.len() > 2 * self.window_bytes + MAX_CHUNK_BYTES {
            let drop = self.history.len() - self.window_bytes;
            self.history.drain(..drop);
            self.start = self.start.saturating_sub(drop);
        }
        self.history.len()
    }

    /// Takes bytes that were stored as they are.
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        self.history.extend_from_slice(bytes);
        self.position += bytes.len();
    }

    /// Decodes a chunk of `size` bytes from `input`, all of it that is there.
    pub(super) fn decode(&mut self, input: &[u8], size: usize, is_whole: bool) -> ChunkEnd {
        let mut bits = Bits::new(input);
        let end = self.history.len() + size;
        while self.history.len() < end {
            let before = self.history.len();
            let fits = self.symbol(&mut bits, end);
            if bits.at > input.len() {
                // The last symbol was made from bytes that are not there.
                self.history.truncate(before);
                return if is_whole { ChunkEnd::Damaged } else { ChunkEnd::Short };
            }
            if !fits {
                return ChunkEnd::Damaged;
            }
        }
        bits.normalize();
        match (is_whole, bits.at == input.len() && bits.code == 0) {
            (true, true) => ChunkEnd::Whole,
            (true, false) => ChunkEnd::Damaged,
            (false, _) => ChunkEnd::Short,
        }
    }

    /// One literal or match; false if it reaches back before the start or over the end.
    fn symbol(&mut self, bits: &mut Bits<'_>, end: usize) -> bool {
        let pos_state = self.position & self.props.pb_mask;
        let state = self.state;
        let probs = &mut *self.probs;
        if !bits.bit(&mut probs.is_match[state][pos_state]) {
            self.literal(bits);
            return true;
        }
        let len = if !bits.bit(&mut probs.is_rep[state]) {
            self.reps = [0, self.reps[0], self.reps[1], self.reps[2]];
            let len = bits.len(&mut probs.match_len, pos_state);
            self.reps[0] = bits.distance(probs, len);
            self.state = if state < 7 { 7 } else { 10 };
            len
        } else {
            if !bits.bit(&mut probs.is_rep0[state]) {
                if !bits.bit(&mut probs.is_rep0_long[state][pos_state]) {
                    self.state = if state < 7 { 9 } else { 11 };
                    return self.repeat(1, end);
                }
            } else if !bits.bit(&mut probs.is_rep1[state]) {
                self.reps.swap(0, 1);
            } else if !bits.bit(&mut probs.is_rep2[state]) {
                self.reps = [self.reps[2], self.reps[0], self.reps[1], self.reps[3]];
            } else {
                self.reps.rotate_right(1);
            }
            self.state = if state < 7 { 8 } else { 11 };
            bits.len(&mut probs.rep_len, pos_state)
        };
        self.repeat(len, end)
    }

    fn literal(&mut self, bits: &mut Bits<'_>) {
        let len = self.history.len();
        let previous = if len > self.start { usize::from(self.history[len - 1]) } else { 0 };
        let context =
            ((self.position & self.props.lp_mask) << self.props.lc) + (previous >> (8 - self.props.lc));
        let probs = &mut self.probs.literal[0x300 * context..0x300 * (context + 1)];
        let mut symbol = 1;
        if self.state >= 7 {
            let distance = self.reps[0] as usize + 1;
            let mut matched =
                if distance <= len - self.start { usize::from(self.history[len - distance]) } else { 0 };
            let mut offset = 0x100;
            while symbol < 0x100 {
                matched <<= 1;
                let match_bit = matched & offset;
                let bit = bits.bit(&mut probs[offset + match_bit + symbol]);
                symbol = symbol << 1 | usize::from(bit);
                offset &= if bit { match_bit } else { !match_bit };
            }
        } else {
            while symbol < 0x100 {
                symbol = symbol << 1 | usize::from(bits.bit(&mut probs[symbol]));
            }
        }
        self.history.push(symbol as u8);
        self.position += 1;
        self.state = match self.state {
            0..4 => 0,
            4..10 => self.state - 3,
            _ => self.state - 6,
        };
    }

    fn repeat(&mut self, len: usize, end: usize) -> bool {
        let now = self.history.len();
        let distance = self.reps[0] as usize + 1;
        if distance > (now - self.start).min(self.window_bytes) || len > end - now {
            return false;
        }
        let from = now - distance;
        if distance >= len {
            self.history.extend_from_within(from..from + len);
        } else {
            for i in from..from + len {
                let byte = self.history[i];
                self.history.push(byte);
            }
        }
        self.position += len;
        true
    }
}

/// The range decoder. It reads zeros past the end; `at` tells.
struct Bits<'a> {
    input: &'a [u8],
    at: usize,
    range: u32,
    code: u32,
}

impl<'a> Bits<'a> {
    fn new(input: &'a [u8]) -> Self {
        let mut bits = Self { input, at: 1, range: u32::MAX, code: 0 };
        for _ in 0..4 {
            bits.code = bits.code << 8 | bits.byte();
        }
        bits
    }

    fn byte(&mut self) -> u32 {
        let byte = self.input.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        u32::from(byte)
    }

    #[inline]
    fn normalize(&mut self) {
        if self.range < 1 << 24 {
            self.range <<= 8;
            self.code = self.code << 8 | self.byte();
        }
    }

    #[inline]
    fn bit(&mut self, prob: &mut u16) -> bool {
        self.normalize();
        let bound = (self.range >> 11) * u32::from(*prob);
        if self.code < bound {
            self.range = bound;
            *prob += ((1 << 11) - *prob) >> 5;
            false
        } else {
            self.range -= bound;
            self.code -= bound;
            *prob -= *prob >> 5;
            true
        }
    }

    /// A number of `n` bits, highest first; `probs` has 2^n of them.
    #[inline]
    fn tree(&mut self, probs: &mut [u16], n: u32) -> usize {
        let mut symbol = 1;
        for _ in 0..n {
            symbol = symbol << 1 | usize::from(self.bit(&mut probs[symbol]));
        }
        symbol - (1 << n)
    }

    /// A number of `n` bits, lowest first.
    fn reverse(&mut self, probs: &mut [u16], n: u32) -> u32 {
        let (mut symbol, mut number) = (1, 0);
        for i in 0..n {
            let bit = self.bit(&mut probs[symbol]);
            symbol = symbol << 1 | usize::from(bit);
            number |= u32::from(bit) << i;
        }
        number
    }

    fn len(&mut self, probs: &mut LenProbs, pos_state: usize) -> usize {
        if !self.bit(&mut probs.choice[0]) {
            2 + self.tree(&mut probs.low[pos_state], 3)
        } else if !self.bit(&mut probs.choice[1]) {
            10 + self.tree(&mut probs.mid[pos_state], 3)
        } else {
            18 + self.tree(&mut probs.high, 8)
        }
    }

    /// How far back a match of `len` bytes is, less one.
    fn distance(&mut self, probs: &mut Probs, len: usize) -> u32 {
        let slot = self.tree(&mut probs.slot[(len - 2).min(3)], 6) as u32;
        if slot < 4 {
            return slot;
        }
        let n = (slot >> 1) - 1;
        let base = (2 | slot & 1) << n;
        if slot < 14 {
            return base + self.reverse(&mut probs.special[(base - slot) as usize..], n);
        }
        let mut direct = 0;
        for _ in 0..n - 4 {
            self.normalize();
            self.range >>= 1;
            let bit = self.code >= self.range;
            if bit {
                self.code -= self.range;
            }
            direct = direct << 1 | u32::from(bit);
        }
        base + (direct << 4) + self.reverse(&mut probs.align, 4)
    }
}
