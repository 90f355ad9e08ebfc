# Berth: make run | build | dev | test | bench. Each installs what it needs; README.md says what the machine has to have.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build dev test test-rust test-lints test-console test-end2end test-cluster test-loopback test-node test-long cluster cluster-down cluster-program npm fuzz bench queries tools test-tools bench-tools

BERTH := target/release/berth
TESTED_BERTH := target/debug/berth
NPM_ENV := PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
WITH_SERVER := target/debug/examples/with_server
CLUSTER := target/debug/cluster
TESTED := --workspace --exclude bundle --exclude cluster --exclude frontend
PGBENCH_MAJOR := 15
FUZZ_NIGHTLY := nightly-2026-10-30
FUZZ_TOOLS := target/fuzz/tools
PGBENCH := target/bench/postgresql/usr/lib/postgresql/$(PGBENCH_MAJOR)/bin
FUZZ_SECONDS ?= 60
CARGO_TEST := $(WITH_SERVER) cargo test $(TESTED)

help:
	@echo "make run     build the release and serve the console on http://127.0.0.1:7340"
	@echo "             RUNTIME=kubernetes: on the cluster of KUBECONFIG, or of make cluster"
	@echo "make build   the release binary: $(BERTH)"
	@echo "make dev     serve a debug build, rebuilt on save"
	@echo "make test    everything: formatting, lints, invariants, unit, store, runtime, API and browser suites"
	@echo "make test-cluster  what needs Kubernetes: a control plane on loopback, and a node with pods (as root)"
	@echo "make test-long  what takes hours: every abort for real, a full disk and 20 power cuts (as root), 2000 cases of each operation"
	@echo "make cluster  a Kubernetes node with CloudNativePG to play with (as root); make cluster-down ends it"
	@echo "make fuzz    each fuzz target for a minute, or FUZZ_SECONDS"
	@echo "make bench   benchmarks, as a table"
	@echo "make queries write the metadata of checked queries anew"

# RUNTIME=kubernetes: on the cluster of KUBECONFIG, or else on the one of `make cluster`, which is started where it doesn't run.
run: build
ifeq ($(RUNTIME)$(KUBECONFIG),kubernetes)
	$(MAKE) cluster-program
	$(CLUSTER) up > target/cluster.env
	source target/cluster.env && exec $(BERTH) serve --runtime kubernetes
else
	exec $(BERTH) serve $(if $(RUNTIME),--runtime $(RUNTIME))
endif

build: tools
	cargo bundle build --release
	cargo build --release --package server

# A debug build, and another one whenever a source changes. Ctrl-C ends both.
dev: tools
	cargo bundle watch

# The compilers that run at once share make's jobs ('+'): together they keep the cores busy, and no more.
test: tools test-tools
	cargo fmt --all --check
	$(MAKE) --jobs=3 test-rust test-lints test-console
	$(MAKE) test-end2end

# They share nothing with what is built for the tests, and are done where those wait for servers: in a folder of their own,
# since cargo lets one process at a time into one.
test-lints: export CARGO_TARGET_DIR := target/lints
test-lints:
	+nice cargo clippy --workspace --all-targets --all-features -- -D warnings
	+nice cargo clippy --package frontend --target wasm32-unknown-unknown -- -D warnings
	+RUSTDOCFLAGS='-D warnings' nice cargo doc --quiet --no-deps --package contract

# Examples, with_server among them, are built with the tests: by the same features, so nothing twice.
test-rust:
	+cargo test $(TESTED) --no-run
	$(CARGO_TEST)

# The console for the browser suites: the bundle of a release in a server that shares what is compiled for the Rust suites.
# These wait for servers most of the time; it is built meanwhile, behind them.
test-console:
	+nice cargo bundle build --release
	+nice cargo build --package server --features as-in-suites

test-end2end: npm
	cd end2end && npx tsc --noEmit && npx tsc -p ../frontend
	cd end2end && export BERTH=$(CURDIR)/$(TESTED_BERTH) && npx playwright test && npx playwright test --config schemathesis

cluster-program: tools
	cargo build --quiet --package cluster

test-cluster: cluster-program test-tools test-console npm
	cargo test $(TESTED) --no-run
	cargo test --package cluster
	$(CLUSTER) with -- $(MAKE) test-loopback
	$(CLUSTER) with --size node -- $(MAKE) test-node

