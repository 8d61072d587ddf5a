"""Writes writing/io.safetensors: what Transformers' generate() makes of 200 sources with each of the tiny encoder-decoders,
greedily and in beams, under the rules that checkpoints have.

    python tests/golden/make/writing.py
"""

import torch
from safetensors.torch import save_file
from transformers import BartForConditionalGeneration, MarianMTModel, T5ForConditionalGeneration

from common import GOLDEN, read_back

PROMPTS, LONGEST, MOST = 200, 9, 15
# case: (checkpoint, class, what generate() is told beside the number of beams)
CASES = {
    "t5": ("t5_gated_gelu", T5ForConditionalGeneration, dict(decoder_start_token_id=0, eos_token_id=1)),
    "t5_relu": ("t5_relu", T5ForConditionalGeneration, dict(decoder_start_token_id=0, eos_token_id=1)),
    "marian": ("marian_w27_h3", MarianMTModel, dict(
        decoder_start_token_id=58, eos_token_id=0, forced_eos_token_id=0, bad_words_ids=[[58], [17]], length_penalty=0.6)),
    "bart": ("bart_w36_h3", BartForConditionalGeneration, dict(
        decoder_start_token_id=2, eos_token_id=2, forced_bos_token_id=0, forced_eos_token_id=2, no_repeat_ngram_size=3,
        min_length=6, length_penalty=2.0, early_stopping=True)),
}  # fmt: skip


def main():
    tensors = {}
    for case, (folder, kind, options) in CASES.items():
        model = read_back(kind, GOLDEN / folder).eval()
        pad = model.config.pad_token_id
        generator = torch.Generator().manual_seed(5)
        counts = torch.randint(1, LONGEST + 1, (PROMPTS,), generator=generator)
        source = torch.randint(3, model.config.vocab_size - 1, (PROMPTS, LONGEST), generator=generator)
        tensors[f"{case}.counts"], tensors[f"{case}.input_ids"] = counts, source
        for beams in (1, 4):
            texts, scores = torch.full((PROMPTS, MOST), -1), torch.zeros(PROMPTS)
            for i in range(PROMPTS):
                ids = source[i : i + 1, : counts[i]]
                with torch.inference_mode():
                    answer = model.generate(
                        input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=beams, max_length=MOST,
                        return_dict_in_generate=True, output_scores=True, pad_token_id=pad, **options)  # fmt: skip
                said = answer.sequences[0]
                texts[i, : len(said)] = said
                if beams > 1:
                    scores[i] = answer.sequences_scores[0]
            tensors[f"{case}.{beams}.sequences"] = texts
            if beams > 1:
                tensors[f"{case}.{beams}.scores"] = scores
            lengths = (texts >= 0).sum(1)
            print(case, beams, "lengths", lengths.min().item(), lengths.max().item(), "distinct", len({tuple(t.tolist()) for t in texts}))
    folder = GOLDEN / "writing"
    folder.mkdir(exist_ok=True)
    tensors = {name: t.to(torch.int32) if t.dtype == torch.int64 else t for name, t in tensors.items()}
    save_file(tensors, folder / "io.safetensors")
    (folder / "io.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
