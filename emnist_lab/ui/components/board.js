// A board to draw on; `board.py` says what `component.data` holds and what is sent.
//
// The browser holds the drawing: what the server knows is taken over when the board is new, and
// when the server replaced it (`turn`), never on a mere rerun, so that no rerun loses a stroke.
const MOST = 100;  // steps that can be undone
const CLOSER = 1.5;  // a point nearer to the last one than this many pixels adds nothing

const away = ([x, y], [ax, ay], [bx, by]) => {  // from a point to a segment
  const dx = bx - ax, dy = by - ay, long = dx * dx + dy * dy;
  const t = long ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / long)) : 0;
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
};
const hit = (stroke, at, reach) => stroke.points.some((point, i, all) =>
  away(at, all[Math.max(0, i - 1)], point) <= reach + stroke.width / 2);
const typing = (event) => event.composedPath().some((one) => one.isContentEditable
  || (/^(INPUT|TEXTAREA|SELECT)$/.test(one.tagName) && one.type !== 'range' && one.type !== 'checkbox'));

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const board = parentElement.querySelector('.board'), paper = board.querySelector('.paper');
  const canvas = paper.querySelector('canvas'), ring = paper.querySelector('.ring');
  const slider = board.querySelector('input'), dot = board.querySelector('.width i');
  const said = board.querySelector('.said');
  const button = (name) => board.querySelector(`[data-do=${name}]`);
  const now = board.kept ??= {
    strokes: [], past: [], future: [], current: null, pointer: null, rubbing: null,
    tool: 'pen', pen: data.pen, turn: null, version: data.version,
  };
  // Runs of this function may overlap while its module loads: only the last one listens.
  now.listening?.abort();
  const listening = now.listening = new AbortController(), { signal } = listening;

  if (now.turn !== data.turn) {  // a new board, or the server replaced the drawing
    const given = data.strokes.map((one) => ({ ...one, born: data.version }));
    const since = now.turn === null ? [] : now.strokes.filter((one) => one.born > data.version);
    if (now.turn !== null) remember();
    else now.pen = data.pen;
    now.strokes = [...given, ...since];  // strokes drawn meanwhile stay
    now.turn = data.turn;
    if (since.length) send();
  }

  const ratio = window.devicePixelRatio || 1;
  const pen = canvas.getContext('2d');
  board.toggleAttribute('data-wide', data.width > 400);
  canvas.setAttribute('aria-label', data.label);
  board.querySelector('.hint').textContent = data.hint;

  function scale() { return canvas.clientWidth / data.width || 1; }
  function line(stroke, from = 0) {
    const { points, width } = stroke;
    pen.lineWidth = width;
    pen.beginPath();
    if (points.length === 1) {
      pen.arc(...points[0], width / 2, 0, 7);
      pen.fill();
      return;
    }
    const middle = (i) => [(points[i - 1][0] + points[i][0]) / 2, (points[i - 1][1] + points[i][1]) / 2];
    pen.moveTo(...(from > 1 ? middle(from - 1) : points[0]));
    for (let i = Math.max(1, from - 1); i < points.length; i++) {
      if (i > 1) pen.quadraticCurveTo(...points[i - 1], ...middle(i));
      else pen.lineTo(...middle(i));
    }
    pen.lineTo(...points[points.length - 1]);
    pen.stroke();
  }
  function paint() {
    const room = board.clientWidth - (data.width > 400 ? 0 : 48);
    const wide = Math.min(data.width, Math.max(room, 120));
    paper.style.width = wide + 'px';
    paper.style.height = wide * data.height / data.width + 'px';
    const side = Math.round(wide * ratio);
    if (canvas.width !== side) {
      canvas.width = side;
      canvas.height = Math.round(side * data.height / data.width);
    }
    pen.setTransform(canvas.width / data.width, 0, 0, canvas.width / data.width, 0, 0);
    pen.lineCap = pen.lineJoin = 'round';
    pen.strokeStyle = pen.fillStyle = '#fff';
    pen.clearRect(0, 0, data.width, data.height);
    for (const stroke of now.strokes) line(stroke);
    if (now.current) line(now.current);
  }
  function refresh() {
    board.dataset.tool = now.tool;
    board.toggleAttribute('data-inked', Boolean(now.strokes.length || now.current));
    for (const tool of ['pen', 'eraser']) button(tool).setAttribute('aria-pressed', String(now.tool === tool));
    button('undo').disabled = !now.past.length && !now.strokes.length;
    button('redo').disabled = !now.future.length;
    button('clear').disabled = !now.strokes.length;
    slider.value = now.pen;
    dot.style.width = dot.style.height = Math.max(4, now.pen * 0.6) + 'px';
    if (now.tool !== 'eraser') ring.hidden = true;
  }
  function remember() {
    now.past.push(now.strokes);
    if (now.past.length > MOST) now.past.shift();
    now.future = [];
  }
  function send() {
    now.version += 1;
    for (const one of now.strokes) one.born ??= now.version;
    setStateValue('drawing', {
      version: now.version,
      pen: now.pen,
      strokes: now.strokes.map(({ points, width }) => ({ points, width })),
    });
  }
  function become(strokes, words) {
    now.strokes = strokes;
    paint();
    refresh();
    if (words) said.textContent = words;
    send();
  }
  const acts = {
    pen: () => { now.tool = 'pen'; refresh(); },
    eraser: () => { now.tool = now.tool === 'eraser' ? 'pen' : 'eraser'; refresh(); },
    undo: () => {
      if (!now.past.length && !now.strokes.length) return;
      now.future.push(now.strokes);
      // A board that is shown again has no history: undo takes its strokes one by one.
      become(now.past.pop() ?? now.strokes.slice(0, -1), 'Undone');
    },
    redo: () => {
      if (!now.future.length) return;
      now.past.push(now.strokes);
      become(now.future.pop(), 'Redone');
    },
    clear: () => {
      if (!now.strokes.length) return;
      remember();
      become([], 'Cleared');
    },
  };

  const at = (event) => {
    const box = canvas.getBoundingClientRect(), k = data.width / (box.width || 1);
    const round = (value) => Math.round(value * 10) / 10;
    return [round((event.clientX - box.left) * k), round((event.clientY - box.top) * k)];
  };
  const coalesced = (event) => {
    const all = event.getCoalescedEvents?.() ?? [];
    return all.length ? all : [event];
  };
  const reach = () => Math.max(now.pen / 2, 6);
  const rub = (event) => {
    for (const one of coalesced(event)) {
      const spot = at(one);
      const left = now.strokes.filter((stroke) => !hit(stroke, spot, reach()));
      if (left.length === now.strokes.length) continue;
      if (!now.rubbing.changed) remember();
      now.rubbing.changed = true;
      now.strokes = left;
      paint();
      refresh();
    }
  };
  const showRing = (event) => {
    ring.hidden = now.tool !== 'eraser';
    if (ring.hidden) return;
    const [x, y] = at(event), side = 2 * reach() * scale();
    ring.style.width = ring.style.height = side + 'px';
    ring.style.transform = `translate(${x * scale() - side / 2}px, ${y * scale() - side / 2}px)`;
  };
  const on = (target, name, act, options = {}) => target.addEventListener(name, act, { signal, ...options });
  on(canvas, 'pointerdown', (event) => {
    // One pointer draws; a palm beside the pen, a second finger or another button doesn't.
    if (now.pointer !== null || ![0, 5].includes(event.button)) return;
    canvas.setPointerCapture(event.pointerId);
    now.pointer = event.pointerId;
    if (now.tool === 'eraser' || event.button === 5) {  // 5: the other end of a pen
      now.rubbing = { changed: false };
      rub(event);
    } else {
      now.current = { width: now.pen, points: [at(event)] };
      line(now.current);
      refresh();
    }
  });
  on(canvas, 'pointermove', (event) => {
    showRing(event);
    if (event.pointerId !== now.pointer) return;
    if (now.rubbing) return rub(event);
    const { points } = now.current, drawn = points.length;
    for (const one of coalesced(event)) {
      const point = at(one), last = points[points.length - 1];
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= CLOSER) points.push(point);
    }
    if (points.length > drawn) line(now.current, drawn);
  });
  const lift = (event) => {
    if (event.pointerId !== now.pointer) return;
    now.pointer = null;
    if (now.rubbing) {
      const { changed } = now.rubbing;
      now.rubbing = null;
      if (changed) become(now.strokes, 'Erased');
      return;
    }
    const stroke = now.current, end = at(event), last = stroke.points[stroke.points.length - 1];
    now.current = null;
    if (event.type === 'pointerup' && (end[0] !== last[0] || end[1] !== last[1])) stroke.points.push(end);
    remember();
    become([...now.strokes, stroke]);
  };
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) on(canvas, name, lift);
  on(canvas, 'pointerleave', () => { ring.hidden = true; });
  on(canvas, 'contextmenu', (event) => { if (now.pointer !== null) event.preventDefault(); });
  // Some browsers scroll the page unless touch events are stopped too.
  on(canvas, 'touchstart', (event) => event.preventDefault(), { passive: false });
  for (const name of Object.keys(acts)) on(button(name), 'click', acts[name]);
  on(slider, 'input', () => { now.pen = Number(slider.value); refresh(); });
  on(window, 'keydown', (event) => {
    if (event.defaultPrevented || event.altKey || now.pointer !== null || typing(event)) return;
    const key = event.key.toLowerCase(), control = event.ctrlKey || event.metaKey;
    const name = control
      ? { z: event.shiftKey ? 'redo' : 'undo', y: 'redo' }[key]
      : { e: 'eraser', p: 'pen', delete: 'clear', backspace: board.contains(event.composedPath()[0]) ? 'clear' : null }[key];
    if (!name) return;
    event.preventDefault();
    acts[name]();
  });
  const watch = new ResizeObserver(() => paint());
  watch.observe(board);
  signal.addEventListener('abort', () => watch.disconnect());
  paint();
  refresh();
  // Streamlit shows the page's part of a component before its script: a stroke would be lost there.
  canvas.classList.add('upper-canvas');
  return () => listening.abort();
}
