# Every step that people or CI take. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DEMO := build/demo
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export HF_HUB_OFFLINE = 1

.PHONY: help install demo serve test check format train benchmarks pictures attacks bench bench-http bench-stats campaign fuzz fuzz-api clean bench-growth bench-pages bench-reads bench-release kills

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "friction needs Python 3.11 on the PATH"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.runtime: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[dask,dev,dp,oidc,train]'
	@touch $@ .venv/.runtime

.venv/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[train,bench]'
	@touch $@ .venv/.runtime

install: .venv/.runtime ## install friction into .venv

demo: .venv/.runtime ## run the main job on the sample company
	rm -rf $(DEMO)
	$(BIN)/friction init --sample $(DEMO)
	$(BIN)/friction ingest --inbox --config $(DEMO)/friction.toml
	$(BIN)/friction release --config $(DEMO)/friction.toml
	$(BIN)/friction trends --config $(DEMO)/friction.toml
	$(BIN)/friction digest --config $(DEMO)/friction.toml
	@echo "To open the dashboard: $(BIN)/friction serve --config $(DEMO)/friction.toml, then http://127.0.0.1:8642"

serve: .venv/.runtime ## serve the sample company's dashboard (after make demo)
	$(BIN)/friction serve --config $(DEMO)/friction.toml

test: .venv/.dev ## install what tests need and run them
	$(BIN)/pytest -n 2

check: .venv/.dev ## format, lint, types, import contracts, corpus
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m training.corpus_check

format: .venv/.dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

DATA ?= ../shared/data
train: .venv/.dev ## make a model such as the released one, from the corpus and the public data in DATA
	$(BIN)/python -m training.distil --data $(DATA) --out build/encoder --epochs 1.25
	$(BIN)/python -m training.adapt --encoder build/encoder --out build/adapted --data $(DATA)
	$(BIN)/python -m training.finetune --encoder build/adapted --out build/model --data $(DATA)
	$(BIN)/python -m training.pointing --model build/model
	$(BIN)/python -m training.export --model build/model --out models/friction-enfr-14 --data $(DATA)
	$(BIN)/python -m training.intermediate --data $(DATA) --encoder build/encoder --out build/stance
	$(BIN)/python -m training.curve --encoder build/encoder --stance build/stance --whole build/model/seed-23 --out build/curve
	$(BIN)/python -m training.evaluate --model models/friction-enfr-14 --float build/model --curve build/curve --data $(DATA) --also setfit undistilled

benchmarks: .venv/.dev ## the three published benchmarks, on the encoder that make train left
	for name in politeness complaints incivility; do \
	  $(BIN)/python -m training.benchmarks $$name --data $(DATA) --encoder build/encoder --out build/benchmarks || exit 1; done

pictures: .venv/.dev demo ## take the pictures of the README again (needs Chromium)
	$(BIN)/python -m tests.pictures $(DEMO)/friction.toml docs/pictures

attacks: .venv/.dev ## play every attack on a thousand companies; writes docs/attacks.md
	$(BIN)/python -m tests.attacks

bench-stats: .venv/.bench ## what the statistics promise and keep, on simulated companies, into docs/statistics.md (over an hour)
	$(BIN)/python -m training.simulator

bench: .venv/.bench ## redaction, reading and scoring beside peers, and the machine's limits, into docs/ (QUICK=1: a short run, into build/)
	$(BIN)/python -m training.bench.redaction $(if $(QUICK),--rounds 1 --out build/redaction.md,--out docs/redaction.md)
	$(BIN)/python -m training.bench.reading $(if $(QUICK),--rows 20000 --rounds 1 --out build/reading.md,--out docs/reading.md)
	$(BIN)/python -m training.bench $(if $(QUICK),--quick --out build/benchmarks.md,--out docs/benchmarks.md)

bench-http: .venv/.bench ## the scoring endpoint beside LitServe and BentoML, and under twice its load, into docs/benchmarks-http.md (QUICK=1: into build/)
	$(BIN)/python -m training.bench.http $(if $(QUICK),--quick --out build/benchmarks-http.md,--out docs/benchmarks-http.md)

bench-growth: .venv/.dev ## how cost grows with comments and with workers, into docs/growth.md
	$(BIN)/python -m training.bench.growing --out docs/growth.md

bench-pages: .venv/.dev demo ## how long each page of the sample company takes, and how often it asks the stores
	$(BIN)/python -m tests.pages $(DEMO)/friction.toml

bench-reads: .venv/.dev ## how long a read of released cells takes at 500 a second, on SQLite and PostgreSQL
	$(BIN)/python -m training.bench.reads

ROWS ?= 10000000
bench-release: .venv/.bench ## two years of votes released, beside DuckDB's GROUP BY over them, into docs/releases.md (ROWS=100000000: 35 GB of disk)
	$(BIN)/python -m training.bench.release --rows $(ROWS) --out docs/releases.md

ROUNDS ?= 100
campaign: .venv/.dev ## kill, stop and fill what uploads and releases need, 100 rounds on each store (two hours); ROUNDS=10: fewer
	FRICTION_ROUNDS=$(ROUNDS) $(BIN)/pytest -p no:xdist -s tests/properties/test_acknowledged.py tests/properties/test_released.py

fuzz: .venv/.dev ## break every parser of friction/sources for long, within a second and a gigabyte a file
	$(BIN)/pytest -p no:xdist --hypothesis-profile=fuzz tests/sources/test_fuzz.py

kills: .venv/.dev ## kill an ingesting run at 200 random points, and run it again each time
	FRICTION_KILLS=200 $(BIN)/pytest -p no:xdist -rP tests/properties/test_killed.py

fuzz-api: .venv/.dev ## Schemathesis against the running service: every check, half an hour (SECONDS=60: a short one)
	$(BIN)/python -m tests.service.fuzz --seconds $(or $(SECONDS),1800)

clean: ## remove what was built
	rm -rf .venv build
