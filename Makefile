# Thin targets; everything lives in .venv/, nothing is installed globally. Each works without network after the first time.
PYTHON ?= python3
PADDOCK := .venv/bin/paddock
STAMP := .venv/.ready
PROOF := .venv/.proof
GO := $(shell command -v go 2>/dev/null)

.PHONY: demo test unit setup lint bench lock docs clean

demo: setup
	@$(PADDOCK) render --engine auto

test: setup $(PROOF)
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/python -m pytest -n auto --dist worksteal

# The quick part: nothing that renders a whole repository or runs another program.
unit: setup
	@.venv/bin/python -m pytest -n auto -m "not whole"

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock tools/go.mod tools/go.sum
	@echo "setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
ifneq ($(GO),)
	@echo "building kubeconform (once)"
	@cd tools && GOBIN=$(CURDIR)/.venv/bin $(GO) install github.com/yannh/kubeconform/cmd/kubeconform
else
	@echo "Go is not installed: kubeconform is left out"
endif
	@touch $(STAMP)

# What only the tests run; kubectl-validate and Kyverno hold the API server's own code and take minutes to build. Kyverno's
# module replaces one it depends on, so it has a go.mod to itself; where it cannot be built its tests are skipped. MLflow
# brings a hundred packages, so it has an environment to itself, and its tests are skipped without it.
$(PROOF): $(STAMP) tools/kyverno/go.mod tools/kyverno/go.sum tools/mlflow/requirements.lock tools/prometheus/go.mod tools/prometheus/go.sum tools/sarif/go.mod tools/sarif/go.sum
ifneq ($(GO),)
	@echo "building actionlint, kubectl-validate and the Kyverno CLI for the tests (once; up to ten minutes)"
	@cd tools && GOBIN=$(CURDIR)/.venv/bin $(GO) install github.com/rhysd/actionlint/cmd/actionlint sigs.k8s.io/kubectl-validate
	@cd tools/kyverno && GOBIN=$(CURDIR)/.venv/bin $(GO) install -ldflags="-s -w" github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno || echo "the Kyverno CLI could not be built: its tests are skipped"
	@echo "building promtool and amtool for the tests (once; some minutes)"
	@cd tools/prometheus && GOBIN=$(CURDIR)/.venv/bin $(GO) install -ldflags="-s -w" github.com/prometheus/prometheus/cmd/promtool github.com/prometheus/alertmanager/cmd/amtool || echo "promtool and amtool could not be built: their tests are skipped"
	@echo "fetching the schema of SARIF for the tests"
	@cd tools/sarif && { $(GO) mod download github.com/owenrumney/go-sarif/v3 && cp "$$($(GO) list -m -f '{{.Dir}}' github.com/owenrumney/go-sarif/v3)/pkg/report/v210/sarif/schema.go" $(CURDIR)/.venv/sarif_schema.go && chmod u+w $(CURDIR)/.venv/sarif_schema.go; } || echo "the schema of SARIF could not be fetched: its test is skipped"
else
	@echo "Go is not installed: actionlint, kubectl-validate, the Kyverno CLI, promtool and amtool are left out"
endif
	@echo "installing MLflow for the tests (once; 650 MB)"
	@{ $(PYTHON) -m venv --clear .venv/mlflow && .venv/mlflow/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/mlflow/requirements.lock; } || { rm -rf .venv/mlflow; echo "MLflow could not be installed: its tests are skipped"; }
	@touch $(PROOF)

lint: setup
	@.venv/bin/ruff check --fix && .venv/bin/ruff format && .venv/bin/mypy

bench: setup
	@$(PADDOCK) bench --size L

docs: setup
	@.venv/bin/python -m pytest tests/test_docs.py tests/test_golden.py --update-golden

# Exact versions and hashes, no addresses.
lock:
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 --group dev pyproject.toml --output-file requirements.lock
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 tools/mlflow/requirements.in --output-file tools/mlflow/requirements.lock

clean:
	@rm -rf .venv rendered dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
