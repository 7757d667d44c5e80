# docs/deploy.md, Database. No field is indexed, and TTL removes expired records. Firestore refuses to
# change fields while another operation runs: the provider tries again, and `-parallelism=1` avoids it.

locals {
  fields = {
    "launches/expires_at"  = { collection = "launches", field = "expires_at", ttl = true }
    "launches/fields"      = { collection = "launches", field = "fields", ttl = false }
    "launches/write"       = { collection = "launches", field = "write", ttl = false }
    "sessions/expires_at"  = { collection = "sessions", field = "expires_at", ttl = true }
    "sessions/fields"      = { collection = "sessions", field = "fields", ttl = false }
    "sessions/write"       = { collection = "sessions", field = "write", ttl = false }
    "cds_calls/expires_at" = { collection = "cds_calls", field = "expires_at", ttl = true }
    "cds_calls/fields"     = { collection = "cds_calls", field = "fields", ttl = false }
    "cds_calls/write"      = { collection = "cds_calls", field = "write", ttl = false }
  }
}

resource "google_firestore_database" "smart" {
  project                 = var.project
  name                    = "smart"
  location_id             = var.region
  type                    = "FIRESTORE_NATIVE"
  delete_protection_state = "DELETE_PROTECTION_ENABLED"

  dynamic "cmek_config" {
    for_each = local.own_keys
    content {
      kms_key_name = cmek_config.value
    }
  }

  lifecycle {
    precondition {
      condition     = contains(local.functions, "launch")
      error_message = "This module must be two folders below the root of the repository, because it reads the list of functions there."
    }
  }
  depends_on = [google_project_service.needed]
}

resource "google_firestore_field" "record" {
  for_each   = local.fields
  project    = var.project
  database   = google_firestore_database.smart.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}

  dynamic "ttl_config" {
    for_each = each.value.ttl ? [true] : []
    content {}
  }
}
