#!/bin/bash
# Reads what your organization allows and which quotas the project has, and names the setting or the
# path of docs/deploy.md that fits: `bash $INFRA/preflight.sh` in the folder of deployment.toml, once
# the project exists. Changes nothing. Exits with 1 if something has to change first.

set -euo pipefail
PYTHONPATH=$(dirname "$0")/.. GOOGLE_ACCESS_TOKEN=$(gcloud auth print-access-token) \
  python3 -m infra.preflight
