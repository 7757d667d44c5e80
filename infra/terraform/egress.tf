# docs/network.md, Outbound traffic. Only with `fixed_egress`.

locals {
  egress          = var.fixed_egress ? ["smart"] : []
  egress_services = var.fixed_egress ? ["vpcaccess.googleapis.com"] : []
}

resource "google_project_service" "egress" {
  for_each           = toset(local.egress_services)
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

# A domain also enables Compute Engine. With disable_on_destroy = false, that's not a conflict.
resource "google_project_service" "egress_network" {
  for_each           = var.fixed_egress && var.domain == "" ? toset(["compute.googleapis.com"]) : toset([])
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_compute_network" "smart" {
  for_each                = toset(local.egress)
  project                 = var.project
  name                    = each.value
  auto_create_subnetworks = false
  depends_on              = [google_project_service.edge, google_project_service.egress_network]
}

resource "google_compute_subnetwork" "connector" {
  for_each      = toset(local.egress)
  project       = var.project
  name          = "${each.value}-connector"
  network       = google_compute_network.smart[each.value].id
  region        = var.region
  ip_cidr_range = "10.8.0.0/28"
}

resource "google_vpc_access_connector" "smart" {
  for_each      = toset(local.egress)
  project       = var.project
  name          = each.value
  region        = var.region
  min_instances = 2
  max_instances = 3
  machine_type  = "e2-micro"
  subnet {
    name = google_compute_subnetwork.connector[each.value].name
  }
  depends_on = [google_project_service.egress]
}

resource "google_compute_address" "egress" {
  for_each   = toset(local.egress)
  project    = var.project
  name       = "${each.value}-egress"
  region     = var.region
  depends_on = [google_project_service.edge, google_project_service.egress_network]
}

resource "google_compute_router" "smart" {
  for_each = toset(local.egress)
  project  = var.project
  name     = each.value
  network  = google_compute_network.smart[each.value].id
  region   = var.region
}

resource "google_compute_router_nat" "smart" {
  for_each                           = toset(local.egress)
  project                            = var.project
  name                               = each.value
  router                             = google_compute_router.smart[each.value].name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.egress[each.value].self_link]
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
  subnetwork {
    name                    = google_compute_subnetwork.connector[each.value].id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
}
