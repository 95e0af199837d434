# Everything here sets itself up: a virtual environment in .venv, and what it needs in it.

PYTHON ?= python3
OTHERS ?= python3.12 python3.13
BIN := .venv/bin
# Labelled sets; what they are and how they are laid out: digest eval --help
DATA ?= ../shared/data/eval

.PHONY: demo test check lint lowest pythons eval train bench bench-llm torture mutate wheel clean

demo: .venv/installed         ## run the main job on the shipped sample, with no key and no network
	rm -rf digest-sample
	$(BIN)/digest run --sample
	$(BIN)/digest run --sample
	@echo
	@echo "Two days of the sample are done: the second skipped what the first one said. Look at"
	@echo "  digest-sample/site/index.html   the archive, in a browser"
	@echo "  digest-sample/outbox/           the mails, in a mail program"
	@echo "  $(BIN)/digest show --sample     the newest issue, here"
	@echo "  $(BIN)/digest preview --sample --interests robots     what other interests would print"

test: .venv/installed-test    ## run the tests, on all cores
	$(BIN)/python -m pytest -n auto

check: lint test lowest wheel ## all that must hold before a change is pushed

lint: .venv/installed-dev     ## look at form, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The folders that use packages, and runs from end to end: without the long trials, and without the hashes of pages,
# which other packages may draw otherwise.
PACKAGED := tests/app tests/cli tests/core/test_mathml.py tests/core/test_text.py tests/core/test_text_tags.py \
  tests/deliver tests/end_to_end tests/llm tests/publish tests/sources tests/store tests/training/test_trained.py \
  tests/test_readme.py
LONG := cli/test_sources cli/test_stop end_to_end/test_bench_llm_short end_to_end/test_cadences_short \
  end_to_end/test_delivering_together \
  end_to_end/test_drawn end_to_end/test_kill end_to_end/test_run_llm end_to_end/test_run_overview \
  end_to_end/test_relay end_to_end/test_run_points end_to_end/test_run_real end_to_end/test_sending_short \
  end_to_end/test_subscriber end_to_end/test_torture_short publish/test_site store/test_leases \
  store/test_politeness web/test_preferences web/test_readers_pages_look web/test_strangers

lowest: .venv-lowest/installed ## run the tests with the lowest versions that pyproject.toml allows
	.venv-lowest/bin/python -m pytest -n auto $(PACKAGED) $(LONG:%=--ignore tests/%.py)

pythons:                      ## run the tests on other Pythons: OTHERS="python3.12 python3.13"
	for python in $(OTHERS); do \
	  rm -rf .venv-other && $$python -m venv .venv-other && \
	  .venv-other/bin/python -m pip install --quiet --editable '.[test]' && \
	  .venv-other/bin/python -m pytest -n auto || exit 1; \
	done

eval: .venv/installed         ## measure how good it is on the labelled sets in DATA, or on the small sample that ships
	$(BIN)/digest eval $(if $(wildcard $(DATA)),--data $(DATA))

train: .venv/installed-test   ## make what lies in digest/trained again, from the labelled sets in DATA
	OMP_NUM_THREADS=1 $(BIN)/python -m digest.training --data $(DATA)

bench: .venv/installed-test   ## compare speeds, two things at a time
	$(BIN)/python -m tests.bench

bench-llm: .venv/installed-test ## measure requests to a model against a server of known latency, for a quarter of an hour
	$(BIN)/python -m tests.bench.llm

torture: .venv/installed-test ## run the long trials against servers that misbehave, and print their figures
	$(BIN)/python -m tests.torture

mutate: .venv/installed-test  ## break the modules that carry the promises, and see whether their tests notice: MODULES="core/words/numbers …"
	$(BIN)/python -m pip install --quiet --editable '.[mutate]'
	$(BIN)/python -m tests.mutation $(MODULES)

wheel: .venv/installed-dev    ## build the wheel, install it into an empty environment, and run it there
	rm -rf build dist
	$(BIN)/python -m build --wheel --outdir dist . >build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	tests/packaging/wheel.sh $(PYTHON) dist/*.whl

.venv/created:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-test: .venv/created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ .venv/installed

.venv/installed-dev: .venv/created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ .venv/installed .venv/installed-test

.venv-lowest/installed: pyproject.toml tests/packaging/lowest.py
	$(PYTHON) tests/packaging/lowest.py >lowest.txt
	rm -rf .venv-lowest && $(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --editable '.[test]' --constraint lowest.txt
	@rm -f lowest.txt && touch $@

clean:                        ## remove what the targets above made
	rm -rf .venv .venv-lowest .venv-other build dist digest-sample
