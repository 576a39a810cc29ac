"""The figures: one function each, data in, a matplotlib Figure out."""

from lib.plots.behaviour import *  # noqa: F403
from lib.plots.bottleneck import *  # noqa: F403
from lib.plots.conclusion import *  # noqa: F403
from lib.plots.convergence import *  # noqa: F403
from lib.plots.importance import *  # noqa: F403
from lib.plots.loss import *  # noqa: F403
from lib.plots.metrics import *  # noqa: F403
from lib.plots.sparsity import *  # noqa: F403
from lib.plots.speed import *  # noqa: F403
from lib.plots.structure import *  # noqa: F403
from lib.plots.style import save, show  # noqa: F401
from lib.plots.theory import *  # noqa: F403
