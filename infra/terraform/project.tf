# docs/deploy.md, Project, with the platform's own log.

locals {
  services = [
    "artifactregistry.googleapis.com",
    "cloudbilling.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ]
  own_keys = var.kms_key == "" ? [] : [var.kms_key]
}

resource "google_project_service" "needed" {
  for_each           = toset(local.services)
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

# docs/organization.md, Customer-managed keys. Only with `kms_key`.
resource "google_artifact_registry_repository" "images" {
  for_each      = toset(local.own_keys)
  project       = var.project
  location      = var.region
  repository_id = "smart"
  format        = "DOCKER"
  kms_key_name  = each.value
  depends_on    = [google_project_service.needed]
}

# URLs contain code, state, launch and patient ids. The platform's own responses are still logged.
resource "google_logging_project_exclusion" "request_urls" {
  project    = var.project
  name       = "request-urls"
  filter     = "log_id(\"requests\") OR (log_id(\"run.googleapis.com/requests\") AND NOT (textPayload:* AND httpRequest.status=(429 OR 503 OR 504)))"
  depends_on = [google_project_service.needed]
}
