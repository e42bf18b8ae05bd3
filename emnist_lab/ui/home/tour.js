// The tour's strip. Which step a browser is at lies in its localStorage, or where that is refused in the window.
const KEY = 'emnist-lab-tour', OVER = 'over';
const recall = () => {
  try { return localStorage.getItem(KEY) ?? '0'; } catch { return window.emnistLabTour ?? '0'; }
};
const remember = (value) => {
  try { localStorage.setItem(KEY, value); } catch { window.emnistLabTour = value; }
};
const made = (tag, text, parts = {}) => Object.assign(document.createElement(tag), { textContent: text, ...parts });

export default function ({ parentElement, data, setTriggerValue }) {
  const tour = parentElement.querySelector('.tour'), { steps } = data, last = steps.length - 1;
  const go = (value, focus) => { remember(String(value)); show(); if (focus) tour.querySelector('button')?.focus(); };
  const show = () => {
    const found = recall(), at = /^\d$/.test(found) && steps[found] ? Number(found) : -1;
    if (tour.dataset.at === String(at)) return;  // a stroke runs this again: what has the focus keeps it
    tour.dataset.at = at;
    tour.classList.toggle('open', at >= 0);
    tour.setAttribute('role', 'region');
    tour.setAttribute('aria-label', 'Tour');
    if (at < 0) {
      tour.replaceChildren(made('button', 'Take the tour', { type: 'button', className: 'plain', onclick: () => go(0, true) }));
      return;
    }
    const { text, link, address } = steps[at], said = made('p', '');
    const way = made('a', link, { href: address, onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;  // in a tab of its own
      event.preventDefault();
      remember(at < last ? String(at + 1) : OVER);
      setTriggerValue('went', at);
    } });
    said.setAttribute('aria-live', 'polite');
    said.append(made('b', `Tour, step ${at + 1} of ${steps.length}`), text, ' ', way);
    const next = made('button', at < last ? 'Next' : 'Finish', { type: 'button', onclick: () => go(at < last ? at + 1 : OVER, true) });
    const skip = made('button', 'Skip the tour', { type: 'button', className: 'plain', onclick: () => go(OVER, true) });
    const ways = made('div', '', { className: 'do' });
    ways.append(next, ...(at < last ? [skip] : []));
    tour.replaceChildren(said, ways);
  };
  show();
}
