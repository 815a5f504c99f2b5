"""Figures -> tables: Markdown for people, CSV for machines."""

import datetime
import importlib.metadata
import os
import pathlib
import platform
import statistics
import subprocess

END = {"srcaddr": "source", "dstaddr": "destination"}
SHOWN = ("arrival", "source", "boxes")  # where a table of all would be too wide


def markdown(days, binary, load):
    version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()
    packages = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("duckdb", "datafusion", "pyarrow", "pyspark"))
    lines = [
        f"# Layouts and what questions read of them, {datetime.date.today()}",
        "",
        f"{version} · {packages} · {os.cpu_count()} cores, {cpu()} · load before {load:.1f}",
        "",
        "Bytes are those of the named columns' chunks in the row groups that minima and maxima leave: what Athena and Trino surely "
        "read. \"Pages\" leaves out what the page index rules out besides, \"Bloom\" what Bloom filters do. A ratio is raw "
        "bytes / bytes read: higher is better. Raw text is always read whole.",
    ]
    for day in days:
        lines += ["", f"## {day.name}: {len(day.objects)} objects, {sum(day.layouts[0].footer.rows):,} rows, "
                  f"{day.raw_bytes / 1e6:.1f} MB of gzip"]
        lines += layouts(day) + points(day) + asked(day) + columns(day) + ran(day)
    return "\n".join(lines) + "\n"


