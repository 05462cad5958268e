"""A push service over TLS and HTTP/2 and an SMTP relay, both written in C, that take
everything and keep nothing: nghttpd and Postfix's smtp-sink."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOOLS = {"nghttpd": "nghttp2-server", "h2load": "nghttp2-client", "smtp-sink": "postfix",
         "smtp-source": "postfix", "openssl": "openssl"}
"""Programs the benchmark needs, and the Debian package each comes in."""


class MissingTool(Exception):
    """A program the benchmark needs is not installed; the text says how to get it."""


def tool(name: str) -> str:
    """The path of a program, /usr/sbin included."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        raise MissingTool(f"{name} is not installed; `apt-get install {TOOLS[name]}` brings it.")
    return path


class Sinks:
    """Both sinks, on ports of their own, for as long as the `with` block lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.push_port, self.mail_port = _free_port(), _free_port()
        self.plain_port = _free_port()  # the naive way's push service
        self.certificate = folder / "sink.pem"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def push_origin(self) -> str:
        """Where push endpoints of this run begin."""
        return f"https://localhost:{self.push_port}"

    @property
    def pids(self) -> dict[str, int]:
        """The sinks' processes by name."""
        return {name: process.pid for name, process in self._processes.items()}

    def __enter__(self) -> Sinks:
        _write_certificate(self.certificate)
        documents = self.folder / "documents"
        documents.mkdir(exist_ok=True)
        (documents / "push").write_bytes(b"")
        (documents / "push").chmod(0o644)
        certificate = str(self.certificate)
        self._start("push sink", tool("nghttpd"), "-d", str(documents), str(self.push_port),
                    certificate, certificate)
        as_nobody = ["-u", "nobody"] if os.getuid() == 0 else []  # it refuses to be root
        self._start("mail sink", tool("smtp-sink"), *as_nobody,
                    f"127.0.0.1:{self.mail_port}", "1000")
        for port in (self.push_port, self.mail_port):
            _wait_for(port)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait()

    def start_plain(self) -> None:
        """Start the naive way's push service too."""
        self._start("plain sink", sys.executable, "-m", "civic_push.bench.plain_sink",
                    str(self.plain_port), str(self.certificate))
        _wait_for(self.plain_port)

    def _start(self, name: str, *command: str) -> None:
        self._processes[name] = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the sink on port {port} does not answer")


def _write_certificate(path: Path) -> None:
    """A self-signed certificate for localhost with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                          serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM))
