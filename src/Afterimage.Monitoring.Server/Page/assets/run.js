import { h, ask, bar, badge, count, dollars, follow, keep, name, percent, plain, seconds, sentence, short, show, span, table, time, trouble, view } from './app.js';
import { TimeChart, whenZoomed, zoom } from './chart.js';

const Windows = [['300', '5 min'], ['900', '15 min'], ['3600', '1 h'], ['21600', '6 h'], ['86400', '24 h'], ['', 'All']];
const id = view.get('id') ?? '';
bar('run');

const charts = {
  calls: new TimeChart('Calls', [['succeeded', '--series-1', 'area'], ['failed', '--series-2', 'area']], count),
  duration: new TimeChart('Generation time', [['p50', '--series-1'], ['p95', '--series-2']], seconds),
  first: new TimeChart('Time to first token', [['p50', '--series-1'], ['p95', '--series-2']], seconds),
  tokens: new TimeChart('Tokens', [['prompt', '--series-3', 'area'], ['completion', '--series-4', 'area']], short),
  cost: new TimeChart('Cost', [['US dollars', '--series-6', 'area']], dollars),
  score: new TimeChart('Evaluation scores', [['mean of all scores', '--series-5']], plain),
};
let last = null;
let span0 = view.get('from') && view.get('to') ? [Number(view.get('from')), Number(view.get('to'))] : null;
whenZoomed(to => {
  span0 = to;
  keep({ from: to?.[0].toFixed(3), to: to?.[1].toFixed(3) });
  zoom(to);
  if (last) draw(last);
});

async function refresh() {
  try {
    const window = view.get('window');
    last = await ask(`api/v1/runs/${encodeURIComponent(id)}${window ? `?window=${encodeURIComponent(window)}` : ''}`);
    draw(last);
  } catch (error) {
    show(h('h1', null, last?.run.name ?? 'Run'), trouble(error), last ? body(last) : null);
    if (error.status === 0 || (error.status === 404 && error.message.includes('still'))) setTimeout(refresh, 3000);
  }
}

const any = values => values.some(value => value !== null);
const tile = (label, value, more) => h('div', null, h('dt', null, label), h('dd', null, h('span', { class: 'value' }, value), h('span', { class: 'more' }, more)));
const section = (key, title, ...content) => h('section', { 'aria-labelledby': key }, h('h2', { id: key }, title), ...content);

// The calls of what the charts show.
function between(answer) {
  const [from, to] = span0 ? span0.map(at => new Date(at * 1000).toISOString()) : [answer.from, null];
  return (from ? `&since=${encodeURIComponent(from)}` : '') + (to ? `&until=${encodeURIComponent(to)}` : '');
}

function head(answer) {
  const { run } = answer;
  return [
    h('div', { class: 'title' },
      h('h1', null, name(run.name), ' ', badge(run.state)),
      h('p', { class: 'lede' }, run.start ? ['Started ', time(run.start), run.state === 'live' ? ', running for ' : ', took ', span(run.duration_seconds)] : null,
        run.process ? ` · ${run.process}` : null, run.host ? ` on ${run.host}` : null),
      h('p', { class: 'actions' }, h('a', { class: 'button', href: `calls?run=${run.id}${between(answer)}` }, 'Calls'), h('a', { class: 'button', href: `sql?run=${run.id}` }, 'SQL'),
        h('a', { class: 'button', href: `compare?runs=${run.id}` }, 'Compare'))),
    h('fieldset', { class: 'windows' }, h('legend', { class: 'quiet' }, 'Span of time'),
      Windows.map(([value, text]) => h('label', null,
        h('input', { type: 'radio', name: 'window', value, checked: (view.get('window') ?? '') === value, onchange: () => {
          span0 = null;
          zoom(null);
          keep({ window: value, from: null, to: null });
          refresh();
        } }), h('span', null, text))),
      span0 ? h('button', { type: 'button', class: 'small', onclick: () => {
        span0 = null;
        keep({ from: null, to: null });
        zoom(null);
        draw(last);
      } }, 'Undo zoom') : h('span', { class: 'hint drag' }, answer.series.time.length ? `Each point is for ${span(answer.series.width_seconds)}. Drag over a chart to zoom.` : null)),
  ];
}

