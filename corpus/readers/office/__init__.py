"""Readers of files that are archives of XML: Word, PowerPoint, Excel and EPUB."""
