"""Makes the folder of a model for the web a package that npm takes: what bundlers, Node and TypeScript ask for.

  package.py FOLDER CHECKPOINT_DIR SIMD_WASM RELAXED_WASM THREADS_WASM WEIGHTS     (tools/package-web types it)

The package is plain: ES modules as they are in wasm/, no dependency, no script that runs at installation.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODULES = {"simd128": ".wasm", "relaxed": ".relaxed.wasm", "threads": ".threads.wasm"}
SPDX = {"apache-2.0": "Apache-2.0", "mit": "MIT", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
        "cc0-1.0": "CC0-1.0", "cc-by-4.0": "CC-BY-4.0", "cc-by-sa-4.0": "CC-BY-SA-4.0", "cc-by-nc-4.0": "CC-BY-NC-4.0",
        "mpl-2.0": "MPL-2.0"}  # fmt: skip
README = """# {name}

{title}, as WebAssembly: one small engine, no dependency, no server.

```js
import {{ load }} from '{name}';

const model = await load(undefined, {{ onProgress: ({{ loaded, total }}) => console.log(loaded, total) }});
{example}
model.dispose();
```

`load()` takes the weights that are in this package; give it a URL to serve them from elsewhere. In a page the engine runs in a
worker and keeps the weights in the Cache API; in Node, Deno and service workers it runs where it is called. No special headers
are needed; a Content-Security-Policy must allow `script-src 'self' 'wasm-unsafe-eval'`.

- Vite and webpack bring the engine, the weights and the worker along.
- esbuild does not: copy `node_modules/{name}/{name}.*` beside its output.
- Without a bundler, `index.mjs` works from any static server.
"""
EXAMPLES = {
    "encoder": "const [a, b] = await model.embed(['a sentence', 'another one']);",
    "sequence": "const [best] = await model.classify('a sentence');",
    "masked_lm": "const [words] = await model.fill('a [MASK] sentence'); // or <mask>, as its tokenizer says",
    "seq2seq": "const { text } = await model.translate('a sentence');",
    "causal": "for await (const part of model.generate('Once upon a time', { max_tokens: 40 })) console.log(part);",
}


def source(end, commands):
    """What a page loads, by its ending. That of a model that writes has more parts, one behind the other."""
    parts = ["constformer", *(["writing", commands] if commands in ("causal", "seq2seq") else [])]
    files = [ROOT / "wasm" / (part + end) for part in parts]
    return "".join(file.read_text(encoding="utf-8") for file in files if file.exists())  # writing.mjs has no types of its own


def version():
    return re.search(r"version : '([^']+)'", (ROOT / "meson.build").read_text(encoding="utf-8"))[1]


def terms(folder):
    """The license that a checkpoint's README.md names in its first lines, as SPDX spells it; None if it says nothing known."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    front = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    said = re.search(r"^license: *[\"']?([\w.+-]+)", front[1], re.MULTILINE) if front else None
    return SPDX.get(said[1].lower()) if said else None


def entry(name, builds):
    """index.mjs, which asks for none but these builds, unless it is told to."""
    text = (ROOT / "wasm/entry.mjs").read_text(encoding="utf-8").replace("NAME", name)
    for build, end in MODULES.items():
        if build not in builds:
            text = re.sub(rf"^ *{build}: new URL\(.*\n", "", text, flags=re.MULTILINE)
    usual = {"threads": "1"} if "threads" not in builds else {}
    if len(builds) < len(MODULES):
        usual |= {} if {"simd128", "relaxed"} <= set(builds) else {"relaxed": "false" if "simd128" in builds else "true"}
    return text.replace("    ...options,\n", "".join(f"    {k}: {v},\n" for k, v in usual.items()) + "    ...options,\n")


def files(name, title, commands, checkpoint, builds=tuple(MODULES)):
    """{name: text} of everything in the package but the modules and the weights. builds: the modules that it has."""
    modules = [end for build, end in MODULES.items() if build in builds]
    of_weights = terms(checkpoint)
    about = {
        "name": name,
        "version": version(),
        "description": f"{title}, as WebAssembly: one small engine, no dependency",
        # with what is not known, npm points people to the file
        "license": {"MIT": "MIT", None: "SEE LICENSE IN LICENSE"}.get(of_weights, f"MIT AND {of_weights}"),
        "type": "module",
        "main": "./index.mjs",
        "types": f"./{name}.d.ts",
        "exports": {".": {"types": f"./{name}.d.ts", "default": "./index.mjs"},
                    **{f"./{name}{end}": f"./{name}{end}" for end in (*modules, ".weights")},
                    "./package.json": "./package.json"},  # fmt: skip
        "files": ["index.mjs", *(f"{name}{end}" for end in (".mjs", ".d.ts", *modules, ".weights"))],
        "sideEffects": False,
        "engines": {"node": ">=22"},
        "keywords": ["transformer", "webassembly", "simd"],
    }
    license_text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    license_text += (f"\nThis covers the engine, {name}.mjs and {name}*.wasm. The weights, {name}.weights, are those of the checkpoint\n"
                     f"that they were packed from, and under its license{': ' + of_weights if of_weights else ''}.\n")  # fmt: skip
    example = EXAMPLES.get(commands, "const outputs = await model.run({ input_ids: [(await model.tokenize('a sentence')).ids] });")
    return {
        "package.json": json.dumps(about, indent=2) + "\n",
        "index.mjs": entry(name, builds),
        f"{name}.mjs": source(".mjs", commands),
        f"{name}.d.ts": source(".d.ts", commands),
        "README.md": README.format(name=name, title=title, example=example),
        "LICENSE": license_text,
    }


def main():
    import checkpoint as checkpoints
    import header
    from build import place

    if len(sys.argv) != 7:
        sys.exit(__doc__)
    folder, origin, *built = map(pathlib.Path, sys.argv[1:])
    name = header.identifier(folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = checkpoints.read(origin)
        place((source, folder / (name + end)) for source, end in zip(built, (*MODULES.values(), ".weights")))
    except checkpoints.Refusal as why:
        sys.exit(f"package: {why}")
    for file, text in files(name, found.folder.name, found.commands, found.folder).items():
        (folder / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
