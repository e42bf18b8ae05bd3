// Beside a streamlit-drawable-canvas: sends each stroke at once, keeps the toolbar in sight, names the canvas, gives
// the tools keys, and takes no stroke from a press that clears the board to its answer. What isn't found stays as it is.
const SEND = 'Update the app with this drawing', ANSWER_MS = 10000, LOAD_MS = 15000, TYPED = 'input:not([type=range]), textarea, select';
const KEYS = { z: 'Undo', y: 'Redo' }, BARE_KEYS = { e: 'Edit', Delete: 'Delete selected' };
const STYLE = '.dc-toolbar { opacity: 1 !important; top: -2.65rem !important } .cleared { pointer-events: none; opacity: .5 }';
const find = (node, name) => node.querySelector(name) ?? [...node.querySelectorAll('*')].map((one) => one.shadowRoot && find(one.shadowRoot, name)).find(Boolean);

export default function ({ parentElement, data }) {
  parentElement.stop?.(); parentElement.querySelector('span').textContent = data.hint;
  const host = parentElement.getRootNode().host ?? parentElement, begun = Date.now(), gone = new AbortController();
  const place = host.closest('[data-testid=stVerticalBlock]') ?? document, on = {};
  const root = () => find(place, '.dc-root'), press = (name) => find(place, `button[aria-label="${name}"]`)?.click();
  let ready; // looking through the whole page twenty times a second would keep a phone awake
  const timer = setInterval(() => {
    if (ready?.isConnected && ready.querySelector('style')) return;
    parentElement.querySelector('[role=alert]').hidden = root() || Date.now() - begun < LOAD_MS;
    const canvas = root()?.querySelector('.upper-canvas'); // until it is absolute, its style sheet is on its way, and it will move
    if (!canvas || root().querySelector('style') || getComputedStyle(canvas).position !== 'absolute') return;
    root().append(Object.assign(document.createElement('style'), { textContent: STYLE }));
    Object.assign(canvas, { role: 'img', ariaLabel: data.label }); ready = root(); on.resize();
  }, 50);
  on.resize = () => root()?.querySelectorAll('.dc-scroll').forEach((box) => { box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1; });
  const clears = (event) => Object.entries(data.clearedBy).map(([key, shortcut]) => [document.querySelector(`.st-key-${key} button:enabled`), shortcut])
    .some(([button, shortcut]) => button && (event.key ? event.key === shortcut : event.composedPath().includes(button)));
  const hold = (old, held) => { old.classList.toggle('cleared', held); old.querySelector('[data-fabric=top]')?.classList.toggle('upper-canvas', !held); };
  on.click = (event) => { if (root() && clears(event)) { hold(root(), true); setTimeout(hold, ANSWER_MS, root(), false); } };
  on.keydown = (event) => { if (!event.composedPath()[0].matches?.(TYPED)) { press((event.ctrlKey || event.metaKey ? KEYS : BARE_KEYS)[event.key]); on.click(event); } };
  on.touchstart = on.mousedown = (event) => { place.drawn = event.composedPath().some((one) => one.matches?.('.upper-canvas')); };
  on.touchend = on.mouseup = () => { if (place.drawn) setTimeout(press, 0, SEND); place.drawn = false; };
  for (const name in on) addEventListener(name, on[name], { capture: true, signal: gone.signal });
  return parentElement.stop = () => { clearInterval(timer); gone.abort(); };
}
