# VideoFlow: `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup build build-local demo test test-all test-packages bench bench-cold-start bench-merge lint deny fmt clean validate tf-test \
  plan apply drift bundle unbundle smoke rollback

VIDEO ?= tests/media/sample.mp4
OUT ?= videoflow-out

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "  make %-16s %s\n", $$1, $$2 }'

setup: ## Install what is missing: compiler, ffmpeg, models (Debian, Ubuntu)
	@local/setup.sh

build: ## Build the functions for Lambda: arm64 zips and their manifest, in target/lambda
	@local/setup.sh compiler
	@functions/package.py

build-local: setup ## Build the functions and videoflow for this machine
	@echo "build: building the functions and videoflow (a cold build takes minutes)" >&2
	cargo build --locked --workspace --bins

demo: build-local ## Turn the sample video into a brief (VIDEO=file OUT=folder)
	target/debug/videoflow run --enforce-iam --out "$(OUT)" "$(VIDEO)"

test: build-local ## Run all tests
	@tests/clients/setup.sh
	@.github/scripts/run.sh install
	python3 -m unittest discover --quiet --start-directory local/models
	.cache/clients/bin/python -B -m unittest discover --quiet --start-directory tests/workflows
	cargo test --locked --workspace

test-all: test lint ## Run the tests, those of great loads too, and the linters
	EXECUTIONS=100000 cargo test --locked --package videoflow --test bench
	UPLOAD_BYTES=1073741824 cargo test --locked --package videoflow-tests --test all a_long_upload
	VIDEOS=200 cargo test --locked --package videoflow-tests --test all crowd
	KILLS=all cargo test --locked --package videoflow-tests crash::steps
	@if functions/package.py --check; then $(MAKE) test-packages; else echo "packages: skipped, see above"; fi

test-packages: build build-local ## Try the zips here (by QEMU on other processors); build one again elsewhere and compare
	REBUILD=inspect-file cargo test --locked --package videoflow-tests packages::

bench: ## Time the engine side by side with its peer, into docs/benchmarks.md
	@local/asl/bench/run.sh

bench-cold-start: ## Time how the functions start, built for this machine as they are for Lambda
	@functions/package.py --arch "$$(uname -m)" --output target/cold-start
	@functions/cold_start.py target/cold-start

bench-merge: build-local ## Time how four hours of speech are merged, by the functions as they are for Lambda
	@functions/package.py --arch "$$(uname -m)" --output target/merge align-streams summarize-part write-brief
	MERGE_FUNCTIONS="$(CURDIR)/target/merge" cargo test --locked --package videoflow-tests --test all long_video -- --nocapture

lint: ## Check formatting, lints and licences, workflows, and the security rules of the Terraform code
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@terraform/check.sh lint
	@.github/linters/check.sh

deny: ## Check the crates against the advisories too (needs GitHub)
	@.github/linters/check.sh deny

fmt: ## Format the code
	cargo fmt --all
	@if command -v terraform >/dev/null; then terraform fmt -recursive terraform; fi

validate: ## Validate all Terraform configurations
	@terraform/check.sh validate

tf-test: ## Run the tests of the Terraform modules (they need no AWS account)
	@terraform/check.sh test

plan: ## Plan an environment (ENV=dev)
	@terraform/deploy.py plan "$(ENV)"

apply: ## Apply the plan of an environment (ENV=dev)
	@terraform/deploy.py apply "$(ENV)"

bundle: ## Pack what a release deploys (after make build)
	cargo build --locked --package videoflow --bin videoflow
	@.github/scripts/bundle.sh pack

unbundle: ## Unpack it where it was built
	@.github/scripts/bundle.sh unpack

drift: ## Compare an environment with this repository (ENV=dev)
	@terraform/deploy.py drift "$(ENV)"

smoke: ## Send a video through an environment and check its brief (ENV=local, beside a `videoflow up`)
	@.github/scripts/run.sh smoke "$(ENV)" --video "$(VIDEO)"

rollback: ## Let the version before serve again (ENV=prod)
	@.github/scripts/run.sh rollback "$(ENV)"

clean: ## Remove what was built, and the demo's output
	cargo clean
	rm -rf videoflow-out .videoflow
