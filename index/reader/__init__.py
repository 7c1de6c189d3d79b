"""Passages read: which sentence answers a question, and whether any does.

A reader is given a question and the chunks that were found for it. What it says of them depends on
the question and on these texts alone, never on the rest of the collection.
"""
