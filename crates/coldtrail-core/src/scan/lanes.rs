//! Inputs as lanes: each is read in order by whoever holds its lock, and its blocks are worked on in parallel.
//!
//! A worker takes a lane of its own as long as there are any, so that many files run side by side; then it helps with
//! the lanes that are not done, so that one large file, also a compressed one, keeps all workers busy: one unpacks the
//! next block while the others parse.

use super::Progress;
use crate::decode::{self, Block, Feed, HashKind, Member, Range, Step};
use crate::detect::{Evidence, Finding, Site};
use crate::focus::{Focuser, Wanted};
use crate::observe::{BlockKeys, Observed, Observer, RejectLine, Stretch};
use crate::parse::{Parser, Settings, format_name};
use crate::record::{Private, Span};
use crate::source::{Found, Located, PlainFile, Problem};
use crate::table::InputTotals;
use crate::verdict::{Coverage, Gap, InputLine, Reject, Report, blind_spots};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All inputs of a run.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    problems: Vec<Problem>,
    notes: Vec<String>,
    hash: HashKind,
    parser: Option<Parser>,
    settings: Arc<Settings>,
    n_lines: AtomicUsize,
}

struct Lane {
    located: Located,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    feed: Option<Feed>,
    is_started: bool,
    is_done: bool,
    is_seekable: bool,
    /// Format in force in the current member.
    parser: Option<Parser>,
    blocks: Vec<BlockNote>,
    /// Which parser reads what, in the order of the input.
    readers: Vec<Reader>,
    members: Vec<Member>,
    problems: Vec<Problem>,
    digest: Option<String>,
}

/// A parser and the lines that it reads.
struct Reader {
    member: u32,
    /// Lines before this offset are not its own.
    from: u64,
    /// Those between the two may still be its predecessor's.
    surely_from: u64,
    parser: Parser,
}

/// What is kept of a block for the second pass.
struct BlockNote {
    member: u32,
    offset: u64,
    len: u32,
    first_line: u64,
    cut_line: bool,
    cut_off: bool,
    /// A line in it changes how those behind it are read: no part of it can be read alone.
    changes_format: bool,
    parser: Parser,
    keys: Arc<BlockKeys>,
}

/// Inputs in the order of their first time, then their path: the order of every output.
pub(super) struct Ranked {
    /// By rank: feed and member.
    order: Vec<(u32, u32)>,
    rank: BTreeMap<(u32, u32), u32>,
    sample_key: u64,
}

impl Ranked {
    /// Key of the baseline sample: from what was read, so that it is the same in every run over the same inputs.
    pub(super) fn sample_key(&self) -> u64 {
        self.sample_key
    }
}

