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
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

# Addresses hold code, state, launch and patient ids. What the platform answers itself is kept.
resource "google_logging_project_exclusion" "request_urls" {
  project    = var.project
  name       = "request-urls"
  filter     = "log_id(\"requests\") OR (log_id(\"run.googleapis.com/requests\") AND NOT (textPayload:* AND httpRequest.status=(429 OR 503 OR 504)))"
  depends_on = [google_project_service.needed]
}
