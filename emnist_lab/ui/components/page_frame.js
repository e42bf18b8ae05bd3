// One step of the browser's history for what a person does, however many messages it takes.
//
// Streamlit adds a step for each message in which a page changes its address, also where the page
// only completes it after it was opened, and one without parameters before it leaves a page; and
// none for a widget that is bound to the address. Here a click or a key is what makes a step: the
// first change of the address after it adds one, whoever makes it, and further ones belong to it.
const TYPING = 1000; // milliseconds in which further keys go on with the same choice

function watchHistory() {
  const history = window.history;
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  let asked = ''; // 'pointer' or 'key' since the last step
  let since = -TYPING; // when the last step was made by a key
  let made = false; // whether the last click or key has had its step
  const note = (kind) => (event) => { if (event.isTrusted) { asked = kind; made = false; } };
  const click = note('pointer');
  window.addEventListener('pointerdown', click, true);
  window.addEventListener('keydown', note('key'), true);
  // Screen readers and the like click without a pointer.
  window.addEventListener('click', (event) => { if (!event.detail) click(event); }, true);
  window.addEventListener('popstate', () => { asked = ''; made = false; since = -TYPING; }, true);
  const change = (state, title, url) => {
    const next = new URL(url ?? location.href, location.href);
    const elsewhere = next.pathname !== location.pathname;
    if (!elsewhere && next.search === location.search) return replace(state, title, url);
    const goesOn = asked === 'key' && performance.now() - since < TYPING;
    const step = elsewhere ? !made : asked && !goesOn;
    since = asked === 'key' && !elsewhere ? performance.now() : -TYPING;
    made = Boolean(asked) && !elsewhere && step;
    asked = '';
    return (step ? push : replace)(state, title, url);
  };
  history.pushState = change;
  history.replaceState = change;
}

// Streamlit makes the button anew each time that the sidebar closes. It is read as it is seen.
const NARROW = window.matchMedia('(max-width: 768px)');

function nameButton() {
  const button = document.querySelector('[data-testid=stExpandSidebarButton]');
  const { label, phone } = window.emnistLabFrame;
  const name = NARROW.matches ? phone : label;
  if (button && button.getAttribute('aria-label') !== name) {
    button.setAttribute('aria-label', name);
  }
}

export default function (component) {
  const { data, parentElement } = component;
  if (!window.emnistLabFrame) {
    window.emnistLabFrame = {};
    watchHistory();
    const header = document.querySelector('[data-testid=stHeader]') ?? document.body;
    new MutationObserver(nameButton).observe(header, { childList: true, subtree: true });
    NARROW.addEventListener('change', nameButton);
  }
  Object.assign(window.emnistLabFrame, { label: data.label, phone: data.phone });
  const style = document.documentElement.style;
  style.setProperty('--el-menu', JSON.stringify(data.label));
  style.setProperty('--el-menu-phone', JSON.stringify(data.phone));
  const theme = getComputedStyle(parentElement.host ?? parentElement);
  style.setProperty('--el-primary', theme.getPropertyValue('--st-primary-color'));
  nameButton();
}
