# `make demo` and `make test` are all a fresh machine with Python 3.11+ needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
THREADS := OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE
ALONE := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE

.PHONY: demo test slow check bench pictures clean

demo: $(READY)
	$(THREADS) $(BIN)/layerwise demo

test: $(READY)
	$(ALONE) $(BIN)/python -m pytest tests -m "not slow" -n 2 --dist loadfile
	PYTHONPATH=tests $(THREADS) $(BIN)/python -m pytest -q src --jaxtyping-packages=layerwise,typed.check

slow: $(READY)
	$(THREADS) $(BIN)/python -m pytest -m slow --timeout 3600

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m pip install -q -e ".[bench]" -c constraints.txt
	$(BIN)/python -m benchmarks

pictures: $(READY)
	$(BIN)/python docs/pictures.py

clean:
	rm -rf .venv runs

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "layerwise needs Python 3.11 or newer; got " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q torch==2.13.0
	$(BIN)/python -m pip install --disable-pip-version-check -q -e ".[dev]" -c constraints.txt
	touch $(READY)
