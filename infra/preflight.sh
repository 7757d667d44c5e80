#!/bin/bash
# Reads your organization's policies and the project's quotas, and names the setting or the section of
# docs/organization.md that fits. Run `bash "$INFRA/preflight.sh"` in the folder with deployment.toml, after
# the project is created. Changes nothing. Exits with 1 if something has to change first.

set -euo pipefail
token=$(gcloud auth print-access-token) || {
  echo "gcloud returned no access token, so nothing was read. Run \`gcloud auth login\` first." >&2
  exit 1
}
PYTHONPATH=$(dirname "$0")/.. GOOGLE_ACCESS_TOKEN=$token python3 -m infra.preflight
