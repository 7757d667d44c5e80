# Two alerts on what the functions log; only with `alert_email`. The lines hold no patient data.

locals {
  alerted = var.alert_email == "" ? [] : ["smart"]
  alerts = var.alert_email == "" ? {} : {
    "smart launch failures" = {
      metric = "smart_launch_failed"
      filter = "resource.type=\"cloud_run_revision\" AND jsonPayload.event=\"callback_failed\""
    }
    "smart server errors" = {
      metric = "smart_server_error"
      filter = "resource.type=\"cloud_run_revision\" AND severity>=ERROR"
    }
  }
}

resource "google_project_service" "alerts" {
  for_each           = var.alert_email == "" ? toset([]) : toset(["monitoring.googleapis.com"])
  service            = each.value
  disable_on_destroy = false
}

resource "google_monitoring_notification_channel" "smart" {
  for_each     = toset(local.alerted)
  display_name = each.value
  type         = "email"
  labels       = { email_address = var.alert_email }
  depends_on   = [google_project_service.alerts]
}

resource "google_logging_metric" "smart" {
  for_each = local.alerts
  name     = each.value.metric
  filter   = each.value.filter
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
  depends_on = [google_project_service.needed]
}

resource "google_monitoring_alert_policy" "smart" {
  for_each              = local.alerts
  display_name          = each.key
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.smart : channel.id]
  conditions {
    display_name = each.key
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.smart[each.key].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 5
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_SUM"
      }
    }
  }
}
