# docs/deploy.md, Project, and the platform's own log.

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
}

resource "google_project_service" "needed" {
  for_each           = toset(local.services)
  service            = each.value
  disable_on_destroy = false
}

# Addresses hold code, state, launch and patient ids.
resource "google_logging_project_exclusion" "request_urls" {
  name       = "request-urls"
  filter     = "log_id(\"run.googleapis.com/requests\") OR log_id(\"requests\")"
  depends_on = [google_project_service.needed]
}
