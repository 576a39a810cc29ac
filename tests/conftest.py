"""Every test starts without what an outer `make` or shell may have set."""

import os

for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PARAMS", "GPU", "PAPER_HOME", "PAPER_STAGE"):
    os.environ.pop(name, None)

from lib import paths  # noqa: E402

(paths.BUILD / "ipython").mkdir(parents=True, exist_ok=True)  # where make points IPYTHONDIR; IPython wants it to exist
