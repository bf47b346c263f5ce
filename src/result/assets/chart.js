// chart.js: line charts in inline SVG, drawn again whenever their width changes. Knows nothing of weir.
'use strict';

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

function make(parent, node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  if (parent) parent.append(node);
  return node;
}

/** Elements; texts are always set as text, never as markup. */
const h = (tag, attributes, ...children) => make(null, document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) =>
  make(null, document.createElementNS(SVG_NAMESPACE, tag), attributes, children);

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** Four significant digits, with thousands set apart. */
function formatNumber(value) {
  if (!isNumber(value)) return 'n/a';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e7) return (value / 1e6).toPrecision(4) + 'M';
  const digits = size >= 1000 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(size)));
  const [whole, rest] = value.toFixed(Math.min(digits, size < 1 ? 3 : digits)).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, '\u2009') + (rest === undefined ? '' : '.' + rest);
}

function formatTick(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return +(value / 1e6).toPrecision(3) + 'M';
  if (size >= 1e4) return +(value / 1e3).toPrecision(3) + 'k';
  return String(+value.toPrecision(4));
}

// ---- scales ----

function linearTicks(low, high, wanted) {
  const raw = (high - low) / wanted;
  const power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.999);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return ticks;
}

function logTicks(low, high, wanted) {
  const decades = Math.log10(high / low);
  const parts = decades > wanted ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const part of parts) {
      const tick = part * Math.pow(10, power);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks.length >= 2 ? ticks : linearTicks(low, high, wanted);
}

function makeScale(values, from, to, options) {
  const kept = values.filter((v) => isNumber(v) && (!options.log || v > 0));
  let low = kept.length ? Math.min(...kept) : options.log ? 1 : 0;
  let high = kept.length ? Math.max(...kept) : 1;
  if (options.log) {
    const margin = options.tight ? 1 : Math.max(1.08, Math.pow(high / low, 0.06));
    low /= margin;
    high *= margin;
    if (high / low < 1.5 && !options.tight) { low /= 1.25; high *= 1.25; }
    if (high === low) { low /= 2; high *= 2; }
  } else {
    if (options.zero) low = Math.min(0, low);
    if (high === low) high = low + (Math.abs(low) || 1);
    if (!options.tight) high += (high - low) * 0.07;
    if (!options.tight && !options.zero) low -= (high - low) * 0.06;
  }
  const t = options.log ? Math.log : (v) => v;
  const factor = (to - from) / (t(high) - t(low));
  const scale = (value) => from + (t(value) - t(low)) * factor;
  scale.low = low;
  scale.high = high;
  scale.ticks = (wanted) => (options.log ? logTicks : linearTicks)(low, high, wanted);
  return scale;
}

// ---- marks ----

const SHAPES = [
  (x, y, r) => s('circle', { cx: x, cy: y, r }),
  (x, y, r) => s('rect', { x: x - r * 0.9, y: y - r * 0.9, width: r * 1.8, height: r * 1.8 }),
  (x, y, r) => s('path', { d: `M${x} ${y - r * 1.2}L${x + r * 1.15} ${y + r * 0.85}H${x - r * 1.15}Z` }),
  (x, y, r) => s('path', { d: `M${x} ${y - r * 1.3}L${x + r * 1.3} ${y}L${x} ${y + r * 1.3}L${x - r * 1.3} ${y}Z` }),
];

function linePath(points, x, y) {
  let path = '';
  let isOpen = false;
  for (const point of points) {
    if (!isNumber(point.y) || !isNumber(y(point.y))) { isOpen = false; continue; }
    path += `${isOpen ? 'L' : 'M'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`;
    isOpen = true;
  }
  return path;
}

function bandPath(band, x, y) {
  const kept = band.filter((p) => isNumber(p.low) && isNumber(p.high) && isNumber(y(p.low)));
  if (kept.length < 2) return '';
  const up = kept.map((p) => `${x(p.x).toFixed(1)} ${y(p.high).toFixed(1)}`);
  const down = kept.map((p) => `${x(p.x).toFixed(1)} ${y(p.low).toFixed(1)}`).reverse();
  return 'M' + up.join('L') + 'L' + down.join('L') + 'Z';
}

/** Labels at the right ends of lines, moved apart where they would lie on each other. */
function placeLabels(labels, low, high) {
  labels.sort((a, b) => a.y - b.y);
  for (let i = 1; i < labels.length; i++) {
    for (let k = 0; k < i; k++) {
      const isBeside = Math.abs(labels[i].x - labels[k].x) < 30;
      if (isBeside && labels[i].y - labels[k].y < 12) labels[i].y = labels[k].y + 12;
    }
  }
  const excess = labels.length ? Math.max(0, labels[labels.length - 1].y - high) : 0;
  for (const label of labels) label.y = Math.max(low, label.y - excess);
}

