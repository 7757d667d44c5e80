# Controls which revision of each function serves: pins the traffic before a release, moves it after the
# release, or moves it back. The steps of cloudbuild.yaml and `smart-calc release` source this file, in
# bash, with PROJECT, REGION, FUNCTIONS and JOBS set.
#
# `gcloud functions deploy` doesn't change the traffic of the Cloud Run service below a function: if it
# names a revision, the new one gets none (docs/releases.md). Each step prints what it did and
# ends at its first error.

set -euo pipefail

# The folder where a step of a build leaves files for the next steps.
NOTES=build/deployment

on_run() {
  gcloud run "$@" --project="$PROJECT" --region="$REGION" --quiet < /dev/null
}

# Prints SERVICE,PERCENT,TAG,REVISION,URL for the traffic of every service.
traffic() {
  on_run services list --flatten='status.traffic[]' --format='csv[no-heading](
    metadata.name, status.traffic.percent, status.traffic.tag, status.traffic.revisionName,
    status.traffic.url)'
}

# Prints SERVICE,REVISION for every service, newest first.
revisions() {
  on_run revisions list --sort-by='~metadata.creationTimestamp' \
    --format='csv[no-heading](metadata.labels."serving.knative.dev/service", metadata.name)'
}

of_service() {
  awk -F, -v "service=$1" '$1 == service { print $2 }' <<< "$2"
}

# Prints the one revision that has all of a service's traffic, from the output of `traffic`, or nothing
# if there is no such service.
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

# Runs a command in parallel for every service, or for those in the further arguments. Fails if one of
# them fails.
for_each() {
  local service pid pids="" failed=0 command=$1
  shift
  for service in ${*:-$FUNCTIONS $JOBS}; do
    "$command" "$service" &
    pids="$pids $!"
  done
  for pid in $pids; do
    wait "$pid" || failed=1
  done
  return $failed
}

# Gives all traffic to one revision and removes all tags: a tagged revision keeps its minimum instances,
# and a URL that bypasses the serving revision.
give_all_to() {
  on_run services update-traffic "$1" "$2" --clear-tags > /dev/null || return
  echo "$1: all traffic to ${2#--to-}"
}

# Before a release, pins the traffic to the serving revisions, whatever is deployed. A new function has
# no service yet. Writes SERVICE REVISION of each to the notes.
pin() {
  local now service revision
  now=$(traffic)
  : > "$NOTES/before"
  for service in $FUNCTIONS $JOBS; do
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

# After deployment, gives each new revision its own URL, still without traffic, and writes the URL to the
# notes, except a job's, which refuses the check. If only the load balancer may call, that URL can't be reached.
lend_addresses() {
  : > "$NOTES/candidates"
  if [ "$(cat "$NOTES/ingress")" != all ]; then
    echo "ingress isn't all: the new revisions have started, and are checked once they get traffic."
    return
  fi
  # Without quotes: one argument for each service.
  for_each lend_address $FUNCTIONS
  traffic | awk -F, '$3 == "candidate" { print $5 }' > "$NOTES/candidates"
}

lend_address() {
  on_run services update-traffic "$1" --update-tags=candidate=LATEST > /dev/null
}

# If the new revisions are healthy, moves all traffic to them, and to the revisions that
# `gcloud functions deploy` creates later.
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

# Moves all traffic to the revisions from before the release. A new function has none to go back to.
move_back() {
  for_each move_back_one
}

move_back_one() {
  local revision
  revision=$(served_before "$1")
  give_all_to "$1" "--to-${revision:+revisions=}${revision:-latest}${revision:+=100}"
}

# Ends a release according to the verdict of the checks: 0 keeps it.
settle() {
  local made service revision found
  if [ "$(cat "$NOTES/verdict")" != 0 ]; then
    move_back
    echo "The checks failed. The revisions from before the release serve again. A new function stays." >&2
    return 1
  fi
  # The revisions in between were rolled back earlier. Without them, the revision before the serving
  # one is always one that was kept, and `smart-calc release rollback` goes back to it.
  made=$(revisions)
  while read -r service revision; do
    for found in $(of_service "$service" "$made" | sed 1d); do
      [ "$found" != "$revision" ] || break
      on_run revisions delete "$found"
    done
  done < "$NOTES/before"
  echo "Released."
}

# Moves all traffic of each function to the revision before the serving one, if it has one. Moves
# nothing before all of them are found.
roll_back() {
  local now made service revision before moves=""
  now=$(traffic)
  made=$(revisions)
  for service in $FUNCTIONS $JOBS; do
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

# Moves the traffic to the revision that `moves` names, or nowhere if it has no line for the service.
roll_back_one() {
  local before
  before=$(awk -v "service=$1" '$1 == service { print $2 }' <<< "$moves")
  [ -z "$before" ] || give_all_to "$1" "--to-revisions=$before=100"
}
