// report.js: the page of a run (or several) from the data it carries. Every number is one of summary.json's.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const page = document.getElementById('page');
const COLOURS = ['var(--c0)', 'var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)', 'var(--c6)'];
const PERCENTILES = [['p50', null, 2.4], ['p90', '7 4', 1.6], ['p99', '2 4', 1.8]];
const SHORT = {
  time_to_first_token: 'TTFT', inter_token_latency: 'ITL', time_per_output_token: 'TPOT', request_latency: 'Request latency',
};
const LONG = {
  time_to_first_token: 'Time to first token', inter_token_latency: 'Inter-token latency',
  time_per_output_token: 'Time per output token', request_latency: 'Request latency',
};

// ---- the data as the page needs it ----

const runName = (run) => {
  const isAlone = data.runs.filter((other) => other.summary.name === run.summary.name).length === 1;
  return isAlone ? run.summary.name : run.dir;
};

/** One a target and run: what a colour stands for. */
const seriesList = [];
const levels = [];
for (const run of data.runs) {
  for (const level of run.summary.levels) {
    const name = data.runs.length > 1 ? `${runName(run)} \u00b7 ${level.target || ''}` : level.target || '';
    let series = seriesList.find((one) => one.run === run && one.target === level.target);
    if (!series) {
      series = { run, target: level.target, name, model: level.model, url: level.url, levels: [] };
      series.index = seriesList.length;
      series.colour = COLOURS[series.index % COLOURS.length];
      series.dash = series.index >= COLOURS.length ? '9 4' : null;
      seriesList.push(series);
    }
    const one = { run, series, level, load: level.request_rate ?? level.concurrency ?? null, metrics: level.metrics };
    series.levels.push(one);
    levels.push(one);
  }
}
const isRate = levels.some((one) => isNumber(one.level.request_rate));
const loadWord = isRate ? 'request rate' : 'concurrency';
const loadLabel = isRate ? 'requests/s offered' : 'concurrency (requests in flight)';
const loads = [...new Set(levels.map((one) => one.load).filter(isNumber))].sort((a, b) => a - b);
const hasSweep = loads.length > 1;

const value = (one, tag, key) => one.metrics[tag]?.[key] ?? null;
const hasData = (tag, key = 'avg') => levels.some((one) => isNumber(value(one, tag, key)));
const hasTokens = hasData('output_token_throughput');
const output = hasTokens ? 'output_token_throughput' : 'request_throughput';
const outputUnit = hasTokens ? 'tok/s' : 'requests/s';
const isStreamed = hasData('time_to_first_token', 'p50');
const label = (one) => `${seriesList.length > 1 ? one.series.name + ', ' : ''}${isNumber(one.load) ? `${loadWord} ${one.load}` : `level ${one.level.level}`}`;
const byLoad = (series) => series.levels.filter((one) => isNumber(one.load)).sort((a, b) => a.load - b.load);

function median(values) {
  const kept = values.filter(isNumber).sort((a, b) => a - b);
  const middle = kept.length >> 1;
  return kept.length === 0 ? null : kept.length % 2 ? kept[middle] : (kept[middle - 1] + kept[middle]) / 2;
}

/** Levels of a series by load; several at one load (repetitions) become their median, with a dot each. */
function curve(series, pick) {
  const points = [];
  const dots = [];
  for (const load of [...new Set(byLoad(series).map((one) => one.load))]) {
    const all = byLoad(series).filter((one) => one.load === load);
    points.push({ x: load, y: median(all.map(pick)), hollow: all.some((one) => one.level.verdict === 'invalid') });
    if (all.length > 1) dots.push(...all.map((one) => ({ x: load, y: pick(one) })));
  }
  return { points, dots };
}

/** Levels that say how the server answers: most of their requests were answered, and the client kept up. */
const counts = (one) => one.level.verdict !== 'invalid' && one.level.requests.ok > one.level.requests.failed;

