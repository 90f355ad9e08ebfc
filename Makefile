# Berth: make run | build | dev | test | bench. Each installs what it needs; README.md says what the machine has to have.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build dev test test-rust test-end2end test-long npm bench queries tools test-tools

BERTH := target/release/berth
NPM_ENV := PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
WITH_SERVER := cargo run --quiet --package postgres --features testing --example with_server --
CARGO_TEST := $(WITH_SERVER) cargo test --workspace --exclude bundle --exclude frontend

help:
	@echo "make run     build the release and serve the console on http://127.0.0.1:7340"
	@echo "make build   the release binary: $(BERTH)"
	@echo "make dev     serve a debug build, rebuilt on save"
	@echo "make test    everything: formatting, lints, invariants, unit, store, runtime, API and browser suites"
	@echo "make test-long  what takes hours: every abort for real, 2000 cases of each operation"
	@echo "make bench   benchmarks, as a table"
	@echo "make queries write the metadata of checked queries anew"

run: build
	exec $(BERTH) serve

build: tools
	cargo bundle build --release
	cargo build --release --package server

# A debug build, and another one whenever a source changes. Ctrl-C ends both.
dev: tools
	cargo bundle watch

test: tools test-tools
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	cargo clippy --package frontend --target wasm32-unknown-unknown -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --package contract
	$(MAKE) test-rust
	$(MAKE) build
	$(MAKE) test-end2end

test-rust:
	$(CARGO_TEST)

test-end2end: npm
	cd end2end && npx tsc --noEmit && npx tsc -p ../frontend
	cd end2end && export BERTH=$(CURDIR)/$(BERTH) && npx playwright test && npx playwright test --config schemathesis

test-long: build test-tools npm
	BERTH_LONG=1 $(CARGO_TEST) --test aborts
	cd end2end && BERTH=$(CURDIR)/$(BERTH) SCHEMA_CASES=2000 npx playwright test --config schemathesis

npm:
	$(NPM_ENV) npm ci --prefix end2end --no-audit --no-fund --loglevel=error

bench: build
	cargo bench --quiet --package server --bench console

# Checked queries are compiled against server/control/.sqlx; this writes it from the migrations.
queries:
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
