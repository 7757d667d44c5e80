# For the commands in docs/deploy.md, in a clone: `. infra/guide.sh`, in bash. Sets PROJECT, REGION,
# FUNCTIONS, WITH_SESSIONS and INFRA from deployment.toml, and defines the functions that its blocks use.

# In a project, the environment has this command.
smart-calc() {
  local python=.venv/bin/python
  [ -x $python ] || python=python3
  $python -m smart_calc "$@"
}
unset PROJECT
eval "$(smart-calc deployment shell)"
# In a clone and in a project.
# gcloud's own configuration may name another project, or in a new terminal of Cloud Shell none.
export CLOUDSDK_CORE_PROJECT=$PROJECT

# Call this at the top of a block in parentheses. The block then ends at its first error and names the
# command.
stop_at_error() {
  set -euo pipefail
  trap 'repeated=${repeated:-$BASH_COMMAND}; echo "Stopped at: ${repeated%%$'"'\n'"'*}" >&2' ERR
}

# Repeats a command until it succeeds, for up to four minutes. For commands that name a resource created
# a moment ago: a new account isn't visible everywhere at once
# (https://cloud.google.com/iam/docs/overview#consistency).
again() {
  local pause
  repeated="again $*"
  for pause in 5 10 20 40 80 80; do
    "$@" && repeated="" && return
    echo "Not yet. Trying again in $pause seconds." >&2
    sleep "$pause"
  done
  "$@" && repeated=""
}

# Fails if a file is too large for Secret Manager. gcloud itself reports a missing file.
fits_in_secret() {
  local size=0
  [ ! -f "$1" ] || size=$(($(wc -c < "$1")))
  [ "$size" -le 65536 ] && return
  echo "$1 has $size bytes, and Secret Manager accepts at most 65536. Move the FHIR bases of each" \
    "large [[ehr]] entry to a file: see docs/configuration.md, Issuers in a file." >&2
  return 1
}
