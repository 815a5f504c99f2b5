//! How the C library's allocator gives memory back; the one `unsafe` place of the program.
//!
//! glibc keeps freed blocks of up to 32 MiB for later use, in an arena for every thread that ever had one. With objects of
//! 16 MB packed a conversion with `--memory 256MiB` took 394 MiB for 0.5 GB of input and 404 MiB for 2 GB. With blocks from
//! 4 MiB on given back at once it takes 282 and 313 MiB, in the same time (docs/performance.md). mimalloc was tried instead
//! and needs more.

/// Has large blocks given back as soon as they are freed, where glibc is the C library.
pub(super) fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no safe way to ask glibc for it")]
    // SAFETY: mallopt takes two numbers, touches no memory of ours, and no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE_BLOCK_BYTES);
    }
}

/// Blocks that are worth a system call: what is smaller is needed again soon.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BLOCK_BYTES: i32 = 4 << 20;
