//! Builds programs of an exercise for its judge.

use std::path::PathBuf;

use anyhow::Result;

use super::trial::VARIABLE;
use super::{Exercise, Judge};
use crate::package;
use crate::workspace::Workspace;

/// What a program is built with whose orders are tried: [`core`] and [`std`] are not the usual ones
/// then, and each lock and each thread is the explorer's.
const EXPLORED: [&str; 4] = ["core", "explorer", "harness", "std"];

/// Builds these programs, of a name and a file each, as one; [`VARIABLE`] says which of them it is
/// to be.
///
/// # Errors
/// If they do not compile.
pub fn programs(
    workspace: &Workspace,
    exercise: &Exercise,
    which: &str,
    programs: &[(String, PathBuf)],
) -> Result<PathBuf> {
    let folder = workspace.target().join("exercises").join(which).join(exercise.name);
    let orders = workspace.root.join(exercise.folder()).join("orders.rs");
    let (mut modules, mut calls) = (String::new(), String::new());
    for (number, (name, file)) in programs.iter().enumerate() {
        let main = match exercise.judge {
            Judge::Record(_) => "program::main()".to_owned(),
            Judge::Orders => {
                let text = |file| format!("({file:?}, include_str!({file:?}))");
                format!("harness::main([{}, {}], orders::SCENARIOS)", text(file), text(&orders))
            }
        };
        let orders = match exercise.judge {
            Judge::Record(_) => String::new(),
            Judge::Orders => format!("    #[path = {orders:?}]\n    pub mod orders;\n"),
        };
        modules += &format!(
            "mod p{number} {{\n    #[path = {file:?}]\n    pub mod program;\n{orders}    \
             pub fn main() {{ {main}; }}\n}}\n"
        );
        calls += &format!("        {name:?} => p{number}::main(),\n");
    }
    let forbidden = match exercise.judge {
        Judge::Record(_) => "",
        // What is shared in spite of the compiler is not seen.
        Judge::Orders => "#![forbid(unsafe_code)]\n",
    };
    let main = format!(
        "#![allow(warnings)]\n{forbidden}\n{modules}\nfn main() {{\n    \
         match std::env::var({VARIABLE:?}).expect({VARIABLE:?}).as_str() {{\n{calls}        \
         other => panic!(\"no program {{other}}\"),\n    }}\n}}\n"
    );
    let mut dependencies = exercise.dependencies(&workspace.root)?;
    if let Judge::Orders = exercise.judge {
        dependencies.extend(EXPLORED.map(str::to_owned));
    }
    let name = format!("{}-{which}", exercise.name);
    package::put(&workspace.root, &folder, &workspace.root, &name, &dependencies)?;
    package::put_file(&folder.join("src/main.rs"), &main)?;
    workspace.build_package(&folder.join("Cargo.toml"))
}
