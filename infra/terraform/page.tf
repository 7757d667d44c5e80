# docs/domain.md, A page of your own. Only with `page` and `domain`. Upload the files with `gcloud storage rsync`.

locals {
  pages  = var.page && var.domain != "" ? ["page"] : []
  frames = length(var.frame_ancestors) == 0 ? "" : join(" ", concat(["; frame-ancestors"], var.frame_ancestors))
}

resource "google_storage_bucket" "page" {
  for_each                    = toset(local.pages)
  project                     = var.project
  name                        = "${var.project}-page"
  location                    = var.region
  uniform_bucket_level_access = true
  dynamic "encryption" {
    for_each = local.own_keys
    content {
      default_kms_key_name = encryption.value
    }
  }
  website {
    main_page_suffix = "index.html"
  }
  depends_on = [google_project_service.needed]
}

# Can read a file, but can't list files.
resource "google_storage_bucket_iam_member" "page" {
  for_each = toset(local.pages)
  bucket   = google_storage_bucket.page[each.value].name
  role     = "roles/storage.legacyObjectReader"
  member   = "allUsers"
}

resource "google_compute_backend_bucket" "page" {
  for_each    = toset(local.pages)
  project     = var.project
  name        = each.value
  bucket_name = google_storage_bucket.page[each.value].name
  custom_response_headers = [
    "Content-Security-Policy: default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'${local.frames}",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    "Cross-Origin-Resource-Policy: same-origin",
  ]
  depends_on = [google_project_service.edge]
}
