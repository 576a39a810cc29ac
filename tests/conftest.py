"""Every test starts without what an outer `make` or shell may have set."""

import os

for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PARAMS", "GPU", "PAPER_HOME", "PAPER_STAGE"):
    os.environ.pop(name, None)
