# docs/domain.md, The load balancer, and Cloud Armor. Only with `domain`.

locals {
  balanced      = var.domain == "" ? [] : ["smart"]
  backends      = var.domain == "" ? [] : local.functions
  edge_services = var.domain == "" ? [] : ["compute.googleapis.com", "certificatemanager.googleapis.com"]
  # Requests that match no other rule go to the function launch.
  routed = [for name in local.functions : name if name != "launch"]
}

resource "google_project_service" "edge" {
  for_each           = toset(local.edge_services)
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_certificate_manager_dns_authorization" "smart" {
  for_each   = toset(local.balanced)
  project    = var.project
  name       = each.value
  domain     = var.domain
  depends_on = [google_project_service.edge]
}

resource "google_certificate_manager_certificate" "smart" {
  for_each = toset(local.balanced)
  project  = var.project
  name     = each.value
  managed {
    domains            = [var.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.smart[each.value].id]
  }
}

resource "google_certificate_manager_certificate_map" "smart" {
  for_each   = toset(local.balanced)
  project    = var.project
  name       = each.value
  depends_on = [google_project_service.edge]
}

resource "google_certificate_manager_certificate_map_entry" "smart" {
  for_each     = toset(local.balanced)
  project      = var.project
  name         = each.value
  map          = google_certificate_manager_certificate_map.smart[each.value].name
  certificates = [google_certificate_manager_certificate.smart[each.value].id]
  hostname     = var.domain
}

resource "google_compute_global_address" "smart" {
  for_each   = toset(local.balanced)
  project    = var.project
  name       = each.value
  depends_on = [google_project_service.edge]
}

resource "google_compute_ssl_policy" "smart" {
  for_each        = toset(local.balanced)
  project         = var.project
  name            = each.value
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
  depends_on      = [google_project_service.edge]
}

resource "google_compute_region_network_endpoint_group" "function" {
  for_each              = toset(local.backends)
  project               = var.project
  name                  = each.value
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = each.value
  }
  depends_on = [google_project_service.edge]
}

# In preview, it only logs the requests that it would refuse. docs/domain.md says when to turn it on.
resource "google_compute_security_policy" "smart" {
  for_each   = toset(local.balanced)
  project    = var.project
  name       = each.value
  type       = "CLOUD_ARMOR"
  depends_on = [google_project_service.edge]

  rule {
    priority = 1000
    action   = "rate_based_ban"
    preview  = true
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action   = "allow"
      exceed_action    = "deny(429)"
      enforce_on_key   = "IP"
      ban_duration_sec = 300
      rate_limit_threshold {
        count        = 600
        interval_sec = 60
      }
    }
  }

  rule {
    priority = 900
    action   = "deny(403)"
    preview  = true
    match {
      expr {
        expression = "evaluatePreconfiguredWaf('sqli-v33-stable', {'sensitivity': 1})"
      }
    }
  }

  rule {
    priority = 2147483647
    action   = "allow"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_backend_service" "function" {
  for_each              = toset(local.backends)
  project               = var.project
  name                  = each.value
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = google_compute_security_policy.smart["smart"].id
  backend {
    group = google_compute_region_network_endpoint_group.function[each.value].id
  }
  log_config {
    enable = false
  }
}

resource "google_compute_url_map" "smart" {
  for_each        = toset(local.balanced)
  project         = var.project
  name            = each.value
  default_service = google_compute_backend_service.function["launch"].id
  host_rule {
    hosts        = [var.domain]
    path_matcher = "functions"
  }
  path_matcher {
    name            = "functions"
    default_service = google_compute_backend_service.function["launch"].id
    dynamic "path_rule" {
      for_each = toset(local.routed)
      content {
        paths   = ["/${replace(path_rule.value, "-", "_")}", "/${replace(path_rule.value, "-", "_")}/*"]
        service = google_compute_backend_service.function[path_rule.value].id
      }
    }
    dynamic "path_rule" {
      for_each = toset(local.pages)
      content {
        paths   = ["/app/*"]
        service = google_compute_backend_bucket.page[path_rule.value].id
      }
    }
  }
}

resource "google_compute_target_https_proxy" "smart" {
  for_each        = toset(local.balanced)
  project         = var.project
  name            = each.value
  url_map         = google_compute_url_map.smart[each.value].id
  ssl_policy      = google_compute_ssl_policy.smart[each.value].id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.smart[each.value].id}"
}

resource "google_compute_global_forwarding_rule" "smart" {
  for_each              = toset(local.balanced)
  project               = var.project
  name                  = each.value
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.smart[each.value].id
  target                = google_compute_target_https_proxy.smart[each.value].id
  port_range            = "443"
}
