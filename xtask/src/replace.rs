//! Replaces a file: a reader of it sees the old text or the new one, whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Writes a file beside this one and gives it its name: after a full disk, a kill
/// or a power cut the file is the old one or the new one, whole. There may be no old one.
pub fn replace(file: &Path, text: &str) -> io::Result<()> {
    // A symbolic link stays one.
    let (file, permissions) = match file.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => (file.to_owned(), None),
        file => {
            let file = file?;
            let permissions = file.metadata()?.permissions();
            (file, Some(permissions))
        }
    };
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    // One that a killed check has left, or a link to another file.
    let _ = fs::remove_file(&new);
    let written = File::create_new(&new).and_then(|mut written| {
        if let Some(permissions) = permissions {
            written.set_permissions(permissions)?;
        }
        written.write_all(text.as_bytes())?;
        written.sync_all()?;
        fs::rename(&new, &file)
    });
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_whether_or_not_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("page.md"), folder.path().join("link.md"));
        replace(&file, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        // Whoever reads the old one goes on with it.
        let mut old = File::open(&file).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "newer").unwrap();
        assert_eq!(io::read_to_string(&mut old).unwrap(), "new");
        assert_eq!(fs::read_to_string(&file).unwrap(), "newer");
        assert!(link.is_symlink());
        let names = fs::read_dir(folder.path()).unwrap();
        assert_eq!(names.count(), 2, "nothing is left beside them");
    }
}
