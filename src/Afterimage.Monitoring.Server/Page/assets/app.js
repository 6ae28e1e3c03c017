// What all pages share: elements, numbers, the API, the stream, and the address that keeps a view.

/** Makes an element. Text is text: nothing of a log is ever markup. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(4).filter(c => c !== null && c !== undefined && c !== false));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A small chart of columns. Its figures are beside it in the same row. */
export function spark(values, width = 72, height = 22) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('aria-hidden', 'true');
  const most = Math.max(1, ...values);
  const step = width / values.length;
  values.forEach((value, i) => {
    const size = value === 0 ? 1 : Math.max(1.5, value / most * height);
    const bar = document.createElementNS(SVG, 'rect');
    bar.setAttribute('x', (i * step).toFixed(2));
    bar.setAttribute('y', (height - size).toFixed(2));
    bar.setAttribute('width', Math.max(1, step - 1).toFixed(2));
    bar.setAttribute('height', size.toFixed(2));
    if (value === 0) bar.setAttribute('class', 'none');
    svg.append(bar);
  });
  return svg;
}

/** Makes an element what another is, and touches only what differs: focus, scrolling and selection stay. */
export function morph(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || from.dataset?.key !== to.dataset?.key || from.dataset?.keep !== to.dataset?.keep) {
    from.replaceWith(to);
    return;
  }
  if (from.nodeType === Node.TEXT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return;
  }
  if (from.dataset?.keep) return;
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of [...to.attributes]) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  const old = [...from.childNodes];
  const made = [...to.childNodes];
  made.forEach((child, i) => i < old.length ? morph(old[i], child) : from.append(child));
  old.slice(made.length).forEach(child => child.remove());
}

/** Puts content in the place of what main shows. */
export function show(...content) {
  const main = document.getElementById('main');
  const made = h('main', { id: 'main', tabindex: '-1' }, ...content);
  morph(main, made);
}

