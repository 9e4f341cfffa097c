// How elements are found by role and accessible name.
//
// Chromium is asked for its accessibility tree, which is what a screen reader gets. Firefox's driver answers the
// same question by computing every name of the document, which takes seconds in a long conversation; there the
// candidates for a role are chosen by selector and only their names are computed, as far as the page has use for.

/// Elements with this role and, if given, exactly this name.
export const FINDERS = {
  chromium: (role, name, inside) =>
    inside.$$(`::-p-aria(${name === undefined ? '' : `[name="${name}"]`}[role="${OWN_WORDS[role] ?? role}"])`),
  firefox: async (role, name, inside) => {
    const candidates = await inside.$$(SELECTORS[role]);
    if (name === undefined || candidates.length === 0) return candidates;
    const names = await candidates[0].evaluate(namesOf, ...candidates);
    return candidates.filter((_, at) => names[at] === name);
  },
};

/// What Chromium calls a role in its tree.
const OWN_WORDS = { img: 'image' };

/// The elements that have a role by nature, and those that are given it.
const SELECTORS = Object.fromEntries(
  Object.entries({
    alert: '',
    alertdialog: '',
    article: 'article',
    button: 'button, input[type="button"], input[type="submit"], summary',
    checkbox: 'input[type="checkbox"]',
    combobox: 'select',
    dialog: 'dialog',
    figure: 'figure',
    group: 'fieldset',
    heading: 'h1, h2, h3, h4, h5, h6',
    img: 'img',
    link: 'a[href]',
    list: 'ul, ol',
    listbox: '',
    log: '',
    menuitem: '',
    navigation: 'nav',
    option: 'option',
    radio: 'input[type="radio"]',
    region: 'section',
    searchbox: 'input[type="search"]',
    status: 'output',
    tab: '',
    textbox: 'input:not([type]), input[type="text"], textarea',
  }).map(([role, natural]) => {
    const plain = natural
      .split(', ')
      .filter(Boolean)
      .map((selector) => `${selector}:not([role])`);
    return [role, [`[role="${role}"]`, ...plain].join(', ')];
  }),
);

// What follows runs inside the page.

function namesOf(...elements) {
  const tidy = (text) => text.replaceAll(/\s+/g, ' ').trim();
  const byContent = (element) =>
    element.matches('button, a, summary, h1, h2, h3, h4, h5, h6, [role]:not(dialog, nav, ul)');
  const shown = (element) => {
    const copy = element.cloneNode(true);
    for (const hidden of copy.querySelectorAll('[aria-hidden="true"], input, textarea, select')) hidden.remove();
    for (const named of copy.querySelectorAll('[aria-label]')) named.textContent = named.getAttribute('aria-label');
    return tidy(copy.textContent);
  };
  return elements.slice(1).map((element) => {
    const ids = element.getAttribute('aria-labelledby')?.split(/\s+/) ?? [];
    const labelled = ids
      .map((id) => document.getElementById(id))
      .filter(Boolean)
      .map(shown)
      .join(' ');
    const labels = [...(element.labels ?? [])].map(shown).join(' ');
    const content = byContent(element) ? shown(element) : '';
    const own = ['alt', 'title', 'placeholder'].map((name) => element.getAttribute(name)).find(Boolean);
    return labelled || tidy(element.getAttribute('aria-label') ?? '') || labels || content || own || '';
  });
}
