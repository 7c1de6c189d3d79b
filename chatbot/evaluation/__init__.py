"""Labelled questions: figures, floors, and the gate that a build passes."""
