"""The editor's actions: documents in and out, uploads waiting, publishing, feedback."""
