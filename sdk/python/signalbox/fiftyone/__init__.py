"""Operators of FiftyOne plugins, run in real FiftyOne without an App and without its list of delegated operations.

``python -m signalbox.fiftyone run`` is the command of every operator that a plugin declares without a command of its
own: it reads what it is asked to do as every operator's process does (docs/operators.md), and says how it goes through
the work API. ``python -m signalbox.fiftyone list`` tells what a plugin's folder offers here.

It needs FiftyOne 1.22 or later in the Python that runs it. Nothing is imported from there before it is needed.
"""