def cpu():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        return next(line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def table(head, rows):
    rule = "|".join("---" if i == 0 else "--:" for i in range(len(head)))
    return ["", "| " + " | ".join(head) + " |", f"|{rule}|", *("| " + " | ".join(r) + " |" for r in rows)]


def ratio(day, read):
    value = day.raw_bytes / max(read, 1)
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def point_ratios(day, layout, end=None, kind=None, way=0):
    return [day.raw_bytes / max(1, p[4 + way]) for p in layout.points if end in (None, p[0]) and kind in (None, p[1])]


def aggregates(day):
    """Questions over three columns that no row group can be left out of."""
    return [q for q in day.questions if len(q.columns) == 3 and q.predicate is None]


def total(day, layout, way=0):
    return sum(layout.model[q.name][way] for q in day.questions)


def layouts(day):
    def both(values):
        return f"{statistics.median(values):.0f} / {min(values):.0f}" if min(values) >= 10 else \
            f"{statistics.median(values):.1f} / {min(values):.1f}"

    rows = []
    for layout in day.layouts:
        f = layout.footer
        rows.append([
            f"`{layout.name}`", f"{layout.cpu_seconds:.1f}", f"{f.bytes / 1e6:.1f}", f"{f.bytes / day.raw_bytes:.3f}",
            str(len(f.rows)), f"{(f.footer_bytes + f.index_bytes) / 1e3:.0f}",
            both(point_ratios(day, layout, "srcaddr")), both(point_ratios(day, layout, "dstaddr")),
            both(point_ratios(day, layout)), both(point_ratios(day, layout, way=1)), both(point_ratios(day, layout, way=2)),
            ratio(day, layout.model["hour"][0]), ratio(day, layout.model["hour"][1]),
            ratio(day, max(layout.model[q.name][0] for q in aggregates(day))),
            *(f"{total(day, layout, way) / 1e6:,.0f}" for way in (0, 1)),
        ])
    options = [f"`{layout.name}`: `{layout.options or 'no options'}`" for layout in day.layouts]
    count = len(day.questions)
    head = ["layout", "CPU s", "MB", "file / raw", "row groups", "footer + index kB", "source: median / worst",
            "destination", "both ends", "both, pages", "both, Bloom", "hour", "hour, pages", "worst 3-column aggregate",
            f"MB for all {count} questions", "the same, pages"]
    return ["", "### Layouts", "",
            "Source and destination: 8 busy, 8 middling and 8 rare addresses each, eight columns "
            "(srcaddr dstaddr srcport dstport protocol packets bytes start). All questions of raw text: "
            f"{count * day.raw_bytes / 1e6:,.0f} MB.", "", "Options: " + " · ".join(options) + ".", *table(head, rows)]


def points(day):
    rows = []
    for layout in day.layouts:
        cells = []
        for end in END:
            for kind in ("busy", "middling", "rare"):
                values = point_ratios(day, layout, end, kind)
                cells.append(f"{statistics.median(values):.1f} / {min(values):.1f}")
        rows.append([f"`{layout.name}`", *cells])
    seen = {}
    for end, kind, _, n, *_ in day.layouts[0].points:
        seen.setdefault((end, kind), []).append(n)
    said = ", ".join(f"{kind} {END[end]} {max(v):,}-{min(v):,}" for (end, kind), v in seen.items())
    head = ["layout", *(f"{END[e]}, {k}" for e in END for k in ("busy", "middling", "rare"))]
    return ["", "### Addresses, median / worst by row groups", "", f"Rows of an address: {said}.", *table(head, rows)]


def asked(day):
    shown = [layout for layout in day.layouts if layout.name in SHOWN]
    rows = []
    for q in sorted(day.questions, key=lambda q: q.name):
        cells = [f"{layout.model[q.name][0] / 1e6:.2f}" for layout in shown]
        best = next((x for x in shown if x.name == "boxes"), shown[-1])
        rows.append([f"`{q.name}`", str(len(q.columns)), *cells, ratio(day, best.model[q.name][0]), ratio(day, best.model[q.name][1])])
    rows.append(["all", "", *(f"{total(day, layout) / 1e6:,.1f}" for layout in shown), "", ""])
    head = ["question", "columns", *(f"`{layout.name}` MB" for layout in shown), "raw / `boxes`", "the same, pages"]
    return ["", "### Questions, MB by row groups", "", f"Each reads {day.raw_bytes / 1e6:.1f} MB of raw text.", *table(head, rows)]


def columns(day):
    shown = [x for x in day.layouts if x.name in SHOWN]
    rows = []
    for name in day.layouts[0].footer.columns:
        cells = []
        for layout in shown:
            chunks = [g[name] for g in layout.footer.groups]
            cells += [f"{sum(c.bytes for c in chunks) / 1e6:.2f}", encodings(chunks)]
        rows.append([f"`{name}`", *cells])
    head = ["column", *(h for x in shown for h in (f"`{x.name}` MB", "encoding"))]
    return ["", "### Columns", *table(head, rows)]


def encodings(chunks):
    """How the values of most chunks are encoded."""
    kinds = {}
    for c in chunks:
        kind = "delta" if "DELTA_BINARY_PACKED" in c.encodings else "dictionary" if c.has_dictionary else "plain"
        kinds[kind] = kinds.get(kind, 0) + 1
    most = sorted(kinds, key=kinds.get, reverse=True)
    return most[0] if len(most) == 1 else f"{most[0]} {100 * kinds[most[0]] // len(chunks)} %"


def ran(day):
    if not day.runs:
        return []
    pairs = list(dict.fromkeys((e, layout) for e, layout, _, _ in day.runs))
    found = {(e, layout, q): run for e, layout, q, run in day.runs}
    by_name = {x.name: x for x in day.layouts}
    lines = ["", "### Engines", "", "MB, requests and seconds from nothing known to the answer; in the last column the "
             "model's bytes of the same questions. pyarrow scans, and can only be asked questions whose WHERE is a filter on "
             "columns. Bytes and requests are counted at the store; Spark's are Hadoop's statistics of local files, which "
             "count no requests. " + ("All answers are those of the raw text." if not day.wrong else
                                      "**Not all answers are those of the raw text.**")]
    rows = []
    for engine, layout in pairs:
        runs = {q: r for (e, x, q), r in found.items() if (e, x) == (engine, layout)}
        rows.append([f"{engine}, `{layout}`", str(len(runs)), f"{sum(r.bytes for r in runs.values()) / 1e6:,.1f}",
                     count(sum(r.requests for r in runs.values()) if engine != "spark" else None),
                     f"{sum(r.seconds for r in runs.values()):.1f}",
                     f"{sum(by_name[layout].model[q][0] for q in runs) / 1e6:,.1f}",
                     f"{sum(by_name[layout].model[q][1] for q in runs) / 1e6:,.1f}"])
    lines += table(["engine, layout", "questions", "MB", "requests", "seconds", "model, row groups", "model, pages"], rows)
    shown = [p for p in pairs if p[1] in ("arrival", "boxes")]
    rows = []
    for q in sorted(day.questions, key=lambda q: q.name):
        runs = [found.get((*p, q.name)) for p in shown]
        if any(runs):
            rows.append([f"`{q.name}`", *(f"{r.bytes / 1e6:.1f} · {count(r.requests)} · {r.seconds:.1f}" if r else "" for r in runs)])
    return lines + table(["question: MB · requests · s", *(f"{e}, `{layout}`" for e, layout in shown)], rows)


def count(number):
    return "-" if number is None else f"{number:,}"


def csv(days):
    """One line for what was asked of a layout: by the model, or by an engine."""
    lines = ["day,layout,file_bytes,by,question,bytes,bytes_with_page_index,bytes_with_bloom_filters,requests,seconds"]
    for day in days:
        for x in day.layouts:
            head = f"{day.name},{x.name},{x.footer.bytes}"
            lines += [f"{head},model,{question},{g},{p},{b},," for question, (g, p, b) in x.model.items()]
            lines += [f"{head},model,{END[end]} {kind} {address} {rows} rows,{g},{p},{b},,"
                      for end, kind, address, rows, g, p, b in x.points]
            lines += [f"{head},{engine},{question},{r.bytes},,,{'' if r.requests is None else r.requests},{r.seconds:.3f}"
                      for engine, layout, question, r in day.runs if layout == x.name]
    return "\n".join(lines) + "\n"