/** The last load up to which output grew at least half as fast as the load: beyond it, more load buys mostly waiting. */
function kneeOf(series) {
  const { points } = curve(series, (one) => (counts(one) ? value(one, output, 'avg') : null));
  const kept = points.filter((p) => isNumber(p.y) && p.y > 0 && p.x > 0);
  const last = kept[kept.length - 1];
  series.highest = last?.x ?? null;
  for (let i = 0; i + 1 < kept.length; i++) {
    const growth = Math.log(kept[i + 1].y / kept[i].y) / Math.log(kept[i + 1].x / kept[i].x);
    const rest = Math.log(last.y / kept[i].y) / Math.log(last.x / kept[i].x);
    if (growth < 0.5 && rest < 0.5) return { from: kept[i], to: last };
  }
  return null;
}
for (const series of seriesList) series.knee = kneeOf(series);
const knees = [...new Set(seriesList.filter((one) => one.knee).map((one) => one.knee.from.x))].sort((a, b) => a - b);
const kneeRules = knees.map((at) => {
  const bent = seriesList.filter((one) => one.knee?.from.x === at);
  const isNamed = seriesList.length > 1;
  return { at, strong: true, text: isNamed ? `knee: ${bent.map((one) => one.name).join(', ')}` : 'knee', colour: isNamed && bent.length === 1 ? bent[0].colour : null };
});

// ---- words ----

const times = (n) => `${n < 10 ? +n.toFixed(1) : Math.round(n)}\u00d7`;
const section = (title, text, ...children) => {
  page.append(h('section', {}, h('h2', {}, title), text ? h('p', { class: 'sub' }, text) : null, ...children));
};
const badge = (verdict) => h('span', { class: `badge ${verdict}` }, verdict);
const formatCount = (count) => (isNumber(count) ? String(count).replace(/\B(?=(\d{3})+$)/g, '\u2009') : 'n/a');
const percent = (part) => part === 0 ? '0' : part < 0.01 ? '<0.01' : part.toFixed(2);

function kneeSentence(series) {
  if (!hasSweep) return null;
  const name = seriesList.length > 1 ? `${series.name}: ` : '';
  if (series.highest === null) return `${name}No level answered most of its requests.`;
  if (!series.knee) {
    const isAll = series.highest === Math.max(...byLoad(series).map((one) => one.load));
    return `${name}Output keeps up with the load to ${loadWord} ${series.highest}, the highest ${isAll ? 'measured: no knee in this range' : 'at which most requests were answered'}.`;
  }
  const { from, to } = series.knee;
  const tag = isStreamed ? 'time_to_first_token' : 'request_latency';
  const at = (x, key) => median(byLoad(series).filter((one) => one.load === x).map((one) => value(one, tag, key)));
  const tail = ['p99', 'p90', 'p50'].find((key) => isNumber(at(from.x, key)) && isNumber(at(to.x, key)) && at(from.x, key) > 0);
  const wait = tail ? `, while ${isStreamed ? 'TTFT' : 'latency'} ${tail} grows ${times(at(to.x, tail) / at(from.x, tail))}` : '';
  return `${name}Output stops keeping up with the load at ${loadWord} ${from.x}: ${times(to.x / from.x)} the load, to ${to.x}, brings ${times(to.y / from.y)} the output${wait}.`;
}

function showHead() {
  const first = data.runs[0];
  for (const run of data.runs) {
    const { summary } = run;
    page.append(h('div', { class: 'head' }, h('h1', {}, runName(run) || 'run'), badge(summary.verdict)),
      h('p', { class: 'sub' }, [
        seriesList.filter((one) => one.run === run).map((one) => `${one.model || 'model unknown'} at ${one.url || one.name}`).join('; '),
        summary.started_at ? `${summary.started_at} to ${summary.ended_at || '?'}` : null,
        `weir ${summary.weir_version || data.weir}`,
      ].filter(Boolean).join(' \u00b7 ')));
    if (run.rebuilt) page.append(h('p', { class: 'suspect' }, 'Rebuilt from records.jsonl: this run was killed before it could write its summary.'));
    if (summary.interrupted && !run.rebuilt) page.append(h('p', { class: 'suspect' }, 'This run was interrupted: the last level is not whole.'));
    const reasons = [...new Set(summary.verdict_reasons || [])];
    if (reasons.length) page.append(h('ul', { class: 'reasons' }, reasons.map((text) => h('li', {}, text))));
  }
  const sentences = seriesList.map(kneeSentence).filter(Boolean);
  for (const text of sentences) page.append(h('p', { class: 'lead' }, text));
  showTiles(first);
}

