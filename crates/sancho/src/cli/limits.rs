//! What a configuration may have at most: a file that has more is no configuration, or is one that means harm.

/// The bytes of a file. A long one has a few thousand.
pub(super) const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// How deep lists and mappings stand in each other; the deepest setting stands five deep.
pub(super) const DEPTH_MAX: usize = 32;

/// The values of a file, with those that aliases repeat: a few lines of aliases can stand for billions.
pub(super) const VALUES_MAX: usize = 20_000;

/// How deep the parentheses and defaults of one `<%= … %>` stand in each other.
pub(super) const EXPRESSION_DEPTH_MAX: usize = 16;

/// How many problems are told: a file with more has one cause.
pub(super) const PROBLEMS_MAX: usize = 100;
