//! `cargo xtask copy LESSON DEMO [NAME]`: makes a program of the reader's own from a demo.

mod source;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use common::options::UsageError;

use crate::cli::{Arguments, Command};
use crate::workspace::{OWN, Workspace};
use source::Source;

/// Copies a demo.
pub const COMMAND: Command = Command {
    name: "copy",
    words: "LESSON DEMO [NAME]",
    about: "make a program of your own from a demo, in my/NAME",
    options: &[],
    notes: "\
The copy has the demo's source, and what it needs of its lesson. Without NAME it is called
as the demo is.

  cargo xtask copy 02-fork zombie    makes my/zombie
  cargo my zombie                    runs it
  cargo xtask trace my zombie        shows what the kernel saw it do

Nothing in my/ belongs to the course: git, the check and the lessons' builds pass it by.
",
    run,
};

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let (lesson, demo, name) = match &arguments.words[..] {
        [lesson, demo] => (lesson, demo, demo),
        [lesson, demo, name] => (lesson, demo, name),
        _ => {
            let why = "copy what? `cargo xtask copy LESSON DEMO [NAME]`; `cargo xtask list` \
                       lists the demos";
            return Err(UsageError(why.to_owned()).into());
        }
    };
    workspace.require(std::slice::from_ref(lesson))?;
    check_name(name)?;
    let lesson_folder = workspace.root.join("lessons").join(lesson);
    let source = Source::read(&lesson_folder, demo)?;
    let folder = workspace.root.join(OWN).join(name);
    if folder.exists() {
        let shown = Path::new(OWN).join(name);
        let why = format!(
            "{} exists already; copy it under another name, `cargo xtask copy {lesson} {demo} \
             NAME`, or delete it first",
            shown.display()
        );
        return Err(UsageError(why).into());
    }
    write(&workspace, &lesson_folder, &source, name, &folder).inspect_err(|_| {
        // Half a program is of no use. What cannot be removed is in the way of the next try,
        // which says so.
        let _ = fs::remove_dir_all(&folder);
    })?;
    println!("{OWN}/{name} is yours: change {}.", source.demo_file(name));
    println!("  cargo {OWN} {name}");
    println!("  cargo xtask trace {OWN} {name}");
    Ok(ExitCode::SUCCESS)
}

/// A name that Cargo accepts, and that no program of the course has.
fn check_name(name: &str) -> Result<(), UsageError> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_word) {
        return Err(UsageError(format!(
            "'{name}' cannot be a program's name: take lower-case letters, digits, - and _, and \
             a letter first"
        )));
    }
    if name == "xtask" {
        return Err(UsageError("'xtask' is a program of the course: take another name".to_owned()));
    }
    Ok(())
}

/// Writes the program into a new folder.
fn write(
    workspace: &Workspace,
    lesson: &Path,
    source: &Source,
    name: &str,
    folder: &Path,
) -> Result<()> {
    let root = &workspace.root;
    for (file, text) in &source.files {
        put(&folder.join(file), text)?;
    }
    put(&folder.join("src/main.rs"), &source.main(name))?;
    let manifest = read(&root.join("Cargo.toml"))?;
    let own = read(&lesson.join("Cargo.toml"))?;
    let uses = |dependency: &str| source.uses(dependency);
    put(&folder.join("Cargo.toml"), &package(&manifest, &own, uses, name)?)?;
    // The versions that are built already.
    put(&folder.join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)
}

/// Reads a file.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// Writes a file, and makes its folder.
///
/// # Errors
/// If one of them cannot be made.
pub fn put(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a file's folder")?;
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

/// The manifest of a program of the reader's own, with those of the lesson's dependencies that it
/// uses. `manifest` is that of the workspace, `lesson` that of the lesson.
///
/// # Errors
/// If they are not as expected.
pub fn package(
    manifest: &str,
    lesson: &str,
    uses: impl Fn(&str) -> bool,
    name: &str,
) -> Result<String> {
    let mut dependencies = String::new();
    for line in section(lesson, "dependencies")?.lines() {
        let Some((dependency, _)) = line.split_once(".workspace = true") else { continue };
        if uses(dependency) {
            let versions = section(manifest, "workspace.dependencies")?;
            dependencies += &entry(versions, dependency)?.replace("path = \"", "path = \"../../");
        }
    }
    // With the same settings as in the course, what is built there serves here, too.
    let profiles = manifest.split("\n[profile.").skip(1).filter(|profile| {
        let package = profile.split_once("dev.package.").map(|(_, rest)| rest);
        package.is_none_or(|rest| {
            rest.starts_with('"') || uses(rest.split(']').next().unwrap_or(rest))
        })
    });
    let profiles = profiles.map(|profile| {
        let lines = profile.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        format!("\n[profile.{}\n", lines.collect::<Vec<_>>().join("\n"))
    });
    Ok(format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependencies}\n\
         # A workspace of its own: the course does not know it.\n[workspace]\n\n\
         # As in the course, so that what is built there serves here, too.{}",
        profiles.collect::<String>()
    ))
}

/// A section of a manifest, without its header.
fn section<'a>(manifest: &'a str, name: &str) -> Result<&'a str> {
    let header = format!("\n[{name}]\n");
    let (_, section) = manifest.split_once(&header).with_context(|| format!("no [{name}]"))?;
    Ok(section.split_once("\n[").map_or(section, |(section, _)| section))
}

/// The lines of a dependency.
fn entry(section: &str, name: &str) -> Result<String> {
    let mut lines = section.lines().skip_while(|line| !line.starts_with(&format!("{name} =")));
    let mut entry = String::new();
    for line in lines.by_ref() {
        entry += line;
        entry.push('\n');
        if entry.matches(['[', '{']).count() == entry.matches([']', '}']).count() {
            break;
        }
    }
    ensure!(!entry.is_empty(), "no dependency '{name}' in the workspace");
    Ok(entry)
}
