"""Published values beside ours, and the verdicts."""

from lib.claims.audit import *
from lib.claims.futures import *
from lib.claims.spread import *
from lib.claims.verdicts import *
