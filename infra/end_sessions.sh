# Ends all sessions at once: `smart-calc release end-sessions` (docs/runbook.md, Incidents). Makes a new
# sealing key, gives it to the functions that open sessions, and destroys every older one, so that what
# they sealed can never be opened again. Read after infra/traffic.sh, in the folder of deployment.toml.
#
# It builds nothing: each function gets a revision of what serves now, with the new key. Needs
# run.services.update, run.revisions.delete, and secretmanager.versions.add, list and destroy. If it
# stops, run it again.

end_sessions() {
  local now made service newest version mounts path old
  # A new revision is made like the newest one. After a rollback, that is the bad release.
  now=$(traffic)
  made=$(revisions)
  for service in $WITH_SESSIONS; do
    newest=$(of_service "$service" "$made" | sed -n 1p)
    if [ "$(serving "$service" "$now")" != "$newest" ]; then
      echo "$service: a release was rolled back, and its revision $newest would serve again. Delete it first:" >&2
      echo "gcloud run revisions delete $newest --region=$REGION" >&2
      return 1
    fi
  done

  version=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))' |
    gcloud secrets versions add smart-sealing-key --data-file=- --format='value(name)')
  version=${version##*/}
  # A rotation in progress has mounted the key a second time, so change that too.
  sed -i.before -E "s/^(smart-sealing-key = ).*/\\1$version/; s/(\"smart-sealing-key:)[0-9]+/\\1$version/" \
    deployment.toml
  rm deployment.toml.before
  mounts=/keys/sealing=smart-sealing-key:$version
  for path in $(sed -nE 's/^"([^"]+)" *= *"smart-sealing-key:.*/\1/p' deployment.toml); do
    mounts+=,$path=smart-sealing-key:$version
  done

  FUNCTIONS=$WITH_SESSIONS for_each renew

  FUNCTIONS=$WITH_SESSIONS for_each forget

  for old in $(gcloud secrets versions list smart-sealing-key --filter='state!=DESTROYED' --format='value(name)'); do
    [ "${old##*/}" = "$version" ] ||
      gcloud secrets versions destroy "${old##*/}" --secret=smart-sealing-key --quiet
  done
  echo "All sessions have ended. deployment.toml names the new key: commit it, before the next release."
}

renew() {
  on_run services update "$1" --update-secrets="$mounts" > /dev/null || return
  echo "$1: has the new key"
}

# A revision that mounts a destroyed version can't start, so a rollback must not find it.
forget() {
  local old
  for old in $(of_service "$1" "$made"); do
    on_run revisions delete "$old"
  done
}
