#!/usr/bin/env python3
"""Prints the polynomial coefficients of include/constformer/ops/activate.hpp and the error each reaches in float32.

    pip install numpy scipy && tools/minimax.py

Each function is fitted on Chebyshev points by iteratively reweighted least squares (Lawson), which converges to the
minimax approximation; the figures printed last are measured over a dense float32 grid with fused multiply-adds
emulated in float64.
"""
import numpy as np
from scipy import special


def chebyshev(low, high, count):
    k = np.arange(count)
    return (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (k + 0.5) / count)


def rational(f, high, p_degree, q_degree, rounds=300):
    """f(x) ~ x P(t) / Q(t), t = x^2, Q(0) = 1, relative error on (0, high]."""
    x = np.sort(np.abs(chebyshev(-high, high, 4000)))
    x = x[x > 1e-4]
    t, y = x * x / high**2, f(x)
    weight = np.ones_like(x)
    best = None
    q = np.ones_like(x)
    for _ in range(rounds):
        columns = [x * t**i for i in range(p_degree + 1)] + [-y * t**i for i in range(1, q_degree + 1)]
        scale = np.sqrt(weight) / np.abs(y * q)
        solution = np.linalg.lstsq(np.stack(columns, 1) * scale[:, None], y * scale, rcond=None)[0]
        p = solution[: p_degree + 1]
        b = np.concatenate([[1.0], solution[p_degree + 1 :]])
        q = sum(b[i] * t**i for i in range(q_degree + 1))
        error = np.abs(x * sum(p[i] * t**i for i in range(p_degree + 1)) / q / y - 1)
        if best is None or error.max() < best[0]:
            best = error.max(), p.copy(), b.copy()
        weight *= error / error.mean() + 1e-3
        weight /= weight.mean()
    _, p, b = best
    return [c / high ** (2 * i) for i, c in enumerate(p)], [c / high ** (2 * i) for i, c in enumerate(b)]


def exponential(f, low, high, first, degree, rounds=300):
    """f(r) ~ sum of first[i] r^i, continued up to r^degree, on [low, high], relative error; the coefficients behind `first`."""
    r = chebyshev(low, high, 4000)
    known = sum(c * r**i for i, c in enumerate(first))
    weight = np.ones_like(r)
    best = None
    for _ in range(rounds):
        columns = np.stack([r**i for i in range(len(first), degree + 1)], 1)
        scale = np.sqrt(weight) / f(r)
        p = np.linalg.lstsq(columns * scale[:, None], (f(r) - known) * scale, rcond=None)[0]
        error = np.abs((known + columns @ p) / f(r) - 1)
        if best is None or error.max() < best[0]:
            best = error.max(), p.copy()
        weight *= error / error.mean() + 1e-3
        weight /= weight.mean()
    return list(best[1])


def horner32(coefficients, t):
    value = np.full_like(t, np.float32(coefficients[-1]))
    for c in coefficients[-2::-1]:
        value = (value.astype(np.float64) * t + np.float64(np.float32(c))).astype(np.float32)
    return value


def show(name, coefficients):
    print(name, " ".join(f"{np.float32(c):.9g}f" for c in coefficients))


def main():
    half = np.log(2) / 2
    for name, f, low, high, first, degree in (
        ("exp: c2..c6", np.exp, -half * 1.0001, half * 1.0001, [1, 1], 6),
        ("exp2, r from 0 to 1: c1..c5", np.exp2, 0.0, 1.0, [1], 5),
        ("exp2, r from -1/2 to 1/2: c1..c5", np.exp2, -0.5, 0.5, [1], 5),
    ):
        p = exponential(f, low, high, first, degree)
        show(name, p)
        r = np.linspace(low, high, 2_000_001).astype(np.float32)
        value = horner32([*first, *p], r)
        print(f"  relative error {np.max(np.abs(value / f(r.astype(np.float64)) - 1)):.3g}")
    for name, f, high, p_degree, q_degree in (
        ("erf", special.erf, 3.92, 5, 5),
        ("tanh", np.tanh, 9.0, 5, 4),
    ):
        p, q = rational(f, high, p_degree, q_degree)
        show(f"{name}: P", p)
        show(f"{name}: Q", q)
        x = np.linspace(-high, high, 2_000_002).astype(np.float32)
        t = (x * x).astype(np.float32)
        value = (x * horner32(p, t) / horner32(q, t)).astype(np.float32)
        exact = f(x.astype(np.float64))
        print(f"  on [-{high}, {high}]: absolute error {np.max(np.abs(value - exact)):.3g},"
              f" relative error {np.max(np.abs(value / exact - 1)):.3g}, 1 - f({high}) = {1 - f(high):.3g}")


if __name__ == "__main__":
    main()