function showTiles() {
  const counting = levels.filter((one) => one.level.verdict !== 'invalid' && one.level.requests.ok > 0 && isNumber(value(one, output, 'avg')));
  const best = counting.reduce((top, one) => (!top || value(one, output, 'avg') > value(top, output, 'avg') ? one : top), null);
  const calm = counting.filter((one) => isNumber(one.load)).sort((a, b) => a.load - b.load)[0] || counting[0];
  const sum = (pick) => levels.reduce((total, one) => total + (pick(one.level.requests) || 0), 0);
  const failed = sum((requests) => requests.failed);
  const tiles = [];
  if (best) tiles.push([`${formatNumber(value(best, output, 'avg'))}`, `${outputUnit}, the highest, at ${label(best)}`]);
  if (calm && isStreamed) tiles.push([`${formatNumber(value(calm, 'time_to_first_token', 'p50'))} ms`, `TTFT p50 at ${label(calm)}`]);
  if (calm && isStreamed) tiles.push([`${formatNumber(value(calm, 'inter_token_latency', 'p50'))} ms`, `ITL p50 at ${label(calm)}`]);
  if (calm && !isStreamed) tiles.push([`${formatNumber(value(calm, 'request_latency', 'p50'))} ms`, `latency p50 at ${label(calm)}`]);
  tiles.push([formatCount(sum((requests) => requests.ok + requests.failed)), `measured requests in ${levels.length} level${levels.length === 1 ? '' : 's'}`]);
  tiles.push([formatCount(failed), failed === 1 ? 'request failed' : 'requests failed']);
  page.append(h('div', { class: 'tiles' }, tiles.map(([number, text]) => h('div', { class: 'tile' }, h('b', {}, number), h('span', {}, text)))));
}

// ---- the headline table ----

function columnsOf() {
  const three = (tag, title) => ['p50', 'p90', 'p99'].map((key) => ({ group: title, head: key, get: (one) => value(one, tag, key), tag }));
  const single = (head, tag, key, extra) => ({ head, tag, get: (one) => value(one, tag, key), ...extra });
  return [
    single('req/s', 'request_throughput', 'avg'),
    hasTokens ? single('output tok/s', 'output_token_throughput', 'avg', { isBar: true }) : null,
    hasData('output_token_throughput_per_user', 'p50') ? single('tok/s/user', 'output_token_throughput_per_user', 'p50') : null,
    hasData('goodput') ? single('good req/s', 'goodput', 'avg') : null,
    ...['time_to_first_token', 'inter_token_latency', 'time_per_output_token', 'request_latency']
      .filter((tag) => hasData(tag, 'p50')).flatMap((tag) => three(tag, `${SHORT[tag]} ms`)),
  ].filter(Boolean);
}

function headOf(columns) {
  const top = [h('th', { rowspan: 2, class: 'text' }, isRate ? 'rate' : 'conc.')];
  const below = [];
  for (let i = 0; i < columns.length; i++) {
    const { group, head, tag } = columns[i];
    const formula = data.metrics[tag]?.formula;
    if (!group) top.push(h('th', { rowspan: 2, title: formula }, head));
    else {
      if (columns[i - 1]?.group !== group) top.push(h('th', { colspan: columns.filter((c) => c.group === group).length, title: formula }, group));
      below.push(h('th', {}, head));
    }
  }
  top.push(h('th', { rowspan: 2 }, 'failed %'), h('th', { rowspan: 2, class: 'text' }, 'verdict'));
  return h('thead', {}, h('tr', {}, top), h('tr', {}, below));
}

function rowOf(one, columns, most) {
  const { requests, verdict, verdict_reasons: reasons, repetition } = one.level;
  const all = requests.ok + requests.failed;
  return h('tr', {}, h('td', { class: 'text' }, isNumber(one.load) ? String(one.load) : `level ${one.level.level}`, repetition > 0 ? ` #${repetition + 1}` : ''),
    columns.map((column) => {
      const number = column.get(one);
      const share = column.isBar && isNumber(number) ? `--w:${(100 * number / most).toFixed(1)}%` : null;
      return h('td', { class: share ? 'bar-cell' : null, style: share }, formatNumber(number));
    }),
    h('td', {}, all ? percent(100 * requests.failed / all) : 'n/a'),
    h('td', { class: 'text', title: (reasons || []).join('\n') }, badge(verdict)));
}

