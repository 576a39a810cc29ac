"""Blind readers: from hidden numbers alone, (samples, neurons), to atoms, (atoms, neurons)."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import FastICA, MiniBatchDictionaryLearning
from threadpoolctl import threadpool_limits

from lib.measure import atoms

GRID, OFTEN = 0.01, 1 / 4_000  # of directions that are counted as one; share of samples that makes a ray
PASSES, BATCH, RATE = 15.625, 256, 1e-2  # how an autoencoder is trained: how often it sees each sample, and Adam's
SLOW = 2_048  # samples that dictionary learning sees
ALIVE = 1e-4  # a latent that is on in fewer samples than that is dead, and no atom


def lit(h: np.ndarray) -> np.ndarray:
    """Directions of the samples in which any neuron answers, rows of length 1."""
    return atoms.unit(h[h.any(1)])


def counted_rays(h: np.ndarray) -> np.ndarray:
    """The trivial reader: directions that come again and again. A feature that is on alone always leaves the same."""
    boxes, first, count = np.unique(np.round(lit(h) / GRID), axis=0, return_index=True, return_counts=True)
    return lit(h)[first[count >= max(2, OFTEN * len(h))]]


def random_directions(h: np.ndarray, count: int) -> np.ndarray:
    """A null: directions that are uniform among those without a negative entry."""
    return np.abs(np.random.default_rng(0).normal(size=(count, h.shape[1])))


def random_samples(h: np.ndarray, count: int) -> np.ndarray:
    """A stronger null: samples as they come, about a quarter of which have one feature on."""
    rows = lit(h)
    return rows[np.random.default_rng(0).choice(len(rows), min(count, len(rows)), replace=False)]


def clusters(h: np.ndarray, count: int) -> np.ndarray:
    """Centres of clusters of directions (k-means)."""
    rows = lit(h)
    if not len(rows):
        return rows
    count = min(count, len(np.unique(rows, axis=0)))
    with threadpool_limits(1):  # threads would add up in any order
        return MiniBatchKMeans(count, batch_size=4_096, n_init=1, random_state=0).fit(rows).cluster_centers_


def independent(h: np.ndarray) -> np.ndarray:
    """Independent components, with the sign that points to positive numbers: no more than there are neurons."""
    if np.linalg.matrix_rank(h - h.mean(0)) < h.shape[1]:
        return h[:0]
    mixing = FastICA(whiten="unit-variance", tol=1e-3, max_iter=400, random_state=0).fit(h).mixing_.T
    return mixing * np.where(mixing.sum(1, keepdims=True) < 0, -1, 1)


def dictionary(h: np.ndarray, count: int, alpha: float) -> np.ndarray:
    """Dictionary learning with positive codes and atoms; `alpha` weighs the sum of the codes, of h of length 1.

    It is slow, and sees the first `SLOW` samples only.
    """
    h = h[:SLOW]
    learner = MiniBatchDictionaryLearning(
        count, alpha=alpha, positive_code=True, positive_dict=True, fit_algorithm="cd", transform_algorithm="lasso_cd",
        batch_size=256, max_iter=30, random_state=0,
    )  # fmt: skip
    with threadpool_limits(1):
        return learner.fit(h / length(h)).components_


def length(h: np.ndarray) -> float:
    """Root mean square length of the hidden numbers; 1 if they are all zero."""
    return float(np.sqrt(np.square(h).sum(1).mean())) or 1.0


class Autoencoder(nnx.Module):
    """`z = ReLU(E (h - b) + a)`, of which the `keep` largest are kept if that is given; `D z + b` is h again.

    Attributes:
        encoder, decoder: (latents, neurons); rows of the decoder are the atoms. bias: (latents,). centre: (neurons,).
    """

    def __init__(self, key: Array, neurons: int, latents: int):
        start = jax.random.normal(key, (latents, neurons))
        start = start / jnp.linalg.norm(start, axis=1, keepdims=True)
        self.encoder, self.decoder = nnx.Param(start), nnx.Param(start)
        self.bias, self.centre = nnx.Param(jnp.zeros(latents)), nnx.Param(jnp.zeros(neurons))

    def encode(self, h: Array, keep: int = 0) -> Array:
        z = jax.nn.relu((h - self.centre[None]) @ self.encoder.T + self.bias[None])
        return jnp.where(z >= kth_largest(z, keep), z, 0) if 0 < keep < z.shape[1] else z

    def decode(self, z: Array) -> Array:
        return z @ self.decoder[...] + self.centre[None]


def kth_largest(z: Array, k: int) -> Array:
    """The k-th largest of different entries of each row, (rows, 1): for a small k faster than sorting."""
    top = z.max(1, keepdims=True)
    for _ in range(k - 1):
        top = jnp.where(z < top, z, 0).max(1, keepdims=True)
    return top


def sparse_autoencoder(h: np.ndarray, latents: int, keep: int = 0, penalty: float = 0.0) -> tuple[np.ndarray, Array]:
    """A sparse autoencoder trained on h with Adam: squared error, plus `penalty` times the sum of latents.

    Args:
        keep: latents that may be on in a sample (TopK); 0 for all (ReLU), which want a penalty.

    Returns: the atoms of latents that are ever on, (atoms, neurons), and h as the autoencoder returns it.
    """
    h, size = jnp.asarray(h), length(h)
    made, on = _trained(h / size, latents, keep, penalty)
    live = np.asarray(on) > ALIVE
    return np.asarray(made.decoder[...])[live], made.decode(made.encode(h / size, keep)) * size


@partial(jax.jit, static_argnums=(1, 2))
def _trained(h: Array, latents: int, keep: int, penalty: Array) -> tuple[Autoencoder, Array]:
    key = jax.random.key(0)
    made = Autoencoder(key, h.shape[1], latents)
    graph, start = nnx.split(made)
    steps = max(1, round(PASSES * len(h) / BATCH))
    adam = optax.adam(optax.cosine_decay_schedule(RATE, steps))

    def loss(weights, batch):
        made = nnx.merge(graph, weights)
        z = made.encode(batch, keep)
        longer = z * jnp.linalg.norm(made.decoder[...], axis=1)[None]
        return jnp.square(made.decode(z) - batch).sum(1).mean() + penalty * longer.sum(1).mean()

    def step(state, number):
        weights, moments = state
        rows = jax.random.randint(jax.random.fold_in(key, number), (BATCH,), 0, len(h))
        update, moments = adam.update(jax.grad(loss)(weights, h[rows]), moments)
        return (optax.apply_updates(weights, update), moments), None

    (weights, _), _ = jax.lax.scan(step, (start, adam.init(start)), jnp.arange(steps))
    made = nnx.merge(graph, weights)
    return made, (made.encode(h, keep) > 0).mean(0)