impl Lane {
    /// The parts of a line that name somebody, as the parser sees them that read it.
    fn private(&self, range: Range, bytes: &[u8]) -> Option<Vec<Private>> {
        let state = self.state();
        let n = state.readers.partition_point(|r| (r.member, r.from) <= (range.member, range.offset));
        let read = |reader: &Reader| {
            if reader.member != range.member {
                return None;
            }
            let mut opened = bytes.to_vec();
            reader.parser.open(&mut opened);
            let parts = Private::of(&reader.parser.parse_line(&opened, Span::new(0, opened.len())))?;
            if opened == bytes { Some(parts) } else { Private::of_wrapped(&parts, &opened, bytes) }
        };
        let (last, before) = state.readers.get(..n)?.split_last()?;
        let private = read(last);
        match before.last() {
            Some(older) if range.offset < last.surely_from => {
                private.filter(|p| read(older).as_ref() == Some(p))
            }
            _ => private,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next piece of work from a lane.
enum Next {
    Block { number: usize, parser: Parser },
    Done,
}

impl Lanes {
    /// Cap on lines whose keys are kept for the second pass, keys of 4 bytes. Blocks beyond it are read again as a whole
    /// or not at all.
    const MAX_LINES_KNOWN: usize = 16 << 20;

    pub(super) fn new(found: Found, hash: HashKind, parser: Option<Parser>, settings: Arc<Settings>) -> Self {
        let lane = |located| Lane { located, state: Mutex::default() };
        Self {
            lanes: found.inputs.into_iter().map(lane).collect(),
            problems: found.problems,
            notes: found.notes.iter().map(ToString::to_string).collect(),
            hash,
            parser,
            settings,
            n_lines: AtomicUsize::new(0),
        }
    }

    pub(super) fn stored_bytes(&self) -> u64 {
        self.lanes.iter().map(|l| l.located.bytes).sum()
    }

    /// Reads all lanes with `threads` workers; returns the workers.
    pub(super) fn first_pass<'a, 'r: 'a>(
        &self,
        threads: usize,
        progress: &Progress,
        make: impl Fn() -> Observer<'a, 'r> + Sync,
    ) -> Vec<Observer<'a, 'r>> {
        self.run(threads, &make, |worker, lane, block| {
            let (number, parser) = match self.next_of(lane, block, progress) {
                Next::Block { number, parser } => (number, parser),
                Next::Done => return false,
            };
            let n_attacks = worker.n_attacks();
            let n_lines = self.n_lines.fetch_add(block.n_lines as usize, Ordering::Relaxed);
            let keys = worker.block(lane as u32, block, &parser, n_lines < Self::MAX_LINES_KNOWN);
            progress.count(block.n_lines, worker.n_attacks() - n_attacks);
            if number.is_multiple_of(8) {
                progress.know_clients(worker.n_clients());
            }
            self.lanes[lane].state().blocks[number].keys = Arc::new(keys);
            !progress.is_stopped()
        })
    }

    /// Runs workers over lanes: `step` does one block of a lane and says whether the lane may have more.
    fn run<W: Send>(
        &self,
        threads: usize,
        make: &(impl Fn() -> W + Sync),
        step: impl Fn(&mut W, usize, &mut Block) -> bool + Sync,
    ) -> Vec<W> {
        let fresh = AtomicUsize::new(0);
        let step = &step;
        let work = || {
            let mut worker = make();
            let mut block = Block::default();
            loop {
                let lane = fresh.fetch_add(1, Ordering::Relaxed);
                if lane >= self.lanes.len() {
                    break;
                }
                while step(&mut worker, lane, &mut block) {}
            }
            for lane in 0..self.lanes.len() {
                while step(&mut worker, lane, &mut block) {}
            }
            worker
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut workers = vec![work()];
            for other in others {
                workers.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            workers
        })
    }

    fn next_of(&self, lane: usize, block: &mut Block, progress: &Progress) -> Next {
        let Lane { located, .. } = &self.lanes[lane];
        let mut guard = self.lanes[lane].state();
        let state = &mut *guard;
        if !state.is_started {
            state.is_started = true;
            let options = decode::Options {
                hash: self.hash,
                progress: Some(progress.read()),
                ..decode::Options::default()
            };
            match Feed::open(located, options) {
                Ok(feed) => {
                    state.is_seekable = feed.is_seekable();
                    state.feed = Some(feed);
                }
                Err(error) => {
                    state.is_done = true;
                    state.problems.push(error.into());
                }
            }
        }
        let Some(feed) = state.feed.as_mut().filter(|_| !state.is_done) else { return Next::Done };
        loop {
            match feed.next(block) {
                Step::Block => {
                    if block.index == 0 {
                        state.parser = self
                            .parser
                            .clone()
                            .map(|p| p.with_settings(self.settings.clone()).in_envelope_of(&block.bytes));
                    }
                    let parser = state
                        .parser
                        .get_or_insert_with(|| {
                            Parser::detect(&block.bytes).with_settings(self.settings.clone())
                        })
                        .clone();
                    parser.open(&mut block.bytes);
                    let next = parser.after(block);
                    let changes_format = next.is_some();
                    let reader = |surely_from, parser: &Parser| Reader {
                        member: block.member,
                        from: block.offset,
                        surely_from,
                        parser: parser.clone(),
                    };
                    if block.index == 0 {
                        state.readers.push(reader(block.offset, &parser));
                    }
                    if let Some(next) = next {
                        state.readers.push(reader(block.offset + block.bytes.len() as u64, &next));
                        state.parser = Some(next);
                    }
                    state.blocks.push(BlockNote {
                        member: block.member,
                        offset: block.offset,
                        len: block.bytes.len() as u32,
                        first_line: block.first_line,
                        cut_line: block.cut_line,
                        cut_off: block.cut_off,
                        changes_format,
                        parser: parser.clone(),
                        keys: Arc::default(),
                    });
                    return Next::Block { number: state.blocks.len() - 1, parser };
                }
                Step::Member(member) => {
                    state.parser = None;
                    state.members.push(member);
                }
                Step::End(summary) => {
                    state.problems.extend(summary.problems);
                    state.digest = summary.digest;
                    state.is_done = true;
                    state.feed = None;
                    return Next::Done;
                }
            }
        }
    }

    /// Reads again the blocks that may hold something wanted.
    pub(super) fn second_pass<'a>(
        &self,
        threads: usize,
        progress: &Progress,
        inputs: &Ranked,
        wanted: &Wanted,
        make: impl Fn() -> Focuser<'a> + Sync,
    ) -> Vec<Focuser<'a>> {
        let cursors: Vec<Mutex<Cursor>> = self.lanes.iter().map(|_| Mutex::default()).collect();
        self.run(threads, &make, |worker, lane, block| {
            let state = self.lanes[lane].state();
            let mut cursor = cursors[lane].lock().unwrap_or_else(PoisonError::into_inner);
            let Some((note, lines)) = cursor.next(
                &self.lanes[lane].located,
                &state.blocks,
                state.is_seekable,
                wanted,
                progress,
                block,
            ) else {
                return false;
            };
            let (parser, keys) = (note.parser.clone(), note.keys.clone());
            let rank = inputs.rank.get(&(lane as u32, note.member)).copied().unwrap_or(u32::MAX);
            drop((state, cursor));
            parser.open(&mut block.bytes);
            worker.block(rank, block, keys.of(&lines), &parser);
            !progress.is_stopped()
        })
    }

