#!/usr/bin/env bash
# The wheel, in an empty environment and an empty folder: it must bring all it needs.
# Usage: tests/packaging/wheel.sh PYTHON WHEEL
set -euo pipefail
python=$1
wheel=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet "$wheel"
cd "$folder"
"$folder/venv/bin/digest" run --sample >one.txt
"$folder/venv/bin/digest" run --sample --json >two.json
"$folder/venv/bin/digest" init new >/dev/null
"$folder/venv/bin/python" - <<'P'
import importlib.metadata, json, pathlib, sys

[report] = json.loads(pathlib.Path("two.json").read_text())
assert report["status"] == "done", report
assert report["date"] == "2026-03-03", report
assert sum(s["seen_before"] for s in report["sources"]) > 0, report
site = pathlib.Path("digest-sample/site")
pages = list(site.rglob("*.html"))
mails = list(pathlib.Path("digest-sample/outbox").glob("*.eml"))
assert len(pages) > 40, len(pages)
assert len(mails) == 2, mails
assert "pytest" not in {d.metadata["Name"] for d in importlib.metadata.distributions()}
assert not list(pathlib.Path(sys.prefix).rglob("site-packages/tests"))
print(f"wheel: two days of the sample, {len(pages)} pages, {len(mails)} mails")
P
