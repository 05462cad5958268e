"""Words and small formats of the desk's templates."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import format_decimal, gettext, lazy_gettext

from channels.base import Urgency
from civic_push.announcements.models import Announcement, AnnouncementKind, AnnouncementText
from civic_push.config import settings
from civic_push.delivery.models import State
from civic_push.delivery.previews import SmsPreview, sms_preview
from civic_push.delivery.report import FEW
from civic_push.delivery.words import push_words
from civic_push.staff import roles
from civic_push.staff.models import Role
from civic_push.wording.markdown import to_html
from subscriptions.models import Register


def _(text: str, **values: object) -> str:
    """`gettext`, typed."""
    return str(gettext(text, **values))


DEEDS = {"korrigieren": AnnouncementKind.CORRECTION, "zurueckziehen": AnnouncementKind.WITHDRAWAL,
         "entwarnen": AnnouncementKind.ALL_CLEAR}
"""What one can do about something published, as the addresses say it, and what that makes."""
CHANNELS = {
    "email": lazy_gettext("E-Mail"), "sms": lazy_gettext("SMS"),
    "telegram": lazy_gettext("Telegram"), "push": lazy_gettext("Browser-Push"),
    "outlet": lazy_gettext("Öffentliche Kanäle der Stadt"),
}
STATES = {
    State.WAITING: lazy_gettext("wartet"),
    State.SENT: lazy_gettext("übergeben"), State.REFUSED: lazy_gettext("abgelehnt"),
    State.GONE: lazy_gettext("Adresse gibt es nicht mehr"),
    State.UNKNOWN: lazy_gettext("unklar, ob angekommen"),
    State.EXPIRED: lazy_gettext("zu spät geworden"),
    State.CANCELLED: lazy_gettext("entfallen"),
}
ROLE_WORDS = {
    roles.AUTHOR: (lazy_gettext("Schreiben"),
                   lazy_gettext("Schreibt Entwürfe, veröffentlicht aber nicht.")),
    roles.EDITOR: (lazy_gettext("Redaktion"), lazy_gettext("Schreibt und veröffentlicht.")),
    roles.APPROVER: (lazy_gettext("Freigabe"), lazy_gettext(
        "Wie Redaktion; entscheidet auch über das, was andere geschrieben haben.")),
    roles.ADMIN: (lazy_gettext("Verwaltung"), lazy_gettext(
        "Alles, auch Konten, Quellen und das Protokoll.")),
    roles.CLERK: (lazy_gettext("Bürgerbüro"), lazy_gettext(
        "Meldet Leute am Schalter an, sonst nichts.")),
}
FIELD_WORDS = {
    "by": lazy_gettext("Womit"), "roles": lazy_gettext("Aufgaben"),
    "active": lazy_gettext("Zugelassen"), "topics": lazy_gettext("Themen"),
    "neighbourhoods": lazy_gettext("Ortsteile"), "title": lazy_gettext("Titel"),
    "comment": lazy_gettext("Kommentar"), "leaves": lazy_gettext("Geht hinaus"),
    "urgency": lazy_gettext("Dringlichkeit"), "seal": lazy_gettext("Siegel des Textes"),
    "name": lazy_gettext("Name"), "url": lazy_gettext("Adresse"),
    "interval": lazy_gettext("Abstand in Minuten"),
    "publish": lazy_gettext("Veröffentlicht sofort"),
    "titles_only": lazy_gettext("Nur Titel und Link"),
    "reason": lazy_gettext("Grund"), "until": lazy_gettext("bis"),
}
"""What the trail's fields are called."""
VALUE_WORDS = {
    "password": lazy_gettext("Passwort"), "passkey": lazy_gettext("Passkey"),
    "password and code": lazy_gettext("Passwort und Code"), "code": lazy_gettext("Code"),
    "password and recovery code": lazy_gettext("Passwort und Wiederherstellungscode"),
    "recovery code": lazy_gettext("Wiederherstellungscode"),
    "identity provider": lazy_gettext("Stadtkonto"),
    "invitation and passkey": lazy_gettext("Einladung und Passkey"),
    "invitation and password": lazy_gettext("Einladung und Passwort"),
    "draft": lazy_gettext("Entwurf"), "waiting": lazy_gettext("im Eingang"),
    "submitted": lazy_gettext("wartet auf Freigabe"), "scheduled": lazy_gettext("eingeplant"),
    "published": lazy_gettext("veröffentlicht"), "dismissed": lazy_gettext("verworfen"),
    **{name: words for name, (words, _about) in ROLE_WORDS.items()},
}
"""What the trail's values are called, where they are words of the program."""
ACTION_WORDS = {
    "announcement.saved": lazy_gettext("Entwurf gespeichert"),
    "announcement.submitted": lazy_gettext("zur Freigabe eingereicht"),
    "announcement.approved": lazy_gettext("freigegeben"),
    "announcement.sent_back": lazy_gettext("zurückgegeben"),
    "announcement.taken_back": lazy_gettext("wieder zum Entwurf gemacht, bevor es hinausging"),
    "announcement.scheduled": lazy_gettext("Meldung eingeplant"),
    "announcement.late": lazy_gettext("nicht mehr veröffentlicht"),
    "announcement.published": lazy_gettext("Meldung veröffentlicht"),
    "announcement.image": lazy_gettext("Bild geändert"),
    "announcement.merged": lazy_gettext("Meldungen zusammengeführt"),
    "announcement.tried": lazy_gettext("Test an sich selbst geschickt"),
    "announcement.stopped": lazy_gettext("Zustellung gestoppt"),
    "announcement.held": lazy_gettext("Zustellung angehalten"),
    "announcement.resumed": lazy_gettext("Zustellung fortgesetzt"),
    "announcement.again": lazy_gettext("noch einmal gesendet"),
    "announcement.moved": lazy_gettext("Meldung verworfen oder wiederhergestellt"),
    "counter.signed_up": lazy_gettext("am Schalter angemeldet"),
    "counter.ended": lazy_gettext("am Schalter abgemeldet"),
    "barrier_report.answer": lazy_gettext("Barriere beantwortet"),
    "text.write": lazy_gettext("Text geändert"),
    "template.saved": lazy_gettext("Vorlage gespeichert"),
    "template.removed": lazy_gettext("Vorlage gelöscht"),
    "source.added": lazy_gettext("Quelle angelegt"),
    "source.changed": lazy_gettext("Quelle geändert"),
    "source.checked": lazy_gettext("Quelle sofort gelesen"),
    "source.paused": lazy_gettext("Quelle pausiert"),
    "source.resumed": lazy_gettext("Quelle fortgesetzt"),
    "source.ended": lazy_gettext("Quelle beendet"),
    "topic.added": lazy_gettext("Thema angelegt"),
    "topic.changed": lazy_gettext("Thema geändert"),
    "topic.moved": lazy_gettext("Thema verschoben"),
    "topic.retired": lazy_gettext("Thema zurückgezogen"),
    "topic.offered": lazy_gettext("Thema wieder angeboten"),
    "place.changed": lazy_gettext("Ortsteil geändert"),
    "streets.loaded": lazy_gettext("Straßenliste ersetzt"),
    "channel.held": lazy_gettext("Kanal angehalten"),
    "channel.released": lazy_gettext("Kanal fortgesetzt"),
    "channel.tried": lazy_gettext("Kanal noch einmal versucht"),
    "client.added": lazy_gettext("Programm angelegt"),
    "client.renewed": lazy_gettext("Token erneuert"),
    "client.revoked": lazy_gettext("Programm gesperrt"),
    "webhook.added": lazy_gettext("Webhook angelegt"),
    "webhook.tested": lazy_gettext("Webhook ausprobiert"),
    "webhook.switched": lazy_gettext("Webhook geschaltet"),
    "webhook.removed": lazy_gettext("Webhook entfernt"),
    "webhook.given_up": lazy_gettext("Webhook ausgeschaltet: antwortet nicht"),
    "staff.signed_in": lazy_gettext("angemeldet"),
    "staff.signed_out": lazy_gettext("abgemeldet"),
    "staff.sign_in_failed": lazy_gettext("Anmeldung misslungen"),
    "staff.added": lazy_gettext("Konto angelegt"),
    "staff.invited": lazy_gettext("eingeladen"),
    "staff.invited_again": lazy_gettext("noch einmal eingeladen"),
    "staff.invitation_accepted": lazy_gettext("Einladung angenommen"),
    "staff.changed": lazy_gettext("Aufgaben oder Grenzen geändert"),
    "staff.closed": lazy_gettext("Konto gesperrt"),
    "staff.opened": lazy_gettext("Konto freigegeben"),
    "staff.reset": lazy_gettext("Zugang zurückgesetzt"),
    "staff.password_changed": lazy_gettext("Passwort geändert"),
    "staff.app_added": lazy_gettext("App eingerichtet"),
    "staff.app_removed": lazy_gettext("App entfernt"),
    "staff.passkey_added": lazy_gettext("Passkey eingerichtet"),
    "staff.passkey_removed": lazy_gettext("Passkey entfernt"),
    "staff.codes_made": lazy_gettext("Wiederherstellungscodes erneuert"),
    "staff.session_ended": lazy_gettext("Gerät abgemeldet"),
    "staff.sessions_ended": lazy_gettext("Geräte abgemeldet"),
}
"""What the trail's actions are called; one that is not here is shown as it is."""
URGENCIES = {
    Urgency.INFO: lazy_gettext("Information"), Urgency.IMPORTANT: lazy_gettext("Wichtig"),
    Urgency.DANGER: lazy_gettext("Gefahr"),
}
EFFECTS = {
    Urgency.INFO: lazy_gettext(
        "Kommt so, wie es die Leute gewählt haben: sofort oder in ihrer Zusammenfassung, "
        "und nicht in ihren Ruhezeiten."),
    Urgency.IMPORTANT: lazy_gettext(
        "Kommt sofort, auch wenn jemand sonst nur eine Zusammenfassung möchte. Ruhezeiten "
        "bleiben gewahrt."),
    Urgency.DANGER: lazy_gettext(
        "Kommt sofort zu allen, auch in ihren Ruhezeiten. Nur wenn Warten schadet; dieser "
        "Dienst ersetzt keine amtliche Warnung."),
}


