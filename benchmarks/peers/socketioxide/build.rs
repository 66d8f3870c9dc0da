//! Gives the program the versions it was built of, from its lock file, as JSON in VERSIONS.
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=Cargo.lock");
    let lock = std::fs::read_to_string("Cargo.lock").expect("a lock file");
    let version = |name: &str| {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let start = lock.find(&entry).expect("a dependency") + entry.len();
        lock[start..]
            .split('"')
            .next()
            .unwrap_or_default()
            .to_string()
    };
    let rustc = std::env::var("RUSTC").unwrap_or("rustc".into());
    let said = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc")
        .stdout;
    let said = String::from_utf8_lossy(&said);
    let mut found = vec![format!(
        "\"rust\":\"{}\"",
        said.split(' ').nth(1).unwrap_or_default()
    )];
    for name in ["socketioxide", "engineioxide", "axum", "hyper", "tokio"] {
        found.push(format!("\"{name}\":\"{}\"", version(name)));
    }
    println!("cargo:rustc-env=VERSIONS={{{}}}", found.join(","));
}
