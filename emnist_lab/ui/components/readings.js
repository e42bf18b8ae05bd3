// Predictions of runs, as bars; `readings.py` says what `component.data` holds. A class keeps its row:
// rows slide to their new places and bars grow from where they are, to show what changed.
const MOVES = { duration: 260, easing: 'cubic-bezier(.2, .7, .2, 1)' };

const made = (tag, name, text = '') => {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
};

function show(column, data, still) {
  const { who, answer, note, rows } = column.parts;
  who.textContent = who.title = data.who;
  const beside = made('small', '', data.beside);
  answer.replaceChildren(data.answer, beside);
  note.textContent = data.note;
  // Where everything is on the screen now, in the middle of an animation too.
  const top = rows.getBoundingClientRect().top, before = new Map();
  for (const [name, row] of column.rows) {
    before.set(name, [row.getBoundingClientRect().top - top, row.bar.getBoundingClientRect().width]);
  }
  const names = data.rows.map((row) => row.name);
  for (const [name, row] of column.rows) {
    if (names.includes(name)) continue;
    row.remove();
    column.rows.delete(name);
  }
  for (const { name, probability, percent, named } of data.rows) {
    let row = column.rows.get(name);
    if (!row) {
      row = made('div', 'row');
      const track = made('div', 'track');
      row.bar = made('i', 'bar');
      row.number = made('span', '');
      track.append(row.bar);
      row.append(made('b', '', name), track, row.number);
      column.rows.set(name, row);
    }
    row.classList.toggle('named', named);
    row.bar.style.width = 100 * probability + '%';
    row.number.textContent = percent;
    rows.append(row);  // in the order of probabilities, for screen readers too
  }
  if (still) return;
  for (const [name, row] of column.rows) {
    const [was, width] = before.get(name) ?? [rows.clientHeight, 0];
    for (const one of [row, row.bar]) for (const old of one.getAnimations()) old.cancel();
    const moved = was - (row.getBoundingClientRect().top - top);
    if (moved) row.animate([{ transform: `translateY(${moved}px)` }, { transform: 'none' }], MOVES);
    row.bar.animate([{ width: width + 'px' }, { width: row.bar.style.width }], MOVES);
  }
}

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector('.el-readings'), all = root.querySelector('.all');
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const columns = all.columns ??= [];
  root.classList.toggle('el-bars', !data.example);  // tests and timings look for it
  const heading = root.querySelector('.heading');
  heading.textContent = data.heading;
  if (data.example) {
    const picture = made('img', '');
    picture.src = data.example;
    picture.alt = '';
    heading.prepend(picture);
  }
  while (columns.length > data.columns.length) columns.pop().element.remove();
  while (columns.length < data.columns.length) {
    const element = made('section', 'one');
    const parts = {};
    for (const name of ['who', 'answer', 'rows', 'note']) element.append(parts[name] = made('div', name));
    columns.push({ element, parts, rows: new Map() });
    all.append(element);
  }
  data.columns.forEach((one, index) => {
    const { answer } = columns[index].parts;
    answer.setAttribute('aria-live', data.example || index ? 'off' : 'polite');
    show(columns[index], one, still);
  });
}
