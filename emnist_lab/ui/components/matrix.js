// A matrix of classes on a canvas; `matrix.py` says what `component.data` holds.
const LIGHT = [[247, 249, 252], [158, 202, 225], [49, 130, 189], [8, 48, 107]];
const DARK = [[24, 28, 38], [44, 84, 138], [90, 160, 220], [222, 240, 255]];

const mix = (stops, share) => {
  const at = Math.max(0, Math.min(1, share)) * (stops.length - 1), i = Math.min(Math.floor(at), stops.length - 2);
  return 'rgb(' + stops[i].map((v, k) => Math.round(v + (stops[i + 1][k] - v) * (at - i))).join(',') + ')';
};
// As `emnist_lab.metrics.percent` writes it: only all is 100%, only nothing is 0%.
const percent = (share, decimals) => {
  const step = 10 ** -decimals, text = (100 * share).toFixed(decimals);
  if (share < 1 && Number(text) >= 100) return (100 - step).toFixed(decimals) + '%';
  return (share > 0 && Number(text) === 0 ? '<' + step.toFixed(decimals) : text) + '%';
};
const isDark = (element) => {
  const probe = getComputedStyle(element).color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0];
  return probe[0] + probe[1] + probe[2] > 382;
};

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const find = (name) => parentElement.querySelector(name);
  const frame = find('.frame'), canvas = frame.querySelector('canvas');
  const tip = parentElement.querySelector('.tip'), said = parentElement.querySelector('.said');
  const { order, names, values, shares, counts, selected, square } = data;
  const size = order.length;
  const longest = Math.max(...names.map((name) => name.length));
  const edge = longest > 1 ? 34 : 24;
  // `hover` is what the pointer is on; `kept.cursor`, where the keys are, outlives a rerun.
  const kept = frame.kept = frame.kept || { cursor: null };
  let cell = 0, hover = null;
  canvas.setAttribute('aria-label', data.label);
  find('.across').textContent = data.axes.across;
  find('.down').textContent = data.axes.down;
  // On a narrow page the matrix scrolls in its box: an arrow says to which side there is more.
  const cue = () => {
    const rest = frame.scrollWidth - frame.clientWidth - frame.scrollLeft;
    find('.more.left').hidden = frame.scrollLeft < 4;
    find('.more.right').hidden = rest < 4;
  };
  frame.onscroll = cue;

  const explain = (stops) => {
    const colours = stops.map((stop) => `rgb(${stop})`).join(', ');
    find('.colours').style.background = `linear-gradient(to right, ${colours})`;
    find('.of').textContent = data.legend.of;
    find('.ticks').replaceChildren(...data.legend.ticks.map(([place, text]) => {
      const tick = document.createElement('span');
      tick.textContent = text;
      tick.style.left = 100 * place + '%';
      return tick;
    }));
  };
  let explained = null;

  const draw = () => {
    const style = getComputedStyle(frame);
    const room = Math.min(frame.clientWidth, data.most);
    const ratio = window.devicePixelRatio || 1;
    // All the width that there is, so cells may end between pixels: edges are rounded one by one.
    cell = Math.max(13, Math.min(64, (room - edge - 2) / size));
    const side = edge + cell * size + 2;
    const snap = (k) => Math.round((edge + k * cell) * ratio) / ratio;
    if (canvas.width !== Math.round(side * ratio)) {
      canvas.width = canvas.height = Math.round(side * ratio);
      canvas.style.width = canvas.style.height = side + 'px';
    }
    cue();
    const pen = canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, side, side);
    const stops = isDark(frame) ? DARK : LIGHT;
    if (explained !== stops) explain(explained = stops);
    pen.fillStyle = stops === DARK ? '#2a3040' : '#e3e8f0';
    pen.fillRect(edge, edge, cell * size, cell * size);
    pen.font = Math.min(13, cell - 1) + 'px ' + style.getPropertyValue('--st-font');
    pen.textBaseline = 'middle';
    const shown = hover || kept.cursor;
    const on = (axis, i) => (shown && shown[axis] === i) || selected[axis] === i;
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < size; c++) {
        const i = order[r] * size + order[c], value = values[i];
        const x = snap(c), y = snap(r), gap = cell > 9 ? 1 : 0;
        const wide = snap(c + 1) - x - gap, high = snap(r + 1) - y - gap;
        if (value === null || (data.hidden && r === c)) {
          pen.fillStyle = stops === DARK ? '#161a23' : '#eef1f6';
          pen.fillRect(x, y, wide, high);
          continue;
        }
        pen.fillStyle = mix(stops, value);
        pen.fillRect(x, y, wide, high);
        if (cell >= 30 && counts[i]) {
          pen.fillStyle = mix(stops, value > 0.55 ? 0 : 1);
          pen.textAlign = 'center';
          pen.fillText(shares ? percent(shares[i], 0) : counts[i], x + cell / 2, y + cell / 2 + 1);
        }
      }
    }
    for (let k = 0; k < size; k++) {
      for (const axis of ['true', 'read']) {
        const marked = on(axis, order[k]);
        pen.fillStyle = marked ? style.getPropertyValue('--st-primary-color') : style.color;
        pen.globalAlpha = marked ? 1 : 0.85;
        const text = names[order[k]];
        if (axis === 'true') {
          pen.textAlign = 'right';
          pen.fillText(text, edge - 5, edge + (k + 0.5) * cell + 1);
        } else if (cell >= 22 || text.length === 1) {
          pen.textAlign = 'center';
          pen.fillText(text, edge + (k + 0.5) * cell, edge - 9);
        } else {  // “C c” above a narrow column: one letter over the other
          pen.textAlign = 'center';
          const parts = text.split(' ');
          parts.forEach((one, n) => pen.fillText(one, edge + (k + 0.5) * cell, edge - 9 - 11 * (parts.length - 1 - n)));
        }
      }
    }
    pen.globalAlpha = 1;
    const frameOf = (which, colour, width) => {
      const r = which.true === undefined ? null : order.indexOf(which.true);
      const c = which.read === undefined ? null : order.indexOf(which.read);
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      const x = c === null ? edge : edge + c * cell, y = r === null ? edge : edge + r * cell;
      if (r === null && c === null) return;
      pen.strokeRect(x - 0.5, y - 0.5, c === null ? cell * size : cell, r === null ? cell * size : cell);
    };
    const accent = style.getPropertyValue('--st-primary-color');
    if (shown) {
      pen.globalAlpha = 0.55;
      if (shown.true !== undefined) frameOf({ true: shown.true }, accent, 1);
      if (shown.read !== undefined) frameOf({ read: shown.read }, accent, 1);
      pen.globalAlpha = 1;
      frameOf(shown, accent, 2);
    }
    frameOf(selected, accent, 3);
  };

  const words = (which) => {
    const a = names[which.true], b = names[which.read];
    if (which.read === undefined) return data.words.row.replaceAll('{true}', a);
    if (which.true === undefined) return data.words.column.replaceAll('{read}', b);
    const i = which.true * size + which.read;
    const own = counts.slice(which.true * size, (which.true + 1) * size).reduce((x, y) => x + y, 0);
    let all = 0;
    for (let r = 0; r < size; r++) all += counts[r * size + which.read];
    const per = (part, whole) => whole ? percent(part / whole, 1) : '–';
    const form = square ? data.words.pair : which.true === which.read ? data.words.right : data.words.cell;
    return form.replaceAll('{true}', a).replaceAll('{read}', b)
      .replaceAll('{count}', counts[i].toLocaleString('en'))
      .replaceAll('{of_true}', per(counts[i], own)).replaceAll('{of_read}', per(counts[i], all))
      .replaceAll('{value}', shares && shares[i] !== null ? shares[i].toFixed(4) : '–');
  };

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const c = Math.floor((event.clientX - box.left - edge) / cell);
    const r = Math.floor((event.clientY - box.top - edge) / cell);
    const inside = (k) => k >= 0 && k < size;
    if (inside(r) && inside(c)) return { true: order[r], read: order[c] };
    if (inside(r) && c < 0) return { true: order[r] };
    if (inside(c) && r < 0) return { read: order[c] };
    return null;
  };
  const usable = (which) => {
    if (!which) return false;
    if (which.true === undefined || which.read === undefined) return !square;
    return values[which.true * size + which.read] !== null && !(data.hidden && which.true === which.read);
  };
  const show = (x, y) => {
    draw();
    const which = hover || kept.cursor;
    tip.hidden = !which;
    if (!which) return;
    tip.textContent = words(which);
    const width = 240, left = x + 16 + width > window.innerWidth ? x - 16 - tip.offsetWidth : x + 16;
    tip.style.left = Math.max(4, left) + 'px';
    tip.style.top = Math.max(4, Math.min(y + 16, window.innerHeight - tip.offsetHeight - 4)) + 'px';
  };
  const showCursor = () => {
    const box = canvas.getBoundingClientRect(), { cursor } = kept;
    const along = (axis, start) => cursor && start + edge + order.indexOf(cursor[axis]) * cell;
    show(along('read', box.left), along('true', box.top));
  };
  const setCursor = (which) => {
    kept.cursor = which;
    hover = null;
    const text = which ? words(which) : '';
    if (said.textContent !== text) said.textContent = text;  // announced once
    showCursor();
  };
  const point = (which, x, y) => {
    hover = usable(which) ? which : null;
    if (hover) show(x, y); else showCursor();
  };
  canvas.onpointermove = (event) => { if (event.pointerType !== 'touch') point(at(event), event.clientX, event.clientY); };
  canvas.onpointerleave = () => point(null);
  canvas.onblur = () => setCursor(null);
  canvas.onclick = (event) => {
    const which = at(event);
    if (!usable(which)) return;
    kept.cursor = null;  // keys start at the selected cell again
    said.textContent = '';
    tip.hidden = true;  // the page says it now
    setTriggerValue('picked', which);
  };
  // The nearest usable cell from row r, column c in one direction, this cell itself included.
  const seek = (r, c, [down, right]) => {
    for (; r >= 0 && r < size && c >= 0 && c < size; r += down, c += right) {
      const which = { true: order[r], read: order[c] };
      if (usable(which)) return which;
    }
    return null;
  };
  const enter = (step) => {
    const r = Math.max(0, order.indexOf(selected.true)), c = Math.max(0, order.indexOf(selected.read));
    let found = seek(r, c, step);
    for (let row = 0; !found && row < size; row++) found = seek(row, 0, [0, 1]);
    return found;
  };
  canvas.onkeydown = (event) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      const which = hover || kept.cursor;
      if (which) setTriggerValue('picked', which);
      return;
    }
    if (event.key === 'Escape') {
      setCursor(null);
      return;
    }
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const from = kept.cursor;
    setCursor(from
      ? seek(order.indexOf(from.true) + step[0], order.indexOf(from.read) + step[1], step) || from
      : enter(step));
  };
  draw();
  if (kept.cursor) {
    const { true: row, read: column } = kept.cursor;  // the data may have changed
    setCursor(order.includes(row) && order.includes(column) && usable(kept.cursor) ? kept.cursor : null);
  }
  const watch = new ResizeObserver(draw);
  watch.observe(frame);
  return () => watch.disconnect();
}
