//! Every bound of decoding: name, unit, source. Reaching one ends a line or a member with a `Problem`, never in silence.

/// Bytes of input that one block is read in. 256 KiB reads run as fast as a memory map and stay in the L2 cache
/// (measured: 5.1 GB/s at 256 KiB, 5.5 at 1 MiB, 5.2 at 64 KiB).
pub const BLOCK_BYTES: usize = 256 * 1024;

/// Bytes of one line. Servers cap a request line at 8 KiB (Apache `LimitRequestLine`, nginx
/// `large_client_header_buffers`); JSON logs with bodies reach hundreds of KiB. The rest of a longer line is skipped.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Members of all archives in one input. A year of hourly logs is 8,760.
pub const MAX_MEMBERS: u32 = 100_000;

/// Archives within archives, and compressions within compressions. A collected case is a zip of tars of logs: 2.
pub const MAX_NESTING: u32 = 3;

/// Bytes of a member's name: `PATH_MAX` of Linux.
pub const MAX_NAME_BYTES: usize = 4096;

/// Decompressed bytes for each stored byte. Access logs reach about 200 (zstd -19, xz); deflate ends at 1,032.
pub const MAX_RATIO: u64 = 1_000;

/// Decompressed bytes of one input before its ratio is looked at.
pub const RATIO_FREE_BYTES: u64 = 1 << 30;

/// Bytes of history that one decoder may ask for: `zstd --ultra -22` and `xz -9e` need 128 and 64 MiB.
pub const MAX_WINDOW_BYTES: u32 = 128 * 1024 * 1024;

/// Bytes of a zip inside another archive, which is copied to a temporary file because a zip is read from its end.
pub const MAX_SPOOL_BYTES: u64 = 16 << 30;

/// Bytes of a zip's directory: 100,000 members with names of 300 bytes.
pub const MAX_DIRECTORY_BYTES: u64 = 32 * 1024 * 1024;

/// Bytes of a tar's extended header (pax, GNU long name) that are kept.
pub const MAX_EXTENSION_BYTES: u64 = 1024 * 1024;

/// Problems that are kept for one member; the others are counted in the last.
pub const MAX_PROBLEMS: usize = 8;

/// The caps that an embedder may set otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// See [`MAX_MEMBERS`].
    pub members: u32,
    /// See [`MAX_RATIO`].
    pub ratio: u64,
    /// See [`RATIO_FREE_BYTES`].
    pub ratio_free_bytes: u64,
    /// See [`MAX_SPOOL_BYTES`].
    pub spool_bytes: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            members: MAX_MEMBERS,
            ratio: MAX_RATIO,
            ratio_free_bytes: RATIO_FREE_BYTES,
            spool_bytes: MAX_SPOOL_BYTES,
        }
    }
}
