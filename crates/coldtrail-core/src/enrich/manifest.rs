//! The files that belong on a server, as URL paths.

use std::collections::BTreeSet;

/// A list of files mapped to the paths under which the server gives them out.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Manifest {
    paths: BTreeSet<String>,
}
