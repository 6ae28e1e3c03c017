import { h, ask, bar, chooser, count, keep, name, noRuns, plain, post, show, source, stamp, trouble, view } from './app.js';
import { TimeChart } from './chart.js';

const Examples = [
  ['Latency by model and minute', "SELECT date_trunc('minute', timestamp) AS minute, model_name, count(*) AS calls, quantile_disc(duration, 0.95) AS p95\nFROM generations GROUP BY ALL ORDER BY ALL"],
  ['Tokens and cost by model', 'SELECT model_name, count(*) AS calls, sum(total_token_count) AS tokens, sum(cost_usd) AS dollars\nFROM generations GROUP BY ALL ORDER BY tokens DESC'],
  ['Most frequent errors', 'SELECT error, count(*) AS times, min(timestamp) AS first, max(timestamp) AS last\nFROM generations WHERE error IS NOT NULL GROUP BY ALL ORDER BY times DESC LIMIT 20'],
  ['Answers cut off at their limit', "SELECT model_name, avg((finish_reason = 'length')::INT) AS cut_off\nFROM generations GROUP BY ALL ORDER BY ALL"],
  ['Calls a minute', "SELECT date_trunc('minute', timestamp) AS minute, count(*) AS calls, count(*) FILTER (NOT success) AS failed\nFROM generations GROUP BY ALL ORDER BY ALL"],
  ['Scores of evaluations', "SELECT metric, count(*) AS scores, avg(value) AS mean, min(value) AS least\nFROM points WHERE starts_with(metric, 'evaluation_score_') AND isfinite(value) GROUP BY ALL ORDER BY ALL"],
  ['Scores by the model that answered', 'SELECT model_name, evaluator_type, count(*) AS judged, avg(evaluation_success::INT) AS success\nFROM judged_generations GROUP BY ALL ORDER BY ALL'],
  ['Warnings and errors of the log', "SELECT timestamp, level, message, error\nFROM logs WHERE level IN ('warning', 'error', 'critical') ORDER BY timestamp"],
];
const Views = ['generations', 'evaluations', 'judged_generations', 'points', 'logs', 'alerts'];
// The cluster has a dialect of its own, and all runs: an example selects the one that is chosen.
const FleetExamples = [
  ['Latency by model and minute', 'SELECT toStartOfMinute(timestamp) AS minute, model_name, count() AS calls,\n  quantileExact(0.95)(duration) AS p95\nFROM generations WHERE run = RUN\nGROUP BY minute, model_name ORDER BY minute, model_name'],
  ['Tokens and cost by model', 'SELECT model_name, count() AS calls, sum(total_token_count) AS tokens, sum(cost_usd) AS dollars\nFROM generations WHERE run = RUN GROUP BY model_name ORDER BY tokens DESC'],
  ['Most frequent errors', "SELECT error, count() AS times, min(timestamp) AS first, max(timestamp) AS last\nFROM generations WHERE run = RUN AND error != '' GROUP BY error ORDER BY times DESC LIMIT 20"],
  ['Calls a minute', 'SELECT toStartOfMinute(timestamp) AS minute, count() AS calls, countIf(success = 0) AS failed\nFROM generations WHERE run = RUN GROUP BY minute ORDER BY minute'],
  ['Scores of evaluations', "SELECT metric, count() AS scores, avg(value) AS mean, min(value) AS least\nFROM points WHERE run = RUN AND metric LIKE 'evaluation_score_%' AND isFinite(value) GROUP BY metric ORDER BY metric"],
  ['Warnings and errors of the log', "SELECT timestamp, level, message, error\nFROM logs WHERE run = RUN AND level IN ('warning', 'error', 'critical') ORDER BY timestamp"],
  ['Calls of every host today', 'SELECT host, sum(calls) AS calls\nFROM (SELECT run, count() AS calls FROM generations WHERE date = today() GROUP BY run)\nANY LEFT JOIN (SELECT run, any(host) AS host FROM runs GROUP BY run) USING run\nGROUP BY host ORDER BY calls DESC'],
];
const FleetViews = ['generations', 'evaluations', 'points', 'logs', 'alerts', 'runs'];
const isFleet = () => source === 'fleet';
const examples = () => isFleet() ? FleetExamples.map(([title, sql]) => [title, sql.replaceAll('RUN', `'${fleetId()}'`)]) : Examples;
const fleetId = () => picker?.runs.find(run => run.id === view.get('run'))?.fleet_id ?? '';
const Shown = 500;

