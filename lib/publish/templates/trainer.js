"use strict";
// The trainer: lib/data.py, lib/model.py and lib/train.py in plain JavaScript, pure functions of arrays and numbers.
// It runs in a worker of the page, and in tests. Both matrices lie neuron by neuron, (neurons, features): the row of the
// encoder and the column of the decoder that belong to a neuron stand at n * features of `w_in` and of `columns`.

const B1 = 0.9, B2 = 0.999, EPS = 1e-8;  // Adam, as optax has it
const LEAST = 1 / 5;  // lib/measure/sets.py

/** A stream of numbers in [0, 1) from a seed and a purpose: sfc32 (Doty-Humphrey), 32 bits at a time. */
function stream(seed, purpose) {
  let a = seed | 0, b = purpose | 0, c = 0x9E3779B9 | 0, count = 1;
  const next = () => {
    const word = (a + b | 0) + count | 0;
    count = count + 1 | 0;
    a = b ^ b >>> 9;
    b = c + (c << 3) | 0;
    c = (c << 21 | c >>> 11) + word | 0;
    return (word >>> 0) / 4294967296;
  };
  for (let i = 0; i < 16; i++) next();
  return next;
}

/** One draw from N(0, 1) (Box and Muller). */
const normal = next => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** Room for `count` samples: sample s has the features and values from starts[s] up to starts[s + 1], and is 0 elsewhere. */
function room({ features }, count) {
  const most = features * count;
  return { count, starts: new Int32Array(count + 1), features: new Uint16Array(most), values: new Float64Array(most) };
}

/**
 * Fills `samples` from the training distribution: each feature on with probability p, then Uniform(low, 1).
 * From one entry that is on to the next, the number of entries that are off is geometric: an entry that is off costs nothing.
 */
function draw(samples, next, { features, p, low }) {
  const { count, starts } = samples, end = features * count, off = Math.log1p(-p);
  const gap = () => Math.floor(Math.log(1 - next()) / off);
  let filled = 0, sample = 0;
  for (let entry = gap(); entry < end; entry += 1 + gap()) {
    const to = Math.floor(entry / features);
    while (sample <= to) starts[sample++] = filled;
    samples.features[filled] = entry - to * features;
    samples.values[filled++] = low + (1 - low) * next();
  }
  while (sample <= count) starts[sample++] = filled;
  return samples;
}

/** Neurons: f, and its slope. GELU is the one with tanh, as JAX has it. */
const GELU = Math.sqrt(2 / Math.PI), CUBE = 0.044715;
const ACTIVATIONS = {
  relu: [v => v > 0 ? v : 0, v => v > 0 ? 1 : 0],
  abs: [Math.abs, Math.sign],
  linear: [v => v, () => 1],
  gelu: [v => v / 2 * (1 + Math.tanh(GELU * (v + CUBE * v ** 3))), v => {
    const t = Math.tanh(GELU * (v + CUBE * v ** 3));
    return (1 + t) / 2 + v / 2 * (1 - t * t) * GELU * (1 + 3 * CUBE * v * v);
  }],
};
const target = ({ target }) => target === "relu" ? ACTIVATIONS.relu[0] : ACTIVATIONS.linear[0];

/** Sum of |error|**q; the errors become their slopes, q |error|**(q - 1) with the sign of the error. */
function power(error, q) {
  const quarters = Number.isInteger(4 * q) ? 4 * q : 0;
  let sum = 0;
  if (q === 4) for (let i = 0; i < error.length; i++) {
    const e = error[i], square = e * e;
    sum += square * square;
    error[i] = 4 * square * e;
  } else if (q === 2) for (let i = 0; i < error.length; i++) {
    sum += error[i] * error[i];
    error[i] *= 2;
  } else for (let i = 0; i < error.length; i++) {
    const square = error[i] * error[i] + 1e-30, raised = quarters ? quartered(square, quarters) : square ** (q / 2);
    sum += raised;
    error[i] *= q * raised / square;
  }
  return sum;
}

/** square**(quarters / 8), by roots and products: a fifth of what `**` costs. */
function quartered(square, quarters) {
  let factor = Math.sqrt(Math.sqrt(Math.sqrt(square))), product = 1;
  for (; quarters; quarters >>= 1) {
    if (quarters & 1) product *= factor;
    factor *= factor;
  }
  return product;
}

/** A network at step 0, every weight N(0, init_scale**2), Adam's moments, and the streams of its samples. */
function begin(config) {
  const size = config.features * config.neurons, next = stream(config.seed, 1), zeros = () => new Float64Array(2 * size);
  return {
    config, step: 0, next: stream(config.seed, 2), samples: room(config, config.batch),
    weights: zeros().map(() => config.init_scale * normal(next)), first: zeros(), second: zeros(), slope: zeros(),
    error: new Float64Array(config.features), before: new Float64Array(config.neurons), after: new Float64Array(config.neurons),
  };
}

/** The encoder and the decoder, as views of one array. */
function matrices(weights) {
  const size = weights.length / 2;
  return { w_in: weights.subarray(0, size), columns: weights.subarray(size) };
}

