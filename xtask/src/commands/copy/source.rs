//! The source of one demo, cut out of its lesson.
//!
//! A lesson's main file is taken apart by its lines, as rustfmt leaves them: blocks with an
//! empty line between, a block of `mod` lines, one of `use` lines for each group, then constants
//! and `main`. The lists among the constants have an element a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use common::options::UsageError;

/// A demo's files.
pub struct Source {
    lesson: String,
    demo: String,
    /// The blocks of `main.rs` that are kept, without the documentation.
    blocks: Vec<String>,
    /// The other files, from the package's folder.
    pub files: BTreeMap<String, String>,
}

impl Source {
    /// Finds the demo in the folder of its lesson.
    ///
    /// # Errors
    /// A [`UsageError`] if there is no such demo; or if the sources are not as expected.
    pub fn read(lesson: &Path, demo: &str) -> Result<Source> {
        let main = read(lesson, "src/main.rs")?;
        let blocks: Vec<&str> = main.trim_end().split("\n\n").collect();
        let demos = blocks.iter().find(|block| block.starts_with("const DEMOS"));
        let demos = demos.context("main.rs has no list of demos")?;
        let entry = demo_entry(demos, demo)?;

        let modules: Vec<&str> = blocks
            .iter()
            .flat_map(|block| block.lines())
            .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
            .collect();
        // What the entry needs of main.rs: constants, and what these need.
        let mut kept = vec![format!("const DEMOS: &[Demo] = &[\n{entry}\n];")];
        let mut files = BTreeMap::new();
        let mut needed = BTreeSet::new();
        let lines = blocks.iter().flat_map(|block| block.lines());
        let uses: Vec<String> = lines.filter_map(|line| used(line, &words(&entry))).collect();
        let mentioned = |module: &&&str| {
            let path = format!("{}::", bare(module));
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            [&entry]
                .into_iter()
                .chain(&uses)
                .any(|text| text.match_indices(&path).any(|(at, _)| !text[..at].ends_with(is_part)))
        };
        let mut queue: Vec<&str> = modules.iter().filter(mentioned).copied().collect();
        while let Some(module) = queue.pop() {
            if !needed.insert(module) {
                continue;
            }
            let module_files = read_module(lesson, bare(module))?;
            for text in module_files.values() {
                queue.extend(modules_in(text, "crate::", &modules));
            }
            files.extend(module_files);
        }

        let is_needed = |module: &str| needed.iter().any(|it| bare(it) == module);
        for block in &blocks {
            let Some(constant) = block.lines().find_map(|line| line.strip_prefix("const ")) else {
                continue;
            };
            let name = constant.split(':').next().unwrap_or_default();
            let wanted = kept.iter().any(|block| words(block).contains(name))
                || files.values().any(|text| text.contains(&format!("crate::{name}")));
            if name != "DEMOS" && wanted {
                // Elements that name a module which is not there go.
                let lines = block.lines().filter(|line| {
                    let element = line.trim_start().strip_prefix('&');
                    element.and_then(|it| it.split_once("::")).is_none_or(|it| is_needed(it.0))
                });
                kept.insert(0, lines.collect::<Vec<_>>().join("\n"));
            }
        }
        let end = blocks.iter().find(|block| block.starts_with("fn main")).context("no main")?;
        let defined = kept.iter().flat_map(|block| words(block)).collect::<BTreeSet<_>>();
        let is_upper = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
        // A line of main that is about a constant which is not needed goes.
        let lines = end.lines().filter(|line| {
            words(line).iter().all(|word| !is_upper(word) || defined.contains(word))
        });
        kept.push(lines.collect::<Vec<_>>().join("\n"));

        let names: BTreeSet<String> = kept.iter().flat_map(|block| words(block)).collect();
        let mut head = Vec::new();
        // Of the modules of other demos only a part is used.
        let of_demo = demo.replace('-', "_");
        let mut is_shared = false;
        for other in modules.iter().filter(|module| !needed.contains(**module)) {
            let files = read_module(lesson, bare(other))?;
            let mut used = files.values().flat_map(|text| modules_in(text, "crate::", &modules));
            is_shared |= used.any(|module| bare(module) == of_demo);
        }
        let mods = needed.iter().map(|module| {
            let whole = bare(module) == of_demo && !is_shared;
            format!("{}mod {module};", if whole { "" } else { "#[allow(dead_code)]\n" })
        });
        head.push(mods.collect::<Vec<_>>().join("\n"));
        for block in blocks.iter().filter(|block| block.starts_with("use ")) {
            let lines: Vec<String> = block.lines().filter_map(|line| used(line, &names)).collect();
            if !lines.is_empty() {
                head.push(lines.join("\n"));
            }
        }
        head.append(&mut kept);
        let lesson = lesson.file_name().context("a lesson's name")?.to_string_lossy().into_owned();
        Ok(Source { lesson, demo: demo.to_owned(), blocks: head, files })
    }

