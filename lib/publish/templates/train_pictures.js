// ---- pictures
/** A canvas cleared and ready to draw on, in CSS pixels, with its size and the page's colours. */
let colours;
function canvas(id) {
  const element = $(id), { clientWidth: width, clientHeight: height } = element, ratio = devicePixelRatio || 1, pen = element.getContext("2d");
  if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  Object.assign(pen, { font: "12px system-ui, sans-serif", lineWidth: 1, globalAlpha: 1 });
  return { pen, width, height };
}
/** What the names of colours mean in this scheme: a canvas does not know custom properties. */
function palette() {
  const probe = make("i", document.body, {});
  colours = Object.fromEntries(["blue", "orange", "green", "purple", "ink", "quiet", "line", "paper"].map(name => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  }));
  probe.remove();
}
function words(pen, text, x, y, align = "left", colour = colours.quiet) { Object.assign(pen, { fillStyle: colour, textAlign: align }); pen.fillText(text, x, y); }
function line(pen, points, colour, width = 1, dash = []) {
  pen.beginPath();
  points.forEach(([x, y], n) => n ? pen.lineTo(x, y) : pen.moveTo(x, y));
  Object.assign(pen, { strokeStyle: colour, lineWidth: width });
  pen.setLineDash(dash);
  pen.stroke();
  pen.setLineDash([]);
}
function dot(pen, [x, y], colour, size = 3) { pen.beginPath(); pen.arc(x, y, size, 0, 7); pen.fillStyle = colour; pen.fill(); }
const LEFT = 44, BELOW = 36, TOP = 8;

function drawLosses() {
  const { pen, width, height } = canvas("losses"), { losses, marks } = run, bins = [];
  for (let n = 0; n < losses.length; ) {  // means over steps, as wide as a pixel or two of the logarithmic axis
    const end = Math.max(n + 1, Math.min(losses.length, Math.ceil((n + 1) * 1.03)));
    let sum = 0;
    for (let m = n; m < end; m++) sum += losses[m];
    bins.push([(n + 1 + end) / 2, sum / (end - n)]);
    n = end;
  }
  const values = [...bins.map(bin => bin[1]), marks.naive, marks.alone].filter(v => v > 0 && Number.isFinite(v));
  const most = Math.log10(Math.max(...values, 1e-12)) + .1, least = Math.max(Math.log10(Math.min(...values, 1)) - .1, most - 8);
  const x = n => LEFT + (width - LEFT - 6) * Math.log(n) / Math.log(Math.max(2, config.steps));
  const y = v => TOP + (height - TOP - BELOW) * (most - Math.log10(Math.max(v, 10 ** least))) / (most - least);
  const round = range(14).map(n => 10 ** (n - 12)).flatMap(ten => most - least > 2 ? [ten] : [ten, 2 * ten, 5 * ten]);
  for (const v of round.filter(v => Math.log10(v) > least && Math.log10(v) < most)) { line(pen, [[LEFT, y(v)], [width, y(v)]], colours.line); words(pen, v.toExponential(0), LEFT - 4, y(v) + 4, "right"); }
  for (let n = 1; n <= config.steps; n *= 10) words(pen, count(n), Math.max(LEFT + 3, Math.min(x(n), width - 20)), height - 20, "center");
  words(pen, "step", (LEFT + width) / 2, height - 5, "center");
  for (const [mark, colour, dash] of [[marks.naive, colours.orange, []], [marks.alone, colours.green, [6, 4]]])
    if (mark > 0) line(pen, [[LEFT, y(mark)], [width, y(mark)]], colour, 2, dash);
  line(pen, bins.filter(bin => bin[1] > 0).map(([n, v]) => [x(n), y(v)]), colours.blue, 2);
}

function drawSlopes() {
  const { pen, width, height } = canvas("slopes"), top = Math.max(1.1, Math.min(3, Math.max(...run.is.slopes)));
  const y = v => TOP + (height - TOP - BELOW) * (top - Math.max(-.15, Math.min(v, top))) / (top + .15);
  for (const v of [0, .5, 1]) { line(pen, [[LEFT, y(v)], [width, y(v)]], colours.line); words(pen, v, LEFT - 6, y(v) + 4, "right"); }
  const across = (width - LEFT - 8) / config.features;
  run.is.slopes.forEach((slope, i) => {
    const kept = slope > config.neurons / config.features / 2;
    dot(pen, [LEFT + (i + .5) * across, y(slope)], kept ? colours.blue : colours.purple, Math.min(6, Math.max(2, across / 2.5)));
  });
  words(pen, `feature, 0 to ${config.features - 1}`, (LEFT + width) / 2, height - 16, "center");
}

/** Features in the order of the sets that carry them: first those on neuron 0. */
function bySets() {
  const names = run.is.sets.map(set => range(config.neurons).map(n => set.includes(n) ? "0" : "1").join(""));
  return range(config.features).sort((i, j) => names[i] < names[j] ? -1 : names[i] > names[j] ? 1 : i - j);
}
function drawEncoder() {
  const { pen, width, height } = canvas("encoder"), { features: F, neurons: N } = config, order = bySets(), { w_in } = run.net;
  const most = w_in.reduce((most, w) => Math.max(most, Math.abs(w)), 1e-9), across = (width - LEFT) / F, down = (height - TOP - BELOW) / N;
  for (let n = 0; n < N; n++) for (let at = 0; at < F; at++) {
    const w = w_in[n * F + order[at]] / most;
    pen.globalAlpha = Math.min(1, Math.abs(w) ** .8);
    pen.fillStyle = w < 0 ? colours.purple : colours.blue;
    pen.fillRect(LEFT + at * across, TOP + n * down, across - (across > 5 ? 1 : 0), down - 1);
  }
  pen.globalAlpha = 1;
  for (let n = 0; n < N; n += Math.ceil(N / 12)) words(pen, n, LEFT - 6, TOP + (n + .5) * down + 4, "right");
  words(pen, "features, sorted by their neurons", (LEFT + width) / 2, height - 16, "center");
}