function showTable() {
  const columns = columnsOf();
  const most = Math.max(...levels.map((one) => value(one, 'output_token_throughput', 'avg') ?? 0), 1e-9);
  const width = columns.length + 3;
  section('Results', null, h('div', { class: 'panel scroll' }, h('table', { id: 'headline' }, headOf(columns),
    h('tbody', {}, seriesList.map((series) => [
      seriesList.length > 1 ? h('tr', { class: 'series' }, h('td', { colspan: width }, h('i', { style: `background:${series.colour}` }), series.name)) : null,
      series.levels.map((one) => rowOf(one, columns, most)),
    ]))), h('p', { class: 'note' }, 'Latencies in ms from the moment a request was sent. n/a: no data, or too few requests for that percentile.')));
}

// ---- charts against the load ----

const sweepCharts = [];
const isWide = hasSweep && loads[0] > 0 && loads[loads.length - 1] / loads[0] >= 6;

function loadAxis() {
  return { label: loadLabel, log: isWide, ticks: loads.map((at) => ({ at, text: formatTick(at) })), format: (x) => `${loadWord} ${x}` };
}

const targetGroups = () => (seriesList.length > 1 ? seriesList.map((one) => ({
  key: `t${one.index}`, name: one.name, colour: one.colour, shape: one.index, dash: one.dash,
})) : []);

function throughputChart(tag, title, unit, id) {
  const lines = seriesList.map((series) => ({
    name: series.name || title, groups: [`t${series.index}`], colour: series.colour, shape: series.index, dash: series.dash, width: 2.4,
    ...curve(series, (one) => value(one, tag, 'avg')),
  }));
  const guides = seriesList.length > 3 ? [] : seriesList.map((series, i) => {
    const first = lines[i].points.find((p) => isNumber(p.y) && p.y > 0);
    const steps = 24;
    const last = loads[loads.length - 1];
    return {
      isGuide: true, name: 'in step', groups: [`t${series.index}`], colour: series.colour,
      points: !first || isRate ? [] : Array.from({ length: steps + 1 }, (_, k) => {
        const x = first.x * Math.pow(last / first.x, k / steps);
        return { x, y: first.y * x / first.x };
      }),
    };
  });
  return new Chart({
    id, title, unit, better: 'higher', hover: 'x', canLog: true, height: 270, x: loadAxis(), y: { log: isWide, zero: true },
    series: [...guides, ...lines], groups: targetGroups(), rules: kneeRules,
    note: isRate ? null : 'Dotted: output in step with the load, at the pace of the first level.',
  });
}

function latencyChart(tag) {
  const isAlone = seriesList.length === 1;
  const series = seriesList.flatMap((target) => PERCENTILES.map(([key, dash, width], i) => ({
    name: isAlone ? key : `${target.name} ${key}`, groups: [`t${target.index}`, key], colour: target.colour, dash, width,
    shape: i === 0 ? target.index : undefined, end: isAlone ? key : null,
    ...curve(target, (one) => value(one, tag, key)),
    band: i === 0 ? curve(target, (one) => value(one, tag, 'p50')).points.map((p, k) => ({
      x: p.x, low: p.y, high: curve(target, (one) => value(one, tag, 'p99')).points[k].y ?? curve(target, (one) => value(one, tag, 'p90')).points[k].y,
    })) : null,
  })));
  const all = series.flatMap((one) => one.points.map((p) => p.y)).filter((y) => isNumber(y) && y > 0);
  const isSteep = all.length > 0 && Math.max(...all) / Math.min(...all) > 8;
  return new Chart({
    id: tag, title: LONG[tag], unit: 'ms', better: 'lower', hover: 'x', canLog: true, endLabels: isAlone, height: 270,
    x: loadAxis(), y: { log: isSteep, zero: true }, series, rules: kneeRules,
    groups: [...targetGroups(), ...PERCENTILES.filter(([key]) => hasData(tag, key)).map(([key, dash, width]) => ({ key, name: key, dash, width }))],
  });
}

