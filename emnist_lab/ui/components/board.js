// Beside a streamlit-drawable-canvas: sends each stroke at once, keeps the toolbar in sight, names
// the canvas for screen readers, and gives the tools keys, all by the component's own buttons.
// Where one of them isn't found, nothing happens: the canvas sends after 200 ms by itself.
const SEND = 'Update the app with this drawing';
const KEYS = { z: 'Undo', y: 'Redo' }, BARE_KEYS = { e: 'Edit', Delete: 'Delete selected' };
const STYLE = '.dc-toolbar { opacity: 1 !important; top: -2.65rem !important }';
const find = (node, name) => node.querySelector(name) ?? [...node.querySelectorAll('*')]
  .map((one) => one.shadowRoot && find(one.shadowRoot, name)).find(Boolean);

export default function ({ parentElement, data }) {
  parentElement.stop?.();
  const host = parentElement.getRootNode().host ?? parentElement, begun = Date.now();
  const place = host.closest('[data-testid=stVerticalBlock]') ?? document;
  const canvas = () => find(place, '.upper-canvas'), press = (name) => find(place, `button[aria-label="${name}"]`)?.click();
  const dress = () => {
    parentElement.querySelector('[role=alert]').hidden = canvas() || Date.now() - begun < 15000;
    const root = canvas()?.closest('.dc-root');
    if (!root || root.querySelector('style')) return;
    root.append(Object.assign(document.createElement('style'), { textContent: STYLE }));
    Object.assign(canvas(), { role: 'img', ariaLabel: data.label });
  };
  let drawing = false;
  const begin = (event) => { drawing = event.composedPath().includes(canvas()); };
  const end = () => { if (drawing) setTimeout(press, 0, SEND); drawing = false; };
  const key = (event) => {
    const typing = event.composedPath()[0].matches?.('input:not([type=range]), textarea, select, [contenteditable=true]');
    if (!typing) press((event.ctrlKey || event.metaKey ? KEYS : BARE_KEYS)[event.key]);
  };
  const on = { mousedown: begin, touchstart: begin, mouseup: end, touchend: end, keydown: key };
  for (const name in on) addEventListener(name, on[name], true);
  const timer = setInterval(dress, 200);
  return parentElement.stop = () => { clearInterval(timer); for (const name in on) removeEventListener(name, on[name], true); };
}
