// Pairs of images, each a link to the cell that they come from.
const made = (tag, parts = {}) => Object.assign(document.createElement(tag), parts);

export default function ({ parentElement, data, setTriggerValue }) {
  const list = parentElement.querySelector('.pairs');
  list.replaceChildren(...data.cards.map(({ words, count, images, address }, i) => {
    const item = made('li'), link = made('a', { href: address }), two = made('div', { className: 'two' });
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;  // in a tab of its own
      event.preventDefault();
      setTriggerValue('went', i);
    };
    two.append(...images.map(({ picture, words: about }) => {
      const figure = made('figure');
      figure.append(made('img', { src: picture, alt: '' }), made('figcaption', { textContent: about }));
      return figure;
    }));
    link.append(two, made('b', { textContent: words }), made('span', { textContent: count }));
    item.append(link);
    return item;
  }));
}
