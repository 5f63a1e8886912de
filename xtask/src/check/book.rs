//! The pages of the course, in the order in which they are read: that of `docs/SUMMARY.md`.

use std::path::Path;

use anyhow::{Context, Result};

use super::findings::{Finding, Kind, Verdict};
use super::page::{self, Entry, Header};

/// The page that shows what `check-all` prints. It comes before all others, outside the book.
pub const README: &str = "README.md";

/// The file that lists the pages in order; mdBook makes its table of contents from it.
pub const SUMMARY: &str = "docs/SUMMARY.md";

/// The README in Chinese, and the folder of all other pages in Chinese.
pub const CHINESE_README: &str = "README.zh.md";
pub const CHINESE: &str = "docs/zh";

/// How many minutes a first reading may take, and one page of it.
const FIRST_READING: f64 = 120.0;
const CORE_PAGE: f64 = 10.0;

/// The README and all pages in `docs`.
pub struct Book {
    /// In the order of the table of contents; after them those that it lacks.
    pages: Vec<Entry>,
    /// Pages that cannot be read, and what is wrong with the book as a whole.
    faults: Vec<Finding>,
}

impl Book {
    /// Reads all pages. What cannot be read is a finding.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn read(root: &Path) -> Result<Book> {
        let mut files = Vec::new();
        list(root, Path::new("docs"), &mut files)?;
        // The Chinese pages are compared with these, and run nothing.
        files.retain(|file| file != SUMMARY && !is_in_chinese(file));
        let mut book = Book { pages: Vec::new(), faults: Vec::new() };
        let mut order = vec![README.to_owned()];
        match page::read(root, SUMMARY) {
            Ok(summary) => {
                for (line, target) in summary.links {
                    let file = page::target(SUMMARY, &target);
                    if !order.contains(&file) && files.contains(&file) {
                        order.push(file);
                    } else {
                        let why = format!("lists {file}, which is not a page or is listed twice");
                        book.fault(&format!("{SUMMARY}:{line}"), &target, why);
                    }
                }
            }
            Err(why) => book.fault(SUMMARY, "table of contents", format!("{why:#}")),
        }
        for file in files {
            if !order.contains(&file) {
                book.fault(
                    &file,
                    "table of contents",
                    format!("{SUMMARY} does not list this page"),
                );
                order.push(file);
            }
        }
        for path in order {
            match page::read(root, &path) {
                Ok(page) => {
                    let header = Header::read(&page.first.text);
                    book.pages.push(Entry { path, page, header });
                }
                Err(why) => book.fault(&path, "page", format!("{why:#}")),
            }
        }
        book.check_core();
        Ok(book)
    }

    fn fault(&mut self, place: &str, what: &str, why: String) {
        let (place, what) = (place.to_owned(), what.to_owned());
        self.faults.push(Finding { kind: Kind::Page, place, what, verdict: Verdict::failed(why) });
    }

    /// Checks that a first reading is as short as promised.
    fn check_core(&mut self) {
        let core = self.pages.iter().filter(|it| it.header.time.is_some() && !it.is_further());
        let core: Vec<_> = core.map(|it| (it.path.clone(), it.page.length.minutes())).collect();
        for (path, minutes) in core.iter().filter(|(_, minutes)| *minutes > CORE_PAGE) {
            let why = format!("takes {minutes:.1} minutes, a core page {CORE_PAGE:.0} at most");
            self.fault(path, "reading time", why);
        }
        let all: f64 = core.iter().map(|(_, minutes)| minutes).sum();
        if all > FIRST_READING {
            let why = format!("the core pages take {all:.1} minutes, {FIRST_READING:.0} at most");
            self.fault(SUMMARY, "reading time", why);
        }
    }

    /// What is wrong with a chapter as a whole.
    pub fn faults(&self, folder: &str) -> Vec<Finding> {
        let faults = self.faults.iter().filter(|it| is_in(&it.place, folder));
        faults.cloned().collect()
    }

    /// What is wrong elsewhere.
    pub fn other_faults(&self, folders: &[String]) -> Vec<Finding> {
        let faults = self.faults.iter();
        let others = faults.filter(|it| !folders.iter().any(|folder| is_in(&it.place, folder)));
        others.cloned().collect()
    }

    /// The pages of a chapter.
    pub fn chapter<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a Entry> {
        self.pages.iter().filter(move |it| is_in(&it.path, folder))
    }

    /// The pages that belong to none of these chapters.
    pub fn others(&self, folders: &[String]) -> impl Iterator<Item = &Entry> {
        self.pages.iter().filter(|it| !folders.iter().any(|folder| is_in(&it.path, folder)))
    }

    /// Checks that a page of a chapter says how long it takes, and ends with a link to
    /// the next one: for a page of the first reading the next such page.
    ///
    /// # Errors
    /// If its reading time is to be rewritten, and cannot be.
    pub fn check(&self, root: &Path, entry: &Entry, bless: bool) -> Result<Vec<Finding>> {
        let finding = |what: &str, verdict| {
            let (place, what) = (entry.path.clone(), what.to_owned());
            Finding { kind: Kind::Page, place, what, verdict }
        };
        let time = page::reading_time(root, entry, bless)?;
        let mut findings = vec![finding("reading time", time)];
        let rest = self.pages.iter().skip_while(|it| it.path != entry.path).skip(1);
        let next = rest.clone().find(|it| entry.is_further() || !it.is_further());
        if let Some(next) = next {
            let mut ends = entry.page.last.links.iter();
            let verdict = if ends.any(|link| page::target(&entry.path, link) == next.path) {
                Verdict::Held
            } else {
                Verdict::failed(format!("its last paragraph has no link to {}", next.path))
            };
            findings.push(finding("next page", verdict));
        }
        Ok(findings)
    }
}

