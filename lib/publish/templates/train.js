"use strict";
{
// ---- what can be trained, under the names of lib's Config
const LENGTHS = [1, 10, 30, 100, 200, 300, 500, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 50000], whole = n => Number.isInteger(n);
const KNOBS = {
  p: { says: "p, chance that a feature is on", at: 0.02, from: 1e-6, to: 1, steps: [.001, .002, .005, .01, .02, .03, .05, .1, .2, .3, .5, .7, 1] },
  exponent: { says: "q, power of the error", at: 4, from: 1.5, to: 8, steps: [1.5, 1.75, 1.9, 2, 2.1, 2.25, 2.5, 3, 3.5, 4, 5, 6, 8] },
  features: { says: "features", at: 100, from: 2, to: 200, whole, steps: range(199).map(n => n + 2) },
  neurons: { says: "neurons", at: 10, from: 1, to: 40, whole, steps: range(40).map(n => n + 1) },
  steps: { says: "steps", at: 1000, from: 1, to: 50000, whole, steps: LENGTHS },
  batch: { says: "inputs at each step", at: 2048, from: 1, to: 8192, whole, steps: [1, 8, 32, 128, 256, 512, 1024, 2048, 4096, 8192] },
  learning_rate: { says: "learning rate", at: 0.003, from: 1e-6, to: 10, steps: [.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10] },
  low: { says: "least value of a feature", at: -1, from: -1, to: 0.99, steps: [-1, -.5, 0, .5] },
  seed: { says: "seed", at: 0, from: 0, to: 99999, whole, steps: range(100) },
  target: { says: "wanted", at: "relu", words: { relu: "x, if positive", identity: "x itself" } },
  activation: { says: "neurons pass on", at: "relu", words: { relu: "what is positive", abs: "the size", gelu: "GELU", linear: "everything" } },
};
const DEFAULTS = Object.fromEntries(Object.entries(KNOBS).map(([name, { at }]) => [name, at])), OTHER_NAMES = { q: "exponent" };

/** The experiment that an address asks for, and a line on each of its words that does not fit. */
function understood(address) {
  const config = { ...DEFAULTS }, odd = [];
  for (const [word, text] of new URLSearchParams(address.replace(/^#/, "")))  {
    const name = OTHER_NAMES[word] ?? word, knob = Object.hasOwn(KNOBS, name) ? KNOBS[name] : undefined, value = knob?.words ? text : Number(text);
    if (!knob) { if (word && text) odd.push(`there is no “${word.slice(0, 20)}” to set`); }
    else if (knob.words ? Object.hasOwn(knob.words, value) : text.trim() && value >= knob.from && value <= knob.to && (!knob.whole || whole(value))) config[name] = value;
    else odd.push(`${word} = ${text.slice(0, 20)} does not fit: ${knob.words ? `one of ${Object.keys(knob.words).join(", ")}` : `${knob.whole ? "a whole number" : "a number"} from ${knob.from} to ${knob.to}`}`);
  }
  if (config.neurons > config.features) {
    odd.push(`more neurons (${config.neurons}) than features (${config.features}): ${config.features} it is`);
    config.neurons = config.features;
  }
  return { config, odd: odd.slice(0, 3).join("; ") };
}
const addressOf = config => "#" + (Object.keys(KNOBS).filter(name => config[name] !== DEFAULTS[name]).map(name => `${name}=${config[name]}`).join("&") || "train");

// ---- experiments: a guess, then the run, then whether it happened. `holds` is asked at the end of the training.
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length, share = is => is.served / is.slopes.length;
const QUICK = { batch: 512, learning_rate: 0.01 }, SMALL = { p: 0.05, learning_rate: 0.01, steps: 4000 };
const TRIES = [
  { name: "Three features, two neurons", changes: { features: 3, neurons: 2, ...SMALL },
    guess: "The smallest superposition there is. Two neurons could serve two features perfectly and drop the third. Will they? And if not, where does the third arrow go? Watch the first second: all three set out together.",
    holds: is => is.kept === 3 && is.sets.map(set => set.length).sort().join() === "1,1,2",
    yes: "One feature took each neuron, and the third took both: it lies on the diagonal, where it is heard by two half-hearted neurons. All three come back, none of them whole.", no: "Not the usual end, in which one feature takes each neuron and the third takes both." },
  { name: "Seven features, three neurons", changes: { features: 7, neurons: 3, ...SMALL },
    guess: "Three neurons, seven features. How many different sets of neurons are there? Count them before you press.",
    holds: is => new Set(is.sets.map(set => [...set].sort().join())).size === 7,
    yes: "Seven: one neuron (three ways), two of them (three ways), all three (one way). Each feature has a set to itself. That is a code.", no: "Some features ended with the same set of neurons this time." },
  { name: "A power below two", changes: { exponent: 1.75, ...QUICK },
    guess: "With the fourth power, one large mistake is worse than many small ones. Below the square it is the other way round. Will the network still share its ten neurons among a hundred features?",
    holds: is => share(is) < 0.5,
    yes: "It gave up on most of them: favourites, about one for each neuron. It found the naive plan.", no: "It still serves more than half of its features." },
  { name: "A power just above two", changes: { exponent: 2.25, ...QUICK },
    guess: "The other side of the square, and not far from it. Does it share a little, or with everybody?",
    holds: is => share(is) > 0.9,
    yes: "With everybody, at a slope of about a sixth. Between these two powers lies a tipping point, and it lies at two.", no: "Less than nine tenths of the features are served alike." },
  { name: "Crowded inputs", changes: { p: 0.2, batch: 512, learning_rate: 0.03 },
    guess: "Twenty features at a time, not two. A code of several neurons for each feature would drown in crosstalk. What is left to do? Look at the encoder.",
    holds: is => share(is) > 0.5 && is.hands < 1.5,
    yes: "Blocks: nearly every feature is on one neuron, and each neuron adds up a group of its own. It gives the same faint answer to all of them.", no: "No blocks: features are on several neurons, or few are served." },
  { name: "Stopped early", changes: { steps: 100, batch: 512 },
    guess: "A tenth of the training at the post’s rate. Are the features already written on a few neurons each, or is every feature on all of them?",
    holds: is => is.hands > 4,
    yes: "A smear: each feature is on half of the neurons or more, a little on each. “Every neuron is a generalist” is true of this network.", no: "Not a smear: features are on few neurons already." },
  { name: "Trained long", changes: { steps: 4000, ...QUICK },
    guess: "And with patience? The loss falls only a little further. Look at the encoder all the same.",
    holds: is => is.hands < 3 && share(is) > 0.9,
    yes: "A code: each feature is on two or three neurons, and most sets are used once. The smear was a moment of training.", no: "Features are still on three neurons or more." },
  { name: "A neuron for each", changes: { features: 20, neurons: 20, p: 0.1, batch: 512, learning_rate: 0.01, steps: 5000 },
    guess: "Twenty neurons for twenty features. The perfect solution is to give each feature a neuron of its own. Does training find it? It starts with a smear.",
    holds: is => is.hands < 1.2 && is.served > 19,
    yes: "Each neuron belongs to one feature, and every feature comes back nearly whole. Stop it at a fifth of the way and it is not so yet.", no: "Some neurons are still shared, though none need be." },
  { name: "Neurons without a ReLU", changes: { activation: "linear", ...QUICK },
    guess: "Neurons that pass on everything, negative sums too. Is it the ReLU that makes the network share?",
    holds: is => share(is) > 0.9,
    yes: "It shares just the same: every feature is served. But the slopes are lower, the loss is higher, and features are on more neurons. Sharing is not the ReLU’s doing.", no: "It does not serve all features alike." },
];

// ---- the worker: trains in slices, and shows a frame when the last one has been seen
function work(trainer) {
  const SLICE = 12, FRAME = 16, channel = new MessageChannel();
  let id, went, state, losses, running = false, seen, pace, spent, fault;
  const show = () => {
    const weights = Float32Array.from(state.weights);
    postMessage({ id, went, step: state.step, losses, weights, running, spent, fault }, [weights.buffer]);
    losses = [];
    seen = false;
  };
  const step = () => {
    const value = trainer.learn(state);
    losses.push(value);
    fault = !Number.isFinite(value);
    if (fault || state.step >= state.config.steps) running = false;
  };
  const turn = () => {
    if (!running) return;
    const began = performance.now();
    let left = Math.ceil(pace * (state.step + 1));
    do step(); while (running && --left > 0 && performance.now() < began + SLICE);
    spent += performance.now() - began;
    if (!running || seen) show();
    if (running) pace === Infinity ? channel.port2.postMessage(0) : setTimeout(turn, FRAME);
  };
  channel.port1.onmessage = turn;
  const orders = {
    begin: ([run, config]) => { id = run; went = 0; running = fault = false; state = trainer.begin(config); losses = []; spent = 0; show(); },
    go: ([at, time]) => { pace = at; went = time; if (!running && !fault && state.step < state.config.steps) { running = true; turn(); } },
    pause: () => { running = false; show(); },
    one: () => { if (!running && !fault && state.step < state.config.steps) { step(); show(); } },
    seen: () => { seen = true; },
  };
  onmessage = ({ data: [order, given] }) => orders[order](given);
}
function hired() {
  const code = new Blob([`"use strict";${$("trainer").textContent};(${work})(trainer);`], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(code));
  worker.onmessage = arrived;
  worker.onerror = event => { odd = event.message; paint(); };
  return worker;
}
let worker;
const order = (name, given) => (worker ??= hired()).postMessage([name, given]);

// ---- what is known of the training in progress
const calm = matchMedia("(prefers-reduced-motion: reduce)"), WATCH = 8, MOMENTS = [0, .01, .02, .03, .05, .07, .1, .15, .2, .3, .5, .7, 1];
const ARROWS = "An arrow for each feature: how strongly each neuron hears it, and the way its tip came. An orange ring is its output: how much it takes from each neuron (both made equally long, which changes nothing).";
const FLAT = `${ARROWS} On the dashed lines a neuron falls silent; where it is shaded, both neurons speak. A ring beyond a line takes something away: a feature with a neuron to itself is muted by the other one, so that it does not echo the feature that both carry.`;
const DEEP = `${ARROWS} On a dashed axis a feature is heard by one neuron, between two of them by two, and in the middle by all three.`;
let config, chosen, run, odd = "";
const full = () => ({ ...config, init_scale: 0.01 });
const finished = () => run.step >= config.steps;

/** Takes an experiment, at step 0. */
function begin(next, { attempt, note = "", address = addressOf(next) } = {}) {
  config = next;
  chosen = attempt;
  odd = note;
  run = { id: (run?.id ?? 0) + 1, step: 0, losses: [], moments: [], trail: [], way: [], went: 0, running: false, spent: 0, marks: trainer.marks(full()) };
  $("slow").checked = config.neurons <= 3 && config.features <= 20;
  if (address) history.replaceState(null, "", address);
  $("address").href = addressOf(config);
  $("plane-figure").hidden = config.neurons < 2 || config.neurons > 3;
  $("kinds").parentElement.hidden = config.neurons < 4;
  $("plane-caption").textContent = config.neurons === 2 ? FLAT : DEEP;
  $("turn-label").hidden = config.neurons !== 3;
  knobs();
  order("begin", [run.id, full()]);
}

/** A frame from the worker: what it learned since the last one. */
function arrived({ data: { id, went, step, losses, weights, running, spent, fault } }) {
  if (id !== run.id) return;  // of the training before this one
  for (const loss of losses) run.losses.push(loss);
  if (went === run.went) run.running = running;  // otherwise it was sent before it was told to go
  Object.assign(run, { step, spent, fault, net: trainer.matrices(weights) });
  run.is = trainer.readings(run.net, config);
  const due = MOMENTS.filter(moment => moment * config.steps <= step).length;
  if (due > run.moments.length || !run.moments.length) {
    while (run.moments.length < due - 1) run.moments.push(undefined);  // passed between two frames
    run.moments.push({ step, net: run.net });
  }
  remember(run.way, [share(run.is), run.is.hands]);
  if (!$("plane-figure").hidden) remember(run.trail, balanced(run.net));
  if (!run.running) settle();
  setTimeout(() => requestAnimationFrame(() => { paint(); order("seen"); }), calm.matches && run.running ? 500 : 0);
}
/** Keeps a trail, and not too long: when it is, every other point of it. */
function remember(trail, point) {
  trail.push(point);
  if (trail.length > 600) trail.splice(0, trail.length, ...trail.filter((_, n) => n % 2 === 0));
}

/** How it ended, in a line. */
function trouble() {
  const end = run.losses.slice(-Math.ceil(run.losses.length / 10));
  if (run.fault) return `It diverged at step ${run.step}: lower the learning rate.`;
  return finished() && mean(end) > config.p ? "It ended worse than silence, so it diverged: lower the learning rate." : "";
}
function settle() {
  const done = finished() || run.fault, happened = done && chosen && !trouble() && chosen.holds(run.is);
  put($("verdict"), "class", done && chosen ? happened ? "yes" : "no" : "");
  $("verdict").textContent = !done ? "" : trouble() || (chosen ? `${happened ? "It happened." : "It did not happen."} ${happened ? chosen.yes : chosen.no}` : "");
  if (run.step) $("train-status").textContent = `${news()} ${$("verdict").textContent}`;
  for (const [id, words] of Object.entries(pictures())) put($(id), "aria-label", words);
}

// ---- in words
const kind = is => share(is) < .5 ? "favourites" : is.hands < 1.5 ? "groups, each on its neuron" : "several neurons for a feature";
const count = n => n.toLocaleString("en"), small = v => v === 0 ? "0" : Math.abs(v) < 1e-3 ? v.toExponential(1) : v.toPrecision(2);
function news() {
  if (odd && !run.step) return `In the address: ${odd}.`;
  if (!run.is) return "";
  const recent = run.losses.slice(-Math.max(1, Math.ceil(run.losses.length / 20))), ratio = run.marks.naive > 0 && recent.length ? ` (${two(mean(recent) / run.marks.naive)} of the naive plan’s)` : "";
  return `Step ${count(run.step)} of ${count(config.steps)}, ${(run.spent / 1000).toFixed(1)} s. ${recent.length ? `Loss ${small(mean(recent))}${ratio}. ` : ""}` +
    `${run.is.served.toFixed(1)} of ${config.features} features served, ${run.is.hands.toFixed(1)} neurons for each${config.neurons > 3 ? `: ${kind(run.is)}` : ""}.`;
}
function pictures() {
  if (!run.is) return {};
  const sorted = [...run.is.slopes].sort((a, b) => a - b), sets = [1, 2, 3, 4].map(size => run.is.sets.filter(set => set.length === size).length);
  const arrows = run.is.sets.slice(0, 20).map((set, i) => `feature ${i} on ${set.length === 1 ? "neuron" : "neurons"} ${list(set)}`).join("; ");
  return {
    losses: `Loss, from ${small(run.losses[0] ?? 0)} to ${small(run.losses.at(-1) ?? 0)}; the naive plan has ${small(run.marks.naive)}, and the least for features alone is ${small(run.marks.alone)}.`,
    slopes: `Slopes, from ${two(sorted[0])} to ${two(sorted.at(-1))}, mean ${two(mean(sorted))}.`,
    encoder: `Encoder. Features on one, two, three and four neurons: ${sets.join(", ")}.`,
    kinds: `${run.is.served.toFixed(1)} of ${config.features} features served, ${run.is.hands.toFixed(1)} neurons for each: ${kind(run.is)}.`,
    plane: `Arrows of the features: ${arrows}.`,
  };
}

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
  const values = [...bins.map(bin => bin[1]), marks.naive, marks.alone].filter(v => v > 0 && Number.isFinite(v)), most = Math.log10(Math.max(...values, 1e-12)) + .1, least = Math.max(Math.log10(Math.min(...values, 1)) - .1, most - 8);
  const x = n => LEFT + (width - LEFT - 6) * Math.log(n) / Math.log(Math.max(2, config.steps)), y = v => TOP + (height - TOP - BELOW) * (most - Math.log10(Math.max(v, 10 ** least))) / (most - least);
  const marksAt = range(12).map(n => 10 ** (n - 10)).flatMap(ten => most - least > 2 ? [ten] : [ten, 2 * ten, 5 * ten]).filter(v => Math.log10(v) > least && Math.log10(v) < most);
  for (const v of marksAt) { line(pen, [[LEFT, y(v)], [width, y(v)]], colours.line); words(pen, v.toExponential(0), LEFT - 4, y(v) + 4, "right"); }
  for (let n = 1; n <= config.steps; n *= 10) words(pen, count(n), Math.max(LEFT + 3, Math.min(x(n), width - 20)), height - 20, "center");
  words(pen, "step", (LEFT + width) / 2, height - 5, "center");
  for (const [name, colour] of [["naive", colours.orange], ["alone", colours.green]]) if (marks[name] > 0) line(pen, [[LEFT, y(marks[name])], [width, y(marks[name])]], colour, 2, name === "naive" ? [] : [6, 4]);
  line(pen, bins.filter(bin => bin[1] > 0).map(([n, v]) => [x(n), y(v)]), colours.blue, 2);
}

function drawSlopes() {
  const { pen, width, height } = canvas("slopes"), top = Math.max(1.1, Math.min(3, Math.max(...run.is.slopes))), y = v => TOP + (height - TOP - BELOW) * (top - Math.max(-.15, Math.min(v, top))) / (top + .15);
  for (const v of [0, .5, 1]) { line(pen, [[LEFT, y(v)], [width, y(v)]], colours.line); words(pen, v, LEFT - 6, y(v) + 4, "right"); }
  const across = (width - LEFT - 8) / config.features;
  run.is.slopes.forEach((slope, i) => dot(pen, [LEFT + (i + .5) * across, y(slope)], slope > config.neurons / config.features / 2 ? colours.blue : colours.purple, Math.min(6, Math.max(2, across / 2.5))));
  words(pen, `feature, 0 to ${config.features - 1}`, (LEFT + width) / 2, height - 16, "center");
}

/** Features in the order of the sets that carry them: first those on neuron 0. */
function bySets() {
  const name = set => range(config.neurons).map(n => set.includes(n) ? "0" : "1").join(""), names = run.is.sets.map(name);
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
  const { pen, width, height } = canvas("kinds"), most = Math.max(2.2, config.neurons), x = s => LEFT + (width - LEFT - 8) * Math.min(1, s), y = h => TOP + (height - TOP - BELOW) * (1 - Math.log(Math.max(1, h)) / Math.log(most));
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
  const { features: F, neurons: N } = config, length = (matrix, n) => Math.hypot(...matrix.subarray(n * F, (n + 1) * F)) || 1;
  const scale = range(N).map(n => config.activation === "gelu" ? 1 : Math.sqrt(length(columns, n) / length(w_in, n)));
  return { ins: range(F).map(i => scale.map((s, n) => w_in[n * F + i] * s)), outs: range(F).map(i => scale.map((s, n) => columns[n * F + i] / s)) };
}
function drawPlane() {
  if ($("plane-figure").hidden) return;
  const { pen, width, height } = canvas("plane"), three = config.neurons === 3, now = run.trail.at(-1);
  const angle = $("turn").value * Math.PI / 180, flat = three ? ([a, b, c]) => [a * Math.cos(angle) - b * Math.sin(angle), c * .85 + (a * Math.sin(angle) + b * Math.cos(angle)) * .45] : at => at;
  const reach = Math.max(.35, ...now.ins.flat().map(Math.abs), ...now.outs.flat().map(Math.abs)) * (three ? 1.15 : 1.25);
  const scale = Math.min(width, height) / 2 / reach * (three ? .95 : 1.35), middle = three ? [width / 2, height * .6] : [width / 2 - reach * scale * .26, height / 2 + reach * scale * .26];
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
    const tip = at(now.ins[i]), [dx, dy] = [tip[0] - middle[0], tip[1] - middle[1]], long = Math.hypot(dx, dy) || 1, [ux, uy] = [dx / long, dy / long], head = Math.min(12, long / 2);
    line(pen, [middle, tip], colours.blue, 2.5);
    line(pen, [[tip[0] - head * (ux + uy / 2), tip[1] - head * (uy - ux / 2)], tip, [tip[0] - head * (ux - uy / 2), tip[1] - head * (uy + ux / 2)]], colours.blue, 2.5);
    const [x, y] = at(now.outs[i]);
    pen.beginPath(); pen.arc(x, y, 6, 0, 7); Object.assign(pen, { strokeStyle: colours.orange, lineWidth: 2 }); pen.stroke();
    if (config.features <= 30) words(pen, `${i}`, tip[0] + 14 * ux - 3, tip[1] + 14 * uy + 4, "center", colours.ink);
  });
}

