// An embedding of images on two canvases, marks below and what follows the pointer above;
// `scatter.py` says what `component.data` holds.
const MARGIN = 16, NEAR = { mouse: 12, pen: 14, touch: 24 }, CLOSEST = 40, THUMB = 28;

const isDark = (element) => {
  const probe = getComputedStyle(element).color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0];
  return probe[0] + probe[1] + probe[2] > 382;
};
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

// Whether a point lies within a closed path: a ray to the right crosses it an odd number of times.
const within = (path, x, y) => {
  let inside = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const a = path[i], b = path[j];
    if ((a.y > y) !== (b.y > y) && x < a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y)) inside = !inside;
  }
  return inside;
};

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const find = (name) => parentElement.querySelector(name);
  const frame = find('.frame'), stage = find('.stage'), base = find('.base'), over = find('.over');
  const tip = find('.tip'), said = find('.said');
  const { x: xs, y: ys, groups, marks, titles } = data;
  const total = xs.length;

  // What outlives a rerun of the page: the view, and what the pointer is on.
  if (!frame.kept || frame.kept.key !== data.key) {
    const sheet = new Image();
    sheet.src = 'data:image/png;base64,' + data.sheet;
    frame.kept = { key: data.key, sheet, zoom: 1, x: 0, y: 0, hover: -1, moving: false };
    tip.hidden = true;
  }
  const kept = frame.kept;
  let chosen = new Set(data.selected), width = 0, height = 0, unit = 1, path = [], ask = 0;
  const reach = [xs, ys].map((axis) => axis.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9));
  over.setAttribute('aria-label', data.label);

  const px = (i) => width / 2 + (xs[i] - kept.x) * unit * kept.zoom;
  const py = (i) => height / 2 - (ys[i] - kept.y) * unit * kept.zoom;

  const pen = (canvas, wide, high) => {
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    const [across, down] = [Math.round(wide * ratio), Math.round(high * ratio)];
    if (canvas.width !== across || canvas.height !== down) {
      canvas.width = across;
      canvas.height = down;
      canvas.style.width = wide + 'px';
      canvas.style.height = high + 'px';
    }
    const made = canvas.getContext('2d');
    made.setTransform(ratio, 0, 0, ratio, 0, 0);
    made.globalAlpha = 1;
    made.clearRect(0, 0, wide, high);
    return made;
  };

  // Every kind of mark is drawn once; thousands of points are then copies of it.
  const stamp = (mark, size) => {
    const style = getComputedStyle(frame), canvas = document.createElement('canvas');
    const side = size * 2, made = pen(canvas, side, side), font = style.getPropertyValue('--st-font');
    made.fillStyle = isDark(frame) ? mark.dark : mark.light;
    made.strokeStyle = style.getPropertyValue('--st-secondary-background-color');
    made.lineJoin = 'round';
    if (!mark.text) {
      made.lineWidth = 0.8;
      made.beginPath();
      made.arc(size, size, size * 0.26 * mark.size, 0, 7);
      made.fill();
      made.stroke();
      return canvas;
    }
    made.font = `700 ${size * mark.size}px ${font || 'sans-serif'}`;
    const box = made.measureText(mark.text);
    const left = size + (box.actualBoundingBoxLeft - box.actualBoundingBoxRight) / 2;
    const foot = size + (box.actualBoundingBoxAscent - box.actualBoundingBoxDescent) / 2;
    made.lineWidth = 2;
    made.strokeText(mark.text, left, foot);
    made.fillText(mark.text, left, foot);
    return canvas;
  };

  const drawBase = () => {
    const made = pen(base, width, height), ratio = base.width / width;
    const room = Math.sqrt(width * height / total) * Math.sqrt(kept.zoom);
    const size = clamp(Math.round(room * 0.9), 9, 18);
    const stamps = marks.map((mark) => stamp(mark, size));
    const snap = (value) => Math.round(value * ratio) / ratio;
    const pass = (on, alpha) => {
      made.globalAlpha = alpha;
      marks.forEach((_, group) => {
        for (let i = 0; i < total; i++) {
          if (groups[i] !== group || (chosen.size && chosen.has(i) !== on)) continue;
          const x = px(i), y = py(i);
          if (x < -size || y < -size || x > width + size || y > height + size) continue;
          made.drawImage(stamps[group], snap(x - size), snap(y - size), size * 2, size * 2);
        }
      });
    };
    if (chosen.size) pass(false, 0.16);
    pass(true, 1);
  };

  const drawOver = () => {
    const made = pen(over, width, height), accent = getComputedStyle(frame).getPropertyValue('--st-primary-color');
    if (kept.hover >= 0) {
      made.strokeStyle = accent;
      made.lineWidth = 2;
      made.beginPath();
      made.arc(px(kept.hover), py(kept.hover), 10, 0, 7);
      made.stroke();
    }
    if (path.length < 2) return;
    const style = getComputedStyle(frame);
    made.beginPath();
    path.forEach((at) => made.lineTo(at.x, at.y));
    made.closePath();
    made.fillStyle = accent;
    made.globalAlpha = 0.15;
    made.fill('evenodd');
    made.globalAlpha = 1;
    made.strokeStyle = style.color;
    made.lineWidth = 1.5;
    made.stroke();
    const words = inside().length.toLocaleString('en'), last = path[path.length - 1];
    made.font = `600 14px ${style.getPropertyValue('--st-font') || 'sans-serif'}`;
    const wide = made.measureText(words).width + 14;
    const left = last.x > width / 2 ? last.x - wide - 12 : last.x + 12, top = clamp(last.y - 30, 4, height - 28);
    made.fillStyle = style.color;
    made.fillRect(left, top, wide, 24);
    made.fillStyle = style.getPropertyValue('--st-background-color');
    made.fillText(words, left + 7, top + 17);
  };
  const redraw = (all) => {
    cancelAnimationFrame(ask);
    kept.stale = kept.stale || all;
    ask = requestAnimationFrame(() => {
      if (kept.stale) drawBase();
      kept.stale = false;
      drawOver();
    });
  };

  const inside = () => {
    const [left, right] = [Math.min, Math.max].map((of) => of(...path.map((at) => at.x)));
    const [top, foot] = [Math.min, Math.max].map((of) => of(...path.map((at) => at.y)));
    const found = [];
    for (let i = 0; i < total; i++) {
      const x = px(i), y = py(i);
      if (x >= left && x <= right && y >= top && y <= foot && within(path, x, y)) found.push(i);
    }
    return found;
  };
  const nearest = (x, y, reach, allowed = () => true) => {
    let best = -1, least = reach * reach;
    for (let i = 0; i < total; i++) {
      const far = (px(i) - x) ** 2 + (py(i) - y) ** 2;
      if (far <= least && allowed(px(i) - x, py(i) - y)) { best = i; least = far; }
    }
    return best;
  };

  const show = (i) => {
    kept.hover = i;
    tip.hidden = i < 0;
    redraw(false);
    if (i < 0) return;
    const columns = data.columns, thumb = tip.querySelector('canvas').getContext('2d');
    thumb.clearRect(0, 0, THUMB, THUMB);
    if (kept.sheet.complete) {
      thumb.drawImage(kept.sheet, (i % columns) * THUMB, Math.floor(i / columns) * THUMB, THUMB, THUMB, 0, 0, THUMB, THUMB);
    }
    tip.querySelector('span').textContent = titles[i];
    const box = over.getBoundingClientRect(), x = box.left + px(i), y = box.top + py(i);
    const wide = tip.offsetWidth, high = tip.offsetHeight;
    tip.style.left = clamp(x + 18 + wide > window.innerWidth ? x - 18 - wide : x + 18, 4, Math.max(4, window.innerWidth - wide - 4)) + 'px';
    tip.style.top = clamp(y - high / 2, 4, Math.max(4, window.innerHeight - high - 4)) + 'px';
  };
  const choose = (found, add) => {
    const next = add ? [...new Set([...chosen, ...found])].sort((a, b) => a - b) : found;
    if (!next.length && !chosen.size) return;
    chosen = new Set(next);
    redraw(true);
    said.textContent = `${next.length} of ${total} images chosen`;
    setTriggerValue('brushed', { indices: next });
  };

  const look = (zoom, x, y) => {
    kept.zoom = clamp(zoom, 1, CLOSEST);
    const slack = 1 - 1 / kept.zoom;  // the whole map can't be moved away
    kept.x = clamp(x, -reach[0] * slack, reach[0] * slack);
    kept.y = clamp(y, -reach[1] * slack, reach[1] * slack);
    show(-1);
    redraw(true);
  };
  // Zoom about one place, and move it to another.
  const grip = (from, to, by = 1) => {
    const zoom = clamp(kept.zoom * by, 1, CLOSEST);
    const gain = (a, b, side) => (a - side / 2) / unit / kept.zoom - (b - side / 2) / unit / zoom;
    look(zoom, kept.x + gain(from.x, to.x, width), kept.y - gain(from.y, to.y, height));
  };
  const grow = (by, at = { x: width / 2, y: height / 2 }) => grip(at, at, by);

  const spot = (event) => {
    const box = over.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const down = new Map();  // pointers that touch the map
  let doing = null, last = null;  // 'lasso', 'move', 'pinch', or 'done' until all are lifted
  const pinch = () => {
    const [a, b] = [...down.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, far: Math.max(Math.hypot(a.x - b.x, a.y - b.y), 10) };
  };
  over.onpointerdown = (event) => {
    if (event.button > 1) return;
    over.setPointerCapture(event.pointerId);
    down.set(event.pointerId, spot(event));
    last = spot(event);
    path = [];
    if (down.size === 1) {
      doing = kept.moving || event.button === 1 ? 'move' : 'lasso';
      if (doing === 'lasso') path = [last];
    } else {
      doing = down.size === 2 ? 'pinch' : 'done';
      if (doing === 'pinch') last = pinch();
    }
    redraw(false);
  };
  over.onpointermove = (event) => {
    const at = spot(event);
    if (!down.has(event.pointerId)) {
      if (event.pointerType !== 'touch') show(nearest(at.x, at.y, NEAR.mouse));
      return;
    }
    down.set(event.pointerId, at);
    if (doing === 'lasso') {
      const end = path[path.length - 1];
      if (Math.hypot(at.x - end.x, at.y - end.y) < (path.length > 1 ? 2 : 5)) return;
      path.push(at);
      show(-1);
    } else if (doing === 'move') {
      grip(last, at);
      last = at;
    } else if (doing === 'pinch') {
      const now = pinch();
      grip(last, now, now.far / last.far);
      last = now;
    }
  };
  over.onpointerup = (event) => {
    if (!down.delete(event.pointerId)) return;
    if (doing === 'lasso') {
      if (path.length > 2) choose(inside(), event.shiftKey);
      else {
        const found = nearest(path[0].x, path[0].y, NEAR[event.pointerType] || NEAR.mouse);
        show(found);
        choose(found < 0 ? [] : [found], event.shiftKey);
      }
    }
    path = [];
    doing = down.size ? 'done' : null;
    redraw(false);
  };
  over.onpointercancel = (event) => {
    down.delete(event.pointerId);
    path = [];
    doing = down.size ? 'done' : null;
    redraw(false);
  };
  over.onpointerleave = (event) => { if (event.pointerType !== 'touch' && !down.size) show(-1); };
  over.onblur = () => show(-1);
  over.onwheel = (event) => {
    if (!event.ctrlKey && !event.metaKey) return;  // else the page could not be scrolled past the map
    event.preventDefault();
    grow(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.004)), spot(event));
  };
  over.onkeydown = (event) => {
    const turn = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const act = {
      Enter: () => kept.hover >= 0 && choose([kept.hover], event.shiftKey),
      ' ': () => kept.hover >= 0 && choose([kept.hover], event.shiftKey),
      Escape: () => (path.length ? (path = [], doing = 'done', redraw(false)) : choose([])),
      '+': () => grow(1.5), '=': () => grow(1.5), '-': () => grow(1 / 1.5), 0: () => look(1, 0, 0),
    }[event.key];
    if (!turn && !act) return;
    event.preventDefault();
    if (act) { act(); return; }
    const [x, y] = kept.hover < 0 ? [width / 2, height / 2] : [px(kept.hover), py(kept.hover)];
    const ahead = (dx, dy) => {
      const along = dx * turn[0] + dy * turn[1];
      return along > 0.5 && Math.abs(dx * turn[1]) + Math.abs(dy * turn[0]) <= along
        && x + dx >= 0 && x + dx <= width && y + dy >= 0 && y + dy <= height;
    };
    const next = nearest(x, y, Infinity, kept.hover < 0 ? undefined : ahead);
    if (next < 0) return;
    show(next);
    said.textContent = titles[next];
  };

  const press = (name, act) => { find(`[data-act=${name}]`).onclick = act; };
  const mode = () => {
    find('[data-act=move]').setAttribute('aria-pressed', String(kept.moving));
    over.classList.toggle('moving', kept.moving);
  };
  press('move', () => { kept.moving = !kept.moving; mode(); });
  press('in', () => grow(1.5));
  press('out', () => grow(1 / 1.5));
  press('whole', () => look(1, 0, 0));
  mode();

  const legend = find('.legend');
  const explain = () => legend.replaceChildren(...marks.flatMap((mark, group) => {
    if (!mark.name) return [];
    const own = [...groups.keys()].filter((i) => groups[i] === group);
    const button = document.createElement('button');
    button.type = 'button';
    button.title = `Choose these ${own.length}`;
    button.append(stamp(mark, 14), `${mark.name} (${own.length.toLocaleString('en')})`);
    button.onclick = () => choose(own);
    return [button];
  }));

  const arrange = () => {
    width = Math.max(frame.clientWidth, 120);
    height = Math.min(data.height, Math.max(width, 280));
    stage.style.height = height + 'px';
    unit = Math.min((width / 2 - MARGIN) / reach[0], (height / 2 - MARGIN) / reach[1]);
    redraw(true);
  };
  const recolour = () => { explain(); redraw(true); };
  frame.ontransitionend = (event) => { if (event.target === frame) recolour(); };  // another theme
  explain();
  arrange();
  const watch = new ResizeObserver(() => { if (frame.clientWidth !== width) arrange(); });
  watch.observe(frame);
  return () => { watch.disconnect(); cancelAnimationFrame(ask); };
}
