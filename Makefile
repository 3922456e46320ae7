# One environment, made once and again whenever the pins or the package's needs change.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready
SERVE  ?= 1
LITELLM ?= .litellm
SIZES  ?= 1,3,10,30

.PHONY: demo test check format lint types bench bench-scale flame bench-kills try-litellm compare screenshots docs sample clean

demo: $(READY)  ## rank data/sample, write the report, then serve (SERVE=0: stop after the report)
	@$(BIN)/grantguard demo $(if $(filter 0,$(SERVE)),--no-serve,)

test: $(READY)  ## all tests
	@$(BIN)/python -m pytest -n auto -q

check: format lint types test  ## everything that must hold before a commit lands

format: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

bench: $(READY)  ## speed, as ratios side by side
	@$(BIN)/python tests/bench.py
	@$(BIN)/python tests/bench_service.py 2>/dev/null
	@$(BIN)/python tests/bench_console.py 2>/dev/null
	@$(BIN)/python tests/bench_spark.py --kill 2>/dev/null

bench-scale: $(READY)  ## growth from 1 to 30 million events, kept in docs/ (an hour; SIZES=1,3 for a short one)
	@$(BIN)/python tests/bench_scale.py --sizes $(SIZES)
	@$(BIN)/python tests/chart.py

flame: $(READY)  ## where the time of one decision goes, drawn into docs/
	@$(BIN)/python tests/flame.py

bench-kills: $(READY)  ## the service killed twenty times while rows come in: what is lost, what is there twice
	@$(BIN)/python tests/bench_kills.py

try-litellm: $(READY)  ## a real LiteLLM proxy before the service, counted at both ends (installs it beside, 750 MB)
	@test -x $(LITELLM)/bin/litellm || { $(PYTHON) -m venv $(LITELLM) && $(LITELLM)/bin/pip install --quiet 'litellm[proxy]==1.108.7'; }
	@$(BIN)/python tests/try_litellm.py $(LITELLM)/bin/litellm

compare: $(READY)  ## the README's comparison with other ways, made anew (installs PyOD; a quarter of an hour)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .ci/compare.txt
	@$(BIN)/python tests/compare.py

screenshots: $(READY)  ## take the pictures of docs/console anew (needs Debian's chromium)
	@SCREENSHOTS=1 $(BIN)/python -m pytest -q tests/console/test_browser.py -k docs_show

docs: $(READY)  ## write the generated pages of docs/ anew
	@$(BIN)/python -m grantguard.reference docs

sample: $(READY)  ## make data/sample anew
	@$(BIN)/grantguard simulate --out data/sample --accounts 400 --seed 7 --prevalence 0.05

clean:
	rm -rf $(VENV) $(LITELLM) out

$(READY): .ci/constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement .ci/constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
