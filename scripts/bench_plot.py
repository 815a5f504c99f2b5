"""The picture of bench.py's table of scales: wall seconds and peak memory over millions of rows, as SVG without scripts, readable
on light and dark pages."""

STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 } .axis { stroke: #818b98 } .grid { stroke: #818b98; stroke-opacity: .25 }
.line { stroke: #0969da; stroke-width: 2; fill: none } .dot { fill: #0969da }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .line { stroke: #4493f8 } .dot { fill: #4493f8 } }
</style>"""
SIDE, TOP, LEFT, GAP = 240, 40, 52, 80


def scale(points):
    """`points`: (million rows, wall seconds, peak MiB), ascending."""
    rows = [p[0] for p in points]
    panels = [panel(LEFT, "wall seconds", rows, [p[1] for p in points]),
              panel(LEFT + SIDE + GAP, "peak MiB", rows, [p[2] for p in points])]
    width, height = LEFT + 2 * SIDE + GAP + 24, TOP + SIDE + 44
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
            f"<title>Time and memory of convert over the rows of one day</title>{STYLE}{''.join(panels)}</svg>\n")


def panel(left, title, xs, ys):
    across, up = ticks(max(xs)), ticks(max(ys))
    x = lambda value: left + value / across[-1] * SIDE  # noqa: E731
    y = lambda value: TOP + SIDE - value / up[-1] * SIDE  # noqa: E731
    parts = [f'<text x="{left}" y="{TOP - 18}">{title}</text>',
             f'<text x="{left + SIDE}" y="{TOP + SIDE + 36}" text-anchor="end">million rows in one day</text>']
    for value in up:
        parts.append(f'<line class="grid" x1="{left}" x2="{left + SIDE}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
                     f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in across:
        parts.append(f'<text x="{x(value):.1f}" y="{TOP + SIDE + 18}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<path class="axis" fill="none" d="M{left} {TOP}V{TOP + SIDE}H{left + SIDE}"/>')
    parts.append(f'<polyline class="line" points="{" ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(xs, ys))}"/>')
    parts += [f'<circle class="dot" r="3" cx="{x(a):.1f}" cy="{y(b):.1f}"/>' for a, b in zip(xs, ys)]
    return "".join(parts)


def ticks(greatest):
    """About five round numbers from 0 to one that is not below the greatest."""
    step = next(s * 10**e for e in range(-3, 9) for s in (1, 2, 2.5, 5) if s * 10**e * 5 >= greatest)
    count = 1
    while step * count < greatest:
        count += 1
    return [step * i for i in range(count + 1)]