function notes(answer) {
  const f = answer.figures;
  const said = [
    f.unpriced_tokens > 0 ? `${count(f.unpriced_tokens)} tokens have no known price and are not in the cost.` : null,
    f.usage_missing > 0 ? `${count(f.usage_missing)} calls came without usage: their tokens and cost are not known.` : null,
    answer.skipped_lines > 0 ? `${count(answer.skipped_lines)} lines of the log are no valid records and are left out.` : null,
    answer.run.trouble ? `The log cannot be read: ${answer.run.trouble}` : null,
    answer.source === 'fleet' && answer.run.state === 'live' ? 'Not live: the program goes on, and this page has what its shipper has sent. The last seconds are missing.' : null,
    answer.run.state === 'killed' ? 'The program ended without saying so. What it had written is here.' : null,
  ].filter(x => x);
  return said.length ? h('ul', { class: 'notes' }, said.map(text => h('li', null, text))) : null;
}

function tiles(f) {
  return h('dl', { class: 'tiles' },
    tile('Generations', count(f.generations), f.calls_per_minute ? `${plain(Number(f.calls_per_minute.toPrecision(3)))} a minute` : ''),
    tile('Success', percent(f.success_rate), f.failed > 0 ? `${count(f.failed)} failed` : 'none failed'),
    tile('Generation time, p95', seconds(f.p95_seconds), `p50 ${seconds(f.p50_seconds)}, p99 ${seconds(f.p99_seconds)}`),
    f.time_to_first_token_p95 !== undefined ? tile('First token, p95', seconds(f.time_to_first_token_p95), `p50 ${seconds(f.time_to_first_token_p50)}`) : null,
    tile('Tokens', short(f.total_tokens), f.total_tokens === undefined ? 'none given' : `${short(f.prompt_tokens)} prompt, ${short(f.completion_tokens)} completion`),
    tile('Cost', dollars(f.cost_usd), f.cost_usd === undefined ? 'no price recorded' : f.generations > 0 ? `${dollars(f.cost_usd / f.generations)} a generation` : ''),
    f.evaluations > 0 ? tile('Evaluations', count(f.evaluations), '') : null);
}

// Charts stay where they are while their data change: what stands on the page already is named, and not moved.
function figures(s) {
  const shown = [
    [charts.calls, s.succeeded, s.failed],
    [charts.duration, s.p50, s.p95],
    any(s.first_token_p95) ? [charts.first, s.first_token_p50, s.first_token_p95] : null,
    s.prompt_tokens.some(v => v > 0) || s.completion_tokens.some(v => v > 0) ? [charts.tokens, s.prompt_tokens, s.completion_tokens] : null,
    any(s.cost_usd) ? [charts.cost, s.cost_usd] : null,
    any(s.score) ? [charts.score, s.score] : null,
  ].filter(x => x);
  const key = shown.map(([chart]) => chart.title).join();
  const stays = document.querySelector('.figures')?.dataset.key === key;
  for (const [chart, ...columns] of shown) chart.set([s.time, ...columns]);
  return h('div', { class: 'figures', 'data-key': key },
    shown.map(([chart]) => stays ? h('figure', { 'data-keep': chart.title }) : chart.element));
}

const groups = first => [
  ...first,
  ['Calls', g => count(g.calls), 'number'], ['Success', g => h('span', { class: g.success_rate < 0.9 ? 'poor' : null }, percent(g.success_rate)), 'number'],
  ['p50', g => seconds(g.p50_seconds), 'number'], ['p95', g => seconds(g.p95_seconds), 'number'],
  ['Prompt', g => short(g.prompt_tokens), 'number'], ['Completion', g => short(g.completion_tokens), 'number'],
  ['Cost', g => g.cost_usd === undefined && g.unpriced_tokens > 0 ? h('span', { class: 'hint' }, 'unpriced') : dollars(g.cost_usd), 'number'],
];
const Amounts = {
  dollars, tokens: short, generations: count, consecutive_failures: v => `${count(v)} in a row`, wall_time: span,
};
const amount = (budget, value) => (Amounts[budget.unit] ?? plain)(value);
function used(budget) {
  const share = budget.limit > 0 ? Math.min(1, budget.spent / budget.limit) : 1;
  return [h('meter', { min: 0, low: 0.8, high: 0.95, max: 1, optimum: 0, value: share, 'aria-hidden': 'true' }), h('span', null, percent(share))];
}
const budgetNotes = budgets => budgets.filter(b => b.unpriced_token_count > 0 || b.usage_missing_count > 0).map(b => h('p', { class: 'empty' }, `${b.name}: `,
  [b.unpriced_token_count > 0 ? `${count(b.unpriced_token_count)} tokens without a known price are not in it.` : null,
    b.usage_missing_count > 0 ? `${count(b.usage_missing_count)} calls came without usage and are in it as estimated.` : null].filter(x => x).join(' ')));
