"""`civic-push bench`: run it, print it next to the limits."""

from __future__ import annotations

import os
import platform
import subprocess

import click

from civic_push.bench.end_to_end import Result, end_to_end
from civic_push.bench.sinks import TOOLS, MissingTool, tool
from civic_push.bench.yardsticks import Yardsticks, yardsticks
from civic_push.db import utcnow


@click.command()
@click.option("--residents", default=75_000, show_default=True, help="How many to deliver to.")
@click.option("--workers", default=2, show_default=True, help="Worker processes.")
@click.option("--database", default="", help="SQLAlchemy URL of an EMPTY database; default: "
              "SQLite in a temporary folder.")
@click.option("--watchers", default=0, show_default=True, help="Editors with the live page open.")
@click.option("--limits/--no-limits", default=True, help="Measure the machine's limits too.")
def bench(residents: int, workers: int, database: str, watchers: int, limits: bool) -> None:
    """Measure how fast it delivers, next to what this machine allows."""
    try:
        for name in TOOLS:
            tool(name)
        measured = yardsticks(_say) if limits else None
        result = end_to_end(residents, workers, database, _say, watchers)
    except MissingTool as error:
        raise click.ClickException(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise click.ClickException(f"{error.cmd[0]} failed: {error.stderr[-300:]}") from error
    _print_result(result, workers, database)
    if result.watched:
        seen = result.watched
        click.echo(f"{watchers} watchers: {seen.events} events, longest silence "
                   f"{seen.silence:.1f} s, turned away {seen.refused} times")
    if measured:
        _print_yardsticks(measured, result)


def _say(words: str) -> None:
    click.echo(f"… {words}", err=True)


def _print_result(r: Result, workers: int, database: str) -> None:
    kind = "PostgreSQL" if database.startswith("postgresql") else "SQLite"
    ours = {name: spent for name, spent in r.cpu.items() if "sink" not in name}
    servers = sum(spent for name, spent in ours.items() if name in ("queue", "postgres"))
    click.echo(f"""
{utcnow():%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {kind}, Python {platform.python_version()}
deliveries                     {r.deliveries:>10,}   ({_pairs(r.states)})
publish to last hand-over      {r.wall:>10.2f} s, {workers} workers
deliveries a second            {r.deliveries / r.wall:>10,.0f}
first / 50 / 95 / 100 %        {" / ".join(f"{t:.2f}" for t in r.reached.values()):>10} s
a confirmation in the middle   {r.confirmation:>10.2f} s
deliveries per worker-CPU-s    {r.deliveries / _worker_cpu(r):>10,.0f}
cost of a delivery             {1e6 * sum(ours.values()) / r.deliveries:>10.0f} µs CPU without sinks
queue and database server      {100 * servers / sum(ours.values()):>10.1f} % of that CPU
database written               {r.database_bytes / 1e6:>10.1f} MB
CPU seconds by process         {_pairs(r.cpu, "{:.2f}")}
all cores                      {_pairs(r.machine._asdict(), "{:.1f}")} CPU seconds
peak memory by process, MB     {_pairs(r.memory, "{:.0f}")}""")


def _print_yardsticks(y: Yardsticks, r: Result) -> None:
    rate = r.deliveries / r.wall
    mixed = r.deliveries / _worker_cpu(r)
    click.echo(f"""
the machine today: {y.agreements:,.0f} P-256 key agreements a second (openssl speed)
per CPU-second of the client, medians of interleaved rounds in this run
browser push, channel alone    {y.push:>10,.0f}   limit {y.push_limit:,.0f}
                                            ratio {y.push / y.push_limit:.2f}
e-mail, channel alone          {y.mail:>10,.0f}   smtp-source -d -s 10 {y.mail_limit:,.0f}
                                            ratio {y.mail / y.mail_limit:.2f}
all of it, by the workers      {mixed:>10,.0f}   limit for this mix {y.mixed_limit:,.0f}
                                            ratio {mixed / y.mixed_limit:.2f}
naive, 200 inboxes             {y.naive:>10,.0f}   a second by the clock
                                            we are {rate / y.naive:,.0f} times as fast""")


def _worker_cpu(r: Result) -> float:
    """CPU seconds that all workers spent."""
    return sum(spent for name, spent in r.cpu.items() if name.startswith("worker"))


def _pairs(values: dict[str, float] | dict[str, int], form: str = "{:,}") -> str:
    return ", ".join(f"{name} {form.format(value)}" for name, value in values.items())
