"""What production is started with: the systemd units, nginx' settings, the command of the host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
FENCE = "# everything below: may do its work and nothing else"
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["clock"], ["telegram"], []])
def test_a_setting_that_cannot_be_used_is_one_sentence_and_a_status_systemd_knows(
        tmp_path: Path, arguments: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("CIVIC_PUSH_")}
    ran = subprocess.run(
        [sys.executable, "worker.py", *arguments], cwd=ROOT, capture_output=True, text=True,
        check=False, env={**environment, "CIVIC_PUSH_VAR_DIR": str(tmp_path)})
    assert (ran.returncode, ran.stderr) == (
        3, "CIVIC_PUSH_SECRET_KEY and CIVIC_PUSH_ADDRESS_KEY are missing; "
           "`civic-push keys` makes them.\n")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_fenced_in_and_does_not_try_in_vain(unit: Path) -> None:
    fences = {path.read_text(encoding="utf-8").split(FENCE)[1] for path in UNITS}
    text = unit.read_text(encoding="utf-8")
    assert len(fences) == 1, "all units have the same fence"
    assert "\nRestartPreventExitStatus=3\n" in text
    assert "\nUser=civic-push\n" in text


def test_nginx_reaches_the_socket_without_being_let_into_the_settings() -> None:
    web = (DEPLOY / "civic-push-web.service").read_text(encoding="utf-8")
    assert "\nGroup=www-data\nSupplementaryGroups=civic-push\n" in web
    assert "\nRuntimeDirectoryMode=0750\n" in web
    assert "adduser www-data" not in OPERATING


def test_nginx_zones_have_names_of_their_own() -> None:
    zones = re.findall(r"(?:zone=|shared:)(\w+):", NGINX)
    assert len(zones) == 2
    assert len(set(zones)) == 2, "nginx does not start where two kinds of zone share a name"


def test_nginx_compresses_no_page_that_holds_a_token() -> None:
    server = NGINX.partition("listen 443")[2]
    assert "\n    gzip off;" in server.partition("location")[0]


@pytest.mark.skipif(not shutil.which("nginx", path="/usr/sbin:/usr/bin"),
                    reason="nginx is not installed; the tests above need none")
def test_nginx_takes_its_settings(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                    "-subj", "/CN=push.example.org", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    site = re.sub(r"/etc/letsencrypt/\S*fullchain.pem", str(certificate), NGINX)
    site = re.sub(r"/etc/letsencrypt/\S*privkey.pem", str(key), site)
    site = site.replace("/var/log/nginx", str(tmp_path))
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\n"
                     f"http {{\n{site}\n}}\n", encoding="utf-8")
    ran = subprocess.run(["/usr/sbin/nginx", "-t", "-p", tmp_path, "-c", whole],
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_hosts_command_brings_settings_and_account() -> None:
    text = (DEPLOY / "civic-push").read_text(encoding="utf-8")
    assert os.access(DEPLOY / "civic-push", os.X_OK)
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
    assert "runuser -u civic-push" in text
    assert "/etc/civic-push/civic-push.toml" in text
