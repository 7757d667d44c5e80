# docs/deploy.md, Configuration and secrets: the secrets and who can read them. Add their contents with
# `gcloud secrets versions add`, so that Terraform's state contains none of them.

locals {
  secrets      = concat(["smart-toml", "smart-sealing-key"], var.backend_secrets)
  configured   = concat(local.functions, var.jobs, ["deploy"])
  with_session = [for name in local.functions : name if contains(["launch", "cds-services"], name) == false]
}

resource "google_secret_manager_secret" "smart" {
  for_each  = toset(local.secrets)
  project   = var.project
  secret_id = each.value

  replication {
    user_managed {
      replicas {
        location = var.region
        dynamic "customer_managed_encryption" {
          for_each = local.own_keys
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }
  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "configuration" {
  for_each  = toset(local.configured)
  secret_id = google_secret_manager_secret.smart["smart-toml"].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.smart[each.value].member
}

resource "google_secret_manager_secret_iam_member" "sealing_key" {
  for_each  = toset(local.with_session)
  secret_id = google_secret_manager_secret.smart["smart-sealing-key"].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.smart[each.value].member
}
