"""`worker.py telegram`: asks Telegram for updates (long polling), or tells it where to bring
them (webhook)."""

from __future__ import annotations

import hmac
import signal
import threading
from types import FrameType
from typing import Any

import requests
import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from civic_push.config import BadSetting, Settings, settings
from civic_push.db import db, utcnow
from civic_push.telegram.dialogue import handle_update

POLL_SECONDS = 50  # how long Telegram holds a question open
ALLOWED = ["message", "my_chat_member"]
_BACK_OFF = (1.0, 2.0, 5.0, 15.0, 60.0)  # seconds after errors in a row
_log = structlog.get_logger(__name__)


class _Stopped(Exception):
    """SIGTERM came while we were waiting for Telegram."""


class BotError(Exception):
    """Telegram did not answer, or said no; never names the address, which holds the token."""

    def __init__(self, text: str, code: int = 0, after: float = 0.0) -> None:
        super().__init__(text)
        self.code = code
        self.after = after


class Bot:
    """Calls of the Bot API other than sending messages to residents at large."""

    def __init__(self, s: Settings) -> None:
        self._base = f"{s.telegram_api.rstrip('/')}/bot{s.telegram_token}/"
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, seconds: float = 20.0, **params: Any) -> Any:
        """Call a method and return its result. Raises BotError."""
        try:
            reply = self._session.post(self._base + method, json=params, timeout=(10, seconds))
            answer = reply.json()
        except (requests.RequestException, ValueError) as error:
            # `from None`: the cause's text holds the address, and that the token
            raise BotError(type(error).__name__) from None
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            raise _refusal(answer, reply.status_code)
        return answer.get("result")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


class Polling:
    """Takes updates one after the other. The offset, which tells Telegram what we have,
    moves only after an update is dealt with: what was lost comes again."""

    def __init__(self, app: Flask, stop: threading.Event, seconds: int = POLL_SECONDS,
                 back_off: tuple[float, ...] = _BACK_OFF) -> None:
        self._app = app
        self._stop = stop
        self._seconds = seconds
        self._back_off = back_off
        self._offset = 0
        self._failures = 0
        self._waiting = False

    def run(self) -> None:
        """Work until `stop` is set."""
        with self._app.app_context():
            bot = Bot(settings())
        try:
            while not self._stop.is_set():
                self._round(bot)
        except _Stopped:
            pass
        finally:
            bot.close()

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """A signal handler: ends a wait at once, an update after it is done."""
        self._stop.set()
        if self._waiting:
            raise _Stopped

    def _round(self, bot: Bot) -> None:
        try:
            for update in self._ask(bot):
                self._deal(bot, update)
            self._failures = 0
        except BotError as error:
            if error.code == 409 and "webhook" in str(error):
                self._leave_webhook(bot)
            _log.warning("telegram_unreachable", reason=str(error))
            self._rest(error.after)
        except SQLAlchemyError as error:
            _log.error("telegram_update_failed", reason=type(error).__name__)
            self._rest()

    def _ask(self, bot: Bot) -> list[dict[str, Any]]:
        self._waiting = True
        try:
            updates = bot.call("getUpdates", self._seconds + 10, offset=self._offset,
                               timeout=self._seconds, allowed_updates=ALLOWED)
        finally:
            self._waiting = False
        return [u for u in updates if isinstance(u, dict)] if isinstance(updates, list) else []

    def _deal(self, bot: Bot, update: dict[str, Any]) -> None:
        with self._app.app_context():
            try:
                reply = handle_update(update, utcnow())
            except SQLAlchemyError:
                db.session.rollback()
                raise  # it comes again
            except Exception as error:  # noqa: BLE001 – it must not stop all that follow
                db.session.rollback()
                _log.error("telegram_update_skipped", reason=type(error).__name__)
                reply = None
        self._offset = int(update.get("update_id", self._offset - 1)) + 1
        if reply:
            try:
                bot.call(reply.pop("method"), **reply)
            except BotError as error:  # the deed is done; only its answer is lost
                _log.warning("telegram_answer_lost", reason=str(error))

    def _leave_webhook(self, bot: Bot) -> None:
        """Telegram gives no updates here while it is told to bring them elsewhere."""
        try:
            bot.call("deleteWebhook")
        except BotError as error:
            _log.warning("telegram_unreachable", reason=str(error))

    def _rest(self, after: float = 0.0) -> None:
        seconds = self._back_off[min(self._failures, len(self._back_off) - 1)]
        self._failures += 1
        self._waiting = True
        try:
            self._stop.wait(max(seconds, after))
        finally:
            self._waiting = False


def poll_forever(app: Flask) -> None:
    """Ask for updates until SIGTERM or SIGINT; with a webhook, register that and return.
    Call it in the main thread. Raises BadSetting where there is no bot, and SystemExit with
    one sentence where Telegram refuses the webhook."""
    s: Settings = app.extensions["civic_push_settings"]
    if not s.telegram_token:
        raise BadSetting("CIVIC_PUSH_TELEGRAM_TOKEN is not set, so there is no bot to ask for.")
    if s.telegram_webhook:
        try:
            register_webhook(app)
        except BotError as error:
            raise SystemExit(f"Telegram does not take the webhook: {error}.") from None
        return
    polling = Polling(app, threading.Event())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, polling.interrupt)
    polling.run()


def webhook_secret() -> str:
    """The secret that `setWebhook` gives to Telegram, and Telegram to the webhook; it follows
    from the app's own."""
    key = bytes.fromhex(settings().secret_key)
    return hmac.digest(key, b"civic-push telegram webhook v1", "sha256").hex()


def register_webhook(app: Flask) -> None:
    """Tell Telegram to bring updates to us. Raises BotError."""
    with app.app_context():
        bot = Bot(settings())
        try:
            bot.call("setWebhook", url=f"{settings().public_url}/telegram",
                     secret_token=webhook_secret(), allowed_updates=ALLOWED)
        finally:
            bot.close()


def _refusal(answer: Any, status: int) -> BotError:
    if not isinstance(answer, dict):
        return BotError(f"status {status} without a Bot API answer", status)
    parameters = answer.get("parameters")
    after = parameters.get("retry_after", 0) if isinstance(parameters, dict) else 0
    code = answer.get("error_code", status)
    return BotError(f"{code} {str(answer.get('description', ''))[:160]}", int(code), float(after))
