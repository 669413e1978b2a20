# Each target sets up all it needs: git, make and Python 3.11 are enough.
.PHONY: demo test interop check bench bench-quick docs lock clean

BIN := .venv/bin
RUN := .venv/.run
DEV := .venv/.dev

demo: $(RUN)  ## the main job on an embedded loopback world; BREAK=NAME breaks it
	@$(BIN)/python -m preflight demo $(if $(BREAK),--break $(BREAK))

test: $(DEV)  ## the tests that need nothing but Python
	$(BIN)/python -m pytest -n 2 -m "not interop"

interop: $(DEV)  ## the tests against squid, tinyproxy, privoxy, nginx, docker-registry, chromium, prometheus and systemd from Debian
	$(BIN)/python -m pytest -m interop tests/interop tests/deploy

check: $(DEV)  ## style, types, import floors, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m preflight.codes.page | diff - docs/codes.md

bench: $(DEV)  ## the numbers of docs/performance.md, against curl and blackbox_exporter
	$(BIN)/python -m benchmarks

bench-quick: $(DEV)
	$(BIN)/python -m benchmarks --quick

docs: $(DEV)  ## generated pages and pictures
	$(BIN)/python -m preflight.codes.page > docs/codes.md
	$(BIN)/python -m docs.picture

lock: $(DEV)  ## pin every dependency by hash
	$(BIN)/pip install --quiet uv
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--all-extras --group pyproject.toml:dev pyproject.toml -o requirements-dev.txt
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--all-extras pyproject.toml -c requirements-dev.txt -o requirements.txt
	echo 'hatchling>=1.27' | UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		-c requirements-dev.txt - -o deploy/requirements-build.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(RUN): requirements.txt tools/venv
	@tools/venv requirements.txt
	@touch $@

$(DEV): requirements-dev.txt pyproject.toml tools/venv
	@tools/venv requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(RUN) $@