bar('sql');
let picker = null;
let busy = null;
const text = h('textarea', { id: 'sql', rows: '6', spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': 'sql-hint', onkeydown: event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
} });
const result = h('div', { id: 'result', role: 'region', 'aria-label': 'Result', 'aria-live': 'polite' });
const button = h('button', { type: 'button', class: 'primary', onclick: () => busy ? busy.abort() : run() }, 'Run');

const query = (sql, options) => post(`api/v1/runs/${encodeURIComponent(view.get('run'))}/query`, { sql }, options);

async function run() {
  busy?.abort();
  const mine = busy = new AbortController();
  keep({ sql: text.value });
  button.textContent = 'Stop';
  put(h('p', { class: 'state' }, 'Running…'));
  try {
    put(...shown(await query(text.value, { signal: mine.signal })));
  } catch (error) {
    put(error.name === 'AbortError' ? h('p', { class: 'state' }, 'Stopped.') : trouble(error));
  } finally {
    if (busy === mine) {
      busy = null;
      button.textContent = 'Run';
    }
  }
}
const put = (...content) => result.replaceChildren(...content);

const cell = (value, kind) => value === null ? h('span', { class: 'hint' }, 'NULL') : kind === 'time' ? h('span', { title: value }, stamp(value)) : kind === 'number' && typeof value === 'number' ? plain(value) : typeof value === 'object' ? JSON.stringify(value) : name(String(value));

function shown(answer) {
  const { columns, rows } = answer;
  const file = (what, type, content) => h('a', { class: 'button', download: `query.${type}`, href: URL.createObjectURL(new Blob([content()], { type: type === 'csv' ? 'text/csv' : 'application/json' })) }, what);
  const chart = chartOf(answer);
  return [
    h('div', { class: 'head' }, h('p', { class: 'lede' }, `${count(rows.length)} ${rows.length === 1 ? 'row' : 'rows'} in ${plain(Number(answer.seconds.toPrecision(2)))} s`,
      answer.is_cut ? '; there are more: the limit is reached' : null, answer.skipped_lines > 0 ? `; ${count(answer.skipped_lines)} lines that are no records are left out` : null),
    rows.length ? h('p', { class: 'actions' }, file('CSV', 'csv', () => csv(answer)), file('JSON', 'json', () => JSON.stringify(rows.map(row => Object.fromEntries(columns.map((c, i) => [c.name, row[i]])))))) : null),
    chart?.element,
    rows.length ? h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Rows' }, h('table', null, h('caption', { class: 'quiet' }, 'Rows'),
      h('thead', null, h('tr', null, columns.map(c => h('th', { scope: 'col', class: c.kind === 'number' ? 'number' : null }, c.name)))),
      h('tbody', null, rows.slice(0, Shown).map(row => h('tr', null, row.map((value, i) => h('td', { class: columns[i].kind === 'number' ? 'number' : columns[i].kind === 'time' ? 'nowrap' : 'text' }, cell(value, columns[i].kind)))))))) : h('p', { class: 'state' }, 'No rows.'),
    rows.length > Shown ? h('p', { class: 'empty' }, `The first ${Shown} of ${count(rows.length)}: CSV and JSON have all.`) : null,
  ].filter(x => x);
}

