"""Documents read in processes of their own, where a hostile one harms nothing but its reading."""
