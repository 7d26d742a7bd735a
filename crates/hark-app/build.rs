//! The window is embedded from `ui/dist`. Without it the program builds all the same and says how to build the window.

fn main() {
    let dist = std::path::Path::new("../../ui/dist");
    // An empty folder is enough to compile, and cargo can watch it.
    if let Err(error) = std::fs::create_dir_all(dist) {
        println!("cargo::warning=cannot make {}: {error}", dist.display());
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
}
