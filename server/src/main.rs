//! `berth`.

fn main() -> std::process::ExitCode {
    server::program::main()
}
