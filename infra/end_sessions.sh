# Ends all sessions at once: `smart-calc release end-sessions` (docs/runbook.md, Incidents). Creates a
# new sealing key, gives it to the functions that open sessions, and destroys every older key, so that
# nothing encrypted with one can be decrypted again. Sourced after infra/traffic.sh, in the folder with
# deployment.toml.
#
# It builds nothing: each function gets a revision of the serving code with the new key. Needs
# run.services.update, run.revisions.delete, and secretmanager.versions.add, list and destroy. If it
# stops, run it again.

end_sessions() {
  local now made service revision newest older version mounts old left
  # A new revision is made like the newest one. After a rollback, that is the bad release, and Cloud Run
  # doesn't delete a service's newest revision.
  now=$(traffic)
  made=$(revisions)
  for service in $WITH_SESSIONS; do
    newest=$(of_service "$service" "$made" | sed -n 1p)
    revision=$(serving "$service" "$now")
    if [ "$revision" != "$newest" ]; then
      echo "$service: a release was rolled back or stopped. $revision serves, but a new revision would be" >&2
      echo "based on $newest. Deploy the commit that serves (docs/deploy.md, section 8)," >&2
      echo "then run this command again." >&2
      return 1
    fi
  done

  older=$(gcloud secrets versions list smart-sealing-key --filter='state!=DESTROYED' --format='value(name)')
  version=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))' |
    gcloud secrets versions add smart-sealing-key --data-file=- --format='value(name)')
  version=${version##*/}
  mounts=$(sealing_keys | awk -v "version=$version" '{ print $1 "=smart-sealing-key:" version }' | paste -sd, -)
  sed -i.before -E "s/^([^#]*smart-sealing-key[\"']?[[:space:]]*=[[:space:]]*)[0-9]+/\\1$version/
    s/([\"']smart-sealing-key:)[0-9]+/\\1$version/" deployment.toml
  rm deployment.toml.before

  for_each renew $WITH_SESSIONS

  for_each forget $WITH_SESSIONS

  for old in $older; do
    gcloud secrets versions destroy "${old##*/}" --secret=smart-sealing-key --quiet
  done
  left=$(sealing_keys | awk -v "version=$version" '$2 != version')
  if [ -n "$left" ]; then
    echo "All sessions have ended, but deployment.toml still names an older key, now destroyed. Set" >&2
    echo "smart-sealing-key = $version there, and in [secrets] smart-sealing-key:$version, and commit it." >&2
    return 1
  fi
  echo "All sessions have ended. deployment.toml names the new key: commit it before the next release."
}

# Prints PATH VERSION for each sealing key that deployment.toml mounts: two keys during a rotation.
sealing_keys() {
  python3 -c '
import tomllib
with open("deployment.toml", "rb") as file:
    content = tomllib.load(file)
print("/keys/sealing", content["versions"]["smart-sealing-key"])
for path, secret in content["secrets"].items():
    name, _, version = secret.partition(":")
    if name == "smart-sealing-key":
        print(path, version)
'
}

# First moves all traffic to the latest revision, without tags. A release that stopped after its step `pin`
# leaves traffic that names a revision, so the new one wouldn't serve, and the old one couldn't be deleted.
# The newest revision already serves, so this moves no user, and the command can be repeated after a failure.
renew() {
  give_all_to "$1" --to-latest || return
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
