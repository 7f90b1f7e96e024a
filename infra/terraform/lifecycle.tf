# By age nothing that is current is ever deleted: whether an artifact is still named by a record is not told by its age, and
# `pentimento gc` knows. Only what gc or a rewrite has left behind goes, records before the artifacts that they name.
resource "aws_s3_bucket_lifecycle_configuration" "store" {
  bucket     = aws_s3_bucket.store.id
  depends_on = [aws_s3_bucket_versioning.store]

  rule {
    id     = "half-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "artifacts"
    status = "Enabled"

    filter {
      prefix = "${var.store_prefix}/cas/"
    }

    # read again by reruns only; tiers by access keep the first read of a rerun from being an archive's
    transition {
      days          = 30
      storage_class = "INTELLIGENT_TIERING"
    }

    noncurrent_version_expiration {
      noncurrent_days = 2 * var.old_versions_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "records"
    status = "Enabled"

    filter {
      prefix = "${var.store_prefix}/stages/"
    }

    noncurrent_version_expiration {
      noncurrent_days = var.old_versions_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "runs"
    status = "Enabled"

    filter {
      prefix = "${var.store_prefix}/runs/"
    }

    noncurrent_version_expiration {
      noncurrent_days = var.old_versions_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "doctor"
    status = "Enabled"

    filter {
      prefix = "${var.store_prefix}/doctor/"
    }

    expiration {
      days = 1
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }
}
