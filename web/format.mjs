// Numbers for people.
export const whole = (n) => Math.round(n).toLocaleString('en-US');
export const bytes = (n) =>
  n < 1000 ? `${n} bytes` : n < 1e6 ? `${(n / 1e3).toFixed(n < 1e5 ? 1 : 0)} KB` : `${(n / 1e6).toFixed(1)} MB`;
export const milliseconds = (ms) => (ms >= 100 ? whole(ms) : ms >= 0.05 ? ms.toFixed(1) : '< 0.1');
export const seconds = (ms) => (ms < 950 ? `${whole(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
export const percent = (p) => (p < 0.005 ? '0 %' : `${Math.round(100 * p)} %`);
export const plural = (n, one, many = `${one}s`) => `${whole(n)} ${n === 1 ? one : many}`;
