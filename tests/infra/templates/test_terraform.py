"""The Terraform: private, encrypted and versioned; rights that are just the store's calls; rules that break no record."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.templates.known import INFRA, ROOT

FOLDER = INFRA / "terraform"
FILES = sorted(FOLDER.glob("*.tf"))
CALLS = {
    "put_object": "s3:PutObject", "upload_fileobj": "s3:PutObject", "get_object": "s3:GetObject",
    "head_object": "s3:GetObject", "delete_object": "s3:DeleteObject", "list_objects_v2": "s3:ListBucket",
}  # fmt: skip
"""The store's calls, and the right that each needs."""
SETTING_UP = {"head_bucket", "create_bucket"}
"""Made with create=True, never by a run."""
HOUSEKEEPING = {
    "list_multipart_uploads": "s3:ListBucketMultipartUploads", "abort_multipart_upload": "s3:AbortMultipartUpload",
}  # fmt: skip
"""Made by `gc` alone. A run may give up its own uploads too."""


def blocks(text: str, head: str) -> list[str]:
    """The bodies of the blocks that begin with `head`, braces matched."""
    found = []
    for match in re.finditer(rf"^\s*{head} *\{{", text, re.MULTILINE):
        depth, begin = 1, match.end()
        end = begin
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found.append(text[begin : end - 1])
    return found


def read(name: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", (FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_braces_and_quotes_close(file: Path) -> None:
    text = read(file.name)
    for opening, closing in ("{}", "[]", "()"):
        assert text.count(opening) == text.count(closing)
    assert all(line.count('"') % 2 == 0 for line in text.splitlines())


@pytest.mark.skipif(not shutil.which("terraform"), reason="no terraform here to parse it")
def test_terraform_parses_it_and_would_write_it_so() -> None:
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", str(FOLDER)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_that_are_used_are_declared() -> None:
    text = "".join(read(file.name) for file in FILES)
    declared = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    assert set(re.findall(r"\bvar\.(\w+)", text)) == declared
    resources = {".".join(each) for each in re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE)}
    assert set(re.findall(r"(?<!data\.)\b(aws_\w+\.\w+)\b", text)) <= resources
    data = {".".join(each) for each in re.findall(r'^data "(\w+)" "(\w+)"', text, re.MULTILINE)}
    assert set(re.findall(r"\bdata\.(\w+\.\w+)", text)) == data


def test_the_bucket_is_private_versioned_encrypted_and_kept() -> None:
    text = read("bucket.tf")
    (block,) = blocks(text, 'resource "aws_s3_bucket_public_access_block" "store"')
    assert len(re.findall(r"= true$", block, re.MULTILINE)) == 4
    assert re.search(r'status = "Enabled"', text)
    assert re.search(r'sse_algorithm\s+= var.kms_key_arn == "" \? "AES256" : "aws:kms"', text)
    assert "prevent_destroy = true" in text
    assert "aws:SecureTransport" in text


def test_a_run_may_do_what_the_store_does_and_no_more() -> None:
    source = (ROOT / "infra" / "store" / "s3.py").read_text(encoding="utf-8")
    made = set(re.findall(r"client\.(\w+)\(", source)) - SETTING_UP - set(HOUSEKEEPING)
    assert made, "the store's calls are found"
    assert made <= set(CALLS), f"a call whose right is not known: {made - set(CALLS)}"
    (policy,) = blocks(read("iam.tf"), 'data "aws_iam_policy_document" "run"')
    allowed = set(re.findall(r'"(s3:[A-Z]\w*)"', policy))
    assert allowed == {CALLS[call] for call in made} | {"s3:AbortMultipartUpload"}
    assert "*" not in "".join(re.findall(r'"(s3:[^"]*|kms:[^"]*)"', policy))


def test_housekeeping_may_do_what_gc_does_besides() -> None:
    source = (ROOT / "infra" / "store" / "s3.py").read_text(encoding="utf-8")
    assert set(HOUSEKEEPING) <= set(re.findall(r"client\.(\w+)\(", source))
    (more,) = blocks(read("housekeeping.tf"), 'data "aws_iam_policy_document" "housekeeping"')
    assert "source_policy_documents = [data.aws_iam_policy_document.run.json]" in more
    (run,) = blocks(read("iam.tf"), 'data "aws_iam_policy_document" "run"')
    added = set(re.findall(r'"(s3:[A-Z]\w*)"', more))
    assert added == set(HOUSEKEEPING.values()) - set(re.findall(r'"(s3:[A-Z]\w*)"', run))


def test_every_resource_of_the_policy_is_below_a_prefix_and_sources_are_read_only() -> None:
    (policy,) = blocks(read("iam.tf"), 'data "aws_iam_policy_document" "run"')
    for statement in blocks(policy, "statement"):
        actions = set(re.findall(r'"(s3:\w+)"', statement)) - {"s3:prefix"}
        if actions == {"s3:ListBucket"}:
            assert 'variable = "s3:prefix"' in statement
            assert '""' not in statement
        else:
            resources = re.findall(r'"((?:\$\{aws_s3|arn:aws:s3)[^"]*)"', statement)
            assert resources
            assert all(re.search(r"_prefix\}/\*$", resource) for resource in resources)
    (sources,) = [s for s in blocks(policy, "statement") if "ReadSources" in s]
    assert re.findall(r'"(s3:\w+)"', sources) == ["s3:GetObject"]


def days(rule: str, name: str) -> int | None:
    """In units of `var.old_versions_days`, or None where the rule has no such line."""
    found = re.search(rf"{name} = (?:(\d+) \* )?var\.old_versions_days", rule)
    return int(found[1] or 1) if found else None


def test_no_rule_by_age_takes_what_is_current_and_artifacts_outlive_their_records() -> None:
    from infra.store import store as layout

    rules = {
        re.search(r'id += "(\w[\w-]*)"', rule)[1]: rule  # type: ignore[index]
        for rule in blocks(read("lifecycle.tf"), "rule")
    }
    prefixes = {name: re.search(r'prefix = "([^"]+)"', rule) for name, rule in rules.items()}
    keys = {
        "artifacts": layout._address("0" * 64), "records": layout._record_key("triage", "k"),
        "runs": layout._run_key("r", "n"),
    }  # fmt: skip
    for name, key in keys.items():
        found = prefixes[name]
        assert found, name
        assert f"${{var.store_prefix}}/{key}".startswith(found[1]), (
            "the rule is for the keys that the store writes"
        )
        (expiration,) = blocks(rules[name], "expiration")
        assert "days" not in expiration.replace("expired_object_delete_marker", ""), (
            "only gc knows what is unused"
        )
    kept = {name: days(rules[name], "noncurrent_days") or 0 for name in keys}
    assert min(kept.values()) > 0
    assert kept["artifacts"] > max(kept["records"], kept["runs"]), (
        "an old record that is brought back finds its artifacts"
    )
    unfiltered = [name for name, rule in rules.items() if not prefixes[name]]
    assert unfiltered == ["half-uploads"]
    assert not re.search(r"expiration", rules["half-uploads"])


def test_what_expires_by_age_is_only_what_doctor_leaves() -> None:
    from flows.doctor.store import KEY

    aged = [
        rule
        for rule in blocks(read("lifecycle.tf"), "rule")
        if any(re.search(r"^\s*days", block, re.MULTILINE) for block in blocks(rule, "expiration"))
    ]
    assert len(aged) == 1
    assert f'prefix = "${{var.store_prefix}}/{KEY}/"' in aged[0]
