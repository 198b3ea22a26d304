# Signalbox. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

# One set of flags everywhere: another set would compile the Temporal server a second time. The version is stamped
# by ourselves, so that a build needs no git.
export GOFLAGS := -buildvcs=false
export PATH := $(CURDIR)/.tools/bin:$(PATH)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := $(if $(VERSION),-ldflags "-X main.version=$(VERSION)")

GOLANGCI      := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
WORKFLOWCHECK := go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0
VERSITYGW     := github.com/versity/versitygw/cmd/versitygw@v1.8.0
FLYTEIDL      := flyteidl==1.16.5
FLYTEIDL2     := flyteidl2==2.0.53
STAMPS        := $(foreach t,$(GOLANGCI) $(WORKFLOWCHECK) $(VERSITYGW),.tools/$(notdir $(t)))

# What `go test` gets besides; .ci/run asks for -v to see what was skipped.
GOTESTFLAGS ?=
FUZZTIME    ?= 5s

# Where goroutines meet, as far as they build without the cloud libraries and the Temporal server.
RACE := . ./controlplane/access ./controlplane/catalog ./controlplane/dispatch ./controlplane/identity/... \
	./controlplane/queue ./controlplane/runs ./client ./executors/... ./adapters/outbound

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

.PHONY: build
build: pages ## compile bin/signalbox, with its pages where Node is installed
	go build $(LDFLAGS) -o bin/signalbox ./cmd/signalbox

.PHONY: run
run: build ## build, then start everything in one process, show a run, and keep serving
	exec bin/signalbox dev

