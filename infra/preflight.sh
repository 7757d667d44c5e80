#!/bin/bash
# Reads what your organization allows and which quotas the project has, and names the setting or the
# path of docs/deploy.md that fits: `bash infra/preflight.sh` at the root of the repository, once the
# project exists. Changes nothing. Exits with 1 if something has to change first.

set -euo pipefail
cd "$(dirname "$0")/.."
. infra/guide.sh
GOOGLE_ACCESS_TOKEN=$(gcloud auth print-access-token) python3 -m infra.preflight
