"""What Trino hands down to its reader of a statement: for each scan of the table the columns, and which values of each column
may satisfy the WHERE (Trino's TupleDomain, made by its DomainTranslator).

In: a statement's tree by sqlglot. Out: `Scan`s. The rules:

1. A comparison of a column with constants becomes a domain of the column: =, <>, <, <=, >, >=, BETWEEN, IN, IS NULL, IS NOT
   NULL, LIKE with a plain beginning, and NOT in front of these.
2. AND intersects domains, column by column.
3. OR keeps a column only if all of its branches have a domain of it, and unites those. So `a = x OR b = x` hands down nothing.
4. Everything else hands down nothing: functions, CASE, comparisons of columns with each other.
5. Conditions on partition keys choose folders and are no domains: the files do not have these columns.
6. Each mention of the table is a scan of its own; what WITH names is scanned as often as it is mentioned.
"""

from dataclasses import dataclass, replace

from sqlglot import exp

# Trino: domain-compaction-threshold. So many integers of an interval are looked up one by one.
MOST_DISCRETE = 1000


def after(value):
    """The least value above this one."""
    return value + b"\0" if isinstance(value, bytes) else value + 1


@dataclass(frozen=True)
class Domain:
    """Values: intervals [low, high) in ascending order, where None is no end, and whether NULL is among them."""

    intervals: tuple
    nulls: bool = False

    @staticmethod
    def of(values):
        return Domain(tuple((v, after(v)) for v in sorted(set(values))))

    @staticmethod
    def between(low=None, high=None):
        return Domain(((low, high),))

    @property
    def none(self):
        return not self.intervals and not self.nulls

    def overlaps(self, least, greatest):
        """Does it have a value between these two, both included?"""
        return any((low is None or low <= greatest) and (high is None or least < high) for low, high in self.intervals)

    def contains(self, least, greatest):
        """Does it have all values between these two?"""
        return any((low is None or low <= least) and (high is None or greatest < high) for low, high in self.intervals)

    def __contains__(self, value):
        return self.overlaps(value, value)

    def discrete(self):
        """Its values if they can be told one by one, else None."""
        values = []
        for low, high in self.intervals:
            if low is None or high is None:
                return None
            if high == after(low):
                values.append(low)
            elif isinstance(low, int) and len(values) + high - low <= MOST_DISCRETE:
                values += range(low, high)
            else:
                return None
        return values

    def __and__(self, other):
        both = (_common(a, b) for a in self.intervals for b in other.intervals)
        return Domain(tuple(filter(None, both)), self.nulls and other.nulls)

    def __or__(self, other):
        united = []
        for low, high in sorted(self.intervals + other.intervals, key=lambda i: (i[0] is not None, i[0])):
            if united and (united[-1][1] is None or low is None or low < united[-1][1]):
                last = united[-1]
                united[-1] = (last[0], None if None in (last[1], high) else max(last[1], high))
            else:
                united.append((low, high))
        return Domain(tuple(united), self.nulls or other.nulls)

    def __invert__(self):
        """What is not in it; NULL satisfies neither a comparison nor its opposite."""
        gaps, low = [], None
        for begin, end in self.intervals:
            if begin is not None:
                gaps.append((low, begin))
            low = end
        if not self.intervals or low is not None:
            gaps.append((low, None))
        return Domain(tuple(gaps))


def _common(a, b):
    low = b[0] if a[0] is None else a[0] if b[0] is None else max(a[0], b[0])
    high = b[1] if a[1] is None else a[1] if b[1] is None else min(a[1], b[1])
    return (low, high) if low is None or high is None or low < high else None


@dataclass(frozen=True)
class Scan:
    """One reading of the table: the columns that are wanted, and {column: Domain} of its WHERE."""

    columns: tuple
    domains: dict


