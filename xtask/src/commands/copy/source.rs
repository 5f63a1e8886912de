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
    pub files: Files,
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
        let entry = demo_entry(demos.context("main.rs has no list of demos")?, demo)?;
        let modules = Modules::of(lesson, &blocks);

        let imports = imports(&blocks, &words(&entry));
        let roots =
            [&entry].into_iter().chain(&imports).flat_map(|text| modules.paths_in(text, ""));
        let (needed, files) = modules.with_their_needs(roots.collect())?;
        let mut items = constants(&blocks, &entry, &needed, &files);
        items.push(format!("const DEMOS: &[Demo] = &[\n{entry}\n];"));
        items.push(main_function(&blocks, &items)?);

        let declared = modules.declare(&needed, &demo.replace('-', "_"))?;
        let names = items.iter().flat_map(|item| words(item)).collect();
        let imports = self::imports(&blocks, &names);
        let blocks = [declared].into_iter().chain(imports).chain(items).collect();
        let lesson = lesson.file_name().context("a lesson's name")?.to_string_lossy().into_owned();
        Ok(Source { lesson, demo: demo.to_owned(), blocks, files })
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

/// The modules of a lesson, as `main.rs` declares them: `r#loop`.
struct Modules<'a> {
    lesson: &'a Path,
    names: Vec<&'a str>,
}

/// The texts of files, by their paths from the package's folder.
type Files = BTreeMap<String, String>;

impl<'a> Modules<'a> {
    fn of(lesson: &'a Path, blocks: &[&'a str]) -> Modules<'a> {
        let lines = blocks.iter().flat_map(|block| block.lines());
        let names = lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        Modules { lesson, names: names.collect() }
    }

    /// Those that a text names at the beginning of a path, or after `root`.
    fn paths_in(&self, text: &str, root: &str) -> Vec<&'a str> {
        let is_used = |module: &&&str| {
            let path = format!("{root}{}", bare(module));
            text.match_indices(&path).any(|(at, _)| {
                let (before, after) = (&text[..at], &text[at + path.len()..]);
                let ends =
                    after.starts_with("::") || !root.is_empty() && !after.starts_with(is_part);
                ends && !before.ends_with(is_part)
            })
        };
        self.names.iter().filter(is_used).copied().collect()
    }

    /// These and all that they need, and their files.
    fn with_their_needs(&self, mut queue: Vec<&'a str>) -> Result<(BTreeSet<&'a str>, Files)> {
        let (mut needed, mut files) = (BTreeSet::new(), Files::new());
        while let Some(module) = queue.pop() {
            if needed.insert(module) {
                let own = read_module(self.lesson, bare(module))?;
                queue.extend(own.values().flat_map(|text| self.paths_in(text, "crate::")));
                files.extend(own);
            }
        }
        Ok((needed, files))
    }

    /// The `mod` lines. Only a part of what other demos have, or use, may be used.
    fn declare(&self, needed: &BTreeSet<&str>, demo: &str) -> Result<String> {
        let mut is_shared = false;
        for other in self.names.iter().filter(|module| !needed.contains(**module)) {
            let files = read_module(self.lesson, bare(other))?;
            let mut used = files.values().flat_map(|text| self.paths_in(text, "crate::"));
            is_shared |= used.any(|module| bare(module) == demo);
        }
        let lines = needed.iter().map(|module| {
            let whole = bare(module) == demo && !is_shared;
            format!("{}mod {module};", if whole { "" } else { "#[allow(dead_code)]\n" })
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// A module's name, as its file has it.
fn bare(module: &str) -> &str {
    module.trim_start_matches("r#")
}

/// The constants, besides the demos, that the entry or the files need. What is in a list and
/// belongs to another module is left out.
fn constants(blocks: &[&str], entry: &str, needed: &BTreeSet<&str>, files: &Files) -> Vec<String> {
    let names = words(entry);
    let wanted = |block: &&&str| {
        let constant = block.lines().find_map(|line| line.strip_prefix("const "));
        let name = constant.and_then(|constant| constant.split(':').next());
        name.is_some_and(|name| {
            let path = format!("crate::{name}");
            names.contains(name) || files.values().any(|text| text.contains(&path))
        })
    };
    let without_others = |block: &&str| {
        let lines = block.lines().filter(|line| {
            let element = line.trim_start().strip_prefix('&');
            let module = element.and_then(|element| element.split_once("::"));
            module.is_none_or(|(module, _)| needed.iter().any(|it| bare(it) == module))
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    blocks.iter().filter(wanted).map(without_others).collect()
}

/// `main`, without the lines about constants that are not among the items.
fn main_function(blocks: &[&str], items: &[String]) -> Result<String> {
    let main = blocks.iter().find(|block| block.starts_with("fn main")).context("no main")?;
    let defined: BTreeSet<String> = items.iter().flat_map(|item| words(item)).collect();
    let is_constant =
        |word: &String| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let lines = main.lines().filter(|line| {
        words(line).iter().filter(|word| is_constant(word)).all(|word| defined.contains(word))
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// The blocks of `use` lines, with what is used of them when only these names are.
fn imports(blocks: &[&str], names: &BTreeSet<String>) -> Vec<String> {
    let blocks = blocks.iter().filter(|block| block.starts_with("use "));
    let used = |block: &&str| {
        let lines: Vec<String> = block.lines().filter_map(|line| used(line, names)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    };
    blocks.filter_map(used).collect()
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
fn read_module(lesson: &Path, module: &str) -> Result<Files> {
    let mut files = Files::from([(format!("src/{module}.rs"), String::new())]);
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
    let mut included = Files::new();
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
