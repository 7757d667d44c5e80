#!/bin/bash
# Reads what your organization allows and which quotas the project has, and names the setting or the
# path of docs/deploy.md that fits: `bash "$INFRA/preflight.sh"` in the folder of deployment.toml, once
# the project exists. Changes nothing. Exits with 1 if something has to change first.

set -euo pipefail
token=$(gcloud auth print-access-token) || {
  echo "gcloud returned no access token, so nothing was read. Run \`gcloud auth login\` first." >&2
  exit 1
}
PYTHONPATH=$(dirname "$0")/.. GOOGLE_ACCESS_TOKEN=$token python3 -m infra.preflight
