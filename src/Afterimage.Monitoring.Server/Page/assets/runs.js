import { h, ask, bar, badge, count, dollars, follow, keep, noRuns, percent, seconds, short, show, source, span, spark, time, trouble, view } from './app.js';

const Page = 100;
const Columns = [
  ['Run', 'name'], ['State', 'state'], ['Started', 'start', 'wide'], ['Duration', 'duration', 'number wide'], ['Generations', 'generations', 'number'],
  ['Success', 'success', 'number'], ['p95', 'p95', 'number'], ['Tokens', 'tokens', 'number wide'], ['Cost', 'cost', 'number'], ['Alerts', 'alerts', 'number'], ['Activity', null, 'wide'],
];
const Spans = [['', 'any time'], ['3600', 'the last hour'], ['86400', 'the last day'], ['604800', 'the last week'], ['2592000', 'the last 30 days']];

bar('runs');
const chosen = new Set((view.get('chosen') ?? '').split(',').filter(id => id));
let last = null;
let typing = 0;

function path() {
  const query = new URLSearchParams();
  for (const key of ['text', 'state', 'host', 'model', 'sort', 'order', 'offset']) if (view.get(key)) query.set(key, view.get(key));
  // To the minute, so that an answer can be the one before.
  if (view.get('within')) query.set('since', new Date(Math.floor((Date.now() - Number(view.get('within')) * 1000) / 60000) * 60000).toISOString());
  query.set('limit', Page);
  return `api/v1/runs?${query}`;
}

async function refresh() {
  try {
    last = await ask(path());
    draw();
  } catch (error) {
    show(h('h1', null, 'Runs'), trouble(error), last ? listOf(last) : null);
    if (error.status === 0) setTimeout(refresh, 3000);
  }
}

function change(changes) {
  keep({ offset: null, ...changes });
  refresh();
}

function select(key, label, options) {
  return h('div', { class: 'field' }, h('label', { for: key }, label),
    h('select', { id: key, onchange: event => change({ [key]: event.target.value }) },
      options.map(([value, text]) => h('option', { value, selected: (view.get(key) ?? '') === value }, text))));
}

function filters(answer) {
  return h('form', { class: 'filters', role: 'search', 'data-keep': 'filters' + answer.hosts.join() + answer.models.join(), onsubmit: event => event.preventDefault() },
    h('div', { class: 'field grow' }, h('label', { for: 'text' }, 'Find'),
      h('input', { id: 'text', type: 'search', placeholder: 'Name or process', value: view.get('text') ?? '', autocomplete: 'off', oninput: event => {
        clearTimeout(typing);
        const text = event.target.value;
        typing = setTimeout(() => change({ text }), 200);
      } })),
    select('state', 'State', [['', 'all'], ['live', 'live'], ['ended', 'ended'], ['killed', 'killed']]),
    answer.hosts.length > 1 || view.get('host') ? select('host', 'Host', [['', 'all'], ...answer.hosts.map(host => [host, host])]) : null,
    answer.models.length > 1 || view.get('model') ? select('model', 'Model', [['', 'all'], ...answer.models.map(model => [model, model])]) : null,
    select('within', 'Started', Spans));
}

function heading([text, key, how]) {
  if (!key) return h('th', { scope: 'col', class: how }, text);
  const isSorted = view.get('sort') === key;
  const ascending = view.get('order') === 'asc';
  return h('th', { scope: 'col', class: how, 'aria-sort': isSorted ? (ascending ? 'ascending' : 'descending') : null },
    h('button', { type: 'button', class: 'sort', 'data-key': key, onclick: () => {
      const now = view.get('sort') === key ? view.get('order') : null;
      change(now === 'desc' ? { sort: key, order: 'asc' } : now === 'asc' ? { sort: null, order: null } : { sort: key, order: 'desc' });
    } }, text, h('span', { class: 'arrow', 'aria-hidden': 'true' }, isSorted ? (ascending ? '↑' : '↓') : '')));
}

