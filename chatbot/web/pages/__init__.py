"""The pages that a reader opens beside the chat: the collection and each of its cases."""
