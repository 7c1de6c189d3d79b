"""What a language model may decide before the answer: by numbers and questions, never in words."""
