#!/usr/bin/env bash
# Checks the Terraform configurations of this folder.
#
#   terraform/check.sh lint       formatting, and checkov's security rules (installed into .cache, pinned)
#   terraform/check.sh validate   formatting; init and validate of modules, examples, platform and environments
#   terraform/check.sh test       terraform test of the modules and of the platform
#
# plan, apply, drift and output ENV are those of terraform/deploy.py, whose --help says what they need.
# What Terraform needs for itself is kept in .cache/terraform.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly checkov_version=3.3.30
readonly terraform_minimum=1.11
readonly at_once=2
mkdir -p .cache/terraform/providers
cache=$(cd .cache/terraform && pwd)
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 TF_PLUGIN_CACHE_DIR=$cache/providers

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

need_terraform() {
  command -v terraform >/dev/null || fail "terraform is not installed: install $terraform_minimum or newer"
  local have
  have=$(terraform version 2>/dev/null | sed -n 's/^Terraform v//p')
  [ "$(printf '%s\n' "$terraform_minimum" "$have" | sort -V | head -n 1)" = "$terraform_minimum" ] ||
    fail "terraform $have is too old: install $terraform_minimum or newer"
}

# folders_with FILES FOLDER...: those of the folders that hold such files, a line each.
folders_with() {
  local files=$1 folder
  shift
  for folder in "$@"; do
    if compgen -G "$folder/$files" >/dev/null; then echo "$folder"; fi
  done
}

# terraform_in FOLDER ARGUMENT...: runs Terraform there, with its own files in the cache.
terraform_in() {
  local folder=$1
  shift
  TF_DATA_DIR=$cache/${folder#terraform/} terraform -chdir="$folder" "$@"
}

# report ACTION FOLDER COMMAND...: one line; everything that the command said only if it failed.
report() {
  local action=$1 folder=$2 started=$SECONDS said
  shift 2
  if said=$("$@" 2>&1); then
    said=$(sed -n 's/^Success! \([0-9]* passed\).*/\1/p' <<<"$said")
    echo "$action $folder: ${said:-ok} ($((SECONDS - started)) s)"
  else
    printf '%s %s: FAILED (%s s)\n%s\n' "$action" "$folder" $((SECONDS - started)) "$said"
    return 1
  fi
}

check_format() {
  report fmt terraform terraform fmt -check -diff -recursive -no-color terraform
}

# check_all ACTION FOLDER...: validates or tests them all; fails after the last if one failed.
check_all() {
  local action=$1 folder said started=$SECONDS
  shift
  echo "$action: $# configurations"
  # A lock file that was not there is not left behind. Without one, Terraform would not use the cache of providers.
  export TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1
  made_locks=()
  trap 'rm -f "${made_locks[@]}"' EXIT
  # One after the other: two at once would write the same cache.
  for folder in "$@"; do
    [ -e "$folder/.terraform.lock.hcl" ] || made_locks+=("$folder/.terraform.lock.hcl")
    said=$(terraform_in "$folder" init -backend=false -no-color 2>&1) || fail "init $folder: FAILED"$'\n'"$said"
  done
  export -f report terraform_in
  export action cache
  # shellcheck disable=SC2016 # for the inner shell
  printf '%s\n' "$@" | xargs -P "$at_once" -I {} bash -c 'report "$action" "$1" terraform_in "$1" "$action" -no-color' _ {} ||
    fail "$action: FAILED, see above"
  echo "$action: all passed ($((SECONDS - started)) s)"
}

lint() {
  if command -v terraform >/dev/null; then check_format; else echo "fmt terraform: skipped: terraform is not installed"; fi
  local venv=.cache/checkov
  if [ "$("$venv/bin/checkov" --version 2>/dev/null)" != "$checkov_version" ]; then
    echo "checkov: installing $checkov_version into $venv"
    { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "checkov==$checkov_version"; } >&2 ||
      fail "checkov: could not be installed (see above)"
  fi
  LOG_LEVEL=ERROR "$venv/bin/checkov" --config-file terraform/.checkov.yaml --directory terraform ||
    fail "checkov: FAILED; a rule that does not fit is skipped in its resource: #checkov:skip=CKV_X:reason"
}

validate() {
  need_terraform
  check_format
  local folders
  mapfile -t folders < <(folders_with '*.tf' terraform/modules/* terraform/modules/*/examples/* terraform/examples/* terraform/platform terraform/environments/* terraform/bootstrap)
  check_all validate "${folders[@]}"
}

run_tests() {
  need_terraform
  local folders
  mapfile -t folders < <(folders_with 'tests/*.tftest.hcl' terraform/modules/* terraform/platform terraform/bootstrap)
  check_all test "${folders[@]}"
}

case ${1:-} in
lint) lint ;;
validate) validate ;;
test) run_tests ;;
plan | apply | drift | output) exec terraform/deploy.py "$@" ;;
-h | --help) sed -n '2,/^set/ s/^# \{0,1\}//p' "$0" ;;
*) fail "terraform/check.sh: lint, validate, test; plan, apply, drift, output ENV; --help says more" ;;
esac