function row(run) {
  const pick = h('input', { type: 'checkbox', checked: chosen.has(run.id), 'aria-label': `Compare ${run.name}`, onchange: event => {
    if (event.target.checked) chosen.add(run.id);
    else chosen.delete(run.id);
    keep({ chosen: [...chosen].join(',') });
    draw();
  } });
  const cost = run.cost_usd === undefined && run.unpriced_tokens > 0 ? h('span', { class: 'hint', title: `${count(run.unpriced_tokens)} tokens have no known price` }, 'unpriced') : dollars(run.cost_usd);
  return h('tr', { 'data-key': run.id },
    h('td', { class: 'pick' }, pick),
    h('th', { scope: 'row', class: 'run' }, h('a', { href: `run?id=${run.id}` }, run.name), h('span', { class: 'sub' }, [run.process, run.host].filter(x => x).join(' · '))),
    h('td', null, badge(run.state), run.trouble ? h('span', { class: 'hint', title: run.trouble }, ' unreadable') : null),
    h('td', { class: 'wide nowrap' }, time(run.start)),
    h('td', { class: 'number wide' }, span(run.duration_seconds)),
    run.is_read ? [
      h('td', { class: 'number' }, count(run.generations)),
      h('td', { class: 'number' }, h('span', { class: run.success_rate < 0.9 ? 'poor' : null }, percent(run.success_rate))),
      h('td', { class: 'number' }, seconds(run.p95_seconds)),
      h('td', { class: 'number wide' }, short(run.total_tokens)),
      h('td', { class: 'number' }, cost),
      h('td', { class: 'number' }, run.firing_alerts ? h('span', { class: 'badge firing' }, `${run.firing_alerts} firing`) : count(run.alerts)),
      h('td', { class: 'wide' }, run.spark?.length ? spark(run.spark) : null),
    ] : h('td', { colspan: '7', class: 'hint' }, 'Reading…'));
}

const turn = by => change({ offset: Math.max(0, Number(view.get('offset') ?? 0) + by) || null });

function listOf(answer) {
  const offset = Number(view.get('offset') ?? 0);
  if (answer.all === 0 && !answer.is_ready) return answer.trouble ? null : h('p', { class: 'state', role: 'status' }, 'Looking for runs…');
  if (answer.all === 0) return noRuns(answer.root);
  if (answer.matches === 0) {
    return h('div', { class: 'state' }, h('p', null, 'No run is like that.'),
      h('p', null, h('button', { type: 'button', onclick: () => {
        keep({ text: null, state: null, host: null, model: null, within: null, offset: null });
        location.reload();
      } }, 'Show all runs')));
  }
  return [
    h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Runs' },
      h('table', { class: 'runs' }, h('caption', { class: 'quiet' }, 'Runs'),
        h('thead', null, h('tr', null, h('td', { class: 'pick' }), Columns.map(heading))),
        h('tbody', null, answer.runs.map(row)))),
    answer.matches > Page ? h('nav', { class: 'pages', 'aria-label': 'Pages of the list' },
      h('button', { type: 'button', disabled: offset === 0, onclick: () => turn(-Page) }, 'Previous'),
      h('span', null, `${count(offset + 1)} to ${count(Math.min(offset + Page, answer.matches))} of ${count(answer.matches)}`),
      h('button', { type: 'button', disabled: offset + Page >= answer.matches, onclick: () => turn(Page) }, 'Next')) : null,
  ];
}

function draw() {
  const answer = last;
  const many = chosen.size >= 2 && chosen.size <= 6;
  show(
    h('div', { class: 'title' }, h('h1', null, 'Runs'),
      h('p', { class: 'lede' }, answer.all === 0 ? null : [`${count(answer.all)} ${answer.source === 'fleet' ? 'in' : 'below'} `, h('code', null, answer.root), answer.live > 0 ? `, ${count(answer.live)} live` : null,
        answer.as_of ? [', as shipped by ', time(answer.as_of)] : null]),
      chosen.size > 0 ? h('p', { class: 'actions' },
        many ? h('a', { class: 'button primary', href: `compare?runs=${[...chosen].join(',')}` }, `Compare ${chosen.size} runs`)
          : h('span', { class: 'hint' }, chosen.size === 1 ? 'Choose one more to compare' : 'Choose at most six to compare')) : null),
    answer.trouble ? h('div', { class: 'state bad', role: 'alert' }, h('p', null, answer.trouble),
      h('p', null, answer.is_ready ? ['These are the runs as of ', time(answer.as_of), '. '] : null, 'The server tries again by itself.')) : null,
    answer.all > 0 ? filters(answer) : null,
    listOf(answer));
}

await refresh();
follow(null, refresh);
// The time of the list goes on even if nothing in it changes.
setInterval(() => { if (source === 'fleet' && !document.hidden) refresh(); }, 15000);
