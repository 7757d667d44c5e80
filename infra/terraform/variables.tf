variable "project" {
  description = "An existing project with a billing account, used only for this app."
  type        = string
}

variable "region" {
  description = "The region of the functions, database and secrets, as in deployment.toml."
  type        = string
}

variable "kms_key" {
  description = "Your own key for the database, secrets, buckets and images, as in deployment.toml. First grant the service agents its role (docs/organization.md, Customer-managed keys, without the last command). If empty, Google's keys are used."
  type        = string
  default     = ""
}

variable "functions" {
  description = "The Cloud Run services, as in the variable FUNCTIONS in the guide's terminal. If empty, the services of the clone that contains this module."
  type        = list(string)
  default     = []

  # A function's account is smart-NAME, and these three accounts have roles that no function may have.
  validation {
    condition     = length(setintersection(var.functions, ["build", "test", "deploy"])) == 0
    error_message = "functions: the names build, test and deploy are reserved for the build's accounts."
  }
}

variable "jobs" {
  description = "The Cloud Run services of jobs, as in the variable JOBS in the guide's terminal."
  type        = list(string)
  default     = []
}

variable "schedules" {
  description = "When Cloud Scheduler runs a job, in UTC, by its name in `jobs`, such as { nightly = \"0 3 * * *\" }. Set it once the job is deployed."
  type        = map(string)
  default     = {}
}

variable "backend_secrets" {
  description = "The secrets in [backend_keys] of deployment.toml, which only jobs can read."
  type        = list(string)
  default     = []
}

variable "domain" {
  description = "Your own domain, for an external Application Load Balancer. If empty, cloudfunctions.net is used. Set it before the functions are deployed only if ingress `all` is forbidden (docs/organization.md, Load balancer first)."
  type        = string
  default     = ""
}

variable "fixed_egress" {
  description = "Whether calls to EHRs come from one fixed IP address. If so, set the connector `smart` in deployment.toml."
  type        = bool
  default     = false
}

variable "page" {
  description = "Whether your own page is served at /app/ from a bucket. Works only with `domain`."
  type        = bool
  default     = false
}

variable "frame_ancestors" {
  description = "`frame_ancestors` as in smart.toml, for the page's security policy."
  type        = list(string)
  default     = []
}

variable "open_hours" {
  description = "The hours in which an hour without a launch raises an alert, in PromQL and UTC (docs/production.md, Alerts). If empty, there is no such alert."
  type        = string
  default     = ""
}

variable "alert_email" {
  description = "The email address that gets alerts about failed launches and server errors. If empty, there are no alerts."
  type        = string
  default     = ""
}