const calls = extra => [
  ['Time', c => time(c.time), 'nowrap'], ['Model', c => name(c.model_name)], ['Duration', c => seconds(c.duration), 'number'], ...extra,
];
const metrics = first => [
  [first, m => name(m.name)], ['Count', m => count(m.count), 'number'], ['Mean', m => plain(m.mean), 'number'], ['Least', m => plain(m.min), 'number'],
  ['p50', m => plain(m.p50), 'number'], ['p95', m => plain(m.p95), 'number'], ['Greatest', m => plain(m.max), 'number'],
];

function body(answer) {
  const { run } = answer;
  if (run.generations === 0 && run.evaluations === 0 && answer.metrics.length === 0 && answer.log.length === 0) {
    return h('div', { class: 'state', role: 'status' }, h('p', null, h('strong', null, 'This run has no records yet.')),
      h('p', null, run.state === 'live' ? 'They appear here as soon as its program writes some.' : 'Its program ended before it wrote any.'));
  }
  const total = answer.alerts.length;
  return [
    notes(answer),
    tiles(answer.figures),
    answer.series.time.length ? figures(answer.series) : h('p', { class: 'empty' }, 'Nothing happened in this span of time.'),
    answer.alerts.length ? section('alerts', 'Alerts', table('Alerts', [
      ['Alert', a => name(a.name)], ['State', a => badge(a.silenced_until ? 'silenced' : a.state)], ['Level', a => a.level], ['Since', a => time(a.start), 'nowrap'],
      ['Lasted', a => a.end ? span((new Date(a.end) - new Date(a.start)) / 1000) : '–', 'number'], ['What happened', a => sentence(a.message), 'text'],
    ], answer.alerts.slice(0, 20)), total > 20 ? h('p', { class: 'empty' }, `The first 20 of ${count(total)}. `, h('a', { href: 'alerts' }, 'All alerts')) : null) : null,
    answer.budgets.length ? section('budgets', 'Budgets', table('Budgets', [
      ['Budget', b => [name(b.name), b.is_spent ? [' ', badge('spent')] : null, b.model_name || b.tag ? h('span', { class: 'sub' }, [b.model_name, b.tag ? `${b.tag.key} = ${b.tag.value}` : null].filter(x => x).join(', ')) : null]],
      ['Period', b => b.period === 'run' ? 'the run' : [`${b.period} from `, time(b.period_start)], 'nowrap'],
      ['Limit', b => amount(b, b.limit), 'number'], ['Spent', b => amount(b, b.spent), 'number'], ['Reserved', b => b.reserved > 0 ? amount(b, b.reserved) : '–', 'number'],
      ['Left', b => amount(b, b.remaining), 'number'], ['Used', b => used(b), 'used'],
    ], answer.budgets), budgetNotes(answer.budgets)) : null,
    answer.models.length ? section('models', 'By model', table('By model', groups([['Model', g => name(g.name)]]), answer.models)) : null,
    answer.tags.length ? section('tags', 'By tag', table('By tag', groups([['Tag', g => [name(g.key), ' = ', name(g.name)]]]), answer.tags)) : null,
    answer.failures.length ? section('failures', 'Failed calls', table('The last failed calls', calls([['Error', c => c.error ? name(c.error) : 'none given', 'text']]), answer.failures.slice(0, 10)),
      h('p', { class: 'empty' }, h('a', { href: `calls?run=${run.id}&success=false` }, 'All failed calls'))) : null,
    answer.slowest.length ? section('slowest', 'Slowest calls', table('The slowest calls', calls([
      ['Prompt', c => count(c.prompt_tokens), 'number'], ['Completion', c => count(c.completion_tokens), 'number'], ['Finish reason', c => name(c.finish_reason)],
      ['Outcome', c => c.success ? 'succeeded' : 'failed']]), answer.slowest.slice(0, 10)),
      h('p', { class: 'empty' }, h('a', { href: `calls?run=${run.id}&sort=duration&order=desc` }, 'All calls by duration'))) : null,
    answer.scores.length ? section('scores', 'Evaluations', table('Scores of evaluations', metrics('Score'), answer.scores)) : null,
    answer.metrics.length ? section('metrics', 'Other metrics', table('Metrics of the program', metrics('Metric'), answer.metrics)) : null,
    answer.log.length ? section('log', 'Log', table('The newest log entries', [
      ['Time', e => time(e.time), 'nowrap'], ['Level', e => h('span', { class: `level ${e.level}` }, e.level)], ['Message', e => [name(e.message), e.error ? h('span', { class: 'sub' }, e.error) : null], 'text'],
    ], answer.log.slice(0, 50))) : null,
  ];
}

function draw(answer) {
  document.title = `${answer.run.name} · Afterimage`;
  zoom(span0);
  show(head(answer), body(answer));
}

await refresh();
follow(id, refresh);
