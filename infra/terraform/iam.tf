# What a run may do: what the store does, below its prefixes, and read the sources. Versions, policies and other buckets are out
# of reach, so a run that goes wrong can be undone from old versions.
data "aws_iam_policy_document" "run" {
  statement {
    sid       = "ListOwnKeys"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.store.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.store_prefix}/*", "${var.mlflow_prefix}/*", "${var.edited_prefix}/*"]
    }
  }

  statement {
    sid     = "UseOwnObjects"
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = [
      "${aws_s3_bucket.store.arn}/${var.store_prefix}/*",
      "${aws_s3_bucket.store.arn}/${var.mlflow_prefix}/*",
      "${aws_s3_bucket.store.arn}/${var.edited_prefix}/*",
    ]
  }

  statement {
    sid       = "ListSources"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${var.source_bucket}"]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.source_prefix}/*"]
    }
  }

  statement {
    sid       = "ReadSources"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${var.source_bucket}/${var.source_prefix}/*"]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == "" ? [] : [var.kms_key_arn]

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }

  dynamic "statement" {
    for_each = var.oidc_provider_arn == "" ? [] : [var.oidc_provider_arn]

    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "${replace(statement.value, "/^.*oidc-provider\\//", "")}:sub"
        values   = [var.oidc_subject]
      }

      condition {
        test     = "StringEquals"
        variable = "${replace(statement.value, "/^.*oidc-provider\\//", "")}:aud"
        values   = ["sts.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role" "run" {
  name               = "pentimento-run"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "run" {
  name   = "pentimento-run"
  role   = aws_iam_role.run.id
  policy = data.aws_iam_policy_document.run.json
}

# What ECS itself may do to start a task: fetch the image, write the log.
resource "aws_iam_role" "start" {
  name = "pentimento-start"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "start" {
  role       = aws_iam_role.start.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}
