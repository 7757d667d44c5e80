# `terraform test` with the provider mocked: nothing is asked of Google.

mock_provider "google" {}

variables {
  project = "my-project"
  region  = "europe-west1"
}

run "the_smallest_setup" {
  command = plan

  assert {
    condition     = length(google_firestore_field.record) == 9
    error_message = "Each field of the three collections has its configuration."
  }
  assert {
    condition     = length([for field in google_firestore_field.record : field if length(field.ttl_config) == 1]) == 3
    error_message = "expires_at of the three collections has a TTL policy."
  }
  assert {
    condition     = length(google_service_account.smart) == length(local.functions) + 3
    error_message = "One account for each function, and build, test, deploy."
  }
  assert {
    condition     = length(google_compute_url_map.smart) + length(google_compute_network.smart) + length(google_monitoring_alert_policy.smart) == 0
    error_message = "Without a domain, a fixed egress and an address for alerts there is none of each."
  }
  assert {
    condition     = length(google_firestore_database.smart.cmek_config) + length(google_artifact_registry_repository.images) == 0
    error_message = "Without a key nothing names one."
  }
}

run "everything" {
  command = plan

  variables {
    domain       = "smart.example.org"
    fixed_egress = true
    page         = true
    alert_email  = "ops@example.org"
    open_hours   = "hour() > 7 < 17"
  }

  assert {
    condition     = length(google_compute_backend_service.function) == length(local.functions)
    error_message = "Every function has a backend."
  }
  assert {
    condition     = alltrue([for rule in google_compute_security_policy.smart["smart"].rule : rule.preview if rule.priority < 2147483647])
    error_message = "Cloud Armor begins in preview."
  }
  assert {
    condition     = google_compute_router_nat.smart["smart"].nat_ip_allocate_option == "MANUAL_ONLY"
    error_message = "Calls leave from the reserved address only."
  }
  assert {
    condition     = google_storage_bucket_iam_member.page["page"].role == "roles/storage.legacyObjectReader"
    error_message = "Everyone reads a file of the page, nobody lists them."
  }
  assert {
    condition     = length(google_monitoring_alert_policy.smart) == 7 && length(google_monitoring_alert_policy.no_launches) == 1 && length(google_logging_metric.smart) == 6
    error_message = "Each metric, server errors and health raise an alert."
  }
  assert {
    condition     = alltrue([for name, check in google_monitoring_uptime_check_config.health : endswith(check.http_check[0].path, "/health")])
    error_message = "Uptime checks call the health URLs."
  }
}

run "own_keys" {
  command = plan

  variables {
    domain      = "smart.example.org"
    page        = true
    alert_email = "ops@example.org"
    kms_key     = "projects/keys/locations/europe-west1/keyRings/smart/cryptoKeys/smart"
  }

  assert {
    condition     = google_firestore_database.smart.cmek_config[0].kms_key_name == var.kms_key && google_artifact_registry_repository.images[var.kms_key].kms_key_name == var.kms_key
    error_message = "Database and images have the key."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.smart : one(one(secret.replication[0].user_managed[0].replicas).customer_managed_encryption).kms_key_name == var.kms_key])
    error_message = "Every secret has the key."
  }
  assert {
    condition     = google_storage_bucket.source.encryption[0].default_kms_key_name == var.kms_key && google_storage_bucket.page["page"].encryption[0].default_kms_key_name == var.kms_key
    error_message = "Both buckets have the key."
  }
  assert {
    condition     = length(google_monitoring_alert_policy.no_launches) == 0
    error_message = "Without hours nothing is expected of them."
  }
}

run "a_function_named_like_an_account_of_the_build" {
  command = plan

  variables {
    functions = ["launch", "callback", "fhir-proxy", "deploy"]
  }

  expect_failures = [var.functions]
}
