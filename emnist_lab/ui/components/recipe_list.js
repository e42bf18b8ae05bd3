// Radio buttons of the browser's own, in groups: arrow keys go through all of them.
function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function row(one, name) {
  const label = made('label', 'row'), input = made('input');
  Object.assign(input, { type: 'radio', name, value: one.name });
  input.setAttribute('aria-label', one.spoken);
  const words = made('span', 'name', one.title);
  words.append(' ', made('small', '', one.name));
  if (one.recommended) words.append(' ', made('em', '', 'recommended'));
  const share = made('span', 'share'), bar = made('i');
  if (one.accuracy) {
    bar.style.width = `${100 * one.accuracy}%`;
    share.append(bar, made('b', '', one.percent));
  }
  label.append(input, words, share, made('span', 'time', one.time));
  return label;
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const root = parentElement.querySelector('.recipes'), all = root.querySelector('.all');
  const button = root.querySelector('.chosen');
  const content = JSON.stringify(data.groups);
  if (root.dataset.content !== content) {
    const focused = root.getRootNode().activeElement?.value;
    root.dataset.content = content;
    const head = made('div', 'head');
    head.append(made('span'), made('span'), made('span', '', data.known ? 'accuracy, ≈' : ''),
      made('span', '', 'time, ≈'));
    head.setAttribute('aria-hidden', 'true');
    all.replaceChildren(head, ...data.groups.flatMap((group) => {
      const title = made('div', 'group', group.title);
      title.append(' ', made('small', '', group.about));
      return [title, ...group.recipes.map((one) => row(one, 'recipe'))];
    }));
    if (focused) all.querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
  }
  for (const input of all.querySelectorAll('input')) {
    input.checked = input.value === data.chosen;
    input.onchange = () => {
      root.classList.remove('open');
      setTriggerValue('picked', input.value);
    };
  }
  button.replaceChildren(made('span', '', `Recipe: ${data.title}`), made('u', '', 'Change'));
  const show = (open) => {
    root.classList.toggle('open', open);
    button.setAttribute('aria-expanded', String(open));
  };
  show(root.classList.contains('open'));
  button.onclick = () => show(!root.classList.contains('open'));
}
