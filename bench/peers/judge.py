"""Who is fastest in a row of the main table, and by how much. Needs nothing installed."""

OURS = "Constformer"
ACCURATE = 0.99  # mean cosine to f32 from which on a peer counts as accurate


def accurate(judged, name):
    return judged[name]["mean"] >= ACCURATE


def fastest(figures, names, kind="median_ms"):
    return min(names, key=lambda name: figures[name][kind], default=None)


def judge(row, judged):
    """Adds to a row who is fastest, and the ratios: a peer's time divided by ours."""
    figures = row["engines"]
    peers = [name for name in figures if name != OURS]
    row["fastest"] = fastest(figures, peers)
    row["fastest_accurate"] = fastest(figures, [name for name in peers if accurate(judged, name)])
    if OURS in figures:
        ours = figures[OURS]
        for field, name in (("ratio", row["fastest"]), ("ratio_accurate", row["fastest_accurate"])):
            if name:
                row[field] = figures[name]["median_ms"] / ours["median_ms"]
        if peers:
            row["ratio_of_mins"] = figures[fastest(figures, peers, "min_ms")]["min_ms"] / ours["min_ms"]
        row["share_of_limit"] = row["limit_ms"] / ours["median_ms"]
    return row
