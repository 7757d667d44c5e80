#!/bin/bash
# Goes back to the release before the one that serves, without building anything: `bash infra/rollback.sh`
# at the root of the repository, as a person who may change the services (docs/deploy.md, Rolling back).
# Once more: one release further back. The next release takes over as ever.

set -euo pipefail
cd "$(dirname "$0")/.."
. infra/guide.sh
. infra/traffic.sh
roll_back
echo "Now look: make doctor CONFIG=smart.toml"