    /// The text of `main.rs` for a program of this name.
    pub fn main(&self, name: &str) -> String {
        let Source { lesson, demo, .. } = self;
        let body =
            self.blocks.join("\n\n").replace(&format!("\"{lesson}\""), &format!("\"{name}\""));
        format!("//! A copy of the demo `{demo}` of {lesson}.\n\n{body}\n")
    }

    /// Where a program of this name has the demo's own source.
    pub fn demo_file(&self, name: &str) -> String {
        format!("my/{name}/src/{}.rs", self.demo.replace('-', "_"))
    }

    /// Whether a package is used, by Cargo's name.
    pub fn uses(&self, package: &str) -> bool {
        let name = package.replace('-', "_");
        let texts = self.files.values().chain(&self.blocks);
        let mut lines = texts.flat_map(|text| text.lines());
        lines.any(|line| !line.trim_start().starts_with("//") && words(line).contains(&name))
    }
}

/// A module's name in a path of files: without `r#`.
fn bare(module: &str) -> &str {
    module.trim_start_matches("r#")
}

/// Which of these modules a text uses: where one is at the beginning of a path, after `root`.
fn modules_in<'a>(text: &str, root: &str, modules: &[&'a str]) -> Vec<&'a str> {
    let is_used = |module: &&&str| {
        let path = format!("{root}{}", bare(module));
        text.match_indices(&path).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + path.len()..]);
            let is_path =
                after.starts_with("::") || !root.is_empty() && !after.starts_with(is_part);
            !before.ends_with(is_part) && is_path
        })
    };
    modules.iter().filter(is_used).copied().collect()
}

/// Whether a character can be in an identifier.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The identifiers of a text.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What remains of a `use` line when only these names are used; `None` if nothing does.
fn used(line: &str, names: &BTreeSet<String>) -> Option<String> {
    let path = line.strip_prefix("use ")?.strip_suffix(';')?;
    let Some((before, list)) = path.strip_suffix('}').and_then(|path| path.split_once('{')) else {
        let last = path.rsplit("::").next()?;
        return names.contains(last).then(|| line.to_owned());
    };
    let own = before.trim_end_matches("::").rsplit("::").next()?;
    let is_used = |name: &&str| names.contains(if *name == "self" { own } else { name });
    let kept: Vec<&str> = list.split(", ").filter(is_used).collect();
    match kept[..] {
        [] => None,
        ["self"] => Some(format!("use {};", before.trim_end_matches("::"))),
        [only] => Some(format!("use {before}{only};")),
        _ => Some(format!("use {before}{{{}}};", kept.join(", "))),
    }
}

/// The lines of a demo in the list.
fn demo_entry(demos: &str, name: &str) -> Result<String> {
    const END: &str = "\n    },";
    let entries: Vec<&str> =
        demos.split_inclusive(END).filter(|it| it.contains("name: \"")).collect();
    let name_of = |entry: &&str| entry.split('"').nth(1).unwrap_or_default().to_owned();
    let Some(entry) = entries.iter().find(|entry| name_of(entry) == name) else {
        let names: Vec<String> = entries.iter().map(name_of).collect();
        let what = format!("demo '{name}'");
        return Err(UsageError::unknown(&what, names.iter().map(String::as_str)).into());
    };
    let start = entry.find("    Demo {").context("a demo in the list")?;
    Ok(entry[start..].to_owned())
}

/// The files of a module: its own, those in its folder, and those that it includes.
fn read_module(lesson: &Path, module: &str) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::from([(format!("src/{module}.rs"), String::new())]);
    let mut folders = vec![format!("src/{module}")];
    while let Some(folder) = folders.pop() {
        let path = lesson.join(&folder);
        let entries = match path.read_dir() {
            Err(why) if why.kind() == ErrorKind::NotFound => continue,
            entries => entries.with_context(|| format!("read {}", path.display()))?,
        };
        for entry in entries {
            let name = entry.with_context(|| format!("read {}", path.display()))?.file_name();
            let name = format!("{folder}/{}", name.to_string_lossy());
            if lesson.join(&name).is_dir() {
                folders.push(name);
            } else {
                files.insert(name, String::new());
            }
        }
    }
    let mut included = BTreeMap::new();
    for (path, text) in &mut files {
        *text = without_tests(&read(lesson, path)?);
        for rest in text.split("include_str!(\"").skip(1) {
            let file = rest.split('"').next().unwrap_or_default();
            if let Some(name) = file.strip_prefix("../") {
                ensure!(!name.contains('/'), "{path} includes {file}");
                included.insert(name.to_owned(), read(lesson, name)?);
            }
        }
    }
    files.retain(|path, _| !path.ends_with("/tests.rs"));
    files.extend(included);
    Ok(files)
}

/// A source without its unit tests, which come last.
fn without_tests(text: &str) -> String {
    match text.find("\n#[cfg(test)]\nmod tests") {
        Some(start) => text[..start].to_owned(),
        None => text.to_owned(),
    }
}

fn read(lesson: &Path, path: &str) -> Result<String> {
    let path = lesson.join(path);
    fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
}