# Tests that need a cluster are ignored by whoever doesn't ask for them.
test-loopback:
	cargo test --package cluster --test admission -- --ignored
	$(CARGO_TEST) --lib -- --ignored preview::tests faults:: on_loopback
	$(CARGO_TEST) --test consoles -- --ignored --skip on_a_node --test-threads 4

# Several at a time: they wait for pods.
test-node:
	cargo test --package cluster --test node -- --ignored
	$(CARGO_TEST) --test node -- --ignored --test-threads 6
	$(CARGO_TEST) --test consoles -- --ignored on_a_node
	cd end2end && BERTH=$(CURDIR)/$(TESTED_BERTH) BERTH_RUNTIME=kubernetes npx playwright test

cluster: cluster-program
	@$(CLUSTER) up

cluster-down: cluster-program
	@$(CLUSTER) down

test-long: build test-tools npm
	cargo test $(TESTED) --no-run
	BERTH_LONG=1 $(CARGO_TEST) --test aborts
	cd end2end && export BERTH=$(CURDIR)/$(BERTH) && \
	  SCHEMA_CASES=2000 npx playwright test --config schemathesis && BERTH_LONG=1 npx playwright test --project=long --workers 1

npm:
	$(NPM_ENV) npm ci --prefix end2end --no-audit --no-fund --loglevel=error

bench: build bench-tools npm cluster-program
	PATH="$(CURDIR)/$(PGBENCH):$$PATH" cargo bench --quiet --package server --bench console

# One compiler and one cargo-fuzz, both of their own; what a run has found to be new stays in target/fuzz/corpus.
fuzz: tools
	rustup run $(FUZZ_NIGHTLY) rustc --version 2>/dev/null || rustup toolchain install $(FUZZ_NIGHTLY) --profile minimal
	test -x $(FUZZ_TOOLS)/bin/cargo-fuzz || cargo install --quiet --locked --root $(FUZZ_TOOLS) cargo-fuzz@0.13.2
	for target in fuzz/targets/*.rs; do \
	  name=$$(basename $$target .rs); mkdir -p target/fuzz/corpus/$$name; \
	  PATH="$(CURDIR)/$(FUZZ_TOOLS)/bin:$$PATH" RUSTFLAGS="--cfg erase_components" cargo +$(FUZZ_NIGHTLY) fuzz run --fuzz-dir fuzz \
	    --target-dir target/fuzz $$name target/fuzz/corpus/$$name fuzz/seeds/$$name -- -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=4096; \
	done

# Checked queries are compiled against server/control/.sqlx; this writes it from the migrations.
queries:
	cargo build --package postgres --features testing --example with_server
	rm -rf server/control/.sqlx && mkdir server/control/.sqlx && touch server/control/src/lib.rs
	$(WITH_SERVER) --migrate server/control/migrations \
	  env SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$(CURDIR)/server/control/.sqlx cargo check --package control

tools:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust with rustup (https://rustup.rs)"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: apt-get install build-essential"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; exit 1; }
	@rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown

# What the tests alone need: the browser, a psql and a Python to paste the shown lines into and to run schemathesis by, and the linters.
test-tools:
	@for c in clippy rustfmt; do rustup component list --installed | grep -q "^$$c" || rustup component add $$c; done
	@missing=""; \
	command -v chromium >/dev/null || [ -n "$${CHROMIUM:-}" ] || missing="$$missing chromium"; \
	command -v psql >/dev/null || missing="$$missing postgresql-client"; \
	/usr/bin/python3 -c 'import psycopg2' 2>/dev/null || missing="$$missing python3-psycopg2"; \
	/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else echo "the tests need these packages: apt-get install$$missing"; exit 1; fi; \
	fi

# What the benchmarks alone need: Go, for PocketBase, and pgbench, taken out of its package: installed, it would start a server.
bench-tools: test-tools
	@command -v go >/dev/null || { echo "go is missing: install Go 1.25 or newer (https://go.dev/dl)"; exit 1; }
	@command -v pgbench >/dev/null || [ -x $(PGBENCH)/pgbench ] || { \
	  mkdir -p target/bench && cd target/bench && rm -f *.deb && apt-get download -qq postgresql-$(PGBENCH_MAJOR) && \
	  dpkg-deb --extract postgresql-$(PGBENCH_MAJOR)_*.deb postgresql; }
