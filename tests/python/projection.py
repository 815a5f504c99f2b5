"""Athena's partition projection, evaluated: which folders does a query list, given a table's keys, properties and LOCATION?

No engine at hand does this. The rules are those of AWS's pages
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html and
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html; what they leave open (how NOW is
rounded) is as Trino has it, in DateProjection. Where Trino is stricter than Athena, this is too: properties of columns
that are no keys, and placeholders of none, are errors.
"""

import datetime
import itertools
import math
import re

LONG = range(-(2**63), 2**63)
MAX_PARTITIONS = 1_000_000  # "Athena cannot read more than 1 million partitions in a single scan"
MAX_INJECTED = 1_000  # values of an IN list on an injected column
NOW = re.compile(r"\s*NOW\s*(?:([+-])\s*([0-9]+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?\s*)?")
PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
SETTINGS = {
    "enum": {"type", "values"},
    "integer": {"type", "range", "interval", "digits"},
    "date": {"type", "range", "format", "interval", "interval.unit"},
    "injected": {"type"},
}


class ProjectionError(Exception):
    """The table or the query is refused; in Athena's words where they are known."""


class Projection:
    """The partitions of a projected table.

    keys: (name, type) in their order. now: the UTC time that NOW stands for, without a zone.
    """

    def __init__(self, keys, properties, location, now=None, table="database.table"):
        self.names = [name for name, _ in keys]
        if properties.get("projection.enabled", "").strip().lower() != "true":
            raise ProjectionError("projection.enabled is not true: the partitions are those that the catalog lists")
        missing = [name for name in self.names if f"projection.{name}.type" not in properties]
        if missing:
            raise ProjectionError(
                f"HIVE_METASTORE_ERROR: Table {table} is configured for partition projection, but the following "
                f"partition columns are missing projection configuration: [{', '.join(missing)}]")
        now = now or datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        settings = self._settings(properties)
        self.columns = {name: column(name, kind, settings[name], now) for name, kind in keys}
        template = self._template(properties, location)
        self.order = [self.names.index(name) for name in PLACEHOLDER.findall(template)]
        self.template = PLACEHOLDER.sub("%s", template.replace("%", "%%"))

    def partitions(self, **where):
        """[(values, folder)] in the order of the keys. where: key = value, or a collection of values, as `=` and IN."""
        if self.count(**where) > MAX_PARTITIONS:
            raise ProjectionError(f"more than {MAX_PARTITIONS:,} partitions in one scan")
        return [(values, self.folder(values)) for values in itertools.product(*self._listed(where))]

    def count(self, **where):
        """How many folders a query lists, without making them."""
        return math.prod(column.count for column in self._listed(where))

    def __contains__(self, values):
        """Whether the values of a partition, in the order of the keys, are projected; makes no lists."""
        return all(value in self.columns[name] for name, value in zip(self.names, values, strict=True))

    def folder(self, values):
        """Where the partition of those values lies."""
        return self.template % tuple(values[at] for at in self.order)

    def _listed(self, where):
        unknown = set(where) - set(self.names)
        if unknown:
            raise ProjectionError(f"no keys: {sorted(unknown)}")
        return [self.columns[name].listed(where.get(name)) for name in self.names]

    def _settings(self, properties):
        """{key: {setting: value}}; a key's name may hold dots as little as any other name may."""
        settings = {name: {} for name in self.names}
        for name, value in properties.items():
            owner, _, setting = name.removeprefix("projection.").partition(".")
            if not name.startswith("projection.") or name == "projection.enabled":
                continue
            if owner not in settings:
                raise ProjectionError(f"{name}: {owner} is no partition column")
            settings[owner][setting] = value
        return settings

    def _template(self, properties, location):
        template = properties.get("storage.location.template")
        if template is None:
            return location.rstrip("/") + "".join(f"/{name}=${{{name}}}" for name in self.names) + "/"
        found = set(PLACEHOLDER.findall(template))
        if found != set(self.names):
            raise ProjectionError(f"storage.location.template must name every key and nothing else: {template}")
        if not template.endswith("/") or template.endswith("//"):
            raise ProjectionError(f"storage.location.template must end with a single slash: {template}")
        return template


