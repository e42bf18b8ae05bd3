export default function ({ parentElement, data }) {
  const button = parentElement.querySelector('.el-fold'), body = document.body;
  button.querySelector('span').textContent = data.label;
  const say = () => button.setAttribute('aria-expanded', 'elUnfolded' in body.dataset);
  button.onclick = () => { body.toggleAttribute('data-el-unfolded'); say(); };
  say();
}