    /// Gives back what only the second pass needs.
    pub(super) fn forget_blocks(&self) {
        self.lanes.iter().for_each(|lane| lane.state().blocks = Vec::new());
    }

    /// The order of inputs, by what the first pass has learnt.
    pub(super) fn ranked(&self, observed: &Observed) -> Ranked {
        let mut inputs: Vec<(i64, String, (u32, u32))> = Vec::new();
        for (feed, lane) in self.lanes.iter().enumerate() {
            for member in &lane.state().members {
                let key = (feed as u32, member.index);
                let first = observed.inputs.get(&key).and_then(|t| t.first_us).unwrap_or(i64::MAX);
                inputs.push((first, member.path.clone(), key));
            }
        }
        inputs.sort();
        let order: Vec<(u32, u32)> = inputs.iter().map(|(.., key)| *key).collect();
        let rank = order.iter().zip(0u32..).map(|(key, rank)| (*key, rank)).collect();
        let mut sizes: Vec<String> = Vec::new();
        for lane in &self.lanes {
            let state = lane.state();
            sizes.extend(state.members.iter().map(|m| format!("{} {} {:?}", m.bytes, m.lines, m.digest)));
        }
        sizes.sort();
        let parts: Vec<&str> = sizes.iter().map(String::as_str).collect();
        Ranked { order, rank, sample_key: crate::detect::stable_hash(&parts) }
    }

