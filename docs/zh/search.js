// mdBook's search knows words only by the spaces between them. This one finds the search terms
// anywhere in the text, with the index that mdBook has loaded: its texts and titles.
elasticlunr.Index.prototype.search = function (query) {
    const terms = query.toLowerCase().split(/\s+/).filter(term => term);
    const count = (text, term) => text.toLowerCase().split(term).length - 1;
    const found = [];
    for (const doc of Object.values(this.documentStore.docs)) {
        const scores = terms.map(term => 10 * count(doc.title, term) + count(doc.body, term));
        if (scores.every(score => score > 0)) {
            const score = scores.reduce((sum, score) => sum + score);
            found.push({ ref: doc.id, score, doc: { ...doc, body: around(doc.body, terms) } });
        }
    }
    return found.sort((one, other) => other.score - one.score);
};

// The text around the first of the terms. mdBook marks words, so each term gets spaces around it.
const around = (body, terms) => {
    const text = body.toLowerCase();
    const places = terms.map(term => text.indexOf(term)).filter(place => place >= 0);
    const start = Math.max(0, Math.min(...places, text.length) - 30);
    let part = body.slice(start, start + 120);
    for (const term of terms) {
        const escaped = term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
        part = part.replace(new RegExp(escaped, 'gi'), ' $& ');
    }
    return part;
};

// A search in the address of the page may be over already: it is done again.
(() => {
    const bar = document.getElementById('mdbook-searchbar');
    const query = bar.value;
    for (const value of query ? [`${query} .`, query] : []) {
        bar.value = value;
        bar.dispatchEvent(new KeyboardEvent('keyup'));
    }
})();
