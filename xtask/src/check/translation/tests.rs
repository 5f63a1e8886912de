//! Every Chinese page there is, with each fault that a translation can have.

use std::fs;

use super::blocks::Block;
use super::*;

/// A page in both languages.
struct Pair {
    path: String,
    english: String,
    chinese: String,
    sections: Vec<Section>,
}

impl Pair {
    fn new(path: &str, english: &str, chinese: &str) -> Pair {
        let sections = sections(english);
        let [path, english, chinese] = [path, english, chinese].map(str::to_owned);
        Pair { path, english, chinese, sections }
    }

    /// Its sections, each as a page: a change to a short page is compared more quickly.
    fn split(&self) -> Vec<Pair> {
        let parts = |text: &str| {
            let starts = sections(text).into_iter().map(|it| it.blocks[0].place.start);
            let mut starts: Vec<_> = starts.chain([text.len()]).collect();
            starts[0] = 0;
            starts.windows(2).map(|it| text[it[0]..it[1]].to_owned()).collect::<Vec<_>>()
        };
        let both = parts(&self.english).into_iter().zip(parts(&self.chinese));
        both.map(|(english, chinese)| Pair::new(&self.path, &english, &chinese)).collect()
    }
}

/// All pages that are translated.
fn pairs() -> (Site, Vec<Pair>) {
    // Where the tests run, not where they were compiled: checkouts may share a target folder.
    let here = std::env::current_dir().unwrap();
    let site = Site::read(here.parent().unwrap()).unwrap();
    let translated = site.english.iter().filter(|page| site.is_translated(page));
    let chinese = |path: &String| site.text(&site::chinese(path)).unwrap();
    let pair = |path: &String| Pair::new(path, &site.text(path).unwrap(), &chinese(path));
    let pairs: Vec<_> = translated.map(pair).collect();
    assert!(!pairs.is_empty(), "where are the Chinese pages?");
    (site, pairs)
}

impl Pair {
    /// What is wrong with this text as the Chinese page.
    fn faults(&self, site: &Site, chinese: &str) -> Vec<String> {
        let faults = compare(site, &self.path, &self.sections, chinese);
        faults.into_iter().map(|fault| fault.why).collect()
    }

    /// Asserts that a part of the Chinese page cannot be another text.
    #[track_caller]
    fn refuses(&self, site: &Site, place: Range<usize>, text: &str, why: &str) {
        let mut changed = self.chinese.clone();
        changed.replace_range(place.clone(), text);
        let faults = self.faults(site, &changed);
        assert!(
            faults.iter().any(|fault| fault.contains(why)),
            "{}: {:?} as {text:?}: {faults:?}",
            self.path,
            &self.chinese[place]
        );
    }

    fn blocks(&self) -> Vec<Block> {
        sections(&self.chinese).into_iter().flat_map(|section| section.blocks).collect()
    }

    /// The places of a text on the Chinese page, outside of its fences.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let fences = self.blocks().into_iter().filter(Block::is_verbatim);
        let fences: Vec<_> = fences.map(|block| block.place).collect();
        let places = self.chinese.match_indices(text).map(|(at, _)| at..at + text.len());
        places.filter(|it| !fences.iter().any(|fence| fence.contains(&it.start))).collect()
    }
}

/// Calls a function for each page; it returns how many mutants it made.
fn each_page(mutate: impl Fn(&Site, &Pair) -> usize) {
    let (site, pairs) = pairs();
    let mutants: usize = pairs.iter().map(|pair| mutate(&site, pair)).sum();
    assert!(mutants > 0, "nothing was changed");
}

/// The same, for each section.
fn each_section(mutate: impl Fn(&Site, &Pair) -> usize) {
    each_page(|site, page| page.split().iter().map(|pair| mutate(site, pair)).sum());
}

#[test]
fn the_pages_as_they_are_hold() {
    each_page(|site, pair| {
        assert_eq!(pair.faults(site, &pair.chinese), [""; 0], "{}", pair.path);
        1
    });
    each_section(|site, pair| {
        assert_eq!(pair.faults(site, &pair.chinese), [""; 0], "{}", pair.path);
        1
    });
}

