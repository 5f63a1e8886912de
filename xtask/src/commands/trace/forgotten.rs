//! `trace python3 a.py`: the `--` before a program was forgotten.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// How to trace these words, if the first one is a program and not only a wrong name.
pub fn how_to_trace<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut words = words.into_iter();
    let program = program(words.next()?)?;
    let words = words.map(quoted);
    let words: Vec<String> = std::iter::once(program).chain(words).collect();
    Some(format!("for a program of your own: cargo xtask trace -- {}", words.join(" ")))
}

/// What has to be typed to start this program; `None` if there is no such program.
fn program(word: &str) -> Option<String> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let is_in_path = env::split_paths(&folders).any(|it| is_executable(&it.join(word)));
    if is_in_path || word.contains('/') && is_executable(Path::new(word)) {
        return Some(quoted(word));
    }
    if is_executable(Path::new(word)) {
        return Some(quoted(&format!("./{word}")));
    }
    let is_python = word.ends_with(".py") && Path::new(word).is_file();
    is_python.then(|| format!("python3 {}", quoted(word)))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// A word as it is typed in a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_is_offered_to_be_traced() {
        let how = |words: &[&str]| how_to_trace(words.iter().copied());
        let offered = "for a program of your own: cargo xtask trace -- ";
        let sh = how(&["sh", "-c", "it's"]).unwrap();
        assert_eq!(sh, format!(r"{offered}sh -c 'it'\''s'"));
        assert_eq!(how(&["/bin/sh"]), Some(format!("{offered}/bin/sh")));
        for wrong in ["", "fork", "02", "src", "/bin", "Cargo.toml", "no-such.py"] {
            assert_eq!(how(&[wrong]), None, "{wrong}");
        }
    }
}
