"""The figures: one function each, data in, a matplotlib Figure out."""

from lib.plots.behaviour import *
from lib.plots.bottleneck import *
from lib.plots.codes import *
from lib.plots.conclusion import *
from lib.plots.convergence import *
from lib.plots.importance import *
from lib.plots.limits import *
from lib.plots.loss import *
from lib.plots.metrics import *
from lib.plots.opening import *
from lib.plots.reading import *
from lib.plots.shown import *
from lib.plots.sparsity import *
from lib.plots.speed import *
from lib.plots.structure import *
from lib.plots.style import save, show
from lib.plots.theory import *