#[test]
fn a_fence_or_comment_that_was_changed_is_found() {
    each_section(|site, pair| {
        let blocks: Vec<_> = pair.blocks().into_iter().filter(Block::is_verbatim).collect();
        for block in &blocks {
            // The last letter of it is not in the fence itself.
            let mut letters = block.source.char_indices().filter(|(_, c)| c.is_alphanumeric());
            let (last, c) = letters.next_back().unwrap();
            let at = block.place.start + last;
            pair.refuses(site, at..at + c.len_utf8(), "", "of the English page");
            pair.refuses(site, at..at + c.len_utf8(), "，", "a full-width '，' in a ");
        }
        blocks.len()
    });
}

#[test]
fn a_block_that_was_dropped_is_found() {
    each_section(|site, pair| {
        let blocks: Vec<_> = pair.blocks();
        // A cell may be empty.
        for block in
            blocks.iter().filter(|block| !pair.chinese[block.place.clone()].trim().is_empty())
        {
            // In a quote or list the rest of a block may become another's text.
            pair.refuses(site, block.place.clone(), "", "");
        }
        for tag in pair.places("</details>") {
            pair.refuses(site, tag, "", "the English page has");
        }
        for line in pair.chinese.split_inclusive('\n').filter(|it| it.starts_with('|')) {
            let at = pair.chinese.find(line).unwrap();
            pair.refuses(site, at..at + line.len(), "", "the English page has");
        }
        blocks.len()
    });
}

#[test]
fn a_table_row_that_was_dropped_is_found() {
    let table = "# T\n\n| a | b |\n|---|---|\n| one | 1 |\n| two | 2 |\n\nThe end.\n";
    let chinese = "# 表\n\n| 甲 | 乙 |\n|---|---|\n| 一 | 1 |\n| 二 | 2 |\n\n完。\n";
    let pair = Pair::new("docs/x.md", table, chinese);
    let (site, _) = pairs();
    assert_eq!(pair.faults(&site, &pair.chinese), [""; 0]);
    let row = pair.places("| 二 | 2 |\n").remove(0);
    pair.refuses(&site, row.clone(), "", "the English page has a row");
    pair.refuses(&site, row.clone(), "| 二 |\n", "not the text of the English page");
    pair.refuses(&site, row.clone(), "| 二 | 3 |\n", "not the text of the English page");
    pair.refuses(&site, row, "| two | 2 |\n", "not translated: two");
    let head = pair.places("| 甲 | 乙 |\n|---|---|\n").remove(0);
    pair.refuses(&site, head, "| 甲 | 乙 | 丙 |\n|---|---|---|\n", "the English page has");
}

#[test]
fn a_link_that_leads_elsewhere_is_found() {
    each_section(|site, pair| {
        let starts = pair.places("](");
        let target = |start: &Range<usize>| {
            start.end..start.end + pair.chinese[start.end..].find(')').unwrap()
        };
        let targets: Vec<_> = starts.iter().map(target).collect();
        for place in &targets {
            pair.refuses(site, place.clone(), "../../step.md", "link: `");
            pair.refuses(site, place.clone(), "#nowhere", "link: `");
        }
        for (one, other) in targets.iter().zip(targets.iter().skip(1)) {
            if pair.chinese[one.clone()] != pair.chinese[other.clone()] {
                pair.refuses(site, one.clone(), &pair.chinese[other.clone()], "link: `");
            }
        }
        targets.len()
    });
}

#[test]
fn a_paragraph_that_was_left_in_english_is_found() {
    each_section(|site, pair| {
        let english: Vec<_> =
            sections(&pair.english).into_iter().flat_map(|section| section.blocks).collect();
        let mut mutants = 0;
        for (english, chinese) in english.iter().zip(pair.blocks()) {
            if english.is_verbatim() || chinese.source.is_empty() || !site.has_words(&english.words)
            {
                continue;
            }
            pair.refuses(site, chinese.place, &english.source, "not translated: ");
            mutants += 1;
        }
        mutants
    });
}

#[test]
fn a_code_span_that_was_lost_is_found() {
    each_section(|site, pair| {
        let spans: Vec<_> = pair.places("`").chunks(2).map(|it| it[0].start..it[1].end).collect();
        for span in &spans {
            let inner = &pair.chinese[span.start + 1..span.end - 1];
            // It may become a tag.
            pair.refuses(site, span.clone(), inner, "");
            pair.refuses(site, span.clone(), &format!("`{inner}x`"), "code span: ");
        }
        spans.len()
    });
}

