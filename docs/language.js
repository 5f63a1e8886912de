// A link to the same page in the other language, in the menu bar.
(() => {
    const bar = document.querySelector('#mdbook-menu-bar .right-buttons');
    if (!bar) return;
    const root = new URL(path_to_root || './', location.href);
    const page = location.href.split(/[?#]/)[0].slice(root.href.length) || 'index.html';
    const isChinese = document.documentElement.lang.startsWith('zh');
    // The English book knows which pages are translated.
    if (!isChinese && !TRANSLATED.includes(page)) return;
    const link = document.createElement('a');
    link.id = 'language';
    link.href = new URL((isChinese ? '../' : 'zh/') + page, root);
    link.textContent = isChinese ? 'English' : '中文';
    link.lang = isChinese ? 'en' : 'zh';
    bar.append(link);
})();
