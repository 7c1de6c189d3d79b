"""What the data that Casebook ships was made with."""
