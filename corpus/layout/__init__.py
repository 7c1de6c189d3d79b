"""What is laid out on pages, read by place: signs to segments, lines, paragraphs."""
