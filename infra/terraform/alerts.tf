# docs/production.md, Alerts. For what to do about each alert, see docs/runbook.md. Only with `alert_email`.
# The guide's commands use the same files for metrics and policies.

locals {
  watched = var.alert_email == "" ? [] : ["smart"]
  metrics = {
    smart_cds_refusals         = jsondecode(file("${path.module}/../monitoring/metrics/smart_cds_refusals.json"))
    smart_ehrs_hanging         = jsondecode(file("${path.module}/../monitoring/metrics/smart_ehrs_hanging.json"))
    smart_launch_failures      = jsondecode(file("${path.module}/../monitoring/metrics/smart_launch_failures.json"))
    smart_launches_completed   = jsondecode(file("${path.module}/../monitoring/metrics/smart_launches_completed.json"))
    smart_launches_not_allowed = jsondecode(file("${path.module}/../monitoring/metrics/smart_launches_not_allowed.json"))
    smart_refresh_failures     = jsondecode(file("${path.module}/../monitoring/metrics/smart_refresh_failures.json"))
    smart_store_failures       = jsondecode(file("${path.module}/../monitoring/metrics/smart_store_failures.json"))
  }
  policies = {
    cds_refusals         = jsondecode(file("${path.module}/../monitoring/policies/cds_refusals.json"))
    ehr_hanging          = jsondecode(file("${path.module}/../monitoring/policies/ehr_hanging.json"))
    launch_failures      = jsondecode(file("${path.module}/../monitoring/policies/launch_failures.json"))
    launches_not_allowed = jsondecode(file("${path.module}/../monitoring/policies/launches_not_allowed.json"))
    refresh_failures     = jsondecode(file("${path.module}/../monitoring/policies/refresh_failures.json"))
    server_errors        = jsondecode(file("${path.module}/../monitoring/policies/server_errors.json"))
    store_failures       = jsondecode(file("${path.module}/../monitoring/policies/store_failures.json"))
    unreachable          = jsondecode(file("${path.module}/../monitoring/policies/unreachable.json"))
  }
  no_launches    = jsondecode(replace(file("${path.module}/../monitoring/policies/no_launches.json"), "OPEN_HOURS", var.open_hours))
  awaited        = var.open_hours == "" ? [] : local.watched
  metric_names   = var.alert_email == "" ? [] : keys(local.metrics)
  policy_names   = var.alert_email == "" ? [] : keys(local.policies)
  watched_health = var.alert_email == "" ? [] : local.functions
  public_host    = var.domain == "" ? "${var.region}-${var.project}.cloudfunctions.net" : var.domain
}

resource "google_project_service" "alerts" {
  for_each           = var.alert_email == "" ? toset([]) : toset(["monitoring.googleapis.com"])
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_monitoring_notification_channel" "smart" {
  for_each     = toset(local.watched)
  project      = var.project
  display_name = each.value
  type         = "email"
  labels       = { email_address = var.alert_email }
  depends_on   = [google_project_service.alerts]
}

resource "google_logging_metric" "smart" {
  for_each         = toset(local.metric_names)
  project          = var.project
  name             = each.value
  description      = local.metrics[each.value].description
  filter           = local.metrics[each.value].filter
  label_extractors = local.metrics[each.value].labelExtractors
  metric_descriptor {
    metric_kind = local.metrics[each.value].metricDescriptor.metricKind
    value_type  = local.metrics[each.value].metricDescriptor.valueType
    dynamic "labels" {
      for_each = local.metrics[each.value].metricDescriptor.labels
      content {
        key         = labels.value.key
        value_type  = labels.value.valueType
        description = labels.value.description
      }
    }
  }
  depends_on = [google_project_service.needed]
}

resource "google_monitoring_uptime_check_config" "health" {
  for_each     = toset(local.watched_health)
  project      = var.project
  display_name = "smart-${each.value}"
  timeout      = "10s"
  period       = "300s"
  http_check {
    path         = "/${replace(each.value, "-", "_")}/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type   = "uptime_url"
    labels = { host = local.public_host, project_id = var.project }
  }
  depends_on = [google_project_service.alerts]
}

resource "google_monitoring_alert_policy" "smart" {
  for_each              = toset(local.policy_names)
  project               = var.project
  display_name          = local.policies[each.value].displayName
  combiner              = local.policies[each.value].combiner
  notification_channels = [google_monitoring_notification_channel.smart["smart"].id]
  documentation {
    content   = local.policies[each.value].documentation.content
    mime_type = local.policies[each.value].documentation.mimeType
  }
  dynamic "conditions" {
    for_each = local.policies[each.value].conditions
    content {
      display_name = conditions.value.displayName
      condition_threshold {
        filter          = conditions.value.conditionThreshold.filter
        comparison      = conditions.value.conditionThreshold.comparison
        threshold_value = conditions.value.conditionThreshold.thresholdValue
        duration        = conditions.value.conditionThreshold.duration
        dynamic "aggregations" {
          for_each = conditions.value.conditionThreshold.aggregations
          content {
            alignment_period     = aggregations.value.alignmentPeriod
            per_series_aligner   = aggregations.value.perSeriesAligner
            cross_series_reducer = aggregations.value.crossSeriesReducer
            group_by_fields      = aggregations.value.groupByFields
          }
        }
      }
    }
  }
  # Google refuses a policy on a metric that doesn't exist yet.
  depends_on = [google_logging_metric.smart]
}

# The condition is PromQL, because only PromQL can check the hour.
resource "google_monitoring_alert_policy" "no_launches" {
  for_each              = toset(local.awaited)
  project               = var.project
  display_name          = local.no_launches.displayName
  combiner              = local.no_launches.combiner
  notification_channels = [google_monitoring_notification_channel.smart[each.value].id]
  documentation {
    content   = local.no_launches.documentation.content
    mime_type = local.no_launches.documentation.mimeType
  }
  conditions {
    display_name = local.no_launches.conditions[0].displayName
    condition_prometheus_query_language {
      query               = local.no_launches.conditions[0].conditionPrometheusQueryLanguage.query
      duration            = local.no_launches.conditions[0].conditionPrometheusQueryLanguage.duration
      evaluation_interval = local.no_launches.conditions[0].conditionPrometheusQueryLanguage.evaluationInterval
    }
  }
  depends_on = [google_logging_metric.smart]
}