#[test]
fn a_heading_of_another_level_is_found() {
    each_section(|site, pair| {
        let blocks = pair.blocks().into_iter().filter(|it| it.kind.starts_with("heading"));
        let starts: Vec<_> = blocks.map(|block| block.place.start).collect();
        for start in &starts {
            pair.refuses(site, *start..*start, "#", "the English page has a heading of level");
            let end = start + pair.chinese[*start..].find('\n').unwrap();
            let text = pair.chinese[*start..end].trim_start_matches('#').trim();
            pair.refuses(site, *start..end, text, "");
        }
        starts.len()
    });
}

#[test]
fn a_reading_time_or_level_that_differs_is_found() {
    each_section(|site, pair| {
        let places = [pair.places("核心 · "), pair.places("进阶 · ")].concat();
        for place in &places {
            pair.refuses(site, place.clone(), "", "does not say `");
            let time = place.end..place.end + pair.chinese[place.end..].find('\n').unwrap();
            pair.refuses(site, time, "99 分钟", "does not say `");
        }
        places.len()
    });
}

#[test]
fn a_sign_for_about_that_was_lost_is_found() {
    let (site, _) = pairs();
    let fence = "```console\n$ a\n≈ 3 ms\n```\n";
    let english = format!("# T\n\nIt took ≈ 3 ms.\n\n{fence}");
    let pair = Pair::new("docs/x.md", &english, &format!("# 题\n\n用了 ≈ 3 ms。\n\n{fence}"));
    assert_eq!(pair.faults(&site, &pair.chinese), [""; 0]);
    pair.refuses(&site, pair.places("≈ ").remove(0), "", "a ≈ is lost or added");
    let at = pair.chinese.rfind('≈').unwrap();
    pair.refuses(&site, at..at + '≈'.len_utf8(), "", "a ≈ is lost or added in a fence");
    each_page(|site, pair| {
        for place in pair.places("≈") {
            pair.refuses(site, place, "", "");
        }
        1
    });
}

/// A page whose sections are all vouched for.
fn stamped(pair: &Pair) -> String {
    let (english, chinese) = (sections(&pair.english), sections(&pair.chinese));
    let stamps = english.iter().zip(&chinese);
    let stamps = stamps.flat_map(|(english, it)| it.with_stamp(&Stamp::of(english, it)));
    repaired(&pair.chinese, stamps.collect())
}

fn states(english: &[Section], chinese: &[Section]) -> Vec<State> {
    english.iter().zip(chinese).map(|(english, chinese)| State::of(english, chinese)).collect()
}

#[test]
fn a_section_that_changed_alone_is_stale_until_it_is_stamped() {
    each_page(|_, pair| {
        let page = stamped(pair);
        let (english, chinese) = (sections(&pair.english), sections(&page));
        assert!(states(&english, &chinese).iter().all(|it| *it == State::Vouched));
        for index in 0..english.len() {
            let stale = |english: &[Section], chinese: &[Section], state| {
                let expected =
                    (0..english.len()).map(|it| if it == index { state } else { State::Vouched });
                assert_eq!(states(english, chinese), expected.collect::<Vec<_>>(), "{}", pair.path);
            };
            let with = |text: &str, section: &Section, more: &str| {
                let is_text =
                    |it: &&Block| it.kind == "paragraph" || it.kind.starts_with("heading");
                let block = section.blocks.iter().rfind(is_text).unwrap();
                let mut text = text.to_owned();
                text.insert_str(block.place.start + block.source.trim_end().len(), more);
                sections(&text)
            };
            let longer = with(&pair.english, &english[index], " More.");
            let other = with(&page, &chinese[index], "还有。");
            stale(&longer, &chinese, State::EnglishChanged);
            stale(&english, &other, State::ChineseChanged);
            stale(&longer, &other, State::BothChanged);
        }
        english.len()
    });
}

#[test]
fn stamps_and_marks_are_no_blocks() {
    each_section(|site, pair| {
        let page = stamped(pair);
        assert_eq!(pair.faults(site, &page), [""; 0]);
        assert_eq!(stamped(&Pair::new("", &pair.english, &page)), page);
        // The line that the reader sees goes with the next stamp.
        let mark = Some(blocks::MARKS[0]);
        let marked = repaired(&page, sections(&page)[0].with_mark(mark).into_iter().collect());
        assert!(marked.contains(&format!("\n\n*{}*\n\n", blocks::MARKS[0])), "{marked}");
        assert_eq!(pair.faults(site, &marked), [""; 0]);
        let section = &sections(&marked)[0];
        assert_eq!(section.with_mark(mark), None);
        let stamp = Stamp::of(&pair.sections[0], section);
        assert_eq!(repaired(&marked, section.with_stamp(&stamp)), page);
        1
    });
}

