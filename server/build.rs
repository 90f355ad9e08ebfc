//! The browser's files are part of the program. Without them it still compiles, and serves pages without script.

fn main() {
    println!("cargo::rerun-if-changed=../target/site");
    if let Err(error) = std::fs::create_dir_all("../target/site") {
        println!("cargo::warning=target/site can't be made: {error}");
    }
}
