"""softmax(q k' / sqrt(32)) v alone, 12 heads of 32, f32, one thread, beside torch.nn.functional.scaled_dot_product_attention
on the same numbers: heads side by side in a token's row, as a model has them, or each head's rows together."""

import numpy
import torch

from rounds import load, summary

HEADS, HEAD_WIDTH = 12, 32


def run(job):
    torch.set_num_threads(1)
    library, width = job.library, HEADS * HEAD_WIDTH
    handle = library.peers_limits(1, 64)
    operations = library.peers_peak(handle, b"f32")
    result = {"begins": load(), "rows": []}
    for tokens in (16, 128, 512):
        random = numpy.random.default_rng(1)
        q, k, v = (random.standard_normal((tokens, width), numpy.float32) for _ in range(3))
        out = numpy.empty_like(q)
        size = library.peers_attention_scratch(tokens)
        room = numpy.empty(size + 64, numpy.uint8)
        scratch = room.ctypes.data + -room.ctypes.data % 64
        side_by_side = [torch.from_numpy(x).view(1, tokens, HEADS, HEAD_WIDTH).transpose(1, 2) for x in (q, k, v)]
        together = [x.contiguous() for x in side_by_side]
        attend = torch.nn.functional.scaled_dot_product_attention

        def ours(q=q, k=k, v=v, out=out, tokens=tokens, scratch=scratch):
            library.peers_attention(q.ctypes.data, k.ctypes.data, v.ctypes.data, out.ctypes.data, tokens, scratch)

        with torch.inference_mode():
            times = job.rounds.run({
                "Constformer": ours, "peak": lambda: library.peers_peak(handle, b"f32"),
                "PyTorch, heads side by side": lambda x=side_by_side: attend(*x),
                "PyTorch, heads apart": lambda x=together: attend(*x)}, 5 * job.rounds.count)
            wanted = attend(*side_by_side).transpose(1, 2).reshape(tokens, width).numpy()
        if not numpy.abs(out - wanted).max() < 1e-4:
            raise SystemExit(f"bench: our attention of {tokens} tokens answers something else than PyTorch's")
        figures = {name: summary(seconds) for name, seconds in times.items()}
        peak = operations / figures.pop("peak")["median_ms"] / 1e6
        median, least = ({name: each[kind] for name, each in figures.items()} for kind in ("median_ms", "min_ms"))
        flops = 4 * tokens ** 2 * width
        result["rows"].append({
            "tokens": tokens, "engines": figures, "peak_gflops": peak, "limit_ms": flops / peak / 1e6,
            "share_of_limit": flops / peak / 1e6 / median["Constformer"],
            "ratio": min(each for name, each in median.items() if name != "Constformer") / median["Constformer"],
            "ratio_of_mins": min(each for name, each in least.items() if name != "Constformer") / least["Constformer"]})
    library.peers_limits_close(handle)
    result["ends"] = load()
    return result


def text(result):
    names = list(result["rows"][0]["engines"])
    lines = [f"attention, 12 heads of 32, f32, one thread, us: medians (best); load {result['begins']} to {result['ends']}",
             f"{'tokens':>6}" + "".join(f"{name:>30}" for name in names) + f"{'limit':>9}{'of it':>7}{'ratio':>8} (best)"]
    for row in result["rows"]:
        cells = "".join(f"{each['median_ms'] * 1e3:20.1f} ({each['min_ms'] * 1e3:7.1f})" for each in row["engines"].values())
        lines.append(f"{row['tokens']:6}{cells}{row['limit_ms'] * 1e3:9.1f}{row['share_of_limit']:7.0%}{row['ratio']:8.2f} "
                     f"({row['ratio_of_mins']:.2f})")
    return "\n".join(lines)
