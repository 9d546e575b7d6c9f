//! Known bad addresses, names and URLs.

/// One indicator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Indicator {
    pub text: String,
}

/// All indicators of a run.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Indicators {
    all: Vec<Indicator>,
}
