# docs/deploy.md, Configuration and secrets: the secrets and who reads them. Their contents are added
# by `gcloud secrets versions add`, so that none is in Terraform's state.

locals {
  secrets = ["smart-toml", "smart-sealing-key"]
  secret_readers = {
    "smart-toml/launch"            = { secret = "smart-toml", account = "launch" }
    "smart-toml/callback"          = { secret = "smart-toml", account = "callback" }
    "smart-toml/fhir-proxy"        = { secret = "smart-toml", account = "fhir-proxy" }
    "smart-toml/smart-calc"        = { secret = "smart-toml", account = "smart-calc" }
    "smart-toml/cds-services"      = { secret = "smart-toml", account = "cds-services" }
    "smart-toml/deploy"            = { secret = "smart-toml", account = "deploy" }
    "smart-sealing-key/callback"   = { secret = "smart-sealing-key", account = "callback" }
    "smart-sealing-key/fhir-proxy" = { secret = "smart-sealing-key", account = "fhir-proxy" }
    "smart-sealing-key/smart-calc" = { secret = "smart-sealing-key", account = "smart-calc" }
  }
}

resource "google_secret_manager_secret" "smart" {
  for_each  = toset(local.secrets)
  secret_id = each.value

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = local.secret_readers
  secret_id = google_secret_manager_secret.smart[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.smart[each.value.account].member
}
