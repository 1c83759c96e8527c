// Everything here only helps: each page does its work without this file.
const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
}

// A second press of a form on its way does nothing. Half a minute later, or on coming back to the page, it can be sent again.
const sent = new Map();

function release(form) {
  const button = sent.get(form);
  if (button) button.removeAttribute('aria-busy');
  sent.delete(form);
}

addEventListener('submit', (event) => {
  const form = event.target;
  const button = event.submitter;
  const method = (button && button.getAttribute('formmethod')) || form.getAttribute('method') || 'get';
  if (event.defaultPrevented || method.toLowerCase() !== 'post') return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.set(form, button);
  if (button) button.setAttribute('aria-busy', 'true');
  setTimeout(release, 30000, form);
});
addEventListener('pageshow', () => sent.forEach((_, form) => release(form)));

// data-count names the element that tells the limit; without one, a line is added below the field.
const number = new Intl.NumberFormat('es-CO');

each('[maxlength][data-count]', (field) => {
  let shown = field.dataset.count && document.getElementById(field.dataset.count);
  if (!shown) {
    shown = make('p', 'small muted');
    field.after(shown);
  }
  const spoken = make('span', 'vh');
  spoken.setAttribute('role', 'status');
  shown.after(spoken);
  let timer;
  const tell = () => {
    const left = field.maxLength - field.value.length;
    const text = left === 1 ? 'Le queda 1 carácter' : left ? `Le quedan ${number.format(left)} caracteres` : 'No le quedan caracteres';
    shown.textContent = text;
    clearTimeout(timer);
    if (left <= field.maxLength / 5) timer = setTimeout(() => (spoken.textContent = text), 1000);
  };
  field.addEventListener('input', tell);
  tell();
});

// Said before the sending: on a slow line a file that is too large costs minutes.
each('input[type=file]', (field) =>
  field.addEventListener('change', () => {
    const files = Array.from(field.files);
    const large = files.find((file) => file.size > 10485760);
    const all = files.reduce((sum, file) => sum + file.size, 0);
    let why = '';
    if (large) why = `«${large.name}» pasa de 10 MB. Elija un archivo más liviano`;
    else if (files.length > 10) why = 'Elija como máximo 10 archivos';
    else if (all > 41943040) why = 'Los archivos pasan de 40 MB en total';
    field.setCustomValidity(why);
    field.reportValidity();
  }),
);

// data-clock="9300" counts the seconds that are left, from what the server printed; it stands still after data-clock-for seconds.
// data-clock on a time element, without a number, tells how long ago it was. Days stay as the server wrote them.
const opened = Date.now();

function span(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (!minutes) return 'menos de 1\u00a0min';
  return [hours && `${hours}\u00a0h`, minutes % 60 && `${minutes % 60}\u00a0min`].filter(Boolean).join(' ');
}

function tick() {
  each('[data-clock]', (clock) => {
    const { clock: start, clockFor, clockWarn } = clock.dataset;
    let text;
    if (start) {
      const left = start - Math.min((Date.now() - opened) / 1000, clockFor || Infinity);
      if (!(Math.abs(left) < 86400)) return;
      text = left < 0 ? `Tarde ${span(-left)}` : span(left);
      if (clock.classList.contains('tag')) {
        clock.classList.toggle('bad', left < 0);
        clock.classList.toggle('warn', left >= 0 && left < (clockWarn || 0));
        clock.classList.toggle('ok', left >= 0 && left >= (clockWarn || 0));
      }
    } else {
      const age = (Date.now() - Date.parse(clock.dateTime)) / 1000;
      if (!(age >= 0 && age < 86400)) return;
      text = `hace ${span(age)}`;
    }
    if (clock.textContent !== text) clock.textContent = text;
  });
}

if (document.querySelector('[data-clock]')) {
  tick();
  setInterval(() => document.hidden || tick(), 15000);
  addEventListener('visibilitychange', () => document.hidden || tick());
}

// data-draft="key" keeps what is being written on this device for a week, never passwords, codes, files or data-draft-skip.
// The page that confirms the sending carries data-draft-done="key".
const WEEK = 6048e5;
const slot = (key) => `borrador:${key || location.pathname}`;

// Private windows may refuse the store.
function store(method, ...args) {
  try {
    return localStorage[method](...args);
  } catch (_) {
    return null;
  }
}

const kept = (form) =>
  Array.from(form.elements).filter(
    (field) =>
      field.name &&
      !field.closest('[data-draft-skip]') &&
      !/^(password|file|submit|button|image|reset)$/.test(field.type) &&
      (field.type !== 'hidden' || 'draftKeep' in field.dataset) &&
      !/one-time-code|cc-|password/.test(field.autocomplete) &&
      field.tagName !== 'FIELDSET' &&
      field.tagName !== 'OUTPUT',
  );

function read(form) {
  return kept(form).map((field) => [
    field.name,
    /^(checkbox|radio)$/.test(field.type) ? [field.value, field.checked] : field.options ? Array.from(field.selectedOptions, (o) => o.value) : field.value,
  ]);
}

function write(form, saved) {
  const left = saved.slice();
  kept(form).forEach((field) => {
    const choice = /^(checkbox|radio)$/.test(field.type);
    const at = left.findIndex(([name, value]) => name === field.name && (!choice || value[0] === field.value));
    if (at < 0) return;
    const [[, value]] = left.splice(at, 1);
    if (choice) field.checked = value[1];
    else if (field.options) Array.from(field.options).forEach((o) => (o.selected = value.includes(o.value)));
    else field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

function offer(form, key, { at, fields }) {
  const when = new Date(at);
  const zone = { timeZone: 'America/Bogota' };
  const day = when.toLocaleDateString('es-CO', { ...zone, day: 'numeric', month: 'long' });
  const hour = when.toLocaleTimeString('es-CO', { ...zone, hour: 'numeric', minute: '2-digit' });
  const notice = make('div', 'alert row between mb no-print');
  const buttons = make('div', 'row');
  const add = (className, label, act) => {
    const button = make('button', className, label);
    button.type = 'button';
    button.onclick = () => {
      act();
      notice.remove();
      const first = kept(form).find((field) => field.type !== 'hidden');
      if (first) first.focus();
    };
    buttons.append(button);
  };
  add('btn alt low', 'Recuperarlo', () => write(form, fields));
  add('btn plain low', 'Borrarlo', () => store('removeItem', key));
  notice.setAttribute('role', 'status');
  notice.append(make('p', '', `En este equipo hay un borrador del ${day} (${hour}).`), buttons);
  form.prepend(notice);
}

each('[data-draft-done]', (mark) => store('removeItem', slot(mark.dataset.draftDone)));

each('form[data-draft]', (form) => {
  const key = slot(form.dataset.draft);
  const blank = JSON.stringify(read(form));
  let saved = null;
  try {
    saved = JSON.parse(store('getItem', key));
  } catch (_) {}
  if (saved && Date.now() - saved.at > WEEK) store('removeItem', key);
  else if (saved && JSON.stringify(saved.fields) !== blank) offer(form, key, saved);

  let timer;
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    const fields = read(form);
    if (JSON.stringify(fields) === blank) return;
    store('setItem', key, JSON.stringify({ at: Date.now(), fields }));
  };
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(save, 500);
  });
  addEventListener('pagehide', () => timer && save());
});