    /// What was read and what not.
    pub(super) fn coverage(
        &self,
        inputs: &Ranked,
        observed: &Observed,
        rejects: Vec<RejectLine>,
        site: &Site<'_>,
    ) -> Coverage {
        let mut coverage = Coverage {
            blind_spots: blind_spots(&observed.totals, site),
            problems: self.problems.iter().map(ToString::to_string).collect(),
            notes: self.notes.clone(),
            n_rejects: observed.totals.lines.partial + observed.totals.lines.raw,
            ..Coverage::default()
        };
        for (feed, member) in &inputs.order {
            let state = self.lanes[*feed as usize].state();
            let Some(m) = state.members.iter().find(|m| m.index == *member) else { continue };
            let totals = observed.inputs.get(&(*feed, *member)).cloned().unwrap_or_default();
            coverage.inputs.push(self.input_line(m, &totals));
            coverage.problems.extend(m.problems.iter().map(ToString::to_string));
            coverage.notes.extend(m.note.iter().map(|n| format!("{}: {n}", m.path)));
        }
        for lane in &self.lanes {
            coverage.problems.extend(lane.state().problems.iter().map(ToString::to_string));
        }
        coverage.problems.sort();
        coverage.problems.dedup();
        coverage.gaps = gaps(&coverage.inputs, observed);
        let mut rejects: Vec<Reject> = rejects
            .into_iter()
            .map(|r| Reject {
                input: inputs.rank.get(&(r.feed, r.member)).copied().unwrap_or(u32::MAX),
                line: r.line,
                offset: r.offset,
                reason: r.reason,
                is_partial: r.is_partial,
                raw: r.raw,
                n_cut: r.n_cut,
                private: r.private,
            })
            .collect();
        rejects.sort_by_key(|r| (r.input, r.line));
        coverage.rejects = rejects;
        coverage
    }

    fn input_line(&self, member: &Member, totals: &InputTotals) -> InputLine {
        let most = totals.formats.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse((*name).clone())));
        let kind = match self.hash {
            HashKind::Sha256 => "sha256",
            HashKind::Blake3 => "blake3",
            HashKind::None => "none",
        };
        InputLine {
            path: member.path.clone(),
            digest: member.digest.clone().map(|d| (kind, d)),
            format: most
                .map_or_else(|| format_name(crate::record::FormatId(0)).to_owned(), |(name, _)| name.clone()),
            compression: member.compression.clone(),
            bytes: member.bytes,
            lines: totals.lines,
            ok: totals.ok,
            partial: totals.partial,
            raw: totals.raw,
            skipped: totals.skipped,
            first_us: totals.first_us,
            last_us: totals.last_us,
            problem: member.problems.first().map(|p| p.what.clone()),
        }
    }

    /// Fills in the raw lines of the evidence.
    pub(super) fn fetch_evidence(
        &self,
        inputs: &Ranked,
        findings: &mut [Finding],
        lines: &mut Vec<Evidence>,
    ) {
        let mut by_feed: BTreeMap<u32, Vec<(Range, &mut Evidence)>> = BTreeMap::new();
        for evidence in findings.iter_mut().flat_map(|f| f.draft.evidence.iter_mut()) {
            let Some(&(feed, member)) = inputs.order.get(evidence.at.input as usize) else { continue };
            let range = Range { member, offset: evidence.at.offset, len: evidence.at.len };
            by_feed.entry(feed).or_default().push((range, evidence));
        }
        // What has to be decompressed is not read further for them.
        let ends: BTreeMap<u32, Option<Range>> =
            by_feed.iter().map(|(feed, of)| (*feed, of.iter().map(|(range, _)| *range).max())).collect();
        for line in lines.iter_mut() {
            let Some(&(feed, member)) = inputs.order.get(line.at.input as usize) else { continue };
            let range = Range { member, offset: line.at.offset, len: line.at.len };
            let is_near = ends.get(&feed).is_some_and(|end| Some(range) <= *end);
            if is_near || self.lanes[feed as usize].state().is_seekable {
                by_feed.entry(feed).or_default().push((range, line));
            }
        }
        for (feed, mut wanted) in by_feed {
            wanted.sort_by_key(|(range, _)| *range);
            let ranges: Vec<Range> = wanted.iter().map(|(range, _)| *range).collect();
            // A file that could be read a moment ago and cannot now leaves its evidence as file, line and offset.
            let _gone = decode::read_lines_at(&self.lanes[feed as usize].located, &ranges, |i, bytes| {
                let kept = &bytes[..bytes.len().min(Report::MAX_RAW)];
                wanted[i].1.raw = kept.to_vec();
                wanted[i].1.n_cut = (bytes.len() - kept.len()) as u64;
                let (range, evidence) = &mut wanted[i];
                evidence.private = self.lanes[feed as usize].private(*range, bytes);
            });
        }
        lines.retain(|line| !line.raw.is_empty());
    }
}