// ---- a chart ----

/**
 * options: title, unit, better ('higher', 'lower'), note, height, hover ('x', 'point'), canLog, endLabels,
 *   x: {label, log, tight, ticks: [{at, text}], format}, y: {log, zero, format},
 *   rules: [{at, text}], regions: [{from, to}], groups: [{key, name, colour, shape, dash}] (the legend),
 *   series: [{name, groups: [key], colour, shape, dash, width, points: [{x, y, label, hollow, text}], dots, band, isGuide, end}]
 */
class Chart {
  constructor(options) {
    this.options = options;
    this.isLog = Boolean(options.y.log);
    this.hidden = new Set();
    this.stage = h('div', { class: 'stage' });
    this.tip = h('div', { class: 'tip', hidden: true });
    this.legend = h('div', { class: 'legend' });
    this.element = h('figure', { class: 'chart', 'data-chart': options.id }, this.caption(),
      h('div', { class: 'holder' }, this.stage, this.tip), this.legend,
      options.note ? h('p', { class: 'note' }, options.note) : null);
    this.fillLegend();
    this.width = 0;
    Chart.all.push(this);
  }

  /** Draw at the width there is: once the page is laid out, and whenever it changes. */
  fit() {
    const width = Math.floor(this.stage.clientWidth);
    if (width > 0 && width !== this.width) {
      this.width = width;
      this.draw();
    }
  }

  static fitAll() {
    for (const chart of Chart.all) chart.fit();
    // In the next frame: drawing inside the observer would make it report a loop.
    const observer = new ResizeObserver((entries) => requestAnimationFrame(() => {
      for (const entry of entries) Chart.all.find((chart) => chart.stage === entry.target).fit();
    }));
    for (const chart of Chart.all) observer.observe(chart.stage);
  }

  caption() {
    const { title, unit, better, canLog } = this.options;
    const toggle = canLog ? h('button', {
      class: 'toggle', type: 'button', 'aria-pressed': String(this.isLog), title: 'logarithmic or linear axis',
      onclick: (event) => {
        this.isLog = !this.isLog;
        event.currentTarget.setAttribute('aria-pressed', String(this.isLog));
        this.draw();
      },
    }, 'log') : null;
    return h('figcaption', {}, h('span', { class: 'title' }, title), unit ? h('span', { class: 'unit' }, unit) : null,
      better ? h('span', { class: 'better' }, `${better === 'higher' ? '\u2191' : '\u2193'} ${better} is better`) : null, toggle);
  }

  fillLegend() {
    for (const group of this.options.groups || []) {
      this.legend.append(h('button', {
        type: 'button', class: 'key', 'aria-pressed': 'true', style: `--c:${group.colour || 'var(--muted)'}`,
        onclick: (event) => {
          if (!this.hidden.delete(group.key)) this.hidden.add(group.key);
          event.currentTarget.setAttribute('aria-pressed', String(!this.hidden.has(group.key)));
          this.draw();
        },
      }, s('svg', { width: 22, height: 12, 'aria-hidden': 'true' },
        s('line', { x1: 0, x2: 22, y1: 6, y2: 6, class: 'line', 'stroke-dasharray': group.dash, 'stroke-width': group.width || 2 }),
        group.shape === undefined ? null : make(null, SHAPES[group.shape % SHAPES.length](11, 6, 3.5), { class: 'mark' }, [])),
      group.name));
    }
  }

  setX(change) {
    Object.assign(this.options.x, change);
    if (this.width) this.draw();
  }

  visible() {
    return this.options.series.filter((one) => !(one.groups || []).some((key) => this.hidden.has(key)));
  }

  layout(shown) {
    const { x, y, height = 250, endLabels } = this.options;
    const data = shown.filter((one) => !one.isGuide);
    const points = data.flatMap((one) => one.points.concat(one.dots || []));
    const ys = points.map((p) => p.y).concat(data.flatMap((one) => (one.band || []).flatMap((p) => [p.low, p.high])));
    const rough = makeScale(ys, height - 34, 12, { log: this.isLog, zero: y.zero });
    const format = y.format || formatTick;
    const left = 12 + 6.6 * Math.max(2, ...rough.ticks(5).map((tick) => format(tick).length));
    const box = { left, right: this.width - (endLabels ? 40 : 12), top: 12, bottom: height - (x.label ? 40 : 24), height };
    const xs = x.domain || points.map((p) => p.x);
    return {
      box,
      x: makeScale(xs, box.left + (x.tight ? 0 : 8), box.right - (x.tight ? 0 : 8), { log: x.log, tight: true, zero: x.zero }),
      y: makeScale(ys, box.bottom, box.top, { log: this.isLog, zero: y.zero && !this.isLog }),
    };
  }