def scans(tree, columns, table="vpc_flow_logs"):
    """The scans of a statement over a table with these columns."""
    queries = {cte.alias: cte.this for cte in tree.find_all(exp.CTE)}

    def of(node):
        for mention in node.find_all(exp.Table):
            inside = mention.find_ancestor(exp.CTE)
            if inside and _within(inside, node):
                continue  # a scan of those who mention what it names
            if mention.name in queries:
                yield from of(queries[mention.name])
            elif mention.name == table:
                yield _scan(mention.parent_select, columns)

    return list(of(tree))


def _within(node, root):
    while node is not None:
        if node is root:
            return True
        node = node.parent
    return False


def _scan(select, columns):
    star = select.find(exp.Star)
    if star and not isinstance(star.parent, exp.Count):
        read = set(columns)
    else:
        read = {c.name for c in select.find_all(exp.Column)}
    where = select.args.get("where")
    return Scan(tuple(c for c in columns if c in read), domains(where.this, columns) if where else {})


def domains(node, columns):
    """{column: Domain} of a condition; rules 1 to 5."""
    node = node.unnest()
    if isinstance(node, exp.And):
        result = {}
        for part in node.flatten():
            for column, domain in domains(part, columns).items():
                result[column] = result[column] & domain if column in result else domain
        return result
    if isinstance(node, exp.Or):
        first, *rest = (domains(part, columns) for part in node.flatten())
        for other in rest:
            first = {c: d | other[c] for c, d in first.items() if c in other}
        return first
    if isinstance(node, exp.Not):
        found = domains(node.this, columns)
        if isinstance(node.this.unnest(), exp.Is):
            return {c: replace(~d, nulls=not d.nulls) for c, d in found.items()}
        # Of a conjunction the opposite is no conjunction.
        return {c: ~d for c, d in found.items()} if not node.this.find(exp.And, exp.Or) else {}
    found = _comparison(node)
    return {found[0]: found[1]} if found and found[0] in columns else {}


FLIPPED = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE}


def _comparison(node):
    """(column, domain) of a comparison of a column with constants, else None."""
    column, kind = node.this, type(node)
    other = node.args.get("expression")
    if isinstance(other, exp.Column) and not isinstance(column, exp.Column):
        column, other, kind = other, column, FLIPPED.get(kind, kind)
    if not isinstance(column, exp.Column):
        return None
    if kind is exp.Is and isinstance(other, exp.Null):
        return column.name, Domain((), True)
    constants = [_constant(e) for e in (node.expressions if kind is exp.In else [node.args["low"], node.args["high"]]
                                        if kind is exp.Between else [other] if other is not None else [])]
    if not constants or None in constants:
        return None
    value = constants[0]
    make = {
        exp.In: lambda: Domain.of(constants), exp.EQ: lambda: Domain.of(constants), exp.NEQ: lambda: ~Domain.of(constants),
        exp.LT: lambda: Domain.between(None, value), exp.LTE: lambda: Domain.between(None, after(value)),
        exp.GT: lambda: Domain.between(after(value)), exp.GTE: lambda: Domain.between(value),
        exp.Between: lambda: Domain.between(value, after(constants[1])) if value <= constants[1] else Domain(()),
        exp.Like: lambda: _like(value),
    }.get(kind)
    domain = make and make()
    return (column.name, domain) if domain else None


def _constant(node):
    if isinstance(node, exp.Literal):
        return node.name.encode() if node.is_string else int(node.name) if node.name.isdigit() else None
    if isinstance(node, exp.Neg) and isinstance(value := _constant(node.this), int):
        return -value
    return None


def _like(pattern):
    """The texts with the pattern's beginning: up to its first wildcard."""
    begin = pattern[:min((pattern.find(c) % (len(pattern) + 1) for c in (b"%", b"_")))]
    if begin == pattern:
        return Domain.of([pattern])
    return Domain.between(begin, begin[:-1] + bytes([begin[-1] + 1])) if begin and begin[-1] < 127 else None
