// Charts over time: a canvas for the eye, and the same figures as a table for everybody.
import { count, h, span, stamp } from './app.js';

const colour = variable => getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
const charts = new Set();
let zoomed = null;
let onZoom = () => {};

/** Is told which span of time was brushed; null: none any more. */
export function whenZoomed(callback) { onZoom = callback; }

/** Shows a span of time in all charts. */
export function zoom(span) {
  zoomed = span;
  for (const chart of charts) chart.fit();
}

export class TimeChart {
  /** @param lines [label, colour variable, dashed?] of each line. */
  constructor(title, lines, format, { elapsed = false } = {}) {
    this.title = title;
    this.when = elapsed ? span : t => stamp(t * 1000);
    this.elapsed = elapsed;
    this.lines = lines;
    this.format = format;
    this.data = [[], ...lines.map(() => [])];
    this.values = lines.map(() => h('span', { class: 'now' }));
    this.canvas = h('div', { class: 'canvas', role: 'img', 'aria-label': title });
    this.rows = h('div', { class: 'scroll twin', tabindex: '0', role: 'group', 'aria-label': `${title}, as a table`, hidden: true });
    this.toggle = h('button', { type: 'button', class: 'small', 'aria-pressed': 'false', 'aria-label': `${title} as a table`, onclick: () => this.flip() }, 'Table');
    this.element = h('figure', { 'data-keep': title },
      h('figcaption', null,
        h('div', { class: 'head' }, h('h2', null, title), this.toggle),
        h('div', { class: 'legend' }, lines.map(([label, variable], i) => h('span', null, h('i', { class: `key ${variable.slice(2)}` }), label, ' ', this.values[i])))),
      this.canvas, this.rows);
    charts.add(this);
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  set(data) {
    this.data = data;
    this.canvas.setAttribute('aria-label', this.describe());
    if (this.plot) {
      this.plot.setData(data, false);
      this.fit();
    }
    if (!this.rows.hidden) this.fill();
    this.tell(null);
  }

  describe() {
    const times = this.data[0];
    if (times.length === 0) return `${this.title}: no data.`;
    const parts = this.lines.map(([label], i) => {
      const values = this.data[i + 1].filter(v => v !== null);
      return values.length ? `${label} from ${this.format(Math.min(...values))} to ${this.format(Math.max(...values))}` : `${label} without data`;
    });
    return `${this.title}, ${this.when(times[0])} to ${this.when(times.at(-1))}: ${parts.join('; ')}.`;
  }

  tell(index) {
    this.lines.forEach((_, i) => {
      const values = this.data[i + 1];
      const value = index === null ? values.findLast(v => v !== null) : values[index];
      this.values[i].textContent = this.format(value);
    });
  }

  fit() {
    if (!this.plot) return;
    const times = this.data[0];
    const shown = (this.elapsed ? null : zoomed) ?? [times[0] ?? 0, times.at(-1) ?? 1];
    const width = times.length > 1 ? times[1] - times[0] : 1;
    this.plot.batch(() => {
      this.plot.setScale('x', { min: shown[0], max: shown[1] > shown[0] ? shown[1] : shown[0] + width });
    });
  }

  flip() {
    const asTable = this.rows.hidden;
    this.rows.hidden = !asTable;
    this.canvas.hidden = asTable;
    this.toggle.setAttribute('aria-pressed', String(asTable));
    this.toggle.textContent = asTable ? 'Chart' : 'Table';
    if (asTable) this.fill();
    else this.resize();
  }

  fill() {
    const times = this.data[0];
    this.rows.replaceChildren(h('table', null,
      h('caption', { class: 'quiet' }, this.title),
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'From'), this.lines.map(([label]) => h('th', { scope: 'col', class: 'number' }, label)))),
      h('tbody', null, times.map((t, i) => h('tr', null, h('th', { scope: 'row' }, this.when(t)),
        this.lines.map((_, l) => h('td', { class: 'number' }, this.format(this.data[l + 1][i]))))).reverse())));
  }

  resize() {
    const width = this.canvas.clientWidth;
    if (width === 0) return;
    if (this.plot) this.plot.setSize({ width, height: 180 });
    else this.draw(width);
  }

  draw(width) {
    this.plot?.destroy();
    const faint = colour('--faint');
    const axis = {
      stroke: faint, font: '12px system-ui, sans-serif', ticks: { show: false },
      grid: { stroke: colour('--grid'), width: 1 },
    };
    this.plot = new window.uPlot({
      width, height: 180, padding: [8, 20, 0, 0], legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
      scales: { x: { time: !this.elapsed }, y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 0) > 0 ? max * 1.08 : 1] } },
      axes: [
        { ...axis, space: 70, grid: { show: false }, size: 28, ...this.elapsed ? { incrs: Elapsed, values: (_, ticks) => ticks.map(span) } : { values: times } },
        { ...axis, size: 56, space: 36, ...this.format === count ? { incrs: Whole } : null, values: (_, ticks) => ticks.map(v => tick(this.format(v))) },
      ],
      series: [{}, ...this.lines.map(([label, variable, how]) => ({
        label, stroke: colour(variable), width: 1.75, spanGaps: false,
        fill: how === 'area' ? colour(variable) + '26' : undefined,
        points: { show: this.data[0].length < 3, size: 5, filter: (plot, line, all) => all ? null : alone(plot.data[line]) },
      }))],
      hooks: {
        setCursor: [plot => this.tell(plot.cursor.idx ?? null)],
        setSelect: [plot => {
          if (plot.select.width < 4) return;
          const brushed = [plot.posToVal(plot.select.left, 'x'), plot.posToVal(plot.select.left + plot.select.width, 'x')];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom(brushed);
        }],
      },
    }, this.data, this.canvas);
    this.plot.over.addEventListener('dblclick', () => onZoom(null));
    this.fit();
  }
}

// Steps of what is counted.
const Whole = [...Array(16).keys()].flatMap(power => [1, 2, 5].map(step => step * 10 ** power));

// A value between two gaps has no line, so it needs a point to be seen.
const alone = values => values.flatMap((value, i) => value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []);

// Steps of elapsed time that people count in, in seconds.
const Elapsed = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000];

// On an axis, zeros behind the point say nothing.
const tick = text => text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');

const two = value => String(value).padStart(2, '0');
function times(_, ticks, __, ___, step) {
  return ticks.map(tick => {
    const t = new Date(tick * 1000);
    const day = `${two(t.getMonth() + 1)}-${two(t.getDate())}`;
    if (step >= 86400) return day;
    const clock = `${two(t.getHours())}:${two(t.getMinutes())}`;
    return step < 60 ? `${clock}:${two(t.getSeconds())}` : t.getHours() === 0 && t.getMinutes() === 0 ? day : clock;
  });
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const chart of charts) if (chart.plot) chart.draw(chart.canvas.clientWidth);
});
