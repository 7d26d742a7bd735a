//! The window's copy of the contract, made from the Rust types: `ui/src/backend/generated/api.ts`.
//!
//! One file holds every type a command or event mentions, the table of commands and nothing else. The test below fails
//! when the file is stale; `HARK_UPDATE=1 cargo test -p hark-app typescript` writes it.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use ts_rs::{Config, TS, TypeVisitor};

use super::{ApiError, Event, command_table, visit_commands};

/// Collects the declaration of every named type that can be reached from the ones it is shown.
struct Declarations<'a> {
    config: &'a Config,
    seen: HashSet<TypeId>,
    by_name: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Only derived types have a file of their own; numbers, strings and lists are spelled in place.
        if T::output_path().is_some() {
            let mut text = T::docs().unwrap_or_default();
            let _ = writeln!(text, "export {}", T::decl(self.config));
            let former = self.by_name.insert(T::ident(self.config), text);
            assert!(former.is_none(), "two types of the contract are named {}", T::ident(self.config));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// The whole file.
fn generate() -> String {
    let config = Config::new().with_large_int("number");
    let mut declarations = Declarations { config: &config, seen: HashSet::new(), by_name: BTreeMap::new() };
    declarations.visit::<ApiError>();
    declarations.visit::<Event>();
    visit_commands(&mut declarations);

    let mut file = String::from(
        "// Made from crates/hark-app/src/api and crates/hark-client/src/model.rs. Do not edit.\n\
         // `HARK_UPDATE=1 cargo test -p hark-app typescript` writes it anew.\n",
    );
    for text in declarations.by_name.values() {
        let _ = write!(file, "\n{text}");
    }
    file.push_str(
        "\n/** Every command: what it takes and what it answers. */\nexport interface Commands {\n",
    );
    for (name, docs, args, answer) in command_table(&config) {
        let _ = writeln!(file, "  /** {} */\n  {name}: {{ args: {args}; answer: {answer} }};", docs.trim());
    }
    file.push_str("}\n");
    let tidy: Vec<&str> = file.lines().map(str::trim_end).collect();
    tidy.join("\n") + "\n"
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/backend/generated/api.ts")
}

#[test]
fn the_generated_typescript_is_fresh() {
    let fresh = generate();
    if std::env::var_os("HARK_UPDATE").is_some() {
        std::fs::create_dir_all(path().parent().unwrap()).unwrap();
        std::fs::write(path(), &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(path()).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        kept == fresh,
        "ui/src/backend/generated/api.ts is stale: run HARK_UPDATE=1 cargo test -p hark-app typescript"
    );
}

#[test]
fn no_type_of_the_contract_needs_a_bigint() {
    assert!(!generate().contains("bigint"));
}
