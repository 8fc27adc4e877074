"""The kinds of values that several files share: ids, names, addresses, telephone numbers, dates."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from yarl import URL

from probes.units import say_duration
from supervisor.config.wording import say
from supervisor.domain.wall import YEARS

T = TypeVar("T")

_TENANT = re.compile(r"[a-z0-9-]{1,64}")
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_INSEE = re.compile(r"(?:[0-9]{2}|2A|2B)[0-9]{3}")
_LA_POSTE = "356000000"


def _tenant(text: str) -> str:
    if not _TENANT.fullmatch(text):
        raise ValueError(f"'{text}' is not an id, write lower-case letters, digits and hyphens")
    return text


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(f"'{text}' is not an id, write lower-case letters, digits, '-', '_' and '.'")
    return text


def _name(text: str) -> str:
    if not text.strip() or "\n" in text or len(text) > 200:
        raise ValueError("a name is one line of 1 to 200 characters")
    return text.strip()


def _address(text: str) -> str:
    if "://" in text or "/" in text:
        raise ValueError(f"'{text}' is not an address, write a host name or an IP address alone")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not text.isascii():
        raise ValueError(f"'{text}' has letters a host name cannot have, write its form in xn--")
    if re.fullmatch(r"[0-9.]+", text) or ":" in text or not _HOST.fullmatch(text) or len(text) > 253:
        raise ValueError(f"'{text}' is neither a host name nor an IP address")
    return text


def _phone(text: str) -> str:
    digits = re.sub(r"[ .\-()\u00a0\u202f]", "", text)
    if _PHONE.fullmatch(digits):
        return digits
    if re.fullmatch(r"0[1-9][0-9]{8}", digits):
        raise ValueError(f"'{text}' lacks its country, write \"+33{digits[1:]}\"")
    raise ValueError(f"'{text}' is not a telephone number, write it like \"+33600000001\"")


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"'{text}' is not a mail address, write it like referent@exemple.fr")
    return text


def _endpoint(value: Any) -> Any:
    try:
        url = URL(value) if isinstance(value, str) else None
        complete = url is not None and url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        url, complete = None, False
    if url is None or not complete:
        raise ValueError(f"{say(value)} is not an http or https URL, write it like https://www.exemple.fr/")
    if url.user is not None or url.password is not None:
        raise ValueError("a URL holds no login, keep it out of the config: write a reference to a secret")
    return value


def _insee(text: str) -> str:
    if not _INSEE.fullmatch(text):
        raise ValueError(f'\'{text}\' is not an INSEE code, write its 5 characters, like "57001" or "2A004"')
    return text


def _siret(text: str) -> str:
    if not re.fullmatch(r"[0-9]{14}", text):
        raise ValueError(f"'{text}' is not a SIRET, write its 14 digits without spaces")
    digits = [int(digit) for digit in text]
    # The postal branches of La Poste have no check digit but a sum that is a multiple of five.
    if text.startswith(_LA_POSTE) and sum(digits) % 5 == 0:
        return text
    if not any(digits):
        raise ValueError(f"'{text}' is not a SIRET, it belongs to nobody")
    doubled = (digit if index % 2 else digit * 2 for index, digit in enumerate(digits))
    if sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10:
        raise ValueError(f"'{text}' is not a SIRET, its check digit is wrong: a digit was mistyped")
    return text


def as_day(value: Any) -> Any:
    """The date of a text between quotes; anything else as it is."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _plausible(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"{day} is not within the years {YEARS[0]} to {YEARS[-1]}, it was mistyped")
    return day


def at_least(seconds: float) -> AfterValidator:
    """A duration of at least so many seconds."""

    def check(value: float) -> float:
        if value < seconds:
            raise ValueError(f"{plain_duration(value)} is too short, write at least {plain_duration(seconds)}")
        return value

    return AfterValidator(check)


def plain_duration(seconds: float) -> str:
    """A duration for an English sentence."""
    return say_duration(seconds).replace(",", ".")


def some(items: tuple[T, ...]) -> tuple[T, ...]:
    """At least one. Counted after they are read: pydantic's own count takes a wrong item for none."""
    if not items:
        raise ValueError("the list is empty, write at least one")
    return items


def matching(pattern: str, what: str, right: str) -> AfterValidator:
    """A text of that form, and what is said of another one."""
    form = re.compile(pattern)

    def check(value: str) -> str:
        if form.fullmatch(value) is None:
            raise ValueError(f"'{value}' is not {what}, write {right}")
        return value

    return AfterValidator(check)


def _pair(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2:
        return value
    raise ValueError("a location is a latitude and a longitude, like [49.12, 6.17]")


TenantId = Annotated[str, AfterValidator(_tenant), Field(json_schema_extra={"pattern": "^[a-z0-9-]+$"})]
Id = Annotated[str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": "^[a-z0-9][a-z0-9_.-]*$"})]
Name = Annotated[str, AfterValidator(_name)]
Address = Annotated[str, AfterValidator(_address)]
Phone = Annotated[str, AfterValidator(_phone), Field(json_schema_extra={"examples": ["+33600000001"]})]
Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
Endpoint = Annotated[str, BeforeValidator(_endpoint), WithJsonSchema({"type": "string", "format": "uri"})]
Insee = Annotated[str, AfterValidator(_insee), Field(json_schema_extra={"examples": ["57001"]})]
Siret = Annotated[str, AfterValidator(_siret), Field(json_schema_extra={"pattern": "^[0-9]{14}$"})]
Day = Annotated[
    date, BeforeValidator(as_day), AfterValidator(_plausible), WithJsonSchema({"type": "string", "format": "date"})
]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
# As maps write it: latitude first.
Location = Annotated[tuple[Latitude, Longitude], BeforeValidator(_pair)]
