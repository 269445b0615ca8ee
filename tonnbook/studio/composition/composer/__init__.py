"""The composer: from a plan to a score, and from a score to sound.

`writing` turns a plan into a score (`arrange.compose_score`) and a score into MIDI; `sound` renders a score to WAV files;
`voices` lists the instruments that both use; `compose.compose` runs both.
"""
