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
const ARROWS = "An arrow for each feature: how strongly each neuron hears it, and the way its tip came. An orange ring is its output: "
  + "how much it takes from each neuron (both made equally long, which changes nothing).";
const FLAT = `${ARROWS} On the dashed lines a neuron falls silent; where it is shaded, both neurons speak. A ring beyond a line takes `
  + "something away: a feature with a neuron to itself is muted by the other one, so that it does not echo the feature that both carry.";
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
  const recent = run.losses.slice(-Math.max(1, Math.ceil(run.losses.length / 20)));
  const ratio = run.marks.naive > 0 && recent.length ? ` (${two(mean(recent) / run.marks.naive)} of the naive plan’s)` : "";
  return `Step ${count(run.step)} of ${count(config.steps)}, ${(run.spent / 1000).toFixed(1)} s. ${recent.length ? `Loss ${small(mean(recent))}${ratio}. ` : ""}` +
    `${run.is.served.toFixed(1)} of ${config.features} features served, ${run.is.hands.toFixed(1)} neurons for each${config.neurons > 3 ? `: ${kind(run.is)}` : ""}.`;
}
function pictures() {
  if (!run.is) return {};
  const sorted = [...run.is.slopes].sort((a, b) => a - b), { sets, served, hands } = run.is;
  const ofSize = [1, 2, 3, 4].map(size => sets.filter(set => set.length === size).length);
  const arrows = sets.slice(0, 20).map((set, i) => `feature ${i} on ${set.length === 1 ? "neuron" : "neurons"} ${list(set)}`).join("; ");
  return {
    losses: `Loss, from ${small(run.losses[0] ?? 0)} to ${small(run.losses.at(-1) ?? 0)}; the naive plan has ${small(run.marks.naive)}, `
      + `and the least for features alone is ${small(run.marks.alone)}.`,
    slopes: `Slopes, from ${two(sorted[0])} to ${two(sorted.at(-1))}, mean ${two(mean(sorted))}.`,
    encoder: `Encoder. Features on one, two, three and four neurons: ${ofSize.join(", ")}.`,
    kinds: `${served.toFixed(1)} of ${config.features} features served, ${hands.toFixed(1)} neurons for each: ${kind(run.is)}.`,
    plane: `Arrows of the features: ${arrows}.`,
  };
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
  const id = `knob-${name}`, input = words ? make("select", label, { id }) : make("input", $("knobs"), { id, type: "range", min: 0, step: 1 });
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
    const fit = name === "neurons" ? steps.filter(n => n <= config.features) : steps;
    const at = [...new Set([...fit, config[name]])].sort((a, b) => a - b);
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
  const { features: F, neurons: N, steps } = config, split = columns => range(N).map(n => columns.slice(n * F, (n + 1) * F));
  const moments = run.moments.filter(moment => moment && moment.step < run.step).concat({ step: run.step, net: run.net });
  const nets = moments.map(({ net }) => ({ w_in: net.w_in, columns: split(net.columns) }));
  stage({ ...config, steps: moments.map(moment => moment.step), nets },
    `On the stage: your network, with ${F} features and ${N} ${N === 1 ? "neuron" : "neurons"}, after ${count(run.step)} of ${count(steps)} steps.`);
  $("stage").scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "center" });
});
/** The weights in the format of safetensors, under lib's names and in lib's shapes: eight bytes of length, a header, the arrays. */
function safetensors() {
  const { features: F, neurons: N } = config, { seed, ...about } = full(), { w_in, columns } = run.net, bytes = 4 * F * N;
  const w_out = Float32Array.from({ length: F * N }, (_, at) => columns[at % N * F + Math.floor(at / N)]);
  const metadata = { config: JSON.stringify({ ...about, seeds: 1 }), seed: `${seed}`, step: `${run.step}` };
  const array = (shape, from) => ({ dtype: "F32", shape, data_offsets: [from, from + bytes] });
  const text = JSON.stringify({ __metadata__: metadata, w_in: array([N, F], 0), w_out: array([F, N], bytes) });
  const header = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
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
  const { config: asked, odd: note } = understood(location.hash);
  const attempt = TRIES.find(({ changes }) => addressOf({ ...DEFAULTS, ...changes }) === addressOf(asked));
  begin(asked, { attempt, note, address: location.hash && addressOf(asked) });
  if (location.hash.length > 1) $("train").scrollIntoView();
}
addEventListener("hashchange", () => {
  if (location.hash === "#train") history.replaceState(null, "", addressOf(config));  // a way down the page, not an experiment
  else if (location.hash !== addressOf(config)) visit();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { palette(); paint(); });
new ResizeObserver(() => later(paint)).observe($("views"));
palette();
const ready = new Promise(resolve => requestAnimationFrame(() => setTimeout(() => {  // after the first paint
  visit();
  $("train").inert = false;
  resolve();
})));
window.training = { ready, understood, addressOf, begin, safetensors, TRIES, DEFAULTS, get run() { return run; }, get config() { return config; } };  // for the tests