// Numbers. What is not known is a dash, and never a zero.
const whole = new Intl.NumberFormat('en');
const none = '–';
const known = value => value !== null && value !== undefined;
export const count = value => known(value) ? whole.format(Math.round(value)) : none;
export const percent = value => known(value) ? (value > 0.9995 && value < 1 ? '>99.9' : (value * 100).toFixed(value === 1 || value === 0 ? 0 : 1)) + ' %' : none;
export function short(value) {
  if (!known(value)) return none;
  const size = Math.abs(value);
  if (size >= 1e9) return (value / 1e9).toFixed(size >= 1e11 ? 0 : 1) + ' G';
  if (size >= 1e6) return (value / 1e6).toFixed(size >= 1e8 ? 0 : 1) + ' M';
  if (size >= 1e4) return (value / 1e3).toFixed(size >= 1e5 ? 0 : 1) + ' k';
  return Number.isInteger(value) ? whole.format(value) : plain(value);
}
export function plain(value) {
  if (!known(value)) return none;
  if (typeof value !== 'number') return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0001 || size >= 1e9)) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 1000 ? 6 : 4)));
}
export function seconds(value) {
  if (!known(value)) return none;
  if (value === 0) return '0 s';
  if (value < 0.0995) return (value * 1000).toFixed(value < 0.00995 ? 1 : 0) + ' ms';
  if (value < 99.5) return value.toFixed(value < 9.95 ? 2 : 1) + ' s';
  return span(value);
}
export function span(value) {
  if (!known(value)) return none;
  const s = Math.round(value);
  const both = (big, unit, small, of) => small > 0 ? `${big} ${unit} ${small} ${of}` : `${big} ${unit}`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return both(Math.floor(s / 60), 'min', s % 60, 's');
  if (s < 86400) return both(Math.floor(s / 3600), 'h', Math.floor(s % 3600 / 60), 'min');
  return both(Math.floor(s / 86400), 'd', Math.floor(s % 86400 / 3600), 'h');
}
export function dollars(value) {
  if (!known(value)) return none;
  const size = Math.abs(value);
  return '$' + (size === 0 ? '0' : size >= 1000 ? whole.format(Math.round(value)) : size >= 0.995 ? value.toFixed(2) : size >= 0.01 ? value.toFixed(3) : value.toPrecision(2));
}
const two = value => String(value).padStart(2, '0');
export function stamp(value, withDay = true) {
  if (!known(value)) return none;
  const t = new Date(value);
  const day = `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} `;
  return `${withDay ? day : ''}${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}
/** A time of day, with its day only where that is not today's; the whole in UTC on hovering. */
export function time(value) {
  if (!known(value)) return none;
  const t = new Date(value);
  return h('time', { datetime: t.toISOString(), title: t.toISOString() }, stamp(value, t.toDateString() !== new Date().toDateString()));
}

/** A sentence, its numbers not parted from their signs. */
export const sentence = text => text.replaceAll(' %', '\u00a0%');

/** A name as it is; one that is blank in quotes, so that it can be seen. */
export const name = value => known(value) ? h('bdi', { title: value.length > 40 ? value : null }, value.trim() === '' ? `“${value}”` : value.length > 300 ? value.slice(0, 300) + '…' : value) : none;

// The API.
export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}
const tags = new Map();
/** Where the runs are, as the last answer says: a directory or a fleet. */
export let source = 'directory';
export async function ask(path, options = {}) {
  const cached = options.method ? undefined : tags.get(path);
  let response;
  try {
    response = await fetch(path, { ...options, cache: 'no-store', headers: { ...options.headers, ...(cached ? { 'If-None-Match': cached.tag } : {}) } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refusal(0, 'The server does not answer. Is it still running? The page tries again by itself.');
  }
  if (response.status === 304) return cached.answer;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, answer.detail ?? `The server answers with ${response.status}.`);
  source = answer.source ?? source;
  const tag = response.headers.get('ETag');
  if (tag && !options.method) {
    tags.clear();
    tags.set(path, { tag, answer });
  }
  return answer;
}

/** Sends a body to the API. */
export const post = (path, body, options = {}) => ask(path, { ...options, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** What there is to say of an error, and what to do. */
export function trouble(error) {
  const said = error instanceof Refusal ? error.message : 'Something went wrong on this page. Reload it.';
  if (!(error instanceof Refusal)) console.error(error);
  return h('div', { class: 'state bad', role: 'alert' }, h('p', null, said),
    error.status === 401 ? h('p', null, 'Sessions end with the server. ', h('a', { href: './login' }, 'Sign in again')) : null,
    error.status === 404 ? h('p', null, h('a', { href: './' }, 'All runs')) : null);
}

// The address keeps the view: a link is the view.
export const view = new URLSearchParams(location.search);
export function keep(changes) {
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') view.delete(key);
    else view.set(key, value);
  }
  const query = view.toString();
  history.replaceState(null, '', location.pathname + (query ? `?${query}` : ''));
}

/** The bar on top of every page. */
export function bar(current) {
  const run = view.get('run') ?? (current === 'run' ? view.get('id') : null);
  const of = run ? `?run=${encodeURIComponent(run)}` : '';
  const link = (href, text, page) => h('a', { href, 'aria-current': page === current ? 'page' : null }, text);
  document.getElementById('bar').replaceChildren(
    h('a', { class: 'brand', href: './' }, h('img', { src: 'assets/icon.svg', alt: '', width: 22, height: 22 }), 'Afterimage'),
    h('nav', { 'aria-label': 'Pages' },
      link('./', 'Runs', 'runs'), link('calls' + of, 'Calls', 'calls'), link('sql' + of, 'SQL', 'sql'),
      link('compare', 'Compare', 'compare'), link('alerts', 'Alerts', 'alerts')),
    h('span', { id: 'link', class: 'link', role: 'status' }));
}
function connection(kind, text) {
  const place = document.getElementById('link');
  if (!place || place.textContent === text) return;
  place.className = `link ${kind}`;
  place.textContent = text;
}

/** Calls back when there is something new, at most once a second, and says on the bar whether the server is there. */
export function follow(run, changed) {
  let due = 0;
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(async () => {
      waiting = false;
      due = Date.now() + 1000;
      await changed();
    }, Math.max(0, due - Date.now()));
  };
  const open = () => {
    const stream = new EventSource('api/v1/events' + (run ? `?run=${encodeURIComponent(run)}` : ''));
    stream.onmessage = () => {
      connection('on', source === 'fleet' ? 'Connected' : 'Live');
      if (!document.hidden) soon();
    };
    stream.onerror = () => {
      connection('off', 'Disconnected, trying again');
      if (stream.readyState === EventSource.CLOSED) setTimeout(open, 3000);
    };
  };
  open();
  document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(); });
}

/** A table in a box of its own that scrolls. Columns: [heading, value of a row, how]. */
export function table(caption, columns, rows, { empty = 'Nothing yet.', className = '' } = {}) {
  if (rows.length === 0) return h('p', { class: 'empty' }, empty);
  return h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption },
    h('table', { class: className },
      h('caption', { class: 'quiet' }, caption),
      h('thead', null, h('tr', null, columns.map(([heading, , how]) => h('th', { scope: 'col', class: how }, heading)))),
      h('tbody', null, rows.map(row => h('tr', null, columns.map(([, value, how], i) =>
        h(i === 0 ? 'th' : 'td', { scope: i === 0 ? 'row' : null, class: how }, value(row))))))));
}

export function badge(state) {
  const text = { live: 'Live', ended: 'Ended', killed: 'Killed', firing: 'Firing', resolved: 'Resolved', run_ended: 'Run ended', silenced: 'Silenced', spent: 'Spent' }[state] ?? state;
  return h('span', { class: `badge ${state}` }, text);
}

/** A list of runs to choose from, for pages that are about one. */
export async function chooser(current, chosen) {
  const { runs } = await ask('api/v1/runs?limit=500');
  const select = h('select', { id: 'run', onchange: event => chosen(event.target.value) },
    runs.map(run => h('option', { value: run.id, selected: run.id === current }, `${run.name}${run.state === 'live' ? ' (live)' : ''}`)));
  if (current && !runs.some(run => run.id === current)) select.prepend(h('option', { value: current, selected: true }, current));
  return { field: h('div', { class: 'field' }, h('label', { for: 'run' }, 'Run'), select), runs };
}

export function noRuns(root) {
  if (source === 'fleet') {
    return h('div', { class: 'state' }, h('p', null, h('strong', null, 'There are no runs in the fleet yet.')),
      h('p', null, 'They appear here as soon as a shipper has sent one. To ship the runs below a directory, run ', h('code', null, 'afterimage ship ROOT --url URL'), '.'));
  }
  return h('div', { class: 'state' }, h('p', null, h('strong', null, 'There are no runs yet.')),
    h('p', null, 'They appear here as soon as a program writes one below ', h('code', null, root ?? 'the root'), '.'),
    h('p', null, 'To see one now, run ', h('code', null, 'afterimage demo --log-dir ', `${root ?? '.afterimage-monitoring'}/demo`), '.'));
}
