# The paper, from nothing but Python, make and git. Every target sets up what it needs first.
#
#   make paper    trains, executes every notebook, draws every figure, writes the pages; then only what changed
#   make site     writes the pages and the PDF from the notebooks as they are, to build/paper/index.html
#   make test     runs the tests
#   make lint     checks code and format with ruff
#   make sweep GRID="p=0.01,0.02 seeds=64"   trains a grid into the store
#                 (SCHEDULER=tcp://host:8786: on the workers of that Dask cluster)
#   make bench    measures speed beside PyTorch, which it installs into build/ (a quarter of an hour)
#   make release  writes the trained networks with their true features to build/release, for others to use
#   make lab      opens the notebooks in JupyterLab
#   make lock     refreshes requirements.lock from pyproject.toml (UPGRADE=1: to the newest versions)
#   make restore  puts every parameters cell back to its defaults, then does what `make paper` does
#   make fuzz N=20   runs N notebooks with legal parameters drawn at random, small
#   make page     trains on the live page, in a browser, and with lib, and holds them together (ten minutes)
#   make clean    removes build/, where trained networks are kept, and caches
#
#   make paper PARAMS="seeds=8 powers=2,4"   the whole paper with other parameters, as build/runs/NAME/index.html
#   make paper NOTEBOOK=12                   that section only, alone or with PARAMS
#   make paper GPU=1                         installs JAX's CUDA build first (GPU=cuda12 for that one)
#   make paper PYTHON=python3.12             makes .venv with that Python
#
# In an activated conda environment made from environment.yml, that environment is used, and no .venv.

PYTHON ?= python3
CONDA  := $(filter $(shell sed -n 's/^name: *//p' environment.yml),$(CONDA_DEFAULT_ENV))
VENV   := $(if $(and $(CONDA),$(CONDA_PREFIX)),$(CONDA_PREFIX),.venv)
READY  := $(VENV)/.superposition-paper
CUDA   := $(if $(filter-out 0,$(GPU)),$(if $(filter cuda%,$(GPU)),$(GPU),cuda13))
SETUP  := $(READY)$(if $(CUDA),.$(CUDA))
RUN    := $(VENV)/bin/python

# PARAMS as words for the shell and as a safe folder name; OUT is where notebooks, figures and data end up
QUOTED := $(foreach word,$(PARAMS),'$(subst ','\'',$(word))')
SLUG   := $(if $(QUOTED),$(shell printf '%s\n' $(QUOTED) | LC_ALL=C sort | tr -c 'A-Za-z0-9_.\n' - | paste -sd_ -))
OUT    := $(if $(SLUG),build/runs/$(SLUG),.)
STAMP  := $(if $(SLUG),$(OUT),build)/stamps

TORCH    := $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)
NAMES    := $(patsubst notebooks/%.ipynb,%,$(sort $(wildcard notebooks/[0-9]*.ipynb)))
WANTED   := $(if $(NOTEBOOK),$(filter $(NOTEBOOK) $(NOTEBOOK:%=%_%),$(NAMES)),$(NAMES))
FINDINGS := $(filter 90_%,$(NAMES))
SECTIONS := $(filter-out 90_%,$(NAMES))
CALLED   := $(filter-out lib/publish/%,$(wildcard lib/*.py lib/*/*.py))
SITE     := $(if $(SLUG),$(OUT),build/paper)/index.html
LIVE     := $(if $(wildcard lib/publish/live.py),build/paper/live.html)
$(if $(and $(NOTEBOOK),$(if $(WANTED),,none)),$(error no notebook $(NOTEBOOK): there are $(NAMES)))

export PAPER_HOME := $(abspath $(OUT))
export IPYTHONDIR := $(CURDIR)/build/ipython
export JUPYTER_PREFER_ENV_PATH := 1
# Compiling every library anew for every notebook would take longer than running it.
unexport PYTHONDONTWRITEBYTECODE
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help paper site page test lint fuzz sweep bench release lab lock restore clean FORCE

help:
	@sed -n '/^# /s/^# //p;/^#$$/s/.*//p;/^PYTHON/q' Makefile

paper: $(STAMP)/done $(SITE) $(if $(SLUG)$(NOTEBOOK),,$(STAMP)/readme $(LIVE))
	@cat $(STAMP)/mixed 2>/dev/null; ! { grep . $(STAMP)/failed && rm $(STAMP)/failed; } 2>/dev/null
	@echo "The paper is up to date: notebooks/, figures/ and data/$(if $(SLUG), in $(OUT)); to read: $(SITE)."

