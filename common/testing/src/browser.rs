//! Pages in a real browser: headless Chromium.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Opens a page together with a script that drives it, and returns what the script reports: it
/// calls `report` with something that JSON can show, which gets the page's errors as `errors`.
/// The folder is for files of the browser.
///
/// # Panics
/// If Chromium cannot be started, or the script does not report.
pub fn driven(folder: &Path, page: &str, script: &str) -> String {
    // After the page's own scripts, and apart from their variables.
    let driver = format!(
        "<script>
        (() => {{
            const errors = [];
            addEventListener('error', event => errors.push(String(event.message)));
            console.error = (...what) => errors.push(what.join(' '));
            const report = what => {{
                const text = JSON.stringify({{ ...what, errors }});
                document.documentElement.textContent = '{{{{' + text + '}}}}';
            }};
            {script}
        }})();
        </script></html>"
    );
    let file = folder.join("driven.html");
    fs::write(&file, page.replace("</html>", &driver)).expect("write the page");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("start chromium");
    let shown = String::from_utf8_lossy(&output.stdout);
    let report = shown.split_once("{{").and_then(|(_, rest)| rest.split_once("}}</html>"));
    let Some((report, _)) = report else {
        panic!("no report: {}", String::from_utf8_lossy(&output.stderr))
    };
    report.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
}