fn is_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a page is a Chinese one.
pub fn is_in_chinese(page: &str) -> bool {
    page == CHINESE_README || is_in(page, CHINESE)
}

/// The Markdown files below a folder, by name.
pub fn list(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<()> {
    let context = || format!("read {}", folder.display());
    let entries = root.join(folder).read_dir().with_context(context)?;
    let mut entries = entries.collect::<std::io::Result<Vec<_>>>().with_context(context)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        if entry.file_type().with_context(context)?.is_dir() {
            list(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use transcript::page::Page;

    use super::*;

    /// What is wrong with the lengths of pages, each of a level and a number of words.
    fn faults(pages: &[(&str, &str, usize)]) -> Vec<String> {
        let entry = |(path, level, words): &(&str, &str, usize)| {
            let text =
                format!("# T\n\n[c](README.md) · {level} · 1 minute\n\n{}", "word ".repeat(*words));
            let page = Page::read(&text).unwrap();
            let header = Header::read(&page.first.text);
            Entry { path: (*path).to_owned(), page, header }
        };
        let pages = pages.iter().map(entry).collect();
        let mut book = Book { pages, faults: Vec::new() };
        book.check_core();
        book.faults.iter().map(|fault| format!("{} {:?}", fault.place, fault.verdict)).collect()
    }

    #[test]
    fn a_first_reading_that_takes_too_long_is_found() {
        // 180 words a minute; the header has a few of its own.
        let page = 1700;
        assert_eq!(faults(&[("a", "core", page), ("b", "further", 99_999)]), [""; 0]);
        let one_long = faults(&[("a", "core", page), ("b", "core", 2000)]);
        assert!(one_long.len() == 1 && one_long[0].starts_with("b "), "{one_long:?}");
        assert!(one_long[0].contains("takes 11.1 minutes, a core page 10 at most"), "{one_long:?}");

        let many = [("a", "core", page); 13];
        let too_many = faults(&many);
        assert!(too_many.len() == 1 && too_many[0].starts_with(SUMMARY), "{too_many:?}");
        assert!(
            too_many[0].contains("the core pages take 123.1 minutes, 120 at most"),
            "{too_many:?}"
        );
        assert_eq!(faults(&many[1..]), [""; 0]);
    }
}