/** Draws all of it. */
function paint() {
  if (!run) return;
  $("news").textContent = news();
  $("go").textContent = run.running ? "Pause" : !run.step ? "Train" : finished() || run.fault ? "Train again" : "Go on";
  $("one").disabled = run.running || finished() || !!run.fault;
  $("up").disabled = $("save").disabled = !run.is || run.fault;
  if (!run.is || run.fault) return;
  $("kind").textContent = kind(run.is);
  for (const picture of [drawLosses, drawSlopes, drawEncoder, drawKinds, drawPlane]) picture();
}

// ---- the reader's hand
const inputsOf = {};
for (const [name, { says, words }] of Object.entries(KNOBS)) {
  const label = make("label", $("knobs"), { for: `knob-${name}` });
  make("span", label).textContent = says;
  const input = make(words ? "select" : "input", words ? label : $("knobs"), words ? { id: `knob-${name}` } : { id: `knob-${name}`, type: "range", min: 0, step: 1 });
  for (const word in words) make("option", input, { value: word }).textContent = words[word];
  inputsOf[name] = { input, output: words ? undefined : make("output", label, { for: `knob-${name}` }) };
  input.addEventListener("input", () => {
    const next = { ...config, [name]: words ? input.value : inputsOf[name].steps[input.value] };
    if (name === "features") next.neurons = Math.min(next.neurons, next.features);
    begin(next);
  });
}
/** One thing a frame, the last that was wanted. */
function later(what) { cancelAnimationFrame(later.id); later.id = requestAnimationFrame(what); }
/** Sliders as the experiment has them: a value between two of their steps is a step of its own. */
function knobs() {
  for (const [name, { steps, words }] of Object.entries(KNOBS)) {
    const { input, output } = inputsOf[name];
    if (words) { input.value = config[name]; continue; }
    const fit = name === "neurons" ? steps.filter(n => n <= config.features) : steps, at = [...new Set([...fit, config[name]])].sort((a, b) => a - b);
    inputsOf[name].steps = at;
    input.max = at.length - 1;
    input.value = at.indexOf(config[name]);
    output.textContent = config[name] < 1 ? config[name] : count(config[name]);
    input.setAttribute("aria-valuetext", output.textContent);
  }
  tries.forEach((button, n) => put(button, "aria-pressed", TRIES[n] === chosen));
  $("guess").textContent = chosen ? chosen.guess : "";
  if (!run?.step) { $("verdict").textContent = ""; put($("verdict"), "class", ""); }
}
const tries = TRIES.map(attempt => {
  const button = make("button", make("li", $("tries")), { type: "button" });
  button.textContent = attempt.name;
  button.addEventListener("click", () => begin({ ...DEFAULTS, ...attempt.changes }, { attempt }));
  return button;
});

