//! Records in the order of the inputs, for the commands that look at single lines.

use super::Words;
use crate::decode::{Block, Feed, HashKind, Member, Options, Step};
use crate::parse::{Parser, Settings};
use crate::record::Rec;
use crate::source::{Located, Problem};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What a stream hands out.
pub enum Streamed<'a> {
    /// The records of a block of the input with this name.
    Records { input: &'a str, block: &'a Block, records: &'a [Rec] },
    /// An input has ended.
    End(&'a Member),
}

/// Reads inputs one after the other, each from start to end. Returns what could not be read. `visit` may break off.
/// With `words`, only lines that hold one of them are parsed and handed out, in blocks whose places are not those of
/// the input; lines of which the format depends stay in, and so does all of a
/// format whose records are several lines.
pub fn stream(
    inputs: &[Located],
    parser: Option<&Parser>,
    settings: &Arc<Settings>,
    words: Option<&Words>,
    mut visit: impl FnMut(Streamed<'_>) -> ControlFlow<()>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut block = Block::default();
    let mut records = Vec::new();
    let mut thinned = Block::default();
    for located in inputs {
        let mut feed = match Feed::open(located, Options { hash: HashKind::None, ..Options::default() }) {
            Ok(feed) => feed,
            Err(error) => {
                problems.push(error.into());
                continue;
            }
        };
        let mut now: Option<Parser> = None;
        loop {
            match feed.next(&mut block) {
                Step::Block => {
                    if block.index == 0 {
                        now = parser
                            .cloned()
                            .map(|p| p.with_settings(settings.clone()).in_envelope_of(&block.bytes));
                    }
                    let in_force = now
                        .get_or_insert_with(|| Parser::detect(&block.bytes).with_settings(settings.clone()))
                        .clone();
                    in_force.open(&mut block.bytes);
                    records.clear();
                    let read = match words.filter(|_| in_force.reads_lines_alone()) {
                        Some(words) => {
                            words.thin(&block, &mut thinned);
                            &thinned
                        }
                        None => &block,
                    };
                    in_force.parse_block(read, &mut records);
                    now = in_force.after(&block).or(Some(in_force));
                    let input = feed.member().map_or("", |m| m.path.as_str());
                    if visit(Streamed::Records { input, block: read, records: &records }).is_break() {
                        return problems;
                    }
                }
                Step::Member(member) => {
                    now = None;
                    problems.extend(member.problems.iter().cloned());
                    if visit(Streamed::End(&member)).is_break() {
                        return problems;
                    }
                }
                Step::End(summary) => {
                    problems.extend(summary.problems);
                    break;
                }
            }
        }
    }
    problems
}
