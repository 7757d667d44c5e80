# docs/deploy.md, Service accounts.

locals {
  # The functions that have a folder, as in `make stage`.
  functions = length(var.functions) > 0 ? var.functions : [for file in fileset("${path.module}/../../functions", "*/main.py") : replace(dirname(file), "_", "-")]
  accounts  = concat(local.functions, var.jobs, ["build", "test", "deploy"])
  store     = concat(local.functions, ["deploy"])
  acted_as  = concat(local.functions, var.jobs, ["build"])
  readers   = ["test", "deploy"]

  database = "resource.name==\"projects/${var.project}/databases/smart\""
  sources  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"

  roles = {
    "deploy/datastore.viewer"         = { account = "deploy", role = "datastore.viewer", condition = "smart-only" }
    "deploy/cloudfunctions.developer" = { account = "deploy", role = "cloudfunctions.developer", condition = "" }
    "deploy/logging.logWriter"        = { account = "deploy", role = "logging.logWriter", condition = "" }
    "test/logging.logWriter"          = { account = "test", role = "logging.logWriter", condition = "" }
    "build/logging.logWriter"         = { account = "build", role = "logging.logWriter", condition = "" }
    "build/artifactregistry.writer"   = { account = "build", role = "artifactregistry.writer", condition = "" }
    "build/storage.objectViewer"      = { account = "build", role = "storage.objectViewer", condition = "function-sources" }
  }
  conditions = { "smart-only" = local.database, "function-sources" = local.sources }
}

resource "google_service_account" "smart" {
  for_each   = toset(local.accounts)
  project    = var.project
  account_id = "smart-${each.value}"
  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "smart" {
  for_each = local.roles
  project  = var.project
  role     = "roles/${each.value.role}"
  member   = google_service_account.smart[each.value.account].member

  dynamic "condition" {
    for_each = each.value.condition == "" ? [] : [each.value.condition]
    content {
      title      = condition.value
      expression = local.conditions[condition.value]
    }
  }
}

# A release decides who may call each function, and deletes its revisions if it fails. run.admin
# could do more.
resource "google_project_iam_custom_role" "release" {
  project     = var.project
  role_id     = "smartRelease"
  title       = "smart: release"
  permissions = ["run.revisions.delete", "run.services.setIamPolicy"]
  depends_on  = [google_project_service.needed]
}

resource "google_project_iam_member" "release" {
  project    = var.project
  role       = "projects/${var.project}/roles/smartRelease"
  member     = google_service_account.smart["deploy"].member
  depends_on = [google_project_iam_custom_role.release]
}

resource "google_project_iam_member" "store" {
  for_each = toset(local.store)
  project  = var.project
  role     = "roles/datastore.user"
  member   = google_service_account.smart[each.value].member

  condition {
    title      = "smart-only"
    expression = local.database
  }
}

resource "google_service_account_iam_member" "deployer" {
  for_each           = toset(local.acted_as)
  service_account_id = google_service_account.smart[each.value].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.smart["deploy"].member
}

resource "google_storage_bucket" "source" {
  project                     = var.project
  name                        = "${var.project}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  dynamic "encryption" {
    for_each = local.own_keys
    content {
      default_kms_key_name = encryption.value
    }
  }
  lifecycle_rule {
    condition {
      age = 30
    }
    action {
      type = "Delete"
    }
  }
  depends_on = [google_project_service.needed]
}

resource "google_storage_bucket_iam_member" "source" {
  for_each = toset(local.readers)
  bucket   = google_storage_bucket.source.name
  role     = "roles/storage.objectViewer"
  member   = google_service_account.smart[each.value].member
}