// One row a time, and numbers: that is a chart. Rows of several kinds a time are a line each.
function chartOf({ columns, rows }) {
  const t = columns.findIndex(c => c.kind === 'time');
  const numbers = columns.map((c, i) => [c, i]).filter(([c]) => c.kind === 'number');
  if (t < 0 || rows.length < 2 || numbers.length === 0 || rows.some(row => row[t] === null)) return null;
  const times = [...new Set(rows.map(row => row[t]))].sort();
  if (times.length < 2 || times.length > 5000) return null;
  const kinds = columns.map((c, i) => [c, i]).filter(([c]) => c.kind === 'text' || c.kind === 'flag');
  const keyOf = row => kinds.map(([, i]) => String(row[i])).join(' · ');
  const names = [...new Set(rows.map(keyOf))];
  if (times.length * names.length < rows.length || names.length > 6) return null;
  const at = new Map(times.map((time, i) => [time, i]));
  const [value, index] = kinds.length ? numbers.at(-1) : [null, -1];
  const lines = kinds.length ? names : numbers.slice(0, 6).map(([c]) => c.name);
  const data = lines.map(() => times.map(() => null));
  for (const row of rows) {
    if (kinds.length) data[names.indexOf(keyOf(row))][at.get(row[t])] = typeof row[index] === 'number' ? row[index] : null;
    else numbers.slice(0, 6).forEach(([, i], line) => { data[line][at.get(row[t])] = typeof row[i] === 'number' ? row[i] : null; });
  }
  const chart = new TimeChart(kinds.length ? `${value.name} over ${columns[t].name}` : 'Over time', lines.map((line, i) => [line, `--series-${i + 1}`]), plain);
  chart.set([times.map(time => new Date(time).getTime() / 1000), ...data]);
  return chart;
}

// RFC 4180. A text that a spreadsheet would run as a formula has an apostrophe before it.
function csv({ columns, rows }) {
  const field = value => {
    const plainText = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    const harmless = typeof value === 'string' && /^[=+\-@\t\r]/.test(plainText) ? `'${plainText}` : plainText;
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  };
  return [columns.map(c => field(c.name)), ...rows.map(row => row.map(field))].map(line => line.join(',') + '\r\n').join('');
}

async function columnsOf(viewName, place) {
  if (place.childElementCount > 0) return;
  place.append(h('p', { class: 'hint' }, 'Reading…'));
  try {
    const found = await query(`DESCRIBE ${viewName}`);
    place.replaceChildren(h('ul', { class: 'columns' }, found.rows.map(([column, type]) => h('li', null, h('code', null, column), ' ', h('span', { class: 'hint' }, type.toLowerCase())))));
  } catch (error) {
    place.replaceChildren(trouble(error));
  }
}

function help() {
  return h('aside', { class: 'help', 'aria-label': 'Help' },
    h('h2', null, 'Examples'),
    h('ul', { class: 'examples' }, examples().map(([title], i) => h('li', null, h('button', { type: 'button', class: 'link', onclick: () => {
      text.value = examples()[i][1];
      run();
    } }, title)))),
    h('h2', null, 'Views'),
    (isFleet() ? FleetViews : Views).map(viewName => {
      const place = h('div');
      return h('details', { ontoggle: event => event.target.open && columnsOf(viewName, place) }, h('summary', null, h('code', null, viewName)), place);
    }));
}

try {
  picker = await chooser(view.get('run'), id => {
    const before = fleetId();
    keep({ run: id });
    if (before) text.value = text.value.replaceAll(before, fleetId());
    bar('sql');
    run();
  });
  if (picker.runs.length === 0) show(h('h1', null, 'SQL'), noRuns(null));
  else {
    if (!view.get('run')) keep({ run: picker.runs[0].id });
    bar('sql');
    text.value = view.get('sql') ?? examples()[0][1];
    show(h('div', { class: 'title' }, h('h1', null, 'SQL'), h('p', { class: 'actions' }, h('a', { class: 'button', href: `run?id=${view.get('run')}` }, 'The run'))),
      h('div', { class: 'sql' },
        h('div', null, h('div', { class: 'filters' }, picker.field),
          h('div', { class: 'field' }, h('label', { for: 'sql' }, 'Statement'), text),
          h('div', { class: 'head' }, h('p', { class: 'hint', id: 'sql-hint' }, isFleet() ? 'ClickHouse’s SQL over the records of all runs in the fleet: nothing is changed. Ctrl+Enter runs it.' : 'DuckDB’s SQL over a copy of the run’s records: nothing is changed. Ctrl+Enter runs it.'), button),
          result),
        help()));
    if (view.get('sql')) await run();
  }
} catch (error) {
  show(h('h1', null, 'SQL'), trouble(error));
}
