"""The schemas of the API's answers: JSON Schema 2020-12, as OpenAPI 3.1 has it.

Each object has these keys, no more and no less: the formats are stable (SPEC 11).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/"
TEXT: Schema = {"type": "string"}


def _exactly(**properties: Schema) -> Schema:
    """An object with these keys, no more and no less."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _one(name: str) -> Schema:
    return {"$ref": REFERENCE + name}


def _list(name: str, meaning: str = "") -> Schema:
    return {"type": "array", "items": _one(name)} | ({"description": meaning} if meaning else {})


def _text(meaning: str, **more: Any) -> Schema:
    return {"type": "string", "description": meaning, **more}


def _day(meaning: str) -> Schema:
    return _text(meaning, format="date")


def _instant(meaning: str) -> Schema:
    return _text(meaning, format="date-time")


def _count(meaning: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": meaning}


def _or_null(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


_AMOUNT = {"pattern": r"^-?[0-9]+\.[0-9]{2}$", "examples": ["150.00"]}
_ID = _text("Its id.")
_SONDE = _text("Its id, collectivite/equipment/sonde.")
_SIRET = _or_null(_text("Fourteen digits; null: not known.", pattern="^[0-9]{14}$"))
_MONTH = _text("As asked for.", pattern="^[0-9]{4}-[0-9]{2}$")
_YEAR: Schema = {"type": "integer", "description": "As asked for."}
_COUNT: dict[str, Schema] = {
    "collectivite": _ID,
    "siret": _SIRET,
    "peak": _count("Most sondes at once."),
    "first": _count("At the first instant of the month."),
    "last": _count("Just before its end, or now."),
    "mean": {"type": "number", "minimum": 0, "description": "Weighted by time, up to now."},
    "distinct": _count("That were there for any time at all."),
    "billed": _count("Under contract: the minimum, or whole pools of 50; 0 without."),
    "pools": _count("Pools of 50 billed."),
}

SCHEMAS: dict[str, Schema] = {
    "Error": _exactly(error=_text("What is wrong, and what would be right.")),
    "Counts": _exactly(month=_MONTH, counts=_list("Count")),
    "Count": _exactly(**_COUNT),
    "Contributions": _exactly(
        year=_YEAR, calls=_list("Call"), total=_text("Sum of the amounts, in euros, HT.", **_AMOUNT)
    ),
    "Call": _exactly(
        collectivite=_ID,
        siret=_SIRET,
        date=_day("Local day."),
        kind=_text("Of the whole level, or of a rise after it.", enum=["annual", "additional"]),
        sondes=_or_null(_count("How many are called; null where the tariff is not by sonde.")),
        unit_price=_or_null(_text("Of one sonde, in euros, HT; null where it is not by sonde.", **_AMOUNT)),
        amount=_text("In euros, HT.", **_AMOUNT),
    ),
    "Amendments": _exactly(year=_YEAR, amendments=_list("Amendment")),
    "Amendment": _exactly(
        collectivite=_ID,
        siret=_SIRET,
        since=_instant("First instant of the year that exceeds."),
        lasts={"type": "boolean", "description": "Does it still exceed?"},
        counted=_count("Most sondes counted beyond what is subscribed."),
        counted_billed=_count("What is billed of so many."),
        subscribed=_count("Subscribed then."),
        subscribed_billed=_count("What is billed of so many."),
        sondes=_count("Billed beyond what the year calls for."),
        unit_price=_text("Of one sonde, in euros, HT.", **_AMOUNT),
        amount=_text("What would be called besides, in euros, HT.", **_AMOUNT),
    ),
    "Explanation": _exactly(
        month=_MONTH,
        **_COUNT,
        name=_text("Of the collectivité."),
        document=_or_null(_text("Number of the document that froze the figures; null while the month is open.")),
        start=_instant("First instant of the month."),
        until=_instant("End of what is counted: that of the month, or now."),
        elapsed_s=_count("Real seconds between them."),
        last_at=_instant("The instant that `last` is counted at."),
        sonde_seconds=_count("Divided by `elapsed_s`: the mean."),
        peak_at=_or_null(_instant("First instant of the peak.")),
        peak_inside=_count("Most sondes at once while a contract ran: what is billed follows from it."),
        peak_inside_at=_or_null(_instant("First instant of that.")),
        basis=_text("What contributions follow.", enum=["subscribed", "measured", "highest"]),
        gone=_or_null(_day("Day its file disappeared: no contract runs after it.")),
        contracts=_list("Contract"),
        sondes=_list("Counted", "Those that count, by id."),
        left_out=_list("LeftOut", "When a sonde was there and did not count."),
        corrections=_list("Correction", "Compensating lines that touch the month."),
        amendment=_or_null(_one("Amendment")),
        remarks={"type": "array", "items": TEXT},
    ),
    "Span": _exactly(**{"from": _instant("Included."), "to": _instant("Excluded.")}),
    "Contract": _exactly(
        start=_day("First day."),
        end=_or_null(_day("Last day, where the contract itself says so.")),
        notice=_or_null(_day("Day the letter of leave was received.")),
        last_day=_or_null(_day("Last day; null while it renews itself.")),
        offer=_or_null(_text("Of the tariff; null: its only one.")),
        sondes={
            "type": "array",
            "items": _exactly(**{"from": _day("From that day on."), "count": _count("Subscribed.")}),
        },
        runs=_list("Span", "Within the month."),
    ),
    "Counted": _exactly(
        sonde=_SONDE,
        since=_instant("Since when it counts without a break, before the month too."),
        until=_or_null(_instant("When it ceased to count; null: it goes on.")),
        ended=_or_null(_text("Why it ceased: removed, not billable, a correction.")),
        spans=_list("Span", "When it counts, within the month."),
        seconds=_count("Their sum."),
        paused=_list("Span", "When it was paused; it counts all the same."),
    ),
    "LeftOut": _exactly(
        **{
            "sonde": _SONDE,
            "from": _instant("Included."),
            "to": _instant("Excluded."),
            "why": _text("Not billable, or the correction that says so."),
        }
    ),
    "Correction": _exactly(
        **{
            "id": _count("Its number."),
            "sonde": _SONDE,
            "from": _instant("Included."),
            "to": _instant("Excluded."),
            "author": _text("Who entered it."),
            "reason": _text("Why."),
            "entered": _instant("When."),
            "waits": {"type": "boolean", "description": "Does it wait for the closed month to be corrected?"},
        }
    ),
}
