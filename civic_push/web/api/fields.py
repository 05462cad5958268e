"""marshmallow fields that say in the client's language what is wrong, and take nothing that
the database could not keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext
from marshmallow import fields, validate

_ALWAYS: dict[str, Any] = {
    "required": lazy_gettext("Diese Angabe fehlt."),
    "null": lazy_gettext("Diese Angabe darf nicht „null“ sein."),
}
_OBJECT = {**_ALWAYS, "unknown": lazy_gettext("Diese Angabe gibt es nicht."),
           "type": lazy_gettext("Hier wird ein JSON-Objekt erwartet.")}
_TEXT = {**_ALWAYS, "invalid": lazy_gettext("Hier wird ein Text erwartet."),
         "invalid_utf8": lazy_gettext("Dieser Text ist kein UTF-8.")}
_FLAG = {**_ALWAYS, "invalid": lazy_gettext("Hier wird true oder false erwartet.")}
_NUMBER = {**_ALWAYS, "invalid": lazy_gettext("Hier wird eine ganze Zahl erwartet.")}
_DEGREES = {**_ALWAYS, **dict.fromkeys(("invalid", "too_large", "special"), lazy_gettext(
    "Hier wird eine Zahl erwartet, zum Beispiel 51.9365."))}
_LIST = {**_ALWAYS, "invalid": lazy_gettext("Hier wird eine Liste erwartet.")}
_TIME = {**_ALWAYS,
         "invalid": lazy_gettext("Schreiben Sie Tag und Uhrzeit so: 2026-11-18T18:00:00+01:00"),
         "invalid_awareness": lazy_gettext("Hier fehlt die Zeitzone: 2026-11-18T18:00:00+01:00")}


class Body(ma.Schema):
    """What is sent as JSON: what is not known is refused, so that no misspelt member is
    silently left out."""

    error_messages = _OBJECT


class Text(fields.String):
    """A text of limited length, without halves of characters that nothing can store."""

    default_error_messages = _TEXT

    def __init__(self, most: int, least: int = 0, **kwargs: Any) -> None:
        error = lazy_gettext("Der Text ist zu lang: höchstens {max} Zeichen.") if not least \
            else lazy_gettext("Der Text muss {min} bis {max} Zeichen haben.")
        super().__init__(validate=validate.Length(least or None, most, error=error), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None,
                     **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            text.encode()
        except UnicodeEncodeError as error:  # a lone surrogate, as JSON can spell it
            raise self.make_error("invalid_utf8") from error
        return text


class Flag(fields.Boolean):
    """true or false, and nothing else."""

    default_error_messages = _FLAG

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None,
                     **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Time(fields.AwareDateTime):
    """A point in time with its zone (RFC 3339)."""

    default_error_messages = _TIME

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None,
                     **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            return super()._deserialize(value.upper(), attr, data, **kwargs)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error


class Number(fields.Integer):
    """A whole number within limits."""

    default_error_messages = _NUMBER

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(strict=False, validate=validate.Range(
            least, most, error=lazy_gettext("Die Zahl muss von {min} bis {max} gehen.")),
            **kwargs)


class Degrees(fields.Float):
    """An angle on the globe, as a number."""

    default_error_messages = _DEGREES

    def __init__(self, most: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(
            -most, most, error=lazy_gettext("Die Zahl muss von {min} bis {max} gehen.")),
            **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None,
                     **kwargs: Any) -> float:
        if not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Many(fields.List[Any]):
    """A list."""

    default_error_messages = _LIST

    def __init__(self, inner: fields.Field[Any], most: int = 100, **kwargs: Any) -> None:
        super().__init__(inner, validate=validate.Length(max=most, error=lazy_gettext(
            "Die Liste ist zu lang: höchstens {max} Einträge.")), **kwargs)


class Part(fields.Nested):
    """An object within."""

    default_error_messages = _OBJECT


class Word(fields.String):
    """One of a few words."""

    default_error_messages = _TEXT

    def __init__(self, words: list[str], **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(words, error=lazy_gettext(
            "Wählen Sie eines davon: {choices}.")), **kwargs)