function paretoChart() {
  const lines = seriesList.map((series) => {
    const at = (tag, key) => curve(series, (one) => value(one, tag, key)).points;
    const users = at('output_token_throughput_per_user', 'p50');
    const points = at(output, 'avg').map((p, i) => ({
      x: users[i].y, y: p.y, hollow: p.hollow, label: String(p.x), title: `${series.name ? series.name + ', ' : ''}${loadWord} ${p.x}`,
      text: [['output', `${formatNumber(p.y)} tok/s`], ['each user', `${formatNumber(users[i].y)} tok/s`],
        ['TTFT p50', `${formatNumber(at('time_to_first_token', 'p50')[i].y)} ms`], ['TTFT p99', `${formatNumber(at('time_to_first_token', 'p99')[i].y)} ms`]],
    })).filter((p) => isNumber(p.x) && isNumber(p.y));
    return { name: series.name, groups: [`t${series.index}`], colour: series.colour, shape: series.index, dash: series.dash, width: 1.6, size: 5, points };
  });
  const outputs = lines.flatMap((one) => one.points.map((p) => p.y));
  return new Chart({
    id: 'pareto', title: 'Throughput against interactivity', unit: 'output tok/s', better: null, hover: 'point', canLog: true, height: 290,
    x: { label: 'tok/s each user sees (p50)', zero: true, format: formatNumber }, y: { log: outputs.length > 0 && Math.max(...outputs) / Math.min(...outputs) > 12, zero: true },
    series: lines, groups: targetGroups(), note: `Numbers: ${loadWord}. Up and to the right is better: more for all, and faster for each.`,
  });
}

function showSweep() {
  const tags = ['time_to_first_token', 'inter_token_latency', 'time_per_output_token', 'request_latency'].filter((tag) => hasData(tag, 'p50'));
  const charts = [throughputChart(output, hasTokens ? 'Output throughput' : 'Throughput', outputUnit, 'throughput')];
  if (hasTokens && hasData('output_token_throughput_per_user', 'p50')) charts.push(paretoChart());
  const against = [charts[0], ...tags.map(latencyChart)];
  charts.push(...against.slice(1));
  sweepCharts.push(...against);
  const axis = !hasSweep || loads[0] <= 0 ? null : h('div', { class: 'bar' }, 'Load axis', h('button', {
    class: 'toggle', type: 'button', 'aria-pressed': String(isWide), onclick: (event) => {
      const isLog = event.currentTarget.getAttribute('aria-pressed') !== 'true';
      event.currentTarget.setAttribute('aria-pressed', String(isLog));
      for (const chart of sweepCharts) chart.setX({ log: isLog });
    },
  }, 'log'));
  const words = kneeRules.length
    ? `The dashed line marks the knee: the last ${loadWord} up to which output grew at least half as fast as the load.` : null;
  section(`Against the ${loadWord}`, words, axis, h('div', { class: 'charts', id: 'sweep' }, charts.map((chart) => chart.element)));
}

// ---- percentile spectra ----

const NINES = [[0, 'min'], [0.30103, 'p50'], [1, 'p90'], [2, 'p99'], [3, 'p99.9'], [4, 'p99.99']];
const nameOfNines = (nines) => nines === 0 ? 'lowest' : `p${+(100 * (1 - Math.pow(10, -nines))).toFixed(nines < 2 ? 1 : nines < 3 ? 2 : 3)}`;

function rampColour(i, count) {
  const t = count > 1 ? i / (count - 1) : 0;
  return t <= 0.5 ? `color-mix(in oklab, var(--ramp-m) ${(200 * t).toFixed(0)}%, var(--ramp-a))`
    : `color-mix(in oklab, var(--ramp-b) ${(200 * t - 100).toFixed(0)}%, var(--ramp-m))`;
}

