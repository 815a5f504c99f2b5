"""The pictures of docs/layout.md: SVG without scripts, readable on light and dark pages."""

import math
import statistics

import report

INK = """<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 10px; fill: #59636e }
.axis { stroke: #818b98; fill: none } .grid { stroke: #818b98; stroke-opacity: .25 }
.a { fill: #57606a } .b { fill: #bf8700 } .c { fill: #0969da } .d { fill: #1a7f37 }
.box { fill: #0969da; fill-opacity: .08; stroke: #0969da; stroke-width: .6 }
.hit { fill: #bf8700; fill-opacity: .55; stroke: #9a6700; stroke-width: .6 }
.ask { stroke: #cf222e; stroke-width: 1.4 } .whisker { stroke-width: 1.5; stroke: #818b98 } .target { stroke: #cf222e; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .a { fill: #9198a1 } .b { fill: #d29922 } .c { fill: #4493f8 } .d { fill: #3fb950 }
.box { fill: #4493f8; fill-opacity: .12; stroke: #4493f8 } .hit { fill: #d29922; stroke: #d29922 } .ask, .target { stroke: #f85149 } }
</style>"""


def svg(width, height, title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
            f"<title>{title}</title>{INK}" + "".join(body) + "</svg>\n")


def text(x, y, said, anchor="start", kind=""):
    said = str(said).replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{said}</text>'


def rect(x, y, w, h, kind):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0.4):.1f}" height="{max(h, 0.4):.1f}" class="{kind}"/>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def draw(day, folder):
    folder.mkdir(parents=True, exist_ok=True)
    named = {x.name: x for x in day.layouts}
    (folder / "boxes.svg").write_text(boxes(day, [named[n] for n in ("arrival", "source", "boxes") if n in named]))
    (folder / "columns.svg").write_text(columns(day, [named[n] for n in ("arrival", "source", "boxes") if n in named]))
    (folder / "row-groups.svg").write_text(frontier(day))
    (folder / "questions.svg").write_text(questions(day, [named[n] for n in ("arrival", "source", "boxes") if n in named]))


TITLES = {"arrival": "as they arrived", "source": "sorted by source", "boxes": "boxes (the default)"}


def boxes(day, layouts):
    """Each row group as the rectangle of its source and destination addresses; those that a query for one source reads."""
    side, gap, top = 230, 22, 36
    end = {e: sum(rows for _, rows in places.values()) for e, places in day.places.items()}
    address = next(p[2] for p in layouts[0].points if p[0] == "srcaddr" and p[1] == "middling").encode()
    wanted = day.places["srcaddr"][address]
    body = []
    for i, layout in enumerate(layouts):
        left = 8 + i * (side + gap)

        def place(e, value, last, side=side):
            before, rows = day.places[e][value]
            return (before + (rows if last else 0)) / end[e] * side

        read = 0
        rectangles = []
        for chunks in layout.footer.groups:
            s, d = chunks["srcaddr"], chunks["dstaddr"]
            x1, x2 = place("srcaddr", s.least, False), place("srcaddr", s.greatest, True)
            y1, y2 = place("dstaddr", d.least, False), place("dstaddr", d.greatest, True)
            hit = s.least <= address <= s.greatest
            read += hit
            rectangles.append((hit, rect(left + x1, top + y1, x2 - x1, y2 - y1, "hit" if hit else "box")))
        # Many that lie on one another would be a solid block.
        if layout.name == "arrival":
            rectangles = rectangles[:1]
        body += [r for _, r in sorted(rectangles)]
        at = left + (wanted[0] + wanted[1] / 2) / end["srcaddr"] * side
        body += [line(at, top - 4, at, top + side + 4, "ask"), text(left, 16, TITLES[layout.name]),
                 text(left, 30, f"reads {read} of {len(layout.footer.groups)} row groups", kind="small")]
    body.append(text(8, top + side + 20, "across: source addresses, down: destination addresses, each as wide as it has rows; "
                     "red: a query for one source", kind="small"))
    return svg(len(layouts) * (side + gap), top + side + 30, "Row groups as boxes of addresses", body)


