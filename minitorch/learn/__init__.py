"""Exercises on the real engine: the learner writes one function, it takes the place of ours, and is judged there.

    exercise.py     what an exercise and a chapter are
    exercises/      one file a chapter; a new exercise is one decorated function in one of them
    plug.py         puts a function in the place of the engine's and counts its calls
    judge.py        runs a function on cases from small to large, then runs the engine through it
    feedback.py     says what was found, in the learner's words
    workspace.py    the learner's folder: stubs, and progress in one JSON file
    worker.py       a check in a process of its own, which may hang or crash
    sources.py      prints lines of the engine's source, for the tutorials

The command `minitorch learn` (minitorch/cli/learn.py) and the tutorials use it; nothing below knows of this package.
"""
