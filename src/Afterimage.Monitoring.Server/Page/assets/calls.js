import { h, ask, bar, chooser, count, dollars, keep, name, noRuns, plain, seconds, show, stamp, time, trouble, view } from './app.js';

const Page = 50;
const Columns = [
  ['Time', 'timestamp', 'nowrap', r => time(r.timestamp)],
  ['Outcome', 'success', '', r => h('span', { class: r.success ? 'good' : 'poor' }, r.success ? 'succeeded' : 'failed')],
  ['Model', 'model_name', '', r => name(r.model_name)],
  ['Duration', 'duration', 'number', r => seconds(r.duration)],
  ['First token', 'time_to_first_token', 'number wide', r => seconds(r.time_to_first_token)],
  ['Prompt', 'prompt_token_count', 'number', r => count(r.prompt_token_count)],
  ['Completion', 'completion_token_count', 'number', r => count(r.completion_token_count)],
  ['Cost', 'cost_usd', 'number', r => r.cost_usd === null && r.unpriced_token_count > 0 ? h('span', { class: 'hint' }, 'unpriced') : dollars(r.cost_usd)],
  ['Finish reason', 'finish_reason', 'wide', r => name(r.finish_reason)],
  ['Error', 'error', 'text wide', r => r.error === null ? '' : name(r.error)],
];
const Filters = ['model', 'success', 'error', 'finish_reason', 'tag', 'min_duration', 'max_duration', 'min_tokens', 'max_tokens', 'since', 'until', 'id', 'trace', 'sort', 'order', 'offset'];
const Labels = {
  timestamp: 'Ended', success: 'Succeeded', model_name: 'Model', request_model: 'Model asked for', duration: 'Duration', time_to_first_token: 'Time to first token',
  prompt_token_count: 'Prompt tokens', cached_prompt_token_count: 'of them from the cache', completion_token_count: 'Completion tokens', reasoning_token_count: 'of them reasoning',
  total_token_count: 'Tokens in all', cost_usd: 'Cost', unpriced_token_count: 'Tokens without a price', finish_reason: 'Finish reason', error: 'Error', provider: 'Provider', operation: 'Operation',
  conversation_length: 'Turns', usage_missing: 'Usage missing', id: 'Response id', trace_id: 'Trace', span_id: 'Span', tags: 'Tags',
};

bar('calls');
let answer = null;
let rows = [];
let busy = null;
let typing = 0;
let picker = null;

const path = () => {
  const query = new URLSearchParams();
  for (const key of Filters) if (view.get(key)) query.set(key, view.get(key));
  query.set('limit', Page);
  return `api/v1/runs/${encodeURIComponent(view.get('run'))}/calls?${query}`;
};

async function refresh() {
  busy?.abort();
  const mine = busy = new AbortController();
  draw(null, true);
  try {
    answer = await ask(path(), { signal: mine.signal });
    rows = answer.rows.map(values => Object.fromEntries(answer.columns.map((column, i) => [column.name, values[i]])));
    draw(null, false);
  } catch (error) {
    if (error.name !== 'AbortError') draw(error, false);
  }
}

function change(changes) {
  keep({ offset: null, ...changes });
  refresh();
}
const turn = by => change({ offset: Math.max(0, Number(view.get('offset') ?? 0) + by) || null });

function field(key, label, { type = 'text', wide = false, ...how } = {}) {
  return h('div', { class: wide ? 'field grow' : 'field' }, h('label', { for: key }, label),
    h('input', { id: key, type, value: view.get(key) ?? '', autocomplete: 'off', ...how, oninput: event => {
      clearTimeout(typing);
      const value = event.target.value;
      typing = setTimeout(() => change({ [key]: value }), 350);
    } }));
}

let form = null;
// Made once: what somebody types into must stay.
function filters() {
  if (form?.isConnected) return h('form', { 'data-keep': 'filters' });
  return form ??= filterForm();
}

function filterForm() {
  const range = (from, to, label, unit) => h('div', { class: 'field' }, h('span', { class: 'label', id: `${from}-label` }, label),
    h('span', { class: 'pair', role: 'group', 'aria-labelledby': `${from}-label` },
      ...[[from, 'from'], [to, 'to']].map(([key, word]) => h('input', { id: key, type: 'number', min: '0', step: 'any', placeholder: word, 'aria-label': `${label} ${word}`, value: view.get(key) ?? '', oninput: event => {
        clearTimeout(typing);
        const value = event.target.value;
        typing = setTimeout(() => change({ [key]: value }), 350);
      } })), unit));
  const times = h('div', { class: 'field' }, h('span', { class: 'label', id: 'times-label' }, 'Time'),
    h('span', { class: 'pair times', role: 'group', 'aria-labelledby': 'times-label' }, [['since', 'from'], ['until', 'to']].map(([key, word]) => h('input', {
      id: key, type: 'datetime-local', step: '1', 'aria-label': `Time ${word}`, value: view.get(key) ? stamp(view.get(key)).replace(' ', 'T') : '',
      onchange: event => change({ [key]: event.target.value ? new Date(event.target.value).toISOString() : null }),
    }))));
  return h('form', { class: 'filters', role: 'search', 'data-keep': 'filters', onsubmit: event => event.preventDefault() },
    picker.field,
    field('model', 'Model'),
    h('div', { class: 'field' }, h('label', { for: 'success' }, 'Outcome'), h('select', { id: 'success', onchange: event => change({ success: event.target.value }) },
      [['', 'all'], ['true', 'succeeded'], ['false', 'failed']].map(([value, text]) => h('option', { value, selected: (view.get('success') ?? '') === value }, text)))),
    field('error', 'Error holds'),
    field('finish_reason', 'Finish reason'),
    field('tag', 'Tag', { placeholder: 'key=value' }),
    field('trace', 'Trace ID'),
    range('min_duration', 'max_duration', 'Duration', 's'),
    range('min_tokens', 'max_tokens', 'Tokens', ''),
    times);
}