  draw() {
    const shown = this.visible();
    const frame = this.layout(shown);
    const { box } = frame;
    const id = `clip-${this.options.id}`;
    const svg = s('svg', {
      width: this.width, height: box.height, viewBox: `0 0 ${this.width} ${box.height}`, role: 'img',
      'aria-label': `${this.options.title}${this.options.unit ? ', ' + this.options.unit : ''}`,
    }, s('defs', {}, s('clipPath', { id }, s('rect', {
      x: box.left - 6, y: box.top - 8, width: Math.max(0, box.right - box.left + 12), height: box.bottom - box.top + 14,
    }))));
    this.drawAxes(svg, frame);
    const plot = s('g', { 'clip-path': `url(#${id})` });
    svg.append(plot);
    for (const one of shown) this.drawSeries(plot, one, frame);
    this.drawLabels(svg, shown, frame);
    if (this.options.endLabels) this.drawEnds(svg, shown, frame);
    this.drawRules(svg, frame);
    this.watch(svg, shown, frame);
    this.stage.replaceChildren(svg);
    this.tip.hidden = true;
  }

  drawAxes(svg, { box, x, y }) {
    const format = this.options.y.format || formatTick;
    for (const region of this.options.regions || []) {
      const from = Math.max(box.left, x(region.from));
      svg.append(s('rect', { class: 'region', x: from, y: box.top, width: Math.max(0, Math.min(box.right, x(region.to)) - from), height: box.bottom - box.top }));
    }
    for (const tick of y.ticks(box.height < 160 ? 3 : 5)) {
      svg.append(s('line', { class: tick === 0 ? 'base' : 'grid', x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
        s('text', { class: 'tick', x: box.left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, format(tick)));
    }
    const ticks = this.options.x.ticks || x.ticks(Math.max(2, Math.min(8, (box.right - box.left) / 70))).map((at) => ({ at, text: formatTick(at) }));
    let free = -Infinity;
    for (const tick of ticks) {
      const at = x(tick.at);
      if (!isNumber(at) || at < box.left - 1 || at > box.right + 1) continue;
      svg.append(s('line', { class: 'grid', x1: at, x2: at, y1: box.bottom, y2: box.bottom + 4 }));
      const half = tick.text.length * 3.4 + 3;
      if (at - half < free) continue;
      free = at + half;
      svg.append(s('text', { class: 'tick', x: at, y: box.bottom + 17, 'text-anchor': 'middle' }, tick.text));
    }
    if (this.options.x.label) {
      svg.append(s('text', { class: 'label', x: (box.left + box.right) / 2, y: box.bottom + 34, 'text-anchor': 'middle' }, this.options.x.label));
    }
    svg.append(s('line', { class: 'base', x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  }

  drawRules(svg, { box, x }) {
    let free = -Infinity;
    for (const rule of this.options.rules || []) {
      const at = x(rule.at);
      if (!isNumber(at)) continue;
      const style = rule.colour ? `--c:${rule.colour}` : null;
      svg.prepend(s('line', { class: rule.strong ? 'rule strong' : 'rule', style, x1: at, x2: at, y1: box.top - 4, y2: box.bottom }));
      const length = rule.text.length * 6;
      const isLeft = at + length > box.right + 8;
      if (!rule.text || (isLeft ? at - length : at) < free) continue;
      free = isLeft ? at : at + length;
      svg.append(s('text', { class: rule.strong ? 'rule-text strong' : 'rule-text', style, x: isLeft ? at - 4 : at + 4, y: box.top + 4, 'text-anchor': isLeft ? 'end' : 'start' }, rule.text));
    }
  }

  drawSeries(plot, one, { x, y }) {
    const style = `--c:${one.colour}`;
    if (one.band) plot.append(s('path', { class: 'band', d: bandPath(one.band, x, y), style }));
    plot.append(s('path', { class: one.isGuide ? 'guide' : 'line', d: linePath(one.points, x, y), style,
      'stroke-dasharray': one.dash, 'stroke-width': one.width || 2 }));
    const isMarked = one.shape !== undefined;
    for (const dot of one.dots || []) {
      if (isNumber(dot.y)) plot.append(s('circle', { class: 'dot', cx: x(dot.x), cy: y(dot.y), r: 2, style }));
    }
    for (const point of one.points) {
      if (!isNumber(point.y) || !isNumber(y(point.y))) continue;
      if (isMarked) {
        plot.append(make(null, SHAPES[one.shape % SHAPES.length](x(point.x), y(point.y), one.size || 3.5),
          { class: point.hollow ? 'mark hollow' : 'mark', style }, []));
      }
    }
  }

  /** Labels of points, each at the first place where it covers neither another label nor a point. */
  drawLabels(svg, shown, { x, y, box }) {
    const points = shown.flatMap((one) => one.points).filter((p) => p.label && isNumber(p.y) && isNumber(y(p.y)));
    const taken = points.map((p) => ({ left: x(p.x) - 5, right: x(p.x) + 5, top: y(p.y) - 5, bottom: y(p.y) + 5 }));
    for (const point of points) {
      const width = 7 * point.label.length + 1;
      const [cx, cy] = [x(point.x), y(point.y)];
      for (const [left, top] of [[cx + 7, cy - 17], [cx + 7, cy + 5], [cx - 7 - width, cy - 17], [cx - 7 - width, cy + 5], [cx - width / 2, cy - 20], [cx - width / 2, cy + 9], [cx + 9, cy - 6], [cx - 9 - width, cy - 6]]) {
        const place = { left, right: left + width, top, bottom: top + 12 };
        const isFree = left + width <= box.right + 10 && top > 0
          && taken.every((other) => place.right < other.left || place.left > other.right || place.bottom < other.top || place.top > other.bottom);
        if (!isFree) continue;
        taken.push(place);
        svg.append(s('text', { class: 'point-label', x: left, y: top + 10 }, point.label));
        break;
      }
    }
  }

  drawEnds(svg, shown, { box, x, y }) {
    const labels = [];
    for (const one of shown) {
      const last = one.points.filter((p) => isNumber(p.y) && isNumber(y(p.y))).pop();
      if (last && one.end) labels.push({ x: x(last.x) + 8, y: y(last.y) + 4, text: one.end, colour: one.colour });
    }
    placeLabels(labels, box.top, box.bottom);
    for (const label of labels) {
      svg.append(s('text', { class: 'end', x: label.x, y: label.y, style: `--c:${label.colour}` }, label.text));
    }
  }

  // ---- hover ----

  watch(svg, shown, frame) {
    const cross = s('g', { class: 'cross' });
    svg.append(cross);
    const leave = () => { cross.replaceChildren(); this.tip.hidden = true; };
    svg.addEventListener('pointermove', (event) => {
      const place = svg.getBoundingClientRect();
      const at = { x: event.clientX - place.left, y: event.clientY - place.top };
      const found = this.options.hover === 'point' ? this.nearestPoint(shown, frame, at) : this.nearestX(shown, frame, at);
      if (!found) { leave(); return; }
      this.show(found, frame, cross);
    });
    svg.addEventListener('pointerleave', leave);
  }

  nearestX(shown, { x }, at) {
    let best = null;
    for (const one of shown) {
      for (const point of one.isGuide ? [] : one.points) {
        const distance = Math.abs(x(point.x) - at.x);
        if (isNumber(point.y) && (best === null || distance < best.distance)) best = { distance, x: point.x };
      }
    }
    if (!best) return null;
    const rows = [];
    for (const one of shown) {
      const point = one.isGuide ? null : one.points.find((p) => Math.abs(p.x - best.x) < 1e-9);
      if (point && isNumber(point.y)) rows.push({ one, point });
    }
    return { x: best.x, rows };
  }

  nearestPoint(shown, { x, y }, at) {
    let best = null;
    for (const one of shown) {
      for (const point of one.isGuide ? [] : one.points) {
        if (!isNumber(point.y)) continue;
        const distance = Math.hypot(x(point.x) - at.x, y(point.y) - at.y);
        if (best === null || distance < best.distance) best = { distance, one, point };
      }
    }
    return best ? { x: best.point.x, rows: [best], isPoint: true } : null;
  }

  show(found, { box, x, y }, cross) {
    const at = x(found.x);
    cross.replaceChildren();
    if (!found.isPoint) cross.append(s('line', { x1: at, x2: at, y1: box.top, y2: box.bottom }));
    for (const { one, point } of found.rows) {
      cross.append(s('circle', { cx: x(point.x), cy: y(point.y), r: 4.5, style: `--c:${one.colour}` }));
    }
    const format = this.options.x.format || formatNumber;
    const unit = this.options.unit ? ` ${this.options.unit}` : '';
    const title = found.isPoint ? found.rows[0].point.title : format(found.x);
    this.tip.replaceChildren(h('div', { class: 'tip-title' }, title),
      ...found.rows.flatMap(({ one, point }) => (point.text || [[one.name, formatNumber(point.y) + unit]]).map(([name, value]) =>
        h('div', { class: 'tip-row' }, h('i', { style: `background:${one.colour}` }), h('span', {}, name), h('b', {}, value)))));
    this.tip.hidden = false;
    const width = this.tip.offsetWidth;
    const isRight = at + width + 18 > this.width;
    this.tip.style.left = `${Math.max(0, isRight ? at - width - 12 : at + 12)}px`;
    this.tip.style.top = `${box.top + 8}px`;
  }
}
Chart.all = [];
