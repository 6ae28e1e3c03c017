import { h, ask, bar, badge, count, follow, keep, name, plain, post, sentence, show, span, table, time, trouble, view } from './app.js';

bar('alerts');
let last = null;

const Words = { mean: 'mean', p50: 'p50', p95: 'p95', p99: 'p99' };
/** The rule behind an alert, in words, from the figures that were announced with it. */
function rule(data) {
  if (data.budget !== undefined) return `budget of ${plain(data.limit)} ${data.unit ?? ''}`;
  if (data.metric === undefined) return '–';
  const of = data.model_name ? ` of ${data.model_name}` : '';
  const within = data.window_seconds ? ` within ${span(data.window_seconds)}` : '';
  return `${Words[data.aggregate] ?? data.aggregate ?? 'mean'} ${data.metric}${of}${within}, threshold ${plain(data.threshold)}`;
}
const found = data => data.spent !== undefined ? `${plain(data.spent)} spent` : plain(data.value ?? data.mean);

const Times = [['900', '15 min'], ['3600', '1 hour'], ['28800', '8 hours'], ['86400', '1 day'], ['604800', '1 week']];
async function silence(alert, seconds) {
  try {
    await post('api/v1/silences', { alert: alert.name, run_id: alert.run_id, seconds: Number(seconds) });
    await refresh();
  } catch (error) {
    show(h('h1', null, 'Alerts'), trouble(error), list());
  }
}

/** What silences a firing alert, or ends its silence. Its rule goes on, and its handlers still deliver it. */
function silencing(alert) {
  const key = `${alert.run_id} ${alert.name} ${alert.silenced_until ?? ''}`;
  if (alert.silenced_until) return h('button', { type: 'button', class: 'small', 'data-key': key, 'aria-label': `End silence of ${alert.name} of ${alert.run_name}`, onclick: () => silence(alert, 0) }, 'End silence');
  if (alert.state !== 'firing') return null;
  return h('select', { class: 'small', 'data-key': key, 'aria-label': `Silence ${alert.name} of ${alert.run_name}`, onchange: event => event.target.value && silence(alert, event.target.value) },
    h('option', { value: '' }, 'Silence…'), Times.map(([value, text]) => h('option', { value }, text)));
}
const stateOf = alert => alert.silenced_until ? [badge('silenced'), h('span', { class: 'sub' }, 'until ', time(alert.silenced_until))] : badge(alert.state);

async function refresh() {
  try {
    const state = view.get('state');
    last = await ask(`api/v1/alerts${state ? `?state=${encodeURIComponent(state)}` : ''}`);
    draw();
  } catch (error) {
    show(h('h1', null, 'Alerts'), trouble(error), last ? list() : null);
    if (error.status === 0) setTimeout(refresh, 3000);
  }
}

function list() {
  if (last.alerts.length === 0) {
    return h('div', { class: 'state', role: 'status' }, h('p', null, view.get('state') ? 'No alert is in this state.' : 'No run has announced an alert.'),
      view.get('state') ? h('p', null, h('a', { href: 'alerts' }, 'All alerts')) : h('p', null, 'A monitor announces alerts by the rules of its options.'));
  }
  return [table('Alerts', [
    ['Alert', a => [name(a.name), h('span', { class: 'sub' }, h('a', { href: `run?id=${a.run_id}` }, a.run_name))]],
    ['State', stateOf], ['Level', a => a.level], ['Since', a => time(a.start), 'nowrap'],
    ['Lasted', a => a.end ? span((new Date(a.end) - new Date(a.start)) / 1000) : a.state === 'firing' ? 'goes on' : '–', 'number'],
    ['Rule', a => rule(a.data), 'text'], ['Figure', a => found(a.data), 'number'], ['What happened', a => sentence(a.message), 'text'],
    ['Silence', silencing],
  ], last.alerts), last.matches > last.alerts.length ? h('p', { class: 'empty' }, `The first ${count(last.alerts.length)} of ${count(last.matches)}.`) : null];
}

function draw() {
  show(h('div', { class: 'title' }, h('h1', null, 'Alerts'), h('p', { class: 'lede' }, last.firing > 0 ? `${count(last.firing)} firing` : 'None firing')),
    h('div', { class: 'filters' }, h('div', { class: 'field' }, h('label', { for: 'state' }, 'State'), h('select', { id: 'state', onchange: event => {
      keep({ state: event.target.value });
      refresh();
    } }, [['', 'all'], ['firing', 'firing'], ['resolved', 'resolved'], ['run_ended', 'ended with the run']].map(([value, text]) => h('option', { value, selected: (view.get('state') ?? '') === value }, text))))),
    list());
}

await refresh();
follow(null, refresh);
