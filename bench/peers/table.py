"""The main table as text."""

from judge import ACCURATE, accurate


def cell(each):
    return f"{each['median_ms']:.2f} ({each['min_ms']:.2f})" if each else ""


def number(value, form=".2f"):
    return format(value, form) if value is not None else "-"


def text(result, about):
    out = [f"{result['model']}, one sentence, ids to embedding, {about['threads']} thread(s), ms: medians of "
           f"{about['rounds']} rounds (best); load {result['begins']} to {result['ends']}",
           "ratio: the fastest peer's time divided by ours; accurate: the fastest peer's whose mean cosine is "
           f"{ACCURATE} or more; * marks peers below it"]
    for p, judged in result["accuracy"].items():
        rows = [row for row in result["rows"] if row["precision"] == p]
        names = list(rows[0]["engines"]) if rows else []
        if not names:
            continue
        heads = [(name + ("" if accurate(judged, name) else "*")).partition(" ") for name in names]
        widths = [max(len(family), len(kind), 14) + 2 for family, _, kind in heads]
        lines = [[part for part in (family, kind) if part] for family, _, kind in heads]
        above = "".join(f"{line[0] if len(line) > 1 else '':>{width}}" for line, width in zip(lines, widths))
        out += ["", *([f"{'':6}{above}"] if above.strip() else []),
                f"{p:6}" + "".join(f"{line[-1]:>{width}}" for line, width in zip(lines, widths)) +
                f"{'limit':>8}{'of it':>7}{'ratio':>7} {'(best)':>7}{'accurate':>9}  fastest"]
        for row in rows:
            cells = "".join(f"{cell(row['engines'].get(name)):>{width}}" for name, width in zip(names, widths))
            out.append(f"{row['tokens']:6}{cells}{row['limit_ms']:8.2f}{number(row.get('share_of_limit'), '.0%'):>7}"
                       f"{number(row.get('ratio')):>7} {'(' + number(row.get('ratio_of_mins')) + ')':>7}"
                       f"{number(row.get('ratio_accurate')):>9}  {row['fastest'] or '-'}" +
                       (f"; accurate: {row['fastest_accurate'] or 'none'}" if row["fastest_accurate"] != row["fastest"] else ""))
        for field in ("mean", "min"):
            out.append(f"{field:6}" + "".join(f"{judged[name][field]:{width}.5f}" for name, width in zip(names, widths)) +
                       (f"  cosine to PyTorch's f32, {judged[names[0]]['texts']} texts" if field == "mean" else ""))
    rates = {}
    for row in result["rows"]:
        rates.setdefault(row["precision"], []).append(row)
    out += [""] + [f"limits, {p}: {min(r['gflops'] for r in rows):.0f} to {max(r['gflops'] for r in rows):.0f} GFLOP/s; "
                   f"reading {rows[0]['bytes'] / 1e6:.1f} MB at {min(r['gbytes_per_s'] for r in rows):.1f} to "
                   f"{max(r['gbytes_per_s'] for r in rows):.1f} GB/s" for p, rows in rates.items()]
    return "\n".join(out)
