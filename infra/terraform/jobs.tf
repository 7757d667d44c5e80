# docs/backend.md, Deploy a job. Only with `jobs`, whose accounts are in accounts.tf. The build makes the
# `invokers` in deployment.toml the only callers of each job.

locals {
  schedulers   = length(var.jobs) == 0 ? [] : ["job-scheduler"]
  scheduling   = length(var.jobs) == 0 ? [] : ["cloudscheduler.googleapis.com"]
  backend_keys = [for pair in setproduct(var.backend_secrets, var.jobs) : join("/", pair)]
}

resource "google_project_service" "scheduling" {
  for_each           = toset(local.scheduling)
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_service_account" "scheduler" {
  for_each   = toset(local.schedulers)
  project    = var.project
  account_id = each.value
  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "backend_key" {
  for_each  = toset(local.backend_keys)
  secret_id = google_secret_manager_secret.smart[split("/", each.value)[0]].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.smart[split("/", each.value)[1]].member
}

# docs/backend.md, Schedule a job. A job has a URL once it's deployed.
data "google_cloud_run_v2_service" "job" {
  for_each = var.schedules
  project  = var.project
  location = var.region
  name     = each.key
}

resource "google_cloud_scheduler_job" "job" {
  for_each         = var.schedules
  project          = var.project
  region           = var.region
  name             = each.key
  schedule         = each.value
  time_zone        = "Etc/UTC"
  attempt_deadline = "1800s"
  depends_on       = [google_project_service.scheduling]

  retry_config {
    retry_count = 2
  }
  http_target {
    http_method = "POST"
    uri         = "${data.google_cloud_run_v2_service.job[each.key].uri}/"
    oidc_token {
      service_account_email = google_service_account.scheduler["job-scheduler"].email
      audience              = data.google_cloud_run_v2_service.job[each.key].uri
    }
  }
}
