# `pentimento gc` needs one right more than a run: to see uploads that never ended, which S3 does not narrow to a prefix.
data "aws_iam_policy_document" "housekeeping" {
  source_policy_documents = [data.aws_iam_policy_document.run.json]

  statement {
    sid       = "ListHalfUploads"
    actions   = ["s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.store.arn]
  }
}

resource "aws_iam_role" "housekeeping" {
  name               = "pentimento-housekeeping"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "housekeeping" {
  name   = "pentimento-housekeeping"
  role   = aws_iam_role.housekeeping.id
  policy = data.aws_iam_policy_document.housekeeping.json
}

output "housekeeping_role_arn" {
  description = "For a scheduled `pentimento gc`; runs take run_role_arn."
  value       = aws_iam_role.housekeeping.arn
}
