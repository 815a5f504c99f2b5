"""Figures -> tables: Markdown for people, CSV for machines."""

import datetime
import importlib.metadata
import os
import pathlib
import platform
import statistics
import subprocess

import trino_engine

END = {"srcaddr": "source", "dstaddr": "destination"}
SHOWN = ("arrival", "source", "boxes")  # where a table of all would be too wide


def markdown(days, binary, load):
    version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()
    packages = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("duckdb", "datafusion", "pyarrow", "pyspark"))
    packages += f", Trino {trino_engine.VERSION}"
    lines = [
        f"# Layouts and what questions read of them, {datetime.date.today()}",
        "",
        f"{version} · {packages} · {os.cpu_count()} cores, {cpu()} · load before {load:.1f}",
        "",
        "Bytes are those of the named columns' chunks in the row groups that minima and maxima leave; what Trino reads besides stands "
        "under its name. \"Pages\" leaves out what the page index rules out besides, \"Bloom\" what Bloom filters do. A ratio is raw "
        "bytes / bytes read: higher is better. Raw text is always read whole.",
    ]
    for day in days:
        lines += ["", f"## {day.name}: {len(day.objects)} objects, {sum(day.layouts[0].footer.rows):,} rows, "
                  f"{day.raw_bytes / 1e6:.1f} MB of gzip"]
        lines += layouts(day) + points(day) + asked(day) + by_trino(day) + columns(day) + ran(day)
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


def by_trino(day):
    """Both figures of every layout, chunks and Trino's; and how far the model is from Trino where it was asked."""
    runs = {(layout, q): run for engine, layout, q, run in day.runs if engine == "trino"}

    def spread(values):
        return " / ".join(f"{v:.1f}" for v in (statistics.median(values), min(values)))

    rows = []
    for layout in day.layouts:
        def ratios(asked, layout=layout):
            return sorted(day.raw_bytes / max(1, layout.trino[q.name].counted) for q in asked)

        of_aggregates = ratios(aggregates(day))
        rows.append([
            f"`{layout.name}`", f"{layout.footer.bytes / day.raw_bytes:.3f}",
            f"{spread(ratios(day.addresses))} ({spread(point_ratios(day, layout))})", spread(ratios(day.tutorials)),
            f"{of_aggregates[0]:.1f}–{of_aggregates[-1]:.1f} ({ratio(day, max(layout.model[q.name][0] for q in aggregates(day)))})",
            f"{ratio(day, layout.trino['hour'].counted)} ({ratio(day, layout.model['hour'][0])})",
            f"{statistics.median(layout.trino[q.name].requests for q in day.addresses):.1f}",
            f"{sum(layout.trino[q.name].counted for q in day.questions) / 1e6:,.0f} / {total(day, layout) / 1e6:,.0f}",
            differences(layout, runs),
        ])
    head = ["layout", "file / raw", "address, 8 columns: median / worst (chunks)", "address, tutorial's question",
            "three-column aggregates (chunks: worst)", "hour (chunks)", "GETs an address",
            f"MB for all {len(day.questions)} questions: Trino / chunks", "model off at most: bytes, GETs, own account"]
    lines = ["", "### As Trino reads them", "",
             "What Trino's own account of a query, physical input, is by a model of its reader (`scripts/bench_queries/trino_reads.py`): "
             "with footers, indexes, and the gaps that it reads too. In brackets what chunks alone have. " + agreement(day, runs),
             *table(head, rows)]
    shown = [x for x in day.layouts if x.name in SHOWN]
    rows = [[f"`{q.name}`", *(f"{x.trino[q.name].counted / 1e6:.2f} ({x.model[q.name][0] / 1e6:.2f}) · {x.trino[q.name].requests:,}"
                              for x in shown)] for q in sorted(day.questions, key=lambda q: q.name)]
    return lines + table(["question: MB (MB of chunks) · GETs", *(f"`{x.name}`" for x in shown)], rows)


def differences(layout, runs):
    """Between the model of Trino's reader and Trino, at most: bytes of GETs, GETs, physical input."""
    worst = [max(both) for both in zip(*(off(layout.trino[q], run) for (name, q), run in runs.items() if name == layout.name))]
    return " · ".join(f"{100 * w:.2f} %" for w in worst)


def off(model, run):
    """How far a run of Trino is from what the model says: bytes of GETs, GETs, and physical input, which is a span."""
    spans = ((model.bytes, model.bytes, run.bytes), (model.requests, model.requests, run.gets),
             (model.counted - model.unsure, model.counted, run.counted))
    return [max(least - found, found - most, 0) / max(1, found) for least, most, found in spans]


def agreement(day, runs):
    """How the model fared against Trino, in a sentence."""
    if not runs:
        return "Trino itself was not asked."
    models = {x.name: x.trino for x in day.layouts}
    equal = sum((models[x][q].bytes, models[x][q].requests) == (r.bytes, r.gets) for (x, q), r in runs.items())
    counted = sum(models[x][q].counted == r.counted for (x, q), r in runs.items())
    return (f"Trino was asked {len(runs):,} of these statements. Its GETs are those of the model, to the byte, in {equal:,} of them; "
            f"physical input is that of the model in {counted:,}, else lower, mostly by the last range of a split. "
            + (f"**In {len(day.off)} the model is too far off.** " if day.off else "")
            + ("All answers are those of the raw text." if not day.wrong else "**Not all answers are those of the raw text.**"))


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
        runs = {q.name: found[engine, layout, q.name] for q in day.questions if (engine, layout, q.name) in found}
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


def known(number):
    return "" if number is None else number


def count(number):
    return "-" if number is None else f"{number:,}"


def csv(days):
    """One line for what was asked of a layout: by the model, or by an engine."""
    lines = ["day,layout,file_bytes,by,question,bytes,bytes_with_page_index,bytes_with_bloom_filters,requests,seconds,gets,counted"]
    for day in days:
        for x in day.layouts:
            head = f"{day.name},{x.name},{x.footer.bytes}"
            lines += [f"{head},model,{question},{g},{p},{b},,,," for question, (g, p, b) in x.model.items()]
            lines += [f"{head},model,{END[end]} {kind} {address} {rows} rows,{g},{p},{b},,,,"
                      for end, kind, address, rows, g, p, b in x.points]
            lines += [f"{head},trino-model,{question},{r.bytes},,,,,{r.requests},{r.counted}" for question, r in x.trino.items()]
            lines += [f"{head},{engine},{question},{r.bytes},,,{known(r.requests)},{r.seconds:.3f},{known(r.gets)},{known(r.counted)}"
                      for engine, layout, question, r in day.runs if layout == x.name]
    return "\n".join(lines) + "\n"
