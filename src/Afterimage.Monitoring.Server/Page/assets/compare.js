import { h, ask, bar, badge, count, dollars, keep, name, noRuns, percent, plain, seconds, short, show, span, time, trouble, view } from './app.js';
import { TimeChart } from './chart.js';

const Most = 6;
bar('compare');
const ids = () => (view.get('runs') ?? '').split(',').filter(id => id);
let all = [];
let busy = null;
let every = view.get('all') === '1';

const Verdicts = { within_chance: 'within chance', missing: 'one has none', too_few_points: 'too few points', no_spread: 'no spread', not_finite: 'not finite' };
const time_ = metric => metric.endsWith('_time') || metric === 'time_to_first_token';
const value = (row, v) => row.kind !== 'number' ? percent(v) : time_(row.metric) ? seconds(v) : row.metric === 'cost_usd' ? dollars(v) : plain(v);
const figure = row => ({ mean: row.kind === 'number' ? 'mean' : 'rate', p50: 'p50', p95: 'p95', p99: 'p99' })[row.figure] ?? row.figure;

function pick() {
  const chosen = ids();
  const select = h('select', { id: 'add', onchange: event => set([...chosen, event.target.value]) },
    h('option', { value: '' }, chosen.length === 0 ? 'Choose a run' : 'Add a run'),
    all.filter(run => !chosen.includes(run.id)).map(run => h('option', { value: run.id }, run.name)));
  return h('div', { class: 'filters' },
    h('ol', { class: 'chosen' }, chosen.map((id, i) => h('li', { 'data-key': id }, h('i', { class: `key series-${i + 1}` }),
      h('a', { href: `run?id=${id}` }, all.find(run => run.id === id)?.name ?? id), i === 0 ? h('span', { class: 'hint' }, ' changes count from it') : null,
      h('button', { type: 'button', class: 'small', 'aria-label': `Leave out ${all.find(run => run.id === id)?.name ?? id}`, onclick: () => set(ids().filter(x => x !== id)) }, 'Leave out')))),
    chosen.length < Most ? h('div', { class: 'field', 'data-key': chosen.join() }, h('label', { for: 'add' }, 'Run'), select) : null);
}

function set(chosen) {
  keep({ runs: chosen.filter(id => id).join(',') });
  compare();
}

function change(row, i) {
  const made = row.changes[i];
  if (!made) return null;
  if (made.verdict !== 'beyond_chance') return h('span', { class: 'hint' }, Verdicts[made.verdict] ?? made.verdict);
  const text = made.relative !== undefined && row.kind === 'number' ? `${made.change > 0 ? '+' : '−'}${Math.abs(made.relative * 100).toFixed(1)} %`
    : row.kind === 'number' ? plain(made.change) : `${made.change > 0 ? '+' : '−'}${Math.abs(made.change * 100).toFixed(1)} points`;
  return h('strong', { title: `95 % confidence: ${plain(made.lower)} to ${plain(made.upper)}; adjusted p = ${plain(made.adjusted_p_value)}` }, text);
}

function runsTable(runs) {
  return h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'The runs' }, h('table', null, h('caption', { class: 'quiet' }, 'The runs'),
    h('thead', null, h('tr', null, ['Run', 'State', 'Started', 'Duration', 'Generations', 'Success', 'p95', 'Tokens', 'Cost'].map((text, i) => h('th', { scope: 'col', class: i > 2 ? 'number' : null }, text)))),
    h('tbody', null, runs.map((run, i) => h('tr', null, h('th', { scope: 'row' }, h('i', { class: `key series-${i + 1}` }), name(run.name)), h('td', null, badge(run.state)), h('td', { class: 'nowrap' }, time(run.start)),
      h('td', { class: 'number' }, span(run.duration_seconds)), h('td', { class: 'number' }, count(run.generations)), h('td', { class: 'number' }, percent(run.success_rate)),
      h('td', { class: 'number' }, seconds(run.p95_seconds)), h('td', { class: 'number' }, short(run.total_tokens)), h('td', { class: 'number' }, dollars(run.cost_usd)))))));
}