def channel_name(channel: str) -> str:
    """A channel as editors call it."""
    return str(CHANNELS.get(channel, channel))


def few(count: int, public: bool = False) -> str:
    """A number of residents, as small ones may be told."""
    if 0 < count < FEW and not public:
        return _("weniger als %(few)s", few=FEW)
    return str(format_decimal(count))


def as_sms(text: AnnouncementText) -> SmsPreview:
    """One wording as the SMS it will be."""
    return sms_preview(settings(), text)


def wordings(announcement: Announcement) -> list[AnnouncementText]:
    """German texts, the standard one first."""
    german = [t for t in announcement.texts if t.language == "de"]
    return sorted(german, key=lambda t: t.register != Register.STANDARD)


def role_names(held: Collection[Role]) -> str:
    """Somebody's roles as the desk calls them."""
    return ", ".join(str(ROLE_WORDS[r.name][0]) for r in held if r.name in ROLE_WORDS)


WORDS: dict[str, object] = {
    "role_names": role_names,
    "channel_name": channel_name, "few": few, "wordings": wordings,
    "state_words": STATES, "urgency_words": URGENCIES, "urgency_effects": EFFECTS,
    "markdown": to_html, "push_words": push_words, "as_sms": as_sms, "plain": Register.PLAIN,
}
