// One step of the browser's history for what a person does, however many messages it takes.
//
// Streamlit adds a step for each message in which a page changes its address, also where the page
// only completes it after it was opened; and none for a widget that is bound to the address. Here
// a click or a key is what makes a step: the first change of the address after it adds one,
// whoever makes it, and further ones belong to it.
const TYPING = 1000; // milliseconds in which further keys go on with the same choice

function watchHistory() {
  const history = window.history;
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  let asked = '', before = 0; // 'pointer' or 'key' since the last step; when a key's choice began
  const note = (kind) => (event) => { if (event.isTrusted) asked = kind; };
  window.addEventListener('pointerdown', note('pointer'), true);
  window.addEventListener('keydown', note('key'), true);
  window.addEventListener('popstate', () => { asked = ''; before = 0; }, true);
  const change = (state, title, url) => {
    const next = new URL(url ?? location.href, location.href);
    const elsewhere = next.pathname !== location.pathname;
    if (!elsewhere && next.search === location.search) return replace(state, title, url);
    const goesOn = asked === 'key' && performance.now() - before < TYPING;
    const step = elsewhere || (asked && !goesOn);
    before = asked === 'key' && !elsewhere ? performance.now() : 0;
    asked = '';
    return (step ? push : replace)(state, title, url);
  };
  history.pushState = change;
  history.replaceState = change;
}

// Streamlit makes the button anew each time that the sidebar closes.
function nameButton() {
  const button = document.querySelector('[data-testid=stExpandSidebarButton]');
  const label = window.emnistLabFrame.label;
  if (button && button.getAttribute('aria-label') !== label) {
    button.setAttribute('aria-label', label);
  }
}

export default function (component) {
  const { data } = component;
  if (!window.emnistLabFrame) {
    window.emnistLabFrame = {};
    watchHistory();
    const header = document.querySelector('[data-testid=stHeader]') ?? document.body;
    new MutationObserver(nameButton).observe(header, { childList: true, subtree: true });
  }
  window.emnistLabFrame.label = `Menu: ${data.label}`;
  const style = document.documentElement.style;
  style.setProperty('--el-menu', JSON.stringify(data.label));
  style.setProperty('--el-menu-phone', JSON.stringify(`Menu · ${data.name}`));
  nameButton();
}
