"""A question to an answer: what is asked, what is quoted, citations, small talk."""