restore: $(SETUP)
	@$(RUN) -m lib.publish.run restore
	@$(MAKE) --no-print-directory paper

site: $(SITE) $(if $(SLUG),,$(LIVE))

test: $(SETUP)
	@$(RUN) -m pytest $(ARGS)

lint: $(SETUP)
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check

fuzz: $(SETUP)
	@$(RUN) tests/fuzz.py $(N)

page: $(LIVE)
	@$(RUN) tests/page_trainings.py $(N)

sweep: $(SETUP)
	@$(RUN) -m lib.publish.grid $(GRID) $(if $(SCHEDULER),--scheduler '$(SCHEDULER)')

bench: $(SETUP) build/torch/.$(TORCH)
	@PYTHONPATH=build/torch $(RUN) -m lib.publish.bench

release: $(SETUP)
	@$(RUN) -m lib.publish.release

build/torch/.$(TORCH): pyproject.toml
	@rm -rf $(@D) && $(RUN) -m pip install --quiet --target $(@D) $(TORCH) && touch $@

lab: $(SETUP)
	@mkdir -p $(IPYTHONDIR)
	$(RUN) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks $(ARGS)

lock: $(READY)
	@mkdir -p build && cp requirements.lock build/requirements.lock
	@$(RUN) -m uv pip compile --quiet pyproject.toml --python-version 3.11 --universal --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header $(if $(UPGRADE),--upgrade) -o build/requirements.lock
	@cmp -s build/requirements.lock requirements.lock || cp build/requirements.lock requirements.lock

clean:
	rm -rf build .pytest_cache .hypothesis
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# A notebook runs again when it, the code it calls, the published numbers, the environment or one of its outputs
# changed; the findings also when another notebook's numbers did. Its stamp goes, and `lib.publish.run`, which runs all that
# have none, two at once, writes it anew. What failed has no stamp, and runs again.
-include $(wildcard $(NAMES:%=$(STAMP)/%.mk))
$(NAMES:%=$(STAMP)/%): $(STAMP)/%: notebooks/%.ipynb $(CALLED) lib/publish/kernel.py lib/publish/warm.py data/published.csv $(SETUP)
	@rm -f $@

$(FINDINGS:%=$(STAMP)/%): $(SECTIONS:%=$(STAMP)/%.data)
$(SECTIONS:%=$(STAMP)/%.data): %.data: %
	@:

$(STAMP)/done: $(WANTED:%=$(STAMP)/%)
	@$(RUN) -m lib.publish.run run $(WANTED) -- $(QUOTED) || test -s $(STAMP)/failed
	@touch $@

# README speaks for all sections: not while one failed, or they disagree.
$(STAMP)/readme: $(STAMP)/done $(wildcard README.md lib/publish/readme.py)
	@test -s $(STAMP)/failed -o -s $(STAMP)/mixed || $(RUN) -m lib.publish.readme
	@touch $@

# `make site` takes the notebooks as they are; `make paper` brings them up to date first.
$(SITE): $(if $(filter paper,$(MAKECMDGOALS)),$(STAMP)/done $(if $(SLUG)$(NOTEBOOK),,$(STAMP)/readme)) $(wildcard \
  $(addprefix $(OUT)/,notebooks/[0-9]*.ipynb data/*.csv data/*.json) lib/publish/*.py lib/experiments/parameters.py \
  lib/publish/templates/* data/*.bib CITATION.cff README.md) $(SETUP)
	@$(RUN) -m lib.publish.site
	@$(if $(SLUG),,test -s $(STAMP)/mixed || cmp -s $(@D)/paper.png figures/paper.png || cp $(@D)/paper.png figures/ 2>/dev/null || true)

$(LIVE): $(wildcard lib/*.py) lib/publish/live.py lib/plots/style.py $(wildcard lib/publish/templates/live.html lib/publish/templates/train*) $(SETUP)
	@$(RUN) -m lib.publish.live

# The environment is ready when its stamp holds this folder's name: a moved checkout is set up again.
ifneq ($(shell test -x $(RUN) && cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): FORCE
endif
$(READY): requirements.lock
	$(if $(shell command -v $(PYTHON) 2>/dev/null),,$(error $(PYTHON) is not Python 3.11 to 3.13: install one, \
	  or name it: make PYTHON=python3.12 $(MAKECMDGOALS)))
	@$(PYTHON) lib/publish/environment.py $@ $(MAKECMDGOALS)

$(READY).cuda%: $(READY)
	$(RUN) -m uv pip install --python $(RUN) -c requirements.lock "jax[cuda$*]"
	@touch $@