/** Steps of one frame as a share of those taken: most happens early. A slow training takes about as long as WATCH, in seconds. */
const pace = () => $("slow").checked ? Math.log(config.steps + 1) / (60 * WATCH) : Infinity;
$("go").addEventListener("click", () => {
  if (run.running) return order("pause");
  if (finished() || run.fault) begin(config, { attempt: chosen });
  run.running = true;
  order("go", [pace(), ++run.went]);
});
$("one").addEventListener("click", () => order("one"));
$("again").addEventListener("click", () => begin(config, { attempt: chosen }));
$("slow").addEventListener("change", () => { if (run.running) order("go", [pace(), ++run.went]); });
$("up").addEventListener("click", () => {
  const size = config.features, columns = ({ w_in, columns }) => ({ w_in, columns: range(config.neurons).map(n => columns.slice(n * size, (n + 1) * size)) });
  const moments = run.moments.filter(moment => moment && moment.step < run.step).concat({ step: run.step, net: run.net });
  stage({ ...config, steps: moments.map(moment => moment.step), nets: moments.map(moment => columns(moment.net)) },
    `On the stage: your network, with ${count(config.features)} features and ${count(config.neurons)} ${config.neurons === 1 ? "neuron" : "neurons"}, after ${count(run.step)} of ${count(config.steps)} steps.`);
  $("stage").scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "center" });
});
/** The weights in the format of safetensors, under lib's names and in lib's shapes: eight bytes of length, a header, the arrays. */
function safetensors() {
  const { features: F, neurons: N } = config, { seed, ...about } = full(), { w_in, columns } = run.net, w_out = Float32Array.from({ length: F * N }, (_, at) => columns[at % N * F + Math.floor(at / N)]);
  const metadata = { config: JSON.stringify({ ...about, seeds: 1 }), seed: `${seed}`, step: `${run.step}` }, bytes = 4 * F * N;
  const array = (shape, from) => ({ dtype: "F32", shape, data_offsets: [from, from + bytes] });
  const text = JSON.stringify({ __metadata__: metadata, w_in: array([N, F], 0), w_out: array([F, N], bytes) }), header = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = new DataView(new ArrayBuffer(8));
  length.setUint32(0, header.length, true);
  return new Blob([length, header, w_in, w_out]);
}
$("save").addEventListener("click", () => {
  const link = make("a", document.body, { download: `network_${addressOf(config).slice(1).replace(/[=&]/g, "_")}.safetensors` });
  link.href = URL.createObjectURL(safetensors());
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
$("turn").addEventListener("input", () => { turning.mine = true; later(paint); });
/** With three neurons the picture turns slowly, until the reader takes it in hand. */
function turning() {
  if (config?.neurons === 3 && run.is && !turning.mine && !calm.matches && !document.hidden) {
    $("turn").value = (+$("turn").value + 1) % 360;
    drawPlane();
  }
}
setInterval(turning, 60);

/** What an address asks for, without starting it; one of the experiments, if it is one. */
function visit() {
  const { config: asked, odd: note } = understood(location.hash), same = ({ changes }) => addressOf({ ...DEFAULTS, ...changes }) === addressOf(asked);
  begin(asked, { attempt: TRIES.find(same), note, address: location.hash && addressOf(asked) });
  if (location.hash.length > 1) $("train").scrollIntoView();
}
addEventListener("hashchange", () => { if (location.hash !== addressOf(config)) visit(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { palette(); paint(); });
new ResizeObserver(() => later(paint)).observe($("views"));
palette();
const ready = new Promise(resolve => requestAnimationFrame(() => setTimeout(() => {  // after the first paint
  visit();
  $("train").inert = false;
  resolve();
})));
window.training = { ready, understood, addressOf, begin, safetensors, TRIES, DEFAULTS, get run() { return run; }, get config() { return config; } };  // for the tests
}
