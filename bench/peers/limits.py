"""What bounds a model on this machine, measured in the same rounds: its operations at the peak of its element's dot
product, and one reading of its weights from where so many bytes lie."""

from rounds import summary


class Limits:
    def __init__(self, library, model, precisions, threads):
        self.library, self.model, self.precisions = library, model, precisions
        self.handle = library.peers_limits(threads, max(map(model.bytes, precisions)))
        self.operations = {p: library.peers_peak(self.handle, p.encode()) for p in precisions}
        for p in precisions:  # an instruction set without the dot product multiplies and adds floats
            if not self.operations[p]:
                self.operations[p] = library.peers_peak(self.handle, b"f32")

    def calls(self):
        """What a round runs, by name."""
        out = {}
        for p in self.precisions:
            name = p.encode()
            out["peak", p] = lambda name=name: self.library.peers_peak(self.handle, name) or \
                self.library.peers_peak(self.handle, b"f32")
            out["read", p] = lambda size=self.model.bytes(p): self.library.peers_read(self.handle, size)
        return out

    def rates(self, times):
        """By precision: operations and bytes a second, of the medians."""
        def rate(work, kind, p):
            return work / summary(times[kind, p])["median_ms"] / 1e6
        return {p: {"gflops": rate(self.operations[p], "peak", p),
                    "gbytes_per_s": rate(self.model.bytes(p), "read", p)} for p in self.precisions}

    def milliseconds(self, rates, precision, tokens):
        """No less can do, if computing and reading overlap perfectly."""
        rate = rates[precision]
        return max(self.model.flops(tokens) / rate["gflops"], self.model.bytes(precision) / rate["gbytes_per_s"]) / 1e6

    def close(self):
        self.library.peers_limits_close(self.handle)