function differences(answer) {
  const rows = every ? answer.rows : answer.rows.filter(row => row.changes.some(made => made?.verdict === 'beyond_chance'));
  return h('section', { 'aria-labelledby': 'differences' }, h('div', { class: 'head' }, h('h2', { id: 'differences' }, 'Figures'),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: every, onchange: event => {
      every = event.target.checked;
      keep({ all: every ? '1' : null });
      draw(answer);
    } }), ' also those within chance')),
  h('p', { class: 'hint' }, `A change in bold is beyond chance: all such tests together are wrong at most ${answer.familywise_error_rate * 100} times in a hundred comparisons. Hover over it for its interval.`),
  rows.length === 0 ? h('p', { class: 'state' }, 'No figure differs beyond chance.')
    : h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Figures' }, h('table', null, h('caption', { class: 'quiet' }, 'Figures'),
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Metric'), h('th', { scope: 'col' }, 'Figure'),
        answer.runs.map((run, i) => [h('th', { scope: 'col', class: 'number' }, h('i', { class: `key series-${i + 1}` }), run.name), i > 0 ? h('th', { scope: 'col', class: 'number' }, 'Change') : null]))),
      h('tbody', null, rows.map(row => h('tr', null, h('th', { scope: 'row' }, name(row.metric)), h('td', null, figure(row)),
        row.values.map((v, i) => [h('td', { class: 'number' }, value(row, v)), i > 0 ? h('td', { class: 'number' }, change(row, i)) : null])))))));
}

/** Documents whose series have the same steps: counts of a second and of a minute do not compare. */
async function read(chosen, how) {
  const path = (id, step) => `api/v1/runs/${encodeURIComponent(id)}${step ? `?step=${step}` : ''}`;
  const found = await Promise.all(chosen.map(id => ask(path(id), how)));
  const step = Math.max(...found.map(d => d.series.width_seconds));
  return Promise.all(found.map((d, i) => d.series.width_seconds === step ? d : ask(path(chosen[i], step), how)));
}

// Runs began at different times: their figures lie over each other by the time since their start.
let step = 0;
let overlays = [];
let overlayKey = '';
function overlay(title, documents, column, format) {
  const starts = documents.map(d => d.series.time[0] ?? 0);
  const times = [...new Set(documents.flatMap((d, i) => d.series.time.map(t => Math.round(t - starts[i]))))].sort((a, b) => a - b);
  const at = new Map(times.map((t, i) => [t, i]));
  const data = documents.map((d, i) => {
    const values = times.map(() => null);
    d.series.time.forEach((t, k) => { values[at.get(Math.round(t - starts[i]))] = d.series[column][k]; });
    return values;
  });
  const chart = new TimeChart(title, documents.map((d, i) => [d.run.name, `--series-${i + 1}`]), format, { elapsed: true });
  chart.set([times, ...data]);
  return chart.element;
}

function draw(answer, documents) {
  if (documents) {
    step = documents[0].series.width_seconds;
    overlayKey = `${ids().join()} ${performance.now()}`;
    overlays = [
      overlay('Generation time, p95', documents, 'p95', seconds), overlay('Calls that succeeded', documents, 'succeeded', count),
      overlay('Calls that failed', documents, 'failed', count), overlay('Completion tokens', documents, 'completion_tokens', short),
    ];
  }
  show(h('div', { class: 'title' }, h('h1', null, 'Compare')), pick(), runsTable(answer.runs), differences(answer),
    h('section', { 'aria-labelledby': 'over' }, h('h2', { id: 'over' }, 'Over time'), h('p', { class: 'hint' }, `By the time since each run’s start. Each point is for ${span(step)}.`),
      h('div', { class: 'figures', 'data-key': overlayKey }, documents ? overlays : overlays.map(element => h('figure', { 'data-keep': element.dataset.keep })))));
}

async function compare() {
  busy?.abort();
  const mine = busy = new AbortController();
  const chosen = ids();
  const title = h('div', { class: 'title' }, h('h1', null, 'Compare'));
  if (chosen.length < 2) {
    show(title, pick(), h('p', { class: 'state' }, chosen.length === 0 ? 'Choose two to six runs. Their figures are put side by side, with what differs beyond chance.' : 'Choose one more run.'));
    return;
  }
  show(title, pick(), h('p', { class: 'state', role: 'status' }, 'Reading and comparing the runs…'));
  try {
    draw(...await Promise.all([ask(`api/v1/compare?runs=${chosen.join(',')}`, { signal: mine.signal }), read(chosen, { signal: mine.signal })]));
  } catch (error) {
    if (error.name !== 'AbortError') show(title, pick(), trouble(error));
  }
}

try {
  all = (await ask('api/v1/runs?limit=500')).runs;
  if (all.length === 0) show(h('h1', null, 'Compare'), noRuns(null));
  else await compare();
} catch (error) {
  show(h('h1', null, 'Compare'), trouble(error));
}