function drawKinds() {
  if (config.neurons < 4) return;
  const { pen, width, height } = canvas("kinds"), most = Math.max(2.2, config.neurons);
  const x = s => LEFT + (width - LEFT - 8) * Math.min(1, s), y = h => TOP + (height - TOP - BELOW) * (1 - Math.log(Math.max(1, h)) / Math.log(most));
  line(pen, [[x(.5), TOP], [x(.5), height - BELOW]], colours.quiet, 1, [3, 3]);
  line(pen, [[x(.5), y(1.5)], [x(1), y(1.5)]], colours.quiet, 1, [3, 3]);
  line(pen, [[LEFT, TOP], [LEFT, height - BELOW], [width, height - BELOW]], colours.line);
  words(pen, "favourites", x(.25), TOP + 16, "center");
  words(pen, "smear, or code", x(.75), TOP + 16, "center");
  words(pen, "groups", x(.75), height - BELOW - 8, "center");
  for (const h of [1, 2, 3, 5, 10, 20, 40].filter(h => h <= most)) words(pen, h, LEFT - 6, y(h) + 4, "right");
  for (const s of [0, .5, 1]) words(pen, s, x(s) - (s === 1 ? 6 : 0), height - 20, "center");
  words(pen, "share of features served", (LEFT + width) / 2, height - 5, "center");
  pen.save();
  pen.rotate(-Math.PI / 2);
  words(pen, "neurons per feature", -(TOP + height - BELOW) / 2, 12, "center");
  pen.restore();
  const way = run.way.map(([s, h]) => [x(s), y(h)]);
  line(pen, way, colours.blue, 1.5);
  dot(pen, way.at(-1), colours.blue, 6);
}

/** A feature's column of the encoder, (neurons,) each, and its row of the decoder, the neurons scaled so that both are as long. */
function balanced({ w_in, columns }) {
  const { features: F, neurons: N } = config;
  const length = (matrix, n) => Math.hypot(...matrix.subarray(n * F, (n + 1) * F)) || 1;
  const scale = range(N).map(n => config.activation === "gelu" ? 1 : Math.sqrt(length(columns, n) / length(w_in, n)));
  return { ins: range(F).map(i => scale.map((s, n) => w_in[n * F + i] * s)), outs: range(F).map(i => scale.map((s, n) => columns[n * F + i] / s)) };
}
function drawPlane() {
  if ($("plane-figure").hidden) return;
  const { pen, width, height } = canvas("plane"), three = config.neurons === 3, now = run.trail.at(-1);
  const angle = $("turn").value * Math.PI / 180, cos = Math.cos(angle), sin = Math.sin(angle);
  const flat = three ? ([a, b, c]) => [a * cos - b * sin, c * .85 + (a * sin + b * cos) * .45] : point => point;  // seen from above, at a slant
  const reach = Math.max(.35, ...now.ins.flat().map(Math.abs), ...now.outs.flat().map(Math.abs)) * (three ? 1.15 : 1.25);
  const scale = Math.min(width, height) / 2 / reach * (three ? .95 : 1.35);
  const middle = three ? [width / 2, height * .6] : [width / 2 - reach * scale * .26, height / 2 + reach * scale * .26];
  const at = point => { const [x, y] = flat(point); return [middle[0] + x * scale, middle[1] - y * scale]; };
  const far = 2 * reach, zero = range(config.neurons).map(() => 0), axis = (n, v) => zero.map((_, m) => m === n ? v : 0);
  if (!three && config.activation === "relu") {  // where both neurons pass what they hear
    Object.assign(pen, { globalAlpha: .09, fillStyle: colours.blue });
    pen.fillRect(middle[0], 0, width, middle[1]);
    pen.globalAlpha = 1;
  }
  zero.forEach((_, n) => {
    line(pen, [at(axis(n, three ? 0 : -far)), at(axis(n, three ? reach : far))], colours.quiet, 1, [4, 4]);
    const [x, y] = at(axis(n, reach * (three ? 1.03 : .75)));
    words(pen, `neuron ${n}`, Math.min(x + 6, width - 60), Math.max(14, y - 6));
  });
  if (!three && config.activation === "relu") {
    words(pen, "neuron 0 silent", middle[0] - 8, height - 10, "right");
    words(pen, "neuron 1 silent", width - 8, middle[1] + 18, "right");
  }
  now.ins.forEach((_, i) => {
    pen.globalAlpha = .45;
    if (config.features <= 30) line(pen, run.trail.map(({ ins }) => at(ins[i])), colours.blue, 1.5);
    pen.globalAlpha = 1;
    const tip = at(now.ins[i]), long = Math.hypot(tip[0] - middle[0], tip[1] - middle[1]) || 1, head = Math.min(12, long / 2);
    const [ux, uy] = [(tip[0] - middle[0]) / long, (tip[1] - middle[1]) / long], barb = side => [tip[0] - head * (ux + side * uy), tip[1] - head * (uy - side * ux)];
    line(pen, [middle, tip], colours.blue, 2.5);
    line(pen, [barb(.5), tip, barb(-.5)], colours.blue, 2.5);
    const [x, y] = at(now.outs[i]);
    pen.beginPath(); pen.arc(x, y, 6, 0, 7); Object.assign(pen, { strokeStyle: colours.orange, lineWidth: 2 }); pen.stroke();
    if (config.features <= 30) words(pen, `${i}`, tip[0] + 14 * ux - 3, tip[1] + 14 * uy + 4, "center", colours.ink);
  });
}