# The pages are built when one of their files is newer than what was built.
PAGES := $(shell find web/src web/build web/public -type f -not -name '*.gen.ts' -not -name '*.test.ts*') $(wildcard web/*.config.ts web/*.json web/index.html)
.PHONY: pages
pages: # what browsers show, for embedding
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web/dist/index.html; else echo "SKIP: pages: no Node"; fi

web/dist/index.html: web/node_modules/.installed docs/openapi.yaml $(PAGES)
	cd web && npm run --silent build

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --prefer-offline --no-progress
	@touch $@

.PHONY: web-lint web-test
web-lint: # types and style of the pages
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web/node_modules/.installed && cd web && npm run --silent lint; else echo "SKIP: lint of the pages: no Node"; fi
web-test:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web/node_modules/.installed && cd web && npm run --silent generate && npm test --silent; else echo "SKIP: tests of the pages: no Node"; fi

.PHONY: e2e-web
e2e-web: build ## test the pages in Chromium against the real binary
	@if ! command -v npm >/dev/null; then echo "SKIP: tests of the pages in a browser: no Node"; elif .ci/chromium; then cd web && npm run --silent e2e; fi

.PHONY: screenshots
screenshots: build ## write pictures of every page to web/screenshots
	@.ci/chromium
	cd web && npm run --silent screenshots

.PHONY: test
test: postgres web-test ## test everything that needs no other server, and Postgres if there is one
	go test -short -timeout 15m $(GOTESTFLAGS) ./...
	python3 .ci/unittests.py

.PHONY: test-all
test-all: postgres .venv .tools/$(notdir $(VERSITYGW)) build e2e airflow-real fiftyone-real race fuzz ## test also against Postgres, S3, GCS, KMS, mail, Airflow and FiftyOne servers, from end to end, in a browser, with the race detector, and with random input
	go test -count=1 -timeout 15m $(GOTESTFLAGS) ./controlplane/store/... ./controlplane/secrets ./controlplane/mail/... ./controlplane/api/apitest ./blobs/... ./logs/... ./controlplane/logplaces/...

.PHONY: e2e
e2e: e2e-go e2e-web ## test the real binary from end to end, and its pages in Chromium

.PHONY: e2e-go
e2e-go: build keycloak .venv ## test the real binary from end to end
	@.ci/chromium || true
	go build -tags fault -o bin/signalbox-fault ./cmd/signalbox
	go test -count=1 -timeout 25m -parallel 6 -tags e2e $(GOTESTFLAGS) ./e2e/...

.PHONY: airflow-real
airflow-real: ## test the Airflow adapter against the real Airflow 2.10.3 and 3.3.1, installed from PyPI outside of this tree
	go test -count=1 -timeout 12m -run TestRealAirflow $(GOTESTFLAGS) ./adapters/airflow

.PHONY: fiftyone-real
fiftyone-real: ## test intake, operators and the plugin for Apps against the real FiftyOne 1.22.1 and its MongoDB, installed from PyPI outside of this tree
	go test -count=1 -timeout 12m -run TestReal $(GOTESTFLAGS) ./adapters/fiftyone ./controlplane/intake ./executors/environments ./sdk/...

.PHONY: airflow2 airflow3
airflow2: build ## start a real Airflow 2 with example DAGs, registered with the `signalbox dev` that runs here
	exec go run ./e2e/stand 2.10.3
airflow3: build ## the same with Airflow 3
	exec go run ./e2e/stand 3.3.1

.PHONY: flyte
flyte: build ## start the stand-in for Flyte 1 that tests use, registered with the `signalbox dev` that runs here
	exec go run ./e2e/stand flyte

.PHONY: race
race: ## test with the race detector
	@if command -v gcc >/dev/null; then set -x; go test -race -timeout 15m $(GOTESTFLAGS) $(RACE); \
	else echo "SKIP: race detector: no C compiler"; fi

.PHONY: fuzz
fuzz: ## run each fuzz test for a short time (FUZZTIME)
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file name; do \
		go test -run '^$$' -fuzz "^$${name#func }$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; done

.PHONY: lint
lint: .venv .tools/$(notdir $(GOLANGCI)) .tools/$(notdir $(WORKFLOWCHECK)) web-lint ## check code style, import rules, workflows, Python and TypeScript types
	golangci-lint run
	workflowcheck ./workflows
	.venv/bin/ruff check sdk examples e2e/browser
	.venv/bin/ruff format --check sdk examples e2e/browser
	cd sdk/python && ../../.venv/bin/mypy signalbox
	cd sdk/python && ../../.venv/bin/mypy ../fiftyone/plugin

.PHONY: format
format: .venv .tools/$(notdir $(GOLANGCI)) ## format Go, Python and TypeScript
	golangci-lint fmt
	@if command -v npm >/dev/null; then cd web && npm run --silent format; fi
	.venv/bin/ruff format sdk examples e2e/browser

.PHONY: generate
generate: ## write docs/openapi.yaml and the table of docs/configuration.md from the code
	go test ./controlplane/api -run OpenAPI -update
	go test ./controlplane/config -run Docs -update

.PHONY: verify
verify: generate ## generate again, and demand that nothing changed
	git diff --exit-code
	go mod verify

.PHONY: bench
bench: build ## measure, and write docs/benchmarks.md
	go run ./bench

.PHONY: flyte-idl
flyte-idl: ## gather Flyte's interface definitions again, for its stand-ins, from the PyPI wheels that hold them
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; set -x; cd adapters/flyte; \
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$$folder" $(FLYTEIDL) $(FLYTEIDL2); \
	python3 idltest/gather.py "$$folder"/flyteidl-*.whl flytetest/idl/flyteidl.binpb $(addprefix flyteidl/service/,admin_pb2.py dataproxy_pb2.py); \
	python3 idltest/gather.py "$$folder"/flyteidl2-*.whl connecttest/idl/flyteidl2.binpb $(addprefix flyteidl2/,dataproxy/dataproxy_service_pb2.py \
		project/project_service_pb2.py task/task_service_pb2.py workflow/run_service_pb2.py)

.PHONY: tidy
tidy: ## tidy go.mod; versions that hang together stay as they are
	go mod tidy

.PHONY: tools
tools: .venv postgres $(STAMPS) ## install what lint and tests need, if it is missing

.PHONY: postgres
postgres: # Debian's, where we may install it; the store's tests start a server of their own from it
	@.ci/postgres

.PHONY: keycloak
keycloak: # a login provider for the tests from end to end; Maven keeps it outside of this tree
	@.ci/keycloak

.venv: .ci/requirements.txt
	.ci/venv
	@touch .venv

# A tool is there when its stamp, which carries the version, is.
define tool
.tools/$(notdir $(1)):
	@mkdir -p .tools/bin
	GOBIN=$(CURDIR)/.tools/bin go install $(1)
	@touch $$@
endef
$(foreach t,$(GOLANGCI) $(WORKFLOWCHECK) $(VERSITYGW),$(eval $(call tool,$(t))))
