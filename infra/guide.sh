# For the commands of docs/deploy.md, in a clone: `. infra/guide.sh`, in bash. Sets PROJECT, REGION,
# FUNCTIONS, WITH_SESSIONS and INFRA from deployment.toml, and the words that the blocks there use.

# A project has this command from its environment.
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

# At the top of a block in parentheses: the block ends at its first error and names the command.
stop_at_error() {
  set -euo pipefail
  trap 'repeated=${repeated:-$BASH_COMMAND}; echo "Stopped at: ${repeated%%$'"'\n'"'*}" >&2' ERR
}

# Runs a command that names what was made a moment ago, again until it succeeds, for four minutes: a
# new account is not known everywhere at once (https://cloud.google.com/iam/docs/overview#consistency).
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