#[test]
fn an_output_or_a_reading_time_that_changed_makes_nothing_stale() {
    each_page(|_, pair| {
        let page = stamped(pair);
        let new = |text: &str| {
            let blocks = sections(text).into_iter().flat_map(|section| section.blocks);
            let outputs = blocks.filter(Block::is_verbatim);
            let outputs = outputs.map(|it| (it.place, it.source.replace('1', "7"))).collect();
            let text = repaired(text, outputs);
            text.replace(" minutes", "1 minutes").replace(" 分钟", "1 分钟")
        };
        let texts = [new(&pair.english), new(&page)].map(|it| sections(&it));
        assert!(states(&texts[0], &texts[1]).iter().all(|it| *it == State::Vouched));
        // Lines that are filled anew are the same prose.
        let filled = |line: &str| match line.starts_with(['|', '#', '<']) {
            true => line.to_owned(),
            false => line.replace("s the ", "s\nthe "),
        };
        let lines: Vec<_> = pair.english.lines().map(filled).collect();
        let states = states(&sections(&lines.join("\n")), &sections(&page));
        assert!(states.iter().all(|it| *it == State::Vouched), "{}: {states:?}", pair.path);
        usize::from(new(&page) != page)
    });
}

/// A course of these files.
fn course(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

/// What is found, each with its place.
fn found(root: &Path, bless: bool) -> Vec<String> {
    let translation = Translation::check(root, &[], bless).unwrap();
    let failed = |it: Finding| match it.verdict {
        Verdict::Failed(failure) => Some(format!("{}: {}", it.place, failure.why)),
        Verdict::Blessed(_) => Some(format!("{}: blessed", it.place)),
        _ => None,
    };
    translation.findings.into_iter().filter_map(failed).collect()
}

const CONTENTS: &str = "# Summary\n\n[How](README.md)\n\n- [one](1-one/README.md)\n  - [a](1-one/a.md)\n- [two](2-two/README.md)\n";

#[test]
fn pages_without_a_partner_are_missing_or_a_fault() {
    let files = [
        ("README.md", "# R\n\n## Two\n"),
        ("docs/SUMMARY.md", CONTENTS),
        ("docs/README.md", "# How to\n\nSee [a](1-one/a.md#end) and [R](../README.md).\n"),
        ("docs/1-one/a.md", "# A\n\n## End\n"),
    ];
    let folder = course(&files);
    let translation = Translation::check(folder.path(), &[], false).unwrap();
    assert_eq!(translation.lines(false), [""; 0], "a course in one language");
    assert!(translation.section().is_none());

    fs::create_dir_all(folder.path().join("docs/zh/1-one")).unwrap();
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write("docs/zh/lost.md", "# 无\n");
    write("docs/zh/README.md", "# 怎么读\n\n见 [a](../1-one/a.md#end) 和 [R](../../README.md)。\n");
    let lists = ["docs/zh/SUMMARY.md", "docs/translated.js"].map(|it| {
        format!("{it}: does not list the translated pages in the order of the English book")
    });
    let lost = "docs/zh/lost.md: there is no such English page".to_owned();
    let both = |more: &[&String]| more.iter().map(|it| it.to_string()).collect::<Vec<_>>();
    assert_eq!(found(folder.path(), false), both(&[&lost, &lists[0], &lists[1]]));
    let translation = Translation::check(folder.path(), &[], false).unwrap();
    assert_eq!(translation.lines(false)[0], "Chinese: 0 sections up to date, 1 stale, 4 missing");
    fs::remove_file(folder.path().join("docs/zh/lost.md")).unwrap();

    // A link to a page leads to its translation as soon as there is one.
    write("docs/zh/1-one/a.md", "# 甲\n\n## 结束\n");
    let link =
        "docs/zh/README.md:3: link: `docs/1-one/a.md#end`, expected `docs/zh/1-one/a.md#结束`";
    assert_eq!(found(folder.path(), false)[0], link);
    write("docs/zh/README.md", "# 怎么读\n\n见 [a](1-one/a.md#甲) 和 [R](../../README.md)。\n");
    assert!(found(folder.path(), false)[0].contains("`docs/zh/1-one/a.md#甲`, expected"));
    write("docs/zh/README.md", "# 怎么读\n\n见 [a](1-one/a.md#结束) 和 [R](../../README.md)。\n");
    // Blessing rewrites a link to the right page in the other language, or at another heading, and
    // one that was copied from the English page.
    let right = fs::read_to_string(folder.path().join("docs/zh/README.md")).unwrap();
    for wrong in [
        ("1-one/a.md#结束", "../1-one/a.md#end"),
        ("1-one/a.md#结束", "1-one/a.md#end"),
        ("../../README.md", "../README.md"),
    ] {
        write("docs/zh/README.md", &right.replace(wrong.0, wrong.1));
        assert_eq!(found(folder.path(), true)[0], "docs/zh/README.md: blessed", "{wrong:?}");
        assert_eq!(fs::read_to_string(folder.path().join("docs/zh/README.md")).unwrap(), right);
    }
    fs::remove_file(folder.path().join("docs/zh/SUMMARY.md")).unwrap();
    fs::remove_file(folder.path().join("docs/translated.js")).unwrap();
    let blessed = ["docs/zh/SUMMARY.md: blessed", "docs/translated.js: blessed"];
    assert_eq!(found(folder.path(), true), blessed);
    assert_eq!(found(folder.path(), false), [""; 0]);
    let contents = fs::read_to_string(folder.path().join("docs/zh/SUMMARY.md")).unwrap();
    let expected = "# 目录\n\n[怎么读](README.md)\n\n- [one]()\n  - [a](1-one/a.md)\n";
    assert_eq!(contents, expected);
    write("docs/zh/SUMMARY.md", &contents.replace("[怎么读]", "[读法]"));
    assert_eq!(found(folder.path(), false), [""; 0], "a name that somebody wrote");
    let script = fs::read_to_string(folder.path().join("docs/translated.js")).unwrap();
    assert!(script.contains("[\n    \"index.html\",\n    \"1-one/a.html\",\n];"), "{script}");
}

#[test]
fn readmes_link_to_each_other() {
    let readme = "# R\n\n[中文](README.zh.md)\n\n[how](docs/README.md)\n";
    let folder = course(&[
        ("README.md", readme),
        ("README.zh.md", "# 读我\n\n[English](README.md) 版\n\n[说明](docs/README.md)\n"),
        ("docs/SUMMARY.md", "# Summary\n\n[How](README.md)\n"),
        ("docs/README.md", "# How\n"),
        ("docs/zh/SUMMARY.md", "# 目录\n"),
        ("docs/translated.js", ""),
    ]);
    let only_lists =
        |found: Vec<String>| found.iter().all(|it| it.starts_with("docs/translated.js"));
    assert!(only_lists(found(folder.path(), false)));
    fs::write(
        folder.path().join("README.zh.md"),
        "# 读我\n\n[自己](README.zh.md)\n\n[说明](docs/README.md)\n",
    )
    .unwrap();
    assert_eq!(
        found(folder.path(), false)[0],
        "README.zh.md:3: link: `README.zh.md`, expected `README.md`"
    );
}

#[test]
fn a_reading_time_is_blessed_with_the_english_one() {
    let english = "# T\n\n[one](README.md) · [a](SUMMARY.md) · core · 5 minutes\n";
    let chinese = "# 题\n\n[一](README.md) · [甲](../SUMMARY.md) · 核心 · 15 分钟\n";
    let folder = course(&[
        ("README.md", "# R\n"),
        ("docs/SUMMARY.md", "# Summary\n"),
        ("docs/README.md", "# How\n"),
        ("docs/a.md", english),
        ("docs/zh/a.md", chinese),
    ]);
    // The link is repaired in the same line.
    let faults = found(folder.path(), false);
    assert!(
        faults[1].contains("does not say `5 分钟`: the English page says 5 minutes"),
        "{faults:?}"
    );
    found(folder.path(), true);
    let blessed = fs::read_to_string(folder.path().join("docs/zh/a.md")).unwrap();
    assert_eq!(blessed, chinese.replace("15 分钟", "5 分钟").replace("(README", "(../README"));
}

#[test]
fn a_page_that_ends_early_is_found() {
    let blocks = |site: &Site, pair: &Pair| {
        let blocks = pair.blocks();
        for block in &blocks {
            let cut = &pair.chinese[..block.place.start];
            assert_ne!(pair.faults(site, cut), [""; 0], "{}: up to {:?}", pair.path, block.source);
        }
        blocks.len()
    };
    each_section(blocks);
    each_page(|site, pair| {
        for section in sections(&pair.chinese) {
            let cut = &pair.chinese[..section.blocks[0].place.start];
            assert_ne!(pair.faults(site, cut), [""; 0], "{}: {}", pair.path, section.heading);
        }
        for text in ["", "文", "<!-- vouched for: en 1, zh 2 -->\n", "*本节译文落后于英文版。*\n"]
        {
            assert_ne!(pair.faults(site, text), [""; 0], "{text}");
            states(&pair.sections, &sections(text));
        }
        1
    });
}

#[test]
fn a_section_is_stamped_by_its_heading_if_the_page_has_all_headings() {
    let english = "# T\n\n## One\n\nA word.\n\n## Two\n\nA word.\n";
    let chinese = "# 题\n\n## 一\n\n字。\n\n## 二\n\n字。\n";
    let folder = course(&[
        ("README.md", "# R\n"),
        ("docs/SUMMARY.md", "# Summary\n"),
        ("docs/a.md", english),
        ("docs/zh/a.md", chinese),
    ]);
    let page = folder.path().join("docs/zh/a.md");
    let stamp = |heading| stamp(folder.path(), Some("docs/zh/a.md"), Some(heading));
    assert_eq!(stamp("二").unwrap(), "docs/zh/a.md: 二");
    let stamped = fs::read_to_string(&page).unwrap();
    assert!(
        stamped.starts_with("# 题\n\n## 一\n\n字。\n\n## 二\n<!-- vouched for: en "),
        "{stamped}"
    );
    assert!(stamp("三").unwrap_err().is::<UsageError>());

    fs::write(&page, chinese.replace("## 二", "## 一")).unwrap();
    let why = stamp("一").unwrap_err().to_string();
    assert_eq!(why, "not one section '一'; available: \"题\", \"一\", \"一\"");
    fs::write(&page, "# 题\n\n## 二\n\n字。\n").unwrap();
    let why = stamp("二").unwrap_err().to_string();
    assert!(
        why.contains(
            "has 2 headings, the English page 3; they part at 'Two'; the section is not stamped"
        ),
        "{why}"
    );
}

#[test]
fn a_page_that_lacks_a_heading_harms_no_other() {
    let glossary = "# 词\n\n## 一\n\n字。\n\n## 二\n\n字。\n";
    let page = "# 题\n\n见 [一](g.md#一) 和[二](g.md#二)。\n";
    let folder = course(&[
        ("README.md", "# R\n"),
        ("docs/SUMMARY.md", "# Summary\n"),
        ("docs/g.md", "# G\n\n## One\n\nA word.\n\n## Two\n\nA word.\n"),
        ("docs/a.md", "# A\n\nSee [one](g.md#one) and [two](g.md#two).\n"),
        ("docs/zh/g.md", glossary),
        ("docs/zh/a.md", page),
        ("docs/zh/SUMMARY.md", "# 目录\n"),
    ]);
    found(folder.path(), true);
    assert_eq!(found(folder.path(), false), [""; 0]);
    for heading in ["题", "词", "一", "二"] {
        let page = if heading == "题" { "docs/zh/a.md" } else { "docs/zh/g.md" };
        stamp(folder.path(), Some(page), Some(heading)).unwrap();
    }
    let files = ["docs/zh/a.md", "docs/zh/g.md"].map(|file| folder.path().join(file));
    let page = fs::read_to_string(&files[0]).unwrap();
    let cut = fs::read_to_string(&files[1]).unwrap();
    let (start, end) = (cut.find("## 一").unwrap(), cut.find("## 二").unwrap());
    let cut = [&cut[..start], &cut[end..]].concat();
    fs::write(&files[1], &cut).unwrap();
    let why = "docs/zh/g.md:4: has 2 headings, the English page 3; they part at 'Two'";
    assert_eq!(found(folder.path(), true), [why]);
    assert_eq!(fs::read_to_string(&files[0]).unwrap(), page);
    assert_eq!(fs::read_to_string(&files[1]).unwrap(), cut);

    // Which heading it is to be is not known.
    let english = page.replace("(g.md#一)", "(../g.md#one)");
    fs::write(&files[0], &english).unwrap();
    let link = "docs/zh/a.md:4: link: `docs/g.md#one`, expected `docs/zh/g.md#(any heading)`";
    assert_eq!(found(folder.path(), true)[0], link);
    assert!(fs::read_to_string(&files[0]).unwrap().contains("(../g.md#one)"));
}