/** Mean of |y - target|**q over samples and features; its slope in every weight is left in `state.slope`. */
function loss(state) {
  const { config, samples, weights, slope, error, before, after } = state, { features: F, neurons: N, exponent } = config;
  const [activate, steepness] = ACTIVATIONS[config.activation], wanted = target(config);
  const { w_in, columns } = matrices(weights), down = matrices(slope), heard = new Int32Array(N);
  let sum = 0;
  slope.fill(0);
  for (let s = 0; s < samples.count; s++) {
    const from = samples.starts[s], to = samples.starts[s + 1];
    if (from === to) continue;  // nothing in, nothing out, nothing to learn
    let hearing = 0;
    for (let n = 0; n < N; n++) {
      let input = 0;
      for (let m = from; m < to; m++) input += w_in[n * F + samples.features[m]] * samples.values[m];
      before[n] = input;
      after[n] = activate(input);
      if (after[n] !== 0 || steepness(input) !== 0) heard[hearing++] = n;
    }
    forward(columns, heard, hearing, after, error);
    for (let m = from; m < to; m++) error[samples.features[m]] -= wanted(samples.values[m]);
    sum += power(error, exponent);
    for (let k = 0; k < hearing; k++) {
      const n = heard[k], back = steepness(before[n]) * backward(columns, down.columns, n * F, after[n], error);
      for (let m = from; m < to; m++) down.w_in[n * F + samples.features[m]] += back * samples.values[m];
    }
  }
  const share = 1 / (samples.count * F);
  for (let i = 0; i < slope.length; i++) slope[i] *= share;
  return sum * share;
}

/** Sum of the columns of the neurons that are heard, two at a time. */
function forward(columns, heard, hearing, after, out) {
  const F = out.length;
  let k = hearing % 2;
  if (k) {
    const at = heard[0] * F, h = after[heard[0]];
    for (let i = 0; i < F; i++) out[i] = columns[at + i] * h;
  } else out.fill(0);
  for (; k < hearing; k += 2) {
    const a = heard[k] * F, b = heard[k + 1] * F, g = after[heard[k]], h = after[heard[k + 1]];
    for (let i = 0; i < F; i++) out[i] += columns[a + i] * g + columns[b + i] * h;
  }
}

/** What one neuron should have said, and on the way the slope of its column. */
function backward(columns, down, at, h, error) {
  let sum = 0;
  for (let i = 0; i < error.length; i++) {
    sum += columns[at + i] * error[i];
    down[at + i] += h * error[i];
  }
  return sum;
}

/** One step of Adam down the slope, its rate a cosine from `learning_rate` to 0. */
function update(state) {
  const { config, weights, first, second, slope } = state;
  const rate = config.learning_rate * (1 + Math.cos(Math.PI * state.step / config.steps)) / 2, t = ++state.step;
  const one = 1 - B1 ** t, two = 1 - B2 ** t;
  for (let i = 0; i < weights.length; i++) {
    const g = slope[i];
    first[i] = B1 * first[i] + (1 - B1) * g;
    second[i] = B2 * second[i] + (1 - B2) * g * g;
    weights[i] -= rate * first[i] / one / (Math.sqrt(second[i] / two) + EPS);
  }
}

/** One training step on fresh samples, or on those that are given; the loss before it. */
function learn(state, samples = draw(state.samples, state.next, state.config)) {
  const value = loss(Object.assign(state, { samples }));
  update(state);
  return value;
}

/** (sum)**2 / sum of squares: how many of the parts carry the whole. */
function participation(parts) {
  let sum = 0, squares = 0;
  for (const part of parts) { sum += part; squares += part * part; }
  return squares ? sum * sum / squares : 0;
}

/**
 * What a network is like (lib/measure): `slopes`, the answer to each feature alone at +1; `served`, how many features are
 * served, and `hands`, neurons per feature that is not ignored, both participation ratios; `sets`, the neurons that carry
 * each feature, from the one that gives it most.
 */
function readings({ w_in, columns }, { features: F, neurons: N, activation }) {
  const [activate] = ACTIVATIONS[activation], slopes = new Float64Array(F), sets = [];
  let hands = 0, kept = 0;
  for (let i = 0; i < F; i++) {
    const given = Array.from({ length: N }, (_, n) => columns[n * F + i] * activate(w_in[n * F + i]));
    slopes[i] = given.reduce((sum, part) => sum + part, 0);
    const useful = given.map(part => Math.max(part, 0)), most = Math.max(...useful);
    sets.push(useful.map((_, n) => n).filter(n => useful[n] > LEAST * most).sort((a, b) => useful[b] - useful[a]));
    if (slopes[i] >= N / F / 2) { hands += participation(useful); kept++; }
  }
  return { slopes, sets, served: participation(slopes), hands: kept ? hands / kept : 0, kept };
}

/**
 * Losses to hold a training against: `naive`, of the plan that gives each neuron to a feature and drops the rest (one ReLU,
 * so that it drops negative values too), and `alone`, the least there can be if features came one at a time: a theorem,
 * lib/theory/rare_limit.py.
 */
function marks({ features: F, neurons: N, p, low, target, exponent: q }) {
  const bottom = Math.max(low, 0), above = (1 - bottom ** (q + 1)) / ((q + 1) * (1 - low));
  const below = target === "identity" && low < 0 ? (-low) ** (q + 1) / ((q + 1) * (1 - low)) : 0, energy = F / N - 1;
  const others = energy ** (q / 2) * (F - 1) ** (1 - q / 2), least = q <= 2 ? 1 - N / F : (1 + others ** (1 / (q - 1))) ** (1 - q) * others;
  return { naive: p * (above * (1 - N / F) + below), alone: p * (above + below) * least };
}
