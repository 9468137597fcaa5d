"""What the writing model is asked, after the papers; the worked examples of EvoPrompt are our own."""

import re
from collections.abc import Sequence

from izcore.plugin import Example

# APE (https://arxiv.org/abs/2211.01910), figure 3, the forward template. Published, it ends in "The
# instruction was to" and is continued; models that chat answer a question better than they continue.
PROPOSE = """\
I gave a friend an instruction. Based on the instruction they produced the following input-output pairs:

{demonstrations}

What was the instruction? Reply with one sentence that begins with: The instruction was to"""
PROPOSE_PREFILL = "The instruction was to"

# APE, figure 3, the template for resampling.
RESAMPLE = """\
Generate a variation of the following instruction while keeping the semantic meaning.

Input: {instruction}
Output:"""

# OPRO (https://arxiv.org/abs/2309.03409), appendix C.2, the meta-prompt for models that chat.
OPTIMISE = """\
Your task is to generate the instruction <INS>. Below are some previous instructions with their scores. \
The score ranges from 0 to 100.

{trajectory}

Below are some problems.

{problems}

Generate an instruction that is different from all the instructions <INS> above, and has a higher score \
than all the instructions <INS> above. The instruction should begin with <INS> and end with </INS>. \
The instruction should be concise, effective, and generally applicable to all problems above."""
OPTIMISE_PREFILL = "<INS>"
SCORED = "text:\n{instruction}\nscore:\n{score}"
PROBLEM = "Problem:\n<INS>\n{input}\n\nGround truth answer:\n{target}"

# EvoPrompt (https://arxiv.org/abs/2309.08532), figure 1: crossover and mutation of the genetic algorithm.
CROSS_AND_MUTATE = """\
Please follow the instruction step-by-step to generate a better prompt.
1. Crossover the following prompts and generate a new prompt:
Prompt 1: Name the largest city of the country.
Prompt 2: Which town of this country has the most people? Reply with its name alone.
2. Mutate the prompt generated in Step 1 and generate a final prompt bracketed with <prompt> and </prompt>.

1. Crossover Prompt: Name the city of this country that has the most people, and nothing else.
2. <prompt>You are given a country. Reply with its most populous city alone.</prompt>

Please follow the instruction step-by-step to generate a better prompt.
1. Crossover the following prompts and generate a new prompt:
Prompt 1: {first}
Prompt 2: {second}
2. Mutate the prompt generated in Step 1 and generate a final prompt bracketed with <prompt> and </prompt>."""
CROSS_AND_MUTATE_PREFILL = "1. Crossover Prompt:"

# EvoPrompt, figure 2: differential evolution.
EVOLVE_DIFFERENCES = """\
Please follow the instruction step-by-step to generate a better prompt.
1. Identify the different parts between Prompt 1 and Prompt 2:
Prompt 1: Name the largest city of the country.
Prompt 2: Which town of this country has the most people? Name the town.
2. Randomly mutate the different parts.
3. Combine the different parts with Prompt 3, selectively replace it with the different parts in Step 2 \
and generate a new prompt:
Prompt 3: Given a country, write the name of its most populous city and nothing else.
4. Crossover the prompt in Step 3 with the following basic prompt and generate a final prompt bracketed \
with <prompt> and </prompt>:
Basic Prompt: Say which place is biggest.

1. Different parts: "largest city" vs "town ... has the most people"
2. Mutated parts: "largest city" -> "biggest city"; "town ... has the most people" -> "city with the most \
inhabitants"
3. New Prompt: Given a country, write the name of the city with the most inhabitants and nothing else.
4. Final Prompt: <prompt>Say which city of the given country has the most inhabitants, and nothing \
else.</prompt>

Please follow the instruction step-by-step to generate a better prompt.
1. Identify the different parts between Prompt 1 and Prompt 2:
Prompt 1: {first}
Prompt 2: {second}
2. Randomly mutate the different parts.
3. Combine the different parts with Prompt 3, selectively replace it with the different parts in Step 2 \
and generate a new prompt:
Prompt 3: {best}
4. Crossover the prompt in Step 3 with the following basic prompt and generate a final prompt bracketed \
with <prompt> and </prompt>:
Basic Prompt: {basic}"""
EVOLVE_DIFFERENCES_PREFILL = "1. Different parts:"

# GEPA (https://arxiv.org/abs/2507.19457) asks for a diagnosis and a new instruction. The words are our own,
# and so is the question about form.
REFLECT = """\
An assistant was given an instruction for a task:

<instruction>{instruction}</instruction>

This is how it answered some inputs, and what was expected:

{cases}

About the form of answers: {form}

Think in two steps, a few sentences in all.
1. Content: why were the answers wrong? What must the assistant know or do that the instruction does not \
say? Keep what works.
2. Form: compare the answers with what was expected, in length, words around the answer, spelling, \
punctuation and units. If they differ, the new instruction must end with a sentence that says exactly how an \
answer shall look.

Then write the new instruction between <instruction> and </instruction>. It will be used for other inputs: \
state rules, and repeat neither the inputs nor the expected answers above."""

# ReElicit (https://arxiv.org/abs/2605.19093): a model names features, places instructions on them, and
# writes to points. The words are our own.
ELICIT = """\
Instructions were tried on a task. These are examples of the task:

{demonstrations}

These are instructions with their scores, from 0 to 100:

{scored}

Which properties of an instruction could explain its score? Name {count} that differ among these \
instructions, overlap little, and can be judged by reading an instruction alone, such as how it is worded, \
what it demands, or what it says about the form of an answer. Reply with {count} lines, one for each \
property, in this form:
{form}"""
MEASURE = """\
Judge instructions by these features, each on a scale from 0 to 1:

{features}

{instructions}

Reply with one line per instruction and nothing else: its number, a colon, and {count} numbers from 0 to 1, \
separated by commas, in the order of the features."""
REALISE = """\
Write an instruction for the task that these instructions are for, each with its features:

{near}

The new instruction shall have these features, on scales from 0 to 1:

{aims}

Write the instruction between <instruction> and </instruction>. It must be complete and ready for use, and \
must not mention features or numbers of them."""
REFINE = """\
This instruction does not have the features yet that it shall have:

<instruction>{instruction}</instruction>

{aims}

Rewrite it so that its features are nearer to what they shall be, and it still says what the task is. Write \
the new instruction between <instruction> and </instruction>."""


def fill(template: str, **values: str) -> str:
    """Put values where the template has their names in braces; braces within the values stay."""
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], template)


def as_pairs(examples: Sequence[Example]) -> str:
    """Show examples as inputs and outputs; of several targets the first."""
    return "\n\n".join(f"Input: {example.full_input}\nOutput: {example.targets[0]}" for example in examples)