/// A lane in the second pass.
#[derive(Default)]
struct Cursor {
    next: usize,
    /// The line of that block from which on it is to be read.
    line: usize,
    feed: Option<Feed>,
    file: Option<PlainFile>,
    is_broken: bool,
}

impl Cursor {
    /// Reads the next block that may hold something wanted, or those lines of it that may; its note and which lines.
    fn next<'n>(
        &mut self,
        located: &Located,
        notes: &'n [BlockNote],
        is_seekable: bool,
        wanted: &Wanted,
        progress: &Progress,
        block: &mut Block,
    ) -> Option<(&'n BlockNote, std::ops::Range<usize>)> {
        loop {
            let note = notes.get(self.next).filter(|_| !self.is_broken)?;
            if is_seekable {
                let all = || (self.line == 0 && wanted.may_be_in(&note.keys)).then(|| note.keys.all());
                let next = if note.changes_format { all() } else { wanted.next_in(&note.keys, self.line) };
                if let Some(stretch) = next {
                    self.line = stretch.lines.end;
                    if self.seek(located, note, &stretch, block) {
                        return Some((note, stretch.lines));
                    }
                } else {
                    progress.read().fetch_add(note.len.into(), Ordering::Relaxed);
                    (self.next, self.line) = (self.next + 1, 0);
                }
            } else {
                self.next += 1;
                self.is_broken = !self.advance(located, progress, block);
                if !self.is_broken && wanted.may_be_in(&note.keys) {
                    return Some((note, note.keys.all().lines));
                }
            }
        }
    }

    fn seek(&mut self, located: &Located, note: &BlockNote, stretch: &Stretch, block: &mut Block) -> bool {
        if self.file.is_none() {
            self.file = PlainFile::open(located).ok();
        }
        let Some(file) = &self.file else {
            self.is_broken = true;
            return false;
        };
        let len = stretch.end.unwrap_or(note.len) - stretch.start;
        if file.read_at(note.offset + u64::from(stretch.start), len as usize, &mut block.bytes).is_err() {
            return false;
        }
        block.member = note.member;
        block.offset = note.offset + u64::from(stretch.start);
        block.first_line = note.first_line + stretch.lines.start as u64;
        (block.cut_line, block.cut_off) = (note.cut_line, note.cut_off);
        true
    }

    fn advance(&mut self, located: &Located, progress: &Progress, block: &mut Block) -> bool {
        if self.feed.is_none() {
            let options = decode::Options {
                hash: HashKind::None,
                progress: Some(progress.read()),
                ..decode::Options::default()
            };
            self.feed = Feed::open(located, options).ok();
        }
        let Some(feed) = &mut self.feed else { return false };
        loop {
            match feed.next(block) {
                Step::Block => return true,
                Step::Member(_) => {}
                Step::End(_) => return false,
            }
        }
    }
}

/// Hours without a single line between hours that have many: the median hour of the logs has at least 60.
fn gaps(inputs: &[InputLine], observed: &Observed) -> Vec<Gap> {
    const MIN_MEDIAN_PER_HOUR: u64 = 60;
    let hours = &observed.totals.hours;
    let mut counts: Vec<u64> = hours.values().map(|h| h.n_requests).collect();
    counts.sort_unstable();
    let name = match inputs {
        [one] => one.path.clone(),
        _ => "all inputs".to_owned(),
    };
    if counts.get(counts.len() / 2).is_none_or(|median| *median < MIN_MEDIAN_PER_HOUR) {
        return Vec::new();
    }
    let known: Vec<u32> = hours.keys().copied().collect();
    let gap = |from: u32, to: u32| Gap {
        input: name.clone(),
        from_us: i64::from(from + 1) * 3_600_000_000,
        to_us: i64::from(to) * 3_600_000_000,
    };
    known.windows(2).filter(|w| w[1] > w[0] + 1).map(|w| gap(w[0], w[1])).collect()
}
