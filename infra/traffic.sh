# Which revision of each function serves: pinned before a release, moved after it, moved back. Read by
# the steps of cloudbuild.yaml and by `smart-calc release`, in bash, with PROJECT, REGION and FUNCTIONS set.
#
# `gcloud functions deploy` leaves the traffic of the Cloud Run service below a function as it is:
# where that names a revision, the new one gets none (docs/deploy.md, Releases). Each step says what it
# did and ends at its first error.

set -euo pipefail

# What one step of a build leaves for the next ones.
NOTES=build/deployment

on_run() {
  gcloud run "$@" --project="$PROJECT" --region="$REGION" --quiet < /dev/null
}

# SERVICE,PERCENT,TAG,REVISION,ADDRESS: where the traffic of every service goes.
traffic() {
  on_run services list --flatten='status.traffic[]' --format='csv[no-heading](
    metadata.name, status.traffic.percent, status.traffic.tag, status.traffic.revisionName,
    status.traffic.url)'
}

# SERVICE,REVISION of every service, the newest first.
revisions() {
  on_run revisions list --sort-by='~metadata.creationTimestamp' \
    --format='csv[no-heading](metadata.labels."serving.knative.dev/service", metadata.name)'
}

of_service() {
  awk -F, -v "service=$1" '$1 == service { print $2 }' <<< "$2"
}

# The one revision that has all of a service's traffic, out of what `traffic` said; nothing where there
# is no such service.
serving() {
  local all
  all=$(awk -F, -v "service=$1" '$1 == service && $2 > 0 { print $4 }' <<< "$2" | sort -u)
  if [ "$(wc -w <<< "$all")" -gt 1 ]; then
    echo "$1: the traffic is split. Give all of it to one revision first:" >&2
    echo "gcloud run services update-traffic $1 --region=$REGION --to-revisions=REVISION=100" >&2
    return 1
  fi
  echo "$all"
}

# A command for every service, side by side; fails where one of them fails.
for_each() {
  local service pid pids="" failed=0
  for service in $FUNCTIONS; do
    "$1" "$service" &
    pids="$pids $!"
  done
  for pid in $pids; do
    wait "$pid" || failed=1
  done
  return $failed
}

# All traffic to one revision, and no tag left: a tagged revision keeps its minimum instances, and an
# address that passes by what serves.
give_all_to() {
  on_run services update-traffic "$1" "$2" --clear-tags > /dev/null || return
  echo "$1: all traffic to ${2#--to-}"
}

# Before a release: what serves goes on serving, whatever is deployed. A function that is new has no
# service yet. Notes SERVICE REVISION of each.
pin() {
  local now service revision
  now=$(traffic)
  : > "$NOTES/before"
  for service in $FUNCTIONS; do
    revision=$(serving "$service" "$now")
    if [ -n "$revision" ]; then
      echo "$service $revision" >> "$NOTES/before"
    else
      echo "$service: new"
    fi
  done
  for_each pin_one
}

pin_one() {
  local revision
  revision=$(served_before "$1")
  [ -z "$revision" ] || give_all_to "$1" "--to-revisions=$revision=100"
}

served_before() {
  awk -v "service=$1" '$1 == service { print $2 }' "$NOTES/before"
}

# After it: the new revisions get an address of their own, and still no traffic. Notes each address.
# Where only the load balancer may call, nobody reaches that address.
lend_addresses() {
  : > "$NOTES/candidates"
  if [ "$(cat "$NOTES/ingress")" != all ]; then
    echo "ingress isn't all: the new revisions have started, and are checked once they get traffic."
    return
  fi
  for_each lend_address
  traffic | awk -F, '$3 == "candidate" { print $5 }' > "$NOTES/candidates"
}

lend_address() {
  on_run services update-traffic "$1" --update-tags=candidate=LATEST > /dev/null
}

# Where the new revisions are well: all traffic to them, and to what `gcloud functions deploy` makes
# later.
move() {
  if [ "$(cat "$NOTES/candidates-verdict")" != 0 ]; then
    move_back
    echo "A new revision isn't healthy. Traffic stays where it was before the release." >&2
    return 1
  fi
  for_each move_one || {
    move_back
    echo "Not every function could be moved. The revisions from before the release serve again." >&2
    return 1
  }
}

move_one() {
  give_all_to "$1" --to-latest
}

# All traffic to what served before the release. A function that is new has nothing to go back to.
move_back() {
  for_each move_back_one
}

move_back_one() {
  local revision
  revision=$(served_before "$1")
  give_all_to "$1" "--to-${revision:+revisions=}${revision:-latest}${revision:+=100}"
}

# The end of a release, with the verdict of the checks: 0 keeps it.
settle() {
  local made service revision found
  if [ "$(cat "$NOTES/verdict")" != 0 ]; then
    move_back
    echo "The checks failed. The revisions from before the release serve again. A new function stays." >&2
    return 1
  fi
  # What lies between was taken back before. Without it the revision before the one that serves is
  # always one that was kept, which is what `smart-calc release rollback` goes back to.
  made=$(revisions)
  while read -r service revision; do
    for found in $(of_service "$service" "$made" | sed 1d); do
      [ "$found" != "$revision" ] || break
      on_run revisions delete "$found"
    done
  done < "$NOTES/before"
  echo "Released."
}

# All traffic to the revision before the one that serves, of every function that has one. Nothing is
# moved before all are found.
roll_back() {
  local now made service revision before moves=""
  now=$(traffic)
  made=$(revisions)
  for service in $FUNCTIONS; do
    revision=$(serving "$service" "$now")
    before=$(of_service "$service" "$made" |
      awk -v "now=$revision" 'passed == 1 { print } passed || $0 == now { passed++ }')
    if [ -n "$before" ]; then
      moves+="$service $before"$'\n'
    else
      echo "$service: there is no revision before ${revision:-the first}, so its traffic isn't moved." >&2
    fi
  done
  if [ -z "$moves" ]; then
    echo "There is nothing to roll back to." >&2
    return 1
  fi
  for_each roll_back_one || {
    echo "Not every function was moved. Don't run this command again: it would roll the moved functions" >&2
    echo "back one more release. Instead, run each of these commands until it succeeds:" >&2
    while read -r service before; do
      echo "gcloud run services update-traffic $service --region=$REGION --to-revisions=$before=100" >&2
    done <<< "${moves%$'\n'}"
    return 1
  }
}

# To what `moves` names; nothing where that has no line.
roll_back_one() {
  local before
  before=$(awk -v "service=$1" '$1 == service { print $2 }' <<< "$moves")
  [ -z "$before" ] || give_all_to "$1" "--to-revisions=$before=100"
}
