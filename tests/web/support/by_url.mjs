// node --import: modules by http URL, as Deno and browsers take them.
import { register } from 'node:module';

const hooks = `
const http = (text) => /^https?:/.test(text ?? '');
export const resolve = (name, context, next) =>
  http(name) || (http(context.parentURL) && /^[.][.]?[/]/.test(name))
    ? { url: new URL(name, context.parentURL).href, shortCircuit: true }
    : next(name, context);
export const load = async (url, context, next) =>
  http(url)
    ? { format: 'module', source: await (await fetch(url)).text(), shortCircuit: true }
    : next(url, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
