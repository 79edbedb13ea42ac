"""Staged imports: files are read in a stream, staged with COPY, checked whole by the database, then merged.

The package knows no app. An app above gives it the shapes of its kinds (`shapes`), and how to merge them.
"""