def column(name, kind, settings, now):
    """The projection of one key from its settings."""
    projected = settings["type"].strip().lower()
    if projected not in SETTINGS:
        raise ProjectionError(f"projection.{name}.type is {settings['type']!r}, not one of {', '.join(SETTINGS)}")
    unknown = set(settings) - SETTINGS[projected]
    if unknown:
        raise ProjectionError(f"projection.{name} is {projected} and has no {', '.join(sorted(unknown))}")
    if projected == "enum":
        return Enum(required(name, settings, "values").split(","))
    if projected == "integer":
        return Integer(name, settings)
    if projected == "date":
        return Date(name, settings, now)
    if kind != "string":
        raise ProjectionError(f"projection.{name}: only columns of type string may be injected, not {kind}")
    return Injected(name)


def required(name, settings, setting):
    if setting not in settings:
        raise ProjectionError(f"projection.{name}.{setting} is missing")
    return settings[setting]


def bounds(name, settings):
    """The two texts of a range. A hyphen in place of the comma gives what AWS's page on troubleshooting shows."""
    text = required(name, settings, "range")
    parts = text.split(",")
    if len(parts) != 2:
        raise ProjectionError(f'INVALID_TABLE_PROPERTY: For input string: "{text}"')
    return parts


def positive(name, settings, setting, default=None):
    text = settings.get(setting, default)
    if text is None:
        raise ProjectionError(f"projection.{name}.{setting} is missing")
    if not re.fullmatch(r"\s*0*[1-9][0-9]*\s*", text):
        raise ProjectionError(f"projection.{name}.{setting} is {text!r}, not a positive integer")
    return int(text)


class Column:
    """A key whose values can be listed. Subclasses have `count`, __iter__ (in order) and __contains__."""

    def listed(self, wanted):
        """What a query lists: all values, or the wanted ones that are projected; the others silently give no rows."""
        return self if wanted is None else Enum([value for value in distinct(wanted) if value in self])


def distinct(wanted):
    return [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))


class Enum(Column):
    """Values as they are written; blanks belong to them."""

    def __init__(self, values):
        self.values, self.count = values, len(values)

    def __iter__(self):
        return iter(self.values)

    def __contains__(self, value):
        return value in self.values


class Integer(Column):
    """Numbers from the least to the most, both included, in steps; padded with zeros only if `digits` says so."""

    def __init__(self, name, settings):
        low, high = (self._bound(text) for text in bounds(name, settings))
        if low > high:
            raise ProjectionError(f"projection.{name}.range ends before it begins")
        self.interval = positive(name, settings, "interval", "1")
        self.numbers = range(low, high + 1, self.interval)
        self.count = (high - low) // self.interval + 1
        self.digits = positive(name, settings, "digits") if "digits" in settings else 0

    @staticmethod
    def _bound(text):
        if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", text) or int(text) not in LONG:
            raise ProjectionError(f'INVALID_TABLE_PROPERTY: For input string: "{text}"')
        return int(text)

    def _text(self, number):
        return f"{number:0{self.digits}d}"  # as Java's %0Nd: the sign takes a place

    def __iter__(self):
        return map(self._text, self.numbers)

    def __contains__(self, value):
        if not re.fullmatch(r"-?[0-9]+", value):
            return False
        return int(value) in self.numbers and self._text(int(value)) == value


class Date(Column):
    """Times from the first to the last, both included, in steps, in UTC."""

    def __init__(self, name, settings, now):
        self.format = Format(name, required(name, settings, "format"))
        self.first, self.last = (self._bound(name, text, now) for text in bounds(name, settings))
        if self.first > self.last:
            raise ProjectionError(f"projection.{name}.range ends before it begins")
        default = {"DAYS": "1", "MONTHS": "1"}.get(self.format.precision)
        self.interval = positive(name, settings, "interval", default)
        unit = settings.get("interval.unit", self.format.precision if default else None)
        if unit is None:
            raise ProjectionError(f"projection.{name}.interval.unit is missing")
        self.unit = unit.strip().upper()
        if self.unit not in {*FIXED, *MONTHS}:
            raise ProjectionError(f"projection.{name}.interval.unit is {unit!r}, not one of {', '.join([*MONTHS, *FIXED])}")

    def _bound(self, name, text, now):
        relative = NOW.fullmatch(text)
        if not relative:
            return self.format.parse(text, f"projection.{name}.range")
        if relative[1]:
            now = plus(now, int(relative[1] + relative[2]), relative[3] + "S")
        # To the precision of the format: otherwise NOW as the last bound would hide what NOW as the first shows.
        return self.format.parse(self.format.write(now), name)

    def _at(self, step):
        return plus(self.first, step * self.interval, self.unit)

    def _steps(self, time):
        """How many whole steps lie between the first time and this one."""
        if self.unit in FIXED:
            return (time - self.first) // (self.interval * FIXED[self.unit])
        months = (time.year - self.first.year) * 12 + time.month - self.first.month
        steps = months // (self.interval * MONTHS[self.unit])
        return steps if self._at(steps) <= time else steps - 1

    @property
    def count(self):
        return self._steps(self.last) + 1

    def __iter__(self):
        return (self.format.write(self._at(step)) for step in range(self.count))

    def __contains__(self, value):
        try:
            time = self.format.parse(value, "value")
        except ProjectionError:
            return False
        return self.first <= time <= self.last and self._at(self._steps(time)) == time


