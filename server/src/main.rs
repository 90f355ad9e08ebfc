//! `berth`.

/// Gives memory back that a password check or a long list took; the C library's keeps it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    server::program::main()
}
