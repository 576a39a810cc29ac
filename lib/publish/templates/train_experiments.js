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
  activation: { says: "neurons pass", at: "relu", words: { relu: "what is positive", abs: "the size", gelu: "GELU", linear: "everything" } },
};
const DEFAULTS = Object.fromEntries(Object.entries(KNOBS).map(([name, { at }]) => [name, at])), OTHER_NAMES = { q: "exponent" };

function fits({ words, from, to, whole }, text) {
  const value = Number(text);
  return words ? Object.hasOwn(words, text) : text.trim() !== "" && value >= from && value <= to && (!whole || whole(value));
}
const wants = ({ words, from, to, whole }) => words ? `one of ${list(Object.keys(words))}` : `${whole ? "a whole number" : "a number"} from ${from} to ${to}`;

/** The experiment that an address asks for, and a line on each of its words that does not fit. */
function understood(address) {
  const config = { ...DEFAULTS }, odd = [];
  for (const [word, text] of new URLSearchParams(address.replace(/^#/, ""))) {
    const name = OTHER_NAMES[word] ?? word, knob = Object.hasOwn(KNOBS, name) ? KNOBS[name] : undefined;
    if (!knob) { if (word && text) odd.push(`there is no “${word.slice(0, 20)}” to set`); }
    else if (fits(knob, text)) config[name] = knob.words ? text : Number(text);
    else odd.push(`${word} = ${text.slice(0, 20)} does not fit: ${wants(knob)}`);
  }
  if (config.neurons > config.features) {
    odd.push(`more neurons (${config.neurons}) than features (${config.features}): ${config.features} it is`);
    config.neurons = config.features;
  }
  return { config, odd: odd.slice(0, 3).join("; ") };
}
function addressOf(config) {
  const changed = Object.keys(KNOBS).filter(name => config[name] !== DEFAULTS[name]);
  return `#${changed.map(name => `${name}=${config[name]}`).join("&") || "train"}`;
}

// ---- experiments: a guess, then the run, then whether it happened. `holds` is asked at the end of the training.
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length, share = is => is.served / is.slopes.length;
const QUICK = { batch: 512, learning_rate: 0.01 }, SMALL = { p: 0.05, learning_rate: 0.01, steps: 4000 };
const TRIES = [
  { name: "Three features, two neurons", changes: { features: 3, neurons: 2, ...SMALL },
    guess: "The smallest superposition there is. Two neurons could serve two features perfectly and drop the third. Will they? And if not, where does the "
      + "third arrow go? Watch the first second: all three set out together.",
    holds: is => is.kept === 3 && is.sets.map(set => set.length).sort().join() === "1,1,2",
    yes: "One feature took each neuron, and the third took both: it lies on the diagonal, where it is heard by two half-hearted neurons. All three come "
      + "back, none of them whole.",
    no: "Not the usual end, in which one feature takes each neuron and the third takes both." },
  { name: "Seven features, three neurons", changes: { features: 7, neurons: 3, ...SMALL },
    guess: "Three neurons, seven features. How many different sets of neurons are there? Count them before you press.",
    holds: is => new Set(is.sets.map(set => [...set].sort().join())).size === 7,
    yes: "Seven: one neuron (three ways), two of them (three ways), all three (one way). Each feature has a set to itself. That is a code.",
    no: "Some features ended with the same set of neurons this time." },
  { name: "A power below two", changes: { exponent: 1.75, ...QUICK },
    guess: "With the fourth power, one large mistake is worse than many small ones. Below the square it is the other way round. Will the network still share "
      + "its ten neurons among a hundred features?",
    holds: is => share(is) < 0.5,
    yes: "It gave up on most of them: favourites, about one for each neuron. It found the naive plan.",
    no: "It still serves more than half of its features." },
  { name: "A power just above two", changes: { exponent: 2.25, ...QUICK },
    guess: "The other side of the square, and not far from it. Does it share a little, or with everybody?",
    holds: is => share(is) > 0.9,
    yes: "With everybody, at a slope of about a sixth. Between these two powers lies a tipping point: section 11 finds it at two, or just above.",
    no: "Less than nine tenths of the features are served alike." },
  { name: "Crowded inputs", changes: { p: 0.2, batch: 512, learning_rate: 0.03 },
    guess: "Twenty features at a time, not two. A code of several neurons for each feature would drown in crosstalk. What is left to do? Look at the "
      + "encoder.",
    holds: is => share(is) > 0.5 && is.hands < 1.5,
    yes: "Blocks: nearly every feature is on one neuron, and each neuron adds up a group of its own. It gives the same faint answer to all of them.",
    no: "No blocks: features are on several neurons, or few are served." },
  { name: "Stopped early", changes: { steps: 100, batch: 512 },
    guess: "A tenth of the training at the post’s rate. Are the features already written on a few neurons each, or is every feature on all of them?",
    holds: is => is.hands > 4,
    yes: "A smear: each feature is on half of the neurons or more, a little on each. “Every neuron is a generalist” is true of this network.",
    no: "Not a smear: features are on few neurons already." },
  { name: "Trained long", changes: { steps: 4000, ...QUICK },
    guess: "And with patience? The loss falls only a little further. Look at the encoder all the same.",
    holds: is => is.hands < 3 && share(is) > 0.9,
    yes: "A code: each feature is on two or three neurons, and nearly every one has a set of its own. The smear was a moment of training.",
    no: "Features are still on three neurons or more." },
  { name: "A neuron for each", changes: { features: 20, neurons: 20, p: 0.1, batch: 512, learning_rate: 0.01, steps: 5000 },
    guess: "Twenty neurons for twenty features. The perfect solution is to give each feature a neuron of its own. Does training find it? It starts with a "
      + "smear.",
    holds: is => is.hands < 1.2 && is.served > 19,
    yes: "Each neuron belongs to one feature, and every feature comes back nearly whole. Stop it at a fifth of the way and it is not so yet.",
    no: "Some neurons are still shared, though none need be." },
  { name: "Neurons without a ReLU", changes: { activation: "linear", ...QUICK },
    guess: "Neurons that pass on everything, negative sums too. Is it the ReLU that makes the network share?",
    holds: is => share(is) > 0.9,
    yes: "It shares just the same: every feature is served. But the slopes are lower, the loss is higher, and features are on more neurons. Sharing is not "
      + "the ReLU’s doing.",
    no: "It does not serve all features alike." },
];