def columns(day, layouts):
    names = sorted(layouts[0].footer.columns, key=lambda c: -sum(g[c].bytes for g in layouts[0].footer.groups))
    sizes = {(x.name, c): sum(g[c].bytes for g in x.footer.groups) / 1e6 for x in layouts for c in names}
    names = [c for c in names if max(sizes[x.name, c] for x in layouts) > 0.004 * day.raw_bytes / 1e6]
    width, left, row = 680, 96, 40
    scale = (width - left - 60) / max(sizes.values())
    body = legend(layouts, left)
    for i, c in enumerate(names):
        y = 34 + i * row
        body.append(text(left - 6, y + 20, c, "end"))
        for j, x in enumerate(layouts):
            size = sizes[x.name, c]
            body += [rect(left, y + 3 + j * 11, size * scale, 9, "abcd"[j]),
                     text(left + size * scale + 4, y + 11 + j * 11, f"{size:.1f}", kind="small")]
    return svg(width, 44 + len(names) * row, "Megabytes of each column", body)


def legend(layouts, left):
    body = []
    for j, x in enumerate(layouts):
        said = f"{TITLES[x.name]}, {x.footer.bytes / 1e6:.0f} MB"
        body += [rect(left + j * 190, 8, 10, 10, "abcd"[j]), text(left + 15 + j * 190, 17, said)]
    return body


def frontier(day):
    """Rows of a row group: what a query for an address reads, median and worst, and what the file weighs."""
    sizes = [(8, "boxes-8Ki"), (16, "boxes-16Ki"), (32, "boxes"), (64, "boxes-64Ki"), (128, "boxes-128Ki")]
    named = {x.name: x for x in day.layouts}
    sizes = [(n, named[name]) for n, name in sizes if name in named]
    width, height, left, bottom = 620, 250, 56, 200
    most = max(statistics.median(report.point_ratios(day, x)) for _, x in sizes) * 1.1
    y = lambda v: bottom - v / most * (bottom - 30)  # noqa: E731
    body = [line(left, bottom, width - 10, bottom, "axis")]
    step = 10 if most < 80 else 25
    for v in range(0, int(most), step):
        body += [line(left, y(v), width - 10, y(v), "grid"), text(left - 6, y(v) + 4, f"1/{v}" if v else "", "end", "small")]
    body += [line(left, y(25), width - 10, y(25), "target"), line(left, y(12), width - 10, y(12), "target")]
    for i, (n, x) in enumerate(sizes):
        at = left + 60 + i * (width - left - 90) / max(1, len(sizes) - 1) * 0.95
        values = report.point_ratios(day, x)
        median, worst = statistics.median(values), min(values)
        body += [line(at, y(worst), at, y(median), "whisker"),
                 f'<circle cx="{at:.1f}" cy="{y(median):.1f}" r="5" class="c"/>',
                 f'<circle cx="{at:.1f}" cy="{y(worst):.1f}" r="4" class="b"/>',
                 text(at, bottom + 16, f"{n} Ki rows", "middle"),
                 text(at, bottom + 30, f"file {x.footer.bytes / day.raw_bytes:.3f} x gz", "middle", "small")]
    body += [f'<circle cx="{left + 10}" cy="14" r="5" class="c"/>', text(left + 20, 18, "median"),
             f'<circle cx="{left + 90}" cy="14" r="4" class="b"/>', text(left + 100, 18, "worst of 48 addresses"),
             text(width - 10, 18, "part of the raw bytes that a query reads; red: wanted", "end", "small")]
    return svg(width, height, "Rows of a row group", body)


def questions(day, layouts):
    """What each question reads, as a part of the raw bytes, on a logarithmic scale."""
    best = layouts[-1]
    asked = sorted(day.questions, key=lambda q: best.model[q.name][0])
    width, left, row = 680, 150, 17
    lowest = 1e-3
    x = lambda part: left + (math.log10(max(part, lowest)) - math.log10(lowest)) / -math.log10(lowest) * (width - left - 20)  # noqa: E731
    bottom = 44 + len(asked) * row
    body = legend(layouts, left - 60)
    for part in (0.001, 0.01, 0.1, 1):
        body += [line(x(part), 34, x(part), bottom, "grid"), text(x(part), bottom + 14, f"{100 * part:g} %", "middle", "small")]
    for i, q in enumerate(asked):
        y = 46 + i * row
        body.append(text(left - 8, y + 4, q.name, "end", "small"))
        parts = [x_.model[q.name][0] / day.raw_bytes for x_ in layouts]
        body.append(line(x(min(parts)), y, x(max(parts)), y, "grid"))
        body += [f'<circle cx="{x(p):.1f}" cy="{y}" r="4.5" class="{"abcd"[j]}"/>' for j, p in enumerate(parts)]
    return svg(width, bottom + 24, "What questions read, as a part of the raw bytes", body)