function spectrumChart(tag, series) {
  const found = series.levels.map((one) => ({ one, spectrum: series.run.spectra.find((s0) => s0.metric === tag && s0.level === one.level.level) }))
    .filter(({ spectrum }) => spectrum);
  if (found.length === 0) return null;
  const lines = found.map(({ one, spectrum }, i) => ({
    name: isNumber(one.load) ? String(one.load) : `level ${one.level.level}`, groups: [`l${i}`], colour: rampColour(i, found.length),
    width: 2, end: found.length > 1 && isNumber(one.load) ? String(one.load) : null, points: spectrum.points.map(([x, y]) => ({ x, y })),
  }));
  const values = lines.flatMap((line) => line.points.map((p) => p.y)).filter((y) => y > 0);
  const nines = Math.max(...lines.flatMap((line) => line.points.map((p) => p.x)));
  return new Chart({
    id: `spectrum-${tag}-${series.index}`, title: LONG[tag], unit: 'ms', better: 'lower', hover: 'x', canLog: true, height: 280, endLabels: found.length > 1,
    x: { label: 'percentile', tight: true, ticks: NINES.filter(([at]) => at <= nines + 1e-6).map(([at, text]) => ({ at, text })), format: nameOfNines },
    y: { log: values.length > 0 && Math.max(...values) / Math.min(...values) > 8, zero: true }, series: lines,
    groups: lines.map((line, i) => ({ key: `l${i}`, name: line.name, colour: line.colour })),
  });
}

function showSpectra() {
  for (const series of seriesList) {
    const charts = Object.keys(SHORT).map((tag) => spectrumChart(tag, series)).filter(Boolean);
    if (charts.length) {
      section(`Percentile spectra${seriesList.length > 1 ? ': ' + series.name : ''}`, `A line a level (${loadWord}); the axis gives each further nine the same room. Lines end where the sample does: beyond, a percentile would be a guess.`,
        h('div', { class: 'charts' }, charts.map((chart) => chart.element)));
    }
  }
}

// ---- time series ----

const CELL = { second: 0, sent: 1, ok: 2, failed: 3, tokens: 4, inFlight: 5, ttft50: 6, ttft99: 7, itl50: 8, itl99: 9, length: 10 };

/** Seconds from the run's start at which each level began. */
function startsOf(run) {
  const at = (run.level_starts || []).map((text) => Date.parse(text) / 1000);
  let end = 0;
  return run.summary.levels.map((level, i) => {
    const start = isNumber(at[i]) && isNumber(at[0]) ? at[i] - at[0] : end;
    const rows = run.slices.find((one) => one.level === level.level)?.rows || [];
    end = start + (rows.length ? rows[rows.length - 1][CELL.second] + rows[rows.length - 1][CELL.length] : 0);
    return start;
  });
}

/** The lines of a chart over time: one a quantity, and of several targets one each. */
function timeLines(run, starts, spec) {
  const targets = seriesList.filter((one) => one.run === run);
  const isAlone = targets.length < 2;
  return targets.flatMap((target) => spec.lines.map(([name, cell, colour, dash]) => {
    const points = [];
    for (const block of run.slices.filter((one) => target.levels.some(({ level }) => level.level === one.level))) {
      if (points.length) points.push({ x: points[points.length - 1].x, y: null });
      for (const row of block.rows) points.push({ x: (starts[block.level] || 0) + row[CELL.second] + row[CELL.length] / 2, y: row[cell] });
    }
    return {
      name: isAlone ? name : `${target.target} ${name}`, groups: isAlone ? [name] : [`t${target.index}`, name],
      colour: isAlone ? colour : target.colour, dash, width: 1.7, points, stat: name,
    };
  })).filter((one) => one.points.some((p) => isNumber(p.y) && (p.y > 0 || !spec.isOptional)));
}

function timeLegend(run, series) {
  const targets = seriesList.filter((one) => one.run === run);
  const stats = [...new Set(series.map((one) => one.stat))];
  const keys = targets.length < 2 ? [] : targets.map((one) => ({ key: `t${one.index}`, name: one.target, colour: one.colour }));
  if (stats.length < 2) return keys;
  return keys.concat(stats.map((stat) => {
    const one = series.find((line) => line.stat === stat);
    return { key: stat, name: stat, colour: targets.length < 2 ? one.colour : null, dash: one.dash };
  }));
}

