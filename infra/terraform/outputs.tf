output "store_url" {
  description = "PENTIMENTO_STORE."
  value       = "s3://${aws_s3_bucket.store.id}/${var.store_prefix}"
}

output "mlflow_artifacts" {
  description = "MLflow's --default-artifact-root."
  value       = "s3://${aws_s3_bucket.store.id}/${var.mlflow_prefix}"
}

output "run_role_arn" {
  description = "For the service account of Kubernetes runs, and task_role_arn of the ECS pool."
  value       = aws_iam_role.run.arn
}

output "start_role_arn" {
  description = "execution_role_arn of the ECS pool."
  value       = aws_iam_role.start.arn
}
