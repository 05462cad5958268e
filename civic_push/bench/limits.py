"""What this machine allows, per CPU-second of the client: the yardsticks."""

from __future__ import annotations

import re
import time

from cryptography.hazmat.primitives.asymmetric import ec

from civic_push.bench.processes import run
from civic_push.bench.sinks import Sinks, tool

_POSTS, _MAILS, _MAIL_BYTES = 30_000, 10_000, 6_900


def key_agreements() -> float:
    """P-256 key agreements a second (openssl speed)."""
    output = run([tool("openssl"), "speed", "-seconds", "1", "ecdhp256"]).output
    found = re.search(r"nistp256\)\s+\S+\s+([\d.]+)", output)
    if found is None:
        raise RuntimeError(f"openssl speed printed something else: {output[-300:]}")
    return float(found.group(1))


def key_pairs() -> float:
    """P-256 key pairs a second, as we make them."""
    count, began = 10_000, time.process_time()
    for _ in range(count):
        ec.generate_private_key(ec.SECP256R1())
    return count / (time.process_time() - began)


def posts(sinks: Sinks) -> float:
    """HTTP/2 posts of a push's size over TLS, 128 at once (h2load)."""
    body = sinks.folder / "body"
    body.write_bytes(b"x" * 403)
    spent = run([tool("h2load"), "-n", str(_POSTS), "-c", "1", "-m", "128", "-d", str(body),
                 f"{sinks.push_origin}/push?{'x' * 120}"])
    return _POSTS / spent.cpu


def mails(sinks: Sinks) -> float:
    """Raw mails over ten reused sessions (smtp-source -d -s 10)."""
    spent = run([tool("smtp-source"), "-d", "-s", "10", "-m", str(_MAILS), "-l",
                 str(_MAIL_BYTES), "-f", "a@example.org", "-t", "b@example.org",
                 f"127.0.0.1:{sinks.mail_port}"])
    return _MAILS / spent.cpu


def composite(agreements: float, pairs: float, post: float) -> float:
    """The most pushes a CPU-second can hold: each needs a key pair, a key agreement and a
    post. Leaves out HKDF and AES, so it cannot be reached."""
    return 1 / (1 / agreements + 1 / pairs + 1 / post)