function heading([text, key, how]) {
  const sort = view.get('sort') ?? 'timestamp';
  const ascending = view.get('order') === 'asc';
  return h('th', { scope: 'col', class: how || null, 'aria-sort': sort === key ? (ascending ? 'ascending' : 'descending') : null },
    h('button', { type: 'button', class: 'sort', 'data-key': key, onclick: () => change({ sort: key, order: (view.get('sort') ?? 'timestamp') === key && view.get('order') !== 'asc' ? 'asc' : 'desc' }) },
      text, h('span', { class: 'arrow', 'aria-hidden': 'true' }, sort === key ? (ascending ? '↑' : '↓') : '')));
}

function shown(key, value) {
  if (key === 'timestamp') return `${stamp(value)} (${value})`;
  if (key === 'success' || key === 'usage_missing') return value ? 'yes' : 'no';
  if (key === 'duration' || key === 'time_to_first_token') return `${plain(value)} s`;
  if (key === 'cost_usd') return dollars(value);
  if (key === 'tags') {
    try {
      return h('ul', { class: 'tags' }, Object.entries(JSON.parse(value)).map(([tag, of]) => h('li', null, name(tag), ' = ', name(String(of)))));
    } catch {
      return value;
    }
  }
  return typeof value === 'number' ? count(value) : h('bdi', null, value);
}

async function detail(row) {
  const judged = h('div', { class: 'judged' });
  const dialog = h('dialog', { 'aria-labelledby': 'call-title', onclose: () => dialog.remove() },
    h('div', { class: 'head' }, h('h2', { id: 'call-title' }, 'Call'), h('button', { type: 'button', class: 'small', onclick: () => dialog.close() }, 'Close')),
    h('dl', { class: 'detail' }, Object.keys(Labels).filter(key => row[key] !== null && row[key] !== undefined).map(key => [h('dt', null, Labels[key]), h('dd', null, shown(key, row[key]))])),
    h('p', { class: 'hint' }, 'Prompts and answers are not recorded.'),
    judged);
  document.body.append(dialog);
  dialog.showModal();
  if (!row.id) return;
  try {
    const found = await ask(`api/v1/runs/${encodeURIComponent(view.get('run'))}/evaluations?generation=${encodeURIComponent(row.id)}`);
    if (found.rows.length === 0) return;
    judged.append(h('h3', null, 'Evaluations'), h('ul', { class: 'tags' }, found.rows.map(([at, by, , scores]) => h('li', null, `${by ?? 'unnamed'}: ${scores ?? ''} (${stamp(at)})`))));
  } catch (error) {
    judged.append(trouble(error));
  }
}

function list(isBusy) {
  if (answer === null) return h('p', { class: 'state', role: 'status' }, 'Reading the run’s records…');
  const offset = Number(view.get('offset') ?? 0);
  const matches = rows[0]?.matches ?? 0;
  if (rows.length === 0) {
    return h('div', { class: 'state', role: 'status' }, h('p', null, offset > 0 ? 'There are no calls so far down the list.' : 'No call of this run is like that.'),
      h('p', null, h('a', { href: `calls?run=${view.get('run')}` }, 'Show all calls')));
  }
  return [
    h('p', { class: 'lede', role: 'status' }, isBusy ? 'Reading…' : `${count(matches)} calls`, answer.skipped_lines > 0 ? `; ${count(answer.skipped_lines)} lines that are no records are left out` : null),
    h('div', { class: isBusy ? 'scroll busy' : 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Calls' },
      h('table', { class: 'calls' }, h('caption', { class: 'quiet' }, 'Calls'),
        h('thead', null, h('tr', null, Columns.map(heading), h('th', { scope: 'col' }, h('span', { class: 'quiet' }, 'Details')))),
        h('tbody', null, rows.map((row, i) => h('tr', { 'data-key': `${offset}-${i}-${row.timestamp}` }, Columns.map(([, , how, value]) => h('td', { class: how || null }, value(row))),
          h('td', null, h('button', { type: 'button', class: 'small', 'aria-label': `Details of the call of ${stamp(row.timestamp)}`, onclick: () => detail(row) }, 'Details'))))))),
    h('nav', { class: 'pages', 'aria-label': 'Pages of the list' },
      h('button', { type: 'button', disabled: offset === 0, onclick: () => turn(-Page) }, 'Previous'),
      h('span', null, `${count(offset + 1)} to ${count(offset + rows.length)} of ${count(matches)}`),
      h('button', { type: 'button', disabled: offset + Page >= matches, onclick: () => turn(Page) }, 'Next')),
  ];
}

function draw(error, isBusy) {
  show(h('div', { class: 'title' }, h('h1', null, 'Calls'), h('p', { class: 'actions' }, h('a', { class: 'button', href: `run?id=${view.get('run')}` }, 'The run'))),
    filters(), error ? trouble(error) : null, error ? null : list(isBusy));
}

try {
  picker = await chooser(view.get('run'), run => {
    keep({ offset: null, run });
    bar('calls');
    refresh();
  });
  if (picker.runs.length === 0) show(h('h1', null, 'Calls'), noRuns(null));
  else {
    if (!view.get('run')) keep({ run: picker.runs[0].id });
    bar('calls');
    await refresh();
  }
} catch (error) {
  show(h('h1', null, 'Calls'), trouble(error));
}
