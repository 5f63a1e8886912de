// The pages that exist in Chinese; `cargo xtask check-all --bless` writes this.
const TRANSLATED = [
    "01-multitask/word.html",
];