class Injected:
    """Any value that the query names; it has to name one."""

    def __init__(self, name):
        self.name = name

    def listed(self, wanted):
        if wanted is None:
            raise ProjectionError(
                f"CONSTRAINT_VIOLATION: For the injected projected partition column {self.name}, the WHERE clause must "
                "contain only static equality conditions, and at least one such condition must be present.")
        values = Enum(distinct(wanted))
        if values.count > MAX_INJECTED:
            raise ProjectionError(f"more than {MAX_INJECTED:,} values for the injected column {self.name}")
        return values

    def __contains__(self, value):
        return True


FIXED = {
    "WEEKS": datetime.timedelta(weeks=1),
    "DAYS": datetime.timedelta(days=1),
    "HOURS": datetime.timedelta(hours=1),
    "MINUTES": datetime.timedelta(minutes=1),
    "SECONDS": datetime.timedelta(seconds=1),
    "MILLIS": datetime.timedelta(milliseconds=1),
}
MONTHS = {"YEARS": 12, "MONTHS": 1}


def plus(time, amount, unit):
    """Java's LocalDateTime.plus: a month later is the same day of the month, or the month's last."""
    if unit in FIXED:
        return time + amount * FIXED[unit]
    month = time.year * 12 + time.month - 1 + amount * MONTHS[unit]
    first = datetime.datetime(month // 12, month % 12 + 1, 1)
    behind = datetime.datetime((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return time.replace(year=first.year, month=first.month, day=min(time.day, (behind - first).days))


class Format:
    """The part of Java's DateTimeFormatter patterns that folders are named by: yyyy MM dd HH mm ss, and literals."""

    FIELDS = {"yyyy": "year", "MM": "month", "dd": "day", "HH": "hour", "mm": "minute", "ss": "second"}
    PRECISION = {"year": "YEARS", "month": "MONTHS", "day": "DAYS", "hour": "HOURS", "minute": "MINUTES",
                 "second": "SECONDS"}
    # Runs of one letter, quoted text ('' is a quote), and any other character for itself.
    TOKEN = re.compile(r"([A-Za-z])\1*|'(?:[^']|'')*'|[^A-Za-z']")

    def __init__(self, name, pattern):
        self.pattern, self.parts, at = pattern, [], 0
        while at < len(pattern):
            token = self.TOKEN.match(pattern, at)
            if not token:
                raise ProjectionError(f"projection.{name}.format has an open quote: {pattern}")
            at, text = token.end(), token[0]
            if text[0].isalpha():
                if text not in self.FIELDS:
                    raise ProjectionError(f"projection.{name}.format: {text} is not understood by this evaluator: {pattern}")
                self.parts.append((self.FIELDS[text], len(text)))
            else:
                literal = text[1:-1].replace("''", "'") or "'" if text[0] == "'" else text
                self.parts.append((literal, 0))
        # From the year on without a gap, each once: in whatever order, as dd-MM-yyyy.
        fields = sorted((part for part, digits in self.parts if digits), key=list(self.PRECISION).index)
        if not fields or fields != list(self.PRECISION)[:len(fields)]:
            raise ProjectionError(f"projection.{name}.format leaves a part of the time open, or says it twice: {pattern}")
        self.precision = self.PRECISION[fields[-1]]
        self.regex = re.compile("".join(f"(?P<{part}>[0-9]{{{digits}}})" if digits else re.escape(part)
                                        for part, digits in self.parts))

    def write(self, time):
        return "".join(str(getattr(time, part)).zfill(digits) if digits else part for part, digits in self.parts)

    def parse(self, text, what):
        match = self.regex.fullmatch(text)
        try:
            return datetime.datetime(**{"month": 1, "day": 1, **{name: int(n) for name, n in match.groupdict().items()}})
        except (AttributeError, ValueError):
            raise ProjectionError(f"{what}: {text!r} is no time written as {self.pattern}") from None
