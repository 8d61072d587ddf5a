"""The main table as an SVG picture that reads well on light and on dark pages: for each length, every engine's time divided by
ours. The same figures give the same bytes."""

from html import escape

from judge import ACCURATE, OURS, accurate

FAMILIES = {"onnxruntime": "onnxruntime", "onnxruntime fused": "onnxruntime", "onnxruntime per tensor": "onnxruntime per tensor",
            "onnxruntime fused per tensor": "onnxruntime per tensor", "onnxruntime per channel": "onnxruntime per channel",
            "onnxruntime fused per channel": "onnxruntime per channel"}  # of several graphs the fastest is drawn
COLORS = {OURS: ("#c2410c", "#fb923c"), "onnxruntime": ("#1d4ed8", "#60a5fa"), "onnxruntime per tensor": ("#1d4ed8", "#60a5fa"),
          "onnxruntime per channel": ("#0e7490", "#22d3ee"), "OpenVINO": ("#15803d", "#4ade80"),
          "CTranslate2": ("#7e22ce", "#c084fc"), "PyTorch": ("#52525b", "#a1a1aa")}
WIDTH, LEFT, RIGHT, HEIGHT, GAP = 960, 48, 16, 170, 74
TITLES = {"f32": "f32", "bf16": "bf16", "i8": "int8"}


def bars(row, judged):
    """(family, time divided by ours, accurate) from the left to the right."""
    ours, best = row["engines"][OURS]["median_ms"], {}
    for name, each in row["engines"].items():
        family = FAMILIES.get(name, name)
        if family not in best or each["median_ms"] < best[family][0]:
            best[family] = (each["median_ms"], accurate(judged, name))
    return [(family, time / ours, accurate) for family, (time, accurate) in best.items()]


def style(names):
    def rules(which):
        return "".join(f".{key}{{fill:{COLORS[name][which]}}}" for key, name in names.items())
    light = ".page{fill:#ffffff}text{fill:#1f2328}.quiet{fill:#59636e}.line{stroke:#d1d9e0}.limit{stroke:#1f2328}" \
        ".hatch{stroke:#ffffff}"
    dark = ".page{fill:#0d1117}text{fill:#f0f6fc}.quiet{fill:#9198a1}.line{stroke:#3d444d}.limit{stroke:#f0f6fc}" \
        ".hatch{stroke:#0d1117}"
    return (f"text{{font:12px system-ui,sans-serif}}.small{{font-size:10px}}.title{{font-size:15px;font-weight:600}}{light}"
            f"{rules(0)}@media(prefers-color-scheme:dark){{{dark}{rules(1)}}}")


def panel(rows, judged, keys, top):
    out, drawn = [], [bars(row, judged) for row in rows]
    most = max(ratio for group in drawn for _, ratio, _ in group)
    scale = (HEIGHT - 14) / most
    base = top + HEIGHT
    step = 0.5 if most <= 4 else 1 if most <= 8 else 2
    at = 0.0
    while at <= most:
        y = base - at * scale
        out.append(f'<path class="line" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
                   f'<text class="quiet small" x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{at:g}</text>')
        at += step
    across = (WIDTH - LEFT - RIGHT) / len(rows)
    for number, (row, group) in enumerate(zip(rows, drawn)):
        wide = min(34.0, (across - 14) / len(group))
        begin = LEFT + across * number + (across - wide * len(group)) / 2
        for place, (family, ratio, accurate) in enumerate(group):
            x, high = begin + wide * place, ratio * scale
            box = f'x="{x:.1f}" y="{base - high:.1f}" width="{wide - 2:.1f}" height="{high:.1f}"'
            time = row["engines"][OURS]["median_ms"] * ratio
            out.append(f'<rect class="{keys[family]}" {box}><title>{escape(family)}, {row["tokens"]} tokens: {time:.2f} ms'
                       f'</title></rect>')
            if not accurate:
                out.append(f'<rect fill="url(#hatch)" {box}/>')
            out.append(f'<text class="small" x="{x + wide / 2 - 1:.1f}" y="{base - high - 3:.1f}" text-anchor="middle">'
                       f'{ratio:.2f}</text>')
        y = base - row["share_of_limit"] * scale
        out.append(f'<path class="limit" stroke-dasharray="4 3" stroke-width="1.5" d="M{begin - 4:.1f} {y:.1f}h'
                   f'{wide * len(group) + 6:.1f}"/>')
        out.append(f'<text x="{LEFT + across * (number + 0.5):.1f}" y="{base + 16}" text-anchor="middle">{row["tokens"]} tokens'
                   f'<tspan class="quiet small">  ours {row["engines"][OURS]["median_ms"]:.2f} ms</tspan></text>')
    return out


def svg(result, about):
    """The picture of a result of rows.run, or None where it has no engine of ours."""
    panels = {}
    for row in result["rows"]:
        if OURS in row["engines"]:
            panels.setdefault(row["precision"], []).append(row)
    if not panels:
        return None
    families = dict.fromkeys(family for p, rows in panels.items() for row in rows
                             for family, _, _ in bars(row, result["accuracy"][p]))
    keys = {family: f"e{number}" for number, family in enumerate(families)}
    title = f"{result['model']}, {about['threads']} thread{'s' if about['threads'] > 1 else ''}: " \
        "time of one sentence divided by Constformer's (higher is slower)"
    out, y = [f'<text class="title" x="{LEFT - 30}" y="30">{escape(title)}</text>'], 52
    x = LEFT - 30
    for family, key in keys.items():
        out.append(f'<rect class="{key}" x="{x}" y="{y - 9}" width="11" height="11"/><text x="{x + 16}" y="{y}">{escape(family)}'
                   '</text>')
        x += 32 + 7 * len(family)
    if x > WIDTH - 330:
        x, y = LEFT - 30, y + 20
    out.append(f'<path class="limit" stroke-dasharray="4 3" stroke-width="1.5" d="M{x} {y - 4}h20"/><text x="{x + 26}" y="{y}">'
               'limit of the machine</text>')
    box = f'x="{x + 160}" y="{y - 9}" width="11" height="11"'
    out.append(f'<rect class="{keys[OURS]}" {box}/><rect fill="url(#hatch)" {box}/>'
               f'<text x="{x + 176}" y="{y}">mean cosine below {ACCURATE}</text>')
    top = y + 36
    for p, rows in panels.items():
        out.append(f'<text class="title" x="{LEFT - 30}" y="{top}">{TITLES[p]}</text>')
        out += panel(rows, result["accuracy"][p], keys, top + 14)
        top += HEIGHT + GAP
    height = top - 30
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        f'aria-label="{escape(title)}">', f"<style>{style({key: family for family, key in keys.items()})}</style>",
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path class="hatch" stroke-width="5" d="M0 0V6"/></pattern></defs>',
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>', *out, "</svg>", ""])