function timeChart(run, starts, spec) {
  const series = timeLines(run, starts, spec);
  if (series.length === 0) return null;
  const regions = run.summary.levels.map((level, i) => ({ from: starts[i] + level.window.start_s, to: starts[i] + level.window.end_s }));
  const end = Math.max(...series.flatMap((one) => one.points.map((p) => p.x)));
  return new Chart({
    id: `time-${spec.id}-${data.runs.indexOf(run)}`, title: spec.title, unit: spec.unit, better: spec.better, hover: 'x', canLog: Boolean(spec.canLog), height: 170,
    x: { tight: true, domain: [0, end], format: (x) => `${formatNumber(x)} s` }, y: { zero: true }, series, regions,
    rules: run.summary.levels.map((level, i) => ({ at: starts[i], text: isNumber(level.request_rate ?? level.concurrency) ? `${isRate ? 'r' : 'c'}${level.request_rate ?? level.concurrency}` : '' })),
    groups: timeLegend(run, series),
  });
}

function showTime() {
  for (const run of data.runs) {
    if (!run.slices.length) continue;
    const starts = startsOf(run);
    const charts = [
      { id: 'tokens', title: 'Tokens received', unit: 'tok/s', lines: [['tokens', CELL.tokens, 'var(--c0)']] },
      { id: 'requests', title: 'Requests ended', unit: '1/s', lines: [['ok', CELL.ok, 'var(--c2)'], ['failed', CELL.failed, 'var(--c1)', '4 3']], isOptional: true },
      { id: 'flight', title: 'In flight', unit: 'requests', lines: [['in flight', CELL.inFlight, 'var(--c3)']] },
      { id: 'ttft', title: 'TTFT', unit: 'ms', better: 'lower', canLog: true, lines: [['p50', CELL.ttft50, 'var(--c0)'], ['p99', CELL.ttft99, 'var(--c1)', '4 3']] },
      { id: 'itl', title: 'ITL', unit: 'ms', better: 'lower', canLog: true, lines: [['p50', CELL.itl50, 'var(--c0)'], ['p99', CELL.itl99, 'var(--c1)', '4 3']] },
    ].map((spec) => timeChart(run, starts, spec)).filter(Boolean);
    const every = Math.max(...run.slices.flatMap((block) => block.rows.map((row) => row[CELL.length])));
    section(`Over time${data.runs.length > 1 ? ': ' + runName(run) : ''}`,
      `Seconds since the first level began; shaded: measured windows.${every > 1 ? ` Up to ${every} s a point: rates are means, percentiles the highest of them.` : ''}`,
      h('div', { class: 'charts' }, charts.map((chart) => chart.element)));
  }
}

// ---- failures, audit, configuration ----

const isFailure = (outcome) => outcome !== 'ok' && outcome !== 'cancelled'; // the client's own doing
const failureColour = (outcome, all) => COLOURS[(all.indexOf(outcome) + 1) % COLOURS.length];

function showFailures() {
  const kinds = [...new Set(levels.flatMap((one) => Object.keys(one.level.requests.outcomes).filter(isFailure)))];
  if (kinds.length === 0) {
    section('Failures', null, h('div', { class: 'panel', id: 'failures' }, 'No measured request failed.'));
    return;
  }
  const failing = levels.filter((one) => one.level.requests.failed > 0);
  const bars = failing.flatMap((one) => {
    const { outcomes, ok, failed } = one.level.requests;
    return [h('span', {}, label(one)), h('span', { class: 'stack' }, Object.entries(outcomes).filter(([key]) => isFailure(key)).map(([key, count]) =>
      h('i', { title: `${key}: ${count}`, style: `background:${failureColour(key, kinds)};width:${(100 * count / (ok + failed)).toFixed(2)}%` }))),
    h('span', {}, `${percent(100 * failed / (ok + failed))} %`)];
  });
  const rows = failing.flatMap((one) => Object.entries(one.level.requests.outcomes).filter(([key]) => isFailure(key)).map(([key, count]) => {
    const messages = (one.level.errors || []).filter((error) => error.outcome === key && error.message).map((error) => error.message);
    return h('tr', {}, h('td', { class: 'text' }, label(one)), h('td', { class: 'text' }, key), h('td', {}, formatCount(count)),
      h('td', {}, percent(100 * count / (one.level.requests.ok + one.level.requests.failed))), h('td', { class: 'text wrap' }, messages.join(' \u00b7 ')));
  }));
  section('Failures', 'Share of the measured requests of each level, by class.', h('div', { class: 'panel scroll', id: 'failures' },
    h('div', { class: 'fails' }, bars), h('div', { class: 'legend' }, kinds.map((key) => h('span', { class: 'key' }, h('i', { style: `width:10px;height:10px;border-radius:2px;background:${failureColour(key, kinds)}` }), key))),
    h('table', {}, h('thead', {}, h('tr', {}, h('th', { class: 'text' }, 'level'), h('th', { class: 'text' }, 'class'), h('th', {}, 'requests'), h('th', {}, 'share %'), h('th', { class: 'text' }, 'first messages'))), h('tbody', {}, rows))));
}

