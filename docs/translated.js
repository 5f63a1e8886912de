// The pages that exist in Chinese; `cargo xtask stamp --list --bless` writes this.
const TRANSLATED = [
    "01-multitask/word.html",
];
