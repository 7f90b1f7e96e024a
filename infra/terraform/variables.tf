variable "bucket" {
  description = "Name of the bucket for the store, MLflow's artifacts and the edited pictures."
  type        = string
}

variable "store_prefix" {
  description = "Below it is the store: PENTIMENTO_STORE is s3://<bucket>/<store_prefix>."
  type        = string
  default     = "store"
}

variable "mlflow_prefix" {
  description = "Below it are MLflow's artifacts."
  type        = string
  default     = "mlflow"
}

variable "edited_prefix" {
  description = "Below it are the edited pictures, and the pointer to what is published."
  type        = string
  default     = "edited"
}

variable "source_bucket" {
  description = "Name of the bucket with manifests and source pictures, which runs may read and never write."
  type        = string
}

variable "source_prefix" {
  description = "What of it they may read."
  type        = string
  default     = "incoming"
}

variable "kms_key_arn" {
  description = "A key of your own for encryption; empty for the one of S3."
  type        = string
  default     = ""
}

variable "oidc_provider_arn" {
  description = "Of the Kubernetes cluster, for the role of its runs; empty for ECS alone."
  type        = string
  default     = ""
}

variable "oidc_subject" {
  description = "Namespace and service account of the runs."
  type        = string
  default     = "system:serviceaccount:pentimento:pentimento-run"
}

variable "old_versions_days" {
  description = "How long replaced and deleted records and pictures can be brought back. Artifacts stay twice as long."
  type        = number
  default     = 30

  validation {
    condition     = var.old_versions_days >= 1
    error_message = "At least one day."
  }
}

variable "tags" {
  description = "On everything."
  type        = map(string)
  default     = { project = "pentimento" }
}