function showAudit() {
  const triple = (stats) => (stats?.count ? ['p50', 'p99', 'max'].map((key) => formatNumber(stats[key])).join(' / ') : 'n/a');
  const rows = levels.map((one) => {
    const { client } = one.level;
    const busy = isNumber(client.cpu_utilisation) ? 100 * client.cpu_utilisation : null;
    return h('tr', {}, h('td', { class: 'text' }, label(one)), h('td', { class: 'text' }, client.timestamp_source || 'n/a'),
      h('td', {}, triple(client.loop_lag_ms)), h('td', {}, triple(client.send_lateness_ms)),
      h('td', { class: isNumber(busy) ? 'bar-cell' : null, style: isNumber(busy) ? `--w:${Math.min(100, busy).toFixed(1)}%` : null }, formatNumber(busy)),
      h('td', {}, formatCount(client.workers)), h('td', {}, client.token_events ? formatNumber(100 * client.coalesced_events / client.token_events) : 'n/a'),
      h('td', {}, formatCount(client.records_dropped)), h('td', { class: 'text' }, badge(one.level.verdict)));
  });
  section('The client\u2019s own audit', 'How far the generator itself was from what it promises: when this is large against the latencies above, the client was measured and not the server.',
    h('div', { class: 'panel scroll', id: 'audit' }, h('table', {}, h('thead', {}, h('tr', {}, h('th', { class: 'text' }, 'level'), h('th', { class: 'text' }, 'stamped by'),
      h('th', {}, 'read late ms', h('br'), 'p50 / p99 / max'), h('th', {}, 'sent late ms', h('br'), 'p50 / p99 / max'), h('th', {}, 'busiest', h('br'), 'worker %'), h('th', {}, 'workers'),
      h('th', {}, 'events that', h('br'), 'share a stamp %'), h('th', {}, 'records', h('br'), 'lost'), h('th', { class: 'text' }, 'verdict'))), h('tbody', {}, rows))));
}

function showConfiguration() {
  for (const run of data.runs) {
    const host = run.summary.host || {};
    const text = (setting) => (typeof setting === 'string' ? setting : JSON.stringify(setting));
    section(`Configuration${data.runs.length > 1 ? ': ' + runName(run) : ''}`, 'What was not left at its default.', h('div', { class: 'panel scroll', id: 'configuration' },
      run.command ? h('code', { class: 'command' }, run.command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`)).join(' ')) : null,
      h('table', {}, h('tbody', {}, run.settings.map(([name, setting, origin]) =>
        h('tr', {}, h('td', { class: 'text' }, name), h('td', { class: 'text wrap' }, h('code', {}, text(setting))), h('td', { class: 'text' }, origin))))),
      h('p', { class: 'note' }, [host.hostname, host.cpu_model, isNumber(host.cores) ? `${host.cores} cores` : null,
        isNumber(host.memory_bytes) ? `${formatNumber(host.memory_bytes / 2 ** 30)} GiB` : null, host.kernel,
        Object.entries(run.libraries || {}).map(([name, version]) => `${name} ${version}`).join(', '), `seed ${run.summary.seed}`,
        `configuration ${run.summary.config_hash}`, `plan ${run.summary.plan_hash}`].filter(Boolean).join(' \u00b7 '))));
  }
}

page.replaceChildren();
showHead();
showTable();
showSweep();
showSpectra();
showTime();
showFailures();
showAudit();
showConfiguration();
page.append(h('footer', {}, `Made by weir ${data.weir} from run directories; all metrics stand in summary.json and summary.csv.`));
Chart.fitAll();
