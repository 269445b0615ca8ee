"""The composer: from a plan to a score, and from a score to sound (composition.md).

`plan` says what is asked, `score` what is played; `form`, `harmony`, `groove`, `bass`, `comping`, `melody` and `indian`
write it, `midi` keeps it, `synth` and `mixdown` make it audible, and `compose` is the door.
"""
