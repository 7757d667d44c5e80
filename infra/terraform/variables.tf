variable "project" {
  description = "An existing project with a billing account, for this app alone."
  type        = string
}

variable "region" {
  description = "Where functions, database and secrets are; as in deployment.toml."
  type        = string
}

variable "kms_key" {
  description = "As in deployment.toml: your own key for database, secrets, buckets and images. The service agents must have its role before (docs/deploy.md, Customer-managed keys, without its last command). Empty: Google's keys."
  type        = string
  default     = ""
}

variable "functions" {
  description = "The Cloud Run services, as FUNCTIONS names them in a terminal of the guide. Empty: those of the clone that this module is part of."
  type        = list(string)
  default     = []

  # Each one's account is smart-NAME, and those three have roles that no function may have.
  validation {
    condition     = length(setintersection(var.functions, ["build", "test", "deploy"])) == 0
    error_message = "functions: the names build, test and deploy are reserved for the accounts of the build."
  }
}

variable "domain" {
  description = "Own domain, for an external Application Load Balancer; empty for cloudfunctions.net. Set it before the functions are deployed only if ingress `all` is forbidden (docs/deploy.md, Load balancer first)."
  type        = string
  default     = ""
}

variable "fixed_egress" {
  description = "Whether calls to EHRs leave from one address; deployment.toml then names the connector `smart`."
  type        = bool
  default     = false
}

variable "page" {
  description = "Whether a page of your own is served at /app/, from a bucket; with `domain` only."
  type        = bool
  default     = false
}

variable "frame_ancestors" {
  description = "As in smart.toml; for the page's policy."
  type        = list(string)
  default     = []
}

variable "open_hours" {
  description = "The hours in which an hour without a launch raises an alert, in PromQL and UTC; docs/deploy.md, Alerts. Empty: no such alert."
  type        = string
  default     = ""
}

variable "alert_email" {
  description = "Who is told of failed launches and server errors; empty for nobody."
  type        = string
  default     = ""
}
