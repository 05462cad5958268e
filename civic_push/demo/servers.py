"""The demo inboxes' servers: SMTP, and Telegram's and the SMS gateway's HTTP, in one
process. `python -m civic_push.demo.inboxes` starts them for `make run`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from civic_push.demo.ground import TELEGRAM_BOT, TELEGRAM_TOKEN
from civic_push.demo.journal import Journal, read
from civic_push.demo.mail_server import MailServer
from civic_push.demo.sms_gateway import SmsGateway
from civic_push.demo.telegram_api import TelegramApi


@dataclass(slots=True)
class Running:
    """Servers that listen, and where."""

    mail_port: int
    http_port: int
    mail: asyncio.Server
    http: web.AppRunner

    async def stop(self) -> None:
        """Stop listening; a long poll is broken off."""
        self.mail.close()
        await self.http.cleanup()


async def start(mail: MailServer, parts: list[TelegramApi | SmsGateway], mail_port: int = 0,
                http_port: int = 0) -> Running:
    """Let all of them listen on 127.0.0.1; port 0 takes a free one."""
    app = web.Application()
    for part in parts:
        part.add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", http_port)
    await site.start()
    smtp = await mail.start(mail_port)
    return Running(smtp.sockets[0].getsockname()[1], runner.addresses[0][1], smtp, runner)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="Demo inboxes of Civic Push")
    parser.add_argument("--mail-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    asyncio.run(_serve(parser.parse_args()))


async def _serve(args: argparse.Namespace) -> None:
    journal = Journal(args.file)
    telegram = TelegramApi(TELEGRAM_TOKEN, TELEGRAM_BOT, journal.append)
    for entry in read(args.file):
        if entry["channel"] == "telegram":
            telegram.remember(int(entry["chat"]), entry.get("blocked"))
    running = await start(MailServer(journal.append),
                          [telegram, SmsGateway(keep=journal.append)],
                          args.mail_port, args.http_port)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await running.stop()
