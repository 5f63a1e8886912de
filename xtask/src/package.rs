//! A program outside of the workspace, which uses what the course uses: the reader's own, or those
//! of an exercise. What the course has built already is not built again for it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Makes the manifest of a program with these `dependencies`, and pins their versions. `up` leads
/// from its folder to the root of the workspace.
///
/// # Errors
/// If a file cannot be read or written; if the workspace has no such dependency.
pub fn put(
    root: &Path,
    folder: &Path,
    up: &Path,
    name: &str,
    dependencies: &[String],
) -> Result<()> {
    let manifest = manifest(up, &read(&root.join("Cargo.toml"))?, name, dependencies)?;
    put_file(&folder.join("Cargo.toml"), &manifest)?;
    // The versions that are built already.
    put_file(&folder.join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)
}

/// The names of a lesson's dependencies.
///
/// # Errors
/// If its manifest cannot be read.
pub fn of_lesson(folder: &Path) -> Result<Vec<String>> {
    let manifest = read(&folder.join("Cargo.toml"))?;
    let dependencies = section(&manifest, "dependencies")?.lines();
    let names = dependencies.filter_map(|line| line.split_once(".workspace = true"));
    Ok(names.map(|(name, _)| name.to_owned()).collect())
}

/// Reads a file.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// Writes a file, and makes its folder. One that is the same is left alone: Cargo would build what
/// it belongs to again.
///
/// # Errors
/// If one of them cannot be made.
pub fn put_file(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let folder = path.parent().context("a file's folder")?;
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

/// The manifest; `workspace` is the text of the workspace's.
fn manifest(up: &Path, workspace: &str, name: &str, dependencies: &[String]) -> Result<String> {
    let versions = section(workspace, "workspace.dependencies")?;
    let up = format!("path = \"{}/", up.display());
    let mut entries = String::new();
    for dependency in dependencies {
        entries += &entry(versions, dependency)?.replace("path = \"", &up);
    }
    // With the same settings as in the course, what is built there serves here, too.
    let profiles = workspace.split("\n[profile.").skip(1).filter(|profile| {
        let package = profile.split_once("dev.package.").map(|(_, rest)| rest);
        package.is_none_or(|rest| {
            let package = rest.split(']').next().unwrap_or(rest);
            rest.starts_with('"') || dependencies.iter().any(|it| it == package)
        })
    });
    let profiles = profiles.map(|profile| {
        let lines = profile.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        format!("\n[profile.{}\n", lines.collect::<Vec<_>>().join("\n"))
    });
    Ok(format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{entries}\n\
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
